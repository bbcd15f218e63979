//! Hosts whose load rises far above the usual.

use super::all_of;
use crate::diagnose::detector::{Detection, Detector, ExplainPage, Need, Report, StandingFindings};
use crate::diagnose::evidence::Evidence;
use crate::diagnose::figure::Figure::Tuned;
use crate::model::evidence::{SURGE_ENDS, SURGE_RATE, SURGE_SHARE, SURGE_TIMES};
use crate::model::units::{bits_per_second, percent};
use crate::model::{Severity, Subject, Value};

/// A host's load rises.
pub struct LoadSurge;

impl Detector for LoadSurge {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "load.surge",
            aspect: None,
            meaning: "A host sends and receives many times as much as it usually does, and is most of what passes here.",
            measured: "Bytes of a host in ten seconds against what nearly all (ninety-five of a hundred) of its earlier ones stayed below, of ten \
                       minutes at least and where it was heard in half of them: more than {times} times as much, above {rate}, and more than \
                       {share} of the traffic, twice in a row. It clears below {ends} times the usual.",
            cause: "A backup, a large transfer, a program that went wrong, or an attack on the host or by it.",
            lookalikes: "What happens at the same hour every day: only the last ten minutes are compared.",
            remedy: "Look at whom it speaks with and by what; where round trips or losses rise with it, the link is too small for both.",
            topic: None,
            figures: &[
                ("times", Tuned(&SURGE_TIMES)),
                ("rate", Tuned(&SURGE_RATE)),
                ("share", Tuned(&SURGE_SHARE)),
                ("ends", Tuned(&SURGE_ENDS)),
            ],
        };
        &PAGE
    }

    fn needs(&self) -> &'static [Need] {
        &[Need::Unique, Need::Unsampled]
    }

    fn judge(&self, e: &Evidence, _: StandingFindings<'_>) -> Detection {
        let surges = &e.network.surges;
        all_of(surges.iter().filter_map(|surge| {
            // Of two that speak with each other the one that others speak with less: what is usual there was less.
            let peer = surges.iter().find(|other| surge.peer.is_some_and(|(peer, _)| peer == other.host));
            let is_told_there = peer.is_some_and(|other| (other.usual, other.host) < (surge.usual, surge.host));
            if is_told_there && peer.is_some_and(|other| other.peer.is_some_and(|(peer, _)| peer == surge.host)) {
                return None;
            }
            let (rate, usual) = (8.0 * surge.bytes_per_second, 8.0 * surge.usual);
            let with = surge.peer.map(|(peer, port)| format!(", mostly with {peer} (port {port})")).unwrap_or_default();
            let title = format!(
                "{} has {}, usually {} at most: {} of the traffic{with}",
                surge.host,
                bits_per_second(rate),
                bits_per_second(usual),
                percent(surge.share)
            );
            let mut evidence = vec![
                ("rate", Value::BitsPerSecond(rate)),
                ("usual_rate", Value::BitsPerSecond(usual)),
                ("share", Value::Share(surge.share)),
            ];
            if let Some((peer, port)) = surge.peer {
                evidence.extend([("peer", Value::Text(peer.to_string())), ("port", Value::Count(port.into()))]);
            }
            Some(Report::new(Severity::Note, title, evidence).about(Subject::Host(surge.host)).suffered_by(1).held(vec![surge.span]))
        }))
    }
}
