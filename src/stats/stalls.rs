//! Receivers that take no more data: from the first segment that announces a window of zero to the first that announces another one.

use crate::model::limits::STALLS;
use crate::model::tcp::{FIN, RST, SYN};
use crate::model::time::{MILLISECOND, SECOND};
use crate::model::{AnalysisFlags, Direction, FlowKey, NetworkEvent, Segment, SegmentAnalysis, Stall, StallEnd, Timestamp};

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
    /// How many found no room.
    pub refused: u64,
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
            if is_zero && self.standing.len() >= STALLS {
                self.refused = self.refused.saturating_add(1);
            } else if is_zero {
                let standing = Standing { flow: *flow, way, client, since: time, last: time, probes: 0, told: None, number };
                self.standing.push(standing);
            }
            return None;
        };
        let standing = self.standing.get_mut(at)?;
        standing.last = standing.last.max(time);
        if segment.flags & (SYN | FIN | RST) != 0 {
            let by_receiver = standing.way == way;
            return self.closes(at, by_receiver, segment.flags, time);
        }
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
        (time.since(ended.since) >= SHORTEST).then(|| ended.event(time, StallEnd::Reopened))
    }

    /// The connection ends, and with it the stall. Whoever closes it itself reads nothing any more, and whoever has nothing more to send waits for
    /// nothing: that is no stall, unless it was told of. A sender that gives up has waited.
    #[inline(never)]
    fn closes(&mut self, at: usize, by_receiver: bool, flags: u8, time: Timestamp) -> Option<NetworkEvent> {
        let ended = self.standing.swap_remove(at);
        let has_waited = !by_receiver && flags & FIN == 0 && time.since(ended.since) >= SHORTEST;
        (has_waited || ended.told.is_some()).then(|| ended.event(time, StallEnd::Closed))
    }

    /// Tells of those that last, at a mark of packet time; forgets them where nothing is said for long.
    pub fn advance(&mut self, now: Timestamp, mut tell: impl FnMut(NetworkEvent)) {
        self.standing.retain_mut(|s| {
            if now.since(s.since) >= LASTING && s.probes > 0 && s.told.is_none_or(|told| now.since(told) >= LASTING) {
                tell(s.event(now, StallEnd::Lasts));
                s.told = Some(now);
            }
            now.since(s.last) < 120 * SECOND
        });
    }
}

impl Standing {
    fn event(&self, to: Timestamp, end: StallEnd) -> NetworkEvent {
        NetworkEvent::Stalled(Stall {
            flow: self.flow,
            way: self.way,
            client: self.client,
            first: self.since,
            from: self.told.unwrap_or(self.since),
            to,
            probes: self.probes,
            end,
            continues: self.told.is_some(),
            number: self.number,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert_eq!((stall.from, stall.to, stall.probes, stall.end), (at(1), at(301), 1, StallEnd::Reopened));
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
    fn whoever_gives_up_ends_it_and_has_waited() {
        for (flags, told) in [(RST, Some((0, 6_500, 3))), (SYN, Some((0, 6_500, 3))), (FIN, None)] {
            let mut stalls = Stalls::default();
            receiver(&mut stalls, 0, 0, 0x10);
            for n in 1..=3 {
                show(&mut stalls, n * 2_000, SENDER, 5, 0x10, AnalysisFlags::ZERO_WINDOW_PROBE);
            }
            let ended = show(&mut stalls, 6_500, SENDER, 5, flags, AnalysisFlags::NONE);
            let of = |event| match event {
                NetworkEvent::Stalled(Stall { end: StallEnd::Closed, from, to, probes, .. }) => {
                    (from.0 / MILLISECOND, to.0 / MILLISECOND, probes)
                }
                other => panic!("{other:?}"),
            };
            assert_eq!((ended.map(of), stalls.any()), (told, false), "{flags}");
        }
        // What was told of is over, whoever ends it.
        let mut stalls = Stalls::default();
        receiver(&mut stalls, 0, 0, 0x10);
        show(&mut stalls, 2_000, SENDER, 5, 0x10, AnalysisFlags::ZERO_WINDOW_PROBE);
        stalls.advance(at(6_000), |_| {});
        let ended = receiver(&mut stalls, 6_500, 0, RST);
        assert!(matches!(ended, Some(NetworkEvent::Stalled(Stall { end: StallEnd::Closed, continues: true, .. }))), "{ended:?}");
    }

    #[test]
    fn one_that_lasts_is_told_of_meanwhile() {
        let mut stalls = Stalls::default();
        let told = |stalls: &mut Stalls, ms: i64| {
            let mut out = Vec::new();
            stalls.advance(at(ms), |event| {
                if let NetworkEvent::Stalled(s) = event {
                    out.push((s.from.0 / MILLISECOND, s.to.0 / MILLISECOND, s.end == StallEnd::Lasts, s.continues));
                }
            });
            out
        };
        receiver(&mut stalls, 0, 0, 0x10);
        assert_eq!(told(&mut stalls, 6_000), [], "nobody asks: nothing waits");
        show(&mut stalls, 6_100, SENDER, 5, 0x10, AnalysisFlags::ZERO_WINDOW_PROBE);
        assert_eq!(told(&mut stalls, 7_000), [(0, 7_000, true, false)]);
        assert_eq!(told(&mut stalls, 8_000), []);
        assert_eq!(told(&mut stalls, 12_000), [(7_000, 12_000, true, true)]);
        assert_eq!(told(&mut stalls, 200_000).len(), 1);
        assert!(!stalls.any(), "nothing was said for long");
    }
}
