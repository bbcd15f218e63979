//! Datagrams in fragments, by who receives them.

use super::BIN;
use super::bounded::{LATELY_BIN, Lasting, Lately, Recent, entry, lately};
use crate::model::Arrange as _;
use crate::model::evidence::{FragmentEvidence, SIGHT_HELD};
use crate::model::ip_protocol;
use crate::model::latest::Latest;
use crate::model::{Address, Episode, Sighting, Timestamp};
use hashbrown::HashMap;

#[derive(Debug, Default)]
struct Receiver {
    /// Datagrams of the last minute and of the last ten: whole, and not.
    whole: (Recent, Lately),
    broken: (Recent, Lately),
    /// Fragments of name servers, and of TCP, in the last minute.
    names: Recent,
    tcp: Recent,
    senders: Latest<Address, { DatagramLedger::SENDERS }>,
    /// All of them, and those that are not whole: since they come without a pause as long as those ten minutes.
    span: Option<Episode>,
    broken_span: Option<Episode>,
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

/// Goes on with what was seen, or begins anew where it was long ago.
fn follow(span: &mut Option<Episode>, seen: &Sighting) {
    let standing = span.filter(|span| seen.first.since(span.last) <= SIGHT_HELD);
    let (first, last) = standing.map_or((seen.first, seen.last), |span| (span.first.min(seen.first), span.last.max(seen.last)));
    *span = Some(Episode { first, last });
}

impl DatagramLedger {
    /// Senders told apart.
    const SENDERS: usize = 8;

    pub fn take(&mut self, seen: &Sighting, datagram: &Datagram) {
        let [from, to] = datagram.ends;
        let (bin, fragments) = (seen.last.0.div_euclid(BIN), seen.count.saturating_mul(datagram.pieces.into()));
        let receiver = entry(&mut self.receivers, to);
        receiver.last = receiver.last.max(seen.last);
        follow(&mut receiver.span, seen);
        receiver.senders.note(from, seen.last);
        if datagram.protocol == ip_protocol::TCP {
            return receiver.tcp.add(bin, fragments);
        }
        if datagram.is_dns {
            receiver.names.add(bin, fragments);
        }
        let (recent, lately) = if datagram.is_whole { &mut receiver.whole } else { &mut receiver.broken };
        recent.add(bin, seen.count);
        lately.add(seen.last.0.div_euclid(LATELY_BIN), seen.count);
        if !datagram.is_whole {
            follow(&mut receiver.broken_span, seen);
        }
    }

    pub fn evidence(&self, now: Timestamp) -> Vec<FragmentEvidence> {
        let [bin, long] = [BIN, LATELY_BIN].map(|length| now.0.saturating_sub(1).div_euclid(length));
        let mut all: Vec<FragmentEvidence> = self
            .receivers
            .iter()
            .map(|(receiver, r)| FragmentEvidence {
                receiver: *receiver,
                senders: r.senders.since(lately(now)).count() as u64,
                minute: [r.whole.0.minute(bin), r.broken.0.minute(bin)],
                lately: [r.whole.1.sum(long), r.broken.1.sum(long)],
                names: r.names.minute(bin),
                tcp: r.tcp.minute(bin),
                span: Episode { first: r.broken_span.or(r.span).map_or(r.last, |span| span.first), last: r.last },
            })
            .filter(|e| e.minute != [0, 0] || e.tcp > 0)
            .collect();
        all.arrange_by_key(|e| e.receiver);
        all
    }
}
