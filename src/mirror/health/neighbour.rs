//! What neighbours say of themselves in LACP, LLDP and CDP packets.

use super::tags::{link_type, snap};
use crate::model::Mac;

/// Actor and partner of a LACP packet (IEEE 802.1AX clause 6.4.2.3): both values are 20 bytes, the system 4 bytes in.
pub(super) fn lacp_systems(bytes: &[u8]) -> Option<[Mac; 2]> {
    let (_, at) = link_type(bytes)?;
    let system = |at: usize| bytes.get(at..at + 6)?.try_into().ok().map(Mac);
    Some([system(at + 8)?, system(at + 28)?])
}

/// What the sender of an LLDP or CDP packet says it is: LLDP's system description (IEEE 802.1AB clause 8.5.7, type 6), CDP's version
/// (type 5) or else its platform (type 6). At most 256 bytes.
pub(super) fn description(bytes: &[u8]) -> Option<String> {
    let (number, at) = link_type(bytes)?;
    let text = if number == 0x88cc {
        // Seven bits of type, nine of length.
        value(bytes.get(at + 2..)?, 6, |v| {
            let head = u16::from_be_bytes([*v.first()?, *v.get(1)?]);
            Some((head >> 9, 2, 2 + usize::from(head & 0x1ff)))
        })
    } else {
        // Version, time to live and checksum come first; lengths include the four bytes of type and length.
        let list = snap(bytes, [0, 0, 0x0c], 0x2000)?.get(4..)?;
        let head = |v: &[u8]| {
            let word = |at: usize| Some(u16::from_be_bytes([*v.get(at)?, *v.get(at + 1)?]));
            Some((word(0)?, 4, usize::from(word(2)?).max(4)))
        };
        value(list, 5, head).or_else(|| value(list, 6, head))
    }?;
    Some(String::from_utf8_lossy(text.get(..256).unwrap_or(text)).into_owned())
}

/// The first value of a type in a list, of which 64 are looked at. `head` reads one's type, where its text begins and where it ends.
fn value(list: &[u8], wanted: u16, head: impl Fn(&[u8]) -> Option<(u16, usize, usize)>) -> Option<&[u8]> {
    let mut rest = list;
    for _ in 0..64 {
        let (kind, begin, end) = head(rest)?;
        if kind == wanted {
            return rest.get(begin..end);
        }
        rest = rest.get(end..)?;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_say_what_they_are() {
        let mut lldp = vec![1, 0x80, 0xc2, 0, 0, 0x0e, 2, 0, 0, 0, 0, 1, 0x88, 0xcc, 2, 2, 7, 1, 12, 3, b'E', b'O', b'S', 0, 0];
        let mut cdp = vec![1, 0, 12, 0xcc, 0xcc, 0xcc, 2, 0, 0, 0, 0, 1, 0, 50, 0xaa, 0xaa, 3, 0, 0, 12, 0x20, 0];
        cdp.extend([2, 180, 0, 0, 0, 1, 0, 6, b's', b'w', 0, 6, 0, 7, b'W', b'S', b'C', 0, 5, 0, 7, b'I', b'O', b'S']);
        assert_eq!([&lldp, &cdp].map(|b| description(b)), [Some("EOS".to_owned()), Some("IOS".to_owned())]);
        cdp.truncate(cdp.len() - 1);
        assert_eq!(description(&cdp).as_deref(), Some("WSC"), "the version is cut");
        lldp[18] = 10;
        assert_eq!(description(&lldp), None, "a name, no description");
    }
}
