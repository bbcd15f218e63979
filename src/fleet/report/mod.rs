//! A fleet as text, JSON or CSV.

mod csv;
mod json;
mod text;

use super::{FleetPicture, SharedTraffic};
use std::io::{self, Write};

/// What a report is made of.
#[derive(Debug, Clone, Copy)]
pub struct FleetReport<'a> {
    /// Every probe.
    pub picture: &'a FleetPicture,
    /// Shared conversations, or why they are not known.
    pub shared: Result<&'a SharedTraffic, &'a str>,
}

/// Formats by their tokens.
pub const FORMATS: [&str; 3] = ["text", "json", "csv"];

/// Writes a report; an unknown format is text.
///
/// # Errors
/// It cannot be written.
pub fn write(format: &str, report: &FleetReport<'_>, out: &mut dyn Write) -> io::Result<()> {
    match format {
        "json" => json::write(report, out),
        "csv" => csv::write(report, out),
        _ => text::write(report, out),
    }
}

/// A time of the server in UTC.
fn utc(seconds: i64) -> String {
    crate::model::Timestamp::new(seconds, 0).utc()
}

#[cfg(test)]
mod tests;
