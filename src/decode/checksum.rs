//! The checksum of Internet protocols.

/// The Internet checksum (RFC 1071) of some bytes: 0 over what holds its own.
pub(super) fn internet_checksum(bytes: &[u8]) -> u16 {
    let sum = bytes.chunks(2).map(|pair| u32::from(u16::from_be_bytes([pair[0], pair.get(1).copied().unwrap_or(0)]))).sum::<u32>();
    let folded = (sum & 0xffff) + (sum >> 16);
    !((folded & 0xffff) + (folded >> 16)) as u16
}
