//! Packets through the whole engine, into the reports: totals close, and the JSON report is JSON.
//!
//! Input: packets of Ethernet, each behind its length (two bytes) and the milliseconds since the one before (one byte).

use super::super::packet::message::{cdp, dns, lldp, stp};
use super::super::packet::{ACK, End, FIN, PSH, Packet, SYN};
use super::{decode, split};
use spantop::capture::Memory;
use spantop::engine::{self, Settings};
use spantop::model::{LinkType, Timestamp};
use spantop::report;
use spantop::snapshot::Snapshot;

const START: i64 = 1_700_000_000_000_000_000;
/// More would only be slow.
const MOST_PACKETS: usize = 200;

/// What the engine makes of Ethernet frames one millisecond apart.
pub fn analyse<'a>(frames: impl Iterator<Item = (i64, &'a [u8])>) -> Snapshot {
    let mut memory = Memory::new();
    for (time, frame) in frames {
        memory.push(Timestamp(START + time), LinkType::ETHERNET, frame.len() as u32, frame);
    }
    let settings = Settings { threads: 0, ..Settings::default() };
    let outcome = engine::run(Box::new(memory), &settings, Default::default()).expect("settings that are right");
    assert!(outcome.failure.is_none(), "{:?}", outcome.failure);
    outcome.result
}

/// The target.
pub fn run(data: &[u8]) {
    let (mut rest, mut time, mut frames) = (data, 0, Vec::new());
    while !rest.is_empty() && frames.len() < MOST_PACKETS {
        let ([l0, l1, wait], behind) = split(rest);
        let (frame, next) = behind.split_at(usize::from(u16::from_be_bytes([l0, l1])).min(behind.len()));
        time += i64::from(wait) * 1_000_000;
        frames.push((time, frame));
        rest = next;
    }
    let count = frames.len() as u64;
    let snapshot = analyse(frames.into_iter());
    assert_eq!(snapshot.mirror.link.packets, count, "every packet was on the link");
    let rows: u64 = snapshot.stats.protocols.iter().filter(|row| row.path.depth() == 1).map(|row| row.traffic.packets).sum();
    assert_eq!(rows, snapshot.stats.total.packets, "the protocols add up to the total");
    for format in report::FORMATS {
        let mut out = Vec::new();
        report::write(*format, &snapshot, &Default::default(), &mut out).expect("memory can be written");
        if format.token() == "json" {
            let read: Result<serde_json::Value, _> = serde_json::from_slice(&out);
            assert!(read.is_ok(), "{read:?}");
        }
    }
}

fn packed(frames: &[Vec<u8>]) -> Vec<u8> {
    frames.iter().flat_map(|f| [&(f.len() as u16).to_be_bytes()[..], &[3], f].concat()).collect()
}

/// A connection from its first packet to its last, a name asked and answered, what a switch says, one packet of every kind.
pub fn seeds() -> Vec<Vec<u8>> {
    let (a, b) = (End::new([2, 0, 0, 0, 0, 1], [10, 0, 0, 1], 40_000), End::new([2, 0, 0, 0, 0, 2], [10, 0, 0, 2], 443));
    let tcp = |from: End, to: End, seq: u32, ack: u32, flags: u8, payload: &[u8]| {
        Packet::between(from, to).tcp(from.port, to.port).seq(seq).ack(ack).flags(flags).payload(payload).build()
    };
    let connection = [
        tcp(a, b, 100, 0, SYN, &[]),
        tcp(b, a, 500, 101, SYN | ACK, &[]),
        tcp(a, b, 101, 501, ACK | PSH, &[1; 100]),
        tcp(b, a, 501, 201, ACK | PSH, &[2; 1000]),
        tcp(a, b, 201, 2501, ACK, &[]),
        tcp(a, b, 201, 2501, FIN | ACK, &[]),
        tcp(b, a, 2501, 202, FIN | ACK, &[]),
    ];
    let named =
        |from: End, to: End, ports: (u16, u16), message: &[u8]| Packet::between(from, to).udp(ports.0, ports.1).payload(message).build();
    let names = [
        named(a, b, (50_000, 53), &dns(7, "www.example.org", None)),
        named(b, a, (53, 50_000), &dns(7, "www.example.org", Some([192, 0, 2, 1].into()))),
        named(a, b, (50_001, 53), &dns(8, "unanswered.example.org", None)),
    ];
    let switch = [2, 0, 9, 0, 0, 1];
    let control = [lldp(switch, "Gi1/0/1", "sw1"), cdp(switch, "Gi1/0/1", "sw1"), stp(switch, 1, 1), stp(switch, 1, 1)];
    vec![packed(&connection), packed(&names), packed(&control), packed(&decode::frames())]
}
