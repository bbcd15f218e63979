//! Control packets of one shard on their way to the ledger.

use crate::model::ControlMessage;
use crate::model::limits::CONTROL_MESSAGES;

/// Those that were not handed over yet.
#[derive(Debug, Default)]
pub struct ControlMessages {
    list: Vec<ControlMessage>,
    beyond: u64,
}

impl ControlMessages {
    /// Takes one in.
    pub fn push(&mut self, message: ControlMessage) {
        if self.list.len() < CONTROL_MESSAGES {
            self.list.push(message);
        } else {
            self.beyond = self.beyond.saturating_add(1);
        }
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Those that came since it was last asked, and how many there was no room for.
    pub fn take(&mut self) -> (Vec<ControlMessage>, u64) {
        (std::mem::take(&mut self.list), std::mem::take(&mut self.beyond))
    }
}
