//! How the link was used, in bins as fine as the measured clock tells apart.

use crate::engine::tape::facts::LinkReading;
use crate::model::evidence::{CLOCK_PARTS, ClockEvidence, FINE_BIN, SLOWEST_FINE_BURSTS};
use crate::model::time::MILLISECOND;
use crate::model::units::duration;
use crate::model::{LinkUse, units};

/// Differences between stamps before their grain is known.
const KNOWN: u64 = 100;

/// Of a reading what may be told.
pub fn link_use(reading: &LinkReading, clock: &ClockEvidence) -> Option<LinkUse> {
    let coarse = reading.coarse.as_ref()?;
    let tells = |bin: i64| i64::try_from(clock.grain).is_ok_and(|grain| grain.saturating_mul(CLOCK_PARTS) <= bin);
    let resolution = duration(clock.grain as f64 / 1e9);
    let is_known = clock.differences >= KNOWN && clock.grain > 0 && !clock.is_beat;
    if is_known && !tells(MILLISECOND) {
        return Some(coarse.clone().untold(format!("the clock tells {resolution} apart: nothing is said of single milliseconds")));
    }
    let why = match &reading.fine {
        None if coarse.speed < SLOWEST_FINE_BURSTS => {
            format!("below {} a finer bin would hold a few frames", units::bits_per_second(SLOWEST_FINE_BURSTS as f64))
        }
        None => {
            "no adapter is known to have stamped the packets: a kernel does when it takes them, and finer times would be its own".to_owned()
        }
        Some(_) if !is_known => "the resolution of the clock is not known".to_owned(),
        Some(_) if !tells(FINE_BIN) => format!("the clock tells {resolution} apart"),
        Some(fine) if fine.is_beyond_the_link() => {
            format!("bins of {} hold more than the link carries: packets are stamped in batches", fine.bin_words())
        }
        Some(fine) => return Some(fine.clone()),
    };
    Some(LinkUse { coarse: why, ..coarse.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{LinkWays, Mac};

    fn read(speed: u64) -> LinkReading {
        let of = |bin| Some(LinkUse { speed, bin, ways: LinkWays::Fuller(Mac([2; 6])), bursts: 1, ..LinkUse::default() });
        LinkReading { coarse: of(MILLISECOND), fine: of(FINE_BIN).filter(|_| speed >= SLOWEST_FINE_BURSTS) }
    }

    fn clock(grain: u64, differences: u64) -> ClockEvidence {
        ClockEvidence { grain, differences, ..ClockEvidence::default() }
    }

    #[test]
    fn bins_are_as_fine_as_ten_grains_of_the_clock() {
        let told = |grain, differences| link_use(&read(1_000_000_000), &clock(grain, differences)).map(|used| (used.bin, used.bursts));
        assert_eq!(told(1_000, 1_000), Some((FINE_BIN, 1)));
        assert_eq!((told(10_000, 100), told(10_001, 100)), (Some((FINE_BIN, 1)), Some((MILLISECOND, 1))));
        assert_eq!((told(100_000, 100), told(100_001, 100)), (Some((MILLISECOND, 1)), Some((0, 0))), "nothing finer than the clock");
        assert_eq!((told(1_000, 99), told(0, 1_000)), (Some((MILLISECOND, 1)), Some((MILLISECOND, 1))), "not known");
        assert_eq!(link_use(&LinkReading::default(), &clock(1, 1_000)), None);
    }

    #[test]
    fn what_keeps_bins_from_being_finer_is_said() {
        let why = |reading: LinkReading| link_use(&reading, &clock(1_000, 1_000)).map(|used| used.coarse).unwrap_or_default();
        assert_eq!(why(read(1_000_000_000)), "");
        assert!(why(read(100_000_000)).contains("1.00 Gb/s"), "{}", why(read(100_000_000)));
        assert!(why(LinkReading { fine: None, ..read(1_000_000_000) }).contains("no adapter is known"));
        // One bin of a hundred that are half full may be too full, for a frame that ends in the next.
        let beyond = |beyond, full| {
            let mut read = read(1_000_000_000);
            if let Some(fine) = &mut read.fine {
                (fine.busy[20], fine.busy[15]) = (beyond, full);
            }
            why(read)
        };
        assert_eq!(beyond(1, 99), "");
        assert!(beyond(1, 98).contains("100 µs") && beyond(1, 98).contains("in batches"), "{}", beyond(1, 98));
    }
}
