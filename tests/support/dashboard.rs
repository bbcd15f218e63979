//! The dashboard on made-up traffic: `cargo run --example dashboard [calm|trouble|sampled|file|empty|pick]`.
//!
//! Shows how a program of your own can show snapshots: implement [`Feed`] and call [`tui::run`].

use spantop::{model, snapshot, tui};
use std::cell::RefCell;
use std::sync::Arc;
use std::time::Instant;

#[path = "../../src/tui/demo/mod.rs"]
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

    fn failure(&self) -> Option<spantop::Error> {
        None
    }
}

/// Interfaces of a made-up probe, `seconds` after its start.
fn ports(seconds: f64) -> Vec<model::Port> {
    let load = |bits: f64| {
        let bytes = (bits / 8.0 * (seconds + 0.2 * (seconds * 1.3).sin())) as u64;
        Some(model::Traffic { packets: bytes / 700, wire_bytes: bytes })
    };
    let port = |name: &str, kind, speed: u64, bits, advice: &str| model::Port {
        name: name.into(),
        kind,
        up: true,
        running: bits > 0.0,
        speed: (speed > 0).then_some(speed),
        received: load(bits),
        advice: advice.into(),
        ..model::Port::default()
    };
    let mut host = port("eth0", "physical", 1_000_000_000, 38e3, "has addresses: a host port");
    host.addresses = vec!["192.0.2.10".parse().expect("an address"), "2001:db8::10".parse().expect("an address")];
    let mut loopback = port("lo", "loopback", 0, 2e3, "the host itself");
    loopback.addresses = vec!["127.0.0.1".parse().expect("an address")];
    vec![
        port("eth1", "physical", 10_000_000_000, 870e6, "looks like a mirror port"),
        host,
        port("eth2", "physical", 1_000_000_000, 0.0, "no carrier"),
        port("br0", "bridge", 0, 12e6, "a bridge: watch its port instead"),
        loopback,
    ]
}

fn main() -> spantop::Result<()> {
    let story = match std::env::args().nth(1).as_deref() {
        Some("trouble") => demo::Story::Trouble,
        Some("sampled") => demo::Story::Sampled,
        Some("file") => demo::Story::File,
        Some("empty") => demo::Story::Empty,
        _ => demo::Story::Calm,
    };
    let feed = Office { story, begun: Instant::now(), last: RefCell::default(), query: RefCell::default() };
    let options = tui::DashboardOptions {
        source_title: if story == demo::Story::File { "office.pcapng".into() } else { "eth1".into() },
        manufacturer: |mac| (mac.0[..3] == [0, 0x1b, 0x54]).then_some("Cisco Systems"),
        service: |port, _| match port {
            22 => Some("ssh"),
            53 => Some("dns"),
            443 => Some("https"),
            445 => Some("smb"),
            _ => None,
        },
        ..tui::DashboardOptions::default()
    };
    if std::env::args().nth(1).as_deref() == Some("pick") {
        let begun = Instant::now();
        let choice = tui::pick(&|| Ok(ports(begun.elapsed().as_secs_f64())), &options)?;
        println!("{}", choice.unwrap_or_default());
        return Ok(());
    }
    tui::run(&feed, &options)?;
    for line in tui::ExitSummary::of(&feed.last(), &options.source_title).lines() {
        println!("{line}");
    }
    Ok(())
}
