//! Who was looking: it stands in every exported row.

use crate::model::Timestamp;
use serde::Serialize;

/// A probe and its run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Identity {
    /// The probe: unique among those that export to one place.
    pub probe: String,
    /// Where it stands.
    pub site: String,
    /// Its run: rows of two runs of a probe can be told apart.
    pub session: String,
}

impl Identity {
    /// A probe whose run began at a time, as a process of that number.
    pub fn new(probe: impl Into<String>, site: impl Into<String>, start: Timestamp, process: u32) -> Self {
        Self { probe: probe.into(), site: site.into(), session: format!("{:x}-{process:x}", start.0) }
    }
}
