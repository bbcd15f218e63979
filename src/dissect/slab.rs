//! A list of states that are found by a number and whose places are used again.

/// At most `cap` values, each under a handle that is never 0.
#[derive(Debug)]
pub struct Slab<T> {
    places: Vec<Option<T>>,
    free: Vec<u32>,
    cap: usize,
}

impl<T> Slab<T> {
    /// An empty slab for at most `cap` values; it takes no memory before it is used.
    pub fn new(cap: usize) -> Self {
        Self { places: Vec::new(), free: Vec::new(), cap: cap.min(u32::MAX as usize - 1) }
    }

    /// Keeps a value and gives its handle; `None` when there is no room.
    pub fn insert(&mut self, value: T) -> Option<u32> {
        if let Some(handle) = self.free.pop() {
            *self.places.get_mut(place(handle)?)? = Some(value);
            return Some(handle);
        }
        if self.places.len() >= self.cap {
            return None;
        }
        self.places.push(Some(value));
        u32::try_from(self.places.len()).ok()
    }

    /// The value of a handle.
    pub fn get(&self, handle: u32) -> Option<&T> {
        self.places.get(place(handle)?)?.as_ref()
    }

    /// The value of a handle, to be changed.
    pub fn get_mut(&mut self, handle: u32) -> Option<&mut T> {
        self.places.get_mut(place(handle)?)?.as_mut()
    }

    /// Takes a value out; its handle will be given again.
    pub fn remove(&mut self, handle: u32) -> Option<T> {
        let value = self.places.get_mut(place(handle)?)?.take()?;
        self.free.push(handle);
        Some(value)
    }

    /// How many values there are.
    pub fn len(&self) -> usize {
        self.places.len().saturating_sub(self.free.len())
    }
}

fn place(handle: u32) -> Option<usize> {
    (handle as usize).checked_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn handles_are_used_again_and_never_shared() {
        let mut slab = Slab::new(2);
        let (a, b) = (slab.insert('a').unwrap(), slab.insert('b').unwrap());
        assert!(a != 0 && b != 0 && a != b);
        assert_eq!((slab.insert('c'), slab.len()), (None, 2));
        assert_eq!((slab.remove(a), slab.remove(a), slab.get(a)), (Some('a'), None, None));
        let c = slab.insert('c').unwrap();
        *slab.get_mut(c).unwrap() = 'd';
        assert_eq!((slab.get(c), slab.get(b), slab.len()), (Some(&'d'), Some(&'b'), 2));
        assert_eq!((slab.remove(0), slab.remove(99), slab.get(0)), (None, None, None));
    }
}
