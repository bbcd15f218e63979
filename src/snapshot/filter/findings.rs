//! The filter on findings: a sentence each, with what proves it, where other rows have columns.

use super::{Filter, Term, in_network, known};
use crate::model::finding::evidence_name;
use crate::model::{Address, Finding};
use crate::snapshot::tables::findings::FINDINGS;
use std::net::{IpAddr, SocketAddr};

impl Filter {
    /// Whether a finding is shown: for its columns and what it is about, and for what is said of it and of what it was found by.
    pub fn matches_finding(&self, finding: &Finding) -> bool {
        let said = words_of(finding);
        let holds = |term: &Term| match term {
            Term::Text(needle) => known(term, self, FINDINGS.fields, finding).map(|holds| holds || said.contains(needle)),
            // It has no stack of protocols: it is about those that are named.
            Term::Protocol(proto) => Some(parts_of(&said).any(|word| word == proto.token())),
            Term::Network(network) => known(term, self, FINDINGS.fields, finding)
                .map(|holds| holds || addresses_in(&said).any(|address| in_network(address, network))),
            // What is about no port is not about this one.
            Term::Port(_) => known(term, self, FINDINGS.fields, finding).or(Some(false)),
            _ => known(term, self, FINDINGS.fields, finding),
        };
        self.expression.holds(&holds).unwrap_or(true)
    }
}

/// What is said of a finding and of what it was found by, in lower case.
fn words_of(finding: &Finding) -> String {
    let evidence = finding.evidence.iter().map(|(name, value)| format!("{} {value}", evidence_name(name, value)));
    let said = [finding.id.to_owned(), finding.title.clone()].into_iter().chain(finding.remarks()).chain(evidence);
    said.collect::<Vec<_>>().join("\n").to_lowercase()
}

/// The words in a text, without what joins and ends them.
fn parts_of(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '-').filter(|word| !word.is_empty())
}

/// The addresses in a text, also where a port stands behind them.
fn addresses_in(text: &str) -> impl Iterator<Item = Address> + '_ {
    let words = text.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '(' | ')' | '/'));
    words.filter_map(|word| {
        let word = word.trim_end_matches([':', '.']);
        let ip = word.parse::<IpAddr>().ok().or_else(|| word.parse::<SocketAddr>().ok().map(|end| end.ip()));
        ip.map(Address::from)
    })
}
