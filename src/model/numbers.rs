//! Names of the numbers a network carries: EtherTypes, IP protocols, LLC service access points.
//!
//! Sources: IEEE EtherType registry, IANA "Protocol Numbers", IEEE 802.2 SAP assignments; tokens are Wireshark's.

/// Token of an EtherType that has no decoder of its own.
pub fn ether_type_token(number: u16) -> Option<&'static str> {
    Some(match number {
        0x0842 => "wol",
        0x6558 => "teb",
        _ => return None,
    })
}

/// Token of an IP protocol number that has no decoder of its own.
pub fn ip_protocol_token(number: u8) -> Option<&'static str> {
    Some(match number {
        4 => "ipip",
        41 => "ipv6-in-ip",
        _ => return None,
    })
}

/// Token of an LLC service access point that has no decoder of its own.
pub fn sap_token(number: u8) -> Option<&'static str> {
    Some(match number {
        0xe0 => "ipx",
        _ => return None,
    })
}
