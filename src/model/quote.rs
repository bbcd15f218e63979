//! The conversation an ICMP error is about: the start of the packet that caused it is quoted behind its header.

use super::{Direction, FlowKey, Frame};

/// What an ICMP error says of a conversation (RFC 792, RFC 4443).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuotedFlow {
    /// Type of the error: ICMPv4 3, 4, 5, 11, 12, ICMPv6 1 to 4.
    pub kind: u8,
    /// Code of the error.
    pub code: u8,
    /// What the second half of the ICMP header holds: an MTU, a gateway, a pointer, by the type.
    pub rest: u32,
    /// The conversation of the quoted packet.
    pub key: FlowKey,
    /// Which way the quoted packet went.
    pub direction: Direction,
}

/// Extension headers looked through in a quoted packet, at most.
const MAX_EXTENSIONS: usize = 8;

impl Frame<'_> {
    /// The conversation that an ICMP error quotes. `None` when it is no ICMP error, when too little is quoted to tell (ports need four
    /// bytes behind the quoted IP header), and when a later fragment is quoted.
    pub fn quoted_flow(&self) -> Option<QuotedFlow> {
        let (key, _) = self.flow.as_ref()?;
        if !matches!(key.protocol, 1 | 58) {
            return None;
        }
        let icmp = self.bytes.get(self.transport? as usize..)?;
        let (&[kind, code, _, _, r0, r1, r2, r3], quoted) = icmp.split_first_chunk::<8>()?;
        let is_error = match key.protocol {
            1 => matches!(kind, 3 | 4 | 5 | 11 | 12),
            _ => matches!(kind, 1..=4),
        };
        let (key, direction) = quoted_key(quoted).filter(|_| is_error)?;
        Some(QuotedFlow { kind, code, rest: u32::from_be_bytes([r0, r1, r2, r3]), key, direction })
    }
}

/// The conversation of an IP packet that is cut somewhere.
fn quoted_key(ip: &[u8]) -> Option<(FlowKey, Direction)> {
    match ip.first()? >> 4 {
        4 => {
            let &[first, _, _, _, _, _, f0, f1, _, protocol, _, _, s0, s1, s2, s3, d0, d1, d2, d3] = ip.first_chunk::<20>()?;
            let behind = ip.get(usize::from(first & 0x0f).max(5) * 4..)?;
            if u16::from_be_bytes([f0, f1]) & 0x1fff != 0 {
                return None;
            }
            let (protocol, behind) = upper(protocol, behind)?;
            let (source, destination) = ports(protocol, behind)?;
            let [s, d] = [[s0, s1, s2, s3], [d0, d1, d2, d3]].map(u32::from_be_bytes);
            Some(FlowKey::v4(protocol, s, d, source, destination))
        }
        6 => {
            let (fixed, behind) = ip.split_first_chunk::<40>()?;
            let address = |at: usize| fixed.get(at..).and_then(|b| b.first_chunk()).map(|b| u128::from_be_bytes(*b));
            let (protocol, behind) = upper(fixed[6], behind)?;
            let (source, destination) = ports(protocol, behind)?;
            Some(FlowKey::new(true, protocol, address(8)?, address(24)?, source, destination))
        }
        _ => None,
    }
}

/// Looks through extension headers (RFC 8200 section 4, RFC 4302): the protocol behind them and its bytes.
fn upper(mut next: u8, mut bytes: &[u8]) -> Option<(u8, &[u8])> {
    for _ in 0..MAX_EXTENSIONS {
        let length = match (next, bytes) {
            (0 | 43 | 60 | 135 | 139 | 140, &[_, length, ..]) => (usize::from(length) + 1) * 8,
            (51, &[_, length, ..]) => (usize::from(length) + 2) * 4,
            (44, &[_, _, o0, o1, ..]) if u16::from_be_bytes([o0, o1]) >> 3 == 0 => 8,
            (0 | 43 | 44 | 51 | 60 | 135 | 139 | 140, _) => return None,
            _ => return Some((next, bytes)),
        };
        next = *bytes.first()?;
        bytes = bytes.get(length..)?;
    }
    None
}

/// Ports, where the protocol has them (those a conversation's key has: TCP, UDP, SCTP, UDP-Lite).
fn ports(protocol: u8, bytes: &[u8]) -> Option<(u16, u16)> {
    if !matches!(protocol, 6 | 17 | 132 | 136) {
        return Some((0, 0));
    }
    let &[s0, s1, d0, d1] = bytes.first_chunk()?;
    Some((u16::from_be_bytes([s0, s1]), u16::from_be_bytes([d0, d1])))
}
