//! What nobody takes apart is enciphered: the same bytes become the same ones, so that copies stay copies, and nothing of them can be read.

use super::checksum::sum;
use super::embedded::{self, sweep};
use super::pan::Pan;

/// What stands for bytes: a secret function of all of them.
fn digest(pan: &Pan, bytes: &[u8]) -> u128 {
    let mut state = pan.encrypt(bytes.len() as u128 | 0x7665_696c << 96);
    for chunk in bytes.chunks(16) {
        let mut block = [0; 16];
        block.iter_mut().zip(chunk).for_each(|(to, from)| *to = *from);
        state = pan.encrypt(state ^ u128::from_be_bytes(block));
    }
    state
}

/// Enciphers bytes; zeros say nothing, and stay.
pub fn veil(pan: &Pan, bytes: &mut [u8]) {
    if bytes.iter().all(|b| *b == 0) {
        return;
    }
    let mut state = digest(pan, bytes);
    for chunk in bytes.chunks_mut(16) {
        state = pan.encrypt(state);
        chunk.iter_mut().zip(state.to_be_bytes()).for_each(|(to, from)| *to = from);
    }
}

/// Enciphers bytes whose checksum stands in another packet: their sum stays what it was.
pub fn veil_evenly(pan: &Pan, bytes: &mut [u8]) {
    let before = sum(bytes);
    veil(pan, bytes);
    let Some(at) = (bytes.len() & !1).checked_sub(2) else { return };
    let Some(place) = bytes.get_mut(at..).and_then(|rest| rest.first_chunk_mut::<2>()) else { return };
    *place = [0; 2];
    let missing = sum(&(before + (0xffff - sum(bytes))).to_be_bytes()) as u16;
    if let Some(place) = bytes.get_mut(at..).and_then(|rest| rest.first_chunk_mut::<2>()) {
        *place = missing.to_be_bytes();
    }
}

/// Zeros instead of a message that would be read as another one if it were enciphered; its end tells it from others.
pub fn blank(pan: &Pan, bytes: &mut [u8]) {
    const TOLD_APART: usize = 4;
    if bytes.iter().all(|b| *b == 0) {
        return;
    }
    let end = digest(pan, bytes).to_be_bytes();
    bytes.fill(0);
    if let Some(last) = bytes.len().checked_sub(TOLD_APART).filter(|at| *at > TOLD_APART).and_then(|at| bytes.get_mut(at..)) {
        last.iter_mut().zip(end).for_each(|(to, from)| *to = from);
    }
}

/// Bytes of nobody knows which protocol: packets in them are replaced, `kept` bytes at the beginning stay but for addresses that were met
/// before, all else is enciphered.
pub fn opaque(pan: &mut Pan, bytes: &mut [u8], kept: usize) {
    if embedded::packets(pan, bytes) {
        return;
    }
    let (head, rest) = bytes.split_at_mut(kept.min(bytes.len()));
    sweep(pan, head);
    veil(pan, rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_what_was_veiled_is_left_and_equal_bytes_stay_equal() {
        let pan = Pan::new(&[7; 32]);
        for length in [1usize, 2, 3, 5, 16, 17, 40, 1_001] {
            let plain: Vec<u8> = (0..length).map(|n| (n * 7 + 1) as u8).collect();
            let veiled = |f: fn(&Pan, &mut [u8])| {
                let mut bytes = plain.clone();
                f(&pan, &mut bytes);
                bytes
            };
            assert_eq!(veiled(veil), veiled(veil));
            let even = veiled(veil_evenly);
            assert!(length < 2 || sum(&even) % 0xffff == sum(&plain) % 0xffff, "{length}");
            let same = plain.iter().zip(&veiled(veil)).filter(|(a, b)| a == b).count();
            assert!(length < 16 || same * 10 < length, "{same} of {length}");
            assert!(length <= 4 || veiled(blank).iter().take(length - 4).all(|b| *b == 0));
        }
        let mut zeros = [0; 9];
        veil(&pan, &mut zeros);
        assert_eq!(zeros, [0; 9]);
    }
}
