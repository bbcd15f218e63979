//! Where segments were lost: before the mirrored port saw them, or beyond it.
//!
//! A segment that is seen twice, because its receiver asked for it or its sender waited for a retransmission time-out, was lost beyond the
//! mirrored port. One that left a hole, for which the receiver asked, and that came later than anything that was merely reordered, was lost
//! before; sooner as well where the sender's own numbers say that it was sent after what opened the hole. Whatever was acknowledged and never repeated the *mirror* lost: that is no loss of the network. A segment that is repeated although
//! it was acknowledged is no loss of data, and one that comes again sooner than the receiver can have asked for it is a probe or a copy.
//!
//! How soon that is depends on the round trip, which may be some microseconds: there a copy that the mirror made comes no sooner than what was
//! sent again. Acknowledgements tell the two apart where they say what arrived behind the hole (RFC 2018): copies of ordinary ones do not. Those
//! count whether or not they are duplicates to the letter, of which the first is none, nor one whose window moves.
//!
//! A sender whose time is out begins again with the first segment that is not acknowledged, and goes on with those behind it, which most often have
//! arrived (go-back-N). Where acknowledgements say what arrived twice those are taken back (D-SACK, RFC 2883). Elsewhere one counts once its receiver asks
//! for it: when it acknowledges all before it, and nothing of it.
//!
//! Only connections in which something of the kind happens are known here; the events of `stats::tcp` tell, and no sequence number is followed
//! a second time.

use crate::model::evidence::{LOSS_REORDERED, LOSS_TIMED_OUT};
use crate::model::limits::LOSSY_CONNECTIONS;
use crate::model::mix::Keys;
use crate::model::tcp::{TcpEvent, TcpMarks, before};
use crate::model::time::{MILLISECOND, SECOND};
use crate::model::{CapScale, Direction, FlowKey, LocatedLoss, Location, Segment, SegmentAnalysis, TcpOptions, Timestamp};
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
    /// Where segments begin that were sent again and may have arrived, the newest last.
    doubtful: [Option<u32>; DOUBTFUL],
}

/// What the receiver of a segment has told before it.
#[derive(Debug, Clone, Copy, Default)]
pub struct ReceiverWords {
    /// Up to where it has acknowledged; `None` where that is not known.
    pub acknowledged: Option<u32>,
    /// It says what arrived behind a hole, and twice: both SYNs permit selective acknowledgements.
    pub is_selective: bool,
}

/// Bytes that were not seen in their place.
#[derive(Debug, Clone, Copy)]
struct Hole {
    start: u32,
    end: u32,
    opened: Timestamp,
    /// The number that its sender gave to the packet behind it.
    identification: Option<u16>,
}

/// Holes remembered of a direction: what is merely out of order opens some as well, and closes them at once.
const HOLES: usize = 4;

impl Missing {
    /// The hole that a segment fills, as it was: it is one no more, or a smaller one.
    fn fill(&mut self, sequence: u32, payload: u32) -> Option<Hole> {
        let is_in = |hole: &Hole| !before(sequence, hole.start) && before(sequence, hole.end);
        let Some(place) = self.holes.iter_mut().find(|hole| hole.as_ref().is_some_and(is_in)) else {
            // It was forgotten for newer ones.
            let [newest, ..] = &self.holes;
            return *newest;
        };
        let hole = place.as_mut()?;
        let (filled, end) = (*hole, sequence.wrapping_add(payload));
        if sequence == hole.start && before(end, hole.end) {
            hole.start = end;
        } else if before(end, hole.end) {
            // What lies before it is missing still, and what lies behind it.
        } else if sequence == hole.start {
            *place = None;
        } else {
            hole.end = sequence;
        }
        Some(filled)
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

    /// A segment was sent again whose receiver may have it.
    fn doubt(&mut self, sequence: u32) {
        self.doubtful.rotate_left(1);
        self.doubtful.last_mut().into_iter().for_each(|newest| *newest = Some(sequence));
    }

    /// Everything before `number` has arrived: whether a segment that was sent again begins there, which so has not.
    fn lacks(&mut self, number: u32) -> bool {
        let is_asked_for = self.doubtful.contains(&Some(number));
        self.doubtful.iter_mut().for_each(|known| *known = known.filter(|known| before(number, *known)));
        is_asked_for
    }

    /// A segment was lost.
    fn lost(&mut self, number: u32, time: Timestamp, location: Location) {
        self.again.rotate_left(1);
        self.again.last_mut().into_iter().for_each(|newest| *newest = Some(Again { number, time, location }));
    }

    /// The receiver asks for `number`. A partial acknowledgement asks for the next hole of the same recovery (RFC 6675 section 5).
    fn ask(&mut self, number: u32, time: Timestamp) -> &mut Asked {
        let fresh = Asked { number, first: time, last: time, times: 0, selective: 0, arrived: 0, reach: number };
        let asked = self.asked.get_or_insert(fresh);
        let is_recovering = before(asked.number, number) && before(number, asked.reach);
        if time.since(asked.last) > ASKED || asked.number != number && !is_recovering {
            *asked = fresh;
        }
        (asked.number, asked.last) = (number, time);
        asked
    }

    /// It says as well what arrived behind that.
    fn select(&mut self, number: u32, blocks: impl Iterator<Item = (u32, u32)>, time: Timestamp) {
        let asked = self.ask(number, time);
        asked.selective = asked.selective.saturating_add(1);
        asked.arrived = 0;
        for (start, end) in blocks.filter(|&(start, end)| before(number, start) && before(start, end)) {
            asked.arrived = asked.arrived.saturating_add(end.wrapping_sub(start));
            if before(asked.reach, end) {
                asked.reach = end;
            }
        }
    }
}

/// How far apart the numbers of two packets are at most that are taken for numbers of one counter.
const COUNTED: u16 = 256;

/// Whether the second of two packets of a host was sent after the first, by the numbers it gave them (IPv4's identification, of which many hosts
/// keep a counter by connection); `None` where they say nothing.
fn is_later(first: Option<u16>, second: Option<u16>) -> Option<bool> {
    let (first, second) = (first?, second?);
    match (second.wrapping_sub(first), first.wrapping_sub(second)) {
        (1..=COUNTED, _) => Some(true),
        (_, 1..=COUNTED) => Some(false),
        _ => None,
    }
}

/// Acknowledgements of the same number, or of one recovery.
#[derive(Debug, Clone, Copy)]
struct Asked {
    number: u32,
    first: Timestamp,
    last: Timestamp,
    /// Duplicates.
    times: u32,
    /// Those that say what arrived behind it, duplicates or not.
    selective: u32,
    /// Bytes of which the newest of them says that they arrived.
    arrived: u32,
    /// Where the last of that ends: of what was sent behind it nothing is said.
    reach: u32,
}

impl Asked {
    /// Whether so many acknowledgements say that something behind this number arrived.
    fn selects(&self, sequence: u32, times: u32) -> bool {
        self.selective >= times && before(sequence, self.reach)
    }

    /// Whether they make a sender send a segment again. What comes again at once after it was asked for is a copy, and what asked may be one, unless
    /// it says what arrived behind.
    fn urges(&self, segment: &Segment, time: Timestamp) -> bool {
        let is_lost = self.arrived > (SELECTIVE - 1).saturating_mul(segment.payload) && before(segment.sequence, self.reach);
        // One is enough for a sender that goes by time (RACK, RFC 8985).
        let is_next = self.selects(segment.sequence, 1) && segment.sequence == self.number;
        let are_enough = self.times >= DUPLICATES || is_next;
        are_enough && time.since(self.first) >= COPIED || self.selects(segment.sequence, DUPLICATES) || is_lost
    }
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

/// Segments sent again of which is remembered that they may have arrived: a sender whose time is out has as many on their way after two round trips.
const DOUBTFUL: usize = 4;

/// Duplicate acknowledgements that make a sender send again: three by RFC 5681, of which a mirror may show the last as the first; with selective
/// acknowledgements two are enough.
const DUPLICATES: u32 = 2;

/// Duplicate acknowledgements that say what arrived behind a hole, from which on what fills it was sent again: so many make a sender do so (RFC
/// 6675 section 5), and fewer may be of reordering. One that says more than one segment less than so many arrived makes it send again as well
/// (section 4, IsLost): a receiver that puts segments together acknowledges many at once.
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
    caps: CapScale,
    /// How many found no room.
    pub refused: u64,
}

impl LossLocator {
    /// Bytes of a connection in its table, which may be twice as large as what is in it.
    #[cfg(test)]
    pub const CONNECTION_BYTES: usize = 2 * (size_of::<Lossy>() + 1);

    /// None known; `keys` are those of the table's hash. As many are followed as `caps` allow.
    pub fn new(keys: Keys, caps: CapScale) -> Self {
        Self { keys, caps, ..Self::default() }
    }

    /// Takes in a segment with any of [`MARKS`]; `client` is the way from the client, `identification` the number of its packet, `told` what its
    /// receiver has told. Says what was lost with it; of how many packets is its caller's to say.
    #[inline(never)]
    pub fn segment(
        &mut self,
        flow: &FlowKey,
        (way, client): (Direction, Direction),
        time: Timestamp,
        (segment, identification, told): (&Segment, Option<u16>, ReceiverWords),
        tcp: &TcpEvent,
        analysis: &SegmentAnalysis,
    ) -> Option<LocatedLoss> {
        let lossy = self.entry(flow, time)?;
        lossy.last = lossy.last.max(time);
        if tcp.marks.has(TcpMarks::DUPLICATE_ACK)
            && let Some(other) = lossy.ways.get_mut(way.reversed() as usize)
        {
            let asked = other.ask(segment.acknowledgement, time);
            asked.times = asked.times.saturating_add(1);
        }
        let missing = lossy.ways.get_mut(way as usize)?;
        let filled = if tcp.marks.has(TcpMarks::FILLED) { missing.fill(segment.sequence, segment.payload) } else { None };
        let asked_for = |number: u32, since: Timestamp| {
            missing.asked.is_some_and(|a| !before(number, a.number) && a.last >= since && time.since(a.last) <= ASKED)
        };
        let urged = missing.asked.is_some_and(|asked| asked.urges(segment, time));
        let sent_again = |later: Option<bool>| {
            let times = if later == Some(true) { 1 } else { SELECTIVE };
            missing.asked.is_some_and(|asked| asked.selects(segment.sequence, times))
        };
        let location = if tcp.marks.has(TcpMarks::FILLED) {
            let Hole { opened, identification: behind, .. } = filled?;
            let reordered = LOSS_REORDERED.in_nanos().max(analysis.initial_rtt.unwrap_or(0) / 2);
            let later = is_later(behind, identification);
            // What was sent before what opened the hole was sent once, however late it comes.
            let is_lost = later != Some(false) && (sent_again(later) || time.since(opened) > reordered);
            (is_lost && asked_for(segment.sequence, opened)).then_some(Location::BeforeMirror)
        } else if tcp.marks.has(TcpMarks::REPEATED) && segment.payload > 1 {
            let waited = analysis.rto.unwrap_or(0);
            let recent = missing.again.iter().flatten().any(|a| a.number == segment.sequence && time.since(a.time) < COPIED);
            let acknowledged = analysis.flags.has(crate::model::AnalysisFlags::SPURIOUS_RETRANSMISSION);
            let asked = asked_for(segment.sequence, Timestamp(i64::MIN));
            let is_lost = !recent && !acknowledged && (asked && urged || (LOSS_TIMED_OUT.in_nanos()..RENEWED).contains(&waited));
            let is_next = told.acknowledged.is_none_or(|acknowledged| !before(acknowledged, segment.sequence));
            let is_told = told.is_selective || missing.asked.is_some_and(|asked| asked.selective > 0);
            let is_sure = is_next || is_told;
            if is_lost && !is_sure {
                missing.doubt(segment.sequence);
            }
            (is_lost && is_sure).then_some(Location::BeyondMirror)
        } else {
            None
        };
        if tcp.marks.has(TcpMarks::GAP) {
            let start = segment.sequence.wrapping_sub(tcp.gap);
            missing.open(Hole { start, end: segment.sequence, opened: time, identification });
        }
        let location = location?;
        missing.lost(segment.sequence, time, location);
        Some(LocatedLoss { flow: *flow, client, way, time, location, packets: 0, retracted: false, number: 0 })
    }

    /// Whether anything is known: then acknowledgements are to be shown as well.
    #[inline(always)]
    pub fn any(&self) -> bool {
        !self.lossy.is_empty()
    }

    /// Takes in an acknowledgement of direction `way` with its options. Where their first selective block lies below the acknowledgement, its receiver
    /// has the bytes twice (D-SACK, RFC 2883): what was sent again was not lost after all, and is taken back. Else they say what arrived. What was
    /// sent again and may have arrived was lost where the acknowledgement ends just before it.
    pub fn acknowledged(
        &mut self,
        flow: &FlowKey,
        (way, client): (Direction, Direction),
        time: Timestamp,
        acknowledgement: u32,
        options: TcpOptions<'_>,
    ) -> Option<LocatedLoss> {
        let lossy = self.lossy.find_mut(flow.keyed_hash(&self.keys), |l| l.flow == *flow)?;
        let way = way.reversed();
        let missing = lossy.ways.get_mut(way as usize)?;
        if missing.lacks(acknowledgement) {
            missing.lost(acknowledgement, time, Location::BeyondMirror);
            let location = Location::BeyondMirror;
            return Some(LocatedLoss { flow: *flow, client, way, time, location, packets: 0, retracted: false, number: 0 });
        }
        let block = options.sack_blocks().next()?;
        if before(acknowledgement, block.1) {
            missing.select(acknowledgement, options.sack_blocks(), time);
            return None;
        }
        let is_in = |again: &Again| !before(again.number, block.0) && before(again.number, block.1);
        let again = missing.again.iter_mut().find(|a| a.as_ref().is_some_and(is_in))?.take()?;
        Some(LocatedLoss { flow: *flow, client, way, time, location: again.location, packets: 0, retracted: true, number: 0 })
    }

    fn entry(&mut self, flow: &FlowKey, time: Timestamp) -> Option<&mut Lossy> {
        let (keys, most) = (self.keys, self.caps.of(LOSSY_CONNECTIONS));
        if self.lossy.len() >= most && self.lossy.find(flow.keyed_hash(&keys), |l| l.flow == *flow).is_none() {
            self.lossy.retain(|l| time.since(l.last) < 10 * SECOND);
            if self.lossy.len() >= most {
                self.refused = self.refused.saturating_add(1);
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
