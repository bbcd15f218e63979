//! Which protocols a payload may be of at all, by its first byte: looked up before any signature is, for most payloads that are shown here are of
//! nothing that is known, and there are very many of them in a flood.

use super::{Carriage, registry};
use crate::model::AppId;
use crate::model::Arrange as _;
use std::ops::RangeInclusive;
use std::sync::OnceLock;

/// What the payloads of a protocol begin with, where that is not any byte.
const FIRSTS: &[(&str, &[RangeInclusive<u8>])] = &[
    ("amqp", &[1..=8, b'A'..=b'A']),
    ("bacnet", &[0x81..=0x81]),
    ("bgp", &[0xff..=0xff]),
    ("bittorrent", &[0x13..=0x13]),
    ("bt-dht", &[b'd'..=b'd']),
    ("cflow", &[0..=0]),
    ("dcerpc", &[4..=5]),
    ("dhcp", &[1..=2]),
    ("diameter", &[1..=1]),
    ("dnp3", &[5..=5]),
    ("dtls", &[20..=25]),
    ("fix", &[b'8'..=b'8']),
    ("ftp", &[b'1'..=b'z']),
    ("git", &[b'0'..=b'f']),
    ("gquic", &[9..=0x3f, 0x80..=0xff]),
    ("http", &[b'A'..=b'Z']),
    ("http2", &[0..=0, b'P'..=b'P']),
    ("imap", &[b'*'..=b'z']),
    ("irc", &[b':'..=b'Z']),
    ("kerberos", &[0..=0, 0x6a..=0x7e]),
    ("ldap", &[0x30..=0x30]),
    ("megaco", &[b'!'..=b'!', b'M'..=b'M']),
    ("mgcp", &[b'0'..=b'Z']),
    ("mqtt", &[0x10..=0x10]),
    ("nats", &[b'C'..=b'I']),
    ("opcua", &[b'A'..=b'O']),
    ("pgsql", &[0..=0, b'P'..=b'R']),
    ("quic", &[0x80..=0xff]),
    ("rdp", &[3..=3]),
    ("resp", &[b'$'..=b'_']),
    ("rsync", &[b'@'..=b'@']),
    ("rtcp", &[0x80..=0xbf]),
    ("rtp", &[0x80..=0xbf]),
    ("rtsp", &[b'A'..=b'Z']),
    ("s7comm", &[3..=3]),
    ("sip", &[b'A'..=b'Z']),
    ("smb", &[0..=0]),
    ("smb2", &[0..=0]),
    ("smtp", &[b'1'..=b'z']),
    ("snmp", &[0x30..=0x30]),
    ("ssdp", &[b'H'..=b'N']),
    ("ssh", &[b'S'..=b'S']),
    ("stun", &[0..=0x3f]),
    ("syslog", &[b' '..=b'<']),
    ("tacplus", &[0xc0..=0xc1]),
    ("tds", &[1..=0x12]),
    ("telnet", &[0xff..=0xff]),
    ("tftp", &[0..=0]),
    ("tls", &[0x14..=0x18, 0x80..=0xff]),
    ("vnc", &[b'R'..=b'R']),
    ("wg", &[1..=4]),
    ("x11", &[b'B'..=b'B', b'l'..=b'l']),
    ("xmpp", &[b'<'..=b'<']),
    ("zabbix", &[b'Z'..=b'Z']),
    ("zmtp", &[0xff..=0xff]),
];

/// Protocols whose signatures are too weak for any port but their own.
const AT_THEIR_PORT: &[&str] = &[
    "ajp13",
    "bfd",
    "coap",
    "cql",
    "dhcpv6",
    "enip",
    "h323",
    "hsrp",
    "iec60870_104",
    "isakmp",
    "kafka",
    "l2tp",
    "ldp",
    "llmnr",
    "mdns",
    "memcache",
    "modbus",
    "nbdgm",
    "nbns",
    "ntp",
    "openflow",
    "openvpn",
    "pop",
    "ptp",
    "radius",
    "rip",
    "ripng",
    "rtmpt",
    "sflow",
    "skinny",
    "socks",
    "udpencap",
    "wsd",
];

/// A protocol that a payload may be of, and its ports.
#[derive(Debug, Clone, Copy)]
pub struct Candidate {
    /// Which.
    pub app: AppId,
    /// Its ports.
    pub ports: &'static [u16],
}

/// The protocols that a payload with some first byte may be of, each list in the order of the registry.
#[derive(Debug, Default)]
struct Candidates {
    /// Those whose signature tells them at any port.
    anywhere: Vec<Candidate>,
    /// The others, by each of their ports.
    at_port: Vec<(u16, Candidate)>,
}

impl Candidates {
    /// Those of each first byte.
    fn lists(carriage: Carriage) -> Vec<Candidates> {
        let mut lists: Vec<Candidates> = (0..=u8::MAX).map(|_| Candidates::default()).collect();
        for (app, about) in registry::every() {
            let Some(ports) = about.ports(carriage) else { continue };
            let ranges = FIRSTS.iter().find(|(known, _)| *known == about.token).map(|(_, ranges)| ranges);
            let may = |first: u8| ranges.is_none_or(|ranges| ranges.iter().any(|range| range.contains(&first)));
            let (candidate, is_at_its_port) = (Candidate { app, ports }, AT_THEIR_PORT.contains(&about.token));
            for (_, list) in (0..=u8::MAX).zip(&mut lists).filter(|(first, _)| may(*first)) {
                match is_at_its_port {
                    true => list.at_port.extend(ports.iter().map(|port| (*port, candidate))),
                    false => list.anywhere.push(candidate),
                }
            }
        }
        lists.iter_mut().for_each(|list| list.at_port.arrange_by_key(|(port, _)| *port));
        lists
    }

    fn at(&self, port: u16) -> impl Iterator<Item = &Candidate> {
        let from = self.at_port.partition_point(|(p, _)| *p < port);
        self.at_port.iter().skip(from).take_while(move |(p, _)| *p == port).map(|(_, candidate)| candidate)
    }
}

/// The protocols that a payload with this first byte, between these ports, may be of; which of them is asked first says nothing.
pub fn candidates(carriage: Carriage, first: u8, ports: [u16; 2]) -> impl Iterator<Item = &'static Candidate> {
    static LISTS: OnceLock<[Vec<Candidates>; 2]> = OnceLock::new();
    static NONE: Candidates = Candidates { anywhere: Vec::new(), at_port: Vec::new() };
    let lists = LISTS.get_or_init(|| [Carriage::Udp, Carriage::Tcp].map(Candidates::lists));
    let candidates = lists.get(carriage as usize).and_then(|lists| lists.get(usize::from(first))).unwrap_or(&NONE);
    let [one, other] = ports;
    let others = candidates.at(other).filter(move |_| one != other);
    candidates.anywhere.iter().chain(candidates.at(one)).chain(others)
}

#[cfg(test)]
mod tests {
    use super::super::{Payload, Probe};
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_token_is_one() {
        let known = |token: &str| registry::app(token).is_some();
        assert!(FIRSTS.iter().all(|(token, _)| known(token)) && AT_THEIR_PORT.iter().all(|token| known(token)));
        let most = (0..=u8::MAX).map(|first| candidates(Carriage::Tcp, first, [9, 9]).count()).max();
        assert!(most < Some(30), "{most:?} are asked");
    }

    #[test]
    fn weak_signatures_are_asked_at_their_ports_alone() {
        let asked = |ports| candidates(Carriage::Udp, 0x1b, ports).filter(|c| registry::token(c.app) == Some("ntp")).count();
        assert_eq!([[40_000, 40_001], [123, 40_000], [40_000, 123], [123, 123]].map(asked), [0, 1, 1, 1]);
    }

    proptest! {
        #[test]
        fn what_is_not_asked_would_have_said_no(bytes in prop::collection::vec(any::<u8>(), 1..80), port in prop::sample::select(vec![9u16, 53, 443, 4500])) {
            for (protocol, carriage) in [(6, Carriage::Tcp), (17, Carriage::Udp)] {
                let (flow, way) = crate::model::FlowKey::v4(protocol, 1, 2, 40_000, port);
                let payload = Payload { flow: &flow, way, time: Default::default(), bytes: &bytes, length: bytes.len() as u32, number: 0 };
                let asked: Vec<AppId> = candidates(carriage, bytes[0], payload.ports()).map(|c| c.app).collect();
                for (app, about) in registry::every().filter(|(_, about)| about.ports(carriage).is_some()) {
                    let said = registry::probe(app, &payload, carriage);
                    let (is_asked, at_its_port) = (asked.contains(&app), AT_THEIR_PORT.contains(&about.token));
                    prop_assert!(is_asked || at_its_port || said == Probe::No, "{} is not asked of {bytes:02x?}", about.token);
                    prop_assert!(!at_its_port || said != Probe::Certain, "{} is certain of {bytes:02x?}", about.token);
                }
            }
        }
    }
}
