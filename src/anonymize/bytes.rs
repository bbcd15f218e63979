//! Places in bytes; none has to be there.

use super::pan::Pan;

/// A 16-bit word; zero where it is not.
pub fn word(bytes: &[u8], at: usize) -> u16 {
    bytes.get(at..).and_then(|b| b.first_chunk()).map_or(0, |b| u16::from_be_bytes(*b))
}

/// The bytes from a place on.
pub fn from(bytes: &mut [u8], at: usize) -> &mut [u8] {
    bytes.get_mut(at..).unwrap_or_default()
}

/// The bytes between two places, as far as there are any.
pub fn part(bytes: &mut [u8], from: usize, to: usize) -> &mut [u8] {
    let to = to.min(bytes.len());
    bytes.get_mut(from.min(to)..to).unwrap_or_default()
}

/// Replaces an IPv4 address at a place.
pub fn v4(pan: &mut Pan, bytes: &mut [u8], at: usize) {
    if let Some(place) = bytes.get_mut(at..).and_then(|b| b.first_chunk_mut::<4>()) {
        *place = pan.v4(u32::from_be_bytes(*place)).to_be_bytes();
    }
}

/// Replaces an IPv6 address at a place.
pub fn v6(pan: &mut Pan, bytes: &mut [u8], at: usize) {
    if let Some(place) = bytes.get_mut(at..).and_then(|b| b.first_chunk_mut::<16>()) {
        *place = pan.v6(u128::from_be_bytes(*place)).to_be_bytes();
    }
}

/// Replaces the address of a station at a place.
pub fn mac(pan: &mut Pan, bytes: &mut [u8], at: usize) {
    if let Some(place) = bytes.get_mut(at..).and_then(|b| b.first_chunk_mut::<6>()) {
        pan.mac(place);
    }
}
