//! What Wireshark says of TCP segments: the words of its `tcp.analysis.*` flags, and the times that go with them.
//!
//! `stats::tcp_analysis` makes them by Wireshark's own procedure, quirks included, so that numbers can be compared; what is really wrong with a
//! connection is another question, which [`TcpMarks`](super::tcp::TcpMarks) answer.

use super::evidence::LOST_ON_ONE_SIDE;
use super::sum::Sum;
use super::{Direction, Episode, FlowKey, PathSide, RoundTripFigures, Timestamp, TurnFigures};
use std::fmt;
use std::ops::{BitOr, BitOrAssign};

/// Wireshark's `tcp.analysis.*` flags of one segment: a set.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct AnalysisFlags(u16);

macro_rules! flags {
    ($($(#[$doc:meta])* $name:ident $token:literal = $bit:literal;)*) => {
        impl AnalysisFlags {
            $($(#[$doc])* pub const $name: AnalysisFlags = AnalysisFlags(1 << $bit);)*

            /// How many flags there are.
            pub const COUNT: usize = [$($bit),*].len();

            /// Every flag with Wireshark's word for it, by its bit.
            pub const ALL: [(AnalysisFlags, &'static str); Self::COUNT] = [$((AnalysisFlags::$name, $token),)*];
        }
    };
}

flags! {
    /// It does not begin where the bytes seen so far end.
    RETRANSMISSION "retransmission" = 0;
    /// A retransmission soon after two duplicate acknowledgements that ask for it.
    FAST_RETRANSMISSION "fast_retransmission" = 1;
    /// A retransmission of what was acknowledged.
    SPURIOUS_RETRANSMISSION "spurious_retransmission" = 2;
    /// It is behind, and came too soon after what is ahead of it for a retransmission.
    OUT_OF_ORDER "out_of_order" = 3;
    /// An empty segment that repeats the last acknowledgement.
    DUPLICATE_ACK "duplicate_ack" = 4;
    /// Bytes before it were not seen.
    LOST_SEGMENT "lost_segment" = 5;
    /// It acknowledges bytes that were not seen.
    ACK_LOST_SEGMENT "ack_lost_segment" = 6;
    /// Its sender takes no more data.
    ZERO_WINDOW "zero_window" = 7;
    /// One byte to a receiver that takes none.
    ZERO_WINDOW_PROBE "zero_window_probe" = 8;
    /// The answer to that.
    ZERO_WINDOW_PROBE_ACK "zero_window_probe_ack" = 9;
    /// It fills the receiver's window to the last byte.
    WINDOW_FULL "window_full" = 10;
    /// An empty segment that announces another window and nothing else.
    WINDOW_UPDATE "window_update" = 11;
    /// At most one byte, just before the next one.
    KEEP_ALIVE "keep_alive" = 12;
    /// The answer to that.
    KEEP_ALIVE_ACK "keep_alive_ack" = 13;
    /// It opens a new connection between ports that had one.
    REUSED_PORTS "reused_ports" = 14;
}

impl AnalysisFlags {
    /// No flag.
    pub const NONE: AnalysisFlags = AnalysisFlags(0);

    /// Both sets together.
    #[must_use]
    pub const fn or(self, other: AnalysisFlags) -> AnalysisFlags {
        AnalysisFlags(self.0 | other.0)
    }

    /// Whether any of `others` is among them.
    #[inline]
    pub const fn has(self, others: AnalysisFlags) -> bool {
        self.0 & others.0 != 0
    }

    /// Whether there is none.
    #[inline]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Wireshark's words for them, in the order of their bits.
    pub fn tokens(self) -> impl Iterator<Item = &'static str> {
        Self::ALL.into_iter().filter(move |(flag, _)| self.has(*flag)).map(|(_, token)| token)
    }

    /// Their places in [`Self::ALL`].
    pub fn places(self) -> impl Iterator<Item = usize> {
        let mut left = self.0;
        std::iter::from_fn(move || {
            let place = left.trailing_zeros() as usize;
            left &= left.wrapping_sub(1);
            (place < Self::COUNT).then_some(place)
        })
    }
}

impl BitOr for AnalysisFlags {
    type Output = AnalysisFlags;

    #[inline]
    fn bitor(self, other: AnalysisFlags) -> AnalysisFlags {
        AnalysisFlags(self.0 | other.0)
    }
}

impl BitOrAssign for AnalysisFlags {
    #[inline]
    fn bitor_assign(&mut self, other: AnalysisFlags) {
        self.0 |= other.0;
    }
}

impl fmt::Debug for AnalysisFlags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.tokens()).finish()
    }
}

/// The shortest round trip that was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeastTrip {
    /// Nanoseconds.
    pub nanos: i64,
    /// Of so many.
    pub of: u32,
}

impl LeastTrip {
    /// Round trips from which on hardly one is shorter than all of them.
    const MANY: u32 = 16;

    /// Nanoseconds before which no answer comes, but by a way that was never as short: a little less than the shortest of many, half of that of few.
    pub fn soonest(&self) -> i64 {
        if self.of >= Self::MANY { self.usual() } else { self.nanos / 2 }
    }

    /// A little less than the shortest that was seen.
    fn usual(&self) -> i64 {
        self.nanos - self.nanos / 16
    }

    /// Whether what comes so many nanoseconds after something can be its answer; `None`: only if a way is shorter than any of the few known.
    pub fn answers(&self, since: i64) -> Option<bool> {
        if since < self.soonest() { Some(false) } else { Some(true).filter(|_| since >= self.usual()) }
    }
}

/// What the analysis says of one segment. Durations are in nanoseconds. The default is a segment that was not analysed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SegmentAnalysis {
    /// Its flags.
    pub flags: AnalysisFlags,
    /// Whether [`Self::ack_rtt`] can be taken for a round trip: none of the bytes it acknowledges was sent twice or out of order (Karn's
    /// algorithm, RFC 6298 section 3).
    pub ack_rtt_is_clean: bool,
    /// Whether its sender did not wait with it: it acknowledges two segments or more, or is part of the handshake.
    pub ack_rtt_is_prompt: bool,
    /// Whether [`Self::ack_rtt`] was taken for a round trip: of many in a short time few are.
    pub is_round_trip: bool,
    /// Bytes that its sender has in flight with it, less what was acknowledged selectively (`tcp.analysis.bytes_in_flight`).
    pub bytes_in_flight: Option<u32>,
    /// The time since the segment whose end it acknowledges; of several copies the first (`tcp.analysis.ack_rtt`).
    pub ack_rtt: Option<i64>,
    /// Of a retransmission the time since the oldest segment not acknowledged (`tcp.analysis.rto`).
    pub rto: Option<i64>,
    /// The connection's initial round trip, from the latest SYN to the first acknowledgement without SYN of either side
    /// (`tcp.analysis.initial_rtt`), as known with this segment.
    pub initial_rtt: Option<i64>,
    /// Of a segment that is sent again: nanoseconds since it came first; `None` where it was acknowledged, or is not known as it is.
    pub sent_before: Option<i64>,
    /// Of a segment with flags: the shortest round trip between the mirrored port and each end so far, by the direction in which
    /// it sends; `None` where none was measured.
    pub least_trips: [Option<LeastTrip>; 2],
    /// Wireshark notes something of it, be it told or not: it acknowledges more than was seen.
    pub is_noted: bool,
    /// Where the other side begins to speak.
    pub turn: Option<TurnStep>,
    /// Segments with payload of its connection so far, of both directions; 0 where it was not analysed.
    pub data_segments: u32,
    /// The flags of its header where SYN, FIN or RST is among them; of a segment in IP fragments with the one that completes it.
    pub control: u8,
}

/// A segment with which the other side of a connection begins to speak, or goes on where that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TurnStep {
    /// When the side that spoke before sent something new last.
    pub after: Timestamp,
    /// Of the time since then what is the network's, nanoseconds: the way to the server and back, and what was waited for a retransmission.
    pub network: i64,
    /// It is the client that speaks.
    pub asks: bool,
    /// Nothing before it is missing.
    pub is_whole: bool,
    /// It goes on with what it was saying.
    pub goes_on: bool,
}

impl SegmentAnalysis {
    /// As Wireshark prints it: the initial round trip stands only beside something else, and no time of zero does.
    pub fn as_printed(&self) -> Self {
        let ack_rtt = self.ack_rtt.filter(|nanos| *nanos != 0);
        let alone = self.flags.is_empty() && ack_rtt.is_none() && self.rto.is_none() && self.bytes_in_flight.is_none();
        let alone = alone && !self.is_noted;
        Self { initial_rtt: self.initial_rtt.filter(|_| !alone), ack_rtt, ..*self }
    }
}

/// What was counted of one connection, as Wireshark names it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ConnectionFigures {
    /// Packets with SYN and no ACK, with both, with FIN, with RST.
    pub control: [u32; 4],
    /// Segments with payload, of both directions.
    pub data_segments: u64,
    /// Packets by the places of [`AnalysisFlags::ALL`].
    pub flags: [u32; AnalysisFlags::COUNT],
    /// The initial round trip, in nanoseconds.
    pub initial_rtt: Option<i64>,
    /// Round trips by the end they lead to.
    pub round_trips: RoundTripFigures,
    /// Its turns, and whose time they were.
    pub turns: TurnFigures,
    /// Segments that were lost in the network, by direction: before they passed the mirrored port, and behind it. Not Wireshark's: what arrived, and
    /// what the mirror lost, is not among them.
    pub lost: [[u32; 2]; 2],
    /// What each direction carried. Not Wireshark's.
    pub carried: [Carried; 2],
}

/// What one direction of a connection carried, whatever was sent for it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Carried {
    /// Bytes of its payload that the other side has acknowledged, each of them once; where that side was not seen, those that were sent.
    pub bytes: u64,
    /// Nanoseconds from the connection's first packet to this direction's latest new byte, without pauses: a second without a new byte, and four
    /// round trips, is one.
    pub active: i64,
    /// Acknowledgements of a transfer, about one a second, at which its receiver's window was compared with what was on the way, and of these those at which
    /// it was full. See [`crate::model::evidence::WindowEvidence`].
    pub windows: [u32; 2],
}

/// How often a direction of a connection met its receiver's window.
#[derive(Debug, Clone, Copy)]
pub struct WindowUse {
    /// The connection.
    pub flow: FlowKey,
    /// The direction of the data.
    pub way: Direction,
    /// When it was looked at.
    pub span: Episode,
    /// See [`Carried::windows`].
    pub counts: [u32; 2],
}

impl Carried {
    /// Acknowledgements from which on a part of them says something.
    const ENOUGH: u32 = 8;

    /// The part of the time (0 to 1) in which the receiver's window held the sender back; `None` where the window is not known, or too little was seen.
    pub fn window_limited(&self) -> Option<f64> {
        let [all, full] = self.windows;
        (all >= Self::ENOUGH).then(|| f64::from(full) / f64::from(all))
    }
}

impl ConnectionFigures {
    /// Segments lost before and beyond the mirrored port, and the half of the path on which nearly all of them were; `client` is the client's way.
    pub fn losses(&self, client: Direction) -> ([u64; 2], Option<PathSide>) {
        let at = |way: Direction, beyond: usize| self.lost.get(way as usize).and_then(|of| of.get(beyond)).copied().map_or(0, u64::from);
        let server = client.reversed();
        let of_client = at(client, 0).saturating_add(at(server, 1));
        let of_server = at(client, 1).saturating_add(at(server, 0));
        let all = of_client.saturating_add(of_server);
        let most = |part: u64| all > 0 && part as f64 >= LOST_ON_ONE_SIDE.value() * all as f64;
        let side = if most(of_client) { Some(PathSide::Client) } else { Some(PathSide::Server).filter(|_| most(of_server)) };
        ([at(client, 0).saturating_add(at(server, 0)), at(client, 1).saturating_add(at(server, 1))], side)
    }

    /// How many packets have a flag.
    pub fn of(&self, flag: AnalysisFlags) -> u64 {
        flag.places().next().and_then(|place| self.flags.get(place)).copied().unwrap_or(0).into()
    }

    /// Of the segments that can be sent again, those with data, SYN or FIN, the part that was: from 0 to 1. How often its receiver acknowledges
    /// is no part of it.
    pub fn retransmitted(&self) -> f64 {
        let [syn, syn_ack, fin, _] = self.control.map(u64::from);
        let numbered = [syn, syn_ack, fin].into_iter().fold(self.data_segments, u64::saturating_add);
        (self.of(AnalysisFlags::RETRANSMISSION) as f64 / numbered.max(1) as f64).min(1.0)
    }
}

/// Packets by [`AnalysisFlags`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AnalysisCounts([u64; AnalysisFlags::COUNT]);

impl AnalysisCounts {
    /// Counts a packet with these flags.
    pub fn count(&mut self, flags: AnalysisFlags) {
        for place in flags.places() {
            if let Some(n) = self.0.get_mut(place) {
                *n = n.saturating_add(1);
            }
        }
    }

    /// How many packets have a flag.
    pub fn of(&self, flag: AnalysisFlags) -> u64 {
        flag.places().next().and_then(|place| self.0.get(place)).copied().unwrap_or(0)
    }

    /// Every flag's word and its packets.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        AnalysisFlags::ALL.iter().zip(&self.0).map(|((_, token), n)| (*token, *n))
    }
}

impl Sum for AnalysisCounts {
    fn merge(&mut self, other: &Self) {
        self.0.merge(&other.0);
    }

    fn since(&self, earlier: &Self) -> Self {
        Self(self.0.since(&earlier.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 6 of 100 segments with data, and the SYN once more: bare acknowledgements have no part in it.
    #[test]
    fn what_is_sent_again_is_a_part_of_what_can_be() {
        let with = |control, data_segments, again| {
            let mut figures = ConnectionFigures { control, data_segments, ..ConnectionFigures::default() };
            figures.flags[0] = again;
            figures.retransmitted()
        };
        assert_eq!(with([2, 1, 1, 5], 96, 7), 0.07);
        assert_eq!((with([0; 4], 0, 0), with([48, 0, 0, 0], 0, 47)), (0.0, 47.0 / 48.0));
    }

    #[test]
    fn flags_are_a_set_with_words() {
        let flags = AnalysisFlags::RETRANSMISSION | AnalysisFlags::REUSED_PORTS;
        assert_eq!(flags.tokens().collect::<Vec<_>>(), ["retransmission", "reused_ports"]);
        assert_eq!(format!("{flags:?}"), r#"{"retransmission", "reused_ports"}"#);
        for (place, (flag, _)) in AnalysisFlags::ALL.iter().enumerate() {
            assert_eq!(flag.places().collect::<Vec<_>>(), [place], "bits stand in their order");
        }
    }

    #[test]
    fn counts_merge() {
        let mut counts = AnalysisCounts::default();
        counts.count(AnalysisFlags::KEEP_ALIVE | AnalysisFlags::ZERO_WINDOW);
        let before = counts;
        counts.merge(&before);
        assert_eq!((counts.of(AnalysisFlags::KEEP_ALIVE), counts.of(AnalysisFlags::WINDOW_FULL)), (2, 0));
        assert_eq!(counts.since(&before), before);
    }
}
