//! Clocks of probes: how far each is off, by what the server noted when rows came, and what becomes of that in questions about conversations.
//!
//! A clock is told by run of a probe: in pieces of ten minutes of the server's time the row that came soonest tells how far it is ahead, and the median
//! of these is believed. A row that waited tells nothing: that a clock is behind, two rows have to say. A clock that was set right soon after the start
//! is right.

use super::ProbeName;
use super::answers::AnswerRow;
use crate::model::Arrange as _;
use crate::model::limits::FLEET_CLOCKS;

/// A clock that is off by no more is in step: that is what it is known within.
pub const IN_STEP: f64 = 1.5;

/// What was found out about the clock of a run.
#[derive(Debug, Clone, PartialEq)]
struct RunClock {
    name: ProbeName,
    session: String,
    /// The number by which the server knows the run.
    mark: u64,
    /// Seconds that it is ahead of the server's (negative: behind).
    ahead: f64,
    /// Seconds by which that changed.
    moved: f64,
}

/// Clocks of the runs of a fleet.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FleetClocks {
    runs: Vec<RunClock>,
}

impl FleetClocks {
    pub(super) fn read(rows: &[AnswerRow]) -> Self {
        let run = |row: &AnswerRow| {
            Some(RunClock {
                name: ProbeName { site: row.text("site"), probe: row.text("probe") },
                session: row.text("session"),
                mark: row.count("mark"),
                ahead: row.real("ahead")?,
                moved: row.real("moved").unwrap_or(0.0),
            })
        };
        let mut runs: Vec<RunClock> = rows.iter().filter_map(run).collect();
        // Those furthest off first: they need it most.
        runs.arrange_by(|x, y| y.ahead.abs().total_cmp(&x.ahead.abs()));
        Self { runs }
    }

    /// Seconds that the clock of a run is ahead of the server's.
    pub fn ahead(&self, name: &ProbeName, session: &str) -> Option<f64> {
        self.runs.iter().find(|run| run.name == *name && run.session == session).map(|run| run.ahead)
    }

    fn off(&self) -> impl Iterator<Item = &RunClock> {
        self.runs.iter().filter(|run| run.ahead.abs() > IN_STEP)
    }

    /// Runs whose times are put right in questions, by their numbers, with whole seconds they are ahead.
    pub fn shifts(&self) -> Vec<(u64, i64)> {
        self.off().take(FLEET_CLOCKS).map(|run| (run.mark, run.ahead.round() as i64)).collect()
    }

    /// What cannot be put right, in words: conversations that such probes share with others may count twice.
    pub fn doubts(&self) -> Vec<String> {
        let moved = |run: &RunClock| format!("{}: its clock moved by {:.0} s in this time", run.name, run.moved);
        // Two seconds are what a server's whole seconds and a batch that waited make of a clock that stands still.
        let mut out: Vec<String> = self.runs.iter().filter(|run| run.moved > 2.0 + IN_STEP).take(DOUBTS).map(moved).collect();
        let beyond = self.off().count().saturating_sub(FLEET_CLOCKS);
        if beyond > 0 {
            out.push(format!("clocks of {beyond} more runs are off than are put right"));
        }
        out
    }
}

/// Doubts that are told one by one.
pub const DOUBTS: usize = 20;

#[cfg(test)]
mod tests {
    use super::super::answers::rows;
    use super::*;

    #[test]
    fn what_is_off_is_put_right_and_what_cannot_be_is_told() {
        let line = |probe: &str, mark: u64, ahead: f64, moved: f64| {
            format!("{{\"site\":\"s\",\"probe\":\"{probe}\",\"session\":\"1-1\",\"mark\":\"{mark}\",\"ahead\":{ahead},\"moved\":{moved}}}")
        };
        let text = [line("a", 7, 0.4, 0.3), line("b", 8, -5.3, 0.1), line("c", 9, 172_800.2, 60.0)].join("\n");
        let clocks = FleetClocks::read(&rows(&text).unwrap());
        assert_eq!(clocks.shifts(), [(9, 172_800), (8, -5)]);
        assert_eq!(clocks.doubts(), ["s/c: its clock moved by 60 s in this time"]);
        let name = ProbeName { site: "s".into(), probe: "a".into() };
        assert_eq!((clocks.ahead(&name, "1-1"), clocks.ahead(&name, "1-2")), (Some(0.4), None));
        let many: Vec<String> = (0..FLEET_CLOCKS as u64 + 3).map(|at| line("x", at, 9.0, 0.0)).collect();
        let clocks = FleetClocks::read(&rows(&many.join("\n")).unwrap());
        assert_eq!((clocks.shifts().len(), clocks.doubts().len()), (FLEET_CLOCKS, 1));
    }
}
