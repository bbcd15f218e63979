//! The host the program runs on, looked at about once a second beside the packets: a driver that takes its time to answer holds
//! nobody up.

use super::tape::Request;
use super::watch::Witness;
use crate::capture::host::{Probe, Reader};
use crate::diagnose::{Evidence, Host, Seen, checklist};
use crate::model::HostFacts;
use crate::model::host::Checklist;
use crossbeam_channel::{RecvTimeoutError, Sender, bounded};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// Time between two readings.
const EVERY: Duration = Duration::from_secs(1);

/// On a screen counters cover this long, so that what was mended clears; a report covers everything.
const WINDOW: Duration = Duration::from_secs(60);

/// The newest facts, and who brings them up to date.
#[derive(Default)]
pub struct HostWatch {
    shared: Option<Arc<Shared>>,
    /// Its end ends the thread.
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    reader: Mutex<Reader>,
    latest: Mutex<Arc<[HostFacts]>>,
}

impl Shared {
    fn read(&self) {
        let facts = self.reader.lock().unwrap_or_else(PoisonError::into_inner).read();
        *self.latest.lock().unwrap_or_else(PoisonError::into_inner) = facts.into();
    }
}

impl HostWatch {
    /// Reads once, so that counting begins now, and then again and again. Without a probe (files) nothing is known.
    ///
    /// # Errors
    /// When the system refuses a thread.
    pub fn start(probe: Option<&Probe>, watched: bool) -> std::io::Result<Self> {
        let Some(probe) = probe else { return Ok(Self::default()) };
        let reader = Reader::new(probe, watched.then_some(WINDOW));
        let shared = Arc::new(Shared { reader: Mutex::new(reader), latest: Mutex::new(Arc::new([])) });
        shared.read();
        let (stop, stopped) = bounded::<()>(0);
        let thread = std::thread::Builder::new().name("host".into()).spawn({
            let shared = Arc::clone(&shared);
            move || {
                while stopped.recv_timeout(EVERY) == Err(RecvTimeoutError::Timeout) {
                    shared.read();
                }
            }
        })?;
        Ok(Self { shared: Some(shared), stop: Some(stop), thread: Some(thread) })
    }

    /// The facts; `fresh`: as they are at this moment.
    pub fn facts(&self, fresh: bool) -> Arc<[HostFacts]> {
        let Some(shared) = &self.shared else { return Arc::new([]) };
        if fresh {
            shared.reader.lock().unwrap_or_else(PoisonError::into_inner).hurry();
            shared.read();
        }
        Arc::clone(&shared.latest.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Counts anew.
    pub fn forget(&self) {
        if let Some(shared) = &self.shared {
            shared.reader.lock().unwrap_or_else(PoisonError::into_inner).forget();
            shared.read();
        }
    }
}

impl Drop for HostWatch {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Adds what is known of this host to what findings rest on.
pub fn told(mut evidence: Evidence, facts: &[HostFacts]) -> Evidence {
    // The last look at a port is a look at a port.
    evidence.live |= !facts.is_empty();
    evidence.order.queues = queues(facts);
    evidence.host = host(facts, evidence.host.lost);
    evidence
}

/// Of several interfaces the worst. A loopback interface is no mirror port.
fn host(facts: &[HostFacts], lost: u64) -> Host {
    let ports: Vec<&HostFacts> = facts.iter().filter(|f| f.loopback != Some(true)).collect();
    let any = |told: &dyn Fn(&HostFacts) -> Option<bool>| ports.iter().filter_map(|f| told(f)).reduce(|a, b| a || b);
    let sum = |told: &dyn Fn(&HostFacts) -> Option<u64>| ports.iter().filter_map(|f| told(f)).reduce(u64::saturating_add);
    Host {
        interface: ports.iter().map(|f| f.interface.as_str()).collect::<Vec<_>>().join(", "),
        lost,
        sent: sum(&|f| f.counters.map(|c| c.sent)),
        addresses: sum(&|f| f.addresses.as_ref().map(|a| a.len() as u64)).unwrap_or(0),
        receive_offload: any(&|f| {
            let on: Vec<bool> = ["rx-gro", "rx-lro", "rx-gro-hw"].iter().filter_map(|name| f.is_on(name)).collect();
            (!on.is_empty()).then(|| on.contains(&true))
        }),
        vlan_offload: any(&|f| f.is_on("rx-vlan-hw-parse")),
        vlan_filter: any(&|f| f.is_on("rx-vlan-filter")),
        speed: ports.iter().filter_map(|f| f.speed).min(),
        half_duplex: any(&|f| f.half_duplex),
        pause: any(&|f| f.pause.map(|p| p.receive || p.send)),
        mtu: ports.iter().filter_map(|f| f.mtu).min(),
        length_errors: sum(&|f| f.counters.map(|c| c.length)).unwrap_or(0),
    }
}

/// Receive queues that packets reach; of several interfaces the most.
fn queues(facts: &[HostFacts]) -> Option<u32> {
    facts.iter().filter_map(HostFacts::queues_in_use).max()
}

/// The checklist of each interface, held against what was seen.
pub fn checks(request: &Request, witness: &Witness) -> Vec<Checklist> {
    let health = &witness.counts.health;
    let seen = Seen {
        largest: health.sizes.largest,
        tags_missing: health.tags.tagged == 0 && u64::from(health.tags.claimed.len()) > 0,
        tunnelled: request.tunnels.sessions.iter().any(|s| s.session.peeled),
    };
    request.host.iter().map(|facts| checklist(facts, seen)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::host::{Counters, Feature, Pause, Queues};

    #[test]
    fn files_have_no_host() {
        let watch = HostWatch::start(None, true).unwrap();
        watch.forget();
        assert!(watch.facts(true).is_empty());
        let host = host(&[], 7);
        assert_eq!((host.lost, host.sent, host.receive_offload, host.addresses), (7, None, None, 0));
    }

    #[test]
    fn a_port_is_live_to_its_end() {
        let mut evidence = Evidence::default();
        evidence.host.lost = 3;
        let evidence = told(evidence, &[]);
        assert!(!evidence.live);
        let facts = HostFacts { interface: "eth1".into(), queues: Some(Queues { receive: 4, combined: 4 }), ..HostFacts::default() };
        let evidence = told(evidence, &[facts]);
        assert_eq!((evidence.live, evidence.order.queues, evidence.host.lost), (true, Some(4), 3));
    }

    #[test]
    fn of_several_interfaces_the_worst_counts() {
        let feature = |name: &str, on| Feature { name: name.into(), on, fixed: false };
        let one = HostFacts {
            interface: "eth1".into(),
            addresses: Some(vec!["192.0.2.1".parse().unwrap()]),
            features: Some(vec![feature("rx-gro", true), feature("rx-vlan-filter", false)]),
            speed: Some(1_000_000_000),
            pause: Some(Pause { send: true, ..Pause::default() }),
            counters: Some(Counters { sent: 3, length: 1, ..Counters::default() }),
            ..HostFacts::default()
        };
        let two = HostFacts {
            interface: "eth2".into(),
            features: Some(vec![feature("rx-gro", false)]),
            speed: Some(10_000_000_000),
            counters: Some(Counters { sent: 4, ..Counters::default() }),
            ..HostFacts::default()
        };
        let lo = HostFacts { interface: "lo".into(), loopback: Some(true), ..one.clone() };
        let host = super::host(&[one, two.clone(), lo], 0);
        assert_eq!((host.interface.as_str(), host.sent, host.addresses, host.length_errors), ("eth1, eth2", Some(7), 1, 1));
        assert_eq!((host.receive_offload, host.vlan_filter, host.vlan_offload), (Some(true), Some(false), None));
        assert_eq!((host.speed, host.pause, host.half_duplex), (Some(1_000_000_000), Some(true), None));
        assert_eq!(super::host(&[two], 0).receive_offload, Some(false));
    }
}
