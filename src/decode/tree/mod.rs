//! One packet taken apart: the fields of every header. Which headers there are and where they begin says the same [walk](super::walk()) that
//! reads all packets; what stands in each is a function here. One file a family; a header's fields are a line in `describe` and its function.

mod cisco;
mod control;
mod icmp;
mod link;
mod lldp;
mod lldp_organisations;
mod makers;
mod net;
mod transport;
mod tunnel;

use super::headers::{Headers, TransportHeader};
use super::rules::{Peel, Rules};
use super::trace::Trace;
use super::walk::walk_traced;
use crate::model::ip_protocol;
use crate::model::path::Layer;
use crate::model::{Direction, FlowKey, LayerWriter, LinkType, PacketTree, Proto, Stop};
use std::ops::Range;

/// A packet's headers taken apart, and what lies behind them.
#[derive(Debug, Default)]
pub struct DecodedPacket {
    /// The headers.
    pub tree: PacketTree,
    /// The bytes that no header was read of: the content of a segment or datagram.
    pub payload: Range<usize>,
    /// How many there were on the wire.
    pub payload_wire: u32,
    /// The innermost conversation and which way the packet goes.
    pub flow: Option<(FlowKey, Direction)>,
    /// Whether what lies behind the headers begins in the middle: it is in a fragment.
    pub fragment: bool,
}

/// Takes the headers of a packet apart, through every tunnel.
pub fn read(link: LinkType, bytes: &[u8], wire: u32, rules: &Rules) -> DecodedPacket {
    let (mut headers, mut trace) = (Headers::default(), Trace::default());
    let peel = Peel { tunnels: u8::MAX, tag: false };
    walk_traced(link, bytes, wire, rules, peel, &mut headers, &mut trace);
    let mut tree = PacketTree::default();
    let mut leaf = true;
    for (layer, range) in trace.layers() {
        leaf = trace.payload().start <= range.start;
        describe(&mut tree, layer, bytes, range);
    }
    let payload = if leaf { bytes.len()..bytes.len() } else { trace.payload() };
    let end = (headers.net_end as usize).max(payload.end);
    let payload_wire = u32::try_from(end.saturating_sub(payload.start)).unwrap_or(u32::MAX);
    if !makers::behind_snap(&mut tree, &headers, bytes, payload.clone()) {
        behind(&mut tree, &headers, bytes, payload.clone(), payload_wire);
    }
    if headers.stop.is_some() {
        stop(&mut tree, bytes, headers.stop);
    }
    padding(&mut tree, bytes, trace.payload().end, leaf);
    DecodedPacket { payload_wire, payload, flow: headers.flow(), fragment: !matches!(headers.fragment, super::Fragment::Whole), tree }
}

/// What belongs to the innermost header and lies behind it: the message of ICMP, chunks of SCTP, how much a segment carries.
fn behind(tree: &mut PacketTree, headers: &Headers, bytes: &[u8], payload: Range<usize>, wire: u32) {
    match headers.transport {
        TransportHeader::Icmp { kind, .. } if !payload.is_empty() => {
            let six = headers.protocol == ip_protocol::ICMPV6;
            let (token, title) = if six { ("icmpv6", "ICMPv6 message") } else { ("icmp", "ICMP message") };
            let mut layer = tree.layer(token, title, bytes, payload);
            icmp::icmp_body(&mut layer, kind.into(), headers.ttl.into(), six);
        }
        TransportHeader::Sctp { .. } if !payload.is_empty() => {
            transport::chunks(&mut tree.layer("sctp", "SCTP chunks", bytes, payload));
        }
        // The header does not know how long its content is.
        TransportHeader::Tcp { .. } => {
            let info = tree.info.replacen("Len=…", &format!("Len={wire}"), 1);
            let protocol = tree.protocol.clone();
            tree.say(protocol, info);
        }
        _ => {}
    }
}

/// Says why the headers end early.
fn stop(tree: &mut PacketTree, bytes: &[u8], stop: Option<Stop>) {
    let said = match stop {
        Some(Stop::Captured) => "[Packet size limited during capture]",
        _ => "[Malformed packet]",
    };
    let mut layer = tree.layer("_ws.malformed", said, bytes, bytes.len()..bytes.len());
    layer.summary(said);
    if !tree.info.ends_with(said) {
        let info = format!("{} {said}", tree.info);
        let protocol = tree.protocol.clone();
        tree.say(protocol, info.trim_start());
    }
}

/// What the frame holds behind what its lengths say: filling to the least size, a check sequence, a trailer of a device on the way.
fn padding(tree: &mut PacketTree, bytes: &[u8], end: usize, leaf: bool) {
    if end < bytes.len() && !(leaf && tree.layers.len() < 2) {
        let mut layer = tree.layer("eth.padding", "Padding or trailer", bytes, end..bytes.len());
        layer.summary(format!("{} bytes behind the packet", bytes.len() - end));
        layer.raw("eth.padding", "Bytes", 0, bytes.len());
    }
}

/// Writes the fields of one header.
fn describe(tree: &mut PacketTree, layer: Layer, bytes: &[u8], range: Range<usize>) {
    let proto = match layer {
        Layer::Known(proto) => proto,
        other => return unknown(tree, other, bytes, range),
    };
    // Columns say at least which protocol it is.
    tree.say(proto.token().to_uppercase(), proto.name());
    let mut layer = tree.layer(proto.token(), proto.name(), bytes, range);
    if let Some(fields) = fields_of(proto) {
        fields(&mut layer);
    } else {
        layer.raw("data", "Bytes", 0, layer.len());
    }
}

/// What writes the fields of a protocol.
fn fields_of(proto: Proto) -> Option<fn(&mut LayerWriter<'_, '_>)> {
    use Proto as P;
    Some(match proto {
        P::Eth => link::ethernet,
        P::Vlan | P::Ieee8021ad => link::vlan,
        P::Llc => link::llc,
        P::Sll => link::cooked,
        P::Null => link::null,
        P::Raw => |_| {},
        P::Ppp => link::ppp,
        P::Pppoes | P::Pppoed => link::pppoe,
        P::Mpls => link::mpls,
        P::Wlan => link::wlan,
        P::Arp | P::Rarp => net::arp,
        P::Ip => net::ipv4,
        P::Ipv6 => net::ipv6,
        P::Icmp => icmp::icmp,
        P::Icmpv6 => icmp::icmpv6,
        P::Igmp => icmp::igmp,
        P::Tcp => transport::tcp,
        P::Udp | P::Udplite => transport::udp,
        P::Sctp => transport::sctp,
        P::Gre => tunnel::gre,
        P::Erspan => tunnel::erspan,
        P::Vxlan | P::VxlanGpe => tunnel::vxlan,
        P::Geneve => tunnel::geneve,
        P::Gtp => tunnel::gtp,
        P::Esp => tunnel::esp,
        P::Ah => tunnel::ah,
        P::Stp => control::stp,
        P::Lldp => lldp::lldp,
        P::Cdp => cisco::cdp,
        P::Udld => cisco::udld,
        P::Vtp => cisco::vtp,
        P::Dtp => cisco::dtp,
        P::Pagp => cisco::pagp,
        P::Lacp => control::lacp,
        P::Vrrp => control::vrrp,
        P::Carp => control::carp,
        P::Ospf => control::ospf,
        P::MacControl => control::pause,
        P::Eapol => control::eapol,
        P::Ptp => control::ptp,
        _ => return None,
    })
}

/// A header that only a number names.
fn unknown(tree: &mut PacketTree, layer: Layer, bytes: &[u8], range: Range<usize>) {
    let (token, title) = match layer {
        Layer::EtherType(number) => ("ethertype", format!("EtherType 0x{number:04x}")),
        Layer::IpProtocol(number) => ("ip-proto", format!("IP protocol {number}")),
        Layer::Sap(number) => ("llc-sap", format!("LLC service access point 0x{number:02x}")),
        Layer::Ppp(number) => ("ppp-proto", format!("PPP protocol 0x{number:04x}")),
        Layer::LinkType(number) => ("linktype", format!("Link type {number}")),
        Layer::Known(proto) => (proto.token(), proto.name().to_owned()),
    };
    let length = range.len();
    tree.say(title.clone(), format!("{length} bytes"));
    let mut layer = tree.layer(token, title, bytes, range);
    layer.raw("data", "Bytes", 0, length);
}
