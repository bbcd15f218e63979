//! Crypto-PAn: each bit of an address is flipped or not by a secret function of the bits before it.

use crate::model::limits::ANONYMIZED_ADDRESSES;
use aes::Aes128;
use aes::cipher::{BlockEncrypt, KeyInit};
use std::collections::HashMap;
use std::hash::Hash;
use std::net::Ipv6Addr;

/// The cipher, and what was enciphered of late.
pub struct Pan {
    aes: Aes128,
    pad: u128,
    fours: HashMap<u32, u32>,
    sixes: HashMap<u128, u128>,
    stations: HashMap<[u8; 6], [u8; 6]>,
    depth: u8,
}

impl std::fmt::Debug for Pan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The key is nobody's business.
        f.write_str("Pan")
    }
}

impl Pan {
    /// From the cipher's key and the key of the padding.
    pub fn new(key: &[u8; 32]) -> Self {
        let (first, second) = key.split_at(16);
        let mut cipher_key = [0; 16];
        cipher_key.copy_from_slice(first);
        let aes = Aes128::new(&cipher_key.into());
        let mut pad = [0; 16];
        pad.copy_from_slice(second);
        let mut pan = Self { aes, pad: 0, fours: HashMap::new(), sixes: HashMap::new(), stations: HashMap::new(), depth: 0 };
        pan.pad = pan.encrypt(u128::from_be_bytes(pad));
        pan
    }

    /// Goes into a packet within a packet; false where there are too many around it already, and the packet is nobody's.
    pub fn enter(&mut self) -> bool {
        /// Packets within packets: real ones are four or five deep.
        const DEEPEST: u8 = 16;
        let enters = self.depth < DEEPEST;
        self.depth += u8::from(enters);
        enters
    }

    /// Comes out of it again.
    pub fn leave(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }

    /// Replaces the address that bytes begin with, if it was met before; how long it is, 0 where they begin with none.
    pub fn met(&self, bytes: &mut [u8]) -> usize {
        fn put<const N: usize>(bytes: &mut [u8], known: Option<[u8; N]>) -> Option<usize> {
            let (place, known) = (bytes.first_chunk_mut::<N>()?, known?);
            let changes = *place != known;
            *place = known;
            changes.then_some(N)
        }
        let six = bytes.first_chunk().and_then(|b| self.sixes.get(&u128::from_be_bytes(*b))).map(|to| to.to_be_bytes());
        let station = bytes.first_chunk().and_then(|b| self.stations.get(b)).copied();
        let four = bytes.first_chunk().and_then(|b| self.fours.get(&u32::from_be_bytes(*b))).map(|to| to.to_be_bytes());
        put(bytes, six).or_else(|| put(bytes, station)).or_else(|| put(bytes, four)).unwrap_or(0)
    }

    /// One block.
    pub fn encrypt(&self, block: u128) -> u128 {
        let mut bytes = block.to_be_bytes().into();
        self.aes.encrypt_block(&mut bytes);
        u128::from_be_bytes(bytes.into())
    }

    /// The flips of an address of `bits` bits that stands at the top of a block, beginning with bit `from`.
    fn flips(&self, address: u128, from: u32, bits: u32) -> u128 {
        let mut flips = 0u128;
        for at in from..bits {
            let keep = if at == 0 { 0 } else { u128::MAX << (128 - at) };
            let block = address & keep | self.pad & !keep;
            flips |= (self.encrypt(block) >> 127) << (127 - at);
        }
        flips
    }

    /// What stands for an IPv4 address.
    pub fn v4(&mut self, address: u32) -> u32 {
        // Multicast and broadcast; this network and loopback.
        if address >> 28 == 0xe || address == u32::MAX || matches!(address >> 24, 0 | 127) {
            return address;
        }
        if let Some(known) = self.fours.get(&address) {
            return *known;
        }
        // The first three bits say which class it is of, and stay; so do four of what is reserved (240.0.0.0/4), which some use.
        let from = match address >> 28 {
            0xf => 4,
            _ if address >> 16 == 0xa9fe => 16,
            _ => 3,
        };
        let enciphered = |address: u32| address ^ (self.flips(u128::from(address) << 96, from, 32) >> 96) as u32;
        // Nobody becomes everybody: who would takes what everybody would become.
        let out = Some(enciphered(address)).filter(|out| *out != u32::MAX).unwrap_or_else(|| enciphered(u32::MAX));
        remember(&mut self.fours, address, out);
        out
    }

    /// What stands for an IPv6 address.
    pub fn v6(&mut self, address: u128) -> u128 {
        let a = Ipv6Addr::from_bits(address);
        if a.is_unspecified() || a.is_loopback() {
            return address;
        }
        if let Some(known) = self.sixes.get(&address) {
            return *known;
        }
        let out = match a.octets() {
            // A solicited-node group holds the end of an address (RFC 4291 section 2.7.1).
            [0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, x, y, z] => {
                let mut low = [x, y, z];
                self.low(&mut low);
                let [x, y, z] = low;
                address & !0xff_ffff | u128::from(x) << 16 | u128::from(y) << 8 | u128::from(z)
            }
            [0xff, ..] => address,
            [0xfe, b, ..] if b & 0xc0 == 0x80 => address ^ self.flips(address, 64, 128),
            [0xfc..=0xfe, ..] => address ^ self.flips(address, 8, 128),
            // An IPv4 address inside (RFC 4291 section 2.5.5.2).
            [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, ..] => address & !0xffff_ffff | u128::from(self.v4(address as u32)),
            _ => address ^ self.flips(address, 3, 128),
        };
        remember(&mut self.sixes, address, out);
        out
    }

    /// Enciphers three octets.
    fn low(&self, octets: &mut [u8; 3]) {
        // Four rounds of a Feistel network on 12 bits each: another address never becomes the same one.
        let [x, y, z] = *octets;
        let all = u32::from_be_bytes([0, x, y, z]);
        let (mut left, mut right) = (all >> 12, all & 0xfff);
        for round in 0..4u32 {
            let block = u128::from(round + 1) << 64 | u128::from(right) | 0x6d61_6300 << 96;
            (left, right) = (right, left ^ (self.encrypt(block) as u32 & 0xfff));
        }
        let [_, x, y, z] = (left << 12 | right).to_be_bytes();
        *octets = [x, y, z];
    }

    /// Replaces a MAC address: its maker stays. Groups stay, but for those that hold the end of an IPv6 address.
    pub fn mac(&mut self, mac: &mut [u8]) {
        let Some(station) = mac.first_chunk_mut::<6>() else { return };
        let [a, b, c, x, y, z] = *station;
        let is_solicited = [a, b, c] == [0x33, 0x33, 0xff];
        // Extreme's group is written like a station's address.
        let is_group = a & 1 == 1 && !is_solicited || *station == [0, 0xe0, 0x2b, 0, 0, 0];
        if is_group || *station == [0; 6] {
            return;
        }
        let mut low = [x, y, z];
        self.low(&mut low);
        let [x, y, z] = low;
        let out = [a, b, c, x, y, z];
        remember(&mut self.stations, *station, out);
        *station = out;
    }
}

/// Keeps what stands for an address; beyond the cap all are forgotten, and worked out anew.
fn remember<K: Hash + Eq, V>(known: &mut HashMap<K, V>, address: K, out: V) {
    if known.len() >= ANONYMIZED_ADDRESSES {
        known.clear();
    }
    known.insert(address, out);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    /// The key of the sample that comes with the original implementation.
    const KEY: [u8; 32] = [
        21, 34, 23, 141, 51, 164, 207, 128, 19, 10, 91, 22, 73, 144, 125, 16, 216, 152, 143, 131, 121, 121, 101, 39, 98, 87, 76, 45, 42,
        132, 34, 2,
    ];

    #[test]
    fn the_sample_of_the_original_implementation() {
        let pan = Pan::new(&KEY);
        for (from, to) in [
            ("128.11.68.132", "135.242.180.132"),
            ("129.118.74.4", "134.136.186.123"),
            ("130.132.252.244", "133.68.164.234"),
            ("24.0.250.221", "100.15.198.226"),
        ] {
            let from: Ipv4Addr = from.parse().unwrap();
            let flips = pan.flips(u128::from(from.to_bits()) << 96, 0, 32);
            assert_eq!(Ipv4Addr::from_bits(from.to_bits() ^ (flips >> 96) as u32).to_string(), to);
        }
    }

    #[test]
    fn prefixes_stay_together_and_nothing_meets() {
        let mut pan = Pan::new(&KEY);
        let common = |x: u32, y: u32| (x ^ y).leading_zeros();
        let mut seen = std::collections::HashSet::new();
        for x in (0x0a00_0000u32..0x0a00_0400).chain(0xc0a8_0000..0xc0a8_0100) {
            let out = pan.v4(x);
            assert!(seen.insert(out), "two became {out:x}");
            for y in [x ^ 1, x ^ 0x100, x ^ 0x1_0000] {
                assert_eq!(common(x, y), common(out, pan.v4(y)));
            }
        }
        for kept in [0u32, 0xffff_ffff, 0xe000_00fb, 0x7f00_0001] {
            assert_eq!(pan.v4(kept), kept);
        }
        // What is reserved is used here and there: it stays apart from all others, and nobody in it becomes everybody.
        for x in (0xf000_0000u32..0xf000_0400).chain(0xffff_fc00..0xffff_ffff) {
            let out = pan.v4(x);
            assert!(out >> 28 == 0xf && out != u32::MAX && seen.insert(out), "{x:x} became {out:x}");
        }
        assert!((0xf000_0000u32..0xf000_0400).filter(|x| pan.v4(*x) == *x).count() < 8);
        let six = |text: &str| text.parse::<Ipv6Addr>().unwrap().to_bits();
        let (a, b) = (pan.v6(six("2001:db8::1")), pan.v6(six("2001:db8::2")));
        assert!((a ^ b).leading_zeros() == (six("2001:db8::1") ^ six("2001:db8::2")).leading_zeros() && a != six("2001:db8::1"));
        assert_eq!(pan.v6(six("fe80::1")) >> 64, 0xfe80 << 48);
        assert_eq!(pan.v6(six("ff02::fb")), six("ff02::fb"));
        assert_ne!(pan.v6(six("ff02::1:ff00:1234")), six("ff02::1:ff00:1234"));
    }

    #[test]
    fn stations_keep_their_maker() {
        let mut pan = Pan::new(&KEY);
        let mut seen = std::collections::HashSet::new();
        for n in 0..2_000u16 {
            let [x, y] = n.to_be_bytes();
            let mut mac = [0, 0x1b, 0x21, 7, x, y];
            pan.mac(&mut mac);
            assert!(mac[..3] == [0, 0x1b, 0x21] && seen.insert(mac));
        }
        let mut group = [1, 0x80, 0xc2, 0, 0, 0];
        pan.mac(&mut group);
        assert_eq!(group, [1, 0x80, 0xc2, 0, 0, 0]);
    }
}
