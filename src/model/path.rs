//! The stack of protocols a packet was decoded to, packed so that two packets compare in one instruction.

use super::numbers;
use super::proto::Proto;
use std::fmt;

/// A protocol path such as `eth:vlan:ip:tcp`, outermost first: up to 16 bytes, one a protocol.
///
/// A protocol that only a number identifies (an unlisted EtherType, IP protocol or port-less leaf) takes the bytes of an
/// escape [`Proto`] and its number, so that an unknown protocol is still a row of its own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
// Aligned like the numbers beside it: 16 would cost every row that holds one eight bytes of padding.
#[repr(Rust, packed(8))]
pub struct Path(u128);

/// One element of a [`Path`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Layer {
    /// A protocol this program knows.
    Known(Proto),
    /// An EtherType without a decoder of its own.
    EtherType(u16),
    /// An IP protocol number without a decoder of its own.
    IpProtocol(u8),
    /// An IEEE 802.2 DSAP without a decoder of its own.
    Sap(u8),
    /// A PPP protocol number without a decoder of its own.
    Ppp(u16),
    /// A link type without a decoder of its own.
    LinkType(u16),
}

impl Path {
    /// The empty path.
    pub const EMPTY: Path = Path(0);

    /// The path as a number, different for different paths.
    #[inline]
    pub fn bits(self) -> u128 {
        self.0
    }

    /// The path of a number that [`Self::bits`] gave.
    #[inline]
    pub fn from_bits(bits: u128) -> Self {
        Self(bits)
    }

    /// Bytes in use.
    fn len(self) -> u32 {
        16 - self.0.leading_zeros() / 8
    }

    /// Appends a protocol; a path that is full (16 bytes) stays as it is.
    #[inline]
    pub fn push(&mut self, proto: Proto) {
        if self.0 >> 120 == 0 {
            self.0 = self.0 << 8 | proto as u128;
        }
    }

    /// Appends a protocol known only by its EtherType.
    pub fn push_ether_type(&mut self, number: u16) {
        if self.0 >> 104 == 0 {
            self.0 = self.0 << 24 | (Proto::EtherTypeLeaf as u128) << 16 | u128::from(number);
        }
    }

    /// Appends a protocol known only by its IP protocol number.
    pub fn push_ip_protocol(&mut self, number: u8) {
        if self.0 >> 112 == 0 {
            self.0 = self.0 << 16 | (Proto::IpProtocolLeaf as u128) << 8 | u128::from(number);
        }
    }

    /// Appends a protocol known only by its LLC destination service access point.
    pub fn push_sap(&mut self, number: u8) {
        if self.0 >> 112 == 0 {
            self.0 = self.0 << 16 | (Proto::SapLeaf as u128) << 8 | u128::from(number);
        }
    }

    /// Appends a protocol known only by its PPP protocol number.
    pub fn push_ppp(&mut self, number: u16) {
        if self.0 >> 104 == 0 {
            self.0 = self.0 << 24 | (Proto::PppLeaf as u128) << 16 | u128::from(number);
        }
    }

    /// Appends a link type known only by its number.
    pub fn push_link_type(&mut self, number: u16) {
        if self.0 >> 104 == 0 {
            self.0 = self.0 << 24 | (Proto::LinkTypeLeaf as u128) << 16 | u128::from(number);
        }
    }

    /// Whether nothing was decoded.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The layers, outermost first.
    pub fn layers(self) -> impl Iterator<Item = Layer> {
        let bytes = self.0.to_be_bytes();
        let mut at = 16 - self.len() as usize;
        std::iter::from_fn(move || {
            let code = *bytes.get(at)?;
            let number = |i: usize| bytes.get(at + i).copied().unwrap_or(0);
            let (layer, width) = match Proto::from_code(code) {
                Some(Proto::EtherTypeLeaf) => (Layer::EtherType(u16::from_be_bytes([number(1), number(2)])), 3),
                Some(Proto::PppLeaf) => (Layer::Ppp(u16::from_be_bytes([number(1), number(2)])), 3),
                Some(Proto::LinkTypeLeaf) => (Layer::LinkType(u16::from_be_bytes([number(1), number(2)])), 3),
                Some(Proto::IpProtocolLeaf) => (Layer::IpProtocol(number(1)), 2),
                Some(Proto::SapLeaf) => (Layer::Sap(number(1)), 2),
                Some(proto) => (Layer::Known(proto), 1),
                None => (Layer::Known(Proto::Data), 1),
            };
            at += width;
            Some(layer)
        })
    }

    /// The path and all its ancestors, outermost first: `eth`, `eth:ip`, `eth:ip:tcp`.
    pub fn prefixes(self) -> impl Iterator<Item = Path> {
        let mut so_far = Path::EMPTY;
        self.layers().map(move |layer| {
            so_far.push_layer(layer);
            so_far
        })
    }

    /// The longest path that both start with.
    #[must_use]
    pub fn common(self, other: Path) -> Path {
        if self == other {
            return self;
        }
        let pairs = self.layers().zip(other.layers());
        let mut shared = Path::EMPTY;
        pairs.take_while(|(x, y)| x == y).for_each(|(x, _)| shared.push_layer(x));
        shared
    }

    /// What both begin with; where one of them is of IP and the other is not, that as well: who reads it is to know whether IP is among what it
    /// stands for.
    pub fn together(self, other: Path) -> Path {
        let mut shared = self.common(other);
        let is_of = |proto| self.contains(proto) || other.contains(proto);
        if !shared.contains(Proto::Ip) && !shared.contains(Proto::Ipv6) {
            [Proto::Ip, Proto::Ipv6].into_iter().filter(|proto| is_of(*proto)).take(1).for_each(|proto| shared.push(proto));
        }
        shared
    }

    /// Appends any layer.
    pub fn push_layer(&mut self, layer: Layer) {
        match layer {
            Layer::Known(proto) => self.push(proto),
            Layer::EtherType(n) => self.push_ether_type(n),
            Layer::IpProtocol(n) => self.push_ip_protocol(n),
            Layer::Sap(n) => self.push_sap(n),
            Layer::Ppp(n) => self.push_ppp(n),
            Layer::LinkType(n) => self.push_link_type(n),
        }
    }

    /// The path whose text this is; `None`: of no path.
    pub fn of_text(text: &str) -> Option<Self> {
        let mut path = Self::EMPTY;
        for layer in text.split(':') {
            path.push_layer(Layer::of_text(layer)?);
        }
        Some(path)
    }

    /// The innermost layer.
    pub fn last(self) -> Option<Layer> {
        self.layers().last()
    }

    /// How many layers.
    pub fn depth(self) -> usize {
        self.layers().count()
    }

    /// Bytes the path takes: grows with every layer, cheaper than [`Path::depth`].
    pub fn depth_hint(self) -> u32 {
        self.len()
    }

    /// Whether `proto` is one of the layers.
    pub fn contains(self, proto: Proto) -> bool {
        self.layers().any(|l| l == Layer::Known(proto))
    }

    /// Whether a transport with ports is one of the layers.
    pub fn has_ports(self) -> bool {
        [Proto::Tcp, Proto::Udp, Proto::Sctp].into_iter().any(|proto| self.contains(proto))
    }
}

impl Layer {
    /// The layer whose text this is; `None`: of none.
    fn of_text(text: &str) -> Option<Self> {
        if let Some(proto) = Proto::ALL.iter().find(|proto| proto.token() == text) {
            return Some(Layer::Known(*proto));
        }
        let hex = |before: &str| text.strip_prefix(before).and_then(|number| u16::from_str_radix(number, 16).ok());
        let decimal = |before: &str| text.strip_prefix(before).and_then(|number| number.parse::<u16>().ok());
        let byte = |number: u16| u8::try_from(number).ok();
        hex("ethertype-0x")
            .map(Layer::EtherType)
            .or_else(|| decimal("ip-proto-").and_then(byte).map(Layer::IpProtocol))
            .or_else(|| hex("llc-sap-0x").and_then(byte).map(Layer::Sap))
            .or_else(|| hex("ppp-0x").map(Layer::Ppp))
            .or_else(|| decimal("linktype-").map(Layer::LinkType))
            .or_else(|| (0..=u8::MAX).find(|n| numbers::ip_protocol_token(*n) == Some(text)).map(Layer::IpProtocol))
            .or_else(|| (0..=u8::MAX).find(|n| numbers::sap_token(*n) == Some(text)).map(Layer::Sap))
            .or_else(|| (0..=u16::MAX).find(|n| numbers::ether_type_token(*n) == Some(text)).map(Layer::EtherType))
    }
}

/// The protocol's token, as in Wireshark's filter names; numbers where there is no name (`ethertype-0x88ff`).
impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Layer::Known(proto) => f.write_str(proto.token()),
            Layer::EtherType(n) => match numbers::ether_type_token(n) {
                Some(token) => f.write_str(token),
                None => write!(f, "ethertype-0x{n:04x}"),
            },
            Layer::IpProtocol(n) => match numbers::ip_protocol_token(n) {
                Some(token) => f.write_str(token),
                None => write!(f, "ip-proto-{n}"),
            },
            Layer::Sap(n) => match numbers::sap_token(n) {
                Some(token) => f.write_str(token),
                None => write!(f, "llc-sap-0x{n:02x}"),
            },
            Layer::Ppp(n) => write!(f, "ppp-0x{n:04x}"),
            Layer::LinkType(n) => write!(f, "linktype-{n}"),
        }
    }
}

/// Tokens joined by colons: `eth:vlan:ip:tcp`.
impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, layer) in self.layers().enumerate() {
            if i > 0 {
                f.write_str(":")?;
            }
            layer.fmt(f)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packs_and_prints() {
        let mut p = Path::EMPTY;
        p.push(Proto::Eth);
        p.push(Proto::Vlan);
        p.push_ether_type(0x1234);
        assert_eq!(p.to_string(), "eth:vlan:ethertype-0x1234");
        assert_eq!(p.depth(), 3);
        let all: Vec<_> = p.prefixes().map(|p| p.to_string()).collect();
        assert_eq!(all, ["eth", "eth:vlan", "eth:vlan:ethertype-0x1234"]);
    }

    #[test]
    fn a_text_is_read_back() {
        let layers = [
            Layer::Known(Proto::Eth),
            Layer::EtherType(0x1234),
            Layer::IpProtocol(253),
            Layer::Sap(0x99),
            Layer::Ppp(0x4321),
            Layer::LinkType(300),
        ];
        for layer in layers {
            let mut path = Path::EMPTY;
            path.push_layer(layer);
            path.push(Proto::Data);
            assert_eq!(Path::of_text(&path.to_string()), Some(path), "{path}");
        }
        for number in 0..=u16::MAX {
            let mut path = Path::EMPTY;
            path.push_ether_type(number);
            if let Some(token) = numbers::ether_type_token(number) {
                // Where a token is a protocol's or another number's too, the first is taken: rows of it are one anyway.
                assert!(Path::of_text(token).is_some_and(|path| path.to_string() == token), "{token}");
            }
        }
        assert_eq!((Path::of_text("eth:nothing"), Path::of_text("")), (None, None));
    }

    #[test]
    fn common_prefix() {
        let mut p = Path::EMPTY;
        p.push(Proto::Eth);
        let mut q = p;
        p.push(Proto::Ip);
        q.push(Proto::Ip);
        p.push(Proto::Tcp);
        q.push(Proto::Udp);
        assert_eq!(p.common(q).to_string(), "eth:ip");
        assert_eq!(p.common(p), p);
        let (mut arp, mut six) = (Path::EMPTY, Path::EMPTY);
        arp.push(Proto::Eth);
        six.push(Proto::Eth);
        arp.push(Proto::Arp);
        six.push(Proto::Ipv6);
        assert_eq!((p.together(arp).to_string(), arp.together(p).to_string()), ("eth:ip".into(), "eth:ip".into()));
        assert_eq!((six.together(arp).to_string(), six.together(p).to_string()), ("eth:ipv6".into(), "eth:ip".into()));
        assert_eq!((p.together(q).to_string(), arp.together(arp)), ("eth:ip".into(), arp));
    }

    #[test]
    fn a_full_path_stays() {
        let mut p = Path::EMPTY;
        for _ in 0..40 {
            p.push(Proto::Vlan);
        }
        p.push_ether_type(0x0001);
        assert_eq!(p.depth(), 16);
    }
}
