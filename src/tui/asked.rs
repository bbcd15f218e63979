//! What the page in front wants from the feed, and whether what is shown answers it.

use super::app::{App, Modal};
use super::columns::busiest;
use super::screen::{Effect, Sorts};
use crate::snapshot::{Column, Filter, Order, Query, Snapshot};
use std::time::Duration;

/// The engine is asked for deeper rows when nothing was typed for so long: on large captures that is work.
const TYPING_PAUSE: Duration = Duration::from_millis(250);

impl App {
    /// Whether a picture has the rows that are asked for now, as far as there is room for rows.
    pub(super) fn answers(&self, snapshot: &Snapshot) -> bool {
        snapshot.narrowed_by.as_deref() == self.query().filter.as_ref().map(Filter::text)
    }

    /// Whether the picture that is shown lacks rows which another filter hid: until the engine has answered again.
    pub(super) fn is_partial(&self) -> bool {
        self.held.narrowed_by.is_some() && !self.answers(&self.held)
    }

    /// What the page in front wants from the feed.
    fn query(&self) -> Query {
        let usual = busiest(self.latest.live);
        let sorts = if self.stack.is_empty() { self.page().sorting().map(|s| s.0) } else { None };
        let narrowed = self.subject().and_then(|(page, topic)| page.narrows(topic));
        let filter = match (self.view.filter.clone(), narrowed) {
            (Some(mine), Some(narrowed)) => Some(mine.and(narrowed)),
            (mine, narrowed) => mine.or(narrowed),
        };
        // What only the screen remembers is of rows that are busy now.
        let known =
            |order: Order| if order.column.remembered_seconds().is_some() { Order { column: Column::RATE, ..order } } else { order };
        Query {
            conversations: if sorts == Some(Sorts::Conversations) { known(self.view.conversations) } else { usual },
            endpoints: if sorts == Some(Sorts::Endpoints) { known(self.view.endpoints) } else { usual },
            filter,
            ..Query::default()
        }
    }

    /// The question for the feed, when it is another one than before.
    pub(super) fn question(&mut self) -> Option<Effect> {
        if matches!(&self.modal, Modal::Filter(typing) if self.now.saturating_sub(typing.since) < TYPING_PAUSE) {
            return None;
        }
        let query = self.query();
        if self.asked.as_ref() == Some(&query) || !self.begun {
            return None;
        }
        self.asked = Some(query.clone());
        Some(Effect::Ask(query))
    }
}
