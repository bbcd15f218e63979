//! SIP over UDP (RFC 3261): requests by method, replies by status, joined by their call and its running number.
//!
//! A call is answered by the first sign of the other side that it is under way (180 and the like), for the rest of the time people take; how it ended
//! its final reply says, as of any other request.

use super::lines::code;
use super::requests::{self, with_outcomes};
use super::{About, Carriage, DissectOutput, Dissector, Payload, Probe, Progress};
use crate::model::{Address, Answer, CallParties, Counter, Manners, Measure, MediaOffer, ShortName, Tally, Transaction, learnt};
use std::borrow::Cow;
use std::net::IpAddr;

const REQUESTS: usize = 0;
const STATUS: usize = 1;

const COUNTERS: &[Counter] = with_outcomes! {
    "requests" "Requests" Measure::Codes(method_name);
    "status" "Replies" Measure::Codes(digits);
};

/// Methods (IANA's registry).
const METHODS: [&str; 14] = [
    "INVITE",
    "ACK",
    "BYE",
    "CANCEL",
    "OPTIONS",
    "REGISTER",
    "PRACK",
    "SUBSCRIBE",
    "NOTIFY",
    "PUBLISH",
    "INFO",
    "REFER",
    "MESSAGE",
    "UPDATE",
];
const INVITE: u32 = 0;
const ACK: u32 = 1;
/// Header lines that are looked at.
const LINES: usize = 64;

fn method_name(place: u32) -> Cow<'static, str> {
    METHODS.get(place as usize).map_or_else(|| place.to_string().into(), |name| Cow::Borrowed(*name))
}

fn digits(code: u32) -> Cow<'static, str> {
    code.to_string().into()
}

/// SIP over UDP.
pub struct Sip;

impl Dissector for Sip {
    type State = ();

    const ABOUT: About =
        About { token: "sip", title: "Session Initiation Protocol", udp: Some(&[5060]), tcp: Some(&[5060]), counters: COUNTERS };

    const MANNERS: Manners = Manners { owes: true, ..Manners::USUAL };

    fn probe(payload: &Payload<'_>, _: Carriage) -> Probe {
        let line = payload.bytes.split(|&b| b == b'\n').next().unwrap_or_default().trim_ascii_end();
        let is_request = method(line).is_some() && line.ends_with(b" SIP/2.0");
        if is_request || reply_status(line).is_some() { Probe::Certain } else { Probe::No }
    }

    fn datagram(payload: &Payload<'_>, out: &mut DissectOutput<'_>) -> Progress {
        let mut lines = payload.bytes.split(|&b| b == b'\n').map(<[u8]>::trim_ascii_end);
        let first = lines.next().unwrap_or_default();
        let (mut call, mut sequence, mut parties) = (None, None, CallParties::default());
        for line in lines.by_ref().take(LINES).take_while(|line| !line.is_empty()) {
            call = call.or_else(|| header(line, &[b"call-id", b"i"]));
            sequence = sequence.or_else(|| header(line, &[b"cseq"]));
            parties.caller = header(line, &[b"from", b"f"]).map_or(parties.caller, party);
            parties.callee = header(line, &[b"to", b"t"]).map_or(parties.callee, party);
        }
        offers(lines, parties, payload, out);
        // The method of a reply stands in its running number.
        let of = sequence.and_then(|s| s.rsplit(|&b| b == b' ').next()).and_then(|name| METHODS.iter().position(|m| m.as_bytes() == name));
        let id = call.zip(sequence).map(|(call, sequence)| hash(hash(0x811c_9dc5, call), sequence));
        if let Some(method) = method(first) {
            out.tally().add_code(REQUESTS, method);
            // An ACK has no reply.
            if let Some(id) = id.filter(|_| method != ACK) {
                out.request(payload, id);
            }
        } else if let Some(code) = reply_status(first) {
            out.tally().add_code(STATUS, code);
            match id {
                Some(id) if code >= 200 => out.reply(payload, id, code),
                Some(id) if code > 100 && of == Some(INVITE as usize) => out.interim(payload, id, code),
                _ => {}
            }
        }
        Progress::Continue
    }

    fn outcome(code: u32) -> Answer {
        match code {
            0..=399 => Answer::Normal,
            // First without credentials; nobody there, busy, gone, not wanted: people.
            401 | 407 | 404 | 408 | 480 | 486 | 487 | 600 | 603 => Answer::Expected,
            403 => Answer::Denied,
            _ => Answer::Error,
        }
    }

    fn transaction(transaction: &Transaction, tally: &mut Tally) {
        requests::count(transaction, tally, COUNTERS);
    }
}

/// Where the media of a call are going to be sent (SDP, RFC 8866 sections 5.7 and 5.14): a medium's own address stands behind it, that of all
/// others before the first.
fn offers<'a>(lines: impl Iterator<Item = &'a [u8]>, parties: CallParties, payload: &Payload<'_>, out: &mut DissectOutput<'_>) {
    let mut tell = |address: Option<IpAddr>, port: Option<u16>| {
        if let Some((address, port)) = address.zip(port) {
            out.offer(&MediaOffer { address: Address::from(address), port, time: payload.time, parties });
        }
    };
    let (mut of_all, mut own, mut port, mut is_medium) = (None, None, None, false);
    for line in lines.take(LINES) {
        let mut words = line.split(|&b| b == b' ').filter_map(|word| std::str::from_utf8(word).ok());
        let Some(first) = words.next() else { continue };
        if first == "c=IN" {
            let address = words.nth(1).and_then(|word| word.split('/').next()).and_then(|word| word.parse::<IpAddr>().ok());
            if is_medium { own = address } else { of_all = address }
        } else if let Some(kind) = first.strip_prefix("m=") {
            tell(own.or(of_all), port);
            (own, is_medium) = (None, true);
            let is_followed = matches!(kind, "audio" | "video");
            port = words.next().filter(|_| is_followed).and_then(|word| word.parse::<u16>().ok()).filter(|port| *port != 0);
        }
    }
    tell(own.or(of_all), port);
}

/// Who a From or To is (RFC 3261 section 25.1): what stands before the `@` of its address, or the whole of it.
fn party(value: &[u8]) -> ShortName {
    let colon = value.windows(4).position(|at| at.eq_ignore_ascii_case(b"sip:") || at.eq_ignore_ascii_case(b"tel:")).map(|at| at + 4);
    let colon = colon.or_else(|| value.windows(5).position(|at| at.eq_ignore_ascii_case(b"sips:")).map(|at| at + 5));
    let address = colon.and_then(|at| value.get(at..)).unwrap_or_default();
    let end = address.iter().position(|b| b"@>;? \t".contains(b)).unwrap_or(address.len());
    ShortName::new(learnt::clean(address.get(..end).unwrap_or_default()).as_bytes())
}

/// The place of the method that a request's line begins with.
fn method(line: &[u8]) -> Option<u32> {
    let end = line.iter().take(12).position(|&b| b == b' ')?;
    let name = line.get(..end)?;
    METHODS.iter().position(|known| known.as_bytes() == name).map(|place| place as u32)
}

fn reply_status(line: &[u8]) -> Option<u32> {
    code(line.strip_prefix(b"SIP/2.0 ")?)
}

/// The value of a header of one of these names, in small letters.
fn header<'a>(line: &'a [u8], names: &[&[u8]]) -> Option<&'a [u8]> {
    let colon = line.iter().take(16).position(|&b| b == b':')?;
    let name = line.get(..colon)?.trim_ascii();
    names.iter().any(|known| name.eq_ignore_ascii_case(known)).then(|| line.get(colon + 1..).unwrap_or_default().trim_ascii())
}

/// FNV-1a, which ties a reply to its request.
fn hash(start: u32, bytes: &[u8]) -> u32 {
    bytes.iter().fold(start, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dissect::talk::Talk;
    use crate::dissect::{Dissectors, Listener};
    use crate::model::{AppMessage, AppSlot, FlowKey, Timestamp};

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
        assert_eq!(
            (talk.told("requests"), talk.told("status")),
            ("INVITE 1, ACK 1, REGISTER 1".into(), "100 2, 180 1, 401 1, 503 1".into())
        );
        assert_eq!((Sip::outcome(486), Sip::outcome(503), Sip::outcome(403)), (Answer::Expected, Answer::Error, Answer::Denied));
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
}
