//! Packets that come second by second, as they do on a port.

use spantop::capture::{Block, Fill, Source, SourceInfo};
use spantop::engine::{Engine, Settings};
use spantop::model::{LinkType, Timestamp};
use spantop::snapshot::{Feed, Query, Snapshot};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// The source of them.
struct Paced {
    packets: Vec<(Timestamp, Vec<u8>)>,
    next: usize,
    /// Says when the next second may come; without it as soon as it is asked for.
    go: Option<Receiver<()>>,
}

impl Source for Paced {
    fn fill(&mut self, block: &mut Block) -> spantop::Result<Fill> {
        if self.go.as_ref().is_some_and(|go| go.recv().is_err()) {
            return Ok(Fill::End);
        }
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

/// What is seen at the end of packets in their order that were looked at second by second.
pub fn second_by_second(packets: Vec<(Timestamp, Vec<u8>)>, settings: &Settings) -> Arc<Snapshot> {
    let settings = Settings {
        live: true,
        threads: 0,
        tick: Some(Duration::ZERO),
        query: Query { rows: 1, ..Query::everything() },
        ..settings.clone()
    };
    let engine = Engine::start(Box::new(Paced { packets, next: 0, go: None }), &settings).unwrap();
    while !engine.latest().finished {
        assert!(engine.failure().is_none(), "{:?}", engine.failure());
        std::thread::sleep(Duration::from_millis(5));
    }
    engine.latest()
}

/// What a query shows of them at the end of each second but the last, which ends the capture.
pub fn every_second(packets: Vec<(Timestamp, Vec<u8>)>, query: &Query, threads: usize) -> Vec<Arc<Snapshot>> {
    let settings = Settings { live: true, threads, tick: Some(Duration::ZERO), query: query.clone(), ..Settings::default() };
    let times: Vec<i64> = packets.iter().map(|p| p.0.0.div_euclid(1_000_000_000)).collect();
    let (tell, go) = channel();
    let engine = Engine::start(Box::new(Paced { packets, next: 0, go: Some(go) }), &settings).unwrap();
    // It goes first, whatever happens: the source waits for it.
    let tell = tell;
    let mut out = Vec::new();
    // How many packets there are when a second ends.
    let ends = (1..times.len()).filter(|&n| times[n] != times[n - 1]).map(|n| n as u64);
    for all in ends {
        tell.send(()).unwrap();
        while engine.latest().stats.total.packets < all {
            assert!(engine.failure().is_none(), "{:?}", engine.failure());
            std::thread::sleep(Duration::from_millis(1));
        }
        out.push(engine.latest());
    }
    out
}
