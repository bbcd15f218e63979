use super::*;
use crate::decode::{Net, TransportHeader};
use crate::model::{MirrorTag, Side, TunnelKind};

/// GRE with a sequence number (or without), `header` and a frame.
fn erspan(protocol: u16, sequence: Option<u32>, header: &[u8], frame: &[u8]) -> Vec<u8> {
    let flags = if sequence.is_some() { [0x10, 0] } else { [0, 0] };
    let number = sequence.map(|n| n.to_be_bytes().to_vec()).unwrap_or_default();
    outer(47, &join(&[&flags, &protocol.to_be_bytes(), &number, header, frame]))
}

/// Type II: VLAN 0x123, COS 5, session 0x2ab, index 0x54321.
fn two(encapsulation: u8, truncated: bool) -> [u8; 8] {
    [0x11, 0x23, 5 << 5 | encapsulation << 3 | u8::from(truncated) << 2 | 2, 0xab, 0, 5, 0x43, 0x21]
}

/// Type III: VLAN 0x123, COS 5, BSO 3, session 0x2ab, timestamp 0x1000.
fn three(frame_type: u8, flags: u8) -> [u8; 12] {
    [0x21, 0x23, 5 << 5 | 3 << 3 | 2, 0xab, 0, 0, 0x10, 0, 0, 0, frame_type << 2, flags]
}

fn kind_and_id(h: &Headers) -> (TunnelKind, u64) {
    let tunnel = tunnels(h)[0];
    (tunnel.kind, tunnel.id)
}

#[test]
fn type_two_puts_the_removed_tag_back_and_no_other() {
    for (encapsulation, vlans) in [(0, &[][..]), (1, &[0x123]), (2, &[0x123]), (3, &[])] {
        let packet = erspan(0x88be, Some(9), &two(encapsulation, false), &inner());
        let h = peeled(&packet);
        assert_eq!(h.vlans.ids(), vlans, "En {encapsulation}");
        assert_eq!(kind_and_id(&h), (TunnelKind::Erspan2, 0x2ab));
        let tag = h.mirror.unwrap();
        assert_eq!((tag.sequence, tag.port, tag.truncated), (Some(9), Some(0x54321), false));
        assert_eq!(tag.cos, (!vlans.is_empty()).then_some(5));
        assert_eq!((path(&h).as_str(), h.wire, h.frame_at), ("eth:ip:gre:erspan:eth:ip:tcp", 84, 50));
        // Left on, the packet is the carrier's and has no VLAN.
        let h = plain(&packet);
        assert!(h.vlans.ids().is_empty());
        assert_eq!((h.wire, h.net), (packet.len() as u32, Net::V4([10, 0, 0, 50].into(), [10, 0, 0, 99].into())));
    }
}

#[test]
fn headers_that_disagree_with_their_flags() {
    // Catalyst 4500: type II without a sequence number.
    assert_eq!(kind_and_id(&peeled(&erspan(0x88be, None, &two(0, false), &inner()))), (TunnelKind::Erspan2, 0x2ab));
    // Nexus 3000: a plain frame, with or without one; its address may start like a header's version.
    let mut frame = inner();
    frame[0] = 0x10;
    for sequence in [None, Some(4)] {
        let h = peeled(&erspan(0x88be, sequence, &[], &frame));
        assert_eq!((kind_and_id(&h), h.mirror.unwrap().sequence), ((TunnelKind::Erspan1, 0), sequence));
        assert_eq!(h.wire, 84);
    }
    // Type III's header under type II's number.
    assert_eq!(kind_and_id(&peeled(&erspan(0x88be, Some(1), &three(0, 0), &inner()))), (TunnelKind::Erspan3, 0x2ab));
}

/// What a session's frames carry, and to whom they go, says nothing of its header: not the frame that was cut, nor the protocol nobody knows.
#[test]
fn a_sessions_header_is_read_alike_whatever_it_carries() {
    let hello = join(&[&[1, 0x80, 0xc2, 0, 0, 0, 2, 0, 0, 0, 0, 9, 0x05, 0xc8, 0xfe, 0xfe, 0x03], &[0; 100]]);
    let unknown = join(&[&[1, 0x80, 0xc2, 0, 0, 0, 2, 0, 0, 0, 0, 9, 0x88, 0xb5], &[7; 46]]);
    for mut frame in [hello, unknown] {
        for station in 0..=u16::MAX {
            frame[4..6].copy_from_slice(&station.to_be_bytes());
            for (sequence, header, kind) in [
                (Some(9), &two(0, false)[..], TunnelKind::Erspan2),
                (None, &two(3, false), TunnelKind::Erspan2),
                (Some(9), &three(0, 0), TunnelKind::Erspan3),
            ] {
                let h = peeled(&erspan(0x88be, sequence, header, &frame));
                assert_eq!(kind_and_id(&h), (kind, 0x2ab), "{station:04x} {sequence:?}");
            }
        }
    }
}

#[test]
fn a_cut_copy_keeps_its_length() {
    // The mirror cut the 84-byte frame after 60 bytes.
    let h = peeled(&erspan(0x88be, Some(9), &two(0, true), &inner()[..60]));
    assert!(h.mirror.unwrap().truncated);
    assert_eq!((h.wire, h.net_end - h.frame_at, h.stop), (84, 84, None));
    assert!(matches!(h.transport, TransportHeader::Tcp { payload: 30, .. }));
    // Cut inside a header it is the copy that is short, not the packet that is wrong.
    let h = peeled(&erspan(0x88be, Some(9), &two(0, true), &inner()[..40]));
    assert_eq!((h.wire, h.stop), (84, Some(Stop::Captured)));
    // Padding or a check sequence behind the packet shows.
    let h = peeled(&erspan(0x88be, Some(9), &two(0, false), &join(&[&inner(), &[1, 2, 3, 4]])));
    assert_eq!((h.wire, h.net_end - h.frame_at), (88, 84));
}

#[test]
fn type_three_side_error_clock_and_vlan() {
    let h = peeled(&erspan(0x22eb, Some(1), &three(0, 0x0a), &inner()));
    let tag = h.mirror.unwrap();
    assert_eq!((tag.side, tag.error, tag.cos, tag.vlan), (Some(Side::Egress), 3, Some(5), Some(0x123)));
    assert_eq!(tag.switch_time, Some((0x1000, 100)));
    assert_eq!(h.vlans.ids(), [0x123]);
    // A frame that still has its tag keeps it alone.
    let tagged = eth(0x8100, &join(&[&[0, 7, 8, 0], &inner_ip()]));
    let h = peeled(&erspan(0x22eb, Some(1), &three(0, 0), &tagged));
    assert_eq!((h.vlans.ids(), h.mirror.unwrap().switch_time), (&[7][..], Some((0x1000, 100_000))));
    // Frame type 2 is IP without a link header.
    let h = peeled(&erspan(0x22eb, Some(1), &three(2, 0), &inner_ip()));
    assert_eq!((path(&h).as_str(), h.wire, h.mac), ("eth:ip:gre:erspan:ip:tcp", 70, None));
    let h = peeled(&erspan(0x22eb, Some(1), &[0x31; 12], &inner()));
    assert_eq!(h.stop, Some(Stop::Malformed));
}

#[test]
fn type_three_sub_headers() {
    let tag = |platform: u64, info: u64, flags: u8| {
        let header = join(&[&three(0, flags | 1), &(platform << 58 | info).to_be_bytes()]);
        let h = peeled(&erspan(0x22eb, Some(1), &header, &inner()));
        assert_eq!(path(&h), "eth:ip:gre:erspan:eth:ip:tcp");
        h.mirror.unwrap()
    };
    let time = |t: MirrorTag| t.switch_time.unwrap();
    let one = tag(1, 0x77, 0);
    assert_eq!((one.port, time(one)), (Some(0x77), (0x1000, 100_000)));
    let three = tag(3, 0x55 << 32 | 2, 2);
    assert_eq!((three.port, time(three)), (Some(0x55), (2 << 32 | 0x1000, 100)));
    let five = tag(5, 0x3_ffff << 32 | 7, 4);
    assert_eq!((five.port, time(five)), (Some(0xffff), (7_000_000_000 + 0x1000, 1)));
    let seven = tag(7, 0xabcde << 32 | 1, 6);
    assert_eq!((seven.port, time(seven)), (Some(0xabcde), (1 << 32 | 0x1000, 0)));
}

fn tzsp(tags: &[u8], frame: &[u8]) -> Vec<u8> {
    outer(17, &udp(40000, 37008, &join(&[&[1, 0, 0, 1], tags, frame])))
}

#[test]
fn tzsp_fields() {
    let tags = [0, 0x11, 1, 1, 0, 0x28, 4, 0, 0, 0, 8, 0x29, 2, 5, 0xdc, 0x3c, 2, 0, 9, 1];
    let h = peeled(&tzsp(&tags, &inner()));
    let tag = h.mirror.unwrap();
    assert_eq!((tag.error, tag.sequence, tag.original_length, tag.truncated), (3, Some(8), Some(1500), true));
    assert_eq!((path(&h).as_str(), kind_and_id(&h), h.wire), ("eth:ip:udp:tzsp:eth:ip:tcp", (TunnelKind::Tzsp, 9), 1500));
    assert_eq!(peeled(&tzsp(&[1], &inner())).wire, 84);
    // Fields that never end, or are longer than the datagram.
    assert_eq!(peeled(&tzsp(&[0; 200], &[])).stop, Some(Stop::Malformed));
    assert_eq!(peeled(&tzsp(&[0x0a, 200], &inner())).stop, Some(Stop::Malformed));
    // A resolver's answer to an ephemeral port of the same number.
    assert_eq!(path(&peeled(&outer(17, &udp(53, 37008, &[1, 0, 0, 1, 1])))), "eth:ip:udp");
}

#[test]
fn mirrors_on_ports_the_user_names() {
    let mut rules = Rules::PLAIN;
    rules.set_port(7933, TunnelKind::HpErm).unwrap();
    rules.set_port(5555, TunnelKind::ArubaErm).unwrap();
    rules.set_port(5556, TunnelKind::Jmirror).unwrap();
    rules.set_port(53, TunnelKind::Vxlan).unwrap();
    assert!(rules.set_port(1, TunnelKind::Pppoe).is_err());
    let to = |port, payload: &[u8]| peeling(LinkType::ETHERNET, &outer(17, &udp(1, port, payload)), &rules, Peel::ALL);

    let h = to(7933, &join(&[&[0; 8], &[0, 0xa0, 0x64, 0x80], &inner()]));
    let tag = h.mirror.unwrap();
    assert_eq!((path(&h).as_str(), h.vlans.ids()), ("eth:ip:udp:hp_erm:eth:ip:tcp", &[0x64][..]));
    assert_eq!((tag.vlan, tag.cos), (Some(0x64), Some(5)));

    let h = to(5556, &join(&[&[0x80, 0, 0, 5, 0, 0, 0, 6], &inner_ip()]));
    assert_eq!((path(&h).as_str(), kind_and_id(&h).1), ("eth:ip:udp:jmirror:ip:tcp", 5 << 32 | 6));

    let wlan = join(&[&[0x08, 0x01, 0, 0], &[1; 18], &[0, 0], &[0xaa, 0xaa, 3, 0, 0, 0, 8, 0], &inner_ip()]);
    let length = (wlan.len() as u32).to_be_bytes();
    let h = to(5555, &join(&[&[0; 8], &length, &[0, 0, 5, 0], &wlan]));
    assert_eq!((path(&h).as_str(), h.wire), ("eth:ip:udp:aruba_erm:wlan:llc:ip:tcp", 0x500));

    // The I flag is not asked for on the user's word.
    let h = to(53, &join(&[&[0, 0, 0, 0, 0, 0, 3, 0], &inner()]));
    assert_eq!((path(&h).as_str(), kind_and_id(&h)), ("eth:ip:udp:vxlan:eth:ip:tcp", (TunnelKind::Vxlan, 3)));
    assert_eq!(path(&plain(&outer(17, &udp(1, 5556, &inner_ip())))), "eth:ip:udp");
}

#[test]
fn sflow_samples() {
    use crate::decode::sflow;
    let word = |n: u32| n.to_be_bytes().to_vec();
    let words = |list: &[u32]| list.iter().flat_map(|&n| word(n)).collect::<Vec<u8>>();
    let frame = inner();
    let raw = join(&[&words(&[1, 16 + 84, 1, 1518, 4, 84]), &frame]);
    let other = words(&[1001, 8, 1, 2]);
    let body = join(&[&words(&[7, 5, 256, 1000, 3, 11, 0x3fff_ffff, 2]), &other, &raw]);
    let flow = join(&[&words(&[1, body.len() as u32]), &body]);
    let counters = words(&[2, 4, 0]);
    let payload = join(&[&words(&[5, 1, 0x0a00_0001, 0, 42, 99, 2]), &counters, &flow]);
    let head = sflow::datagram(&payload).unwrap();
    assert_eq!((head.agent.to_string().as_str(), head.sequence, head.uptime, head.samples), ("10.0.0.1", 42, 99, 2));
    let found: Vec<_> = sflow::samples(&payload).collect();
    assert_eq!(found.len(), 1);
    let s = &found[0];
    assert_eq!((s.sequence, s.source, s.rate, s.pool, s.drops), (7, (0, 5), 256, 1000, 3));
    assert_eq!((s.in_if, s.out_if, s.protocol, s.frame_len, s.stripped), (Some(11), None, 1, 1518, 4));
    assert_eq!(payload[s.header.clone()], frame[..]);
    // Cut anywhere nothing panics, and no sample reaches beyond.
    for length in 0..payload.len() {
        assert!(sflow::samples(&payload[..length]).all(|s| s.header.end <= length));
    }
    assert_eq!(path(&plain(&outer(17, &udp(40000, 6343, &payload)))), "eth:ip:udp:sflow");
}
