//! A table that grows in pieces: nothing it holds is ever moved, and what is not used yet takes no memory.
//!
//! A vector that doubles copies all it has each time, and leaves a hole where it was that nothing of another size fits in. The pieces of all
//! tables lie on [pages](Pages) of their own.

use super::memory::pages::{PAGE, Pages};
use allocator_api2::vec::Vec as Piece;
use std::iter::{Flatten, FusedIterator};
use std::ops::{Index, IndexMut};

/// The largest piece has so many values, as a power of two.
const MOST: u32 = 9;

/// How many values a piece has, as a power of two: as few as fill whole pages but for a sixteenth.
const fn shift(size: usize) -> u32 {
    let mut shift = 5;
    while shift < MOST {
        let bytes = size << shift;
        if bytes >= PAGE && (bytes.next_multiple_of(PAGE) - bytes) * 16 <= bytes {
            break;
        }
        shift += 1;
    }
    shift
}

/// Values by their numbers, from 0.
#[derive(Debug)]
pub struct Slab<T> {
    /// All but the last are full.
    pieces: Vec<Piece<T, Pages>>,
}

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Self { pieces: Vec::new() }
    }
}

impl<T> Slab<T> {
    const SHIFT: u32 = shift(size_of::<T>());
    const PER: usize = 1 << Self::SHIFT;

    /// How many values there are.
    #[inline]
    pub fn len(&self) -> usize {
        self.pieces.last().map_or(0, |last| (self.pieces.len() - 1) * Self::PER + last.len())
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// The value of a number.
    #[inline(always)]
    pub fn get(&self, at: usize) -> Option<&T> {
        self.pieces.get(at >> Self::SHIFT)?.get(at % Self::PER)
    }

    /// The same, to be changed.
    #[inline(always)]
    pub fn get_mut(&mut self, at: usize) -> Option<&mut T> {
        self.pieces.get_mut(at >> Self::SHIFT)?.get_mut(at % Self::PER)
    }

    /// Adds one behind all others.
    #[inline]
    pub fn push(&mut self, value: T) {
        match self.pieces.last_mut() {
            Some(last) if last.len() < Self::PER => last.push(value),
            _ => self.push_piece(value),
        }
    }

    #[cold]
    #[inline(never)]
    fn push_piece(&mut self, value: T) {
        let mut piece = Piece::with_capacity_in(Self::PER, Pages);
        piece.push(value);
        self.pieces.push(piece);
    }

    /// All values in the order of their numbers.
    pub fn iter(&self) -> Iter<'_, T> {
        self.pieces.iter().flatten()
    }

    /// The same, to be changed.
    pub fn iter_mut(&mut self) -> IterMut<'_, T> {
        self.pieces.iter_mut().flatten()
    }

    /// Keeps the first `length` values.
    pub fn truncate(&mut self, length: usize) {
        self.pieces.truncate(length.div_ceil(Self::PER));
        if let Some(last) = self.pieces.last_mut() {
            last.truncate(length - (length - 1) / Self::PER * Self::PER);
        }
    }
}

impl<T: Copy> Slab<T> {
    /// Keeps those that are told to stay, which move up.
    pub fn retain(&mut self, mut stays: impl FnMut(&T) -> bool) {
        let mut kept = 0;
        for at in 0..self.len() {
            let Some(value) = self.get(at).copied().filter(|value| stays(value)) else { continue };
            self.get_mut(kept).into_iter().for_each(|place| *place = value);
            kept += 1;
        }
        self.truncate(kept);
    }
}

/// See [`Slab::iter`].
pub type Iter<'a, T> = Flatten<std::slice::Iter<'a, Piece<T, Pages>>>;
/// See [`Slab::iter_mut`].
pub type IterMut<'a, T> = Flatten<std::slice::IterMut<'a, Piece<T, Pages>>>;

const _: fn() = || {
    fn ends_for_good<I: FusedIterator>() {}
    ends_for_good::<Iter<'_, u8>>();
};

impl<'a, T> IntoIterator for &'a Slab<T> {
    type Item = &'a T;
    type IntoIter = Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<'a, T> IntoIterator for &'a mut Slab<T> {
    type Item = &'a mut T;
    type IntoIter = IterMut<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter_mut()
    }
}

/// Of a number that the table itself has given.
impl<T> Index<usize> for Slab<T> {
    type Output = T;

    #[inline(always)]
    fn index(&self, at: usize) -> &T {
        &self.pieces[at >> Self::SHIFT][at % Self::PER]
    }
}

impl<T> IndexMut<usize> for Slab<T> {
    #[inline(always)]
    fn index_mut(&mut self, at: usize) -> &mut T {
        &mut self.pieces[at >> Self::SHIFT][at % Self::PER]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn pieces_fill_pages() {
        for (size, values) in [(192, 64), (128, 32), (112, 256), (64, 64), (96, 128), (4096, 32)] {
            assert_eq!(1 << shift(size), values, "{size}");
        }
        assert_eq!(shift(1), MOST);
    }

    proptest! {
        #[test]
        fn does_what_a_vector_does(numbers in prop::collection::vec(0u64..1_000, 0..2_000), keep in 1u64..5) {
            let mut slab = Slab::default();
            let mut vector = Vec::new();
            for (at, &number) in numbers.iter().enumerate() {
                prop_assert_eq!(slab.len(), at);
                slab.push([number; 8]);
                vector.push([number; 8]);
            }
            prop_assert!(slab.iter().eq(&vector));
            prop_assert_eq!(slab.get(numbers.len()), None);
            for (at, value) in vector.iter_mut().enumerate().filter(|(at, _)| at % 3 == 0) {
                value[1] += 1;
                slab[at][1] += 1;
            }
            slab.retain(|value| value[0] % keep == 0);
            vector.retain(|value| value[0] % keep == 0);
            prop_assert!(slab.iter().eq(&vector));
            prop_assert_eq!((slab.len(), slab.is_empty()), (vector.len(), vector.is_empty()));
            slab.push([7; 8]);
            prop_assert_eq!(slab[vector.len()], [7; 8]);
            slab.truncate(0);
            prop_assert!(slab.is_empty() && slab.get(0).is_none());
        }
    }
}
