//! Both sides of every threshold of the findings about the network, and what silences them.

#[path = "network_cases.rs"]
mod network_cases;
#[path = "one_trouble_tests.rs"]
mod one_trouble;
#[path = "round_trip_tests.rs"]
mod round_trips;
#[path = "seen_within_tests.rs"]
mod seen_within;

use super::super::evidence::Evidence;
use super::super::registry::NETWORK;
use super::*;
use crate::model::evidence::*;
use crate::model::{Address, AppId, DhcpConfig, Estimate, PathSide, Proto, Quantiles, ServiceKey, Severity, StallEnd, Value};
use network_cases::{cases, manners, trouble};
use round_trips::{trips, young};
use std::net::Ipv4Addr;

const NOW: i64 = 1_700_000_000 * SECOND;

fn host(n: u8) -> Address {
    Address::V4(Ipv4Addr::new(10, 0, 0, n))
}

fn key() -> ServiceKey {
    ServiceKey { address: host(9), port: 80, protocol: Proto::Tcp }
}

/// A service with this in every stretch of time.
fn service(app_token: &'static str, w: ServiceWindow) -> ServiceEvidence {
    let mut proof = crate::model::ProvingPackets::default();
    proof.note(7);
    ServiceEvidence {
        key: key(),
        next: crate::model::Mac::default(),
        vlan: None,
        app: AppId::NONE,
        app_token,
        manners: manners(app_token),
        proxy: ProxyEvidence::default(),
        first_success: Some(Timestamp(NOW - 1_000 * SECOND)),
        last_success: Some(Timestamp(NOW - 100 * SECOND)),
        is_alive: true,
        guesses: None,
        path: None,
        waits: crate::model::evidence::MeantWaits::default(),
        unreachable: Vec::new(),
        proof: vec![(Trouble::Refused, proof)],
        usual_trips: [None; 2],
        usual_ways: [None; 2],
        usual_is_young: [false; 2],
        usual_response: None,
        usual_missing: None,
        usual_rejected: None,
        unusual_since: UnusualSince::default(),
        is_one_of_several: false,
        since_success: SinceSuccess::default(),
        recent: ServiceWindow::default(),
        lately: Vec::new(),
        network: Some(0.001),
        windows: vec![w],
    }
}

fn evidence(service: ServiceEvidence) -> Evidence {
    let network = NetworkEvidence { now: Timestamp(NOW), services: vec![service], ..NetworkEvidence::default() };
    Evidence { network, sliding: true, ..Evidence::default() }
}

fn times(p50: f64, p95: f64) -> Option<Quantiles> {
    Some(Quantiles { count: 100, min: 0.0, p50, p95, p99: p95, max: p95, mean: p50 })
}

fn scan(target: bool, failed: u64, succeeded: u64) -> Evidence {
    let scan = ScanEvidence {
        source: host(7),
        target: target.then(|| host(9)),
        port: (!target).then_some(445),
        is_udp: false,
        failed,
        is_more: false,
        refused: failed,
        unanswered: 0,
        succeeded,
        station: None,
        is_routed: false,
        span: Episode { first: Timestamp(NOW), last: Timestamp(NOW) },
    };
    let network = NetworkEvidence { now: Timestamp(NOW), scans: vec![scan], ..NetworkEvidence::default() };
    Evidence { network, sliding: true, ..Evidence::default() }
}

/// Attempts to connect, so many of which went wrong in a way, for so many clients.
fn attempts(all: u64, kind: Trouble, bad: u64, clients: u64) -> ServiceEvidence {
    let mut w = ServiceWindow { attempts: all, established: all.saturating_sub(bad), ended: all, clients: 5, ..ServiceWindow::default() };
    trouble(&mut w, kind, bad, clients);
    service("", w)
}

/// Answers of a protocol, so many of which were bad in a way, for so many clients.
fn answers(app: &'static str, all: u64, kind: Trouble, bad: u64, clients: u64) -> ServiceEvidence {
    let answered = if kind == Trouble::Unanswered { all - bad } else { all };
    let (response, failing_zones) = (times(2.0, 3.0), FAILING_ZONES);
    let mut w = ServiceWindow { requests: all, answered, timed: answered, clients: 5, response, failing_zones, ..ServiceWindow::default() };
    trouble(&mut w, kind, bad, clients);
    service(app, w)
}

/// A name server that left so many queries of so many of its clients unanswered since it answered anybody, for so many seconds.
fn dead_names(queries: u64, clients: u64, of: u64, seconds: i64) -> ServiceEvidence {
    let w = ServiceWindow { requests: 1_000, answered: 1_000 - queries, clients: of, ..ServiceWindow::default() };
    let span = Some(Episode { first: Timestamp(NOW - seconds * SECOND), last: Timestamp(NOW - 5 * SECOND) });
    let requests = Troubled { count: queries, clients, is_more: false, named: [None; NAMED], span };
    ServiceEvidence { since_success: SinceSuccess { requests, ..SinceSuccess::default() }, ..service("dns", w) }
}

/// A port at which so many of many attempts failed since a client last connected, for so many seconds.
fn down(failed: u64, clients: u64, seconds: i64) -> ServiceEvidence {
    let w = ServiceWindow { attempts: 100, established: 100 - failed, ..ServiceWindow::default() };
    let span = Some(Episode { first: Timestamp(NOW - seconds * SECOND), last: Timestamp(NOW - 3 * SECOND) });
    let attempts = Troubled { count: failed, clients, is_more: false, named: [None; NAMED], span };
    ServiceEvidence { since_success: SinceSuccess { attempts, ..SinceSuccess::default() }, ..service("", w) }
}

/// A port of a host of which nothing was ever heard, for so many clients.
fn never_heard(failed: u64, clients: u64) -> ServiceEvidence {
    ServiceEvidence { is_alive: false, ..never(attempts(failed, NoAnswer, failed, clients)) }
}

/// A port at which nobody ever answered, and that other hosts have as well.
fn one_of_several(failed: u64) -> ServiceEvidence {
    ServiceEvidence { is_one_of_several: true, ..never(attempts(failed, NoAnswer, failed, 1)) }
}

/// The same, with errors about names of so many zones.
fn zones(failing_zones: u64, mut service: ServiceEvidence) -> ServiceEvidence {
    service.windows.iter_mut().for_each(|w| w.failing_zones = failing_zones);
    service.since_success.last_good = Some(Timestamp(NOW));
    service
}

/// The same where nothing but errors was answered since they began.
fn nothing_else(mut service: ServiceEvidence) -> ServiceEvidence {
    service.since_success.last_good = Some(Timestamp(NOW - 31 * SECOND));
    service
}

/// A name server that says of so many of 40 names that they do not exist, and usually of this share.
fn missing(usual: f64, count: u64) -> ServiceEvidence {
    ServiceEvidence { usual_missing: Some(usual), ..answers("dns", 40, NoSuchName, count, 3) }
}

/// A web server that refuses so many of 50 requests, and usually this share.
fn rejecting(usual: f64, count: u64) -> ServiceEvidence {
    ServiceEvidence { usual_rejected: Some(usual), ..answers("http", 50, Rejected, count, 3) }
}

/// The same, with this usual time and this median, seconds.
fn usually(usual: f64, median: f64, mut service: ServiceEvidence) -> ServiceEvidence {
    service.windows.iter_mut().for_each(|w| w.response = times(median, median));
    ServiceEvidence { usual_response: Some(usual), ..service }
}

/// So many lost segments of so many, before the mirrored port and on the server's side.
fn losses(segments: u64, lost: u64, connections: u64) -> Evidence {
    let span = Some(Episode { first: Timestamp(NOW - 30 * SECOND), last: Timestamp(NOW) });
    let loss = LossWindow { segments, lost: [0, lost], before: 0, unsure: 0, connections, clients: connections, earlier: [0; 2], span };
    evidence(service("", ServiceWindow { loss, ..ServiceWindow::default() }))
}

/// The same after so many, of which so many were lost.
fn losses_after(segments: u64, lost: u64, earlier: [u64; 2]) -> Evidence {
    let mut e = losses(segments, lost, 3);
    e.network.services[0].windows[0].loss.earlier = earlier;
    e
}

/// A receiver that stalled so often, for so many seconds at the longest, and still does.
fn stalled(stalls: u64, longest: f64, probes: u64) -> Evidence {
    let span = Episode { first: Timestamp(NOW - 30 * SECOND), last: Timestamp(NOW) };
    let stall = StallEvidence {
        receiver: host(9),
        service: key(),
        stalls,
        seconds: longest * stalls as f64,
        longest,
        probes,
        end: StallEnd::Lasts,
        is_paced: false,
        span,
    };
    let network = NetworkEvidence { now: Timestamp(NOW), stalls: vec![stall], ..NetworkEvidence::default() };
    Evidence { network, sliding: true, ..Evidence::default() }
}

/// The same of one connection that takes data at its own pace.
fn paced(mut evidence: Evidence) -> Evidence {
    evidence.network.stalls.iter_mut().for_each(|stall| (stall.is_paced, stall.end) = (true, StallEnd::Reopened));
    evidence
}

/// The same of a client, at so many servers that each send to it.
fn of_client(mut evidence: Evidence, servers: u8) -> Evidence {
    let stall = StallEvidence { receiver: host(1), ..evidence.network.stalls[0] };
    let service = |n| ServiceKey { address: host(20 + n), ..stall.service };
    evidence.network.stalls = (0..servers).map(|n| StallEvidence { service: service(n), ..stall }).collect();
    evidence
}

/// Something that switches or routers said so often, with another measure, for so many seconds.
fn said(kind: SwitchTroubleKind, count: u64, measure: f64, seconds: i64) -> Evidence {
    let trouble = SwitchTrouble {
        kind,
        subject: Subject::Network,
        vlan: None,
        vlans: 1,
        instance: None,
        who: "a".to_owned(),
        other: "b".to_owned(),
        count,
        recent: count,
        measure,
        meant: 0,
        words: String::new(),
        share: 1.0,
        span: Episode { first: Timestamp(NOW - seconds * SECOND), last: Timestamp(NOW) },
    };
    let switch = SwitchEvidence { troubles: vec![trouble] };
    let network = NetworkEvidence { now: Timestamp(NOW), switch, ..NetworkEvidence::default() };
    Evidence { network, sliding: true, ..Evidence::default() }
}

/// What was seen of addresses, routers and clocks.
fn sighted(fill: impl FnOnce(&mut SightingEvidence)) -> Evidence {
    let mut network = NetworkEvidence { now: Timestamp(NOW), ..NetworkEvidence::default() };
    fill(&mut network.sightings);
    Evidence { network, sliding: true, ..Evidence::default() }
}

const SPAN: Episode = Episode { first: Timestamp(NOW - 30 * SECOND), last: Timestamp(NOW) };

fn station(n: u8) -> StationEvidence {
    StationEvidence { mac: crate::model::Mac([2, 0, 0, 0, 0, n]), maker: None, count: 5, last: Timestamp(NOW) }
}

fn conflict(is_needed: bool) -> Evidence {
    let stations = vec![station(1), station(2)];
    sighted(|s| s.conflicts.push(ConflictEvidence { vlan: None, address: host(9), stations, is_needed, is_handed_over: false, span: SPAN }))
}

fn gone(askers: u64, is_router: bool) -> Evidence {
    let unanswered = UnansweredEvidence {
        vlan: None,
        address: host(9),
        requests: 10,
        askers,
        last_answer: None,
        last_heard: None,
        others: [9, 9],
        insisting: 0,
        cut_off: 0,
        elsewhere: None,
        is_router,
        span: SPAN,
    };
    sighted(|s| s.unanswered.push(unanswered))
}

/// One host that asks without end, and may reach nothing else.
fn insisting(cut_off: u64) -> Evidence {
    let mut e = gone(1, false);
    e.network.sightings.unanswered.iter_mut().for_each(|u| (u.others, u.insisting, u.cut_off) = ([0; 2], 1, cut_off));
    e
}

fn arp_storm(rate: f64) -> Evidence {
    let source = Some(station(1));
    sighted(|s| s.storms.push(ArpStormEvidence { vlan: None, is_v6: false, source, rate, senders: 3, median: 1.0, span: SPAN }))
}

/// Clients that wait, of them new ones, of how many, and how many others were given theirs or refused.
fn dhcp(waiting: u64, waiting_new: u64, clients: u64, given: u64, refused: u64) -> Evidence {
    let servers = vec![Ipv4Addr::new(10, 0, 0, 2)];
    let refused_clients = refused.min(2);
    let last_answer = Some(Timestamp(NOW - 60 * SECOND));
    let dhcp = DhcpEvidence {
        vlan: None,
        waiting,
        waiting_new,
        clients,
        servers,
        last_answer,
        given,
        given_anew: 0,
        refused,
        refused_clients,
        refusing: Vec::new(),
        span: SPAN,
    };
    sighted(|s| s.dhcp.push(dhcp))
}

fn second_server(told: DhcpConfig, differs: bool) -> Evidence {
    let (server, before) = (Ipv4Addr::new(10, 0, 0, 66), Ipv4Addr::new(10, 0, 0, 2));
    let told = [DhcpConfig::default(), told];
    let second = SecondServerEvidence {
        vlan: None,
        server,
        source: station(1),
        before,
        station_before: crate::model::Mac([2; 6]),
        is_used: [false; 2],
        told,
        differs,
        alone: 700.0,
        clients: 1,
        passed_over: 0,
        span: SPAN,
    };
    sighted(|s| s.second_servers.push(second))
}

fn second_router(differs: bool) -> Evidence {
    let (router, before) = ("fe80::66".parse().unwrap(), "fe80::1".parse().unwrap());
    let source = station(1);
    let second =
        SecondRouterEvidence { vlan: None, router, source, before, prefixes: [None; 2], differs, alone: 700.0, hosts: 3, span: SPAN };
    sighted(|s| s.second_routers.push(second))
}

fn clock(fault: ClockFault) -> Evidence {
    sighted(|s| s.clocks.push(ClockEvidenceOfServer { server: host(9), fault, answers: 2, clients: 1, servers: 4, span: SPAN }))
}

fn black_hole(senders: u64) -> Evidence {
    let hole =
        BlackHoleEvidence { receiver: host(9), sender: None, conversations: 2, senders, smallest: 1_500, was_told: false, span: SPAN };
    let network = NetworkEvidence { now: Timestamp(NOW), black_holes: vec![hole], ..NetworkEvidence::default() };
    Evidence { network, sliding: true, ..Evidence::default() }
}

fn fragments(minute: [u64; 2], names: u64) -> Evidence {
    sighted(|s| s.fragments.push(FragmentEvidence { receiver: host(9), senders: 1, minute, lately: minute, names, tcp: 0, span: SPAN }))
}

fn tls(fill: impl FnOnce(&mut NetworkEvidence)) -> Evidence {
    let mut network = NetworkEvidence { now: Timestamp(NOW), ..NetworkEvidence::default() };
    fill(&mut network);
    Evidence { network, sliding: true, ..Evidence::default() }
}

fn tls_failing(failed: u64, hellos: u64, clients: [u64; 2]) -> Evidence {
    let alerts = vec![CodeCount { code: 48, text: "unknown_ca".into(), count: failed }];
    tls(|n| {
        n.tls_failures.push(TlsFailureEvidence {
            key: key(),
            seconds: 600.0,
            hellos,
            failed,
            clients,
            is_more: false,
            alerts,
            by_client: true,
            span: SPAN,
        })
    })
}

fn tls_old(version: u16) -> Evidence {
    tls(|n| n.tls_old.push(OldTlsEvidence { service: None, host: host(1), version, count: 1, clients: 1, span: SPAN }))
}

/// A certificate of a year with so many days left.
fn certificate(days: i64, refused: u64) -> Evidence {
    let now = NOW / SECOND;
    let valid = [now - (365 - days) * 86_400, now + days * 86_400];
    let name = crate::model::ShortName::new(b"x");
    tls(|n| n.certificates.push(CertificateEvidence { key: key(), name, valid, seen: Timestamp(NOW), refused, clients: 3 }))
}

/// Kerberos' answers, so many of which say that the client's clock is wrong.
fn skewed(count: u64) -> Evidence {
    let mut service = answers("kerberos", 100, Denied, count, 1);
    service.windows[0].denied = vec![CodeCount { code: 37, text: "37".into(), count }];
    evidence(service)
}

/// One client under so many names, at a service that lets nearly everybody else in.
fn guessed_among_many(names: u64, answers: u64) -> Evidence {
    let guesses = Some(Guessing { client: host(7), names, is_more: false, answers, refused: names });
    evidence(ServiceEvidence { guesses, ..self::answers("ftp", 5_000, Denied, names, 1) })
}

/// Logins that are all refused, of one client under so many names.
fn guessed(names: u64) -> Evidence {
    let mut e = guessed_among_many(names, 2 * names);
    e.network.services[0].windows = answers("ftp", 60, Denied, 30, 1).windows;
    e
}

/// So many short connections of one client within a minute.
fn short_logins(app: &'static str, count: u64) -> Evidence {
    let w = ServiceWindow { seconds: 60.0, ended: count, short: Some((host(7), count)), ..ServiceWindow::default() };
    evidence(service(app, w))
}

/// Connections of a database that were cut when idle, after so many seconds.
fn idle_cuts(seconds: &[f64]) -> Evidence {
    let mut service = attempts(seconds.len() as u64, IdleCut, seconds.len() as u64, 2);
    service.windows[0].idle_cuts = seconds.to_vec();
    evidence(service)
}

/// What two clients of a service lost on their side, of how many segments each.
fn lossy_clients(lost: [u64; 2], segments: u64) -> Evidence {
    let client = |n: u8, lost: u64| ClientLoss { client: host(n), segments, lost: [0, lost], connections: lost };
    let client_losses = vec![client(1, lost[0]), client(2, lost[1])];
    let all = lost[0] + lost[1];
    let loss = LossWindow {
        segments: 2 * segments,
        lost: [all, 0],
        before: 0,
        unsure: 0,
        connections: all,
        clients: 2,
        earlier: [0; 2],
        span: Some(SPAN),
    };
    evidence(service("", ServiceWindow { loss, client_losses, ..ServiceWindow::default() }))
}

#[test]
fn a_client_is_the_subject_where_another_of_the_same_service_loses_nothing() {
    let about = |e: &Evidence| -> Vec<(Subject, Severity)> {
        let judgement = judge_network(e, &mut Judge::default(), Timestamp(NOW));
        judgement.findings.iter().filter(|f| f.id == "tcp.loss").map(|f| (f.subject, f.severity)).collect()
    };
    assert_eq!(about(&lossy_clients([30, 0], 1_000)), [(Subject::Host(host(1)), Warning)]);
    assert_eq!(about(&lossy_clients([70, 0], 1_000)), [(Subject::Host(host(1)), Critical)]);
    let service = Subject::Service { address: host(9), port: 80, protocol: Proto::Tcp };
    assert_eq!(about(&lossy_clients([30, 28], 1_000)), [(service, Warning)], "both lose");
    assert_eq!(about(&lossy_clients([30, 12], 1_000)), [(service, Warning)], "the other loses a third of that as well");
    assert_eq!(about(&lossy_clients([40, 2], 1_000)), [(Subject::Host(host(1)), Warning)], "surely less than a third");
    assert_eq!(about(&lossy_clients([4, 0], 160)), [], "few");
    assert_eq!(about(&lossy_clients([9, 0], 99)), [], "of few");
}

#[test]
fn packets_that_prove_it_stand_with_a_finding_about_a_service() {
    let packets = |e: &Evidence| judge_network(e, &mut Judge::default(), Timestamp(NOW)).findings[0].packets.clone();
    assert_eq!(packets(&evidence(attempts(100, Refused, 3, 2))), [7]);
    assert_eq!(packets(&evidence(attempts(40, Cut, 20, 3))), [0u64; 0], "of another kind");
}

#[test]
fn somebody_who_is_refused_under_many_names_guesses() {
    let title = |e: &Evidence| judge_network(e, &mut Judge::default(), Timestamp(NOW)).findings[0].title.clone();
    assert!(title(&guessed(21)).starts_with("10.0.0.7 guesses logins at 10.0.0.9:80: 21 names"), "{}", title(&guessed(21)));
    assert!(title(&guessed(20)).starts_with("Logins at 10.0.0.9:80 are refused"), "{}", title(&guessed(20)));
    assert_eq!(title(&guessed_among_many(60, 60)), "10.0.0.7 guesses logins at 10.0.0.9:80: 60 names, 60 of its 60 answers refuse them");
}

/// A time server that so many requests were sent to in vain.
fn no_time(bad: u64) -> Evidence {
    let mut silent = answers("ntp", bad, Unanswered, bad, 1);
    silent.key = ServiceKey { address: host(9), port: 123, protocol: Proto::Udp };
    evidence(silent)
}

fn never(service: ServiceEvidence) -> ServiceEvidence {
    ServiceEvidence { first_success: None, last_success: None, ..service }
}

fn found(e: &Evidence) -> Vec<(&'static str, Severity)> {
    let judgement = judge_network(e, &mut Judge::default(), Timestamp(NOW));
    judgement.findings.iter().filter(|f| f.active).map(|f| (f.id, f.severity)).collect()
}

use Severity::{Critical, Note, Warning};
use Trouble::*;

#[test]
fn both_sides_of_every_threshold_of_the_network() {
    let cases = cases();
    for (i, (id, severity, enough, too_little)) in cases.iter().enumerate() {
        assert_eq!(found(enough), [(*id, *severity)], "case {i}: exactly {id}");
        assert!(!found(too_little).iter().any(|f| f.0 == *id), "case {i}: not {id}");
    }
    let flood = |lone, sources| {
        let w = ServiceWindow { lone, sources, ..ServiceWindow::default() };
        evidence(service("", w))
    };
    assert_eq!(found(&flood(500, 32)), [("tcp.synflood", Critical)]);
    assert_eq!((found(&flood(499, 32)), found(&flood(500, 31))), (vec![], vec![]));
    for detector in NETWORK {
        let id = detector.page().id;
        assert!(id == "tcp.synflood" || cases.iter().any(|c| c.0 == id), "no case for {id}");
    }
}

#[test]
fn lookalikes_are_nothing() {
    // A name server that is very slow for many is critical; a slow server behind a long way is not the server.
    let mut slow = answers("dns", 50, Slow, 25, 3);
    trouble(&mut slow.windows[0], VerySlow, 25, 3);
    assert_eq!(found(&evidence(slow)), [("dns.slow", Critical)]);
    let far = ServiceEvidence { network: Some(1.5), ..answers("http", 20, VerySlow, 20, 3) };
    assert_eq!(found(&evidence(far)), []);
    // A router says why: then it is not silence.
    let mut told = attempts(10, NoAnswer, 10, 1);
    trouble(&mut told.windows[0], Unreachable, 10, 1);
    let by = |code| UnreachableReport { reporter: host(7), code, count: 10 };
    let says = |code| ServiceEvidence { unreachable: vec![by(code)], ..told.clone() };
    let [filtered, lost] =
        [13, 1].map(|code| judge_network(&evidence(says(code)), &mut Judge::default(), Timestamp(NOW)).findings.remove(0));
    assert_eq!(
        (filtered.severity, filtered.title.as_str()),
        (Note, "10.0.0.9:80/tcp cannot be reached: 10.0.0.7 says that it is administratively prohibited, 10 ICMP errors to 1 client")
    );
    assert_eq!(
        (lost.severity, lost.title.as_str()),
        (Note, "10.0.0.9:80/tcp cannot be reached: 10.0.0.7 says that the host does not answer, 10 ICMP errors to 1 client")
    );
    assert!(filtered.cause.contains("A filter of 10.0.0.7") && lost.cause.contains("10.0.0.9 is switched off"), "by the code");
    assert_eq!(found(&evidence(told)), [("icmp.unreachable", Note)]);
    // Errors are told in the words of their protocol.
    let mut bad = answers("mysql", 40, Error, 30, 3);
    bad.windows[0].codes = vec![CodeCount { code: 1205, text: "lock wait timeout".into(), count: 30 }];
    let told = judge_network(&evidence(bad), &mut Judge::default(), Timestamp(NOW)).findings.remove(0);
    assert_eq!(told.title, "mysql at 10.0.0.9:80 answers 30 of 40 (75 %) requests with errors to 3 clients: lock wait timeout 30 times");
    // Nobody listens for mail servers' questions.
    let mut ident = never(attempts(20, Refused, 20, 3));
    ident.key.port = 113;
    assert_eq!(found(&evidence(ident)), [("tcp.refused", Note)]);
    // It began a moment ago and may still answer.
    let mut young = attempts(4, NoAnswer, 4, 2);
    young.windows[0].troubles.of_mut(NoAnswer).span = Some(Episode { first: Timestamp(NOW - 5 * SECOND), last: Timestamp(NOW) });
    assert_eq!(found(&evidence(young)), []);
}

#[test]
fn a_side_is_named_where_most_losses_are_on_it() {
    let of = |e: &Evidence| {
        let finding = judge_network(e, &mut Judge::default(), Timestamp(NOW)).findings.remove(0);
        (finding.side, finding.location)
    };
    assert_eq!(of(&losses(1_000, 30, 3)), (Some(PathSide::Server), Some(crate::model::Location::BeyondMirror)));
    assert_eq!(of(&losses(1_000, 30, 2)), (Some(PathSide::Server), None), "one connection may be odd by itself: so far");
    let mut both = losses(1_000, 30, 3);
    both.network.services[0].windows[0].loss.lost = [10, 20];
    assert_eq!(of(&both).0, None);
}

#[test]
fn a_standing_finding_goes_on_and_clears() {
    let mut state = Judge::default();
    let at = |s: i64| Timestamp(NOW + s * SECOND);
    let bad = evidence(attempts(10, NoAnswer, 10, 2));
    judge_network(&bad, &mut state, at(0));
    let mut later = attempts(20, NoAnswer, 8, 2);
    later.windows[0].troubles.of_mut(NoAnswer).span = Some(Episode { first: at(5), last: at(9) });
    let standing = judge_network(&evidence(later.clone()), &mut state, at(10)).findings;
    assert!(standing[0].active, "40 % is few only below a quarter, once it stands");
    assert_eq!(standing[0].episodes, [Episode { first: Timestamp(NOW - 30 * SECOND), last: at(9) }], "one episode that goes on");
    trouble(&mut later.windows[0], NoAnswer, 0, 0);
    let cleared = judge_network(&evidence(later), &mut state, at(20)).findings;
    assert!(!cleared[0].active);
    assert_eq!(cleared[0].last, at(9));
}

#[test]
fn what_the_mirror_cannot_show_is_not_judged() {
    let lossy = || {
        let rate = Estimate { rate: 0.1, low: 0.05, high: 0.15, n: 1_000 };
        Evidence { loss: LossEvidence { all: Some(rate), ..LossEvidence::default() }, ..Evidence::default() }
    };
    let mut findings = judge_network(&evidence(attempts(10, NoAnswer, 10, 2)), &mut Judge::default(), Timestamp(NOW)).findings;
    assert_eq!(findings.len(), 1);
    let silenced = silence(&mut findings, &lossy());
    assert_eq!(findings, []);
    assert!(silenced.iter().any(|s| s.0 == "tcp.no_answer" && s.1.contains("10 %")), "{silenced:?}");
    assert!(!silenced.iter().any(|s| s.0 == "tcp.refused"), "a RST is there or it is not");
    let known = Estimate { rate: 0.0, low: 0.0, high: 0.001, n: 10_000 };
    let mirror = Evidence { loss: LossEvidence { all: Some(known), ..LossEvidence::default() }, ..Evidence::default() };
    assert_eq!(silence(&mut findings, &mirror), []);
    let unknown = silence(&mut findings, &Evidence::default());
    assert_eq!(
        unknown,
        ["tcp.loss", "rtp.loss"].map(|id| (id, "what the mirror loses cannot be told (0 of 100 acknowledged segments)".to_owned()))
    );
    let asymmetric = Evidence { sides: SideEvidence { judged: 100, one_sided: 10, ..SideEvidence::default() }, ..mirror };
    let unseen: Vec<_> = silence(&mut findings, &asymmetric).iter().map(|s| s.0).collect();
    let connections = ["ipv6.broken", "tcp.no_answer", "tcp.reset", "tcp.loss", "tcp.window_limited"];
    assert_eq!(
        unseen,
        [&connections[..], &["dns.unanswered", "server.slow", "tls.failing", "service.errors", "ntp.bad", "quic.blocked"]].concat()
    );
}
