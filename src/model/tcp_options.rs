//! The options of a TCP header (RFC 9293 section 3.2), read where they lie and only when somebody asks.

use super::Frame;

/// One option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TcpOption<'a> {
    /// Largest payload the sender of this segment accepts, in bytes (RFC 9293 section 3.7.1).
    MaxSegmentSize(u16),
    /// Bits by which the sender's windows are shifted (RFC 7323 section 2.2), as sent: more than 14 counts as 14.
    WindowScale(u8),
    /// Selective acknowledgements are understood (RFC 2018 section 2).
    SackPermitted,
    /// What was received beyond the acknowledgement number (RFC 2018 section 3): eight bytes a block.
    Sack(SackBlocks<'a>),
    /// Time stamp value and echo reply (RFC 7323 section 3.2).
    Timestamps {
        /// The sender's clock.
        value: u32,
        /// What of the peer's clock was received last.
        echo: u32,
    },
    /// One of multipath TCP (RFC 8684 section 3), by its subtype.
    Multipath(u8),
    /// Any other kind, by its number; also a known one with a length that is not its own.
    Other(u8),
}

/// Blocks of a SACK option; at most four fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SackBlocks<'a>(&'a [[u8; 8]]);

impl SackBlocks<'_> {
    /// First sequence number of each block and the one behind its last, as they were sent.
    pub fn iter(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        self.0.iter().map(|&[a, b, c, d, e, f, g, h]| (u32::from_be_bytes([a, b, c, d]), u32::from_be_bytes([e, f, g, h])))
    }
}

/// The option bytes of a TCP header: at most 40. An option that is cut or contradicts itself ends them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TcpOptions<'a>(&'a [u8]);

/// Bits a window is shifted by, at most (RFC 7323 section 2.3).
pub const MAX_WINDOW_SCALE: u8 = 14;

impl<'a> TcpOptions<'a> {
    /// Those of a TCP header, cut by the capture or not; `bytes` begin with the header's first.
    pub fn of_header(bytes: &'a [u8]) -> Self {
        let length = bytes.get(12).map_or(0, |b| usize::from(b >> 4) * 4);
        let end = length.min(bytes.len());
        Self(bytes.get(20..end).unwrap_or_default())
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether there are time stamps and nothing else, laid out as nearly all systems do (RFC 7323 appendix A).
    #[inline]
    pub fn has_time_stamps_only(&self) -> bool {
        matches!(self.0, [1, 1, 8, 10, rest @ ..] if rest.len() == 8)
    }

    /// The options in their order, without padding.
    pub fn iter(&self) -> impl Iterator<Item = TcpOption<'a>> + use<'a> {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            loop {
                match rest {
                    [] | [0, ..] => return None,
                    [1, after @ ..] => rest = after,
                    &[kind, length, ..] => {
                        let body = rest.get(2..usize::from(length))?;
                        rest = rest.get(usize::from(length)..)?;
                        return Some(option(kind, body));
                    }
                    [_] => return None,
                }
            }
        })
    }

    /// Largest payload the sender accepts, in bytes; `None` when it does not say.
    pub fn max_segment_size(&self) -> Option<u16> {
        self.iter().find_map(|o| if let TcpOption::MaxSegmentSize(size) = o { Some(size) } else { None })
    }

    /// Bits by which the sender's windows are shifted, at most [`MAX_WINDOW_SCALE`]; `None` when it does not say.
    pub fn window_scale(&self) -> Option<u8> {
        self.iter().find_map(|o| if let TcpOption::WindowScale(bits) = o { Some(bits.min(MAX_WINDOW_SCALE)) } else { None })
    }

    /// Whether the sender understands selective acknowledgements.
    pub fn sack_permitted(&self) -> bool {
        self.iter().any(|o| o == TcpOption::SackPermitted)
    }

    /// The blocks of the first SACK option, as in [`SackBlocks::iter`].
    pub fn sack_blocks(&self) -> impl Iterator<Item = (u32, u32)> + use<'a> {
        let blocks = self.iter().find_map(|o| if let TcpOption::Sack(blocks) = o { Some(blocks.0) } else { None });
        blocks.unwrap_or_default().iter().flat_map(|block| {
            let pair = std::slice::from_ref(block);
            SackBlocks(pair).iter().next()
        })
    }

    /// Time stamp value and echo reply.
    pub fn timestamps(&self) -> Option<(u32, u32)> {
        self.iter().find_map(|o| if let TcpOption::Timestamps { value, echo } = o { Some((value, echo)) } else { None })
    }
}

fn option(kind: u8, body: &[u8]) -> TcpOption<'_> {
    match (kind, body) {
        (2, &[a, b]) => TcpOption::MaxSegmentSize(u16::from_be_bytes([a, b])),
        (3, &[bits]) => TcpOption::WindowScale(bits),
        (4, []) => TcpOption::SackPermitted,
        (5, _) if let (blocks @ [_, ..], []) = body.as_chunks::<8>() => TcpOption::Sack(SackBlocks(blocks)),
        (8, &[a, b, c, d, e, f, g, h]) => {
            TcpOption::Timestamps { value: u32::from_be_bytes([a, b, c, d]), echo: u32::from_be_bytes([e, f, g, h]) }
        }
        (30, &[first, ..]) => TcpOption::Multipath(first >> 4),
        _ => TcpOption::Other(kind),
    }
}

impl<'a> Frame<'a> {
    /// The options of its TCP header, as far as they were captured; none without TCP.
    pub fn tcp_options(&self) -> TcpOptions<'a> {
        let header = self.transport.filter(|_| self.tcp.is_some()).and_then(|at| self.bytes.get(at as usize..));
        TcpOptions::of_header(header.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(bytes: &[u8]) -> Vec<TcpOption<'_>> {
        TcpOptions::of_header(bytes).iter().collect()
    }

    fn header(options: &[u8]) -> Vec<u8> {
        let mut header = vec![0; 20];
        header[12] = (5 + options.len() as u8 / 4) << 4;
        header.extend(options);
        header
    }

    #[test]
    fn a_syn_as_linux_sends_it() {
        let bytes = header(&[2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 1, 0, 0, 0, 0, 2, 1, 3, 3, 7]);
        let options = TcpOptions::of_header(&bytes);
        assert_eq!((options.max_segment_size(), options.window_scale(), options.sack_permitted()), (Some(1460), Some(7), true));
        assert_eq!((options.timestamps(), options.sack_blocks().count()), (Some((256, 2)), 0));
    }

    #[test]
    fn sack_blocks_and_a_scale_beyond_the_limit() {
        let bytes = header(&[1, 1, 5, 18, 0, 0, 0, 1, 0, 0, 0, 5, 0, 0, 1, 0, 0, 0, 2, 0, 3, 3, 20, 0]);
        let options = TcpOptions::of_header(&bytes);
        assert_eq!(options.sack_blocks().collect::<Vec<_>>(), [(1, 5), (256, 512)]);
        assert_eq!((options.window_scale(), options.max_segment_size()), (Some(14), None));
    }

    #[test]
    fn what_is_cut_or_wrong_ends_them() {
        // A length of 0 or 1 would never end; one beyond the header is not followed.
        for wrong in [[2, 0, 1, 1], [2, 1, 1, 1], [2, 9, 1, 1], [0, 4, 2, 4], [1, 1, 1, 2]] {
            assert!(known(&header(&wrong)).is_empty(), "{wrong:?}");
        }
        assert_eq!(known(&header(&[2, 3, 9, 5, 2, 4, 2, 0])), [TcpOption::Other(2), TcpOption::Other(5), TcpOption::SackPermitted]);
        let whole = header(&[2, 4, 5, 0xb4, 8, 10, 0, 0, 1, 0, 0, 0, 0, 2, 1, 1]);
        for cut in 0..34 {
            assert!(known(&whole[..cut]).len() <= 1, "{cut}");
        }
        assert!(known(&[]).is_empty());
    }
}
