//! How full the monitored link is, by milliseconds: for how long at which share of its speed, and in which bursts.

use crate::model::evidence::{BURST, BURST_FULL, BURST_SHORT, SLOWEST_BURSTS};
use crate::model::limits::{BURST_CONTRIBUTORS, BURST_MILLISECONDS, LINK_BURSTS};
use crate::model::time::MILLISECOND;
use crate::model::{BurstContributor, LinkBurst, LinkLoad, LinkUse, Mac, Timestamp, Traffic};
use crate::stats::Burst;
use std::collections::VecDeque;

/// Milliseconds that wait, because packets of them may still come.
const WAITING: usize = 4;

/// A burst that has not ended.
#[derive(Debug)]
struct Run {
    first: Timestamp,
    last: Timestamp,
    peak: u64,
    bytes: u64,
    top: [BurstContributor; 4 * BURST_CONTRIBUTORS],
    senders: usize,
}

/// Follows the milliseconds of the link. Of one whose speed is not known nothing is said.
#[derive(Debug, Default)]
pub struct LinkWatch {
    speed: Option<u64>,
    /// Bytes in a millisecond from which on it is part of a burst.
    half: u64,
    waiting: Vec<Burst>,
    /// The newest that is settled.
    settled: Option<Timestamp>,
    run: Option<Run>,
    load: LinkLoad,
    used: LinkUse,
    bursts: VecDeque<LinkBurst>,
    /// Who sent in milliseconds of bursts that are not settled, the latest last.
    senders: VecDeque<Senders>,
}

/// Who sent in a millisecond.
#[derive(Debug)]
struct Senders {
    at: Timestamp,
    list: [BurstContributor; BURST_CONTRIBUTORS],
    count: usize,
}

/// Adds to one of a list of at most as many as there is room for.
fn add(list: &mut [BurstContributor], count: &mut usize, one: BurstContributor) {
    let known = list.get_mut(..*count).unwrap_or_default();
    if let Some(known) = known.iter_mut().find(|known| known.ends == one.ends) {
        known.bytes = known.bytes.saturating_add(one.bytes);
    } else if let Some(free) = list.get_mut(*count) {
        *free = one;
        *count += 1;
    } else if let Some(least) = list.iter_mut().min_by_key(|known| known.bytes) {
        // The one with the least makes room and leaves what it had (space saving).
        *least = BurstContributor { ends: one.ends, bytes: least.bytes.saturating_add(one.bytes) };
    }
}

impl LinkWatch {
    /// Of a link of `speed` bits per second.
    pub fn new(speed: Option<u64>) -> Self {
        let speed = speed.filter(|speed| *speed >= 1_000_000);
        let half = speed.filter(|speed| *speed >= SLOWEST_BURSTS).map_or(u64::MAX, |speed| (speed as f64 / 8_000.0 * BURST.value()) as u64);
        Self { speed, half, ..Self::default() }
    }

    /// Whether a millisecond with this traffic is part of a burst.
    #[inline(always)]
    pub fn is_burst(&self, traffic: Traffic) -> bool {
        traffic.wire_bytes >= self.half
    }

    /// Takes notice of a frame that came in a burst, in the millisecond that begins at `at`: who sends to whom.
    #[inline(never)]
    pub fn contribute(&mut self, at: Timestamp, frame: &[u8], wire: u32) {
        let Some(&[a, b, c, d, e, f, g, h, i, j, k, l]) = frame.first_chunk::<12>() else { return };
        let ends = [Mac([g, h, i, j, k, l]), Mac([a, b, c, d, e, f])];
        let place = self.senders.iter().rposition(|senders| senders.at == at);
        let place = place.unwrap_or_else(|| {
            if self.senders.len() >= BURST_MILLISECONDS {
                self.senders.pop_front();
            }
            self.senders.push_back(Senders { at, list: [BurstContributor::default(); BURST_CONTRIBUTORS], count: 0 });
            self.senders.len() - 1
        });
        if let Some(senders) = self.senders.get_mut(place) {
            add(&mut senders.list, &mut senders.count, BurstContributor { ends, bytes: wire.into() });
        }
    }

    /// Takes in a millisecond that is over, as far as the order of packets tells.
    pub fn note(&mut self, done: Burst) {
        if self.speed.is_none() || self.settled.is_some_and(|settled| done.at <= settled) {
            return;
        }
        match self.waiting.iter_mut().find(|waits| waits.at == done.at) {
            Some(waits) => *waits = waits.larger(done),
            None => self.waiting.push(done),
        }
        while self.waiting.len() > WAITING {
            self.settle();
        }
    }

    fn settle(&mut self) {
        let Some(at) = (0..self.waiting.len()).min_by_key(|at| self.waiting.get(*at).map(|waits| waits.at)) else { return };
        let done = self.waiting.swap_remove(at);
        self.settled = Some(done.at);
        let Some(speed) = self.speed else { return };
        let bytes = done.traffic.link_bytes();
        let share = bytes as f64 * 8_000.0 / speed as f64;
        self.load.bits = self.load.bits.saturating_add(bytes.saturating_mul(8));
        self.used.count(share);
        if self.run.as_ref().is_some_and(|run| done.at.since(run.last) > 2 * MILLISECOND) {
            self.end_run();
        }
        let senders = self.senders.iter().position(|senders| senders.at == done.at).and_then(|at| self.senders.remove(at));
        if share < BURST.value() || speed < SLOWEST_BURSTS {
            return;
        }
        let none = [BurstContributor::default(); 4 * BURST_CONTRIBUTORS];
        let begun = || Run { first: done.at, last: done.at, peak: 0, bytes: 0, top: none, senders: 0 };
        let run = self.run.get_or_insert_with(begun);
        run.last = done.at;
        run.peak = run.peak.max(bytes);
        run.bytes = run.bytes.saturating_add(bytes);
        for senders in senders.iter() {
            senders.list.iter().take(senders.count).for_each(|one| add(&mut run.top, &mut run.senders, *one));
        }
    }

    fn end_run(&mut self) {
        let (Some(run), Some(speed)) = (self.run.take(), self.speed) else { return };
        let mut top: Vec<BurstContributor> = run.top.iter().take(run.senders).copied().collect();
        // Not all frames were looked at, and on the link they take up more than their bytes.
        let seen = top.iter().fold(0u64, |sum, one| sum.saturating_add(one.bytes)).max(1);
        for one in &mut top {
            one.bytes = u64::try_from(u128::from(one.bytes) * u128::from(run.bytes) / u128::from(seen)).unwrap_or(u64::MAX);
        }
        top.sort_by_key(|one| (std::cmp::Reverse(one.bytes), one.ends));
        top.truncate(BURST_CONTRIBUTORS / 2);
        let milliseconds = u32::try_from(run.last.since(run.first) / MILLISECOND).unwrap_or(u32::MAX).saturating_add(1);
        let peak = run.peak.saturating_mul(8_000);
        self.load.bursts = self.load.bursts.saturating_add(1);
        if u64::from(milliseconds) <= BURST_SHORT.number() && peak as f64 >= BURST_FULL.value() * speed as f64 {
            self.load.full_bursts = self.load.full_bursts.saturating_add(1);
            self.load.longest = self.load.longest.max(milliseconds);
        }
        self.used.bursts = self.used.bursts.saturating_add(1);
        if self.bursts.len() >= LINK_BURSTS {
            self.bursts.pop_front();
        }
        self.bursts.push_back(LinkBurst { at: run.first, milliseconds, peak, bytes: run.bytes, top });
    }

    /// An interval ends: what was measured in it.
    pub fn interval(&mut self, start: Timestamp, length: i64) -> Option<LinkLoad> {
        let speed = self.speed?;
        self.used.nanos = self.used.nanos.saturating_add(length.max(0));
        Some(LinkLoad { start, length, speed, ..std::mem::take(&mut self.load) })
    }

    /// Nothing more comes, or the clock was set: what waits is settled.
    pub fn finish(&mut self) {
        while !self.waiting.is_empty() {
            self.settle();
        }
        self.end_run();
        self.settled = None;
    }

    /// Everything measured so far; `None` where the speed is not known.
    pub fn used(&self) -> Option<LinkUse> {
        Some(LinkUse { speed: self.speed?, list: self.bursts.iter().cloned().collect(), ..self.used.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A link of 100 Mb/s: 12,500 bytes a millisecond.
    fn watch(bins: &[(i64, u64)]) -> LinkWatch {
        let mut watch = LinkWatch::new(Some(100_000_000));
        for &(millis, bytes) in bins {
            let traffic = Traffic { packets: 0, wire_bytes: bytes };
            watch.note(Burst { at: Timestamp(millis * MILLISECOND), traffic });
        }
        watch.finish();
        watch
    }

    #[test]
    fn a_burst_is_a_run_of_milliseconds_and_a_gap_of_one_does_not_end_it() {
        let mut watch = watch(&[(0, 100), (1, 12_500), (2, 7_000), (3, 200), (4, 12_000), (5, 100), (9, 6_000), (20, 6_250)]);
        let load = watch.interval(Timestamp(0), 1_000 * MILLISECOND).unwrap();
        let used = watch.used().unwrap();
        let list: Vec<_> = used.list.iter().map(|b| (b.at.0 / MILLISECOND, b.milliseconds, b.peak, b.bytes)).collect();
        assert_eq!(list, [(1, 4, 100_000_000, 31_500), (20, 1, 50_000_000, 6_250)], "6,000 bytes are less than half");
        assert_eq!((load.bursts, load.full_bursts, load.longest, load.bits), (2, 1, 4, 8 * 44_150));
        assert_eq!(used.bursts, 2);
    }

    #[test]
    fn late_packets_complete_their_millisecond() {
        let watch = watch(&[(1, 5_000), (2, 100), (1, 12_500), (3, 100), (2, 150)]);
        assert_eq!(watch.used().unwrap().list.len(), 1);
    }

    #[test]
    fn the_time_at_each_share_adds_up() {
        let mut watch = watch(&[(0, 100), (1, 12_500), (2, 25_000), (500, 6_000)]);
        watch.interval(Timestamp(0), 1_000 * MILLISECOND);
        let used = watch.used().unwrap();
        let classes = used.classes();
        assert!((classes.iter().sum::<f64>() - 1.0).abs() < 1e-9, "{classes:?}");
        assert!(
            (classes[0] - 0.997).abs() < 1e-9 && (classes[19] - 0.001).abs() < 1e-9 && (classes[20] - 0.001).abs() < 1e-9,
            "{classes:?}"
        );
        assert_eq!(used.percentile(0.95), 0.05, "the upper end of its class");
        assert_eq!(LinkWatch::new(None).used(), None);
    }

    #[test]
    fn who_fills_it_is_told_and_there_is_a_cap() {
        let mut watch = LinkWatch::new(Some(100_000_000));
        for n in 0..200u8 {
            let mut frame = [0u8; 12];
            frame[11] = if n % 2 == 0 { 1 } else { n };
            watch.contribute(Timestamp(0), &frame, 1_000);
        }
        watch.note(Burst { at: Timestamp(0), traffic: Traffic { packets: 1, wire_bytes: 12_500 } });
        watch.finish();
        let used = watch.used().unwrap();
        let top = &used.list[0].top;
        assert!(
            top.len() <= BURST_CONTRIBUTORS && top[0].ends[0] == Mac([0, 0, 0, 0, 0, 1]) && (6_250..=12_500).contains(&top[0].bytes),
            "{top:?}"
        );
    }
}
