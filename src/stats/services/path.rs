//! How far away a server is of which only datagrams are seen: what shows the way to it.

use super::service::ServiceRecord;
use crate::model::Arrange as _;
use crate::model::{Address, Proto, ServiceKey};
use crate::stats::ServiceLedger;
use hashbrown::HashMap;
use std::cell::OnceCell;

/// What of all services tells something of one: looked up once in a judgement, when it is first asked for.
pub(super) struct Others<'a> {
    ledger: &'a ServiceLedger,
    elsewhere: OnceCell<Option<i64>>,
    nearest: OnceCell<HashMap<Address, i64>>,
    by_port: OnceCell<HashMap<(u16, Proto), Vec<&'a ServiceRecord>>>,
}

impl<'a> Others<'a> {
    pub(super) fn of(ledger: &'a ServiceLedger) -> Self {
        Self { ledger, elsewhere: OnceCell::new(), nearest: OnceCell::new(), by_port: OnceCell::new() }
    }

    /// The shortest way to a host by what it answered to SYNs, nanoseconds.
    fn nearest(&self, host: Address) -> Option<i64> {
        let nearest = self.nearest.get_or_init(|| {
            let mut nearest: HashMap<Address, i64> = HashMap::new();
            for (key, half) in self.ledger.services.iter().filter_map(|(key, service)| Some((key, service.server_half?))) {
                let known = nearest.entry(key.address).or_insert(half);
                *known = half.min(*known);
            }
            nearest
        });
        nearest.get(&host).copied()
    }

    /// Whether nobody ever connected to it, and the only one who tried connects to the same port of others.
    pub(super) fn include(&self, key: &ServiceKey, service: &ServiceRecord) -> bool {
        let Some(client) = service.whole.only_client().filter(|_| service.last_success.is_none()) else { return false };
        let by_port = self.by_port.get_or_init(|| {
            let mut by_port: HashMap<(u16, Proto), Vec<&ServiceRecord>> = HashMap::new();
            for (key, service) in self.ledger.services.iter().filter(|(_, service)| service.last_success.is_some()) {
                by_port.entry((key.port, key.protocol)).or_default().push(&**service);
            }
            by_port
        });
        by_port.get(&(key.port, key.protocol)).is_some_and(|others| others.iter().any(|other| other.whole.has_connected(client)))
    }
}

/// Servers elsewhere whose handshakes tell how far away elsewhere is.
const WITNESSES: usize = 3;

/// Answers whose time never changes: so many, of which 95 of 100 take at most so many times as long as the shortest.
const ALIKE: u64 = 20;
const ALIKE_WITHIN: f64 = 1.25;

impl ServiceLedger {
    /// How far away hosts elsewhere are: of the servers there to which connections were opened one of the nearer ones, nanoseconds.
    fn way_elsewhere(&self) -> Option<i64> {
        let ways = self.services.iter().filter(|(key, _)| is_elsewhere(key.address)).filter_map(|(_, service)| service.server_half);
        let mut ways: Vec<i64> = ways.collect();
        ways.arrange();
        ways.get(ways.len() / 4).copied().filter(|_| ways.len() >= WITNESSES)
    }

    /// The shortest way to a server and back, seconds; see [`crate::model::evidence::ServiceEvidence::path`].
    pub(super) fn path(&self, key: &ServiceKey, service: &ServiceRecord, others: &Others<'_>) -> Option<f64> {
        if key.protocol != Proto::Udp {
            return service.server_half.map(seconds);
        }
        let times = service.response.as_ref()?.quantiles()?;
        // Whoever resolves names asks elsewhere himself.
        let elsewhere = *others.elsewhere.get_or_init(|| self.way_elsewhere());
        let shown = others.nearest(key.address).max(elsewhere).map(seconds);
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
