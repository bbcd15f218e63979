//! The application protocol of a conversation: the eight bytes its record keeps of it.
//!
//! The flow table owns the bytes and gives them no meaning, the dissectors own the meaning and keep no flow; both know only this file.

use super::sum::sums;

/// An application protocol: its place in the list of dissectors, counted from 1. 0 is none that was recognised.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AppId(u8);

impl AppId {
    /// No protocol was recognised by content.
    pub const NONE: AppId = AppId(0);

    /// The protocol at a place of the list of dissectors, counted from 0. A place that does not fit is none.
    pub const fn at(place: usize) -> AppId {
        AppId(if place < u8::MAX as usize { place as u8 + 1 } else { 0 })
    }

    /// The place in the list of dissectors, counted from 0.
    pub fn place(self) -> Option<usize> {
        usize::from(self.0).checked_sub(1)
    }
}

/// How far the dissection of a conversation is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum AppStage {
    /// The protocol is not known yet: the next payload is shown to the dissectors.
    #[default]
    Probe = 0,
    /// A dissector reads the conversation.
    Parse = 1,
    /// Nobody wants more of it: recognised and done with, or never recognised. Such a packet costs this one test.
    Skip = 2,
}

/// What a flow record keeps for the dissectors. All zero is the state of a conversation that nobody has looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AppSlot {
    /// Handle of the dissector's state in its shard (0: it has none).
    pub state: u32,
    /// The protocol, as far as it was recognised by content.
    pub app: AppId,
    /// How far the dissection is.
    pub stage: AppStage,
    /// Payloads shown to the dissectors without result, each direction; see [`Self::deny_ports`].
    pub tried: [u8; 2],
}

impl AppSlot {
    /// Notes that what was said cannot be of what its ports stand for.
    pub fn deny_ports(&mut self) {
        self.tried = [u8::MAX; 2];
    }

    /// Whether that was so.
    pub fn denies_ports(&self) -> bool {
        self.app == AppId::NONE && self.tried == [u8::MAX; 2]
    }

    /// Whether the dissectors want to see this conversation's payload.
    #[inline(always)]
    pub fn is_wanted(&self) -> bool {
        self.stage as u8 != AppStage::Skip as u8
    }
}

/// How the protocol of a conversation was found out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AppBy {
    /// By what is said in it.
    Content,
    /// By its ports alone: a guess.
    Port,
}

impl AppBy {
    /// The words of both.
    pub const TOKENS: [&str; 2] = [AppBy::Content.token(), AppBy::Port.token()];

    /// Its word in reports.
    pub const fn token(self) -> &'static str {
        match self {
            AppBy::Content => "content",
            AppBy::Port => "port",
        }
    }
}

sums! {
    /// What dissection lost at its caps.
    #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
    pub struct DissectLosses {
        /// Conversations that were not dissected because too many were at once.
        pub states: u64,
        /// Conversations given up because the bytes of incomplete messages were too many.
        pub bytes: u64,
        /// Conversations given up because reassembly memory was used up.
        pub reassembly: u64,
        /// Conversations whose server name found no room.
        pub server_names: u64,
        /// Sightings of names of addresses that found no room.
        pub names: u64,
        /// Packets of voice and pictures of streams that were not followed because too many were at once.
        pub rtp_packets: u64,
    }
}

impl DissectLosses {
    /// Conversations that were not read, or not to their end.
    pub fn conversations(&self) -> u64 {
        self.states.saturating_add(self.bytes).saturating_add(self.reassembly)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eight_bytes_that_start_as_zeros() {
        assert_eq!(size_of::<AppSlot>(), 8);
        let slot = AppSlot::default();
        assert_eq!((slot.state, slot.app, slot.stage, slot.tried), (0, AppId::NONE, AppStage::Probe, [0, 0]));
        assert!(slot.is_wanted());
        assert!(!AppSlot { stage: AppStage::Skip, ..slot }.is_wanted());
    }

    #[test]
    fn a_place_and_back() {
        for place in [0, 1, 253, 254] {
            assert_eq!(AppId::at(place).place(), Some(place));
        }
        assert_eq!((AppId::at(255), AppId::NONE.place()), (AppId::NONE, None));
    }
}
