//! What is said between two ports. What is no text and of no protocol that is known here is enciphered, but for packets in it.

use super::ber::{self, Of};
use super::bytes::{from, part, v4, word};
use super::embedded::sweep;
use super::messages::{self, dhcp, dns, group, neighbour};
use super::pan::Pan;
use super::talk;
use super::veil::{opaque, veil};
use super::{embedded, tls, tunnel, words};

/// Replaces the words of bytes that hold some, and addresses that were met before.
pub fn mixed(pan: &mut Pan, bytes: &mut [u8]) {
    embedded::sweep(pan, bytes);
    words::replace(pan, bytes);
}

/// A text; what follows its headers may be none.
fn spoken(pan: &mut Pan, bytes: &mut [u8]) {
    let body = bytes.windows(4).position(|end| end == b"\r\n\r\n").map(|at| at + 4).filter(|at| *at < bytes.len());
    match body.filter(|at| bytes.get(*at..).is_some_and(|body| !words::is_text(body))) {
        Some(at) => {
            let (head, body) = bytes.split_at_mut(at);
            words::text(pan, head);
            talk::body(pan, body, 0);
        }
        None => words::text(pan, bytes),
    }
}

/// Bytes of a protocol that has not been named: text, or nobody knows.
pub fn unnamed(pan: &mut Pan, bytes: &mut [u8], kept: usize) {
    if words::is_text(bytes) { spoken(pan, bytes) } else { opaque(pan, bytes, kept) }
}

/// A payload between two ports.
pub fn of_ports(pan: &mut Pan, ports: [u16; 2], stream: bool, bytes: &mut [u8]) {
    if bytes.is_empty() {
        return;
    }
    if stream { of_stream(pan, ports, bytes) } else { of_datagram(pan, ports, bytes) }
}

/// Ports that TLS is spoken on from the first byte.
fn speaks_tls(port: u16) -> bool {
    matches!(
        port,
        443 | 465 | 563 | 636 | 853 | 989 | 990 | 992 | 993 | 994 | 995 | 2376 | 3269 | 4433 | 5061 | 5223 | 5671 | 6443 | 8443 | 8883
    )
}

fn of_stream(pan: &mut Pan, ports: [u16; 2], bytes: &mut [u8]) {
    let is = |wanted: fn(&u16) -> bool| ports.iter().any(wanted);
    match bytes {
        // A message over TCP has its length before it.
        _ if is(|p| *p == 53) && usize::from(word(bytes, 0)) + 2 <= bytes.len() => {
            let end = 2 + usize::from(word(bytes, 0));
            dns::message(pan, part(bytes, 2, end));
            veil(pan, from(bytes, end));
        }
        _ if tls::is_record(bytes) || is(|p| speaks_tls(*p)) && !words::is_text(bytes) => tls::stream(pan, bytes),
        // What has no header of its own is a file's.
        _ if has(bytes, b"SMB") => mixed(pan, bytes),
        _ if is(|p| matches!(p, 389 | 3268)) && ber::is_message(bytes) => ber::elements(pan, Of::Other, bytes, 0),
        _ if is(|p| matches!(p, 88 | 464)) && ber::is_message(from(bytes, 4)) => ber::elements(pan, Of::Other, from(bytes, 4), 0),
        _ if is(|p| *p == 3306) => talk::mysql(pan, bytes),
        _ if is(|p| *p == 5432) => mixed(pan, bytes),
        _ if is(|p| *p == 502) => talk::modbus(pan, bytes),
        _ if words::is_text(bytes) => spoken(pan, bytes),
        _ => talk::body(pan, bytes, kept_of_stream(ports)),
    }
}

/// Whether a mark stands in the first bytes, behind a length.
fn has(bytes: &[u8], mark: &[u8]) -> bool {
    bytes.get(1..).is_some_and(|b| b.starts_with(mark)) || bytes.get(5..).is_some_and(|b| b.starts_with(mark))
}

/// Bytes at the beginning that say which protocol it is, by its registered port.
fn kept_of_stream(ports: [u16; 2]) -> usize {
    let kept = |port: u16| match port {
        23 | 111 | 2049 => 3,
        135 | 102 | 179 | 1433 | 1521 | 1720 | 1723 | 2000 | 3260 | 3389 | 3868 | 4840 | 5672 | 6633 | 6653 | 9092 => 8,
        49 | 1883 | 2404 | 9042 | 11_211 | 20_000 | 27_017 | 44_818 => 4,
        _ => 0,
    };
    ports.into_iter().map(kept).max().unwrap_or(0)
}

fn of_datagram(pan: &mut Pan, ports: [u16; 2], bytes: &mut [u8]) {
    let is = |wanted: fn(&u16) -> bool| ports.iter().any(wanted);
    match bytes {
        _ if is(|p| matches!(p, 53 | 5353 | 5355 | 137)) => dns::message(pan, bytes),
        _ if is(|p| *p == 67) && is(|p| *p == 68) || ports == [67, 67] => dhcp::message(pan, bytes),
        _ if is(|p| *p == 123) => messages::ntp(pan, bytes),
        _ if is(|p| *p == 138) => {
            // NetBIOS datagrams: the sender's address (RFC 1002 section 4.4.1), names, words.
            v4(pan, bytes, 4);
            if dns::name(pan, bytes, 14).and_then(|next| dns::name(pan, bytes, next)).is_none() {
                return opaque(pan, from(bytes, 14), 0);
            }
            mixed(pan, from(bytes, 82));
        }
        _ if is(|p| matches!(p, 161 | 162)) && ber::is_message(bytes) => ber::elements(pan, Of::Snmp, bytes, 0),
        _ if is(|p| matches!(p, 88 | 389 | 464)) && ber::is_message(bytes) => ber::elements(pan, Of::Other, bytes, 0),
        _ if is(|p| matches!(p, 1645 | 1646 | 1812 | 1813)) => talk::radius(pan, bytes),
        _ if is(|p| matches!(p, 1985 | 2029)) => group::hsrp(pan, bytes),
        _ if is(|p| *p == 3222) => neighbour::glbp(pan, bytes),
        _ if is(|p| *p == 5678) => neighbour::mndp(pan, bytes),
        // Times, but not the clocks' names (IEEE 1588 clause 13.3).
        _ if is(|p| matches!(p, 319 | 320)) => {
            veil(pan, part(bytes, 25, 28));
            veil(pan, from(bytes, 44));
        }
        _ if is(|p| matches!(p, 3784 | 3785 | 4784)) => veil(pan, from(bytes, 24)),
        _ if words::is_text(bytes) => spoken(pan, bytes),
        _ if !is(|p| *p < 1024) && is(|p| tunnel::is_tunnel(*p)) => tunnel::datagram(pan, ports, bytes),
        [_, _, _, _, 0x21, 0x12, 0xa4, 0x42, ..] => talk::stun(pan, bytes),
        [20..=25, 0xfe, 0xfd | 0xff, ..] => talk::dtls(pan, bytes),
        _ if talk::is_quic(bytes) || is(|p| *p == 443) && bytes.first().is_some_and(|b| b & 0x40 != 0) => talk::quic(pan, bytes),
        // Google's: flags say that a version and an identifier follow.
        [flags, _, _, _, _, _, _, _, _, b'Q', b'0'..=b'9', b'0'..=b'9', b'0'..=b'9', ..] if *flags & 9 == 9 => {
            sweep(pan, part(bytes, 1, 9));
            mixed(pan, from(bytes, 13));
        }
        [0x80..=0xbf, ..] if bytes.len() >= 8 => {
            if !embedded::packets(pan, bytes) {
                // Nothing but two bits says that it is RTP.
                sweep(pan, part(bytes, 4, 12));
                talk::real_time(pan, bytes);
            }
        }
        _ => opaque(pan, bytes, kept_of_datagram(ports)),
    }
}

fn kept_of_datagram(ports: [u16; 2]) -> usize {
    let kept = |port: u16| match port {
        500 | 4500 => 20,
        546 | 547 | 69 | 111 | 646 | 2049 | 520 | 521 | 5683 | 47_808 | 51_820 => 4,
        135 | 1194 | 2055 | 2427 | 4739 | 9995 | 9996 | 11_211 | 20_000 | 44_818 => 8,
        _ => 0,
    };
    ports.into_iter().map(kept).max().unwrap_or(0)
}
