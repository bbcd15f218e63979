//! The screen of packets: list, fields, bytes, what a conversation says, and the ways there.

use super::*;
use crate::model::{PacketTree, Show, Timestamp};
use crate::snapshot::{
    PacketContents, PacketEvent, PacketPage, PacketRequest, PacketRow, PacketSeek, PacketSegment, PacketStore, PacketStream, PacketSubject,
    StreamBytes,
};
use std::sync::Mutex;

/// Packets of one made-up conversation: a question and an answer, again and again.
#[derive(Default)]
struct Few {
    asked: Mutex<Vec<PacketRequest>>,
    /// What came of a save that took its time.
    late: Mutex<Option<String>>,
}

const TOTAL: u64 = 9_310;
const QUERY: &[u8] = b"\x00\x1b\x54\x14\x00\x02\x00\x1b\x54\x14\x00\x0e\x08\x00\x45\x00\x00\x3c\x12\x34\x40\x00\x40\x11\x13\x5d\x0a\x14\x00\x0e\x0a\x14\x01\x02\xc9\x4b\x00\x35\x00\x28\x9a\x01\x1f\x2a\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x05files\x07example\x00\x00\x01\x00\x01\x1b[2J";

fn subject() -> PacketSubject {
    let address = |last: [u8; 2]| Address::V4([10, 20, last[0], last[1]].into());
    PacketSubject::Between { a: address([0, 14]), a_port: 51_531, b: address([1, 2]), b_port: 53, protocol: Some(17) }
}

fn row(row: u64) -> PacketRow {
    let asks = row.is_multiple_of(2);
    let ends = ["10.20.0.14".to_owned(), "10.20.1.2".to_owned()];
    let [a, b] = ends;
    PacketRow {
        number: row * 3 + 17,
        time: Timestamp(1_764_075_600_000_000_000 + row as i64 * 31_204_117),
        source: if asks { a.clone() } else { b.clone() },
        destination: if asks { b } else { a },
        protocol: if row % 7 == 3 { "TLSv1.3" } else { "DNS" }.into(),
        wire: if asks { 78 } else { 94 },
        info: if asks { "Standard query 0x1f2a A files.example" } else { "Standard query response 0x1f2a A files.example A 10.20.1.9" }
            .into(),
        event: None,
    }
}

/// What happens in a conversation: it is opened, asked, answers, loses a segment and is broken off.
fn event(at: u64) -> PacketRow {
    let (is_forth, micros, event, info) = match at {
        0 => (true, 0, PacketEvent::Opens, "49152 → 443 [SYN] Seq=0 Win=64240 Len=0 MSS=1460 SACK_PERM WS=128"),
        1 => (false, 312, PacketEvent::Opens, "443 → 49152 [SYN, ACK] Seq=0 Ack=1 Win=65160 Len=0 MSS=1460 SACK_PERM WS=128"),
        2 => (true, 702, PacketEvent::Says, "Client Hello · files.office.example"),
        3 => (false, 2_120, PacketEvent::Says, "Server Hello, Certificate, Server Hello Done"),
        4 => (false, 233_020, PacketEvent::Troubles, "[TCP Retransmission] 443 → 49152 [ACK] Seq=4381 Ack=518 Win=64768 Len=1460"),
        5 => (true, 61_000_000, PacketEvent::Ends, "49152 → 443 [FIN, ACK] Seq=9120 Ack=88411 Win=64128 Len=0"),
        _ => (false, 61_000_290, PacketEvent::Resets, "443 → 49152 [RST] Seq=88411 Win=0 Len=0"),
    };
    let (number, time) = (at * 3 + 17, Timestamp(1_764_075_600_000_000_000 + micros * 1_000));
    let [source, destination] = if is_forth { ["10.20.0.8", "10.20.1.7"] } else { ["10.20.1.7", "10.20.0.8"] }.map(str::to_owned);
    let protocol = if event == PacketEvent::Says { "TLSv1.2" } else { "TCP" }.into();
    PacketRow { number, time, source, destination, protocol, wire: 78, info: info.into(), event: Some(event) }
}

fn contents(at: u64) -> PacketContents {
    let mut tree = PacketTree::default();
    let mut eth = tree.layer("eth", "Ethernet", QUERY, 0..14);
    eth.mac("eth.dst", "Destination", 0);
    eth.mac("eth.src", "Source", 6);
    eth.summary("Src: 00:1b:54:14:00:0e, Dst: 00:1b:54:14:00:02");
    let mut ip = tree.layer("ip", "IPv4", QUERY, 14..34);
    ip.bits("ip.version", "Version", 0, 1, 0xf0, Show::Dec);
    ip.number("ip.ttl", "Time to live", 8, 1, Show::Dec);
    ip.ipv4("ip.src", "Source address", 12);
    ip.summary("Src: 10.20.0.14, Dst: 10.20.1.2");
    tree.layer("udp", "UDP", QUERY, 34..42).number("udp.srcport", "Source port", 0, 2, Show::Dec);
    let mut dns = tree.layer("dns", "Domain Name System", QUERY, 42..73);
    dns.number("dns.id", "Transaction ID", 0, 2, Show::Hex);
    dns.text("dns.qry.name", "Question", 13, 5);
    dns.summary("Standard query 0x1f2a A files.example");
    let row = row(at);
    PacketContents { number: row.number, time: row.time, wire: row.wire, tree, bytes: QUERY.to_vec(), subject: subject() }
}

/// A download in bursts, of which a segment is lost and sent again.
fn segments() -> Vec<PacketSegment> {
    let mut out = Vec::new();
    let segment = |micros: i64, forth, sequence, length, acknowledgement| PacketSegment {
        time: Timestamp(micros * 1_000),
        forth,
        sequence,
        length,
        acknowledgement: Some(acknowledgement),
        window: Some(64_000),
        selective: [None; 3],
    };
    for n in 0..200u32 {
        let at = i64::from(n / 10) * 50_000 + i64::from(n % 10) * 100;
        out.push(segment(at, false, 1 + n * 1_400, 1_400, 1));
        let ack = if (100..130).contains(&n) { 1 + 100 * 1_400 } else { 1 + (n + 1) * 1_400 };
        let mut answer = segment(at + 20_000, true, 1, 0, ack);
        answer.selective[0] = (101..130).contains(&n).then_some((1 + 101 * 1_400, 1 + (n + 1) * 1_400));
        out.push(answer);
    }
    out.push(segment(630_000, false, 1 + 100 * 1_400, 1_400, 1));
    out.sort_by_key(|segment| segment.time);
    out
}

impl PacketStore for Few {
    fn look(&self, request: &PacketRequest) -> Arc<PacketPage> {
        self.asked.lock().unwrap().push(request.clone());
        let first = request.first.min(TOTAL - 1);
        let found = request.seek.as_ref().map(|(serial, seek)| {
            let row = match seek {
                PacketSeek::Number(number) => Some(number.saturating_sub(17) / 3),
                PacketSeek::Since(_) => Some(99),
                PacketSeek::Text { text, row, .. } => (text == "response").then_some(row + 1),
            };
            (*serial, row)
        });
        let pieces = vec![
            StreamBytes { forth: true, missing: 0, bytes: b"GET / HTTP/1.1\r\nHost: a\x1b[2J\r\n\r\n".to_vec() },
            StreamBytes { forth: false, missing: 1460, bytes: b"HTTP/1.1 200 OK\r\n\r\n\0\x01\x02".to_vec() },
        ];
        let ends = ["10.20.0.14:51531".to_owned(), "10.20.1.2:53".to_owned()];
        Arc::new(PacketPage {
            subject: request.subject.clone(),
            total: if request.events { 7 } else { TOTAL },
            first: if request.events { request.first.min(6) } else { first },
            rows: if request.events {
                (request.first.min(6)..7).map(event).collect()
            } else {
                (first..TOTAL).take(request.rows).map(row).collect()
            },
            chosen: Some((request.chosen, Arc::new(contents(request.chosen.min(TOTAL - 1))))),
            begin: row(0).time,
            found,
            stream: request.stream.then(|| Arc::new(PacketStream { ends, pieces, segments: segments(), cut: false, whole: true })),
            place: "recorder: the last 48 s in 128 MB".into(),
            ..PacketPage::default()
        })
    }

    fn version(&self) -> u64 {
        1
    }

    fn save(&self, subject: &PacketSubject) -> String {
        format!("saved {}", if *subject == PacketSubject::All { "all" } else { "some" })
    }

    fn saved(&self) -> Option<String> {
        self.late.lock().unwrap().take()
    }
}

fn session(story: Story, width: u16, height: u16) -> (Session, Arc<Few>) {
    let mut session = Session::new(story, width, height);
    let few = Arc::new(Few::default());
    let options = DashboardOptions { packets: Some(few.clone()), ..session.app.options.clone() };
    session.app = App::new(options, Theme::new(Depth::Mono, false));
    session.see(demo::snapshot(story, 0));
    (session, few)
}

#[test]
fn packets_of_a_span_that_was_let_go_are_all_of_them_again() {
    let (mut session, few) = session(Story::Calm, 120, 40);
    let asked = || few.asked.lock().unwrap().last().map(|request| request.subject.clone()).unwrap_or_default();
    session.keys(", [ < ] 9");
    let span = session.app.shown.span.as_ref().expect("a span").span;
    assert_eq!(asked().span(), Some(span));
    assert!(session.text().contains("Packets · 1"), "its times: {}", session.text());
    session.keys("3 Esc 9");
    assert_eq!(asked(), PacketSubject::All);
    assert!(session.text().contains("Packets ─"), "{}", session.text());
    // Those of a host are its again, called as before.
    session.keys("3 Down Enter P");
    let title = |session: &Session| session.lines()[2].chars().take(22).collect::<String>();
    let (host, called) = (asked(), title(&session));
    session.keys(", [ < ]");
    assert_eq!(asked(), host.clone().during(session.app.shown.span.as_ref().map(|shown| shown.span)));
    session.keys("Esc");
    assert_eq!((asked(), title(&session)), (host, called));
}

/// A recorder that keeps the last minute.
struct Minute;

impl PacketStore for Minute {
    fn look(&self, request: &PacketRequest) -> Arc<PacketPage> {
        let kept_since = request.subject.span().map(|span| span.from.plus(60_000_000_000));
        Arc::new(PacketPage { subject: request.subject.clone(), kept_since, ..PacketPage::default() })
    }

    fn version(&self) -> u64 {
        1
    }

    fn save(&self, _: &PacketSubject) -> String {
        String::new()
    }
}

#[test]
fn packets_that_are_not_kept_any_more_are_not_said_to_be_none() {
    let (mut session, _) = session(Story::Calm, 120, 40);
    let options = DashboardOptions { packets: Some(Arc::new(Minute)), ..session.app.options.clone() };
    session.app = App::new(options, Theme::new(Depth::Mono, false));
    session.see(demo::snapshot(Story::Calm, 0));
    assert!(session.keys("9").text().contains("no packet"));
    let text = session.keys(", [ < ]").text();
    assert!(text.contains("not kept any more: the packets that are kept begin at ") && !text.contains("no packet "), "{text}");
}

/// Where there is room a finding shows when it held and which packets prove it; where there is little its words have all of it.
#[test]
fn a_finding_shows_when_it_held_and_the_packets_that_prove_it() {
    for (width, height) in [(120, 42), (200, 60), (80, 24)] {
        let (mut session, few) = session(Story::Trouble, width, height);
        let options = DashboardOptions {
            explain: |_| Some("What it means\n  Much.\nHow it is measured\n  Well.\nWhy it happens\n  So.".into()),
            ..session.app.options.clone()
        };
        session.app = App::new(options, Theme::new(Depth::Mono, false));
        let mut snapshot = demo::snapshot(Story::Trouble, 0);
        for finding in &mut snapshot.diagnosis.findings {
            finding.packets = vec![17, 20, 23];
        }
        session.see(snapshot);
        session.keys("6");
        let text = session.text();
        assert!(text.contains("What to do") || height == 24, "{width}x{height}:\n{text}");
        if height > 24 {
            let held = session.lines()[session.line_of("  held ")].clone();
            assert!(held.contains('━') && text.contains("When it held"), "{width}x{height}:\n{text}");
            assert!(text.contains("Packets that prove it"), "{width}x{height}:\n{text}");
            assert!(width < 200 || text.contains("How it is measured") && text.contains("  So."), "{width}x{height}:\n{text}");
            let asked = few.asked.lock().unwrap();
            assert!(
                asked
                    .iter()
                    .any(|r| matches!(&r.subject, PacketSubject::Numbers(numbers, of) if *numbers == [17, 20, 23] && of.contains('.'))),
                "{asked:?}"
            );
        }
    }
}

#[test]
fn packets_look_as_they_did() {
    for (width, height) in [(80, 24), (120, 40), (200, 60)] {
        let (mut session, _) = session(Story::File, width, height);
        session.keys("9");
        insta::assert_snapshot!(format!("packets_{width}x{height}"), session.text());
        session.keys("Down Enter Down Down Enter Down");
        insta::assert_snapshot!(format!("packets_fields_{width}x{height}"), session.text());
    }
    let (mut session, _) = session(Story::File, 120, 40);
    session.keys("9 x");
    insta::assert_snapshot!("packets_stream_120x40", session.text());
    session.keys("h");
    insta::assert_snapshot!("packets_stream_hex_120x40", session.text());
}

#[test]
fn a_connection_is_drawn() {
    let (mut session, few) = session(Story::File, 120, 40);
    session.keys("9 v");
    assert!(few.asked.lock().unwrap().last().is_some_and(|request| request.stream));
    assert!(session.text().contains("nothing was sent this way"), "the client only acknowledges");
    session.keys("d");
    insta::assert_snapshot!("packets_graph_sequence_120x40", session.text());
    session.keys("v");
    insta::assert_snapshot!("packets_graph_flight_120x40", session.text());
    session.keys("v");
    insta::assert_snapshot!("packets_graph_trips_120x40", session.text());
    session.keys("h");
    assert!(session.text().contains("GET / HTTP/1.1"), "{}", session.text());
}

#[test]
fn the_cursor_walks_and_goes_where_it_is_sent() {
    let (mut session, few) = session(Story::File, 120, 40);
    session.keys("9 Down Down G");
    assert!(session.text().contains(&row(TOTAL - 1).number.to_string()), "{}", session.text());
    session.keys("Up g #").kinds("47").keys("Enter");
    assert!(session.line_of("▎") > 0 && session.lines()[session.line_of("▎")].contains(" 47 "), "{}", session.text());
    session.keys("#").kinds("12.5").keys("Enter");
    assert!(few.asked.lock().unwrap().iter().any(|r| matches!(r.seek, Some((_, PacketSeek::Since(12_500_000_000))))));
    session.keys("g /").kinds("Response").keys("Enter");
    assert!(session.lines()[session.line_of("▎")].contains("response"), "{}", session.text());
    session.keys("/").kinds("never").keys("Enter");
    assert!(session.text().contains("nothing found"), "{}", session.text());
    session.keys("#").kinds("soon").keys("Enter");
    assert!(session.text().contains("write a packet's number"), "{}", session.text());
    session.keys("W");
    assert!(session.text().contains("saved all"), "{}", session.text());
    *few.late.lock().unwrap() = Some("saved 9,310 packets".into());
    assert!(session.app.note_saved() && !session.app.note_saved(), "told once");
    session.see(demo::snapshot(Story::File, 0));
    assert!(session.text().matches("saved 9,310 packets").count() == 2, "in the title and below: {}", session.text());
    session.keys("f W");
    assert!(session.text().contains("saved some") && session.text().contains("10.20.0.14 port 51531"), "{}", session.text());
    session.keys("Esc W");
    assert!(session.text().contains("saved all"), "{}", session.text());
    let y = session.line_of("▎") as u16 + 3;
    session.mouse(MouseEventKind::Down(MouseButton::Left), 20, y);
    assert_eq!(session.line_of("▎") as u16, y, "{}", session.text());
}

#[test]
fn what_is_pasted_is_looked_for() {
    let (mut session, _) = session(Story::File, 120, 40);
    session.keys("9 /");
    session.event(&Event::Paste("files\u{7}.example\nq".into()));
    assert!(session.text().contains("files.example▏"), "{}", session.text());
    assert!(!session.effects.contains(&Effect::Quit));
}

#[test]
fn packets_are_not_left_out_by_filters_of_other_lists() {
    let (mut session, _) = session(Story::File, 120, 40);
    session.keys("9 Down F");
    assert!(session.app.view.filter.is_none() && session.text().contains("f shows those of one conversation"));
    session.keys("?");
    assert!(!session.text().contains("leave out what is selected"));
}

#[test]
fn a_row_leads_to_its_packets() {
    let (mut session, few) = session(Story::Trouble, 120, 40);
    session.keys("4 Down P");
    let last = few.asked.lock().unwrap().last().cloned().unwrap();
    assert!(matches!(last.subject, PacketSubject::Between { protocol: Some(6), .. }), "{last:?}");
    assert!(!last.hold, "a port's newest packets are followed");
    session.keys("Up");
    assert!(few.asked.lock().unwrap().last().unwrap().hold, "until somebody reads");
    session.keys("3 Down P");
    assert!(matches!(few.asked.lock().unwrap().last().unwrap().subject, PacketSubject::Host { .. }));
    session.keys("1 P");
    assert_eq!(few.asked.lock().unwrap().last().unwrap().subject, PacketSubject::All);
}

#[test]
fn any_size_is_drawn() {
    for (width, height) in [(1, 1), (10, 5), (30, 8), (60, 15), (118, 12), (300, 100)] {
        let (mut session, _) = session(Story::Calm, width, height);
        session.keys("9 Enter Down x h Down Esc / a Esc G Up");
    }
}

/// A page of its own reads a conversation's packets for what happened in it; below a list nothing is read for what the cursor passes.
#[test]
fn a_conversation_shows_what_happened_in_it() {
    for (width, height) in [(80, 24), (120, 40), (200, 60)] {
        let (mut session, few) = session(Story::Calm, width, height);
        session.keys("4 Down");
        assert!(few.asked.lock().unwrap().iter().all(|request| !request.events));
        session.keys("Enter");
        assert!(few.asked.lock().unwrap().last().is_some_and(|request| request.events && request.subject.span().is_none()));
        insta::assert_snapshot!(format!("events_{width}x{height}"), session.text());
    }
    let (mut small, _) = session(Story::Calm, 80, 24);
    small.keys("4 Down Enter");
    assert!(small.text().contains("What happened") && !small.text().contains("resets"), "{}", small.text());
    small.keys("G");
    assert!(small.text().contains("resets") && !small.text().contains("more ↓"), "{}", small.text());
}

#[test]
fn an_event_of_the_switch_leads_to_the_packets_of_its_second() {
    let (mut session, few) = session(Story::Trouble, 120, 40);
    session.keys("7 Left Down");
    assert!(session.lines()[39].contains("⏎ open"), "{}", session.lines()[39]);
    assert!(session.keys("W").text().contains("saved some"), "{}", session.text());
    let event = session.app.shown.switch.events.last().expect("an event").time;
    for key in ["Enter", "P"] {
        let (mut session, few) = self::session(Story::Trouble, 120, 40);
        session.keys("7 Left Down").keys(key);
        let asked = few.asked.lock().unwrap().clone();
        let span = asked.last().and_then(|request| request.subject.span()).expect("a span");
        assert!(span.contains(event) && span.length() <= 2_000_000_000, "{span:?} of {event:?}");
        let begin = session.app.held.capture.first.expect("the first packet");
        assert!(asked.iter().any(|request| request.seek == Some((1, PacketSeek::Since(event.since(begin))))), "{asked:?}");
    }
    // A row of the hierarchy has packets too.
    session.keys("2 Down P");
    assert!(matches!(few.asked.lock().unwrap().last().map(|r| r.subject.clone()), Some(PacketSubject::Path(_))));
}
