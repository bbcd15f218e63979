//! Links between two ends: PPP, Cisco HDLC, Frame Relay, SLIP.

use super::behind_ether_type;
use crate::decode::walk::{Next, Walk};
use crate::decode::{llc, ppp};
use crate::model::Proto;

/// PPP captures may hold Cisco HDLC frames: their address byte tells.
pub(super) fn ppp_or_hdlc(walk: &mut Walk) -> Next {
    match walk.rest() {
        [0x0f | 0x8f, 0x00, ..] => chdlc(walk),
        _ => ppp::framed(walk),
    }
}

/// PPP as Linux' daemon shows it: the address byte is the direction.
pub(super) fn pppd(walk: &mut Walk) -> Next {
    walk.push(Proto::Ppp);
    match walk.take::<2>() {
        Some(_) => Next::Ppp,
        None => Next::End,
    }
}

/// A direction (0 received, else sent) that the capture put before the frame.
pub(super) fn with_direction(walk: &mut Walk, frame: fn(&mut Walk) -> Next) -> Next {
    if walk.take::<1>().is_none() {
        return Next::End;
    }
    walk.frame_begins();
    frame(walk)
}

/// Cisco HDLC: address, control, EtherType.
pub(super) fn chdlc(walk: &mut Walk) -> Next {
    walk.push(Proto::Chdlc);
    let Some(&[_, _, t0, t1]) = walk.take::<4>() else { return Next::End };
    match u16::from_be_bytes([t0, t1]) {
        0x8035 => walk.leaf(Proto::Slarp),
        0x2000 => walk.leaf(Proto::Cdp),
        0xfefe => llc::osi(walk),
        number => behind_ether_type(walk, number),
    }
}

/// Frame Relay: Q.922 address (bytes until the one with the extension bit), then control and NLPID, or Cisco's EtherType.
pub(super) fn frame_relay(walk: &mut Walk) -> Next {
    walk.push(Proto::Fr);
    for _ in 0..4 {
        match walk.take::<1>() {
            Some([byte]) if byte & 1 == 1 => break,
            Some(_) => {}
            None => return Next::End,
        }
    }
    match walk.rest() {
        [0x03, ..] => {
            walk.at += 1;
            // A pad byte may align the NLPID.
            if walk.rest().first() == Some(&0) {
                walk.at += 1;
            }
            llc::nlpid(walk)
        }
        _ => llc::ether_type_field(walk),
    }
}

/// SLIP (RFC 1055) as BSD shows it: direction and 15 bytes for a compressed header, then the whole packet.
pub(super) fn slip(walk: &mut Walk) -> Next {
    walk.push(Proto::Slip);
    match walk.take::<16>() {
        Some(_) => Next::Ip,
        None => Next::End,
    }
}
