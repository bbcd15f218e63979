//! Streams of voice and pictures: what is missing of them, and how evenly they come (RFC 3550 section 6.4.1 and appendix A).
//!
//! A packet is lost when 64 later ones came without it. A step of more than 3,000 numbers (appendix A.1), or a pause, begins anew: the stream was
//! moved or muted. Not so where numbers and time stamp went on as the clock did: then the packets between are missing, however many they are.

use crate::model::Arrange as _;
use crate::model::evidence::MEDIA_UNEVEN;
use crate::model::limits::RTP_STREAMS;
use crate::model::rtp::clock_rate;
use crate::model::time::{MILLISECOND, SECOND};
use crate::model::{Direction, Episode, FlowKey, MediaGap, MediaNews, NetworkEvent, RtpPacket, Timestamp};
use hashbrown::HashMap;

/// Steps beyond it are no loss (MAX_DROPOUT, RFC 3550 appendix A.1), unless the stream's clock says so.
const DROPOUT: u16 = 3_000;

/// The farthest step that leads ahead.
const AHEAD: u16 = u16::MAX / 2;

/// A longer pause is one of the sender's.
const PAUSE: i64 = 3 * SECOND;

/// Numbers that jump over more packets than this time has, at the stream's own pace, while neither stamps nor arrival leave a quarter of what those
/// take, are counted anew.
const RENUMBERED: i64 = 2 * SECOND;
const HASTE: i64 = 4;
/// Packets that tell a pace, and the longest time between two of them that is none of silence.
const PACED: i64 = 16;
const LONGEST_STEP: i64 = 40 * MILLISECOND;

/// A stream that says nothing for so long is forgotten.
const FORGOTTEN: i64 = 60 * SECOND;
const LONG_FORGOTTEN: i64 = 5 * FORGOTTEN;

/// A stream is told of this often.
const TOLD: i64 = SECOND;

/// Clocks that are in use, and over how long one must be seen that the payload type does not tell.
const CLOCKS: [u32; 10] = [8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 90_000];
const CLOCK_SEEN: i64 = 2 * SECOND;

#[derive(Debug, Clone, Copy)]
struct Stream {
    payload_type: u8,
    highest: u16,
    /// Which of the numbers up to the highest came: that one in the lowest bit.
    seen: u64,
    received: u64,
    lost: u64,
    gaps: u64,
    /// The packet before the latest that was lost was lost as well.
    in_gap: bool,
    clock: Option<u32>,
    /// Whether that stays so.
    is_settled: bool,
    /// Two packets had different time stamps: without, it is no medium.
    has_moved: bool,
    pace: Pace,
    /// When the clock began to be looked at, and what it said.
    since: (Timestamp, u32),
    latest: (Timestamp, u32),
    /// Nanoseconds, sixteenths.
    jitter: i64,
    range: Option<[i64; 2]>,
    /// Their sum, nanoseconds, and how many.
    jitters: (i64, u64),
    /// See [`MediaNews::over_pauses`]; those that do not count as lost yet.
    over_pauses: [u64; 2],
    spaced: [u64; 2],
    first: Timestamp,
    last: Timestamp,
    told: Timestamp,
    /// The longest gap since it was told of.
    longest_gap: Option<MediaGap>,
    /// The packet behind the latest gap.
    behind_gap: u64,
    /// By how much one was off most since it was told of, nanoseconds, and which.
    worst: (i64, u64),
}

/// How fast a stream goes on: nanoseconds from one packet to the one with the next number, silence left out, and how many such steps. Both halve when
/// they are many, to follow changes.
#[derive(Debug, Default, Clone, Copy)]
struct Pace {
    nanos: i64,
    steps: i64,
}

impl Pace {
    /// Steps that are remembered.
    const MOST: i64 = 4_096;

    fn note(&mut self, nanos: i64) {
        if self.steps >= Self::MOST {
            (self.nanos, self.steps) = (self.nanos / 2, self.steps / 2);
        }
        (self.nanos, self.steps) = (self.nanos.saturating_add(nanos.clamp(0, LONGEST_STEP)), self.steps + 1);
    }

    /// Nanoseconds that so many packets take; `None` while too few were seen.
    fn of(&self, packets: u16) -> Option<i64> {
        (self.steps >= PACED).then(|| (self.nanos / self.steps).saturating_mul(packets.into()))
    }
}

impl Stream {
    fn new(packet: &RtpPacket) -> Self {
        Self {
            payload_type: packet.payload_type,
            highest: packet.sequence,
            seen: u64::MAX,
            received: 1,
            lost: 0,
            gaps: 0,
            in_gap: false,
            clock: clock_rate(packet.payload_type),
            is_settled: false,
            has_moved: false,
            pace: Pace::default(),
            since: (packet.time, packet.ticks),
            latest: (packet.time, packet.ticks),
            jitter: 0,
            range: None,
            jitters: (0, 0),
            over_pauses: [0; 2],
            spaced: [0; 2],
            first: packet.time,
            last: packet.time,
            told: packet.time,
            longest_gap: None,
            behind_gap: 0,
            worst: (0, 0),
        }
    }

    /// Goes on from this packet as if there had been none before.
    fn restart(&mut self, packet: &RtpPacket) {
        self.flush();
        self.received = self.received.saturating_add(1);
        (self.highest, self.jitter) = (packet.sequence, 0);
        self.since = (packet.time, packet.ticks);
        self.latest = self.since;
    }

    /// What is missing up to the highest number does not come any more.
    fn flush(&mut self) {
        for at in (0..u64::BITS).rev() {
            self.leaves(self.seen >> at & 1 == 1);
        }
        self.seen = u64::MAX;
    }

    /// A number leaves those that are waited for.
    fn leaves(&mut self, came: bool) {
        self.lost = self.lost.saturating_add(u64::from(!came));
        self.gaps = self.gaps.saturating_add(u64::from(!came && !self.in_gap));
        self.in_gap = !came;
    }

    fn take(&mut self, packet: &RtpPacket) {
        let ahead = packet.sequence.wrapping_sub(self.highest);
        let behind = self.highest.wrapping_sub(packet.sequence);
        let pauses = packet.time.since(self.last) > PAUSE;
        let begins_anew = (pauses || ahead.min(behind) > DROPOUT) && !self.goes_on(packet, ahead);
        if begins_anew || self.is_renumbered(packet, ahead) || self.is_set_back(packet, behind) {
            self.restart(packet);
            self.last = self.last.max(packet.time);
            return;
        }
        if pauses {
            let [packets, gaps] = &mut self.over_pauses;
            (*packets, *gaps) = (packets.saturating_add(u64::from(ahead) - 1), gaps.saturating_add(1));
        }
        let before = self.last;
        self.last = self.last.max(packet.time);
        if ahead == 0 || behind < ahead {
            // A copy, or late.
            let bit = 1u64.checked_shl(behind.into()).unwrap_or(0);
            if bit & !self.seen != 0 {
                self.seen |= bit;
                self.received = self.received.saturating_add(1);
                self.spacing(packet);
            }
            return;
        }
        if ahead > 1 {
            let gap = MediaGap { span: Episode { first: before, last: self.last }, packets: u64::from(ahead) - 1 };
            self.longest_gap = Some(gap.longer(self.longest_gap));
            self.behind_gap = packet.number;
        } else {
            self.pace.note(packet.time.since(self.latest.0));
        }
        for _ in 0..ahead {
            self.leaves(self.seen >> 63 == 1);
            self.seen <<= 1;
        }
        self.seen |= 1;
        self.highest = packet.sequence;
        self.received = self.received.saturating_add(1);
        self.spacing(packet);
    }

    /// What of the packets that are lost, and of their gaps, lay in pauses. They count as lost some packets after the pause.
    fn lost_over_pauses(&mut self) -> [u64; 2] {
        let told = [self.over_pauses[0].min(self.lost), self.over_pauses[1].min(self.gaps)];
        self.over_pauses.iter_mut().zip(told).for_each(|(left, told)| *left -= told);
        told
    }

    /// Whether a packet goes on `ahead` numbers further as if there had been no pause or step: its time stamp went on with the clock, and numbers
    /// are missing.
    fn goes_on(&self, packet: &RtpPacket, ahead: u16) -> bool {
        let Some(spaced) = self.stamped_since(packet).filter(|_| (2..=AHEAD).contains(&ahead)) else { return false };
        let elapsed = packet.time.since(self.latest.0);
        elapsed.saturating_sub(spaced).saturating_abs() <= elapsed / 10
    }

    /// Nanoseconds between the stamps of the latest packet and this one, where the clock is known.
    fn stamped_since(&self, packet: &RtpPacket) -> Option<i64> {
        self.clock.map(|clock| i64::from(packet.ticks.wrapping_sub(self.latest.1)).saturating_mul(SECOND) / i64::from(clock))
    }

    /// Whether numbers jump while neither stamps nor arrival leave time for the packets between: whoever sends counts anew, as behind a transfer.
    fn is_renumbered(&self, packet: &RtpPacket, ahead: u16) -> bool {
        let Some(needed) = self.pace.of(ahead).filter(|_| (2..=AHEAD).contains(&ahead)) else { return false };
        let passed = || self.stamped_since(packet).unwrap_or(0).max(packet.time.since(self.latest.0));
        needed > RENUMBERED && needed / HASTE > passed()
    }

    /// Whether a number lies farther back than any that is waited for, and yet is stamped behind the latest one: no late packet is.
    fn is_set_back(&self, packet: &RtpPacket, behind: u16) -> bool {
        (u64::BITS as u16..=DROPOUT).contains(&behind) && packet.ticks.wrapping_sub(self.latest.1) as i32 > 0
    }

    /// Compares the time since the packet before with the time between their stamps.
    fn spacing(&mut self, packet: &RtpPacket) {
        let (before, ticks) = std::mem::replace(&mut self.latest, (packet.time, packet.ticks));
        let step = packet.ticks.wrapping_sub(ticks) as i32;
        self.has_moved |= step != 0;
        // Events and comfort noise stand beside the clock of the voice, pictures have one stamp for several packets.
        let is_other = std::mem::replace(&mut self.payload_type, packet.payload_type) != packet.payload_type;
        if is_other || step.unsigned_abs() > 1 << 20 {
            self.since = self.latest;
            return;
        }
        self.find_clock();
        // Behind silence the pause is the speaker's; of pictures the last packet of each carries it. The clock goes on.
        if packet.marker {
            return;
        }
        let Some(clock) = self.clock.filter(|_| step != 0) else { return };
        let spaced = i64::from(step).saturating_mul(SECOND) / i64::from(clock);
        let off = packet.time.since(before).saturating_sub(spaced).saturating_abs();
        // A clock that jumped.
        if off > PAUSE {
            return;
        }
        self.worst = self.worst.max((off, packet.number));
        self.jitter = self.jitter.saturating_add(off).saturating_sub(self.jitter / 16);
        let now = self.jitter / 16;
        self.range = Some(self.range.map_or([now; 2], |[least, most]| [least.min(now), most.max(now)]));
        self.jitters = (self.jitters.0.saturating_add(now), self.jitters.1.saturating_add(1));
        let [all, uneven] = &mut self.spaced;
        *all = all.saturating_add(1);
        *uneven = uneven.saturating_add(u64::from(off > MEDIA_UNEVEN.in_nanos()));
    }

    /// Finds out a clock that the payload type does not tell, by how far it goes in seconds; one that goes otherwise than its type says is not
    /// known.
    fn find_clock(&mut self) {
        let (now, ticks) = self.latest;
        let seen = now.since(self.since.0);
        if self.is_settled || seen < CLOCK_SEEN {
            return;
        }
        let rate = f64::from(ticks.wrapping_sub(self.since.1)) * 1e9 / seen as f64;
        let goes = |clock: &u32, off: f64| (rate / f64::from(*clock) - 1.0).abs() < off;
        let told = clock_rate(self.payload_type);
        self.clock = match told {
            Some(clock) => Some(clock).filter(|clock| goes(clock, 0.2)),
            None => CLOCKS.into_iter().find(|clock| goes(clock, 0.03)),
        };
        if self.clock.is_none() {
            (self.range, self.jitters, self.spaced, self.jitter) = (None, (0, 0), [0; 2], 0);
        }
        self.is_settled = self.clock.is_some() || told.is_some();
        self.since = self.latest;
    }
}

/// The streams of one shard.
#[derive(Debug, Default)]
pub struct RtpStreams {
    streams: HashMap<(FlowKey, bool, u32), Stream>,
    /// Packets of those for which there was no room.
    unfollowed: u64,
    /// Those of them that were told of.
    told: u64,
}

impl RtpStreams {
    /// Bytes of one.
    #[cfg(test)]
    pub const BYTES: usize = 2 * size_of::<((FlowKey, bool, u32), Stream)>();

    /// Takes in a packet.
    pub fn take(&mut self, packet: &RtpPacket) {
        let key = (packet.flow, packet.way == Direction::AToB, packet.source);
        if let Some(stream) = self.streams.get_mut(&key) {
            stream.take(packet);
        } else if self.streams.len() < RTP_STREAMS {
            self.streams.insert(key, Stream::new(packet));
        } else {
            self.unfollowed = self.unfollowed.saturating_add(1);
        }
    }

    /// Packets of streams that were not followed because too many were at once.
    pub fn unfollowed(&self) -> u64 {
        self.unfollowed
    }

    /// The same since it was last asked.
    pub fn newly_unfollowed(&mut self) -> u64 {
        self.unfollowed.saturating_sub(std::mem::replace(&mut self.told, self.unfollowed))
    }

    /// Tells what became of streams, at a mark of packet time; when nothing more comes, `all` of it.
    pub fn advance(&mut self, now: Timestamp, all: bool, tell: impl FnMut(NetworkEvent)) {
        if self.streams.is_empty() {
            return;
        }
        let mut told: Vec<MediaNews> = Vec::new();
        let forgotten = if self.streams.len() < RTP_STREAMS / 2 { LONG_FORGOTTEN } else { FORGOTTEN };
        self.streams.retain(|&(flow, forth, source), stream| {
            let silent = now.since(stream.last);
            if all || silent > PAUSE {
                stream.flush();
            }
            if (stream.received > 0 || stream.lost > 0) && stream.has_moved && (all || now.since(stream.told) >= TOLD) {
                let way = if forth { Direction::AToB } else { Direction::BToA };
                let over_pauses = stream.lost_over_pauses();
                told.push(MediaNews {
                    flow,
                    way,
                    source,
                    payload_type: stream.payload_type,
                    received: std::mem::take(&mut stream.received),
                    lost: std::mem::take(&mut stream.lost),
                    gaps: std::mem::take(&mut stream.gaps),
                    over_pauses,
                    jitter: stream.range.take(),
                    jitters: std::mem::take(&mut stream.jitters),
                    clock: stream.clock,
                    spaced: std::mem::take(&mut stream.spaced),
                    first: stream.first,
                    last: stream.last,
                    longest_gap: stream.longest_gap.take(),
                    numbers: [stream.behind_gap, std::mem::take(&mut stream.worst).1],
                });
                (stream.told, stream.first) = (now, stream.last);
            }
            silent < forgotten
        });
        told.arrange_by_key(|news| (news.first, news.flow.ends(news.way), news.source));
        told.into_iter().map(NetworkEvent::Media).for_each(tell);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sends packets of a stream: number, milliseconds, ticks. What becomes of it is told once a second, and here added up.
    fn stream(payload_type: u8, packets: impl IntoIterator<Item = (u32, i64, u32)>) -> Vec<MediaNews> {
        let flow = FlowKey::v4(17, 1, 2, 4_000, 5_000).0;
        let mut streams = RtpStreams::default();
        let mut out: Vec<MediaNews> = Vec::new();
        let mut tell = |streams: &mut RtpStreams, at: i64, all: bool| {
            streams.advance(Timestamp(at), all, |event| match (event, out.last_mut()) {
                (NetworkEvent::Media(news), None) => out.push(news),
                (NetworkEvent::Media(news), Some(sum)) => add(sum, news),
                _ => {}
            });
        };
        let mut last = 0;
        for (number, ms, ticks) in packets {
            if ms / 1_000 > last / 1_000 {
                tell(&mut streams, ms / 1_000 * SECOND, false);
            }
            last = ms;
            streams.take(&RtpPacket {
                flow,
                way: Direction::AToB,
                time: Timestamp(ms * MILLISECOND),
                source: 7,
                sequence: number as u16,
                ticks,
                payload_type,
                marker: false,
                number: 0,
            });
        }
        tell(&mut streams, last * MILLISECOND + 10 * SECOND, true);
        out
    }

    fn add(sum: &mut MediaNews, news: MediaNews) {
        (sum.received, sum.lost, sum.gaps) = (sum.received + news.received, sum.lost + news.lost, sum.gaps + news.gaps);
        (0..2).for_each(|at| sum.over_pauses[at] += news.over_pauses[at]);
        (0..2).for_each(|at| sum.spaced[at] += news.spaced[at]);
        sum.jitters = (sum.jitters.0 + news.jitters.0, sum.jitters.1 + news.jitters.1);
        sum.jitter = match (sum.jitter, news.jitter) {
            // What was told by a clock that is not the stream's counts no more.
            _ if news.clock.is_none() => None,
            (Some([a, b]), Some([c, d])) => Some([a.min(c), b.max(d)]),
            (a, b) => a.or(b),
        };
        (sum.clock, sum.payload_type, sum.last) = (news.clock, news.payload_type, news.last);
    }

    /// However long a stream goes on, what does not come is lost: packets by chance, and several in a row.
    #[test]
    fn lost_packets_of_a_long_stream_are_lost() {
        for (in_a_row, of) in [(1u32, 25u32), (1, 10), (2, 5), (20, 400)] {
            for step in [10, 20, 60] {
                let is_lost = |n: &u32| n.wrapping_mul(0x9e37_79b1) >> 8 & 0xffff < 0x1_0000 / of || n % of < in_a_row;
                let packets = (10..600_000 / step).filter(|n| !is_lost(n)).map(|n| (n, i64::from(n * step), n * step * 8));
                let lost = (10..600_000 / step).filter(is_lost).count() as u64;
                let told = &stream(0, packets)[0];
                // What is missing at either end nobody knows of.
                assert!(lost - told.lost <= u64::from(2 * in_a_row), "{in_a_row} of {of}, each {step} ms: {} of {lost}", told.lost);
            }
        }
    }

    fn even(n: u32) -> (u32, i64, u32) {
        (n, i64::from(n) * 20, n.wrapping_mul(160))
    }

    #[test]
    fn what_is_missing_is_lost_and_what_is_late_or_twice_is_not() {
        let counts = |numbers: Vec<u32>| {
            let told = stream(0, numbers.into_iter().map(even));
            (told[0].received, told[0].lost, told[0].gaps)
        };
        assert_eq!(counts((65_500..65_700).collect()), (200, 0, 0), "numbers wrap");
        assert_eq!(counts((0..200).filter(|n| !(n % 50 == 7 || n % 50 == 8)).collect()), (192, 8, 4));
        assert_eq!(
            counts(
                (0..200)
                    .map(|n| if n % 10 == 3 {
                        n + 1
                    } else if n % 10 == 4 {
                        n - 1
                    } else {
                        n
                    })
                    .collect()
            ),
            (200, 0, 0)
        );
        assert_eq!(counts((0..200).flat_map(|n| [n, n]).collect()), (200, 0, 0));
        assert_eq!(counts(vec![1, 2, 3, 5]), (4, 1, 1), "at the end nothing is waited for");
    }

    #[test]
    fn numbers_that_jump_without_time_between_are_counted_anew() {
        // The number jumps, stamp and arrival go on by one packet.
        let renumbered = (0..100).map(even).chain((0..100).map(|n| (n + 100 + 1_930, i64::from(n + 100) * 20, (n + 100) * 160)));
        assert_eq!(stream(0, renumbered)[0].lost, 0);
        let far = (0..100).map(even).chain((0..100).map(|n| (n + 100 + 20_000, i64::from(n + 100) * 20, (n + 100) * 160)));
        assert_eq!(stream(0, far)[0].lost, 0);
        // Of as many that are lost the time is missing.
        let lost = (0..100).map(even).chain((0..100).map(|n| even(n + 100 + 100)));
        assert_eq!(stream(0, lost)[0].lost, 100);
        let few = (0..100).map(even).chain((0..100).map(|n| (n + 100 + 15, i64::from(n + 100) * 20, (n + 100) * 160)));
        assert_eq!(stream(0, few)[0].lost, 15, "too few to say");
        // Before the clock of its type is known.
        let early = (0..60).map(even).chain((0..100).map(|n| (n + 60 + 1_930, i64::from(n + 60) * 20, (n + 60) * 960)));
        assert_eq!(stream(111, early)[0].lost, 0);
        let back = (3_000..3_100).map(even).chain((0..100).map(|n| (n + 1_000, i64::from(n + 3_100) * 20, (n + 3_100) * 160)));
        let told = stream(0, back);
        assert_eq!((told.iter().map(|news| news.lost).sum::<u64>(), told.iter().map(|news| news.received).sum::<u64>()), (0, 200));
        // Sound in packets of an eighth of a millisecond, of which five milliseconds are missing again and again.
        let swift = (0..40_000u32).filter(|n| n % 1_000 < 960 || *n < 24_000).map(|n| (n, i64::from(n) / 8, n * 6));
        assert_eq!(stream(97, swift).iter().map(|news| news.lost).sum::<u64>(), 15 * 40);
    }

    #[test]
    fn a_stream_that_moves_or_pauses_begins_anew() {
        let moved = (0..100).map(even).chain((0..100).map(|n| (n + 40_000, 2_000 + i64::from(n) * 20, n * 160)));
        assert_eq!((stream(0, moved)[0].lost, ()), (0, ()));
        let paused = (0..100).map(even).chain((0..100).map(|n| (n + 700, 30_000 + i64::from(n) * 20, n * 160)));
        assert_eq!(stream(0, paused)[0].lost, 0);
    }

    #[test]
    fn what_is_missing_over_a_pause_is_lost_where_the_stream_goes_on() {
        let holes = |payload_type, from: u32, to: u32| {
            let told = stream(payload_type, (0..1_000).chain(from..to).chain(to + 1..to + 1_000).map(even));
            told.iter().map(|news| news.lost).sum::<u64>()
        };
        let cut = |to| stream(0, (0..1_000u32).chain(to..to + 500).map(even)).iter().map(|news| news.lost).sum::<u64>();
        assert_eq!([cut(1_100), cut(1_149), cut(1_250), cut(4_000 - 1), cut(4_001)], [100, 149, 250, 2_999, 3_001]);
        // Where the time stamp does not go on with the clock the stream was moved.
        let moved = (0..1_000).map(even).chain((0..500).map(|n| (n + 5_000, 100_000 + i64::from(n) * 20, n * 160)));
        assert_eq!(stream(0, moved).iter().map(|news| news.lost).sum::<u64>(), 0);
        // Pictures: a thousand packets a second, of which two and a half or four seconds are missing.
        let pictures = |missing: u32| {
            let packets = (0..10_000u32).filter(|n| !(5_000..5_000 + missing).contains(n)).map(|n| (n, i64::from(n), n * 90));
            stream(34, packets).iter().map(|news| news.lost).sum::<u64>()
        };
        assert_eq!([pictures(2_500), pictures(2_999), pictures(3_001), pictures(4_000)], [2_500, 2_999, 3_001, 4_000]);
        assert_eq!(holes(0, 1_000, 1_000), 1);
        // Silence is not sent: time goes on, and numbers go on by one.
        let silent = (0..1_000).map(even).chain((0..500).map(|n| (n + 1_000, 25_000 + i64::from(n) * 20, (n + 1_250) * 160)));
        assert_eq!(stream(0, silent)[0].lost, 0);
    }

    #[test]
    fn a_stream_without_a_clock_is_none() {
        assert!(stream(96, (0..200).map(|n| (n, i64::from(n) * 20, 77))).is_empty());
        assert_eq!(stream(96, (0..200).map(|n| (n, i64::from(n) * 20, n / 150)))[0].received, 200, "the first pictures may be large");
    }

    #[test]
    fn beyond_the_cap_packets_are_counted() {
        let (flow, way) = FlowKey::v4(17, 1, 2, 4_000, 5_000);
        let mut streams = RtpStreams::default();
        for n in 0..3 * (RTP_STREAMS as u32 + 5) {
            let (source, sequence, ticks) = (n / 3, n as u16, n * 160);
            let time = Timestamp(i64::from(n) * 1_000);
            streams.take(&RtpPacket { flow, way, time, source, sequence, ticks, payload_type: 0, marker: false, number: 0 });
        }
        assert_eq!((streams.newly_unfollowed(), streams.newly_unfollowed(), streams.unfollowed()), (15, 0, 15));
    }

    #[test]
    fn jitter_is_that_of_the_standard() {
        let steady = stream(0, (0..500).map(even));
        assert_eq!((steady[0].jitter, steady[0].spaced), (Some([0, 0]), [499, 0]));
        // Every other packet is 70 ms late: each is 70 ms off its neighbour.
        let uneven = stream(0, (0..500).map(|n| (n, i64::from(n) * 20 + if n % 2 == 0 { 0 } else { 70 }, n * 160)));
        let Some([_, most]) = uneven[0].jitter else { panic!("no jitter") };
        assert!((68 * MILLISECOND..=70 * MILLISECOND).contains(&most), "{most}");
        assert_eq!(uneven[0].spaced, [499, 499]);
    }

    /// Pictures: three packets each, of which the last carries the marker, thirty times a second.
    #[test]
    fn a_clock_is_found_out_of_pictures_that_end_with_a_marker() {
        let flow = FlowKey::v4(17, 1, 2, 4_000, 5_000).0;
        let told = |late: i64| {
            let mut streams = RtpStreams::default();
            for n in 0..600u32 {
                let (picture, part) = (i64::from(n / 3), i64::from(n % 3));
                let off = if picture % 2 == 0 { late * MILLISECOND } else { 0 };
                let time = Timestamp(picture * SECOND / 30 + part * MILLISECOND / 2 + off);
                let (ticks, marker) = (n / 3 * 3_000, part == 2);
                let (way, source, payload_type, sequence) = (Direction::AToB, 7, 96, n as u16);
                streams.take(&RtpPacket { flow, way, time, source, sequence, ticks, payload_type, marker, number: 0 });
            }
            let mut out = None;
            streams.advance(Timestamp(60 * SECOND), true, |event| out = Some(event));
            let Some(NetworkEvent::Media(news)) = out else { panic!("{out:?}") };
            (news.clock, news.jitter.map(|[_, most]| most / MILLISECOND), news.received)
        };
        assert_eq!((told(0), told(20)), ((Some(90_000), Some(0), 600), (Some(90_000), Some(20), 600)));
    }

    #[test]
    fn a_clock_is_found_out() {
        let told = |rate: u32| stream(96, (0..500).map(move |n| (n, i64::from(n) * 20, n * (rate / 50))))[0].jitter;
        assert_eq!((told(48_000), told(90_000)), (Some([0, 0]), Some([0, 0])));
        assert_eq!(told(70_000), None, "no clock that is in use");
        // Half a second between packets that say 20 ms: the clock is not that of the type.
        assert_eq!(stream(0, (0..40).map(|n| (n, i64::from(n) * 500, n * 160)))[0].jitter, None);
    }
}
