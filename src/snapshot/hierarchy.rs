//! The protocol hierarchy to its ends: transports go on to the applications of their conversations.
//!
//! ```text
//! eth
//!   ip
//!     tcp
//!       http
//! ```
//!
//! Headers tell everything down to the transports, packet by packet; what is spoken there its conversations tell. One tree for screens and
//! reports, and what panels show of protocols are its ends.

use super::{Conversation, Kinds, Snapshot, Table};
use crate::model::Arrange as _;
use crate::model::path::Layer;
use crate::model::{AppBy, Path, Proto, Traffic};
use std::collections::HashMap;

/// A row of the hierarchy: a path, or what is spoken at its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HierarchyRow {
    /// The path.
    pub path: Path,
    /// The full name of what is spoken there, where it was taken apart.
    pub title: Option<&'static str>,
    /// What is spoken there, and whether only ports tell; `None`: this is the path itself.
    pub app: Option<(&'static str, bool)>,
    /// Packets and wire bytes in all.
    pub traffic: Traffic,
    /// Since the previous snapshot.
    pub recent: Traffic,
    /// Of all, what has nothing known inside.
    pub own: Traffic,
    /// Of what is recent.
    pub own_recent: Traffic,
}

impl HierarchyRow {
    /// How many protocols lead to it, itself among them.
    pub fn depth(&self) -> usize {
        self.path.depth() + usize::from(self.app.is_some())
    }

    /// Its token: that of the application, else of the innermost protocol.
    pub fn token(&self) -> String {
        match self.app {
            Some((app, _)) => app.to_owned(),
            None => self.path.last().map(|layer| layer.to_string()).unwrap_or_default(),
        }
    }
}

/// A table of conversations among those of all kinds.
type TableOf = fn(&Kinds<Conversation>) -> &Table<Conversation>;

/// Transports that go on to applications, their IP protocol numbers, and their conversations.
const TRANSPORTS: [(Proto, u8, TableOf); 3] =
    [(Proto::Tcp, 6, |kinds| &kinds.tcp), (Proto::Udp, 17, |kinds| &kinds.udp), (Proto::Sctp, 132, |kinds| &kinds.sctp)];

/// The hierarchy of a picture, depth first: of what is on one level applications first, the largest of them at the beginning. `is_narrowed`: its
/// conversations were chosen, and they alone tell.
pub fn hierarchy(s: &Snapshot, is_narrowed: bool) -> Vec<HierarchyRow> {
    let mut spoken = spoken(s, is_narrowed);
    let recent = own_recent(s);
    let mut out = Vec::with_capacity(s.stats.protocols.len());
    for row in &s.stats.protocols {
        let own_recent = recent.get(&row.path).copied().unwrap_or_default();
        let mut path =
            HierarchyRow { path: row.path, title: None, app: None, traffic: row.traffic, recent: row.recent, own: row.own, own_recent };
        let mut apps = spoken.remove(&row.path).unwrap_or_default();
        for app in &mut apps {
            app.title = app.app.filter(|(_, is_guess)| !is_guess).and_then(|(token, _)| title(s, token));
            path.own = path.own.since(app.traffic);
            path.own_recent = path.own_recent.since(app.recent);
        }
        apps.arrange_by(|x, y| y.traffic.wire_bytes.cmp(&x.traffic.wire_bytes).then_with(|| x.app.cmp(&y.app)));
        out.push(path);
        out.append(&mut apps);
    }
    out
}

/// The full name of an application that was taken apart.
fn title(s: &Snapshot, token: &str) -> Option<&'static str> {
    s.dissect.apps.iter().find(|app| app.token == token).map(|app| app.title)
}

/// What came of late of each path and of none below it.
pub fn own_recent(s: &Snapshot) -> HashMap<Path, Traffic> {
    let mut own: HashMap<Path, Traffic> = HashMap::with_capacity(s.stats.protocols.len());
    for row in &s.stats.protocols {
        own.insert(row.path, row.recent);
        let mut parent = Path::EMPTY;
        row.path.layers().take(row.path.depth().saturating_sub(1)).for_each(|layer| parent.push_layer(layer));
        if let Some(above) = own.get_mut(&parent) {
            *above = above.since(row.recent);
        }
    }
    own
}

/// Applications by the path at whose end they are spoken.
fn spoken(s: &Snapshot, is_narrowed: bool) -> HashMap<Path, Vec<HierarchyRow>> {
    let mut out: HashMap<Path, Vec<HierarchyRow>> = HashMap::new();
    // Of a span that was not read again applications are kept by themselves: those of conversations that have no row are among them.
    let slots = s.span.as_ref().filter(|span| !span.exact && !is_narrowed);
    for (proto, number, table) in TRANSPORTS {
        let is_bare = |path: Path| path.last() == Some(Layer::Known(proto));
        let rows = table(&s.stats.conversations).rows.iter().filter(|row| is_bare(row.path));
        let Some(span) = slots else {
            for row in rows {
                if let Some(app) = row.app {
                    add(&mut out, row.path, (app, row.app_by == Some(AppBy::Port)), row.total(), row.recent());
                }
            }
            continue;
        };
        let known = rows.map(|row| row.path).next().or_else(|| s.stats.protocols.iter().map(|row| row.path).find(|path| is_bare(*path)));
        let is_protocol = |token: &str| s.stats.protocols.iter().any(|row| row.path.last().is_some_and(|layer| layer.to_string() == token));
        for row in span.apps.rows.iter().filter(|row| row.key.0 == number && !is_protocol(row.key.1)) {
            add(&mut out, known.unwrap_or(Path::EMPTY), (row.key.1, row.about.0), row.traffic[0], row.traffic[0]);
        }
    }
    out
}

fn add(out: &mut HashMap<Path, Vec<HierarchyRow>>, path: Path, (token, guess): (&'static str, bool), traffic: Traffic, recent: Traffic) {
    let rows = out.entry(path).or_default();
    let at = rows.iter().position(|row| row.app.is_some_and(|(known, _)| known == token)).unwrap_or_else(|| {
        let none = Traffic::default();
        rows.push(HierarchyRow { path, title: None, app: Some((token, true)), traffic: none, recent: none, own: none, own_recent: none });
        rows.len() - 1
    });
    let Some(row) = rows.get_mut(at) else { return };
    row.app = row.app.map(|(token, all)| (token, all && guess));
    for sum in [&mut row.traffic, &mut row.own] {
        sum.add(traffic);
    }
    for sum in [&mut row.recent, &mut row.own_recent] {
        sum.add(recent);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Address, Timestamp};
    use crate::snapshot::ProtocolRow;

    fn path(protos: &[Proto]) -> Path {
        let mut path = Path::EMPTY;
        protos.iter().for_each(|&p| path.push(p));
        path
    }

    fn bytes(wire_bytes: u64) -> Traffic {
        Traffic { packets: wire_bytes / 10, wire_bytes }
    }

    fn talk(path: Path, app: Option<(&'static str, AppBy)>, total: u64, recent: u64) -> Conversation {
        Conversation {
            a: Address::V4([10, 0, 0, 1].into()),
            b: Address::V4([10, 0, 0, 2].into()),
            a_port: 1,
            b_port: 2,
            ab: bytes(total),
            ba: Traffic::default(),
            recent_ab: bytes(recent),
            recent_ba: Traffic::default(),
            began: None,
            first: Timestamp(0),
            last: Timestamp(0),
            originator_is_a: true,
            state: None,
            ended: None,
            app: app.map(|a| a.0),
            app_by: app.map(|a| a.1),
            server_name: None,
            ports: 0,
            path,
            vlans: Default::default(),
            tcp: None,
        }
    }

    #[test]
    fn transports_go_on_to_what_is_spoken() {
        let tcp = path(&[Proto::Eth, Proto::Ip, Proto::Tcp]);
        let leaves = [(tcp, bytes(1_000), bytes(100)), (path(&[Proto::Eth, Proto::Arp]), bytes(50), bytes(0))];
        let mut s = Snapshot::default();
        s.stats.protocols = ProtocolRow::tree(leaves.into_iter());
        s.stats.conversations.tcp.rows = vec![
            talk(tcp, Some(("http", AppBy::Content)), 300, 30),
            talk(tcp, Some(("tls", AppBy::Port)), 400, 0),
            talk(tcp, Some(("http", AppBy::Port)), 200, 20),
            talk(tcp, None, 60, 6),
        ];
        let told: Vec<_> = hierarchy(&s, false)
            .iter()
            .map(|r| (r.depth(), r.token(), r.app.is_some_and(|a| a.1), r.traffic.wire_bytes, r.own.wire_bytes, r.own_recent.wire_bytes))
            .collect();
        let row = |depth, token: &str, guess, all, own, recent| (depth, token.to_owned(), guess, all, own, recent);
        assert_eq!(
            told,
            [
                row(1, "eth", false, 1_050, 0, 0),
                row(2, "ip", false, 1_000, 0, 0),
                // What no conversation tells, because its application is not known or it has no row, stays with the transport.
                row(3, "tcp", false, 1_000, 100, 50),
                row(4, "http", false, 500, 500, 50),
                row(4, "tls", true, 400, 400, 0),
                row(2, "arp", false, 50, 50, 0),
            ]
        );
        let ends: u64 = hierarchy(&s, false).iter().map(|r| r.own.wire_bytes).sum();
        assert_eq!(ends, 1_050, "every byte has one end");
    }
}
