//! Both directions of a connection whose messages say their length, and in which the client asks and the server answers.

use super::Payload;
use super::frames::Frames;
use super::turns::RequestTurns;
use crate::model::Direction;

/// Where both directions are within their messages, and whose turn it is.
#[derive(Debug, Default)]
pub struct FramedTurns {
    frames: [Frames; 2],
    /// Who asked and who answered.
    pub turns: RequestTurns,
}

impl FramedTurns {
    /// The messages of the direction in which a payload goes, and the turns that they make.
    pub fn of(&mut self, payload: &Payload<'_>) -> Option<(&mut Frames, &mut RequestTurns)> {
        Some((self.frames.get_mut(payload.way as usize)?, &mut self.turns))
    }

    /// Bytes are missing in a direction: unless they lie within a message that is passed over, what follows may belong to another turn.
    pub fn gap(&mut self, way: Direction, bytes: u32) {
        if self.frames.get_mut(way as usize).is_some_and(|frames| !frames.gap(bytes)) {
            self.turns.gap();
        }
    }

    /// Bytes kept of messages that are not there as far as they are read.
    pub fn held(&self) -> usize {
        self.frames.iter().map(Frames::held).sum()
    }
}
