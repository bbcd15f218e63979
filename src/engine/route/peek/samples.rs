//! sFlow: one datagram becomes one packet a sample. The samples' bytes lie in the datagram, so that nothing is copied.

use super::Peek;
use crate::capture::{Packet, Weights};
use crate::decode::{self, Headers, Peel, sflow};
use crate::engine::tape::Mark;
use crate::engine::tape::precomputed::Precomputed;
use crate::engine::tape::shard_key::{shard_of_flow, shard_of_frame};
use crate::mirror::SampledPacket;
use crate::model::limits::{MAX_PACKET_BYTES, SCALED_BYTES};
use crate::model::{Decap, MirrorTag, Tunnel};

/// The weight of a datagram whose samples wait to be unfolded, until then.
const CARRIER: u16 = u16::MAX;

/// Samples found in a block, waiting for their place behind the datagrams that brought them.
#[derive(Debug, Default)]
pub(in crate::engine) struct Samples {
    packets: Vec<Packet>,
    /// Of each datagram in turn: how many of `packets` are its own.
    counts: Vec<usize>,
    weights: Weights,
    /// The block's packets while they are put together anew.
    spare: Vec<Packet>,
    headers: Headers,
    /// What all samples so far stand for, in bytes.
    scaled: u64,
}

impl Samples {
    /// Whether any datagram of the block brought samples.
    #[inline]
    pub fn are_waiting(&self) -> bool {
        !self.counts.is_empty()
    }

    /// Notes a packet that brings none and is none of the network's: it was on the link, and that is all.
    pub fn bring_nothing(&mut self, packet: &mut Packet) {
        packet.weight = CARRIER;
        self.counts.push(0);
    }

    /// Puts the samples behind the datagrams that brought them; marks move with the packets they stand before.
    #[cold]
    #[inline(never)]
    pub fn unfold(
        &mut self,
        packets: &mut Vec<Packet>,
        precomputed: &mut Vec<Precomputed>,
        weights: &mut Weights,
        marks: &mut [(u32, Mark)],
    ) {
        let carrier = self.weights.number(0).unwrap_or(0);
        std::mem::swap(packets, &mut self.spare);
        packets.clear();
        let mut read = std::mem::take(precomputed).into_iter();
        let (mut marks, mut counts, mut samples) = (marks.iter_mut().peekable(), self.counts.drain(..), self.packets.drain(..));
        for (at, mut packet) in self.spare.drain(..).enumerate() {
            while let Some((place, _)) = marks.next_if(|(place, _)| *place as usize <= at) {
                *place = packets.len() as u32;
            }
            let unfolds = packet.weight == CARRIER;
            if unfolds {
                packet.weight = carrier;
            }
            packets.push(packet);
            precomputed.push(read.next().unwrap_or_default());
            if unfolds {
                packets.extend(samples.by_ref().take(counts.next().unwrap_or(0)));
                precomputed.resize(packets.len(), Precomputed::default());
            }
        }
        marks.for_each(|(place, _)| *place = packets.len() as u32);
        drop((counts, samples));
        *weights = std::mem::take(&mut self.weights);
    }
}

impl Peek {
    /// Notes the samples in a datagram whose headers were walked: `packet` with its `bytes`, the session's `tunnel`.
    #[inline(never)]
    pub(super) fn take_samples(&mut self, packet: &mut Packet, bytes: &[u8], tunnel: &Tunnel) {
        let from = self.headers.payload_at as usize;
        let payload = bytes.get(from..).unwrap_or(&[]);
        let Some(datagram) = sflow::datagram(payload) else { return };
        let tag = MirrorTag { sequence: Some(datagram.sequence), sampled: 1, ..MirrorTag::default() };
        self.sessions.account(tunnel, &tag, 0, packet.time);
        packet.session = self.sessions.number(tunnel);
        let before = self.samples.packets.len();
        let mut unread = 0;
        for sample in sflow::samples(payload) {
            match self.packet_of(&sample, packet, payload, from) {
                Some(found) => {
                    let sflow::SflowSample { source, rate, drops, .. } = sample;
                    self.sessions.sample(tunnel, &SampledPacket { source, rate: rate.max(1), drops, wire: found.wire }, packet.time);
                    self.samples.packets.push(found);
                }
                None => unread += 1,
            }
        }
        if unread > 0 {
            self.sessions.unread_samples(tunnel, unread, packet.time);
        }
        packet.weight = CARRIER;
        self.samples.counts.push(self.samples.packets.len() - before);
    }

    /// The packet of a sample; `None` when its header is of another kind, its length beyond any packet's, or the sums beyond any count.
    fn packet_of(&mut self, sample: &sflow::SflowSample, packet: &Packet, payload: &[u8], from: usize) -> Option<Packet> {
        let (link, wire, rate) = (sample.link()?, sample.wire(), sample.rate.max(1));
        let bytes = payload.get(sample.header.clone())?;
        let samples = &mut self.samples;
        let scaled = samples.scaled.saturating_add((u64::from(wire) + 64).saturating_mul(rate.into()));
        if wire as usize > MAX_PACKET_BYTES || scaled > SCALED_BYTES {
            return None;
        }
        let offset = packet.offset + (from + sample.header.start) as u32;
        let mut found = Packet::new(packet.time, offset, bytes.len() as u32, wire, link, packet.interface);
        found.weight = samples.weights.number(rate)?;
        found.session = packet.session;
        samples.scaled = scaled;
        // Tunnels in a sample are the monitored network's own.
        let headers = &mut samples.headers;
        decode::walk(link, bytes, wire, &self.rules, Peel::NONE, headers);
        if self.policy == Decap::All && !headers.tunnels.is_empty() {
            found.peel = headers.tunnels.len() as u8;
            decode::walk(link, bytes, wire, &self.rules, Peel::tunnels(found.peel), headers);
        }
        let own = headers.flow().map_or_else(|| shard_of_frame(headers, &self.hash_keys), |(key, _)| shard_of_flow(&key, &self.hash_keys));
        found.shard = self.fragments.pass(headers, || own).unwrap_or(own);
        Some(found)
    }
}
