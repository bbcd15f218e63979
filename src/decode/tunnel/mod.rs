//! Encapsulations that carry whole packets, each in its file: GRE with ERSPAN, UDP overlays, shims below IP.

use super::ethernet;
use super::walk::{Next, Walk};
use crate::model::Proto;

/// Whether a UDP port may carry packets: a quick look before [`udp`].
#[inline]
pub(in crate::decode) fn is_port(_port: u16) -> bool {
    false
}

/// Inside of a UDP datagram, by its ports.
#[inline(never)]
pub(in crate::decode) fn udp(_walk: &mut Walk, _source: u16, _destination: u16) -> Next {
    Next::End
}

/// EtherTypes that are shims or tunnels.
#[inline(never)]
pub(in crate::decode) fn ether_type(walk: &mut Walk, number: u16) -> Next {
    ethernet::unknown(walk, number)
}

/// GRE (RFC 2784, RFC 2890).
pub(in crate::decode) fn gre(walk: &mut Walk) -> Next {
    walk.leaf(Proto::Gre)
}

/// EtherIP (RFC 3378).
pub(in crate::decode) fn etherip(walk: &mut Walk) -> Next {
    walk.leaf(Proto::Etherip)
}

/// L2TP version 3 over IP (RFC 3931).
pub(in crate::decode) fn l2tpv3(walk: &mut Walk) -> Next {
    walk.leaf(Proto::L2tp)
}
