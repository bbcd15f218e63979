//! Losses among connections that stay open: the share is of all that they carry.

use super::*;

/// Forty seconds of twelve connections of as many clients, of none of which the end is seen: the server sends a segment every 20 ms. Of the first
/// `losing` every 25th is lost before it passes the mirrored port, and sent again when three acknowledgements have asked for it.
fn open_connections(losing: u16) -> Snapshot {
    let mut t = Traffic::default();
    for n in 0..12u16 {
        let (at, client, server) = (i64::from(n) * 1_300, (1 + n as u8, 5_000 + n), (9, 8_080));
        let (there, back) = ([client, server], [server, client]);
        t.syn(at, client, server);
        t.segment(at + 400, back, SYN | ACK, (0, 1), 0);
        t.segment(at + 600, there, ACK, (1, 1), 0);
        let is_lost = |k: u32| n < losing && k % 25 == 24 && k < 1_990;
        let arrives = |k: u32| at + 1_000 + i64::from(k) * 20_000 + if is_lost(k) { 61_000 } else { 0 };
        let mut arrivals: Vec<(Micros, u32)> = (0..2_000).map(|k| (arrives(k), k)).collect();
        arrivals.sort_unstable();
        let (mut here, mut next) = (std::collections::BTreeSet::new(), 0);
        for (time, k) in arrivals {
            t.segment(time, back, PSH | ACK, (1 + k * 100, 1), 100);
            here.insert(k);
            while here.contains(&next) {
                next += 1;
            }
            t.segment(time + 200, there, ACK, (1, 1 + next * 100), 0);
        }
    }
    t.with_office(45).seen()
}

#[test]
fn what_connections_carry_that_lose_nothing_counts_while_they_are_open() {
    assert_eq!(troubles(&open_connections(2)), [], "0.7 % of all that is sent");
    let s = open_connections(5);
    assert_eq!(troubles(&s), only("tcp.loss", "10.1.0.9:8080/tcp", Severity::Warning));
    let finding = s.diagnosis.findings.iter().find(|f| f.id == "tcp.loss").unwrap();
    let share = finding.evidence.iter().find(|e| e.0 == "loss_share").map(|e| e.1.clone());
    // Five of twelve lose one of 25: 1.67 %. Each tells what it carries once a second.
    assert!(matches!(share, Some(Value::Share(share)) if (share - 0.0167).abs() < 0.0005), "{share:?} {}", finding.title);
    assert_eq!(finding.side, Some(PathSide::Server));
}
