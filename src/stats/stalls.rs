//! Receivers that take no more data: from the first segment that announces a window of zero to the first that announces another one.

use crate::model::limits::STALLS;
use crate::model::time::{MILLISECOND, SECOND};
use crate::model::{AnalysisFlags, Direction, FlowKey, NetworkEvent, Segment, SegmentAnalysis, Stall, Timestamp};

/// A shorter stall is none: the receiver's program was about to read.
pub const SHORTEST: i64 = 10 * MILLISECOND;

/// A stall that lasts longer is told of while it does, at each mark of time.
pub const LASTING: i64 = 5 * SECOND;

#[derive(Debug, Clone, Copy)]
struct Standing {
    flow: FlowKey,
    /// The way of the segments that announce it.
    way: Direction,
    client: Direction,
    since: Timestamp,
    last: Timestamp,
    probes: u32,
    /// Until when it was told of.
    told: Option<Timestamp>,
    /// The packet that announced it.
    number: u64,
}

/// The stalls of one shard that last.
#[derive(Debug, Default)]
pub struct Stalls {
    standing: Vec<Standing>,
}

impl Stalls {
    /// Whether any lasts: then every segment is to be shown.
    #[inline(always)]
    pub fn any(&self) -> bool {
        !self.standing.is_empty()
    }

    /// Takes in a segment and the number of its packet; `client` is the way from the client. Says which stall ended with it.
    #[inline(never)]
    pub fn segment(
        &mut self,
        flow: &FlowKey,
        (way, client): (Direction, Direction),
        (time, number): (Timestamp, u64),
        segment: &Segment,
        analysis: &SegmentAnalysis,
    ) -> Option<NetworkEvent> {
        let at = self.standing.iter().position(|s| s.flow == *flow);
        let is_zero = analysis.flags.has(AnalysisFlags::ZERO_WINDOW);
        let Some(at) = at else {
            if is_zero && self.standing.len() < STALLS {
                let standing = Standing { flow: *flow, way, client, since: time, last: time, probes: 0, told: None, number };
                self.standing.push(standing);
            }
            return None;
        };
        let standing = self.standing.get_mut(at)?;
        standing.last = standing.last.max(time);
        if standing.way != way {
            // Linux probes without data, one number before the next: to Wireshark a keep-alive.
            let is_probe = analysis.flags.has(AnalysisFlags::ZERO_WINDOW_PROBE.or(AnalysisFlags::KEEP_ALIVE));
            standing.probes = standing.probes.saturating_add(u32::from(is_probe));
            return None;
        }
        if is_zero {
            return None;
        }
        let ended = self.standing.swap_remove(at);
        // Whoever closes or resets the connection reads nothing any more, and that is no stall.
        let closes = segment.flags & (crate::model::tcp::SYN | crate::model::tcp::FIN | crate::model::tcp::RST) != 0;
        (!closes && time.since(ended.since) >= SHORTEST).then(|| ended.event(time, true))
    }

    /// Tells of those that last, at a mark of packet time; forgets them where nothing is said for long.
    pub fn advance(&mut self, now: Timestamp, mut tell: impl FnMut(NetworkEvent)) {
        self.standing.retain_mut(|s| {
            if now.since(s.since) >= LASTING && s.probes > 0 && s.told.is_none_or(|told| now.since(told) >= LASTING) {
                tell(s.event(now, false));
                s.told = Some(now);
            }
            now.since(s.last) < 120 * SECOND
        });
    }
}

impl Standing {
    fn event(&self, to: Timestamp, reopened: bool) -> NetworkEvent {
        NetworkEvent::Stalled(Stall {
            flow: self.flow,
            way: self.way,
            client: self.client,
            first: self.since,
            from: self.told.unwrap_or(self.since),
            to,
            probes: self.probes,
            reopened,
            continues: self.told.is_some(),
            number: self.number,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::tcp::RST;

    const RECEIVER: Direction = Direction::BToA;
    const SENDER: Direction = Direction::AToB;

    fn at(ms: i64) -> Timestamp {
        Timestamp(ms * MILLISECOND)
    }

    /// What a segment of the receiver ends.
    fn receiver(stalls: &mut Stalls, ms: i64, window: u16, flags: u8) -> Option<NetworkEvent> {
        let zero = if window == 0 { AnalysisFlags::ZERO_WINDOW } else { AnalysisFlags::NONE };
        show(stalls, ms, RECEIVER, window, flags, zero)
    }

    fn show(stalls: &mut Stalls, ms: i64, way: Direction, window: u16, flags: u8, analysis: AnalysisFlags) -> Option<NetworkEvent> {
        let flow = FlowKey::v4(6, 1, 2, 40_000, 80).0;
        let segment = Segment { sequence: 1, acknowledgement: 1, flags, window, payload: 0 };
        let analysis = SegmentAnalysis { flags: analysis, ..SegmentAnalysis::default() };
        stalls.segment(&flow, (way, SENDER), (at(ms), 0), &segment, &analysis)
    }

    #[test]
    fn a_stall_begins_with_zero_and_ends_with_more() {
        let mut stalls = Stalls::default();
        assert_eq!(receiver(&mut stalls, 0, 10, 0x10), None);
        assert_eq!(receiver(&mut stalls, 1, 0, 0x10), None);
        assert!(stalls.any());
        assert_eq!(show(&mut stalls, 100, SENDER, 5, 0x10, AnalysisFlags::KEEP_ALIVE), None);
        assert_eq!(receiver(&mut stalls, 101, 0, 0x10), None);
        let Some(NetworkEvent::Stalled(stall)) = receiver(&mut stalls, 301, 9, 0x10) else { panic!("no stall") };
        assert_eq!((stall.from, stall.to, stall.probes, stall.reopened), (at(1), at(301), 1, true));
        assert!(!stalls.any());
    }

    #[test]
    fn a_short_one_and_a_closing_one_are_none() {
        let mut stalls = Stalls::default();
        receiver(&mut stalls, 0, 0, 0x10);
        assert_eq!(receiver(&mut stalls, 9, 5, 0x10), None);
        receiver(&mut stalls, 10, 0, 0x10);
        assert_eq!(receiver(&mut stalls, 900, 5, RST), None);
        assert!(!stalls.any());
    }

    #[test]
    fn one_that_lasts_is_told_of_meanwhile() {
        let mut stalls = Stalls::default();
        let told = |stalls: &mut Stalls, ms: i64| {
            let mut out = Vec::new();
            stalls.advance(at(ms), |event| {
                if let NetworkEvent::Stalled(s) = event {
                    out.push((s.from.0 / MILLISECOND, s.to.0 / MILLISECOND, s.reopened, s.continues));
                }
            });
            out
        };
        receiver(&mut stalls, 0, 0, 0x10);
        assert_eq!(told(&mut stalls, 6_000), [], "nobody asks: nothing waits");
        show(&mut stalls, 6_100, SENDER, 5, 0x10, AnalysisFlags::ZERO_WINDOW_PROBE);
        assert_eq!(told(&mut stalls, 7_000), [(0, 7_000, false, false)]);
        assert_eq!(told(&mut stalls, 8_000), []);
        assert_eq!(told(&mut stalls, 12_000), [(7_000, 12_000, false, true)]);
        assert_eq!(told(&mut stalls, 200_000).len(), 1);
        assert!(!stalls.any(), "nothing was said for long");
    }
}
