//! Streams whose senders number their packets: voice and pictures (RTP), IPsec (ESP, AH) and WireGuard. What is missing of one was lost on its
//! way, in the network or by the mirror; what none of them lacks the mirror did not lose.
//!
//! RTP is told of by who reads it. Of the others every packet is looked at: its number is in the clear.

use super::stream_counts::{Halves, LEAST, StreamCounts, StreamPackets, half};
use super::stretches::OpenStretch;
use super::{Ledger, LostBytes, Stretches, window};
use crate::model::limits::{NUMBERED_STREAMS, NUMBERED_TUNNELS};
use crate::model::sealed::{NAT_TRAVERSAL, WIREGUARD_DATA};
use crate::model::sum::Sum as _;
use crate::model::time::SECOND;
use crate::model::{Direction, Episode, FlowKey, Frame, MediaNews, Timestamp};
use hashbrown::HashMap;

/// A stream that says nothing for so long makes room for others, where there is none left.
const FORGOTTEN: i64 = 60 * SECOND;

/// Numbers missing at once, at least, that are a jump.
const JUMP: u64 = 10;

/// A stream: its conversation and direction, and what tells it from others there.
type Key = (FlowKey, bool, u32);

/// What is known of a stream that another part reads.
#[derive(Debug, Clone, Copy)]
struct Told {
    halves: Halves,
    seen: Episode,
    is_voice: bool,
    open: OpenStretch,
}

/// A stream whose numbers are read here.
#[derive(Debug, Clone)]
struct Counted {
    ledger: Ledger,
    received: u64,
    /// What was counted of it up to the second that is open.
    told: StreamPackets,
    halves: Halves,
    seen: Episode,
}

impl Counted {
    fn is_usable(&self) -> bool {
        self.ledger.is_usable() && self.ledger.restarts() == 0
    }

    /// Packets that came, each once, and those that did not.
    fn packets(&self) -> StreamPackets {
        let missing = self.ledger.missing();
        StreamPackets { packets: self.received.saturating_sub(self.ledger.duplicates()), missing, gaps: missing }
    }

    /// What it lacks in either half, with the second that is open.
    fn halves(&self) -> Halves {
        let mut halves = self.halves;
        let news = self.packets().since(&self.told);
        halves.iter_mut().skip(half(self.seen.last)).take(1).for_each(|half| half.merge(&news));
        halves
    }

    /// A packet came.
    fn take(&mut self, number: u32, time: Timestamp) {
        if half(time) != half(self.seen.last) {
            (self.halves, self.told) = (self.halves(), self.packets());
        }
        self.ledger.push(number, time);
        self.received += 1;
        self.seen.last = time;
    }
}

/// A conversation both ends of which speak by its nature: a call, a tunnel between two who are to hear each other.
#[derive(Debug, Clone, Copy)]
pub struct MutualStream {
    /// Who.
    pub flow: FlowKey,
    /// Packets each way.
    pub packets: [u64; 2],
    /// From its first packet to its last.
    pub seen: Episode,
}

/// The streams of one shard.
#[derive(Debug, Default)]
pub struct NumberedStreams {
    told: HashMap<Key, Told>,
    counted: HashMap<Key, Counted>,
    /// What those lack that another part reads, by time.
    stretches: Stretches,
    /// Streams whose numbers jumped, by when they are told of.
    jumps: LostBytes,
}

impl NumberedStreams {
    /// Bytes of a stream of voice, and of a tunnel.
    #[cfg(test)]
    pub const BYTES: [usize; 2] = [2 * size_of::<(Key, Told)>(), 2 * size_of::<(Key, Counted)>()];

    /// Reads a packet that is no TCP segment: the number of one that is numbered in the clear.
    #[inline]
    pub fn observe(&mut self, frame: &Frame<'_>) {
        // Nearly all datagrams leave here.
        if frame.is_plain {
            return;
        }
        if let Some((flow, way)) = &frame.flow
            && let Some((stream, number)) = number(frame, flow)
        {
            self.count((*flow, *way == Direction::AToB, stream), number, frame.time);
        }
    }

    fn count(&mut self, key: Key, number: u32, time: Timestamp) {
        if let Some(known) = self.counted.get_mut(&key) {
            known.take(number, time);
            return;
        }
        if self.counted.len() >= NUMBERED_TUNNELS {
            self.counted.retain(|_, stream| time.since(stream.seen.last) < FORGOTTEN);
        }
        if self.counted.len() < NUMBERED_TUNNELS {
            let mut ledger = Ledger::default();
            ledger.push(number, time);
            self.counted.insert(
                key,
                Counted {
                    ledger,
                    received: 1,
                    told: StreamPackets::default(),
                    halves: Halves::default(),
                    seen: Episode { first: time, last: time },
                },
            );
        }
    }

    /// What they lack by stretches of time whose end is `wanted`.
    pub fn stretches(&self, wanted: impl Fn(Timestamp) -> bool) -> Stretches {
        let mut all = self.stretches.wanted(&wanted);
        for ((flow, forth, _), stream) in self.told.iter().filter(|(_, stream)| wanted(stream.seen.last)) {
            let way = if *forth { Direction::AToB } else { Direction::BToA };
            all.close(&stream.open, flow.ends(way)[0].0);
        }
        all
    }

    /// When numbers of streams jumped: in a second before, of so many streams.
    pub fn jumps(&self) -> &LostBytes {
        &self.jumps
    }

    /// Takes in what became of a stream of voice or pictures.
    pub fn media(&mut self, news: &MediaNews) {
        let key = (news.flow, news.way == Direction::AToB, news.source);
        if news.lost >= JUMP {
            self.jumps.add(window(news.last), 1);
        }
        if !self.told.contains_key(&key) && self.told.len() >= NUMBERED_STREAMS {
            self.told.retain(|_, stream| news.last.since(stream.seen.last) < FORGOTTEN);
        }
        if self.told.contains_key(&key) || self.told.len() < NUMBERED_STREAMS {
            let stream = self.told.entry(key).or_insert(Told {
                halves: Halves::default(),
                seen: Episode { first: news.first, last: news.last },
                is_voice: false,
                open: OpenStretch::default(),
            });
            let packets = StreamPackets { packets: news.received, missing: news.lost, gaps: news.gaps };
            stream.halves.iter_mut().skip(half(news.last)).take(1).for_each(|half| half.merge(&packets));
            stream.seen.last = news.last;
            self.stretches.take(&mut stream.open, news.flow.ends(news.way)[0].0, news.last, &packets);
            stream.is_voice |= VOICE.contains(&news.payload_type);
        }
    }

    /// The streams whose last packet's time is `wanted`: those of one direction of a conversation together.
    pub fn counts(&self, wanted: impl Fn(Timestamp) -> bool) -> StreamCounts {
        let told = self.told.iter().map(|(key, stream)| (key, stream.seen.last, stream.halves));
        let counted = self.counted.iter().filter(|(_, stream)| stream.is_usable());
        let counted = counted.map(|(key, stream)| (key, stream.seen.last, stream.halves()));
        let mut ways: HashMap<(FlowKey, bool), Halves> = HashMap::new();
        for ((flow, forth, _), _, halves) in told.chain(counted).filter(|(_, last, _)| wanted(*last)) {
            let sums = ways.entry((*flow, *forth)).or_default();
            sums.iter_mut().zip(&halves).for_each(|(sum, half)| sum.merge(half));
        }
        let mut all = StreamCounts::default();
        for ((flow, forth), halves) in ways {
            let way = if forth { Direction::AToB } else { Direction::BToA };
            all.add(flow.ends(way)[0].0, &halves);
        }
        all
    }

    /// Calls of which both sides were heard, and tunnels, in no order. Voice that goes one way says nothing: it may be on its way to a recorder,
    /// or a loudspeaker.
    pub fn mutual(&self) -> impl Iterator<Item = MutualStream> {
        let mut flows: HashMap<FlowKey, MutualStream> = HashMap::new();
        let add = |flows: &mut HashMap<FlowKey, MutualStream>, (flow, forth, _): &Key, packets: u64, seen: Episode| {
            let stream = flows.entry(*flow).or_insert(MutualStream { flow: *flow, packets: [0; 2], seen });
            let [a, b] = &mut stream.packets;
            let way = if *forth { a } else { b };
            *way = way.saturating_add(packets);
            stream.seen = Episode { first: stream.seen.first.min(seen.first), last: stream.seen.last.max(seen.last) };
        };
        let voice = self.told.iter().filter(|(_, stream)| stream.is_voice);
        let received = |stream: &Told| stream.halves.iter().map(|half| half.packets).sum();
        voice.for_each(|(key, stream)| add(&mut flows, key, received(stream), stream.seen));
        flows.retain(|_, call| call.packets.iter().all(|packets| *packets > 0));
        let counted = self.counted.iter().filter(|(_, stream)| stream.is_usable() && stream.received >= LEAST);
        counted.for_each(|(key, stream)| add(&mut flows, key, stream.received, stream.seen));
        flows.into_values()
    }
}

/// Payload types of voice: audio of one channel with a meaning of its own (RFC 3551 table 4). Others may be of one who is heard by many.
const VOICE: [u8; 13] = [0, 3, 4, 5, 6, 7, 8, 9, 12, 13, 15, 16, 18];

/// The stream and the number of a packet of ESP (RFC 4303), AH (RFC 4302), ESP in UDP (RFC 3948) or WireGuard's data; `None` of others, of pieces
/// and of those that are cut before it.
#[inline]
fn number(frame: &Frame<'_>, flow: &FlowKey) -> Option<(u32, u32)> {
    let big = |bytes: &[u8], at: usize| bytes.get(at..)?.first_chunk().map(|b| u32::from_be_bytes(*b));
    let little = |bytes: &[u8], at: usize| bytes.get(at..)?.first_chunk().map(|b| u32::from_le_bytes(*b));
    match flow.protocol {
        17 => {
            let datagram = frame.bytes.get(frame.transport? as usize..)?;
            let length = u16::from_be_bytes(*datagram.get(4..)?.first_chunk()?);
            let content = datagram.get(8..)?;
            // Its length goes in steps of 16, with a check sum behind it.
            if content.starts_with(&WIREGUARD_DATA) && length >= 40 && length % 16 == 8 {
                return (!frame.fragment && little(content, 12)? == 0).then_some((little(content, 4)?, little(content, 8)?));
            }
            let is_carried = flow.a_port == NAT_TRAVERSAL || flow.b_port == NAT_TRAVERSAL;
            let index = big(content, 0).filter(|index| is_carried && *index != 0 && !frame.fragment)?;
            Some((index, big(content, 4)?))
        }
        50 | 51 if !frame.fragment => {
            let header = frame.bytes.get(frame.transport.unwrap_or(frame.payload) as usize..)?;
            let at = if flow.protocol == 50 { 0 } else { 4 };
            Some((big(header, at)?, big(header, at + 4)?))
        }
        _ => None,
    }
}
