//! An interface of a section: link type, clock, what it lost.

use crate::capture::SourceLosses;
use crate::capture::file::format::ByteOrder;
use crate::model::limits::{INTERFACE_TEXT, PACKET_COMMENTS};
use crate::model::{FileInterface, LinkType, Timestamp};

/// What packets of an interface are read by: link type, longest packet, clock.
pub(super) type Reading = (LinkType, u32, Clock);

/// An interface of the current section.
#[derive(Clone)]
pub(super) struct SectionInterface {
    pub(super) link: LinkType,
    pub(super) snap: u32,
    pub(super) clock: Clock,
    /// The latest counters of its statistics blocks.
    pub(super) losses: SourceLosses,
    /// Drops that its packets tell of, each since the one before.
    pub(super) packet_drops: u64,
    /// Its packets so far.
    pub(super) packets: u64,
    /// Its name and description, of the first interfaces of a file.
    pub(super) name: Option<String>,
    pub(super) description: Option<String>,
}

impl SectionInterface {
    /// What statistics and packets tell. Where both do, it is the same drops: the larger count is told.
    pub(super) fn losses(&self) -> SourceLosses {
        let told = self.packet_drops.saturating_sub(self.losses.kernel);
        SourceLosses { interface: self.losses.interface.max(told), ..self.losses }
    }

    pub(super) fn reading(&self) -> Reading {
        (self.link, self.snap, self.clock)
    }

    /// As it is listed.
    pub(super) fn listed(&self) -> FileInterface {
        let losses = self.losses();
        let dropped = losses.interface.saturating_add(losses.kernel);
        let (name, description) = (self.name.clone(), self.description.clone());
        FileInterface { name, description, link: self.link, packets: self.packets, dropped }
    }
}

/// The text of an option, without what some writers put behind it.
pub(super) fn text(value: &[u8]) -> Option<String> {
    let value = value.get(..INTERFACE_TEXT).unwrap_or(value);
    let text = String::from_utf8_lossy(value);
    let text = text.trim_end_matches('\0');
    (!text.is_empty()).then(|| text.to_owned())
}

/// Options of a block: code and value, until `opt_endofopt` or damage.
pub(super) fn options(order: ByteOrder, mut rest: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    std::iter::from_fn(move || {
        let (code, length) = (order.u16(rest, 0), usize::from(order.u16(rest, 2)));
        let value = rest.get(4..4 + length).filter(|_| code != 0)?;
        rest = rest.get(4 + length.next_multiple_of(4)..).unwrap_or(&[]);
        Some((code, value))
    })
}

/// The first comments (`opt_comment`, 1) among a block's options.
pub(super) fn comments<'a>(options: impl Iterator<Item = (u16, &'a [u8])>) -> impl Iterator<Item = String> {
    options.filter(|&(code, _)| code == 1).take(PACKET_COMMENTS).map(|(_, value)| String::from_utf8_lossy(value).into_owned())
}

/// How an interface counts time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Clock {
    unit: Unit,
    /// Seconds to be added (`if_tsoffset`).
    pub(super) offset: i64,
}

/// The unit of an interface's time stamps (`if_tsresol`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    /// So many nanoseconds.
    Nanos(u64),
    /// So many in a nanosecond.
    PerNano(u128),
    /// 2^-n seconds.
    Binary(u32),
}

/// Microseconds.
impl Default for Clock {
    fn default() -> Self {
        Self { unit: Unit::Nanos(1000), offset: 0 }
    }
}

impl Clock {
    /// Powers of two when the top bit is set, else of ten.
    pub(super) fn set_resolution(&mut self, resolution: u8) {
        let power = u32::from(resolution & 0x7f);
        self.unit = match resolution {
            128.. => Unit::Binary(power),
            0..=9 => Unit::Nanos(10u64.pow(9 - power)),
            _ => Unit::PerNano(10u128.checked_pow(power - 9).unwrap_or(u128::MAX)),
        };
    }

    /// A time stamp of this interface, rounded down to nanoseconds, saturating.
    #[inline(always)]
    pub(super) fn time(self, ticks: u64) -> Timestamp {
        let nanos = match self.unit {
            Unit::Nanos(n) => ticks.saturating_mul(n),
            Unit::PerNano(n) => (u128::from(ticks) / n) as u64,
            // Below 2^64 ticks and 10^9 < 2^30, so the product fits 128 bits; more than 127 bits of shift are not in the format.
            Unit::Binary(n) => u64::try_from((u128::from(ticks) * 1_000_000_000) >> n).unwrap_or(u64::MAX),
        };
        Timestamp::new(self.offset, i64::try_from(nanos).unwrap_or(i64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resolutions() {
        let mut clock = Clock::default();
        assert_eq!(clock.time(1_500_000), Timestamp(1_500_000_000));
        for (resolution, ticks, nanos) in [
            (0, 3, 3_000_000_000),
            (9, 7, 7),
            (12, 1_999, 1),
            (127, u64::MAX, 0),
            (0x80, 2, 2_000_000_000),
            (0x8a, 1536, 1_500_000_000),
            (0xff, u64::MAX, 0),
            (0xc0, 1 << 63, 500_000_000),
            (0, u64::MAX, i64::MAX),
        ] {
            clock.set_resolution(resolution);
            assert_eq!(clock.time(ticks), Timestamp(nanos), "{resolution:#x}");
        }
        clock.set_resolution(6);
        clock.offset = -1;
        assert_eq!(clock.time(250_000), Timestamp(-750_000_000));
    }
}
