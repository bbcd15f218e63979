//! Seconds in which frames to many came at a rate that no healthy link knows.

use super::trouble;
use crate::model::evidence::{PAUSE_RATE, STORM_RATE, SwitchTrouble, SwitchTroubleKind};
use crate::model::limits::STORMS;
use crate::model::time::SECOND;
use crate::model::{Episode, Flood, FloodSecond, Mac, Subject, Timestamp};
use std::collections::BTreeMap;

/// Nanoseconds after its last such second in which a storm still counts.
const LASTS: i64 = 15 * SECOND;

/// Frames of one kind in one VLAN.
#[derive(Debug, Default)]
struct Storm {
    /// The second that is being added up, its frames, and those of the station that sent most of them.
    second: i64,
    frames: u64,
    most: (u64, Mac),
    /// The first and last second of those at a high rate that follow each other, the highest rate, all their frames, and the station.
    run: Option<(i64, i64, u64, u64, Mac)>,
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
        if told.second > storm.second {
            storm.end(rate(told.kind));
            storm.second = told.second;
        }
        storm.frames = storm.frames.saturating_add(told.frames);
        if told.frames > storm.most.0 {
            storm.most = (told.frames, told.source);
        }
        true
    }

    /// What was unhealthy lately.
    pub fn troubles(&self, now: Timestamp, out: &mut Vec<SwitchTrouble>) {
        for ((kind, vlan, _), storm) in &self.list {
            let Some((first, last, peak, frames, who)) = storm.run_with_open(rate(*kind)) else { continue };
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
                vlans: frames / seconds,
                ..trouble(kind, subject, seconds, Episode { first: at(first), last: at(last + 1) })
            });
        }
    }
}

fn rate(kind: Flood) -> u64 {
    if kind == Flood::Pause { PAUSE_RATE } else { STORM_RATE }
}

impl Storm {
    /// The run, with the second that is being added up.
    fn run_with_open(&self, rate: u64) -> Option<(i64, i64, u64, u64, Mac)> {
        if self.frames < rate {
            return self.run;
        }
        let (first, peak, frames, who) = match self.run {
            Some((first, last, peak, frames, who)) if last + 1 >= self.second => (first, peak, frames, who),
            _ => (self.second, 0, 0, self.most.1),
        };
        let who = if self.frames > peak { self.most.1 } else { who };
        Some((first, self.second, peak.max(self.frames), frames.saturating_add(self.frames), who))
    }

    fn end(&mut self, rate: u64) {
        self.run = self.run_with_open(rate);
        (self.frames, self.most) = (0, (0, Mac::default()));
    }
}
