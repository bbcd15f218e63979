//! What names a shard's dissectors learn: of addresses, and of the servers of conversations.

use crate::model::limits::{LEARNT_NAMES, SERVER_NAMES};
use crate::model::{Address, CapScale, LearntName, NameSource, Timestamp, learnt};
use hashbrown::HashMap;
use std::sync::Arc;

/// Names of addresses.
#[derive(Debug)]
pub struct AddressNames {
    room: usize,
    known: HashMap<(Address, NameSource), Vec<Sighting>>,
    len: usize,
    /// Sightings of names that found no room.
    refused: u64,
}

/// A name, and when it was first and last seen.
type Sighting = (Arc<str>, [Timestamp; 2]);

/// Names kept of one address and source: a content network's address has any number.
const NAMES_PER_ADDRESS: usize = 16;

impl AddressNames {
    /// None; as many as `caps` allow.
    pub fn within(caps: CapScale) -> Self {
        Self { room: caps.of(LEARNT_NAMES), known: HashMap::new(), len: 0, refused: 0 }
    }

    /// Notes that an address was called so. `name` is as it was read.
    pub fn note(&mut self, address: Address, source: NameSource, name: &[u8], now: Timestamp) {
        let is_one = match address {
            Address::V4(a) => !(a.is_unspecified() || a.is_multicast() || a.is_broadcast() || a.is_loopback()),
            Address::V6(a) => !(a.is_unspecified() || a.is_multicast() || a.is_loopback()),
            Address::Mac(_) => false,
        };
        if !is_one || name.is_empty() {
            return;
        }
        let list = self.known.entry((address, source)).or_default();
        // Names that need cleaning are compared clean; the others are found without a copy.
        let found = list.iter().position(|(known, _)| known.as_bytes() == name);
        let found = found.map_or_else(|| Err(learnt::clean(name)), Ok);
        let found = found.or_else(|clean| list.iter().position(|(known, _)| **known == *clean).ok_or(clean));
        match found {
            Ok(at) => {
                if let Some((_, [first, last])) = list.get_mut(at) {
                    (*first, *last) = ((*first).min(now), (*last).max(now));
                }
            }
            // An address written out names nothing.
            Err(clean) if clean.parse::<std::net::IpAddr>().is_ok() => {
                if list.is_empty() {
                    self.known.remove(&(address, source));
                }
            }
            Err(clean) if self.len < self.room && list.len() < NAMES_PER_ADDRESS => {
                list.push((clean.into(), [now, now]));
                self.len += 1;
            }
            Err(_) => {
                if list.is_empty() {
                    self.known.remove(&(address, source));
                }
                self.refused = self.refused.saturating_add(1);
            }
        }
    }

    /// All of them, in no order.
    pub fn iter(&self) -> impl Iterator<Item = LearntName> + '_ {
        self.known.iter().flat_map(|(&(address, source), list)| {
            list.iter().map(move |(name, [first, last])| LearntName { address, name: name.clone(), source, first: *first, last: *last })
        })
    }

    /// Sightings of names that found no room.
    pub fn refused(&self) -> u64 {
        self.refused
    }
}

/// Server names, each under a number that is never 0.
#[derive(Debug, Clone)]
pub struct ServerNames {
    room: usize,
    names: Vec<Arc<str>>,
    numbers: HashMap<Arc<str>, u32>,
    refused: u64,
}

impl ServerNames {
    /// None; as many as `caps` allow.
    pub fn within(caps: CapScale) -> Self {
        Self { room: caps.of(SERVER_NAMES), names: Vec::new(), numbers: HashMap::new(), refused: 0 }
    }

    /// The number of a name; 0 when there is no room for a new one.
    pub fn number(&mut self, name: &str) -> u32 {
        if let Some(&number) = self.numbers.get(name) {
            return number;
        }
        if self.names.len() >= self.room {
            self.refused = self.refused.saturating_add(1);
            return 0;
        }
        let name: Arc<str> = name.into();
        self.names.push(name.clone());
        let number = self.names.len() as u32;
        self.numbers.insert(name, number);
        number
    }

    /// The name of a number.
    pub fn get(&self, number: u32) -> Option<&Arc<str>> {
        self.names.get((number as usize).checked_sub(1)?)
    }

    /// Conversations whose name found no room.
    pub fn refused(&self) -> u64 {
        self.refused
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_no_name() {
        let mut names = AddressNames::within(CapScale::WHOLE);
        let address = Address::V4([192, 0, 2, 7].into());
        for name in ["192.0.2.7", "198.51.100.1", "2001:db8::1"] {
            names.note(address, NameSource::Tls, name.as_bytes(), Timestamp(1));
        }
        assert_eq!((names.iter().count(), names.refused()), (0, 0));
        names.note(address, NameSource::Tls, b"7.example", Timestamp(1));
        assert_eq!(names.iter().count(), 1);
    }

    #[test]
    fn an_address_keeps_its_names_apart_by_source() {
        let mut names = AddressNames::within(CapScale::WHOLE);
        let address = Address::V4([10, 0, 0, 1].into());
        names.note(address, NameSource::Dns, b"a.example", Timestamp(5));
        names.note(address, NameSource::Dns, b"a.example", Timestamp(9));
        names.note(address, NameSource::Dns, b"a.example", Timestamp(2));
        names.note(address, NameSource::Tls, b"a.example", Timestamp(7));
        names.note(address, NameSource::Dns, b"b\x1b", Timestamp(7));
        names.note(address, NameSource::Dns, b"b\x1b", Timestamp(8));
        names.note(Address::V4([224, 0, 0, 1].into()), NameSource::Dns, b"group", Timestamp(7));
        let mut all: Vec<_> = names.iter().map(|n| (n.name.to_string(), n.source, n.first.0, n.last.0)).collect();
        all.sort();
        let expected = [("a.example", NameSource::Dns, 2, 9), ("a.example", NameSource::Tls, 7, 7), ("b·", NameSource::Dns, 7, 8)];
        assert_eq!(all, expected.map(|(n, s, f, l)| (n.to_owned(), s, f, l)));
    }

    #[test]
    fn both_lists_end_at_their_caps() {
        let (mut names, mut servers) = (AddressNames::within(CapScale::WHOLE), ServerNames::within(CapScale::WHOLE));
        let address = |n: usize| Address::V4(std::net::Ipv4Addr::from_bits(0x0a00_0000 + n as u32));
        (0..LEARNT_NAMES + 3).for_each(|n| names.note(address(n), NameSource::Dns, b"x", Timestamp(0)));
        (0..NAMES_PER_ADDRESS + 3).for_each(|n| names.note(address(0), NameSource::Tls, &[b'a' + n as u8], Timestamp(0)));
        assert_eq!((names.iter().count(), names.refused()), (LEARNT_NAMES, 3 + NAMES_PER_ADDRESS as u64 + 3));
        let numbers: Vec<u32> = (0..SERVER_NAMES + 2).map(|n| servers.number(&n.to_string())).collect();
        assert_eq!((numbers[0], numbers[SERVER_NAMES], servers.number("0"), servers.refused()), (1, 0, 1, 2));
        assert_eq!(servers.get(2).map(|n| &**n), Some("1"));
        assert_eq!(servers.get(0), None);
    }
}
