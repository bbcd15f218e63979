//! What repeats legally is no copy.

use super::super::CopyVerdict::*;
use super::*;

#[test]
fn a_retransmission_is_no_copy() {
    let mut f = filter();
    // IPv4: the sender gives it a new identification.
    tcp(false, 1, 1000, 5, 500).feed(&mut f);
    assert_eq!(tcp(false, 2, 1000, 5, 500).at(10 * MS).feed(&mut f), First);
    // IPv6: the same bytes again; nothing but the repetition tells.
    for n in 0..200u32 {
        let t = i64::from(n) * 40 * MS;
        assert_eq!(tcp(true, 0, 2000, n * 500, 500).at(t).feed(&mut f), First);
        if n % 20 == 0 {
            assert_eq!(tcp(true, 0, 2000, n * 500, 500).at(t + 8 * MS).feed(&mut f), Ambiguous);
        }
    }
    // A constant identification is as good as none.
    for n in 0..200u32 {
        let t = 10_000 * MS + i64::from(n) * 40 * MS;
        tcp(false, 7, 3000, n * 500, 500).at(t).feed(&mut f);
        if n % 20 == 1 {
            assert_eq!(tcp(false, 7, 3000, n * 500, 500).at(t + 8 * MS).feed(&mut f), Ambiguous);
        }
    }
    assert_eq!(f.report().copies().packets, 0);
}

#[test]
fn retransmissions_between_copies_are_kept() {
    let mut f = filter();
    // Every packet before and behind a router; the retransmission passes both places as well.
    for (t, expected) in [(0, false), (30, true), (9_000, false), (9_030, true)] {
        let p = tcp(true, 0, 1000, 77, 500).at(t * US);
        let p = if t % 1000 == 30 { p.routed(1) } else { p };
        assert_eq!(p.feed(&mut f).is_copy(), expected, "at {t} us");
    }
}

#[test]
fn repeated_acknowledgements_are_legal() {
    for (v6, id) in [(false, 0), (true, 0), (false, 5)] {
        let mut f = filter();
        tcp(v6, id, 1000, 9, 200).feed(&mut f);
        for n in 1..100 {
            assert_eq!(tcp(v6, id, 1000, 1, n as usize % 2).at(n * 50 * US).feed(&mut f), First, "{v6} {id} {n}");
        }
        assert_eq!(f.report().copies().packets, 0);
        assert_eq!(f.report().ambiguous.packets, 0);
    }
}

#[test]
fn cyclic_frames_are_no_copies() {
    for (what, period) in [1, 2, 4, 8, 20, 45, 49, 100, 250].into_iter().enumerate() {
        for id in [0, 77] {
            let mut f = filter();
            for n in 0..2000 {
                // A little jitter, as real cycles have.
                let t = n * period * MS + (n * 7919 % 100) * period * US;
                profinet(&[1, 2, 3, what as u8]).at(t).feed(&mut f);
                udp(false, id, 1000, b"value").at(t + 11 * US).feed(&mut f);
                udp(true, 0, 1000, b"value").at(t + 13 * US).feed(&mut f);
                // A value that changes after three cycles.
                udp(true, 0, 2000, &(n / 3).to_be_bytes()).at(t + 17 * US).feed(&mut f);
            }
            assert_eq!(f.report().copies().packets, 0, "period {period} ms, identification {id}");
        }
    }
}

#[test]
fn many_cyclic_senders_at_once() {
    let mut f = filter();
    for n in 0..1000 {
        for device in 0..40 {
            let mut p = profinet(b"idle").at(n * MS + i64::from(device) * 10 * US);
            p.bytes[11] = device;
            p.feed(&mut f);
        }
    }
    // At the very start each may be mistaken once.
    assert!(f.report().copies().packets <= 40, "{}", f.report().copies().packets);
}
