//! Protocols of which the analysis reads more than words: their headers stay, what they carry does not.

use super::bytes::{from, part, v4, v6, word};
use super::embedded::{self, sweep};
use super::pan::Pan;
use super::payload::mixed;
use super::veil::veil;
use super::words;

/// A part of a stream that is no text: packets in it, or enciphered, but for what says where messages of HTTP begin and end.
pub fn body(pan: &mut Pan, bytes: &mut [u8], kept: usize) {
    if embedded::packets(pan, bytes) {
        return;
    }
    let begins = |at: &usize| bytes.get(*at..).is_some_and(|rest| rest.starts_with(b"HTTP/1."));
    let text = (0..bytes.len()).find(begins).unwrap_or(bytes.len());
    let (body, text) = bytes.split_at_mut(text);
    words::text(pan, text);
    let (head, body) = body.split_at_mut(kept.min(body.len()));
    embedded::sweep(pan, head);
    // Pieces of a body have their lengths on lines between them.
    let mut at = 0;
    let mut from = 0;
    while at < body.len() {
        match chunk_line(body.get(at..).unwrap_or_default(), at == 0) {
            Some(length) => {
                veil(pan, part(body, from, at));
                at += length;
                from = at;
            }
            None => at += 1,
        }
    }
    veil(pan, part(body, from, usize::MAX));
}

/// The length of a line that says how long the next piece of a body is (RFC 9112 section 7.1), with the end of the one before.
fn chunk_line(rest: &[u8], is_first: bool) -> Option<usize> {
    // The end of a piece, or of the message behind its last one: the rest is in the next packet, if there is one.
    if rest == b"\r\n" {
        return Some(2);
    }
    let before = if rest.starts_with(b"\r\n") { 2 } else { 0 };
    if before == 0 && !is_first {
        return None;
    }
    let digits = rest.get(before..)?.iter().take_while(|b| b.is_ascii_hexdigit()).count();
    let behind = rest.get(before + digits..)?;
    let end = behind.starts_with(b"\r\n").then_some(before + digits + 2)?;
    (digits <= 6 && (digits > 0 || rest.len() == end)).then_some(end)
}

/// MySQL: packets with a length and a number before them.
pub fn mysql(pan: &mut Pan, bytes: &mut [u8]) {
    let mut at = 0;
    while let Some([a, b, c, _]) = bytes.get(at..).and_then(|b| b.first_chunk::<4>()) {
        let end = at + 4 + (usize::from(*a) | usize::from(*b) << 8 | usize::from(*c) << 16);
        mixed(pan, part(bytes, at + 4, end));
        at = end;
    }
}

/// Modbus: who is asked for what, and whether that failed; values are enciphered.
pub fn modbus(pan: &mut Pan, bytes: &mut [u8]) {
    /// Header, function, and the number of an exception.
    const KEPT: usize = 9;
    let mut at = 0;
    while at + KEPT <= bytes.len() {
        let end = at + 6 + usize::from(word(bytes, at + 4));
        veil(pan, part(bytes, at + KEPT, end));
        at = end.max(at + KEPT);
    }
}

/// RADIUS (RFC 2865 section 5): addresses and words of attributes, all else is enciphered.
pub fn radius(pan: &mut Pan, bytes: &mut [u8]) {
    let mut at = 20;
    while let Some(&[kind, length]) = bytes.get(at..).and_then(|b| b.first_chunk::<2>()) {
        let end = at + usize::from(length).max(2);
        let value = part(bytes, at + 2, end);
        match kind {
            4 | 8 => v4(pan, value, 0),
            168 | 95 => v6(pan, value, 0),
            // Kinds, times and counts.
            5 | 6 | 7 | 10 | 27 | 28 | 40 | 41 | 42 | 43 | 45..=49 | 52 | 53 | 61 => {}
            _ if words::is_text(value) => words::name(pan, value),
            _ => veil(pan, value),
        }
        at = end;
    }
}

/// STUN (RFC 8489 section 5): kinds and lengths of attributes.
pub fn stun(pan: &mut Pan, bytes: &mut [u8]) {
    let mut at = 20;
    while at + 4 <= bytes.len() {
        let end = at + 4 + usize::from(word(bytes, at + 2)).next_multiple_of(4);
        veil(pan, part(bytes, at + 4, end));
        at = end;
    }
}

/// DTLS: as TLS, but for longer headers; what is not enciphered are words.
pub fn dtls(pan: &mut Pan, bytes: &mut [u8]) {
    let mut at = 0;
    while at + 13 <= bytes.len() {
        let end = at + 13 + usize::from(word(bytes, at + 11));
        let is_handshake = bytes.get(at) == Some(&22);
        let body = part(bytes, at + 13, end);
        if is_handshake {
            mixed(pan, body)
        } else {
            veil(pan, body)
        }
        at = end;
    }
}

/// Whether this is a long header of QUIC (RFC 9000 section 17.2), of a version that there is.
pub fn is_quic(bytes: &[u8]) -> bool {
    let [first, a, b, c, d, ..] = bytes else { return false };
    let version = u32::from_be_bytes([*a, *b, *c, *d]);
    // The fixed bit (RFC 9000 section 17.2) says nothing where versions are negotiated.
    let is_long = *first >= 0xc0 || *first >= 0x80 && version == 0;
    is_long && bytes.len() > 20 && (version == 0 || is_version(version)) && identifiers(bytes).is_some()
}

/// Versions of QUIC: RFC 9000, RFC 9369, the drafts.
fn is_version(version: u32) -> bool {
    matches!(version, 1 | 0x6b33_43cf | 0xff00_0001..=0xff00_0022)
}

/// Where the two identifiers of a long header end: of 20 bytes at most each (RFC 9000 section 17.2); longer ones are something else's bytes.
fn identifiers(bytes: &[u8]) -> Option<usize> {
    const LONGEST: usize = 20;
    let length = |at: usize| bytes.get(at).map(|n| usize::from(*n)).filter(|n| *n <= LONGEST);
    let destination = length(5)?;
    let source = length(6 + destination)?;
    Some(7 + destination + source).filter(|end| *end <= bytes.len())
}

/// A number of QUIC's and how long it is written.
fn variable(bytes: &[u8], at: usize) -> Option<(usize, usize)> {
    let first = bytes.get(at)?;
    let size = 1usize << (first >> 6);
    let digits = bytes.get(at + 1..at + size)?;
    Some((digits.iter().fold(usize::from(first & 0x3f), |n, b| n << 8 | usize::from(*b)), size))
}

/// QUIC: headers stay. Who saw a handshake's first packets can decipher them, so that they are enciphered anew.
pub fn quic(pan: &mut Pan, bytes: &mut [u8]) {
    let mut at = 0;
    while let Some(length) = long_header(bytes.get(at..).unwrap_or_default()) {
        let (header, length) = length;
        sweep(pan, part(bytes, at, at.saturating_add(header)));
        veil(pan, part(bytes, at + header, at.saturating_add(header).saturating_add(length)));
        at = at.saturating_add(header).saturating_add(length);
    }
    // A short header: flags and an identifier.
    let short = if at == 0 { 9 } else { 1 };
    veil(pan, from(bytes, at.saturating_add(short)));
}

/// Bytes of a long header and of what it announces.
fn long_header(bytes: &[u8]) -> Option<(usize, usize)> {
    if !is_quic(bytes) {
        return None;
    }
    let mut at = identifiers(bytes)?;
    // Versions that a server has are numbers; what else stands there, and a retry's token, is enciphered.
    if bytes.get(1..5)? == [0; 4] {
        let known = |v: &[u8]| v.try_into().is_ok_and(|v| is_version(u32::from_be_bytes(v)));
        let kept = bytes.get(at..)?.chunks(4).take_while(|v| known(v)).count() * 4;
        return Some((at + kept, bytes.len()));
    }
    match bytes.first()? >> 4 & 3 {
        0 => {
            let (token, size) = variable(bytes, at)?;
            at = at.checked_add(size)?.checked_add(token)?;
        }
        3 => return Some((at, bytes.len())),
        _ => {}
    }
    let (length, size) = variable(bytes, at)?;
    Some((at + size, length))
}

/// RTP and RTCP (RFC 3550): headers, and the times of a sender's report.
pub fn real_time(pan: &mut Pan, bytes: &mut [u8]) {
    let is_control = bytes.get(1).is_some_and(|kind| matches!(kind, 192..=223));
    if is_control || bytes.len() < 12 {
        let mut at = 0;
        while at + 4 <= bytes.len() {
            let kept = if bytes.get(at + 1) == Some(&200) { 28 } else { 8 };
            let end = at + 4 + usize::from(word(bytes, at + 2)) * 4;
            veil(pan, part(bytes, at + kept, end));
            at = end;
        }
        veil(pan, from(bytes, at));
    } else {
        embedded::sweep(pan, part(bytes, 8, 12));
        veil(pan, from(bytes, 12));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines of the lengths of a body's pieces, and the end of the last one, however it is cut into packets.
    #[test]
    fn pieces_of_a_body_are_found_by_their_lengths_afterwards() {
        let piece: &[u8] = &[0x1f, 0x8b, 8, 0, 0, 9, 0xff, 0xfe, 3, 0x80, 0x81];
        let last = b"\r\n0\r\n\r\n";
        let whole = [b"b\r\n", piece, b"\r\nB\r\n", piece, last].concat();
        for (name, plain) in [("whole", &whole[..]), ("end", &whole[whole.len() - 30..]), ("last line", last)] {
            let mut bytes = plain.to_vec();
            body(&mut Pan::new(&[7; 32]), &mut bytes, 0);
            assert!(bytes.ends_with(last), "{name} {bytes:?}");
            assert!(!bytes.windows(4).any(|four| piece.windows(4).any(|of| of == four)), "{name} {bytes:?}");
            let lengths = |bytes: &[u8]| bytes.windows(5).filter(|w| matches!(w, [b'\r', b'\n', b'B', b'\r', b'\n'])).count();
            assert_eq!(lengths(&bytes), lengths(plain), "{name}");
        }
    }
}
