//! The Internet checksum, kept as right or wrong as it was (RFC 1624): what was changed is taken out of it and put in again.

use crate::model::ip_protocol;

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

/// What a checksum of a transport covers besides its packet (RFC 9293 section 3.1): sums of the addresses before and after, protocol, length.
#[derive(Debug, Clone, Copy)]
pub struct Pseudo {
    /// Sum of the addresses as they were.
    pub before: u32,
    /// Sum of what stands for them.
    pub after: u32,
    /// Protocol.
    pub protocol: u8,
    /// Length of the transport's packet, from the IP header.
    pub length: u16,
}

impl Pseudo {
    /// The folded sum of a pseudo header, which senders leave in the field for their card to complete; some without the length, for a card that
    /// cuts packets into pieces.
    fn partial(&self, addresses: u32, length: u16) -> u16 {
        fold(u64::from(addresses) + u64::from(self.protocol) + u64::from(length)) as u16
    }

    /// Makes the checksum of a transport as right, wrong or left to the card as it was. `old` is the sum of all bytes it covers before.
    pub fn seal(&self, bytes: &mut [u8], field: usize, old: u32) {
        let Some(was) = bytes.get(field..).and_then(|rest| rest.first_chunk()).map(|b| u16::from_be_bytes(*b)) else { return };
        let is_right = fold(u64::from(old) + u64::from(self.partial(self.before, self.length))) == 0xffff;
        let left = [self.length, 0].into_iter().find(|length| !is_right && was == self.partial(self.before, *length));
        if let (Some(length), Some(place)) = (left, bytes.get_mut(field..field + 2)) {
            return place.copy_from_slice(&self.partial(self.after, length).to_be_bytes());
        }
        // None, or left to the card whole.
        if was == 0 && !is_right {
            return;
        }
        let new = sum(bytes);
        adjust(bytes, field, old, new);
        adjust(bytes, field, self.before, self.after);
        // Zero would be none (RFC 768).
        if let Some(place) = bytes.get_mut(field..field + 2).filter(|place| self.protocol == ip_protocol::UDP && **place == [0, 0]) {
            place.fill(0xff);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_to_the_card_stays_so() {
        let pseudo = Pseudo { before: 0x1234, after: 0xfff0, protocol: 17, length: 8 };
        let wrong = [0u8, 1, 0, 2, 0, 8, 0x55, 0x55];
        let partial = |addresses: u16| {
            [0, 1, 0, 2, 0, 8].into_iter().chain((fold(u64::from(addresses) + 25) as u16).to_be_bytes()).collect::<Vec<u8>>()
        };
        let right = |addresses: u32| {
            let mut bytes = [0u8, 1, 0, 2, 0, 8, 0, 0];
            let all = fold(u64::from(sum(&bytes)) + u64::from(addresses) + 25) as u16;
            bytes[6..].copy_from_slice(&(!all).to_be_bytes());
            bytes.to_vec()
        };
        let sealed = |bytes: &[u8]| {
            let mut bytes = bytes.to_vec();
            let old = sum(&bytes);
            pseudo.seal(&mut bytes, 6, old);
            bytes
        };
        assert_eq!(sealed(&partial(0x1234)), partial(0xfff0));
        assert_eq!(sealed(&right(0x1234)), right(0xfff0));
        assert!(![right(0xfff0), partial(0xfff0)].contains(&sealed(&wrong)));
        assert_eq!(sealed(&[0, 1, 0, 2, 0, 8, 0, 0]), [0, 1, 0, 2, 0, 8, 0, 0]);
    }

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
