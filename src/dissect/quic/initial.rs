//! QUIC's Initial packets: protected by keys that everybody can derive from what they carry (RFC 9001 section 5.2).

use aes::Aes128;
use aes::cipher::generic_array::GenericArray;
use aes::cipher::{BlockEncrypt, KeyInit};
use aes_gcm::Aes128Gcm;
use aes_gcm::aead::AeadInPlace;
use hkdf::Hkdf;
use sha2::Sha256;

/// Versions 1 (RFC 9000) and 2 (RFC 9369), the first and the last of the drafts with the salt of draft 29, and of those that had that of version 1.
pub(super) const V1: u32 = 1;
pub(super) const V2: u32 = 0x6b33_43cf;
const DRAFTS: std::ops::RangeInclusive<u32> = 0xff00_001d..=0xff00_0020;
const LAST_DRAFTS: std::ops::RangeInclusive<u32> = 0xff00_0021..=0xff00_0022;

const SALT_V1: [u8; 20] = *b"\x38\x76\x2c\xf7\xf5\x59\x34\xb3\x4d\x17\x9a\xe6\xa4\xc8\x0c\xad\xcc\xbb\x7f\x0a";
const SALT_V2: [u8; 20] = *b"\x0d\xed\xe3\xde\xf7\x00\xa6\xdb\x81\x93\x81\xbe\x6e\x26\x9d\xcb\xf9\xbd\x2e\xd9";
const SALT_DRAFT: [u8; 20] = *b"\xaf\xbf\xec\x28\x99\x93\xd2\x4c\x9e\x97\x86\xf1\x9c\x61\x11\xe0\x43\x90\xa8\x99";

/// Bytes of a connection identifier at most (RFC 9000 section 17.2).
const ID_BYTES: usize = 20;

/// Bytes of the tag behind what is encrypted.
const TAG: usize = 16;

/// An Initial packet, as far as it is not protected.
#[derive(Debug, Clone, Copy)]
pub struct Initial<'a> {
    /// The version.
    pub version: u32,
    /// The destination's connection identifier: what the first ones of a client carry keys all of them.
    pub destination: &'a [u8],
    /// The packet, up to the end its length tells.
    packet: &'a [u8],
    /// Where the packet number is.
    number_at: usize,
}

/// An integer of one to eight bytes (RFC 9000 section 16), and how many they are.
pub fn varint(bytes: &[u8], at: usize) -> Option<(u64, usize)> {
    let first = *bytes.get(at)?;
    let length = 1usize << (first >> 6);
    let rest = bytes.get(at + 1..at + length)?;
    Some((rest.iter().fold(u64::from(first & 0x3f), |n, b| n << 8 | u64::from(*b)), length))
}

impl<'a> Initial<'a> {
    /// Reads the packet at the beginning of a datagram; `None` of any other one.
    pub fn read(bytes: &'a [u8]) -> Option<Self> {
        let &[first, a, b, c, d, length] = bytes.first_chunk()?;
        let version = u32::from_be_bytes([a, b, c, d]);
        let initial = if version == V2 { 1 } else { 0 };
        let length = usize::from(length);
        if first & 0xc0 != 0xc0 || first >> 4 & 3 != initial || salt(version).is_none() || length > ID_BYTES {
            return None;
        }
        let destination = bytes.get(6..6 + length)?;
        let source_at = 6 + length;
        let source = usize::from(*bytes.get(source_at)?);
        let token_at = source_at + 1 + source;
        let (token, width) = varint(bytes, token_at)?;
        let length_at = token_at.checked_add(width)?.checked_add(usize::try_from(token).ok()?)?;
        let (length, width) = varint(bytes, length_at)?;
        let number_at = length_at + width;
        let end = number_at.checked_add(usize::try_from(length).ok()?)?;
        Some(Self { version, destination, packet: bytes.get(..end)?, number_at })
    }

    /// What the client encrypted with these keys.
    pub fn open(&self, keys: &InitialKeys) -> Option<Vec<u8>> {
        let sample = self.packet.get(self.number_at + 4..)?.first_chunk::<16>()?;
        let mut mask = GenericArray::from(*sample);
        keys.header.encrypt_block(&mut mask);
        let mut head = self.packet.get(..self.number_at + 4)?.to_vec();
        let (first, mask_first) = (head.first_mut()?, *mask.first()?);
        *first ^= mask_first & 0x0f;
        let width = usize::from(*first & 3) + 1;
        head.truncate(self.number_at + width);
        let number = head.get_mut(self.number_at..)?;
        number.iter_mut().zip(mask.iter().skip(1)).for_each(|(byte, mask)| *byte ^= mask);
        let mut nonce = keys.iv;
        nonce.iter_mut().rev().zip(number.iter().rev()).for_each(|(byte, number)| *byte ^= number);
        let body = self.packet.get(self.number_at + width..)?;
        let (text, tag) = body.split_at_checked(body.len().checked_sub(TAG)?)?;
        let mut text = text.to_vec();
        let nonce = GenericArray::from(nonce);
        keys.packet.decrypt_in_place_detached(&nonce, &head, &mut text, GenericArray::from_slice(tag)).ok()?;
        Some(text)
    }
}

/// Whether a datagram begins with a client's first packet, as far as can be told: a long header with a version (RFC 8999 section 5.1), and of
/// versions whose types of packets are known that of Initial packets.
pub fn may_be(bytes: &[u8]) -> bool {
    let Some(&[first, a, b, c, d]) = bytes.first_chunk() else { return false };
    let version = u32::from_be_bytes([a, b, c, d]);
    let initial = if version == V2 { 1 } else { 0 };
    first & 0x80 != 0 && version != 0 && (salt(version).is_none() || first >> 4 & 3 == initial)
}

fn salt(version: u32) -> Option<&'static [u8; 20]> {
    match version {
        V1 => Some(&SALT_V1),
        V2 => Some(&SALT_V2),
        _ if DRAFTS.contains(&version) => Some(&SALT_DRAFT),
        _ if LAST_DRAFTS.contains(&version) => Some(&SALT_V1),
        _ => None,
    }
}

/// What a client's Initial packets are protected with.
pub struct InitialKeys {
    header: Aes128,
    packet: Aes128Gcm,
    iv: [u8; 12],
}

impl InitialKeys {
    /// Those of a version and the identifier of the client's first packet.
    pub fn new(version: u32, destination: &[u8]) -> Option<Self> {
        let hkdf = Hkdf::<Sha256>::new(Some(salt(version)?), destination);
        let secret: [u8; 32] = expand(&hkdf, "client in")?;
        let hkdf = Hkdf::<Sha256>::from_prk(&secret).ok()?;
        let [key, iv, header] = if version == V2 { ["quicv2 key", "quicv2 iv", "quicv2 hp"] } else { ["quic key", "quic iv", "quic hp"] };
        Some(Self {
            header: Aes128::new(&GenericArray::from(expand::<16>(&hkdf, header)?)),
            packet: Aes128Gcm::new(&GenericArray::from(expand::<16>(&hkdf, key)?)),
            iv: expand(&hkdf, iv)?,
        })
    }
}

/// HKDF-Expand-Label without a context (RFC 8446 section 7.1).
fn expand<const N: usize>(hkdf: &Hkdf<Sha256>, label: &str) -> Option<[u8; N]> {
    let mut out = [0; N];
    let length = [(N >> 8) as u8, N as u8, label.len() as u8 + 6];
    hkdf.expand_multi_info(&[&length, b"tls13 ", label.as_bytes(), &[0]], &mut out).ok()?;
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 9001 appendix A.1 and RFC 9369 appendix A.1: the initialization vectors of the clients.
    #[test]
    fn keys_are_those_of_the_standards() {
        let id = [0x83, 0x94, 0xc8, 0xf0, 0x3e, 0x51, 0x57, 0x08];
        let iv = |version| InitialKeys::new(version, &id).map(|keys| keys.iv);
        assert_eq!(iv(V1), Some([0xfa, 0x04, 0x4b, 0x2f, 0x42, 0xa3, 0xfd, 0x3b, 0x46, 0xfb, 0x25, 0x5c]));
        assert_eq!(iv(V2), Some([0x91, 0xf7, 0x3e, 0x23, 0x51, 0xd8, 0xfa, 0x91, 0x66, 0x0e, 0x90, 0x9f]));
        assert_eq!((iv(0xff00_0021), iv(0xff00_0022)), (iv(V1), iv(V1)));
        assert!(iv(0xff00_0020).is_some() && iv(0xff00_0020) != iv(V1));
        assert_eq!((iv(7), iv(0xff00_0023)), (None, None));
    }

    #[test]
    fn integers_of_one_to_eight_bytes() {
        assert_eq!(varint(&[0xc2, 0x19, 0x7c, 0x5e, 0xff, 0x14, 0xe8, 0x8c], 0), Some((151_288_809_941_952_652, 8)));
        assert_eq!(varint(&[0x9d, 0x7f, 0x3e, 0x7d], 0), Some((494_878_333, 4)));
        assert_eq!((varint(&[9, 0x7b, 0xbd], 1), varint(&[0x25], 0), varint(&[0x7b], 0)), (Some((15_293, 2)), Some((37, 1)), None));
    }

    #[test]
    fn nothing_is_read_beyond_the_packet() {
        let whole = [&[0xc3, 0, 0, 0, 1, 8][..], &[1; 8], &[0, 0, 0x41, 0], &[7; 260]].concat();
        assert!(Initial::read(&whole).is_some_and(|initial| initial.open(&InitialKeys::new(1, initial.destination).unwrap()).is_none()));
        (0..whole.len()).for_each(|cut| assert!(Initial::read(&whole[..cut]).is_none() || cut >= 274, "{cut}"));
    }
}
