//! How fast the engine turns packets in memory into a snapshot, by number of worker threads and of conversations.

mod support;

use spantop::capture::Memory;
use spantop::engine::{self, Settings};
use spantop::model::{LinkType, Timestamp};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use support::Arguments;
use support::clock::measure;
use support::traffic::{Plan, Traffic};

fn main() {
    let arguments = Arguments::read();
    let (rounds, packets) = if arguments.test { (1, 5_000) } else { (5, 500_000) };
    println!("engine::run from memory, per packet: median [fastest … slowest round]");
    for conversations in if arguments.test { vec![100] } else { vec![1_000, 100_000] } {
        let frames = make(Plan { packets, conversations });
        for threads in [0, 1, 2] {
            let name = format!("{conversations} conversations, --threads {threads}");
            // Filling the source is not what is measured.
            let mut sources: Vec<Memory> = (0..=rounds).map(|_| source(&frames)).collect();
            let settings = Settings { threads, ..Settings::default() };
            measure(&name, rounds, || {
                let source = sources.pop().expect("a source for every round and one to warm up");
                let spantop::error::Outcome { result: snapshot, failure } =
                    engine::run(Box::new(source), &settings, Default::default()).expect("packets in memory can be read");
                assert!(failure.is_none(), "{failure:?}");
                assert_eq!(snapshot.stats.total.packets, packets);
                packets
            });
        }
    }
    println!("processor time of each thread, per packet, as on a live port");
    by_thread(if arguments.test { 5_000 } else { 2_000_000 }, if arguments.test { 100 } else { 10_000 });
}

/// How long each thread works for a packet where the reading one does not help, as on a live port: the router is what cannot be divided among
/// more cores.
fn by_thread(packets: u64, conversations: u32) {
    let frames = make(Plan { packets, conversations });
    let source = source(&frames);
    let settings = Settings { threads: 2, live: true, ..Settings::default() };
    let router = || cpu_of(Path::new("/proc/thread-self/schedstat"));
    let others = Mutex::new(BTreeMap::new());
    let done = AtomicBool::new(false);
    let before = router();
    let mut after = None;
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                sample(&mut others.lock().unwrap());
                std::thread::sleep(Duration::from_millis(1));
            }
        });
        let outcome = engine::run(Box::new(source), &settings, Default::default()).expect("packets in memory can be read");
        after = router();
        done.store(true, Ordering::Relaxed);
        assert_eq!(outcome.result.stats.total.packets, packets);
    });
    let Some(own) = before.zip(after).map(|(before, after)| after - before) else {
        return println!("by thread: this system does not tell");
    };
    println!("router{:>48.1} ns", own as f64 / packets as f64);
    let mut sums = BTreeMap::<String, u64>::new();
    others.into_inner().unwrap().into_values().for_each(|(name, nanos)| *sums.entry(name).or_default() += nanos);
    for (name, nanos) in sums.iter().filter(|(name, _)| ["worker", "merge", "addresses"].iter().any(|of| name.starts_with(of))) {
        println!("{name}{:>width$.1} ns", *nanos as f64 / packets as f64, width = 54 - name.len());
    }
}

/// Nanoseconds that a thread has run (proc(5): the first number of `schedstat`).
fn cpu_of(path: &Path) -> Option<u64> {
    std::fs::read_to_string(path).ok()?.split_whitespace().next()?.parse().ok()
}

/// What each thread of this process has run by now.
fn sample(threads: &mut BTreeMap<PathBuf, (String, u64)>) {
    for task in std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten() {
        let (name, nanos) = (std::fs::read_to_string(task.path().join("comm")), cpu_of(&task.path().join("schedstat")));
        if let (Ok(name), Some(nanos)) = (name, nanos) {
            threads.insert(task.path(), (name.trim().to_owned(), nanos));
        }
    }
}

fn make(plan: Plan) -> Vec<(Timestamp, Vec<u8>)> {
    let mut traffic = Traffic::new(plan);
    let mut frames = Vec::new();
    let mut frame = Vec::new();
    while let Some(time) = traffic.next(&mut frame) {
        frames.push((Timestamp::new((time / 1_000_000) as i64, (time % 1_000_000) as i64 * 1000), frame.clone()));
    }
    frames
}

fn source(frames: &[(Timestamp, Vec<u8>)]) -> Memory {
    let mut memory = Memory::new();
    for (time, bytes) in frames {
        memory.push(*time, LinkType::ETHERNET, bytes.len() as u32, bytes);
    }
    memory
}
