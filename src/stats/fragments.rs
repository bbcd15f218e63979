//! Datagrams in IP fragments: which of them arrive whole.

use crate::model::Arrange as _;
use crate::model::evidence::FRAGMENTS_WAIT;
use crate::model::limits::OPEN_DATAGRAMS;
use crate::model::time::SECOND;
use crate::model::{Address, Sight, Timestamp};
use hashbrown::HashMap;
use std::collections::VecDeque;

/// Pieces of one datagram that are told apart: of 64 KiB over a link of 576 bytes, which every host takes (RFC 791 section 3.1), there are 119.
const PIECES: usize = 128;

/// Whole datagrams remembered, and for how long: a copy comes soon, and after a while the same number is another datagram's.
const WHOLE: usize = 64;
const COPIED: i64 = SECOND;

/// A fragment (RFC 791 section 3.2, RFC 8200 section 4.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece {
    /// Source and destination.
    pub ends: [Address; 2],
    /// The protocol the datagram carries.
    pub protocol: u8,
    /// The datagram's identification.
    pub id: u32,
    /// Where its bytes belong.
    pub offset: u32,
    /// How many they are.
    pub length: u32,
    /// More follow.
    pub more: bool,
    /// It is of a name server's query or answer.
    pub is_dns: bool,
}

#[derive(Debug)]
struct Open {
    first: Timestamp,
    offsets: Vec<u32>,
    received: u32,
    total: Option<u32>,
    is_dns: bool,
    /// The packet of the latest piece.
    number: u64,
}

/// Whose datagram, and which.
type Which = ([Address; 2], u8, u32);

/// Datagrams of one shard of which fragments are missing.
#[derive(Debug, Default)]
pub struct Fragments {
    open: HashMap<Which, Open>,
    /// The latest that arrived whole: a second copy of a piece of them begins no other.
    whole: VecDeque<(Which, Timestamp)>,
    begun: Option<Timestamp>,
    newest: Timestamp,
}

impl Fragments {
    /// The capture began: what came before is not known.
    pub fn begin(&mut self, time: Timestamp) {
        self.begun = Some(time);
    }

    /// Takes in a fragment, which came in the packet of that number; says what arrived whole with it.
    #[inline(never)]
    pub fn note(&mut self, (time, number): (Timestamp, u64), piece: &Piece) -> Option<Sight> {
        self.newest = self.newest.max(time);
        let key = (piece.ends, piece.protocol, piece.id);
        let is_copy = || self.whole.iter().any(|(whole, at)| *whole == key && time.since(*at) < COPIED);
        if !self.open.contains_key(&key) && (self.open.len() >= OPEN_DATAGRAMS || is_copy()) {
            return None;
        }
        let open = self.open.entry(key).or_insert_with(|| Open {
            first: time,
            offsets: Vec::new(),
            received: 0,
            total: None,
            is_dns: piece.is_dns,
            number,
        });
        open.number = number;
        if open.offsets.len() < PIECES && !open.offsets.contains(&piece.offset) {
            open.offsets.push(piece.offset);
            open.received = open.received.saturating_add(piece.length);
        }
        if !piece.more {
            open.total = Some(piece.offset.saturating_add(piece.length));
        }
        if open.total.is_none_or(|total| open.received < total) {
            return None;
        }
        let open = self.open.remove(&key)?;
        if self.whole.len() >= WHOLE {
            self.whole.pop_front();
        }
        self.whole.push_back((key, time));
        Some(sight(&key, &open, true))
    }

    /// Decides on what has waited long enough, where an interval ends. What began with the capture is not judged. The number is that
    /// of the latest packet that came of it.
    pub fn advance(&mut self, now: Timestamp, mut tell: impl FnMut((Timestamp, u64), Sight)) {
        if self.open.is_empty() {
            return;
        }
        let begun = self.begun.unwrap_or(now);
        let mut late: Vec<(Which, Open)> = self.open.extract_if(|_, open| now.since(open.first) > FRAGMENTS_WAIT.in_nanos()).collect();
        late.arrange_by_key(|(key, open)| (open.first, *key));
        for (key, open) in late.iter().filter(|(_, open)| open.first.since(begun) > SECOND) {
            tell((self.newest, open.number), sight(key, open, false));
        }
    }
}

fn sight(&([from, to], protocol, _): &Which, open: &Open, is_whole: bool) -> Sight {
    Sight::Datagram { from, to, protocol, is_whole, is_dns: open.is_dns, pieces: open.offsets.len().min(PIECES) as u8 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    fn at(seconds: i64) -> Timestamp {
        Timestamp((1_700_000_000 + seconds) * SECOND)
    }

    fn piece(id: u32, offset: u32, more: bool) -> Piece {
        let ends = [1, 2].map(|n| Address::V4(Ipv4Addr::new(10, 0, 0, n)));
        Piece { ends, protocol: 17, id, offset, length: 1_480, more, is_dns: false }
    }

    fn is_whole(sight: Sight) -> bool {
        matches!(sight, Sight::Datagram { is_whole: true, pieces: 3, .. })
    }

    #[test]
    fn whole_in_any_order_with_pieces_twice() {
        let mut fragments = Fragments::default();
        fragments.begin(at(0));
        assert_eq!(fragments.note((at(5), 0), &piece(7, 2_960, false)), None);
        assert_eq!(fragments.note((at(5), 0), &piece(7, 0, true)), None);
        assert_eq!(fragments.note((at(5), 0), &piece(7, 0, true)), None, "the same again");
        assert!(fragments.note((at(6), 0), &piece(7, 1_480, true)).is_some_and(is_whole));
        assert_eq!(fragments.note((at(6), 0), &piece(7, 2_960, false)), None, "a copy of its last piece");
        let mut late = Vec::new();
        fragments.advance(at(60), |_, sight| late.push(sight));
        assert_eq!(late, []);
        fragments.note((at(61), 0), &piece(7, 0, true));
        fragments.advance(at(90), |_, sight| late.push(sight));
        assert_eq!(late.len(), 1, "the same number again is another one");
    }

    #[test]
    fn the_largest_datagram_over_the_smallest_link_is_whole() {
        let mut fragments = Fragments::default();
        let pieces = 65_515u32.div_ceil(552);
        let small = |n: u32| Piece { length: if n + 1 == pieces { 65_515 - n * 552 } else { 552 }, ..piece(7, n * 552, n + 1 < pieces) };
        let told: Vec<Sight> = (0..pieces).filter_map(|n| fragments.note((at(5), 0), &small(n))).collect();
        assert!(matches!(told.as_slice(), [Sight::Datagram { is_whole: true, pieces: 119, .. }]), "{told:?}");
    }

    #[test]
    fn what_is_missing_is_told_after_a_while() {
        let mut fragments = Fragments::default();
        fragments.begin(at(0));
        fragments.note((at(0), 0), &piece(6, 1_480, false));
        fragments.note((at(5), 0), &piece(7, 0, true));
        let mut late = Vec::new();
        fragments.advance(at(5).plus(FRAGMENTS_WAIT.in_nanos()), |_, sight| late.push(sight));
        assert_eq!(late, [], "what began with the capture had a beginning before it");
        fragments.advance(at(6).plus(FRAGMENTS_WAIT.in_nanos()), |_, sight| late.push(sight));
        assert!(matches!(late.as_slice(), [Sight::Datagram { is_whole: false, pieces: 1, .. }]), "{late:?}");
    }

    #[test]
    fn bounded() {
        let mut fragments = Fragments::default();
        for id in 0..3 * OPEN_DATAGRAMS as u32 {
            fragments.note((at(5), 0), &piece(id, 0, true));
        }
        assert_eq!(fragments.open.len(), OPEN_DATAGRAMS);
    }
}
