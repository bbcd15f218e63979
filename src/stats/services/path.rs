//! How far away a server is of which only datagrams are seen: what shows the way to it.

use super::service::ServiceRecord;
use crate::model::Arrange as _;
use crate::model::{Address, Proto, ServiceKey};
use crate::stats::ServiceLedger;

/// Servers elsewhere whose handshakes tell how far away elsewhere is.
const WITNESSES: usize = 3;

/// Answers whose time never changes: so many, of which 95 of 100 take at most so many times as long as the shortest.
const ALIKE: u64 = 20;
const ALIKE_WITHIN: f64 = 1.25;

impl ServiceLedger {
    /// How far away hosts elsewhere are: of the servers there to which connections were opened one of the nearer ones, nanoseconds.
    pub(super) fn way_elsewhere(&self) -> Option<i64> {
        let ways = self.services.iter().filter(|(key, _)| is_elsewhere(key.address)).filter_map(|(_, service)| service.server_half);
        let mut ways: Vec<i64> = ways.collect();
        ways.arrange();
        ways.get(ways.len() / 4).copied().filter(|_| ways.len() >= WITNESSES)
    }

    /// The shortest way to a server and back, seconds; see [`crate::model::evidence::ServiceEvidence::path`].
    pub(super) fn path(&self, key: &ServiceKey, service: &ServiceRecord, elsewhere: Option<i64>) -> Option<f64> {
        if key.protocol != Proto::Udp {
            return service.server_half.map(seconds);
        }
        let times = service.response.as_ref()?.quantiles()?;
        let host = self.services.iter().filter(|(other, _)| other.address == key.address).filter_map(|(_, other)| other.server_half).min();
        // Whoever resolves names asks elsewhere himself.
        let shown = host.max(elsewhere).map(seconds);
        let is_constant = times.count >= ALIKE && times.p95 <= times.min * ALIKE_WITHIN;
        shown.or((is_constant && is_elsewhere(key.address)).then_some(times.min))
    }
}

fn seconds(nanos: i64) -> f64 {
    nanos as f64 / 1e9
}

/// Whether an address is nobody's here: none of those that are for private use.
fn is_elsewhere(address: Address) -> bool {
    match address {
        Address::V4(a) => !(a.is_private() || a.is_link_local() || a.is_loopback() || a.octets()[0] == 100 && a.octets()[1] & 0xc0 == 64),
        Address::V6(a) => !(a.is_loopback() || a.is_unique_local() || a.is_unicast_link_local()),
        Address::Mac(_) => false,
    }
}
