//! Messages that say their length at their beginning, cut out of a stream: as much of each as is read, the rest passed over.

use super::DissectOutput;

/// What the first bytes of a message say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framed {
    /// More of them are needed.
    More,
    /// It has so many bytes, these included.
    Bytes(usize),
    /// No message begins so.
    Nothing,
}

/// Where one direction is within its messages.
#[derive(Debug, Default)]
pub struct Frames {
    /// The front of a message that is not there as far as it is read.
    held: Vec<u8>,
    /// Bytes of a message to be passed over.
    skip: usize,
    /// Where a message begins is not known: what follows is read where a segment begins like one.
    lost: bool,
}

impl Frames {
    /// Reads the next bytes. `length` is asked what a message's first bytes say, `message` is shown at most `most` bytes of each.
    pub fn read(
        &mut self,
        mut bytes: &[u8],
        out: &mut DissectOutput<'_>,
        most: usize,
        length: impl Fn(&[u8]) -> Framed,
        mut message: impl FnMut(&[u8], &mut DissectOutput<'_>),
    ) {
        if self.lost && !matches!(length(bytes), Framed::Bytes(_)) {
            return;
        }
        self.lost = false;
        while !bytes.is_empty() && !self.lost {
            let (skipped, rest) = bytes.split_at(self.skip.min(bytes.len()));
            self.skip = self.skip.saturating_sub(skipped.len());
            bytes = rest;
            if bytes.is_empty() {
                return;
            }
            // Whole messages are read where they are.
            if self.held.is_empty()
                && let Framed::Bytes(all) = length(bytes)
                && all > 0
                && let Some((now, _)) = bytes.split_at_checked(all.min(most))
            {
                message(now, out);
                let (passed, rest) = bytes.split_at(all.min(bytes.len()));
                (self.skip, bytes) = (all.saturating_sub(passed.len()), rest);
                continue;
            }
            bytes = self.gather(bytes, out, most, &length, &mut message);
        }
    }

    /// Appends what is missing of a message to what is held of it, and gives back what follows.
    fn gather<'a>(
        &mut self,
        bytes: &'a [u8],
        out: &mut DissectOutput<'_>,
        most: usize,
        length: &impl Fn(&[u8]) -> Framed,
        message: &mut impl FnMut(&[u8], &mut DissectOutput<'_>),
    ) -> &'a [u8] {
        let said = if self.held.is_empty() { Framed::More } else { length(&self.held) };
        let (all, wanted) = match said {
            Framed::Bytes(all) if all > 0 => (Some(all), all.min(most).saturating_sub(self.held.len())),
            Framed::More if self.held.len() < most => (None, 1),
            _ => {
                self.lose();
                return bytes;
            }
        };
        let (now, rest) = bytes.split_at(wanted.min(bytes.len()));
        if !out.hold(&mut self.held, now) {
            self.lose();
            return rest;
        }
        if let Some(all) = all
            && self.held.len() >= all.min(most)
        {
            let held = std::mem::take(&mut self.held);
            message(&held, out);
            self.skip = all.saturating_sub(held.len());
        }
        rest
    }

    fn lose(&mut self) {
        *self = Self { lost: true, ..Self::default() };
    }

    /// So many bytes are missing; false when it is not known any more where a message begins.
    pub fn gap(&mut self, bytes: u32) -> bool {
        match self.skip.checked_sub(bytes as usize) {
            Some(left) if self.held.is_empty() => self.skip = left,
            _ => self.lose(),
        }
        !self.lost
    }

    /// Bytes held.
    pub fn held(&self) -> usize {
        self.held.capacity()
    }
}
