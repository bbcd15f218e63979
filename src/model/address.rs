//! Addresses at every layer that has them.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A 48-bit IEEE 802 MAC address.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mac(pub [u8; 6]);

/// As one word.
impl Hash for Mac {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.word());
    }
}

impl Mac {
    /// The all-ones broadcast address.
    pub const BROADCAST: Mac = Mac([0xff; 6]);

    /// The address as a number, its first byte lowest, with bit 48 set: no address is 0, which may stand for none.
    #[inline]
    pub fn word(self) -> u64 {
        let [a, b, c, d, e, f] = self.0;
        u64::from_le_bytes([a, b, c, d, e, f, 1, 0])
    }

    /// The address of such a number.
    #[inline]
    pub fn of_word(word: u64) -> Self {
        Self(word.to_le_bytes().first_chunk().copied().unwrap_or_default())
    }

    /// Whether the I/G bit is set (multicast or broadcast, IEEE 802 clause 8.2).
    pub fn is_group(self) -> bool {
        self.0[0] & 1 != 0
    }
}

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}

/// An address of any layer. Ordered by kind, then numerically.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Address {
    /// A MAC address.
    Mac(Mac),
    /// An IPv4 address.
    V4(Ipv4Addr),
    /// An IPv6 address.
    V6(Ipv6Addr),
}

/// In whole words: tables of hosts are asked for each thing that happens.
impl Hash for Address {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self {
            Self::Mac(mac) => state.write_u64(mac.word()),
            Self::V4(address) => state.write_u64(1 << 56 | u64::from(address.to_bits())),
            Self::V6(address) => state.write_u128(address.to_bits()),
        }
    }
}

impl Address {
    /// The address as a number, halves of IPv6 mixed: what tables of addresses are keyed by, not to be read back.
    #[inline]
    pub fn word(self) -> u64 {
        match self {
            Address::Mac(mac) => mac.word(),
            Address::V4(address) => address.to_bits().into(),
            Address::V6(address) => (address.to_bits() >> 64) as u64 ^ address.to_bits() as u64,
        }
    }

    /// Whether it is not one of those that sites use inside (RFC 1918, RFC 4193, RFC 3927).
    pub fn is_outside(self) -> bool {
        match self {
            Address::V4(a) => !(a.is_private() || a.is_link_local() || a.is_loopback()),
            Address::V6(a) => !(a.is_unique_local() || a.is_unicast_link_local() || a.is_loopback()),
            Address::Mac(_) => false,
        }
    }

    /// Whether it is of one link alone (RFC 3927, RFC 4291 section 2.5.6): whoever has no other reaches nobody beyond it.
    pub fn is_link_local(self) -> bool {
        match self {
            Address::V4(a) => a.is_link_local(),
            Address::V6(a) => a.is_unicast_link_local(),
            Address::Mac(_) => true,
        }
    }

    /// A number that never decreases as addresses increase: kind and first 62 bits.
    pub fn leading_bits(self) -> u64 {
        match self {
            Address::Mac(Mac([a, b, c, d, e, f])) => u64::from_be_bytes([0, 0, a, b, c, d, e, f]),
            Address::V4(address) => 1 << 62 | u64::from(address.to_bits()),
            Address::V6(address) => 2 << 62 | (address.to_bits() >> 66) as u64,
        }
    }

    /// Whether it stands for several: a multicast group, or everybody.
    pub fn is_group(self) -> bool {
        match self {
            Address::Mac(mac) => mac.is_group(),
            Address::V4(a) => a.is_multicast() || a.is_broadcast(),
            Address::V6(a) => a.is_multicast(),
        }
    }

    /// Whether it is the address of one station or host: neither a group nor unspecified (all zeros).
    pub fn is_somebody(self) -> bool {
        let is_unspecified = match self {
            Address::Mac(mac) => mac == Mac::default(),
            Address::V4(a) => a.is_unspecified(),
            Address::V6(a) => a.is_unspecified(),
        };
        !is_unspecified && !self.is_group()
    }

    /// The IP address, if it is one.
    pub fn ip(self) -> Option<IpAddr> {
        match self {
            Address::Mac(_) => None,
            Address::V4(a) => Some(IpAddr::V4(a)),
            Address::V6(a) => Some(IpAddr::V6(a)),
        }
    }
}

impl From<std::net::IpAddr> for Address {
    fn from(address: std::net::IpAddr) -> Self {
        match address {
            std::net::IpAddr::V4(a) => Self::V4(a),
            std::net::IpAddr::V6(a) => Self::V6(a),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Mac(a) => a.fmt(f),
            Address::V4(a) => a.fmt(f),
            Address::V6(a) => a.fmt(f),
        }
    }
}
