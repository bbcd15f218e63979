//! Numbers that senders put into what has no identification of its own.

/// Bytes of an RTP header (RFC 3550 section 5.1).
const RTP: usize = 12;

/// The identification of a datagram with so many bytes of payload: its own, or where it has none the sequence number of what looks like RTP. Whether it
/// numbers anything is looked at like any other.
#[inline(always)]
pub(super) fn numbered(id: u16, payload: &[u8], length: usize) -> u16 {
    match payload.first_chunk::<RTP>() {
        Some(header) if id == 0 && length >= RTP => sequence_number(header).unwrap_or_default(),
        _ => id,
    }
}

/// The sequence number of an RTP header: version 2 without contributing sources, none of the types of RTCP, and a time stamp and a source that were
/// drawn by lot. Who asks the same again and again begins as many messages with such a byte, and has small numbers there.
fn sequence_number(header: &[u8; RTP]) -> Option<u16> {
    let &[version, kind, high, low, t0, t1, t2, t3, s0, s1, s2, s3] = header;
    let is_rtp = version & 0xcf == 0x80 && !(72..=76).contains(&(kind & 0x7f));
    let is_drawn = [[t0, t1], [t2, t3], [s0, s1], [s2, s3]].iter().all(|half| *half != [0, 0]);
    (is_rtp && is_drawn).then(|| u16::from_be_bytes([high, low]))
}

/// A frame without the trailer of parallel redundancy (IEC 62439-3: number, network and length, suffix), and the number in it.
pub(super) fn redundant(rest: &[u8]) -> Option<(&[u8], u64)> {
    let (content, &[a, b, network, _, 0x88, 0xfb]) = rest.split_last_chunk::<6>()? else { return None };
    matches!(network >> 4, 0xa | 0xb).then_some((content, u64::from(u16::from_be_bytes([a, b])) | 1 << 16))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_rtp_is_numbered_by_its_sender() {
        let rtp = [0x80, 0x60, 0x12, 0x34, 0x55, 0x10, 0x3a, 0x20, 0x91, 7, 0x22, 0xe0];
        let with = |at: usize, byte: u8| {
            let mut other = rtp;
            other[at] = byte;
            numbered(0, &other, 172)
        };
        assert_eq!((numbered(0, &rtp, 12), with(0, 0x90), with(1, 0x80)), (0x1234, 0x1234, 0x1234));
        assert_eq!(numbered(7, &rtp, 12), 7, "its own identification is better");
        assert_eq!((numbered(0, &rtp, 11), numbered(0, &rtp[..11], 172)), (0, 0), "shorter than a header, or cut");
        assert_eq!([0x40, 0xc0, 0x00, 0x81].map(|version| with(0, version)), [0; 4], "another version, BACnet");
        assert_eq!(with(1, 200), 0, "a sender report (RTCP) has its length there");
        let asked = [0x80, 0x10, 0, 7, 0, 0, 0x10, 1, 0, 0, 0, 9];
        assert_eq!(numbered(0, &asked, 12), 0, "small numbers");
    }
}
