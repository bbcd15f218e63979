//! What is filled in when a packet is built: names of the next layer, lengths, checksums.

use super::checksum::{crc32c, fold, pseudo_sum, sum};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What a layer's header is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Ethernet,
    Vlan,
    Llc,
    Snap,
    Mpls,
    Pppoe,
    Ppp,
    Ipv4,
    Ipv6,
    /// Hop-by-hop, destination options or routing: the next protocol first, then a length in units of eight bytes beyond the first.
    Extension,
    /// The IPv6 fragment header.
    Fragment,
    /// The authentication header.
    Ah,
    Tcp,
    Udp,
    Icmp,
    Icmpv6,
    Sctp,
    Gre,
    Geneve,
    Gtp,
    /// Bytes as they are.
    Raw,
}

/// What the layers that may be in front of a layer call it; an EtherType or PPP number of 0: nothing.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Name {
    pub(super) ether_type: u16,
    pub(super) protocol: Option<u8>,
    pub(super) ppp: u16,
}

impl Name {
    pub(super) const ETHERNET: Self = Self { ether_type: 0x6558, protocol: Some(143), ppp: 0 };
    pub(super) const IPV4: Self = Self { ether_type: 0x0800, protocol: Some(4), ppp: 0x0021 };
    pub(super) const IPV6: Self = Self { ether_type: 0x86dd, protocol: Some(41), ppp: 0x0057 };

    /// Of a layer that only an EtherType names.
    pub(super) const fn ether(ether_type: u16) -> Self {
        Self { ether_type, protocol: None, ppp: 0 }
    }

    /// Of a layer that only an IP protocol number names.
    pub(super) const fn ip(protocol: u8) -> Self {
        Self { ether_type: 0, protocol: Some(protocol), ppp: 0 }
    }
}

/// A 16-bit length field: where it is, and from where in the header it counts.
pub(super) struct Length {
    pub(super) at: usize,
    from: usize,
}

impl Kind {
    pub(super) fn ether_type_at(self) -> Option<usize> {
        match self {
            Self::Ethernet => Some(12),
            Self::Snap => Some(6),
            Self::Vlan | Self::Gre | Self::Geneve => Some(2),
            _ => None,
        }
    }

    pub(super) fn protocol_at(self) -> Option<usize> {
        match self {
            Self::Ipv4 => Some(9),
            Self::Ipv6 => Some(6),
            Self::Extension | Self::Fragment | Self::Ah => Some(0),
            _ => None,
        }
    }

    pub(super) fn length(self) -> Option<Length> {
        let (at, from) = match self {
            Self::Ipv4 => (2, 0),
            Self::Ipv6 => (4, 40),
            Self::Udp => (4, 0),
            Self::Pppoe => (4, 6),
            Self::Gtp => (2, 8),
            _ => return None,
        };
        Some(Length { at, from })
    }

    pub(super) fn checksum_at(self) -> Option<usize> {
        match self {
            Self::Ipv4 => Some(10),
            Self::Tcp => Some(16),
            Self::Udp => Some(6),
            Self::Icmp | Self::Icmpv6 => Some(2),
            _ => None,
        }
    }
}

/// One header.
#[derive(Debug, Clone, Copy)]
pub(super) struct Layer {
    pub(super) kind: Kind,
    pub(super) name: Name,
    /// Where it begins.
    pub(super) at: usize,
}

impl Layer {
    /// Fills in what names the next layer, and lengths. `end` is where the header ends; `out` ends where the layer's content ends.
    pub(super) fn fill_in(&self, out: &mut [u8], end: usize, next: Option<&Self>) {
        let (at, all) = (self.at, out.len());
        if let (Some(field), Some(next)) = (self.kind.ether_type_at(), next) {
            // In Ethernet and behind a VLAN tag a length stands in front of LLC.
            let number = if matches!(next.kind, Kind::Llc | Kind::Snap) { (all - end) as u16 } else { next.name.ether_type };
            if number != 0 {
                out[at + field..at + field + 2].copy_from_slice(&number.to_be_bytes());
            }
        }
        if let (Some(field), Some(number)) = (self.kind.protocol_at(), next.and_then(|n| n.name.protocol)) {
            out[at + field] = number;
        }
        if let Some(length) = self.kind.length() {
            let number = (all - at - length.from) as u16;
            out[at + length.at..at + length.at + 2].copy_from_slice(&number.to_be_bytes());
        }
        match self.kind {
            Kind::Ipv4 => out[at] = 0x40 | ((end - at) / 4) as u8,
            Kind::Tcp => out[at + 12] = out[at + 12] & 0x0f | ((end - at) / 4 * 16) as u8,
            Kind::Ah => out[at + 1] = ((end - at) / 4 - 2) as u8,
            Kind::Extension => out[at + 1] = ((end - at) / 8 - 1) as u8,
            // The bottom of the stack.
            Kind::Mpls if next.is_none_or(|n| n.kind != Kind::Mpls) => out[at + 2] |= 1,
            Kind::Ppp => {
                if let Some(next) = next {
                    out[end - 2..end].copy_from_slice(&next.name.ppp.to_be_bytes());
                }
            }
            _ => {}
        }
    }

    /// Fills in the checksum.
    pub(super) fn sum_up(&self, out: &mut [u8], end: usize, outer: &[Self]) {
        let at = self.at;
        match self.kind {
            Kind::Ipv4 => put(out, at + 10, |o| !fold(sum(&o[at..end]))),
            Kind::Icmp => put(out, at + 2, |o| !fold(sum(&o[at..]))),
            Kind::Gre if out[at] & 0x80 != 0 => put(out, at + 4, |o| !fold(sum(&o[at..]))),
            Kind::Sctp => {
                out[at + 8..at + 12].fill(0);
                let sum = crc32c(&out[at..]).to_le_bytes();
                out[at + 8..at + 12].copy_from_slice(&sum);
            }
            Kind::Tcp | Kind::Udp | Kind::Icmpv6 => {
                let Some(field) = self.kind.checksum_at() else { return };
                let Some((source, destination)) = addresses(out, outer) else { return };
                let pseudo = pseudo_sum(source, destination, self.name.protocol.unwrap_or(0), out.len() - at);
                // All zeroes says that there is no checksum (RFC 768).
                let zero = |n: u16| if n == 0 && self.kind == Kind::Udp { 0xffff } else { n };
                put(out, at + field, |o| zero(!fold(pseudo.wrapping_add(sum(&o[at..])))));
            }
            _ => {}
        }
    }
}

/// Empties the field and then puts there what `of` makes of the bytes.
fn put(out: &mut [u8], field: usize, of: impl Fn(&[u8]) -> u16) {
    out[field..field + 2].fill(0);
    let number = of(out).to_be_bytes();
    out[field..field + 2].copy_from_slice(&number);
}

/// The addresses of the innermost IP layer.
fn addresses(out: &[u8], layers: &[Layer]) -> Option<(IpAddr, IpAddr)> {
    let ip = layers.iter().rev().find(|l| matches!(l.kind, Kind::Ipv4 | Kind::Ipv6))?;
    let header = out.get(ip.at..)?;
    let four = |at: usize| Some(Ipv4Addr::from(*header.get(at..)?.first_chunk::<4>()?).into());
    let six = |at: usize| Some(Ipv6Addr::from(*header.get(at..)?.first_chunk::<16>()?).into());
    if ip.kind == Kind::Ipv4 { Some((four(12)?, four(16)?)) } else { Some((six(8)?, six(24)?)) }
}
