//! Link aggregation: IEEE 802.1AX clause 6.4.2.3.

use super::Mac;

/// The state of one end, as bits (IEEE 802.1AX clause 6.4.2.3 item m).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LacpState(pub u8);

impl LacpState {
    /// It asks by itself.
    pub const ACTIVE: u8 = 1;
    /// It wants one every second, not every thirty.
    pub const SHORT: u8 = 1 << 1;
    /// It can be aggregated.
    pub const AGGREGATION: u8 = 1 << 2;
    /// It agrees with the other end which group the link belongs to.
    pub const SYNCHRONIZATION: u8 = 1 << 3;
    /// It takes frames from the link.
    pub const COLLECTING: u8 = 1 << 4;
    /// It sends frames into the link.
    pub const DISTRIBUTING: u8 = 1 << 5;
    /// It assumes what it knows of the other end.
    pub const DEFAULTED: u8 = 1 << 6;
    /// It has not heard the other end for too long.
    pub const EXPIRED: u8 = 1 << 7;

    /// Whether one of these bits is set.
    pub fn any(self, bits: u8) -> bool {
        self.0 & bits != 0
    }

    /// What changed against a state before, in words.
    pub fn changes(self, before: LacpState) -> String {
        const WORDS: [&str; 8] = [
            "active",
            "asking for one a second",
            "able to be aggregated",
            "in step with the other end",
            "taking frames",
            "sending frames",
            "assuming who is at the other end",
            "waiting for the other end in vain",
        ];
        let which = |bits: u8| -> Vec<&str> { WORDS.iter().enumerate().filter(|(bit, _)| bits >> bit & 1 != 0).map(|w| *w.1).collect() };
        let changed = self.0 ^ before.0;
        let (now, gone) = (which(changed & self.0), which(changed & before.0));
        let all = [(!now.is_empty()).then(|| now.join(", ")), (!gone.is_empty()).then(|| format!("not {} any more", gone.join(", ")))];
        all.into_iter().flatten().collect::<Vec<_>>().join("; ")
    }

    /// In letters, in the order of the bits, `-` for those that are not set.
    pub fn letters(self) -> String {
        "ASGYCDFX".char_indices().map(|(bit, letter)| if self.0 >> bit & 1 != 0 { letter } else { '-' }).collect()
    }
}

/// One end of a link.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LacpEnd {
    /// Priority of the system.
    pub system_priority: u16,
    /// The system.
    pub system: Mac,
    /// What may be aggregated with each other has the same key.
    pub key: u16,
    /// Priority of the port.
    pub port_priority: u16,
    /// The port.
    pub port: u16,
    /// Its state.
    pub state: LacpState,
}

/// What a LACP packet says: of the sender, and of what the sender knows of the other end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Lacp {
    /// Its version.
    pub version: u8,
    /// The sender.
    pub actor: LacpEnd,
    /// The other end.
    pub partner: LacpEnd,
    /// How long the collector may hold a frame, in tens of microseconds.
    pub max_delay: Option<u16>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_in_letters() {
        assert_eq!(LacpState(0x3d).letters(), "A-GYCD--");
        assert_eq!(LacpState(0x0d).changes(LacpState(0x3d)), "not taking frames, sending frames any more");
        assert_eq!(LacpState(0x45).changes(LacpState(0x0d)), "assuming who is at the other end; not in step with the other end any more");
        assert!(LacpState(0x80).any(LacpState::EXPIRED));
    }
}
