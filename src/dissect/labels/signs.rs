//! Signatures: whether the first bytes of a payload are such as a protocol begins with.

use super::{Carriage, Payload, Probe};
use crate::dissect::bytes::{be16, be24, be32, contains, le16, le32};

/// Certain, or not at all.
pub fn certain(fits: bool) -> Probe {
    if fits { Probe::Certain } else { Probe::No }
}

/// What a registered port decides, or not at all.
pub fn unsure(fits: bool) -> Probe {
    if fits { Probe::Unsure } else { Probe::No }
}

/// Certain, or else what a registered port decides.
fn graded(sure: bool, fits: bool) -> Probe {
    if sure { Probe::Certain } else { unsure(fits) }
}

pub fn starts(p: &Payload<'_>, with: &[u8]) -> bool {
    p.bytes.starts_with(with)
}

pub fn has(p: &Payload<'_>, part: &[u8]) -> bool {
    contains(p.bytes, part)
}

/// The first byte; 0 when there is none.
pub fn first(p: &Payload<'_>) -> u8 {
    p.bytes.first().copied().unwrap_or(0)
}

/// Bytes on the wire.
fn length(p: &Payload<'_>) -> usize {
    p.length as usize
}

/// The first line.
fn line<'a>(p: &Payload<'a>) -> &'a [u8] {
    p.bytes.split(|&b| b == b'\n').next().unwrap_or_default()
}

/// A first line in capitals with this version at its end.
pub fn is_text_request(p: &Payload<'_>, version: &[u8]) -> bool {
    first(p).is_ascii_uppercase() && line(p).trim_ascii_end().ends_with(version)
}

/// RFC 854: a negotiation, command and option, in a row.
pub fn telnet(p: &Payload<'_>) -> Probe {
    let is_option = |part: &[u8]| matches!(part, [0xff, 0xfb..=0xfe, 0..=0x31 | 0xff]);
    let all = p.bytes.len().is_multiple_of(3) && p.is_whole() && p.bytes.len() >= 6 && p.bytes.chunks(3).all(is_option);
    graded(all, p.bytes.get(..3).is_some_and(is_option))
}

/// RFC 1006: version 3, a length that fits.
pub fn is_tpkt(p: &Payload<'_>) -> bool {
    starts(p, b"\x03\0") && be16(p.bytes, 2).map(usize::from) == Some(length(p))
}

/// A connection request or confirmation of X.224 with a cookie or a negotiation.
pub fn rdp(p: &Payload<'_>) -> Probe {
    if !is_tpkt(p) || !matches!(p.bytes.get(5), Some(0xe0 | 0xd0)) {
        return Probe::No;
    }
    let negotiation = length(p).checked_sub(8).and_then(|at| p.bytes.get(at..));
    graded(has(p, b"Cookie: mstshash=") || matches!(negotiation, Some([1..=3, _, 8, 0, ..])), true)
}

/// Setup of COTP, or data with the protocol's first byte.
pub fn s7comm(p: &Payload<'_>) -> Probe {
    let is_data = p.bytes.get(4..8).is_some_and(|b| matches!(b, [2, 0xf0, 0x80, 0x32 | 0x72]));
    graded(is_tpkt(p) && is_data, is_tpkt(p) && matches!(p.bytes.get(5), Some(0xe0 | 0xd0)))
}

/// Four hexadecimal digits of length, then the command.
pub fn is_git(p: &Payload<'_>) -> bool {
    p.bytes.get(..4).is_some_and(|b| b.iter().all(u8::is_ascii_hexdigit)) && p.bytes.get(4..).is_some_and(|b| b.starts_with(b"git-"))
}

/// RFC 9113 section 3.4: the client's preface, or the server's settings.
pub fn http2(p: &Payload<'_>) -> Probe {
    let settings = be24(p.bytes, 0).is_some_and(|n| n.is_multiple_of(6) && n <= 60) && p.bytes.get(3..9) == Some(&[4, 0, 0, 0, 0, 0]);
    graded(starts(p, b"PRI * HTTP/2.0\r\n"), settings)
}

/// RFC 8999, 9000: a long header of a known version.
pub fn quic(p: &Payload<'_>) -> Probe {
    let Some(&[head, a, b, c, d, cid, ..]) = p.bytes.first_chunk::<7>() else { return Probe::No };
    let version = u32::from_be_bytes([a, b, c, d]);
    let is_known = matches!(version, 1 | 0x6b33_43cf | 0xff00_0000..=0xff00_0022 | 0xface_b000..=0xface_b00f);
    let is_long = head & 0xc0 == 0xc0 && cid <= 20;
    graded(is_long && is_known && length(p) >= 100, head & 0x80 != 0 && cid <= 20 && (is_known || version == 0))
}

/// A public header of Google's own versions.
pub fn gquic(p: &Payload<'_>) -> Probe {
    let is_version = |at: usize| p.bytes.get(at..at + 4).is_some_and(|v| matches!(v, [b'Q' | b'T', b'0', b'0'..=b'9', b'0'..=b'9']));
    let is_old = first(p) & 0xc9 == 0x09 && is_version(9);
    certain(is_old || first(p) & 0x80 != 0 && is_version(1) && length(p) >= 100)
}

/// RFC 9147 section 4: a record of a known type and version within the datagram; the first ones are of epoch 0. Cisco's tunnels have the version
/// of an early draft.
pub fn dtls(p: &Payload<'_>) -> Probe {
    let Some(&[kind, major, minor, e0, e1]) = p.bytes.first_chunk() else { return Probe::No };
    let end = be16(p.bytes, 11).map(|n| usize::from(n) + 13);
    let is_record =
        matches!(kind, 20..=25) && matches!((major, minor), (0xfe, 0xfd | 0xff) | (1, 0)) && end.is_some_and(|end| end <= length(p));
    let is_followed = end.and_then(|end| p.bytes.get(end + 1)) == Some(&major);
    certain(is_record && (e0 == 0 && e1 == 0 && kind == 22 || end == Some(length(p)) || is_followed))
}

/// HTTP's lines in datagrams.
pub fn ssdp(p: &Payload<'_>) -> Probe {
    certain(starts(p, b"M-SEARCH * HTTP/1.") || starts(p, b"NOTIFY * HTTP/1.") || starts(p, b"HTTP/1.1 200 OK\r\n"))
}

/// Behind a session's length or not.
pub fn is_smb1(p: &Payload<'_>) -> bool {
    first(p) == 0 && p.bytes.get(4..8) == Some(b"\xffSMB")
}

/// C706: version 5, a known type, little-endian data, and a length that fits.
pub fn dcerpc(p: &Payload<'_>, t: Carriage) -> Probe {
    match t {
        Carriage::Tcp => {
            let is_head = matches!(p.bytes, [5, 0 | 1, 0..=0x13, _, 0x10, 0, 0, 0, ..]);
            certain(is_head && le16(p.bytes, 8).is_some_and(|n| (16..=length(p)).contains(&usize::from(n))))
        }
        Carriage::Udp => unsure(matches!(p.bytes, [4, 0..=0x13, ..]) && length(p) >= 80),
    }
}

/// RFC 5531: a call of version 2 of a known program.
pub fn sun_rpc(p: &Payload<'_>, t: Carriage, program: Option<u32>) -> Probe {
    let at = if t == Carriage::Tcp { 4 } else { 0 };
    let word = |n: usize| be32(p.bytes, at + 4 * n);
    if t == Carriage::Tcp && be32(p.bytes, 0).is_none_or(|mark| (mark & 0x7fff_ffff) as usize > 1 << 21 || mark & 0x7fff_ffff < 24) {
        return Probe::No;
    }
    match (word(1), word(2), word(3)) {
        (Some(0), Some(2), Some(named)) => certain(program.map_or((100_000..=100_300).contains(&named), |program| named == program)),
        (Some(1), Some(0 | 1), _) => unsure(true),
        _ => Probe::No,
    }
}

/// RFC 7143: a login.
pub fn iscsi(p: &Payload<'_>) -> Probe {
    graded(matches!(first(p), 0x43 | 0x03) && has(p, b"InitiatorName=iqn."), matches!(first(p) & 0x3f, 3 | 0x23) && length(p) >= 48)
}

/// RFC 1350: a request with its file and mode.
pub fn tftp(p: &Payload<'_>) -> Probe {
    if !matches!(p.bytes, [0, 1 | 2, ..]) {
        return unsure(matches!(p.bytes, [0, 3..=6, ..]));
    }
    let mut words = p.bytes.get(2..).unwrap_or_default().split(|&b| b == 0);
    let (file, mode) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let is_mode = [&b"octet"[..], b"netascii", b"mail"].iter().any(|known| mode.eq_ignore_ascii_case(known));
    certain(is_mode && !file.is_empty() && file.len() <= 255)
}

/// A packet of a login, a request or an answer, whose length fits.
pub fn tds(p: &Payload<'_>) -> Probe {
    let fits = matches!(p.bytes, [0x12 | 0x10 | 0x01 | 0x03 | 0x04, 0 | 1, ..]) && be16(p.bytes, 2).map(usize::from) == Some(length(p));
    // Options of a prelogin: version first, six bytes long.
    graded(fits && first(p) == 0x12 && p.bytes.get(8) == Some(&0) && be16(p.bytes, 11) == Some(6), fits)
}

/// A packet whose length fits, without checksum.
pub fn tns(p: &Payload<'_>) -> Probe {
    let kind = p.bytes.get(4).copied().unwrap_or(0);
    let fits =
        be16(p.bytes, 0).map(usize::from) == Some(length(p)) && be16(p.bytes, 2) == Some(0) && matches!(kind, 1 | 2 | 4 | 5 | 6 | 11);
    graded(fits && has(p, b"(DESCRIPTION="), fits)
}

/// A message whose length fits, with a known operation.
pub fn mongo(p: &Payload<'_>) -> Probe {
    let known = matches!(le32(p.bytes, 12), Some(1 | 2001..=2007 | 2010..=2013));
    let fits = le32(p.bytes, 0).is_some_and(|n| n as usize >= length(p) && n < 48_000_000) && length(p) >= 16;
    graded(known && fits && le32(p.bytes, 0).map(|n| n as usize) == Some(length(p)), known && fits)
}

/// A frame of version 3 to 5 with a known operation.
pub fn cql(p: &Payload<'_>) -> Probe {
    unsure(matches!(p.bytes, [3..=5 | 0x83..=0x85, _, _, _, 0..=0x10, ..]) && be32(p.bytes, 5).is_some_and(|n| n < 1 << 28))
}

/// Commands and answers in text, or the binary protocol's first byte. Datagrams have eight bytes before.
pub fn memcache(p: &Payload<'_>) -> Probe {
    let bytes = if p.flow.is_udp() { p.bytes.get(8..).unwrap_or_default() } else { p.bytes };
    let words: [&[u8]; 8] = [b"get ", b"gets ", b"set ", b"stats", b"VALUE ", b"STORED", b"END\r\n", b"version"];
    unsure(matches!(bytes, [0x80 | 0x81, 0..=0x22, ..]) || words.iter().any(|word| bytes.starts_with(word)))
}

/// A CONNECT packet with the protocol's name.
pub fn is_mqtt(p: &Payload<'_>) -> bool {
    let name = |at: usize| p.bytes.get(at..).is_some_and(|b| b.starts_with(b"\0\x04MQTT") || b.starts_with(b"\0\x06MQIsdp"));
    first(p) == 0x10 && (2..=5).any(name)
}

/// The protocol's header, or a frame that ends as one does.
pub fn amqp(p: &Payload<'_>) -> Probe {
    let greets = starts(p, b"AMQP\0") || starts(p, b"AMQP\x01\x01") || starts(p, b"AMQP\x03\x01");
    let size = be32(p.bytes, 3).map(|n| n as usize + 8);
    let is_frame = matches!(p.bytes, [1..=3 | 8, 0, ..]) && size.is_some_and(|n| n <= length(p) && p.bytes.get(n - 1) == Some(&0xce));
    certain(greets || is_frame)
}

/// A stream's first element; on its port any of its elements.
pub fn xmpp(p: &Payload<'_>) -> Probe {
    let opens = starts(p, b"<stream:stream") || starts(p, b"<?xml") && has(p, b"<stream:stream");
    let parts: [&[u8]; 5] = [b"<?xml version=", b"</stream:stream", b"<iq ", b"<presence", b"<message"];
    graded(opens, parts.iter().any(|part| starts(p, part)))
}

/// A greeting, or a datagram of a known type behind 16 bytes of identifier, whose length fits.
pub fn is_gnutella(p: &Payload<'_>, t: Carriage) -> bool {
    let known = matches!(p.bytes.get(16..19), Some([0 | 1 | 2 | 0x30 | 0x31 | 0x32 | 0x40 | 0x41 | 0x44 | 0x80 | 0x81, 0..=15, 0..=15]));
    match t {
        Carriage::Tcp => starts(p, b"GNUTELLA"),
        Carriage::Udp => starts(p, b"GND") || known && le32(p.bytes, 19).map(|n| n as usize + 23) == Some(length(p)),
    }
}

/// A request whose length fits, of a known kind, or its reply.
pub fn kafka(p: &Payload<'_>) -> Probe {
    let fits = be32(p.bytes, 0).is_some_and(|n| n as usize + 4 == length(p) && n >= 8);
    unsure(fits)
}

/// RFC 3164, 5424: a priority in angle brackets, behind a count of octets where there is one (RFC 6587).
pub fn syslog(p: &Payload<'_>) -> Probe {
    let text = p.bytes.get(..16.min(p.bytes.len())).unwrap_or_default();
    let text = text
        .iter()
        .position(|&b| b == b'<')
        .filter(|&at| text.get(..at).is_some_and(|n| n.iter().all(|b| b.is_ascii_digit() || *b == b' ')))
        .and_then(|at| text.get(at + 1..));
    let priority = text.and_then(|text| text.iter().position(|&b| b == b'>').and_then(|at| text.get(..at)));
    let value = priority.filter(|n| (1..=3).contains(&n.len())).and_then(crate::dissect::lines::number);
    let is_new = text.zip(priority).and_then(|(text, n)| text.get(n.len() + 1..)).is_some_and(|rest| rest.starts_with(b"1 20"));
    let fits = value.is_some_and(|value| value <= 191);
    graded(fits && is_new, fits)
}

/// RFC 8907 section 4.1: version, type, and a length that fits.
pub fn is_tacacs(p: &Payload<'_>) -> bool {
    matches!(p.bytes, [0xc0 | 0xc1, 1..=3, ..]) && be32(p.bytes, 8).is_some_and(|n| n as usize + 12 == length(p))
}

/// Version and a length or count that fits (RFC 3954, RFC 7011).
pub fn cflow(p: &Payload<'_>) -> Probe {
    let count = be16(p.bytes, 2).map(usize::from).unwrap_or(0);
    let sure = match be16(p.bytes, 0) {
        Some(5) => count > 0 && 24 + count * 48 == length(p),
        // The first set lies within the packet.
        Some(9) => {
            be16(p.bytes, 20).is_some_and(|id| id <= 1 || id >= 256)
                && be16(p.bytes, 22).is_some_and(|n| n >= 8 && usize::from(n) + 20 <= length(p))
        }
        Some(10) => count == length(p) && count > 16,
        _ => false,
    };
    graded(sure, be16(p.bytes, 0) == Some(9) && (1..=300).contains(&count))
}

/// RFC 4271 section 4.1: the marker, a length in bounds (RFC 8654: up to all that fits its field), a known type.
pub fn is_bgp(p: &Payload<'_>) -> bool {
    p.bytes.get(..16).is_some_and(|m| m.iter().all(|&b| b == 0xff))
        && be16(p.bytes, 16).is_some_and(|n| n >= 19)
        && matches!(p.bytes.get(18), Some(1..=5))
}

/// RFC 3435: a verb and its version, or an answer to one.
pub fn mgcp(p: &Payload<'_>) -> Probe {
    let answer = crate::dissect::lines::code(p.bytes).is_some();
    let is_request = first(p).is_ascii_uppercase() && contains(line(p), b" MGCP ");
    graded(is_request, answer)
}

/// A message with its length (little-endian) and a known version.
pub fn skinny(p: &Payload<'_>) -> Probe {
    let fits = le32(p.bytes, 0).is_some_and(|n| (4..2_000).contains(&n) && n as usize + 8 <= length(p));
    unsure(fits && matches!(le32(p.bytes, 4), Some(0 | 0x11..=0x16)))
}

/// RFC 3550 section 6: a sender's or receiver's report, then packets that fill the datagram.
pub fn is_rtcp(p: &Payload<'_>) -> bool {
    let (mut at, mut packets) = (0, 0);
    while at < p.bytes.len() && packets < 16 {
        let Some(&[head, kind, a, b]) = p.bytes.get(at..).and_then(|b| b.first_chunk()) else { return false };
        let is_known = if packets == 0 { matches!(kind, 200 | 201) } else { matches!(kind, 200..=207) };
        if head >> 6 != 2 || !is_known {
            return false;
        }
        at += 4 + 4 * usize::from(u16::from_be_bytes([a, b]));
        packets += 1;
    }
    packets > 0 && at == length(p) && length(p) >= 8
}

/// RFC 8489 section 5: the cookie and a length that fits; without the cookie (RFC 3489) a port decides.
pub fn stun(p: &Payload<'_>) -> Probe {
    let fits = first(p) & 0xc0 == 0 && be16(p.bytes, 2).is_some_and(|n| n.is_multiple_of(4) && usize::from(n) + 20 <= length(p));
    graded(fits && be32(p.bytes, 4) == Some(0x2112_a442), fits && be16(p.bytes, 2).map(|n| usize::from(n) + 20) == Some(length(p)))
}

/// The lengths of its four messages.
pub fn wireguard(p: &Payload<'_>) -> Probe {
    let kind = match p.bytes {
        [kind, 0, 0, 0, ..] => *kind,
        _ => return Probe::No,
    };
    match (kind, length(p)) {
        (1, 148) | (2, 92) => Probe::Certain,
        (3, 64) => Probe::Unsure,
        (4, n) => unsure(n >= 32 && n.is_multiple_of(16)),
        _ => Probe::No,
    }
}

/// A reset of the client or server with a session.
pub fn openvpn(p: &Payload<'_>, t: Carriage) -> Probe {
    let at = if t == Carriage::Tcp { 2 } else { 0 };
    let fits = t == Carriage::Udp || be16(p.bytes, 0).is_some_and(|n| usize::from(n) + 2 <= length(p));
    unsure(fits && matches!(p.bytes.get(at), Some(0x38 | 0x40 | 0x50)) && length(p) >= at + 14)
}

/// RFC 7296 section 3.1: version and a length that fits, behind four zeros on port 4500 (RFC 3948).
pub fn isakmp(p: &Payload<'_>) -> Probe {
    let at = if p.ports().contains(&4500) { 4 } else { 0 };
    if at > 0 && be32(p.bytes, 0) != Some(0) {
        return Probe::No;
    }
    let fits = be32(p.bytes, at + 24).map(|n| n as usize + at) == Some(length(p));
    unsure(fits && matches!(p.bytes.get(at + 17), Some(0x10 | 0x20)))
}

/// A client that gives its names, or a server's line.
pub fn irc(p: &Payload<'_>) -> Probe {
    let greets = starts(p, b"NICK ") || starts(p, b"USER ") || starts(p, b"CAP LS");
    graded(greets && (has(p, b"\nUSER ") || has(p, b"\nNICK ")), greets || starts(p, b":") || starts(p, b"NOTICE AUTH"))
}

/// IEEE 1815: start bytes, and a length that fits with its checksums every 16 bytes.
pub fn dnp3(p: &Payload<'_>) -> Probe {
    let Some(&[5, 0x64, n]) = p.bytes.first_chunk::<3>() else { return Probe::No };
    let data = usize::from(n).saturating_sub(5);
    graded(10 + data + 2 * data.div_ceil(16) == length(p) && n >= 5, true)
}

/// A known command, and a length that fits.
pub fn enip(p: &Payload<'_>) -> Probe {
    let known = matches!(le16(p.bytes, 0), Some(1 | 4 | 0x63..=0x66 | 0x6f | 0x70 | 0x72));
    unsure(known && le16(p.bytes, 2).map(|n| usize::from(n) + 24) == Some(length(p)))
}

/// A message type, and its length.
pub fn is_opcua(p: &Payload<'_>) -> bool {
    let known = matches!(
        p.bytes,
        [b'H', b'E', b'L', b'F', ..] | [b'A', b'C', b'K', b'F', ..] | [b'O', b'P', b'N', b'F', ..] | [b'M', b'S', b'G', b'F', ..]
    );
    known && le32(p.bytes, 4).map(|n| n as usize) == Some(length(p))
}
