//! The router's look at a packet: just enough to give it its shard.

mod rspan;
mod samples;
mod sequence;
mod stamps;

use super::key::{FragmentTable, flow_key, shard_of_flow, shard_of_frame};
use crate::capture::Packet;
use crate::decode::{self, Fragment, Headers, Rules};
use crate::mirror::{Ours, SessionReport, Sessions};
use crate::model::{Address, Decap, FlowKey, LinkType, RspanChoice, StampChoice, Stamps, Traffic, Tunnel, TunnelKind};
use rspan::{Found, RspanWatch};
use samples::Samples;
use stamps::StampWatch;

/// Ends of tunnels that are known to be a mirror's.
#[derive(Debug, Default)]
pub struct Known {
    /// Addresses of this host; empty for files.
    pub ours: Vec<Address>,
    /// Ends the user named.
    pub ends: Vec<Address>,
}

/// Gives packets their shard: a function of the bytes alone (for later fragments: of their first fragment's). Looks through
/// mirrors: decides which tunnels are taken off and keeps their sessions' ledger, which must see packets in the order of the tape.
#[derive(Debug, Default)]
pub struct Peek {
    fragments: FragmentTable<u8>,
    headers: Headers,
    rules: Rules,
    policy: Decap,
    known: Known,
    sessions: Sessions,
    plain: Traffic,
    /// Samples found in the block in hand.
    pub(super) samples: Samples,
    stamps: StampWatch,
    rspan: RspanWatch,
    /// Interfaces whose frames have nothing more to be looked for.
    settled: Vec<bool>,
}

impl Peek {
    /// A look with a policy for tunnels, what is known of their ends, how packets are decoded, which time stamps and which VLAN are
    /// taken out.
    pub fn new(policy: Decap, known: Known, rules: Rules, stamps: StampChoice, rspan: RspanChoice) -> Self {
        Self { policy, known, rules, stamps: StampWatch::new(stamps), rspan: RspanWatch::new(rspan), ..Self::default() }
    }

    /// Gives a packet its shard, the tunnels to be taken off and its session.
    #[inline]
    pub fn route(&mut self, packet: &mut Packet, bytes: &[u8]) {
        let settled = self.settled.get(usize::from(packet.interface)).copied().unwrap_or(false);
        let bytes = if settled { bytes } else { self.look(packet, bytes) };
        match common(packet.link, bytes, &self.rules) {
            Some(key) => {
                packet.shard = shard_of_flow(&key);
                self.plain.count(packet.frame_wire());
            }
            None => self.by_walking(packet, bytes),
        }
    }

    /// Looks for what is not the frame's own: a trailer, which the bytes returned are without, and the VLAN tag of a remote mirror.
    #[inline(never)]
    fn look<'b>(&mut self, packet: &mut Packet, bytes: &'b [u8]) -> &'b [u8] {
        let interface = packet.interface;
        if self.stamps.wants(interface) {
            self.stamps.look(packet, bytes);
        }
        if self.rspan.wants(interface) {
            match self.rspan.look(packet, bytes) {
                Some(Found::Carried(tunnel, named)) => {
                    packet.session = self.sessions.carry(&tunnel, packet.frame_wire(), named, packet.time);
                }
                Some(Found::Suspect(tunnel)) => self.sessions.suspect(&tunnel, packet.time),
                None => {}
            }
        }
        if !self.stamps.wants(interface) && !self.rspan.wants(interface) {
            let at = usize::from(interface);
            self.settled.resize(self.settled.len().max(at + 1), false);
            self.settled.iter_mut().skip(at).take(1).for_each(|s| *s = true);
        }
        if packet.trim == 0 { bytes } else { bytes.get(..packet.frame_wire() as usize).unwrap_or(bytes) }
    }

    #[inline(never)]
    fn by_walking(&mut self, packet: &mut Packet, bytes: &[u8]) {
        (self.rules.peel, self.rules.pop) = (0, packet.pops());
        let wire = packet.frame_wire();
        decode::walk(packet.link, bytes, wire, &self.rules, &mut self.headers);
        if packet.link == LinkType::ETHERNET {
            self.stamps.header(packet, bytes, &self.headers);
        }
        if self.headers.tunnels.is_empty() {
            self.plain.count(wire);
            // GRE that is a later fragment hides what it carries.
            if matches!(self.headers.fragment, Fragment::Later { .. }) && self.headers.protocol == 47 {
                self.sessions.fragment(wire);
            }
        } else {
            self.unwrap(packet, bytes);
        }
        let own = match flow_key(&self.headers) {
            Some((key, _)) => shard_of_flow(&key),
            None => shard_of_frame(&self.headers),
        };
        packet.shard = self.fragments.pass(&self.headers, || own).unwrap_or(own);
    }

    /// Decides on each tunnel from outside; those to be taken off stop at the first that stays on.
    fn unwrap(&mut self, packet: &mut Packet, bytes: &[u8]) {
        self.sessions.plain(std::mem::take(&mut self.plain));
        let wire = packet.frame_wire();
        self.sessions.begin(wire);
        let tunnels = self.headers.tunnels;
        let ours = Ours { addresses: &self.known.ours, endpoints: &self.known.ends };
        let mut last: Option<Tunnel> = None;
        let mut open = true;
        for tunnel in tunnels.iter() {
            let off = self.sessions.decide(tunnel, wire, packet.time, &ours, self.policy);
            open &= off;
            if open {
                packet.peel += 1;
                last = Some(*tunnel);
            }
        }
        let Some(tunnel) = last else { return };
        if tunnel.kind == TunnelKind::Sflow {
            return self.take_samples(packet, bytes, &tunnel);
        }
        self.rules.peel = packet.peels();
        decode::walk(packet.link, bytes, wire, &self.rules, &mut self.headers);
        packet.session = self.sessions.number(&tunnel);
        self.take_check_sequence(packet, bytes, &tunnel);
        self.sessions.account(&tunnel, &self.headers.mirror.unwrap_or_default(), self.headers.wire, packet.time);
    }

    /// What is known of the tunnels on the link.
    pub fn tunnels(&mut self) -> TunnelFacts {
        self.sessions.plain(std::mem::take(&mut self.plain));
        TunnelFacts {
            sessions: self.sessions.report(),
            loops: self.sessions.loops(),
            foreign: self.sessions.foreign(),
            fragments: self.sessions.fragments(),
            stamps: self.stamps.report(),
        }
    }

    /// Forgets the sessions.
    pub fn forget(&mut self) {
        let (known, rules) = (std::mem::take(&mut self.known), std::mem::take(&mut self.rules));
        *self = Self::new(self.policy, known, rules, self.stamps.choice(), self.rspan.choice());
    }
}

/// Tunnels on the link, as the router knows them.
#[derive(Debug, Clone, Default)]
pub struct TunnelFacts {
    /// Every session.
    pub sessions: Vec<SessionReport>,
    /// Packets that hold the same tunnel twice.
    pub loops: u64,
    /// Packets of mirrors that only cross this link.
    pub foreign: Traffic,
    /// Fragments of outer tunnel packets.
    pub fragments: Traffic,
    /// Time stamps of devices on the way.
    pub stamps: Vec<Stamps>,
}

fn be16(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..at + 2).map(|b| u16::from_be_bytes([b[0], b[1]]))
}

/// The key of the common case only: Ethernet, VLAN tags, IPv4 or IPv6 without extension headers, whole TCP or UDP headers that are
/// certain to decode. Everything else is `None` and is walked in full.
#[inline]
fn common(link: LinkType, bytes: &[u8], rules: &Rules) -> Option<FlowKey> {
    if link != LinkType::ETHERNET {
        return None;
    }
    let mut at = 12;
    let mut ether_type = be16(bytes, at)?;
    while matches!(ether_type, 0x8100 | 0x88a8) {
        at += 4;
        if at > 20 {
            return None;
        }
        ether_type = be16(bytes, at)?;
    }
    let ip = bytes.get(at + 2..)?;
    let (is_v6, protocol, source, destination, header, payload) = match ether_type {
        0x0800 => {
            let h: &[u8; 20] = ip.first_chunk()?;
            let header = usize::from(h[0] & 0x0f) * 4;
            let total = usize::from(u16::from_be_bytes([h[2], h[3]]));
            // More-fragments or an offset: not the common case.
            if h[0] >> 4 != 4 || header < 20 || total < header || u16::from_be_bytes([h[6], h[7]]) & 0x3fff != 0 {
                return None;
            }
            let address = |i: usize| u128::from(u32::from_be_bytes([h[i], h[i + 1], h[i + 2], h[i + 3]]));
            (false, h[9], address(12), address(16), header, total - header)
        }
        0x86dd => {
            let h: &[u8; 40] = ip.first_chunk()?;
            if h[0] >> 4 != 6 {
                return None;
            }
            let address = |i: usize| h.get(i..i + 16).and_then(|b| b.try_into().ok()).map(u128::from_be_bytes);
            (true, h[6], address(8)?, address(24)?, 40, usize::from(u16::from_be_bytes([h[4], h[5]])))
        }
        _ => return None,
    };
    let transport = ip.get(header..)?;
    match protocol {
        6 => {
            let h: &[u8; 20] = transport.first_chunk()?;
            let length = usize::from(h[12] >> 4) * 4;
            if length < 20 || length > payload || length > transport.len() {
                return None;
            }
        }
        17 => {
            let h: &[u8; 8] = transport.first_chunk()?;
            let length = usize::from(u16::from_be_bytes([h[4], h[5]]));
            if length < 8 || length > payload {
                return None;
            }
        }
        _ => return None,
    }
    let ports = (be16(transport, 0)?, be16(transport, 2)?);
    // With tunnels taken off the shard is that of the inner conversation.
    if protocol == 17 && decode::may_carry_packets(ports.0, ports.1, rules) {
        return None;
    }
    Some(FlowKey::new(is_v6, protocol, source, destination, ports.0, ports.1).0)
}
