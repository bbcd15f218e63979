//! Whether datagrams that nothing numbers come again in step with what their sender sends, or at a distance of its own.
//!
//! Who polls says the same a few times before it changes, and is answered the same: each datagram comes again as long after the first as the first
//! came after the one before. A mirror that brings everything twice puts the copies between others, wherever its delay falls. Where that is in step
//! with what is sent nothing tells the one from the other; nor where few talk, or nobody answers: some senders send everything twice.

use super::counts::gap_end;
use super::distance::{CLOSE, Sort};
use crate::model::limits::CADENCE_WAYS;

/// Sightings of one way of a conversation that are remembered: two rounds of one who asks for eight things.
const SIGHTINGS: usize = 16;
/// The part of a distance by which a sender's next may be off its step.
const SLACK: i64 = 8;
/// Ways to servers, and as many from there, that show it is not one program's habit, where copies are not at once behind what they copy.
const SEVERAL: usize = 4;

/// The latest datagrams of one way of a conversation.
#[derive(Debug, Clone, Copy, Default)]
struct Way {
    /// Conversation and direction.
    tag: u32,
    /// How many were seen, those of another that had the place before included: not all that came before are known.
    seen: u32,
    times: [i64; SIGHTINGS],
}

impl Way {
    /// Whether one came as long before `first` as the next came after it; `None`: not known.
    fn is_in_step(&self, first: i64, gap: i64) -> Option<bool> {
        let (step, slack) = (first.saturating_sub(gap), gap / SLACK);
        let known = || self.times.iter().take(self.seen as usize).copied();
        if known().any(|time| time < first && time.abs_diff(step) <= slack.unsigned_abs()) {
            return Some(true);
        }
        let reaches_back = (self.seen as usize) < SIGHTINGS || known().min().is_some_and(|oldest| oldest < step.saturating_sub(slack));
        reaches_back.then_some(false)
    }
}

/// How datagrams that nothing numbers come again.
#[derive(Debug, Default)]
pub(super) struct Cadence {
    ways: Vec<Way>,
    /// Ways of which one came again out of step: to servers, and from there.
    several: [[u32; SEVERAL]; 2],
}

impl Cadence {
    fn place(&mut self, tag: u32) -> Option<&mut Way> {
        if self.ways.is_empty() {
            self.ways = vec![Way::default(); CADENCE_WAYS];
        }
        self.ways.get_mut(tag as usize % CADENCE_WAYS)
    }

    /// Sees every datagram of a way, in the order of their time.
    pub(super) fn see(&mut self, way: u32, time: i64) {
        let tag = way + 1;
        let Some(place) = self.place(tag) else { return };
        if place.tag != tag {
            let was_taken = place.tag != 0;
            *place = Way { tag, seen: if was_taken { SIGHTINGS as u32 } else { 0 }, times: [time; SIGHTINGS] };
        }
        let at = place.seen as usize % SIGHTINGS;
        place.times.iter_mut().skip(at).take(1).for_each(|slot| *slot = time);
        place.seen = place.seen.checked_add(1).unwrap_or(SIGHTINGS as u32);
    }

    /// One came again: the second sighting of what came `first` before it. Whether that is in step; `None`: not known. To be asked before it is seen.
    pub(super) fn again(&mut self, way: u32, sort: Sort, first: i64, time: i64) -> Option<bool> {
        let tag = way + 1;
        let place = self.place(tag).filter(|place| place.tag == tag);
        let known = place.and_then(|place| place.is_in_step(first, time.saturating_sub(first)))?;
        let side = match sort {
            Sort::Request => self.several.first_mut(),
            Sort::Answer => self.several.last_mut(),
            _ => None,
        };
        if let Some(several) = side.filter(|several| !known && !several.contains(&tag)) {
            several.iter_mut().find(|known| **known == 0).into_iter().for_each(|free| *free = tag);
        }
        Some(known)
    }

    /// Whether several conversations show it of datagrams that come again out of step up to so far apart (a step of the scale) that they are copies.
    pub(super) fn is_several(&self, gap: u8) -> bool {
        gap_end(gap).unsigned_abs() <= CLOSE || self.several.as_flattened().iter().all(|way| *way != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::MILLISECOND;

    /// What is sent at some milliseconds, of which the one at `first` comes again at `again`.
    fn seen(sent: &[i64], first: i64, again: i64) -> Option<bool> {
        let mut cadence = Cadence::default();
        sent.iter().for_each(|ms| cadence.see(7, ms * MILLISECOND));
        cadence.again(7, Sort::Request, first * MILLISECOND, again * MILLISECOND)
    }

    #[test]
    fn what_comes_again_as_its_sender_sends_is_in_step() {
        assert_eq!(seen(&[0, 100, 200, 300], 200, 300), Some(true));
        assert_eq!(seen(&[0, 100, 200, 300], 200, 305), Some(true), "with what schedulers are late by");
        assert_eq!(seen(&[0, 4, 8, 100, 104, 108], 104, 204), Some(true), "three questions in each round");
        assert_eq!(seen(&[0, 100, 200, 210], 200, 240), Some(false));
        assert_eq!(seen(&[200], 200, 240), Some(false), "the first of all");
        let many: Vec<i64> = (0..40).collect();
        assert_eq!(seen(&many, 30, 50), None, "what came before is forgotten");
        assert_eq!(seen(&many, 39, 45), Some(true));
    }
}
