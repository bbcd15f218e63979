//! One direction of an HTTP/1 connection: heads line by line, bodies by their length (RFC 9112 section 6.3).

use super::{HttpConnection, INCOMPLETE, reply_status, request_method};
use crate::dissect::lines::{TextLines, number};
use crate::dissect::{DissectOutput, Payload};
use crate::model::limits::HEAD_LINES;

/// What a head begins with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Start {
    /// A request with the method of this place.
    Request(u8),
    /// A reply with this status.
    Reply(u32),
    /// Not known yet.
    #[default]
    Nothing,
}

/// Where a body ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyEnd {
    /// After so many bytes.
    After(u64),
    /// With a last chunk.
    Chunks,
    /// With the connection.
    WithConnection,
}

/// What a head says, as far as it is of interest.
#[derive(Debug, Default)]
pub struct MessageHead {
    /// Its first line.
    pub start: Start,
    /// `Content-Length`.
    pub length: Option<u64>,
    /// `Transfer-Encoding: chunked`.
    pub chunked: bool,
    /// What is asked for is named by its path alone: of the server itself.
    is_direct: bool,
    /// `Host` was there.
    named: bool,
    lines: u16,
}

/// Where a direction is within its messages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum At {
    /// Before a message.
    #[default]
    Start,
    /// In a head.
    Head,
    /// In a body, or a part of one, of so many bytes more.
    Body(u64),
    /// In a chunk of so many bytes more.
    Chunk(u64),
    /// Before the line that gives a chunk's length.
    Size,
    /// Behind the last chunk.
    Trailer,
    /// Where something is missing: until something begins like a message.
    Until,
    /// In a body that ends with the connection: nothing follows it (RFC 9112 section 6.3).
    Last,
}

/// One direction.
#[derive(Debug, Default)]
pub struct HttpSide {
    at: At,
    lines: TextLines,
    head: MessageHead,
    /// What this side has begun a message with so far: it is the client, or the server.
    speaks: Start,
}

impl HttpSide {
    /// Reads the next bytes.
    pub fn read(&mut self, payload: &Payload<'_>, out: &mut DissectOutput<'_>, connection: &mut HttpConnection) {
        let mut rest = payload.bytes;
        if self.at == At::Until && self.begins(rest) {
            self.at = At::Start;
        }
        while !rest.is_empty() && !matches!(self.at, At::Until | At::Last) && !connection.upgraded {
            match self.at {
                At::Body(left) | At::Chunk(left) => {
                    let n = usize::try_from(left).unwrap_or(usize::MAX).min(rest.len());
                    rest = rest.get(n..).unwrap_or_default();
                    self.passed(left.saturating_sub(n as u64));
                }
                _ => {
                    let Self { at, lines, head, speaks } = self;
                    match lines.next(&mut rest, out, |line, out| step(*at, head, line, payload, out, connection)) {
                        Some(next) => *at = next,
                        None => return,
                    }
                    *speaks = if head.start == Start::Nothing { *speaks } else { head.start };
                }
            }
            if self.at == At::Body(0) {
                connection.end(self.head.start, payload, out);
                (self.at, self.head) = (At::Start, MessageHead::default());
            }
        }
    }

    /// Whether bytes begin like a message of this side.
    fn begins(&self, bytes: &[u8]) -> bool {
        let may_be = |is_reply: bool| match self.speaks {
            Start::Nothing => true,
            Start::Reply(_) => is_reply,
            Start::Request(_) => !is_reply,
        };
        may_be(true) && reply_status(bytes).is_some() || may_be(false) && request_method(bytes).is_some()
    }

    /// Whether a reply that says how long it is, or where it ends, has begun and not all of it came.
    pub fn is_unfinished(&self) -> bool {
        matches!(self.head.start, Start::Reply(_)) && matches!(self.at, At::Body(1..) | At::Chunk(_) | At::Size)
    }

    /// So many bytes of a body or chunk are left.
    fn passed(&mut self, left: u64) {
        self.at = match self.at {
            At::Chunk(_) if left == 0 => At::Size,
            At::Chunk(_) => At::Chunk(left),
            _ => At::Body(left),
        };
    }

    /// So many bytes are missing; false when it is not known any more where a message ends.
    pub fn gap(&mut self, bytes: u32, out: &mut DissectOutput<'_>) -> bool {
        let bytes = u64::from(bytes);
        match self.at {
            At::Body(left) | At::Chunk(left) if bytes < left => {
                self.passed(left - bytes);
                true
            }
            At::Body(left) | At::Chunk(left) if bytes == left => {
                self.at = if matches!(self.at, At::Chunk(_)) { At::Size } else { At::Start };
                true
            }
            At::Until | At::Last => true,
            at => {
                if at == At::Head {
                    out.tally().add(INCOMPLETE);
                }
                *self = Self { at: At::Until, speaks: self.speaks, ..Self::default() };
                false
            }
        }
    }

    /// Bytes held of lines.
    pub fn held(&self) -> usize {
        self.lines.held()
    }
}

/// Reads a line, and says where that leads.
fn step(
    at: At,
    head: &mut MessageHead,
    line: &[u8],
    payload: &Payload<'_>,
    out: &mut DissectOutput<'_>,
    connection: &mut HttpConnection,
) -> At {
    match at {
        At::Start => start(head, line, payload, out, connection),
        At::Head if line.is_empty() => match connection.head(head) {
            BodyEnd::After(bytes) => At::Body(bytes),
            BodyEnd::Chunks => At::Size,
            BodyEnd::WithConnection => At::Last,
        },
        At::Head => {
            head.lines = head.lines.saturating_add(1);
            header(head, line, payload, out, connection);
            if head.lines > HEAD_LINES { connection.lost() } else { At::Head }
        }
        // The end of the chunk before it.
        At::Size if line.is_empty() => At::Size,
        At::Size => match chunk_size(line) {
            Some(0) => At::Trailer,
            Some(bytes) => At::Chunk(bytes),
            None => connection.lost(),
        },
        At::Trailer if line.is_empty() => At::Body(0),
        other => other,
    }
}

/// Reads the first line of a message.
fn start(head: &mut MessageHead, line: &[u8], payload: &Payload<'_>, out: &mut DissectOutput<'_>, connection: &mut HttpConnection) -> At {
    *head = MessageHead::default();
    if let Some(code) = reply_status(line) {
        head.start = Start::Reply(code);
        connection.status(code, payload, out);
        return At::Head;
    }
    if let Some((method, target)) = request_method(line) {
        head.is_direct = target.starts_with(b"/");
        head.start = Start::Request(method);
        connection.begin(method, target, payload, out);
        return At::Head;
    }
    // Empty lines before a message are passed over (RFC 9112 section 2.2).
    if line.is_empty() { At::Start } else { connection.lost() }
}

/// Reads a header line.
fn header(head: &mut MessageHead, line: &[u8], payload: &Payload<'_>, out: &mut DissectOutput<'_>, connection: &mut HttpConnection) {
    let Some(colon) = line.iter().position(|&b| b == b':') else { return };
    let (name, value) = (line.get(..colon).unwrap_or_default(), line.get(colon + 1..).unwrap_or_default().trim_ascii());
    if name.eq_ignore_ascii_case(b"content-length") {
        head.length = number(value);
    } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
        head.chunked = value.to_ascii_lowercase().windows(7).any(|part| part == b"chunked");
    } else if name.eq_ignore_ascii_case(b"host") && matches!(head.start, Start::Request(_)) && !head.named {
        head.named = true;
        connection.host(value, head.is_direct, payload, out);
    } else if name.eq_ignore_ascii_case(b"user-agent") && matches!(head.start, Start::Request(_)) {
        connection.user_agent(value, payload, out);
    }
}

/// The length of a chunk: hexadecimal digits before an extension.
fn chunk_size(line: &[u8]) -> Option<u64> {
    let digits = line.split(|&b| b == b';').next()?.trim_ascii();
    let text = std::str::from_utf8(digits).ok()?;
    u64::from_str_radix(text, 16).ok().filter(|&bytes| bytes < 1 << 48)
}

impl HttpConnection {
    /// It is not known any more where a message ends.
    fn lost(&mut self) -> At {
        self.adrift = true;
        At::Until
    }
}
