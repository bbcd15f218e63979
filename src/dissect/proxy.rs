//! The header that a load balancer puts before what a client sends (the PROXY protocol of HAProxy, versions 1 and 2): stepped over, in one place
//! for all protocols.

use super::Payload;
use super::bytes::be16;

/// What version 2 begins with, and bytes before what its length counts (section 2.2).
const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";
const FIXED: usize = 16;

/// Bytes of version 1's line at most, with its end (section 2.1).
const LINE: usize = 107;

/// What stands behind the header with which the first bytes of a stream begin; all of them where they begin with none.
pub fn behind<'a>(payload: &Payload<'a>) -> Payload<'a> {
    let header = header(payload.bytes).unwrap_or(0);
    let bytes = payload.bytes.get(header..).unwrap_or_default();
    Payload { bytes, length: payload.length.saturating_sub(header as u32), ..*payload }
}

/// Bytes of the header.
fn header(bytes: &[u8]) -> Option<usize> {
    if bytes.starts_with(SIGNATURE) {
        // Version 2 of a connection of its own, or on behalf of another.
        let is_known = matches!(bytes.get(SIGNATURE.len()), Some(0x20 | 0x21));
        return be16(bytes, FIXED - 2).filter(|_| is_known).map(|more| FIXED + usize::from(more));
    }
    let kinds: [&[u8]; 3] = [b"PROXY TCP4 ", b"PROXY TCP6 ", b"PROXY UNKNOWN"];
    let is_line = kinds.iter().any(|kind| bytes.starts_with(kind));
    let end = bytes.iter().take(LINE).position(|&b| b == b'\n').filter(|_| is_line)?;
    Some(end + 1)
}

#[cfg(test)]
mod tests {
    use crate::dissect::talk::Talk;

    const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";

    fn status(first: &[u8], more: &[u8]) -> (Option<&'static str>, Vec<u32>) {
        let talk = Talk::tcp(80).client(first).client(more).server("HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n");
        (talk.app(), talk.codes())
    }

    #[test]
    fn what_a_client_sends_stands_behind_its_balancers_header() {
        let line = &b"PROXY TCP4 192.0.2.1 192.0.2.2 40000 80\r\n"[..];
        let unknown = &b"PROXY UNKNOWN\r\n"[..];
        let binary = &b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\x02\x01\xc0\0\x02\x02\x9c\x40\0\x50"[..];
        for header in [line, unknown, binary] {
            assert_eq!(status(&[header, REQUEST].concat(), b""), (Some("http"), vec![503]));
            assert_eq!(status(header, REQUEST), (Some("http"), vec![503]), "in a segment of its own");
        }
        let hello = Talk::tcp(9).client([line, b"SSH-2.0-x\r\n"].concat());
        assert_eq!(hello.app(), Some("ssh"));
    }

    #[test]
    fn what_only_looks_like_one() {
        for bytes in [&b"PROXY TCP5 a\r\n"[..], b"PROXY TCP4 a", b"\r\n\r\n\0\r\nQUIT\n\x31\x11\0\0", b"\r\n\r\n\0\r\nQUIT", b"PROXY"] {
            assert_eq!(super::header(bytes), None, "{bytes:02x?}");
        }
        assert_eq!(super::header(&[b"PROXY TCP4 ", &[b'1'; 96][..], b"\r\n"].concat()), None, "too long");
        // In the middle of a stream it is what is carried.
        let talk = Talk::tcp(80)
            .client(b"POST / HTTP/1.1\r\nContent-Length: 50\r\n\r\n")
            .client([b"PROXY TCP4 1 2 3 4\r\n", &[b'x'; 30][..]].concat());
        assert_eq!(talk.client(REQUEST).told("requests"), "GET 1, POST 1");
    }
}
