//! How far a TCP connection has got, as the events of its segments tell.

use crate::model::tcp::{TcpEvent, TcpMarks};
use crate::model::{CutPhase, Direction};

/// A connection's course: which steps of it were seen.
#[derive(Debug, Clone, Copy, Default)]
pub struct TcpTrack(u16);

impl TcpTrack {
    const SYN_ACK: u16 = 1 << 0;
    const ACKED: u16 = 1 << 1;
    const FIN: [u16; 2] = [1 << 2, 1 << 3];
    const RST: u16 = 1 << 4;
    const JOINED: u16 = 1 << 5;
    const SAMPLED: u16 = 1 << 6;
    /// The first RST was the other direction's than A to B.
    const RST_BACK: u16 = 1 << 7;
    /// Where the first RST met it: a place of [`CutPhase::ALL`].
    const PHASE: u16 = 8;
    /// The first RST was sent by a device between both ends.
    const FOREIGN: u16 = 1 << 11;

    /// Listens to what a segment did.
    #[inline(never)]
    pub(super) fn note(&mut self, event: &TcpEvent, way: Direction) {
        if event.marks.has(TcpMarks::SYN) && self.reset() && !self.acked() && !self.midstream() {
            // The RST refused an attempt, which goes on: there was no connection that it could have ended.
            self.0 &= !(Self::RST | Self::RST_BACK | 7 << Self::PHASE | Self::FOREIGN);
        }
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

    /// Notes where the first RST met the connection, before the event of its segment is noted, and whether a device between both ends sent it.
    pub(super) fn note_cut(&mut self, (way, is_foreign): (Direction, bool), phase: CutPhase) {
        if !self.reset() {
            let foreign = if is_foreign { Self::FOREIGN } else { 0 };
            self.0 |= (phase as u16) << Self::PHASE | foreign | if way == Direction::BToA { Self::RST_BACK } else { 0 };
        }
    }

    /// What the first RST met was not quiet where an answer was on its way, and quiet where all of them were whole.
    pub(super) fn note_answers_cut(&mut self, are_whole: bool) {
        let [before, now] = if are_whole { [CutPhase::Transfer, CutPhase::Quiet] } else { [CutPhase::Quiet, CutPhase::Transfer] };
        if self.cut().is_some_and(|(_, phase)| phase == before) {
            self.0 = self.0 & !(7 << Self::PHASE) | (now as u16) << Self::PHASE;
        }
    }

    /// Which way the first RST went, and where it met the connection.
    pub fn cut(&self) -> Option<(Direction, CutPhase)> {
        let way = if self.0 & Self::RST_BACK == 0 { Direction::AToB } else { Direction::BToA };
        let phase = CutPhase::ALL.get(usize::from(self.0 >> Self::PHASE & 7)).copied()?;
        self.reset().then_some((way, phase))
    }

    /// Whether the first RST was sent by a device between both ends.
    pub fn is_cut_between(&self) -> bool {
        self.0 & Self::FOREIGN != 0
    }

    /// Whether RST was seen.
    pub fn reset(&self) -> bool {
        self.0 & Self::RST != 0
    }

    /// How many sides have sent FIN.
    pub fn fins(&self) -> u32 {
        (self.0 & (Self::FIN[0] | Self::FIN[1])).count_ones()
    }

    /// Which sides have sent FIN: the smaller end, the larger one.
    pub fn fin(&self) -> [bool; 2] {
        Self::FIN.map(|fin| self.0 & fin != 0)
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
    fn the_first_rst_says_who_and_where() {
        let mut track = TcpTrack::default();
        assert_eq!(track.cut(), None);
        for (way, phase) in [(Direction::BToA, CutPhase::Idle), (Direction::AToB, CutPhase::Transfer)] {
            track.note_cut((way, phase == CutPhase::Idle), phase);
            track.note(&TcpEvent { marks: TcpMarks::RST, ..TcpEvent::default() }, way);
        }
        assert_eq!((track.cut(), track.is_cut_between()), (Some((Direction::BToA, CutPhase::Idle)), true));
    }

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
        assert_eq!(note(TcpMarks::FIN, Direction::AToB).fin(), [true, false]);
        let track = note(TcpMarks::FIN | TcpMarks::RST, Direction::BToA);
        assert_eq!((track.fin(), track.fins(), track.reset(), track.sampled()), ([true; 2], 2, true, false));
    }

    #[test]
    fn a_refused_attempt_that_goes_on_has_not_ended() {
        let after = |marks: &[(TcpMarks, Direction)]| {
            let mut track = TcpTrack::default();
            for &(marks, way) in marks {
                if marks.has(TcpMarks::RST) {
                    track.note_cut((way, false), CutPhase::Quiet);
                }
                track.note(&TcpEvent { marks, ..TcpEvent::default() }, way);
            }
            track.cut()
        };
        let (there, back) = (Direction::AToB, Direction::BToA);
        let refused = [(TcpMarks::SYN, there), (TcpMarks::RST, back)];
        assert_eq!(after(&refused), Some((back, CutPhase::Quiet)));
        let again = [refused[0], refused[1], (TcpMarks::SYN, there), (TcpMarks::SYN_ACK, back), (TcpMarks::FIRST_ACK, there)];
        assert_eq!(after(&again), None);
        let cut = [(TcpMarks::SYN, there), (TcpMarks::FIRST_ACK, there), (TcpMarks::RST, back), (TcpMarks::SYN, there)];
        assert_eq!(after(&cut), Some((back, CutPhase::Quiet)), "of a connection that came about the RST is the end");
    }
}
