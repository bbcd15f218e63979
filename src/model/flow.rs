//! Who talks to whom: a key without direction, and the direction a packet has.

use super::Address;
use super::mix::{Keys, fold};
use crate::model::ip_protocol;
use std::hash::{Hash, Hasher};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Which way a packet of a conversation goes. The discriminant indexes two-element arrays.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Direction {
    /// From the numerically smaller (address, port) to the larger.
    #[default]
    AToB = 0,
    /// From the larger to the smaller.
    BToA = 1,
}

impl Direction {
    /// The other way.
    #[inline]
    #[must_use]
    pub const fn reversed(self) -> Direction {
        match self {
            Direction::AToB => Direction::BToA,
            Direction::BToA => Direction::AToB,
        }
    }
}

/// A conversation of the network layer and above, without direction: `a` is the numerically smaller (address, port). The default is none
/// that exists.
///
/// VLANs and MAC addresses are not part of it: mirrors tag or strip one direction only.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FlowKey {
    /// The smaller address, high and low half; IPv4 in the last four bytes.
    a: [u64; 2],
    /// The larger address.
    b: [u64; 2],
    /// Port of `a`, 0 without ports.
    pub a_port: u16,
    /// Port of `b`, 0 without ports.
    pub b_port: u16,
    /// IP protocol number.
    pub protocol: u8,
    /// Whether the addresses are IPv6.
    pub is_v6: bool,
    /// Whether its packets' ports could not be read: those of later fragments, and of packets that are cut before them.
    is_portless: bool,
}

/// In whole words, and of IPv4 no more than there is: field by field it would take four times as long.
impl Hash for FlowKey {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.ports_word() << 1 | u64::from(self.is_portless));
        if self.is_v6 {
            state.write_u64(self.a[0]);
            state.write_u64(self.b[0]);
        }
        state.write_u64(self.a[1]);
        state.write_u64(self.b[1]);
    }
}

impl FlowKey {
    /// Whether TCP runs between the ends.
    #[inline]
    pub fn is_tcp(&self) -> bool {
        self.protocol == ip_protocol::TCP
    }

    /// Whether UDP datagrams go between the ends.
    #[inline]
    pub fn is_udp(&self) -> bool {
        self.protocol == ip_protocol::UDP
    }

    /// Sorts the ends of a packet and says which way it goes.
    #[inline]
    pub fn new(is_v6: bool, protocol: u8, source: u128, destination: u128, source_port: u16, destination_port: u16) -> (Self, Direction) {
        let ordered = (source, source_port) <= (destination, destination_port);
        let halves = |n: u128| [(n >> 64) as u64, n as u64];
        let (source, destination) = (halves(source), halves(destination));
        if ordered {
            (
                Self { a: source, b: destination, a_port: source_port, b_port: destination_port, protocol, is_v6, is_portless: false },
                Direction::AToB,
            )
        } else {
            (
                Self { a: destination, b: source, a_port: destination_port, b_port: source_port, protocol, is_v6, is_portless: false },
                Direction::BToA,
            )
        }
    }

    /// The same for IPv4 addresses.
    #[inline]
    pub fn v4(protocol: u8, source: u32, destination: u32, source_port: u16, destination_port: u16) -> (Self, Direction) {
        let end = |address: u32, port: u16| u64::from(address) << 16 | u64::from(port);
        let (source, destination) = (end(source, source_port), end(destination, destination_port));
        let ordered = source <= destination;
        let (a, b) = if ordered { (source, destination) } else { (destination, source) };
        let key = Self { a: [0, a >> 16], b: [0, b >> 16], a_port: a as u16, b_port: b as u16, protocol, is_v6: false, is_portless: false };
        (key, if ordered { Direction::AToB } else { Direction::BToA })
    }

    /// The same of packets whose ports could not be read: port 0 is one that exists, and these are not of it.
    #[must_use]
    pub fn without_ports(self) -> Self {
        Self { is_portless: matches!(self.protocol, 6 | 17 | 132), ..self }
    }

    /// Whether it is one of ports: of TCP, UDP or SCTP, and they were read.
    #[inline]
    pub fn has_ports(&self) -> bool {
        matches!(self.protocol, 6 | 17 | 132) && !self.is_portless
    }

    /// The smaller address.
    pub fn a(&self) -> Address {
        self.address(self.a)
    }

    /// The larger address.
    pub fn b(&self) -> Address {
        self.address(self.b)
    }

    /// The port that packets going `way` are sent to.
    #[inline(always)]
    pub fn port_to(&self, way: Direction) -> u16 {
        match way {
            Direction::AToB => self.b_port,
            Direction::BToA => self.a_port,
        }
    }

    /// Source and destination of packets that go `way`, each with its port.
    pub fn ends(&self, way: Direction) -> [(Address, u16); 2] {
        let (a, b) = ((self.a(), self.a_port), (self.b(), self.b_port));
        match way {
            Direction::AToB => [a, b],
            Direction::BToA => [b, a],
        }
    }

    /// Both addresses, `a` first.
    pub fn ips(&self) -> [IpAddr; 2] {
        [self.a, self.b].map(|n| match self.address(n) {
            Address::V4(a) => IpAddr::V4(a),
            Address::V6(a) => IpAddr::V6(a),
            Address::Mac(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        })
    }

    fn address(&self, [high, low]: [u64; 2]) -> Address {
        if self.is_v6 {
            Address::V6(Ipv6Addr::from_bits(u128::from(high) << 64 | u128::from(low)))
        } else {
            Address::V4(Ipv4Addr::from_bits(low as u32))
        }
    }

    /// Ports, protocol and the kind of the addresses in one word; its highest 16 bits are 0.
    #[inline(always)]
    fn ports_word(&self) -> u64 {
        u64::from(self.a_port) << 32 | u64::from(self.b_port) << 16 | u64::from(self.protocol) << 1 | u64::from(self.is_v6)
    }

    /// A 64-bit mix of the key: for shards and hash tables.
    #[inline(always)]
    pub fn keyed_hash(&self, &Keys(k): &Keys) -> u64 {
        let ports = self.ports_word();
        let low = fold(self.a[1] ^ k[0], self.b[1] ^ k[1]);
        let high = fold(self.a[0] ^ k[2], self.b[0] ^ k[3]);
        fold(low ^ k[4], high.rotate_left(32) ^ ports ^ k[5])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_directions_meet() {
        let (k1, d1) = FlowKey::new(false, 6, 10, 20, 80, 1024);
        let (k2, d2) = FlowKey::new(false, 6, 20, 10, 1024, 80);
        assert_eq!(k1, k2);
        assert_eq!((d1, d2), (Direction::AToB, Direction::BToA));
        assert_eq!(k1.keyed_hash(&Keys::FIXED), k2.keyed_hash(&Keys::FIXED));
        assert_eq!(std::mem::size_of::<FlowKey>(), 40);
    }

    #[test]
    fn ipv4_ends_sort_alike() {
        for (s, d, sp, dp) in [(1u32, 2, 9, 8), (2, 1, 9, 8), (7, 7, 1, 2), (7, 7, 2, 1), (7, 7, 3, 3), (u32::MAX, 0, 0, u16::MAX)] {
            assert_eq!(FlowKey::v4(17, s, d, sp, dp), FlowKey::new(false, 17, s.into(), d.into(), sp, dp));
        }
    }

    #[test]
    fn shards_are_even() {
        let mut shards = [0u32; 64];
        for host in 0..64u128 {
            for port in 1024..1324u16 {
                let (k, _) = FlowKey::new(false, 6, 0x0a00_0001 + host, 0x0a00_ff01, port, 443);
                shards[(k.keyed_hash(&Keys::FIXED) >> 58) as usize] += 1;
            }
        }
        assert!(shards.iter().all(|&n| (200..400).contains(&n)), "{shards:?}");
    }
}
