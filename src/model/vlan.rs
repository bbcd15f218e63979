//! The VLAN tags of a frame.

/// VLAN identifiers of a frame, outermost first; at most four are kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VlanStack {
    ids: [u16; 4],
    len: u8,
}

impl FromIterator<u16> for VlanStack {
    fn from_iter<I: IntoIterator<Item = u16>>(ids: I) -> Self {
        let mut stack = Self::default();
        ids.into_iter().for_each(|id| stack.push(id));
        stack
    }
}

impl VlanStack {
    /// The first `count` (at most two) of two VLAN identifiers.
    #[inline]
    pub fn first_of(count: u8, [outer, inner]: [u16; 2]) -> Self {
        let [outer_mask, inner_mask] = Self::masks(count);
        Self { ids: [outer & outer_mask, inner & inner_mask, 0, 0], len: count.min(2) }
    }

    /// [`Self::bits`] of the same.
    #[inline]
    pub fn first_bits(count: u8, [outer, inner]: [u16; 2]) -> u64 {
        let [outer_mask, inner_mask] = Self::masks(count);
        u64::from(count) << 60 | u64::from(inner & inner_mask) << 16 | u64::from(outer & outer_mask)
    }

    /// What remains of two tags when the first `count` of them are taken. No branch: whether a frame is tagged is hard to foresee.
    #[inline]
    fn masks(count: u8) -> [u16; 2] {
        static MASKS: [[u16; 2]; 4] = [[0, 0], [0x0fff, 0], [0x0fff, 0x0fff], [0x0fff, 0x0fff]];
        MASKS[usize::from(count & 3)]
    }

    /// The VLAN of a frame: the outermost identifier, unless it is 0, a priority only.
    pub fn outermost(&self) -> Option<u16> {
        self.ids().first().copied().filter(|id| *id != 0)
    }

    /// Adds the next inner VLAN identifier (12 bits); a fifth is not kept.
    #[inline]
    pub fn push(&mut self, id: u16) {
        if let Some(slot) = self.ids.get_mut(usize::from(self.len)) {
            *slot = id & 0x0fff;
            self.len += 1;
        }
    }

    /// Adds an identifier where it belongs in ascending order, if it is not there: for sets of them. A fifth is not kept.
    pub fn insert(&mut self, id: u16) {
        let id = id & 0x0fff;
        let at = self.ids().partition_point(|&other| other < id);
        if self.ids().get(at) != Some(&id)
            && let Some(rest) = self.ids.get_mut(at..=usize::from(self.len))
        {
            rest.rotate_right(1);
            rest[0] = id;
            self.len += 1;
        }
    }

    /// The identifiers as a number, different for different stacks.
    #[inline]
    pub fn bits(&self) -> u64 {
        // Twelve bits each: of the four that are left of the last the word holds how many there are.
        let [a, b, c, d] = self.ids.map(u64::from);
        u64::from(self.len) << 60 | d << 48 | c << 32 | b << 16 | a
    }

    /// The identifiers, outermost first.
    pub fn ids(&self) -> &[u16] {
        &self.ids[..usize::from(self.len)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_is_in_order_and_holds_four() {
        let mut set = VlanStack::default();
        for id in [30, 10, 30, 20, 10, 5, 1] {
            set.insert(id);
        }
        assert_eq!(set.ids(), [5, 10, 20, 30]);
    }

    #[test]
    fn two_at_once_are_what_is_added_one_by_one() {
        for count in 0..3u8 {
            let one_by_one: VlanStack = [0xf123, 7].into_iter().take(count.into()).collect();
            assert_eq!(VlanStack::first_of(count, [0xf123, 7]), one_by_one);
        }
    }

    #[test]
    fn stacks_have_different_numbers() {
        let of = |ids: &[u16]| {
            let mut stack = VlanStack::default();
            ids.iter().for_each(|&id| stack.push(id));
            stack.bits()
        };
        let all = [of(&[]), of(&[0]), of(&[0, 0]), of(&[1]), of(&[1, 0]), of(&[0, 1]), of(&[4095; 4]), of(&[4095; 3])];
        assert!((0..all.len()).all(|i| (0..i).all(|j| all[i] != all[j])), "{all:x?}");
    }
}
