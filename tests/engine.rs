//! The engine as a library: the same numbers for any number of threads and any size of block, tables that close, caps that hold.

mod support;

use spantop::capture::Memory;
use spantop::engine::{self, FlowListener, MemoryPlan, Settings};
use spantop::error::Outcome;
use spantop::model::{Address, CloseReason, FlowBatch, LinkType, TimeSpan, Timestamp, Traffic};
use spantop::snapshot::{Column, Conversation, HostRow, Order, Query, Snapshot, Table};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use support::Rng;
use support::network::{self, Plan};
use support::paced::every_second;
use support::packet::Packet;

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
        assert!(batches.is_sorted_by_key(|b| (b.beat, b.shard)));
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

fn looking_back(change: impl FnOnce(&mut Settings)) -> Settings {
    let mut settings = Settings { history: true, ..Settings::default() };
    change(&mut settings);
    settings
}

fn conversations(table: &Table<spantop::snapshot::Conversation>) -> Traffic {
    table.rows.iter().fold(table.other, |sum, row| sum.plus(row.total()))
}

#[test]
fn the_past_does_not_depend_on_threads_and_blocks() {
    let plan = Plan { connections: 200, seconds: 90.0, ..Plan::default() };
    let want = run(&plan, &looking_back(|s| s.threads = 0)).history;
    assert!(want.slots.len() > 50, "{}", want.slots.len());
    for threads in [1, 2, 7] {
        for block_bytes in [2_000, 512 * 1024] {
            let got = run(&plan, &looking_back(|s| (s.threads, s.block_bytes) = (threads, block_bytes))).history;
            assert!(got == want, "threads {threads}, blocks of {block_bytes}");
        }
    }
}

/// Of every slot, and of everything, rows and the rest are exactly what was counted.
#[test]
fn the_past_closes() {
    let plan = Plan { connections: 3_000, segments: 2, seconds: 60.0, ..Plan::default() };
    for flows_per_shard in [16, MemoryPlan::default().flows_per_shard] {
        let s = run(&plan, &looking_back(|s| s.memory = MemoryPlan { flows_per_shard, ..MemoryPlan::default() }));
        assert_eq!(s.history.total(), s.stats.total);
        let ip = conversations(&s.stats.conversations.ip).plus(conversations(&s.stats.conversations.ipv6));
        let mut sums = [Traffic::default(); 6];
        for slot in s.history.slots.iter() {
            let total = slot.sums.total();
            assert_eq!(slot.protocols.total(), total);
            assert_eq!(slot.mac_pairs.total(), total);
            assert_eq!(slot.sums.casts.iter().copied().fold(Traffic::default(), Traffic::plus), total);
            assert_eq!(slot.sums.directions.iter().copied().fold(Traffic::default(), Traffic::plus), total);
            assert_eq!(slot.hosts.total(), slot.pairs.total().plus(slot.pairs.total()), "who sends and who receives");
            assert!(slot.pairs.rows.len() <= 64 && slot.talks.rows.len() <= 128);
            for (sum, part) in sums.iter_mut().zip([slot.talks.total(), slot.pairs.total()]) {
                sum.add(part);
            }
        }
        assert_eq!((sums[0], sums[1]), (ip, ip), "all IP traffic of the model is TCP or UDP");
        let all = s.in_span(s.history.extent().unwrap()).unwrap();
        assert_eq!((all.stats.total, all.stats.sizes, all.stats.casts), (s.stats.total, s.stats.sizes, s.stats.casts));
        assert_eq!((all.stats.directions, all.stats.tcp_flags), (s.stats.directions, s.stats.tcp_flags));
        assert_eq!(all.stats.protocols, s.stats.protocols);
        let vlans = |s: &Snapshot| s.stats.vlans.rows.iter().map(|v| (v.id, v.traffic, v.recent)).collect::<Vec<_>>();
        assert_eq!((vlans(&all), all.stats.vlans.total_rows), (vlans(&s), s.stats.vlans.total_rows));
        assert!(all.stats.vlans.rows.iter().all(|v| (v.groups, v.one_way) == (None, None)), "of a span that is not known");
        let c = &all.stats.conversations;
        assert_eq!(conversations(&c.tcp).plus(conversations(&c.udp)), ip);
        assert_eq!(conversations(&c.ip).plus(conversations(&c.ipv6)), ip);
        // What a row lacks stays within the bound that is told.
        let shortfall = all.span.as_ref().unwrap().shortfall;
        for row in &s.stats.conversations.tcp.rows {
            let same = |r: &&spantop::snapshot::Conversation| {
                (r.a, r.a_port, r.b, r.b_port, r.first) == (row.a, row.a_port, row.b, row.b_port, row.first)
            };
            let told = c.tcp.rows.iter().find(same).map_or(0, |r| r.total().wire_bytes);
            let exact = row.total().wire_bytes;
            assert!(told <= exact && exact - told <= shortfall, "{told} of {exact}, at most {shortfall} missing");
        }
    }
}

/// The numbers of a span are those of its packets alone.
#[test]
fn a_span_is_the_sum_of_its_packets() {
    let plan = Plan { connections: 40, seconds: 60.0, ..Plan::default() };
    let s = run(&plan, &looking_back(|_| {}));
    let slots = &s.history.slots;
    for (from, to) in [(3, 9), (20, 21), (0, slots.len()), (slots.len() / 2, slots.len())] {
        let asked = TimeSpan { from: slots[from].span.from, to: slots[to - 1].span.to };
        let shown = s.in_span(asked).unwrap();
        assert_eq!(shown.span.as_ref().unwrap().span, asked);
        let mut memory = Memory::new();
        for p in network::run(&plan).into_iter().filter(|p| asked.contains(Timestamp(START + p.time))) {
            memory.push(Timestamp(START + p.time), LinkType::ETHERNET, p.frame.len() as u32, &p.frame);
        }
        let cut = engine::run(Box::new(memory), &Settings::default(), Default::default()).unwrap().result;
        assert!(cut.stats.total.packets > 0);
        assert_eq!(shown.stats.total, cut.stats.total);
        assert_eq!((shown.stats.sizes, shown.stats.casts, shown.stats.untagged), (cut.stats.sizes, cut.stats.casts, cut.stats.untagged));
        assert_eq!(shown.stats.protocols, cut.stats.protocols);
        let vlans = |s: &Snapshot| s.stats.vlans.rows.iter().map(|v| (v.id, v.traffic, v.recent)).collect::<Vec<_>>();
        assert_eq!(vlans(&shown), vlans(&cut));
        let talks = |s: &Snapshot| {
            let c = &s.stats.conversations;
            [&c.tcp, &c.udp, &c.ip, &c.ipv6, &c.eth].map(|t| {
                assert_eq!(t.other.packets, 0, "few enough for all to have a row");
                let mut rows: Vec<_> = t.rows.iter().map(|r| (r.a, r.a_port, r.b, r.b_port, r.ab, r.ba)).collect();
                rows.sort_by_key(|r| (r.0, r.1, r.2, r.3));
                rows
            })
        };
        assert_eq!(talks(&shown), talks(&cut));
        let hosts = |s: &Snapshot| {
            let e = &s.stats.endpoints;
            [&e.ip, &e.ipv6, &e.eth, &e.tcp, &e.udp].map(|t| {
                let mut rows: Vec<_> = t.rows.iter().map(|r| (r.address, r.port, r.tx, r.rx, r.inside)).collect();
                rows.sort_by_key(|r| (r.0, r.1));
                rows
            })
        };
        assert_eq!(hosts(&shown), hosts(&cut));
    }
    let before = TimeSpan { from: Timestamp(0), to: Timestamp(START) };
    assert!(s.in_span(before).is_none(), "nothing is known of it");
}

/// Conversations over UDP of which some say something each second: so many as are new, and others that were there.
fn chatter(seconds: u64, new: u64) -> Vec<(Timestamp, Vec<u8>)> {
    let mut random = Rng(7);
    let mut out = Vec::new();
    for second in 0..seconds {
        for n in 0..2 * new {
            let who = if n < new { second * new + n } else { random.below((second + 1) * new) };
            // Many are alike in all but their addresses, and one says most of what it says at once.
            let bytes = if random.below(40) == 0 { 1_000 } else { 10 * random.below(3) };
            let packet = Packet::eth([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2])
                .ip([10, 0, (who >> 8) as u8, who as u8], [10, 9, 0, 1])
                .id(out.len() as u16);
            let frame = packet.udp(5_000, 5_000 + (who % 3) as u16).payload(&vec![1; bytes as usize]).build();
            out.push((Timestamp(START + (second as i64 * 1_000 + n as i64) * 1_000_000), frame));
        }
    }
    out
}

/// The ends of a row, and what is recent of it and all of it.
type Row<R> = fn(&R) -> ([(Address, u16); 2], [Traffic; 2]);

/// The rows of the last of some pictures a second apart that come first by what came in ten seconds, in the order of the picture.
fn first_of_late<R: Clone>(pictures: &[&[R]], most: usize, number: fn(&Traffic) -> u64, read: Row<R>) -> Vec<R> {
    let mut lately = BTreeMap::new();
    for row in pictures.iter().rev().take(10).copied().flatten() {
        let (ends, [recent, _]) = read(row);
        *lately.entry(ends).or_insert(0) += number(&recent);
    }
    let rows = pictures[pictures.len() - 1];
    let mut order: Vec<_> = rows.iter().map(read).map(|(ends, [_, all])| (Reverse((lately[&ends], all.wire_bytes)), ends)).collect();
    order.sort_unstable();
    let first: BTreeSet<_> = order.into_iter().take(most).collect();
    rows.iter().filter(|row| first.iter().any(|(_, ends)| *ends == read(row).0)).cloned().collect()
}

/// The first rows of a table in the last of some pictures that have all of them.
fn first_rows<R: Clone>(pictures: &[Arc<Snapshot>], order: Order, most: usize, of: fn(&Arc<Snapshot>) -> Vec<R>, read: Row<R>) -> Vec<R> {
    let tables: Vec<Vec<R>> = pictures.iter().map(of).collect();
    let tables: Vec<&[R]> = tables.iter().map(Vec::as_slice).collect();
    match order.recent() {
        Some(number) => first_of_late(&tables, most, number, read),
        None => tables[tables.len() - 1].iter().take(most).cloned().collect(),
    }
}

/// What a picture of a port costs follows from what came of late; which rows it shows does not, and one that is silent for a second stays.
#[test]
fn the_rows_of_a_picture_are_the_first_of_all_for_any_number_of_threads() {
    let packets = chatter(14, 40);
    let talk: Row<Conversation> = |c| ([(c.a, c.a_port), (c.b, c.b_port)], [c.recent_ab.plus(c.recent_ba), c.ab.plus(c.ba)]);
    let host: Row<HostRow> = |h| ([(h.address, h.port); 2], [h.recent_tx.plus(h.recent_rx), h.tx.plus(h.rx)]);
    for (column, descending) in
        [(Column::RATE, true), (Column::PACKET_RATE, true), (Column::BYTES, true), (Column::PACKETS, true), (Column::RATE, false)]
    {
        let order = Order { column, descending };
        let query = |rows| Query { rows, conversations: order, endpoints: order, ..Query::default() };
        let all = every_second(packets.clone(), &query(100_000), 0);
        assert_eq!((all.len(), all[12].stats.conversations.udp.rows.len()), (13, 520));
        let (talks, pairs) =
            (|s: &Arc<Snapshot>| s.stats.conversations.udp.rows.clone(), |s: &Arc<Snapshot>| s.stats.conversations.ip.rows.clone());
        let hosts = |s: &Arc<Snapshot>| s.stats.endpoints.ip.rows.clone();
        for (threads, rows) in [(0, 25), (1, 25), (3, 25), (2, 60)] {
            for (at, few) in every_second(packets.clone(), &query(rows), threads).iter().enumerate() {
                let said = format!("{column:?} {descending} {rows} at {at} with {threads} threads");
                let seen = &all[..=at];
                assert_eq!(few.stats.conversations.udp.total_rows, all[at].stats.conversations.udp.total_rows, "{said}");
                assert!(talks(few) == first_rows(seen, order, rows, talks, talk), "{said}");
                assert!(pairs(few) == first_rows(seen, order, rows, pairs, talk), "pairs: {said}");
                assert!(hosts(few) == first_rows(seen, order, rows, hosts, host), "hosts: {said}");
            }
        }
    }
}
