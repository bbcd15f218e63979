//! Inputs that are instructions: what comes of any of them is well-formed, so that mutations reach what lies behind lengths and checksums, and
//! what must come out is known.

use super::super::packet::file::{BIG, LITTLE, Writer};
use super::super::packet::{Erspan, Packet};
use super::decode::assert_sound;
use super::{engine, files, split};
use spantop::decode::{self, Headers, Peel, Rules};
use spantop::model::LinkType;

/// Link types that differ in what a frame begins with.
const LINKS: [u16; 5] = [1, 101, 113, 127, 276];

/// What a packet block holds: link type, length on the wire, bytes.
type Held = (u16, u32, Vec<u8>);

/// A file of right blocks in any order: each packet comes out as it went in, and none besides.
///
/// Input: four bytes a block: which, and three numbers.
pub fn pcapng(data: &[u8]) {
    let (file, wanted) = composed(data);
    let (small, large) = (files::contents(&file, 64), files::contents(&file, 1 << 16));
    assert!(small == large, "the size of blocks matters");
    let Some(read) = small else { return };
    let read: Vec<Held> = read.expect("a right file").into_iter().map(|(_, wire, link, bytes)| (link, wire, bytes)).collect();
    assert!(read == wanted, "{} packets of {}", read.len(), wanted.len());
}

fn composed(data: &[u8]) -> (Vec<u8>, Vec<Held>) {
    let (mut order, mut file, mut links, mut packets): (Writer, _, Vec<u16>, Vec<Held>) =
        (LITTLE, LITTLE.section(), Vec::new(), Vec::new());
    let mut rest = data;
    while !rest.is_empty() {
        let ([which, a, b, c], behind) = split(rest);
        rest = behind;
        let bytes = vec![c; usize::from(b)];
        let at = usize::from(a) % links.len().max(1);
        let block = match (which % 8, links.get(at)) {
            (0, _) => {
                order = if a % 2 == 0 { LITTLE } else { BIG };
                links.clear();
                order.section()
            }
            (1, _) => {
                let link = LINKS[usize::from(a) % LINKS.len()];
                links.push(link);
                // Units of time of every kind (if_tsresol), also those that no clock has.
                let options = if b % 2 == 0 { Vec::new() } else { [order.option(9, &[c]), order.option(0, &[])].concat() };
                order.interface(link, 0, &options)
            }
            (2, Some(link)) => {
                let wire = u32::from(b) + u32::from(c);
                packets.push((*link, wire, bytes.clone()));
                order.enhanced(at as u32, u64::from(c) << (a % 64), wire, &bytes)
            }
            // A simple packet is of the first interface.
            (3, Some(_)) => {
                packets.push((links[0], u32::from(b), bytes.clone()));
                order.simple(u32::from(b), &bytes)
            }
            (4, Some(link)) => {
                packets.push((*link, u32::from(b), bytes.clone()));
                order.obsolete(at as u16, u64::from(c), u32::from(b), &bytes)
            }
            (5, Some(_)) => order.statistics(at as u32, u64::from(b), u64::from(c)),
            (6, _) => order.block(0x0bad_0000 | u32::from(a), &vec![c; usize::from(b) & !3]),
            (_, _) => order.block(4, &[0; 8]),
        };
        file.extend(block);
    }
    (file, packets)
}

/// Sections of both byte orders with every block in each.
pub fn pcapng_seeds() -> Vec<Vec<u8>> {
    let section = |order: u8| {
        [0, order, 0, 0, 1, 0, 0, 0, 1, 1, 1, 9, 2, 0, 60, 7, 2, 1, 61, 0, 3, 0, 62, 5, 4, 1, 63, 5, 5, 0, 1, 2, 6, 1, 9, 9, 7, 0, 0, 0]
    };
    vec![section(0).to_vec(), [section(1), section(0)].concat()]
}

/// A datagram within tunnels in tunnels: the walk finds it behind two of them, whatever they are, and is sound behind any number, also where bytes
/// were changed; the engine counts it once.
///
/// Input: how many layers, two bytes a layer from the inside out (which, a number), then changes: a place (two bytes) and what is there.
pub fn tunnels(data: &[u8]) {
    let ([layers], mut rest) = split(data);
    let (mut frame, mut deep) = (datagram(), 0);
    let mut is_ip = true;
    for _ in 0..layers % 24 {
        let ([which, number], behind) = split(rest);
        rest = behind;
        let is_tunnel;
        (frame, is_ip, is_tunnel) = wrapped(&frame, is_ip, which, number);
        deep += usize::from(is_tunnel);
    }
    let is_changed = rest.len() >= 3;
    for change in rest.chunks_exact(3) {
        let at = usize::from(u16::from_be_bytes([change[0], change[1]])) % frame.len();
        frame[at] = change[2];
    }
    let mut headers = Headers::default();
    for peel in [Peel::NONE, Peel::tunnels(1), Peel::tunnels(2), Peel::ALL] {
        decode::walk(LinkType::ETHERNET, &frame, frame.len() as u32, &Rules::PLAIN, peel, &mut headers);
        assert_sound(&headers, &frame);
    }
    if !is_changed && deep <= 2 {
        let found = format!("{:?}", headers.transport);
        assert!(found.contains(&FROM.to_string()) && found.contains(&TO.to_string()), "{found} {headers:?} of {frame:02x?}");
    }
    let snapshot = engine::analyse([(0, frame.as_slice())].into_iter());
    assert_eq!(snapshot.mirror.link.packets, 1);
    let rows: u64 = snapshot.stats.protocols.iter().filter(|row| row.path.depth() == 1).map(|row| row.traffic.packets).sum();
    assert_eq!(rows, snapshot.stats.total.packets);
}

/// Ports that nothing else has.
const FROM: u16 = 47_117;
const TO: u16 = 47_118;
const A: [u8; 6] = [2, 0, 0, 0, 0, 1];
const B: [u8; 6] = [2, 0, 0, 0, 0, 2];

fn datagram() -> Vec<u8> {
    Packet::eth(A, B).ip([10, 0, 0, 1], [10, 0, 0, 2]).udp(FROM, TO).payload(&[0x5a; 24]).unpadded().build()
}

/// A frame within one more layer; whether IPv4 follows its Ethernet header, and whether the layer is a tunnel.
fn wrapped(frame: &[u8], is_ip: bool, which: u8, number: u8) -> (Vec<u8>, bool, bool) {
    let eth = || Packet::eth(A, [2, 0, 0, 0, 1, number]);
    let four = || eth().ip([192, 0, 2, 1], [192, 0, 2, number]);
    let mirror = Erspan { session: u16::from(number), ..Erspan::default() };
    let id = u32::from(number);
    let (whole, ip) = (frame, &frame[14..]);
    let (packet, is_ip, is_tunnel) = match (which % 14, is_ip) {
        (0, true) => (four().packet(ip), true, true),
        (1, true) => (four().gre().packet(ip), true, true),
        (2, true) => (four().gtp(id).packet(ip), true, true),
        (3, true) => (eth().mpls(16 + id).packet(ip), false, false),
        (4, true) => (eth().pppoe(u16::from(number)).packet(ip), false, false),
        (5, true) => (eth().vlan(u16::from(number) + 1).packet(ip), false, false),
        (6, true) => (eth().ip([0xfd00, 0, 0, 0, 0, 0, 0, 1], [0xfd00, 0, 0, 0, 0, 0, 0, 2]).gre().packet(ip), false, true),
        (0 | 7, _) => (four().gre().key(id).frame(whole), true, true),
        (1 | 8, _) => (four().erspan1().frame(whole), true, true),
        (2 | 9, _) => (four().erspan2(mirror).frame(whole), true, true),
        (3 | 10, _) => (four().erspan3(mirror).frame(whole), true, true),
        (4 | 11, _) => (four().geneve(id, &[number; 8]).frame(whole), true, true),
        (5 | 12, _) => (four().tzsp().frame(whole), true, true),
        _ => (four().vxlan(id).frame(whole), true, true),
    };
    (packet.unpadded().build(), is_ip, is_tunnel)
}

/// Each layer alone, two of each kind of tunnel, and as many as there can be.
pub fn tunnels_seeds() -> Vec<Vec<u8>> {
    let alone = (0..14).map(|which| vec![1, which, 7]);
    let twice = (0..14).map(|which| vec![2, which, 7, (which * 5 + 7) % 14, 9]);
    let deep = [23].into_iter().chain((0..23).flat_map(|which| [which * 3, which])).collect();
    let changed = vec![2, 13, 1, 7, 2, 0, 40, 0xff];
    alone.chain(twice).chain([deep, changed]).collect()
}
