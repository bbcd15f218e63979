//! What a shard adds to the past.

use super::{Shard, flush};
use crate::engine::fold::history::{HistoryBatch, TalkDelta, TalkRest};
use crate::engine::fold::rows;
use crate::model::limits::{HISTORY_FLOWS, HISTORY_HOSTS};
use crate::model::{Address, CapScale, Sum, TimeSpan, Traffic};
use crate::snapshot::history::TalkAbout;
use crate::stats::Totals;
use hashbrown::HashMap;

/// What was added since the last slot ended.
#[derive(Debug, Default)]
pub struct ShardHistory {
    /// What all packets added up to then.
    before: Totals,
    talks: Vec<TalkDelta>,
    rest: [TalkRest; 2],
    /// Hosts of conversations that are not told one by one.
    hosts: HashMap<Address, [Traffic; 2]>,
    caps: CapScale,
    /// What was counted of hosts for which there was no room.
    beyond: TalkRest,
}

impl ShardHistory {
    /// Nothing added; as many hosts are told apart as `caps` allow.
    pub fn within(caps: CapScale) -> Self {
        Self { caps, ..Self::default() }
    }
}

/// The place of an IP protocol among the rest: with ports, or without.
fn rest_of(protocol: u8) -> usize {
    usize::from(!matches!(protocol, 6 | 17 | 132))
}

/// Takes the largest hosts out, in the order of their addresses, and the sum of the others.
fn largest(all: &mut HashMap<Address, [Traffic; 2]>) -> (Vec<(Address, [Traffic; 2])>, TalkRest) {
    let mut hosts: Vec<(Address, [Traffic; 2])> = all.drain().collect();
    let mut other = TalkRest::default();
    if hosts.len() > HISTORY_FLOWS {
        let weight = |[tx, rx]: &[Traffic; 2]| std::cmp::Reverse(tx.wire_bytes.saturating_add(rx.wire_bytes));
        hosts.select_nth_unstable_by_key(HISTORY_FLOWS - 1, |(address, traffic)| (weight(traffic), *address));
        hosts.drain(HISTORY_FLOWS..).for_each(|(_, [tx, rx])| other.count_ways(tx, rx));
    }
    hosts.sort_unstable_by_key(|(address, _)| *address);
    (hosts, other)
}

impl Shard {
    /// Takes in what conversations added since the last call: at a mark, and before some have to make room.
    pub(super) fn look_back(&mut self) {
        let Some(history) = &mut self.history else { return };
        let (contexts, totals) = (&mut self.contexts, &mut self.totals);
        let mut added = self.flows.added_since(|flushed| flush(contexts, totals, flushed));
        let weight = |(_, [ab, ba]): &(u32, [Traffic; 2])| ab.wire_bytes.saturating_add(ba.wire_bytes);
        let room = HISTORY_FLOWS.saturating_sub(history.talks.len());
        if added.len() > room {
            // Of equal ones those that began first: numbers are in the order of the tape.
            let order = |row: &(u32, [Traffic; 2])| (std::cmp::Reverse(weight(row)), row.0);
            if room > 0 {
                added.select_nth_unstable_by_key(room - 1, order);
            }
            for (at, [ab, ba]) in added.drain(room..) {
                let Some(key) = self.flows.record(at).map(|record| &record.flow.key) else { continue };
                if let Some(rest) = history.rest.get_mut(rest_of(key.protocol)) {
                    rest.count(ab.plus(ba));
                }
                for (host, [sent, received]) in [(key.a(), [ab, ba]), (key.b(), [ba, ab])] {
                    let is_full = history.hosts.len() >= history.caps.of(HISTORY_HOSTS);
                    match history.hosts.get_mut(&host) {
                        Some([tx, rx]) => {
                            tx.add(sent);
                            rx.add(received);
                        }
                        None if is_full => history.beyond.count_ways(sent, received),
                        None => _ = history.hosts.insert(host, [sent, received]),
                    }
                }
            }
            added.sort_unstable_by_key(|row| row.0);
        }
        for (at, added) in added {
            let Some(record) = self.flows.record(at) else { continue };
            let (path, vlans) = rows::seen_in(record, self.flows.vlans(at), &self.contexts);
            let about = TalkAbout {
                app: rows::spoken(record.flow),
                server_name: self.reader.server_name(&record.flow.app).cloned(),
                path,
                vlans,
                originator_is_a: record.flow.originator == 0,
                last: record.last(),
            };
            history.talks.push(TalkDelta { key: record.flow.key, first: record.rest.first, added, about });
        }
    }

    /// What was added since the last slot ended, to one that ends with an interval; `None`: nothing.
    pub fn history(&mut self, interval: u64, span: TimeSpan) -> Option<HistoryBatch> {
        self.look_back();
        let history = self.history.as_mut()?;
        let totals = self.totals.since(&history.before);
        let contexts = self.contexts.added_since();
        if contexts.is_empty() && history.talks.is_empty() && totals.link.packets == 0 {
            return None;
        }
        history.before = self.totals;
        let (talks, rest) = (std::mem::take(&mut history.talks), std::mem::take(&mut history.rest));
        let (hosts, mut other_hosts) = largest(&mut history.hosts);
        let beyond = std::mem::take(&mut history.beyond);
        other_hosts.take_in(&beyond);
        Some(HistoryBatch { interval, shard: self.number, span, totals, talks, rest, hosts, other_hosts, contexts })
    }
}
