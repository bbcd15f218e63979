//! ASN.1's basic encoding (ITU-T X.690): SNMP, LDAP, Kerberos, certificates. Lengths, numbers and times stay, words and addresses do not.

use super::bytes::{from, part, v4, v6};
use super::pan::Pan;
use super::veil::veil;
use super::words;

/// Nesting beyond it is an attack.
const DEEPEST: u8 = 24;

/// Numbers longer than this are keys and serial numbers.
const LONGEST_NUMBER: usize = 8;

/// What the bytes are of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Of {
    /// Names of objects hold addresses behind their first numbers.
    Snmp,
    /// Names of algorithms stay.
    Other,
}

/// A tag, the length of its header, and of its content; the last may reach beyond what is there.
fn head(bytes: &[u8]) -> Option<(u8, usize, usize)> {
    let (&tag, &length) = (bytes.first()?, bytes.get(1)?);
    if tag & 0x1f == 0x1f {
        return None;
    }
    if length < 0x80 {
        return Some((tag, 2, length.into()));
    }
    let count = usize::from(length & 0x7f);
    let digits = bytes.get(2..2 + count).filter(|digits| (1..=4).contains(&digits.len()))?;
    Some((tag, 2 + count, digits.iter().fold(0, |n, b| n << 8 | usize::from(*b))))
}

/// Whether bytes begin with a sequence whose length does not exceed them by more than a stream's messages do.
pub fn is_message(bytes: &[u8]) -> bool {
    head(bytes).is_some_and(|(tag, _, length)| tag & 0x20 != 0 && length > 0 && length < 1 << 20)
}

/// Replaces what elements say, one behind the other.
pub fn elements(pan: &mut Pan, of: Of, bytes: &mut [u8], depth: u8) {
    let mut at = 0;
    while at < bytes.len() {
        let rest = from(bytes, at);
        let Some((tag, header, length)) = head(rest).filter(|_| depth < DEEPEST) else {
            return veil(pan, rest);
        };
        let content = part(rest, header, header.saturating_add(length));
        if tag & 0x20 != 0 {
            elements(pan, of, content, depth + 1);
        } else {
            element(pan, of, tag, content, depth);
        }
        at = at.saturating_add(header).saturating_add(length);
    }
}

fn element(pan: &mut Pan, of: Of, tag: u8, content: &mut [u8], depth: u8) {
    const NAME_OF_OBJECT: u8 = 6;
    /// Numbers of a name of an object that say what it is of.
    const KEPT_NUMBERS: usize = 8;
    match (tag, content.len()) {
        // Truth, numbers, nothing, kinds, times.
        (1 | 2 | 10, ..=LONGEST_NUMBER) | (5 | 0x17 | 0x18, _) => {}
        (NAME_OF_OBJECT, _) if of == Of::Snmp => part(content, KEPT_NUMBERS, usize::MAX).iter_mut().for_each(|b| *b = number(pan, *b)),
        (NAME_OF_OBJECT, _) => {}
        // SNMP's addresses; its counters, gauges and ticks.
        (0x40, 4) => v4(pan, content, 0),
        (0x41..=0x47, ..=9) if of == Of::Snmp => {}
        // An address in a certificate.
        (0x87, 4) => v4(pan, content, 0),
        (0x87, 16) => v6(pan, content, 0),
        // Extensions of certificates are elements in a string of octets.
        (4, 2..) if of == Of::Other && wholly(content) => elements(pan, of, content, depth + 1),
        (0x80..=0x9f, ..=2) => {}
        // UTF-16, as some directories write.
        (0x1e, _) => words::wide(pan, content),
        // Keys are numbers in a string of bits, behind the count of those that are none.
        (3, 4..) if wholly(from(content, 1)) => elements(pan, of, from(content, 1), depth + 1),
        (2 | 3, 4..) => veil(pan, from(content, 1)),
        _ if words::is_text(content) => words::name(pan, content),
        // Truth, usage and constraints are short; keys and signatures are not.
        (3, ..=3) | (_, ..=1) => {}
        _ => veil(pan, content),
    }
}

/// A number of a name of an object by another of its length.
fn number(pan: &Pan, byte: u8) -> u8 {
    byte & 0x80 | pan.encrypt(u128::from(byte) | 0x6f69_6400 << 96) as u8 & 0x7f
}

/// Whether a string is one element from its first to its last octet.
fn wholly(content: &[u8]) -> bool {
    head(content).is_some_and(|(tag, header, length)| header + length == content.len() && (tag & 0x20 != 0 || matches!(tag, 1..=6)))
}
