//! Can the mirror be believed, in one line and six parts.

/// One part of the trust score.
#[derive(Debug, Clone, PartialEq)]
pub struct TrustPart {
    /// `completeness`, `uniqueness`, `order`, `fidelity`, `timing`, `coverage`.
    pub name: &'static str,
    /// 0 to 100; `None`: cannot tell.
    pub score: Option<u8>,
    /// What it rests on: numbers, how many, over what time.
    pub evidence: String,
}

/// The mirror summed up.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Trust {
    /// The least of the parts. `None`: too little evidence; also when the parts that can be told are good while completeness or
    /// coverage cannot be told, for what is missing would spoil all of it.
    pub score: Option<u8>,
    /// One line a tired person understands: `good`, `every packet arrives twice`, `2 % of the traffic never reached the mirror` …
    pub verdict: String,
    /// The parts.
    pub parts: Vec<TrustPart>,
}
