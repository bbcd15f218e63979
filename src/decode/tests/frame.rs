//! What a frame says beyond its conversation: payloads, header values, the conversation an ICMP error quotes.

use super::*;
use crate::model::{Direction, FlowKey, QuotedFlow};

fn payload(bytes: &[u8]) -> Vec<u8> {
    frame(&plain(bytes), bytes).payload().to_vec()
}

fn l2_payload(bytes: &[u8]) -> Vec<u8> {
    frame(&plain(bytes), bytes).l2_payload().to_vec()
}

#[test]
fn a_payload_is_what_the_transport_carries() {
    let padded = |packet: Vec<u8>| join(&[&packet, &[0xee; 9]]);
    assert_eq!(payload(&padded(eth(0x0800, &ipv4(1, 6, &tcp(1, 2, b"data"))))), b"data");
    assert_eq!(payload(&padded(eth(0x86dd, &ipv6(1, 17, &udp(1, 2, b"data"))))), b"data");
    // UDP ends by its own length, a tunnel that stays on is payload.
    let mut short = udp(1, 2, b"data");
    short[5] = 10;
    assert_eq!(payload(&eth(0x0800, &ipv4(1, 17, &short))), b"da");
    let vxlan = join(&[&[8, 0, 0, 0, 0, 0, 9, 0], &inner()]);
    assert_eq!(payload(&outer(17, &udp(5000, 4789, &vxlan))), vxlan);
    let inner = peeling(LinkType::ETHERNET, &outer(17, &udp(5000, 4789, &vxlan)), &Rules::PLAIN, Peel::ALL);
    assert_eq!(frame(&inner, &outer(17, &udp(5000, 4789, &vxlan))).payload(), [0x2a; 30]);
    // Options belong to the header, also when the capture cuts them.
    let mut options = tcp(1, 2, &[1, 1, 1, 0, b'x']);
    options[12] = 0x60;
    let packet = eth(0x0800, &ipv4(1, 6, &options));
    assert_eq!(payload(&packet), b"x");
    for cut in 0..packet.len() {
        let headers = {
            let mut headers = Headers::default();
            walk(LinkType::ETHERNET, &packet[..cut], packet.len() as u32, &Rules::PLAIN, Peel::NONE, &mut headers);
            headers
        };
        let frame = frame(&headers, &packet[..cut]);
        assert!(frame.tcp.is_none() || frame.payload().is_empty(), "{cut}");
    }
}

#[test]
fn a_link_payload_begins_behind_the_type_and_ends_by_the_length() {
    let lldp = [2, 7, 4, 2, 0, 0, 0, 0, 1, 0, 0];
    assert_eq!(l2_payload(&eth(0x88cc, &lldp)), lldp);
    let tagged = eth(0x8100, &join(&[&[0, 7, 0x88, 0xcc], &lldp]));
    assert_eq!(l2_payload(&tagged), lldp);
    let stp = join(&[&[0x42, 0x42, 3], &[0; 35]]);
    assert_eq!(l2_payload(&eth(38, &join(&[&stp, &[0; 8]]))), stp);
    assert_eq!(l2_payload(&eth(0x8100, &join(&[&[0, 7, 0, 38], &stp, &[0xee; 4]]))), stp);
    let packet = ipv4(1, 6, &tcp(1, 2, &[]));
    assert_eq!(l2_payload(&eth(0x0800, &packet)), packet);
    let raw = on(LinkType::RAW, &packet, &Rules::PLAIN);
    assert_eq!(frame(&raw, &packet).l2_payload(), packet);
    // Of a tunnel that stays on it is the outer link's.
    let vxlan = ipv4(50, 17, &udp(5000, 4789, &join(&[&[8, 0, 0, 0, 0, 0, 9, 0], &inner()])));
    assert_eq!(l2_payload(&eth(0x0800, &vxlan)), vxlan);
    assert!(l2_payload(&[]).is_empty());
}

#[test]
fn hops_class_and_identification() {
    let mut packet = eth(0x0800, &ipv4(1, 6, &tcp(1, 2, &[])));
    packet[15] = 0xb9;
    let h = plain(&packet);
    let f = frame(&h, &packet);
    assert_eq!((f.ttl, f.dscp(), f.ecn(), f.ip_id()), (64, 46, 1, Some(7)));
    let mut packet = eth(0x86dd, &ipv6(1, 6, &tcp(1, 2, &[])));
    (packet[14], packet[15]) = (0x6b, 0x90);
    let h = plain(&packet);
    let f = frame(&h, &packet);
    assert_eq!((f.ttl, f.dscp(), f.ecn(), f.ip_id()), (64, 46, 1, None));
    let arp = eth(0x0806, &[0; 28]);
    let f = plain(&arp);
    let f = frame(&f, &arp);
    assert_eq!((f.ttl, f.traffic_class, f.ip_id()), (0, 0, None));
}

/// An ICMP error of a version of IP that quotes `packet`.
fn error(kind: u8, code: u8, rest: u32, packet: &[u8]) -> Vec<u8> {
    let message = join(&[&[kind, code, 0, 0], &rest.to_be_bytes(), packet]);
    if packet[0] >> 4 == 4 { eth(0x0800, &ipv4(77, 1, &message)) } else { eth(0x86dd, &ipv6(77, 58, &message)) }
}

fn quoted(bytes: &[u8]) -> Option<QuotedFlow> {
    frame(&plain(bytes), bytes).quoted_flow()
}

#[test]
fn an_icmp_error_names_the_conversation_it_is_about() {
    let packet = ipv4(1, 6, &tcp(1000, 80, &[0; 30]));
    let (key, direction) = plain(&eth(0x0800, &packet)).flow().unwrap();
    // Eight bytes behind the IP header are all a router must quote (RFC 792).
    let found = quoted(&error(3, 4, 1400, &packet[..28])).unwrap();
    assert_eq!(found, QuotedFlow { kind: 3, code: 4, rest: 1400, key, direction });
    assert_eq!(quoted(&error(11, 0, 0, &packet[..24])).unwrap().key, key);
    assert_eq!(quoted(&error(11, 0, 0, &packet[..23])), None, "ports are cut");
    assert_eq!(quoted(&error(8, 0, 0, &packet)), None, "an echo request quotes nothing");
    let mut later = packet.clone();
    later[7] = 1;
    assert_eq!(quoted(&error(3, 3, 0, &later)), None, "a later fragment has no ports");
    let ping = ipv4(1, 1, &[8, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(quoted(&error(11, 0, 0, &ping)).unwrap().key, plain(&eth(0x0800, &ping)).flow().unwrap().0);

    let datagram = ipv6(1, 17, &udp(9, 53, &[0; 20]));
    let (key, direction) = plain(&eth(0x86dd, &datagram)).flow().unwrap();
    assert_eq!(quoted(&error(2, 0, 1280, &datagram)).map(|q| (q.key, q.direction, q.rest)), Some((key, direction, 1280)));
    assert_eq!(quoted(&error(129, 0, 0, &datagram)), None);
    let behind_options = ipv6(1, 60, &join(&[&[17, 0, 1, 4, 0, 0, 0, 0], &udp(9, 53, &[])]));
    assert_eq!(quoted(&error(1, 4, 0, &behind_options)).map(|q| q.key), Some(key));
    assert_eq!((key.protocol, direction), (17, Direction::AToB));
    assert_ne!(key, FlowKey::default());
}

#[test]
fn a_quote_cut_anywhere_is_sound() {
    let packet = error(3, 3, 0, &ipv4(1, 17, &udp(1, 2, &[0; 9])));
    for cut in 0..packet.len() {
        if let Some(found) = quoted(&packet[..cut]) {
            assert_eq!((found.key.a_port, found.key.b_port), (1, 2));
        }
    }
}
