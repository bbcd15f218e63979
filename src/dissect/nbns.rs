//! NetBIOS name service (RFC 1002 section 4.2): messages by kind, and the names that Windows hosts claim for their own address. Most questions are
//! asked of everyone and answered by nobody, so that they are no requests here.

use super::bytes::{be16, be32};
use super::{About, Carriage, DissectOutput, Dissector, Payload, Probe, Progress};
use crate::model::{Address, Counter, Measure, NameSource};
use std::borrow::Cow;
use std::net::Ipv4Addr;

const MESSAGES: usize = 0;

const COUNTERS: &[Counter] = &[Counter { token: "messages", title: "Messages", measure: Measure::Codes(kind) }];

/// Where the name of the question or of the first record begins, and where it ends: a length, 32 letters, a zero.
const NAME: usize = 12;
const NAME_END: usize = 46;
/// Characters of a name, without the byte that says what it is for.
const NAME_BYTES: usize = 15;

const RESPONSE: u16 = 0x8000;
const REGISTRATION: u16 = 5;
const REFRESH: u16 = 8;
/// A host with several addresses registers its name with one of them ([MS-NBTE] section 2.2.1).
const MULTIHOMED: u16 = 15;
/// Type of a record with an address, and its class.
const ADDRESS: u32 = 0x0020_0001;
/// A name that several hosts have.
const GROUP: u16 = 0x8000;

/// The operation, and 16 more for its response.
fn kind(code: u32) -> Cow<'static, str> {
    let name = match code & 15 {
        0 => "query",
        5 => "registration",
        6 => "release",
        7 => "wait",
        8 | 9 => "refresh",
        15 => "multi-homed registration",
        other => return other.to_string().into(),
    };
    if code & 16 == 0 { name.into() } else { format!("{name} response").into() }
}

/// NetBIOS names over UDP.
pub struct Nbns;

impl Dissector for Nbns {
    type State = ();

    const ABOUT: About = About { token: "nbns", title: "NetBIOS name service", udp: Some(&[137]), tcp: None, counters: COUNTERS };

    fn probe(payload: &Payload<'_>, _: Carriage) -> Probe {
        if letters(payload.bytes).is_some() { Probe::Unsure } else { Probe::No }
    }

    fn datagram(payload: &Payload<'_>, out: &mut DissectOutput<'_>) -> Progress {
        let Some(flags) = be16(payload.bytes, 2).filter(|_| payload.bytes.len() >= NAME) else { return Progress::Continue };
        let (operation, is_response) = (flags >> 11 & 15, flags & RESPONSE != 0);
        out.tally().add_code(MESSAGES, u32::from(operation) | u32::from(is_response) << 4);
        // A claim, or an answer without error; the record's name is a pointer in a claim, and its own in an answer.
        let record = match (operation, is_response) {
            (REGISTRATION | REFRESH | MULTIHOMED, false) => NAME_END + 4 + 2,
            (0, true) if flags & 15 == 0 => NAME_END,
            _ => return Progress::Continue,
        };
        let claim = be32(payload.bytes, record)
            .filter(|&kind| kind == ADDRESS)
            .and(be16(payload.bytes, record + 10))
            .zip(be32(payload.bytes, record + 12));
        if let (Some((flags, ip)), Some((name, suffix))) = (claim, letters(payload.bytes).and_then(decoded)) {
            let address = Address::V4(Ipv4Addr::from_bits(ip));
            // Of a workstation or a file server, and of nobody but the sender.
            if flags & GROUP == 0 && matches!(suffix, 0 | 0x20) && payload.addresses()[0] == address {
                let end = name.iter().rposition(|&b| b != b' ').map_or(0, |at| at + 1);
                out.address_name(address, NameSource::Nbns, name.get(..end).unwrap_or_default(), payload.time);
            }
        }
        Progress::Continue
    }
}

/// The 32 letters that the first name is made of.
fn letters(bytes: &[u8]) -> Option<&[u8]> {
    match bytes.get(NAME..NAME_END)? {
        [0x20, letters @ .., 0] if letters.iter().all(|b| (b'A'..=b'P').contains(b)) => Some(letters),
        _ => None,
    }
}

/// A name: each of its bytes is two letters; and what it is for.
fn decoded(letters: &[u8]) -> Option<([u8; NAME_BYTES], u8)> {
    let mut bytes = letters.chunks(2).map(|pair| match pair {
        [a, b] => (a.wrapping_sub(b'A') << 4) | (b.wrapping_sub(b'A') & 15),
        _ => 0,
    });
    let mut name = [0; NAME_BYTES];
    for place in &mut name {
        *place = bytes.next()?;
    }
    Some((name, bytes.next()?))
}

#[cfg(test)]
mod tests {
    use crate::dissect::talk::Talk;

    fn message(flags: u16, name: &[u8; 16], record: &[u8]) -> Vec<u8> {
        let letters: Vec<u8> = name.iter().flat_map(|b| [b'A' + (b >> 4), b'A' + (b & 15)]).collect();
        [&[0, 7][..], &flags.to_be_bytes(), &[0, 1, 0, 0, 0, 0, 0, 1, 0x20], &letters, &[0], record].concat()
    }

    /// The rest of a claim of an address: question, then a record that points to its name.
    fn claim(group: u8, ip: [u8; 4]) -> Vec<u8> {
        [&[0, 0x20, 0, 1, 0xc0, 12, 0, 0x20, 0, 1, 0, 0, 0, 0, 0, 6, group, 0][..], &ip].concat()
    }

    #[test]
    fn a_host_claims_its_name() {
        let talk = Talk::udp(137)
            .client(message(0x2910, b"PC-17          \0", &claim(0, [10, 0, 0, 1])))
            .client(message(0x2910, b"WORKGROUP      \0", &claim(0x80, [10, 0, 0, 1])))
            .client(message(0x2910, b"OTHER          \0", &claim(0, [10, 0, 0, 9])))
            .client(message(0x0110, b"ANYBODY        \x20", &[0, 0x20, 0, 1]))
            .server(message(0x8500, b"FILES          \x20", &[0, 0x20, 0, 1, 0, 0, 0, 9, 0, 6, 0, 0, 10, 0, 0, 2]));
        let mut names: Vec<_> = talk.dissectors.names().map(|n| format!("{} {} {}", n.address, n.name, n.source.token())).collect();
        names.sort();
        assert_eq!(names, ["10.0.0.1 PC-17 nbns", "10.0.0.2 FILES nbns"]);
        assert_eq!((talk.app(), talk.told("messages")), (Some("nbns"), "query 1, registration 3, query response 1".to_owned()));
    }

    #[test]
    fn what_is_cut_or_hostile() {
        let whole = message(0x2910, b"PC-17          \0", &claim(0, [10, 0, 0, 1]));
        for cut in 0..whole.len() {
            let talk = Talk::udp(137).client(&whole[..cut]).client(&whole[..cut]);
            assert_eq!(talk.dissectors.names().count(), 0, "cut at {cut}");
        }
        assert_ne!(Talk::udp(9).client(&whole).app(), Some("nbns"));
        assert_eq!(Talk::udp(137).client([0xff; 80]).app(), None);
    }
}
