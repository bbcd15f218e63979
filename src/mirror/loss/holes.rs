//! Holes in sequence space: opened where data is missing, acknowledged, filled late or decided to be lost.
//!
//! They live in one ring for all conversations of a shard; a conversation knows its newest, and each the next older one.

use super::{Loss, Moment, Stream, before};
use crate::mirror::loss_counts::size_bin;
use crate::mirror::windows::window;
use crate::model::Timestamp;
use crate::model::limits::{HOLES_PER_FLOW, HOLES_PER_SHARD};
use crate::model::time::MILLISECOND;

/// How long an acknowledged hole may still be filled: longer than any reordering between two mirrored directions that was
/// reported (4.3 ms), shorter than the least retransmission timeout of common systems (200 ms).
pub const HOLD: i64 = 200 * MILLISECOND;

/// Segment size assumed where no SYN announced one: Ethernet's.
const USUAL_MSS: u16 = 1460;

/// Unseen bytes of one direction.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Hole {
    id: u32,
    /// Next older hole of the same direction (0: none).
    older: u32,
    start: u32,
    end: u32,
    /// When it was acknowledged.
    acknowledged: Option<Timestamp>,
    mss: u16,
    /// Utilisation class of the time it appeared.
    class: u8,
    decided: bool,
    /// The window of time it appeared in.
    window: i64,
}

impl Loss {
    fn get(&mut self, id: u32) -> Option<&mut Hole> {
        let at = id as usize % HOLES_PER_SHARD;
        self.holes.get_mut(at).filter(|h| h.id == id && id != 0)
    }

    pub(super) fn open(&mut self, stream: &mut Stream, start: u32, end: u32, acknowledged: Option<Timestamp>, moment: Moment) {
        let mss = if stream.mss == 0 { USUAL_MSS } else { stream.mss };
        let (class, window) = (moment.class, window(moment.time));
        let hole = Hole { older: stream.hole, start, end, acknowledged, mss, class, window, ..Hole::default() };
        stream.hole = self.insert(hole);
    }

    fn insert(&mut self, mut hole: Hole) -> u32 {
        self.last = self.last.checked_add(1).unwrap_or(1);
        hole.id = self.last;
        let at = hole.id as usize % HOLES_PER_SHARD;
        if self.holes.len() <= at {
            self.holes.resize(at + 1, Hole::default());
        }
        let slot = &mut self.holes[at];
        self.counts.forgotten += u64::from(slot.id != 0 && slot.acknowledged.is_some() && !slot.decided);
        *slot = hole;
        if let Some(time) = hole.acknowledged {
            self.wait(time.plus(HOLD), hole.id);
        }
        hole.id
    }

    fn wait(&mut self, due: Timestamp, id: u32) {
        if self.waiting.len() >= 2 * HOLES_PER_SHARD {
            self.waiting.pop_front();
        }
        self.waiting.push_back((due, id));
    }

    /// Takes decided holes off the front of a direction's list: when the newest is decided, nothing waits behind it.
    fn shorten(&mut self, stream: &mut Stream) {
        for _ in 0..HOLES_PER_FLOW {
            match self.get(stream.hole) {
                Some(hole) if hole.decided => {
                    stream.hole = hole.older;
                    *hole = Hole::default();
                }
                Some(_) => return,
                None => break,
            }
        }
        stream.hole = 0;
    }

    /// Marks what an acknowledgement covers; a hole it covers in part is divided there.
    pub(super) fn cover(&mut self, stream: &mut Stream, known: u32, ack: u32, moment: Moment) {
        self.shorten(stream);
        let mut id = stream.hole;
        for _ in 0..HOLES_PER_FLOW {
            let Some(hole) = self.get(id) else { break };
            let older = hole.older;
            if hole.acknowledged.is_none() && before(hole.start, ack) && before(known, hole.end) {
                hole.acknowledged = Some(moment.time);
                let rest = Hole { start: ack, acknowledged: None, older: stream.hole, ..*hole };
                let divided = before(ack, hole.end);
                if divided {
                    hole.end = ack;
                }
                stream.judge(0, hole.end.wrapping_sub(hole.start));
                self.wait(moment.time.plus(HOLD), id);
                if divided {
                    stream.hole = self.insert(rest);
                }
            }
            id = older;
        }
    }

    /// Takes arrived bytes out of the holes of a direction.
    pub(super) fn fill(&mut self, stream: &mut Stream, start: u32, end: u32, now: Timestamp) {
        self.shorten(stream);
        let (mut id, mut newer) = (stream.hole, 0u32);
        for _ in 0..HOLES_PER_FLOW {
            let Some(hole) = self.get(id) else { break };
            let (older, gone) = (hole.older, *hole);
            if !gone.decided && before(start, gone.end) && before(gone.start, end) {
                let from = if before(gone.start, start) { start } else { gone.start };
                let to = if before(end, gone.end) { end } else { gone.end };
                let right = Hole { start: to, ..gone };
                let both = from != gone.start && to != gone.end;
                (hole.start, hole.end) = if from != gone.start { (gone.start, from) } else { (to, gone.end) };
                if let Some(time) = gone.acknowledged {
                    let length = to.wrapping_sub(from);
                    stream.missing = stream.missing.saturating_sub(length);
                    self.counts.late(u64::from(length), now.since(time));
                }
                if both {
                    // Decided at its own time; put in front of the list, where ids grow.
                    stream.hole = self.insert(Hole { older: stream.hole, ..right });
                    newer = if newer == 0 { stream.hole } else { newer };
                }
            }
            if self.get(id).is_some_and(|h| h.start == h.end) {
                self.unlink(stream, newer, id, older);
            } else {
                newer = id;
            }
            id = older;
        }
    }

    fn unlink(&mut self, stream: &mut Stream, newer: u32, id: u32, older: u32) {
        if let Some(hole) = self.get(id) {
            *hole = Hole::default();
        }
        match self.get(newer) {
            Some(hole) => hole.older = older,
            None => stream.hole = older,
        }
    }

    /// Decides holes whose time has come. Called by [`Self::observe`]; call it at a report too.
    pub fn advance(&mut self, now: Timestamp) {
        while let Some(&(due, id)) = self.waiting.front() {
            if due > now {
                break;
            }
            self.waiting.pop_front();
            let Some(hole) = self.get(id) else { continue };
            if hole.decided || hole.acknowledged.is_none() || hole.start == hole.end {
                continue;
            }
            hole.decided = true;
            let (class, mss, length, window) = (hole.class, u32::from(hole.mss).max(1), hole.end.wrapping_sub(hole.start), hole.window);
            self.windows.add(window, length);
            self.counts.missed(class, u64::from(length));
            self.counts.missing_sizes[size_bin(mss)] += u64::from(length / mss);
            if length % mss > 0 {
                self.counts.missing_sizes[size_bin(length % mss)] += 1;
            }
        }
    }
}
