//! What stays the same between two copies of a packet (the key), and what tells them apart (the place).

use crate::mirror::Frame;
use crate::model::{Direction, Mac};

/// Bytes of payload in the key.
const PAYLOAD: usize = 64;
/// Bytes from the start of a non-IP frame in the key.
const HEAD: usize = 1024;
/// Odd random numbers (digits of pi), one for each word that is folded.
const SALT: [u64; 6] = [
    0x243f_6a88_85a3_08d3,
    0x1319_8a2e_0370_7345,
    0xa409_3822_299f_31d1,
    0x082e_fa98_ec4e_6c89,
    0x4528_21e6_38d0_1377,
    0xbe54_66cf_34e9_0c6d,
];

/// Where and how a packet was seen. Copies of one packet differ in this alone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Place {
    /// Hash of both MAC addresses and the TTL or hop limit: changed by a hop.
    pub hop: u16,
    /// Tag control information (priority and VLAN) of the outermost tag, `UNTAGGED` without.
    pub tag: u16,
    /// Hash of mirror session and capture interface.
    pub via: u16,
}

/// Tag of an untagged frame: VLAN 4095 is reserved (IEEE 802.1Q 9.6).
pub(super) const UNTAGGED: u16 = u16::MAX;

impl Place {
    /// The VLAN identifier.
    pub fn vlan(self) -> Option<u16> {
        (self.tag != UNTAGGED).then_some(self.tag & 0x0fff)
    }
}

/// A packet, digested.
#[derive(Debug, Clone, Copy)]
pub(super) struct Digest {
    /// Equal for copies; never 0.
    pub key: u64,
    /// Equal for both directions of a conversation.
    pub flow: u32,
    /// Direction, 0 or 1.
    pub way: usize,
    /// TCP or UDP checksum where it is not part of the key.
    pub checksum: u16,
    /// IPv4 identification; 0 where the sender set none.
    pub id: u16,
    /// Whether it is a fragment.
    pub fragment: bool,
    /// Whether it is TCP.
    pub tcp: bool,
    /// A TCP segment with at most one byte of payload: acknowledgements and keep-alives repeat legally.
    pub light: bool,
    /// Where it was seen.
    pub place: Place,
}

/// 128-bit product folded to 64 bits: every bit of both words reaches every bit of the result.
#[inline(always)]
fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    product as u64 ^ (product >> 64) as u64
}

#[inline(always)]
fn word(bytes: &[u8], at: usize) -> u64 {
    bytes.get(at..).and_then(|b| b.first_chunk()).map_or(0, |b| u64::from_le_bytes(*b))
}

/// Up to 7 bytes as a word.
#[inline(always)]
fn short(bytes: &[u8]) -> u64 {
    if let (Some(a), Some(b)) = (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        return u64::from(u32::from_le_bytes(*a)) << 32 | u64::from(u32::from_le_bytes(*b));
    }
    bytes.iter().fold(0, |n, &b| n << 8 | u64::from(b))
}

/// Any number of bytes: two independent lanes of 16 bytes each, so that multiplications overlap; the last words may overlap the ones before.
#[inline(always)]
fn absorb(mut a: u64, mut b: u64, bytes: &[u8]) -> u64 {
    let (chunks, rest) = bytes.as_chunks::<32>();
    for chunk in chunks {
        a = fold(word(chunk, 0) ^ SALT[2], word(chunk, 8) ^ a);
        b = fold(word(chunk, 16) ^ SALT[3], word(chunk, 24) ^ b);
    }
    let n = rest.len();
    if n >= 16 {
        a = fold(word(rest, 0) ^ SALT[2], word(rest, 8) ^ a);
        b = fold(word(rest, n - 16) ^ SALT[3], word(rest, n - 8) ^ b);
    } else if n >= 8 {
        a = fold(word(rest, 0) ^ SALT[2], word(rest, n - 8) ^ a);
    } else if n > 0 {
        a = fold(short(rest) ^ SALT[2], a ^ SALT[4]);
    }
    fold(a ^ SALT[4], b ^ SALT[5] ^ bytes.len() as u64)
}

#[inline(always)]
fn tag(flow: u64) -> u32 {
    (flow >> 32) as u32 ^ flow as u32
}

/// The bytes of payload in a key while nothing was cut.
pub(super) const WHOLE: usize = PAYLOAD;

/// Digests a packet. `cover` is how many bytes of payload all packets so far surely have (a capture that cuts packets makes it smaller).
#[inline]
pub(super) fn digest(frame: &Frame, seed: u64, cover: &mut usize) -> Digest {
    let bytes = frame.bytes;
    let ip = frame.net.and_then(|at| bytes.get(at as usize..)).unwrap_or_default();
    let version = ip.first().map_or(0, |b| b >> 4);
    let mut digest = match (ip.first_chunk::<20>(), ip.first_chunk::<40>()) {
        (Some(fixed), _) if version == 4 => v4(frame, fixed, ip, seed, cover),
        (_, Some(fixed)) if version == 6 => v6(frame, fixed, ip, seed, cover),
        _ => link(frame, seed),
    };
    digest.key = digest.key.max(1);
    digest.place.via = frame.session.wrapping_mul(0x9e37) ^ frame.interface;
    digest.place.tag = outer_tag(frame);
    if let Some((_, way)) = frame.flow {
        digest.way = usize::from(way == Direction::BToA);
    }
    digest
}

#[inline(always)]
fn v4(frame: &Frame, ip: &[u8; 20], all: &[u8], seed: u64, cover: &mut usize) -> Digest {
    // Version, header length, total length, identification, fragment word; the protocol takes the place of DSCP and ECN.
    let protocol = ip[9];
    let fixed = word(ip, 0) & !0xff00 | u64::from(protocol) << 8;
    let addresses = word(ip, 12);
    let (source, destination) = (addresses as u32, (addresses >> 32) as u32);
    let header = usize::from(ip[0] & 15).max(5) * 4;
    let length = usize::from(u16::from_be_bytes([ip[2], ip[3]]));
    let end = if length < header { all.len() } else { length };
    let id = u16::from_be_bytes([ip[4], ip[5]]);
    let fragment = u16::from_be_bytes([ip[6], ip[7]]) & 0x3fff;
    let inside = Inside { protocol: if fragment & 0x1fff == 0 { protocol } else { 255 }, start: header, end };
    let body = Body::read(all, &inside, cover);
    let ports = ports(all, &inside);
    let flow = fold((u64::from(source) + u64::from(destination)) ^ (ports << 40) ^ SALT[0], u64::from(source ^ destination) ^ SALT[1]);
    let start = fold(fixed ^ SALT[0] ^ seed, addresses ^ SALT[1]);
    Digest {
        key: absorb(start ^ body.fixed.0, body.fixed.1 ^ seed, body.rest),
        flow: tag(flow),
        way: usize::from(source > destination),
        checksum: body.checksum,
        id,
        fragment: fragment != 0,
        tcp: protocol == 6,
        light: body.light && fragment == 0,
        place: Place { hop: hop(frame, ip[8]), ..Place::default() },
    }
}

#[inline(always)]
fn v6(frame: &Frame, ip: &[u8; 40], all: &[u8], seed: u64, cover: &mut usize) -> Digest {
    // Version, flow label, payload length, first next header.
    let fixed = word(ip, 0) & 0x00ff_ffff_ffff_0ff0;
    let [s0, s1, d0, d1] = [8, 16, 24, 32].map(|at| word(ip, at));
    let length = usize::from(u16::from_be_bytes([ip[4], ip[5]]));
    let end = if length == 0 { all.len() } else { 40 + length };
    let net = frame.net.unwrap_or(0);
    let start = (frame.transport.unwrap_or(frame.payload).saturating_sub(net) as usize).clamp(40, all.len());
    let protocol = frame.flow.map_or(ip[6], |(key, _)| key.protocol);
    let later = frame.fragment && frame.transport.is_none();
    // A fragment's identification and offset are in the eight bytes before.
    let fragment = if frame.fragment && start >= 48 { word(all, start - 8) } else { 0 };
    let inside = Inside { protocol: if later { 255 } else { protocol }, start, end };
    let body = Body::read(all, &inside, cover);
    let (s, d) = (fold(s0 ^ SALT[4], s1 ^ SALT[5]), fold(d0 ^ SALT[4], d1 ^ SALT[5]));
    let flow = fold(s.wrapping_add(d) ^ ports(all, &inside) << 40 ^ SALT[0], (s ^ d) ^ SALT[1]);
    let head = fold(fixed ^ SALT[0] ^ seed, s.rotate_left(32) ^ d ^ fragment);
    Digest {
        key: absorb(head ^ body.fixed.0, body.fixed.1 ^ seed, body.rest),
        flow: tag(flow),
        way: usize::from(s > d),
        checksum: body.checksum,
        id: 0,
        fragment: frame.fragment,
        tcp: protocol == 6,
        light: body.light && !frame.fragment,
        place: Place { hop: hop(frame, ip[7]), ..Place::default() },
    }
}

/// A frame without IP: MAC addresses, then everything behind the VLAN tags. Zeros at the end of a short frame are padding, which only
/// one of two copies may have.
#[inline(never)]
fn link(frame: &Frame, seed: u64) -> Digest {
    let bytes = frame.bytes;
    let (s, d) = frame.mac.map_or((0, 0), |(s, d)| (mac_word(s), mac_word(d)));
    let start = if frame.mac.is_some() { 12 + 4 * frame.vlans.ids().len() } else { 0 };
    let mut rest = bytes.get(start..).unwrap_or_default();
    if bytes.len() <= 64 {
        while let [head @ .., 0] = rest {
            rest = head;
        }
    }
    let head = rest.get(..HEAD).unwrap_or(rest);
    let tail = rest.get(head.len()..).and_then(|b| b.last_chunk::<PAYLOAD>()).map_or(&[][..], |b| b);
    let addresses = fold(s ^ SALT[0] ^ seed, d ^ SALT[1]);
    let key = absorb(absorb(addresses, seed, head), SALT[3], tail);
    let flow = fold((s + d) ^ (u64::from(frame.ether_type) << 48) ^ SALT[0], (s ^ d) ^ SALT[1]);
    Digest {
        key,
        flow: tag(flow),
        way: usize::from(s > d),
        checksum: 0,
        id: 0,
        fragment: false,
        tcp: false,
        light: false,
        place: Place::default(),
    }
}

/// What is inside a network header, by offsets from its start.
struct Inside {
    protocol: u8,
    start: usize,
    end: usize,
}

/// The transport header without its checksum, and the first bytes behind it.
struct Body<'a> {
    fixed: (u64, u64),
    rest: &'a [u8],
    checksum: u16,
    light: bool,
}

impl<'a> Body<'a> {
    #[inline(always)]
    fn read(ip: &'a [u8], inside: &Inside, cover: &mut usize) -> Self {
        let all = ip.get(inside.start..).unwrap_or_default();
        let length = inside.end.saturating_sub(inside.start);
        let all = all.get(..length).unwrap_or(all);
        match inside.protocol {
            6 if let Some(tcp) = all.first_chunk::<20>() => {
                let header = usize::from(tcp[12] >> 4).clamp(5, 15) * 4;
                let tail = u64::from(u16::from_le_bytes([tcp[18], tcp[19]]));
                let fixed = (fold(word(tcp, 0) ^ SALT[2], word(tcp, 8) ^ SALT[3]), tail);
                let checksum = u16::from_be_bytes([tcp[16], tcp[17]]);
                Self { light: length <= header + 1, ..Self::cut(all, 20, header, length, fixed, checksum, cover) }
            }
            17 if let Some(udp) = all.first_chunk::<8>() => {
                let checksum = u16::from_be_bytes([udp[6], udp[7]]);
                let fixed = (word(udp, 0) & u64::MAX >> 16, 0);
                Self::cut(all, 8, 8, length, fixed, checksum, cover)
            }
            _ => {
                let rest = all.get(..PAYLOAD + 20).unwrap_or(all);
                Self { fixed: (0, 0), rest, checksum: 0, light: false }
            }
        }
    }

    /// Bytes from `from` to the end of the payload that counts. The checksum speaks for the payload that was cut, so that a packet cut
    /// early and its copy that was not have the same key; without a checksum what is there must do.
    #[inline(always)]
    fn cut(all: &'a [u8], from: usize, header: usize, length: usize, fixed: (u64, u64), checksum: u16, cover: &mut usize) -> Self {
        let whole = (header + PAYLOAD).min(length);
        if all.len() < whole && checksum != 0 {
            *cover = (*cover).min(all.len().saturating_sub(header) & !7);
        }
        let mut body = Self { fixed, rest: &[], checksum, light: false };
        let mut end = whole;
        if *cover < WHOLE && checksum != 0 {
            end = whole.min(header + *cover);
            body.fixed.1 ^= u64::from(checksum) << 32;
            body.checksum = 0;
        }
        body.rest = all.get(from..end.min(all.len())).unwrap_or_default();
        body
    }
}

#[inline(always)]
fn ports(ip: &[u8], inside: &Inside) -> u64 {
    if !matches!(inside.protocol, 6 | 17 | 132) {
        return u64::from(inside.protocol);
    }
    let Some([a, b, c, d]) = ip.get(inside.start..).and_then(|b| b.first_chunk::<4>()) else { return 0 };
    u64::from(u16::from_be_bytes([*a, *b])) + u64::from(u16::from_be_bytes([*c, *d]))
}

#[inline(always)]
fn mac_word(Mac([a, b, c, d, e, f]): Mac) -> u64 {
    u64::from_le_bytes([a, b, c, d, e, f, 0, 0])
}

#[inline(always)]
fn hop(frame: &Frame, ttl: u8) -> u16 {
    let macs = frame.mac.map_or(0, |(s, d)| mac_word(s) ^ mac_word(d).rotate_left(29));
    ((macs ^ u64::from(ttl) << 20).wrapping_mul(SALT[1]) >> 48) as u16
}

#[inline(always)]
fn outer_tag(frame: &Frame) -> u16 {
    let id = match frame.vlans.ids() {
        [] => return frame.tag.and_then(|t| Some(u16::from(t.cos.unwrap_or(0) & 7) << 13 | t.vlan? & 0x0fff)).unwrap_or(UNTAGGED),
        [id, ..] => *id,
    };
    // Priority is where an Ethernet tag has it, if that is a tag of this VLAN.
    match frame.bytes.get(14..16) {
        Some(&[a, b]) if frame.mac.is_some() && u16::from_be_bytes([a, b]) & 0x0fff == id => u16::from_be_bytes([a, b]) & 0xefff,
        _ => id,
    }
}

/// The checksum an offloading sender leaves in a TCP or UDP header for its adapter to complete: the folded sum of the pseudo-header
/// (RFC 9293 3.1, RFC 768, RFC 8200 8.1).
#[inline(never)]
pub(super) fn partial_checksum(frame: &Frame) -> Option<u16> {
    let ip = frame.bytes.get(frame.net? as usize..)?;
    let sum16 = |bytes: &[u8]| bytes.as_chunks::<2>().0.iter().map(|&b| u32::from(u16::from_be_bytes(b))).sum::<u32>();
    let protocol = u32::from(frame.flow?.0.protocol);
    let mut sum = protocol
        + match ip.first()? >> 4 {
            4 => {
                let header = u32::from(ip[0] & 15) * 4;
                sum16(ip.get(12..20)?) + sum16(ip.get(2..4)?).saturating_sub(header)
            }
            _ => {
                let extensions = frame.transport?.checked_sub(frame.net? + 40)?;
                sum16(ip.get(8..40)?) + sum16(ip.get(4..6)?).saturating_sub(extensions)
            }
        };
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    Some(sum as u16)
}
