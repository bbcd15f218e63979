//! What the switch says and does, as the mirror shows it: control packets and their senders, neighbours, VLAN tags and witnesses that
//! they were taken off. Parses no header: the decoder says what a control packet holds ([`crate::model::ControlFrame`]).

mod control;
mod evidence;
mod floods;
mod ledger;
mod link_speed;
mod messages;
mod periodic;
mod seconds;
mod sessions;
mod stations;
mod tags;

pub use control::ControlCounts;
pub use ledger::SwitchLedger;
pub use link_speed::{LinkSpeed, SpeedNews};
pub use periodic::{OutageSpan, PeriodicSender, PeriodicSenders, outages};
pub use stations::StationWatch;
pub use tags::{TagCounts, TagFlows, TagState, VlanSet};

use crate::model::sum::{Standing, sums};
use crate::model::{ArpBlocks, BfdHello, CapScale, Chatter, ControlFrame, ControlMessage, Frame, Traffic};
use crate::model::{FloodSecond, Timestamp};
use floods::FloodCounter;
pub use floods::pauses;
use messages::ControlMessages;
use sessions::BfdSessions;

sums! {
    /// What one shard saw of the switch. What is a set (VLANs, address blocks, control protocols' systems and their packets) is always that
    /// of the whole time.
    #[derive(Debug, Clone, Default, PartialEq)]
    pub struct SwitchCounts {
        /// VLAN tags.
        pub tags: TagCounts,
        /// Control protocols.
        pub control: ControlCounts => Standing,
        /// What hosts and routers say to find each other, in the order of [`Chatter::ALL`].
        pub chatter: [Traffic; Chatter::ALL.len()],
    }
}

/// What one shard sees of the switch.
#[derive(Debug, Default)]
pub struct Switch {
    senders: PeriodicSenders,
    tags: TagCounts,
    messages: ControlMessages,
    floods: FloodCounter,
    sessions: BfdSessions,
    stations: StationWatch,
    chatter: [Traffic; Chatter::ALL.len()],
}

impl Switch {
    /// Nothing seen; what waits is as much as `caps` allow.
    pub fn within(caps: CapScale) -> Self {
        Self { messages: ControlMessages::within(caps), ..Self::default() }
    }

    /// Looks at a control packet and the frame that brought it.
    pub fn control(&mut self, frame: &Frame<'_>, packet: &ControlFrame<'_>) {
        self.senders.observe(frame, packet);
        if let Some(id) = packet.vlan {
            self.tags.claim(id);
        }
    }

    /// Takes in a control packet that was read as a whole.
    pub fn tell(&mut self, message: ControlMessage) {
        self.messages.push(message);
    }

    /// Takes in what an end of a session of BFD says; `as_message` makes a control packet of it.
    pub fn session(&mut self, frame: &Frame<'_>, hello: BfdHello, as_message: impl FnOnce(BfdHello) -> Option<ControlMessage>) {
        self.sessions.take(frame, hello, as_message, &mut self.messages);
    }

    /// Counts a frame to a group.
    #[inline]
    pub fn flood(&mut self, frame: &Frame<'_>) {
        self.floods.count(frame);
    }

    /// Counts a frame that was left out as a copy and proved to be traffic; what else it says was read when it came first.
    pub fn counted_again(&mut self, frame: &Frame<'_>, kind: Option<Chatter>) {
        self.floods.count_again(frame);
        if let Some(kind) = kind {
            self.chatter(kind, frame.wire);
        }
    }

    /// An interval ends at `now`; whether frames of it are left out that may prove to be traffic.
    pub fn advance(&mut self, now: Timestamp, waits: bool) {
        self.floods.advance(now, waits);
        self.sessions.advance(&mut self.messages);
        self.stations.advance(now);
    }

    /// What is seen of stations.
    #[inline(always)]
    pub fn stations(&mut self) -> &mut StationWatch {
        &mut self.stations
    }

    /// Frames to many, of seconds that have ended since it was last asked.
    pub fn floods(&mut self) -> Vec<FloodSecond> {
        self.floods.take()
    }

    /// What waits to be handed over.
    pub fn told(&self) -> usize {
        self.messages.len() + self.floods.told() + self.stations.told()
    }

    /// Control packets that came since it was last asked, and how many there was no room for.
    pub fn take(&mut self) -> (Vec<ControlMessage>, u64) {
        self.messages.take()
    }

    /// Counts a packet by which hosts and routers find each other.
    #[inline]
    pub fn chatter(&mut self, kind: Chatter, wire: u32) {
        if let Some(counts) = self.chatter.get_mut(kind as usize) {
            counts.count(wire);
        }
    }

    /// Looks at an ARP packet.
    pub fn arp(&mut self, frame: &Frame<'_>, blocks: &ArpBlocks) {
        if frame.vlans.outermost().is_none() {
            self.tags.untagged_arp(blocks);
        }
    }

    /// Counts since the beginning. Frames by tag are not among them: whoever keeps the contexts has them.
    pub fn counts(&self) -> SwitchCounts {
        SwitchCounts { tags: self.tags.clone(), control: self.senders.counts(), chatter: self.chatter }
    }

    /// Regular senders of control packets; each lives in one shard, so reports are put one after the other.
    pub fn senders(&self) -> &PeriodicSenders {
        &self.senders
    }
}
