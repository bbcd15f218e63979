//! Datagrams in fragments, by who receives them.

use super::BIN;
use super::bounded::{Lasting, Recent, entry};
use crate::model::Arrange as _;
use crate::model::evidence::FragmentEvidence;
use crate::model::{Address, Episode, Sighting, Timestamp};
use hashbrown::HashMap;

#[derive(Debug, Default)]
struct Receiver {
    /// Datagrams of the last minute and since the beginning: whole, and not.
    whole: (Recent, u64),
    broken: (Recent, u64),
    /// Fragments of name servers, and of TCP, in the last minute.
    names: Recent,
    tcp: Recent,
    senders: Vec<Address>,
    first: Option<Timestamp>,
    first_broken: Option<Timestamp>,
    last: Timestamp,
}

impl Lasting for Receiver {
    fn last(&self) -> Timestamp {
        self.last
    }
}

/// All who receive datagrams in fragments.
#[derive(Debug, Default)]
pub(super) struct DatagramLedger {
    receivers: HashMap<Address, Receiver>,
}

/// A datagram.
pub(super) struct Datagram {
    pub ends: [Address; 2],
    pub protocol: u8,
    pub is_whole: bool,
    pub is_dns: bool,
    pub pieces: u8,
}

impl DatagramLedger {
    /// Senders told apart.
    const SENDERS: usize = 8;

    pub fn take(&mut self, seen: &Sighting, datagram: &Datagram) {
        let [from, to] = datagram.ends;
        let (bin, fragments) = (seen.last.0.div_euclid(BIN), seen.count.saturating_mul(datagram.pieces.into()));
        let receiver = entry(&mut self.receivers, to);
        receiver.last = receiver.last.max(seen.last);
        receiver.first.get_or_insert(seen.first);
        if receiver.senders.len() < Self::SENDERS && !receiver.senders.contains(&from) {
            receiver.senders.push(from);
        }
        if datagram.protocol == 6 {
            return receiver.tcp.add(bin, fragments);
        }
        if datagram.is_dns {
            receiver.names.add(bin, fragments);
        }
        let (recent, all) = if datagram.is_whole { &mut receiver.whole } else { &mut receiver.broken };
        recent.add(bin, seen.count);
        *all = all.saturating_add(seen.count);
        if !datagram.is_whole {
            receiver.first_broken.get_or_insert(seen.first);
        }
    }

    pub fn evidence(&self, now: Timestamp) -> Vec<FragmentEvidence> {
        let bin = now.0.saturating_sub(1).div_euclid(BIN);
        let mut all: Vec<FragmentEvidence> = self
            .receivers
            .iter()
            .map(|(receiver, r)| FragmentEvidence {
                receiver: *receiver,
                senders: r.senders.len() as u64,
                minute: [r.whole.0.minute(bin), r.broken.0.minute(bin)],
                all: [r.whole.1, r.broken.1],
                names: r.names.minute(bin),
                tcp: r.tcp.minute(bin),
                span: Episode { first: r.first_broken.or(r.first).unwrap_or(r.last), last: r.last },
            })
            .filter(|e| e.minute != [0, 0] || e.tcp > 0)
            .collect();
        all.arrange_by_key(|e| e.receiver);
        all
    }
}
