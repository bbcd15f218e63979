//! Words in payloads: each becomes another one of its length, the same one everywhere; letters stay letters, digits digits.

use super::pan::Pan;
use super::veil::veil;

/// Words that protocols are made of: who speaks what can still be told. In small letters, between spaces.
const KEPT: &str = " http https get head post put delete options connect trace patch host user agent accept encoding language content type length \
    connection keep alive close cache control date server location cookie set transfer chunked referer authorization basic bearer digest \
    negotiate upgrade pri text html json xml plain image application charset utf gzip deflate not found moved permanently temporarily forbidden \
    unauthorized bad request internal error unavailable ok created no modified ssh openssh smtp esmtp ehlo helo mail from rcpt data quit rset \
    starttls auth login imap imap4rev1 capability select examine fetch uid append logout pop pop3 user pass stat list retr dele noop cwd pwd \
    pasv epsv port eprt stor ftp sip invite register bye ack cancel subscribe notify via max forwards call cseq contact expires rtp avp tcp udp \
    tls smb ntlmssp krbtgt ldap mysql native password redis ping pong info select get set mget incr rfb rtsp describe setup play teardown amqp \
    mqtt mqisdp websocket switching protocols partial redirect multiple choices trying ringing gone timeout gateway snmp public arpa addr ip6 local udp tcp dns ntp the and for are you with that this ";

/// Shorter runs of letters and digits are no words, unless they are labels of a host's name.
const SHORTEST: usize = 3;

fn is_kept(word: &[u8]) -> bool {
    const LONGEST: usize = 16;
    if word.len() > LONGEST {
        return false;
    }
    let small: String = word.iter().map(|b| char::from(b.to_ascii_lowercase())).collect();
    KEPT.split_ascii_whitespace().any(|kept| kept == small)
}

/// Times in certificates: digits and a Z (X.509's UTCTime and GeneralizedTime).
fn is_time(word: &[u8]) -> bool {
    matches!(word, [digits @ .., b'Z'] if matches!(digits.len(), 12 | 14) && digits.iter().all(u8::is_ascii_digit))
}

/// Whether bytes are a text, as far as their beginning tells.
pub fn is_text(bytes: &[u8]) -> bool {
    const LOOKED_AT: usize = 256;
    let looked = bytes.get(..LOOKED_AT).unwrap_or(bytes);
    // A letter may be cut in the middle.
    let is_utf8 = std::str::from_utf8(looked).map_or_else(|e| e.error_len().is_none() || e.valid_up_to() > 64, |_| true);
    let good = looked.iter().filter(|b| matches!(b, 0x20..=0x7e | b'\t' | b'\r' | b'\n') || is_utf8 && **b >= 0x80).count();
    !bytes.is_empty() && good * 100 >= looked.len() * 90 && looked.first().is_some_and(|b| *b >= 0x20 || b.is_ascii_whitespace())
}

/// Replaces one word, whatever it is.
pub fn word(pan: &Pan, word: &mut [u8]) {
    let mut state = 0u128;
    for chunk in word.chunks(15) {
        let mut block = [0; 16];
        block.iter_mut().zip(chunk).for_each(|(to, from)| *to = from.to_ascii_lowercase());
        state = pan.encrypt(state ^ u128::from_be_bytes(block) ^ u128::from(chunk.len() as u8));
    }
    let mut stream = state.to_be_bytes();
    let mut changed = false;
    for (at, byte) in word.iter_mut().enumerate() {
        if at % 16 == 0 && at > 0 {
            state = pan.encrypt(state);
            stream = state.to_be_bytes();
        }
        let key = stream.get(at % 16).copied().unwrap_or(0);
        let new = match *byte {
            b'a'..=b'z' => b'a' + key % 26,
            b'A'..=b'Z' => b'A' + key % 26,
            b'0'..=b'9' => b'0' + key % 10,
            other => other,
        };
        changed |= new != *byte;
        *byte = new;
    }
    // One in a few thousand short words would stay as it is.
    if !changed && let Some(first) = word.iter_mut().find(|b| b.is_ascii_alphanumeric()) {
        *first = match *first {
            b'z' => b'a',
            b'Z' => b'A',
            b'9' => b'0',
            other => other + 1,
        };
    }
}

/// Whether a byte may be in a label of a host's name.
fn is_label(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_') || *byte >= 0x80
}

/// Whether a label is a word of protocols: services (_tcp), and where names of a link and of the way back are.
pub fn is_protocols(label: &[u8]) -> bool {
    label.first() == Some(&b'_') || label.eq_ignore_ascii_case(b"local") || label.eq_ignore_ascii_case(b"arpa")
}

/// Replaces every word of a name, however short it is.
pub fn name(pan: &Pan, bytes: &mut [u8]) {
    letters(pan, bytes);
    bytes.split_mut(|b| !is_label(b)).filter(|label| !label.is_empty() && !is_protocols(label)).for_each(|label| word(pan, label));
}

/// Replaces a label of a name, of whatever letters it is made.
pub fn label(pan: &Pan, label: &mut [u8]) {
    letters(pan, label);
    word(pan, label);
}

/// Two bytes a letter, the higher first.
pub fn wide(pan: &Pan, bytes: &mut [u8]) {
    let mut narrow: Vec<u8> = bytes.chunks_exact(2).filter_map(|pair| pair.get(1).copied()).collect();
    name(pan, &mut narrow);
    bytes.chunks_exact_mut(2).zip(narrow).for_each(|(pair, letter)| pair.copy_from_slice(&[0, letter]));
}

/// Letters beyond ASCII become letters of it, of which there are many for each.
fn letters(pan: &Pan, bytes: &mut [u8]) {
    for run in bytes.chunk_by_mut(|a, b| (*a >= 0x80) == (*b >= 0x80)).filter(|run| run.first().is_some_and(|b| *b >= 0x80)) {
        veil(pan, run);
        run.iter_mut().for_each(|b| *b = b'a' + *b % 26);
    }
}

/// Replaces the words and numbers in a text, and addresses that are written out.
pub fn text(pan: &Pan, bytes: &mut [u8]) {
    letters(pan, bytes);
    replaced(pan, bytes, SHORTEST);
}

/// Replaces the words in bytes of which some are text, and numbers that are too long to be there by accident.
pub fn replace(pan: &Pan, bytes: &mut [u8]) {
    /// Digits in a row.
    const NO_ACCIDENT: usize = 6;
    replaced(pan, bytes, NO_ACCIDENT);
}

fn replaced(pan: &Pan, bytes: &mut [u8], digits: usize) {
    let mut at = 0;
    while at < bytes.len() {
        let (before, rest) = bytes.split_at_mut(at);
        at += size_of_chunk(before, rest)
            .or_else(|| written_address(pan, rest))
            .or_else(|| wide_word(pan, rest))
            .or_else(|| code_of_answer(before, rest))
            .or_else(|| host_name(pan, before, rest))
            .or_else(|| compound(pan, before, rest, digits))
            .or_else(|| number(pan, before, rest, digits))
            .unwrap_or_else(|| single_word(pan, rest));
    }
}

/// The length of a piece of a body on a line of its own (RFC 9112 section 7.1) is a number.
fn size_of_chunk(before: &[u8], rest: &[u8]) -> Option<usize> {
    let digits = rest.iter().take_while(|b| b.is_ascii_hexdigit()).count();
    let is_line = before.is_empty() || before.ends_with(b"\r\n");
    (is_line && (1..=6).contains(&digits) && rest.get(digits..)?.starts_with(b"\r\n")).then_some(digits)
}

/// An address that is written out: dotted, as FTP has it with commas, IPv6, or a station's.
fn written_address(pan: &Pan, rest: &mut [u8]) -> Option<usize> {
    let run = |is: fn(&u8) -> bool| rest.iter().take_while(|b| is(b)).count();
    let dotted = run(|b| b.is_ascii_digit() || *b == b'.');
    // One may end a sentence, or begin the name of the way back (RFC 1035 section 3.5).
    let quad = rest.get(..dotted)?.iter().rposition(|b| *b != b'.').map_or(0, |last| last + 1);
    let commas = run(|b| b.is_ascii_digit() || *b == b',');
    let colons = run(|b| b.is_ascii_hexdigit() || matches!(b, b':' | b'-'));
    let length = if is_quad(rest.get(..quad)?) {
        quad
    } else if is_host_port(rest.get(..commas)?) {
        commas
    } else if is_colons(rest.get(..colons)?) {
        colons
    } else {
        return None;
    };
    word(pan, rest.get_mut(..length)?);
    Some(length)
}

/// Words with dashes between them, as hosts and directories are called: where one of them is not the protocols', none is, however short it is
/// (`USER-PC`, `wp-content`, but not `keep-alive`). The name of a header stays what its words are.
fn compound(pan: &Pan, before: &[u8], rest: &mut [u8], least: usize) -> Option<usize> {
    if before.last().is_some_and(u8::is_ascii_alphanumeric) {
        return None;
    }
    let run = rest.iter().take_while(|b| b.is_ascii_alphanumeric() || is_dash(b)).count();
    let length = rest.get(..run)?.iter().rposition(u8::is_ascii_alphanumeric).map_or(0, |last| last + 1);
    let is_header = rest.get(length) == Some(&b':') && before.last().is_none_or(|b| *b == b'\n');
    let found = rest.get_mut(..length).filter(|_| !is_header)?;
    (found.first()?.is_ascii_alphanumeric() && is_foreign(found)).then(|| replace_parts(pan, found, least))?;
    Some(length)
}

fn is_dash(byte: &u8) -> bool {
    matches!(byte, b'-' | b'_')
}

/// Words that a version's number may follow.
const VERSIONED: [&[u8]; 5] = [b"utf", b"ssh", b"openssh", b"http", b"tls"];

/// Whether words with dashes between them, one of which is long enough to be one, are not all the protocols': a number behind a word is a
/// host's, unless it is a version.
fn is_foreign(words: &[u8]) -> bool {
    let has_letter = |part: &[u8]| part.iter().any(u8::is_ascii_alphabetic);
    let parts = || words.split(is_dash);
    let is_version = |word: &[u8]| !has_letter(word) || VERSIONED.iter().any(|known| word.eq_ignore_ascii_case(known));
    let is_numbered = parts().zip(parts().skip(1)).any(|(word, number)| !has_letter(number) && !number.is_empty() && !is_version(word));
    words.iter().any(is_dash)
        && parts().any(|part| part.len() >= SHORTEST && has_letter(part))
        && (is_numbered || parts().any(|part| has_letter(part) && !is_kept(part)))
}

fn replace_parts(pan: &Pan, words: &mut [u8], least: usize) {
    let wanted = |part: &&mut [u8]| part.len() >= least || part.iter().any(u8::is_ascii_alphabetic);
    words.split_mut(is_dash).filter(|part| !part.is_empty()).filter(wanted).for_each(|part| word(pan, part));
}

/// Two bytes a letter (UTF-16, as Windows has names).
fn wide_word(pan: &Pan, rest: &mut [u8]) -> Option<usize> {
    let run = rest.chunks_exact(2).take_while(|p| matches!(p, [b, 0] if b.is_ascii_alphanumeric() || is_dash(b))).count();
    let mut letters = rest.get(..run * 2)?.chunks_exact(2);
    let wide = letters.rposition(|pair| pair.first().is_some_and(u8::is_ascii_alphanumeric)).map_or(0, |last| last + 1);
    let found = rest.get_mut(..wide * 2).filter(|found| wide >= SHORTEST && found.first().is_some_and(u8::is_ascii_alphanumeric))?;
    let mut narrow: Vec<u8> = found.iter().step_by(2).copied().collect();
    if is_foreign(&narrow) {
        replace_parts(pan, &mut narrow, SHORTEST);
    } else if !narrow.iter().any(is_dash) && narrow.iter().any(u8::is_ascii_alphabetic) && !is_kept(&narrow) {
        word(pan, &mut narrow);
    }
    found.iter_mut().step_by(2).zip(narrow).for_each(|(to, from)| *to = from);
    Some(wide * 2)
}

/// A host's name: labels with dots between, the last of letters alone. All of them are replaced, however short.
fn host_name(pan: &Pan, before: &[u8], rest: &mut [u8]) -> Option<usize> {
    if before.last().is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'.') {
        return None;
    }
    let run = rest.iter().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.')).count();
    let length = rest.get(..run)?.iter().rposition(|b| b.is_ascii_alphanumeric()).map_or(0, |last| last + 1);
    let found = rest.get_mut(..length)?;
    let last = found.rsplit(|b| *b == b'.').next()?;
    // A kind of file is none.
    let is_kind = is_kept(last) && !is_protocols(last);
    let is_name = last.len() >= 2 && last.len() < found.len() && last.iter().all(u8::is_ascii_alphabetic) && !is_kind;
    if !is_name || found.split(|b| *b == b'.').any(<[u8]>::is_empty) {
        return None;
    }
    name(pan, found);
    Some(length)
}

/// Headers of which the values are numbers, times and versions of the protocol itself. In small letters.
const NUMBERED: [&[u8]; 9] =
    [b"content-length", b"date", b"expires", b"cseq", b"max-forwards", b"keep-alive", b"cache-control", b"accept", b"accept-encoding"];

/// A number, or several with single signs between them, as people write those of telephones, cards and accounts. It is replaced wherever it
/// is not known to be the protocol's own.
fn number(pan: &Pan, before: &[u8], rest: &mut [u8], least: usize) -> Option<usize> {
    /// Digits in all from which short groups are a number of somebody.
    const GROUPED: usize = 6;
    if !rest.first()?.is_ascii_digit() || before.last().is_some_and(u8::is_ascii_alphanumeric) {
        return None;
    }
    let run = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    // A word that begins with digits is a word.
    if rest.get(run).is_some_and(u8::is_ascii_alphabetic) {
        return None;
    }
    if is_structure(before, rest.get(..run)?, rest.get(run..)?) {
        return Some(run);
    }
    let (mut end, mut digits) = (run, run);
    while let [sign, digit, ..] = rest.get(end..)?
        && b" -./".contains(sign)
        && digit.is_ascii_digit()
    {
        let more = rest.get(end + 1..)?.iter().take_while(|b| b.is_ascii_digit()).count();
        if rest.get(end + 1 + more).is_some_and(u8::is_ascii_alphabetic) {
            break;
        }
        (end, digits) = (end + 1 + more, digits + more);
    }
    if digits >= GROUPED.max(least) && end > run {
        word(pan, rest.get_mut(..end)?);
        return Some(end);
    }
    if run >= least {
        word(pan, rest.get_mut(..run)?);
    }
    Some(run)
}

/// A code of SMTP's and FTP's answers, behind which a name may follow with a dash.
fn code_of_answer(before: &[u8], rest: &[u8]) -> Option<usize> {
    let is_line = before.is_empty() || before.ends_with(b"\r\n");
    let [b'1'..=b'5', tens, ones, b' ' | b'-', ..] = rest else { return None };
    (is_line && tens.is_ascii_digit() && ones.is_ascii_digit()).then_some(3)
}

/// Whether a number is the protocol's own: a code of an answer, a length, a port, what headers count with.
fn is_structure(before: &[u8], digits: &[u8], behind: &[u8]) -> bool {
    let line = before.rsplit(|b| *b == b'\n').next().unwrap_or_default();
    let header = line.split(|b| *b == b':').next().filter(|name| name.len() < line.len());
    let is_code = digits.len() == 3 && behind.first().is_none_or(|b| b" -\r".contains(b));
    // SMTP, FTP; HTTP, SIP, RTSP.
    let is_versioned = line.ends_with(b" ") && [&b"HTTP/"[..], b"SIP/", b"RTSP/"].iter().any(|protocol| line.starts_with(protocol));
    let is_answer = is_code && (line.is_empty() || is_versioned);
    let is_counted = header.is_some_and(|name| NUMBERED.iter().any(|known| name.eq_ignore_ascii_case(known)));
    // A media's port (RFC 8866 section 5.14), that of passive FTP (RFC 2428), lengths of Redis' and IMAP's strings.
    let is_own = line.starts_with(b"m=")
        || before.ends_with(b"|||") && behind.starts_with(b"|")
        || matches!(line, b"$" | b"*") && behind.starts_with(b"\r")
        || before.ends_with(b"{") && behind.starts_with(b"}");
    is_answer || is_counted || is_own || is_port(before, digits)
}

/// Whether digits behind a colon are the port of a host: its name has a dot, or it is an address.
fn is_port(before: &[u8], digits: &[u8]) -> bool {
    /// More are no port, nor a name.
    const LONGEST_NAME: usize = 255;
    let Some(host) = before.strip_suffix(b":").filter(|_| digits.len() <= 5) else { return false };
    let is_name = |b: &u8| b.is_ascii_alphanumeric() || b"-.".contains(b);
    let length = host.iter().rev().take(LONGEST_NAME).take_while(|b| is_name(b)).count();
    host.ends_with(b"]") || host.get(host.len() - length..).is_some_and(|name| name.contains(&b'.'))
}

/// A word, or a byte that is part of none; how long it is.
fn single_word(pan: &Pan, rest: &mut [u8]) -> usize {
    let run = rest.iter().take_while(|b| b.is_ascii_alphanumeric()).count();
    // A time's Z may be followed by what looks like a digit.
    let time = [13, 15].into_iter().find(|length| rest.get(..*length).is_some_and(is_time));
    if let Some(length) = time {
        return length;
    }
    if let Some(found) = rest.get_mut(..run)
        && run >= SHORTEST
        && found.iter().any(u8::is_ascii_alphabetic)
        && !is_kept(found)
    {
        word(pan, found);
    }
    run.max(1)
}

/// Whether these are four numbers with dots between.
fn is_quad(text: &[u8]) -> bool {
    (7..=15).contains(&text.len()) && std::str::from_utf8(text).is_ok_and(|text| text.parse::<std::net::Ipv4Addr>().is_ok())
}

/// Whether these are a host and a port as FTP writes them (RFC 959 section 4.1.2).
fn is_host_port(text: &[u8]) -> bool {
    let mut parts = text.split(|b| *b == b',');
    parts.by_ref().filter(|part| std::str::from_utf8(part).is_ok_and(|part| part.parse::<u8>().is_ok())).count() == 6
        && text.iter().filter(|b| **b == b',').count() == 5
}

/// Whether this is an IPv6 address, or a station's.
fn is_colons(text: &[u8]) -> bool {
    let is_station = text.len() == 17
        && text.iter().enumerate().all(|(at, b)| if at % 3 == 2 { matches!(b, b':' | b'-') } else { b.is_ascii_hexdigit() });
    let colons = text.iter().filter(|b| **b == b':').count();
    is_station || colons >= 2 && text.len() > 3 && std::str::from_utf8(text).is_ok_and(|text| text.parse::<std::net::Ipv6Addr>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replaced(text: &str) -> String {
        let mut bytes = text.as_bytes().to_vec();
        super::text(&Pan::new(&[7; 32]), &mut bytes);
        String::from_utf8(bytes).unwrap()
    }

    /// Numbers of people, cards, sessions and telephones are as much a name as one; those of the protocol stay.
    #[test]
    fn numbers_are_replaced_where_they_are_not_known_to_be_the_protocols() {
        for (text, secret) in [
            ("INVITE sip:1001@192.0.2.7 SIP/2.0\r\n", "1001"),
            ("From: <sip:211@pbx.example.org>;tag=8877\r\n", "211"),
            ("Contact: <tel:+493012345678>\r\n", "493012345678"),
            ("To: tel:030-1234567\r\n", "1234567"),
            ("Cookie: session=902817364; n=55\r\n", "902817364"),
            ("GET /pay?card=4111111111111111&pin=7391 HTTP/1.1\r\n", "4111111111111111"),
            ("GET /pay?card=4111111111111111&pin=7391 HTTP/1.1\r\n", "7391"),
            ("card 4111 1111 1111 1111.", "1111"),
            ("born 07.11.81, call 55-12-34", "07.11.81"),
            ("born 07.11.81, call 55-12-34", "55-12-34"),
            ("{\"account\":12345678}", "12345678"),
            ("o=- 2890844526 2890842807 IN IP4 192.0.2.7\r\n", "2890844526"),
        ] {
            assert!(!replaced(text).contains(secret), "{text} is {}", replaced(text));
            assert_eq!(replaced(text).len(), text.len());
        }
        for (text, own) in [
            ("HTTP/1.1 404 Not Found\r\nContent-Length: 1256\r\n", "HTTP/1.1 404 Not Found\r\nContent-Length: 1256\r\n"),
            ("SIP/2.0 180 Ringing\r\nCSeq: 4711 INVITE\r\n", "SIP/2.0 180 Ringing\r\nCSeq: 4711 INVITE\r\n"),
            ("Date: Sun, 29 Nov 2026 10:15:42 GMT\r\n", " 29 "),
            ("250-mail.example.org\r\n", "250-"),
            ("229 extended (|||6446|)\r\n", "(|||6446|)"),
            ("m=audio 49170 RTP/AVP 0\r\n", " 49170 RTP/AVP 0"),
            ("Via: SIP/2.0/UDP pbx.example.org:5060\r\n", ":5060"),
            ("$1024\r\n", "$1024\r\n"),
            ("a login {310}\r\n", "{310}"),
        ] {
            assert!(replaced(text).contains(own), "{text} is {}", replaced(text));
        }
        // The same number is the same one everywhere, by itself.
        assert_eq!(replaced("id=90281736;"), format!("id={};", replaced("90281736")).replace("id=", &replaced("id=")));
        // In bytes that are not text only what cannot be an accident is a number.
        let mut bytes = b"\x01\x02123\x00 4111111111111111\x00".to_vec();
        replace(&Pan::new(&[7; 32]), &mut bytes);
        assert!(bytes.starts_with(b"\x01\x02123\x00") && !bytes.windows(16).any(|w| w == b"4111111111111111"), "{bytes:?}");
    }

    /// A host's name may be made of a protocol's words and of others.
    #[test]
    fn of_words_with_dashes_all_are_replaced_or_none() {
        let wide = |text: &str| text.bytes().flat_map(|b| [b, 0]).map(char::from).collect::<String>();
        for (name, secret) in [("USER-PC", "USER"), ("/wp-content/x.html", "content"), ("MAIL-01", "MAIL"), ("host_b", "host")] {
            let (narrow, broad) = (replaced(name), replaced(&wide(name)));
            assert!(!narrow.contains(secret) && narrow.len() == name.len(), "{name} is {narrow}");
            assert!(name.starts_with('/') || !broad.contains(&wide(secret)), "{name} is {broad}");
        }
        assert!(!replaced("USER-PC").ends_with("PC"));
        for kept in
            ["Keep-Alive", "a: Transfer-Encoding", "utf-8", "mysql_native_password", "SSH-2.0-OpenSSH_9", "User-Agent: ", "Call-ID: "]
        {
            assert_eq!(replaced(kept), kept);
        }
    }

    #[test]
    fn words_become_others_of_their_length_and_always_the_same() {
        let page = replaced("GET /secret/Payroll.html HTTP/1.1\r\nHost: intranet.example.org\r\n");
        assert!(page.starts_with("GET /") && page.contains(".html HTTP/1.1\r\nHost: "), "{page}");
        assert!(!["secret", "Payroll", "intranet", "example", "org"].iter().any(|word| page.contains(word)), "{page}");
        assert_eq!(page.len(), "GET /secret/Payroll.html HTTP/1.1\r\nHost: intranet.example.org\r\n".len());
        assert_eq!(replaced("example"), replaced("example"));
        assert_eq!(replaced("EXAMPLE").to_lowercase(), replaced("example"));
        assert!(!replaced("at 10.20.30.40 now").contains("10.20.30.40"));
        assert!(!replaced("Ask 10.20.30.40. Then").contains("10.20.30.40"));
        assert!(!replaced("40.30.20.10.in-addr.arpa").contains("40.30.20.10"));
        for kept in ["251125110538Z", "251125110538Z0", "20251125110538Z0", "\r\n1fa0\r\n", "HTTP/1.1", "q=0.9"] {
            assert_eq!(replaced(kept), kept);
        }
        for (name, part) in
            [("see t.me", "t.me"), ("732231.ms.ok.ru", "ok"), ("227 (192,168,1,20,7,8)", "192,168"), ("at 2001:db8::7", "db8")]
        {
            assert!(!replaced(name).contains(part), "{}", replaced(name));
        }
        let mut letters = "小佛專機".as_bytes().to_vec();
        text(&Pan::new(&[7; 32]), &mut letters);
        assert!(letters.iter().all(u8::is_ascii_lowercase));
        let wide = |text: &str| text.bytes().flat_map(|b| [b, 0]).map(char::from).collect::<String>();
        assert_eq!(replaced(&wide("FILESRV")), wide(&replaced("FILESRV")));
    }
}
