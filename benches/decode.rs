//! How long `decode::walk` takes for one packet, by what the packet is made of, and how long a `decode::FastHeaders` where it will do.

mod support;

use spantop::decode::{self, Headers};
use spantop::model::FastHeaders;
use spantop::model::LinkType;
use std::hint::black_box;
use support::Arguments;
use support::clock::measure;
use support::packet::{ACK, Erspan, PSH, Packet};
use support::traffic::{Plan, Traffic};

fn main() {
    let arguments = Arguments::read();
    let (rounds, repeats) = if arguments.test { (1, 1) } else { (15, 20_000) };
    println!("reading headers, per packet: median [fastest … slowest round]");
    let eth = || Packet::eth([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2]);
    let ends = ([10, 0, 0, 1], [10, 0, 0, 2]);
    let six = ([0xfd00, 0, 0, 0, 0, 0, 0, 1], [0xfd00, 0, 0, 0, 0, 0, 0, 2]);
    let tcp = |packet: Packet| packet.tcp(40_000, 443).ack(2).flags(PSH | ACK).payload(&[0xa5; 500]).build();
    let inner = tcp(eth().ip(ends.0, ends.1));
    let kinds: Vec<(&str, Vec<u8>)> = vec![
        ("eth:ip:tcp", inner.clone()),
        ("eth:ip:udp", eth().ip(ends.0, ends.1).udp(40_000, 443).payload(&[0xa5; 500]).build()),
        ("eth:vlan:ip:tcp", tcp(eth().vlan(10).ip(ends.0, ends.1))),
        ("eth:vlan:vlan:ip:tcp", tcp(eth().service_vlan(100).vlan(10).ip(ends.0, ends.1))),
        ("eth:ipv6:tcp", tcp(eth().ip(six.0, six.1))),
        ("eth:ip:gre:erspan:eth:ip:tcp", eth().ip([10, 9, 0, 1], [10, 9, 0, 2]).erspan2(Erspan::default()).frame(&inner).build()),
    ];
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
