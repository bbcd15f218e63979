//! TCP's words: header flags, the order of sequence numbers, and the events that following a connection yields.
//!
//! `stats::tcp` follows connections and makes the events; whoever wants to know what segments did, the mirror's loss detector for one, listens to
//! them and keeps no sequence number of its own.

use super::time::MILLISECOND;
use super::{Direction, Timestamp};
use std::fmt;
use std::ops::{BitOr, BitOrAssign};

/// The sender has no more data (RFC 9293 section 3.1).
pub const FIN: u8 = 0x01;
/// Sequence numbers begin (RFC 9293 section 3.1).
pub const SYN: u8 = 0x02;
/// The connection is given up (RFC 9293 section 3.1).
pub const RST: u8 = 0x04;
/// Nothing that the sender has to send is held back behind it (RFC 9293 section 3.9.1.2).
pub const PSH: u8 = 0x08;
/// The acknowledgement number counts (RFC 9293 section 3.1).
pub const ACK: u8 = 0x10;
/// Of a SYN: it asks for ECN, by the flags ECE and CWR (RFC 3168 section 6.1.1).
pub const ECN_SETUP: u8 = 0xc0;

/// Bytes of a segment's packet that are no payload at least: the headers of IPv4 (RFC 791 section 3.1) and TCP (RFC 9293 section 3.1) without options,
/// on any link.
pub const HEADERS: u64 = 40;
/// The same on Ethernet (IEEE 802.3 clause 3.1.1), without its check sequence.
pub const HEADERS_ON_ETHERNET: u64 = 14 + HEADERS;

/// Whether sequence number `a` is before `b`: numbers wrap at 2^32, so of two the one less than half the circle behind (RFC 9293 section 3.4).
#[inline]
pub fn before(a: u32, b: u32) -> bool {
    (a.wrapping_sub(b) as i32) < 0
}

/// How long bytes that were acknowledged before they were seen may still come: longer than any reordering between two mirrored directions that was
/// reported (4.3 ms), shorter than the least retransmission timeout of common systems (200 ms).
pub const HOLD: i64 = 200 * MILLISECOND;

/// What a segment did: a set.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct TcpMarks(u32);

macro_rules! marks {
    ($($(#[$doc:meta])* $name:ident = $bit:literal;)*) => {
        impl TcpMarks {
            $($(#[$doc])* pub const $name: TcpMarks = TcpMarks(1 << $bit);)*

            const NAMES: &'static [(&'static str, TcpMarks)] = &[$((stringify!($name), TcpMarks::$name),)*];
        }
    };
}

marks! {
    /// A SYN without acknowledgement.
    SYN = 0;
    /// A SYN with acknowledgement.
    SYN_ACK = 1;
    /// The first acknowledgement without SYN of its direction.
    FIRST_ACK = 2;
    /// A FIN.
    FIN = 3;
    /// A RST. Its numbers are not followed.
    RST = 4;
    /// The conversation's first segment, and no SYN: the beginning was not seen.
    JOINED = 5;
    /// The first SYN-ACK, behind the other side's SYN.
    ANSWERED = 6;
    /// The first SYN-ACK, and the other side's SYN was not seen so far.
    EARLY_ANSWER = 7;
    /// The SYN that an earlier SYN-ACK answered: [`TcpEvent::lag`].
    LATE_SYN = 8;
    /// Its numbers were followed in a settled conversation: the beginning was seen, or enough of both sides. Only then gaps are told.
    SETTLED = 9;
    /// Bytes before it were not seen: [`TcpEvent::gap`].
    GAP = 10;
    /// It carries bytes that were missing: [`TcpEvent::filled`].
    FILLED = 11;
    /// It carries bytes that were seen before.
    REPEATED = 12;
    /// At most one byte, just before the next one expected (RFC 9293 section 3.8.4).
    KEEP_ALIVE = 13;
    /// It acknowledges more than any segment before: [`TcpEvent::advanced`].
    ADVANCED = 14;
    /// It acknowledges bytes that were not seen: [`TcpEvent::unseen`].
    UNSEEN = 15;
    /// A duplicate acknowledgement (RFC 5681 section 2).
    DUPLICATE_ACK = 16;
    /// Its sequence number is so far ahead that it is a new numbering, without SYN.
    RENUMBERED = 17;
    /// Its acknowledgement number is so far ahead that the other direction has a new numbering, without SYN.
    ACK_RENUMBERED = 18;
    /// [`HoleEvent`]s come with it.
    HOLES = 19;
    /// A SYN that comes behind an acknowledgement of its own side, whose numbers begin with its own: the connection is open.
    OVERTAKEN_SYN = 20;
    /// The numbers of its direction are known from it on, and no SYN said where they begin.
    BEGUN = 21;
}

impl TcpMarks {
    /// Both sets together.
    #[must_use]
    pub const fn or(self, other: TcpMarks) -> TcpMarks {
        TcpMarks(self.0 | other.0)
    }

    /// Whether any of `others` is among them.
    #[inline]
    pub const fn has(self, others: TcpMarks) -> bool {
        self.0 & others.0 != 0
    }

    /// What a connection's course is made of.
    pub const COURSE: TcpMarks =
        TcpMarks(TcpMarks::SYN.0 | TcpMarks::SYN_ACK.0 | TcpMarks::FIRST_ACK.0 | TcpMarks::FIN.0 | TcpMarks::RST.0 | TcpMarks::JOINED.0);

    /// Steps of a handshake, in order or not.
    pub const HANDSHAKE: TcpMarks = TcpMarks(TcpMarks::ANSWERED.0 | TcpMarks::EARLY_ANSWER.0 | TcpMarks::LATE_SYN.0);
}

impl BitOr for TcpMarks {
    type Output = TcpMarks;

    #[inline]
    fn bitor(self, other: TcpMarks) -> TcpMarks {
        TcpMarks(self.0 | other.0)
    }
}

impl BitOrAssign for TcpMarks {
    #[inline]
    fn bitor_assign(&mut self, other: TcpMarks) {
        self.0 |= other.0;
    }
}

impl fmt::Debug for TcpMarks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(Self::NAMES.iter().filter(|n| self.has(n.1)).map(|n| n.0)).finish()
    }
}

/// What one segment did to its connection. The default is a segment that nothing is said of: one that is no TCP, or whose numbers cannot be
/// followed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TcpEvent {
    /// What it did.
    pub marks: TcpMarks,
    /// Bytes before it that were not seen: lost only with [`TcpMarks::GAP`].
    pub gap: u32,
    /// Bytes of its payload ahead of all that was seen of its direction.
    pub fresh: u32,
    /// Bytes of it that were missing in front of bytes seen.
    pub filled: u32,
    /// Bytes of the other direction it acknowledges for the first time.
    pub advanced: u32,
    /// Of them and of bytes acknowledged together with it those that were not seen so far.
    pub unseen: u32,
    /// Bytes of the other direction it acknowledges beyond all that was known to be sent, settled or not.
    pub beyond: u32,
    /// With [`TcpMarks::LATE_SYN`]: microseconds since its answer, at most 71 minutes; 0 when time went back.
    pub lag: u32,
}

/// What became of bytes that were not seen in their place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HoleEvent {
    /// Bytes of a direction were acknowledged and had not been seen.
    Acknowledged {
        /// Which direction they belong to.
        way: Direction,
        /// How many.
        bytes: u32,
    },
    /// Bytes came after they had been acknowledged.
    Late {
        /// Which direction they belong to.
        way: Direction,
        /// How many.
        bytes: u32,
        /// How long after, in nanoseconds.
        after: i64,
    },
    /// Acknowledged bytes will not be decided on: there were too many holes at a time.
    Forgotten,
}

/// Bytes that were acknowledged, were not seen and did not come either while they were waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LostRange {
    /// How many.
    pub bytes: u32,
    /// Largest segment its direction may have, as far as a SYN told.
    pub mss: Option<u16>,
    /// The largest segment of its direction that was seen and as large as its sender makes them.
    pub full: Option<u16>,
    /// When the next byte behind them was seen or acknowledged: they were missing from then on.
    pub missing_since: Timestamp,
    /// The label of the segment that showed them missing.
    pub label: u8,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_wrap() {
        assert!(before(1, 2) && !before(2, 1) && !before(7, 7));
        assert!(before(u32::MAX, 0) && before(0xffff_ff00, 0x7000_0000) && !before(0, u32::MAX));
    }

    #[test]
    fn marks_are_a_set_with_names() {
        let marks = TcpMarks::SYN | TcpMarks::JOINED;
        assert!(marks.has(TcpMarks::COURSE) && !marks.has(TcpMarks::HANDSHAKE));
        assert_eq!(format!("{marks:?}"), r#"{"SYN", "JOINED"}"#);
        let all = TcpMarks::NAMES.iter().fold(TcpMarks::default(), |all, n| all | n.1);
        assert_eq!(all.0.count_ones() as usize, TcpMarks::NAMES.len(), "no bit has two meanings");
        assert!(size_of::<TcpEvent>() <= 32);
    }
}
