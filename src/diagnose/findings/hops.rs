//! What fails behind one router, and what fails in part: where many attempts have one cause, it is told once.

use super::{SEVERAL, exceeded, of, subject};
use crate::diagnose::detector::{Report, StandingFindings};
use crate::diagnose::evidence::Evidence;
use crate::model::Arrange as _;
use crate::model::evidence::{HopEvidence, HopFailures, PathOutage, SILENT_ATTEMPTS, ServiceEvidence, ServiceWindow, Threshold, Trouble};
use crate::model::time::SECOND;
use crate::model::units::{duration, grouped, percent, plural};
use crate::model::{Address, Episode, Mac, ProvingPackets, Severity, Subject, Value, wilson};

/// Hosts behind a router of which none is reached any more.
pub(super) static GONE_HOSTS: Threshold = Threshold::count(3.0);

/// How long that must last.
pub(super) const GONE_FOR: i64 = 10 * SECOND;

/// Attempts that fail though others succeed, as a share: told of; how many there must be, and of how many.
pub(super) static PART: Threshold = Threshold::share(0.05);
pub(super) static PART_LEAST: Threshold = Threshold::count(5.0);
pub(super) static PART_OF: Threshold = Threshold::count(20.0);

/// Services that fail have nothing in common where fewer than one in so many has the commonest port.
const SCATTERED: usize = 5;

/// The same behind a router: attempts that fail, and hosts of which none has the half of them.
pub(super) static BEHIND_LEAST: Threshold = Threshold::count(20.0);
pub(super) static BEHIND_HOSTS: Threshold = Threshold::count(5.0);

/// Nothing answers any more behind a router, or much does not.
pub(super) fn silent(e: &Evidence, standing: StandingFindings<'_>) -> impl Iterator<Item = Report> {
    let at_once = e.network.hops.iter().filter_map(|hop| {
        let failures = hop.since.as_ref()?;
        Some(Report { packets: proof(e, failures, Trouble::NoAnswer), ..gone(e, hop)? })
    });
    let mut reports: Vec<Report> = at_once.collect();
    for report in e.network.outages.iter().filter_map(|outage| stopped(e, outage)) {
        if !reports.iter().any(|known| known.subject == report.subject) {
            reports.push(report);
        }
    }
    for hop in &e.network.hops {
        let failures = hop.silent.as_ref().filter(|_| !reports.iter().any(|known| known.subject == Subject::Station(hop.station)));
        if let Some(failures) = failures
            && let Some(report) = behind(hop, failures, "is not answered", standing)
        {
            reports.push(Report { packets: proof(e, failures, Trouble::NoAnswer), ..report });
        }
    }
    reports.into_iter()
}

/// Why nothing is heard of a host: a router that announces itself may not forward what goes to it.
pub(super) fn unheard(e: &Evidence, service: &ServiceEvidence) -> String {
    match e.network.sightings.routers.iter().find(|router| router.0 == service.next) {
        Some((station, address)) => format!(
            "Its packets go to the router {address} ({station}), which announces itself, and nothing comes back: it does not forward them, the \
             way behind it is broken, or the host is down."
        ),
        None => "Nothing is heard of the host at all: it is down, or the address is nobody's.".to_owned(),
    }
}

/// All that lies behind a router, and had answered, stopped at once; be it that it answers again.
fn stopped(e: &Evidence, outage: &PathOutage) -> Option<Report> {
    let failures = &outage.failures;
    let last = outage.over.unwrap_or(e.network.now);
    let lasted = last.since(failures.span.first);
    let is_wide = failures.hosts >= STOPPED_HOSTS && failures.clients >= 2 && failures.count >= SILENT_ATTEMPTS.number();
    if !is_wide || lasted < GONE_FOR {
        return None;
    }
    let (attempts, who, servers) = (plural(failures.count, "attempt"), who(failures), servers(failures));
    let title = match outage.over {
        None => {
            format!("Nobody answers any more behind {}: {attempts} of {who} in vain at {servers}, which answered before", outage.station)
        }
        Some(_) => {
            let lasted = duration(lasted as f64 / 1e9);
            format!("Nobody answered behind {} for {lasted}: {attempts} of {who} in vain at {servers}; they do again", outage.station)
        }
    };
    let span = Episode { first: failures.span.first, last };
    let report = report(outage.station, failures, Severity::Critical, title);
    let report = report.covering(silenced(e, outage, span)).held(vec![span]).over(outage.over.is_some());
    let report = report.because("All that lies behind this router went silent at once: its uplink, or what it leads to, was down.");
    let report = report.mend(
        "Look at this router, at the link that it goes on by, and at their logs at this time; the servers themselves are not the cause.",
    );
    Some(Report { packets: proof(e, failures, Trouble::NoAnswer), ..report })
}

/// What went silent with a way: what is behind the same station, and began to fail while nothing behind it answered. The failures name only as
/// many services as are told apart.
fn silenced(e: &Evidence, outage: &PathOutage, within: Episode) -> Vec<Subject> {
    let began = |service: &&ServiceEvidence| {
        let since = &service.since_success;
        let past = [since.past_attempts, since.past_requests].map(|past| past.and_then(|past| past.what.span));
        let lasting = [since.attempts, since.requests, since.silent].map(|failing| failing.span);
        let known = past.into_iter().chain(lasting).flatten().map(|span| span.first).min();
        // What ended a while ago is known by its attempts alone; in a shorter stretch the first of them is not when it began.
        let counted = service.windows.last().and_then(|w| w.trouble(Trouble::NoAnswer).span).map(|span| span.first);
        [known, counted].into_iter().flatten().any(|first| (within.first..=within.last).contains(&first))
    };
    let behind = e.network.services.iter().filter(|service| service.next == outage.station).filter(began);
    let mut struck: Vec<Subject> = behind.map(|service| &service.key).chain(&outage.failures.services).map(subject).collect();
    struck.arrange();
    struck.dedup();
    struck
}

/// Hosts that had answered before which make a way that stops.
pub(super) const STOPPED_HOSTS: u64 = 2;

/// Much is refused behind a router.
pub(super) fn refused(e: &Evidence, standing: StandingFindings<'_>) -> impl Iterator<Item = Report> {
    e.network.hops.iter().filter_map(move |hop| {
        let refused = hop.refused.as_ref()?;
        let report = behind(hop, refused, "is refused", standing)?;
        Some(Report { packets: proof(e, refused, Trouble::Refused), ..report })
    })
}

fn who(failures: &HopFailures) -> String {
    up_to_a_cap(plural(failures.clients, "client"), failures.is_more)
}

fn servers(failures: &HopFailures) -> String {
    up_to_a_cap(plural(failures.hosts, "server"), failures.is_more_hosts)
}

/// A number of what is told apart up to a cap.
fn up_to_a_cap(number: String, is_more: bool) -> String {
    if is_more { format!("at least {number}") } else { number }
}

/// Packets that show what failed at these services: the latest of all.
fn proof(e: &Evidence, failures: &HopFailures, trouble: Trouble) -> Vec<u64> {
    let own = e.network.services.iter().filter(|service| failures.services.binary_search(&service.key).is_ok());
    let proofs = own.flat_map(|service| &service.proof).filter(|proof| proof.0 == trouble);
    ProvingPackets::newest(proofs.flat_map(|proof| proof.1.numbers()))
}

/// The first few who suffer.
fn names(failures: &HopFailures) -> String {
    let names: Vec<String> = failures.named.iter().map(Address::to_string).collect();
    let more = failures.clients.saturating_sub(names.len() as u64);
    if more > 0 { format!("{} and {more} more", names.join(", ")) } else { names.join(", ") }
}

fn report(station: Mac, failures: &HopFailures, severity: Severity, title: String) -> Report {
    let up_to_a_cap = |number, is_more| if is_more { Value::AtLeast(number) } else { Value::Count(number) };
    let evidence = vec![
        ("attempts", Value::Count(failures.count)),
        ("servers", up_to_a_cap(failures.hosts, failures.is_more_hosts)),
        ("clients", up_to_a_cap(failures.clients, failures.is_more)),
        ("router", Value::Text(station.to_string())),
        ("suffering", Value::Text(names(failures))),
    ];
    let report = Report::new(severity, title, evidence).about(Subject::Station(station)).suffered_by(failures.clients);
    let behind = failures.services.iter().map(subject).collect();
    report.covering(behind).held(vec![failures.span])
}

/// Since some moment nobody reaches anything behind it.
fn gone(e: &Evidence, hop: &HopEvidence) -> Option<Report> {
    let since = hop.since.as_ref()?;
    hop.last_success?;
    let lasts = e.network.now.since(since.span.first) >= GONE_FOR;
    if since.hosts < GONE_HOSTS.number() || since.count < SILENT_ATTEMPTS.number() || !lasts {
        return None;
    }
    let title = format!(
        "Nobody answers any more behind {}: {} of {} in vain at {}; some did before",
        hop.station,
        plural(since.count, "attempt"),
        who(since),
        plural(since.hosts, "server"),
    );
    let severity = if since.clients >= 2 { Severity::Critical } else { Severity::Warning };
    let report = report(hop.station, since, severity, title);
    let report =
        report.because("All that lies behind this router went silent at once: the router, its uplink or what it leads to is down.");
    Some(report.mend("Look at this router and at the link that it goes on by; the servers themselves are not the cause."))
}

/// Much of what is tried behind it fails, at many hosts, though the rest does not.
fn behind(hop: &HopEvidence, failing: &HopFailures, how: &str, standing: StandingFindings<'_>) -> Option<Report> {
    let share = wilson(failing.count, hop.attempts);
    let stands = standing.on(Subject::Station(hop.station));
    let is_wide =
        failing.hosts >= BEHIND_HOSTS.number() && failing.clients >= SEVERAL.number() && failing.most.saturating_mul(2) < failing.count;
    if failing.count < BEHIND_LEAST.number()
        || !is_wide
        || is_scattered(failing)
        || !exceeded(&share, PART.value(), PART.value() / 2.0, stands)
    {
        return None;
    }
    let port = failing.port.map_or_else(String::new, |port| format!(" (port {port})"));
    let title = format!(
        "Much of what is tried behind {} {how}: {} attempts, of {} at {}{port}",
        hop.station,
        of(failing.count, hop.attempts),
        who(failing),
        plural(failing.hosts, "server"),
    );
    let report = report(hop.station, failing, Severity::Warning, title).with("share", Value::Share(share.rate));
    let report = report.because("Many servers fail alike, others behind the same router do not: a rule of a firewall, address translation that has no port left, or a portal that wants a login.");
    Some(report.mend(
        "Look at the firewall and the address translation on the way behind this router, and at what the failing attempts have in common.",
    ))
}

/// Whether what fails has not even its ports in common: programs that ask one another, of which many are gone, and no rule of a router.
fn is_scattered(failing: &HopFailures) -> bool {
    let mut ports: Vec<u16> = failing.services.iter().map(|key| key.port).collect();
    ports.arrange();
    let most = ports.chunk_by(|a, b| a == b).map(<[u16]>::len).max().unwrap_or(0);
    most * SCATTERED < ports.len()
}

/// A service of which a part does not work: it fails for some attempts, whoever makes them, and not for others.
pub(super) fn in_part(service: &ServiceEvidence, trouble: Trouble, stands: bool) -> Option<Report> {
    let is_failing = |w: &&ServiceWindow| {
        let failing = w.trouble(trouble);
        let is_for_many = w.established > 0 && (failing.clients >= 2 || failing.is_more);
        let is_enough = w.attempts >= PART_OF.number() && failing.count >= PART_LEAST.number();
        is_for_many && is_enough && exceeded(&wilson(failing.count, w.attempts), PART.value(), PART.value() / 2.0, stands)
    };
    // What has just begun is little of a minute.
    let w = service.windows.iter().chain(std::iter::once(&service.recent)).find(is_failing)?;
    let failing = w.trouble(trouble);
    let share = wilson(failing.count, w.attempts);
    let how = if trouble == Trouble::Refused { "refuses" } else { "does not answer" };
    let title = format!(
        "{} {how} {} of {} attempts to connect ({}), of {}; the others succeed",
        service.key,
        grouped(failing.count),
        grouped(w.attempts),
        percent(share.rate),
        failing.who(),
    );
    let evidence = vec![
        ("attempts", Value::Count(w.attempts)),
        ("failed", Value::Count(failing.count)),
        ("share", Value::Share(share.rate)),
        ("clients", failing.told()),
    ];
    let report = Report::new(Severity::Warning, title, evidence).about(subject(&service.key)).suffered_by(failing.clients);
    let report =
        report.because("One of several servers behind this address does not work, or the service takes no more connections at times.");
    let report = report
        .mend("Where it is a load balancer, look at its members and at how it checks them; else at the service's limit of connections.");
    Some(by_ecn(report.held(failing.span.into_iter().collect()), w, trouble))
}

/// What the attempts that fail have in common, where it is that their SYNs ask for ECN: those that do not are answered, and none that does.
pub(super) fn by_ecn(report: Report, w: &ServiceWindow, trouble: Trouble) -> Report {
    let asked = w.asked_ecn.of(trouble);
    let is_common = u64::from(asked) >= PART_LEAST.number() && u64::from(asked) == w.trouble(trouble).count;
    if !is_common || w.established < PART_LEAST.number() || w.asked_ecn.established > 0 {
        return report;
    }
    let how = if matches!(trouble, Trouble::Late | Trouble::RefusedFirst) {
        "all of them asked for ECN first, and came about without"
    } else {
        "what fails asks for ECN"
    };
    let title = format!("{}; {how}", report.title);
    let report = Report { title, ..report }.with("asked_ecn", Value::Count(asked.into()));
    report
        .because("A device on the way, or the server itself, does not take SYNs that ask for ECN (the flags ECE and CWR): what asks without is answered.")
        .mend("Look for a firewall that knows these flags as reserved, and mend it; turning ECN off at the clients only hides it.")
}
