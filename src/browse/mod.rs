//! Packets one by one, for who looks at them: taken apart, listed, followed.
//!
//! Everything here is made for what a person reads in one go. It keeps nothing of the traffic and is no part of counting it. Where the
//! packets lie is a [`Shelf`]: a capture that is read again, or a recorder's memory. A [`Browser`] answers a screen's questions in a
//! thread of its own, the last one first.

mod answer;
mod browser;
mod desk;
mod events;
mod lines;
mod matching;
mod relative;
mod shelf;
mod stream;

pub use browser::{Browser, SaveFolder};
pub use desk::QuestionDesk;
pub use relative::StreamStarts;
pub use shelf::{FileShelf, RecorderShelf, Shelf};

use crate::decode::{self, Rules};
use crate::dissect::{self, Payload};
use crate::model::{Direction, FlowKey, LinkType, PacketTree, TapePacket, Timestamp};

/// Takes a packet apart as [`take_apart`] does, with numbers of TCP counted from the beginning of its connection where that was noted; the
/// packet's number is from 0.
pub fn take_apart_in(streams: &StreamStarts, number: u64, packet: &TapePacket<'_>, rules: &Rules) -> PacketTree {
    let (mut tree, flow) = apart(packet.link, packet.bytes, packet.wire, rules);
    if tree.protocol.starts_with("TLSv1") && flow.is_some_and(|(key, _)| streams.is_tls_1_3(number, &key)) {
        tree.protocol = "TLSv1.3".into();
    }
    let is_syn = tree.fields("tcp.flags.syn").last().is_some_and(|field| field.number == Some(1));
    if let Some((key, way)) = flow.filter(|(key, _)| key.is_tcp())
        && let Some(start) = streams.of(number, &key, way, is_syn)
    {
        relative::show(&mut tree, start);
    }
    relative::mark(&mut tree, streams.marks(number));
    tree
}

/// Takes a packet apart: its headers through every tunnel, and what is said behind them.
pub fn take_apart(link: LinkType, bytes: &[u8], wire: u32, rules: &Rules) -> PacketTree {
    apart(link, bytes, wire, rules).0
}

fn apart(link: LinkType, bytes: &[u8], wire: u32, rules: &Rules) -> (PacketTree, Option<(FlowKey, Direction)>) {
    let decoded = decode::tree::read(link, bytes, wire, rules);
    let (mut tree, whole) = (decoded.tree, decoded.flow);
    if let Some((flow, way)) = decoded.flow.filter(|(flow, _)| matches!(flow.protocol, 6 | 17) && !decoded.fragment) {
        let content = bytes.get(decoded.payload.clone()).unwrap_or_default();
        let length = decoded.payload_wire.max(u32::try_from(content.len()).unwrap_or(u32::MAX));
        let payload = Payload { flow: &flow, way, time: Timestamp::UNKNOWN, bytes: content, length, number: 0 };
        dissect::tree::read(&mut tree, bytes, decoded.payload, &payload);
        // What lies behind the packet comes last.
        if let Some(at) = tree.layers.iter().position(|layer| layer.token == "eth.padding") {
            let padding = tree.layers.remove(at);
            tree.layers.push(padding);
        }
    }
    (tree, whole)
}
