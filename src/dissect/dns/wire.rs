//! DNS messages on the wire (RFC 1035 section 4), read in place.
//!
//! A reader of our own: it takes what one look needs (header, question, addresses) without an allocation, goes on where a message is cut, and
//! bounds what a crafted one can cost: pointers lead backwards and at most 16 times, names have at most 255 bytes. (`domain` refuses a message
//! whose end is not there, as with every capture that cuts packets, and owns the names that it hands out.)

use crate::dissect::bytes::{FNV_START, be16, be32, fnv_on};

/// Bytes of the header.
pub const HEADER: usize = 12;

/// Most bytes of a name (RFC 1035 section 2.3.4).
pub const NAME_BYTES: usize = 255;

/// Records of one message that are looked at.
pub const RECORDS: u16 = 64;

/// The bits of a question's hash that tell whether it is for addresses, and of which version.
pub const KIND: usize = 3;

/// Most pointers followed in one name.
const JUMPS: usize = 16;

/// Record types: address, pointer, IPv6 address.
pub const A: u16 = 1;
pub const PTR: u16 = 12;
pub const AAAA: u16 = 28;
/// What EDNS adds to a message (RFC 6891 section 6.1.2).
const OPT: u16 = 41;

/// What kind of message one is: a question of somebody who wants to know something, and the last there is (RFC 6895 section 2.2).
pub const QUERY: u16 = 0;
const LAST_OPCODE: u16 = 6;

/// The header of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// What ties a response to its query.
    pub id: u16,
    /// QR, opcode, AA, TC, RD, RA, Z, AD, CD, RCODE from the highest bit.
    pub flags: u16,
    /// Entries of the question, answer, authority and additional sections.
    pub counts: [u16; 4],
}

impl Header {
    /// Reads the header.
    pub fn read(message: &[u8]) -> Option<Self> {
        let word = |at: usize| be16(message, at);
        Some(Self { id: word(0)?, flags: word(2)?, counts: [word(4)?, word(6)?, word(8)?, word(10)?] })
    }

    /// Whether it answers.
    pub fn is_response(&self) -> bool {
        self.flags & 0x8000 != 0
    }

    /// What kind of query it is (RFC 6895 section 2.2).
    pub fn opcode(&self) -> u16 {
        self.flags >> 11 & 15
    }

    /// The response code without the bits that EDNS adds.
    pub fn rcode(&self) -> u16 {
        self.flags & 15
    }

    /// Whether the message was cut by the server (TC).
    pub fn is_truncated(&self) -> bool {
        self.flags & 0x0200 != 0
    }

    /// Whether the bit that must be zero is (RFC 6895 section 2.1).
    pub fn is_clean(&self) -> bool {
        self.flags & 0x0040 == 0
    }

    /// Whether there may be such a message: of a kind that exists, and where none but the whole network is asked with one question, which damaged
    /// answers repeat.
    pub fn is_possible(&self, asks_one: bool) -> bool {
        self.opcode() <= LAST_OPCODE && (!asks_one || self.counts[0] <= 2)
    }
}

/// A name as text: labels and dots, bytes as they are.
#[derive(Debug, Clone, Copy)]
pub struct Name {
    bytes: [u8; NAME_BYTES],
    len: u8,
}

impl Default for Name {
    fn default() -> Self {
        Self { bytes: [0; NAME_BYTES], len: 0 }
    }
}

impl Name {
    /// Its text; empty for the root.
    pub fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.len.into()).unwrap_or_default()
    }

    /// Reads the name at `at` and says where what follows it begins; `None` when it breaks a rule or is cut.
    pub fn read(&mut self, message: &[u8], at: usize) -> Option<usize> {
        self.len = 0;
        let (mut at, mut lowest, mut next, mut jumps) = (at, at, None, 0);
        loop {
            let length = *message.get(at)?;
            match length {
                0 => return Some(next.unwrap_or(at + 1)),
                1..64 => {
                    let label = message.get(at + 1..at + 1 + usize::from(length))?;
                    self.push(label)?;
                    at += 1 + usize::from(length);
                }
                192.. => {
                    let target = usize::from(be16(message, at)? & 0x3fff);
                    next = next.or(Some(at + 2));
                    jumps += 1;
                    // A name can only point to what stands before it (RFC 1035 section 4.1.4).
                    if target >= lowest || jumps > JUMPS {
                        return None;
                    }
                    (at, lowest) = (target, target);
                }
                _ => return None,
            }
        }
    }

    fn push(&mut self, label: &[u8]) -> Option<()> {
        let mut len = usize::from(self.len);
        if len > 0 {
            *self.bytes.get_mut(len)? = b'.';
            len += 1;
        }
        let end = len + label.len();
        self.bytes.get_mut(len..end)?.copy_from_slice(label);
        self.len = u8::try_from(end).ok()?;
        Some(())
    }

    /// A hash of the name, whatever its case (FNV-1a).
    pub fn hash(&self, seed: u16) -> u32 {
        Self::mixed(self.bytes(), seed)
    }

    fn mixed(bytes: &[u8], seed: u16) -> u32 {
        bytes.iter().fold(FNV_START ^ u32::from(seed), |hash, byte| fnv_on(hash, &[byte.to_ascii_lowercase()]))
    }

    /// A hash of a question about it: the upper half stands for the zone alone, the last bits for the kind of record, and nothing is 0.
    pub fn question_hash(&self, kind: u16) -> u32 {
        let zone = Self::mixed(self.zone(), 0);
        let zone = ((zone >> 16) ^ zone).max(1) << 16;
        let name = self.hash(kind);
        let place = match kind {
            A => 1,
            AAAA => 2,
            _ => 0,
        };
        zone | ((name >> 16) ^ name) & 0xffff & !(KIND as u32) | place
    }

    /// The part of it that somebody registered: its last two labels, three where the second is short and the last is a country's
    /// (`example.co.uk`).
    fn zone(&self) -> &[u8] {
        let bytes = self.bytes();
        let mut dots = bytes.iter().enumerate().rev().filter(|(_, byte)| **byte == b'.').map(|(at, _)| at);
        let (Some(last), Some(second)) = (dots.next(), dots.next()) else { return bytes };
        let is_shared = bytes.len() - last - 1 == 2 && last - second - 1 <= 3;
        let from = if is_shared { dots.next().map_or(0, |third| third + 1) } else { second + 1 };
        bytes.get(from..).unwrap_or(bytes)
    }

    /// The address a name of a reverse zone stands for (RFC 1035 section 3.5, RFC 3596 section 2.5).
    pub fn reversed(&self) -> Option<std::net::IpAddr> {
        let text = std::str::from_utf8(self.bytes()).ok()?;
        let cut = |zone: &str| {
            let at = text.len().checked_sub(zone.len())?;
            text.get(at..)?.eq_ignore_ascii_case(zone).then(|| text.get(..at))?
        };
        if let Some(rest) = cut(".in-addr.arpa") {
            let mut octets = [0u8; 4];
            let mut labels = rest.split('.');
            for octet in octets.iter_mut().rev() {
                *octet = labels.next()?.parse().ok()?;
            }
            return labels.next().is_none().then(|| octets.into());
        }
        let mut bits = 0u128;
        let mut labels = 0;
        for label in cut(".ip6.arpa")?.split('.').rev() {
            bits = bits << 4 | u128::from(u8::from_str_radix(label, 16).ok().filter(|_| label.len() == 1)?);
            labels += 1;
        }
        (labels == 32).then(|| std::net::Ipv6Addr::from_bits(bits).into())
    }
}

/// The usual name of a record type (IANA's registry of DNS parameters); empty where it has none that is met.
pub fn kind_name(number: u16) -> &'static str {
    KINDS.iter().find(|(known, _)| *known == number).map_or("", |(_, name)| name)
}

/// Record types and their names.
const KINDS: &[(u16, &str)] = &[
    (1, "A"),
    (2, "NS"),
    (5, "CNAME"),
    (6, "SOA"),
    (10, "NULL"),
    (12, "PTR"),
    (13, "HINFO"),
    (15, "MX"),
    (16, "TXT"),
    (17, "RP"),
    (18, "AFSDB"),
    (24, "SIG"),
    (25, "KEY"),
    (28, "AAAA"),
    (29, "LOC"),
    (32, "NB"),
    (33, "SRV"),
    (35, "NAPTR"),
    (36, "KX"),
    (37, "CERT"),
    (39, "DNAME"),
    (OPT, "OPT"),
    (42, "APL"),
    (43, "DS"),
    (44, "SSHFP"),
    (45, "IPSECKEY"),
    (46, "RRSIG"),
    (47, "NSEC"),
    (48, "DNSKEY"),
    (49, "DHCID"),
    (50, "NSEC3"),
    (51, "NSEC3PARAM"),
    (52, "TLSA"),
    (53, "SMIMEA"),
    (55, "HIP"),
    (59, "CDS"),
    (60, "CDNSKEY"),
    (61, "OPENPGPKEY"),
    (62, "CSYNC"),
    (63, "ZONEMD"),
    (64, "SVCB"),
    (65, "HTTPS"),
    (99, "SPF"),
    (108, "EUI48"),
    (109, "EUI64"),
    (249, "TKEY"),
    (250, "TSIG"),
    (251, "IXFR"),
    (252, "AXFR"),
    (255, "ANY"),
    (256, "URI"),
    (257, "CAA"),
];

/// A question's type and class, behind its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Question {
    /// Type asked for.
    pub kind: u16,
    /// Class, with mDNS's highest bit.
    pub class: u16,
}

/// Reads the question at `at`, its name into `name`, and says where the next entry begins.
pub fn question(message: &[u8], at: usize, name: &mut Name) -> Option<(Question, usize)> {
    let at = name.read(message, at)?;
    Some((Question { kind: be16(message, at)?, class: be16(message, at + 2)? }, at + 4))
}

impl Question {
    /// Whether its class is one that is asked for (RFC 6895 section 3.2).
    pub fn is_of_a_class(&self) -> bool {
        matches!(self.class, 1 | 3 | 4 | 254 | 255)
    }
}

/// The upper bits of the response code of a message (RFC 6891 section 6.1.3), whose records begin at `at`: 0 where none say more.
pub fn extended_rcode(message: &[u8], header: &Header, mut at: usize) -> u16 {
    let mut name = Name::default();
    let records = header.counts.iter().skip(1).fold(0, |sum: u16, n| sum.saturating_add(*n));
    for _ in 0..records.min(RECORDS) {
        // Where its time to live would stand, behind its type and class.
        let upper = name.read(message, at).and_then(|at| be32(message, at + 4)).map_or(0, |ttl| ttl >> 24);
        match record(message, at, &mut name) {
            Some((ResourceRecord { kind: OPT, .. }, _)) => return (upper as u16) << 4,
            Some((_, next)) => at = next,
            None => return 0,
        }
    }
    0
}

/// A resource record, behind its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResourceRecord {
    /// Its type.
    pub kind: u16,
    /// Its class, with mDNS's highest bit.
    pub class: u16,
    /// Where its data begins.
    pub data: usize,
    /// How many bytes they are.
    pub length: u16,
}

/// Reads the record at `at`, its name into `name`, and says where the next entry begins.
pub fn record(message: &[u8], at: usize, name: &mut Name) -> Option<(ResourceRecord, usize)> {
    let at = name.read(message, at)?;
    let length = be16(message, at + 8)?;
    let data = at + 10;
    let end = data + usize::from(length);
    (end <= message.len()).then_some((ResourceRecord { kind: be16(message, at)?, class: be16(message, at + 2)?, data, length }, end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_upper_bits_of_a_response_code() {
        let header = |counts| Header { id: 7, flags: 0x8187, counts };
        // An address, and what EDNS adds with a cookie, in either order.
        let (address, more) = (&b"\0\0\x01\0\x01\0\0\0\x3c\0\x04\x0a\0\0\x01"[..], &b"\0\0\x29\x04\xd0\x01\0\0\0\0\x04\0\x0a\0\0"[..]);
        assert_eq!(extended_rcode(more, &header([0, 0, 0, 1]), 0), 16);
        assert_eq!(extended_rcode(&[address, more].concat(), &header([0, 0, 1, 1]), 0), 16);
        assert_eq!(extended_rcode(&[more, address].concat(), &header([0, 0, 0, 2]), 0), 16);
        assert_eq!(extended_rcode(&[address, more].concat(), &header([0, 0, 1, 0]), 0), 0, "what does not belong to it");
        (0..more.len()).for_each(|cut| assert_eq!(extended_rcode(&more[..cut], &header([0, 0, 0, 1]), 0), 0, "{cut}"));
    }

    #[test]
    fn names_with_pointers() {
        let message = b"\x03www\x07Example\x03org\0\x04mail\xc0\x04\xc0\x11";
        let mut name = Name::default();
        assert_eq!(name.read(message, 0), Some(17));
        assert_eq!(name.bytes(), b"www.Example.org");
        assert_eq!(name.read(message, 17), Some(24));
        assert_eq!(name.bytes(), b"mail.Example.org");
        assert_eq!(name.read(message, 24), Some(26));
        assert_eq!(name.bytes(), b"mail.Example.org");
        let mut upper = Name::default();
        upper.read(b"\x03WWW\x07EXAMPLE\x03ORG\0", 0);
        name.read(message, 0);
        assert_eq!(name.hash(1), upper.hash(1));
        assert_ne!(name.hash(1), name.hash(28));
    }

    #[test]
    fn questions_of_one_zone_have_half_a_hash_in_common() {
        let hash = |name: &str| {
            let labels: Vec<u8> = name.split('.').flat_map(|label| [&[label.len() as u8], label.as_bytes()].concat()).chain([0]).collect();
            let mut read = Name::default();
            read.read(&labels, 0).expect("a name");
            read.question_hash(1)
        };
        let is_one_zone = |a, b| hash(a) >> 16 == hash(b) >> 16;
        assert!(is_one_zone("www.example.org", "a.b.EXAMPLE.org") && is_one_zone("example.org", "www.example.org"));
        assert!(is_one_zone("www.example.co.uk", "example.co.uk") && !is_one_zone("www.example.co.uk", "www.other.co.uk"));
        assert!(!is_one_zone("www.example.org", "www.example.net") && is_one_zone("host", "host"));
        assert_ne!(hash("www.example.org"), hash("mail.example.org"));
        let mut root = Name::default();
        root.read(b"\0", 0).expect("a name");
        assert_ne!(root.question_hash(1), 0);
    }

    #[test]
    fn names_that_break_rules() {
        let mut name = Name::default();
        for (bytes, at) in [
            (&b"\xc0\x00"[..], 0),
            (b"\xc0\x02\xc0\x00", 0),
            (b"\x05abc", 0),
            (b"\x41a\0", 0),
            (b"\x80a\0", 0),
            (b"\x01a\xc0\x00", 0),
            (b"", 0),
            (b"\0", 5),
        ] {
            assert_eq!(name.read(bytes, at), None, "{bytes:?}");
        }
        let long: Vec<u8> = [b"\x3f".as_slice(), &[b'x'; 63]].concat().repeat(5);
        assert_eq!(name.read(&long, 0), None, "more than 255 bytes");
        // Each name points to the one before it: 20 jumps.
        let chain: Vec<u8> = (0..20u8).fold(vec![0], |mut m, n| {
            m.extend([0xc0, if n == 0 { 0 } else { n * 2 - 1 }]);
            m
        });
        assert_eq!(name.read(&chain, chain.len() - 2), None);
        assert!(name.read(&chain, 9).is_some());
    }

    #[test]
    fn reverse_zones() {
        let read = |text: &str| {
            let mut bytes = Vec::new();
            text.split('.').for_each(|label| bytes.extend([&[label.len() as u8], label.as_bytes()].concat()));
            bytes.push(0);
            let mut name = Name::default();
            name.read(&bytes, 0).unwrap();
            name.reversed().map(|ip| ip.to_string())
        };
        assert_eq!(read("4.3.2.10.in-addr.ARPA").as_deref(), Some("10.2.3.4"));
        let v6 = "8.b.d.0.1.0.0.2.ip6.arpa";
        assert_eq!(read(&("1".to_owned() + &".0".repeat(23) + "." + v6)).as_deref(), Some("2001:db8::1"));
        for wrong in ["3.2.10.in-addr.arpa", "5.4.3.2.10.in-addr.arpa", "256.3.2.10.in-addr.arpa", v6, "example.org", "in-addr.arpa"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_end(bytes in prop::collection::vec(any::<u8>(), 0..600), at in 0usize..700) {
            let mut name = Name::default();
            let (mut at, mut steps) = (at, 0);
            while let Some((_, next)) = record(&bytes, at, &mut name) {
                prop_assert!(next > at && next <= bytes.len());
                prop_assert!(name.bytes().len() <= NAME_BYTES);
                (at, steps) = (next, steps + 1);
            }
            prop_assert!(steps <= bytes.len());
            let _ = (question(&bytes, at, &mut name), name.reversed(), Header::read(&bytes));
        }
    }
}
