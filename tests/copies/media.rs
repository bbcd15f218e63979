//! Streams of RTP in datagrams without an identification: their own numbers tell copies, however far apart they come.

use super::*;

/// How many streams, how often each sends, and how much.
struct Streams {
    count: u8,
    every: i64,
    bytes: usize,
    is_v6: bool,
}

/// Streams for ten seconds: `drawn` is their time stamp at first and their source, and so much is added to their number from one packet to the next.
fn streams(of: &Streams, drawn: [u32; 2], step: impl Fn(i64) -> u16) -> Vec<Sent> {
    let mut all = Vec::new();
    for host in 0..of.count {
        let mut rng = support::Rng(u64::from(host) + 3);
        for n in 0..10_000 * MS / of.every {
            let stamp = if drawn[0] == 0 { 0 } else { drawn[0] + 160 * n as u32 };
            let source = if drawn[1] == 0 { 0 } else { drawn[1] + u32::from(host) };
            let header = [&[0x80, 8][..], &step(n).to_be_bytes(), &stamp.to_be_bytes(), &source.to_be_bytes()].concat();
            let content = if drawn[1] == 0 { 0 } else { n as u8 };
            let eth = Packet::eth([2, 0, 0, 0, 1, host], [2, 0, 0, 0, 0, 9]);
            let ip = if of.is_v6 {
                eth.ipv6(
                    std::net::Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, u16::from(host) + 1),
                    std::net::Ipv6Addr::new(0x2001, 0xdb8, 1, 0, 0, 0, 0, 9),
                )
            } else {
                eth.ipv4([10, 0, 1, host], [10, 0, 0, 9]).id(0)
            };
            let frame = ip.udp(16_000 + 2 * u16::from(host), 18_000).payload(&[&header[..], &vec![content; of.bytes]].concat()).build();
            all.push((n * of.every + i64::from(host) * 1_300 * US + rng.below(300) as i64 * US, frame));
        }
    }
    all
}

#[test]
fn streams_are_told_to_come_twice_at_any_distance() {
    let kinds = [(10, 20, 160, false), (10, 20, 160, true), (3, 8, 1_100, true), (40, 30, 20, false)];
    for (count, every, bytes, is_v6) in kinds {
        let of = Streams { count, every: every * MS, bytes, is_v6 };
        let once = streams(&of, [0x5510_3a20, 0x9107_22e0], |n| 65_400u16.wrapping_add(n as u16));
        assert_eq!(found(&report(&once)).iter().filter(|f| f.0.starts_with("dup.")).count(), 0, "{count} streams");
        for gap in [7 * MS, 33 * MS, 120 * MS, 290 * MS] {
            let s = report(&copied(&once, 2, gap));
            assert!(found(&s).contains(&("dup.every", Severity::Critical)), "{count} streams, {gap}: {:?}", found(&s));
            let (copies, all) = (s.mirror.duplicates.traffic.packets as f64, once.len() as f64);
            assert!((copies / all - 1.0).abs() < 0.02, "{count} streams, {gap}: {copies} of {all}");
        }
    }
}

/// Messages that begin like it, and are the same again and again: read this, read that.
#[test]
fn messages_that_begin_like_media_are_no_copies() {
    for (kinds, every, is_v6) in [(2, 60, true), (5, 20, false), (3, 95, true)] {
        let of = Streams { count: 9, every: every * MS, bytes: 30, is_v6 };
        let s = report(&streams(&of, [0, 0], |n| (1 + n % kinds) as u16));
        let told: Vec<_> = found(&s).into_iter().filter(|f| f.1 > Severity::Note).collect();
        assert_eq!(told, [], "{kinds} messages, every {every} ms");
        assert_eq!(s.mirror.duplicates.traffic.packets, 0, "{kinds} messages, every {every} ms: {:?}", s.mirror.duplicates);
    }
}
