//! JA4: a client's hello as a short word that is the same for the same program (FoxIO, technical_details/JA4.md; this part of it is free under the
//! BSD licence).

use super::hello::{ClientHello, is_grease};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;

const SERVER_NAME: u16 = 0;
const SIGNATURE_ALGORITHMS: u16 = 13;
const ALPN: u16 = 16;

/// The word of a hello, sent over TCP or by QUIC.
pub fn ja4(hello: &ClientHello<'_>, is_quic: bool) -> String {
    let mut ciphers: Vec<u16> = hello.ciphers().filter(|cipher| !is_grease(*cipher)).collect();
    let all: Vec<u16> = hello.extensions().map(|(kind, _)| kind).filter(|kind| !is_grease(*kind)).collect();
    let mut kinds: Vec<u16> = all.iter().copied().filter(|kind| ![SERVER_NAME, ALPN].contains(kind)).collect();
    let algorithms = hello.extensions().find(|(kind, _)| *kind == SIGNATURE_ALGORITHMS).map(|(_, data)| data.get(2..).unwrap_or_default());
    let signed = listed(words(algorithms.unwrap_or_default()).filter(|word| !is_grease(*word)));
    let counts = [ciphers.len(), all.len()].map(|count| count.min(99));
    ciphers.sort_unstable();
    kinds.sort_unstable();
    let mut extensions = listed(kinds.iter().copied());
    let is_empty = extensions.is_empty();
    if !signed.is_empty() {
        let _ = write!(extensions, "_{signed}");
    }
    let carriage = if is_quic { 'q' } else { 't' };
    let named = if all.contains(&SERVER_NAME) { 'd' } else { 'i' };
    let [first, second] = counts;
    let front = format!("{carriage}{}{named}{first:02}{second:02}{}", version(hello.version), alpn(hello));
    let ciphers = listed(ciphers.into_iter());
    format!("{front}_{}_{}", digest(&ciphers, ciphers.is_empty()), digest(&extensions, is_empty && signed.is_empty()))
}

fn version(version: u16) -> &'static str {
    match version {
        0x0304 => "13",
        0x0303 => "12",
        0x0302 => "11",
        0x0301 => "10",
        0x0300 => "s3",
        0x0002 => "s2",
        _ => "00",
    }
}

/// First and last character of the first application protocol; of other than letters and digits the first and last digit of its bytes.
fn alpn(hello: &ClientHello<'_>) -> String {
    let Some((&first, &last)) = hello.first_protocol().and_then(|name| name.first().zip(name.last())) else { return "00".to_owned() };
    if first.is_ascii_alphanumeric() && last.is_ascii_alphanumeric() {
        return [char::from(first), char::from(last)].iter().collect();
    }
    format!("{:x}{:x}", first >> 4, last & 15)
}

fn words(bytes: &[u8]) -> impl Iterator<Item = u16> {
    bytes.chunks_exact(2).map(|pair| pair.iter().fold(0, |word, byte| word << 8 | u16::from(*byte)))
}

/// `002f,0035`.
fn listed(words: impl Iterator<Item = u16>) -> String {
    let mut out = String::new();
    for word in words {
        let _ = write!(out, "{}{word:04x}", if out.is_empty() { "" } else { "," });
    }
    out
}

/// The first twelve digits of the digest; of nothing zeros.
fn digest(text: &str, is_empty: bool) -> String {
    if is_empty {
        return "0".repeat(12);
    }
    let hash = Sha256::digest(text.as_bytes());
    hash.iter().take(6).fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hello(ciphers: &[u16], extensions: &[(u16, &[u8])]) -> Vec<u8> {
        let pairs = |words: &[u16]| words.iter().flat_map(|w| w.to_be_bytes()).collect::<Vec<u8>>();
        let ciphers = pairs(ciphers);
        let mut body = [&[3, 3][..], &[7; 32], &[0]].concat();
        body.extend((ciphers.len() as u16).to_be_bytes());
        body.extend(ciphers);
        body.extend([1, 0]);
        let list: Vec<u8> = extensions.iter().flat_map(|(kind, data)| [&pairs(&[*kind, data.len() as u16])[..], data].concat()).collect();
        body.extend((list.len() as u16).to_be_bytes());
        body.extend(list);
        body
    }

    fn word(body: &[u8], is_quic: bool) -> String {
        ja4(&ClientHello::read(body).unwrap(), is_quic)
    }

    /// The example of FoxIO's description: a browser, with values that are to be ignored among its own.
    #[test]
    fn the_example_of_the_description() {
        let ciphers = [
            0x1a1a, 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013, 0xc014, 0x009c, 0x009d, 0x002f, 0x0035,
        ];
        let algorithms = [0, 16, 4, 3, 8, 4, 4, 1, 5, 3, 8, 5, 5, 1, 8, 6, 6, 1];
        let extensions: Vec<(u16, &[u8])> = vec![
            (0x2a2a, &[]),
            (0, &[0, 4, 0, 0, 1, b'a']),
            (0x17, &[]),
            (0xff01, &[0]),
            (0x0a, &[]),
            (0x0b, &[]),
            (0x23, &[]),
            (0x10, &[0, 12, 2, b'h', b'2', 8, b'h', b't', b't', b'p', b'/', b'1', b'.', b'1']),
            (0x05, &[]),
            (0x0d, &algorithms),
            (0x12, &[]),
            (0x33, &[]),
            (0x2d, &[]),
            (0x2b, &[6, 0x3a, 0x3a, 3, 4, 3, 3]),
            (0x1b, &[]),
            (0x4469, &[]),
            (0x15, &[]),
            (0x8a8a, &[0]),
        ];
        assert_eq!(word(&hello(&ciphers, &extensions), false), "t13d1516h2_8daaf6152771_e5627efa2ab1");
        assert_eq!(word(&hello(&ciphers, &extensions), true), "q13d1516h2_8daaf6152771_e5627efa2ab1");
    }

    #[test]
    fn what_lacks_is_said() {
        assert_eq!(word(&hello(&[], &[]), false), "t12i000000_000000000000_000000000000");
        let odd = hello(&[0x1301], &[(16, &[0, 3, 2, 0xab, 0xcd])]);
        assert!(word(&odd, false).starts_with("t12i0101ad_"), "{}", word(&odd, false));
        assert_eq!(word(&hello(&[0x1301; 120], &[]), false)[4..6], *"99");
    }
}
