//! What mirroring does to packets, found online: copies, gaps, one-sidedness.

mod directionality;
pub mod duplicates;
pub mod estimate;
mod evidence;
mod flat_top;
mod health;
pub mod ledger;
mod loss;
mod loss_counts;
mod numbered;
mod order;
mod overtaken;
pub mod sessions;
mod silence;
pub mod stamps;
pub mod switch_clock;
mod windows;

pub use directionality::{DirectionCounts, JudgedConversations, MacRoleCounts, MacRoles, OneWayFlow};
pub use duplicates::{CopyClass, CopyTimes, CopyVerdict, CopyWatch, Digest, DistantCounts, DuplicateCounts, DuplicateFilter, Fingerprint};
pub use duplicates::{MirrorPoint, TransitCounts, TransitKey, TransitReport};
pub use estimate::{LossSplit, clustered};
pub use flat_top::flat_top;
pub use health::{CastCounts, ChecksumCounts, ContentCounts, Health, HealthCounts, Lengths, SizeCounts, UnmatchedCounts};
pub use ledger::Ledger;
pub use loss::{Loss, LossState};
pub use loss_counts::{Acked, LossCounts, RATIO_BINS, Ratios, SIZE_BINS, UTILISATION_CLASSES, size_bin, size_floor, utilisation_class};
pub use numbered::{MutualStream, NumberedStreams, StreamClass, StreamCounts};
pub use order::{ClockCounts, OrderCounts, SKEW_BINS, Skews};
pub use overtaken::{Overtaken, OvertakenCounts};
pub use sessions::{CheckSequence, MirrorSessions, Ours, SampledPacket, SessionReport};
pub use silence::Pauses;
pub use stamps::StampLedger;
pub use switch_clock::SwitchClock;
pub use windows::{LostBytes, WINDOW, Windows, window};
