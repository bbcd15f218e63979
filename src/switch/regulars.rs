//! Routers and clocks that send the same many times a second: read when it changes, and once a second.

use super::messages::ControlMessages;
use crate::model::limits::REGULARS;
use crate::model::time::SECOND;
use crate::model::{ControlBody, ControlMessage, Direction, FlowKey, Frame, Mac};

/// Who sends, in which conversation.
type Sender = (Mac, FlowKey, Direction);

/// One of them.
#[derive(Debug)]
struct Regular {
    sender: Sender,
    /// What is alike while it says the same.
    words: [u64; 4],
    /// Packets that were not handed over yet, and what they say.
    waits: ControlMessage,
}

/// Those of a shard.
#[derive(Debug, Default)]
pub struct Regulars {
    list: Vec<Regular>,
    /// Whose place a new one takes where there is none left.
    next: usize,
}

impl Regulars {
    /// Takes in a packet; `read` reads it, where it says something new. Those that say the same are handed over together.
    pub fn take(&mut self, frame: &Frame<'_>, words: [u64; 4], read: fn(&Frame<'_>) -> Option<ControlMessage>, out: &mut ControlMessages) {
        let (Some((source, _)), Some((key, way))) = (frame.mac, frame.flow) else { return };
        let sender = (source, key, way);
        let Some(found) = self.list.iter_mut().find(|r| r.sender == sender) else {
            let Some(waits) = read(frame) else { return };
            return self.add(Regular { sender, words, waits }, out);
        };
        let Regular { waits, words: said, .. } = found;
        let ControlBody::Regular { told, packets, until } = &mut waits.body else { return };
        let gap = frame.time.since(*until);
        // Whoever looks for silence is told of one that is longer than may be.
        if *said == words && (0..=SILENCE.min(told.hold().max(1))).contains(&gap) {
            if *packets == 0 {
                (waits.time, waits.number) = (frame.time, frame.number);
            }
            (*packets, *until) = (*packets + 1, frame.time);
            return;
        }
        hand_over(&mut found.waits, out);
        if let Some(waits) = read(frame) {
            (found.words, found.waits) = (words, waits);
        }
    }

    fn add(&mut self, new: Regular, out: &mut ControlMessages) {
        if self.list.len() < REGULARS {
            return self.list.push(new);
        }
        if let Some(old) = self.list.get_mut(self.next) {
            hand_over(&mut old.waits, out);
            *old = new;
        }
        self.next = (self.next + 1) % REGULARS;
    }

    /// An interval ends: what waits is handed over.
    pub fn advance(&mut self, out: &mut ControlMessages) {
        self.list.iter_mut().for_each(|r| hand_over(&mut r.waits, out));
    }
}

/// Silence after which what came before is handed over at once.
const SILENCE: i64 = SECOND;

fn hand_over(waits: &mut ControlMessage, out: &mut ControlMessages) {
    if let ControlBody::Regular { packets: 1.., .. } = waits.body {
        out.push(waits.clone());
    }
    if let ControlBody::Regular { packets, .. } = &mut waits.body {
        *packets = 0;
    }
}
