//! Attempts to connect and connections: refused, cut.

use super::late::refused_first;
use super::unreachables::{CLOSED_FOR, UNREACHABLE};
use super::{SEVERAL, SURE, all_of, exceeded, hops, lone_clients, subject, unreachables};
use crate::diagnose::detector::{Detection, Detector, ExplainPage, Need, Report, StandingFindings};
use crate::diagnose::evidence::Evidence;
use crate::diagnose::figure::Figure::{Nanos, Tuned};
use crate::model::evidence::{
    CUT_SHARE, FLOOD_CONNECTIONS, IDLE_CUTS, IDLE_CUTS_WITHIN, REFUSED_ATTEMPTS, ServiceEvidence, ServiceWindow, TTL_PACKETS, Threshold,
    Trouble, UnreachableReport, share,
};
use crate::model::limits::IDLE_CUT;
use crate::model::time::SECOND;
use crate::model::units::{duration, grouped, plural};
use crate::model::{Address, Episode, Finding, Proto, ProvingPackets, Severity, Subject, Timestamp, Value, wilson};

/// Attempts of which most must fail, by the lower end of the interval.
pub(super) static MOST: Threshold = Threshold::share(0.5);

/// Share below which a standing finding clears, by the upper end.
pub(super) const FEW: f64 = 0.25;

/// Refusals that are told of where the service answered before.
static REFUSED_SINCE: Threshold = Threshold::count(3.0);

/// Connections that were cut, as a share: told of, critical; how many there must be, and of how many.
static CUT_MANY: Threshold = Threshold::share(0.3);
static CUT_LEAST: Threshold = Threshold::count(5.0);
static CUT_OF: Threshold = Threshold::count(20.0);

/// Half-open attempts of a flood in the shortest stretch that is judged, the share of attempts that are completed all the same, and sources.
pub(super) static FLOOD_COMPLETED: Threshold = Threshold::share(0.1);
pub(super) static FLOOD_SOURCES: Threshold = Threshold::count(32.0);

/// SYN-ACKs that nobody acknowledges, from which on the number of sources does not matter.
pub(super) static FLOOD_ANSWERED: Threshold = Threshold::count(256.0);

/// Ports or hosts from which on a scan inside is no note any more.
pub(super) static SCAN_MANY: Threshold = Threshold::count(100.0);

pub(super) fn tcp_services(e: &Evidence) -> impl Iterator<Item = &ServiceEvidence> {
    e.network.services.iter().filter(|s| s.key.protocol == Proto::Tcp)
}

/// A port refuses connections.
pub struct TcpRefused;

/// Connections are cut.
pub struct TcpReset;

/// A router says that a service cannot be reached.
pub struct IcmpUnreachable;

/// What lies before and behind attempts that failed.
pub(super) struct Around {
    /// Clients connected before.
    pub(super) before: bool,
    /// They do again, for a while without any that fails.
    pub(super) over: bool,
}

impl Around {
    pub(super) fn of(service: &ServiceEvidence, failed: Episode, now: Timestamp) -> Self {
        let since = &service.since_success;
        let first = since.first_connected.or(service.last_success);
        let is_over = since.connects_since.is_some_and(|since| since > failed.last) && now.since(failed.last) >= CONNECTS_FOR;
        Self { before: first.is_some_and(|first| first < failed.first), over: is_over }
    }

    /// In words, behind what failed.
    pub(super) fn words(&self) -> &'static str {
        match (self.before, self.over) {
            (true, true) => "; it answered before, and does again",
            (true, false) => "; it answered before",
            (false, true) => "; it has answered since",
            (false, false) => "",
        }
    }
}

/// How long nothing must have failed, though clients connect, before it is over.
pub(super) const CONNECTS_FOR: i64 = 5 * SECOND;

impl Detector for TcpRefused {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "tcp.refused",
            aspect: None,
            meaning: "Clients try to connect to this port and are refused by RST: the host is there, and nothing listens.",
            measured: "Attempts whose SYN was answered by RST: surely more than {most} of at least {least} attempts within a minute, else \
                       within ten (lower end of the {sure} interval), or at least {since} since the service last answered. A refused SYN \
                       that its sender repeats at once is one attempt. Sources that scan are left out. A RST with another TTL than all SYN-ACKs \
                       of the service before ({ttls} at least) was sent by a device between.\n\n\
                       A part of a service: surely more than {part} of at least {of} attempts, and at least {few}, though others connect. Behind a \
                       router: surely more than {part} of all attempts, and at least {lots}, at {hosts} hosts or more, of three clients or more, none of which has the half of them. \
                       What one client alone asks for at {several} servers or more, none of which was ever seen to answer, is one note.\n\n\
                       Refused first: surely more than {part} of all attempts, and at least {few}, are refused and then accepted when the \
                       same SYN comes again. They have not failed.",
            cause: "The service was stopped, crashed or listens elsewhere; or a firewall rejects the connection.",
            lookalikes: "Clients that try a service which was never there (ident), IPv6 attempts beside IPv4.",
            remedy: "Start the service, or send its clients where it is now. If it runs, look at firewalls on the host and on the way.",
            topic: None,
            figures: &[
                SURE,
                ("most", Tuned(&MOST)),
                ("least", Tuned(&REFUSED_ATTEMPTS)),
                ("since", Tuned(&REFUSED_SINCE)),
                ("ttls", Tuned(&TTL_PACKETS)),
                ("part", Tuned(&hops::PART)),
                ("of", Tuned(&hops::PART_OF)),
                ("few", Tuned(&hops::PART_LEAST)),
                ("lots", Tuned(&hops::BEHIND_LEAST)),
                ("hosts", Tuned(&hops::BEHIND_HOSTS)),
                ("several", Tuned(&SEVERAL)),
            ],
        };
        &PAGE
    }

    fn needs(&self) -> &'static [Need] {
        &[Need::Undivided, Need::BothDirections, Need::Begun, Need::Timely, Need::Unsampled]
    }

    fn judge(&self, e: &Evidence, standing: StandingFindings<'_>) -> Detection {
        let lone = lone_clients::of(tcp_services(e).filter(|service| refusals(service, false, e.network.now).is_some()));
        let mut reports: Vec<Report> = tcp_services(e)
            .filter(|service| !lone_clients::include(&lone, service))
            .filter_map(|service| {
                let stands = standing.on(subject(&service.key));
                // What stands may be either: that a part fails is said as long as it is no more.
                let part = || hops::in_part(service, Trouble::Refused, stands);
                let refusals = |stands| refusals(service, stands, e.network.now);
                refusals(false)
                    .or_else(part)
                    .or_else(|| refusals(stands))
                    .or_else(|| were_refused(service, e.network.now))
                    .or_else(|| refused_first(service, stands, is_flood))
            })
            .collect();
        let (ident, others): (Vec<Report>, Vec<Report>) =
            reports.drain(..).partition(|report| matches!(report.subject, Subject::Service { port: IDENT, .. }));
        let lone = lone.iter().map(|refused| refused.report());
        all_of(hops::refused(e, standing).chain(others).chain(ident_together(ident, e)).chain(lone))
    }

    /// What was told of one server is told of all that refuse the same client.
    fn withdraws(&self, e: &Evidence, finding: &Finding) -> bool {
        let Subject::Service { .. } = finding.subject else { return false };
        let lone = lone_clients::of(tcp_services(e).filter(|service| refusals(service, false, e.network.now).is_some()));
        lone.iter().flat_map(|refused| &refused.services).any(|service| subject(&service.key) == finding.subject)
    }
}

/// Attempts that are refused.
fn refusals(service: &ServiceEvidence, stands: bool, now: Timestamp) -> Option<Report> {
    let answered = service.last_success;
    let since_answer = |w: &&ServiceWindow| {
        let refused = w.trouble(Trouble::Refused);
        refused.count >= REFUSED_SINCE.number() && answered.zip(refused.span).is_some_and(|(success, span)| success < span.first)
    };
    let w = service.windows.iter().find(since_answer).or_else(|| service.window(|w| w.attempts >= REFUSED_ATTEMPTS.number()))?;
    let refused = w.trouble(Trouble::Refused);
    let failing = wilson(refused.count, w.attempts);
    let span = refused.span?;
    if !(since_answer(&w) || exceeded(&failing, MOST.value(), FEW, stands)) {
        return None;
    }
    Some(hops::by_ecn(refused_report(service, w, now, span), w, Trouble::Refused))
}

/// A service that refused one attempt after the other, and does not any more.
fn were_refused(service: &ServiceEvidence, now: Timestamp) -> Option<Report> {
    let past = service.since_success.past_refused?;
    let span = past.what.span?;
    let around = Around::of(service, span, now);
    let least = if around.before { REFUSED_SINCE.number() } else { REFUSED_ATTEMPTS.number() };
    let mut w = ServiceWindow { attempts: past.what.count, ..ServiceWindow::default() };
    *w.troubles.of_mut(Trouble::Refused) = past.what;
    (past.what.count >= least && around.over).then(|| refused_report(service, &w, now, span))
}

/// What was refused in a stretch of time.
fn refused_report(service: &ServiceEvidence, w: &ServiceWindow, now: Timestamp, span: Episode) -> Report {
    let (refused, attempts, [_, between]) = (w.trouble(Trouble::Refused), w.attempts, w.between);
    let failing = wilson(refused.count, attempts);
    let around = Around::of(service, span, now);
    let severity = match (around.before, refused.clients) {
        _ if service.key.port == IDENT => Severity::Note,
        (true, 2..) => Severity::Critical,
        _ => Severity::Warning,
    };
    let (refuses, words) = (if around.over { "refused" } else { "refuses" }, around.words());
    let title = format!("{} {refuses} connections: {} of {}{words}", service.key, plural(refused.count, "attempt"), refused.who());
    let evidence = vec![
        ("attempts", Value::Count(attempts)),
        ("refused", Value::Count(refused.count)),
        ("share", Value::Share(failing.rate)),
        ("clients", refused.told()),
        ("with_another_ttl", Value::Count(between)),
    ];
    let report = Report::new(severity, title, evidence).about(subject(&service.key)).suffered_by(refused.clients).over(around.over);
    let report = report.counted_within(w.seconds);
    let report = match (around.before, around.over) {
        (false, true) => report
            .because("The service was being started: nothing was seen to answer before, and clients have connected since.")
            .mend("Nothing, unless it takes long at each start: then look at what it waits for."),
        (true, true) => report.because("The service was stopped or crashed, and runs again."),
        (_, false) => report,
    };
    by_device(report.held(vec![span]), between, refused.count)
}

/// Mail servers ask every client of theirs: what all of those refuse is one note.
fn ident_together(mut reports: Vec<Report>, e: &Evidence) -> Vec<Report> {
    let count = |report: &Report, name: &str| {
        report.evidence.iter().find(|(known, _)| *known == name).map_or(0, |(_, value)| if let Value::Count(n) = value { *n } else { 0 })
    };
    if reports.len() < 2 {
        return reports;
    }
    let sum = |name: &str| reports.iter().fold(0u64, |sum, report| sum.saturating_add(count(report, name)));
    let (hosts, refused, attempts) = (reports.len() as u64, sum("refused"), sum("attempts"));
    let title = format!("{} refuse ident (port {IDENT}): {}", plural(hosts, "host"), plural(refused, "attempt"));
    let evidence = vec![("attempts", Value::Count(attempts)), ("refused", Value::Count(refused)), ("hosts", Value::Count(hosts))];
    let held = reports.iter().flat_map(|report| &report.held);
    let span = held.clone().map(|span| span.first).min().zip(held.map(|span| span.last).max());
    let of_ident = e.network.services.iter().filter(|s| s.key.port == IDENT).flat_map(|s| &s.proof);
    let packets = ProvingPackets::newest(of_ident.filter(|proof| proof.0 == Trouble::Refused).flat_map(|proof| proof.1.numbers()));
    reports.clear();
    let report = Report { packets, ..Report::new(Severity::Note, title, evidence).suffered_by(hosts) };
    vec![report.held(span.map(|(first, last)| Episode { first, last }).into_iter().collect())]
}

/// The identification protocol (RFC 1413): mail servers still ask, nobody answers.
const IDENT: u16 = 113;

impl Detector for TcpReset {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "tcp.reset",
            aspect: None,
            meaning: "Connections to this service are cut by RST while data is on its way or an answer is waited for: what was transferred is lost \
                      or incomplete.",
            measured: "Connections whose end was seen that ended by RST while sent data was not acknowledged yet, or while the client waited for \
                       the answer to what it sent last, but for clients that had sent everything and stop what comes to them; or, within a second of other segments, by a \
                       RST whose TTL is not that of its sender's other packets ({ttls} of them at least, which have one and the same), which a \
                       device between sent: surely more \
                       than {cut} of at least {of}, or most of fewer, and at least {least} (lower end of the {sure} interval); critical above {many}. A note \
                       where at least {idle} were cut, not by their clients, after they had been silent for much the same time of {long} or \
                       more, within {within} of each other.",
            cause: "The server's process crashes or is overloaded, a load balancer or firewall gives up connections, or one end runs into \
                    a time-out of its own. What is cut when idle, always after the same time, meets a time-out on the way or at the server.",
            lookalikes: "RST after FIN or when all was acknowledged is normal and not counted, nor are browsers that close a page while it loads.",
            remedy: "Look at the server's log at these times, and at what the connections have in common.",
            topic: None,
            figures: &[
                SURE,
                ("cut", Tuned(&CUT_SHARE)),
                ("ttls", Tuned(&TTL_PACKETS)),
                ("of", Tuned(&CUT_OF)),
                ("least", Tuned(&CUT_LEAST)),
                ("many", Tuned(&CUT_MANY)),
                ("idle", Tuned(&IDLE_CUTS)),
                ("long", Nanos(IDLE_CUT)),
                ("within", Tuned(&IDLE_CUTS_WITHIN)),
            ],
        };
        &PAGE
    }

    fn needs(&self) -> &'static [Need] {
        &[Need::Undivided, Need::BothDirections, Need::Timely, Need::EverySide, Need::Complete, Need::Unsampled, Need::Abreast]
    }

    fn judge(&self, e: &Evidence, standing: StandingFindings<'_>) -> Detection {
        all_of(tcp_services(e).filter_map(|service| cut(service, standing.on(subject(&service.key))).or_else(|| cut_when_idle(service))))
    }
}

/// What most of these RSTs say by their TTL: that a device between both ends sends them.
fn by_device(report: Report, between: u64, all: u64) -> Report {
    if between.saturating_mul(2) <= all {
        return report;
    }
    let title = format!("{}; by a device between", report.title);
    let report = Report { title, ..report };
    report
        .because("A firewall, load balancer or filter on the way sends these RSTs in the host's name: their TTL is not that of the host's other packets.")
        .mend("Look for the rule or time-out of the devices between the mirrored port and the host; the host itself does not know of it.")
}

/// Connections that were cut while somebody waited.
fn cut(service: &ServiceEvidence, stands: bool) -> Option<Report> {
    // Of fewer it is enough where surely most are.
    let are_most = |w: &ServiceWindow| wilson(w.trouble(Trouble::Cut).count, w.ended).low > MOST.value();
    let w = service.window(|w| w.ended >= CUT_OF.number() || are_most(w))?;
    let cut = w.trouble(Trouble::Cut);
    let share = wilson(cut.count, w.ended);
    let span = cut.span?;
    if cut.count < CUT_LEAST.number() || !exceeded(&share, CUT_SHARE.value(), CUT_SHARE.value() / 2.0, stands) {
        return None;
    }
    let severity = if share.low > CUT_MANY.value() { Severity::Critical } else { Severity::Warning };
    let title = format!("Connections to {} are cut in the middle: {} of {}", service.key, grouped(cut.count), w.ended);
    let evidence = vec![
        ("cut", Value::Count(cut.count)),
        ("ended", Value::Count(w.ended)),
        ("share", Value::Share(share.rate)),
        ("clients", cut.told()),
        ("with_another_ttl", Value::Count(w.between[0])),
    ];
    let report = Report::new(severity, title, evidence).about(subject(&service.key)).suffered_by(cut.clients).held(vec![span]);
    let report = report.counted_within(w.seconds);
    Some(by_device(report, w.between[0], cut.count))
}

/// Connections that were cut after they had been silent for much the same time.
fn cut_when_idle(service: &ServiceEvidence) -> Option<Report> {
    let same = |w: &ServiceWindow| {
        let alike = |from: usize| {
            let first = *w.idle_cuts.get(from)?;
            let times: Vec<f64> =
                w.idle_cuts.iter().skip(from).take_while(|time| **time <= first * (1.0 + IDLE_CUTS_WITHIN.value())).copied().collect();
            Some((times.len(), *times.get(times.len() / 2)?))
        };
        (0..w.idle_cuts.len()).filter_map(alike).max_by_key(|(count, _)| *count).filter(|(count, _)| *count >= IDLE_CUTS.number() as usize)
    };
    let (w, (alike, time)) = service.windows.iter().find_map(|w| Some((w, same(w)?)))?;
    let cut = w.trouble(Trouble::IdleCut);
    let title = format!("Idle connections to {} are cut after {}: {}", service.key, duration(time), grouped(cut.count));
    let evidence = vec![
        ("cut", Value::Count(cut.count)),
        ("after_much_the_same_time", Value::Count(alike as u64)),
        ("idle_seconds", Value::Seconds(time)),
        ("clients", cut.told()),
    ];
    let report = Report::new(Severity::Note, title, evidence).about(subject(&service.key)).suffered_by(cut.clients);
    let report = report.held(cut.span.into_iter().collect());
    Some(report.mend("Where clients keep connections for later, have them send keep-alives more often than that, or raise the time-out."))
}

/// Attempts that were not completed, of clients that do not repeat their SYN.
pub(super) fn never_completed(w: &ServiceWindow) -> u64 {
    w.lone.saturating_add(w.trouble(Trouble::HalfOpen).count)
}

/// Whether half-open connections pile up: from many sources, or with the server's answers to them outstanding.
pub(super) fn is_flood(w: &ServiceWindow) -> bool {
    let open = never_completed(w);
    open >= FLOOD_CONNECTIONS.number()
        && (w.sources >= FLOOD_SOURCES.number() || w.trouble(Trouble::HalfOpen).count >= FLOOD_ANSWERED.number())
        && share(w.established, w.established.saturating_add(open)) < FLOOD_COMPLETED.value()
}

/// Whether a report is of somebody who was told to refuse it.
fn is_filtered(report: &UnreachableReport) -> bool {
    match report.reporter {
        Address::V6(_) => matches!(report.code, 1 | 5),
        _ => matches!(report.code, 9 | 10 | 13),
    }
}

/// What a code of an ICMP error says (RFC 792, RFC 1812 section 5.2.7.1; RFC 4443 section 3.1).
fn why_unreachable(report: &UnreachableReport) -> &'static str {
    match (report.reporter, report.code) {
        (Address::V6(_), 0) => "that no route leads there",
        (Address::V6(_), 1) => "that it is administratively prohibited",
        (Address::V6(_), 2) => "that it is beyond the scope of the source",
        (Address::V6(_), 3) => "that the host does not answer",
        (Address::V6(_), 5) => "that a policy refuses the source",
        (Address::V6(_), 6) => "that the route is to be refused",
        (Address::V6(_), 4) | (_, 3) => "that nothing listens there",
        (_, 0 | 6) => "that no route leads to its network",
        (_, 1 | 7) => "that the host does not answer",
        (_, 2) => "that the host does not know the protocol",
        (_, 9 | 10 | 13) => "that it is administratively prohibited",
        (_, 11 | 12) => "that no route leads there for this type of service",
        _ => "so",
    }
}

/// ICMP errors that are enough where nobody connects, and over how long.
static UNREACHABLE_FEW: Threshold = Threshold::count(5.0);
static UNREACHABLE_FOR: Threshold = Threshold::nanos((10 * SECOND) as f64);

/// How long after the latest of them it is told of.
static UNREACHABLE_HELD: Threshold = Threshold::nanos((60 * SECOND) as f64);

/// Whether somebody tries to connect, or asks, again and again, and is told each time that it cannot be reached.
fn is_in_vain(w: &ServiceWindow) -> bool {
    let errors = w.trouble(Trouble::Unreachable);
    let lasts = errors.span.is_some_and(|span| span.last.since(span.first) >= UNREACHABLE_FOR.in_nanos());
    w.established == 0 && w.answered == 0 && errors.count >= UNREACHABLE_FEW.number() && lasts
}

/// Whether so many ICMP errors say of a service that it cannot be reached that this is told of.
fn is_unreachable(w: &ServiceWindow) -> bool {
    let errors = w.trouble(Trouble::Unreachable);
    errors.count >= UNREACHABLE.number() || errors.clients >= SEVERAL.number() || is_in_vain(w)
}

/// Whether a stretch has errors of late: what ended longer ago than what is told of together is over. The whole of a capture is looked at as it is.
fn are_of_late(w: &ServiceWindow, now: Timestamp) -> bool {
    let last = w.trouble(Trouble::Unreachable).span.map(|span| span.last);
    w.seconds == 0.0 || last.is_some_and(|last| now.since(last) < UNREACHABLE_HELD.in_nanos())
}

impl Detector for IcmpUnreachable {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "icmp.unreachable",
            aspect: None,
            meaning: "Routers or hosts answer packets to this service or host with ICMP errors: it cannot be reached.",
            measured: "ICMP errors (destination unreachable, without those about the size of packets) that quote packets to a service which \
                       clients ask: at least {least} within a minute, or received by at least {several} clients, or {few} over at least {time} where nobody \
                       connects or is answered. The same of hosts and of \
                       whatever else is sent to them, by who says it, of whom and why, but for what scans; of a UDP port at which nothing listens its host \
                       says so, to one client for at least {closed}; hosts of which one router says the same are told together. A note where a filter rejects packets, or where a \
                       single client hears it. It ends when none came for {held}.",
            cause: "A route is missing, a filter rejects the packets, or nothing listens at a UDP port.",
            lookalikes: "Late answers to a socket that was closed in the meantime, traceroute; both are not counted. Routers \
                         limit how many errors they send, so their number says little.",
            remedy: "Look at the route and the filters of whoever sends the errors.",
            topic: None,
            figures: &[
                ("least", Tuned(&UNREACHABLE)),
                ("several", Tuned(&SEVERAL)),
                ("few", Tuned(&UNREACHABLE_FEW)),
                ("time", Tuned(&UNREACHABLE_FOR)),
                ("closed", Tuned(&CLOSED_FOR)),
                ("held", Tuned(&UNREACHABLE_HELD)),
            ],
        };
        &PAGE
    }

    fn judge(&self, e: &Evidence, standing: StandingFindings<'_>) -> Detection {
        let services = e.network.services.iter().filter_map(|service| {
            let stands = standing.on(subject(&service.key));
            let is_told = |w: &ServiceWindow| is_unreachable(w) || stands && w.trouble(Trouble::Unreachable).count > 0;
            let w = service.window(|w| is_told(w) && are_of_late(w, e.network.now))?;
            let errors = w.trouble(Trouble::Unreachable);
            let whose = service.unreachable.first();
            let says = whose.map(|r| format!("{} says {}", r.reporter, why_unreachable(r))).unwrap_or_default();
            let title = format!(
                "{}/{} cannot be reached: {says}{}{} to {}",
                service.key,
                service.key.protocol.token(),
                if says.is_empty() { "" } else { ", " },
                plural(errors.count, "ICMP error"),
                plural(errors.clients, "client")
            );
            let mut evidence = vec![("errors", Value::Count(errors.count)), ("clients", errors.told())];
            if let Some(r) = whose {
                evidence.extend([
                    ("reporter", Value::Text(r.reporter.to_string())),
                    ("code", Value::Count(r.code.into())),
                    ("reason", Value::Text(why_unreachable(r).to_owned())),
                ]);
            }
            let severity = match errors.clients {
                // Somebody decided it.
                _ if whose.is_some_and(is_filtered) => Severity::Note,
                n if n >= SEVERAL.number() => Severity::Critical,
                // What one client asks for in vain may be an old setting.
                ..=1 if !errors.is_more => Severity::Note,
                _ => Severity::Warning,
            };
            let report = Report::new(severity, title, evidence).about(subject(&service.key)).suffered_by(errors.clients);
            let key = &service.key;
            let target = format!("port {}/{} of {}", key.port, key.protocol.token(), key.address);
            let code = whose.map(|r| (r.reporter, matches!(r.reporter, Address::V6(_)), r.code));
            let advice = code.and_then(|code| unreachables::advice(code, &target, key.address, "those who ask"));
            Some(unreachables::advised(report, advice).held(errors.span.into_iter().collect()))
        });
        all_of(services.chain(unreachables::reports(e)))
    }
}
