//! What offloading senders leave for their adapters to complete.

use crate::model::Frame;

/// The checksum an offloading sender leaves in a TCP or UDP header for its adapter to complete: the folded sum of the pseudo-header
/// (RFC 9293 3.1, RFC 768, RFC 8200 8.1).
#[inline(never)]
pub(super) fn partial_checksum(frame: &Frame) -> Option<u16> {
    let ip = frame.bytes.get(frame.net? as usize..)?;
    let sum16 = |bytes: &[u8]| bytes.as_chunks::<2>().0.iter().map(|&b| u32::from(u16::from_be_bytes(b))).sum::<u32>();
    let protocol = u32::from(frame.flow?.0.protocol);
    let mut sum = protocol
        + match ip.first()? >> 4 {
            4 => {
                let header = u32::from(ip[0] & 15) * 4;
                sum16(ip.get(12..20)?) + sum16(ip.get(2..4)?).saturating_sub(header)
            }
            _ => {
                let extensions = frame.transport?.checked_sub(frame.net? + 40)?;
                sum16(ip.get(8..40)?) + sum16(ip.get(4..6)?).saturating_sub(extensions)
            }
        };
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    Some(sum as u16)
}
