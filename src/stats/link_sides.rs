//! Which way frames go on a link: a link with one station at its end carries frames from it and frames to it.

use crate::model::Mac;

/// Frames of which most must have one of two stations at an end, or others are held for the likeliest.
const WINDOW: u8 = 8;

/// One in so many frames may be between others: a switch that does not know where a station is sends its frames to every port.
const STRAYS: u64 = 100;

/// Looks for the station at one end of a link, by who sends to whom: of the two of one frame the one that is in nearly all others too.
#[derive(Debug, Clone, Default)]
pub struct LinkSides {
    ends: [Mac; 2],
    /// Frames between others than each.
    misses: [u64; 2],
    frames: u64,
    /// Frames before these two were looked for, of which nothing is known.
    before: u64,
    /// The same two counts of the latest frames.
    recent: ([u8; 2], u8),
}

impl LinkSides {
    /// Takes in a frame's first bytes, its destination and its source.
    #[inline]
    pub fn see(&mut self, frame: &[u8]) {
        let Some(&[a, b, c, d, e, f, g, h, i, j, k, l]) = frame.first_chunk::<12>() else { return self.stray() };
        let (to, from) = (Mac([a, b, c, d, e, f]), Mac([g, h, i, j, k, l]));
        if to.is_group() {
            return;
        }
        if self.frames == 0 {
            self.ends = [from, to];
        }
        let misses = self.ends.map(|end| from != end && to != end);
        self.miss(misses);
        let (recent, frames) = self.recent;
        if frames >= WINDOW {
            self.recent = Default::default();
            if recent.iter().all(|misses| *misses > WINDOW / 2) {
                *self = Self { ends: [from, to], before: self.before.saturating_add(self.frames), ..Self::default() };
                self.miss([false; 2]);
            }
        }
    }

    #[inline]
    fn miss(&mut self, misses: [bool; 2]) {
        self.frames += 1;
        self.recent.1 += 1;
        for ((all, recent), is_missed) in self.misses.iter_mut().zip(&mut self.recent.0).zip(misses) {
            *all += u64::from(is_missed);
            *recent += u8::from(is_missed);
        }
    }

    /// A frame whose ends are not told: not of Ethernet, or in a tunnel whose outside is taken off.
    #[inline]
    pub fn stray(&mut self) {
        self.before = self.before.saturating_add(1);
    }

    /// The station that is likeliest to be at the end.
    #[inline]
    pub fn likely(&self) -> Mac {
        let [first, second] = self.ends;
        if self.misses[1] < self.misses[0] { second } else { first }
    }

    /// Whether it is one of the two that are looked at.
    pub fn is_looked_at(&self, station: Mac) -> bool {
        self.ends.contains(&station)
    }

    /// The station at the end; `None` where there is none, or none is seen yet.
    pub fn end(&self) -> Option<Mac> {
        let [first, second] = self.misses;
        let misses = first.min(second).saturating_add(self.before);
        let frames = self.frames.saturating_add(self.before);
        (self.frames > 0 && misses.saturating_mul(STRAYS) <= frames).then(|| self.likely())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(from: u8, to: u8) -> [u8; 12] {
        [2, 0, 0, 0, 0, to, 2, 0, 0, 0, 0, from]
    }

    fn of(frames: impl IntoIterator<Item = (u8, u8)>) -> LinkSides {
        let mut sides = LinkSides::default();
        frames.into_iter().for_each(|(from, to)| sides.see(&frame(from, to)));
        sides
    }

    const fn mac(last: u8) -> Option<Mac> {
        Some(Mac([2, 0, 0, 0, 0, last]))
    }

    #[test]
    fn the_station_that_is_in_all_frames_is_at_the_end() {
        assert_eq!(of([]).end(), None);
        assert_eq!(of([(1, 9), (9, 1)]).end(), mac(1), "either of two");
        assert_eq!(of([(1, 9), (2, 9), (9, 3)]).end(), mac(9));
        assert_eq!(of((0..500).map(|n| (n as u8 % 7, 9))).end(), mac(9));
        // Frames to groups come from anywhere.
        let mut sides = of([(1, 9), (2, 9)]);
        (0..50).for_each(|_| sides.see(&[1, 0, 0x5e, 0, 0, 1, 2, 0, 0, 0, 0, 77]));
        assert_eq!(sides.end(), mac(9));
    }

    #[test]
    fn flooded_frames_are_few_and_a_link_between_switches_has_no_such_station() {
        let flooded = |every: u64| of((0..1_000u64).map(move |n| if n % every == every - 1 { (3, 4) } else { (9, 1 + n as u8 % 2) }));
        assert_eq!((flooded(100).end(), flooded(99).end(), flooded(90).end()), (mac(9), mac(9), None), "one in a hundred at most");
        assert_eq!(of((0..1_000u64).map(|n| (n as u8 % 5, 10 + n as u8 % 3))).end(), None);
        // The first frame was one of those: nothing is known of those until another station is held for the likeliest.
        let first = |more: u32| of([(3, 4)].into_iter().chain((0..more).map(|n| (9, 20 + (n % 5) as u8))));
        assert_eq!((first(1_000).end(), first(100).end(), first(100).likely()), (mac(9), None, Mac([2, 0, 0, 0, 0, 9])));
    }

    #[test]
    fn what_has_no_ends_tells_of_none() {
        let mut sides = of([(1, 9), (9, 1)]);
        sides.stray();
        assert_eq!(sides.end(), None);
        sides.see(&[0; 11]);
        assert_eq!((sides.end(), sides.likely()), (None, Mac([2, 0, 0, 0, 0, 1])));
    }
}
