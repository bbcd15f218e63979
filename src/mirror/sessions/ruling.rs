//! Whether the outside of a tunnel is taken off: the rules, and the bytes they weigh.

use crate::model::limits::SESSIONS;
use crate::model::mirror::Purpose;
use crate::model::{Address, Decap, Traffic, Tunnel, TunnelKind};
use hashbrown::{HashMap, HashSet};

/// Packets of a session after which its decision stands.
pub const PROVISIONAL: u64 = 1000;

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
pub(super) enum Ruling {
    Off,
    Everything,
    Endpoint,
    ToUs,
    MirrorSoFar,
    Mirror,
    Foreign,
    CrossingSoFar,
    Within,
    UndecidedSoFar,
    AloneSoFar,
    OneWay,
    Answered,
    Minor,
    User,
    AroundAll,
    NamedVlan,
    PerhapsRspan,
}

impl Ruling {
    /// Whether the outside is taken off.
    pub fn peels(self) -> bool {
        use Ruling::{AloneSoFar, AroundAll, Endpoint, Everything, Mirror, MirrorSoFar, NamedVlan, OneWay, ToUs};
        matches!(self, Everything | Endpoint | ToUs | MirrorSoFar | AloneSoFar | Mirror | OneWay | AroundAll | NamedVlan)
    }

    /// Whether it is the last word.
    pub fn stands(self) -> bool {
        use Ruling::{AloneSoFar, CrossingSoFar, MirrorSoFar, UndecidedSoFar};
        !matches!(self, MirrorSoFar | AloneSoFar | UndecidedSoFar | CrossingSoFar)
    }

    /// The reason in words.
    pub fn reason(self) -> &'static str {
        match self {
            Ruling::Off => "kept: decapsulation is off",
            Ruling::Everything => "taken off: every tunnel is to be",
            Ruling::Endpoint => "taken off: a configured endpoint",
            Ruling::ToUs => "taken off: it ends at this host",
            Ruling::MirrorSoFar => "taken off: an encapsulation made for mirroring (provisional until 1000 packets)",
            Ruling::Mirror => "taken off: an encapsulation made for mirroring, hardly any plain traffic beside it",
            Ruling::Foreign => "foreign mirror: it does not end here, and plain traffic shares the link",
            Ruling::CrossingSoFar => "kept: samples that cross a link with plain traffic (provisional until 1000 packets)",
            Ruling::Within => "kept: samples sent within the mirrored network",
            Ruling::UndecidedSoFar => "kept: may be user traffic (provisional until 1000 packets)",
            Ruling::AloneSoFar => "taken off: never answered, and hardly anything else on the link (provisional until 1000 packets)",
            Ruling::OneWay => "taken off: never answered and at least 80 % of the link's bytes",
            Ruling::Answered => "kept: user traffic, both ends send",
            Ruling::Minor => "kept: user traffic, less than 80 % of the link's bytes",
            Ruling::AroundAll => "taken off: one VLAN around more than 99 % of the frames, with tags of their own in it",
            Ruling::NamedVlan => "taken off: the VLAN that was named",
            Ruling::PerhapsRspan => {
                "kept: one VLAN around all frames, with several subnets in it: if it is a mirror's, --rspan takes it off"
            }
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

/// What is to be ruled on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Case<'a> {
    /// The tunnel.
    pub tunnel: &'a Tunnel,
    /// Its receiver, as [`Scales::open`] gave it.
    pub sink: usize,
    /// Its packets so far.
    pub packets: u64,
    /// Link and mirror bytes before its first packet.
    pub before: (u64, u64),
    /// Whether it lies inside another tunnel.
    pub inner: bool,
}

/// The bytes that decisions weigh: of the link, of mirrors, and of each receiver.
#[derive(Debug, Default)]
pub(super) struct Scales {
    /// Everything on the link.
    pub link: Traffic,
    /// Bytes of packets in a mirror's encapsulation, or in another that is taken off.
    pub mirror_bytes: u64,
    sinks: Vec<Sink>,
    index: HashMap<(TunnelKind, Address), usize>,
    /// Who sends by which kind, as far as that was looked for before.
    senders: HashSet<(TunnelKind, Address)>,
}

impl Scales {
    /// An answer: what `tunnel`'s source receives by its kind is no one-way mirror.
    pub fn answer(&mut self, tunnel: &Tunnel) {
        if let Some(&sink) = self.index.get(&(tunnel.kind, tunnel.source))
            && let Some(sink) = self.sinks.get_mut(sink)
        {
            sink.answered = true;
        }
    }

    /// Somebody will send by a tunnel: what that one receives by its kind is answered from the beginning.
    pub fn foresee(&mut self, tunnel: &Tunnel) {
        if self.senders.len() < SESSIONS {
            self.senders.insert((tunnel.kind, tunnel.source));
        }
    }

    /// The receiver of a new session; `answered`: it was seen to send by that kind.
    pub fn open(&mut self, tunnel: &Tunnel, answered: bool) -> usize {
        let (sinks, link_before) = (&mut self.sinks, self.link.wire_bytes);
        let at = *self.index.entry((tunnel.kind, tunnel.destination)).or_insert_with(|| {
            sinks.push(Sink { bytes: 0, link_before, answered: false });
            sinks.len() - 1
        });
        if let Some(sink) = sinks.get_mut(at) {
            sink.answered |= answered || self.senders.contains(&(tunnel.kind, tunnel.destination));
        }
        at
    }

    /// Counts a packet to a receiver.
    pub fn count(&mut self, sink: usize, wire: u32) {
        if let Some(sink) = self.sinks.get_mut(sink) {
            sink.bytes += u64::from(wire);
        }
    }

    /// Receivers known.
    #[cfg(test)]
    pub fn receivers(&self) -> usize {
        self.sinks.len()
    }

    /// Rules on a session.
    pub fn rule(&self, case: &Case, ours: &Ours, policy: Decap) -> Ruling {
        let tunnel = case.tunnel;
        let due = case.packets >= PROVISIONAL;
        let named = |list: &[Address]| list.contains(&tunnel.destination);
        let samples = tunnel.kind == TunnelKind::Sflow;
        match (policy, tunnel.kind.purpose()) {
            (Decap::None, _) => Ruling::Off,
            (Decap::All, _) => Ruling::Everything,
            (Decap::Auto, Purpose::User) => Ruling::User,
            _ if named(ours.endpoints) || ours.endpoints.contains(&tunnel.source) => Ruling::Endpoint,
            _ if named(ours.addresses) => Ruling::ToUs,
            // A sample counts for hundreds of packets: a few of another network's would outweigh what is really on the link.
            _ if samples && case.inner => Ruling::Within,
            _ if samples && !due && self.shared((0, 0)) => Ruling::CrossingSoFar,
            (_, Purpose::Mirror) if !due => Ruling::MirrorSoFar,
            (_, Purpose::Mirror) if self.shared(case.before) => Ruling::Foreign,
            (_, Purpose::Mirror) => Ruling::Mirror,
            _ if !due => match self.either(case) {
                Ruling::OneWay => Ruling::AloneSoFar,
                _ => Ruling::UndecidedSoFar,
            },
            _ => self.either(case),
        }
    }

    /// Whether at least a fifth of the bytes since `before` (of the link, of mirrors) are plain traffic.
    fn shared(&self, before: (u64, u64)) -> bool {
        let link = self.link.wire_bytes.saturating_sub(before.0);
        let mirrors = self.mirror_bytes.saturating_sub(before.1);
        link.saturating_sub(mirrors).saturating_mul(5) >= link
    }

    fn either(&self, case: &Case) -> Ruling {
        let Some(sink) = self.sinks.get(case.sink) else { return Ruling::Minor };
        let link = self.link.wire_bytes.saturating_sub(sink.link_before);
        if sink.answered {
            Ruling::Answered
        } else if sink.bytes.saturating_mul(5) >= link.saturating_mul(4) {
            Ruling::OneWay
        } else {
            Ruling::Minor
        }
    }
}
