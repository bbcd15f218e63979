//! Turns of a conversation whose messages carry no identifier: the client asks, the server answers.

use super::bytes::fnv;
use super::{DissectOutput, Payload};
use crate::model::Direction;

/// The hash by which names of those who log in are told apart; never 0.
pub fn user(name: &[u8]) -> u32 {
    fnv(name).max(1)
}

/// Where a conversation is.
#[derive(Debug, Default)]
pub struct RequestTurns {
    number: u32,
    /// Which way the client speaks, once it has asked.
    client: Option<Direction>,
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
        self.client = Some(payload.way);
        out.request_by(payload, self.number, self.user);
    }

    /// The client says as whom it comes.
    pub fn called(&mut self, name: &[u8]) {
        self.user = user(name);
    }

    /// The server answered.
    pub fn answer(&mut self, payload: &Payload<'_>, code: u32, out: &mut DissectOutput<'_>) {
        if self.open && !self.adrift {
            out.reply(payload, self.number, code);
            self.open = false;
        }
    }

    /// Whether an answer is waited for.
    pub fn is_open(&self) -> bool {
        self.open
    }

    /// Whether this is the way of the client.
    pub fn is_asked_by(&self, way: Direction) -> bool {
        self.client == Some(way)
    }

    /// Bytes are missing.
    pub fn gap(&mut self) {
        self.adrift = true;
    }
}
