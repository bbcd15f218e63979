//! What group addresses of the link layer mean, and which stations' addresses are given by something other than a maker.

use super::Mac;

/// Groups with a meaning of their own: IEEE 802.1Q table 8-1, IANA's IPv4 and IPv6 multicast addresses, and makers' own.
const GROUPS: &[([u8; 6], &str)] = &[
    ([0xff; 6], "everybody"),
    ([0x01, 0x80, 0xc2, 0, 0, 0x00], "spanning tree"),
    ([0x01, 0x80, 0xc2, 0, 0, 0x01], "PAUSE and flow control"),
    ([0x01, 0x80, 0xc2, 0, 0, 0x02], "LACP and link maintenance"),
    ([0x01, 0x80, 0xc2, 0, 0, 0x03], "port authentication"),
    ([0x01, 0x80, 0xc2, 0, 0, 0x08], "spanning tree of providers"),
    ([0x01, 0x80, 0xc2, 0, 0, 0x0e], "LLDP, PTP between neighbours"),
    ([0x01, 0x80, 0xc2, 0, 0, 0x14], "IS-IS level 1"),
    ([0x01, 0x80, 0xc2, 0, 0, 0x15], "IS-IS level 2"),
    ([0x01, 0x80, 0xc2, 0, 0, 0x21], "VLAN registration"),
    ([0x01, 0x00, 0x0c, 0xcc, 0xcc, 0xcc], "CDP, VTP, DTP, UDLD"),
    ([0x01, 0x00, 0x0c, 0xcc, 0xcc, 0xcd], "spanning tree per VLAN"),
    ([0x01, 0xe0, 0x52, 0xcc, 0xcc, 0xcc], "FDP"),
    ([0x01, 0x1b, 0x19, 0, 0, 0], "PTP"),
    ([0x01, 0x00, 0x5e, 0, 0, 0x01], "all IPv4 hosts"),
    ([0x01, 0x00, 0x5e, 0, 0, 0x02], "all IPv4 routers, HSRP"),
    ([0x01, 0x00, 0x5e, 0, 0, 0x05], "all OSPF routers"),
    ([0x01, 0x00, 0x5e, 0, 0, 0x06], "designated OSPF routers"),
    ([0x01, 0x00, 0x5e, 0, 0, 0x09], "RIP"),
    ([0x01, 0x00, 0x5e, 0, 0, 0x0a], "EIGRP"),
    ([0x01, 0x00, 0x5e, 0, 0, 0x0d], "PIM"),
    ([0x01, 0x00, 0x5e, 0, 0, 0x12], "VRRP, CARP"),
    ([0x01, 0x00, 0x5e, 0, 0, 0x16], "IGMPv3 reports"),
    ([0x01, 0x00, 0x5e, 0, 0, 0x66], "HSRPv2, GLBP"),
    ([0x01, 0x00, 0x5e, 0, 0, 0x6b], "PTP between neighbours"),
    ([0x01, 0x00, 0x5e, 0, 0, 0xfb], "mDNS"),
    ([0x01, 0x00, 0x5e, 0, 0, 0xfc], "LLMNR"),
    ([0x01, 0x00, 0x5e, 0x00, 0x01, 0x81], "PTP"),
    ([0x01, 0x00, 0x5e, 0x7f, 0xff, 0xfa], "SSDP, WSD"),
    ([0x33, 0x33, 0, 0, 0, 0x01], "all IPv6 nodes"),
    ([0x33, 0x33, 0, 0, 0, 0x02], "all IPv6 routers"),
    ([0x33, 0x33, 0, 0, 0, 0x05], "all OSPFv3 routers"),
    ([0x33, 0x33, 0, 0, 0, 0x06], "designated OSPFv3 routers"),
    ([0x33, 0x33, 0, 0, 0, 0x0c], "SSDP, WSD"),
    ([0x33, 0x33, 0, 0, 0, 0x12], "VRRP"),
    ([0x33, 0x33, 0, 0, 0, 0x16], "MLDv2 reports"),
    ([0x33, 0x33, 0, 0, 0, 0xfb], "mDNS"),
    ([0x33, 0x33, 0, 0x01, 0, 0x02], "DHCPv6 servers and relays"),
    ([0x33, 0x33, 0, 0x01, 0, 0x03], "LLMNR"),
];

/// What a group address means; `None` for a station's.
pub fn group_meaning(mac: Mac) -> Option<&'static str> {
    if !mac.is_group() {
        return None;
    }
    let known = GROUPS.iter().find(|(group, _)| *group == mac.0).map(|(_, meaning)| *meaning);
    Some(known.unwrap_or(match mac.0 {
        [0x33, 0x33, 0xff, ..] => "IPv6 neighbour discovery",
        [0x33, 0x33, ..] => "an IPv6 group",
        [0x01, 0x00, 0x5e, 0, 0, _] => "an IPv4 group of the link",
        [0x01, 0x00, 0x5e, ..] => "an IPv4 group",
        [0x01, 0x80, 0xc2, ..] => "bridges and their ports",
        [0x01, 0x00, 0x0c, ..] => "a Cisco protocol",
        _ => "a group",
    }))
}

impl Mac {
    /// Whether somebody other than a maker gave it (the U/L bit, IEEE 802 clause 8.2.2): made up for privacy, by a virtual machine, by an
    /// administrator.
    pub fn is_local(self) -> bool {
        self.0[0] & 2 != 0
    }

    /// Whether it belongs to several routers that share a gateway's address (RFC 9568 section 7.3, HSRP, GLBP).
    pub fn is_shared_gateway(self) -> bool {
        matches!(
            self.0,
            [0x00, 0x00, 0x5e, 0x00, 0x01 | 0x02, _]
                | [0x00, 0x00, 0x0c, 0x07, 0xac, _]
                | [0x00, 0x00, 0x0c, 0x9f, 0xf0..=0xff, _]
                | [0x00, 0x05, 0x73, 0xa0, 0x00..=0x0f, _]
                | [0x00, 0x07, 0xb4, ..]
        )
    }

    /// Whether a virtual machine or container has it, by the prefix its maker uses for those.
    pub fn is_virtual_machine(self) -> bool {
        matches!(
            self.0,
            [0x00, 0x50, 0x56, ..]
                | [0x00, 0x0c, 0x29, ..]
                | [0x00, 0x05, 0x69, ..]
                | [0x00, 0x15, 0x5d, ..]
                | [0x00, 0x16, 0x3e, ..]
                | [0x08, 0x00, 0x27, ..]
                | [0x52, 0x54, 0x00, ..]
                | [0x00, 0x1c, 0x42, ..]
                | [0x02, 0x42, ..]
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_have_a_meaning_and_stations_none() {
        assert_eq!(group_meaning(Mac::BROADCAST), Some("everybody"));
        assert_eq!(group_meaning(Mac([0x01, 0x80, 0xc2, 0, 0, 0x0e])), Some("LLDP, PTP between neighbours"));
        assert_eq!(group_meaning(Mac([0x01, 0x00, 0x5e, 1, 2, 3])), Some("an IPv4 group"));
        assert_eq!(group_meaning(Mac([0x33, 0x33, 0xff, 1, 2, 3])), Some("IPv6 neighbour discovery"));
        assert_eq!(group_meaning(Mac([0x00, 0x1b, 0x54, 1, 2, 3])), None);
        assert!(GROUPS.iter().all(|(group, _)| Mac(*group).is_group()));
    }

    #[test]
    fn addresses_that_no_maker_gave() {
        assert!(Mac([0x02, 0, 0, 0, 0, 1]).is_local() && !Mac([0, 0x1b, 0x54, 0, 0, 1]).is_local());
        assert!(Mac([0, 0, 0x5e, 0, 1, 7]).is_shared_gateway() && !Mac([0, 0, 0x5e, 0, 0x52, 7]).is_shared_gateway());
        assert!(Mac([0x52, 0x54, 0, 1, 2, 3]).is_virtual_machine());
    }
}
