//! Where segments were lost: before the mirrored port saw them, or beyond it.
//!
//! A segment that is seen twice, because its receiver asked for it or its sender waited for a retransmission time-out, was lost beyond the
//! mirrored port. One that left a hole, for which the receiver asked, and that came later than anything that was merely reordered, was lost
//! before. Whatever was acknowledged and never repeated the *mirror* lost: that is no loss of the network. A segment that is repeated although
//! it was acknowledged is no loss of data, and one that comes again sooner than the receiver can have asked for it is a probe or a copy.
//!
//! How soon that is depends on the round trip, which may be some microseconds: there a copy that the mirror made comes no sooner than what was
//! sent again. Duplicate acknowledgements tell the two apart where they say what arrived behind the hole (RFC 2018): copies of ordinary ones do not.
//!
//! Only connections in which something of the kind happens are known here; the events of `stats::tcp` tell, and no sequence number is followed
//! a second time.

use crate::model::evidence::{LOSS_REORDERED, LOSS_TIMED_OUT};
use crate::model::limits::LOSSY_CONNECTIONS;
use crate::model::mix::Keys;
use crate::model::tcp::{TcpEvent, TcpMarks, before};
use crate::model::time::{MILLISECOND, SECOND};
use crate::model::{Direction, FlowKey, LocatedLoss, Location, Segment, SegmentAnalysis, TcpOptions, Timestamp};
use hashbrown::hash_table::{Entry, HashTable};

/// A segment that comes again sooner is a copy.
pub const COPIED: i64 = MILLISECOND;

/// A segment that comes again later than this is another connection's, between the same ports: time-outs grow up to it.
pub const RENEWED: i64 = 15 * SECOND;

/// How long a duplicate acknowledgement stands for the hole it tells of.
const ASKED: i64 = SECOND;

/// What makes a segment of interest here.
pub const MARKS: TcpMarks = TcpMarks::GAP.or(TcpMarks::FILLED).or(TcpMarks::REPEATED).or(TcpMarks::DUPLICATE_ACK);

/// What is known of one direction of data.
#[derive(Debug, Clone, Copy, Default)]
struct Missing {
    /// Holes that are open, the newest first.
    holes: [Option<Hole>; HOLES],
    /// What the receiver asks for by duplicate acknowledgements.
    asked: Option<Asked>,
    /// What was counted as lost last, the newest last.
    again: [Option<Again>; AGAIN],
}

/// Bytes that were not seen in their place.
#[derive(Debug, Clone, Copy)]
struct Hole {
    start: u32,
    end: u32,
    opened: Timestamp,
}

/// Holes remembered of a direction: what is merely out of order opens some as well, and closes them at once.
const HOLES: usize = 8;

impl Missing {
    /// When the hole opened that a segment fills, which is one no more.
    fn fill(&mut self, sequence: u32, payload: u32) -> Option<Timestamp> {
        let is_in = |hole: &Hole| !before(sequence, hole.start) && before(sequence, hole.end);
        let Some(place) = self.holes.iter_mut().find(|hole| hole.as_ref().is_some_and(is_in)) else {
            // It was forgotten for newer ones.
            let [newest, ..] = &self.holes;
            return newest.map(|hole| hole.opened);
        };
        let hole = place.as_mut()?;
        let (opened, end) = (hole.opened, sequence.wrapping_add(payload));
        if sequence == hole.start && before(end, hole.end) {
            hole.start = end;
        } else if before(end, hole.end) {
            // What lies before it is missing still, and what lies behind it.
        } else if sequence == hole.start {
            *place = None;
        } else {
            hole.end = sequence;
        }
        Some(opened)
    }

    /// A hole opens.
    fn open(&mut self, hole: Hole) {
        // One that is free is taken, else the oldest is forgotten.
        let free = self.holes.iter().position(Option::is_none).unwrap_or(HOLES - 1);
        if let Some(until) = self.holes.get_mut(..=free) {
            until.rotate_right(1);
        }
        let [newest, ..] = &mut self.holes;
        *newest = Some(hole);
    }
}

/// Duplicate acknowledgements of the same number.
#[derive(Debug, Clone, Copy)]
struct Asked {
    number: u32,
    first: Timestamp,
    last: Timestamp,
    times: u32,
    /// Of them those that say what arrived behind it.
    selective: u32,
    /// Where the last of that ends: of what was sent behind it nothing is said.
    reach: u32,
}

/// A segment that was sent again.
#[derive(Debug, Clone, Copy)]
struct Again {
    number: u32,
    time: Timestamp,
    location: Location,
}

/// Segments sent again of which is remembered that they were counted.
const AGAIN: usize = 8;

/// Duplicate acknowledgements that make a sender send again: three by RFC 5681, of which a mirror may show the last as the first; with selective
/// acknowledgements two are enough.
const DUPLICATES: u32 = 2;

/// Duplicate acknowledgements that say what arrived behind a hole, from which on what fills it was sent again: so many make a sender do so (RFC
/// 6675 section 5), and fewer may be of reordering.
const SELECTIVE: u32 = 3;

#[derive(Debug, Clone, Copy)]
struct Lossy {
    flow: FlowKey,
    ways: [Missing; 2],
    last: Timestamp,
}

/// The connections of one shard in which segments were lost lately.
#[derive(Debug, Default)]
pub struct LossLocator {
    lossy: HashTable<Lossy>,
    keys: Keys,
}

impl LossLocator {
    /// Bytes of a connection in its table, which may be twice as large as what is in it.
    #[cfg(test)]
    pub const CONNECTION_BYTES: usize = 2 * (size_of::<Lossy>() + 1);

    /// None known; `keys` are those of the table's hash.
    pub fn new(keys: Keys) -> Self {
        Self { keys, ..Self::default() }
    }

    /// Takes in a segment with any of [`MARKS`]; `client` is the way from the client, `options` are the segment's. Says what was lost with it; of how
    /// many packets is its caller's to say.
    #[inline(never)]
    pub fn segment(
        &mut self,
        flow: &FlowKey,
        (way, client): (Direction, Direction),
        time: Timestamp,
        (segment, options): (&Segment, TcpOptions<'_>),
        tcp: &TcpEvent,
        analysis: &SegmentAnalysis,
    ) -> Option<LocatedLoss> {
        let lossy = self.entry(flow, time)?;
        lossy.last = lossy.last.max(time);
        if tcp.marks.has(TcpMarks::DUPLICATE_ACK)
            && let Some(other) = lossy.ways.get_mut(way.reversed() as usize)
        {
            let number = segment.acknowledgement;
            let fresh = Asked { number, first: time, last: time, times: 0, selective: 0, reach: number };
            let asked = other.asked.get_or_insert(fresh);
            if asked.number != number {
                *asked = fresh;
            }
            (asked.last, asked.times) = (time, asked.times.saturating_add(1));
            let mut arrived = options.sack_blocks().filter(|&(start, _)| before(number, start)).peekable();
            asked.selective = asked.selective.saturating_add(u32::from(arrived.peek().is_some()));
            asked.reach = arrived.fold(asked.reach, |reach, (_, end)| if before(reach, end) { end } else { reach });
        }
        let missing = lossy.ways.get_mut(way as usize)?;
        let opened = if tcp.marks.has(TcpMarks::FILLED) { missing.fill(segment.sequence, segment.payload) } else { None };
        let asked_for = |number: u32, since: Timestamp| {
            missing.asked.is_some_and(|a| !before(number, a.number) && a.last >= since && time.since(a.last) <= ASKED)
        };
        let selected = |a: &Asked, times: u32| a.selective >= times && before(segment.sequence, a.reach);
        // What comes again at once after it was asked for is a copy, and what asked may be one, unless it says what arrived behind.
        let urged = missing.asked.is_some_and(|a| a.times >= DUPLICATES && time.since(a.first) >= COPIED || selected(&a, DUPLICATES));
        let sent_again = missing.asked.is_some_and(|a| selected(&a, SELECTIVE));
        let location = if tcp.marks.has(TcpMarks::FILLED) {
            let opened = opened?;
            let reordered = LOSS_REORDERED.in_nanos().max(analysis.initial_rtt.unwrap_or(0) / 2);
            ((sent_again || time.since(opened) > reordered) && asked_for(segment.sequence, opened)).then_some(Location::BeforeMirror)
        } else if tcp.marks.has(TcpMarks::REPEATED) && segment.payload > 1 {
            let waited = analysis.rto.unwrap_or(0);
            let recent = missing.again.iter().flatten().any(|a| a.number == segment.sequence && time.since(a.time) < COPIED);
            let acknowledged = analysis.flags.has(crate::model::AnalysisFlags::SPURIOUS_RETRANSMISSION);
            let asked = asked_for(segment.sequence, Timestamp(i64::MIN));
            (!recent && !acknowledged && (asked && urged || (LOSS_TIMED_OUT..RENEWED).contains(&waited))).then_some(Location::BeyondMirror)
        } else {
            None
        };
        if tcp.marks.has(TcpMarks::GAP) {
            let start = segment.sequence.wrapping_sub(tcp.gap);
            missing.open(Hole { start, end: segment.sequence, opened: time });
        }
        let location = location?;
        missing.again.rotate_left(1);
        if let Some(newest) = missing.again.last_mut() {
            *newest = Some(Again { number: segment.sequence, time, location });
        }
        Some(LocatedLoss { flow: *flow, client, way, time, location, packets: 0, retracted: false, number: 0 })
    }

    /// Whether anything is known: then acknowledgements are to be shown as well.
    #[inline(always)]
    pub fn any(&self) -> bool {
        !self.lossy.is_empty()
    }

    /// Takes in an acknowledgement of direction `way` whose first selective block is `block`. Where that lies below the acknowledgement, its receiver
    /// has the bytes twice (D-SACK, RFC 2883): what was sent again was not lost after all, and is taken back.
    pub fn acknowledged(
        &mut self,
        flow: &FlowKey,
        (way, client): (Direction, Direction),
        time: Timestamp,
        acknowledgement: u32,
        block: (u32, u32),
    ) -> Option<LocatedLoss> {
        if before(acknowledgement, block.1) {
            return None;
        }
        let lossy = self.lossy.find_mut(flow.keyed_hash(&self.keys), |l| l.flow == *flow)?;
        let way = way.reversed();
        let missing = lossy.ways.get_mut(way as usize)?;
        let is_in = |again: &Again| !before(again.number, block.0) && before(again.number, block.1);
        let again = missing.again.iter_mut().find(|a| a.as_ref().is_some_and(is_in))?.take()?;
        Some(LocatedLoss { flow: *flow, client, way, time, location: again.location, packets: 0, retracted: true, number: 0 })
    }

    fn entry(&mut self, flow: &FlowKey, time: Timestamp) -> Option<&mut Lossy> {
        let keys = self.keys;
        if self.lossy.len() >= LOSSY_CONNECTIONS && self.lossy.find(flow.keyed_hash(&keys), |l| l.flow == *flow).is_none() {
            self.lossy.retain(|l| time.since(l.last) < 10 * SECOND);
            if self.lossy.len() >= LOSSY_CONNECTIONS {
                return None;
            }
        }
        let entry = self.lossy.entry(flow.keyed_hash(&keys), |l| l.flow == *flow, |l| l.flow.keyed_hash(&keys));
        Some(match entry {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => entry.insert(Lossy { flow: *flow, ways: Default::default(), last: time }).into_mut(),
        })
    }
}

#[cfg(test)]
#[path = "located_loss_tests.rs"]
mod tests;
