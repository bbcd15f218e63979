//! How full the mirror link is, in windows of 10 ms: loss that comes with full windows is the mirror port's.

use crate::mirror::{UTILISATION_CLASSES, utilisation_class};
use crate::model::Timestamp;
use crate::model::time::MILLISECOND;

/// Length of a window: shorter ones would show the batches of software time stamps.
const WINDOW: i64 = 10 * MILLISECOND;
/// Preamble, frame check sequence and gap of a frame on the wire (IEEE 802.3), and its shortest length without them.
const OVERHEAD: u64 = 24;
const SHORTEST: u64 = 60;

/// Follows the running maximum of packet time. A packet is given the class of the window before its own: the packets that fill a
/// window are seen before those that were lost in it are missed.
#[derive(Debug, Default)]
pub struct Utilisation {
    /// Bits a window holds; `None` where the speed is unknown.
    capacity: Option<f64>,
    end: Timestamp,
    bytes: u64,
    class: u8,
    windows: [u64; UTILISATION_CLASSES],
}

impl Utilisation {
    /// Of a link of `speed` bits per second.
    pub fn new(speed: Option<u64>) -> Self {
        let capacity = speed.filter(|&s| s > 0).map(|s| s as f64 * WINDOW as f64 / 1e9);
        Self { capacity, ..Self::default() }
    }

    /// Counts a packet and says in what load it came.
    #[inline]
    pub fn class(&mut self, time: Timestamp, wire: u32) -> u8 {
        if self.capacity.is_none() {
            return 0;
        }
        if time >= self.end {
            self.turn(time);
        }
        self.bytes += u64::from(wire).max(SHORTEST) + OVERHEAD;
        self.class
    }

    #[inline(never)]
    fn turn(&mut self, time: Timestamp) {
        if self.bytes > 0 {
            self.class = utilisation_class(self.capacity.map(|c| self.bytes as f64 * 8.0 / c));
            if let Some(n) = self.windows.get_mut(usize::from(self.class)) {
                *n += 1;
            }
            // A window without packets lies between: the load before says nothing any more.
            if time.since(self.end) > WINDOW {
                self.class = utilisation_class(Some(0.0));
            }
        }
        self.bytes = 0;
        self.end = Timestamp(time.0.saturating_sub(time.0.rem_euclid(WINDOW)).saturating_add(WINDOW));
    }

    /// Windows with packets, by class.
    pub fn windows(&self) -> [u64; UTILISATION_CLASSES] {
        self.windows
    }
}

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
        assert_eq!(u.windows(), [0, 2, 0, 1]);
        assert_eq!(Utilisation::new(None).class(Timestamp(0), 1_500), 0);
    }
}
