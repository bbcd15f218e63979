//! Contexts: the combination of MAC pair, VLAN stack and protocol path a packet travels in.
//!
//! There are few of them (stations × VLANs × protocols) and every packet has exactly one, so the tables of layer 2 and the
//! protocol hierarchy are read off their counters; a packet pays one comparison for all of them.

use crate::model::index::{Index, NONE};
use crate::model::limits::CONTEXTS_PER_SHARD;
use crate::model::mix::{Keys, fold};
use crate::model::{CapScale, Cast, Mac, Path, Timestamp, Traffic, VlanStack};

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

/// 64 bits that tell contexts apart, never 0: two different ones look alike once in 2^64, and no sender can arrange it who does not know
/// the keys. The kind of destination goes with the addresses and needs no place in it.
///
/// The addresses are [`Mac::word`]s, 0 where there are none, the VLANs [`VlanStack::bits`].
#[inline(always)]
pub fn fingerprint(&Keys(k): &Keys, path: Path, [source, destination]: [u64; 2], vlans: u64) -> u64 {
    let (inner, outer) = (path.bits() as u64, (path.bits() >> 64) as u64);
    let stations = fold(source ^ k[2], destination ^ k[3]);
    fold(stations ^ inner ^ k[0], outer.wrapping_mul(k[4] | 1) ^ vlans ^ k[1]).max(1)
}

fn stations(mac: Option<&(Mac, Mac)>) -> [u64; 2] {
    mac.map_or([0, 0], |(source, destination)| [source.word(), destination.word()])
}

/// A context and its counters.
#[derive(Debug, Clone, Copy)]
pub struct Context {
    /// What it is.
    pub key: ContextKey,
    /// Counted in it.
    pub traffic: Traffic,
    /// First packet.
    pub first: Timestamp,
    /// Last packet.
    pub last: Timestamp,
}

/// What was counted in each context when somebody last looked. Nobody may look before the end, or look back: then it takes no room.
#[derive(Debug, Default)]
struct Counted(Vec<Traffic>);

impl Counted {
    /// What was added to each context since; those without are left out.
    fn added<'a>(&self, rows: &'a [Context]) -> impl Iterator<Item = (&'a Context, Traffic)> {
        let before = self.0.iter().copied().chain(std::iter::repeat(Traffic::default()));
        rows.iter().zip(before).map(|(row, before)| (row, row.traffic.since(before))).filter(|(_, added)| added.packets > 0)
    }

    /// Somebody has looked.
    fn note(&mut self, rows: &[Context]) {
        self.0.clear();
        self.0.extend(rows.iter().map(|row| row.traffic));
    }
}

/// All contexts of a shard.
///
/// A conversation's packets are not counted here one by one: its record remembers the context by a fingerprint, and its traffic is
/// [flushed](Contexts::flush) when the context changes and at every mark.
#[derive(Debug)]
pub struct Contexts {
    rows: Vec<Context>,
    reported: Counted,
    /// What somebody saw who looks back.
    marked: Counted,
    index: Index,
    keys: Keys,
    /// Context of the last packet without a conversation.
    loose: u32,
    caps: CapScale,
}

impl Contexts {
    /// None; `keys` are those of their fingerprints, and there are as many as `caps` allow.
    pub fn new(keys: Keys, caps: CapScale) -> Self {
        Self { rows: Vec::new(), reported: Counted::default(), marked: Counted::default(), index: Index::default(), keys, loose: 0, caps }
    }

    /// Hands everything over, and is empty after.
    pub fn take_all(&mut self) -> Self {
        let empty = Self::new(self.keys, self.caps);
        std::mem::replace(self, empty)
    }

    /// The fingerprint of a context.
    #[inline]
    pub fn fingerprint(&self, path: Path, mac: Option<&(Mac, Mac)>, vlans: &VlanStack) -> u64 {
        fingerprint(&self.keys, path, stations(mac), vlans.bits())
    }

    /// Asks the memory for where the search for a context with this fingerprint begins.
    #[inline(always)]
    pub fn prefetch(&self, fingerprint: u64) {
        self.index.prefetch(fingerprint);
    }

    /// The number of a context with this fingerprint in which a packet was seen at `time`, and whether it is a new one; its traffic is to be
    /// flushed later.
    #[inline(never)]
    pub fn enter(&mut self, key: &ContextKey, fingerprint: u64, time: Timestamp) -> (u32, bool) {
        debug_assert_eq!(fingerprint, self.print(key));
        let before = self.rows.len();
        let at = self.find(key, fingerprint, time);
        self.backward(at, time);
        (at, self.rows.len() > before)
    }

    /// Adds traffic of packets in a context, the last of them at `last`.
    #[inline]
    pub fn flush(&mut self, at: u32, traffic: Traffic, last: Timestamp) {
        if let Some(row) = self.rows.get_mut(at as usize) {
            row.traffic.add(traffic);
            row.last = row.last.max(last);
        }
    }

    /// Notes a packet with a time before that of an earlier packet in its context.
    pub fn backward(&mut self, at: u32, time: Timestamp) {
        if let Some(row) = self.rows.get_mut(at as usize) {
            row.first = row.first.min(time);
        }
    }

    /// Counts a packet that belongs to no conversation; whether its context is a new one.
    pub fn count(&mut self, key: &ContextKey, time: Timestamp, wire: u32) -> bool {
        let before = self.rows.len();
        let at = match self.rows.get(self.loose as usize) {
            Some(row) if row.key == *key => self.loose,
            _ => self.find(key, self.print(key), time),
        };
        self.loose = at;
        self.backward(at, time);
        self.flush(at, Traffic { packets: 1, wire_bytes: wire.into() }, time);
        self.rows.len() > before
    }

    /// Counts packets that the one just counted without a conversation stands for as well.
    pub fn count_more(&mut self, more: Traffic, time: Timestamp) {
        self.flush(self.loose, more, time);
    }

    fn print(&self, key: &ContextKey) -> u64 {
        self.fingerprint(key.path, key.mac.as_ref(), &key.vlans)
    }

    fn find(&mut self, key: &ContextKey, fingerprint: u64, time: Timestamp) -> u32 {
        let found = self.index.find(fingerprint, |at| self.rows.get(at as usize).is_some_and(|row| row.key == *key));
        if found != NONE {
            return found;
        }
        let most = self.caps.of(CONTEXTS_PER_SHARD);
        if self.rows.len() >= most {
            // A flood of addresses: keep protocol and VLAN exact, give up the addresses.
            if key.mac.is_some() {
                let key = ContextKey { mac: None, ..*key };
                return self.find(&key, self.print(&key), time);
            }
            // A flood of protocols as well: keep the link protocol and the outermost VLAN, of which there are few.
            let rough = key.outline();
            if self.rows.len() >= 2 * most && *key != rough {
                return self.find(&rough, self.print(&rough), time);
            }
        }
        let at = self.rows.len() as u32;
        self.rows.push(Context { key: *key, traffic: Traffic::default(), first: time, last: time });
        self.index.insert(fingerprint, at);
        at
    }

    /// The context of a number.
    pub fn get(&self, at: u32) -> Option<&Context> {
        self.rows.get(at as usize)
    }

    /// Every context.
    pub fn rows(&self) -> &[Context] {
        &self.rows
    }

    /// Every context that was counted in since the last [report](Self::report), with what was.
    pub fn into_added(mut self) -> Vec<Context> {
        for (row, before) in self.rows.iter_mut().zip(self.reported.0) {
            row.traffic = row.traffic.since(before);
        }
        self.rows.retain(|row| row.traffic.packets > 0);
        self.rows
    }

    /// Every context that was counted in since the last call, with what was added: for the past.
    pub fn added_since(&mut self) -> Vec<(ContextKey, Traffic)> {
        let out = self.marked.added(&self.rows).map(|(row, added)| (row.key, added)).collect();
        self.marked.note(&self.rows);
        out
    }

    /// Every context that was counted in since the last call, with what was.
    pub fn report(&mut self) -> Vec<Context> {
        let out = self.reported.added(&self.rows).map(|(row, added)| Context { traffic: added, ..*row }).collect();
        self.reported.note(&self.rows);
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

    fn enter(contexts: &mut Contexts, key: &ContextKey, time: i64) -> (u32, bool) {
        contexts.enter(key, contexts.print(key), Timestamp(time))
    }

    #[test]
    fn traffic_is_settled_where_packets_were_seen() {
        let mut c = Contexts::new(Keys::FIXED, CapScale::WHOLE);
        let (a, is_new) = enter(&mut c, &key(1), 5);
        assert!(is_new);
        let (b, _) = enter(&mut c, &key(2), 6);
        assert_ne!(a, b);
        assert_eq!(enter(&mut c, &key(1), 4), (a, false));
        c.flush(a, Traffic { packets: 2, wire_bytes: 120 }, Timestamp(5));
        let row = c.get(a).unwrap();
        assert_eq!((row.traffic.packets, row.first, row.last), (2, Timestamp(4), Timestamp(5)));
        assert_eq!(c.report().len(), 1, "nothing was flushed in the other yet");
        c.flush(b, Traffic { packets: 1, wire_bytes: 60 }, Timestamp(6));
        assert_eq!(c.report().len(), 1);
        assert!(c.report().is_empty());
    }

    #[test]
    fn a_report_and_who_looks_back_each_get_what_is_new_to_them() {
        let mut c = Contexts::new(Keys::FIXED, CapScale::WHOLE);
        let count = |c: &mut Contexts, stations: &[u32]| stations.iter().for_each(|n| _ = c.count(&key(*n), Timestamp(0), 60));
        let packets = |rows: Vec<Context>| rows.iter().map(|row| row.traffic.packets).collect::<Vec<_>>();
        count(&mut c, &[1, 2, 2]);
        assert_eq!(packets(c.report()), [1, 2]);
        count(&mut c, &[2, 3]);
        assert_eq!(c.added_since().iter().map(|(_, added)| added.packets).collect::<Vec<_>>(), [1, 3, 1]);
        assert_eq!(packets(c.report()), [1, 1]);
        count(&mut c, &[3, 4, 4]);
        assert_eq!(c.added_since().iter().map(|(_, added)| added.packets).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(packets(c.into_added()), [1, 2], "what was reported is not told again");
    }

    #[test]
    fn packets_without_a_conversation_count_at_once() {
        let mut c = Contexts::new(Keys::FIXED, CapScale::WHOLE);
        for (station, time) in [(1, 5), (2, 6), (2, 7), (1, 4)] {
            c.count(&key(station), Timestamp(time), 60);
        }
        let rows: Vec<_> = c.report().into_iter().map(|c| (c.traffic.packets, c.first.0, c.last.0)).collect();
        assert_eq!(rows, [(2, 4, 5), (2, 6, 7)]);
    }

    #[test]
    fn fingerprints_tell_contexts_apart() {
        let c = Contexts::new(Keys::FIXED, CapScale::WHOLE);
        let print = |k: &ContextKey| c.fingerprint(k.path, k.mac.as_ref(), &k.vlans);
        let plain = key(1);
        let mut tagged = plain;
        tagged.vlans.push(0);
        let mut longer = plain;
        longer.path.push(Proto::Ip);
        let (source, destination) = plain.mac.unwrap();
        let back = ContextKey { mac: Some((destination, source)), ..plain };
        let prints = [plain, tagged, longer, back, ContextKey { mac: None, ..plain }].map(|k| print(&k));
        assert!((0..5).all(|i| (0..i).all(|j| prints[i] != prints[j])), "{prints:?}");
        assert_eq!(print(&key(1)), prints[0]);
    }

    #[test]
    fn a_flood_of_addresses_stays_bounded_and_closes() {
        let mut c = Contexts::new(Keys::FIXED, CapScale::WHOLE);
        for station in 0..CONTEXTS_PER_SHARD as u32 * 2 {
            c.count(&key(station), Timestamp(0), 60);
        }
        assert_eq!(c.rows.len(), CONTEXTS_PER_SHARD + 1);
        let sum: u64 = c.report().iter().map(|c| c.traffic.packets).sum();
        assert_eq!(sum, CONTEXTS_PER_SHARD as u64 * 2);
    }

    #[test]
    fn a_flood_of_protocols_stays_bounded_and_keeps_the_vlan() {
        let mut c = Contexts::new(Keys::FIXED, CapScale::WHOLE);
        let many = CONTEXTS_PER_SHARD as u32 * 3;
        for n in 0..many {
            let mut k = key(n);
            k.path.push_ether_type(n as u16);
            k.path.push_ip_protocol((n >> 16) as u8);
            k.vlans.push(7);
            c.count(&k, Timestamp(0), 60);
        }
        assert_eq!(c.rows.len(), 2 * CONTEXTS_PER_SHARD + 1);
        let rows = c.report();
        assert_eq!(rows.iter().map(|c| c.traffic.packets).sum::<u64>(), u64::from(many));
        assert!(rows.iter().all(|c| c.key.vlans.ids() == [7]));
    }
}
