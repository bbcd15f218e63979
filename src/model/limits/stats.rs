//! Conversations, their connections and streams, and the load.

use crate::model::time::SECOND;

/// Conversations kept per shard, at most (64 shards: 2,097,152 in all, about 656 MiB). Beyond it the longest idle ones are folded into the
/// "other" row.
pub const FLOWS_PER_SHARD: usize = 32 * 1024;

/// Nanoseconds a TCP connection may be silent before it is closed. Five minutes is what Zeek waits; keep-alives and NAT refreshes of common
/// systems come more often, and whoever goes on later is the same row of the tables all the same.
pub const TCP_IDLE: i64 = 300 * SECOND;

/// Nanoseconds after the last packet of a TCP connection that has ended by FIN or RST until it is closed: retransmissions and the last
/// acknowledgement belong to it (Zeek waits as long).
pub const TCP_ENDED: i64 = 5 * SECOND;

/// Nanoseconds a UDP conversation may be silent before it is closed: there is no end to be seen, and a minute is longer than the pauses of
/// most that go on.
pub const UDP_IDLE: i64 = 60 * SECOND;

/// Nanoseconds any other conversation may be silent before it is closed: as with UDP.
pub const OTHER_IDLE: i64 = 60 * SECOND;

/// Entries of the wheel that finds idle conversations for each that is kept (4 bytes each, at most 16 MiB in all): each waits once, and may
/// have waited elsewhere before it ended. At a mark with more, those that were put in again since go.
pub const WHEEL_TURNS: usize = 2;

/// Records of closed conversations that a shard keeps until it can hand them over, at a mark or behind a block: 0.8 MiB, and 50 MiB in all
/// shards, but only while somebody wants them. An eighth of a full table that has to go at once fits; beyond it they are counted as lost.
pub const CLOSED_FLOWS: usize = FLOWS_PER_SHARD / 8;

/// Distinct (MAC pair, VLAN stack, protocol path) contexts per shard; a MAC flood beyond it is counted without its addresses.
pub const CONTEXTS_PER_SHARD: usize = 8 * 1024;

/// Fragmented datagrams whose ports are remembered, per shard and in the router (a direct-mapped table: newer ones win); in the router as many
/// again of which is remembered whether they carry a mirror's copies.
pub const FRAGMENTS: usize = 1024;

/// Host, port-endpoint and address-pair rows for each table, at most: they take from the memory that all tables of their kind share.
pub const HOST_ROWS: usize = 4 * 1024 * 1024;

/// Load samples kept at full resolution: a day at one second (about 7 MiB). Older ones are merged, one a minute.
pub const FINE_SAMPLES: usize = 86_400;

/// Load samples kept at one a minute beyond the fine ones: about two months.
pub const COARSE_SAMPLES: usize = 90_000;

/// Load samples a dashboard's snapshot carries at full resolution: an hour at one second.
pub const SNAPSHOT_SAMPLES: usize = 3_600;

/// Newest milliseconds of which the load is known one by one (24 bytes each: 96 KiB): a packet up to four seconds late still counts in its own.
pub const BURST_BINS: usize = 4 * 1024;

/// Distinct VLANs remembered for one conversation.
pub const VLANS_PER_FLOW: usize = 4;

/// Connections whose segments are analysed as Wireshark does, per shard (128 bytes each, and 112 more where a flag was set: at most 240 MiB in all,
/// taken as connections come): as many as there may be conversations in the default memory. Those beyond have no flags, and are counted.
pub const ANALYSED_PER_SHARD: usize = 16 * 1024;

/// Round trips that a shard tells of a second: a sample of them is enough.
pub const ROUND_TRIPS: u32 = 16;

/// Connections whose round trips are kept, per shard (256 bytes each: at most 33 MiB in all, taken as they are measured). Those beyond have none.
pub const MEASURED_PER_SHARD: usize = 2 * 1024;

/// Segments of one direction that wait for their acknowledgement in the analysis: Wireshark's own limit, beyond which it notes no more.
pub const UNACKED_PER_FLOW: usize = 10_000;

/// The same in all connections of a shard (16 bytes each, 64 where each is alone in its direction: at most 64 MiB in all): 23 MB in flight in
/// full segments in each of 64 shards. What finds no room is not measured, and counted.
pub const UNACKED_PER_SHARD: usize = 16 * 1024;

/// TCP segments that come in IP fragments and are put together for the analysis at the same time, per shard (some 200 bytes each). Newer ones win.
pub const SPLIT_SEGMENTS: usize = 256;

/// Fragments of one such segment that are told apart while others are missing: 64 KiB in fragments of 1.4 KiB come in 47.
pub const SPLIT_PIECES: usize = 64;

/// Bytes of TCP payload in one piece of reassembly memory: with its 12 bytes of header 512, so that a full segment takes three and a short one
/// wastes little.
pub const REASSEMBLY_CHUNK: usize = 500;

/// Pieces one direction of a connection may hold while bytes before them are missing (32 KiB, some 20 full segments): beyond what mirrors and
/// networks reorder, so the missing bytes are given up then.
pub const REASSEMBLY_CHUNKS_PER_STREAM: usize = 64;

/// Pieces all connections of a shard may hold (256 KiB, 16 MiB in all, taken only when needed): eight connections of a shard at their own cap.
/// Beyond it a connection that needs one more is not reassembled any further, and counted.
pub const REASSEMBLY_CHUNKS: usize = 512;

/// How far ahead of the next byte a segment is taken for a later part of the same stream: more than the largest window in common use without
/// being told by a second segment.
pub const REASSEMBLY_AHEAD: u32 = 1 << 20;
