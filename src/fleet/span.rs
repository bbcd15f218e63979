//! How far back a fleet is looked at.

/// A span of time that ends now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FleetSpan {
    /// The last hour.
    #[default]
    Hour,
    /// The last 24 hours.
    Day,
    /// The last seven days.
    Week,
    /// The last thirty days.
    Month,
}

impl FleetSpan {
    /// Every span, the shortest first.
    pub const ALL: [FleetSpan; 4] = [FleetSpan::Hour, FleetSpan::Day, FleetSpan::Week, FleetSpan::Month];

    /// Its name on the command line.
    pub const fn token(self) -> &'static str {
        match self {
            FleetSpan::Hour => "1h",
            FleetSpan::Day => "1d",
            FleetSpan::Week => "7d",
            FleetSpan::Month => "30d",
        }
    }

    /// In words.
    pub const fn words(self) -> &'static str {
        match self {
            FleetSpan::Hour => "last hour",
            FleetSpan::Day => "last 24 hours",
            FleetSpan::Week => "last 7 days",
            FleetSpan::Month => "last 30 days",
        }
    }

    /// The span of a token.
    pub fn find(token: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|span| span.token() == token)
    }

    /// Its length.
    pub const fn seconds(self) -> i64 {
        match self {
            FleetSpan::Hour => 3_600,
            FleetSpan::Day => 86_400,
            FleetSpan::Week => 7 * 86_400,
            FleetSpan::Month => 30 * 86_400,
        }
    }

    /// The next longer or shorter one; the last stays.
    pub fn step(self, by: isize) -> Self {
        let at = Self::ALL.iter().position(|span| *span == self).unwrap_or(0);
        Self::ALL.get(at.saturating_add_signed(by)).copied().unwrap_or(self)
    }

    /// Pieces that it is asked for one after the other, each of a day at most: from, to (not included), seconds since 1970. They meet at midnights
    /// (UTC), so that what was answered for a day that is over holds for the next question too.
    pub fn pieces(self, now: i64) -> Vec<(i64, i64)> {
        let day = FleetSpan::Day.seconds();
        // What is being written now belongs to it.
        let (mut from, end) = (now.saturating_sub(self.seconds()), now.saturating_add(1));
        let mut out = Vec::new();
        if self <= FleetSpan::Day {
            return vec![(from, end)];
        }
        while from < end {
            let to = from.div_euclid(day).saturating_add(1).saturating_mul(day).min(end);
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
        for span in FleetSpan::ALL {
            let pieces = span.pieces(now);
            assert_eq!((pieces[0].0, pieces[pieces.len() - 1].1), (now - span.seconds(), now + 1), "{span:?}");
            assert!(pieces.windows(2).all(|w| w[0].1 == w[1].0 && w[0].1 % 86_400 == 0));
            assert!(pieces.iter().all(|(from, to)| from < to && to - from <= 86_401));
            assert_eq!(FleetSpan::find(span.token()), Some(span));
        }
        assert_eq!(FleetSpan::Month.pieces(now).len(), 31);
        assert_eq!(
            (FleetSpan::Month.step(1), FleetSpan::Hour.step(-1), FleetSpan::Hour.step(1)),
            (FleetSpan::Month, FleetSpan::Hour, FleetSpan::Day)
        );
    }
}
