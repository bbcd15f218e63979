//! What is known of the host the program runs on, as evidence and as its checklist.

use crate::diagnose::{Evidence, Seen, checklist};
use crate::engine::fold::detectors::DetectorReport;
use crate::engine::tape::Request;
use crate::model::HostFacts;
use crate::model::evidence::HostEvidence;
use crate::model::host::Checklist;

/// Adds what is known of this host to what findings rest on.
pub fn with_host_facts(mut evidence: Evidence, facts: &[HostFacts]) -> Evidence {
    // The last look at a port is a look at a port.
    evidence.live |= !facts.is_empty();
    evidence.order.queues = queues(facts);
    let away = std::mem::take(&mut evidence.host.away);
    evidence.host = HostEvidence { away, ..host(facts, evidence.host.lost) };
    evidence
}

/// Of several interfaces the worst. A loopback interface is no mirror port.
fn host(facts: &[HostFacts], lost: u64) -> HostEvidence {
    let ports: Vec<&HostFacts> = facts.iter().filter(|f| f.loopback != Some(true)).collect();
    let any = |told: &dyn Fn(&HostFacts) -> Option<bool>| ports.iter().filter_map(|f| told(f)).reduce(|a, b| a || b);
    let sum = |told: &dyn Fn(&HostFacts) -> Option<u64>| ports.iter().filter_map(|f| told(f)).reduce(u64::saturating_add);
    HostEvidence {
        interface: ports.iter().map(|f| f.interface.as_str()).collect::<Vec<_>>().join(", "),
        lost,
        sent: sum(&|f| f.counters.map(|c| c.sent)),
        seconds: ports.iter().map(|f| f.seconds).fold(0.0, f64::max),
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
        away: Vec::new(),
    }
}

/// Receive queues that packets reach; of several interfaces the most.
fn queues(facts: &[HostFacts]) -> Option<u32> {
    facts.iter().filter_map(HostFacts::queues_in_use).max()
}

/// The checklist of each interface, held against what was seen.
pub fn checks(request: &Request, detected: &DetectorReport) -> Vec<Checklist> {
    let (health, switch) = (&detected.counts.health, &detected.counts.switch);
    let seen = Seen {
        largest: health.sizes.largest,
        tags_missing: switch.tags.tagged == 0 && u64::from(switch.tags.claimed.len()) > 0,
        merged: health.sizes.above_mss > 0 || health.sizes.beyond_jumbo > 0,
        tunnelled: request.tunnels.sessions.iter().any(|s| s.session.peeled),
    };
    request.host.iter().map(|facts| checklist(facts, seen)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::host::{Counters, Feature, PauseSettings, Queues};

    #[test]
    fn without_a_host_only_its_losses_are_known() {
        let host = host(&[], 7);
        assert_eq!((host.lost, host.sent, host.receive_offload, host.addresses), (7, None, None, 0));
    }

    #[test]
    fn a_port_is_live_to_its_end() {
        let mut evidence = Evidence::default();
        evidence.host.lost = 3;
        let evidence = with_host_facts(evidence, &[]);
        assert!(!evidence.live);
        let facts = HostFacts { interface: "eth1".into(), queues: Some(Queues { receive: 4, combined: 4 }), ..HostFacts::default() };
        let evidence = with_host_facts(evidence, &[facts]);
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
            pause: Some(PauseSettings { send: true, ..PauseSettings::default() }),
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
