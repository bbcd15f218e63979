//! Where segments were lost: before the mirrored port saw them, or beyond it.
//!
//! A segment that is seen twice, because its receiver asked for it or its sender waited for a retransmission time-out, was lost beyond the
//! mirrored port. One that left a hole, for which the receiver asked, and that came later than anything that was merely reordered, was lost
//! before; sooner as well where the sender's own numbers say that it was sent after what opened the hole. Whatever was acknowledged and never repeated the *mirror* lost: that is no loss of the network. A segment that is repeated although
//! it was acknowledged is no loss of data, and one that comes again sooner than the receiver can have asked for it is a probe or a copy: of a segment
//! that was seen before nobody can know anything sooner than after the shortest round trip of its receiver's side.
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

mod resent;

use crate::model::evidence::{LOSS_OUT_OF_ORDER, LOSS_REORDERED, LOSS_TIMED_OUT};
use crate::model::limits::LOSSY_CONNECTIONS;
use crate::model::mix::Keys;
use crate::model::tcp::{TcpEvent, TcpMarks, before};
use crate::model::time::{MILLISECOND, SECOND};
use crate::model::{CapScale, Direction, FlowKey, LeastTrip, LocatedLoss, Location, Segment, SegmentAnalysis, TcpOptions, Timestamp};
use hashbrown::hash_table::{Entry, HashTable};
pub use resent::{Acknowledgement, SenderMarks};
use resent::{Again, Resent};

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
    /// What was sent again.
    resent: Resent,
    /// Where segments begin that were sent again and may have arrived, the newest last.
    doubtful: [Option<u32>; DOUBTFUL],
    /// Duplicate acknowledgements that are still to come for what the receiver has twice.
    owed: Owed,
    /// Up to where the receiver has acknowledged, and when it last said so.
    stands: Option<(u32, Timestamp)>,
    /// Segments that were lost or late, of which it came out just now that nothing tells which.
    unsure: u32,
}

/// Acknowledgements of what a receiver has twice: they are duplicates (RFC 9293 section 3.10.7.4), and ask for nothing.
#[derive(Debug, Clone, Copy, Default)]
struct Owed {
    count: u32,
    /// When the last of it was sent.
    last: Timestamp,
}

impl Owed {
    /// What a receiver has is sent again.
    fn add(&mut self, time: Timestamp) {
        self.count = if time.since(self.last) > ASKED { 1 } else { self.count.saturating_add(1) };
        self.last = time;
    }

    /// Whether a duplicate acknowledgement is one of them, which there is no more.
    fn is_paid(&mut self, time: Timestamp) -> bool {
        let is_owed = self.count > 0 && time.since(self.last) <= ASKED;
        self.count = if is_owed { self.count - 1 } else { 0 };
        is_owed
    }
}

/// What is known before a segment of its direction, and what its receiver has told.
#[derive(Debug, Clone, Copy, Default)]
pub struct ReceiverWords {
    /// Where all ends that was sent; `None` where that is not known.
    pub sent: Option<u32>,
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
    /// What its sender put into the packet behind it.
    behind: SenderMarks,
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

    /// The receiver acknowledges everything before `number`; a late copy of an older acknowledgement says nothing.
    fn stand(&mut self, number: u32, time: Timestamp) {
        if self.stands.is_none_or(|(to, _)| !before(number, to)) {
            self.stands = Some((number, time));
        }
    }

    /// Whether the receiver said that it lacks a segment when it could know of it: one that was seen less than a round trip before is on its way still.
    /// `None`: only if a way is shorter than was seen. Who says what arrived behind a hole says it of that.
    fn is_missed(&self, number: u32, time: Timestamp, analysis: &SegmentAnalysis, least_trip: Option<LeastTrip>) -> Option<bool> {
        let said = self.stands.filter(|(to, _)| *to == number);
        let since = said.zip(analysis.sent_before).map(|((_, said), seen_before)| said.since(time).saturating_add(seen_before));
        since.zip(least_trip).map_or(Some(true), |(since, least)| least.answers(since))
    }

    /// Everything before `number` has arrived: whether a segment that was sent again begins there, which so has not.
    fn lacks(&mut self, number: u32) -> bool {
        let is_asked_for = self.doubtful.contains(&Some(number));
        self.doubtful.iter_mut().for_each(|known| *known = known.filter(|known| before(number, *known)));
        is_asked_for
    }

    /// The receiver asks for `number`. A partial acknowledgement asks for the next hole of the same recovery (RFC 6675 section 5).
    fn ask(&mut self, number: u32, time: Timestamp) -> &mut Asked {
        let fresh =
            Asked { number, first: time, last: time, times: 0, selective: 0, arrived: 0, reach: number, enough: None, is_answered: false };
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
        asked.note_enough(time);
    }

    /// A segment fills a hole: where it was lost, and `false`; or where another one was not after all, and `true`.
    fn filled(&mut self, segment: &Segment, time: Timestamp, marks: SenderMarks, trips: &SenderTrips) -> Option<(Location, bool)> {
        let hole = self.fill(segment.sequence, segment.payload)?;
        let how = self.is_sent_again(&hole, segment, time, marks, trips);
        if how != Filled::Overtaken {
            self.resent.note(segment.sequence, segment.sequence.wrapping_add(segment.payload), time);
        }
        if !self.asks_for(segment.sequence, hole.opened, time) {
            return None;
        }
        match how {
            Filled::Overtaken => return None,
            // It is out of order: so may be one that came by chance when a sender answers.
            Filled::Scattered => {
                let prompt = self.resent.take_prompt();
                let may_answer = self.asked.is_some_and(|asked| asked.may_be_answered(time, trips));
                // What was taken for lost before by its time alone is as little sure.
                self.unsure = u32::from(prompt.is_some()).saturating_add(may_answer.into());
                return prompt.map(|again| (again.location, true));
            }
            Filled::Again => self.resent.lost(Again::of(segment, time, Location::BeforeMirror)),
            Filled::Promptly => self.resent.lost(Again { is_prompt: true, ..Again::of(segment, time, Location::BeforeMirror) }),
        }
        self.asked.iter_mut().for_each(|asked| asked.is_answered = true);
        Some((Location::BeforeMirror, false))
    }

    /// A segment that was seen is seen again: where it was lost, and `false`; or where it was not after all, and `true`.
    fn repeated(
        &mut self,
        segment: &Segment,
        time: Timestamp,
        (marks, told): (SenderMarks, ReceiverWords),
        (analysis, least_trip): (&SegmentAnalysis, Option<LeastTrip>),
    ) -> Option<(Location, bool)> {
        let number = segment.sequence;
        // An acknowledgement that is a late copy takes nothing back.
        let has_all = told.acknowledged.is_some_and(|to| !before(to, number.wrapping_add(segment.payload)));
        let acknowledged = has_all || analysis.flags.has(crate::model::AnalysisFlags::SPURIOUS_RETRANSMISSION);
        // Nobody knows what became of a segment before its receiver can have said anything.
        let is_too_soon = analysis.sent_before.zip(least_trip).is_some_and(|(since, least)| since < least.soonest());
        let is_told = told.is_selective || self.asked.is_some_and(|asked| asked.selective > 0);
        let is_asked_for = self.asks_for(number, Timestamp(i64::MIN), time) && self.asked.is_some_and(|asked| asked.urges(segment, time));
        let is_missed = if is_told { Some(true) } else { self.is_missed(number, time, analysis, least_trip) };
        let is_urged = is_asked_for && is_missed == Some(true);
        if acknowledged || is_too_soon || is_asked_for && is_missed == Some(false) {
            self.owed.add(time);
        }
        let known = self.resent.of(number).map(|again| (again.location, time.since(again.time)));
        if let Some((Location::BeforeMirror, since)) = known
            && since < LOSS_TIMED_OUT.in_nanos()
            && (acknowledged || since < analysis.initial_rtt.unwrap_or(0) / 2)
        {
            // What filled the hole and this were both sent: of two that pass the mirrored port none was lost before it.
            let again = self.resent.take(number, number.wrapping_add(1))?;
            return Some((again.location, true));
        }
        let waited = analysis.rto.unwrap_or(0);
        let recent = known.is_some_and(|(_, since)| since < COPIED);
        let has_waited = (LOSS_TIMED_OUT.in_nanos()..RENEWED).contains(&waited) && !self.resent.is_undone(number);
        let is_lost = !recent && !acknowledged && !is_too_soon && (is_urged || has_waited);
        let is_next = told.acknowledged.is_none_or(|acknowledged| !before(acknowledged, number));
        let again = Again::of(segment, time, Location::BeyondMirror);
        self.resent.note(number, again.end, time);
        if !is_lost {
            self.unsure = u32::from(is_asked_for && is_missed.is_none() && !(recent || acknowledged || is_too_soon));
            return None;
        }
        if !(is_next || is_told) {
            self.doubt(number);
            return None;
        }
        let stamp = marks.stamp.filter(|_| told.acknowledged == Some(number));
        self.resent.lost(Again { stamp, reach: told.sent.filter(|_| !is_urged), least_trip, is_told, ..again });
        Some((Location::BeyondMirror, false))
    }

    /// Whether the receiver asks for a number, and has since then.
    fn asks_for(&self, number: u32, since: Timestamp, time: Timestamp) -> bool {
        self.asked.is_some_and(|a| !before(number, a.number) && a.last >= since && time.since(a.last) <= ASKED)
    }

    /// What fills a hole. Where its sender's marks do not tell, a time does in which nothing comes that is merely out of order; or it comes as soon as
    /// its sender can have been asked, and not later: what is out of order comes when it comes.
    fn is_sent_again(&self, hole: &Hole, segment: &Segment, time: Timestamp, marks: SenderMarks, trips: &SenderTrips) -> Filled {
        let half = trips.initial.unwrap_or(0) / 2;
        let waited = time.since(hole.opened);
        let is_asked = |holds: &dyn Fn(&Asked) -> bool| self.asked.as_ref().is_some_and(holds);
        match marks.is_later(hole.behind) {
            Some(true) if waited > LOSS_REORDERED.in_nanos().max(half) => Filled::Again,
            Some(true) if is_asked(&|asked| asked.selects(segment.sequence, 1) || asked.times >= ENOUGH) => Filled::Again,
            Some(_) => Filled::Overtaken,
            None if waited > LOSS_OUT_OF_ORDER.in_nanos().max(half) => Filled::Again,
            None if is_asked(&|asked| asked.is_answered_by(segment, time, trips)) => Filled::Promptly,
            None => Filled::Scattered,
        }
    }
}

/// What fills a hole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Filled {
    /// What was sent once and is late.
    Overtaken,
    /// What was sent again.
    Again,
    /// Nothing tells, and it comes when its sender's answer must.
    Promptly,
    /// Nothing tells, and it comes at another time.
    Scattered,
}

/// How long a host takes at most to answer, beside the way.
const PROMPT: i64 = MILLISECOND / 2;

/// Round trips that a sender's answers take.
#[derive(Debug, Clone, Copy)]
struct SenderTrips {
    /// The connection's first, of the whole path.
    initial: Option<i64>,
    /// The shortest between the mirrored port and the sender.
    least: Option<LeastTrip>,
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
    /// When they were enough to make its sender send something again.
    enough: Option<Timestamp>,
    /// Something was sent again because of them.
    is_answered: bool,
}

impl Asked {
    /// Another one came.
    fn note_enough(&mut self, time: Timestamp) {
        if self.enough.is_none() && (self.times >= ENOUGH || self.selective >= ENOUGH) {
            self.enough = Some(time);
        }
    }

    /// Whether a segment comes when its sender's answer to them must.
    fn is_answered_by(&self, segment: &Segment, time: Timestamp, trips: &SenderTrips) -> bool {
        let since = self.enough.map(|enough| time.since(enough));
        let least = trips.least.map_or(0, |trip| trip.nanos / 2);
        let trip = trips.least.map(|trip| trip.nanos).or(trips.initial).unwrap_or(0);
        let most = PROMPT.saturating_add(trip).saturating_add(trip / 2);
        let is_prompt = since.is_some_and(|since| (least..=most).contains(&since));
        self.selects(segment.sequence, ENOUGH) && (is_prompt || self.is_answered)
    }

    /// Whether a segment can be its sender's answer to them: they were enough, and long enough ago.
    fn may_be_answered(&self, time: Timestamp, trips: &SenderTrips) -> bool {
        let least = trips.least.map_or(0, |trip| trip.nanos / 2);
        self.enough.is_some_and(|enough| time.since(enough) >= least)
    }

    /// Whether so many acknowledgements say that something behind this number arrived.
    fn selects(&self, sequence: u32, times: u32) -> bool {
        self.selective >= times && before(sequence, self.reach)
    }

    /// Whether they make a sender send a segment again. What comes again at once after it was asked for is a copy, and what asked may be one, unless
    /// it says what arrived behind, or there are more of them than a mirror makes of one.
    fn urges(&self, segment: &Segment, time: Timestamp) -> bool {
        let is_lost = self.arrived > (ENOUGH - 1).saturating_mul(segment.payload) && before(segment.sequence, self.reach);
        // One is enough for a sender that goes by time (RACK, RFC 8985).
        let is_next = self.selects(segment.sequence, 1) && segment.sequence == self.number;
        let are_enough = self.times >= DUPLICATES || is_next;
        let are_sure = self.times >= ENOUGH || self.selects(segment.sequence, DUPLICATES) || is_lost;
        are_sure || are_enough && time.since(self.first) >= COPIED
    }
}

/// Segments sent again of which is remembered that they may have arrived: a sender whose time is out has as many on their way after two round trips.
const DOUBTFUL: usize = 4;

/// Duplicate acknowledgements that make a sender send again: three by RFC 5681, of which a mirror may show the last as the first; with selective
/// acknowledgements two are enough.
const DUPLICATES: u32 = 2;

/// Duplicate acknowledgements from which on what they ask for was sent again: so many make a sender do so (RFC 5681 section 3.2; where they say what
/// arrived behind a hole RFC 6675 section 5), and fewer may be of reordering. One that says more than one segment less than so many arrived makes it send again as well
/// (section 4, IsLost): a receiver that puts segments together acknowledges many at once.
const ENOUGH: u32 = 3;

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
    unsure: u32,
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

    /// Takes in a segment with any of [`MARKS`]; `client` is the way from the client, `marks` what its sender put into it, `told` what its
    /// receiver has told. Says what was lost with it, or was not after all; of how many packets is its caller's to say.
    #[inline(never)]
    pub fn segment(
        &mut self,
        flow: &FlowKey,
        (way, client): (Direction, Direction),
        time: Timestamp,
        (segment, marks, told): (&Segment, SenderMarks, ReceiverWords),
        tcp: &TcpEvent,
        analysis: &SegmentAnalysis,
    ) -> Option<LocatedLoss> {
        let lossy = self.entry(flow, time)?;
        lossy.last = lossy.last.max(time);
        if tcp.marks.has(TcpMarks::DUPLICATE_ACK)
            && let Some(other) = lossy.ways.get_mut(way.reversed() as usize)
            && !other.owed.is_paid(time)
        {
            let asked = other.ask(segment.acknowledgement, time);
            asked.times = asked.times.saturating_add(1);
            asked.note_enough(time);
        }
        let missing = lossy.ways.get_mut(way as usize)?;
        let least = |way: Direction| analysis.least_trips.get(way as usize).copied().flatten();
        let found = if tcp.marks.has(TcpMarks::FILLED) {
            missing.filled(segment, time, marks, &SenderTrips { initial: analysis.initial_rtt, least: least(way) })
        } else if tcp.marks.has(TcpMarks::REPEATED) && segment.payload > 1 {
            missing.repeated(segment, time, (marks, told), (analysis, least(way.reversed())))
        } else {
            None
        };
        let unsure = std::mem::take(&mut missing.unsure);
        if tcp.marks.has(TcpMarks::GAP) {
            let start = segment.sequence.wrapping_sub(tcp.gap);
            missing.open(Hole { start, end: segment.sequence, opened: time, behind: marks });
        }
        self.unsure = unsure;
        let (location, retracted) = found?;
        Some(LocatedLoss { flow: *flow, client, way, time, location, packets: 0, retracted, number: 0 })
    }

    /// How many segments turned out with the one taken in last to have been lost and sent again, or late, of which nothing tells which; once.
    pub fn take_unsure(&mut self) -> u32 {
        std::mem::take(&mut self.unsure)
    }

    /// Whether anything is known: then acknowledgements are to be shown as well.
    #[inline(always)]
    pub fn any(&self) -> bool {
        !self.lossy.is_empty()
    }

    /// Takes in an acknowledgement of direction `way` with its options. Where their first selective block lies below the acknowledgement, its receiver
    /// has the bytes twice (D-SACK, RFC 2883): what was sent again was not lost after all, and is taken back, as is what was only late.
    /// Else they say what arrived. What was sent again and may have arrived was lost where the acknowledgement ends just before it.
    pub fn acknowledged(
        &mut self,
        flow: &FlowKey,
        (way, client): (Direction, Direction),
        time: Timestamp,
        acknowledgement: u32,
        options: TcpOptions<'_>,
    ) -> Vec<LocatedLoss> {
        let Some(lossy) = self.lossy.find_mut(flow.keyed_hash(&self.keys), |l| l.flow == *flow) else { return Vec::new() };
        let way = way.reversed();
        let Some(missing) = lossy.ways.get_mut(way as usize) else { return Vec::new() };
        missing.stand(acknowledgement, time);
        let located = |location, retracted| LocatedLoss { flow: *flow, client, way, time, location, packets: 0, retracted, number: 0 };
        let ack = Acknowledgement { number: acknowledgement, echo: options.timestamps().map(|(_, echo)| echo) };
        let mut found: Vec<LocatedLoss> =
            std::iter::from_fn(|| missing.resent.mistaken(&ack, time)).map(|again| located(again.location, true)).collect();
        found.iter().for_each(|_| missing.owed.add(time));
        self.unsure = self.unsure.saturating_add(missing.resent.take_unsure());
        if missing.lacks(acknowledgement) && !missing.resent.is_undone(acknowledgement) {
            missing.resent.lost(Again::at(acknowledgement, time, Location::BeyondMirror));
            found.push(located(Location::BeyondMirror, false));
            return found;
        }
        let Some(block) = options.sack_blocks().next() else { return found };
        if before(acknowledgement, block.1) {
            missing.select(acknowledgement, options.sack_blocks(), time);
        } else if let Some(again) = missing.resent.take(block.0, block.1) {
            found.push(located(again.location, true));
        }
        found
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
