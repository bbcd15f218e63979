//! A shelf of made-up packets, for tests of what reads shelves.

use crate::browse::Shelf;
use crate::error::Result;
use crate::model::time::SECOND;
use crate::model::{LinkType, TapePacket, Timestamp};
use crate::record::InterfaceAbout;
use std::ops::Range;

/// Packets of the same bytes, one each `step` nanoseconds from 1,000 s on.
#[derive(Clone)]
pub struct MadeShelf {
    /// The packets there are.
    pub numbers: Range<u64>,
    /// The bytes of each.
    pub bytes: Vec<u8>,
    /// Nanoseconds from one to the next.
    pub step: i64,
    /// How many are read at once, from a multiple of it on.
    pub at_once: u64,
}

/// The time of the first packet that could be there.
pub const BEGIN: Timestamp = Timestamp(1_000 * SECOND);

impl Shelf for MadeShelf {
    fn range(&mut self) -> Range<u64> {
        self.numbers.clone()
    }

    fn read(&mut self, number: u64, show: &mut dyn FnMut(u64, &TapePacket<'_>)) -> Result<bool> {
        let first = number / self.at_once * self.at_once;
        for n in (first..first + self.at_once).filter(|n| self.numbers.contains(n)) {
            let time = BEGIN.plus(n as i64 * self.step);
            show(n, &TapePacket { time, link: LinkType::ETHERNET, wire: self.bytes.len() as u32, interface: 0, bytes: &self.bytes });
        }
        Ok(number < self.numbers.end)
    }

    /// Ten packets before: times may be out of order.
    fn before(&mut self, time: Timestamp) -> u64 {
        let steps = time.since(BEGIN) / self.step;
        u64::try_from(steps - 10).unwrap_or(0).clamp(self.numbers.start, self.numbers.end)
    }

    fn interface(&mut self, _: u16) -> InterfaceAbout {
        InterfaceAbout::default()
    }

    fn place(&mut self) -> String {
        String::new()
    }

    fn again(&self) -> Box<dyn Shelf> {
        Box::new(self.clone())
    }
}
