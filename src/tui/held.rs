//! The filter on rows that are held: at once, also while it is typed and while the picture is paused. What lies deeper comes from the engine.

use crate::snapshot::{Filter, Snapshot, Table};
use std::sync::Arc;

/// The snapshot with those rows of its tables that a filter shows.
pub(super) fn narrowed(snapshot: &Arc<Snapshot>, filter: Option<&Filter>) -> Arc<Snapshot> {
    let Some(filter) = filter else { return Arc::clone(snapshot) };
    let mut out = Snapshot::clone(snapshot);
    let c = &mut out.conversations;
    for table in [&mut c.tcp, &mut c.udp, &mut c.sctp, &mut c.ip, &mut c.ipv6, &mut c.eth] {
        keep(table, |row| filter.matches_conversation(row));
    }
    let e = &mut out.endpoints;
    for table in [&mut e.tcp, &mut e.udp, &mut e.sctp, &mut e.ip, &mut e.ipv6, &mut e.eth] {
        keep(table, |row| filter.matches_host(row));
    }
    Arc::new(out)
}

/// What the engine has filtered already stays as it is, with the rows it knows besides those that are here.
fn keep<R>(table: &mut Table<R>, shown: impl FnMut(&R) -> bool) {
    let before = table.rows.len();
    table.rows.retain(shown);
    if table.rows.len() < before {
        table.total_rows = table.rows.len() as u64;
    }
}
