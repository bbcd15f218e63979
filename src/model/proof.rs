//! Packets that prove something, by their number.

use super::bounded::BoundedMap;
use super::limits::{PROOFS, PROVING_PACKETS};
use super::sum::Sum;
use super::{Subject, Timestamp};
use crate::model::Arrange as _;

/// What packets prove of somebody. What goes wrong at a service is told by [`super::evidence::Trouble`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Proves {
    /// A station claims the address.
    Claimed,
    /// Others look for the address by ARP, since it last answered.
    Sought,
    /// The station, or the VLAN, sends ARP requests and announcements.
    Asks,
    /// The station, or the VLAN, asks for an address by DHCP.
    Discovers,
    /// The server gives one, or offers it.
    Gives,
    /// The server refuses one.
    Refuses,
    /// The router announces itself.
    Announces,
    /// The router sends others elsewhere.
    Redirects,
    /// The time server says what time it is.
    TellsTime,
    /// A datagram to the host came in fragments.
    Fragmented,
    /// One of them did not come whole.
    Broken,
    /// The host tried to connect in vain.
    Failed,
    /// A SYN to the service was not answered.
    Unfinished,
    /// Broadcasts to the VLAN, or the whole network.
    Broadcasts,
    /// Multicasts of the link's protocols, likewise.
    LinkMulticasts,
    /// The station asks its link to pause.
    Pauses,
    /// Frames circle in the VLAN, or in the network.
    Circles,
    /// The client went on by IPv4 after an attempt at the service by IPv6 that failed.
    FailedByIpv6,
    /// A large segment to the host, or of it, was sent again.
    Stuck,
    /// The host kept a connection alive.
    KeptAlive,
    /// A segment was lost on the side of the host.
    Lost,
    /// A stream to the host lacks packets before this one.
    Gap,
    /// A packet of a stream to the host came far from where it should.
    Uneven,
    /// The host took no data.
    Stalled,
    /// The window of the host was announced.
    Window,
    /// A round trip on the clients' side of the service was long.
    FarClients,
    /// A round trip on its own side was.
    FarServer,
    /// A TLS handshake with the service failed.
    TlsFailed,
    /// A version was chosen that is old, by the service, or for want of another by the host.
    OldTls,
    /// The service showed its certificate.
    Certificate,
    /// QUIC was not answered.
    QuicFailed,
    /// A connection to the service, or a client's with it, ended after few packets.
    Short,
    /// A bridge speaks of the spanning tree of the VLAN, or of any; and where it told something new.
    Tree,
    /// See [`Proves::Tree`].
    TreeNews,
    /// Likewise of a shared gateway.
    Gateway,
    /// See [`Proves::Gateway`].
    GatewayNews,
    /// Likewise a router of its neighbours.
    Router,
    /// See [`Proves::Router`].
    RouterNews,
    /// An end of an aggregated link says how it sees it.
    Link,
    /// A device says who it is and how its port is set.
    Neighbour,
    /// Somebody asks who wants which groups.
    Query,
    /// A port lets somebody in, or does not.
    Login,
    /// A session between routers ended.
    Session,
}

/// How long proofs are kept at least, seconds of packet time.
const KEPT: i64 = 600;

/// Packets that prove what findings say, by what they prove and of whom: at most [`PROOFS`] of them.
#[derive(Debug, Clone, Default)]
pub struct Proofs {
    known: BoundedMap<(Proves, Subject), ProvingPackets, PROOFS, KEPT>,
}

impl Proofs {
    /// Bytes at most.
    #[cfg(test)]
    pub const BYTES: usize = BoundedMap::<(Proves, Subject), ProvingPackets, PROOFS, KEPT>::BYTES;

    /// Notes a packet; 0 is one whose number is not known.
    pub fn note(&mut self, proves: Proves, of: Subject, number: u64, time: Timestamp) {
        if number > 0
            && let Some(packets) = self.known.entry((proves, of), time)
        {
            packets.note(number);
        }
    }

    /// What was noted is no proof any more.
    pub fn forget(&mut self, proves: Proves, of: Subject) {
        self.known.remove(&(proves, of));
    }

    /// The numbers of the packets that prove the first of these of which any are known, ascending.
    pub fn of(&self, any: &[Proves], of: Subject) -> Vec<u64> {
        any.iter().find_map(|proves| self.known.get(&(*proves, of))).map(ProvingPackets::numbers).unwrap_or_default()
    }
}

impl PartialEq for Proofs {
    fn eq(&self, other: &Self) -> bool {
        let holds = |all: &Self, part: &Self| part.known.iter().all(|(key, packets, _)| all.known.get(key) == Some(packets));
        holds(self, other) && holds(other, self)
    }
}

/// Numbers of packets, from 1 as they came: of all that were noted the newest, at most [`PROVING_PACKETS`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ProvingPackets {
    /// 0: none.
    numbers: [u64; PROVING_PACKETS],
    /// How many were noted.
    noted: usize,
}

impl ProvingPackets {
    /// Notes a packet that came after those noted before, once; 0 is a packet whose number is not known.
    #[inline]
    pub fn note(&mut self, number: u64) {
        let latest = self.noted.wrapping_sub(1) % PROVING_PACKETS;
        if number == 0 || self.numbers.get(latest) == Some(&number) {
            return;
        }
        let at = self.noted % PROVING_PACKETS;
        if let Some(place) = self.numbers.get_mut(at) {
            *place = number;
        }
        self.noted = self.noted.wrapping_add(1);
    }

    /// The numbers, ascending.
    pub fn numbers(&self) -> Vec<u64> {
        let mut numbers: Vec<u64> = self.numbers.iter().copied().filter(|n| *n > 0).collect();
        numbers.arrange();
        numbers
    }

    /// The numbers of the newest of these packets, ascending.
    pub fn newest(numbers: impl Iterator<Item = u64>) -> Vec<u64> {
        Self::of(numbers.collect()).numbers()
    }

    /// The newest of these.
    fn of(mut numbers: Vec<u64>) -> Self {
        numbers.arrange();
        numbers.dedup();
        let mut out = Self::default();
        numbers.iter().skip(numbers.len().saturating_sub(PROVING_PACKETS)).for_each(|n| out.note(*n));
        out
    }
}

impl Sum for ProvingPackets {
    fn merge(&mut self, other: &Self) {
        *self = Self::of([self.numbers(), other.numbers()].concat());
    }

    fn since(&self, earlier: &Self) -> Self {
        let before = earlier.numbers().last().copied().unwrap_or(0);
        Self::of(self.numbers().into_iter().filter(|n| *n > before).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noted(numbers: impl IntoIterator<Item = u64>) -> ProvingPackets {
        let mut out = ProvingPackets::default();
        numbers.into_iter().for_each(|n| out.note(n));
        out
    }

    #[test]
    fn the_newest_of_all_parts_are_kept() {
        let most = PROVING_PACKETS as u64;
        assert_eq!(noted([0, 3, 7]).numbers(), [3, 7]);
        let (mut odd, even) = (noted((1..100).step_by(2)), noted((2..100).step_by(2)));
        assert_eq!(odd.numbers().len() as u64, most);
        odd.merge(&even);
        assert_eq!(odd.numbers(), (100 - most..100).collect::<Vec<_>>());
        assert_eq!(odd.since(&noted([97])).numbers(), [98, 99]);
        let mut none = ProvingPackets::default();
        none.merge(&noted([5]));
        assert_eq!(none.numbers(), [5]);
    }

    #[test]
    fn a_packet_proves_once() {
        let mut packets = ProvingPackets::default();
        [0, 7, 7, 9, 9].into_iter().for_each(|number| packets.note(number));
        assert_eq!(packets.numbers(), [7, 9]);
        (10..40).for_each(|number| packets.note(number));
        packets.note(39);
        let numbers = packets.numbers();
        assert_eq!((numbers.len(), numbers.last()), (PROVING_PACKETS, Some(&39)), "the newest");
    }
}
