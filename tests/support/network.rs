//! A model of a small switched network: hosts on switch ports talk TCP (with loss and retransmission), DNS, ARP; the switch
//! itself sends spanning tree and LLDP. Every frame is noted as it passes the switch.

use super::Rng;
use super::packet::message::{dns, lldp, stp};
use super::packet::{ACK, End, FIN, PSH, Packet, SYN};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A frame as it passes the switch.
#[derive(Debug, Clone)]
pub struct Passing {
    /// Nanoseconds since the start.
    pub time: i64,
    /// The frame as received by the switch.
    pub frame: Vec<u8>,
    /// Switch port it came in by.
    pub from_port: u16,
    /// Switch port it leaves by.
    pub to_port: u16,
    /// VLAN it travels in.
    pub vlan: u16,
}

/// What the model is to do.
#[derive(Debug, Clone)]
pub struct Plan {
    pub seed: u64,
    pub clients: u16,
    pub servers: u16,
    pub connections: u32,
    /// Data segments of one connection, at most.
    pub segments: u32,
    /// Share of segments lost before they reach the switch, and after it.
    pub loss_before: f64,
    pub loss_after: f64,
    /// Share of conversations over IPv6.
    pub ipv6: f64,
    /// VLANs the hosts are spread over; 0: untagged.
    pub vlans: u16,
    /// Seconds over which connections start.
    pub seconds: f64,
    /// Whether switch ports of the servers are trunks, so that the frames carry tags.
    pub tagged: bool,
    pub mss: usize,
    /// Whether TCP segments have time stamps (RFC 7323).
    pub stamped: bool,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            seed: 1,
            clients: 40,
            servers: 6,
            connections: 400,
            segments: 60,
            loss_before: 0.0,
            loss_after: 0.002,
            ipv6: 0.2,
            vlans: 2,
            seconds: 10.0,
            tagged: true,
            mss: 1448,
            stamped: true,
        }
    }
}

/// Ethernet and IP from one end to another.
fn carrier(from: End, to: End, vlans: &[u16], id: u16, ttl: u8) -> Packet {
    let packet = Packet::eth(from.mac, to.mac).vlans(vlans).ip(from.ip, to.ip).ttl(ttl);
    if from.ip.is_ipv4() { packet.id(id) } else { packet.flow_label(0x12345) }
}

/// One direction of a connection as its sender sees it.
#[derive(Debug, Clone, Default)]
struct Sender {
    isn: u32,
    /// Bytes to send in all, first unacknowledged, next to send (offsets from isn + 1).
    total: u64,
    una: u64,
    next: u64,
    window: u64,
    dup_acks: u32,
    recover: u64,
    fin_sent: bool,
    rto_armed: i64,
}

/// One direction as its receiver sees it.
#[derive(Debug, Clone, Default)]
struct Receiver {
    /// Next byte expected (offset from isn + 1) and the ranges beyond it.
    expected: u64,
    beyond: Vec<(u64, u64)>,
    fin_at: Option<u64>,
    unacked: u32,
}

struct Connection {
    ends: [End; 2],
    ports: [u16; 2],
    vlan: u16,
    delay: i64,
    senders: [Sender; 2],
    receivers: [Receiver; 2],
    ids: [u16; 2],
    started: i64,
    ttl: u8,
    open: [bool; 2],
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    /// A segment arrives at side `to`: offset, length, acknowledgement, flags.
    Arrive { connection: usize, to: usize, offset: u64, length: u32, ack: u64, flags: u8 },
    /// Retransmission timer of side.
    Timer { connection: usize, side: usize, una: u64 },
    /// A connection starts.
    Start { connection: usize },
}

/// The switch's MAC address.
pub const SWITCH: [u8; 6] = [0x02, 0x00, 0x5e, 0, 0, 1];

fn client(n: u16) -> End {
    End { mac: [2, 0, 1, 0, (n >> 8) as u8, n as u8], ip: IpAddr::V4(Ipv4Addr::new(10, 1, (n >> 8) as u8, n as u8 + 1)), port: 0 }
}

fn server(n: u16) -> End {
    End { mac: [2, 0, 2, 0, (n >> 8) as u8, n as u8], ip: IpAddr::V4(Ipv4Addr::new(10, 2, 0, n as u8 + 1)), port: 443 }
}

fn as_v6(end: End) -> End {
    let IpAddr::V4(a) = end.ip else { return end };
    let o = a.octets();
    End { ip: IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, u16::from(o[0]), u16::from(o[1]), 0, 0, u16::from(o[2]), u16::from(o[3]))), ..end }
}

/// The switch port of a server.
pub fn server_port(n: u16) -> u16 {
    100 + n
}

/// Runs the model; frames come back in time order.
pub fn run(plan: &Plan) -> Vec<Passing> {
    let mut world = World::new(plan);
    world.connections();
    world.dns();
    world.control();
    world.out.sort_by_key(|p| p.time);
    world.out
}

struct World<'p> {
    plan: &'p Plan,
    rng: Rng,
    events: BinaryHeap<Reverse<(i64, u64, Event)>>,
    sequence: u64,
    list: Vec<Connection>,
    out: Vec<Passing>,
}

impl<'p> World<'p> {
    fn new(plan: &'p Plan) -> Self {
        Self { plan, rng: Rng(plan.seed), events: BinaryHeap::new(), sequence: 0, list: Vec::new(), out: Vec::new() }
    }

    fn at(&mut self, time: i64, event: Event) {
        self.sequence += 1;
        self.events.push(Reverse((time, self.sequence, event)));
    }

    fn vlan_of(&self, n: u16) -> u16 {
        if self.plan.vlans == 0 { 0 } else { 10 + 10 * (n % self.plan.vlans) }
    }

    fn connections(&mut self) {
        for n in 0..self.plan.connections {
            let c = self.rng.below(u64::from(self.plan.clients)) as u16;
            let s = self.rng.below(u64::from(self.plan.servers)) as u16;
            let (mut a, mut b) = (client(c), server(s));
            a.port = 20_000 + (n % 40_000) as u16;
            if self.rng.chance(self.plan.ipv6) {
                (a, b) = (as_v6(a), as_v6(b));
            }
            let segments = 1 + self.rng.below(u64::from(self.plan.segments.max(1)));
            let sender = |isn: u64, total: u64| Sender { isn: isn as u32, total, window: 10, ..Sender::default() };
            let up = 200 + self.rng.below(900);
            let (i, j) = (self.rng.next(), self.rng.next());
            let down = segments * self.plan.mss as u64 - self.rng.below(self.plan.mss.min(700) as u64);
            let delay = 50_000 + self.rng.below(2_000_000) as i64;
            let ids = [self.rng.next() as u16, self.rng.next() as u16];
            let start = (self.rng.below(1_000_000) as f64 / 1e6 * self.plan.seconds * 1e9) as i64;
            self.list.push(Connection {
                ends: [a, b],
                ports: [1 + c, server_port(s)],
                vlan: self.vlan_of(c),
                delay,
                senders: [sender(i, up), sender(j, down)],
                receivers: [Receiver::default(), Receiver::default()],
                ids,
                started: start,
                ttl: 64,
                open: [false; 2],
            });
            self.at(start, Event::Start { connection: n as usize });
        }
        let mut steps = 0u64;
        while let Some(Reverse((time, _, event))) = self.events.pop() {
            steps += 1;
            assert!(steps < 50_000_000, "the model does not come to rest");
            self.step(time, event);
        }
    }

    fn step(&mut self, time: i64, event: Event) {
        match event {
            Event::Start { connection } => {
                self.send(time, connection, 0, 0, 0, SYN, false);
                self.at(time + 1_000_000_000, Event::Timer { connection, side: 0, una: 0 });
            }
            Event::Timer { connection, side, una } => self.timer(time, connection, side, una),
            Event::Arrive { connection, to, offset, length, ack, flags } => self.arrive(time, connection, to, offset, length, ack, flags),
        }
    }

    fn timer(&mut self, time: i64, connection: usize, side: usize, una: u64) {
        let c = &mut self.list[connection];
        if !c.open[side] {
            // The SYN or SYN-ACK was lost.
            let flags = if side == 0 { SYN } else { SYN | ACK };
            if una < 5 {
                self.send(time, connection, side, 0, 0, flags, false);
                self.at(time + 2_000_000_000, Event::Timer { connection, side, una: una + 1 });
            }
            return;
        }
        let s = &mut c.senders[side];
        let end = s.total + u64::from(s.fin_sent);
        if s.una > una || s.una >= end {
            return;
        }
        s.next = s.una;
        s.window = 2;
        s.dup_acks = 0;
        s.rto_armed = 0;
        self.pump(time, connection, side);
    }

    /// A frame passes the switch (unless lost before it) and arrives at the other side (unless lost after it).
    #[allow(clippy::too_many_arguments, reason = "a segment has that many parts")]
    fn send(&mut self, time: i64, connection: usize, side: usize, offset: u64, length: u32, flags: u8, acks: bool) {
        let other = 1 - side;
        let mss = self.plan.mss as u16;
        let c = &mut self.list[connection];
        c.ids[side] = c.ids[side].wrapping_add(1);
        let mut options = Vec::new();
        if flags & SYN != 0 {
            options.extend([2, 4, (mss >> 8) as u8, mss as u8, 1, 3, 3, 7]);
        }
        // Timestamps: one tick a millisecond (RFC 7323).
        if self.plan.stamped {
            options.extend([1, 1, 8, 10]);
            options.extend(((time / 1_000_000) as u32).wrapping_add(7777 * side as u32).to_be_bytes());
            options.extend([0, 0, 0, 0]);
        }
        let ack = c.receivers[side].expected;
        let isn = c.senders[side].isn;
        let seq = if flags & SYN != 0 { isn } else { isn.wrapping_add(1).wrapping_add(offset as u32) };
        let with_ack = flags & ACK != 0;
        let ack_number = if with_ack { c.senders[other].isn.wrapping_add(1).wrapping_add(ack as u32) } else { 0 };
        // Content that differs from segment to segment, as real data does.
        let payload: Vec<u8> =
            (0..length).map(|i| ((offset + u64::from(i)).wrapping_mul(2_654_435_761) >> 13) as u8 ^ connection as u8).collect();
        let vlans: &[u16] = if self.plan.tagged && c.vlan != 0 { &[c.vlan] } else { &[] };
        let carrier = carrier(c.ends[side], c.ends[other], vlans, c.ids[side], c.ttl);
        let segment = carrier.tcp(c.ends[side].port, c.ends[other].port).options(&options);
        let frame = segment.seq(seq).ack(ack_number).flags(flags).window(501).payload(&payload).build();
        let (from_port, to_port, vlan, delay) = (c.ports[side], c.ports[other], c.vlan, c.delay);
        let pass = time + if side == 0 { delay } else { 20_000 };
        let arrive = pass + if side == 0 { 20_000 } else { delay };
        if acks {
            self.list[connection].receivers[side].unacked = 0;
        }
        if self.rng.chance(self.plan.loss_before) {
            return;
        }
        self.out.push(Passing { time: pass, frame, from_port, to_port, vlan });
        if !self.rng.chance(self.plan.loss_after) {
            self.at(arrive, Event::Arrive { connection, to: other, offset, length, ack, flags });
        }
    }

    /// Sends what the window allows.
    fn pump(&mut self, time: i64, connection: usize, side: usize) {
        let mss = self.plan.mss as u64;
        let mut at = time;
        loop {
            let c = &mut self.list[connection];
            let s = &mut c.senders[side];
            let limit = s.una + s.window * mss;
            if s.next < s.total && s.next < limit {
                let length = (s.total - s.next).min(mss) as u32;
                let offset = s.next;
                s.next += u64::from(length);
                let last = s.next >= s.total;
                at += 12_500;
                self.send(at, connection, side, offset, length, if last { ACK | PSH } else { ACK }, true);
            } else if s.next >= s.total && s.next == s.total && s.una <= s.total {
                let other_done = side == 1 || c.receivers[0].fin_at.is_some();
                let s = &mut c.senders[side];
                if !other_done || s.fin_sent && s.una > s.total {
                    break;
                }
                if s.next == s.total {
                    s.fin_sent = true;
                    s.next = s.total + 1;
                    let offset = s.total;
                    at += 12_500;
                    self.send(at, connection, side, offset, 0, FIN | ACK, true);
                }
                break;
            } else {
                break;
            }
        }
        let s = &mut self.list[connection].senders[side];
        if s.una < s.next && s.rto_armed <= time {
            s.rto_armed = time + 300_000_000;
            let una = s.una;
            self.at(time + 300_000_000, Event::Timer { connection, side, una });
        }
    }

    #[allow(clippy::too_many_arguments, reason = "a segment has that many parts")]
    fn arrive(&mut self, time: i64, connection: usize, to: usize, offset: u64, length: u32, ack: u64, flags: u8) {
        if flags & SYN != 0 {
            if to == 1 {
                self.send(time + 10_000, connection, 1, 0, 0, SYN | ACK, true);
                self.at(time + 1_000_000_000, Event::Timer { connection, side: 1, una: 0 });
            } else {
                let first = !self.list[connection].open[0];
                self.list[connection].open[0] = true;
                self.send(time + 10_000, connection, 0, 0, 0, ACK, true);
                if first {
                    self.pump(time + 30_000, connection, 0);
                }
            }
            return;
        }
        if to == 1 && !self.list[connection].open[1] {
            self.list[connection].open[1] = true;
            let answer = time + 300_000 + self.rng.below(3_000_000) as i64;
            self.at(answer, Event::Timer { connection, side: 1, una: 0 });
        }
        self.acknowledged(time, connection, to, ack, length == 0 && flags & FIN == 0);
        if length > 0 || flags & FIN != 0 {
            self.received(time, connection, to, offset, length, flags);
        }
    }

    fn acknowledged(&mut self, time: i64, connection: usize, side: usize, ack: u64, pure: bool) {
        let mss = self.plan.mss as u64;
        let s = &mut self.list[connection].senders[side];
        if ack > s.una {
            s.una = ack;
            s.next = s.next.max(ack);
            s.dup_acks = 0;
            s.window = (s.window + 1).min(64);
            s.rto_armed = 0;
            if ack < s.recover && s.una < s.total {
                // Partial acknowledgement: the next hole (RFC 6582).
                let (offset, length) = (s.una, (s.total - s.una).min(mss) as u32);
                self.send(time + 5_000, connection, side, offset, length, ACK, true);
            }
            self.pump(time + 5_000, connection, side);
        } else if pure && ack == s.una && s.una < s.next {
            s.dup_acks += 1;
            if s.dup_acks == 3 && s.una < s.total {
                s.recover = s.next;
                s.window = (s.window / 2).max(2);
                let (offset, length) = (s.una, (s.total - s.una).min(mss) as u32);
                self.send(time + 5_000, connection, side, offset, length, ACK, true);
            }
        }
    }

    fn received(&mut self, time: i64, connection: usize, side: usize, offset: u64, length: u32, flags: u8) {
        let r = &mut self.list[connection].receivers[side];
        let end = offset + u64::from(length) + u64::from(flags & FIN != 0);
        if flags & FIN != 0 {
            r.fin_at = Some(offset);
        }
        let in_order = offset <= r.expected;
        if in_order {
            r.expected = r.expected.max(end);
            r.beyond.sort_unstable();
            for &(from, to) in &r.beyond {
                if from <= r.expected {
                    r.expected = r.expected.max(to);
                }
            }
            let expected = r.expected;
            r.beyond.retain(|&(_, to)| to > expected);
        } else {
            r.beyond.push((offset, end));
        }
        r.unacked += 1;
        let must = !in_order || r.unacked >= 2 || flags & (FIN | PSH) != 0 || !r.beyond.is_empty();
        if must {
            self.send(time + 8_000, connection, side, self.sent(connection, side), 0, ACK, true);
        } else {
            // A delayed acknowledgement would need a timer; an odd last segment carries PSH, so none is needed.
        }
        if flags & FIN != 0 && side == 0 {
            self.pump(time + 50_000, connection, 0);
        }
    }

    /// Where a pure acknowledgement stands in its own direction.
    fn sent(&self, connection: usize, side: usize) -> u64 {
        self.list[connection].senders[side].next
    }

    fn dns(&mut self) {
        let queries = self.plan.connections / 4;
        for n in 0..queries {
            let c = self.rng.below(u64::from(self.plan.clients)) as u16;
            let (mut a, mut b) = (client(c), server(0));
            a.port = 30_000 + (n % 20_000) as u16;
            b.port = 53;
            let id = self.rng.next() as u16;
            let time = (self.rng.below(1_000_000) as f64 / 1e6 * self.plan.seconds * 1e9) as i64;
            let vlan = self.vlan_of(c);
            let vlans: Vec<u16> = if self.plan.tagged && vlan != 0 { vec![vlan] } else { vec![] };
            let name = format!("host{n}.example.org");
            let mut datagram = |from: End, to: End, message: &[u8]| {
                carrier(from, to, &vlans, self.rng.next() as u16, 64).udp(from.port, to.port).payload(message).build()
            };
            let query = datagram(a, b, &dns(id, &name, None));
            let reply = datagram(b, a, &dns(id, &name, Some(Ipv4Addr::new(192, 0, 2, 1))));
            self.out.push(Passing { time, frame: query, from_port: 1 + c, to_port: server_port(0), vlan });
            self.out.push(Passing { time: time + 400_000, frame: reply, from_port: server_port(0), to_port: 1 + c, vlan });
        }
    }

    /// What the switch itself sends on its server ports, and ARP.
    fn control(&mut self) {
        let seconds = self.plan.seconds.ceil() as i64 + 1;
        for s in 0..self.plan.servers {
            let port = server_port(s);
            let mut time = 10_000_000 + i64::from(s) * 1_000;
            while time < seconds * 1_000_000_000 {
                self.out.push(Passing { time, frame: stp(SWITCH, 1, port), from_port: 0, to_port: port, vlan: 0 });
                time += 2_000_000_000;
            }
            self.out.push(Passing {
                time: 20_000_000,
                frame: lldp(SWITCH, &format!("Gi1/0/{s}"), "sw1"),
                from_port: 0,
                to_port: port,
                vlan: 0,
            });
            for c in 0..self.plan.clients.min(8) {
                let (a, b) = (client(c), server(s));
                let time = 30_000_000 + i64::from(c) * 7_000_000 + i64::from(s) * 900_000;
                let (IpAddr::V4(a4), IpAddr::V4(b4)) = (a.ip, b.ip) else { continue };
                self.out.push(Passing { time, frame: Packet::arp(1, a, [0; 6], b4).build(), from_port: 1 + c, to_port: port, vlan: 0 });
                self.out.push(Passing {
                    time: time + 150_000,
                    frame: Packet::arp(2, b, a.mac, a4).build(),
                    from_port: port,
                    to_port: 1 + c,
                    vlan: 0,
                });
            }
        }
    }
}
