use super::*;
use crate::dissect::talk::Talk;
use proptest::prelude::*;

/// Payloads by what they are, to a port that decides nothing (0) or to the registered one.
const UDP: &[(&str, u16, &[u8])] = &[
    ("ssdp", 0, b"M-SEARCH * HTTP/1.1\r\n"),
    ("tftp", 0, b"\0\x01startup-config\0octet\0"),
    ("bt-dht", 0, b"d1:ad2:id20:abcdefghij0123456789"),
    ("stun", 0, b"\0\x01\0\0\x21\x12\xa4\x42abcdefghijkl"),
    ("gnutella", 0, b"0123456789abcdef\x44\0\0\x01\0\0\0x"),
    ("mgcp", 0, b"RQNT 1 *@a MGCP 0.1\r\n"),
    ("cflow", 0, b"\0\x09\0\x01abcdefghijklmnop\x01\x01\0\x08abcd"),
    ("rtcp", 0, b"\x80\xc9\0\x01abcd"),
    ("dtls", 0, b"\x16\xfe\xff\0\0\0\0\0\0\0\0\0\x04abcd"),
    ("bacnet", 0, b"\x81\x0a\0\x08\x01\x20\xff\xff"),
    ("syslog", 514, b"<34>Oct 11 22:14:15 host su: failed"),
    ("ptp", 319, &[0x11, 2, 0, 44, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
    ("coap", 5683, b"\x40\x01\x12\x34\xb4time"),
    ("wg", 51_820, &[4, 0, 0, 0, 1, 2, 3, 4, 0, 0, 0, 0, 0, 0, 0, 0, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7]),
    ("dtls", 0, b"\x16\x01\0\0\0\0\0\0\0\0\0\0\x04abcd"),
    ("udpencap", 4500, &[0xff]),
];

const TCP: &[(&str, u16, &[u8])] = &[
    ("ssh", 0, b"SSH-2.0-OpenSSH_9.2\r\n"),
    ("telnet", 0, b"\xff\xfd\x18\xff\xfd\x20"),
    ("rdp", 0, b"\x03\0\0\x13\x0e\xe0\0\0\0\0\0\x01\0\x08\0\x03\0\0\0"),
    ("vnc", 0, b"RFB 003.008\n"),
    ("git", 0, b"0032git-upload-pack /project.git\0host=a\0"),
    ("http2", 0, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    ("smb", 0, b"\0\0\0\x2f\xffSMBr"),
    ("dcerpc", 0, b"\x05\0\x0b\x03\x10\0\0\0\x10\0\0\0\x01\0\0\0"),
    ("nfs", 0, b"\x80\0\0\x28abcd\0\0\0\0\0\0\0\x02\0\x01\x86\xa3\0\0\0\x03"),
    ("rpc", 0, b"\x80\0\0\x28abcd\0\0\0\0\0\0\0\x02\0\x01\x86\xa0\0\0\0\x02"),
    ("tds", 0, b"\x12\x01\0\x1a\0\0\0\0\0\0\x0b\0\x06\x01\0\x11\0\x01\xff\x09\0\0\0\0\0\0"),
    ("mongo", 0, b"\x15\0\0\0\x01\0\0\0\0\0\0\0\xdd\x07\0\0\0\0\0\0\0"),
    ("mqtt", 0, b"\x10\x0c\0\x04MQTT\x04\x02\0\x3c\0\0"),
    ("amqp", 0, b"AMQP\0\0\x09\x01"),
    ("tacplus", 0, b"\xc0\x01\x01\0abcd\0\0\0\x01x"),
    ("amqp", 0, b"\x01\0\x01\0\0\0\x02ab\xce"),
    ("xmpp", 5222, b"<?xml version='1.0' ?>"),
    ("bgp", 0, &[255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 0, 19, 4]),
    ("rtsp", 0, b"OPTIONS rtsp://a.example/ RTSP/1.0\r\nCSeq: 1\r\n"),
    ("pptp", 0, b"\0\x9c\0\x01\x1a\x2b\x3c\x4d\0\x01"),
    ("xmpp", 0, b"<?xml version='1.0'?><stream:stream to='a'>"),
    ("bittorrent", 0, b"\x13BitTorrent protocol"),
    ("fix", 0, b"8=FIX.4.2\x019=63\x01"),
    ("s7comm", 0, b"\x03\0\0\x09\x02\xf0\x80\x32\x01"),
    ("opcua", 0, b"HELF\x0c\0\0\0abcd"),
    ("dnp3", 0, b"\x05\x64\x05\xc9\0\0\0\0ab"),
    ("bgp", 0, &[255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 0xff, 0xff, 2]),
    ("tds", 1433, b"\x03\x01\0\x0a\0\0\0\0ab"),
    ("kafka", 9092, b"\0\0\0\x08\0\x12\0\x03abcd"),
    ("socks", 1080, b"\x05\x01\0"),
    ("iec60870_104", 2404, b"\x68\x04\x07\0\0\0"),
    ("openvpn", 1194, b"\0\x0e\x38abcdefgh\0\0\0\0\0"),
];

fn told(udp: bool, port: u16, bytes: &[u8]) -> Option<&'static str> {
    let talk = if udp { Talk::udp(port) } else { Talk::tcp(port) };
    talk.client(bytes).app()
}

#[test]
fn each_is_known_by_its_content_or_with_its_port() {
    for (udp, list) in [(true, UDP), (false, TCP)] {
        for &(token, port, bytes) in list {
            assert_eq!(told(udp, if port == 0 { 9 } else { port }, bytes), Some(token), "{bytes:02x?}");
            if port != 0 {
                assert_ne!(told(udp, 9, bytes), Some(token), "a port alone decided: {token}");
            }
        }
    }
}

#[test]
fn datagrams_of_lengths_that_tell() {
    let of = |kind: u8, length: usize| [&[kind, 0, 0, 0][..], &vec![7; length - 4]].concat();
    assert_eq!(told(true, 9, &of(1, 148)), Some("wg"));
    assert_eq!(told(true, 9, &of(1, 147)), None);
    assert_eq!((told(true, 9, &of(4, 64)), told(true, 51_820, &of(4, 64))), (None, Some("wg")));
    let quic = [&[0xc3, 0, 0, 0, 1, 8][..], &[7; 1_194]].concat();
    // Of drafts there were 34: what carries a higher number, such as a broadcast that begins with ones, is something else.
    let draft = |n: u8| told(true, 9, &[&[0xff, 0xff, 0, 0, n, 8][..], &[7; 1_194]].concat());
    assert_eq!([29, 34, 35, 0xa0].map(draft), [Some("quic"), Some("quic"), None, None]);
    assert_eq!((told(true, 9, &quic), told(true, 9, &quic[..50])), (Some("quic"), None));
    let ike = |at: usize| {
        let mut bytes = vec![0; at + 28];
        (bytes[at + 17], bytes[at + 27]) = (0x20, 28);
        bytes
    };
    assert_eq!((told(true, 500, &ike(0)), told(true, 4500, &ike(4)), told(true, 9, &ike(0))), (Some("isakmp"), Some("isakmp"), None));
}

#[test]
fn what_a_port_stands_for_may_be_impossible() {
    let denied = |port: u16, first: u8| {
        (0..9).fold(Talk::udp(port), |talk, _| talk.client([first, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8])).slot.denies_ports()
    };
    // A packet of QUIC behind its handshake has the second bit, one of WireGuard neither.
    assert_eq!(
        [(443, 0x45), (443, 4), (9_999, 4), (123, 4), (123, 0x45), (161, 4)].map(|(port, first)| denied(port, first)),
        [false, true, false, true, true, false]
    );
}

#[test]
fn nothing_is_made_of_noise() {
    for bytes in [&b"nothing that is known"[..], b"", b"\0", &[0; 64], &[0xff; 8], b"{\"a\":1}", b"hello\r\n"] {
        assert_eq!((told(true, 9, bytes), told(false, 9, bytes)), (None, None), "{bytes:02x?}");
    }
}

#[test]
fn a_label_is_read_no_further() {
    let talk = Talk::tcp(22).server("SSH-2.0-x\r\n").client("GET / HTTP/1.1\r\n\r\n");
    assert_eq!((talk.app(), talk.slot.stage, talk.slot.state), (Some("ssh"), crate::model::AppStage::Skip, 0));
}

proptest! {
    #[test]
    fn any_bytes_end(bytes in prop::collection::vec(any::<u8>(), 0..200), place in 0usize..200, cut in 0usize..60, beyond in 0u32..3) {
        // What each begins with, changed or cut, at every port of its own.
        let seeds: Vec<&[u8]> = UDP.iter().chain(TCP).map(|(_, _, bytes)| *bytes).collect();
        let seed = seeds[place % seeds.len()];
        let (flow, way) = crate::model::FlowKey::v4(6, 1, 2, 40_000, 4500);
        for bytes in [&bytes[..], &seed[..cut.min(seed.len())], &[&seed[..cut.min(seed.len())], &bytes].concat()] {
            let payload = Payload { flow: &flow, way, time: Default::default(), bytes, length: bytes.len() as u32 + beyond, number: 0 };
            for label in LABELS {
                (label.probe)(&payload, Carriage::Udp);
                (label.probe)(&payload, Carriage::Tcp);
            }
        }
    }
}
