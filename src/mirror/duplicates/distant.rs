//! Copies that come so late that no shard remembers their packet any more: told, not left out.
//!
//! A mirror that delays one of its copies by half a second or more (a tap with a buffer, two captures merged by a clock that was off) makes every
//! copy look like what its sender sent again. Who is to be told from that is a TCP segment with data, or a datagram of UDP, that comes with the same
//! numbers, the same IPv4 identification and the same checksum: a sender that repeats data gives it a new identification. (Of segments without one, as in IPv6, most have to come again, and equally late.) Of those that [`super::CopyWatch`]
//! follows a sparse sample is awaited for [`FAR`], in a table that never grows.

use super::counts::gap_code;
use super::fingerprint::Vantage;
use super::{Fingerprint, REACH};
use crate::model::evidence::{COPY_FAR as FAR, CopyGap, DistantCopies, LOOP_HOPS};
use crate::model::limits::COPY_AWAITED;
use crate::model::sum::sums;
use std::collections::VecDeque;

/// Gaps told apart, in eighths of an octave, and the code of the first: from 0.27 s to 17 s.
const GAPS: usize = 48;
const FIRST_GAP: u8 = 144;

/// Identifications of the last that came again: who gives all its packets the same one shows nothing by it.
const IDS: usize = 16;

/// Bits of a key that choose the sample lie above this many, below those by which a [`super::CopyWatch`] chooses its own.
const SAMPLE: u32 = 20;

/// Packets that are waited for are so many places of the index, for few to be left out for want of one.
const PLACES: usize = 8;

sums! {
    /// What became of the packets that were awaited.
    #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
    pub struct DistantCounts {
        /// Of those with an identification, which no sender gives twice.
        pub numbered: AwaitedCounts,
        /// Of TCP segments without one: who sends again what was lost sends the same.
        pub unnumbered: AwaitedCounts,
    }
}

sums! {
    /// What became of one kind of them.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct AwaitedCounts {
        /// Those that did not come again.
        pub once: u64,
        /// Those that came again, later than copies are left out.
        pub again: u64,
        /// After how long.
        pub gaps: [u64; GAPS],
        /// The nanoseconds of each of them together.
        pub nanos: [u64; GAPS],
    }
}

impl DistantCounts {
    fn of(&mut self, awaited: &Awaited) -> &mut AwaitedCounts {
        if awaited.is_numbered { &mut self.numbered } else { &mut self.unnumbered }
    }

    /// As evidence; `None` where none came again. Of segments without an identification most have to.
    pub fn evidence(&self) -> Option<DistantCopies> {
        let numbered = self.numbered.evidence();
        let of_most = || self.unnumbered.evidence().filter(DistantCopies::is_of_most);
        numbered.filter(DistantCopies::is_told).or_else(of_most).or(numbered)
    }
}

impl Default for AwaitedCounts {
    fn default() -> Self {
        Self { once: 0, again: 0, gaps: [0; GAPS], nanos: [0; GAPS] }
    }
}

impl AwaitedCounts {
    /// Counts what became of a packet.
    fn count(&mut self, fate: Fate) {
        match fate {
            Fate::Once => self.once += 1,
            Fate::Again(gap) => {
                self.again += 1;
                let at = usize::from(gap_code(gap).saturating_sub(FIRST_GAP)).min(GAPS - 1);
                self.gaps[at] += 1;
                self.nanos[at] = self.nanos[at].saturating_add(gap);
            }
            Fate::Untold => {}
        }
    }

    /// Seconds below or at which a share `q` (0 to 1) of the gaps lies: the mean of those in its eighth of an octave.
    fn quantile(&self, q: f64) -> f64 {
        let rank = ((self.again as f64 * q).ceil() as u64).max(1);
        let mut sum = 0;
        let found = self.gaps.iter().zip(&self.nanos).find(|(n, _)| {
            sum += **n;
            sum >= rank
        });
        found.map_or(0.0, |(n, nanos)| *nanos as f64 / (*n).max(1) as f64 / 1e9)
    }

    fn evidence(&self) -> Option<DistantCopies> {
        let [p5, p50, p95, p99] = [0.05, 0.5, 0.95, 0.99].map(|q| self.quantile(q));
        let watched = self.once.saturating_add(self.again);
        (self.again > 0).then_some(DistantCopies { watched, again: self.again, gap: CopyGap { p5, p50, p95, p99 } })
    }
}

/// What became of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Once,
    /// It came again, so many nanoseconds later.
    Again(u64),
    /// It came again and shows nothing by that.
    Untold,
}

/// A packet that may come again.
#[derive(Debug, Clone, Copy)]
struct Awaited {
    key: u64,
    first: i64,
    place: Vantage,
    fate: Fate,
    is_numbered: bool,
}

/// Waits for packets to come again.
#[derive(Debug, Default)]
pub(super) struct DistantWatch {
    waiting: VecDeque<Awaited>,
    /// Where a key stands, counted from the first ever entered; by its bits.
    index: Vec<u64>,
    /// Keys that found no place there: when they come again, it is not for the first time.
    skipped: Vec<u64>,
    /// Packets that have left [`Self::waiting`].
    left: u64,
    /// Which keys are taken: those without these bits.
    mask: u64,
    /// When more keys were taken last, and the bits of those that were before: the first of some was not seen.
    widened: (i64, u64),
    ids: [u16; IDS],
    next: usize,
    newest: i64,
    counts: DistantCounts,
}

impl DistantWatch {
    /// Sees a TCP segment with data, or a datagram with an identification, of which all copies are shown.
    pub fn see(&mut self, print: &Fingerprint, time: i64) {
        let (key, id, place) = (print.key, print.id(), print.place());
        if key >> SAMPLE & self.mask != 0 {
            return;
        }
        self.newest = time;
        while self.waiting.front().is_some_and(|oldest| time.saturating_sub(oldest.first) > FAR) {
            self.leave();
        }
        if self.index.is_empty() {
            self.index = vec![0; PLACES * COPY_AWAITED];
        }
        let at = key as usize & (self.index.len() - 1);
        let number = self.index.get(at).and_then(|number| number.checked_sub(self.left + 1));
        let is_taken = number.and_then(|number| self.waiting.get(number as usize)).map(|awaited| awaited.key != key);
        match is_taken {
            Some(true) => return self.note_skipped(key),
            None if self.was_skipped(key) => return,
            _ => {}
        }
        match number.and_then(|number| self.waiting.get_mut(number as usize)) {
            Some(awaited) if awaited.fate != Fate::Once => {}
            Some(awaited) => {
                let gap = time.saturating_sub(awaited.first);
                // What passed the same way with a lower TTL went round.
                if gap > REACH && !place.is_return(awaited.place, LOOP_HOPS) {
                    let is_new = !awaited.is_numbered || !self.ids.contains(&id);
                    awaited.fate = if is_new { Fate::Again(gap.unsigned_abs()) } else { Fate::Untold };
                    self.ids[self.next] = id;
                    self.next = (self.next + 1) % IDS;
                }
            }
            None => {
                let (since, mask) = self.widened;
                // It may be the one that came again.
                let is_doubtful = key >> SAMPLE & mask != 0 && time.saturating_sub(since) <= FAR;
                let fate = if is_doubtful { Fate::Untold } else { Fate::Once };
                self.wait_for(Awaited { key, first: time, place, fate, is_numbered: id != 0 }, at);
            }
        }
    }

    fn skipped_place(&mut self, key: u64) -> Option<&mut u64> {
        if self.skipped.is_empty() {
            self.skipped = vec![0; COPY_AWAITED];
        }
        self.skipped.get_mut((key >> 24) as usize & (COPY_AWAITED - 1))
    }

    fn note_skipped(&mut self, key: u64) {
        if let Some(place) = self.skipped_place(key) {
            *place = if *place == key { 0 } else { key };
        }
    }

    /// Whether a key found no place before; it is forgotten.
    fn was_skipped(&mut self, key: u64) -> bool {
        self.skipped_place(key).is_some_and(|place| {
            let was = *place == key;
            *place = if was { 0 } else { *place };
            was
        })
    }

    fn wait_for(&mut self, awaited: Awaited, at: usize) {
        if self.waiting.len() >= COPY_AWAITED {
            self.mask = (self.mask << 1 | 1) & 0xffff;
            let mask = self.mask;
            self.retain(|key| key >> SAMPLE & mask == 0);
            return;
        }
        self.waiting.push_back(awaited);
        let number = self.left + self.waiting.len() as u64;
        self.index.iter_mut().skip(at).take(1).for_each(|place| *place = number);
    }

    /// Goes on waiting for those alone that will be shown.
    #[cold]
    pub fn retain(&mut self, is_shown: impl Fn(u64) -> bool) {
        self.waiting.retain(|awaited| is_shown(awaited.key));
        if self.waiting.len() >= COPY_AWAITED {
            self.waiting.clear();
        }
        self.index.fill(0);
        let bits = self.index.len().saturating_sub(1);
        for (number, awaited) in (self.left + 1..).zip(&self.waiting) {
            self.index.iter_mut().skip(awaited.key as usize & bits).take(1).for_each(|place| *place = number);
        }
    }

    fn leave(&mut self) {
        let Some(oldest) = self.waiting.pop_front() else { return };
        self.left += 1;
        self.counts.of(&oldest).count(oldest.fate);
        if self.mask > 0 && self.waiting.len() < COPY_AWAITED / 8 {
            let (since, before) = self.widened;
            let before = if self.newest.saturating_sub(since) <= FAR { before } else { 0 };
            self.widened = (self.newest, before | self.mask);
            self.mask >>= 1;
        }
    }

    /// What was counted, with those that are still waited for and should have come by now, by the gaps of those that did.
    pub fn counts(&self) -> DistantCounts {
        let mut all = self.counts;
        self.waiting.iter().filter(|awaited| awaited.fate != Fate::Once).for_each(|awaited| all.of(awaited).count(awaited.fate));
        // The longest of that eighth lie beyond its mean.
        let [numbered, unnumbered] = [all.numbered, all.unnumbered].map(|all| (all.quantile(0.99) * 1e9 * 1.0625) as i64);
        let mut counts = self.counts;
        for awaited in &self.waiting {
            if self.newest.saturating_sub(awaited.first) > if awaited.is_numbered { numbered } else { unnumbered } {
                counts.of(awaited).count(awaited.fate);
            }
        }
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::MILLISECOND;

    fn print(n: u64, id: u16) -> Fingerprint {
        Fingerprint { key: n.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1, state: id.into(), place: 64 << 32 }
    }

    /// A packet each millisecond, of which each `nth` comes again after `gap` milliseconds.
    fn run(packets: u64, nth: u64, gap: i64, id: impl Fn(u64) -> u16) -> DistantCounts {
        let mut watch = DistantWatch::default();
        let firsts = (0..packets).map(|n| (n as i64, n));
        let again = (0..packets).filter(|n| n % nth == 0).map(|n| (n as i64 + gap, n));
        let mut all: Vec<_> = firsts.chain(again).collect();
        all.sort_unstable();
        all.into_iter().for_each(|(at, n)| watch.see(&print(n, id(n)), at * MILLISECOND));
        watch.counts()
    }

    #[test]
    fn late_copies_are_found_at_any_distance() {
        for gap in [360, 400, 600, 1_000, 3_000, 9_000] {
            for (nth, share) in [(1, 1.0), (3, 1.0 / 3.0)] {
                let found = run(30_000, nth, gap, |n| n as u16).evidence().unwrap();
                assert!(found.watched > 900, "{gap} {found:?}");
                assert!((found.share() - share).abs() < 0.05, "{gap} {nth} {found:?}");
                assert!((found.gap.p50 / (gap as f64 / 1e3) - 1.0).abs() < 1e-6, "{gap} {found:?}");
                assert!(found.is_told(), "{gap} {found:?}");
            }
        }
        assert_eq!(run(30_000, 1, 300, |n| n as u16).evidence(), None, "those are left out");
        assert_eq!(run(30_000, 1, 11_000, |n| n as u16).evidence(), None, "nobody waits so long");
    }

    #[test]
    fn what_a_sender_repeats_is_none() {
        assert_eq!(run(5_000, 2, 400, |_| 0).evidence(), None, "without an identification half of them may be sent again");
        assert!(run(5_000, 1, 400, |_| 0).evidence().is_some_and(|e| e.is_told() && e.share() > 0.95), "nobody sends everything again");
        assert!(!run(5_000, 1, 400, |_| 7).evidence().is_some_and(|e| e.is_told()), "nor where it is the same for all");
    }

    #[test]
    fn the_table_is_bounded() {
        let mut watch = DistantWatch::default();
        for n in 0..1_000_000u64 {
            watch.see(&print(n, n as u16 | 1), n as i64 * 1_000);
        }
        assert!(watch.waiting.len() <= COPY_AWAITED && watch.index.len() == PLACES * COPY_AWAITED, "{}", watch.waiting.len());
        assert!(watch.waiting.capacity() * size_of::<Awaited>() <= 64 * COPY_AWAITED);
    }
}
