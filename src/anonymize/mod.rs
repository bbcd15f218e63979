//! Packets without the addresses and names that were in them, before anything looks at them: what is shown, reported and saved afterwards
//! cannot hold what was never seen.
//!
//! - IP addresses: prefix-preserving (Crypto-PAn, Xu et al. 2002, with AES-128): two addresses of one network stay in one network. Multicast and
//!   broadcast, loopback, unspecified and link-local prefixes stay what they are.
//! - MAC addresses keep their maker (the first three octets) and whether they are groups; the device's part is enciphered.
//! - Names, other words and numbers in payloads are replaced by those of the same length, the same word always by the same one. Words of the
//!   protocols themselves stay (`words.rs`), but not in names of hosts; so do numbers that they count with: codes of answers, lengths, ports.
//! - What is neither a header, nor a text, nor of a protocol that is known (`payload.rs`) is enciphered (`veil.rs`): nothing stays because
//!   nobody looked at it. Packets in such bytes are found by their own headers (`embedded.rs`), in encapsulations of any kind.
//! - Addresses at places of their own in messages are replaced as in headers (`messages/`, `talk.rs`, `tls.rs`, `ber.rs`); other control
//!   protocols are blanked. In the few bytes that stay unread, addresses that were met before are looked for.
//! - Checksums that were right are right afterwards, wrong ones wrong, and those left to a card are left to it.

mod ber;
mod bytes;
mod checksum;
mod embedded;
mod link;
mod messages;
mod network;
mod pan;
mod payload;
mod talk;
mod tls;
mod tunnel;
mod veil;
mod words;

use crate::model::{Address, LinkType};
use pan::Pan;

/// Bytes of a key.
pub const KEY_BYTES: usize = 32;

/// Replaces what a packet says of who and where.
#[derive(Debug)]
pub struct Anonymizer {
    pan: Pan,
}

impl Anonymizer {
    /// One that replaces by a key: the same key replaces the same way.
    pub fn new(key: &[u8; KEY_BYTES]) -> Self {
        Self { pan: Pan::new(key) }
    }

    /// Whether every address of the private IPv4 networks (RFC 1918, RFC 6598) becomes one outside of its own network. With one key in three
    /// one of these networks stays: neighbouring bits are often flipped alike, for their blocks are the same wherever a bit of the address is
    /// that of the padding, so that flipping none is far likelier ((3/4)^n of n bits) than by chance alone.
    pub fn moves_private(&mut self) -> bool {
        let networks: [(u32, u32); 4] = [(0x0a00_0000, 8), (0x6440_0000, 10), (0xac10_0000, 12), (0xc0a8_0000, 16)];
        networks.iter().all(|&(network, bits)| (self.pan.v4(network) ^ network) >> (32 - bits) != 0)
    }

    /// Replaces everything in a captured packet, in place.
    pub fn packet(&mut self, link: LinkType, bytes: &mut [u8]) {
        link::frame(&mut self.pan, link, bytes);
    }

    /// What stands for an address.
    pub fn address(&mut self, address: Address) -> Address {
        match address {
            Address::Mac(mac) => {
                let mut bytes = mac.0;
                self.pan.mac(&mut bytes);
                Address::Mac(crate::model::Mac(bytes))
            }
            Address::V4(a) => Address::V4(self.pan.v4(a.to_bits()).into()),
            Address::V6(a) => Address::V6(self.pan.v6(a.to_bits()).into()),
        }
    }

    /// A text with its words replaced.
    pub fn text(&mut self, text: &str) -> String {
        let mut bytes = text.as_bytes().to_vec();
        words::text(&self.pan, &mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_moves_private_networks_leaves_no_address_of_theirs() {
        let mut good = 0;
        for n in 0..=255u8 {
            let mut key = [n; KEY_BYTES];
            key.iter_mut().enumerate().for_each(|(at, b)| *b = b.wrapping_mul(31).wrapping_add(at as u8).rotate_left(u32::from(n) % 8));
            let mut anonymizer = Anonymizer::new(&key);
            let stays = |anonymizer: &mut Anonymizer, a: [u8; 4]| anonymizer.address(Address::V4(a.into())) == Address::V4(a.into());
            if anonymizer.moves_private() {
                good += 1;
                let hosts = (0..=255).flat_map(|h| [[10, 77, 0, h], [192, 168, 1, h], [172, 20, h, 1], [100, 64, 0, h]]);
                assert!(hosts.into_iter().all(|host| !stays(&mut anonymizer, host)), "key {n}");
            }
        }
        assert!((100..230).contains(&good), "{good} of 256");
    }
}
