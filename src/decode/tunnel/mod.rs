//! Encapsulations that carry whole packets, each family in its file. A new one over UDP is a line in `REGISTERED`, one in
//! [`datagram`] and its step.

mod access;
mod dsa;
mod erspan;
mod gre;
mod mirror;
mod overlay;
mod shim;

pub(super) use access::l2tpv3;
pub(super) use dsa::{broadcom, broadcom_prepended, dsa, edsa};
pub(super) use gre::{etherip, gre};
pub(super) use mirror::tzsp;
pub(super) use shim::{fabric_path, reader_of};

use super::ethernet;
use super::rules::Rules;
use super::walk::{Next, Walk};
use crate::model::TunnelKind;

/// A GRE header's optional fields.
#[derive(Debug, Clone, Copy, Default)]
struct GreFields {
    /// Key, whole.
    key: Option<u32>,
    /// Sequence number.
    sequence: Option<u32>,
}

macro_rules! registered {
    ($($port:literal $kind:ident;)*) => {
        /// What a registered (or long customary) UDP port carries.
        #[inline]
        pub(super) fn registered(port: u16) -> Option<TunnelKind> {
            match port { $($port => Some(TunnelKind::$kind),)* _ => None }
        }

        /// Whether a port is one of them.
        #[inline]
        fn is_registered(port: u16) -> bool {
            matches!(port, $($port)|*)
        }
    };
}

registered! {
    1701 L2tp;
    2152 Gtp;
    3544 Teredo;
    4341 Lisp;
    4789 Vxlan;
    4790 VxlanGpe;
    5247 Capwap;
    6081 Geneve;
    6343 Sflow;
    6635 MplsUdp;
    8472 Vxlan;
    12222 Lwapp;
    37008 Tzsp;
}

/// Below this a port is a well-known service's: a tunnel's port at the other end is then an ephemeral port by accident.
const FIRST_REGISTERED: u16 = 1024;

/// Whether a UDP datagram between these ports may carry packets: a quick look.
#[inline]
pub fn may_carry_packets(source: u16, destination: u16, rules: &Rules) -> bool {
    (is_registered(source) || is_registered(destination)) && source.min(destination) >= FIRST_REGISTERED
        || rules.has_port(source)
        || rules.has_port(destination)
}

/// Inside of a UDP datagram, by its ports: the user's word before the registry's, the destination before the source.
#[inline(never)]
pub(super) fn udp(walk: &mut Walk, source: u16, destination: u16) -> Next {
    let rules = walk.rules;
    if let Some(kind) = rules.kind_of_port(destination).or_else(|| rules.kind_of_port(source)) {
        return datagram(walk, kind, true);
    }
    match registered(destination).or_else(|| registered(source)) {
        Some(kind) => datagram(walk, kind, false),
        None => Next::End,
    }
}

/// One datagram of a kind that runs over UDP ([`TunnelKind::runs_over_udp`]); `declared`: on the user's word, so that nothing needs to look right.
fn datagram(walk: &mut Walk, kind: TunnelKind, declared: bool) -> Next {
    match kind {
        TunnelKind::Vxlan => overlay::vxlan(walk, declared),
        TunnelKind::VxlanGpe => overlay::vxlan_gpe(walk),
        TunnelKind::Geneve => overlay::geneve(walk),
        TunnelKind::Gtp => access::gtp(walk),
        TunnelKind::Capwap => access::capwap(walk),
        TunnelKind::Lwapp => access::lwapp(walk),
        TunnelKind::L2tp => access::l2tp(walk),
        TunnelKind::Teredo => access::teredo(walk),
        TunnelKind::Lisp => access::lisp(walk),
        TunnelKind::MplsUdp => access::mpls(walk),
        TunnelKind::Tzsp => mirror::tzsp(walk),
        TunnelKind::HpErm => mirror::hp_erm(walk),
        TunnelKind::ArubaErm => mirror::aruba_erm(walk),
        TunnelKind::Jmirror => mirror::jmirror(walk),
        TunnelKind::Sflow => mirror::sflow(walk),
        _ => Next::End,
    }
}

/// Whether bytes look like an Ethernet frame: a station as source, a type that is common, and for IP its version behind it.
fn looks_like_ethernet(bytes: &[u8]) -> bool {
    let &[_, _, _, _, _, _, s0, _, _, _, _, _, t0, t1, ref payload @ ..] = bytes else { return false };
    let first = payload.first().copied().unwrap_or(0);
    s0 & 1 == 0
        && match u16::from_be_bytes([t0, t1]) {
            0x0800 => first >> 4 == 4 && first & 0x0f >= 5,
            0x86dd => first >> 4 == 6,
            length @ 3..0x0600 => usize::from(length) <= payload.len(),
            number => ethernet::is_known(number),
        }
}

/// The same, as sure as a few bytes can tell: IP or ARP begins in it.
fn carries_a_packet(bytes: &[u8]) -> bool {
    looks_like_ethernet(bytes)
        && match bytes.get(12..) {
            Some([0x08, 0x00, ..] | [0x86, 0xdd, ..]) => true,
            Some([0x08, 0x06, hardware @ ..]) => hardware.starts_with(&[0, 1, 8, 0, 6, 4]),
            _ => false,
        }
}

/// IP or not by the first nibble: what protocols without a payload type leave to guess.
fn ip_by_nibble(walk: &mut Walk) -> Option<Next> {
    matches!(walk.rest().first().map(|b| b >> 4), Some(4 | 6)).then_some(Next::Ip)
}
