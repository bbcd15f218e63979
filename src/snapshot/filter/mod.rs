//! The display filter: which rows of the tables are shown.
//!
//! | words | rows |
//! |---|---|
//! | `10.0.0`, `tls`, `"two words"` | any text: part of an address (with its port), of an application, of a protocol, of a VLAN number |
//! | `tcp`, `ipv6`, `lldp` … | a protocol token: that protocol exactly |
//! | `ip 10.0.0.1`, `host 2001:db8::/32`, `10.0.0.0/8` | an end in that network |
//! | `mac 00:1b:21` | an end with that MAC address, or one that begins so |
//! | `port 443`, `port 6000-6010` | an end with such a port |
//! | `vlan 10`, `vlan` | seen in that VLAN, in any |
//! | `state established` | the TCP state |
//! | `bytes > 1M`, `packets >= 1000` | both directions together; `k M G T` are powers of 1000, `Ki Mi Gi Ti` of 1024 |
//!
//! Joined by `and` (or nothing), `or`, `not` (`!`), parentheses. Case does not matter.
//!
//! What no end point knows (VLAN, TCP state, most protocols) neither shows nor hides one: the other words decide.

mod parse;

use super::{Conversation, HostRow, TcpState};
use crate::model::path::Layer;
use crate::model::{Address, Path, Proto};
use ipnet::IpNet;
use std::fmt::{self, Write};
use std::ops::RangeInclusive;

/// A parsed display filter.
#[derive(Debug, Clone, PartialEq)]
pub struct Filter {
    text: String,
    expression: Expression,
}

/// Words joined.
#[derive(Debug, Clone, PartialEq)]
enum Expression {
    All(Vec<Expression>),
    Any(Vec<Expression>),
    Not(Box<Expression>),
    Term(Term),
}

/// One word, or a word and its arguments.
#[derive(Debug, Clone, PartialEq)]
enum Term {
    /// Lower case.
    Text(String),
    Protocol(Proto),
    Network(IpNet),
    /// The first octets of a MAC address.
    Mac(Vec<u8>),
    Port(RangeInclusive<u16>),
    /// One VLAN, or any.
    Vlan(Option<u16>),
    State(TcpState),
    Bytes(Comparison, u64),
    Packets(Comparison, u64),
}

/// How a number is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    More,
    AtLeast,
    Less,
    AtMost,
    Equal,
    Unequal,
}

impl Comparison {
    fn holds(self, left: u64, right: u64) -> bool {
        match self {
            Comparison::More => left > right,
            Comparison::AtLeast => left >= right,
            Comparison::Less => left < right,
            Comparison::AtMost => left <= right,
            Comparison::Equal => left == right,
            Comparison::Unequal => left != right,
        }
    }
}

impl Filter {
    /// Parses what the user typed; `None` when it is empty.
    ///
    /// # Errors
    /// A sentence naming the word that was not understood.
    pub fn parse(text: &str) -> Result<Option<Filter>, String> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(None);
        }
        Ok(Some(Filter { text: text.to_owned(), expression: parse::parse(text)? }))
    }

    /// What the user typed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether a conversation is shown.
    pub fn matches_conversation(&self, row: &Conversation) -> bool {
        self.expression.holds(&|term| Some(conversation(term, row))).unwrap_or(true)
    }

    /// Whether an end point is shown.
    pub fn matches_host(&self, row: &HostRow) -> bool {
        self.expression.holds(&|term| host(term, row)).unwrap_or(true)
    }
}

impl Expression {
    /// Kleene's three values: `None` is "this row does not know".
    fn holds(&self, term: &dyn Fn(&Term) -> Option<bool>) -> Option<bool> {
        // A sum of values is settled by the first one that decides it.
        let settle = |parts: &[Expression], decisive: bool| {
            let mut sum = Some(!decisive);
            for part in parts {
                match part.holds(term) {
                    Some(value) if value == decisive => return Some(decisive),
                    Some(_) => {}
                    None => sum = None,
                }
            }
            sum
        };
        match self {
            Expression::All(parts) => settle(parts, false),
            Expression::Any(parts) => settle(parts, true),
            Expression::Not(inner) => inner.holds(term).map(|value| !value),
            Expression::Term(this) => term(this),
        }
    }
}

fn conversation(term: &Term, row: &Conversation) -> bool {
    let ends = [(row.a, row.a_port), (row.b, row.b_port)];
    match term {
        Term::Text(needle) => {
            ends.iter().any(|&(address, port)| end_contains(address, port, needle))
                || row.app.is_some_and(|app| app.contains(needle.as_str()))
                || path_contains(row.path, needle)
                || row.vlans.ids().iter().any(|&id| Line::of(&id).contains(needle))
        }
        Term::Protocol(proto) => row.path.contains(*proto) || row.app == Some(proto.token()),
        Term::Network(network) => ends.iter().any(|&(address, _)| in_network(address, network)),
        Term::Mac(prefix) => ends.iter().any(|&(address, _)| has_mac_prefix(address, prefix)),
        Term::Port(range) => ends.iter().any(|(_, port)| has_port(*port, range)),
        Term::Vlan(Some(id)) => row.vlans.ids().contains(id),
        Term::Vlan(None) => !row.vlans.ids().is_empty(),
        Term::State(state) => row.state == Some(*state),
        Term::Bytes(comparison, bytes) => comparison.holds(row.total().wire_bytes, *bytes),
        Term::Packets(comparison, packets) => comparison.holds(row.total().packets, *packets),
    }
}

fn host(term: &Term, row: &HostRow) -> Option<bool> {
    Some(match term {
        Term::Text(needle) => end_contains(row.address, row.port, needle) || row.app.is_some_and(|app| app.contains(needle.as_str())),
        Term::Protocol(Proto::Eth) => matches!(row.address, Address::Mac(_)),
        Term::Protocol(Proto::Ip) => matches!(row.address, Address::V4(_)),
        Term::Protocol(Proto::Ipv6) => matches!(row.address, Address::V6(_)),
        Term::Protocol(proto) if row.app == Some(proto.token()) => true,
        Term::Protocol(_) | Term::Vlan(_) | Term::State(_) => return None,
        Term::Network(network) => in_network(row.address, network),
        Term::Mac(prefix) => has_mac_prefix(row.address, prefix),
        Term::Port(range) => has_port(row.port, range),
        Term::Bytes(comparison, bytes) => comparison.holds(row.total().wire_bytes, *bytes),
        Term::Packets(comparison, packets) => comparison.holds(row.total().packets, *packets),
    })
}

fn in_network(address: Address, network: &IpNet) -> bool {
    address.ip().is_some_and(|ip| network.contains(&ip))
}

fn has_mac_prefix(address: Address, prefix: &[u8]) -> bool {
    matches!(address, Address::Mac(mac) if mac.0.starts_with(prefix))
}

/// Port 0 stands for "no port".
fn has_port(port: u16, range: &RangeInclusive<u16>) -> bool {
    port != 0 && range.contains(&port)
}

fn end_contains(address: Address, port: u16, needle: &str) -> bool {
    let mut line = Line::default();
    let written = match (address, port) {
        (_, 0) => write!(line, "{address}"),
        (Address::V6(_), _) => write!(line, "[{address}]:{port}"),
        _ => write!(line, "{address}:{port}"),
    };
    written.is_ok() && line.contains(needle)
}

fn path_contains(path: Path, needle: &str) -> bool {
    path.layers().any(|layer| match layer {
        Layer::Known(proto) => proto.token().contains(needle),
        number => Line::of(&number).contains(needle),
    })
}

/// A short text on the stack: the longest address with its port has 54 bytes. What does not fit is an error of writing.
struct Line {
    bytes: [u8; 64],
    length: usize,
}

impl Default for Line {
    fn default() -> Self {
        Self { bytes: [0; 64], length: 0 }
    }
}

impl Line {
    /// The text of a value, cut where it does not fit.
    fn of(value: &dyn fmt::Display) -> Self {
        let mut line = Self::default();
        let _ = write!(line, "{value}");
        line
    }

    fn contains(&self, needle: &str) -> bool {
        self.bytes.get(..self.length).and_then(|bytes| std::str::from_utf8(bytes).ok()).is_some_and(|text| text.contains(needle))
    }
}

impl Write for Line {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.length + text.len();
        self.bytes.get_mut(self.length..end).ok_or(fmt::Error)?.copy_from_slice(text.as_bytes());
        self.length = end;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
