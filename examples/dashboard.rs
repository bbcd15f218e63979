//! The dashboard on made-up traffic: `cargo run --example dashboard [calm|trouble|file|empty]`.
//!
//! Shows how a program of your own can show snapshots: implement [`Feed`] and call [`tui::run`].

use spantop::{model, snapshot, tui};
use std::cell::RefCell;
use std::sync::Arc;
use std::time::Instant;

#[path = "../src/tui/demo.rs"]
mod demo;

use snapshot::{Feed, Query, Snapshot};

/// A feed that makes up one snapshot a second.
struct Office {
    story: demo::Story,
    begun: Instant,
    last: RefCell<Arc<Snapshot>>,
    query: RefCell<Query>,
}

impl Feed for Office {
    fn latest(&self) -> Arc<Snapshot> {
        let second = if self.story == demo::Story::File { 0 } else { self.begun.elapsed().as_secs() as i64 };
        if self.last.borrow().number != second.unsigned_abs() + 1 {
            *self.last.borrow_mut() = Arc::new(demo::snapshot(self.story, second));
        }
        Arc::clone(&self.last.borrow())
    }

    fn ask(&self, query: Query) {
        *self.query.borrow_mut() = query;
    }

    fn reset(&self) {}

    fn failure(&self) -> Option<String> {
        None
    }
}

fn main() -> spantop::Result<()> {
    let story = match std::env::args().nth(1).as_deref() {
        Some("trouble") => demo::Story::Trouble,
        Some("file") => demo::Story::File,
        Some("empty") => demo::Story::Empty,
        _ => demo::Story::Calm,
    };
    let feed = Office { story, begun: Instant::now(), last: RefCell::default(), query: RefCell::default() };
    let options = tui::Options {
        source_title: if story == demo::Story::File { "office.pcapng".into() } else { "eth1".into() },
        manufacturer: |mac| (mac.0[..3] == [0, 0x1b, 0x54]).then_some("Cisco Systems"),
        service: |port, _| match port {
            22 => Some("ssh"),
            53 => Some("domain"),
            443 => Some("https"),
            445 => Some("microsoft-ds"),
            _ => None,
        },
        ..tui::Options::default()
    };
    for line in tui::run(&feed, &options)?.lines() {
        println!("{line}");
    }
    Ok(())
}
