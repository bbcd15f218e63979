//! Who is refused under many names: somebody who guesses logins.

use super::{BIN, REMEMBERED};
use crate::model::{Address, Timestamp};

/// Names under which clients of one service were refused lately.
#[derive(Debug, Default)]
pub(super) struct Guesses {
    /// Clients, and hashes of names.
    names: Vec<(Address, u32)>,
    last: Timestamp,
}

impl Guesses {
    /// Names of all clients together that are told apart.
    const KEPT: usize = 64;

    /// Bytes at most.
    #[cfg(test)]
    pub const BYTES: usize = Self::KEPT * size_of::<(Address, u32)>();

    /// A client was refused under the name with this hash.
    pub fn note(&mut self, client: Address, name: u32, time: Timestamp) {
        if time.since(self.last) > REMEMBERED * BIN {
            self.names.clear();
        }
        self.last = self.last.max(time);
        if self.names.len() < Self::KEPT && !self.names.contains(&(client, name)) {
            self.names.push((client, name));
        }
    }

    /// The client with most names, and how many.
    pub fn most(&self) -> Option<(Address, u64)> {
        let of = |client: Address| self.names.iter().filter(|n| n.0 == client).count() as u64;
        self.names.iter().map(|n| (n.0, of(n.0))).max_by_key(|&(client, names)| (names, std::cmp::Reverse(client)))
    }
}
