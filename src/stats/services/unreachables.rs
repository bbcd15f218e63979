//! What routers say cannot be reached, beside services that somebody asks: by who says it, of whom, and why; and what hosts say of their ports.

use super::{BIN, Bounded, MINUTE, MINUTE_SECONDS, REMEMBERED_SECONDS};
use crate::model::Arrange as _;
use crate::model::evidence::UnreachableEvidence;
use crate::model::latest::Latest;
use crate::model::limits::{SERVICE_CLIENTS, UNREACHABLES};
use crate::model::{Address, Episode, IcmpError, ProvingPackets, QuotedFlow, Timestamp};
use crate::stats::sightings::bounded::Recent;

/// Ports that traceroute asks for, to hear just that.
const TRACEROUTE: std::ops::RangeInclusive<u16> = 33_434..=33_534;

/// Ports from which on they are given to clients (RFC 6335 section 6), and below which only services are given any.
const DYNAMIC: u16 = 49_152;
const SYSTEM: u16 = 1_024;

#[derive(Debug)]
struct Reported {
    recent: Recent,
    /// Who received it.
    clients: Latest<Address, SERVICE_CLIENTS>,
    span: Episode,
    proof: ProvingPackets,
}

/// Who says what of whom.
type Claim = (Address, Address, bool, u8);

/// All of it.
#[derive(Debug, Default)]
pub(super) struct Unreachables {
    known: Bounded<Claim, Reported, UNREACHABLES, REMEMBERED_SECONDS>,
    /// Ports of UDP at which nothing listens, by what their hosts say. Apart, so that who tries all ports pushes nothing else out.
    closed: Bounded<(Address, u16), Reported, UNREACHABLES, MINUTE_SECONDS>,
}

/// Whether a datagram went to a service: not from one, late, to a socket that its client has closed since.
fn is_to_service(from: u16, to: u16) -> bool {
    to < SYSTEM || to < DYNAMIC && to < from
}

/// Whether an unreachable destination is a port.
fn is_of_port(quoted: &QuotedFlow) -> bool {
    (quoted.kind, quoted.code) == if quoted.key.is_v6 { (1, 4) } else { (3, 3) }
}

/// Who sent a datagram to which service, of which its host says that nothing listens there.
pub fn closed_port(error: &IcmpError) -> Option<[(Address, u16); 2]> {
    let quoted = &error.quoted;
    let ends @ [(_, from), (target, port)] = quoted.key.ends(quoted.direction);
    let is_service = is_to_service(from, port) && !TRACEROUTE.contains(&port);
    (quoted.key.is_udp() && is_of_port(quoted) && error.reporter == target && is_service).then_some(ends)
}

impl Reported {
    fn new(time: Timestamp) -> Self {
        Self { recent: Recent::default(), clients: Latest::default(), span: Episode::at(time), proof: ProvingPackets::default() }
    }

    fn note(&mut self, error: &IcmpError) {
        // What was long ago is over.
        if error.time.since(self.span.last) > MINUTE * BIN {
            self.span = Episode::at(error.time);
        }
        self.span.last = self.span.last.max(error.time);
        self.recent.add(error.time.0.div_euclid(BIN), 1);
        self.proof.note(error.number);
        self.clients.note(error.receiver, error.time);
    }

    /// What was said in the last minute.
    fn evidence(&self, (reporter, target, is_v6, code): Claim, port: Option<u16>, now: Timestamp) -> Option<UnreachableEvidence> {
        let minute = Timestamp(now.0.saturating_sub(MINUTE * BIN).saturating_add(1));
        let bin = now.0.saturating_sub(1).div_euclid(BIN);
        (self.span.last >= minute).then(|| {
            let mut clients: Vec<Address> = self.clients.since(minute).collect();
            clients.arrange();
            let (count, span, proof) = (self.recent.minute(bin), self.span, self.proof);
            UnreachableEvidence { reporter, target, port, is_v6, code, count, clients, span, proof }
        })
    }
}

impl Unreachables {
    /// Bytes of what is said of a host.
    #[cfg(test)]
    pub(super) const BYTES: usize =
        Bounded::<Claim, Reported, UNREACHABLES, REMEMBERED_SECONDS>::ENTRY_BYTES + Latest::<Address, SERVICE_CLIENTS>::BYTES;

    /// Takes in that a packet could not be delivered. That nothing listens at a port says its host: of a client's
    /// closed socket it is normal.
    pub(super) fn note(&mut self, error: &IcmpError) {
        let quoted = &error.quoted;
        let [_, (target, port)] = quoted.key.ends(quoted.direction);
        if quoted.key.is_udp() && TRACEROUTE.contains(&port) {
            return;
        }
        if let Some([_, closed]) = closed_port(error) {
            if let Some(reported) = self.closed.entry_or(closed, error.time, || Reported::new(error.time)) {
                reported.note(error);
            }
            return;
        }
        if is_of_port(&error.quoted) || error.reporter == target {
            return;
        }
        let claim = (error.reporter, target, quoted.key.is_v6, quoted.code);
        if let Some(reported) = self.known.entry_or(claim, error.time, || Reported::new(error.time)) {
            reported.note(error);
        }
    }

    /// How often there was no room.
    pub fn refused(&self) -> u64 {
        self.known.refused().saturating_add(self.closed.refused())
    }

    /// What was said in the last minute, in the order of who said it.
    pub(super) fn evidence(&self, now: Timestamp) -> Vec<UnreachableEvidence> {
        let hosts = self.known.iter().filter_map(|(claim, reported, _)| reported.evidence(*claim, None, now));
        let of_host = |host: Address| (host, host, matches!(host, Address::V6(_)), if matches!(host, Address::V6(_)) { 4 } else { 3 });
        let ports = self.closed.iter().filter_map(|(&(host, port), reported, _)| reported.evidence(of_host(host), Some(port), now));
        let mut out: Vec<UnreachableEvidence> = hosts.chain(ports).collect();
        out.arrange_by_key(|told| (told.reporter, told.code, told.target, told.port));
        out
    }
}
