//! Streams of voice and pictures.

use crate::model::MediaStream;

/// A stream since its beginning.
#[derive(Debug, Clone, PartialEq)]
pub struct StreamRow {
    /// What was seen of it.
    pub stream: MediaStream,
    /// Who calls whom, as SIP says; empty where it was not seen.
    pub call: String,
}

impl StreamRow {
    /// The row of a stream.
    pub fn of(stream: MediaStream) -> Self {
        let [caller, callee] = [stream.parties.caller, stream.parties.callee].map(|name| name.to_string());
        let call = if caller.is_empty() && callee.is_empty() { String::new() } else { format!("{caller} → {callee}") };
        Self { stream, call }
    }
}
