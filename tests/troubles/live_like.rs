//! What is found is found live and in the file of the same traffic alike, and whatever the load interval: every scenario is looked at again second by
//! second, and with longer intervals.

use super::{Micros, START};
use spantop::capture::{Block, Fill, Memory, Source, SourceInfo};
use spantop::engine::{self, Engine, Settings};
use spantop::model::{Finding, LinkType, Severity, Timestamp};
use spantop::snapshot::{Feed, Query, Snapshot};
use std::collections::BTreeMap;
use std::time::Duration;

/// Packets that come second by second.
struct Paced {
    packets: Vec<(Timestamp, Vec<u8>)>,
    next: usize,
}

impl Source for Paced {
    fn fill(&mut self, block: &mut Block) -> spantop::Result<Fill> {
        let second = |time: Timestamp| time.0.div_euclid(1_000_000_000);
        let Some(first) = self.packets.get(self.next).map(|p| second(p.0)) else { return Ok(Fill::End) };
        while let Some((time, frame)) = self.packets.get(self.next).filter(|p| second(p.0) == first && block.has_room(p.1.len())) {
            block.push(*time, frame.len() as u32, LinkType::ETHERNET, 0, frame);
            self.next += 1;
        }
        Ok(Fill::Packets)
    }

    fn info(&self) -> Vec<SourceInfo> {
        Vec::new()
    }
}

/// What was found of the network at any time, each with the worst it was.
fn found(s: &Snapshot) -> BTreeMap<(&'static str, String), Severity> {
    let network = s.diagnosis.findings.iter().filter(|f| spantop::diagnose::aspect(f.id).is_none());
    network.map(|f| ((f.id, f.subject.to_string()), f.severity)).collect()
}

/// Looks at traffic with longer load intervals, and finds in it what is found with those of a second: load is all that they are of.
pub(super) fn tells_the_same_by_any_interval(memory: &Memory, settings: &Settings, of_file: &Snapshot) {
    let network = |s: &Snapshot| {
        let of_network = |f: &&Finding| spantop::diagnose::aspect(f.id).is_none();
        s.diagnosis.findings.iter().filter(of_network).cloned().collect::<Vec<_>>()
    };
    for seconds in [60] {
        let mut settings = settings.clone();
        settings.load.interval = seconds * 1_000_000_000;
        let outcome = engine::run(Box::new(memory.clone()), &settings, Default::default()).unwrap();
        assert_eq!(network(&outcome.result), network(of_file), "intervals of {seconds} s, and of one");
    }
}

/// Looks at traffic second by second, and finds what is found in the file of it.
pub(super) fn tells_the_same(packets: &[(Micros, Vec<u8>)], settings: &Settings, of_file: &Snapshot) {
    let packets = packets.iter().map(|(at, frame)| (Timestamp(START + at * 1_000), frame.clone())).collect();
    let settings = Settings {
        live: true,
        threads: 0,
        tick: Some(Duration::ZERO),
        query: Query { rows: 1, ..Query::everything() },
        ..settings.clone()
    };
    let engine = Engine::start(Box::new(Paced { packets, next: 0 }), &settings).unwrap();
    while !engine.latest().finished {
        assert!(engine.failure().is_none(), "{:?}", engine.failure());
        std::thread::sleep(Duration::from_millis(5));
    }
    let above = |s: &Snapshot| found(s).into_iter().filter(|f| f.1 > Severity::Note).map(|f| f.0).collect::<Vec<_>>();
    assert_eq!(above(&engine.latest()), above(of_file), "second by second, and as a file");
}
