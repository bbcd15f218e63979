//! How much each host sends and receives, by ten seconds: what load that rises is told by.
//!
//! The records of conversations are looked through at marks of packet time. That is done where enough packets came to pay for it, else later for
//! a longer time: the rate stays right.

use crate::model::Arrange as _;
use crate::model::bounded::BoundedMap;
use crate::model::limits::{TALKERS, TALKERS_TOLD};
use crate::model::time::SECOND;
use crate::model::{Address, FlowKey, HostLoad, NetworkEvent, Timestamp};
use hashbrown::{DefaultHashBuilder, HashMap};

/// Nanoseconds of packet time between two looks.
pub const EVERY: i64 = 10 * SECOND;

/// Nanoseconds for which a conversation is known at least.
const HELD: i64 = 6 * EVERY;

/// Packets a record that is looked through costs: there must be as many.
const PACKETS_A_RECORD: u64 = 4;

/// Bytes a second of a host below which nothing is told.
const LITTLE: u64 = 1_000;

/// A conversation as it is when it is looked at.
#[derive(Debug, Clone, Copy)]
pub struct ConversationSample {
    /// Who.
    pub flow: FlowKey,
    /// Bytes of both ways so far.
    pub bytes: u64,
    /// Its first packet.
    pub first: Timestamp,
    /// Its last.
    pub last: Timestamp,
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

/// What was known of a shard's conversations at the last look.
#[derive(Debug, Default)]
pub struct Talkers {
    /// Bytes of a conversation.
    known: BoundedMap<FlowKey, u64, TALKERS, { HELD / SECOND }, DefaultHashBuilder>,
    /// When there was no room for one more.
    refused: Option<Timestamp>,
    packets: u64,
    since: Option<Timestamp>,
}

impl Talkers {
    /// Bytes of a conversation.
    #[cfg(test)]
    pub const BYTES: usize = 2 * (size_of::<(FlowKey, u64, Timestamp)>() + 1);

    /// Whether it is time to look, at a mark, when so many packets came so far and there are so many conversations.
    pub fn is_due(&mut self, now: Timestamp, packets: u64, flows: usize) -> bool {
        let since = *self.since.get_or_insert(now);
        let is_over = now.0.div_euclid(EVERY) > since.0.div_euclid(EVERY);
        is_over && packets.saturating_sub(self.packets) >= PACKETS_A_RECORD.saturating_mul(flows as u64).max(1)
    }

    /// Looks at all conversations, when so many packets came so far; tells of all together, and of the hosts with most.
    pub fn look(
        &mut self,
        now: Timestamp,
        packets: u64,
        talks: impl Iterator<Item = ConversationSample>,
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
        for talk in talks.filter(|talk| talk.last >= since) {
            let known = self.before(&talk, since);
            self.note(&talk, now);
            let bytes = talk.bytes.saturating_sub(known);
            all = all.saturating_add(bytes);
            let [a, b] = [talk.flow.a(), talk.flow.b()];
            for (host, peer) in [(a, b), (b, a)] {
                let of = hosts.entry(host).or_insert(Talk { bytes: 0, peer, peer_bytes: 0, port: 0 });
                of.bytes = of.bytes.saturating_add(bytes);
                if bytes > of.peer_bytes {
                    let port = talk.flow.a_port.min(talk.flow.b_port);
                    (of.peer, of.peer_bytes, of.port) = (peer, bytes, port);
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

    /// Bytes that a conversation had at the last look. One that began since had none, and one that was looked at and is not known had little: but
    /// where there was no room for it, or it is older than what is kept, that is not known, and nothing counts as new.
    fn before(&self, talk: &ConversationSample, since: Timestamp) -> u64 {
        let is_sure = talk.first >= since || since.since(talk.first) < HELD && self.refused.is_none_or(|refused| refused < talk.first);
        self.known.get(&talk.flow).copied().unwrap_or(if is_sure { 0 } else { talk.bytes })
    }

    fn note(&mut self, talk: &ConversationSample, now: Timestamp) {
        if talk.bytes >= LITTLE && !self.known.insert(talk.flow, talk.bytes, now) {
            self.refused = Some(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(talkers: &mut Talkers, seconds: i64, talks: &[(u32, u64, i64, i64)]) -> Vec<(Option<Address>, u64)> {
        let at = |s: i64| Timestamp(s * SECOND);
        let talks = talks.iter().map(|&(n, bytes, first, last)| ConversationSample {
            flow: FlowKey::v4(6, n, 100, 40_000, 80).0,
            bytes,
            first: at(first),
            last: at(last),
        });
        let mut out = Vec::new();
        talkers.look(at(seconds), 1, talks, &mut TalkingHosts::default(), |event| {
            if let NetworkEvent::Load(load) = event {
                out.push((load.host, load.bytes));
            }
        });
        out
    }

    #[test]
    fn what_is_new_counts_for_both_ends() {
        let host = |n: u32| Some(Address::V4(std::net::Ipv4Addr::from_bits(n)));
        let mut talkers = Talkers::default();
        let at = |s: i64| Timestamp(s * SECOND);
        assert!(!talkers.is_due(at(0), 100, 1));
        let first = told(&mut talkers, 10, &[(1, 500_000, 1, 9), (2, 300_000, 2, 9)]);
        assert_eq!(first, [(None, 800_000), (host(100), 800_000), (host(1), 500_000), (host(2), 300_000)]);
        let next = told(&mut talkers, 20, &[(1, 900_000, 1, 19), (2, 300_000, 2, 9), (3, 200_000, 15, 18)]);
        assert_eq!(next, [(None, 600_000), (host(100), 600_000), (host(1), 400_000), (host(3), 200_000)]);
        assert_eq!(told(&mut talkers, 30, &[(1, 900_000, 1, 19)]), [(None, 0)]);
        assert_eq!(told(&mut talkers, 70, &[(1, 900_100, 1, 69)])[0], (None, 100), "it paused");
        assert_eq!(
            told(&mut talkers, 110, &[(1, 900_200, 1, 109), (9, 5_000_000, 2, 109)])[0],
            (None, 100),
            "another is not known any more"
        );
    }

    #[test]
    fn what_was_little_and_becomes_much_is_much() {
        let mut talkers = Talkers::default();
        assert!(!talkers.is_due(Timestamp(0), 100, 1));
        assert_eq!(told(&mut talkers, 10, &[(1, 60, 9, 9), (2, 999, 8, 9)])[0], (None, 1_059), "opened a moment ago");
        assert_eq!(told(&mut talkers, 20, &[(1, 1_000_060, 9, 19)])[0], (None, 1_000_060));
        // Where there is no room nobody knows.
        let many: Vec<(u32, u64, i64, i64)> = (100..100 + TALKERS as u32 + 1).map(|n| (n, 1_000, 21, 29)).collect();
        told(&mut talkers, 30, &many);
        let last = 100 + TALKERS as u32;
        assert_eq!(told(&mut talkers, 40, &[(last, 9_000, 21, 39)])[0], (None, 0));
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
