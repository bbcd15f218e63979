//! Names of conversations that are open, so that what was asked in one carries the name that its own row gets in the end.

use crate::model::FlowKey;
use crate::model::limits::EXPORT_UIDS;
use crate::model::mix::{Keys, fold, spread};
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

/// Digits of a name.
const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Names that were given and whose conversations have not been closed. Beyond the cap a conversation gets another name for each line.
#[derive(Debug)]
pub struct UidTable {
    open: HashMap<FlowKey, u64>,
    given: u64,
    salt: u64,
}

impl Default for UidTable {
    fn default() -> Self {
        Self { open: HashMap::new(), given: 0, salt: RandomState::new().hash_one(0u8) }
    }
}

impl UidTable {
    /// The name of a conversation that goes on.
    pub fn open(&mut self, key: &FlowKey) -> u64 {
        if let Some(known) = self.open.get(key) {
            return *known;
        }
        let fresh = self.fresh(key);
        if self.open.len() < EXPORT_UIDS {
            self.open.insert(*key, fresh);
        }
        fresh
    }

    /// The name of a conversation that was closed.
    pub fn close(&mut self, key: &FlowKey) -> u64 {
        self.open.remove(key).unwrap_or_else(|| self.fresh(key))
    }

    fn fresh(&mut self, key: &FlowKey) -> u64 {
        self.given = self.given.wrapping_add(1);
        fold(key.keyed_hash(&Keys::FIXED) ^ self.salt, spread(self.given) | 1)
    }
}

/// A name as Zeek writes it: `C` and base 62.
pub fn text(uid: u64) -> String {
    let mut out = String::from("C");
    let mut rest = uid;
    for _ in 0..11 {
        let digit = usize::try_from(rest % 62).unwrap_or(0);
        out.push(DIGITS.get(digit).map_or('0', |d| char::from(*d)));
        rest /= 62;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_conversation_keeps_its_name_until_it_is_closed() {
        let mut table = UidTable::default();
        let (key, _) = FlowKey::v4(6, 1, 2, 3, 4);
        let name = table.open(&key);
        assert_eq!((table.open(&key), table.close(&key)), (name, name));
        assert_ne!(table.open(&key), name, "the next one on the same ports is another");
        let written = text(name);
        assert!(written.starts_with('C') && written.len() == 12 && written.bytes().all(|b| b.is_ascii_alphanumeric()), "{written}");
    }
}
