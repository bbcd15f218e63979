//! What the past says of a time that no picture was seen of: by the second, as far as it keeps rows. So the last minute of every row is known as soon as
//! a dashboard begins on an engine that has counted for longer, or that counts in a moment what was recorded before.

use super::topic::{Kind, Topic};
use crate::model::ip_protocol;
use crate::model::{Address, Timestamp, Traffic};
use crate::snapshot::HistorySlot;
use crate::snapshot::history::TalkKey;
use std::collections::HashMap;

/// What was counted of a row until some moments: when a slot ended, and what came of the row in it, oldest first.
pub(super) type Steps = Vec<(i64, [Traffic; 2])>;

/// What slots say of rows.
#[derive(Debug, Default)]
pub(super) struct Lookback {
    rows: HashMap<Topic, Steps>,
    /// Some rows were not kept in some slot.
    is_partial: bool,
}

/// Pairs of addresses are told apart by when they began, which slots do not keep.
fn timeless(topic: &Topic) -> Topic {
    match topic {
        Topic::Conversation { kind: kind @ (Kind::Ip | Kind::Ipv6 | Kind::Eth), a, a_port, b, b_port, .. } => {
            Topic::Conversation { kind: *kind, a: *a, a_port: *a_port, b: *b, b_port: *b_port, first: Timestamp(0) }
        }
        other => other.clone(),
    }
}

/// The kind of addresses.
fn family(address: Address) -> Kind {
    match address {
        Address::V4(_) => Kind::Ip,
        Address::V6(_) => Kind::Ipv6,
        Address::Mac(_) => Kind::Eth,
    }
}

impl Lookback {
    /// What some slots say, oldest first.
    pub fn of<'a>(slots: impl Iterator<Item = &'a HistorySlot>) -> Self {
        let mut out = Self::default();
        slots.for_each(|slot| out.take(slot));
        out
    }

    /// What came of a row; `None` where slots do not tell.
    pub fn row(&self, topic: &Topic) -> Option<&[(i64, [Traffic; 2])]> {
        match self.rows.get(&timeless(topic)) {
            Some(steps) => Some(steps),
            None if self.is_partial => None,
            None => Some(&[]),
        }
    }

    fn add(&mut self, at: i64, topic: Topic, traffic: [Traffic; 2]) {
        let steps = self.rows.entry(topic).or_default();
        match steps.last_mut().filter(|last| last.0 == at) {
            Some((_, sum)) => sum.iter_mut().zip(traffic).for_each(|(sum, added)| sum.add(added)),
            None => steps.push((at, traffic)),
        }
    }

    fn take(&mut self, slot: &HistorySlot) {
        let at = slot.span.to.0;
        let others =
            [slot.talks.other_rows, slot.pairs.other_rows, slot.hosts.other_rows, slot.stations.other_rows, slot.mac_pairs.other_rows];
        self.is_partial |= others.iter().any(|rows| *rows > 0);
        for row in &slot.talks.rows {
            let TalkKey { a, b, protocol, first } = row.key;
            let kind = match protocol {
                ip_protocol::UDP => Kind::Udp,
                ip_protocol::SCTP => Kind::Sctp,
                _ => Kind::Tcp,
            };
            self.add(at, Topic::Conversation { kind, a: a.0, a_port: a.1, b: b.0, b_port: b.1, first }, row.traffic);
            let [ab, ba] = row.traffic;
            for (end, traffic) in [(a, [ab, ba]), (b, [ba, ab])] {
                self.add(at, Topic::Host { kind, address: end.0, port: end.1 }, traffic);
            }
        }
        let macs = slot.mac_pairs.rows.iter().map(|row| (row.key.map(Address::Mac), row.traffic));
        for ([a, b], traffic) in slot.pairs.rows.iter().map(|row| (row.key, row.traffic)).chain(macs) {
            self.add(at, Topic::Conversation { kind: family(a), a, a_port: 0, b, b_port: 0, first: Timestamp(0) }, traffic);
        }
        let stations = slot.stations.rows.iter().map(|row| (Address::Mac(row.key), row.traffic));
        for (address, traffic) in slot.hosts.rows.iter().map(|row| (row.key, row.traffic)).chain(stations) {
            self.add(at, Topic::Host { kind: family(address), address, port: 0 }, traffic);
        }
        for row in &slot.protocols.rows {
            row.key.prefixes().for_each(|path| self.add(at, Topic::Protocol(path), row.traffic));
        }
        for row in &slot.vlans.rows {
            self.add(at, Topic::Vlan(row.key), row.traffic);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::TimeSpan;
    use crate::snapshot::history::{History, TalkAbout, TopRow};
    use crate::snapshot::{Conversation, Snapshot};
    use crate::tui::demo::{self, Story};
    use crate::tui::rates::Rates;
    use std::sync::Arc;

    const SECOND: i64 = 1_000_000_000;

    /// A picture that is the first one of a minute of packets: a conversation of 1 kB a second all the time, and one that ended half a minute ago.
    fn first_picture() -> (Snapshot, [Topic; 2]) {
        let mut s = demo::snapshot(Story::Calm, 0);
        let began = Timestamp(s.now.0 - 60 * SECOND);
        let traffic = |bytes| Traffic { packets: bytes / 1_000, wire_bytes: bytes };
        let row = |port: u16, bytes| Conversation {
            b_port: port,
            first: began,
            ab: traffic(bytes),
            ba: Traffic::default(),
            recent_ab: traffic(bytes),
            recent_ba: Traffic::default(),
            ..s.stats.conversations.tcp.rows[0].clone()
        };
        let rows = vec![row(1, 60_000), row(2, 30_000)];
        let topics = [0, 1].map(|at| Topic::conversation(Kind::Tcp, &rows[at]));
        let slot = |at: i64| {
            let mut slot = HistorySlot {
                span: TimeSpan { from: began.plus(at * SECOND), to: began.plus((at + 1) * SECOND) },
                ..HistorySlot::default()
            };
            slot.talks.rows = rows
                .iter()
                .filter(|row| row.b_port == 1 || at < 30)
                .map(|row| TopRow {
                    key: TalkKey { a: (row.a, row.a_port), b: (row.b, row.b_port), protocol: 6, first: row.first },
                    about: TalkAbout {
                        app: None,
                        server_name: None,
                        path: row.path,
                        vlans: row.vlans,
                        originator_is_a: row.originator_is_a,
                        last: row.last,
                    },
                    traffic: [traffic(1_000), Traffic::default()],
                })
                .collect();
            let bytes = slot.talks.rows.len() as u64 * 1_000;
            slot.sums.sizes[0] = traffic(bytes);
            Arc::new(slot)
        };
        s.history = History { slots: (0..59).map(slot).collect(), forgotten: None };
        s.recent_seconds = 60.0;
        s.stats.total = traffic(90_000);
        s.stats.conversations.tcp.rows = rows;
        (s, topics)
    }

    #[test]
    fn the_last_minute_of_rows_is_known_from_the_first_picture_on() {
        let (s, [steady, ended]) = first_picture();
        let mut rates = Rates::default();
        rates.note(&s);
        let near = |rate: Option<f64>, expected: f64| rate.is_some_and(|rate| (rate - expected).abs() <= expected * 0.15);
        assert!(near(rates.of(&steady, 10), 8_000.0) && near(rates.of(&steady, 60), 8_000.0), "{:?}", rates.of(&steady, 10));
        assert_eq!(rates.of(&ended, 10), Some(0.0));
        assert!(near(rates.of(&ended, 60), 4_000.0), "{:?}", rates.of(&ended, 60));
        let cells: Vec<f64> = rates.spark(&steady).into_iter().skip(1).flatten().collect();
        assert!(
            cells.len() >= 7 && cells.iter().all(|cell| (5_000.0..=9_000.0).contains(cell)),
            "one height, not all of it in one cell: {cells:?}"
        );
        assert_eq!(rates.spark(&ended).into_iter().flatten().last(), Some(0.0));
    }

    #[test]
    fn of_a_time_without_pictures_the_past_tells() {
        let (mut s, [steady, ended]) = first_picture();
        let mut rates = Rates::default();
        let mut earlier = s.clone();
        // Its recent numbers are those since the picture before.
        s.recent_seconds = 40.0;
        for (row, bytes) in s.stats.conversations.tcp.rows.iter_mut().zip([40_000, 10_000]) {
            row.recent_ab = Traffic { packets: bytes / 1_000, wire_bytes: bytes };
        }
        earlier.now = Timestamp(s.now.0 - 40 * SECOND);
        (earlier.stats.total, earlier.recent_seconds) = (Traffic { packets: 40, wire_bytes: 40_000 }, 1.0);
        earlier.history = History::default();
        for row in &mut earlier.stats.conversations.tcp.rows {
            row.ab = Traffic { packets: 20, wire_bytes: 20_000 };
            row.recent_ab = Traffic { packets: 1, wire_bytes: 1_000 };
        }
        rates.note(&earlier);
        rates.note(&s);
        assert_eq!(rates.of(&ended, 10), Some(0.0), "it ended 30 seconds ago");
        assert!(rates.of(&steady, 10).is_some_and(|rate| (6_800.0..=9_200.0).contains(&rate)), "{:?}", rates.of(&steady, 10));
    }
}
