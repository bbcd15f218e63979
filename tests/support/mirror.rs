//! A model of the mirror: takes frames passing a switch, makes the copies a SPAN session makes, and imposes faults at known rates.
//!
//! Each fault is a function from copies to copies, so a scenario reads as the list of what happens to the traffic.

use super::Rng;
use super::network::Passing;
use super::packet::checksum::{checksum, fold, pseudo_sum};
use super::packet::{Erspan, Packet};
use std::net::Ipv4Addr;

/// Which side of a mirrored port a copy was taken at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Ingress,
    Egress,
}

/// One copy on its way to the probe.
#[derive(Debug, Clone)]
pub struct Copied {
    pub time: i64,
    pub frame: Vec<u8>,
    /// Length of the frame as the mirror sent it (before any snap length).
    pub wire: u32,
    pub side: Side,
    /// The mirrored port it was taken at.
    pub port: u16,
    pub vlan: u16,
}

/// Copies of what comes in by (`ingress`) and leaves by (`egress`) the mirrored ports.
pub fn span(frames: &[Passing], mirrored: impl Fn(u16) -> bool, ingress: bool, egress: bool) -> Vec<Copied> {
    let mut out = Vec::new();
    for p in frames {
        let copy = |side, port, delay| Copied {
            time: p.time + delay,
            frame: p.frame.clone(),
            wire: p.frame.len() as u32,
            side,
            port,
            vlan: p.vlan,
        };
        if ingress && p.from_port != 0 && mirrored(p.from_port) {
            out.push(copy(Side::Ingress, p.from_port, 2_000));
        }
        if egress && mirrored(p.to_port) {
            out.push(copy(Side::Egress, p.to_port, 7_000));
        }
    }
    sort(out)
}

/// In order of time, as they arrive.
pub fn sort(mut copies: Vec<Copied>) -> Vec<Copied> {
    copies.sort_by_key(|c| c.time);
    copies
}

/// Copies that pass `keep`.
pub fn filter(copies: Vec<Copied>, keep: impl FnMut(&Copied) -> bool) -> Vec<Copied> {
    let mut keep = keep;
    copies.into_iter().filter(|c| keep(c)).collect()
}

/// Loses each copy with probability `p`.
pub fn lose(copies: Vec<Copied>, rng: &mut Rng, p: f64) -> Vec<Copied> {
    filter(copies, |_| !rng.chance(p))
}

/// Loses a share `p` of the copies in runs of `run` copies on average (a two-state chain, Gilbert 1960).
pub fn lose_bursts(copies: Vec<Copied>, rng: &mut Rng, p: f64, run: f64) -> Vec<Copied> {
    let (end, begin) = (1.0 / run, p / run / (1.0 - p));
    let mut losing = false;
    filter(copies, |_| {
        losing = if losing { !rng.chance(end) } else { rng.chance(begin) };
        !losing
    })
}

/// Loses copies in a queue: `bits_per_second` out, `buffer` bytes deep (tail drop). Departure becomes the copy's time.
pub fn queue(copies: Vec<Copied>, bits_per_second: f64, buffer: f64) -> (Vec<Copied>, u64) {
    let (mut free_at, mut lost) = (0f64, 0);
    let mut out = Vec::new();
    for mut c in copies {
        let now = c.time as f64;
        let bits = (f64::from(c.wire.max(60)) + 24.0) * 8.0;
        let backlog = ((free_at - now).max(0.0)) / 1e9 * bits_per_second / 8.0;
        if backlog > buffer {
            lost += 1;
            continue;
        }
        free_at = free_at.max(now) + bits / bits_per_second * 1e9;
        c.time = free_at as i64;
        out.push(c);
    }
    (out, lost)
}

/// A token bucket: `bits_per_second` with `burst` bytes.
pub fn rate_limit(copies: Vec<Copied>, bits_per_second: f64, burst: f64) -> Vec<Copied> {
    let (mut tokens, mut last) = (burst, 0i64);
    filter(copies, |c| {
        tokens = (tokens + (c.time - last) as f64 / 1e9 * bits_per_second / 8.0).min(burst);
        last = c.time;
        let fits = tokens >= f64::from(c.wire);
        if fits {
            tokens -= f64::from(c.wire);
        }
        fits
    })
}

/// Every `n`th copy only.
pub fn sample(copies: Vec<Copied>, rng: &mut Rng, n: u64) -> Vec<Copied> {
    filter(copies, |_| rng.below(n) == 0)
}

/// Removes VLAN tags.
pub fn strip_tags(mut copies: Vec<Copied>) -> Vec<Copied> {
    for c in &mut copies {
        while c.frame.len() >= 18 && c.frame[12..14] == [0x81, 0x00] {
            c.frame.drain(12..16);
        }
        c.frame.resize(c.frame.len().max(60), 0);
        c.wire = c.frame.len() as u32;
    }
    copies
}

/// Replaces the (outermost) VLAN tag.
pub fn retag(c: &mut Copied, vlan: u16) {
    if c.frame.len() >= 18 && c.frame[12..14] == [0x81, 0x00] {
        c.frame[14..16].copy_from_slice(&vlan.to_be_bytes());
    }
}

/// Where the IP header is, for Ethernet with at most one tag.
fn ip_at(frame: &[u8]) -> Option<(usize, bool)> {
    let at = if frame[12..14] == [0x81, 0x00] { 16 } else { 12 };
    match frame.get(at..at + 2)? {
        [0x08, 0x00] => Some((at + 2, false)),
        [0x86, 0xdd] => Some((at + 2, true)),
        _ => None,
    }
}

/// Whether a frame is TCP.
pub fn is_tcp(frame: &[u8]) -> bool {
    ip_at(frame).is_some_and(|(at, v6)| frame[at + if v6 { 6 } else { 9 }] == 6)
}

/// The TCP data in a frame, by its place in its conversation (addresses, ports, sequence number), and its bytes.
pub fn tcp_data(frame: &[u8]) -> Option<(Vec<u8>, u64)> {
    let (at, v6) = ip_at(frame)?;
    let word = |at: usize| u16::from_be_bytes([frame[at], frame[at + 1]]);
    let (protocol, addresses, transport, end) = if v6 {
        (frame[at + 6], at + 8..at + 40, at + 40, at + 40 + usize::from(word(at + 4)))
    } else {
        (frame[at + 9], at + 12..at + 20, at + 20, at + usize::from(word(at + 2)))
    };
    let payload = end.checked_sub(transport + usize::from(frame.get(transport + 12)? >> 4) * 4)? as u64;
    (protocol == 6 && payload > 0).then(|| ([&frame[addresses], &frame[transport..transport + 8]].concat(), payload))
}

/// What a router does to a frame: new MAC addresses, TTL one less.
pub fn route(c: &mut Copied) {
    let Some((at, v6)) = ip_at(&c.frame) else { return };
    c.frame[0..6].copy_from_slice(&[2, 0, 9, 0, 0, 2]);
    c.frame[6..12].copy_from_slice(&[2, 0, 9, 0, 0, 1]);
    if v6 {
        c.frame[at + 7] -= 1;
    } else {
        c.frame[at + 8] -= 1;
        c.frame[at + 10..at + 12].fill(0);
        let sum = checksum(&c.frame[at..at + 20]);
        c.frame[at + 10..at + 12].copy_from_slice(&sum.to_be_bytes());
    }
}

/// Cuts frames longer than `bytes`; the mirror's own link then carries the short frame.
pub fn slice(mut copies: Vec<Copied>, bytes: usize) -> Vec<Copied> {
    for c in &mut copies {
        c.frame.truncate(bytes);
        c.wire = c.frame.len() as u32;
    }
    copies
}

/// Leaves TCP and UDP checksums as the sending host's stack does when its hardware is to fill them in.
pub fn partial_checksums(mut copies: Vec<Copied>) -> Vec<Copied> {
    use std::net::{IpAddr, Ipv6Addr};
    for c in &mut copies {
        let Some((at, v6)) = ip_at(&c.frame) else { continue };
        let f = &c.frame;
        let (source, destination, protocol, transport, end): (IpAddr, IpAddr, u8, usize, usize) = if v6 {
            let a = |i: usize| Ipv6Addr::from(<[u8; 16]>::try_from(&f[i..i + 16]).unwrap());
            (a(at + 8).into(), a(at + 24).into(), f[at + 6], at + 40, at + 40 + usize::from(u16::from_be_bytes([f[at + 4], f[at + 5]])))
        } else {
            let a = |i: usize| Ipv4Addr::new(f[i], f[i + 1], f[i + 2], f[i + 3]);
            (a(at + 12).into(), a(at + 16).into(), f[at + 9], at + 20, at + usize::from(u16::from_be_bytes([f[at + 2], f[at + 3]])))
        };
        let field = match protocol {
            6 => transport + 16,
            17 => transport + 6,
            _ => continue,
        };
        let sum = fold(pseudo_sum(source, destination, protocol, end - transport));
        c.frame[field..field + 2].copy_from_slice(&sum.to_be_bytes());
    }
    copies
}

/// Merges runs of consecutive in-order segments of one direction, as GRO does: one large frame with the headers of the first.
pub fn merge_segments(copies: Vec<Copied>, most: usize) -> Vec<Copied> {
    let mut out: Vec<Copied> = Vec::new();
    for c in copies {
        if let (Some(last), Some((at, false))) = (out.last_mut(), ip_at(&c.frame)) {
            let end = |f: &[u8]| at + usize::from(u16::from_be_bytes([f[at + 2], f[at + 3]]));
            let header = |f: &[u8]| 20 + usize::from(f[at + 32] >> 4) * 4;
            let same = ip_at(&last.frame) == Some((at, false))
                && c.frame[at + 9] == 6
                && last.frame[at + 12..at + 24] == c.frame[at + 12..at + 24]
                && last.frame[at + 33] & 0x07 == 0
                && c.frame[at + 33] & 0x07 == 0
                && last.frame[..at] == c.frame[..at];
            if same && last.frame.len() < most {
                let seq = |f: &[u8]| u32::from_be_bytes(f[at + 24..at + 28].try_into().unwrap());
                let payload = end(&last.frame) - at - header(&last.frame);
                let more = c.frame[at + header(&c.frame)..end(&c.frame)].to_vec();
                if payload > 0 && !more.is_empty() && seq(&c.frame) == seq(&last.frame).wrapping_add(payload as u32) {
                    let keep = end(&last.frame);
                    last.frame.truncate(keep);
                    last.frame.extend(more);
                    let total = (last.frame.len() - at) as u16;
                    last.frame[at + 2..at + 4].copy_from_slice(&total.to_be_bytes());
                    last.frame[at + 10..at + 12].fill(0);
                    let sum = checksum(&last.frame[at..at + 20]);
                    last.frame[at + 10..at + 12].copy_from_slice(&sum.to_be_bytes());
                    last.wire = last.frame.len() as u32;
                    last.time = c.time;
                    continue;
                }
            }
        }
        out.push(c);
    }
    out
}

/// Delays the copies of one side.
pub fn delay(mut copies: Vec<Copied>, side: Side, by: i64) -> Vec<Copied> {
    copies.iter_mut().filter(|c| c.side == side).for_each(|c| c.time += by);
    sort(copies)
}

/// An encapsulation put around every copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrap {
    Erspan1,
    Erspan2,
    Erspan3,
    GreTeb,
    Vxlan,
    Geneve,
    Tzsp,
    Rspan(u16),
}

/// The mirror session's outer ends.
pub const OUTER: [[u8; 4]; 2] = [[192, 0, 2, 10], [192, 0, 2, 20]];

/// Wraps every copy; sequence numbers start at `first` and count what is wrapped.
pub fn wrap(mut copies: Vec<Copied>, how: Wrap, first: u32) -> Vec<Copied> {
    for (n, c) in copies.iter_mut().enumerate() {
        let inner = std::mem::take(&mut c.frame);
        let outer = Packet::eth([2, 0, 8, 0, 0, 1], [2, 0, 8, 0, 0, 2]).ipv4(OUTER[0], OUTER[1]).id(n as u16).ttl(255);
        let header = Erspan { sequence: Some(first.wrapping_add(n as u32)), session: 77, vlan: c.vlan & 0xfff, ..Erspan::default() };
        // Devices leave out the checksum of the UDP around a copy.
        let carrier = match how {
            Wrap::Erspan1 => outer.erspan1(),
            Wrap::Erspan2 => outer.erspan2(Erspan { encapsulation: 3, index: c.port.into(), ..header }),
            Wrap::Erspan3 => {
                let time = (c.time / 100) as u32;
                outer.erspan3(Erspan { time, granularity: 1, egress: c.side == Side::Egress, ..header })
            }
            Wrap::GreTeb => outer.gre(),
            Wrap::Vxlan => outer.udp(51_000, 4789).checksum(0).vxlan(0x1234),
            Wrap::Geneve => outer.udp(51_000, 6081).checksum(0).geneve(0x1234, &[]),
            Wrap::Tzsp => outer.udp(51_000, 37_008).checksum(0).tzsp(),
            Wrap::Rspan(vlan) => {
                c.frame = inner;
                c.frame.splice(12..12, [0x81, 0x00, (vlan >> 8) as u8, vlan as u8]);
                c.wire = c.frame.len() as u32;
                continue;
            }
        };
        c.frame = carrier.frame(&inner).build();
        c.wire = c.frame.len() as u32;
    }
    copies
}
