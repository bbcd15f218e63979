//! One payload taken apart: what an application says in a datagram or a segment, for who looks at a single packet. Which protocol it is say the
//! [probes](super::registry) that all packets are shown to; without the conversation's history what begins in the middle of a message is
//! data. One file a protocol, and a line in `writer`.

mod bfd;
mod dhcp;
mod dns;
mod gateways;
mod mndp;
mod ntp;
mod snmp;
mod text;
mod tls;

use super::registry;
use super::{Carriage, Payload, Probe};
use crate::model::{AppId, LayerWriter, PacketTree};
use std::ops::Range;

/// Adds what the payload of a packet holds, which lies in `range` of its bytes.
pub fn read(tree: &mut PacketTree, packet: &[u8], range: Range<usize>, payload: &Payload<'_>) {
    if payload.bytes.is_empty() {
        return;
    }
    let carriage = if payload.flow.is_tcp() { Carriage::Tcp } else { Carriage::Udp };
    let known = protocol(payload, carriage);
    let (token, title) = known.map_or(("data", "Data"), |(token, title)| (token, title));
    let before = (tree.protocol.clone(), tree.info.clone());
    let mut layer = tree.layer(token, title, packet, range);
    match known.and_then(|(token, _)| writer(token)) {
        Some(write) => write(&mut layer, carriage),
        None => {
            layer.summary(format!("{} bytes", payload.bytes.len()));
            layer.raw("data.data", "Bytes", 0, payload.bytes.len());
            if known.is_some() {
                layer.say(token.to_uppercase(), before.1);
            }
        }
    }
}

/// Writes the fields of a protocol's messages.
type Writer = fn(&mut LayerWriter<'_, '_>, Carriage);

/// What writes the fields of a protocol.
fn writer(token: &str) -> Option<Writer> {
    Some(match token {
        "dns" => dns::dns,
        "mdns" => dns::mdns,
        "llmnr" => dns::llmnr,
        "nbns" => dns::nbns,
        "tls" => tls::tls,
        "dhcp" => dhcp::dhcp,
        "ntp" => ntp::ntp,
        "snmp" => snmp::snmp,
        "http" => text::http,
        "ssdp" => text::ssdp,
        "sip" => text::sip,
        "smtp" => text::smtp,
        "ftp" => text::ftp,
        "imap" => text::imap,
        "pop" => text::pop,
        "hsrp" => gateways::hsrp,
        "glbp" => gateways::glbp,
        "bfd" => bfd::bfd,
        "mndp" => mndp::mndp,
        _ => return None,
    })
}

/// Token and title of the protocol of a payload: by its content, and where that leaves it open by its ports.
fn protocol(payload: &Payload<'_>, carriage: Carriage) -> Option<(&'static str, &'static str)> {
    let named = |app: AppId| registry::about(app).map(|about| (about.token, about.title));
    let mut by_port = None;
    for (app, about) in registry::every() {
        let Some(ports) = about.ports(carriage) else { continue };
        let on_port = payload.ports().iter().any(|port| ports.contains(port));
        match registry::probe(app, payload, carriage) {
            Probe::Certain => return named(app),
            Probe::Unsure if on_port => by_port = by_port.or(named(app)),
            // A message in the middle of a conversation looks different from the first one.
            Probe::No if on_port && goes_on(about.token, payload.bytes) => by_port = by_port.or(named(app)),
            Probe::Unsure | Probe::Follows(_) | Probe::No => {}
        }
    }
    let by_port = by_port.or_else(|| (carriage == Carriage::Tcp && tls::is_record(payload.bytes)).then_some(("tls", "TLS")));
    by_port.or_else(|| control(payload, carriage))
}

/// Token and title of what switches and routers say to each other over UDP: by the registered port and the form of its first bytes.
fn control(payload: &Payload<'_>, carriage: Carriage) -> Option<(&'static str, &'static str)> {
    let ports = payload.ports();
    let is_on = |port: u16| carriage == Carriage::Udp && ports.contains(&port);
    match payload.bytes {
        [0, 0..=3, ..] | [1, 40, ..] if is_on(1985) || is_on(2029) => Some(("hsrp", "Hot Standby Router Protocol")),
        [1, ..] if is_on(3222) => Some(("glbp", "Gateway Load Balancing Protocol")),
        [head, _, _, length, ..] if head >> 5 == 1 && *length >= 24 && (is_on(3784) || is_on(4784) || is_on(6784)) => {
            Some(("bfd", "Bidirectional Forwarding Detection"))
        }
        [_, _, _, _, 0, 1, 0, 6, ..] if is_on(5678) => Some(("mndp", "MikroTik Neighbor Discovery Protocol")),
        _ => None,
    }
}

/// Whether a payload on a protocol's port can be a message of it that is not the first.
fn goes_on(token: &str, bytes: &[u8]) -> bool {
    match token {
        "tls" => tls::is_record(bytes),
        "smtp" | "ftp" | "imap" | "pop" => text::is_line(bytes),
        _ => false,
    }
}
