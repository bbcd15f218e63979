//! Transfers that a receiver's window holds back.

use super::{SURE, all_of};
use crate::diagnose::detector::{Detection, Detector, ExplainPage, Need, Report, StandingFindings};
use crate::diagnose::evidence::Evidence;
use crate::diagnose::figure::Figure::Tuned;
use crate::model::Arrange as _;
use crate::model::evidence::{Threshold, WINDOW_FULL, WindowEvidence};
use crate::model::units::{bits_per_second, bytes, duration, percent, plural};
use crate::model::{Episode, Finding, Proves, Severity, Subject, Value, limits, wilson};

/// Share of the time in which the window must be full.
static HELD_BACK: Threshold = Threshold::share(0.3);

/// Round trips and bytes of the transfer, and bytes from which on it is a warning.
static ROUND_TRIPS: Threshold = Threshold::count(10.0);
static BYTES: Threshold = Threshold::count(1_000_000.0);
static MUCH: Threshold = Threshold::count(10_000_000.0);

/// Acknowledgements that are looked at.
static SAMPLES: Threshold = Threshold::count(10.0);

/// Round trips below which a window is hardly ever what holds back, seconds.
static NEAR: Threshold = Threshold::seconds(0.001);

/// Share of the fastest rate seen that the window allows at most.
static SLOWER: Threshold = Threshold::share(0.5);

/// Share of what the window allows on an empty way from which on the way is empty: where packets wait, round trips are longer and less passes.
static UNQUEUED: Threshold = Threshold::share(0.7);

/// Receivers of one sender that are told together.
const TOGETHER: u64 = 2;

/// Bytes that can be announced without the window scale option (RFC 7323 section 2.2).
const UNSCALED: u64 = 65_535;

/// A receiver's window holds a transfer back.
pub struct TcpWindowLimited;

impl Detector for TcpWindowLimited {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "tcp.window_limited",
            aspect: None,
            meaning: "A transfer is as fast as the window of its receiver allows on a path of this length, and no faster: no more than a window \
                      may be on its way in a round trip. Neither the network nor the sender is the cause.",
            measured: "Bytes in flight (those before the mirrored port estimated by the rate) of at least {full} of the window less a segment: \
                       surely in more than {share} of at least {samples} acknowledgements (lower end of the {sure} interval), over at least \
                       {trips} round trips of {near} or more and {bytes} bytes, without loss, while the window stays as it is, and the rate it \
                       allows is below {slower} of the fastest that was seen at both hosts; or, where the window scale option lacks, \
                       the rate is above {unqueued} of what the window allows. Only where both SYNs were seen. A note below \
                       {much} bytes.",
            cause: "The receiver's buffer is set too small (a fixed size in the program, or limits of the system), or one side does not offer \
                    the window scale option, or a device between takes it out.",
            lookalikes: "A sender with a small buffer of its own, or one that has nothing to send: then the window is not full.",
            remedy: "Let the receiver's system choose the size (automatic tuning), raise its limits (`net.ipv4.tcp_rmem`), and take fixed \
                     sizes (`SO_RCVBUF`) out of the program. Where the option lacks, find out which side or device leaves it out.",
            topic: None,
            figures: &[
                SURE,
                ("full", Tuned(&WINDOW_FULL)),
                ("share", Tuned(&HELD_BACK)),
                ("samples", Tuned(&SAMPLES)),
                ("trips", Tuned(&ROUND_TRIPS)),
                ("near", Tuned(&NEAR)),
                ("bytes", Tuned(&BYTES)),
                ("slower", Tuned(&SLOWER)),
                ("unqueued", Tuned(&UNQUEUED)),
                ("much", Tuned(&MUCH)),
            ],
        };
        &PAGE
    }

    fn needs(&self) -> &'static [Need] {
        &[Need::Undivided, Need::BothDirections, Need::Timely, Need::EverySide, Need::Aligned, Need::Unmerged, Need::Unsampled]
    }

    fn judge(&self, e: &Evidence, _: StandingFindings<'_>) -> Detection {
        let held: Vec<&WindowEvidence> = e.network.windows.iter().filter(|w| is_held_back(w)).collect();
        // Of several transfers of one pair the largest is told.
        let largest = held.iter().filter(|w| {
            let others = held.iter().filter(|o| (o.receiver, o.sender) == (w.receiver, w.sender));
            others.max_by_key(|o| (o.bytes, o.port, o.span.first)).is_some_and(|o| o.flow == w.flow)
        });
        let (capped, grown): (Vec<&WindowEvidence>, Vec<&WindowEvidence>) = largest.copied().partition(|w| is_capped(w));
        // Where the option lacks on the way from one sender to several, it is the sender's, or that way's.
        let of = |sender| capped.iter().filter(|w| w.sender == sender).count() as u64;
        let apart = capped.iter().filter(|w| of(w.sender) < TOGETHER).chain(&grown).map(|w| limited(w));
        let first = |w: &&&WindowEvidence| {
            of(w.sender) >= TOGETHER && capped.iter().find(|o| o.sender == w.sender).is_some_and(|o| o.flow == w.flow)
        };
        all_of(apart.chain(capped.iter().filter(first).map(|w| together(e, w, of(w.sender), &capped))))
    }

    /// What was told of one receiver is told of its sender once there are more of them.
    fn withdraws(&self, e: &Evidence, finding: &Finding) -> bool {
        let capped: Vec<&WindowEvidence> = e.network.windows.iter().filter(|w| is_held_back(w) && is_capped(w)).collect();
        let own = capped.iter().find(|w| finding.subject == Subject::Host(w.receiver));
        own.is_some_and(|own| {
            let mut receivers: Vec<_> = capped.iter().filter(|w| w.sender == own.sender).map(|w| w.receiver).collect();
            receivers.arrange();
            receivers.dedup();
            receivers.len() as u64 >= TOGETHER
        })
    }
}

fn is_held_back(w: &WindowEvidence) -> bool {
    let allowed = w.window as f64 / w.round_trip;
    let is_long = w.round_trip >= NEAR.in_seconds()
        && w.round_trips >= ROUND_TRIPS.value()
        && w.bytes >= BYTES.number()
        && w.samples >= SAMPLES.number();
    // Where the window cannot be larger, no faster transfer has to show what the way could carry: that it takes no longer than the handshake did
    // shows that nothing waits on the way.
    let is_capped = is_capped(w) && w.rate > UNQUEUED.value() * allowed;
    let is_full = is_long && w.is_steady && !w.has_lost && wilson(w.full, w.samples).low > HELD_BACK.value();
    is_full && (is_capped || allowed < SLOWER.value() * w.fastest)
}

/// Whether the window cannot be larger, as the option lacks that lets it.
fn is_capped(w: &WindowEvidence) -> bool {
    w.is_unscaled && w.window <= UNSCALED
}

/// Transfers from one sender to several that lack the option.
fn together(e: &Evidence, w: &WindowEvidence, receivers: u64, capped: &[&WindowEvidence]) -> Report {
    let own = || capped.iter().filter(|o| o.sender == w.sender);
    let transferred = own().fold(0u64, |sum, o| sum.saturating_add(o.bytes));
    let title = format!(
        "Transfers from {} to {} are held back, for the window scale option lacks: {} a round trip of {}",
        w.sender,
        plural(receivers, "host"),
        bytes(w.window),
        duration(w.round_trip)
    );
    let evidence = vec![
        ("receivers", Value::Count(receivers)),
        ("window", Value::Bytes(w.window)),
        ("round_trip_seconds", Value::Seconds(w.round_trip)),
        ("transferred", Value::Bytes(transferred)),
    ];
    let first = own().map(|o| o.span.first).min().unwrap_or(w.span.first);
    let last = own().map(|o| o.span.last).max().unwrap_or(w.span.last);
    let severity = if transferred >= MUCH.number() { Severity::Warning } else { Severity::Note };
    let report = Report::new(severity, title, evidence).about(Subject::Host(w.sender)).suffered_by(receivers);
    let mut packets: Vec<u64> = own().flat_map(|o| e.network.proofs.of(&[Proves::Window], Subject::Host(o.receiver))).collect();
    packets.arrange();
    let packets = packets.split_off(packets.len().saturating_sub(limits::PROVING_PACKETS));
    Report { packets, ..report }
        .held(vec![Episode { first, last }])
        .because("The sender's side offers no window scaling, or a device before it takes the option out.")
}

fn limited(w: &WindowEvidence) -> Report {
    let full = wilson(w.full, w.samples);
    let allowed = w.window as f64 / w.round_trip;
    let title = format!(
        "A transfer from {} to {} is held back by the window of {}: {} a round trip of {}, at most {}",
        w.sender,
        w.receiver,
        w.receiver,
        bytes(w.window),
        duration(w.round_trip),
        bits_per_second(8.0 * allowed)
    );
    let evidence = vec![
        ("window", Value::Bytes(w.window)),
        ("round_trip_seconds", Value::Seconds(w.round_trip)),
        ("allowed_rate", Value::BitsPerSecond(8.0 * allowed)),
        ("rate", Value::BitsPerSecond(8.0 * w.rate)),
        ("fastest_rate", Value::BitsPerSecond(8.0 * w.fastest)),
        ("full_share", Value::Share(full.rate)),
        ("transferred", Value::Bytes(w.bytes)),
        ("port", Value::Count(w.port.into())),
    ];
    let severity = if w.bytes >= MUCH.number() { Severity::Warning } else { Severity::Note };
    let report = Report::new(severity, title, evidence).about(Subject::Host(w.receiver)).suffered_by(1).held(vec![w.span]);
    match w.is_unscaled && w.window <= UNSCALED {
        true => report.because("One side's SYN offers no window scaling, or a device between took the option out.".to_owned()),
        false => report.because(format!("The window is full {} of the time and does not grow.", percent(full.rate))),
    }
}
