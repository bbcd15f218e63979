//! Turns of a conversation whose messages carry no identifier: the client asks, the server answers.

use super::bytes::name_hash;
use super::{DissectOutput, Payload};

/// Where a conversation is.
#[derive(Debug, Default)]
pub struct RequestTurns {
    number: u32,
    /// Asked and not answered.
    open: bool,
    /// Something is missing: what comes may belong to another turn.
    adrift: bool,
    /// A hash of the name by which the client logs in (0: not read).
    user: u32,
}

impl RequestTurns {
    /// The client said something. What it adds before it is answered belongs to the same turn, whose time begins with the last of it.
    pub fn ask(&mut self, payload: &Payload<'_>, out: &mut DissectOutput<'_>) {
        if self.open && self.adrift {
            out.lost(&Payload { way: payload.way.reversed(), ..*payload }, self.number);
            self.open = false;
        }
        if !self.open {
            self.number = self.number.wrapping_add(1);
        }
        (self.open, self.adrift) = (true, false);
        out.request_by(payload, self.number, self.user);
    }

    /// The client says as whom it comes.
    pub fn called(&mut self, name: &[u8]) {
        self.user = name_hash(name);
    }

    /// The server answered.
    pub fn answer(&mut self, payload: &Payload<'_>, code: u32, out: &mut DissectOutput<'_>) {
        if self.open && !self.adrift {
            out.reply(payload, self.number, code);
            self.open = false;
        }
    }

    /// The server refuses something that nobody asked for: where it is the first that is said, whoever comes.
    pub fn refuse(&mut self, payload: &Payload<'_>, code: u32, out: &mut DissectOutput<'_>) {
        if self.number == 0 && !self.adrift {
            self.number = 1;
            out.turned_away(payload, code);
        }
    }

    /// Whether an answer is waited for.
    pub fn is_open(&self) -> bool {
        self.open
    }

    /// Bytes are missing.
    pub fn gap(&mut self) {
        self.adrift = true;
    }
}
