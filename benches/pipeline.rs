//! How fast the engine turns packets in memory into a snapshot, by number of worker threads and of conversations.

mod support;

use spantop::capture::Memory;
use spantop::engine::{self, Settings};
use spantop::model::{LinkType, Timestamp};
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
