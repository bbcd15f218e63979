//! Numbers at a place of some bytes, `None` where they are not there.

/// Two bytes, the high one first.
pub fn be16(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|b| u16::from_be_bytes(*b))
}

/// Three bytes, the highest first.
pub fn be24(bytes: &[u8], at: usize) -> Option<u32> {
    let [a, b, c] = *bytes.get(at..)?.first_chunk()?;
    Some(u32::from_be_bytes([0, a, b, c]))
}

/// Four bytes, the highest first.
pub fn be32(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|b| u32::from_be_bytes(*b))
}

/// Two bytes, the low one first.
pub fn le16(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|b| u16::from_le_bytes(*b))
}

/// Three bytes, the lowest first.
pub fn le24(bytes: &[u8], at: usize) -> Option<u32> {
    let [a, b, c] = *bytes.get(at..)?.first_chunk()?;
    Some(u32::from_le_bytes([a, b, c, 0]))
}

/// Four bytes, the lowest first.
pub fn le32(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|b| u32::from_le_bytes(*b))
}

/// Whether `part` is somewhere in the first 512 bytes.
pub fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.get(..bytes.len().min(512)).unwrap_or_default().windows(part.len()).any(|window| window == part)
}

/// What a hash of nothing begins with.
pub const FNV_START: u32 = 0x811c_9dc5;

/// A hash of some bytes (FNV-1a, RFC 9923).
pub fn fnv(bytes: &[u8]) -> u32 {
    fnv_on(FNV_START, bytes)
}

/// The hash by which names are told apart; never 0, which may stand for none.
pub fn name_hash(name: &[u8]) -> u32 {
    fnv(name).max(1)
}

/// The same, going on from the hash of what stands before them, or mixed with a number.
pub fn fnv_on(start: u32, bytes: &[u8]) -> u32 {
    bytes.iter().fold(start, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}
