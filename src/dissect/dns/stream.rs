//! DNS over TCP: messages behind two bytes of length each (RFC 1035 section 4.2.2).

use super::wire::{HEADER, Header, Name, question};
use crate::dissect::{DissectOutput, Payload, Probe, Progress};

/// Bytes of a message that are read: header, question and some answers. What follows in a zone transfer is passed over.
const READ: usize = 2048;

/// Where both directions of a stream are within their messages.
#[derive(Debug, Default)]
pub struct Framing([Side; 2]);

#[derive(Debug, Default)]
struct Side {
    /// The length as far as it was read, then as much of the message as is read.
    bytes: Vec<u8>,
    /// Bytes of the message to be passed over.
    skip: usize,
}

impl Framing {
    /// Reads the next bytes; `message` gets each message, as much of it as is read, and whether that is all of it.
    pub fn read(
        &mut self,
        payload: &Payload<'_>,
        out: &mut DissectOutput<'_>,
        message: impl Fn(&Payload<'_>, &[u8], bool, &mut DissectOutput<'_>),
    ) -> Progress {
        let Some(side) = self.0.get_mut(payload.way as usize) else { return Progress::Skip };
        let mut rest = payload.bytes;
        while !rest.is_empty() {
            let (skipped, after) = rest.split_at(side.skip.min(rest.len()));
            (side.skip, rest) = (side.skip - skipped.len(), after);
            // Whole messages are read where they are.
            if side.bytes.is_empty()
                && let Some(length) = length(rest)
                && let Some((now, after)) = rest.split_at_checked(2 + length.min(READ))
                && length >= HEADER
            {
                message(payload, now.get(2..).unwrap_or_default(), length <= READ, out);
                (side.skip, rest) = (length - length.min(READ), after);
                continue;
            }
            let want = length(&side.bytes).map_or(2, |length| 2 + length.min(READ));
            let (now, after) = rest.split_at(want.saturating_sub(side.bytes.len()).min(rest.len()));
            if !out.hold(&mut side.bytes, now) {
                return Progress::Skip;
            }
            rest = after;
            let Some(length) = length(&side.bytes) else { continue };
            if length < HEADER {
                return Progress::Skip;
            }
            if side.bytes.len() >= 2 + length.min(READ) {
                message(payload, side.bytes.get(2..).unwrap_or_default(), length <= READ, out);
                side.bytes.clear();
                side.skip = length - length.min(READ);
            }
        }
        Progress::Continue
    }

    /// Bytes held of messages that are not complete.
    pub fn held(&self) -> usize {
        self.0.iter().map(|side| side.bytes.capacity()).sum()
    }
}

/// The length a message begins with.
fn length(bytes: &[u8]) -> Option<usize> {
    bytes.first_chunk().map(|b| usize::from(u16::from_be_bytes(*b)))
}

/// Whether a stream may be DNS: a length, a header that makes sense, and a question.
pub fn probe(bytes: &[u8]) -> Probe {
    let Some(length) = length(bytes) else { return Probe::No };
    let message = bytes.get(2..).unwrap_or_default();
    let Some(header) = Header::read(message) else {
        // Some send the length in a segment of its own.
        return if length >= HEADER { Probe::Unsure } else { Probe::No };
    };
    let is_likely = header.is_possible(true) && header.is_clean() && header.counts[0] == 1;
    let has_question = question(message.get(..length).unwrap_or(message), HEADER, &mut Name::default()).is_some();
    if is_likely && has_question { Probe::Unsure } else { Probe::No }
}
