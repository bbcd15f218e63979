//! Contexts: the combination of MAC pair, VLAN stack and protocol path a packet travels in.
//!
//! There are few of them (stations × VLANs × protocols) and every packet has exactly one, so the tables of layer 2 and the
//! protocol hierarchy are read off their counters; a packet pays one increment for all of them.

use crate::model::limits::CONTEXTS_PER_SHARD;
use crate::model::{Mac, Path, Timestamp, Traffic, VlanStack};
use hashbrown::{DefaultHashBuilder, HashTable};
use std::hash::BuildHasher;

/// Destination kind of a packet.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cast {
    /// To one station.
    #[default]
    Unicast,
    /// To a group.
    Multicast,
    /// To all.
    Broadcast,
}

/// What distinguishes a context. Directional: the reverse way is another one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContextKey {
    /// Protocols.
    pub path: Path,
    /// Source and destination MAC, when the link has them.
    pub mac: Option<(Mac, Mac)>,
    /// VLAN tags.
    pub vlans: VlanStack,
    /// Destination kind.
    pub cast: Cast,
}

impl ContextKey {
    /// The least that is kept of a context when there are too many: link protocol, outermost VLAN, destination kind.
    fn outline(&self) -> Self {
        let mut vlans = VlanStack::default();
        self.vlans.ids().iter().take(1).for_each(|&id| vlans.push(id));
        Self { path: self.path.prefixes().next().unwrap_or_default(), mac: None, vlans, cast: self.cast }
    }
}

/// A context and its counters.
#[derive(Debug, Clone, Copy)]
pub struct Context {
    /// What it is.
    pub key: ContextKey,
    /// Counted in it.
    pub traffic: Traffic,
    /// Counted in it at the last report.
    reported: Traffic,
    /// First packet.
    pub first: Timestamp,
    /// Last packet.
    pub last: Timestamp,
}

/// All contexts of a shard.
#[derive(Debug, Default)]
pub struct Contexts {
    rows: Vec<Context>,
    index: HashTable<u32>,
    hasher: DefaultHashBuilder,
}

impl Contexts {
    /// Counts a packet in context `hint` if that is its context, else in the right one; returns the context's number for next time.
    #[inline]
    pub fn count(&mut self, hint: u32, key: &ContextKey, time: Timestamp, wire: u32) -> u32 {
        let at = match self.rows.get(hint as usize) {
            Some(row) if row.key == *key => hint,
            _ => self.find(key, time),
        };
        if let Some(row) = self.rows.get_mut(at as usize) {
            row.traffic.count(wire);
            row.last = row.last.max(time);
            row.first = row.first.min(time);
        }
        at
    }

    /// Counts packets that the one just counted in context `at` stands for as well.
    pub fn count_more(&mut self, at: u32, more: Traffic) {
        if let Some(row) = self.rows.get_mut(at as usize) {
            row.traffic.add(more);
        }
    }

    #[inline(never)]
    fn find(&mut self, key: &ContextKey, time: Timestamp) -> u32 {
        let hash = self.hasher.hash_one(key);
        if let Some(&at) = self.index.find(hash, |&at| self.rows[at as usize].key == *key) {
            return at;
        }
        if self.rows.len() >= CONTEXTS_PER_SHARD {
            // A flood of addresses: keep protocol and VLAN exact, give up the addresses.
            if key.mac.is_some() {
                return self.find(&ContextKey { mac: None, ..*key }, time);
            }
            // A flood of protocols as well: keep the link protocol and the outermost VLAN, of which there are few.
            let rough = key.outline();
            if self.rows.len() >= 2 * CONTEXTS_PER_SHARD && *key != rough {
                return self.find(&rough, time);
            }
        }
        let at = self.rows.len() as u32;
        self.rows.push(Context { key: *key, traffic: Traffic::default(), reported: Traffic::default(), first: time, last: time });
        let rows = &self.rows;
        let hasher = &self.hasher;
        self.index.insert_unique(hash, at, |&at| hasher.hash_one(rows[at as usize].key));
        at
    }

    /// Brings a context near, without changing anything.
    #[inline]
    pub fn touch(&self, at: u32) -> u64 {
        self.rows.get(at as usize).map_or(0, |row| row.traffic.packets)
    }

    /// The context of a number.
    pub fn get(&self, at: u32) -> Option<&Context> {
        self.rows.get(at as usize)
    }

    /// Every context that was counted in since the last call, with what was added.
    pub fn report(&mut self) -> Vec<(Context, Traffic)> {
        let mut out = Vec::new();
        for row in &mut self.rows {
            let added = row.traffic.since(row.reported);
            if added.packets > 0 {
                row.reported = row.traffic;
                out.push((*row, added));
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Proto;

    fn key(station: u32) -> ContextKey {
        let mut path = Path::EMPTY;
        path.push(Proto::Eth);
        let s = station.to_be_bytes();
        ContextKey { path, mac: Some((Mac([2, 0, s[0], s[1], s[2], s[3]]), Mac::BROADCAST)), ..ContextKey::default() }
    }

    #[test]
    fn hint_is_only_a_hint() {
        let mut c = Contexts::default();
        let a = c.count(0, &key(1), Timestamp(5), 60);
        let b = c.count(a, &key(2), Timestamp(6), 70);
        assert_ne!(a, b);
        assert_eq!(c.count(b, &key(1), Timestamp(4), 60), a);
        let row = c.get(a).unwrap();
        assert_eq!((row.traffic.packets, row.first, row.last), (2, Timestamp(4), Timestamp(5)));
        assert_eq!(c.report().len(), 2);
        assert!(c.report().is_empty());
    }

    #[test]
    fn a_flood_of_addresses_stays_bounded_and_closes() {
        let mut c = Contexts::default();
        for station in 0..CONTEXTS_PER_SHARD as u32 * 2 {
            c.count(0, &key(station), Timestamp(0), 60);
        }
        assert_eq!(c.rows.len(), CONTEXTS_PER_SHARD + 1);
        let sum: u64 = c.report().iter().map(|(_, t)| t.packets).sum();
        assert_eq!(sum, CONTEXTS_PER_SHARD as u64 * 2);
    }

    #[test]
    fn a_flood_of_protocols_stays_bounded_and_keeps_the_vlan() {
        let mut c = Contexts::default();
        let many = CONTEXTS_PER_SHARD as u32 * 3;
        for n in 0..many {
            let mut k = key(n);
            k.path.push_ether_type(n as u16);
            k.path.push_ip_protocol((n >> 16) as u8);
            k.vlans.push(7);
            c.count(0, &k, Timestamp(0), 60);
        }
        assert_eq!(c.rows.len(), 2 * CONTEXTS_PER_SHARD + 1);
        let rows = c.report();
        assert_eq!(rows.iter().map(|(_, t)| t.packets).sum::<u64>(), u64::from(many));
        assert!(rows.iter().all(|(c, _)| c.key.vlans.ids() == [7]));
    }
}
