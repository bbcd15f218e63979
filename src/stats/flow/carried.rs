//! What a connection carried: goodput is the part of its throughput that arrived and was new.

use super::Record;
use crate::model::tcp::HEADERS_ON_ETHERNET;
use crate::model::{Carried, Direction, Traffic};
use crate::stats::tcp_analysis::Analyser;

/// What is acknowledged beyond this many times what was seen, and a first window, is no number of bytes: the connection's numbers began anew.
const BELIEVED: u64 = 4;
const FIRST_WINDOW: u64 = 1 << 16;

/// What a direction carried; `None` where it was nothing, or its numbers do not tell.
pub(super) fn of<X>(record: Record<'_, X>, analyser: &Analyser, way: Direction) -> Option<Carried> {
    let Record { flow, rest } = record;
    let (last, pauses) = analyser.sending(flow.analysis, way)?;
    let seen = flow.traffic.get(way as usize).copied().unwrap_or_default();
    let numbers = flow.numbers.carried(&rest.numbers, way)?;
    // SYN and FIN have a number each, as a byte has.
    let has_fin = flow.tcp.fin().get(way as usize).is_some_and(|fin| *fin) && flow.numbers.in_flight(way).is_none_or(|bytes| bytes == 0);
    let bytes = unwrapped(numbers.wrapping_sub(1 + u32::from(has_fin)), seen);
    let is_believed = bytes <= seen.wire_bytes.saturating_mul(BELIEVED).saturating_add(FIRST_WINDOW);
    let active = last.since(rest.first).saturating_sub(pauses).max(0);
    (is_believed && bytes > 0).then(|| Carried { bytes, active, ..Carried::default() })
}

/// A count of bytes of which the lowest 32 bits are known: the one next to what was seen.
fn unwrapped(low: u32, seen: Traffic) -> u64 {
    let about = seen.wire_bytes.saturating_sub(seen.packets.saturating_mul(HEADERS_ON_ETHERNET));
    // Less than nothing is nothing: only a SYN was acknowledged, or not even that.
    let behind = i64::from(low.wrapping_sub(about as u32) as i32);
    about.checked_add_signed(behind).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_go_on_beyond_what_sequence_numbers_hold() {
        let seen = |payload: u64, packets: u64| Traffic { packets, wire_bytes: payload + packets * HEADERS_ON_ETHERNET };
        for bytes in [0, 1, 70_000, 1 << 31, (1 << 32) - 1, 1 << 32, 5 << 32, (5 << 32) + (3 << 30)] {
            for missed in [0, bytes / 50, bytes / 9 % (1 << 30)] {
                assert_eq!(unwrapped(bytes as u32, seen(bytes - missed, bytes / 1_400 + 3)), bytes, "{missed} not seen");
            }
        }
        assert_eq!(unwrapped(u32::MAX, seen(0, 1)), 0, "not even its SYN");
    }
}
