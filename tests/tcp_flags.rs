//! Wireshark's TCP flags, exactly: with tunnels left on and copies counted, every packet has the `tcp.analysis` flags that tshark 4.0 gives it.
//!
//! Three looks at it: small stretches of packets made here, one for each rule and its borders, whose flags are tshark's; captures beside the
//! repository with tshark's answer for each packet; and the counts of a report on every capture there is. Captures that are not there
//! are skipped, and that is said.

#[path = "tcp_flags/stretches.rs"]
mod stretches;
mod support;

use spantop::capture::{Memory, Source, file};
use spantop::engine::{self, Listeners, PacketBatch, Settings};
use spantop::model::{Decap, LinkType, ListedPacket, Timestamp};
use spantop::settings::FileSettings;
use spantop::snapshot::Snapshot;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use support::captures::{crafted, indexed};
use support::packet::{ACK, FIN, Packet, RST, SYN, fragment};

const START: i64 = 1_700_000_000_000_000_000;

/// Where packets of these differ, and why. A line that explains nothing any more fails the test.
const EXPLAINED_PACKETS: &[(&str, &[u64], &str)] = &[(
    "two-vlans-one-stream",
    &[3, 6, 12],
    "the copy in VXLAN is one stream with those outside to tshark; here what is in a tunnel belongs to it",
)];

/// Where counts of reports differ, and why: end of the capture's name, counters.
const EXPLAINED_REPORTS: &[(&str, &[&str], &str)] = &[(
    "showcase__pcap_flow_lab_showcase.pcap",
    &["retransmission"],
    "the same segment in GTP, VXLAN and Geneve is one stream to tshark; here each tunnel's is its own",
)];

/// Everything about a source as it was captured, and each packet.
fn analysed(source: Box<dyn Source>, change: impl FnOnce(&mut Settings)) -> (Snapshot, Vec<ListedPacket>) {
    let mut settings = Settings::with(|s| {
        s.mirror.decap = Decap::None;
        s.mirror.dedup = false;
    });
    change(&mut settings);
    let list = Arc::new(Mutex::new(Vec::new()));
    let listener = {
        let list = Arc::clone(&list);
        Box::new(move |packets: &PacketBatch<'_>| list.lock().unwrap().extend(packets.iter().map(|(listed, _)| *listed)))
    };
    let listeners = Listeners { packets: Some(listener), ..Listeners::default() };
    let snapshot = engine::run_with(source, &settings, listeners, Default::default()).unwrap().complete().unwrap();
    let list = std::mem::take(&mut *list.lock().unwrap());
    (snapshot, list)
}

fn words(packet: &ListedPacket) -> String {
    packet.analysis.flags.tokens().collect::<Vec<_>>().join(" ")
}

/// One packet of a stretch: milliseconds since the one before, direction (`>` from the client), flags, sequence and acknowledgement number,
/// payload, window, and tshark's flags.
type Step = (f64, char, u8, u32, u32, usize, u16, &'static str);

const S: u8 = SYN;
const A: u8 = ACK;
const SA: u8 = SYN | ACK;
const FA: u8 = FIN | ACK;

/// A handshake of 10 ms: the client's numbers begin at 1001, the server's at 5001.
const HELLO: [Step; 3] =
    [(0.0, '>', S, 1000, 0, 0, 64000, ""), (8.0, '<', SA, 5000, 1001, 0, 64000, ""), (2.0, '>', A, 1001, 5001, 0, 500, "")];

fn frame(step: &Step, options: &[u8]) -> Vec<u8> {
    let &(_, way, flags, sequence, acknowledgement, payload, window, _) = step;
    let (a, b) = (([10, 0, 0, 1], 40_000), ([10, 0, 0, 2], 80));
    let (from, to) = if way == '>' { (a, b) } else { (b, a) };
    let packet = Packet::eth([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2]).ip(from.0, to.0).tcp(from.1, to.1).seq(sequence).ack(acknowledgement);
    let packet = packet.flags(flags).window(window);
    let packet = if options.is_empty() { packet } else { packet.options(options) };
    packet.payload(&vec![b'x'; payload]).build()
}

/// The packets of a stretch.
fn memory(steps: &[Step], options: impl Fn(&Step) -> Vec<u8>) -> Memory {
    let (mut memory, mut time) = (Memory::new(), START);
    for step in steps {
        time += (step.0 * 1e6) as i64;
        let bytes = frame(step, &options(step));
        memory.push(Timestamp(time), LinkType::ETHERNET, bytes.len() as u32, &bytes);
    }
    memory
}

fn check(name: &str, steps: &[Step]) {
    check_with(name, steps, |_| Vec::new());
}

fn check_with(name: &str, steps: &[Step], options: impl Fn(&Step) -> Vec<u8>) {
    let (_, packets) = analysed(Box::new(memory(steps, options)), |_| ());
    let found: Vec<String> = packets.iter().map(words).collect();
    let want: Vec<&str> = steps.iter().map(|s| s.7).collect();
    assert_eq!(found, want, "{name}");
}

fn after_hello(rest: &[Step]) -> Vec<Step> {
    HELLO.iter().chain(rest).copied().collect()
}

#[test]
fn a_healthy_connection_has_no_flag() {
    let rest = [
        (1.0, '>', A, 1001, 5001, 100, 500, ""),
        (9.0, '<', A, 5001, 1101, 0, 1000, ""),
        (1.0, '<', A, 5001, 1101, 1460, 1000, ""),
        (2.0, '>', A, 1101, 6461, 0, 500, ""),
        (1.0, '>', FA, 1101, 6461, 0, 500, ""),
        (8.0, '<', FA, 6461, 1102, 0, 1000, ""),
        (2.0, '>', A, 1102, 6462, 0, 500, ""),
    ];
    let (snapshot, packets) = analysed(Box::new(memory(&after_hello(&rest), |_| Vec::new())), |_| ());
    assert!(packets.iter().all(|p| p.analysis.flags.is_empty()), "{packets:?}");
    let times = |n: usize| (packets[n].analysis.ack_rtt, packets[n].analysis.ack_rtt_is_clean, packets[n].analysis.bytes_in_flight);
    assert_eq!(times(4), (Some(9_000_000), true, None));
    assert_eq!(times(5), (None, false, Some(1460)));
    assert_eq!(packets[2].analysis.initial_rtt, Some(10_000_000));
    let row = snapshot.stats.conversations.tcp.rows[0].tcp.as_ref().unwrap();
    assert_eq!((row.control, row.initial_rtt, row.flags), ([1, 1, 2, 0], Some(10_000_000), [0; 15]));
    assert_eq!(snapshot.stats.tcp_analysis.handshake_rtt.len(), 1);
}

#[test]
fn of_a_retransmission_the_first_copy_is_measured_and_that_is_not_clean() {
    let steps = after_hello(&[
        (1.0, '>', A, 1001, 5001, 100, 500, ""),
        (300.0, '>', A, 1001, 5001, 100, 500, "retransmission"),
        (20.0, '<', A, 5001, 1101, 0, 1000, ""),
    ]);
    check("retransmission", &steps);
    let (_, packets) = analysed(Box::new(memory(&steps, |_| Vec::new())), |_| ());
    assert_eq!(packets[4].analysis.rto, Some(300_000_000));
    assert_eq!((packets[5].analysis.ack_rtt, packets[5].analysis.ack_rtt_is_clean), (Some(320_000_000), false));
}

#[test]
fn fast_retransmissions_come_within_20_ms_of_two_duplicates() {
    let steps = |wait: f64, duplicates: usize, last: &'static str| {
        let mut steps = after_hello(&[
            (1.0, '>', A, 1001, 5001, 100, 500, ""),
            (0.1, '>', A, 1101, 5001, 100, 500, ""),
            (0.1, '>', A, 1201, 5001, 100, 500, ""),
            (1.0, '<', A, 5001, 1101, 0, 500, ""),
        ]);
        steps.extend(std::iter::repeat_n((1.0, '<', A, 5001, 1101, 0, 500, "duplicate_ack"), duplicates));
        steps.push((wait, '>', A, 1101, 5001, 100, 500, last));
        steps
    };
    check("soon", &steps(19.9, 2, "retransmission fast_retransmission"));
    check("late", &steps(20.0, 2, "retransmission"));
    check("once", &steps(19.9, 1, "retransmission"));
}

#[test]
fn what_comes_within_the_initial_round_trip_is_out_of_order() {
    let hole = |wait: f64, last: &'static str| {
        after_hello(&[
            (1.0, '>', A, 1001, 5001, 100, 500, ""),
            (0.1, '>', A, 1201, 5001, 100, 500, "lost_segment"),
            (wait, '>', A, 1101, 5001, 100, 500, last),
        ])
    };
    check("9.9 of 10 ms", &hole(9.9, "out_of_order"));
    check("10 of 10 ms", &hole(10.0, "retransmission"));
    check("without a handshake 2.9 ms", &hole(2.9, "out_of_order")[3..]);
    check("without a handshake 3 ms", &hole(3.0, "retransmission")[3..]);
    check("time goes back", &hole(-1.0, "retransmission"));
    let copy = after_hello(&[(1.0, '>', A, 1001, 5001, 100, 500, ""), (0.01, '>', A, 1001, 5001, 100, 500, "retransmission")]);
    check("a copy of the highest", &copy);
}

#[test]
fn data_behind_their_acknowledgement_are_spurious() {
    let steps = after_hello(&[
        (1.0, '<', A, 5001, 1101, 0, 64000, "ack_lost_segment"),
        (0.1, '>', A, 1001, 5001, 100, 500, "retransmission spurious_retransmission"),
    ]);
    check("skewed", &steps);
}

#[test]
fn keep_alives_and_their_answers() {
    let steps = after_hello(&[
        (1.0, '>', A, 1001, 5001, 100, 500, ""),
        (1.0, '<', A, 5001, 1101, 0, 1000, ""),
        (9000.0, '>', A, 1100, 5001, 0, 500, "keep_alive"),
        (1.0, '<', A, 5001, 1101, 0, 1000, "keep_alive_ack"),
        (9000.0, '>', A, 1100, 5001, 1, 500, "keep_alive"),
        (1.0, '<', A, 5001, 1101, 0, 999, "window_update"),
        (1.0, '<', A, 5001, 1101, 0, 999, "keep_alive_ack"),
    ]);
    check("keep-alive", &steps);
    check("a first packet before 0", &[(0.0, '>', A, u32::MAX, 1, 1, 500, "keep_alive")]);
}

#[test]
fn zero_windows_and_their_probes() {
    let steps = after_hello(&[
        (1.0, '>', A, 1001, 5001, 100, 500, ""),
        (1.0, '<', A, 5001, 1101, 0, 0, "zero_window"),
        (200.0, '>', A, 1101, 5001, 1, 500, "zero_window_probe"),
        (1.0, '<', A, 5001, 1101, 0, 0, "zero_window zero_window_probe_ack"),
        (200.0, '>', A, 1100, 5001, 0, 500, "keep_alive"),
        (1.0, '<', A, 5001, 1101, 0, 0, "zero_window"),
        (200.0, '<', A, 5001, 1101, 0, 500, "window_update"),
        (1.0, '>', A, 1101, 5001, 100, 500, ""),
        (1.0, '<', RST | A, 5001, 1201, 0, 0, ""),
    ]);
    check("zero window", &steps);
}

#[test]
fn windows_are_full_at_their_edge_alone() {
    let scaled = |step: &Step| if step.2 & SYN != 0 { vec![3, 3, 1, 1] } else { Vec::new() };
    let steps = |length: usize, last: &'static str| {
        after_hello(&[
            (1.0, '>', A, 1001, 5001, 100, 500, ""),
            (1.0, '<', A, 5001, 1101, 0, 200, ""),
            (1.0, '>', A, 1101, 5001, length, 500, last),
        ])
    };
    check_with("scaled", &steps(400, "window_full"), scaled);
    check_with("one less", &steps(399, ""), scaled);
    check_with("one more", &steps(401, ""), scaled);
    check("not scaled", &steps(200, "window_full"));
    check("scale unknown", &steps(200, "")[3..]);
    // A SYN-ACK's window is not scaled: full until the server acknowledges without it.
    let first = [HELLO[0], (8.0, '<', SA, 5000, 1001, 0, 300, ""), HELLO[2], (1.0, '>', A, 1001, 5001, 300, 500, "window_full")];
    check_with("of a SYN-ACK", &first, scaled);
}

#[test]
fn unseen_data_are_told_once() {
    let one_way = [
        (1.0, '<', A, 5001, 3001, 0, 64000, "ack_lost_segment"),
        (1.0, '<', A, 5001, 4001, 0, 64000, ""),
        // -1 duplicates are many.
        (1.0, '>', A, 4001, 5001, 100, 500, "lost_segment"),
    ];
    check("one way", &after_hello(&one_way));
    let holes = after_hello(&[
        (1.0, '>', A, 1001, 5001, 100, 500, ""),
        (1.0, '>', A, 1201, 5001, 100, 500, "lost_segment"),
        (1.0, '<', A, 5001, 1301, 0, 500, "ack_lost_segment"),
        (1.0, '<', A, 5001, 1301, 0, 500, "duplicate_ack"),
    ]);
    check("a hole", &holes);
    let acker = after_hello(&[
        (1.0, '<', A, 5001, 1001, 100, 500, ""),
        (1.0, '>', A, 1001, 5201, 0, 500, "ack_lost_segment"),
        (1.0, '<', A, 5001, 1001, 100, 500, "retransmission spurious_retransmission"),
    ]);
    check("an acknowledgement ahead", &acker);
}

#[test]
fn connections_on_the_same_ports() {
    let again = [
        HELLO[0],
        (1000.0, '>', S, 1000, 0, 0, 64000, "retransmission"),
        (1000.0, '>', S, 7000, 0, 0, 64000, "reused_ports"),
        (8.0, '<', SA, 5000, 7001, 0, 64000, ""),
        (2.0, '<', SA, 9000, 7001, 0, 64000, "lost_segment reused_ports"),
        (2.0, '>', A, 7001, 9001, 0, 500, "ack_lost_segment"),
    ];
    let (snapshot, packets) = analysed(Box::new(memory(&again, |_| Vec::new())), |_| ());
    let found: Vec<String> = packets.iter().map(words).collect();
    assert_eq!(found, again.map(|s| s.7));
    assert_eq!(snapshot.stats.conversations.tcp.rows.len(), 2);
    // A RST far ahead moves the numbers; the same SYN again moves them back.
    let wild = [
        HELLO[0],
        (1.0, '>', RST, 90_000, 0, 0, 0, ""),
        (1.0, '>', S, 1000, 0, 0, 64000, "retransmission"),
        (8.0, '<', SA, 5000, 1001, 0, 64000, ""),
        (2.0, '>', A, 1001, 5001, 0, 500, ""),
        (1.0, '>', A, 1001, 5001, 100, 500, ""),
        (1.0, '>', RST, 90_000, 0, 0, 0, ""),
        (20.0, '>', A, 1101, 5001, 100, 500, "retransmission"),
    ];
    check("wild resets", &wild);
}

#[test]
fn numbers_wrap_and_nought_is_unknown() {
    let steps = [
        (0.0, '>', A, u32::MAX - 99, 1, 100, 500, ""),
        // The next number is 0, which says nothing.
        (1.0, '>', A, 500, 1, 100, 500, ""),
        (1.0, '>', A, 600, 1, 100, 500, ""),
        (5.0, '>', A, 500, 1, 100, 500, "retransmission"),
    ];
    check("wrap", &steps);
}

#[test]
fn fragments_count_where_they_are_complete() {
    let steps = after_hello(&[
        (1.0, '>', A, 1001, 5001, 1400, 500, ""),
        (1.0, '>', A, 2401, 5001, 1400, 500, ""),
        (1.0, '>', A, 3801, 5001, 100, 500, ""),
    ]);
    let run = |leaves_out: Option<usize>| {
        let (mut memory, mut number) = (Memory::new(), 0);
        for (at, step) in steps.iter().enumerate() {
            let bytes = frame(step, &[]);
            let pieces = if (3..5).contains(&at) { fragment::divide(&bytes, 520, 100 + at as u32) } else { vec![bytes] };
            for piece in pieces {
                number += 1;
                if leaves_out != Some(number) {
                    memory.push(Timestamp(START + number as i64 * 1_000_000), LinkType::ETHERNET, piece.len() as u32, &piece);
                }
            }
        }
        analysed(Box::new(memory), |_| ()).1
    };
    let whole = run(None);
    assert!(whole.len() > steps.len() + 2 && whole.iter().all(|p| p.analysis.flags.is_empty()), "{whole:?}");
    let flights: Vec<u32> = whole.iter().filter_map(|p| p.analysis.bytes_in_flight).collect();
    assert_eq!(flights, [1400, 2800, 2900]);
    // The second piece of the first segment is missing: it was never there.
    let holed = run(Some(5));
    let flagged: Vec<String> = holed.iter().map(words).filter(|w| !w.is_empty()).collect();
    assert_eq!(flagged, ["lost_segment"]);
}

#[test]
fn what_is_in_a_tunnel_is_analysed() {
    let steps = after_hello(&[(1.0, '>', A, 1001, 5001, 100, 500, ""), (300.0, '>', A, 1001, 5001, 100, 500, "retransmission")]);
    let (mut memory, mut time) = (Memory::new(), START);
    for step in &steps {
        time += (step.0 * 1e6) as i64;
        let inner = frame(step, &[]);
        let ends = if step.1 == '>' { ([192, 0, 2, 1], [192, 0, 2, 2]) } else { ([192, 0, 2, 2], [192, 0, 2, 1]) };
        let outer = Packet::eth([2, 0, 0, 0, 0, 3], [2, 0, 0, 0, 0, 4]).ip(ends.0, ends.1).gre().packet(&inner[14..]).build();
        memory.push(Timestamp(time), LinkType::ETHERNET, outer.len() as u32, &outer);
    }
    let (snapshot, packets) = analysed(Box::new(memory), |_| ());
    assert_eq!(packets.iter().map(words).collect::<Vec<_>>(), steps.iter().map(|s| s.7).collect::<Vec<_>>());
    assert_eq!(snapshot.stats.conversations.tcp.total_rows, 0);
}

/// Packets with flags, by flag.
fn sums(packets: &[ListedPacket]) -> BTreeMap<&'static str, u64> {
    let mut sums = BTreeMap::new();
    packets.iter().flat_map(|p| p.analysis.flags.tokens()).for_each(|token| *sums.entry(token).or_default() += 1);
    sums
}

/// What tshark says of one packet: its flags, and `ack_rtt`, `rto` and `bytes_in_flight`.
type Answer = (String, [String; 3]);

fn answers(text: &str) -> BTreeMap<String, Vec<Answer>> {
    let mut rows = text.lines().map(|row| row.split('\t').collect::<Vec<_>>());
    let head = rows.next().unwrap();
    let column = |name| head.iter().position(|h| *h == name).unwrap();
    let (name, number, flags) = (column("file"), column("frame.number"), column("flags"));
    let times = ["ack_rtt", "rto", "bytes_in_flight"].map(column);
    let mut files: BTreeMap<String, Vec<Answer>> = BTreeMap::new();
    for row in rows {
        let field = |at: usize| row.get(at).copied().unwrap_or_default();
        let list = files.entry(field(name).to_owned()).or_default();
        // Packets that are no TCP have no row.
        list.resize(field(number).parse::<usize>().unwrap() - 1, Answer::default());
        let mut words: Vec<&str> = field(flags).split([',', ' ']).filter(|w| !w.is_empty()).collect();
        words.sort_unstable();
        list.push((words.join(" "), times.map(|at| field(at).to_owned())));
    }
    files
}

fn opened(path: &Path) -> Box<dyn Source> {
    file::open(&FileSettings { paths: vec![path.to_owned()], ..FileSettings::default() }).unwrap()
}

#[test]
fn every_packet_of_the_crafted_captures_is_as_tshark_says() {
    let Some(directory) = crafted() else { return };
    let files = answers(&std::fs::read_to_string(directory.join("expected.tsv")).unwrap());
    let (mut compared, mut explained) = (0, 0);
    for (name, answers) in &files {
        let (_, packets) = analysed(opened(&directory.join(format!("{name}.pcap"))), |_| ());
        for (packet, (flags, times)) in packets.iter().zip(answers) {
            compared += 1;
            let mut ours: Vec<&str> = packet.analysis.flags.tokens().collect();
            ours.sort_unstable();
            let seconds = |nanos: Option<i64>| nanos.map_or(String::new(), |n| Timestamp(n).to_string());
            let a = &packet.analysis;
            let mine = [seconds(a.ack_rtt), seconds(a.rto), a.bytes_in_flight.map_or(String::new(), |n| n.to_string())];
            let expected = EXPLAINED_PACKETS.iter().any(|(file, numbers, _)| file == name && numbers.contains(&packet.number));
            let same = ours.join(" ") == *flags;
            assert!(same || expected, "{name} packet {}: {ours:?}, tshark {flags}", packet.number);
            explained += u32::from(!same);
            let tunnelled = EXPLAINED_PACKETS.iter().any(|(file, ..)| file == name);
            assert!(tunnelled || mine == *times, "{name} packet {}: {mine:?}, tshark {times:?}", packet.number);
        }
    }
    println!("{} captures, {compared} packets, {explained} explained differences", files.len());
    assert!(compared > 400 && explained > 0, "{compared} packets");
}

#[test]
fn every_report_counts_as_tshark_does() {
    let Some(captures) = indexed() else { return };
    let (mut compared, mut wrong, mut explained) = (0, Vec::new(), 0);
    for capture in captures {
        let oracle = capture.oracle();
        if oracle["readable"] != true {
            continue;
        }
        compared += 1;
        let (snapshot, packets) = analysed(opened(&capture.path), |_| ());
        let counted: BTreeMap<&str, u64> = snapshot.stats.tcp_analysis.flags.iter().filter(|(_, n)| *n > 0).collect();
        assert_eq!(counted, sums(&packets), "{}: a report counts its packets", capture.name);
        for (token, ours) in snapshot.stats.tcp_analysis.flags.iter() {
            let theirs = oracle["tcp_analysis"][token].as_u64().unwrap_or(0);
            if ours != theirs {
                let known = EXPLAINED_REPORTS.iter().any(|(name, tokens, _)| capture.name.ends_with(name) && tokens.contains(&token));
                explained += usize::from(known);
                wrong.extend((!known).then(|| format!("{}: {token} {ours}, tshark {theirs}", capture.name)));
            }
        }
    }
    println!("{compared} captures, {explained} explained differences");
    assert!(compared > 100, "only {compared} captures");
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(explained, EXPLAINED_REPORTS.iter().map(|e| e.1.len()).sum::<usize>(), "explained, but no longer different");
}

#[test]
fn conversations_add_up_to_the_report() {
    let plan = support::network::Plan { connections: 80, ..Default::default() };
    let mut memory = Memory::new();
    let packets = support::network::run(&plan);
    for (at, packet) in packets.iter().enumerate() {
        memory.push(Timestamp(START + packet.time), LinkType::ETHERNET, packet.frame.len() as u32, &packet.frame);
        // Every seventh comes twice, as a bad mirror brings it.
        if at % 7 == 0 {
            memory.push(Timestamp(START + packet.time + 10_000), LinkType::ETHERNET, packet.frame.len() as u32, &packet.frame);
        }
    }
    let (snapshot, list) = analysed(Box::new(memory), |_| ());
    let mut rows = spantop::model::AnalysisCounts::default();
    for row in snapshot.stats.conversations.tcp.rows.iter().filter_map(|c| c.tcp.as_ref()) {
        for ((flag, _), n) in spantop::model::AnalysisFlags::ALL.iter().zip(row.flags) {
            (0..n).for_each(|_| rows.count(*flag));
        }
    }
    assert_eq!(rows, snapshot.stats.tcp_analysis.flags);
    assert!(list.iter().filter(|p| !p.analysis.flags.is_empty()).count() > 20);
    let control = |at: usize| {
        snapshot.stats.conversations.tcp.rows.iter().filter_map(|c| c.tcp.as_ref()).map(|t| u64::from(t.control[at])).sum::<u64>()
    };
    let totals = snapshot.stats.tcp_flags;
    assert_eq!([0, 1, 2, 3].map(control), [totals.syn, totals.syn_ack, totals.fin, totals.reset]);
}
