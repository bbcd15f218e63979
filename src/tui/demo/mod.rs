//! A made-up office behind a mirror port, for tests and for the example `dashboard`: same second, same snapshot.
//!
//! Included by both by its path; the including module brings `model` and `snapshot` into scope.

mod health;
mod past;
mod said;
mod services;
mod switch;
mod talk;

use super::{model, snapshot};
use health::{checklist, findings, mirror, sampled};
use model::path::Layer;
use model::time::SECOND;
use model::{Address, LinkType, Mac, Path, Proto, Timestamp, Traffic};
use snapshot::{
    CaptureSummary, Casts, Conversation, Conversations, Diagnosis, Directions, Dissected, Endpoints, HostRow, Load, Losses, ProtocolRow,
    Sample, Snapshot, SourceInfo, Statistics, Table, TcpFlags, VlanRow, VlanWays,
};
use std::collections::BTreeMap;

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
    /// A switch sends samples.
    Sampled,
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
    let mut samples: Vec<Sample> = (from..second).filter_map(sample).collect();
    // A burst is the busiest millisecond of its second.
    for burst in switch::bursts() {
        if let Some(sample) = samples.iter_mut().find(|s| s.start <= burst.at && burst.at < s.start.plus(s.length)) {
            (sample.peak_ms_at, sample.peak_ms_bytes, sample.peak_ms_packets) =
                (Some(burst.at), burst.peak / 8_000, burst.peak / 8_000 / 1_400);
        }
    }
    let peak = samples.iter().max_by_key(|s| s.traffic.wire_bytes).copied();
    let fastest = samples.iter().max_by_key(|s| s.peak_ms_bytes);
    let peak_ms = fastest.and_then(|s| s.peak_ms_at.map(|t| (t, s.peak_ms_bytes, s.peak_ms_packets)));
    Load { interval: SECOND, samples, open: None, peak, peak_ms, fine: Vec::new() }
}

fn split(bytes: f64, down: f64) -> (Traffic, Traffic) {
    let traffic = |b: f64, size: f64| Traffic { packets: (b / size).ceil() as u64, wire_bytes: b as u64 };
    (traffic(bytes * (1.0 - down), 180.0 + 900.0 * (1.0 - down)), traffic(bytes * down, 180.0 + 1_200.0 * down))
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
            ended: None,
            app: None,
            tcp: None,
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
                app_by: row.app_by.filter(|_| ports),
                app: row.app.filter(|_| ports && port < 30_000),
                vlans: row.vlans,
                peers: 0,
                itself: Traffic::default(),
            });
            host.peers += 1;
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
        for &id in c.vlans.ids() {
            let row = all.entry(id).or_insert_with(|| VlanRow { id, ..VlanRow::default() });
            row.traffic.add(c.total());
            row.recent.add(c.recent());
        }
    }
    // Half of it comes by the router, a third leaves by it.
    for row in all.values_mut() {
        let ways = |whole: Traffic| [part(whole, 0.5), part(whole, 0.3)];
        row.ways = Some(VlanWays { traffic: ways(row.traffic), recent: ways(row.recent) });
    }
    all.into_values().collect()
}

fn part(total: Traffic, share: f64) -> Traffic {
    Traffic { packets: (total.packets as f64 * share) as u64, wire_bytes: (total.wire_bytes as f64 * share) as u64 }
}

fn sum(items: impl Iterator<Item = Traffic>) -> Traffic {
    items.fold(Traffic::default(), Traffic::plus)
}

fn source(live: bool) -> SourceInfo {
    SourceInfo {
        name: if live { "eth1".into() } else { "office.pcapng".into() },
        format: if live { "live".into() } else { "pcapng".into() },
        link_types: vec![LinkType::ETHERNET],
        promiscuous: live.then_some(true),
        speed: live.then_some(10_000_000_000),
        progress: (!live).then_some(1.0),
        ..SourceInfo::default()
    }
}

/// What is counted of these conversations of transport.
fn statistics(rows: &[(bool, Conversation)], second: i64, (live, trouble): (bool, bool)) -> Statistics {
    let transports = sum(rows.iter().map(|r| r.1.total()));
    let extra = [
        (path(&[Proto::Eth, Proto::Vlan, Proto::Arp]), part(transports, 0.0006), part(transports, 0.000_000_4)),
        (path(&[Proto::Eth, Proto::Vlan, Proto::Ip, Proto::Icmp]), part(transports, 0.0002), part(transports, 0.000_000_2)),
        (path(&[Proto::Eth, Proto::Vlan, Proto::Ip, Proto::Esp]), part(transports, 0.02), part(transports, 0.000_02)),
        (path(&[Proto::Eth, Proto::Llc, Proto::Stp]), part(transports, 0.000_02), part(transports, 0.000_000_01)),
        (path(&[Proto::Eth, Proto::Lldp]), part(transports, 0.000_004), Traffic::default()),
    ];
    let protocols = protocols(rows, &extra);
    let top = |f: fn(&ProtocolRow) -> Traffic| sum(protocols.iter().filter(|p| p.path.depth() == 1).map(f));
    let (total, recent) = (top(|p| p.traffic), top(|p| p.recent));
    let (conversations, endpoints) = tables(rows);
    Statistics {
        total,
        recent,
        load: load(second, if live { -HISTORY } else { -447 }),
        sizes: [0.31, 0.06, 0.04, 0.03, 0.04, 0.52, 0.0, 0.0, 0.0].map(|s| part(total, s)),
        casts: Casts { unicast: part(total, 0.986), multicast: part(total, 0.005), broadcast: part(total, 0.009) },
        directions: Directions {
            inbound: part(total, 0.21),
            outbound: part(total, 0.06),
            inside: part(total, 0.72),
            through: Traffic::default(),
            unknown: part(total, 0.01),
        },
        conversations,
        endpoints,
        vlans: table(vlans(rows)),
        untagged: part(total, 0.02),
        services: table(services::services(rows, trouble)),
        tcp_flags: TcpFlags { syn: 18_204, syn_ack: 18_090, fin: 30_112, reset: 1_204 },
        protocols,
        ..Statistics::default()
    }
}

/// Conversations and end points of every layer.
fn tables(rows: &[(bool, Conversation)]) -> (Conversations, Endpoints) {
    let all: Vec<&Conversation> = rows.iter().map(|r| &r.1).collect();
    let of = |tcp: bool| rows.iter().filter(|r| r.0 == tcp).map(|r| &r.1).collect::<Vec<_>>();
    let six = |row: &&&Conversation| matches!(row.a, Address::V6(_));
    let v4: Vec<&Conversation> = all.iter().filter(|r| !six(r)).copied().collect();
    let v6: Vec<&Conversation> = all.iter().filter(six).copied().collect();
    let eth = merged(&all, |r| (mac(r.a), mac(r.b)));
    let owned = |rows: Vec<&Conversation>| rows.into_iter().cloned().collect::<Vec<_>>();
    let conversations = Conversations {
        tcp: table(owned(of(true))),
        udp: table(owned(of(false))),
        ip: table(merged(&v4, |r| (r.a, r.b))),
        ipv6: table(merged(&v6, |r| (r.a, r.b))),
        eth: table(eth.clone()),
        ..Conversations::default()
    };
    let endpoints = Endpoints {
        tcp: table(hosts(&of(true), true)),
        udp: table(hosts(&of(false), true)),
        ip: table(hosts(&v4, false)),
        ipv6: table(hosts(&v6, false)),
        eth: table(hosts(&eth.iter().collect::<Vec<_>>(), false)),
        ..Endpoints::default()
    };
    (conversations, endpoints)
}

/// The snapshot of a story at a second.
pub fn snapshot(story: Story, second: i64) -> Snapshot {
    let live = story != Story::File;
    let bare = Snapshot {
        number: second.unsigned_abs() + 1,
        live,
        capture: CaptureSummary { sources: vec![source(live)], ..CaptureSummary::default() },
        recent_seconds: 1.0,
        now: at(second),
        ..Snapshot::default()
    };
    if story == Story::Empty {
        return Snapshot { capture: CaptureSummary { speed: Some(10_000_000_000), ..bare.capture }, ..bare };
    }
    let rows = talk::transport(second);
    let trouble = story == Story::Trouble;
    let stats = statistics(&rows, second, (live, trouble));
    let (total, recent) = (stats.total, stats.recent);
    let drops = if trouble { total.packets / 82 } else { 0 };
    Snapshot {
        finished: !live,
        capture: CaptureSummary {
            speed: live.then_some(10_000_000_000),
            captured_bytes: total.wire_bytes,
            first: Some(at(-HISTORY)),
            last: Some(at(second)),
            losses: Losses { kernel_drops: drops, decode_errors: if trouble { 312 } else { 0 }, ..Losses::default() },
            ..bare.capture
        },
        stats,
        dissect: Dissected { apps: said::apps(second), names: table(said::names(second)) },
        mirror: if story == Story::Sampled { sampled(total, recent, second) } else { mirror(total, recent, second, trouble) },
        history: past::history(second, if live { 300 } else { 447 }),
        switch: switch::view(second, trouble, live),
        diagnosis: Diagnosis {
            host: if live { vec![checklist(trouble)] } else { Vec::new() },
            findings: if trouble { findings(second) } else { Vec::new() },
            ..Diagnosis::default()
        },
        ..bare
    }
}
