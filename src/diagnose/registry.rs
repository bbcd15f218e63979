//! The list of detectors: the one place a new one is added.

use super::detector::{Detector, ExplainPage};
use super::evidence::Evidence;
use super::figure::Figure;
use super::findings::*;
use super::parts;
use crate::model::Aspect;
use crate::model::evidence::Threshold;
use std::fmt::Write as _;

macro_rules! registry {
    (mirror { $($id:literal $detector:expr;)* } network { $($net_id:literal $net_detector:expr;)* }) => {
        /// Every detector of the mirror, in the order findings of equal weight are listed: what makes numbers useless first.
        pub(super) static DETECTORS: &[&'static dyn Detector] = &[$(&$detector,)*];

        /// Every detector of the network, in the order findings of equal weight are listed: causes before effects.
        pub(super) static NETWORK: &[&'static dyn Detector] = &[$(&$net_detector,)*];

        /// Identifiers of all findings.
        pub const IDS: &[&str] = &[$($id,)* $($net_id,)*];

        #[cfg(test)]
        const TYPES: &[&str] = &[$(stringify!($detector),)* $(stringify!($net_detector),)*];
    };
}

registry! {
    mirror {
        "mirror.silent" directionality::MirrorSilent;
        "mirror.none" directionality::MirrorNone;
        "dir.half" directionality::DirHalf;
        "loop" transit::Loop;
        "dup.every" copies::DupEvery;
        "dup.some" copies::DupSome;
        "dup.flood" repeats::DupFlood;
        "route.loop" repeats::RouteLoop;
        "span.oversub" span::SpanOversub;
        "span.sampled" span::SpanSampled;
        "span.ratelimit" span::SpanRatelimit;
        "span.size" span::SpanSize;
        "switch.discards" loss::SwitchDiscards;
        "switch.loss" loss::SwitchLoss;
        "upstream.loss" loss::UpstreamLoss;
        "path.loss" loss::PathLoss;
        "host.drop" loss::HostDrop;
        "mirror.outage" capture::MirrorOutage;
        "mirror.fragmented" transit::MirrorFragmented;
        "route.asym" directionality::RouteAsym;
        "mirror.midstream" beginnings::MirrorMidstream;
        "dir.some" directionality::DirSome;
        "vlan.stripped" directionality::VlanStripped;
        "vlan.oneway" directionality::VlanOneway;
        "cpu.blind" directionality::CpuBlind;
        "trunc" fidelity::Trunc;
        "trunc.capture" fidelity::TruncCapture;
        "host.gro" fidelity::HostGro;
        "src.tso" fidelity::SrcTso;
        "host.txcsum" fidelity::HostTxcsum;
        "csum.bad" fidelity::CsumBad;
        "frames.errors" fidelity::FramesErrors;
        "order.skew" capture::OrderSkew;
        "clock.step" capture::ClockStep;
        "clock.coarse" capture::ClockCoarse;
        "foreign-mirror" transit::ForeignMirror;
        "link.unknown" contents::LinkUnknown;
        "link.encrypted" contents::LinkEncrypted;
        "decap.port" contents::DecapPort;
        "nic.transmits" host::NicTransmits;
        "host.link" host::HostLink;
        "host.oversize" host::HostOversize;
        "host.pause" host::HostPause;
        "host.away" host::HostAway;
        "low.completeness" parts::LowCompleteness;
        "low.uniqueness" parts::LowUniqueness;
        "low.order" parts::LowOrder;
        "low.fidelity" parts::LowFidelity;
        "low.timing" parts::LowTiming;
        "low.coverage" parts::LowCoverage;
    }
    network {
        "loop.layer2" stations::LoopLayer2;
        "mac.overflow" stations::MacOverflow;
        "mac.flapping" stations::MacFlapping;
        "storm.broadcast" routers::StormBroadcast;
        "storm.multicast" routers::StormMulticast;
        "stp.two_roots" bridges::StpTwoRoots;
        "stp.root_changed" bridges::StpRootChanged;
        "stp.topology_changes" bridges::StpTopologyChanges;
        "stp.bpdu_lost" bridges::StpBpduLost;
        "fhrp.two_masters" routers::FhrpTwoMasters;
        "fhrp.flip" routers::FhrpFlip;
        "ospf.hello_lost" routers::OspfHelloLost;
        "bgp.reset" routers::BgpReset;
        "mtu.mismatch" routers::MtuMismatch;
        "vlan.leak" stations::VlanLeak;
        "vlan.native" bridges::VlanNative;
        "duplex.mismatch" bridges::DuplexMismatch;
        "lacp.half" bridges::LacpHalf;
        "lacp.mismatch" bridges::LacpMismatch;
        "pause.storm" routers::PauseStorm;
        "eapol.failing" routers::EapolFailing;
        "flood.unicast" stations::FloodUnicast;
        "link.saturated" stations::LinkSaturated;
        "burst.micro" stations::BurstMicro;
        "igmp.two_queriers" routers::IgmpTwoQueriers;
        "igmp.no_querier" stations::IgmpNoQuerier;
        "arp.conflict" neighbours::ArpConflict;
        "arp.unanswered" neighbours::ArpUnanswered;
        "dhcp.rogue" addresses::DhcpRogue;
        "dhcp.exhausted" addresses::DhcpExhausted;
        "dhcp.no_offer" addresses::DhcpNoOffer;
        "nd.rogue_ra" neighbours::NdRogueRa;
        "arp.storm" neighbours::ArpStorm;
        "scan.ports" scans::ScanPorts;
        "scan.hosts" scans::ScanHosts;
        "tcp.synflood" scans::TcpSynflood;
        "pmtu.blackhole" sizes::PmtuBlackhole;
        "icmp.unreachable" connections::IcmpUnreachable;
        "icmp.redirect" detours::IcmpRedirect;
        "ipv6.broken" detours::Ipv6Broken;
        "tcp.no_answer" no_answer::TcpNoAnswer;
        "tcp.refused" connections::TcpRefused;
        "tcp.reset" connections::TcpReset;
        "tcp.loss" segments::TcpLoss;
        "tcp.rtt" round_trips::TcpRtt;
        "ip.fragments" sizes::IpFragments;
        "tcp.window_limited" windows::TcpWindowLimited;
        "tcp.slow_receiver" receivers::TcpSlowReceiver;
        "dns.unanswered" services::DnsUnanswered;
        "dns.failing" services::DnsFailing;
        "dns.slow" services::DnsSlow;
        "server.slow" services::ServerSlow;
        "http.errors" services::HttpErrors;
        "tls.expiring" logins::TlsExpiring;
        "tls.failing" logins::TlsFailing;
        "auth.failing" logins::AuthFailing;
        "service.errors" services::ServiceErrors;
        "tls.old" logins::TlsOld;
        "ntp.bad" clocks::NtpBad;
        "rtp.loss" voice::RtpLoss;
        "rtp.jitter" voice::RtpJitter;
        "quic.blocked" detours::QuicBlocked;
        "load.surge" loads::LoadSurge;
        "tcp.keepalive" chatter::TcpKeepalive;
    }
}

/// All detectors, those of the mirror first.
fn all() -> impl Iterator<Item = &'static &'static dyn Detector> {
    DETECTORS.iter().chain(NETWORK)
}

/// What a finding takes from trust in the mirror; `None`: nothing, or there is no such finding.
pub fn aspect(id: &str) -> Option<Aspect> {
    all().map(|d| d.page()).find(|p| p.id == id)?.aspect
}

/// Whether a finding takes from this part of trust in the mirror, by the evidence it rests on.
pub(super) fn takes_from(id: &str, part: Aspect, evidence: &Evidence) -> bool {
    let of_it = all().find(|detector| detector.page().id == id);
    of_it.is_some_and(|detector| detector.page().aspect == Some(part) || detector.takes_also(evidence) == Some(part))
}

/// Every finding by its identifier, with what it means in a sentence.
pub fn summaries() -> impl Iterator<Item = (&'static str, String)> {
    all().map(|d| d.page()).map(|page| {
        let meaning = page.text(page.meaning);
        let end = meaning.find(". ").unwrap_or(meaning.len());
        (page.id, meaning.get(..end).unwrap_or(&meaning).trim_end_matches('.').to_owned())
    })
}

/// What a finding means, how it is measured, what else it could be, what to change: plain text in lines of at most `columns`. `None` for an
/// identifier that does not exist ([`IDS`]).
pub fn explain(id: &str, columns: usize) -> Option<String> {
    let wrapped = |text: &str| wrapped(text, columns);
    let page = all().map(|d| d.page()).find(|p| p.id == id)?;
    let mut out = String::new();
    let _ = writeln!(out, "{}", page.id);
    for (head, text) in sections(page) {
        let text = page.text(text);
        let paragraphs: Vec<String> = text.split("\n\n").map(wrapped).collect();
        let _ = write!(out, "\n{head}\n{}", paragraphs.join("\n"));
    }
    if tuned(page).next().is_some() {
        let _ = writeln!(out, "\nThresholds that a configuration file may change ([thresholds])");
        for (name, t) in tuned(page) {
            let [now, usual, least, most] = [t.value(), t.default, t.least, t.most].map(|value| Figure::of(t, value));
            let changed = if t.is_changed() { format!(", changed from {usual}") } else { String::new() };
            out.push_str(&wrapped(&format!("{}.{name}: {now}{changed} ({least} to {most})", page.id)));
        }
    }
    if let Some(topic) = page.topic {
        let commands: Vec<_> = super::Vendor::ALL.iter().filter_map(|v| Some(format!("{}: {}", v.name(), v.command(topic)?))).collect();
        if !commands.is_empty() {
            let _ = writeln!(out, "\nBy vendor (names of ports are examples; check your release)");
        }
        commands.iter().for_each(|c| out.push_str(&wrapped(c)));
    }
    Some(out)
}

/// The thresholds that a page names.
fn tuned(page: &'static ExplainPage) -> impl Iterator<Item = (&'static str, &'static Threshold)> {
    page.figures.iter().filter_map(|(name, figure)| if let Figure::Tuned(threshold) = figure { Some((*name, *threshold)) } else { None })
}

/// A threshold by the name that a configuration file has for it. Several findings may be measured with one.
#[derive(Debug, Clone, Copy)]
pub struct NamedThreshold {
    /// The finding.
    pub id: &'static str,
    /// What its texts call it.
    pub name: &'static str,
    /// What it is.
    pub threshold: &'static Threshold,
}

impl NamedThreshold {
    /// Its key: the finding's identifier and its name there.
    pub fn key(&self) -> String {
        format!("{}.{}", self.id, self.name)
    }

    /// Whether both are the same number.
    pub fn is_same(&self, other: &Self) -> bool {
        std::ptr::eq(self.threshold, other.threshold)
    }
}

/// Every threshold that pages of findings name, in their order.
pub fn thresholds() -> impl Iterator<Item = NamedThreshold> {
    all()
        .map(|detector| detector.page())
        .flat_map(|page| tuned(page).map(|(name, threshold)| NamedThreshold { id: page.id, name, threshold }))
}

fn sections(page: &ExplainPage) -> [(&'static str, &'static str); 5] {
    [
        ("What it means", page.meaning),
        ("How it is measured", page.measured),
        ("Why it happens", page.cause),
        ("What else it could be", page.lookalikes),
        ("What to change", page.remedy),
    ]
}

/// Text in lines of at most so many columns, indented by two; later lines of one text by two as well.
fn wrapped(text: &str, columns: usize) -> String {
    let (mut out, mut column) = (String::new(), 0);
    for word in text.split_whitespace() {
        let width = word.chars().count();
        if column == 0 {
            out.push_str("  ");
            column = 2;
        } else if column + 1 + width > columns {
            out.push_str("\n  ");
            column = 2;
        } else {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += width;
    }
    out.push('\n');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a text holds a number: not in a command, nor in the name of a standard or of a percentile, protocol or status.
    fn digits(text: &str) -> bool {
        const NAMES: [&str; 15] = [
            "IEEE 802.1AE",
            "IEEE 802.1X",
            "95th",
            "5th",
            "IPv4",
            "IPv6",
            "ICMPv6",
            "5xx",
            "4xx",
            "401",
            "404",
            "407",
            "410",
            "412",
            "416",
        ];
        let text = text.split('`').step_by(2).collect::<String>();
        // The number of an RFC is its name.
        let mut parts = text.split("RFC ");
        let first = parts.next().unwrap_or_default().to_owned();
        let text = parts.fold(first, |text, part| text + part.trim_start_matches(|c: char| c.is_ascii_digit()));
        NAMES.iter().fold(text, |text, name| text.replace(name, "")).chars().any(|c| c.is_ascii_digit())
    }

    /// `dup.every` is found by `DupEvery`: whoever greps for the one finds the other.
    #[test]
    fn detectors_are_called_by_their_identifiers() {
        for (id, name) in IDS.iter().zip(TYPES) {
            let words = id.split(['.', '-', '_']).map(|word| word[..1].to_uppercase() + &word[1..]);
            assert_eq!(name.rsplit("::").next().unwrap().trim(), words.collect::<String>(), "{id}");
        }
    }

    #[test]
    fn every_finding_says_everything() {
        let mut seen = std::collections::HashSet::new();
        assert_eq!(all().count(), IDS.len());
        for (detector, id) in all().zip(IDS) {
            let page = detector.page();
            assert_eq!(page.id, *id, "the list names it as it names itself");
            assert!(seen.insert(page.id), "{id} twice");
            for (head, text) in sections(page) {
                let whole = page.text(text);
                assert!(
                    whole.len() >= 5 && whole.ends_with('.') && !whole.contains(['{', '}']) && !whole.contains("  "),
                    "{id}: {head}: {whole:?}"
                );
                assert!(!digits(text), "{id}: {head}: a number that is not formatted from its constant: {text:?}");
            }
            for (name, _) in page.figures {
                let named = sections(page).iter().any(|(_, text)| text.contains(&format!("{{{name}}}")));
                assert!(named, "{id}: no text names {name}");
            }
        }
    }

    /// Numbers that are no thresholds: how something is measured and for how long it is remembered, which tables are as large as, and how long it must
    /// last to be told from what happens once.
    const FIXED: &[(&str, &[&str])] = &[
        ("dup.flood", &["reach"]),
        ("route.loop", &["hops"]),
        ("mac.flapping", &["places"]),
        ("stp.root_changed", &["recent"]),
        ("stp.bpdu_lost", &["recent"]),
        ("fhrp.flip", &["recent"]),
        ("ospf.hello_lost", &["recent"]),
        ("bgp.reset", &["recent"]),
        ("mtu.mismatch", &["recent"]),
        ("vlan.leak", &["within", "recent"]),
        ("vlan.native", &["recent"]),
        ("duplex.mismatch", &["recent"]),
        ("eapol.failing", &["recent"]),
        ("igmp.no_querier", &["forgotten"]),
        ("arp.conflict", &["proxy", "several", "answered"]),
        ("dhcp.rogue", &["held", "seen"]),
        ("dhcp.exhausted", &["claimed"]),
        ("nd.rogue_ra", &["held"]),
        ("arp.storm", &["targets"]),
        ("scan.hosts", &["targets"]),
        ("icmp.redirect", &["held"]),
        ("tcp.reset", &["long"]),
        ("dns.failing", &["zones"]),
        ("tcp.no_answer", &["tries", "bin", "over", "told", "for", "stopped"]),
        ("server.slow", &["known", "together"]),
    ];

    #[test]
    fn what_findings_about_the_network_are_measured_with_may_be_changed() {
        let mut fixed = Vec::new();
        for detector in all().filter(|d| d.page().aspect.is_none()) {
            let page = detector.page();
            for (name, figure) in page.figures {
                let is_known = *name == "sure" || FIXED.iter().any(|(id, names)| *id == page.id && names.contains(name));
                if matches!(figure, Figure::Tuned(_) | Figure::Part(..)) == is_known {
                    fixed.push((page.id, *name));
                }
            }
        }
        assert!(fixed.is_empty(), "{fixed:?}");
        let mut keys: Vec<String> = thresholds().map(|t| t.key()).collect();
        let count = keys.len();
        keys.sort();
        keys.dedup();
        assert!(keys.len() == count && count > 280, "{count} of which {} differ", keys.len());
        for t in thresholds() {
            assert!(t.threshold.least <= t.threshold.default && t.threshold.default <= t.threshold.most, "{}: {:?}", t.key(), t.threshold);
        }
    }

    #[test]
    fn explanations_fit_a_terminal() {
        for id in IDS {
            let text = explain(id, 78).unwrap_or_default();
            assert!(text.starts_with(id) && text.contains("What to change"), "{id}");
            assert!(text.lines().all(|l| l.chars().count() <= 78), "{id}:\n{text}");
        }
        assert!(explain("dup.every", usize::MAX).is_some_and(|t| t.contains("Cisco IOS: `monitor session 1 source interface Gi0/1 rx`")));
        assert_eq!(explain("no.such", 78), None);
    }
}
