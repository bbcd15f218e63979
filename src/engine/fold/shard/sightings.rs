//! Frames that tell who has which address, and what time it is.

use crate::dissect::{dhcp, ntp};
use crate::model::mirror::Side;
use crate::model::{Address, BroadcastDomain, Frame, Mac, Sight};
use crate::stats::{Fragments, Gathering, exchange, fragments::Piece};
use std::net::{Ipv4Addr, Ipv6Addr};

const ARP: u16 = 0x0806;
const ROUTER: u8 = 134;
const SOLICITATION: u8 = 135;
const ADVERTISEMENT: u8 = 136;
const REDIRECT_V6: u8 = 137;

/// ICMP for IPv4: a redirect (RFC 792).
pub(super) const REDIRECT: u8 = 5;

/// A frame without a network layer that is counted.
#[inline]
pub(super) fn bare(seen: &mut Gathering, frame: &Frame<'_>) {
    if frame.ether_type == ARP
        && let Some(what) = arp(frame.l2_payload())
    {
        note(seen, frame, what);
        if let Some(probe) = probe(frame, &what) {
            note(seen, frame, probe);
        }
        if let Some(place) = place(frame, &what) {
            note(seen, frame, place);
        }
    }
}

/// Whether an address is looked for before somebody uses it: switches that follow who is where ask in the same way, but the host itself.
fn probe(frame: &Frame<'_>, what: &Sight) -> Option<Sight> {
    let address = match *what {
        Sight::Arp { is_reply: false, sender, target, .. } if sender.is_unspecified() => Address::V4(target),
        Sight::Solicitation { asker, target, .. } if asker.is_unspecified() => Address::V6(target),
        _ => return None,
    };
    frame.mac.is_some_and(|(_, to)| to.is_group()).then_some(Sight::Probe { address })
}

/// Where a station sends from, as far as the mirror tells. Where frames leave a switch its stations are everywhere.
fn place(frame: &Frame<'_>, arp: &Sight) -> Option<Sight> {
    let tag = frame.tag.filter(|tag| tag.port.is_some() || frame.session != 0)?;
    let session = frame.session;
    match (tag.side, arp) {
        (Some(Side::Ingress), _) => Some(Sight::Place { session, port: tag.port, sender: None }),
        // The port may be one by which it left: then copies of others tell, for a broadcast leaves by all.
        (None, Sight::Arp { is_reply: false, sender, .. }) if frame.mac.is_some_and(|mac| mac.1 == Mac::BROADCAST) => {
            Some(Sight::Place { session, port: tag.port, sender: Some(*sender) })
        }
        _ => None,
    }
}

/// A copy that is left out.
pub(super) fn copy(seen: &mut Gathering, frame: &Frame<'_>) {
    if frame.ether_type == ARP
        && let Some(Sight::Arp { is_reply: false, sender, sender_mac, target }) = arp(frame.l2_payload())
    {
        note(seen, frame, Sight::ArpCopy { sender, sender_mac, target });
    }
}

fn v4(bytes: &[u8]) -> Option<Address> {
    bytes.first_chunk::<4>().map(|b| Address::V4(Ipv4Addr::from(*b)))
}

fn v6(bytes: &[u8]) -> Option<Address> {
    bytes.first_chunk::<16>().map(|b| Address::V6(Ipv6Addr::from(*b)))
}

/// A host joins or leaves groups of IPv4: IGMP (RFC 1112 appendix I, RFC 2236 section 2, RFC 3376 section 4.2).
#[inline(never)]
pub(super) fn membership(seen: &mut Gathering, frame: &Frame<'_>) {
    match frame.payload() {
        [kind @ (0x12 | 0x16), _, _, _, rest @ ..] => {
            let version = if *kind == 0x12 { 1 } else { 2 };
            v4(rest).into_iter().for_each(|group| note(seen, frame, Sight::Join { group, version }));
        }
        [0x17, _, _, _, rest @ ..] => v4(rest).into_iter().for_each(|group| note(seen, frame, Sight::Leave { group, version: 2 })),
        [0x22, _, _, _, _, _, _, _, list @ ..] => records(list, 4, v4, |sight| note(seen, frame, sight(3))),
        _ => {}
    }
}

/// The same of IPv6: MLD (RFC 2710 section 3, RFC 3810 section 5.2). Its messages come from the same link, with a hop limit of 1.
fn listeners(seen: &mut Gathering, frame: &Frame<'_>, bytes: &[u8]) {
    match bytes {
        [131, _, _, _, _, _, _, _, rest @ ..] => {
            v6(rest).into_iter().for_each(|group| note(seen, frame, Sight::Join { group, version: 1 }));
        }
        [132, _, _, _, _, _, _, _, rest @ ..] => {
            v6(rest).into_iter().for_each(|group| note(seen, frame, Sight::Leave { group, version: 1 }));
        }
        [143, _, _, _, _, _, _, _, list @ ..] => records(list, 16, v6, |sight| note(seen, frame, sight(2))),
        _ => {}
    }
}

/// Records of one report that are read.
const RECORDS: usize = 64;

/// What a record says, once its version is told.
type Told<'a> = &'a dyn Fn(u8) -> Sight;

/// Group records of IGMPv3 and MLDv2, which differ in the bytes of an address only: type, words of auxiliary data, number of sources, group.
fn records(mut rest: &[u8], bytes: usize, group: fn(&[u8]) -> Option<Address>, mut told: impl FnMut(Told<'_>)) {
    for _ in 0..RECORDS {
        let [kind, more, a, b, ..] = *rest else { return };
        let sources = usize::from(u16::from_be_bytes([a, b]));
        let Some(group) = rest.get(4..).and_then(group) else { return };
        match (kind, sources) {
            // Who listens to no source of it, or to none any more, does not listen.
            (1 | 3, 0) => told(&|version| Sight::Leave { group, version }),
            (2 | 4, _) | (1 | 3 | 5, 1..) => told(&|version| Sight::Join { group, version }),
            _ => {}
        }
        rest = rest.get(4 + bytes + bytes * sources + 4 * usize::from(more)..).unwrap_or_default();
    }
}

fn note(seen: &mut Gathering, frame: &Frame<'_>, what: Sight) {
    let source = frame.mac.map(|(source, _)| source).unwrap_or_default();
    let domain = BroadcastDomain { session: frame.session, vlan: frame.vlans.outermost() };
    seen.note((frame.time, frame.number), domain, source, what);
}

/// ARP for IPv4 over hardware addresses of six bytes (RFC 826).
fn arp(bytes: &[u8]) -> Option<Sight> {
    let [_, _, 8, 0, 6, 4, 0, operation @ (1 | 2), a, b, c, d, e, f, s0, s1, s2, s3, _, _, _, _, _, _, t0, t1, t2, t3] =
        *bytes.first_chunk::<28>()?
    else {
        return None;
    };
    let (sender, target) = (Ipv4Addr::new(s0, s1, s2, s3), Ipv4Addr::new(t0, t1, t2, t3));
    Some(Sight::Arp { is_reply: operation == 2, sender, sender_mac: Mac([a, b, c, d, e, f]), target })
}

/// ICMPv6: neighbour discovery (RFC 4861) among it.
#[inline(never)]
pub(super) fn discovery(seen: &mut Gathering, frame: &Frame<'_>) {
    // What is not from the same link is not to be believed (RFC 4861 sections 6.1.2 and 7.1.2).
    let (Some((key, way)), Some(at)) = (&frame.flow, frame.transport) else { return };
    let bytes = frame.bytes.get(at as usize..frame.ip_end() as usize).unwrap_or_default();
    if frame.ttl == 1 {
        return listeners(seen, frame, bytes);
    }
    if frame.ttl != 255 {
        return;
    }
    let [(Address::V6(from), _), (Address::V6(to), _)] = key.ends(*way) else { return };
    let source = frame.mac.map(|(source, _)| source).unwrap_or_default();
    let what = match bytes.first() {
        Some(&ROUTER) => router(bytes, from),
        Some(&SOLICITATION) => solicitation(bytes, from, to),
        Some(&ADVERTISEMENT) => advertisement(bytes, to, source),
        Some(&REDIRECT_V6) => better_hop(bytes, from, to),
        _ => return,
    };
    if let Some(what) = what {
        note(seen, frame, what);
        if let Some(probe) = probe(frame, &what) {
            note(seen, frame, probe);
        }
    }
}

/// A router advertisement, with its first prefix for autoconfiguration (RFC 4861 section 4.6.2).
fn router(bytes: &[u8], source: Ipv6Addr) -> Option<Sight> {
    let &[_, _, _, _, _, flags, l0, l1, ..] = bytes.first_chunk::<16>()?;
    let mut prefix = None;
    for (kind, option) in options(bytes.get(16..)?) {
        if let (3, [_, _, length, flags, _, _, _, _, _, _, _, _, _, _, _, _, address @ ..]) = (kind, option)
            && flags & 0x40 != 0
            && let Some(address) = address.first_chunk::<16>()
        {
            prefix = prefix.or(Some((Ipv6Addr::from(*address), *length)));
        }
    }
    Some(Sight::Router { source, lifetime: u16::from_be_bytes([l0, l1]), flags: flags & 0xc0, prefix })
}

/// A neighbour solicitation.
fn solicitation(bytes: &[u8], asker: Ipv6Addr, to: Ipv6Addr) -> Option<Sight> {
    let target = bytes.first_chunk::<24>()?.last_chunk::<16>().map(|a| Ipv6Addr::from(*a))?;
    Some(Sight::Solicitation { asker, target, is_to_many: to.is_multicast() })
}

/// A neighbour advertisement.
fn advertisement(bytes: &[u8], asker: Ipv6Addr, source: Mac) -> Option<Sight> {
    let head = bytes.first_chunk::<24>()?;
    let address = head.last_chunk::<16>().map(|a| Ipv6Addr::from(*a))?;
    let told = options(bytes.get(24..)?).find_map(|(kind, option)| match (kind, option) {
        (2, [_, _, mac @ ..]) => mac.first_chunk::<6>().map(|mac| Mac(*mac)),
        _ => None,
    });
    Some(Sight::Advertisement { address, mac: told.unwrap_or(source), asker, overrides: head[4] & 0x20 != 0 })
}

/// A redirect of IPv6, which only a router of the same link may send (RFC 4861 section 8.1).
fn better_hop(bytes: &[u8], from: Ipv6Addr, to: Ipv6Addr) -> Option<Sight> {
    let address = |at: usize| bytes.get(at..)?.first_chunk::<16>().map(|a| Address::V6(Ipv6Addr::from(*a)));
    from.is_unicast_link_local().then_some(())?;
    Some(Sight::Redirect { router: Address::V6(from), host: Address::V6(to), target: address(24)?, gateway: address(8)? })
}

/// An echo request to one host, or its reply.
#[inline(never)]
pub(super) fn echo(seen: &mut Gathering, frame: &Frame<'_>) {
    let Some(message) = exchange::echo(frame) else { return };
    let [(from, _), (to, _)] = message.flow.ends(message.way);
    if !to.is_group() {
        note(seen, frame, Sight::Echo { is_reply: !message.is_request, from, to });
    }
}

/// A redirect of IPv4, by the packet it quotes (RFC 792).
#[inline(never)]
pub(super) fn redirect(seen: &mut Gathering, frame: &Frame<'_>, target: Address) {
    let (Some((key, way)), Some(at)) = (&frame.flow, frame.transport) else { return };
    let [(router, _), (host, _)] = key.ends(*way);
    let gateway = frame.bytes.get(at as usize + 4..frame.ip_end() as usize).and_then(|bytes| bytes.first_chunk::<4>());
    if let Some(gateway) = gateway.map(|bytes| Address::V4(Ipv4Addr::from(*bytes))) {
        note(seen, frame, Sight::Redirect { router, host, target, gateway });
    }
}

/// Options of neighbour discovery: type, length in eights of bytes (RFC 4861 section 4.6).
fn options(mut bytes: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    std::iter::from_fn(move || {
        let (&kind, &length) = (bytes.first()?, bytes.get(1)?);
        let (option, rest) = bytes.split_at_checked(usize::from(length) * 8).filter(|_| length > 0)?;
        bytes = rest;
        Some((kind, option))
    })
    .take(16)
}

/// UDP to or from a port of those that tell of addresses and clocks.
#[inline(never)]
pub(super) fn datagram(seen: &mut Gathering, frame: &Frame<'_>) {
    let Some((key, way)) = &frame.flow else { return };
    let [(from, source), (to, destination)] = key.ends(*way);
    let what = match (source, destination) {
        (67 | 68, 67 | 68) => dhcp::sight(frame.payload()).map(Sight::Dhcp),
        (123, _) => ntp::sight(frame.payload(), frame.time, [from, to]).map(Sight::Clock),
        _ => None,
    };
    if let Some(what) = what {
        note(seen, frame, what);
    }
}

/// A piece of a datagram. Of TCP it is counted only: its first piece is a segment as well.
#[inline(never)]
pub(super) fn fragment(seen: &mut Gathering, pieces: &mut Fragments, frame: &Frame<'_>) {
    let Some((key, way)) = frame.flow.as_ref().filter(|_| !frame.piece) else { return };
    let Some(piece) = piece(frame, key.ends(*way)) else { return };
    let what = match piece {
        Piece { protocol: 6, ends: [from, to], .. } => {
            Some(Sight::Datagram { from, to, protocol: 6, is_whole: true, is_dns: false, pieces: 1 })
        }
        _ => pieces.note((frame.time, frame.number), &piece),
    };
    if let Some(what) = what {
        seen.note((frame.time, frame.number), BroadcastDomain::default(), Mac::default(), what);
    }
}

fn piece(frame: &Frame<'_>, [(from, source), (to, destination)]: [(Address, u16); 2]) -> Option<Piece> {
    let bytes = frame.bytes.get(frame.net? as usize..)?;
    let (ends, is_dns) = ([from, to], source == 53 || destination == 53);
    let word = |at: usize| Some(u32::from(u16::from_be_bytes(*bytes.get(at..)?.first_chunk()?)));
    match *bytes.first()? {
        first @ 0x45..=0x4f => {
            let (length, id, place, protocol) = (word(2)?, word(4)?, word(6)?, *bytes.get(9)?);
            let length = length.checked_sub(u32::from(first & 15) * 4)?;
            Some(Piece { ends, protocol, id, offset: (place & 0x1fff) * 8, length, more: place & 0x2000 != 0, is_dns })
        }
        // Behind the fixed header, where fragments have their header usually.
        0x60..=0x6f if *bytes.get(6)? == 44 => {
            let (length, place, protocol) = (word(4)?.checked_sub(8)?, word(42)?, *bytes.get(40)?);
            let id = word(44)? << 16 | word(46)?;
            Some(Piece { ends, protocol, id, offset: place & 0xfff8, length, more: place & 1 != 0, is_dns })
        }
        _ => None,
    }
}
