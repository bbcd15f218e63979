//! Packets as captures of other link types than Ethernet hold them.

use super::file::{BIG, LITTLE, Writer};

/// What a link type carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over {
    /// A whole Ethernet frame.
    Frame,
    /// An IPv4 packet.
    Packet,
}

/// One way to hold a packet.
#[derive(Debug, Clone, Copy)]
pub struct Captured {
    /// LINKTYPE_ number.
    pub link: u16,
    /// The protocols in front of what is carried, as tshark names them.
    pub path: &'static str,
    /// What is carried.
    pub over: Over,
    /// Bytes that the capture itself put before the frame: no part of its length.
    pub own: usize,
    /// Puts the headers around it.
    pub hold: fn(&[u8]) -> Vec<u8>,
}

const SNAP: [u8; 8] = [0xaa, 0xaa, 3, 0, 0, 0, 8, 0];

fn before(lead: &[u8], rest: &[u8]) -> Vec<u8> {
    [lead, rest].concat()
}

/// A value of netfilter's log.
fn value(order: Writer, kind: u16, bytes: &[u8]) -> Vec<u8> {
    let mut out = [&order.u16(4 + bytes.len() as u16)[..], &order.u16(kind), bytes].concat();
    out.resize(out.len().next_multiple_of(4), 0);
    out
}

fn nflog(family: u8, order: Writer, values: &[(u16, &[u8])]) -> Vec<u8> {
    let values = values.iter().flat_map(|(kind, bytes)| value(order, *kind, bytes));
    [family, 0, 0, 30].into_iter().chain(values).collect()
}

/// Darwin's packet tap of a link type.
fn pktap(link: u32, rest: &[u8]) -> Vec<u8> {
    let mut out = LITTLE.words(&[108, 1, link]);
    out.extend(b"en0");
    out.resize(108, 0);
    before(&out, rest)
}

fn ppi(link: u32, fields: &[u8], rest: &[u8]) -> Vec<u8> {
    [&[0, 0][..], &LITTLE.u16(8 + fields.len() as u16), &LITTLE.u32(link), fields, rest].concat()
}

/// A record of an Endace card, with `extensions` extension headers, stamped with whole seconds. `card`: bytes that are the card's, between header
/// and frame.
pub fn erf(kind: u8, seconds: u32, extensions: usize, card: &[u8], rest: &[u8]) -> Vec<u8> {
    let length = (16 + 8 * extensions + card.len() + rest.len()) as u16;
    let more = |n: usize| if n < extensions { 0x80 } else { 0 };
    let mut out = LITTLE.words(&[0, seconds]);
    out.extend([kind | more(0), 4]);
    out.extend([length, 0, rest.len() as u16].into_iter().flat_map(|n| BIG.u16(n)));
    (1..=extensions).for_each(|n| out.extend([3 | more(n), 0, 0, 0, 0, 0, 0, 0]));
    [&out, card, rest].concat()
}

/// An ERF file of Ethernet packets, a second apart from 1,700,000,000 s on; each says that one packet was lost before it, and is filled up to a
/// multiple of eight bytes.
pub fn erf_file(packets: &[Vec<u8>]) -> Vec<u8> {
    let record = |(n, packet): (usize, &Vec<u8>)| {
        let mut record = erf(2, 1_700_000_000 + n as u32, n % 3, &[0, 0], packet);
        record.resize(record.len().next_multiple_of(8), 0);
        let length = BIG.u16(record.len() as u16);
        record[10..12].copy_from_slice(&length);
        record[13] = 1;
        record
    };
    packets.iter().enumerate().flat_map(record).collect()
}

fn juniper(flags: u8, extensions: &[u8], cookie: &[u8], rest: &[u8]) -> Vec<u8> {
    let length = BIG.u16(extensions.len() as u16);
    let length = if flags & 0x80 != 0 { &length[..] } else { &[] };
    [b"MGC", &[flags][..], length, extensions, cookie, rest].concat()
}

fn pflog(length: usize, family: u8, rest: &[u8]) -> Vec<u8> {
    let mut out = vec![length as u8, family, 0, 0];
    out.resize(length.next_multiple_of(4), 0);
    before(&out, rest)
}

/// A "cooked" packet of Linux, version 1.
pub fn sll(hardware: u16, protocol: u16, rest: &[u8]) -> Vec<u8> {
    [&[0, 0][..], &BIG.u16(hardware), &[0, 6, 2, 0, 0, 0, 0, 1, 0, 0], &BIG.u16(protocol), rest].concat()
}

/// The same, version 2.
pub fn sll2(hardware: u16, protocol: u16, rest: &[u8]) -> Vec<u8> {
    [&BIG.u16(protocol)[..], &[0, 0, 0, 0, 0, 1], &BIG.u16(hardware), &[0, 6, 2, 0, 0, 0, 0, 1, 0, 0], rest].concat()
}

/// An 802.11 data frame.
fn wlan(rest: &[u8]) -> Vec<u8> {
    [&[8, 1, 0, 0][..], &[2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 3], &[0, 0], &SNAP, rest].concat()
}

const RADIOTAP: [u8; 8] = [0, 0, 8, 0, 0, 0, 0, 0];

macro_rules! captured {
    ($($link:literal $path:literal $over:ident $own:literal $hold:expr;)*) => {
        /// Every way, more than one of most link types.
        pub const CAPTURED: &[Captured] =
            &[$(Captured { link: $link, path: $path, over: Over::$over, own: $own, hold: $hold },)*];
    };
}

captured! {
    239 "nflog" Packet 0 |p| nflog(2, LITTLE, &[(1, &[8, 0, 3, 0]), (10, b"drop: \0"), (9, p)]);
    239 "nflog" Packet 0 |p| nflog(2, BIG, &[(1, &[8, 0, 3, 0]), (9, p)]);
    239 "nflog" Packet 0 |p| nflog(7, LITTLE, &[(1, &[8, 0, 3, 0]), (16, &[2; 14]), (9, p)]);
    239 "nflog" Packet 0 |p| nflog(0, BIG, &[(1, &[8, 0, 3, 0]), (9, p)]);
    258 "pktap" Frame 0 |f| pktap(1, f);
    258 "pktap:raw" Packet 0 |p| pktap(12, p);
    258 "pktap:null" Packet 0 |p| pktap(0, &before(&[2, 0, 0, 0], p));
    192 "ppi" Frame 0 |f| ppi(1, &[], f);
    192 "ppi:raw" Packet 0 |p| ppi(101, &[5, 0, 4, 0, 1, 2, 3, 4], p);
    192 "ppi:wlan_radio:wlan:llc" Packet 0 |p| ppi(105, &[2, 0, 0, 0], &wlan(p));
    197 "erf" Frame 18 |f| erf(2, 9, 0, &[0, 0], f);
    197 "erf" Frame 34 |f| erf(20, 9, 2, &[0, 0], f);
    197 "erf" Packet 16 |p| erf(22, 9, 0, &[], p);
    197 "erf:chdlc" Packet 16 |p| erf(1, 9, 0, &[], &before(&[0x0f, 0, 8, 0], p));
    197 "erf:ppp" Packet 24 |p| erf(10, 9, 1, &[], &before(&[0xff, 3, 0, 0x21], p));
    197 "erf:atm:llc" Packet 16 |p| erf(4, 9, 0, &[], &before(&[0, 0, 0, 0, 0xaa, 0xaa, 3, 0, 0, 0, 8, 0], p));
    178 "juniper" Frame 0 |f| juniper(0x80, &[], &[], f);
    178 "juniper" Frame 0 |f| juniper(0x81, &[1, 2, 0, 5, 3, 1, 1], &[], f);
    178 "juniper" Frame 0 |f| juniper(1, &[], &[], f);
    178 "juniper" Packet 0 |p| juniper(0x82, &[3, 1, 1], &[2, 0, 0, 0], p);
    179 "juniper:ppp" Packet 0 |p| juniper(0x80, &[], &[0xff, 3, 0, 0x21], p);
    180 "juniper:fr" Packet 0 |p| juniper(0, &[], &[0x18, 0x41, 3, 0xcc], p);
    181 "juniper:chdlc" Packet 0 |p| juniper(0x80, &[], &[0x0f, 0, 8, 0], p);
    130 "juniper:ppp" Packet 0 |p| juniper(0, &[], &[0, 0, 0, 0x21], p);
    135 "juniper" Packet 0 |p| juniper(0, &[], &[0; 8], p);
    135 "juniper:llc" Packet 0 |p| juniper(0, &[], &[0, 0, 0, 0, 0, 0, 0, 0, 0xaa, 0xaa, 3, 0, 0, 0, 8, 0], p);
    137 "juniper:llc" Packet 0 |p| juniper(0, &[], &[0, 0, 0, 0, 0xaa, 0xaa, 3, 0, 0, 0, 8, 0], p);
    164 "juniper" Packet 0 |p| juniper(0, &[], &[0; 8], p);
    183 "juniper" Packet 0 |p| juniper(0x80, &[3, 1, 1], &[0; 18], p);
    233 "juniper" Packet 0 |p| juniper(2, &[], &[2, 0, 0, 0], p);
    242 "ipoib" Packet 0 |p| [&[0; 40][..], &[8, 0, 0, 0], p].concat();
    226 "ipnet" Packet 0 |p| [&[1, 2, 0, 1][..], &BIG.u32(p.len() as u32), &[0; 16], p].concat();
    117 "pflog" Packet 0 |p| pflog(61, 2, p);
    117 "pflog" Packet 0 |p| pflog(48, 2, p);
    117 "pflog" Packet 0 |p| pflog(100, 2, p);
    109 "enc" Packet 0 |p| [&LITTLE.u32(2)[..], &[0, 0, 0x12, 0x34, 0, 0, 4, 0], p].concat();
    109 "enc" Packet 0 |p| [&BIG.u32(2)[..], &[0, 0, 0x12, 0x34, 0, 0, 4, 0], p].concat();
    100 "llc" Packet 0 |p| before(&SNAP, p);
    100 "llc" Frame 0 |f| before(&[0xaa, 0xaa, 3, 0, 0x80, 0xc2, 0, 7, 0, 0], f);
    11 "llc" Packet 0 |p| before(&SNAP, p);
    123 "atm:llc" Packet 4 |p| before(&[0x82, 0, 0, 100, 0xaa, 0xaa, 3, 0, 0, 0, 8, 0], p);
    123 "atm:lane" Frame 4 |f| before(&[1, 0, 0, 100, 0, 7], f);
    123 "atm" Packet 4 |p| before(&[0, 0, 0, 100], p);
    122 "ipfc:llc" Packet 0 |p| [&[16, 0, 2, 0, 0, 0, 0, 11, 16, 0, 2, 0, 0, 0, 0, 10][..], &SNAP, p].concat();
    129 "arcnet" Packet 0 |p| before(&[1, 2, 0, 0, 0xf0], p);
    129 "arcnet" Packet 0 |p| before(&[1, 2, 0, 0, 0xd4, 0, 0, 1], p);
    7 "arcnet" Packet 0 |p| before(&[1, 2, 0xd4, 0, 0, 1], p);
    7 "arcnet" Packet 0 |p| before(&[1, 2, 0xd4, 0xff, 0, 0, 0, 0, 0, 1], p);
    138 "ap1394" Packet 0 |p| [&[1; 8][..], &[2; 8], &[8, 0], p].concat();
    259 "epon" Frame 0 |f| before(&[0x55, 0x55, 0xd5, 0x55, 0, 0, 0, 0], f);
    204 "ppp" Packet 1 |p| before(&[1, 0xff, 3, 0, 0x21], p);
    205 "chdlc" Packet 1 |p| before(&[0, 0x0f, 0, 8, 0], p);
    206 "fr" Packet 1 |p| before(&[0, 0x18, 0x41, 3, 0xcc], p);
    166 "ppp" Packet 0 |p| before(&[0, 3, 0, 0x21], p);
    219 "mpls" Packet 0 |p| before(&[0, 1, 1, 64], p);
    113 "sll" Packet 0 |p| sll(1, 0x800, p);
    113 "sll" Packet 0 |p| sll(512, 0x800, p);
    113 "sll" Packet 0 |p| sll(0xfffe, 0x800, p);
    113 "sll" Packet 0 |p| sll(778, 0x800, p);
    113 "sll" Frame 0 |f| sll(778, 0x6558, f);
    113 "sll" Frame 0 |f| sll(1, 3, f);
    113 "sll:llc" Packet 0 |p| sll(1, 4, &before(&SNAP, p));
    113 "sll:ppp" Packet 0 |p| sll(512, 7, &before(&[0xff, 3, 0, 0x21], p));
    113 "sll:vlan" Packet 0 |p| sll(1, 0x8100, &before(&[0, 10, 8, 0], p));
    113 "sll:radiotap:wlan_radio:wlan:llc" Packet 0 |p| sll(803, 4, &before(&RADIOTAP, &wlan(p)));
    113 "sll:radiotap:wlan_radio:wlan:llc" Packet 0 |p| sll(803, 0x19, &before(&RADIOTAP, &wlan(p)));
    113 "sll:wlan:llc" Packet 0 |p| sll(801, 4, &wlan(p));
    276 "sll" Packet 0 |p| sll2(32, 0x800, p);
    276 "sll" Packet 0 |p| sll2(770, 0x800, p);
    276 "sll" Frame 0 |f| sll2(778, 0x6558, f);
    276 "sll" Frame 0 |f| sll2(1, 3, f);
    276 "sll:radiotap:wlan_radio:wlan:llc" Packet 0 |p| sll2(803, 4, &before(&RADIOTAP, &wlan(p)));
    128 "tzsp" Frame 0 |f| before(&[1, 0, 0, 1, 1], f);
}

/// Link types that are known by name alone, with a few bytes and the name.
pub const NAMED: &[(u16, &[u8], &str)] = &[
    (186, &[0; 64], "usb"),
    (189, &[0; 48], "usb"),
    (220, &[0; 64], "usb"),
    (249, &[27; 40], "usb"),
    (266, &[0; 40], "usb"),
    (288, &[0xa5, 1, 2], "usbll"),
    (187, &[1, 3, 12, 0], "bluetooth"),
    (201, &[0, 0, 0, 0, 1, 3, 12, 0], "bluetooth"),
    (251, &[0xd6, 0xbe, 0x89, 0x8e, 0, 0], "bluetooth"),
    (254, &[0, 0, 0, 2, 1, 3, 12, 0], "bluetooth"),
    (256, &[0; 24], "bluetooth"),
    (227, &[0, 0, 1, 0x23, 3, 0, 0, 0, 1, 2, 3], "can"),
    // IEEE 802.15.4: compressed headers, an acknowledgement, a beacon, an encrypted frame.
    (230, &[0x41, 0x88, 1, 0xcd, 0xab, 2, 0, 1, 0, 0x7a, 0x33, 0x3a, 0, 0, 0, 0], "wpan:6lowpan"),
    (195, &[0x41, 0xcc, 1, 0xcd, 0xab, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 0xc0, 0x20], "wpan:6lowpan"),
    (283, &[0, 0, 12, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0x41, 0x88, 1, 0xcd, 0xab, 2, 0, 1, 0, 0x60, 0, 0], "wpan-tap:6lowpan"),
    (215, &[0, 0, 0, 0, 0xa7, 12, 0x41, 0x88, 1, 0xcd, 0xab, 2, 0, 1, 0, 0x60, 0, 0], "wpan:6lowpan"),
    (230, &[2, 0, 1], "wpan"),
    (230, &[0, 0x80, 1, 0xcd, 0xab, 1, 0, 0xff, 0xcf, 0, 0], "wpan"),
    (230, &[0x49, 0x88, 1, 0xcd, 0xab, 2, 0, 1, 0, 0x60], "wpan"),
    (113, &[0, 0, 0x01, 0x18, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 12, 0, 0, 1, 0x23], "sll:can"),
    (113, &[0, 0, 0x01, 0x18, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 13, 0, 0, 1, 0x23], "sll:canfd"),
    (113, &[0, 0, 0x03, 0x24, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xf6, 2, 0, 1], "sll:wpan"),
    (113, &[0, 0, 0x03, 0x38, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], "sll:netlink"),
];
