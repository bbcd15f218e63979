//! One service: what happened since the beginning, in bins of the last ten minutes, and what is usual.

use super::answers::trouble;
use super::counts::{ServiceCounts, TripCounts};
use super::guesses::Guesses;
use super::lately_trips::LatelyTrips;
use super::unanswered::UnansweredSince;
use super::usual::UsualService;
use super::{BIN, MINUTE, REMEMBERED};
use crate::model::Arrange as _;
use crate::model::evidence::{ByTrouble, FEWEST_TRIPS, Guessing, TTL_PACKETS, TripWindow, Trouble, UnreachableReport};
use crate::model::{
    Address, Answer, AppId, Attempt, AttemptOutcome, Histogram, Mac, PathSide, ProvingPackets, Quantiles, ResponseBy, Timestamp,
    Transaction, TransactionEnd,
};
use std::collections::VecDeque;

/// What is known of a service.
#[derive(Debug, Default)]
pub(super) struct ServiceRecord {
    pub(super) app: AppId,
    /// The station that its clients' frames go to: the host itself, or a router before it.
    pub(super) next: Mac,
    /// The VLANs of those frames: the first, and whether there are others.
    pub(super) vlan: Option<u16>,
    pub(super) is_in_several: bool,
    pub(super) whole: ServiceCounts,
    /// Each with its number, ascending.
    pub(super) bins: VecDeque<(i64, ServiceCounts)>,
    /// The latest of them in which anything went wrong, but for the newest, in which it may still.
    pub(super) troubled: Option<i64>,
    pub(super) usual: UsualService,
    pub(super) last: Timestamp,
    pub(super) first_success: Option<Timestamp>,
    pub(super) last_success: Option<Timestamp>,
    pub(super) unanswered: UnansweredSince,
    /// Requests over TCP that have waited for longer than users do, and do not count as unanswered yet.
    pub(super) waiting: u64,
    /// Shortest, nanoseconds.
    pub(super) server_half: Option<i64>,
    pub(super) client_half: Option<Histogram>,
    pub(super) network: Option<Histogram>,
    pub(super) response: Option<Histogram>,
    /// What these are measured by, and how many measured otherwise came since.
    response_by: ResponseBy,
    beside: u64,
    /// The first of these.
    pub(super) first_turn: Option<Timestamp>,
    /// The latest round trips to it.
    pub(super) trips: LatelyTrips,
    pub(super) guesses: Guesses,
    pub(super) answers_ttl: AnswersTtl,
    /// Who says by ICMP that it cannot be reached, a few of them, and when last.
    unreachable: Vec<(UnreachableReport, Timestamp)>,
    /// Packets that prove what went wrong lately.
    proof: ByTrouble<ProvingPackets>,
}

/// The TTL that SYN-ACKs of a service have, where all have the same of late.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct AnswersTtl {
    ttl: u8,
    /// SYN-ACKs with this one since there was another.
    answers: u64,
    /// There was another: a new way to the service, or several hosts behind one address.
    differ: bool,
}

impl AnswersTtl {
    /// SYN-ACKs in a row after which another TTL before them was that of another way: several hosts take turns sooner.
    const SETTLED: u64 = 100;

    fn note(&mut self, ttl: u8) {
        if self.answers > 0 && ttl != self.ttl {
            (self.differ, self.answers) = (true, 0);
        }
        (self.ttl, self.answers) = (ttl, self.answers.saturating_add(1));
        self.differ &= self.answers < Self::SETTLED;
    }

    /// The TTL of all of them, once they are enough.
    pub(super) fn sure(self) -> Option<u8> {
        (self.answers >= TTL_PACKETS.number() && !self.differ && self.ttl > 0).then_some(self.ttl)
    }
}

impl ServiceRecord {
    /// Those who say that it cannot be reached that are told apart.
    const REPORTS: usize = 4;

    /// Somebody says by ICMP that it cannot be reached.
    pub(super) fn note_unreachable(&mut self, reporter: Address, code: u8, time: Timestamp) {
        // Who said so long ago makes room.
        self.unreachable.retain(|(_, last)| time.since(*last) < REMEMBERED * BIN);
        if let Some((known, last)) = self.unreachable.iter_mut().find(|(r, _)| (r.reporter, r.code) == (reporter, code)) {
            (known.count, *last) = (known.count.saturating_add(1), (*last).max(time));
        } else if self.unreachable.len() < Self::REPORTS {
            self.unreachable.push((UnreachableReport { reporter, code, count: 1 }, time));
        }
    }

    /// Who says so, most often first.
    pub(super) fn unreachable(&self) -> Vec<UnreachableReport> {
        let mut all: Vec<UnreachableReport> = self.unreachable.iter().map(|(report, _)| *report).collect();
        all.arrange_by_key(|r| (std::cmp::Reverse(r.count), r.reporter, r.code));
        all
    }

    /// One of which nothing is known so far.
    pub(super) fn unknown() -> Self {
        Self { whole: ServiceCounts::of_everything(), ..Self::default() }
    }

    /// The bins of the last so many up to a number.
    pub(super) fn latest(&self, number: i64, bins: i64) -> impl Iterator<Item = &ServiceCounts> + Clone {
        self.bins.iter().rev().take_while(move |b| b.0 > number.saturating_sub(bins)).map(|b| &b.1)
    }

    /// Round trips of the last whole bin, and of the last two: of each as soon as there are enough to tell whether they have become long. A bin
    /// in hand would tell another thing at each moment.
    pub(super) fn lately(&self, number: i64) -> Vec<[TripWindow; 2]> {
        let whole = |bins: i64| self.bins.iter().rev().filter(move |b| (1..=bins).contains(&number.saturating_sub(b.0)));
        let trips = |bins, side| whole(bins).filter_map(move |(_, counts)| counts.trips(side));
        let are_enough = |bins, side| {
            self.usual.trip(side).is_some()
                && trips(bins, side).fold(0u64, |sum, t| sum.saturating_add(t.times.count())) >= FEWEST_TRIPS.number()
        };
        let window =
            |bins| [0, 1].map(|side| if are_enough(bins, side) { TripCounts::window(trips(bins, side)) } else { TripWindow::default() });
        (1..=2).map(window).filter(|sides| sides.iter().any(|side| side.times.is_some())).collect()
    }

    /// A response time. They are kept of one kind: how connections begin only where nothing else is seen, and of what is read and what is not that of
    /// which there is more.
    pub(super) fn note_response(&mut self, nanos: i64, by: ResponseBy) {
        let known = self.response.as_ref().map_or(0, Histogram::len);
        match (self.response_by, by) {
            _ if known == 0 => self.response_by = by,
            (now, by) if now == by => {}
            (_, ResponseBy::Handshakes) => return,
            (ResponseBy::Handshakes, _) => (self.response, self.response_by) = (None, by),
            _ => {
                self.beside = self.beside.saturating_add(1);
                if self.beside <= known {
                    return;
                }
                (self.response, self.response_by, self.beside) = (None, by, 0);
            }
        }
        self.response.get_or_insert_default().count(nanos);
    }

    /// So many response times that are the same.
    fn note_responses(&mut self, times: u32, nanos: i64, by: ResponseBy) {
        (0..times).for_each(|_| self.note_response(nanos, by));
    }

    /// What went wrong for a client so often did not after all: of everything, and of the latest time in which it did.
    pub(super) fn take_back(&mut self, client: Address, what: (Trouble, u32)) {
        self.whole.take_back(client, what);
        self.bins.iter_mut().rev().find_map(|(_, counts)| counts.take_back(client, what).then_some(()));
    }

    /// Response times, and what they are measured by.
    pub(super) fn response(&self) -> Option<(Quantiles, ResponseBy)> {
        Some((self.response.as_ref()?.quantiles()?, self.response_by))
    }

    /// A packet that shows that something went wrong.
    pub(super) fn prove(&mut self, trouble: Trouble, number: u64) {
        if number > 0 {
            self.proof.get_or_insert(trouble, ProvingPackets::default).note(number);
        }
    }

    /// Packets that do, by what went wrong.
    pub(super) fn proof(&self) -> Vec<(Trouble, ProvingPackets)> {
        self.proof.iter().map(|(trouble, proof)| (trouble, *proof)).collect()
    }

    /// Whether its clients may be meant to wait.
    pub(super) fn may_hold(&self) -> bool {
        let waits = self.whole.waits(self.first_turn);
        waits.held > 0 || waits.talks > 0
    }

    /// Whether anything went wrong in what is remembered.
    pub(super) fn is_troubled(&self, number: i64) -> bool {
        let remembered = number.saturating_sub(REMEMBERED);
        self.troubled.is_some_and(|latest| latest > remembered)
            || self.bins.back().is_some_and(|(latest, counts)| *latest > remembered && counts.is_troubled())
    }

    /// Whether anything can be found: most services have no trouble, of them only round trips of the last minute tell anything. Every service is
    /// asked every ten seconds of packet time.
    pub(super) fn may_tell(&self, number: i64) -> bool {
        let trips =
            |side| self.latest(number, MINUTE).filter_map(|c| c.trips(side)).fold(0u64, |sum, t| sum.saturating_add(t.times.count()));
        self.is_troubled(number) || (0..2).any(|side| trips(side) >= FEWEST_TRIPS.number())
    }

    /// Who was refused under most names within ten minutes, and what became of its requests.
    pub(super) fn guessing(&self, now: Timestamp) -> Option<Guessing> {
        let (client, names, is_more) = self.guesses.most(now)?;
        let recent = self.latest(now.0.div_euclid(super::BIN), REMEMBERED);
        let [answers, refused] = recent.fold([0u64; 2], |[answers, refused], counts| {
            let of = counts.of(client);
            [answers.saturating_add(of.answered.into()), refused.saturating_add(of.trouble(Trouble::Denied).into())]
        });
        Some(Guessing { client, names, is_more, answers, refused })
    }

    /// An attempt to connect was decided; `silent` so many attempts of the client were answered by nothing.
    pub(super) fn note_attempt(&mut self, attempt: &Attempt, client: Address, silent: u32) {
        self.is_in_several |= self.next != Mac::default() && self.vlan != attempt.vlan;
        (self.next, self.vlan) = (attempt.next, attempt.vlan);
        if attempt.outcome == AttemptOutcome::Established {
            self.succeeded(attempt.time);
            self.answers_ttl.note(attempt.ttl);
            self.unanswered.established(attempt.time);
        } else if silent > 0 {
            self.unanswered.attempts(client, silent, (attempt.first, attempt.time));
        }
        attempt.earlier.into_iter().for_each(|earlier| self.unanswered.take_back(earlier.outcome, attempt.first));
        match attempt.outcome {
            AttemptOutcome::Refused => self.unanswered.refused(client, (attempt.first, attempt.time)),
            _ if silent > 0 => self.unanswered.failed(),
            _ => {}
        }
        if let Some(half) = attempt.server_half {
            self.server_half = Some(self.server_half.map_or(half, |least| least.min(half)));
            self.network.get_or_insert_default().count(half);
            self.trips.note(PathSide::Server, attempt.time, half);
        }
        if let Some(half) = attempt.client_half {
            self.client_half.get_or_insert_default().count(half);
        }
    }

    /// It did what somebody wanted of it.
    fn succeeded(&mut self, time: Timestamp) {
        self.first_success = Some(self.first_success.map_or(time, |first| first.min(time)));
        self.last_success = self.last_success.max(Some(time));
    }

    /// A request was answered, or was not.
    pub(super) fn note_transaction(&mut self, t: &Transaction, client: Address, answer: Answer) {
        let time = t.answered.unwrap_or(t.asked);
        self.app = t.app;
        if answer == Answer::Denied && t.question != 0 {
            self.guesses.note(client, t.question, time);
        }
        if let Some(latency) = t.latency() {
            self.succeeded(time);
            self.unanswered.answered(client, t.asked, time);
            if trouble(answer).is_none() {
                self.unanswered.good(time);
            }
            match answer {
                Answer::Held => {}
                Answer::Begun => self.note_responses(t.times, latency, ResponseBy::Handshakes),
                _ => self.note_responses(t.times, latency, ResponseBy::Answers),
            }
        } else if t.end == TransactionEnd::Unanswered && !t.flow.is_tcp() {
            (0..t.times).for_each(|_| self.unanswered.request(client, t.asked));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_said_long_ago_that_it_cannot_be_reached_makes_room() {
        let mut service = ServiceRecord::unknown();
        let router = |n: u8| Address::V4([10, 0, 0, n].into());
        (1..=9).for_each(|n| service.note_unreachable(router(n), 1, Timestamp(n.into())));
        (0..3).for_each(|n| service.note_unreachable(router(9), 1, Timestamp(REMEMBERED * BIN + 4 + n)));
        assert_eq!(service.unreachable().iter().map(|r| (r.reporter, r.count)).collect::<Vec<_>>(), [(router(9), 3)]);
    }

    #[test]
    fn another_way_settles_and_several_hosts_never_do() {
        let after = |ttls: &[(u8, u64)]| {
            let mut known = AnswersTtl::default();
            ttls.iter().for_each(|&(ttl, times)| (0..times).for_each(|_| known.note(ttl)));
            known.sure()
        };
        assert_eq!((after(&[(60, 2)]), after(&[(60, 3)])), (None, Some(60)));
        assert_eq!((after(&[(60, 9), (57, 99)]), after(&[(60, 9), (57, 100)])), (None, Some(57)));
        assert_eq!(after(&[(60, 9), (57, 50), (60, 50), (57, 50)]), None);
    }
}
