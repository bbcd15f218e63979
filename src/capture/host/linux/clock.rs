//! The system clock by adjtimex(2), which also reads.

use crate::model::host::SystemClock;
use rtime_clock::adjtime::{Timex, adjtimex};

/// `TIME_ERROR`: the clock is not synchronised.
const TIME_ERROR: i32 = 5;
/// `STA_UNSYNC` of the status.
const UNSYNCHRONISED: i32 = 0x40;

/// What keeps the clock, and how far off it can be.
#[allow(clippy::useless_conversion, reason = "a C long is narrower on other machines")]
pub fn clock() -> Option<SystemClock> {
    // No mode is set, so nothing is changed.
    let mut timex = Timex::new();
    let state = adjtimex(&mut timex).ok()?;
    Some(decode_state(state, timex.0.status, timex.0.maxerror.into()))
}

/// `max_error` in microseconds.
fn decode_state(state: i32, status: i32, max_error: i64) -> SystemClock {
    SystemClock { synchronised: state != TIME_ERROR && status & UNSYNCHRONISED == 0, max_error: max_error as f64 / 1e6 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_knows_whether_something_keeps_it() {
        assert_eq!(decode_state(0, 0x2001, 1500), SystemClock { synchronised: true, max_error: 0.0015 });
        assert!(!decode_state(5, 0x40, 16_000_000).synchronised);
        assert!(!decode_state(0, 0x40, 16_000_000).synchronised);
        let here = clock().expect("Linux has adjtimex");
        assert!(here.max_error >= 0.0, "{here:?}");
    }
}
