//! Holes in sequence space: opened where bytes are missing, received by the other side, acknowledged, filled late or decided to be lost.
//!
//! They live in one ring for all connections of a shard; a direction knows its newest, that its oldest, and each its neighbours.

use super::{Moment, Stream, before};
use crate::model::limits::{HOLES_PER_FLOW, HOLES_PER_SHARD};
use crate::model::tcp::{HOLD, HoleEvent, LostRange};
use crate::model::{CapScale, Timestamp};
use std::collections::VecDeque;

/// How far the receiver of unseen bytes has told of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Told {
    /// It has not.
    #[default]
    Nothing,
    /// A selective acknowledgement covers them.
    Received,
    /// They are acknowledged.
    Acknowledged,
}

/// Unseen bytes of one direction.
#[derive(Debug, Clone, Copy, Default)]
struct Hole {
    id: u32,
    /// Next older and next newer hole of the same direction (0: none): they lie in the order of their numbers.
    older: u32,
    newer: u32,
    /// The oldest of the direction, in its newest.
    oldest: u32,
    start: u32,
    end: u32,
    told: Told,
    /// When the receiver first told of them.
    since: Timestamp,
    /// When it appeared.
    opened: Timestamp,
    /// The largest segment of its direction (0: unknown).
    mss: u16,
    /// The largest full one that was seen (0: none).
    full: u16,
    /// The label of the segment it appeared with.
    label: u8,
    decided: bool,
}

impl Hole {
    fn is_acknowledged(&self) -> bool {
        self.told == Told::Acknowledged
    }

    /// Whether bytes that come now are those that are missing. What was received long ago comes again.
    fn is_waited_for(&self, now: Timestamp) -> bool {
        !self.decided && (self.told == Told::Nothing || now.since(self.since) < HOLD)
    }
}

/// The holes of one shard.
#[derive(Debug)]
pub(super) struct Holes {
    /// A ring: hole `id` lives at `id % cap` until the slot is needed again, so abandoned conversations leak nothing.
    ring: Vec<Hole>,
    /// How long it may be.
    most: usize,
    last: u32,
    /// Acknowledged holes by the time they are decided.
    waiting: VecDeque<(Timestamp, u32)>,
    /// When the first of them is decided.
    pub due: Timestamp,
    /// What became of holes with the segment looked at: a few for each of [`HOLES_PER_FLOW`].
    pub news: Vec<HoleEvent>,
}

impl Default for Holes {
    fn default() -> Self {
        Self::within(CapScale::WHOLE)
    }
}

const NEVER: Timestamp = Timestamp(i64::MAX);

impl Holes {
    /// None; as many are remembered as `caps` allow, but those of one direction.
    pub fn within(caps: CapScale) -> Self {
        let most = caps.of(HOLES_PER_SHARD).max(HOLES_PER_FLOW);
        Self { ring: Vec::new(), most, last: 0, waiting: VecDeque::new(), due: NEVER, news: Vec::new() }
    }

    fn get(&mut self, id: u32) -> Option<&mut Hole> {
        let at = id as usize % self.most;
        self.ring.get_mut(at).filter(|h| h.id == id && id != 0)
    }

    /// Opens a hole; an acknowledged one lies in the direction that the segment acknowledges.
    pub fn open(&mut self, stream: &mut Stream, start: u32, end: u32, acknowledged: Option<Timestamp>, moment: Moment) {
        if acknowledged.is_some() {
            self.news.push(HoleEvent::Acknowledged { way: moment.way.reversed(), bytes: end.wrapping_sub(start) });
        }
        let (opened, label) = (moment.time, moment.label);
        let told = if acknowledged.is_some() { Told::Acknowledged } else { Told::Nothing };
        let since = acknowledged.unwrap_or_default();
        let (older, oldest) = self.get(stream.hole).map_or((0, 0), |newest| (newest.id, newest.oldest));
        let lies_in = if acknowledged.is_some() { moment.way.reversed() } else { moment.way };
        let [there, back] = moment.full;
        let full = if lies_in as usize == 0 { there } else { back };
        let hole = Hole { older, oldest, start, end, told, since, opened, mss: stream.mss, full, label, ..Hole::default() };
        let id = self.insert(hole);
        if let Some(hole) = self.get(id).filter(|hole| hole.oldest == 0) {
            hole.oldest = id;
        }
        if let Some(newest) = self.get(older) {
            newest.newer = id;
        }
        stream.hole = id;
    }

    fn insert(&mut self, mut hole: Hole) -> u32 {
        self.last = self.last.checked_add(1).unwrap_or(1);
        hole.id = self.last;
        let at = hole.id as usize % self.most;
        if self.ring.len() <= at {
            self.ring.resize(at + 1, Hole::default());
        }
        if let Some(slot) = self.ring.get_mut(at) {
            if slot.id != 0 && slot.is_acknowledged() && !slot.decided {
                self.news.push(HoleEvent::Forgotten);
            }
            *slot = hole;
        }
        if hole.is_acknowledged() {
            self.wait(hole.since.plus(HOLD), hole.id);
        }
        hole.id
    }

    fn wait(&mut self, due: Timestamp, id: u32) {
        if self.waiting.len() >= 2 * self.most {
            self.waiting.pop_front();
        }
        self.waiting.push_back((due, id));
        self.due = self.waiting.front().map_or(NEVER, |w| w.0);
    }

    /// Takes decided holes off both ends of a direction's list, and finds its oldest again when the ring has taken that.
    fn shorten(&mut self, newest: &mut u32) {
        for _ in 0..HOLES_PER_FLOW {
            match self.get(*newest).map(|hole| (hole.decided, hole.oldest)) {
                None => {
                    *newest = 0;
                    return;
                }
                Some((true, _)) => self.unlink(newest, *newest),
                Some((false, oldest)) => match self.get(oldest).map(|hole| hole.decided) {
                    Some(true) => self.unlink(newest, oldest),
                    Some(false) => return,
                    None => return self.find_oldest(*newest),
                },
            }
        }
    }

    fn find_oldest(&mut self, newest: u32) {
        let mut oldest = newest;
        for _ in 0..HOLES_PER_FLOW {
            match self.get(oldest).map(|hole| hole.older).filter(|&older| self.get(older).is_some()) {
                Some(older) => oldest = older,
                None => break,
            }
        }
        if let Some(newest) = self.get(newest) {
            newest.oldest = oldest;
        }
    }

    /// Divides a hole at `at`, within it. Returns the id of what lies behind.
    fn divide(&mut self, newest: &mut u32, id: u32, at: u32) -> u32 {
        let Some(&mut hole) = self.get(id) else { return 0 };
        let rest = self.insert(Hole { start: at, older: id, ..hole });
        if let Some(hole) = self.get(id) {
            (hole.end, hole.newer) = (at, rest);
        }
        if let Some(newer) = self.get(hole.newer) {
            newer.older = rest;
        }
        if *newest == id {
            *newest = rest;
        }
        rest
    }

    fn unlink(&mut self, newest: &mut u32, id: u32) {
        let Some(hole) = self.get(id) else { return };
        let gone = std::mem::take(hole);
        if let Some(newer) = self.get(gone.newer) {
            newer.older = gone.older;
        }
        if let Some(older) = self.get(gone.older) {
            older.newer = gone.newer;
        }
        if *newest == id {
            *newest = if let Some(older) = self.get(gone.older) {
                older.oldest = if gone.oldest == id { older.id } else { gone.oldest };
                older.id
            } else {
                0
            };
        } else if let Some(newest) = self.get(*newest).filter(|newest| newest.oldest == id) {
            newest.oldest = gone.newer;
        }
    }

    /// Marks what a block of a selective acknowledgement covers; one that ends before it begins is none.
    pub fn received(&mut self, newest: &mut u32, start: u32, end: u32, moment: Moment) {
        let mut id = if before(start, end) { *newest } else { 0 };
        for _ in 0..HOLES_PER_FLOW {
            let Some(&mut hole) = self.get(id).filter(|hole| before(start, hole.end)) else { break };
            if hole.told == Told::Nothing && before(hole.start, end) {
                let part = self.part(newest, id, start, end);
                if let Some(hole) = self.get(part) {
                    (hole.told, hole.since) = (Told::Received, moment.time);
                }
            }
            id = hole.older;
        }
    }

    /// The part of a hole from `start` to `end`, which overlap it, as a hole of its own.
    fn part(&mut self, newest: &mut u32, id: u32, start: u32, end: u32) -> u32 {
        let Some(&mut hole) = self.get(id) else { return 0 };
        let part = if before(hole.start, start) { self.divide(newest, id, start) } else { id };
        if before(end, hole.end) {
            self.divide(newest, part, end);
        }
        part
    }

    /// Marks what an acknowledgement covers, and says how many bytes that is; a hole it covers in part is divided there.
    pub fn cover(&mut self, newest: &mut u32, known: u32, ack: u32, moment: Moment) -> u32 {
        self.shorten(newest);
        let (mut id, mut sum) = (*newest, 0u32);
        for _ in 0..HOLES_PER_FLOW {
            let Some(&mut hole) = self.get(id).filter(|hole| before(known, hole.end)) else { break };
            if !hole.is_acknowledged() && before(hole.start, ack) {
                if before(ack, hole.end) {
                    self.divide(newest, id, ack);
                }
                let since = if hole.told == Told::Received { hole.since } else { moment.time };
                let mut bytes = 0;
                if let Some(hole) = self.get(id) {
                    (hole.told, hole.since) = (Told::Acknowledged, since);
                    bytes = hole.end.wrapping_sub(hole.start);
                }
                sum = sum.saturating_add(bytes);
                self.news.push(HoleEvent::Acknowledged { way: moment.way.reversed(), bytes });
                self.wait(since.plus(HOLD), id);
            }
            id = hole.older;
        }
        sum
    }

    /// Takes arrived bytes out of the holes of a direction, and says how many those are.
    pub fn fill(&mut self, newest: &mut u32, start: u32, end: u32, moment: Moment) -> u32 {
        self.shorten(newest);
        let oldest = self.get(*newest).map_or(0, |hole| hole.oldest);
        // A direction that comes late fills from its oldest holes on, however many there are; what overtook others, the newest.
        let (filled, is_done) = self.fill_from(newest, oldest, true, (start, end), moment);
        if is_done {
            return filled;
        }
        filled.saturating_add(self.fill_from(newest, *newest, false, (start, end), moment).0)
    }

    /// The same from one end of the list on; also whether all that could be filled was seen.
    fn fill_from(&mut self, newest: &mut u32, from: u32, upward: bool, bytes: (u32, u32), moment: Moment) -> (u32, bool) {
        let ((start, end), mut id, mut sum) = (bytes, from, 0u32);
        for _ in 0..HOLES_PER_FLOW {
            let Some(&mut hole) = self.get(id) else { return (sum, true) };
            let (begins, ends) = (before(hole.start, end), before(start, hole.end));
            if if upward { !begins } else { !ends } {
                return (sum, true);
            }
            if begins && ends && hole.is_waited_for(moment.time) {
                let part = self.part(newest, id, start, end);
                let bytes = self.get(part).map_or(0, |part| part.end.wrapping_sub(part.start));
                sum = sum.saturating_add(bytes);
                if hole.is_acknowledged() {
                    self.news.push(HoleEvent::Late { way: moment.way, bytes, after: moment.time.since(hole.since) });
                }
                self.unlink(newest, part);
            }
            id = if upward { hole.newer } else { hole.older };
        }
        (sum, false)
    }

    /// Decides holes whose time has come.
    pub fn expire(&mut self, now: Timestamp, mut lost: impl FnMut(LostRange)) {
        while let Some(&(due, id)) = self.waiting.front() {
            if due > now {
                break;
            }
            self.waiting.pop_front();
            let Some(hole) = self.get(id) else { continue };
            if hole.decided || !hole.is_acknowledged() || hole.start == hole.end {
                continue;
            }
            hole.decided = true;
            lost(LostRange {
                bytes: hole.end.wrapping_sub(hole.start),
                mss: Some(hole.mss).filter(|&m| m > 0),
                full: Some(hole.full).filter(|&f| f > 0),
                missing_since: hole.opened,
                label: hole.label,
            });
        }
        self.due = self.waiting.front().map_or(NEVER, |w| w.0);
    }
}

const _: () = assert!(size_of::<Hole>() == 48);
