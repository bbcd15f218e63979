//! What stays the same between two copies of a packet (the key), and what tells them apart (the place).

use crate::model::Frame;
use crate::model::mix::fold;
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

/// Where and how a packet was seen: copies of one packet differ in this alone. One word, so that it stays in a register: from the lowest
/// bit, 16 bits each, a hash of MAC addresses and TTL (hop limit), the tag control information of the outermost VLAN tag, a hash of mirror
/// session and capture interface, and 16 bits free.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Place(pub u64);

/// Tag of an untagged frame: VLAN 4095 is reserved (IEEE 802.1Q 9.6).
const UNTAGGED: u16 = u16::MAX;

impl Place {
    #[inline]
    fn new(hop: u16, tag: u16, via: u16) -> Self {
        Self(u64::from(hop) | u64::from(tag) << 16 | u64::from(via) << 32)
    }

    /// Whether there is a hop between.
    pub fn is_hop(self, other: Self) -> bool {
        self.0 as u16 != other.0 as u16
    }

    /// Whether VLAN or priority differ.
    pub fn is_retagged(self, other: Self) -> bool {
        self.0 as u32 >> 16 != other.0 as u32 >> 16
    }

    /// The VLAN identifier.
    pub fn vlan(self) -> Option<u16> {
        let tag = (self.0 >> 16) as u16;
        (tag != UNTAGGED).then_some(tag & 0x0fff)
    }
}

/// A packet, digested: what [`super::DuplicateFilter::judge`] goes by.
#[derive(Debug, Clone, Copy, Default)]
pub struct Digest {
    /// Equal for copies; never 0.
    pub(super) key: u64,
    /// Equal for both directions of a conversation. Not keyed: it steers what is learned only.
    pub(super) flow: u32,
    /// Direction, 0 or 1.
    pub(super) way: u8,
    /// TCP or UDP checksum where it is not part of the key.
    pub(super) checksum: u16,
    /// IPv4 identification; 0 where the sender set none.
    pub(super) id: u16,
    /// Whether it is a fragment.
    pub(super) fragment: bool,
    /// Whether it is TCP.
    pub(super) tcp: bool,
    /// A TCP segment with at most one byte of payload: acknowledgements and keep-alives repeat legally.
    pub(super) light: bool,
    /// A TCP segment that opens a connection: no sender repeats it within a second (RFC 6298 section 2).
    pub(super) opens: bool,
    /// Where it was seen.
    pub(super) place: Place,
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

/// Any number of bytes: two independent lanes, so that multiplications overlap; the last words may overlap those before.
#[inline(always)]
fn absorb(mut a: u64, mut b: u64, bytes: &[u8]) -> u64 {
    let n = bytes.len();
    if n >= 32 {
        let (chunks, rest) = bytes.as_chunks::<32>();
        for chunk in chunks {
            (a, b) = absorb_chunk(a, b, chunk);
        }
        if !rest.is_empty()
            && let Some(last) = bytes.last_chunk::<32>()
        {
            (a, b) = absorb_chunk(a, b, last);
        }
    } else if let (Some(first), Some(last)) = (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
        a = fold(word(first, 0) ^ SALT[2], word(last, 0) ^ a);
        if n > 16 {
            b = fold(word(bytes, 8) ^ SALT[3], word(bytes, n - 16) ^ b);
        }
    } else if n > 0 {
        a = fold(short(bytes) ^ SALT[2], a ^ SALT[4]);
    }
    fold(a ^ SALT[4], b ^ SALT[5] ^ n as u64)
}

#[inline(always)]
fn absorb_chunk(a: u64, b: u64, chunk: &[u8; 32]) -> (u64, u64) {
    (fold(word(chunk, 0) ^ SALT[2], word(chunk, 8) ^ a), fold(word(chunk, 16) ^ SALT[3], word(chunk, 24) ^ b))
}

/// The bytes of payload in a key while nothing was cut.
pub(super) const WHOLE: usize = PAYLOAD;

/// Digests a packet. `cover` is how many bytes of payload all packets so far surely have (a capture that cuts packets makes it smaller).
#[inline(always)]
pub(super) fn digest(frame: &Frame, seed: u64, cover: &mut usize) -> Digest {
    let ip = frame.net.and_then(|at| frame.bytes.get(at as usize..)).unwrap_or_default();
    let version = ip.first().map_or(0, |b| b >> 4);
    match (ip.first_chunk::<20>(), ip.first_chunk::<40>()) {
        (Some(fixed), _) if version == 4 => v4(frame, fixed, ip, seed, cover),
        (_, Some(fixed)) if version == 6 => v6(frame, fixed, ip, seed, cover),
        _ => link(frame, seed),
    }
}

/// Direction of a packet, 0 or 1; by its `ends` where it belongs to no conversation.
#[inline(always)]
fn way<T: PartialOrd>(frame: &Frame, (source, destination): (T, T)) -> u8 {
    frame.flow.as_ref().map_or(u8::from(source > destination), |(_, way)| u8::from(*way == Direction::BToA))
}

#[inline(always)]
fn v4(frame: &Frame, ip: &[u8; 20], all: &[u8], seed: u64, cover: &mut usize) -> Digest {
    // Version, header length, total length, identification, fragment word; the protocol takes the place of DSCP and ECN.
    let protocol = ip[9];
    let head = word(ip, 0);
    let fixed = head & !0xff00 | u64::from(protocol) << 8;
    let addresses = word(ip, 12);
    let header = usize::from(ip[0] & 15).max(5) * 4;
    let length = usize::from(u16::from_be_bytes([ip[2], ip[3]]));
    let end = if length < header { all.len() } else { length };
    let fragment = ((head >> 48) as u16).swap_bytes() & 0x3fff;
    let inside = Inside { protocol: if fragment & 0x1fff == 0 { protocol } else { 255 }, start: header, end };
    let start = fold(fixed ^ SALT[0] ^ seed, addresses ^ SALT[1]);
    let body = Body::read(all, &inside, cover);
    Digest {
        key: absorb(start ^ body.fixed.0, body.fixed.1 ^ seed, body.rest).max(1),
        flow: frame.hash,
        way: way(frame, (addresses as u32, (addresses >> 32) as u32)),
        checksum: body.checksum,
        id: u16::from_be_bytes([ip[4], ip[5]]),
        fragment: fragment != 0,
        tcp: protocol == 6,
        light: body.light && fragment == 0,
        opens: body.opens && fragment == 0,
        place: place(frame, ip[8]),
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
    let protocol = frame.flow.as_ref().map_or(ip[6], |(key, _)| key.protocol);
    let later = frame.fragment && frame.transport.is_none();
    // A fragment's identification and offset are in the eight bytes before.
    let fragment = if frame.fragment && start >= 48 { word(all, start - 8) } else { 0 };
    let inside = Inside { protocol: if later { 255 } else { protocol }, start, end };
    let body = Body::read(all, &inside, cover);
    let (s, d) = (fold(s0 ^ SALT[4], s1 ^ SALT[5]), fold(d0 ^ SALT[4], d1 ^ SALT[5]));
    let head = fold(fixed ^ SALT[0] ^ seed, s.rotate_left(32) ^ d ^ fragment);
    Digest {
        key: absorb(head ^ body.fixed.0, body.fixed.1 ^ seed, body.rest).max(1),
        flow: frame.hash,
        way: way(frame, (s, d)),
        checksum: body.checksum,
        id: 0,
        fragment: frame.fragment,
        tcp: protocol == 6,
        light: body.light && !frame.fragment,
        opens: body.opens && !frame.fragment,
        place: place(frame, ip[7]),
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
    let key = absorb(absorb(addresses, seed, head), SALT[3], tail).max(1);
    // The same in both directions.
    let flow = fold(s.wrapping_add(d) ^ SALT[2], s ^ d ^ u64::from(frame.ether_type) << 48 ^ SALT[3]) as u32;
    Digest {
        key,
        flow,
        way: way(frame, (s, d)),
        checksum: 0,
        id: 0,
        fragment: false,
        tcp: false,
        light: false,
        opens: false,
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
    opens: bool,
}

impl<'a> Body<'a> {
    #[inline(always)]
    fn read(ip: &'a [u8], inside: &Inside, cover: &mut usize) -> Self {
        let all = ip.get(inside.start..inside.end.min(ip.len())).unwrap_or_default();
        let length = inside.end.saturating_sub(inside.start);
        match inside.protocol {
            6 if let Some((tcp, rest)) = all.split_first_chunk::<20>() => {
                let header = usize::from(tcp[12] >> 2 & 0x3c).max(20);
                let tail = word(tcp, 12);
                let fixed = (fold(word(tcp, 0) ^ SALT[2], word(tcp, 8) ^ SALT[3]), tail >> 48);
                // Numbers and lengths tell one segment from the next: no payload is needed.
                let rest = rest.get(..header - 20).unwrap_or(rest);
                Self { fixed, rest, checksum: ((tail >> 32) as u16).swap_bytes(), light: length <= header + 1, opens: tcp[13] & 2 != 0 }
            }
            17 if let Some((udp, rest)) = all.split_first_chunk::<8>() => {
                let header = word(udp, 0);
                let body = Self {
                    fixed: (header & u64::MAX >> 16, 0),
                    rest,
                    checksum: ((header >> 48) as u16).swap_bytes(),
                    light: false,
                    opens: false,
                };
                body.limit(length - 8, cover)
            }
            _ => Self { fixed: (0, 0), rest: all.get(..PAYLOAD + 20).unwrap_or(all), checksum: 0, light: false, opens: false },
        }
    }

    /// Ends the rest where the payload that counts ends: after 64 bytes. `length` is that of the payload by the IP header.
    #[inline(always)]
    fn limit(mut self, length: usize, cover: &mut usize) -> Self {
        if let Some(rest) = self.rest.get(..PAYLOAD)
            && *cover == WHOLE
        {
            self.rest = rest;
        } else if self.checksum != 0 && (*cover < WHOLE || self.rest.len() < length.min(PAYLOAD)) {
            self.shorten(length, cover);
        } else if let Some(rest) = self.rest.get(..PAYLOAD) {
            self.rest = rest;
        }
        self
    }

    /// In a capture that cuts packets, the checksum speaks for the payload beyond what all of them surely have, so that a packet cut early
    /// and its copy that was not have the same key. (Without a checksum what is there must do.)
    #[inline(never)]
    fn shorten(&mut self, length: usize, cover: &mut usize) {
        if self.rest.len() < length.min(PAYLOAD) {
            *cover = (*cover).min(self.rest.len() & !7);
        }
        self.rest = self.rest.get(..*cover).unwrap_or(self.rest);
        self.fixed.1 ^= u64::from(self.checksum) << 32;
        self.checksum = 0;
    }
}

#[inline(always)]
fn mac_word(Mac([a, b, c, d, e, f]): Mac) -> u64 {
    u64::from_le_bytes([a, b, c, d, e, f, 0, 0])
}

/// MAC addresses by their last four bytes: what is before names the maker.
#[inline(always)]
fn place(frame: &Frame, ttl: u8) -> Place {
    let last = |Mac([_, _, a, b, c, d]): Mac| u32::from_le_bytes([a, b, c, d]);
    let macs = frame.mac.map_or(0, |(s, d)| last(s) ^ last(d).rotate_left(13));
    let hop = (macs ^ u32::from(ttl) << 20).wrapping_mul(0x9e37_79b1) >> 16;
    Place::new(hop as u16, frame.tci.unwrap_or(UNTAGGED), frame.session.wrapping_mul(0x9e37) ^ frame.interface)
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
