//! Made-up traffic of any length: many conversations at once, both directions, always the same bytes for the same plan.
//!
//! Sizes are the simple IMIX: 7 : 4 : 1 of 64, 594 and 1518 bytes on the wire, of which a capture does not hold the 4 bytes of FCS.
//! Four conversations in five are TCP with a handshake and sequence numbers that advance by the payload; the others UDP. One in ten is
//! IPv6, one in four has a VLAN tag, one in twenty two.

use super::packet::Packet;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::Path;

/// The largest payload of an untagged frame of 1514 bytes.
const MAX_PAYLOAD: usize = 1500;
/// Bytes of the number that a UDP payload begins with, so that no datagram is like another.
const NUMBER: usize = 4;

/// splitmix64 (Steele, Lea, Flood 2014): small, fast, the same everywhere.
#[derive(Debug, Clone, Copy)]
pub struct Random(pub u64);

impl Random {
    /// The next 64 bits.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }
}

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// How much traffic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// Packets in all.
    pub packets: u64,
    /// Conversations; every one of them has a packet when there are at least as many packets.
    pub conversations: u32,
}

/// The moving part of one conversation: next sequence number of each side, and packets so far.
#[derive(Debug, Clone, Copy)]
struct State {
    next: [u32; 2],
    packets: u32,
}

/// A stream of packets.
#[derive(Debug)]
pub struct Traffic {
    plan: Plan,
    random: Random,
    states: Vec<State>,
    /// Payload bytes that look encrypted, always the same.
    filler: Vec<u8>,
    turn: u32,
    made: u64,
    clock: u64,
}

/// The time of the first packet: 2023-11-14 22:13:20 UTC, in microseconds.
const START: u64 = 1_700_000_000_000_000;

impl Traffic {
    /// From the beginning.
    pub fn new(plan: Plan) -> Self {
        let states = (0..plan.conversations)
            .map(|n| {
                let seed = mix(u64::from(n) ^ 0xc0ffee);
                State { next: [seed as u32, (seed >> 32) as u32], packets: 0 }
            })
            .collect();
        let mut random = Random(0x5eed);
        let filler = (0..MAX_PAYLOAD).map(|_| random.next() as u8).collect();
        Self { plan, random: Random(42), states, filler, turn: 0, made: 0, clock: START }
    }

    /// Writes the next packet's frame into `out` and returns its time in microseconds since 1970; `None` after the last.
    pub fn next(&mut self, out: &mut Vec<u8>) -> Option<u64> {
        if self.made == self.plan.packets {
            return None;
        }
        let number = self.pick();
        self.made += 1;
        // 100,000 packets a second on average.
        self.clock += self.random.next() % 20 + 1;
        self.build(number, out);
        Some(self.clock)
    }

    /// One packet in eight goes to the next conversation in turn, so that all of them live; the others prefer a few.
    fn pick(&mut self) -> u32 {
        let all = u64::from(self.plan.conversations.max(1));
        let turns = (self.plan.packets / all).clamp(1, 8);
        if self.made.is_multiple_of(turns) {
            let number = self.turn;
            self.turn = (self.turn + 1) % self.plan.conversations.max(1);
            return number;
        }
        let roll = self.random.next() >> 32;
        ((((roll * roll) >> 32) * all) >> 32) as u32
    }

    fn build(&mut self, number: u32, out: &mut Vec<u8>) {
        let roll = self.random.next();
        let kind = mix(u64::from(number));
        let tcp = !kind.is_multiple_of(5);
        let state = &mut self.states[number as usize];
        let opening = tcp && state.packets < 3;
        // Seven in ten packets come from the server.
        let side = if opening { usize::from(state.packets == 1) } else { usize::from(roll % 10 < 7) };
        let client = mac(0x0100_0000 | (number % 4096));
        let server = mac(0x0200_0000 | ((kind >> 40) as u32 % 64));
        let (from, to) = if side == 0 { (client, server) } else { (server, client) };
        let packet = match (kind >> 16) % 20 {
            0 => Packet::eth(from, to).service_vlan(100 + (kind >> 24) as u16 % 8).vlan(10 + (kind >> 32) as u16 % 50),
            1..=5 => Packet::eth(from, to).vlan(10 + (kind >> 32) as u16 % 50),
            _ => Packet::eth(from, to),
        };
        let [source, destination] = addresses(number, kind, side);
        let packet = packet.ip(source, destination);
        let packet = if source.is_ipv4() { packet.id(state.packets as u16) } else { packet };
        let (source, destination) = ports(number, kind, tcp, side);
        let packet = if tcp {
            let flags = match state.packets {
                0 => 0x02,
                1 => 0x12,
                2 => 0x10,
                _ => 0x18,
            };
            let ack = if state.packets == 0 { 0 } else { state.next[1 - side] };
            packet.tcp(source, destination).seq(state.next[side]).ack(ack).flags(flags).window(0xfaf0)
        } else {
            packet.udp(source, destination)
        };
        let size = match (roll >> 32) % 12 {
            0..=6 => 60,
            7..=10 => 590,
            _ => 1514usize,
        };
        let payload = if opening { 0 } else { size.saturating_sub(packet.headers()).clamp(if tcp { 1 } else { NUMBER }, MAX_PAYLOAD) };
        let packet = if tcp {
            packet.payload(&self.filler[..payload])
        } else {
            packet.payload(&state.packets.to_be_bytes()).payload(&self.filler[NUMBER..payload])
        };
        packet.write_to(out);
        let flag = u32::from(tcp && state.packets < 2);
        state.next[side] = state.next[side].wrapping_add(payload as u32 + flag);
        state.packets += 1;
    }
}

fn mac(tail: u32) -> [u8; 6] {
    let [a, b, c, d] = tail.to_be_bytes();
    [0x02, 0x00, a, b, c, d]
}

/// Clients and servers by number, source first; a pair of (client, port) is never used twice for the same server.
fn addresses(number: u32, kind: u64, side: usize) -> [IpAddr; 2] {
    let client = number % 60_000;
    let server = (kind >> 40) as u32 % 1000;
    let mut ends: [IpAddr; 2] = if (kind >> 8).is_multiple_of(10) {
        [(1, client), (2, server)].map(|(network, host)| Ipv6Addr::new(0xfd00, 0, 0, network, 0, 0, 0, host as u16).into())
    } else {
        [0x0a00_0000 | (client + 256), 0xac10_0000 | (server + 256)].map(|address| Ipv4Addr::from(address).into())
    };
    ends.rotate_left(side);
    ends
}

fn ports(number: u32, kind: u64, tcp: bool, side: usize) -> (u16, u16) {
    let servers: [u16; 8] = if tcp { [443, 443, 443, 80, 445, 22, 3306, 8443] } else { [443, 443, 3478, 51820, 16384, 16386, 17000, 6881] };
    let client = 32_768 + (number / 60_000) as u16;
    let server = servers[(kind >> 56) as usize % 8];
    if side == 0 { (client, server) } else { (server, client) }
}

/// What the packets of a file are wrapped in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrapping {
    /// Nothing.
    Plain,
    /// ERSPAN type II, one session.
    Erspan,
    /// VXLAN, one network.
    Vxlan,
}

impl Wrapping {
    /// Its name in those of files.
    pub fn name(self) -> &'static str {
        match self {
            Wrapping::Plain => "imix",
            Wrapping::Erspan => "erspan",
            Wrapping::Vxlan => "vxlan",
        }
    }

    /// Wraps the packet of that number.
    fn wrap(self, number: u64, frame: Vec<u8>) -> Vec<u8> {
        let outer = || Packet::eth(mac(1), mac(2)).ip([192, 0, 2, 1], [192, 0, 2, 2]).id(number as u16);
        match self {
            Wrapping::Plain => frame,
            Wrapping::Erspan => {
                let session = super::packet::Erspan { sequence: Some(number as u32), session: 7, ..Default::default() };
                outer().erspan2(session).frame(&frame).build()
            }
            Wrapping::Vxlan => outer().vxlan(7).frame(&frame).build(),
        }
    }
}

/// A classic pcap file (microseconds, Ethernet) that is being written. An unfinished one is never left under its name.
struct PcapFile<'p> {
    out: BufWriter<File>,
    part: std::path::PathBuf,
    path: &'p Path,
}

impl<'p> PcapFile<'p> {
    fn create(path: &'p Path) -> std::io::Result<Self> {
        let part = path.with_extension("part");
        let mut out = BufWriter::with_capacity(1 << 20, File::create(&part)?);
        for word in [0xa1b2_c3d4u32, 0x0004_0002, 0, 0, 262_144, 1] {
            out.write_all(&word.to_le_bytes())?;
        }
        Ok(Self { out, part, path })
    }

    fn packet(&mut self, time: u64, frame: &[u8]) -> std::io::Result<()> {
        let length = frame.len() as u32;
        for word in [(time / 1_000_000) as u32, (time % 1_000_000) as u32, length, length] {
            self.out.write_all(&word.to_le_bytes())?;
        }
        self.out.write_all(frame)
    }

    fn end(self) -> std::io::Result<()> {
        self.out.into_inner().map_err(std::io::IntoInnerError::into_error)?;
        std::fs::rename(self.part, self.path)
    }
}

/// Writes the traffic of a plan, wrapped, to files, each as many packets after those of the one before.
///
/// # Errors
/// When a file cannot be written.
pub fn write_pieces(paths: &[std::path::PathBuf], plan: Plan, wrapping: Wrapping) -> std::io::Result<()> {
    let mut traffic = Traffic::new(plan);
    let each = plan.packets.div_ceil(paths.len().max(1) as u64);
    let mut frame = Vec::with_capacity(2048);
    for path in paths {
        let mut file = PcapFile::create(path)?;
        for _ in 0..each {
            let Some(time) = traffic.next(&mut frame) else { break };
            match wrapping {
                Wrapping::Plain => file.packet(time, &frame)?,
                other => file.packet(time, &other.wrap(traffic.made, frame.clone()))?,
            }
        }
        file.end()?;
    }
    Ok(())
}

/// Writes the traffic of a plan to a classic pcap file.
///
/// # Errors
/// When the file cannot be written.
pub fn write_pcap(path: &Path, plan: Plan) -> std::io::Result<()> {
    write_pieces(&[path.to_owned()], plan, Wrapping::Plain)
}

/// The file of a plan in the benches' folder: made when it is not there.
pub fn file(plan: Plan) -> std::path::PathBuf {
    pieces(plan, Wrapping::Plain, 1).remove(0)
}

/// The files of a plan, wrapped, in so many pieces: made when they are not there.
pub fn pieces(plan: Plan, wrapping: Wrapping, count: usize) -> Vec<std::path::PathBuf> {
    let name = format!("{}-{}-{}", wrapping.name(), plan.packets, plan.conversations);
    let place = |n: usize| if count == 1 { format!("{name}.pcap") } else { format!("{name}-{n:05}-of-{count}.pcap") };
    let paths: Vec<_> = (1..=count).map(|n| super::folder().join(place(n))).collect();
    if !paths.iter().all(|path| path.exists()) {
        let start = std::time::Instant::now();
        write_pieces(&paths, plan, wrapping).unwrap_or_else(|e| panic!("cannot write {name}: {e}"));
        println!("made {name} in {:.1} s", start.elapsed().as_secs_f64());
    }
    paths
}
