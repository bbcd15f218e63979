//! Counters of a probe over time: they only grow within one run of it, so differences are what came in between, however often a row came.

use super::answers::AnswerRow;
use std::collections::HashMap;

/// Pieces of the past that are kept of each probe.
pub const KEPT_BINS: usize = 25;

/// A piece of the past.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct HistoryBin {
    /// Where it begins, seconds since 1970.
    pub start: i64,
    /// Mean bits a second.
    pub bits_per_second: f64,
}

/// What came in over a span.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ProbeHistory {
    /// Packets.
    pub packets: u64,
    /// Their bytes on the wire.
    pub wire_bytes: u64,
    /// Packets lost at interface and kernel.
    pub lost_packets: u64,
    /// Records and rows that never reached the database.
    pub lost_rows: u64,
    /// Load, the oldest first; pieces in which the probe said nothing are absent.
    pub bins: Vec<HistoryBin>,
}

/// What a run of a probe had counted, and when.
#[derive(Clone, Copy)]
struct Counted {
    packets: u64,
    bytes: u64,
    lost: u64,
    rows: u64,
    time: u64,
}

impl Counted {
    fn read(row: &AnswerRow, end: &str) -> Self {
        let count = |what: &str| row.count(&format!("{end}_{what}"));
        Self { packets: count("packets"), bytes: count("bytes"), lost: count("lost"), rows: count("rows"), time: count("time") }
    }
}

/// What a run told last.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunTold {
    /// The run.
    pub session: String,
    /// Packets and bytes in all, by its last word.
    pub all: (u64, u64),
    /// When that was, nanoseconds since 1970 by its own clock.
    pub last_ns: u64,
    /// When it began, where that is in the span.
    pub began_ns: Option<u64>,
}

/// When a run began, nanoseconds since 1970 by its own clock: a session begins with it.
fn start(session: &str) -> Option<u64> {
    session.split('-').next().and_then(|text| u64::from_str_radix(text, 16).ok())
}

/// Reads the history of one probe while its rows pass, in their order.
#[derive(Default)]
pub struct HistoryReader {
    history: ProbeHistory,
    runs: HashMap<String, Counted>,
    /// Seconds since 1970 where the span begins, if that is known.
    from: Option<i64>,
    told: Vec<RunTold>,
}

impl HistoryReader {
    /// For a span that begins then, in seconds since 1970: a run that began in it counts from nothing, also where it told only once.
    pub fn since(from: i64) -> Self {
        Self { from: Some(from), ..Self::default() }
    }

    /// When a run began, where that is in the span: `ahead` is what its clock is off by, in seconds.
    fn began(&self, session: &str, ahead: i64) -> Option<u64> {
        let start = start(session)?;
        let second = i64::try_from(start / 1_000_000_000).ok()?.saturating_sub(ahead);
        self.from.is_some_and(|from| second >= from).then_some(start)
    }

    /// Takes a row.
    pub fn take(&mut self, row: &AnswerRow) {
        let (from, to) = (Counted::read(row, "first"), Counted::read(row, "last"));
        let session = row.text("session");
        // What a run had counted before its first row: nothing, where it began in the span.
        let began = self.began(&session, row.seconds("is_ahead"));
        let first = began.map_or(from, |start| Counted { packets: 0, bytes: 0, lost: 0, rows: 0, time: start.min(from.time) });
        let before = self.runs.insert(session.clone(), to).unwrap_or(first);
        self.told.retain(|told| told.session != session);
        self.told.push(RunTold { session, all: (to.packets, to.bytes), last_ns: to.time, began_ns: began });
        let out = &mut self.history;
        let bytes = to.bytes.saturating_sub(before.bytes);
        out.packets = out.packets.saturating_add(to.packets.saturating_sub(before.packets));
        out.wire_bytes = out.wire_bytes.saturating_add(bytes);
        out.lost_packets = out.lost_packets.saturating_add(to.lost.saturating_sub(before.lost));
        out.lost_rows = out.lost_rows.saturating_add(to.rows.saturating_sub(before.rows));
        let seconds = to.time.saturating_sub(before.time) as f64 / 1e9;
        if seconds > 0.0 && out.bins.len() < KEPT_BINS {
            out.bins.push(HistoryBin { start: row.seconds("bin"), bits_per_second: bytes as f64 * 8.0 / seconds });
        }
    }

    /// What each run told last.
    pub fn told(&self) -> &[RunTold] {
        &self.told
    }

    /// What was read.
    pub fn finish(self) -> ProbeHistory {
        self.history
    }
}

#[cfg(test)]
mod tests {
    use super::super::answers::rows;
    use super::*;

    #[test]
    fn a_run_that_begins_anew_loses_nothing_and_takes_nothing_back() {
        let line = |session: &str, bin: u64, from: u64, to: u64| {
            format!(
                "{{\"session\":\"{session}\",\"bin\":{bin},\"first_packets\":{from},\"last_packets\":{to},\"first_bytes\":{},\"last_bytes\":{},\"first_lost\":0,\"last_lost\":1,\"first_time\":{},\"last_time\":{}}}",
                from * 100,
                to * 100,
                bin * 1_000_000_000,
                (bin + 60) * 1_000_000_000,
            )
        };
        let text = [line("a", 0, 10, 20), line("a", 60, 25, 40), line("b", 120, 0, 7)].join("\n");
        let mut reader = HistoryReader::default();
        rows(&text).unwrap().iter().for_each(|row| reader.take(row));
        let history = reader.finish();
        assert_eq!((history.packets, history.wire_bytes, history.lost_packets), (10 + 20 + 7, 3_700, 2), "of a run since its first row");
        assert_eq!(history.bins.len(), 3);
        // A run of the span that told once: all it counted came in since.
        let mut once = HistoryReader::since(1_000);
        let told = line("e8d4a51000-7", 1_000, 50, 50).replace("\"last_lost\":1", "\"last_lost\":0");
        rows(&told).unwrap().iter().for_each(|row| once.take(row));
        assert_eq!(once.finish().packets, 50);
        let mut earlier = HistoryReader::since(1_001);
        rows(&told).unwrap().iter().for_each(|row| earlier.take(row));
        assert_eq!(earlier.finish().packets, 0, "a run that began before the span counts from its first row");
        // Its clock is behind by a minute: it began in the span.
        let mut behind = HistoryReader::since(1_001);
        rows(&told.replace("\"bin\"", "\"is_ahead\":-60,\"bin\"")).unwrap().iter().for_each(|row| behind.take(row));
        assert_eq!((behind.told()[0].began_ns, behind.told()[0].all.0), (Some(1_000_000_000_000), 50));
        assert_eq!(behind.finish().packets, 50);
        assert_eq!(history.bins[1].bits_per_second, 2_000.0 * 8.0 / 60.0);
    }
}
