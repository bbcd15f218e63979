use super::*;
use crate::decode::{Net, TransportHeader};
use crate::model::{Mac, Side};

#[test]
fn ethernet_vlans_and_their_order() {
    let ip = ipv4(1, 17, &udp(5, 6, b"x"));
    let tags = join(&[&[0, 11, 0x81, 0, 0x60, 12, 0x91, 0, 0, 13, 0x92, 0, 0, 14, 0x81, 0, 0, 15, 8, 0], &ip]);
    let h = plain(&eth(0x88a8, &tags));
    assert_eq!(path(&h), "eth:ieee8021ad:vlan:vlan:vlan:vlan:ip:udp");
    // A fifth tag is walked, four are kept.
    assert_eq!(h.vlans.ids(), [11, 12, 13, 14]);
    assert_eq!(h.mac, Some((Mac([2, 0, 0, 0, 0, 0xaa]), Mac([2, 0, 0, 0, 0, 0xdd]))));
    assert_eq!(h.transport, TransportHeader::Udp { source: 5, destination: 6 });
    assert_eq!((h.ether_type, h.stop), (0x0800, None));
}

#[test]
fn a_length_is_llc_and_zero_is_neither() {
    assert_eq!(path(&plain(&eth(38, &join(&[&[0x42, 0x42, 3], &[0; 40]])))), "eth:llc:stp");
    let cdp = join(&[&[0xaa, 0xaa, 3, 0, 0, 0x0c, 0x20, 0], &[0; 40]]);
    assert_eq!(path(&plain(&eth(48, &cdp))), "eth:llc:cdp");
    let snap = join(&[&[0xaa, 0xaa, 3, 0, 0, 0, 8, 0], &ipv4(1, 17, &udp(1, 2, b""))]);
    assert_eq!(path(&plain(&eth(36, &snap))), "eth:llc:ip:udp");
    assert_eq!(path(&plain(&eth(30, &[0xff; 30]))), "eth:ipx");
    assert_eq!(path(&plain(&eth(0, &[0; 40]))), "eth:ethertype-0x0000");
}

#[test]
fn a_cut_header_is_the_captures_fault_a_short_packet_its_own() {
    let frame = outer(6, &tcp(1, 2, b"abc"));
    let mut h = Headers::default();
    walk(LinkType::ETHERNET, &frame[..20], frame.len() as u32, &Rules::PLAIN, Peel::NONE, &mut h);
    assert_eq!((path(&h).as_str(), h.stop), ("eth:ip", Some(Stop::Captured)));
    walk(LinkType::ETHERNET, &frame[..20], 20, &Rules::PLAIN, Peel::NONE, &mut h);
    assert_eq!((path(&h).as_str(), h.stop), ("eth:ip", Some(Stop::Malformed)));
    walk(LinkType::ETHERNET, &[], 0, &Rules::PLAIN, Peel::NONE, &mut h);
    assert_eq!((path(&h).as_str(), h.stop), ("eth", Some(Stop::Malformed)));
}

#[test]
fn mpls_guesses_by_the_first_nibble() {
    let label = |bottom: u8| [0, 0x10, bottom, 64];
    assert_eq!(path(&plain(&eth(0x8847, &join(&[&label(0), &label(1), &inner_ip()])))), "eth:mpls:mpls:ip:tcp");
    let h = plain(&eth(0x8847, &join(&[&label(1), &[0; 4], &inner()])));
    assert_eq!(path(&h), "eth:mpls:pwethcw:eth:ip:tcp");
    assert_eq!(tunnels(&h)[0].id, 0x100);
    // Without a control word, the number four bytes behind the type is no length of a frame.
    let mut bare = inner();
    bare[0] = 2;
    assert_eq!(path(&plain(&eth(0x8847, &join(&[&label(1), &bare])))), "eth:mpls:eth:ip:tcp");
    assert_eq!(path(&plain(&eth(0x8847, &join(&[&label(1), &[0x90; 12], &[2, 0], &[7; 60]])))), "eth:mpls", "a length of another frame");
    assert_eq!(path(&plain(&eth(0x8847, &join(&[&label(1), &[0x10, 0, 0, 7], &[7; 60]])))), "eth:mpls");
}

/// Behind a label stack nothing says what follows: a frame of a pseudowire is read whatever its addresses begin with, with a control word and without; and IP is
/// IP whatever its addresses are.
#[test]
fn pseudowires_and_ip_are_told_apart_by_what_they_hold() {
    let label = [0, 0x10, 1, 64];
    let mpls = |inside: &[u8]| plain(&eth(0x8847, &join(&[&label, inside])));
    let v6 = ipv6(1, 17, &udp(1000, 53, &[7; 30]));
    let (lldp, spanning_tree) = ([2, 7, 4, 2, 0, 0, 0, 0, 1, 4, 2, 5, 49], [0x42, 0x42, 3, 0, 0, 0, 0, 0]);
    let session = join(&[&[0x11, 0, 0, 9], &(inner_ip().len() as u16 + 2).to_be_bytes(), &[0, 0x21], &inner_ip()]);
    let carried: Vec<(Vec<u8>, &str)> = vec![
        (eth(0x0800, &inner_ip()), "eth:ip:tcp"),
        (eth(0x86dd, &v6), "eth:ipv6:udp"),
        (eth(0x8100, &join(&[&[0, 7, 8, 0], &inner_ip()])), "eth:vlan:ip:tcp"),
        (eth(0x0806, &[0, 1, 8, 0, 6, 4, 0, 1]), "eth:arp"),
        (eth(0x8863, &[0x11, 9, 0, 0, 0, 0]), "eth:pppoed"),
        (eth(0x8864, &session), "eth:pppoes:ppp:ip:tcp"),
        (eth(0x888e, &[1, 1, 0, 0]), "eth:eapol"),
        (eth(0x88f7, &[0x10, 2, 0, 44]), "eth:ptp"),
        (eth(0x88cc, &lldp), "eth:lldp"),
        (eth(0x8902, &[0x60, 1, 0, 70]), "eth:cfm"),
        (eth(38, &join(&[&spanning_tree, &[0; 30]])), "eth:llc:stp"),
    ];
    let mut wrong = Vec::new();
    for (frame, words) in &carried {
        for first in (0..=255u8).step_by(2) {
            let mut frame = frame.clone();
            frame[..6].copy_from_slice(&[first, 0x1b, 0x54, first ^ 0x3c, 0x10, 0x22]);
            for (word, name) in [(&[][..], "eth:mpls:"), (&[0, 0, 0, 0], "eth:mpls:pwethcw:"), (&[0, 0, 0x12, 0x34], "eth:mpls:pwethcw:")] {
                let h = mpls(&join(&[word, &frame]));
                if path(&h) != format!("{name}{words}") || h.stop.is_some() {
                    wrong.push(format!("{first:02x} {word:?} {words}: {} {:?}", path(&h), h.stop));
                }
            }
        }
    }
    for [a, b] in [[0x88, 0xcc], [0x81, 0], [8, 0], [0x88, 0x64], [0, 70], [0x86, 0xdd], [9, 9]] {
        let v4 = Packet::bare().ipv4([a, b, 0x45, 1], [10, 0, 0, 99]).id(7).protocol(6).payload(&tcp(1000, 80, &[7; 30])).build();
        let v6 =
            Packet::bare().ipv6([0xfd00, 0, u16::from_be_bytes([a, b]), 0x4500, 0, 0, 0, 1], [0xfd00, 0, 0, 0, 0, 0, 0, 2]).protocol(17);
        for (packet, words) in [(v4, "eth:mpls:ip:tcp"), (v6.payload(&udp(1000, 53, &[7; 30])).build(), "eth:mpls:ipv6:udp")] {
            for padding in [0, 4] {
                let h = mpls(&join(&[&packet, &vec![0; padding]]));
                if path(&h) != words || h.stop.is_some() {
                    wrong.push(format!("from {a:x}{b:02x}, {padding} more: {}", path(&h)));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn ppp_may_be_compressed() {
    let ip = inner_ip();
    for lead in [&[0xff, 3, 0, 0x21][..], &[0xff, 3, 0x21], &[0, 0x21], &[0x21]] {
        assert_eq!(path(&on(LinkType::PPP, &join(&[lead, &ip]), &Rules::PLAIN)), "ppp:ip:tcp", "{lead:02x?}");
    }
    let length = (ip.len() as u16 + 2).to_be_bytes();
    let h = plain(&eth(0x8864, &join(&[&[0x11, 0, 0, 9], &length, &[0, 0x21], &ip])));
    assert_eq!(path(&h), "eth:pppoes:ppp:ip:tcp");
    assert_eq!(path(&on(LinkType::PPP, &[0xc0, 0x21, 1, 1], &Rules::PLAIN)), "ppp:lcp");
}

#[test]
fn radiotap_and_802_11_data() {
    let mut wlan = vec![0x88, 0x01, 0, 0];
    wlan.extend([1; 6]);
    wlan.extend([2; 6]);
    wlan.extend([3; 6]);
    wlan.extend([0, 0, 0, 0]);
    let packet = join(&[&[0, 0, 8, 0, 0, 0, 0, 0], &wlan, &[0xaa, 0xaa, 3, 0, 0, 0, 8, 0], &inner_ip()]);
    let h = on(LinkType::IEEE802_11_RADIOTAP, &packet, &Rules::PLAIN);
    assert_eq!(path(&h), "radiotap:wlan_radio:wlan:llc:ip:tcp");
    // To the distribution system: the transmitter is the source, the third address the destination.
    assert_eq!(h.mac, Some((Mac([2; 6]), Mac([3; 6]))));
}

#[test]
fn cooked_null_and_raw_links() {
    let ip = inner_ip();
    let sll = join(&[&[0, 0, 0, 1, 0, 6, 1, 2, 3, 4, 5, 6, 0, 0, 8, 0], &ip]);
    assert_eq!(path(&on(LinkType::LINUX_SLL, &sll, &Rules::PLAIN)), "sll:ip:tcp");
    let sll2 = join(&[&[8, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 6, 1, 2, 3, 4, 5, 6, 0, 0], &ip]);
    assert_eq!(path(&on(LinkType::LINUX_SLL2, &sll2, &Rules::PLAIN)), "sll:ip:tcp");
    assert_eq!(path(&on(LinkType::NULL, &join(&[&[2, 0, 0, 0], &ip]), &Rules::PLAIN)), "null:ip:tcp");
    assert_eq!(path(&on(LinkType::LOOP, &join(&[&[0, 0, 0, 2], &ip]), &Rules::PLAIN)), "null:ip:tcp");
    assert_eq!(path(&on(LinkType::RAW, &ip, &Rules::PLAIN)), "raw:ip:tcp");
    assert_eq!(path(&on(LinkType::IPV4, &ip, &Rules::PLAIN)), "ip:tcp");
    assert_eq!(path(&on(LinkType(9999), &ip, &Rules::PLAIN)), "linktype-9999");
}

#[test]
fn switch_tags_name_port_side_and_vlan() {
    let behind = join(&[&[8, 0], &inner_ip()]);
    // To a sniffer (mode 2), tagged, device 0, port 3, received, VLAN 100.
    let h = on(LinkType::DSA_TAG_DSA, &join(&[&MACS, &[0xa0, 0x1c, 0, 100], &behind]), &Rules::PLAIN);
    assert_eq!((path(&h).as_str(), h.vlans.ids()), ("eth:dsa:ip:tcp", &[100][..]));
    let tag = h.mirror.unwrap();
    assert_eq!((tag.port, tag.side), (Some(3), Some(Side::Ingress)));
    let h = on(LinkType::DSA_TAG_EDSA, &join(&[&MACS, &[0xda, 0xda, 0, 0, 0x80, 0x18, 0, 0], &behind]), &Rules::PLAIN);
    assert_eq!((path(&h).as_str(), h.mirror.unwrap().side), ("eth:edsa:ip:tcp", Some(Side::Egress)));
    let h = on(LinkType::DSA_TAG_BRCM, &join(&[&MACS, &[0, 0, 1, 0x25], &behind]), &Rules::PLAIN);
    assert_eq!((path(&h).as_str(), h.mirror.unwrap().port), ("eth:brcm-tag:ip:tcp", Some(5)));
    let h = on(LinkType::DSA_TAG_BRCM_PREPEND, &join(&[&[0, 0, 1, 0x25], &inner()]), &Rules::PLAIN);
    assert_eq!((path(&h).as_str(), h.net), ("brcm-tag:eth:ip:tcp", Net::V4([10, 0, 0, 1].into(), [10, 0, 0, 99].into())));
}
