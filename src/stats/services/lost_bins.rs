//! In which bins losses of a connection were counted, so that what was none after all can be taken back where it stands.

use super::{BIN, MINUTE};
use crate::model::{Direction, LocatedLoss, Location};

/// Losses of one way, on one side of the mirrored port.
#[derive(Debug, Clone, Copy, Default)]
struct Counted {
    /// The number of the newest bin.
    newest: i64,
    /// In it, and in those before it.
    lately: [u16; MINUTE as usize],
    /// In older ones.
    older: u32,
}

impl Counted {
    fn note(&mut self, bin: i64) {
        let bins = self.lately.len();
        let steps = usize::try_from(bin.saturating_sub(self.newest)).unwrap_or(0).min(bins);
        if steps > 0 {
            self.lately.rotate_right(steps % bins);
            let gone = self.lately.iter_mut().take(steps).map(std::mem::take);
            self.older = gone.fold(self.older, |sum, count| sum.saturating_add(count.into()));
            self.newest = bin;
        }
        if let Some(newest) = self.lately.first_mut() {
            *newest = newest.saturating_add(1);
        }
    }

    /// The newest, by its bin, where that is one of the last minute's.
    fn take_newest(&mut self) -> Option<Option<i64>> {
        let newest = self.newest;
        if let Some((back, count)) = (0i64..).zip(&mut self.lately).find(|(_, count)| **count > 0) {
            *count -= 1;
            return Some(Some(newest.saturating_sub(back)));
        }
        let taken = self.older.checked_sub(1)?;
        self.older = taken;
        Some(None)
    }
}

/// Losses of one connection, each way, before and beyond the mirrored port.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct LostBins([[Counted; 2]; 2]);

impl LostBins {
    fn of(&mut self, way: Direction, location: Location) -> Option<&mut Counted> {
        self.0.get_mut(way as usize)?.get_mut(usize::from(location == Location::BeyondMirror))
    }

    /// A loss was counted in the bin of that number.
    pub fn note(&mut self, lost: &LocatedLoss, bin: i64) {
        self.of(lost.way, lost.location).into_iter().for_each(|counted| counted.note(bin));
    }

    /// Takes out the newest loss of a way, by its bin; `Some(None)`: it was counted longer ago than a minute. `None`: there is none.
    pub fn take(&mut self, way: Direction, location: Location) -> Option<Option<i64>> {
        self.of(way, location)?.take_newest()
    }
}

/// A minute: what is judged.
const _: () = assert!(MINUTE * BIN == 60_000_000_000, "older losses are of no finding");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_counted_is_found_in_its_bins_newest_first() {
        let mut counted = Counted::default();
        [100, 100, 101, 104, 99].into_iter().for_each(|bin| counted.note(bin));
        let taken: Vec<_> = std::iter::from_fn(|| counted.take_newest()).collect();
        assert_eq!(taken, [Some(104), Some(104), Some(101), Some(100), Some(100)], "what comes late counts in the newest");
        [100, 103, 106, 120].into_iter().for_each(|bin| counted.note(bin));
        let taken: Vec<_> = std::iter::from_fn(|| counted.take_newest()).collect();
        assert_eq!(taken, [Some(120), None, None, None]);
    }
}
