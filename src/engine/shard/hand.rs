//! Packets in hand: on their way into a shard, between being read and being counted.

use crate::capture::Packet;
use crate::decode::{Fragment, Headers, Net, Transport};
use crate::mirror::Digest;
use crate::model::{Direction, FlowKey, Frame, Segment};
use crate::stats::ContextKey;
use crate::stats::flow::Guess;

/// A packet in hand: what was found out before it is counted.
#[derive(Debug, Clone, Copy, Default)]
pub struct InHand<'a> {
    pub(super) frame: Frame<'a>,
    pub(super) digest: Digest,
    /// Of its conversation's key.
    pub(super) hash: u64,
    pub(super) guess: Guess,
}

impl InHand<'_> {
    /// Wire length of its frame.
    #[inline]
    pub fn wire(&self) -> u32 {
        self.frame.wire
    }
}

/// Shows a packet as its headers say. Field by field: a frame made elsewhere would have to be copied.
pub(super) fn show<'a>(bytes: &'a [u8], headers: &Headers, flow: Option<(FlowKey, Direction)>, frame: &mut Frame<'a>) {
    let at = |offset: u32| offset.saturating_sub(headers.frame_at);
    frame.wire = headers.wire;
    frame.bytes = bytes.get(headers.frame_at as usize..).unwrap_or(&[]);
    frame.path = headers.path;
    frame.mac = headers.mac;
    frame.vlans = headers.vlans;
    frame.ether_type = headers.ether_type;
    frame.net = (!matches!(headers.net, Net::None)).then(|| at(headers.net_at));
    frame.transport = (!matches!(headers.transport, Transport::None)).then(|| at(headers.transport_at));
    frame.payload = at(headers.payload_at);
    frame.flow = flow;
    frame.hash = flow.map_or(0, |(key, _)| key.shard_hash());
    frame.tcp = match headers.transport {
        Transport::Tcp { sequence, acknowledgement, flags, window, payload, .. } => {
            Some(Segment { sequence, acknowledgement, flags, window, payload })
        }
        _ => None,
    };
    frame.fragment = !matches!(headers.fragment, Fragment::Whole);
    frame.stop = headers.stop;
    frame.tag = headers.mirror;
    frame.tci = frame.outer_tag();
    frame.net_end = frame.ip_end();
}

/// Shows which way a packet came.
#[inline]
pub(super) fn arrived(packet: &Packet, frame: &mut Frame<'_>) {
    frame.time = packet.time;
    frame.session = packet.session;
    frame.interface = packet.interface;
}

/// The context a packet was seen in.
pub(super) fn context(frame: &Frame) -> ContextKey {
    ContextKey { path: frame.path, mac: frame.mac, vlans: frame.vlans, cast: frame.cast() }
}
