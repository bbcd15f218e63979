//! Privacy mode: no address, name or station of a capture is in anything that comes out of it, in any format.

mod support;

use assert_cmd::Command;
use serde_json::Value;
use spantop::anonymize::Anonymizer;
use spantop::model::LinkType;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;
use support::packet::checksum::{pseudo_sum, sum};
use support::packet::{Erspan, Packet, fragment};

const FORMATS: [&str; 5] = ["text", "json", "csv", "markdown", "html"];

fn run(arguments: &[&str]) -> Vec<u8> {
    let mut command = Command::cargo_bin("spantop").unwrap();
    let output = command.args(arguments).env("XDG_CONFIG_HOME", "/nonexistent").timeout(Duration::from_secs(120)).output().unwrap();
    assert!(matches!(output.status.code(), Some(0..=3)), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

fn captures() -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = fs::read_dir("captures").into_iter().flatten().map(|f| f.unwrap().path()).collect();
    paths.retain(|p| p.extension().is_some_and(|e| e == "pcap" || e == "pcapng"));
    paths.sort();
    paths
}

fn report(path: &Path, more: &[&str]) -> Value {
    let mut arguments = vec!["report", "--format", "json"];
    arguments.extend(more);
    arguments.push(path.to_str().unwrap());
    serde_json::from_slice(&run(&arguments)).unwrap()
}

/// Whether an address means the same everywhere: groups, loopback, the unspecified ones.
fn is_nobody(address: &str) -> bool {
    match address.parse::<std::net::IpAddr>() {
        Ok(ip) => ip.is_multicast() || ip.is_loopback() || ip.is_unspecified() || ip.to_string() == "255.255.255.255",
        Err(_) => u8::from_str_radix(&address[..2], 16).is_ok_and(|first| first & 1 == 1),
    }
}

/// Everything that must not come out: addresses, stations, names.
fn secrets(report: &Value) -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    for kind in ["eth", "ip", "ipv6"] {
        let rows = report["endpoints"][kind].as_array().into_iter().flatten();
        out.extend(rows.filter_map(|row| row["address"].as_str()).filter(|a| !is_nobody(a)).map(str::to_owned));
    }
    let names = report["names"].as_array().into_iter().flatten();
    for name in names {
        out.extend(name["address"].as_str().filter(|a| !is_nobody(a)).map(str::to_owned));
        out.extend(name["name"].as_str().filter(|n| n.len() > 3).map(str::to_owned));
    }
    for row in report["conversations"]["tcp"].as_array().into_iter().flatten() {
        out.extend(row["server_name"].as_str().map(str::to_owned));
    }
    for neighbour in report["switch"]["neighbours"].as_array().into_iter().flatten() {
        out.extend(neighbour["system"].as_str().filter(|n| n.len() > 3).map(str::to_owned));
    }
    out
}

/// Whether a text has a secret in it that is not part of a longer word.
fn has(text: &str, secret: &str) -> bool {
    let part = |c: char| c.is_ascii_alphanumeric() || c == ':' || c == '.';
    text.match_indices(secret).any(|(at, _)| {
        let (before, behind) = (text[..at].chars().next_back(), text[at + secret.len()..].chars().next());
        // An address may end a sentence or stand before a port.
        let is_more = |c: Option<char>| c.is_some_and(|c| part(c) && c != '.' && c != ':');
        !is_more(before) && !is_more(behind)
    })
}

/// Where a secret stands, with what is around it.
fn around(text: &str, secret: &str) -> Vec<String> {
    let places = text.match_indices(secret).take(3);
    places
        .map(|(at, _)| text[..at].chars().rev().take(80).collect::<String>().chars().rev().chain(text[at..].chars().take(80)).collect())
        .collect()
}

#[test]
fn nothing_comes_out_that_was_in_the_bundled_captures() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("anonymize");
    fs::create_dir_all(&folder).unwrap();
    for path in captures() {
        let before = report(&path, &[]);
        let secrets = secrets(&before);
        assert!(secrets.len() > 3, "{}: {secrets:?}", path.display());
        let name = path.to_str().unwrap();
        let mut outputs: Vec<(String, Vec<u8>)> =
            FORMATS.iter().map(|f| ((*f).to_owned(), run(&["report", "--anonymize", "--format", f, "--top", "100000", name]))).collect();
        outputs.push(("check".into(), run(&["check", "--anonymize", "-v", name])));
        outputs.push(("packets".into(), run(&["packets", "--anonymize", "--format", "json", "--tree", name])));
        outputs.push(("diff".into(), run(&["diff", "--anonymize", "--all", "--format", "json", name, "captures/office.pcapng"])));
        let saved = folder.join("saved.pcapng");
        run(&["save", "--anonymize", name, "-o", saved.to_str().unwrap()]);
        outputs.push(("report of what was saved".into(), run(&["report", "--format", "json", saved.to_str().unwrap()])));
        outputs.push(("bytes of what was saved".into(), fs::read(&saved).unwrap()));
        for (what, output) in &outputs {
            let text = String::from_utf8_lossy(output);
            let found: Vec<&String> = secrets.iter().filter(|secret| has(&text, secret)).collect();
            assert!(found.is_empty(), "{name}: {what} holds {found:?}: {:?}", found.first().map(|secret| around(&text, secret)));
        }
        // What is counted stays what it was.
        let after = report(&path, &["--anonymize"]);
        for member in ["packets", "wire_bytes"] {
            assert_eq!(before["capture"][member], after["capture"][member], "{name}");
        }
        for (group, kind) in
            [("conversations", "tcp"), ("conversations", "udp"), ("conversations", "ip"), ("endpoints", "ip"), ("endpoints", "eth")]
        {
            let count = |report: &Value| report[group][kind].as_array().map(Vec::len);
            assert_eq!(count(&before), count(&after), "{name}: {group}.{kind}");
        }
        assert_eq!(before["mirror"]["trust"]["verdict"], after["mirror"]["trust"]["verdict"], "{name}");
    }
}

#[test]
fn the_same_key_replaces_the_same_way_and_no_key_does_not() {
    let Some(path) = captures().pop() else { return };
    let key = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("anonymize.key");
    fs::write(&key, [7; 32]).unwrap();
    let hosts = |more: &[&str]| report(&path, more)["endpoints"]["ip"].clone();
    let key = key.to_str().unwrap();
    assert_eq!(hosts(&["--anonymize-key", key]), hosts(&["--anonymize-key", key]));
    assert_ne!(hosts(&["--anonymize"]), hosts(&["--anonymize"]));
    fs::write(key, [7; 31]).unwrap();
    let mut command = Command::cargo_bin("spantop").unwrap();
    let output = command.args(["report", "--anonymize-key", key, path.to_str().unwrap()]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn checksums_stay_right() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("anonymize-sums");
    fs::create_dir_all(&folder).unwrap();
    let saved = folder.join("saved.pcapng");
    let options = ["-o", "tcp.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE"];
    // Parts of a datagram cannot know the sum of the whole.
    let filter = "(ip.checksum.status == 0 || tcp.checksum.status == 0 || udp.checksum.status == 0 || icmp.checksum.status == 0 || icmpv6.checksum.status == 0) && !ip.fragments";
    for path in captures() {
        run(&["save", "--anonymize", path.to_str().unwrap(), "-o", saved.to_str().unwrap()]);
        let bad = |file: &Path| {
            let output = std::process::Command::new("tshark")
                .args(options)
                .arg("-r")
                .arg(file)
                .args(["-Y", filter, "-T", "fields", "-e", "frame.number"])
                .output();
            output.ok().map(|output| String::from_utf8_lossy(&output.stdout).into_owned())
        };
        let (Some(before), Some(after)) = (bad(&path), bad(&saved)) else { return };
        assert_eq!(before, after, "{}", path.display());
    }
}

/// Two hosts that speak within something else, and what they say.
const STATIONS: [[u8; 6]; 2] = [[0x02, 0x1b, 0x21, 0x71, 0x83, 0x95], [0x02, 0x1b, 0x21, 0x4f, 0xa6, 0xb8]];
const HOSTS: [[u8; 4]; 2] = [[10, 91, 72, 13], [198, 51, 113, 77]];
const OUTSIDE: [[u8; 6]; 2] = [[2, 0, 0x5e, 1, 2, 3], [2, 0, 0x5e, 4, 5, 6]];
const ENDS: [[u8; 4]; 2] = [[192, 0, 2, 91], [192, 0, 2, 92]];
const SECRETS: [&[u8]; 3] = [b"t.me", b"Payroll", b"hqserver"];

fn inner() -> Packet {
    Packet::eth(STATIONS[0], STATIONS[1])
        .ip(HOSTS[0], HOSTS[1])
        .tcp(40_000, 8_123)
        .payload(b"GET /Payroll HTTP/1.1\r\nHost: t.me\r\nX-From: hqserver\r\n\r\n")
        .unpadded()
}

fn outer() -> Packet {
    Packet::eth(OUTSIDE[0], OUTSIDE[1]).ip(ENDS[0], ENDS[1])
}

/// Every way to carry a frame or a packet that is known here, and two that nobody knows.
fn carried() -> Vec<(&'static str, Vec<u8>)> {
    let frame = inner().build();
    let packet = &frame[14..];
    let udp = |port: u16, header: &[u8], inside: &[u8]| outer().udp(51_000, port).payload(&[header, inside].concat()).build();
    let geneve = outer().geneve(7, &[1, 2, 3, 1, 9, 9, 9, 9]).frame(&frame).build();
    let tzsp = outer().tzsp().frame(&frame).build();
    let erspan = |carried: &[u8]| outer().erspan2(Erspan { session: 7, ..Erspan::default() }).frame(carried).build();
    let sample = [&[0, 0, 0, 1, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, frame.len() as u8][..], &frame].concat();
    let flow = [0u32, 1, 2_048, 1, 0, 1, 2, 1, 1, sample.len() as u32].map(u32::to_be_bytes).concat();
    let sample = [&flow, &sample[..]].concat();
    let head = [5u32, 1, u32::from_be_bytes(HOSTS[0]), 0, 1, 1, 1, 1, sample.len() as u32].map(u32::to_be_bytes).concat();
    let six = Packet::bare()
        .ip([0x2001_u16, 0xdb8, 7, 1, 2, 3, 4, 5], [0x2001_u16, 0xdb8, 9, 1, 2, 3, 4, 6])
        .udp(9_999, 9_998)
        .payload(b"see hqserver at t.me")
        .build();
    let origin: Vec<u8> = [0, 0, 0x12, 0x34].into_iter().chain(HOSTS[0].map(|b| !b)).collect();
    vec![
        ("geneve", geneve.clone()),
        ("geneve on a port of its own", udp(7_777, &[0, 0, 0x65, 0x58, 0, 0, 7, 0], &frame)),
        ("gtp", outer().gtp(9).packet(packet).build()),
        ("vxlan", outer().vxlan(7).frame(&frame).build()),
        ("lisp", udp(4_341, &[0x80, 1, 2, 3, 0, 0, 0, 1], packet)),
        ("capwap", udp(5_247, &[0, 0x20, 1, 0, 0, 0, 0, 0], &frame)),
        ("teredo", udp(3_544, &origin, &six)),
        ("sflow", udp(6_343, &head, &sample)),
        ("tzsp", tzsp.clone()),
        ("tzsp in tzsp", outer().tzsp().frame(&tzsp).build()),
        ("erspan 1", outer().erspan1().frame(&frame).build()),
        ("erspan 2 around geneve", erspan(&geneve)),
        ("erspan 3", outer().erspan3(Erspan { session: 7, ..Erspan::default() }).frame(&frame).build()),
        ("gre of nobody's type", outer().gre().ether_type(0x1234).payload(&frame).build()),
        ("mpls", Packet::eth(OUTSIDE[0], OUTSIDE[1]).mpls(77).payload(&[&[0; 4][..], &frame].concat()).build()),
        ("vn-tag", Packet::eth(OUTSIDE[0], OUTSIDE[1]).ether_type(0x8926).payload(&[&[0, 1, 0, 2][..], &frame[12..]].concat()).build()),
        ("openflow", outer().tcp(40_001, 6_653).payload(&[&[4, 10, 0, 200, 0, 0, 0, 1][..], &[0; 24], &frame].concat()).build()),
        ("an encapsulation of nobody's", udp(4_242, &[0xab; 37], &frame)),
        ("ip in ip", outer().packet(packet).build()),
    ]
}

fn anonymizer() -> Anonymizer {
    let key: [u8; 32] = std::array::from_fn(|n| (n as u8).wrapping_mul(37) ^ 0x5a);
    Anonymizer::new(&key)
}

/// Everything of the hosts within that bytes still hold.
fn left(bytes: &[u8]) -> Vec<Vec<u8>> {
    let all = STATIONS.iter().map(|b| &b[..]).chain(HOSTS.iter().map(|b| &b[..])).chain(SECRETS);
    all.filter(|secret| bytes.windows(secret.len()).any(|place| place.eq_ignore_ascii_case(secret))).map(<[u8]>::to_vec).collect()
}

fn place(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|place| place == wanted)
}

#[test]
fn nothing_of_an_encapsulated_packet_is_left_and_it_stays_one() {
    for (name, mut bytes) in carried() {
        let before = bytes.clone();
        assert!(!left(&before).is_empty(), "{name}");
        anonymizer().packet(LinkType::ETHERNET, &mut bytes);
        assert_eq!(left(&bytes), Vec::<Vec<u8>>::new(), "{name}");
        // The packet within is still one, with right checksums.
        let Some(at) = place(&before, &HOSTS[0]).filter(|_| !matches!(name, "teredo" | "sflow")).and_then(|at| at.checked_sub(12)) else {
            continue;
        };
        let header = &bytes[at..at + 20];
        assert!(header[0] == 0x45 && header[9] == 6 && sum(header).is_multiple_of(0xffff), "{name}");
        let addresses = |at: usize| <[u8; 4]>::try_from(&header[at..at + 4]).unwrap().into();
        let segment = &bytes[at + 20..at + usize::from(u16::from_be_bytes([header[2], header[3]]))];
        let pseudo = pseudo_sum(addresses(12), addresses(16), 6, segment.len());
        assert_eq!((sum(segment) + pseudo) % 0xffff, 0, "{name}");
        assert_eq!(segment[..2], 40_000u16.to_be_bytes(), "{name}");
    }
}

#[test]
fn nothing_of_an_encapsulated_packet_is_left_in_fragments_and_their_sum_stays() {
    for (name, bytes) in carried().into_iter().filter(|(_, bytes)| bytes.len() > 14 && bytes[12..14] == [8, 0]) {
        for mtu in [68, 84, 100, 132] {
            let mut anonymizer = anonymizer();
            let mut whole = Vec::new();
            for mut piece in fragment::divide(&bytes, mtu, 9) {
                let before = piece.clone();
                anonymizer.packet(LinkType::ETHERNET, &mut piece);
                assert_eq!(left(&piece), Vec::<Vec<u8>>::new(), "{name}, {mtu}: of {before:02x?}");
                assert_eq!(sum(&piece[14..34]) % 0xffff, 0, "{name}");
                // A single byte cannot be made up for.
                if u16::from_be_bytes([before[20], before[21]]) & 0x1fff != 0 && before.len() > 35 {
                    assert_eq!(sum(&piece[34..]) % 0xffff, sum(&before[34..]) % 0xffff, "{name}, {mtu}");
                }
                whole.extend_from_slice(&piece[34..]);
            }
            assert_eq!(left(&whole), Vec::<Vec<u8>>::new(), "{name}, {mtu}");
        }
    }
}

/// What a packet is, its bytes, and what must not be in them afterwards.
type Hidden<'a> = (&'a str, Vec<u8>, &'a [&'a [u8]]);

/// A datagram between two ports within an Ethernet frame.
fn datagram(ports: [u16; 2], payload: &[u8]) -> Vec<u8> {
    Packet::eth(STATIONS[0], STATIONS[1]).ip(HOSTS[0], HOSTS[1]).udp(ports[0], ports[1]).payload(payload).build()
}

/// Names and numbers at places where nothing is known to be structure, of kinds that are there in the wild.
#[test]
fn what_is_not_known_to_be_structure_is_enciphered() {
    let ipx: &[u8] = b"\xff\xff\0\x60\0\x04\0\0\0\x02\xff\xff\xff\xff\xff\xff\x04\x52\0\0\0\x02\x08\0\x07\xa4\xca\xe6\x04\x52\0\x02\x06\x18PAYROLLSRV\0\0\0\0";
    let frame = |head: &[u8]| {
        let body = [head, ipx].concat();
        [&[0xff; 6][..], &[8, 0, 7, 0xa4, 0xca, 0xe6], &(body.len() as u16).to_be_bytes(), &body].concat()
    };
    // IPv6 with a hop-by-hop option that nobody knows.
    let option = b"\x3b\x01\x1e\x0cPAYROLLSRV\0\0";
    let six = [&[0x33, 0x33, 0, 0, 0, 1, 2, 0, 0, 0, 0, 1, 0x86, 0xdd, 0x60, 0, 0, 0, 0, 16, 0, 64][..], &[0x20; 32], option].concat();
    let sip = |text: &str| datagram([5060, 5060], text.as_bytes());
    let cases: [Hidden; 9] = [
        ("raw IPX", frame(b""), &[b"PAYROLLSRV"]),
        ("IPX by LLC", frame(b"\xe0\xe0\x03"), &[b"PAYROLLSRV"]),
        ("an option of IPv6", six, &[b"PAYROLLSRV"]),
        ("text on the port of DNS", datagram([40_000, 53], b"GET /payrollsrv 90281736 HTTP/1.1"), &[b"payrollsrv", b"90281736"]),
        ("a few bytes on it", datagram([40_000, 53], b"payrollsrv"), &[b"payrollsrv"]),
        (
            "a label in another alphabet",
            datagram([5353, 5353], "\0\0\0\0\0\x01\0\0\0\0\0\0\x06小佛\0\0\x0c\0\x01".as_bytes()),
            &["小佛".as_bytes()],
        ),
        ("users of SIP", sip("INVITE sip:1001@10.1.1.2 SIP/2.0\r\nFrom: <tel:+493012345678>\r\n"), &[b"1001@", b"493012345678"]),
        ("a broken line of SIP", sip("INVITE 4711 sip payrollsrv\r\n:::\r\n9028173\r\n"), &[b"4711", b"payrollsrv", b"9028173"]),
        (
            "a body that is no text",
            datagram(
                [5060, 5060],
                &[b"MESSAGE sip:a@b.example SIP/2.0\r\n\r\n".as_slice(), &[0xb6, 0x01, 0x90, 0x07, 0x02, 0x81, 0x03, 0x17]].concat(),
            ),
            &[&[0xb6, 0x01, 0x90, 0x07]],
        ),
    ];
    for (name, mut bytes, secrets) in cases {
        let before = bytes.clone();
        anonymizer().packet(LinkType::ETHERNET, &mut bytes);
        assert_eq!(bytes.len(), before.len(), "{name}");
        for secret in secrets {
            assert!(place(&before, secret).is_some(), "{name} has {}", secret.escape_ascii());
            assert!(place(&bytes, secret).is_none(), "{name}: {} is left in {}", secret.escape_ascii(), bytes.escape_ascii());
        }
    }
}

/// What a protocol that nobody reads has in common with one that is read by accident is no reason to keep its addresses.
#[test]
fn what_only_resembles_a_protocol_is_enciphered() {
    let (station, address) = ([0x5c, 0xd9, 0x98, 1, 2, 3], [10, 20, 30, 40]);
    let own = |before: &[u8]| [before, &station[..], &address[..], &[7; 300]].concat();
    let payloads = [
        // A switch's search for others: it begins as a draft of QUIC would, with an identifier of 92 bytes.
        own(&[0xff, 0xff, 0, 0, 0xa0, 0]),
        own(&[0xc0, 0, 0, 0, 1, 99]),
        own(&[0x80, 0, 0, 0, 0, 0, 0]),
        own(&[0xff, 0, 0, 1, 2, 3, 4, 5, 6, b'Q', 1, 2, 3]),
    ];
    for payload in payloads {
        let mut bytes = datagram([60_480, 62_976], &payload);
        let plain = bytes.clone();
        anonymizer().packet(LinkType::ETHERNET, &mut bytes);
        for secret in [&station[..], &address[..]] {
            assert!(place(&plain, secret).is_some() && place(&bytes, secret).is_none(), "{payload:x?} is {bytes:x?}");
        }
    }
}

#[test]
fn damaged_packets_keep_their_length() {
    let mut rng = support::Rng(7);
    let mut anonymizer = anonymizer();
    for (name, bytes) in carried() {
        for _ in 0..400 {
            let mut damaged = bytes.clone();
            for _ in 0..=rng.below(4) {
                let at = rng.below(damaged.len() as u64) as usize;
                damaged[at] = [0, 255, rng.next() as u8, damaged[at] ^ 1 << rng.below(8)][rng.below(4) as usize];
            }
            damaged.truncate(if rng.below(4) == 0 { rng.below(bytes.len() as u64) as usize } else { bytes.len() });
            let length = damaged.len();
            anonymizer.packet(LinkType::ETHERNET, &mut damaged);
            assert_eq!(damaged.len(), length, "{name}");
        }
    }
    // A header with options that is not all there, of a packet that a card has yet to cut.
    let mut cut = [&[0; 12][..], &[8, 0, 0x4f, 0, 0, 0], &[0; 20]].concat();
    anonymizer.packet(LinkType::ETHERNET, &mut cut);
    assert_eq!(cut[12..18], [8, 0, 0x4f, 0, 0, 0]);
}

/// Captures, or folders of them, whose findings may not be the same, and why.
const OTHERWISE: &[(&str, &str)] =
    &[("hostile", "headers that were damaged at random are blanked where nobody can read them, and read otherwise then")];

/// Findings without their subjects: kind, severity, and numbers. How many sums are looked at in a second depends on how conversations fall
/// into shards, which their addresses decide: of those only the kind. The bounds of a share are estimated from the same groups.
fn findings(report: &Value) -> Vec<String> {
    let all = report["findings"].as_array().into_iter().flatten();
    let mut all: Vec<String> = all
        .map(|finding| {
            let sampled = matches!(finding["id"].as_str(), Some("host.txcsum" | "csum.bad"));
            let numbers: Vec<String> = finding["evidence"]
                .as_object()
                .into_iter()
                .flatten()
                .filter(|(name, value)| value.is_number() && !sampled && !matches!(name.as_str(), "share_low" | "share_high"))
                .map(|(name, value)| format!("{name} {value}"))
                .collect();
            format!("{} {} {numbers:?}", finding["id"], finding["severity"])
        })
        .collect();
    all.sort();
    all
}

/// The report of a capture; `None` of one that cannot be read.
fn readable(path: &Path, more: &[&str]) -> Option<Value> {
    let mut command = Command::cargo_bin("spantop").unwrap();
    let output = command.args(["report", "--format", "json"]).args(more).arg(path).timeout(Duration::from_secs(120)).output().unwrap();
    (output.status.code() == Some(0)).then(|| serde_json::from_slice(&output.stdout).unwrap())
}

/// What differs between the report of a capture and the one without its addresses.
fn differs(path: &Path) -> Option<String> {
    let key = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("anonymize-findings.key");
    let (before, after) = (readable(path, &[])?, report(path, &["--anonymize-key", key.to_str().unwrap()]));
    let [a, b] = [&before, &after].map(findings);
    let verdict = |report: &Value| report["mirror"]["trust"]["verdict"].clone();
    let gone: Vec<&String> = a.iter().filter(|finding| !b.contains(finding)).collect();
    let new: Vec<&String> = b.iter().filter(|finding| !a.contains(finding)).collect();
    (a != b || verdict(&before) != verdict(&after))
        .then(|| format!("{}: gone {gone:?}, new {new:?}, {} and {}", path.display(), verdict(&before), verdict(&after)))
}

#[test]
fn findings_and_verdicts_stay_what_they_were() {
    let mut paths = captures();
    // Large ones say nothing else, and take long.
    const LARGE: u64 = 150_000;
    let is_small = |path: &PathBuf| fs::metadata(path).is_ok_and(|about| about.len() < LARGE);
    paths.extend(support::captures::indexed().into_iter().flatten().map(|capture| capture.path).filter(is_small));
    fs::write(PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("anonymize-findings.key"), [0x5a; 32]).unwrap();
    let next = Mutex::new(paths.into_iter());
    let found = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let Some(path) = next.lock().unwrap().next() else { break };
                    let otherwise = OTHERWISE.iter().any(|(name, _)| path.components().any(|part| part.as_os_str() == *name));
                    if !otherwise && let Some(difference) = differs(&path) {
                        found.lock().unwrap().push(difference);
                    }
                }
            });
        }
    });
    let found = found.into_inner().unwrap();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// Every screen without a capture's addresses and names once the key for it is pressed, and with them before and afterwards.
#[test]
fn a_key_hides_them_on_every_screen_and_shows_them_again() {
    let capture = support::tty::CAPTURE;
    let secrets = secrets(&report(Path::new(capture), &[]));
    let Some(tty) = support::tty::Tty::sized("mask", "mkdir -p FOLDER/saved; SPANTOP CAPTURE --save-dir FOLDER/saved", (200, 60)) else {
        return;
    };
    let shown = |screen: &str| secrets.iter().filter(|secret| has(screen, secret)).cloned().collect::<Vec<_>>();
    assert!(tty.shows("read to the end"), "{}", tty.screen());
    assert!(!shown(&tty.screen()).is_empty(), "what is to be hidden is there:\n{}", tty.screen());
    tty.keys(&["A"]);
    assert!(tty.shows("names hidden") && tty.shows("read to the end"), "{}", tty.screen());
    tty.keys(&["1"]);
    for screen in ["Overview", "Protocols", "Hosts", "Conversations", "Services", "Problems", "Switch", "Mirror", "Packets", "Layer 2"]
        .into_iter()
        .chain(["Bursts", "Applications", "Names", "Compare"])
    {
        std::thread::sleep(Duration::from_millis(700));
        let text = tty.screen();
        let left = shown(&text);
        assert!(left.is_empty(), "{left:?} on {screen}:\n{text}");
        assert!(text.contains("names hidden"), "{screen}:\n{text}");
        tty.keys(&["Tab"]);
    }
    // What is saved is what is shown.
    tty.keys(&["9", "W"]);
    let saved = || fs::read_dir(tty.folder.join("saved")).into_iter().flatten().flatten().map(|entry| entry.path()).next();
    assert!(support::tty::within(|| saved().is_some_and(|file| fs::metadata(file).is_ok_and(|about| about.len() > 10_000))));
    let again = report(&saved().unwrap(), &[]).to_string();
    assert!(shown(&again).is_empty(), "{:?}", shown(&again));
    tty.keys(&["A", "1"]);
    assert!(support::tty::within(|| !shown(&tty.screen()).is_empty()) && !tty.screen().contains("names hidden"), "{}", tty.screen());
    tty.keys(&["q"]);
}

/// What devices say of themselves can still be read when it is replaced: the same fields at the same places, other names and addresses.
#[test]
fn what_switches_say_keeps_its_form() {
    // Names of devices and domains, of VLANs, and addresses.
    const NAMES: [&[u8]; 9] = [b"sw-a", b"sw-b", b"campus", b"fastiron", b"summit", b"servers", b"router-7", b"serial1", b"voice"];
    const ADDRESSES: [[u8; 4]; 4] = [[10, 0, 0, 2], [10, 0, 0, 3], [10, 0, 0, 7], [10, 0, 0, 9]];
    let shape = |frame: &[u8]| {
        let tree = spantop::browse::take_apart(LinkType::ETHERNET, frame, frame.len() as u32, &spantop::decode::Rules::PLAIN);
        let layers = tree.layers.iter().map(|l| (l.token, l.fields.iter().map(|f| (f.name, f.at, f.length)).collect::<Vec<_>>()));
        (tree.protocol.to_string(), layers.collect::<Vec<_>>())
    };
    let mut read = BTreeSet::new();
    for (kind, before) in support::packet::control::all() {
        if !matches!(kind, "lldp" | "cdp" | "fdp" | "edp" | "mndp" | "udld" | "pagp" | "vtp" | "dtp" | "bpdu" | "lacp") {
            continue;
        }
        let mut after = before.clone();
        anonymizer().packet(LinkType::ETHERNET, &mut after);
        assert_eq!(shape(&before), shape(&after), "{kind}");
        let holds = |bytes: &[u8], word: &[u8]| bytes.windows(word.len()).any(|place| place.eq_ignore_ascii_case(word));
        for secret in NAMES.iter().copied().chain(ADDRESSES.iter().map(|a| &a[..])) {
            assert!(!holds(&after, secret), "{kind}: {}", String::from_utf8_lossy(secret));
            if holds(&before, secret) {
                read.insert(secret.to_vec());
            }
        }
        // Sums that were right are right: of the protocols whose sum is that of IP over all of the message.
        let at = match kind {
            "udld" | "edp" => 22,
            _ => continue,
        };
        let end = 14 + usize::from(u16::from_be_bytes([before[12], before[13]]));
        assert_eq!([sum(&before[at..end]) % 0xffff, sum(&after[at..end]) % 0xffff], [0, 0], "{kind}");
    }
    assert_eq!(read.len(), NAMES.len() + ADDRESSES.len(), "all of them are in these messages: {read:?}");
}
