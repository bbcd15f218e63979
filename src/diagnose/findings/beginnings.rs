//! Conversations whose beginning the mirror does not show.

use super::{SURE, lacking, present_if};
use crate::diagnose::detector::{Detection, Detector, ExplainPage, Need, Report, StandingFindings};
use crate::diagnose::evidence::Evidence;
use crate::diagnose::figure::Figure::{Count, Nanos, Share, Tuned};
use crate::diagnose::vendor::VendorTopic;
use crate::model::evidence::{BEGUN_AFTER, BegunConnections, ONE_SIDE_PACKETS, Threshold};
use crate::model::units::{grouped, percent};
use crate::model::{Aspect, Severity, Value, wilson};

/// Connections before their beginnings say anything.
static CONNECTIONS: Threshold = Threshold::count(BegunConnections::LEAST as f64);

/// The share without beginning, lower end of its interval, from which on none of them is mirrored.
const NEARLY_ALL: f64 = 0.9;

/// Beginnings are not mirrored.
pub struct MirrorMidstream;

impl Detector for MirrorMidstream {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "mirror.midstream",
            aspect: Some(Aspect::Coverage),
            meaning: "The first packets of conversations are not mirrored. Attempts to connect and who makes them, what TLS agrees on and many \
                      questions are not here, and whether hosts answer cannot be judged.",
            measured: "TCP connections that came when the capture had run for {after}, with packets both ways, at least {side} of them one way, and that \
                       ended: those of which neither SYN nor SYN-ACK was seen. Raised when they surely are more than {half} (lower end of the {sure} \
                       interval) of at least {least}, cleared when that holds no longer.",
            cause: "The first packets of each flow take another way through the switch than those behind them: its processor, or the slow path of a \
                    virtual switch or firewall with a flow cache, which the mirror does not copy; or a filter leaves SYNs out.",
            lookalikes: "Many connections that were open, and silent, before the capture began, and that all said much and ended in it.",
            remedy: "Mirror a port or a point where packets are not forwarded from a flow cache; look for a filter in the session.",
            topic: Some(VendorTopic::BothDirections),
            figures: &[
                SURE,
                ("after", Nanos(BEGUN_AFTER)),
                ("side", Count(ONE_SIDE_PACKETS)),
                ("half", Share(BegunConnections::HIDDEN)),
                ("least", Tuned(&CONNECTIONS)),
            ],
        };
        &PAGE
    }

    fn needs(&self) -> &'static [Need] {
        &[Need::Undivided, Need::BothDirections, Need::Unsampled, Need::Abreast]
    }

    fn judge(&self, e: &Evidence, _: StandingFindings<'_>) -> Detection {
        let begun = e.sides.begun;
        if begun.connections < CONNECTIONS.number() {
            return lacking(begun.connections, CONNECTIONS.number(), "connections that ended");
        }
        let unseen = wilson(begun.unseen, begun.connections);
        present_if(unseen.low > BegunConnections::HIDDEN, || {
            let title = match unseen.rate >= NEARLY_ALL {
                true => format!(
                    "How conversations begin is not mirrored: {} of {} connections",
                    grouped(begun.unseen),
                    grouped(begun.connections)
                ),
                false => format!("The beginning of {} of the connections is not mirrored", percent(unseen.rate)),
            };
            let evidence = vec![("unseen", Value::Count(begun.unseen)), ("connections", Value::Count(begun.connections))];
            Report::new(Severity::Warning, title, evidence)
        })
    }
}
