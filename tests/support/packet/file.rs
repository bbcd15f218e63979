//! Capture files, byte by byte: pcap, pcapng and snoop, in either byte order; Network Monitor.

/// A byte order to write in.
#[derive(Debug, Clone, Copy)]
pub struct Writer {
    /// Most significant byte first.
    pub big: bool,
}

impl Writer {
    /// Two bytes.
    pub fn u16(self, n: u16) -> [u8; 2] {
        if self.big { n.to_be_bytes() } else { n.to_le_bytes() }
    }

    /// Four bytes.
    pub fn u32(self, n: u32) -> [u8; 4] {
        if self.big { n.to_be_bytes() } else { n.to_le_bytes() }
    }

    /// Eight bytes.
    pub fn u64(self, n: u64) -> [u8; 8] {
        if self.big { n.to_be_bytes() } else { n.to_le_bytes() }
    }

    /// Words of four bytes.
    pub fn words(self, words: &[u32]) -> Vec<u8> {
        words.iter().flat_map(|&w| self.u32(w)).collect()
    }

    /// A pcap file header.
    pub fn header(self, magic: u32, version: (u16, u16), network: u32) -> Vec<u8> {
        let mut out = self.u32(magic).to_vec();
        out.extend(self.u16(version.0));
        out.extend(self.u16(version.1));
        out.extend(self.words(&[0, 0, 65_535, network]));
        out
    }

    /// A pcap record: seconds, fraction, captured and original length as given, `extra` bytes of header, data.
    pub fn record(self, fields: [u32; 4], extra: usize, data: &[u8]) -> Vec<u8> {
        let mut out = self.words(&fields);
        out.extend(vec![0; extra]);
        out.extend(data);
        out
    }

    /// A pcapng block.
    pub fn block(self, kind: u32, body: &[u8]) -> Vec<u8> {
        let length = 12 + body.len().next_multiple_of(4) as u32;
        let mut out = self.words(&[kind, length]);
        out.extend(body);
        out.resize(length as usize - 4, 0);
        out.extend(self.u32(length));
        out
    }

    /// A section header of unspecified length.
    pub fn section(self) -> Vec<u8> {
        self.section_with(&[])
    }

    /// A section header with options.
    pub fn section_with(self, options: &[u8]) -> Vec<u8> {
        let mut body = self.u32(0x1a2b_3c4d).to_vec();
        body.extend(self.u16(1));
        body.extend(self.u16(0));
        body.extend(self.u64(u64::MAX));
        body.extend(options);
        self.block(0x0a0d_0d0a, &body)
    }

    /// One option, padded.
    pub fn option(self, code: u16, value: &[u8]) -> Vec<u8> {
        let mut out = self.u16(code).to_vec();
        out.extend(self.u16(value.len() as u16));
        out.extend(value);
        out.resize(out.len().next_multiple_of(4), 0);
        out
    }

    /// An interface with options.
    pub fn interface(self, link: u16, snap: u32, options: &[u8]) -> Vec<u8> {
        let mut body = self.u16(link).to_vec();
        body.extend([0; 2]);
        body.extend(self.u32(snap));
        body.extend(options);
        self.block(1, &body)
    }

    /// An enhanced packet with a comment.
    pub fn enhanced(self, interface: u32, ticks: u64, wire: u32, data: &[u8]) -> Vec<u8> {
        self.enhanced_with(interface, ticks, wire, data, &self.option(1, b"a comment"))
    }

    /// An enhanced packet with options.
    pub fn enhanced_with(self, interface: u32, ticks: u64, wire: u32, data: &[u8], options: &[u8]) -> Vec<u8> {
        let mut body = self.words(&[interface, (ticks >> 32) as u32, ticks as u32, data.len() as u32, wire]);
        body.extend(data);
        body.resize(body.len().next_multiple_of(4), 0);
        body.extend(options);
        body.extend(self.option(0, b""));
        self.block(6, &body)
    }

    /// A simple packet.
    pub fn simple(self, wire: u32, data: &[u8]) -> Vec<u8> {
        let mut body = self.u32(wire).to_vec();
        body.extend(data);
        self.block(3, &body)
    }

    /// An obsolete packet.
    pub fn obsolete(self, interface: u16, ticks: u64, wire: u32, data: &[u8]) -> Vec<u8> {
        let mut body = self.u16(interface).to_vec();
        body.extend(self.u16(7));
        body.extend(self.words(&[(ticks >> 32) as u32, ticks as u32, data.len() as u32, wire]));
        body.extend(data);
        self.block(2, &body)
    }

    /// Interface statistics.
    pub fn statistics(self, interface: u32, interface_drops: u64, system_drops: u64) -> Vec<u8> {
        let mut body = self.words(&[interface, 0, 0]);
        body.extend(self.option(5, &self.u64(interface_drops)));
        body.extend(self.option(7, &self.u64(system_drops)));
        self.block(5, &body)
    }
}

/// Least significant byte first, as on most machines.
pub const LITTLE: Writer = Writer { big: false };
/// Most significant byte first.
pub const BIG: Writer = Writer { big: true };

/// A pcap file of Ethernet frames with their times in nanoseconds, of which microseconds are kept.
pub fn pcap<'a>(packets: impl IntoIterator<Item = (i64, &'a [u8])>) -> Vec<u8> {
    let mut file = LITTLE.header(0xa1b2_c3d4, (2, 4), 1);
    for (time, frame) in packets {
        let length = frame.len() as u32;
        file.extend(LITTLE.record([(time / 1_000_000_000) as u32, (time % 1_000_000_000 / 1000) as u32, length, length], 0, frame));
    }
    file
}

/// A plain pcap file of `count` Ethernet packets, one a millisecond; packet `n` has `n % 90` bytes.
pub fn plain(count: u32) -> Vec<u8> {
    let mut file = LITTLE.header(0xa1b2_c3d4, (2, 4), 1);
    for n in 0..count {
        let data = vec![n as u8; n as usize % 90];
        let length = data.len() as u32;
        file.extend(LITTLE.record([1_000 + n / 1000, n % 1000 * 1000, length, length], 0, &data));
    }
    file
}

/// A snoop file of Ethernet packets, each with `padding` bytes behind it; drops count up by one a packet.
pub fn snoop(packets: &[&[u8]], padding: usize) -> Vec<u8> {
    let mut file = b"snoop\0\0\0".to_vec();
    file.extend(BIG.words(&[2, 4]));
    for (n, data) in packets.iter().enumerate() {
        let (n, length) = (n as u32, data.len() as u32);
        file.extend(BIG.words(&[length + 10, length, 24 + length + padding as u32, n, 100 + n, 5]));
        file.extend(*data);
        file.extend(vec![0; padding]);
    }
    file
}

/// A pcap file of packets of a link type, a millisecond apart from 1,700,000,000 s on.
pub fn pcap_of(link: u32, packets: &[Vec<u8>]) -> Vec<u8> {
    let mut file = LITTLE.header(0xa1b2_c3d4, (2, 4), link);
    for (n, packet) in packets.iter().enumerate() {
        let length = packet.len() as u32;
        file.extend(LITTLE.record([1_700_000_000, n as u32 * 1_000, length, length], 0, packet));
    }
    file
}

/// A Network Monitor file of Ethernet packets (their number in the monitor's own counting: 1), a millisecond apart from 1,700,000,000 s on. From
/// version 2.1 on each names its network behind it; a frame that is the monitor's own comes before the last packet. The table of frames is
/// behind them.
pub fn netmon(version: (u8, u8), network: u16, packets: &[Vec<u8>]) -> Vec<u8> {
    let mut file = if version.0 == 1 { b"RTSS".to_vec() } else { b"GMBU".to_vec() };
    file.extend([version.1, version.0]);
    // 14 November 2023, a Tuesday, 22:13:20.
    file.extend([network, 2023, 11, 2, 14, 22, 13, 20, 0].into_iter().flat_map(|n| LITTLE.u16(n)));
    file.resize(128, 0);
    let mut table = Vec::new();
    let mut frame = |file: &mut Vec<u8>, n: usize, network: u16, packet: &[u8]| {
        table.extend(LITTLE.u32(file.len() as u32));
        let length = packet.len() as u32;
        if version.0 == 1 {
            file.extend(LITTLE.u32(n as u32));
            file.extend([length as u16; 2].into_iter().flat_map(|n| LITTLE.u16(n)));
        } else {
            file.extend(LITTLE.u64(n as u64 * 1_000));
            file.extend(LITTLE.words(&[length + 4, length]));
        }
        file.extend(packet);
        if version >= (2, 1) {
            file.extend(LITTLE.u16(network));
        }
        if version >= (2, 2) {
            file.extend(LITTLE.u32(7));
        }
        if version >= (2, 3) {
            // 100 ns since 1601, and a time zone.
            file.extend(LITTLE.u64((1_700_000_000 + 11_644_473_600) * 10_000_000 + n as u64 * 10_000));
            file.push(1);
        }
    };
    for (n, packet) in packets.iter().enumerate() {
        if n + 1 == packets.len() && version >= (2, 1) {
            frame(&mut file, n, 0xfffb, b"the monitor's own");
        }
        frame(&mut file, n, network, packet);
    }
    let (at, length) = (file.len() as u32, table.len() as u32);
    file[24..28].copy_from_slice(&LITTLE.u32(at));
    file[28..32].copy_from_slice(&LITTLE.u32(length));
    file.extend(table);
    file
}
