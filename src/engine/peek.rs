//! The router's look at a packet: just enough to give it its shard.

use super::key::{FragmentTable, flow_key, shard_of_flow, shard_of_frame};
use crate::capture::Packet;
use crate::decode::{self, Fragment, Headers, Rules};
use crate::mirror::{Ours, SessionReport, Sessions};
use crate::model::{Address, Decap, LinkType, Traffic, Tunnel};

/// Gives packets their shard: a function of the bytes alone (for later fragments: of their first fragment's). Looks through
/// mirrors: decides which tunnels are taken off and keeps their sessions' ledger, which must see packets in the order of the tape.
#[derive(Debug, Default)]
pub struct Peek {
    fragments: FragmentTable<u8>,
    headers: Headers,
    rules: Rules,
    policy: Decap,
    ours: Vec<Address>,
    sessions: Sessions,
    plain: Traffic,
}

impl Peek {
    /// A look with a policy for tunnels, on a host with these addresses (none known for a file).
    pub fn new(policy: Decap, ours: Vec<Address>) -> Self {
        Self { policy, ours, ..Self::default() }
    }

    /// Gives a packet its shard, the tunnels to be taken off and its session.
    #[inline]
    pub fn route(&mut self, packet: &mut Packet, bytes: &[u8]) {
        // The user's ports count too: with tunnels taken off the shard is that of the inner conversation.
        let common = if packet.link == LinkType::ETHERNET { decode::straight_flow(bytes, packet.wire, &self.rules) } else { None };
        match common {
            Some((key, _)) => {
                packet.shard = shard_of_flow(&key);
                self.plain.count(packet.wire);
            }
            None => self.by_walking(packet, bytes),
        }
    }

    #[inline(never)]
    fn by_walking(&mut self, packet: &mut Packet, bytes: &[u8]) {
        self.rules.peel = 0;
        decode::walk(packet.link, bytes, packet.wire, &self.rules, &mut self.headers);
        if self.headers.tunnels.is_empty() {
            self.plain.count(packet.wire);
            // GRE that is a later fragment hides what it carries.
            if matches!(self.headers.fragment, Fragment::Later { .. }) && self.headers.protocol == 47 {
                self.sessions.fragment(packet.wire);
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
        self.sessions.begin(packet.wire);
        let tunnels = self.headers.tunnels;
        let ours = Ours { addresses: &self.ours, endpoints: &[] };
        let mut last: Option<Tunnel> = None;
        let mut open = true;
        for tunnel in tunnels.iter() {
            let off = self.sessions.decide(tunnel, packet.wire, packet.time, &ours, self.policy);
            open &= off;
            if open {
                packet.peel += 1;
                last = Some(*tunnel);
            }
        }
        let Some(tunnel) = last else { return };
        self.rules.peel = packet.peel;
        decode::walk(packet.link, bytes, packet.wire, &self.rules, &mut self.headers);
        packet.session = self.sessions.number(&tunnel);
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
        }
    }

    /// Forgets the sessions.
    pub fn forget(&mut self) {
        *self = Self::new(self.policy, std::mem::take(&mut self.ours));
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
}
