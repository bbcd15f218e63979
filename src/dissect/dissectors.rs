//! The dissectors of one shard: who reads which conversation, and what all of them found.

use super::names::{AddressNames, ServerNames};
use super::registry::{State, Which};
use super::slab::Slab;
use super::{EndReason, Listener, Output, Payload, Probe, Progress, Transport};
use crate::model::limits::{DISSECT_BYTES, DISSECT_STATES, PROBES, PROBES_ONE_WAY};
use crate::model::{AppId, AppSlot, AppStage, Direction, LearntName, Tally, Transaction};
use std::sync::Arc;

/// What dissection lost at its caps.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DissectLosses {
    /// Conversations that were not dissected because too many were at once.
    pub states: u64,
    /// Conversations given up because the bytes of incomplete messages were too many.
    pub bytes: u64,
    /// Conversations given up because their reassembly came to its limits.
    pub reassembly: u64,
    /// Server names that conversations lost at the cap.
    pub server_names: u64,
    /// Sightings of names of addresses lost at the cap.
    pub names: u64,
}

impl DissectLosses {
    fn zip(&mut self, other: &DissectLosses, f: fn(u64, u64) -> u64) {
        self.states = f(self.states, other.states);
        self.bytes = f(self.bytes, other.bytes);
        self.reassembly = f(self.reassembly, other.reassembly);
        self.server_names = f(self.server_names, other.server_names);
        self.names = f(self.names, other.names);
    }

    /// All of them.
    pub fn sum(&self) -> u64 {
        [self.states, self.bytes, self.reassembly, self.server_names, self.names].iter().fold(0, |sum, n| sum.saturating_add(*n))
    }
}

/// What the dissectors of one shard, or of all, found so far.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DissectReport {
    /// Each protocol's counters, in the order of the registry.
    pub tallies: Vec<Tally>,
    /// What was lost.
    pub losses: DissectLosses,
}

impl DissectReport {
    /// Adds another shard's.
    pub fn merge(&mut self, other: &DissectReport) {
        if self.tallies.len() < other.tallies.len() {
            self.tallies.resize(other.tallies.len(), Tally::default());
        }
        self.tallies.iter_mut().zip(&other.tallies).for_each(|(a, b)| a.merge(b));
        self.losses.zip(&other.losses, u64::saturating_add);
    }

    /// What was added since `earlier`, a former state of this one.
    #[must_use]
    pub fn since(&self, earlier: &DissectReport) -> DissectReport {
        let mut rest = self.clone();
        rest.tallies.iter_mut().zip(&earlier.tallies).for_each(|(a, b)| *a = a.since(b));
        rest.losses.zip(&earlier.losses, u64::saturating_sub);
        rest
    }

    /// Each protocol that was met, with its counters.
    pub fn met(&self) -> impl Iterator<Item = (AppId, &Tally)> {
        Which::all().zip(&self.tallies).filter(|(_, tally)| !tally.is_empty()).map(|(which, tally)| (which.app(), tally))
    }
}

/// A TCP conversation that is being read.
#[derive(Debug)]
struct Reading {
    state: State,
    server_name: u32,
}

/// The dissectors of one shard.
#[derive(Debug)]
pub struct Dissectors {
    states: Slab<Reading>,
    tallies: Vec<Tally>,
    addresses: AddressNames,
    servers: ServerNames,
    /// Bytes held of incomplete messages.
    held: usize,
    losses: DissectLosses,
}

impl Default for Dissectors {
    fn default() -> Self {
        Self {
            states: Slab::new(DISSECT_STATES),
            tallies: Which::all().map(|which| Tally::new(which.about().counters)).collect(),
            addresses: AddressNames::default(),
            servers: ServerNames::default(),
            held: 0,
            losses: DissectLosses::default(),
        }
    }
}

impl Dissectors {
    /// Reads a UDP payload of the conversation with this slot.
    pub fn datagram(&mut self, slot: &mut AppSlot, payload: &Payload<'_>, listener: &mut dyn Listener) {
        let which = match slot.stage {
            AppStage::Skip => return,
            AppStage::Parse => Which::of(slot.app),
            AppStage::Probe => self.identify(slot, payload, Transport::Udp),
        };
        let Some(which) = which else { return };
        let mut out = output(&mut self.tallies, &mut self.addresses, &mut self.servers, listener, which.app());
        let Some(out) = out.as_mut() else { return };
        if which.datagram(payload, out) != Progress::Continue {
            slot.stage = AppStage::Skip;
            slot.state = out.server_name;
        }
    }

    /// Reads the next bytes of one direction of a TCP conversation, in their order.
    pub fn stream(&mut self, slot: &mut AppSlot, payload: &Payload<'_>, listener: &mut dyn Listener) {
        if slot.stage == AppStage::Probe {
            let Some(which) = self.identify(slot, payload, Transport::Tcp) else { return };
            match self.states.insert(Reading { state: which.state(), server_name: 0 }) {
                Some(handle) => slot.state = handle,
                None => {
                    self.losses.states = self.losses.states.saturating_add(1);
                    slot.stage = AppStage::Skip;
                }
            }
        }
        self.read(slot, listener, |state, out| state.stream(payload, out));
    }

    /// Bytes of one direction of a TCP conversation are missing.
    pub fn gap(&mut self, slot: &mut AppSlot, way: Direction, listener: &mut dyn Listener) {
        if slot.stage == AppStage::Parse {
            self.read(slot, listener, |state, out| state.gap(way, out));
        }
    }

    /// A conversation ends, or nothing more of it can be read. What was found out about it stays in its slot.
    pub fn end(&mut self, slot: &mut AppSlot, reason: EndReason) {
        if reason == EndReason::Overflow && slot.stage != AppStage::Skip {
            self.losses.reassembly = self.losses.reassembly.saturating_add(1);
        }
        let state = if slot.stage == AppStage::Parse { std::mem::take(&mut slot.state) } else { 0 };
        slot.stage = AppStage::Skip;
        if let Some(mut reading) = self.states.remove(state) {
            self.held = self.held.saturating_sub(reading.state.held());
            slot.state = reading.server_name;
            if let Some(tally) = slot.app.place().and_then(|place| self.tallies.get_mut(place)) {
                reading.state.end(reason, tally);
            }
        }
    }

    /// Counts what became of a request.
    pub fn transaction(&mut self, transaction: &Transaction) {
        let which = Which::of(transaction.app);
        let tally = transaction.app.place().and_then(|place| self.tallies.get_mut(place));
        if let (Some(which), Some(tally)) = (which, tally) {
            which.transaction(transaction, tally);
        }
    }

    /// Shows a payload of an unknown conversation to the dissectors of its transport.
    #[inline(never)]
    fn identify(&mut self, slot: &mut AppSlot, payload: &Payload<'_>, transport: Transport) -> Option<Which> {
        let tried = slot.tried.get_mut(payload.way as usize)?;
        if *tried >= PROBES_ONE_WAY || payload.bytes.is_empty() {
            return None;
        }
        let ports = payload.ports();
        let mut found = None;
        for which in Which::all() {
            let Some(usual) = which.about().ports(transport) else { continue };
            match which.probe(payload, transport) {
                Probe::Certain => {
                    found = Some(which);
                    break;
                }
                Probe::Unsure if found.is_none() && ports.iter().any(|port| usual.contains(port)) => found = Some(which),
                Probe::Unsure | Probe::No => {}
            }
        }
        match found {
            Some(which) => {
                slot.app = which.app();
                slot.stage = AppStage::Parse;
            }
            None => {
                *tried += 1;
                // A side that never speaks, or is not mirrored, is not waited for.
                let [a, b] = slot.tried;
                if a.max(b) >= PROBES && a.min(b) > 0 || a.max(b) >= PROBES_ONE_WAY {
                    slot.stage = AppStage::Skip;
                }
            }
        }
        found
    }

    /// Lets the dissector of a conversation read, and ends it when that wants no more.
    fn read(&mut self, slot: &mut AppSlot, listener: &mut dyn Listener, read: impl FnOnce(&mut State, &mut Output<'_>) -> Progress) {
        if slot.stage != AppStage::Parse {
            return;
        }
        let Some(reading) = self.states.get_mut(slot.state) else { return };
        let Some(mut out) = output(&mut self.tallies, &mut self.addresses, &mut self.servers, listener, slot.app) else { return };
        let held = reading.state.held();
        out.room = DISSECT_BYTES.saturating_sub(self.held);
        out.server_name = reading.server_name;
        let progress = read(&mut reading.state, &mut out);
        reading.server_name = out.server_name;
        self.losses.bytes = self.losses.bytes.saturating_add(u64::from(out.refused));
        let stops = out.refused || progress != Progress::Continue;
        self.held = self.held.saturating_sub(held).saturating_add(reading.state.held());
        if stops {
            self.end(slot, EndReason::Closed);
        }
    }

    /// The name of the server of a conversation, if it is known.
    pub fn server_name(&self, slot: &AppSlot) -> Option<&Arc<str>> {
        let number = match slot.stage {
            AppStage::Probe => 0,
            AppStage::Parse => self.states.get(slot.state).map_or(0, |reading| reading.server_name),
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

/// Where a protocol's dissector puts what it reads.
fn output<'a>(
    tallies: &'a mut [Tally],
    addresses: &'a mut AddressNames,
    servers: &'a mut ServerNames,
    listener: &'a mut dyn Listener,
    app: AppId,
) -> Option<Output<'a>> {
    let tally = tallies.get_mut(app.place()?)?;
    Some(Output { app, tally, addresses, servers, room: 0, refused: false, server_name: 0, listener })
}
