//! Capture filters on packets that are already here: libpcap compiles the expression, once for each link type.
//!
//! A live port has the kernel do this; files need it.

use crate::error::{Error, Result};
use crate::model::LinkType;
use crate::model::text::printable;
use pcap::{BpfProgram, Capture, Linktype};

/// A filter expression (pcap-filter(7)) and its programs, one for each link type met so far.
pub struct Bpf {
    text: String,
    programs: Vec<(LinkType, Option<BpfProgram>)>,
    problem: Option<String>,
}

impl std::fmt::Debug for Bpf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bpf").field("text", &self.text).field("problem", &self.problem).finish_non_exhaustive()
    }
}

/// Bytes of a filter that libpcap optimises, which takes the square of its length: a second for some hundred hosts.
const OPTIMISED: usize = 2 * 1024;
/// Bytes of the longest filter: a longer one would be compiled for minutes, and no signal ends that.
const LONGEST: usize = 16 * 1024;

/// Whether libpcap shall optimise a filter.
///
/// # Errors
/// What to do instead of one that is too long.
pub(super) fn is_optimised(text: &str) -> std::result::Result<bool, String> {
    if text.len() > LONGEST {
        return Err(format!(
            "{} KiB are more than libpcap compiles in good time ({} KiB at most): name networks, `net 10.0.0.0/16`, in place of their hosts",
            text.len() / 1024,
            LONGEST / 1024
        ));
    }
    Ok(text.len() <= OPTIMISED)
}

/// A filter as far as a message repeats it.
fn shown(text: &str) -> String {
    let short: String = text.chars().take(200).collect();
    let dots = if short.len() < text.len() { "…" } else { "" };
    format!("{}{dots}", printable(&short))
}

/// How a capture filter is written, for whoever wrote another language: libpcap only says that there is an error.
fn advice(message: &str) -> &'static str {
    if message.contains("syntax error") {
        "; it is written as in pcap-filter(7), `host 10.0.0.1 and not port 443` say: rows are filtered on the dashboard, with /"
    } else {
        ""
    }
}

impl Bpf {
    /// Compiles `text` for Ethernet, to see whether it is an expression at all.
    ///
    /// # Errors
    /// libpcap's message, with the expression.
    pub fn new(text: &str) -> Result<Self> {
        let program = compile(text, LinkType::ETHERNET)
            .map_err(|message| Error::Filter(format!("bad filter `{}`: {message}{}", shown(text), advice(&message))))?;
        Ok(Self { text: text.to_owned(), programs: vec![(LinkType::ETHERNET, Some(program))], problem: None })
    }

    /// Whether the expression accepts a packet. Link types it cannot be compiled for accept nothing; see [`Self::problem`].
    #[inline]
    pub fn matches(&mut self, link: LinkType, bytes: &[u8]) -> bool {
        // Captures have one or two link types: a search from the front beats a map.
        if let Some((_, program)) = self.programs.iter().find(|(known, _)| *known == link) {
            return program.as_ref().is_some_and(|program| program.filter(bytes));
        }
        self.learn(link);
        self.matches(link, bytes)
    }

    /// The first link type the expression could not be compiled for, in words: its packets are left out.
    pub fn problem(&self) -> Option<&str> {
        self.problem.as_deref()
    }

    fn learn(&mut self, link: LinkType) {
        let program = match compile(&self.text, link) {
            Ok(program) => Some(program),
            Err(message) => {
                let text = printable(&self.text);
                self.problem
                    .get_or_insert_with(|| format!("filter `{text}` cannot be used on {link} packets, they are left out: {message}"));
                None
            }
        };
        self.programs.push((link, program));
    }
}

/// Compiles an expression for a link type; libpcap's message when it cannot.
fn compile(text: &str, link: LinkType) -> std::result::Result<BpfProgram, String> {
    let words = |error: pcap::Error| match error {
        pcap::Error::PcapError(message) => printable(&message).into_owned(),
        other => printable(&other.to_string()).into_owned(),
    };
    let optimised = is_optimised(text)?;
    Capture::dead(Linktype(dlt(link))).map_err(words)?.compile(text, optimised).map_err(words)
}

/// libpcap compiles for its DLT_ numbers, which differ from the LINKTYPE_ numbers in files for two types on Linux (pcap-linktype(7)).
fn dlt(link: LinkType) -> i32 {
    match link.0 {
        100 => 11,
        101 => 12,
        other => i32::from(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::Packet;

    /// An IPv4 UDP packet from port 53 to port 1000.
    fn ip() -> Vec<u8> {
        Packet::bare().ipv4([10, 0, 0, 1], [10, 0, 0, 2]).udp(53, 1000).build()
    }

    #[test]
    fn compiles_for_each_link_type() {
        let mut bpf = Bpf::new("udp port 53").expect("valid");
        let frame = Packet::eth([2; 6], [4; 6]).packet(&ip()).build();
        assert!(bpf.matches(LinkType::ETHERNET, &frame));
        assert!(bpf.matches(LinkType::RAW, &ip()));
        assert!(!bpf.matches(LinkType::RAW, &frame));
        assert!(!bpf.matches(LinkType::ETHERNET, &[]));
        assert_eq!(bpf.problem(), None);
    }

    #[test]
    fn says_what_is_wrong() {
        let error = Bpf::new("udp prot 53").expect_err("not an expression");
        assert!(error.to_string().starts_with("bad filter `udp prot 53`: "), "{error}");
        let advised = |text: &str| Bpf::new(text).map_or_else(|e| e.to_string(), |_| String::new()).contains("not port 443");
        assert!(advised("port != 443") && advised("tcp.port == 443") && !advised("port 99999"));
        assert!(Bpf::new("udp\0").is_err());
        let hosts = |n: usize| (0..n).map(|i| format!("host 10.0.{}.{}", i / 250, i % 250)).collect::<Vec<_>>().join(" or ");
        assert!(
            Bpf::new(&hosts(300)).is_ok_and(|mut bpf| bpf.matches(LinkType::ETHERNET, &Packet::eth([2; 6], [4; 6]).packet(&ip()).build()))
        );
        let error = Bpf::new(&hosts(5_000)).expect_err("minutes").to_string();
        assert!(error.contains("net 10.0.0.0/16") && error.len() < 600, "{error}");
        let mut bpf = Bpf::new("vlan 5").expect("valid on Ethernet");
        assert!(!bpf.matches(LinkType::RAW, &ip()));
        let problem = bpf.problem().expect("vlan means nothing on raw IP");
        assert!(problem.contains("RAW") && problem.contains("vlan 5"), "{problem}");
    }
}
