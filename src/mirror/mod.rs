//! What mirroring does to packets, found online: copies, gaps, one-sidedness.

pub mod duplicates;
pub mod estimate;
mod health;
pub mod ledger;
mod loss;
mod loss_counts;
mod order;
pub mod sessions;
mod sides;
pub mod stamps;
pub mod switch_clock;
mod windows;

pub use duplicates::{CopyClass, Digest, DuplicateCounts, DuplicateFilter, Print, Verdict};
pub use estimate::{LossSplit, clustered};
pub use health::{
    Beat, Beats, Casts, ChecksumCounts, Control, ControlCounts, Health, HealthCounts, Lengths, OrphanCounts, Orphans, Silence, SizeCounts,
    TagCounts, TagFlows, TagState, VlanSet, outermost, silences,
};
pub use ledger::Ledger;
pub use loss::{HOLD, Loss, LossState};
pub use loss_counts::{Acked, LossCounts, RATIO_BINS, Ratios, SIZE_BINS, UTILISATION_CLASSES, size_bin, size_floor, utilisation_class};
pub use order::{Clock, OrderCounts, OrderState, SKEW_BINS, STEP, Skews};
pub use sessions::{CheckSequence, Ours, SampledPacket, SessionReport, Sessions};
pub use sides::{JUDGED_PACKETS, Judged, MacRoles, Roles, SideCounts, SideFlow};
pub use stamps::StampLedger;
pub use switch_clock::Clock as SwitchClock;
pub use windows::{LostBytes, WINDOW, Windows, window};
