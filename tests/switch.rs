//! The switch, as a mirror shows it: who it is, its trees, links and gateways, what happens; what is wrong is found and nothing else.

mod support;

use spantop::capture::Memory;
use spantop::engine::{self, Settings};
use spantop::model::{LinkType, NeighbourProtocol, SwitchEventKind, Timestamp};
use spantop::snapshot::Snapshot;
use std::collections::BTreeSet;
use support::packet::Packet;
use support::packet::control::{self, Hello};
use support::packet::message::{cdp, lldp};

const START: i64 = 1_700_000_000_000_000_000;

/// Milliseconds.
type Millis = i64;

/// A second, in milliseconds.
const S: Millis = 1000;

/// Stations by their last byte.
fn mac(last: u8) -> [u8; 6] {
    [2, 0, 0, 0, 0, last]
}

/// Traffic past a mirror: frames with their times, in any order.
#[derive(Default)]
struct Traffic {
    frames: Vec<(Millis, Vec<u8>)>,
}

impl Traffic {
    fn push(&mut self, at: Millis, frame: Vec<u8>) {
        self.frames.push((at, frame));
    }

    /// A frame again and again.
    fn every(&mut self, interval: Millis, times: std::ops::Range<Millis>, frame: &[u8]) {
        let mut at = times.start;
        while at < times.end {
            self.push(at, frame.to_vec());
            at += interval;
        }
    }

    /// Hosts that talk, so that the mirror shows something all the time: UDP both ways, each packet another.
    fn talk(&mut self, times: std::ops::Range<Millis>) {
        for (n, at) in times.step_by(500).enumerate() {
            let (a, b) = if n % 2 == 0 { (101, 102) } else { (102, 101) };
            let packet = Packet::eth(mac(a), mac(b)).ip([10, 1, 0, a], [10, 1, 0, b]).id(n as u16).udp(4000, 4000);
            self.push(at, packet.payload(&(n as u32).to_be_bytes()).build());
        }
    }

    fn look(&self) -> Snapshot {
        let run = |threads| {
            let mut frames: Vec<&(Millis, Vec<u8>)> = self.frames.iter().collect();
            frames.sort_by_key(|f| f.0);
            let source = frames.iter().fold(Memory::new(), |source, (at, frame)| {
                let time = Timestamp(START + at * 1_000_000);
                source.with(time, LinkType::ETHERNET, frame.len() as u32, frame)
            });
            let settings = Settings { threads, ..Settings::default() };
            engine::run(Box::new(source), &settings, Default::default()).unwrap().complete().unwrap()
        };
        let snapshot = run(0);
        let other = run(3);
        assert_eq!(snapshot.switch, other.switch, "whatever the threads");
        assert_eq!(snapshot.findings, other.findings, "whatever the threads");
        snapshot
    }
}

/// Events of a kind: seconds from the beginning, who, text, how often.
fn events(s: &Snapshot, kind: SwitchEventKind) -> Vec<(i64, String, String, u64)> {
    let seconds = |t: Timestamp| (t.0 - START).div_euclid(1_000_000_000);
    s.switch.events.iter().filter(|e| e.kind == kind).map(|e| (seconds(e.time), e.who.clone(), e.text.clone(), e.count)).collect()
}

/// Findings of the network.
fn troubles(s: &Snapshot) -> BTreeSet<&'static str> {
    s.findings.iter().filter(|f| spantop::diagnose::aspect(f.id).is_none()).map(|f| f.id).collect()
}

#[test]
fn a_bridge_beside_a_host_is_the_switch() {
    let mut t = Traffic::default();
    t.talk(0..60 * S);
    t.every(30 * S, 0..60 * S, &control::full_lldp(mac(9)));
    t.every(30 * S, 5 * S..60 * S, &lldp(mac(101), "eth0", "printer"));
    let s = t.look();
    let identity = s.switch.identity.as_ref().unwrap();
    assert_eq!((identity.system.as_str(), identity.port.as_str(), identity.is_likely), ("sw-core-1", "Gi1/0/24", false));
    assert_eq!(identity.source, NeighbourProtocol::Lldp);
    assert_eq!(s.switch.title().as_deref(), Some("sw-core-1 Gi1/0/24"));
    assert_eq!(s.switch.neighbours.len(), 2);
    assert!(s.switch.unknown.is_empty() && s.switch.remedy.is_empty());
    assert!(troubles(&s).is_empty(), "{:?}", s.findings);
}

#[test]
fn who_announces_several_ports_is_the_switch() {
    let mut t = Traffic::default();
    for port in 1..4u8 {
        let frame = control::full_cdp(mac(port), "sw-a.example", &format!("GigabitEthernet1/0/{port}"), 1, true);
        t.every(60 * S, 0..120 * S, &frame);
    }
    t.every(60 * S, 0..120 * S, &control::full_lldp(mac(50)));
    let s = t.look();
    let identity = s.switch.identity.as_ref();
    assert!(identity.is_some_and(|i| i.system == "sw-a" && i.ports == 3 && i.port.is_empty()), "{identity:?}");
}

#[test]
fn two_bridges_with_a_port_each_are_the_ends_of_a_link() {
    let mut t = Traffic::default();
    t.push(0, control::full_lldp(mac(9)));
    t.push(S, control::full_cdp(mac(8), "sw-b", "GigabitEthernet0/13", 1, true));
    let s = t.look();
    assert_eq!(s.switch.identity, None);
    assert_eq!(s.switch.title().as_deref(), Some("sw-core-1 Gi1/0/24 – sw-a Gi0/13"));
    assert!(s.switch.unknown.contains("cannot be told"), "{}", s.switch.unknown);
}

#[test]
fn nothing_heard_is_not_visible_and_says_how_it_would_be() {
    let mut t = Traffic::default();
    t.talk(0..10 * S);
    let s = t.look();
    assert_eq!((s.switch.identity.as_ref(), s.switch.title()), (None, None));
    assert!(s.switch.unknown.contains("not") || s.switch.unknown.contains("no LLDP"), "{}", s.switch.unknown);
    assert!(s.switch.remedy.contains("encapsulation replicate"), "{}", s.switch.remedy);
}

#[test]
fn neighbours_come_change_and_go() {
    let mut t = Traffic::default();
    t.talk(0..700 * S);
    t.every(2 * S, 0..700 * S, &Hello::of_root(1).frame(mac(1)));
    t.every(30 * S, 0..300 * S, &lldp(mac(9), "Gi1/0/1", "sw1"));
    t.every(30 * S, 300 * S..700 * S, &lldp(mac(9), "Gi1/0/1", "sw1-new"));
    t.every(30 * S, 200 * S..400 * S, &lldp(mac(101), "eth0", "phone"));
    let s = t.look();
    let appeared = events(&s, SwitchEventKind::NeighbourAppeared);
    assert_eq!(appeared, [(200, "phone".into(), "first heard by lldp, port eth0".into(), 1)], "sw1 was there from the beginning");
    let changed = events(&s, SwitchEventKind::NeighbourChanged);
    assert_eq!(changed, [(300, "sw1-new".into(), "name sw1 became sw1-new".into(), 1)]);
    let gone = events(&s, SwitchEventKind::NeighbourGone);
    assert_eq!(gone, [(380 + 120, "phone".into(), "not heard by lldp for 120 s, port eth0".into(), 1)]);
    assert!(s.switch.neighbours.iter().any(|n| n.told.name() == "phone" && n.is_gone));
}

#[test]
fn trees_say_root_cost_and_changes() {
    let mut t = Traffic::default();
    let calm = Hello { root: control::bridge(0x1000, 1), bridge: control::bridge(0x8000, 9), cost: 4, flags: 0x3c, port: 0x8018 };
    t.every(2 * S, 0..100 * S, &calm.frame(mac(9)));
    t.every(2 * S, 100 * S..110 * S, &Hello { flags: 0x3d, ..calm }.frame(mac(9)));
    t.every(2 * S, 110 * S..200 * S, &calm.frame(mac(9)));
    t.every(2 * S, 200 * S..300 * S, &Hello { root: control::bridge(0x0000, 7), cost: 8, ..calm }.frame(mac(9)));
    for vlan in [10, 20] {
        let hello = Hello { root: control::bridge(0x1000 + vlan, 1), bridge: control::bridge(0x8000 + vlan, 9), ..calm };
        t.every(2 * S, 500..300 * S, &hello.per_vlan(mac(9), vlan, Some(vlan)));
    }
    let s = t.look();
    let rows: Vec<_> =
        s.switch.trees.iter().map(|r| (r.vlan, r.protocol, r.root.mac.0[5], r.cost, r.topology_changes, r.root_changes)).collect();
    assert_eq!(rows, [(None, "rstp", 7, 8, 1, 1), (Some(10), "rpvst+", 1, 4, 0, 0), (Some(20), "rpvst+", 1, 4, 0, 0)]);
    let times: Vec<i64> = events(&s, SwitchEventKind::TopologyChange).iter().map(|e| e.0).collect();
    assert_eq!(times, [100]);
    let roots = events(&s, SwitchEventKind::RootChanged);
    assert_eq!(roots.len(), 1);
    assert!(roots[0].0 == 200 && roots[0].2.contains("names 0/02:00:00:00:00:07 as root, no longer 4096/02:00:00:00:00:01"), "{roots:?}");
}

#[test]
fn instances_of_a_multiple_tree_are_trees() {
    let mut t = Traffic::default();
    t.every(2 * S, 0..20 * S, &Hello::of_root(9).multiple(mac(9)));
    let s = t.look();
    let rows: Vec<_> = s.switch.trees.iter().map(|r| (r.instance, r.protocol, r.root.priority, r.cost, r.region.as_str())).collect();
    assert_eq!(rows, [(Some(0), "mstp", 0x8000, 0, "region-1"), (Some(1), "mstp", 0x6001, 20_000, "region-1")]);
}

#[test]
fn a_failover_is_an_event_and_no_fault() {
    let mut t = Traffic::default();
    t.talk(0..300 * S);
    t.every(S, 0..100 * S, &control::vrrp(7, 200, 2));
    t.every(S, 104 * S..300 * S, &control::vrrp(7, 100, 3));
    let s = t.look();
    let changes = events(&s, SwitchEventKind::GatewayChanged);
    assert_eq!(changes, [(104, "10.0.0.3".into(), "forwards for vrrp group 7, after 10.0.0.2".into(), 1)]);
    let routers: Vec<_> = s.switch.gateways.iter().map(|g| (g.router.to_string(), g.takeovers)).collect();
    assert_eq!(routers, [("10.0.0.2".to_owned(), 0), ("10.0.0.3".to_owned(), 1)]);
    assert!(troubles(&s).is_empty(), "{:?}", s.findings);
}

#[test]
fn links_routers_and_queriers_are_listed() {
    let mut t = Traffic::default();
    t.every(30 * S, 0..120 * S, &control::lacp(mac(1), (1, 13, 22, 0x3d), (2, 14, 25, 0x3d)));
    t.every(30 * S, S..120 * S, &control::lacp(mac(2), (2, 14, 25, 0x3d), (1, 13, 22, 0x3d)));
    t.every(10 * S, 0..120 * S, &control::ospf_hello(mac(3), 3, [10, 40], &[4]));
    t.every(10 * S, 2 * S..120 * S, &control::ospf_hello(mac(4), 4, [10, 40], &[3]));
    t.every(60 * S, 0..120 * S, &control::igmp_query(mac(3), 3));
    let s = t.look();
    assert!(s.switch.aggregates.len() == 2 && s.switch.aggregates.iter().all(|a| a.partner_heard && a.changes == 0));
    let routers: Vec<_> = s.switch.ospf.iter().map(|o| (o.router.to_string(), o.times, o.neighbours, o.packets)).collect();
    assert_eq!(routers, [("10.0.0.3".to_owned(), [10, 40], 1, 12), ("10.0.0.4".to_owned(), [10, 40], 1, 12)]);
    assert_eq!(s.switch.queriers.iter().map(|q| (q.querier.to_string(), q.packets)).collect::<Vec<_>>(), [("10.0.0.3".to_owned(), 2)]);
    assert!(events(&s, SwitchEventKind::AggregateChanged).is_empty());
    assert!(troubles(&s).is_empty(), "{:?}", s.findings);
}

#[test]
fn a_cdp_of_the_builder_and_an_unknown_device_do_no_harm() {
    let mut t = Traffic::default();
    t.push(0, cdp(mac(9), "GigabitEthernet1/0/1", "sw1"));
    let s = t.look();
    assert_eq!(s.switch.neighbours.len(), 1);
    assert_eq!(s.switch.identity, None, "it does not say that it is a switch");
}
