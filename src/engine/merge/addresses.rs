//! What addresses do: what each host and port sent and received, and what pairs of addresses did, gathered from conversations. Kept in a thread
//! of its own where there are worker threads, because it takes as long as everything else the merge does.

use crate::engine::fold::local::LocalNets;
use crate::engine::fold::rows::{self, FlowIncrease};
use crate::engine::merge::row_budget::RowBudget;
use crate::engine::merge::tables::{Increase, Moment, RowTable};
use crate::engine::threads::priority;
use crate::model::limits::LOADS;
use crate::model::{Address, Traffic};
use crate::names;
use crate::snapshot::tables::conversations::CONVERSATIONS;
use crate::snapshot::{Conversation, HostRow, Query, Table};
use crossbeam_channel::{Receiver, Sender, bounded};
use std::sync::Arc;
use std::thread::JoinHandle;

/// Conversations in hand at once: each has five rows.
const BATCH: usize = 8;

/// A conversation in hand.
#[derive(Debug)]
struct Slot {
    flow: FlowIncrease,
    /// Hashes of its ends as hosts and as ports.
    hashes: [[u64; 2]; 2],
    /// Hash of the pair of its addresses.
    pair: u64,
}

/// How many rows there may be.
#[derive(Debug, Clone)]
pub struct AddressRoom {
    /// Of hosts and ports.
    pub ends: RowBudget,
    /// Of pairs of addresses.
    pub pairs: RowBudget,
}

/// Tables of hosts, ports and pairs of addresses.
struct Tables {
    hosts: [RowTable<HostRow>; 2],
    ports: [RowTable<HostRow>; 3],
    pairs: [RowTable<Conversation>; 2],
    local: Arc<LocalNets>,
    room: AddressRoom,
    /// In hand; room for [`BATCH`].
    batch: Vec<Slot>,
}

/// Which rows are wanted.
pub struct Wanted {
    /// Which, and how they are ordered.
    pub query: Query,
    /// When.
    pub moment: Moment,
    /// Conversations to be put in order as well: TCP, UDP, SCTP.
    pub conversations: [Table<Conversation>; 3],
    /// By what each of them was chosen, where it was.
    pub numbers: [Vec<u64>; 3],
}

/// A query's rows.
pub struct AddressRows {
    /// Hosts by IPv4 and IPv6.
    pub hosts: [Table<HostRow>; 2],
    /// TCP, UDP and SCTP ports.
    pub ports: [Table<HostRow>; 3],
    /// Pairs of IPv4 and of IPv6 addresses.
    pub pairs: [Table<Conversation>; 2],
    /// Conversations: TCP, UDP, SCTP.
    pub conversations: [Table<Conversation>; 3],
}

impl Tables {
    fn new(local: Arc<LocalNets>, room: AddressRoom) -> Self {
        let end = || RowTable::new(&room.ends);
        let (hosts, ports) = ([end(), end()], [end(), end(), end()]);
        let pairs = [RowTable::new(&room.pairs), RowTable::new(&room.pairs)];
        Self { hosts, ports, pairs, local, batch: Vec::with_capacity(BATCH), room }
    }

    fn emptied(&self) -> Self {
        let room = AddressRoom { ends: self.room.ends.emptied(), pairs: self.room.pairs.emptied() };
        Self::new(Arc::clone(&self.local), room)
    }

    fn take(&mut self, increases: Vec<FlowIncrease>) {
        for flow in increases {
            let slot = self.slot(flow);
            self.batch.push(slot);
            if self.batch.len() == BATCH {
                self.add_few();
            }
        }
        self.add_few();
    }

    /// Takes a conversation in hand, and asks the memory for where its rows' numbers are.
    fn slot(&self, flow: FlowIncrease) -> Slot {
        let near = |table: &RowTable<HostRow>, end| {
            let hash = table.hash(end);
            table.prefetch(hash);
            hash
        };
        let (hosts, ports) = (&self.hosts[family(&flow)], self.ports.get(flow.kind as usize));
        let hashes =
            [flow.ends.map(|(address, _)| near(hosts, (address, 0))), flow.ends.map(|end| ports.map_or(0, |ports| near(ports, end)))];
        let pairs = &self.pairs[family(&flow)];
        let pair = pairs.hash(flow.ends.map(|(address, _)| address).into());
        pairs.prefetch(pair);
        Slot { flow, hashes, pair }
    }

    fn add_few(&mut self) {
        for Slot { flow, hashes, pair } in &self.batch {
            hashes[0].iter().for_each(|&hash| self.hosts[family(flow)].probe(hash));
            if let Some(ports) = self.ports.get(flow.kind as usize) {
                hashes[1].iter().for_each(|&hash| ports.probe(hash));
            }
            self.pairs[family(flow)].probe(*pair);
        }
        let mut batch = std::mem::take(&mut self.batch);
        for slot in batch.drain(..) {
            self.add_ends(&slot);
            self.add_pair(&slot);
        }
        self.batch = batch;
    }

    fn add_ends(&mut self, Slot { flow, hashes, .. }: &Slot) {
        let [ab, ba] = flow.added;
        for (i, traffic) in [[ab, ba], [ba, ab]].into_iter().enumerate() {
            let (address, port) = flow.ends[i];
            let added = Increase { traffic, first: flow.first, last: flow.last };
            // Who has no address yet (0.0.0.0) is on no side.
            let inside = || address.ip().filter(|ip| !ip.is_unspecified()).map(|ip| self.local.contains(ip));
            let row = self.hosts[family(flow)].add(hashes[0][i], address, 0, added, inside, || None);
            if let (0, true, Some(row)) = (i, flow.ends[0].0 == flow.ends[1].0, row) {
                row.itself.add(ab.plus(ba));
            }
            if let Some(table) = self.ports.get_mut(flow.kind as usize) {
                let app = || rows::transport(flow.kind).and_then(|t| names::service(port, t));
                table.add(hashes[1][i], address, port, added, inside, app);
            }
        }
    }

    fn add_pair(&mut self, Slot { flow, pair, .. }: &Slot) {
        let [(a, _), (b, _)] = flow.ends;
        let [ab, ba] = flow.added;
        // An address that talks to itself has one direction only.
        let traffic = if a == b { [ab.plus(ba), Traffic::default()] } else { [ab, ba] };
        let added = Increase { traffic, first: flow.first, last: flow.last };
        self.pairs[family(flow)].add(*pair, (a, b), added, flow.path, flow.originator_is_first || a == b, flow.vlans.ids());
    }

    fn rows(&mut self, Wanted { query, moment, mut conversations, numbers }: Wanted) -> AddressRows {
        if moment.last {
            self.hosts.iter_mut().chain(&mut self.ports).for_each(RowTable::close);
            self.pairs.iter_mut().for_each(RowTable::close);
        }
        for (table, numbers) in conversations.iter_mut().zip(numbers) {
            if moment.live && query.conversations.recent().is_some() {
                keep_first(&mut table.rows, &numbers, query.rows);
            }
            CONVERSATIONS.sort(query.conversations, &mut table.rows);
            table.rows.truncate(query.rows);
        }
        AddressRows {
            hosts: self.hosts.each_mut().map(|hosts| hosts.table(&query, moment)),
            ports: self.ports.each_mut().map(|ports| ports.table(&query, moment)),
            pairs: self.pairs.each_mut().map(|pairs| pairs.table(&query, moment)),
            conversations,
        }
    }
}

/// Keeps as many of some shards' first rows: those with the largest numbers, of those that are alike the heaviest.
fn keep_first(rows: &mut Vec<Conversation>, numbers: &[u64], most: usize) {
    if rows.len() <= most {
        return;
    }
    let mut order: Vec<usize> = (0..rows.len()).collect();
    let number = |at: usize| numbers.get(at).copied().unwrap_or(0);
    let by_weight = Query::everything().conversations;
    order.select_nth_unstable_by(most, |&x, &y| {
        number(y).cmp(&number(x)).then_with(|| CONVERSATIONS.compare(by_weight, &rows[x], &rows[y]))
    });
    let mut is_kept = vec![false; rows.len()];
    order.iter().take(most).for_each(|&at| is_kept[at] = true);
    let mut is_kept = is_kept.into_iter();
    rows.retain(|_| is_kept.next().unwrap_or(false));
}

/// The place of its tables of hosts and pairs.
fn family(flow: &FlowIncrease) -> usize {
    usize::from(matches!(flow.ends[0].0, Address::V6(_)))
}

enum Order {
    Take(Vec<FlowIncrease>),
    Rows(Box<Wanted>),
    Forget,
}

/// Whoever keeps the tables.
pub struct AddressTables(Keeper);

enum Keeper {
    Here(Box<Tables>),
    Thread { orders: Option<Sender<Order>>, rows: Receiver<AddressRows>, handle: Option<JoinHandle<()>> },
}

impl AddressTables {
    /// Kept by the caller.
    pub fn here(local: Arc<LocalNets>, room: AddressRoom) -> Self {
        Self(Keeper::Here(Box::new(Tables::new(local, room))))
    }

    /// Kept by a thread of their own, which stands back where packets come from a `live` port.
    ///
    /// # Errors
    /// When the system refuses a thread.
    pub fn thread(local: Arc<LocalNets>, room: AddressRoom, live: bool) -> std::io::Result<Self> {
        // Bounded, so that conversations do not pile up.
        let (orders, receive) = bounded::<Order>(LOADS);
        let (send, rows) = bounded(1);
        let handle = std::thread::Builder::new().name("addresses".into()).spawn(move || {
            if live {
                priority::lower_priority();
            }
            let mut kept = Tables::new(local, room);
            for order in receive {
                match order {
                    Order::Take(increases) => kept.take(increases),
                    Order::Forget => kept = kept.emptied(),
                    Order::Rows(wanted) => {
                        let _ = send.send(kept.rows(*wanted));
                    }
                }
            }
        })?;
        Ok(Self(Keeper::Thread { orders: Some(orders), rows, handle: Some(handle) }))
    }

    /// Takes conversations in.
    pub fn take(&mut self, increases: Vec<FlowIncrease>) {
        match &mut self.0 {
            Keeper::Here(tables) => tables.take(increases),
            Keeper::Thread { orders, .. } => give(orders, Order::Take(increases)),
        }
    }

    /// Forgets everything.
    pub fn forget(&mut self) {
        match &mut self.0 {
            Keeper::Here(tables) => **tables = tables.emptied(),
            Keeper::Thread { orders, .. } => give(orders, Order::Forget),
        }
    }

    /// The rows of a query. Meanwhile the caller does its own part, `beside`. `None` when the thread has panicked.
    pub fn rows<T>(&mut self, wanted: Wanted, beside: impl FnOnce() -> T) -> Option<(AddressRows, T)> {
        match &mut self.0 {
            Keeper::Here(tables) => Some((tables.rows(wanted), beside())),
            Keeper::Thread { orders, rows, .. } => {
                give(orders, Order::Rows(Box::new(wanted)));
                let done = beside();
                Some((rows.recv().ok()?, done))
            }
        }
    }
}

fn give(orders: &Option<Sender<Order>>, order: Order) {
    if let Some(orders) = orders {
        let _ = orders.send(order);
    }
}

impl Drop for AddressTables {
    fn drop(&mut self) {
        if let Keeper::Thread { orders, handle, .. } = &mut self.0 {
            drop(orders.take());
            if let Some(handle) = handle.take() {
                let _ = handle.join();
            }
        }
    }
}
