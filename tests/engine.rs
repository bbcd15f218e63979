//! The engine as a library: the same numbers for any number of threads and any size of block, tables that close, caps that hold.

mod support;

use spantop::capture::Memory;
use spantop::engine::{self, FlowListener, MemoryPlan, Settings};
use spantop::error::Outcome;
use spantop::model::{CloseReason, FlowBatch, LinkType, Timestamp};
use spantop::snapshot::Snapshot;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
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
    let want = run(&plan, &Settings { threads: 0, ..Settings::default() }).stats.total;
    assert!(want.packets > 0);
    for round in 0..200 {
        let threads = 1 + round % 4;
        let got = run(&plan, &Settings { threads, block_bytes: 2_000, ..Settings::default() }).stats.total;
        assert_eq!(got, want, "threads {threads}, round {round}");
    }
}

#[test]
fn threads_and_block_sizes_do_not_change_a_number() {
    let plan = Plan { connections: 300, ..Plan::default() };
    let want = run(&plan, &Settings { threads: 0, ..Settings::default() });
    assert!(want.stats.total.packets > 5_000, "{}", want.stats.total.packets);
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
    let c = &s.stats.conversations;
    let ip = sum(&c.ip.rows) + sum(&c.ipv6.rows);
    assert_eq!(ip, sum(&c.tcp.rows) + sum(&c.udp.rows), "all IP traffic of the model is TCP or UDP");
    assert_eq!(sum(&c.eth.rows), s.stats.total.packets);
    assert_eq!(s.stats.sizes.iter().map(|t| t.packets).sum::<u64>(), s.stats.total.packets);
    assert_eq!(s.stats.protocols.first().map(|r| r.traffic), Some(s.stats.total));
    assert_eq!(s.stats.protocols.iter().map(|r| r.own.packets).sum::<u64>(), s.stats.total.packets);
    let series = s.stats.load.samples.iter().map(|x| x.traffic.packets).sum::<u64>();
    assert_eq!(series, s.stats.total.packets);
    let tx: u64 = s.stats.endpoints.ip.rows.iter().map(|r| r.tx.packets).sum();
    assert_eq!(tx, sum(&c.ip.rows));
}

#[test]
fn beyond_a_cap_conversations_fold_into_an_exact_rest() {
    let plan = Plan { connections: 3_000, segments: 2, seconds: 60.0, ..Plan::default() };
    let all = run(&plan, &Settings::default());
    let few = run(&plan, &Settings { memory: MemoryPlan { flows_per_shard: 16, ..MemoryPlan::default() }, ..Settings::default() });
    assert!(few.capture.losses.evicted_flows > 0);
    assert_eq!(few.stats.total, all.stats.total);
    let closed = |s: &Snapshot| {
        let t = &s.stats.conversations;
        [&t.tcp, &t.udp].map(|table| table.rows.iter().map(|r| r.total().wire_bytes).sum::<u64>() + table.other.wire_bytes)
    };
    assert_eq!(closed(&few), closed(&all));
    assert!(few.stats.conversations.ip == all.stats.conversations.ip, "address pairs outlive the conversations they are made of");
}

/// Whatever little memory there is, sums of rows and of what is "other" are exact, and whoever reads gets the same.
#[test]
fn under_a_small_budget_every_table_closes() {
    let plan = Plan { connections: 3_000, segments: 2, seconds: 60.0, ..Plan::default() };
    let all = run(&plan, &Settings::default());
    let memory = MemoryPlan { flows_per_shard: 16, end_points: 20_000, pairs: 20_000, ..MemoryPlan::default() };
    let small = |threads| run(&plan, &Settings { memory, threads, ..Settings::default() });
    let few = small(0);
    let hosts = |s: &Snapshot| {
        let e = &s.stats.endpoints;
        [&e.ip, &e.ipv6, &e.tcp, &e.udp].map(|t| t.rows.iter().map(|r| r.tx.packets + r.rx.packets).sum::<u64>() + t.other.packets)
    };
    let pairs = |s: &Snapshot| {
        [&s.stats.conversations.ip, &s.stats.conversations.eth]
            .map(|t| t.rows.iter().map(|r| r.total().packets).sum::<u64>() + t.other.packets)
    };
    assert_eq!((few.stats.total, hosts(&few), pairs(&few)), (all.stats.total, hosts(&all), pairs(&all)));
    assert!(
        !few.stats.conversations.eth.rows.is_empty() && !few.stats.endpoints.eth.rows.is_empty(),
        "stations are told of late, and have their place"
    );
    let folded: u64 = [&few.stats.endpoints.ip, &few.stats.endpoints.tcp, &few.stats.endpoints.udp].iter().map(|t| t.other_rows).sum();
    assert!(folded > 0 && few.stats.conversations.ip.other_rows + few.stats.conversations.eth.other_rows > 0);
    // Which rows are the first to come goes by the order in which conversations make room; without that it is that of the shards.
    let memory = MemoryPlan { flows_per_shard: MemoryPlan::default().flows_per_shard, ..memory };
    let roomy = |threads| run(&plan, &Settings { memory, threads, ..Settings::default() });
    let want = roomy(0);
    for threads in [1, 2, 7] {
        let (pressed, other) = (small(threads), roomy(threads));
        assert_eq!(
            (pressed.stats.total, hosts(&pressed), pairs(&pressed)),
            (all.stats.total, hosts(&all), pairs(&all)),
            "{threads} threads"
        );
        assert!(other.stats.endpoints == want.stats.endpoints, "end points with {threads} threads");
        assert!(other.stats.conversations == want.stats.conversations, "conversations with {threads} threads");
    }
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
        assert_eq!((got.stats.total, got.stats.protocols.first().map(|r| r.traffic)), (want.stats.total, Some(want.stats.total)));
        assert_eq!(got.stats.endpoints.ip.total_rows, want.stats.endpoints.ip.total_rows);
    }
}

/// Folds a source and collects the records of its conversations; the interval and shard of each.
fn run_with_flows(source: Memory, settings: &Settings) -> (Snapshot, Vec<FlowBatch>) {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let listener: FlowListener = {
        let seen = Arc::clone(&seen);
        Box::new(move |batch| seen.lock().unwrap().push(batch))
    };
    let outcome = engine::run_with_flows(Box::new(source), settings, Default::default(), Some(listener)).unwrap();
    let Outcome { result: snapshot, failure } = outcome;
    assert_eq!(failure, None);
    let batches = std::mem::take(&mut *seen.lock().unwrap());
    (snapshot, batches)
}

/// Two bursts of the same conversations, ten minutes apart.
fn twice(plan: &Plan) -> Memory {
    let mut memory = Memory::new();
    for round in 0..2 {
        for p in network::run(plan) {
            memory.push(Timestamp(START + p.time + round * 600_000_000_000), LinkType::ETHERNET, p.frame.len() as u32, &p.frame);
        }
    }
    memory
}

#[test]
fn flow_records_add_up_to_the_rows_for_any_number_of_threads() {
    let plan = Plan { connections: 300, loss_after: 0.0, ..Plan::default() };
    let mut first = None;
    for (threads, block_bytes) in [(0, 512 * 1024), (1, 2_000), (2, 70_000), (7, 512 * 1024)] {
        let (snapshot, batches) = run_with_flows(twice(&plan), &Settings { threads, block_bytes, ..Settings::default() });
        assert!(batches.iter().all(|b| b.lost == 0));
        // By ends and ports: a later connection on the same ports is a row of its own, so are its records.
        let mut rows = BTreeMap::<_, (u64, u64, u64, u64)>::new();
        let tables = &snapshot.stats.conversations;
        for row in tables.tcp.rows.iter().chain(&tables.udp.rows) {
            let sum = rows.entry((row.a, row.b, row.a_port, row.b_port)).or_default();
            *sum = (sum.0 + row.ab.packets, sum.1 + row.ab.wire_bytes, sum.2 + row.ba.packets, sum.3 + row.ba.wire_bytes);
        }
        let mut records = BTreeMap::<_, (u64, u64, u64, u64)>::new();
        let mut reasons = BTreeMap::<_, u64>::new();
        for record in batches.iter().flat_map(|b| &b.records).filter(|r| matches!(r.key.protocol, 6 | 17)) {
            let sum = records.entry((record.key.a(), record.key.b(), record.key.a_port, record.key.b_port)).or_default();
            let [ab, ba] = record.traffic;
            *sum = (sum.0 + ab.packets, sum.1 + ab.wire_bytes, sum.2 + ba.packets, sum.3 + ba.wire_bytes);
            *reasons.entry(record.reason).or_default() += 1;
        }
        assert!(rows == records, "threads {threads}: {} rows, {} records", rows.len(), records.len());
        assert!(reasons.get(&CloseReason::Fin).is_some_and(|&n| n > 100), "{reasons:?}");
        assert!(reasons.contains_key(&CloseReason::Idle) || reasons.contains_key(&CloseReason::Finished), "{reasons:?}");
        assert!(batches.is_sorted_by_key(|b| (b.interval, b.shard)));
        assert!(batches == *first.get_or_insert_with(|| batches.clone()), "threads {threads}: other records, or another order");
    }
}

#[test]
fn flow_records_of_evicted_conversations_add_up_too() {
    let plan = Plan { connections: 3_000, segments: 2, seconds: 60.0, ..Plan::default() };
    let (snapshot, batches) = run_with_flows(
        source(&plan),
        &Settings { memory: MemoryPlan { flows_per_shard: 16, ..MemoryPlan::default() }, threads: 2, ..Settings::default() },
    );
    let records = || batches.iter().flat_map(|b| &b.records);
    assert!(records().any(|r| r.reason == CloseReason::Evicted));
    assert!(snapshot.capture.losses.evicted_flows > 0);
    let packets: u64 = records().map(|r| r.traffic[0].packets + r.traffic[1].packets).sum();
    let pairs = snapshot.stats.conversations.ip.rows.iter().chain(&snapshot.stats.conversations.ipv6.rows);
    let ip: u64 = pairs.map(|r| r.total().packets).sum();
    assert_eq!((packets, batches.iter().map(|b| b.lost).sum::<u64>()), (ip, 0));
}
