//! The sums of packets: the Internet checksum (RFC 1071), CRC-32 of Ethernet's check sequence, CRC-32C of SCTP (RFC 9260).

use std::net::IpAddr;

/// The sum of 16-bit words, not yet folded.
pub fn sum(bytes: &[u8]) -> u32 {
    let mut words = bytes.chunks_exact(2);
    let all: u64 = words.by_ref().map(|c| u64::from(u16::from_be_bytes([c[0], c[1]]))).sum();
    let last = words.remainder().first().map_or(0, |b| u64::from(*b) << 8);
    u32::from(fold64(all + last))
}

fn fold64(mut n: u64) -> u16 {
    while n > 0xffff {
        n = (n & 0xffff) + (n >> 16);
    }
    n as u16
}

/// Folds a sum to 16 bits.
pub fn fold(n: u32) -> u16 {
    fold64(n.into())
}

/// The Internet checksum.
pub fn checksum(bytes: &[u8]) -> u16 {
    !fold(sum(bytes))
}

/// The sum of the pseudo-header alone: what a frame carries whose checksum the hardware was to fill in.
pub fn pseudo_sum(source: IpAddr, destination: IpAddr, protocol: u8, length: usize) -> u32 {
    let addresses = match (source, destination) {
        (IpAddr::V4(s), IpAddr::V4(d)) => sum(&s.octets()) + sum(&d.octets()),
        (IpAddr::V6(s), IpAddr::V6(d)) => sum(&s.octets()) + sum(&d.octets()),
        _ => panic!("both ends of one family"),
    };
    addresses + u32::from(protocol) + length as u32
}

/// A reflected CRC of 32 bits.
fn crc(polynomial: u32, bytes: &[u8]) -> u32 {
    let step = |n: u32| if n & 1 == 1 { n >> 1 ^ polynomial } else { n >> 1 };
    !bytes.iter().fold(u32::MAX, |n, b| (0..8).fold(n ^ u32::from(*b), |n, _| step(n)))
}

/// The check sequence of an Ethernet frame (IEEE 802.3 section 3.2.9), which is sent least significant byte first.
pub fn crc32(bytes: &[u8]) -> u32 {
    crc(0xedb8_8320, bytes)
}

/// SCTP's checksum, which is sent least significant byte first.
pub fn crc32c(bytes: &[u8]) -> u32 {
    crc(0x82f6_3b78, bytes)
}
