//! A live port on which something goes wrong and is mended: findings come, hold and go, while the totals remain those of the whole run.

mod support;

use spantop::Result;
use spantop::capture::{Block, Fill, Source, SourceInfo};
use spantop::engine::{Engine, Settings};
use spantop::model::{LinkType, Timestamp};
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
                assert_eq!(s.losses.late_packets, 0, "a replay's quiet moments do not move its clock");
                return s;
            }
            assert!(begun.elapsed().as_secs() < 30, "{} of {} packets", s.mirror.link.packets, self.sent);
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// 20 s of a network in which nothing is lost. IPv6 too, whose packets have no identification: that copies have ended must be noticed.
fn network() -> Vec<network::Passing> {
    let seconds = STEP as f64 - 1.0;
    let frames = network::run(&Plan { connections: 300, segments: 40, loss_after: 0.0, ipv6: 0.3, seconds, ..Plan::default() });
    frames.into_iter().filter(|f| f.time < STEP * 1_000_000_000).collect()
}

fn clean() -> Vec<Copied> {
    mirror::span(&network(), |port| port >= 100, true, true)
}

fn active(s: &Snapshot) -> Vec<&'static str> {
    s.findings.iter().filter(|f| f.active).map(|f| f.id).collect()
}

#[test]
fn duplication_that_stops() {
    let mut port = Port::new();
    assert_eq!(active(&port.step(clean())), [""; 0]);
    let twice = mirror::span(&network(), |_| true, true, true);
    let once = port.step(twice.clone());
    assert_eq!(active(&once), ["dup.some"], "a third of the last minute");
    let again = port.step(twice.clone());
    assert_eq!(active(&again), ["dup.some"]);
    let [first, second] = [&once, &again].map(|s| s.findings[0].clone());
    assert!(second.first == first.first && second.last > first.last && second.evidence != first.evidence, "it is brought up to date");
    port.step(twice.clone());
    assert_eq!(active(&port.step(twice)), ["dup.every"], "now all of the last minute");
    let copies = port.engine.latest().mirror.duplicates.traffic.packets;
    let mended: Vec<_> = (0..5).map(|_| port.step(clean())).collect();
    assert_eq!(active(&mended[0]), ["dup.every"], "not every packet any more, but nearly");
    assert_eq!(active(&mended[1]), ["dup.some"], "a part of the last minute");
    assert_eq!(active(mended.last().unwrap()), [""; 0]);
    let last = mended.last().unwrap();
    let mut listed: Vec<_> = last.findings.iter().map(|f| f.id).collect();
    listed.sort_unstable();
    assert_eq!(listed, ["dup.every", "dup.some"], "what was found stays listed");
    assert_eq!(last.mirror.duplicates.traffic.packets, copies, "totals are of the whole run");
    assert!(copies > 0 && last.mirror.trust.verdict == "good", "{:#?}", last.mirror.trust);
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
    assert_eq!(active(last), [""; 0], "{:#?}", last.findings);
    let all = last.mirror.loss.upstream.expect("an estimate");
    assert!((0.005..0.03).contains(&all.rate) && all.low > 0.0, "the ledger is of the whole run: {all:?}");
    assert_eq!(last.mirror.trust.verdict, "good", "{:#?}", last.mirror.trust);
}

#[test]
fn a_direction_that_comes_back() {
    let mut port = Port::new();
    let half = mirror::span(&network(), |port| port >= 100, false, true);
    assert_eq!(active(&port.step(half.clone())), ["dir.half"]);
    assert_eq!(active(&port.step(half)), ["dir.half"]);
    let mended: Vec<_> = (0..5).map(|_| port.step(clean())).collect();
    assert_eq!(active(mended.last().unwrap()), [""; 0], "{:#?}", mended.last().unwrap().findings);
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
    assert!(s.number > 0 && active(&s).is_empty(), "{:?}", s.findings);
}
