//! End points: what each host and port sent and received, gathered from conversations. Kept in a thread of its own where there are
//! worker threads, because it takes as long as everything else the merge does.

use crate::engine::fold::local::LocalNets;
use crate::engine::fold::rows::{self, ConversationKind, EndpointDelta, FlowReport};
use crate::engine::fold::shard::ShardFlows;
use crate::engine::merge::row_budget::RowBudget;
use crate::engine::merge::tables::{Increase, RowTable};
use crate::engine::threads::priority;
use crate::model::Address;
use crate::model::limits::LOADS;
use crate::names;
use crate::snapshot::{HostRow, Query, Table};
use crossbeam_channel::{Receiver, Sender, bounded};
use std::sync::Arc;
use std::thread::JoinHandle;

/// Conversations of one shard on their way into the tables.
#[derive(Debug, Default)]
pub struct EndpointLoad {
    /// Rows.
    pub flows: Vec<FlowReport>,
    /// All of a shard's, as they are.
    pub whole: Option<ShardFlows>,
}

/// Conversations in hand at once: each has four rows.
const BATCH: usize = 8;

/// A conversation in hand.
#[derive(Debug)]
struct Slot {
    talk: EndpointDelta,
    kind: ConversationKind,
    /// Hashes of its ends as hosts and as ports.
    hashes: [[u64; 2]; 2],
}

/// Tables of hosts and ports.
struct Tables {
    hosts: [RowTable<HostRow>; 2],
    ports: [RowTable<HostRow>; 3],
    local: Arc<LocalNets>,
    room: RowBudget,
    /// In hand; room for [`BATCH`].
    batch: Vec<Slot>,
}

/// A query's rows: hosts by IPv4 and IPv6, then TCP, UDP and SCTP ports.
pub type EndTables = [Table<HostRow>; 5];

/// Which rows are wanted.
#[derive(Clone)]
pub struct Wanted {
    /// Which, and how they are ordered.
    pub query: Query,
    /// Whether `recent` means since the previous snapshot.
    pub live: bool,
    /// Whether the tables may be given away.
    pub last: bool,
}

impl Tables {
    fn new(local: Arc<LocalNets>, room: RowBudget) -> Self {
        let table = || RowTable::new(&room);
        Self { hosts: [table(), table()], ports: [table(), table(), table()], local, batch: Vec::with_capacity(BATCH), room }
    }

    fn emptied(&self) -> Self {
        Self::new(Arc::clone(&self.local), self.room.emptied())
    }

    fn take(&mut self, load: &EndpointLoad) {
        let shown = load.flows.iter().map(|f| (EndpointDelta::of(&f.row), f.kind));
        for (talk, kind) in shown.chain(load.whole.iter().flat_map(ShardFlows::talks)) {
            if talk.added.iter().all(|t| t.packets == 0) {
                continue;
            }
            let slot = self.slot(talk, kind);
            self.batch.push(slot);
            if self.batch.len() == BATCH {
                self.add_few();
            }
        }
        self.add_few();
    }

    /// Takes a conversation in hand, and asks the memory for where its rows' numbers are.
    fn slot(&self, talk: EndpointDelta, kind: ConversationKind) -> Slot {
        let near = |table: &RowTable<HostRow>, end| {
            let hash = table.hash(end);
            table.prefetch(hash);
            hash
        };
        let (hosts, ports) = (&self.hosts[family(&talk)], self.ports.get(kind as usize));
        let hashes =
            [talk.ends.map(|(address, _)| near(hosts, (address, 0))), talk.ends.map(|end| ports.map_or(0, |ports| near(ports, end)))];
        Slot { talk, kind, hashes }
    }

    fn add_few(&mut self) {
        for Slot { talk, kind, hashes } in &self.batch {
            hashes[0].iter().for_each(|&hash| self.hosts[family(talk)].probe(hash));
            if let Some(ports) = self.ports.get(*kind as usize) {
                hashes[1].iter().for_each(|&hash| ports.probe(hash));
            }
        }
        let mut batch = std::mem::take(&mut self.batch);
        batch.drain(..).for_each(|slot| self.add(&slot));
        self.batch = batch;
    }

    fn add(&mut self, Slot { talk, kind, hashes }: &Slot) {
        let [ab, ba] = talk.added;
        for (i, traffic) in [[ab, ba], [ba, ab]].into_iter().enumerate() {
            let (address, port) = talk.ends[i];
            let added = Increase { traffic, first: talk.first, last: talk.last };
            // Who has no address yet (0.0.0.0) is on no side.
            let inside = || address.ip().filter(|ip| !ip.is_unspecified()).map(|ip| self.local.contains(ip));
            let row = self.hosts[family(talk)].add(hashes[0][i], address, 0, added, inside, || None);
            if let (0, true, Some(row)) = (i, talk.ends[0].0 == talk.ends[1].0, row) {
                row.itself.add(ab.plus(ba));
            }
            if let Some(table) = self.ports.get_mut(*kind as usize) {
                let app = || rows::transport(*kind).and_then(|t| names::service(port, t));
                table.add(hashes[1][i], address, port, added, inside, app);
            }
        }
    }

    fn tables(&mut self, wanted: &Wanted) -> EndTables {
        if wanted.last && wanted.query.wants_every_row() {
            self.hosts.iter_mut().chain(&mut self.ports).for_each(RowTable::close);
        }
        let [v4, v6] = &mut self.hosts;
        let [tcp, udp, sctp] = &mut self.ports;
        [v4, v6, tcp, udp, sctp].map(|rows| rows.table(&wanted.query, wanted.live, wanted.last))
    }
}

/// The place of its hosts' table.
fn family(talk: &EndpointDelta) -> usize {
    usize::from(matches!(talk.ends[0].0, Address::V6(_)))
}

enum Order {
    Take(Arc<EndpointLoad>),
    Tables(Box<Wanted>),
    Forget,
}

/// Whoever keeps the end points.
pub struct EndpointTables(Keeper);

enum Keeper {
    Here(Box<Tables>),
    Thread { orders: Option<Sender<Order>>, tables: Receiver<EndTables>, handle: Option<JoinHandle<()>> },
}

impl EndpointTables {
    /// Kept by the caller.
    pub fn here(local: Arc<LocalNets>, room: RowBudget) -> Self {
        Self(Keeper::Here(Box::new(Tables::new(local, room))))
    }

    /// Kept by a thread of their own, which stands back where packets come from a `live` port.
    ///
    /// # Errors
    /// When the system refuses a thread.
    pub fn thread(local: Arc<LocalNets>, room: RowBudget, live: bool) -> std::io::Result<Self> {
        // Bounded, so that conversations do not pile up.
        let (orders, receive) = bounded::<Order>(LOADS);
        let (send, tables) = bounded(1);
        let handle = std::thread::Builder::new().name("ends".into()).spawn(move || {
            if live {
                priority::lower_priority();
            }
            let mut kept = Tables::new(local, room);
            for order in receive {
                match order {
                    Order::Take(load) => kept.take(&load),
                    Order::Forget => kept = kept.emptied(),
                    Order::Tables(wanted) => {
                        let _ = send.send(kept.tables(&wanted));
                    }
                }
            }
        })?;
        Ok(Self(Keeper::Thread { orders: Some(orders), tables, handle: Some(handle) }))
    }

    /// Takes conversations in.
    pub fn take(&mut self, load: &Arc<EndpointLoad>) {
        match &mut self.0 {
            Keeper::Here(tables) => tables.take(load),
            Keeper::Thread { orders, .. } => give(orders, Order::Take(Arc::clone(load))),
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
    pub fn tables<T>(&mut self, wanted: Wanted, join_scoped: impl FnOnce() -> T) -> Option<(EndTables, T)> {
        match &mut self.0 {
            Keeper::Here(tables) => Some((tables.tables(&wanted), join_scoped())),
            Keeper::Thread { orders, tables, .. } => {
                give(orders, Order::Tables(Box::new(wanted)));
                let done = join_scoped();
                Some((tables.recv().ok()?, done))
            }
        }
    }
}

fn give(orders: &Option<Sender<Order>>, order: Order) {
    if let Some(orders) = orders {
        let _ = orders.send(order);
    }
}

impl Drop for EndpointTables {
    fn drop(&mut self) {
        if let Keeper::Thread { orders, handle, .. } = &mut self.0 {
            drop(orders.take());
            if let Some(handle) = handle.take() {
                let _ = handle.join();
            }
        }
    }
}
