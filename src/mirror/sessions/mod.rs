//! Which tunnels are the transport of a mirror, and what each of them says of itself.
//!
//! # Whose outside is taken off
//!
//! With `auto`, a tunnel to an address of this host or to a configured endpoint is taken off from its first packet, if its kind can carry a
//! mirror at all. Otherwise the first 1000 packets of a session decide, once and for ever, and until then
//!
//! - a kind made for mirroring (ERSPAN, TZSP ...) **is** taken off; after 1000 packets it stays so unless at least a fifth of the bytes since
//!   its first packet are plain traffic: then it is somebody's mirror that crosses this link (`foreign mirror`);
//! - a kind also used by others (VXLAN, Geneve, Ethernet in GRE ...) **is not**; after 1000 packets it is if its receiver never sent a packet
//!   of that kind and receives at least four fifths of the link's bytes by it;
//! - a kind for users (GTP, IP in IP ...) never is.
//!
//! So a decision stands from the 1000th packet of its session on, and depends on the packets before it alone. Until then two are made packet
//! by packet: an overlay **is** taken off while its receiver gets four fifths of the bytes without an answer; samples (sFlow), which count many
//! times, are **not** while at least a fifth of the link's bytes are plain traffic, and never where they lie in another tunnel.

mod ruling;
mod sampling;
mod sequence;
mod shared_numbers;
#[cfg(test)]
mod tests;
mod watched;

pub use ruling::{Ours, PROVISIONAL};
pub use sampling::SampledPacket;
pub use sequence::CheckSequence;
pub use watched::SessionReport;

use crate::model::limits::SESSIONS;
use crate::model::mirror::Purpose;
use crate::model::{Address, Decap, MirrorTag, Timestamp, Traffic, Tunnel};
use hashbrown::HashMap;
use ruling::{Case, Ruling, Scales};
use watched::Watched;

/// Tunnel layers of a packet that are remembered to recognise a loop; deeper ones are not compared.
const DEPTH: usize = 8;

/// The tunnels of one link. Fed by one thread in order of arrival: [`begin`](Self::begin) for a packet with tunnels, then
/// [`decide`](Self::decide) for each layer from outside, then [`account`](Self::account) for the layers taken off;
/// [`plain`](Self::plain) for packets without.
#[derive(Debug, Default)]
pub struct MirrorSessions {
    list: Vec<Watched>,
    index: HashMap<Tunnel, usize>,
    /// The first session between two ends.
    ends: HashMap<(Address, Address), usize>,
    scales: Scales,
    recent: usize,
    plain: Traffic,
    stack: [Option<Tunnel>; DEPTH],
    depth: usize,
    mirror_depth: usize,
    counted: bool,
    loops: u64,
    looped: bool,
    nested: u64,
    deepest: usize,
    fragments: Traffic,
    beyond: Traffic,
}

impl MirrorSessions {
    /// No tunnel seen.
    pub fn new() -> Self {
        Self::default()
    }

    /// Counts packets without a tunnel: what the shares are of.
    #[inline]
    pub fn plain(&mut self, traffic: Traffic) {
        self.plain.add(traffic);
        self.scales.link.add(traffic);
    }

    /// Opens a packet that has tunnels, of `wire` bytes.
    #[inline]
    pub fn begin(&mut self, wire: u32) {
        self.scales.link.count(wire);
        self.depth = 0;
        self.mirror_depth = 0;
        self.counted = false;
        self.looped = false;
    }

    /// Counts a packet that is the first piece of a copy which came in IP fragments: the path's MTU is too small for the mirror.
    pub fn fragment(&mut self, wire: u32) {
        self.fragments.count(wire);
    }

    /// Counts a later piece of a copy that came by the session of that number (0: beyond the cap): bytes of the link and of the session, and no
    /// further packet of it.
    pub fn piece(&mut self, number: u16, wire: u32, time: Timestamp) {
        self.scales.link.count(wire);
        let Some(session) = usize::from(number).checked_sub(1).and_then(|at| self.list.get_mut(at)) else { return };
        session.outer.add(Traffic { packets: 0, wire_bytes: wire.into() });
        session.last = session.last.max(time);
        self.scales.count(session.sink, wire);
        if session.tunnel.kind.purpose() == Purpose::Mirror {
            self.scales.mirror_bytes += u64::from(wire);
        }
    }

    /// The number of a session, taken off, from `source` to `destination` in packets of this IP protocol: the first there was.
    pub fn between(&self, source: Address, destination: Address, protocol: u8) -> Option<u16> {
        let at = *self.ends.get(&(source, destination))?;
        let session = self.list.get(at)?;
        let fits = session.ruling.peels() && session.tunnel.kind.ip_protocol() == Some(protocol);
        fits.then(|| self.number(&session.tunnel))
    }

    /// Whether the next layer of the open packet is to be taken off. `wire` is the length of the frame that carries the layer.
    pub fn decide(&mut self, tunnel: &Tunnel, wire: u32, time: Timestamp, ours: &Ours, policy: Decap) -> bool {
        let is_again = self.stack.get(..self.depth).unwrap_or_default().contains(&Some(*tunnel));
        self.note_layer(tunnel, wire);
        let Some(at) = self.find(tunnel, time) else {
            self.beyond.count(wire);
            return policy == Decap::All;
        };
        let Some(session) = self.list.get_mut(at) else { return false };
        session.last = session.last.max(time);
        // A packet is one packet of its session, however often that has copied its own copies.
        if !is_again {
            session.outer.count(wire);
            self.scales.count(session.sink, wire);
        }
        if !session.ruling.stands() {
            let Watched { tunnel, sink, before, .. } = session;
            let case = Case { tunnel, sink: *sink, packets: session.outer.packets, before: *before, inner: self.depth > 1 };
            session.ruling = self.scales.rule(&case, ours, policy);
        }
        let off = session.ruling.peels();
        if off {
            self.note_own_copy(tunnel);
            self.count_mirror(wire);
        }
        off
    }

    /// A mirror that mirrors itself: what is in the open packet's layer `tunnel` was on its way to where an outer one goes, so the link on
    /// which copies arrive is among what is copied.
    #[inline]
    fn note_own_copy(&mut self, tunnel: &Tunnel) {
        let around = self.stack.get(..self.depth.saturating_sub(1)).unwrap_or_default();
        let is_own = |t: &Tunnel| t.destination == tunnel.destination && t.kind.purpose() != Purpose::User;
        if !self.looped && tunnel.kind.purpose() != Purpose::User && around.iter().flatten().any(is_own) {
            self.loops += 1;
            self.looped = true;
        }
    }

    /// Loops and nesting: the same tunnel twice in one packet is a mirror that mirrors itself.
    #[inline]
    fn note_layer(&mut self, tunnel: &Tunnel, wire: u32) {
        let seen = self.stack.get(..self.depth).unwrap_or_default();
        if self.depth > 0 && !self.looped && seen.contains(&Some(*tunnel)) {
            self.loops += 1;
            self.looped = true;
        }
        if let Some(slot) = self.stack.get_mut(self.depth) {
            *slot = Some(*tunnel);
            self.depth += 1;
        }
        if tunnel.kind.purpose() != Purpose::Mirror {
            return;
        }
        self.mirror_depth += 1;
        self.deepest = self.deepest.max(self.mirror_depth);
        self.nested += u64::from(self.mirror_depth == 2);
        self.count_mirror(wire);
    }

    /// The open packet comes by a mirror: by an encapsulation made for that, or by one that is taken off.
    #[inline]
    fn count_mirror(&mut self, wire: u32) {
        if !self.counted {
            self.counted = true;
            self.scales.mirror_bytes += u64::from(wire);
        }
    }

    #[inline]
    fn find(&mut self, tunnel: &Tunnel, time: Timestamp) -> Option<usize> {
        if self.list.get(self.recent).is_some_and(|s| s.tunnel == *tunnel) {
            return Some(self.recent);
        }
        let at = match self.index.get(tunnel) {
            Some(&at) => at,
            None => self.open(tunnel, time)?,
        };
        self.recent = at;
        Some(at)
    }

    #[inline(never)]
    fn open(&mut self, tunnel: &Tunnel, time: Timestamp) -> Option<usize> {
        // An answer, even beyond the cap, is an answer.
        self.scales.answer(tunnel);
        if self.list.len() >= SESSIONS {
            return None;
        }
        let at = self.list.len();
        // The other way around may have been there first.
        let answered = self.list.iter().any(|s| s.tunnel.kind == tunnel.kind && s.tunnel.source == tunnel.destination);
        let before = (self.scales.link.wire_bytes, self.scales.mirror_bytes);
        let sink = self.scales.open(tunnel, answered);
        self.index.insert(*tunnel, at);
        self.ends.entry((tunnel.source, tunnel.destination)).or_insert(at);
        self.list.push(Watched::new(*tunnel, sink, before, time));
        Some(at)
    }

    /// Tells of a tunnel that comes later.
    pub fn foresee(&mut self, tunnel: &Tunnel) {
        self.scales.foresee(tunnel);
    }

    /// Number of a tunnel's session, from 1 in order of appearance; 0 beyond the cap.
    #[inline]
    pub fn number(&self, tunnel: &Tunnel) -> u16 {
        let at = match self.list.get(self.recent) {
            Some(s) if s.tunnel == *tunnel => Some(self.recent),
            _ => self.index.get(tunnel).copied(),
        };
        at.map_or(0, |at| (at + 1).min(usize::from(u16::MAX)) as u16)
    }

    /// Accounts what the device says of a packet whose layer was decided on: `inner` wire bytes in it.
    pub fn account(&mut self, tunnel: &Tunnel, tag: &MirrorTag, inner: u32, time: Timestamp) {
        if let Some(session) = self.known(tunnel, time) {
            session.account(tag, inner, time);
        }
    }

    /// Whether the frames of a session end with their check sequence.
    #[inline]
    pub fn check_sequence(&self, tunnel: &Tunnel) -> CheckSequence {
        let recent = self.list.get(self.recent).filter(|s| s.tunnel == *tunnel);
        recent.or_else(|| self.list.get(*self.index.get(tunnel)?)).map_or(CheckSequence::Absent, |s| s.trial.verdict())
    }

    /// Notes whether a frame of a session did.
    pub fn tried_sequence(&mut self, tunnel: &Tunnel, has: bool) {
        if let Some(&at) = self.index.get(tunnel)
            && let Some(session) = self.list.get_mut(at)
        {
            session.trial.note(has);
        }
    }

    /// Accounts a frame of `wire` bytes in the VLAN of a remote mirror, whose tag is taken off (`named`: on the user's word); the session's
    /// number, 0 beyond the cap.
    pub fn carry(&mut self, tunnel: &Tunnel, wire: u32, named: bool, time: Timestamp) -> u16 {
        let Some(session) = self.known(tunnel, time) else { return 0 };
        session.carry(wire, named, time);
        self.number(tunnel)
    }

    /// Notes a VLAN that may be a remote mirror's.
    pub fn suspect(&mut self, tunnel: &Tunnel, time: Timestamp) {
        if let Some(session) = self.known(tunnel, time) {
            session.ruling = Ruling::PerhapsRspan;
        }
    }

    /// Accounts one sampled packet of a session.
    pub fn sample(&mut self, tunnel: &Tunnel, sample: &SampledPacket, time: Timestamp) {
        if let Some(session) = self.known(tunnel, time) {
            session.inner_bytes += u64::from(sample.wire);
            session.sampling.get_or_insert_default().take(sample);
        }
    }

    /// Counts samples of a session of which no packet could be made.
    pub fn unread_samples(&mut self, tunnel: &Tunnel, samples: u64, time: Timestamp) {
        if let Some(session) = self.known(tunnel, time) {
            session.sampling.get_or_insert_default().unread(samples);
        }
    }

    fn known(&mut self, tunnel: &Tunnel, time: Timestamp) -> Option<&mut Watched> {
        let at = self.find(tunnel, time)?;
        self.list.get_mut(at)
    }

    /// All sessions in order of appearance.
    pub fn report(&self) -> Vec<SessionReport> {
        let mut reports: Vec<SessionReport> = self.list.iter().enumerate().map(|(at, s)| s.report(at)).collect();
        shared_numbers::settle(&mut reports);
        reports
    }

    /// Everything on the link, tunnels included.
    pub fn link(&self) -> Traffic {
        self.scales.link
    }

    /// What is in no tunnel.
    pub fn outside(&self) -> Traffic {
        self.plain
    }

    /// Packets of mirrors that only cross this link.
    pub fn foreign(&self) -> Traffic {
        let mut sum = Traffic::default();
        self.list.iter().filter(|s| s.ruling == Ruling::Foreign).for_each(|s| sum.add(s.outer));
        sum
    }

    /// Packets with a copy inside a copy, both in the same tunnel or both for the same receiver: the mirror mirrors its own copies.
    pub fn loops(&self) -> u64 {
        self.loops
    }

    /// Packets in more than one mirror encapsulation, and how many in the deepest: they grow in a loop.
    pub fn nesting(&self) -> (u64, usize) {
        (self.nested, self.deepest)
    }

    /// First pieces of copies that came in IP fragments.
    pub fn fragments(&self) -> Traffic {
        self.fragments
    }

    /// Layers of tunnels beyond the cap of sessions.
    pub fn beyond(&self) -> Traffic {
        self.beyond
    }
}
