//! What is said where something else is expected: behind what stands before it, over another transport, at another's port.

use super::support::packet::message::{client_hello, tls_record};
use super::{S, Traffic, only, title, troubles};
use spantop::model::Severity;
use spantop::snapshot::Snapshot;

/// Thirty connections of five clients to a port of one server: what is said in each, in turn.
fn connections(port: u16, turns: impl Fn(u32) -> Vec<(bool, Vec<u8>)>) -> Snapshot {
    let mut t = Traffic::default();
    for n in 0..30u16 {
        t.talk(S + i64::from(n) * S, (1 + n as u8 % 5, 5_000 + n), (9, port), &turns(n.into()));
    }
    t.with_office(60).seen()
}

const LINE: &[u8] = b"PROXY TCP4 192.0.2.1 192.0.2.2 40000 80\r\n";
const BINARY: &[u8] = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\x02\x01\xc0\0\x02\x02\x9c\x40\0\x50";

#[test]
fn a_web_server_behind_a_balancer_that_says_who_asks() {
    for header in [b"", LINE, BINARY] {
        let asked = [header, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"].concat();
        let s = connections(80, |_| vec![(true, asked.clone()), (false, b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n".to_vec())]);
        assert_eq!(troubles(&s), only("http.errors", "10.1.0.9:80/tcp", Severity::Critical), "{header:02x?}");
    }
}

/// A message of a call, over TCP.
fn sip(first: &str, call: u32, method: &str) -> Vec<u8> {
    format!("{first}\r\nFrom: <sip:a@x>;tag=1\r\nTo: <sip:b@x>\r\nCall-ID: {call}\r\nCSeq: 1 {method}\r\nContent-Length: 0\r\n\r\n")
        .into_bytes()
}

#[test]
fn a_trunk_over_tcp_that_refuses_calls() {
    let calls = |last: &str| {
        let (asked, last) = ("INVITE sip:b@x SIP/2.0", format!("SIP/2.0 {last}"));
        connections(5_060, |n| {
            let replies =
                [sip("SIP/2.0 100 Trying", n, "INVITE"), sip("SIP/2.0 183 Progress", n, "INVITE"), sip(&last, n, "INVITE")].concat();
            vec![(true, sip(asked, n, "INVITE")), (false, replies), (true, sip("ACK sip:b@x SIP/2.0", n, "ACK"))]
        })
    };
    assert_eq!(troubles(&calls("503 Service Unavailable")), only("service.errors", "10.1.0.9:5060/tcp", Severity::Critical));
    assert_eq!(troubles(&calls("200 OK")), []);
    assert_eq!(troubles(&calls("486 Busy Here")), [], "people");
}

#[test]
fn tls_spoken_to_a_plain_text_port() {
    let hello = tls_record(22, &client_hello(Some("www.example.org"), &["h2"]));
    let s = connections(80, |_| vec![(true, hello.clone()), (false, b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n".to_vec())]);
    assert_eq!(troubles(&s), only("tls.failing", "10.1.0.9:80/tcp", Severity::Critical));
    assert!(title(&s).contains("answered in plain text"), "{}", title(&s));
}

#[test]
fn a_remote_desktop_whose_tls_is_refused() {
    let hello = tls_record(22, &client_hello(Some("desktop.example.org"), &[]));
    let request = b"\x03\0\0\x13\x0e\xe0\0\0\0\0\0\x01\0\x08\0\x03\0\0\0".to_vec();
    let confirm = b"\x03\0\0\x13\x0e\xd0\0\0\x12\x34\0\x02\x0f\x08\0\x02\0\0\0".to_vec();
    let turns = vec![(true, request), (false, confirm), (true, hello), (false, tls_record(21, &[2, 40]))];
    let s = connections(3_389, |_| turns.clone());
    assert_eq!(troubles(&s), only("tls.failing", "10.1.0.9:3389/tcp", Severity::Critical));
}

/// A tunnel at the ports that every firewall lets through: what is carried looks like nothing.
#[test]
fn a_tunnel_at_a_known_port_is_what_the_port_says_to_nobody() {
    const TUNNELS: std::ops::Range<u16> = 40_000..40_010;
    for head in [&b"\x48\0\0\x01"[..], b"\x04\0\0\0\x01\x02\x03\x04", b"\xd9", b"\x24\x5e\x33"] {
        let (mut t, mut noise) = (Traffic::default(), 7u32);
        let mut body = || -> Vec<u8> {
            let random = std::iter::repeat_with(|| {
                noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (noise >> 24) as u8
            });
            head.iter().copied().chain(random.take(120)).collect()
        };
        for n in 0..400i64 {
            let (client, port) = (1 + (n % 5) as u8, [53, 123][n as usize % 2]);
            let (source, at) = (TUNNELS.start + u16::from(client), S + n * S / 20);
            let asked = t.ip(client, 9).udp(source, port).payload(&body());
            let told = t.ip(9, client).udp(port, source).payload(&body());
            t.push(at, asked);
            t.push(at + 20_000, told);
        }
        let s = t.with_office(25).seen();
        assert_eq!(troubles(&s), [], "{head:02x?}");
        let tunnels = s.stats.conversations.udp.rows.iter().filter(|c| TUNNELS.contains(&c.a_port) || TUNNELS.contains(&c.b_port));
        let names: Vec<_> = tunnels.map(|c| c.app).collect();
        assert_eq!(names, [None; 10], "{head:02x?}");
    }
}

#[test]
fn a_name_server_whose_address_ends_in_255() {
    let mut t = Traffic::default();
    for n in 0..100u16 {
        t.query(S + i64::from(n) * S / 2, 1 + (n % 5) as u8, 255, n, Some((1_000, 2)));
    }
    let s = t.with_office(60).seen();
    assert_eq!(troubles(&s), only("dns.failing", "10.1.0.255:53/udp", Severity::Critical));
    // Of whom nothing comes it may be everybody's.
    let mut t = Traffic::default();
    for n in 0..100u16 {
        t.query(S + i64::from(n) * S / 2, 1 + (n % 5) as u8, 255, n, None);
    }
    assert_eq!(troubles(&t.with_office(60).seen()), []);
}

#[test]
fn an_update_that_is_refused_is_no_query_that_fails() {
    let mut t = Traffic::default();
    for n in 0..100u16 {
        let message = |flags: u16| [&n.to_be_bytes()[..], &flags.to_be_bytes(), b"\0\x01\0\0\0\0\0\0\x07example\0\0\x06\0\x01"].concat();
        let (client, source, at) = (1 + (n % 5) as u8, 40_000 + n, S + i64::from(n) * S / 2);
        let asked = t.ip(client, 9).udp(source, 53).payload(&message(0x2800));
        let told = t.ip(9, client).udp(53, source).payload(&message(0xa805));
        t.push(at, asked);
        t.push(at + 1_000, told);
    }
    assert_eq!(troubles(&t.with_office(60).seen()), []);
}
