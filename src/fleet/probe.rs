//! One probe of a fleet: how it is.

use super::history::ProbeHistory;
use crate::model::{Severity, Verdict};

/// A probe tells how it is once a minute; one that has not been heard of for so many seconds is silent.
pub const SILENT_AFTER: i64 = 200;

/// Which probe.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProbeName {
    /// Where it stands; may be empty.
    pub site: String,
    /// Its own name.
    pub probe: String,
}

impl std::fmt::Display for ProbeName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.site.is_empty() { f.write_str(&self.probe) } else { write!(f, "{}/{}", self.site, self.probe) }
    }
}

/// Whether anything can be said of now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum ProbeState {
    /// It tells how it is.
    Heard,
    /// It ended in order, and has said so: there is no now.
    Ended,
    /// Nothing came for [`SILENT_AFTER`]: whatever it said before is not about now.
    #[default]
    Silent,
}

impl ProbeState {
    /// The word in reports.
    pub const fn token(self) -> &'static str {
        match self {
            ProbeState::Heard => "heard",
            ProbeState::Ended => "ended",
            ProbeState::Silent => "silent",
        }
    }
}

/// A finding that holds, and is the worst of its probe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorstFinding {
    /// Its identifier.
    pub id: String,
    /// How much it matters.
    pub severity: Severity,
    /// What it says.
    pub title: String,
}

/// The severity of a token; what is not known is a note.
pub(super) fn severity(token: &str) -> Severity {
    [Severity::Critical, Severity::Warning].into_iter().find(|s| s.token() == token).unwrap_or(Severity::Note)
}

/// The verdict of a token; what is not known is not judged.
pub(super) fn verdict(token: &str) -> Verdict {
    Verdict::ALL.into_iter().find(|v| v.token() == token).unwrap_or_default()
}

/// A probe.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FleetProbe {
    /// Which.
    pub name: ProbeName,
    /// Its last run.
    pub session: String,
    /// Its release; empty where it is silent.
    pub version: String,
    /// Whether anything can be said of now.
    pub state: ProbeState,
    /// When the server heard of it last, seconds since 1970 by the server's clock.
    pub heard: i64,
    /// Seconds since then.
    pub age: i64,
    /// Bits and packets a second between its last two rows; `None` where it is silent or has said one thing only.
    pub load: Option<(f64, f64)>,
    /// Whether its mirror can be believed, as it said last.
    pub verdict: Verdict,
    /// Findings that hold, as it said last.
    pub findings: u64,
    /// The worst of them.
    pub worst: Option<WorstFinding>,
    /// Seconds its clock is ahead of the server's (negative: behind), within a second; `None`: it cannot be told.
    pub clock_offset: Option<f64>,
    /// Its counters over the span.
    pub history: ProbeHistory,
}

impl FleetProbe {
    /// What is said of its mirror now: nothing where it is silent.
    pub fn verdict_now(&self) -> Option<Verdict> {
        (self.state == ProbeState::Heard && self.verdict != Verdict::Unknown).then_some(self.verdict)
    }

    /// The run whose findings can hold: its last, unless that has ended.
    pub fn running(&self) -> Option<&str> {
        (self.state != ProbeState::Ended).then_some(&*self.session)
    }

    /// What needs somebody first, the largest: silent, then bad, critical, doubtful, losses.
    pub fn urgency(&self) -> u8 {
        let worst = self.worst.as_ref().map(|w| w.severity);
        match (self.state, self.verdict) {
            (ProbeState::Silent, _) => 5,
            (_, Verdict::Bad) => 4,
            _ if worst == Some(Severity::Critical) => 3,
            (_, Verdict::Doubtful) => 2,
            _ if self.history.lost_packets > 0 || worst == Some(Severity::Warning) => 1,
            _ => 0,
        }
    }
}
