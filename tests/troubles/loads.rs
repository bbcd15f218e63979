//! Transfers that a window holds back, and load that rises.

use super::support::packet::{ACK, PSH, SYN};
use super::{Micros, S, Traffic, only, title, troubles};
use spantop::model::Severity;

/// Bytes of a segment.
const MSS: u32 = 1_400;

/// How a server sends.
#[derive(Clone, Copy)]
struct Sending {
    /// Round trip on the server's side of the mirrored port.
    trip: Micros,
    /// Segments that it sends in each.
    burst: u32,
    /// Round trips.
    rounds: u32,
    /// Segments that are acknowledged at a time.
    each: u32,
    /// What the client announces, from the first round trip to the last.
    windows: [u16; 2],
}

impl Traffic {
    /// A server sends to a client, a burst in each round trip.
    fn download(&mut self, at: Micros, client: (u8, u16), server: (u8, u16), how: Sending) {
        let (there, back) = ([client, server], [server, client]);
        self.syn(at, client, server);
        self.segment(at + how.trip, back, SYN | ACK, (0, 1), 0);
        self.segment(at + how.trip + 200, there, ACK, (1, 1), 0);
        self.segment(at + how.trip + 300, there, PSH | ACK, (1, 1), 100);
        let mut sent = 1;
        for round in 0..how.rounds {
            let [from, to] = how.windows.map(u32::from);
            let window = from + (to.saturating_sub(from)) * round / how.rounds;
            for n in 0..how.burst {
                let time = at + i64::from(round + 2) * (how.trip + 300) + i64::from(n) * 120;
                self.segment(time, back, ACK, (sent, 101), MSS as usize);
                sent += MSS;
                if n % how.each == how.each - 1 {
                    let ack = self.ip(client.0, server.0).tcp(client.1, server.1).seq(1_000 * u32::from(client.1) + 101);
                    let ack = ack.ack(1_000 * u32::from(server.1) + sent).flags(ACK).window(window as u16);
                    self.push(time + 200, ack);
                }
            }
        }
    }
}

/// A window of 64 kB is filled once in each round trip of 100 ms.
const HELD: Sending = Sending { trip: 100_000, burst: 46, rounds: 200, each: 2, windows: [65_000; 2] };

/// A transfer from server 9 to client 1, and others that show how fast both can be.
fn transfers(how: Sending) -> Vec<(&'static str, String, Severity)> {
    let mut t = Traffic::default();
    t.download(S, (1, 5_000), (9, 80), how);
    let fast = Sending { trip: 2_000, burst: 12, rounds: 2_000, each: 2, windows: [65_000; 2] };
    t.download(2 * S, (1, 5_001), (8, 80), fast);
    t.download(2 * S, (2, 5_002), (9, 80), fast);
    let s = t.with_office(30).seen();
    let found = troubles(&s);
    if found.iter().any(|f| f.0 == "tcp.window_limited") {
        assert!(title(&s).starts_with("A transfer from 10.1.0.9 to 10.1.0.1 is held back by the window of 10.1.0.1: "), "{}", title(&s));
    }
    found
}

#[test]
fn a_window_that_holds_back() {
    for each in [1, 2] {
        assert_eq!(transfers(Sending { each, ..HELD }), only("tcp.window_limited", "10.1.0.1", Severity::Warning), "{each} at a time");
    }
}

#[test]
fn a_sender_that_holds_back_a_window_that_grows_and_a_short_way_are_none() {
    let is_told = |how| transfers(how).iter().any(|f| f.0 == "tcp.window_limited");
    assert!(!is_told(Sending { burst: 20, rounds: 300, ..HELD }), "less than half of the window");
    assert!(!is_told(Sending { windows: [20_000, 65_000], ..HELD }), "it grows");
    assert!(!is_told(Sending { trip: 600, rounds: 4_000, ..HELD }), "near");
    assert!(!is_told(Sending { rounds: 8, ..HELD }), "short");
}

/// What each end carried stands beside what was sent for it, and how often a window held it back: 200 round trips, in each of which a window is filled, or
/// less than half of it; every tenth burst of the second is sent twice.
#[test]
fn what_a_transfer_carried_is_told_of_its_conversation() {
    let mut t = Traffic::default();
    let half = Sending { burst: 20, ..HELD };
    t.download(S, (1, 5_000), (9, 80), HELD);
    t.download(2 * S, (2, 5_001), (9, 80), half);
    for round in (0..half.rounds).step_by(10) {
        for n in 0..half.burst {
            let at = 2 * S + i64::from(round + 2) * (half.trip + 300) + 40_000 + i64::from(n) * 120;
            t.segment(at, [(9, 80), (2, 5_001)], ACK, (1 + (round * half.burst + n) * MSS, 101), MSS as usize);
        }
    }
    let s = t.with_office(30).seen();
    for (port, how, again) in [(5_000, HELD, 0), (5_001, half, 20)] {
        let row = s.stats.conversations.tcp.rows.iter().find(|row| row.a_port == port || row.b_port == port).unwrap();
        let [client, server] = row.transfers().unwrap().map(Option::unwrap);
        assert_eq!((client.carried.bytes, client.rates), (100, None), "most of it acknowledges");
        let bytes = u64::from(how.rounds * how.burst * MSS);
        let active = (i64::from(how.rounds + 1) * (how.trip + 300) + i64::from(how.burst - 1) * 120) * 1_000;
        assert_eq!((server.carried.bytes, server.carried.active / 10_000_000), (bytes, active / 10_000_000));
        let sent = if port == row.a_port { row.ba } else { row.ab };
        let [throughput, goodput] = server.rates.unwrap().map(|rate| rate * server.carried.active as f64 / 8e9);
        assert!((throughput - sent.wire_bytes as f64).abs() < 1.0 && (goodput - bytes as f64).abs() < 1.0, "{throughput} {goodput}");
        let more = sent.wire_bytes as f64 / bytes as f64;
        assert!((1.03..1.05).contains(&(more / (1.0 + f64::from(again) / 200.0))), "{more}");
        let limited = server.carried.window_limited().unwrap();
        assert!(if again == 0 { limited > 0.85 } else { limited < 0.1 }, "{limited}");
        let queue = row.tcp.as_ref().unwrap().round_trips.sides.iter().filter_map(|side| side.queueing()).max();
        assert!(queue.is_some_and(|nanos| nanos < 1_000_000), "{queue:?}");
    }
}

/// Host 1 sends to host 9 so much in each of the seconds from and to, in frames of 8,000 bytes; where that is negative, in frames of 500.
fn load(parts: &[(i64, i64, i64)]) -> Vec<(&'static str, String, Severity)> {
    let mut t = Traffic::default();
    for &(from, to, frames) in parts {
        let (frames, bytes) = if frames < 0 { (-frames, 500) } else { (frames, 8_000) };
        for n in from * frames..to * frames {
            let packet = t.ip(1, 9).udp(5_000, 9_000).payload(&vec![7; bytes]);
            t.push(n * S / frames, packet);
        }
    }
    // A receiver that never says anything would be one to which switches flood.
    for minute in 0..12 {
        let packet = t.ip(9, 1).udp(9_000, 5_000).payload(b"still here");
        t.push(minute * 60 * S + S / 3, packet);
    }
    troubles(&t.with_office(700).seen())
}

#[test]
fn load_that_rises() {
    let usual = [(0, 650, 2), (650, 690, 250), (690, 700, 2)];
    assert_eq!(load(&usual), only("load.surge", "10.1.0.1", Severity::Note));
    let quiet = [(0, 650, -4), (650, 690, 250), (690, 700, -4)];
    assert_eq!(load(&quiet), only("load.surge", "10.1.0.1", Severity::Note), "usually some kilobits a second");
    assert_eq!(load(&[(0, 400, 2), (400, 440, 250), (440, 700, 2)]), [], "nothing is usual before ten minutes are over");
    assert_eq!(load(&[(0, 650, 2), (650, 690, 100), (690, 700, 2)]), [], "less than 10 Mb/s");
    assert_eq!(load(&[(0, 650, 70), (650, 690, 250), (690, 700, 70)]), [], "four times as much");
    assert_eq!(load(&[(0, 650, 2), (650, 659, 250), (660, 700, 2)]), [], "nine seconds");
}
