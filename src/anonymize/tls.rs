//! TLS (RFC 8446, RFC 5246): names and certificates are replaced, what is enciphered already is so once more, all else stays.

use super::ber::{self, Of};
use super::bytes::{from, part, v4, word};
use super::pan::Pan;
use super::veil::veil;
use super::words;

const HANDSHAKE: u8 = 22;
const DATA: u8 = 23;

/// Whether a record begins here.
pub fn is_record(bytes: &[u8]) -> bool {
    matches!(bytes, [20..=24, 3, 0..=4, high, ..] if *high <= 0x48)
}

fn three(bytes: &[u8], at: usize) -> usize {
    bytes.get(at..at + 3).map_or(0, |b| b.iter().fold(0, |n, b| n << 8 | usize::from(*b)))
}

/// A part of a stream: records, and what is left of one that began in a packet before.
pub fn stream(pan: &mut Pan, bytes: &mut [u8]) {
    let mut at = 0;
    while at < bytes.len() {
        let begins = |place: &usize| is_record(bytes.get(*place..).unwrap_or_default());
        let record = (at..bytes.len()).find(begins).unwrap_or(bytes.len());
        rest(pan, part(bytes, at, record));
        let end = record + 5 + usize::from(word(bytes, record + 3));
        let kind = bytes.get(record).copied();
        let body = part(bytes, record + 5, end);
        match kind {
            Some(HANDSHAKE) => handshake(pan, body),
            Some(DATA) => veil(pan, body),
            _ => {}
        }
        at = end;
    }
}

/// The rest of a record: certificates or a hello go on in it, or nobody knows what it is, and it is enciphered (once more).
fn rest(pan: &mut Pan, bytes: &mut [u8]) {
    /// Identifiers of attributes of names and of extensions (X.520, RFC 5280), of keys and of signatures (RFC 8017, RFC 5480).
    const OF_CERTIFICATES: [&[u8]; 4] = [&[6, 3, 0x55, 4], &[6, 3, 0x55, 0x1d], &[6, 9, 0x2a, 0x86, 0x48], &[6, 7, 0x2a, 0x86, 0x48]];
    let holds = |wanted: &&[u8]| bytes.windows(wanted.len()).any(|place| place == *wanted);
    if OF_CERTIFICATES.iter().any(holds) || bytes.windows(8).any(is_extension) { within(pan, bytes) } else { veil(pan, bytes) }
}

/// Whether an extension of a hello begins here, of a kind that is a list (RFC 8446 section 4.2: names, groups, signature algorithms,
/// application protocols, versions): its length is that of the list and of what says so.
fn is_extension(place: &[u8]) -> bool {
    match *place {
        [0, 0 | 10 | 13 | 16, high, low, inner_high, inner_low, ..] => {
            let (outer, inner) = (u16::from_be_bytes([high, low]), u16::from_be_bytes([inner_high, inner_low]));
            outer < 1024 && inner > 1 && inner.checked_add(2) == Some(outer)
        }
        [0, 43, 0, outer, inner, 3 | 0x0a..=0xfa, ..] => inner > 1 && inner.checked_add(1) == Some(outer),
        _ => false,
    }
}

fn handshake(pan: &mut Pan, bytes: &mut [u8]) {
    let mut at = 0;
    while let Some(&kind) = bytes.get(at) {
        let end = at + 4 + three(bytes, at + 1);
        let body = part(bytes, at + 4, end);
        match kind {
            1 => client_hello(pan, body),
            // A ticket behind its lifetime.
            4 => veil(pan, from(body, 6)),
            11 => certificates(pan, body),
            // Whose certificates are wanted; what says that one is good.
            13 => within(pan, body),
            22 => ber::elements(pan, Of::Other, from(body, 4), 0),
            _ => {}
        }
        at = end;
    }
}

/// The name asked for, tickets; all else says what the client can do.
fn client_hello(pan: &mut Pan, body: &mut [u8]) {
    let session = body.get(34).map_or(0, |n| usize::from(*n));
    let ciphers = 35 + session;
    let compressions = ciphers + 2 + usize::from(word(body, ciphers));
    let mut at = compressions + 3 + body.get(compressions).map_or(0, |n| usize::from(*n));
    while at + 4 <= body.len() {
        let (kind, end) = (word(body, at), at + 4 + usize::from(word(body, at + 2)));
        let value = part(body, at + 4, end);
        match kind {
            0 => words::name(pan, from(value, 5)),
            35 => veil(pan, value),
            // Identities of sessions before this one, and what proves them; their lengths stay.
            41 => {
                let identity = 4 + usize::from(word(value, 2));
                veil(pan, part(value, 4, identity));
            }
            _ => {}
        }
        at = end;
    }
}

fn certificates(pan: &mut Pan, body: &mut [u8]) {
    let mut at = 3;
    while at + 3 < body.len() {
        let end = at + 3 + three(body, at);
        ber::elements(pan, Of::Other, part(body, at + 3, end), 0);
        at = end;
    }
}

/// What begins within a certificate: its elements are found by what they begin with.
fn within(pan: &mut Pan, bytes: &mut [u8]) {
    /// Letters and digits by chance are shorter, nearly always.
    const LONG: usize = 6;
    let mut at = 0;
    while at < bytes.len() {
        let rest = from(bytes, at);
        at += match *rest {
            [0x17, 13, ..] => 15,
            [0x18, 15, ..] => 17,
            [0x87, 4, _, _, _, _, ..] => {
                v4(pan, rest, 2);
                6
            }
            // Strings and names, behind their lengths.
            [0x0c | 0x13 | 0x14 | 0x16 | 0x81 | 0x82 | 0x86, length @ 2..=0x7f, ..]
                if rest.get(2..2 + usize::from(length)).is_some_and(words::is_text) =>
            {
                words::name(pan, part(rest, 2, 2 + usize::from(length)));
                2 + usize::from(length)
            }
            _ => {
                let run = rest.iter().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-')).count();
                if run >= LONG {
                    words::name(pan, part(rest, 0, run));
                }
                run.max(1)
            }
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hello_goes_on_in_the_next_packet_and_unknown_bytes_are_enciphered() {
        let name = b"\x00\x00\x00\x15\x00\x13\x00\x00\x10hq.example.test4";
        let versions = [0, 43, 0, 5, 4, 3, 4, 3, 3];
        let key = [0x8f; 700];
        let plain = [&key[..], name, &versions].concat();
        let mut bytes = plain.clone();
        stream(&mut Pan::new(&[7; 32]), &mut bytes);
        assert!(bytes.ends_with(&versions) && bytes[700..709] == name[..9] && bytes[..700] == key, "extensions stay where they are");
        assert!(!bytes.windows(7).any(|place| place == b"example"));
        let mut unknown = [&b"\x25\x00\x45\x14\x04"[..], &[0x8f; 90]].concat();
        let before = unknown.clone();
        stream(&mut Pan::new(&[7; 32]), &mut unknown);
        assert!(unknown.iter().zip(&before).filter(|(a, b)| a == b).count() < 10, "{unknown:?}");
    }
}
