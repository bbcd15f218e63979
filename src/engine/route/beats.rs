//! Where the shards hand over what happened between hosts, in packet time.

use crate::engine::tape::open_interval::OpenInterval;
use crate::model::Timestamp;
use crate::model::limits::BEAT_PACKETS;
use crate::model::time::SECOND;

/// A beat that ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Beat {
    /// Counted from 0.
    pub number: u64,
    /// The second that begins; `None`: so many packets came that what they show does not wait for the end of theirs.
    pub now: Option<Timestamp>,
}

/// Whole seconds of packet time, whatever the load interval: what is judged in bins of ten of them neither depends on where load is counted, nor
/// has part of a bin told after it was judged. Seconds without packets are skipped.
#[derive(Debug)]
pub struct Beats {
    number: u64,
    /// Where the open second ends; before the first packet the beginning of time.
    end: Timestamp,
    packets: usize,
}

impl Default for Beats {
    fn default() -> Self {
        Self { number: 0, end: Self::NOT_BEGUN, packets: 0 }
    }
}

impl Beats {
    const NOT_BEGUN: Timestamp = Timestamp(i64::MIN);

    /// Counts a packet; when it is the first one beyond the open beat, that ends.
    #[inline]
    pub fn count(&mut self, time: Timestamp) -> Option<Beat> {
        self.packets += 1;
        // What lies at the end of time lies in the last second there is.
        let is_over = time >= self.end && self.end < Timestamp(i64::MAX);
        if is_over || self.packets > BEAT_PACKETS { self.turn(is_over.then_some(time)) } else { None }
    }

    #[inline(never)]
    fn turn(&mut self, time: Option<Timestamp>) -> Option<Beat> {
        let is_first = self.end == Self::NOT_BEGUN;
        let second = time.map(|time| OpenInterval::first(Timestamp(0), SECOND).at(time));
        if let Some(second) = second {
            self.end = second.end();
        }
        // This packet is the first of those that come.
        self.packets = 1;
        if is_first { None } else { Some(self.end_beat(second.map(|second| second.start))) }
    }

    fn end_beat(&mut self, now: Option<Timestamp>) -> Beat {
        let number = self.number;
        self.number += 1;
        Beat { number, now }
    }

    /// The number of the open beat.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Wall time has come to `now` without packets.
    pub fn advance(&mut self, now: Timestamp) -> Option<Beat> {
        let is_over = self.end != Self::NOT_BEGUN && now >= self.end && self.end < Timestamp(i64::MAX);
        if is_over { self.turn(Some(now)) } else { None }
    }

    /// The clock was set back to `now`: seconds begin anew there.
    pub fn step_back(&mut self, now: Timestamp) -> Option<Beat> {
        (self.end != Self::NOT_BEGUN).then(|| self.turn(Some(now))).flatten()
    }

    /// Nothing comes after `now`.
    pub fn close(&mut self, now: Timestamp) -> Option<Beat> {
        let is_open = std::mem::replace(&mut self.end, Self::NOT_BEGUN) != Self::NOT_BEGUN;
        is_open.then(|| self.end_beat(Some(now)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(tenths: i64) -> Timestamp {
        Timestamp(tenths * SECOND / 10)
    }

    #[test]
    fn whole_seconds_end_with_the_first_packet_beyond_them() {
        let mut beats = Beats::default();
        assert_eq!(beats.advance(at(50)), None, "nothing has begun");
        assert_eq!([103, 109, 101].map(|time| beats.count(at(time))), [None; 3]);
        assert_eq!(beats.count(at(110)), Some(Beat { number: 0, now: Some(at(110)) }));
        assert_eq!(beats.count(at(108)), None, "late");
        assert_eq!(beats.count(at(3_605)), Some(Beat { number: 1, now: Some(at(3_600)) }), "an hour without packets is one");
        assert_eq!(beats.advance(at(3_609)), None);
        assert_eq!(beats.advance(at(3_611)), Some(Beat { number: 2, now: Some(at(3_610)) }));
        assert_eq!(beats.step_back(at(75)), Some(Beat { number: 3, now: Some(at(70)) }));
        assert_eq!(beats.count(at(80)), Some(Beat { number: 4, now: Some(at(80)) }));
        assert_eq!(beats.close(at(83)), Some(Beat { number: 5, now: Some(at(83)) }));
        assert_eq!(beats.close(at(83)), None);
    }

    #[test]
    fn many_packets_of_a_second_do_not_wait_for_its_end() {
        let mut beats = Beats::default();
        let ended = (0..2 * BEAT_PACKETS).filter_map(|_| beats.count(at(5))).collect::<Vec<_>>();
        assert_eq!(ended, [Beat { number: 0, now: None }]);
        assert_eq!(beats.count(at(6)), Some(Beat { number: 1, now: None }));
        assert_eq!(beats.count(at(10)), Some(Beat { number: 2, now: Some(at(10)) }));
    }

    #[test]
    fn wild_times_do_not_overflow() {
        let mut beats = Beats::default();
        let ended = [i64::MIN, i64::MAX, 0, i64::MAX, i64::MIN].into_iter().filter_map(|time| beats.count(Timestamp(time))).count();
        assert_eq!((ended, beats.number()), (1, 1), "the end of time is the last second there is");
    }
}
