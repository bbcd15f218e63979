//! Loss with a pattern: what the mirror does by design or by its limits.

use super::loss::{ANSWERS, GRAVE};
use super::{ENCAPSULATION, SURE, lacking, present_if};
use crate::diagnose::detector::{Detection, Detector, ExplainPage, LOSS_NEEDS, Limit, Need, Report, StandingFindings};
use crate::diagnose::evidence::Evidence;
use crate::diagnose::figure::Figure::{Count, Nanos, Share, Times, Tuned};
use crate::diagnose::vendor::VendorTopic;
use crate::model::evidence::{
    AdvanceEvidence, FLAT_WINDOWS, FlatTop, LONGEST_RATE_WINDOW, LossEvidence, RATE_WINDOW, SizeLoss, StreamEvidence, Threshold,
    UTILISATION_BOUNDS, share,
};
use crate::model::units::{bits_per_second, percent};
use crate::model::{Aspect, Episode, Estimate, Severity, Value, wilson};

/// Windows of high and of low load before they are compared.
static WINDOWS: Threshold = Threshold::count(30.0);

/// How many times as much what is lost varies as it would in proportion to what arrives, where a limit lies between.
static CUT: Threshold = Threshold::times(2.0);

/// The proportion of what is lost to what arrives beyond which (95 % lost) it is not asked for more.
const MOST_DROPPED: f64 = 20.0;

/// Conversations before uniformity is judged.
static FLOWS: Threshold = Threshold::count(20.0);

/// Fewer that are enough where packets are missing one by one and the share is known well: by its interval.
static FEW_FLOWS: Threshold = Threshold::count(3.0);
static KNOWN_WELL: Threshold = Threshold::share(0.1);

/// Runs of missing segments, as a part of those that there would be if each packet was left out by chance, from which on they are missing one by one.
const ONE_BY_ONE: f64 = 0.5;

/// The share missing from which on it is called sampling.
static LEAST_SAMPLING: Threshold = Threshold::share(AdvanceEvidence::SAMPLED);

/// Loss above which the mirror is said to lose, and how many times the loss of low load it is when it depends on load.
static LOSSY: Limit = Limit::new(0.001);
static DEPENDS: Limit = Limit::times(10.0);

/// Variation of a rate that is called constant, before and while it is told; and how near the speed of the link it is the link's.
const STEADY: (f64, f64) = (0.02, 0.03);
static BELOW_SPEED: Threshold = Threshold::share(0.9);

/// Part of the time in which streams must lack something, to lack it all the time.
const MOSTLY: f64 = 0.8;

/// Steps of the histogram of shares missing, and how many of them from the median are near it.
const STEPS: f64 = 20.0;
const NEAR: usize = 3;

/// Segments of a size before their share says anything; the share missing beyond a size, before and while it is told, and below it.
static SEGMENTS: Threshold = Threshold::count(20.0);
const BEYOND: (f64, f64) = (0.5, 0.35);
static SMALLER: Threshold = Threshold::share(0.02);

/// The destination port is too slow.
pub struct SpanOversub;

/// One in N packets is mirrored.
pub struct SpanSampled;

/// The mirror has a rate limit.
pub struct SpanRatelimit;

/// Large packets are not mirrored.
pub struct SpanSize;

impl Detector for SpanOversub {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "span.oversub",
            aspect: Some(Aspect::Completeness),
            meaning: "The mirror's destination port is too slow for its sources: when load is high, copies are dropped. Peaks are \
                      cut off and volumes are too low.",
            measured: "Share of acknowledged TCP data never seen, in windows above {full} utilisation of the mirror \
                       link and in windows below {low}, after subtracting this host's own drops. Raised when the first \
                       is above {limit} and more than {times} times the second, with at least {windows} windows of \
                       each; or when nine of ten windows are full.",
            cause: "Two directions of a full-duplex port, or several ports, share one destination port of the same speed.",
            lookalikes: "A host that loses packets under load (host.drop); a rate limit on the session (span.ratelimit).",
            remedy: "Use a faster destination port, mirror fewer sources or one direction, or filter at the source.",
            topic: Some(VendorTopic::Relief),
            figures: &[
                ("full", Share(UTILISATION_BOUNDS[1])),
                ("low", Share(UTILISATION_BOUNDS[0])),
                ("limit", Tuned(&LOSSY.raise)),
                ("times", Tuned(&DEPENDS.raise)),
                ("windows", Tuned(&WINDOWS)),
            ],
        };
        &PAGE
    }

    fn needs(&self) -> &'static [Need] {
        LOSS_NEEDS
    }

    fn judge(&self, e: &Evidence, standing: StandingFindings<'_>) -> Detection {
        let active = standing.at_all();
        let [low, middle, high] = &e.loss.by_load;
        let all = low.windows + middle.windows + high.windows;
        let always = high.windows >= WINDOWS.number() && high.windows.saturating_mul(10) >= all.saturating_mul(9);
        if low.windows.min(high.windows) < WINDOWS.number() && !always {
            return lacking(
                low.windows.min(high.windows),
                WINDOWS.number(),
                "moments of low load and as many of high load, to compare their loss",
            );
        }
        let (loss_high, loss_low) = (high.upstream().0, low.upstream().1);
        let depends = always || DEPENDS.exceeded(loss_high / loss_low.max(1e-9), active);
        present_if(depends && LOSSY.exceeded(loss_high, active), || {
            let lost = percent(loss_high);
            let title = if always {
                format!("The mirror port is too slow: it is full all the time, {lost} lost")
            } else {
                format!("The mirror port is too slow: {lost} lost when it is full, {} otherwise", percent(low.upstream().0))
            };
            let mut evidence = vec![
                ("loss_when_full", Value::Share(loss_high)),
                ("full_windows", Value::Count(high.windows)),
                ("other_windows", Value::Count(all - high.windows)),
            ];
            if !always {
                evidence.insert(1, ("loss_otherwise", Value::Share(low.upstream().0)));
            }
            let severity = if loss_high >= GRAVE { Severity::Critical } else { Severity::Warning };
            Report::new(severity, title, evidence).held(e.of_file(&e.loss.times))
        })
    }
}

/// The share missing from most conversations alike: the middle step of the histogram when nine of ten conversations are within
/// three steps (15 %) of it.
fn uniform_ratio(e: &Evidence) -> Option<f64> {
    let all = conversations(e);
    let mut sum = e.loss.whole;
    let middle = e.loss.ratios.iter().position(|n| {
        sum = sum.saturating_add(*n);
        sum.saturating_mul(2) >= all
    })?;
    let near = e.loss.ratios.get(middle.saturating_sub(NEAR)..(middle + NEAR + 1).min(e.loss.ratios.len()))?;
    let near: u64 = near.iter().fold(0, |sum, n| sum.saturating_add(*n));
    (near.saturating_mul(10) >= all.saturating_mul(9)).then_some((middle as f64 + 0.5) / STEPS)
}

impl Detector for SpanSampled {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "span.sampled",
            aspect: Some(Aspect::Completeness),
            meaning: "The session mirrors one packet in N on purpose. Counts are samples: multiply them by N, and do not expect \
                      whole conversations.",
            measured: "TCP's numbers say how far conversations advanced between two of their packets: of that at least {missing} was not seen, \
                       in conversations of every kind alike (in at least {groups} groups of them shares vary at most {scatter} times as much as by \
                       chance) and one by one (the segment behind one that was seen is seen at most {adjacent} times as often as any), of at least \
                       {segments} segments seen. Neither load nor size makes a difference, the rate of copies is not constant, and questions \
                       whose answer was seen (SYN, DNS, echo; at least {answers}) are missing as often. N is given with its {sure} interval. Where too few were seen \
                       for that, nine of ten of at least {flows} conversations must lack as much of the data that was acknowledged, but for {near}; or \
                       segments must be missing one by one, and such questions as often, \
                       or the interval of the share of {few} or more must be narrower than {known}. Without TCP: \
                       {streams} or more streams that are numbered (RTP, IPsec, WireGuard), of {senders} senders or more, lack as much, \
                       but for {near}. Or the mirror says so itself.",
            cause: "Sampling is configured on the session, or it is the platform's only way of mirroring.",
            lookalikes: "A balancer that spreads packets over several analysers; a mirror that is overloaded all the time.",
            remedy: "Turn sampling off, or scale by N.",
            topic: Some(VendorTopic::EveryPacket),
            figures: &[
                SURE,
                ("segments", Count(AdvanceEvidence::SEGMENTS)),
                ("groups", Count(AdvanceEvidence::GROUPS)),
                ("scatter", Times(AdvanceEvidence::SCATTER)),
                ("adjacent", Times(AdvanceEvidence::ADJACENT)),
                ("flows", Tuned(&FLOWS)),
                ("near", Share(NEAR as f64 / STEPS)),
                ("missing", Tuned(&LEAST_SAMPLING)),
                ("answers", Count(ANSWERS)),
                ("few", Tuned(&FEW_FLOWS)),
                ("known", Tuned(&KNOWN_WELL)),
                ("streams", Count(StreamEvidence::SEVERAL)),
                ("senders", Count(StreamEvidence::SENDERS)),
            ],
        };
        &PAGE
    }

    fn needs(&self) -> &'static [Need] {
        LOSS_NEEDS
    }

    fn judge(&self, e: &Evidence, standing: StandingFindings<'_>) -> Detection {
        let active = standing.at_all();
        if let Some(n) = e.loss.declared_sampling.filter(|n| *n > 1) {
            let evidence = vec![("one_in", Value::Count(n.into()))];
            return Detection::from(Report::new(Severity::Warning, format!("The mirror samples one packet in {n}"), evidence));
        }
        if e.loss.is_uneven {
            return Detection::Clear;
        }
        let flows = conversations(e);
        let alike = alike(e, flows);
        if alike.is_none() && (flows < FLOWS.number() || e.loss.all.is_none()) {
            return lacking(flows, FLOWS.number(), "long conversations");
        }
        let [low, _, high] = &e.loss.by_load;
        let by_load = low.windows.min(high.windows) >= WINDOWS.number() && high.upstream().0 > 2.0 * low.upstream().1;
        let found = alike
            .filter(|all| Limit::new(LEAST_SAMPLING.value()).exceeded(all.rate, active) && !by_load)
            .filter(|_| limit(&e.loss.by_size, false).is_none() && flat(e, active).is_none())
            .filter(|all| !e.loss.unmatched.is_some_and(|single| single.n >= ANSWERS && single.high < 0.75 * all.low));
        found.map_or(Detection::Clear, |all| {
            let [n, least, most] = [all.rate, all.low, all.high].map(one_in);
            let evidence = vec![
                ("share_missing", Value::Share(all.rate)),
                ("one_in", Value::Number(n)),
                ("one_in_low", Value::Number(least)),
                ("one_in_high", Value::Number(most)),
                ("conversations", Value::Count(flows)),
            ];
            let range = if least < most { format!(" ({least:.0} to {most:.0})") } else { String::new() };
            let title = format!("The mirror samples: about one packet in {n:.0} arrives{range}");
            Report::new(Severity::Warning, title, evidence).held(e.of_file(&e.loss.times)).into()
        })
    }
}

/// One packet in how many arrives, where this share is missing.
fn one_in(missing: f64) -> f64 {
    (1.0 / (1.0 - missing).max(1e-6)).round().max(2.0)
}

/// What is missing of all conversations alike, packet by packet; of how far they advanced, where that says anything.
fn alike(e: &Evidence, flows: u64) -> Option<Estimate> {
    let advances = &e.loss.advances;
    if let Some(missing) = advances.one_by_one() {
        return Some(missing);
    }
    match e.loss.all {
        _ if advances.is_in_runs() => None,
        Some(all) if flows >= FLOWS.number() => uniform_ratio(e).map(|_| all).or_else(|| few_alike(e, flows)),
        _ => few_alike(e, flows).or_else(|| streams_alike(e)),
    }
}

/// Conversations that are long enough for their share to say something.
fn conversations(e: &Evidence) -> u64 {
    e.loss.ratios.iter().fold(e.loss.whole, |sum, n| sum.saturating_add(*n))
}

/// What is missing of few conversations alike: segments one by one, and questions as often, or of each conversation as much.
fn few_alike(e: &Evidence, flows: u64) -> Option<Estimate> {
    let all = e.loss.all.filter(|all| all.n >= LossEvidence::ENOUGH)?;
    let by_chance = all.n as f64 * all.rate * (1.0 - all.rate);
    let are_as_many = |other: Estimate| other.n >= ANSWERS && other.low <= all.high && all.low <= other.high;
    let is_known_well = flows >= FEW_FLOWS.number() && all.high - all.low < KNOWN_WELL.value();
    let is_alike = is_known_well || e.loss.unmatched.is_some_and(are_as_many);
    Some(all).filter(|_| is_alike && e.loss.runs as f64 >= ONE_BY_ONE * by_chance)
}

/// What is missing of numbered streams alike, where there is too little TCP: those that lack least lack it as well.
fn streams_alike(e: &Evidence) -> Option<Estimate> {
    let streams = &e.loss.streams;
    let (_, least, all) =
        (e.loss.numbered_alone()?, streams.best?, wilson(streams.missing, streams.packets.saturating_add(streams.missing)));
    let are_several = streams.streams >= StreamEvidence::SEVERAL && streams.senders >= StreamEvidence::SENDERS;
    // What begins or ends in the middle is no sampling.
    let length = |times: Episode| times.last.seconds_since(times.first);
    let all_the_time = |(_, times): (Estimate, Episode)| e.span.is_none_or(|span| length(times) >= MOSTLY * length(span));
    Some(all).filter(|all| {
        are_several && streams.by_stretch.is_none_or(all_the_time) && all.rate - least.rate < NEAR as f64 / STEPS && e.outages.is_empty()
    })
}

impl Detector for SpanRatelimit {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "span.ratelimit",
            aspect: Some(Aspect::Completeness),
            meaning: "Copies arrive at a constant rate below the speed of the link, and the rest is dropped: something limits the \
                      mirror.",
            measured: "In windows that lost data from beginning to end the delivered rate varies by less than {steady} \
                       around its mean, over at least {windows} of them (up to a quarter may deliver less: there the \
                       limit was reached for a while only), and what is lost varies at least {cut} times as much as in \
                       proportion; it stays below {below} of the link's speed where that is known, and acknowledged TCP \
                       data is missing (lower end of the interval above {limit}). Windows are {window} long, or up to \
                       {longest} where the rate varies less in longer ones. A warning, critical from {critical} \
                       missing.",
            cause: "A rate limit, CAR or policer on the mirror session or on the path of the copies.",
            lookalikes: "A destination port or a link on the way that is this slow; a source of truly constant rate beside loss of another cause.",
            remedy: "Lift the rate limit of the session, or mirror less.",
            topic: Some(VendorTopic::Relief),
            figures: &[
                ("steady", Share(STEADY.0)),
                ("windows", Count(FLAT_WINDOWS)),
                ("cut", Tuned(&CUT)),
                ("below", Tuned(&BELOW_SPEED)),
                ("limit", Tuned(&LOSSY.raise)),
                ("window", Nanos(RATE_WINDOW)),
                ("longest", Nanos(LONGEST_RATE_WINDOW * RATE_WINDOW)),
                ("critical", Share(GRAVE)),
            ],
        };
        &PAGE
    }

    fn needs(&self) -> &'static [Need] {
        LOSS_NEEDS
    }

    fn judge(&self, e: &Evidence, standing: StandingFindings<'_>) -> Detection {
        let active = standing.at_all();
        let windows = e.loss.flat_top.map_or(0, |flat| flat.windows);
        if windows < FLAT_WINDOWS {
            return lacking(windows, FLAT_WINDOWS, "moments in which packets were lost all the time");
        }
        flat(e, active).map_or(Detection::Clear, |flat| {
            let title = format!("The mirror is limited to {}", bits_per_second(flat.bits_per_second));
            let missing = e.loss.all.map_or(0.0, |all| all.rate);
            let evidence = vec![
                ("bits_per_second", Value::BitsPerSecond(flat.bits_per_second)),
                ("share_missing", Value::Share(missing)),
                ("variation", Value::Number(flat.variation)),
                ("missing_variation", Value::Number(flat.missing_variation)),
                ("windows", Value::Count(flat.windows)),
                ("window_seconds", Value::Seconds(flat.seconds)),
            ];
            let severity = if missing >= GRAVE { Severity::Critical } else { Severity::Warning };
            Detection::from(Report::new(severity, title, evidence).held(e.of_file(&e.loss.times)))
        })
    }
}

/// The constant rate below the link's speed at which copies arrive while others are lost.
fn flat(e: &Evidence, active: bool) -> Option<FlatTop> {
    let lossy = e.loss.all.is_some_and(|all| LOSSY.exceeded(all.low, active));
    let steady = if active { STEADY.1 } else { STEADY.0 };
    e.loss.flat_top.filter(|flat| {
        let below = e.loss.speed.is_none_or(|speed| flat.occupied < BELOW_SPEED.value() * speed as f64);
        let most = flat.windows.saturating_mul(4) >= flat.lossy.saturating_mul(3);
        // Loss of another cause leaves a steady load steady: what is lost varies as what arrives does, in proportion. A limit leaves all
        // changes of the load to what it drops.
        let rate = e.loss.all.map_or(0.0, |all| all.rate);
        let cut = flat.missing_variation > CUT.value() * (rate / (1.0 - rate)).clamp(1.0, MOST_DROPPED) * flat.variation;
        // What goes on at more than the limit has none any more; of a direction that is not mirrored the other's rate is no limit.
        let is_over = e.live && flat.is_exceeded_since || e.one_way.is_some();
        lossy && !is_over && below && most && cut && flat.windows >= FLAT_WINDOWS && flat.variation < steady
    })
}

/// Whether most of what is missing is missing from holes: of what all is missing from, nobody knows in which segments it was sent.
fn lies_in_holes(e: &Evidence) -> bool {
    let is_most = |(all, beside): (Estimate, Estimate)| beside.rate < all.rate / 2.0;
    e.has_holes() && e.loss.all.zip(e.loss.beside_holes).is_none_or(is_most)
}

/// The payload from which on segments are missing: at least half of those from there on, at most 2 % of smaller ones.
fn limit(sizes: &[SizeLoss], active: bool) -> Option<(u32, f64, f64)> {
    let sum = |rows: &[SizeLoss]| rows.iter().fold((0u64, 0u64), |(s, m), r| (s.saturating_add(r.seen), m.saturating_add(r.missing)));
    (1..sizes.len()).find_map(|at| {
        let (small, large) = sizes.split_at(at);
        let (small_seen, small_missing) = sum(small);
        let (large_seen, large_missing) = sum(large);
        let rate = |seen: u64, missing: u64| share(missing, seen.saturating_add(missing));
        let (below, beyond) = (rate(small_seen, small_missing), rate(large_seen, large_missing));
        let found = small_seen >= SEGMENTS.number()
            && large_missing >= SEGMENTS.number()
            && below < SMALLER.value()
            && beyond > if active { BEYOND.1 } else { BEYOND.0 };
        // The first class in which anything is missing, not one of intact ones below it.
        let first = large.first().filter(|r| found && rate(r.seen, r.missing) > 0.3)?;
        Some((first.floor, beyond, below))
    })
}

impl Detector for SpanSize {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "span.size",
            aspect: Some(Aspect::Completeness),
            meaning: "Small packets arrive, large ones do not: with its encapsulation a full-size packet no longer fits.",
            measured: "Missing and seen TCP segments by size. Raised when at least {beyond} of the segments from some \
                       size on are missing ({n} at least) and less than {below} of the smaller ones ({n} seen at \
                       least). Not judged where this host itself loses half as many (host.drop), and where most of that is missing from times \
                       in which nothing was mirrored (mirror.outage), or one direction.",
            cause: "Encapsulation adds {least} to {most} bytes; the way to the analyser, or the switch, drops what \
                       exceeds its MTU instead of fragmenting it.",
            lookalikes: "A filter on packet length in the session; congestion, which hits large packets more often but small \
                         ones too.",
            remedy: "Raise the MTU on the whole way of the copies and of this interface, or let the mirror cut packets.",
            topic: Some(VendorTopic::Whole),
            figures: &[
                ("beyond", Share(BEYOND.0)),
                ("below", Tuned(&SMALLER)),
                ("n", Tuned(&SEGMENTS)),
                ("least", Count(ENCAPSULATION[0])),
                ("most", Count(ENCAPSULATION[1])),
            ],
        };
        &PAGE
    }

    fn needs(&self) -> &'static [Need] {
        &[Need::Undivided, Need::BothDirections, Need::Unique, Need::Abreast, Need::InSequence, Need::Unmerged]
    }

    fn judge(&self, e: &Evidence, standing: StandingFindings<'_>) -> Detection {
        let active = standing.at_all();
        let seen: u64 = e.loss.by_size.iter().fold(0, |sum, r| sum.saturating_add(r.seen));
        if seen < SEGMENTS.number() {
            return lacking(seen, SEGMENTS.number(), "segments");
        }
        match limit(&e.loss.by_size, active) {
            // Whose ring is full has no room for large ones first.
            Some((_, beyond, _)) if e.loss.host.is_some_and(|host| host.rate >= beyond / 2.0) => {
                Detection::Unknown("this host itself loses as many packets".into())
            }
            Some(_) if lies_in_holes(e) => {
                Detection::Unknown("what is missing is missing from times in which nothing was mirrored, or one direction".into())
            }
            Some((payload, beyond, below)) => {
                let evidence = vec![
                    ("payload_from", Value::Bytes(payload.into())),
                    ("missing_beyond", Value::Share(beyond)),
                    ("missing_below", Value::Share(below)),
                ];
                let title = format!("Large packets are missing: {} of those with {payload} payload bytes or more", percent(beyond));
                Detection::from(Report::new(Severity::Critical, title, evidence).held(e.of_file(&e.loss.times)))
            }
            None => Detection::Clear,
        }
    }
}
