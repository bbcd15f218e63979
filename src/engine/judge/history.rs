//! The recent past of a live port. Counts grow for ever, so a fault that was mended would be seen in them for ever; findings there rest
//! on what was added lately, while what is shown as a total remains that of the whole run.
//!
//! How late "lately" is depends on how much arrives, because a share needs many packets to be told: the last 10 s where those hold
//! 100,000 packets (a share of 0.1 % is then known to a fifth of itself), else the last minute where it holds 1,000, else as much of
//! the last ten minutes as was kept.

use crate::engine::fold::detectors::{Counts, DetectorReport};
use crate::engine::tape::Request;
use crate::mirror::{CopyClass, DistanceCounts, DistantCounts, UTILISATION_CLASSES};
use crate::model::Arrange as _;
use crate::model::limits::SESSIONS_APART;
use crate::model::sum::{Own, Rule, sums};
use crate::model::time::SECOND;
use crate::model::{Episode, Stamps, Sum, Timestamp, Traffic, Tunnel};
use std::collections::VecDeque;

/// A window of this length is taken when it holds this many packets; the first that does, else what is remembered.
const WINDOWS: [(i64, u64); 2] = [(10 * SECOND, 100_000), (60 * SECOND, 1_000)];

/// States older than this are forgotten.
const REMEMBERED: i64 = 600 * SECOND;

/// States are kept this far apart while they are younger than a minute, a minute apart then: 22 of some 16 KiB.
const STEP: i64 = 5 * SECOND;
const COARSE: i64 = 60 * SECOND;

sums! {
    /// What the outsides of mirror sessions say, all sessions together.
    #[derive(Debug, Clone, Copy, Default, PartialEq)]
    pub struct Outer {
        /// Packets that carry copies.
        pub packets: u64,
        /// Of them numbered ones.
        pub numbered: u64,
        /// Numbers that are missing.
        pub missing: u64,
        /// Runs of such numbers, at most.
        pub gaps: u64,
        /// Numbered packets out of order.
        pub reordered: u64,
        /// Copies that devices say they could not make.
        pub refused: u64,
        /// Copies that these devices made.
        pub taken: u64,
        /// Frames reported as damaged.
        pub errors: u64,
        /// Packets with a copy inside a copy for the same receiver.
        pub nested: u64,
        /// Fragments.
        pub fragments: u64,
        /// Mirrors that only cross this link.
        pub foreign: Traffic,
    }
}

impl Outer {
    /// At a request, after `arrived` packets.
    fn of(request: &Request, arrived: u64) -> Self {
        let facts = &request.tunnels;
        let mut outer = Self { nested: facts.loops, fragments: facts.fragments.packets, foreign: facts.foreign, ..Self::default() };
        for (session, doubled, gaps) in facts.sessions.iter().map(|s| (&s.session, s.duplicates, s.gaps)) {
            outer.errors = session.errors.iter().fold(outer.errors, |sum, n| sum.saturating_add(*n));
            if session.peeled {
                outer.packets = outer.packets.saturating_add(session.packets);
                if let Some(sampling) = session.sampling {
                    outer.refused = outer.refused.saturating_add(sampling.drops);
                    outer.taken = outer.taken.saturating_add(sampling.samples);
                }
                if session.sequenced {
                    // A number that comes twice is one.
                    outer.numbered = outer.numbered.saturating_add(session.packets.saturating_sub(doubled));
                    outer.missing = outer.missing.saturating_add(session.missing);
                    outer.gaps = outer.gaps.saturating_add(gaps.min(session.missing));
                    outer.reordered = outer.reordered.saturating_add(session.reordered);
                }
            }
        }
        for stamps in &facts.stamps {
            if let Some(missing) = unstamped(stamps) {
                outer.numbered = outer.numbered.saturating_add(stamps.packets);
                outer.missing = outer.missing.saturating_add(missing);
            }
            if let Some(drops) = stamps.drops {
                outer.refused = outer.refused.saturating_add(drops);
                outer.taken = outer.taken.saturating_add(if stamps.packets > 0 { stamps.packets + stamps.without } else { arrived });
            }
        }
        outer
    }
}

/// Packets missing by the numbers that a stamping device gave them: by its way out, else by all the ways in, which lose what the device
/// itself could not pass on as well.
fn unstamped(stamps: &Stamps) -> Option<u64> {
    let by_ports = || {
        let numbered: Vec<u64> = stamps.ports.iter().filter_map(|p| p.missing).collect();
        (!numbered.is_empty()).then(|| numbered.iter().sum())
    };
    stamps.missing.or_else(by_ports)
}

/// What the outside of one mirror session says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SessionSums {
    /// Which.
    pub tunnel: Tunnel,
    /// Packets.
    pub packets: u64,
    /// Of them those whose number had come before.
    pub doubled: u64,
    /// Numbers that are missing; `None`: it does not number usably.
    pub missing: Option<u64>,
    /// Frames reported as damaged.
    pub errors: u64,
    /// Its first and last packet.
    pub span: Episode,
}

impl SessionSums {
    /// Those of the sessions taken off, the largest first.
    fn of(request: &Request) -> Vec<Self> {
        let sessions = request.tunnels.sessions.iter().map(|s| (&s.session, s.duplicates)).filter(|(s, _)| s.peeled);
        let mut sums: Vec<Self> = sessions
            .map(|(s, doubled)| Self {
                tunnel: s.tunnel,
                packets: s.packets,
                doubled,
                missing: s.sequenced.then_some(s.missing),
                errors: s.errors.iter().fold(0, |sum, n| sum.saturating_add(*n)),
                span: Episode { first: s.first, last: s.last },
            })
            .collect();
        sums.arrange_by_key(|s| (std::cmp::Reverse(s.packets), s.tunnel));
        sums.truncate(SESSIONS_APART);
        sums
    }

    fn since(&self, earlier: &[Self]) -> Self {
        let Some(before) = earlier.iter().find(|s| s.tunnel == self.tunnel) else { return *self };
        Self {
            packets: self.packets.saturating_sub(before.packets),
            doubled: self.doubled.saturating_sub(before.doubled),
            missing: self.missing.map(|n| n.saturating_sub(before.missing.unwrap_or(0))),
            errors: self.errors.saturating_sub(before.errors),
            ..*self
        }
    }
}

/// The rule of sums by session: each belongs to the run, and is subtracted from the one of the same tunnel.
#[derive(Debug)]
pub struct BySession;

impl Rule<Vec<SessionSums>> for BySession {
    fn merge(_: &mut Vec<SessionSums>, _: &Vec<SessionSums>) {}

    fn since(now: &Vec<SessionSums>, earlier: &Vec<SessionSums>) -> Vec<SessionSums> {
        now.iter().map(|s| s.since(earlier)).collect()
    }
}

sums! {
    /// Everything findings rest on that only grows.
    #[derive(Debug, Clone, Default)]
    pub struct Sums {
        /// Up to when; of a difference, from when (`None`: from the beginning).
        pub from: Option<Timestamp> => Own,
        /// The detectors' counts.
        pub counts: Counts,
        /// Copies that came too late to be left out.
        pub distant: DistantCounts,
        /// How far apart packets came again.
        pub distances: DistanceCounts,
        /// Packets as they arrived.
        pub link: Traffic,
        /// Packets lost in this host.
        pub lost: u64,
        /// Nobody counted those.
        pub uncounted: bool => Own,
        /// Outsides of mirror sessions.
        pub outer: Outer,
        /// The same by session.
        pub sessions: Vec<SessionSums> => BySession,
        /// Windows of 10 ms by utilisation.
        pub windows: [u64; UTILISATION_CLASSES],
    }
}

impl Sums {
    /// Since the beginning of the run.
    pub fn of(request: &Request, detected: &DetectorReport, link: Traffic) -> Self {
        let mut counts = detected.counts.clone();
        if crosses(request) {
            counts.duplicates = counts.duplicates.without(CopyClass::Session);
        }
        Self {
            from: None,
            counts,
            distant: request.distant,
            distances: request.distances,
            link,
            lost: request.losses.lost_packets(),
            uncounted: !request.counts_losses && request.losses.lost_packets() == 0,
            outer: Outer::of(request, link.packets),
            sessions: SessionSums::of(request),
            windows: request.load.windows,
        }
    }
}

/// Whether all mirror sessions turned out to be somebody else's that cross the link: what was looked at inside them until that was known is no copy
/// of what is mirrored here.
fn crosses(request: &Request) -> bool {
    let mut sessions = request.tunnels.sessions.iter();
    request.sources.len() == 1 && sessions.clone().any(|s| s.foreign) && !sessions.any(|s| s.session.peeled)
}

/// A state and its time.
#[derive(Debug)]
struct Kept {
    at: Timestamp,
    sums: Sums,
}

/// Earlier states of a live port's counts.
#[derive(Debug, Default)]
pub struct CountsHistory {
    kept: VecDeque<Kept>,
}

impl CountsHistory {
    /// What was added lately, up to `now`, whose counts are `sums`; everything, while the run is younger than that.
    pub fn recent(&mut self, now: Timestamp, sums: &Sums) -> Sums {
        // A clock that was set back: what was kept cannot be placed any more.
        if self.kept.back().is_some_and(|k| k.at > now) {
            self.kept.clear();
        }
        while self.kept.front().is_some_and(|k| now.since(k.at) > REMEMBERED) {
            self.kept.pop_front();
        }
        let recent = self.choose(now, sums).map_or_else(|| sums.clone(), |kept| Sums { from: Some(kept.at), ..sums.since(&kept.sums) });
        if self.kept.back().is_none_or(|k| now.since(k.at) >= STEP) {
            // The beginning is a state too: nothing was counted before the first one.
            if self.kept.is_empty() {
                self.kept.push_back(Kept { at: now, sums: Sums::default() });
            } else {
                self.kept.push_back(Kept { at: now, sums: sums.clone() });
            }
            self.thin(now);
        }
        recent
    }

    /// The state that the window begins with: of the shortest window that holds enough the newest state that is old enough, else the
    /// oldest there is.
    fn choose(&self, now: Timestamp, sums: &Sums) -> Option<&Kept> {
        let enough = |(length, packets): (i64, u64)| {
            let kept = self.kept.iter().rev().find(|k| now.since(k.at) >= length)?;
            (sums.link.packets.saturating_sub(kept.sums.link.packets) >= packets).then_some(kept)
        };
        WINDOWS.into_iter().find_map(enough).or(self.kept.front())
    }

    /// Keeps one state a minute of those older than a minute.
    fn thin(&mut self, now: Timestamp) {
        let mut last: Option<i64> = None;
        self.kept.retain(|k| {
            let minute = k.at.0.div_euclid(COARSE);
            let keep = now.since(k.at) <= COARSE + STEP || last != Some(minute);
            last = Some(minute);
            keep
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64, packets: u64) -> (Timestamp, Sums) {
        let link = Traffic { packets, wire_bytes: 100 * packets };
        (Timestamp(seconds * SECOND), Sums { link, lost: packets / 10, ..Sums::default() })
    }

    /// A second by second run with this many packets a second: length of the window and packets in it, at the end.
    fn run(history: &mut CountsHistory, seconds: std::ops::Range<i64>, rate: u64) -> (i64, u64, u64) {
        let mut last = (0, 0, 0);
        for s in seconds {
            let (now, sums) = at(s, rate * s as u64);
            let recent = history.recent(now, &sums);
            last = (recent.from.map_or(s, |f| now.since(f) / SECOND), recent.link.packets, recent.lost);
        }
        last
    }

    #[test]
    fn the_window_is_as_long_as_it_must_be() {
        assert_eq!(run(&mut CountsHistory::default(), 0..8, 100), (7, 700, 70), "a young run is looked at as a whole");
        let (length, packets, lost) = run(&mut CountsHistory::default(), 0..900, 100);
        assert!((60..=65).contains(&length), "{length}");
        assert_eq!((packets, lost), (100 * length as u64, 10 * length as u64));
        let (length, _, _) = run(&mut CountsHistory::default(), 0..900, 20_000);
        assert!((10..=15).contains(&length), "{length}");
        let (length, packets, _) = run(&mut CountsHistory::default(), 0..3_000, 1);
        assert!((540..=600).contains(&length) && packets < 1_000, "{length} {packets}");
    }

    #[test]
    fn little_is_kept_and_a_clock_set_back_begins_anew() {
        let mut history = CountsHistory::default();
        run(&mut history, 0..10_000, 10);
        assert!(history.kept.len() <= 25, "{}", history.kept.len());
        let (now, sums) = at(5_000, 200_000);
        let recent = history.recent(now, &sums);
        assert_eq!((recent.from, recent.link.packets), (None, 200_000));
    }
}
