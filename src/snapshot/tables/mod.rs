//! The tables: a file each, and a line each in [`TABLES`].

pub mod applications;
pub mod authentication;
pub mod bursts;
pub mod casts;
pub mod chatter;
pub mod classes;
pub mod closed_flows;
pub mod conversations;
pub mod endpoints;
pub mod findings;
pub mod hierarchy;
pub mod load;
pub mod losses;
pub mod members;
pub mod names;
pub mod ports;
pub mod protocols;
pub mod rtp_streams;
pub mod services;
pub mod sessions;
pub mod sizes;
pub mod speakers;
pub mod stations;
pub mod switch;
#[cfg(test)]
pub mod toy;
pub mod transit;
pub mod trust;
pub mod tunnels;
pub mod vlans;

use super::table::AnyTable;

/// Every table, in the order in which outputs that show them all show them.
pub static TABLES: &[&dyn AnyTable] = &[
    &protocols::PROTOCOLS,
    &conversations::CONVERSATIONS,
    &endpoints::ENDPOINTS,
    &vlans::VLANS,
    &vlans::VLAN_PAIRS,
    &services::SERVICES,
    &applications::APPLICATIONS,
    &rtp_streams::RTP_STREAMS,
    &names::NAMES,
    &tunnels::TUNNELS,
    &losses::LOSSES,
    &load::LOAD,
    &bursts::BURSTS,
    &sizes::SIZES,
    &casts::CASTS,
    &classes::CLASSES,
    &chatter::CHATTER,
    &sessions::SESSIONS,
    &stations::STATIONS,
    &stations::GROUPS,
    &ports::PORTS,
    &switch::NEIGHBOURS,
    &switch::TREES,
    &switch::AGGREGATES,
    &switch::GATEWAYS,
    &switch::OSPF,
    &speakers::SPEAKERS,
    &authentication::AUTHENTICATION,
    &switch::QUERIERS,
    &members::MEMBERS,
    &transit::TRANSIT,
    &switch::EVENTS,
    &trust::TRUST,
    &findings::FINDINGS,
    #[cfg(test)]
    &toy::TOYS,
];

/// The table of a token.
pub fn find(token: &str) -> Option<&'static dyn AnyTable> {
    TABLES.iter().copied().find(|t| t.token() == token)
}
