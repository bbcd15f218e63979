//! Names of the numbers a network carries: EtherTypes, IP protocols, LLC service access points.
//!
//! Sources: IEEE EtherType registry, IANA "Protocol Numbers", IEEE 802.2 SAP assignments; tokens are Wireshark's.

/// Token of an EtherType that has no decoder of its own.
pub fn ether_type_token(number: u16) -> Option<&'static str> {
    Some(match number {
        0x0600 => "xns",
        0x0bad => "vines",
        0x6558 => "teb",
        0x8204 => "qnx",
        0x88b5 | 0x88b6 => "local-experimental",
        0x88b7 => "oui-extended",
        _ => return None,
    })
}

/// Token of an IP protocol number that has no decoder of its own.
pub fn ip_protocol_token(number: u8) -> Option<&'static str> {
    Some(match number {
        3 => "ggp",
        5 => "st",
        8 => "egp",
        9 => "igp",
        27 => "rdp",
        40 => "il",
        77 => "sun-nd",
        85 => "nsfnet-igp",
        91 => "larp",
        99 => "private-encryption",
        253 | 254 => "experimental",
        _ => return None,
    })
}

/// Token of an LLC service access point that has no decoder of its own.
pub fn sap_token(number: u8) -> Option<&'static str> {
    Some(match number {
        0x02 | 0x03 => "llc-management",
        0x04 | 0x05 | 0x08 | 0x0c => "sna",
        0x80 => "xns",
        0xbc => "vines",
        0xf4 => "lan-management",
        _ => return None,
    })
}
