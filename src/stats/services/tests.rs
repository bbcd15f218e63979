//! What the ledger makes of events.

use super::*;
use crate::model::evidence::Trouble;
use crate::model::{AppId, Attempt, AttemptOutcome, Direction, FlowKey, IcmpError, Proto, QuotedFlow, TransactionEnd};
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
        server_half: (outcome == AttemptOutcome::Established).then_some(2_000_000),
        client_half: None,
        was_unanswered: false,
        ttl: 64,
        asks_ecn: false,
        number: 7,
    })
}

fn query(from: u8, to: u8, seconds: i64, latency: Option<i64>, code: u32) -> NetworkEvent {
    let address = |n: u8| 0x0a00_0000 + u32::from(n);
    let (flow, way) = FlowKey::v4(17, address(from), address(to), 40_000, 53);
    let asked = Timestamp(START + seconds * SECOND);
    NetworkEvent::Transaction(Transaction {
        app: AppId::at(0),
        flow,
        way,
        asked,
        answered: latency.map(|l| asked.plus(l)),
        end: latency.map_or(TransactionEnd::Unanswered, |_| TransactionEnd::Answered(code)),
        question: 1,
        id: 0,
        repeated: 0,
        number: 7,
    })
}

fn meaning(t: &Transaction) -> AnswerMeaning {
    let answer = match t.end {
        TransactionEnd::Answered(2) => Answer::Error,
        TransactionEnd::Answered(3) => Answer::NoSuchName,
        _ => Answer::Normal,
    };
    AnswerMeaning { answer, slow_floor: 50_000_000 }
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
    let [totals] = &l.totals()[..] else { panic!("one service") };
    assert_eq!((totals.counts.requests, totals.response.map(|q| q.count)), (4, Some(3)));
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
    let asked = now(0);
    let transaction = Transaction {
        app: AppId::at(0),
        flow,
        way,
        asked,
        answered: None,
        end: TransactionEnd::Unanswered,
        question: 1,
        id: 0,
        repeated: 0,
        number: 7,
    };
    assert_eq!(ledger(&[NetworkEvent::Transaction(transaction)]).totals(), []);
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
    for n in 0..SERVICES as u32 + 10 {
        let (flow, way) = FlowKey::v4(6, 1, 0x0b00_0000 + n, 40_000, 80);
        let time = now(0);
        let event = NetworkEvent::Attempt(Attempt {
            station: Mac::default(),
            next: Mac::default(),
            vlan: None,
            flow,
            way,
            first: time,
            time,
            outcome: AttemptOutcome::Established,
            syns: 1,
            server_half: None,
            client_half: None,
            was_unanswered: false,
            ttl: 64,
            asks_ecn: false,
            number: 7,
        });
        l.take(&event, meaning);
    }
    assert_eq!((l.totals().len(), l.beyond), (SERVICES, 10));
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
