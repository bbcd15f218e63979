//! Connections that have a way of their own each: what is longer than another one has not become longer.

use super::*;

/// Round trips to the server that connections draw, where packets of one go together and those of another elsewhere.
const WAYS: [Micros; 5] = [4_000, 9_000, 14_000, 22_000, 45_000];

impl Traffic {
    /// A connection that sends twelve times two segments, each pair acknowledged a round trip later.
    fn sends_over(&mut self, at: Micros, client: (u8, u16), server: (u8, u16), way: Micros) {
        let (there, back) = ([client, server], [server, client]);
        self.syn(at, client, server);
        self.segment(at + way, back, SYN | ACK, (0, 1), 0);
        self.segment(at + way + 200, there, ACK, (1, 1), 0);
        for turn in 0..12 {
            let (at, sent) = (at + (2 + i64::from(turn)) * 100_000, 1 + 200 * turn);
            self.segment(at, there, ACK, (sent, 1), 100);
            self.segment(at + 20, there, PSH | ACK, (sent + 100, 1), 100);
            self.segment(at + way, back, ACK, (1, sent + 200), 0);
        }
        self.segment(at + 1_500_000, there, FIN | ACK, (2_401, 1), 0);
        self.segment(at + 1_500_000 + way, back, FIN | ACK, (1, 2_402), 0);
        self.segment(at + 1_500_000 + way + 200, there, ACK, (2_402, 2), 0);
    }
}

/// Connections of several clients, a few in ten seconds; from a second on all ways are so many times as long.
fn drawn(times: Micros, from: i64) -> Snapshot {
    let (mut t, mut dice) = (Traffic::default(), support::Rng(11));
    for n in 0..120u16 {
        let at = i64::from(n) * 3 * S;
        let way = WAYS[dice.below(5) as usize] * if at >= from * S { times } else { 1 };
        t.sends_over(at, (1 + n as u8 % 4, 10_000 + n), (9, 443), way);
    }
    t.with_office(360).seen()
}

#[test]
fn ways_that_differ_have_not_become_longer() {
    assert_eq!(troubles(&drawn(1, 0)), []);
    assert_eq!(troubles(&drawn(8, 240)), only("tcp.rtt", "10.1.0.9:443/tcp", Severity::Warning), "all of them have");
}
