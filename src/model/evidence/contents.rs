//! What packets are like: lengths, checksums, protocols, destinations.

use super::share;
use crate::model::{LinkType, ProtoSet, ProvingPackets, TunnelKind};

/// Lengths.
#[derive(Debug, Clone, Copy, Default)]
pub struct SizeEvidence {
    /// IP packets, also those cut before their IP header.
    pub packets: u64,
    /// Of them cut before the capture.
    pub cut_by_mirror: u64,
    /// Of them captured in part.
    pub cut_by_capture: u64,
    /// Of either, those of which nothing was left that tells their ports.
    pub headless: u64,
    /// The most frequent length of frames cut before the capture, and its share of them.
    pub cut_length: Option<(u32, f64)>,
    /// TCP segments whose largest allowed size is known.
    pub segments: u64,
    /// Of them larger.
    pub above_mss: u64,
    /// Frames longer than any Ethernet carries, and IP packets without length.
    pub impossible: u64,
    /// Largest frame, in wire bytes.
    pub largest: u32,
    /// Frames the mirror reports as damaged.
    pub errors: u64,
    /// Packets of `cut_by_mirror`.
    pub cut_by_mirror_proof: ProvingPackets,
    /// Packets of `cut_by_capture`.
    pub cut_by_capture_proof: ProvingPackets,
}

impl SizeEvidence {
    /// Share of segments that were larger than allowed.
    pub fn merged(&self) -> f64 {
        share(self.above_mss, self.segments)
    }
}

/// Transport checksums of a sample.
#[derive(Debug, Clone, Copy, Default)]
pub struct ChecksumEvidence {
    /// Right or unused.
    pub right: u64,
    /// Left to the hardware.
    pub partial: u64,
    /// Wrong.
    pub wrong: u64,
    /// Packets of `partial`.
    pub partial_proof: ProvingPackets,
    /// Packets of `wrong`.
    pub wrong_proof: ProvingPackets,
}

impl ChecksumEvidence {
    /// All in the sample.
    pub fn all(&self) -> u64 {
        self.right.saturating_add(self.partial).saturating_add(self.wrong)
    }
}

/// What packets consist of: where mirror and loss cannot be judged, this says why.
#[derive(Debug, Clone, Default)]
pub struct ContentEvidence {
    /// Packets of the mirrored network.
    pub packets: u64,
    /// Of them those with IP.
    pub ip: u64,
    /// Of them those with TCP.
    pub tcp: u64,
    /// Of them those encrypted below IP (MACsec, IEEE 802.1AE).
    pub encrypted: u64,
    /// Of them those with MPLS labels (RFC 3032) and nothing behind them that is known.
    pub labelled: u64,
    /// Protocols that were seen.
    pub protocols: ProtoSet,
    /// Packets of link types that are not understood: which, with packets, most first.
    pub foreign_links: Vec<(LinkType, u64)>,
    /// UDP ports whose datagrams look like a mirror's tunnel that is not looked for there: port, kind, datagrams, most first.
    pub carriers: Vec<(u16, TunnelKind, u64)>,
    /// Tunnels between hosts that are left on, so that what is inside is not looked at: the kind with the most packets, and all of their packets.
    pub tunnels: Option<(TunnelKind, u64)>,
    /// The kind of tunnels with the most packets of all that are left on, mirrors that only cross the link among them.
    pub left_on: Option<TunnelKind>,
    /// Packets of a sample of what is inside of those, and of them those of conversations that were seen outside as well.
    pub divided: (u64, u64),
}

impl ContentEvidence {
    /// Packets in tunnels whose conversations are seen outside as well before it is said of these that they are divided.
    pub const DIVIDED: u64 = 10;

    /// One in so many of the packets in tunnels, at least, is of such conversations then.
    const PART: u64 = 20;

    /// The kind of the tunnels that a part of the conversations' packets lies in, so that what is looked at lacks them.
    pub fn divides(&self) -> Option<TunnelKind> {
        let (inside, both) = self.divided;
        self.left_on.filter(|_| both >= Self::DIVIDED && both.saturating_mul(Self::PART) >= inside)
    }
}

/// Frames by destination.
#[derive(Debug, Clone, Copy, Default)]
pub struct CastEvidence {
    /// Unicast to this host's own address, or from it.
    pub to_host: u64,
    /// Unicast to others.
    pub to_others: u64,
    /// Multicast.
    pub multicast: u64,
    /// Broadcast.
    pub broadcast: u64,
}

impl CastEvidence {
    /// All frames.
    pub fn all(&self) -> u64 {
        [self.to_host, self.to_others, self.multicast, self.broadcast].iter().fold(0, |sum, n| sum.saturating_add(*n))
    }
}
