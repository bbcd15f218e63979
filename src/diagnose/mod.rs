//! From evidence to findings: what is wrong, why, and what to change.
//!
//! [`Evidence`] is plain numbers; [`judge()`] runs every detector of the `registry` over it and keeps what stands between
//! calls, so that findings appear once the evidence suffices, stay while it holds, and clear without flapping. A detector whose
//! evidence is itself bad is silenced and says why. [`trust()`] sums the mirror up. Adding a finding is one entry in a file of
//! `findings/` and its line in the registry.

mod causes;
mod checklist;
mod detector;
mod evidence;
mod figure;
mod findings;
mod judge;
mod lapses;
mod matters;
mod parts;
mod registry;
mod together;
mod trust;
mod vendor;

pub use causes::by_cause;
pub use checklist::{Seen, checklist};
pub use detector::{Detection, Detector, ExplainPage, Limit, Need, ONE_SIDED, Report, StandingFindings};
pub use evidence::Evidence;
pub use figure::Figure;
pub use findings::services::has_rule_of_its_own;
pub use judge::{CLEAR_AFTER, Judge, Judgement, gravest_of_the_network, judge, judge_network, silence, silence_afterwards};
pub use lapses::Lapses;
pub use matters::{Matter, has_matter};
use registry::takes_from;
pub use registry::{IDS, NamedThreshold, aspect, explain, summaries, thresholds};
pub use trust::trust;
pub use vendor::{Hints, Recognition, Vendor, VendorTopic, recognise};
