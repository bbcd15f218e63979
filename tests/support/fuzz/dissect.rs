//! What applications say: DNS over UDP and TCP, multicast and link-local names, TLS hellos, HTTP/1, and the others. Nothing may be held beyond the end, names are fit to be
//! shown, and of a stream the same is read however it is cut.
//!
//! Input: a byte that chooses the port, then payloads of one conversation: a byte (bit 0: from the server; bit 1: bytes are missing before it; bit 2:
//! it was not captured whole), its length (two bytes), its bytes.

use super::super::packet::message::{client_hello, dns, dns_failure, server_hello, tls_record};
use super::split;
use spantop::dissect::{Dissectors, Listener, Payload, registry};
use spantop::model::limits::DISSECT_BYTES;
use spantop::model::{AppMessage, AppSlot, CloseReason, Direction, FlowKey, Tally, Timestamp};

/// More would only be slow.
const MOST_PAYLOADS: usize = 64;

const FROM_SERVER: u8 = 1;
const GAP: u8 = 2;
const CUT: u8 = 4;

/// Counts what it is told.
#[derive(Default)]
struct Heard(u64);

impl Listener for Heard {
    fn message(&mut self, message: &AppMessage) {
        self.0 += u64::from(registry::token(message.app) == Some("dns"));
    }
}

/// One conversation of a client with the port of a server, and who reads it.
struct Conversation {
    dissectors: Dissectors,
    slot: AppSlot,
    key: FlowKey,
    client: Direction,
    heard: Heard,
    time: i64,
}

impl Conversation {
    fn new(protocol: u8, port: u16) -> Self {
        let (key, client) = FlowKey::v4(protocol, 0x0a00_0001, 0x0a00_0002, 40_000, port);
        Self { dissectors: Dissectors::default(), slot: AppSlot::default(), key, client, heard: Heard::default(), time: 0 }
    }

    fn show(&mut self, how: u8, bytes: &[u8]) {
        let way = if how & FROM_SERVER == 0 { self.client } else { self.client.reversed() };
        let length = bytes.len() as u32 + u32::from(how & CUT != 0);
        self.time += 1_000_000;
        let payload = Payload { flow: &self.key, way, time: Timestamp(self.time), bytes, length, number: 0 };
        if self.key.protocol != 6 {
            self.dissectors.datagram(&mut self.slot, &payload, &mut self.heard);
        } else {
            if how & GAP != 0 {
                self.dissectors.gap(&mut self.slot, way, 100, &mut self.heard);
            }
            self.dissectors.stream(&mut self.slot, &payload, &mut self.heard);
        }
        assert!(self.dissectors.held() <= DISSECT_BYTES, "{} bytes held", self.dissectors.held());
    }

    /// Ends it, holds it to what must be true of any conversation, and says what was counted.
    fn end(mut self) -> Vec<Tally> {
        let name = self.dissectors.server_name(&self.slot).cloned();
        self.dissectors.end(&mut self.slot, CloseReason::Finished);
        assert_eq!((self.dissectors.held(), self.dissectors.reading()), (0, 0), "nothing is left");
        assert_eq!(self.dissectors.server_name(&self.slot), name.as_ref(), "the server's name outlives the conversation");
        let names = self.dissectors.names().map(|n| n.name).chain(name);
        names.for_each(|name| assert!(!name.is_empty() && !name.chars().any(char::is_control), "{name:?}"));
        let tallies = self.dissectors.report().tallies;
        let of = |token: &str, counter: usize| {
            let place = registry::app(token).and_then(|app| app.place()).expect("a dissector");
            tallies[place].get(counter)
        };
        assert_eq!(self.heard.0, of("dns", 0) + of("dns", 1), "each message of DNS is told");
        let recognised = tallies.iter().filter(|tally| !tally.is_empty()).count();
        let turns = ["http", "ftp", "smtp", "imap", "pop", "mysql", "pgsql"].iter().any(|token| {
            let place = registry::app(token).and_then(|app| app.place()).expect("a dissector");
            !tallies[place].is_empty()
        });
        assert!(recognised <= 1 || turns, "one conversation is of one protocol, unless that turns into another");
        tallies
    }
}

/// The payloads that an input says.
fn payloads(mut data: &[u8]) -> Vec<(u8, &[u8])> {
    let mut all = Vec::new();
    while !data.is_empty() && all.len() < MOST_PAYLOADS {
        let ([how, l0, l1], behind) = split(data);
        let (bytes, rest) = behind.split_at(usize::from(u16::from_be_bytes([l0, l1])).min(behind.len()));
        all.push((how, bytes));
        data = rest;
    }
    all
}

fn run_with(protocol: u8, ports: &[u16], data: &[u8]) {
    let ([choice], rest) = split(data);
    let mut conversation = Conversation::new(protocol, ports[usize::from(choice) % ports.len()]);
    payloads(rest).into_iter().for_each(|(how, bytes)| conversation.show(how, bytes));
    conversation.end();
}

/// All that the client says in one piece, and the same cut in two: the same is read once the first piece has made the protocol known.
fn cut_in_two(port: u16, first: &[u8], shortest: usize, data: &[u8]) {
    let ([choice], rest) = split(data);
    let said = payloads(rest).into_iter().filter(|(how, _)| how & FROM_SERVER == 0).flat_map(|(_, bytes)| bytes);
    let bytes: Vec<u8> = first.iter().chain(said).copied().collect();
    if bytes.len() <= shortest {
        return;
    }
    let cut = shortest + usize::from(choice) * bytes.len() / 256 % (bytes.len() - shortest);
    // Where nobody knows any more where a message of HTTP ends, a segment that begins like one is where it goes on, and a piece is a segment.
    let Some(cut) = (cut..bytes.len()).find(|&at| port != 80 || !bytes[at].is_ascii_uppercase()) else { return };
    let (mut whole, mut pieces) = (Conversation::new(6, port), Conversation::new(6, port));
    pieces.show(0, &bytes[..cut]);
    if registry::token(pieces.slot.app).is_some() {
        pieces.show(0, &bytes[cut..]);
        whole.show(0, &bytes);
        assert_eq!(pieces.end(), whole.end(), "cut at {cut} of {}", bytes.len());
    }
}

/// DNS datagrams, to its port and to another.
pub fn dns_udp(data: &[u8]) {
    run_with(17, &[53, 5300, 137], data);
}

/// DNS over TCP.
pub fn dns_tcp(data: &[u8]) {
    run_with(6, &[53, 5300], data);
    let query = framed(&dns(1, "a.example", None));
    cut_in_two(53, &query, query.len(), data);
}

/// Multicast DNS and LLMNR.
pub fn local_names(data: &[u8]) {
    run_with(17, &[5353, 5355], data);
}

/// TLS hellos.
pub fn tls(data: &[u8]) {
    run_with(6, &[443, 25], data);
    cut_in_two(443, &[], 11, data);
}

/// HTTP/1.
pub fn http(data: &[u8]) {
    run_with(6, &[80, 9], data);
    cut_in_two(80, b"GET / HTTP/1.1\r\n", 16, data);
}

/// Where everything else is spoken: transport and port.
const PLACES: &[(u8, u16)] = &[
    (6, 9),
    (17, 9),
    (6, 445),
    (6, 389),
    (17, 389),
    (6, 88),
    (17, 88),
    (6, 3306),
    (6, 5432),
    (6, 6379),
    (6, 25),
    (6, 21),
    (6, 143),
    (6, 110),
    (17, 67),
    (17, 161),
    (17, 123),
    (17, 1812),
    (17, 5060),
    (6, 502),
    (17, 500),
    (17, 4500),
    (17, 443),
    (17, 514),
];

/// Every other protocol.
pub fn others(data: &[u8]) {
    let ([choice], rest) = split(data);
    let (protocol, port) = PLACES[usize::from(choice) % PLACES.len()];
    let mut conversation = Conversation::new(protocol, port);
    payloads(rest).into_iter().for_each(|(how, bytes)| conversation.show(how, bytes));
    conversation.end();
}

/// A message of DNS behind its length.
fn framed(message: &[u8]) -> Vec<u8> {
    [&(message.len() as u16).to_be_bytes()[..], message].concat()
}

/// An input of these payloads.
fn packed(port: u8, payloads: &[(u8, &[u8])]) -> Vec<u8> {
    let one = |(how, bytes): &(u8, &[u8])| [&[*how][..], &(bytes.len() as u16).to_be_bytes(), bytes].concat();
    [&[port][..], &payloads.iter().flat_map(one).collect::<Vec<u8>>()].concat()
}

/// A name that is asked and answered, and one that does not exist.
fn asked_and_answered() -> [Vec<u8>; 3] {
    [dns(7, "www.example.org", None), dns(7, "www.example.org", Some([192, 0, 2, 7].into())), dns_failure(8, "nowhere.example.org", 3)]
}

/// To each port, and a message that was cut.
pub fn dns_udp_seeds() -> Vec<Vec<u8>> {
    let [query, answer, failure] = asked_and_answered();
    let all = [(0, &query[..]), (FROM_SERVER, &answer[..]), (FROM_SERVER, &failure[..])];
    let reverse = dns(9, "7.2.0.192.in-addr.arpa", None);
    vec![packed(0, &all), packed(1, &all), packed(2, &all), packed(0, &[(0, &reverse), (FROM_SERVER | CUT, &answer[..40])])]
}

/// In order, several in one segment and cut inside, and with a gap.
pub fn dns_tcp_seeds() -> Vec<Vec<u8>> {
    let [query, answer, failure] = asked_and_answered().map(|m| framed(&m));
    let both = [&answer[..], &failure].concat();
    vec![
        packed(0, &[(0, &query), (FROM_SERVER, &answer), (FROM_SERVER, &failure)]),
        packed(1, &[(0, &query), (FROM_SERVER, &both[..50]), (FROM_SERVER, &both[50..])]),
        packed(0, &[(0, &query[..2]), (0, &query[2..]), (FROM_SERVER | GAP, &both)]),
    ]
}

/// The same messages, as a group is asked.
pub fn local_names_seeds() -> Vec<Vec<u8>> {
    let [query, answer, failure] = asked_and_answered();
    let all = [(0, &query[..]), (FROM_SERVER, &answer[..]), (FROM_SERVER, &failure[..])];
    vec![packed(0, &all), packed(1, &all)]
}

/// Both hellos, one in two records and two segments, an alert, an old client, what is not the beginning.
pub fn tls_seeds() -> Vec<Vec<u8>> {
    let hello = client_hello(Some("www.example.org"), &["h2", "http/1.1"]);
    let (front, back) = hello.split_at(60);
    let records = [tls_record(22, front), tls_record(22, back)].concat();
    let (whole, answer) = (tls_record(22, &hello), tls_record(22, &server_hello(0x0304)));
    let data = tls_record(23, &[9; 40]);
    let old = [&[0x80, 31, 1, 3, 1, 0, 6, 0, 0, 0, 16][..], &[7; 22]].concat();
    vec![
        packed(0, &[(0, &whole), (FROM_SERVER, &answer), (0, &data)]),
        packed(200, &[(0, &records[..40]), (0, &records[40..]), (FROM_SERVER, &answer[..7]), (FROM_SERVER, &answer[7..])]),
        packed(0, &[(0, &whole), (FROM_SERVER, &tls_record(21, &[2, 40]))]),
        packed(0, &[(0, &old), (FROM_SERVER, &answer)]),
        packed(0, &[(0, &data), (FROM_SERVER | GAP, &answer), (0, &tls_record(20, &[1]))]),
    ]
}

/// Requests and replies in a row, with bodies of each kind, missing bytes, and what a connection turns into.
pub fn http_seeds() -> Vec<Vec<u8>> {
    let get = b"GET /a HTTP/1.1\r\nHost: www.example.org\r\n\r\n";
    let post = b"POST /b HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello";
    let chunks = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
    let length = b"HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\n\r\nabc";
    let open = b"HTTP/1.0 200 OK\r\n\r\nuntil it ends";
    vec![
        packed(0, &[(0, get), (FROM_SERVER, chunks), (0, post), (FROM_SERVER, length)]),
        packed(
            1,
            &[(0, &[&get[..], get, post].concat()), (FROM_SERVER, &chunks[..50]), (FROM_SERVER, &chunks[50..]), (FROM_SERVER, length)],
        ),
        packed(0, &[(0, get), (FROM_SERVER | GAP, open), (FROM_SERVER, length)]),
        packed(0, &[(0, b"CONNECT a:1 HTTP/1.1\r\n\r\n"), (FROM_SERVER, b"HTTP/1.1 200 OK\r\n\r\n"), (0, get)]),
    ]
}

/// What is said at each of [`PLACES`].
pub fn others_seeds() -> Vec<Vec<u8>> {
    let smb = |flags: u8| [&[0, 0, 0, 72][..], b"\xfeSMB\x40\0\x01\0\0\0\0\0\x05\0\x01\0", &[flags], &[0; 7], &[7], &[0; 47]].concat();
    let search = b"\x30\x0c\x02\x01\x01\x60\x07\x02\x01\x03\x04\0\x80\0";
    let refused = b"\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\x31\x04\0\x04\0";
    let ticket = b"\x6a\x0c\x30\x0a\xa1\x03\x02\x01\x05\xa2\x03\x02\x01\x0a";
    let failure = b"\x7e\x16\x30\x14\xa0\x03\x02\x01\x05\xa1\x03\x02\x01\x1e\xa5\x03\x02\x01\x00\xa6\x03\x02\x01\x18";
    let behind_length = |bytes: &[u8]| [&(bytes.len() as u32).to_be_bytes()[..], bytes].concat();
    let greeting = b"\x14\0\0\0\x0a8.0.36\0\x01\0\0\0saltsalt";
    let startup = b"\0\0\0\x10\0\x03\0\0user\0x\0\0";
    let dhcp = [&[1, 1, 6, 0, 9, 9, 9, 9][..], &[0; 228], b"\x63\x82\x53\x63\x35\x01\x03\x32\x04\x0a\0\0\x07\x0c\x05pc-17\xff"].concat();
    let snmp = |pdu: u8| [b"\x30\x18\x02\x01\x01\x04\x06public".as_slice(), &[pdu, 11, 2, 1, 5, 2, 1, 0, 2, 1, 0, 0x30, 0]].concat();
    let ntp = |head: u8| [&[head, 2][..], &[7; 46]].concat();
    let radius = |code: u8| [&[code, 9, 0, 20][..], &[7; 16]].concat();
    let call = b"INVITE sip:b@c SIP/2.0\r\nCall-ID: 7\r\nCSeq: 1 INVITE\r\n\r\n";
    let ringing = b"SIP/2.0 180 Ringing\r\nCall-ID: 7\r\nCSeq: 1 INVITE\r\n\r\n";
    let coils = b"\0\x01\0\0\0\x06\x01\x03\0\0\0\x01";
    vec![
        packed(2, &[(0, &smb(0)), (FROM_SERVER, &smb(1)), (FROM_SERVER | GAP, &smb(1)[..40])]),
        packed(3, &[(0, search), (FROM_SERVER, refused)]),
        packed(4, &[(0, search), (FROM_SERVER, refused)]),
        packed(5, &[(0, &behind_length(ticket)), (FROM_SERVER, &behind_length(failure))]),
        packed(6, &[(0, ticket), (FROM_SERVER, failure)]),
        packed(7, &[(FROM_SERVER, greeting), (0, b"\x02\0\0\0\x03x"), (FROM_SERVER, b"\x03\0\0\x01\xff\x15\x04")]),
        packed(8, &[(0, startup), (FROM_SERVER, b"R\0\0\0\x08\0\0\0\0"), (0, b"Q\0\0\0\x06x\0"), (FROM_SERVER, b"E\0\0\0\x0cC28P01\0\0")]),
        packed(9, &[(0, b"*1\r\n$4\r\nPING\r\n"), (FROM_SERVER, b"-ERR no\r\n")]),
        packed(10, &[(FROM_SERVER, b"220 a ESMTP\r\n"), (0, b"EHLO a\r\n"), (FROM_SERVER, b"250-a\r\n250 OK\r\n")]),
        packed(11, &[(FROM_SERVER, b"220 FTP\r\n"), (0, b"AUTH TLS\r\n"), (FROM_SERVER, b"234 OK\r\n"), (0, b"\x16\x03\x01")]),
        packed(12, &[(FROM_SERVER, b"* OK IMAP\r\n"), (0, b"a LOGIN\r\n"), (FROM_SERVER, b"a NO no\r\n")]),
        packed(13, &[(FROM_SERVER, b"+OK\r\n"), (0, b"USER a\r\n"), (FROM_SERVER, b"-ERR\r\n")]),
        packed(14, &[(0, &dhcp), (FROM_SERVER, &dhcp)]),
        packed(15, &[(0, &snmp(0xa0)), (FROM_SERVER, &snmp(0xa2))]),
        packed(16, &[(0, &ntp(0x23)), (FROM_SERVER, &ntp(0x24))]),
        packed(17, &[(0, &radius(1)), (FROM_SERVER, &radius(3))]),
        packed(18, &[(0, call), (FROM_SERVER, ringing)]),
        packed(19, &[(0, coils), (FROM_SERVER, b"\0\x01\0\0\0\x03\x01\x83\x02")]),
        packed(0, &[(0, b"SSH-2.0-x\r\n")]),
        packed(1, &[(0, b"\0\x01\0\0\x21\x12\xa4\x42abcdefghijkl")]),
    ]
}
