//! Below IP: Ethernet, VLAN tags, LLC and SNAP, MPLS, PPPoE, ARP.

use super::layer::{Kind, Name};
use super::{End, Packet};
use std::net::{IpAddr, Ipv4Addr};

impl Packet {
    /// An Ethernet frame from `source` to `destination`.
    pub fn eth(source: [u8; 6], destination: [u8; 6]) -> Self {
        Self::bare().then_eth(source, destination)
    }

    /// An Ethernet frame with IP between two ends, whose ports are yet to be told.
    pub fn between(from: End, to: End) -> Self {
        Self::eth(from.mac, to.mac).ip(from.ip, to.ip)
    }

    /// An Ethernet frame inside of what there is.
    pub fn then_eth(self, source: [u8; 6], destination: [u8; 6]) -> Self {
        let header = [&destination[..], &source, &[0, 0]].concat();
        self.push(Kind::Ethernet, Name::ETHERNET, &header)
    }

    /// An IEEE 802.1Q tag of VLAN `id`, priority 0.
    pub fn vlan(self, id: u16) -> Self {
        self.tag(0x8100, id)
    }

    /// Tags from the outside in.
    pub fn vlans(self, ids: &[u16]) -> Self {
        ids.iter().fold(self, |packet, id| packet.vlan(*id))
    }

    /// An IEEE 802.1ad service tag of VLAN `id`.
    pub fn service_vlan(self, id: u16) -> Self {
        self.tag(0x88a8, id)
    }

    /// A tag with any protocol identifier and any control information.
    pub fn tag(self, protocol: u16, control: u16) -> Self {
        let [high, low] = control.to_be_bytes();
        self.push(Kind::Vlan, Name::ether(protocol), &[high, low, 0, 0])
    }

    /// An LLC header; Ethernet's type becomes a length.
    pub fn llc(self, destination: u8, source: u8, control: u8) -> Self {
        self.push(Kind::Llc, Name::default(), &[destination, source, control])
    }

    /// LLC with SNAP; its protocol is the next layer's or [`Self::ether_type`].
    pub fn snap(self, organisation: [u8; 3]) -> Self {
        let [a, b, c] = organisation;
        self.push(Kind::Snap, Name::default(), &[0xaa, 0xaa, 3, a, b, c, 0, 0])
    }

    /// An MPLS label with TTL 64; the innermost is marked as the bottom of the stack.
    pub fn mpls(self, label: u32) -> Self {
        self.push(Kind::Mpls, Name { ether_type: 0x8847, protocol: Some(137), ppp: 0x0281 }, &(label << 12 | 64).to_be_bytes())
    }

    /// PPPoE of session `session`, with PPP.
    pub fn pppoe(self, session: u16) -> Self {
        let [high, low] = session.to_be_bytes();
        self.push(Kind::Pppoe, Name::ether(0x8864), &[0x11, 0, high, low, 0, 0]).ppp()
    }

    /// PPP's protocol field alone.
    pub fn ppp(self) -> Self {
        self.push(Kind::Ppp, Name::ether(0x880b), &[0, 0])
    }

    /// An ARP request (`operation` 1) or reply (2) over IPv4, with everything as its sender fills it in. A request goes to all.
    pub fn arp(operation: u16, from: End, to_mac: [u8; 6], to_ip: Ipv4Addr) -> Self {
        let IpAddr::V4(from_ip) = from.ip else { panic!("ARP is of IPv4") };
        let (target, destination) = if operation == 1 { ([0; 6], [0xff; 6]) } else { (to_mac, to_mac) };
        let fixed = [0, 1, 8, 0, 6, 4];
        let body = [&fixed[..], &operation.to_be_bytes(), &from.mac, &from_ip.octets(), &target, &to_ip.octets()].concat();
        Self::eth(from.mac, destination).push(Kind::Raw, Name::ether(0x0806), &body)
    }
}
