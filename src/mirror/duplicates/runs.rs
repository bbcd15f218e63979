//! Equal packets that are kept, one behind the other: so many of them are a flood, and no packet that its sender repeats.

use super::REACH;
use super::table::MOST_COPIES;
use crate::model::Traffic;
use crate::model::time::SECOND;

/// Runs remembered, by their key: a flood comes again before others take its place.
const RUNS: usize = 16;

/// Equal packets in a row from which on all of them are a flood: no sender repeats a request so often within a third of a second each.
const FLOOD: u64 = 16;

/// The same of TCP segments without data: a receiver may acknowledge the same for as many segments as are on their way.
const LIGHT_FLOOD: u64 = 256;

/// Equal packets in a row.
#[derive(Debug, Clone, Copy, Default)]
struct Run {
    key: u64,
    last: i64,
    traffic: Traffic,
}

/// The latest runs.
#[derive(Debug, Default)]
pub(super) struct Runs([Run; RUNS]);

impl Runs {
    /// A further packet equal to one before it, of `wire` bytes, is kept: what of its run is to be counted as a flood now, once it is one: with the
    /// packet that makes it one those before it.
    pub fn another(&mut self, key: u64, light: bool, now: i64, wire: u32) -> Option<Traffic> {
        let run = self.0.get_mut((key >> 24) as usize % RUNS)?;
        if run.key != key || now.abs_diff(run.last) > REACH as u64 {
            *run = Run { key, ..Run::default() };
        }
        run.last = now;
        run.traffic.count(wire);
        let least = if light { LIGHT_FLOOD } else { FLOOD };
        match run.traffic.packets {
            n if n < least => None,
            n if n == least => Some(run.traffic),
            _ => Some(Traffic { packets: 1, wire_bytes: wire.into() }),
        }
    }
}

/// Equal frames to a group, one behind the other or in bursts.
#[derive(Debug, Clone, Copy, Default)]
struct GroupBurst {
    key: u64,
    first: i64,
    last: i64,
    frames: u32,
}

/// The latest bursts of frames to groups, of which it is not known how often this mirror brings them: more equal ones than a switch has ports, each
/// within a third of a second of the one before, are no copies of one.
#[derive(Debug, Default)]
pub(super) struct GroupBursts([GroupBurst; RUNS]);

impl GroupBursts {
    /// A frame that equals one before it.
    pub fn note(&mut self, key: u64, now: i64) {
        let Some(burst) = self.0.get_mut((key >> 24) as usize % RUNS) else { return };
        if burst.key != key || now.abs_diff(burst.last) > REACH as u64 {
            *burst = GroupBurst { key, first: now, ..GroupBurst::default() };
        }
        burst.last = now;
        burst.frames = burst.frames.saturating_add(1);
    }

    fn of(&self, key: u64) -> Option<&GroupBurst> {
        let burst = self.0.get((key >> 24) as usize % RUNS)?;
        (burst.key == key && burst.frames > u32::from(MOST_COPIES)).then_some(burst)
    }

    /// Whether frames with this key are traffic.
    pub fn is_storm(&self, key: u64) -> bool {
        self.of(key).is_some()
    }

    /// Whether they have been for so long that other frames would have told by now how often they come.
    pub fn lasts(&self, key: u64) -> bool {
        self.of(key).is_some_and(|burst| burst.last.saturating_sub(burst.first) >= SECOND)
    }
}
