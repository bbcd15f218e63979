//! Who is refused under many names: somebody who guesses logins.

use super::{BIN, REMEMBERED};
use crate::model::{Address, Timestamp};
use std::collections::VecDeque;

/// A name, by its hash, under which a client was refused, and when last.
#[derive(Debug, Clone, Copy)]
struct Refused {
    client: Address,
    name: u32,
    time: Timestamp,
}

/// Names under which clients of one service were refused lately.
#[derive(Debug, Default)]
pub(super) struct Guesses {
    /// The newest, in the order of their time.
    names: VecDeque<Refused>,
    /// When the latest of those that found no room was refused.
    beyond: Option<(Address, Timestamp)>,
}

impl Guesses {
    /// Names of all clients together that are told apart: mistyped ones push no guesser out, who tries as many within minutes.
    const KEPT: usize = 64;

    /// Bytes at most.
    #[cfg(test)]
    pub const BYTES: usize = Self::KEPT * size_of::<Refused>();

    /// A client was refused under the name with this hash.
    pub fn note(&mut self, client: Address, name: u32, time: Timestamp) {
        self.names.retain(|known| is_recent(known.time, time) && (known.client, known.name) != (client, name));
        if self.names.len() >= Self::KEPT {
            self.beyond = self.names.pop_front().map(|oldest| (oldest.client, time));
        }
        self.names.push_back(Refused { client, name, time });
    }

    /// The client with most names up to now, how many, and whether there were more.
    pub fn most(&self, now: Timestamp) -> Option<(Address, u64, bool)> {
        let recent = || self.names.iter().filter(|known| is_recent(known.time, now));
        let of = |client: Address| recent().filter(|known| known.client == client).count() as u64;
        let (client, names) =
            recent().map(|n| (n.client, of(n.client))).max_by_key(|&(client, names)| (names, std::cmp::Reverse(client)))?;
        let is_more = self.beyond.is_some_and(|(who, time)| who == client && is_recent(time, now));
        Some((client, names, is_more))
    }
}

fn is_recent(time: Timestamp, now: Timestamp) -> bool {
    now.since(time) < REMEMBERED * BIN
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::SECOND;

    fn host(n: u8) -> Address {
        Address::V4([10, 0, 0, n].into())
    }

    #[test]
    fn mistyped_names_of_others_hide_nobody_who_guesses() {
        let mut guesses = Guesses::default();
        let at = |seconds: i64| Timestamp(seconds * SECOND);
        (0..64).for_each(|n| guesses.note(host(n), 900 + u32::from(n), at(i64::from(n) * 5)));
        (0..30u8).for_each(|n| guesses.note(host(99), n.into(), at(400 + i64::from(n))));
        assert_eq!(guesses.most(at(430)), Some((host(99), 30, false)));
        (0..30u8).for_each(|n| guesses.note(host(99), n.into(), at(500)));
        assert_eq!(guesses.most(at(500)), Some((host(99), 30, false)), "each name counts once");
        (0..200).for_each(|n| guesses.note(host(99), 1_000 + n, at(510)));
        assert_eq!(guesses.most(at(510)), Some((host(99), 64, true)), "at least");
        assert_eq!(guesses.most(at(1_109)).map(|most| most.1), Some(64));
        assert_eq!(guesses.most(at(1_110)), None, "ten minutes ago");
    }
}
