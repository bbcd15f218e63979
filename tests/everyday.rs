//! Small things that people run into.

mod support;

use spantop::capture::Memory;
use spantop::engine::{self, Settings};
use spantop::model::{LinkType, Timestamp};
use spantop::snapshot::Snapshot;
use support::packet::{ACK, PSH, Packet, SYN};

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
