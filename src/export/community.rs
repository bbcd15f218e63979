//! The community id: one name for a conversation in Zeek, Suricata and here (Community ID Flow Hashing, version 1, by Corelight).

use crate::model::FlowKey;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest, Sha1};
use std::net::IpAddr;

/// The seed everybody uses.
const SEED: u16 = 0;

/// Protocols with ports: ICMP's stand-ins for ports are type and code, which a record does not keep.
const WITH_PORTS: [u8; 3] = [6, 17, 132];

/// `1:…` of a conversation; `None` for ICMP, whose id is made of what a record does not hold.
pub fn community_id(key: &FlowKey) -> Option<String> {
    if matches!(key.protocol, 1 | 58) {
        return None;
    }
    let mut sha = Sha1::new();
    sha.update(SEED.to_be_bytes());
    // The key is sorted as the id wants it: by address, then port.
    for ip in key.ips() {
        match ip {
            IpAddr::V4(ip) => sha.update(ip.octets()),
            IpAddr::V6(ip) => sha.update(ip.octets()),
        }
    }
    sha.update([key.protocol, 0]);
    if WITH_PORTS.contains(&key.protocol) {
        sha.update(key.a_port.to_be_bytes());
        sha.update(key.b_port.to_be_bytes());
    }
    Some(format!("1:{}", STANDARD.encode(sha.finalize())))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From the baseline of the specification.
    #[test]
    fn ids_of_the_specification() {
        let key = |protocol, source: [u8; 4], destination: [u8; 4], sp, dp| {
            FlowKey::v4(protocol, u32::from_be_bytes(source), u32::from_be_bytes(destination), sp, dp).0
        };
        let tcp = key(6, [128, 232, 110, 120], [66, 35, 250, 204], 34_855, 80);
        assert_eq!(community_id(&tcp).as_deref(), Some("1:LQU9qZlK+B5F3KDmev6m5PMibrg="));
        let back = key(6, [66, 35, 250, 204], [128, 232, 110, 120], 80, 34_855);
        assert_eq!(community_id(&back), community_id(&tcp));
        let udp = key(17, [192, 168, 1, 52], [8, 8, 8, 8], 54_585, 53);
        assert_eq!(community_id(&udp).as_deref(), Some("1:d/FP5EW3wiY1vCndhwleRRKHowQ="));
        assert_eq!(community_id(&key(1, [1, 2, 3, 4], [4, 3, 2, 1], 0, 0)), None);
    }
}
