//! The router's look at a packet: just enough to give it its shard.

mod divided;
mod pieces;
mod rspan;
mod samples;
mod sequence;
mod stamps;

use crate::capture::Packet;
use crate::decode::{self, Headers, Peel, Rules};
use crate::engine::tape::facts::TunnelFacts;
use crate::engine::tape::precomputed::{HashKeys, Precomputed};
use crate::engine::tape::shard_key::{FragmentTable, FragmentedDatagram, shard_of_flow, shard_of_frame, shard_of_hash};
use crate::mirror::{CopyWatch, MirrorSessions, Ours};
use crate::model::{Address, Decap, Frame, LinkType, RspanChoice, StampChoice, Traffic, Tunnel, TunnelKind};
use crate::switch::{LinkSpeed, SpeedNews};
use divided::Divided;
use rspan::{RspanFrame, RspanWatch};
use samples::Samples;
use stamps::StampWatch;

/// Packets of a file that are looked through before the first of them is decided on.
const FORESEEN: usize = 4096;

/// The EtherType of LLDP (IEEE 802.1AB).
const LLDP: u16 = 0x88cc;

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
    /// Of the first pieces of datagrams: the session of the copy in it, or that there is none.
    carriers: FragmentTable<Option<u16>>,
    headers: Headers,
    rules: Rules,
    policy: Decap,
    known: Known,
    sessions: MirrorSessions,
    plain: Traffic,
    /// Samples found in the block in hand.
    pub(in crate::engine) samples: Samples,
    /// What the link carries, by those at it.
    speed: LinkSpeed,
    /// How often each packet comes.
    pub(in crate::engine) copies: CopyWatch,
    stamps: StampWatch,
    rspan: RspanWatch,
    /// Interfaces whose frames have nothing more to be looked for.
    flushed: Vec<bool>,
    /// Conversations of which a part lies in tunnels that are left on, and the headers within those.
    divided: Divided,
    /// Whether the first packets were looked through.
    has_foreseen: bool,
    within: Headers,
    hash_keys: HashKeys,
}

impl Peek {
    /// A look with a policy for tunnels, what is known of their ends, how packets are decoded, which time stamps and which VLAN are
    /// taken out, and what keys the hashes.
    pub fn new(policy: Decap, known: Known, rules: Rules, stamps: StampChoice, rspan: RspanChoice, hash_keys: HashKeys) -> Self {
        Self {
            policy,
            known,
            rules,
            stamps: StampWatch::new(stamps),
            rspan: RspanWatch::new(rspan),
            hash_keys,
            fragments: FragmentTable::new(hash_keys.shards),
            carriers: FragmentTable::new(hash_keys.shards),
            ..Self::default()
        }
    }

    /// Looks at the first packets of a file for tunnels that are answered: what is left on then is left on from its first packet.
    #[inline]
    pub fn foresee(&mut self, packets: &[Packet], data: &[u8]) -> Option<SpeedNews> {
        if !self.has_foreseen && !packets.is_empty() {
            self.look_ahead(packets, data);
        }
        self.speed.news()
    }

    #[inline(never)]
    fn look_ahead(&mut self, packets: &[Packet], data: &[u8]) {
        self.has_foreseen = true;
        // Of a port little is known before it is decided on.
        if self.policy != Decap::Auto || !self.known.ours.is_empty() {
            return;
        }
        for packet in packets.iter().take(FORESEEN) {
            let from = packet.offset as usize;
            let bytes = data.get(from..from + packet.captured as usize).unwrap_or(&[]);
            decode::walk(packet.link, bytes, packet.wire, &self.rules, Peel { tunnels: 0, tag: false }, &mut self.headers);
            self.headers.tunnels.iter().for_each(|tunnel| self.sessions.foresee(tunnel));
            self.hear(packet, bytes);
        }
    }

    /// Gives a packet its shard, the tunnels to be taken off and its session. What was read of one of the commonest packets is left in
    /// `facts`.
    #[inline]
    pub fn route(&mut self, packet: &mut Packet, bytes: &[u8], facts: &mut Precomputed) -> Option<SpeedNews> {
        let flushed = self.flushed.get(usize::from(packet.interface)).copied().unwrap_or(false);
        let bytes = if flushed { bytes } else { self.inspect(packet, bytes) };
        // The user's ports count too: with tunnels taken off the shard is that of the inner conversation.
        let wire = packet.frame_wire();
        if packet.link == LinkType::ETHERNET {
            facts.read(packet, bytes, wire, &self.rules, &self.hash_keys);
        } else {
            facts.fast.blank();
        }
        let fast = &mut facts.fast;
        if fast.is_blank() {
            self.by_walking(packet, bytes);
            return self.speed.news();
        }
        packet.shard = shard_of_hash(fast.hash);
        self.copies.see(fast, &facts.print, packet.time);
        if self.divided.is_on() {
            self.divided.outside(fast.hash);
        }
        self.plain.count(wire);
        // A tag to be taken off is out of the ordinary.
        if packet.pops() {
            fast.blank();
        }
        None
    }

    /// Looks for what is not the frame's own: a trailer, which the bytes returned are without, and the VLAN tag of a remote mirror.
    #[inline(never)]
    fn inspect<'b>(&mut self, packet: &mut Packet, bytes: &'b [u8]) -> &'b [u8] {
        let interface = packet.interface;
        if self.stamps.wants(interface) {
            self.stamps.inspect(packet, bytes);
        }
        if self.rspan.wants(interface) {
            match self.rspan.inspect(packet, bytes) {
                Some(RspanFrame::Carried(tunnel, named)) => {
                    packet.session = self.sessions.carry(&tunnel, packet.frame_wire(), named, packet.time);
                }
                Some(RspanFrame::Suspect(tunnel)) => self.sessions.suspect(&tunnel, packet.time),
                None => {}
            }
        }
        if !self.stamps.wants(interface) && !self.rspan.wants(interface) {
            let at = usize::from(interface);
            self.flushed.resize(self.flushed.len().max(at + 1), false);
            self.flushed.iter_mut().skip(at).take(1).for_each(|s| *s = true);
        }
        if packet.trim == 0 { bytes } else { bytes.get(..packet.frame_wire() as usize).unwrap_or(bytes) }
    }

    #[inline(never)]
    fn by_walking(&mut self, packet: &mut Packet, bytes: &[u8]) {
        let wire = packet.frame_wire();
        let peel = Peel { tunnels: 0, tag: packet.pops() };
        decode::walk(packet.link, bytes, wire, &self.rules, peel, &mut self.headers);
        if packet.link == LinkType::ETHERNET {
            self.stamps.header(packet, bytes, &self.headers);
        }
        let piece = FragmentedDatagram::of(&self.headers);
        if let Some(piece) = piece.filter(|piece| !piece.first)
            && self.take_piece(packet, &piece)
        {
            return;
        }
        let tunnels = self.headers.tunnels.iter().count() as u8;
        if tunnels == 0 {
            self.plain.count(wire);
        } else {
            self.unwrap(packet, bytes);
        }
        if packet.peels() < tunnels && packet.weight == 0 {
            self.look_inside(packet.link, bytes, wire, tunnels);
        } else if let Some((key, _)) = self.headers.flow() {
            self.note_outside(&key);
        }
        if let Some(piece) = piece.filter(|piece| piece.first) {
            self.note_first_piece(packet, &piece);
        }
        let own = match self.headers.flow() {
            Some((key, _)) => shard_of_flow(&key, &self.hash_keys),
            None => shard_of_frame(&self.headers, &self.hash_keys),
        };
        packet.shard = self.fragments.pass(&self.headers, || own).unwrap_or(own);
        if packet.weight == 0 {
            let mut frame = Frame { time: packet.time, ..Frame::default() };
            self.headers.show(bytes, self.headers.flow(), &mut frame);
            self.copies.see_any(&frame, &self.hash_keys.copies);
            self.hear(packet, bytes);
        }
    }

    /// Takes notice of who tells the speed of the link, by a frame of it that was walked.
    fn hear(&mut self, packet: &Packet, bytes: &[u8]) {
        if self.headers.ether_type == LLDP && packet.peels() == 0 && self.speed.listens(packet.time) {
            let mut frame = Frame { time: packet.time, ..Frame::default() };
            self.headers.show(bytes, None, &mut frame);
            decode::bare_message(&frame).into_iter().for_each(|message| self.speed.hear(message));
        }
    }

    /// Decides on each tunnel from outside; those to be taken off stop at the first that stays on.
    fn unwrap(&mut self, packet: &mut Packet, bytes: &[u8]) {
        self.sessions.plain(std::mem::take(&mut self.plain));
        let wire = packet.frame_wire();
        self.sessions.begin(wire);
        let ours = Ours { addresses: &self.known.ours, endpoints: &self.known.ends };
        let mut last: Option<Tunnel> = None;
        let mut open = true;
        for tunnel in self.headers.tunnels.iter() {
            let off = self.sessions.decide(tunnel, wire, packet.time, &ours, self.policy);
            open &= off;
            if open {
                packet.peel += 1;
                last = Some(*tunnel);
            }
        }
        let Some(tunnel) = last else { return };
        let samples = tunnel.kind == TunnelKind::Sflow;
        let peels = packet.peels() - u8::from(samples);
        if !samples || peels > 0 {
            decode::walk(packet.link, bytes, wire, &self.rules, Peel { tunnels: peels, tag: packet.pops() }, &mut self.headers);
        }
        packet.session = self.sessions.number(&tunnel);
        if samples {
            self.account(usize::from(peels), packet);
            return self.take_samples(packet, bytes, &tunnel);
        }
        self.take_check_sequence(packet, bytes, &tunnel);
        self.account(usize::from(peels), packet);
    }

    /// Accounts what the tunnels taken off say of the packet, each for its own session: the outermost ones, so many.
    #[inline]
    fn account(&mut self, tunnels: usize, packet: &Packet) {
        let innermost = self.headers.wire;
        self.headers.tunnels.note_inside(tunnels, innermost);
        for layer in self.headers.tunnels.layers().take(tunnels) {
            self.sessions.account(&layer.tunnel, &layer.tag.unwrap_or_default(), layer.inside, packet.time);
        }
    }

    /// What is known of the tunnels on the link.
    pub fn tunnels(&mut self) -> TunnelFacts {
        self.sessions.plain(std::mem::take(&mut self.plain));
        TunnelFacts {
            sessions: self.sessions.report(),
            loops: self.sessions.loops(),
            foreign: self.sessions.foreign(),
            beyond: self.sessions.beyond(),
            fragments: self.sessions.fragments(),
            stamps: self.stamps.report(),
            divided: self.divided.facts(),
        }
    }

    /// Forgets the sessions.
    pub fn forget(&mut self) {
        let (known, rules) = (std::mem::take(&mut self.known), std::mem::take(&mut self.rules));
        *self = Self::new(self.policy, known, rules, self.stamps.choice(), self.rspan.choice(), self.hash_keys);
    }
}
