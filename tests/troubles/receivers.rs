//! Receivers that take no data: whose time that is.

use super::*;

/// A connection whose one end takes no data at times.
struct Stalling {
    client: (u8, u16),
    server: (u8, u16),
    /// The server is the one that takes none.
    is_upload: bool,
    /// When each stall begins, and for how long it lasts.
    stalls: Vec<(Micros, Micros)>,
}

impl Stalling {
    /// A client that loads something, or sends it.
    fn new(client: (u8, u16), server: (u8, u16), is_upload: bool, stalls: impl IntoIterator<Item = (Micros, Micros)>) -> Self {
        Self { client, server, is_upload, stalls: stalls.into_iter().collect() }
    }

    /// Opens the connection a second before the first stall and closes it a second after the last.
    fn pass(&self, t: &mut Traffic) {
        let (there, back) = ([self.client, self.server], [self.server, self.client]);
        let (data, takes) = if self.is_upload { (there, back) } else { (back, there) };
        let [begin, end] = [self.stalls.first(), self.stalls.last()].map(|stall| stall.map_or(0, |stall| stall.0));
        t.syn(begin - S, self.client, self.server);
        t.segment(begin - S + 400, back, SYN | ACK, (0, 1), 0);
        t.segment(begin - S + 600, there, ACK, (1, 1), 0);
        let [(receiver, port), (sender, other)] = takes;
        for (n, (at, long)) in self.stalls.iter().enumerate() {
            let sent = 1 + 100 * n as u32;
            t.segment(at - 200, data, PSH | ACK, (sent, 1), 100);
            let zero = t.ip(receiver, sender).tcp(port, other).flags(ACK).window(0);
            t.push(*at, zero.seq(1_000 * u32::from(port) + 1).ack(1_000 * u32::from(other) + sent + 100));
            t.segment(at + long, takes, ACK, (1, sent + 100), 0);
        }
        let sent = 1 + 100 * self.stalls.len() as u32;
        let last = end + self.stalls.last().map_or(0, |stall| stall.1) + S;
        t.segment(last, data, FIN | ACK, (sent, 1), 0);
        t.segment(last + 200, takes, FIN | ACK, (1, sent + 1), 0);
        t.segment(last + 400, data, ACK, (sent + 1, 2), 0);
    }
}

/// What is found of such connections in a healthy office, and the title of what is found first.
fn found(connections: &[Stalling]) -> (Vec<(&'static str, String, Severity)>, String) {
    let mut t = Traffic::default();
    connections.iter().for_each(|connection| connection.pass(&mut t));
    let s = t.with_office(60).seen();
    let found = troubles(&s);
    let title = if found.is_empty() { String::new() } else { title(&s).to_owned() };
    (found, title)
}

/// Stalls of that many milliseconds, one after the other every half a second.
fn paced(from: Micros, count: i64, millis: i64) -> Vec<(Micros, Micros)> {
    (0..count).map(|n| (from + n * S / 2, millis * 1_000)).collect()
}

/// Uploads: clients wait until the server has taken what they send.
#[test]
fn a_server_that_does_not_take_what_clients_send_keeps_them_waiting() {
    let uploads: Vec<_> = (0..3).map(|n| Stalling::new((1 + n, 5_000), (9, 8_080), true, [((5 + 10 * i64::from(n)) * S, S / 2)])).collect();
    let (findings, title) = found(&uploads);
    assert_eq!(findings, only("tcp.slow_receiver", "10.1.0.9", Severity::Warning));
    assert_eq!(title, "10.1.0.9 cannot take data from its clients in time: 3 stalls, the longest 500.0 ms");
    assert_eq!(found(&uploads[..2]).0, [], "two are not often");
}

#[test]
fn a_printer_has_a_pace_of_its_own() {
    let printer = Stalling::new((1, 5_000), (9, 9_100), true, paced(5 * S, 12, 300));
    let (findings, title) = found(&[printer]);
    assert_eq!(findings, only("tcp.slow_receiver", "10.1.0.9", Severity::Note));
    assert_eq!(title, "10.1.0.9 takes data from its clients at its own pace: 12 stalls, the longest 300.0 ms");
}

/// Downloads with a limit, one after the other and several at once, as a player or a tool that synchronises makes them.
#[test]
fn a_client_that_reads_at_its_own_pace_is_a_note() {
    let limited = |connections: u16| -> Vec<Stalling> {
        let download = |n: u16| Stalling::new((1, 5_000 + n), (9, 8_080), false, paced(5 * S + i64::from(n) * S / 7, 6, 400));
        (0..connections).map(download).collect()
    };
    let (findings, title) = found(&limited(1));
    assert_eq!(findings, only("tcp.slow_receiver", "10.1.0.1", Severity::Note));
    assert_eq!(title, "10.1.0.1 takes data from 10.1.0.9:8080 at its own pace: 6 stalls, the longest 400.0 ms");
    assert_eq!(found(&limited(3)).0, only("tcp.slow_receiver", "10.1.0.1", Severity::Note));
    let short = |n: u16| Stalling::new((1, 5_000 + n), (9, 8_080), false, [((5 + i64::from(n)) * S, S / 5)]);
    let (findings, _) = found(&(0..20).map(short).collect::<Vec<_>>());
    assert_eq!(findings, only("tcp.slow_receiver", "10.1.0.1", Severity::Note));
}

/// A player that shows what it has before it takes the next piece.
#[test]
fn a_player_pauses_for_seconds() {
    let player = Stalling::new((1, 5_000), (9, 8_080), false, (0..5).map(|n| ((5 + 6 * n) * S, 4 * S)));
    assert_eq!(found(&[player]).0, only("tcp.slow_receiver", "10.1.0.1", Severity::Note));
    let hangs = Stalling::new((1, 5_000), (9, 8_080), false, [(10 * S, 12 * S)]);
    let (findings, title) = found(&[hangs]);
    assert_eq!(findings, only("tcp.slow_receiver", "10.1.0.1", Severity::Warning), "once is no pace: its program hangs");
    assert_eq!(title, "10.1.0.1 cannot take data from 10.1.0.9:8080 in time: 1 stall, the longest 12.00 s");
}

/// A player whose window is shut when the capture ends, for its user lets it wait: however long, it is a player.
#[test]
fn a_player_that_is_paused_hangs_not() {
    // The last pause does not end; its sender asks in vain.
    let paused = |before: i64| {
        let mut t = Traffic::default();
        Stalling::new((1, 5_000), (9, 8_080), false, (0..before).map(|n| ((5 + 6 * n) * S, 4 * S))).pass(&mut t);
        t.packets.retain(|packet| packet.0 < (5 + 6 * (before - 1)) * S + 3 * S);
        for n in 0..12 {
            let at = (5 + 6 * (before - 1)) * S + (3 + 4 * n) * S;
            let sent = 1 + 100 * before as u32;
            t.segment(at, [(9, 8_080), (1, 5_000)], ACK, (sent - 1, 1), 0);
            let zero = t.ip(1, 9).tcp(5_000, 8_080).flags(ACK).window(0);
            t.push(at + 300, zero.seq(1_000 * 5_000 + 1).ack(1_000 * 8_080 + sent));
        }
        troubles(&t.with_office(70).seen())
    };
    assert_eq!(paused(5), only("tcp.slow_receiver", "10.1.0.1", Severity::Note));
    assert_eq!(paused(1), only("tcp.slow_receiver", "10.1.0.1", Severity::Critical), "it never took anything by and by");
}

/// What many players do is one note.
#[test]
fn players_are_told_of_together() {
    let players = |count: u8| -> Vec<Stalling> {
        (0..count)
            .map(|n| {
                let stalls = (0..4).map(|k| ((5 + 12 * k) * S + i64::from(n) * S / 7, 11 * S));
                Stalling::new((1 + n, 5_000), (30 + n, 80), false, stalls)
            })
            .collect()
    };
    assert_eq!(found(&players(2)).0.len(), 2);
    let (findings, title) = found(&players(3));
    assert_eq!(findings, only("tcp.slow_receiver", "network", Severity::Note));
    assert_eq!(title, "3 clients take data at their own pace: 12 stalls, the longest 11.00 s");
}

/// A printer that prints when the capture ends.
#[test]
fn a_printer_prints_for_seconds() {
    let job = |port: u16| {
        let stalls = [(5 * S, 4 * S), (12 * S, 6 * S), (40 * S, 8 * S)];
        let mut t = Traffic::default();
        for (n, stall) in stalls.into_iter().enumerate() {
            Stalling::new((1 + n as u8, 5_000), (9, port), true, [stall]).pass(&mut t);
        }
        let s = t.with_office(60).seen();
        troubles(&s)
    };
    assert_eq!(job(9_100), only("tcp.slow_receiver", "10.1.0.9", Severity::Note));
    assert_eq!(job(8_080), only("tcp.slow_receiver", "10.1.0.9", Severity::Warning));
}

#[test]
fn a_client_that_stalls_at_whatever_it_reads_is_too_slow_itself() {
    let downloads = |servers: u8| -> Vec<Stalling> {
        (0..servers)
            .map(|n| Stalling::new((1, 5_000 + u16::from(n)), (9 + n, 8_080), false, paced(5 * S + i64::from(n) * S, 3, 100)))
            .collect()
    };
    assert_eq!(found(&downloads(2)).0, only("tcp.slow_receiver", "10.1.0.1", Severity::Note));
    assert_eq!(found(&downloads(3)).0, only("tcp.slow_receiver", "10.1.0.1", Severity::Warning));
}
