//! Whether mirrored frames come with their check sequence.

/// Frames that are tried.
const TRIED: u8 = 64;
/// Of them, so many must have one: nine of ten.
const HAVE: u8 = 58;

/// Whether the frames of a session end with their check sequence.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum CheckSequence {
    /// Each must be tried.
    #[default]
    Unknown,
    /// All do.
    Present,
    /// None does.
    Absent,
}

/// The first frames of a session.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Trial {
    tried: u8,
    have: u8,
}

impl Trial {
    /// Notes a frame.
    pub fn note(&mut self, has: bool) {
        if self.tried < TRIED {
            self.tried += 1;
            self.have += u8::from(has);
        }
    }

    /// What is known by now.
    pub fn verdict(self) -> CheckSequence {
        match self {
            Trial { tried: TRIED, have: HAVE.. } => CheckSequence::Present,
            Trial { tried: TRIED, .. } => CheckSequence::Absent,
            _ => CheckSequence::Unknown,
        }
    }

    /// Whether frames had one so far.
    pub fn seen(self) -> bool {
        self.have > 0 && self.verdict() != CheckSequence::Absent
    }
}
