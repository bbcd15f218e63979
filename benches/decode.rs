//! How long `decode::walk` takes for one packet, by what the packet is made of, and how long a `decode::FastHeaders` where it will do.

mod support;

use spantop::decode::{self, Headers};
use spantop::model::FastHeaders;
use spantop::model::LinkType;
use std::hint::black_box;
use std::net::{Ipv4Addr, Ipv6Addr};
use support::Arguments;
use support::clock::measure;
use support::frames::{Filler, Frame, Pair, Upper};
use support::traffic::{Plan, Traffic};

fn main() {
    let arguments = Arguments::read();
    let (rounds, repeats) = if arguments.test { (1, 1) } else { (15, 20_000) };
    println!("reading headers, per packet: median [fastest … slowest round]");
    let filler = Filler::new();
    let v4 = Pair::V4(Ipv4Addr::new(10, 0, 0, 1), Ipv4Addr::new(10, 0, 0, 2));
    let v6 = Pair::V6(Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, 1), Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, 2));
    let tcp = Upper::Tcp(1, 2, 0x18, 1000);
    let plain = Frame { macs: (1, 2), vlans: &[], pair: v4, ports: (40_000, 443), id: 7, upper: tcp };
    let mut kinds: Vec<(&str, Vec<u8>)> = [
        ("eth:ip:tcp", plain),
        ("eth:ip:udp", Frame { upper: Upper::Udp(1), ..plain }),
        ("eth:vlan:ip:tcp", Frame { vlans: &[10], ..plain }),
        ("eth:vlan:vlan:ip:tcp", Frame { vlans: &[100, 10], ..plain }),
        ("eth:ipv6:tcp", Frame { pair: v6, ..plain }),
    ]
    .into_iter()
    .map(|(name, frame)| {
        let mut bytes = Vec::new();
        frame.write(500, &filler, &mut bytes);
        (name, bytes)
    })
    .collect();
    let inner = kinds[0].1.clone();
    kinds.push(("eth:ip:gre:erspan:eth:ip:tcp", erspan(&inner)));
    for (name, bytes) in &kinds {
        let mut headers = Headers::default();
        measure(name, rounds, || {
            for _ in 0..repeats {
                decode::walk(
                    LinkType::ETHERNET,
                    black_box(bytes),
                    bytes.len() as u32,
                    &decode::Rules::PLAIN,
                    decode::Peel::NONE,
                    &mut headers,
                );
                assert_eq!(headers.wire, bytes.len() as u32);
            }
            repeats
        });
        let mut fast = FastHeaders::default();
        decode::fast(bytes, bytes.len() as u32, &decode::Rules::PLAIN, &mut fast);
        if !fast.is_blank() {
            let mut seen = spantop::model::Frame::default();
            measure(&format!("{name}, in fast"), rounds, || {
                for _ in 0..repeats {
                    decode::fast(black_box(bytes), bytes.len() as u32, &decode::Rules::PLAIN, &mut fast);
                    black_box(&fast).show(&mut seen);
                    assert_eq!(seen.net, Some(u32::from(14 + 4 * seen.vlans.ids().len() as u8)));
                }
                repeats
            });
        }
    }
    mixed(rounds, if arguments.test { 100 } else { 20_000 });
}

/// Packets of the IMIX, one after the other: what caches and branch predictors really meet.
fn mixed(rounds: usize, packets: u64) {
    let mut traffic = Traffic::new(Plan { packets, conversations: 1000 });
    let mut frames = Vec::new();
    let mut frame = Vec::new();
    while traffic.next(&mut frame).is_some() {
        frames.push(frame.clone());
    }
    let mut headers = Headers::default();
    measure("IMIX of 1000 conversations", rounds, || {
        for bytes in &frames {
            decode::walk(LinkType::ETHERNET, black_box(bytes), bytes.len() as u32, &decode::Rules::PLAIN, decode::Peel::NONE, &mut headers);
            assert_eq!(headers.wire, bytes.len() as u32);
        }
        packets
    });
}

/// The frame in ERSPAN type II: Ethernet, IPv4, GRE with a sequence number, eight bytes of ERSPAN.
fn erspan(inner: &[u8]) -> Vec<u8> {
    let length = (20 + 8 + 8 + inner.len()) as u16;
    let mut out = vec![2, 0, 0, 0, 0, 9, 2, 0, 0, 0, 0, 8, 8, 0, 0x45, 0];
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(&[0, 0, 0x40, 0, 64, 47, 0, 0, 10, 9, 0, 1, 10, 9, 0, 2]);
    out.extend_from_slice(&[0x10, 0, 0x88, 0xbe, 0, 0, 0, 1]);
    out.extend_from_slice(&[0x10, 0, 0, 101, 0, 0, 0, 1]);
    out.extend_from_slice(inner);
    out
}
