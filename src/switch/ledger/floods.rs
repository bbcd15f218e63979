//! Seconds in which frames to many came at a rate that no healthy link knows.

use super::trouble;
use crate::model::evidence::{PAUSE_RATE, STORM_RATE, SwitchTrouble, SwitchTroubleKind};
use crate::model::limits::{STORM_SENDERS, STORMS};
use crate::model::time::SECOND;
use crate::model::{Episode, Flood, FloodSecond, Mac, Subject, Timestamp};
use std::collections::BTreeMap;

/// Nanoseconds after its last such second in which a storm still counts.
const LASTS: i64 = 15 * SECOND;

/// Seconds behind the latest at which more frames are of a clock that was set back than came since.
const BEHIND: i64 = 2;

/// Frames of one kind in one VLAN.
#[derive(Debug, Default)]
struct Storm {
    /// The second that is being added up, its frames, and who sent them.
    second: i64,
    frames: u64,
    senders: Senders,
    /// Seconds at a high rate that follow each other.
    run: Option<Run>,
}

/// Stations that send, and how much; beyond the cap those are known that began first.
#[derive(Debug, Clone, Default)]
struct Senders(BTreeMap<Mac, u64>);

impl Senders {
    fn add(&mut self, sender: Mac, frames: u64) {
        if self.0.len() < STORM_SENDERS || self.0.contains_key(&sender) {
            let sum = self.0.entry(sender).or_default();
            *sum = sum.saturating_add(frames);
        }
    }

    /// Who sent most, and how much; of equal ones the first.
    fn most(&self) -> (Mac, u64) {
        self.0.iter().max_by_key(|(mac, frames)| (**frames, std::cmp::Reverse(**mac))).map_or((Mac::default(), 0), |(mac, n)| (*mac, *n))
    }
}

/// The first and last second, the highest rate, all frames, and who sent them.
#[derive(Debug, Clone)]
struct Run {
    first: i64,
    last: i64,
    peak: u64,
    frames: u64,
    senders: Senders,
}

/// All of them, by kind, VLAN and, where it is the station's own affair, station.
#[derive(Debug, Default)]
pub struct Storms {
    list: BTreeMap<(Flood, u16, Option<Mac>), Storm>,
}

impl Storms {
    /// Takes in what a shard counted in a second; false where there is no room. Seconds come in order, but for a few.
    pub fn take(&mut self, told: &FloodSecond) -> bool {
        let key = (told.kind, told.vlan, (told.kind == Flood::Pause).then_some(told.source));
        if !self.list.contains_key(&key) && self.list.len() >= STORMS {
            return false;
        }
        let storm = self.list.entry(key).or_default();
        let is_step = storm.second - told.second > BEHIND && told.frames > storm.frames;
        if told.second < storm.second && !is_step {
            storm.late(told);
            return true;
        }
        if told.second != storm.second {
            storm.end(rate(told.kind));
            storm.second = told.second;
        }
        storm.frames = storm.frames.saturating_add(told.frames);
        storm.senders.add(told.source, told.frames);
        true
    }

    /// What was unhealthy lately.
    pub fn troubles(&self, now: Timestamp, out: &mut Vec<SwitchTrouble>) {
        for ((kind, vlan, _), storm) in &self.list {
            let Some(Run { first, last, peak, frames, senders }) = storm.run_with_open(rate(*kind)) else { continue };
            let (who, most) = senders.most();
            let at = |second: i64| Timestamp(second.saturating_mul(SECOND));
            if now.since(at(last + 1)) > LASTS {
                continue;
            }
            let (kind, subject) = match (kind, vlan) {
                // Of groups: see there.
                (Flood::Stream, _) => continue,
                (Flood::Pause, _) => (SwitchTroubleKind::Pauses, Subject::Station(who)),
                (Flood::Broadcast, 0) => (SwitchTroubleKind::Broadcasts, Subject::Network),
                (Flood::Broadcast, id) => (SwitchTroubleKind::Broadcasts, Subject::Vlan(*id & 0x0fff)),
                (Flood::LinkMulticast, 0) => (SwitchTroubleKind::LinkMulticasts, Subject::Network),
                (Flood::LinkMulticast, id) => (SwitchTroubleKind::LinkMulticasts, Subject::Vlan(*id & 0x0fff)),
            };
            let seconds = (last - first + 1).max(1) as u64;
            out.push(SwitchTrouble {
                vlan: Some(*vlan & 0x0fff).filter(|id| *id != 0),
                who: who.to_string(),
                measure: peak as f64,
                vlans: frames.saturating_add(seconds / 2) / seconds,
                recent: senders.0.len() as u64,
                share: most as f64 / frames.max(1) as f64,
                ..trouble(kind, subject, seconds, Episode { first: at(first), last: at(last + 1) })
            });
        }
    }
}

fn rate(kind: Flood) -> u64 {
    if kind == Flood::Pause { PAUSE_RATE.number() } else { STORM_RATE.number() }
}

impl Storm {
    /// The run, with the second that is being added up.
    fn run_with_open(&self, rate: u64) -> Option<Run> {
        if self.frames < rate {
            return self.run.clone();
        }
        let begun = || Run { first: self.second, last: self.second, peak: 0, frames: 0, senders: Senders::default() };
        let mut run = self.run.clone().filter(|run| (run.first..=run.last + 1).contains(&self.second)).unwrap_or_else(begun);
        (run.last, run.peak) = (run.last.max(self.second), run.peak.max(self.frames));
        run.frames = run.frames.saturating_add(self.frames);
        self.senders.0.iter().for_each(|(mac, frames)| run.senders.add(*mac, *frames));
        Some(run)
    }

    /// Takes in frames of a second that has been added up.
    fn late(&mut self, told: &FloodSecond) {
        let run = self.run.as_mut().filter(|run| (run.first..=run.last).contains(&told.second));
        if let Some(run) = run {
            run.frames = run.frames.saturating_add(told.frames);
            run.senders.add(told.source, told.frames);
        }
    }

    fn end(&mut self, rate: u64) {
        if self.frames >= rate {
            self.run = self.run_with_open(rate);
        }
        (self.frames, self.senders) = (0, Senders::default());
    }
}
