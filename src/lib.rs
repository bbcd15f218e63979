//! spantop: `top` for a switch's SPAN port.
//!
//! A capture engine reads copied packets from a mirror port or from capture files, decodes them on worker threads, and
//! turns them into immutable [`snapshot::Snapshot`]s. A terminal dashboard and reports are functions of a snapshot.
//!
//! # Ten lines that show it running
//!
//! ```
//! use spantop::capture::Memory;
//! use spantop::engine::{self, Settings};
//! use spantop::model::{LinkType, Timestamp};
//! # let frame = [0x01, 0x80, 0xc2, 0, 0, 0, 2, 0, 0, 0, 0, 1, 0x88, 0xcc, 0, 0];
//!
//! let source = Memory::new().with(Timestamp::new(1_700_000_000, 0), LinkType::ETHERNET, 60, &frame);
//! let snapshot = engine::run(Box::new(source), &Settings::default(), Default::default())?.complete()?;
//! assert_eq!(snapshot.stats.total.wire_bytes, 60);
//! assert_eq!(snapshot.stats.protocols[0].path.to_string(), "eth");
//! # Ok::<(), spantop::Error>(())
//! ```
//!
//! # The house
//!
//! ```text
//!  SPAN port ─┐                                             ┌▶ shard group ─┐
//!  files ─────┴▶ capture::Source ─▶ Block ─▶ route ─▶ tape ┼▶ shard group … ├▶ merge ─▶ judge ─▶ Snapshot ─┬▶ tui
//!                                   arena   decap, shard,   └▶ …             ┘  shard order                  └▶ report
//!                                           marks
//! ```
//!
//! - **Source → [`capture::Block`].** A source writes packets into a reusable block: bytes in an arena, an index beside it. Files
//!   are framed in place; a live port costs one copy out of the kernel's ring. Nothing is allocated per packet. Several readers may share a
//!   port's packets (`capture/live/readers.rs`): each copies out of a ring of its own, and what they read is put in the order of its time.
//! - **Router** (`engine/router.rs`, `engine/route/`). Gives every packet one of 64 shards by a symmetric hash of the packet itself and marks,
//!   between two packets, where an interval ends and where a snapshot is taken. Time is packet time.
//!   Of the commonest packets it leaves their [`model::FastHeaders`] and all hashes on the tape (`engine/tape/precomputed.rs`), so that
//!   nobody reads the packet again. Looks through encapsulated mirrors and keeps their sessions' ledger, which needs the order of the tape.
//!   Numbers of a session are read as those of one counter, and where they turn out to be, of several (`mirror/counters.rs`).
//!   An sFlow datagram becomes one packet a sample, which stands for many; what devices on the way put behind a frame is trimmed.
//! - **Shard groups** (`engine/fold/`) fold the tape with plain `&mut self` code, shard by shard through a block of it, within a shard in its
//!   order: the packet becomes one [`model::Frame`], from its fast headers or by a [`decode::walk`]; copies are left out ([`mirror`]); then
//!   one flow record is touched ([`stats`]), prefetched while the packets before it are counted ([`model::memory`]). Everything else, the
//!   context of stations, VLANs and protocols first of all, is derived from what changed, at a mark.
//!   Conversations are closed there too, by packet time (`stats/flow/lifecycle.rs`): that ends state and yields a [`model::FlowRecord`],
//!   while the row stays.
//! - **Worker pool** (`engine/pool.rs`). Each shard group belongs to a worker thread. The thread that reads a file drains a group's queue
//!   whenever it has no block left to fill, so that nobody waits for the other; a live port never waits for counting.
//! - **Merge** (`engine/merge/`) puts the shards' reports together in shard order, hosts, ports and pairs of addresses in a thread beside it; on
//!   a live port both lower their priority below those that take packets (`engine/threads/priority.rs`). A conversation lives in one shard, so
//!   results do not depend on the number of workers, and the top rows are the true top rows. Of a live port only rows that are shown are made
//!   (`engine/fold/first_rows.rs`): they are among those of which something came in the last ten seconds (`engine/fold/lately.rs`) and those that weighed most. How often a file's picture is made follows from
//!   what the last one cost (`engine/route/pace.rs`). Where the program ends with its report (`engine::Settings::ends_program`), tables are
//!   left to the system instead of being taken apart.
//! - **The mirror is judged** (`engine/judge/`) at every snapshot: the detectors' counts become evidence, the evidence findings and trust
//!   ([`diagnose`]); where services are many, they are looked at in a thread beside it. A file is judged as a whole; on a live port findings rest on the recent past (`engine/judge/history.rs`).
//!   Times in which nothing (`mirror/silence.rs`) or one direction (`mirror/ways.rs`) was mirrored are holes (`engine/judge/holes.rs`), told with what is missing from them.
//! - **The network is judged** (`engine/judge/network.rs`) as packets pass, every ten seconds of their time, in a file as live. Shards tell what
//!   happens between hosts as [`model::NetworkEvent`]s (`engine/fold/shard/network.rs`: attempts to connect, ends, lost segments, stalls,
//!   transactions); what all of them tell of a second (`engine/route/beats.rs`) comes together in the order of its time in one
//!   [`stats::ServiceLedger`], whose counts are the evidence. What the mirror cannot show is silenced at the
//!   snapshot ([`diagnose::silence`]), of a port also what began while it could not (`diagnose/lapses.rs`).
//! - **The past** is kept where somebody looks back: at the marks where a slot ends shards hand over what changed
//!   (`engine/fold/shard/history.rs`), the merge keeps sums and the largest rows of each slot, finer ones of late
//!   (`engine/merge/history.rs`), and from them comes the picture of any span ([`snapshot::history`]).
//! - **This host is looked at** (`engine/host_watch.rs`, [`capture::host`]) in a thread of its own, about once a second while
//!   a port is read: what it does to packets is evidence and a checklist ([`diagnose`]).
//! - **Packets themselves** are kept by readers of the tape ([`record`]: the recorder's memory, a ring of files), or lie in the capture, of whose
//!   places an index is made while it is read. [`browse`] lists, follows and takes apart what a screen or a command asks for, in a thread of its own.
//! - **Addresses and names are hidden** ([`anonymize`], `app/privacy/`) where a source's packets come in, before anything looks at them; numbers get
//!   their [`names`] where they are shown.
//! - **The mirrored link's speed** is the one given, or what LLDP says of it (`switch/link_speed.rs`); from then on bursts are measured by it, until
//!   a second carries more than that, which refutes it (`engine/route/followed_link.rs`). Frames are told by classes of size ([`model::sizes`]).
//! - **Rights are given up** (`app/rights/`) once ports are open: of threads that were there before, by themselves (`app/rights/early.rs`).
//! - **The switch is asked** (`engine/switch_watch.rs`, [`ask`]) only when told to, in a thread of its own; what it says is handed to the judge with
//!   each snapshot, as evidence and as a table.
//! - **Exports** ([`export`]) get every interval, closed conversation, finding and snapshot through one bounded queue that a live engine never waits
//!   for (`engine/merge/subscription.rs`) until a port has ended, each exporter in a thread of its own; `spantop probe` runs them without a terminal
//!   (`app/probe/`).
//! - **An archive** is read in units, which may be parts of files (`capture/file/cut.rs`), on many machines (`app/archive.rs`); what adds up of their
//!   reports is put together (`report/archive/`).
//! - **A fleet** ([`fleet`]) is what many probes have written into one database: asked in SQL, small question by small question, through the exporter's
//!   connection, in a thread of its own (`app/fleet.rs`); a report, or a dashboard (`tui/fleet/`).
//! - **Losses are counted where they happen** and shown: interface, kernel, our own stages, eviction at a cap. Every container
//!   names its cap in [`model::limits`]; beyond it rows fold into an exact "other".
//!
//! # Floors: who may import whom
//!
//! | floor | modules | may use |
//! |---|---|---|
//! | 4 | `main.rs`, [`app`] | everything |
//! | 3 | [`engine`] | every wing below |
//! | 3 | [`browse`] | every wing below |
//! | 3 | [`report`] | [`snapshot`] |
//! | 3 | [`tui`] | `snapshot`, [`fleet`] |
//! | 3 | [`export`] | `snapshot`, `dissect` |
//! | 3 | [`cli`] | |
//! | 2 | [`anonymize`], [`ask`], [`capture`], [`decode`], [`dissect`], [`mirror`], [`diagnose`], [`stats`], [`switch`], [`record`], [`names`], [`snapshot`], `fleet` | [`model`]; none of each other |
//! | 1 | [`settings`], [`json`] | [`model`] |
//! | 1 | [`model`], [`error`](mod@error) | nothing |
//!
//! Inside `engine/` there are rooms; each uses the rooms to its left, and the wings: `threads`, `tape`, `route`, `fold`, `pool`, `merge`,
//! `judge`. What composes them (`engine/mod.rs`, `router.rs`) uses all.
//!
//! `tests/floors.rs` holds the code to this.
//!
//! # Where to add things
//!
//! A new file has its `mod` line besides, in the folder's own file.
//!
//! - an option: its field in a group of [`settings`] and its entry in `cli/groups.rs`, which says how the one becomes the other; of one command
//!   alone: a field in `cli/requests.rs`;
//! - a protocol: its line in [`model::proto`] and its step in [`decode`];
//! - a fact of a packet's headers: its field in [`model::Frame`], written by `Headers::show` and, where the fast path knows it, by
//!   [`model::FastHeaders::show`] (two bytes of it are free); what only few ask for is a method that reads the frame's bytes;
//! - a control protocol: its parser in `decode/` (`neighbour/` where devices say who they are) and its line in
//!   `decode/control_message.rs`; what it says: a struct of the ground floor and a variant of [`model::ControlBody`];
//! - fields of a header for who looks at one packet: its function in `decode/tree/` and its line there; of a message: its file in
//!   `dissect/tree/` and its line there;
//! - an application protocol: one file in `dissect/` and one line in `dissect/registry.rs`; one that is recognised only: one line in
//!   `dissect/labels/mod.rs`;
//! - what segments do to a TCP connection: a mark of [`model::tcp::TcpMarks`] that `stats/tcp/` makes; who listens to it: its line in
//!   `engine/fold/detectors.rs`;
//! - what Wireshark says of a segment: `stats/tcp_analysis/`, which follows its rules and nothing else; findings do not rest on it;
//! - something that happens between hosts: a variant of [`model::NetworkEvent`], told in `engine/fold/shard/network.rs` and counted in
//!   `stats/services/`, or where it is seldom and of addresses or clocks a [`model::Sight`], read in `engine/fold/shard/sightings.rs` and kept in
//!   `stats/sightings/`; a finding about it stands in the `network` part of `diagnose/registry.rs` and rests on
//!   [`model::evidence::NetworkEvidence`];
//! - a time stamp of devices on the way: its line in [`model::StampKind`] and its step in [`decode::stamp`];
//! - a screen: one file and one line in `tui/screens/mod.rs`;
//! - a page about one thing: one file and one line in `tui/details/mod.rs`; which rows of it the filter shows: what it takes part in (`tui/held.rs`);
//! - a line of the host checklist: one item in `diagnose/checklist/mod.rs`; what it rests on: a field of [`model::host`] and its
//!   reading in `capture/host/`;
//! - a finding: its page and rule in `diagnose/findings/` and one line in `diagnose/registry.rs`; what it rests on: a struct of
//!   [`model::evidence`], filled by the wing that measures it; a threshold that wings measure with and texts name: one constant in
//!   `model/evidence/thresholds.rs`; packets that prove it: a [`model::ProvingPackets`] among the counts;
//! - a kind of packet for tests: one function in `tests/support/packet/`;
//! - something to ask a switch for: its column in `ask/mib.rs`;
//! - a counter: one field of a struct in `sums!` ([`model::sum`]); what a new wing counts in a shard: one field of
//!   `engine::fold::shard::ShardSums`. Both are merged over shards and subtracted over time by their fields;
//! - a table: one file in `snapshot/tables/` and one line in [`snapshot::tables::TABLES`]; a column of one: one line in its file. JSON, CSV,
//!   text, Markdown, HTML, screens (`tui/panels/any_table.rs`), sorting and the filter read them. What a dissector counts is in them by
//!   itself ([`snapshot::tables::applications`]);
//! - a fuzz target: one file and one line in `tests/support/fuzz/`, its binary in `fuzz/`;
//! - an exporter: one file in `export/` and one line in `export/registry.rs`; its rows are those of [`snapshot::tables`] (`export/rows.rs` where it keeps
//!   tables);
//! - a number of reports that adds up over units of an archive: its line in `report/archive/numbers.rs`;
//! - a question to a fleet's database: its SQL in `fleet/queries.rs`, in the dialect that the server of 2018 and a current one share, and its reading
//!   beside what it fills;
//! - a report format: one file and one line in `report/registry.rs`;
//! - a message that holds addresses or names of its own: its function in `anonymize/messages/` and its line in `anonymize/payload.rs`, where
//!   what has none is enciphered; an encapsulation needs none unless its header holds addresses (`anonymize/tunnel.rs`);
//! - a capture file format: one file in `capture/file/` and one line in its `registry.rs`.

// Packets, files, flags and terminals reach this code: none of them may make it panic. Tests may, that is how they fail.
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::unreachable, clippy::todo, clippy::unimplemented)
)]
// Time is packet time; the system's is asked in `model::clock` alone.
#![cfg_attr(not(test), deny(clippy::disallowed_methods))]

pub mod anonymize;
pub mod app;
pub mod ask;
pub mod browse;
pub mod capture;
pub mod cli;
pub mod decode;
pub mod diagnose;
pub mod dissect;
pub mod engine;
pub mod error;
pub mod export;
pub mod fleet;
pub mod json;
pub mod mirror;
pub mod model;
pub mod names;
pub mod record;
pub mod report;
pub mod settings;
pub mod snapshot;
pub mod stats;
pub mod switch;
pub mod tui;

/// The packet builder that unit tests share with `tests/` and `benches/`.
#[cfg(test)]
#[path = "../tests/support/packet/mod.rs"]
mod packet;

pub use error::{Error, Result};
