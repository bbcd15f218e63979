//! A made-up office behind a mirror port, for tests and for `examples/dashboard.rs`: same second, same snapshot.
//!
//! Included by both by its path; the including module brings `model` and `snapshot` into scope.

use super::model::path::Layer;
use super::model::time::SECOND;
use super::model::{
    Address, Estimate, Finding, LinkType, Mac, Path, Proto, Session, Severity, Timestamp, Traffic, Tunnel, TunnelKind, Value,
};
use super::snapshot::{
    Casts, Conversation, Conversations, Directions, DuplicateClass, Duplicates, Endpoints, HostRow, Load, LossLedger, Losses, Mirror,
    ProtocolRow, Sample, Sides, Snapshot, SourceFacts, Table, TcpFlags, TcpState, Trust, TrustPart, TunnelRow, VlanRow,
};
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, Ipv6Addr};

/// When the made-up capture began.
const START: i64 = 1_764_072_000;
/// Seconds of history before second 0.
const HISTORY: i64 = 3_600;

/// Which story the snapshot tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Story {
    /// Everything is fine.
    Calm,
    /// A bad mirror, losses and findings.
    Trouble,
    /// A file that has been read.
    File,
    /// Nothing has come yet.
    Empty,
}

/// A number between 0 and 1 that depends on its arguments only.
fn noise(seed: u64, at: i64) -> f64 {
    let mut x = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (at as u64).wrapping_mul(0xd1b5_4a32_d192_ed03);
    x ^= x >> 29;
    x = x.wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x ^= x >> 32;
    (x >> 11) as f64 / (1u64 << 53) as f64
}

/// Smooth noise: values a few seconds apart are alike.
fn smooth(seed: u64, at: i64, width: i64) -> f64 {
    let (cell, part) = (at.div_euclid(width), at.rem_euclid(width) as f64 / width as f64);
    let ease = part * part * (3.0 - 2.0 * part);
    noise(seed, cell) * (1.0 - ease) + noise(seed, cell + 1) * ease
}

/// One kind of traffic: server, port, application, weight, whether TCP, VLAN, share towards the client.
struct Service {
    server: [u8; 4],
    port: u16,
    app: &'static str,
    weight: f64,
    tcp: bool,
    vlan: u16,
    down: f64,
    clients: u8,
}

const fn service((server, port): ([u8; 4], u16), app: &'static str, weight: f64, tcp: bool, vlan: u16, down: f64, clients: u8) -> Service {
    Service { server, port, app, weight, tcp, vlan, down, clients }
}

const SERVICES: [Service; 12] = [
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

/// Bits per second of everything at a second.
fn load_at(second: i64) -> f64 {
    let day = 520e6 + 260e6 * smooth(1, second, 240) + 170e6 * smooth(2, second, 37) + 60e6 * noise(3, second);
    let burst = if smooth(4, second, 90) > 0.82 { 1.9e9 * (smooth(4, second, 90) - 0.82) / 0.18 } else { 0.0 };
    day + burst
}

/// The mirror was unplugged for some seconds.
fn is_gap(second: i64) -> bool {
    (-1_020..-960).contains(&second) || (-118..-104).contains(&second)
}

fn path(protocols: &[Proto]) -> Path {
    let mut out = Path::EMPTY;
    protocols.iter().for_each(|p| out.push(*p));
    out
}

fn at(second: i64) -> Timestamp {
    Timestamp::new(START + HISTORY + second, 0)
}

fn sample(second: i64) -> Option<Sample> {
    if is_gap(second) {
        return None;
    }
    let bits = load_at(second);
    let bytes = (bits / 8.0) as u64;
    let spike = 1.25 + 4.2 * noise(5, second).powi(6);
    let peak = ((bits / 8000.0 * spike) as u64).min(1_240_000);
    Some(Sample {
        start: at(second),
        length: SECOND,
        traffic: Traffic { packets: bytes / 710, wire_bytes: bytes },
        peak_ms_bytes: peak,
        peak_ms_packets: peak / 640,
        peak_ms_at: Some(Timestamp(at(second).0 + 400_000_000)),
        inbound_bytes: (bytes as f64 * 0.21) as u64,
        outbound_bytes: (bytes as f64 * 0.06) as u64,
    })
}

fn load(second: i64, from: i64) -> Load {
    let samples: Vec<Sample> = (from..second).filter_map(sample).collect();
    let peak = samples.iter().max_by_key(|s| s.traffic.wire_bytes).copied();
    let fastest = samples.iter().max_by_key(|s| s.peak_ms_bytes);
    let peak_ms = fastest.and_then(|s| s.peak_ms_at.map(|t| (t, s.peak_ms_bytes, s.peak_ms_packets)));
    Load { interval: SECOND, samples, open: None, peak, peak_ms }
}

fn split(bytes: f64, down: f64) -> (Traffic, Traffic) {
    let traffic = |b: f64, size: f64| Traffic { packets: (b / size).ceil() as u64, wire_bytes: b as u64 };
    (traffic(bytes * (1.0 - down), 180.0 + 900.0 * (1.0 - down)), traffic(bytes * down, 180.0 + 1_200.0 * down))
}

/// Conversations of transport, with their VLAN.
fn transport(second: i64) -> Vec<(bool, Conversation)> {
    let mut out = Vec::new();
    let whole: f64 = SERVICES.iter().map(|s| s.weight).sum();
    for (n, s) in SERVICES.iter().enumerate() {
        let skew: f64 = (0..s.clients).map(|c| 1.0 / f64::from(c + 1)).sum();
        for c in 0..s.clients {
            let seed = (n * 100) as u64 + u64::from(c);
            let share = s.weight / whole / skew / f64::from(c + 1);
            let now = load_at(second) / 8.0 * share * (0.6 + 0.8 * smooth(seed, second, 20));
            let total = now.max(1.0) * (900.0 + second as f64) * (0.5 + noise(seed, 1));
            let client = Address::V4(Ipv4Addr::new(10, 20, 0, 8 + (seed * 7 % 90) as u8));
            let server = Address::V4(Ipv4Addr::from(s.server));
            let port = 49_152 + (seed * 977 % 16_000) as u16;
            let ((up, down), (up_now, down_now)) = (split(total, s.down), split(now, s.down));
            let first = (client, port) < (server, s.port);
            let pick = |x, y| if first { (x, y) } else { (y, x) };
            let (ab, ba) = pick(up, down);
            let (recent_ab, recent_ba) = pick(up_now, down_now);
            let ends = if first { (client, port, server, s.port) } else { (server, s.port, client, port) };
            let state = match c {
                _ if !s.tcp => None,
                6 => Some(TcpState::Closing),
                9 => Some(TcpState::Reset),
                12 => Some(TcpState::SynSent),
                1 | 3 => Some(TcpState::Midstream),
                _ => Some(TcpState::Established),
            };
            let transport = if s.tcp { Proto::Tcp } else { Proto::Udp };
            let row = Conversation {
                a: ends.0,
                a_port: ends.1,
                b: ends.2,
                b_port: ends.3,
                ab,
                ba,
                recent_ab,
                recent_ba,
                first: at(-(60 + (seed * 37 % 2_800) as i64)),
                last: at(second),
                originator_is_a: first,
                state,
                app: Some(s.app),
                path: path(&[Proto::Eth, Proto::Vlan, Proto::Ip, transport]),
                vlans: vec![s.vlan],
            };
            out.push((s.tcp, row));
        }
    }
    for c in 0..6u16 {
        let client = Address::V6(Ipv6Addr::new(0x2001, 0xdb8, 20, 0, 0x21b, 0x54ff, 0xfeaa, 0x100 + c));
        let server = Address::V6(Ipv6Addr::new(0x2001, 0xdb8, 99, 0, 0, 0, 0, 0x7));
        let now = 1.1e6 / f64::from(c + 1) * (0.5 + smooth(900 + u64::from(c), second, 15));
        let ((ab, ba), (recent_ab, recent_ba)) = (split(now * 700.0, 0.9), split(now, 0.9));
        let row = Conversation {
            a: client,
            a_port: 50_000 + c,
            b: server,
            b_port: 443,
            ab,
            ba,
            recent_ab,
            recent_ba,
            first: at(-400),
            last: at(second),
            originator_is_a: true,
            state: Some(TcpState::Established),
            app: Some("tls"),
            path: path(&[Proto::Eth, Proto::Ipv6, Proto::Tcp]),
            vlans: Vec::new(),
        };
        out.push((true, row));
    }
    out
}

fn table<R>(rows: Vec<R>) -> Table<R> {
    Table { total_rows: rows.len() as u64, rows, ..Table::default() }
}

fn merged(rows: &[&Conversation], key: impl Fn(&Conversation) -> (Address, Address)) -> Vec<Conversation> {
    let mut all: BTreeMap<(Address, Address), Conversation> = BTreeMap::new();
    for row in rows {
        let (a, b) = key(row);
        let swap = a > b;
        let (a, b) = if swap { (b, a) } else { (a, b) };
        let pair = all.entry((a, b)).or_insert_with(|| Conversation {
            a,
            b,
            a_port: 0,
            b_port: 0,
            ab: Traffic::default(),
            ba: Traffic::default(),
            recent_ab: Traffic::default(),
            recent_ba: Traffic::default(),
            state: None,
            app: None,
            ..(*row).clone()
        });
        let (ab, ba, recent_ab, recent_ba) =
            if swap { (row.ba, row.ab, row.recent_ba, row.recent_ab) } else { (row.ab, row.ba, row.recent_ab, row.recent_ba) };
        pair.ab.add(ab);
        pair.ba.add(ba);
        pair.recent_ab.add(recent_ab);
        pair.recent_ba.add(recent_ba);
    }
    all.into_values().collect()
}

fn mac(address: Address) -> Address {
    let last = match address {
        Address::V4(a) if a.is_private() => a.octets(),
        Address::V6(a) => [a.octets()[12], a.octets()[13], a.octets()[14], a.octets()[15]],
        _ => [0, 0, 0, 1],
    };
    Address::Mac(Mac([0, 0x1b, 0x54, last[1], last[2], last[3]]))
}

fn hosts(rows: &[&Conversation], ports: bool) -> Vec<HostRow> {
    let mut all: BTreeMap<(Address, u16), HostRow> = BTreeMap::new();
    for row in rows {
        let ends = [
            (row.a, row.a_port, row.ab, row.ba, row.recent_ab, row.recent_ba),
            (row.b, row.b_port, row.ba, row.ab, row.recent_ba, row.recent_ab),
        ];
        for (address, port, tx, rx, recent_tx, recent_rx) in ends {
            let port = if ports { port } else { 0 };
            let inside = match address {
                Address::V4(a) => Some(a.is_private()),
                Address::V6(a) => Some(a.segments()[2] == 20),
                Address::Mac(_) => None,
            };
            let host = all.entry((address, port)).or_insert_with(|| HostRow {
                address,
                port,
                tx: Traffic::default(),
                rx: Traffic::default(),
                recent_tx: Traffic::default(),
                recent_rx: Traffic::default(),
                first: row.first,
                last: row.last,
                inside,
                app: row.app.filter(|_| ports && port < 30_000),
            });
            host.tx.add(tx);
            host.rx.add(rx);
            host.recent_tx.add(recent_tx);
            host.recent_rx.add(recent_rx);
        }
    }
    all.into_values().collect()
}

fn protocols(rows: &[(bool, Conversation)], extra: &[(Path, Traffic, Traffic)]) -> Vec<ProtocolRow> {
    let mut all: BTreeMap<Vec<String>, ProtocolRow> = BTreeMap::new();
    let leaves = rows.iter().map(|(_, c)| (c.path, c.total(), c.recent())).chain(extra.iter().copied());
    for (leaf, total, recent) in leaves {
        let mut key = Vec::new();
        for prefix in leaf.prefixes() {
            let layer: Option<Layer> = prefix.last();
            key.push(layer.map(|l| l.to_string()).unwrap_or_default());
            let row = all.entry(key.clone()).or_insert(ProtocolRow {
                path: prefix,
                traffic: Traffic::default(),
                recent: Traffic::default(),
                own: Traffic::default(),
            });
            row.traffic.add(total);
            row.recent.add(recent);
            if prefix == leaf {
                row.own.add(total);
            }
        }
    }
    all.into_values().collect()
}

fn vlans(rows: &[(bool, Conversation)]) -> Vec<VlanRow> {
    let mut all: BTreeMap<u16, VlanRow> = BTreeMap::new();
    for (_, c) in rows {
        for &id in &c.vlans {
            let row = all.entry(id).or_insert(VlanRow { id, traffic: Traffic::default(), recent: Traffic::default() });
            row.traffic.add(c.total());
            row.recent.add(c.recent());
        }
    }
    all.into_values().collect()
}

fn part(total: Traffic, share: f64) -> Traffic {
    Traffic { packets: (total.packets as f64 * share) as u64, wire_bytes: (total.wire_bytes as f64 * share) as u64 }
}

fn sum(items: impl Iterator<Item = Traffic>) -> Traffic {
    items.fold(Traffic::default(), |mut all, t| {
        all.add(t);
        all
    })
}

fn findings(second: i64) -> Vec<Finding> {
    let finding = |id, severity, title: &str, evidence: Vec<(&'static str, Value)>, since: i64, active| {
        Finding {
        id,
        severity,
        title: title.into(),
        evidence,
        cause: "The source of the mirror session lists both the port and its VLAN, so that the switch copies every frame once for each of them.".into(),
        remedy: "Mirror the ports or the VLAN, not both. Cisco IOS: `no monitor session 1 source vlan 10`, then `show monitor session 1` to check.".into(),
        lookalikes: "Retransmissions (but their IP identification differs), a loop in the monitored network (but then TTL falls or broadcasts multiply).".into(),
        first: at(since),
        last: at(second),
        active,
    }
    };
    vec![
        finding(
            "dup.every",
            Severity::Critical,
            "every packet arrives twice",
            vec![
                ("copies", Value::Count(12_384_112)),
                ("share", Value::Share(0.487)),
                ("gap_p50_seconds", Value::Number(0.000_012)),
                ("class", Value::Text("vlan".into())),
            ],
            -723,
            true,
        ),
        finding(
            "loss.kernel",
            Severity::Warning,
            "the kernel drops 1.2 % of the packets",
            vec![("dropped", Value::Count(1_204_004)), ("share", Value::Share(0.012))],
            -240,
            true,
        ),
        finding(
            "dns.slow",
            Severity::Warning,
            "DNS server 10.20.1.2 answers slowly",
            vec![("server", Value::Text("10.20.1.2".into())), ("p95_seconds", Value::Number(0.21)), ("answers", Value::Count(8_211))],
            -95,
            true,
        ),
        finding(
            "tcp.loss_toward",
            Severity::Note,
            "retransmissions toward 10.20.3.0/24",
            vec![("network", Value::Text("10.20.3.0/24".into())), ("share", Value::Share(0.021))],
            -1_800,
            false,
        ),
    ]
}

fn tunnel(kind: TunnelKind, source: [u8; 4], destination: [u8; 4], id: u64) -> Tunnel {
    Tunnel { kind, source: Address::V4(Ipv4Addr::from(source)), destination: Address::V4(Ipv4Addr::from(destination)), id }
}

fn mirror(total: Traffic, recent: Traffic, second: i64, trouble: bool) -> Mirror {
    let trust_part = |name, score, evidence: &str| TrustPart { name, score, evidence: evidence.into() };
    let user = TunnelRow {
        tunnel: tunnel(TunnelKind::Vxlan, [10, 30, 0, 1], [10, 30, 0, 2], 5_010),
        traffic: part(total, 0.03),
        recent: part(recent, 0.03),
        inner_bytes: part(total, 0.028).wire_bytes,
    };
    if !trouble {
        return Mirror {
            transport: "plain",
            link: total,
            recent_link: recent,
            loss: LossLedger {
                host: Some(Estimate { n: total.packets, ..Estimate::default() }),
                switch: Some(Estimate { rate: 0.0, low: 0.0, high: 0.000_02, n: 184_000 }),
                ..LossLedger::default()
            },
            sides: Sides { judged: 1_204, one_sided: 11 },
            trust: Trust {
                score: Some(97),
                verdict: "good".into(),
                parts: vec![
                    trust_part("completeness", Some(99), "no acknowledged byte unseen in 184 k segments"),
                    trust_part("uniqueness", Some(100), "no copies in 12 M packets"),
                    trust_part("order", Some(98), "0.02 % out of order within flows"),
                    trust_part("fidelity", Some(100), "nothing cut, no merged frames"),
                    trust_part("timing", Some(97), "steps of the clock below 1 µs"),
                    trust_part("coverage", Some(99), "both directions in 99 % of conversations"),
                ],
            },
            tunnels: table(vec![user]),
            ..Mirror::default()
        };
    }
    let session = |id, missing, reordered| Session {
        tunnel: tunnel(TunnelKind::Erspan2, [10, 0, 0, 1], [10, 0, 0, 9], id),
        decision: "mirror-only encapsulation addressed to this host".into(),
        peeled: true,
        packets: total.packets / 2,
        outer_bytes: total.wire_bytes / 2,
        inner_bytes: total.wire_bytes / 20 * 9,
        sequenced: true,
        missing,
        reordered,
        restarts: 0,
        truncated: 0,
        errors: [0, 0, 0],
        first: at(-HISTORY),
        last: at(second),
    };
    Mirror {
        transport: "erspan2",
        link: part(total, 2.05),
        recent_link: part(recent, 2.05),
        sessions: vec![session(7, total.packets / 250, 12), session(8, 0, 0)],
        duplicates: Duplicates {
            dropped: true,
            traffic: part(total, 0.95),
            recent: part(recent, 0.95),
            share: 0.487,
            classes: vec![
                DuplicateClass { class: "vlan", traffic: part(total, 0.91) },
                DuplicateClass { class: "routed", traffic: part(total, 0.035) },
                DuplicateClass { class: "ambiguous", traffic: part(total, 0.005) },
            ],
            vlan_pairs: vec![
                (Some(10), Some(20), total.packets / 2),
                (Some(20), Some(10), total.packets / 3),
                (Some(30), None, total.packets / 40),
            ],
            gap: Some([0.000_012, 0.000_08, 0.001_2]),
        },
        loss: LossLedger {
            host: Some(Estimate { rate: 0.012, low: 0.0119, high: 0.0121, n: total.packets }),
            path: Some(Estimate { rate: 0.004, low: 0.0038, high: 0.0042, n: total.packets }),
            switch: Some(Estimate { rate: 0.021, low: 0.018, high: 0.024, n: 184_000 }),
            upstream: None,
        },
        sides: Sides { judged: 1_204, one_sided: 262 },
        trust: Trust {
            score: Some(22),
            verdict: "every packet twice".into(),
            parts: vec![
                trust_part("completeness", Some(71), "2.1 % of acknowledged TCP data unseen"),
                trust_part("uniqueness", Some(22), "49 % of packets are copies, mostly of another VLAN"),
                trust_part("order", Some(96), "0.1 % out of order within flows"),
                trust_part("fidelity", Some(100), "nothing cut, no merged frames"),
                trust_part("timing", None, "no second clock to compare with"),
                trust_part("coverage", Some(78), "22 % of conversations in one direction only"),
            ],
        },
        silenced: vec![
            ("tcp.retransmissions", "copies would count as retransmissions".into()),
            ("tcp.zero_window", "22 % of conversations are one-sided".into()),
        ],
        tunnels: table(vec![user]),
    }
}

/// The snapshot of a story at a second.
pub fn snapshot(story: Story, second: i64) -> Snapshot {
    let live = story != Story::File;
    let facts = SourceFacts {
        name: if live { "eth1".into() } else { "office.pcapng".into() },
        format: if live { "live".into() } else { "pcapng".into() },
        link_types: vec![LinkType::ETHERNET],
        promiscuous: live.then_some(true),
        speed: live.then_some(10_000_000_000),
        progress: (!live).then_some(1.0),
        ..SourceFacts::default()
    };
    let bare = Snapshot {
        number: second.unsigned_abs() + 1,
        live,
        sources: vec![facts],
        recent_seconds: 1.0,
        now: at(second),
        ..Snapshot::default()
    };
    if story == Story::Empty {
        return Snapshot { speed: Some(10_000_000_000), ..bare };
    }
    let rows = transport(second);
    let transports = sum(rows.iter().map(|r| r.1.total()));
    let extra = [
        (path(&[Proto::Eth, Proto::Vlan, Proto::Arp]), part(transports, 0.0006), part(transports, 0.000_000_4)),
        (path(&[Proto::Eth, Proto::Vlan, Proto::Ip, Proto::Icmp]), part(transports, 0.0002), part(transports, 0.000_000_2)),
        (path(&[Proto::Eth, Proto::Vlan, Proto::Ip, Proto::Esp]), part(transports, 0.02), part(transports, 0.000_02)),
        (path(&[Proto::Eth, Proto::Llc, Proto::Stp]), part(transports, 0.000_02), part(transports, 0.000_000_01)),
        (path(&[Proto::Eth, Proto::Lldp]), part(transports, 0.000_004), Traffic::default()),
    ];
    let protocols = protocols(&rows, &extra);
    let top = |f: fn(&ProtocolRow) -> Traffic| sum(protocols.iter().filter(|p| p.path.depth() == 1).map(f));
    let (total, recent) = (top(|p| p.traffic), top(|p| p.recent));
    let all: Vec<&Conversation> = rows.iter().map(|r| &r.1).collect();
    let of = |tcp: bool| rows.iter().filter(|r| r.0 == tcp).map(|r| &r.1).collect::<Vec<_>>();
    let six = |row: &&&Conversation| matches!(row.a, Address::V6(_));
    let v4: Vec<&Conversation> = all.iter().filter(|r| !six(r)).copied().collect();
    let v6: Vec<&Conversation> = all.iter().filter(six).copied().collect();
    let eth = merged(&all, |r| (mac(r.a), mac(r.b)));
    let trouble = story == Story::Trouble;
    let drops = if trouble { total.packets / 82 } else { 0 };
    let owned = |rows: Vec<&Conversation>| rows.into_iter().cloned().collect::<Vec<_>>();
    Snapshot {
        finished: !live,
        speed: live.then_some(10_000_000_000),
        total,
        recent,
        captured_bytes: total.wire_bytes,
        first: Some(at(-HISTORY)),
        last: Some(at(second)),
        losses: Losses { kernel_drops: drops, decode_errors: if trouble { 312 } else { 0 }, ..Losses::default() },
        load: load(second, if live { -HISTORY } else { -447 }),
        sizes: [0.31, 0.06, 0.04, 0.03, 0.04, 0.52, 0.0].map(|s| part(total, s)),
        casts: Casts { unicast: part(total, 0.986), multicast: part(total, 0.005), broadcast: part(total, 0.009) },
        directions: Directions {
            inbound: part(total, 0.21),
            outbound: part(total, 0.06),
            inside: part(total, 0.72),
            through: Traffic::default(),
            unknown: part(total, 0.01),
        },
        conversations: Conversations {
            tcp: table(owned(of(true))),
            udp: table(owned(of(false))),
            ip: table(merged(&v4, |r| (r.a, r.b))),
            ipv6: table(merged(&v6, |r| (r.a, r.b))),
            eth: table(eth.clone()),
            ..Conversations::default()
        },
        endpoints: Endpoints {
            tcp: table(hosts(&of(true), true)),
            udp: table(hosts(&of(false), true)),
            ip: table(hosts(&v4, false)),
            ipv6: table(hosts(&v6, false)),
            eth: table(hosts(&eth.iter().collect::<Vec<_>>(), false)),
            ..Endpoints::default()
        },
        vlans: table(vlans(&rows)),
        untagged: part(total, 0.02),
        tcp_flags: TcpFlags { syn: 18_204, syn_ack: 18_090, fin: 30_112, reset: 1_204 },
        mirror: mirror(total, recent, second, trouble),
        findings: if trouble { findings(second) } else { Vec::new() },
        protocols,
        ..bare
    }
}
