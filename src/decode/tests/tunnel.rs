use std::net::Ipv4Addr;

use super::*;
use crate::decode::{Net, TransportHeader, may_carry_packets};
use crate::model::{Address, Mac, Side, TunnelKind};

/// Asserts path and tunnel, that the inside becomes the analysed frame when it is taken off, and that it does not when it stays.
fn assert_carries(packet: &[u8], words: &str, kind: TunnelKind, id: u64, inner_length: u32) {
    let h = peeled(packet);
    let tunnel = tunnels(&h).pop().unwrap();
    assert_eq!((path(&h).as_str(), tunnel.kind, tunnel.id), (words, kind, id));
    assert_eq!(h.net, Net::V4([10, 0, 0, 1].into(), [10, 0, 0, 99].into()), "{words}");
    assert!(matches!(h.transport, TransportHeader::Tcp { source: 1000, destination: 80, payload: 30, .. }), "{words}");
    assert_eq!(h.wire, inner_length, "{words}");
    let h = plain(packet);
    assert_eq!((path(&h).as_str(), h.wire, h.frame_at), (words, packet.len() as u32, 0));
}

fn over_udp(port: u16, header: &[u8], inside: &[u8]) -> Vec<u8> {
    outer(17, &udp(40000, port, &join(&[header, inside])))
}

fn over_gre(header: &[u8], inside: &[u8]) -> Vec<u8> {
    outer(47, &join(&[header, inside]))
}

#[test]
fn gre_with_every_field() {
    let ip = inner_ip();
    assert_carries(&over_gre(&[0, 0, 8, 0], &ip), "eth:ip:gre:ip:tcp", TunnelKind::Gre, 0, 70);
    let all = [0xb0, 0, 8, 0, 1, 2, 0, 0, 0, 0, 0, 9, 0, 0, 0, 1];
    assert_carries(&over_gre(&all, &ip), "eth:ip:gre:ip:tcp", TunnelKind::Gre, 9, 70);
    // One source route of four bytes, then the end.
    let routed = [0x40, 0, 8, 0, 1, 2, 0, 0, 0, 0, 0, 4, 1, 2, 3, 4, 0, 0, 0, 0];
    assert_carries(&over_gre(&routed, &ip), "eth:ip:gre:ip:tcp", TunnelKind::Gre, 0, 70);
    assert_carries(&over_gre(&[0, 0, 0x88, 0x3e, 0, 1, 2, 3], &ip), "eth:ip:gre:ip:tcp", TunnelKind::Gre, 0, 70);
    assert_carries(&over_gre(&[0, 0, 0x88, 0x3e], &ip), "eth:ip:gre:ip:tcp", TunnelKind::Gre, 0, 70);
    let metadata = [0, 0, 0x89, 0x09, 8, 0, 1, 1, 0, 1, 0, 5];
    assert_carries(&over_gre(&metadata, &ip), "eth:ip:gre:cmd:ip:tcp", TunnelKind::Gre, 0, 78);
    // A keepalive holds nothing.
    let h = plain(&over_gre(&[0, 0, 0, 0], &[]));
    assert_eq!((path(&h).as_str(), h.stop, tunnels(&h).len()), ("eth:ip:gre", None, 0));
}

#[test]
fn ethernet_over_gre_and_ip() {
    let frame = inner();
    assert_carries(&over_gre(&[0, 0, 0x65, 0x58], &frame), "eth:ip:gre:eth:ip:tcp", TunnelKind::GreTeb, 0, 84);
    let small = [0x20, 0, 0x65, 0x58, 0, 0, 0, 7];
    assert_carries(&over_gre(&small, &frame), "eth:ip:gre:eth:ip:tcp", TunnelKind::GreTeb, 7, 84);
    let subnet = [0x20, 0, 0x65, 0x58, 0, 0x20, 1, 7];
    assert_carries(&over_gre(&subnet, &frame), "eth:ip:gre:eth:ip:tcp", TunnelKind::Nvgre, 0x2001, 84);
    let numbered = [0x10, 0, 0x65, 0x58, 0, 0, 0, 33];
    assert_eq!(peeled(&over_gre(&numbered, &frame)).mirror.unwrap().sequence, Some(33));
    let mikrotik = [0x20, 1, 0x64, 0, 0, 84, 5, 0];
    assert_carries(&over_gre(&mikrotik, &frame), "eth:ip:gre:eth:ip:tcp", TunnelKind::Eoip, 5, 84);
    assert_eq!(path(&plain(&over_gre(&[0x20, 1, 0x64, 0, 0, 0, 5, 0], &[]))), "eth:ip:gre");
    assert_carries(&outer(97, &join(&[&[0x30, 0], &frame])), "eth:ip:etherip:eth:ip:tcp", TunnelKind::Etherip, 0, 84);
    assert_eq!(plain(&outer(97, &join(&[&[0x40, 0], &frame]))).stop, Some(Stop::Malformed));
}

#[test]
fn ppp_and_802_11_over_gre() {
    let ip = inner_ip();
    let pptp = [0x30, 0x81, 0x88, 0x0b, 0, 73, 0, 5, 0, 0, 0, 1, 0, 0, 0, 2, 0xff, 3, 0x21];
    assert_carries(&over_gre(&pptp, &ip), "eth:ip:gre:ppp:ip:tcp", TunnelKind::Pptp, 5, 73);
    let wlan = join(&[&[0x08, 0x02, 0, 0], &[1; 18], &[0, 0], &[0xaa, 0xaa, 3, 0, 0, 0, 8, 0], &ip]);
    assert_carries(&over_gre(&[0, 0, 0x82, 0], &wlan), "eth:ip:gre:wlan:llc:ip:tcp", TunnelKind::ArubaGre, 0x8200, 102);
}

#[test]
fn overlays() {
    let (frame, ip) = (inner(), inner_ip());
    let vxlan = [8, 0, 0, 0, 0, 1, 2, 0];
    assert_carries(&over_udp(4789, &vxlan, &frame), "eth:ip:udp:vxlan:eth:ip:tcp", TunnelKind::Vxlan, 0x102, 84);
    assert_carries(&over_udp(8472, &[0xff, 0, 0, 0, 0, 1, 2, 0], &frame), "eth:ip:udp:vxlan:eth:ip:tcp", TunnelKind::Vxlan, 0x102, 84);
    assert_eq!(path(&plain(&over_udp(4789, &[0; 8], &frame))), "eth:ip:udp");
    let gpe = |next| [0x0c, 0, 0, next, 0, 0, 3, 0];
    assert_carries(&over_udp(4790, &gpe(1), &ip), "eth:ip:udp:vxlan_gpe:ip:tcp", TunnelKind::VxlanGpe, 3, 70);
    let service = join(&[&gpe(4), &[0, 2, 1, 1, 0, 0, 9, 255]]);
    assert_carries(&over_udp(4790, &service, &ip), "eth:ip:udp:vxlan_gpe:nsh:ip:tcp", TunnelKind::Nsh, 9, 70);
    let geneve = [1, 0, 0x65, 0x58, 0, 0, 4, 0, 1, 2, 3, 4];
    assert_carries(&over_udp(6081, &geneve, &frame), "eth:ip:udp:geneve:eth:ip:tcp", TunnelKind::Geneve, 4, 84);
    assert_carries(&over_udp(6081, &[0, 0, 8, 0, 0, 0, 0, 0], &ip), "eth:ip:udp:geneve:ip:tcp", TunnelKind::Geneve, 0, 70);
}

#[test]
fn a_fragment_of_a_tunnel_still_shows_its_inside() {
    let mut packet = over_udp(4789, &[8, 0, 0, 0, 0, 1, 2, 0], &inner());
    packet[20] = 0x20;
    packet[38..40].copy_from_slice(&[0x05, 0]);
    let h = peeled(&packet);
    assert_eq!((path(&h).as_str(), h.stop), ("eth:ip:udp:vxlan:eth:ip:tcp", None));
}

#[test]
fn access_networks() {
    let (frame, ip) = (inner(), inner_ip());
    let length = |n: u16| n.to_be_bytes();
    let gtp = join(&[&[0x30, 0xff], &length(70), &[0, 0, 0, 9]]);
    assert_carries(&over_udp(2152, &gtp, &ip), "eth:ip:udp:gtp:ip:tcp", TunnelKind::Gtp, 9, 70);
    // Sequence number, then two extension headers of four and eight bytes.
    let chained = join(&[&[0x36, 0xff], &length(70 + 16), &[0, 0, 0, 9, 0, 1, 0, 0x85, 1, 0, 0, 0x40, 2, 0, 0, 0, 0, 0, 0, 0]]);
    assert_carries(&over_udp(2152, &chained, &ip), "eth:ip:udp:gtp:ip:tcp", TunnelKind::Gtp, 9, 70);
    assert_eq!(path(&plain(&over_udp(2152, &[0x30, 1, 0, 0, 0, 0, 0, 0], &[]))), "eth:ip:udp:gtp");
    let zero = join(&[&[0x34, 0xff], &length(74), &[0, 0, 0, 9, 0, 0, 0, 0x85, 0, 0, 0, 0]]);
    assert_eq!(plain(&over_udp(2152, &zero, &ip)).stop, Some(Stop::Malformed));

    let wlan = |swapped: bool| {
        let control: [u8; 2] = if swapped { [0x01, 0x08] } else { [0x08, 0x01] };
        join(&[&control, &[0, 0], &[1; 18], &[0, 0], &[0xaa, 0xaa, 3, 0, 0, 0, 8, 0], &ip])
    };
    for swapped in [false, true] {
        let packet = over_udp(5247, &[0, 0x10, 0x03, 0, 0, 0, 0, 0], &wlan(swapped));
        assert_carries(&packet, "eth:ip:udp:capwap.data:wlan:llc:ip:tcp", TunnelKind::Capwap, 0, 102);
        let packet = over_udp(12222, &[0, 0, 0, 102, 0, 0], &wlan(swapped));
        assert_carries(&packet, "eth:ip:udp:lwapp:wlan:llc:ip:tcp", TunnelKind::Lwapp, 0, 102);
    }
    assert_carries(
        &over_udp(5247, &[0, 0x10, 0x02, 0, 0, 0, 0, 0], &frame),
        "eth:ip:udp:capwap.data:eth:ip:tcp",
        TunnelKind::Capwap,
        0,
        84,
    );
    // DTLS, keep-alive, a later fragment.
    for header in [[1, 0, 0, 0, 0, 0, 0, 0], [0, 0x10, 0x02, 8, 0, 0, 0, 0], [0, 0x10, 0x03, 0x80, 0, 1, 0, 8]] {
        assert_eq!(path(&plain(&over_udp(5247, &header, &frame))), "eth:ip:udp:capwap.data");
    }
}

#[test]
fn l2tp_teredo_and_lisp() {
    let (frame, ip) = (inner(), inner_ip());
    // Length, sequence numbers, an offset of two.
    let two = [0x4a, 2, 0, 90, 0, 1, 0, 2, 0, 0, 0, 0, 0, 2, 0xee, 0xee, 0xff, 3, 0, 0x21];
    assert_carries(&over_udp(1701, &two, &ip), "eth:ip:udp:l2tp:ppp:ip:tcp", TunnelKind::L2tp, 0x1_0002, 74);
    assert_eq!(path(&plain(&over_udp(1701, &[0xc8, 2, 0, 12, 0, 0, 0, 0], &[0; 4]))), "eth:ip:udp:l2tp");
    let session = [0, 0, 0, 8];
    for cookie in [&[][..], &[9; 4], &[9; 8]] {
        let packet = outer(115, &join(&[&session, cookie, &frame]));
        assert_carries(&packet, "eth:ip:l2tp:eth:ip:tcp", TunnelKind::L2tp, 8, 84);
    }
    let three = join(&[&[0, 3, 0, 0], &session]);
    assert_carries(&over_udp(1701, &three, &frame), "eth:ip:udp:l2tp:eth:ip:tcp", TunnelKind::L2tp, 8, 84);
    assert_carries(&over_udp(6635, &[0, 0x10, 0x01, 64], &ip), "eth:ip:udp:mpls:ip:tcp", TunnelKind::MplsUdp, 0, 74);
    assert_carries(&over_udp(4341, &[8, 0, 0, 0, 0, 0, 6, 0], &ip), "eth:ip:udp:lisp-data:ip:tcp", TunnelKind::Lisp, 6, 70);

    let six = ipv6(1, 17, &udp(1, 2, b"x"));
    let authentication = [0, 1, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0];
    let origin = [0, 0, 1, 2, 3, 4, 5, 6];
    for lead in [vec![], origin.to_vec(), join(&[&authentication, &origin])] {
        let h = peeled(&over_udp(3544, &lead, &six));
        assert_eq!((path(&h).as_str(), h.wire), ("eth:ip:udp:teredo:ipv6:udp", 49));
    }
    assert_eq!(path(&peeled(&over_udp(3544, &[], &six[..45]))), "eth:ip:udp");
}

#[test]
fn shims_below_ip() {
    let (frame, ip) = (inner(), inner_ip());
    let trill = eth(0x22f3, &join(&[&[0, 0x45, 0, 2, 0, 1, 9, 9, 9, 9], &frame]));
    assert_carries(&trill, "eth:trill:eth:ip:tcp", TunnelKind::Trill, 0x1_0002, 84);
    assert_eq!(tunnels(&plain(&trill))[0].source, Address::Mac(Mac([2, 0, 0, 0, 0, 0xaa])));
    let fabric = eth(0x8903, &join(&[&[0x01, 0x20], &frame]));
    assert_carries(&fabric, "cfp:eth:ip:tcp", TunnelKind::FabricPath, 4, 84);
    let backbone = eth(0x88e7, &join(&[&[0, 0, 0, 7], &frame]));
    assert_carries(&backbone, "eth:ieee8021ah:ip:tcp", TunnelKind::Ieee8021ah, 7, 84);
    let service = eth(0x894f, &join(&[&[0, 2, 1, 3, 0, 0, 9, 255], &frame]));
    assert_carries(&service, "eth:nsh:eth:ip:tcp", TunnelKind::Nsh, 9, 84);
    assert_eq!(plain(&eth(0x894f, &[0, 1, 1, 3, 0, 0, 9, 255])).stop, Some(Stop::Malformed));
    assert_eq!(path(&plain(&eth(0x8909, &join(&[&[1, 1, 0, 1, 0, 5, 8, 0], &ip])))), "eth:cmd:ip:tcp");
}

#[test]
fn a_tunnel_on_the_link_has_no_ends_of_an_earlier_packet() {
    let service = eth(0x894f, &join(&[&[0, 2, 1, 3, 0, 0, 9, 255], &inner()]));
    let mut headers = Headers::default();
    for packet in [over_udp(4789, &[8, 0, 0, 0, 0, 0, 7, 0], &inner()), service.clone()] {
        walk(LinkType::ETHERNET, &packet, packet.len() as u32, &Rules::PLAIN, Peel::NONE, &mut headers);
    }
    assert_eq!(tunnels(&headers), tunnels(&plain(&service)));
    assert_eq!(tunnels(&headers)[0].source, Address::V4(Ipv4Addr::UNSPECIFIED));
}

#[test]
fn port_tags() {
    let behind = join(&[&[8, 0], &inner_ip()]);
    let tag = |ether_type, header: &[u8]| {
        let h = plain(&eth(ether_type, &join(&[header, &behind])));
        (path(&h), h.mirror.map(|m| (m.port, m.side)))
    };
    assert_eq!(tag(0x8926, &[0, 0, 0, 0x21]), ("eth:vntag:ip:tcp".into(), Some((Some(0x21), Some(Side::Ingress)))));
    assert_eq!(tag(0x8926, &[0x80, 0x22, 0, 0]), ("eth:vntag:ip:tcp".into(), Some((Some(0x22), Some(Side::Egress)))));
    assert_eq!(tag(0x893f, &[0, 0, 0, 5, 0, 1]), ("eth:etag:ip:tcp".into(), Some((Some(1 << 14 | 5), None))));
    assert_eq!(tag(0x893f, &[0, 0, 0x10, 5, 0, 0]), ("eth:etag:ip:tcp".into(), None));
}

#[test]
fn macsec_in_clear_is_followed() {
    let clear = eth(0x88e5, &join(&[&[0, 0, 0, 0, 0, 1, 8, 0], &inner_ip(), &[0xcc; 16]]));
    let h = plain(&clear);
    assert_eq!(path(&h), "eth:macsec:ip:tcp");
    assert!(matches!(h.transport, TransportHeader::Tcp { payload: 30, .. }));
    let identified = eth(0x88e5, &join(&[&[0x20, 0, 0, 0, 0, 1], &[7; 8], &[8, 0], &inner_ip(), &[0xcc; 16]]));
    assert_eq!(path(&plain(&identified)), "eth:macsec:ip:tcp");
    let secret = eth(0x88e5, &join(&[&[0x0c, 0, 0, 0, 0, 1, 8, 0], &inner_ip()]));
    assert_eq!(path(&plain(&secret)), "eth:macsec");
}

#[test]
fn depth_is_bounded_and_peel_counts() {
    // IP in IP six deep: four tunnels are followed.
    let mut packet = inner_ip();
    for host in 0..6 {
        packet = ipv4(60 + host, 4, &packet);
    }
    let packet = eth(0x0800, &packet);
    let h = peeled(&packet);
    assert_eq!((path(&h).as_str(), tunnels(&h).len()), ("eth:ip:ip:ip:ip:ip", 4));
    // The outermost source is .65; every tunnel taken off shows the next.
    for peel in 0..4u8 {
        let h = peeling(LinkType::ETHERNET, &packet, &Rules::PLAIN, Peel::tunnels(peel));
        assert_eq!(h.net, Net::V4([10, 0, 0, 65 - peel].into(), [10, 0, 0, 99].into()));
        assert_eq!(h.frame_at, if peel == 0 { 0 } else { 14 + 20 * u32::from(peel) });
    }
}

#[test]
fn the_same_ends_inside_and_outside_are_told_apart() {
    // An inner packet between the very addresses of the outer one: its transport is still the inner's.
    let packet = eth(0x0800, &ipv4(1, 47, &join(&[&[0, 0, 8, 0], &inner_ip()])));
    assert_eq!(plain(&packet).transport, TransportHeader::None);
    assert_eq!(plain(&packet).protocol, 47);
}

#[test]
fn ports_that_may_carry_packets() {
    assert!(may_carry_packets(50000, 4789, &Rules::PLAIN));
    assert!(may_carry_packets(2152, 2152, &Rules::PLAIN));
    assert!(!may_carry_packets(50000, 443, &Rules::PLAIN));
    assert!(!may_carry_packets(443, 37008, &Rules::PLAIN));
    let mut rules = Rules::PLAIN;
    rules.set_port(443, TunnelKind::Geneve).unwrap();
    assert!(may_carry_packets(443, 50000, &rules));
}

#[test]
fn a_datagram_ends_where_its_packet_says_whatever_is_there() {
    // Cut to so many bytes before it was captured: what says that is inside is read as far as it goes.
    let whole = over_udp(4789, &[8, 0, 0, 0, 0, 1, 2, 0], &inner());
    let cut = peeled(&whole[..whole.len() - 20]);
    assert_eq!((path(&cut).as_str(), cut.stop), ("eth:ip:udp:vxlan:eth:ip:tcp", None));
    let says = |length: usize| {
        let mut packet = whole.clone();
        packet[38..40].copy_from_slice(&(length as u16).to_be_bytes());
        peeled(&packet)
    };
    let datagram = whole.len() - 34;
    assert_eq!(says(datagram).stop, None);
    let h = says(datagram + 1);
    assert_eq!((path(&h).as_str(), h.stop), ("eth:ip:udp", Some(Stop::Malformed)), "it is longer than the packet it is in");
}
