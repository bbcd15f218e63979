//! What takes memory beside what `--memory` divides, at its cap, added up and held against what README promises.

use crate::dissect::DissectReport;
use crate::engine::fold::dissect_queue::DissectQueue;
use crate::engine::fold::history::TalkDelta;
use crate::engine::fold::lately::Lately;
use crate::engine::fold::reader::Reader;
use crate::engine::memory::{FLOW, MemoryPlan};
use crate::engine::merge::INDEX;
use crate::mirror::{Counters, NumberedStreams};
use crate::model::learnt::NAME_BYTES;
use crate::model::limits::*;
use crate::model::units::grouped;
use crate::model::{FloodSecond, FlowRecord, Measure, Proofs, Session, Sighting, Traffic};
use crate::snapshot::{Conversation, HistorySlot, HostRow, Sample};
use crate::stats::exchange::Exchanges;
use crate::stats::{Analyser, Connections, Context, LossLocator, RtpStreams, ServiceLedger, SightingLedger, UnreadTurns};
use crate::switch::SwitchLedger;
use std::mem::size_of;

/// A name at its longest, shared.
const NAME: usize = NAME_BYTES + 16;

/// Counters of all dissectors that tell texts apart.
fn text_counters() -> usize {
    let sections = DissectReport::default().sections();
    sections
        .iter()
        .flat_map(|section| section.counters)
        .filter(|counter| matches!(counter.measure, Measure::Texts | Measure::Lists(_)))
        .count()
}

/// What there is one of in each shard: what, how many, bytes of each.
fn in_each_shard(plan: &MemoryPlan) -> Vec<(&'static str, usize, usize)> {
    let (flows, scaled) = (plan.flows_per_shard, |cap| plan.caps.of(cap));
    vec![
        ("VLANs of conversations, where more than one", flows, 16),
        ("conversations that added to the past", flows, 40),
        ("hosts that added to the past", scaled(HISTORY_HOSTS), 64),
        ("what is added to the past", HISTORY_FLOWS, size_of::<TalkDelta>()),
        ("closed conversations", scaled(CLOSED_FLOWS), size_of::<FlowRecord>()),
        // A vector may be twice as long as what is in it; between two marks each conversation may be put in once more.
        ("conversations that wait for their end", (WHEEL_TURNS + 1) * flows, 2 * 4),
        ("contexts", scaled(CONTEXTS_PER_SHARD), size_of::<Context>() + 2 * size_of::<Traffic>() + INDEX),
        ("fragments", FRAGMENTS, 128),
        ("packets for copies", scaled(COPY_PACKETS).max(COPY_PACKETS / 4), 32 + 8),
        ("conversations for copies", COPY_FLOWS, 32),
        ("unseen ranges", scaled(HOLES_PER_SHARD).max(HOLES_PER_FLOW), 48 + 2 * 16),
        ("windows of loss", WINDOWS, 32),
        ("requests", REQUESTS, Exchanges::REQUEST_BYTES),
        ("what is told of a beat, and its order", scaled(TOLD_OF), size_of::<crate::model::NetworkEvent>() + 16),
        ("pings", PINGED, size_of::<u32>()),
        ("bytes put in order", scaled(REASSEMBLY_CHUNKS).max(REASSEMBLY_CHUNKS_PER_STREAM), REASSEMBLY_CHUNK + 12),
        ("payloads that wait", 1, size_of::<DissectQueue<'static>>()),
        ("conversations being read", scaled(DISSECT_STATES), Reader::STATE_BYTES),
        ("incomplete messages", scaled(DISSECT_BYTES).max(MESSAGE_BYTES), 1),
        ("texts told apart", scaled(TALLY_TEXTS) * text_counters(), NAME + INDEX + 24),
        ("server names", scaled(SERVER_NAMES), NAME + INDEX + 24 + 2 * 16),
        ("names of addresses", scaled(LEARNT_NAMES), NAME + 2 * (48 + INDEX) + 4 * 32),
        ("connections analysed", scaled(ANALYSED_PER_SHARD), Analyser::BYTES[0] + 4),
        ("segments not acknowledged", scaled(UNACKED_PER_SHARD), Analyser::BYTES[1] + 4),
        ("round trips", scaled(MEASURED_PER_SHARD), Analyser::BYTES[2] + 4),
        ("split segments", SPLIT_SEGMENTS, 160 + 8 * SPLIT_PIECES),
        ("attempts to connect", scaled(ATTEMPTS), Connections::ATTEMPT_BYTES),
        ("connections that lost segments", scaled(LOSSY_CONNECTIONS), LossLocator::CONNECTION_BYTES + 16 * 64 / SHARDS * 2),
        ("control packets", scaled(CONTROL_MESSAGES), 4 << 10),
        ("floods", FLOOD_WAITING + 9 * FLOOD_ROWS, size_of::<FloodSecond>()),
        ("pairs of a sample, new stations", 2 * SAMPLED_PAIRS + FRESH_STATIONS, 120),
        ("frames that may circle", 17 * CIRCLING_WATCHED, 40),
        ("sightings", scaled(SIGHTINGS), 2 * size_of::<Sighting>()),
        ("datagrams in fragments", OPEN_DATAGRAMS, 768),
        ("connections that are kept alive", KEPT_ALIVE, 96),
        ("turns of what nobody reads", UNREAD_TURNS, UnreadTurns::BYTES),
        ("guesses where those stand", flows, 2 * 4),
        ("streams of voice", RTP_STREAMS, RtpStreams::BYTES),
        ("streams that are numbered", NUMBERED_STREAMS, NumberedStreams::BYTES[0]),
        ("tunnels that are numbered", NUMBERED_TUNNELS, NumberedStreams::BYTES[1]),
        ("packets that may be a stream's", RTP_CANDIDATES, 1_024),
        ("hosts by side", PLACES, 32),
        ("MAC roles", MAC_ROLES, 16),
    ]
}

/// What there is one of.
fn once(plan: &MemoryPlan) -> Vec<(&'static str, usize, usize)> {
    let scaled = |cap| plan.caps.of(cap);
    let rows = size_of::<HostRow>() + size_of::<Conversation>();
    let sample = size_of::<Sample>() + 16;
    vec![
        ("services", scaled(SERVICES), ServiceLedger::BYTES[0]),
        ("times of services", scaled(SERVICE_BINS) + scaled(SERVICES), ServiceLedger::BYTES[1]),
        ("scans", scaled(SCAN_PAIRS), ServiceLedger::BYTES[2]),
        ("attempts by IPv6, connections that are kept alive", scaled(BESIDE), ServiceLedger::BESIDE_BYTES),
        ("connections that lose nothing", 1, ServiceLedger::CARRYING_BYTES),
        ("streams of voice", MEDIA_STREAMS, ServiceLedger::MEDIA_BYTES[0]),
        ("what cannot be reached", 2 * UNREACHABLES, ServiceLedger::UNREACHABLE_BYTES),
        ("ways that stop", ROUTED_STATIONS, ServiceLedger::OUTAGE_BYTES),
        ("windows of connections", WINDOWED, ServiceLedger::WINDOW_BYTES),
        ("what was answered lately", 1, ServiceLedger::ANSWERS_BYTES),
        ("packets that prove what is found", 1, Proofs::BYTES),
        ("hosts that proxies are asked for", PROXIED, ServiceLedger::PROXIED_BYTES),
        ("loads of hosts", LOADED_HOSTS, ServiceLedger::LOAD_BYTES),
        ("clients of QUIC", QUIC_CLIENTS, ServiceLedger::MEDIA_BYTES[1]),
        ("TLS services", scaled(SERVICES), ServiceLedger::TLS_BYTES),
        ("devices that say who they are", 2 * NEIGHBOURS, SwitchLedger::BYTES[0]),
        ("spanning trees", 2 * TREES, SwitchLedger::BYTES[1]),
        ("links and routers", 2 * (AGGREGATES + GATEWAYS + ROUTERS + QUERIERS + AUTHENTICATED_PORTS), SwitchLedger::BYTES[2]),
        ("changes of trees", 3 * TREE_HISTORY, 64),
        ("sessions of routers and floods", PEERS + STORMS, 700),
        ("events at the switch", 2 * SWITCH_EVENTS, SwitchLedger::BYTES[3]),
        ("addresses, stations, clients, servers, routers and clocks", 11 * SIGHTED, SightingLedger::BYTES),
        ("addresses that are looked for before they are used", SIGHTED, SightingLedger::PROBED_BYTES),
        ("stations known", 4 * STATIONS_KNOWN, 8),
        ("stations watched", 2 * STATIONS_WATCHED + 3 * GROUPS, 448),
        ("stations by VLAN", 2 * VLAN_STATIONS, 96),
        ("what shards told of a beat, and its order", BEAT_PACKETS, size_of::<crate::model::NetworkEvent>() + 16),
        ("bursts", LINK_BURSTS, 400),
        // Nine tables of addresses, and three of each of eight groups of shards.
        ("what came of rows of late", (9 + 3 * 8) * LATELY_ROWS, Lately::<u32>::BYTES),
        ("the past", HISTORY_LEVELS.iter().map(|level| level.1).sum(), HistorySlot::BYTES),
        ("a span that is read again", 1, 2 * scaled(SPAN_BYTES) + scaled(SPAN_MEMORY)),
        ("a switch that is asked", 3 * ASKED_PORTS, 1_500),
        ("stations of that switch", 3 * ASKED_STATIONS, 32),
        ("load", FINE_SAMPLES + COARSE_SAMPLES, sample),
        ("milliseconds, and finer bins of a file", 2 * BURST_BINS, 40),
        ("sessions", SESSIONS, size_of::<Session>() + 600 + Counters::BYTES),
        ("rows shown", SNAPSHOT_ROWS, 6 * rows),
        // Of the recorder README speaks by itself.
        ("pieces on their way into a ring of files", RING_PIECES, SEGMENT_BYTES + SEGMENT_BYTES / 2),
        ("packets of a list", LISTED_PACKETS, 8),
        ("places of a capture", INDEX_PLACES, 1024),
        ("a conversation that is shown", STREAM_BYTES, 2),
        ("a connection that is drawn", STREAM_SEGMENTS, 2 * 64),
    ]
}

fn sum(list: &[(&'static str, usize, usize)]) -> usize {
    list.iter().map(|(_, count, each)| count * each).sum()
}

/// The number before a unit, after these words in README.
fn promised(words: &str) -> f64 {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap().replace('\n', " ");
    let (_, rest) = text.split_once(words).unwrap_or_else(|| panic!("README says no word of it: {words}"));
    let (number, _) = rest.trim_start().split_once([' ', '\u{a0}']).unwrap();
    number.parse().unwrap()
}

const GIB: f64 = (1u64 << 30) as f64;

#[test]
fn caps_add_up_to_what_readme_promises() {
    let whole = MemoryPlan::within(DEFAULT_MEMORY);
    let (each, one) = (in_each_shard(&whole), once(&whole));
    let told: Vec<String> = each
        .iter()
        .map(|(what, count, bytes)| (what, SHARDS * count * bytes))
        .chain(one.iter().map(|(what, count, bytes)| (what, count * bytes)))
        .map(|(what, bytes)| format!("{what}: {} MiB", bytes >> 20))
        .collect();
    let all = (SHARDS * sum(&each) + sum(&one)) as f64 / GIB;
    let promise = promised("What else is kept is at most");
    assert!((promise * 0.85..=promise).contains(&all), "{all:.2} GiB, promised {promise}: {told:#?}");
    let small = MemoryPlan::within(64 << 20);
    let least = (SHARDS * sum(&in_each_shard(&small)) + sum(&once(&small))) as f64 / GIB;
    let promise = promised("and with `--memory 64M`");
    assert!((promise * 0.85..=promise).contains(&least), "{least:.2} GiB, promised {promise}");
    let flows = (SHARDS * whole.flows_per_shard) as f64 / 1e6;
    let promise = promised("which is room for");
    assert!((promise..promise + 0.1).contains(&flows), "{flows:.2} million conversations, promised {promise}");
}

/// The manual's order of what is given up is that of the caps: what fills first stands first.
#[test]
fn detail_goes_in_the_order_that_the_manual_tells() {
    let manual = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/manual.md")).unwrap();
    let in_all = |each: usize| grouped((SHARDS * each) as u64);
    let told = [
        format!("round trips (of {} connections", in_all(MEASURED_PER_SHARD)),
        format!("segments (of {})", in_all(ANALYSED_PER_SHARD)),
        "the conversations idle longest".to_owned(),
        "further hosts, ports, stations".to_owned(),
        format!("{HISTORY_TALKS} conversations and {HISTORY_ROWS} rows of other tables"),
        "packets: those that found no room in the kernel's buffer".to_owned(),
    ];
    let places: Vec<usize> =
        told.iter().map(|words| manual.find(words).unwrap_or_else(|| panic!("the manual says no word of it: {words}"))).collect();
    assert!(places.is_sorted(), "{places:?}");
    let whole = MemoryPlan::within(DEFAULT_MEMORY);
    assert!(MEASURED_PER_SHARD < ANALYSED_PER_SHARD && ANALYSED_PER_SHARD <= whole.flows_per_shard.next_power_of_two());
}

#[test]
fn limits_say_what_conversations_take() {
    let bytes = SHARDS * FLOWS_PER_SHARD * FLOW;
    let text = include_str!("../model/limits/stats.rs");
    let (_, rest) = text.split_once("2,097,152 in all, about ").unwrap();
    let told: usize = rest.split_once(" MiB").unwrap().0.parse().unwrap();
    assert!((bytes >> 20).abs_diff(told) <= 10, "{} MiB", bytes >> 20);
}
