//! Frames of control protocols, made from their standards.

use super::Packet;
use super::message::{lldp_element, rstp};
use std::net::{Ipv4Addr, Ipv6Addr};

/// Groups of the link.
const BRIDGES: [u8; 6] = [0x01, 0x80, 0xc2, 0, 0, 0];
const SLOW: [u8; 6] = [0x01, 0x80, 0xc2, 0, 0, 2];
const PORT_ACCESS: [u8; 6] = [0x01, 0x80, 0xc2, 0, 0, 3];
const NEAREST: [u8; 6] = [0x01, 0x80, 0xc2, 0, 0, 0x0e];
const CISCO_GROUP: [u8; 6] = [0x01, 0, 0x0c, 0xcc, 0xcc, 0xcc];
const CISCO: [u8; 3] = [0, 0, 0x0c];

/// The address of the group of an IPv4 multicast address.
pub fn group_mac(group: Ipv4Addr) -> [u8; 6] {
    let [_, b, c, d] = group.octets();
    [0x01, 0, 0x5e, b & 0x7f, c, d]
}

/// An organisation's LLDP element.
fn organisation(id: [u8; 3], subtype: u8, value: &[u8]) -> Vec<u8> {
    lldp_element(127, &[&id[..], &[subtype], value].concat())
}

/// An LLDPDU with everything: the mandatory elements, all basic ones, those of IEEE 802.1, IEEE 802.3 and of media endpoints.
pub fn full_lldp(source: [u8; 6]) -> Vec<u8> {
    let (bridges, links, media) = ([0, 0x80, 0xc2], [0, 0x12, 0x0f], [0, 0x12, 0xbb]);
    let elements = [
        lldp_element(1, &[&[4][..], &source].concat()),
        lldp_element(2, b"\x05Gi1/0/24"),
        lldp_element(3, &[0, 120]),
        lldp_element(4, b"to the printer"),
        lldp_element(5, b"sw-core-1"),
        lldp_element(6, b"Example OS 1.2"),
        lldp_element(7, &[0, 0x14, 0, 0x04]),
        lldp_element(8, &[5, 1, 10, 0, 0, 2, 2, 0, 0, 0, 7, 0]),
        organisation(bridges, 1, &[0, 10]),
        organisation(bridges, 3, b"\x00\x0a\x05voice"),
        organisation(bridges, 3, b"\x00\x14\x04data"),
        organisation(bridges, 6, &[0, 99]),
        organisation(bridges, 7, &[3, 0, 0, 0, 5]),
        organisation(links, 1, &[3, 0x6c, 0x11, 0, 30]),
        organisation(links, 2, &[7, 1, 4, 0x42, 0, 154, 0, 130]),
        organisation(links, 4, &[0x24, 0x00]),
        organisation(media, 1, &[0, 0x3f, 4]),
        organisation(media, 2, &[1, 0x40, 0x15, 0x6e]),
        organisation(media, 5, b"hw7"),
        organisation(media, 6, b"fw1.0"),
        organisation(media, 7, b"sw2.0"),
        organisation(media, 8, b"SN123"),
        organisation(media, 9, b"Example"),
        organisation(media, 10, b"Model X"),
        organisation(media, 11, b"asset 9"),
        lldp_element(0, &[]),
    ];
    Packet::eth(source, NEAREST).ether_type(0x88cc).payload(&elements.concat()).build()
}

/// An LLDPDU with what is seldom seen: aggregation by IEEE 802.3, data centre bridging, energy, preemption, places.
pub fn seldom_lldp(source: [u8; 6]) -> Vec<u8> {
    let (bridges, links, media) = ([0, 0x80, 0xc2], [0, 0x12, 0x0f], [0, 0x12, 0xbb]);
    let elements = [
        lldp_element(1, &[&[4][..], &source].concat()),
        lldp_element(2, b"\x05eth7"),
        lldp_element(3, &[0, 30]),
        lldp_element(8, &[5, 1, 10, 0, 0, 2, 2, 0, 0, 0, 7, 0]),
        organisation(bridges, 2, &[6, 0, 77]),
        organisation(bridges, 4, &[5, 0x88, 0x8e, 1, 2, 3]),
        organisation(bridges, 8, &[0x18, 0x08]),
        organisation(bridges, 9, &[&[0x84, 0x00, 0x12, 0x30, 0x00, 40, 30, 20, 10, 0, 0, 0, 0][..], &[2, 2, 2, 2, 0, 0, 0, 0]].concat()),
        organisation(bridges, 11, &[0x88, 0x18]),
        organisation(bridges, 12, &[0, 0x61, 0x89, 0x06]),
        organisation(links, 3, &[3, 0, 0, 3, 233]),
        organisation(links, 5, &[0, 17, 0, 18, 0, 19, 0, 20, 0, 21]),
        organisation(links, 7, &[0, 0x0f]),
        organisation(media, 1, &[0, 0x33, 3]),
        organisation(media, 3, b"\x02\x0f\x01DE\x03\x06Berlin\x1c\x0212"),
        organisation(media, 3, b"\x034930112"),
        organisation(media, 4, &[0x51, 0, 65]),
        organisation([0xaa, 0xbb, 0xcc], 1, b"odd"),
        lldp_element(0, &[]),
    ];
    Packet::eth(source, NEAREST).ether_type(0x88cc).payload(&elements.concat()).build()
}

/// A value whose length counts its head.
fn value(kind: u16, bytes: &[u8]) -> Vec<u8> {
    [&kind.to_be_bytes()[..], &(bytes.len() as u16 + 4).to_be_bytes(), bytes].concat()
}

/// A CDP packet of a switch with a duplex and a native VLAN.
pub fn full_cdp(source: [u8; 6], device: &str, port: &str, native: u16, full_duplex: bool) -> Vec<u8> {
    cdp_of(source, [device, "sw-a", port], native, full_duplex)
}

/// The same of a device and system of these names at a port.
pub fn cdp_of(source: [u8; 6], [device, system, port]: [&str; 3], native: u16, full_duplex: bool) -> Vec<u8> {
    let values = [
        value(1, device.as_bytes()),
        value(2, &[0, 0, 0, 1, 1, 1, 0xcc, 0, 4, 10, 0, 0, 3]),
        value(3, port.as_bytes()),
        value(4, &[0, 0, 0, 0x29]),
        value(5, b"Example OS"),
        value(6, b"Example 48"),
        value(9, b"campus"),
        value(0x0a, &native.to_be_bytes()),
        value(0x0b, &[u8::from(full_duplex)]),
        value(0x11, &1500u32.to_be_bytes()),
        value(0x14, system.as_bytes()),
    ];
    let mut body = [&[2, 180, 0, 0][..], &values.concat()].concat();
    let sum = super::checksum::checksum(&body).to_be_bytes();
    body[2..4].copy_from_slice(&sum);
    Packet::eth(source, CISCO_GROUP).snap(CISCO).ether_type(0x2000).payload(&body).build()
}

fn fdp(source: [u8; 6]) -> Vec<u8> {
    let values = [value(1, b"fastiron"), value(3, b"ethernet1/1/3"), value(5, b"08.0.30"), value(6, b"ICX")];
    let body = [&[1, 100, 0, 0][..], &values.concat()].concat();
    let group = [0x01, 0xe0, 0x52, 0xcc, 0xcc, 0xcc];
    Packet::eth(source, group).snap([0, 0xe0, 0x52]).ether_type(0x2000).payload(&body).build()
}

/// EDP, with all that has fields: name, place, a VLAN, a ring (RFC 3619) that is complete.
pub fn edp(source: [u8; 6]) -> Vec<u8> {
    let element = |kind: u8, bytes: &[u8]| [&[0x99, kind][..], &(bytes.len() as u16 + 4).to_be_bytes(), bytes].concat();
    let info = [&[0, 0, 0, 23, 0, 0][..], &[0; 6], &[15, 3, 1, 4], &[0xff; 16]].concat();
    let vlan = [&[0x10, 0, 0, 20][..], &[0; 4], &[10, 0, 0, 9], b"servers\0"].concat();
    let mut ring = [&[1, 5, 0x0f, 0xa0, 0, 0, 0, 0][..], &source, &[0, 1, 0, 3, 1, 0, 1, 2]].concat();
    ring.resize(60, 0);
    let values = [element(1, b"summit\0"), element(2, &info), element(5, &vlan), element(0x0b, &ring), element(0, &[])].concat();
    let length = (16 + values.len()) as u16;
    let head = [&[1, 0][..], &length.to_be_bytes(), &[0, 0, 0, 1, 0, 0], &source].concat();
    let mut body = [head, values].concat();
    let sum = super::checksum::checksum(&body).to_be_bytes();
    body[4..6].copy_from_slice(&sum);
    Packet::eth(source, [0, 0xe0, 0x2b, 0, 0, 0]).snap([0, 0xe0, 0x2b]).ether_type(0x00bb).payload(&body).build()
}

fn mndp(source: [u8; 6]) -> Vec<u8> {
    let value = |kind: u16, bytes: &[u8]| [&kind.to_be_bytes()[..], &(bytes.len() as u16).to_be_bytes(), bytes].concat();
    let values =
        [value(1, &source), value(5, b"router-7"), value(7, b"7.1"), value(8, b"MikroTik"), value(12, b"RB1"), value(16, b"ether2")];
    let body = [&[0, 0, 0, 1][..], &values.concat()].concat();
    Packet::eth(source, [0xff; 6]).ip([10, 0, 0, 7], [255; 4]).udp(5678, 5678).payload(&body).build()
}

fn udld(source: [u8; 6]) -> Vec<u8> {
    let echo = [&1u32.to_be_bytes()[..], &[0, 3], b"FOX", &[0, 4], b"Te/1"].concat();
    let values = [value(1, b"SERIAL1"), value(2, b"Te1/1/1"), value(3, &echo), value(4, &[15]), value(5, &[5]), value(6, b"sw-b")];
    let mut body = [&[0x21, 0, 0, 0][..], &values.concat()].concat();
    let sum = super::checksum::checksum(&body).to_be_bytes();
    body[2..4].copy_from_slice(&sum);
    Packet::eth(source, CISCO_GROUP).snap(CISCO).ether_type(0x0111).payload(&body).build()
}

fn pagp(source: [u8; 6]) -> Vec<u8> {
    let mut body = vec![1, 5];
    body.extend(source);
    // How it learns, its priority, its port's number, what it is able to group, its group's number; the same of the other end.
    body.extend([2, 128, 0, 0, 0, 21, 0, 13, 0, 1, 0, 0, 0, 56]);
    body.extend([2, 0, 0, 0, 0, 8, 2, 128, 0, 0, 0, 24, 0, 16, 0, 1, 0, 0, 0, 56, 0, 1, 0, 2]);
    body.extend([value(1, b"sw-b"), value(2, b"Fa0/13")].concat());
    Packet::eth(source, CISCO_GROUP).snap(CISCO).ether_type(0x0104).payload(&body).build()
}

/// A router shuts a session of BGP down by hand, in words (RFC 9003), behind a message that keeps it alive.
fn bgp_shutdown(source: [u8; 6]) -> Vec<u8> {
    let message = |kind: u8, body: &[u8]| [&[0xff; 16][..], &(19 + body.len() as u16).to_be_bytes(), &[kind], body].concat();
    let words = [message(4, &[]), message(3, &[&[6, 2, 7][..], b"CHG1234"].concat())].concat();
    let packet = Packet::eth(source, [2, 0, 0, 0, 0, 8]).ip([10, 0, 0, 9], [10, 0, 0, 8]).tcp(179, 40_000);
    packet.seq(1).ack(1).flags(super::PSH | super::ACK).payload(&words).build()
}

fn vtp(source: [u8; 6], code: u8) -> Vec<u8> {
    let mut body = vec![2, code, 1, 6];
    body.extend(b"campus");
    body.resize(36, 0);
    body.extend(42u32.to_be_bytes());
    if code == 1 {
        body.extend([10, 0, 0, 2]);
        body.extend(b"261128120000");
        body.extend([7; 16]);
    } else {
        let vlan = |id: u16, name: &[u8]| {
            let padded = name.len().next_multiple_of(4);
            let mut entry = vec![12 + padded as u8, 0, 1, name.len() as u8];
            entry.extend(id.to_be_bytes());
            entry.extend([0x05, 0xdc, 0, 1, 0x86, 0xa1]);
            entry.extend(name);
            entry.resize(12 + padded, 0);
            entry
        };
        body.extend([vlan(10, b"voice"), vlan(20, b"data")].concat());
    }
    Packet::eth(source, CISCO_GROUP).snap(CISCO).ether_type(0x2003).payload(&body).build()
}

fn dtp(source: [u8; 6]) -> Vec<u8> {
    let body = [&[1][..], &value(1, b"campus\0"), &value(2, &[0x81]), &value(3, &[0xa5]), &value(4, &source)].concat();
    Packet::eth(source, CISCO_GROUP).snap(CISCO).ether_type(0x2004).payload(&body).build()
}

/// A bridge's identifier: priority with its extension, address.
pub fn bridge(priority: u16, last: u8) -> [u8; 8] {
    let [a, b] = priority.to_be_bytes();
    [a, b, 2, 0, 0, 0, 0, last]
}

/// A spanning tree hello.
#[derive(Debug, Clone, Copy)]
pub struct Hello {
    /// The root.
    pub root: [u8; 8],
    /// The sender.
    pub bridge: [u8; 8],
    /// The cost to the root.
    pub cost: u32,
    /// Flags.
    pub flags: u8,
    /// The sender's port.
    pub port: u16,
}

impl Hello {
    /// Of a root bridge of the standard's priority, from its port 1, forwarding.
    pub fn of_root(last: u8) -> Self {
        Self { root: bridge(0x8000, last), bridge: bridge(0x8000, last), cost: 0, flags: 0x3c, port: 0x8001 }
    }

    /// The rapid BPDU.
    pub fn rapid(&self) -> Vec<u8> {
        let mut body = rstp(self.bridge, self.port);
        body[4] = self.flags;
        body[5..13].copy_from_slice(&self.root);
        body[13..17].copy_from_slice(&self.cost.to_be_bytes());
        body
    }

    /// The BPDU of the original protocol.
    pub fn original(&self) -> Vec<u8> {
        let mut body = self.rapid();
        (body[2], body[3], body[4]) = (0, 0, self.flags & 0x81);
        body.truncate(35);
        body
    }

    /// A frame with the rapid one.
    pub fn frame(&self, source: [u8; 6]) -> Vec<u8> {
        Packet::eth(source, BRIDGES).llc(0x42, 0x42, 3).payload(&self.rapid()).build()
    }

    /// A frame with the original one.
    pub fn original_frame(&self, source: [u8; 6]) -> Vec<u8> {
        Packet::eth(source, BRIDGES).llc(0x42, 0x42, 3).payload(&self.original()).build()
    }

    /// A frame as Cisco sends it for a VLAN, in a tag of another where that is not the same.
    pub fn per_vlan(&self, source: [u8; 6], vlan: u16, tag: Option<u16>) -> Vec<u8> {
        let body = [&self.rapid()[..], &[0, 0, 0, 2], &vlan.to_be_bytes()].concat();
        let group = [0x01, 0, 0x0c, 0xcc, 0xcc, 0xcd];
        let begun = tag.into_iter().fold(Packet::eth(source, group), Packet::vlan);
        begun.snap(CISCO).ether_type(0x010b).payload(&body).build()
    }

    /// A frame of a multiple spanning tree with one instance, of number 1.
    pub fn multiple(&self, source: [u8; 6]) -> Vec<u8> {
        self.multiple_of(source, bridge(0x6001, 9))
    }

    /// The same with the root of the instance, whose number is the extension of its priority.
    pub fn multiple_of(&self, source: [u8; 6], root: [u8; 8]) -> Vec<u8> {
        let mut body = self.rapid();
        (body[2], body[35]) = (3, 0);
        body.truncate(36);
        body.extend((64u16 + 16).to_be_bytes());
        body.push(0);
        let mut name = b"region-1".to_vec();
        name.resize(32, 0);
        body.extend(name);
        body.extend(7u16.to_be_bytes());
        body.extend([0xac; 16]);
        body.extend(2000u32.to_be_bytes());
        body.extend(self.bridge);
        body.push(19);
        body.push(0x7c);
        body.extend(root);
        body.extend(20_000u32.to_be_bytes());
        body.extend([0x60, 0x80, 18]);
        Packet::eth(source, BRIDGES).llc(0x42, 0x42, 3).payload(&body).build()
    }
}

/// A topology change notification of the original protocol.
pub fn topology_change(source: [u8; 6]) -> Vec<u8> {
    Packet::eth(source, BRIDGES).llc(0x42, 0x42, 3).payload(&[0, 0, 0, 0x80]).build()
}

/// The same as Cisco sends it for a VLAN: in its tag, which nothing else tells.
pub fn topology_change_of(source: [u8; 6], vlan: u16) -> Vec<u8> {
    let group = [0x01, 0, 0x0c, 0xcc, 0xcc, 0xcd];
    Packet::eth(source, group).vlan(vlan).snap(CISCO).ether_type(0x010b).payload(&[0, 0, 0, 0x80]).build()
}

/// One end of an aggregated link: the last byte of the system's address, key, port, state.
pub type LacpEnd = (u8, u16, u16, u8);

/// A LACP packet from actor to partner.
pub fn lacp(source: [u8; 6], actor: LacpEnd, partner: LacpEnd) -> Vec<u8> {
    let end = |kind: u8, (system, key, port, state): LacpEnd| {
        let mut out = vec![kind, 20, 0x80, 0, 2, 0, 0, 0, 1, system];
        out.extend(key.to_be_bytes());
        out.extend([0x80, 0]);
        out.extend(port.to_be_bytes());
        out.extend([state, 0, 0, 0]);
        out
    };
    let mut body = [&[1, 1][..], &end(1, actor), &end(2, partner), &[3, 16, 0x80, 0]].concat();
    body.resize(110, 0);
    Packet::eth(source, SLOW).ether_type(0x8809).payload(&body).build()
}

/// A VRRP advertisement, version 2: group, priority, sender's last byte. One a second.
pub fn vrrp(group: u8, priority: u8, sender: u8) -> Vec<u8> {
    let mut body = vec![0x21, group, priority, 1, 0, 1, 0, 0, 10, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0];
    let sum = super::checksum::checksum(&body).to_be_bytes();
    body[6..8].copy_from_slice(&sum);
    let to = Ipv4Addr::new(224, 0, 0, 18);
    let source = [0, 0, 0x5e, 0, 1, group];
    Packet::eth(source, group_mac(to)).ip([10, 0, 0, sender], to).ttl(255).protocol(112).payload(&body).build()
}

/// The same to another router that it was told of.
pub fn vrrp_to(group: u8, priority: u8, sender: u8, to: u8) -> Vec<u8> {
    let frame = vrrp(group, priority, sender);
    let link = |last: u8| [2, 0, 0, 0, 0, last];
    let packet = Packet::eth(link(sender), link(to)).ip([10, 0, 0, sender], [10, 0, 0, to]).ttl(255).protocol(112);
    packet.payload(&frame[34..54]).build()
}

/// A CARP advertisement, once a second: group, skew, sender's last byte. It does not tell the shared address.
pub fn carp(group: u8, skew: u8, sender: u8) -> Vec<u8> {
    let mut body = vec![0x21, group, skew, 7, 0, 1, 0, 0];
    body.extend(u64::from(sender).to_be_bytes());
    body.extend([sender; 20]);
    let sum = super::checksum::checksum(&body).to_be_bytes();
    body[6..8].copy_from_slice(&sum);
    let to = Ipv4Addr::new(224, 0, 0, 18);
    Packet::eth([0, 0, 0x5e, 0, 1, group], group_mac(to)).ip([10, 0, 0, sender], to).ttl(255).protocol(112).payload(&body).build()
}

fn vrrp3() -> Vec<u8> {
    let body = [0x31, 5, 150, 1, 0, 25, 0, 0, 10, 0, 0, 1];
    let to = Ipv4Addr::new(224, 0, 0, 18);
    Packet::eth([0, 0, 0x5e, 0, 1, 5], group_mac(to)).ip([10, 0, 0, 3], to).ttl(255).protocol(112).payload(&body).build()
}

/// An HSRP hello, version 1: group, state (16 active, 8 standby), priority, sender's last byte. One every three seconds.
pub fn hsrp(source: [u8; 6], group: u8, state: u8, priority: u8, sender: u8) -> Vec<u8> {
    let body = [&[0, 0, state, 3, 10, priority, group, 0][..], b"cisco\0\0\0", &[10, 0, 0, 1]].concat();
    let to = Ipv4Addr::new(224, 0, 0, 2);
    Packet::eth(source, group_mac(to)).ip([10, 0, 0, sender], to).ttl(1).udp(1985, 1985).payload(&body).build()
}

fn hsrp2(source: [u8; 6]) -> Vec<u8> {
    let mut body = vec![1, 40, 2, 0, 6, 4, 0x01, 0x2c];
    body.extend(source);
    for word in [110u32, 3000, 10_000] {
        body.extend(word.to_be_bytes());
    }
    body.extend([10, 0, 0, 1]);
    body.resize(42, 0);
    let to = Ipv4Addr::new(224, 0, 0, 102);
    Packet::eth(source, group_mac(to)).ip([10, 0, 0, 4], to).ttl(1).udp(1985, 1985).payload(&body).build()
}

/// An OSPF hello: the router's last byte, the interval and the dead interval in seconds, routers it hears.
pub fn ospf_hello(source: [u8; 6], router: u8, [interval, dead]: [u16; 2], hears: &[u8]) -> Vec<u8> {
    let body = [
        &[255, 255, 255, 0][..],
        &interval.to_be_bytes(),
        &[2, 1],
        &u32::from(dead).to_be_bytes(),
        &[10, 0, 0, router],
        &[0; 4],
        &hears.iter().flat_map(|n| [10, 0, 0, *n]).collect::<Vec<u8>>(),
    ]
    .concat();
    ospf(source, (router, None), 1, &body)
}

/// A database description that tells the longest packet of the sender's interface.
pub fn ospf_description(source: [u8; 6], router: u8, mtu: u16) -> Vec<u8> {
    ospf(source, (router, None), 2, &[&mtu.to_be_bytes()[..], &[2, 7, 0, 0, 0, 1]].concat())
}

/// The same to one neighbour, as on links of several (RFC 2328 section 8.1): senders are stations of the same last byte.
pub fn ospf_description_to(router: u8, to: u8, mtu: u16) -> Vec<u8> {
    ospf([2, 0, 0, 0, 0, router], (router, Some(to)), 2, &[&mtu.to_be_bytes()[..], &[2, 7, 0, 0, 0, 1]].concat())
}

fn ospf(source: [u8; 6], (router, neighbour): (u8, Option<u8>), kind: u8, body: &[u8]) -> Vec<u8> {
    let length = (24 + body.len()) as u16;
    let head = [&[2, kind][..], &length.to_be_bytes(), &[10, 0, 0, router], &[0; 4], &[0; 12]].concat();
    let mut all = [&head, body].concat();
    let sum = super::checksum::checksum(&all).to_be_bytes();
    all[12..14].copy_from_slice(&sum);
    let to = neighbour.map_or(Ipv4Addr::new(224, 0, 0, 5), |last| Ipv4Addr::new(10, 0, 0, last));
    let link = neighbour.map_or(group_mac(to), |last| [2, 0, 0, 0, 0, last]);
    Packet::eth(source, link).ip([10, 0, 0, router], to).ttl(1).protocol(89).payload(&all).build()
}

/// A general IGMP query, version 2; of sender 0 from no address.
pub fn igmp_query(source: [u8; 6], sender: u8) -> Vec<u8> {
    igmp(source, sender, 0x11, [224, 0, 0, 1], [0; 4])
}

/// A report that a host wants a group, version 2.
pub fn igmp_report(source: [u8; 6], sender: u8, group: [u8; 4]) -> Vec<u8> {
    igmp(source, sender, 0x16, group, group)
}

fn igmp(source: [u8; 6], sender: u8, kind: u8, to: [u8; 4], group: [u8; 4]) -> Vec<u8> {
    let mut body = [&[kind, if kind == 0x11 { 100 } else { 0 }, 0, 0][..], &group].concat();
    let sum = super::checksum::checksum(&body).to_be_bytes();
    body[2..4].copy_from_slice(&sum);
    Packet::eth(source, group_mac(to.into()))
        .ip(if sender == 0 { [0; 4] } else { [10, 0, 0, sender] }, to)
        .ttl(1)
        .protocol(2)
        .payload(&body)
        .build()
}

/// A general query of version 1, which tells no time, or of version 3, which is longer (RFC 3376 sections 4.1 and 7.1).
fn igmp_query_of(source: [u8; 6], version: u8) -> Vec<u8> {
    let mut body = if version == 1 { vec![0x11, 0, 0, 0, 0, 0, 0, 0] } else { vec![0x11, 100, 0, 0, 0, 0, 0, 0, 2, 125, 0, 0] };
    let sum = super::checksum::checksum(&body).to_be_bytes();
    body[2..4].copy_from_slice(&sum);
    let to = Ipv4Addr::new(224, 0, 0, 1);
    Packet::eth(source, group_mac(to)).ip([10, 0, 0, 1], to).ttl(1).protocol(2).payload(&body).build()
}

/// A GLBP hello: the gateway is active.
fn glbp(source: [u8; 6], group: u8) -> Vec<u8> {
    let mut body = vec![1, 0, 0, group, 0, 0];
    body.extend(source);
    body.extend([1, 28, 0, 32, 0, 110, 0, 0]);
    [3_000u32, 10_000].iter().for_each(|time| body.extend(time.to_be_bytes()));
    [600u16, 14_400, 0].iter().for_each(|time| body.extend(time.to_be_bytes()));
    body.extend([1, 4, 10, 0, 0, 1]);
    let to = Ipv4Addr::new(224, 0, 0, 102);
    Packet::eth(source, group_mac(to)).ip([10, 0, 0, 6], to).ttl(255).udp(3222, 3222).payload(&body).build()
}

/// A step of IEEE 802.1X without EAP: 1 start, 2 logoff, 3 a key.
fn eapol_step(source: [u8; 6], step: u8) -> Vec<u8> {
    let key: &[u8] = if step == 3 { &[2; 95] } else { &[] };
    let body = [&[2, step, 0, key.len() as u8][..], key].concat();
    Packet::eth(source, PORT_ACCESS).ether_type(0x888e).payload(&body).build()
}

/// A priority flow control frame (IEEE 802.1Q clause 36): quanta of each of the eight priorities.
pub fn priority_pause(source: [u8; 6], quanta: [u16; 8]) -> Vec<u8> {
    let enabled = quanta.iter().enumerate().fold(0u16, |bits, (at, quanta)| bits | u16::from(*quanta > 0) << at);
    let words = [0x0101, enabled].into_iter().chain(quanta).flat_map(u16::to_be_bytes).collect::<Vec<_>>();
    Packet::eth(source, [0x01, 0x80, 0xc2, 0, 0, 1]).ether_type(0x8808).payload(&words).build()
}

/// A general MLD query, with the router alert in an extension header or without (RFC 2710 section 3, RFC 3810 section 5.1).
pub fn mld_query(source: [u8; 6], sender: u8, version: u8, has_alert: bool) -> Vec<u8> {
    let from = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, sender.into());
    let all = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);
    let packet = Packet::eth(source, [0x33, 0x33, 0, 0, 0, 1]).ip(from, all).ttl(1);
    let packet = if has_alert { packet.extension(0, &[5, 2, 0, 0, 1, 0]) } else { packet };
    let more: &[u8] = if version == 2 { &[2, 125, 0, 0] } else { &[] };
    packet.icmp(130, 0, [0x27, 0x10, 0, 0]).payload(&[&[0; 16][..], more].concat()).build()
}

/// An end of a session of BFD.
#[derive(Debug, Clone, Copy)]
pub struct BfdEnd {
    /// Last bytes of its addresses, and of the other one's.
    pub ends: [u8; 2],
    /// 3 up, 1 down, with the reason.
    pub state: [u8; 2],
    /// Numbers of the session at both ends.
    pub numbers: [u32; 2],
    /// Microseconds between two packets, sent and received.
    pub intervals: [u32; 2],
    /// Port it sends to: 3784, 4784, 6784.
    pub port: u16,
}

impl BfdEnd {
    /// Of a session that stands, 300 ms, 3 times.
    pub fn new(from: u8, to: u8) -> Self {
        Self { ends: [from, to], state: [3, 0], numbers: [from.into(), to.into()], intervals: [300_000; 2], port: 3784 }
    }

    /// The packet (RFC 5880 section 4.1).
    pub fn frame(&self) -> Vec<u8> {
        let mut body = vec![0x20 | self.state[1], self.state[0] << 6, 3, 24];
        for word in [self.numbers, self.intervals].concat() {
            body.extend(word.to_be_bytes());
        }
        body.extend([0; 4]);
        let [from, to] = self.ends;
        let link = |last: u8| [2, 0, 0, 0, 0, last];
        let packet = Packet::eth(link(from), link(to)).ip([10, 0, 0, from], [10, 0, 0, to]).ttl(255);
        packet.udp(49_152, self.port).payload(&body).build()
    }
}

/// A hello of IS-IS on a link of several routers, level 2, area 49.0001, which hears one other.
pub fn isis_hello(source: [u8; 6], router: u8, hold: u16) -> Vec<u8> {
    let lists = [&[1, 4, 3, 0x49, 0, 1][..], &[129, 1, 0xcc], &[6, 6, 2, 0, 0, 0, 0, 99]].concat();
    let length = (27 + lists.len()) as u16;
    let mut body = vec![0x83, 27, 1, 0, 16, 1, 0, 0, 2, 0x19, 0x21, 0x68, 0, 0x10, router];
    body.extend(hold.to_be_bytes());
    body.extend(length.to_be_bytes());
    body.extend([64, 0x19, 0x21, 0x68, 0, 0x10, router, 1]);
    body.extend(&lists);
    let length = (body.len() + 3) as u16;
    [&[0x01, 0x80, 0xc2, 0, 0, 0x15][..], &source, &length.to_be_bytes(), &[0xfe, 0xfe, 3], &body].concat()
}

/// A hello of EIGRP in an autonomous system.
pub fn eigrp_hello(source: [u8; 6], router: u8, number: u16, hold: u16) -> Vec<u8> {
    let mut body = vec![2, 5, 0, 0];
    body.extend([0; 14]);
    body.extend(number.to_be_bytes());
    body.extend([0, 1, 0, 12, 1, 0, 1, 0, 0, 0]);
    body.extend(hold.to_be_bytes());
    let sum = super::checksum::checksum(&body).to_be_bytes();
    body[2..4].copy_from_slice(&sum);
    let to = Ipv4Addr::new(224, 0, 0, 10);
    Packet::eth(source, group_mac(to)).ip([10, 0, 0, router], to).ttl(2).protocol(88).payload(&body).build()
}

/// An announcement of PTP by one clock, of the same or another one at the top, once a second.
pub fn ptp_announce(source: [u8; 6], clock: u8, top: u8, class: u8) -> Vec<u8> {
    let identity = |last: u8| [0x00, 0xb0, 0xae, 0xff, 0xfe, 0x01, 0xf9, last];
    let mut body = vec![0x0b, 2, 0, 64, 4, 0, 0, 0];
    body.extend([0; 12]);
    body.extend(identity(clock));
    body.extend([0, 1, 0, 7, 5, 0]);
    body.extend([0; 10]);
    body.extend([0, 37, 0, 128, class, 0xfe, 0x4e, 0x5d, 127]);
    body.extend(identity(top));
    body.extend([0, u8::from(clock != top), 0x20]);
    Packet::eth(source, [0x01, 0x1b, 0x19, 0, 0, 0]).ether_type(0x88f7).payload(&body).build()
}

/// An EAP packet of a code: 1 request, 2 response, 3 success, 4 failure.
pub fn eap(source: [u8; 6], code: u8) -> Vec<u8> {
    let eap: &[u8] = if code <= 2 { &[code, 7, 0, 5, 1] } else { &[code, 7, 0, 4] };
    let body = [&[2, 0, 0, eap.len() as u8][..], eap].concat();
    Packet::eth(source, PORT_ACCESS).ether_type(0x888e).payload(&body).build()
}

/// An EAP request or response that names a method.
pub fn eap_method(source: [u8; 6], code: u8, method: u8) -> Vec<u8> {
    let body = [2, 0, 0, 6, code, 7, 0, 6, method, 0];
    Packet::eth(source, PORT_ACCESS).ether_type(0x888e).payload(&body).build()
}

/// A PAUSE frame: so many quanta of 512 bit times.
pub fn pause(source: [u8; 6], quanta: u16) -> Vec<u8> {
    let body = [&[0, 1][..], &quanta.to_be_bytes()].concat();
    Packet::eth(source, [0x01, 0x80, 0xc2, 0, 0, 1]).ether_type(0x8808).payload(&body).build()
}

/// One frame of each kind, with the word for its protocol.
pub fn all() -> Vec<(&'static str, Vec<u8>)> {
    let switch = [2, 0, 0, 0, 0, 9];
    let hello = Hello { cost: 4, flags: 0x7d, ..Hello { root: bridge(0x1000, 1), ..Hello::of_root(9) } };
    vec![
        ("lldp", full_lldp(switch)),
        ("cdp", full_cdp(switch, "sw-a.example", "GigabitEthernet1/0/3", 12, true)),
        ("fdp", fdp(switch)),
        ("edp", edp(switch)),
        ("mndp", mndp(switch)),
        ("udld", udld(switch)),
        ("pagp", pagp(switch)),
        ("closing", bgp_shutdown(switch)),
        ("vtp", vtp(switch, 1)),
        ("vtp", vtp(switch, 2)),
        ("dtp", dtp(switch)),
        ("bpdu", hello.frame(switch)),
        ("bpdu", hello.original_frame(switch)),
        ("bpdu", hello.per_vlan(switch, 10, Some(10))),
        ("bpdu", hello.multiple(switch)),
        ("bpdu", topology_change(switch)),
        ("lacp", lacp(switch, (1, 13, 22, 0x3d), (2, 14, 25, 0x3c))),
        ("gateway", vrrp(7, 100, 2)),
        ("gateway", vrrp3()),
        ("gateway", hsrp(switch, 3, 16, 120, 5)),
        ("gateway", hsrp(switch, 3, 8, 90, 6)),
        ("gateway", hsrp2(switch)),
        ("gateway", glbp(switch, 9)),
        ("ospf", ospf_hello(switch, 4, [10, 40], &[1, 2])),
        ("ospf", ospf_description(switch, 4, 1500)),
        ("isis", isis_hello(switch, 1, 30)),
        ("eigrp", eigrp_hello(switch, 1, 100, 15)),
        ("ptp", ptp_announce(switch, 0x20, 0x21, 248)),
        ("ptp", {
            let at = ptp_announce(switch, 0x20, 0x21, 248);
            Packet::eth(switch, [2, 0, 0, 0, 0, 8]).ip([10, 0, 0, 1], [10, 0, 0, 2]).udp(320, 320).payload(&at[14..]).build()
        }),
        ("gateway", vrrp_to(7, 100, 2, 3)),
        ("ospf", ospf_description_to(4, 3, 9000)),
        ("bfd", BfdEnd { state: [1, 3], ..BfdEnd::new(2, 3) }.frame()),
        ("bfd", BfdEnd { port: 4784, ..BfdEnd::new(2, 3) }.frame()),
        ("query", igmp_query(switch, 1)),
        ("query", igmp_query_of(switch, 1)),
        ("query", igmp_query_of(switch, 3)),
        ("query", mld_query(switch, 1, 1, false)),
        ("query", mld_query(switch, 1, 2, false)),
        ("query", mld_query(switch, 1, 1, true)),
        ("query", mld_query(switch, 1, 2, true)),
        ("eapol", eap(switch, 1)),
        ("eapol", eap(switch, 4)),
        ("eapol", eapol_step(switch, 1)),
        ("eapol", eapol_step(switch, 2)),
        ("eapol", eapol_step(switch, 3)),
        ("eapol", eap_method(switch, 1, 25)),
    ]
}
