//! The short way finds what the steps find.

use super::*;
use crate::decode::{self, Fragment, TransportHeader};
use crate::model::{Direction, FastHeaders, FlowKey, Frame, Segment, TunnelKind, sealed};
use proptest::prelude::*;

/// The frame that a walk's headers show.
fn walked(bytes: &[u8], wire: u32) -> Frame<'_> {
    let mut h = Headers::default();
    walk(LinkType::ETHERNET, bytes, wire, &Rules::PLAIN, Peel::ALL, &mut h);
    assert!(h.tunnels.is_empty() && h.frame_at == 0 && h.fragment == Fragment::Whole && h.wire == wire);
    assert!(matches!(h.transport, TransportHeader::Tcp { .. } | TransportHeader::Udp { .. }));
    let mut frame = Frame::default();
    h.show(bytes, h.flow(), &mut frame);
    // This the fast path leaves to others.
    Frame { wire: 0, ..frame }
}

/// Holds the two against each other; whether the short way was taken.
fn agree(bytes: &[u8], wire: u32) -> bool {
    let mut fast = FastHeaders::default();
    decode::fast(bytes, wire, &Rules::PLAIN, &mut fast);
    if fast.is_blank() {
        return false;
    }
    // What the packet before left behind must not show.
    let mut frame = Frame {
        stop: Some(Stop::Malformed),
        tag: Some(Default::default()),
        fragment: true,
        tcp: Some(Segment { sequence: 9, acknowledgement: 9, flags: 9, window: 9, payload: 9 }),
        vlans: [1, 2, 3].into_iter().collect(),
        flow: Some((FlowKey::v4(1, 2, 3, 4, 5).0, Direction::BToA)),
        bytes,
        l2: 9,
        l2_end: 9,
        ttl: 9,
        traffic_class: 9,
        ..Frame::default()
    };
    fast.show(&mut frame);
    let ends = frame.transport.zip(frame.tcp).is_none_or(|(_, tcp)| frame.payload + tcp.payload <= wire);
    let options = frame.tcp_options();
    let is_tcp = frame.tcp.is_some();
    let plain = if is_tcp {
        ends && (options.is_empty() || options.has_time_stamps_only())
    } else {
        let (content, key) = (&bytes[frame.payload as usize..], frame.flow.unwrap().0);
        TunnelKind::looks_like(content).is_none() && !sealed::may_be_numbered([key.a_port, key.b_port], content)
    };
    assert_eq!(frame.is_plain, plain);
    let walked = walked(bytes, wire);
    assert_eq!(format!("{frame:?}"), format!("{:?}", Frame { is_plain: plain, ..walked }));
    assert_eq!((frame.payload(), frame.l2_payload()), (walked.payload(), walked.l2_payload()));
    assert!(frame.payload().len() <= usize::from(fast.payload), "no more than the IP length says");
    true
}

fn packets() -> Vec<Vec<u8>> {
    let tagged = |tag: u16, inner: Vec<u8>| join(&[&inner[..12], &tag.to_be_bytes(), &[0x20, 7], &inner[12..]]);
    let plain = eth(0x0800, &ipv4(1, 6, &tcp(1000, 80, &[0x2a; 30])));
    vec![
        tagged(0x8100, plain.clone()),
        tagged(0x88a8, tagged(0x8100, plain.clone())),
        eth(0x0800, &ipv4(1, 17, &udp(5000, 53, &[1; 20]))),
        eth(0x86dd, &ipv6(1, 6, &tcp(1, 2, &[]))),
        tagged(0x8100, eth(0x86dd, &ipv6(1, 17, &udp(7, 8, &[0; 3])))),
        plain,
    ]
}

#[test]
fn the_commonest_packets_go_the_short_way() {
    for packet in packets() {
        assert!(agree(&packet, packet.len() as u32), "{packet:02x?}");
        assert!(agree(&packet, packet.len() as u32 + 9), "a trailer");
    }
    for other in [eth(0x0800, &ipv4(1, 17, &udp(5000, 4789, &[0; 40]))), eth(0x0800, &ipv4(1, 47, &[0; 40])), eth(0x0806, &[0; 46])] {
        assert!(!agree(&other, other.len() as u32));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    #[test]
    fn a_changed_byte_or_a_cut_makes_no_difference(
        which in 0usize..6, at in 0usize..80, value: u8, cut in 0usize..110, extra in 0u32..40, both: bool,
    ) {
        let mut packet = packets().swap_remove(which);
        let wire = packet.len() as u32 + extra;
        if let Some(byte) = packet.get_mut(at) {
            *byte = value;
        }
        packet.truncate(cut);
        agree(&packet, if both { packet.len() as u32 } else { wire });
    }
}
