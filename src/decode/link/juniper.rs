//! What Juniper's routers write: a header with extensions before the frame, and cookies of the card that handled it.

use super::{atm, wan};
use crate::decode::walk::{Next, Walk};
use crate::decode::{ip, llc, ppp};
use crate::model::Proto;

/// What is behind the header, by the link type.
#[derive(Debug, Clone, Copy)]
pub(super) enum Behind {
    /// Ethernet.
    Ethernet,
    /// An EtherType.
    EtherType,
    /// PPP.
    Ppp,
    /// Cisco HDLC.
    Chdlc,
    /// Frame Relay.
    FrameRelay,
    /// A cookie of two bytes, then PPP or IP.
    Multilink,
    /// A cookie of so many bytes, then an NLPID.
    Nlpid(usize),
    /// A cookie of so many bytes, then what ATM carries.
    Atm(usize),
    /// A cookie whose length depends on the card and its software, then IP.
    Cookie,
}

/// Flags: extensions follow; the frame has no link header of its own.
const EXTENDED: u8 = 0x80;
const NO_LINK: u8 = 0x02;

/// The header: "MGC", flags; with extensions their length and themselves. Without a link header four bytes name the protocol.
pub(super) fn juniper(walk: &mut Walk, behind: Behind) -> Next {
    walk.push(Proto::Juniper);
    let Some(&[b'M', b'G', b'C', flags]) = walk.take::<4>() else { return Next::End };
    if flags & EXTENDED != 0 {
        let Some(&[l0, l1]) = walk.take::<2>() else { return Next::End };
        if !ip::skip(walk, usize::from(u16::from_be_bytes([l0, l1]))) {
            return Next::End;
        }
    }
    if flags & NO_LINK != 0 {
        return if walk.take::<4>().is_some() { where_ip_fits(walk, &[0]) } else { Next::End };
    }
    match behind {
        Behind::Ethernet => Next::Ethernet,
        Behind::EtherType => llc::ether_type_field(walk),
        Behind::Ppp => ppp::framed(walk),
        Behind::Chdlc => wan::chdlc(walk),
        Behind::FrameRelay => wan::frame_relay(walk),
        Behind::Multilink => match walk.take::<2>() {
            Some(_) if ip_fits(walk.rest(), walk.left()) => Next::Ip,
            Some(_) => ppp::framed(walk),
            None => Next::End,
        },
        Behind::Nlpid(cookie) => {
            if !ip::skip(walk, cookie) {
                return Next::End;
            }
            if walk.rest().first() == Some(&0x03) {
                walk.at += 1;
            }
            llc::nlpid(walk)
        }
        Behind::Atm(cookie) => {
            if ip::skip(walk, cookie) {
                atm::guessed(walk)
            } else {
                Next::End
            }
        }
        Behind::Cookie => where_ip_fits(walk, &COOKIES),
    }
}

/// Lengths of cookies that are met.
const COOKIES: [usize; 8] = [0, 4, 6, 8, 12, 16, 18, 24];

/// IP behind one of so many bytes: where version and length fit what there is.
fn where_ip_fits(walk: &mut Walk, cookies: &[usize]) -> Next {
    let (rest, left) = (walk.rest(), walk.left());
    let found = cookies.iter().find(|&&n| rest.get(n..).is_some_and(|rest| ip_fits(rest, left.saturating_sub(n))));
    match found {
        Some(&cookie) => {
            walk.at += cookie;
            Next::Ip
        }
        None => Next::End,
    }
}

/// Whether an IP header begins here whose length says that the packet ends within `left` bytes.
fn ip_fits(bytes: &[u8], left: usize) -> bool {
    match *bytes {
        [first, _, l0, l1, ..] if first >> 4 == 4 => {
            let length = usize::from(u16::from_be_bytes([l0, l1]));
            first & 0x0f >= 5 && (20..=left).contains(&length)
        }
        [first, _, _, _, l0, l1, ..] if first >> 4 == 6 => usize::from(u16::from_be_bytes([l0, l1])) + 40 <= left,
        _ => false,
    }
}
