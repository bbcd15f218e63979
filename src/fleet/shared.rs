//! Conversations that several mirrors saw: they count once, and say which probes see the same traffic.
//!
//! A conversation is its two ends with their ports and its protocol, whoever began it; what several probes saw of it within
//! the same time is one: clocks that are off by what the server has measured are put right ([`super::clocks`]), and may differ by
//! [`super::queries::CLOCKS_AGREE`] then. Of each the probe that saw most counts. What clocks leave in doubt is told.

use super::ProbeName;
use super::answers::AnswerRow;
use super::clocks::DOUBTS;
use crate::model::Arrange as _;
use crate::model::limits::FLEET_GROUPS;
use crate::model::units;
use std::collections::{BTreeMap, BTreeSet};

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
    /// Of each two of the first [`PAIRED`] probes: seconds by which the second sees a conversation later than the first, by their own clocks (median).
    /// In the order of `probes`: first and second, first and third, …, second and third, …
    pub behind: Vec<f64>,
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
    /// What clocks leave in doubt, in words: such conversations may count twice.
    pub doubts: Vec<String>,
    /// Pieces of the span that were asked for, and all of them.
    pub pieces: (usize, usize),
}

impl SharedTraffic {
    /// Of a piece of time, from the answers about it.
    pub(super) fn piece(span: (i64, i64), told: &[AnswerRow], groups: &[AnswerRow], doubts: Vec<String>) -> Self {
        let told = told.first().map_or(SharedSum::default(), |row| sum(row, ""));
        let left_off = groups.len() > FLEET_GROUPS;
        Self { span, told, groups: groups.iter().take(FLEET_GROUPS).map(group).collect(), left_off, doubts, pieces: (1, 1) }
    }

    /// Adds what comes behind it.
    pub fn add(&mut self, piece: &Self) {
        let mut groups: BTreeMap<Vec<ProbeName>, SharedGroup> = self.groups.drain(..).map(|group| (group.probes.clone(), group)).collect();
        for group in &piece.groups {
            groups.entry(group.probes.clone()).and_modify(|sum| join(sum, group)).or_insert_with(|| group.clone());
        }
        self.groups = groups.into_values().collect();
        self.groups.arrange_by(|x, y| y.conversations.cmp(&x.conversations).then_with(|| x.probes.cmp(&y.probes)));
        self.told = self.told.plus(piece.told);
        self.left_off |= piece.left_off || self.groups.len() > FLEET_GROUPS;
        self.groups.truncate(FLEET_GROUPS);
        let known: BTreeSet<String> = self.doubts.iter().cloned().collect();
        self.doubts.extend(piece.doubts.iter().filter(|doubt| !known.contains(*doubt)).cloned());
        self.doubts.truncate(DOUBTS);
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
    if sum.behind.len() == more.behind.len() && n + m > 0.0 {
        sum.behind.iter_mut().zip(&more.behind).for_each(|(a, b)| *a = (*a * n + *b * m) / (n + m));
    } else {
        sum.behind.clear();
    }
    sum.conversations = sum.conversations.saturating_add(more.conversations);
    sum.told = sum.told.plus(more.told);
    sum.once = sum.once.plus(more.once);
}

fn sum(row: &AnswerRow, before: &str) -> SharedSum {
    let count = |what: &str| row.count(&format!("{before}{what}"));
    SharedSum { records: count("records"), packets: count("packets"), wire_bytes: count("bytes") }
}

pub(super) fn group(row: &AnswerRow) -> SharedGroup {
    let probes: Vec<ProbeName> = row.pairs("who").into_iter().map(|(site, probe)| ProbeName { site, probe }).collect();
    let behind = row.reals("median_behind");
    SharedGroup { probes, conversations: row.count("met"), told: sum(row, "told_"), once: sum(row, "once_"), behind }
}

/// Two probes that tell of the same conversations at times that clocks as they were measured do not explain.
pub(super) fn skew(row: &AnswerRow) -> Option<String> {
    let name = |which: &str| ProbeName { site: row.text(&format!("{which}_site")), probe: row.text(&format!("{which}_probe")) };
    let (met, apart) = (row.count("met"), row.real("apart")?);
    Some(format!(
        "{} and {}: {} with the same ends and ports begin {apart:.1} s apart, alike: these count twice, the clock of one is off",
        name("one"),
        name("other"),
        units::plural(met, "conversation")
    ))
}

/// Two probes, how many conversations both saw, and seconds by which the second saw them later (median).
pub type ProbePair = (ProbeName, ProbeName, u64, Option<f64>);

/// Pairs of probes, those that share most first: of a group of three there are three.
pub fn pairs(groups: &[SharedGroup]) -> Vec<ProbePair> {
    // How many, how many of them with a delay, and the sum of delays by how many each is the median of.
    let mut found: BTreeMap<(&ProbeName, &ProbeName), (u64, f64, f64)> = BTreeMap::new();
    for group in groups {
        let firsts = group.probes.iter().take(PAIRED).enumerate();
        let pairs = firsts.flat_map(|(at, one)| group.probes.iter().take(PAIRED).skip(at + 1).map(move |other| (one, other)));
        for (number, pair) in pairs.enumerate() {
            let entry = found.entry(pair).or_default();
            entry.0 = entry.0.saturating_add(group.conversations);
            if let Some(behind) = group.behind.get(number) {
                entry.1 += group.conversations as f64;
                entry.2 += behind * group.conversations as f64;
            }
        }
    }
    let pair = |((one, other), (n, of, sum)): ((&ProbeName, &ProbeName), (u64, f64, f64))| {
        (one.clone(), other.clone(), n, (of > 0.0).then(|| sum / of))
    };
    let mut out: Vec<ProbePair> = found.into_iter().map(pair).collect();
    out.arrange_by(|x, y| y.2.cmp(&x.2).then_with(|| (&x.0, &x.1).cmp(&(&y.0, &y.1))));
    out
}

/// Probes of a group that are paired: more see what goes everywhere.
pub const PAIRED: usize = 16;

#[cfg(test)]
mod tests {
    use super::super::answers::rows;
    use super::*;

    fn piece(at: i64, met: u64) -> SharedTraffic {
        let told = rows("{\"records\":\"100\",\"packets\":1000,\"bytes\":50000}").unwrap();
        let groups = format!(
            "{{\"who\":[[\"s\",\"a\"],[\"s\",\"b\"]],\"met\":{met},\"once_records\":{met},\"told_records\":{},\"once_packets\":{},\"told_packets\":{},\"once_bytes\":{},\"told_bytes\":{},\"median_behind\":[0.5]}}",
            2 * met,
            10 * met,
            19 * met,
            100 * met,
            200 * met
        );
        SharedTraffic::piece((at, at + 10), &told, &rows(&groups).unwrap(), vec![format!("at {at}")])
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
        assert_eq!((all.groups.len(), all.groups[0].conversations, all.groups[0].behind.clone()), (1, 40, vec![0.5]));
    }

    #[test]
    fn three_probes_are_three_pairs_each_with_its_delay() {
        let probe = |name: &str| ProbeName { site: String::new(), probe: name.into() };
        let group = |names: &[&str], conversations, behind: &[f64]| SharedGroup {
            probes: names.iter().map(|n| probe(n)).collect(),
            conversations,
            behind: behind.to_vec(),
            ..SharedGroup::default()
        };
        let pairs =
            pairs(&[group(&["a", "b", "c"], 6, &[0.125, 0.375, 0.25]), group(&["a", "c"], 2, &[0.875]), group(&["a", "d"], 1, &[])]);
        let told: Vec<(String, Option<f64>)> = pairs.iter().map(|(a, b, n, behind)| (format!("{a}{b}{n}"), *behind)).collect();
        let named = |name: &str, behind| (name.to_owned(), behind);
        assert_eq!(told, [named("ac8", Some(0.5)), named("ab6", Some(0.125)), named("bc6", Some(0.25)), named("ad1", None)]);
    }

    #[test]
    fn what_clocks_leave_in_doubt_is_told_once() {
        let mut all = SharedTraffic { pieces: (0, 3), ..SharedTraffic::default() };
        [piece(0, 1), piece(0, 1), piece(10, 1)].iter().for_each(|piece| all.add(piece));
        assert_eq!(all.doubts, ["at 0", "at 10"]);
        let row =
            rows("{\"one_site\":\"lab\",\"one_probe\":\"A\",\"other_site\":\"lab\",\"other_probe\":\"D\",\"met\":\"500\",\"apart\":5.0}")
                .unwrap();
        let said = skew(&row[0]).unwrap();
        assert!(said.starts_with("lab/A and lab/D: 500 conversations with the same ends and ports begin 5.0 s apart"), "{said}");
    }
}
