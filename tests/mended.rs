//! A live port on which something goes wrong and is mended: findings come, hold and go, while the totals remain those of the whole run.

mod support;

use spantop::Result;
#[cfg(target_os = "linux")]
use spantop::capture::host::HostProbe;
use spantop::capture::{Block, Fill, Memory, Source, SourceInfo};
use spantop::engine::{self, Engine, Settings};
use spantop::model::{LinkType, Severity, Timestamp, Value, Verdict};
use spantop::snapshot::{Feed, Snapshot};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};
use support::Rng;
use support::mirror::{self, Copied};
use support::network::{self, Plan};

const START: i64 = 1_700_000_000_000_000_000;
/// Packet time between two looks.
const STEP: i64 = 20;

/// Packets that arrive when the test sends them.
struct Wire {
    arriving: Receiver<Vec<Copied>>,
    waiting: VecDeque<Copied>,
    /// Whether they come at their time by the clock on the wall.
    live: bool,
}

impl Source for Wire {
    fn fill(&mut self, block: &mut Block) -> Result<Fill> {
        if self.waiting.is_empty() {
            match self.arriving.recv_timeout(Duration::from_millis(20)) {
                Ok(more) => self.waiting.extend(more),
                Err(RecvTimeoutError::Timeout) => return Ok(Fill::Quiet),
                Err(RecvTimeoutError::Disconnected) => return Ok(Fill::End),
            }
        }
        while let Some(next) = self.waiting.front() {
            if !block.has_room(next.frame.len()) {
                break;
            }
            block.push(Timestamp(START + next.time), next.wire, LinkType::ETHERNET, 0, &next.frame);
            self.waiting.pop_front();
        }
        Ok(Fill::Packets)
    }

    fn is_live(&self) -> bool {
        self.live
    }

    fn info(&self) -> Vec<SourceInfo> {
        vec![SourceInfo { name: "test".into(), format: "live".into(), ..SourceInfo::default() }]
    }
}

/// A port in use.
struct Port {
    engine: Engine,
    wire: Sender<Vec<Copied>>,
    sent: u64,
    steps: i64,
}

impl Port {
    fn new() -> Self {
        Self::on(false)
    }

    fn on(live: bool) -> Self {
        let (wire, arriving) = channel();
        let source = Wire { arriving, waiting: VecDeque::new(), live };
        let engine = Engine::start(Box::new(source), &Settings { live: true, threads: 1, ..Settings::default() }).unwrap();
        Self { engine, wire, sent: 0, steps: 0 }
    }

    /// Lets 20 s of traffic arrive and gives the picture that holds all of it.
    fn step(&mut self, copies: Vec<Copied>) -> Arc<Snapshot> {
        let shift = self.steps * STEP * 1_000_000_000;
        self.steps += 1;
        self.sent += copies.len() as u64;
        self.wire.send(copies.into_iter().map(|c| Copied { time: c.time + shift, ..c }).collect()).unwrap();
        let begun = Instant::now();
        loop {
            let s = self.engine.latest();
            if s.mirror.link.packets == self.sent {
                assert_eq!(s.capture.losses.late_packets, 0, "a replay's quiet moments do not move its clock");
                return s;
            }
            assert!(begun.elapsed().as_secs() < 30, "{} of {} packets", s.mirror.link.packets, self.sent);
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

thread_local! {
    /// Connections begin with numbers of their own each time: what comes again with the same ones is no other connection.
    static SEED: std::cell::Cell<u64> = const { std::cell::Cell::new(1) };
}

/// 20 s of a network in which nothing is lost. IPv6 too, whose packets have no identification: that copies have ended must be noticed.
fn network() -> Vec<network::Passing> {
    let seconds = STEP as f64 - 1.0;
    let seed = SEED.with(|seed| seed.replace(seed.get() + 1));
    let frames = network::run(&Plan { seed, connections: 300, segments: 40, loss_after: 0.0, ipv6: 0.3, seconds, ..Plan::default() });
    frames.into_iter().filter(|f| f.time < STEP * 1_000_000_000).collect()
}

fn clean() -> Vec<Copied> {
    mirror::span(&network(), |port| port >= 100, true, true)
}

fn active(s: &Snapshot) -> Vec<&'static str> {
    s.diagnosis.findings.iter().filter(|f| f.active).map(|f| f.id).collect()
}

#[test]
fn duplication_that_stops() {
    let mut port = Port::new();
    assert_eq!(active(&port.step(clean())), [""; 0]);
    let twice = || mirror::span(&network(), |_| true, true, true);
    let once = port.step(twice());
    assert_eq!(active(&once), ["dup.some"], "a third of the last minute");
    let again = port.step(twice());
    assert_eq!(active(&again), ["dup.some"]);
    let [first, second] = [&once, &again].map(|s| s.diagnosis.findings[0].clone());
    assert!(second.first == first.first && second.last > first.last && second.evidence != first.evidence, "it is brought up to date");
    port.step(twice());
    port.step(twice());
    assert_eq!(active(&port.step(twice())), ["dup.every"], "now all of the last minute");
    let copies = port.engine.latest().mirror.duplicates.traffic.packets;
    let mended: Vec<_> = (0..5).map(|_| port.step(clean())).collect();
    assert_eq!(active(&mended[0]), ["dup.every"], "not every packet any more, but nearly");
    assert_eq!(active(&mended[1]), ["dup.some"], "a part of the last minute");
    assert_eq!(active(mended.last().unwrap()), [""; 0]);
    let last = mended.last().unwrap();
    let mut listed: Vec<_> = last.diagnosis.findings.iter().map(|f| f.id).collect();
    listed.sort_unstable();
    assert_eq!(listed, ["dup.every", "dup.some"], "what was found stays listed");
    // The bridge sends its own frames through six ports at once. Until it shows that copies have ended the first of these pass for some.
    let since = last.mirror.duplicates.traffic.packets - copies;
    assert!(since <= 12, "totals are of the whole run: {since} more than {copies}");
    assert!(copies > 0 && last.mirror.trust.summary == "good", "{:#?}", last.mirror.trust);
}

#[test]
fn loss_that_stops() {
    let mut port = Port::new();
    assert_eq!(active(&port.step(clean())), [""; 0]);
    let mut rng = Rng(3);
    for _ in 0..2 {
        let s = port.step(mirror::lose(clean(), &mut rng, 0.05));
        assert_eq!(active(&s), ["upstream.loss"]);
    }
    let mended: Vec<_> = (0..5).map(|_| port.step(clean())).collect();
    assert_eq!(active(&mended[0]), ["upstream.loss"], "the last minute holds it still");
    let last = mended.last().unwrap();
    assert_eq!(active(last), [""; 0], "{:#?}", last.diagnosis.findings);
    let all = last.mirror.loss.upstream.expect("an estimate");
    assert!((0.005..0.03).contains(&all.rate) && all.low > 0.0, "the ledger is of the whole run: {all:?}");
    assert_eq!(last.mirror.trust.summary, "good", "{:#?}", last.mirror.trust);
}

#[test]
fn a_direction_that_comes_back() {
    let mut port = Port::new();
    let half = || mirror::span(&network(), |port| port >= 100, false, true);
    assert_eq!(active(&port.step(half())), ["dir.half"]);
    assert_eq!(active(&port.step(half())), ["dir.half"]);
    let mended: Vec<_> = (0..5).map(|_| port.step(clean())).collect();
    assert_eq!(active(mended.last().unwrap()), [""; 0], "{:#?}", mended.last().unwrap().diagnosis.findings);
}

#[test]
fn silence_by_the_clock_on_the_wall() {
    // Packets stamped long ago: nothing has arrived since.
    let mut port = Port::on(true);
    assert_eq!(active(&port.step(clean())), ["mirror.silent"]);
    // A port that was just opened is not silent yet.
    let fresh = Port::on(true);
    let begun = Instant::now();
    while fresh.engine.latest().number == 0 && begun.elapsed().as_secs() < 5 {
        std::thread::sleep(Duration::from_millis(5));
    }
    let s = fresh.engine.latest();
    assert!(s.number > 0 && active(&s).is_empty(), "{:?}", s.diagnosis.findings);
}

/// 24 packets in 12 s, as a port receives them that is no mirror's: broadcast, multicast, and what this host itself sends and receives. The
/// loopback interface stands for the port: its address is all zero on every Linux.
fn no_mirror(others: bool) -> Memory {
    const OWN: [u8; 6] = [0; 6];
    let mut memory = Memory::new();
    for n in 0..24i64 {
        let neighbour = [2, 0, 0, 0, 0, (n % 5) as u8 + 1];
        let (source, destination) = match n % 4 {
            0 => (neighbour, [0xff; 6]),
            1 => (neighbour, [1, 0, 0x5e, 0, 0, 0xfb]),
            2 if others => (neighbour, [2, 0, 0, 0, 0, 99]),
            2 => (neighbour, OWN),
            _ => (OWN, neighbour),
        };
        let frame = [&destination[..], &source, &[0x88, 0xb5], &[n as u8; 46]].concat();
        memory.push(Timestamp(START + n * 500_000_000), LinkType::ETHERNET, frame.len() as u32, &frame);
    }
    memory
}

#[test]
#[cfg(target_os = "linux")]
fn what_this_host_sends_and_receives_is_no_mirror() {
    let probe = || Some(HostProbe { interfaces: vec!["lo".into()], ..HostProbe::default() });
    let run = |memory: Memory| {
        let settings = Settings { live: true, host: probe(), threads: 0, ..Settings::default() };
        engine::run(Box::new(memory), &settings, Default::default()).unwrap().result
    };
    let s = run(no_mirror(false));
    let found =
        s.diagnosis.findings.iter().find(|f| f.id == "mirror.none" && f.active).unwrap_or_else(|| panic!("{:#?}", s.diagnosis.findings));
    let told = |name: &str| found.evidence.iter().find(|e| e.0 == name).map(|e| e.1.clone());
    assert_eq!(["unicast_to_others", "unicast_to_this_host"].map(told), [Some(Value::Count(0)), Some(Value::Count(12))]);
    assert!(found.title.contains("this host's own packets"), "{}", found.title);
    assert_eq!(s.mirror.trust.verdict, Verdict::Bad);
    let s = run(no_mirror(true));
    assert!(s.diagnosis.findings.iter().all(|f| f.id != "mirror.none"), "a quarter is for others: {:#?}", s.diagnosis.findings);
}

/// Of a file it is not known whose port it was taken at.
#[test]
fn a_file_of_broadcast_and_multicast_says_so() {
    let mut memory = Memory::new();
    for n in 0..24i64 {
        let destination = if n % 2 == 0 { [0xff; 6] } else { [1, 0, 0x5e, 0, 0, 0xfb] };
        let frame = [&destination[..], &[2, 0, 0, 0, 0, (n % 5) as u8 + 1], &[0x88, 0xb5], &[n as u8; 46]].concat();
        memory.push(Timestamp(START + n * 500_000_000), LinkType::ETHERNET, frame.len() as u32, &frame);
    }
    let s = engine::run(Box::new(memory), &Settings::default(), Default::default()).unwrap().result;
    let found: Vec<_> = s.diagnosis.findings.iter().map(|f| (f.id, f.severity, (f.last.0 - f.first.0) / 500_000_000)).collect();
    assert_eq!(found, [("mirror.none", Severity::Note, 23)], "from the first packet to the last");
    let trust = &s.mirror.trust;
    assert_eq!(
        (trust.verdict, trust.summary.as_str()),
        (Verdict::Unknown, "only broadcast and multicast: what a port without a mirror receives")
    );
}

/// Thousands of packets that tell nothing of the mirror say what they are.
#[test]
fn it_is_said_what_was_seen_instead() {
    let of = |link: LinkType, frame: &dyn Fn(i64) -> Vec<u8>| {
        let mut memory = Memory::new();
        for n in 0..1_500i64 {
            let frame = frame(n);
            memory.push(Timestamp(START + n * 10_000_000 + n * n * 37 % 9_973), link, frame.len() as u32, &frame);
        }
        engine::run(Box::new(memory), &Settings::default(), Default::default()).unwrap().result
    };
    let ethernet = |kind: [u8; 2], rest: &[u8]| [&[2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1][..], &kind, rest].concat();
    let udp = |port: u16, payload: &[u8]| {
        let length = 8 + payload.len() as u16;
        let total = (20 + length).to_be_bytes();
        let ip = [0x45, 0, total[0], total[1], 0, 0, 0x40, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2];
        let header = [[0xc3, 0x50], port.to_be_bytes(), length.to_be_bytes(), [0, 0]].concat();
        ethernet([8, 0], &[&ip[..], &header, payload].concat())
    };
    let says = |s: &Snapshot| (s.mirror.trust.verdict, s.mirror.trust.summary.clone(), active(s));
    let unknown = |words: &str, ids: &[&'static str]| (Verdict::Unknown, words.to_owned(), ids.to_vec());
    // LINKTYPE_USER15: nobody's.
    let s = of(LinkType(162), &|n| vec![n as u8; 60]);
    assert_eq!(says(&s), unknown("link type 162 is not understood", &["link.unknown"]));
    let s = of(LinkType::ETHERNET, &|n| ethernet([0x88, 0xe5], &[&[0x2c, 0][..], &(n as u32).to_be_bytes(), &[9; 60]].concat()));
    assert_eq!(says(&s), unknown("MACsec: what is inside cannot be read", &["link.encrypted"]));
    let inner = |n: i64| ethernet([8, 6], &[&[0, 1, 8, 0, 6, 4, 0, 1][..], &(n as u32).to_be_bytes(), &[0; 40]].concat());
    let s = of(LinkType::ETHERNET, &|n| udp(12_345, &[&[8, 0, 0, 0, 0, 0, 77, 0][..], &inner(n)].concat()));
    assert_eq!(says(&s), unknown("looks like VXLAN on UDP port 12345: --decap-port 12345=vxlan", &["decap.port"]));
    assert!(s.diagnosis.findings[0].remedy.contains("--decap-port 12345=vxlan"), "{:?}", s.diagnosis.findings[0]);
    // An overlay between two hosts is no mirror's, and left on.
    let s = of(LinkType::ETHERNET, &|n| {
        let mut frame = udp(4_789, &[&[8, 0, 0, 0, 0, 0, 77, 0][..], &inner(n)].concat());
        (frame[29], frame[33]) = if n % 2 == 0 { (1, 2) } else { (2, 1) };
        frame
    });
    assert!(says(&s).1.contains("in tunnels (VXLAN)") && says(&s).1.contains("--decap all"), "{:?}", says(&s));
    let s = of(LinkType::ETHERNET, &|n| udp(9, &(n as u32).to_be_bytes()));
    assert!(says(&s).1.starts_with("no station both sends and receives"), "{:?}", says(&s));
}
