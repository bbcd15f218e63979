//! Holes in sequence space: opened where bytes are missing, received by the other side, acknowledged, filled late or decided to be lost.
//!
//! They live in one ring for all connections of a shard; a direction knows its newest, and each the next older one.

use super::{Moment, Stream, before};
use crate::model::Timestamp;
use crate::model::limits::{HOLES_PER_FLOW, HOLES_PER_SHARD};
use crate::model::tcp::{HOLD, HoleEvent, LostRange};
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
    /// Next older hole of the same direction (0: none).
    older: u32,
    start: u32,
    end: u32,
    told: Told,
    /// When the receiver first told of them.
    since: Timestamp,
    /// When it appeared.
    opened: Timestamp,
    /// The largest segment of its direction (0: unknown).
    mss: u16,
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
        Self { ring: Vec::new(), last: 0, waiting: VecDeque::new(), due: NEVER, news: Vec::new() }
    }
}

const NEVER: Timestamp = Timestamp(i64::MAX);

impl Holes {
    fn get(&mut self, id: u32) -> Option<&mut Hole> {
        let at = id as usize % HOLES_PER_SHARD;
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
        let hole = Hole { older: stream.hole, start, end, told, since, opened, mss: stream.mss, label, ..Hole::default() };
        stream.hole = self.insert(hole);
    }

    fn insert(&mut self, mut hole: Hole) -> u32 {
        self.last = self.last.checked_add(1).unwrap_or(1);
        hole.id = self.last;
        let at = hole.id as usize % HOLES_PER_SHARD;
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
        if self.waiting.len() >= 2 * HOLES_PER_SHARD {
            self.waiting.pop_front();
        }
        self.waiting.push_back((due, id));
        self.due = self.waiting.front().map_or(NEVER, |w| w.0);
    }

    /// Takes decided holes off the front of a direction's list: when the newest is decided, nothing waits behind it.
    fn shorten(&mut self, newest: &mut u32) {
        for _ in 0..HOLES_PER_FLOW {
            match self.get(*newest) {
                Some(hole) if hole.decided => {
                    *newest = hole.older;
                    *hole = Hole::default();
                }
                Some(_) => return,
                None => break,
            }
        }
        *newest = 0;
    }

    /// Divides a hole at `at`, within it; what lies behind is put in front of the list, where ids grow. Returns its id.
    fn divide(&mut self, newest: &mut u32, id: u32, at: u32) -> u32 {
        let Some(hole) = self.get(id) else { return 0 };
        let rest = Hole { start: at, older: *newest, ..*hole };
        hole.end = at;
        *newest = self.insert(rest);
        *newest
    }

    /// Marks what a block of a selective acknowledgement covers; one that ends before it begins is none.
    pub fn received(&mut self, newest: &mut u32, start: u32, end: u32, moment: Moment) {
        let mut id = if before(start, end) { *newest } else { 0 };
        for _ in 0..HOLES_PER_FLOW {
            let Some(&mut hole) = self.get(id) else { break };
            if hole.told == Told::Nothing && before(start, hole.end) && before(hole.start, end) {
                let mut part = id;
                if before(hole.start, start) {
                    part = self.divide(newest, id, start);
                }
                if before(end, hole.end) {
                    self.divide(newest, part, end);
                }
                if let Some(hole) = self.get(part) {
                    (hole.told, hole.since) = (Told::Received, moment.time);
                }
            }
            id = hole.older;
        }
    }

    /// Marks what an acknowledgement covers, and says how many bytes that is; a hole it covers in part is divided there.
    pub fn cover(&mut self, newest: &mut u32, known: u32, ack: u32, moment: Moment) -> u32 {
        self.shorten(newest);
        let (mut id, mut sum) = (*newest, 0u32);
        for _ in 0..HOLES_PER_FLOW {
            let Some(&mut hole) = self.get(id) else { break };
            if !hole.is_acknowledged() && before(hole.start, ack) && before(known, hole.end) {
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
        let (mut id, mut newer, mut sum) = (*newest, 0u32, 0u32);
        for _ in 0..HOLES_PER_FLOW {
            let Some(hole) = self.get(id) else { break };
            let (older, gone) = (hole.older, *hole);
            if gone.is_waited_for(moment.time) && before(start, gone.end) && before(gone.start, end) {
                let from = if before(gone.start, start) { start } else { gone.start };
                let to = if before(end, gone.end) { end } else { gone.end };
                let right = Hole { start: to, ..gone };
                let both = from != gone.start && to != gone.end;
                (hole.start, hole.end) = if from != gone.start { (gone.start, from) } else { (to, gone.end) };
                let bytes = to.wrapping_sub(from);
                sum = sum.saturating_add(bytes);
                if gone.is_acknowledged() {
                    self.news.push(HoleEvent::Late { way: moment.way, bytes, after: moment.time.since(gone.since) });
                }
                if both {
                    // Decided at its own time; put in front of the list, where ids grow.
                    *newest = self.insert(Hole { older: *newest, ..right });
                    newer = if newer == 0 { *newest } else { newer };
                }
            }
            if self.get(id).is_some_and(|h| h.start == h.end) {
                self.unlink(newest, newer, id, older);
            } else {
                newer = id;
            }
            id = older;
        }
        sum
    }

    fn unlink(&mut self, newest: &mut u32, newer: u32, id: u32, older: u32) {
        if let Some(hole) = self.get(id) {
            *hole = Hole::default();
        }
        match self.get(newer) {
            Some(hole) => hole.older = older,
            None => *newest = older,
        }
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
                missing_since: hole.opened,
                label: hole.label,
            });
        }
        self.due = self.waiting.front().map_or(NEVER, |w| w.0);
    }
}

const _: () = assert!(size_of::<Hole>() == 40);
