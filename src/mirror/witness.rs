//! What conversations witness of a pause: whether somebody spoke in it and was not heard, or time alone is missing.

use super::Pause;
use crate::model::sum::{Rule, Sum, sums};
use crate::model::time::{MILLISECOND, SECOND};
use crate::model::{Address, Timestamp};
use std::hash::{DefaultHasher, Hash, Hasher};

/// Clients that do not pause all at once by chance.
const MANY: u32 = 4;

/// Connections that go on over a pause before it is a clock's: one may have rested.
const GO_ON: u64 = 2;

/// How far from a pause clients are looked for.
const NEAR: i64 = 10 * SECOND;

/// Connections that would be open where it begins or ends, at least, before that none is says that it is a rest: by chance none of so many is hardly
/// ever (3 of 10,000, where each is opened for itself). As many more for each that is open: who goes home leaves some.
const CROSSINGS: i64 = 8;

/// Conversations in their middle where it begins or ends that say that it cut them: who rests leaves one or another open.
const CUT: u64 = 4;

/// How much more often that is so within [`SOON`] of it than within the rest of [`NEAR`], at least: some are left open at any time.
const CUT_OFTENER: i64 = 2;

/// How many times as long as its own pauses one is that a conversation does not make by itself, and its packets before it has any.
const STEADY: i64 = 8;

/// How long after a pause connections that begin in their middle began in it.
const SOON: i64 = SECOND;

/// Bits that are set where any part has them.
#[derive(Debug)]
pub struct AnyBits;

impl<const N: usize> Rule<[u64; N]> for AnyBits {
    fn merge(sum: &mut [u64; N], other: &[u64; N]) {
        sum.iter_mut().zip(other).for_each(|(sum, other)| *sum |= other);
    }

    fn since(now: &[u64; N], _: &[u64; N]) -> [u64; N] {
        *now
    }
}

sums! {
    /// What is seen of conversations around a pause.
    #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
    pub struct PauseWitness {
        /// TCP connections with packets before and after.
        pub over: u64,
        /// Of them those that are open for ten seconds at most besides: who is for longer may be idle over any rest.
        pub briefly_over: u64,
        /// Of them those of which one direction ends before it and the other goes on after it.
        pub apart: u64,
        /// By how many seconds their last packets lie apart, together.
        pub apart_seconds: u64,
        /// Connections whose first packet comes just after it and opens none.
        pub midway: u64,
        /// Of them those that ended: short ones, and none older than the capture that rest most of the time.
        pub torn: u64,
        /// Connections that spoke until it came, did not end and never speak again.
        pub cut: u64,
        /// Connections whose first packet opens none and comes behind no pause at all, but for the first seconds of the capture.
        pub midway_elsewhere: u64,
        /// Hosts that open conversations, before and after: a bit of each.
        pub clients: [u64; 2] => AnyBits,
        /// Whom the connections over it are with: a bit of each.
        pub servers: [u64; 1] => AnyBits,
        /// Acknowledged bytes that were missing from just after it on.
        pub lost: u64,
        /// Bytes that were sent again just after it, beyond what is usual.
        pub again: u64,
        /// Streams whose numbers (RTP) jump over it.
        pub streams: u64,
        /// Milliseconds for which whole connections were open within ten seconds before it and within as many behind it, together.
        pub open_millis: u64,
        /// Connections near it that were left open before it, or are met in their middle behind it.
        pub unfinished: u64,
        /// Conversations without connections that go over it and are seldom silent for long.
        pub steady: u64,
    }
}

/// A conversation, as far as pauses ask.
#[derive(Debug, Clone, Copy)]
pub struct Witness {
    /// Who began it, and with whom.
    pub ends: [Address; 2],
    /// Its first packet.
    pub first: Timestamp,
    /// The last one of each direction, where known.
    pub last_of: [Option<Timestamp>; 2],
    /// The last one.
    pub last: Timestamp,
    /// Packets of it.
    pub packets: u64,
    /// A TCP connection.
    pub is_tcp: bool,
    /// One whose beginning was not seen.
    pub is_midway: bool,
    /// One that was closed or cut.
    pub has_ended: bool,
    /// Its first packet comes just behind any pause that is asked of.
    pub is_behind_any: bool,
}

impl Witness {
    /// Whether it speaks so often, beside a pause that it goes over, that it does not make that pause by itself.
    fn is_steady_beside(&self, pause: &Pause) -> bool {
        let spoken = self.last.since(self.first).saturating_sub(pause.length());
        let packets = i64::try_from(self.packets).unwrap_or(i64::MAX);
        packets >= STEADY && spoken / packets.max(1) <= pause.length() / STEADY
    }

    /// Nanoseconds of a stretch in which it was open.
    fn open_in(&self, from: Timestamp, to: Timestamp) -> i64 {
        self.last.min(to).since(self.first.max(from)).max(0)
    }

    /// Whether its first packet comes just behind a pause.
    pub fn is_behind(&self, pause: &Pause) -> bool {
        (0..=SOON).contains(&self.first.since(pause.to))
    }
}

/// The bit that stands for a host.
fn bit_of(host: Address) -> u64 {
    let mut hash = DefaultHasher::new();
    host.hash(&mut hash);
    1 << (hash.finish() % 64)
}

/// Streams that do not jump all at once by themselves.
const STREAMS: u64 = 2;

impl PauseWitness {
    /// Asks a conversation about a pause of a capture that began at `begin`.
    pub fn ask(&mut self, pause: &Pause, seen: &Witness, begin: Timestamp) {
        let [bit, served_by] = seen.ends.map(bit_of);
        let before = seen.first <= pause.from && seen.last.since(pause.from) >= -NEAR;
        let after = seen.last >= pause.to && seen.first.since(pause.to) <= NEAR;
        for (bits, is_near) in self.clients.iter_mut().zip([before, after]) {
            *bits |= if is_near { bit } else { 0 };
        }
        if !seen.is_tcp {
            self.steady += u64::from(before && after && seen.is_steady_beside(pause));
            return;
        }
        self.note_open(pause, seen);
        if seen.first <= pause.from && seen.last >= pause.to {
            self.over += 1;
            self.briefly_over += u64::from(seen.last.since(seen.first).saturating_sub(pause.length()) <= NEAR);
            self.servers[0] |= served_by;
            self.note_apart(pause, seen);
        } else if seen.is_midway && seen.is_behind(pause) {
            self.midway += 1;
            self.torn += u64::from(seen.has_ended);
        } else if !seen.has_ended && (0..=SOON).contains(&pause.from.since(seen.last)) {
            self.cut += 1;
        } else if seen.is_midway && !seen.is_behind_any && seen.first.since(begin) > NEAR {
            self.midway_elsewhere += 1;
        }
    }

    /// Whether it was open near the pause, and is known as a whole.
    fn note_open(&mut self, pause: &Pause, seen: &Witness) {
        let is_before = seen.last <= pause.from && pause.from.since(seen.last) <= NEAR;
        let is_behind = seen.first >= pause.to && seen.first.since(pause.to) <= NEAR;
        if is_before && !seen.has_ended || is_behind && seen.is_midway {
            self.unfinished += 1;
        } else if is_before || is_behind {
            let open = seen.open_in(pause.from.plus(-NEAR), pause.from).saturating_add(seen.open_in(pause.to, pause.to.plus(NEAR)));
            self.open_millis = self.open_millis.saturating_add((open / MILLISECOND).unsigned_abs());
        }
    }

    /// Whether those who speak rested: as often as connections are open beside it many would be when it begins or ends, and hardly any is; each was
    /// closed before it, or is opened behind it. An outage cuts them, and over a clock that is set they go on.
    pub fn rests(&self) -> bool {
        let open = self.unfinished.saturating_add(self.briefly_over);
        let needed = (CROSSINGS * NEAR / MILLISECOND).unsigned_abs().saturating_mul(open.saturating_add(1));
        !self.is_lossy() && !self.are_cut() && !self.are_stopped() && self.open_millis >= needed
    }

    /// Whether connections stopped in their middle just as it began, or are met in it just behind, more often than at other times near it.
    fn are_cut(&self) -> bool {
        let cut = self.cut.saturating_add(self.midway);
        let beside = self.unfinished.saturating_sub(cut);
        let (soon, near) = (SOON.unsigned_abs(), (NEAR - SOON).unsigned_abs());
        cut >= CUT && cut.saturating_mul(near) >= beside.saturating_mul(soon).saturating_mul(CUT_OFTENER.unsigned_abs())
    }

    /// Whether nothing says if it was a rest or a time without a mirror: nothing is missing over it, no connection was in its middle that it could have
    /// cut, or too few, and nobody who speaks all the time stopped.
    pub fn is_undecided(&self) -> bool {
        let was_waited = self.over >= GO_ON && (self.again > 0 || self.apart > 0);
        !self.is_lossy() && !self.are_cut() && !self.are_stopped() && !was_waited
    }

    /// Whether those stopped who speak all the time without connections: some, or most of those who speak. One among many may rest with them.
    fn are_stopped(&self) -> bool {
        self.steady >= CUT || self.steady > 0 && self.steady.saturating_mul(2) >= self.clients().into()
    }

    fn note_apart(&mut self, pause: &Pause, seen: &Witness) {
        let [Some(a), Some(b)] = seen.last_of else { return };
        if a.min(b) <= pause.from && a.max(b) >= pause.to {
            self.apart += 1;
            self.apart_seconds = self.apart_seconds.saturating_add((a.since(b).unsigned_abs() + SECOND as u64 / 2) / SECOND as u64);
        }
    }

    /// Hosts that were active shortly before it and shortly after, at least so many.
    pub fn clients(&self) -> u32 {
        let [before, after] = self.clients;
        (before & after).count_ones()
    }

    /// Hosts that were active shortly before it, at least so many.
    pub fn clients_before(&self) -> u32 {
        self.clients[0].count_ones()
    }

    /// Whether more streams jump over it than may be moved at once.
    pub fn is_lossy_by_streams(&self) -> bool {
        self.streams > STREAMS
    }

    /// Whether something was said in it that was not seen.
    pub fn is_lossy(&self) -> bool {
        // Connections older than the capture are met midway whenever they speak for the first time, and few of them end at once.
        let is_torn = (self.torn > 0 || self.midway >= CUT) && self.midway > self.midway_elsewhere;
        self.lost > 0 || self.streams >= STREAMS || is_torn
    }

    /// Whether it surely was no pause of those who speak: something was said in it, or it cut connections and none outlives it. Who stands still goes on.
    pub fn is_proved(&self) -> bool {
        self.is_lossy() || self.over == 0 && self.are_cut() && self.clients() >= MANY
    }

    /// What proves, of one pause among many, that something was said in it.
    pub fn proofs(&self) -> u64 {
        let jumps = if self.streams >= STREAMS { self.streams } else { 0 };
        self.torn.saturating_add((self.lost > 0).into()).saturating_add(jumps)
    }

    /// Whether connections went on over it as if it had not been: nothing is missing, and nobody waited for anything.
    pub fn goes_on(&self) -> bool {
        self.over >= GO_ON && self.over > 2 * self.apart && self.clients() >= MANY && !self.is_lossy() && self.again == 0
    }

    /// Whether it may be the pause of a single host: all connections over it are with that one, and nothing is missing of what they say. Its clients
    /// wait for it, and go on when it does.
    pub fn is_of_one_host(&self) -> bool {
        self.over >= GO_ON && self.servers[0].count_ones() == 1 && !self.is_lossy()
    }

    /// Whether it was no pause of the traffic's own, of which `is_steady` says that it is far longer than those.
    pub fn tells(&self, is_steady: bool) -> bool {
        self.is_lossy() || is_steady && self.clients() >= MANY
    }

    /// Seconds by which the clocks of the two directions lie apart, where connections that go over it consist of one before and the other after.
    pub fn clocks_apart(&self) -> Option<f64> {
        const LEAST: u64 = 5;
        let most = self.apart >= LEAST && self.apart.saturating_mul(4) > self.over.saturating_mul(3);
        most.then(|| self.apart_seconds as f64 / self.apart as f64)
    }
}

/// Witnesses of pauses, each with its own.
#[derive(Debug)]
pub struct ByPause;

impl Rule<Vec<(Pause, PauseWitness)>> for ByPause {
    fn merge(sum: &mut Vec<(Pause, PauseWitness)>, other: &Vec<(Pause, PauseWitness)>) {
        for (pause, more) in other {
            match sum.iter_mut().find(|(known, _)| known == pause) {
                Some((_, witness)) => witness.merge(more),
                None => sum.push((*pause, *more)),
            }
        }
    }

    fn since(now: &Vec<(Pause, PauseWitness)>, _: &Vec<(Pause, PauseWitness)>) -> Vec<(Pause, PauseWitness)> {
        now.clone()
    }
}
