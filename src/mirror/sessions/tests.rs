//! Which tunnels are taken off, and what is told of them.

use super::*;
use crate::model::TunnelKind;
use std::net::Ipv4Addr;

fn address(n: u32) -> Address {
    Address::V4(Ipv4Addr::from_bits(0x0a00_0000 + n))
}

fn tunnel(kind: TunnelKind, source: u32, destination: u32, id: u64) -> Tunnel {
    Tunnel { kind, source: address(source), destination: address(destination), id }
}

fn send(s: &mut MirrorSessions, t: &Tunnel, n: u64, ours: &Ours, policy: Decap) -> Vec<bool> {
    (0..n)
        .map(|i| {
            s.begin(150);
            s.decide(t, 150, Timestamp(i as i64 * 1000), ours, policy)
        })
        .collect()
}

fn plain(s: &mut MirrorSessions, bytes: u64) {
    s.plain(Traffic { packets: bytes / 100, wire_bytes: bytes });
}

const UNKNOWN: Ours = Ours { addresses: &[], endpoints: &[] };

#[test]
fn a_mirror_in_a_file_stays_one_without_plain_traffic() {
    let mut s = MirrorSessions::new();
    plain(&mut s, 1_000_000);
    let t = tunnel(TunnelKind::Erspan2, 1, 2, 7);
    // What was before its first packet does not count.
    assert!(send(&mut s, &t, 500, &UNKNOWN, Decap::Auto).into_iter().all(|p| p));
    plain(&mut s, 20_000);
    assert!(send(&mut s, &t, 5000, &UNKNOWN, Decap::Auto).into_iter().all(|p| p));
    assert!(s.report()[0].session.decision.contains("hardly any plain"));
    assert_eq!(s.foreign(), Traffic::default());
}

#[test]
fn a_foreign_mirror_is_told_after_a_thousand_packets() {
    let mut s = MirrorSessions::new();
    let t = tunnel(TunnelKind::Erspan2, 1, 2, 7);
    send(&mut s, &t, 1, &UNKNOWN, Decap::Auto);
    plain(&mut s, 50_000);
    let peeled = send(&mut s, &t, 1999, &UNKNOWN, Decap::Auto);
    assert_eq!(peeled.iter().position(|p| !p), Some(998), "the 1000th packet decides");
    assert!(peeled[998..].iter().all(|p| !p));
    let report = s.report();
    assert!(report[0].foreign && !report[0].session.peeled);
    assert_eq!(s.foreign(), Traffic { packets: 2000, wire_bytes: 300_000 });
    // The same to one of our addresses is our mirror.
    let ours = [address(2)];
    let mut s = MirrorSessions::new();
    plain(&mut s, 500_000);
    let known = Ours { addresses: &ours, endpoints: &[] };
    assert!(send(&mut s, &t, 2000, &known, Decap::Auto).into_iter().all(|p| p));
}

#[test]
fn two_mirror_sessions_share_a_link() {
    let mut s = MirrorSessions::new();
    for i in 0..3000u64 {
        let t = tunnel(TunnelKind::Erspan3, 1, 2, i % 2);
        assert!(send(&mut s, &t, 1, &UNKNOWN, Decap::Auto)[0]);
    }
    assert_eq!(s.report().len(), 2);
    assert_eq!(s.number(&tunnel(TunnelKind::Erspan3, 1, 2, 1)), 2);
    assert_eq!(s.number(&tunnel(TunnelKind::Erspan3, 1, 2, 9)), 0);
}

#[test]
fn overlays_need_one_way_and_share() {
    let t = tunnel(TunnelKind::Vxlan, 1, 2, 100);
    // One way, nearly everything; two network identifiers together.
    let mut s = MirrorSessions::new();
    plain(&mut s, 1000);
    let peeled = send(&mut s, &t, 1500, &UNKNOWN, Decap::Auto);
    assert!(peeled.iter().all(|&p| p), "nothing else on the link since it began");
    let other = send(&mut s, &tunnel(TunnelKind::Vxlan, 1, 2, 101), 1500, &UNKNOWN, Decap::Auto);
    assert!(other.iter().all(|&p| p));
    // Answered, in either order.
    for turn in [false, true] {
        let mut s = MirrorSessions::new();
        let back = tunnel(TunnelKind::Vxlan, 2, 1, 100);
        let (a, b) = if turn { (&back, &t) } else { (&t, &back) };
        send(&mut s, a, 1, &UNKNOWN, Decap::Auto);
        send(&mut s, b, 1, &UNKNOWN, Decap::Auto);
        assert!(!send(&mut s, &t, 3000, &UNKNOWN, Decap::Auto).contains(&true));
        assert!(s.report().iter().any(|r| r.session.decision.contains("both ends")));
    }
    // An answer that is known to come keeps the first packet as well.
    let mut s = MirrorSessions::new();
    [&t, &tunnel(TunnelKind::Vxlan, 2, 1, 100)].into_iter().for_each(|known| s.foresee(known));
    assert!(!send(&mut s, &t, 1, &UNKNOWN, Decap::Auto)[0]);
    let mut s = MirrorSessions::new();
    [&t, &tunnel(TunnelKind::Geneve, 2, 1, 100)].into_iter().for_each(|known| s.foresee(known));
    assert!(send(&mut s, &t, 1, &UNKNOWN, Decap::Auto)[0], "by another kind is no answer");
    // A part of the link only.
    let mut s = MirrorSessions::new();
    send(&mut s, &t, 1, &UNKNOWN, Decap::Auto);
    plain(&mut s, 100_000);
    assert!(!send(&mut s, &t, 1500, &UNKNOWN, Decap::Auto).contains(&true));
    // Named by the user.
    let endpoints = [address(1)];
    let mut s = MirrorSessions::new();
    let named = Ours { addresses: &[], endpoints: &endpoints };
    assert!(send(&mut s, &t, 1, &named, Decap::Auto)[0]);
}

#[test]
fn policies_and_user_tunnels() {
    let ours = [address(2)];
    let known = Ours { addresses: &ours, endpoints: &ours };
    for &kind in TunnelKind::ALL {
        let t = tunnel(kind, 1, 2, 0);
        assert!(send(&mut MirrorSessions::new(), &t, 3, &UNKNOWN, Decap::All).into_iter().all(|p| p));
        assert!(!send(&mut MirrorSessions::new(), &t, 3, &known, Decap::None).contains(&true));
        let auto = send(&mut MirrorSessions::new(), &t, 3, &known, Decap::Auto);
        assert_eq!(auto[0], kind.purpose() != Purpose::User, "{}", kind.token());
    }
}

#[test]
fn what_the_device_says() {
    let mut s = MirrorSessions::new();
    let t = tunnel(TunnelKind::Erspan3, 1, 2, 7);
    for n in (0..300u32).filter(|n| n % 100 != 50) {
        let time = Timestamp(i64::from(n) * 10_000_000);
        s.begin(150);
        s.decide(&t, 150, time, &UNKNOWN, Decap::Auto);
        let error = (n % 4) as u8;
        let stamp = Some((u64::from(n) * 100_000, 100));
        let tag = MirrorTag { sequence: Some(n), truncated: n < 5, error, switch_time: stamp, ..MirrorTag::default() };
        s.account(&t, &tag, 100, time);
    }
    let r = s.report().remove(0);
    let got = &r.session;
    assert_eq!((got.packets, got.outer_bytes, got.inner_bytes), (297, 297 * 150, 29_700));
    assert_eq!((got.sequenced, got.missing, got.reordered, got.restarts, got.truncated), (true, 3, 0, 0, 5));
    assert_eq!(got.errors, [75, 72, 75]);
    assert_eq!((got.first, got.last), (Timestamp(0), Timestamp(2_990_000_000)));
    assert!(r.clock.unwrap().drift_ppm().unwrap().abs() < 0.1);
    s.account(&t, &MirrorTag { error: 200, ..MirrorTag::default() }, 1, Timestamp(0));
}

#[test]
fn a_mirror_that_mirrors_itself() {
    let mut s = MirrorSessions::new();
    let t = tunnel(TunnelKind::Erspan2, 1, 2, 7);
    for depth in [1, 2, 3] {
        s.begin(500);
        for _ in 0..depth {
            s.decide(&t, 500, Timestamp(0), &UNKNOWN, Decap::Auto);
        }
    }
    assert_eq!((s.loops(), s.nesting()), (2, (2, 3)));
    // A loop deeper than is remembered.
    s.begin(9000);
    for _ in 0..100 {
        s.decide(&t, 9000, Timestamp(0), &UNKNOWN, Decap::Auto);
    }
    assert_eq!(s.loops(), 3);
    s.fragment(1500);
    assert_eq!(s.fragments(), Traffic { packets: 1, wire_bytes: 1500 });
    assert_eq!(s.link().packets, 4);
}

#[test]
fn sessions_are_bounded() {
    let mut s = MirrorSessions::new();
    for id in 0..2 * SESSIONS as u64 {
        let t = tunnel(TunnelKind::Vxlan, 1, id as u32, id);
        send(&mut s, &t, 1, &UNKNOWN, Decap::Auto);
    }
    assert_eq!((s.report().len(), s.scales.receivers()), (SESSIONS, SESSIONS));
    assert_eq!(s.beyond().packets, SESSIONS as u64);
    assert_eq!(s.number(&tunnel(TunnelKind::Vxlan, 1, SESSIONS as u32 + 1, SESSIONS as u64 + 1)), 0);
}

/// Two sessions of one source: numbers in turn, in threes, lost in parts; with counters of their own or a common one.
fn two_sessions(common: bool, lost: impl Fn(u32) -> bool) -> [(u64, u64); 2] {
    let mut s = MirrorSessions::new();
    let tunnels = [7, 8].map(|id| tunnel(TunnelKind::Erspan2, 1, 2, id));
    let mut own = [0u32; 2];
    for n in 0..3_000u32 {
        let at = usize::from(n % 3 == 0);
        own[at] += 1;
        if lost(n) {
            continue;
        }
        let (t, time) = (&tunnels[at], Timestamp(i64::from(n) * 1_000_000));
        s.begin(150);
        s.decide(t, 150, time, &UNKNOWN, Decap::Auto);
        s.account(t, &MirrorTag { sequence: Some(if common { n } else { own[at] }), ..MirrorTag::default() }, 100, time);
    }
    let mut told: Vec<_> = s.report().iter().map(|r| (r.session.tunnel.id, r.session.packets, r.session.missing)).collect();
    told.sort_unstable();
    [0, 1].map(|at| (told[at].1, told[at].2))
}

#[test]
fn sessions_of_one_counter_miss_nothing_that_another_has() {
    assert_eq!(two_sessions(true, |_| false), [(2_000, 0), (1_000, 0)]);
    let [(a, lost_a), (b, lost_b)] = two_sessions(true, |n| n % 10 == 5);
    assert_eq!(a + b, 2_700);
    assert!((lost_a + lost_b).abs_diff(300) <= 2 && lost_a.abs_diff(200) < 10, "{lost_a} {lost_b}");
    // Counters of their own, and losses of all kinds.
    assert_eq!(two_sessions(false, |_| false), [(2_000, 0), (1_000, 0)]);
    let [(_, lost_a), (_, lost_b)] = two_sessions(false, |n| n % 10 == 5);
    assert_eq!((lost_a, lost_b), (200, 100));
    let [(_, lost_a), (_, lost_b)] = two_sessions(false, |n| n % 3 == 1);
    assert!(lost_a >= 998 && lost_b == 0, "{lost_a} {lost_b}");
}
