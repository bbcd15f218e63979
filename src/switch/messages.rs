//! Control packets of one shard on their way to the ledger.

use crate::model::limits::CONTROL_MESSAGES;
use crate::model::{CapScale, ControlMessage};

/// Those that were not handed over yet.
#[derive(Debug, Default)]
pub struct ControlMessages {
    caps: CapScale,
    list: Vec<ControlMessage>,
    beyond: u64,
}

impl ControlMessages {
    /// None; as many wait as `caps` allow.
    pub fn within(caps: CapScale) -> Self {
        Self { caps, ..Self::default() }
    }

    /// Takes one in.
    pub fn push(&mut self, message: ControlMessage) {
        if self.list.len() < self.caps.of(CONTROL_MESSAGES) {
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
