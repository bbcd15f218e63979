//! Log lines of a probe: a JSON object a line, on standard error, for journald and whoever collects containers' output.

use crate::export::{ExporterState, rfc3339};
use crate::json::json_text;
use crate::model::clock;
use serde_json::{Map, Value, json};
use std::io::Write;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Nothing.
    Info,
    /// Something is lost or did not work.
    Warning,
    /// The probe ends.
    Error,
}

/// Writes a line. Who cannot be told is not told.
pub fn log(level: Level, event: &str, fields: Value) {
    let word = match level {
        Level::Info => "info",
        Level::Warning => "warning",
        Level::Error => "error",
    };
    let mut line = Map::new();
    line.insert("time".into(), rfc3339(clock::wall()).into());
    line.insert("level".into(), word.into());
    line.insert("event".into(), event.into());
    if let Value::Object(fields) = fields {
        line.extend(fields);
    }
    let text = json_text(&line);
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// What exporters have counted.
pub fn exporters(states: &[ExporterState]) -> Value {
    json!(states)
}
