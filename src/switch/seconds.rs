//! Seconds of packet time that follow each other, though clocks step.

use crate::model::limits::COPY_DECIDED;
use crate::model::time::SECOND;

/// Seconds by which a frame may be behind the latest without anything being wrong.
const BEHIND: i64 = COPY_DECIDED / SECOND;

/// So many frames one after the other that are further behind are of a clock that was set back, or followed one that was ahead.
const STEPPED: u32 = 16;

/// The second that is being counted.
#[derive(Debug, Default)]
pub struct Seconds {
    current: i64,
    behind: u32,
}

impl Seconds {
    /// The second that is being counted.
    pub fn current(&self) -> i64 {
        self.current
    }

    /// Whether a frame of this second begins another one.
    #[inline]
    pub fn is_next(&mut self, second: i64) -> bool {
        if second >= self.current - BEHIND {
            self.behind = 0;
            return second > self.current;
        }
        self.behind += 1;
        self.behind >= STEPPED
    }

    /// It begins.
    pub fn begin(&mut self, second: i64) {
        (self.current, self.behind) = (second, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_frame_that_is_ahead_does_not_stop_the_clock() {
        let mut seconds = Seconds::default();
        let mut begun = |second| {
            let is_next = seconds.is_next(second);
            if is_next {
                seconds.begin(second);
            }
            is_next
        };
        assert!(begun(100) && !begun(100) && !begun(99) && begun(101));
        assert!(begun(3_700));
        assert_eq!((0..20).position(|_| begun(101)), Some(STEPPED as usize - 1));
        assert!(!begun(101) && begun(102));
        // Such as stand alone are passed over.
        for second in 102..200 {
            assert!(!begun(second.max(102) - 50) || second > 1_000);
            begun(second);
        }
        assert_eq!(seconds.current(), 199);
    }
}
