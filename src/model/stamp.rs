//! Words for the time stamps that devices on the way write into frames.

use super::Timestamp;

macro_rules! stamps {
    ($($(#[$doc:meta])* $variant:ident $token:literal;)*) => {
        /// How a device on the way writes into a frame when it passed, and by which port.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum StampKind { $($(#[$doc])* $variant,)* }

        impl StampKind {
            /// Every kind.
            pub const ALL: &'static [StampKind] = &[$(StampKind::$variant,)*];

            /// The word in reports.
            pub const fn token(self) -> &'static str {
                match self { $(StampKind::$variant => $token,)* }
            }
        }
    };
}

stamps! {
    /// Ixia or Anue trailer, with a checksum.
    Ixia "ixia";
    /// Gigamon trailer: fields with a checksum, or port and time with the frame's CRC.
    Gigamon "gigamon";
    /// MetaMako, MetaWatch, Arista 7130: trailer behind the original check sequence.
    Metamako "metamako";
    /// Exablaze, Cisco Nexus 3550: trailer of 16 bytes.
    Exablaze "exablaze";
    /// VSS Monitoring, NetScout, Apcon: time and port in any combination.
    Vss "vss";
    /// Arista 7150: a counter before or instead of the check sequence, explained by keyframes.
    Arista7150 "arista-7150";
    /// cPacket: like MetaMako's trailer, without fields.
    Cpacket "cpacket";
    /// Arista 7280, 7500 and later: a header with an EtherType of its own.
    Arista "arista";
    /// Gigamon header, with an EtherType of its own.
    GigamonHeader "gigamon-header";
    /// Cisco time tag: a header behind an EtherType that the user names.
    Ttag "ttag";
}

impl StampKind {
    /// Whether it stands at the end of the frame.
    pub const fn is_trailer(self) -> bool {
        !matches!(self, StampKind::Arista | StampKind::GigamonHeader | StampKind::Ttag)
    }
}

/// Which time stamps of devices on the way are taken out of frames.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum StampChoice {
    /// Headers with an EtherType of their own, and the trailer that 64 frames of an interface in a row show consistently.
    #[default]
    Auto,
    /// None: every byte is the frame's.
    None,
    /// Headers as with `Auto`, and this trailer.
    Trailer(StampKind),
    /// Headers as with `Auto`, and Cisco's behind this EtherType.
    Ttag(u16),
}

/// What a stamp in a frame says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stamp {
    /// Bytes it takes from the frame's length.
    pub bytes: u8,
    /// When the frame passed, by the device's clock: UTC, or TAI, which is ahead of it.
    pub time: Option<Timestamp>,
    /// The device, by the number it was given.
    pub device: Option<u16>,
    /// Port by which the frame came.
    pub port: Option<u32>,
    /// The number that port gave it.
    pub ingress: Option<u16>,
    /// The number (20 bits) that the port it left by gave it.
    pub egress: Option<u32>,
    /// The device calls it a copy of another.
    pub duplicate: bool,
    /// The device calls its time unreliable.
    pub degraded: bool,
}

/// What one port of a stamping device sent.
#[derive(Debug, Clone, PartialEq)]
pub struct StampPort {
    /// The device, by the number it was given.
    pub device: Option<u16>,
    /// Its port.
    pub port: Option<u32>,
    /// Packets.
    pub packets: u64,
    /// Packets missing by the port's own numbering; `None` without any.
    pub missing: Option<u64>,
}

/// Time stamps found in the packets of one interface.
#[derive(Debug, Clone, PartialEq)]
pub struct Stamps {
    /// How they are written.
    pub kind: StampKind,
    /// The interface of this host, or of the capture file, by number.
    pub interface: u16,
    /// Packets with one.
    pub packets: u64,
    /// Packets without, since the first.
    pub without: u64,
    /// Bytes taken out, which count in no load.
    pub bytes: u64,
    /// Packets the device calls copies of others.
    pub duplicates: u64,
    /// Packets whose stamp the device calls unreliable.
    pub degraded: u64,
    /// By device and port, in order of appearance.
    pub ports: Vec<StampPort>,
    /// Packets of ports beyond the cap.
    pub other_ports: u64,
    /// Packets missing by the numbering of the device's egress port; `None` without any.
    pub missing: Option<u64>,
    /// Packets the device's egress port dropped, by its own counter since the first that was heard.
    pub drops: Option<u64>,
    /// Seconds by which the device's clock is ahead of the capture's: the median of the first stamps.
    pub offset: Option<f64>,
}

impl Stamps {
    /// Whether the device counts International Atomic Time, 37 s ahead of UTC since 2017.
    pub fn is_tai(&self) -> bool {
        self.offset.is_some_and(|offset| (offset - 37.0).abs() < 1.0)
    }
}
