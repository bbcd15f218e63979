//! Ways on which large packets vanish, by who receives them.

use super::{Bounded, REMEMBERED_SECONDS};
use crate::model::Arrange as _;
use crate::model::evidence::{BlackHoleEvidence, SIGHT_HELD};
use crate::model::limits::{SERVICE_CLIENTS, SERVICES};
use crate::model::time::SECOND;
use crate::model::{Address, Direction, Episode, FlowKey, IcmpError, StuckSegment, Timestamp};

#[derive(Debug)]
struct BlackHole {
    conversations: Vec<FlowKey>,
    senders: Vec<Address>,
    /// The smallest packet that vanished.
    smallest: u32,
    repeated: u64,
    /// Told by ICMP, and sent as large all the same.
    was_told: bool,
    /// Small packets arrive meanwhile.
    is_proved: bool,
    /// Connections that opened in vain after one was stuck.
    opened: u32,
    span: Episode,
}

/// Somebody whose large packets vanish, whoever is to receive them.
#[derive(Debug)]
struct Hanging {
    conversations: Vec<FlowKey>,
    /// When the first of them was stuck.
    first: Timestamp,
    /// Connections that opened in vain after that, and all that opened to or from it.
    opened: u32,
    all: u32,
}

impl Hanging {
    /// Whether it is no accident: several, and most of those that opened.
    fn is_proof(&self) -> bool {
        self.opened >= OPENED && self.opened.saturating_mul(2) >= self.all
    }
}

/// All of them.
#[derive(Debug, Default)]
pub(super) struct BlackHoles {
    known: Bounded<Address, BlackHole, SERVICES, { SIGHT_HELD / SECOND }>,
    hanging: Bounded<Address, Hanging, SERVICES, { SIGHT_HELD / SECOND }>,
    /// Who was told that packets to somebody are too large, and when last.
    told: Bounded<(Address, Address), (), SERVICES, REMEMBERED_SECONDS>,
    /// When connections opened.
    opened: Bounded<FlowKey, (), SERVICES, REMEMBERED_SECONDS>,
}

/// Connections that open in vain after one is stuck: twice is no accident.
const OPENED: u32 = 2;

impl BlackHoles {
    /// Takes in an ICMP error: one that says how large packets may be ends what it is about.
    pub fn icmp(&mut self, error: &IcmpError) {
        let quoted = &error.quoted;
        let is_too_big = if quoted.key.is_v6 { quoted.kind == 2 } else { (quoted.kind, quoted.code) == (3, 4) };
        if !is_too_big {
            return;
        }
        let [(from, _), (to, _)] = quoted.key.ends(quoted.direction);
        self.told.entry((from, to), error.time);
    }

    /// A connection opened: small packets pass.
    pub fn opened(&mut self, flow: &FlowKey, time: Timestamp) {
        self.opened.entry(*flow, time);
        for (end, _) in flow.ends(Direction::AToB) {
            if let Some(hanging) = self.hanging.get_mut(&end) {
                hanging.all = hanging.all.saturating_add(1);
            }
        }
    }

    /// Whether what is lost of a conversation is what is too large.
    pub fn holds(&self, flow: &FlowKey, way: Direction) -> bool {
        let [_, (to, _)] = flow.ends(way);
        self.known.get(&to).is_some_and(|hole| self.is_proved(hole) && hole.conversations.contains(flow))
    }

    /// Whether small packets pass meanwhile: its receiver is seen to be there, or connections open that hang with their first large one.
    fn is_proved(&self, hole: &BlackHole) -> bool {
        hole.is_proved || hole.senders.iter().any(|sender| self.hanging.get(sender).is_some_and(Hanging::is_proof))
    }

    /// Whether a conversation opened after `first` and hangs with the first large packet that it sends.
    fn is_opened_in_vain(&self, stuck: &StuckSegment, first: Timestamp) -> bool {
        stuck.is_opening && self.opened.last(&stuck.flow).is_some_and(|opened| opened > first)
    }

    /// Takes in that large packets of somebody are stuck, whoever is to receive them.
    fn hangs(&mut self, from: Address, stuck: &StuckSegment) {
        let first = self.hanging.get(&from).map_or(stuck.first, |hanging| hanging.first);
        let opened = self.is_opened_in_vain(stuck, first);
        let fresh = || Hanging { conversations: Vec::new(), first: stuck.first, opened: 0, all: 0 };
        let Some(hanging) = self.hanging.entry_or(from, stuck.time, fresh) else { return };
        if hanging.conversations.len() < SERVICE_CLIENTS && !hanging.conversations.contains(&stuck.flow) {
            hanging.conversations.push(stuck.flow);
            hanging.opened += u32::from(opened);
        }
    }

    /// Takes in a segment that is stuck.
    pub fn note(&mut self, stuck: &StuckSegment) {
        let [(from, _), (to, _)] = stuck.flow.ends(stuck.way);
        self.hangs(from, stuck);
        let first = self.known.get(&to).map_or(stuck.first, |hole| hole.span.first);
        let opened = self.is_opened_in_vain(stuck, first);
        let fresh = || BlackHole {
            conversations: Vec::new(),
            senders: Vec::new(),
            smallest: stuck.length,
            repeated: 0,
            was_told: false,
            is_proved: false,
            opened: 0,
            span: Episode { first: stuck.first, last: stuck.time },
        };
        let Some(hole) = self.known.entry_or(to, stuck.time, fresh) else { return };
        if hole.conversations.len() < SERVICE_CLIENTS && !hole.conversations.contains(&stuck.flow) {
            hole.conversations.push(stuck.flow);
            // It opened while another was stuck, and the first large packet that it sent is stuck as well.
            hole.opened += u32::from(opened);
        }
        if hole.senders.len() < SERVICE_CLIENTS && !hole.senders.contains(&from) {
            hole.senders.push(from);
        }
        hole.is_proved |= stuck.is_alive || hole.opened >= OPENED;
        hole.smallest = hole.smallest.min(stuck.length);
        hole.repeated = hole.repeated.saturating_add(1);
        hole.was_told |= self.told.last(&(from, to)).is_some_and(|told| told >= stuck.first);
        hole.span = Episode { first: hole.span.first.min(stuck.first), last: hole.span.last.max(stuck.time) };
    }

    /// Everybody who lately received no large packets, in the order of addresses.
    pub fn evidence(&self, now: Timestamp) -> Vec<BlackHoleEvidence> {
        let lately = self.known.iter().filter(|(_, hole, _)| self.is_proved(hole) && now.since(hole.span.last) <= SIGHT_HELD / 2);
        let mut all: Vec<BlackHoleEvidence> = lately
            .map(|(receiver, hole, _)| BlackHoleEvidence {
                receiver: *receiver,
                sender: match hole.senders.as_slice() {
                    [one] => Some(*one),
                    _ => None,
                },
                conversations: hole.conversations.len() as u64,
                senders: hole.senders.len() as u64,
                smallest: hole.smallest.into(),
                was_told: hole.was_told,
                span: hole.span,
            })
            .collect();
        all.arrange_by_key(|hole| hole.receiver);
        all
    }
}
