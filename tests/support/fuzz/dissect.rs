//! What applications say: DNS over UDP and TCP, multicast and link-local names, TLS hellos, HTTP/1. Nothing may be held beyond the end, names are fit to be
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
        let payload = Payload { flow: &self.key, way, time: Timestamp(self.time), bytes, length };
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
        assert!(recognised <= 1, "one conversation is of one protocol");
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
