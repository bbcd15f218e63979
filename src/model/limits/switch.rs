//! What the switch says and does.

use super::tape::SHARDS;

/// Routers of IS-IS and EIGRP, ends of BFD's sessions and clocks of PTP that are followed (about 400 bytes each). Those beyond are counted.
pub const SPEAKERS: usize = 512;

/// Of them time servers that answer, which may be many hosts of the Internet.
pub const TIME_SERVERS: usize = 64;

/// Ends of BFD's sessions that a shard watches (300 bytes each). Those silent longest make room.
pub const SESSIONS_WATCHED: usize = 256;

/// Pairs of VLAN tags, one in the other, that are counted apart (40 bytes each).
pub const VLAN_PAIRS: usize = 4 * 1024;

/// Stations whose frames are told apart by VLAN, so that what a router brings into one and takes out of it can be told (about 100 bytes each).
pub const VLAN_STATIONS: usize = 16 * 1024;

/// Routers that are known at once.
pub const KNOWN_ROUTERS: usize = 1024;

/// Groups whose members are followed (100 bytes each): a network with IPv6 has one for each address.
pub const MEMBERSHIPS: usize = 1024;

/// Members of a group that are told apart (about 16 bytes each); of more it is said that there are more.
pub const GROUP_MEMBERS: usize = 64;

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

/// Bursts of the monitored link that are listed (300 bytes each): of more the latest half of so many, and of those before it the highest.
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

/// What organisations' values of one neighbour's announcement say, beyond what has a field of its own.
pub const NEIGHBOUR_FACTS: usize = 32;
