//! What findings about addresses, routers and clocks rest on.

use crate::model::{Address, DhcpConfig, Episode, Mac, Timestamp};
use std::net::{Ipv4Addr, Ipv6Addr};

/// A station, with who made it as far as its address tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StationEvidence {
    /// Its address.
    pub mac: Mac,
    /// Who made it.
    pub maker: Option<&'static str>,
    /// How often it claimed the address.
    pub count: u64,
    /// When last.
    pub last: Timestamp,
}

/// An address that two stations claim in turn.
#[derive(Debug, Clone, PartialEq)]
pub struct ConflictEvidence {
    /// Where.
    pub vlan: Option<u16>,
    /// Which.
    pub address: Address,
    /// Who, in the order of their addresses.
    pub stations: Vec<StationEvidence>,
    /// It is a router or serves others.
    pub is_needed: bool,
    /// Each takes it over by an announcement, and the other says nothing of it until its own: they hand it over to each other.
    pub is_handed_over: bool,
    /// When.
    pub span: Episode,
}

/// A station that looks whether an address is free, and is told that it is not.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ProbedEvidence {
    /// Where.
    pub vlan: Option<u16>,
    /// Which.
    pub address: Address,
    /// Who wants it, and how often it was told so.
    pub prober: StationEvidence,
    /// Who has it.
    pub owner: StationEvidence,
    /// It looks again and again, seldom: it watches who is there, and wants nothing.
    pub is_watched: bool,
    /// When.
    pub span: Episode,
}

/// How a station shows that an address that it claims is not its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pretence {
    /// Those who have it go on to claim it.
    Used,
    /// It tells those who have such addresses so, each about the others, again and again without being asked.
    TowardsEachOther,
    /// Those who have it go on to claim it, and it does so only when it is asked.
    Answers,
    /// It tells so many hosts so, [`super::PRETENCE_TOLD`] of them or more, again and again without being asked, and another one claims it as well.
    Tells(u64),
    /// It looks for it itself.
    LooksForIt,
}

/// A station that claims addresses of several others, who go on to use them: what they send each other passes through it.
#[derive(Debug, Clone, PartialEq)]
pub struct BetweenEvidence {
    /// Where.
    pub vlan: Option<u16>,
    /// Who.
    pub station: StationEvidence,
    /// What it claims of others, in their order.
    pub addresses: Vec<Address>,
    /// How it shows that they are not its own.
    pub how: Pretence,
    /// One of them is a router or serves others.
    pub is_needed: bool,
    /// It and their owners hand them over to each other: each begins with an announcement, and the other is silent until its own.
    pub is_handed_over: bool,
    /// When.
    pub span: Episode,
}

/// An address that is asked for in vain.
#[derive(Debug, Clone, PartialEq)]
pub struct UnansweredEvidence {
    /// Where.
    pub vlan: Option<u16>,
    /// Which.
    pub address: Address,
    /// Requests in the last minute.
    pub requests: u64,
    /// Who asks, whose other requests are seen to be answered.
    pub askers: u64,
    /// When it last answered, and by which hardware address.
    pub last_answer: Option<(Timestamp, Mac)>,
    /// When it was last heard beside ARP.
    pub last_heard: Option<Timestamp>,
    /// Other requests of those who ask, and how many of them were answered.
    pub others: [u64; 2],
    /// Of those who ask the ones that look for nothing else in vain, and so often as nobody does who is answered.
    pub insisting: u64,
    /// Of these the ones that are not heard to do anything else.
    pub cut_off: u64,
    /// One who asks, for which the address itself asks in vain in another VLAN, and that VLAN.
    pub elsewhere: Option<(Address, Option<u16>)>,
    /// It is a router.
    pub is_router: bool,
    /// When.
    pub span: Episode,
}

/// Very many ARP packets, or neighbour solicitations.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ArpStormEvidence {
    /// Where.
    pub vlan: Option<u16>,
    /// Neighbour solicitations of IPv6, not ARP.
    pub is_v6: bool,
    /// The one who sends them; `None`: many together.
    pub source: Option<StationEvidence>,
    /// Packets a second.
    pub rate: f64,
    /// Who sends any.
    pub senders: u64,
    /// What half of the others send at most, a second.
    pub median: f64,
    /// When.
    pub span: Episode,
}

/// Clients that ask for an address, in one VLAN.
#[derive(Debug, Clone, PartialEq)]
pub struct DhcpEvidence {
    /// Where.
    pub vlan: Option<u16>,
    /// Clients that asked several times and got nothing.
    pub waiting: u64,
    /// Of them never served before, since others were.
    pub waiting_new: u64,
    /// Clients that asked in the last ten minutes.
    pub clients: u64,
    /// Servers that were ever seen to offer or give anything.
    pub servers: Vec<Ipv4Addr>,
    /// When one last did.
    pub last_answer: Option<Timestamp>,
    /// Addresses that were given since those who wait began to, and clients that were refused in the last minute.
    pub given: u64,
    /// Of them to clients that asked for any address: the pool is not empty for everybody.
    pub given_anew: u64,
    /// Refusals: but by a second server, and of an address that another server gave.
    pub refused: u64,
    /// Clients they went to.
    pub refused_clients: u64,
    /// Servers that sent them, as far as they say who they are.
    pub refusing: Vec<Ipv4Addr>,
    /// When those who wait began to, and when they last asked.
    pub span: Episode,
}

/// Somebody who asks for very many addresses, or for one again and again.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DhcpFloodEvidence {
    /// Where.
    pub vlan: Option<u16>,
    /// The station.
    pub source: StationEvidence,
    /// Different clients it claims to be.
    pub clients: u64,
    /// Requests in the last minute.
    pub requests: u64,
    /// When.
    pub span: Episode,
}

/// Two DHCP servers that serve the same clients.
#[derive(Debug, Clone, PartialEq)]
pub struct SecondServerEvidence {
    /// Where.
    pub vlan: Option<u16>,
    /// The one that is the second: of which less is known, or which was seen later.
    pub server: Ipv4Addr,
    /// Its station.
    pub source: StationEvidence,
    /// The other one.
    pub before: Ipv4Addr,
    /// The other one's station.
    pub station_before: Mac,
    /// Whether others use each of them beside DHCP: other services of theirs, or as their router; the second, the other one.
    pub is_used: [bool; 2],
    /// What both tell their clients.
    pub told: [DhcpConfig; 2],
    /// Nothing that they tell is the same.
    pub differs: bool,
    /// How long the first was alone, seconds.
    pub alone: f64,
    /// Clients it answered.
    pub clients: u64,
    /// Offers of others to clients that it offers nothing, since it last answered anybody.
    pub passed_over: u64,
    /// When.
    pub span: Episode,
}

/// Two routers that announce themselves by IPv6.
#[derive(Debug, Clone, PartialEq)]
pub struct SecondRouterEvidence {
    /// Where.
    pub vlan: Option<u16>,
    /// The one that was seen later.
    pub router: Ipv6Addr,
    /// Its station.
    pub source: StationEvidence,
    /// The one that was seen first.
    pub before: Ipv6Addr,
    /// The prefixes of both.
    pub prefixes: [Option<(Ipv6Addr, u8)>; 2],
    /// What they announce is not the same.
    pub differs: bool,
    /// How long the first was alone, seconds.
    pub alone: f64,
    /// Hosts there that speak IPv6, as far as they were seen to claim addresses: all of them listen.
    pub hosts: u64,
    /// When.
    pub span: Episode,
}

/// Datagrams in fragments.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FragmentEvidence {
    /// Who receives them.
    pub receiver: Address,
    /// Who sends them, told apart up to a cap.
    pub senders: u64,
    /// Those of the last minute: whole, and not.
    pub minute: [u64; 2],
    /// Those of the last ten minutes.
    pub lately: [u64; 2],
    /// Fragments of queries and answers of name servers in the last minute.
    pub names: u64,
    /// Fragments of TCP segments in the last minute.
    pub tcp: u64,
    /// When.
    pub span: Episode,
}

/// What is wrong with a time server's answers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ClockFault {
    /// It says by stratum 0 that it does not serve (RFC 5905 section 7.4), with this code.
    Refuses([u8; 4]),
    /// It says by its stratum or leap indicator that it is not synchronised.
    Unsynchronised,
    /// Its distance from the reference clock, seconds.
    Far(f64),
    /// Its clock differs from those of most others, seconds.
    Differs(f64),
    /// Where too few servers are known: its clock differs from the capture's, seconds, and from those of so many clients that agree with that.
    Apart(f64, u64),
}

/// A time server whose answers are wrong.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClockEvidenceOfServer {
    /// Which.
    pub server: Address,
    /// What is wrong.
    pub fault: ClockFault,
    /// Wrong answers in a row.
    pub answers: u64,
    /// Clients they went to.
    pub clients: u64,
    /// Other servers it was compared with.
    pub servers: u64,
    /// When.
    pub span: Episode,
}

/// A router that tells hosts to go another way.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RedirectEvidence {
    /// Where.
    pub vlan: Option<u16>,
    /// Who tells.
    pub router: Address,
    /// Its station.
    pub source: StationEvidence,
    /// It is one of the routers that hosts are told of; `None` where no routers are known.
    pub is_router: Option<bool>,
    /// The new way leads by somebody nobody has heard of, where others are heard.
    pub gateway_is_unknown: bool,
    /// How often, and in the last minute.
    pub count: u64,
    /// See `count`.
    pub minute: u64,
    /// Hosts that were told, told apart up to a cap.
    pub hosts: u64,
    /// Where one of them wanted to.
    pub target: Address,
    /// By whom it is to go.
    pub gateway: Address,
    /// When.
    pub span: Episode,
}

/// A host that looks by ARP for whoever there is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SweepEvidence {
    /// Where.
    pub vlan: Option<u16>,
    /// Who.
    pub source: Address,
    /// Its station.
    pub station: StationEvidence,
    /// Addresses asked for in the last minute, told apart up to a cap.
    pub targets: u64,
    /// Of them answering.
    pub answered: u64,
    /// Each is shortly behind the one before.
    pub in_order: bool,
    /// When.
    pub span: Episode,
}

impl SightingEvidence {
    /// Every station named.
    pub fn stations(&mut self) -> impl Iterator<Item = &mut StationEvidence> {
        let claimed = self.conflicts.iter_mut().flat_map(|c| &mut c.stations);
        let claimed = claimed.chain(self.between.iter_mut().map(|b| &mut b.station));
        let claimed = claimed.chain(self.redirects.iter_mut().map(|r| &mut r.source)).chain(self.sweeps.iter_mut().map(|s| &mut s.station));
        let claimed = claimed.chain(self.probed.iter_mut().flat_map(|p| [&mut p.prober, &mut p.owner]));
        let floods = self.storms.iter_mut().filter_map(|s| s.source.as_mut()).chain(self.dhcp_floods.iter_mut().map(|f| &mut f.source));
        let second = self.second_servers.iter_mut().map(|s| &mut s.source).chain(self.second_routers.iter_mut().map(|r| &mut r.source));
        claimed.chain(floods).chain(second)
    }
}

/// What was seen of addresses, routers and clocks.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SightingEvidence {
    /// Who announces himself as IPv6 router, in the order of stations.
    pub routers: Vec<(Mac, Address)>,
    /// Addresses that two claim.
    pub conflicts: Vec<ConflictEvidence>,
    /// Addresses that one has and another one wants.
    pub probed: Vec<ProbedEvidence>,
    /// Stations between others.
    pub between: Vec<BetweenEvidence>,
    /// Addresses that are asked for in vain.
    pub unanswered: Vec<UnansweredEvidence>,
    /// Floods of ARP and of neighbour solicitations.
    pub storms: Vec<ArpStormEvidence>,
    /// Clients that wait for an address.
    pub dhcp: Vec<DhcpEvidence>,
    /// Floods of DHCP.
    pub dhcp_floods: Vec<DhcpFloodEvidence>,
    /// DHCP servers beside another.
    pub second_servers: Vec<SecondServerEvidence>,
    /// IPv6 routers beside another.
    pub second_routers: Vec<SecondRouterEvidence>,
    /// Datagrams in fragments.
    pub fragments: Vec<FragmentEvidence>,
    /// Time servers that are wrong.
    pub clocks: Vec<ClockEvidenceOfServer>,
    /// Routers that send hosts elsewhere.
    pub redirects: Vec<RedirectEvidence>,
    /// Hosts that look for whoever there is.
    pub sweeps: Vec<SweepEvidence>,
}
