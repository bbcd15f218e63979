//! Pseudo interfaces of BSD systems and Solaris: loopback, IPsec, the packet filter's log, IP interfaces.

use super::{either_order, is_ip_family};
use crate::decode::ip;
use crate::decode::walk::{Next, Walk};
use crate::model::Proto;

/// BSD loopback: an address family in the byte order of the machine that wrote it, or in network order.
pub(super) fn null(walk: &mut Walk) -> Next {
    walk.push(Proto::Null);
    let Some(&family) = walk.take::<4>() else { return Next::End };
    if is_ip_family(either_order(family)) { Next::Ip } else { walk.leaf(Proto::Data) }
}

/// OpenBSD's encapsulating interface (enc(4)): address family, security parameter index, flags; what IPsec took out.
pub(super) fn enc(walk: &mut Walk) -> Next {
    walk.push(Proto::Enc);
    let Some(&[f0, f1, f2, f3, _, _, _, _, _, _, _, _]) = walk.take::<12>() else { return Next::End };
    if is_ip_family(either_order([f0, f1, f2, f3])) { Next::Ip } else { walk.leaf(Proto::Data) }
}

/// The shortest header that any release wrote: length, family, action, reason, interface, rule set, rule, sub-rule, direction.
const PFLOG_LEAST: usize = 45;

/// The packet filter's log (pflog(4)): its length without padding to four bytes, the address family; how much else there is depends on the
/// release.
pub(super) fn pflog(walk: &mut Walk) -> Next {
    walk.push(Proto::Pflog);
    let Some(&[length, family]) = walk.peek::<2>() else { return Next::End };
    let length = usize::from(length);
    if length < PFLOG_LEAST {
        return walk.malformed();
    }
    if !ip::skip(walk, length.next_multiple_of(4)) {
        return Next::End;
    }
    if is_ip_family(family.into()) { Next::Ip } else { walk.leaf(Proto::Data) }
}

/// Solaris' IP interfaces (DL_IPNET): version, family, hook, length, two interface indexes, two zones.
pub(super) fn ipnet(walk: &mut Walk) -> Next {
    walk.push(Proto::Ipnet);
    match walk.take::<24>() {
        Some(&[1, family, ..]) if is_ip_family(family.into()) => Next::Ip,
        Some(_) => walk.leaf(Proto::Data),
        None => Next::End,
    }
}
