//! What findings rest on: plain numbers with their units, filled by whoever measured them.
//!
//! All counts are of one span of packet time: a sliding window on a live port, so that a fault that was mended clears; everything for a
//! file's report. `None` means not known, never zero. Shares are 0 to 1.

mod contents;
mod copies;
mod directions;
mod host;
mod loss;
mod network;
mod switch;
mod thresholds;
mod time;

pub use contents::{CastEvidence, ChecksumEvidence, ContentEvidence, SizeEvidence};
pub use copies::{CopyEvidence, CopyGap};
pub use directions::{ANSWERED, CONCENTRATED, HALF, HALF_CLEAR, JUDGED, SideEvidence, TagEvidence};
pub use host::{ControlEvidence, HostEvidence, TransitEvidence};
pub use loss::{FlatTop, LoadClass, LossEvidence, SessionLoss, SizeLoss};
pub use network::{
    CodeCount, LossWindow, NetworkEvidence, ScanEvidence, ServiceEvidence, ServiceWindow, StallEvidence, TripWindow, Trouble, Troubled,
};
pub use switch::{
    HELLOS_AWAY, HELLOS_MISSING, PAUSE_RATE, QUERIERS_BESIDE, ROOT_STOOD, ROOTS_BESIDE, SESSION_PACKETS, STORM_RATE, SWITCH_RECENT,
    SwitchEvidence, SwitchTrouble, SwitchTroubleKind, TOPOLOGY_RECENT, TOPOLOGY_TOGETHER,
};
pub use thresholds::{
    CLOCK_STEP, COMPARED_BYTES, COPY_REACH, FLAT_WINDOWS, LONGEST_RATE_WINDOW, LOOP_HOPS, LOSS_REORDERED, LOSS_TIMED_OUT, MIDWAY_SEGMENTS,
    NARROW_SEQUENCE_BITS, NETWORK_BITS, ONE_SIDE_PACKETS, PAUSE, PAUSE_BESIDES, PAUSE_MISSED, PAUSE_STEADY, RATE_WINDOW,
    RATE_WINDOW_LENGTHS, RATIO_BYTES, SCAN_HOSTS, SCAN_PORTS, SCAN_WINDOW, SILENT, SLOW_REPLY, UTILISATION_BOUNDS, VERY_SLOW_REPLY,
};
pub use time::{ClockEvidence, OrderEvidence, Outage};

/// `part` of `all`, 0 without any.
pub fn share(part: u64, all: u64) -> f64 {
    if all == 0 { 0.0 } else { part as f64 / all as f64 }
}
