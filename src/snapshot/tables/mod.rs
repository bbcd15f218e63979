//! The tables: a file each, and a line each in [`super::table::TABLES`].

pub mod conversations;
pub mod endpoints;
pub mod protocols;
#[cfg(test)]
pub mod toy;
pub mod tunnels;
pub mod vlans;
