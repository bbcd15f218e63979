//! Times without a mirror: by senders that are regular as a clock, by pauses of traffic that has none, and by frames to groups alone; and what only
//! looks like one.

use crate::engine::fold::detectors::DetectorReport;
use crate::engine::judge::history::Sums;
use crate::engine::tape::Request;
use crate::mirror::{JudgedPauses, LostBytes, Pause, PauseWitness, WINDOW, window};
use crate::model::estimate::Z;
use crate::model::evidence::{Again, Forward, GroupOnly, OrderEvidence, Outage, PAUSE, SILENT, Silent};
use crate::model::time::SECOND;
use crate::model::{Episode, Estimate, Timestamp};
use crate::switch::{OutageSpan, outages};

/// What comes so soon after a pause has to do with it.
const SOON: i64 = SECOND;

/// How long after a pause streams whose numbers jumped over it are told of, which is once a second.
const TOLD: i64 = 3 * SECOND;

/// How long after a pause somebody who waited for an answer in it sends again.
const AGAIN: i64 = 3 * SECOND;

/// How many times as much as usual is sent again before it is more than usual.
const MORE: f64 = 3.0;

/// Frames to groups before they say that the port works.
const GROUPS: u64 = 3;

/// Hosts that were active before nothing but frames to groups came.
const HOSTS: u32 = 3;

/// Silences of the time that is judged.
#[derive(Debug, Default)]
pub struct Silences {
    /// Nothing was mirrored.
    pub outages: Vec<Outage>,
    /// The clock was set forward, the longest time.
    pub forward: Option<Forward>,
    /// All of them together.
    pub silent: Option<Silent>,
    /// The longest time with frames to groups alone.
    pub group_only: Option<GroupOnly>,
    /// Seconds by which the clocks of the directions lie apart.
    clocks_apart: Option<f64>,
}

impl Silences {
    /// Of the time that is judged; `usual` is how many packets arrive in a second.
    pub fn of(request: &Request, detected: &DetectorReport, sums: &Sums, usual: f64) -> Self {
        let witness = |pause: &Pause| witness(request, detected, pause);
        let recent = |end: Timestamp| sums.from.is_none_or(|from| end >= from);
        let spans = outages(&detected.senders, request.now).into_iter().filter(|s| recent(s.to));
        let mut found: Vec<Outage> = spans.filter(|s| nothing_arrived(request, s, usual)).map(|s| s.evidence(request.now)).collect();
        let mut silences = Self { group_only: group_only(request, &witness, &recent), ..Self::default() };
        let mut again = None;
        // Between one capture and the next nobody captured.
        if request.live || request.sources.len() == 1 {
            let latest = request.latest.unwrap_or_default();
            let mut judged = pauses(request, latest, &witness);
            if let Some((between, seconds)) = clocks_apart(request, detected, latest) {
                silences.clocks_apart = Some(seconds);
                judged.outages.retain(|outage| outage.from != between.from);
            }
            let overlaps = |a: &Outage, (from, to): (Timestamp, Timestamp)| a.from < to && from < a.until();
            // Who is regular as a clock was silent as well while no time passed.
            found.retain(|known| !judged.forward.iter().any(|f| overlaps(known, (f.from, f.until()))));
            let is_proved = |known: &Outage| judged.outages.iter().any(|o| o.is_proved && overlaps(known, (o.from, o.until())));
            found.iter_mut().for_each(|known| known.is_proved |= is_proved(known));
            let new = |pause: &Outage| !found.iter().any(|known| overlaps(known, (pause.from, pause.until())));
            again = judged.again.filter(|_| !request.live);
            let more: Vec<Outage> = judged.outages.into_iter().filter(|o| new(o) && recent(o.until())).collect();
            found.extend(more);
            let forward = judged.forward.into_iter().filter(|f| recent(f.until()));
            silences.forward = forward.max_by(|a, b| a.seconds.total_cmp(&b.seconds));
        }
        found.retain(|outage| !was_deaf(&request.deaf, outage));
        // Where nothing came at all, that alone is told.
        silences.group_only.take_if(|stretch| found.iter().any(|outage| is_most(outage, stretch)));
        silences.silent = together(request, sums.from, &found, again);
        silences.outages = found;
        silences
    }

    /// Causes and effects, with what is known of two clocks: what waits for so long is not waited for.
    pub fn between(&self, order: OrderEvidence) -> OrderEvidence {
        match self.clocks_apart {
            Some(_) => OrderEvidence { clocks_apart: self.clocks_apart, is_far_apart: true, ..order },
            None => order,
        }
    }
}

/// Whether this host lost packets itself over most of a time: then something arrived in it. What it lost just before or behind says nothing of it.
fn was_deaf(times: &[Episode], outage: &Outage) -> bool {
    let within = |deaf: &Episode| deaf.last.min(outage.until()).since(deaf.first.max(outage.from)).max(0);
    let lost = times.iter().map(within).fold(0, i64::saturating_add);
    lost > 0 && lost >= outage.until().since(outage.from) / 2
}

/// What pauses of all frames are; and those of frames to stations, while frames to groups go on, but for long ones, which are told by themselves.
fn pauses(request: &Request, latest: Timestamp, witness: &impl Fn(&Pause) -> PauseWitness) -> JudgedPauses {
    let mut judged = request.load.pauses.judge(latest, witness);
    let stations = request.load.unicast.pauses(request.now).judge(request.now, witness);
    let is_apart = |new: &Outage, known: &Outage| new.until() <= known.from || known.until() <= new.from;
    let is_new = |new: &Outage| !new.is_undecided && judged.outages.iter().all(|known| is_apart(new, known));
    let is_short = |new: &Outage| new.seconds < PAUSE as f64 / SECOND as f64;
    let more: Vec<Outage> = stations.outages.into_iter().filter(|new| is_short(new) && is_new(new)).collect();
    judged.outages.extend(more);
    judged.again = judged.again.or(stations.again);
    judged
}

/// Outages together, of a file with those that come `again` and again, of which only the newest are known one by one. What lasts longer than all the
/// traffic beside it is no time of this capture, and of what may be a rest nobody knows that anything is missing.
fn together(request: &Request, from: Option<Timestamp>, outages: &[Outage], again: Option<Again>) -> Option<Silent> {
    let told = || outages.iter().filter(|outage| outage.is_told());
    // What slides out of the time that is looked at is no longer missing from it.
    let begin = from.max(request.first).unwrap_or_default();
    let within = |outage: &Outage| outage.until().seconds_since(outage.from.max(begin)).max(0.0);
    let sum = |of: &dyn Fn(&Outage) -> bool| told().filter(|outage| of(outage)).map(within).sum::<f64>();
    let (times, seconds, proved) = match again {
        Some(Again { times, seconds }) => (times, seconds, seconds),
        None => (told().count() as u64, sum(&|_| true), sum(&|outage| outage.is_proved)),
    };
    (times > 0).then(|| Silent { times, seconds, missing: missing(request, from, outages, (times, seconds, proved)) })
}

/// The share of all packets that is missing from so many times and seconds without any: as many as come in parts of their mean length beside them, and
/// as well as that is known by how much those vary. Less may be missing: of those seconds that are no proved outage nothing may.
fn missing(request: &Request, from: Option<Timestamp>, outages: &[Outage], (times, seconds, proved): (u64, f64, f64)) -> Estimate {
    let (begin, end) = (from.max(request.first).unwrap_or_default(), request.latest.unwrap_or_default());
    let mean = seconds / times.max(1) as f64 * SECOND as f64;
    let length = (mean.min((mean / PARTS).max(PART)) / WINDOW as f64).round().max(1.0);
    let is_beside = |at: i64| {
        let (first, last) = (Timestamp(at.saturating_mul(WINDOW)), Timestamp(at.saturating_add(1).saturating_mul(WINDOW)));
        first >= begin && last <= end && outages.iter().all(|outage| last <= outage.from || outage.until() <= first)
    };
    let beside: Vec<f64> = request.load.arrived.iter().filter(|(at, _)| is_beside(*at)).map(|(_, t)| t.packets as f64).collect();
    let blocks: Vec<f64> = beside.chunks_exact(length as usize).map(|block| block.iter().sum()).collect();
    let outlasting: f64 = outages.iter().filter(|outage| outage.outlasts).map(|outage| outage.seconds).sum();
    let heard = (end.since(begin) as f64 / SECOND as f64 - outlasting - seconds).max(0.0);
    let share = |usual: f64, seconds: f64| {
        let missed = usual.max(0.0) * seconds;
        (missed / (missed + heard).max(f64::MIN_POSITIVE)).min(1.0)
    };
    let count = blocks.len() as f64;
    if blocks.len() < 2 {
        return Estimate { rate: share(1.0, seconds), low: 0.0, high: 1.0, n: blocks.len() as u64 };
    }
    let usual = blocks.iter().sum::<f64>() / count;
    let variance = blocks.iter().map(|block| (block - usual).powi(2)).sum::<f64>() / (count - 1.0);
    // Of the times beside them, whose mean is known as well as their number says, to those in which nothing was seen.
    let parts = seconds * SECOND as f64 / (length * WINDOW as f64);
    let off = Z * (variance * (1.0 / parts.max(f64::MIN_POSITIVE) + 1.0 / count)).sqrt() / usual.max(f64::MIN_POSITIVE);
    Estimate { rate: share(1.0, seconds), low: share(1.0 - off, proved), high: share(1.0 + off, seconds), n: blocks.len() as u64 }
}

/// Parts of their mean length that are compared, and their least nanoseconds: what comes in each varies by itself.
const PARTS: f64 = 4.0;
const PART: f64 = SECOND as f64;

/// Whether an outage is most of a stretch of frames to groups alone.
fn is_most(outage: &Outage, stretch: &GroupOnly) -> bool {
    let until = stretch.from.plus((stretch.seconds * SECOND as f64) as i64);
    let both = outage.until().min(until).since(outage.from.max(stretch.from));
    both as f64 > stretch.seconds * SECOND as f64 / 2.0
}

/// What conversations witness of a pause, with what is missing and what was sent again just after it.
fn witness(request: &Request, detected: &DetectorReport, pause: &Pause) -> PauseWitness {
    let seen = detected.pauses.iter().find(|(known, _)| known == pause).map(|(_, witness)| *witness).unwrap_or_default();
    let after = |bytes: &LostBytes, nanos: i64| bytes.within(window(pause.to), window(pause.to.plus(nanos)));
    let again = after(&detected.again, AGAIN);
    let seconds = request.first.map_or(0.0, |first| request.now.seconds_since(first)).max(1.0);
    let usual = detected.again.all().saturating_sub(again) as f64 / seconds * (AGAIN as f64 / SECOND as f64);
    let is_more = again as f64 > MORE * usual;
    let streams = after(&detected.jumps, TOLD);
    PauseWitness { lost: after(&detected.lost, SOON), again: if is_more { again } else { 0 }, streams, ..seen }
}

/// The longest pause, where one direction comes as a whole before it and the other behind it, and by how many seconds their clocks lie apart.
fn clocks_apart(request: &Request, detected: &DetectorReport, latest: Timestamp) -> Option<(Pause, f64)> {
    let longest = request.load.pauses.standing_out(latest).into_iter().next()?;
    let (_, witness) = detected.pauses.iter().find(|(pause, _)| *pause == longest)?;
    Some((longest, witness.clocks_apart()?))
}

/// The longest time in which nothing but frames to groups came, of a mirror that had shown several hosts before, who did not rest. Of those that are known
/// to be one.
fn group_only(request: &Request, witness: &dyn Fn(&Pause) -> PauseWitness, recent: &dyn Fn(Timestamp) -> bool) -> Option<GroupOnly> {
    let pauses = request.load.unicast.pauses(request.now).sudden(request.now).into_iter();
    let asked = pauses.filter(|p| p.others >= GROUPS && recent(p.to)).map(|pause| (pause, witness(&pause)));
    let told = asked.filter(|(_, seen)| seen.clients_before() >= HOSTS && !seen.rests());
    let (longest, seen) = told.max_by_key(|(pause, seen)| (!seen.is_undecided(), pause.length()))?;
    Some(GroupOnly {
        from: longest.from,
        seconds: longest.to.seconds_since(longest.from),
        frames: longest.others,
        open: longest.to >= request.now,
        is_undecided: seen.is_undecided(),
    })
}

/// Whether hardly a packet arrived while regular senders were silent, or none at all where it is one sender's silence, from when the first of its
/// packets was due to when the last was; as far as is remembered, in windows of 100 ms. `usual` is how many packets arrive in a second.
fn nothing_arrived(request: &Request, silence: &OutageSpan, usual: f64) -> bool {
    let arrived = &request.load.arrived;
    let interval = silence.to.since(silence.from) / i64::try_from(silence.missed).unwrap_or(i64::MAX).saturating_add(1);
    let is_one = silence.senders == 1;
    let margin = if is_one { interval } else { 0 };
    let first = window(silence.from.plus(margin)).saturating_add(1);
    let last = window(Timestamp(silence.to.0.saturating_sub(margin))).saturating_sub(1);
    // Of less than a window nobody knows whether anything came in it: a flood on an even beat is no clock.
    if last < first {
        return false;
    }
    let known = arrived.iter().filter(|(w, _)| (first..=last).contains(w));
    let (windows, packets) = known.fold((0u64, 0u64), |(windows, sum), (_, traffic)| (windows + 1, sum.saturating_add(traffic.packets)));
    if is_one {
        // The open window is known to the next request only.
        return arrived.get(first).is_some_and(|_| packets == 0);
    }
    let expected = usual * windows as f64 * WINDOW as f64 / SECOND as f64;
    windows == 0 || packets as f64 <= SILENT * expected
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_this_host_lost_is_no_silence() {
        let at = |tenths: i64| Timestamp(tenths * SECOND / 10);
        let outage = |from: i64, to: i64| Outage { from: at(from), seconds: (to - from) as f64 / 10.0, ..Outage::default() };
        let deaf = |times: &[(i64, i64)], (from, to): (i64, i64)| {
            let times: Vec<Episode> = times.iter().map(|&(first, last)| Episode { first: at(first), last: at(last) }).collect();
            was_deaf(&times, &outage(from, to))
        };
        assert!(deaf(&[(95, 240)], (103, 239)), "it was stopped");
        assert!(deaf(&[(90, 130), (135, 170), (175, 250)], (103, 239)), "it is let run now and then");
        assert!(deaf(&[(95, 105)], (97, 104)), "of a short one nobody knows");
        assert!(!deaf(&[], (103, 239)), "nothing was lost");
        assert!(!deaf(&[(0, 110), (235, 300)], (103, 239)), "before it and behind it");
        assert!(!deaf(&[(0, 100), (240, 300)], (103, 239)));
    }
}
