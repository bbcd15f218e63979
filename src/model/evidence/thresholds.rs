//! What the wings measure with: constants that detectors compare with and the texts of `explain` are written from.

use super::Threshold;
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

/// Pairs of cause and effect before a share of them says anything.
pub const CAUSES: u64 = 100;

/// The same where most of them have the effect first: no chance makes twenty of them.
pub const CAUSES_FEW: u64 = 20;

/// How long after its acknowledgement it is waited for data that shows how far apart two directions are: longer than was reported (2 s), with a
/// round trip besides.
pub const OVERTAKEN_REACH: i64 = 3 * SECOND;

/// Packets one side must have sent before a missing answer says anything.
pub const ONE_SIDE_PACKETS: u64 = 5;

/// Share of what was lost that must be on one side of the mirrored port before that side is named.
pub static LOST_ON_ONE_SIDE: Threshold = Threshold::share(0.8);

/// Connections that were cut when idle, after much the same time, before that time is told of, and how far apart the times may be.
pub static IDLE_CUTS: Threshold = Threshold::count(5.0);

/// See [`IDLE_CUTS`].
pub static IDLE_CUTS_WITHIN: Threshold = Threshold::share(0.05);

/// Packets each way of a connection in which somebody logged in and did little or nothing, at most.
pub static SHORT_LOGIN: Threshold = Threshold::count(30.0);

/// Segments of each side after which a conversation that was joined midway is followed.
pub const MIDWAY_SEGMENTS: u8 = 20;

/// Payload bytes by which copies are told.
pub const COMPARED_BYTES: usize = 64;

/// The farthest apart that two sightings of a packet may be, nanoseconds.
pub const COPY_REACH: i64 = 350 * MILLISECOND;

/// Nanoseconds after which a copy that comes too late to be left out is not waited for any longer.
pub const COPY_FAR: i64 = 10_000 * MILLISECOND;

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

/// How long users wait before they give up (Nielsen's limit of attention): a request over TCP that waits for longer is told of while it does.
pub static USERS_WAIT: Threshold = Threshold::nanos((10 * SECOND) as f64);

/// From when on a SYN-ACK is late: behind the second repetition of the SYN (after 1 s and 2 s more, RFC 6298 section 2).
pub static LATE_ANSWER: Threshold = Threshold::nanos((3 * SECOND) as f64);

/// Single SYNs of one client within ten seconds that nothing answers, from which on they are attempts: whoever changes its mind sends fewer.
pub const LONE_TRIES: u32 = 4;

/// How long before the newest request that waits others began to that wait for the same: what stops stops one client after the other.
pub const WAITS_TOGETHER: i64 = 30 * SECOND;

/// For how long a silence that ended is told of: every judgement of a file comes sooner.
pub const PAST_TOLD_FOR: i64 = 60 * SECOND;

/// How long data must have been sent again and again before its receiver, which says nothing, is not there any more: four times by the usual rules,
/// from a fifth of a second on (RFC 6298 section 5.5).
pub static SILENT_PEER: Threshold = Threshold::nanos((2_500 * MILLISECOND) as f64);

/// Share of the usual packets below which regular senders are silent because nothing is mirrored.
pub const SILENT: f64 = 0.1;

/// Nanoseconds of the shortest pause of steady traffic whose length may tell by itself: as long as a live port may be quiet before it is called
/// silent.
pub const PAUSE: i64 = 10 * SECOND;

/// Nanoseconds of the shortest pause that is told where conversations witness it: whoever waits for an answer waits for less.
pub const PAUSE_SHORT: i64 = SECOND / 2;

/// How many times as long as every ordinary pause such a one must be.
pub const PAUSE_STANDS: i64 = 4;

/// How many times as long as every ordinary pause such a one must be: where pauses come by chance none is that much longer than all others, in a
/// capture of any length.
pub const PAUSE_STEADY: i64 = 8;

/// Packets that would have come in it at the rate of the rest.
pub const PAUSE_MISSED: u64 = 200;

/// The same of one that comes again and again, on average.
pub const PAUSE_MISSED_EACH: u64 = 50;

/// Nanoseconds of traffic besides before its rate is known.
pub const PAUSE_BESIDES: i64 = 30 * SECOND;

/// Round trips of a service on a side within a minute from which on anything is said of them.
pub static FEWEST_TRIPS: Threshold = Threshold::count(20.0);

/// Share of the different ports or hosts that a source tries at which it fails while it scans.
pub static SCAN_FAILS: Threshold = Threshold::share(0.8);

/// A hole in a stream that closes sooner was reordering: longer than any that was reported between two mirrored directions (4.3 ms is rare).
pub static LOSS_REORDERED: Threshold = Threshold::nanos((3 * MILLISECOND) as f64);

/// What fills a hole later than this was sent again, where its sender's marks do not say so: what is merely out of order comes sooner.
pub static LOSS_OUT_OF_ORDER: Threshold = Threshold::nanos((10 * MILLISECOND) as f64);

/// A segment that comes again later than this was waited for: the least retransmission time-out of common systems.
pub static LOSS_TIMED_OUT: Threshold = Threshold::nanos((200 * MILLISECOND) as f64);

/// Times of ten seconds that make the stretch in which what is seen seldom is counted.
pub const SIGHT_BINS: usize = 6;

/// How often each of two stations must claim an address in turn, within a minute, before it is a conflict (RFC 5227 section 2.4 defends once).
pub static CONFLICT_TURNS: Threshold = Threshold::count(2.0);

/// How long who had an address before says nothing of it, once another announces it: then it was handed over.
pub static HANDED_OVER: Threshold = Threshold::nanos((10 * SECOND) as f64);

/// Addresses that two stations have each from which on several networks arrive as one.
pub static DOUBLED: Threshold = Threshold::count(4.0);
/// And their share of all.
pub static DOUBLED_SHARE: Threshold = Threshold::share(1.0 / 3.0);

/// Addresses from which on a station answers for others (proxy ARP, RFC 1027), so that what it claims is no conflict.
pub const PROXY_ADDRESSES: usize = 5;

/// Replies of a station for one address to one host in a minute that nobody asked for: whoever takes an address over says so a few times.
pub static ARP_UNASKED: Threshold = Threshold::count(6.0);

/// Hosts that one tells the same of its own accord, from which on it is no talk between two.
pub const PRETENCE_HOSTS: usize = 2;

/// Nanoseconds after a host asked for an address within which a reply answers it.
pub const PRETENCE_ANSWERED: i64 = 2 * SECOND;

/// Hosts that are told so and told apart at most.
pub const PRETENCE_TOLD: usize = 16;

/// Nanoseconds that nothing must have answered.
pub static ARP_SILENT: Threshold = Threshold::nanos((3 * SECOND) as f64);

/// Bytes of the smallest IP packet that may be too large: every path of today takes smaller ones.
pub static STUCK_LARGE: Threshold = Threshold::count(1_000.0);

/// How often a segment that is too large must have been sent again, and over how long: the second retransmission waits twice as long as the
/// first.
pub static STUCK_REPEATED: Threshold = Threshold::count(2.0);

/// See [`STUCK_REPEATED`], nanoseconds.
pub static STUCK_WAITED: Threshold = Threshold::nanos((500 * MILLISECOND) as f64);

/// How long a datagram may lack fragments before it is lost: as long as hosts wait for them at least (15 s by RFC 791 section 3.2).
pub static FRAGMENTS_WAIT: Threshold = Threshold::nanos((15 * SECOND) as f64);

/// Stretches of ten seconds that a storm must last.
pub static ARP_STRETCHES: Threshold = Threshold::count(3.0);

/// Share of the other requests of those who ask that must surely be seen answered: replies go to one station and may not be mirrored.
pub static ARP_ANSWERED: Threshold = Threshold::share(0.2);

/// Requests of one host for one address in a minute, and for no other in vain, as nobody sends who is answered: what was answered holds longer.
pub static ARP_INSISTS: Threshold = Threshold::count(10.0);

/// And so many a second at most: more do not come from one host that waits for an answer, but from one that floods, or round a loop.
pub const ARP_INSISTS_MOST: i64 = 3;

/// Addresses that one asks for in vain from which on it is a sweep, held against no address.
pub static ARP_SWEEP: Threshold = Threshold::count(16.0);

/// Different addresses asked for in a minute from which on many requests are a sweep and no storm.
pub const ARP_TARGETS: usize = 64;

/// Interarrival jitter of voice that is high, nanoseconds: most receivers hold back no more.
pub static MEDIA_JITTER: Threshold = Threshold::nanos((30 * MILLISECOND) as f64);

/// Nanoseconds by which a packet of voice is far off.
pub static MEDIA_UNEVEN: Threshold = Threshold::nanos((60 * MILLISECOND) as f64);

/// In place of an alert's number: the server answers a hello by RST. No alert has the number.
pub const TLS_RESET: u8 = 254;

/// The same: it closes the connection.
pub const TLS_CLOSED: u8 = 255;

/// The same of a hello that is not answered at all.
pub const TLS_SILENT: u8 = 253;

/// In place of an alert: the server answered a ClientHello, but not in TLS.
pub const TLS_IN_CLEAR: u8 = 252;

/// Share of a receiver's window that is in flight, but for a segment, when it is full.
pub static WINDOW_FULL: Threshold = Threshold::share(0.95);

/// How many times its usual load a host has in a surge, and at the end of one.
pub static SURGE_TIMES: Threshold = Threshold::times(5.0);

/// See [`SURGE_TIMES`].
pub static SURGE_ENDS: Threshold = Threshold::times(2.0);

/// Bits a second of a surge at least.
pub static SURGE_RATE: Threshold = Threshold::rate(10e6);

/// Share of all traffic that a surge is.
pub static SURGE_SHARE: Threshold = Threshold::share(0.5);

/// Nanoseconds within which a client whose QUIC is not answered asks the same by TCP.
pub static QUIC_WITHIN: Threshold = Threshold::nanos((5 * SECOND) as f64);

/// Nanoseconds within which a client that tries IPv6 in vain goes on by IPv4 (RFC 8305 section 8: 250 ms, at most 2 s).
pub static FALLBACK_WITHIN: Threshold = Threshold::nanos((2 * SECOND) as f64);

/// Share of them that must answer for it to be no sweep.
pub static ARP_SWEEP_ANSWERED: Threshold = Threshold::share(0.2);

/// How many times as many as half of the others send.
pub static ARP_OTHERS: Threshold = Threshold::times(10.0);

/// How much of its highest rate a storm still has: a router that restarts resolves everything once and stops.
pub static ARP_LASTS: Threshold = Threshold::share(0.7);

/// DISCOVERs of a client without an answer, and over how long (RFC 2131 section 4.1: again after 4, 8 and 16 s).
pub static DHCP_DISCOVERS: Threshold = Threshold::count(3.0);

/// Nanoseconds over which they must be spread.
pub static DHCP_WAITED: Threshold = Threshold::nanos((10 * SECOND) as f64);

/// Different clients that a station claims to be within a minute while it empties a pool.
pub const DHCP_CLAIMED: usize = 50;

/// How long a DHCP server or IPv6 router must have been alone before a second one is a newcomer.
pub static ALONE: Threshold = Threshold::nanos((600 * SECOND) as f64);

/// How long two DHCP servers are held beside each other.
pub static SERVERS_BESIDE: Threshold = Threshold::nanos((3_600 * SECOND) as f64);

/// How long two IPv6 routers are held beside each other: the longest pause between announcements (RFC 4861 section 6.2.1).
pub static ROUTERS_BESIDE: Threshold = Threshold::nanos((1_800 * SECOND) as f64);

/// Packet time after which a finding of the network clears when nothing more of it is seen: as long as the shortest stretch that is judged, so
/// that what comes several times a minute stands.
pub const SEEN_WITHIN: i64 = 60 * SECOND;

/// How long a finding about addresses is told of after the latest sighting.
pub const SIGHT_HELD: i64 = 600 * SECOND;

/// Distance from the reference clock that a client accepts (MAXDIST, RFC 5905 section 11.2.2).
pub static CLOCK_DISTANCE: Threshold = Threshold::nanos(SECOND as f64);

/// Time by which a clock differs that a client would step (STEPT, RFC 5905 section 11.4), and by which it would give up (PANICT).
pub static CLOCK_DIFFERS: Threshold = Threshold::nanos((128 * MILLISECOND) as f64);

/// See [`CLOCK_DIFFERS`].
pub static CLOCK_PANIC: Threshold = Threshold::nanos((1_000 * SECOND) as f64);

/// Servers by whose clocks another is judged, itself included.
pub static CLOCK_SERVERS: Threshold = Threshold::count(3.0);

/// Wrong answers in a row.
pub static CLOCK_ANSWERS: Threshold = Threshold::count(2.0);

/// Packets of a host with one and the same TTL after which a RST with another is not its own.
pub static TTL_PACKETS: Threshold = Threshold::count(3.0);

/// How many times as long as usual an answer must take to be slow (users of something that takes four times the time they find good give up:
/// Apdex).
pub static USUAL_TIMES: Threshold = Threshold::count(4.0);

/// Nanoseconds beyond the round trip to the server within which no answer is slow, however fast it usually is.
pub static SLOW_FLOOR: Threshold = Threshold::nanos((100 * MILLISECOND) as f64);

/// Share of the time from a request to its answer that must be the server's for the server to be slow.
pub static SERVERS_SHARE: Threshold = Threshold::share(0.7);

/// The same of a name server's median.
pub static SLOW_NAME_FLOOR: Threshold = Threshold::nanos((50 * MILLISECOND) as f64);

/// How long something must have waited when a capture ends, for it to be told of as open: nobody repeats sooner what nothing answers (RFC 6298
/// section 2.1), and what is younger is what any end cuts through.
pub const OPEN_AT_END: i64 = SECOND;

/// Zones for which a name server must answer errors before it is the server: one that is broken is its owner's trouble.
pub const FAILING_ZONES: u64 = 3;
