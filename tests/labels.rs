//! What conversations are called, against nDPI's word for each flow of the captures beside the repository, and against tshark's for every
//! conversation of all of them: tables of agreement by protocol with the share that is unknown, and every difference by name with its reason.

mod support;

use spantop::engine::{self, Settings};
use spantop::model::{AppBy, Decap};
use spantop::settings::{FileSettings, MirrorSettings};
use spantop::snapshot::{Conversation, Snapshot};
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

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
    ("hostile/ntop__nDPI/fuzz-2006-06-26-2594.pcap", "DNS", "-", 25, "damaged, and so DNS by the port alone"),
    ("hostile/ntop__nDPI/fuzz-2006-06-26-2594.pcap", "Unknown", "dns", 5, "damaged, and still DNS to its port"),
    ("ntop__nDPI/teams.pcap", "STUN", "rtp", 1, "the voice of a call behind what finds its way"),
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

fn conversations(s: &Snapshot) -> impl Iterator<Item = ([String; 2], &Conversation)> {
    let tcp = s.stats.conversations.tcp.rows.iter().map(|c| (ends("TCP", c), c));
    let udp = s.stats.conversations.udp.rows.iter().map(|c| (ends("UDP", c), c));
    tcp.chain(udp)
}

fn ours(s: &Snapshot) -> BTreeMap<[String; 2], &'static str> {
    conversations(s).map(|(ends, c)| (ends, c.app.filter(|_| c.app_by == Some(AppBy::Content)).unwrap_or("-"))).collect()
}

/// Everything about a capture, with tunnels left on; `None` of what is none.
fn seen(capture: &support::captures::Indexed) -> Option<Snapshot> {
    let files = FileSettings { paths: vec![capture.path.clone()], ..FileSettings::default() };
    let source = spantop::capture::file::open(&files).ok()?;
    let mirror = MirrorSettings { decap: Decap::None, dedup: false, ..MirrorSettings::default() };
    let settings = Settings { mirror, threads: 0, ..Settings::default() };
    Some(engine::run(source, &settings, Default::default()).unwrap().result)
}

#[test]
fn conversations_are_called_as_ndpi_does_or_it_is_known_why_not() {
    let Some(captures) = support::captures::indexed() else { return };
    let mut table: BTreeMap<&str, [u64; 3]> = BTreeMap::new();
    let mut different: BTreeMap<(String, String, &str), (u64, [String; 2])> = BTreeMap::new();
    for capture in &captures {
        let Some(text) = support::captures::ndpi(&capture.name) else { continue };
        let Some(seen) = seen(capture) else { continue };
        let ours = ours(&seen);
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

/// Tokens that mean the same to tshark: ours, and what it may say.
const SAME: &[(&str, &[&str])] = &[
    ("bt-dht", &["bittorrent"]),
    ("isakmp", &["udpencap"]),
    ("modbus", &["mbtcp"]),
    ("quic", &["gquic"]),
    ("rdp", &["tpkt"]),
    ("rtmp", &["rtmpt"]),
    ("smb", &["nbss", "nbdgm"]),
    ("smb2", &["nbss"]),
];

/// What tshark and we call otherwise: tshark's words, ours (a guess with `?`), conversations, why.
const EXPLAINED_OF_TSHARK: &[(&str, &str, u64, &str)] = &[
    ("-", "apns?", 5, "a guess by its port, and said to be one"),
    ("-", "cflow", 1, "by its content; its port is not its own"),
    ("-", "chargen?", 1, "a guess by its port, and said to be one"),
    ("-", "discard?", 3, "a guess by its port, and said to be one"),
    ("-", "dns?", 1, "a guess by its port, and said to be one"),
    ("-", "ftp?", 1, "a guess by its port, and said to be one"),
    ("-", "gnutella", 545, "by its content; its port is not its own"),
    ("-", "h323?", 1, "a guess by its port, and said to be one"),
    ("-", "http", 1, "by its content; its port is not its own"),
    ("-", "http?", 61, "a guess by its port, and said to be one"),
    ("-", "https?", 28, "a guess by its port, and said to be one"),
    ("-", "iperf?", 1, "a guess by its port, and said to be one"),
    ("-", "jetdirect?", 1, "a guess by its port, and said to be one"),
    ("-", "kerberos?", 12, "a guess by its port, and said to be one"),
    ("-", "openflow", 1, "by its content; its port is not its own"),
    ("-", "quic?", 3, "a guess by its port, and said to be one"),
    ("-", "sip?", 2, "a guess by its port, and said to be one"),
    ("-", "smtp", 1, "by its content; its port is not its own"),
    ("-", "ssh?", 2, "a guess by its port, and said to be one"),
    ("-", "stun?", 1, "a guess by its port, and said to be one"),
    ("-", "syslog", 1, "by its content; its port is not its own"),
    ("-", "vxlan?", 5, "a guess by its port, and said to be one"),
    ("-", "wins?", 1, "a guess by its port, and said to be one"),
    ("-", "wsd", 5, "by its content; its port is not its own"),
    ("-", "x11?", 1, "a guess by its port, and said to be one"),
    ("adwin_config", "-", 1, "by its port; nothing that tells"),
    ("afs/rtcp/rx", "afs3?", 1, "by its port here as there"),
    ("arp/capwap.data/llc/wlan/wlccp", "-", 1, "by its port; nothing that tells"),
    ("bfd", "sbfd?", 2, "seamless BFD by its port"),
    ("bittorrent", "tls", 1, "by its port; TLS by its content"),
    ("classicstun", "stun", 3, "the older version of the same"),
    ("db-lsp-disc/json", "dropbox?", 5, "by its port here as there"),
    ("dns", "-", 1, "damaged"),
    ("ftp", "-", 1, "damaged"),
    ("gtp", "gtp-u?", 1, "damaged"),
    ("jxta", "discard?", 1, "by its port here as there"),
    ("lisp", "-", 24, "its ports say nothing to users, and its content little"),
    ("mojito", "gnutella", 78, "LimeWire's overlay in datagrams of Gnutella"),
    ("mptcp", "-", 1, "no application: options of TCP"),
    ("nbns", "netbios-ns?", 12, "damaged"),
    ("nbss", "netbios-ssn?", 1, "nothing but its port"),
    ("openvpn", "gnutella", 1, "by its port"),
    ("pfcp", "-", 1, "by its port; nothing that tells"),
    ("portcontrol", "nat-pmp?", 4, "by its port here as there"),
    ("rpc", "nfs", 1, "of a damaged capture: the program is NFS"),
    ("rtcp", "gnutella", 4, "by its port"),
    ("rtp", "-", 3, "told by a call that was not followed: damaged, or SCCP's"),
    ("tls", "https?", 17, "joined within records: by its port"),
    ("wow", "-", 3, "by its port: a game, encrypted"),
    ("wsp", "-", 1, "by its port; nothing that tells"),
    ("wtls", "-", 1, "by its port; nothing that tells"),
    ("wtp", "-", 1, "by its port; nothing that tells"),
    ("stun", "rtp", 1, "the voice of a call behind what finds its way"),
];

/// What says nothing of an application.
const NO_APPLICATION: [&str; 7] = ["data", "tcp.segments", "_ws.malformed", "_ws.short", "_ws.expert", "_ws.unreassembled", ""];

/// tshark's words for each conversation outside tunnels; `None` where there is no tshark.
fn tsharks(path: &std::path::Path) -> Option<BTreeMap<[String; 2], BTreeSet<String>>> {
    let fields =
        ["ip.src", "ipv6.src", "ip.dst", "ipv6.dst", "tcp.srcport", "tcp.dstport", "udp.srcport", "udp.dstport", "frame.protocols"];
    let mut command = Command::new("tshark");
    command.args(["-n", "-T", "fields", "-r"]).arg(path).args(fields.iter().flat_map(|field| ["-e", field]));
    let output = command.output().ok()?;
    let mut all: BTreeMap<[String; 2], BTreeSet<String>> = BTreeMap::new();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let cells: Vec<&str> = line.split('\t').collect();
        let [v4, v6, to_v4, to_v6, tcp, to_tcp, udp, to_udp, protocols] = cells[..] else { continue };
        // What has several of them lies in a tunnel or in an error.
        let is_one = [(v4, v6), (tcp, udp)].iter().all(|(a, b)| a.is_empty() != b.is_empty());
        if !is_one || cells[..8].iter().any(|cell| cell.contains(',')) {
            continue;
        }
        let transport = if tcp.is_empty() { "udp" } else { "tcp" };
        let Some((_, above)) = protocols.split_once(&format!(":{transport}")) else { continue };
        let name = transport.to_uppercase();
        let mut ends = [format!("{name} {v4}{v6}:{tcp}{udp}"), format!("{name} {to_v4}{to_v6}:{to_tcp}{to_udp}")];
        ends.sort();
        let words = above.split(':').filter(|word| !NO_APPLICATION.contains(word)).map(str::to_owned);
        all.entry(ends).or_default().extend(words);
    }
    Some(all)
}

#[test]
fn conversations_are_called_as_tshark_does_or_it_is_known_why_not() {
    let Some(captures) = support::captures::indexed() else { return };
    let mut table: BTreeMap<String, [u64; 2]> = BTreeMap::new();
    let mut different: BTreeMap<(String, String), (u64, String)> = BTreeMap::new();
    let [mut all, mut unknown, mut guessed, mut unknown_there] = [0u64; 4];
    for capture in &captures {
        let Some(theirs) = tsharks(&capture.path) else { return println!("skipped: no tshark") };
        let Some(seen) = seen(capture) else { continue };
        for (ends, c) in conversations(&seen) {
            let Some(words) = theirs.get(&ends) else { continue };
            let is_guess = c.app.is_some() && c.app_by != Some(AppBy::Content);
            let token = c.app.unwrap_or("-");
            let base = token.split('+').next().unwrap_or(token);
            let same = SAME.iter().find(|(ours, _)| *ours == base).map_or(&[][..], |(_, theirs)| theirs);
            let agrees = words.contains(base) || same.iter().any(|word| words.contains(*word)) || c.app.is_none() && words.is_empty();
            all += 1;
            unknown += u64::from(c.app.is_none());
            guessed += u64::from(is_guess);
            unknown_there += u64::from(words.is_empty());
            table.entry(base.to_owned()).or_default()[usize::from(!agrees)] += 1;
            if !agrees {
                let words = words.iter().map(String::as_str).collect::<Vec<_>>().join("/");
                let words = if words.is_empty() { "-".to_owned() } else { words };
                let ours = if is_guess { format!("{token}?") } else { token.to_owned() };
                different.entry((words, ours)).or_insert_with(|| (0, format!("{}: {ends:?}", capture.name))).0 += 1;
            }
        }
    }
    println!("{:<14} {:>6} {:>6}", "ours", "agreed", "other");
    table.iter().for_each(|(token, [agreed, other])| println!("{token:<14} {agreed:>6} {other:>6}"));
    println!("{all} conversations; unknown {unknown} here, {unknown_there} to tshark; guesses by port, which say so: {guessed}");
    let is_known = |(theirs, ours): &(String, String), n: u64| EXPLAINED_OF_TSHARK.iter().any(|e| (e.0, e.1, e.2) == (theirs, ours, n));
    let wrong: Vec<String> = different
        .iter()
        .filter(|(names, (n, _))| !is_known(names, *n))
        .map(|((theirs, ours), (n, one))| format!("{n} of tshark's {theirs} are {ours} here, such as {one}"))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(different.len(), EXPLAINED_OF_TSHARK.len(), "an explanation of what does not differ");
    // Most that nobody knows are connections without a byte of data: scans and floods.
    assert!(all > 5_000 && unknown <= unknown_there, "{unknown} of {all} unknown, {unknown_there} to tshark");
}
