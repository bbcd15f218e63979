//! Packets that arrive more than once.

use super::{lacking, present_if};
use crate::diagnose::detector::{Detection, Detector, ExplainPage, Limit, Report, StandingFindings};
use crate::diagnose::figure::Figure::{Count, Nanos, Part, Share, Times, Tuned};
use crate::diagnose::vendor::VendorTopic;
use crate::model::evidence::{COMPARED_BYTES, COPY_FAR, COPY_REACH, CopyEvidence, CopyGap, DistantCopies, Threshold};
use crate::model::units::{duration, percent, plural};
use crate::model::{Aspect, Severity, Value};

/// Packets before a share of copies says anything: an interval of 5 points at 50 %.
static PACKETS: Threshold = Threshold::count(400.0);

/// Conversations with copies that show the mirror, not one talkative host; with fewer in all, most of them.
static FLOWS: Threshold = Threshold::count(10.0);

/// One in so many conversations with a sure copy are enough where few packets of each are copied.
static SPREAD: Threshold = Threshold::count(10.0);

/// Every packet arrives the same number of times.
pub struct DupEvery;

/// Some packets arrive more than once.
pub struct DupSome;

/// How often everything arrives, when it does: `k` copies give a share of 1-1/k. Just below it is taken too, because a few
/// packets (to or from the switch, broadcasts) are copied once; `k` itself is a ceiling, so little is taken above. Beyond four times, where
/// one share and the next are closer than that, it is the nearest, if nearly every conversation was copied.
fn times(copies: &CopyEvidence, active: bool) -> Option<u64> {
    let (share, firsts) = (copies.share(), copies.packets.saturating_sub(copies.copies).max(1));
    let few = (2..=BANDS).find(|k| {
        let (low, high) = band(*k, if active { STANDING_SLACK } else { SLACK });
        (low..=high).contains(&share)
    });
    let many = || {
        let nearly_all = copies.flows_affected.saturating_mul(5) >= copies.flows.saturating_mul(4);
        (share > band(BANDS, 0.0).1 && nearly_all).then(|| (copies.packets.saturating_add(firsts / 2) / firsts).max(u64::from(BANDS) + 1))
    };
    // Frames that a switch floods to all ports come oftener than others; how often nearly all come says more than their share.
    (copies.times > 1).then_some(copies.times).or(few.map(u64::from)).or_else(many)
}

/// So many times is told by the share alone.
const BANDS: u32 = 4;

/// A number of times in words.
fn words(times: u64) -> String {
    match times {
        2 => "twice".to_owned(),
        3 => "three times".to_owned(),
        4 => "four times".to_owned(),
        5 => "five times".to_owned(),
        6 => "six times".to_owned(),
        7 => "seven times".to_owned(),
        8 => "eight times".to_owned(),
        9 => "nine times".to_owned(),
        10 => "ten times".to_owned(),
        n => format!("{n} times"),
    }
}

/// How much below the full share of copies is taken for it; while the finding stands; and how much above.
const SLACK: f64 = 0.03;
const STANDING_SLACK: f64 = 0.10;
const ABOVE: f64 = 0.005;

/// The shares of copies that are taken for `times` times everything.
const fn band(times: u32, slack: f64) -> (f64, f64) {
    let full = 1.0 - 1.0 / times as f64;
    (full - slack, full + ABOVE)
}

/// The same of two, three and four times everything, before it is told.
const TWICE: (f64, f64) = band(2, SLACK);
const THRICE: (f64, f64) = band(3, SLACK);
const FOUR_TIMES: (f64, f64) = band(4, SLACK);

/// The share of copies above which a part is told, and above which it is a warning.
static PART: Limit = Limit::new(0.01);
static LARGE_PART: Threshold = Threshold::share(0.05);

/// Why packets that somebody sends on come twice, and what is to be done.
const SENT_ON: &str = "The mirror shows the traffic before and behind somebody who takes it in and sends it on, a router or a host that forwards: every copy \
                       is of another leg of the way, and its links carry the traffic twice.";
const SENT_ON_REMEDY: &str = "Mirror one side of whoever sends it on. If that is no router, find out why packets take the way through it: a default gateway \
                              or route that is set wrongly, a redirect, a false answer by ARP.";

/// The report that copies come, with who sends them on where somebody does.
fn told(copies: &CopyEvidence, severity: Severity, title: String) -> Report {
    let report = |title| Report::new(severity, title, evidence(copies)).proved_by(&copies.proof);
    let by = copies.senders_on();
    let Some(first) = by.first() else { return report(title) };
    let others = match by.len() as u64 - 1 {
        0 => String::new(),
        n => format!(" (or {})", plural(n, "other station")),
    };
    report(format!("{title}: on the way to {first}{others} and from there on")).because(SENT_ON).mend(SENT_ON_REMEDY)
}

/// Whether the copies are the mirror's: many conversations, and much the same distance, unless most copies show by their headers
/// that they are no repetition by their sender.
fn is_mirror(copies: &CopyEvidence) -> bool {
    // Nobody repeats nearly every packet but a mirror.
    let certain = copies.changed.saturating_mul(2) > copies.copies || copies.times > 1;
    // One direction, or one packet in many, may be all that comes twice: then no conversation has many copies, and yet they are everywhere.
    let few = FLOWS.number().min(copies.flows / 2 + 1);
    let spread = copies.flows_proven >= few && copies.flows_proven.saturating_mul(SPREAD.number()) >= copies.flows;
    let everywhere = copies.flows_affected >= few || spread;
    everywhere && (certain || copies.gap.is_none_or(|g| g.is_tight()))
}

/// The share of packets that come again late from which on it is all of them: what is cut off by the end of the capture does not come any more.
static NEARLY_ALL: Threshold = Threshold::share(0.9);

/// Why a packet comes again so late.
const LATE: &str = "Two ways of different length bring the same packets here (a tap with a buffer, a mirror through a congested network), or two \
                    captures were merged whose clocks differ. What comes so late is counted as traffic: all loads are too high by this share.";

fn late_evidence(late: &DistantCopies) -> Vec<(&'static str, Value)> {
    vec![
        ("share", Value::Share(late.share())),
        ("copies", Value::Count(late.again)),
        ("watched", Value::Count(late.watched)),
        ("p50_seconds", Value::Seconds(late.gap.p50)),
        ("p95_seconds", Value::Seconds(late.gap.p95)),
    ]
}

fn evidence(copies: &CopyEvidence) -> Vec<(&'static str, Value)> {
    let mut out = vec![
        ("share", Value::Share(copies.share())),
        ("copies", Value::Count(copies.copies)),
        ("packets", Value::Count(copies.packets)),
        ("conversations", Value::Count(copies.flows_affected)),
    ];
    if let Some(gap) = copies.gap {
        out.push(("p50_seconds", Value::Seconds(gap.p50)));
        out.push(("p95_seconds", Value::Seconds(gap.p95)));
    }
    out.extend(copies.pairs.iter().take(3).map(|(between, n)| ("between", Value::Text(format!("{between} ({n} packets)")))));
    out
}

impl Detector for DupEvery {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "dup.every",
            aspect: Some(Aspect::Uniqueness),
            meaning: "Every mirrored packet arrives twice (or more often). All loads would show doubled if copies were \
                      not left out.",
            measured: "Packets whose addresses, IP identification, length, transport header and first {bytes} payload \
                       bytes equal those of a packet up to {reach} before. Raised when they are {twice_low} to \
                       {twice_high} of at least {packets} packets ({thrice_low} to {thrice_high} for three times, \
                       {four_low} to {four_high} for four, and so on if nearly all conversations are copied), in at \
                       least {flows} conversations, at much the same \
                       distance (95th percentile at most {spread} times the 5th), unless most of them passed a router \
                       or changed their VLAN in between. Those that a station sends on which attracts them by ARP (arp.conflict) are traffic that \
                       takes a way round, and do not count. What comes later than that is not left out, but told: of a sample of TCP \
                       segments with data, waited for up to {far}, at least {nearly} come again with the same IP identification at \
                       much the same distance. Where nothing numbers packets (IPv6, or one identification that many have), and many of them come again at one narrow distance, or most of them at any, nothing tells \
                       whether the mirror or their sender repeats them: then nothing is judged.",
            cause: "The session mirrors packets both where they come in and where they go out, or a port and its VLAN at once: \
                    each packet passes two of its sources.",
            lookalikes: "Two taps or two sessions into one analyser port; a capture file merged with itself; capturing on a \
                         bridge and its member at once.",
            remedy: "Mirror receive or transmit of the sources, not both; or mirror the port or the VLAN, not both.",
            topic: Some(VendorTopic::OneDirection),
            figures: &[
                ("bytes", Count(COMPARED_BYTES as u64)),
                ("reach", Nanos(COPY_REACH)),
                ("packets", Tuned(&PACKETS)),
                ("flows", Tuned(&FLOWS)),
                ("spread", Times(CopyGap::TIGHT)),
                ("twice_low", Share(TWICE.0)),
                ("twice_high", Share(TWICE.1)),
                ("thrice_low", Share(THRICE.0)),
                ("thrice_high", Share(THRICE.1)),
                ("four_low", Share(FOUR_TIMES.0)),
                ("four_high", Share(FOUR_TIMES.1)),
                ("far", Nanos(COPY_FAR)),
                ("nearly", Tuned(&NEARLY_ALL)),
            ],
        };
        &PAGE
    }

    fn judge(&self, e: &crate::diagnose::Evidence, standing: StandingFindings<'_>) -> Detection {
        let active = standing.at_all();
        let copies = &e.copies;
        if let Some(late) = copies.late().filter(|late| late.share() >= NEARLY_ALL.value()) {
            let title = format!("Every packet arrives again {} later, too late to be left out", duration(late.gap.p50));
            return Detection::from(Report::new(Severity::Critical, title, late_evidence(late)).because(LATE));
        }
        if copies.packets < PACKETS.number() {
            return lacking(copies.packets, PACKETS.number(), "packets");
        }
        match times(copies, active).filter(|_| is_mirror(copies)) {
            Some(k) => {
                let title = format!("Every packet arrives {}", words(k));
                Detection::from(told(copies, Severity::Critical, title))
            }
            None => Detection::Clear,
        }
    }
}

impl Detector for DupSome {
    fn yields_to(&self) -> &'static [&'static str] {
        &["dup.every"]
    }

    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "dup.some",
            aspect: Some(Aspect::Uniqueness),
            meaning: "A part of the traffic is mirrored at two places and arrives twice. That part would be counted double if \
                      copies were not left out.",
            measured: "As for dup.every, or with any packet surely copied in at least one of {spread} conversations. A note where copies are more than \
                       {note} of at least {packets} packets, the copies among them (half of what arrives where everything comes twice), a warning above {warning}; \
                       cleared below {clear}. Repetitions that scatter in time are retransmissions and raise nothing.",
            cause: "Two sources of the mirror overlap: traffic between two mirrored ports, or before and behind the same \
                    router, passes both.",
            lookalikes: "Multicast flooded to two mirrored ports is a real second packet; some network cards and load balancers \
                         send packets twice themselves.",
            remedy: "Remove the overlapping source: mirror only uplinks, or only one side of the router, or one direction.",
            topic: Some(VendorTopic::OneDirection),
            figures: &[
                ("spread", Tuned(&SPREAD)),
                ("note", Tuned(&PART.raise)),
                ("clear", Part(&PART.raise, Limit::CLEAR)),
                ("warning", Tuned(&LARGE_PART)),
                ("packets", Tuned(&PACKETS)),
            ],
        };
        &PAGE
    }

    fn judge(&self, e: &crate::diagnose::Evidence, standing: StandingFindings<'_>) -> Detection {
        let active = standing.at_all();
        let copies = &e.copies;
        if let Some(late) = copies.late() {
            let severity = if late.share() > LARGE_PART.value() { Severity::Warning } else { Severity::Note };
            let after = duration(late.gap.p50);
            let title = format!("{} of the packets arrive again {after} later, too late to be left out", percent(late.share()));
            return Detection::from(Report::new(severity, title, late_evidence(late)).because(LATE));
        }
        if copies.packets < PACKETS.number() {
            return lacking(copies.packets, PACKETS.number(), "packets");
        }
        let share = copies.share();
        let found = PART.exceeded(share, active) && times(copies, false).is_none() && is_mirror(copies);
        present_if(found, || {
            let severity = if share > LARGE_PART.value() { Severity::Warning } else { Severity::Note };
            let apart = copies.gap.map(|g| format!(", about {} apart", duration(g.p50))).unwrap_or_default();
            told(copies, severity, format!("{} of the packets are copies of others{apart}", percent(share)))
                .held(e.of_file(&copies.copied_at.episodes()))
        })
    }
}
