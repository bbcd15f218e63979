//! How far a TCP connection has got, as the events of its segments tell.

use crate::model::Direction;
use crate::model::tcp::{TcpEvent, TcpMarks};

/// A connection's course: which steps of it were seen.
#[derive(Debug, Clone, Copy, Default)]
pub struct TcpTrack(u8);

impl TcpTrack {
    const SYN_ACK: u8 = 1 << 0;
    const ACKED: u8 = 1 << 1;
    const FIN: [u8; 2] = [1 << 2, 1 << 3];
    const RST: u8 = 1 << 4;
    const JOINED: u8 = 1 << 5;
    const SAMPLED: u8 = 1 << 6;

    /// Listens to what a segment did.
    #[inline(never)]
    pub(super) fn note(&mut self, event: &TcpEvent, way: Direction) {
        for (mark, seen) in [
            (TcpMarks::SYN_ACK, Self::SYN_ACK),
            (TcpMarks::FIRST_ACK, Self::ACKED),
            (TcpMarks::FIN, Self::FIN[way as usize]),
            (TcpMarks::RST, Self::RST),
            (TcpMarks::JOINED, Self::JOINED),
        ] {
            if event.marks.has(mark) {
                self.0 |= seen;
            }
        }
    }

    /// Whether RST was seen.
    pub fn reset(&self) -> bool {
        self.0 & Self::RST != 0
    }

    /// How many sides have sent FIN.
    pub fn fins(&self) -> u32 {
        (self.0 & (Self::FIN[0] | Self::FIN[1])).count_ones()
    }

    /// Whether it is over: RST was seen, or FIN of both sides.
    pub fn has_ended(&self) -> bool {
        self.reset() || self.fins() == 2
    }

    /// Whether its beginning was seen, and so who began it.
    pub fn opened(&self) -> bool {
        !self.midstream() && !self.sampled()
    }

    /// Whether the connection was joined after its beginning.
    pub fn midstream(&self) -> bool {
        self.0 & Self::JOINED != 0
    }

    /// Notes that packets of it were sampled.
    pub(super) fn note_sampled(&mut self) {
        self.0 |= Self::SAMPLED;
    }

    /// Whether packets of it were sampled: then what was not seen says nothing.
    pub fn sampled(&self) -> bool {
        self.0 & Self::SAMPLED != 0
    }

    /// Whether a SYN-ACK was seen.
    pub fn answered(&self) -> bool {
        self.0 & Self::SYN_ACK != 0
    }

    /// Whether an acknowledgement without SYN was seen.
    pub fn acked(&self) -> bool {
        self.0 & Self::ACKED != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_course_is_what_events_tell() {
        let mut track = TcpTrack::default();
        let mut note = |marks, way| {
            track.note(&TcpEvent { marks, ..TcpEvent::default() }, way);
            track
        };
        note(TcpMarks::SETTLED | TcpMarks::ADVANCED | TcpMarks::SYN, Direction::AToB);
        assert!(!note(TcpMarks::default(), Direction::AToB).answered());
        let track = note(TcpMarks::SYN_ACK, Direction::BToA);
        assert!(track.answered() && !track.acked() && !track.midstream());
        assert!(note(TcpMarks::FIRST_ACK, Direction::AToB).acked());
        note(TcpMarks::FIN, Direction::AToB);
        assert_eq!(note(TcpMarks::FIN, Direction::AToB).fins(), 1);
        let track = note(TcpMarks::FIN | TcpMarks::RST, Direction::BToA);
        assert_eq!((track.fins(), track.reset(), track.sampled()), (2, true, false));
    }
}
