use super::*;
use crate::decode::{Fragment, Net, TransportHeader};

fn v4(a: u8) -> Net {
    Net::V4([10, 0, 0, a].into(), [10, 0, 0, 99].into())
}

#[test]
fn tcp_fields_and_payload_by_the_ip_length() {
    // Six bytes of Ethernet padding do not count.
    let h = plain(&join(&[&outer(6, &tcp(1000, 80, b"abc")), &[0; 6]]));
    let expected =
        TransportHeader::Tcp { source: 1000, destination: 80, sequence: 1, acknowledgement: 2, flags: 0x18, window: 256, payload: 3 };
    assert_eq!(h.transport, expected);
    assert_eq!((h.net, h.net_at, h.net_end, h.transport_at, h.payload_at, h.protocol), (v4(50), 14, 57, 34, 54, 6));
}

#[test]
fn ipv4_options_move_the_transport() {
    let mut ip = ipv4(1, 17, &udp(7, 8, b"x"));
    ip[0] = 0x47;
    ip[3] += 8;
    ip.splice(20..20, [1; 8]);
    let h = plain(&eth(0x0800, &ip));
    assert_eq!((h.transport, h.transport_at), (TransportHeader::Udp { source: 7, destination: 8 }, 42));
}

#[test]
fn a_total_length_of_zero_is_an_uncut_segment() {
    let mut ip = ipv4(1, 6, &tcp(1, 2, &[0; 100]));
    ip[2..4].copy_from_slice(&[0, 0]);
    let h = plain(&eth(0x0800, &ip));
    assert!(matches!(h.transport, TransportHeader::Tcp { payload: 100, .. }));
    assert_eq!(h.stop, None);
}

#[test]
fn a_length_modulo_64_kib_is_the_frames() {
    let payload = |h: &Headers| match h.transport {
        TransportHeader::Tcp { payload, .. } => payload,
        _ => 0,
    };
    let packet = |bytes: usize, length: usize| {
        let mut ip = ipv4(1, 6, &tcp(1, 2, &[]));
        ip.resize(40 + bytes, b'x');
        ip[2..4].copy_from_slice(&((40 + length) as u16).to_be_bytes());
        payload(&plain(&eth(0x0800, &ip)))
    };
    for bytes in [70_000, 131_000, 200_000] {
        assert_eq!(packet(bytes, bytes % 65_536), bytes as u32);
    }
    // What is behind the packet in a frame of another length is padding, or a trailer.
    assert_eq!([packet(70_000, 4_463), packet(70_000, 4_465), packet(65_495, 65_495), packet(65_500, 100)], [4_463, 4_465, 65_495, 100]);
}

#[test]
fn contradictions_are_malformed() {
    for (at, value) in [(0, 0x44), (3, 10), (0, 0x75)] {
        let mut ip = inner_ip();
        ip[at] = value;
        let h = plain(&eth(0x0800, &ip));
        assert_eq!((path(&h).as_str(), h.stop), ("eth:ip", Some(Stop::Malformed)), "byte {at}");
    }
    let mut datagram = udp(1, 2, b"abc");
    datagram[5] = 200;
    assert_eq!(plain(&outer(17, &datagram)).stop, Some(Stop::Malformed));
    let mut segment = tcp(1, 2, b"abc");
    segment[12] = 0x40;
    let h = plain(&outer(6, &segment));
    assert_eq!((h.stop, h.transport), (Some(Stop::Malformed), TransportHeader::Cut { source: 1, destination: 2 }));
}

#[test]
fn fragments_have_their_place() {
    let mut first = ipv4(1, 17, &udp(7, 8, &[0; 16]));
    // The datagram's own length counts the fragments to come.
    first[6] = 0x20;
    first[25] = 200;
    let h = plain(&eth(0x0800, &first));
    assert_eq!((h.fragment, h.transport), (Fragment::First { id: 7 }, TransportHeader::Udp { source: 7, destination: 8 }));
    assert_eq!(h.stop, None);
    first[6..8].copy_from_slice(&[0x20, 3]);
    let h = plain(&eth(0x0800, &first));
    assert_eq!((h.fragment, h.transport, path(&h).as_str()), (Fragment::Later { id: 7 }, TransportHeader::None, "eth:ip"));
}

#[test]
fn ipv6_extension_chains() {
    // Hop-by-hop, destination options, routing, then a first fragment's header.
    let chain = join(&[&[60, 0, 0, 0, 0, 0, 0, 0], &[43, 1], &[0; 14], &[44, 0, 0, 0, 0, 0, 0, 0], &[17, 0, 0, 1, 0, 0, 1, 2]]);
    let h = plain(&eth(0x86dd, &ipv6(1, 0, &join(&[&chain, &udp(7, 8, b"x")]))));
    assert_eq!((h.protocol, h.fragment), (17, Fragment::First { id: 0x102 }));
    assert_eq!(h.transport, TransportHeader::Udp { source: 7, destination: 8 });
    let later = join(&[&[17, 0, 1, 0, 0, 0, 1, 2], &udp(7, 8, b"x")]);
    let h = plain(&eth(0x86dd, &ipv6(1, 44, &later)));
    assert_eq!((h.protocol, h.fragment, h.transport), (17, Fragment::Later { id: 0x102 }, TransportHeader::None));
    let h = plain(&eth(0x86dd, &ipv6(1, 59, b"nothing")));
    assert_eq!((h.protocol, path(&h).as_str()), (59, "eth:ipv6"));
    // An endless chain ends.
    let h = plain(&eth(0x86dd, &ipv6(1, 60, &[[60, 0, 0, 0, 0, 0, 0, 0]; 40].concat())));
    assert_eq!(path(&h), "eth:ipv6:ip-proto-60");
}

#[test]
fn ip_in_ip_by_what_is_inside() {
    let four = inner_ip();
    let six = ipv6(1, 6, &tcp(3, 4, b""));
    for (packet, words, kind) in [
        (outer(4, &four), "eth:ip:ip:tcp", "ipip"),
        (outer(41, &six), "eth:ip:ipv6:tcp", "6in4"),
        (eth(0x86dd, &ipv6(50, 4, &four)), "eth:ipv6:ip:tcp", "4in6"),
        (eth(0x86dd, &ipv6(50, 41, &six)), "eth:ipv6:ipv6:tcp", "6in6"),
    ] {
        let h = plain(&packet);
        assert_eq!((path(&h).as_str(), tunnels(&h)[0].kind.token()), (words, kind));
        // The inner transport is not the outer packet's.
        assert_eq!(h.transport, TransportHeader::None);
        assert!(matches!(peeled(&packet).transport, TransportHeader::Tcp { .. }));
    }
}

#[test]
fn icmp_ah_sctp_and_the_rest() {
    assert_eq!(plain(&outer(1, &[8, 0, 0, 0])).transport, TransportHeader::Icmp { kind: 8, code: 0 });
    let sctp = [0, 5, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0];
    assert_eq!(plain(&outer(132, &sctp)).transport, TransportHeader::Sctp { source: 5, destination: 6 });
    let ah = join(&[&[6, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1], &tcp(1, 2, b"")]);
    let h = plain(&outer(51, &ah));
    assert_eq!((path(&h).as_str(), h.protocol), ("eth:ip:ah:tcp", 6));
    assert_eq!(path(&plain(&outer(200, b"?"))), "eth:ip:ip-proto-200");
    assert_eq!(plain(&outer(6, &[0, 1, 0, 2, 9])).transport, TransportHeader::Cut { source: 1, destination: 2 });
}
