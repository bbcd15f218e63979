//! What the wings measure with: constants that detectors compare with and the texts of `explain` are written from.

use crate::model::time::{MILLISECOND, SECOND};

/// Windows with loss before their rate is called constant.
pub const FLAT_WINDOWS: u64 = 10;

/// Nanoseconds of a window in which rates and losses are compared.
pub const RATE_WINDOW: i64 = 100 * MILLISECOND;

/// Lengths in which a constant rate is looked for, in windows.
pub const RATE_WINDOW_LENGTHS: [i64; 4] = [1, 2, 5, 10];

/// The longest of them, in windows.
pub const LONGEST_RATE_WINDOW: i64 = {
    let [.., longest] = RATE_WINDOW_LENGTHS;
    longest
};

/// Nanoseconds by which a stamp lies before the one before that make a step of the clock: a clock that was set, not two queues read in
/// turn.
pub const CLOCK_STEP: i64 = 10 * MILLISECOND;

/// Packets one side must have sent before a missing answer says anything.
pub const ONE_SIDE_PACKETS: u64 = 5;

/// Segments of each side after which a conversation that was joined midway is followed.
pub const MIDWAY_SEGMENTS: u8 = 20;

/// Payload bytes by which copies are told.
pub const COMPARED_BYTES: usize = 64;

/// The farthest apart that two sightings of a packet may be, nanoseconds.
pub const COPY_REACH: i64 = 350 * MILLISECOND;

/// Hops a packet must have lost when it passes the same link the same way again to be in a routing loop: two turns of the smallest one. One
/// turn may be meant: through a firewall and back, twice, by one link whose tags the mirror took off.
pub const LOOP_HOPS: u8 = 4;

/// Utilisation of the mirror link below which its load is low, and above which it is full.
pub const UTILISATION_BOUNDS: [f64; 2] = [0.5, 0.95];

/// Acknowledged bytes a conversation must have before the share that is missing of it says something: about 20 segments.
pub const RATIO_BYTES: u64 = 30_000;

/// Bits of an IPv4 address that make a network, for untagged ARP.
pub const NETWORK_BITS: u32 = 24;

/// Bits of the outer sequence numbers of some switches.
pub const NARROW_SEQUENCE_BITS: u32 = 30;

/// Share of the usual packets below which regular senders are silent because nothing is mirrored.
pub const SILENT: f64 = 0.1;

/// Nanoseconds of the shortest pause of steady traffic that is remembered by itself: as long as a live port may be quiet before it is called
/// silent.
pub const PAUSE: i64 = 10 * SECOND;

/// How many times as long as every ordinary pause such a one must be.
pub const PAUSE_STEADY: i64 = 10;

/// Packets that would have come in it at the rate of the rest.
pub const PAUSE_MISSED: u64 = 200;

/// Nanoseconds of traffic besides before its rate is known.
pub const PAUSE_BESIDES: i64 = 30 * SECOND;

/// Ports of a host that a source must fail at before it scans them (Zeek's default).
pub const SCAN_PORTS: usize = 15;

/// Hosts that a source must fail at by one port before it scans them (Zeek's default).
pub const SCAN_HOSTS: usize = 25;

/// How long failed attempts of a source belong together (Zeek's default).
pub const SCAN_WINDOW: i64 = 300 * SECOND;

/// Nanoseconds beyond the round trip to the server after which an answer is slow: people notice.
pub const SLOW_REPLY: i64 = 500 * MILLISECOND;

/// Nanoseconds after which an answer is very slow: clients of name servers ask again (1 s on Windows).
pub const VERY_SLOW_REPLY: i64 = SECOND;

/// A hole in a stream that closes sooner was reordering: longer than any that was reported between two mirrored directions (4.3 ms is rare).
pub const LOSS_REORDERED: i64 = 3 * MILLISECOND;

/// A segment that comes again later than this was waited for: the least retransmission time-out of common systems.
pub const LOSS_TIMED_OUT: i64 = 200 * MILLISECOND;
