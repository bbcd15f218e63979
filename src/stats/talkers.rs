//! How much each host sends and receives, by ten seconds: what load that rises is told by.
//!
//! The records of conversations are looked through at marks of packet time. That is done where enough packets came to pay for it, else later for
//! a longer time: the rate stays right.

use crate::model::Arrange as _;
use crate::model::limits::TALKERS_TOLD;
use crate::model::time::SECOND;
use crate::model::{Address, FlowKey, HostLoad, NetworkEvent, Timestamp};
use hashbrown::HashMap;

/// Nanoseconds of packet time between two looks.
pub const EVERY: i64 = 10 * SECOND;

/// Packets a record that is looked through costs: there must be as many.
const PACKETS_A_RECORD: u64 = 4;

/// Bytes a second of a host below which nothing is told.
const LITTLE: u64 = 1_000;

/// What a conversation added since it was last looked at.
#[derive(Debug, Clone, Copy)]
pub struct ConversationBytes {
    /// Who.
    pub flow: FlowKey,
    /// Bytes of both ways.
    pub added: u64,
}

/// What hosts sent and received since the last look; kept for its memory, for one shard after the other.
#[derive(Debug, Default)]
pub struct TalkingHosts(HashMap<Address, Talk>);

/// What a host did.
#[derive(Debug, Clone, Copy)]
struct Talk {
    bytes: u64,
    /// With whom most of it was, and how much that was.
    peer: Address,
    peer_bytes: u64,
    /// The lower port of that conversation.
    port: u16,
}

/// When a shard's conversations were last looked at.
#[derive(Debug, Default)]
pub struct Talkers {
    packets: u64,
    since: Option<Timestamp>,
}

impl Talkers {
    /// Whether it is time to look, at a mark, when so many packets came so far and there are so many conversations.
    pub fn is_due(&mut self, now: Timestamp, packets: u64, flows: usize) -> bool {
        let since = *self.since.get_or_insert(now);
        let is_over = now.0.div_euclid(EVERY) > since.0.div_euclid(EVERY);
        is_over && packets.saturating_sub(self.packets) >= PACKETS_A_RECORD.saturating_mul(flows as u64).max(1)
    }

    /// Looks at what all conversations added, when so many packets came so far; tells of all together, and of the hosts with most.
    pub fn look(
        &mut self,
        now: Timestamp,
        packets: u64,
        talks: impl Iterator<Item = ConversationBytes>,
        TalkingHosts(hosts): &mut TalkingHosts,
        mut tell: impl FnMut(NetworkEvent),
    ) {
        let Some(since) = self.since.replace(now) else { return };
        self.packets = packets;
        let nanos = now.since(since).max(1);
        // It belongs to the ten seconds that are over, not to those that have begun.
        let time = Timestamp(now.0.div_euclid(EVERY).saturating_mul(EVERY).saturating_sub(1));
        hosts.clear();
        let mut all = 0u64;
        for ConversationBytes { flow, added } in talks {
            all = all.saturating_add(added);
            let [a, b] = [flow.a(), flow.b()];
            for (host, peer) in [(a, b), (b, a)] {
                let of = hosts.entry(host).or_insert(Talk { bytes: 0, peer, peer_bytes: 0, port: 0 });
                of.bytes = of.bytes.saturating_add(added);
                if added > of.peer_bytes {
                    (of.peer, of.peer_bytes, of.port) = (peer, added, flow.a_port.min(flow.b_port));
                }
            }
        }
        tell(NetworkEvent::Load(HostLoad { host: None, bytes: all, nanos, peer: None, peer_bytes: 0, port: 0, time }));
        let least = LITTLE.saturating_mul(u64::try_from(nanos / SECOND).unwrap_or(1));
        let mut most: Vec<(&Address, &Talk)> = hosts.iter().filter(|(_, talk)| talk.bytes >= least).collect();
        most.arrange_by_key(|(host, talk)| (std::cmp::Reverse(talk.bytes), **host));
        let load = |(host, talk): (&Address, &Talk)| HostLoad {
            host: Some(*host),
            bytes: talk.bytes,
            nanos,
            peer: Some(talk.peer),
            peer_bytes: talk.peer_bytes,
            port: talk.port,
            time,
        };
        most.into_iter().take(TALKERS_TOLD).map(load).map(NetworkEvent::Load).for_each(tell);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_new_counts_for_both_ends() {
        let at = |s: i64| Timestamp(s * SECOND);
        let host = |n: u32| Some(Address::V4(std::net::Ipv4Addr::from_bits(n)));
        let mut talkers = Talkers::default();
        let mut told = |seconds, talks: &[(u32, u64)]| {
            let talks = talks.iter().map(|&(n, added)| ConversationBytes { flow: FlowKey::v4(6, n, 100, 40_000, 80).0, added });
            let mut out = Vec::new();
            talkers.look(at(seconds), 1, talks, &mut TalkingHosts::default(), |event| {
                if let NetworkEvent::Load(load) = event {
                    out.push((load.host, load.bytes, load.peer_bytes));
                }
            });
            out
        };
        assert_eq!(told(0, &[(1, 5)]), [], "since when nobody knows");
        let first = told(10, &[(1, 500_000), (2, 300_000), (3, 9_999)]);
        assert_eq!(
            first,
            [(None, 809_999, 0), (host(100), 809_999, 500_000), (host(1), 500_000, 500_000), (host(2), 300_000, 300_000)],
            "below a kilobyte a second nothing is told of a host"
        );
        assert_eq!(told(20, &[]), [(None, 0, 0)]);
        assert_eq!(told(40, &[(3, 20_000)])[1..], [(host(3), 20_000, 20_000), (host(100), 20_000, 20_000)], "a kilobyte a second");
    }

    #[test]
    fn it_waits_until_packets_pay_for_it() {
        let mut talkers = Talkers::default();
        let at = |s: i64| Timestamp(s * SECOND);
        assert!(!talkers.is_due(at(5), 0, 100));
        assert!(!talkers.is_due(at(9), 1_000, 100) && !talkers.is_due(at(12), 399, 100));
        assert!(talkers.is_due(at(12), 400, 100));
    }
}
