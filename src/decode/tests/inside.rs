//! Where packets are found behind headers of the link or of IPv6 that move them: aggregated and padded 802.11, PPP's pieces, mobile nodes.

use super::*;
use crate::decode::Net;
use crate::model::Mac;

const SNAP: [u8; 8] = [0xaa, 0xaa, 3, 0, 0, 0, 8, 0];

/// An 802.11 QoS data frame to the distribution system, with this first byte of its QoS control field.
fn qos(control: u8) -> Vec<u8> {
    join(&[&[0x88, 1, 0, 0], &[1; 6], &[2; 6], &[3; 6], &[0, 0], &[control, 0]])
}

#[test]
fn radiotap_says_that_the_header_is_padded() {
    let frame = |padding: &[u8]| join(&[&qos(0), padding, &SNAP, &inner_ip()]);
    let shown = |header: &[u8], padding: &[u8]| path(&on(LinkType::IEEE802_11_RADIOTAP, &join(&[header, &frame(padding)]), &Rules::PLAIN));
    let want = "radiotap:wlan_radio:wlan:llc:ip:tcp";
    // Flags alone; behind a time stamp; behind a second word of fields and a time stamp, which is aligned to eight bytes.
    assert_eq!(shown(&[0, 0, 9, 0, 2, 0, 0, 0, 0x20], &[0, 0]), want);
    assert_eq!(shown(&[0, 0, 17, 0, 3, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 0x20], &[0, 0]), want);
    let two = join(&[&[0, 0, 25, 0, 3, 0, 0, 0x80, 0, 0, 0, 0], &[0; 4], &[1; 8], &[0x20]]);
    assert_eq!(shown(&two, &[0, 0]), want);
    // Not padded: other flags, or none.
    assert_eq!(shown(&[0, 0, 9, 0, 2, 0, 0, 0, 0x10], &[]), want);
    assert_eq!(shown(&[0, 0, 8, 0, 0, 0, 0, 0], &[]), want);
    assert_eq!(shown(&[0, 0, 9, 0, 1, 0, 0, 0, 0x20], &[]), want);
}

#[test]
fn several_packets_in_an_802_11_frame() {
    let one = |last: u8, ip: &[u8]| {
        let length = (8 + ip.len() as u16).to_be_bytes();
        join(&[&[9; 6], &[last; 6], &length, &SNAP, ip])
    };
    let body = join(&[&one(1, &inner_ip()), &[0, 0], &one(2, &ipv4(2, 17, &udp(1, 2, b"second")))]);
    let h = on(LinkType::IEEE802_11, &join(&[&qos(0x80), &body]), &Rules::PLAIN);
    assert_eq!((path(&h).as_str(), h.mac), ("wlan:llc:ip:tcp", Some((Mac([2; 6]), Mac([3; 6])))));
    assert_eq!(h.net, Net::V4([10, 0, 0, 1].into(), [10, 0, 0, 99].into()));
    // Without the bit the same bytes are something else.
    assert_ne!(path(&on(LinkType::IEEE802_11, &join(&[&qos(0), &body]), &Rules::PLAIN)), "wlan:llc:ip:tcp");
}

#[test]
fn what_ppp_carries_in_an_ethernet_session() {
    let shown = |code: u8, ppp: &[u8]| {
        let length = (ppp.len() as u16).to_be_bytes();
        path(&plain(&eth(0x8864, &join(&[&[0x11, code, 0, 7], &length, ppp]))))
    };
    let ip = inner_ip();
    assert_eq!(shown(0, &join(&[&[0, 0x21], &ip])), "eth:pppoes:ppp:ip:tcp");
    assert_eq!(shown(0xa7, &join(&[&[0, 0x21], &ip])), "eth:pppoes:ppp:ip:tcp");
    // Multilink: the whole of a packet, its first piece, a later one.
    assert_eq!(shown(0, &join(&[&[0, 0x3d, 0xc0, 0, 0, 1, 0, 0x21], &ip])), "eth:pppoes:ppp:mp:ip:tcp");
    assert_eq!(shown(0, &join(&[&[0, 0x3d, 0x80, 0, 0, 1, 0, 0x21], &ip[..60]])), "eth:pppoes:ppp:mp:ip:tcp");
    assert_eq!(shown(0, &join(&[&[0, 0x3d, 0x40, 0, 0, 2], &ip[60..]])), "eth:pppoes:ppp:mp");
    assert_eq!(shown(0, &join(&[&[0, 0x31, 0, 1], &inner()])), "eth:pppoes:ppp:bcp_bpdu:eth:ip:tcp");
    assert_eq!(shown(0, &[0, 0xfd, 1, 2, 3]), "eth:pppoes:ppp:comp_data");
    assert_eq!(shown(0, &[0, 0x2d, 1, 2, 3]), "eth:pppoes:ppp:vjc");
}

#[test]
fn bridged_frames_are_padded_behind_llc_and_not_over_frame_relay() {
    let snap = [0xaa, 0xaa, 3, 0, 0x80, 0xc2, 0, 7];
    assert_eq!(path(&on(LinkType::ATM_RFC1483, &join(&[&snap, &[0, 0], &inner()]), &Rules::PLAIN)), "llc:eth:ip:tcp");
    let relayed = join(&[&[0x18, 0x41, 3, 0, 0x80, 0, 0x80, 0xc2, 0, 7], &inner()]);
    assert_eq!(path(&on(LinkType::FRELAY, &relayed, &Rules::PLAIN)), "fr:eth:ip:tcp");
}

/// An address of fd00::/16.
fn address(last: u8) -> [u8; 16] {
    let mut bytes = [0; 16];
    (bytes[0], bytes[15]) = (0xfd, last);
    bytes
}

#[test]
fn mobile_nodes_are_known_by_their_home_address() {
    let ends = |packet: &[u8]| match plain(&eth(0x86dd, packet)).net {
        Net::V6(source, destination) => (source.octets()[15], destination.octets()[15]),
        other => panic!("{other:?}"),
    };
    let behind = tcp(1000, 80, b"abc");
    // Padding of one byte and of several, then the option.
    let from = |next: u8, rest: &[u8]| join(&[&[next, 2, 0, 1, 0, 0xc9, 16], &address(77), &[0], rest]);
    let to = |kind: u8, left: u8, next: u8, rest: &[u8]| join(&[&[next, 2, kind, left, 0, 0, 0, 0], &address(88), rest]);
    assert_eq!(ends(&ipv6(1, 60, &from(6, &behind))), (77, 99));
    assert_eq!(ends(&ipv6(1, 43, &to(2, 1, 6, &behind))), (1, 88));
    assert_eq!(ends(&ipv6(1, 43, &to(2, 1, 60, &from(6, &behind)))), (77, 88));
    // Other routing headers, or none left of it; other options; a cut one.
    assert_eq!(ends(&ipv6(1, 43, &to(0, 1, 6, &behind))), (1, 99));
    assert_eq!(ends(&ipv6(1, 43, &to(2, 0, 6, &behind))), (1, 99));
    assert_eq!(ends(&ipv6(1, 60, &join(&[&[6, 0, 5, 2, 0, 0, 1, 0], &behind]))), (1, 99));
    assert_eq!(ends(&ipv6(1, 60, &join(&[&[6, 0, 0xc9, 16, 0, 0, 0, 0], &behind]))), (1, 99));
    let h = plain(&eth(0x86dd, &ipv6(1, 60, &from(6, &behind))));
    assert_eq!((path(&h).as_str(), h.flow().unwrap().0.a_port.max(h.flow().unwrap().0.b_port)), ("eth:ipv6:tcp", 1000));
}
