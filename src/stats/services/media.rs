//! Streams of voice and pictures, by who receives them.

use super::{BIN, Bounded, REMEMBERED_SECONDS};
use crate::model::Arrange as _;
use crate::model::evidence::{MEDIA_JITTER, MediaEvidence};
use crate::model::limits::{MEDIA_OFFERS, MEDIA_STREAMS};
use crate::model::{Address, CallParties, Direction, Episode, FlowKey, MediaGap, MediaNews, MediaOffer, MediaStream, Timestamp};
use crate::stats::sightings::bounded::Recent;

/// Packets at once that say nothing of how evenly they come.
const FEW: u64 = 5;

#[derive(Debug, Default)]
struct Stream {
    payload_type: u8,
    received: Recent,
    lost: Recent,
    gaps: Recent,
    spaced: Recent,
    uneven: Recent,
    whole: [u64; 5],
    /// Packets and gaps over pauses, which are in none of these: lately, and of all time.
    over_lately: [Recent; 2],
    over_pauses: [u64; 2],
    /// Since when the jitter was never below what is told of.
    high_since: Option<Timestamp>,
    /// The most of the latest time, nanoseconds.
    jitter: Option<i64>,
    /// Of all time: ticks a second of its clock, the sum of the jitter at each packet and how many these are, and the most, nanoseconds.
    clock: Option<u32>,
    jitters: (i64, u64),
    most: i64,
    longest_gap: Option<MediaGap>,
    /// Who agreed on it, where anybody did.
    parties: Option<CallParties>,
    first: Option<Timestamp>,
}

/// All of them.
#[derive(Debug, Default)]
pub(super) struct MediaStreams {
    streams: Bounded<(FlowKey, bool, u32), Stream, MEDIA_STREAMS, REMEMBERED_SECONDS>,
    /// Where streams are going to be sent, and when that was said.
    offers: Bounded<(Address, u16), CallParties, MEDIA_OFFERS, REMEMBERED_SECONDS>,
}

impl MediaStreams {
    /// Bytes of a stream.
    #[cfg(test)]
    pub const BYTES: usize = size_of::<((FlowKey, bool, u32), Stream)>();

    /// How often there was no room for something new.
    pub fn refused(&self) -> u64 {
        self.streams.refused()
    }

    /// Whether any stream is remembered.
    pub fn any(&self) -> bool {
        self.streams.iter().next().is_some()
    }

    /// Takes in what two who call each other agree on.
    pub fn offer(&mut self, offer: &MediaOffer) {
        self.offers.insert((offer.address, offer.port), offer.parties, offer.time);
    }

    /// Who agreed on a stream: those it came from, or where nothing came since, those who agreed on it behind its packets.
    fn agreed(&self, stream: &Stream, to: (Address, u16)) -> Option<CallParties> {
        stream.parties.or_else(|| self.offers.get(&to).copied())
    }

    /// Takes in what became of a stream.
    pub fn take(&mut self, news: &MediaNews) {
        let key = (news.flow, news.way == Direction::AToB, news.source);
        let parties = self.offers.get(&news.flow.ends(news.way)[1]).copied();
        let Some(stream) = self.streams.entry(key, news.last) else { return };
        let bin = news.last.0.div_euclid(BIN);
        let [spaced, uneven] = news.spaced;
        let [held, holds] = news.over_pauses;
        let counts = [news.received, news.lost.saturating_sub(held), news.gaps.saturating_sub(holds), spaced, uneven];
        let recent = [&mut stream.received, &mut stream.lost, &mut stream.gaps, &mut stream.spaced, &mut stream.uneven];
        recent.into_iter().zip(counts).for_each(|(recent, count)| recent.add(bin, count));
        stream.whole.iter_mut().zip(counts).for_each(|(sum, count)| *sum = sum.saturating_add(count));
        stream.over_lately.iter_mut().zip(news.over_pauses).for_each(|(recent, count)| recent.add(bin, count));
        stream.over_pauses.iter_mut().zip(news.over_pauses).for_each(|(sum, count)| *sum = sum.saturating_add(count));
        stream.payload_type = news.payload_type;
        stream.parties = parties.or(stream.parties);
        stream.clock = news.clock.or(stream.clock);
        stream.longest_gap = news.longest_gap.map(|gap| gap.longer(stream.longest_gap)).or(stream.longest_gap);
        let (sum, count) = news.jitters;
        stream.jitters = (stream.jitters.0.saturating_add(sum), stream.jitters.1.saturating_add(count));
        stream.most = stream.most.max(news.jitter.map_or(0, |[_, most]| most));
        stream.first = Some(stream.first.map_or(news.first, |first| first.min(news.first)));
        // The last packet or two of a capture say nothing of a clock that was known.
        if news.jitter.is_none() && news.received < FEW {
            stream.high_since = None;
            return;
        }
        let since = stream.high_since.unwrap_or(news.first);
        stream.jitter = news.jitter.map(|[_, most]| most);
        stream.high_since = news.jitter.filter(|[least, _]| *least > MEDIA_JITTER.in_nanos()).map(|_| since);
    }

    /// Every stream that is known, as a whole.
    pub fn totals(&self) -> Vec<MediaStream> {
        let mut out: Vec<MediaStream> = self
            .streams
            .iter()
            .filter_map(|(&(flow, forth, source), s, last)| {
                let [from, to] = flow.ends(if forth { Direction::AToB } else { Direction::BToA });
                let [received, lost, gaps, ..] = s.whole;
                let [lost, gaps] = [lost.saturating_add(s.over_pauses[0]), gaps.saturating_add(s.over_pauses[1])];
                let (sum, count) = s.jitters;
                let nanos = i64::try_from(count).ok().filter(|count| *count > 0).map(|count| [sum / count, s.most]);
                let parties = self.agreed(s, to).unwrap_or_default();
                let (payload_type, clock, first) = (s.payload_type, s.clock, s.first?);
                Some(MediaStream { from, to, source, payload_type, clock, received, lost, gaps, jitter: nanos, parties, first, last })
            })
            .collect();
        out.sort_unstable_by_key(|s| (s.first, s.from, s.to, s.source));
        out
    }

    /// Streams of the last minute up to `now`; at the end of a file all of them, as a whole.
    pub fn evidence(&self, now: Timestamp, all: bool) -> Vec<MediaEvidence> {
        let bin = now.0.saturating_sub(1).div_euclid(BIN);
        let lately = self.streams.iter().filter(|(_, _, last)| all || now.since(*last) < 6 * BIN);
        let mut out: Vec<MediaEvidence> = lately
            .filter_map(|(&(flow, forth, _), s, last)| {
                let way = if forth { Direction::AToB } else { Direction::BToA };
                let [(from, _), (to, port)] = flow.ends(way);
                let minute = [&s.received, &s.lost, &s.gaps, &s.spaced, &s.uneven].map(|recent| recent.minute(bin));
                let [received, lost, gaps, spaced, uneven] = if all { s.whole } else { minute };
                let over = |s: &Stream| if all { s.over_pauses } else { s.over_lately.each_ref().map(|recent| recent.minute(bin)) };
                // Where both ways pause the call is on hold; where the other one goes on, what is missing was lost.
                let goes_on = |other: &(FlowKey, bool, u32), o: &Stream| other.0 == flow && other.1 != forth && over(o) == [0; 2];
                let is_lost = over(s) != [0; 2] && self.streams.iter().any(|(other, o, _)| goes_on(other, o));
                let [held, holds] = if is_lost { over(s) } else { [0; 2] };
                let (lost, gaps) = (lost.saturating_add(held), gaps.saturating_add(holds));
                let high = s.high_since.map_or(0, |since| last.since(since));
                Some(MediaEvidence {
                    from,
                    to,
                    port,
                    payload_type: s.payload_type,
                    received,
                    lost,
                    gaps,
                    longest_gap: s.longest_gap.filter(|gap| all || gap.span.last.0.div_euclid(BIN) > bin - 6),
                    spaced,
                    uneven,
                    jitter: s.jitter.map(|nanos| nanos as f64 / 1e9),
                    high: high as f64 / 1e9,
                    is_offered: self.agreed(s, (to, port)).is_some(),
                    span: Episode { first: s.first?, last },
                })
            })
            .collect();
        out.arrange_by_key(|s| (s.to, s.from, s.port, s.span.first));
        out
    }
}
