//! DHCP (RFC 2131, 2132): messages by type, requests and their answers where both are addressed to one another, and the names that clients give
//! themselves with the address they have, were offered or were given.

use super::bytes::be32;
use super::requests::{self, with_outcomes};
use super::{About, Carriage, DissectOutput, Dissector, Payload, Probe, Progress};
use crate::model::{Address, Answer, Counter, DhcpConfig, DhcpSight, Mac, Measure, NameSource, Tally, Transaction};
use std::borrow::Cow;
use std::net::Ipv4Addr;

const MESSAGES: usize = 0;
/// The last of those that [`with_outcomes`] adds.
const NOT_JUDGED: usize = COUNTERS.len() - 1;

const COUNTERS: &[Counter] = with_outcomes! {
    "messages" "Messages" Measure::Codes(message_type);
};

/// Where the options begin, behind four fixed bytes.
const OPTIONS: usize = 240;
const COOKIE: u32 = 0x6382_5363;
/// Options of one message that are looked at.
const MOST_OPTIONS: usize = 64;

const PAD: u8 = 0;
const MASK: u8 = 1;
const ROUTER: u8 = 3;
const NAME_SERVER: u8 = 6;
const HOST_NAME: u8 = 12;
const REQUESTED: u8 = 50;
const MESSAGE_TYPE: u8 = 53;
const SERVER: u8 = 54;
const VENDOR_CLASS: u8 = 60;
const DOMAIN_NAME: u8 = 81;
const END: u8 = 255;

const DISCOVER: u32 = 1;
const OFFER: u32 = 2;
const REQUEST: u32 = 3;
const ACK: u32 = 5;
const NAK: u32 = 6;
const INFORM: u32 = 8;

fn message_type(code: u32) -> Cow<'static, str> {
    const NAMES: [&str; 9] = ["BOOTP", "DISCOVER", "OFFER", "REQUEST", "DECLINE", "ACK", "NAK", "RELEASE", "INFORM"];
    NAMES.get(code as usize).map_or_else(|| code.to_string().into(), |name| Cow::Borrowed(*name))
}

/// DHCP over UDP.
pub struct Dhcp;

impl Dissector for Dhcp {
    type State = ();

    const ABOUT: About = About { token: "dhcp", title: "Dynamic Host Configuration", udp: Some(&[67, 68]), tcp: None, counters: COUNTERS };

    fn probe(payload: &Payload<'_>, _: Carriage) -> Probe {
        let is_head = matches!(payload.bytes, [1 | 2, _, 0..=20, ..]);
        match be32(payload.bytes, OPTIONS - 4) {
            Some(COOKIE) if is_head => Probe::Certain,
            None if is_head && payload.bytes.len() >= 44 && !payload.is_whole() => Probe::Unsure,
            _ => Probe::No,
        }
    }

    fn datagram(payload: &Payload<'_>, out: &mut DissectOutput<'_>) -> Progress {
        let Some(message) = Message::read(payload.bytes) else { return Progress::Continue };
        out.tally().add_code(MESSAGES, message.kind);
        // To everyone, or from nobody, answer and request are not of one conversation.
        let is_of_one = payload.addresses().into_iter().all(is_one_host);
        match message.kind {
            DISCOVER | REQUEST | INFORM if is_of_one => out.request(payload, message.id),
            OFFER | ACK | NAK if is_of_one => out.reply(payload, message.id, message.kind),
            DISCOVER | REQUEST | INFORM => out.tally().add(NOT_JUDGED),
            _ => {}
        }
        if let (true, Some(address), Some(name)) = (message.is_of_its_address(), message.address, message.name) {
            out.address_name(Address::V4(address), NameSource::Dhcp, name, payload.time);
        }
        Progress::Continue
    }

    fn outcome(code: u32) -> Answer {
        if code == NAK { Answer::Error } else { Answer::Normal }
    }

    fn code_text(code: u32) -> Cow<'static, str> {
        message_type(code)
    }

    fn transaction(transaction: &Transaction, tally: &mut Tally) {
        requests::count(transaction, tally, COUNTERS);
    }
}

fn is_one_host(address: Address) -> bool {
    matches!(address, Address::V4(ip) if !ip.is_unspecified() && !ip.is_broadcast() && !ip.is_multicast())
}

/// What a message says, as far as it is of interest.
#[derive(Default)]
struct Message<'a> {
    kind: u32,
    id: u32,
    /// The client's address: given, asked for, or its own.
    address: Option<Ipv4Addr>,
    name: Option<&'a [u8]>,
    server: Option<Ipv4Addr>,
    /// The client has its address, and uses it.
    has_address: bool,
    told: DhcpConfig,
    is_boot: bool,
    /// It names an address that its client asks for.
    asks_again: bool,
}

/// Who asks for an address or gives one, as a message says; `None` without a client's hardware address of six bytes (RFC 2131 section 2), or
/// when it is no DHCP message.
pub fn sight(bytes: &[u8]) -> Option<DhcpSight> {
    if be32(bytes, OPTIONS - 4) != Some(COOKIE) || !matches!(bytes, [1 | 2, _, 6, ..]) {
        return None;
    }
    let message = Message::read(bytes)?;
    let address = |at: usize| be32(bytes, at).map(Ipv4Addr::from_bits);
    Some(DhcpSight {
        kind: u8::try_from(message.kind).ok()?,
        client: bytes.get(28..)?.first_chunk().map(|mac| Mac(*mac))?,
        server: message.server,
        given: address(16)?,
        asks_again: message.asks_again,
        relay: address(24)?,
        told: message.told,
        is_boot: message.is_boot,
    })
}

impl<'a> Message<'a> {
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let address = |at: usize| be32(bytes, at).filter(|&a| a != 0).map(Ipv4Addr::from_bits);
        let has_address = address(12).is_some();
        let mut message = Message { id: be32(bytes, 4)?, address: address(16).or_else(|| address(12)), has_address, ..Message::default() };
        for (option, value) in options(bytes.get(OPTIONS..)?) {
            match (option, value) {
                (MESSAGE_TYPE, [kind, ..]) => message.kind = (*kind).into(),
                (REQUESTED, value) => {
                    message.asks_again = be32(value, 0).is_some();
                    message.address = message.address.or_else(|| be32(value, 0).map(Ipv4Addr::from_bits));
                }
                (MASK, value) => message.told.mask = be32(value, 0).map(Ipv4Addr::from_bits),
                (ROUTER, value) => message.told.router = be32(value, 0).map(Ipv4Addr::from_bits),
                (NAME_SERVER, value) => message.told.name_server = be32(value, 0).map(Ipv4Addr::from_bits),
                (SERVER, value) => message.server = be32(value, 0).map(Ipv4Addr::from_bits),
                (VENDOR_CLASS, value) => message.is_boot = value.starts_with(b"PXEClient"),
                (HOST_NAME, value) => message.name = message.name.or(trimmed(value)),
                // Flags and two codes before the name, which may be in DNS's form.
                (DOMAIN_NAME, [flags, _, _, name @ ..]) if flags & 4 == 0 => message.name = trimmed(name).or(message.name),
                _ => {}
            }
        }
        Some(message)
    }

    /// Whether the address that it names is its client's: given by a server, in use, or one that a server has just offered. What a client asks for
    /// by itself because it once had it (RFC 2131 section 4.3.2, INIT-REBOOT) may be another's by now.
    fn is_of_its_address(&self) -> bool {
        self.kind == ACK || self.kind == REQUEST && (self.has_address || self.server.is_some())
    }
}

/// Options and their values, without those that stand for a byte.
fn options(bytes: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let begin = rest.iter().position(|&b| b != PAD)?;
        let (&code, after) = rest.get(begin..)?.split_first().filter(|(code, _)| **code != END)?;
        let (&length, after) = after.split_first()?;
        let (value, after) = after.split_at_checked(usize::from(length))?;
        rest = after;
        Some((code, value))
    })
    .take(MOST_OPTIONS)
}

/// A name without the zeros some put behind it.
fn trimmed(name: &[u8]) -> Option<&[u8]> {
    let end = name.iter().position(|&b| b == 0).unwrap_or(name.len());
    name.get(..end).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dissect::talk::Talk;

    fn message(kind: u8, given: [u8; 4], options: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0; 236];
        (bytes[0], bytes[1], bytes[2], bytes[7]) = (1, 1, 6, 9);
        bytes[16..20].copy_from_slice(&given);
        [&bytes[..], &COOKIE.to_be_bytes(), &[53, 1, kind], options, &[255]].concat()
    }

    #[test]
    fn a_client_renews_and_gives_its_name() {
        let talk = Talk::udp(67).client(message(3, [0; 4], b"\x32\x04\x0a\0\0\x07\x36\x04\x0a\0\0\x01\x0c\x05pc-17")).server(message(
            5,
            [10, 0, 0, 7],
            b"\0\x0c\x04pc\x1b\0",
        ));
        assert_eq!(
            (talk.app(), talk.told("messages"), talk.pairs()),
            (Some("dhcp"), "REQUEST 1, ACK 1".to_owned(), vec![(9, Some((1, 5)))])
        );
        let mut names: Vec<_> = talk.dissectors.names().map(|n| format!("{} {} {}", n.address, n.name, n.source.token())).collect();
        names.sort();
        assert_eq!(names, ["10.0.0.7 pc-17 dhcp", "10.0.0.7 pc· dhcp"]);
        assert_eq!((Dhcp::outcome(6), Dhcp::outcome(5)), (Answer::Error, Answer::Normal));
    }

    #[test]
    fn who_asks_for_an_address_need_not_get_it() {
        let named = |message: Vec<u8>| {
            Talk::udp(67).client(message).dissectors.names().map(|n| format!("{} {}", n.address, n.name)).collect::<Vec<_>>()
        };
        let asked = b"\x32\x04\x0a\0\0\x07\x0c\x05pc-17";
        assert_eq!(named(message(3, [0; 4], asked)), [""; 0], "it had it once");
        let offered = [&asked[..], b"\x36\x04\x0a\0\0\x01"].concat();
        assert_eq!(named(message(3, [0; 4], &offered)), ["10.0.0.7 pc-17"]);
        let mut renewed = message(3, [0; 4], b"\x0c\x05pc-17");
        renewed[12..16].copy_from_slice(&[10, 0, 0, 9]);
        assert_eq!(named(renewed), ["10.0.0.9 pc-17"]);
        assert_eq!(named(message(5, [10, 0, 0, 8], &[&[0; 100][..], b"\x0c\x05pc-17"].concat())), ["10.0.0.8 pc-17"], "behind many pads");
        assert_eq!(named(message(6, [0; 4], &offered)), [""; 0], "refused");
    }

    #[test]
    fn what_goes_to_everyone_is_not_judged() {
        let talk = Talk::broadcast(67).client(message(1, [0; 4], b"")).client(message(3, [0; 4], b""));
        assert_eq!(
            (talk.told("not_judged"), talk.told("messages"), talk.pairs()),
            ("2".to_owned(), "DISCOVER 1, REQUEST 1".to_owned(), vec![])
        );
    }

    #[test]
    fn what_is_cut_or_hostile() {
        let whole = message(1, [0; 4], b"\x0c\xff");
        let talk = Talk::udp(67).client(&whole).client(&whole[..242]).client(&whole[..100]).client([&whole[..], &[0; 300]].concat());
        assert_eq!((talk.told("messages"), talk.dissectors.names().count()), ("BOOTP 1, DISCOVER 2".to_owned(), 0));
        assert_eq!(Talk::udp(67).client(&whole[..239]).app(), None);
        let many = [&whole[..243], &[1, 0].repeat(500)].concat();
        assert_eq!(Talk::udp(9).client(many).app(), Some("dhcp"));
    }
}
