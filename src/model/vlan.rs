//! The VLAN tags of a frame.

/// VLAN identifiers of a frame, outermost first; at most four are kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VlanStack {
    ids: [u16; 4],
    len: u8,
}

impl VlanStack {
    /// Adds the next inner VLAN identifier (12 bits); a fifth is not kept.
    #[inline]
    pub fn push(&mut self, id: u16) {
        if let Some(slot) = self.ids.get_mut(usize::from(self.len)) {
            *slot = id & 0x0fff;
            self.len += 1;
        }
    }

    /// The identifiers as a number, different for different stacks.
    #[inline]
    pub fn bits(&self) -> u64 {
        // Twelve bits each: what is left of a word holds how many there are.
        self.ids.iter().fold(u64::from(self.len), |n, &id| n << 12 | u64::from(id))
    }

    /// The identifiers, outermost first.
    pub fn ids(&self) -> &[u16] {
        &self.ids[..usize::from(self.len)]
    }
}
