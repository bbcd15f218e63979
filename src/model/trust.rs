//! Can the mirror be believed, in one line and its parts.

/// Can the mirror be believed: what the score, the exit code of a check and the signs on screens all say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// Looked at, and nothing is wrong.
    Good,
    /// Good, with something worth knowing.
    Noted,
    /// Numbers suffer.
    Doubtful,
    /// Numbers cannot be believed.
    Bad,
    /// What was seen does not tell.
    #[default]
    Unknown,
}

impl Verdict {
    /// Every verdict.
    pub const ALL: [Verdict; 5] = [Verdict::Good, Verdict::Noted, Verdict::Doubtful, Verdict::Bad, Verdict::Unknown];

    /// A score below this is doubtful.
    pub const DOUBTFUL_BELOW: u8 = 80;

    /// A score below this is bad.
    pub const BAD_BELOW: u8 = 60;

    /// What a score says by itself.
    pub const fn of_score(score: Option<u8>) -> Self {
        match score {
            None => Verdict::Unknown,
            Some(score) if score < Self::BAD_BELOW => Verdict::Bad,
            Some(score) if score < Self::DOUBTFUL_BELOW => Verdict::Doubtful,
            Some(_) => Verdict::Good,
        }
    }

    /// The word in reports.
    pub const fn token(self) -> &'static str {
        match self {
            Verdict::Good => "good",
            Verdict::Noted => "noted",
            Verdict::Doubtful => "doubtful",
            Verdict::Bad => "bad",
            Verdict::Unknown => "unknown",
        }
    }

    /// The exit code of a check.
    pub const fn exit_code(self) -> u8 {
        match self {
            Verdict::Good | Verdict::Noted => 0,
            Verdict::Doubtful => 1,
            Verdict::Bad => 2,
            Verdict::Unknown => 3,
        }
    }
}

/// What trust in a mirror consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Aspect {
    /// Every packet arrives.
    Completeness,
    /// No packet arrives twice.
    Uniqueness,
    /// Packets arrive in the order they were sent in.
    Order,
    /// Packets are as they were on the wire.
    Fidelity,
    /// Time stamps are right and fine.
    Timing,
    /// The mirror carries what it should.
    Coverage,
    /// The host that captures is set up for it; of live ports only.
    Host,
}

impl Aspect {
    /// Every aspect, in the order of reports.
    pub const ALL: [Aspect; 7] =
        [Aspect::Completeness, Aspect::Uniqueness, Aspect::Order, Aspect::Fidelity, Aspect::Timing, Aspect::Coverage, Aspect::Host];

    /// The word in reports.
    pub const fn token(self) -> &'static str {
        match self {
            Aspect::Completeness => "completeness",
            Aspect::Uniqueness => "uniqueness",
            Aspect::Order => "order",
            Aspect::Fidelity => "fidelity",
            Aspect::Timing => "timing",
            Aspect::Coverage => "coverage",
            Aspect::Host => "host",
        }
    }
}

/// One part of the trust score.
#[derive(Debug, Clone, PartialEq)]
pub struct TrustPart {
    /// The word of its [`Aspect`].
    pub name: &'static str,
    /// 0 to 100; `None`: cannot tell. Below [`Verdict::DOUBTFUL_BELOW`] a finding says why.
    pub score: Option<u8>,
    /// What it rests on: numbers, how many, over what time.
    pub evidence: String,
}

/// The mirror summed up.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Trust {
    /// The judgement.
    pub verdict: Verdict,
    /// The least of the parts. `None` while the verdict is unknown.
    pub score: Option<u8>,
    /// The verdict in a line a tired person understands: `good`, `every packet arrives twice`, `2 % of the traffic never reached the mirror` …
    pub summary: String,
    /// The parts.
    pub parts: Vec<TrustPart>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_is_one_word_and_one_code() {
        assert_eq!(Verdict::ALL.map(Verdict::exit_code), [0, 0, 1, 2, 3]);
        assert_eq!(Verdict::ALL.map(Verdict::token), ["good", "noted", "doubtful", "bad", "unknown"]);
        let scores = [None, Some(0), Some(59), Some(60), Some(79), Some(80), Some(100)];
        let of = [Verdict::Unknown, Verdict::Bad, Verdict::Bad, Verdict::Doubtful, Verdict::Doubtful, Verdict::Good, Verdict::Good];
        assert_eq!(scores.map(Verdict::of_score), of);
    }
}
