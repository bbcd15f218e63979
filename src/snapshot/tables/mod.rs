//! The tables: a file each, and a line each in [`TABLES`].

pub mod conversations;
pub mod endpoints;
pub mod protocols;
#[cfg(test)]
pub mod toy;
pub mod tunnels;
pub mod vlans;

use super::table::AnyTable;

/// Every table, in the order in which outputs that show them all show them.
pub static TABLES: &[&dyn AnyTable] = &[
    &protocols::PROTOCOLS,
    &conversations::CONVERSATIONS,
    &endpoints::ENDPOINTS,
    &vlans::VLANS,
    &tunnels::TUNNELS,
    #[cfg(test)]
    &toy::TOYS,
];

/// The table of a token.
pub fn find(token: &str) -> Option<&'static dyn AnyTable> {
    TABLES.iter().copied().find(|t| t.token() == token)
}
