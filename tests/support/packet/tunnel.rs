//! Headers that carry packets. Behind IP the transport of a tunnel is put there: `ip(…).vxlan(7)` has its UDP header, `ip(…).erspan2(…)` its GRE.

use super::Packet;
use super::layer::{Kind, Name};

/// What an ERSPAN header says (draft-foschiano-erspan-03).
#[derive(Debug, Clone, Copy)]
pub struct Erspan {
    /// GRE's sequence number.
    pub sequence: Option<u32>,
    /// The mirror session (10 bits).
    pub session: u16,
    /// VLAN the frame was in.
    pub vlan: u16,
    /// Class of service.
    pub cos: u8,
    /// Type II: the encapsulation of the VLAN; type III: BSO (bad, short, oversized).
    pub encapsulation: u8,
    /// The mirror cut the frame.
    pub truncated: bool,
    /// Type II: the port's index (20 bits).
    pub index: u32,
    /// Type III: the time stamp.
    pub time: u32,
    /// Type III: granularity of the time stamp (0: 100 µs, 1: 100 ns, 2: IEEE 1588).
    pub granularity: u8,
    /// Type III: copied where the frame leaves.
    pub egress: bool,
}

impl Default for Erspan {
    fn default() -> Self {
        Self {
            sequence: Some(1),
            session: 1,
            vlan: 1,
            cos: 0,
            encapsulation: 0,
            truncated: false,
            index: 1,
            time: 0,
            granularity: 0,
            egress: false,
        }
    }
}

impl Erspan {
    fn word(&self, version: u32) -> u32 {
        let [vlan, cos, en, cut, session] =
            [self.vlan & 0xfff, self.cos.into(), self.encapsulation.into(), self.truncated.into(), self.session & 0x3ff].map(u32::from);
        version << 28 | vlan << 16 | cos << 13 | en << 11 | cut << 10 | session
    }
}

impl Packet {
    /// GRE; its protocol is the next layer's. [`Self::gre_checksum`], [`Self::key`] and [`Self::sequence`] follow, in this order.
    pub fn gre(self) -> Self {
        self.push(Kind::Gre, Name::ip(47), &[0; 4])
    }

    fn gre_field(mut self, flag: u8, field: &[u8]) -> Self {
        let at = self.last().at;
        self.head[at] |= flag;
        self.extend(&[Kind::Gre], field)
    }

    /// GRE with a checksum.
    pub fn gre_checksum(self) -> Self {
        self.gre_field(0x80, &[0; 4])
    }

    /// GRE's key.
    pub fn key(self, key: u32) -> Self {
        self.gre_field(0x20, &key.to_be_bytes())
    }

    /// GRE's sequence number.
    pub fn sequence(self, number: u32) -> Self {
        self.gre_field(0x10, &number.to_be_bytes())
    }

    /// ERSPAN type I: GRE and nothing else.
    pub fn erspan1(self) -> Self {
        self.gre().ether_type(0x88be)
    }

    fn erspan(self, ether_type: u16, e: &Erspan, header: &[u8]) -> Self {
        let gre = self.gre();
        let gre = if let Some(number) = e.sequence { gre.sequence(number) } else { gre };
        gre.push(Kind::Raw, Name::ether(ether_type), header)
    }

    /// ERSPAN type II.
    pub fn erspan2(self, e: Erspan) -> Self {
        let header = [e.word(1), e.index & 0xf_ffff].map(u32::to_be_bytes).concat();
        self.erspan(0x88be, &e, &header)
    }

    /// ERSPAN type III without a platform's sub-header.
    pub fn erspan3(self, e: Erspan) -> Self {
        let last = u32::from(e.egress) << 3 | u32::from(e.granularity & 3) << 1;
        let header = [e.word(2), e.time, last].map(u32::to_be_bytes).concat();
        self.erspan(0x22eb, &e, &header)
    }

    /// A UDP header when the innermost layer is none, from port 51000.
    fn over_udp(self, port: u16) -> Self {
        if self.layers.last().is_some_and(|l| l.kind == Kind::Udp) { self } else { self.udp(51_000, port) }
    }

    /// VXLAN (RFC 7348).
    pub fn vxlan(self, network: u32) -> Self {
        let [_, a, b, c] = network.to_be_bytes();
        self.over_udp(4789).push(Kind::Raw, Name::default(), &[8, 0, 0, 0, a, b, c, 0])
    }

    /// Geneve (RFC 8926); options in multiples of four bytes.
    pub fn geneve(self, network: u32, options: &[u8]) -> Self {
        assert!(options.len().is_multiple_of(4), "options are of four-byte words");
        let [_, a, b, c] = network.to_be_bytes();
        let header = [&[(options.len() / 4) as u8, 0, 0x65, 0x58, a, b, c, 0], options].concat();
        self.over_udp(6081).push(Kind::Geneve, Name::default(), &header)
    }

    /// TZSP of a received Ethernet frame, without fields.
    pub fn tzsp(self) -> Self {
        self.over_udp(37_008).push(Kind::Raw, Name::default(), &[1, 0, 0, 1, 1])
    }

    /// GTP-U (3GPP TS 29.281).
    pub fn gtp(self, tunnel: u32) -> Self {
        let [a, b, c, d] = tunnel.to_be_bytes();
        self.over_udp(2152).push(Kind::Gtp, Name::default(), &[0x30, 0xff, 0, 0, a, b, c, d])
    }
}
