//! Attempts to connect in great number: scans of ports and hosts, floods of half-open connections.

use super::connections::{FLOOD_ANSWERED, FLOOD_COMPLETED, FLOOD_SOURCES, SCAN_MANY, is_flood, never_completed, tcp_services};
use super::neighbours::station;
use super::{all_of, subject};
use crate::diagnose::detector::{Detection, Detector, ExplainPage, Need, Report, StandingFindings};
use crate::diagnose::evidence::Evidence;
use crate::diagnose::figure::Figure::{Count, Tuned};
use crate::model::Arrange as _;
use crate::model::evidence::{
    ARP_SWEEP_ANSWERED, ARP_TARGETS, FLOOD_CONNECTIONS, SCAN_FAILS, SCAN_HOSTS, SCAN_PORTS, SCAN_WINDOW, ScanEvidence, StationEvidence,
    SweepEvidence, Trouble, share,
};
use crate::model::units::{grouped, plural};
use crate::model::{Severity, Subject, Value};
use std::cmp::Reverse;

/// Half-open connections pile up.
pub struct TcpSynflood;

/// Many ports of one host are tried.
pub struct ScanPorts;

/// One port of many hosts is tried.
pub struct ScanHosts;

impl Detector for TcpSynflood {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "tcp.synflood",
            aspect: None,
            meaning: "Connections to this service are opened in great number and not completed: half-open connections fill its table until \
                      others are not served.",
            measured: "Attempts within a minute that were never completed, from at least {sources} sources, or with {answered} SYN-ACKs \
                       that nobody acknowledges: at least {flood}, while fewer than {completed} of all attempts are completed.",
            cause: "A flood of SYNs with forged sources, or a load test.",
            lookalikes: "A popular server that went down: its clients repeat the same SYN (tcp.no_answer); a scan tries many ports or hosts.",
            remedy: "SYN cookies on the server. Where the station that most come from is named, with forged sources as well, find its port in the switch's \
                     table; where that is a router, filter the sources at the border where they have something in common.",
            topic: None,
            figures: &[
                ("sources", Tuned(&FLOOD_SOURCES)),
                ("answered", Tuned(&FLOOD_ANSWERED)),
                ("flood", Tuned(&FLOOD_CONNECTIONS)),
                ("completed", Tuned(&FLOOD_COMPLETED)),
            ],
        };
        &PAGE
    }

    fn needs(&self) -> &'static [Need] {
        &[Need::BothDirections, Need::Begun, Need::Unsampled]
    }

    fn judge(&self, e: &Evidence, _: StandingFindings<'_>) -> Detection {
        all_of(tcp_services(e).filter_map(|service| {
            // At the end of a file the whole of it counts as well: a flood may be shorter than it.
            let w = service.windows.iter().find(|w| is_flood(w))?;
            let open = never_completed(w);
            let from = w.sender.as_ref().map(station);
            let sent_by = from.as_ref().map_or_else(String::new, |from| format!("; most frames of them come from {from}"));
            let title = format!("{} attempts to connect to {} were never completed{sent_by}", grouped(open), service.key);
            let mut evidence = vec![
                ("half_open", Value::Count(open)),
                ("established", Value::Count(w.established)),
                ("sources", if w.is_more { Value::AtLeast(w.sources) } else { Value::Count(w.sources) }),
            ];
            evidence.extend(from.map(|from| ("station", Value::Text(from))));
            let severity = if w.established == 0 && service.last_success.is_some() { Severity::Critical } else { Severity::Warning };
            let mut seen = w.lone_at;
            w.trouble(Trouble::HalfOpen).span.into_iter().for_each(|span| seen.during(span));
            // The one that is flooded.
            Some(Report::new(severity, title, evidence).about(subject(&service.key)).suffered_by(1).held(seen.episodes()))
        }))
    }
}

impl Detector for ScanPorts {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "scan.ports",
            aspect: None,
            meaning: "A host tries many ports of another one, and fails at most of them: it looks for services.",
            measured: "Different ports of one host at which attempts of one source failed (refused or not answered; of UDP those to services, from \
                       one port, of which the host says by ICMP that nothing listens there), with less than {window} \
                       between two of them: at least {ports}, and more than {fails} of the different ports of that host it tried. Inside the site \
                       a note below {many} ports.",
            cause: "A port scanner: your own inventory or monitoring, somebody curious, or malware.",
            lookalikes: "A host that went down while many of its ports were in use; peer-to-peer programs; traceroute, whose ports are left out.",
            remedy: "Ask whose machine it is. What it fails at is not held against the hosts it tries.",
            topic: None,
            figures: &[
                ("window", Tuned(&SCAN_WINDOW)),
                ("ports", Tuned(&SCAN_PORTS)),
                ("fails", Tuned(&SCAN_FAILS)),
                ("many", Tuned(&SCAN_MANY)),
            ],
        };
        &PAGE
    }

    fn needs(&self) -> &'static [Need] {
        &[Need::BothDirections, Need::Begun]
    }

    fn judge(&self, e: &Evidence, _: StandingFindings<'_>) -> Detection {
        all_of(largest(e, |scan| scan.target).filter_map(|(scan, target)| {
            let others = others(e, scan, |scan| scan.target);
            let besides = match others.as_slice() {
                [] => String::new(),
                [(other, at)] => format!(", and {} of {at}", number(other)),
                several => format!(", and of {} as well", plural(several.len() as u64, "other host")),
            };
            let ports = if scan.is_udp { "UDP ports" } else { "ports" };
            let title = |number: String| format!("{} tries {number} {ports} of {target} in vain{besides}", scan.source);
            let crosses_border = scan.source.is_outside() || target.is_outside() || others.iter().any(|(_, at)| at.is_outside());
            let hosts = others.len() as u64 + 1;
            let report = scanned(scan, crosses_border, &title)?.suffered_by(hosts);
            Some(if others.is_empty() { report } else { report.with("hosts", Value::Count(hosts)) })
        }))
    }
}

impl Detector for ScanHosts {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "scan.hosts",
            aspect: None,
            meaning: "A host tries the same port of many others, and fails at most of them: it looks for hosts with this service.",
            measured: "Different hosts at which attempts of one source at one port failed (refused or not answered), with less than {window} \
                       between two of them: at least {hosts}, and more than {fails} of the different hosts it tried there. Or a host (no router) \
                       that asks by ARP for at least {targets} addresses within a minute of which fewer than {answer} answer, or, where replies to it \
                       are not mirrored and it sends nothing else, for as many one after the other of which hardly any is heard. Or one that asks by ICMP \
                       (ping) at least {hosts} hosts that do not answer, and more than {fails} of all it asks; servers of DHCP, which look in this way whether an \
                       address is free, are left out. Inside the site a note below {many} hosts.",
            cause: "A scanner: your own inventory or monitoring, or malware that spreads.",
            lookalikes: "An uplink that is down, so that everything outside fails for everybody; peer-to-peer programs; a router of which nothing \
                         else is seen, whose network somebody outside goes through.",
            remedy: "Ask whose machine it is. Many hosts at the ports of file sharing, remote desktop or SSH are what malware does.",
            topic: None,
            figures: &[
                ("window", Tuned(&SCAN_WINDOW)),
                ("hosts", Tuned(&SCAN_HOSTS)),
                ("targets", Count(ARP_TARGETS as u64)),
                ("answer", Tuned(&ARP_SWEEP_ANSWERED)),
                ("fails", Tuned(&SCAN_FAILS)),
                ("many", Tuned(&SCAN_MANY)),
            ],
        };
        &PAGE
    }

    fn needs(&self) -> &'static [Need] {
        &[Need::BothDirections, Need::Begun]
    }

    fn judge(&self, e: &Evidence, _: StandingFindings<'_>) -> Detection {
        let found: Vec<Report> = largest(e, |scan| scan.port)
            .filter_map(|(scan, port)| {
                let others = others(e, scan, |scan| scan.port);
                let besides = match others.as_slice() {
                    [] => String::new(),
                    [(other, at)] => format!(", and port {at} of {}", number(other)),
                    several => format!(", and {} as well", plural(several.len() as u64, "other port")),
                };
                let title = |number: String| format!("{} tries port {port} of {number} hosts in vain{besides}", scan.source);
                let mut report = scanned(scan, scan.source.is_outside(), &title)?;
                if SPREADING.contains(&port) && scan.failed >= SCAN_MANY.number() && !scan.source.is_outside() {
                    report.severity = Severity::Critical;
                }
                Some(report)
            })
            .collect();
        let pings = e.network.scans.iter().filter(|scan| scan.is_ping()).filter_map(|scan| {
            let title = |number: String| format!("{} looks by ping for {number} hosts that do not answer", scan.source);
            scanned(scan, scan.source.is_outside(), &title)
        });
        let found: Vec<Report> = found.into_iter().chain(pings).collect();
        let sweeps = e.network.sightings.sweeps.iter().map(swept).filter(|swept| !found.iter().any(|f| f.subject == swept.subject));
        let sweeps: Vec<Report> = sweeps.collect();
        all_of(found.into_iter().chain(sweeps))
    }
}

/// One scan a source, with what it tries: of the hosts whose ports it tries, or of the ports that it tries at many hosts, the one at which most
/// failed.
fn largest<'a, T: Ord + 'a>(e: &'a Evidence, tried: fn(&ScanEvidence) -> Option<T>) -> impl Iterator<Item = (&'a ScanEvidence, T)> {
    let all = move || e.network.scans.iter().filter_map(move |scan| Some((scan, tried(scan)?)));
    let is_larger = |a: &(&ScanEvidence, T), b: &(&ScanEvidence, T)| {
        (a.0.failed, Reverse(&a.1), !a.0.is_udp) > (b.0.failed, Reverse(&b.1), !b.0.is_udp)
    };
    all().filter(move |one| !all().any(|other| other.0.source == one.0.source && is_larger(&other, one)))
}

/// The other scans of the same source, with what else it tries in the same way: those at which most failed first.
fn others<'a, T: Ord + Copy>(e: &'a Evidence, scan: &ScanEvidence, tried: fn(&ScanEvidence) -> Option<T>) -> Vec<(&'a ScanEvidence, T)> {
    let beside = e.network.scans.iter().filter(|other| other.source == scan.source && fails(other));
    let mut all: Vec<(&ScanEvidence, T)> = beside.filter_map(|other| Some((other, tried(other)?))).collect();
    all.retain(|(_, at)| tried(scan) != Some(*at));
    all.arrange_by_key(|(other, at)| (Reverse(other.failed), *at));
    all
}

/// Whether most of what its source tries fails.
fn fails(scan: &ScanEvidence) -> bool {
    share(scan.failed, scan.failed.saturating_add(scan.succeeded)) > SCAN_FAILS.value()
}

/// How many different ones it tries.
fn number(scan: &ScanEvidence) -> String {
    if scan.is_more { format!("more than {}", grouped(scan.failed)) } else { grouped(scan.failed) }
}

/// The report of a host that looks for others by ARP.
fn swept(sweep: &SweepEvidence) -> Report {
    let title = format!(
        "{} looks for hosts by ARP: {} addresses or more in a minute{}",
        sweep.source,
        grouped(sweep.targets),
        if sweep.in_order { ", one after the other" } else { "" },
    );
    let evidence = vec![
        ("targets", if sweep.targets >= ARP_TARGETS as u64 { Value::AtLeast(sweep.targets) } else { Value::Count(sweep.targets) }),
        ("answered", Value::Count(sweep.answered)),
        ("requests", Value::Count(sweep.station.count)),
        ("station", Value::Text(station(&sweep.station))),
    ];
    let report = Report::new(Severity::Note, title, evidence).about(Subject::Host(sweep.source)).held(vec![sweep.span]);
    // Most of what is looked for is not there.
    report.suffered_by(sweep.answered.max(1))
}

/// Ports by which malware spreads: SSH, file sharing, remote desktop.
const SPREADING: [u16; 3] = [22, 445, 3389];

/// The report of a scan, when most of what its source tries fails.
fn scanned(scan: &ScanEvidence, crosses_border: bool, title: &dyn Fn(String) -> String) -> Option<Report> {
    if !fails(scan) {
        return None;
    }
    let severity = if crosses_border || scan.failed >= SCAN_MANY.number() { Severity::Warning } else { Severity::Note };
    let seconds = scan.span.last.since(scan.span.first) as f64 / 1e9;
    let mut evidence = vec![
        ("different", Value::Count(scan.failed)),
        ("refused", Value::Count(scan.refused)),
        ("unanswered", Value::Count(scan.unanswered)),
        ("succeeded", Value::Count(scan.succeeded)),
        ("seconds", Value::Seconds(seconds)),
    ];
    let from = |of: &StationEvidence| if scan.is_routed { format!("{}, a router", station(of)) } else { station(of) };
    evidence.extend(scan.station.as_ref().map(|of| ("station", Value::Text(from(of)))));
    // One host whose ports are tried, or all at which one is.
    let hosts = if scan.target.is_some() { 1 } else { scan.failed };
    Some(Report::new(severity, title(number(scan)), evidence).about(Subject::Host(scan.source)).suffered_by(hosts).held(vec![scan.span]))
}
