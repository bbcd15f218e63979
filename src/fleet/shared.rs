//! Conversations that several mirrors saw: they count once, and say which probes see the same traffic.
//!
//! A conversation is its two ends with their ports and its protocol, whoever began it; what several probes saw of it within
//! the same time (clocks may differ by [`super::queries::CLOCKS_AGREE`]) is one. Of each the probe that saw most counts.

use super::ProbeName;
use super::answers::AnswerRow;
use crate::model::limits::FLEET_GROUPS;
use std::collections::BTreeMap;

/// Sums of conversations.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SharedSum {
    /// Records: a long conversation is told in several.
    pub records: u64,
    /// Packets.
    pub packets: u64,
    /// Bytes on the wire.
    pub wire_bytes: u64,
}

impl SharedSum {
    fn plus(self, other: Self) -> Self {
        Self {
            records: self.records.saturating_add(other.records),
            packets: self.packets.saturating_add(other.packets),
            wire_bytes: self.wire_bytes.saturating_add(other.wire_bytes),
        }
    }

    fn minus(self, other: Self) -> Self {
        Self {
            records: self.records.saturating_sub(other.records),
            packets: self.packets.saturating_sub(other.packets),
            wire_bytes: self.wire_bytes.saturating_sub(other.wire_bytes),
        }
    }
}

/// Probes that see the same conversations.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SharedGroup {
    /// Which, two at least, by name.
    pub probes: Vec<ProbeName>,
    /// How many conversations all of them saw.
    pub conversations: u64,
    /// What they told of them, each for itself.
    pub told: SharedSum,
    /// The same, each conversation once.
    pub once: SharedSum,
    /// Of two probes: seconds by which the second sees a conversation later than the first, by their own clocks (median).
    pub behind: Option<f64>,
}

/// Conversations of a fleet over a span, told and counted once.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SharedTraffic {
    /// Seconds since 1970: from, and to (not included).
    pub span: (i64, i64),
    /// What all probes told.
    pub told: SharedSum,
    /// Probes that share conversations, those that share most first.
    pub groups: Vec<SharedGroup>,
    /// Whether there are more groups than are listed: then what is counted once is too much.
    pub left_off: bool,
    /// Pieces of the span that were asked for, and all of them.
    pub pieces: (usize, usize),
}

impl SharedTraffic {
    /// Of a piece of time, from the answers about it.
    pub(super) fn piece(span: (i64, i64), told: &[AnswerRow], groups: &[AnswerRow]) -> Self {
        let told = told.first().map_or(SharedSum::default(), |row| sum(row, ""));
        let left_off = groups.len() > FLEET_GROUPS;
        Self { span, told, groups: groups.iter().take(FLEET_GROUPS).map(group).collect(), left_off, pieces: (1, 1) }
    }

    /// Adds what comes behind it.
    pub fn add(&mut self, piece: &Self) {
        let mut groups: BTreeMap<Vec<ProbeName>, SharedGroup> = self.groups.drain(..).map(|group| (group.probes.clone(), group)).collect();
        for group in &piece.groups {
            groups.entry(group.probes.clone()).and_modify(|sum| join(sum, group)).or_insert_with(|| group.clone());
        }
        self.groups = groups.into_values().collect();
        self.groups.sort_by(|x, y| y.conversations.cmp(&x.conversations).then_with(|| x.probes.cmp(&y.probes)));
        self.told = self.told.plus(piece.told);
        self.left_off |= piece.left_off || self.groups.len() > FLEET_GROUPS;
        self.groups.truncate(FLEET_GROUPS);
        self.span = if self.pieces.0 == 0 { piece.span } else { (self.span.0.min(piece.span.0), self.span.1.max(piece.span.1)) };
        self.pieces.0 = self.pieces.0.saturating_add(piece.pieces.0);
    }

    /// Every conversation once.
    pub fn once(&self) -> SharedSum {
        self.groups.iter().fold(self.told, |sum, group| sum.minus(group.told.minus(group.once)))
    }

    /// Whether all of the span was looked at.
    pub fn is_whole(&self) -> bool {
        self.pieces.0 >= self.pieces.1
    }
}

/// Both together; a median of medians, by how many each is of.
fn join(sum: &mut SharedGroup, more: &SharedGroup) {
    let (n, m) = (sum.conversations as f64, more.conversations as f64);
    sum.behind = sum.behind.zip(more.behind).filter(|_| n + m > 0.0).map(|(a, b)| (a * n + b * m) / (n + m));
    sum.conversations = sum.conversations.saturating_add(more.conversations);
    sum.told = sum.told.plus(more.told);
    sum.once = sum.once.plus(more.once);
}

fn sum(row: &AnswerRow, before: &str) -> SharedSum {
    let count = |what: &str| row.count(&format!("{before}{what}"));
    SharedSum { records: count("records"), packets: count("packets"), wire_bytes: count("bytes") }
}

fn group(row: &AnswerRow) -> SharedGroup {
    let probes: Vec<ProbeName> = row.pairs("who").into_iter().map(|(site, probe)| ProbeName { site, probe }).collect();
    let behind = row.real("median_behind").filter(|_| probes.len() == 2);
    SharedGroup { probes, conversations: row.count("met"), told: sum(row, "told_"), once: sum(row, "once_"), behind }
}

/// Pairs of probes and how many conversations both saw, the most first: of a group of three there are three.
pub fn pairs(groups: &[SharedGroup]) -> Vec<(ProbeName, ProbeName, u64, Option<f64>)> {
    let mut found: BTreeMap<(&ProbeName, &ProbeName), (u64, Option<f64>)> = BTreeMap::new();
    for group in groups {
        for (at, one) in group.probes.iter().enumerate().take(PAIRED) {
            for other in group.probes.iter().take(PAIRED).skip(at + 1) {
                let entry = found.entry((one, other)).or_default();
                entry.0 = entry.0.saturating_add(group.conversations);
                entry.1 = entry.1.or(group.behind);
            }
        }
    }
    let mut out: Vec<_> = found.into_iter().map(|((one, other), (n, behind))| (one.clone(), other.clone(), n, behind)).collect();
    out.sort_by(|x, y| y.2.cmp(&x.2).then_with(|| (&x.0, &x.1).cmp(&(&y.0, &y.1))));
    out
}

/// Probes of a group that are paired: more see what goes everywhere.
const PAIRED: usize = 16;

#[cfg(test)]
mod tests {
    use super::super::answers::rows;
    use super::*;

    fn piece(at: i64, met: u64) -> SharedTraffic {
        let told = rows("{\"records\":\"100\",\"packets\":1000,\"bytes\":50000}").unwrap();
        let groups = format!(
            "{{\"who\":[[\"s\",\"a\"],[\"s\",\"b\"]],\"met\":{met},\"once_records\":{met},\"told_records\":{},\"once_packets\":{},\"told_packets\":{},\"once_bytes\":{},\"told_bytes\":{},\"median_behind\":0.5}}",
            2 * met,
            10 * met,
            19 * met,
            100 * met,
            200 * met
        );
        SharedTraffic::piece((at, at + 10), &told, &rows(&groups).unwrap())
    }

    #[test]
    fn a_conversation_of_two_mirrors_counts_once_and_pieces_add_up() {
        let mut all = SharedTraffic { pieces: (0, 2), ..SharedTraffic::default() };
        all.add(&piece(0, 30));
        assert!(!all.is_whole());
        all.add(&piece(10, 10));
        assert!(all.is_whole() && all.span == (0, 20));
        assert_eq!(all.told, SharedSum { records: 200, packets: 2_000, wire_bytes: 100_000 });
        assert_eq!(all.once(), SharedSum { records: 200 - 40, packets: 2_000 - 9 * 40, wire_bytes: 100_000 - 100 * 40 });
        assert_eq!((all.groups.len(), all.groups[0].conversations, all.groups[0].behind), (1, 40, Some(0.5)));
    }

    #[test]
    fn three_probes_are_three_pairs() {
        let probe = |name: &str| ProbeName { site: String::new(), probe: name.into() };
        let group = |names: &[&str], conversations| SharedGroup {
            probes: names.iter().map(|n| probe(n)).collect(),
            conversations,
            ..SharedGroup::default()
        };
        let pairs = pairs(&[group(&["a", "b", "c"], 5), group(&["a", "c"], 2)]);
        let told: Vec<String> = pairs.iter().map(|(a, b, n, _)| format!("{a}{b}{n}")).collect();
        assert_eq!(told, ["ac7", "ab5", "bc5"]);
    }
}
