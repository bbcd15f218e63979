//! What is found is found live and in the file of the same traffic alike: every scenario is looked at once more second by second.

use super::support::paced::second_by_second;
use super::{Micros, START};
use spantop::engine::Settings;
use spantop::model::{Severity, Timestamp};
use spantop::snapshot::Snapshot;
use std::collections::BTreeMap;

/// What was found of the network at any time, each with the worst it was.
fn found(s: &Snapshot) -> BTreeMap<(&'static str, String), Severity> {
    let network = s.diagnosis.findings.iter().filter(|f| spantop::diagnose::aspect(f.id).is_none());
    network.map(|f| ((f.id, f.subject.to_string()), f.severity)).collect()
}

/// Looks at traffic second by second, and finds what is found in the file of it.
pub(super) fn tells_the_same(packets: &[(Micros, Vec<u8>)], settings: &Settings, of_file: &Snapshot) {
    let packets = packets.iter().map(|(at, frame)| (Timestamp(START + at * 1_000), frame.clone())).collect();
    let last = second_by_second(packets, settings);
    let above = |s: &Snapshot| found(s).into_iter().filter(|f| f.1 > Severity::Note).map(|f| f.0).collect::<Vec<_>>();
    assert_eq!(above(&last), above(of_file), "second by second, and as a file");
}
