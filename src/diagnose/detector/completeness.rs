//! What the mirror loses, as far as it is known: one judgement, on which the score of completeness rests and every finding that depends on it.

use super::{LOSS_NEEDS, MIRROR_LOSS, ORPHAN_LIMIT, TCP_LIMIT, orphans_alone, silent_at_times};
use crate::diagnose::evidence::Evidence;
use crate::model::evidence::{LossEvidence, share};
use crate::model::units::{duration, grouped, percent};
use crate::model::{Estimate, wilson};

/// What is known of it.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::diagnose) struct Completeness {
    /// The share that counts: what is surely missing, until it is sure that something is; then the likeliest.
    pub missing: f64,
    /// No more than this is missing, but by chance.
    pub at_most: f64,
    /// What it rests on.
    pub text: String,
    /// Something surely is missing, and a finding says so: then it is known, though not how much to the last percent.
    is_told: bool,
}

impl Completeness {
    /// By a witness: what it says for its interval.
    fn of(share: Estimate, text: String) -> Self {
        let is_told = share.low > TCP_LIMIT.raise.value();
        Self { missing: if is_told { share.rate } else { share.low }, at_most: share.high, text, is_told }
    }

    /// By one that is thin: what is sure counts.
    fn of_few(share: Estimate, text: String, is_told: bool) -> Self {
        Self { missing: share.low, at_most: share.high, text, is_told }
    }

    /// By what was counted, or said: more may be missing up to this share.
    fn counted(missing: f64, at_most: f64, text: String) -> Self {
        Self { missing, at_most, text, is_told: true }
    }

    /// With what another says besides, of which the least counts.
    fn beside(mut self, least: f64) -> Self {
        self.missing = self.missing.max(least);
        self.at_most = self.at_most.max(least);
        self
    }

    /// As far as it is known less is missing than spoils findings, and more may be: that is not known.
    fn is_open(&self) -> bool {
        !self.is_told && self.missing <= MIRROR_LOSS && self.at_most > MIRROR_LOSS
    }

    /// Why it cannot be told.
    fn unknown(&self) -> String {
        format!("up to {} of the traffic may be missing: {}", percent(self.at_most), self.text)
    }
}

/// What was counted without asking traffic: in this host, and on the path by the numbers of copies.
struct Counted {
    host: f64,
    path: f64,
    is_counted_here: bool,
}

impl Counted {
    fn of(e: &Evidence) -> Self {
        let lost = if e.live || e.packets > 0 { e.host.lost } else { 0 };
        Self {
            host: e.loss.host.map_or_else(|| share(lost, e.packets.saturating_add(lost)), |h| h.rate),
            path: e.loss.path.filter(|p| p.n >= LossEvidence::ENOUGH).map_or(0.0, |p| p.rate),
            is_counted_here: e.loss.host.is_some() || lost > 0,
        }
    }

    fn worst(&self) -> f64 {
        self.host.max(self.path)
    }

    fn here(&self) -> String {
        if self.is_counted_here {
            format!("{} lost in this host", percent(self.host))
        } else {
            "what this host lost was not counted".into()
        }
    }
}

/// What the mirror loses; `Err` says why that cannot be told.
pub(in crate::diagnose) fn completeness(e: &Evidence) -> Result<Completeness, String> {
    if let Some(n) = e.loss.declared_sampling.filter(|n| *n > 1) {
        let missing = 1.0 - 1.0 / f64::from(n);
        return Ok(Completeness::counted(missing, missing, format!("the mirror samples one packet in {n}")));
    }
    if let Some(silent) = silent_at_times(e) {
        let text = format!("nothing was mirrored {} of {}", silent.for_how_long(), duration(e.seconds));
        let known = Completeness::of(silent.missing, text).beside(e.loss.beside_holes.map_or(0.0, |beside| beside.low));
        return if known.is_open() { Err(known.unknown()) } else { Ok(known) };
    }
    if let Some((one_way, text)) = e.one_way.as_ref().zip(e.one_way_for_a_while()) {
        return Ok(Completeness::counted(one_way.missing.rate, 1.0, text));
    }
    let counted = Counted::of(e);
    let witnessed = LOSS_NEEDS.iter().find_map(|n| n.check(e).err()).map_or_else(|| witness(e, &counted), Err);
    let witnessed = witnessed.and_then(|known| match known.is_open() {
        true => Err(known.unknown()),
        false => Ok(known),
    });
    let surely_lost = Some(counted.worst()).filter(|lost| *lost > MIRROR_LOSS);
    match (witnessed, surely_lost) {
        (Ok(known), _) => Ok(known),
        (Err(_), Some(lost)) => {
            let (host, path) = (percent(counted.host), percent(counted.path));
            Ok(Completeness::counted(lost, 1.0, format!("{host} lost here, {path} on the path; the switch cannot be told")))
        }
        (Err(why), None) => Err(why),
    }
}

/// Who tells: TCP by what is acknowledged, senders by the numbers on their packets, answers by their questions.
fn witness(e: &Evidence, counted: &Counted) -> Result<Completeness, String> {
    let single = orphans_alone(e);
    let alone = single.map_or(0.0, |single| single.low);
    if let Some(numbered) = e.loss.numbered_alone().filter(|_| counted.worst() <= 0.0) {
        return Ok(Completeness::of(numbered, by_number(e, numbered)).beside(alone));
    }
    let tcp = e.loss.all.filter(|all| all.n >= LossEvidence::ENOUGH);
    match (tcp, single) {
        (Some(all), _) => {
            let text = format!(
                "{} of acknowledged TCP data never seen, wherever it was lost (n {} segments), {}",
                percent(all.rate),
                grouped(all.n),
                counted.here()
            );
            let beside = single.map_or_else(String::new, |single| {
                format!("; {} of answers without their question (n {})", percent(single.rate), grouped(single.n))
            });
            let known = Completeness::of(all, text + &beside).beside(counted.worst().max(alone));
            Ok(Completeness { is_told: known.is_told && is_placed(e), ..known })
        }
        (None, Some(single)) => {
            let text = format!(
                "{} of answers without their question ({} to {}, n {}); too little TCP to tell more",
                percent(single.rate),
                percent(single.low),
                percent(single.high),
                grouped(single.n)
            );
            Ok(Completeness::of_few(single, text, ORPHAN_LIMIT.exceeded(single.low, false)))
        }
        (None, None) if let Some(lone) = e.loss.lone_segments() => {
            let [part, least, most] = [lone.rate, lone.low, lone.high].map(percent);
            let text = format!("{part} of {} segments that were sent never seen ({least} to {most})", grouped(lone.n));
            Ok(Completeness::of_few(lone, text, false))
        }
        (None, None) => {
            Err(format!("{} of {} acknowledged segments", grouped(e.loss.all.map_or(0, |a| a.n)), grouped(LossEvidence::ENOUGH)))
        }
    }
}

/// Whether it is known where data is missing, so that a finding says it.
fn is_placed(e: &Evidence) -> bool {
    [e.loss.switch, e.loss.upstream].into_iter().flatten().any(|lost| lost.low > TCP_LIMIT.raise.value())
}

/// What numbered streams say, in words.
fn by_number(e: &Evidence, numbered: Estimate) -> String {
    let streams = &e.loss.streams;
    let all = streams.packets.saturating_add(streams.missing);
    let of_all = wilson(streams.missing, all);
    if of_all.low > numbered.high {
        // What some streams lack and others do not is lost on the way of those.
        return format!(
            "{} of {} packets of the numbered streams (RTP, IPsec, WireGuard) that lack least never seen; the {} of all {} that are missing others lack, \
             by their own way",
            percent(numbered.rate),
            grouped(numbered.n),
            percent(of_all.rate),
            grouped(all)
        );
    }
    format!(
        "{} of {} packets of numbered streams (RTP, IPsec, WireGuard) never seen, of the streams that lack least {}",
        percent(share(streams.missing, all)),
        grouped(all),
        percent(numbered.rate)
    )
}

#[cfg(test)]
mod tests {
    use super::super::Need;
    use super::*;
    use crate::diagnose::judge::tests::clean;
    use crate::model::evidence::StreamEvidence;

    type Change = fn(&mut Evidence);

    /// One judgement: nothing that depends on the mirror's loss is left unjudged for that where completeness is good, and the reverse.
    fn agree(e: &Evidence) -> bool {
        let known = completeness(e);
        let is_good = known.as_ref().is_ok_and(|known| known.missing <= TCP_LIMIT.raise.value());
        assert_eq!(is_good, Need::SurelyComplete.check(e).is_ok(), "{known:?}, {:?}", Need::SurelyComplete.check(e));
        is_good
    }

    fn of(change: Change) -> Evidence {
        let mut e = clean();
        change(&mut e);
        e
    }

    fn streams(streams: u64, missing: u64) -> StreamEvidence {
        StreamEvidence { streams, senders: streams, packets: 20_000, missing, best: Some(wilson(missing, 20_000)), by_stretch: None }
    }

    #[test]
    fn one_judgement_of_what_the_mirror_loses() {
        let good: &[Change] = &[
            |_| (),
            // 1 % at most is what leaves findings alone: of nothing missing it takes 381 segments.
            |e| e.loss.all = Some(wilson(0, 381)),
            |e| (e.loss.all, e.loss.unmatched) = (None, Some(wilson(0, 400))),
            |e| (e.loss.all, e.loss.streams) = (None, streams(1, 0)),
            |e| (e.loss.all, e.loss.streams) = (Some(wilson(0, 99)), streams(4, 0)),
        ];
        for (at, change) in good.iter().enumerate() {
            assert!(agree(&of(*change)), "{at}: {:?}", completeness(&of(*change)));
        }
        let open: &[Change] = &[
            |e| e.loss.all = None,
            |e| e.loss.all = Some(wilson(0, 380)),
            |e| e.loss.all = Some(wilson(1, 500)),
            |e| (e.loss.all, e.loss.upstream) = (Some(wilson(3, 500)), None),
            |e| (e.loss.all, e.loss.unmatched) = (None, Some(wilson(0, 300))),
            |e| (e.loss.all, e.loss.streams) = (None, streams(1, 400)),
            |e| (e.loss.all, e.loss.path) = (None, Some(wilson(1, 100_000))),
            |e| e.clock.set_back = 1,
        ];
        for (at, change) in open.iter().enumerate() {
            let e = of(*change);
            assert!(!agree(&e) && completeness(&e).is_err(), "{at}: {:?}", completeness(&e));
        }
        let lossy: &[Change] = &[
            |e| e.loss.all = Some(wilson(100, 5_000)),
            // What surely is missing is known where a finding says it, though up to 1.8 % may be.
            |e| (e.loss.all, e.loss.upstream) = (Some(wilson(3, 500)), Some(wilson(3, 500))),
            |e| (e.loss.all, e.loss.streams) = (None, streams(8, 400)),
            |e| (e.loss.all, e.loss.path) = (None, Some(wilson(5_000, 100_000))),
            |e| e.loss.declared_sampling = Some(10),
        ];
        for (at, change) in lossy.iter().enumerate() {
            let e = of(*change);
            assert!(!agree(&e) && completeness(&e).is_ok_and(|known| known.missing > 0.001), "{at}: {:?}", completeness(&e));
        }
    }
}
