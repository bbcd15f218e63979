//! What is missing from times in which nothing was mirrored, or one direction, and what is missing beside them.

use crate::engine::fold::detectors::{ConversationCounts, DetectorReport};
use crate::engine::tape::Request;
use crate::mirror::{Stretches, window};
use crate::model::evidence::{LossEvidence, OneWayTimes, Outage, Silent, StreamEvidence};
use crate::model::time::SECOND;
use crate::model::{Episode, Estimate, Timestamp};

/// What comes so soon after a hole, or was under way when it began, is missing from it.
const SOON: i64 = SECOND;

/// How long after a hole streams whose numbers jumped over it are told of, which is once a second.
const TOLD: i64 = 3 * SECOND;

/// Times in which nothing was mirrored, or one direction.
pub struct MirrorHoles<'a> {
    silent: Option<&'a Silent>,
    outages: &'a [Outage],
    one_way: Option<&'a OneWayTimes>,
}

impl<'a> MirrorHoles<'a> {
    /// Those that are known.
    pub fn of(silent: Option<&'a Silent>, outages: &'a [Outage], one_way: Option<&'a OneWayTimes>) -> Self {
        Self { silent, outages, one_way }
    }

    /// What is missing from them, of either kind.
    fn missing(&self) -> impl Iterator<Item = Estimate> + '_ {
        self.silent.map(|silent| silent.missing).into_iter().chain(self.one_way.map(|one_way| one_way.missing))
    }

    /// When they were, in no order.
    fn times(&self) -> impl Iterator<Item = Episode> + '_ {
        let silent = self.outages.iter().map(|outage| Episode { first: outage.from, last: outage.until() });
        silent.chain(self.one_way.into_iter().flat_map(|one_way| one_way.times.iter().copied()))
    }

    fn are_none(&self) -> bool {
        self.silent.is_none() && self.one_way.is_none()
    }

    /// The loss of all times with what is missing from them, and what is lost beside them.
    pub fn told(
        &self,
        request: &Request,
        detected: &DetectorReport,
        talks: &ConversationCounts,
        from: Option<Timestamp>,
        loss: LossEvidence,
    ) -> LossEvidence {
        let beside_holes = self.beside(request, detected, talks, from, &loss);
        LossEvidence { beside_holes, ..self.within(loss, beside_holes) }
    }

    /// What is lost before this host, with what is missing from them: both where it is known what is lost `beside` them, else the most of them, and
    /// at most all.
    pub fn within(&self, loss: LossEvidence, beside: Option<Estimate>) -> LossEvidence {
        let more = |lost: Option<Estimate>| {
            let add = |lost: Option<Estimate>, hole: Estimate| Some(both(lost, hole, beside.is_some()));
            let told = if self.are_none() { lost } else { self.missing().fold(beside.or(lost), add) };
            // A hole's share is that of its time: what was under way in it may have been more, as what was acknowledged and never seen tells.
            let most = |told: Estimate| {
                self.missing().fold(told.high, |high, hole| lost.map_or(high, |lost| high.max(both(Some(lost), hole, false).high)))
            };
            told.map(|told| Estimate { high: most(told), ..told })
        };
        match loss.path {
            // What numbers of copies do not explain was lost before they were numbered.
            Some(_) => LossEvidence { switch: more(loss.switch), ..loss },
            None => LossEvidence { upstream: more(loss.upstream), ..loss },
        }
    }

    /// What is lost beside them, of the `loss` of all times; `None` where there are none of them, or nothing tells of other times.
    fn beside(
        &self,
        request: &Request,
        detected: &DetectorReport,
        talks: &ConversationCounts,
        from: Option<Timestamp>,
        loss: &LossEvidence,
    ) -> Option<Estimate> {
        if self.are_none() {
            return None;
        }
        let all = loss.switch.or(loss.upstream)?;
        match loss.numbered_alone() {
            Some(numbered) => self.of_streams(request, talks, numbered),
            None => Some(scaled(all, self.part_beside(detected, from))),
        }
    }

    /// The part of the acknowledged bytes that were never seen which is missing from other times.
    fn part_beside(&self, detected: &DetectorReport, from: Option<Timestamp>) -> f64 {
        let begin = from.map_or(i64::MIN, window);
        let times: Vec<[i64; 2]> = self.times().map(|time| [time.first.plus(-SOON), time.last.plus(SOON)].map(window)).collect();
        let is_within = |at: i64| times.iter().any(|[first, last]| (*first..=*last).contains(&at));
        let (all, within) = detected.lost.some().filter(|(at, _)| *at >= begin).fold((0u64, 0u64), |(all, within), (at, bytes)| {
            let bytes = u64::from(bytes);
            (all.saturating_add(bytes), within.saturating_add(if is_within(at) { bytes } else { 0 }))
        });
        // Nothing that is remembered is missing.
        if all == 0 { 1.0 } else { 1.0 - within as f64 / all as f64 }
    }

    /// What streams lack in stretches of time that no hole lies in; where their numbers are not told by time, nothing if holes may explain it.
    fn of_streams(&self, request: &Request, talks: &ConversationCounts, numbered: Estimate) -> Option<Estimate> {
        if talks.stretches.loss(&request.load.arrived).is_none() {
            let explained = self.missing().any(|hole| hole.high >= numbered.low);
            return Some(if explained { scaled(numbered, 0.0) } else { numbered });
        }
        let is_free = |time: Episode| self.times().all(|hole| time.last <= hole.first || hole.last.plus(TOLD) <= time.first);
        let is_told = |end: Timestamp| is_free(Episode { first: end.plus(-Stretches::LENGTH), last: end });
        let beside = talks.stretches.wanted(is_told).loss(&request.load.arrived);
        Some(beside.map_or(scaled(numbered, 0.0), |(loss, _)| loss)).filter(|loss| loss.n >= StreamEvidence::ENOUGH)
    }
}

/// Such a part of a share.
fn scaled(share: Estimate, part: f64) -> Estimate {
    Estimate { rate: share.rate * part, low: share.low * part, high: share.high * part, n: share.n }
}

/// What is missing of both together, where they are known to lie `apart`, or one may be the other.
fn both(lost: Option<Estimate>, hole: Estimate, apart: bool) -> Estimate {
    let Some(lost) = lost else { return hole };
    let together = |a: f64, b: f64| 1.0 - (1.0 - a) * (1.0 - b);
    let rate = if apart { together(lost.rate, hole.rate) } else { lost.rate.max(hole.rate) };
    Estimate { rate, low: lost.low.max(hole.low), high: together(lost.high, hole.high), n: lost.n }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn estimate(rate: f64) -> Estimate {
        Estimate { rate, low: 0.8 * rate, high: 1.2 * rate, n: 1_000 }
    }

    #[test]
    fn what_is_missing_from_holes_counts_once() {
        let silent = Silent { times: 1, seconds: 20.0, missing: estimate(0.2) };
        let loss = || LossEvidence { upstream: Some(estimate(0.25)), ..LossEvidence::default() };
        let within = |silent: Option<&Silent>, beside| {
            MirrorHoles::of(silent, &[], None).within(loss(), beside).upstream.map(|lost| (lost.rate, lost.high))
        };
        assert_eq!(within(None, None), Some((0.25, 0.3)), "no hole");
        assert_eq!(within(Some(&silent), None), Some((0.25, 1.0 - 0.7 * 0.76)), "it may be the same");
        assert_eq!(within(Some(&silent), Some(scaled(estimate(0.25), 0.0))), Some((1.0 - 0.8, 1.0 - 0.7 * 0.76)), "all of it is");
        assert_eq!(within(Some(&silent), Some(estimate(0.05))), Some((1.0 - 0.95 * 0.8, 1.0 - 0.7 * 0.76)));
        let path = LossEvidence { path: Some(estimate(0.01)), switch: None, ..loss() };
        let told = MirrorHoles::of(Some(&silent), &[], None).within(path, None);
        assert_eq!((told.switch, told.upstream), (Some(estimate(0.2)), Some(estimate(0.25))), "before the copies were numbered");
    }
}
