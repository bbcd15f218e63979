//! Protocols that are recognised and read no further: one line each in [`LABELS`], with the signature of their first payloads.
//!
//! A signature of at least four fixed bytes, or of two with a length that fits and values that exist, is certain wherever it is met. A weaker one
//! counts on the registered port only.

mod signs;

use super::bytes::{be16, be24, be32};
use super::{About, Carriage, Payload, Probe};
pub(super) use signs::quic as probe_quic;
use signs::*;

/// A protocol that is recognised only.
pub(super) struct Label {
    /// Its name and ports; it counts nothing.
    pub about: About,
    /// What comes beside it or behind it.
    pub company: Company,
    /// It works by requests and answers, one behind the other, and no request is meant to wait.
    pub in_turn: bool,
    /// The protocol whose requests it carries as well, which nobody reads here.
    pub carries: Option<&'static str>,
    /// Its connections are meant to stand for months: most began before a capture did.
    pub stands: bool,
    /// Whether a payload of an unknown conversation is this protocol's.
    pub probe: fn(&Payload<'_>, Carriage) -> Probe,
}

/// What else a conversation carries whose protocol was recognised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Company {
    /// Nothing.
    Alone,
    /// What it turns into: it only opens the way for another protocol.
    Opens,
    /// Voice and pictures between the same ports, told apart by their first bytes (RFC 7983), now or at any time later.
    BesideMedia,
}

/// Not spoken over this transport.
const NO: Option<&[u16]> = None;
/// Spoken over it on any port.
const ANY: Option<&[u16]> = Some(&[]);

const fn on(ports: &'static [u16]) -> Option<&'static [u16]> {
    Some(ports)
}

/// A line of a protocol whose requests are answered in turn.
const fn in_turn(line: Label) -> Label {
    Label { in_turn: true, ..line }
}

type Ports = Option<&'static [u16]>;

/// A line: token, name, ports over UDP and over TCP, signature.
const fn label(token: &'static str, title: &'static str, udp: Ports, tcp: Ports, probe: fn(&Payload<'_>, Carriage) -> Probe) -> Label {
    let about = About { token, title, udp, tcp, counters: &[] };
    Label { about, company: Company::Alone, in_turn: false, carries: None, stands: false, probe }
}

/// A line of a protocol that carries the requests of another one, which nobody reads here.
const fn carrying(of: &'static str, line: Label) -> Label {
    Label { carries: Some(of), ..line }
}

/// A line of a protocol whose connections are meant to stand for months.
const fn standing(line: Label) -> Label {
    Label { stands: true, ..line }
}

/// A line of a protocol that opens the way for another.
const fn opening(line: Label) -> Label {
    Label { company: Company::Opens, ..line }
}

/// A line of a protocol that shares its ports with voice and pictures.
const fn beside_media(line: Label) -> Label {
    Label { company: Company::BesideMedia, ..line }
}

/// Every one. Asked in this order, behind the dissectors.
pub(super) const LABELS: &[Label] = &[
    // Remote access.
    label("ssh", "Secure Shell", NO, on(&[22, 2222]), |p, _| certain(starts(p, b"SSH-"))),
    label("telnet", "Telnet", NO, on(&[23, 2323]), |p, _| telnet(p)),
    opening(label("rdp", "Remote Desktop", NO, on(&[3389]), |p, _| rdp(p))),
    label("vnc", "Virtual Network Computing", NO, on(&[5900, 5901]), |p, _| certain(starts(p, b"RFB 003."))),
    label("x11", "X Window System", NO, on(&[6000, 6001]), |p, _| certain(starts(p, b"l\0\x0b\0\0\0") || starts(p, b"B\0\0\x0b\0\0"))),
    label("rsync", "rsync", NO, on(&[873]), |p, _| certain(starts(p, b"@RSYNCD:"))),
    label("git", "Git", NO, on(&[9418]), |p, _| certain(is_git(p))),
    // The web and what is carried by it.
    carrying("http", label("http2", "HTTP/2", NO, on(&[80, 8080]), |p, _| http2(p))),
    label("gquic", "Google QUIC", on(&[443, 80]), NO, |p, _| gquic(p)),
    beside_media(label("dtls", "Datagram TLS", ANY, NO, |p, _| dtls(p))),
    label("ssdp", "Simple Service Discovery", on(&[1900]), NO, |p, _| ssdp(p)),
    label("wsd", "Web Services Discovery", on(&[3702]), NO, |p, _| unsure(has(p, b"<?xml") || has(p, b"<soap:") || has(p, b":Envelope"))),
    in_turn(label("ajp13", "Apache JServ", NO, on(&[8009]), |p, _| unsure(starts(p, b"\x12\x34") || starts(p, b"AB\0")))),
    // Files and remote procedures.
    label("smb", "Server Message Block 1", NO, on(&[445, 139]), |p, _| certain(is_smb1(p))),
    label("dcerpc", "DCE remote procedure call", on(&[135]), on(&[135]), dcerpc),
    label("nfs", "Network File System", on(&[2049]), on(&[2049]), |p, t| sun_rpc(p, t, Some(100_003))),
    label("rpc", "ONC remote procedure call", on(&[111]), on(&[111]), |p, t| sun_rpc(p, t, None)),
    label("iscsi", "iSCSI", NO, on(&[3260]), |p, _| iscsi(p)),
    label("tftp", "Trivial File Transfer", on(&[69]), NO, |p, _| tftp(p)),
    // Databases and message queues.
    in_turn(label("tds", "Microsoft SQL Server", NO, on(&[1433]), |p, _| tds(p))),
    in_turn(label("tns", "Oracle", NO, on(&[1521]), |p, _| tns(p))),
    label("mongo", "MongoDB", NO, on(&[27_017]), |p, _| mongo(p)),
    in_turn(label("cql", "Cassandra", NO, on(&[9042]), |p, _| cql(p))),
    in_turn(label("memcache", "memcached", on(&[11_211]), on(&[11_211]), |p, _| memcache(p))),
    label("mqtt", "MQTT", NO, on(&[1883]), |p, _| certain(is_mqtt(p))),
    label("amqp", "AMQP", NO, on(&[5672]), |p, _| amqp(p)),
    label("kafka", "Kafka", NO, on(&[9092]), |p, _| kafka(p)),
    label("nats", "NATS", NO, on(&[4222]), |p, _| certain(starts(p, b"INFO {\"server_id\"") || starts(p, b"CONNECT {\""))),
    in_turn(label("zabbix", "Zabbix", NO, on(&[10_050, 10_051]), |p, _| certain(starts(p, b"ZBXD\x01")))),
    // Names, addresses, time, management.
    label("nbdgm", "NetBIOS datagrams", on(&[138]), NO, |p, _| unsure(matches!(first(p), 0x10..=0x16) && p.length >= 14)),
    label("ptp", "Precision Time Protocol", on(&[319, 320]), NO, |p, _| {
        unsure(matches!(p.bytes, [a, b, ..] if a & 15 <= 0xd && b & 15 == 2) && p.length >= 34)
    }),
    label("syslog", "Syslog", on(&[514]), on(&[514, 601]), |p, _| syslog(p)),
    in_turn(label("tacplus", "TACACS+", NO, on(&[49]), |p, _| certain(is_tacacs(p)))),
    label("diameter", "Diameter", NO, on(&[3868]), |p, _| {
        certain(
            first(p) == 1
                && p.length >= 20
                && be24(p.bytes, 1) == Some(p.length)
                && p.length.is_multiple_of(4)
                && be32(p.bytes, 8) == Some(0),
        )
    }),
    label("cflow", "NetFlow and IPFIX", on(&[2055, 4739, 9555, 9995, 9996]), NO, |p, _| cflow(p)),
    label("sflow", "sFlow", on(&[6343]), NO, |p, _| unsure(starts(p, b"\0\0\0\x05\0\0\0"))),
    label("zmtp", "ZeroMQ", NO, ANY, |p, _| certain(starts(p, b"\xff\0\0\0\0\0\0\0\x01\x7f"))),
    // Routing.
    standing(label("bgp", "Border Gateway Protocol", NO, on(&[179]), |p, _| certain(is_bgp(p)))),
    label("ldp", "Label Distribution Protocol", on(&[646]), on(&[646]), |p, _| unsure(starts(p, b"\0\x01") && p.length >= 10)),
    label("rip", "Routing Information Protocol", on(&[520]), NO, |p, _| unsure(matches!(p.bytes, [1 | 2, 1 | 2, 0, 0, ..]))),
    label("ripng", "RIPng", on(&[521]), NO, |p, _| unsure(matches!(p.bytes, [1 | 2, 1, 0, 0, ..]))),
    label("hsrp", "Hot Standby Router Protocol", on(&[1985, 2029]), NO, |p, _| unsure(matches!(p.bytes, [0, 0..=3, ..] | [1, 0x28, ..]))),
    label("bfd", "Bidirectional Forwarding Detection", on(&[3784, 4784]), NO, |p, _| {
        unsure(first(p) >> 5 == 1 && p.bytes.get(3).map(|&n| u32::from(n)) == Some(p.length))
    }),
    label("openflow", "OpenFlow", NO, on(&[6633, 6653]), |p, _| {
        unsure(matches!(p.bytes, [1 | 4..=6, 0..=35, ..]) && be16(p.bytes, 2).is_some_and(|n| u32::from(n) <= p.length))
    }),
    // Voice and pictures.
    label("rtsp", "Real-Time Streaming", NO, on(&[554, 8554]), |p, _| certain(starts(p, b"RTSP/1.0 ") || is_text_request(p, b" RTSP/1.0"))),
    label("mgcp", "Media Gateway Control", on(&[2427, 2727]), NO, |p, _| mgcp(p)),
    label("megaco", "Megaco", on(&[2944]), on(&[2944]), |p, _| certain(starts(p, b"MEGACO/") || starts(p, b"!/1 ["))),
    label("skinny", "Skinny", NO, on(&[2000]), |p, _| skinny(p)),
    label("h323", "H.323", NO, on(&[1720]), |p, _| unsure(is_tpkt(p) && p.bytes.get(4) == Some(&8))),
    beside_media(label("rtcp", "RTP control", ANY, NO, |p, _| certain(is_rtcp(p)))),
    beside_media(label("stun", "STUN", on(&[3478, 3479]), on(&[3478]), |p, _| stun(p))),
    label("rtmpt", "RTMP", NO, on(&[1935]), |p, _| unsure(first(p) == 3 && p.length >= 1_400)),
    // Tunnels.
    label("wg", "WireGuard", on(&[51_820]), NO, |p, _| wireguard(p)),
    label("openvpn", "OpenVPN", on(&[1194]), on(&[1194]), openvpn),
    label("isakmp", "Internet Key Exchange", on(&[500, 4500]), NO, |p, _| isakmp(p)),
    label("udpencap", "IPsec in UDP", on(&[4500]), NO, |p, _| {
        unsure(p.bytes == [0xff] || p.length > 8 && be32(p.bytes, 0).is_some_and(|spi| spi != 0))
    }),
    label("l2tp", "L2TP", on(&[1701]), NO, |p, _| unsure(matches!(p.bytes, [_, b, ..] if b & 15 == 2 || b & 15 == 3))),
    label("pptp", "PPTP", NO, on(&[1723]), |p, _| certain(be32(p.bytes, 4) == Some(0x1a2b_3c4d) && be16(p.bytes, 2) == Some(1))),
    opening(label("socks", "SOCKS", NO, on(&[1080]), |p, _| {
        unsure(
            matches!(p.bytes, [5, n @ 1..=9, ..] if p.length == u32::from(*n) + 2)
                || matches!(p.bytes, [4, 1 | 2, _, _, _, _, _, _, _, ..]),
        )
    })),
    // People.
    opening(label("xmpp", "XMPP", NO, on(&[5222, 5269]), |p, _| xmpp(p))),
    label("irc", "Internet Relay Chat", NO, on(&[6667, 6668]), |p, _| irc(p)),
    opening(label("gnutella", "Gnutella", ANY, on(&[6346]), |p, t| certain(is_gnutella(p, t)))),
    label("bittorrent", "BitTorrent", NO, ANY, |p, _| certain(starts(p, b"\x13BitTorrent protocol"))),
    label("bt-dht", "BitTorrent DHT", ANY, NO, |p, _| {
        certain(starts(p, b"d1:ad2:id20:") || starts(p, b"d1:rd2:id20:") || starts(p, b"d2:ip6:"))
    }),
    label("fix", "Financial Information eXchange", NO, ANY, |p, _| certain(starts(p, b"8=FIX"))),
    // Machines.
    in_turn(label("s7comm", "Siemens S7", NO, on(&[102]), |p, _| s7comm(p))),
    label("dnp3", "DNP3", on(&[20_000]), on(&[20_000]), |p, _| dnp3(p)),
    label("enip", "EtherNet/IP", on(&[44_818, 2222]), on(&[44_818]), |p, _| enip(p)),
    label("iec60870_104", "IEC 60870-5-104", NO, on(&[2404]), |p, _| {
        unsure(matches!(p.bytes, [0x68, n @ 4..=253, ..] if u32::from(*n) + 2 <= p.length))
    }),
    label("bacnet", "BACnet/IP", on(&[47_808]), NO, |p, _| {
        certain(matches!(p.bytes, [0x81, 0..=0x0c, ..]) && be16(p.bytes, 2).map(u32::from) == Some(p.length))
    }),
    label("opcua", "OPC UA", NO, on(&[4840]), |p, _| certain(is_opcua(p))),
    label("coap", "CoAP", on(&[5683]), NO, |p, _| {
        unsure(matches!(p.bytes, [a, b, _, _, ..] if a >> 6 == 1 && a & 15 <= 8 && matches!(b >> 5, 0 | 2 | 4 | 5)))
    }),
];

#[cfg(test)]
mod tests;
