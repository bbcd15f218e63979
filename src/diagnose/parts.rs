//! What makes a part of trust low where no other finding names it: nothing that was measured is passed over in silence.

use crate::diagnose::detector::{Detection, Detector, ExplainPage, Report, StandingFindings};
use crate::diagnose::evidence::Evidence;
use crate::diagnose::figure::Figure::{self, Count};
use crate::diagnose::trust;
use crate::model::{Aspect, Severity, Value, Verdict};

/// Too much is missing.
pub struct LowCompleteness;

/// Too much arrives more than once.
pub struct LowUniqueness;

/// Too much arrives before its cause.
pub struct LowOrder;

/// Too much is not as it was on the wire.
pub struct LowFidelity;

/// Time stamps are too coarse.
pub struct LowTiming;

/// Too much shows one direction only.
pub struct LowCoverage;

const FIGURES: &[(&str, Figure)] = &[("doubtful", Count(Verdict::DOUBTFUL_BELOW as u64)), ("bad", Count(Verdict::BAD_BELOW as u64))];

/// Characters of a title, at most: the rest of what a part rests on stands in the evidence.
const TITLE: usize = 90;

/// Whether a part is low, and what it rests on.
fn low(aspect: Aspect, e: &Evidence) -> Detection {
    let (score, text) = trust::measured(aspect, e, &[]);
    let score = score.unwrap_or(100);
    if score >= Verdict::DOUBTFUL_BELOW {
        return Detection::Clear;
    }
    let severity = if score < Verdict::BAD_BELOW { Severity::Critical } else { Severity::Warning };
    let title = text.split([';', '(']).next().unwrap_or_default().trim().chars().take(TITLE).collect::<String>();
    // What is of the last minute stands for a while after what was wrong is mended.
    let title = if e.goes_on() { trust::of_when(title, e) } else { title };
    Report::new(severity, title, vec![("score", Value::Count(score.into())), ("rests_on", Value::Text(text))]).into()
}

macro_rules! part {
    ($detector:ident, $aspect:ident, $id:literal, $meaning:literal, $cause:literal) => {
        impl Detector for $detector {
            fn page(&self) -> &'static ExplainPage {
                &ExplainPage {
                    id: $id,
                    aspect: Some(Aspect::$aspect),
                    meaning: $meaning,
                    measured: "The score of this part of trust, where it is below {doubtful} and no other finding names what takes from it; critical \
                               below {bad}. The title says what the score rests on.",
                    cause: $cause,
                    lookalikes: "Traffic that is seldom seen and looks like such a fault; the other findings rule out what they know.",
                    remedy: "Look at the numbers in the title and at the conversations they are of; `spantop check` and the mirror's screen show all parts of trust.",
                    topic: None,
                    figures: FIGURES,
                }
            }

            fn part(&self) -> Option<Aspect> {
                Some(Aspect::$aspect)
            }

            fn judge(&self, e: &Evidence, _: StandingFindings<'_>) -> Detection {
                low(Aspect::$aspect, e)
            }
        }
    };
}

part!(
    LowCompleteness,
    Completeness,
    "low.completeness",
    "Packets are missing here, and what is known does not tell where they were lost.",
    "The mirror, the way of its copies or this host loses packets."
);
part!(
    LowUniqueness,
    Uniqueness,
    "low.uniqueness",
    "Packets arrive more than once, and neither their distance nor their conversations tell which part of the mirror does it.",
    "Sources of the mirror overlap for a few conversations, or at distances that vary."
);
part!(
    LowOrder,
    Order,
    "low.order",
    "Packets arrive before what caused them: times between them mean little.",
    "Copies wait in different queues on their way here."
);
part!(
    LowFidelity,
    Fidelity,
    "low.fidelity",
    "Packets are not as they were on the wire: cut, merged, without their tags or with wrong checksums.",
    "Several changes on the way here, none of which is common enough for a finding of its own."
);
part!(
    LowTiming,
    Timing,
    "low.timing",
    "The time stamps are too coarse for bursts and round-trip times.",
    "The clock of whoever captured, or the format of the file."
);
part!(
    LowCoverage,
    Coverage,
    "low.coverage",
    "Conversations show one direction only: what was answered cannot be judged.",
    "A source that is mirrored in one direction, or answers that take another way."
);
