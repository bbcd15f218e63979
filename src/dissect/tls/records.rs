//! TLS records of one direction (RFC 8446 section 5.1): takes the handshake messages out of them, however they were cut.

use crate::dissect::DissectOutput;
use crate::model::limits::MESSAGE_BYTES;

/// Content types.
pub const CHANGE_CIPHER_SPEC: u8 = 20;
pub const ALERT: u8 = 21;
pub const HANDSHAKE: u8 = 22;
pub const APPLICATION_DATA: u8 = 23;

/// Handshake message types.
pub const CLIENT_HELLO: u8 = 1;
pub const SERVER_HELLO: u8 = 2;
pub const CERTIFICATE: u8 = 11;

/// Most bytes of a record (RFC 5246 section 6.2.3).
pub const RECORD_BYTES: u16 = 18_432;

/// Bytes of a record's header, and of a handshake message's.
pub const RECORD_HEADER: usize = 5;
pub const MESSAGE_HEADER: usize = 4;

/// What a direction has come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event<'a> {
    /// A handshake message: its type and body.
    Message(u8, &'a [u8]),
    /// An alert that is not encrypted.
    Alert(u8),
    /// From here on all is encrypted: a ChangeCipherSpec message.
    CipherChange,
    /// A record of application data.
    ApplicationData,
    /// What follows is not TLS, or cannot be read.
    Unreadable,
}

/// Where one direction is.
#[derive(Debug, Default)]
pub struct Records {
    /// A record's header as far as it is there.
    header: [u8; RECORD_HEADER],
    header_len: u8,
    /// Type and length of the record that is being read, and bytes left of it.
    kind: u8,
    length: u16,
    left: u16,
    /// Handshake message that is not complete.
    message: Vec<u8>,
    /// Bytes left of a handshake message that is passed over.
    skip: usize,
    /// Nothing more is read of this direction.
    pub over: bool,
}

impl Records {
    /// Reads the next bytes until `event` says to stop (false) or they end.
    pub fn read(
        &mut self,
        mut bytes: &[u8],
        out: &mut DissectOutput<'_>,
        mut event: impl FnMut(Event<'_>, &mut DissectOutput<'_>) -> bool,
    ) {
        while !bytes.is_empty() && !self.over {
            if self.left > 0 {
                let (now, rest) = bytes.split_at(usize::from(self.left).min(bytes.len()));
                self.left = self.left.saturating_sub(now.len() as u16);
                bytes = rest;
                self.over = match self.kind {
                    HANDSHAKE => !self.handshake(now, out, &mut event),
                    // An encrypted alert is longer.
                    ALERT if self.length == 2 && self.left == 0 => !event(Event::Alert(now.last().copied().unwrap_or(0)), out),
                    _ => false,
                };
                continue;
            }
            let have = usize::from(self.header_len);
            let (now, rest) = bytes.split_at((RECORD_HEADER - have).min(bytes.len()));
            if let Some(place) = self.header.get_mut(have..have + now.len()) {
                place.copy_from_slice(now);
            }
            self.header_len = (have + now.len()) as u8;
            bytes = rest;
            if usize::from(self.header_len) == RECORD_HEADER {
                self.over = !self.record(out, &mut event);
            }
        }
        if self.over {
            self.message = Vec::new();
        }
    }

    /// Begins the record whose header is there.
    fn record(&mut self, out: &mut DissectOutput<'_>, event: &mut impl FnMut(Event<'_>, &mut DissectOutput<'_>) -> bool) -> bool {
        let [kind, major, _, a, b] = self.header;
        let length = u16::from_be_bytes([a, b]);
        if !(CHANGE_CIPHER_SPEC..=APPLICATION_DATA + 1).contains(&kind) || major != 3 || length > RECORD_BYTES {
            event(Event::Unreadable, out);
            return false;
        }
        (self.kind, self.length, self.left, self.header_len) = (kind, length, length, 0);
        match kind {
            CHANGE_CIPHER_SPEC => event(Event::CipherChange, out),
            APPLICATION_DATA => event(Event::ApplicationData, out),
            _ => true,
        }
    }

    /// Takes messages out of the next bytes of handshake records; false when nothing more is to be read.
    fn handshake(
        &mut self,
        mut bytes: &[u8],
        out: &mut DissectOutput<'_>,
        event: &mut impl FnMut(Event<'_>, &mut DissectOutput<'_>) -> bool,
    ) -> bool {
        while !bytes.is_empty() {
            if self.skip > 0 {
                let n = self.skip.min(bytes.len());
                self.skip -= n;
                bytes = bytes.get(n..).unwrap_or_default();
                continue;
            }
            // Whole messages are read where they are.
            if self.message.is_empty()
                && let Some((kind, length)) = message_header(bytes)
                && let Some((now, rest)) = bytes.split_at_checked(MESSAGE_HEADER + length)
            {
                bytes = rest;
                if !event(Event::Message(kind, now.get(MESSAGE_HEADER..).unwrap_or_default()), out) {
                    return false;
                }
                continue;
            }
            let want = message_header(&self.message).map_or(MESSAGE_HEADER, |(_, length)| MESSAGE_HEADER + length);
            let (now, rest) = bytes.split_at(want.saturating_sub(self.message.len()).min(bytes.len()));
            if !out.hold(&mut self.message, now) {
                return false;
            }
            bytes = rest;
            let Some((kind, length)) = message_header(&self.message) else { continue };
            if is_passed_over(kind, length) {
                self.skip = length;
                self.message = Vec::new();
            } else if self.message.len() == MESSAGE_HEADER + length {
                let goes_on = event(Event::Message(kind, self.message.get(MESSAGE_HEADER..).unwrap_or_default()), out);
                self.message = Vec::new();
                if !goes_on {
                    return false;
                }
            }
        }
        true
    }

    /// Whether nothing of this direction was read.
    pub fn is_new(&self) -> bool {
        self.kind == 0 && self.header_len == 0
    }

    /// Reads nothing more of this direction.
    pub fn give_up(&mut self) {
        *self = Self { over: true, ..Self::default() };
    }

    /// Whether a hello, or what may become one, is not there to its end.
    pub fn is_incomplete(&self) -> bool {
        !self.over && !self.message.is_empty()
    }

    /// Bytes held of a message.
    pub fn held(&self) -> usize {
        self.message.capacity()
    }
}

/// Messages that are not waited for: all but hellos and certificates, and what is longer than any.
fn is_passed_over(kind: u8, length: usize) -> bool {
    !matches!(kind, CLIENT_HELLO | SERVER_HELLO | CERTIFICATE) || length > MESSAGE_BYTES
}

/// Type and length of a handshake message.
fn message_header(bytes: &[u8]) -> Option<(u8, usize)> {
    let [kind, a, b, c] = *bytes.first_chunk()?;
    Some((kind, usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c)))
}
