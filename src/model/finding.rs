//! What is wrong and why: findings, with the evidence behind them.

use super::{Timestamp, units};

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing.
    Note,
    /// Numbers or services suffer.
    Warning,
    /// Numbers cannot be believed, or a service is down.
    Critical,
}

impl Severity {
    /// The word in reports.
    pub fn token(self) -> &'static str {
        match self {
            Severity::Note => "note",
            Severity::Warning => "warning",
            Severity::Critical => "critical",
        }
    }
}

/// A value in a finding's evidence.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A count.
    Count(u64),
    /// A share, 0 to 1.
    Share(f64),
    /// Any other number; its unit is in the name (`p99_seconds`).
    Number(f64),
    /// Words, names, addresses.
    Text(String),
}

impl Value {
    /// The value for reading, with its unit, which the `name` tells.
    pub fn display(&self, name: &str) -> String {
        match self {
            Value::Count(n) => units::grouped(*n),
            Value::Share(x) => units::percent(*x),
            Value::Number(x) if name.ends_with("seconds") => units::duration(*x),
            Value::Number(x) if name.ends_with("bits_per_second") => units::bits_per_second(*x),
            Value::Number(x) if x.fract() == 0.0 && x.abs() < 1e15 => format!("{x:.0}"),
            Value::Number(x) => format!("{x:.3}"),
            Value::Text(text) => text.clone(),
        }
    }
}

/// The name of a value for reading: without its unit, words apart.
pub fn evidence_name(name: &str) -> String {
    match name {
        "bits_per_second" => "rate".into(),
        _ => name.trim_end_matches("_seconds").trim_end_matches("_bits_per_second").replace('_', " "),
    }
}

/// Something that was found, with what it was found by.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// Stable identifier, such as `dup.every`: what `spantop explain` takes.
    pub id: &'static str,
    /// How much it matters.
    pub severity: Severity,
    /// One line a tired person understands.
    pub title: String,
    /// Names and values, in reading order.
    pub evidence: Vec<(&'static str, Value)>,
    /// Why it happens, most likely.
    pub cause: String,
    /// What to change, on the switch or on this host; the vendor's command where the vendor is known.
    pub remedy: String,
    /// What else it could be.
    pub lookalikes: String,
    /// When the evidence first sufficed, packet time.
    pub first: Timestamp,
    /// When the evidence last sufficed, packet time.
    pub last: Timestamp,
    /// Whether it still holds (a finding that cleared stays listed).
    pub active: bool,
}
