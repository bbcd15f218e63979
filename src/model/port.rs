//! Interfaces that packets could be captured from: what the picker and `spantop interfaces` list.

use super::{Mac, Traffic};
use std::net::IpAddr;

/// One interface, as it is at the moment of asking.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Port {
    /// Name to give to `-i`.
    pub name: String,
    /// Description, where the system has one.
    pub description: Option<String>,
    /// Administratively up.
    pub up: bool,
    /// Has a carrier.
    pub running: bool,
    /// The loopback interface.
    pub loopback: bool,
    /// Its MAC address.
    pub mac: Option<Mac>,
    /// Its addresses (a port without any is what a mirror wants).
    pub addresses: Vec<IpAddr>,
    /// Speed in bits per second.
    pub speed: Option<u64>,
    /// Maximum transmission unit in bytes.
    pub mtu: Option<u32>,
    /// `physical`, `bridge`, `bond`, `vlan`, `veth`, `tun`, `wireless`, `loopback`, `any` …
    pub kind: &'static str,
    /// Packets and bytes received since the interface exists (the picker shows the difference per second).
    pub received: Option<Traffic>,
    /// Packets and bytes sent since the interface exists.
    pub sent: Option<Traffic>,
    /// What it would be good for, in a few words: `looks like a mirror port`, `has addresses: a host port`, `down`.
    pub advice: String,
}
