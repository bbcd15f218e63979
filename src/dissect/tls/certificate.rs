//! The first certificate of a Certificate message before TLS 1.3 (RFC 5246 section 7.4.2, RFC 5280 section 4.1): whose it is and from when
//! until when it is valid. Read in place; nothing is verified.

use crate::dissect::ber::{Element, element, elements, find};
use crate::model::ShortName;

const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const SEQUENCE: u8 = 0x30;
const OID: u8 = 0x06;
const OCTETS: u8 = 0x04;
/// `commonName` and `subjectAltName`.
const COMMON_NAME: &[u8] = &[0x55, 4, 3];
const ALTERNATIVE_NAME: &[u8] = &[0x55, 0x1d, 0x11];
/// A DNS name in the latter.
const DNS_NAME: u8 = 0x82;
/// Version and extensions.
const VERSION: u8 = 0xa0;
const EXTENSIONS: u8 = 0xa3;

/// What is of interest in a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Certificate {
    /// Seconds since 1970 of the beginning and the end.
    pub valid: [i64; 2],
    /// Its first DNS name, else its common name.
    pub name: ShortName,
}

impl Certificate {
    /// The server's own one, which is the first of the message.
    pub fn read(body: &[u8]) -> Option<Self> {
        let [_, _, _, a, b, c] = *body.first_chunk()?;
        let length = usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c);
        let certificate = element(body.get(6..)?.get(..length)?).filter(|e| e.tag == SEQUENCE)?;
        let signed = element(certificate.inner).filter(|e| e.tag == SEQUENCE)?;
        let mut parts = elements(signed.inner).skip_while(|e| e.tag == VERSION);
        // Serial number, algorithm, issuer.
        let (validity, subject) = (parts.nth(3)?, parts.next()?);
        let mut times = elements(validity.inner).map(|e| seconds(&e));
        let valid = [times.next()??, times.next()??];
        let name = parts.find(|e| e.tag == EXTENSIONS).and_then(|e| alternative_name(e.inner)).or_else(|| common_name(subject.inner));
        Some(Self { valid, name: ShortName::new(name.unwrap_or_default()) })
    }
}

fn common_name(subject: &[u8]) -> Option<&[u8]> {
    let parts = elements(subject).filter_map(|set| element(set.inner));
    let mut named = parts.filter(|part| find(part.inner, OID).is_some_and(|oid| oid.inner == COMMON_NAME));
    elements(named.next()?.inner).nth(1).map(|value| value.inner)
}

fn alternative_name(extensions: &[u8]) -> Option<&[u8]> {
    let list = element(extensions)?;
    let extension = elements(list.inner).find(|e| find(e.inner, OID).is_some_and(|oid| oid.inner == ALTERNATIVE_NAME))?;
    let names = element(find(extension.inner, OCTETS)?.inner)?;
    find(names.inner, DNS_NAME).map(|name| name.inner)
}

/// Seconds since 1970 of a time (RFC 5280 section 4.1.2.5): always with seconds and in UTC.
fn seconds(time: &Element<'_>) -> Option<i64> {
    let (year, rest) = match time.tag {
        UTC_TIME => {
            let (year, rest) = time.inner.split_at_checked(2)?;
            let year = digits(year)?;
            (if year < 50 { 2000 + year } else { 1900 + year }, rest)
        }
        GENERALIZED_TIME => {
            let (year, rest) = time.inner.split_at_checked(4)?;
            (digits(year)?, rest)
        }
        _ => return None,
    };
    if rest.len() != 11 || rest.last() != Some(&b'Z') {
        return None;
    }
    let mut parts = rest.chunks_exact(2).map(digits);
    let [month, day, hour, minute, second] = [parts.next()??, parts.next()??, parts.next()??, parts.next()??, parts.next()??];
    let is_time = (1..=12).contains(&month) && (1..=31).contains(&day) && hour < 24 && minute < 60 && second < 61;
    is_time.then(|| days(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second)
}

fn digits(bytes: &[u8]) -> Option<i64> {
    bytes.iter().try_fold(0, |n, b| b.is_ascii_digit().then(|| n * 10 + i64::from(b - b'0')))
}

/// Days from 1970-01-01 to a day of the Gregorian calendar: years counted from March, whose months' lengths repeat.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month < 3 { year - 1 } else { year };
    let month = (month + 9) % 12;
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    365 * year + leap_days + (153 * month + 2) / 5 + day - 1 - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::message::certificate;

    #[test]
    fn dates_and_names() {
        let body = certificate("www.example.org", ["240102030405Z", "20520301000000Z"]);
        let read = Certificate::read(&body).unwrap();
        assert_eq!(read.valid, [1_704_164_645, 2_592_864_000], "date -u -d 2024-01-02T03:04:05Z +%s, and 2052-03-01");
        assert_eq!(read.name.to_string(), "www.example.org");
        assert_eq!((days(1970, 1, 1), days(2000, 2, 29), days(2000, 3, 1)), (0, 11_016, 11_017));
        // Cut anywhere it says the same or nothing.
        assert!((0..body.len()).all(|n| Certificate::read(&body[..n]).is_none_or(|cut| cut.valid == read.valid)));
        for times in [["240102030405", "20520301000000Z"], ["241302030405Z", "20520301000000Z"], ["2401020304xxZ", "20520301000000Z"]] {
            assert_eq!(Certificate::read(&certificate("x", times)), None, "{times:?}");
        }
    }
}
