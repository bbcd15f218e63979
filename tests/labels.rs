//! What conversations are called, against nDPI's word for each flow of the captures beside the repository: a table of agreement by protocol, and
//! every difference by name with its reason.

mod support;

use spantop::engine::{self, Settings};
use spantop::model::{AppBy, Decap};
use spantop::settings::{FileSettings, MirrorSettings};
use spantop::snapshot::{Conversation, Snapshot};
use std::collections::BTreeMap;

/// nDPI's names of protocols, and ours. What is not here is no protocol but whose it is (Google, QQ …).
const NAMES: &[(&str, &[&str])] = &[
    ("AMQP", &["amqp"]),
    ("BACnet", &["bacnet"]),
    ("BGP", &["bgp"]),
    ("BitTorrent", &["bittorrent", "bt-dht"]),
    ("CiscoSkinny", &["skinny"]),
    ("DHCP", &["dhcp"]),
    ("DHCPV6", &["dhcpv6"]),
    ("DNS", &["dns"]),
    ("DTLS", &["dtls"]),
    ("FIX", &["fix"]),
    ("FTP_CONTROL", &["ftp"]),
    ("Gnutella", &["gnutella", "http"]),
    ("HTTP", &["http"]),
    ("IMAP", &["imap"]),
    ("Jabber", &["xmpp"]),
    ("Kafka", &["kafka"]),
    ("Kerberos", &["kerberos"]),
    ("LDAP", &["ldap"]),
    ("LLMNR", &["llmnr"]),
    ("MDNS", &["mdns"]),
    ("MGCP", &["mgcp"]),
    ("MQTT", &["mqtt"]),
    ("Modbus", &["modbus"]),
    ("MySQL", &["mysql"]),
    ("NTP", &["ntp"]),
    ("NetBIOS", &["nbns", "nbdgm"]),
    ("NetFlow", &["cflow"]),
    ("POP3", &["pop"]),
    ("PTPv2", &["ptp"]),
    ("PostgreSQL", &["pgsql"]),
    ("QUIC", &["quic", "gquic"]),
    ("RDP", &["rdp"]),
    ("RTCP", &["rtcp"]),
    ("RTSP", &["rtsp"]),
    ("Redis", &["resp"]),
    ("SIP", &["sip"]),
    ("SMBv1", &["smb", "nbdgm"]),
    ("SMBv23", &["smb2"]),
    ("SMTP", &["smtp"]),
    ("SNMP", &["snmp"]),
    ("SSDP", &["ssdp"]),
    ("SSH", &["ssh"]),
    ("STUN", &["stun"]),
    ("Syslog", &["syslog"]),
    ("TLS", &["tls"]),
    ("Telnet", &["telnet"]),
    ("Unknown", &[]),
    ("sFlow", &["sflow"]),
];

/// Where it is otherwise here: capture, nDPI's name, our token (or "-"), flows, why.
const EXPLAINED: &[(&str, &str, &str, u64, &str)] = &[
    ("hostile/ntop__nDPI/fuzz-2006-06-26-2594.pcap", "NetBIOS", "-", 7, "damaged"),
    ("hostile/ntop__nDPI/fuzz-2006-06-26-2594.pcap", "SIP", "-", 1, "damaged"),
    ("hostile/ntop__nDPI/fuzz-2006-06-26-2594.pcap", "Unknown", "dns", 5, "damaged, and still DNS to its port"),
    ("ntop__nDPI/gnutella.pcap", "Unknown", "gnutella", 308, "datagrams with an identifier, a type, and a length that fits"),
    ("ntop__nDPI/gnutella.pcap", "Gnutella", "tls", 4, "what it turned into"),
    ("ntop__nDPI/heuristic_tcp_ack_payload.pcap", "TLS", "-", 1, "padding counts as payload by a wrong length and comes first"),
    ("ntop__nDPI/jabber.pcap", "Jabber", "-", 5, "encrypted on port 5223: nothing that tells"),
    ("ntop__nDPI/kerberos.pcap", "Unknown", "dcerpc", 2, "a bind with its interface"),
    ("ntop__nDPI/syslog.pcap", "Unknown", "syslog", 1, "RFC 5424 on a port of its own"),
    ("ntop__nDPI/wechat.pcap", "TLS", "-", 1, "one byte before its only payload never came"),
];

/// A flow of nDPI's list: its ends, and the name before the dot.
fn flow(line: &str) -> Option<([String; 2], String)> {
    let mut words = line.split_whitespace();
    words.next()?.parse::<u32>().ok()?;
    let transport = words.next().filter(|t| matches!(*t, "TCP" | "UDP"))?;
    let (a, arrow, b) = (words.next()?, words.next()?, words.next()?);
    matches!(arrow, "<->" | "->").then_some(())?;
    let name = line.split_once("[proto: ")?.1.split_once('/')?.1.split([']', '.']).next()?;
    // What a port alone told nDPI says nothing.
    let guessed = line.contains("[Confidence: Match by port]");
    let mut ends = [a, b].map(|end| format!("{transport} {}", end.replace(['[', ']'], "")));
    ends.sort();
    Some((ends, if guessed { String::new() } else { name.to_owned() }))
}

fn ends(transport: &str, c: &Conversation) -> [String; 2] {
    let mut ends = [(c.a, c.a_port), (c.b, c.b_port)].map(|(address, port)| format!("{transport} {address}:{port}"));
    ends.sort();
    ends
}

fn ours(s: &Snapshot) -> BTreeMap<[String; 2], &'static str> {
    let tcp = s.stats.conversations.tcp.rows.iter().map(|c| (ends("TCP", c), c));
    let udp = s.stats.conversations.udp.rows.iter().map(|c| (ends("UDP", c), c));
    tcp.chain(udp).map(|(ends, c)| (ends, c.app.filter(|_| c.app_by == Some(AppBy::Content)).unwrap_or("-"))).collect()
}

#[test]
fn conversations_are_called_as_ndpi_does_or_it_is_known_why_not() {
    let Some(captures) = support::captures::indexed() else { return };
    let mut table: BTreeMap<&str, [u64; 3]> = BTreeMap::new();
    let mut different: BTreeMap<(String, String, &str), (u64, [String; 2])> = BTreeMap::new();
    for capture in &captures {
        let Some(text) = support::captures::ndpi(&capture.name) else { continue };
        let files = FileSettings { paths: vec![capture.path.clone()], ..FileSettings::default() };
        let Ok(source) = spantop::capture::file::open(&files) else { continue };
        let mirror = MirrorSettings { decap: Decap::None, dedup: false, ..MirrorSettings::default() };
        let settings = Settings { mirror, threads: 0, ..Settings::default() };
        let ours = ours(&engine::run(source, &settings, Default::default()).unwrap().result);
        for (ends, name) in text.lines().filter_map(flow) {
            let (Some(&token), Some((known, tokens))) = (ours.get(&ends), NAMES.iter().find(|(known, _)| *known == name)) else { continue };
            let counts = table.entry(known).or_default();
            let agrees = tokens.contains(&token) || tokens.is_empty() && token == "-";
            counts[if agrees { 0 } else { 1 + usize::from(token != "-") }] += 1;
            if !agrees {
                different.entry((capture.name.clone(), name, token)).or_insert((0, ends)).0 += 1;
            }
        }
    }
    println!("{:<12} {:>6} {:>8} {:>6}", "nDPI", "agreed", "unknown", "other");
    table.iter().for_each(|(name, [agreed, unknown, other])| println!("{name:<12} {agreed:>6} {unknown:>8} {other:>6}"));
    let wrong: Vec<String> = different
        .iter()
        .filter(|((capture, name, token), (n, _))| !EXPLAINED.iter().any(|e| (e.0, e.1, e.2, e.3) == (capture, name, token, *n)))
        .map(|((capture, name, token), (n, one))| format!("{capture}: {n} of nDPI's {name} are {token} here, such as {one:?}"))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(different.len(), EXPLAINED.len(), "an explanation of what does not differ");
    assert!(table.values().map(|counts| counts[0]).sum::<u64>() > 500, "hardly anything was compared");
}
