//! Pauses in which nothing arrived at all, beside traffic that knows none: the only sign of an outage where no sender is regular as a clock.
//!
//! A network that is idle now and then has pauses of every length; one that is never idle for a second, and then for half a minute, was not
//! mirrored meanwhile. A shorter one is told where conversations witness it ([`PauseWitness`]): bytes that are missing over it, connections that begin in
//! their middle behind it, or many clients that all pause at once; whether these rested is not known where nothing was open that an outage would have cut. Connections that go on over it with the next byte, of which nobody sent anything
//! again, lived through no outage: the clock was set forward; where none is open as it begins or ends, of many that would be, everybody rested. A pause longer than all the traffic beside it may as well be the gap between two
//! captures in one file. Those that come again and again are judged together ([`Recurring`]). Whoever writes the tape tells of pauses; packets cost nothing.

use super::pause::Pause;
use super::recurring::{PausesAlike, Recurring};
use super::witness::PauseWitness;
use crate::model::Arrange as _;
use crate::model::evidence::{
    Again, Forward, Outage, PAUSE, PAUSE_BESIDES, PAUSE_MISSED, PAUSE_MISSED_EACH, PAUSE_SHORT, PAUSE_STANDS, PAUSE_STEADY,
};
use crate::model::limits::OUTAGES;
use crate::model::time::SECOND;
use crate::model::{Episode, Timestamp};

/// Pauses of that length at most: more are how this traffic is.
const MOST: usize = 3;

/// Time and packets beside a pause before there is a mean of them.
const PAUSE_LEAST: i64 = SECOND;
const PAUSE_PACKETS: u64 = 100;

/// What pauses turn out to be.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct JudgedPauses {
    /// Nothing was mirrored, in the order of time.
    pub outages: Vec<Outage>,
    /// The clock was set forward.
    pub forward: Vec<Forward>,
    /// Outages that come again and again, all of them.
    pub again: Option<Again>,
}

/// The pauses of a capture so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pauses {
    /// The first packet.
    first: Option<Timestamp>,
    packets: u64,
    /// The longest ones, of at least [`PAUSE_SHORT`].
    long: [Pause; OUTAGES],
    /// The longest of all others, in nanoseconds.
    short: i64,
    /// All of them.
    recurring: Recurring,
}

impl Pauses {
    /// Shorter ones need not be told.
    pub const TOLD: i64 = PAUSE_SHORT / 10;

    /// Tells of packets that came, the first at `time`.
    pub fn count(&mut self, time: Timestamp, packets: u64) {
        self.first.get_or_insert(time);
        self.packets = self.packets.saturating_add(packets);
    }

    /// Tells that nothing arrived meanwhile. Those shorter than [`Self::TOLD`] need not be told.
    pub fn note(&mut self, mut pause: Pause) {
        self.recurring.note(pause);
        if pause.length() >= PAUSE_SHORT
            && let Some(shortest) = self.long.iter_mut().min_by_key(|known| known.length())
            && shortest.length() < pause.length()
        {
            std::mem::swap(&mut pause, shortest);
        }
        self.short = self.short.max(pause.length());
    }

    /// Of the `holes` between times that packets are stamped with, those that are each longer than all the time besides them, of which nobody knows whether
    /// anything was captured in them, in the order of time. None where there is too little besides to have a mean. Several that are alike are how this
    /// traffic is.
    pub fn gaps(mut long: Vec<Pause>, captured: Episode, packets: u64) -> Vec<Episode> {
        long.arrange_by_key(|pause| std::cmp::Reverse(pause.length()));
        let like = |pair: &[Pause]| pair.first().zip(pair.last()).is_some_and(|(a, b)| a.length() / 2 <= b.length());
        long.truncate(long.windows(MOST + 1).position(like).unwrap_or(long.len()));
        let mut besides = captured.last.since(captured.first);
        let mut left_out = (0, besides);
        for (at, pause) in long.iter().enumerate() {
            besides = besides.saturating_sub(pause.length());
            if pause.length() > besides {
                left_out = (at + 1, besides);
            }
        }
        let (count, besides) = left_out;
        let has_mean = besides >= PAUSE_LEAST && packets >= PAUSE_PACKETS;
        long.truncate(if has_mean { count } else { 0 });
        long.arrange_by_key(|pause| pause.from);
        long.into_iter().map(|Pause { from, to, .. }| Episode { first: from, last: to }).collect()
    }

    /// The pauses up to `now` that stand out of the traffic, the longest first: of which it is worth asking conversations.
    pub fn standing_out(&self, now: Timestamp) -> Vec<Pause> {
        let Some(rest) = self.rest(now) else { return Vec::new() };
        let mut found = self.known();
        let lengths: Vec<i64> = found.iter().map(Pause::length).collect();
        let next = |n: usize| lengths.get(n).copied().unwrap_or(0).max(self.short);
        let sudden = (1..=MOST.min(lengths.len())).rev().find(|n| lengths.get(n - 1).is_some_and(|l| l / PAUSE_STANDS >= next(*n)));
        let long = lengths.iter().filter(|l| **l >= PAUSE).count();
        found.truncate(sudden.unwrap_or(0).max(if long > MOST { 0 } else { long }));
        found.retain(|pause| rest.missed(pause) >= PAUSE_MISSED);
        found
    }

    /// The pauses up to `now` that come again and again, where there is enough traffic besides for something to be missing in them.
    pub fn alike(&self, now: Timestamp) -> Option<PausesAlike> {
        let alike = self.recurring.alike(1)?;
        let rest = self.beside(alike.nanos, now)?;
        let each = alike.nanos / i64::try_from(alike.count).ok()?;
        let is_missed = rest.missed_in(alike.nanos) >= PAUSE_MISSED && rest.missed_in(each) >= PAUSE_MISSED_EACH;
        is_missed.then_some(alike)
    }

    /// The pauses that conversations are to be asked of.
    pub fn asked(&self, now: Timestamp) -> Vec<Pause> {
        let mut all = self.standing_out(now);
        let alike = self.alike(now).into_iter().flat_map(|alike| alike.newest);
        all.extend(alike.filter(|pause| !all.contains(pause)).collect::<Vec<_>>());
        all
    }

    /// Takes in outages that come again and again.
    fn judge_alike(&self, now: Timestamp, witness: &impl Fn(&Pause) -> PauseWitness, judged: &mut JudgedPauses) {
        let Some(alike) = self.alike(now).filter(|alike| alike.tell(witness)) else { return };
        let Some(rest) = self.beside(alike.nanos, now) else { return };
        for pause in &alike.newest {
            let (seconds, missed) = (pause.to.seconds_since(pause.from), rest.missed_in(pause.length()));
            judged.outages.retain(|known| known.from != pause.from);
            judged.forward.retain(|known| known.from != pause.from);
            judged.outages.push(Outage { from: pause.from, seconds, missed, is_proved: true, ..Outage::default() });
        }
        let seconds = alike.nanos as f64 / SECOND as f64;
        judged.again = Some(Again { times: alike.count, seconds });
    }

    /// The pauses up to `now` that are so long that this alone tells them from the others.
    pub fn sudden(&self, now: Timestamp) -> Vec<Pause> {
        let mut found = self.standing_out(now);
        let ordinary = self.ordinary(&[]);
        found.retain(|pause| pause.length() >= PAUSE && pause.length() / PAUSE_STEADY >= ordinary);
        found
    }

    /// What the pauses up to `now` are that are no part of the traffic, by what conversations witness of each.
    pub fn judge(&self, now: Timestamp, witness: impl Fn(&Pause) -> PauseWitness) -> JudgedPauses {
        let mut judged = JudgedPauses::default();
        self.judge_each(now, &witness, &mut judged);
        self.judge_alike(now, &witness, &mut judged);
        judged.outages.sort_unstable_by_key(|outage| outage.from);
        judged.forward.sort_unstable_by_key(|forward| forward.from);
        judged
    }

    /// Takes in what stands out by itself.
    fn judge_each(&self, now: Timestamp, witness: &impl Fn(&Pause) -> PauseWitness, judged: &mut JudgedPauses) {
        let Some(rest) = self.rest(now) else { return };
        let mut candidates = self.standing_out(now);
        // Where numbers of several streams jump over a pause it does not have to be longer than others.
        let jumped = |pause: &Pause| rest.missed(pause) >= PAUSE_MISSED && witness(pause).is_lossy_by_streams();
        let more: Vec<Pause> = self.known().into_iter().filter(|pause| !candidates.contains(pause) && jumped(pause)).collect();
        candidates.extend(more);
        let told = |pause: &&Pause| {
            rest.besides >= PAUSE_BESIDES && witness(pause).tells(pause.length() / PAUSE_STEADY >= self.ordinary(&candidates))
        };
        let sudden: Vec<Pause> = candidates.iter().filter(|pause| pause.length() < PAUSE).filter(told).copied().collect();
        // Of those of [`PAUSE`] the length alone may tell, beside all others that are not told.
        let ordinary = self.ordinary(&sudden);
        for pause in &candidates {
            let (length, seen) = (pause.length(), witness(pause));
            let outlasts = length > rest.besides;
            let stands = match (length >= PAUSE, outlasts) {
                (false, _) => sudden.contains(pause),
                // What is longer than all the traffic besides stands out where that has hardly a pause, and would in ten seconds lack enough packets.
                (true, true) => ordinary.saturating_mul(PAUSE_STEADY) <= PAUSE && rest.rate * PAUSE as f64 >= PAUSE_MISSED as f64,
                (true, false) => rest.besides >= PAUSE_BESIDES && (length / PAUSE_STEADY >= ordinary || seen.is_lossy()),
            };
            let seconds = pause.to.seconds_since(pause.from);
            match stands {
                // Who rests has nothing open that an outage would cut.
                true if seen.rests() && !outlasts => {}
                // What talks with one host alone pauses when that does.
                true if seen.is_of_one_host() && !outlasts => {}
                true if seen.goes_on() && !outlasts => judged.forward.push(Forward { from: pause.from, seconds }),
                true => {
                    let missed = rest.missed(pause);
                    let (is_proved, is_undecided) = (seen.is_proved(), !outlasts && seen.is_undecided());
                    judged.outages.push(Outage {
                        from: pause.from,
                        seconds,
                        missed,
                        outlasts,
                        is_proved,
                        is_undecided,
                        ..Outage::default()
                    });
                }
                false => {}
            }
        }
    }

    /// The remembered ones, the longest first.
    fn known(&self) -> Vec<Pause> {
        let mut all: Vec<Pause> = self.long.iter().filter(|pause| pause.length() > 0).copied().collect();
        all.arrange_by_key(|pause| (std::cmp::Reverse(pause.length()), pause.from));
        all
    }

    /// Nanoseconds of the longest pause shorter than [`PAUSE`] that is none of these.
    fn ordinary(&self, but: &[Pause]) -> i64 {
        let others = self.long.iter().filter(|pause| pause.length() < PAUSE && !but.contains(pause));
        others.map(Pause::length).max().unwrap_or(0).max(self.short)
    }

    /// The traffic beside what is remembered.
    fn rest(&self, now: Timestamp) -> Option<Rest> {
        self.beside(self.long.iter().fold(0i64, |sum, pause| sum.saturating_add(pause.length())), now)
    }

    /// The traffic beside pauses of so many nanoseconds.
    fn beside(&self, paused: i64, now: Timestamp) -> Option<Rest> {
        let besides = now.since(self.first?).saturating_sub(paused);
        (besides >= PAUSE).then_some(Rest { besides, rate: self.packets as f64 / besides as f64 })
    }
}

/// The traffic beside pauses.
#[derive(Clone, Copy)]
struct Rest {
    /// Nanoseconds.
    besides: i64,
    /// Packets a nanosecond.
    rate: f64,
}

impl Rest {
    /// Packets that would have come in a pause.
    fn missed(&self, pause: &Pause) -> u64 {
        self.missed_in(pause.length())
    }

    /// The same of so many nanoseconds.
    fn missed_in(&self, nanos: i64) -> u64 {
        (self.rate * nanos as f64) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::MILLISECOND;

    fn seconds(n: i64) -> Timestamp {
        Timestamp(n * SECOND)
    }

    fn pause(from: i64, to: i64) -> Pause {
        Pause { from: seconds(from), to: seconds(to), others: 0 }
    }

    /// Outages where no conversation tells anything.
    fn outages(all: &Pauses, now: i64) -> Vec<Outage> {
        all.judge(seconds(now), |_| PauseWitness::default()).outages
    }

    #[test]
    fn a_host_that_pauses_is_no_clock_that_is_set() {
        let judged = |servers: u64| {
            let mut all = Pauses::default();
            all.count(seconds(0), 100_000);
            all.note(pause(50, 65));
            let over = PauseWitness { over: 20, clients: [0xffff; 2], servers: [servers], ..PauseWitness::default() };
            let judged = all.judge(seconds(100), |_| over);
            (judged.outages.len(), judged.forward.len())
        };
        assert_eq!((judged(0b1), judged(0b101)), ((0, 0), (0, 1)), "connections with one server, and with two");
    }

    /// Of traffic from second 0 to 100 with these pauses: where outages begin.
    fn found(pauses: &[(i64, i64)], packets: u64) -> Vec<i64> {
        let mut all = Pauses::default();
        all.count(seconds(0), packets);
        pauses.iter().for_each(|&(from, to)| all.note(pause(from, to)));
        outages(&all, 100).iter().map(|o| o.from.0 / SECOND).collect()
    }

    #[test]
    fn a_pause_of_steady_traffic_is_an_outage() {
        assert_eq!(found(&[(20, 50)], 4_200), [20]);
        assert_eq!(found(&[(5, 6), (60, 75), (20, 50)], 4_200), [20, 60]);
        assert_eq!(found(&[(5, 7), (60, 75), (20, 50)], 4_200), [20], "15 s are not eight times 2 s");
        assert_eq!(found(&[(20, 29)], 9_000), [0i64; 0], "short");
        assert_eq!(found(&[(20, 30)], 9_000), [20]);
    }

    #[test]
    fn what_is_longer_than_all_traffic_besides_is_told_apart() {
        let mut all = Pauses::default();
        all.count(seconds(0), 4_200);
        all.note(pause(10, 60));
        let outlasts = |all: &Pauses, end| outages(all, end).iter().map(|o| o.outlasts).collect::<Vec<_>>();
        assert_eq!((outlasts(&all, 100), outlasts(&all, 99)), (vec![false], vec![true]));
        // A clock that was set forward by a year.
        let mut all = Pauses::default();
        all.count(seconds(0), 600);
        all.note(pause(10, 365 * 86_400));
        assert_eq!(outlasts(&all, 365 * 86_400 + 10), [true]);
    }

    /// However thin the traffic is: a mean over years says nothing of it.
    #[test]
    fn a_mean_leaves_out_what_is_longer_than_all_besides() {
        let gaps = |pauses: &[(i64, i64)], packets, end| {
            let holes = pauses.iter().map(|&(from, to)| pause(from, to)).collect();
            Pauses::gaps(holes, Episode { first: seconds(0), last: seconds(end) }, packets)
                .iter()
                .map(|gap| (gap.first.0 / SECOND, gap.last.0 / SECOND))
                .collect::<Vec<_>>()
        };
        assert_eq!(gaps(&[(20, 259_200)], 400, 259_220), [(20, 259_200)]);
        assert_eq!(gaps(&[(20, 259_200)], 99, 259_220), [], "too few for a mean");
        assert_eq!(gaps(&[(0, 3_600)], 4_000, 3_600), [], "nothing besides");
        // 60 s of traffic with pauses of an hour and of a day: both are longer than all besides them.
        let (hour, day) = ((20, 3_620), (3_640, 90_040));
        assert_eq!(gaps(&[day, hour], 400, 90_060), [hour, day]);
        assert_eq!(gaps(&[(20, 81), (101, 90_000)], 400, 90_020), [(20, 81), (101, 90_000)], "61 s beside 60");
        assert_eq!(gaps(&[(20, 79), (99, 90_000)], 400, 90_020), [(99, 90_000)], "59 s beside 60");
        // Two of which neither is longer than the other and all the rest are so together.
        assert_eq!(gaps(&[(10, 1_010), (1_020, 2_019)], 400, 2_030), [(10, 1_010), (1_020, 2_019)]);
        let alike = |count: i64| (0..count).map(|n| (n * 600 + 1, n * 600 + 600)).collect::<Vec<_>>();
        assert_eq!(gaps(&alike(6), 400, 3_600), [], "that is how this traffic is");
        assert_eq!(gaps(&alike(3), 400, 1_800), alike(3));
        assert_eq!(gaps(&[alike(6), vec![(3_600, 90_000)]].concat(), 400, 90_010), [(3_600, 90_000)]);
    }

    #[test]
    fn traffic_that_pauses_by_itself_is_left_alone() {
        assert_eq!(found(&[(20, 50), (60, 64)], 4_200), [0i64; 0]);
        assert_eq!(found(&[(0, 10), (20, 30), (40, 50), (60, 70)], 4_200), [0i64; 0], "again and again");
        assert_eq!(found(&[(20, 50)], 400), [0i64; 0], "six packets a second are few");
        assert_eq!(found(&[(4, 95)], 4_200), [0i64; 0], "hardly anything besides");
        assert_eq!(found(&[(10, 85), (90, 93)], 4_200), [0i64; 0], "and that has pauses");
        assert_eq!(found(&[(10, 85)], 400), [0i64; 0], "or few packets");
        let many: Vec<(i64, i64)> = (0..40).map(|n| (n * 100, n * 100 + 20)).collect();
        assert_eq!(found(&many, 1_000_000), [0i64; 0]);
        assert_eq!(outages(&Pauses::default(), 9).len(), 0);
    }

    /// 200 packets a second for a minute with one pause of so many milliseconds, and everything else at most 0.3 s apart.
    fn short(millis: i64, seen: PauseWitness) -> (usize, usize) {
        let mut all = Pauses::default();
        all.count(seconds(0), 12_000);
        let at = |from: i64, millis: i64| Pause { from: seconds(from), to: seconds(from).plus(millis * MILLISECOND), others: 0 };
        [at(10, 300), at(20, 280), at(30, millis)].into_iter().for_each(|pause| all.note(pause));
        let judged = all.judge(seconds(60), |_| seen);
        (judged.outages.len(), judged.forward.len())
    }

    #[test]
    fn a_pause_that_cuts_connections_is_proved() {
        let told = |seen: PauseWitness| {
            let mut all = Pauses::default();
            all.count(seconds(0), 12_000);
            let at = |from: i64, millis: i64| Pause { from: seconds(from), to: seconds(from).plus(millis * MILLISECOND), others: 0 };
            [at(10, 2_000), at(30, 16_000)].into_iter().for_each(|pause| all.note(pause));
            all.judge(seconds(60), |_| seen).outages.last().map(|outage| (outage.is_proved, outage.is_undecided))
        };
        let of = |hosts: u64, over, cut| PauseWitness { over, cut, unfinished: cut, clients: [hosts; 2], ..PauseWitness::default() };
        let (proved, told_only, undecided, rest) = (Some((true, false)), Some((false, false)), Some((false, true)), None);
        assert_eq!((told(of(0xff, 0, 4)), told(of(0xff, 0, 3))), (proved, undecided), "three may be left open");
        assert_eq!(told(of(0x07, 0, 4)), told_only, "of three hosts");
        assert_eq!(told(of(0xffff, 0, 0)), undecided, "however many hosts: everybody may have rested");
        assert_eq!(told(PauseWitness { unfinished: 22, ..of(0xff, 0, 4) }), proved, "four in a second, 18 in the nine beside it");
        assert_eq!(told(PauseWitness { unfinished: 23, ..of(0xff, 0, 4) }), undecided, "connections are left open all the time");
        assert_eq!(told(PauseWitness { apart: 1, ..of(0xff, 1, 4) }), told_only, "and one that goes on");
        assert_eq!(told(PauseWitness { lost: 1, ..of(0xff, 9, 0) }), proved, "but for what is missing over it");
        let steady = |steady, hosts| told(PauseWitness { steady, ..of(hosts, 0, 0) });
        assert_eq!((steady(4, 0xffff), steady(3, 0xffff)), (told_only, undecided), "four that speak all the time");
        assert_eq!((steady(3, 0x3f), steady(1, 0b11), steady(1, 0b111)), (told_only, told_only, undecided), "or half of those who speak");
        let midway = |torn| PauseWitness { midway: 1, torn, ..of(0xff, 0, 0) };
        assert_eq!((told(midway(1)), told(midway(0))), (proved, undecided), "who was idle before it all began speaks again some time");
        let open = |seconds: u64, left| PauseWitness { open_millis: seconds * 1_000, unfinished: left, ..of(0xff, 0, 0) };
        assert_eq!((told(open(80, 0)), told(open(79, 0))), (rest, undecided));
        assert_eq!((told(open(160, 1)), told(open(159, 1))), (rest, undecided), "one is left open");
        let over = |briefly_over| told(PauseWitness { over: 1, briefly_over, ..open(159, 0) });
        assert_eq!((over(0), over(1)), (rest, undecided), "or idle, as it always is");
    }

    #[test]
    fn a_short_pause_is_told_where_conversations_witness_it() {
        let lossy = PauseWitness { lost: 1_460, ..PauseWitness::default() };
        let many = PauseWitness { clients: [0xff; 2], ..PauseWitness::default() };
        let clean = PauseWitness { over: 3, ..many };
        // 200 packets are missing from a second on, four times 0.3 s and eight times that are 1.2 and 2.4 s.
        assert_eq!([990, 1_190, 1_210, 2_000, 9_500].map(|l| short(l, lossy)), [(0, 0), (0, 0), (1, 0), (1, 0), (1, 0)]);
        assert_eq!([2_000, 2_390, 2_410, 9_500].map(|l| short(l, many)), [(0, 0), (0, 0), (1, 0), (1, 0)]);
        assert_eq!([2_000, 2_410, 9_500, 10_000].map(|l| short(l, clean)), [(0, 0), (0, 1), (0, 1), (0, 1)]);
        let again = PauseWitness { again: 1_460, ..clean };
        assert_eq!([2_410, 10_000].map(|l| short(l, again)), [(1, 0); 2], "who sends again has lost something");
        let few = PauseWitness { clients: [7; 2], ..PauseWitness::default() };
        assert_eq!([9_500, 10_000].map(|l| short(l, few)), [(0, 0), (1, 0)], "three may pause by themselves");
    }
}
