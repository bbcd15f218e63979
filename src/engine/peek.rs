//! The router's look at a packet: just enough to give it its shard.

use super::key::{FragmentTable, flow_key, shard_of_flow, shard_of_frame};
use crate::decode::{self, Headers, Rules};
use crate::model::{FlowKey, LinkType};

/// Gives packets their shard: a function of the bytes alone (for later fragments: of their first fragment's).
#[derive(Debug, Default)]
pub struct Peek {
    fragments: FragmentTable<u8>,
}

impl Peek {
    /// The shard of a packet.
    #[inline]
    pub fn shard(&mut self, link: LinkType, bytes: &[u8], wire: u32) -> u8 {
        match common(link, bytes) {
            Some(key) => shard_of_flow(&key),
            None => self.by_walking(link, bytes, wire),
        }
    }

    #[inline(never)]
    fn by_walking(&mut self, link: LinkType, bytes: &[u8], wire: u32) -> u8 {
        let headers = &mut Headers::default();
        decode::walk(link, bytes, wire, &Rules::PLAIN, headers);
        let headers = *headers;
        let own = match flow_key(&headers) {
            Some((key, _)) => shard_of_flow(&key),
            None => shard_of_frame(&headers),
        };
        self.fragments.pass(&headers, || own).unwrap_or(own)
    }
}

fn be16(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..at + 2).map(|b| u16::from_be_bytes([b[0], b[1]]))
}

/// The key of the common case only: Ethernet, VLAN tags, IPv4 or IPv6 without extension headers, whole TCP or UDP headers that are
/// certain to decode. Everything else is `None` and is walked in full.
#[inline]
fn common(link: LinkType, bytes: &[u8]) -> Option<FlowKey> {
    if link != LinkType::ETHERNET {
        return None;
    }
    let mut at = 12;
    let mut ether_type = be16(bytes, at)?;
    while matches!(ether_type, 0x8100 | 0x88a8) {
        at += 4;
        if at > 20 {
            return None;
        }
        ether_type = be16(bytes, at)?;
    }
    let ip = bytes.get(at + 2..)?;
    let (is_v6, protocol, source, destination, header, payload) = match ether_type {
        0x0800 => {
            let h: &[u8; 20] = ip.first_chunk()?;
            let header = usize::from(h[0] & 0x0f) * 4;
            let total = usize::from(u16::from_be_bytes([h[2], h[3]]));
            // More-fragments or an offset: not the common case.
            if h[0] >> 4 != 4 || header < 20 || total < header || u16::from_be_bytes([h[6], h[7]]) & 0x3fff != 0 {
                return None;
            }
            let address = |i: usize| u128::from(u32::from_be_bytes([h[i], h[i + 1], h[i + 2], h[i + 3]]));
            (false, h[9], address(12), address(16), header, total - header)
        }
        0x86dd => {
            let h: &[u8; 40] = ip.first_chunk()?;
            if h[0] >> 4 != 6 {
                return None;
            }
            let address = |i: usize| h.get(i..i + 16).and_then(|b| b.try_into().ok()).map(u128::from_be_bytes);
            (true, h[6], address(8)?, address(24)?, 40, usize::from(u16::from_be_bytes([h[4], h[5]])))
        }
        _ => return None,
    };
    let transport = ip.get(header..)?;
    match protocol {
        6 => {
            let h: &[u8; 20] = transport.first_chunk()?;
            let length = usize::from(h[12] >> 4) * 4;
            if length < 20 || length > payload || length > transport.len() {
                return None;
            }
        }
        17 => {
            let h: &[u8; 8] = transport.first_chunk()?;
            let length = usize::from(u16::from_be_bytes([h[4], h[5]]));
            if length < 8 || length > payload {
                return None;
            }
        }
        _ => return None,
    }
    let ports = (be16(transport, 0)?, be16(transport, 2)?);
    // With tunnels taken off the shard is that of the inner conversation.
    if protocol == 17 && decode::may_carry_packets(ports.0, ports.1, &Rules::PLAIN) {
        return None;
    }
    Some(FlowKey::new(is_v6, protocol, source, destination, ports.0, ports.1).0)
}
