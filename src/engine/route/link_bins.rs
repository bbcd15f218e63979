//! How full the monitored link is: its ways, its milliseconds, and finer bins where stamps may tell them apart.

use crate::engine::tape::facts::LinkReading;
use crate::model::evidence::{FINE_BIN, SLOWEST_BURSTS, SLOWEST_FINE_BURSTS};
use crate::model::time::MILLISECOND;
use crate::model::{LinkLoad, LinkWays, Mac, Timestamp, Traffic};
use crate::stats::{Burst, Bursts, LinkSides, LinkWatch};

/// The link whose use is followed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LinkKnown {
    /// Bits per second that it carries either way; nothing is followed where that is not known.
    pub speed: Option<u64>,
    /// It is the link from the mirror port to this one, all of whose frames go one way.
    pub is_port: bool,
    /// Whether stamps may tell finer times than a millisecond: not those that a kernel gives when it takes packets, in batches, from a port.
    pub is_fine: bool,
}

impl LinkKnown {
    /// The same link, where those at it say that it carries so much (`None`: they say nothing, or do not agree). What the user says holds; the speed of
    /// the link from the mirror port stands for the mirrored one's only where that is not known to be slower.
    #[must_use]
    pub fn told(self, speed: Option<u64>) -> Self {
        let is_slower = |speed: &u64| self.speed.is_none_or(|ours| self.is_port && *speed < ours);
        match speed.filter(is_slower) {
            Some(speed) => Self { speed: Some(speed), is_port: false, ..self },
            None => self,
        }
    }
}

/// Which bins are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BinWidth {
    /// Milliseconds.
    Millisecond,
    /// Finer ones.
    Fine,
}

impl BinWidth {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Millisecond, Self::Fine];
}

/// Finer bins.
#[derive(Debug)]
struct Fine {
    bins: Bursts<FINE_BIN>,
    /// The one counted last.
    open: Burst,
    watch: LinkWatch,
}

impl Fine {
    fn note(&mut self) {
        let done = std::mem::take(&mut self.open);
        if done.traffic.packets > 0 {
            self.watch.note(done);
        }
    }
}

/// Follows a link.
#[derive(Debug)]
pub struct LinkBins {
    known: LinkKnown,
    sides: LinkSides,
    end: Mac,
    watch: LinkWatch,
    fine: Option<Fine>,
}

impl LinkBins {
    /// Of that link.
    pub fn new(known: LinkKnown) -> Self {
        let fine = known.is_fine && known.speed.is_some_and(|speed| speed >= SLOWEST_FINE_BURSTS);
        let fine = fine.then(|| Fine {
            bins: Bursts::new(),
            open: Burst::default(),
            watch: LinkWatch::new(known.speed, FINE_BIN, SLOWEST_FINE_BURSTS),
        });
        let watch = LinkWatch::new(known.speed, MILLISECOND, SLOWEST_BURSTS);
        Self { known, sides: LinkSides::default(), end: Mac::default(), watch, fine }
    }

    /// Bins begin at `origin`.
    pub fn begin(&mut self, origin: Timestamp) {
        if let Some(fine) = &mut self.fine {
            fine.bins.begin(origin);
        }
    }

    /// The link.
    pub fn known(&self) -> LinkKnown {
        self.known
    }

    /// Whether the link is followed.
    #[inline(always)]
    pub fn is_on(&self) -> bool {
        self.watch.is_on()
    }

    /// Counts a packet, also in the finer bins.
    #[inline]
    pub fn count(&mut self, time: Timestamp, wire: u32) {
        self.watch.frame(wire);
        let Some(fine) = &mut self.fine else { return };
        fine.watch.frame(wire);
        let bin = fine.bins.count(time, wire);
        if bin.at != fine.open.at {
            fine.note();
        }
        fine.open = bin;
    }

    /// Takes in the way of the packet counted last, by its first bytes (`None`: nothing tells its ends): how much of its millisecond went which
    /// way, where that has changed.
    #[inline]
    pub fn way(&mut self, frame: Option<&[u8]>, wire: u32, milliseconds: &mut Bursts) -> Option<[u64; 2]> {
        if self.known.is_port {
            return None;
        }
        match frame {
            Some(frame) => self.sides.see(frame),
            None => self.sides.stray(),
        }
        let end = self.sides.likely();
        let turned = if end == self.end { None } else { self.turn(end, milliseconds) };
        let is_end = |at: std::ops::Range<usize>| frame.and_then(|frame| frame.get(at)) == Some(&end.0[..]);
        let way = match (is_end(6..12), is_end(0..6)) {
            (true, _) => 0,
            (false, true) => 1,
            (false, false) => return turned,
        };
        if let Some(fine) = &mut self.fine {
            fine.open.ways = fine.bins.went(way, wire);
        }
        Some(milliseconds.went(way, wire))
    }

    /// Another station is the likelier end: of what came so far in the bins in hand the ways are the other ones, or not known.
    #[inline(never)]
    fn turn(&mut self, end: Mac, milliseconds: &mut Bursts) -> Option<[u64; 2]> {
        let is_other = self.sides.is_looked_at(self.end);
        self.end = end;
        self.watch.ends_at(end);
        if let Some(fine) = &mut self.fine {
            fine.watch.ends_at(end);
            fine.open.ways = fine.bins.turn(is_other);
        }
        Some(milliseconds.turn(is_other))
    }

    /// Takes in a millisecond that is over.
    pub fn note(&mut self, done: Burst) {
        self.watch.note(done);
    }

    /// Whether the packet counted last lies in a burst: its millisecond holds so much.
    #[inline(always)]
    pub fn is_burst(&self, millisecond: Traffic) -> bool {
        self.watch.is_burst(millisecond) || self.fine.as_ref().is_some_and(|fine| fine.watch.is_burst(fine.open.traffic))
    }

    /// The bin of the packet counted last, of `wire` bytes, where that is part of a burst: when it began, and whether it is by this packet alone.
    pub fn burst(&self, width: BinWidth, millisecond: Burst, wire: u32) -> Option<(Timestamp, bool)> {
        let (watch, bin) = match width {
            BinWidth::Millisecond => (&self.watch, millisecond),
            BinWidth::Fine => self.fine.as_ref().map(|fine| (&fine.watch, fine.open))?,
        };
        let before = bin.traffic.since(Traffic { packets: 1, wire_bytes: wire.into() });
        watch.is_burst(bin.traffic).then(|| (bin.at, !watch.is_burst(before)))
    }

    /// Takes notice of a frame of a bin that is part of a burst.
    pub fn contribute(&mut self, width: BinWidth, at: Timestamp, frame: &[u8], wire: u32) {
        match width {
            BinWidth::Millisecond => self.watch.contribute(at, frame, wire),
            BinWidth::Fine => {
                if let Some(fine) = &mut self.fine {
                    fine.watch.contribute(at, frame, wire);
                }
            }
        }
    }

    /// What is measured: the fuller way where the station at the end is known.
    pub fn ways(&self) -> LinkWays {
        match self.sides.end() {
            _ if self.known.is_port => LinkWays::Port,
            Some(end) => LinkWays::Fuller(end),
            None => LinkWays::Both,
        }
    }

    /// An interval ends.
    pub fn interval(&mut self, start: Timestamp, length: i64) -> Option<LinkLoad> {
        let ways = self.ways();
        if let Some(fine) = &mut self.fine {
            fine.watch.interval(start, length, ways);
        }
        self.watch.interval(start, length, ways)
    }

    /// Nothing more comes, or the clock was set.
    pub fn finish(&mut self) {
        self.watch.finish();
        if let Some(fine) = &mut self.fine {
            fine.note();
            fine.watch.finish();
        }
    }

    /// Everything measured so far.
    pub fn used(&self) -> LinkReading {
        let ways = self.ways();
        LinkReading { coarse: self.watch.used(ways), fine: self.fine.as_ref().and_then(|fine| fine.watch.used(ways)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPEED: u64 = 1_000_000_000;

    fn frame(from: u8, to: u8) -> [u8; 12] {
        [2, 0, 0, 0, 0, to, 2, 0, 0, 0, 0, from]
    }

    /// Frames by their time in microseconds, their ends and their length, as the router counts them.
    fn measured(known: LinkKnown, frames: impl IntoIterator<Item = (i64, [u8; 2], u32)>) -> LinkReading {
        let (mut bins, mut milliseconds, mut open) = (LinkBins::new(known), Bursts::new(), Burst::default());
        bins.begin(Timestamp(0));
        milliseconds.begin(Timestamp(0));
        for (at, [from, to], wire) in frames {
            let (time, frame) = (Timestamp(at * 1_000), frame(from, to));
            let bin = milliseconds.count(time, wire);
            if bin.at != open.at && open.traffic.packets > 0 {
                bins.note(open);
            }
            open = bin;
            bins.count(time, wire);
            for width in BinWidth::ALL {
                if let Some((at, _)) = bins.burst(width, open, wire) {
                    bins.contribute(width, at, &frame, wire);
                }
            }
            open.ways = bins.way(Some(&frame), wire, &mut milliseconds).unwrap_or(open.ways);
        }
        bins.note(open);
        bins.finish();
        bins.used()
    }

    const KNOWN: LinkKnown = LinkKnown { speed: Some(SPEED), is_port: false, is_fine: true };

    /// Eight full frames back to back in 100 µs, every millisecond, from station 9, each answered by as much.
    fn trains(answers: bool) -> impl Iterator<Item = (i64, [u8; 2], u32)> {
        (0..160i64).flat_map(move |n| {
            let at = n / 8 * 1_000 + n % 8 * 12;
            let one = (at, [9, 1 + (n / 8) as u8 % 2], 1_514);
            let other = answers.then_some((at + 1, [1 + (n / 8) as u8 % 2, 9], 1_514));
            [Some(one), other].into_iter().flatten()
        })
    }

    #[test]
    fn trains_of_frames_show_in_fine_bins_and_not_in_milliseconds() {
        let read = measured(KNOWN, trains(true));
        let (coarse, fine) = (read.coarse.unwrap(), read.fine.unwrap());
        assert_eq!((coarse.bursts, fine.bursts), (0, 20), "a tenth of the link on average");
        let end = Mac([2, 0, 0, 0, 0, 9]);
        assert_eq!((coarse.ways, fine.ways), (LinkWays::Fuller(end), LinkWays::Fuller(end)));
        let bytes = 8 * 1_538;
        let exact = fine.list.iter().all(|b| (b.length, b.peak, b.bytes) == (FINE_BIN, bytes * 80_000, bytes));
        assert!(exact && fine.busy[19] == 20 && fine.busy[20] == 0, "one way, not the sum: {fine:?}");
        assert!(fine.list[1..].iter().all(|b| b.top.iter().all(|one| (one.ends[0] == end) == (b.top[0].ends[0] == end))));
    }

    #[test]
    fn where_no_end_is_known_both_ways_are_told_together() {
        let others = (0..160i64).map(|n| (n / 8 * 1_000 + n % 8 * 12 + 2, [20 + n as u8 % 3, 30 + n as u8 % 4], 1_514));
        let mut frames: Vec<_> = trains(false).chain(others).collect();
        frames.sort_unstable();
        let fine = measured(KNOWN, frames).fine.unwrap();
        assert_eq!((fine.ways, fine.busy[20]), (LinkWays::Both, 20), "twice as much as one way carries");
        assert!(!fine.is_beyond_the_link());
    }

    #[test]
    fn a_mirror_port_sends_one_way_and_slow_links_and_kernel_stamps_have_no_fine_bins() {
        let port = measured(LinkKnown { is_port: true, is_fine: false, ..KNOWN }, trains(true));
        assert_eq!((port.coarse.map(|used| used.ways), port.fine), (Some(LinkWays::Port), None));
        assert_eq!(measured(LinkKnown { speed: Some(SPEED - 1), ..KNOWN }, trains(true)).fine, None);
        assert_eq!(measured(LinkKnown { speed: None, ..KNOWN }, trains(true)), LinkReading::default());
    }

    #[test]
    fn the_other_of_the_first_two_may_be_at_the_end() {
        // The first frame goes from 1 to 9, the second from 9 to 2: 9 it is, and the bin they share is turned.
        let frames = [(0, [1, 9], 6_000), (10, [9, 1], 12_000), (20, [9, 2], 3_000)];
        let read = measured(KNOWN, frames).fine.unwrap();
        let list: Vec<_> = read.list.iter().map(|b| (b.bytes, b.top.len())).collect();
        assert_eq!((read.ways, list), (LinkWays::Fuller(Mac([2, 0, 0, 0, 0, 9])), vec![(15_048, 2)]));
    }
}
