//! The Internet checksum, kept as right or wrong as it was (RFC 1624): what was changed is taken out of it and put in again.

/// The one's complement sum of bytes, those of an odd end as if a zero followed.
pub fn sum(bytes: &[u8]) -> u32 {
    let mut pairs = bytes.chunks_exact(2);
    let mut total: u64 = pairs.by_ref().map(|pair| pair.first_chunk().map_or(0, |p| u64::from(u16::from_be_bytes(*p)))).sum();
    if let [last] = pairs.remainder() {
        total += u64::from(*last) << 8;
    }
    fold(total)
}

fn fold(mut total: u64) -> u32 {
    while total > 0xffff {
        total = (total & 0xffff) + (total >> 16);
    }
    total as u32
}

/// Changes a checksum by the sums of what it covers before and after. `field` is its place; nothing happens where it was not captured.
pub fn adjust(bytes: &mut [u8], field: usize, before: u32, after: u32) {
    let Some(place) = bytes.get_mut(field..).and_then(|rest| rest.first_chunk_mut::<2>()) else { return };
    let old = u16::from_be_bytes(*place);
    // HC' = ~(~HC + ~m + m')
    let total = u64::from(!old) + u64::from(!(before as u16)) + u64::from(after as u16);
    *place = (!(fold(total) as u16)).to_be_bytes();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn right_stays_right_and_wrong_wrong() {
        let mut bytes = [0x12, 0x34, 0, 0, 0xab, 0xcd, 0x55];
        let right = !(sum(&bytes) as u16);
        bytes[2..4].copy_from_slice(&right.to_be_bytes());
        let verify = |bytes: &[u8]| sum(bytes) == 0xffff;
        assert!(verify(&bytes));
        let before = sum(&bytes[4..]);
        bytes[4] = 0;
        bytes[6] = 0x99;
        adjust(&mut bytes, 2, before, sum(&[0, 0xcd, 0x99]));
        assert!(verify(&bytes));
        bytes[2] ^= 1;
        let before = sum(&bytes[4..]);
        bytes[5] = 1;
        let after = sum(&bytes[4..]);
        adjust(&mut bytes, 2, before, after);
        assert!(!verify(&bytes));
    }
}
