//! Equal packets that are kept, one behind the other: so many of them are a flood, and no packet that its sender repeats.

use super::REACH;
use crate::model::Traffic;

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
