//! Something of each kind of trouble that there was: of most services and clients there was none, and thousands of them are remembered.

use super::services::{Trouble, Troubled};

/// One of each kind of trouble, where there is one.
#[derive(Debug, Clone, PartialEq)]
pub struct ByTrouble<T>(Vec<(Trouble, T)>);

/// What went wrong in a stretch of time.
pub type Troubles = ByTrouble<Troubled>;

impl<T> Default for ByTrouble<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> ByTrouble<T> {
    /// Bytes at most, without its own.
    #[cfg(test)]
    pub const BYTES: usize = Trouble::COUNT * size_of::<(Trouble, T)>();

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The one of a kind.
    pub fn get(&self, trouble: Trouble) -> Option<&T> {
        self.0.iter().find(|known| known.0 == trouble).map(|known| &known.1)
    }

    /// The one of a kind, to be changed; where there is none it is `fresh`.
    pub fn get_or_insert(&mut self, trouble: Trouble, fresh: impl FnOnce() -> T) -> &mut T {
        let at = self.0.iter().position(|known| known.0 >= trouble).unwrap_or(self.0.len());
        if self.0.get(at).is_none_or(|known| known.0 != trouble) {
            // Seldom another comes.
            self.0.reserve_exact(1);
            self.0.insert(at, (trouble, fresh()));
        }
        &mut self.0[at].1
    }

    /// All of them, in the order of their kinds.
    pub fn iter(&self) -> impl Iterator<Item = (Trouble, &T)> {
        self.0.iter().map(|(trouble, of)| (*trouble, of))
    }
}

impl Troubles {
    /// How often something went wrong, and for whom.
    pub fn of(&self, trouble: Trouble) -> Troubled {
        self.get(trouble).copied().unwrap_or_default()
    }

    /// The same, to be changed.
    pub fn of_mut(&mut self, trouble: Trouble) -> &mut Troubled {
        self.get_or_insert(trouble, Troubled::default)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_its_own_count_in_whatever_order_they_come() {
        let counted = |order: &[Trouble]| {
            let mut troubles = Troubles::default();
            order.iter().for_each(|trouble| troubles.of_mut(*trouble).count += 1 + *trouble as u64);
            troubles
        };
        let all = counted(&Trouble::ALL);
        assert!(Trouble::ALL.iter().all(|trouble| all.of(*trouble).count == 1 + *trouble as u64));
        assert!(all.iter().map(|of| of.0).eq(Trouble::ALL));
        let reverse: Vec<Trouble> = Trouble::ALL.into_iter().rev().collect();
        assert_eq!(counted(&reverse), all);
        let twice = counted(&[Trouble::Cut, Trouble::Refused, Trouble::Cut]);
        assert_eq!([Trouble::Cut, Trouble::Refused, Trouble::Error].map(|trouble| twice.of(trouble).count), [8, 2, 0]);
        assert!(!twice.is_empty() && Troubles::default().is_empty());
    }
}
