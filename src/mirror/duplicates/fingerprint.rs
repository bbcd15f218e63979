//! What stays the same between two copies of a packet (the key), and what tells them apart (the place).

use super::numbers::{numbered, redundant};
use crate::model::evidence::COMPARED_BYTES;
use crate::model::ip_protocol;
use crate::model::mix::{Keys, fold};
use crate::model::{Direction, FastHeaders, Frame, MirrorTag, Side};

/// Bytes from the start of a non-IP frame in the key.
const HEAD: usize = 1024;

/// Where and how a packet was seen: copies of one packet differ in this alone. One word, so that it stays in a register: from the lowest
/// bit a hash of the MAC addresses (10 bits), DSCP (6), the tag control information of the outermost VLAN tag (16), TTL or hop limit (8), a hash of
/// mirror session, capture interface and, where the mirror tells them, port and side of it (8), and 16 bits free.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Vantage(pub u64);

/// Two places are the same whatever DSCP the packet has there: what re-marks it may stand anywhere on the way.
impl PartialEq for Vantage {
    fn eq(&self, other: &Self) -> bool {
        (self.0 ^ other.0) & !DSCP == 0
    }
}

impl Eq for Vantage {}

/// Bits of the hash of MAC addresses, and of DSCP above them.
const MACS: u64 = 0x3ff;
const DSCP: u64 = 0xfc00;

/// Tag of an untagged frame: VLAN 4095 is reserved (IEEE 802.1Q 9.6).
const UNTAGGED: u16 = u16::MAX;

impl Vantage {
    /// MAC addresses count by their last four bytes: what is before names the maker.
    #[inline(always)]
    fn new([source, destination]: [u64; 2], [ttl, dscp]: [u8; 2], tci: Option<u16>, (session, interface, port): (u16, u16, u8)) -> Self {
        let macs = (source >> 16) as u32 ^ ((destination >> 16) as u32).rotate_left(13);
        let macs = macs.wrapping_mul(0x9e37_79b1) >> 22 | u32::from(dscp) << 10;
        let via = (session as u8).wrapping_mul(37).wrapping_add(interface as u8).wrapping_add(port);
        Self(u64::from(macs) | u64::from(tci.unwrap_or(UNTAGGED)) << 16 | u64::from(ttl) << 32 | u64::from(via) << 40)
    }

    #[inline(always)]
    fn of(frame: &Frame, ttl: u8, dscp: u8) -> Self {
        Self::new(stations(frame), [ttl, dscp], frame.tci, (frame.session, frame.interface, frame.tag.as_ref().map_or(0, port)))
    }

    /// Whether there is a hop between.
    pub fn is_hop(self, other: Self) -> bool {
        (self.0 ^ other.0) & MACS != 0 || self.ttl() != other.ttl()
    }

    /// Whether somebody took a packet in here and sent it on there, in the same VLAN past the same place of the mirror.
    pub fn is_sent_on(self, there: Self) -> bool {
        let is_same_net = self.vlan() == there.vlan() && self.via() == there.via();
        is_same_net && (self.0 ^ there.0) & MACS != 0 && there.ttl() <= self.ttl()
    }

    /// A hash of mirror session, capture interface and port.
    pub fn via(self) -> u8 {
        (self.0 >> 40) as u8
    }

    /// TTL or hop limit.
    pub fn ttl(self) -> u8 {
        (self.0 >> 32) as u8
    }

    /// Whether a packet passed the same link the same way before, so many hops earlier at least.
    pub fn is_return(self, earlier: Self, hops: u8) -> bool {
        let same = (self.0 ^ earlier.0) & !(0xff << 32 | DSCP) == 0;
        same && earlier.ttl().saturating_sub(self.ttl()) >= hops
    }

    /// Whether VLAN or priority differ.
    pub fn is_retagged(self, other: Self) -> bool {
        self.0 as u32 >> 16 != other.0 as u32 >> 16
    }

    /// The differentiated services code point (RFC 2474).
    pub fn dscp(self) -> u8 {
        ((self.0 & DSCP) >> 10) as u8
    }

    /// The priority in the tag (IEEE 802.1Q 6.9.3).
    pub fn priority(self) -> Option<u8> {
        self.vlan().map(|_| (self.0 >> 29) as u8 & 7)
    }

    /// The VLAN identifier.
    pub fn vlan(self) -> Option<u16> {
        let tag = (self.0 >> 16) as u16;
        (tag != UNTAGGED).then_some(tag & 0x0fff)
    }
}

/// A hash of which port of the mirroring device a copy is of, and of which side of it; 0 where it does not tell.
fn port(tag: &MirrorTag) -> u8 {
    let side = match tag.side {
        None => 0,
        Some(Side::Ingress) => 101u8,
        Some(Side::Egress) => 158,
    };
    (tag.port.unwrap_or(0).wrapping_mul(0x9e37_79b1) >> 24) as u8 ^ side
}

/// What is kept of a packet to know it again, packed: an entry of the table takes it as it is. The default is none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Fingerprint {
    /// Equal for copies; never 0 in a packet's.
    pub(super) key: u64,
    /// From the lowest bit: identification (16 bits), conversation and direction (20); what is above belongs to the table.
    pub(super) state: u64,
    /// Where it was seen, and above it the TCP or UDP checksum.
    pub(super) place: u64,
}

/// Difference between the two directions of a conversation in a [`Fingerprint`].
const OTHER_WAY: u64 = 0xb_d1e9;

/// Bits of conversation and direction in a [`Fingerprint`].
const FLOW: u64 = 0xf_ffff;

impl Fingerprint {
    #[inline(always)]
    fn new(key: u64, (flow, way): (u32, u8), id: u16, place: Vantage, checksum: u16) -> Self {
        let flow = u64::from(flow) & FLOW ^ if way == 0 { 0 } else { OTHER_WAY };
        Self { key: key.max(1), state: flow << 16 | u64::from(id), place: place.0 | u64::from(checksum) << 48 }
    }

    /// That of one of the commonest packets, which came `via` a mirror session and a capture interface. None where the capture cut the
    /// payload: then its shard knows how much of it counts.
    #[inline(always)]
    pub fn of(fast: &FastHeaders, bytes: &[u8], via: (u16, u16), keys: &Keys) -> Self {
        brief_print(fast, bytes, via, keys).unwrap_or_default()
    }

    /// Conversation and direction, 20 bits.
    pub(super) fn flow(&self) -> u32 {
        (self.state >> 16 & FLOW) as u32
    }

    /// IPv4 identification, or the number in a datagram without one ([`numbered`]); 0 where the sender set neither.
    pub(super) fn id(&self) -> u16 {
        self.state as u16
    }

    /// Whether all that counts of a datagram is in it, where packets have so many bytes of payload at least.
    #[inline(always)]
    pub(super) fn is_whole(&self, cover: usize) -> bool {
        cover >= compared(self.id())
    }

    /// Where it was seen.
    pub(super) fn place(&self) -> Vantage {
        Vantage(self.place & 0xffff_ffff_ffff)
    }

    /// TCP or UDP checksum where it is not part of the key.
    pub(super) fn checksum(&self) -> u16 {
        (self.place >> 48) as u16
    }
}

/// A packet, digested: what [`super::DuplicateFilter::judge`] goes by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Digest {
    /// What is kept of it.
    pub(super) print: Fingerprint,
    /// Equal for both directions of a conversation. Not keyed: it steers what is learned only.
    pub(super) flow: u32,
    /// Direction, 0 or 1.
    pub(super) way: u8,
    /// Whether it is a fragment.
    pub(super) fragment: bool,
    /// Whether it is TCP.
    pub(super) tcp: bool,
    /// A TCP segment with at most one byte of payload: acknowledgements and keep-alives repeat legally.
    pub(super) light: bool,
    /// A TCP segment that opens a connection: no sender repeats it within a second (RFC 6298 section 2).
    pub(super) opens: bool,
    /// A TCP segment that ends a connection: repeated after a round trip time or two (RFC 8985 section 7.2).
    pub(super) ends: bool,
    /// Cut before what tells it from others: whether another is equal cannot be told.
    pub(super) untold: bool,
}

impl Digest {
    /// What tells the packet's content from that of others.
    #[inline(always)]
    pub fn content(&self) -> u64 {
        self.print.key
    }

    /// That of one of the commonest packets, for whose digest its print stands.
    #[inline(always)]
    pub fn of_brief(fast: &FastHeaders, print: &Fingerprint) -> Self {
        let tcp = fast.is_tcp();
        Self {
            print: *print,
            flow: fast.hash,
            way: fast.direction as u8,
            fragment: false,
            tcp,
            light: tcp & (fast.payload <= 1),
            opens: tcp & (fast.flags & 2 != 0),
            ends: tcp & (fast.flags & 1 != 0),
            untold: false,
        }
    }
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
fn absorb(mut a: u64, mut b: u64, bytes: &[u8], keys: &Keys) -> u64 {
    let Keys(k) = keys;
    let n = bytes.len();
    if n >= 32 {
        let (chunks, rest) = bytes.as_chunks::<32>();
        for chunk in chunks {
            (a, b) = absorb_chunk(a, b, chunk, keys);
        }
        if !rest.is_empty()
            && let Some(last) = bytes.last_chunk::<32>()
        {
            (a, b) = absorb_chunk(a, b, last, keys);
        }
    } else if let (Some(first), Some(last)) = (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
        a = fold(word(first, 0) ^ k[2], word(last, 0) ^ a);
        if n > 16 {
            b = fold(word(bytes, 8) ^ k[3], word(bytes, n - 16) ^ b);
        }
    } else if n > 0 {
        a = fold(short(bytes) ^ k[2], a ^ k[4]);
    }
    fold(a ^ k[4], b ^ k[5] ^ n as u64)
}

#[inline(always)]
fn absorb_chunk(a: u64, b: u64, chunk: &[u8; 32], Keys(k): &Keys) -> (u64, u64) {
    (fold(word(chunk, 0) ^ k[2], word(chunk, 8) ^ a), fold(word(chunk, 16) ^ k[3], word(chunk, 24) ^ b))
}

/// The same of datagrams that no identification numbers. What they carry may be headers alone in the first of them, and where that is a packet
/// with a checksum of its own, the datagram's tells nothing: the sum of all of it is always the same.
const UNNUMBERED: usize = 2 * COMPARED_BYTES;

/// The most bytes of payload in a key, while nothing was cut.
pub(super) const WHOLE: usize = UNNUMBERED;

/// Bytes of a datagram's payload that count, by its identification (0: none).
#[inline(always)]
fn compared(id: u16) -> usize {
    if id == 0 { UNNUMBERED } else { COMPARED_BYTES }
}

/// Digests a packet. `cover` is how many bytes of payload all packets so far surely have (a capture that cuts packets makes it smaller).
#[inline(always)]
pub(super) fn digest(frame: &Frame, keys: &Keys, cover: &mut usize) -> Digest {
    let ip = frame.net.and_then(|at| frame.bytes.get(at as usize..)).unwrap_or_default();
    let version = ip.first().map_or(0, |b| b >> 4);
    match (ip.first_chunk::<20>(), ip.first_chunk::<40>()) {
        (Some(fixed), _) if version == 4 => v4(frame, fixed, ip, keys, cover),
        (_, Some(fixed)) if version == 6 => v6(frame, fixed, ip, keys, cover),
        _ => link(frame, keys),
    }
}

/// The plainest of those that were walked, in one go as well: a whole TCP segment in IPv4 without options.
#[inline(always)]
pub(super) fn plain(frame: &Frame, keys: &Keys) -> Option<Digest> {
    let (segment, (_, way), net) = (frame.tcp.as_ref()?, frame.flow.as_ref()?, frame.net? as usize);
    let ip: &[u8; 40] = frame.bytes.get(net..)?.first_chunk()?;
    // A length of 0 says nothing of the payload.
    if ip[0] != 0x45 || frame.fragment || frame.transport? as usize != net + 20 || frame.net_end == 0 {
        return None;
    }
    let (fixed, tcp) = ip.split_first_chunk::<20>()?;
    let body = Body::of_tcp(tcp.first_chunk()?, frame.bytes.get(net + 40..frame.payload as usize)?, keys);
    let key = absorb(v4_start(fixed, keys) ^ body.fixed.0, body.fixed.1, body.rest, keys);
    let (way, id) = (*way as u8, u16::from_be_bytes([ip[4], ip[5]]));
    let print = Fingerprint::new(key, (frame.hash, way), id, Vantage::of(frame, ip[8], ip[1] >> 2), body.checksum);
    Some(Digest {
        print,
        flow: frame.hash,
        way,
        fragment: false,
        tcp: true,
        light: segment.payload <= 1,
        opens: body.opens,
        ends: body.ends,
        untold: false,
    })
}

#[inline(always)]
fn brief_print(fast: &FastHeaders, bytes: &[u8], via: (u16, u16), keys: &Keys) -> Option<Fingerprint> {
    let (net, transport) = (usize::from(fast.net_at()), usize::from(fast.transport_at()));
    let (start, mut id, ttl, dscp) = if fast.flow.is_v6 {
        let ip: &[u8; 40] = bytes.get(net..)?.first_chunk()?;
        (v6_start(ip, 0, keys), 0, ip[7], v6_dscp(ip))
    } else {
        let ip: &[u8; 20] = bytes.get(net..)?.first_chunk()?;
        (v4_start(ip, keys), u16::from_be_bytes([ip[4], ip[5]]), ip[8], ip[1] >> 2)
    };
    let body = if fast.is_tcp() {
        let tcp: &[u8; 20] = bytes.get(transport..)?.first_chunk()?;
        Body::of_tcp(tcp, bytes.get(transport + 20..usize::from(fast.payload_at))?, keys)
    } else {
        let udp: &[u8; 8] = bytes.get(transport..)?.first_chunk()?;
        id = numbered(id, bytes.get(transport + 8..).unwrap_or_default(), usize::from(fast.payload));
        let counts = usize::from(fast.payload).min(compared(id));
        Body::of_udp(udp, bytes.get(transport + 8..transport + 8 + counts)?)
    };
    let key = absorb(start ^ body.fixed.0, body.fixed.1, body.rest, keys);
    let place = Vantage::new([fast.source, fast.destination], [ttl, dscp], fast.tci(), (via.0, via.1, 0));
    Some(Fingerprint::new(key, (fast.hash, fast.direction as u8), id, place, body.checksum))
}

/// DSCP of IPv6: the upper six bits of the traffic class, which lies across two bytes (RFC 8200 section 3).
#[inline(always)]
fn v6_dscp(ip: &[u8; 40]) -> u8 {
    (ip[0] << 4 | ip[1] >> 4) >> 2
}

/// Direction of a packet, 0 or 1; by its `ends` where it belongs to no conversation.
#[inline(always)]
fn way<T: PartialOrd>(frame: &Frame, (source, destination): (T, T)) -> u8 {
    frame.flow.as_ref().map_or(u8::from(source > destination), |(_, way)| u8::from(*way == Direction::BToA))
}

/// The fixed header: version, header length, total length, identification, fragment word (the protocol takes the place of DSCP and ECN) and
/// addresses.
#[inline(always)]
fn v4_start(ip: &[u8; 20], Keys(k): &Keys) -> u64 {
    let fixed = word(ip, 0) & !0xff00 | u64::from(ip[9]) << 8;
    fold(fixed ^ k[0], word(ip, 12) ^ k[1])
}

#[inline(always)]
fn v4(frame: &Frame, ip: &[u8; 20], all: &[u8], keys: &Keys, cover: &mut usize) -> Digest {
    let protocol = ip[9];
    let addresses = word(ip, 12);
    let header = usize::from(ip[0] & 15).max(5) * 4;
    let length = usize::from(u16::from_be_bytes([ip[2], ip[3]]));
    let end = if length < header { all.len() } else { length };
    let fragment = u16::from_be_bytes([ip[6], ip[7]]) & 0x3fff;
    let id = u16::from_be_bytes([ip[4], ip[5]]);
    let inside = Inside::new(if fragment & 0x1fff == 0 { protocol } else { 255 }, header, end, id, all);
    let id = inside.id;
    let body = Body::read(all, &inside, keys, cover);
    let key = absorb(v4_start(ip, keys) ^ body.fixed.0, body.fixed.1, body.rest, keys);
    let way = way(frame, (addresses as u32, (addresses >> 32) as u32));
    Digest {
        print: Fingerprint::new(key, (frame.hash, way), id, Vantage::of(frame, ip[8], ip[1] >> 2), body.checksum),
        flow: frame.hash,
        way,
        fragment: fragment != 0,
        tcp: protocol == ip_protocol::TCP,
        light: is_light(frame, &body) && fragment == 0,
        opens: body.opens && fragment == 0,
        ends: body.ends && fragment == 0,
        untold: !body.told && id == 0,
    }
}

/// Whether a packet is a segment with a byte of payload at most. The frame's word counts, where it has one: an IP length may be one modulo 65,536.
#[inline(always)]
fn is_light(frame: &Frame, body: &Body) -> bool {
    frame.tcp.as_ref().map_or(body.light, |segment| segment.payload <= 1)
}

/// The fixed header: version, flow label, payload length, first next header and addresses, with what tells one `fragment` from the next.
#[inline(always)]
fn v6_start(ip: &[u8; 40], fragment: u64, Keys(k): &Keys) -> u64 {
    let [fixed, s0, s1, d0, d1] = [0, 8, 16, 24, 32].map(|at| word(ip, at));
    let (s, d) = (fold(s0 ^ k[4], s1 ^ k[5]), fold(d0 ^ k[4], d1 ^ k[5]));
    fold(fixed & 0x00ff_ffff_ffff_0ff0 ^ k[0], s.rotate_left(32) ^ d ^ fragment)
}

#[inline(always)]
fn v6(frame: &Frame, ip: &[u8; 40], all: &[u8], keys: &Keys, cover: &mut usize) -> Digest {
    let length = usize::from(u16::from_be_bytes([ip[4], ip[5]]));
    let end = if length == 0 { all.len() } else { 40 + length };
    let net = frame.net.unwrap_or(0);
    // What a tunnel that stays on carries lies behind its own headers: nothing was decoded of less. A fragment has no headers behind its own.
    let start = frame.transport.or(Some(frame.payload).filter(|_| frame.fragment)).map_or(40, |at| at.saturating_sub(net) as usize);
    let start = start.clamp(40, all.len());
    let protocol = frame.flow.as_ref().map_or(ip[6], |(key, _)| key.protocol);
    let later = frame.fragment && frame.transport.is_none();
    // A fragment's identification and offset are in the eight bytes before.
    let fragment = if frame.fragment && start >= 48 { word(all, start - 8) } else { 0 };
    let inside = Inside::new(if later { 255 } else { protocol }, start, end, 0, all);
    let body = Body::read(all, &inside, keys, cover);
    let key = absorb(v6_start(ip, fragment, keys) ^ body.fixed.0, body.fixed.1, body.rest, keys);
    let way = way(frame, (ip.get(8..24), ip.get(24..40)));
    Digest {
        print: Fingerprint::new(key, (frame.hash, way), inside.id, Vantage::of(frame, ip[7], v6_dscp(ip)), body.checksum),
        flow: frame.hash,
        way,
        fragment: frame.fragment,
        tcp: protocol == ip_protocol::TCP,
        light: is_light(frame, &body) && !frame.fragment,
        opens: body.opens && !frame.fragment,
        ends: body.ends && !frame.fragment,
        untold: !body.told && !frame.fragment,
    }
}

/// A frame without IP: MAC addresses, then everything behind the VLAN tags. Zeros at the end of a short frame are padding, which only
/// one of two copies may have.
#[inline(never)]
fn link(frame: &Frame, keys: &Keys) -> Digest {
    let Keys(k) = keys;
    let bytes = frame.bytes;
    let [s, d] = stations(frame);
    let start = if frame.mac.is_some() { 12 + 4 * frame.vlans.ids().len() } else { 0 };
    let mut rest = bytes.get(start..).unwrap_or_default();
    if bytes.len() <= 64 {
        while let [head @ .., 0] = rest {
            rest = head;
        }
    }
    // Of a frame of two networks in parallel the trailer says which of them it came by.
    let (rest, number) = redundant(rest).unwrap_or((rest, 0));
    let head = rest.get(..HEAD).unwrap_or(rest);
    let tail = rest.get(head.len()..).and_then(|b| b.last_chunk::<COMPARED_BYTES>()).map_or(&[][..], |b| b);
    let addresses = fold(s ^ k[0], d ^ k[1]);
    let key = absorb(absorb(addresses ^ number, k[2], head, keys), k[3], tail, keys);
    // The same in both directions.
    let flow = fold(s.wrapping_add(d) ^ k[2], s ^ d ^ u64::from(frame.ether_type) << 48 ^ k[3]) as u32;
    let way = way(frame, (s, d));
    // A check sequence that was not captured is no part of what was cut.
    let untold = bytes.len() + 4 < frame.wire as usize;
    Digest { print: Fingerprint::new(key, (flow, way), 0, Vantage::default(), 0), flow, way, untold, ..Digest::default() }
}

/// What is inside a network header, by offsets from its start.
struct Inside {
    protocol: u8,
    start: usize,
    end: usize,
    /// The identification; 0 where there is none.
    id: u16,
}

impl Inside {
    /// That of a packet `ip` with an identification of its header.
    #[inline(always)]
    fn new(protocol: u8, start: usize, end: usize, id: u16, ip: &[u8]) -> Self {
        let payload = start + 8;
        let is_udp = protocol == ip_protocol::UDP;
        let id = if is_udp { numbered(id, ip.get(payload..).unwrap_or_default(), end.saturating_sub(payload)) } else { id };
        Self { protocol, start, end, id }
    }
}

/// The transport header without its checksum, and the first bytes behind it.
struct Body<'a> {
    fixed: (u64, u64),
    rest: &'a [u8],
    checksum: u16,
    light: bool,
    opens: bool,
    ends: bool,
    /// Whether what is there tells it from others.
    told: bool,
}

/// Bytes of the longest TCP header.
const LONGEST_TCP: usize = 60;

impl<'a> Body<'a> {
    #[inline(always)]
    fn read(ip: &'a [u8], inside: &Inside, keys: &Keys, cover: &mut usize) -> Self {
        let all = ip.get(inside.start..inside.end.min(ip.len())).unwrap_or_default();
        let length = inside.end.saturating_sub(inside.start);
        match inside.protocol {
            6 if let Some((tcp, rest)) = all.split_first_chunk::<20>() => {
                let header = usize::from(tcp[12] >> 2 & 0x3c).max(20);
                let rest = rest.get(..header - 20).unwrap_or(rest);
                Self { light: length <= header + 1, ..Self::of_tcp(tcp, rest, keys) }
            }
            17 if let Some((udp, rest)) = all.split_first_chunk::<8>() => {
                let counts = compared(inside.id);
                let is_there = rest.len() >= (length - 8).min(counts);
                let body = Self::of_udp(udp, rest);
                Self { told: is_there || body.checksum != 0, ..body }.limit(counts, length - 8, cover)
            }
            _ => Self {
                fixed: (0, 0),
                rest: all.get(..COMPARED_BYTES + 20).unwrap_or(all),
                checksum: 0,
                light: false,
                opens: false,
                ends: false,
                told: all.len() >= length.min(COMPARED_BYTES + 20) || Self::is_told(inside.protocol, all.len(), length),
            },
        }
    }

    /// Whether the first bytes of a packet that was cut tell it from others: a sequence number of data, a number of every packet, or a checksum of all
    /// of it. `length` is that of all by the IP header.
    fn is_told(protocol: u8, bytes: usize, length: usize) -> bool {
        match protocol {
            6 => bytes >= 8 && length > LONGEST_TCP,
            1 | 58 => bytes >= 4,
            50 => bytes >= 8,
            51 | 132 => bytes >= 12,
            255 => true,
            _ => false,
        }
    }

    /// Numbers and lengths tell one segment from the next: no payload is needed.
    #[inline(always)]
    fn of_tcp(tcp: &[u8; 20], options: &'a [u8], Keys(k): &Keys) -> Self {
        let tail = word(tcp, 12);
        let fixed = (fold(word(tcp, 0) ^ k[2], word(tcp, 8) ^ k[3]), tail >> 48);
        Self {
            fixed,
            rest: options,
            checksum: ((tail >> 32) as u16).swap_bytes(),
            light: false,
            opens: tcp[13] & 2 != 0,
            ends: tcp[13] & 1 != 0,
            told: true,
        }
    }

    #[inline(always)]
    fn of_udp(udp: &[u8; 8], rest: &'a [u8]) -> Self {
        let header = word(udp, 0);
        let checksum = ((header >> 48) as u16).swap_bytes();
        Self { fixed: (header & u64::MAX >> 16, 0), rest, checksum, light: false, opens: false, ends: false, told: true }
    }

    /// Ends the rest where the payload that counts ends: after so many bytes. `length` is that of the payload by the IP header.
    #[inline(always)]
    fn limit(mut self, counts: usize, length: usize, cover: &mut usize) -> Self {
        if let Some(rest) = self.rest.get(..counts)
            && *cover >= counts
        {
            self.rest = rest;
        } else if self.checksum != 0 && (*cover < counts || self.rest.len() < length.min(counts)) {
            self.shorten(counts, length, cover);
        } else if let Some(rest) = self.rest.get(..counts) {
            self.rest = rest;
        }
        self
    }

    /// In a capture that cuts packets, the checksum speaks for the payload beyond what all of them surely have, so that a packet cut early
    /// and its copy that was not have the same key. (Without a checksum what is there must do.)
    #[inline(never)]
    fn shorten(&mut self, counts: usize, length: usize, cover: &mut usize) {
        if self.rest.len() < length.min(counts) {
            *cover = (*cover).min(self.rest.len() & !7);
        }
        self.rest = self.rest.get(..*cover).unwrap_or(self.rest);
        self.fixed.1 ^= u64::from(self.checksum) << 32;
        self.checksum = 0;
    }
}

/// The addresses of a frame ([`Mac::word`](crate::model::Mac::word)), 0 where there are none.
#[inline(always)]
fn stations(frame: &Frame) -> [u64; 2] {
    frame.mac.map_or([0, 0], |(source, destination)| [source.word(), destination.word()])
}
