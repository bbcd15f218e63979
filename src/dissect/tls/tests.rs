use super::*;
use crate::dissect::talk::Talk;
use crate::dissect::{Dissectors, registry};
use crate::model::limits::{DISSECT_BYTES, DISSECT_STATES};
use crate::model::{AppSlot, AppStage, CounterValue, FlowKey, Timestamp};
use proptest::prelude::*;

/// A ClientHello message with these extensions.
fn client(extensions: &[(u16, Vec<u8>)]) -> Vec<u8> {
    let mut body = vec![3, 3];
    body.extend([7; 32]);
    body.extend([0, 0, 4, 0x13, 1, 0x13, 2, 1, 0]);
    handshake(CLIENT_HELLO, with(body, extensions))
}

fn server(random: [u8; 32], extensions: &[(u16, Vec<u8>)]) -> Vec<u8> {
    let mut body = vec![3, 3];
    body.extend(random);
    body.extend([0, 0x13, 1, 0]);
    handshake(SERVER_HELLO, with(body, extensions))
}

fn with(mut body: Vec<u8>, extensions: &[(u16, Vec<u8>)]) -> Vec<u8> {
    let list: Vec<u8> =
        extensions.iter().flat_map(|(kind, data)| [&kind.to_be_bytes()[..], &(data.len() as u16).to_be_bytes(), data].concat()).collect();
    body.extend((list.len() as u16).to_be_bytes());
    body.extend(list);
    body
}

fn handshake(kind: u8, body: Vec<u8>) -> Vec<u8> {
    let length = (body.len() as u32).to_be_bytes();
    [&[kind, length[1], length[2], length[3]][..], &body].concat()
}

fn record(kind: u8, bytes: &[u8]) -> Vec<u8> {
    let length = (bytes.len() as u16).to_be_bytes();
    [&[kind, 3, 1, length[0], length[1]][..], bytes].concat()
}

fn sni(name: &str) -> (u16, Vec<u8>) {
    let length = name.len() as u16;
    (0, [&(length + 3).to_be_bytes()[..], &[0], &length.to_be_bytes(), name.as_bytes()].concat())
}

fn usual() -> Vec<u8> {
    let versions = (43, vec![6, 0x2a, 0x2a, 3, 4, 3, 3]);
    let alpn = (16, b"\0\x0c\x02h2\x08http/1.1".to_vec());
    client(&[(0x1a1a, vec![]), sni("www.example.org"), versions, alpn, (21, vec![0; 300])])
}

/// One connection: 10.0.0.1:40000 to 10.0.0.2:443, client first.
struct Connection {
    dissectors: Dissectors,
    slot: AppSlot,
    key: FlowKey,
    client: Direction,
}

impl Connection {
    fn new(port: u16) -> Self {
        let (key, client) = FlowKey::v4(6, 0x0a00_0001, 0x0a00_0002, 40_000, port);
        Self { dissectors: Dissectors::default(), slot: AppSlot::default(), key, client }
    }

    fn show(&mut self, from_client: bool, bytes: &[u8]) -> &mut Self {
        let way = match (from_client, self.client) {
            (true, way) => way,
            (false, Direction::AToB) => Direction::BToA,
            (false, Direction::BToA) => Direction::AToB,
        };
        let payload = Payload { flow: &self.key, way, time: Timestamp(0), bytes, length: bytes.len() as u32, number: 0 };
        self.dissectors.stream(&mut self.slot, &payload, &mut ());
        self
    }

    fn tally(&self) -> Tally {
        self.dissectors.report().tallies[registry::app("tls").unwrap().place().unwrap()].clone()
    }

    fn name(&self) -> Option<&str> {
        self.dissectors.server_name(&self.slot).map(|name| &**name)
    }
}

fn texts(pairs: &[(&str, u64)]) -> CounterValue {
    CounterValue::Texts { texts: pairs.iter().map(|(t, n)| ((*t).into(), *n)).collect(), others: 0 }
}

#[test]
fn a_handshake() {
    let mut c = Connection::new(443);
    c.show(true, &record(HANDSHAKE, &usual()));
    assert_eq!((registry::token(c.slot.app), c.slot.stage, c.name()), (Some("tls"), AppStage::Parse, Some("www.example.org")));
    c.show(false, &record(HANDSHAKE, &server([1; 32], &[(43, vec![3, 4])])));
    assert_eq!((c.slot.stage, c.name(), c.dissectors.reading()), (AppStage::Skip, Some("www.example.org"), 0));
    let tally = c.tally();
    assert_eq!((tally.get(CLIENT_HELLOS), tally.get(SERVER_HELLOS), tally.get(INCOMPLETE)), (1, 1, 0));
    assert_eq!(tally.values()[VERSIONS], CounterValue::Codes([(0x0304, 1)].into()));
    assert_eq!(tally.values()[OFFERED], CounterValue::Codes([(0x0304, 1)].into()));
    assert_eq!(tally.values()[SERVER_NAMES], texts(&[("www.example.org", 1)]));
    assert_eq!(tally.values()[PROTOCOLS], texts(&[("h2", 1), ("http/1.1", 1)]));
    let names: Vec<_> = c.dissectors.names().map(|n| format!("{} {} {}", n.address, n.name, n.source.token())).collect();
    assert_eq!(names, ["10.0.0.2 www.example.org tls"]);
}

#[test]
fn a_hello_cut_anywhere() {
    let hello = usual();
    let (front, back) = hello.split_at(100);
    for bytes in [record(HANDSHAKE, &hello), [record(HANDSHAKE, front), record(HANDSHAKE, back)].concat()] {
        for cut in 3..bytes.len() {
            let mut c = Connection::new(443);
            c.show(true, &bytes[..cut]).show(true, &bytes[cut..]);
            assert_eq!((c.name(), c.dissectors.held()), (Some("www.example.org"), 0), "cut at {cut}");
        }
        let mut c = Connection::new(443);
        c.show(true, &bytes[..6]);
        for byte in &bytes[6..] {
            c.show(true, &[*byte]);
        }
        assert_eq!((c.name(), c.tally().get(CLIENT_HELLOS)), (Some("www.example.org"), 1));
    }
}

#[test]
fn a_retry_has_two_hellos_of_the_client_that_count_once() {
    let mut c = Connection::new(443);
    let retry = hello_retry();
    c.show(true, &record(HANDSHAKE, &usual())).show(false, &record(HANDSHAKE, &server(retry, &[(43, vec![3, 4])])));
    assert_eq!(c.slot.stage, AppStage::Parse);
    c.show(true, &record(records::CHANGE_CIPHER_SPEC, &[1])).show(true, &record(HANDSHAKE, &usual()));
    c.show(false, &record(HANDSHAKE, &server([1; 32], &[(43, vec![3, 4])])));
    assert_eq!((c.slot.stage, [CLIENT_HELLOS, SERVER_HELLOS, RETRIES].map(|n| c.tally().get(n))), (AppStage::Skip, [1, 1, 1]));
}

#[test]
fn a_server_may_answer_in_plain_text() {
    let hello = record(HANDSHAKE, &usual());
    let answered = |bytes: &[u8]| Talk::tcp(25).client(&hello).server(bytes).codes();
    assert_eq!(answered(b"HTTP/1.1 400 Bad Request\r\n"), [TLS_IN_CLEAR]);
    assert_eq!(answered(b"220 mail.example.org\r\n"), [TLS_IN_CLEAR]);
    assert_eq!(answered(&[1, 2, 3, 4, 5, 6, 7, 8]), [0; 0], "whatever that is");
    let hello_and_text = [&record(HANDSHAKE, &server([1; 32], &[]))[..], b"HTTP/1.1 400 Bad Request\r\n"].concat();
    assert_eq!(answered(&hello_and_text), [ACCEPTED]);
    assert_eq!(alert(TLS_IN_CLEAR), "answered in plain text");
}

#[test]
fn a_remote_desktop_turns_into_it() {
    let request = b"\x03\0\0\x13\x0e\xe0\0\0\0\0\0\x01\0\x08\0\x03\0\0\0";
    let confirm = b"\x03\0\0\x13\x0e\xd0\0\0\x12\x34\0\x02\x0f\x08\0\x02\0\0\0";
    let talk = Talk::tcp(3389).client(request).server(confirm);
    assert_eq!(talk.app(), Some("rdp"));
    let talk = talk.client(record(HANDSHAKE, &usual())).server(record(ALERT, &[2, 40]));
    assert_eq!((talk.app(), talk.codes()), (Some("rdp+tls"), vec![40]));
    // Without: nobody looks for ever.
    let talk = (0..9).fold(Talk::tcp(3389).client(request).server(confirm), |talk, _| {
        talk.client(b"\x03\0\0\x0c\x02\xf0\x80\x64\0\0\0\0").server(b"\0\x05")
    });
    assert_eq!((talk.app(), talk.slot.stage), (Some("rdp"), AppStage::Skip));
}

fn hello_retry() -> [u8; 32] {
    let text = "cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c";
    std::array::from_fn(|n| u8::from_str_radix(&text[2 * n..2 * n + 2], 16).unwrap())
}

#[test]
fn a_gap_ends_its_direction_only() {
    let mut c = Connection::new(443);
    let bytes = record(HANDSHAKE, &usual());
    c.show(true, &bytes[..200]);
    assert!(c.dissectors.held() > 0);
    c.dissectors.gap(&mut c.slot, c.client, 9, &mut ());
    assert_eq!((c.name(), c.dissectors.held(), c.slot.stage, c.tally().get(INCOMPLETE)), (None, 0, AppStage::Parse, 1));
    c.show(true, &bytes[200..]).show(false, &record(HANDSHAKE, &server([1; 32], &[])));
    assert_eq!((c.name(), registry::token(c.slot.app), c.slot.stage), (None, Some("tls"), AppStage::Skip));
    assert_eq!(c.tally().values()[VERSIONS], CounterValue::Codes([(0x0303, 1)].into()));
}

#[test]
fn a_direction_that_is_not_mirrored_is_not_waited_for() {
    let mut c = Connection::new(443);
    c.show(true, &record(HANDSHAKE, &usual()));
    for _ in 0..=WAIT_PAYLOADS {
        c.show(true, &record(APPLICATION_DATA, &[9; 100]));
    }
    assert_eq!((c.slot.stage, c.name(), c.dissectors.reading()), (AppStage::Skip, Some("www.example.org"), 0));
}

#[test]
fn alerts_before_encryption() {
    let mut c = Connection::new(443);
    c.show(true, &record(HANDSHAKE, &usual())).show(false, &record(ALERT, &[2, 40]));
    assert_eq!(c.tally().values()[ALERTS], CounterValue::Codes([(40, 1)].into()));
}

#[test]
fn recognised_by_content_on_any_port_and_from_the_middle() {
    let data = record(APPLICATION_DATA, &[9; 100]);
    let old = [0x80, 46, 1, 3, 1, 0, 21, 0, 0, 0, 16];
    let two = [data.as_slice(), &data[..50]].concat();
    for bytes in [&record(HANDSHAKE, &usual())[..100], &data, &two, &record(ALERT, &[1, 0]), &old] {
        let mut c = Connection::new(6888);
        c.show(true, bytes);
        assert_eq!(registry::token(c.slot.app), Some("tls"), "{bytes:?}");
    }
    for bytes in [&data[..50], b"nothing that is known", &[0x16, 3, 9, 0, 5, 1, 2], &[0x16, 3, 1], &[0x80, 0, 1, 3, 1, 0, 0, 0, 0, 0]] {
        let mut c = Connection::new(6888);
        c.show(true, bytes);
        assert_eq!((c.slot.app, c.slot.stage), (crate::model::AppId::NONE, AppStage::Probe), "{bytes:?}");
    }
}

#[test]
fn states_and_bytes_end_at_their_caps() {
    let mut c = Connection::new(443);
    let hello = handshake(CLIENT_HELLO, vec![0; 16_000]);
    let start = &record(HANDSHAKE, &hello)[..12_000];
    let mut slots = vec![AppSlot::default(); DISSECT_STATES + 5];
    for slot in &mut slots {
        c.slot = *slot;
        c.show(true, start);
        *slot = c.slot;
        assert!(c.dissectors.held() <= DISSECT_BYTES);
    }
    let losses = c.dissectors.report().losses;
    assert!(losses.bytes > 1000 && losses.states == 0, "{losses:?}");
    let mut c = Connection::new(443);
    for slot in &mut slots {
        c.slot = AppSlot::default();
        c.show(true, &start[..5]);
        *slot = c.slot;
    }
    let losses = c.dissectors.report().losses;
    assert_eq!((losses.states, c.dissectors.reading()), (5, DISSECT_STATES));
    for slot in &mut slots {
        c.dissectors.end(slot, CloseReason::Finished);
    }
    assert_eq!((c.dissectors.reading(), c.dissectors.held()), (0, 0));
}

proptest! {
    #[test]
    fn any_bytes_are_bounded(pieces in prop::collection::vec((any::<bool>(), prop::collection::vec(any::<u8>(), 0..200)), 0..20), hello in any::<bool>()) {
        let mut c = Connection::new(443);
        if hello {
            c.show(true, &record(HANDSHAKE, &usual())[..300]);
        }
        for (from_client, bytes) in &pieces {
            c.show(*from_client, bytes);
            prop_assert!(c.dissectors.held() <= 64 * 1024);
        }
        c.dissectors.end(&mut c.slot, CloseReason::Finished);
        prop_assert_eq!((c.dissectors.reading(), c.dissectors.held()), (0, 0));
    }

    #[test]
    fn a_changed_byte_is_bounded(at in 0usize..500, to in any::<u8>(), sizes in prop::collection::vec(1usize..200, 1..5)) {
        let mut bytes = [record(HANDSHAKE, &usual()), record(APPLICATION_DATA, &[0; 30])].concat();
        let end = bytes.len();
        bytes[at % end] = to;
        let mut c = Connection::new(443);
        let (mut rest, mut sizes) = (bytes.as_slice(), sizes.iter().cycle());
        while !rest.is_empty() {
            let (now, after) = rest.split_at((*sizes.next().unwrap()).min(rest.len()));
            c.show(true, now);
            rest = after;
        }
        prop_assert!(c.tally().get(CLIENT_HELLOS) <= 1);
    }
}

#[test]
fn a_hello_is_answered_by_a_hello_or_refused() {
    use crate::dissect::talk::Talk;
    let (ask, accept) = (record(HANDSHAKE, &usual()), record(HANDSHAKE, &server([1; 32], &[])));
    assert_eq!(Talk::tcp(443).client(&ask[..200]).client(&ask[200..]).server(accept).pairs(), [(0, Some((1, 0)))]);
    let warned = Talk::tcp(443).client(&ask).server(record(ALERT, &[1, 112])).server(record(ALERT, &[2, 40]));
    assert_eq!(warned.pairs(), [(0, Some((2, 40)))]);
    assert_eq!((Tls::outcome(40), Tls::outcome(0), Tls::code_text(40)), (Answer::Error, Answer::Begun, "handshake_failure".into()));
    // A client's alert is no answer.
    assert_eq!(Talk::tcp(443).client(&ask).client(record(ALERT, &[2, 48])).pairs(), [(0, None)]);
}

#[test]
fn a_greeting_that_chooses_tls_1_3_is_told_from_others() {
    let hello = |session: usize, extensions: &[u8]| {
        let mut bytes = vec![22, 3, 3, 0, 0, 2, 0, 0, 0, 3, 3];
        bytes.extend([7; 32]);
        bytes.push(session as u8);
        bytes.extend(vec![9; session]);
        bytes.extend([0x13, 1, 0]);
        bytes.extend((extensions.len() as u16).to_be_bytes());
        bytes.extend_from_slice(extensions);
        bytes
    };
    let chooses = |bytes: &[u8]| chosen_version(bytes) == Some(TLS_1_3);
    let (chosen, other) = ([0, 43, 0, 2, 3, 4], [0, 51, 0, 4, 1, 2, 3, 4]);
    assert!(chooses(&hello(0, &chosen)) && chooses(&hello(32, &chosen)));
    assert!(chooses(&hello(32, &[&other[..], &chosen].concat())));
    assert!(!chooses(&hello(32, &other)) && !chooses(&hello(0, &[])));
    assert!(!chooses(&hello(32, &[0, 43, 0, 2, 3, 3])), "1.2");
    let whole = hello(32, &chosen);
    (0..whole.len()).for_each(|end| assert!(!chooses(&whole[..end]), "{end}"));
    let mut greeting = whole;
    greeting[5] = 1;
    assert!(!chooses(&greeting), "a client offers it");
}
