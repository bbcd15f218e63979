//! What the program tells the dashboard before it starts.

use super::theme::{Background, ColorChoice};
use crate::model::{Mac, Timestamp};
use crate::snapshot::{PacketStore, SpanStore};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Settings and services of the dashboard. Functions are passed in because screens know nothing of the wings that have them.
#[derive(Clone)]
pub struct DashboardOptions {
    /// What is looked at, for the first line: interface or file names.
    pub source_title: String,
    /// Who has the packets themselves, where somebody has.
    pub packets: Option<Arc<dyn PacketStore>>,
    /// Who reads spans of the past again, where somebody can.
    pub spans: Option<Arc<dyn SpanStore>>,
    /// Set from outside (a signal) to leave.
    pub stop: Arc<AtomicBool>,
    /// A longer explanation of a finding, by its identifier.
    pub explain: fn(&str) -> Option<String>,
    /// Who made a network card, by the prefix of its address.
    pub manufacturer: fn(Mac) -> Option<&'static str>,
    /// Name of a port: number and `tcp`, `udp` or `sctp`.
    pub service: fn(u16, &str) -> Option<&'static str>,
    /// Whether to use colours.
    pub color: ColorChoice,
    /// The terminal's background.
    pub background: Background,
    /// ASCII only; `None`: what the environment says.
    pub ascii: Option<bool>,
    /// Seconds that this host's clocks show east of UTC, at a time: summer's packets have summer's hours.
    pub utc_offset: fn(Timestamp) -> i64,
    /// Bytes instead of bits at the start.
    pub bytes: bool,
    /// Names of ports and manufacturers instead of numbers at the start.
    pub names: bool,
}

impl Default for DashboardOptions {
    fn default() -> Self {
        Self {
            source_title: String::new(),
            packets: None,
            spans: None,
            stop: Arc::default(),
            explain: |_| None,
            manufacturer: |_| None,
            service: |_, _| None,
            color: ColorChoice::Auto,
            background: Background::Auto,
            ascii: None,
            utc_offset: |_| 0,
            bytes: false,
            names: false,
        }
    }
}
