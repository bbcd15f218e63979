//! Conversations seen in one direction only, and whose fault that is.
//!
//! A function of the flow records and MAC pairs at report time: no cost a packet.

use crate::model::Arrange as _;
use crate::model::evidence::ONE_SIDE_PACKETS;
use crate::model::limits::{MAC_ROLES, PLACES};
use crate::model::sum::{Rule, Sum, sums};
use crate::model::{Address, Episode, FlowKey, Mac, SeenAt};
use hashbrown::HashMap;
use std::hash::Hash;

/// Conversations of a host or block before it can be called one-sided.
const PLACE_CONVERSATIONS: u64 = 5;

/// Packets of a MAC address before its role counts.
const ROLE_PACKETS: u64 = 20;

/// A host, or an address block: the first 24 bits of an IPv4 address, the first 48 of an IPv6 address.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Prefix {
    bits: u128,
    is_v6: bool,
    is_host: bool,
}

impl Prefix {
    fn of(address: Address) -> Option<[Self; 2]> {
        let (host, block, is_v6) = match address {
            Address::V4(a) => (u128::from(a.to_bits()), u128::from(a.to_bits() >> 8), false),
            Address::V6(a) => (a.to_bits(), a.to_bits() >> 80, true),
            Address::Mac(_) => return None,
        };
        Some([Self { bits: host, is_v6, is_host: true }, Self { bits: block, is_v6, is_host: false }])
    }
}

sums! {
    /// Judged conversations, and of them one-sided ones.
    #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
    pub struct JudgedConversations {
        /// All.
        pub all: u64,
        /// With packets in one direction only.
        pub one_sided: u64,
    }
}

/// A conversation as this detector needs it.
#[derive(Debug, Clone, Copy)]
pub struct OneWayFlow<'a> {
    /// Who.
    pub key: &'a FlowKey,
    /// Packets from `a` to `b` and back.
    pub packets: [u64; 2],
    /// Whether both ends must have spoken: a TCP connection in which something was acknowledged (it is no scan), one of QUIC that was opened, a
    /// call, a tunnel.
    pub is_mutual: bool,
    /// From its first packet to its last.
    pub seen: Episode,
}

sums! {
    /// Counts of one-sided conversations.
    #[derive(Debug, Clone, Default, PartialEq, Eq)]
    pub struct DirectionCounts {
        /// Conversations in which both ends must have spoken, with at least [`ONE_SIDE_PACKETS`] from one side. Others say nothing: one-sided ones
        /// are normal (logs, streams), or unanswered attempts.
        pub mutual: JudgedConversations,
        /// Packets of all conversations that show both directions.
        pub answered_packets: u64,
        /// When one-sided ones of them were seen.
        pub one_sided_at: SeenAt,
        /// By host and address block of either end.
        places: HashMap<Prefix, JudgedConversations> => Places,
    }
}

/// Adds to a bounded table: a new key beyond the cap is not taken.
fn entry<K: Hash + Eq, V: Default>(table: &mut HashMap<K, V>, key: K, cap: usize) -> Option<&mut V> {
    if table.len() < cap { Some(table.entry(key).or_default()) } else { table.get_mut(&key) }
}

/// At most [`PLACES`] hosts and blocks.
#[derive(Debug)]
struct Places;

impl Rule<HashMap<Prefix, JudgedConversations>> for Places {
    fn merge(sum: &mut HashMap<Prefix, JudgedConversations>, other: &HashMap<Prefix, JudgedConversations>) {
        let mut more: Vec<_> = other.iter().collect();
        // Which of them find room must not depend on how a table lies in memory.
        if sum.len() < PLACES && sum.len() + more.len() > PLACES {
            more.arrange_by_key(|row| row.0);
        }
        for (place, judged) in more {
            if let Some(slot) = entry(sum, *place, PLACES) {
                slot.merge(judged);
            }
        }
    }

    fn since(now: &HashMap<Prefix, JudgedConversations>, _: &HashMap<Prefix, JudgedConversations>) -> HashMap<Prefix, JudgedConversations> {
        now.clone()
    }
}

impl DirectionCounts {
    /// Judges one conversation.
    pub fn add(&mut self, flow: &OneWayFlow<'_>) {
        let (most, least) = (flow.packets[0].max(flow.packets[1]), flow.packets[0].min(flow.packets[1]));
        if flow.key.ips().iter().any(|ip| ip.is_multicast() || ip.is_unspecified() || is_broadcast(*ip)) {
            return;
        }
        if least > 0 {
            self.answered_packets = self.answered_packets.saturating_add(most.saturating_add(least));
        }
        if most < ONE_SIDE_PACKETS || !flow.is_mutual {
            return;
        }
        let one_sided = u64::from(least == 0);
        self.mutual = JudgedConversations { all: self.mutual.all + 1, one_sided: self.mutual.one_sided + one_sided };
        if least == 0 {
            [flow.seen.first, flow.seen.last].into_iter().for_each(|time| self.one_sided_at.note(time));
        }
        let [a, b] = [Prefix::of(flow.key.a()).unwrap_or_default(), Prefix::of(flow.key.b()).unwrap_or_default()];
        for (i, place) in [a[0], a[1], b[0], b[1]].into_iter().enumerate() {
            if i >= 2 && a.contains(&place) {
                continue;
            }
            if let Some(slot) = entry(&mut self.places, place, PLACES) {
                slot.all += 1;
                slot.one_sided += one_sided;
            }
        }
    }

    /// The share of one-sided conversations that have an end at a host or in an address block where nine of ten are one-sided
    /// (0 to 1; the better of hosts and blocks), and how many conversations are answered: a high share beside answered ones
    /// points to routing, not to the mirror.
    pub fn concentration(&self) -> (f64, u64) {
        let inside = |is_host: bool| {
            let places = self.places.iter().filter(|(p, _)| p.is_host == is_host).map(|(_, j)| j);
            places
                .filter(|j| j.all >= PLACE_CONVERSATIONS && j.one_sided.saturating_mul(10) >= j.all.saturating_mul(9))
                .fold(0u64, |sum, j| sum.saturating_add(j.one_sided))
        };
        let most = inside(true).max(inside(false));
        let share = if self.mutual.one_sided == 0 { 0.0 } else { (most as f64 / self.mutual.one_sided as f64).min(1.0) };
        (share, self.mutual.all.saturating_sub(self.mutual.one_sided))
    }
}

fn is_broadcast(ip: std::net::IpAddr) -> bool {
    matches!(ip, std::net::IpAddr::V4(a) if a.is_broadcast())
}

/// MAC addresses by the roles they were seen in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MacRoleCounts {
    /// Senders and receivers both.
    pub both: u64,
    /// Never a destination.
    pub only_source: u64,
    /// Never a source.
    pub only_destination: u64,
}

/// Which MAC addresses send and which receive; group addresses are left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MacRoles {
    /// Packets as source and as destination.
    table: HashMap<Mac, [u64; 2]>,
}

impl MacRoles {
    /// Adds the packets of a MAC pair.
    pub fn add(&mut self, source: Mac, destination: Mac, packets: u64) {
        for (mac, role) in [(source, 0), (destination, 1)] {
            if mac.is_group() || mac == Mac::default() {
                continue;
            }
            if let Some(slot) = entry(&mut self.table, mac, MAC_ROLES) {
                slot[role] = slot[role].saturating_add(packets);
            }
        }
    }

    /// The summary, of addresses with at least 20 packets.
    pub fn roles(&self) -> MacRoleCounts {
        let mut roles = MacRoleCounts::default();
        for [sent, received] in self.table.values().filter(|r| r[0].saturating_add(r[1]) >= ROLE_PACKETS) {
            match (*sent, *received) {
                (_, 0) => roles.only_source += 1,
                (0, _) => roles.only_destination += 1,
                _ => roles.both += 1,
            }
        }
        roles
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Timestamp;
    use proptest::prelude::*;

    const SEEN: Episode = Episode { first: Timestamp(3), last: Timestamp(7) };

    fn key(source: u32, destination: u32, protocol: u8) -> FlowKey {
        FlowKey::new(false, protocol, source.into(), destination.into(), 40_000, 443).0
    }

    fn add(counts: &mut DirectionCounts, source: u32, destination: u32, packets: [u64; 2]) {
        counts.add(&OneWayFlow { key: &key(source, destination, 6), packets, is_mutual: true, seen: SEEN });
    }

    #[test]
    fn five_packets_without_answer_are_one_sided() {
        let mut counts = DirectionCounts::default();
        add(&mut counts, 0x0a00_0001, 0x0a00_0101, [4, 0]);
        assert_eq!(counts.mutual, JudgedConversations::default(), "four packets say nothing");
        add(&mut counts, 0x0a00_0001, 0x0a00_0101, [5, 0]);
        add(&mut counts, 0x0a00_0001, 0x0a00_0101, [1, 5]);
        counts.add(&OneWayFlow { key: &key(1, 2, 6), packets: [9, 0], is_mutual: false, seen: SEEN });
        counts.add(&OneWayFlow { key: &key(1, 2, 17), packets: [9, 0], is_mutual: false, seen: SEEN });
        counts.add(&OneWayFlow { key: &key(1, 0xe000_0001, 17), packets: [9, 0], is_mutual: false, seen: SEEN });
        counts.add(&OneWayFlow { key: &key(1, 0xe000_0001, 50), packets: [9, 0], is_mutual: true, seen: SEEN });
        assert_eq!(counts.mutual, JudgedConversations { all: 2, one_sided: 1 });
        assert_eq!(counts.one_sided_at.episodes(), [SEEN]);
    }

    #[test]
    fn one_prefix_only_is_routing() {
        let mut counts = DirectionCounts::default();
        for n in 0..20 {
            add(&mut counts, 0x0a00_0000 + n, 0x0a00_0100 + n, [9, 9]);
            add(&mut counts, 0x0a00_0000 + n, 0xc0a8_0900 + n, [9, 0]);
        }
        assert_eq!(counts.concentration(), (1.0, 20));
        let mut spread = DirectionCounts::default();
        for n in 0..20 {
            add(&mut spread, 0x0a00_0000 + n, 0x0a00_0100 + n, [9, 9 * u64::from(n % 2)]);
        }
        assert_eq!(spread.concentration().0, 0.0);
    }

    #[test]
    fn two_hosts_of_a_block_are_enough() {
        let mut counts = DirectionCounts::default();
        for n in 0..60 {
            let server = n % 6;
            add(&mut counts, 0x0a00_0000 + n, 0x0a00_0100 + server, if server < 2 { [9, 0] } else { [9, 9] });
        }
        assert_eq!(counts.concentration(), (1.0, 40));
    }

    #[test]
    fn roles_of_addresses() {
        let mac = |n| Mac([2, 0, 0, 0, 0, n]);
        let mut roles = MacRoles::default();
        roles.add(mac(1), mac(2), 20);
        roles.add(mac(3), mac(1), 20);
        roles.add(mac(4), Mac::BROADCAST, 19);
        assert_eq!(roles.roles(), MacRoleCounts { both: 1, only_source: 1, only_destination: 1 });
    }

    proptest! {
        #[test]
        fn counts_close_and_merge(flows in prop::collection::vec((any::<u32>(), any::<u32>(), 0u64..9, 0u64..9), 0..200)) {
            let (mut all, mut parts) = (DirectionCounts::default(), [DirectionCounts::default(), DirectionCounts::default()]);
            for (i, (a, b, to, from)) in flows.iter().enumerate() {
                add(&mut all, *a, *b, [*to, *from]);
                add(&mut parts[i % 2], *a, *b, [*to, *from]);
            }
            let mut merged = DirectionCounts::default();
            parts.iter().for_each(|p| merged.merge(p));
            prop_assert_eq!(&merged, &all);
            prop_assert!(all.mutual.one_sided <= all.mutual.all && (0.0..=1.0).contains(&all.concentration().0));
        }
    }
}
