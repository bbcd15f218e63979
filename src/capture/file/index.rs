//! Where packets lie in a capture: a place every so many packets, noted while it is read for the first time, from which it can be read again.
//!
//! Only a single uncompressed file can be sought in. Of others (compressed, several at once) every reading begins at the beginning.

use super::format::FileFormat;
use crate::model::Timestamp;
use crate::model::limits::INDEX_PLACES;
use std::fmt;
use std::sync::{Mutex, PoisonError};

/// A place to begin at.
pub(super) struct Place {
    /// Byte of the file.
    pub position: u64,
    /// Packets before it that the filter let pass.
    pub packets: u64,
    /// Time of the first packet behind it.
    pub time: Timestamp,
    /// What the format knows there.
    pub format: Box<dyn FileFormat>,
}

/// The places of one capture.
#[derive(Default)]
struct Places {
    list: Vec<Place>,
    /// Of how many places offered one is kept, and how many were left out since.
    every: u32,
    skipped: u32,
    packets: u64,
}

/// Where packets of a capture lie. Filled while it is read, by whoever reads it first.
#[derive(Default)]
pub struct PacketIndex {
    places: Mutex<Places>,
}

impl fmt::Debug for PacketIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PacketIndex({} packets)", self.packets())
    }
}

impl PacketIndex {
    /// Packets read so far.
    pub fn packets(&self) -> u64 {
        self.places.lock().unwrap_or_else(PoisonError::into_inner).packets
    }

    /// Whether reading again can begin elsewhere than at the beginning.
    pub fn is_sought(&self) -> bool {
        !self.places.lock().unwrap_or_else(PoisonError::into_inner).list.is_empty()
    }

    /// Whether the next place offered is kept.
    pub(super) fn wants(&self) -> bool {
        let places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        places.skipped + 1 >= places.every
    }

    /// Notes how many packets were read by now, and the place where the last of them began to be.
    pub(super) fn note(&self, packets: u64, place: Option<Place>) {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        places.packets = packets;
        let Some(place) = place else {
            places.skipped = places.skipped.saturating_add(1);
            return;
        };
        places.skipped = 0;
        if places.list.len() >= INDEX_PLACES {
            // Half of them, twice as far from each other.
            let mut nth = 0;
            places.list.retain(|_| {
                nth += 1;
                nth % 2 == 1
            });
            places.every = places.every.max(1).saturating_mul(2);
        }
        places.list.push(place);
    }

    /// The last place kept that is not behind a packet of this number (from 0): byte, packets before it, and what the format knows there.
    pub(super) fn place(&self, number: u64) -> Option<(u64, u64, Box<dyn FileFormat>)> {
        let places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        let at = places.list.partition_point(|place| place.packets <= number);
        let place = places.list.get(at.checked_sub(1)?)?;
        Some((place.position, place.packets, place.format.fork()?))
    }

    /// The number (from 0) of a packet that comes before all those at or behind a time, as far as times ascend.
    pub fn before(&self, time: Timestamp) -> u64 {
        let places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        let at = places.list.partition_point(|place| place.time < time);
        at.checked_sub(1).and_then(|at| places.list.get(at)).map_or(0, |place| place.packets)
    }
}
