//! How often pictures are taken while a file is read: what one costs is waited for several times over before the next, so that a picture of
//! many conversations does not keep from reading. Costs are processor time: a busy machine takes longer over everything, and makes no picture
//! dearer.

use std::time::Duration;

/// What a picture cost has to be spent so many times on reading before the next is asked for.
const COSTS: u32 = 10;

/// When the next picture may be asked for.
#[derive(Debug, Default)]
pub struct PicturePace {
    /// The picture that was asked for and has not come, and what had been spent by then.
    asked: Option<(u64, Duration)>,
    /// What is to be spent before the next one.
    next: Duration,
}

impl PicturePace {
    /// The picture of that number is asked for, when so much has been spent.
    pub fn asked(&mut self, number: u64, spent: Duration) {
        self.asked = Some((number, spent));
    }

    /// Whether the next may be asked for, when so much has been spent and `answered` is the number of the newest that has come.
    pub fn allows(&mut self, answered: u64, spent: Duration) -> bool {
        if let Some((_, since)) = self.asked.filter(|(number, _)| answered >= *number) {
            self.asked = None;
            self.next = spent + COSTS * spent.saturating_sub(since);
        }
        self.asked.is_none() && spent >= self.next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(n: u64) -> Duration {
        Duration::from_millis(n)
    }

    #[test]
    fn a_picture_waits_for_ten_times_what_the_one_before_cost() {
        let mut pace = PicturePace::default();
        assert!(pace.allows(0, ms(0)), "the first comes at once");
        pace.asked(1, ms(10));
        assert!(!pace.allows(0, ms(5_000)), "it has not come");
        // It came after 100 ms of work: noticed at 5.1 s, the next may be asked for a second of work later.
        pace.asked(1, ms(5_000));
        assert!(!pace.allows(1, ms(5_100)));
        assert!(!pace.allows(1, ms(6_099)));
        assert!(pace.allows(1, ms(6_100)));
        // A cheap one is followed soon; whoever asks between (a key was pressed) moves the time.
        pace.asked(2, ms(6_100));
        assert!(!pace.allows(2, ms(6_101)) && pace.allows(2, ms(6_111)));
        pace.asked(3, ms(6_200));
        assert!(!pace.allows(2, ms(9_000)) && !pace.allows(3, ms(9_000)));
    }
}
