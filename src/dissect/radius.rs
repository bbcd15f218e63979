//! RADIUS (RFC 2865, 2866, 5176): requests and the packets that answer them, joined by their identifier.

use super::bytes::{be16, name_hash};
use super::requests::{self, with_outcomes};
use super::{About, Carriage, DissectOutput, Dissector, Payload, Probe, Progress};
use crate::model::{Answer, Counter, Manners, Measure, Tally, Transaction};
use std::borrow::Cow;

const PACKETS: usize = 0;

const COUNTERS: &[Counter] = with_outcomes! {
    "packets" "Packets" Measure::Codes(packet);
};

fn packet(code: u32) -> Cow<'static, str> {
    let name = match code {
        1 => "Access-Request",
        2 => "Access-Accept",
        3 => "Access-Reject",
        4 => "Accounting-Request",
        5 => "Accounting-Response",
        11 => "Access-Challenge",
        12 => "Status-Server",
        40 => "Disconnect-Request",
        41 => "Disconnect-ACK",
        42 => "Disconnect-NAK",
        43 => "CoA-Request",
        44 => "CoA-ACK",
        45 => "CoA-NAK",
        other => return other.to_string().into(),
    };
    name.into()
}

/// RADIUS over UDP.
pub struct Radius;

impl Dissector for Radius {
    type State = ();

    const ABOUT: About =
        About { token: "radius", title: "RADIUS", udp: Some(&[1812, 1813, 1645, 1646, 3799]), tcp: None, counters: COUNTERS };

    const MANNERS: Manners = Manners { owes: true, ..Manners::USUAL };

    fn probe(payload: &Payload<'_>, _: Carriage) -> Probe {
        let is_known = matches!(payload.bytes.first(), Some(1..=5 | 11 | 12 | 40..=45));
        let fits = be16(payload.bytes, 2).is_some_and(|n| n >= 20 && u32::from(n) == payload.length);
        if is_known && fits { Probe::Unsure } else { Probe::No }
    }

    fn datagram(payload: &Payload<'_>, out: &mut DissectOutput<'_>) -> Progress {
        let Some(&[code, id]) = payload.bytes.first_chunk() else { return Progress::Continue };
        if be16(payload.bytes, 2).is_none_or(|n| u32::from(n) > payload.length) {
            return Progress::Continue;
        }
        out.tally().add_code(PACKETS, code.into());
        match code {
            1 => out.request_by(payload, id.into(), user(payload.bytes).map_or(0, name_hash)),
            4 | 12 | 40 | 43 => out.request(payload, id.into()),
            2 | 3 | 5 | 11 | 41 | 42 | 44 | 45 => out.reply(payload, id.into(), code.into()),
            _ => {}
        }
        Progress::Continue
    }

    fn outcome(code: u32) -> Answer {
        match code {
            3 => Answer::Denied,
            11 => Answer::Expected,
            42 | 45 => Answer::Error,
            _ => Answer::Normal,
        }
    }

    fn code_text(code: u32) -> Cow<'static, str> {
        packet(code)
    }

    fn transaction(transaction: &Transaction, tally: &mut Tally) {
        requests::count(transaction, tally, COUNTERS);
    }
}

/// The name in an Access-Request (RFC 2865 section 5.1): the first attribute of type 1.
fn user(bytes: &[u8]) -> Option<&[u8]> {
    let mut rest = bytes.get(20..)?;
    // Each has two bytes at least.
    for _ in 0..64 {
        let [kind, length] = *rest.first_chunk()?;
        let (attribute, behind) = rest.split_at_checked(usize::from(length).max(2))?;
        if kind == 1 {
            return attribute.get(2..);
        }
        rest = behind;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dissect::talk::Talk;

    fn packet(code: u8, id: u8) -> Vec<u8> {
        [&[code, id, 0, 20][..], &[7; 16]].concat()
    }

    #[test]
    fn requests_and_their_answers() {
        let talk =
            Talk::udp(1812).client(packet(1, 9)).server(packet(11, 9)).client(packet(1, 10)).server(packet(3, 10)).client(packet(4, 11));
        assert_eq!((talk.app(), talk.pairs()), (Some("radius"), vec![(9, Some((1, 11))), (10, Some((1, 3))), (11, None)]));
        assert_eq!(talk.told("packets"), "Access-Request 2, Access-Reject 1, Accounting-Request 1, Access-Challenge 1");
        assert_eq!((Radius::outcome(3), Radius::outcome(11), Radius::outcome(2)), (Answer::Denied, Answer::Expected, Answer::Normal));
    }

    #[test]
    fn a_length_that_does_not_fit_and_another_port() {
        assert_eq!(Talk::udp(9).client(packet(1, 9)).app(), None);
        for bytes in [&packet(1, 9)[..19], &[packet(1, 9), vec![0]].concat(), b"\x01", b""] {
            assert_eq!(Talk::udp(1812).client(bytes).app(), None, "{bytes:?}");
        }
        let talk = Talk::udp(1812).client(packet(1, 9)).client(b"\x01").client(b"").server([3, 9, 0xff, 0xff]);
        assert_eq!(talk.told("packets"), "Access-Request 1");
    }
}
