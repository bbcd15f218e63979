//! Packets too large for the way.

use super::support::packet::fragment;
use super::{ACK, FIN, Micros, PSH, S, SYN, Traffic, only, title, troubles};
use spantop::model::Severity;

const KILO: usize = 1_448;

impl Traffic {
    /// A connection to a server whose answer of `segments` full ones and a small one does not get through, but for the small one. `after` is how much
    /// data went the same way before. The client gives up by FIN after eight seconds.
    fn hangs(&mut self, at: Micros, client: (u8, u16), server: (u8, u16), before: u32, is_seen: bool) {
        let (there, back) = ([client, server], [server, client]);
        self.syn(at, client, server);
        self.segment(at + 400, back, SYN | ACK, (0, 1), 0);
        self.segment(at + 600, there, ACK, (1, 1), 0);
        self.segment(at + 700, there, PSH | ACK, (1, 1), 100);
        let mut next = 1;
        for n in 0..before {
            self.segment(at + 1_000 + i64::from(n) * 500, back, PSH | ACK, (next, 101), KILO);
            next += KILO as u32;
            self.segment(at + 1_200 + i64::from(n) * 500, there, ACK, (101, next), 0);
        }
        let large = next;
        for wait in [100_000, 320_000, 760_000, 1_640_000, 3_400_000] {
            self.segment(at + wait, back, PSH | ACK, (large, 101), KILO);
        }
        self.segment(at + 101_000, back, PSH | ACK, (large + KILO as u32, 101), 200);
        if is_seen {
            self.segment(at + 101_300, there, ACK, (101, large), 0);
            self.segment(at + 6 * S, there, FIN | ACK, (101, large), 0);
        }
    }
}

/// Answers of a server to four clients that do not get through where they are large.
pub(super) fn stuck_large() -> Traffic {
    let mut t = Traffic::default();
    (0..4u8).for_each(|n| t.hangs(i64::from(n) * 3 * S, (1 + n, 5_000 + u16::from(n)), (9, 80), 0, true));
    t.with_office(60)
}

#[test]
fn large_packets_that_vanish() {
    let mut t = Traffic::default();
    for n in 0..2 {
        t.hangs(i64::from(n) * 3 * S, (1, 5_000 + n), (9, 80), 0, true);
    }
    let s = t.with_office(60).seen();
    assert_eq!(troubles(&s), only("pmtu.blackhole", "10.1.0.1", Severity::Warning));
    assert_eq!(title(&s), "Large packets vanish on the way to 10.1.0.1 from 10.1.0.9: 1,488 bytes in 2 connections");
    // What was told of the first two by themselves stays told.
    let found = troubles(&stuck_large().seen());
    assert_eq!(found[..1], only("pmtu.blackhole", "10.1.0.9", Severity::Critical));
    assert!(found.iter().all(|f| f.0 == "pmtu.blackhole") && found.len() <= 3, "{found:?}");
}

impl Traffic {
    /// A connection that says something small, which arrives, and then `segments` large ones, of which nothing is acknowledged: the last is sent again
    /// first, as a probe, and then the first one, each time after twice as long. The way is the client's, or the server's.
    fn hangs_behind(&mut self, at: Micros, client: (u8, u16), server: (u8, u16), segments: u32, of_client: bool) {
        let (there, back) = ([client, server], [server, client]);
        self.syn(at, client, server);
        self.segment(at + 400, back, SYN | ACK, (0, 1), 0);
        self.segment(at + 600, there, ACK, (1, 1), 0);
        self.segment(at + 700, there, PSH | ACK, (1, 1), 153);
        self.segment(at + 1_100, back, ACK, (1, 154), 0);
        let (ends, numbers) = if of_client { (there, (154, 1)) } else { (back, (1, 154)) };
        let nth = |n: u32| (numbers.0 + n * KILO as u32, numbers.1);
        (0..segments).for_each(|n| self.segment(at + 2_000 + i64::from(n), ends, PSH | ACK, nth(n), KILO));
        if segments > 1 {
            self.segment(at + 12_000, ends, PSH | ACK, nth(segments - 1), KILO);
        }
        for wait in [220_000, 660_000, 1_540_000, 3_300_000] {
            self.segment(at + wait, ends, PSH | ACK, numbers, KILO);
        }
    }
}

#[test]
fn large_packets_that_vanish_behind_small_ones_that_arrive() {
    // Uploads of four clients, one after the other, in one window of large segments each.
    let mut t = Traffic::default();
    (0..4u8).for_each(|n| t.hangs_behind(i64::from(n) * 4 * S, (1 + n, 5_000 + u16::from(n)), (9, 80), 8, true));
    let s = t.with_office(60).seen();
    assert_eq!(troubles(&s)[..1], only("pmtu.blackhole", "10.1.0.9", Severity::Critical), "{:?}", troubles(&s));
    assert!(!troubles(&s).iter().any(|f| f.0 == "tcp.loss"), "{:?}", troubles(&s));
    // One server's answers to three clients, each of which is stuck once.
    let mut t = Traffic::default();
    (0..3u8).for_each(|n| t.hangs_behind(i64::from(n) * 4 * S, (1 + n, 5_000 + u16::from(n)), (9, 80), 1, false));
    let s = t.with_office(60).seen();
    assert_eq!(troubles(&s), only("pmtu.blackhole", "10.1.0.9", Severity::Critical));
    // A single one may have died.
    let mut t = Traffic::default();
    t.hangs_behind(0, (1, 5_000), (9, 80), 1, false);
    assert!(!troubles(&t.with_office(60).seen()).iter().any(|f| f.0 == "pmtu.blackhole"));
    // So may a server with all its connections, which had opened before.
    let mut t = Traffic::default();
    (0..4u8).for_each(|n| t.hangs_behind(i64::from(n) * 100, (1 + n, 5_000 + u16::from(n)), (9, 80), 8, true));
    assert!(!troubles(&t.with_office(60).seen()).iter().any(|f| f.0 == "pmtu.blackhole"));
}

#[test]
fn a_receiver_that_died_and_a_way_that_carried_as_much_before_are_no_black_hole() {
    for (before, is_seen) in [(0, false), (3, true)] {
        let mut t = Traffic::default();
        for n in 0..3 {
            t.hangs(i64::from(n) * 3 * S, (1, 5_000 + n), (9, 80), before, is_seen);
        }
        let found = troubles(&t.with_office(60).seen());
        assert!(!found.iter().any(|f| f.0 == "pmtu.blackhole"), "{before} {is_seen}: {found:?}");
    }
}

/// SACK (RFC 2018): bytes from the first of these numbers to the second have come.
fn selective(from: u32, to: u32) -> Vec<u8> {
    [&[1, 1, 5, 10][..], &from.to_be_bytes(), &to.to_be_bytes()].concat()
}

/// Four connections whose server answers with so many large segments and a small one, all at once; the receiver says at once that one of `sizes`
/// behind the first has come, and nothing more. The first is sent again and again.
fn stuck_at_once(came: usize) -> Traffic {
    let mut t = Traffic::default();
    for n in 0..4u16 {
        let (at, client, server) = (i64::from(n) * 9 * S, (1 + n as u8, 5_000 + n), (9, 443));
        let (there, back) = ([client, server], [server, client]);
        t.syn(at, client, server);
        t.segment(at + 400, back, SYN | ACK, (0, 1), 0);
        t.segment(at + 600, there, ACK, (1, 1), 0);
        t.segment(at + 700, there, PSH | ACK, (1, 1), 200);
        t.segment(at + 1_200, back, PSH | ACK, (1, 201), KILO);
        t.segment(at + 1_210, back, PSH | ACK, (1 + KILO as u32, 201), came);
        let base = 1_000 * 443 + 1 + KILO as u32;
        let options = selective(base, base + came as u32);
        let said = t.ip(client.0, server.0).tcp(client.1, server.1).seq(1_000 * u32::from(client.1) + 201).ack(1_000 * 443 + 1);
        t.push(at + 1_400, said.flags(ACK).options(&options));
        for wait in [202_000, 620_000, 1_450_000, 3_100_000, 6_400_000] {
            t.segment(at + wait, back, PSH | ACK, (1, 201), KILO);
        }
    }
    t.with_office(60)
}

#[test]
fn large_packets_that_vanish_before_a_small_one_that_came_at_once() {
    let found = troubles(&stuck_at_once(700).seen());
    assert_eq!(found[..1], only("pmtu.blackhole", "10.1.0.9", Severity::Critical), "{found:?}");
    assert!(found.iter().all(|f| f.0 == "pmtu.blackhole"), "{found:?}");
    let found = troubles(&stuck_at_once(KILO).seen());
    assert!(!found.iter().any(|f| f.0 == "pmtu.blackhole"), "one as large came: {found:?}");
}

/// Datagrams to host 9 in three fragments, of each `every`th of which one is missing.
fn fragmented(port: u16, every: u16) -> Traffic {
    let mut t = Traffic::default();
    for n in 0..80u16 {
        let datagram = t.ip(3, 9).udp(port, 40_000).payload(&[7; 4_000]).build();
        for (at, piece) in fragment::divide(&datagram, 1_480, n.into()).into_iter().enumerate() {
            if every == 0 || n % every != 0 || at != 1 {
                t.packets.push((2 * S + i64::from(n) * S / 2 + at as i64, piece));
            }
        }
    }
    t.with_office(70)
}

#[test]
fn fragments_that_are_lost() {
    let s = fragmented(2_049, 4).seen();
    assert_eq!(troubles(&s), only("ip.fragments", "10.1.0.9", Severity::Warning));
    assert!(title(&s).starts_with("Fragments to 10.1.0.9 are lost: "), "{}", title(&s));
    assert_eq!(troubles(&fragmented(2_049, 0).seen()), [], "a file server's, all of which arrive");
    assert_eq!(troubles(&fragmented(2_049, 40).seen()), [], "few");
    assert_eq!(troubles(&fragmented(53, 0).seen()), only("ip.fragments", "10.1.0.9", Severity::Note), "of a name server");
}

#[test]
fn large_packets_that_vanish_while_the_small_piece_behind_them_arrives() {
    let mut t = Traffic::default();
    for n in 0..3u8 {
        let (at, client, server) = (i64::from(n) * 5 * S, (1 + n, 5_000 + u16::from(n)), (9, 443));
        let (there, back) = ([client, server], [server, client]);
        t.syn(at, client, server);
        t.segment(at + 400, back, SYN | ACK, (0, 1), 0);
        t.segment(at + 600, there, ACK, (1, 1), 0);
        t.segment(at + 700, there, PSH | ACK, (1, 1), 122);
        t.segment(at + 1_700, back, ACK, (1, 123), KILO);
        t.segment(at + 1_702, back, PSH | ACK, (1 + KILO as u32, 123), 700);
        // What came behind the hole is acknowledged before the first repetition, and nothing after it.
        let [from, to] = [1 + KILO as u32, 701 + KILO as u32].map(|n| 1_000 * 443 + n);
        let block: Vec<u8> = [[1, 1, 5, 10]].concat().into_iter().chain(from.to_be_bytes()).chain(to.to_be_bytes()).collect();
        let packet = t.ip(client.0, 9).tcp(client.1, 443).seq(1_000 * u32::from(client.1) + 123);
        t.push(at + 2_100, packet.ack(1_000 * 443 + 1).flags(ACK).options(&block).payload(b""));
        for wait in [S, 3 * S, 7 * S, 15 * S] {
            t.segment(at + wait, back, PSH | ACK, (1, 123), KILO);
        }
    }
    let s = t.with_office(60).seen();
    assert_eq!(troubles(&s)[0].0, "pmtu.blackhole", "{:#?}", s.diagnosis);
}
