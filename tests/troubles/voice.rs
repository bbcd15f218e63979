//! Voice that lacks packets or comes unevenly, and QUIC that is not answered.

use super::support::packet::message::{client_hello, server_hello, tls_record};
use super::support::packet::{ACK, PSH, SYN};
use super::{Fate, Micros, S, Traffic, only, title, troubles};
use aes::cipher::generic_array::GenericArray;
use aes::cipher::{BlockEncrypt, KeyInit};
use aes_gcm::Aes128Gcm;
use aes_gcm::aead::AeadInPlace;
use hkdf::Hkdf;
use sha2::Sha256;
use spantop::capture::file;
use spantop::model::{Severity, Value};
use spantop::settings::FileSettings;

impl Traffic {
    /// A packet of a stream.
    fn voice(&mut self, at: Micros, (from, to): ((u8, u16), (u8, u16)), kind: u8, number: u16, ticks: u32, source: u32) {
        let header = [&[0x80, kind][..], &number.to_be_bytes(), &ticks.to_be_bytes(), &source.to_be_bytes()].concat();
        let packet = self.ip(from.0, to.0).udp(from.1, to.1).payload(&[&header[..], &[0x55; 160]].concat());
        self.push(at, packet);
    }

    /// A call of 40 s between two hosts: of both ways `fate` says how much later than it should a packet comes; `None`: not at all.
    fn call(mut self, (a, b): ((u8, u16), (u8, u16)), kind: u8, fate: impl Fn(u8, u32) -> Option<Micros>) -> Self {
        for n in 0..2_000u32 {
            for (way, ends) in [(0u8, (a, b)), (1, (b, a))] {
                if let Some(late) = fate(way, n) {
                    let at = 2 * S + i64::from(n) * 20_000 + late;
                    self.voice(at, ends, kind, (n + 65_000) as u16, n * 160, 100 + u32::from(way));
                }
            }
        }
        self
    }

    /// Transfers in which nothing is missing, so that it is known that the mirror loses little.
    fn with_transfers(mut self) -> Self {
        for n in 0..20u16 {
            self.transfer(i64::from(n) * 2 * S, (101 + n as u8 % 5, 5_000 + n), (99, 8_080), 500, (0, Fate::Reordered));
        }
        self
    }
}

const CALL: ((u8, u16), (u8, u16)) = ((1, 16_384), (2, 18_000));

#[test]
fn voice_that_lacks_packets() {
    // One way loses one packet in thirty.
    let lossy = |way: u8, n: u32| if way == 0 && n % 30 == 11 { None } else { Some(0) };
    let s = Traffic::default().call(CALL, 0, lossy).with_transfers().with_office(60).seen();
    assert_eq!(troubles(&s), only("rtp.loss", "10.1.0.2", Severity::Warning));
    assert!(title(&s).starts_with("Voice to 10.1.0.2 from 10.1.0.1 lacks packets: "), "{}", title(&s));
    assert!(title(&s).contains("(3.") && title(&s).ends_with("estimated opinion score 4.1"), "{}", title(&s));
    let bad = |way: u8, n: u32| if way == 0 && n % 20 < 3 { None } else { Some(0) };
    let s = Traffic::default().call(CALL, 0, bad).with_transfers().with_office(60).seen();
    assert_eq!(troubles(&s), only("rtp.loss", "10.1.0.2", Severity::Critical), "15 %, in threes");
}

/// RFC 7983: checks whether the way is there, keys and control packets go between the same ports, before and beside the voice.
#[test]
fn voice_that_lacks_packets_beside_what_sets_it_up() {
    let lossy = |way: u8, n: u32| if way == 0 && n % 30 == 11 { None } else { Some(0) };
    for beside in [&b"\0\x01\0\0\x21\x12\xa4\x42abcdefghijkl"[..], b"\x16\xfe\xfd\0\0\0\0\0\0\0\0\0\x04abcd", b"\x80\xc9\0\x01abcd"] {
        let mut t = Traffic::default();
        for n in 0..20 {
            let packet = t.ip(1, 2).udp(16_384, 18_000).payload(beside);
            t.push(S + n * 2 * S, packet);
        }
        let s = t.call(CALL, 0, lossy).with_transfers().with_office(60).seen();
        assert_eq!(troubles(&s), only("rtp.loss", "10.1.0.2", Severity::Warning), "{beside:02x?}");
    }
}

#[test]
fn several_streams_to_one_telephone_are_told_together() {
    // Three calls to one telephone, each of which loses one packet in thirty on the way there.
    let lossy = |way: u8, n: u32| if way == 0 && n % 30 == 11 { None } else { Some(0) };
    let ends = |from: u8, port: u16| ((from, 16_384), (2, port));
    let t = Traffic::default().call(ends(1, 18_000), 0, lossy).call(ends(3, 18_002), 0, lossy).call(ends(4, 18_004), 0, lossy);
    let s = t.with_transfers().with_office(60).seen();
    assert_eq!(troubles(&s), only("rtp.loss", "10.1.0.2", Severity::Warning));
    assert!(title(&s).starts_with("3 streams to 10.1.0.2 lack packets: "), "{}", title(&s));
    let finding = s.diagnosis.findings.iter().find(|f| f.id == "rtp.loss").unwrap();
    let value = |name: &str| finding.evidence.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone());
    assert_eq!(value("streams"), Some(Value::Count(3)));
    let (lost, all) = (value("lost_of_all"), value("packets_of_all"));
    assert!(matches!((&lost, &all), (Some(Value::Count(195..=201)), Some(Value::Count(5_800..=6_000)))), "{lost:?} of {all:?}");
}

#[test]
fn voice_that_is_reordered_moved_silent_or_copied_lacks_nothing() {
    let found = |t: Traffic| troubles(&t.with_transfers().with_office(60).seen());
    // Pairs change places.
    let swapped = |_: u8, n: u32| Some(if n % 10 == 4 { 25_000 } else { 0 });
    assert_eq!(found(Traffic::default().call(CALL, 0, swapped)), []);
    // Held: both ways are silent for six seconds, and numbers run on.
    assert_eq!(found(Traffic::default().call(CALL, 0, |_, n| (!(900..1_200).contains(&n)).then_some(0))), []);
    // Every packet twice.
    let mut twice = Traffic::default().call(CALL, 0, |_, _| Some(0));
    let copies: Vec<_> = twice.packets.iter().map(|(at, frame)| (at + 30, frame.clone())).collect();
    twice.packets.extend(copies);
    assert_eq!(found(twice), []);
    // A few are lost.
    assert_eq!(found(Traffic::default().call(CALL, 0, |_, n| (n % 400 != 50).then_some(0))), []);
}

#[test]
fn voice_of_which_the_mirror_may_have_lost_packets_is_not_judged() {
    let lossy = |way: u8, n: u32| if way == 0 && n % 30 == 11 { None } else { Some(0) };
    let mut t = Traffic::default().call(CALL, 0, lossy);
    for n in 0..20u16 {
        t.transfer(i64::from(n) * 2 * S, (101 + n as u8 % 5, 5_000 + n), (99, 8_080), 500, (25, Fate::NotMirrored));
    }
    let s = t.with_office(60).seen();
    assert_eq!(troubles(&s), []);
    assert!(s.diagnosis.network.not_judged.iter().any(|n| n.0 == "rtp.loss"), "{:?}", s.diagnosis.network.not_judged);
}

/// A call that lacks one packet in thirty one way, and four others of which `fate` says what becomes of their packets; nothing else shows how much the
/// mirror loses.
fn calls_alone(fate: fn(u8, u32) -> Option<Micros>) -> Traffic {
    let lossy = |way: u8, n: u32| if way == 0 && n % 30 == 11 { None } else { Some(0) };
    let mut t = Traffic::default().call(CALL, 0, lossy);
    for n in 0..4u8 {
        t = t.call(((10 + n, 16_400 + u16::from(n)), (30 + n, 18_100 + u16::from(n))), 0, fate);
    }
    t
}

#[test]
fn voice_that_lacks_packets_where_other_streams_prove_the_mirror() {
    let s = calls_alone(|_, _| Some(0)).seen();
    assert_eq!(troubles(&s), only("rtp.loss", "10.1.0.2", Severity::Warning));
    assert!(!s.diagnosis.network.not_judged.iter().any(|n| n.0 == "rtp.loss"));
    // Where all lack some, their numbers tell what the mirror may have lost: a tenth of what this one lacks, or as much.
    let s = calls_alone(|_, n| (n % 300 != 50).then_some(0)).seen();
    assert_eq!(troubles(&s), only("rtp.loss", "10.1.0.2", Severity::Warning));
    let s = calls_alone(|_, n| (n % 30 != 17).then_some(0)).seen();
    assert_eq!(troubles(&s), [], "all lack as much: it may be the mirror");
    assert!(s.diagnosis.network.not_judged.iter().any(|n| n.0 == "rtp.loss"));
}

#[test]
fn voice_that_comes_unevenly() {
    let uneven = |way: u8, n: u32| Some(if way == 1 { i64::from(n * 7 % 13) * 15_000 } else { 0 });
    let s = Traffic::default().call(CALL, 0, uneven).with_transfers().with_office(60).seen();
    let found = troubles(&s);
    assert_eq!(found, only("rtp.jitter", "10.1.0.1", Severity::Warning), "{}", title(&s));
    assert!(title(&s).starts_with("Voice to 10.1.0.1 from 10.1.0.2 comes unevenly: jitter "), "{}", title(&s));
    // A little, and a clock that the payload type does not tell.
    let slightly = |_: u8, n: u32| Some(i64::from(n * 7 % 13) * 1_000);
    for kind in [0, 111] {
        assert_eq!(troubles(&Traffic::default().call(CALL, kind, slightly).with_transfers().with_office(60).seen()), []);
    }
}

fn expand(hkdf: &Hkdf<Sha256>, label: &str, bytes: usize) -> Vec<u8> {
    let info = [&[0, bytes as u8, label.len() as u8 + 6][..], b"tls13 ", label.as_bytes(), &[0]].concat();
    let mut out = vec![0; bytes];
    hkdf.expand(&info, &mut out).unwrap();
    out
}

/// Names of servers whose clients' first packets cannot be opened begin so.
const SEALED: &str = "sealed";

/// A client's first packet of QUIC (RFC 9001 appendix A.2): its hello in two pieces, the second of them first.
fn quic_initial(identifier: [u8; 8], name: &str) -> Vec<u8> {
    let salt = *b"\x38\x76\x2c\xf7\xf5\x59\x34\xb3\x4d\x17\x9a\xe6\xa4\xc8\x0c\xad\xcc\xbb\x7f\x0a";
    let first = Hkdf::<Sha256>::new(Some(&salt), &identifier);
    let hkdf = Hkdf::<Sha256>::from_prk(&expand(&first, "client in", 32)).unwrap();
    let hello = client_hello(Some(name), &["h3"]);
    let (head, tail) = hello.split_at(40);
    let frame = |offset: usize, data: &[u8]| [&[6, 0x40, offset as u8, 0x40, data.len() as u8][..], data].concat();
    let mut text = [frame(40, tail), vec![1, 0, 0], frame(0, head)].concat();
    text.resize(1_162, 0);
    let length = (text.len() + 16 + 4) as u16 | 0x4000;
    let mut packet = [&[0xc3, 0, 0, 0, 1, 8][..], &identifier, &[0, 0], &length.to_be_bytes()].concat();
    let number_at = packet.len();
    packet.extend([0, 0, 0, 2]);
    let mut nonce = expand(&hkdf, "quic iv", 12);
    nonce[11] ^= 2;
    let cipher = Aes128Gcm::new_from_slice(&expand(&hkdf, "quic key", 16)).unwrap();
    let tag = cipher.encrypt_in_place_detached(GenericArray::from_slice(&nonce), &packet, &mut text).unwrap();
    packet.extend(text);
    packet.extend(tag);
    let header = aes::Aes128::new_from_slice(&expand(&hkdf, "quic hp", 16)).unwrap();
    let mut mask = GenericArray::clone_from_slice(&packet[number_at + 4..number_at + 20]);
    header.encrypt_block(&mut mask);
    packet[0] ^= mask[0] & 0x0f;
    (0..4).for_each(|n| packet[number_at + n] ^= mask[n + 1]);
    packet
}

impl Traffic {
    /// A client asks a server by QUIC, three times without an answer; then the same by TCP so much later. What is called `sealed` sends packets that cannot be opened.
    fn quic(&mut self, at: Micros, (client, port): (u8, u16), server: u8, name: &str, answer: bool, by_tcp: Option<Micros>) {
        let mut initial = quic_initial([port as u8, (port >> 8) as u8, 1, 2, 3, 4, 5, server], name);
        if name.starts_with(SEALED) {
            initial[1_150] ^= 1;
        }
        for again in [0, 300_000, 900_000] {
            let packet = self.ip(client, server).udp(port, 443).payload(&initial);
            self.push(at + again, packet);
            if answer {
                let reply = self.ip(server, client).udp(443, port).payload(&[&[0xc1, 0, 0, 0, 1, 0, 8][..], &[7; 900]].concat());
                self.push(at + again + 400, reply);
                break;
            }
        }
        let Some(later) = by_tcp else { return };
        let (at, there, back) = (at + later, [(client, port), (server, 443)], [(server, 443), (client, port)]);
        self.segment(at, there, SYN, (0, 0), 0);
        self.segment(at + 400, back, SYN | ACK, (0, 1), 0);
        self.segment(at + 600, there, ACK, (1, 1), 0);
        let hello = tls_record(22, &client_hello(Some(name), &["h2"]));
        let source = self.ip(client, server).tcp(port, 443).seq(1_000 * u32::from(port) + 1).ack(443_001);
        self.push(at + 700, source.flags(PSH | ACK).payload(&hello));
        self.says(at + 1_100, back, PSH | ACK, (1, 1 + hello.len() as u32), &tls_record(22, &server_hello(0x0304)));
    }
}

#[test]
fn the_name_in_a_first_packet_is_read() {
    let mut t = Traffic::default();
    t.quic(S, (1, 5_000), 9, "video.example.org", true, None);
    let s = t.with_office(10).seen();
    let row = s.stats.conversations.udp.rows.iter().find(|c| c.a_port == 443 || c.b_port == 443).expect("the conversation");
    assert_eq!((row.app, row.server_name.as_deref()), (Some("quic"), Some("video.example.org")));
}

#[test]
fn quic_that_is_not_answered() {
    let judged = |answer: bool, by_tcp: Option<Micros>, servers: u8, name: &dyn Fn(u16) -> String| {
        let mut t = Traffic::default();
        for n in 0..10u16 {
            t.quic(i64::from(n) * 4 * S, (1 + (n % 3) as u8, 5_000 + n), 9 + (n as u8 % servers), &name(n), answer, by_tcp);
        }
        t.with_office(60).seen()
    };
    let name = |n: u16| format!("host{}.example.org", n % 4);
    let s = judged(false, Some(2 * S), 4, &name);
    assert_eq!(troubles(&s), only("quic.blocked", "network", Severity::Note));
    assert_eq!(title(&s), "QUIC is not answered: 10 of 10 attempts by 3 clients go on by TCP");
    let sealed = judged(false, Some(2 * S), 4, &|n| format!("{SEALED}{n}.example.org"));
    assert_eq!(troubles(&sealed), only("quic.blocked", "network", Severity::Note), "whose hellos cannot be read");
    for (answer, by_tcp, servers) in [(true, Some(2 * S), 4), (false, None, 4), (false, Some(8 * S), 4), (false, Some(2 * S), 1)] {
        let found = troubles(&judged(answer, by_tcp, servers, &name));
        assert!(!found.iter().any(|f| f.0 == "quic.blocked"), "{answer} {by_tcp:?} {servers}: {found:?}");
    }
}

/// What tshark counts of a stream: source, packets, lost, mean and longest jitter in milliseconds.
type Counted = (u32, i64, i64, [f64; 2]);

/// What `tshark -z rtp,streams` says of a capture, by source; `None` without it.
fn counted(path: &std::path::Path, arguments: &[&str]) -> Option<Vec<Counted>> {
    let output =
        std::process::Command::new("tshark").arg("-r").arg(path).args(arguments).args(["-q", "-z", "rtp,streams"]).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let line = |line: &str| -> Option<Counted> {
        let source = line.split_whitespace().find_map(|word| word.strip_prefix("0x"))?;
        let words: Vec<&str> = line.split_whitespace().filter(|word| *word != "X").collect();
        let number = |from_right: usize| words.get(words.len().checked_sub(from_right)?).copied();
        let jitter = [number(2)?.parse().ok()?, number(1)?.parse().ok()?];
        Some((u32::from_str_radix(source, 16).ok()?, number(9)?.parse().ok()?, number(8)?.parse().ok()?, jitter))
    };
    Some(text.lines().filter_map(line).collect())
}

/// Holds the rows to that: packets, lost and expected exactly, jitter to what tshark prints of it.
fn rows_are_as_counted(s: &super::Snapshot, counted: &[Counted]) {
    assert!(!counted.is_empty() && counted.len() == s.stats.streams.len(), "{counted:?} {:?}", s.stats.streams);
    for (source, packets, lost, [mean, longest]) in counted {
        let row = s.stats.streams.iter().find(|row| row.stream.source == *source).unwrap_or_else(|| panic!("no {source:x}"));
        let stream = row.stream;
        assert_eq!(stream.expected() as i64, packets + lost, "{stream:?}");
        // Copies count for tshark as often as they come, and make up for what is lost.
        if *lost >= 0 {
            assert_eq!((stream.received as i64, stream.lost as i64), (*packets, *lost), "{stream:?}");
            let told = stream.jitter.map(|jitter| jitter.map(|nanos| nanos as f64 / 1e6)).expect("its clock is known");
            assert!((told[0] - mean).abs() < 0.0011 && (told[1] - longest).abs() < 0.0011, "{told:?} {mean} {longest}");
        }
    }
}

/// A capture file of these packets.
fn capture(packets: &[(Micros, Vec<u8>)]) -> Vec<u8> {
    let mut file = [0xa1b2_c3d4u32.to_le_bytes(), [2, 0, 4, 0], [0; 4], [0; 4], 65_535u32.to_le_bytes(), 1u32.to_le_bytes()].concat();
    for (at, frame) in packets {
        let numbers = [1_700_000_000 + (at / S) as u32, (at % S) as u32, frame.len() as u32, frame.len() as u32];
        numbers.iter().for_each(|number| file.extend(number.to_le_bytes()));
        file.extend(frame);
    }
    file
}

#[test]
fn streams_have_rows_and_a_healthy_call_is_quiet() {
    let s = Traffic::default().call(CALL, 0, |_, _| Some(0)).with_transfers().with_office(60).seen();
    assert_eq!(troubles(&s), []);
    let rows: Vec<_> =
        s.stats.streams.iter().map(|row| (row.stream.received, row.stream.lost, row.stream.jitter, row.stream.clock)).collect();
    assert_eq!(rows, [(2_000, 0, Some([0, 0]), Some(8_000)); 2]);
    assert!(s.stats.streams.iter().all(|row| row.stream.opinion_score().is_some_and(|score| (4.3..4.5).contains(&score))));
}

#[test]
fn rows_of_streams_equal_what_tshark_counts() {
    let uneven = |way: u8, n: u32| match (way, n % 40) {
        (0, 11 | 12) => None,
        (0, 20) => Some(15_000),
        (1, phase) => Some(i64::from(phase) * 173),
        _ => Some(0),
    };
    let mut t = Traffic::default().call(CALL, 8, uneven);
    t.packets.sort_by_key(|p| p.0);
    let path = std::env::temp_dir().join(format!("spantop-streams-{}.pcap", std::process::id()));
    std::fs::write(&path, capture(&t.packets)).unwrap();
    let told = counted(&path, &["-d", "udp.port==16384,rtp"]);
    std::fs::remove_file(&path).unwrap();
    match told {
        Some(told) => rows_are_as_counted(&t.seen(), &told),
        None => println!("tshark is not installed: not compared"),
    }
}

/// Telephones that speak Skinny, of which some packets were copied twice.
#[test]
fn rows_of_streams_equal_what_tshark_counts_of_telephones() {
    let captures = super::support::captures::indexed().unwrap_or_default();
    let Some(capture) = captures.iter().find(|capture| capture.name == "ntop__nDPI/skinny.pcap") else { return };
    let Some(told) = counted(&capture.path, &[]) else { return };
    let settings = FileSettings { paths: vec![capture.path.clone()], ..FileSettings::default() };
    let source = file::open(&settings).unwrap();
    let s = super::engine::run(source, &super::Settings::default(), Default::default()).unwrap().result;
    rows_are_as_counted(&s, &told);
}
