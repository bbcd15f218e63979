//! Connections that lost segments, and receivers that took no data.

use super::lost_bins::LostBins;
use super::{Bounded, MINUTE, MINUTE_SECONDS, REMEMBERED, REMEMBERED_SECONDS};
use crate::model::Arrange as _;
use crate::model::evidence::StallEvidence;
use crate::model::limits::{CARRYING_CONNECTIONS, LOSSY_CONNECTIONS, SERVICES};
use crate::model::{Address, Episode, FlowKey, LocatedLoss, ServiceKey, Stall, StallEnd, Timestamp};
use crate::stats::services::BIN;

/// Connections that lost something, so that each is counted once, and how much others carry meanwhile.
#[derive(Debug, Default)]
pub(super) struct LossyConnections {
    known: Bounded<FlowKey, Lossy, { 16 * LOSSY_CONNECTIONS }, MINUTE_SECONDS>,
    /// How many packets of a connection that lost nothing were counted: all there will be, once it has ended.
    lossless: Bounded<FlowKey, u64, CARRYING_CONNECTIONS, MINUTE_SECONDS>,
    /// When there was no room for one.
    left_out: Option<Timestamp>,
}

/// Packets that are all there will be.
const ALL: u64 = u64::MAX;

/// A connection that lost something.
#[derive(Debug, Clone, Copy)]
struct Lossy {
    /// When it last did.
    last: Timestamp,
    /// How many of its packets were counted.
    packets: u64,
    /// It has ended: only what is found lost of it afterwards is still to come.
    has_ended: bool,
    /// Where what it lost was counted.
    lost: LostBins,
}

impl LossyConnections {
    /// Bytes of all that lost nothing.
    #[cfg(test)]
    pub const CARRYING_BYTES: usize = Bounded::<FlowKey, u64, CARRYING_CONNECTIONS, MINUTE_SECONDS>::BYTES;

    /// A connection that has had so many packets lost a segment: whether for the first time in the last minute, and how many packets are new.
    pub fn note(&mut self, flow: &FlowKey, time: Timestamp, packets: u64) -> (bool, u64) {
        // What had these ports long ago was another connection.
        let is_held = self.known.last(flow).is_some_and(|last| time.since(last) < REMEMBERED * BIN);
        let before = self.known.get(flow).copied().filter(|_| is_held);
        let lossless = self.lossless.remove(flow).filter(|_| before.is_none());
        let (lost, counted) = before.map_or((LostBins::default(), lossless.unwrap_or(0)), |before| (before.lost, before.packets));
        let has_ended = before.is_some_and(|before| before.has_ended) || lossless == Some(ALL);
        let counted = if lossless == Some(ALL) { packets } else { counted };
        // A loss that is told late has an older count than what was counted since.
        let known = Lossy { last: time, packets: packets.max(counted), has_ended, lost };
        if !self.known.insert(*flow, known, time) {
            return (false, 0);
        }
        let is_first = before.is_none_or(|before| time.since(before.last) >= MINUTE * BIN);
        (is_first, packets.saturating_sub(counted))
    }

    /// A loss of a connection was counted in the bin of that number.
    pub fn counted(&mut self, lost: &LocatedLoss, bin: i64) {
        self.known.get_mut(&lost.flow).into_iter().for_each(|known| known.lost.note(lost, bin));
    }

    /// A connection came about: one that had its ports and has ended is another.
    pub fn begin(&mut self, flow: &FlowKey) {
        self.lossless.remove(flow);
        if self.known.get(flow).is_some_and(|known| known.has_ended) {
            self.known.remove(flow);
        }
    }

    /// A connection has had so many packets: how many of them are new. One for which there is no room counts at its end.
    pub fn carried(&mut self, flow: &FlowKey, time: Timestamp, packets: u64) -> u64 {
        let counted = match self.known.touch(flow, time) {
            Some(known) if known.has_ended => return 0,
            Some(known) => &mut known.packets,
            None => match self.lossless.entry(*flow, time) {
                Some(counted) => counted,
                None => {
                    self.left_out = self.left_out.max(Some(time));
                    return 0;
                }
            },
        };
        let before = *counted;
        *counted = before.max(packets);
        packets.saturating_sub(before)
    }

    /// Whether of some connections it was not known in the last minute how much they carry before they end.
    pub fn leaves_out(&self, now: Timestamp) -> bool {
        self.left_out.is_some_and(|time| now.since(time) < MINUTE * BIN)
    }

    /// The newest that was counted as lost of a connection, of the way and place of this one, is to be counted no more: by its bin, as far as that is
    /// known. `None`: there is none.
    pub fn take_back(&mut self, lost: &LocatedLoss) -> Option<Option<i64>> {
        self.known.get_mut(&lost.flow)?.lost.take(lost.way, lost.location)
    }

    /// A connection ended that has had so many packets; how many of them were not counted yet.
    pub fn end(&mut self, flow: &FlowKey, time: Timestamp, packets: u64) -> u64 {
        let Some(known) = self.known.get_mut(flow) else {
            // What is sent again behind its end is counted no more.
            let counted = self.lossless.entry(*flow, time).map_or(0, |counted| std::mem::replace(counted, ALL));
            return packets.saturating_sub(counted);
        };
        let before = known.packets;
        (known.packets, known.has_ended) = (before.max(packets), true);
        packets.saturating_sub(before)
    }
}

/// Stalls of one receiver at one service.
#[derive(Debug, Clone, Copy)]
struct Stalled {
    stalls: u64,
    nanos: i64,
    longest: i64,
    probes: u64,
    end: StallEnd,
    /// The connection of the first, and whether there are others.
    flow: FlowKey,
    is_of_several: bool,
    /// When the newest began, and the longest time from the beginning of one to that of the next.
    newest: Timestamp,
    longest_apart: i64,
    span: Episode,
}

/// How many times their mean the longest time between the beginnings of two stalls is at most, of a receiver that reads at its own pace: where
/// they come by chance, with that pace, one of fifty is longer.
const PACED: i64 = 5;

/// Stalls from which on there is a pace.
const PACED_STALLS: u64 = 3;

impl Stalled {
    fn is_paced(&self) -> bool {
        let between = i64::try_from(self.stalls.saturating_sub(1)).unwrap_or(i64::MAX).max(1);
        let mean = self.newest.since(self.span.first) / between;
        self.stalls >= PACED_STALLS
            && !self.is_of_several
            && self.end != StallEnd::Closed
            && self.longest_apart <= PACED.saturating_mul(mean)
    }
}

/// Receivers that took no data.
#[derive(Debug, Default)]
pub(super) struct Receivers {
    known: Bounded<(Address, ServiceKey), Stalled, SERVICES, REMEMBERED_SECONDS>,
}

impl Receivers {
    /// How often there was no room.
    pub fn refused(&self) -> u64 {
        self.known.refused()
    }

    /// Takes in a stall.
    pub fn note(&mut self, stall: &Stall) {
        let Some(service) = ServiceKey::of(&stall.flow, stall.client) else { return };
        let [(receiver, _), _] = stall.flow.ends(stall.way);
        let fresh = Stalled {
            stalls: 0,
            nanos: 0,
            longest: 0,
            probes: 0,
            end: StallEnd::Reopened,
            flow: stall.flow,
            is_of_several: false,
            newest: stall.first,
            longest_apart: 0,
            span: Episode { first: stall.first, last: stall.to },
        };
        let Some(known) = self.known.entry_or((receiver, service), stall.to, || fresh) else { return };
        // What was long ago is over.
        if stall.first.since(known.span.last) > REMEMBERED * BIN {
            *known = fresh;
        }
        known.is_of_several |= known.flow != stall.flow;
        known.longest_apart = known.longest_apart.max(stall.first.since(known.newest));
        known.newest = known.newest.max(stall.first);
        known.stalls += u64::from(!stall.continues);
        known.nanos = known.nanos.saturating_add(stall.to.since(stall.from).max(0));
        known.longest = known.longest.max(stall.to.since(stall.first));
        known.probes = known.probes.max(stall.probes.into());
        known.end = stall.end;
        known.span.last = known.span.last.max(stall.to);
    }

    /// Those of the last minute up to `now`; at the end of a file `all`.
    pub fn evidence(&self, now: Timestamp, all: bool) -> Vec<StallEvidence> {
        let recent = self.known.iter().filter(|(_, s, _)| all || now.since(s.span.last) < MINUTE * BIN);
        let seconds = |nanos: i64| nanos as f64 / 1e9;
        let mut out: Vec<StallEvidence> = recent
            .map(|(&(receiver, service), s, _)| StallEvidence {
                receiver,
                service,
                stalls: s.stalls,
                seconds: seconds(s.nanos),
                longest: seconds(s.longest),
                probes: s.probes,
                end: s.end,
                is_paced: s.is_paced(),
                span: s.span,
            })
            .collect();
        out.arrange_by_key(|s| (s.receiver, s.service));
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::SECOND;

    #[test]
    fn packets_of_a_connection_count_once_whoever_tells_of_them() {
        let (flow, _) = FlowKey::v4(6, 1, 2, 40_000, 80);
        let at = |seconds: i64| Timestamp(seconds * SECOND);
        let mut lossy = LossyConnections::default();
        assert_eq!((lossy.carried(&flow, at(0), 5), lossy.carried(&flow, at(0), 7)), (5, 2), "it has lost nothing");
        assert_eq!(lossy.note(&flow, at(1), 10), (true, 3));
        assert_eq!(lossy.carried(&flow, at(2), 40), 30);
        assert_eq!(lossy.note(&flow, at(2), 25), (false, 0), "told late");
        assert_eq!((lossy.carried(&flow, at(3), 41), lossy.note(&flow, at(3), 0)), (1, (false, 0)));
        assert_eq!((lossy.end(&flow, at(3), 50), lossy.end(&flow, at(3), 50)), (9, 0));
        assert_eq!((lossy.note(&flow, at(4), 51), lossy.carried(&flow, at(5), 60)), ((false, 1), 0), "what is sent again behind the end");
        lossy.begin(&flow);
        assert_eq!(lossy.note(&flow, at(6), 70), (true, 70), "another connection");
        let (other, _) = FlowKey::v4(6, 1, 2, 40_001, 80);
        assert_eq!(
            (lossy.carried(&other, at(7), 30), lossy.end(&other, at(7), 33), lossy.end(&other, at(7), 33)),
            (30, 3, 0),
            "one without a loss"
        );
        assert_eq!((lossy.carried(&other, at(8), 34), lossy.note(&other, at(8), 35)), (0, (true, 0)), "and behind its end");
        let (short, _) = FlowKey::v4(6, 1, 2, 40_002, 80);
        assert_eq!((lossy.end(&short, at(9), 4), lossy.note(&short, at(9), 5)), (4, (true, 0)), "of which nothing was told before");
    }

    #[test]
    fn of_too_many_connections_it_is_not_known_what_they_carry() {
        let at = |seconds: i64| Timestamp(seconds * SECOND);
        let flow = |n: usize| FlowKey::v4(6, 1 + (n >> 14) as u32, 2, n as u16 & 0x3fff, 80).0;
        let mut lossy = LossyConnections::default();
        let carried: u64 = (0..CARRYING_CONNECTIONS).map(|n| lossy.carried(&flow(n), at(1), 2)).sum();
        assert_eq!((carried, lossy.leaves_out(at(1))), (2 * CARRYING_CONNECTIONS as u64, false));
        let beyond = flow(CARRYING_CONNECTIONS);
        assert_eq!((lossy.carried(&beyond, at(2), 7), lossy.leaves_out(at(2)), lossy.leaves_out(at(62))), (0, true, false));
        assert_eq!(lossy.end(&beyond, at(3), 9), 9, "it counts at its end");
    }
}
