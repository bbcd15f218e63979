//! What the fields of a table hold, and which of its sheets they belong to.

/// What a field holds. Outputs choose alignment, width, colour and form by it, the filter its words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    /// A whole number.
    Count,
    /// An amount of bytes.
    Bytes,
    /// A number that names something: a VLAN, a session.
    Id,
    /// A transport port.
    Port,
    /// Any other number.
    Real,
    /// A part of a whole, 0 to 1.
    Ratio,
    /// Bits per second.
    BitRate,
    /// Load: bits per second now, of a file the bytes in all.
    Rate,
    /// Packets per second now.
    PacketRate,
    /// The part of all bytes, with a bar.
    Share,
    /// The part of all packets, with a bar.
    PacketShare,
    /// The part of a link's speed, 0 to 1 and more, with a bar.
    Fullness,
    /// The part of all bytes as a number.
    Percent,
    /// Yes or no.
    Flag,
    /// One of this program's words.
    Word,
    /// Text from packets, files or the system.
    Text,
    /// A protocol or an application by its token.
    App,
    /// The state of a TCP connection.
    State,
    /// An address.
    Address,
    /// Who made the interface of a MAC address.
    Maker,
    /// Inside or outside of the local networks.
    Side,
    /// An address and port.
    End,
    /// Both ends of a conversation.
    Ends,
    /// VLAN identifiers.
    Vlans,
    /// A moment.
    Time,
    /// A moment, to the millisecond.
    Moment,
    /// A length of time.
    Span,
    /// A stack of protocols.
    Path,
    /// Round trips to both ends of a connection.
    Trips,
}

impl FieldKind {
    /// The unit of the numbers in JSON, CSV and exports; empty where there is none.
    pub fn unit(self) -> &'static str {
        match self {
            FieldKind::Bytes => "bytes",
            FieldKind::Span | FieldKind::Time | FieldKind::Moment => "seconds",
            FieldKind::Rate | FieldKind::BitRate => "bits per second",
            FieldKind::PacketRate => "packets per second",
            _ => "",
        }
    }

    /// Whether its values are amounts: they stand at the right and sort from the largest.
    pub fn is_amount(self) -> bool {
        use FieldKind::*;
        matches!(
            self,
            Count
                | Bytes
                | Id
                | Port
                | Real
                | Ratio
                | BitRate
                | Rate
                | PacketRate
                | Percent
                | Share
                | PacketShare
                | Fullness
                | Span
                | Time
                | Moment
        )
    }

    /// Whether its values are parts of a whole, which people read as per cents.
    pub fn is_part(self) -> bool {
        use FieldKind::*;
        matches!(self, Ratio | Share | PacketShare | Percent | Fullness)
    }

    /// Whether a word of the filter looks into its text.
    pub fn is_searched(self) -> bool {
        use FieldKind::*;
        matches!(self, Text | App | Address | End | Ends | Vlans | Path)
    }
}

/// Kinds of rows a table can have, as a set: which of its sheets a field belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layers(u8);

impl Layers {
    /// MAC addresses.
    pub const ETH: Self = Self(1);
    /// IPv4 addresses.
    pub const IP: Self = Self(2);
    /// IPv6 addresses.
    pub const IPV6: Self = Self(4);
    /// TCP.
    pub const TCP: Self = Self(8);
    /// UDP.
    pub const UDP: Self = Self(16);
    /// SCTP.
    pub const SCTP: Self = Self(32);
    /// Everything with ports.
    pub const PORTS: Self = Self(8 | 16 | 32);
    /// Addresses of the network layer.
    pub const ADDRESSES: Self = Self(2 | 4);
    /// Every kind.
    pub const ALL: Self = Self(63);

    /// Both together.
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether the two have one in common.
    pub const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}
