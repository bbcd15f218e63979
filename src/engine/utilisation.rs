//! How full the mirror link is, in windows of 10 ms: loss that comes with full windows is the mirror port's. And at what rate copies
//! arrive, in windows of 100 ms: loss that comes with one rate is a limit's.

use crate::mirror::{UTILISATION_CLASSES, WINDOW as LONG, Windows, utilisation_class, window};
use crate::model::time::MILLISECOND;
use crate::model::{Timestamp, Traffic};

/// Length of a window: shorter ones would show the batches of software time stamps.
const WINDOW: i64 = 10 * MILLISECOND;
/// Preamble, frame check sequence and gap of a frame on the wire (IEEE 802.3), and its shortest length without them.
const OVERHEAD: u64 = 24;
const SHORTEST: u32 = 60;

/// What was measured up to a snapshot.
#[derive(Debug, Clone, Default)]
pub struct LoadFacts {
    /// Speed of the mirror link in bits per second, where known.
    pub speed: Option<u64>,
    /// Windows of 10 ms with packets, by the class of their utilisation.
    pub windows: [u64; UTILISATION_CLASSES],
    /// What arrived in windows of 100 ms.
    pub arrived: Windows<Traffic>,
}

/// Bytes that frames take up on the wire.
pub fn occupied(traffic: Traffic) -> u64 {
    traffic.wire_bytes.saturating_add(traffic.packets.saturating_mul(OVERHEAD))
}

/// Follows the running maximum of packet time. A packet is given the class of the window before its own: the packets that fill a
/// window are seen before those that were lost in it are missed.
#[derive(Debug, Default)]
pub struct Utilisation {
    /// Bits a window holds; `None` where the speed is unknown.
    capacity: Option<f64>,
    end: Timestamp,
    class: u8,
    /// What arrived in the open window of 10 ms.
    open: Traffic,
    facts: LoadFacts,
}

impl Utilisation {
    /// Of a link of `speed` bits per second.
    pub fn new(speed: Option<u64>) -> Self {
        let speed = speed.filter(|&s| s > 0);
        let capacity = speed.map(|s| s as f64 * WINDOW as f64 / 1e9);
        Self { capacity, facts: LoadFacts { speed, ..LoadFacts::default() }, ..Self::default() }
    }

    /// Counts a packet and says in what load it came (0 where the speed is unknown).
    #[inline]
    pub fn class(&mut self, time: Timestamp, wire: u32) -> u8 {
        if time >= self.end {
            self.turn(time);
        }
        self.open.packets += 1;
        self.open.wire_bytes += u64::from(wire.max(SHORTEST));
        self.class
    }

    #[inline(never)]
    fn turn(&mut self, time: Timestamp) {
        if self.open.packets > 0 {
            self.close();
            self.class = utilisation_class(self.capacity.map(|c| occupied(self.open) as f64 * 8.0 / c));
            if let Some(n) = self.facts.windows.get_mut(usize::from(self.class)) {
                *n += 1;
            }
            // A window without packets lies between: the load before says nothing any more.
            if self.capacity.is_some() && time.since(self.end) > WINDOW {
                self.class = utilisation_class(Some(0.0));
            }
        }
        self.open = Traffic::default();
        self.end = Timestamp(time.0.saturating_sub(time.0.rem_euclid(WINDOW)).saturating_add(WINDOW));
    }

    /// Adds the open window to the long one it is part of.
    fn close(&mut self) {
        if let Some(sum) = self.facts.arrived.entry(window(Timestamp(self.end.0.saturating_sub(WINDOW)))) {
            sum.add(self.open);
        }
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
        let mut u = Utilisation::new(Some(8_000_000));
        // 10,000 bytes fill a window.
        assert_eq!(u.class(Timestamp(0), 9_976), 0);
        assert_eq!(u.class(Timestamp(WINDOW), 1_000), 3);
        assert_eq!(u.class(Timestamp(2 * WINDOW), 1_000), 1);
        assert_eq!(u.class(Timestamp(9 * WINDOW), 1_000), 1);
        assert_eq!(u.facts().windows, [0, 2, 0, 1]);
    }

    #[test]
    fn rates_are_known_without_the_speed() {
        let mut u = Utilisation::new(None);
        for n in 0..25 {
            assert_eq!(u.class(Timestamp(n * WINDOW), 1_500), 0);
        }
        let long = |n| u.facts().arrived.get(n).map(|t| (t.packets, t.wire_bytes, occupied(t)));
        assert_eq!([long(0), long(1)], [Some((10, 15_000, 15_240)); 2]);
        assert_eq!(long(2), Some((4, 6_000, 6_096)), "the last window is open");
    }
}
