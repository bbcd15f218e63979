//! Tests of duplicate detection: the packets they are made of.

mod at_once;
mod bounds;
mod classes;
mod floods;
mod learning;
mod legal;
mod watch;

use super::*;
use crate::model::limits::COPY_HELD;
use crate::model::{CapScale, Direction, FlowKey, Mac, Segment, Sum, Timestamp, VlanStack};
use crate::packet::Packet;

const US: i64 = 1_000;
const MS: i64 = 1_000_000;

/// An Ethernet frame under construction.
#[derive(Clone)]
struct Made {
    bytes: Vec<u8>,
    net: Option<u32>,
    transport: u32,
    time: i64,
    session: u16,
    interface: u16,
}

fn ethernet(ether_type: u16) -> Vec<u8> {
    Packet::eth([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2]).ether_type(ether_type).unpadded().build()
}

fn made(bytes: Vec<u8>, net: Option<u32>, transport: u32) -> Made {
    Made { bytes, net, transport, time: 0, session: 0, interface: 0 }
}

/// The TCP header at an offset behind an IP header.
fn segment(b: &[u8], net: usize, transport: usize) -> Option<Segment> {
    let word = |at: usize| Some(u32::from_be_bytes(*b.get(at..)?.first_chunk()?));
    let short = |at: usize| Some(u16::from_be_bytes(*b.get(at..)?.first_chunk()?));
    let end = net + usize::from(short(net + if b[net] >> 4 == 4 { 2 } else { 4 })?) + if b[net] >> 4 == 4 { 0 } else { 40 };
    Some(Segment {
        sequence: word(transport + 4)?,
        acknowledgement: word(transport + 8)?,
        flags: *b.get(transport + 13)?,
        window: short(transport + 14)?,
        payload: (end - transport - 20) as u32,
    })
}

/// IP from one host to another in Ethernet, with its network header at 14.
fn ip(v6: bool, id: u16) -> Packet {
    let eth = Packet::eth([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2]).unpadded();
    let host = |n| [0x2001, 0xdb8, 0, 0, 0, 0, 0, n];
    if v6 { eth.ipv6(host(1), host(2)) } else { eth.ipv4([10, 0, 0, 1], [10, 0, 0, 2]).id(id) }
}

fn tcp(v6: bool, id: u16, port: u16, sequence: u32, payload: usize) -> Made {
    let ip = ip(v6, id);
    let transport = ip.headers() as u32;
    let payload: Vec<u8> = (0..payload).map(|i| (i as u32).wrapping_mul(sequence) as u8).collect();
    made(ip.tcp(port, 443).seq(sequence).ack(9).window(256).payload(&payload).build(), Some(14), transport)
}

fn udp(v6: bool, id: u16, port: u16, payload: &[u8]) -> Made {
    let ip = ip(v6, id);
    let transport = ip.headers() as u32;
    made(ip.udp(port, 53).payload(payload).build(), Some(14), transport)
}

impl Made {
    fn at(mut self, time: i64) -> Self {
        self.time = time;
        self
    }

    fn vlan(mut self, tci: u16) -> Self {
        let [a, b] = tci.to_be_bytes();
        self.bytes.splice(12..12, [0x81, 0, a, b]);
        self.net = self.net.map(|n| n + 4);
        self.transport += 4;
        self
    }

    fn routed(mut self, hops: u8) -> Self {
        let net = self.net.unwrap() as usize;
        let ttl = net + if self.bytes[net] >> 4 == 4 { 8 } else { 7 };
        self.bytes[ttl] -= hops;
        self.bytes[5] = 9;
        self.bytes[11] = 8;
        if self.bytes[net] >> 4 == 4 {
            self.bytes[net + 10] = 0x77;
            self.bytes[net + 1] = 3;
        }
        self
    }

    fn cut(mut self, length: usize) -> Self {
        self.bytes.truncate(length);
        self
    }

    fn feed(&self, filter: &mut DuplicateFilter) -> CopyVerdict {
        filter.observe(&self.frame())
    }

    fn frame(&self) -> Frame<'_> {
        let b = &self.bytes;
        let mac = |at: usize| Mac(b[at..at + 6].try_into().unwrap());
        let mut vlans = VlanStack::default();
        let mut ether = 12;
        while b[ether..ether + 2] == [0x81, 0] {
            vlans.push(u16::from_be_bytes([b[ether + 2], b[ether + 3]]));
            ether += 4;
        }
        let flow = self.net.and_then(|n| {
            let ip = &b[n as usize..];
            let v6 = ip[0] >> 4 == 6;
            let (s, d, p) = if v6 {
                (u128::from_be_bytes(ip[8..24].try_into().unwrap()), u128::from_be_bytes(ip[24..40].try_into().unwrap()), ip[6])
            } else {
                let word = |at: usize| u128::from(u32::from_be_bytes(ip[at..at + 4].try_into().unwrap()));
                (word(12), word(16), ip[9])
            };
            let l4 = b.get(self.transport as usize..)?;
            let port = |at: usize| l4.get(at..at + 2).map_or(0, |p| u16::from_be_bytes([p[0], p[1]]));
            Some(FlowKey::new(v6, p, s, d, port(0), port(2)))
        });
        let tcp = flow.filter(|(key, _)| key.is_tcp()).and_then(|_| segment(b, self.net? as usize, self.transport as usize));
        let frame = Frame {
            tcp,
            time: Timestamp(1_700_000_000_000_000_000 + self.time),
            wire: b.len() as u32,
            bytes: b,
            mac: Some((mac(6), mac(0))),
            vlans,
            ether_type: u16::from_be_bytes([b[ether], b[ether + 1]]),
            net: self.net,
            transport: self.net.map(|_| self.transport),
            payload: self.transport,
            flow,
            hash: flow.map_or(0, |(key, _)| (key.keyed_hash(&Keys::FIXED) >> 32) as u32),
            session: self.session,
            interface: self.interface,
            ..Frame::default()
        };
        Frame { tci: frame.outer_tag(), net_end: frame.ip_end(), ..frame }
    }
}

fn filter() -> DuplicateFilter {
    DuplicateFilter::new(Keys::new(0x5eed), CapScale::WHOLE)
}

fn profinet(payload: &[u8]) -> Made {
    let mut b = ethernet(0x8892);
    b.extend(payload);
    made(b, None, 14)
}

/// A mirror of one shard: the watch, the filter, and whoever leaves packets out and counts them after all.
struct OneShard {
    watch: CopyWatch,
    filter: DuplicateFilter,
    /// Which packets are counted, in their order.
    counted: Vec<bool>,
    /// Which of them lies in a slot.
    slots: Vec<usize>,
}

impl OneShard {
    fn new() -> Self {
        Self { watch: CopyWatch::default(), filter: filter(), counted: Vec::new(), slots: vec![usize::MAX; COPY_HELD] }
    }

    /// Lets packets through in order of their times, and nothing more after them.
    fn run(packets: &[Made]) -> Self {
        let mut packets: Vec<_> = packets.iter().collect();
        packets.sort_by_key(|p| p.time);
        let mut shard = Self::new();
        packets.iter().for_each(|p| shard.see(p));
        shard.watch.end();
        shard.learn();
        shard.filter.decide(i64::MAX, true);
        shard.recall();
        shard
    }

    fn see(&mut self, packet: &Made) {
        let frame = packet.frame();
        let verdict = self.filter.observe(&frame);
        if let Some(slot) = self.filter.take_slot() {
            self.slots[usize::from(slot)] = self.counted.len();
        }
        self.counted.push(!verdict.is_left_out());
        self.recall();
        self.watch.see_any(&frame, &Keys::new(0x5eed));
        self.learn();
    }

    fn learn(&mut self) {
        if let Some(times) = self.watch.news() {
            self.filter.learn(times);
            self.recall();
        }
    }

    fn recall(&mut self) {
        while let Some(slot) = self.filter.recalled() {
            let counted = &mut self.counted[self.slots[usize::from(slot)]];
            assert!(!*counted, "counted twice");
            *counted = true;
        }
    }

    /// Packets counted.
    fn counted(&self) -> usize {
        let counted = self.counted.iter().filter(|c| **c).count();
        assert_eq!(counted as u64 + self.filter.report().copies().packets, self.counted.len() as u64, "what is not counted is a copy");
        counted
    }
}

/// A conversation of `n` segments with data, the first at `from`, 5 ms apart, numbered from `start` on.
fn conversation(v6: bool, start: u16, n: u16, from: i64) -> Vec<Made> {
    let one = |i: u16| tcp(v6, if v6 { 0 } else { start + i }, 1000 + start, u32::from(start + i) * 500 + 1, 500);
    (0..n).map(|i| one(i).at(from + i64::from(i) * 5 * MS)).collect()
}

/// Each packet `times` times, `gap` apart.
fn times(packets: &[Made], times: i64, gap: i64) -> Vec<Made> {
    packets.iter().flat_map(|p| (0..times).map(|k| p.clone().at(p.time + k * gap))).collect()
}

impl Made {
    /// A segment with other flags, and a number of its own.
    fn flags(mut self, flags: u8) -> Self {
        self.bytes[self.transport as usize + 13] = flags;
        self
    }
}
