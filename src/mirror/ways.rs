//! Which directions of conversations come in each second: times in which a mirror that shows both shows one only.
//!
//! Of a conversation in which both ends speak several packets one way bring one back within a second, or nearly always. Where for some seconds nearly
//! all conversations that are heard show one direction, and before or behind nearly all show both, it is the mirror that leaves one out (or a link that
//! carries one only). Three bytes of a conversation's record say what came of it in its latest second.

use super::windows::Windows;
use crate::model::limits::ACKED_SECONDS;
use crate::model::sum::Sum;
use crate::model::time::SECOND;
use crate::model::{Direction, Episode, Timestamp};

/// Packets one way in a second before one should have come back.
const SEVERAL: u8 = 3;

/// Conversations of a second before they say anything of it.
const CONVERSATIONS: u32 = 3;

/// Seconds of one direction before it is the mirror's, and of both beside them.
const ONE_WAY: usize = 3;
const BOTH_WAYS: usize = 5;

/// Part of the conversations that nearly none are.
const FEW: u32 = 10;

/// What came of a conversation in its latest second.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WaysState {
    /// The second, of its number the lowest 16 bits.
    second: [u8; 2],
    /// Packets each way in it, three bits each, and which ways are known to be spoken.
    ways: u8,
}

impl WaysState {
    const MOST: u8 = 7;
    const SPOKEN: [u8; 2] = [0x40, 0x80];

    fn packets(self, way: Direction) -> u8 {
        self.ways >> (3 * way as u8) & Self::MOST
    }

    fn count(&mut self, way: Direction) {
        if self.packets(way) < Self::MOST {
            self.ways += 1 << (3 * way as u8);
        }
    }

    fn are_both_spoken(self) -> bool {
        Self::SPOKEN.iter().all(|bit| self.ways & bit != 0)
    }

    /// What it says of its second: `Some(true)` that both ways came, `Some(false)` that one did and the other should have.
    fn shows_both(self) -> Option<bool> {
        let [a, b] = [Direction::AToB, Direction::BToA].map(|way| self.packets(way));
        match a.min(b) > 0 {
            true => Some(true),
            false => (a.max(b) >= SEVERAL && self.are_both_spoken()).then_some(false),
        }
    }
}

/// Conversations of each second that show both directions, and those that show one; older seconds are forgotten.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WaysBySecond {
    /// Those that show both, those that show one, and of these the TCP connections.
    seconds: Windows<[u32; 3], ACKED_SECONDS>,
    /// The second of the latest packet, and its end.
    open: i64,
    ends: Timestamp,
}

impl WaysBySecond {
    /// Counts a packet of a conversation; one of TCP that `acknowledges` says that the other end spoke.
    #[inline]
    pub fn observe(&mut self, state: &mut WaysState, time: Timestamp, way: Direction, acknowledges: Option<bool>) {
        if time >= self.ends || time.since(self.ends) < -SECOND {
            self.open = time.0.div_euclid(SECOND);
            self.ends = Timestamp(self.open.saturating_add(1).saturating_mul(SECOND));
        }
        if state.second != short(self.open) {
            self.close(*state, acknowledges.is_some());
            (state.second, state.ways) = (short(self.open), state.ways & (WaysState::SPOKEN[0] | WaysState::SPOKEN[1]));
        }
        state.count(way);
        let [a, b] = WaysState::SPOKEN;
        state.ways |= if acknowledges == Some(true) { a | b } else { WaysState::SPOKEN[way as usize] };
    }

    /// Takes in the latest second of a conversation, of TCP or another.
    pub fn close(&mut self, state: WaysState, is_tcp: bool) {
        let Some(shows_both) = state.shows_both() else { return };
        let ago = (self.open as u16).wrapping_sub(u16::from_le_bytes(state.second));
        if let Some([both, one, connections]) = self.seconds.entry(self.open.saturating_sub(ago.into())) {
            let count = if shows_both { both } else { one };
            *count = count.saturating_add(1);
            *connections = connections.saturating_add(u32::from(is_tcp && !shows_both));
        }
    }

    /// The times in which nearly all conversations show one direction, of a mirror that shows both else, oldest first; and whether TCP connections,
    /// of which each end acknowledges the other, are among them: all else may be paused. Of seconds that `lack_data` nothing tells which ways the mirror
    /// shows: of those who lose packets some show one.
    pub fn one_way(&self, lack_data: impl Fn(i64) -> bool) -> Vec<(Episode, bool)> {
        let (mut times, mut beside) = (Vec::<Stretch>::new(), Beside::default());
        let mut open: Option<Stretch> = None;
        for (second, counts) in self.seconds.iter() {
            match kind(counts) {
                Kind::OneWay => open.get_or_insert(Stretch { first: second, last: second, seconds: 0, counts: [0; 3] }).add(second, counts),
                Kind::Nothing => {}
                // Few that show one go on with what began; few that show both end it.
                Kind::FewOneWay => open.iter_mut().for_each(|stretch| stretch.last = second),
                Kind::FewBoth => times.extend(open.take()),
                Kind::Both | Kind::Mixed => {
                    times.extend(open.take());
                    if matches!(kind(counts), Kind::Both) || !lack_data(second) {
                        beside.add(counts);
                    }
                }
            }
        }
        times.extend(open);
        let (told, short): (Vec<Stretch>, Vec<Stretch>) = times.into_iter().partition(|stretch| stretch.seconds >= ONE_WAY);
        short.iter().filter(|stretch| !lack_data(stretch.first)).for_each(|stretch| beside.add(stretch.counts));
        let told: &[Stretch] = if beside.shows_both() { &told } else { &[] };
        told.iter().map(|stretch| (stretch.episode(), stretch.counts[2] > 0)).collect()
    }
}

/// The lowest bits of a second's number.
fn short(second: i64) -> [u8; 2] {
    (second as u16).to_le_bytes()
}

/// What conversations show of a second.
enum Kind {
    OneWay,
    Both,
    Mixed,
    FewOneWay,
    FewBoth,
    Nothing,
}

fn kind([both, one, _]: [u32; 3]) -> Kind {
    let all = both.saturating_add(one);
    match (both.saturating_mul(FEW) <= all, one.saturating_mul(FEW) <= all) {
        _ if all == 0 => Kind::Nothing,
        _ if all < CONVERSATIONS => {
            if both == 0 {
                Kind::FewOneWay
            } else {
                Kind::FewBoth
            }
        }
        (true, _) => Kind::OneWay,
        (_, true) => Kind::Both,
        _ => Kind::Mixed,
    }
}

/// Seconds one behind the other, those of which nothing is known between them.
#[derive(Clone, Copy)]
struct Stretch {
    first: i64,
    last: i64,
    seconds: usize,
    counts: [u32; 3],
}

impl Stretch {
    fn add(&mut self, second: i64, counts: [u32; 3]) {
        self.last = second;
        self.seconds += 1;
        self.counts.iter_mut().zip(counts).for_each(|(sum, n)| *sum = sum.saturating_add(n));
    }

    fn episode(&self) -> Episode {
        let [first, last] = [self.first, self.last.saturating_add(1)].map(|second| Timestamp(second.saturating_mul(SECOND)));
        Episode { first, last }
    }
}

/// The seconds beside them.
#[derive(Default)]
struct Beside {
    both_ways: usize,
    counts: [u32; 3],
}

impl Beside {
    fn add(&mut self, counts: [u32; 3]) {
        self.both_ways += usize::from(matches!(kind(counts), Kind::Both));
        self.counts.iter_mut().zip(counts).for_each(|(sum, n)| *sum = sum.saturating_add(n));
    }

    fn shows_both(&self) -> bool {
        self.both_ways >= BOTH_WAYS && matches!(kind(self.counts), Kind::Both)
    }
}

impl Sum for WaysBySecond {
    fn merge(&mut self, other: &Self) {
        for (second, counts) in other.seconds.iter().filter(|(_, counts)| *counts != [0; 3]) {
            if let Some(sum) = self.seconds.entry(second) {
                sum.iter_mut().zip(counts).for_each(|(sum, n)| *sum = sum.saturating_add(n));
            }
        }
    }

    fn since(&self, _: &Self) -> Self {
        self.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Direction::{AToB, BToA};

    const BEGIN: i64 = 1_700_000_000;

    /// So many conversations over a minute of which four packets a second come each way that `shows` says.
    fn times(conversations: i64, shows: impl Fn(i64, i64) -> [bool; 2], is_tcp: bool) -> Vec<(i64, i64)> {
        times_lacking(conversations, shows, is_tcp, 0..0)
    }

    /// The same where data is missing from some seconds.
    fn times_lacking(
        conversations: i64,
        shows: impl Fn(i64, i64) -> [bool; 2],
        is_tcp: bool,
        lacks: std::ops::Range<i64>,
    ) -> Vec<(i64, i64)> {
        let mut all = WaysBySecond::default();
        let mut states = vec![WaysState::default(); conversations as usize];
        for second in 0..60 {
            for packet in 0..4 {
                for (at, state) in (0..conversations).zip(&mut states) {
                    let time = Timestamp((BEGIN + second) * SECOND + packet * SECOND / 5 + at);
                    let [a, b] = shows(at, second);
                    [(a, AToB), (b, BToA)].into_iter().filter(|(comes, _)| *comes).for_each(|(_, way)| {
                        all.observe(state, time, way, is_tcp.then_some(true));
                    });
                }
            }
        }
        states.into_iter().for_each(|state| all.close(state, is_tcp));
        let mut halves = WaysBySecond::default();
        halves.merge(&all);
        let lack_data = |second: i64| lacks.contains(&(second - BEGIN));
        assert_eq!(halves.one_way(lack_data), all.one_way(lack_data));
        let told = all.one_way(lack_data);
        assert!(told.iter().all(|(_, of_connections)| *of_connections == is_tcp));
        told.iter().map(|(time, _)| (time.first.0 / SECOND - BEGIN, time.last.0 / SECOND - BEGIN)).collect()
    }

    #[test]
    fn a_direction_that_is_missing_for_a_while_has_its_times() {
        let from = |first: i64, last: i64| move |_: i64, second: i64| [true, !(first..last).contains(&second)];
        assert_eq!(times(8, from(20, 35), false), [(20, 35)]);
        assert_eq!(times(8, from(30, 60), false), [(30, 60)], "to the end");
        assert_eq!(times(8, from(0, 20), true), [(0, 20)], "from the beginning, of connections");
        assert_eq!(times(8, from(20, 22), false), [], "too short");
        assert_eq!(times(2, from(20, 35), false), [], "two may pause");
        let one = |at: i64, second: i64| [true, !(20..35).contains(&second) || at == 0];
        assert_eq!((times(10, one, false), times(9, one, false)), (vec![(20, 35)], vec![]), "one in ten that goes on");
        let fewer = |at: i64, second: i64| [second < 30 || at < 2, !(20..35).contains(&second) && (second < 30 || at < 2)];
        assert_eq!(times(8, fewer, false), [(20, 35)], "two go on with what eight began");
        let twice = |_: i64, second: i64| [true, !(10..20).contains(&second) && !(40..45).contains(&second)];
        assert_eq!(times(8, twice, false), [(10, 20), (40, 45)]);
    }

    /// A mirror that loses packets, and shows one direction directly after: of who loses half some show one.
    #[test]
    fn seconds_that_lack_data_say_nothing_of_the_ways() {
        let shows = |at: i64, second: i64| [true, !(30..45).contains(&second) && (!(10..30).contains(&second) || at % 2 == 0)];
        assert_eq!((times_lacking(8, shows, true, 10..45), times(8, shows, true)), (vec![(30, 45)], vec![]));
        let half = |at: i64, second: i64| [true, second >= 30 || at % 2 == 0];
        assert_eq!(times_lacking(8, half, true, 0..30), [], "and loss alone is no direction");
    }

    #[test]
    fn who_never_speaks_or_is_never_mirrored_is_no_change() {
        assert_eq!(times(8, |_, _| [true, true], false), []);
        assert_eq!(times(8, |_, _| [true, false], true), [], "one direction only: dir.half");
        assert_eq!(times(8, |at, _| [true, at % 2 == 0], true), [], "half of them: routing");
        assert_eq!(times(8, |_, second| [true, second < 1], false), [], "hardly ever");
        // Each talks for ten seconds and listens for ten.
        assert_eq!(times(8, |at, second| [(second / 10 + at) % 2 == 0, (second / 10 + at) % 2 == 1], false), []);
    }

    #[test]
    fn the_state_is_three_bytes() {
        assert_eq!(size_of::<WaysState>(), 3);
        let mut all = WaysBySecond::default();
        let mut state = WaysState::default();
        for time in [i64::MIN, i64::MAX, 0, i64::MAX, i64::MIN] {
            all.observe(&mut state, Timestamp(time), AToB, Some(true));
        }
        assert_eq!(all.one_way(|_| false), []);
    }
}
