//! What routers say cannot be reached, beside services that somebody asks: by who says it, of whom, and why.

use super::{BIN, Bounded, MINUTE, REMEMBERED_SECONDS};
use crate::model::Arrange as _;
use crate::model::evidence::UnreachableEvidence;
use crate::model::limits::{SERVICE_CLIENTS, UNREACHABLES};
use crate::model::{Address, Episode, IcmpError, ProvingPackets, Timestamp};
use crate::stats::sightings::bounded::Recent;

/// Ports that traceroute asks for, to hear just that.
const TRACEROUTE: std::ops::RangeInclusive<u16> = 33_434..=33_534;

#[derive(Debug)]
struct Reported {
    recent: Recent,
    /// Who received it, and when last.
    clients: Vec<(Address, Timestamp)>,
    span: Episode,
    proof: ProvingPackets,
}

/// Who says what of whom.
type Claim = (Address, Address, bool, u8);

/// All of it.
#[derive(Debug, Default)]
pub(super) struct Unreachables {
    known: Bounded<Claim, Reported, UNREACHABLES, REMEMBERED_SECONDS>,
}

impl Unreachables {
    /// Bytes of what is said of a host.
    #[cfg(test)]
    pub(super) const BYTES: usize =
        Bounded::<Claim, Reported, UNREACHABLES, REMEMBERED_SECONDS>::ENTRY_BYTES + SERVICE_CLIENTS * size_of::<(Address, Timestamp)>();

    /// Takes in that a packet could not be delivered. That nothing listens at a port says its host, and of a closed socket it is normal.
    pub(super) fn note(&mut self, error: &IcmpError) {
        let quoted = &error.quoted;
        let (target, port) = quoted.key.ends(quoted.direction)[1];
        let is_port = quoted.code == if quoted.key.is_v6 { 4 } else { 3 };
        if is_port || error.reporter == target || quoted.key.protocol == 17 && TRACEROUTE.contains(&port) {
            return;
        }
        let claim = (error.reporter, target, quoted.key.is_v6, quoted.code);
        let fresh =
            || Reported { recent: Recent::default(), clients: Vec::new(), span: Episode::at(error.time), proof: ProvingPackets::default() };
        let Some(reported) = self.known.entry_or(claim, error.time, fresh) else { return };
        // What was long ago is over.
        if error.time.since(reported.span.last) > MINUTE * BIN {
            reported.span = Episode::at(error.time);
        }
        reported.span.last = reported.span.last.max(error.time);
        reported.recent.add(error.time.0.div_euclid(BIN), 1);
        reported.proof.note(error.number);
        if let Some((_, last)) = reported.clients.iter_mut().find(|(client, _)| *client == error.receiver) {
            *last = error.time;
        } else if reported.clients.len() < SERVICE_CLIENTS {
            reported.clients.push((error.receiver, error.time));
        }
    }

    /// How often there was no room.
    pub fn refused(&self) -> u64 {
        self.known.refused()
    }

    /// What was said in the last minute, in the order of who said it.
    pub(super) fn evidence(&self, now: Timestamp) -> Vec<UnreachableEvidence> {
        let bin = now.0.saturating_sub(1).div_euclid(BIN);
        let lately = self.known.iter().filter(|(_, reported, _)| now.since(reported.span.last) < MINUTE * BIN);
        let mut out: Vec<UnreachableEvidence> = lately
            .map(|(&(reporter, target, is_v6, code), reported, _)| {
                let is_recent = |client: &&(Address, Timestamp)| now.since(client.1) < MINUTE * BIN;
                let mut clients: Vec<Address> = reported.clients.iter().filter(is_recent).map(|client| client.0).collect();
                clients.arrange();
                UnreachableEvidence {
                    reporter,
                    target,
                    is_v6,
                    code,
                    count: reported.recent.minute(bin),
                    clients,
                    span: reported.span,
                    proof: reported.proof,
                }
            })
            .collect();
        out.arrange_by_key(|told| (told.reporter, told.code, told.target));
        out
    }
}
