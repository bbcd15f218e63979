//! How often this mirror brings each packet, learnt from packets that surely differ from each other.
//!
//! One watch sees all packets in the order of the tape, for a shard sees too few: a flood may fill one that holds nothing else. It follows
//! a sample, chosen by the key so that copies are chosen with their first, for [`REACH`] after the first sighting, and counts how often
//! each came. TCP segments with data speak first: sequence numbers tell them apart, so that no flood of equal packets is among them.
//! Without them other packets do, and frames to groups, which a switch floods, always speak for themselves alone.

use super::counts::{gap_code, gap_end};
use super::distance::{CLOSE, DistanceCounts, Sort};
use super::distant::{DistantCounts, DistantWatch};
use super::flows::{EIGHT, FOUR};
use super::table::MOST_COPIES;
use super::{Digest, Fingerprint, REACH};
use crate::model::limits::COPY_WATCHED;
use crate::model::mix::Keys;
use crate::model::{Cast, Direction, FastHeaders, FlowKey, Frame, Timestamp};
use std::collections::VecDeque;

/// How often packets of a kind come through this mirror. The default is that it is not known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Multiplicity {
    /// The most that a share of them worth mentioning comes; 0 when not known.
    pub(super) times: u8,
    /// Whether nearly all come more than once.
    pub(super) every: bool,
    /// The code of a gap that is hardly exceeded between two sightings.
    pub(super) gap: u8,
}

impl Multiplicity {
    /// Whether a gap is one of copies.
    pub(super) fn is_near(self, gap: u8) -> bool {
        self.times > 1 && gap <= self.gap.saturating_add(EIGHT)
    }
}

/// How often this mirror brings packets to one station, and to a group.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CopyTimes {
    pub(super) unicast: Multiplicity,
    pub(super) group: Multiplicity,
    /// Several different frames to groups came more than once: no single one stands for how often they come.
    pub(super) several: bool,
}

impl CopyTimes {
    /// Of packets to a group, or to one station.
    pub(super) fn of(&self, group: bool) -> Multiplicity {
        if group { self.group } else { self.unicast }
    }
}

/// What a watched packet is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Kind {
    /// A TCP segment with data to one station.
    #[default]
    Data,
    /// Any other packet to one station that is told from others.
    Other,
    /// A frame to a group.
    Group,
    /// A TCP segment without data to one station.
    Acknowledgement,
}

/// A packet that is followed.
#[derive(Debug, Clone, Copy, Default)]
struct Watched {
    key: u64,
    first: i64,
    last: i64,
    seen: u8,
    /// The gap between the first two sightings.
    gap: u8,
    /// The largest gap between two.
    most: u8,
    /// Sightings much later than the first two came one after the other, and the largest gap before one.
    later: u8,
    latest: u8,
    /// Its IPv4 identification; 0 where it has none.
    id: u16,
    /// It came before this was begun to be followed, as long before as it does now.
    went_on: bool,
    kind: Kind,
}

/// A frame to a group that came more than once and is not followed any longer: its key, when it came last, and the largest gap.
type Gone = (u64, i64, u8);

/// Different frames to groups that came more than once, from which on it is not one of them alone.
const SEVERAL: usize = 4;

/// So many are remembered.
const GONE: usize = 256;

/// Identifications that are remembered, and packets among them with the same one from which on it numbers none.
const IDS: usize = 16;
const SAME_IDS: usize = 4;

/// Sightings from which on they show whether they go on.
const STEADY: u8 = 5;

impl Watched {
    /// Whether it came at much the same distance all the time that it was followed.
    fn goes_on(&self) -> bool {
        let rest = REACH.saturating_sub(self.last.saturating_sub(self.first));
        self.seen >= STEADY && rest <= 2 * gap_end(self.most)
    }
}

/// Packets before what they say is believed.
const ENOUGH: u32 = 16;
/// The counts halve at so many, to follow changes.
const MOST: u32 = 128;
/// The share of packets, one in so many, that come that often at least, for it to be worth mentioning; and the fewest.
const SHARE: u32 = 16;
const FEWEST: u32 = 4;
/// Packets taken before the sample is thinned, and one in how many it takes then.
const ALL: u32 = 2048;
const THINNED: u64 = 3;
/// Gaps of multiples that are remembered.
const GAPS: usize = 16;
/// Without TCP data a part of the packets that comes more than this often is no mirror's doing: it may as well be a flood.
const PLAUSIBLE: u8 = 8;

/// How often packets of one kind came.
#[derive(Debug, Clone)]
struct Tally {
    /// Packets by how often they came.
    seen: [u32; MOST_COPIES as usize + 1],
    total: u32,
    /// The last ones' keys: what is sent again and again does not count again and again.
    keys: [u64; GAPS],
    /// The same with sightings that came much later, and how many had any: what nearly every packet has its sender did not send again.
    seen_later: [u32; MOST_COPIES as usize + 1],
    later: u32,
    /// Those whose identification was another than that of the one before.
    varied: u32,
    id: u16,
    /// The gaps of the last that came more than once: between sightings that are close, and before those that came later.
    gaps: [u8; GAPS],
    later_gaps: [u8; GAPS],
    next: usize,
    known: Multiplicity,
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            seen: [0; MOST_COPIES as usize + 1],
            total: 0,
            keys: [0; GAPS],
            seen_later: [0; MOST_COPIES as usize + 1],
            later: 0,
            varied: 0,
            id: 0,
            gaps: [0; GAPS],
            later_gaps: [0; GAPS],
            next: 0,
            known: Multiplicity::default(),
        }
    }
}

impl Tally {
    /// Counts one; whether it is another than those before.
    fn count(&mut self, watched: &Watched) -> bool {
        if self.keys.contains(&watched.key) {
            return false;
        }
        self.keys[self.total as usize % GAPS] = watched.key;
        if let Some(n) = self.seen.get_mut(usize::from(watched.seen)) {
            *n += 1;
        }
        let all = watched.seen.saturating_add(watched.later).min(MOST_COPIES);
        if let Some(n) = self.seen_later.get_mut(usize::from(all)) {
            *n += 1;
        }
        self.later += u32::from(watched.later > 0);
        self.total += 1;
        self.varied += u32::from(watched.id != 0 && watched.id != self.id);
        self.id = watched.id;
        if watched.seen > 1 {
            self.gaps[self.next % GAPS] = watched.most;
            self.later_gaps[self.next % GAPS] = watched.latest;
            self.next = (self.next + 1) % GAPS;
        }
        if self.total >= MOST {
            self.seen.iter_mut().chain(&mut self.seen_later).for_each(|n| *n /= 2);
            self.later /= 2;
            self.varied /= 2;
            self.total = self.seen.iter().sum();
        }
        true
    }

    /// Whether all that were counted came equally often, a few times.
    fn is_unanimous(&self) -> bool {
        self.seen.iter().take(usize::from(PLAUSIBLE) + 1).skip(2).any(|count| *count == self.total)
    }

    /// Whether they are surely different packets, nearly all of which come again and again: no flood is made of such.
    fn is_of_copies(&self) -> bool {
        self.known.every && self.are_numbered()
    }

    /// Whether their identifications tell them apart.
    fn are_numbered(&self) -> bool {
        self.varied * 4 >= self.total * 3
    }

    /// Whether their sender may have sent them again: nothing numbers them, and they come again so late that whoever waits for an answer may do so.
    fn may_be_repeated(&self) -> bool {
        let late = self.gaps.iter().filter(|gap| gap_end(**gap) as u64 > CLOSE).count();
        !self.are_numbered() && late * 4 > self.next.min(GAPS)
    }

    /// Judges anew; what was known is given up less easily than it was learnt. So `few` tell where all of them say the same.
    fn judge(&mut self, few: u32) {
        if self.total < ENOUGH && !(self.total >= few && self.is_unanimous()) {
            return;
        }
        let is_later = self.later * 4 >= self.total * 3;
        let seen = if is_later { &self.seen_later } else { &self.seen };
        let mut reached = 0;
        let times = (1..=MOST_COPIES).rev().find(|&times| {
            reached += seen.get(usize::from(times)).copied().unwrap_or(0);
            let share = if times <= self.known.times { 2 * SHARE } else { SHARE };
            reached >= FEWEST.max(self.total / share)
        });
        let more: u32 = seen.iter().skip(2).sum();
        // In coarse steps, and back only by two of them, so that it is not told anew all the time.
        let later = self.later_gaps.iter().filter(|_| is_later);
        let largest = self.gaps.iter().chain(later).copied().max().unwrap_or(0).div_ceil(FOUR).saturating_mul(FOUR);
        let gap = if largest > self.known.gap || largest.saturating_add(FOUR) < self.known.gap { largest } else { self.known.gap };
        self.known = Multiplicity { times: times.unwrap_or(1), every: more * 4 >= self.total * 3, gap };
    }
}

/// Learns how often this mirror brings each packet.
#[derive(Debug, Default)]
pub struct CopyWatch {
    watched: VecDeque<Watched>,
    /// Where a key was entered last, counted from the first ever entered; by its bits.
    index: Vec<u64>,
    /// Packets that have left [`Self::watched`].
    left: u64,
    /// Which keys are taken: those without these bits.
    mask: u64,
    taken: u32,
    /// Of them segments with data.
    data: u32,
    tallies: [Tally; 3],
    told: CopyTimes,
    /// What is to be told.
    news: bool,
    cover: usize,
    /// The first frames to groups that came more than once.
    repeated: [u64; SEVERAL],
    /// Frames to groups that may go on, by bits of their keys.
    gone: Vec<Gone>,
    /// Identifications of the packets to one station that were entered last.
    ids: [u16; IDS],
    /// How far apart they come again.
    distances: DistanceCounts,
    /// Those that may come again later.
    distant: DistantWatch,
}

/// A packet that is to be followed.
#[derive(Debug, Clone, Copy)]
struct Seen<'p> {
    print: &'p Fingerprint,
    time: i64,
    kind: Kind,
    sort: Option<Sort>,
}

/// The sort of a packet to one station, where nothing numbers it: what does tells more than its distance.
fn sort(kind: Kind, (flow, way): (&FlowKey, Direction)) -> Option<Sort> {
    let [(_, from), (_, to)] = flow.ends(way);
    match kind {
        Kind::Group => None,
        Kind::Data => Some(Sort::Data),
        Kind::Acknowledgement => Some(Sort::Acknowledgement),
        Kind::Other if flow.is_tcp() => Some(Sort::Opening),
        Kind::Other if to < from || to == from && way == Direction::AToB => Some(Sort::Request),
        Kind::Other => Some(Sort::Answer),
    }
}

/// Bits of a key that choose the sample lie above this many.
const SAMPLE: u32 = 40;

impl CopyWatch {
    /// Sees one of the commonest packets, by its print.
    #[inline(always)]
    pub fn see(&mut self, fast: &FastHeaders, print: &Fingerprint, time: Timestamp) {
        if print.key >> SAMPLE & self.mask == 0 {
            self.take(fast, print, time.0);
        }
    }

    #[inline(never)]
    fn take(&mut self, fast: &FastHeaders, print: &Fingerprint, time: i64) {
        let kind = match (fast.destination & 1 != 0, fast.is_tcp()) {
            (true, _) => Kind::Group,
            (false, true) if fast.payload > 1 => Kind::Data,
            (false, true) if fast.flags & 2 == 0 => Kind::Acknowledgement,
            (false, _) => Kind::Other,
        };
        if print.key == 0 || kind == Kind::Acknowledgement && self.passes_over(print.key) {
            return;
        }
        let is_numbered = self.is_number(print.id());
        let sort = sort(kind, (&fast.flow, fast.direction)).filter(|_| !is_numbered);
        self.await_again(print, time, kind, !fast.is_tcp() && is_numbered);
        self.follow(&Seen { print, time, kind, sort });
    }

    /// Waits for a packet of which no sender makes a second one: no two segments with data, and no two datagrams, have one identification and one
    /// content. Who asks again sends the same datagram, where it has none.
    fn await_again(&mut self, print: &Fingerprint, time: i64, kind: Kind, is_numbered_datagram: bool) {
        if kind == Kind::Data || kind == Kind::Other && is_numbered_datagram {
            self.distant.see(print, time);
        }
    }

    /// Whether an identification numbers its packet: none is 0 or the one that many have.
    fn is_number(&self, id: u16) -> bool {
        id != 0 && self.ids.iter().filter(|known| **known == id).count() < SAME_IDS
    }

    /// Whether an acknowledgement is none of those that are followed: they only tell of distances, and half of them are enough where not all are.
    fn passes_over(&self, key: u64) -> bool {
        self.mask != 0 && key >> SAMPLE & (self.mask << 1 | 1) != 0
    }

    /// Sees any other packet.
    pub fn see_any(&mut self, frame: &Frame, keys: &Keys) {
        let group = frame.cast() != Cast::Unicast;
        if frame.fragment || !group && frame.flow.is_none() {
            return;
        }
        if self.cover == 0 {
            self.cover = super::fingerprint::WHOLE;
        }
        let Digest { print, untold, .. } = super::fingerprint::digest(frame, keys, &mut self.cover);
        if print.key >> SAMPLE & self.mask == 0 && !untold {
            let kind = match frame.tcp {
                _ if group => Kind::Group,
                Some(tcp) if tcp.payload > 1 => Kind::Data,
                Some(tcp) if tcp.flags & 2 == 0 => Kind::Acknowledgement,
                _ => Kind::Other,
            };
            if kind == Kind::Acknowledgement && self.passes_over(print.key) {
                return;
            }
            let is_numbered = self.is_number(print.id());
            let sort = frame.flow.as_ref().filter(|_| !is_numbered).and_then(|(flow, way)| sort(kind, (flow, *way)));
            self.await_again(&print, frame.time.0, kind, frame.flow.is_some_and(|(flow, _)| flow.is_udp()) && is_numbered);
            self.follow(&Seen { print: &print, time: frame.time.0, kind, sort });
        }
    }

    fn follow(&mut self, seen: &Seen) {
        let &Seen { print, time, kind, sort } = seen;
        let key = print.key;
        while self.watched.front().is_some_and(|oldest| time.saturating_sub(oldest.first) > REACH) {
            self.leave();
        }
        if self.index.is_empty() {
            self.index = vec![0; 8 * COPY_WATCHED];
        }
        let slot = key as usize & (self.index.len() - 1);
        let at = self.index.get(slot).and_then(|number| number.checked_sub(self.left + 1));
        if let Some(watched) = at.and_then(|at| self.watched.get_mut(at as usize)).filter(|w| w.key == key) {
            let gap = gap_code(time.abs_diff(watched.last));
            let is_second = watched.seen == 1 && watched.later == 0;
            if watched.seen == 1 {
                (watched.gap, watched.most) = (gap, gap);
                if kind == Kind::Group
                    && !self.repeated.contains(&key)
                    && let Some(free) = self.repeated.iter_mut().find(|known| **known == 0)
                {
                    *free = key;
                    self.told.several = !self.repeated.contains(&0);
                    self.news |= self.told.several;
                }
            }
            // Much later than the first two came one after the other, its sender may have sent it again: not under the same identification.
            let is_close = watched.later == 0 && gap <= watched.gap.saturating_add(EIGHT);
            if is_close || print.id() != 0 && kind == Kind::Data {
                watched.most = watched.most.max(gap);
                watched.seen = (watched.seen + 1).min(MOST_COPIES);
            } else {
                watched.latest = watched.latest.max(gap);
                watched.later = (watched.later + 1).min(MOST_COPIES);
            }
            watched.last = time;
            if let Some(sort) = sort.filter(|_| is_second) {
                self.distances.again(sort, gap);
            }
            return;
        }
        if self.watched.len() >= COPY_WATCHED {
            self.thin();
        }
        self.taken += u32::from(kind != Kind::Acknowledgement);
        self.data = self.data.saturating_add(u32::from(kind == Kind::Data));
        if self.taken == ALL {
            self.mask |= THINNED;
            self.distant.retain(|key| key >> SAMPLE & THINNED == 0);
        }
        let went_on = kind == Kind::Group && self.goes_on(key, time);
        self.watched.push_back(Watched { key, first: time, last: time, seen: 1, id: print.id(), went_on, kind, ..Watched::default() });
        self.note_id(kind, print.id());
        let number = self.left + self.watched.len() as u64;
        if let Some(place) = self.index.get_mut(slot) {
            *place = number;
        }
        if let Some(sort) = sort {
            self.distances.first(sort);
        }
    }

    /// Notes the identification of a packet that is followed from now on.
    fn note_id(&mut self, kind: Kind, id: u16) {
        if kind != Kind::Group {
            self.ids.rotate_right(1);
            self.ids[0] = id;
        }
    }

    /// Too many at once: a smaller share of all is followed from now on.
    #[cold]
    fn thin(&mut self) {
        self.mask = (self.mask << 1 | 1) & u64::MAX >> SAMPLE;
        let mask = self.mask;
        self.watched.retain(|w| w.key >> SAMPLE & mask == 0);
        self.distant.retain(|key| key >> SAMPLE & mask == 0);
        if self.watched.len() >= COPY_WATCHED {
            self.watched.clear();
        }
        self.index.fill(0);
        let bits = self.index.len() - 1;
        for (number, watched) in (self.left + 1..).zip(&self.watched) {
            if let Some(place) = self.index.get_mut(watched.key as usize & bits) {
                *place = number;
            }
        }
    }

    /// Whether a frame came before at the distance at which it comes now: it circles, however slowly.
    fn goes_on(&self, key: u64, time: i64) -> bool {
        let gone = self.gone.get((key >> 32) as usize % GONE).filter(|(known, ..)| *known == key);
        gone.is_some_and(|(_, last, gap)| time.saturating_sub(*last) <= 2 * gap_end(*gap))
    }

    /// The oldest is not followed any longer.
    fn leave(&mut self) {
        let Some(oldest) = self.watched.pop_front() else { return };
        self.left += 1;
        if self.mask > THINNED && self.watched.len() < COPY_WATCHED / 8 {
            self.mask >>= 1;
        }
        // What still came when it was given up goes on: it circles in a network, as does what came oftener than any mirror shows it.
        if oldest.kind == Kind::Group && (oldest.seen > 1 || oldest.went_on) {
            self.gone.resize(GONE, Gone::default());
            if let Some(slot) = self.gone.get_mut((oldest.key >> 32) as usize % GONE) {
                let gap = if oldest.seen > 1 { oldest.most } else { slot.2 };
                *slot = (oldest.key, oldest.last, gap);
            }
        }
        let circles = oldest.went_on || oldest.goes_on() || oldest.kind == Kind::Group && oldest.seen >= MOST_COPIES;
        let oldest = if circles { Watched { seen: 1, ..oldest } } else { oldest };
        let Some(tally) = self.tallies.get_mut(oldest.kind as usize) else { return };
        let is_first = |total: u32| oldest.kind == Kind::Group && total == SEVERAL as u32;
        if tally.count(&oldest) && (tally.total.is_multiple_of(ENOUGH) || is_first(tally.total)) {
            self.judge(false);
        }
    }

    fn judge(&mut self, end: bool) {
        for (tally, few) in self.tallies.iter_mut().zip([ENOUGH, ENOUGH, SEVERAL as u32]) {
            tally.judge(few);
        }
        let [data, other, group] = self.tallies.each_ref().map(|t| t.known);
        // What other packets say counts where hardly any carry TCP data.
        let others = self.tallies.get(Kind::Other as usize);
        let alone = others.is_some_and(|t| t.total >= ENOUGH.saturating_mul(self.data.saturating_add(1)));
        let is_plausible =
            (other.times <= PLAUSIBLE || others.is_some_and(Tally::is_of_copies)) && !others.is_some_and(Tally::may_be_repeated);
        let unicast = match data.times {
            1.. => data,
            _ if (alone || end) && is_plausible => other,
            _ => Multiplicity::default(),
        };
        let now = CopyTimes { unicast, group, several: self.told.several };
        self.news |= now != self.told;
        self.told = now;
    }

    /// Nothing comes any more: what is still followed has been seen to its end.
    pub fn end(&mut self) {
        while !self.watched.is_empty() {
            self.leave();
        }
        self.judge(true);
    }

    /// How far apart packets came again.
    pub fn distances(&self) -> &DistanceCounts {
        &self.distances
    }

    /// What came again too late to be left out.
    pub fn distant(&self) -> DistantCounts {
        self.distant.counts()
    }

    /// What has been learnt since it was asked last.
    #[inline(always)]
    pub fn news(&mut self) -> Option<CopyTimes> {
        if self.news { self.tell() } else { None }
    }

    #[inline(never)]
    fn tell(&mut self) -> Option<CopyTimes> {
        self.news = false;
        Some(self.told)
    }
}
