use super::*;
use crate::dissect::{DissectReport, Dissectors, Listener, registry};
use crate::model::{AppId, AppSlot, AppStage, CounterValue, Direction, FlowKey, Timestamp};
use proptest::prelude::*;

/// Keeps what it is told.
#[derive(Default)]
struct Heard(Vec<AppMessage>);

impl Listener for Heard {
    fn message(&mut self, message: &AppMessage) {
        self.0.push(*message);
    }
}

fn name(text: &str) -> Vec<u8> {
    let labels = text.split('.').filter(|l| !l.is_empty());
    labels.flat_map(|label| [&[label.len() as u8], label.as_bytes()].concat()).chain([0]).collect()
}

/// A message about `text` with these answers: type and data.
fn dns(id: u16, flags: u16, text: &str, kind: u16, answers: &[(u16, &[u8])]) -> Vec<u8> {
    let mut m = Vec::new();
    [id, flags, 1, answers.len() as u16, 0, 0].iter().for_each(|n| m.extend(n.to_be_bytes()));
    m.extend(name(text));
    [kind, 1].iter().for_each(|n| m.extend(n.to_be_bytes()));
    for (kind, data) in answers {
        m.extend([0xc0, 12]);
        [*kind, 1, 0, 60, data.len() as u16].iter().for_each(|n| m.extend(n.to_be_bytes()));
        m.extend(*data);
    }
    m
}

/// A conversation between 10.0.0.1:40000 and a port of 10.0.0.2.
fn key(port: u16, tcp: bool) -> (FlowKey, Direction) {
    FlowKey::v4(if tcp { 6 } else { 17 }, 0x0a00_0001, 0x0a00_0002, 40_000, port)
}

fn payload<'a>(key: &'a FlowKey, way: Direction, time: i64, bytes: &'a [u8]) -> Payload<'a> {
    Payload { flow: key, way, time: Timestamp(time), bytes, length: bytes.len() as u32, number: 0 }
}

fn tally(report: &DissectReport, token: &str) -> Tally {
    report.tallies[registry::app(token).unwrap().place().unwrap()].clone()
}

/// Shows datagrams of one conversation, and says what was heard and in what state its slot is.
fn show(port: u16, datagrams: &[(Direction, Vec<u8>)]) -> (Dissectors, AppSlot, Vec<AppMessage>) {
    let (mut dissectors, mut slot, mut heard) = (Dissectors::<()>::default(), AppSlot::default(), Heard::default());
    let (key, _) = key(port, false);
    for (time, (way, bytes)) in datagrams.iter().enumerate() {
        dissectors.datagram(&mut slot, &payload(&key, *way, time as i64, bytes), &mut heard);
    }
    (dissectors, slot, heard.0)
}

use Direction::{AToB, BToA};

#[test]
fn a_query_and_its_answer() {
    let query = dns(7, 0x0100, "www.Example.org", 1, &[]);
    let answer = dns(7, 0x8180, "WWW.example.org", 1, &[(5, &name("cdn.example.net")), (1, &[10, 9, 8, 7]), (28, &[0x20; 16])]);
    let failure = dns(8, 0x8183, "nowhere.example.org", 1, &[]);
    let (dissectors, slot, heard) = show(53, &[(AToB, query), (BToA, answer), (BToA, failure)]);
    assert_eq!((registry::token(slot.app), slot.stage), (Some("dns"), AppStage::Parse));
    assert!(heard[0].is_request && !heard[1].is_request);
    assert_eq!((heard[0].id, heard[0].question, heard[1].code), (heard[1].id, heard[1].question, 0));
    assert_ne!(heard[1].question, heard[2].question);
    let tally = tally(&dissectors.report(), "dns");
    assert_eq!([QUERIES, RESPONSES, MALFORMED].map(|n| tally.get(n)), [1, 2, 0]);
    assert_eq!(tally.values()[RCODES], CounterValue::Codes([(0, 1), (3, 1)].into()));
    let mut names: Vec<_> = dissectors.names().map(|n| format!("{} {} {}", n.address, n.name, n.source.token())).collect();
    names.sort();
    assert_eq!(
        names,
        ["10.9.8.7 www.Example.org dns".replace("www.E", "WWW.e"), "2020:2020:2020:2020:2020:2020:2020:2020 WWW.example.org dns".into()]
    );
}

#[test]
fn reverse_names() {
    let answer = dns(7, 0x8180, "4.3.2.10.in-addr.arpa", 12, &[(12, &name("printer.example.org"))]);
    let (dissectors, ..) = show(53, &[(BToA, answer)]);
    let names: Vec<_> = dissectors.names().map(|n| format!("{} {} {}", n.address, n.name, n.source.token())).collect();
    assert_eq!(names, ["10.2.3.4 printer.example.org dns_ptr"]);
}

#[test]
fn without_its_port_only_a_whole_message_is_dns() {
    let query = dns(7, 0x0100, "www.example.org", 1, &[]);
    let (_, slot, heard) = show(5300, &[(AToB, query.clone())]);
    assert_eq!((registry::token(slot.app), heard.len()), (Some("dns"), 1));
    let longer = [query.clone(), vec![0]].concat();
    for not_dns in [&query[..20], &longer, &[0; 12], &[0; 40]] {
        let (dissectors, slot, heard) = show(5300, &[(AToB, not_dns.to_vec())]);
        assert_eq!((slot.app, heard.len()), (AppId::NONE, 0));
        assert!(dissectors.report().tallies.iter().all(Tally::is_empty));
    }
    // The same to NetBIOS's port is not.
    assert_eq!(show(137, &[(AToB, query)]).1.app, AppId::NONE);
}

#[test]
fn its_neighbours_are_not_miscounted() {
    let query = dns(0, 0, "printer.local", 1, &[]);
    let answer = dns(0, 0x8400, "printer.local", 1, &[(1, &[10, 0, 0, 2]), (1, &[10, 0, 0, 9])]);
    for (port, token) in [(5353, "mdns"), (5355, "llmnr")] {
        let (dissectors, slot, heard) = show(port, &[(AToB, query.clone()), (BToA, answer.clone())]);
        let report = dissectors.report();
        assert_eq!((registry::token(slot.app), heard.len()), (Some(token), 0));
        assert!(tally(&report, "dns").is_empty());
        assert_eq!([QUERIES, RESPONSES].map(|n| tally(&report, token).get(n)), [1, 1]);
        let names: Vec<_> = dissectors.names().map(|n| format!("{} {} {}", n.address, n.name, n.source.token())).collect();
        assert_eq!(names, [format!("10.0.0.2 printer.local {token}")], "of the sender itself only");
    }
}

#[test]
fn what_is_cut_or_broken_counts_as_far_as_it_is_readable() {
    let query = dns(7, 0x0100, "www.example.org", 1, &[]);
    let (mut dissectors, mut slot, mut heard) = (Dissectors::<()>::default(), AppSlot::default(), Heard::default());
    let (key, _) = key(53, false);
    let cut = Payload { length: query.len() as u32, ..payload(&key, AToB, 0, &query[..20]) };
    dissectors.datagram(&mut slot, &cut, &mut heard);
    dissectors.datagram(&mut slot, &payload(&key, AToB, 1, &query[..20]), &mut heard);
    dissectors.datagram(&mut slot, &payload(&key, AToB, 2, &query[..5]), &mut heard);
    let tally = tally(&dissectors.report(), "dns");
    assert_eq!((tally.get(QUERIES), tally.get(MALFORMED)), (1, 2), "what is broken is no query");
    assert_eq!(heard.0.iter().map(|m| m.question).collect::<Vec<_>>(), [0], "nor told of");
}

#[test]
fn what_is_sent_to_its_port_need_not_be_dns() {
    let noise = |head: &[u8]| [head, &[0x5a; 120]].concat();
    for bytes in [noise(b"\x48\x01\x92"), noise(b"\x04\0\0\0\0\0\0\x01"), noise(b"\0\x01\x01\0\0\x01\0\0\0\0\0\0"), vec![0xff; 40]] {
        let (dissectors, slot, heard) = show(53, &vec![(AToB, bytes.clone()); 9]);
        assert_eq!((slot.app, heard.len(), slot.stage), (AppId::NONE, 0, AppStage::Skip), "{bytes:02x?}");
        assert!(slot.denies_ports() && !show(54, &vec![(AToB, bytes.clone()); 9]).1.denies_ports(), "{bytes:02x?}");
        assert!(dissectors.report().tallies.iter().all(Tally::is_empty));
        // Where a message was met before they tell nothing of the mirror.
        let query = dns(7, 0x0100, "www.example.org", 1, &[]);
        let (dissectors, _, heard) = show(53, &[(AToB, query), (BToA, bytes.clone()), (AToB, bytes)]);
        let tally = tally(&dissectors.report(), "dns");
        assert_eq!(([QUERIES, RESPONSES, MALFORMED].map(|n| tally.get(n)), heard.len()), ([1, 0, 2], 1));
    }
    // Refused before it was read: a header alone.
    let (_, slot, heard) =
        show(53, &[(BToA, dns(7, 0x8181, "", 1, &[])[..12].iter().enumerate().map(|(n, b)| if n == 5 { 0 } else { *b }).collect())]);
    assert_eq!((registry::token(slot.app), heard[0].code), (Some("dns"), 1));
}

#[test]
fn response_codes_of_twelve_bits() {
    let extended = |flags: u16, upper: u8| {
        let mut message = dns(7, flags, "www.example.org", 1, &[]);
        message[11] = 1;
        [&message[..], &[0, 0, 41, 4, 208, upper, 0, 0, 0, 0, 0]].concat()
    };
    for (flags, upper, code, name, outcome) in [
        (0x8187, 1, 23, "BADCOOKIE", Answer::Expected),
        (0x8180, 1, 16, "BADVERS", Answer::Expected),
        (0x8187, 0, 7, "YXRRSET", Answer::Error),
        (0x8182, 0, 2, "SERVFAIL", Answer::Error),
        (0x8180, 0, 0, "NOERROR", Answer::Normal),
    ] {
        let (dissectors, _, heard) = show(53, &[(BToA, extended(flags, upper))]);
        assert_eq!((heard[0].code, rcode(code).as_ref(), Dns::outcome(code)), (code, name, outcome));
        assert_eq!(tally(&dissectors.report(), "dns").values()[RCODES], CounterValue::Codes([(code, 1)].into()));
    }
}

#[test]
fn an_update_is_no_query() {
    let update = |flags: u16| dns(7, flags, "example.org", 6, &[]);
    let (dissectors, _, heard) = show(53, &[(AToB, update(0x2800)), (BToA, update(0xa805)), (AToB, update(0x2400))]);
    let tally = tally(&dissectors.report(), "dns");
    assert_eq!(([QUERIES, RESPONSES, MALFORMED].map(|n| tally.get(n)), heard.len()), ([0; 3], 0));
    assert_eq!(tally.values()[OPERATIONS], CounterValue::Codes([(4, 1), (5, 2)].into()));
}

#[test]
fn of_a_long_answer_some_addresses_are_taken_in() {
    let records: Vec<[u8; 4]> = (0..60).map(|n| [10, 0, 0, n]).collect();
    let records: Vec<(u16, &[u8])> = records.iter().map(|address| (1, &address[..])).collect();
    let (dissectors, ..) = show(53, &[(BToA, dns(7, 0x8180, "www.example.org", 1, &records))]);
    assert_eq!(dissectors.names().count(), ANSWERS);
}

/// Shows a TCP stream in pieces of these sizes, over and over.
fn stream(bytes: &[u8], sizes: &[usize]) -> (Dissectors, AppSlot, Vec<AppMessage>) {
    let (mut dissectors, mut slot, mut heard) = (Dissectors::<()>::default(), AppSlot::default(), Heard::default());
    let (key, way) = key(53, true);
    let (mut rest, mut sizes) = (bytes, sizes.iter().cycle());
    while !rest.is_empty() {
        let (now, after) = rest.split_at((*sizes.next().unwrap()).clamp(1, rest.len()));
        dissectors.stream(&mut slot, &payload(&key, way, 0, now), &mut heard);
        rest = after;
    }
    (dissectors, slot, heard.0)
}

#[test]
fn messages_over_tcp_however_they_are_cut() {
    let mut bytes = Vec::new();
    let large = dns(9, 0x8400, "zone.example.org", 252, &[(16, &[b'x'; 5000]), (1, &[10, 1, 1, 1])]);
    for message in [dns(7, 0x0100, "a.example.org", 1, &[]), dns(8, 0x8180, "b.example.org", 1, &[(1, &[10, 1, 1, 2])]), large] {
        bytes.extend((message.len() as u16).to_be_bytes());
        bytes.extend(message);
    }
    bytes.extend_from_within(..20);
    for sizes in [&[100_000][..], &[2, 50], &[3], &[41, 1, 7]] {
        let (mut dissectors, mut slot, heard) = stream(&bytes, sizes);
        assert_eq!(heard.iter().map(|m| m.id).collect::<Vec<_>>(), [7, 8, 9], "{sizes:?}");
        assert_eq!(tally(&dissectors.report(), "dns").get(MALFORMED), 0);
        assert_eq!((registry::token(slot.app), slot.stage, dissectors.reading()), (Some("dns"), AppStage::Parse, 1));
        assert!(dissectors.held() > 0 && dissectors.held() < 5000);
        dissectors.end(&mut slot, crate::model::CloseReason::Finished);
        assert_eq!((dissectors.reading(), dissectors.held(), slot.stage), (0, 0, AppStage::Skip));
    }
}

#[test]
fn a_gap_ends_the_reading_but_not_the_label() {
    let message = dns(7, 0x0100, "a.example.org", 1, &[]);
    let bytes = [(message.len() as u16).to_be_bytes().to_vec(), message].concat();
    let (mut dissectors, mut slot, _) = stream(&bytes, &[1000]);
    dissectors.gap(&mut slot, AToB, 9, &mut ());
    assert_eq!((registry::token(slot.app), slot.stage, dissectors.reading()), (Some("dns"), AppStage::Skip, 0));
}

proptest! {
    #[test]
    fn any_datagrams_are_bounded(datagrams in prop::collection::vec((any::<bool>(), prop::collection::vec(any::<u8>(), 0..300)), 0..20), port in prop::sample::select(vec![53u16, 5353, 5355, 137, 9])) {
        let datagrams: Vec<_> = datagrams.into_iter().map(|(a, bytes)| (if a { AToB } else { BToA }, bytes)).collect();
        let (dissectors, _, heard) = show(port, &datagrams);
        prop_assert!(heard.len() <= datagrams.len());
        prop_assert_eq!((dissectors.reading(), dissectors.held()), (0, 0));
    }

    #[test]
    fn a_changed_byte_of_a_message_is_bounded(at in 0usize..80, to in any::<u8>(), sizes in prop::collection::vec(1usize..90, 1..4)) {
        let mut message = dns(7, 0x8180, "www.example.org", 1, &[(1, &[10, 1, 1, 2]), (12, &name("b.c"))]);
        let end = message.len();
        message[at % end] = to;
        show(53, &[(BToA, message.clone())]);
        let framed = [(message.len() as u16).to_be_bytes().to_vec(), message].concat().repeat(3);
        let (dissectors, _, heard) = stream(&framed, &sizes);
        prop_assert!(heard.len() <= framed.len() / 14 && dissectors.held() <= 4096);
    }
}
