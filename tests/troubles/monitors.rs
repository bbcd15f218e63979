//! One client that many servers refuse: a monitor that asks members of a pool which were taken out of it.

use super::*;

/// A balancer that asks so many drained members each five seconds, and two that answer; whoever else asks the first of them.
fn drained(members: u8, others: u8) -> Snapshot {
    let mut t = Traffic::default();
    for n in 0..24u16 {
        let at = i64::from(n) * 5 * S + 3_000;
        for member in 0..members {
            t.refused(at + i64::from(member) * 200_000, (8, 10_000 + n * 8 + u16::from(member)), (100 + member, 443));
        }
        for member in 0..2 {
            t.connection(at + 2 * S + i64::from(member) * 200_000, (8, 20_000 + n * 8 + u16::from(member)), (150 + member, 443));
        }
        for other in 0..others {
            t.refused(at + 3 * S + i64::from(other) * 100_000, (20 + other, 30_000 + n), (100, 443));
        }
    }
    t.with_office(120).seen()
}

#[test]
fn members_that_a_monitor_alone_asks_are_one_note() {
    let s = drained(6, 0);
    assert_eq!(troubles(&s), only("tcp.refused", "10.1.0.8", Severity::Note));
    assert_eq!(title(&s), "6 servers refuse 10.1.0.8 at port 443: 144 attempts");
    let two = troubles(&drained(2, 0));
    assert_eq!(
        two.iter().map(|f| (f.1.as_str(), f.2)).collect::<Vec<_>>(),
        [("10.1.0.100:443/tcp", Severity::Warning), ("10.1.0.101:443/tcp", Severity::Warning)]
    );
}

#[test]
fn a_member_that_others_ask_as_well_is_told_of() {
    let found = troubles(&drained(6, 2));
    let told: Vec<_> = found.iter().map(|f| (f.1.as_str(), f.2)).collect();
    assert_eq!(told, [("10.1.0.100:443/tcp", Severity::Warning), ("10.1.0.8", Severity::Note)]);
}
