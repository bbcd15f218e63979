//! What switches say: LLDP, CDP, LACP, spanning tree and whatever else is sent to a group of the link.
//!
//! Input: a frame.

use super::super::packet::control;
use super::super::packet::message::{cdp, lldp, pvst, stp};
use super::super::packet::{End, Packet};
use spantop::decode::{self, Headers, Peel, Rules};
use spantop::mirror::Health;
use spantop::model::Sum;
use spantop::model::limits::{NEIGHBOUR_LIST, SWITCH_EVENTS};
use spantop::model::{ControlBody, ControlMessage, Frame, LinkType, Timestamp};
use spantop::switch::{Switch, SwitchLedger};

/// The target.
pub fn run(data: &[u8]) {
    let mut headers = Headers::default();
    decode::walk(LinkType::ETHERNET, data, data.len() as u32, &Rules::PLAIN, Peel::NONE, &mut headers);
    let (mut health, mut switch) = (Health::default(), Switch::default());
    let (mut ledger, mut told) = (SwitchLedger::default(), 0);
    for time in [1, 2] {
        let mut frame = Frame { time: Timestamp(time * 1_000_000_000), ..Frame::default() };
        headers.show(data, headers.flow(), &mut frame);
        if let Some(packet) = decode::control(&frame) {
            switch.control(&frame, &packet);
            told += 1;
        }
        if let Some(blocks) = decode::arp_blocks(&frame) {
            switch.arp(&frame, &blocks);
        }
        health.observe(&frame);
        for message in [decode::bare_message(&frame), decode::network_message(&frame)].into_iter().flatten() {
            let at = Timestamp(time.wrapping_mul(i64::from(frame.wire) * 40_000_000_000));
            ledger.advance(at);
            ledger.take(&ControlMessage { time: at, ..message.clone() });
            assert!(ledger.evidence(at).troubles.len() <= 256 + 1, "one sender, 64 instances at most");
            assert_eq!((message.time, message.number), (frame.time, frame.number));
            if let ControlBody::Neighbour(n) = &message.body {
                let lists = [n.management.len(), n.vlans.len(), n.policies.len(), n.heard.len()];
                assert!(lists.iter().all(|l| *l <= NEIGHBOUR_LIST), "{lists:?}");
            }
        }
    }
    let view = ledger.view();
    assert!(view.neighbours.len() <= 2 && view.events.len() <= SWITCH_EVENTS, "{} devices", view.neighbours.len());
    let sizes = health.counts().sizes;
    assert!(sizes.packets + sizes.no_length <= 2, "two frames");
    assert!(told == 0 || told == 2, "the same frame says the same");
    assert!(switch.senders().list().len() <= 1, "one sender");
    let counts = switch.counts();
    assert_eq!(counts.since(&counts).tags.tagged, 0);
}

/// One frame of each protocol.
pub fn seeds() -> Vec<Vec<u8>> {
    let switch = [2, 0, 9, 0, 0, 1];
    let group = [0x01, 0x80, 0xc2, 0, 0, 2];
    let lacp = [&[1, 1, 1, 20][..], &[0x80; 18], &[2, 20], &[0x40; 18], &[3, 16], &[0; 14], &[0, 0]].concat();
    let vtp = Packet::eth(switch, [0x01, 0, 0x0c, 0xcc, 0xcc, 0xcc]).snap([0, 0, 0x0c]).ether_type(0x2003).payload(&[1; 40]).build();
    let mut seeds = vec![
        lldp(switch, "Gi1/0/1", "sw1"),
        cdp(switch, "GigabitEthernet1/0/1", "sw1"),
        Packet::eth(switch, group).ether_type(0x8809).payload(&lacp).build(),
        stp(switch, 1, 7),
        pvst(switch, 10),
        vtp,
        Packet::arp(1, End::new(switch, [10, 0, 0, 1], 0), [0; 6], [10, 0, 0, 2].into()).build(),
    ];
    seeds.extend(control::all().into_iter().map(|(_, frame)| frame));
    seeds
}
