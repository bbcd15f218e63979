//! Messages that say their length at their beginning, cut out of a stream: as much of each as is read, the rest passed over.
//!
//! A message may have parts of which each is read at its beginning: commands that are sent together, what stands behind a long body.

use super::DissectOutput;

/// What the first bytes of a message, or of a part of one, say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framed {
    /// More of them are needed.
    More,
    /// It has so many bytes, these included.
    Bytes(usize),
    /// No message begins so.
    Nothing,
}

/// How the messages of a protocol say their length.
pub trait Framing {
    /// Bytes of a part that are read.
    const READ: usize;

    /// How long the message is that begins so.
    fn message(bytes: &[u8]) -> Framed;

    /// How long the part is that begins so, of a message of which `left` bytes are still to come; the first part begins with the message.
    fn part(_bytes: &[u8], _is_first: bool, left: usize) -> Framed {
        Framed::Bytes(left)
    }

    /// Whether a segment that begins so begins with a message, behind bytes that are missing: nothing else may look like one.
    fn resumes(bytes: &[u8]) -> bool {
        matches!(Self::message(bytes), Framed::Bytes(_))
    }
}

/// Whether some bytes begin with a whole message, and end with it or go on with the head of another that `follows` it: what can be known of
/// messages that begin like much else.
pub fn are_messages<F: Framing>(bytes: &[u8], follows: impl Fn(&[u8], &[u8]) -> bool) -> bool {
    let Framed::Bytes(size) = F::message(bytes) else { return false };
    match bytes.split_at_checked(size) {
        None => false,
        Some((_, [])) => true,
        Some((one, rest)) => matches!(F::message(rest), Framed::Bytes(_)) && follows(one, rest),
    }
}

/// A part of a message, as far as it is read.
#[derive(Debug, Clone, Copy)]
pub struct MessagePart<'a> {
    /// Its first bytes.
    pub bytes: &'a [u8],
    /// The message begins with it.
    pub is_first: bool,
    /// The message ends with it.
    pub is_last: bool,
}

/// How long a part is, and what is left of the message behind it; `None` where that cannot be told yet.
type Measure = Option<(usize, usize)>;

/// No message begins where one should.
struct NoMessage;

/// Where one direction is within its messages.
#[derive(Debug, Default)]
pub struct Frames {
    /// The front of a part that is not there as far as it is read.
    held: Vec<u8>,
    /// Bytes of a part to be passed over.
    skip: usize,
    /// Bytes of the message behind that part.
    left: usize,
    /// Where a message begins is not known: what follows is read where a segment begins like one.
    lost: bool,
}

impl Frames {
    /// Reads the next bytes; `show` is shown at most [`Framing::READ`] bytes of each part.
    pub fn read<F: Framing>(
        &mut self,
        mut bytes: &[u8],
        out: &mut DissectOutput<'_>,
        mut show: impl FnMut(MessagePart<'_>, &mut DissectOutput<'_>),
    ) {
        if self.lost && !F::resumes(bytes) {
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
            // Whole parts are read where they are.
            if self.held.is_empty()
                && let Ok(Some((size, left))) = self.measure::<F>(bytes)
                && let Some((now, _)) = bytes.split_at_checked(size.min(F::READ))
            {
                show(MessagePart { bytes: now, is_first: self.left == 0, is_last: left == 0 }, out);
                let (passed, rest) = bytes.split_at(size.min(bytes.len()));
                (self.skip, self.left, bytes) = (size.saturating_sub(passed.len()), left, rest);
                continue;
            }
            bytes = self.gather::<F>(bytes, out, &mut show);
        }
    }

    /// Appends what is missing of a part to what is held of it, and gives back what follows.
    fn gather<'a, F: Framing>(
        &mut self,
        bytes: &'a [u8],
        out: &mut DissectOutput<'_>,
        show: &mut impl FnMut(MessagePart<'_>, &mut DissectOutput<'_>),
    ) -> &'a [u8] {
        let measure = if self.held.is_empty() { Ok(None) } else { self.measure::<F>(&self.held) };
        let wanted = match measure {
            Ok(Some((size, _))) => size.min(F::READ).saturating_sub(self.held.len()),
            Ok(None) if self.held.len() < F::READ => 1,
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
        // It may have ended with the byte that tells how long it is.
        let measure = if matches!(measure, Ok(None)) { self.measure::<F>(&self.held) } else { measure };
        if let Ok(Some((size, left))) = measure
            && self.held.len() >= size.min(F::READ)
        {
            let held = std::mem::take(&mut self.held);
            show(MessagePart { bytes: &held, is_first: self.left == 0, is_last: left == 0 }, out);
            (self.skip, self.left) = (size.saturating_sub(held.len()), left);
        }
        rest
    }

    /// Measures the part that begins so.
    fn measure<F: Framing>(&self, bytes: &[u8]) -> Result<Measure, NoMessage> {
        let all = match self.left {
            0 => match F::message(bytes) {
                Framed::More => return Ok(None),
                Framed::Nothing | Framed::Bytes(0) => return Err(NoMessage),
                Framed::Bytes(all) => all,
            },
            left => left,
        };
        let size = match F::part(bytes, self.left == 0, all) {
            Framed::More if bytes.len() < all.min(F::READ) => return Ok(None),
            Framed::Bytes(size) if (1..all).contains(&size) => size,
            // What has no parts that can be read is one.
            _ => all,
        };
        Ok(Some((size, all.saturating_sub(size))))
    }

    fn lose(&mut self) {
        *self = Self { lost: true, ..Self::default() };
    }

    /// So many bytes are missing; false when it is not known any more where a message begins.
    pub fn gap(&mut self, bytes: u32) -> bool {
        let bytes = bytes as usize;
        let within = self.skip.saturating_add(self.left);
        match self.skip.checked_sub(bytes) {
            Some(skip) if self.held.is_empty() => self.skip = skip,
            // Where the message ends is known, where its parts begin is not.
            _ if self.held.is_empty() && bytes <= within => (self.skip, self.left) = (within.saturating_sub(bytes), 0),
            _ => self.lose(),
        }
        !self.lost
    }

    /// Whether it is not known where a message begins.
    pub fn is_lost(&self) -> bool {
        self.lost
    }

    /// Bytes held.
    pub fn held(&self) -> usize {
        self.held.capacity()
    }
}
