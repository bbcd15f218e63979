//! All that detectors look at, put together from what the wings measured ([`crate::model::evidence`]).
//!
//! All counts are of one span of packet time ending now ([`Evidence::seconds`]): a sliding window on a live port, so that a fault
//! that was mended clears; everything for a file's report. `None` means not known, never zero. Shares are 0 to 1.

use super::vendor::Vendor;
use crate::model::Episode;
use crate::model::evidence::{
    CastEvidence, ChecksumEvidence, ClockEvidence, ContentEvidence, ControlEvidence, CopyEvidence, GroupOnly, HostEvidence, LossEvidence,
    NetworkEvidence, OneWayTimes, OrderEvidence, Outage, SideEvidence, Silent, SizeEvidence, TagEvidence, TransitEvidence,
};
use crate::model::units::duration;

/// Everything the detectors look at.
#[derive(Debug, Clone, Default)]
pub struct Evidence {
    /// Seconds of packet time (live: of wall time) the counts cover.
    pub seconds: f64,
    /// From the first packet the counts cover to the last; `None` without packets.
    pub span: Option<Episode>,
    /// Seconds of the whole run, of wall time on a live port.
    pub watched: f64,
    /// Seconds since the last packet, or since the beginning without any.
    pub quiet: f64,
    /// Frames as they arrived.
    pub packets: u64,
    /// A live port, not a file.
    pub live: bool,
    /// Who made the mirroring device, where recognised.
    pub vendor: Option<Vendor>,
    /// Copies.
    pub copies: CopyEvidence,
    /// Loss.
    pub loss: LossEvidence,
    /// Directions.
    pub sides: SideEvidence,
    /// Times in which one direction is not mirrored, where both are else.
    pub one_way: Option<OneWayTimes>,
    /// VLAN tags.
    pub tags: TagEvidence,
    /// Lengths.
    pub sizes: SizeEvidence,
    /// Checksums.
    pub checksums: ChecksumEvidence,
    /// Cause and effect.
    pub order: OrderEvidence,
    /// The clock of the capture.
    pub clock: ClockEvidence,
    /// Destinations.
    pub casts: CastEvidence,
    /// Times in which every regular sender was silent.
    pub outages: Vec<Outage>,
    /// A time in which nothing but frames to groups came.
    pub group_only: Option<GroupOnly>,
    /// Control protocols.
    pub control: ControlEvidence,
    /// The way copies took.
    pub transit: TransitEvidence,
    /// What packets consist of.
    pub contents: ContentEvidence,
    /// This host.
    pub host: HostEvidence,
    /// What happened between hosts. It is judged by itself, as packets pass, without anything else of this.
    pub network: NetworkEvidence,
    /// All outages together.
    pub silent: Option<Silent>,
    /// Nobody looked before: what is known of the past is told of a live port as well.
    pub first_look: bool,
    /// The network is judged: at every step of its time, of a file as well, so that a finding holds from one to the next.
    pub sliding: bool,
}

impl Evidence {
    /// Whether nothing was mirrored for a while, or one direction: what is missing from then is told with those times.
    pub fn has_holes(&self) -> bool {
        self.silent.is_some() || self.one_way.is_some()
    }

    /// Seconds in which nothing arrived, or nothing to a station, of which nobody knows whether everybody rested.
    pub fn undecided_silence(&self) -> f64 {
        let outages = self.outages.iter().filter(|outage| outage.is_undecided).map(|outage| outage.seconds).sum::<f64>();
        self.group_only.filter(|stretch| stretch.is_undecided).map_or(outages, |stretch| outages.max(stretch.seconds))
    }

    /// In how much of the time one direction is not mirrored, in words, of a mirror that shows both else.
    pub fn one_way_for_a_while(&self) -> Option<String> {
        let one_way = self.one_way.as_ref()?;
        let [missing, all] = [one_way.seconds(), self.seconds.max(one_way.seconds())].map(duration);
        Some(format!("one direction is not mirrored for {missing} of {all}"))
    }

    /// Whether findings rest on the recent past alone, and hold from one look to the next.
    pub fn goes_on(&self) -> bool {
        self.live && !self.first_look
    }

    /// Times that are known of all that is looked at. What is told of a live port that was looked at before rests on its recent past.
    pub fn of_file(&self, times: &[Episode]) -> Vec<Episode> {
        if self.goes_on() { Vec::new() } else { times.to_vec() }
    }
}
