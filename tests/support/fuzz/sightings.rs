//! What tells of addresses, routers and clocks: DHCP and NTP by themselves, and frames of ARP and neighbour discovery on their way through
//! everything.
//!
//! Input: a frame; DHCP and NTP are read from its first byte on as well.

use super::super::packet::message::{DhcpMessage, dhcp, neighbour_advertisement, ntp, router_advertisement};
use super::super::packet::{End, Packet};
use spantop::capture::Memory;
use spantop::engine::{self, Settings};
use spantop::model::{Address, LinkType, Timestamp};
use std::net::{Ipv4Addr, Ipv6Addr};

/// The target.
pub fn run(data: &[u8]) {
    let end = Address::V4(Ipv4Addr::new(10, 0, 0, 1));
    if let Some(message) = spantop::dissect::dhcp::sight(data) {
        assert_eq!(data.get(28..34), Some(&message.client.0[..]), "a head and a cookie");
    }
    if let Some(answer) = spantop::dissect::ntp::sight(data, Timestamp(1_700_000_000_000_000_000), [end, end]) {
        assert!(data.len() >= 48 && answer.leap <= 3, "a packet of at least that length");
        let far = answer.ahead.unwrap_or(0).unsigned_abs();
        assert!(far <= (1 << 31) * 1_000 + 2_000, "the nearest era is meant: {far}");
    }
    let mut memory = Memory::new();
    for n in 0..3 {
        memory.push(Timestamp(1_700_000_000_000_000_000 + n * 7_000_000_000), LinkType::ETHERNET, data.len() as u32, data);
    }
    let outcome = engine::run(Box::new(memory), &Settings { threads: 0, ..Settings::default() }, Default::default()).unwrap();
    assert_eq!(outcome.result.stats.total.packets, 3, "each is counted");
}

/// One message of each kind.
pub fn seeds() -> Vec<Vec<u8>> {
    let from = End::new([2, 0, 0, 0, 0, 1], [10, 0, 0, 1], 68);
    let offer = DhcpMessage {
        kind: 2,
        given: [10, 0, 0, 9],
        server: Some([10, 0, 0, 2]),
        router: Some([10, 0, 0, 1]),
        names: Some([10, 0, 0, 3]),
        class: "PXEClient",
    };
    let message = dhcp(from.mac, &offer);
    let time = ntp(0x24, 2, 7, 3_900_000_000_000);
    let (link, group): (Ipv6Addr, Ipv6Addr) = ("fe80::1".parse().unwrap(), "ff02::1".parse().unwrap());
    let discovery = |kind| Packet::eth(from.mac, [0x33, 0x33, 0, 0, 0, 1]).ip(link, group).ttl(255).icmp(kind, 0, [0xe0; 4]);
    vec![
        Packet::arp(1, from, [0; 6], Ipv4Addr::new(10, 0, 0, 2)).build(),
        Packet::arp(2, from, [2; 6], Ipv4Addr::new(10, 0, 0, 2)).build(),
        Packet::eth([2; 6], from.mac).ip([10, 0, 0, 2], [10, 0, 0, 9]).udp(67, 68).payload(&message).build(),
        Packet::eth([2; 6], from.mac).ip([10, 0, 0, 2], [10, 0, 0, 9]).udp(123, 123).payload(&time).build(),
        discovery(134).payload(&router_advertisement("2001:db8::".parse().unwrap())).build(),
        discovery(136).payload(&neighbour_advertisement(link, from.mac)).build(),
        message,
        time,
    ]
}
