//! Sorting of short lists of large or seldom sorted things.
//!
//! The standard library's sorts are made anew for each type and each order, some ten kilobytes of program every time, and there are hundreds of
//! them. Here places are sorted, by one sort for all, and what stands at them is moved afterwards. It takes about twice the time: what is sorted
//! by the hundred thousand, or while packets wait, sorts itself.

use std::cmp::Ordering;

/// Sorting by places. Equal things keep their order.
pub trait Arrange<T> {
    /// Into ascending order.
    fn arrange(&mut self)
    where
        T: Ord;

    /// By this comparison.
    fn arrange_by(&mut self, compare: impl FnMut(&T, &T) -> Ordering);

    /// By this key, ascending.
    fn arrange_by_key<K: Ord>(&mut self, key: impl FnMut(&T) -> K);
}

impl<T> Arrange<T> for [T] {
    fn arrange(&mut self)
    where
        T: Ord,
    {
        self.arrange_by(T::cmp);
    }

    fn arrange_by(&mut self, mut compare: impl FnMut(&T, &T) -> Ordering) {
        let places = sorted(self.len(), &mut |a, b| match (self.get(a as usize), self.get(b as usize)) {
            (Some(a), Some(b)) => compare(a, b),
            _ => Ordering::Equal,
        });
        follow(places, &mut |a, b| self.swap(a, b));
    }

    fn arrange_by_key<K: Ord>(&mut self, mut key: impl FnMut(&T) -> K) {
        self.arrange_by(|a, b| key(a).cmp(&key(b)));
    }
}

/// Places in the order of what stands at them.
fn sorted(count: usize, compare: &mut dyn FnMut(u32, u32) -> Ordering) -> Vec<u32> {
    let mut places: Vec<u32> = (0..u32::try_from(count).unwrap_or(u32::MAX)).collect();
    places.sort_by(|a, b| compare(*a, *b));
    places
}

/// Moves things to where they belong: at each place what stood at the place that is named there, round by round.
fn follow(mut places: Vec<u32>, swap: &mut dyn FnMut(usize, usize)) {
    for start in 0..places.len() {
        let mut at = start;
        // What came from `start` is where the round ends.
        while let Some(from) = places.get_mut(at).map(|place| std::mem::replace(place, at as u32) as usize)
            && from != start
            && from != at
        {
            swap(at, from);
            at = from;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Arrange;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_is_what_the_standard_library_sorts(mut rows in proptest::collection::vec((0u8..20, any::<u16>()), 0..200)) {
            let mut wanted = rows.clone();
            wanted.sort_by_key(|row| std::cmp::Reverse(row.0));
            rows.arrange_by_key(|row| std::cmp::Reverse(row.0));
            // Equal ones as they were: the second half tells.
            prop_assert_eq!(&rows, &wanted);
            wanted.sort_by(|a, b| a.1.cmp(&b.1).then(b.0.cmp(&a.0)));
            rows.arrange_by(|a, b| a.1.cmp(&b.1).then(b.0.cmp(&a.0)));
            prop_assert_eq!(&rows, &wanted);
            wanted.sort();
            rows.arrange();
            prop_assert_eq!(rows, wanted);
        }
    }

    #[test]
    fn nothing_and_one_are_in_order() {
        let mut none: [String; 0] = [];
        none.arrange();
        let mut one = ["one".to_owned()];
        one.arrange();
        assert_eq!(one, ["one"]);
    }
}
