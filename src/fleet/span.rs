//! Which time a fleet is looked at.

use crate::model::Timestamp;
use crate::model::units;

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;

/// A span of time: one that ends now, or one of the past.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FleetSpan {
    seconds: i64,
    /// Where it ends (not included), seconds since 1970; `None`: now.
    end: Option<i64>,
}

impl Default for FleetSpan {
    fn default() -> Self {
        Self::HOUR
    }
}

impl FleetSpan {
    /// The last hour.
    pub const HOUR: FleetSpan = FleetSpan::of(HOUR);
    /// The last 24 hours.
    pub const DAY: FleetSpan = FleetSpan::of(DAY);
    /// The last seven days.
    pub const WEEK: FleetSpan = FleetSpan::of(7 * DAY);
    /// The last thirty days.
    pub const MONTH: FleetSpan = FleetSpan::of(30 * DAY);

    /// Spans that have a key of their own, the shortest first.
    pub const ALL: [FleetSpan; 4] = [FleetSpan::HOUR, FleetSpan::DAY, FleetSpan::WEEK, FleetSpan::MONTH];

    /// The shortest and the longest that are asked for, in seconds: conversations are counted a day at a time.
    pub const BOUNDS: (i64, i64) = (60, 400 * DAY);

    const fn of(seconds: i64) -> Self {
        Self { seconds, end: None }
    }

    /// So many seconds that end now; `None`: shorter or longer than [`FleetSpan::BOUNDS`].
    pub fn last(seconds: i64) -> Option<Self> {
        (Self::BOUNDS.0..=Self::BOUNDS.1).contains(&seconds).then_some(Self::of(seconds))
    }

    /// From a second to another (not included), since 1970; `None`: shorter or longer than [`FleetSpan::BOUNDS`].
    pub fn between(from: i64, to: i64) -> Option<Self> {
        Self::last(to.checked_sub(from)?).filter(|_| from >= 0).map(|span| Self { end: Some(to), ..span })
    }

    /// The span of a token: a number and its unit, `90m`, `1h`, `7d`, `3w`.
    pub fn find(token: &str) -> Option<Self> {
        let unit = match token.chars().last()? {
            'm' => 60,
            'h' => HOUR,
            'd' => DAY,
            'w' => 7 * DAY,
            _ => return None,
        };
        let number: i64 = token.get(..token.len().saturating_sub(1))?.parse().ok()?;
        Self::last(number.checked_mul(unit)?)
    }

    /// In words.
    pub fn words(self) -> String {
        let minutes = |time: i64| Timestamp::new(time, 0).utc().get(..16).unwrap_or_default().to_owned();
        let count = |unit: i64, noun: &str| format!("last {}", units::plural(self.seconds.div_euclid(unit).unsigned_abs(), noun));
        match (self.end, self.seconds) {
            (Some(end), _) => format!("{} to {} UTC", minutes(end.saturating_sub(self.seconds)), minutes(end)),
            (None, HOUR) => "last hour".to_owned(),
            (None, seconds) if seconds % (7 * DAY) == 0 && seconds > 7 * DAY => count(7 * DAY, "week"),
            (None, seconds) if seconds % DAY == 0 && seconds > DAY => count(DAY, "day"),
            (None, seconds) if seconds % HOUR == 0 => count(HOUR, "hour"),
            (None, _) => count(60, "minute"),
        }
    }

    /// Its length.
    pub const fn seconds(self) -> i64 {
        self.seconds
    }

    /// Where it ends, seconds since 1970; `None`: now.
    pub const fn end(self) -> Option<i64> {
        self.end
    }

    /// From, and to (not included), seconds since 1970, where it is so late. What is being written now belongs to a span that ends now.
    pub fn bounds(self, now: i64) -> (i64, i64) {
        let to = self.end.unwrap_or(now);
        (to.saturating_sub(self.seconds), if self.end.is_some() { to } else { to.saturating_add(1) })
    }

    /// The next longer or shorter one of [`FleetSpan::ALL`], with the same end; the last stays.
    pub fn step(self, by: isize) -> Self {
        let mut all = Self::ALL.iter().map(|span| span.seconds);
        let next = if by > 0 { all.find(|seconds| *seconds > self.seconds) } else { all.rfind(|seconds| *seconds < self.seconds) };
        Self { seconds: next.unwrap_or(self.seconds), ..self }
    }

    /// Another length with the same end.
    pub fn long(self, other: Self) -> Self {
        Self { seconds: other.seconds, ..self }
    }

    /// The span before it (negative) or behind it; one that would reach beyond now ends now.
    pub fn shift(self, by: i64, now: i64) -> Self {
        let end = self.end.unwrap_or(now).saturating_add(self.seconds.saturating_mul(by));
        Self { end: (end < now).then_some(end.max(self.seconds)), ..self }
    }

    /// Pieces that it is asked for one after the other, each of a day at most: from, to (not included), seconds since 1970. They meet at midnights
    /// (UTC), so that what was answered for a day that is over holds for the next question too.
    pub fn pieces(self, now: i64) -> Vec<(i64, i64)> {
        let (mut from, end) = self.bounds(now);
        let mut out = Vec::new();
        if self.seconds <= DAY {
            return vec![(from, end)];
        }
        while from < end {
            let to = from.div_euclid(DAY).saturating_add(1).saturating_mul(DAY).min(end);
            out.push((from, to));
            from = to;
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_days_without_gaps() {
        let now = 1_764_400_000;
        let past = FleetSpan::WEEK.shift(-3, now);
        for span in FleetSpan::ALL.into_iter().chain([past]) {
            let (pieces, (from, to)) = (span.pieces(now), span.bounds(now));
            assert_eq!((pieces[0].0, pieces[pieces.len() - 1].1), (from, to), "{span:?}");
            assert!(pieces.windows(2).all(|w| w[0].1 == w[1].0 && w[0].1 % 86_400 == 0));
            assert!(pieces.iter().all(|(from, to)| from < to && to - from <= 86_401));
        }
        assert_eq!(FleetSpan::MONTH.pieces(now).len(), 31);
        assert_eq!(past.bounds(now), (now - 28 * 86_400, now - 21 * 86_400));
        assert_eq!(
            (FleetSpan::MONTH.step(1), FleetSpan::HOUR.step(-1), FleetSpan::HOUR.step(1)),
            (FleetSpan::MONTH, FleetSpan::HOUR, FleetSpan::DAY)
        );
    }

    #[test]
    fn any_span_has_a_name_and_can_lie_in_the_past() {
        let words = |token: &str| FleetSpan::find(token).map(FleetSpan::words);
        for (token, said) in
            [("1h", "last hour"), ("1d", "last 24 hours"), ("7d", "last 7 days"), ("30d", "last 30 days"), ("3w", "last 3 weeks")]
        {
            assert_eq!(words(token).as_deref(), Some(said));
        }
        assert_eq!(words("90m").as_deref(), Some("last 90 minutes"));
        for wrong in ["", "h", "0h", "-1h", "1y", "1s", "500d", "99999999999999999999d", "é"] {
            assert_eq!(FleetSpan::find(wrong), None, "{wrong}");
        }
        let now = 1_764_400_000;
        let back = FleetSpan::DAY.shift(-1, now);
        assert_eq!((back.end(), back.words().as_str()), (Some(now - 86_400), "2025-11-27 07:06 to 2025-11-28 07:06 UTC"));
        assert_eq!((back.shift(1, now), back.shift(5, now)), (FleetSpan::DAY, FleetSpan::DAY), "nothing is known of what comes");
        assert_eq!(back.step(1).bounds(now), (now - 8 * 86_400, now - 86_400), "longer, with the same end");
        assert_eq!(FleetSpan::between(100, 50), None);
        assert_eq!(FleetSpan::between(0, 86_400).map(|span| span.bounds(now)), Some((0, 86_400)));
    }
}
