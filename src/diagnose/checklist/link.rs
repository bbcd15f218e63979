//! The link, its addresses, and who else uses it.

use super::{Look, Seen, quoted};
use crate::model::HostFacts;
use crate::model::units::{bits_per_second, duration, grouped};

/// Speeds up to this one carry no switch port's traffic, in bits per second.
const SLOW: u64 = 100_000_000;
/// What mirrored jumbo frames need, in bytes.
const JUMBO: u32 = 9000;
/// What to set: jumbo frames with room for an encapsulation, in bytes.
const WANTED: u32 = 9216;
/// Bytes of a frame that the MTU does not count: the Ethernet header and one VLAN tag.
const FRAMING: u32 = 18;

pub(super) fn link(f: &HostFacts, _: Seen) -> Look {
    match (f.up, f.carrier, f.operstate) {
        (Some(false), _, _) => Look::fail("down").mend(format!("ip link set dev {} up", quoted(&f.interface))),
        (_, Some(false), _) => Look::fail("no carrier: check the cable and the switch port"),
        (Some(true), _, Some(state @ ("notpresent" | "lowerlayerdown"))) => Look::fail(state),
        (Some(true), _, Some(state @ ("testing" | "dormant"))) => Look::warning(format!("up, {state}")),
        (Some(true), _, _) => Look::good("up"),
        (None, _, _) => Look::unknown("not told"),
    }
}

pub(super) fn speed(f: &HostFacts, _: Seen) -> Look {
    let half = f.half_duplex == Some(true);
    let Some(speed) = f.speed else {
        return if half { Look::fail("half duplex") } else { Look::unknown("not told (virtual interfaces have none)") };
    };
    let found = format!("{}{}", bits_per_second(speed as f64), if half { ", half duplex" } else { "" });
    if half || speed <= SLOW {
        return Look::fail(found).mend(format!("ethtool -s {} autoneg on", quoted(&f.interface)));
    }
    Look::good(found)
}

pub(super) fn promiscuous(f: &HostFacts, _: Seen) -> Look {
    match f.promiscuous {
        Some(true) => Look::good("on"),
        Some(false) => Look::warning("off").mend(format!("ip link set dev {} promisc on", quoted(&f.interface))),
        None => Look::unknown("not told"),
    }
}

pub(super) fn addresses(f: &HostFacts, seen: Seen) -> Look {
    let Some(addresses) = &f.addresses else { return Look::unknown("not told") };
    let found = addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    match (addresses.is_empty(), seen.tunnelled) {
        (true, _) => Look::good("none"),
        _ if f.loopback == Some(true) => Look::good(format!("{found}: a loopback's own")),
        (false, true) => Look::note(format!("{found}: encapsulated copies need one")),
        (false, false) => Look::warning(found).mend(format!("ip addr flush dev {}", quoted(&f.interface))),
    }
}

pub(super) fn ipv6(f: &HostFacts, seen: Seen) -> Look {
    // In the name of a setting a dot divides; one in an interface's name is written as a slash.
    let off = || format!("sysctl -w {}", quoted(&format!("net.ipv6.conf.{}.disable_ipv6=1", f.interface.replace('.', "/"))));
    match f.ipv6_disabled {
        Some(true) => Look::good("off"),
        Some(false) if seen.tunnelled => Look::note("on"),
        Some(false) => Look::warning("on").mend(off()),
        None => Look::unknown("not told"),
    }
}

pub(super) fn arp(f: &HostFacts, seen: Seen) -> Look {
    let off = || format!("ip link set dev {} arp off", quoted(&f.interface));
    match (f.no_arp, &f.addresses) {
        (Some(true), _) => Look::good("off"),
        (Some(false), _) if seen.tunnelled => Look::note("on: encapsulated copies need it"),
        (Some(false), Some(addresses)) if addresses.iter().any(|a| a.is_ipv4()) => Look::warning("on").mend(off()),
        (Some(false), _) => Look::note("on, and without an IPv4 address it does nothing").mend(off()),
        (None, _) => Look::unknown("not told"),
    }
}

pub(super) fn transmits(f: &HostFacts, seen: Seen) -> Look {
    let Some(counters) = &f.counters else { return Look::unknown("not told") };
    let found = format!("{} in {}", grouped(counters.sent), duration(f.seconds));
    match counters.sent {
        0 => Look::good(found),
        _ if seen.tunnelled => Look::note(found),
        _ => Look::warning(found),
    }
}

pub(super) fn membership(f: &HostFacts, _: Seen) -> Look {
    let Some(stack) = &f.stack else { return Look::unknown("not told") };
    let name = quoted(&f.interface);
    let (mut found, mut commands) = (Vec::new(), Vec::new());
    if let Some((master, kind)) = &stack.master {
        found.push(format!("port of {} {master}", if kind.is_empty() { "interface" } else { kind }));
        commands.push(format!("ip link set dev {name} nomaster"));
    }
    if !stack.children.is_empty() {
        found.push(format!("below {}", stack.children.join(", ")));
        commands.extend(stack.children.iter().map(|child| format!("ip link del dev {}", quoted(child))));
    }
    if stack.xdp {
        found.push("an XDP program takes frames before the capture".into());
        commands.push(format!("ip link set dev {name} xdp off"));
    }
    if !found.is_empty() {
        return Look::warning(found.join("; ")).mend(commands.join(" && "));
    }
    if stack.ingress {
        // A capture sees packets before such rules do.
        return Look::note("tc handles incoming packets: it may send them elsewhere").mend(format!("tc filter show dev {name} ingress"));
    }
    Look::good("none")
}

pub(super) fn mtu(f: &HostFacts, seen: Seen) -> Look {
    let Some(mtu) = f.mtu else { return Look::unknown("not told") };
    let dropped = f.counters.map_or(0, |c| c.length);
    // Packets that this host merged are larger than anything on the wire.
    let largest = if super::driver::merges(f) { 0 } else { seen.largest };
    let wanted = WANTED.max(largest).min(f.max_mtu.unwrap_or(WANTED));
    let raise = (wanted > mtu).then(|| format!("ip link set dev {} mtu {wanted}", quoted(&f.interface)));
    if dropped > 0 {
        return Look::warning(format!("{mtu}; {} frames dropped for their length", grouped(dropped))).mend_if(raise);
    }
    if largest > mtu.saturating_add(FRAMING) {
        return Look::warning(format!("{mtu}, and frames of {} bytes arrive", grouped(largest.into()))).mend_if(raise);
    }
    if mtu < JUMBO {
        return Look::note(format!("{mtu}: jumbo frames would be dropped")).mend_if(raise);
    }
    Look::good(mtu.to_string())
}
