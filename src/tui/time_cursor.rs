//! The time cursor and where times are on the load chart.

use crate::model::time::SECOND;
use crate::model::{TimeSpan, Timestamp};
use ratatui::layout::Rect;

/// How long ago packets of a live port must be to be all there.
pub(super) const SETTLED: i64 = 2 * SECOND;

/// The second that a moment lies in.
pub(super) fn second_of(moment: Timestamp) -> TimeSpan {
    let from = Timestamp(moment.0.div_euclid(SECOND).saturating_mul(SECOND));
    TimeSpan { from, to: from.plus(SECOND) }
}

/// A place in time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct TimeCursor {
    /// The time under it.
    pub here: TimeSpan,
    /// The cell where a span begins, once marked; a moment where it was marked at now.
    pub from: Option<TimeSpan>,
    /// The cell where it ends, once marked; a moment where it was marked at now.
    pub to: Option<TimeSpan>,
    /// Nobody has moved since the first of them was marked.
    pub is_unmoved: bool,
    /// The middle of the chart.
    pub centre: Timestamp,
    /// How many of the worst bursts were shown.
    pub bursts: usize,
    /// The time scale before one of them was gone to, where it is another now and nobody has changed it since.
    pub scale_before: Option<usize>,
}

impl TimeCursor {
    /// At a time; the chart has its middle at `centre`.
    pub fn at(here: TimeSpan, centre: Timestamp) -> Self {
        Self { here, from: None, to: None, is_unmoved: false, centre, bursts: 0, scale_before: None }
    }

    /// The time that is shown.
    pub fn span(&self) -> TimeSpan {
        match (self.from, self.to) {
            (Some(from), Some(to)) => from.join(to),
            (Some(mark), None) | (None, Some(mark)) => mark.join(self.here),
            (None, None) => self.here,
        }
    }

    /// Whether the next move still changes the span.
    pub fn is_open(&self) -> bool {
        self.from.is_none() || self.to.is_none()
    }
}

/// Columns of the chart without a cut between them; two bins a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ChartStretch {
    /// The first of its bins.
    pub bin: usize,
    /// How many.
    pub bins: usize,
    /// Beginning of the first, nanoseconds.
    pub start: i64,
    /// End of what is known of it.
    pub end: i64,
}

/// Where times are on the load chart that was drawn.
#[derive(Debug, Clone, Default)]
pub(super) struct ChartTimes {
    /// The columns.
    pub field: Rect,
    /// Nanoseconds of a bin.
    pub span: i64,
    /// End of what is known.
    pub end: i64,
    /// Where its bins are in time.
    pub stretches: Vec<ChartStretch>,
}

impl ChartTimes {
    /// Nanoseconds of a column.
    pub fn cell(&self) -> i64 {
        self.span.saturating_mul(2)
    }

    /// The time in the middle.
    pub fn middle(&self) -> Option<Timestamp> {
        let first = self.stretches.first()?;
        Some(Timestamp(first.start.midpoint(self.end.max(first.start))))
    }

    /// When a column begins; `None` where nothing of the time is drawn.
    pub fn time(&self, column: u16) -> Option<Timestamp> {
        let bin = usize::from(column.checked_sub(self.field.x)?).saturating_mul(2);
        let stretch = self.stretches.iter().rev().find(|s| s.bin <= bin)?;
        let within = i64::try_from(bin.saturating_sub(stretch.bin)).ok()?;
        let at = stretch.start.saturating_add(within.saturating_mul(self.span));
        (at < stretch.end.max(stretch.start.saturating_add(1))).then_some(Timestamp(at))
    }

    /// The columns of a span: the first, and how many.
    pub fn columns(&self, span: TimeSpan) -> Option<(u16, u16)> {
        let width = self.span.max(1);
        let reach = span.to.max(span.from.plus(1));
        let mut found: Option<(usize, usize)> = None;
        for s in &self.stretches {
            let end = s.start.saturating_add(width.saturating_mul(i64::try_from(s.bins).unwrap_or(i64::MAX)));
            let (from, to) = (span.from.0.max(s.start), reach.0.min(end));
            if from < to {
                let bin = |time: i64| usize::try_from(time.saturating_sub(s.start) / width).unwrap_or(0).saturating_add(s.bin);
                let (first, last) = (bin(from) / 2, bin(to.saturating_sub(1)) / 2);
                found = Some(found.map_or((first, last), |f| (f.0.min(first), f.1.max(last))));
            }
        }
        let (first, last) = found?;
        let first = u16::try_from(first).ok().filter(|x| *x < self.field.width)?;
        let last = u16::try_from(last).unwrap_or(u16::MAX).min(self.field.width.saturating_sub(1));
        Some((self.field.x + first, last - first + 1))
    }
}
