//! How far conversations advanced between two of their packets, and how much of it was seen: what tells a mirror that leaves packets out one by one.
//!
//! Every segment says where its sender is in its numbers, and its acknowledgement where the other side is (RFC 9293 section 3.4). The bytes between two
//! places that are known were sent; each of their packets was seen or not. Data at the last place known is not counted until a later place is known, for
//! it is known only because it was seen: of what lies between, the share that was seen is that of all packets, however few they are. Nothing has to be
//! known of a conversation's beginning, so two packets of it are enough.
//!
//! Packets that are left out by chance, or one in every so many, stand alone: the one after a packet seen is seen as seldom as any, in every
//! conversation; where packets are counted off it is hardly ever seen. What is lost because too much comes is lost in runs.

use super::Acked;
use super::estimate::{clustered, scatter};
use crate::model::evidence::AdvanceEvidence;
use crate::model::sum::sums;
use crate::model::tcp::{ACK, TcpEvent, TcpMarks};
use crate::model::{Direction, Estimate, Segment, Sum, wilson};

/// Payload of data at the last place known of each direction, where that is known by it alone: 4 bytes in the flow's record.
#[derive(Debug, Clone, Copy, Default)]
pub struct AdvanceState([u16; 2]);

sums! {
    /// What the conversations of a part advanced.
    #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
    pub struct AdvanceCounts {
        /// Bytes between places that are known.
        pub bytes: u64,
        /// Of them bytes seen.
        pub seen: u64,
        /// The same with what was seen at the last places known.
        pub seen_at_last: u64,
        /// Squares of the lengths of the segments seen.
        pub squares: u64,
        /// Segments seen.
        pub segments: u64,
        /// Segments right behind one that was seen.
        pub adjacent: u64,
        /// Uninterrupted stretches that were not seen.
        pub gaps: u64,
    }
}

impl AdvanceCounts {
    /// Looks at what a segment in direction `way` did, `next` being the numbers expected of its direction and of the other behind it.
    #[inline]
    pub fn observe(&mut self, state: &mut AdvanceState, event: &TcpEvent, way: Direction, segment: &Segment, next: [Option<u32>; 2]) {
        let [first, second] = &mut state.0;
        let (own, other) = if way == Direction::AToB { (first, second) } else { (second, first) };
        if event.marks.has(TcpMarks::ACK_RENUMBERED) {
            *other = 0;
        }
        if event.marks.has(Self::ANEW) {
            // Its own end is the first place known: that it was seen is why.
            *own = 0;
        } else if segment.payload > 0 {
            if event.fresh == segment.payload {
                self.adjacent += u64::from(event.gap == 0 && *own > 0);
                self.pass(event.gap, own);
                *own = u16::try_from(segment.payload).unwrap_or(u16::MAX);
                self.seen_at_last = self.seen_at_last.saturating_add((*own).into());
            }
            // What was missing came after all.
            self.seen = self.seen.saturating_add(event.filled.into());
            self.seen_at_last = self.seen_at_last.saturating_add(event.filled.into());
        } else if event.gap > 0 || *own > 0 && next[0] == Some(segment.sequence) {
            self.pass(event.gap, own);
        }
        if event.beyond > 0 || *other > 0 && segment.flags & ACK != 0 && next[1] == Some(segment.acknowledgement) {
            self.pass(event.beyond, other);
        }
    }

    /// Nothing before it is known of its direction's numbers.
    const ANEW: TcpMarks = TcpMarks::SYN.or(TcpMarks::SYN_ACK).or(TcpMarks::BEGUN).or(TcpMarks::RENUMBERED);

    /// A place behind data seen is known, and behind so many bytes that were not.
    fn pass(&mut self, unseen: u32, seen: &mut u16) {
        let length = u64::from(std::mem::take(seen));
        self.bytes = self.bytes.saturating_add(length.saturating_add(unseen.into()));
        self.seen = self.seen.saturating_add(length);
        self.squares = self.squares.saturating_add(length * length);
        self.segments += u64::from(length > 0);
        self.gaps += u64::from(unseen > 0);
    }

    /// What `groups`, that conversations are divided among, advanced: as evidence.
    pub fn evidence(groups: &[Self]) -> AdvanceEvidence {
        let all = groups.iter().fold(Self::default(), |mut all, group| {
            all.merge(group);
            all
        });
        let parts = all.parts(groups, 0.0);
        AdvanceEvidence {
            missing: all.missing(groups),
            segments: all.segments,
            adjacent: all.adjacent,
            groups: parts.len() as u64,
            scatter: scatter(&parts, all.unit()),
        }
    }

    /// Packets are left out, not bytes: as many of them as have the length that a byte seen lies in.
    fn unit(&self) -> u64 {
        self.squares.checked_div(self.seen).unwrap_or(0).max(1)
    }

    /// What was not seen, as a share.
    fn missing(&self, groups: &[Self]) -> Option<Estimate> {
        let of = |counted: f64| clustered(&self.parts(groups, counted), self.unit(), self.gaps);
        let (counted, likeliest) = (self.counted_off(), of(self.counted_off())?);
        if counted <= 0.0 {
            return Some(likeliest);
        }
        // Neither all of it is counted off nor all left to chance.
        Some(Estimate { low: of(1.0)?.low.min(likeliest.low), high: of(0.0)?.high.max(likeliest.high), ..likeliest })
    }

    /// How far packets are counted off, one in every so many, and not left out by chance: then the one behind a packet seen is seen more seldom than
    /// others, and what is seen at the last place stands for as many as any.
    fn counted_off(&self) -> f64 {
        let expected = self.seen as f64 / self.bytes.max(1) as f64;
        let behind = wilson(self.adjacent, self.segments);
        if behind.high < expected { 1.0 - behind.rate / expected } else { 0.0 }
    }

    /// What each group advanced, and did not see of it, where so much of what was seen at the last places counts.
    fn parts(&self, groups: &[Self], counted: f64) -> Vec<Acked> {
        let one = |g: &Self| {
            let last = (counted * g.seen_at_last.saturating_sub(g.seen) as f64) as u64;
            Acked { bytes: g.bytes.saturating_add(last), missing: g.bytes.saturating_sub(g.seen) }
        };
        groups.iter().map(one).filter(|part| part.bytes > 0).collect()
    }
}
