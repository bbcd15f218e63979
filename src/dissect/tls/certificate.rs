//! The first certificate of a Certificate message before TLS 1.3 (RFC 5246 section 7.4.2, RFC 5280 section 4.1): whose it is and from when
//! until when it is valid. Nothing is verified.

use crate::model::ShortName;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::FromDer;

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
        let (_, certificate) = X509Certificate::from_der(body.get(6..)?.get(..length)?).ok()?;
        let valid = [certificate.validity().not_before, certificate.validity().not_after].map(|time| time.timestamp());
        let alternative = certificate.subject_alternative_name().ok().flatten();
        let first = |name: &GeneralName<'_>| if let GeneralName::DNSName(name) = name { Some(name.as_bytes().to_vec()) } else { None };
        let common = || Some(certificate.subject().iter_common_name().next()?.as_slice().to_vec());
        let name = alternative.and_then(|names| names.value.general_names.iter().find_map(first)).or_else(common);
        Some(Self { valid, name: ShortName::new(&name.unwrap_or_default()) })
    }
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
        // Cut anywhere it says the same or nothing.
        assert!((0..body.len()).all(|n| Certificate::read(&body[..n]).is_none_or(|cut| cut.valid == read.valid)));
        for times in [["240102030405", "20520301000000Z"], ["241302030405Z", "20520301000000Z"], ["2401020304xxZ", "20520301000000Z"]] {
            assert_eq!(Certificate::read(&certificate("x", times)), None, "{times:?}");
        }
    }
}
