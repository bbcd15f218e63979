//! Packets that nobody needs.

use super::{SURE, all_of};
use crate::diagnose::detector::{Detection, Detector, ExplainPage, Need, Report, StandingFindings};
use crate::diagnose::evidence::Evidence;
use crate::diagnose::figure::Figure::Tuned;
use crate::model::evidence::Threshold;
use crate::model::units::{duration, grouped, plural};
use crate::model::{Severity, Subject, Value, wilson};

/// Keep-alives in a minute, their share of what the host sends in these connections, and the pause between two.
static KEEP_ALIVES: Threshold = Threshold::count(1_000.0);
static MUCH: Threshold = Threshold::share(0.1);
static OFTEN: Threshold = Threshold::seconds(15.0);

/// A host keeps connections alive too often.
pub struct TcpKeepalive;

impl Detector for TcpKeepalive {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "tcp.keepalive",
            aspect: None,
            meaning: "A host asks again and again whether its idle connections are still there: packets that carry nothing, and that keep \
                      tables of firewalls full and batteries empty.",
            measured: "Segments of at most one byte just before the next one expected, while their receiver takes data: at least {least} by \
                       one host within a minute, surely more than {share} of what it sends in these connections (lower end of the {sure} \
                       interval), with less than {pause} between two of one connection.",
            cause: "A program or a system setting with a far too short interval; very many connections that are kept open without need.",
            lookalikes: "Probes of a receiver that takes no data, which are not counted. Protocols with keep-alives of their own (MQTT, BGP) \
                         send data.",
            remedy: "Set the interval of keep-alives to minutes, or close connections that are not used.",
            topic: None,
            figures: &[SURE, ("least", Tuned(&KEEP_ALIVES)), ("share", Tuned(&MUCH)), ("pause", Tuned(&OFTEN))],
        };
        &PAGE
    }

    fn needs(&self) -> &'static [Need] {
        &[Need::BothDirections, Need::Unique]
    }

    fn judge(&self, e: &Evidence, _: StandingFindings<'_>) -> Detection {
        all_of(e.network.kept_alive.iter().filter_map(|kept| {
            let share = wilson(kept.count, kept.packets);
            let pause = 60.0 * kept.connections as f64 / kept.count.max(1) as f64;
            if kept.count < KEEP_ALIVES.number() || share.low <= MUCH.value() || pause >= OFTEN.in_seconds() {
                return None;
            }
            let (count, connections) = (grouped(kept.count), plural(kept.connections, "connection"));
            let title = format!("{} sends {count} keep-alives a minute on {connections}, one every {}", kept.host, duration(pause));
            let evidence = vec![
                ("keep_alives", Value::Count(kept.count)),
                ("share", Value::Share(share.rate)),
                ("connections", Value::Count(kept.connections)),
                ("pause_seconds", Value::Seconds(pause)),
            ];
            Some(Report::new(Severity::Note, title, evidence).about(Subject::Host(kept.host)).suffered_by(1).held(vec![kept.span]))
        }))
    }
}
