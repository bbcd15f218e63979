//! End points: what each host and port sent and received, gathered from conversations. Kept in a thread of its own where there are
//! worker threads, because it takes as long as everything else the merge does.

use crate::engine::local::LocalNets;
use crate::engine::priority;
use crate::engine::rows;
use crate::engine::shard::{FlowReport, Kind, Whole};
use crate::engine::tables::{Added, Rows, Talk};
use crate::model::Address;
use crate::model::limits::LOADS;
use crate::names;
use crate::snapshot::{HostRow, Query, Table};
use crossbeam_channel::{Receiver, Sender, bounded};
use std::sync::Arc;
use std::thread::JoinHandle;

/// Conversations of one shard on their way into the tables.
#[derive(Debug, Default)]
pub struct Load {
    /// Rows.
    pub flows: Vec<FlowReport>,
    /// All of a shard's, as they are.
    pub whole: Option<Whole>,
}

/// Tables of hosts and ports.
struct Tables {
    hosts: [Rows<HostRow>; 2],
    ports: [Rows<HostRow>; 3],
    local: Arc<LocalNets>,
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
    fn new(local: Arc<LocalNets>) -> Self {
        Self { hosts: Default::default(), ports: Default::default(), local }
    }

    fn take(&mut self, load: &Load) {
        load.flows.iter().for_each(|f| self.add(&Talk::of(&f.row), f.kind));
        load.whole.iter().flat_map(Whole::talks).for_each(|(talk, kind)| self.add(&talk, kind));
    }

    fn add(&mut self, talk: &Talk, kind: Kind) {
        let [ab, ba] = talk.added;
        if ab.packets + ba.packets == 0 {
            return;
        }
        let family = usize::from(matches!(talk.ends[0].0, Address::V6(_)));
        for ((address, port), traffic) in talk.ends.into_iter().zip([[ab, ba], [ba, ab]]) {
            let added = Added { traffic, first: talk.first, last: talk.last };
            let inside = || address.ip().map(|ip| self.local.contains(ip));
            self.hosts[family].add(address, 0, added, inside, || None);
            if let Some(table) = self.ports.get_mut(kind as usize) {
                let app = || rows::transport(kind).and_then(|t| names::service(port, t));
                table.add(address, port, added, inside, app);
            }
        }
    }

    fn tables(&mut self, wanted: &Wanted) -> EndTables {
        let [v4, v6] = &mut self.hosts;
        let [tcp, udp, sctp] = &mut self.ports;
        [v4, v6, tcp, udp, sctp].map(|rows| rows.table(&wanted.query, wanted.live, wanted.last))
    }
}

enum Order {
    Take(Arc<Load>),
    Tables(Box<Wanted>),
    Forget,
}

/// Whoever keeps the end points.
pub struct Ends(Keeper);

enum Keeper {
    Here(Box<Tables>),
    Thread { orders: Option<Sender<Order>>, tables: Receiver<EndTables>, handle: Option<JoinHandle<()>> },
}

impl Ends {
    /// Kept by the caller.
    pub fn here(local: Arc<LocalNets>) -> Self {
        Self(Keeper::Here(Box::new(Tables::new(local))))
    }

    /// Kept by a thread of their own, which stands back where packets come from a `live` port.
    ///
    /// # Errors
    /// When the system refuses a thread.
    pub fn thread(local: Arc<LocalNets>, live: bool) -> std::io::Result<Self> {
        // Bounded, so that conversations do not pile up.
        let (orders, receive) = bounded::<Order>(LOADS);
        let (send, tables) = bounded(1);
        let handle = std::thread::Builder::new().name("ends".into()).spawn(move || {
            if live {
                priority::stand_back();
            }
            let mut kept = Tables::new(local);
            for order in receive {
                match order {
                    Order::Take(load) => kept.take(&load),
                    Order::Forget => kept = Tables::new(Arc::clone(&kept.local)),
                    Order::Tables(wanted) => {
                        let _ = send.send(kept.tables(&wanted));
                    }
                }
            }
        })?;
        Ok(Self(Keeper::Thread { orders: Some(orders), tables, handle: Some(handle) }))
    }

    /// Takes conversations in.
    pub fn take(&mut self, load: &Arc<Load>) {
        match &mut self.0 {
            Keeper::Here(tables) => tables.take(load),
            Keeper::Thread { orders, .. } => give(orders, Order::Take(Arc::clone(load))),
        }
    }

    /// Forgets everything.
    pub fn forget(&mut self) {
        match &mut self.0 {
            Keeper::Here(tables) => **tables = Tables::new(Arc::clone(&tables.local)),
            Keeper::Thread { orders, .. } => give(orders, Order::Forget),
        }
    }

    /// The rows of a query. Meanwhile the caller does its own part, `beside`. `None` when the thread has panicked.
    pub fn tables<T>(&mut self, wanted: Wanted, beside: impl FnOnce() -> T) -> Option<(EndTables, T)> {
        match &mut self.0 {
            Keeper::Here(tables) => Some((tables.tables(&wanted), beside())),
            Keeper::Thread { orders, tables, .. } => {
                give(orders, Order::Tables(Box::new(wanted)));
                let done = beside();
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

impl Drop for Ends {
    fn drop(&mut self) {
        if let Keeper::Thread { orders, handle, .. } = &mut self.0 {
            drop(orders.take());
            if let Some(handle) = handle.take() {
                let _ = handle.join();
            }
        }
    }
}
