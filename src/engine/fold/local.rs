//! Which addresses are ours: direction without owning an address.

use crate::model::FlowKey;
use crate::stats::totals::TrafficDirection;
use ipnet::IpNet;
use std::net::IpAddr;

/// The local networks, as the user told (`--local-net`), else the private and link-local ranges.
#[derive(Debug, Clone, Default)]
pub struct LocalNets {
    nets: Vec<IpNet>,
}

impl LocalNets {
    /// From the networks the user named; empty means the private ranges.
    pub fn new(nets: Vec<IpNet>) -> Self {
        Self { nets }
    }

    /// Whether an address is inside. Multicast and broadcast are inside: they do not leave the site unasked.
    pub fn contains(&self, address: IpAddr) -> bool {
        match address {
            IpAddr::V4(a) if a.is_multicast() || a.is_broadcast() || a.is_unspecified() => return true,
            IpAddr::V6(a) if a.is_multicast() || a.is_unspecified() => return true,
            _ => {}
        }
        if !self.nets.is_empty() {
            return self.nets.iter().any(|net| net.contains(&address));
        }
        match address {
            IpAddr::V4(a) => a.is_private() || a.is_link_local() || a.is_loopback() || (a.octets()[0] == 100 && a.octets()[1] & 0xc0 == 64),
            IpAddr::V6(a) => a.is_loopback() || a.is_unique_local() || a.is_unicast_link_local(),
        }
    }

    /// The heading of each direction of a conversation (a to b, b to a), where each is heading.
    pub fn headings(&self, key: &FlowKey) -> [TrafficDirection; 2] {
        let [a, b] = key.ips().map(|ip| self.contains(ip));
        let heading = |from, to| match (from, to) {
            (true, true) => TrafficDirection::Inside,
            (true, false) => TrafficDirection::Outbound,
            (false, true) => TrafficDirection::Inbound,
            (false, false) => TrafficDirection::Through,
        };
        [heading(a, b), heading(b, a)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_by_default_and_as_told() {
        let by_default = LocalNets::default();
        let told = LocalNets::new(vec!["192.0.2.0/24".parse().unwrap()]);
        for (text, d, t) in [
            ("10.1.1.1", true, false),
            ("192.0.2.9", false, true),
            ("8.8.8.8", false, false),
            ("224.0.0.5", true, true),
            ("fd00::1", true, false),
            ("2001:db8::1", false, false),
        ] {
            let a: IpAddr = text.parse().unwrap();
            assert_eq!((by_default.contains(a), told.contains(a)), (d, t), "{text}");
        }
    }
}
