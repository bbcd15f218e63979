//! Every cap of the program, with its reason. Beyond a cap things are counted in an "other" row, never dropped silently.

use super::time::SECOND;

/// Shards the traffic is divided into. A shard is a function of a packet's bytes alone, so results do not depend on the
/// number of workers; 64 divides evenly among any small number of them.
pub const SHARDS: usize = 64;

/// Bytes that what grows with the traffic may take where nobody says (`--memory`) and the machine has at least four times as many.
pub const DEFAULT_MEMORY: u64 = 1 << 30;

/// Bytes of packet data in one block: small enough that what the router reads of it stays in a core's second-level cache until a worker takes
/// it, large enough that some packets of each shard are in it, one after the other.
pub const BLOCK_BYTES: usize = 512 * 1024;

/// Files that are followed one after the other (some 20 bytes each): a year of hourly ones. Later ones are not found.
pub const FOLLOWED_FILES: usize = 10_000;

/// Files followed to their end that are listed one by one; more are added up in the last line.
pub const FOLLOWED_SOURCES: usize = 1_000;

/// Packets in one block: bounds the block's index and what the router read (160 bytes each) for streams of tiny packets.
pub const BLOCK_PACKETS: usize = 16 * 1024;

/// Distinct sampling rates of the packets of one block: a few switches use a few. Samples of further ones are counted as not read.
pub const WEIGHTS: usize = 4 * 1024;

/// Bytes that all samples of a run may stand for together: an exbibyte, a hundred days of a full terabit link. Beyond it they are crafted,
/// and counted as not read, so that no sum can overflow.
pub const SCALED_BYTES: u64 = 1 << 60;

/// Blocks in flight between a live port and the workers: 16 MiB of tape absorb a worker's hiccup.
pub const LIVE_BLOCKS: usize = 32;

/// Blocks of each reader of a live port that several share: 16 MiB hold what a busy one reads until a quiet one has said that it has nothing
/// earlier (some 40 ms).
pub const READER_BLOCKS: usize = 16;

/// Blocks in flight between a file and the workers: a file waits, and whoever reads it helps, so that few will do, which stay in the cache.
pub const FILE_BLOCKS: usize = 8;

/// Shards' conversations waiting to be counted at their end points: each may be a 64th of everything.
pub const LOADS: usize = 1;

/// Messages waiting for the merge: a mark causes one for each shard and each section.
pub const MESSAGES: usize = 256;

/// Largest packet accepted from a file: Wireshark's WTAP_MAX_PACKET_SIZE_STANDARD. A larger record is damage.
pub const MAX_PACKET_BYTES: usize = 262_144;

/// Bytes of one file record held at once: a packet, its header and 64 KiB of options. Longer records are skipped from there on.
pub const RECORD_BYTES: usize = MAX_PACKET_BYTES + 64 * 1024;

/// Largest pcapng block: Wireshark's MAX_BLOCK_SIZE. A larger one is damage.
pub const PCAPNG_BLOCK_BYTES: u32 = 16 * 1024 * 1024;

/// Interfaces of one capture file that are told apart, by a packet's index; all others are one more.
pub const FILE_INTERFACES: usize = u16::MAX as usize;

/// Interfaces of one section of a capture file, with the clock of each (some 100 bytes); what comes behind more of them is not read.
pub const SECTION_INTERFACES: usize = 4 * FILE_INTERFACES;

/// Interfaces of a capture file that are listed by name, with what was counted of each (some 600 bytes at most): machines have a handful, files
/// put together from others a few dozen. Those beyond are counted.
pub const LISTED_INTERFACES: usize = 64;

/// Bytes kept of an interface's name or description.
pub const INTERFACE_TEXT: usize = 256;

/// Bytes of a file looked at to recognise its variant, from its beginning.
pub const SNIFF_BYTES: usize = 64 * 1024;

/// The same where thousands of files are open at once.
pub const LEAST_SNIFF_BYTES: usize = 8 * 1024;

/// Bytes of all blocks of files being merged: many files get smaller blocks (of at least 16 KiB).
pub const MERGE_BYTES: usize = 64 * 1024 * 1024;

/// Largest zstd window, as a power of two: 128 MiB, what the zstd tool accepts without being told.
pub const ZSTD_WINDOW_LOG: u32 = 27;

/// Memory for decompressing xz: `xz -9` needs 65 MiB.
pub const LZMA_BYTES: u64 = 256 * 1024 * 1024;

/// Conversations kept per shard, at most (64 shards: 2,097,152 in all, about 640 MiB). Beyond it the longest idle ones are folded into the
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

/// Entries of the wheel that finds idle conversations, per shard (4 bytes each, at most 16 MiB in all): each conversation waits once, and may
/// have waited elsewhere before it ended. At a mark with more, those that were put in again since go.
pub const WHEEL_ENTRIES: usize = 2 * FLOWS_PER_SHARD;

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

/// Rows of each table that are kept of a slot of the past, the largest ones; the others are one sum.
pub const HISTORY_ROWS: usize = 64;

/// The same of conversations.
pub const HISTORY_TALKS: usize = 128;

/// Conversations that a shard tells one by one of a slot, the largest ones, and hosts of the others: 4,096 of both in all. What the past costs does
/// not grow further with the conversations there are.
pub const HISTORY_FLOWS: usize = 64;

/// Hosts that a shard tells apart in a slot to find the largest (64 bytes each, 16 MiB in all); those beyond are counted together.
pub const HISTORY_HOSTS: usize = 4 * 1024;

/// How many slots of the past are kept, the newest ones of so many intervals each, then longer ones (at most 50 KiB each, 65 MiB in all, usually a
/// tenth). At intervals of a second: five minutes by the second, half an hour by ten, four hours by the minute, two days by ten minutes, two
/// weeks by the hour.
pub const HISTORY_LEVELS: [(i64, usize); 5] = [(1, 300), (10, 180), (60, 240), (600, 288), (3_600, 336)];

/// Intervals of a file of which each is a slot of its past. Of as many more every two together are one, then every four …: what a longer
/// file costs does not grow with its intervals.
pub const HISTORY_INTERVALS: u64 = 64;

/// Bytes of packets of a span that are read again to show it exactly (about twice as many are taken while that is done): half a second of 1 Gb/s
/// in full, minutes of most networks. Of longer spans the slots of the past tell.
pub const SPAN_BYTES: usize = 64 << 20;

/// Bytes of the tables of such a span.
pub const SPAN_MEMORY: u64 = 64 << 20;

/// Bins of a load history that are told apart (32 bytes each, 128 KiB): more than a screen has columns of dots, at any length of a capture.
pub const FINE_BINS: usize = 4 * 1024;

/// Newest milliseconds of which the load is known one by one (24 bytes each: 96 KiB): a packet up to four seconds late still counts in its own.
pub const BURST_BINS: usize = 4 * 1024;

/// Earlier intervals with late packets that are told apart in one block, in the router and in each shard group; more are handed on in between.
pub const LATE_INTERVALS: usize = 64;

/// Records that wait for a subscriber (an interval, a batch of closed conversations): more than a second of a busy port.
pub const SUBSCRIPTION_RECORDS: usize = 16 * 1024;

/// Rows in them (conversations, events), up to about 200 bytes each: 50 MiB, five seconds of 50,000 new conversations a second.
pub const SUBSCRIPTION_ROWS: u64 = 256 * 1024;

/// Snapshots that wait for a subscriber: each may be some MiB large.
pub const SUBSCRIPTION_SNAPSHOTS: usize = 4;

/// Records that wait for one exporter: as many as wait for the hub that feeds it (a batch of conversations is shared by all exporters).
pub const EXPORT_LANE_RECORDS: usize = SUBSCRIPTION_RECORDS;

/// Rows in them.
pub const EXPORT_LANE_ROWS: u64 = SUBSCRIPTION_ROWS;

/// Snapshots that wait for one exporter, each some MiB: it gets the newest ones, and those that came too early for it are superseded.
pub const EXPORT_LANE_SNAPSHOTS: usize = 2;

/// Rows of a table that one file of columns may hold; twice as many wait where it cannot be written. Some 400 bytes each.
pub const EXPORT_PARQUET_ROWS: u64 = 200_000;

/// Bytes of sections and interfaces that a part of a capture is read with; where a file has more, it is not cut behind them.
pub const PART_CONTEXT_BYTES: usize = 1 << 20;

/// Units of an archive that one process is given at once.
pub const ARCHIVE_UNITS: usize = 1 << 20;

/// Full messages that wait for a collector that is not there, 16 KiB each at most: some hundred thousand conversations in 32 MiB.
pub const EXPORT_WAITING_MESSAGES: usize = 2 * 1024;

/// Bytes of batches that wait on the disk for a database unless told otherwise: hours of a busy port, packed.
pub const EXPORT_SPOOL_BYTES: u64 = 1 << 30;

/// The same in memory where there is no directory: ten minutes of a dead server at some thousand conversations a second.
pub const EXPORT_SPOOL_MEMORY_BYTES: u64 = 64 << 20;

/// Findings that wait for a receiver that is not there, some KiB each.
pub const EXPORT_WAITING_FINDINGS: usize = 4 * 1024;

/// Labels of a family that Prometheus tells apart: a server carries some thousand series of a target with ease; the rest is one series.
pub const PROMETHEUS_SERIES: usize = 200;

/// Bytes of a request for a page of numbers or of the status: a browser's head line and fields.
pub const HTTP_REQUEST_BYTES: usize = 8 * 1024;

/// Conversations whose name an exporter remembers until they are closed, about 64 bytes each: as many as ask something at a time.
pub const EXPORT_UIDS: usize = 64 * 1024;

/// Parts of requests that a shard keeps for exporters until an interval ends or its block is done, of at most 2 KiB each.
pub const REQUEST_WORDS: usize = 4_096;

/// Rows of each table in a dashboard's snapshot. What is beyond stays countable by filter and by the report.
pub const SNAPSHOT_ROWS: usize = 1_000;

/// Pictures of which a dashboard remembers what was counted in all (about 350 bytes each): more than a minute of one a second.
pub const RATE_MARKS: usize = 128;

/// Rows of each table that a report for people looks at: who tries port after port is told from all of them.
pub const REPORT_ROWS: usize = 100_000;

/// Rows of which a dashboard remembers the last minute, in some 20 points of 40 bytes: those of twelve tables, 10 MiB at most.
pub const RATE_TRACKS: usize = 12 * SNAPSHOT_ROWS;

/// Distinct VLANs remembered for one conversation.
pub const VLANS_PER_FLOW: usize = 4;

/// Nanoseconds after which a possible copy that was held back is decided on, at the next interval: by then what could tell has come.
pub const COPY_DECIDED: i64 = SECOND;

/// Packets duplicate detection starts to remember in each shard (2.5 KiB): light traffic stays in the cache.
pub const COPY_PACKETS_AT_FIRST: usize = 64;

/// Packets duplicate detection may grow to in each shard (32 bytes, 8 more in the index): 1,048,576 packets and 40 MiB in all. At 5 million
/// packets a second the default window of 50 ms holds 250,000 of them, a quarter; the largest of 350 ms would hold 1,750,000: then the
/// oldest go after 0.2 s, and are counted.
pub const COPY_PACKETS: usize = 16 * 1024;

/// Conversations duplicate detection starts to remember in each shard (2 KiB).
pub const COPY_FLOWS_AT_FIRST: usize = 64;

/// Conversations of which duplicate detection notes every packet, per shard (8 KiB). With more it notes one packet in eight, by its key, so
/// that a packet and its copies are noted or not together, and the table costs little however large it is.
pub const COPY_FLOWS_EVERY_PACKET: usize = 256;

/// Conversations duplicate detection may remember in each shard (32 bytes each: 128 KiB, 8 MiB in all). It is a direct-mapped table; a
/// conversation that lost its place starts anew, which costs evidence, never correctness of what was counted.
pub const COPY_FLOWS: usize = 4 * 1024;

/// Packets followed at a time to learn how often a mirror brings each (48 bytes each, and 64 KiB of index: 112 KiB). When more pass in the
/// time that one is followed, a smaller share of them is.
pub const COPY_WATCHED: usize = 1024;

/// Times in which a live port was away that are remembered one by one (40 bytes each).
pub const PORT_ABSENCES: usize = 16;

/// Conversations remembered to have been seen outside of tunnels, where tunnels are left on (4 bytes each: 32 KiB): a direct-mapped table, of the
/// latest.
pub const OUTSIDE_FLOWS: usize = 8 * 1024;

/// Packets waited for to come again later than copies are left out (32 bytes each, 256 KiB of index, and 32 KiB of keys without a place: 416 KiB). When more are to be, a smaller
/// share of them is.
pub const COPY_AWAITED: usize = 4096;

/// Copies that each shard keeps for a while, because what follows may show that they were traffic (64 bytes each, and a packet's first
/// [`COPY_HELD_BYTES`]: at most 9 MiB in all, and none where no copies come). The oldest stay copies when there is no room.
pub const COPY_HELD: usize = 512;

/// Bytes kept of each of them: all headers, also behind those of a mirror's tunnel.
pub const COPY_HELD_BYTES: usize = 192;

/// Rows of "from which VLAN to which" that duplicate detection keeps in each shard; more are counted together.
pub const COPY_VLAN_PAIRS: usize = 64;

/// Routers of IS-IS and EIGRP, ends of BFD's sessions and clocks of PTP that are followed (about 400 bytes each). Those beyond are counted.
pub const SPEAKERS: usize = 512;

/// Of them time servers that answer, which may be many hosts of the Internet.
pub const TIME_SERVERS: usize = 64;

/// Ends of BFD's sessions that a shard watches (300 bytes each). Those silent longest make room.
pub const SESSIONS_WATCHED: usize = 256;

/// Pairs of VLAN tags, one in the other, that are counted apart (40 bytes each).
pub const VLAN_PAIRS: usize = 4 * 1024;

/// Groups whose members are followed (100 bytes each): a network with IPv6 has one for each address.
pub const MEMBERSHIPS: usize = 1024;

/// Members of a group that are told apart (about 16 bytes each); of more it is said that there are more.
pub const GROUP_MEMBERS: usize = 64;

/// Pairs of places between which each shard measures how long packets take (1 KiB each, 10 KiB where they scatter most): VLANs a router joins,
/// ports that are mirrored. Packets between others are counted together.
pub const TRANSIT_PAIRS: usize = 16;

/// Parts of the time that are told apart of each such pair (24 bytes each).
pub const TRANSIT_SLICES: usize = 32;

/// Pairs of places that a snapshot shows, those with most packets.
pub const TRANSIT_ROWS: usize = 64;

/// Tunnels whose outside is watched (about 600 bytes each): a switch exports a handful of mirror sessions; networks full of overlay tunnels
/// have more, and those beyond are counted together and not taken off.
pub const SESSIONS: usize = 4 * 1024;

/// Sampled interfaces of one session whose counters are followed (16 bytes each): ports of a large chassis. The samples of those beyond
/// count, the samples they dropped do not.
pub const SAMPLERS: usize = 4 * 1024;

/// Ports of stamping devices told apart, each interface (64 bytes each, 250 more for those that number): a large aggregator has fewer.
pub const STAMP_PORTS: usize = 256;

/// Stamps of each interface that are compared with the capture's clock (8 bytes each): a median needs no more.
pub const STAMP_OFFSETS: usize = 1024;

/// Windows of 100 ms of which rate and loss are remembered: the newest 13 minutes 39 seconds (32 KiB a shard with loss, 128 KiB in
/// the router).
pub const WINDOWS: usize = 8 * 1024;

/// Unseen TCP ranges remembered per shard (a ring of 48-byte entries, newer ones win): a tenth of the conversations of a full
/// shard may have one at the same time.
pub const HOLES_PER_SHARD: usize = 4 * 1024;

/// Unseen ranges of one direction of a conversation that are looked at for one segment: bounds the work a packet can cause. A direction that comes
/// late fills its oldest first and loses some beside that: as many as are lost of 10,000 segments at 1 % may lie in front.
pub const HOLES_PER_FLOW: usize = 128;

/// Connections whose segments are analysed as Wireshark does, per shard (128 bytes each, and 92 more where a flag was set: at most 220 MiB in all,
/// taken as connections come): as many as there may be conversations in the default memory. Those beyond have no flags, and are counted.
pub const ANALYSED_PER_SHARD: usize = 16 * 1024;

/// Round trips that a shard tells of an interval: a sample of them is enough.
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

/// Hosts and address blocks whose answered and unanswered conversations are told apart for asymmetric routing (32 bytes each).
pub const PLACES: usize = 8 * 1024;

/// MAC addresses whose roles (source, destination) are remembered.
pub const MAC_ROLES: usize = 4 * 1024;

/// Regular control senders (spanning tree, LLDP, VRRP …) followed per shard: more than a switch has neighbours.
pub const PERIODIC_SENDERS: usize = 64;

/// System descriptions of neighbours remembered (256 bytes each at most): a mirror shows the switch's and its neighbours'.
pub const SYSTEMS: usize = 8;

/// Findings that stand or are listed as cleared, by identifier and subject (about a kilobyte each): more than anybody reads. Beyond it the
/// oldest cleared ones go; subjects for which there is no room are counted beside the identifier.
pub const FINDINGS: usize = 1024;

/// Times in which one finding held that are listed (16 bytes each): a fault that comes and goes is known by then. Older ones are counted.
pub const EPISODES: usize = 32;

/// Packets named as proof of one finding (8 bytes each): more than anybody looks at.
pub const PROVING_PACKETS: usize = 16;

/// What packets prove of hosts, stations and services lately, told apart (at most half a kilobyte each, 8 MiB in all, usually a hundredth).
pub const PROOFS: usize = 16 * 1024;

/// Mirror sessions whose loss is told apart, the largest ones, in each state that is kept of a live port (64 bytes each): a probe is fed by a
/// handful. The others are judged together.
pub const SESSIONS_APART: usize = 64;

/// Outages remembered of each regular sender; later ones are counted only.
pub const OUTAGES: usize = 8;

/// Acknowledgements of unseen data that are remembered per shard, until the data comes or surely does not: 6 KiB (a direct-mapped table: older ones
/// stay).
pub const OVERTAKEN: usize = 256;

/// Requests waiting for their reply per shard (a direct-mapped table: newer ones win).
pub const REQUESTS: usize = 1024;

/// Transport checksums summed per shard and second of packet time: about 4,000 a second in all, until [`CHECKSUMS_AT_FIRST`] are known. Their
/// bytes are no longer near when they are summed, so each costs as much as counting ten packets.
pub const CHECKSUMS_PER_SECOND: u32 = 64;

/// Transport checksums after which a shard sums a quarter as many: what a host leaves to its hardware does not change from second to second.
pub const CHECKSUMS_AT_FIRST: u64 = 1024;

/// Lengths at which frames are cut, remembered per shard: a mirror cuts at one length, a second session at another.
pub const CUT_LENGTHS: usize = 8;

/// Address blocks of ARP senders remembered as witnesses of more than one subnet.
pub const ARP_SUBNETS: usize = 16;

/// Link types without a decoder that are told apart, per shard: a capture has one, merged ones a few.
pub const FOREIGN_LINKS: usize = 8;

/// UDP ports whose datagrams look like a tunnel, per shard: a mirror uses one.
pub const CARRIER_PORTS: usize = 16;

/// Pairs of address blocks that ask for each other by ARP remembered, per shard: enough to join that many blocks.
pub const ARP_LINKS: usize = 64;

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

/// Texts told apart by one counter of a dissector, per shard (at most 320 bytes each, 20 MiB in all); more are counted together.
pub const TALLY_TEXTS: usize = 1024;

/// Attempts to open a TCP connection that are not decided, per shard (96 bytes each, 12 MiB in all): a flood of SYNs beyond is counted, not
/// followed.
pub const ATTEMPTS: usize = 2 * 1024;

/// Connections in which segments were lost lately, per shard (about 550 bytes each, 18 MiB in all); loss in those beyond is not located.
pub const LOSSY_CONNECTIONS: usize = 256;

/// Receivers that take no data at the same time, per shard; looked through one by one, and only while there is one.
pub const STALLS: usize = 64;

/// Datagrams of which fragments are missing, per shard (at most 512 bytes each, 8 MiB in all); pieces of those beyond are not looked at.
pub const OPEN_DATAGRAMS: usize = 256;

/// Streams of voice or pictures at the same time, per shard (320 bytes each): of several thousand calls.
pub const RTP_STREAMS: usize = 512;

/// Of them those whose numbers are added up, per shard (240 bytes each).
pub const NUMBERED_STREAMS: usize = 512;

/// Tunnels that number their packets in the clear (IPsec, WireGuard), per shard (700 bytes each).
pub const NUMBERED_TUNNELS: usize = 128;

/// The same of all shards, for ten minutes (500 bytes each), and places where they are going to be sent (100 bytes each).
pub const MEDIA_STREAMS: usize = 4 * 1024;

/// See [`MEDIA_STREAMS`].
pub const MEDIA_OFFERS: usize = 4 * 1024;

/// Conversations over UDP, per shard, of which it is not known yet whether their packets are a stream's (64 bytes each).
pub const RTP_CANDIDATES: usize = 512;

/// Connections whose windows are looked at, and hosts whose fastest transfer is known (350 bytes each).
pub const WINDOWED: usize = 4 * 1024;

/// Conversations whose bytes of ten seconds ago are known, per shard (80 bytes each): those of more than 1 kB.
pub const TALKERS: usize = 2 * 1024;

/// Hosts of a shard that are told of every ten seconds: what matters is most of the traffic.
pub const TALKERS_TOLD: usize = 64;

/// Hosts whose usual load is known (700 bytes each).
pub const LOADED_HOSTS: usize = 4 * 1024;

/// Clients whose attempts by QUIC are held beside those by TLS (1 KiB each), and conversations by QUIC without an answer so far (100 bytes each).
pub const QUIC_CLIENTS: usize = 2 * 1024;

/// Connections with keep-alives at the same time, by their way, per shard (96 bytes each). A host that keeps hundreds alive is found by a part of
/// them.
pub const KEPT_ALIVE: usize = 512;

/// Connections at the same time whose requests and answers nobody reads, so that they are told by whose turn it is, per shard (400 bytes each).
pub const UNREAD_TURNS: usize = 512;

/// What routers say cannot be reached, by who says it, of whom and why (1.5 KiB each).
pub const UNREACHABLES: usize = 1024;

/// Stations whose attempts by IPv6 and IPv4 are held beside each other (700 bytes each), services that are tried by IPv6 (1.5 KiB each), and
/// connections that are kept alive (200 bytes each).
pub const BESIDE: usize = 4 * 1024;

/// Segments that do not get through at the same time, per shard (96 bytes each); looked through one by one, and only while there is one.
pub const STUCK: usize = 64;

/// Services of which is known what happened to their clients (at most 32 KiB each, 128 MiB in all, when times
/// spread over all of their histograms; usually 2 KiB). Those beyond are counted together.
pub const SERVICES: usize = 4 * 1024;

/// Times of 10 s in which something happened to a service, of all services together (at most 5 KiB each with the clients it
/// tells apart, 75 MiB): the oldest go first.
pub const SERVICE_BINS: usize = 15 * 1024;

/// Clients told apart of one service in one of them; further ones are counted together.
pub const SERVICE_CLIENTS: usize = 32;

/// Clients of a service beside those that are told apart by number (4 bytes each, 4 MiB of all services): counts say "at least" beyond.
pub const FURTHER_CLIENTS: usize = 224;

/// Addresses of a kind of which is remembered what stands for them (at most 80 bytes each, 12 MiB for IPv4, IPv6 and stations); beyond it all are worked out
/// anew.
pub const ANONYMIZED_ADDRESSES: usize = 64 * 1024;

/// Pairs of a source and a target, and of a source and a port, of which failed attempts are known (at most 20 KiB both, 40 MiB in all where
/// all of them are scans of more than 256 ports or hosts; usually 200 bytes).
pub const SCAN_PAIRS: usize = 2 * 1024;

/// Different hosts of such a pair that are told apart; ports all are.
pub const SCAN_TARGETS: usize = 512;

/// Different sightings of addresses and clocks gathered in an interval, per shard (at most 256 bytes each, 16 MiB in all): further ones are
/// counted only.
pub const SIGHTINGS: usize = 1024;

/// Addresses, stations, clients and servers of each kind of which is known what was seen (at most 1.5 KiB each, 60 MiB in all, usually a tenth); those silent
/// longest go first.
pub const SIGHTED: usize = 4 * 1024;

/// Who asks for one address, told apart (32 bytes each).
pub const SIGHT_ASKERS: usize = 16;

/// How long a connection must have been silent for its RST to be that of an idle one: the shortest idle time-out in common use.
pub const IDLE_CUT: i64 = 30 * SECOND;

/// Packets of a group of shards that wait to be dissected (128 bytes each, 64 KiB in all): about as many as are counted while a piece of memory
/// comes.
pub const DISSECT_QUEUE: usize = 8;

/// Conversations whose dissectors keep state at the same time, per shard (about 400 bytes each, 50 MiB in all): TCP connections between their
/// first payload and the moment they are recognised and read. Those beyond are not dissected, and counted.
pub const DISSECT_STATES: usize = 2 * 1024;

/// Bytes that the dissectors of one shard hold of messages that are not complete yet: 16 MiB in all, a thousand ClientHellos of the largest size
/// at once. What finds no room is not dissected, and counted.
pub const DISSECT_BYTES: usize = 256 * 1024;

/// Bytes of one message that a dissector waits for: the largest handshake message of a ClientHello that is met in practice is a tenth of it.
pub const MESSAGE_BYTES: usize = 16 * 1024;

/// Lines of a head that are read, as of an HTTP message: more than servers allow.
pub const HEAD_LINES: u16 = 256;

/// Payloads of one direction shown to the dissectors, besides one of the other, before a conversation counts as unknown for good.
pub const PROBES: u8 = 3;

/// The same where the other direction is silent.
pub const PROBES_ONE_WAY: u8 = 8;

/// Server names that conversations refer to, per shard (at most 350 bytes each, 88 MiB in all, a quarter of that with usual ones). Conversations with a further name have none.
pub const SERVER_NAMES: usize = 4 * 1024;

/// Names of addresses learnt, per shard (at most 512 bytes each, 64 MiB in all, half of that with usual ones); further ones are counted only.
pub const LEARNT_NAMES: usize = 2 * 1024;

/// Columns of a terminal that are drawn; a terminal may claim 65,535. A screen of this many columns and [`SCREEN_ROWS`] rows takes 40 MB
/// while it is drawn.
pub const SCREEN_COLUMNS: u16 = 1_000;

/// Rows of a terminal that are drawn.
pub const SCREEN_ROWS: u16 = 400;

/// Control packets of one shard that wait to be handed over (at most 4 KiB each, 64 MiB in all, usually a tenth of that): more than a hundred
/// ports say in a second. Those beyond are counted.
pub const CONTROL_MESSAGES: usize = 256;

/// Control packets that wait for the end of their interval (the same ones): those beyond are counted.
pub const CONTROL_WAITING: usize = SHARDS * CONTROL_MESSAGES;

/// Devices that say who they are (at most 26 KiB each, usually one): the ports of a few switches. Those that left make room for new ones;
/// those beyond are counted.
pub const NEIGHBOURS: usize = 512;

/// Spanning trees, one for each VLAN or instance and port that tells of it (some 400 bytes each): forty ports of a hundred VLANs. Those beyond
/// are counted.
pub const TREES: usize = 4 * 1024;

/// Ends of aggregated links (some 200 bytes each). Those beyond are counted.
pub const AGGREGATES: usize = 512;

/// Missing hellos of spanning trees that are remembered (100 bytes each): of ten minutes, in which a healthy network has a few. Older ones make
/// room.
pub const TREE_HISTORY: usize = 4 * 1024;

/// Changes of the topology that are remembered, however many trees and bridges tell of each (8 KiB each at most, usually 200 bytes): of five
/// minutes one each second. Older ones make room.
pub const TOPOLOGY_HISTORY: usize = 512;

/// Series of root changes that are remembered (8 KiB each at most). Older ones make room.
pub const ROOT_SERIES: usize = 256;

/// Trees that are told apart in each of both; further ones are counted with them.
pub const CHANGED_TREES: usize = 128;

/// Times of changes that are remembered of a gateway, a session or a port (8 or 16 bytes each). Older ones make room.
pub const CHANGES_REMEMBERED: usize = 32;

/// Pairs of routers whose sessions ended (700 bytes each). Those beyond are not judged.
pub const PEERS: usize = 512;

/// Senders of frames to many that a shard tells apart in a second (40 bytes each); further ones count with another one's.
pub const FLOOD_ROWS: usize = 32;

/// Seconds of such counts of one shard that wait to be handed over, in rows; those beyond are not judged.
pub const FLOOD_WAITING: usize = 4 * 1024;

/// Pairs of stations of a sample that a shard tells apart in an interval (120 bytes each, 4 MiB in all); further ones are not judged.
pub const SAMPLED_PAIRS: usize = 256;

/// Stations that are new that a shard tells of in an interval (16 bytes each); those beyond are counted.
pub const FRESH_STATIONS: usize = 1024;

/// Frames to groups that a shard watches for coming again, by their content (40 bytes each); newer ones take the place of seldom ones.
pub const CIRCLING_WATCHED: usize = 64;

/// Stations of which is known that they sent anything (8 bytes each, 16 in the set): when there are more, all are forgotten.
pub const STATIONS_KNOWN: usize = 128 * 1024;

/// Stations that are watched, because frames are sent to them or because of the ports they send from (some 250 bytes each). Those silent
/// longest make room.
pub const STATIONS_WATCHED: usize = 16 * 1024;

/// Multicast groups and VLANs of which streams and members are known, and pairs of VLANs that share frames (some 200 bytes each).
pub const GROUPS: usize = 4 * 1024;

/// Bursts of the monitored link that are listed, the latest (300 bytes each).
pub const LINK_BURSTS: usize = 256;

/// Pairs of stations that are told apart in a millisecond of a burst (24 bytes each), and four times as many in a burst.
pub const BURST_CONTRIBUTORS: usize = 10;

/// Milliseconds of bursts of which packets may still come (300 bytes each); of the oldest of more than that nobody knows who sent.
pub const BURST_MILLISECONDS: usize = 16;

/// Ports of a switch that is asked (1 KiB each): of a large chassis. Those beyond are not shown, and that is told.
pub const ASKED_PORTS: usize = 4 * 1024;

/// Stations that a switch which is asked knows (32 bytes each).
pub const ASKED_STATIONS: usize = 16 * 1024;

/// VLANs, kinds and stations of which floods are added up (100 bytes each). Those beyond are not judged.
pub const STORMS: usize = 4 * 1024;

/// Stations that are told apart in a flood (16 bytes each).
pub const STORM_SENDERS: usize = 128;

/// Routers that share gateways' addresses (some 200 bytes each), of all groups together. Those beyond are counted.
pub const GATEWAYS: usize = 1024;

/// Routers that speak OSPF (some 100 bytes each). Those beyond are counted.
pub const ROUTERS: usize = 512;

/// Who asks for multicast groups (some 100 bytes each). Those beyond are counted.
pub const QUERIERS: usize = 512;

/// Ports at which authentication failed (16 bytes each). Those beyond are counted.
pub const AUTHENTICATED_PORTS: usize = 1024;

/// Events at the switch that are kept (at most 1 KiB each); older ones make room, and are counted.
pub const SWITCH_EVENTS: usize = 512;

/// Entries of each list in what a device says of itself (addresses, VLANs, policies): more than a page shows.
pub const NEIGHBOUR_LIST: usize = 32;

/// Fields of one packet that is taken apart (about 150 bytes each): a jumbo frame full of DNS records has fewer. Those beyond are counted.
pub const TREE_FIELDS: usize = 2 * 1024;

/// Characters of a text in it.
pub const TREE_TEXT: usize = 512;

/// Headers of one packet that is taken apart.
pub const TREE_LAYERS: usize = 48;

/// Comments of one packet of a file that are kept: they are read only where packets are saved, a block at a time.
pub const PACKET_COMMENTS: usize = 32;

/// Interfaces of a savefile (4 bytes each while it is written): as many as a file that is read may have.
pub const SAVED_INTERFACES: usize = FILE_INTERFACES;

/// Places of a capture that can be begun at, for who looks at single packets (at most 1 KiB each, usually 100 bytes): one a block, and of longer
/// captures one of every two, four, eight blocks.
pub const INDEX_PLACES: usize = 8 * 1024;

/// Bytes of a piece of the recorder's memory (and half as many for its index): what a screen copies at most to see the newest packets.
pub const SEGMENT_BYTES: usize = 1 << 20;

/// Beginnings of TCP connections that a list of packets counts from (some 100 bytes each): packets of those beyond keep the numbers of their headers.
pub const NOTED_STREAMS: usize = 1 << 18;

/// Packets of a list that is not of all of them (8 bytes each): those beyond are not listed.
pub const LISTED_PACKETS: usize = 1 << 20;

/// Rows of a list of packets that are made at once.
pub const PAGE_ROWS: usize = SCREEN_ROWS as usize;

/// Segments of a conversation that are drawn (64 bytes each).
pub const STREAM_SEGMENTS: usize = 32 * 1024;

/// Bytes of a conversation that are shown.
pub const STREAM_BYTES: usize = 1 << 20;

/// Pieces of memory between the tape and the disk of a ring of files (1.5 MiB each): a fifth of a second of 400 Mb/s. What finds none free
/// is lost to the ring, and counted.
pub const RING_PIECES: usize = 8;

/// Files of a ring, at most.
pub const RING_FILES: usize = 100_000;

/// Times that a finding has packets saved, of one run: further ones are told and not saved.
pub const SAVED_FINDINGS: usize = 100;

/// Probes that a fleet is asked for, some 500 bytes each: what one database of this size is told by. Those beyond are left off, and that is said.
pub const FLEET_PROBES: usize = 10_000;

/// Rows of an answer about a fleet (some 200 bytes each): 10,000 probes in 24 pieces of time.
pub const FLEET_ROWS: usize = 250_000;

/// Bytes of an answer of a fleet's database.
pub const FLEET_ANSWER_BYTES: u64 = 64 << 20;

/// Runs of probes whose clocks are put right in a question about conversations, some 30 signs each: a server takes questions of 16 KiB. Those beyond
/// are told.
pub const FLEET_CLOCKS: usize = 64;

/// Runs of probes that are asked for what they counted behind their last word, at most; those that told last first.
pub const FLEET_TAILS: usize = 192;

/// Groups of probes that see the same conversations, some 200 bytes each; those that share fewer are left off, and that is said.
pub const FLEET_GROUPS: usize = 1_000;

/// Rows of a list about one probe: findings, hosts, services, conversations, some 200 bytes each.
pub const FLEET_LIST: usize = 200;

/// Pieces of time of a probe's load: as many as dots stand beside each other on a wide screen.
pub const FLEET_POINTS: i64 = 480;
