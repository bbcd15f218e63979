//! Copies that only a pattern tells.

use super::super::CopyVerdict::*;
use super::super::*;
use super::*;

#[test]
fn acknowledgements_follow_the_pattern_of_their_conversation() {
    let mut f = filter();
    for n in 0..8 {
        let t = n * 5 * MS;
        tcp(true, 0, 1000, n as u32 * 100, 100).at(t).feed(&mut f);
        tcp(true, 0, 1000, n as u32 * 100, 100).at(t + 30 * US).feed(&mut f);
    }
    tcp(true, 0, 1000, 5000, 0).at(50 * MS).feed(&mut f);
    assert_eq!(tcp(true, 0, 1000, 5000, 0).at(50 * MS + 40 * US).feed(&mut f), Copy(CopyClass::Identical));
    assert_eq!(tcp(true, 0, 1000, 5000, 0).at(54 * MS).feed(&mut f), First, "not at such a gap");
}

#[test]
fn copies_without_identification_are_learned() {
    for v6 in [true, false] {
        let mut f = filter();
        let mut copies = 0;
        for n in 0..1000i64 {
            let t = n * 700 * US;
            assert_eq!(udp(v6, 0, 1000, &n.to_be_bytes()).at(t).feed(&mut f), First);
            copies += i32::from(udp(v6, 0, 1000, &n.to_be_bytes()).at(t + 15 * US + n % 7 * US).feed(&mut f).is_copy());
        }
        assert!(copies >= 990, "{copies}");
        let report = f.report();
        assert_eq!(report.ambiguous.packets, 1000 - copies as u64);
        assert_eq!(report.flows_copied, 1);
    }
}

#[test]
fn single_queries_are_learned_by_the_shard() {
    let mut f = filter();
    let mut copies = 0;
    for n in 0..200u16 {
        let t = i64::from(n) * 30 * MS;
        udp(true, 0, 1000 + n, b"query").at(t).feed(&mut f);
        copies += i32::from(udp(true, 0, 1000 + n, b"query").at(t + 20 * US).feed(&mut f).is_copy());
    }
    assert!(copies >= 190, "{copies}");
}

#[test]
fn mirrored_cyclic_frames_are_found() {
    let mut f = filter();
    let mut copies = 0;
    for n in 0..1000 {
        assert!(!profinet(b"same").at(n * 2 * MS).feed(&mut f).is_copy(), "{n}");
        copies += i32::from(profinet(b"same").at(n * 2 * MS + 20 * US).feed(&mut f).is_copy());
    }
    assert!(copies >= 990, "{copies}");
}

#[test]
fn the_window_is_learned() {
    let mut f = filter();
    assert_eq!(f.window(), REACH);
    for n in 0..1000u16 {
        let p = tcp(false, n, 1000, u32::from(n), 10).at(i64::from(n) * MS);
        p.feed(&mut f);
        p.clone().at(i64::from(n) * MS + 100 * US).feed(&mut f);
    }
    assert_eq!(f.window(), WINDOW_LOW);
    let mut f = filter();
    for n in 0..1000u16 {
        let p = tcp(false, n, 1000, u32::from(n), 10).at(i64::from(n) * 100 * MS);
        p.feed(&mut f);
        p.clone().at(i64::from(n) * 100 * MS + 45 * MS).feed(&mut f);
    }
    assert!(f.window().abs_diff(180 * MS) < 9 * MS as u64, "{}", f.window());
}

#[test]
fn conversations_are_judged_when_they_are_many() {
    let mut f = filter();
    for n in 0..200u32 {
        for port in 0..1000u16 {
            let p = tcp(false, n as u16, port, n, 100).at(i64::from(n) * 100 * MS + i64::from(port) * 100 * US);
            p.feed(&mut f);
            if port < 500 {
                p.clone().vlan(3).at(p.time + 10 * US).feed(&mut f);
            }
        }
    }
    let report = f.report();
    assert_eq!(report.copies().packets, 100_000);
    let share = report.flows_copied as f64 / report.flows as f64;
    assert!(report.flows >= 800 && (0.45..0.55).contains(&share), "{} of {}", report.flows_copied, report.flows);
}
