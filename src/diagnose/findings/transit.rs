//! The way copies take: loops, other people's mirrors, fragments.

use super::{ENCAPSULATION, lacking, present_if};
use crate::diagnose::detector::{Detection, Detector, ExplainPage, Limit, Report, StandingFindings};
use crate::diagnose::evidence::Evidence;
use crate::diagnose::figure::Figure::{Count, Part, Tuned};
use crate::model::evidence::{Threshold, share};
use crate::model::units::{grouped, percent};
use crate::model::{Aspect, Severity, Value};

/// Copies of copies that are no accident, packets before a share says anything, and the shares that are told.
static NESTED: Threshold = Threshold::count(5.0);
static PACKETS: Threshold = Threshold::count(100.0);
static FOREIGN: Limit = Limit::new(0.01);
static FRAGMENTS: Limit = Limit::new(0.001);

/// The mirror mirrors itself.
pub struct Loop;

/// Somebody else's mirror crosses the link.
pub struct ForeignMirror;

/// Copies arrive in fragments.
pub struct MirrorFragmented;

impl Detector for Loop {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "loop",
            aspect: Some(Aspect::Uniqueness),
            meaning: "The mirror copies its own copies: the link that carries them is one of its sources. Load grows until something \
                      drops.",
            measured: "Packets that carry a mirrored packet inside which was itself on its way to the same analyser, in the same session or \
                       another, at least {least}.",
            cause: "The uplink towards the analyser is among the mirrored ports or VLANs.",
            lookalikes: "None: a copy lies within a copy. With two sessions one mirrors the other's way.",
            remedy: "Exclude the uplink that carries the copies from the sources of the session.",
            topic: None,
            figures: &[("least", Tuned(&NESTED))],
        };
        &PAGE
    }

    fn judge(&self, e: &Evidence, standing: StandingFindings<'_>) -> Detection {
        let active = standing.at_all();
        let n = e.transit.nested;
        present_if(n >= NESTED.number() || active && n > 0, || {
            let evidence = vec![("nested", Value::Count(n)), ("share", Value::Share(share(n, e.packets)))];
            Report::new(Severity::Critical, format!("The mirror mirrors itself: {} copies of copies", grouped(n)), evidence)
        })
    }
}

impl Detector for ForeignMirror {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "foreign-mirror",
            aspect: Some(Aspect::Fidelity),
            meaning: "Another mirror session's packets cross the monitored network. They are a part of its load.",
            measured: "Packets of encapsulations made for mirroring whose destination is not this analyser: above \
                       {limit} of the bytes, in at least {packets} packets.",
            cause: "Another analyser is fed over this network.",
            lookalikes: "This analyser's own session seen on its way, when it is not recognised as such.",
            remedy: "Nothing if intended. Else send copies over a network of their own, or end the session.",
            topic: None,
            figures: &[("limit", Tuned(&FOREIGN.raise)), ("packets", Tuned(&PACKETS))],
        };
        &PAGE
    }

    fn judge(&self, e: &Evidence, standing: StandingFindings<'_>) -> Detection {
        let active = standing.at_all();
        let transit = &e.transit;
        present_if(transit.foreign >= PACKETS.number() && FOREIGN.exceeded(transit.foreign_bytes, active), || {
            let evidence = vec![("packets", Value::Count(transit.foreign)), ("share_of_bytes", Value::Share(transit.foreign_bytes))];
            let title = format!("Another mirror session makes up {} of the load", percent(transit.foreign_bytes));
            Report::new(Severity::Note, title, evidence)
        })
    }
}

impl Detector for MirrorFragmented {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "mirror.fragmented",
            aspect: Some(Aspect::Completeness),
            meaning: "Copies arrive in IP fragments. Each is counted once, by its first piece and with its whole length; what the other \
                      pieces hold is not read, and a lost first piece loses the packet.",
            measured: "Copies that begin in the first of several IP fragments, among the packets that carry copies: above {limit} of at \
                       least {packets}, cleared below {clear}.",
            cause: "With its encapsulation a full-size packet exceeds the MTU of the way, and a router divides it.",
            lookalikes: "None: fragments are marked as such.",
            remedy: "Raise the MTU of every link between switch and analyser by the size of the encapsulation ({most} \
                       bytes at most for ERSPAN).",
            topic: None,
            figures: &[
                ("limit", Tuned(&FRAGMENTS.raise)),
                ("clear", Part(&FRAGMENTS.raise, Limit::CLEAR)),
                ("packets", Tuned(&PACKETS)),
                ("most", Count(ENCAPSULATION[1])),
            ],
        };
        &PAGE
    }

    fn judge(&self, e: &Evidence, standing: StandingFindings<'_>) -> Detection {
        let active = standing.at_all();
        let transit = &e.transit;
        if transit.outer < PACKETS.number() {
            return if transit.outer == 0 { Detection::Clear } else { lacking(transit.outer, PACKETS.number(), "encapsulated copies") };
        }
        let rate = share(transit.fragments, transit.outer);
        present_if(FRAGMENTS.exceeded(rate, active), || {
            let evidence = vec![("share", Value::Share(rate)), ("fragments", Value::Count(transit.fragments))];
            Report::new(Severity::Warning, format!("{} of the copies arrive in fragments", percent(rate)), evidence)
        })
    }
}
