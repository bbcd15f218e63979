//! What is counted: of all connections together, and of each.

use super::state::Connection;
use crate::model::sum::sums;
use crate::model::tcp::{ACK, FIN, RST, SYN};
use crate::model::{AnalysisCounts, AnalysisFlags, ConnectionFigures, Histogram};
use crate::stats::round_trips::is_trip;

sums! {
    /// What was counted of all connections together.
    #[derive(Debug, Clone, Default, PartialEq, Eq)]
    pub struct TcpAnalysisSums {
        /// Packets by flag.
        pub flags: AnalysisCounts,
        /// Initial round trips, one a connection.
        pub initial_rtt: Histogram,
        /// Segments of connections for which there was no room.
        pub not_analysed: u64,
        /// Segments for which there was no room among those that wait for their acknowledgement.
        pub not_noted: u64,
    }
}

/// What few connections have.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Rare {
    control: [u32; 4],
    flags: [u32; AnalysisFlags::COUNT],
    /// Segments that were lost, by direction: before the mirrored port, and beyond it.
    pub(super) lost: [[u32; 2]; 2],
    /// Nanoseconds without a new byte, by direction: see [`super::PAUSE`].
    pub(super) pauses: [i64; 2],
    /// Multipath TCP.
    pub(super) multipath: Multipath,
}

/// Kinds of multipath options (RFC 8684 section 3), a bit each.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Multipath {
    /// Those seen so far.
    pub(super) seen: u8,
    /// Those seen before each direction's latest segment.
    pub(super) sides: [u8; 2],
}

impl Rare {
    pub(super) fn count(&mut self, flags: AnalysisFlags) {
        for place in flags.places() {
            if let Some(n) = self.flags.get_mut(place) {
                *n = n.saturating_add(1);
            }
        }
    }
}

/// What a connection has beside its state.
#[inline(always)]
pub(super) fn get<'r>(connection: &Connection, rare: &'r [Rare]) -> Option<&'r Rare> {
    rare.get((connection.rare as usize).wrapping_sub(1))
}

/// The same, which it gets now if it has none.
pub(super) fn rare<'r>(connection: &mut Connection, rare: &'r mut Vec<Rare>, free: &mut Vec<u32>) -> Option<&'r mut Rare> {
    if connection.rare == 0 {
        connection.rare = free.pop().unwrap_or_else(|| {
            rare.push(Rare::default());
            rare.len() as u32
        });
        *rare.get_mut(connection.rare as usize - 1)? = Rare::default();
    }
    rare.get_mut(connection.rare as usize - 1)
}

/// Header flags that are counted.
pub(super) const COUNTED: u8 = SYN | FIN | RST;

/// Counts a segment with one of the [`COUNTED`] flags.
#[inline(never)]
pub(super) fn count(connection: &mut Connection, list: &mut Vec<Rare>, free: &mut Vec<u32>, flags: u8) {
    let (syn, ack) = (flags & SYN != 0, flags & ACK != 0);
    for (at, has) in [syn && !ack, syn && ack, flags & FIN != 0, flags & RST != 0].into_iter().enumerate() {
        let Some(few) = connection.few.get_mut(at).filter(|_| has) else { continue };
        *few = few.wrapping_add(1);
        if *few == 0
            && let Some(many) = rare(connection, list, free).and_then(|rare| rare.control.get_mut(at))
        {
            *many = many.saturating_add(1 << u8::BITS);
        }
    }
}

/// What was counted of a connection.
pub(super) fn figures(connection: &Connection, list: &[Rare]) -> ConnectionFigures {
    let rare = get(connection, list).copied().unwrap_or_default();
    let mut control = rare.control;
    control.iter_mut().zip(connection.few).for_each(|(n, few)| *n = n.saturating_add(few.into()));
    let initial_rtt = Some(connection.handshake_rtt()).filter(|&rtt| rtt != 0 && is_trip(rtt));
    let [a, b] = connection.data_segments.map(u64::from);
    ConnectionFigures { control, data_segments: a + b, flags: rare.flags, initial_rtt, lost: rare.lost, ..ConnectionFigures::default() }
}
