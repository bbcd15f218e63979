//! The tape, its blocks and shards, and what waits between threads.

/// Shards the traffic is divided into. A shard is a function of a packet's bytes alone, so results do not depend on the
/// number of workers; 64 divides evenly among any small number of them.
pub const SHARDS: usize = 64;

/// Bytes that what grows with the traffic may take where nobody says (`--memory`) and the machine has at least four times as many.
pub const DEFAULT_MEMORY: u64 = 1 << 30;

/// Bytes of packet data in one block: small enough that what the router reads of it stays in a core's second-level cache until a worker takes
/// it, large enough that some packets of each shard are in it, one after the other.
pub const BLOCK_BYTES: usize = 512 * 1024;

/// The same of a file's tape, which a block more or less costs little: a shard's packets come in runs four times as long, each of which finds more of
/// the shard's tables near. That is worth more than the second-level cache; beyond it little is won and memory lost.
pub const FILE_BLOCK_BYTES: usize = 4 * BLOCK_BYTES;

/// Packets in one block: bounds the block's index and what the router read (160 bytes each) for streams of tiny packets.
pub const BLOCK_PACKETS: usize = 16 * 1024;

/// Distinct sampling rates of the packets of one block: a few switches use a few. Samples of further ones are counted as not read.
pub const WEIGHTS: usize = 4 * 1024;

/// Bytes that all samples of a run may stand for together: an exbibyte, a hundred days of a full terabit link. Beyond it they are crafted,
/// and counted as not read, so that no sum can overflow.
pub const SCALED_BYTES: u64 = 1 << 60;

/// Blocks in flight between a live port and the workers: 16 MiB of tape absorb a worker's hiccup.
pub const LIVE_BLOCKS: usize = 32;

/// Blocks in flight between a file and the workers, at most: a file waits, and whoever reads it helps, so that few will do, which stay in the cache.
pub const FILE_BLOCKS: usize = 8;

/// Shards' conversations waiting to be counted at their end points: each may be a 64th of everything.
pub const LOADS: usize = 1;

/// Messages waiting for the merge: a mark causes one for each shard and each section.
pub const MESSAGES: usize = 256;

/// Packets after which shards hand over what happened between hosts even within a second of packet time: what waits for the others to be told of the
/// same time stays bounded, whatever the rate.
pub const BEAT_PACKETS: usize = 16 * 1024;

/// Earlier intervals with late packets that are told apart in one block, in the router and in each shard group; more are handed on in between.
pub const LATE_INTERVALS: usize = 64;

/// Records that wait for a subscriber (an interval, a batch of closed conversations): more than a second of a busy port.
pub const SUBSCRIPTION_RECORDS: usize = 16 * 1024;

/// Rows in them (conversations, events), up to about 200 bytes each: 50 MiB, five seconds of 50,000 new conversations a second.
pub const SUBSCRIPTION_ROWS: u64 = 256 * 1024;

/// Snapshots that wait for a subscriber: each may be some MiB large.
pub const SUBSCRIPTION_SNAPSHOTS: usize = 4;
