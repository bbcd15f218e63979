//! The interfaces there are: as Linux tells under `/sys/class/net`, elsewhere libpcap's device list. Needs no rights.

use super::host;
use super::sysfs::{self, SysfsInterface};
use crate::error::{Error, Result};
use crate::model::Arrange as _;
use crate::model::text::printable;
use crate::model::{Mac, Port, Traffic};
use pcap::Device;
use std::cmp::Ordering;
use std::net::IpAddr;

/// Packets an interface must have received before a one-sided count means anything.
const ENOUGH: u64 = 100;

/// A mirror port receives at least this many times what it sends (hosts send a few frames of their own).
const ONE_SIDED: u64 = 20;

/// ARPHRD_LOOPBACK of linux/if_arp.h.
const TYPE_LOOPBACK: u64 = 772;

/// Every interface that could be captured from, the likeliest mirror ports first, loopback and `any` last.
///
/// # Errors
/// When libpcap cannot list devices and the system does not either.
pub fn list() -> Result<Vec<Port>> {
    let known = sysfs::names();
    // libpcap would look for Bluetooth, D-Bus and netfilter queues as well, with a socket for each.
    let ports = if known.is_empty() { told_by_pcap()? } else { told_by_system(&known) };
    let mut ports: Vec<(u8, Port)> = ports.into_iter().map(complete).collect();
    ports.arrange_by(|a, b| a.0.cmp(&b.0).then_with(|| natural(&a.1.name, &b.1.name)));
    Ok(ports.into_iter().map(|(_, port)| port).collect())
}

/// What libpcap knows where the system tells nothing.
fn told_by_pcap() -> Result<Vec<Port>> {
    let devices = Device::list().map_err(|e| Error::Device(format!("cannot list interfaces: {e}")))?;
    Ok(devices.iter().map(from_pcap).collect())
}

/// What the system knows without libpcap.
fn told_by_system(names: &[String]) -> Vec<Port> {
    let addresses = host::addresses(names.iter().map(String::as_str));
    let port = |(name, addresses): (&String, Vec<IpAddr>)| Port { name: name.clone(), addresses, ..Port::default() };
    let about = Some("all interfaces at once".to_owned());
    let any = Port { name: "any".into(), description: about, kind: "any", up: true, running: true, ..Port::default() };
    names.iter().zip(addresses).map(port).chain(cfg!(target_os = "linux").then_some(any)).collect()
}

/// What libpcap knows.
fn from_pcap(device: &Device) -> Port {
    let loopback = device.flags.is_loopback();
    let kind = match device.name.as_str() {
        "any" => "any",
        _ if loopback => "loopback",
        _ if device.flags.is_wireless() => "wireless",
        _ => "",
    };
    Port {
        name: device.name.clone(),
        description: device.desc.as_deref().map(|text| printable(text).into_owned()),
        up: device.flags.is_up(),
        running: device.flags.is_running(),
        loopback,
        addresses: device.addresses.iter().map(|address| address.addr).collect(),
        kind,
        ..Port::default()
    }
}

/// Adds what the system knows, the advice, and the rank.
fn complete(mut port: Port) -> (u8, Port) {
    let interface = sysfs::interface(&port.name);
    let master = interface.as_ref().and_then(|i| i.target("master"));
    if let Some(interface) = &interface {
        from_system(&mut port, interface);
    }
    if port.kind.is_empty() {
        port.kind = "other";
    }
    port.advice = advice(&port, master.as_deref());
    (rank(&port), port)
}

fn from_system(port: &mut Port, interface: &SysfsInterface) {
    port.kind = kind(interface, &port.name);
    port.loopback = port.kind == "loopback";
    port.up = interface.is_up().unwrap_or(port.up);
    port.running = port.up && is_running(interface);
    port.mac = interface.text("address").as_deref().and_then(mac);
    port.speed = interface.speed();
    port.mtu = interface.number("mtu").and_then(|mtu| u32::try_from(mtu).ok());
    port.received = traffic(interface, "rx");
    port.sent = traffic(interface, "tx");
}

/// RFC 2863 `operstate`; `unknown` is what drivers without link detection say while they work.
fn is_running(interface: &SysfsInterface) -> bool {
    match interface.text("operstate").as_deref() {
        Some("up") => true,
        Some("unknown") => interface.number("carrier") != Some(0),
        _ => false,
    }
}

fn traffic(interface: &SysfsInterface, direction: &str) -> Option<Traffic> {
    Some(Traffic {
        packets: interface.number(&format!("statistics/{direction}_packets"))?,
        wire_bytes: interface.number(&format!("statistics/{direction}_bytes"))?,
    })
}

/// What sort of interface it is. The kernel names some sorts (`DEVTYPE`), others show by what their directory holds.
fn kind(interface: &SysfsInterface, name: &str) -> &'static str {
    if interface.number("type") == Some(TYPE_LOOPBACK) {
        return "loopback";
    }
    let uevent = interface.text("uevent").unwrap_or_default();
    match uevent.lines().find_map(|line| line.strip_prefix("DEVTYPE=")) {
        Some("vlan") => return "vlan",
        Some("bridge") => return "bridge",
        Some("bond") => return "bond",
        Some("wlan") => return "wireless",
        Some("vxlan") => return "vxlan",
        Some("macvlan" | "macvtap") => return "macvlan",
        Some("ipvlan" | "ipvtap") => return "ipvlan",
        Some("wireguard") => return "wireguard",
        Some("ppp") => return "ppp",
        _ => {}
    }
    if interface.has("tun_flags") {
        return "tun";
    }
    for (entry, kind) in [("bridge", "bridge"), ("bonding", "bond"), ("wireless", "wireless"), ("phy80211", "wireless")] {
        if interface.has(entry) {
            return kind;
        }
    }
    if interface.has("device") {
        return "physical";
    }
    // Both ends of a veth pair name the other end as the link below; nothing else without a DEVTYPE does.
    let linked = interface.number("iflink").is_some_and(|below| below != 0 && Some(below) != interface.index());
    if linked || name.starts_with("veth") { "veth" } else { "virtual" }
}

/// `aa:bb:cc:dd:ee:ff`; all zeros is no address.
fn mac(text: &str) -> Option<Mac> {
    let mut octets = [0; 6];
    let mut parts = text.split(':');
    for octet in &mut octets {
        *octet = u8::from_str_radix(parts.next()?, 16).ok()?;
    }
    (parts.next().is_none() && octets != [0; 6]).then_some(Mac(octets))
}

/// Whether a host would be reached under one of the addresses. Every interface that is up gives itself a link-local one.
fn has_addresses(port: &Port) -> bool {
    port.addresses.iter().any(|address| match address {
        IpAddr::V4(a) => !a.is_link_local(),
        IpAddr::V6(a) => !a.is_unicast_link_local(),
    })
}

/// Whether far more comes in than goes out.
fn is_one_sided(port: &Port) -> bool {
    let (Some(received), Some(sent)) = (port.received, port.sent) else { return false };
    received.packets >= ENOUGH && received.packets / ONE_SIDED >= sent.packets
}

fn advice(port: &Port, master: Option<&str>) -> String {
    match port.kind {
        "any" => return "all interfaces at once, not promiscuous".into(),
        "loopback" => return "this host talking to itself".into(),
        _ => {}
    }
    if !port.up {
        return format!("down: ip link set dev {} up", printable(&port.name));
    }
    if let Some(master) = master {
        return format!("member of {}", printable(master));
    }
    match (port.running, has_addresses(port), is_one_sided(port)) {
        (false, _, _) => "no carrier: check the cable and the switch port",
        (true, false, true) => "looks like a mirror port",
        (true, false, false) => "no address: could be a mirror port",
        (true, true, _) => "has addresses: a host port",
    }
    .into()
}

/// Sorting rank: what a mirror would be plugged into comes first.
fn rank(port: &Port) -> u8 {
    let physical = port.kind == "physical";
    match port.kind {
        "loopback" => return 8,
        "any" => return 9,
        _ => {}
    }
    match (physical, has_addresses(port), port.up, port.running) {
        (true, false, true, true) => 0,
        (true, false, true, false) => 1,
        (true, false, false, _) => 2,
        (true, true, _, _) => 3,
        (false, false, true, true) => 4,
        (false, _, true, _) => 5,
        (false, _, false, _) => 6,
    }
}

/// Compares names with the numbers in them by value: `eth2` before `eth10`.
fn natural(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a, b);
    loop {
        let (number_a, rest_a) = leading_number(a);
        let (number_b, rest_b) = leading_number(b);
        let order = match (number_a, number_b) {
            (Some(x), Some(y)) => x.cmp(&y),
            _ => a.chars().next().cmp(&b.chars().next()),
        };
        if order != Ordering::Equal || a.is_empty() {
            return order;
        }
        (a, b) = if number_a.is_some() { (rest_a, rest_b) } else { (rest(a), rest(b)) };
    }
}

/// The number a text starts with, and what follows it.
fn leading_number(text: &str) -> (Option<u128>, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    (text[..end].parse().ok(), &text[end..])
}

/// A text without its first character.
fn rest(text: &str) -> &str {
    let mut characters = text.chars();
    characters.next();
    characters.as_str()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn port(name: &str, kind: &'static str) -> Port {
        Port { name: name.into(), kind, up: true, running: true, ..Port::default() }
    }

    fn counts(received: u64, sent: u64) -> (Option<Traffic>, Option<Traffic>) {
        let traffic = |packets| Some(Traffic { packets, wire_bytes: packets * 100 });
        (traffic(received), traffic(sent))
    }

    #[test]
    fn numbers_in_names_count_by_value() {
        let mut names = vec!["eth10", "eth2", "eth", "enp3s0f1", "enp3s0f0", "wlan0", "eth2.100", "eth2.20"];
        names.arrange_by(|a, b| natural(a, b));
        assert_eq!(names, ["enp3s0f0", "enp3s0f1", "eth", "eth2", "eth2.20", "eth2.100", "eth10", "wlan0"]);
        assert_eq!(natural("eth007", "eth7"), Ordering::Equal);
    }

    #[test]
    fn the_likeliest_mirror_port_comes_first() {
        let mirror = port("eth1", "physical");
        let mut host = port("eth0", "physical");
        host.addresses.push("192.0.2.1".parse().expect("an address"));
        let mut local = port("eth4", "physical");
        local.addresses.push("fe80::1".parse().expect("an address"));
        let unplugged = Port { running: false, ..port("eth2", "physical") };
        let down = Port { up: false, running: false, ..port("eth3", "physical") };
        let order = [&mirror, &local, &unplugged, &down, &host, &port("br0", "bridge"), &port("lo", "loopback"), &port("any", "any")];
        let ranks: Vec<u8> = order.iter().map(|p| rank(p)).collect();
        assert!(ranks.is_sorted(), "{ranks:?}");
        assert_eq!(rank(&mirror), rank(&local), "a link-local address is no address");
        assert!(rank(&mirror) < rank(&unplugged) && rank(&down) < rank(&host));
    }

    #[test]
    fn advice_is_plain() {
        let mut one = port("eth1", "physical");
        assert_eq!(advice(&one, None), "no address: could be a mirror port");
        (one.received, one.sent) = counts(1_000_000, 12);
        assert_eq!(advice(&one, None), "looks like a mirror port");
        (one.received, one.sent) = counts(1_000_000, 900_000);
        assert_eq!(advice(&one, None), "no address: could be a mirror port");
        assert_eq!(advice(&one, Some("br0")), "member of br0");
        one.addresses.push("192.0.2.1".parse().expect("an address"));
        assert_eq!(advice(&one, None), "has addresses: a host port");
        one.running = false;
        assert_eq!(advice(&one, None), "no carrier: check the cable and the switch port");
        one.up = false;
        assert_eq!(advice(&one, None), "down: ip link set dev eth1 up");
    }

    #[test]
    fn mac_addresses() {
        assert_eq!(mac("02:fc:00:00:00:01"), Some(Mac([2, 0xfc, 0, 0, 0, 1])));
        for bad in ["00:00:00:00:00:00", "02:fc:00:00:00", "02:fc:00:00:00:01:02", "zz:fc:00:00:00:01", ""] {
            assert_eq!(mac(bad), None, "{bad}");
        }
    }

    /// The list that stands in for libpcap's says the same.
    #[test]
    fn the_system_knows_addresses_and_any_too() {
        let names = sysfs::names();
        let Ok(devices) = Device::list() else { return };
        let known = |mut addresses: Vec<IpAddr>| {
            addresses.sort();
            addresses.dedup();
            addresses
        };
        let told = told_by_system(&names);
        assert!(names.is_empty() || told.iter().any(|port| port.kind == "any"));
        for port in told.iter().filter(|port| port.kind != "any") {
            let Some(device) = devices.iter().find(|device| device.name == port.name) else { continue };
            let wanted = known(device.addresses.iter().map(|a| a.addr).filter(|a| !a.is_unspecified()).collect());
            assert_eq!(known(port.addresses.clone()), wanted, "{}", port.name);
        }
    }

    #[test]
    fn lists_the_loopback_interface() {
        if !sysfs::present() {
            eprintln!("skipped: no /sys/class/net here");
            return;
        }
        let ports = list().expect("a list");
        let lo = ports.iter().find(|p| p.name == "lo").expect("lo");
        assert!(lo.loopback && lo.kind == "loopback" && lo.mac.is_none() && lo.received.is_some());
        let first_last = ports.iter().position(|p| p.kind == "loopback").expect("lo");
        assert!(ports[first_last..].iter().all(|p| p.kind == "loopback" || p.kind == "any"));
    }
}
