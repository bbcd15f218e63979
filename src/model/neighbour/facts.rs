//! The words for what a device says of itself.

use super::{Abilities, Inventory, LinkClaims, MediaPolicy, Neighbour};
use crate::model::Address;

/// What a port offers in negotiation (RFC 4836, IANAifMauAutoNegCapBits), its bits from the highest on.
const OFFERS: [&str; 16] = [
    "other",
    "10BASE-T",
    "10BASE-T full duplex",
    "100BASE-T4",
    "100BASE-TX",
    "100BASE-TX full duplex",
    "100BASE-T2",
    "100BASE-T2 full duplex",
    "PAUSE",
    "asymmetric PAUSE",
    "symmetric PAUSE",
    "asymmetric and symmetric PAUSE",
    "1000BASE-X",
    "1000BASE-X full duplex",
    "1000BASE-T",
    "1000BASE-T full duplex",
];

/// Kinds of traffic that a policy is for (ANSI/TIA-1057 table 13).
fn media_kind(application: u8) -> &'static str {
    match application {
        1 => "voice",
        2 => "voice signalling",
        3 => "guest voice",
        4 => "guest voice signalling",
        5 => "softphone",
        6 => "video conference",
        7 => "streaming video",
        8 => "video signalling",
        _ => "other",
    }
}

/// Classes of media endpoints (ANSI/TIA-1057 table 12).
fn media_class(class: u8) -> &'static str {
    match class {
        1 => "endpoint class I (generic)",
        2 => "endpoint class II (media)",
        3 => "endpoint class III (communication)",
        4 => "network connectivity",
        _ => "undefined",
    }
}

/// How DTP's port tags its frames.
fn tagging(kind: u8) -> &'static str {
    match kind {
        0 => "negotiated",
        1 => "native",
        2 => "ISL",
        5 => "802.1Q",
        _ => "unknown",
    }
}

/// DTP: what the port is, how it is set, how it tags.
fn trunk([status, kind]: [u8; 2]) -> String {
    let mode = match status & 7 {
        1 => "on",
        2 => "off",
        3 => "desirable",
        4 => "auto",
        _ => "unknown",
    };
    let is = if status & 0x80 != 0 { "trunk" } else { "access" };
    format!("{is}, mode {mode}, tags {}, set to {}", tagging(kind >> 5), tagging(kind & 7))
}

fn list(words: impl IntoIterator<Item = String>) -> String {
    words.into_iter().filter(|words| !words.is_empty()).collect::<Vec<_>>().join(", ")
}

impl LinkClaims {
    /// What the port offers in negotiation, in words.
    pub fn offered(&self) -> Vec<&'static str> {
        let bits = self.offers.unwrap_or(0);
        OFFERS.iter().enumerate().filter(|(at, _)| bits & 0x8000 >> at != 0).map(|(_, word)| *word).collect()
    }

    fn negotiation(&self) -> String {
        let Some([able, enabled]) = self.negotiates else { return String::new() };
        let state = match (able, enabled) {
            (false, _) => return "not supported".to_owned(),
            (true, false) => "off",
            (true, true) => "on",
        };
        match self.offered() {
            offers if offers.is_empty() => state.to_owned(),
            offers => format!("{state}, offers {}", offers.join(", ")),
        }
    }

    fn aggregated(&self) -> String {
        match self.aggregation {
            None => String::new(),
            Some((_, true, number)) => format!("part of port {number}"),
            Some((true, false, _)) => "possible, not in use".to_owned(),
            Some((false, false, _)) => "not possible".to_owned(),
        }
    }

    fn words(&self) -> String {
        let all = [
            self.full_duplex.map(|full| if full { "full duplex".to_owned() } else { "half duplex".to_owned() }),
            self.mau_type.map(|kind| format!("MAU type {kind}")),
            self.max_frame.map(|bytes| format!("frames up to {bytes} bytes")),
            self.mtu.map(|bytes| format!("MTU {bytes}")),
        ];
        list(all.into_iter().flatten())
    }
}

impl MediaPolicy {
    fn words(&self) -> String {
        let tag = if self.tagged { "tagged" } else { "untagged" };
        format!("{} VLAN {} {tag}, priority {}, DSCP {}", media_kind(self.application), self.vlan, self.priority, self.dscp)
    }
}

impl Inventory {
    fn revisions(&self) -> String {
        let all = [("hardware", &self.hardware), ("firmware", &self.firmware), ("software", &self.software)];
        list(all.iter().filter(|(_, text)| !text.is_empty()).map(|(what, text)| format!("{what} {text}")))
    }
}

/// What is switched on, and what could be besides.
fn abilities(able: Abilities, enabled: Abilities) -> String {
    let off = Abilities(able.0 & !enabled.0).words();
    let on = enabled.words().join(", ");
    match (on.as_str(), off.is_empty()) {
        (_, true) => on,
        ("", false) => format!("{} (off)", off.join(", ")),
        (_, false) => format!("{on}; off: {}", off.join(", ")),
    }
}

/// Whether an address says that there is none.
fn is_unset(address: Address) -> bool {
    address.ip().is_some_and(|ip| ip.is_unspecified())
}

impl Neighbour {
    /// What it says besides its name and its port: what, and its words.
    pub fn facts(&self) -> Vec<(&'static str, String)> {
        let id = |id: Option<u16>| id.map(|id| id.to_string()).unwrap_or_default();
        let i = &self.inventory;
        let device = [&i.manufacturer, &i.model].into_iter().filter(|text| !text.is_empty()).cloned().collect::<Vec<_>>().join(" ");
        // What names the device is not said twice.
        let chassis = if self.chassis == self.name() { String::new() } else { self.chassis.clone() };
        let heard = self.heard.iter().map(|(device, port)| format!("{device} {port}").trim().to_owned());
        let facts = [
            ("port", if self.port_description == self.port_name() { self.port.clone() } else { self.port_description.clone() }),
            ("chassis", chassis),
            ("managed at", list(self.management.iter().filter(|address| !is_unset(**address)).map(Address::to_string))),
            ("can", abilities(self.able, self.enabled)),
            ("link", self.link.words()),
            ("negotiation", self.link.negotiation()),
            ("aggregation", self.link.aggregated()),
            ("trunk", self.trunk.map(trunk).unwrap_or_default()),
            ("PoE", self.power.map(|power| power.words()).unwrap_or_default()),
            ("native VLAN", id(self.native_vlan)),
            ("voice VLAN", id(self.voice_vlan)),
            ("management VLAN", id(self.management_vlan)),
            ("VLANs", list(self.vlans.iter().map(|(id, name)| format!("{id} {name}").trim().to_owned()))),
            ("policies", self.policies.iter().map(MediaPolicy::words).collect::<Vec<_>>().join("; ")),
            ("domain", self.domain.clone()),
            ("VTP revision", self.revision.map(|n| n.to_string()).unwrap_or_default()),
            ("hears", list(heard)),
            ("platform", self.platform.clone()),
            ("media", i.class.map(media_class).unwrap_or_default().to_owned()),
            ("device", device),
            ("serial", i.serial.clone()),
            ("asset", i.asset.clone()),
            ("revisions", i.revisions()),
        ];
        let last = [
            ("holds for", self.hold.filter(|seconds| *seconds > 0).map(|seconds| format!("{seconds} s")).unwrap_or_default()),
            ("runs", self.description.clone()),
        ];
        let facts = facts.into_iter().chain(self.said.iter().cloned()).chain(last);
        facts.filter(|(_, words)| !words.is_empty()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(n: &Neighbour, what: &str) -> Vec<String> {
        n.facts().into_iter().filter(|fact| fact.0 == what).map(|fact| fact.1).collect()
    }

    #[test]
    fn negotiation_and_aggregation_in_words() {
        let link = |negotiates, offers, aggregation| Neighbour {
            link: LinkClaims { negotiates: Some(negotiates), offers: Some(offers), aggregation, ..LinkClaims::default() },
            ..Neighbour::default()
        };
        let n = link([true, true], 0x6c01, Some((true, true, 1001)));
        let offers = "on, offers 10BASE-T, 10BASE-T full duplex, 100BASE-TX, 100BASE-TX full duplex, 1000BASE-T full duplex";
        assert_eq!((told(&n, "negotiation"), told(&n, "aggregation")), (vec![offers.into()], vec!["part of port 1001".into()]));
        let n = link([false, false], 0, Some((true, false, 0)));
        assert_eq!((told(&n, "negotiation"), told(&n, "aggregation")), (vec!["not supported".into()], vec!["possible, not in use".into()]));
        assert!(told(&Neighbour::default(), "aggregation").is_empty());
    }

    #[test]
    fn a_trunk_and_what_is_off() {
        assert_eq!(trunk([0x81, 0xa5]), "trunk, mode on, tags 802.1Q, set to 802.1Q");
        assert_eq!(trunk([0x04, 0x20]), "access, mode auto, tags native, set to negotiated");
        let both = Abilities(Abilities::BRIDGE | Abilities::ROUTER);
        assert_eq!(abilities(both, Abilities(Abilities::BRIDGE)), "bridge; off: router");
        assert_eq!((abilities(both, both).as_str(), abilities(both, Abilities(0)).as_str()), ("bridge, router", "bridge, router (off)"));
    }
}
