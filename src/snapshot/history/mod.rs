//! What was counted when: the past in slots, fine ones of late and coarser ones before, each with its sums and the largest rows of its
//! tables. From them comes the picture of any span ([`Snapshot::in_span`](super::Snapshot::in_span)).
//!
//! ```text
//!  days ago      hours ago        minutes ago                        now
//!  |    1 h    |    1 h   |10 min|10 min|1 min|1 min|10 s|10 s|1|1|1|
//! ```
//!
//! A slot's sums are exact. So are its rows, of which it keeps the largest; the others are one exact sum. Where slots were put together, or
//! are for a span, a row may lack what was counted of it in those in which it was not among the largest: [`TopRows::shortfall`] says how
//! much at most.

mod of_span;
mod picture;
mod top_rows;

pub use picture::SpanShown;
pub use top_rows::{RowAbout, TopRow, TopRows};

use crate::model::limits::{HISTORY_ROWS, HISTORY_TALKS};
use crate::model::sizes::SIZE_CLASSES;
use crate::model::sum::sums;
use crate::model::{Address, AppBy, Mac, Path, Sum, TimeSpan, Timestamp, Traffic, VlanStack};
use std::sync::Arc;

sums! {
    /// What all packets of a slot add up to: exact.
    #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
    pub struct SlotSums {
        /// Packets by RMON size class.
        pub sizes: [Traffic; SIZE_CLASSES.len()],
        /// Unicast, multicast, broadcast.
        pub casts: [Traffic; 3],
        /// Inbound, outbound, inside, through, unknown.
        pub directions: [Traffic; 5],
        /// Without a VLAN tag.
        pub untagged: Traffic,
        /// Captured bytes.
        pub captured_bytes: u64,
        /// Packets captured shorter than on the wire.
        pub truncated: u64,
        /// IP fragments.
        pub fragments: u64,
        /// SYN, SYN and ACK, FIN, RST.
        pub tcp_flags: [u64; 4],
    }
}

impl SlotSums {
    /// All packets.
    pub fn total(&self) -> Traffic {
        self.sizes.iter().copied().fold(Traffic::default(), Traffic::plus)
    }
}

/// A conversation: smaller end, larger end, IP protocol, and when it began, which tells apart those that follow each other on the same ports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TalkKey {
    /// The smaller end.
    pub a: (Address, u16),
    /// The larger end.
    pub b: (Address, u16),
    /// IP protocol number.
    pub protocol: u8,
    /// Its first packet of all.
    pub first: Timestamp,
}

/// What is known of a conversation.
#[derive(Debug, Clone, PartialEq)]
pub struct TalkAbout {
    /// What is spoken, and how that is known.
    pub app: Option<(&'static str, AppBy)>,
    /// The name of the server.
    pub server_name: Option<Arc<str>>,
    /// Its protocols.
    pub path: Path,
    /// Its VLANs.
    pub vlans: VlanStack,
    /// Whether the smaller end began.
    pub originator_is_a: bool,
    /// Its latest packet.
    pub last: Timestamp,
}

impl RowAbout for TalkAbout {
    fn join(&mut self, later: &Self) {
        let known = (self.app.take(), self.server_name.take());
        let vlans = self.vlans;
        *self = later.clone();
        self.app = self.app.or(known.0);
        self.server_name = self.server_name.take().or(known.1);
        vlans.ids().iter().for_each(|&id| self.vlans.insert(id));
    }
}

/// What is known of a pair of addresses.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PairAbout {
    /// What the protocols of its packets have in common.
    pub path: Path,
    /// Whether the smaller one began.
    pub originator_is_a: bool,
}

impl RowAbout for PairAbout {
    fn join(&mut self, later: &Self) {
        self.path = self.path.together(later.path);
    }
}

/// Whether a host is inside the local networks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HostAbout(pub Option<bool>);

impl RowAbout for HostAbout {}

/// Whether only ports tell that an application is spoken.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AppAbout(pub bool);

impl RowAbout for AppAbout {
    fn join(&mut self, later: &Self) {
        self.0 &= later.0;
    }
}

/// What was counted in some time. Rows of hosts have what they sent first.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct HistorySlot {
    /// The time.
    pub span: TimeSpan,
    /// What all its packets add up to.
    pub sums: SlotSums,
    /// TCP, UDP and SCTP conversations.
    pub talks: TopRows<TalkKey, TalkAbout>,
    /// Pairs of IP addresses.
    pub pairs: TopRows<[Address; 2], PairAbout>,
    /// IP addresses.
    pub hosts: TopRows<Address, HostAbout>,
    /// Pairs of MAC addresses.
    pub mac_pairs: TopRows<[Mac; 2], PairAbout>,
    /// MAC addresses.
    pub stations: TopRows<Mac, ()>,
    /// Whole paths of packets.
    pub protocols: TopRows<Path, ()>,
    /// VLANs: a packet counts once for each identifier.
    pub vlans: TopRows<u16, ()>,
    /// Applications of conversations, by IP protocol.
    pub apps: TopRows<(u8, &'static str), AppAbout>,
}

impl HistorySlot {
    /// Bytes of one with as many rows as it may have.
    pub const BYTES: usize = {
        const fn row<K, A>() -> usize {
            size_of::<TopRow<K, A>>()
        }
        size_of::<Self>()
            + HISTORY_TALKS * row::<TalkKey, TalkAbout>()
            + HISTORY_ROWS
                * (row::<[Address; 2], PairAbout>()
                    + row::<Address, HostAbout>()
                    + row::<[Mac; 2], PairAbout>()
                    + row::<Mac, ()>()
                    + row::<Path, ()>()
                    + row::<u16, ()>()
                    + row::<(u8, &'static str), AppAbout>())
    };

    /// Takes in what was counted later.
    pub fn absorb(&mut self, later: &Self) {
        self.span = self.span.join(later.span);
        self.sums.merge(&later.sums);
        self.talks.absorb(&later.talks, HISTORY_TALKS);
        self.pairs.absorb(&later.pairs, HISTORY_ROWS);
        self.hosts.absorb(&later.hosts, HISTORY_ROWS);
        self.mac_pairs.absorb(&later.mac_pairs, HISTORY_ROWS);
        self.stations.absorb(&later.stations, HISTORY_ROWS);
        self.protocols.absorb(&later.protocols, HISTORY_ROWS);
        self.vlans.absorb(&later.vlans, HISTORY_ROWS);
        self.apps.absorb(&later.apps, HISTORY_ROWS);
    }
}

/// The past, as far as it is kept.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct History {
    /// The slots, oldest first.
    pub slots: Arc<[Arc<HistorySlot>]>,
    /// What came before this moment is not kept any more.
    pub forgotten: Option<Timestamp>,
}

impl History {
    /// The time it knows of.
    pub fn extent(&self) -> Option<TimeSpan> {
        let (first, last) = (self.slots.first()?, self.slots.last()?);
        Some(first.span.join(last.span))
    }

    /// The slots that have part of a span.
    pub fn covering(&self, span: TimeSpan) -> &[Arc<HistorySlot>] {
        let from = self.slots.partition_point(|slot| !slot.span.overlaps(span) && slot.span.from < span.from);
        let rest = self.slots.get(from..).unwrap_or_default();
        let count = rest.iter().take_while(|slot| slot.span.overlaps(span)).count();
        rest.get(..count).unwrap_or_default()
    }

    /// The slot of a moment, or the nearest one before it, else behind it.
    pub fn slot_at(&self, at: Timestamp) -> Option<&HistorySlot> {
        let next = self.slots.partition_point(|slot| slot.span.from <= at);
        self.slots.get(next.saturating_sub(1)).map(AsRef::as_ref)
    }

    /// The slots' beginnings around a moment: that of the one before, and that of the next one.
    pub fn around(&self, at: Timestamp) -> (Option<Timestamp>, Option<Timestamp>) {
        let begin = |n: Option<usize>| n.and_then(|n| self.slots.get(n)).map(|slot| slot.span.from);
        let here = self.slots.partition_point(|slot| slot.span.from < at);
        let behind = self.slots.partition_point(|slot| slot.span.from <= at);
        (begin(here.checked_sub(1)), begin(Some(behind)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history(slots: &[(i64, i64)]) -> History {
        let slot = |&(from, to): &(i64, i64)| {
            Arc::new(HistorySlot { span: TimeSpan { from: Timestamp(from), to: Timestamp(to) }, ..HistorySlot::default() })
        };
        History { slots: slots.iter().map(slot).collect(), forgotten: None }
    }

    #[test]
    fn slots_of_a_span_are_found() {
        let h = history(&[(0, 10), (10, 20), (50, 60), (60, 61)]);
        let found = |from, to| {
            let span = TimeSpan { from: Timestamp(from), to: Timestamp(to) };
            h.covering(span).iter().map(|s| s.span.from.0).collect::<Vec<_>>()
        };
        assert_eq!(found(0, 10), [0]);
        assert_eq!(found(9, 11), [0, 10]);
        assert_eq!(found(20, 50), [0i64; 0]);
        assert_eq!(found(15, 55), [10, 50]);
        assert_eq!(found(-5, 100), [0, 10, 50, 60]);
        assert_eq!(found(61, 90), [0i64; 0]);
        assert_eq!(found(60, 60), [60]);
        assert_eq!(h.around(Timestamp(10)), (Some(Timestamp(0)), Some(Timestamp(50))));
        assert_eq!(h.around(Timestamp(55)), (Some(Timestamp(50)), Some(Timestamp(60))));
        assert_eq!(h.slot_at(Timestamp(30)).map(|s| s.span.from.0), Some(10));
        assert_eq!(History::default().extent(), None);
    }
}
