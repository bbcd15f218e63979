//! The dissectors of one shard: who reads which conversation, and what all of them found.

use super::firsts;
use super::names::{AddressNames, ServerNames};
use super::proxy;
use super::registry::{self, DissectorState, Which};
use super::rtp;
use super::slab::Slab;
use super::{AnswerProgress, Carriage, DissectOutput, Listener, Payload, Probe, Progress};
use crate::model::limits::{DISSECT_BYTES, DISSECT_STATES, MESSAGE_BYTES, PROBES, PROBES_BESIDE_MEDIA, PROBES_ONE_WAY, RTP_CANDIDATES};
use crate::model::{
    AppId, AppSection, AppSlot, AppStage, CapScale, CloseReason, Direction, DissectLosses, FlowKey, LearntName, RtpPacket, Sum, Tally,
    Transaction, UnreadSight,
};
use hashbrown::HashMap;
use std::sync::Arc;

/// What the dissectors of one shard, or of all, found so far.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DissectReport {
    /// Each protocol's counters, in the order of the registry.
    pub tallies: Vec<Tally>,
    /// What was lost.
    pub losses: DissectLosses,
}

impl Sum for DissectReport {
    fn merge(&mut self, other: &DissectReport) {
        if self.tallies.len() < other.tallies.len() {
            self.tallies.resize(other.tallies.len(), Tally::default());
        }
        self.tallies.iter_mut().zip(&other.tallies).for_each(|(a, b)| a.merge(b));
        self.losses.merge(&other.losses);
    }

    fn since(&self, earlier: &DissectReport) -> DissectReport {
        let mut rest = self.clone();
        rest.tallies.iter_mut().zip(&earlier.tallies).for_each(|(a, b)| *a = a.since(b));
        rest.losses = self.losses.since(&earlier.losses);
        rest
    }
}

impl DissectReport {
    /// What is to be told of each protocol.
    pub fn sections(&self) -> Vec<AppSection> {
        let section = |(at, which): (usize, Which)| {
            let about = which.about();
            let tally = self.tallies.get(at).cloned().unwrap_or_else(|| Tally::new(about.counters));
            AppSection { token: about.token, title: about.title, counters: about.counters, tally }
        };
        Which::all().enumerate().map(section).collect()
    }
}

/// A TCP conversation that is being read, or held until it can be.
#[derive(Debug)]
struct Reading<R> {
    /// `None` until its protocol is known.
    state: Option<DissectorState>,
    server_name: u32,
    attached: R,
}

/// The dissectors of one shard. `R` is what else is kept of a TCP conversation while it is read.
#[derive(Debug)]
pub struct Dissectors<R = ()> {
    states: Slab<Reading<R>>,
    tallies: Vec<Tally>,
    addresses: AddressNames,
    servers: ServerNames,
    /// Conversations whose packets may be a stream's.
    following: HashMap<FlowKey, Candidate>,
    /// Packets of a stream that has just been recognised, before the one that told.
    earlier: Vec<RtpPacket>,
    /// Bytes held of incomplete messages, and how many may be.
    held: usize,
    most_held: usize,
    losses: DissectLosses,
    /// The latest conversation that carries requests which nobody reads.
    unread: Option<UnreadSight>,
}

impl<R> Default for Dissectors<R> {
    fn default() -> Self {
        Self::within(CapScale::WHOLE)
    }
}

impl<R> Dissectors<R> {
    /// Nothing read yet; what is told apart by names and texts is as much as `caps` allow.
    pub fn within(caps: CapScale) -> Self {
        Self {
            states: Slab::new(caps.of(DISSECT_STATES)),
            tallies: Which::all().map(|which| Tally::within(which.about().counters, caps)).collect(),
            addresses: AddressNames::within(caps),
            servers: ServerNames::within(caps),
            following: HashMap::new(),
            earlier: Vec::new(),
            held: 0,
            // One message finds room in any case.
            most_held: caps.of(DISSECT_BYTES).max(MESSAGE_BYTES),
            losses: DissectLosses::default(),
            unread: None,
        }
    }
}

impl<R: Default> Dissectors<R> {
    /// Bytes that a conversation takes while it is read, but for what is held of incomplete messages.
    pub const STATE_BYTES: usize = size_of::<Option<Reading<R>>>() + size_of::<u32>();

    /// Reads a UDP payload of the conversation with this slot.
    pub fn datagram(&mut self, slot: &mut AppSlot, payload: &Payload<'_>, listener: &mut dyn Listener) {
        let which = match slot.stage {
            AppStage::Skip => return,
            AppStage::Parse => Which::of(slot.app),
            AppStage::Probe => self.identify(slot, payload, Carriage::Udp),
        };
        let Some(which) = which else { return };
        self.told_earlier(which.app(), listener);
        if which.keeps() {
            if slot.state != 0 || self.attach(slot, R::default()) {
                self.read(slot, listener, |state, out| state.stream(payload, out));
            }
            return;
        }
        let mut out = output(&mut self.tallies, &mut self.addresses, &mut self.servers, listener, which.app());
        let Some(out) = out.as_mut() else { return };
        if which.datagram(payload, out) != Progress::Continue {
            slot.stage = AppStage::Skip;
            slot.state = out.server_name;
        }
    }

    /// Tells of the packets that came before their stream was known to be one, which count like all others of it.
    fn told_earlier(&mut self, app: AppId, listener: &mut dyn Listener) {
        let mut tally = registry::counted(app).and_then(|place| self.tallies.get_mut(place));
        for packet in self.earlier.drain(..) {
            tally.iter_mut().for_each(|tally| rtp::count(tally, &packet));
            listener.rtp(&packet);
        }
    }

    /// Keeps `attached` beside a TCP conversation, in the place of what is there. False, and the conversation is read no more, when there is no
    /// room.
    pub fn attach(&mut self, slot: &mut AppSlot, attached: R) -> bool {
        if let Some(reading) = self.states.get_mut(slot.state) {
            reading.attached = attached;
            return true;
        }
        match self.states.insert(Reading { state: None, server_name: 0, attached }) {
            Some(handle) => slot.state = handle,
            None => {
                self.losses.states = self.losses.states.saturating_add(1);
                slot.stage = AppStage::Skip;
            }
        }
        slot.is_wanted()
    }

    /// Takes what is kept beside a TCP conversation, which is to be given back by [`Self::attach`].
    pub fn detach(&mut self, slot: &AppSlot) -> Option<R> {
        let is_kept = slot.is_wanted() && slot.state != 0;
        self.states.get_mut(slot.state).filter(|_| is_kept).map(|reading| std::mem::take(&mut reading.attached))
    }

    /// Whether a TCP payload is of a protocol that is known. If not, the bytes are done with.
    pub fn recognises(&mut self, slot: &mut AppSlot, payload: &Payload<'_>) -> bool {
        match slot.stage {
            AppStage::Probe => {
                let is_known = self.identify(slot, &proxy::behind(payload), Carriage::Tcp).is_some();
                if slot.stage == AppStage::Skip {
                    // A name that was learnt before the protocol changed stays.
                    slot.state = self.states.remove(slot.state).map_or(0, |reading| reading.server_name);
                }
                is_known
            }
            AppStage::Parse => true,
            AppStage::Skip => false,
        }
    }

    /// Reads the next bytes of one direction of a TCP conversation, in their order.
    pub fn stream(&mut self, slot: &mut AppSlot, payload: &Payload<'_>, listener: &mut dyn Listener) {
        if self.recognises(slot, payload) && (slot.state != 0 || self.attach(slot, R::default())) {
            let is_first = self.states.get(slot.state).is_some_and(|reading| reading.state.is_none());
            let payload = &if is_first { proxy::behind(payload) } else { *payload };
            let progress = self.read(slot, listener, |state, out| state.stream(payload, out));
            // Once: what it turned into does not turn into anything with its first payload.
            if progress == Progress::BecameWith && self.recognises(slot, payload) {
                self.read(slot, listener, |state, out| state.stream(payload, out));
            }
        }
    }

    /// So many bytes of one direction of a TCP conversation are missing.
    pub fn gap(&mut self, slot: &mut AppSlot, way: Direction, bytes: u32, listener: &mut dyn Listener) {
        if slot.stage == AppStage::Parse {
            self.read(slot, listener, |state, out| state.gap(way, bytes, out));
        }
    }

    /// A TCP conversation was closed. What was found out about it stays in its slot; what was attached is given back.
    pub fn end(&mut self, slot: &mut AppSlot, reason: CloseReason) -> Option<R> {
        self.forget(slot, |state, tally| state.end(Some(reason), tally))
    }

    /// How far the answers of a TCP conversation have come.
    pub fn progress(&self, slot: &AppSlot) -> AnswerProgress {
        let reading = (slot.is_wanted() && slot.state != 0).then(|| self.states.get(slot.state)).flatten();
        reading.and_then(|reading| reading.state.as_ref()).map_or(AnswerProgress::Unknown, DissectorState::progress)
    }

    /// Nothing more of a TCP conversation can be read, for its bytes cannot be put in order any more: no memory is left for that.
    pub fn overflow(&mut self, slot: &mut AppSlot) -> Option<R> {
        let attached = self.forget(slot, |state, tally| state.end(None, tally));
        self.losses.reassembly = self.losses.reassembly.saturating_add(u64::from(attached.is_some()));
        attached
    }

    /// Takes the state of a conversation out, after `last` has seen it.
    fn forget(&mut self, slot: &mut AppSlot, last: impl FnOnce(&mut DissectorState, &mut Tally)) -> Option<R> {
        // Without a state there is nothing to end: each datagram stands for itself.
        if !slot.is_wanted() || slot.state == 0 {
            return None;
        }
        let Reading { state, server_name, attached } = self.states.remove(slot.state)?;
        (slot.stage, slot.state) = (AppStage::Skip, server_name);
        if let (Some(mut state), Some(tally)) = (state, registry::counted(slot.app).and_then(|place| self.tallies.get_mut(place))) {
            self.held = self.held.saturating_sub(state.held());
            last(&mut state, tally);
        }
        Some(attached)
    }

    /// Counts what became of a request.
    pub fn transaction(&mut self, transaction: &Transaction) {
        let which = Which::of(transaction.app);
        let tally = registry::counted(transaction.app).and_then(|place| self.tallies.get_mut(place));
        if let (Some(which), Some(tally)) = (which, tally) {
            which.transaction(transaction, tally);
        }
    }

    /// Shows a payload of an unknown conversation to the dissectors of its transport.
    #[inline(never)]
    fn identify(&mut self, slot: &mut AppSlot, payload: &Payload<'_>, transport: Carriage) -> Option<Which> {
        let tried = slot.tried.get(payload.way as usize)?;
        let most = if registry::is_beside_media(slot.app) { PROBES_BESIDE_MEDIA } else { PROBES_ONE_WAY };
        if *tried >= most || payload.bytes.is_empty() {
            return None;
        }
        let (found, follows) = recognised(payload, transport, slot.app);
        let (found, is_stream) = match follows.filter(|_| found.is_none()) {
            Some((app, sample)) => match self.follows(payload, sample) {
                Some(true) => (Some(app), false),
                Some(false) => (None, true),
                None => (None, false),
            },
            None => (found, false),
        };
        if is_stream {
            return None;
        }
        let tried = slot.tried.get_mut(payload.way as usize)?;
        let found = found.map(|app| registry::became(slot.app, app));
        let (is_beside, was_beside) = (found.is_some_and(registry::is_beside_media), registry::is_beside_media(slot.app));
        // Those that share their ports with media share them with each other: the first gives the name.
        slot.app = found.filter(|_| !(is_beside && was_beside)).unwrap_or(slot.app);
        if found.is_some_and(|app| registry::carries_unread(app).is_some()) {
            self.unread = Some(UnreadSight { app: slot.app, time: payload.time });
        }
        match found {
            Some(app) if Which::of(app).is_some() => slot.stage = AppStage::Parse,
            Some(app) if registry::is_final(app) => slot.stage = AppStage::Skip,
            _ => {
                *tried += 1;
                // A side that never speaks, or is not mirrored, is not waited for.
                let [a, b] = slot.tried;
                let is_enough = match is_beside || was_beside {
                    true => a.max(b) >= PROBES_BESIDE_MEDIA,
                    false => a.max(b) >= PROBES && a.min(b) > 0 || a.max(b) >= PROBES_ONE_WAY,
                };
                if is_enough {
                    slot.stage = AppStage::Skip;
                    self.following.remove(payload.flow);
                    if transport == Carriage::Udp && slot.app == AppId::NONE && registry::denies_ports(payload) {
                        slot.deny_ports();
                    }
                }
            }
        }
        found.and_then(Which::of)
    }

    /// Whether a packet is of a stream whose earlier packets are remembered: enough of them (`true`) or some; `None` when it is not.
    fn follows(&mut self, payload: &Payload<'_>, sample: u32) -> Option<bool> {
        let packet = rtp::header(payload);
        let Some(candidate) = self.following.get_mut(payload.flow) else {
            // What began and never went on makes room for others.
            if self.following.len() >= RTP_CANDIDATES {
                self.following.clear();
            }
            let earlier = packet.into_iter().collect();
            self.following.insert(*payload.flow, Candidate { way: payload.way, count: 0, sample, is_copied: false, earlier });
            return Some(false);
        };
        let is_enough = candidate.way == payload.way && candidate.count + 1 >= rtp::FOLLOWING && rtp::follows(candidate.sample, sample);
        if is_enough {
            let candidate = self.following.remove(payload.flow)?;
            self.earlier = candidate.of_stream(packet.as_ref());
            return Some(true);
        }
        if candidate.earlier.len() < Candidate::EARLIER {
            candidate.earlier.extend(packet);
        }
        if candidate.way != payload.way {
            return None;
        }
        if candidate.sample == sample {
            // A copy, where those are not left out, says nothing new; the same again and again is no stream.
            return (!std::mem::replace(&mut candidate.is_copied, true)).then_some(false);
        }
        candidate.is_copied = false;
        let follows = rtp::follows(candidate.sample, sample);
        (candidate.count, candidate.sample) = (if follows { candidate.count + 1 } else { 0 }, sample);
        follows.then_some(false)
    }

    /// Lets the dissector of a conversation read, and ends it when that wants no more.
    fn read(
        &mut self,
        slot: &mut AppSlot,
        listener: &mut dyn Listener,
        read: impl FnOnce(&mut DissectorState, &mut DissectOutput<'_>) -> Progress,
    ) -> Progress {
        let (Some(which), Some(reading)) = (Which::of(slot.app), self.states.get_mut(slot.state)) else { return Progress::Skip };
        let Some(mut out) = output(&mut self.tallies, &mut self.addresses, &mut self.servers, listener, slot.app) else {
            return Progress::Skip;
        };
        let state = reading.state.get_or_insert_with(|| which.state());
        let held = state.held();
        out.room = self.most_held.saturating_sub(self.held);
        out.server_name = reading.server_name;
        let progress = read(state, &mut out);
        reading.server_name = out.server_name;
        self.losses.bytes = self.losses.bytes.saturating_add(u64::from(out.refused));
        self.held = self.held.saturating_sub(held).saturating_add(state.held());
        match progress {
            Progress::Continue if !out.refused => {}
            Progress::Becomes | Progress::BecameWith if !out.refused => {
                self.held = self.held.saturating_sub(state.held());
                reading.state = None;
                (slot.stage, slot.tried) = (AppStage::Probe, [0, 0]);
            }
            // Its dissector knows.
            _ => drop(self.forget(slot, |_, _| {})),
        }
        progress
    }

    /// Takes out the latest conversation that carries requests which nobody reads.
    pub fn unread(&mut self) -> Option<UnreadSight> {
        self.unread.take()
    }

    /// The name of the server of a conversation, if it is known.
    pub fn server_name(&self, slot: &AppSlot) -> Option<&Arc<str>> {
        let number = match slot.stage {
            // One that turns into another protocol keeps what was learnt before.
            AppStage::Probe | AppStage::Parse => self.states.get(slot.state).map_or(0, |reading| reading.server_name),
            AppStage::Skip => slot.state,
        };
        self.servers.get(number)
    }

    /// Names of addresses, in no order.
    pub fn names(&self) -> impl Iterator<Item = LearntName> + '_ {
        self.addresses.iter()
    }

    /// Everything counted so far.
    pub fn report(&self) -> DissectReport {
        let losses = DissectLosses { server_names: self.servers.refused(), names: self.addresses.refused(), ..self.losses };
        DissectReport { tallies: self.tallies.clone(), losses }
    }

    /// Conversations that are being read.
    pub fn reading(&self) -> usize {
        self.states.len()
    }

    /// Bytes held of incomplete messages.
    pub fn held(&self) -> usize {
        self.held
    }
}

/// What may be a stream of voice or pictures: packets of one direction whose numbers follow.
#[derive(Debug)]
struct Candidate {
    way: Direction,
    /// How many followed, and what is remembered of the latest.
    count: u8,
    sample: u32,
    /// It came twice.
    is_copied: bool,
    /// The first packets, of both directions.
    earlier: Vec<RtpPacket>,
}

impl Candidate {
    /// Packets kept: more than tell a stream each way, for those of the other may come closer together.
    const EARLIER: usize = 4 * rtp::FOLLOWING as usize;

    /// Those before the packet that told, of its stream and of the one that answers it.
    fn of_stream(self, told: Option<&RtpPacket>) -> Vec<RtpPacket> {
        let Some(told) = told else { return Vec::new() };
        let is_its = |packet: &RtpPacket| match packet.way == told.way {
            true => packet.source == told.source,
            false => packet.payload_type == told.payload_type,
        };
        self.earlier.into_iter().filter(is_its).collect()
    }
}

/// The protocol that a payload is certainly of, else the first in the registry of those that may be and have one of its ports. What a
/// conversation turned into from a protocol `before` is told by content alone.
///
/// Beside it what is remembered of the payload where it may be of a stream.
fn recognised(payload: &Payload<'_>, transport: Carriage, before: AppId) -> (Option<AppId>, Option<(AppId, u32)>) {
    let ports = payload.ports();
    let (mut likely, mut follows) = (None::<AppId>, None);
    let Some(first) = payload.bytes.first() else { return (None, None) };
    for candidate in firsts::candidates(transport, *first, ports) {
        let app = candidate.app;
        match registry::probe(app, payload, transport) {
            Probe::Certain => return (Some(app), None),
            Probe::Follows(sample) => follows = follows.max(Some((app, sample))),
            Probe::Unsure if before == AppId::NONE && ports.iter().any(|port| candidate.ports.contains(port)) => {
                likely = Some(likely.map_or(app, |likely| likely.min(app)));
            }
            Probe::Unsure | Probe::No => {}
        }
    }
    (likely, follows)
}

/// Where a protocol's dissector puts what it reads.
fn output<'a>(
    tallies: &'a mut [Tally],
    addresses: &'a mut AddressNames,
    servers: &'a mut ServerNames,
    listener: &'a mut dyn Listener,
    app: AppId,
) -> Option<DissectOutput<'a>> {
    let tally = tallies.get_mut(registry::counted(app)?)?;
    Some(DissectOutput { app, tally, addresses, servers, room: 0, refused: false, server_name: 0, listener })
}
