//! A field of dots, two by four in a cell.

/// Dots of one cell by (column, row), as in Unicode's braille block.
const DOTS: [[u8; 4]; 2] = [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]];

/// A field of dots.
#[derive(Debug, Clone)]
pub(in crate::tui) struct Dots {
    width: usize,
    cells: Vec<u8>,
}

impl Dots {
    /// An empty field of so many cells.
    pub fn new(width: u16, height: u16) -> Self {
        Self { width: usize::from(width), cells: vec![0; usize::from(width) * usize::from(height)] }
    }

    /// Sets a dot, counted from the top left; dots outside are not set.
    pub fn set(&mut self, x: usize, y: usize) {
        if x / 2 >= self.width {
            return;
        }
        if let Some(cell) = self.cells.get_mut(y / 4 * self.width + x / 2) {
            *cell |= DOTS[x % 2][y % 4];
        }
    }

    /// The character of a cell; `None` when it is empty.
    pub fn symbol(&self, x: u16, y: u16) -> Option<char> {
        let bits = self.cells.get(usize::from(y) * self.width + usize::from(x)).copied().unwrap_or(0);
        (bits != 0).then(|| char::from_u32(0x2800 + u32::from(bits)).unwrap_or(' '))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_make_characters() {
        let mut d = Dots::new(2, 1);
        assert_eq!(d.symbol(0, 0), None);
        d.set(0, 3);
        d.set(1, 3);
        d.set(99, 99);
        assert_eq!(d.symbol(0, 0), Some('⣀'));
        assert_eq!(d.symbol(1, 0), None);
        assert_eq!(d.symbol(9, 9), None);
    }
}
