//! Tables that cross shards: end points and address pairs, kept by the merge and fed with what conversations added.

use crate::engine::fold::lately::Lately;
use crate::engine::merge::row_budget::{INDEX, NUMBERS, RowBudget};
use crate::model::index::{Index, NONE};
use crate::model::{Address, AppBy, Path, Timestamp, Traffic, VlanStack, memory};
use crate::snapshot::table::places;
use crate::snapshot::tables::conversations::CONVERSATIONS;
use crate::snapshot::tables::endpoints::ENDPOINTS;
use crate::snapshot::{Conversation, HostRow, Order, Query, Table};
use hashbrown::DefaultHashBuilder;
use std::cmp::Ordering;
use std::hash::BuildHasher;

/// Rows found by a key, each touched row remembered until the next snapshot. Rows of a large table are far apart in memory: of some at a
/// time the index is brought near, then the rows, and then they are added to ([`Self::prefetch`], [`Self::probe`]).
#[derive(Debug)]
pub struct RowTable<R> {
    rows: Vec<R>,
    index: Index,
    hasher: DefaultHashBuilder,
    touched: Vec<u32>,
    /// Those that weighed most at the last snapshot, where [`Self::known`] of them are known; 0: none.
    heaviest: Vec<u32>,
    known: usize,
    /// What came of them of late, on a live port.
    lately: Lately<u32>,
    other: Traffic,
    other_rows: u64,
    room: RowBudget,
}

/// What a kept row must offer.
pub trait Keyed: Clone {
    /// Its key.
    type Key: std::hash::Hash + PartialEq + Copy;
    /// The row's key.
    fn key(&self) -> Self::Key;
    /// The row's `recent` numbers, for setting.
    fn recent(&mut self) -> [&mut Traffic; 2];
    /// The row's totals.
    fn totals(&self) -> [Traffic; 2];
    /// Whether a query's filter shows it.
    fn matches(&self, query: &Query) -> bool;
    /// Whether it may be shown for another row's sake.
    fn may_match(&self, query: &Query) -> bool {
        let _ = query;
        false
    }
    /// The query's order of such rows.
    fn order(query: &Query) -> Order;
    /// How rows compare of which as much came: the heavier one comes first.
    fn compare_weight(x: &Self, y: &Self) -> Ordering;
    /// The places of the first rows in the query's order, as many as it wants, of those `among` which they are.
    fn first(query: &Query, rows: &[Self], among: impl Iterator<Item = u32>) -> Vec<u32>;
    /// Sorts rows in that order.
    fn sort(query: &Query, rows: &mut [Self]);
}

impl<R> RowTable<R> {
    /// An empty table, whose rows take from `room`.
    pub fn new(room: &RowBudget) -> Self {
        Self {
            rows: Vec::new(),
            index: Index::default(),
            hasher: DefaultHashBuilder::default(),
            touched: Vec::new(),
            heaviest: Vec::new(),
            known: 0,
            lately: Lately::default(),
            other: Traffic::default(),
            other_rows: 0,
            room: room.clone(),
        }
    }
}

impl<R: Keyed> RowTable<R> {
    /// The rows, in order of appearance.
    pub fn iter(&self) -> impl Iterator<Item = &R> {
        self.rows.iter()
    }

    /// The hash of a key in this table.
    pub fn hash(&self, key: R::Key) -> u64 {
        self.hasher.hash_one(key)
    }

    /// Asks the memory for what [`Self::probe`] will touch.
    pub fn prefetch(&self, hash: u64) {
        self.index.prefetch(hash);
    }

    /// Asks the memory for the row that most probably has a key of this hash.
    pub fn probe(&self, hash: u64) {
        if let Some(row) = self.rows.get(self.index.find(hash, |_| true) as usize) {
            memory::prefetch(row);
        }
    }

    /// The number of a key's row, which is made if there is none; `None` when the table is full (then the caller counts with [`Self::count_other`]).
    fn row(&mut self, hash: u64, key: R::Key, make: impl FnOnce() -> R) -> Option<u32> {
        let at = match self.index.find(hash, |at| self.rows[at as usize].key() == key) {
            NONE if self.room.take(size_of::<R>() + INDEX + NUMBERS) => {
                let at = self.rows.len();
                if at == self.rows.capacity() {
                    self.rows.reserve_exact((at / 2).max(64));
                }
                self.rows.push(make());
                self.index.insert(hash, at as u32);
                at as u32
            }
            NONE => return None,
            at => at,
        };
        let row = &mut self.rows[at as usize];
        let [x, y] = row.recent();
        if x.packets == 0 && y.packets == 0 {
            self.touched.push(at);
        }
        Some(at)
    }

    fn count_other(&mut self, added: [Traffic; 2]) {
        added.into_iter().for_each(|t| self.other.add(t));
        self.other_rows += 1;
    }

    /// Forgets how rows are found: nothing will be added any more. In a large table that is a good part of its memory.
    pub fn close(&mut self) {
        self.index = Index::default();
        self.touched = Vec::new();
    }

    /// The places of the first rows of a query. By what is recent they are among those of which something came of late and those that weigh most,
    /// which are among those touched and those that weighed most the last time.
    fn first(&mut self, query: &Query, live: bool) -> Vec<u32> {
        let known = std::mem::take(&mut self.known);
        let Some(number) = R::order(query).recent().filter(|_| live && query.filter.is_none()) else {
            return R::first(query, &self.rows, places(&self.rows));
        };
        let heaviest = Query { rows: query.rows, ..Query::everything() };
        self.heaviest = if known >= query.rows {
            R::first(&heaviest, &self.rows, together(&self.touched, &self.heaviest).into_iter())
        } else {
            R::first(&heaviest, &self.rows, places(&self.rows))
        };
        self.known = query.rows;
        let among = together(&self.lately.first(query.rows, number), &self.heaviest);
        let mut among: Vec<(u64, u32)> = among.into_iter().map(|at| (number(&self.lately.of(at)), at)).collect();
        if among.len() > query.rows {
            let weight = |x: u32, y: u32| self.rows.get(x as usize).zip(self.rows.get(y as usize)).map(|(x, y)| R::compare_weight(x, y));
            among.select_nth_unstable_by(query.rows, |x, y| y.0.cmp(&x.0).then_with(|| weight(x.1, y.1).unwrap_or(Ordering::Equal)));
            among.truncate(query.rows);
        }
        among.into_iter().map(|(_, at)| at).collect()
    }

    /// Notes what came until now since the last snapshot.
    fn note(&mut self, now: Timestamp) {
        let rows = &mut self.rows;
        let added =
            |&at: &u32| rows.get_mut(at as usize).map(|row| (at, row.recent().into_iter().fold(Traffic::default(), |sum, t| sum.plus(*t))));
        self.lately.advance(now, self.touched.iter().filter_map(added).collect());
    }

    /// The rows a query asks for. `recent` numbers are since the previous call, or all of it unless `live`.
    pub fn table(&mut self, query: &Query, Moment { now, live, last }: Moment) -> Table<R> {
        if live {
            self.note(now);
        }
        let mut total_rows = self.rows.len() as u64;
        if query.filter.is_some() || self.rows.len() <= query.rows {
            self.known = 0;
        }
        let mut rows = if last && query.filter.is_none() && self.rows.len() <= query.rows {
            std::mem::take(&mut self.rows)
        } else if query.filter.is_none() && self.rows.len() > query.rows {
            self.first(query, live).into_iter().filter_map(|at| self.rows.get(at as usize).cloned()).collect()
        } else {
            let mut matching: Vec<R> = self.rows.iter().filter(|r| r.matches(query)).cloned().collect();
            total_rows = matching.len() as u64;
            if query.rows < usize::MAX {
                // The screen knows which of the others have conversations that match.
                let room = query.rows.saturating_sub(matching.len());
                let others = self.first(query, live).into_iter().filter_map(|at| self.rows.get(at as usize));
                matching.extend(others.filter(|row| !row.matches(query) && row.may_match(query)).take(room).cloned());
            }
            matching
        };
        if !live {
            rows.iter_mut().for_each(|row| {
                let totals = row.totals();
                row.recent().into_iter().zip(totals).for_each(|(r, t)| *r = t);
            });
        }
        R::sort(query, &mut rows);
        rows.truncate(query.rows);
        for at in self.touched.drain(..) {
            if let Some(row) = self.rows.get_mut(at as usize) {
                row.recent().into_iter().for_each(|r| *r = Traffic::default());
            }
        }
        Table { rows, total_rows, other: self.other, other_rows: self.other_rows }
    }
}

/// Numbers in either list, once each.
fn together(one: &[u32], other: &[u32]) -> Vec<u32> {
    let mut all = [one, other].concat();
    all.sort_unstable();
    all.dedup();
    all
}

/// When rows are asked for.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    /// Packet time.
    pub now: Timestamp,
    /// Whether `recent` means since the previous snapshot.
    pub live: bool,
    /// Whether the tables may be given away.
    pub last: bool,
}

impl Keyed for HostRow {
    type Key = (Address, u16);
    fn key(&self) -> Self::Key {
        (self.address, self.port)
    }
    fn recent(&mut self) -> [&mut Traffic; 2] {
        [&mut self.recent_tx, &mut self.recent_rx]
    }
    fn totals(&self) -> [Traffic; 2] {
        [self.tx, self.rx]
    }
    fn matches(&self, query: &Query) -> bool {
        query.filter.as_ref().is_none_or(|f| f.matches_host(self))
    }
    fn may_match(&self, query: &Query) -> bool {
        query.filter.as_ref().is_none_or(|f| f.may_match_host(self))
    }
    fn order(query: &Query) -> Order {
        query.endpoints
    }
    fn compare_weight(x: &Self, y: &Self) -> Ordering {
        ENDPOINTS.compare(Query::everything().endpoints, x, y)
    }
    fn first(query: &Query, rows: &[Self], among: impl Iterator<Item = u32>) -> Vec<u32> {
        ENDPOINTS.first(query.endpoints, rows, among, query.rows)
    }
    fn sort(query: &Query, rows: &mut [Self]) {
        ENDPOINTS.sort(query.endpoints, rows);
    }
}

impl Keyed for Conversation {
    type Key = (Address, Address);
    fn key(&self) -> Self::Key {
        (self.a, self.b)
    }
    fn recent(&mut self) -> [&mut Traffic; 2] {
        [&mut self.recent_ab, &mut self.recent_ba]
    }
    fn totals(&self) -> [Traffic; 2] {
        [self.ab, self.ba]
    }
    fn matches(&self, query: &Query) -> bool {
        query.filter.as_ref().is_none_or(|f| f.matches_conversation(self))
    }
    fn order(query: &Query) -> Order {
        query.conversations
    }
    fn compare_weight(x: &Self, y: &Self) -> Ordering {
        CONVERSATIONS.compare(Query::everything().conversations, x, y)
    }
    fn first(query: &Query, rows: &[Self], among: impl Iterator<Item = u32>) -> Vec<u32> {
        CONVERSATIONS.first(query.conversations, rows, among, query.rows)
    }
    fn sort(query: &Query, rows: &mut [Self]) {
        CONVERSATIONS.sort(query.conversations, rows);
    }
}

/// Something added to an end point or a pair.
#[derive(Debug, Clone, Copy)]
pub struct Increase {
    /// Sent by the first (the host, or `a`) and by the second.
    pub traffic: [Traffic; 2],
    /// Earliest packet of it.
    pub first: Timestamp,
    /// Latest packet of it.
    pub last: Timestamp,
}

impl RowTable<HostRow> {
    /// Adds what a host sent and received. `hash` is its key's.
    pub fn add(
        &mut self,
        hash: u64,
        address: Address,
        port: u16,
        added: Increase,
        inside: impl FnOnce() -> Option<bool>,
        app: impl FnOnce() -> Option<&'static str>,
    ) -> Option<&mut HostRow> {
        let zero = Traffic::default();
        let make = || {
            let app = app();
            HostRow {
                address,
                port,
                tx: zero,
                rx: zero,
                recent_tx: zero,
                recent_rx: zero,
                first: added.first,
                last: added.last,
                inside: inside(),
                app_by: app.map(|_| AppBy::Port),
                app,
                vlans: VlanStack::default(),
                peers: 0,
                itself: zero,
            }
        };
        let Some(at) = self.row(hash, (address, port), make) else {
            self.count_other(added.traffic);
            return None;
        };
        let row = self.rows.get_mut(at as usize)?;
        row.tx.add(added.traffic[0]);
        row.rx.add(added.traffic[1]);
        row.recent_tx.add(added.traffic[0]);
        row.recent_rx.add(added.traffic[1]);
        row.first = row.first.min(added.first);
        row.last = row.last.max(added.last);
        Some(row)
    }
}

impl RowTable<Conversation> {
    /// Adds what went between two addresses, `a` not greater than `b`; whether it is the first of them. `hash` is that of the pair.
    pub fn add(
        &mut self,
        hash: u64,
        (a, b): (Address, Address),
        added: Increase,
        path: Path,
        originator_is_a: bool,
        vlans: &[u16],
    ) -> bool {
        let before = self.rows.len();
        let zero = Traffic::default();
        let make = || Conversation {
            a,
            b,
            a_port: 0,
            b_port: 0,
            ab: zero,
            ba: zero,
            recent_ab: zero,
            recent_ba: zero,
            began: None,
            first: added.first,
            last: added.last,
            originator_is_a,
            state: None,
            ended: None,
            app: None,
            app_by: None,
            server_name: None,
            ports: 0,
            path,
            vlans: VlanStack::default(),
            tcp: None,
        };
        let at = self.row(hash, (a, b), make);
        match at.and_then(|at| self.rows.get_mut(at as usize)) {
            Some(row) => {
                row.ab.add(added.traffic[0]);
                row.ba.add(added.traffic[1]);
                row.recent_ab.add(added.traffic[0]);
                row.recent_ba.add(added.traffic[1]);
                if added.first < row.first {
                    row.first = added.first;
                    row.originator_is_a = originator_is_a;
                }
                row.path = row.path.together(path);
                row.last = row.last.max(added.last);
                vlans.iter().for_each(|&id| row.vlans.insert(id));
            }
            None => self.count_other(added.traffic),
        }
        self.rows.len() > before
    }
}
