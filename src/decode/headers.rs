//! What a walk over a packet's headers found.

use super::walk::EndAddresses;
use crate::model::{Direction, FlowKey, Frame, Mac, MirrorTag, Path, Segment, Stop, Tunnel, VlanStack};
use std::net::{Ipv4Addr, Ipv6Addr};

/// A packet's place in a fragmented datagram.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Fragment {
    /// Not a fragment.
    #[default]
    Whole,
    /// The first fragment: the transport header is (usually) here.
    First {
        /// IPv4 identification, or the IPv6 fragment header's.
        id: u32,
    },
    /// A later fragment: no transport header.
    Later {
        /// IPv4 identification, or the IPv6 fragment header's.
        id: u32,
    },
}

/// The outermost network layer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Net {
    /// None was found.
    #[default]
    None,
    /// IPv4 source and destination.
    V4(Ipv4Addr, Ipv4Addr),
    /// IPv6 source and destination.
    V6(Ipv6Addr, Ipv6Addr),
}

/// The transport header of the outermost network layer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum TransportHeader {
    /// None (another IP protocol, a later fragment, cut before it).
    #[default]
    None,
    /// TCP.
    Tcp {
        /// Source port.
        source: u16,
        /// Destination port.
        destination: u16,
        /// Sequence number.
        sequence: u32,
        /// Acknowledgement number.
        acknowledgement: u32,
        /// The flag byte: CWR ECE URG ACK PSH RST SYN FIN from the highest bit.
        flags: u8,
        /// Window, unscaled.
        window: u16,
        /// Payload bytes by the IP length (not only those captured).
        payload: u32,
    },
    /// UDP or UDP-Lite (which of the two is in [`Headers::protocol`]).
    Udp {
        /// Source port.
        source: u16,
        /// Destination port.
        destination: u16,
    },
    /// SCTP.
    Sctp {
        /// Source port.
        source: u16,
        /// Destination port.
        destination: u16,
    },
    /// TCP, UDP or SCTP whose header is cut behind its ports.
    Cut {
        /// Source port.
        source: u16,
        /// Destination port.
        destination: u16,
    },
    /// ICMP or ICMPv6.
    Icmp {
        /// Message type.
        kind: u8,
        /// Message code.
        code: u8,
    },
}

/// Tunnels a packet was found in, at most this many are followed.
pub const MAX_TUNNELS: usize = 4;

/// One tunnel layer of a packet, with what its own header says of what it carries.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TunnelLayer {
    /// The tunnel.
    pub tunnel: Tunnel,
    /// What the device that sent the tunnel says of the copy inside: nothing in a tunnel that says nothing. Whatever lies further in says
    /// nothing of this layer.
    pub tag: Option<MirrorTag>,
    /// Wire length of the frame inside, of tunnels that were taken off; 0 of others, and of the innermost taken off ([`Headers::wire`]).
    pub inside: u32,
}

/// The tunnel layers of a packet, outermost first.
#[derive(Debug, Clone, Copy, Default)]
pub struct Tunnels {
    list: [Option<TunnelLayer>; MAX_TUNNELS],
    len: u8,
}

impl Tunnels {
    /// Adds the next inner tunnel; false when the depth is used up (the walk must stop there).
    pub fn push(&mut self, tunnel: Tunnel, tag: Option<MirrorTag>) -> bool {
        let Some(slot) = self.list.get_mut(usize::from(self.len)) else { return false };
        *slot = Some(TunnelLayer { tunnel, tag, inside: 0 });
        self.len += 1;
        true
    }

    /// Notes how long the frame in the first `tunnels` tunnels is.
    pub fn note_inside(&mut self, tunnels: usize, wire: u32) {
        if let Some(layer) = tunnels.checked_sub(1).and_then(|at| self.list.get_mut(at)?.as_mut()) {
            layer.inside = wire;
        }
    }

    /// How many.
    pub fn len(&self) -> usize {
        usize::from(self.len)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Forgets them (the slots stay as they are: clearing costs one byte).
    pub fn clear(&mut self) {
        self.len = 0;
    }

    /// One layer, by its number from outside.
    pub fn get(&self, at: usize) -> Option<&TunnelLayer> {
        self.list.get(..self.len())?.get(at)?.as_ref()
    }

    /// With what each layer says of itself, outermost first.
    pub fn layers(&self) -> impl Iterator<Item = &TunnelLayer> {
        self.list.iter().take(self.len()).flatten()
    }

    /// Outermost first.
    pub fn iter(&self) -> impl Iterator<Item = &Tunnel> {
        self.layers().map(|layer| &layer.tunnel)
    }
}

/// What [`super::walk()`] found in one packet. Values of layers not reached keep their defaults.
///
/// `path` always shows the whole stack that was decoded, through every tunnel. All other values are of the *analysed frame*: the packet
/// itself, or what is inside as many tunnels as were to be taken off (the [`Peel`](super::Peel) of [`super::walk()`]).
#[derive(Debug, Clone, Copy, Default)]
pub struct Headers {
    /// Protocols, outermost first, through every tunnel.
    pub path: Path,
    /// Where the analysed frame starts, from the packet's first byte (0 unless a tunnel was taken off).
    pub frame_at: u32,
    /// Wire length of the analysed frame: the packet's own, less what was taken off, or what the mirror says the original had.
    pub wire: u32,
    /// Source and destination MAC, when the link has them.
    pub mac: Option<(Mac, Mac)>,
    /// The EtherType (or 0) that the innermost link header announced.
    pub ether_type: u16,
    /// VLAN tags, including one that the mirror took off and told of.
    pub vlans: VlanStack,
    /// Where what the link layer carries starts, from the packet's first byte: behind the EtherType or length (0: none was read).
    pub link_payload_at: u32,
    /// Where that ends by an IEEE 802.3 length, from the packet's first byte (0: where the frame does).
    pub link_payload_end: u32,
    /// Network layer.
    pub net: Net,
    /// Where the network header starts, from the packet's first byte (0: none).
    pub net_at: u32,
    /// Where the network layer ends by its own length (or the frame's end), from the packet's first byte; may lie beyond the captured
    /// bytes. What follows in the frame is padding or a trailer.
    pub net_end: u32,
    /// Time to live or hop limit.
    pub ttl: u8,
    /// DSCP and ECN.
    pub traffic_class: u8,
    /// The IP protocol number after extension headers.
    pub protocol: u8,
    /// Place in a fragmented datagram.
    pub fragment: Fragment,
    /// Transport header.
    pub transport: TransportHeader,
    /// Where the transport header starts, from the packet's first byte (0: none).
    pub transport_at: u32,
    /// Where the payload of the analysed frame's innermost decoded layer starts, from the packet's first byte.
    pub payload_at: u32,
    /// Tunnels, taken off or not.
    pub tunnels: Tunnels,
    /// What mirroring devices say of the analysed frame: the tunnel it was taken out of (or the innermost one, while none is), and tags of
    /// ports in the frame itself, which never stand in for what a tunnel says. What each tunnel says of its own copy is with its layer.
    pub mirror: Option<MirrorTag>,
    /// Whether the analysed frame is the first piece of what a tunnel carried in IP fragments: the rest of it is in other packets.
    pub piece: bool,
    /// Whether the analysed frame was cut before it was captured: all of its copy is there, and its IP length tells of more.
    pub cut_before: bool,
    /// Why the walk stopped early, if it did.
    pub stop: Option<Stop>,
    /// Ends of the network layer read last, whichever frame it belongs to: the ends of a tunnel that starts there.
    pub(super) ends: EndAddresses,
}

impl Headers {
    /// As new, for a packet of `wire` bytes. The slots of `tunnels` stay (clearing costs one byte instead of two hundred).
    #[inline]
    pub(super) fn reset(&mut self, wire: u32) {
        self.path = Path::EMPTY;
        self.payload_at = 0;
        self.tunnels.clear();
        self.mirror = None;
        self.piece = false;
        self.stop = None;
        self.ends = EndAddresses::default();
        self.begin(0, wire);
    }

    /// The analysed frame begins at `frame_at` and is `wire` bytes long: nothing is known of it yet.
    #[inline]
    pub(super) fn begin(&mut self, frame_at: u32, wire: u32) {
        self.frame_at = frame_at;
        self.wire = wire;
        self.cut_before = false;
        self.mac = None;
        self.ether_type = 0;
        self.vlans = VlanStack::default();
        self.link_payload_at = 0;
        self.link_payload_end = 0;
        self.net = Net::None;
        self.net_at = 0;
        self.net_end = 0;
        self.ttl = 0;
        self.traffic_class = 0;
        self.protocol = 0;
        self.fragment = Fragment::Whole;
        self.transport = TransportHeader::None;
        self.transport_at = 0;
    }

    /// The conversation and which way the packet goes, by its own headers; `None` without a network layer. A later fragment has no ports, and what is
    /// cut within the header that has them is of no conversation of theirs, as tshark counts it.
    pub fn flow(&self) -> Option<(FlowKey, Direction)> {
        let (source, destination) = match self.transport {
            TransportHeader::Tcp { source, destination, .. }
            | TransportHeader::Udp { source, destination }
            | TransportHeader::Sctp { source, destination } => (source, destination),
            // The rest of the header is in the next fragment.
            TransportHeader::Cut { source, destination } if matches!(self.fragment, Fragment::First { .. }) => (source, destination),
            TransportHeader::None | TransportHeader::Icmp { .. } | TransportHeader::Cut { .. } => {
                return self.flow_between(0, 0).map(|(key, way)| (key.without_ports(), way));
            }
        };
        self.flow_between(source, destination)
    }

    /// The same between two given ports.
    pub fn flow_between(&self, source: u16, destination: u16) -> Option<(FlowKey, Direction)> {
        Some(match self.net {
            Net::None => return None,
            Net::V4(s, d) => FlowKey::v4(self.protocol, s.to_bits(), d.to_bits(), source, destination),
            Net::V6(s, d) => FlowKey::new(true, self.protocol, s.to_bits(), d.to_bits(), source, destination),
        })
    }

    /// Fills in what the packet of these headers, part of the conversation `flow`, is: all of a frame but its time, the way it came and the
    /// hash of its conversation.
    /// Field by field: a frame made elsewhere would have to be copied.
    pub fn show<'a>(&self, bytes: &'a [u8], flow: Option<(FlowKey, Direction)>, frame: &mut Frame<'a>) {
        let at = |offset: u32| offset.saturating_sub(self.frame_at);
        frame.wire = self.wire;
        frame.bytes = bytes.get(self.frame_at as usize..).unwrap_or(&[]);
        frame.path = self.path;
        frame.mac = self.mac;
        frame.vlans = self.vlans;
        frame.ether_type = self.ether_type;
        frame.net = (!matches!(self.net, Net::None)).then(|| at(self.net_at));
        frame.l2 = match (self.link_payload_at, frame.net) {
            (0, Some(net)) => net,
            (0, None) => at(self.payload_at),
            (behind, _) => at(behind),
        };
        frame.l2_end = at(self.link_payload_end);
        (frame.ttl, frame.traffic_class) = (self.ttl, self.traffic_class);
        frame.transport = (!matches!(self.transport, TransportHeader::None)).then(|| at(self.transport_at));
        frame.payload = at(self.payload_at);
        frame.flow = flow;
        frame.tcp = match self.transport {
            TransportHeader::Tcp { sequence, acknowledgement, flags, window, payload, .. } => {
                Some(Segment { sequence, acknowledgement, flags, window, payload })
            }
            _ => None,
        };
        // What a walk found may hold anything: its bytes are looked at.
        frame.is_plain = false;
        frame.fragment = !matches!(self.fragment, Fragment::Whole);
        frame.piece = self.piece;
        frame.cut_before = self.cut_before;
        frame.stop = self.stop;
        frame.tag = self.mirror;
        frame.tci = frame.outer_tag();
        frame.net_end = frame.ip_end();
    }
}
