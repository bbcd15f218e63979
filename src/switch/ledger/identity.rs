//! Which switch and port is mirrored.
//!
//! The copies of a port hold what its switch announces there and what the device at the other end does. A switch that announces several ports
//! is the mirrored one, for nobody else has more than one cable to it; a bridge beside something that is none is the switch; of two bridges
//! that announce one port each it cannot be told.

use crate::model::{Abilities, Address, LinkClaims, Neighbour, NeighbourProtocol, NeighbourRow, SwitchIdentity, short_port};
use std::collections::BTreeSet;

/// What was found.
#[derive(Debug, Default)]
pub struct FoundIdentity {
    /// The switch.
    pub identity: Option<SwitchIdentity>,
    /// Both ends of the mirrored link, where it cannot be told which is which.
    pub link: Vec<String>,
    /// Its speed in bits per second.
    pub speed: Option<u64>,
    /// Why it is not known.
    pub unknown: String,
}

/// A device, whatever protocols it speaks.
struct Device<'a> {
    name: &'a str,
    ports: Vec<&'a str>,
    abilities: u16,
    /// It asks the other end for power.
    is_fed: bool,
    management: Option<Address>,
    source: NeighbourProtocol,
}

impl Device<'_> {
    /// A switch or router; telephones and access points bridge as well, whether or not they say what they are. What is fed by the other end of
    /// its only cable sits at that end's port.
    fn is_bridge(&self) -> bool {
        let has = |bits| Abilities(self.abilities).any(bits);
        let is_end = has(Abilities::TELEPHONE | Abilities::ACCESS_POINT) || self.is_fed && self.ports.len() == 1;
        has(Abilities::BRIDGE | Abilities::ROUTER) && !is_end
    }
}

/// Finds the switch among those who say who they are.
pub fn find(rows: &[NeighbourRow]) -> FoundIdentity {
    let devices = devices(told(rows));
    let bridges: Vec<&Device> = devices.iter().filter(|d| d.is_bridge()).collect();
    let several: Vec<&&Device> = bridges.iter().filter(|d| d.ports.len() > 1).collect();
    let identity = match (several.as_slice(), bridges.as_slice()) {
        ([one], _) => Some(identity(one, false)),
        ([], [one]) => Some(identity(one, devices.len() == 1)),
        _ => None,
    };
    let speed = agreed_speed(told(rows), &devices);
    if identity.is_some() {
        return FoundIdentity { identity, speed, ..FoundIdentity::default() };
    }
    let end = |d: &&Device| format!("{} {}", d.name, d.ports.first().map(|p| short_port(p)).unwrap_or_default()).trim().to_owned();
    let unknown = match (devices.len(), bridges.as_slice()) {
        (0, _) => "no LLDP or CDP packet is visible in this mirror",
        (_, []) => "nobody who says so by LLDP or CDP in this mirror is a switch",
        (_, [_, _]) => "two switches announce one port each: which of both ends is the mirrored port cannot be told",
        _ => "several switches announce several ports: more than one is mirrored",
    };
    let link = if let [a, b] = bridges.as_slice() { vec![end(a), end(b)] } else { Vec::new() };
    FoundIdentity { identity: None, link, speed, unknown: unknown.to_owned() }
}

/// What the devices of these rows say.
fn told(rows: &[NeighbourRow]) -> impl Iterator<Item = &Neighbour> + Clone {
    rows.iter().map(|row| &row.told)
}

/// The speed of the mirrored link by the type of interface that its ends name.
pub fn told_speed<'a>(told: impl Iterator<Item = &'a Neighbour> + Clone) -> Option<u64> {
    agreed_speed(told.clone(), &devices(told))
}

/// The same, of these devices. A link has two of them, with one port each.
fn agreed_speed<'a>(told: impl Iterator<Item = &'a Neighbour>, devices: &[Device<'_>]) -> Option<u64> {
    if devices.len() > 2 || devices.iter().any(|device| device.ports.len() > 1) {
        return None;
    }
    let types = told.filter_map(|told| told.link.mau_type);
    let speeds: BTreeSet<Option<u64>> = types.map(LinkClaims::speed_of).collect();
    if speeds.len() == 1 { speeds.first().copied().flatten() } else { None }
}

/// The names of the two bridges that announce one port each, where nobody else says who it is: the ends of the mirrored link, unless two ports
/// are mirrored and of each the other end alone.
pub fn ends(rows: &[NeighbourRow]) -> Option<[&str; 2]> {
    match devices(told(rows)).as_slice() {
        [a, b] if [a, b].iter().all(|d| d.is_bridge() && d.ports.len() == 1) => Some([a.name, b.name]),
        _ => None,
    }
}

/// Whether a row is of the device of this name.
pub fn is_of(row: &NeighbourRow, name: &str) -> bool {
    host(row.told.name()) == host(name)
}

fn identity(device: &Device, is_likely: bool) -> SwitchIdentity {
    SwitchIdentity {
        system: device.name.to_owned(),
        port: if let [port] = device.ports.as_slice() { (*port).to_owned() } else { String::new() },
        ports: device.ports.len() as u64,
        management: device.management,
        source: device.source,
        is_likely,
    }
}

/// The devices by their names. A name is told with and without a domain, by LLDP and CDP of the same device.
fn devices<'a>(told: impl Iterator<Item = &'a Neighbour>) -> Vec<Device<'a>> {
    let mut devices: Vec<Device> = Vec::new();
    let is_local = |p| matches!(p, NeighbourProtocol::Lldp | NeighbourProtocol::Cdp | NeighbourProtocol::Fdp | NeighbourProtocol::Edp);
    for told in told.filter(|told| is_local(told.protocol) && !told.name().is_empty()) {
        let (name, port) = (told.name(), told.port_name());
        let abilities = if told.enabled.0 == 0 { told.able.0 } else { told.enabled.0 };
        // What does not say what it is: Extreme's protocol is spoken by switches.
        let abilities = if told.protocol == NeighbourProtocol::Edp { Abilities::BRIDGE } else { abilities };
        let is_fed = told.power.is_some_and(|power| !power.is_source);
        let management = told.management.iter().copied().find(|a| !is_unspecified(*a));
        match devices.iter_mut().find(|d| host(d.name) == host(name)) {
            Some(device) => {
                match device.ports.iter_mut().find(|known| short_port(main_port(known)) == short_port(main_port(port))) {
                    Some(known) if *known != port => *known = main_port(known),
                    Some(_) => {}
                    None => device.ports.push(port),
                }
                device.abilities |= abilities;
                device.is_fed |= is_fed;
                device.management = device.management.or(management);
            }
            None => devices.push(Device { name, ports: vec![port], abilities, is_fed, management, source: told.protocol }),
        }
    }
    devices
}

/// The port that an interface is a part of: `GigabitEthernet0` of `GigabitEthernet0.1`. A number alone, `1.24`, is that of a unit's port.
fn main_port(port: &str) -> &str {
    match port.rsplit_once('.') {
        Some((main, part))
            if !part.is_empty()
                && part.bytes().all(|b| b.is_ascii_digit())
                && main.ends_with(|c: char| c.is_ascii_digit())
                && main.contains(|c: char| c.is_alphabetic()) =>
        {
            main
        }
        _ => port,
    }
}

/// A name without its domain, unless it is an address.
fn host(name: &str) -> &str {
    match name.split_once('.') {
        Some((host, _)) if host.contains(|c: char| !c.is_ascii_digit()) => host,
        _ => name,
    }
}

fn is_unspecified(address: Address) -> bool {
    address.ip().is_some_and(|ip| ip.is_unspecified())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Mac, PowerClaims, Timestamp};

    /// A device that bridges, announced by CDP of each of these ports, and whether it says that it gives power (`None`: nothing of power).
    fn rows(ports: &[&str], gives_power: Option<bool>) -> Vec<NeighbourRow> {
        let told = |port: &&str| Neighbour {
            protocol: NeighbourProtocol::Cdp,
            system: "dev-37".into(),
            port: (*port).to_owned(),
            able: Abilities(Abilities::BRIDGE),
            power: gives_power.map(|is_source| PowerClaims { is_source, ..PowerClaims::default() }),
            ..Neighbour::default()
        };
        let row = |port: &&str| NeighbourRow {
            told: told(port),
            source: Mac([2, 0, 0, 0, 0, 9]),
            tag: None,
            packets: 3,
            first: Timestamp(0),
            last: Timestamp(0),
            is_gone: false,
            power: String::new(),
            besides: String::new(),
        };
        ports.iter().map(row).collect()
    }

    fn told(ports: &[&str], gives_power: Option<bool>) -> Option<(String, u64, bool)> {
        find(&rows(ports, gives_power)).identity.map(|found| (found.port, found.ports, found.is_likely))
    }

    #[test]
    fn what_is_fed_is_at_the_other_end() {
        let main = |likely| Some(("GigabitEthernet0".to_owned(), 1, likely));
        let ports = ["GigabitEthernet0.1", "GigabitEthernet0"];
        assert_eq!((told(&ports, Some(false)), told(&ports, Some(true)), told(&ports, None)), (None, main(true), main(true)));
        assert_eq!(told(&["Gi0/1", "Gi0/2"], Some(false)), Some((String::new(), 2, false)), "a small switch that is fed by another one");
        assert!(!find(&rows(&ports, Some(false))).unknown.is_empty());
    }

    #[test]
    fn a_part_of_an_interface_is_no_port_of_its_own() {
        assert_eq!((main_port("GigabitEthernet0.1"), main_port("ge-0/0/7.0")), ("GigabitEthernet0", "ge-0/0/7"));
        assert_eq!((main_port("1.24"), main_port("eth.x1"), main_port("Gi0/1"), main_port("eth0.")), ("1.24", "eth.x1", "Gi0/1", "eth0."));
        assert_eq!(told(&["1.24", "1.25"], None), Some((String::new(), 2, false)));
        assert_eq!(told(&["ge-0/0/7.0"], None), Some(("ge-0/0/7.0".to_owned(), 1, true)), "as it says it");
    }

    #[test]
    fn a_link_has_the_speed_that_its_ends_name() {
        let speed = |ends: &[(&str, &str, Option<u16>)]| {
            let row = |(name, port, mau_type): &(&str, &str, Option<u16>)| {
                let mut row = rows(&[port], None).remove(0);
                row.told.system = (*name).to_owned();
                row.told.link.mau_type = *mau_type;
                row
            };
            find(&ends.iter().map(row).collect::<Vec<_>>()).speed
        };
        let (giga, ten) = (Some(1_000_000_000), Some(54));
        assert_eq!((speed(&[("a", "Gi0/1", Some(30))]), speed(&[("a", "Gi0/1", None)])), (giga, None));
        assert_eq!(speed(&[("a", "Gi0/1", Some(30)), ("b", "Gi0/7", Some(26))]), giga, "copper here, fibre there");
        assert_eq!(speed(&[("a", "Gi0/1", Some(30)), ("b", "Gi0/7", None)]), giga);
        assert_eq!(speed(&[("a", "Gi0/1", Some(30)), ("b", "Te0/7", ten)]), None, "they do not agree");
        assert_eq!(speed(&[("a", "Gi0/1", Some(30)), ("a", "Gi0/2", Some(30))]), None, "two links");
        assert_eq!(speed(&[("a", "Gi0/1", Some(30)), ("b", "x", None), ("c", "y", None)]), None, "more than a link has ends");
    }
}
