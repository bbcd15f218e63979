//! Every probe of a fleet at a moment.

use super::answers::AnswerRow;
use super::history::HistoryReader;
use super::probe::{FleetProbe, ProbeName, ProbeState, SILENT_AFTER, WorstFinding, severity, verdict};
use super::tails::RunTail;
use super::{FleetClocks, FleetSpan};
use crate::model::limits::FLEET_PROBES;
use std::collections::HashMap;

/// A fleet.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FleetPicture {
    /// When it was asked, seconds since 1970 by the server's clock.
    pub asked: i64,
    /// The span that sums are over.
    pub span: FleetSpan,
    /// Its probes, by site and name.
    pub probes: Vec<FleetProbe>,
    /// Whether there are more.
    pub left_off: bool,
    /// Clocks of their runs over the span.
    pub clocks: FleetClocks,
}

/// Rows of the questions that a picture is made of.
pub(super) struct PictureRows {
    pub probes: Vec<AnswerRow>,
    pub recent: Vec<AnswerRow>,
    pub history: Vec<AnswerRow>,
    pub findings: Vec<AnswerRow>,
}

/// What begins the verdict of a run that ended in order.
const ENDED: &str = "ended";

fn name(row: &AnswerRow) -> ProbeName {
    ProbeName { site: row.text("site"), probe: row.text("probe") }
}

impl FleetPicture {
    /// Makes one, and says of which runs it is to be asked what they counted behind their last word.
    pub(super) fn of(span: FleetSpan, rows: &PictureRows, clocks: FleetClocks) -> (Self, Vec<RunTail>) {
        let asked = rows.probes.first().map_or(0, |row| row.seconds("asked"));
        let mut probes: Vec<FleetProbe> = rows.probes.iter().take(FLEET_PROBES).map(|row| known(row, asked)).collect();
        let place: HashMap<ProbeName, usize> = probes.iter().enumerate().map(|(at, probe)| (probe.name.clone(), at)).collect();
        let (from, _) = span.bounds(asked);
        let mut recent: HashMap<usize, Vec<&AnswerRow>> = HashMap::new();
        let mut histories: HashMap<usize, HistoryReader> = HashMap::new();
        for row in &rows.recent {
            place.get(&name(row)).into_iter().for_each(|at| recent.entry(*at).or_default().push(row));
        }
        for row in &rows.history {
            place.get(&name(row)).into_iter().for_each(|at| histories.entry(*at).or_insert_with(|| HistoryReader::since(from)).take(row));
        }
        for (at, rows) in recent {
            if let (Some(probe), Some(newest)) = (probes.get_mut(at).filter(|probe| probe.state != ProbeState::Silent), rows.first()) {
                (probe.version, probe.verdict) = (newest.text("version"), verdict(newest.text("verdict").trim_start_matches(ENDED).trim()));
                probe.findings = newest.count("findings");
                probe.load = load(&rows).filter(|_| probe.state == ProbeState::Heard);
                probe.clock_offset = clock_offset(&rows);
            }
        }
        for probe in probes.iter_mut().filter(|probe| probe.clock_offset.is_none()) {
            probe.clock_offset = clocks.ahead(&probe.name, &probe.session);
        }
        let mut tails = Vec::new();
        for (at, reader) in histories {
            if let Some(probe) = probes.get_mut(at) {
                let has_ended = |session: &str| probe.state == ProbeState::Ended && probe.session == session;
                tails.extend(reader.told().iter().filter_map(|told| RunTail::of(&probe.name, told, has_ended(&told.session))));
                probe.history = reader.finish();
            }
        }
        for row in &rows.findings {
            // Those of an earlier run ended with it.
            let probe =
                place.get(&name(row)).and_then(|at| probes.get_mut(*at)).filter(|probe| probe.running() == Some(&*row.text("session")));
            if let Some(probe) = probe {
                take_finding(probe, row);
            }
        }
        (Self { asked, span, probes, left_off: rows.probes.len() > FLEET_PROBES, clocks }, RunTail::newest(tails))
    }

    /// Adds what runs counted that they have not told, of rows about these.
    pub(super) fn add_untold(&mut self, tails: &[RunTail], rows: &[AnswerRow]) {
        for row in rows {
            let (name, session) = (name(row), row.text("session"));
            let tail = tails.iter().find(|tail| tail.name == name && tail.session == session);
            if let Some((tail, probe)) = tail.zip(self.probes.iter_mut().find(|probe| probe.name == name)) {
                let (packets, bytes) = tail.untold(row);
                probe.history.packets = probe.history.packets.saturating_add(packets);
                probe.history.wire_bytes = probe.history.wire_bytes.saturating_add(bytes);
            }
        }
    }

    /// Probes that are heard of.
    pub fn heard(&self) -> usize {
        self.probes.iter().filter(|probe| probe.state == ProbeState::Heard).count()
    }

    /// Bits and packets a second of all that say theirs; `None`: nobody does.
    pub fn load(&self) -> Option<(f64, f64)> {
        self.probes.iter().filter_map(|probe| probe.load).reduce(|sum, load| (sum.0 + load.0, sum.1 + load.1))
    }

    /// A sum over all probes.
    pub fn sum(&self, of: impl Fn(&FleetProbe) -> u64) -> u64 {
        self.probes.iter().fold(0, |sum, probe| sum.saturating_add(of(probe)))
    }

    /// A probe by its name.
    pub fn find(&self, name: &ProbeName) -> Option<&FleetProbe> {
        self.probes.iter().find(|probe| probe.name == *name)
    }
}

fn known(row: &AnswerRow, asked: i64) -> FleetProbe {
    let heard = row.seconds("heard");
    let age = asked.saturating_sub(heard).max(0);
    FleetProbe {
        name: name(row),
        session: row.text("latest_session"),
        state: match row.text("latest_verdict") {
            verdict if verdict.starts_with(ENDED) => ProbeState::Ended,
            _ if age < SILENT_AFTER => ProbeState::Heard,
            _ => ProbeState::Silent,
        },
        heard,
        age,
        ..FleetProbe::default()
    }
}

/// What came between the last two rows of the last run; rows are the newest first.
fn load(rows: &[&AnswerRow]) -> Option<(f64, f64)> {
    let newest = rows.first()?;
    let session = newest.text("session");
    // The same row may have come twice.
    let before = rows.iter().find(|row| row.count("now_ns") < newest.count("now_ns") && row.text("session") == session)?;
    let seconds = newest.count("now_ns").saturating_sub(before.count("now_ns")) as f64 / 1e9;
    let more = |what: &str| newest.count(what).saturating_sub(before.count(what)) as f64;
    Some((more("wire_bytes") * 8.0 / seconds, more("packets") / seconds))
}

/// How far a clock is ahead of the server's: a row takes its time to arrive, so the one that took least tells it. The server notes whole
/// seconds, half a second too early at the mean.
fn clock_offset(rows: &[&AnswerRow]) -> Option<f64> {
    let ahead = |row: &&AnswerRow| row.count("clock_ns") as f64 / 1e9 - (row.seconds("heard") as f64 + 0.5);
    rows.iter().filter(|row| row.count("clock_ns") > 0).map(ahead).reduce(f64::max)
}

fn take_finding(probe: &mut FleetProbe, row: &AnswerRow) {
    let severity = severity(&row.text("latest_severity"));
    if probe.worst.as_ref().is_none_or(|worst| worst.severity < severity) {
        probe.worst = Some(WorstFinding { id: row.text("id"), severity, title: row.text("latest_title") });
    }
}
