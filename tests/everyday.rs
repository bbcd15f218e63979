//! Small things that people run into.

mod support;

use spantop::capture::Memory;
use spantop::engine::{self, Settings};
use spantop::model::{LinkType, Timestamp};
use spantop::snapshot::Snapshot;
use support::packet::{ACK, PSH, Packet, SYN, fragment};

const START: i64 = 1_700_000_000_000_000_000;
const CLIENT: [u8; 4] = [192, 0, 2, 10];
const SERVER: [u8; 4] = [192, 0, 2, 20];

/// TCP packets, a tenth of a second apart: from client (true) or server, ports of client and server, flags.
fn seen(packets: &[(bool, (u16, u16), u8)]) -> Snapshot {
    let mut memory = Memory::new();
    for (i, &(from_client, (client, server), flags)) in packets.iter().enumerate() {
        let macs = ([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2]);
        let frame = if from_client {
            Packet::eth(macs.0, macs.1).ip(CLIENT, SERVER).tcp(client, server)
        } else {
            Packet::eth(macs.1, macs.0).ip(SERVER, CLIENT).tcp(server, client)
        };
        let frame = frame.seq(i as u32 * 100).ack(1).flags(flags).build();
        memory.push(Timestamp(START + i as i64 * 100_000_000), LinkType::ETHERNET, frame.len() as u32, &frame);
    }
    let outcome = engine::run(Box::new(memory), &Settings::default(), Default::default()).unwrap();
    assert_eq!(outcome.failure, None);
    outcome.result
}

/// Whether the client is taken for the one that began.
fn client_began(packets: &[(bool, (u16, u16), u8)]) -> bool {
    let snapshot = seen(packets);
    let row = &snapshot.stats.conversations.tcp.rows[0];
    let originator = if row.originator_is_a { row.a } else { row.b };
    originator.to_string() == "192.0.2.10"
}

#[test]
fn who_began_is_told_by_the_port_where_the_beginning_was_not_seen() {
    let (web, registered, high) = ((40_000, 443), (40_000, 8_443), (40_000, 50_443));
    let data = PSH | ACK;
    for first_from_client in [true, false] {
        assert!(client_began(&[(first_from_client, web, data), (!first_from_client, web, ACK)]), "{first_from_client}");
        assert!(client_began(&[(first_from_client, registered, data)]), "{first_from_client}: clients' ports are higher");
        // Nothing but the first packet is known here.
        assert_eq!(client_began(&[(first_from_client, high, data)]), first_from_client);
    }
    // The answer of a handshake whose beginning was lost.
    assert!(client_began(&[(false, high, SYN | ACK), (true, high, ACK)]));
    // A handshake decides against the ports: FTP's data connections come from port 20.
    assert!(client_began(&[(true, (20, 50_000), SYN), (false, (20, 50_000), SYN | ACK)]));
}

/// What each frame was on the wire, and how much of it was captured.
fn captured(frames: &[(Vec<u8>, usize)]) -> Snapshot {
    let mut memory = Memory::new();
    for (i, (frame, length)) in frames.iter().enumerate() {
        let kept = &frame[..frame.len().min(*length)];
        memory.push(Timestamp(START + i as i64 * 100_000_000), LinkType::ETHERNET, frame.len() as u32, kept);
    }
    let outcome = engine::run(Box::new(memory), &Settings::default(), Default::default()).unwrap();
    assert_eq!(outcome.failure, None);
    outcome.result
}

/// As tshark counts them: by their addresses, and in no connection. Port 0 is one that exists.
#[test]
fn packets_whose_ports_cannot_be_read_are_of_no_port() {
    const WHOLE: usize = 4_000;
    let to = |port: u16| Packet::eth([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2]).ip(CLIENT, SERVER).id(port);
    let tcp = |port: u16| to(port).tcp(port, 80).flags(ACK).payload(&[7; 100]).build();
    let udp = |port: u16| to(port).udp(port, 53).payload(&[7; 2_000]).build();
    let later = |frame: &[u8]| (fragment::divide(frame, 600, 9)[1].clone(), WHOLE);
    let row = |s: &Snapshot| {
        let c = &s.stats.conversations;
        (c.ip.rows.iter().map(|r| r.ab.packets + r.ba.packets).sum::<u64>(), c.tcp.rows.len(), c.udp.rows.len())
    };
    let ports = |s: &Snapshot| s.stats.endpoints.tcp.rows.len() + s.stats.endpoints.udp.rows.len();
    // 14 bytes of Ethernet, 20 of IPv4, and 3 of the 4 of the ports, or those and not all of TCP's header, or all of it.
    for (length, has_ports) in [(37, false), (38, false), (53, false), (54, true), (WHOLE, true)] {
        let s = captured(&[(tcp(4_000), length), (tcp(4_000), length)]);
        assert_eq!((row(&s), ports(&s)), ((2, usize::from(has_ports), 0), 2 * usize::from(has_ports)), "{length}");
    }
    for (length, has_ports) in [(41, false), (42, true)] {
        let s = captured(&[(udp(5_000), length)]);
        assert_eq!((row(&s), ports(&s)), ((1, 0, usize::from(has_ports)), 2 * usize::from(has_ports)), "UDP, {length}");
    }
    let s = captured(&[later(&udp(5_000)), later(&tcp_of(to(6_000)))]);
    assert_eq!((row(&s), ports(&s)), ((2, 0, 0), 0), "what they are pieces of was not seen");
    let pieces: Vec<_> = fragment::divide(&udp(5_000), 600, 9).into_iter().map(|piece| (piece, WHOLE)).collect();
    let s = captured(&pieces);
    assert_eq!((row(&s), ports(&s)), ((pieces.len() as u64, 0, 1), 2), "the first piece says what the others are of");
    let s = captured(&[(tcp(0), WHOLE)]);
    assert_eq!((row(&s), s.stats.conversations.tcp.rows[0].a_port), ((1, 1, 0), 0));
    let s = captured(&[(to(1).tcp(0, 0).flags(ACK).build(), WHOLE), (to(1).tcp(4_000, 80).flags(ACK).build(), 36)]);
    assert_eq!(row(&s), (2, 1, 0), "a connection from port 0 to port 0 has no packets but its own");
    assert_eq!(s.stats.conversations.tcp.rows[0].ab.packets + s.stats.conversations.tcp.rows[0].ba.packets, 1);
}

/// A segment that is longer than a piece.
fn tcp_of(layers: Packet) -> Vec<u8> {
    layers.tcp(6_000, 80).flags(ACK).payload(&[7; 2_000]).build()
}
