//! Which station sends most of what is not completed, whatever addresses it comes from.

use crate::model::evidence::StationEvidence;
use crate::model::{Mac, Timestamp};
use std::collections::BTreeMap;

/// The station of which more comes than of all others together, where there is one (the majority vote of Boyer and Moore).
#[derive(Debug, Clone, Copy, Default)]
pub struct Senders {
    station: Mac,
    /// How many more than of all others there are at least.
    margin: u32,
    /// When the newest came.
    last: Timestamp,
}

impl Senders {
    /// One came from a station.
    pub fn note(&mut self, station: Mac, time: Timestamp) {
        if self.margin == 0 {
            self.station = station;
        }
        self.margin = if self.station == station { self.margin.saturating_add(1) } else { self.margin.saturating_sub(1) };
        self.last = self.last.max(time);
    }

    /// The one that surely sent more than half of `all` in several stretches, with how many more than the others it sent at least.
    pub fn most<'a>(parts: impl Iterator<Item = &'a Self>, all: u64) -> Option<StationEvidence> {
        let (mut margins, mut last) = (BTreeMap::<Mac, u64>::new(), Timestamp::default());
        for part in parts.filter(|part| part.margin > 0) {
            let margin = margins.entry(part.station).or_default();
            *margin = margin.saturating_add(part.margin.into());
            last = last.max(part.last);
        }
        let (mac, count) = margins.into_iter().max_by_key(|(_, margin)| *margin)?;
        (count > all / 2).then_some(StationEvidence { mac, maker: None, count, last })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The station that sent most of these, in stretches of so many.
    fn most(stations: &[u8], stretch: usize) -> Option<(u8, u64)> {
        let parts: Vec<Senders> = stations
            .chunks(stretch)
            .map(|chunk| {
                let mut part = Senders::default();
                chunk.iter().for_each(|n| part.note(Mac([2, 0, 0, 0, 0, *n]), Timestamp(1)));
                part
            })
            .collect();
        Senders::most(parts.iter(), stations.len() as u64).map(|s| (s.mac.0[5], s.count))
    }

    #[test]
    fn who_sends_most_is_told_where_it_is_sure() {
        assert_eq!(most(&[1; 9], 3), Some((1, 9)));
        assert_eq!(most(&[1, 1, 2, 1, 1, 1, 3, 1, 1], 9), Some((1, 5)), "seven of nine");
        assert_eq!(most(&[1, 2, 1, 2, 1, 1], 6), None, "four of six");
        assert_eq!(most(&[1, 2, 3, 4, 5, 6], 2), None);
        assert_eq!(most(&[2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1], 3), Some((1, 10)), "another one before it");
    }
}
