//! Every link type that carries IP, and those that are known by name.

use super::*;
use crate::decode::{Net, TransportHeader};
use crate::model::Mac;
use crate::packet::captured::{CAPTURED, Captured, NAMED, Over};

/// A packet of ours in a way of holding it.
fn held(way: &Captured) -> Vec<u8> {
    (way.hold)(&if way.over == Over::Frame { inner() } else { inner_ip() })
}

#[test]
fn each_way_to_hold_a_packet_shows_it() {
    for way in CAPTURED {
        let bytes = held(way);
        let h = on(LinkType(way.link), &bytes, &Rules::PLAIN);
        let eth = if way.over == Over::Frame { ":eth" } else { "" };
        assert_eq!(path(&h), format!("{}{eth}:ip:tcp", way.path), "{way:?}");
        assert_eq!(
            h.transport,
            TransportHeader::Tcp {
                source: 1000,
                destination: 80,
                sequence: 1,
                acknowledgement: 2,
                flags: PSH | ACK,
                window: 256,
                payload: 30
            }
        );
        assert_eq!(h.net, Net::V4([10, 0, 0, 1].into(), [10, 0, 0, 99].into()), "{way:?}");
        assert_eq!((h.wire as usize, h.frame_at as usize, h.stop), (bytes.len() - way.own, way.own, None), "{way:?}");
        // Where the frame is in it, and where its payload.
        let frame = frame(&h, &bytes);
        assert_eq!(frame.payload(), [0x2a; 30], "{way:?}");
        if way.over == Over::Frame && way.link != 128 {
            assert_eq!(h.mac, Some((Mac([2, 0, 0, 0, 0, 0xaa]), Mac([2, 0, 0, 0, 0, 0xdd]))), "{way:?}");
        }
    }
}

#[test]
fn those_known_by_name_have_their_name() {
    for &(link, bytes, name) in NAMED {
        let h = on(LinkType(link), bytes, &Rules::PLAIN);
        assert_eq!((path(&h).as_str(), h.net), (name, Net::None), "{link} {bytes:02x?}");
        assert!(LinkType(link).name().is_some(), "{link}");
    }
    assert_eq!(path(&on(LinkType(162), &[0; 20], &Rules::PLAIN)), "linktype-162");
}

#[test]
fn ipv6_by_the_address_families_of_every_system() {
    let ip = ipv6(1, 6, &tcp(1000, 80, b"abc"));
    let shown = |link: LinkType, head: &[u8]| path(&on(link, &join(&[head, &ip]), &Rules::PLAIN));
    for family in [10, 24, 26, 28, 30u8] {
        assert_eq!(shown(LinkType::NULL, &[family, 0, 0, 0]), "null:ipv6:tcp");
        assert_eq!(shown(LinkType::ENC, &[0, 0, 0, family, 1, 2, 3, 4, 0, 0, 0, 0]), "enc:ipv6:tcp");
        let mut log = [0; 64];
        (log[0], log[1]) = (61, family);
        assert_eq!(shown(LinkType::PFLOG, &log), "pflog:ipv6:tcp");
        let mut interface = [0; 24];
        (interface[0], interface[1]) = (1, family);
        assert_eq!(shown(LinkType::IPNET, &interface), "ipnet:ipv6:tcp");
    }
    let length = (ip.len() as u16 + 4).to_le_bytes();
    assert_eq!(shown(LinkType::NFLOG, &[10, 0, 0, 1, length[0], length[1], 9, 0]), "nflog:ipv6:tcp");
    assert_eq!(shown(LinkType::ARCNET_LINUX, &[1, 2, 0, 0, 196, 0, 0, 1]), "arcnet:ipv6:tcp");
    assert_eq!(shown(LinkType::IPOIB, &join(&[&[0; 40], &[0x86, 0xdd, 0, 0]])), "ipoib:ipv6:tcp");
    assert_eq!(shown(LinkType::JUNIPER_ST, b"MGC\x02\x06\0\0\0"), "juniper:ipv6:tcp");
    // An uncompressed packet in 6LoWPAN.
    let wpan = [0x41, 0x88, 1, 0xcd, 0xab, 2, 0, 1, 0, 0x41];
    assert_eq!(shown(LinkType::IEEE802_15_4_NOFCS, &wpan), "wpan:6lowpan:ipv6:tcp");
}

#[test]
fn what_is_no_packet_is_none() {
    let shown = |link: LinkType, bytes: &[u8]| {
        let h = on(link, bytes, &Rules::PLAIN);
        (path(&h), h.stop)
    };
    let plain = |path: &str| (path.to_owned(), None);
    // A log without a packet; records that only fill up; a comment of a tap; LAN emulation's control; the second piece of an ARCNET packet.
    assert_eq!(shown(LinkType::NFLOG, &[2, 0, 0, 1, 8, 0, 1, 0, 8, 0, 3, 0]).0, "nflog");
    assert_eq!(shown(LinkType::ERF, &crate::packet::captured::erf(48, 9, 0, &[], &[0; 16])), plain("erf"));
    assert_eq!(shown(LinkType::PKTAP, &join(&[&[108, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0], &[0; 96]])), plain("pktap"));
    assert_eq!(shown(LinkType::SUNATM, &[1, 0, 0, 5, 0xff, 0, 1, 1]), plain("atm:lane"));
    assert_eq!(shown(LinkType::ARCNET_BSD, &join(&[&[1, 2, 212, 2, 0, 1], &[0x45; 40]])), plain("arcnet"));
    assert_eq!(shown(LinkType::JUNIPER_ETHER, b"not a magic number"), plain("juniper"));
    // Lengths that contradict themselves.
    let malformed = |path: &str| (path.to_owned(), Some(Stop::Malformed));
    assert_eq!(shown(LinkType::NFLOG, &[2, 0, 0, 1, 2, 0, 9, 0]), malformed("nflog"));
    assert_eq!(shown(LinkType::PPI, &[0, 0, 7, 0, 1, 0, 0, 0]), malformed("ppi"));
    assert_eq!(shown(LinkType::PFLOG, &[7; 60]), malformed("pflog"));
    assert_eq!(shown(LinkType::ERF, &join(&[&[0; 8], &[0x82, 0, 0, 16, 0, 0, 0, 60], &[0x80; 200]])).1, Some(Stop::Malformed));
    // Headers that name themselves end.
    let nested: Vec<u8> = [0, 0, 8, 0, 192, 0, 0, 0].repeat(100);
    assert!(shown(LinkType::PPI, &nested).0.starts_with("ppi:ppi:ppi"));
}

/// Any cut and any changed byte of any way: no panic, and offsets stay within the packet.
#[test]
fn cuts_and_changed_bytes_are_sound() {
    let mut headers = Headers::default();
    let mut state = 7u64;
    let mut random = |n: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % n
    };
    for way in CAPTURED {
        let whole = held(way);
        let lead = whole.len() - 60;
        for turn in 0..400 {
            let mut bytes = whole.clone();
            if turn < whole.len() {
                bytes.truncate(turn);
            } else {
                (0..3).for_each(|_| bytes[random(lead)] = random(256) as u8);
            }
            for wire in [bytes.len(), whole.len()] {
                for peel in [Peel::NONE, Peel::ALL] {
                    walk(LinkType(way.link), &bytes, wire as u32, &Rules::PLAIN, peel, &mut headers);
                    assert!(headers.payload_at as usize <= bytes.len() && headers.frame_at as usize <= bytes.len(), "{way:?}");
                    assert!(headers.net_at as usize <= bytes.len() && headers.transport_at as usize <= bytes.len(), "{way:?}");
                    let _ = frame(&headers, &bytes).payload();
                }
            }
        }
    }
}
