//! TCP's words: header flags and the order of sequence numbers.

/// The sender has no more data (RFC 9293 section 3.1).
pub const FIN: u8 = 0x01;
/// Sequence numbers begin (RFC 9293 section 3.1).
pub const SYN: u8 = 0x02;
/// The connection is given up (RFC 9293 section 3.1).
pub const RST: u8 = 0x04;
/// The acknowledgement number counts (RFC 9293 section 3.1).
pub const ACK: u8 = 0x10;

/// Whether sequence number `a` is before `b`: numbers wrap at 2^32, so of two the one less than half the circle behind (RFC 9293 section 3.4).
#[inline]
pub fn before(a: u32, b: u32) -> bool {
    (a.wrapping_sub(b) as i32) < 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_wrap() {
        assert!(before(1, 2) && !before(2, 1) && !before(7, 7));
        assert!(before(u32::MAX, 0) && before(0xffff_ff00, 0x7000_0000) && !before(0, u32::MAX));
    }
}
