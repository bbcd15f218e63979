//! Who listens beside the shards: readers of the tape, subscribers, and the dashboard's feed. None of them changes a number, and a thread
//! that cannot go on is told.

mod support;

use spantop::capture::{Block, Fill, Memory, Source, SourceInfo, SourceLosses};
use spantop::engine::{self, Engine, Listeners, Published, Settings, Subscription, TapeMark, TapePacket, TapeReader, TapeRun, subscribe};
use spantop::error::Result;
use spantop::model::{CloseReason, FlowBatch, LinkType, NetworkEvent, Timestamp};
use spantop::snapshot::{Feed, Sample, Snapshot};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use support::network::{self, Plan};

const START: i64 = 1_700_000_000_000_000_000;

/// Time, wire length and bytes of a packet.
type Kept = (i64, u32, Vec<u8>);

fn packets() -> Vec<Kept> {
    let plan = Plan { connections: 120, ..Plan::default() };
    network::run(&plan).into_iter().map(|p| (START + p.time, p.frame.len() as u32 + 4, p.frame)).collect()
}

fn memory(packets: &[Kept]) -> Memory {
    let mut memory = Memory::new();
    packets.iter().for_each(|(time, wire, bytes)| memory.push(Timestamp(*time), LinkType::ETHERNET, *wire, bytes));
    memory
}

/// Packets, and marks with the number of packets before each.
type Copied = (Vec<Kept>, Vec<(usize, TapeMark)>);

/// Copies what it is shown.
#[derive(Clone, Default)]
struct Copier(Arc<Mutex<Copied>>);

impl TapeReader for Copier {
    fn block(&mut self, run: &TapeRun<'_>) {
        let mut kept = self.0.lock().unwrap();
        kept.0.extend(run.packets().map(|TapePacket { time, wire, bytes, .. }| (time.0, wire, bytes.to_vec())));
    }

    fn mark(&mut self, mark: TapeMark) {
        let mut kept = self.0.lock().unwrap();
        let at = kept.0.len();
        kept.1.push((at, mark));
    }
}

#[test]
fn a_reader_gets_every_packet_in_the_order_of_the_tape() {
    let packets = packets();
    let mut marks = None;
    let alone = engine::run(Box::new(memory(&packets)), &Settings::default(), Default::default()).unwrap().result;
    for threads in [0, 1, 2, 3, 7] {
        for block_bytes in [2_000, 70_000] {
            let copier = Copier::default();
            let settings = Settings { threads, block_bytes, ..Settings::default() };
            let listeners = Listeners { readers: vec![Box::new(copier.clone()), Box::new(Copier::default())], ..Listeners::default() };
            let got = engine::run_with(Box::new(memory(&packets)), &settings, listeners, Default::default()).unwrap();
            assert!(got.failure.is_none() && got.result == alone, "readers change nothing");
            let kept = copier.0.lock().unwrap();
            assert!(kept.0 == packets, "threads {threads}, blocks of {block_bytes}: {} of {} packets", kept.0.len(), packets.len());
            let first = marks.get_or_insert_with(|| kept.1.clone());
            assert_eq!(*first, kept.1, "threads {threads}, blocks of {block_bytes}");
        }
    }
    let marks = marks.unwrap();
    let intervals: Vec<u64> = marks.iter().filter_map(|m| if let TapeMark::Interval(n) = m.1 { Some(n) } else { None }).collect();
    assert!(intervals.len() > 3 && intervals.iter().copied().eq(0..intervals.len() as u64), "{intervals:?}");
    assert!(matches!(marks.last(), Some((at, TapeMark::Snapshot { finished: true, .. })) if *at == packets.len()), "{:?}", marks.last());
}

/// A live port whose packets a test writes, fill by fill.
struct Port<F>(F);

impl<F: FnMut(&mut Block) -> Fill + Send> Source for Port<F> {
    fn fill(&mut self, block: &mut Block) -> Result<Fill> {
        Ok((self.0)(block))
    }

    fn info(&self) -> Vec<SourceInfo> {
        Vec::new()
    }

    fn losses(&mut self) -> SourceLosses {
        SourceLosses::default()
    }

    fn is_live(&self) -> bool {
        true
    }
}

fn wall() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |t| t.as_nanos() as i64)
}

/// Brings the packets some at a time, with the time of now, then is quiet.
fn port(packets: &[Kept], each: usize, sent: &Arc<AtomicU64>) -> Port<impl FnMut(&mut Block) -> Fill + Send + use<>> {
    let (mut left, sent): (VecDeque<Kept>, _) = (packets.iter().cloned().collect(), Arc::clone(sent));
    Port(move |block: &mut Block| {
        if left.is_empty() {
            std::thread::sleep(Duration::from_millis(20));
            return Fill::Quiet;
        }
        std::thread::sleep(Duration::from_micros(200));
        for (_, wire, bytes) in left.drain(..each.min(left.len())) {
            block.push(Timestamp(wall()), wire, LinkType::ETHERNET, 0, &bytes);
            sent.fetch_add(1, Ordering::Relaxed);
        }
        Fill::Packets
    })
}

fn live() -> Settings {
    Settings { live: true, threads: 2, ..Settings::default() }
}

fn wait(what: &str, mut done: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !done() {
        assert!(begun.elapsed() < Duration::from_secs(30), "{what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_reader_of_a_live_port_gets_what_was_sent() {
    let (packets, sent, copier) = (packets(), Arc::default(), Copier::default());
    let engine = Engine::start_with(Box::new(port(&packets, 40, &sent)), &live(), Listeners::reader(copier.clone())).unwrap();
    wait("all packets", || sent.load(Ordering::Relaxed) == packets.len() as u64);
    assert_eq!(engine.last().stats.total.packets, engine.latest().stats.total.packets);
    let kept = copier.0.lock().unwrap();
    assert!(kept.0.iter().map(|p| &p.2).eq(packets.iter().map(|p| &p.2)));
}

/// Cannot go on behind so many packets.
struct Panicking(usize);

impl TapeReader for Panicking {
    fn block(&mut self, run: &TapeRun<'_>) {
        self.0 = self.0.saturating_sub(run.packets().count());
        assert!(self.0 > 0, "as the test wants it");
    }

    fn mark(&mut self, _: TapeMark) {}
}

#[test]
fn a_thread_that_cannot_go_on_is_told() {
    let packets = packets();
    for threads in [1, 2, 4] {
        let settings = Settings { threads, block_bytes: 20_000, ..Settings::default() };
        let outcome = engine::run_with(Box::new(memory(&packets)), &settings, Listeners::reader(Panicking(300)), Default::default());
        let failure = match outcome {
            Ok(outcome) => outcome.failure,
            Err(error) => Some(error),
        };
        let failure = failure.expect("a failure");
        assert!(failure.to_string().contains("a fault of this program ended the analysis: "), "{failure}");
        assert!(failure.to_string().contains("as the test wants it"), "{failure}");
        assert_eq!(failure.exit_code(), 1);
    }
}

#[test]
fn on_a_live_port_it_is_told_at_once() {
    let (packets, sent) = (packets(), Arc::default());
    let engine = Engine::start_with(Box::new(port(&packets, 5, &sent)), &live(), Listeners::reader(Panicking(50))).unwrap();
    let begun = Instant::now();
    wait("the failure", || engine.failure().is_some());
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
    assert!((sent.load(Ordering::Relaxed) as usize) < packets.len(), "before the port brings nothing any more");
    let failure = engine.failure().unwrap();
    assert!(failure.to_string().contains("a fault of this program ended the analysis"), "{failure}");
    engine.last();
    assert!(engine.failure().unwrap().to_string().contains("as the test wants it"), "in the end with its words");
}

/// What a subscriber heard.
#[derive(Default)]
struct Heard {
    intervals: Vec<Sample>,
    snapshots: Vec<Arc<Snapshot>>,
    flows: Vec<FlowBatch>,
    events: Vec<NetworkEvent>,
    lost: u64,
}

/// Everything a subscription brings, at this pace.
fn listen(subscription: Subscription, pace: Duration) -> std::thread::JoinHandle<Heard> {
    std::thread::spawn(move || {
        let mut heard = Heard::default();
        while let Some(record) = subscription.next() {
            match record {
                Published::Interval(sample) => heard.intervals.push(sample),
                Published::Snapshot(snapshot) => heard.snapshots.push(snapshot),
                Published::Flows(batch) => heard.flows.push(FlowBatch::clone(&batch)),
                Published::Events(said) => heard.events.extend_from_slice(&said),
                Published::Words(_) => panic!("nobody asked for them"),
                Published::Reset => {}
            }
            std::thread::sleep(pace);
        }
        heard.lost = subscription.lost();
        heard
    })
}

#[test]
fn a_subscriber_gets_every_interval_and_every_snapshot() {
    let packets = packets();
    let mut first = None;
    for threads in [0, 1, 3] {
        let (give, take) = subscribe(100_000);
        let listener = listen(take, Duration::ZERO);
        let mut settings = Settings { threads, block_bytes: 20_000, ..Settings::default() };
        settings.load.interval = 50_000_000;
        let got = engine::run_with(Box::new(memory(&packets)), &settings, Listeners::subscriber(give), Default::default()).unwrap();
        let Heard { intervals, snapshots, flows, events, lost } = listener.join().unwrap();
        assert_eq!((lost, got.result.capture.losses.queue_drops), (0, 0));
        assert!(intervals.len() > 20 && intervals == got.result.stats.load.samples, "{} intervals", intervals.len());
        assert_eq!(snapshots.len(), 1);
        assert!(*snapshots[0] == got.result);
        assert!(flows.is_sorted_by_key(|b| (b.beat, b.shard)));
        let told: u64 = flows.iter().flat_map(|b| &b.records).map(|r| r.traffic[0].packets + r.traffic[1].packets).sum();
        let rows = &got.result.stats.conversations;
        let pairs: u64 = rows.ip.rows.iter().chain(&rows.ipv6.rows).map(|r| r.total().packets).sum();
        assert!(told == pairs && told > 0, "every conversation is told as it is closed: {told} of {pairs} packets");
        assert!(
            (&flows, &events) == {
                let (f, e) = first.get_or_insert_with(|| (flows.clone(), events.clone()));
                (&*f, &*e)
            },
            "threads {threads}"
        );
    }
}

#[test]
fn conversations_that_go_on_are_told_of_in_parts_that_add_up() {
    let packets = packets();
    let run = |flow_parts: Option<i64>, threads: usize| {
        let (give, take) = subscribe(100_000);
        let listener = listen(take, Duration::ZERO);
        let mut settings = Settings { threads, flow_parts, block_bytes: 20_000, ..Settings::default() };
        settings.load.interval = 50_000_000;
        let got = engine::run_with(Box::new(memory(&packets)), &settings, Listeners::subscriber(give), Default::default()).unwrap();
        (listener.join().unwrap().flows, got.result)
    };
    let sum = |flows: &[FlowBatch]| {
        let records = flows.iter().flat_map(|b| &b.records);
        let mut sums = std::collections::BTreeMap::<_, [u64; 2]>::new();
        for record in records {
            let sum = sums.entry((record.key.a(), record.key.b(), record.key.a_port, record.key.b_port, record.key.protocol)).or_default();
            *sum = [sum[0] + record.traffic[0].packets, sum[1] + record.traffic[1].packets];
        }
        sums
    };
    let (whole, result) = run(None, 2);
    let (parts, same) = run(Some(1_000_000_000), 2);
    let active = |flows: &[FlowBatch]| flows.iter().flat_map(|b| &b.records).filter(|r| r.reason == CloseReason::Active).count();
    assert_eq!(active(&whole), 0);
    assert!(active(&parts) > 0, "none lasted for a second");
    assert_eq!(sum(&whole), sum(&parts));
    assert!(result == same, "tables do not know of parts");
    assert_eq!(run(Some(1_000_000_000), 0).0, parts, "the same with any number of threads");
}

#[test]
fn a_slow_subscriber_loses_counted_records_and_slows_nobody() {
    let packets = packets();
    let mut settings = Settings { threads: 2, block_bytes: 20_000, ..Settings::default() };
    settings.load.interval = 1_000_000;
    let run = |listeners| {
        let begun = Instant::now();
        let got = engine::run_with(Box::new(memory(&packets)), &settings, listeners, Default::default()).unwrap().result;
        (got, begun.elapsed())
    };
    let (alone, _) = run(Listeners::default());
    let (give, take) = subscribe(8);
    let listener = listen(take, Duration::from_millis(100));
    let (got, took) = run(Listeners::subscriber(give));
    let Heard { intervals, lost, .. } = listener.join().unwrap();
    assert!(took < Duration::from_secs(5), "it would take {} s to take them all", alone.stats.load.samples.len() / 10);
    assert!(lost > 0 && intervals.len() as u64 + lost >= alone.stats.load.samples.len() as u64, "{} and {lost} lost", intervals.len());
    assert!(
        got.capture.losses.queue_drops > 0 && got.capture.losses.queue_drops <= lost,
        "told: {}, lost {lost}",
        got.capture.losses.queue_drops
    );
    assert_eq!((got.stats.total, got.capture.losses.lost_packets()), (alone.stats.total, 0), "records are lost, no packet");
}

#[test]
fn leaving_takes_a_last_count() {
    let (packets, sent) = (packets(), Arc::default());
    // A port with everything in its ring already.
    let source = port(&packets, 200, &sent);
    let engine = Engine::start(Box::new(source), &live()).unwrap();
    wait("some packets", || sent.load(Ordering::Relaxed) > 0);
    let last = engine.last();
    assert!(last.finished);
    assert_eq!(last.mirror.link.packets, sent.load(Ordering::Relaxed), "nothing that was taken is missing in the sum");
}

#[test]
fn stopping_reads_what_had_arrived_before() {
    let (packets, sent, stop) = (packets(), Arc::default(), Arc::new(AtomicBool::new(false)));
    let mut inner = port(&packets, 10, &sent);
    // Packets of a ring have the time of their arrival: all came before the end was asked for.
    let arrived = wall();
    let source = Port({
        let stop = Arc::clone(&stop);
        move |block: &mut Block| {
            let fill = (inner.0)(block);
            block.packets.iter_mut().for_each(|p| p.time = Timestamp(arrived));
            stop.store(true, Ordering::Relaxed);
            fill
        }
    });
    let got = engine::run(Box::new(source), &live(), stop).unwrap().result;
    assert_eq!((got.mirror.link.packets, sent.load(Ordering::Relaxed)), (packets.len() as u64, packets.len() as u64));
}

#[test]
fn what_takes_too_long_to_read_at_the_end_is_lost_and_told() {
    let (packets, sent, stop) = (packets(), Arc::default(), Arc::new(AtomicBool::new(false)));
    let each = packets.len() / 40 + 1;
    let mut inner = port(&packets, each, &sent);
    let arrived = wall();
    let source = Port({
        let stop = Arc::clone(&stop);
        move |block: &mut Block| {
            stop.store(true, Ordering::Relaxed);
            std::thread::sleep(Duration::from_millis(90));
            let fill = (inner.0)(block);
            block.packets.iter_mut().for_each(|p| p.time = Timestamp(arrived));
            fill
        }
    });
    let got = engine::run(Box::new(source), &live(), stop).unwrap().result;
    let (read, lost) = (got.mirror.link.packets, got.capture.losses.kernel_drops);
    assert!(read > 0 && lost > 0, "2 s for {} packets at {each} each 90 ms: {read} read, {lost} lost", packets.len());
    assert_eq!((read + lost, sent.load(Ordering::Relaxed)), (packets.len() as u64, packets.len() as u64));
    assert_eq!(got.capture.losses.lost_packets(), lost, "told as what the kernel held and nobody took");
}

#[test]
fn a_quiet_port_repeats_its_picture_with_the_time_of_now() {
    let (packets, sent) = (packets(), Arc::default());
    let engine = Engine::start(Box::new(port(&packets, 500, &sent)), &live()).unwrap();
    wait("all packets", || engine.latest().mirror.link.packets == packets.len() as u64);
    let number = engine.latest().number;
    // What was held back as a possible copy is decided on within two seconds, and one more picture has no rates.
    wait("rates of nothing", || engine.latest().number >= number + 5);
    let before = engine.latest();
    wait("more pictures", || engine.latest().number >= before.number + 2);
    let after = engine.latest();
    assert!(after.now > before.now && engine.age() < Duration::from_secs(2));
    assert_eq!(after.stats.recent.packets, 0);
    let same = |a: &Snapshot, b: &Snapshot| {
        a.stats.total == b.stats.total
            && a.stats.conversations == b.stats.conversations
            && a.stats.endpoints == b.stats.endpoints
            && a.stats.protocols == b.stats.protocols
            && a.stats.load.samples == b.stats.load.samples
            && a.mirror.link == b.mirror.link
    };
    assert!(same(&before, &after));
    let last = engine.last();
    assert_eq!((last.stats.total, last.stats.conversations.ip.total_rows), (after.stats.total, after.stats.conversations.ip.total_rows));
}
