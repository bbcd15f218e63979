//! Sessions by which two systems watch the way between them: BFD.

use super::Address;
use super::time::SECOND;

/// What one end of a session says (RFC 5880 section 4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BfdHello {
    /// The end that sends.
    pub sender: Address,
    /// The other one.
    pub receiver: Address,
    /// It watches one link of a group of links (RFC 7130): several sessions have the same ends.
    pub is_member: bool,
    /// 0 turned off, 1 down, 2 about to come up, 3 up.
    pub state: u8,
    /// Why it was up last and is no longer.
    pub diagnostic: u8,
    /// Packets that must be missing before the end is given up.
    pub multiplier: u8,
    /// The session's number at the end that sends, and at the other one (0: not heard yet).
    pub numbers: [u32; 2],
    /// Microseconds: how often it would like to send, and how often it can receive (0: it does not want to be sent any).
    pub intervals: [u32; 2],
    /// It does not want to be sent any while the session is up (demand mode).
    pub is_demanding: bool,
    /// Microseconds: how often the other end can receive (0: not known).
    pub other_receives: u32,
    /// Packets since the last one that was told of, this one included.
    pub packets: u64,
    /// Nanoseconds between two of them at most.
    pub silence: i64,
}

impl BfdHello {
    /// The session stands.
    pub const UP: u8 = 3;

    /// Nanoseconds after which the other end gives this one up: the slower of what it sends and what the other can receive (RFC 5880
    /// section 6.8.4).
    pub fn hold(&self) -> i64 {
        i64::from(self.intervals[0].max(self.other_receives)) * (SECOND / 1_000_000) * i64::from(self.multiplier)
    }

    /// Whether it says something else than before, beside that it is there.
    pub fn differs(&self, before: &BfdHello) -> bool {
        let said = |hello: &Self| Self { other_receives: 0, packets: 0, silence: 0, ..*hello };
        said(self) != said(before)
    }

    /// The state in words.
    pub fn state(&self) -> &'static str {
        ["turned off", "down", "about to come up", "up"][usize::from(self.state & 3)]
    }

    /// Why it is no longer up, in words; empty: not said.
    pub fn reason(&self) -> &'static str {
        match self.diagnostic {
            1 => "the other end was not heard in its time",
            2 => "its echoes did not come back",
            3 => "the other end said that it is down",
            4 => "its forwarding was reset",
            5 => "the path is down",
            6 => "a path that is part of it is down",
            7 => "it was turned off",
            8 => "the way back is down",
            _ => "",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    #[test]
    fn the_slower_of_both_ends_says_how_long_to_wait() {
        let end = |n| Address::V4(Ipv4Addr::new(10, 0, 0, n));
        let hello = BfdHello {
            sender: end(1),
            receiver: end(2),
            is_member: false,
            state: BfdHello::UP,
            diagnostic: 0,
            multiplier: 3,
            numbers: [1, 2],
            intervals: [50_000, 300_000],
            is_demanding: false,
            other_receives: 0,
            packets: 1,
            silence: 0,
        };
        assert_eq!([0, 50_000, 300_000].map(|other| BfdHello { other_receives: other, ..hello }.hold() / 1_000_000), [150, 150, 900]);
        assert!(!hello.differs(&BfdHello { packets: 7, silence: 9, ..hello }) && hello.differs(&BfdHello { state: 1, ..hello }));
        assert_eq!((hello.state(), hello.reason(), BfdHello { diagnostic: 7, ..hello }.reason()), ("up", "", "it was turned off"));
    }
}
