//! The walk itself: a position in the packet, and steps that each read one header and say what comes next.

use super::headers::Headers;
use super::rules::{Peel, Rules};
use super::trace::Trace;
use super::{ethernet, ip, link, llc, mpls, ppp, transport, tunnel, wlan};
use crate::model::{Address, LinkType, Mac, MirrorTag, Proto, Purpose, Side, Stop, Tunnel, TunnelKind};
use std::net::Ipv4Addr;

/// What a header says comes behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// The header of a link type.
    Link(LinkType),
    /// An Ethernet header.
    Ethernet,
    /// What an EtherType names.
    EtherType(u16),
    /// An IEEE 802.2 LLC header.
    Llc,
    /// IP, version by its first nibble.
    Ip,
    /// IPv4.
    Ipv4,
    /// IPv6.
    Ipv6,
    /// What an IP protocol number names.
    IpProtocol(u8),
    /// What a PPP protocol number names (its field comes first).
    Ppp,
    /// PPP with or without address and control bytes.
    PppFramed,
    /// An IEEE 802.11 header.
    Wlan,
    /// The same with the two bytes of its frame control field swapped.
    WlanSwapped,
    /// The same with its header filled up to a multiple of four bytes.
    WlanPadded,
    /// An MPLS label.
    Mpls,
    /// Inside of a UDP datagram between these ports.
    UdpPayload(u16, u16),
    /// Nothing this program reads.
    End,
}

/// Headers followed in one packet, at most: every shim, tag and label counts. Crafted packets could otherwise make a walk long.
const MAX_STEPS: u8 = 48;

/// A walk in progress.
pub(super) struct Walk<'a, 'h> {
    /// The captured bytes.
    pub bytes: &'a [u8],
    /// Where the next header starts.
    pub at: usize,
    /// Where the current layer ends by the lengths read so far; may lie beyond the captured bytes.
    pub end: usize,
    /// Where the network layer read last says it ends, also when a mirror cut the frame before that.
    pub declared: usize,
    /// Tunnels still to be taken off.
    peel: u8,
    /// Whether the next VLAN tag is taken off.
    pub pop: bool,
    /// Whether link-layer values found now belong to the analysed frame (false inside a tunnel that stays on).
    outside: bool,
    /// Network layers read since the analysed frame began.
    nets: u8,
    /// Whether the network layer read last is a first fragment: it holds less than its payload's own lengths say.
    pub partial: bool,
    /// Whether the analysed frame came out of a mirror, which may have cut it: its IP length may then exceed the copy's.
    may_be_cut: bool,
    /// What the user set.
    pub rules: &'h Rules,
    /// What was found.
    pub headers: &'h mut Headers,
    /// Where each header begins, for who wants to know.
    trace: Option<&'h mut Trace>,
}

/// Walks the headers of one packet of link type `link`, `wire` bytes long on the wire, into `headers` (overwritten).
///
/// The analysed frame is what is left when `peel` has been taken off.
#[inline(never)]
pub fn walk(link: LinkType, bytes: &[u8], wire: u32, rules: &Rules, peel: Peel, headers: &mut Headers) {
    let mut walk = Walk::begin(bytes, wire, rules, peel, headers);
    let mut next = if link == LinkType::ETHERNET { ethernet::ethernet(&mut walk) } else { Next::Link(link) };
    for _ in 0..MAX_STEPS {
        if next == Next::End {
            break;
        }
        next = step(&mut walk, next);
    }
    walk.finish();
}

/// Does what [`walk`] does, and notes in `trace` where each header begins and the last one ends.
#[cold]
pub(super) fn walk_traced(link: LinkType, bytes: &[u8], wire: u32, rules: &Rules, peel: Peel, headers: &mut Headers, trace: &mut Trace) {
    let mut walk = Walk { trace: Some(trace), ..Walk::begin(bytes, wire, rules, peel, headers) };
    let mut next = Next::Link(link);
    for _ in 0..MAX_STEPS {
        if next == Next::End {
            break;
        }
        let at = walk.at;
        next = step(&mut walk, next);
        let path = walk.headers.path;
        if let Some(trace) = walk.trace.as_deref_mut() {
            trace.step(at, path);
        }
    }
    walk.finish();
    let (at, end) = (walk.at, walk.end);
    if let Some(trace) = walk.trace {
        trace.finish(at.min(bytes.len()), end.min(bytes.len()));
    }
}

/// Reads the header that comes next.
#[inline(always)]
fn step(walk: &mut Walk<'_, '_>, next: Next) -> Next {
    match next {
        Next::EtherType(number) => ethernet::ether_type(walk, number),
        Next::IpProtocol(number) => transport::ip_protocol(walk, number),
        Next::UdpPayload(source, destination) => tunnel::udp(walk, source, destination),
        Next::Ipv4 => ip::ipv4(walk),
        Next::Ipv6 => ip::ipv6(walk),
        Next::Ip => ip::ip(walk),
        Next::Ethernet => ethernet::ethernet(walk),
        Next::Llc => llc::llc(walk),
        Next::Mpls => mpls::label(walk),
        Next::Ppp => ppp::ppp(walk),
        Next::PppFramed => ppp::framed(walk),
        Next::Wlan => wlan::wlan(walk, false, false),
        Next::WlanSwapped => wlan::wlan(walk, true, false),
        Next::WlanPadded => wlan::wlan(walk, false, true),
        Next::Link(link) => link::link(walk, link),
        Next::End => Next::End,
    }
}

impl<'a, 'h> Walk<'a, 'h> {
    /// At the first byte of a packet.
    #[inline(always)]
    fn begin(bytes: &'a [u8], wire: u32, rules: &'h Rules, peel: Peel, headers: &'h mut Headers) -> Self {
        headers.reset(wire);
        Self {
            bytes,
            at: 0,
            end: (wire as usize).max(bytes.len()),
            declared: 0,
            peel: peel.tunnels,
            pop: peel.tag,
            outside: true,
            nets: 0,
            partial: false,
            may_be_cut: false,
            rules,
            headers,
            trace: None,
        }
    }

    /// The next `N` bytes without moving; `None` (and the reason noted) when they are not all there.
    #[inline]
    pub fn peek<const N: usize>(&mut self) -> Option<&'a [u8; N]> {
        let found = self.bytes.get(self.at..).and_then(|b| b.first_chunk::<N>());
        if found.is_none() || self.at + N > self.end {
            self.missing(N);
            return None;
        }
        found
    }

    /// The next `N` bytes, moving past them; `None` (and the reason noted) when they are not all there.
    #[inline]
    pub fn take<const N: usize>(&mut self) -> Option<&'a [u8; N]> {
        let found = self.peek::<N>()?;
        self.at += N;
        Some(found)
    }

    /// What is captured of the current layer from here on.
    #[inline]
    pub fn rest(&self) -> &'a [u8] {
        let end = self.end.min(self.bytes.len());
        self.bytes.get(self.at.min(end)..end).unwrap_or(&[])
    }

    /// Bytes of the current layer from here on, by its lengths (captured or not).
    #[inline]
    pub fn left(&self) -> usize {
        self.end.saturating_sub(self.at)
    }

    /// Notes that `count` bytes of a header are not all there.
    #[cold]
    #[inline(never)]
    pub fn missing(&mut self, count: usize) {
        self.headers.stop.get_or_insert(if self.at + count > self.end { Stop::Malformed } else { Stop::Captured });
    }

    /// Notes that a header contradicts itself; the walk ends.
    #[cold]
    #[inline(never)]
    pub fn malformed(&mut self) -> Next {
        self.headers.stop.get_or_insert(Stop::Malformed);
        Next::End
    }

    /// Appends a protocol to the path.
    #[inline]
    pub fn push(&mut self, proto: Proto) {
        self.push_from(self.at, proto);
    }

    /// Appends a protocol whose header began at `at`.
    #[inline]
    pub fn push_from(&mut self, at: usize, proto: Proto) {
        self.headers.path.push(proto);
        if self.trace.is_some() {
            self.traced(at, proto);
        }
    }

    #[cold]
    fn traced(&mut self, at: usize, proto: Proto) {
        if let Some(trace) = self.trace.as_deref_mut() {
            trace.push(proto, at);
        }
    }

    /// A leaf: a protocol that is named but not read.
    #[inline]
    pub fn leaf(&mut self, proto: Proto) -> Next {
        self.push(proto);
        Next::End
    }

    /// Notes a MAC pair, unless it is that of a tunnel that stays on.
    #[inline]
    pub fn mac(&mut self, source: Mac, destination: Mac) {
        if self.outside && self.headers.mac.is_none() {
            self.headers.mac = Some((source, destination));
        }
    }

    /// Notes that what the link layer carries begins here, unless it is the link layer of a tunnel that stays on; it ends at `end` (0:
    /// where the frame does).
    #[inline]
    pub fn link_payload(&mut self, end: usize) {
        if self.outside {
            self.headers.link_payload_at = self.at as u32;
            self.headers.link_payload_end = end as u32;
        }
    }

    /// Whether the network layer read now is the analysed frame's outermost.
    #[inline]
    pub fn is_first_net(&self) -> bool {
        self.nets == 0
    }

    /// Whether the network layer read last is the analysed frame's outermost.
    #[inline]
    pub fn owns_innermost_net(&self) -> bool {
        self.nets == 1
    }

    /// Notes a network layer between `ends` that says where it ends (`None`: where the layer around it does).
    #[inline]
    pub fn network(&mut self, ends: EndAddresses, end: Option<usize>, partial: bool) {
        let end = end.filter(|end| !self.is_modulo(*end));
        self.declared = end.unwrap_or(self.end);
        if let Some(end) = end {
            if end <= self.end || !self.may_be_cut || self.nets > 0 {
                self.end = self.end.min(end);
            } else {
                // What was captured whole was not cut by the capture.
                self.headers.cut_before = self.end <= self.bytes.len();
                self.grow(end);
            }
        }
        if self.nets == 0 {
            self.headers.net_end = u32::try_from(self.end).unwrap_or(u32::MAX);
        }
        self.nets = self.nets.saturating_add(1);
        self.partial = partial;
        self.headers.ends = ends;
    }

    /// Whether the frame is longer than an IP length that ends there tells by just as much as its 16 bits cannot: a virtual switch passes on what it
    /// was given before it is cut into segments, and no padding is that long.
    fn is_modulo(&self, end: usize) -> bool {
        let beyond = self.end.saturating_sub(end);
        beyond > 0 && beyond.is_multiple_of(1 << 16)
    }

    /// The mirror cut the frame, and its IP length tells how long it was.
    #[cold]
    fn grow(&mut self, end: usize) {
        self.end = end;
        self.headers.wire = u32::try_from(end - self.headers.frame_at as usize).unwrap_or(u32::MAX);
    }

    /// Goes into a tunnel between two addresses: the position is where its inside starts. Under a tunnel that is to be taken off
    /// the analysed frame starts here. False when the depth is used up; the walk must end then.
    #[must_use]
    pub fn enter(&mut self, kind: TunnelKind, source: Address, destination: Address, id: u64) -> bool {
        self.enter_with(Tunnel { kind, source, destination, id }, None)
    }

    fn enter_with(&mut self, tunnel: Tunnel, tag: Option<MirrorTag>) -> bool {
        if self.outside {
            let (around, wire) = (self.headers.tunnels.len(), self.headers.wire);
            self.headers.tunnels.note_inside(around, wire);
        }
        if !self.headers.tunnels.push(tunnel, tag) {
            return false;
        }
        if self.peel == 0 {
            self.outside = false;
        } else {
            self.peel -= 1;
            self.restart(tunnel.kind.purpose() != Purpose::User);
        }
        true
    }

    /// Goes into a tunnel between the ends of the innermost network layer read so far.
    #[must_use]
    pub fn enter_between(&mut self, kind: TunnelKind, ends: EndAddresses, id: u64) -> bool {
        self.enter(kind, ends.0, ends.1, id)
    }

    /// Goes into a mirror's tunnel that says something of the copy: a tag it took off is put back, a length before the cut counts.
    #[must_use]
    pub fn enter_mirror(&mut self, kind: TunnelKind, ends: EndAddresses, id: u64, tag: MirrorTag) -> bool {
        if !self.enter_with(Tunnel { kind, source: ends.0, destination: ends.1, id }, Some(tag)) {
            return false;
        }
        // In a tunnel that stays on it is said of another frame, unless nothing is said of this one.
        if self.outside || self.headers.mirror.is_none() {
            self.headers.mirror = Some(tag);
        }
        if self.outside {
            if let Some(vlan) = tag.vlan {
                self.headers.vlans.push(vlan);
            }
            if let Some(length) = tag.original_length
                && length as usize > self.left()
            {
                self.grow(self.at.saturating_add(length as usize));
                self.may_be_cut = false;
            }
        }
        true
    }

    /// Notes what a tag in the frame says of the port it passed: what a tunnel says of the copy comes first.
    pub fn note_port(&mut self, port: u32, side: Option<Side>) {
        let tag = self.headers.mirror.get_or_insert(MirrorTag { sampled: 1, ..MirrorTag::default() });
        if tag.port.is_none() {
            (tag.port, tag.side) = (Some(port), tag.side.or(side));
        }
    }

    /// Bytes of a header that is not the frame's own, on the user's word: they count in no load.
    pub fn leave_out(&mut self, bytes: u32) {
        if self.rules.stamps && self.outside {
            self.headers.wire = self.headers.wire.saturating_sub(bytes);
        }
    }

    /// The packet's own frame begins here: the bytes before it were written by what captured it, and count in no load.
    pub fn frame_begins(&mut self) {
        if self.outside && self.headers.tunnels.is_empty() {
            let position = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
            self.headers.begin(position(self.at.min(self.bytes.len())), position(self.end.saturating_sub(self.at)));
        }
    }

    /// The analysed frame starts here: what was found so far was the mirror's own.
    fn restart(&mut self, may_be_cut: bool) {
        let position = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        self.headers.begin(position(self.at), position(self.end.saturating_sub(self.at)));
        self.headers.piece |= self.partial;
        // The tag that a mirror took off was that of the frame around this one.
        if let Some(tag) = &mut self.headers.mirror {
            (tag.vlan, tag.cos) = (None, None);
        }
        self.outside = true;
        self.nets = 0;
        self.partial = false;
        self.may_be_cut = may_be_cut;
    }

    /// The ends of the network layer just read: outer ends of a tunnel that starts here.
    #[inline]
    pub fn ends(&self) -> EndAddresses {
        self.headers.ends
    }

    /// The last look: the analysed frame's payload starts where the walk ended.
    #[inline]
    fn finish(&mut self) {
        let h = &mut *self.headers;
        h.payload_at = u32::try_from(self.at.min(self.bytes.len())).unwrap_or(u32::MAX);
    }
}

/// Source and destination of a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EndAddresses(pub Address, pub Address);

impl Default for EndAddresses {
    fn default() -> Self {
        EndAddresses(Address::V4(Ipv4Addr::UNSPECIFIED), Address::V4(Ipv4Addr::UNSPECIFIED))
    }
}
