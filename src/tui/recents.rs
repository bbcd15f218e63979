//! Every row of a picture that has recent numbers: one walk, to read them and to write others, so that no second list of them is kept.

use super::topic::{Kind, Topic};
use crate::model::{Chatter, Timestamp, Traffic};
use crate::snapshot::Snapshot;

/// What numbers are of: a row that can be selected, or a part of one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum RecentKey {
    /// A row.
    Row(Topic),
    /// What is no row of a list that has a page.
    Part(RecentPart),
}

/// What numbers are of besides rows that can be selected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum RecentPart {
    /// Into a VLAN and out of it, by its identifier.
    Ways(u16),
    /// A kind of packets by which hosts find each other.
    Chatter(Chatter),
}

/// What was counted of something; the second number where it has two.
pub(super) struct RecentRow<T> {
    pub key: RecentKey,
    /// When it began, where that is known.
    pub first: Option<Timestamp>,
    pub total: [Traffic; 2],
    pub recent: [Option<T>; 2],
}

macro_rules! walk {
    ($(#[$about:meta])* $name:ident, $rows:ident, $snapshot:ty, $traffic:ty $(, $mutable:tt)?) => {
        $(#[$about])*
        pub(super) fn $name(s: $snapshot, see: &mut dyn FnMut(RecentRow<$traffic>)) {
            use Kind::{Eth, Ip, Ipv6, Sctp, Tcp, Udp};
            let c = &$($mutable)? s.stats.conversations;
            for (kind, table) in [
                (Tcp, &$($mutable)? c.tcp),
                (Udp, &$($mutable)? c.udp),
                (Sctp, &$($mutable)? c.sctp),
                (Ip, &$($mutable)? c.ip),
                (Ipv6, &$($mutable)? c.ipv6),
                (Eth, &$($mutable)? c.eth),
            ] {
                for row in table.rows.$rows() {
                    let (key, first, total) = (RecentKey::Row(Topic::conversation(kind, row)), Some(row.first), [row.ab, row.ba]);
                    see(RecentRow { key, first, total, recent: [Some(&$($mutable)? row.recent_ab), Some(&$($mutable)? row.recent_ba)] });
                }
            }
            let e = &$($mutable)? s.stats.endpoints;
            for (kind, table) in [
                (Tcp, &$($mutable)? e.tcp),
                (Udp, &$($mutable)? e.udp),
                (Sctp, &$($mutable)? e.sctp),
                (Ip, &$($mutable)? e.ip),
                (Ipv6, &$($mutable)? e.ipv6),
                (Eth, &$($mutable)? e.eth),
            ] {
                for row in table.rows.$rows() {
                    let (key, first, total) = (RecentKey::Row(Topic::host(kind, row)), Some(row.first), [row.tx, row.rx]);
                    see(RecentRow { key, first, total, recent: [Some(&$($mutable)? row.recent_tx), Some(&$($mutable)? row.recent_rx)] });
                }
            }
            let mut one = |key, traffic, recent| see(RecentRow { key, first: None, total: [traffic, Traffic::default()], recent: [Some(recent), None] });
            for row in s.stats.protocols.$rows() {
                one(RecentKey::Row(Topic::Protocol(row.path)), row.traffic, &$($mutable)? row.recent);
            }
            for row in s.mirror.tunnels.rows.$rows() {
                one(RecentKey::Row(Topic::Tunnel(row.tunnel)), row.traffic, &$($mutable)? row.recent);
            }
            for row in s.switch.chatter.$rows() {
                one(RecentKey::Part(RecentPart::Chatter(row.kind)), row.traffic, &$($mutable)? row.recent);
            }
            for row in s.stats.vlans.rows.$rows() {
                one(RecentKey::Row(Topic::Vlan(row.id)), row.traffic, &$($mutable)? row.recent);
            }
            for row in s.stats.vlans.rows.$rows() {
                let key = RecentKey::Part(RecentPart::Ways(row.id));
                if let Some(ways) = &$($mutable)? row.ways {
                    let [into, out] = &$($mutable)? ways.recent;
                    see(RecentRow { key, first: None, total: ways.traffic, recent: [Some(into), Some(out)] });
                }
            }
        }
    };
}

walk!(
    /// Reads them.
    read,
    iter,
    &Snapshot,
    &Traffic
);
walk!(
    /// Writes them.
    write,
    iter_mut,
    &mut Snapshot,
    &mut Traffic,
    mut
);
