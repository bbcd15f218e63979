//! A stretch of packet time.

use super::Timestamp;
use super::time::SECOND;

/// From a moment to another one, which is not in it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TimeSpan {
    /// Its first moment.
    pub from: Timestamp,
    /// The first moment behind it.
    pub to: Timestamp,
}

impl TimeSpan {
    /// Between two moments, in whatever order.
    pub fn between(one: Timestamp, other: Timestamp) -> Self {
        Self { from: one.min(other), to: one.max(other) }
    }

    /// Nanoseconds it lasts.
    pub fn length(self) -> i64 {
        self.to.since(self.from).max(0)
    }

    /// Seconds it lasts.
    pub fn seconds(self) -> f64 {
        self.length() as f64 / SECOND as f64
    }

    /// Whether a moment lies in it.
    pub fn contains(self, at: Timestamp) -> bool {
        self.from <= at && at < self.to
    }

    /// Whether both have a moment in common; of one without length, whether it lies in the other.
    pub fn overlaps(self, other: Self) -> bool {
        let reach = |span: Self| span.to.max(span.from.plus(1));
        self.from < reach(other) && other.from < reach(self)
    }

    /// The shortest stretch that both lie in.
    #[must_use]
    pub fn join(self, other: Self) -> Self {
        Self { from: self.from.min(other.from), to: self.to.max(other.to) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_not_in_it() {
        let span = |from, to| TimeSpan { from: Timestamp(from), to: Timestamp(to) };
        let s = span(10, 20);
        assert_eq!(TimeSpan::between(Timestamp(20), Timestamp(10)), s);
        assert!(s.contains(Timestamp(10)) && !s.contains(Timestamp(20)));
        assert!(s.overlaps(span(19, 30)) && !s.overlaps(span(20, 30)) && !s.overlaps(span(0, 10)));
        assert!(s.overlaps(span(12, 12)) && span(10, 10).overlaps(s) && !span(20, 20).overlaps(s));
        assert_eq!(s.join(span(30, 40)).length(), 30);
        assert_eq!(span(i64::MIN, i64::MAX).length(), i64::MAX, "wild times saturate");
    }
}
