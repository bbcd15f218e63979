//! The questions people come with. The program answers each of them in a terminal of 120×40, within three keys and five seconds: on captures,
//! and on a port on which the same office is played.

mod support;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use support::namespace::{inside, needs, pair};
use support::packet::control::full_cdp;
use support::packet::file::pcap;
use support::packet::message::dns;
use support::packet::{ACK, FIN, PSH, Packet, RST, SYN};
use support::tty::{PROGRAM, Tty};

/// 2023-11-14 22:13:20 UTC, in microseconds.
const START: i64 = 1_700_000_000 * S;
/// A second, in microseconds.
const S: i64 = 1_000_000;
/// Seconds of the office.
const LENGTH: i64 = 60;
/// How long an answer may take.
const SOON: Duration = Duration::from_secs(5);

/// Packets and their times in microseconds, in any order.
#[derive(Default)]
struct Office {
    packets: Vec<(i64, Vec<u8>)>,
    id: u16,
}

fn address(host: u8) -> [u8; 4] {
    [10, 1, 0, host]
}

fn mac(host: u8) -> [u8; 6] {
    [2, 0, 0, 0, 1, host]
}

impl Office {
    fn push(&mut self, at: i64, packet: Packet) {
        self.packets.push((at, packet.build()));
    }

    /// An IP packet in a VLAN, 0 for none.
    fn ip(&mut self, vlan: u16, from: u8, to: u8) -> Packet {
        self.id = self.id.wrapping_add(1);
        let packet = Packet::eth(mac(from), mac(to));
        let packet = if vlan > 0 { packet.vlan(vlan) } else { packet };
        packet.ip(address(from), address(to)).id(self.id)
    }

    /// A segment; numbers are relative to each side's first.
    fn segment(&mut self, at: i64, [from, to]: [(u8, u16); 2], flags: u8, (seq, ack): (u32, u32), bytes: usize) {
        let packet = self.ip(0, from.0, to.0).tcp(from.1, to.1).seq(1_000 * u32::from(from.1) + seq);
        let packet = packet.ack(1_000 * u32::from(to.1) + ack).flags(flags).payload(&vec![b'x'; bytes]);
        self.push(at, packet);
    }

    fn opened(&mut self, at: i64, client: (u8, u16), server: (u8, u16)) {
        self.segment(at, [client, server], SYN, (0, 0), 0);
        self.segment(at + 400, [server, client], SYN | ACK, (0, 1), 0);
        self.segment(at + 600, [client, server], ACK, (1, 1), 0);
    }

    /// A connection with a request that is answered after `wait`.
    fn request(&mut self, at: i64, client: (u8, u16), server: (u8, u16), wait: i64) {
        let (there, back) = ([client, server], [server, client]);
        self.opened(at, client, server);
        let head = format!("GET /{} HTTP/1.1\r\nHost: files.example\r\n\r\n", client.1);
        let numbers = |packet: Packet, seq: u32, ack: u32, [from, to]: [(u8, u16); 2]| {
            packet.seq(1_000 * u32::from(from.1) + seq).ack(1_000 * u32::from(to.1) + ack).flags(PSH | ACK)
        };
        let asks = self.ip(0, client.0, server.0).tcp(client.1, server.1);
        let asks = numbers(asks, 1, 1, there).payload(head.as_bytes());
        self.push(at + 700, asks);
        let sent = 1 + head.len() as u32;
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfine";
        let answers = self.ip(0, server.0, client.0).tcp(server.1, client.1);
        let answers = numbers(answers, 1, sent, back).payload(answer);
        self.push(at + 1_100 + wait, answers);
        let got = 1 + answer.len() as u32;
        self.segment(at + 1_500 + wait, there, FIN | ACK, (sent, got), 0);
        self.segment(at + 1_900 + wait, back, FIN | ACK, (got, sent + 1), 0);
        self.segment(at + 2_100 + wait, there, ACK, (sent + 1, got + 1), 0);
    }

    fn refused(&mut self, at: i64, client: (u8, u16), server: (u8, u16)) {
        self.segment(at, [client, server], SYN, (0, 0), 0);
        self.segment(at + 300, [server, client], RST | ACK, (0, 1), 0);
    }

    fn query(&mut self, at: i64, client: u8, server: u8, id: u16, wait: i64) {
        let (name, port) = (format!("host{id}.example.org"), 20_000 + id);
        let query = self.ip(0, client, server).udp(port, 53).payload(&dns(id, &name, None));
        self.push(at, query);
        let reply = self.ip(0, server, client).udp(53, port).payload(&dns(id, &name, Some([192, 0, 2, 1].into())));
        self.push(at + wait, reply);
    }

    /// A thousand bytes in one direction, so many times a second.
    fn stream(&mut self, vlan: u16, [from, to]: [u8; 2], seconds: std::ops::Range<i64>, rate: i64) {
        for n in seconds.start * rate..seconds.end * rate {
            let packet = self.ip(vlan, from, to).udp(7_000, 7_001).payload(&[from; 1_000]);
            self.push(n * S / rate, packet);
            if n % rate == 0 {
                let packet = self.ip(vlan, to, from).udp(7_001, 7_000).payload(b"still here");
                self.push(n * S / rate + 1_000, packet);
            }
        }
    }

    /// A transfer of which every 25th segment is lost behind the mirrored port, and sent again.
    fn lossy(&mut self, at: i64, client: (u8, u16), server: (u8, u16)) {
        let (there, back) = ([client, server], [server, client]);
        self.opened(at, client, server);
        for n in 0..500u32 {
            let time = at + 1_000 + i64::from(n) * 1_000;
            self.segment(time, back, PSH | ACK, (1 + n * 100, 1), 100);
            let hit = n / 25 * 25 + 24;
            if n == hit && n < 490 {
                self.segment(time + 6_000, back, PSH | ACK, (1 + n * 100, 1), 100);
            }
            // Until it comes again the client asks for what is missing.
            let lacks = (n / 25 * 25).checked_sub(1).filter(|last| n - last <= 6 && *last < 490);
            let next = if n == hit { n } else { lacks.unwrap_or(n + 1) };
            self.segment(time + 200, there, ACK, (1, 1 + next * 100), 0);
        }
    }

    /// An office in which everything is wrong that people ask about.
    fn troubled() -> Self {
        let mut t = Self::calm();
        for at in (0..LENGTH).step_by(10) {
            t.packets.push((at * S, full_cdp(mac(200), "sw-core-1", "Gi1/0/24", 1, true)));
        }
        // Most of the minute belongs to one, the last ten seconds to another.
        t.stream(20, [60, 61], 0..44, 120);
        t.stream(10, [62, 63], 48..LENGTH, 240);
        for n in 0..90 {
            t.query(n * S / 2 + 30_000, 1 + n as u8 % 4, 53, 1_000 + n as u16, if n % 4 == 0 { 900_000 } else { 1_000 });
        }
        for n in 0..30 {
            t.refused(n * S + 40_000, (1 + n as u8 % 3, 5_000 + n as u16), (9, 8_080));
            t.request(n * S + 50_000, (1 + n as u8 % 4, 6_000 + n as u16), (71, 8_000), 2_000_000);
        }
        for n in 0..10 {
            t.lossy(n * 2 * S + 60_000, (30, 5_500 + n as u16), (31, 9_000));
        }
        for n in 0..12_000i64 {
            t.id = t.id.wrapping_add(1);
            let packet = Packet::eth(mac(77), [0xff; 6]).ip(address(77), [255; 4]).id(t.id).udp(5_005, 5_005);
            t.push(20 * S + n * 667, packet.payload(&n.to_be_bytes()));
        }
        for n in 0..150 {
            let packet = t.ip(20, 60, 61).udp(7_000, 7_001).payload(&[60; 1_000]);
            t.push(40 * S + n * 6, packet);
        }
        t
    }

    /// A link of 2 Mb/s that is full for 20 s.
    fn full_link() -> Self {
        let mut t = Self::default();
        for n in 0..LENGTH {
            t.query(n * S, 201, 251, n as u16, 2_000);
        }
        for n in 0..20 * 163i64 {
            let packet = t.ip(0, 41, 42).udp(5_000, 5_000).payload(&n.to_be_bytes().repeat(184));
            t.push(30 * S + n * S / 163, packet);
        }
        t
    }

    /// The same office on a calm day.
    fn calm() -> Self {
        let mut t = Self::default();
        for n in 0..LENGTH * 2 {
            let (at, client) = (n * S / 2 + 17_000, 201 + (n % 4) as u8);
            t.request(at, (client, 30_000 + n as u16), (250, 80), 3_000);
            t.query(at + 100_000, client, 251, n as u16, 2_000);
        }
        t
    }

    fn write(mut self, path: &Path) {
        self.packets.sort_by_key(|p| p.0);
        let packets = self.packets.iter().map(|(at, frame)| ((START + at) * 1_000, frame.as_slice()));
        std::fs::write(path, pcap(packets)).expect("a temporary file");
    }
}

/// A capture in a directory of its own, and the program on it.
struct Asked {
    tty: Tty,
    folder: PathBuf,
}

impl Drop for Asked {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Sends the frames of an office on a port, so many times as fast as they came; who is late makes up for it.
fn play(mut office: Office, device: &str, times: f64) -> JoinHandle<()> {
    office.packets.sort_by_key(|packet| packet.0);
    let mut port = pcap::Capture::from_device(device).and_then(pcap::Capture::open).expect("a port to send on");
    std::thread::spawn(move || {
        let begun = Instant::now();
        for (at, frame) in office.packets {
            let due = Duration::from_secs_f64(at as f64 / S as f64 / times);
            std::thread::sleep(due.saturating_sub(begun.elapsed()));
            // A test that has failed takes its port along.
            if port.sendpacket(frame).is_err() {
                return;
            }
        }
    })
}

/// Shows a capture: as it lies on the disk, or with `options`. FILE stands for it, DIR for its directory.
fn show(name: &str, office: Office, options: &str) -> Option<Asked> {
    let folder = std::env::temp_dir().join(format!("spantop-questions-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).ok()?;
    office.write(&folder.join("today.pcap"));
    Office::calm().write(&folder.join("yesterday.pcap"));
    let place = folder.display().to_string();
    let command = format!("TZ=UTC XDG_CONFIG_HOME={place} exec SPANTOP {options}").replace("FILE", &format!("{place}/today.pcap"));
    let tty = Tty::sized(&format!("ask-{name}"), &command.replace("DIR", &place), (120, 40))?;
    Some(Asked { tty, folder })
}

impl Asked {
    fn ready(&self, text: &str) {
        assert!(self.tty.shows(text), "no {text:?}:\n{}", self.tty.screen());
    }

    /// The row `below` the line that has a text, without the blanks before it.
    fn row(&self, text: &str, below: usize) -> String {
        self.ready(text);
        let screen = self.tty.screen();
        let at = screen.lines().position(|line| line.contains(text)).expect("a line that was there");
        screen.lines().nth(at + below).expect("a row").trim_start().to_owned()
    }

    /// Of the hosts by their rate in the last minute those two stand first that had most of it.
    fn shows_the_busiest(&self) {
        let first = self.row("▾ 1 min", 1);
        assert!(first.starts_with("10.1.0.60 ") || first.starts_with("10.1.0.61 "), "two keys: {first}\n{}", self.tty.screen());
    }

    /// Presses at most three keys; within five seconds a line has all of these words.
    fn answers(&self, question: &str, keys: &[&str], words: &[&str]) {
        assert!(keys.len() <= 3, "{question}: {keys:?} are too many keys");
        let begun = Instant::now();
        for key in keys {
            self.tty.keys(&[key]);
            // tmux hands over keys that come at once as one piece of input, where Escape and a letter are another key.
            std::thread::sleep(Duration::from_millis(60));
        }
        let line = |screen: &str| screen.lines().any(|line| words.iter().all(|word| line.contains(word)));
        loop {
            let screen = self.tty.screen();
            if line(&screen) {
                break;
            }
            assert!(begun.elapsed() < SOON, "{question}: no line with {words:?} after {keys:?}:\n{screen}");
            std::thread::sleep(Duration::from_millis(50));
        }
        // Back to where one begins.
        self.tty.keys(&["Escape"]);
        std::thread::sleep(Duration::from_millis(100));
        self.tty.keys(&["Escape"]);
        std::thread::sleep(Duration::from_millis(100));
        self.tty.keys(&["1"]);
    }
}

#[test]
fn what_is_wrong_and_with_whom() {
    let Some(asked) = show("wrong", Office::troubled(), "FILE") else { return };
    asked.ready("read to the end");
    asked.answers("Which DNS server is slow?", &["6"], &["Name server 10.1.0.53 answers slowly"]);
    asked.answers("Which server refuses?", &["6"], &["10.1.0.9:8080 refuses"]);
    asked.answers("Is there a storm, and who sends it?", &["6"], &["broadcasts a second, all from 02:00:00:00:01:4d"]);
    asked.answers("Why is 10.1.0.71 slow? The server takes its time", &["5"], &["10.1.0.71:8000", "2.0 s", "400 µs"]);
    asked.answers("Which switch and port am I on?", &[], &["sw-a Gi1/0/24"]);
    asked.answers("Retransmissions: between whom?", &["4", "s"], &["10.1.0.30:", "10.1.0.31:9000", " %"]);
    asked.answers("When was the worst burst?", &["w"], &["the busiest millisecond", "at 22:14:00"]);
}

#[test]
fn the_busiest_vlan_stands_first() {
    let Some(asked) = show("vlan", Office::troubled(), "FILE") else { return };
    asked.ready("read to the end");
    asked.tty.keys(&["0"]);
    let first = asked.row("─ VLANs", 2);
    assert!(first.starts_with("20 "), "{first}\n{}", asked.tty.screen());
}

#[test]
fn whether_the_link_is_full() {
    let Some(asked) = show("link", Office::full_link(), "--speed 2M FILE") else { return };
    asked.ready("read to the end");
    asked.answers("Is the uplink saturated?", &["6"], &["The link of 2.00 Mb/s is full"]);
}

#[test]
fn who_talks_most_live() {
    let Some(asked) = show("live", Office::troubled(), "--replay=20 FILE") else { return };
    // At the end of the minute.
    asked.ready("00:00:59");
    std::thread::sleep(Duration::from_millis(700));
    asked.tty.keys(&["3"]);
    asked.ready("─ Hosts");
    asked.tty.keys(&["s"]);
    asked.shows_the_busiest();
}

#[test]
fn the_packets_of_a_conversation_are_a_file_after_three_keys() {
    let Some(asked) = show("packets", Office::troubled(), "--save-dir DIR FILE") else { return };
    asked.ready("read to the end");
    asked.answers("The packets of that conversation, please", &["4", "Down", "W"], &["saved ", "spantop-0001.pcapng"]);
    let saved = asked.folder.join("spantop-0001.pcapng");
    let listed = Command::new(PROGRAM).args(["packets", "--format", "json"]).arg(&saved).output().expect("the program");
    let lines: Vec<serde_json::Value> =
        String::from_utf8_lossy(&listed.stdout).lines().map(|line| serde_json::from_str(line).expect("an object")).collect();
    let ends = |line: &serde_json::Value| {
        let mut ends =
            [(&line["source"], &line["source_port"]), (&line["destination"], &line["destination_port"])].map(|e| format!("{e:?}"));
        ends.sort();
        ends
    };
    let first = ends(lines.first().expect("packets"));
    assert!(lines.len() > 10 && lines.iter().all(|line| ends(line) == first), "one conversation: {} packets", lines.len());
    if Command::new("capinfos").arg("-v").output().is_ok() {
        assert!(Command::new("capinfos").arg(&saved).output().is_ok_and(|o| o.status.success()), "capinfos takes it");
    }
}

/// Whoever watches a port, or what comes through a pipe, has not opened the list of packets before.
#[test]
fn the_packets_of_a_conversation_are_a_file_while_more_come() {
    for (name, key) in [("conversation", "4"), ("host", "3"), ("span", "w")] {
        let options = "--save-dir DIR --follow FILE";
        let Some(asked) = show(&format!("coming-{name}"), Office::troubled(), options) else { return };
        asked.ready("00:00:59");
        std::thread::sleep(Duration::from_millis(700));
        let keys: &[&str] = if key == "w" { &["w", "W"] } else { &[key, "Down", "W"] };
        asked.answers("The packets of that, please", keys, &["saved ", "spantop-0001.pcapng"]);
        let listed = Command::new(PROGRAM).args(["packets"]).arg(asked.folder.join("spantop-0001.pcapng")).output().expect("the program");
        assert!(String::from_utf8_lossy(&listed.stdout).lines().count() > 3, "{name}: {listed:?}");
    }
}

#[test]
fn what_changed_since_yesterday() {
    for (name, how) in [("file", "FILE"), ("replayed", "--replay=30 FILE")] {
        let Some(asked) = show(&format!("changed-{name}"), Office::troubled(), &format!("--compare DIR/yesterday.pcap {how}")) else {
            return;
        };
        asked.ready(if name == "file" { "read to the end" } else { "00:00:59" });
        asked.answers("What changed? A server is slow now", &["D"], &["new", "finding", "Name server 10.1.0.53 answers slowly"]);
        asked.answers("What changed? Somebody sends a lot", &["D"], &["new", "host", "10.1.0.60"]);
    }
}

/// Every question on a port while the office is played on it, half as fast again as it happened.
#[test]
fn each_question_is_answered_on_a_port() {
    let test = "each_question_is_answered_on_a_port";
    if !inside(test) || !needs(test, &["tmux"]) {
        return;
    }
    pair("office", "span");
    let options = "-i span --save-dir DIR --compare DIR/yesterday.pcap --no-sandbox";
    let Some(asked) = show("port", Office::troubled(), options) else { return };
    asked.ready("span");
    let played = play(Office::troubled(), "office", 1.5);
    // The stream in VLAN 20 ends at second 29, and another begins in VLAN 10 at 32.
    std::thread::sleep(Duration::from_secs(26));
    asked.tty.keys(&["0"]);
    let first = asked.row("─ VLANs", 2);
    assert!(first.starts_with("20 "), "Which VLAN carries most? {first}\n{}", asked.tty.screen());
    std::thread::sleep(Duration::from_secs(8));
    asked.answers("Which DNS server is slow?", &["6"], &["Name server 10.1.0.53 answers slowly"]);
    asked.answers("Which server refuses?", &["6"], &["10.1.0.9:8080 refuses"]);
    asked.answers("Is there a storm, and who sends it?", &["6"], &["broadcasts a second, all from 02:00:00:00:01:4d"]);
    asked.answers("Why is 10.1.0.71 slow? The server takes its time", &["5"], &["10.1.0.71:8000", "http", " s "]);
    asked.answers("Which switch and port am I on?", &[], &["sw-a Gi1/0/24"]);
    asked.answers("Who talks most?", &["3", "s"], &["▾ 1 min"]);
    asked.tty.keys(&["3"]);
    asked.shows_the_busiest();
    asked.answers("Retransmissions: between whom?", &["4", "s", "s"], &["10.1.0.30:", "10.1.0.31:9000", " %"]);
    asked.answers("When was the worst burst?", &["w"], &["the busiest millisecond"]);
    asked.answers("What changed since yesterday?", &["D"], &["new", "finding", "Name server 10.1.0.53 answers slowly"]);
    asked.answers("The packets of that conversation, please", &["4", "Down", "W"], &["saved ", "spantop-0001.pcapng"]);
    let listed = Command::new(PROGRAM).arg("packets").arg(asked.folder.join("spantop-0001.pcapng")).output().expect("the program");
    assert!(String::from_utf8_lossy(&listed.stdout).lines().count() > 3, "{listed:?}");
    played.join().expect("all was played");
}

/// The link is full for 20 s, from two seconds behind the beginning on.
#[test]
fn whether_the_link_is_full_on_a_port() {
    let test = "whether_the_link_is_full_on_a_port";
    if !inside(test) || !needs(test, &["tmux"]) {
        return;
    }
    pair("office", "span");
    let Some(asked) = show("full-port", Office::full_link(), "-i span --speed 2M --no-sandbox") else { return };
    asked.ready("span");
    let mut full = Office::full_link();
    full.packets.retain(|packet| packet.0 >= 28 * S);
    full.packets.iter_mut().for_each(|packet| packet.0 -= 28 * S);
    let played = play(full, "office", 1.0);
    std::thread::sleep(Duration::from_secs(20));
    asked.answers("Is the uplink saturated?", &["6"], &["The link of 2.00 Mb/s is full"]);
    played.join().expect("all was played");
}
