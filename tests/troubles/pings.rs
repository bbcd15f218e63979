//! Who asks many hosts by ping whether they are there.

use super::*;

/// Requests of host 66 to so many hosts, one each 50 ms, of whom each `there`th answers (0: none) so much later; so often one after the other.
fn pings(hosts: u16, there: u16, later: Micros, rounds: u16) -> Traffic {
    let mut t = Traffic::default();
    for n in 0..hosts * rounds {
        let (at, host) = (5 * S + i64::from(n) * 50_000, n % hosts);
        let to = [10, 1, 1 + (host / 200) as u8, 1 + (host % 200) as u8];
        let rest = [0, 66, (n >> 8) as u8, n as u8];
        let request = Packet::eth(mac(66), mac(99)).ip(address(66), to).id(n).icmp(8, 0, rest).payload(&[7; 32]);
        t.push(at, request);
        if there > 0 && host % there == 0 {
            let reply = Packet::eth(mac(99), mac(66)).ip(to, address(66)).id(n).icmp(0, 0, rest).payload(&[7; 32]);
            t.push(at + later, reply);
        }
    }
    t.with_office(40)
}

#[test]
fn who_looks_for_hosts_by_ping_is_told() {
    let s = pings(60, 12, 900, 1).seen();
    assert_eq!(troubles(&s), only("scan.hosts", "10.1.0.66", Severity::Note));
    assert_eq!(title(&s), "10.1.0.66 looks by ping for 55 hosts that do not answer");
    let s = pings(254, 0, 0, 1).seen();
    assert_eq!(troubles(&s), only("scan.hosts", "10.1.0.66", Severity::Warning), "many");
}

#[test]
fn who_watches_hosts_by_ping_is_none() {
    assert_eq!(troubles(&pings(60, 1, 900, 4).seen()), [], "all are there");
    assert_eq!(troubles(&pings(60, 1, 700_000, 4).seen()), [], "far away");
    assert_eq!(troubles(&pings(60, 2, 900, 4).seen()), [], "half of them are there");
    assert_eq!(troubles(&pings(20, 0, 0, 10).seen()), [], "few that are not there, again and again");
}
