//! What the ledger makes of events.

use super::*;
use crate::model::evidence::Trouble;
use crate::model::limits::PATH_SERVICES;
use crate::model::{
    Answer, AppId, Attempt, AttemptOutcome, ConnectionEnd, Direction, FlowKey, IcmpError, LocatedLoss, Location, Proto, QuotedFlow,
    SilentPeer, TransactionEnd, WaitTold,
};
use std::net::Ipv4Addr;

const START: i64 = 1_700_000_000 * SECOND;

fn host(n: u8) -> Address {
    Address::V4(Ipv4Addr::new(10, 0, 0, n))
}

fn key(server: u8, port: u16) -> ServiceKey {
    ServiceKey { address: host(server), port, protocol: Proto::Tcp }
}

/// An attempt of client `from` at a port of host `to`, after `seconds`.
fn attempt(from: u8, to: u8, port: u16, seconds: i64, outcome: AttemptOutcome) -> NetworkEvent {
    let address = |n: u8| 0x0a00_0000 + u32::from(n);
    let (flow, way) = FlowKey::v4(6, address(from), address(to), 40_000, port);
    let time = Timestamp(START + seconds * SECOND);
    NetworkEvent::Attempt(Attempt {
        station: Mac::default(),
        next: Mac::default(),
        vlan: None,
        flow,
        way,
        first: time,
        time,
        outcome,
        syns: 2,
        syns_again: 0,
        server_half: (outcome == AttemptOutcome::Established).then_some(2_000_000),
        client_half: None,
        answered_after: None,
        earlier: None,
        ttl: 64,
        asks_ecn: false,
        gave_up_ecn: false,
        number: 7,
    })
}

fn query(from: u8, to: u8, seconds: i64, latency: Option<i64>, code: u32) -> NetworkEvent {
    let address = |n: u8| 0x0a00_0000 + u32::from(n);
    let (flow, way) = FlowKey::v4(17, address(from), address(to), 40_000, 53);
    let asked = Timestamp(START + seconds * SECOND);
    let end = latency.map_or(TransactionEnd::Unanswered, |_| TransactionEnd::Answered(code));
    let asked = Transaction::between((flow, way), asked, end);
    NetworkEvent::Transaction(Transaction { answered: latency.map(|l| asked.asked.plus(l)), question: 1, number: 7, ..asked })
}

fn meaning(t: &Transaction) -> AnswerMeaning {
    let answer = match t.end {
        TransactionEnd::Answered(2) => Answer::Error,
        TransactionEnd::Answered(3) => Answer::NoSuchName,
        _ => Answer::Normal,
    };
    AnswerMeaning { answer, slow_floor: 50_000_000, kind: None }
}

fn ledger(events: &[NetworkEvent]) -> ServiceLedger {
    let mut ledger = ServiceLedger::default();
    events.iter().for_each(|event| ledger.take(event, meaning));
    ledger
}

fn now(seconds: i64) -> Timestamp {
    Timestamp(START + seconds * SECOND)
}

#[test]
fn a_service_counts_what_happened_to_its_clients() {
    let l = ledger(&[
        attempt(1, 9, 80, 0, AttemptOutcome::Established),
        attempt(2, 9, 80, 1, AttemptOutcome::Refused),
        attempt(2, 9, 80, 2, AttemptOutcome::Refused),
        attempt(3, 9, 80, 3, AttemptOutcome::Unanswered),
    ]);
    let evidence = l.evidence(now(5), false);
    let [service] = &evidence.services[..] else { panic!("one service") };
    assert_eq!((service.key, service.last_success, service.network), (key(9, 80), Some(now(0)), Some(0.002)));
    let minute = &service.windows[0];
    assert_eq!((minute.attempts, minute.established, minute.clients), (4, 1, 3));
    let refused = minute.trouble(Trouble::Refused);
    assert_eq!((refused.count, refused.clients), (2, 1));
    assert_eq!(refused.span, Some(crate::model::Episode { first: now(1), last: now(2) }));
    assert_eq!(minute.trouble(Trouble::NoAnswer).count, 1);
}

#[test]
fn stretches_forget_and_the_whole_does_not() {
    let l = ledger(&[attempt(1, 9, 80, 0, AttemptOutcome::Refused), attempt(1, 9, 80, 200, AttemptOutcome::Refused)]);
    let counts =
        |at, end| -> Vec<u64> { l.evidence(now(at), end).services.iter().flat_map(|s| s.windows.iter().map(|w| w.attempts)).collect() };
    assert_eq!(counts(205, false), [1, 2], "a minute and ten");
    assert_eq!(counts(300, false), [0, 2]);
    assert_eq!(counts(900, false), [0u64; 0], "nothing lately");
    assert_eq!(counts(900, true), [2], "at the end of a file everything");
}

#[test]
fn a_scanner_is_held_against_nobody() {
    let mut events: Vec<NetworkEvent> = (0..40).map(|p| attempt(7, 9, 1_000 + p, 0, AttemptOutcome::Refused)).collect();
    events.push(attempt(1, 9, 1_020, 1, AttemptOutcome::Established));
    let l = ledger(&events);
    let evidence = l.evidence(now(5), false);
    let [scan] = &evidence.scans[..] else { panic!("one scan: {:?}", evidence.scans) };
    assert_eq!((scan.source, scan.target, scan.failed, scan.refused, scan.unanswered), (host(7), Some(host(9)), 40, 40, 0));
    let failed: u64 = evidence.services.iter().map(|s| s.windows[0].trouble(Trouble::Refused).count).sum();
    assert_eq!(failed, 0, "what was counted before it was known to be one does not count either");
}

/// Ports that refuse whoever tries all of them are no services, be it known how soon they do.
#[test]
fn what_refuses_a_scanner_is_no_service() {
    let trip = |from: u32, port: u16, seconds: i64| {
        let (flow, way) = FlowKey::v4(6, 0x0a00_0000 + from, 0x0a00_0009, 40_000, port);
        let (side, flight) = (crate::model::PathSide::Server, Default::default());
        NetworkEvent::RoundTrip(RoundTrip {
            flow,
            way,
            side,
            time: now(seconds),
            nanos: 80_000,
            is_prompt: true,
            flight,
            data_segments: 0,
            number: 7,
        })
    };
    let refused = |p: u16| [attempt(7, 9, 1_000 + p, 0, AttemptOutcome::Refused), trip(7, 1_000 + p, 0)];
    let mut events: Vec<NetworkEvent> = (0..400).flat_map(refused).collect();
    events.extend([attempt(7, 9, 2_000, 1, AttemptOutcome::Established), trip(7, 2_000, 1), trip(1, 1_399, 2)]);
    let (rows, _) = ledger(&events).totals(1_000, None);
    let before = crate::model::evidence::SCAN_PORTS.number();
    let ports: Vec<u16> = rows.iter().map(|row| row.key.port).collect();
    assert!(ports.len() as u64 <= before + 2 && ports.contains(&2_000) && ports.contains(&1_399), "{ports:?}");
}

#[test]
fn a_sweep_is_told_by_its_port() {
    let events: Vec<NetworkEvent> = (10..60).map(|to| attempt(7, to, 445, 0, AttemptOutcome::Unanswered)).collect();
    let evidence = ledger(&events).evidence(now(5), false);
    let [scan] = &evidence.scans[..] else { panic!("one scan") };
    assert_eq!((scan.target, scan.port, scan.failed, scan.unanswered), (None, Some(445), 50, 50));
}

#[test]
fn all_ports_can_be_told_apart() {
    let mut ports = scans::tests_ports();
    for port in 0..=u16::MAX {
        ports(port);
    }
    assert_eq!(ports(7), 65_536);
}

#[test]
fn requests_have_times_codes_and_silence() {
    let ms = |n: i64| Some(n * 1_000_000);
    let l = ledger(&[query(1, 9, 0, ms(10), 0), query(1, 9, 1, ms(900), 0), query(2, 9, 2, ms(1_500), 2), query(2, 9, 3, None, 0)]);
    let evidence = l.evidence(now(5), false);
    let w = &evidence.services[0].windows[0];
    assert_eq!((w.requests, w.answered, w.clients), (4, 3, 2));
    let n = |t| w.trouble(t).count;
    assert_eq!((n(Trouble::Error), n(Trouble::Unanswered), n(Trouble::Slow), n(Trouble::VerySlow)), (1, 1, 2, 1));
    assert_eq!(w.codes.iter().map(|c| (c.code, c.count)).collect::<Vec<_>>(), [(2, 1)]);
    assert_eq!(w.response.map(|r| (r.count, r.p50, r.max)), Some((3, 0.9, 1.5)));
    let [totals] = &l.totals(usize::MAX, None).0[..] else { panic!("one service") };
    assert_eq!((totals.counts.requests, totals.response.map(|q| q.count)), (4, Some(3)));
    assert_eq!(totals.lately, None, "not wanted");
    // A minute later nothing of it is of late.
    let lately = |at| {
        let (totals, _) = l.totals(usize::MAX, Some(now(at)));
        let minute = totals[0].lately.as_ref().expect("it is wanted");
        (minute.requests, minute.response.map(|r| r.p50), totals[0].counts.requests)
    };
    assert_eq!((lately(5), lately(200)), ((4, Some(0.9), 4), (0, None, 4)));
}

#[test]
fn an_icmp_error_counts_only_for_what_somebody_asked() {
    let error = |port: u16, code: u8| {
        let (quoted, direction) = FlowKey::v4(17, 0x0a00_0001, 0x0a00_0009, 40_000, port);
        NetworkEvent::Icmp(IcmpError {
            reporter: host(254),
            receiver: host(1),
            quoted: QuotedFlow { kind: 3, code, rest: 0, key: quoted, direction },
            time: now(4),
            number: 7,
        })
    };
    let evidence = ledger(&[query(1, 9, 3, None, 0), error(53, 3), error(54, 3), error(55, 1)]).evidence(now(5), false);
    // What routers say of others is told by who says it, and is no service.
    assert_eq!(evidence.services.iter().map(|s| s.key.port).collect::<Vec<_>>(), [53]);
    assert_eq!(evidence.services[0].windows[0].trouble(Trouble::Unreachable).count, 1);
}

#[test]
fn a_group_is_no_service() {
    let (flow, way) = FlowKey::v4(17, 0x0a00_0001, 0xe000_00fb, 5353, 5353);
    let asked = Transaction::between((flow, way), now(0), TransactionEnd::Unanswered);
    let transaction = Transaction { question: 1, number: 7, ..asked };
    assert_eq!(ledger(&[NetworkEvent::Transaction(transaction)]).totals(usize::MAX, None), (Vec::new(), 0));
    assert_eq!(way, Direction::AToB);
}

#[test]
fn latencies_are_thinned_evenly() {
    let mut sample = counts::Latencies::default();
    (0..10_000).for_each(|ms| sample.note(ms * 1_000_000));
    let q = counts::Latencies::quantiles(std::iter::once(&sample)).unwrap();
    assert_eq!(q.count, 10_000);
    assert!((q.p50 - 5.0).abs() < 0.3 && (q.p95 - 9.5).abs() < 0.3, "{q:?}");
}

#[test]
fn services_beyond_the_cap_are_counted_together() {
    let mut l = ServiceLedger::default();
    (0..SERVICES as u32 + 10).for_each(|n| l.take(&far(n, 0, AttemptOutcome::Established), meaning));
    assert_eq!((l.totals(0, None).1, l.beyond(), l.forgotten), (SERVICES as u64, 10, 0));
}

/// An attempt at one of many hosts.
fn far(n: u32, seconds: i64, outcome: AttemptOutcome) -> NetworkEvent {
    let NetworkEvent::Attempt(attempt) = attempt(1, 2, 80, seconds, outcome) else { unreachable!() };
    let (flow, way) = FlowKey::v4(6, 1, 0x0b00_0000 + n, 40_000, 80);
    NetworkEvent::Attempt(Attempt { flow, way, ..attempt })
}

#[test]
fn what_was_silent_for_long_makes_room_be_it_that_it_once_answered() {
    let mut l = ServiceLedger::default();
    let knows =
        |l: &ServiceLedger, n: u32| l.totals(usize::MAX, None).0.iter().any(|t| t.key.address == Address::V4((0x0b00_0000 + n).into()));
    (0..SERVICES as u32).for_each(|n| l.take(&far(n, i64::from(n / 1_000), AttemptOutcome::Established), meaning));
    // The first one fails since, the second is in use; the third and the fourth are what was silent longest.
    l.take(&far(0, 6, AttemptOutcome::Refused), meaning);
    l.take(&far(1, 119, AttemptOutcome::Established), meaning);
    l.take(&far(10_000, 50, AttemptOutcome::Established), meaning);
    assert_eq!((knows(&l, 10_000), l.beyond()), (false, 1), "all of them were in use a minute ago");
    l.take(&far(10_001, 120, AttemptOutcome::Refused), meaning);
    assert_eq!([0, 1, 2, 3, SERVICES as u32 - 1, 10_001].map(|n| knows(&l, n)), [true, true, false, false, true, true]);
    assert_eq!((l.totals(0, None).1, l.beyond(), l.forgotten), ((SERVICES - SERVICES / 4 + 1) as u64, 1, SERVICES as u64 / 4));
}

#[test]
fn one_success_makes_silence_nothing() {
    let silent = |seconds| attempt(2, 9, 80, seconds, AttemptOutcome::Unanswered);
    let mut events = vec![attempt(1, 9, 80, 0, AttemptOutcome::Established), silent(1), silent(5), query(1, 9, 6, Some(1_000), 0)];
    let since = |events: &[NetworkEvent]| {
        let services = ledger(events).evidence(now(40), true).services;
        services.iter().find(|s| s.key == key(9, 80)).expect("it is known").since_success.attempts
    };
    assert_eq!((since(&events).count, since(&events).clients), (2, 1), "an answer to a request is no connection");
    events.push(attempt(3, 9, 80, 7, AttemptOutcome::Unanswered));
    assert_eq!((since(&events).count, since(&events).clients), (3, 2));
    assert_eq!(since(&events).span, Some(crate::model::Episode { first: now(1), last: now(7) }));
    events.push(attempt(1, 9, 80, 8, AttemptOutcome::Established));
    assert_eq!(since(&events), crate::model::evidence::Troubled::default());
    // What began before that success is no sign of anything.
    events.push(silent(8));
    assert_eq!(since(&events).count, 0);
    (10..30).for_each(|n| events.push(attempt(n, 9, 80, i64::from(n), AttemptOutcome::Unanswered)));
    assert_eq!((since(&events).count, since(&events).clients, since(&events).is_more), (20, 8, true));
}

#[test]
fn what_is_usual_tells_what_is_slow() {
    let ms = |n: i64| Some(n * 1_000_000);
    let mut events: Vec<NetworkEvent> = (0..120).map(|n| query(1, 9, n, ms(20), if n % 10 == 0 { 3 } else { 0 })).collect();
    events.extend((120..130).map(|n| query(1, 9, n, ms(if n % 2 == 0 { 81 } else { 79 }), 3)));
    let evidence = ledger(&events).evidence(now(129), false);
    let service = &evidence.services[0];
    assert_eq!((service.usual_response, service.usual_missing), (Some(0.02), Some(0.1)));
    assert_eq!(service.recent.trouble(Trouble::SlowerThanUsual).count, 5, "more than four times the usual");
    assert_eq!((service.recent.answered, service.recent.trouble(Trouble::NoSuchName).count), (20, 11));
    assert_eq!(service.windows[0].answered, 60, "a minute, with what was before");
}

/// A segment of client `from`'s connection to host 9, lost on its way to the server or to the client.
fn loss(from: u8, is_to_server: bool, location: Location, seconds: i64) -> NetworkEvent {
    let (flow, client) = FlowKey::v4(6, 0x0a00_0000 + u32::from(from), 0x0a00_0009, 40_000, 80);
    let way = if is_to_server { client } else { client.reversed() };
    NetworkEvent::Lost(LocatedLoss { flow, client, way, time: now(seconds), location, packets: 100, retracted: false, number: 7 })
}

#[test]
fn of_a_peer_that_is_gone_what_was_sent_to_it_is_no_loss_and_nothing_else() {
    let (beyond, before) = (Location::BeyondMirror, Location::BeforeMirror);
    let mut events: Vec<NetworkEvent> = (0..4).map(|n| loss(2, true, beyond, n)).collect();
    events.extend([loss(1, true, beyond, 5), loss(1, true, before, 6), loss(1, false, beyond, 7), loss(1, true, beyond, 25)]);
    let lost = |l: &ServiceLedger| {
        let service = &l.services[&key(9, 80)];
        let first = &service.bins.front().expect("it is remembered").1.segments;
        (service.whole.segments.lost, service.whole.segments.before, first.lost, first.before)
    };
    let mut l = ledger(&events);
    let NetworkEvent::Lost(LocatedLoss { flow, client, .. }) = events[4] else { unreachable!() };
    // On the clients' side, and on the server's.
    assert_eq!(lost(&l), ([2, 6], 1, [2, 5], 1));
    let silent = SilentPeer { flow, way: client, client, since: now(4), time: now(40), number: 7 };
    l.take(&NetworkEvent::Silent(silent), meaning);
    assert_eq!(lost(&l), ([2, 4], 1, [2, 4], 1), "those of client 2 stay, and so does what was lost elsewhere");
}

#[test]
fn a_segment_that_was_not_lost_after_all_is_taken_back_where_it_was_counted() {
    let mut l = ledger(&[loss(1, true, Location::BeyondMirror, 5), loss(2, true, Location::BeyondMirror, 15)]);
    let NetworkEvent::Lost(first) = loss(1, true, Location::BeyondMirror, 16) else { unreachable!() };
    l.take(&NetworkEvent::Lost(LocatedLoss { retracted: true, ..first }), meaning);
    let lost: Vec<u64> = l.services[&key(9, 80)].bins.iter().map(|(_, counts)| counts.segments.lost.iter().sum()).collect();
    assert_eq!(lost, [0, 1]);
}

#[test]
fn whoever_misses_what_was_there_looks_for_nothing() {
    // Behind a router: what comes from there has passed it.
    let behind = |event: NetworkEvent, next: u8| {
        let NetworkEvent::Attempt(attempt) = event else { unreachable!() };
        NetworkEvent::Attempt(Attempt { next: Mac([2, 0, 0, 0, 0, next]), ttl: 60, ..attempt })
    };
    let (there, gone) = (AttemptOutcome::Established, AttemptOutcome::Unanswered);
    let mut events: Vec<NetworkEvent> = (10..50).map(|n| behind(attempt(1, n, 443, i64::from(n), there), 1)).collect();
    events.extend((10..50).map(|n| behind(attempt(1, n, 443, 60, gone), 1)));
    // Others that were never asked before, behind the same router while nothing behind it answers, and behind another one.
    events.extend((60..100).map(|n| behind(attempt(2, n, 443, 61, gone), 1)));
    events.extend((100..140).map(|n| behind(attempt(3, n, 443, 61, gone), 2)));
    let l = ledger(&events);
    let evidence = l.evidence(now(70), false);
    assert_eq!(evidence.scans.iter().map(|scan| (scan.source, scan.failed)).collect::<Vec<_>>(), [(host(3), 40)]);
    let told: Vec<_> = evidence.outages.iter().map(|o| (o.failures.count, o.failures.hosts, o.failures.is_more_hosts)).collect();
    assert_eq!(told, [(40, PATH_SERVICES as u64, true)], "all of them count, be they told apart or not");
    let counted = (10..50).map(|n| l.services[&key(n, 443)].whole.troubled(Trouble::NoAnswer)).sum::<u64>();
    assert_eq!(counted, 40, "every one of them counts");
}

/// What is told of a request over TCP of a client that was asked then, and answered after so many seconds.
fn asked(client: u8, seconds: i64, end: TransactionEnd, told: WaitTold, answered: Option<i64>) -> NetworkEvent {
    let (flow, way) = FlowKey::v4(6, 0x0a00_0000 + u32::from(client), 0x0a00_0009, 40_000 + u16::from(client), 80);
    let answered = answered.map(|after| now(seconds + after));
    let asked = Transaction::between((flow, way), now(seconds), end);
    NetworkEvent::Transaction(Transaction { answered, question: 1, number: 7, told, ..asked })
}

#[test]
fn a_request_that_nobody_waits_for_any_more_is_no_reason_to_doubt_for_ever() {
    let waits = asked(1, 3, TransactionEnd::Waiting, WaitTold::Nothing, None);
    let mut l = ledger(&[attempt(1, 9, 80, 1, AttemptOutcome::Established), waits]);
    let doubts = |l: &ServiceLedger, seconds: i64| {
        let failing = l.failing(now(seconds), true, |_| true);
        (failing.waiting, failing.is_much)
    };
    assert_eq!((doubts(&l, 20), doubts(&l, 700)), ((1, true), (1, false)), "it waits, and was given up by somebody who said nothing");
    let NetworkEvent::Transaction(Transaction { flow, way, .. }) = waits else { panic!("a transaction") };
    let by = ConnectionEnd {
        flow,
        way,
        is_joined: false,
        time: now(30),
        app: AppId::NONE,
        cut: None,
        pause: 0,
        by_client: true,
        is_foreign: false,
        gave_up: false,
        packets: [4, 4],
        data_packets: 1,
        number: 9,
    };
    l.take(&NetworkEvent::Ended(by), meaning);
    l.take(&asked(1, 3, TransactionEnd::Unanswered, WaitTold::Waiting, None), meaning);
    assert_eq!(doubts(&l, 31), (0, false), "its client closed the connection");
}

/// What the table shows, and what the verdict counts: unanswered and waiting of the service, failed, waiting and judged of all.
fn waits(l: &ServiceLedger) -> [u64; 5] {
    let (totals, failing) = (&l.totals(usize::MAX, None).0[0], l.failing(now(1_000), false, |_| true));
    [totals.counts.trouble(Trouble::Unanswered).count, totals.waiting, failing.failed, failing.waiting, l.judged]
}

#[test]
fn what_waits_for_long_counts_as_unanswered_until_it_is_answered() {
    use TransactionEnd::{Answered, Forgotten, Open, Overdue, Unanswered, Waiting};
    let before = [asked(1, 3, Waiting, WaitTold::Nothing, None), asked(2, 3, Waiting, WaitTold::Nothing, None)];
    let told = WaitTold::Waiting;
    assert_eq!(waits(&ledger(&before)), [0, 2, 0, 2, 0]);
    let overdue = [before[0], before[1], asked(1, 3, Overdue, told, None), asked(2, 3, Overdue, told, None)];
    assert_eq!(waits(&ledger(&overdue)), [2, 0, 2, 0, 2]);
    let with = |more: NetworkEvent| waits(&ledger(&[&overdue[..], &[more]].concat()));
    let told = WaitTold::Overdue;
    assert_eq!(with(asked(1, 3, Unanswered, told, None)), [2, 0, 2, 0, 2], "known already");
    assert_eq!(with(asked(1, 3, Answered(0), told, Some(90))), [1, 0, 1, 0, 2], "one of them was answered");
    assert_eq!(with(asked(1, 3, Answered(2), told, Some(90))), [1, 0, 2, 0, 2], "by an error");
    assert_eq!(with(asked(1, 3, Forgotten, told, None)), [1, 0, 1, 0, 1], "nobody knows");
    let with = |more: NetworkEvent| waits(&ledger(&[&before[..], &[more]].concat()));
    let told = WaitTold::Waiting;
    assert_eq!(with(asked(1, 3, Answered(0), told, Some(20))), [0, 1, 0, 1, 1]);
    assert_eq!(with(asked(1, 3, Unanswered, told, None)), [1, 1, 1, 1, 1], "its client closed the connection");
    assert_eq!(with(asked(1, 3, Open, told, None)), [0, 2, 0, 2, 0], "the capture ended");
    let l = ledger(&[&before[..], &[asked(1, 3, Open, told, None)]].concat());
    assert_eq!(l.left_open, 0, "it is told as waiting");
}

/// Jobs of one client that take long are no reason to doubt; of two they are.
#[test]
fn unanswered_over_tcp_is_doubtful_where_several_wait() {
    let doubts = |clients: [u8; 2]| {
        let overdue = clients.map(|client| asked(client, 3, TransactionEnd::Overdue, WaitTold::Waiting, None));
        ledger(&overdue).failing(now(1_000), false, |_| true)
    };
    let (one, two) = (doubts([1, 1]), doubts([1, 2]));
    assert_eq!(((one.failed, one.services.len()), (two.failed, two.services.len())), ((2, 1), (2, 1)));
    assert_eq!((one.is_much, two.is_much), (false, true));
}

/// Requests of one packet that were answered by one are as many.
#[test]
fn what_is_alike_counts_each() {
    let NetworkEvent::Transaction(mut t) = asked(1, 3, TransactionEnd::Answered(2), WaitTold::Nothing, Some(1)) else {
        panic!("a transaction")
    };
    let other = Transaction { id: 9, ..t };
    assert!(t.join(&other) && t.join(&other) && !t.join(&Transaction { number: 8, ..other }));
    assert!(!t.join(&Transaction { end: TransactionEnd::Answered(3), ..other }));
    let l = ledger(&[NetworkEvent::Transaction(t)]);
    let totals = &l.totals(usize::MAX, None).0[0];
    assert_eq!((t.times, totals.counts.answered, totals.counts.trouble(Trouble::Error).count, l.judged), (3, 3, 3, 3));
    assert_eq!((totals.counts.codes[0].count, totals.response.map(|times| times.count)), (3, Some(3)));
}

#[test]
fn what_failed_long_ago_is_no_reason_to_doubt_what_is_live() {
    let mut events: Vec<NetworkEvent> = (0..8).map(|n| attempt(1, 9, 80, n, AttemptOutcome::Unanswered)).collect();
    events.push(attempt(1, 8, 80, 700, AttemptOutcome::Established));
    let l = ledger(&events);
    let is_much = |seconds, live| l.failing(now(seconds), live, |_| true).is_much;
    assert_eq!([is_much(10, true), is_much(700, true), is_much(700, false)], [true, false, true]);
    assert_eq!(l.failing(now(700), true, |_| true).failed, 8, "it is counted all the same");
}

#[test]
fn clients_whose_bytes_are_alike_are_told_apart() {
    let mut counts = ServiceCounts::default();
    let client = |high: u128, low: u128| Address::V6((high << 64 | low).into());
    // Both halves exchanged: the same byte.
    let (one, other) = (client(1, 2), client(2, 1));
    for (address, times) in [(one, 1), (other, 3), (host(9), 5), (one, 1)] {
        counts.client(address).attempts += times;
    }
    assert_eq!([one, other, host(9), host(8)].map(|client| counts.of(client).attempts), [2, 3, 5, 0]);
    assert_eq!(counts.attempts(|client| client == other), 7);
}

/// An attempt of client 1 at port 80 of host 9 that turned out otherwise after it was told as `earlier`.
fn otherwise(seconds: i64, outcome: AttemptOutcome, earlier: (AttemptOutcome, u8), answered_after: Option<i64>) -> NetworkEvent {
    let NetworkEvent::Attempt(attempt) = attempt(1, 9, 80, seconds, outcome) else { panic!("an attempt") };
    let earlier = Some(crate::model::EarlierOutcome { outcome: earlier.0, syns: earlier.1, syns_again: 0 });
    NetworkEvent::Attempt(Attempt { first: now(seconds - 7), earlier, answered_after, ..attempt })
}

#[test]
fn what_came_about_after_all_has_not_failed() {
    use AttemptOutcome::{Established, HalfOpen, Refused, Unanswered};
    for (earlier, syns) in [(Unanswered, 3), (Unanswered, 1), (Refused, 1), (HalfOpen, 2)] {
        let NetworkEvent::Attempt(first) = attempt(1, 9, 80, 4, earlier) else { panic!("an attempt") };
        let first = NetworkEvent::Attempt(Attempt { first: now(0), syns, ..first });
        let l = ledger(&[first, otherwise(7, Established, (earlier, syns), Some(7 * SECOND))]);
        let (rows, _) = l.totals(10, None);
        let counts = &rows[0].counts;
        let failed: u64 = [Trouble::NoAnswer, Trouble::Refused, Trouble::HalfOpen].iter().map(|t| counts.trouble(*t).count).sum();
        assert_eq!((counts.attempts, counts.established, failed, l.judged), (1, 1, 0, 1), "{earlier:?} {syns}");
        let (belated, seconds) = if earlier == Refused { (Trouble::RefusedFirst, None) } else { (Trouble::Late, Some(7.0)) };
        assert_eq!((counts.trouble(belated).count, counts.late.map(|late| late.most)), (1, seconds));
        let since = l.services[&key(9, 80)].unanswered.told(now(8));
        assert_eq!((since.attempts.count, since.past_attempts, since.past_refused), (0, None, None), "{earlier:?}");
    }
}

#[test]
fn a_silence_holds_for_those_who_waited_where_the_service_had_answered() {
    use AttemptOutcome::{Established, Unanswered};
    let waiting = |seconds: i64| {
        let NetworkEvent::Attempt(waits) = attempt(1, 9, 80, seconds + 4, Unanswered) else { panic!("an attempt") };
        NetworkEvent::Attempt(Attempt { first: now(seconds), ..waits })
    };
    let mut events = vec![attempt(2, 9, 80, 1, Established)];
    events.extend((10..13).map(waiting));
    events.extend((17..20).map(|seconds| otherwise(seconds, Established, (Unanswered, 2), Some(7 * SECOND))));
    let l = ledger(&events);
    let past = l.services[&key(9, 80)].unanswered.told(now(21)).past_attempts.unwrap();
    assert_eq!((past.what.count, past.span().map(|span| span.first)), (3, Some(now(10))));
    assert_eq!(l.totals(10, None).0[0].counts.trouble(Trouble::NoAnswer).count, 0, "none of them failed");
}

#[test]
fn single_syns_of_one_who_tries_again_and_again_are_taken_back_one_by_one() {
    let single = |seconds| {
        let NetworkEvent::Attempt(lone) = attempt(1, 9, 80, seconds, AttemptOutcome::Unanswered) else { panic!("an attempt") };
        NetworkEvent::Attempt(Attempt { syns: 1, ..lone })
    };
    let mut events: Vec<_> = (0..5).map(single).collect();
    let silent = |events: &[NetworkEvent]| {
        let counts = ledger(events).totals(10, None).0.remove(0).counts;
        (counts.attempts, counts.trouble(Trouble::NoAnswer).count)
    };
    assert_eq!(silent(&events), (5, 5));
    for back in 1..=5 {
        events.push(otherwise(6, AttemptOutcome::Established, (AttemptOutcome::Unanswered, 1), None));
        assert_eq!(silent(&events), (5, 5 - back));
    }
}
