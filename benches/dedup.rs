//! Nanoseconds a packet of duplicate detection and of the sequence ledger: `cargo bench --bench dedup`.

mod support;

use spantop::mirror::{DuplicateFilter, MirrorSessions, Ours};
use spantop::model::mix::Keys;
use spantop::model::{Address, CapScale, Decap, FlowKey, Frame, Mac, MirrorTag, Timestamp, Tunnel, TunnelKind};
use std::hint::black_box;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Instant;
use support::packet::Packet as Builder;

const SHARDS: usize = 64;
const PACKETS: usize = 1 << 16;
const ROUNDS: usize = 24;

/// A TCP packet in Ethernet, 1514 bytes on the wire, 200 of them captured.
struct Packet {
    bytes: Vec<u8>,
    shard: usize,
    net: u32,
    transport: u32,
    frame_flow: (FlowKey, spantop::model::Direction),
}

fn packet(n: u32, flows: u32, v6: bool) -> Packet {
    let flow = n.wrapping_mul(2_654_435_761) % flows;
    let (source, destination) = (0x0a00_0000 + flow / 8, 0x0a80_0001u32);
    let six = |host: u32| Ipv6Addr::from(0x2001_0db8u128 << 96 | u128::from(host));
    let eth = Builder::eth([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2]);
    let ip =
        if v6 { eth.ipv6(six(source), six(destination)) } else { eth.ipv4(source.to_be_bytes(), destination.to_be_bytes()).id(n as u16) };
    let transport = ip.headers() as u32;
    let port = 1024 + (flow % 8) as u16;
    let tcp = ip.tcp(port, 443).seq(n).window(256).options(&[1, 1, 8, 10, 0, 0, 0, 0, 0, 0, 0, 0]);
    let payload = vec![n as u8; 1514 - tcp.headers()];
    let mut b = tcp.payload(&payload).build();
    b.truncate(200);
    let frame_flow = FlowKey::new(v6, 6, u128::from(source), u128::from(destination), port, 443);
    Packet { shard: (frame_flow.0.keyed_hash(&Keys::FIXED) >> 58) as usize, bytes: b, net: 14, transport, frame_flow }
}

fn frame(p: &Packet, time: i64) -> Frame<'_> {
    Frame {
        time: Timestamp(time),
        wire: 1514,
        bytes: &p.bytes,
        mac: Some((Mac([2, 0, 0, 0, 0, 1]), Mac([2, 0, 0, 0, 0, 2]))),
        ether_type: 0x0800,
        net: Some(p.net),
        transport: Some(p.transport),
        payload: p.transport + 32,
        flow: Some(p.frame_flow),
        hash: (p.frame_flow.0.keyed_hash(&Keys::FIXED) >> 32) as u32,
        ..Frame::default()
    }
}

/// Nanoseconds a packet, without making up its frame: for each batch the best of several rounds, so that another program's turn on the core does not count. Headers are in the cache, as they are when a worker has just decoded the packet; the tables
/// of all 64 shards take turns in it.
fn observe(packets: &[Packet], gap: i64, copies: bool) -> (f64, u64) {
    let mut filters: Vec<_> = (0..SHARDS).map(|_| DuplicateFilter::new(Keys::FIXED, CapScale::WHOLE)).collect();
    let mut best = vec![u128::MAX; packets.len().div_ceil(256)];
    let mut time = 0i64;
    for _ in 0..ROUNDS {
        // The same bytes come again after a second at least, outside the window.
        time += 1_000_000_000;
        for (batch, best) in packets.chunks(256).zip(&mut best) {
            for p in batch {
                black_box(p.bytes.iter().fold(0u8, |n, &b| n ^ b));
            }
            let start = Instant::now();
            for p in batch {
                black_box(frame(p, time));
                black_box(p.shard);
            }
            let without = start.elapsed().as_nanos() * (1 + u128::from(copies));
            let start = Instant::now();
            for p in batch {
                time += gap;
                if let Some(filter) = filters.get_mut(p.shard) {
                    black_box(filter.observe(&frame(p, time)));
                    if copies {
                        black_box(filter.observe(&frame(p, time + 20_000)));
                    }
                }
            }
            *best = start.elapsed().as_nanos().saturating_sub(without).min(*best);
        }
    }
    let nanos = best.iter().sum::<u128>() as f64 / (packets.len() * (1 + usize::from(copies))) as f64;
    (nanos, filters.iter().map(|f| f.report().copies().packets).sum())
}

fn ledger() -> f64 {
    let tunnels: Vec<_> = (0..4u32)
        .map(|id| Tunnel {
            kind: TunnelKind::Erspan3,
            source: Address::V4(Ipv4Addr::new(10, 0, 0, 1)),
            destination: Address::V4(Ipv4Addr::new(10, 0, 0, 2)),
            id: u64::from(id),
        })
        .collect();
    let mut best = f64::MAX;
    for _ in 0..ROUNDS {
        let mut sessions = MirrorSessions::new();
        let start = Instant::now();
        for n in 0..PACKETS as u32 {
            // Batches of one session, as switches send them.
            let Some(tunnel) = tunnels.get((n / 16 % 4) as usize) else { continue };
            let time = Timestamp(i64::from(n) * 200);
            let tag = MirrorTag { sequence: Some(n), switch_time: Some((u64::from(n) * 2, 100)), ..MirrorTag::default() };
            sessions.begin(1564);
            black_box(sessions.decide(tunnel, 1564, time, &Ours::default(), Decap::Auto));
            sessions.account(tunnel, &tag, 1514, time);
            black_box(sessions.number(tunnel));
        }
        best = best.min(start.elapsed().as_nanos() as f64 / PACKETS as f64);
    }
    best
}

fn main() {
    let only = std::env::args().skip(1).find(|a| !a.starts_with('-'));
    for (what, flows, gap, v6, copies) in [
        ("IPv4, 1 conversation, 1,000 packets/s: all in the first-level cache", 1, 1_000_000, false, false),
        ("IPv6, 1 conversation, 1,000 packets/s", 1, 1_000_000, true, false),
        ("IPv4, 500 conversations, 100,000 packets/s", 500, 10_000, false, false),
        ("IPv4, 500 conversations, 5,000,000 packets/s", 500, 200, false, false),
        ("IPv4, 20,000 conversations, 1,000,000 packets/s", 20_000, 1_000, false, false),
        ("IPv4, 20,000 conversations, 5,000,000 packets/s", 20_000, 200, false, false),
        ("IPv6, 500 conversations, 100,000 packets/s", 500, 10_000, true, false),
        ("IPv4, 500 conversations, every packet twice", 500, 10_000, false, true),
        ("IPv6, 500 conversations, every packet twice", 500, 10_000, true, true),
    ] {
        if only.as_ref().is_some_and(|only| !what.contains(only.as_str())) {
            continue;
        }
        let packets: Vec<_> = (0..PACKETS as u32).map(|n| packet(n, flows, v6)).collect();
        let (nanos, found) = observe(&packets, gap, copies);
        println!("observe: {nanos:5.1} ns a packet ({what}; {found} copies found)");
    }
    println!("ledger:  {:5.1} ns a packet (four sessions with numbers and stamps)", ledger());
}
