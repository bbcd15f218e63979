//! The past, put together from what shards add to it: by interval and shard, so that it is the same whatever the number of threads.

use super::interval_order::{Batch, IntervalOrder};
use crate::engine::fold::history::HistoryBatch;
use crate::engine::fold::local::LocalNets;
use crate::model::limits::{HISTORY_LEVELS, HISTORY_ROWS, HISTORY_TALKS};
use crate::model::{Address, AppBy, Cast, Path, TimeSpan, Timestamp, Traffic};
use crate::snapshot::History;
use crate::snapshot::history::{AppAbout, HistorySlot, HostAbout, PairAbout, SlotSums, TalkKey, TopRow, TopRows};
use crate::stats::{ContextKey, Totals};
use std::collections::VecDeque;
use std::sync::Arc;

impl Batch for HistoryBatch {
    fn number(&self) -> u64 {
        self.interval
    }

    fn shard(&self) -> u8 {
        self.shard
    }
}

/// The past.
pub struct HistoryKeeper {
    groups: usize,
    interval: i64,
    order: IntervalOrder<HistoryBatch>,
    pyramid: Pyramid,
    /// Before which intervals the clock was set back, and by how much.
    steps: VecDeque<(u64, i64)>,
    local: Arc<LocalNets>,
}

impl HistoryKeeper {
    /// None yet; of intervals of so many nanoseconds, which `groups` groups tell of.
    pub fn new(groups: usize, interval: i64, local: Arc<LocalNets>) -> Self {
        Self { groups, interval, order: IntervalOrder::new(groups), pyramid: Pyramid::new(interval), steps: VecDeque::new(), local }
    }

    /// The same, with nothing in it.
    pub fn emptied(&self) -> Self {
        Self::new(self.groups, self.interval, Arc::clone(&self.local))
    }

    /// Takes what a shard added.
    pub fn take(&mut self, batch: HistoryBatch) {
        self.order.take(batch);
    }

    /// A group is past an interval.
    pub fn pass(&mut self, interval: u64) {
        let mut ready = Vec::new();
        self.order.pass(interval, |batches| ready.push(batches));
        ready.into_iter().for_each(|batches| self.close(batches));
    }

    /// Nothing more comes.
    pub fn finish(&mut self) {
        let mut ready = Vec::new();
        self.order.finish(|batches| ready.push(batches));
        ready.into_iter().for_each(|batches| self.close(batches));
    }

    /// The clock was set back before an interval: what came earlier stays as long ago as it was.
    pub fn clock_step(&mut self, interval: u64, nanos: i64) {
        self.steps.push_back((interval, nanos));
    }

    /// What all shards added in an interval.
    fn close(&mut self, batches: Vec<HistoryBatch>) {
        let Some(interval) = batches.first().map(|first| first.interval) else { return };
        while self.steps.front().is_some_and(|step| step.0 <= interval)
            && let Some((_, nanos)) = self.steps.pop_front()
        {
            self.pyramid.shift(nanos.saturating_neg());
        }
        self.pyramid.add(slot(batches, &self.local));
    }

    /// The past so far.
    pub fn history(&self) -> History {
        self.pyramid.history()
    }
}

/// The slot of what shards counted in one time.
fn slot(mut batches: Vec<HistoryBatch>, local: &LocalNets) -> HistorySlot {
    let span = batches.iter().map(|batch| batch.span).reduce(TimeSpan::join).unwrap_or_default();
    let mut out = HistorySlot { span, ..HistorySlot::default() };
    batches.iter().for_each(|batch| add_totals(&mut out.sums, &batch.totals));
    add_contexts(&mut out, &batches);
    add_talks(&mut out, &mut batches, local);
    out
}

fn add_totals(sums: &mut SlotSums, totals: &Totals) {
    sums.sizes.iter_mut().zip(totals.sizes).for_each(|(to, added)| to.add(added));
    sums.directions.iter_mut().zip(totals.directions).for_each(|(to, added)| to.add(added));
    sums.captured_bytes = sums.captured_bytes.saturating_add(totals.captured_bytes);
    sums.truncated = sums.truncated.saturating_add(totals.truncated);
    sums.fragments = sums.fragments.saturating_add(totals.fragments);
    let flags = [totals.syn, totals.syn_ack, totals.fin, totals.reset];
    sums.tcp_flags.iter_mut().zip(flags).for_each(|(to, added)| *to = to.saturating_add(added));
}

fn add_talks(out: &mut HistorySlot, batches: &mut [HistoryBatch], local: &LocalNets) {
    let all = || batches.iter().flat_map(|batch| &batch.talks);
    let with_ports = || all().filter(|talk| talk.key.has_ports());
    let pairs = all().map(|talk| {
        let (a, b, [ab, ba]) = (talk.key.a(), talk.key.b(), talk.added);
        // An address that talks to itself has one direction only.
        let traffic = if a == b { [ab.plus(ba), Traffic::default()] } else { [ab, ba] };
        let about = PairAbout { path: talk.about.path, originator_is_a: talk.about.originator_is_a || a == b };
        TopRow { key: [a, b], about, traffic }
    });
    out.pairs = TopRows::gather(pairs, HISTORY_ROWS);
    let inside = |address: Address| address.ip().filter(|ip| !ip.is_unspecified()).map(|ip| local.contains(ip));
    let hosts = all().flat_map(|talk| {
        let [ab, ba] = talk.added;
        [(talk.key.a(), [ab, ba]), (talk.key.b(), [ba, ab])]
    });
    // Who is inside is looked up for those that stay.
    let others = batches.iter().flat_map(|batch| batch.hosts.iter().copied());
    let hosts = hosts.chain(others).map(|(key, traffic)| TopRow { key, about: HostAbout(None), traffic });
    out.hosts = TopRows::gather(hosts, HISTORY_ROWS);
    out.hosts.rows.iter_mut().for_each(|row| row.about = HostAbout(inside(row.key)));
    let apps = with_ports().filter_map(|talk| {
        let (app, by) = talk.about.app?;
        let [ab, ba] = talk.added;
        Some(TopRow { key: (talk.key.protocol, app), about: AppAbout(by == AppBy::Port), traffic: [ab.plus(ba), Traffic::default()] })
    });
    out.apps = TopRows::gather(apps, HISTORY_ROWS);
    let zero = Traffic::default();
    for (place, rest) in batches.iter().flat_map(|batch| batch.rest.iter().enumerate()) {
        let [added, _] = rest.added;
        if place == 0 {
            out.apps.add_other([added, zero], 0, added.wire_bytes);
        }
        out.pairs.add_other([added, zero], rest.rows, added.wire_bytes);
    }
    batches.iter().map(|batch| &batch.other_hosts).for_each(|other| out.hosts.add_other(other.added, other.rows, other.largest));
    let rests: Vec<_> = batches.iter().filter_map(|batch| batch.rest.first().copied()).collect();
    let talks = batches.iter_mut().flat_map(|batch| batch.talks.drain(..)).filter(|talk| talk.key.has_ports());
    let talks = talks.map(|talk| {
        let key = &talk.key;
        let key = TalkKey { a: (key.a(), key.a_port), b: (key.b(), key.b_port), protocol: key.protocol, first: talk.first };
        TopRow { key, about: talk.about, traffic: talk.added }
    });
    out.talks = TopRows::gather(talks, HISTORY_TALKS);
    rests.iter().for_each(|rest| out.talks.add_other(rest.added, rest.rows, rest.largest));
}

fn add_contexts(out: &mut HistorySlot, batches: &[HistoryBatch]) {
    let all = || batches.iter().flat_map(|batch| &batch.contexts);
    let zero = Traffic::default();
    for (key, added) in all() {
        if let Some(cast) = out.sums.casts.get_mut(match key.cast {
            Cast::Unicast => 0,
            Cast::Multicast => 1,
            Cast::Broadcast => 2,
        }) {
            cast.add(*added);
        }
        if key.vlans.ids().is_empty() {
            out.sums.untagged.add(*added);
        }
    }
    let one = |traffic: Traffic| [traffic, zero];
    let paths = all().map(|(key, added)| TopRow { key: key.path, about: (), traffic: one(*added) });
    out.protocols = few_protocols(TopRows::gather(paths, usize::MAX));
    let vlans = all().flat_map(|(key, added)| {
        let ids = key.vlans.ids();
        // A packet counts once for each identifier, also when both of its tags carry the same one.
        let first = ids.iter().enumerate().filter(|(i, id)| !ids.iter().take(*i).any(|before| before == *id));
        first.map(|(_, &id)| TopRow { key: id, about: (), traffic: one(*added) })
    });
    out.vlans = TopRows::gather(vlans, HISTORY_ROWS);
    let with_mac = || all().filter_map(|(key, added)| key.mac.map(|mac| (key, mac, *added)));
    let stations = with_mac().flat_map(|(_, (source, destination), added)| {
        [(source, [added, zero]), (destination, [zero, added])].map(|(key, traffic)| TopRow { key, about: (), traffic })
    });
    out.stations = TopRows::gather(stations, HISTORY_ROWS);
    let pairs = with_mac().map(|(key, (source, destination), added)| mac_pair(key, (source, destination), added));
    out.mac_pairs = TopRows::gather(pairs, HISTORY_ROWS);
    // Of a flood of addresses only the sum is known.
    let bare = all().filter(|(key, _)| key.mac.is_none() && key.path.prefixes().next().is_some_and(has_addresses));
    let bare = bare.fold(zero, |sum, (_, added)| sum.plus(*added));
    if bare.packets > 0 {
        out.stations.add_other([bare, bare], 1, bare.wire_bytes);
        out.mac_pairs.add_other([bare, zero], 1, bare.wire_bytes);
    }
}

/// Whether frames of a link have MAC addresses.
fn has_addresses(link: Path) -> bool {
    link.last() == Some(crate::model::path::Layer::Known(crate::model::Proto::Eth))
}

fn mac_pair(
    key: &ContextKey,
    (source, destination): (crate::model::Mac, crate::model::Mac),
    added: Traffic,
) -> TopRow<[crate::model::Mac; 2], PairAbout> {
    let zero = Traffic::default();
    let a_first = source <= destination;
    let about = PairAbout { path: key.path, originator_is_a: a_first };
    let (key, traffic) = if a_first { ([source, destination], [added, zero]) } else { ([destination, source], [zero, added]) };
    TopRow { key, about, traffic }
}

/// As many paths as may be kept. The smallest ones are counted as their link: what they are more is no longer known, but they are packets.
fn few_protocols(all: TopRows<Path, ()>) -> TopRows<Path, ()> {
    if all.rows.len() <= HISTORY_ROWS {
        return all;
    }
    let mut rows = all.rows;
    rows.sort_by_key(|row| (std::cmp::Reverse(row.traffic[0].wire_bytes), row.key));
    let links = rows.split_off(HISTORY_ROWS / 2);
    let links = links.into_iter().map(|row| TopRow { key: row.key.prefixes().next().unwrap_or_default(), ..row });
    TopRows::gather(rows.into_iter().chain(links), HISTORY_ROWS)
}

/// Slots, newer ones finer than older ones.
struct Pyramid {
    interval: i64,
    /// The finest first; each oldest first.
    levels: [VecDeque<Arc<HistorySlot>>; HISTORY_LEVELS.len()],
    forgotten: Option<Timestamp>,
}

impl Pyramid {
    fn new(interval: i64) -> Self {
        Self { interval: interval.max(1), levels: Default::default(), forgotten: None }
    }

    fn add(&mut self, slot: HistorySlot) {
        // What was decided on after the last interval, which has no time of its own, came in it.
        if slot.span.length() == 0
            && let Some(last) = self.levels.iter_mut().find_map(VecDeque::back_mut)
        {
            Arc::make_mut(last).absorb(&HistorySlot { span: last_moment(&slot), ..slot });
            return;
        }
        let mut newer = Some(Arc::new(slot));
        for (level, (times, most)) in self.levels.iter_mut().zip(HISTORY_LEVELS) {
            let Some(slot) = newer.take() else { return };
            let width = self.interval.saturating_mul(times);
            let bucket = |slot: &HistorySlot| slot.span.from.0.div_euclid(width);
            match level.back_mut().filter(|last| times > 1 && bucket(last) == bucket(&slot)) {
                Some(last) => Arc::make_mut(last).absorb(&slot),
                None => level.push_back(slot),
            }
            if level.len() > most {
                newer = level.pop_front();
            }
        }
        if let Some(gone) = newer {
            self.forgotten = Some(gone.span.to);
        }
    }

    /// Everything so far becomes later by so many nanoseconds (earlier, where negative).
    fn shift(&mut self, nanos: i64) {
        for slot in self.levels.iter_mut().flatten() {
            let slot = Arc::make_mut(slot);
            slot.span = TimeSpan { from: slot.span.from.plus(nanos), to: slot.span.to.plus(nanos) };
        }
        self.forgotten = self.forgotten.map(|at| at.plus(nanos));
    }

    fn history(&self) -> History {
        History { slots: self.levels.iter().rev().flatten().cloned().collect(), forgotten: self.forgotten }
    }
}

/// A time without length that lies in the slot before it.
fn last_moment(slot: &HistorySlot) -> TimeSpan {
    let at = slot.span.from.plus(-1);
    TimeSpan { from: at, to: at }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::SECOND;

    fn second(at: i64) -> HistorySlot {
        let mut slot = HistorySlot { span: TimeSpan { from: Timestamp::new(at, 0), to: Timestamp::new(at + 1, 0) }, ..Default::default() };
        slot.sums.sizes[0].count(60);
        slot
    }

    #[test]
    fn older_slots_are_longer_and_nothing_is_lost_until_it_is_said() {
        let mut pyramid = Pyramid::new(SECOND);
        (0..40_000).for_each(|at| pyramid.add(second(at)));
        let history = pyramid.history();
        assert_eq!(history.total().packets, 40_000);
        assert_eq!((history.forgotten, history.extent().map(TimeSpan::seconds)), (None, Some(40_000.0)));
        let lengths: Vec<i64> = history.slots.iter().map(|s| s.span.length() / SECOND).collect();
        assert!(lengths.windows(2).all(|pair| pair[0] >= pair[1] || pair[0] > 5), "{lengths:?}");
        assert_eq!((lengths.first(), lengths.last(), lengths.iter().filter(|l| **l == 1).count()), (Some(&600), Some(&1), 300));
        let joined: i64 = history.slots.windows(2).map(|pair| pair[1].span.from.since(pair[0].span.to)).sum();
        assert_eq!(joined, 0, "no gap between slots");
    }

    #[test]
    fn what_is_older_than_the_oldest_slot_is_forgotten() {
        let mut pyramid = Pyramid::new(SECOND);
        let step = 3_600;
        (0..2_000).for_each(|n| pyramid.add(second(n * step)));
        let slots: usize = HISTORY_LEVELS.iter().map(|l| l.1).sum();
        let history = pyramid.history();
        assert_eq!(history.slots.len(), slots);
        assert_eq!(history.forgotten, Some(Timestamp::new((1_999 - slots as i64) * step + 1, 0)));
    }

    #[test]
    fn a_clock_set_back_leaves_the_past_as_long_ago_as_it_was() {
        let mut keeper = HistoryKeeper::new(1, SECOND, Arc::default());
        let batch = |interval, at| HistoryBatch {
            interval,
            shard: 0,
            span: second(at).span,
            totals: Totals { sizes: second(at).sums.sizes, ..Totals::default() },
            talks: Vec::new(),
            rest: Default::default(),
            hosts: Vec::new(),
            other_hosts: Default::default(),
            contexts: Vec::new(),
        };
        keeper.take(batch(0, 1_000));
        keeper.pass(0);
        keeper.clock_step(1, 900 * SECOND);
        keeper.take(batch(1, 101));
        keeper.pass(1);
        let from: Vec<i64> = keeper.history().slots.iter().map(|s| s.span.from.0 / SECOND).collect();
        assert_eq!(from, [100, 101]);
    }
}
