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
//! So a decision changes at most once, at the 1000th packet of its session, and depends on the packets before it alone.

use super::ledger::{Clock, Ledger};
use crate::model::limits::SESSIONS;
use crate::model::mirror::Purpose;
use crate::model::{Address, Decap, MirrorTag, Session, Timestamp, Traffic, Tunnel, TunnelKind};
use hashbrown::HashMap;

/// Packets of a session after which its decision stands.
pub const PROVISIONAL: u64 = 1000;
/// Tunnel layers of a packet that are remembered to recognise a loop; deeper ones are not compared.
const DEPTH: usize = 8;

/// What is known of this side.
#[derive(Debug, Clone, Copy, Default)]
pub struct Ours<'a> {
    /// Addresses of the capturing host and interface; empty where unknown (a file).
    pub addresses: &'a [Address],
    /// Mirror endpoints the user named: outer source or destination.
    pub endpoints: &'a [Address],
}

/// Why a tunnel is taken off, or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ruling {
    Off,
    Everything,
    Endpoint,
    ToUs,
    MirrorSoFar,
    Mirror,
    Foreign,
    UndecidedSoFar,
    AloneSoFar,
    OneWay,
    Answered,
    Minor,
    User,
}

impl Ruling {
    fn peels(self) -> bool {
        use Ruling::{AloneSoFar, Endpoint, Everything, Mirror, MirrorSoFar, OneWay, ToUs};
        matches!(self, Everything | Endpoint | ToUs | MirrorSoFar | AloneSoFar | Mirror | OneWay)
    }

    fn stands(self) -> bool {
        !matches!(self, Ruling::MirrorSoFar | Ruling::AloneSoFar | Ruling::UndecidedSoFar)
    }

    fn words(self) -> &'static str {
        match self {
            Ruling::Off => "kept: decapsulation is off",
            Ruling::Everything => "taken off: every tunnel is to be",
            Ruling::Endpoint => "taken off: a configured endpoint",
            Ruling::ToUs => "taken off: it ends at this host",
            Ruling::MirrorSoFar => "taken off: an encapsulation made for mirroring (provisional until 1000 packets)",
            Ruling::Mirror => "taken off: an encapsulation made for mirroring, hardly any plain traffic beside it",
            Ruling::Foreign => "foreign mirror: it does not end here, and plain traffic shares the link",
            Ruling::UndecidedSoFar => "kept: may be user traffic (provisional until 1000 packets)",
            Ruling::AloneSoFar => "taken off: never answered, and hardly anything else on the link (provisional until 1000 packets)",
            Ruling::OneWay => "taken off: never answered and at least 80 % of the link's bytes",
            Ruling::Answered => "kept: user traffic, both ends send",
            Ruling::Minor => "kept: user traffic, less than 80 % of the link's bytes",
            Ruling::User => "kept: a tunnel for user traffic",
        }
    }
}

/// What one receiver gets by one kind of tunnel.
#[derive(Debug, Clone, Copy)]
struct Sink {
    bytes: u64,
    link_before: u64,
    answered: bool,
}

#[derive(Debug)]
struct Watched {
    tunnel: Tunnel,
    sink: usize,
    ruling: Ruling,
    outer: Traffic,
    inner_bytes: u64,
    /// Link and mirror bytes before its first packet.
    before: (u64, u64),
    ledger: Ledger,
    numbered: bool,
    clock: Clock,
    truncated: u64,
    errors: [u64; 3],
    first: Timestamp,
    last: Timestamp,
}

/// A session with what does not fit the common words.
#[derive(Debug, Clone, PartialEq)]
pub struct SessionReport {
    /// The session.
    pub session: Session,
    /// Its number in [`super::Frame::session`].
    pub number: u16,
    /// Whether it is a mirror that only crosses this link.
    pub foreign: bool,
    /// Packets whose sequence number had come before: the transport doubled them.
    pub duplicates: u64,
    /// Bits of its numbering.
    pub bits: u32,
    /// The device's clock, if its packets have stamps of a known unit.
    pub clock: Option<Clock>,
}

/// The tunnels of one link. Fed by one thread in order of arrival: [`begin`](Self::begin) for a packet with tunnels, then
/// [`decide`](Self::decide) for each layer from outside, then [`account`](Self::account) for the layers taken off;
/// [`plain`](Self::plain) for packets without.
#[derive(Debug, Default)]
pub struct Sessions {
    list: Vec<Watched>,
    index: HashMap<Tunnel, usize>,
    sinks: Vec<Sink>,
    sink_index: HashMap<(TunnelKind, Address), usize>,
    recent: usize,
    link: Traffic,
    plain: Traffic,
    mirror_bytes: u64,
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

impl Sessions {
    /// No tunnel seen.
    pub fn new() -> Self {
        Self::default()
    }

    /// Counts packets without a tunnel: what the shares are of.
    #[inline]
    pub fn plain(&mut self, traffic: Traffic) {
        self.plain.add(traffic);
        self.link.add(traffic);
    }

    /// Opens a packet that has tunnels, of `wire` bytes.
    #[inline]
    pub fn begin(&mut self, wire: u32) {
        self.link.count(wire);
        self.depth = 0;
        self.mirror_depth = 0;
        self.counted = false;
        self.looped = false;
    }

    /// Counts a packet that is a fragment of an outer tunnel packet: the path's MTU is too small for the mirror, and nothing in it can be read.
    pub fn fragment(&mut self, wire: u32) {
        self.fragments.count(wire);
    }

    /// Whether the next layer of the open packet is to be taken off. `wire` is the length of the frame that carries the layer.
    pub fn decide(&mut self, tunnel: &Tunnel, wire: u32, time: Timestamp, ours: &Ours, policy: Decap) -> bool {
        self.note_layer(tunnel, wire);
        let Some(at) = self.find(tunnel, time) else {
            self.beyond.count(wire);
            return policy == Decap::All;
        };
        let Some(session) = self.list.get_mut(at) else { return false };
        session.outer.count(wire);
        session.last = session.last.max(time);
        if let Some(sink) = self.sinks.get_mut(session.sink) {
            sink.bytes += u64::from(wire);
        }
        let settled = session.ruling.stands();
        if settled {
            return session.ruling.peels();
        }
        self.rule(at, ours, policy)
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
        if !self.counted {
            self.counted = true;
            self.mirror_bytes += u64::from(wire);
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
        if let Some(&sink) = self.sink_index.get(&(tunnel.kind, tunnel.source))
            && let Some(sink) = self.sinks.get_mut(sink)
        {
            sink.answered = true;
        }
        if self.list.len() >= SESSIONS {
            return None;
        }
        let at = self.list.len();
        let sinks = &mut self.sinks;
        let link_before = self.link.wire_bytes;
        let sink = *self.sink_index.entry((tunnel.kind, tunnel.destination)).or_insert_with(|| {
            sinks.push(Sink { bytes: 0, link_before, answered: false });
            sinks.len() - 1
        });
        // The other way around may have been there first.
        let answered = self.list.iter().any(|s| s.tunnel.kind == tunnel.kind && s.tunnel.source == tunnel.destination);
        if let Some(sink) = sinks.get_mut(sink) {
            sink.answered |= answered;
        }
        self.index.insert(*tunnel, at);
        self.list.push(Watched {
            tunnel: *tunnel,
            sink,
            ruling: Ruling::UndecidedSoFar,
            outer: Traffic::default(),
            inner_bytes: 0,
            before: (link_before, self.mirror_bytes),
            ledger: Ledger::default(),
            numbered: false,
            clock: Clock::default(),
            truncated: 0,
            errors: [0; 3],
            first: time,
            last: time,
        });
        Some(at)
    }

    #[inline(never)]
    fn rule(&mut self, at: usize, ours: &Ours, policy: Decap) -> bool {
        let Some(session) = self.list.get(at) else { return false };
        let tunnel = &session.tunnel;
        let purpose = tunnel.kind.purpose();
        let due = session.outer.packets >= PROVISIONAL;
        let named = |list: &[Address]| list.contains(&tunnel.destination);
        let ruling = match (policy, purpose) {
            (Decap::None, _) => Ruling::Off,
            (Decap::All, _) => Ruling::Everything,
            (Decap::Auto, Purpose::User) => Ruling::User,
            _ if named(ours.endpoints) || ours.endpoints.contains(&tunnel.source) => Ruling::Endpoint,
            _ if named(ours.addresses) => Ruling::ToUs,
            (_, Purpose::Mirror) if !due => Ruling::MirrorSoFar,
            (_, Purpose::Mirror) => self.mirror(session),
            _ if !due => match self.either(session) {
                Ruling::OneWay => Ruling::AloneSoFar,
                _ => Ruling::UndecidedSoFar,
            },
            _ => self.either(session),
        };
        if let Some(session) = self.list.get_mut(at) {
            session.ruling = ruling;
        }
        ruling.peels()
    }

    fn mirror(&self, session: &Watched) -> Ruling {
        let link = self.link.wire_bytes.saturating_sub(session.before.0);
        let mirrors = self.mirror_bytes.saturating_sub(session.before.1);
        if link.saturating_sub(mirrors).saturating_mul(5) >= link { Ruling::Foreign } else { Ruling::Mirror }
    }

    fn either(&self, session: &Watched) -> Ruling {
        let Some(sink) = self.sinks.get(session.sink) else { return Ruling::Minor };
        let link = self.link.wire_bytes.saturating_sub(sink.link_before);
        if sink.answered {
            Ruling::Answered
        } else if sink.bytes.saturating_mul(5) >= link.saturating_mul(4) {
            Ruling::OneWay
        } else {
            Ruling::Minor
        }
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
        let Some(at) = self.find(tunnel, time) else { return };
        let Some(session) = self.list.get_mut(at) else { return };
        session.inner_bytes += u64::from(inner);
        if let Some(number) = tag.sequence {
            session.numbered = true;
            session.ledger.push(number, time);
        }
        if let Some((raw, tick)) = tag.switch_time {
            session.clock.push(time, raw, tick);
        }
        session.truncated += u64::from(tag.truncated);
        if let Some(n) = usize::from(tag.error).checked_sub(1).and_then(|e| session.errors.get_mut(e)) {
            *n += 1;
        }
    }

    /// All sessions in order of appearance.
    pub fn report(&self) -> Vec<SessionReport> {
        self.list.iter().enumerate().map(|(at, s)| s.report(at)).collect()
    }

    /// Everything on the link, tunnels included.
    pub fn link(&self) -> Traffic {
        self.link
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

    /// Packets that contain the same tunnel twice: the mirror mirrors its own copies.
    pub fn loops(&self) -> u64 {
        self.loops
    }

    /// Packets in more than one mirror encapsulation, and how many in the deepest: they grow in a loop.
    pub fn nesting(&self) -> (u64, usize) {
        (self.nested, self.deepest)
    }

    /// Fragments of outer tunnel packets.
    pub fn fragments(&self) -> Traffic {
        self.fragments
    }

    /// Layers of tunnels beyond the cap of sessions.
    pub fn beyond(&self) -> Traffic {
        self.beyond
    }
}

impl Watched {
    fn report(&self, at: usize) -> SessionReport {
        let sequenced = self.numbered && self.ledger.is_usable();
        SessionReport {
            session: Session {
                tunnel: self.tunnel,
                decision: self.ruling.words().to_owned(),
                peeled: self.ruling.peels(),
                packets: self.outer.packets,
                outer_bytes: self.outer.wire_bytes,
                inner_bytes: self.inner_bytes,
                sequenced,
                missing: self.ledger.missing(),
                reordered: if sequenced { self.ledger.reordered() } else { 0 },
                restarts: self.ledger.restarts(),
                truncated: self.truncated,
                errors: self.errors,
                first: self.first,
                last: self.last,
            },
            number: (at + 1).min(usize::from(u16::MAX)) as u16,
            foreign: self.ruling == Ruling::Foreign,
            duplicates: self.ledger.duplicates(),
            bits: self.ledger.bits(),
            clock: (self.clock.samples > 0).then_some(self.clock),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    fn address(n: u32) -> Address {
        Address::V4(Ipv4Addr::from_bits(0x0a00_0000 + n))
    }

    fn tunnel(kind: TunnelKind, source: u32, destination: u32, id: u64) -> Tunnel {
        Tunnel { kind, source: address(source), destination: address(destination), id }
    }

    fn send(s: &mut Sessions, t: &Tunnel, n: u64, ours: &Ours, policy: Decap) -> Vec<bool> {
        (0..n)
            .map(|i| {
                s.begin(150);
                s.decide(t, 150, Timestamp(i as i64 * 1000), ours, policy)
            })
            .collect()
    }

    fn plain(s: &mut Sessions, bytes: u64) {
        s.plain(Traffic { packets: bytes / 100, wire_bytes: bytes });
    }

    const UNKNOWN: Ours = Ours { addresses: &[], endpoints: &[] };

    #[test]
    fn a_mirror_in_a_file_stays_one_without_plain_traffic() {
        let mut s = Sessions::new();
        plain(&mut s, 1_000_000);
        let t = tunnel(TunnelKind::Erspan2, 1, 2, 7);
        // What was before its first packet does not count.
        assert!(send(&mut s, &t, 500, &UNKNOWN, Decap::Auto).into_iter().all(|p| p));
        plain(&mut s, 20_000);
        assert!(send(&mut s, &t, 5000, &UNKNOWN, Decap::Auto).into_iter().all(|p| p));
        assert!(s.report()[0].session.decision.contains("hardly any plain"));
        assert_eq!(s.foreign(), Traffic::default());
    }

    #[test]
    fn a_foreign_mirror_is_told_after_a_thousand_packets() {
        let mut s = Sessions::new();
        let t = tunnel(TunnelKind::Erspan2, 1, 2, 7);
        send(&mut s, &t, 1, &UNKNOWN, Decap::Auto);
        plain(&mut s, 50_000);
        let peeled = send(&mut s, &t, 1999, &UNKNOWN, Decap::Auto);
        assert_eq!(peeled.iter().position(|p| !p), Some(998), "the 1000th packet decides");
        assert!(peeled[998..].iter().all(|p| !p));
        let report = s.report();
        assert!(report[0].foreign && !report[0].session.peeled);
        assert_eq!(s.foreign(), Traffic { packets: 2000, wire_bytes: 300_000 });
        // The same to one of our addresses is our mirror.
        let ours = [address(2)];
        let mut s = Sessions::new();
        plain(&mut s, 500_000);
        let known = Ours { addresses: &ours, endpoints: &[] };
        assert!(send(&mut s, &t, 2000, &known, Decap::Auto).into_iter().all(|p| p));
    }

    #[test]
    fn two_mirror_sessions_share_a_link() {
        let mut s = Sessions::new();
        for i in 0..3000u64 {
            let t = tunnel(TunnelKind::Erspan3, 1, 2, i % 2);
            assert!(send(&mut s, &t, 1, &UNKNOWN, Decap::Auto)[0]);
        }
        assert_eq!(s.report().len(), 2);
        assert_eq!(s.number(&tunnel(TunnelKind::Erspan3, 1, 2, 1)), 2);
        assert_eq!(s.number(&tunnel(TunnelKind::Erspan3, 1, 2, 9)), 0);
    }

    #[test]
    fn overlays_need_one_way_and_share() {
        let t = tunnel(TunnelKind::Vxlan, 1, 2, 100);
        // One way, nearly everything; two network identifiers together.
        let mut s = Sessions::new();
        plain(&mut s, 1000);
        let peeled = send(&mut s, &t, 1500, &UNKNOWN, Decap::Auto);
        assert!(peeled.iter().all(|&p| p), "nothing else on the link since it began");
        let other = send(&mut s, &tunnel(TunnelKind::Vxlan, 1, 2, 101), 1500, &UNKNOWN, Decap::Auto);
        assert!(other.iter().all(|&p| p));
        // Answered, in either order.
        for turn in [false, true] {
            let mut s = Sessions::new();
            let back = tunnel(TunnelKind::Vxlan, 2, 1, 100);
            let (a, b) = if turn { (&back, &t) } else { (&t, &back) };
            send(&mut s, a, 1, &UNKNOWN, Decap::Auto);
            send(&mut s, b, 1, &UNKNOWN, Decap::Auto);
            assert!(!send(&mut s, &t, 3000, &UNKNOWN, Decap::Auto).contains(&true));
            assert!(s.report().iter().any(|r| r.session.decision.contains("both ends")));
        }
        // A part of the link only.
        let mut s = Sessions::new();
        send(&mut s, &t, 1, &UNKNOWN, Decap::Auto);
        plain(&mut s, 100_000);
        assert!(!send(&mut s, &t, 1500, &UNKNOWN, Decap::Auto).contains(&true));
        // Named by the user.
        let endpoints = [address(1)];
        let mut s = Sessions::new();
        let named = Ours { addresses: &[], endpoints: &endpoints };
        assert!(send(&mut s, &t, 1, &named, Decap::Auto)[0]);
    }

    #[test]
    fn policies_and_user_tunnels() {
        let ours = [address(2)];
        let known = Ours { addresses: &ours, endpoints: &ours };
        for &kind in TunnelKind::ALL {
            let t = tunnel(kind, 1, 2, 0);
            assert!(send(&mut Sessions::new(), &t, 3, &UNKNOWN, Decap::All).into_iter().all(|p| p));
            assert!(!send(&mut Sessions::new(), &t, 3, &known, Decap::None).contains(&true));
            let auto = send(&mut Sessions::new(), &t, 3, &known, Decap::Auto);
            assert_eq!(auto[0], kind.purpose() != Purpose::User, "{}", kind.token());
        }
    }

    #[test]
    fn what_the_device_says() {
        let mut s = Sessions::new();
        let t = tunnel(TunnelKind::Erspan3, 1, 2, 7);
        for n in (0..300u32).filter(|n| n % 100 != 50) {
            let time = Timestamp(i64::from(n) * 10_000_000);
            s.begin(150);
            s.decide(&t, 150, time, &UNKNOWN, Decap::Auto);
            let error = (n % 4) as u8;
            let stamp = Some((u64::from(n) * 100_000, 100));
            let tag = MirrorTag { sequence: Some(n), truncated: n < 5, error, switch_time: stamp, ..MirrorTag::default() };
            s.account(&t, &tag, 100, time);
        }
        let r = s.report().remove(0);
        let got = &r.session;
        assert_eq!((got.packets, got.outer_bytes, got.inner_bytes), (297, 297 * 150, 29_700));
        assert_eq!((got.sequenced, got.missing, got.reordered, got.restarts, got.truncated), (true, 3, 0, 0, 5));
        assert_eq!(got.errors, [75, 72, 75]);
        assert_eq!((got.first, got.last), (Timestamp(0), Timestamp(2_990_000_000)));
        assert!(r.clock.unwrap().drift_ppm().unwrap().abs() < 0.1);
        s.account(&t, &MirrorTag { error: 200, ..MirrorTag::default() }, 1, Timestamp(0));
    }

    #[test]
    fn a_mirror_that_mirrors_itself() {
        let mut s = Sessions::new();
        let t = tunnel(TunnelKind::Erspan2, 1, 2, 7);
        for depth in [1, 2, 3] {
            s.begin(500);
            for _ in 0..depth {
                s.decide(&t, 500, Timestamp(0), &UNKNOWN, Decap::Auto);
            }
        }
        assert_eq!((s.loops(), s.nesting()), (2, (2, 3)));
        // A loop deeper than is remembered.
        s.begin(9000);
        for _ in 0..100 {
            s.decide(&t, 9000, Timestamp(0), &UNKNOWN, Decap::Auto);
        }
        assert_eq!(s.loops(), 3);
        s.fragment(1500);
        assert_eq!(s.fragments(), Traffic { packets: 1, wire_bytes: 1500 });
        assert_eq!(s.link().packets, 4);
    }

    #[test]
    fn sessions_are_bounded() {
        let mut s = Sessions::new();
        for id in 0..2 * SESSIONS as u64 {
            let t = tunnel(TunnelKind::Vxlan, 1, id as u32, id);
            send(&mut s, &t, 1, &UNKNOWN, Decap::Auto);
        }
        assert_eq!((s.report().len(), s.sinks.len()), (SESSIONS, SESSIONS));
        assert_eq!(s.beyond().packets, SESSIONS as u64);
        assert_eq!(s.number(&tunnel(TunnelKind::Vxlan, 1, SESSIONS as u32 + 1, SESSIONS as u64 + 1)), 0);
    }
}
