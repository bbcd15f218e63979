//! Who talks to whom in the made-up office.

use super::model::{Address, AnalysisFlags, AppBy, ConnectionFigures, Proto, SideTrips};
use super::snapshot::{Conversation, TcpState};
use super::{at, load_at, noise, path, smooth, split};
use std::net::{Ipv4Addr, Ipv6Addr};

/// One kind of traffic: server, port, application, weight, whether TCP, VLAN, share towards the client.
struct DemoService {
    server: [u8; 4],
    port: u16,
    app: &'static str,
    weight: f64,
    tcp: bool,
    vlan: u16,
    down: f64,
    clients: u8,
}

const fn service(
    (server, port): ([u8; 4], u16),
    app: &'static str,
    weight: f64,
    tcp: bool,
    vlan: u16,
    down: f64,
    clients: u8,
) -> DemoService {
    DemoService { server, port, app, weight, tcp, vlan, down, clients }
}

static SERVICES: [DemoService; 12] = [
    service(([10, 20, 1, 7], 443), "tls", 420.0, true, 10, 0.93, 22),
    service(([10, 20, 1, 9], 445), "smb2", 230.0, true, 20, 0.62, 9),
    service(([203, 0, 113, 20], 443), "tls", 130.0, true, 10, 0.95, 14),
    service(([10, 20, 2, 2], 16402), "rtp", 58.0, false, 30, 0.5, 6),
    service(([198, 51, 100, 8], 443), "quic", 74.0, false, 10, 0.9, 8),
    service(([10, 20, 1, 30], 3260), "iscsi", 96.0, true, 40, 0.35, 3),
    service(([10, 20, 1, 2], 53), "dns", 1.9, false, 20, 0.7, 16),
    service(([10, 20, 1, 12], 5432), "postgresql", 22.0, true, 20, 0.8, 5),
    service(([10, 20, 1, 40], 22), "ssh", 3.1, true, 20, 0.6, 3),
    service(([10, 20, 1, 3], 123), "ntp", 0.02, false, 20, 0.5, 7),
    service(([10, 20, 1, 4], 389), "ldap", 0.9, true, 20, 0.7, 5),
    service(([10, 20, 1, 41], 80), "http", 8.0, true, 10, 0.9, 4),
];

/// Conversations of transport, and whether each is TCP.
pub fn transport(second: i64) -> Vec<(bool, Conversation)> {
    let whole: f64 = SERVICES.iter().map(|s| s.weight).sum();
    let of_service = |(n, s): (usize, &'static DemoService)| (0..s.clients).map(move |c| (s.tcp, with_client(n, s, c, whole, second)));
    let six = (0..6).map(|c| (true, over_ipv6(c, second)));
    SERVICES.iter().enumerate().flat_map(of_service).chain(six).collect()
}

/// How far the connection of a client has got.
fn state(client: u8) -> TcpState {
    match client {
        6 => TcpState::Closing,
        9 => TcpState::Reset,
        12 => TcpState::SynSent,
        1 | 3 => TcpState::Midstream,
        _ => TcpState::Established,
    }
}

/// What client `c` of service `s`, the `n`th, says to it, of services that weigh `whole` together.
fn with_client(n: usize, s: &DemoService, c: u8, whole: f64, second: i64) -> Conversation {
    let skew: f64 = (0..s.clients).map(|c| 1.0 / f64::from(c + 1)).sum();
    let seed = (n * 100) as u64 + u64::from(c);
    let share = s.weight / whole / skew / f64::from(c + 1);
    let rate = |second| load_at(second) / 8.0 * share * (0.6 + 0.8 * smooth(seed, second, 20));
    let now = rate(second);
    let total = rate(0).max(1.0) * 900.0 * (0.5 + noise(seed, 1)) + (1..=second).map(rate).sum::<f64>();
    let client = Address::V4(Ipv4Addr::new(10, 20, 0, 8 + (seed * 7 % 90) as u8));
    let server = Address::V4(Ipv4Addr::from(s.server));
    let port = 49_152 + (seed * 977 % 16_000) as u16;
    let ((up, down), (up_now, down_now)) = (split(total, s.down), split(now, s.down));
    let first = (client, port) < (server, s.port);
    let pick = |x, y| if first { (x, y) } else { (y, x) };
    let (ab, ba) = pick(up, down);
    let (recent_ab, recent_ba) = pick(up_now, down_now);
    let ends = if first { (client, port, server, s.port) } else { (server, s.port, client, port) };
    let transport = if s.tcp { Proto::Tcp } else { Proto::Udp };
    Conversation {
        a: ends.0,
        a_port: ends.1,
        b: ends.2,
        b_port: ends.3,
        ab,
        ba,
        recent_ab,
        recent_ba,
        began: None,
        first: at(-(60 + (seed * 37 % 2_800) as i64)),
        last: at(second),
        originator_is_a: first,
        state: s.tcp.then(|| state(c)),
        ended: None,
        app: Some(s.app),
        app_by: Some(if matches!(s.app, "dns" | "tls") { AppBy::Content } else { AppBy::Port }),
        server_name: None,
        ports: 0,
        path: path(&[Proto::Eth, Proto::Vlan, Proto::Ip, transport]),
        vlans: [s.vlan].into_iter().collect(),
        tcp: s.tcp.then(|| Box::new(figures(seed, s.server[0] == 10, ab.plus(ba).packets, first))),
    }
}

/// What the analysis of a connection counted: some of them lose segments, and servers outside of the house are farther away.
fn figures(seed: u64, is_inside: bool, packets: u64, is_client_first: bool) -> ConnectionFigures {
    let mut out = ConnectionFigures { data_segments: packets, ..ConnectionFigures::default() };
    let again = if seed % 5 == 2 { packets / 50 } else { packets / 4_000 };
    let place = AnalysisFlags::ALL.iter().position(|(flag, _)| *flag == AnalysisFlags::RETRANSMISSION);
    if let Some(count) = place.and_then(|at| out.flags.get_mut(at)) {
        *count = again as u32;
    }
    let side = |micros: f64| {
        let median = (micros * 1e3) as i64;
        SideTrips { count: 40, min: median / 2, quantiles: Some([median, median * 3]) }
    };
    let [client, server] = [side(200.0 + 600.0 * noise(seed, 2)), side(if is_inside { 150.0 } else { 18_000.0 } * (0.5 + noise(seed, 3)))];
    out.round_trips.sides = if is_client_first { [client, server] } else { [server, client] };
    out
}

fn over_ipv6(c: u16, second: i64) -> Conversation {
    let client = Address::V6(Ipv6Addr::new(0x2001, 0xdb8, 20, 0, 0x21b, 0x54ff, 0xfeaa, 0x100 + c));
    let server = Address::V6(Ipv6Addr::new(0x2001, 0xdb8, 99, 0, 0, 0, 0, 0x7));
    let rate = |second| 1.1e6 / f64::from(c + 1) * (0.5 + smooth(900 + u64::from(c), second, 15));
    let total = rate(0) * 700.0 + (1..=second).map(rate).sum::<f64>();
    let ((ab, ba), (recent_ab, recent_ba)) = (split(total, 0.9), split(rate(second), 0.9));
    Conversation {
        a: client,
        a_port: 50_000 + c,
        b: server,
        b_port: 443,
        ab,
        ba,
        recent_ab,
        recent_ba,
        began: None,
        first: at(-400),
        last: at(second),
        originator_is_a: true,
        state: Some(TcpState::Established),
        ended: None,
        app: Some("tls"),
        app_by: Some(AppBy::Content),
        server_name: None,
        ports: 0,
        path: path(&[Proto::Eth, Proto::Ipv6, Proto::Tcp]),
        vlans: Default::default(),
        tcp: None,
    }
}
