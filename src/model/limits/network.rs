//! Findings, and what happens between hosts: attempts, losses, streams, services, sightings.

use super::BEAT_PACKETS;
use crate::model::time::SECOND;

/// Findings that stand or are listed as cleared, by identifier and subject (about a kilobyte each): more than anybody reads. Beyond it the
/// oldest cleared ones go; subjects for which there is no room are counted beside the identifier.
pub const FINDINGS: usize = 1024;

/// Times in which one finding held that are listed (16 bytes each): a fault that comes and goes is known by then. Older ones are counted.
pub const EPISODES: usize = 32;

/// Packets named as proof of one finding (8 bytes each): more than anybody looks at.
pub const PROVING_PACKETS: usize = 16;

/// What packets prove of hosts, stations and services lately, told apart (at most half a kilobyte each, 8 MiB in all, usually a hundredth).
pub const PROOFS: usize = 16 * 1024;

/// What dissectors read and requests that ended, of which is told in a beat, per shard (200 bytes each, 100 MiB in all): as many as there are where
/// each request and its answer take a packet. Of packets full of short commands those that are alike are one; what is beyond is counted only.
pub const TOLD_OF: usize = BEAT_PACKETS / 2;

/// Attempts to open a TCP connection that are not decided, per shard (96 bytes each, 12 MiB in all): a flood of SYNs beyond is counted, not
/// followed.
pub const ATTEMPTS: usize = 2 * 1024;

/// Connections in which segments were lost lately, per shard (about 680 bytes each, 22 MiB in all); loss in those beyond is not located.
pub const LOSSY_CONNECTIONS: usize = 256;

/// Connections that lost nothing of which is known how much they carry while they go on (about 140 bytes each, 2 MiB in all); others count at their end.
pub const CARRYING_CONNECTIONS: usize = 16 * 1024;

/// Receivers that take no data at the same time, per shard; looked through one by one, and only while there is one.
pub const STALLS: usize = 64;

/// Datagrams of which fragments are missing, per shard (at most 512 bytes each, 8 MiB in all); pieces of those beyond are not looked at.
pub const OPEN_DATAGRAMS: usize = 256;

/// Streams of voice or pictures at the same time, per shard (320 bytes each): of several thousand calls.
pub const RTP_STREAMS: usize = 512;

/// The same of all shards, for ten minutes (500 bytes each), and places where they are going to be sent (100 bytes each).
pub const MEDIA_STREAMS: usize = 4 * 1024;

/// See [`MEDIA_STREAMS`].
pub const MEDIA_OFFERS: usize = 4 * 1024;

/// Conversations over UDP, per shard, of which it is not known yet whether their packets are a stream's (1 KiB each, with the first packets).
pub const RTP_CANDIDATES: usize = 128;

/// Connections whose windows are looked at, and hosts whose fastest transfer is known (350 bytes each).
pub const WINDOWED: usize = 4 * 1024;

/// Hosts of a shard that are told of every ten seconds: what matters is most of the traffic.
pub const TALKERS_TOLD: usize = 64;

/// Hosts that proxies are asked for (150 bytes each).
pub const PROXIED: usize = 4 * 1024;

/// Hosts whose usual load is known (700 bytes each).
pub const LOADED_HOSTS: usize = 4 * 1024;

/// Clients whose attempts by QUIC are held beside those by TLS (2 KiB each), and conversations by QUIC without an answer so far (100 bytes each).
pub const QUIC_CLIENTS: usize = 2 * 1024;

/// Connections with keep-alives at the same time, by their way, per shard (96 bytes each). A host that keeps hundreds alive is found by a part of
/// them.
pub const KEPT_ALIVE: usize = 512;

/// Connections at the same time whose requests and answers nobody reads, so that they are told by whose turn it is, per shard (400 bytes each).
pub const UNREAD_TURNS: usize = 512;

/// Stations that frames to services go to, behind which everything may stop at once (1.6 KiB each); services and clients of such a time that are
/// told apart.
pub const ROUTED_STATIONS: usize = 1024;

/// See [`ROUTED_STATIONS`].
pub const PATH_SERVICES: usize = 16;

/// See [`ROUTED_STATIONS`].
pub const PATH_CLIENTS: usize = 16;

/// What routers say cannot be reached, by who says it, of whom and why (1.5 KiB each).
pub const UNREACHABLES: usize = 1024;

/// Stations whose attempts by IPv6 and IPv4 are held beside each other (700 bytes each), services that are tried by IPv6 (1.5 KiB each), and
/// connections that are kept alive (200 bytes each).
pub const BESIDE: usize = 4 * 1024;

/// Segments that do not get through at the same time, per shard (96 bytes each); looked through one by one, and only while there is one.
pub const STUCK: usize = 64;

/// Services of which is known what happened to their clients (at most 48 KiB each, 192 MiB in all, when times
/// spread over all of their histograms and everything goes wrong; usually 2 KiB). Those beyond are counted together.
pub const SERVICES: usize = 4 * 1024;

/// Times of 10 s in which something happened to a service, of all services together (at most 10 KiB each, where everything goes wrong for each of
/// the clients it tells apart, 150 MiB; usually 1 KiB): the oldest go first.
pub const SERVICE_BINS: usize = 15 * 1024;

/// Clients told apart of one service in one of them; further ones are counted together.
pub const SERVICE_CLIENTS: usize = 32;

/// Clients of a service beside those that are told apart by number (4 bytes each, 4 MiB of all services): counts say "at least" beyond.
pub const FURTHER_CLIENTS: usize = 224;

/// Pairs of a source and a target, and of a source and a port, of which failed attempts are known (at most 20 KiB both, 40 MiB in all where
/// all of them are scans of more than 256 ports or hosts; usually 200 bytes).
pub const SCAN_PAIRS: usize = 2 * 1024;

/// Different hosts of such a pair that are told apart; ports all are.
pub const SCAN_TARGETS: usize = 512;

/// Different sightings of addresses and clocks gathered in a second, per shard (at most 256 bytes each, 16 MiB in all): further ones are
/// counted only.
pub const SIGHTINGS: usize = 1024;

/// Addresses, stations, clients and servers of each kind of which is known what was seen (at most 1.5 KiB each, 60 MiB in all, usually a tenth); those silent
/// longest go first.
pub const SIGHTED: usize = 4 * 1024;

/// Who asks for one address, told apart (32 bytes each).
pub const SIGHT_ASKERS: usize = 16;

/// How long a connection must have been silent for its RST to be that of an idle one: the shortest idle time-out in common use.
pub const IDLE_CUT: i64 = 30 * SECOND;
