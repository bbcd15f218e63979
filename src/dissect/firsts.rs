//! Which protocols a payload may be of at all, by its first byte: looked up before any signature is, for most payloads that are shown here are of
//! nothing that is known, and there are very many of them in a flood.

use super::{Carriage, registry};
use crate::model::AppId;
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

/// A protocol that a payload may be of.
#[derive(Debug, Clone, Copy)]
pub struct Candidate {
    /// Which.
    pub app: AppId,
    /// Its ports.
    pub ports: &'static [u16],
    /// Only its ports are asked.
    pub at_port: bool,
}

/// The protocols that a payload with this first byte may be of, in the order in which they are asked.
pub fn candidates(carriage: Carriage, first: u8) -> &'static [Candidate] {
    static LISTS: OnceLock<[Vec<Vec<Candidate>>; 2]> = OnceLock::new();
    let lists =
        LISTS.get_or_init(|| [Carriage::Udp, Carriage::Tcp].map(|carriage| (0..=u8::MAX).map(|first| list(carriage, first)).collect()));
    lists.get(carriage as usize).and_then(|lists| lists.get(usize::from(first))).map_or(&[], Vec::as_slice)
}

fn list(carriage: Carriage, first: u8) -> Vec<Candidate> {
    let may =
        |token: &str| FIRSTS.iter().find(|(known, _)| *known == token).is_none_or(|(_, ranges)| ranges.iter().any(|r| r.contains(&first)));
    let all = registry::every().filter(|(_, about)| may(about.token));
    all.filter_map(|(app, about)| Some(Candidate { app, ports: about.ports(carriage)?, at_port: AT_THEIR_PORT.contains(&about.token) }))
        .collect()
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
        let most = (0..=u8::MAX).map(|first| candidates(Carriage::Tcp, first).iter().filter(|c| !c.at_port).count()).max();
        assert!(most < Some(30), "{most:?} are asked");
    }

    proptest! {
        #[test]
        fn what_is_not_asked_would_have_said_no(bytes in prop::collection::vec(any::<u8>(), 1..80), port in prop::sample::select(vec![9u16, 53, 443, 4500])) {
            for (protocol, carriage) in [(6, Carriage::Tcp), (17, Carriage::Udp)] {
                let (flow, way) = crate::model::FlowKey::v4(protocol, 1, 2, 40_000, port);
                let payload = Payload { flow: &flow, way, time: Default::default(), bytes: &bytes, length: bytes.len() as u32, number: 0 };
                let asked = candidates(carriage, bytes[0]);
                for (app, about) in registry::every().filter(|(_, about)| about.ports(carriage).is_some()) {
                    let said = registry::probe(app, &payload, carriage);
                    let candidate = asked.iter().find(|c| c.app == app);
                    prop_assert!(candidate.is_some() || said == Probe::No, "{} is not asked of {bytes:02x?}", about.token);
                    prop_assert!(candidate.is_none_or(|c| !c.at_port) || said != Probe::Certain, "{} is certain of {bytes:02x?}", about.token);
                }
            }
        }
    }
}
