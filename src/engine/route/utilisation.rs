//! How full the mirror link is, in windows of at least 10 ms: loss that comes with full windows is the mirror port's. And at what rate
//! copies arrive, in windows of 100 ms: loss that comes with one rate is a limit's.

use crate::engine::tape::facts::LoadFacts;
use crate::mirror::{Pause, Pauses, WINDOW as LONG, utilisation_class, window};
use crate::model::time::{MILLISECOND, SECOND};
use crate::model::traffic::LINK_OVERHEAD;
use crate::model::{Timestamp, Traffic};

/// Length of the shortest window: shorter ones would show the batches of software time stamps.
const WINDOW: i64 = 10 * MILLISECOND;
/// Length of the longest window, for the slowest links.
const LONGEST: i64 = SECOND;
/// A packet that is so much earlier than others lies in a time of its own.
const LATE: i64 = SECOND;
/// Full frames a window holds at least: with fewer a window that is full would count as less, for the frame that did not end in it.
const FRAMES: u64 = 40;
/// A full frame.
const FRAME: u64 = 1514;
/// The shortest length of one, without what it has on the link beside.
const SHORTEST: u32 = 60;

/// Follows the running maximum of packet time. A packet is given the class of the window before its own: the packets that fill a
/// window are seen before those that were lost in it are missed.
#[derive(Debug, Default)]
pub struct Utilisation {
    /// Bits a window holds; `None` where the speed is unknown.
    capacity: Option<f64>,
    /// Length of a window, a multiple of [`WINDOW`].
    length: i64,
    /// Where the open piece of 10 ms ends, and the open window.
    ends: [Timestamp; 2],
    class: u8,
    /// What arrived in the open piece.
    open: Traffic,
    /// What arrived in the pieces of the open window before it.
    before: Traffic,
    facts: LoadFacts,
}

impl Utilisation {
    /// Of a link of `speed` bits per second.
    pub fn new(speed: Option<u64>) -> Self {
        let speed = speed.filter(|&s| s > 0);
        let needed = speed.map_or(0.0, |s| (FRAMES * (FRAME + LINK_OVERHEAD) * 8) as f64 / s as f64 * 1e9);
        let length = ((needed / WINDOW as f64).ceil() as i64).saturating_mul(WINDOW).clamp(WINDOW, LONGEST);
        let capacity = speed.map(|s| s as f64 * length as f64 / 1e9);
        Self { capacity, length, facts: LoadFacts { speed, ..LoadFacts::default() }, ..Self::default() }
    }

    /// Counts a packet and says in what load it came (0 where the speed is unknown).
    #[inline]
    pub fn class(&mut self, time: Timestamp, wire: u32) -> u8 {
        if time >= self.ends[0] {
            self.turn(time);
        } else if self.ends[0].since(time) > LATE {
            self.facts.covered.add(time);
        }
        self.open.packets += 1;
        self.open.wire_bytes += u64::from(wire.max(SHORTEST));
        self.class
    }

    #[inline(never)]
    fn turn(&mut self, time: Timestamp) {
        let [piece, end] = self.ends;
        self.facts.pauses.count(time, self.open.packets);
        // Of the piece that was open no more is known than where it ends.
        if self.open.packets > 0 {
            self.facts.covered.add(piece);
        }
        self.facts.covered.add(time);
        if piece != Timestamp::default() && time.since(piece) > Pauses::TOLD {
            self.facts.pauses.note(Pause { from: piece, to: time, others: 0 });
        }
        if self.open.packets > 0 {
            // The long window that the piece is part of.
            if let Some(sum) = self.facts.arrived.entry(window(Timestamp(piece.0.saturating_sub(WINDOW)))) {
                sum.add(self.open);
            }
            self.before.add(std::mem::take(&mut self.open));
        }
        if time >= end {
            self.close(time);
        }
        let next = |length: i64| Timestamp(time.0.saturating_sub(time.0.rem_euclid(length)).saturating_add(length));
        self.ends = [WINDOW, self.length].map(next);
    }

    /// Closes the open window.
    fn close(&mut self, time: Timestamp) {
        let arrived = std::mem::take(&mut self.before);
        if arrived.packets == 0 {
            return;
        }
        self.class = utilisation_class(self.capacity.map(|c| arrived.link_bytes() as f64 * 8.0 / c));
        if let Some(n) = self.facts.windows.get_mut(usize::from(self.class)) {
            *n += 1;
        }
        // A window without packets lies between: the load before says nothing any more.
        if self.capacity.is_some() && time.since(self.ends[1]) > self.length {
            self.class = utilisation_class(Some(0.0));
        }
    }

    /// Sees whether a frame goes to a group or to a station.
    #[inline]
    pub fn cast(&mut self, time: Timestamp, is_group: bool) {
        self.facts.unicast.see(time, is_group);
    }

    /// What was measured in windows that are closed.
    pub fn facts(&self) -> &LoadFacts {
        &self.facts
    }
}

const _: () = assert!(LONG % WINDOW == 0);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_follow_the_load() {
        let mut u = Utilisation::new(Some(80_000_000));
        // 100,000 bytes fill a window.
        assert_eq!(u.class(Timestamp(0), 99_976), 0);
        assert_eq!(u.class(Timestamp(WINDOW), 1_000), 3);
        assert_eq!(u.class(Timestamp(2 * WINDOW), 1_000), 1);
        assert_eq!(u.class(Timestamp(9 * WINDOW), 1_000), 1);
        assert_eq!(u.facts().windows, [0, 2, 0, 1]);
    }

    #[test]
    fn a_slow_link_that_is_full_is_full_in_every_window() {
        for speed in [2_000_000i64, 10_000_000, 20_000_000, 1_000_000_000] {
            let mut u = Utilisation::new(Some(speed as u64));
            for n in 0..20_000 {
                u.class(Timestamp(n * (1514 + 24) * 8 * SECOND / speed), 1_514);
            }
            let [_, low, middle, full] = u.facts().windows;
            assert!(full >= 19 && low + middle <= 1, "{speed}: {:?}", u.facts().windows);
            // Half of it is not full anywhere.
            let mut u = Utilisation::new(Some(speed as u64 * 2));
            (0..20_000).for_each(|n| _ = u.class(Timestamp(n * (1514 + 24) * 8 * SECOND / speed), 1_514));
            assert_eq!(u.facts().windows[3], 0, "{speed}: {:?}", u.facts().windows);
        }
    }

    #[test]
    fn rates_are_known_without_the_speed() {
        let mut u = Utilisation::new(None);
        for n in 0..25 {
            assert_eq!(u.class(Timestamp(n * WINDOW), 1_500), 0);
        }
        let long = |n| u.facts().arrived.get(n).map(|t| (t.packets, t.wire_bytes, t.link_bytes()));
        assert_eq!([long(0), long(1)], [Some((10, 15_000, 15_240)); 2]);
        assert_eq!(long(2), Some((4, 6_000, 6_096)), "the last window is open");
    }
}
