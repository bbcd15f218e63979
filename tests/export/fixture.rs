//! Traffic that is known, and a run of it through exporters.

use crate::support::packet::{ACK, FIN, PSH, Packet, SYN};
use spantop::capture::Memory;
use spantop::engine::{self, Listeners, Settings, Subscription, subscribe};
use spantop::export::{ExportHub, ExportTarget, ExporterState, HubPlan, Identity};
use spantop::model::{LinkType, Timestamp};
use spantop::snapshot::{Ended, Published, RecordFeed, Snapshot};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// When it begins.
pub const START: i64 = 1_700_000_000_000_000_000;
const MILLI: i64 = 1_000_000;

/// A folder of its own for one test, empty at the start.
pub fn folder(test: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("export-{test}"));
    let _ = std::fs::remove_dir_all(&path);
    std::fs::create_dir_all(&path).unwrap();
    path
}

fn ip(from: u8, to: u8) -> Packet {
    Packet::eth([2, 0, 0, 0, 0, from], [2, 0, 0, 0, 0, to]).ip([10, 0, 0, from], [10, 0, 0, to])
}

/// A query for `a.example`, or its answer with one address.
fn dns(id: u16, is_answer: bool) -> Vec<u8> {
    let mut bytes = id.to_be_bytes().to_vec();
    bytes.extend(if is_answer { [0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0] } else { [1, 0, 0, 1, 0, 0, 0, 0, 0, 0] });
    bytes.extend(b"\x01a\x07example\0\0\x01\0\x01");
    if is_answer {
        bytes.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 10, 0, 0, 9]);
    }
    bytes
}

/// Twenty connections of which both sides send FIN, and forty queries of a name server, each answered after two milliseconds; a minute.
pub fn busy() -> Memory {
    memory(frames())
}

/// The same three times over, each packet twice: what a mirror does that copies both directions of every port.
pub fn doubled() -> Memory {
    let rounds = (0..3).flat_map(|round| frames().into_iter().map(move |(at, frame)| (at + round * 90_000 * MILLI, frame)));
    memory(rounds.flat_map(|(at, frame)| [(at, frame.clone()), (at + 10_000, frame)]).collect())
}

fn memory(mut frames: Vec<(i64, Vec<u8>)>) -> Memory {
    frames.sort_by_key(|f| f.0);
    frames
        .iter()
        .fold(Memory::new(), |memory, (at, frame)| memory.with(Timestamp(START + at), LinkType::ETHERNET, frame.len() as u32, frame))
}

fn frames() -> Vec<(i64, Vec<u8>)> {
    let mut frames: Vec<(i64, Vec<u8>)> = Vec::new();
    for n in 0..20u16 {
        let (at, client) = (i64::from(n) * 3_000 * MILLI, 40_000 + n);
        let mut push = |after: i64, frame: Packet| frames.push((at + after * MILLI, frame.build()));
        let to = |seq, ack, flags| ip(1, 2).tcp(client, 80).seq(seq).ack(ack).flags(flags);
        let from = |seq, ack, flags| ip(2, 1).tcp(80, client).seq(seq).ack(ack).flags(flags);
        push(0, to(100, 0, SYN));
        push(1, from(500, 101, SYN | ACK));
        push(2, to(101, 501, ACK));
        push(3, to(101, 501, PSH | ACK).payload(b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"));
        push(4, from(501, 136, PSH | ACK).payload(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"));
        push(5, to(136, 541, FIN | ACK));
        push(6, from(541, 137, FIN | ACK));
        push(7, to(137, 542, ACK));
    }
    for n in 0..40u16 {
        let at = i64::from(n) * 1_500 * MILLI + 500 * MILLI;
        frames.push((at, ip(1, 3).udp(50_000 + n, 53).payload(&dns(n, false)).build()));
        frames.push((at + 2 * MILLI, ip(3, 1).udp(53, 50_000 + n).payload(&dns(n, true)).build()));
    }
    frames
}

/// Who looks.
pub fn identity() -> Identity {
    Identity::new("probe-1", "lab", Timestamp(5), 7)
}

/// Runs a source through exporters, each with these options, to the end.
pub fn export(source: Memory, targets: &[&str], options: &[(&str, &str)]) -> (Snapshot, Vec<ExporterState>) {
    export_as(source, targets, options, identity())
}

/// The same as another probe.
pub fn export_as(source: Memory, targets: &[&str], options: &[(&str, &str)], identity: Identity) -> (Snapshot, Vec<ExporterState>) {
    let targets: Vec<ExportTarget> = targets
        .iter()
        .map(|text| ExportTarget {
            options: options.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
            ..ExportTarget::parse(text).unwrap()
        })
        .collect();
    let plan = HubPlan::open(&targets, identity).unwrap();
    run(source, plan)
}

/// What an engine tells; it ends when it is let.
struct Held(Subscription, Arc<AtomicBool>);

impl RecordFeed for Held {
    fn next_within(&self, time: Duration) -> Result<Option<Published>, Ended> {
        match self.0.next_within(time) {
            Err(Ended) if !self.1.load(Ordering::Relaxed) => {
                std::thread::sleep(Duration::from_millis(5));
                Ok(None)
            }
            next => next,
        }
    }

    fn lost(&self) -> u64 {
        self.0.lost()
    }
}

/// The same with exporters that are open.
pub fn run(source: Memory, plan: HubPlan) -> (Snapshot, Vec<ExporterState>) {
    run_while(source, plan, |_| ())
}

/// The same, and does something before exporters end.
pub fn run_while(source: Memory, plan: HubPlan, meanwhile: impl FnOnce(&Snapshot)) -> (Snapshot, Vec<ExporterState>) {
    let (subscriber, subscription) = subscribe(64);
    let subscriber = if plan.wants_words() { subscriber.with_words() } else { subscriber };
    let ends = Arc::<AtomicBool>::default();
    let hub = ExportHub::start(plan, Box::new(Held(subscription, Arc::clone(&ends))), (true, true), || {}).unwrap();
    let settings = Settings { threads: 2, ..Settings::default() };
    let listeners = Listeners::subscriber(subscriber.waited_for());
    let snapshot = engine::run_with(Box::new(source), &settings, listeners, Default::default()).unwrap().complete().unwrap();
    meanwhile(&snapshot);
    ends.store(true, Ordering::Relaxed);
    let board = hub.finish();
    assert_eq!((board.subscription_lost(), snapshot.capture.losses.queue_drops), (0, 0));
    (snapshot, board.states())
}

/// The lines of a file of JSON.
pub fn lines(path: &Path) -> Vec<serde_json::Value> {
    std::fs::read_to_string(path).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Packets and bytes of all conversations, as the report has them.
pub fn totals(snapshot: &Snapshot) -> (u64, u64) {
    (snapshot.stats.total.packets, snapshot.stats.total.wire_bytes)
}
