//! Brings payloads to the dissectors of a shard: TCP's in their order, and what they read on to the exchange table.

use super::dissect_queue::Waiting;
use crate::dissect::{AnswerProgress, DissectReport, Dissectors, Listener, Payload};
use crate::mirror::UnmatchedCounts;
use crate::model::limits::{REQUEST_WORDS, TOLD_OF};
use crate::model::mix::Keys;
use crate::model::tcp::{ACK, RST, SYN};
use crate::model::{
    AppMessage, AppSlot, CapScale, CloseReason, Direction, FlowKey, Frame, LearntName, MediaOffer, NetworkEvent, ProxiedRequest,
    RequestWords, RtpPacket, Segment, Timestamp, TlsSight, Transaction, UnreadSight,
};
use crate::stats::exchange::{self, Exchanges};
use crate::stats::{Reassembler, ReassemblyPool, RtpStreams, StreamEnd, StreamPiece};
use std::ops::ControlFlow;
use std::sync::Arc;

/// Both directions of a TCP conversation that is being read.
type Streams = [Reassembler; 2];

/// The dissectors of a shard, and what stands before and behind them.
#[derive(Debug, Default)]
pub struct Reader {
    dissectors: Dissectors<Streams>,
    pool: ReassemblyPool,
    yielded: Yielded,
    /// Transactions that ended and were not handed over: those that are alike as one, but where somebody wants to know what each said.
    ended: Vec<Transaction>,
    /// What the latest segment met that ended its conversation by RST.
    met: AnswerProgress,
}

/// What dissectors yield.
#[derive(Debug, Default)]
struct Yielded {
    exchanges: Exchanges,
    /// What TLS handshakes showed and was not handed over.
    tls: Vec<TlsSight>,
    /// For whom proxies are asked, likewise.
    proxied: Vec<ProxiedRequest>,
    /// Where voice and pictures are going to be sent, likewise.
    offers: Vec<MediaOffer>,
    /// What requests said, likewise, where somebody wants to know.
    words: Option<Vec<RequestWords>>,
    rtp: RtpStreams,
    told: Told,
}

/// How much was told of in this beat.
#[derive(Debug, Default)]
struct Told {
    caps: CapScale,
    of: usize,
    /// What found no room since this was last asked.
    beyond: u64,
}

impl Told {
    /// Whether there is room for one more, which is taken.
    fn has_room(&mut self) -> bool {
        let has_room = self.of < self.caps.of(TOLD_OF);
        self.of += usize::from(has_room);
        self.beyond = self.beyond.saturating_add(u64::from(!has_room));
        has_room
    }
}

/// Takes what dissectors read to the exchange table.
struct ToExchanges<'a> {
    yielded: &'a mut Yielded,
    mirror: &'a mut UnmatchedCounts,
}

impl Listener for ToExchanges<'_> {
    fn message(&mut self, message: &AppMessage) {
        let mirror = &mut *self.mirror;
        self.yielded.exchanges.pass(message, &mut |event| mirror.note(event));
    }

    fn tls(&mut self, seen: &TlsSight) {
        if self.yielded.told.has_room() {
            self.yielded.tls.push(*seen);
        }
    }

    fn proxied(&mut self, request: &ProxiedRequest) {
        if self.yielded.told.has_room() {
            self.yielded.proxied.push(*request);
        }
    }

    fn rtp(&mut self, packet: &RtpPacket) {
        self.yielded.rtp.take(packet);
    }

    fn offer(&mut self, offer: &MediaOffer) {
        if self.yielded.told.has_room() {
            self.yielded.offers.push(*offer);
        }
    }

    fn wants_words(&self) -> bool {
        self.yielded.words.as_ref().is_some_and(|words| words.len() < REQUEST_WORDS)
    }

    fn words(&mut self, words: RequestWords) {
        self.yielded.words.iter_mut().for_each(|all| all.push(words.clone()));
    }
}

impl Reader {
    /// Bytes that a TCP conversation takes while it is read.
    #[cfg(test)]
    pub const STATE_BYTES: usize = Dissectors::<Streams>::STATE_BYTES;

    /// No conversation read yet; with the keys of its tables' hashes, and the scale of its caps.
    pub fn new(keys: Keys, caps: CapScale) -> Self {
        let told = Told { caps, ..Told::default() };
        let yielded = Yielded { exchanges: Exchanges::new(keys), told, ..Yielded::default() };
        Self { yielded, dissectors: Dissectors::within(caps), pool: ReassemblyPool::within(caps), ..Self::default() }
    }

    /// Keeps what requests say until it is handed over.
    pub fn keep_words(&mut self) {
        self.yielded.words = Some(Vec::new());
    }

    /// Tells when the capture began.
    pub fn begin(&mut self, time: Timestamp) {
        self.yielded.exchanges.begin(time);
    }

    /// Reads a packet of the conversation with this slot; `mirror` counts what the exchange table says of the mirror.
    /// Says how far the answers were that it cuts, where it does.
    pub fn read(&mut self, slot: &mut AppSlot, packet: &Waiting<'_>, mirror: &mut UnmatchedCounts) -> AnswerProgress {
        self.met = AnswerProgress::Unknown;
        match packet.segment {
            Some(segment) => self.segment(slot, packet, &segment, mirror),
            None => {
                let listener = &mut ToExchanges { yielded: &mut self.yielded, mirror };
                self.dissectors.datagram(slot, &payload(packet, packet.bytes, packet.length), listener);
            }
        }
        self.take_ended();
        self.met
    }

    /// Looks at an ICMP echo, which belongs to no dissector.
    pub fn echo(&mut self, frame: &Frame<'_>, mirror: &mut UnmatchedCounts) {
        if let Some(message) = exchange::echo(frame) {
            self.yielded.exchanges.pass(&message, &mut |event| mirror.note(event));
            self.yielded.exchanges.take_ended(|_| {});
        }
    }

    fn segment(&mut self, slot: &mut AppSlot, packet: &Waiting<'_>, segment: &Segment, mirror: &mut UnmatchedCounts) {
        if segment.flags & RST != 0 {
            self.met = self.dissectors.progress(slot);
            return self.end(slot, CloseReason::Rst);
        }
        if slot.state == 0 && !self.admit(slot, packet, segment) {
            return;
        }
        let Some(mut streams) = self.dissectors.detach(slot) else { return };
        let (dissectors, pool) = (&mut self.dissectors, &mut self.pool);
        let listener = &mut ToExchanges { yielded: &mut self.yielded, mirror };
        let [a, b] = &mut streams;
        let (this, other, back) = match packet.way {
            Direction::AToB => (a, b, Direction::BToA),
            Direction::BToA => (b, a, Direction::AToB),
        };
        let mut take = |way: Direction, piece: StreamPiece<'_>| {
            match piece {
                StreamPiece::Bytes(bytes) => {
                    let part = Payload { way, ..payload(packet, bytes, bytes.len() as u32) };
                    dissectors.stream(slot, &part, listener);
                }
                StreamPiece::Gap(bytes) => dissectors.gap(slot, way, bytes, listener),
                StreamPiece::End(StreamEnd::Overflow) => drop(dissectors.overflow(slot)),
                StreamPiece::End(StreamEnd::Fin) => {}
            }
            if slot.is_wanted() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        };
        // What it acknowledges came before what it says: whoever asks again has been answered, seen or not.
        other.acknowledged(pool, segment.acknowledgement, packet.time, |piece| take(back, piece));
        this.segment(pool, segment, packet.bytes, packet.time, |piece| take(packet.way, piece));
        if slot.is_wanted() && streams.iter().all(Reassembler::is_over) {
            self.dissectors.end(slot, CloseReason::Fin);
        }
        if slot.is_wanted() {
            self.dissectors.attach(slot, streams);
        } else {
            self.release(streams);
        }
    }

    /// Whether a conversation without state is to be read from this segment on: where it is recognised, or where bytes before it are missing
    /// that may tell.
    fn admit(&mut self, slot: &mut AppSlot, packet: &Waiting<'_>, segment: &Segment) -> bool {
        if segment.payload == 0 || packet.bytes.is_empty() {
            return false;
        }
        // Data that comes with a SYN stands behind it (RFC 7413).
        let (mine, start) = (packet.way as usize, segment.sequence.wrapping_add(u32::from(segment.flags & SYN != 0)));
        // The other direction begins where it stands, or with what is acknowledged: its first segment to come may have overtaken others.
        let acknowledged = (segment.flags & ACK != 0).then_some(segment.acknowledgement);
        let mut streams =
            packet.expected.map(|expected| expected.or(acknowledged).map_or_else(Reassembler::default, Reassembler::starting_at));
        let expected = packet.expected.get(mine).copied().flatten();
        let ahead = expected.map_or(0, |expected| start.wrapping_sub(expected));
        let is_ahead = ahead > 0 && ahead < AHEAD;
        let begin = if is_ahead { start.wrapping_sub(ahead) } else { start };
        if !is_ahead && !self.dissectors.recognises(slot, &payload(packet, packet.bytes, segment.payload)) {
            return false;
        }
        if let Some(stream) = streams.get_mut(mine) {
            *stream = Reassembler::starting_at(begin);
        }
        self.dissectors.attach(slot, streams)
    }

    /// Whether state of a conversation is kept here, which is to be [ended](Self::end) with it.
    pub fn keeps_state(slot: &AppSlot) -> bool {
        slot.is_wanted() && slot.state != 0
    }

    /// A conversation was closed.
    pub fn end(&mut self, slot: &mut AppSlot, reason: CloseReason) {
        if let Some(streams) = self.dissectors.end(slot, reason) {
            self.release(streams);
        }
    }

    fn release(&mut self, streams: Streams) {
        for mut stream in streams {
            stream.release(&mut self.pool);
        }
    }

    /// Decides what waited long enough for its reply; when the capture has `finished` nothing waits any more.
    pub fn advance(&mut self, now: Timestamp, finished: bool, mirror: &mut UnmatchedCounts) {
        self.yielded.exchanges.advance(now, &mut |event| mirror.note(event));
        if finished {
            self.yielded.exchanges.finish(now, &mut |event| mirror.note(event));
        }
        self.take_ended();
    }

    /// Ends what waits for a reply on connections that are over, of which `over` says since when.
    pub fn note_over(&mut self, over: impl Fn(&FlowKey) -> Option<Timestamp>) {
        self.yielded.exchanges.note_over(over);
    }

    /// Whether something waited long enough for its reply, where an interval ends.
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.yielded.exchanges.is_due(now)
    }

    fn take_ended(&mut self) {
        let (dissectors, ended) = (&mut self.dissectors, &mut self.ended);
        let Yielded { exchanges, told, words, .. } = &mut self.yielded;
        exchanges.take_ended(|transaction| {
            dissectors.transaction(&transaction);
            let is_joined = words.is_none() && ended.last_mut().is_some_and(|last| last.join(&transaction));
            if !is_joined && told.has_room() {
                ended.push(transaction);
            }
        });
    }

    /// A beat ends: there is room again.
    pub fn next_beat(&mut self) {
        self.yielded.told.of = 0;
    }

    /// Takes out the transactions that ended since.
    pub fn ended(&mut self) -> impl Iterator<Item = Transaction> + '_ {
        self.ended.drain(..)
    }

    /// Takes out what TLS handshakes showed since.
    pub fn tls(&mut self) -> impl Iterator<Item = TlsSight> + '_ {
        self.yielded.tls.drain(..)
    }

    /// Takes out for whom proxies were asked since.
    pub fn proxied(&mut self) -> impl Iterator<Item = ProxiedRequest> + '_ {
        self.yielded.proxied.drain(..)
    }

    /// Takes out the latest conversation that carries requests which nobody reads.
    pub fn unread(&mut self) -> Option<UnreadSight> {
        self.dissectors.unread()
    }

    /// Takes out where voice and pictures are going to be sent, of what was said since.
    pub fn offers(&mut self) -> impl Iterator<Item = MediaOffer> + '_ {
        self.yielded.offers.drain(..)
    }

    /// Takes out what requests said since.
    pub fn words(&mut self) -> Vec<RequestWords> {
        self.yielded.words.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// How many packets of voice and pictures found no room for their streams since this was last asked, and how much else was not told of.
    pub fn newly_unfollowed(&mut self) -> u64 {
        self.yielded.rtp.newly_unfollowed().saturating_add(std::mem::take(&mut self.yielded.told.beyond))
    }

    /// Tells what became of streams where an interval ends; `all` of it when nothing more comes.
    pub fn media(&mut self, now: Timestamp, all: bool, tell: impl FnMut(NetworkEvent)) {
        self.yielded.rtp.advance(now, all, tell);
    }

    /// How many there are of all of them.
    pub fn ended_count(&self) -> usize {
        let Yielded { tls, proxied, offers, words, .. } = &self.yielded;
        self.ended.len() + tls.len() + proxied.len() + offers.len() + words.as_ref().map_or(0, Vec::len)
    }

    /// The name of the server of a conversation.
    pub fn server_name(&self, slot: &AppSlot) -> Option<&Arc<str>> {
        self.dissectors.server_name(slot)
    }

    /// Everything counted so far.
    pub fn report(&self) -> DissectReport {
        let mut report = self.dissectors.report();
        report.losses.rtp_packets = self.yielded.rtp.unfollowed();
        report
    }

    /// Names of addresses, in no order.
    pub fn names(&self) -> impl Iterator<Item = LearntName> + '_ {
        self.dissectors.names()
    }
}

/// How far a first segment may be ahead of what was expected, in bytes, to be taken for one that overtook the others.
const AHEAD: u32 = 1 << 16;

fn payload<'a>(packet: &'a Waiting<'_>, bytes: &'a [u8], length: u32) -> Payload<'a> {
    Payload { flow: &packet.flow, way: packet.way, time: packet.time, bytes, length, number: packet.number }
}
