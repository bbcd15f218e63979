//! Words for what carries mirrored packets: tunnels, and what a mirroring switch says about a copy.

use super::{Address, Timestamp};

macro_rules! tunnels {
    ($($(#[$doc:meta])* $variant:ident $token:literal $mirror:ident;)*) => {
        /// An encapsulation that carries whole packets of another network.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum TunnelKind { $($(#[$doc])* $variant,)* }

        impl TunnelKind {
            /// Every kind.
            pub const ALL: &'static [TunnelKind] = &[$(TunnelKind::$variant,)*];

            /// The word in reports.
            pub const fn token(self) -> &'static str {
                match self { $(TunnelKind::$variant => $token,)* }
            }

            /// Whether it exists to carry mirrored packets, may be used for it, or never is.
            pub const fn purpose(self) -> Purpose {
                match self { $(TunnelKind::$variant => Purpose::$mirror,)* }
            }
        }
    };
}

impl TunnelKind {
    /// Whether it runs over UDP, so that a port can be declared to carry it.
    pub const fn runs_over_udp(self) -> bool {
        use TunnelKind::{ArubaErm, Capwap, Geneve, Gtp, HpErm, Jmirror, L2tp, Lisp, Lwapp, MplsUdp, Sflow, Teredo, Tzsp, Vxlan, VxlanGpe};
        matches!(
            self,
            ArubaErm | Capwap | Geneve | Gtp | HpErm | Jmirror | L2tp | Lisp | Lwapp | MplsUdp | Sflow | Teredo | Tzsp | Vxlan | VxlanGpe
        )
    }

    /// What a datagram looks like on a port that nobody registered for it, by its header alone: VXLAN (RFC 7348 section 5, only the I flag and
    /// reserved bits 0), Geneve (RFC 8926 section 3.4, version 0, Ethernet inside, reserved bits 0), TZSP (version 1, received or transmitted,
    /// Ethernet, no tags but the end); and where the packet in it begins.
    #[inline(always)]
    pub fn looks_like(payload: &[u8]) -> Option<(TunnelKind, usize)> {
        // Nearly all datagrams leave here.
        if !matches!(payload.first(), Some(0x08 | 0x00 | 0x01)) {
            return None;
        }
        match payload {
            [0x08, 0, 0, 0, _, _, _, 0, ..] => Some((TunnelKind::Vxlan, 8)),
            [options @ 0..=0x3f, 0x00 | 0x40, 0x65, 0x58, _, _, _, 0, ..] => Some((TunnelKind::Geneve, 8 + 4 * usize::from(*options))),
            [1, 0 | 1, 0, 1, 1, ..] => Some((TunnelKind::Tzsp, 5)),
            _ => None,
        }
    }
}

impl TunnelKind {
    /// The IP protocol its packets have, where it runs over IP (IANA "Protocol Numbers").
    pub const fn ip_protocol(self) -> Option<u8> {
        use TunnelKind::{ArubaGre, Eoip, Erspan1, Erspan2, Erspan3, Etherip, Gre, GreTeb, Nvgre, Pptp};
        match self {
            kind if kind.runs_over_udp() => Some(17),
            Erspan1 | Erspan2 | Erspan3 | GreTeb | Nvgre | Eoip | Gre | Pptp | ArubaGre => Some(47),
            Etherip => Some(97),
            _ => None,
        }
    }
}

/// What the user says carries packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carrier {
    /// Datagrams from or to this UDP port, and the kind inside ([`TunnelKind::runs_over_udp`]).
    Udp(u16, TunnelKind),
    /// GRE packets of this protocol type: Ethernet frames.
    Gre(u16),
}

impl Carrier {
    /// What datagrams of this port carry, where it is the one that is told of.
    pub fn over_udp(self, port: u16) -> Option<TunnelKind> {
        match self {
            Carrier::Udp(told, kind) if told == port => Some(kind),
            _ => None,
        }
    }
}

/// Which tunnels are taken off before anything is counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Decap {
    /// Those that bring the mirror; user tunnels count at their outer layer.
    #[default]
    Auto,
    /// All: the innermost layer counts.
    All,
    /// None: packets count as captured.
    None,
}

/// What a kind of tunnel is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Mirroring and nothing else.
    Mirror,
    /// User traffic, sometimes mirroring.
    Either,
    /// User traffic.
    User,
}

tunnels! {
    /// ERSPAN type I: Ethernet directly behind GRE 0x88BE without sequence number.
    Erspan1 "erspan1" Mirror;
    /// ERSPAN type II.
    Erspan2 "erspan2" Mirror;
    /// ERSPAN type III.
    Erspan3 "erspan3" Mirror;
    /// TaZmen Sniffer Protocol, UDP 37008.
    Tzsp "tzsp" Mirror;
    /// HP ProCurve / Aruba switch remote mirroring.
    HpErm "hp_erm" Mirror;
    /// Aruba access point remote mirroring.
    ArubaErm "aruba_erm" Mirror;
    /// sFlow version 5 raw packet headers (sampled).
    Sflow "sflow" Mirror;
    /// Juniper E-series packet mirroring.
    Jmirror "jmirror" Mirror;
    /// Transparent Ethernet bridging over GRE.
    GreTeb "gre_teb" Either;
    /// NVGRE, RFC 7637.
    Nvgre "nvgre" Either;
    /// MikroTik Ethernet over IP.
    Eoip "eoip" Either;
    /// VXLAN, RFC 7348.
    Vxlan "vxlan" Either;
    /// VXLAN generic protocol extension.
    VxlanGpe "vxlan_gpe" Either;
    /// Geneve, RFC 8926.
    Geneve "geneve" Either;
    /// IP in GRE.
    Gre "gre" User;
    /// PPP in GRE version 1 (PPTP, RFC 2637).
    Pptp "pptp" User;
    /// 802.11 frames of an Aruba access point in GRE.
    ArubaGre "aruba_gre" User;
    /// IPv4 in IPv4.
    Ipip "ipip" User;
    /// IPv6 in IPv4.
    SixInFour "6in4" User;
    /// IPv4 in IPv6.
    FourInSix "4in6" User;
    /// IPv6 in IPv6.
    SixInSix "6in6" User;
    /// IPv6 in UDP in IPv4, RFC 4380.
    Teredo "teredo" User;
    /// GTP user plane.
    Gtp "gtp" User;
    /// CAPWAP data, RFC 5415.
    Capwap "capwap" User;
    /// LWAPP data, RFC 5412.
    Lwapp "lwapp" User;
    /// L2TP version 2 or 3.
    L2tp "l2tp" User;
    /// LISP data, RFC 6830.
    Lisp "lisp" User;
    /// MPLS in UDP, RFC 7510.
    MplsUdp "mpls_udp" User;
    /// Network service header, RFC 8300.
    Nsh "nsh" User;
    /// Ethernet in IP, RFC 3378.
    Etherip "etherip" Either;
    /// Ethernet over an MPLS pseudowire.
    Pseudowire "pw" Either;
    /// PPP over Ethernet session: not a tunnel of another network for accounting, listed for its sessions.
    Pppoe "pppoe" User;
    /// 802.1ah provider backbone bridging.
    Ieee8021ah "ieee8021ah" User;
    /// TRILL, RFC 6325.
    Trill "trill" User;
    /// Cisco FabricPath.
    FabricPath "cfp" User;
    /// The dedicated VLAN of a remote SPAN session.
    Rspan "rspan" Mirror;
}

/// Which VLAN that carries a mirror (remote SPAN) is taken off.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum RspanChoice {
    /// The one whose tag is around nearly every frame of an interface, with further tags in it.
    #[default]
    Auto,
    /// None.
    None,
    /// This one, wherever it is outermost.
    Vlan(u16),
}

/// Which side of the mirrored port a copy was taken at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// Received by the port (ingress).
    Ingress,
    /// Sent by the port (egress).
    Egress,
}

impl Side {
    /// The word in reports.
    pub fn token(self) -> &'static str {
        match self {
            Side::Ingress => "ingress",
            Side::Egress => "egress",
        }
    }
}

/// What the mirroring device says of one copy. Absent values are unknown, never zero.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MirrorTag {
    /// Sequence number of the encapsulation.
    pub sequence: Option<u32>,
    /// Which side of the port.
    pub side: Option<Side>,
    /// VLAN the original frame had (tag removed by the mirror).
    pub vlan: Option<u16>,
    /// Class of service of the original frame, 0 to 7.
    pub cos: Option<u8>,
    /// The device cut the frame.
    pub truncated: bool,
    /// ERSPAN "bad/short/oversized" bits: 0 good or unknown, 1 short, 2 oversized, 3 bad CRC or alignment.
    pub error: u8,
    /// Source port or index, as the platform numbers it.
    pub port: Option<u32>,
    /// Raw switch clock (32 bits or more) and the nanoseconds of one tick (0: unknown granularity).
    pub switch_time: Option<(u64, u32)>,
    /// Length of the original frame where the device tells.
    pub original_length: Option<u32>,
    /// Sampled one in this many (1: every packet).
    pub sampled: u32,
}

/// One tunnel layer of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tunnel {
    /// What it is.
    pub kind: TunnelKind,
    /// Outer source (MAC for tunnels below IP).
    pub source: Address,
    /// Outer destination.
    pub destination: Address,
    /// Session, network identifier, key, tunnel endpoint or label: what tells tunnels between the same ends apart.
    pub id: u64,
}

/// One mirror session: a tunnel whose outside was taken off.
#[derive(Debug, Clone, PartialEq)]
pub struct Session {
    /// Which.
    pub tunnel: Tunnel,
    /// Why it is taken for a mirror transport (or not), in words.
    pub decision: String,
    /// Whether its outside is taken off.
    pub peeled: bool,
    /// Packets received.
    pub packets: u64,
    /// Outer wire bytes.
    pub outer_bytes: u64,
    /// Inner wire bytes.
    pub inner_bytes: u64,
    /// Whether it numbers its packets usably.
    pub sequenced: bool,
    /// Packets missing by sequence number.
    pub missing: u64,
    /// Packets that arrived out of sequence.
    pub reordered: u64,
    /// Times the numbering started anew.
    pub restarts: u64,
    /// Packets with the truncation bit.
    pub truncated: u64,
    /// Error frames the device reported: short, oversized, bad.
    pub errors: [u64; 3],
    /// Whether frames end with their check sequence, which is taken off.
    pub check_sequence: bool,
    /// What a sampling agent says of its samples; `None`: every packet is copied, as far as the encapsulation tells.
    pub sampling: Option<Sampling>,
    /// The device's clock against the capture's, where its stamps tell.
    pub clock: Option<SessionClock>,
    /// First packet.
    pub first: Timestamp,
    /// Last packet.
    pub last: Timestamp,
}

/// A mirroring device's clock, by the stamps on its copies.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SessionClock {
    /// How much faster it runs than the capture's clock, in parts per million.
    pub drift_ppm: f64,
    /// Seconds by which copies are ahead or behind a steady clock: how unevenly they travel (standard deviation).
    pub jitter: f64,
}

/// A session that brings one packet in many, as its agent says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sampling {
    /// Packets one sample stands for (their mean, where interfaces are sampled at different rates).
    pub one_in: u32,
    /// Packets received as samples.
    pub samples: u64,
    /// Samples of which no packet could be made: another kind of header, or damage.
    pub unread: u64,
    /// Samples the device could not take, by its own counters since the first that was heard.
    pub drops: u64,
}
