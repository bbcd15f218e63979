use super::message::party;
use super::*;
use crate::dissect::talk::Talk;
use crate::dissect::{Dissectors, Listener};
use crate::model::{AppMessage, AppSlot, FlowKey, MediaOffer, Timestamp};

/// The addresses that are offered.
#[derive(Default)]
struct Offers(Vec<String>);

impl Listener for Offers {
    fn message(&mut self, _: &AppMessage) {}

    fn offer(&mut self, offer: &MediaOffer) {
        self.0.push(format!("{}:{}", offer.address, offer.port));
    }
}

fn message(first: &str, sequence: &str) -> String {
    format!("{first}\r\nVia: SIP/2.0/UDP a\r\nCall-ID: 77@a\r\nCSeq: {sequence}\r\n\r\n")
}

#[test]
fn a_call_is_answered_by_its_first_sign() {
    let talk = Talk::udp(9)
        .client(message("INVITE sip:b@c SIP/2.0", "1 INVITE"))
        .server(message("SIP/2.0 100 Trying", "1 INVITE"))
        .server(message("SIP/2.0 180 Ringing", "1 INVITE"))
        .client(message("ACK sip:b@c SIP/2.0", "1 ACK"))
        .client(message("REGISTER sip:c SIP/2.0", "2 REGISTER"))
        .server(message("SIP/2.0 100 Trying", "2 REGISTER"))
        .server(message("SIP/2.0 401 Unauthorized", "2 REGISTER").replace("Call-ID", "i "));
    assert_eq!((talk.app(), talk.pairs().iter().map(|p| p.1).collect::<Vec<_>>()), (Some("sip"), vec![Some((2, 180)), Some((2, 401))]));
    let talk = talk.server(message("SIP/2.0 503 Service Unavailable", "1 INVITE"));
    assert_eq!(talk.codes(), [180, 401, 503], "the first is not the last");
    assert_eq!((talk.told("requests"), talk.told("status")), ("INVITE 1, ACK 1, REGISTER 1".into(), "100 2, 180 1, 401 1, 503 1".into()));
    assert_eq!((Sip::outcome(486), Sip::outcome(503), Sip::outcome(403)), (Answer::Expected, Answer::Error, Answer::Denied));
}

/// Of calls and of those who want to be reached it is known by the transaction's identifier, in requests and replies alike.
#[test]
fn kinds_of_requests() {
    let kind = |method: &str| {
        let talk = Talk::udp(9)
            .client(message(&format!("{method} sip:b@c SIP/2.0"), &format!("1 {method}")))
            .server(message("SIP/2.0 200 OK", &format!("1 {method}")));
        let &[(id, Some((_, 200)))] = &talk.pairs()[..] else { panic!("{method} is not joined") };
        kind_in(id).and_then(|kind| Sip::KINDS.get(kind).copied())
    };
    assert_eq!(["INVITE", "REGISTER", "OPTIONS", "CANCEL"].map(kind), [Some("INVITE"), Some("REGISTER"), None, None]);
}

#[test]
fn each_medium_has_its_address() {
    let offered = |text: &str| {
        let mut heard = Offers::default();
        let (key, way) = FlowKey::v4(17, 0x0a00_0001, 0x0a00_0002, 5_060, 5_060);
        let message = message("INVITE sip:b@c SIP/2.0", "1 INVITE") + text;
        let bytes = message.as_bytes();
        let payload = Payload { flow: &key, way, time: Timestamp(0), bytes, length: bytes.len() as u32, number: 0 };
        Dissectors::<()>::default().datagram(&mut AppSlot::default(), &payload, &mut heard);
        heard.0
    };
    let all = "v=0\r\nc=IN IP4 192.0.2.1\r\nm=audio 4000 RTP/AVP 0\r\na=x\r\n";
    assert_eq!(offered(all), ["192.0.2.1:4000"]);
    let own = "v=0\r\nm=audio 4000 RTP/AVP 0\r\nc=IN IP4 192.0.2.2\r\nm=image 4002 udptl t38\r\nc=IN IP4 192.0.2.9\r\nm=video 4004 RTP/AVP 96\r\nc=IN IP4 192.0.2.3/127\r\n";
    assert_eq!(offered(own), ["192.0.2.2:4000", "192.0.2.3:4004"]);
    assert_eq!(offered(&all.replace("4000", "0")), [""; 0]);
    assert_eq!(offered(&(all.to_owned() + "m=video 6 RTP/AVP 96\r\nc=IN IP6 2001:db8::1\r\n")), ["192.0.2.1:4000", "2001:db8::1:6"]);
}

#[test]
fn who_calls_whom() {
    let name = |value: &str| party(value.as_bytes()).to_string();
    assert_eq!(name("\"Alice A\" <sip:alice@10.0.0.1:5060>;tag=7"), "alice");
    assert_eq!((name("sips:bob@example.org"), name("<tel:+4930123;x=1>")), ("bob".to_owned(), "+4930123".to_owned()));
    assert_eq!((name("<SIP:example.org>"), name("nobody"), name("<sip:")), ("example.org".to_owned(), String::new(), String::new()));
}

#[test]
fn what_is_not_sip_or_cut() {
    for bytes in ["OPTIONS rtsp://a RTSP/1.0\r\n", "SIP/2.0 2000\r\n", "INVITE", "", "SIP/2.0"] {
        assert_ne!(Talk::udp(5060).client(bytes).app(), Some("sip"), "{bytes}");
    }
    let whole = message("INVITE sip:b@c SIP/2.0", "1 INVITE");
    let talk = Talk::udp(5060).client(&whole).client(&whole[..40]).server("SIP/2.0 200 OK").server([0xff; 2_000]);
    assert_eq!((talk.told("requests"), talk.pairs().len()), ("INVITE 2".to_owned(), 1));
    assert_eq!(Talk::tcp(9).client(&whole).app(), Some("sip"));
}

/// A message over TCP, with its body's length.
fn of_stream(first: &str, sequence: &str, body: &str) -> String {
    let head = message(first, sequence);
    format!("{}\r\nContent-Length: {}\r\n\r\n{body}", head.trim_end(), body.len())
}

#[test]
fn messages_of_a_stream_however_they_are_cut() {
    let sdp = "v=0\r\nc=IN IP4 192.0.2.1\r\nm=audio 4000 RTP/AVP 0";
    let asked = "\r\n\r\n".to_owned()
        + &of_stream("INVITE sip:b@c SIP/2.0", "1 INVITE", sdp)
        + &of_stream("OPTIONS sip:c SIP/2.0", "2 OPTIONS", "");
    let answers = of_stream("SIP/2.0 180 Ringing", "1 INVITE", "") + &of_stream("SIP/2.0 200 OK", "2 OPTIONS", "x\r\n\r\ny\r\n") + "\r\n";
    let told = answers + &of_stream("SIP/2.0 503 No", "1 INVITE", "").replace("Content-Length", "l ");
    for size in [1, 7, 100, 5_000] {
        // Of the first bytes its protocol is told, where the first line is among them.
        let mut talk = Talk::tcp(9).client(of_stream("OPTIONS sip:c SIP/2.0", "9 OPTIONS", ""));
        talk = asked.as_bytes().chunks(size).fold(talk, |talk, part| talk.client(part));
        talk = told.as_bytes().chunks(size).fold(talk, |talk, part| talk.server(part));
        assert_eq!((talk.app(), talk.codes()), (Some("sip"), vec![180, 200, 503]), "{size}");
        assert_eq!((talk.told("requests"), talk.told("status")), ("INVITE 1, OPTIONS 2".into(), "180 1, 200 1, 503 1".into()), "{size}");
        talk.end();
    }
}

#[test]
fn what_is_missing_of_a_stream() {
    let request = |n: u32| of_stream("OPTIONS sip:c SIP/2.0", &format!("{n} OPTIONS"), "0123456789");
    let cut = |left: usize| request(2)[..request(2).len() - left].to_owned();
    // Of a body its length is known; behind a head that lacks some the next segment that begins like a message is one.
    for (left, gap, counted) in [(10, 10, 3), (10, 4, 3), (10, 11, 3), (30, 30, 2), (5, 5, 3)] {
        let rest = request(2)[request(2).len() - left + gap.min(left)..].to_owned();
        let talk = Talk::tcp(5060).client(request(1)).client(cut(left)).client_gap(gap as u32).client(rest).client(request(3));
        assert_eq!(talk.told("requests"), format!("OPTIONS {counted}"), "{gap} of {left}");
    }
    // No end, no message, and nothing is held for ever.
    let mut talk =
        Talk::tcp(5060).client("OPTIONS sip:c SIP/2.0\r\n").client("a: b\r\n".repeat(300)).client("x".repeat(100_000)).client(request(1));
    assert_eq!(talk.told("requests"), "OPTIONS 1");
    talk.end();
}

#[test]
fn a_medium_of_a_stream_is_offered_though_its_line_has_no_end() {
    let text = of_stream("INVITE sip:b@c SIP/2.0", "1 INVITE", "v=0\r\nc=IN IP4 192.0.2.1\r\nm=audio 4000 RTP/AVP 0\r\na=x");
    let (key, way) = FlowKey::v4(6, 0x0a00_0001, 0x0a00_0002, 5_060, 5_060);
    let (mut heard, mut dissectors, mut slot) = (Offers::default(), Dissectors::<()>::default(), AppSlot::default());
    for bytes in [&text.as_bytes()[..100], &text.as_bytes()[100..]] {
        let payload = Payload { flow: &key, way, time: Timestamp(0), bytes, length: bytes.len() as u32, number: 0 };
        dissectors.stream(&mut slot, &payload, &mut heard);
    }
    assert_eq!(heard.0, ["192.0.2.1:4000"]);
}
