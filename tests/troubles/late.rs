//! Connections that come about though it did not look so: answered late, refused at first.

use super::*;

/// Connections of two clients, one each second: one in so many has sent its SYN before, so many microseconds before the one that is answered.
fn repeating(connections: u16, one_in: u16, before: &[Micros]) -> Traffic {
    let mut t = Traffic::default();
    for n in 0..connections {
        let (at, client) = (10 * S + i64::from(n) * S, (1 + n as u8 % 2, 5_000 + n));
        if n % one_in == 0 {
            before.iter().for_each(|before| t.syn(at - before, client, (9, 8_080)));
        }
        t.connection(at, client, (9, 8_080));
    }
    t.with_office(60)
}

fn row(s: &Snapshot) -> (u64, u64, u64) {
    let row = s.stats.services.rows.iter().find(|row| row.key.port == 8_080).expect("its row");
    (row.counts.attempts, row.counts.established, row.failed_connections())
}

#[test]
fn connections_that_come_about_late_have_not_failed() {
    for (before, words) in [(&[3 * S, 2 * S][..], "3.00 s"), (&[7 * S, 6 * S, 4 * S], "7.00 s"), (&[7 * S], "7.00 s")] {
        let s = repeating(40, 1, before).seen();
        assert_eq!((row(&s), s.diagnosis.network.failed), ((40, 40, 0), Some(0)), "{before:?}");
        assert_eq!(troubles(&s), only("tcp.no_answer", "10.1.0.9:8080/tcp", Severity::Warning));
        let told =
            format!("Connections to 10.1.0.9:8080 come about late: 40 of 40 attempts by 2 clients, on average {words} after the first SYN");
        assert_eq!(title(&s), told);
    }
    let s = repeating(40, 1, &[2_900_000, 2 * S]).seen();
    assert_eq!((row(&s), troubles(&s)), ((40, 40, 0), vec![]), "after the first repetition or two");
}

/// A SYN and its repetition may be lost on the way.
#[test]
fn a_few_that_come_about_late_are_no_fault_of_the_service() {
    assert_eq!(troubles(&repeating(40, 14, &[3 * S, 2 * S]).seen()), [], "three of forty");
    assert_eq!(troubles(&repeating(40, 4, &[3 * S, 2 * S]).seen()), only("tcp.no_answer", "10.1.0.9:8080/tcp", Severity::Warning));
}

/// The client's own acknowledgement comes only to the third SYN-ACK: what passed the mirrored port was lost behind it.
#[test]
fn an_answer_that_is_taken_late() {
    let mut t = Traffic::default();
    for n in 0..10u16 {
        let (at, ends) = (10 * S + i64::from(n) * S, [(1, 5_000 + n), (9, 8_080)]);
        for before in [7 * S, 6 * S, 4 * S] {
            t.syn(at - before, ends[0], ends[1]);
            t.segment(at - before + 400, [ends[1], ends[0]], SYN | ACK, (0, 1), 0);
        }
        t.connection(at, ends[0], ends[1]);
    }
    let s = t.with_office(40).seen();
    assert_eq!((row(&s), troubles(&s)), ((10, 10, 0), vec![]));
}

/// As Windows does, which repeats a refused SYN with the same number.
#[test]
fn what_is_refused_and_then_accepted_came_about() {
    let refused_first = |times: i64, is_cut: bool| {
        let mut t = Traffic::default();
        for n in 0..30u16 {
            let (at, client) = (10 * S + i64::from(n) * S, (1 + n as u8 % 2, 5_000 + n));
            (1..=times).for_each(|again| t.refused(at - again * S / 2, client, (9, 8_080)));
            match is_cut {
                true => t.cut(at, client, (9, 8_080), 0, (500_000, false)),
                false => t.connection(at, client, (9, 8_080)),
            }
        }
        t.with_office(60).seen()
    };
    for times in [1, 2] {
        let s = refused_first(times, false);
        assert_eq!((row(&s), s.diagnosis.network.failed), ((30, 30, 0), Some(0)), "refused {times} times");
        assert_eq!(troubles(&s), only("tcp.refused", "10.1.0.9:8080/tcp", Severity::Warning));
        let told = "10.1.0.9:8080 refuses connections first and accepts them when they are tried again: 30 of 30 attempts by 2 clients";
        assert_eq!(title(&s), told);
    }
    let s = refused_first(1, true);
    let by_end = troubles(&refused_first(0, true));
    assert_eq!(
        troubles(&s),
        [by_end, only("tcp.refused", "10.1.0.9:8080/tcp", Severity::Warning)].concat(),
        "how it ends counts as that of others"
    );
    assert_eq!((row(&s), troubles(&s).len()), ((30, 30, 0), 2));
}

/// SYNs of two clients that ask for ECN, as often as `first` says before the one that is answered; what answers them. Then without, but for one in so
/// many, whose last SYN asks for it as well.
fn without_ecn(first: &[Micros], is_refused: bool, asks_still: u16) -> Snapshot {
    let asks = SYN | 0xc0;
    let mut t = Traffic::default();
    for n in 0..30u16 {
        let (at, client, server) = (10 * S + i64::from(n) * S, (1 + n as u8 % 2, 5_000 + n), (9, 8_080));
        for before in first {
            t.segment(at - before, [client, server], asks, (0, 0), 0);
            if is_refused {
                t.segment(at - before + 300, [server, client], RST | ACK, (0, 1), 0);
            }
        }
        if asks_still > 0 && n % asks_still == 0 {
            t.segment(at - 100_000, [client, server], asks, (0, 0), 0);
            t.segment(at - 99_600, [server, client], SYN | ACK, (0, 1), 0);
            t.segment(at - 99_400, [client, server], ACK, (1, 1), 0);
        } else {
            t.connection(at, client, server);
        }
    }
    t.with_office(60).seen()
}

#[test]
fn what_comes_about_only_without_ecn_is_told_so() {
    let words = "; all of them asked for ECN first, and came about without";
    for (first, is_refused, id) in [(&[3 * S, 2 * S][..], false, "tcp.no_answer"), (&[S / 2], true, "tcp.refused")] {
        let s = without_ecn(first, is_refused, 0);
        assert_eq!(troubles(&s), only(id, "10.1.0.9:8080/tcp", Severity::Warning));
        let found = s.diagnosis.findings.iter().find(|f| f.id == id).unwrap();
        assert!(found.title.ends_with(words) && found.cause.contains("ECE and CWR"), "{found:#?}");
        assert!(found.evidence.contains(&("asked_ecn", Value::Count(30))), "{:?}", found.evidence);
        let s = without_ecn(first, is_refused, 10);
        assert!(!title(&s).contains("ECN"), "some are accepted that ask for it: {}", title(&s));
    }
}
