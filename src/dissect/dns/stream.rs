//! DNS over TCP: messages behind two bytes of length each (RFC 1035 section 4.2.2).

use super::wire::{HEADER, Header, Name, question};
use crate::dissect::{DissectOutput, Payload, Probe, Progress};

/// Bytes of a message that are read: header, question and some answers. What follows in a zone transfer is passed over.
const READ: usize = 2048;

/// Types of questions for a whole zone, or for what has changed of it (RFC 5936, RFC 1995).
const TRANSFERS: [u16; 2] = [251, 252];

/// Where both directions of a stream are within their messages.
#[derive(Debug, Default)]
pub struct MessageStreams {
    sides: [OneWay; 2],
    /// The identifier of a zone's transfer of which the first message was there.
    transfer: Option<u16>,
}

#[derive(Debug, Default)]
struct OneWay {
    /// The length as far as it was read, then as much of the message as is read.
    bytes: Vec<u8>,
    /// Bytes of the message to be passed over.
    skip: usize,
}

impl MessageStreams {
    /// Reads the next bytes; `message` gets each message, as much of it as is read, and whether that is all of it: of the answer to a question for
    /// a zone the first one.
    pub fn read(
        &mut self,
        payload: &Payload<'_>,
        out: &mut DissectOutput<'_>,
        message: impl Fn(&Payload<'_>, &[u8], bool, &mut DissectOutput<'_>),
    ) -> Progress {
        let Self { sides, transfer } = self;
        let Some(side) = sides.get_mut(payload.way as usize) else { return Progress::Skip };
        let mut message = |payload: &Payload<'_>, bytes: &[u8], is_whole: bool, out: &mut DissectOutput<'_>| {
            if !goes_on(transfer, bytes) {
                message(payload, bytes, is_whole, out);
            }
        };
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
        self.sides.iter().map(|side| side.bytes.capacity()).sum()
    }
}

/// Whether a message goes on with the answer to a question for a zone, which has any number of them under one identifier.
fn goes_on(transfer: &mut Option<u16>, bytes: &[u8]) -> bool {
    let Some(header) = Header::read(bytes) else { return false };
    let asked = (header.counts[0] > 0).then(|| question(bytes, HEADER, &mut Name::default())).flatten().map(|(question, _)| question.kind);
    let begins = asked.is_some_and(|kind| TRANSFERS.contains(&kind));
    if !header.is_response() {
        transfer.take_if(|id| *id == header.id);
        return false;
    }
    let is_its = *transfer == Some(header.id) && (begins || asked.is_none());
    if begins && header.rcode() == 0 {
        *transfer = Some(header.id);
    }
    is_its
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

#[cfg(test)]
mod tests {
    use crate::dissect::talk::Talk;

    /// A message with this identifier and a question of this type, where it has one.
    fn message(id: u8, flags: u8, kind: Option<u8>) -> Vec<u8> {
        let head = [0, id, flags, 0, 0, u8::from(kind.is_some()), 0, 0, 0, 0, 0, 0];
        let question = kind.map_or(Vec::new(), |kind| vec![1, b'a', 0, 0, kind, 0, 1]);
        let all = [&head[..], &question].concat();
        [&(all.len() as u16).to_be_bytes()[..], &all].concat()
    }

    #[test]
    fn a_zone_is_one_answer() {
        let (ask, answer) = (|id, kind| message(id, 0, Some(kind)), |id, kind| message(id, 0x80, kind));
        let talk = Talk::tcp(53)
            .client(ask(1, 252))
            .server([answer(1, Some(252)), answer(1, None), answer(1, None), answer(1, Some(252))].concat())
            .client([ask(2, 1), ask(2, 1)].concat())
            .server([answer(2, Some(1)), answer(2, Some(1)), answer(1, None)].concat())
            .client(ask(1, 251))
            .server(answer(1, Some(251)))
            .client(ask(1, 1))
            .server(answer(1, Some(1)));
        assert_eq!((talk.told("queries"), talk.told("responses"), talk.told("rcodes")), ("5".into(), "5".into(), "NOERROR 5".into()));
    }
}
