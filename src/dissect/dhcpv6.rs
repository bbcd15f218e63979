//! DHCPv6 (RFC 8415): messages by type, those that relays carry by what they carry; requests and their answers where both are addressed to one another,
//! which is so between a relay and its server; and the names that clients have (RFC 4704) with the address that they use or were given.

use super::bytes::{be16, be24, be32};
use super::requests::{self, with_outcomes};
use super::{About, Carriage, DissectOutput, Dissector, Payload, Probe, Progress};
use crate::model::{Address, Answer, Counter, Measure, NameSource, Tally, Transaction};
use std::borrow::Cow;
use std::net::Ipv6Addr;

const MESSAGES: usize = 0;
/// The last of those that [`with_outcomes`] adds.
const NOT_JUDGED: usize = COUNTERS.len() - 1;

const COUNTERS: &[Counter] = with_outcomes! {
    "messages" "Messages" Measure::Codes(message_type);
};

/// Where the options of a message begin, and those of a relay's.
const OPTIONS: usize = 4;
const RELAY_OPTIONS: usize = 34;
/// Options of one message that are looked at.
const MOST_OPTIONS: usize = 64;
/// Relays of a message that are looked through (RFC 8415 section 7.6: HOP_COUNT_LIMIT).
const RELAYS: usize = 8;

const SOLICIT: u8 = 1;
const ADVERTISE: u8 = 2;
const REQUEST: u8 = 3;
const CONFIRM: u8 = 4;
const RENEW: u8 = 5;
const REBIND: u8 = 6;
const REPLY: u8 = 7;
const RELEASE: u8 = 8;
const DECLINE: u8 = 9;
const INFORMATION_REQUEST: u8 = 11;
const RELAY_FORWARD: u8 = 12;
const RELAY_REPLY: u8 = 13;

const IA_NA: u16 = 3;
const IA_TA: u16 = 4;
const IA_ADDRESS: u16 = 5;
const RELAYED: u16 = 9;
const STATUS: u16 = 13;
const IA_PD: u16 = 25;
const CLIENT_NAME: u16 = 39;

/// Bytes of an address with its two lifetimes.
const LEASE: usize = 24;

/// RFC 8415 section 7.3.
fn message_type(code: u32) -> Cow<'static, str> {
    const NAMES: [&str; 14] = [
        "0",
        "SOLICIT",
        "ADVERTISE",
        "REQUEST",
        "CONFIRM",
        "RENEW",
        "REBIND",
        "REPLY",
        "RELEASE",
        "DECLINE",
        "RECONFIGURE",
        "INFORMATION-REQUEST",
        "RELAY-FORW",
        "RELAY-REPL",
    ];
    NAMES.get(code as usize).map_or_else(|| code.to_string().into(), |name| Cow::Borrowed(*name))
}

/// RFC 8415 section 21.13.
fn status(code: u32) -> Cow<'static, str> {
    const NAMES: [&str; 7] = ["Success", "UnspecFail", "NoAddrsAvail", "NoBinding", "NotOnLink", "UseMulticast", "NoPrefixAvail"];
    NAMES.get(code as usize).map_or_else(|| code.to_string().into(), |name| Cow::Borrowed(*name))
}

/// DHCPv6 over UDP.
pub struct Dhcpv6;

impl Dissector for Dhcpv6 {
    type State = ();

    const ABOUT: About =
        About { token: "dhcpv6", title: "Dynamic Host Configuration of IPv6", udp: Some(&[546, 547]), tcp: None, counters: COUNTERS };

    fn probe(payload: &Payload<'_>, _: Carriage) -> Probe {
        if fits(payload) { Probe::Unsure } else { Probe::No }
    }

    fn datagram(payload: &Payload<'_>, out: &mut DissectOutput<'_>) -> Progress {
        let Some(message) = Message::read(payload.bytes) else { return Progress::Continue };
        out.tally().add_code(MESSAGES, message.kind.into());
        // To all servers, or from one of them to who asked all, request and answer are not of one conversation.
        let is_of_one = payload.addresses().into_iter().all(is_one_host);
        match message.kind {
            SOLICIT | REQUEST | CONFIRM | RENEW | REBIND | RELEASE | DECLINE | INFORMATION_REQUEST if is_of_one => {
                out.request(payload, message.id);
            }
            ADVERTISE | REPLY if is_of_one => out.reply(payload, message.id, message.status.into()),
            SOLICIT | REQUEST | CONFIRM | RENEW | REBIND | RELEASE | DECLINE | INFORMATION_REQUEST => out.tally().add(NOT_JUDGED),
            _ => {}
        }
        if let (true, Some(address), Some(name)) = (message.is_of_its_address(), message.address, message.name.and_then(Name::read)) {
            out.address_name(Address::V6(address), NameSource::Dhcp, name.bytes(), payload.time);
        }
        Progress::Continue
    }

    fn outcome(code: u32) -> Answer {
        if code == 0 { Answer::Normal } else { Answer::Error }
    }

    fn code_text(code: u32) -> Cow<'static, str> {
        status(code)
    }

    fn transaction(transaction: &Transaction, tally: &mut Tally) {
        requests::count(transaction, tally, COUNTERS);
    }
}

/// Whether a payload is of a known type, and its options fill it (RFC 8415 section 8; RFC 5007, RFC 5460 and RFC 8156 added types).
fn fits(payload: &Payload<'_>) -> bool {
    let mut at = match payload.bytes.first() {
        Some(&(RELAY_FORWARD | RELAY_REPLY)) => RELAY_OPTIONS,
        Some(1..=36) => OPTIONS,
        _ => return false,
    };
    for _ in 0..MOST_OPTIONS {
        if at >= payload.bytes.len() {
            break;
        }
        let Some(length) = be16(payload.bytes, at + 2) else { return false };
        at += 4 + usize::from(length);
    }
    at == payload.length as usize || !payload.is_whole() && at > payload.bytes.len()
}

fn is_one_host(address: Address) -> bool {
    !matches!(address, Address::V6(ip) if ip.is_unspecified() || ip.is_multicast())
}

/// What a message says, as far as it is of interest.
#[derive(Default)]
struct Message<'a> {
    kind: u8,
    id: u32,
    /// The first that is no success, of all or of an address or prefix.
    status: u16,
    /// The client's address: the first that is given for more than no time.
    address: Option<Ipv6Addr>,
    name: Option<&'a [u8]>,
}

impl<'a> Message<'a> {
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let (mut bytes, mut kind) = (bytes, *bytes.first()?);
        for _ in 0..RELAYS {
            let (RELAY_FORWARD | RELAY_REPLY) = kind else { break };
            let Some((_, inner)) = bytes.get(RELAY_OPTIONS..).and_then(|rest| options(rest).find(|(code, _)| *code == RELAYED)) else {
                break;
            };
            (bytes, kind) = (inner, *inner.first()?);
        }
        let mut message = Message { kind, id: be24(bytes, 1)?, ..Message::default() };
        if matches!(kind, RELAY_FORWARD | RELAY_REPLY) {
            return Some(message);
        }
        for (option, value) in options(bytes.get(OPTIONS..)?) {
            match option {
                STATUS => message.note_status(value),
                IA_NA | IA_PD => message.association(value.get(12..)),
                IA_TA => message.association(value.get(4..)),
                CLIENT_NAME => message.name = value.get(1..),
                _ => {}
            }
        }
        Some(message)
    }

    /// What an association of a client's says: its addresses, and whether it came about.
    fn association(&mut self, rest: Option<&'a [u8]>) {
        for (option, value) in rest.into_iter().flat_map(options) {
            match option {
                STATUS => self.note_status(value),
                IA_ADDRESS if be32(value, LEASE - 4).is_some_and(|valid| valid > 0) => {
                    let address = value.first_chunk().map(|address: &[u8; 16]| Ipv6Addr::from(*address));
                    self.address = self.address.or(address);
                }
                _ => {}
            }
        }
    }

    fn note_status(&mut self, value: &[u8]) {
        if self.status == 0 {
            self.status = be16(value, 0).unwrap_or(0);
        }
    }

    /// Whether the address that it names is its client's: given by a server, or in use. Of what a client asks for it may get another, or nothing.
    fn is_of_its_address(&self) -> bool {
        self.status == 0 && matches!(self.kind, REPLY | RENEW | REBIND)
    }
}

/// Options and their values.
fn options(bytes: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let (code, length) = (be16(rest, 0)?, be16(rest, 2)?);
        let (value, after) = rest.get(4..)?.split_at_checked(usize::from(length))?;
        rest = after;
        Some((code, value))
    })
    .take(MOST_OPTIONS)
}

/// A name as it is written: its labels with dots between them.
struct Name {
    text: [u8; Name::MOST],
    length: usize,
}

impl Name {
    /// Bytes of a name (RFC 1035 section 2.3.4).
    const MOST: usize = 255;

    /// From the form of DNS, whole or without its end (RFC 4704 section 4.2); `None` where there is no label, or one of another kind.
    fn read(bytes: &[u8]) -> Option<Self> {
        let mut name = Self { text: [0; Self::MOST], length: 0 };
        let mut rest = bytes;
        while let Some((&length, after)) = rest.split_first().filter(|(length, _)| **length > 0) {
            let (label, after) = after.split_at_checked(usize::from(length)).filter(|_| length < 64)?;
            if name.length > 0 {
                name.push(b".")?;
            }
            name.push(label)?;
            rest = after;
        }
        Some(name).filter(|name| name.length > 0)
    }

    fn push(&mut self, part: &[u8]) -> Option<()> {
        let end = self.length.checked_add(part.len())?;
        self.text.get_mut(self.length..end)?.copy_from_slice(part);
        self.length = end;
        Some(())
    }

    fn bytes(&self) -> &[u8] {
        self.text.get(..self.length).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dissect::talk::Talk;

    fn option(code: u16, value: &[u8]) -> Vec<u8> {
        [&code.to_be_bytes(), &(value.len() as u16).to_be_bytes(), value].concat()
    }

    /// A message of transaction 9.
    fn message(kind: u8, options: &[Vec<u8>]) -> Vec<u8> {
        [&[kind, 0, 0, 9][..], &options.concat()].concat()
    }

    fn relayed(kind: u8, inner: &[u8]) -> Vec<u8> {
        [&[kind, 0][..], &[0x20; 32], &option(18, b"port-7"), &option(RELAYED, inner)].concat()
    }

    /// An association with an address of that last byte, valid for so many seconds, and what else it says.
    fn leased(last: u8, valid: u32, rest: &[u8]) -> Vec<u8> {
        let mut address = [0; LEASE];
        (address[0], address[1], address[15]) = (0x20, 1, last);
        address[20..].copy_from_slice(&valid.to_be_bytes());
        option(IA_NA, &[&[0; 12][..], &option(IA_ADDRESS, &address), rest].concat())
    }

    fn named(name: &[u8]) -> Vec<u8> {
        option(CLIENT_NAME, &[b"\x01", name].concat())
    }

    fn names(talk: &Talk) -> Vec<String> {
        talk.dissectors.names().map(|n| format!("{} {} {}", n.address, n.name, n.source.token())).collect()
    }

    #[test]
    fn a_client_gets_an_address_through_a_relay() {
        let solicit = relayed(RELAY_FORWARD, &message(SOLICIT, &[leased(7, 0, b""), named(b"\x05pc-17")]));
        let reply = relayed(RELAY_REPLY, &message(REPLY, &[leased(7, 3_600, b""), named(b"\x05pc-17\x07example\x03org\0")]));
        let talk = Talk::udp(547).client(solicit).server(reply);
        assert_eq!(
            (talk.app(), talk.told("messages"), talk.pairs()),
            (Some("dhcpv6"), "SOLICIT 1, REPLY 1".to_owned(), vec![(9, Some((1, 0)))])
        );
        assert_eq!(names(&talk), ["2001::7 pc-17.example.org dhcp"]);
    }

    #[test]
    fn who_gets_nothing_is_answered_with_an_error() {
        let none = option(STATUS, b"\0\x02no more");
        let within = relayed(RELAY_REPLY, &message(ADVERTISE, &[leased(0, 0, &none), named(b"\x01x")]));
        let outside = message(REPLY, &[none.clone(), leased(7, 9, b""), named(b"\x01x")]);
        for reply in [within, outside] {
            let talk = Talk::udp(547).client(message(REQUEST, &[])).server(reply);
            assert_eq!((talk.pairs(), names(&talk)), (vec![(9, Some((1, 2)))], vec![]));
        }
        assert_eq!((Dhcpv6::outcome(0), Dhcpv6::outcome(2), Dhcpv6::code_text(2)), (Answer::Normal, Answer::Error, "NoAddrsAvail".into()));
    }

    #[test]
    fn names_are_of_addresses_in_use() {
        let told = |kind: u8, valid: u32, name: &[u8]| names(&Talk::udp(547).client(message(kind, &[named(name), leased(9, valid, b"")])));
        for kind in [RENEW, REBIND, REPLY] {
            assert_eq!(told(kind, 60, b"\x02pc\0"), ["2001::9 pc dhcp"], "{kind}");
        }
        for kind in [SOLICIT, REQUEST, ADVERTISE, RELEASE, DECLINE] {
            assert_eq!(told(kind, 60, b"\x02pc\0"), [""; 0], "{kind}: it may get another, or has it no more");
        }
        assert_eq!(told(REPLY, 0, b"\x02pc\0"), [""; 0], "for no time");
        for name in [&b"\0"[..], b"", b"\x09pc", b"\xc0\x0c"] {
            assert_eq!(told(REPLY, 60, name), [""; 0], "{name:?} is none");
        }
        assert_eq!(told(REPLY, 60, &[b"\x3f", &[b'a'; 63][..]].concat().repeat(5)), [""; 0], "longer than a name");
    }

    #[test]
    fn what_goes_to_all_servers_is_not_judged() {
        let talk = Talk::group(547).client(message(SOLICIT, &[])).client(message(INFORMATION_REQUEST, &[])).client(message(RELEASE, &[]));
        assert_eq!((talk.told("not_judged"), talk.pairs()), ("3".to_owned(), vec![]));
        assert_eq!(talk.told("messages"), "SOLICIT 1, RELEASE 1, INFORMATION-REQUEST 1");
    }

    #[test]
    fn what_is_cut_or_hostile() {
        let whole = relayed(RELAY_FORWARD, &message(SOLICIT, &[leased(7, 60, b""), named(b"\x02pc")]));
        let mut cut = (0..whole.len()).filter_map(|n| Message::read(&whole[..n]));
        assert!(cut.all(|message| (message.kind, message.name) == (RELAY_FORWARD, None)), "what it carries is cut");
        let nested = (0..20).fold(message(REBIND, &[]), |inner, _| relayed(RELAY_FORWARD, &inner));
        assert_eq!(Message::read(&nested).map(|message| message.kind), Some(RELAY_FORWARD), "more relays than there may be");
        assert_eq!(Message::read(&relayed(RELAY_FORWARD, &whole)).map(|message| message.kind), Some(SOLICIT));
        let app = |bytes: &[u8]| Talk::udp(547).client(bytes).app();
        assert_eq!((app(&message(0, &[])), app(b"\x0eabc\0\x08\0\x02\0\0")), (None, Some("dhcpv6")), "a question for leases");
        assert_eq!((app(b"\x01abc\0\x08\0\x03\0\0"), app(b"\x01ab")), (None, None));
    }
}
