//! What thresholds were called before: who has an old name in a file is told the new one.

use super::registry::thresholds;
use crate::model::evidence::{
    ARP_RATE, ARP_REQUESTS, ARP_VLAN_RATE, CUT_SHARE, DHCP_FLOOD, FAILING_SHARE, FLOOD_CONNECTIONS, LONG_POLL, LOST_CRITICAL_SHARE,
    LOST_SHARE, REFUSED_ATTEMPTS, SCAN_HOSTS, SCAN_PORTS, SCAN_WINDOW, SILENT_ATTEMPTS, SLOW_REPLY, SLOW_SHARE, Threshold,
    UNANSWERED_SHARE, VERY_SLOW_REPLY, WEB_ERRORS_SHARE,
};

/// Former names.
static FORMER: [(&str, &Threshold); 21] = [
    ("slow_reply", &SLOW_REPLY),
    ("very_slow_reply", &VERY_SLOW_REPLY),
    ("server.slow.very", &VERY_SLOW_REPLY),
    ("long_poll", &LONG_POLL),
    ("slow_share", &SLOW_SHARE),
    ("unanswered_share", &UNANSWERED_SHARE),
    ("failing_share", &FAILING_SHARE),
    ("web_errors_share", &WEB_ERRORS_SHARE),
    ("lost_share", &LOST_SHARE),
    ("lost_critical_share", &LOST_CRITICAL_SHARE),
    ("cut_share", &CUT_SHARE),
    ("silent_attempts", &SILENT_ATTEMPTS),
    ("refused_attempts", &REFUSED_ATTEMPTS),
    ("flood_connections", &FLOOD_CONNECTIONS),
    ("scan_ports", &SCAN_PORTS),
    ("scan_hosts", &SCAN_HOSTS),
    ("scan_window", &SCAN_WINDOW),
    ("arp_rate", &ARP_RATE),
    ("arp_vlan_rate", &ARP_VLAN_RATE),
    ("arp_requests", &ARP_REQUESTS),
    ("dhcp_flood", &DHCP_FLOOD),
];

/// The key of a threshold that had another name before: of the findings that name it, the one of the former name, else the first.
pub fn renamed(former: &str) -> Option<String> {
    let (_, threshold) = FORMER.iter().find(|(name, _)| *name == former)?;
    let named = thresholds().filter(|named| std::ptr::eq(named.threshold, *threshold));
    named.min_by_key(|named| !former.starts_with(named.id)).map(|named| named.key())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_former_name_has_a_new_one_and_is_none() {
        for (former, _) in &FORMER {
            let now = renamed(former).unwrap_or_else(|| panic!("{former} is called nothing any more"));
            assert!(thresholds().any(|named| named.key() == now) && !thresholds().any(|named| named.key() == *former), "{former}: {now}");
        }
        assert_eq!(renamed("slow_reply").as_deref(), Some("dns.slow.slow"));
        assert_eq!(renamed("server.slow.very").as_deref(), Some("server.slow.slow"));
        assert_eq!(renamed("dns.slow.slow"), None);
    }
}
