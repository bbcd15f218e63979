//! One direction of a connection: messages behind each other, each as long as its head says (RFC 3261 section 18.3).

use super::begins;
use super::message::SipMessage;
use crate::dissect::lines::TextLines;
use crate::dissect::{DissectOutput, Payload};
use crate::model::limits::HEAD_LINES;

/// Where a direction is within its messages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum At {
    /// Before a message.
    #[default]
    Start,
    /// In a head.
    Head,
    /// In a body of so many bytes more.
    Body(u32),
    /// Where something is missing: until a segment begins like a message.
    Lost,
}

/// One direction.
#[derive(Debug, Default)]
pub struct SipSide {
    at: At,
    lines: TextLines,
    message: Option<Box<SipMessage>>,
}

impl SipSide {
    /// Reads the next bytes.
    pub fn read(&mut self, payload: &Payload<'_>, out: &mut DissectOutput<'_>) {
        let mut rest = payload.bytes;
        if self.at == At::Lost && begins(rest) {
            self.at = At::Start;
        }
        while !rest.is_empty() && self.at != At::Lost && !out.refused {
            let bytes = match self.at {
                At::Body(left) => rest.len().min(left as usize),
                _ => rest.len(),
            };
            let (mut now, _) = rest.split_at(bytes);
            let Self { at, lines, message } = self;
            let next = lines.next(&mut now, out, |line, out| step(*at, message, line, payload, out));
            let read = bytes - now.len();
            rest = rest.get(read..).unwrap_or_default();
            self.at = match (self.at, next) {
                (At::Body(left), _) => At::Body(left.saturating_sub(read as u32)),
                (at, next) => next.unwrap_or(at),
            };
            if self.at == At::Body(0) {
                self.end(payload, out);
            }
        }
    }

    /// A message is complete; what is left of it is a line without an end.
    fn end(&mut self, payload: &Payload<'_>, out: &mut DissectOutput<'_>) {
        if let Some(mut message) = self.message.take() {
            message.end(payload, out);
        }
        *self = Self::default();
    }

    /// So many bytes are missing.
    pub fn gap(&mut self, bytes: u32) {
        let at = match self.at {
            At::Body(left) if bytes < left => At::Body(left - bytes),
            At::Body(left) if bytes == left => At::Start,
            _ => At::Lost,
        };
        // What of a body is there says nothing where lines of it are missing.
        *self = Self { at, ..Self::default() };
    }

    /// Bytes held.
    pub fn held(&self) -> usize {
        self.lines.held() + self.message.as_ref().map_or(0, |_| size_of::<SipMessage>())
    }
}

/// Reads a line, and says where that leads.
fn step(at: At, message: &mut Option<Box<SipMessage>>, line: &[u8], payload: &Payload<'_>, out: &mut DissectOutput<'_>) -> At {
    match (at, message.as_mut()) {
        // Empty lines keep a connection alive (RFC 5626 section 3.5.1).
        (At::Start, _) if line.is_empty() => At::Start,
        (At::Start, _) => {
            *message = SipMessage::begun(line).map(Box::new);
            if message.is_some() { At::Head } else { At::Lost }
        }
        (At::Head, Some(message)) if line.is_empty() => {
            message.tell(payload, out);
            At::Body(message.length())
        }
        (At::Head, Some(message)) => {
            message.header(line);
            if message.lines() <= HEAD_LINES { At::Head } else { At::Lost }
        }
        (At::Body(_), Some(message)) => {
            message.body(line, payload, out);
            at
        }
        (at, _) => at,
    }
}
