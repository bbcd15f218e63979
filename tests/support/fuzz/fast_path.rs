//! The fast path finds what the walk finds, or leaves the packet to it.
//!
//! Input: how much longer the packet was on the wire, then an Ethernet frame.

use super::super::packet::Packet;
use super::split;
use spantop::decode::{self, Headers, Peel, Rules};
use spantop::model::{Direction, FastHeaders, FlowKey, Frame, LinkType, Segment, Stop};

/// The target.
pub fn run(data: &[u8]) {
    let ([longer], bytes) = split(data);
    let wire = bytes.len() as u32 + u32::from(longer);
    let mut fast = FastHeaders::default();
    decode::fast(bytes, wire, &Rules::PLAIN, &mut fast);
    if fast.is_blank() {
        return;
    }
    let mut headers = Headers::default();
    decode::walk(LinkType::ETHERNET, bytes, wire, &Rules::PLAIN, Peel::ALL, &mut headers);
    let mut walked = Frame::default();
    headers.show(bytes, headers.flow(), &mut walked);
    // This the fast path leaves to others.
    walked.wire = 0;
    // What the router alone looks at.
    walked.is_plain = fast.is_plain;
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
    assert_eq!(format!("{frame:?}"), format!("{walked:?}"), "{bytes:02x?}");
    assert_eq!((frame.payload(), frame.l2_payload()), (walked.payload(), walked.l2_payload()), "{bytes:02x?}");
}

/// The commonest packets, and some that are nearly so.
pub fn seeds() -> Vec<Vec<u8>> {
    let eth = || Packet::eth([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2]).unpadded();
    let (a4, b4) = ([10, 0, 0, 1], [10, 0, 0, 2]);
    let (a6, b6) = ([0xfd00, 0, 0, 0, 0, 0, 0, 1], [0xfd00, 0, 0, 0, 0, 0, 0, 2]);
    [
        eth().ip(a4, b4).tcp(1000, 80).payload(&[7; 30]),
        eth().vlan(10).ip(a4, b4).tcp(1000, 80).options(&[1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2]),
        eth().service_vlan(9).vlan(10).ip(a4, b4).udp(5000, 53).payload(b"abc"),
        eth().ip(a6, b6).tcp(1000, 80).payload(b"x"),
        eth().vlans(&[1, 2]).ip(a6, b6).udp(7, 8).payload(b"abcd"),
        eth().vlans(&[1, 2, 3]).ip(a4, b4).udp(7, 8),
        eth().ip(a4, b4).vxlan(7).then_eth([2; 6], [4; 6]).ip(a4, b4).udp(1, 2),
        eth().ip(a4, b4).fragment(1, 0, true).udp(7, 8).payload(&[0; 8]),
        eth().ip(a4, b4).length(0).tcp(1, 2).payload(&[0; 8]),
        Packet::eth([2; 6], [4; 6]).ip(a4, b4).udp(7, 8),
    ]
    .iter()
    .map(|p| [&[0][..], &p.build()].concat())
    .collect()
}
