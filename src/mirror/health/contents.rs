//! What packets consist of: IP and TCP, what is encrypted, what has a link layer nobody understands, and datagrams that look like a tunnel
//! nobody looks into.
//!
//! Costs a UDP datagram one comparison of four bytes; the rest is read off the contexts at a mark.

use crate::model::Arrange as _;
use crate::model::limits::{CARRIER_PORTS, FOREIGN_LINKS};
use crate::model::path::Layer;
use crate::model::{Frame, LinkType, Path, Proto, ProtoSet, Sum, TunnelKind};

/// Counts by what they are of, at most a given number of kinds; further kinds are not counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KindCounts<K>(Vec<(K, u64)>);

impl<K> Default for KindCounts<K> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<K: Copy + Ord> KindCounts<K> {
    fn add(&mut self, of: K, n: u64, most: usize) {
        if let Some(row) = self.0.iter_mut().find(|row| row.0 == of) {
            row.1 = row.1.saturating_add(n);
        } else if self.0.len() < most {
            self.0.push((of, n));
        }
    }

    fn merge(&mut self, other: &Self, most: usize) {
        other.0.iter().for_each(|(of, n)| self.add(*of, *n, most));
    }

    fn since(&self, earlier: &Self) -> Self {
        let before = |of: K| earlier.0.iter().find(|row| row.0 == of).map_or(0, |row| row.1);
        Self(self.0.iter().map(|(of, n)| (*of, n.saturating_sub(before(*of)))).filter(|row| row.1 > 0).collect())
    }

    /// The rows, most first.
    pub fn rows(&self) -> Vec<(K, u64)> {
        let mut rows = self.0.clone();
        rows.arrange_by_key(|&(of, n)| (std::cmp::Reverse(n), of));
        rows
    }
}

/// Packets by what they consist of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ContentCounts {
    /// All packets.
    pub packets: u64,
    /// Those with IP.
    pub ip: u64,
    /// Those with TCP.
    pub tcp: u64,
    /// Those encrypted below IP (MACsec).
    pub encrypted: u64,
    /// Those with MPLS labels, and nothing behind them that is known.
    pub labelled: u64,
    /// Protocols that were ever seen.
    pub protocols: ProtoSet,
    /// Those of link types without a decoder.
    pub foreign_links: KindCounts<LinkType>,
    /// Datagrams by UDP port that look like a tunnel.
    pub carriers: KindCounts<(u16, TunnelKind)>,
}

impl ContentCounts {
    /// Counts packets of one protocol path.
    pub fn count(&mut self, path: Path, packets: u64) {
        self.packets = self.packets.saturating_add(packets);
        let add = |n: &mut u64, is: bool| *n = n.saturating_add(if is { packets } else { 0 });
        add(&mut self.ip, path.contains(Proto::Ip) || path.contains(Proto::Ipv6));
        add(&mut self.tcp, path.contains(Proto::Tcp));
        add(&mut self.encrypted, path.contains(Proto::Macsec));
        add(&mut self.labelled, path.contains(Proto::Mpls) && tells_nothing(path));
        for layer in path.layers() {
            match layer {
                Layer::Known(proto) => self.protocols.insert(proto),
                Layer::LinkType(number) => self.foreign_links.add(LinkType(number), packets, FOREIGN_LINKS),
                _ => {}
            }
        }
    }
}

/// Whether nothing is known behind the link layer.
fn tells_nothing(path: Path) -> bool {
    match path.last() {
        Some(Layer::Known(proto)) => matches!(proto, Proto::Mpls | Proto::PwEthCw | Proto::Eth | Proto::Llc),
        _ => true,
    }
}

impl Sum for ContentCounts {
    fn merge(&mut self, other: &Self) {
        self.packets = self.packets.saturating_add(other.packets);
        self.ip = self.ip.saturating_add(other.ip);
        self.tcp = self.tcp.saturating_add(other.tcp);
        self.encrypted = self.encrypted.saturating_add(other.encrypted);
        self.labelled = self.labelled.saturating_add(other.labelled);
        self.protocols.add(&other.protocols);
        self.foreign_links.merge(&other.foreign_links, FOREIGN_LINKS);
        self.carriers.merge(&other.carriers, CARRIER_PORTS);
    }

    fn since(&self, earlier: &Self) -> Self {
        Self {
            packets: self.packets.saturating_sub(earlier.packets),
            ip: self.ip.saturating_sub(earlier.ip),
            tcp: self.tcp.saturating_sub(earlier.tcp),
            encrypted: self.encrypted.saturating_sub(earlier.encrypted),
            labelled: self.labelled.saturating_sub(earlier.labelled),
            protocols: self.protocols,
            foreign_links: self.foreign_links.since(&earlier.foreign_links),
            carriers: self.carriers.since(&earlier.carriers),
        }
    }
}

/// UDP ports whose datagrams look like a tunnel.
#[derive(Debug, Default)]
pub struct Carriers(KindCounts<(u16, TunnelKind)>);

impl Carriers {
    /// Looks at a packet; what is a tunnel to the decoder already is none to be found.
    #[inline]
    pub fn observe(&mut self, frame: &Frame<'_>) {
        // Nearly all datagrams leave here.
        if frame.is_plain {
            return;
        }
        let Some(header) = frame.transport.and_then(|at| frame.bytes.get(at as usize..)) else { return };
        let Some((&[_, _, high, low, _, _, _, _], payload)) = header.split_first_chunk() else { return };
        let udp = frame.path.last() == Some(Layer::Known(Proto::Udp));
        if let Some(kind) = tunnel(payload).filter(|kind| udp && !is_read(*kind, frame.path)) {
            self.0.add((u16::from_be_bytes([high, low]), kind), 1, CARRIER_PORTS);
        }
    }

    /// What was found.
    pub fn counts(&self) -> KindCounts<(u16, TunnelKind)> {
        self.0.clone()
    }
}

/// Whether a tunnel of this kind was decoded in a packet.
fn is_read(kind: TunnelKind, path: Path) -> bool {
    path.contains(match kind {
        TunnelKind::Vxlan => Proto::Vxlan,
        TunnelKind::Geneve => Proto::Geneve,
        _ => Proto::Tzsp,
    })
}

/// What a payload is by its header and by the frame in it.
fn tunnel(payload: &[u8]) -> Option<TunnelKind> {
    let (kind, inner) = TunnelKind::looks_like(payload)?;
    is_ethernet(payload.get(inner..)?).then_some(kind)
}

/// Whether bytes are an Ethernet header with IP or ARP behind it, or a tag.
fn is_ethernet(bytes: &[u8]) -> bool {
    let Some((_, behind)) = bytes.split_first_chunk::<12>() else { return false };
    match behind {
        [0x08, 0x00, first, ..] => first >> 4 == 4 && first & 15 >= 5,
        [0x86, 0xdd, first, ..] => first >> 4 == 6,
        [0x08, 0x06, 0, 1, 8, 0, ..] => true,
        [0x81, 0x00, _, _, 0x08, 0x00, first, ..] => first >> 4 == 4,
        [0x81, 0x00, _, _, 0x86, 0xdd, first, ..] => first >> 4 == 6,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{frame, udp4};
    use super::*;

    /// An Ethernet header and the beginning of IPv4.
    const INNER: [u8; 18] = [2, 0, 0, 0, 0, 8, 2, 0, 0, 0, 0, 7, 8, 0, 0x45, 0, 0, 40];

    fn found(head: &[u8], inner: &[u8], path: &[Proto]) -> Vec<((u16, TunnelKind), u64)> {
        let bytes = udp4(12_345, &[head, inner].concat());
        let mut frame = frame(&bytes, 0);
        path.iter().for_each(|p| frame.path.push(*p));
        let mut carriers = Carriers::default();
        carriers.observe(&frame);
        carriers.observe(&frame);
        carriers.counts().rows()
    }

    #[test]
    fn tunnels_are_recognised_by_two_headers() {
        let udp = [Proto::Eth, Proto::Ip, Proto::Udp];
        let vxlan = [8, 0, 0, 0, 0, 0, 77, 0];
        assert_eq!(found(&vxlan, &INNER, &udp), [((12_345, TunnelKind::Vxlan), 2)]);
        assert_eq!(found(&[1, 0x40, 0x65, 0x58, 0, 0, 77, 0, 1, 2, 3, 4], &INNER, &udp), [((12_345, TunnelKind::Geneve), 2)]);
        assert_eq!(found(&[1, 0, 0, 1, 1], &INNER, &udp), [((12_345, TunnelKind::Tzsp), 2)]);
        assert_eq!(found(&vxlan, &INNER, &[Proto::Eth, Proto::Ip, Proto::Udp, Proto::Vxlan]), [], "that is one already");
        assert_eq!(found(&vxlan, &[2; 18], &udp), [], "no Ethernet inside");
        assert_eq!(found(&[8, 0, 0, 1, 0, 0, 77, 0], &INNER, &udp), [], "a reserved bit");
        assert_eq!(found(&vxlan, &INNER[..10], &udp), [], "cut");
    }

    #[test]
    fn counts_merge_and_subtract() {
        let path = |of: &[Proto]| {
            let mut path = Path::EMPTY;
            of.iter().for_each(|p| path.push(*p));
            path
        };
        let mut link = Path::EMPTY;
        link.push_link_type(239);
        let mut counts = ContentCounts::default();
        counts.count(path(&[Proto::Eth, Proto::Ip, Proto::Tcp]), 5);
        counts.count(path(&[Proto::Eth, Proto::Macsec]), 3);
        counts.count(link, 7);
        assert_eq!((counts.packets, counts.ip, counts.tcp, counts.encrypted), (15, 5, 5, 3));
        let labelled = |behind: &[Proto]| {
            let mut counts = ContentCounts::default();
            counts.count(path(&[&[Proto::Eth, Proto::Mpls], behind].concat()), 1);
            counts.labelled
        };
        assert_eq!([&[][..], &[Proto::Mpls], &[Proto::PwEthCw], &[Proto::PwEthCw, Proto::Eth]].map(labelled), [1; 4]);
        assert_eq!([&[Proto::Ip][..], &[Proto::Ip, Proto::Tcp], &[Proto::PwEthCw, Proto::Eth, Proto::Arp]].map(labelled), [0; 3]);
        assert_eq!(counts.foreign_links.rows(), [(LinkType(239), 7)]);
        let mut twice = counts.clone();
        twice.merge(&counts);
        assert_eq!(twice.since(&counts), counts);
        (0..2 * CARRIER_PORTS as u16).for_each(|port| counts.carriers.add((port, TunnelKind::Vxlan), 1, CARRIER_PORTS));
        assert_eq!(counts.carriers.rows().len(), CARRIER_PORTS);
    }
}
