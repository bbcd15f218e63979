//! What mirroring did: copies, sessions, what is missing.

use crate::model::time::SECOND;

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

/// Stations that send packets on past the mirror, each with one that it sends them to, counted apart in a shard.
pub const COPY_SENDERS_ON: usize = 16;

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

/// Seconds of which it is remembered how much was acknowledged and how much of it is missing: the newest 17 minutes (8 KiB a shard with TCP).
pub const ACKED_SECONDS: usize = 1024;

/// Unseen TCP ranges remembered per shard (a ring of 48-byte entries, newer ones win): a tenth of the conversations of a full
/// shard may have one at the same time.
pub const HOLES_PER_SHARD: usize = 4 * 1024;

/// Unseen ranges of one direction of a conversation that are looked at for one segment: bounds the work a packet can cause. A direction that comes
/// late fills its oldest first and loses some beside that: as many as are lost of 10,000 segments at 1 % may lie in front.
pub const HOLES_PER_FLOW: usize = 128;

/// Hosts and address blocks whose answered and unanswered conversations are told apart for asymmetric routing (32 bytes each).
pub const PLACES: usize = 8 * 1024;

/// MAC addresses whose roles (source, destination) are remembered.
pub const MAC_ROLES: usize = 4 * 1024;

/// Regular control senders (spanning tree, LLDP, VRRP …) followed per shard: more than a switch has neighbours.
pub const PERIODIC_SENDERS: usize = 64;

/// System descriptions of neighbours remembered (256 bytes each at most): a mirror shows the switch's and its neighbours'.
pub const SYSTEMS: usize = 8;

/// Mirror sessions whose loss is told apart, the largest ones, in each state that is kept of a live port (64 bytes each): a probe is fed by a
/// handful. The others are judged together.
pub const SESSIONS_APART: usize = 64;

/// Outages remembered of each regular sender; later ones are counted only.
pub const OUTAGES: usize = 8;

/// Times in which this host lost packets itself that are remembered (16 bytes each); earlier ones are counted only.
pub const DEAF_TIMES: usize = 512;

/// Stretches of time with packets, between which there is a hole each (16 bytes each).
pub const COVERED: usize = 64;

/// Pauses of like length that are remembered, the newest: conversations are asked of so many (32 bytes each).
pub const PAUSES_ALIKE: usize = 48;

/// Acknowledgements of unseen data that are remembered per shard, until the data comes or surely does not: 6 KiB (a direct-mapped table: older ones
/// stay).
pub const OVERTAKEN: usize = 256;

/// Requests waiting for their reply per shard (a direct-mapped table: newer ones win).
pub const REQUESTS: usize = 1024;

/// Pairs of those who ping and who is pinged that are remembered, per shard (4 bytes each, 256 KiB in all): by them an answer to a ping of a group is told
/// from one whose question the mirror lost.
pub const PINGED: usize = 1024;

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

/// Of them those whose numbers are added up, per shard (240 bytes each).
pub const NUMBERED_STREAMS: usize = 512;

/// Stretches of ten seconds of which it is remembered what numbered streams lack, the newest (300 bytes each and shard with such streams).
pub const STREAM_STRETCHES: usize = 128;

/// Tunnels that number their packets in the clear (IPsec, WireGuard), per shard (700 bytes each).
pub const NUMBERED_TUNNELS: usize = 128;
