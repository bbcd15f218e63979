//! Names of addresses, learnt from what passes by.

use super::text::is_unfit;
use super::{Address, Timestamp};
use std::sync::Arc;

/// Where a name was learnt. All of these can be forged by whoever sends them: they name, they do not prove.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NameSource {
    /// The answer to a DNS question: the name that was asked for.
    Dns,
    /// A DNS pointer record: what the address is called in the reverse zone.
    DnsPointer,
    /// Multicast DNS, told by the address itself.
    Mdns,
    /// A link-local answer (LLMNR), told by the address itself.
    Llmnr,
    /// The server name of a TLS ClientHello sent to the address.
    Tls,
    /// The host that an HTTP request to the address asks for.
    Http,
    /// What a DHCP client calls itself, with the address it asks for or was given.
    Dhcp,
    /// The NetBIOS name that a host claims for its own address.
    Nbns,
    /// What the user calls it, in the configuration: not learnt at all.
    Own,
}

impl NameSource {
    /// Its name in reports.
    pub fn token(self) -> &'static str {
        match self {
            NameSource::Dns => "dns",
            NameSource::DnsPointer => "dns_ptr",
            NameSource::Mdns => "mdns",
            NameSource::Llmnr => "llmnr",
            NameSource::Tls => "tls",
            NameSource::Http => "http",
            NameSource::Dhcp => "dhcp",
            NameSource::Nbns => "nbns",
            NameSource::Own => "own",
        }
    }
}

/// A name of an address, and when it was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LearntName {
    /// Whose.
    pub address: Address,
    /// The name, fit to be shown.
    pub name: Arc<str>,
    /// Where it was learnt.
    pub source: NameSource,
    /// When it was first seen.
    pub first: Timestamp,
    /// When it was last seen.
    pub last: Timestamp,
}

/// Longest name kept, in bytes: what DNS allows (RFC 1035 section 2.3.4, in text).
pub const NAME_BYTES: usize = 253;

/// Makes the bytes of a name fit to be kept and shown: control characters and those without width or direction become `·`, bytes that are not
/// UTF-8 become `\xNN`, and what is too long is cut.
pub fn clean(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        out.extend(chunk.valid().chars().map(|c| if is_unfit(c) { '·' } else { c }));
        for byte in chunk.invalid() {
            out.push_str(&format!("\\x{byte:02x}"));
        }
    }
    let ends = out.char_indices().map(|(at, c)| at + c.len_utf8());
    if let Some(end) = ends.take_while(|&end| end <= NAME_BYTES).last() {
        out.truncate(end);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_command_a_terminal() {
        assert_eq!(clean(b"www.example.org"), "www.example.org");
        assert_eq!(clean("a\x1b[2J\u{202e}é".as_bytes()), "a·[2J·é");
        assert_eq!(clean(&[b'a', 0xff, 0xc3, b'b']), "a\\xff\\xc3b");
        assert_eq!(clean("é".repeat(300).as_bytes()), "é".repeat(126));
    }
}
