//! One message: its head line by line, and what its body offers.

use super::media::Media;
use super::{ACK, INVITE, METHODS, REQUESTS, STATUS, method, reply_status};
use crate::dissect::bytes::{fnv, fnv_on};
use crate::dissect::lines::number;
use crate::dissect::{DissectOutput, Payload};
use crate::model::{CallParties, ShortName, learnt};

/// Lines of a head, and of a body, that are looked at.
const LINES: u16 = 64;

/// What a message begins with.
#[derive(Debug, Clone, Copy)]
enum Start {
    /// The place of its method.
    Request(u32),
    /// Its status.
    Reply(u32),
}

/// What a message says, as far as it is of interest and was read.
#[derive(Debug)]
pub struct SipMessage {
    start: Start,
    /// Hashes of the call it is of, and of its running number there.
    call: Option<u32>,
    sequence: Option<u32>,
    /// The method that stands in its running number: that of the request which a reply answers.
    of: Option<u32>,
    parties: CallParties,
    /// Bytes of its body, over TCP.
    length: u32,
    lines: u16,
    media: Media,
}

impl SipMessage {
    /// Reads a message that is all of a datagram.
    pub fn datagram(payload: &Payload<'_>, out: &mut DissectOutput<'_>) {
        let mut lines = payload.bytes.split(|&b| b == b'\n').map(<[u8]>::trim_ascii_end);
        let Some(mut message) = lines.next().and_then(Self::begun) else { return };
        lines.by_ref().take(LINES.into()).take_while(|line| !line.is_empty()).for_each(|line| message.header(line));
        message.tell(payload, out);
        lines.take(LINES.into()).for_each(|line| message.body(line, payload, out));
        message.end(payload, out);
    }

    /// The message that begins with this line; `None` of any other one.
    pub fn begun(line: &[u8]) -> Option<Self> {
        let start = method(line).map(Start::Request).or_else(|| reply_status(line).map(Start::Reply))?;
        let (parties, media) = (CallParties::default(), Media::default());
        Some(Self { start, call: None, sequence: None, of: None, parties, length: 0, lines: 0, media })
    }

    /// Reads a line of its head.
    pub fn header(&mut self, line: &[u8]) {
        self.lines = self.lines.saturating_add(1);
        if let Some(length) = header(line, &[b"content-length", b"l"]) {
            self.length = number(length).map_or(0, |bytes| u32::try_from(bytes).unwrap_or(u32::MAX));
        }
        if self.lines > LINES {
            return;
        }
        self.call = self.call.or_else(|| header(line, &[b"call-id", b"i"]).map(fnv));
        if let Some(sequence) = header(line, &[b"cseq"]).filter(|_| self.sequence.is_none()) {
            let name = sequence.rsplit(|&b| b == b' ').next().unwrap_or_default();
            self.sequence = Some(fnv(sequence));
            self.of = METHODS.iter().position(|m| m.as_bytes() == name).map(|place| place as u32);
        }
        self.parties.caller = header(line, &[b"from", b"f"]).map_or(self.parties.caller, party);
        self.parties.callee = header(line, &[b"to", b"t"]).map_or(self.parties.callee, party);
    }

    /// Lines read of its head, then of its body.
    pub fn lines(&self) -> u16 {
        self.lines
    }

    /// Bytes of the body that follows its head.
    pub fn length(&self) -> u32 {
        self.length
    }

    /// Its head is complete: counts it and tells of it.
    pub fn tell(&mut self, payload: &Payload<'_>, out: &mut DissectOutput<'_>) {
        self.lines = 0;
        let id = self.call.zip(self.sequence).map(|(call, sequence)| fnv_on(call, &sequence.to_be_bytes()));
        match self.start {
            Start::Request(method) => {
                out.tally().add_code(REQUESTS, method);
                // An ACK has no reply.
                if let Some(id) = id.filter(|_| method != ACK) {
                    out.request(payload, id);
                }
            }
            Start::Reply(code) => {
                out.tally().add_code(STATUS, code);
                match id {
                    Some(id) if code >= 200 => out.reply(payload, id, code),
                    Some(id) if code > 100 && self.of == Some(INVITE) => out.interim(payload, id, code),
                    _ => {}
                }
            }
        }
    }

    /// Reads a line of its body.
    pub fn body(&mut self, line: &[u8], payload: &Payload<'_>, out: &mut DissectOutput<'_>) {
        self.lines = self.lines.saturating_add(1);
        if self.lines <= LINES {
            self.media.line(line, self.parties, payload, out);
        }
    }

    /// Its body is complete.
    pub fn end(&mut self, payload: &Payload<'_>, out: &mut DissectOutput<'_>) {
        self.media.tell(self.parties, payload, out);
    }
}

/// Who a From or To is (RFC 3261 section 25.1): what stands before the `@` of its address, or the whole of it.
pub(super) fn party(value: &[u8]) -> ShortName {
    let colon = value.windows(4).position(|at| at.eq_ignore_ascii_case(b"sip:") || at.eq_ignore_ascii_case(b"tel:")).map(|at| at + 4);
    let colon = colon.or_else(|| value.windows(5).position(|at| at.eq_ignore_ascii_case(b"sips:")).map(|at| at + 5));
    let address = colon.and_then(|at| value.get(at..)).unwrap_or_default();
    let end = address.iter().position(|b| b"@>;? \t".contains(b)).unwrap_or(address.len());
    ShortName::new(learnt::clean(address.get(..end).unwrap_or_default()).as_bytes())
}

/// The value of a header of one of these names, in small letters.
fn header<'a>(line: &'a [u8], names: &[&[u8]]) -> Option<&'a [u8]> {
    let colon = line.iter().take(16).position(|&b| b == b':')?;
    let name = line.get(..colon)?.trim_ascii();
    names.iter().any(|known| name.eq_ignore_ascii_case(known)).then(|| line.get(colon + 1..).unwrap_or_default().trim_ascii())
}
