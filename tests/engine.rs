//! The engine as a library: the same numbers for any number of threads and any size of block, tables that close, caps that hold.

mod support;

use spantop::capture::Memory;
use spantop::engine::{self, Settings};
use spantop::error::Outcome;
use spantop::model::{LinkType, Timestamp};
use spantop::snapshot::Snapshot;
use support::network::{self, Plan};

const START: i64 = 1_700_000_000_000_000_000;

fn source(plan: &Plan) -> Memory {
    let mut memory = Memory::new();
    for p in network::run(plan) {
        memory.push(Timestamp(START + p.time), LinkType::ETHERNET, p.frame.len() as u32, &p.frame);
    }
    memory
}

fn run(plan: &Plan, settings: &Settings) -> Snapshot {
    let Outcome { result: snapshot, failure } = engine::run(Box::new(source(plan)), settings, Default::default()).unwrap();
    assert_eq!(failure, None);
    snapshot
}

/// Strips are lost or folded twice, if ever, by chance: in the moment when one thread lets go of what another takes. Tiny strips make many
/// of those moments; a strip that was lost would let the run wait for ever.
#[test]
fn no_strip_is_lost_between_threads() {
    let plan = Plan { connections: 40, ..Plan::default() };
    let want = run(&plan, &Settings { threads: 0, ..Settings::default() }).total;
    assert!(want.packets > 0);
    for round in 0..200 {
        let threads = 1 + round % 4;
        let got = run(&plan, &Settings { threads, block_bytes: 2_000, ..Settings::default() }).total;
        assert_eq!(got, want, "threads {threads}, round {round}");
    }
}

#[test]
fn threads_and_block_sizes_do_not_change_a_number() {
    let plan = Plan { connections: 300, ..Plan::default() };
    let want = run(&plan, &Settings { threads: 0, ..Settings::default() });
    assert!(want.total.packets > 5_000, "{}", want.total.packets);
    for threads in [0, 1, 2, 3, 7] {
        for block_bytes in [2_000, 70_000, 512 * 1024] {
            let got = run(&plan, &Settings { threads, block_bytes, ..Settings::default() });
            assert!(got == want, "threads {threads}, blocks of {block_bytes}");
        }
    }
}

#[test]
fn tables_close() {
    let s = run(&Plan::default(), &Settings::default());
    let sum = |rows: &[spantop::snapshot::Conversation]| rows.iter().map(|r| r.total().packets).sum::<u64>();
    let c = &s.conversations;
    let ip = sum(&c.ip.rows) + sum(&c.ipv6.rows);
    assert_eq!(ip, sum(&c.tcp.rows) + sum(&c.udp.rows), "all IP traffic of the model is TCP or UDP");
    assert_eq!(sum(&c.eth.rows), s.total.packets);
    assert_eq!(s.sizes.iter().map(|t| t.packets).sum::<u64>(), s.total.packets);
    assert_eq!(s.protocols.first().map(|r| r.traffic), Some(s.total));
    assert_eq!(s.protocols.iter().map(|r| r.own.packets).sum::<u64>(), s.total.packets);
    let series = s.load.samples.iter().map(|x| x.traffic.packets).sum::<u64>();
    assert_eq!(series, s.total.packets);
    let tx: u64 = s.endpoints.ip.rows.iter().map(|r| r.tx.packets).sum();
    assert_eq!(tx, sum(&c.ip.rows));
}

#[test]
fn beyond_a_cap_conversations_fold_into_an_exact_rest() {
    let plan = Plan { connections: 3_000, segments: 2, seconds: 60.0, ..Plan::default() };
    let all = run(&plan, &Settings::default());
    let few = run(&plan, &Settings { flows_per_shard: 16, ..Settings::default() });
    assert!(few.losses.evicted_flows > 0);
    assert_eq!(few.total, all.total);
    let closed = |s: &Snapshot| {
        let t = &s.conversations;
        [&t.tcp, &t.udp].map(|table| table.rows.iter().map(|r| r.total().wire_bytes).sum::<u64>() + table.other.wire_bytes)
    };
    assert_eq!(closed(&few), closed(&all));
    assert!(few.conversations.ip == all.conversations.ip, "address pairs outlive the conversations they are made of");
}

#[test]
fn queries_while_a_file_is_read_lose_nothing() {
    use spantop::snapshot::{Feed, Query};
    let plan = Plan { connections: 200, ..Plan::default() };
    let want = run(&plan, &Settings::default());
    for _ in 0..5 {
        let settings = Settings { threads: 2, block_bytes: 20_000, query: Query::default(), ..Settings::default() };
        let engine = engine::Engine::start(Box::new(source(&plan)), &settings).unwrap();
        for _ in 0..200 {
            engine.ask(Query::default());
        }
        let begun = std::time::Instant::now();
        while !engine.latest().finished {
            assert!(begun.elapsed().as_secs() < 30, "the engine does not finish");
            engine.ask(Query::default());
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        let got = engine.latest();
        assert_eq!((got.total, got.protocols.first().map(|r| r.traffic)), (want.total, Some(want.total)));
        assert_eq!(got.endpoints.ip.total_rows, want.endpoints.ip.total_rows);
    }
}
