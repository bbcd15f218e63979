//! The packet builder is held against decoders that know nothing of it: etherparse for lengths and checksums, the decoder for what is in the
//! packet, tshark where it is.

mod support;

use etherparse::{LaxPacketHeaders, SlicedPacket, TransportSlice};
use spantop::decode::{self, Headers, Peel, Rules};
use spantop::model::{LinkType, Stop};
use std::process::Command;
use support::packet::message::{cdp, dns, lldp, pvst, stp};
use support::packet::{ACK, End, Erspan, FIN, PSH, Packet, SYN, file};

const A: [u8; 6] = [2, 0, 0, 0, 0, 1];
const B: [u8; 6] = [2, 0, 0, 0, 0, 2];
const A4: [u8; 4] = [10, 0, 0, 1];
const B4: [u8; 4] = [10, 0, 0, 2];
const A6: [u16; 8] = [0xfd00, 0, 0, 0, 0, 0, 0, 1];
const B6: [u16; 8] = [0xfd00, 0, 0, 0, 0, 0, 0, 2];

/// The path of protocols and why the walk stopped.
fn walked(frame: &[u8]) -> (String, Option<Stop>) {
    let mut headers = Headers::default();
    decode::walk(LinkType::ETHERNET, frame, frame.len() as u32, &Rules::PLAIN, Peel::NONE, &mut headers);
    (headers.path.to_string(), headers.stop)
}

fn eth() -> Packet {
    Packet::eth(A, B)
}

fn four() -> Packet {
    eth().ip(A4, B4)
}

/// One packet of every kind of layer, with the path it has.
fn all() -> Vec<(&'static str, Vec<u8>)> {
    let inner = four().tcp(1000, 80).payload(&[7; 30]).build();
    let inner_ip = &inner[14..];
    let snap = eth().snap([0; 3]).ip(A4, B4).udp(1, 2).payload(b"abc");
    vec![
        ("eth:ip:tcp", inner.clone()),
        ("eth:ip:tcp", four().options(&[0x94, 4, 0, 0]).tcp(1, 2).options(&[2, 4, 5, 0xb4, 4, 2]).flags(SYN).build()),
        ("eth:vlan:vlan:ip:udp", eth().vlans(&[10, 20]).ip(A4, B4).ttl(3).traffic_class(0xb8).udp(5000, 6000).payload(b"odd").build()),
        ("eth:ieee8021ad:vlan:ipv6:tcp", eth().service_vlan(9).vlan(10).ip(A6, B6).tcp(1, 2).flags(FIN | PSH | ACK).payload(b"x").build()),
        ("eth:ipv6:udp", eth().ip(A6, B6).traffic_class(0xff).flow_label(0x12345).udp(1, 2).payload(&[1; 9]).build()),
        ("eth:ip:icmp", four().ping(1, 2, false).payload(&[0; 32]).build()),
        ("eth:ip:icmp", four().icmp(3, 1, [0; 4]).packet(&inner_ip[..28]).build()),
        ("eth:ipv6:icmpv6", eth().ip(A6, B6).ping(1, 2, true).payload(&[3; 7]).build()),
        ("eth:ipv6:udp", eth().ip(A6, B6).extension(0, &[1, 4, 0, 0, 0, 0]).extension(60, &[]).udp(1, 2).payload(b"x").build()),
        ("eth:ip:udp", four().fragment(7, 0, true).udp(1, 2).length(100).checksum(1).payload(&[0; 16]).build()),
        ("eth:ip", four().fragment(8, 24, false).protocol(17).payload(&[0; 16]).build()),
        ("eth:ipv6", eth().ip(A6, B6).fragment(7, 24, false).protocol(17).payload(&[0; 16]).build()),
        ("eth:ip:sctp", four().sctp(1, 2, 3).payload(&[0, 3, 0, 4]).build()),
        ("eth:ip:ah:tcp", four().ah(5, 12).tcp(1, 2).build()),
        ("eth:arp", Packet::arp(1, End::new(A, A4, 0), [0; 6], B4.into()).build()),
        ("eth:llc:ip:udp", snap.build()),
        ("eth:llc:stp", stp(A, 1, 2)),
        ("eth:vlan:llc:stp", pvst(A, 10)),
        ("eth:lldp", lldp(A, "Gi1/0/1", "sw1")),
        ("eth:llc:cdp", cdp(A, "Gi1/0/1", "sw1")),
        ("eth:mpls:mpls:ip:tcp", eth().mpls(16).mpls(17).packet(inner_ip).build()),
        ("eth:pppoes:ppp:ip:tcp", eth().pppoe(9).packet(inner_ip).build()),
        ("eth:pppoes:ppp:ipv6:udp", eth().pppoe(9).ip(A6, B6).udp(1, 2).payload(b"abc").build()),
        ("eth:ip:gre:ip:tcp", four().gre().gre_checksum().key(7).sequence(9).packet(inner_ip).build()),
        ("eth:ip:gre:eth:ip:tcp", four().gre().frame(&inner).build()),
        ("eth:ip:gre:erspan:eth:ip:tcp", four().erspan1().frame(&inner).build()),
        ("eth:ip:gre:erspan:eth:ip:tcp", four().erspan2(Erspan { session: 7, ..Erspan::default() }).frame(&inner).build()),
        ("eth:ip:gre:erspan:eth:ip:tcp", four().erspan3(Erspan { egress: true, ..Erspan::default() }).frame(&inner).build()),
        ("eth:ip:udp:vxlan:eth:ip:tcp", four().vxlan(100).frame(&inner).build()),
        ("eth:ip:udp:vxlan:eth:vlan:ip:udp", four().vxlan(100).then_eth(A, B).vlan(5).ip(A4, B4).udp(1, 2).payload(b"x").build()),
        ("eth:ip:udp:geneve:eth:ip:tcp", four().geneve(4, &[1, 2, 3, 0]).frame(&inner).build()),
        ("eth:ip:udp:tzsp:eth:ip:tcp", four().tzsp().frame(&inner).build()),
        ("eth:ip:udp:gtp:ip:tcp", four().gtp(5).packet(inner_ip).build()),
        ("eth:ip:ip:tcp", four().packet(inner_ip).build()),
        ("eth:ipv6:ip:udp", eth().ip(A6, B6).ip(A4, B4).udp(1, 2).payload(b"abcd").build()),
        ("eth:ip:udp", four().udp(40_000, 53).payload(&dns(1, "example.org", Some(A4.into()))).build()),
    ]
}

#[test]
fn every_layer_says_what_follows_it() {
    for (path, frame) in all() {
        assert_eq!(walked(&frame), (path.to_owned(), None), "{frame:02x?}");
        assert!(frame.len() >= 60, "{path}");
    }
}

#[test]
fn checksums_are_right() {
    let mut checked = 0;
    for (path, frame) in all() {
        let Ok(sliced) = SlicedPacket::from_ethernet(&frame) else { continue };
        let headers = LaxPacketHeaders::from_ethernet(&frame).unwrap();
        if let Some((ip, _)) = headers.net.as_ref().and_then(|net| net.ipv4_ref()) {
            assert_eq!(ip.header_checksum, ip.calc_header_checksum(), "{path}");
        }
        let fragment = path.ends_with("udp") && frame[14] == 0x45 && frame[20] & 0x20 != 0;
        match (&sliced.transport, &headers.net) {
            _ if fragment => {}
            (Some(TransportSlice::Tcp(tcp)), Some(etherparse::NetHeaders::Ipv4(ip, _))) => {
                assert_eq!(tcp.checksum(), tcp.calc_checksum_ipv4(ip.source, ip.destination).unwrap(), "{path}");
                checked += 1;
            }
            (Some(TransportSlice::Tcp(tcp)), Some(etherparse::NetHeaders::Ipv6(ip, _))) => {
                assert_eq!(tcp.checksum(), tcp.calc_checksum_ipv6(ip.source, ip.destination).unwrap(), "{path}");
                checked += 1;
            }
            (Some(TransportSlice::Udp(udp)), Some(etherparse::NetHeaders::Ipv4(ip, _))) => {
                assert_eq!(udp.checksum(), udp.to_header().calc_checksum_ipv4(ip, udp.payload()).unwrap(), "{path}");
                checked += 1;
            }
            (Some(TransportSlice::Udp(udp)), Some(etherparse::NetHeaders::Ipv6(ip, _))) => {
                assert_eq!(udp.checksum(), udp.to_header().calc_checksum_ipv6(ip, udp.payload()).unwrap(), "{path}");
                checked += 1;
            }
            (Some(TransportSlice::Icmpv4(icmp)), _) => {
                assert_eq!(icmp.checksum(), icmp.icmp_type().calc_checksum(icmp.payload()), "{path}");
                checked += 1;
            }
            (Some(TransportSlice::Icmpv6(icmp)), Some(etherparse::NetHeaders::Ipv6(ip, _))) => {
                assert!(icmp.is_checksum_valid(ip.source, ip.destination), "{path}");
                checked += 1;
            }
            _ => {}
        }
    }
    assert!(checked >= 15, "only {checked} checksums compared");
}

#[test]
fn what_is_wrong_on_request_is_wrong_alone() {
    let right = four().udp(1, 2).payload(b"abc");
    let (good, long) = (right.build(), right.clone().length(200).build());
    assert_eq!(walked(&long), ("eth:ip:udp".to_owned(), Some(Stop::Malformed)));
    let differing: Vec<usize> = (0..good.len()).filter(|at| good[*at] != long[*at]).collect();
    assert!(differing.iter().all(|at| (38..42).contains(at)), "the length, and the checksum that covers it");
    let unchecked = right.clone().checksum(0).build();
    assert_eq!((&unchecked[40..42], &unchecked[..40]), (&[0, 0][..], &good[..40]));
    // An outer checksum covers what an inner override wrote.
    let wrong = four().set(10, &[0xde, 0xad]).udp(1, 2).payload(b"abc").build();
    assert_eq!((&wrong[24..26], &wrong[34..]), (&[0xde, 0xad][..], &good[34..]));
    assert_eq!(walked(&four().ether_type(0x1234).build()).0, "eth:ethertype-0x1234");
}

#[test]
fn padding_and_trailers_have_their_place() {
    let short = four().udp(1, 2).payload(b"abc");
    assert_eq!((short.build().len(), short.clone().unpadded().build().len()), (60, 45));
    let stamped = short.clone().trailer(&[9; 8]).build();
    assert_eq!((stamped.len(), &stamped[60..]), (68, &[9; 8][..]));
    // A frame inside a tunnel is padded as it was on its own link, and the carrier's lengths count that.
    let tunnelled = four().vxlan(1).then_eth(A, B).ip(A4, B4).udp(1, 2).payload(b"abc").build();
    assert_eq!(tunnelled.len(), 14 + 20 + 8 + 8 + 60);
    assert_eq!(tunnelled[16..18], 96u16.to_be_bytes());
}

/// tshark finds nothing to complain of: no wrong checksum, nothing malformed.
#[test]
fn tshark_has_no_complaint() {
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("packet-builder.pcap");
    let frames = all();
    let file = file::pcap(frames.iter().map(|(_, frame)| (1_000_000_000, frame.as_slice())));
    std::fs::write(&path, file).unwrap();
    let mut command = Command::new("tshark");
    command.args(["-n", "-r"]).arg(&path).args([
        "-T",
        "fields",
        "-e",
        "frame.protocols",
        "-e",
        "_ws.expert.message",
        "-e",
        "_ws.malformed",
    ]);
    for checked in ["ip", "tcp", "udp"] {
        command.args(["-o", &format!("{checked}.check_checksum:TRUE")]);
    }
    let Ok(output) = command.output() else {
        println!("skipped: no tshark here");
        return;
    };
    let text = String::from_utf8_lossy(&output.stdout);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), frames.len(), "{}", String::from_utf8_lossy(&output.stderr));
    for ((path, frame), line) in frames.iter().zip(lines) {
        let complaint = line.split('\t').skip(1).any(|words| words.contains("checksum") || words.contains("alformed"));
        assert!(!complaint || frame[20] & 0x20 != 0, "{path}: {line}");
    }
}
