//! Words in payloads: each becomes another one of its length, the same one everywhere; letters stay letters, digits digits.

use super::pan::Pan;

/// Words that protocols are made of: who speaks what can still be told. In small letters, between spaces.
const KEPT: &str = " http https get head post put delete options connect trace patch host user agent accept encoding language content type length \
    connection keep alive close cache control date server location cookie set transfer chunked referer authorization basic bearer digest \
    negotiate upgrade pri text html json xml plain image application charset utf gzip deflate not found moved permanently temporarily forbidden \
    unauthorized bad request internal error unavailable ok created no modified ssh openssh smtp esmtp ehlo helo mail from rcpt data quit rset \
    starttls auth login imap imap4rev1 capability select examine fetch uid append logout pop pop3 user pass stat list retr dele noop cwd pwd \
    pasv epsv port eprt stor ftp sip invite register bye ack cancel subscribe notify via max forwards call cseq contact expires rtp avp tcp udp \
    tls smb ntlmssp krbtgt ldap mysql native password redis ping pong info select get set mget incr rfb rtsp describe setup play teardown amqp \
    mqtt mqisdp snmp public arpa addr ip6 local udp tcp dns ntp the and for are you with that this ";

/// Shorter runs of letters and digits are no words.
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

/// Replaces the words in a payload, and IPv4 addresses that are written out.
pub fn replace(pan: &Pan, bytes: &mut [u8]) {
    let mut at = 0;
    while at < bytes.len() {
        let length = |is: fn(&u8) -> bool| bytes.get(at..).map_or(0, |rest| rest.iter().take_while(|b| is(b)).count());
        let dotted = length(|b| b.is_ascii_digit() || *b == b'.');
        // One may end a sentence, or begin the name of the way back (RFC 1035 section 3.5).
        let quad = bytes.get(at..at + dotted).map_or(0, |run| run.iter().rposition(|b| *b != b'.').map_or(0, |last| last + 1));
        if let Some(found) = bytes.get_mut(at..at + quad).filter(|found| is_quad(found)) {
            word(pan, found);
            at += quad;
            continue;
        }
        // Two bytes a letter (UTF-16, as Windows has names).
        let wide =
            bytes.get(at..).map_or(0, |rest| rest.chunks_exact(2).take_while(|p| matches!(p, [b, 0] if b.is_ascii_alphanumeric())).count());
        if let Some(found) = bytes.get_mut(at..at + wide * 2).filter(|_| wide >= SHORTEST) {
            let mut narrow: Vec<u8> = found.iter().step_by(2).copied().collect();
            if narrow.iter().any(u8::is_ascii_alphabetic) && !is_kept(&narrow) {
                word(pan, &mut narrow);
            }
            found.iter_mut().step_by(2).zip(narrow).for_each(|(to, from)| *to = from);
            at += wide * 2;
            continue;
        }
        let run = bytes.get(at..).map_or(0, |rest| rest.iter().take_while(|b| b.is_ascii_alphanumeric()).count());
        if let Some(found) = bytes.get_mut(at..at + run)
            && run >= SHORTEST
            && found.iter().any(u8::is_ascii_alphabetic)
            && !is_kept(found)
            && !is_time(found)
        {
            word(pan, found);
        }
        at += run.max(1);
    }
}

/// Whether these are four numbers with dots between.
fn is_quad(text: &[u8]) -> bool {
    (7..=15).contains(&text.len()) && std::str::from_utf8(text).is_ok_and(|text| text.parse::<std::net::Ipv4Addr>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replaced(text: &str) -> String {
        let mut bytes = text.as_bytes().to_vec();
        replace(&Pan::new(&[7; 32]), &mut bytes);
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn words_become_others_of_their_length_and_always_the_same() {
        let text = replaced("GET /secret/Payroll.html HTTP/1.1\r\nHost: intranet.example.org\r\n");
        assert!(text.starts_with("GET /") && text.contains(".html HTTP/1.1\r\nHost: "), "{text}");
        assert!(!["secret", "Payroll", "intranet", "example", "org"].iter().any(|word| text.contains(word)), "{text}");
        assert_eq!(text.len(), "GET /secret/Payroll.html HTTP/1.1\r\nHost: intranet.example.org\r\n".len());
        assert_eq!(replaced("example"), replaced("example"));
        assert_eq!(replaced("EXAMPLE").to_lowercase(), replaced("example"));
        assert!(!replaced("at 10.20.30.40 now").contains("10.20.30.40"));
        assert!(!replaced("Ask 10.20.30.40. Then").contains("10.20.30.40"));
        assert!(!replaced("40.30.20.10.in-addr.arpa").contains("40.30.20.10"));
        assert_eq!(replaced("251125110538Z"), "251125110538Z");
        let wide = |text: &str| text.bytes().flat_map(|b| [b, 0]).map(char::from).collect::<String>();
        assert_eq!(replaced(&wide("FILESRV")), wide(&replaced("FILESRV")));
    }
}
