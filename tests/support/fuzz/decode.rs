//! The walk over any packet of any link type: offsets lie within the packet, and nothing is left behind for the next.
//!
//! Input: link type (two bytes), tunnels to take off, how much longer the packet was on the wire, then the packet.

use super::super::packet::captured::{CAPTURED, NAMED, Over};
use super::super::packet::{End, Erspan, Packet};
use super::split;
use spantop::decode::{self, Headers, Net, Peel, Rules, TransportHeader};
use spantop::model::{LinkType, TunnelKind};

/// What must hold of any walk over any bytes.
pub fn assert_sound(headers: &Headers, bytes: &[u8]) {
    let (captured, of) = (bytes.len(), || format!("{headers:?} of {bytes:02x?}"));
    assert!(headers.payload_at as usize <= captured, "{}", of());
    assert!(headers.frame_at as usize <= captured, "{}", of());
    match headers.net {
        Net::None => assert_eq!((headers.net_at, headers.transport), (0, TransportHeader::None), "{}", of()),
        Net::V4(..) => assert!(headers.net_at as usize + 20 <= captured, "{}", of()),
        Net::V6(..) => assert!(headers.net_at as usize + 40 <= captured, "{}", of()),
    }
    if headers.transport != TransportHeader::None {
        assert!(headers.transport_at as usize + 4 <= captured && headers.transport_at > headers.net_at, "{}", of());
    }
}

/// The target.
pub fn run(data: &[u8]) {
    let ([l0, l1, peel, longer], bytes) = split(data);
    let link = LinkType(u16::from_be_bytes([l0, l1]));
    let wire = bytes.len() as u32 + u32::from(longer) * 5;
    let mut rules = Rules::PLAIN;
    // An encapsulation without a number of its own is told by the user.
    let _ = rules.set_port(5555, TunnelKind::ArubaErm);
    rules.stamps = peel & 2 == 2;
    let off = Peel { tunnels: peel, tag: peel & 1 == 1 };
    let (mut used, mut fresh) = (Headers::default(), Headers::default());
    let deep = seeds().pop().unwrap_or_default();
    decode::walk(LinkType::ETHERNET, deep.get(4..).unwrap_or_default(), 2000, &Rules::PLAIN, Peel::ALL, &mut used);
    for headers in [&mut used, &mut fresh] {
        decode::walk(link, bytes, wire, &rules, off, headers);
        assert_sound(headers, bytes);
    }
    assert_eq!(summary(&used), summary(&fresh), "something was left behind");
    for sample in decode::sflow::samples(bytes) {
        assert!(sample.header.start <= sample.header.end && sample.header.end <= bytes.len());
    }
}

/// Everything that counts, in words.
fn summary(h: &Headers) -> String {
    let tunnels: Vec<_> = h.tunnels.iter().collect();
    let places = (h.frame_at, h.wire, h.net_at, h.net_end, h.transport_at, h.payload_at);
    format!("{} {places:?} {:?} {:?} {:?} {:?} {tunnels:?} {:?} {:?}", h.path, h.mac, h.vlans, h.net, h.transport, h.mirror, h.stop)
}

/// Ethernet frames: one of each kind of layer that the builder has.
pub fn frames() -> Vec<Vec<u8>> {
    let (a, b) = ([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2]);
    let (a4, b4) = ([10, 0, 0, 1], [10, 0, 0, 2]);
    let (a6, b6) = ([0xfd00, 0, 0, 0, 0, 0, 0, 1], [0xfd00, 0, 0, 0, 0, 0, 0, 2]);
    let eth = || Packet::eth(a, b);
    let four = || eth().ip(a4, b4);
    let six = || eth().ip(a6, b6);
    let inner = four().tcp(1000, 80).payload(&[7; 30]).build();
    let ip = &inner[14..];
    [
        four().tcp(1000, 80).options(&[2, 4, 5, 0xb4, 4, 2]).payload(b"hello"),
        eth().vlans(&[10, 20]).ip(a4, b4).options(&[0x94, 4, 0, 0]).udp(5000, 53).payload(b"abc"),
        six().extension(0, &[5, 2, 0, 0]).extension(43, &[0; 6]).fragment(9, 0, true).udp(1, 2).payload(&[0; 16]),
        six().ah(1, 12).tcp(1, 2),
        four().fragment(7, 24, false).protocol(17).payload(&[0; 16]),
        four().icmp(3, 1, [0; 4]).packet(&ip[..28]),
        six().ping(1, 2, false),
        four().sctp(1, 2, 3).payload(&[0; 8]),
        Packet::arp(1, End::new(a, a4, 0), [0; 6], b4.into()),
        eth().snap([0; 3]).packet(ip),
        eth().llc(0x42, 0x42, 3).payload(&[0; 35]),
        eth().mpls(16).mpls(17).packet(ip),
        eth().pppoe(7).packet(ip),
        four().gre().gre_checksum().key(7).sequence(9).packet(ip),
        four().gre().key(0x100).frame(&inner),
        four().erspan1().frame(&inner),
        four().erspan2(Erspan::default()).frame(&inner),
        four().erspan3(Erspan { granularity: 1, ..Erspan::default() }).frame(&inner),
        four().vxlan(100).frame(&inner),
        four().udp(1, 4790).header(&[0x0c, 0, 0, 1, 0, 0, 3, 0]).packet(ip),
        four().geneve(4, &[1, 2, 3, 4]).frame(&inner),
        four().tzsp().frame(&inner),
        four().gtp(5).packet(ip),
        four().udp(1, 1701).header(&[0, 2, 0, 1, 0, 2, 0xff, 3, 0, 0x21]).packet(ip),
        four().udp(1, 5247).header(&[0, 0x10, 0x02, 0, 0, 0, 0, 0]).frame(&inner),
        four().udp(1, 4341).header(&[8, 0, 0, 0, 0, 0, 6, 0]).packet(ip),
        four().udp(1, 6343).payload(&[0, 0, 0, 5, 0, 0, 0, 1, 10, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 9, 0, 0, 0, 1, 0, 0, 0, 1]),
        eth().ether_type(0x88e5).header(&[0, 0, 0, 0, 0, 1, 8, 0]).payload(ip),
        eth().ether_type(0x894f).header(&[0, 2, 1, 3, 0, 0, 9, 255]).payload(&inner),
        eth().ether_type(0x8926).header(&[0, 0, 0, 0x21, 8, 0]).payload(ip),
        eth().ether_type(0x22f3).header(&[0, 0x45, 0, 2, 0, 1, 9, 9, 9, 9]).payload(&inner),
        four().packet(&Packet::bare().ip(a4, b4).packet(&Packet::bare().ip(a4, b4).packet(ip).build()).build()),
    ]
    .iter()
    .map(Packet::build)
    .collect()
}

/// Those frames with every tunnel on and off, and packets of other link types.
pub fn seeds() -> Vec<Vec<u8>> {
    let frames = frames();
    let mut out: Vec<Vec<u8>> = frames.iter().map(|f| [&[0, 1, 0xff, 0][..], f].concat()).collect();
    // Raw IP, cooked, loopback, PPP, 802.11 with radiotap.
    let ip = frames[0][14..].to_vec();
    for (link, lead) in
        [(101u16, &[][..]), (113, &[0, 0, 0, 1, 0, 6, 1, 2, 3, 4, 5, 6, 0, 0, 8, 0]), (0, &[2, 0, 0, 0]), (9, &[0xff, 3, 0, 0x21])]
    {
        out.push([&link.to_be_bytes()[..], &[0, 0], lead, &ip].concat());
    }
    let wlan = [&[0, 0, 8, 0, 0, 0, 0, 0, 0x88, 1, 0, 0][..], &[1; 18], &[0, 0, 0, 0, 0xaa, 0xaa, 3, 0, 0, 0, 8, 0]].concat();
    out.push([&[0, 127, 0, 0][..], &wlan, &ip].concat());
    // Every way captures hold a packet.
    for way in CAPTURED {
        let packet = (way.hold)(if way.over == Over::Frame { &frames[0] } else { &ip });
        out.push([&way.link.to_be_bytes()[..], &[0, 0], &packet].concat());
    }
    out.extend(NAMED.iter().map(|(link, bytes, _)| [&link.to_be_bytes()[..], &[0, 0], bytes].concat()));
    // The deepest last.
    let deepest = out.remove(frames.len() - 1);
    out.push(deepest);
    out
}
