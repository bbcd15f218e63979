//! The switch, as a mirror shows it: who it is, its trees, links and gateways, what happens; what is wrong is found and nothing else.

mod support;

#[path = "switch/caps.rs"]
mod caps;
#[path = "switch/gateways.rs"]
mod gateways;
#[path = "switch/link_use.rs"]
mod link_use;
#[path = "switch/members.rs"]
mod members;
#[path = "switch/roles.rs"]
mod roles;
#[path = "switch/sessions.rs"]
mod sessions;
#[path = "switch/speakers.rs"]
mod speakers;
#[path = "switch/stations.rs"]
mod stations;
#[path = "switch/transit.rs"]
mod transit;
#[path = "switch/trees.rs"]
mod trees;
#[path = "switch/vlans.rs"]
mod vlans;

use spantop::capture::Memory;
use spantop::engine::{self, Settings};
use spantop::model::{Finding, LinkType, NeighbourProtocol, Severity, SwitchEventKind, Timestamp, Value};
use spantop::settings::{LoadSettings, MirrorSettings};
use spantop::snapshot::Snapshot;
use std::collections::BTreeSet;
use support::packet::control::{self, Hello};
use support::packet::message::{cdp, lldp};
use support::packet::{ACK, End, PSH, Packet, RST, SYN};

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
    /// Frames of one millisecond are some microseconds apart.
    is_fine: bool,
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
        self.look_at(&Settings::default())
    }

    /// Through settings of one's own.
    fn look_at(&self, settings: &Settings) -> Snapshot {
        let run = |threads| {
            let mut frames: Vec<&(Millis, Vec<u8>)> = self.frames.iter().collect();
            frames.sort_by_key(|f| f.0);
            let (mut latest, mut within) = (i64::MIN, 0);
            let source = frames.iter().fold(Memory::new(), |source, (at, frame)| {
                within = if *at == latest && self.is_fine { within + 1 } else { 0 };
                latest = *at;
                let time = Timestamp(START + at * 1_000_000 + within * 7_919);
                source.with(time, LinkType::ETHERNET, frame.len() as u32, frame)
            });
            let settings = Settings { threads, ..settings.clone() };
            engine::run(Box::new(source), &settings, Default::default()).unwrap().complete().unwrap()
        };
        let snapshot = run(0);
        let other = run(3);
        assert_eq!(snapshot.switch, other.switch, "whatever the threads");
        assert_eq!(snapshot.diagnosis.findings, other.diagnosis.findings, "whatever the threads");
        snapshot
    }
}

/// Events of a kind: seconds from the beginning, who, text, how often.
fn events(s: &Snapshot, kind: SwitchEventKind) -> Vec<(i64, String, String, u64)> {
    let seconds = |t: Timestamp| (t.0 - START).div_euclid(1_000_000_000);
    s.switch.events.iter().filter(|e| e.kind == kind).map(|e| (seconds(e.time), e.who.clone(), e.text.clone(), e.count)).collect()
}

/// Whatever is found shows its evidence, says when it was and how many suffer, where that can be known.
fn is_whole(f: &Finding) {
    assert!(UNPROVED.contains(&f.id) || !f.packets.is_empty(), "{f:#?}");
    assert!(UNCOUNTED.contains(&f.id) || f.hosts > Some(0), "{f:#?}");
    assert!(!f.evidence.is_empty() && f.first <= f.last && f.episodes.last().is_some_and(|e| e.first == f.first), "{f:#?}");
}

/// What no single packet shows: how full a link is, what is counted of many packets.
const UNPROVED: [&str; 9] = [
    "dup.flood",
    "link.saturated",
    "burst.micro",
    "flood.unicast",
    "mac.overflow",
    "mac.flapping",
    "vlan.leak",
    "igmp.no_querier",
    "storm.multicast",
];

/// Of which nobody can tell how many suffer: whoever is behind the same switch.
const UNCOUNTED: [&str; 15] = [
    "dup.flood",
    "stp.root_changed",
    "stp.topology_changes",
    "link.saturated",
    "burst.micro",
    "flood.unicast",
    "mac.overflow",
    "mac.flapping",
    "vlan.leak",
    "igmp.no_querier",
    "storm.broadcast",
    "storm.multicast",
    "loop.layer2",
    "pause.storm",
    "ntp.bad",
];

/// Findings of the network.
fn troubles(s: &Snapshot) -> BTreeSet<&'static str> {
    let network = s.diagnosis.findings.iter().filter(|f| spantop::diagnose::aspect(f.id).is_none());
    network.inspect(|f| is_whole(f)).map(|f| f.id).collect()
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
    assert!(troubles(&s).is_empty(), "{:?}", s.diagnosis.findings);
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
    assert!(troubles(&s).is_empty(), "{:?}", s.diagnosis.findings);
}

#[test]
fn the_link_has_the_speed_that_lldp_tells_unless_it_is_given() {
    let mut t = Traffic::default();
    t.talk(0..60 * S);
    t.every(30 * S, 0..60 * S, &control::full_lldp(mac(9)));
    let told = |t: &Traffic, speed| {
        let s = t.look_at(&Settings { mirror: MirrorSettings { speed, ..MirrorSettings::default() }, ..Settings::default() });
        (s.capture.speed, s.capture.is_speed_by_lldp, s.switch.link_use.is_some())
    };
    assert_eq!(told(&t, None), (Some(1_000_000_000), true, true), "how it was used by milliseconds is held against that too");
    assert_eq!(told(&t, Some(100_000_000)), (Some(100_000_000), false, true));
    // Another port of the same switch: two links, and no speed of one.
    t.every(30 * S, 0..60 * S, &lldp(mac(9), "Gi1/0/25", "sw-core-1"));
    assert_eq!(told(&t, None), (None, false, false));
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
    assert!(troubles(&s).is_empty(), "{:?}", s.diagnosis.findings);
}

#[test]
fn a_cdp_of_the_builder_and_an_unknown_device_do_no_harm() {
    let mut t = Traffic::default();
    t.push(0, cdp(mac(9), "GigabitEthernet1/0/1", "sw1"));
    let s = t.look();
    assert_eq!(s.switch.neighbours.len(), 1);
    assert_eq!(s.switch.identity, None, "it does not say that it is a switch");
}

/// What is found, with its severity and subject.
fn found(s: &Snapshot) -> Vec<(&'static str, Severity, String)> {
    let network = s.diagnosis.findings.iter().filter(|f| spantop::diagnose::aspect(f.id).is_none());
    network.clone().for_each(is_whole);
    network.map(|f| (f.id, f.severity, f.subject.to_string())).collect()
}

fn value(s: &Snapshot, id: &str, name: &str) -> Option<Value> {
    let finding = s.diagnosis.findings.iter().find(|f| f.id == id)?;
    finding.evidence.iter().find(|(n, _)| *n == name).map(|(_, v)| v.clone())
}

/// A hello of bridge `bridge` that names `root`.
fn naming(root: u8, bridge: u8) -> Hello {
    Hello { root: control::bridge(0x8000, root), cost: if root == bridge { 0 } else { 4 }, ..Hello::of_root(bridge) }
}

#[test]
fn another_root_is_told_once_for_all_vlans() {
    let mut t = Traffic::default();
    t.talk(0..120 * S);
    for vlan in [10, 20, 30] {
        let of = |root: u8| Hello { root: control::bridge(0x8000 + vlan, root), ..naming(1, 9) };
        t.every(2 * S, 0..60 * S, &of(5).per_vlan(mac(9), vlan, Some(vlan)));
        t.every(2 * S, 60 * S..120 * S, &of(2).per_vlan(mac(9), vlan, Some(vlan)));
    }
    let s = t.look();
    assert_eq!(found(&s), [("stp.root_changed", Severity::Warning, "32768/02:00:00:00:00:02".to_owned())]);
    assert_eq!(
        (value(&s, "stp.root_changed", "changes"), value(&s, "stp.root_changed", "vlans")),
        (Some(Value::Count(1)), Some(Value::Count(3)))
    );
    // Each tree's priority holds its number, which is not everybody's.
    let title = s.diagnosis.findings.iter().find(|f| f.id == "stp.root_changed").map(|f| f.title.as_str());
    let want = "32768/02:00:00:00:00:02 became root of the spanning tree in 3 VLANs or instances in place of 32768/02:00:00:00:00:05";
    assert_eq!(title, Some(want));
    assert_eq!(s.switch.events.iter().filter(|e| e.kind == SwitchEventKind::RootChanged).map(|e| e.count).sum::<u64>(), 3);
}

#[test]
fn an_election_is_no_change_of_root() {
    let mut t = Traffic::default();
    t.talk(0..120 * S);
    t.every(2 * S, 0..6 * S, &naming(9, 9).frame(mac(9)));
    t.every(2 * S, 6 * S..120 * S, &naming(1, 9).frame(mac(9)));
    assert_eq!(found(&t.look()), []);
}

#[test]
fn topology_changes_count_once_whoever_tells_of_them() {
    for (times, expected) in [(5, 1), (4, 0)] {
        let mut t = Traffic::default();
        t.talk(0..280 * S);
        for bridge in [8, 9] {
            let calm = naming(1, bridge);
            let is_change = |at: Millis| (0..times).any(|n| (n * 50 * S + 20 * S..n * 50 * S + 26 * S).contains(&at));
            for at in (0..280 * S).step_by(2000) {
                let flags = if is_change(at) { 0x3d } else { 0x3c };
                t.push(at + i64::from(bridge) * 10, Hello { flags, ..calm }.frame(mac(bridge)));
            }
        }
        let s = t.look();
        assert_eq!(found(&s).len(), expected, "{times}: {:?}", found(&s));
        if expected == 1 {
            assert_eq!(value(&s, "stp.topology_changes", "changes"), Some(Value::Count(5)));
            assert_eq!(value(&s, "stp.topology_changes", "first_told_by"), Some(Value::Text("02:00:00:00:00:08".into())));
        }
    }
}

#[test]
fn a_tree_that_falls_apart_has_two_roots_and_two_networks_are_a_note() {
    let mut t = Traffic::default();
    t.talk(0..300 * S);
    t.every(2 * S, 0..300 * S, &naming(1, 1).frame(mac(1)));
    t.every(2 * S, 500..100 * S, &naming(1, 9).frame(mac(9)));
    t.every(2 * S, 100 * S + 500..300 * S, &naming(9, 9).frame(mac(9)));
    let ids: Vec<_> = found(&t.look()).into_iter().map(|f| (f.0, f.1)).collect();
    assert_eq!(ids, [("stp.two_roots", Severity::Warning), ("stp.root_changed", Severity::Warning)]);
    let mut apart = Traffic::default();
    apart.every(2 * S, 0..300 * S, &naming(1, 1).frame(mac(1)));
    apart.every(2 * S, 500..300 * S, &naming(9, 9).frame(mac(9)));
    assert_eq!(found(&apart.look()).into_iter().map(|f| (f.0, f.1)).collect::<Vec<_>>(), [("stp.two_roots", Severity::Note)]);
}

#[test]
fn hellos_of_one_bridge_that_are_missing() {
    let with_gaps = |gaps: &[std::ops::Range<Millis>], witness: bool| {
        let mut t = Traffic::default();
        t.talk(0..400 * S);
        let frame = naming(1, 9).frame(mac(9));
        for at in (0..400 * S).step_by(2000).filter(|at| !gaps.iter().any(|g| g.contains(at))) {
            t.push(at, frame.clone());
        }
        if witness {
            t.every(2 * S, 300..400 * S, &naming(1, 8).frame(mac(8)));
        }
        found(&t.look())
    };
    let twice = [100 * S..108 * S, 200 * S..210 * S];
    let told = with_gaps(&twice, true);
    assert_eq!(told, [("stp.bpdu_lost", Severity::Warning, "32768/02:00:00:00:00:09".to_owned())]);
    assert_eq!(with_gaps(&twice, false), [], "nobody else shows that the mirror was well");
    assert_eq!(with_gaps(&twice[..1], true), [], "once");
    assert_eq!(with_gaps(&[100 * S..180 * S, 200 * S..280 * S], true), [], "it was away");
}

#[test]
fn two_masters_and_their_lookalikes() {
    let mut t = Traffic::default();
    t.talk(0..100 * S);
    t.every(S, 0..100 * S, &control::vrrp(7, 200, 2));
    t.every(S, 300..100 * S, &control::vrrp(7, 100, 3));
    let s = t.look();
    assert_eq!(found(&s), [("fhrp.two_masters", Severity::Critical, "10.0.0.1".to_owned())]);
    assert_eq!(value(&s, "fhrp.two_masters", "routers"), Some(Value::Text("10.0.0.2 and 10.0.0.3".into())));
    // The better one returns: both say so for two hellos.
    let mut back = Traffic::default();
    back.talk(0..100 * S);
    back.every(S, 0..52 * S, &control::vrrp(7, 100, 3));
    back.every(S, 50 * S + 300..100 * S, &control::vrrp(7, 200, 2));
    assert_eq!(found(&back.look()), []);
    // HSRP's standby router sends as well.
    let mut hsrp = Traffic::default();
    hsrp.every(3 * S, 0..100 * S, &control::hsrp(mac(2), 3, 16, 120, 2));
    hsrp.every(3 * S, S..100 * S, &control::hsrp(mac(3), 3, 8, 100, 3));
    assert_eq!(found(&hsrp.look()), []);
}

#[test]
fn a_gateway_that_flips() {
    let mut t = Traffic::default();
    t.talk(0..400 * S);
    for turn in 0..4 {
        let sender = if turn % 2 == 0 { 2 } else { 3 };
        t.every(S, turn * 100 * S + 4 * S..(turn + 1) * 100 * S, &control::vrrp(7, 100 + sender, sender));
    }
    let s = t.look();
    assert_eq!(found(&s), [("fhrp.flip", Severity::Warning, "10.0.0.1".to_owned())]);
    assert_eq!(value(&s, "fhrp.flip", "changes"), Some(Value::Count(3)));
}

#[test]
fn aggregated_links_that_do_not_work() {
    const GOOD: u8 = 0x3d;
    const DEFAULTED: u8 = 0x45;
    let mut half = Traffic::default();
    half.talk(0..120 * S);
    half.every(S, 0..60 * S, &control::lacp(mac(1), (1, 13, 22, DEFAULTED), (0, 0, 0, 0)));
    assert_eq!(found(&half.look()), [("lacp.half", Severity::Warning, "02:00:00:00:00:01".to_owned())]);
    // It ends between two looks at it, of which there is one each ten seconds: all of it counts, and what is too short stays so.
    for (seconds, told) in [(22, Some((22, 21.0))), (24, Some((24, 23.0))), (10, None), (11, Some((11, 10.0)))] {
        let mut ended = Traffic::default();
        ended.talk(0..120 * S);
        ended.every(S, 37 * S..(37 + seconds) * S, &control::lacp(mac(1), (1, 13, 22, DEFAULTED), (0, 0, 0, 0)));
        ended.every(S, (37 + seconds) * S..120 * S, &control::lacp(mac(1), (1, 13, 22, GOOD), (2, 14, 25, GOOD)));
        let s = ended.look();
        let evidence = value(&s, "lacp.half", "packets").zip(value(&s, "lacp.half", "seconds"));
        assert_eq!(evidence, told.map(|(packets, length)| (Value::Count(packets), Value::Seconds(length))), "{seconds}");
    }
    let mut starts = Traffic::default();
    starts.every(S, 0..3 * S, &control::lacp(mac(1), (1, 13, 22, DEFAULTED), (0, 0, 0, 0)));
    starts.every(30 * S, 3 * S..200 * S, &control::lacp(mac(1), (1, 13, 22, GOOD), (2, 14, 25, GOOD)));
    assert_eq!(found(&starts.look()), []);
    // Two links of one group lead to two systems; the second carries nothing. Where both carry, each is a group of its own.
    for (state, expected) in [(0x0d, 1), (GOOD, 0)] {
        let mut apart = Traffic::default();
        apart.every(30 * S, 0..200 * S, &control::lacp(mac(1), (1, 13, 22, GOOD), (2, 14, 25, GOOD)));
        apart.every(30 * S, S..200 * S, &control::lacp(mac(2), (1, 13, 23, state), (3, 14, 25, GOOD)));
        let ids: Vec<_> = found(&apart.look()).into_iter().map(|f| f.0).collect();
        assert_eq!(ids, ["lacp.mismatch"; 1][..expected], "{state:#x}");
    }
}

#[test]
fn a_router_that_falls_silent() {
    let until = |end: Millis, others: bool| {
        let mut t = Traffic::default();
        t.talk(0..300 * S);
        t.every(10 * S, 0..end, &control::ospf_hello(mac(3), 3, [10, 40], &[4]));
        if others {
            t.every(10 * S, 2 * S..300 * S, &control::ospf_hello(mac(4), 4, [10, 40], &[3]));
        }
        found(&t.look())
    };
    assert_eq!(until(100 * S, true), [("ospf.hello_lost", Severity::Warning, "02:00:00:00:00:03".to_owned())]);
    assert_eq!(until(100 * S, false), [], "nobody else shows that the mirror was well");
    assert_eq!(until(280 * S, true), [], "not silent for as long as its neighbours wait");
}

#[test]
fn what_shards_tell_of_an_interval_is_judged_in_the_order_of_its_time() {
    let mut t = Traffic::default();
    t.talk(0..400 * S);
    let [one, other] = [(3, 4), (4, 3)].map(|(router, hears)| control::ospf_hello(mac(router), router, [10, 40], &[hears]));
    t.every(10 * S, 0..90 * S, &one);
    t.every(10 * S, 250 * S..400 * S, &one);
    t.every(10 * S, 2 * S..400 * S, &other);
    let told = |seconds: i64| {
        let load = LoadSettings { interval: seconds * 1_000_000_000, ..LoadSettings::default() };
        let s = t.look_at(&Settings { load, ..Settings::default() });
        s.diagnosis.findings.iter().filter(|f| f.id.starts_with("ospf")).map(|f| (f.id, f.title.clone())).collect::<Vec<_>>()
    };
    let short = told(1);
    assert!(matches!(&short[..], [("ospf.hello_lost", title)] if title.ends_with("and does again")), "{short:?}");
    for seconds in [7, 60] {
        assert_eq!(told(seconds), short, "intervals of {seconds} s");
    }
}

#[test]
fn routers_that_disagree_about_the_mtu() {
    for (other, expected) in [(9000, 1), (1500, 0)] {
        let mut t = Traffic::default();
        for (router, mtu) in [(3, 1500), (4, other)] {
            t.every(10 * S, 0..60 * S, &control::ospf_hello(mac(router), router, [10, 40], &[7 - router]));
            t.push(5 * S + i64::from(router), control::ospf_description(mac(router), router, mtu));
        }
        let ids: Vec<_> = found(&t.look()).into_iter().map(|f| f.0).collect();
        assert_eq!(ids, ["mtu.mismatch"; 1][..expected]);
    }
}

/// A TCP connection with some data both ways, ended by RST or left open.
fn session(t: &mut Traffic, port: u16, is_cut: bool) {
    session_that_says(t, port, is_cut, &[], &bgp(4, &[]));
}

/// The same with a last word of the server before it is cut, and what both say until then.
fn session_that_says(t: &mut Traffic, port: u16, is_cut: bool, last: &[u8], words: &[u8]) {
    let mut numbers = (100u32, 900u32);
    let mut at = S;
    let mut send = |forth: bool, flags: u8, words: &[u8], at: Millis| {
        let (from, to, ports) = if forth { (101, 102, (40_000, port)) } else { (102, 101, (port, 40_000)) };
        let (own, other) = if forth { (numbers.0, numbers.1) } else { (numbers.1, numbers.0) };
        let packet = Packet::eth(mac(from), mac(to)).ip([10, 1, 0, from], [10, 1, 0, to]).id(at as u16).tcp(ports.0, ports.1);
        let frame = packet.seq(own).ack(other).flags(flags).payload(words).build();
        let step = words.len() as u32 + u32::from(flags & SYN != 0);
        if forth {
            numbers.0 += step
        } else {
            numbers.1 += step
        }
        t.frames.push((at, frame));
    };
    send(true, SYN, &[], at);
    send(false, SYN | ACK, &[], at + 1);
    send(true, ACK, &[], at + 2);
    for _ in 0..6 {
        at += 10 * S;
        send(true, PSH | ACK, words, at);
        send(false, PSH | ACK, words, at + 2);
        send(true, ACK, &[], at + 4);
    }
    if !last.is_empty() {
        send(false, PSH | ACK, last, at + 5 * S - 2);
        send(true, ACK, &[], at + 5 * S - 1);
    }
    if is_cut {
        send(false, RST | ACK, &[], at + 5 * S);
    }
}

#[test]
fn a_bgp_session_that_ends() {
    for (port, is_cut, expected) in [(179, true, 1), (179, false, 0), (8080, true, 0)] {
        let mut t = Traffic::default();
        t.talk(0..200 * S);
        session(&mut t, port, is_cut);
        let ids: Vec<_> = found(&t.look()).into_iter().map(|f| f.0).collect();
        assert_eq!(ids, ["bgp.reset"; 1][..expected], "port {port}, cut {is_cut}");
    }
}

#[test]
fn a_bgp_session_that_began_before_the_capture() {
    let keep_alive = bgp(4, &[]);
    let told = |port: u16, is_cut: bool, last: &[u8], words: &[u8], skipped: usize| {
        let mut t = Traffic::default();
        session_that_says(&mut t, port, is_cut, last, words);
        t.frames.drain(..skipped);
        t.talk(0..200 * S);
        let s = t.look();
        s.diagnosis.findings.iter().filter(|f| f.id == "bgp.reset").map(|f| (f.severity, f.title.clone())).collect::<Vec<_>>()
    };
    let ended = |severity, said: &str| vec![(severity, format!("The BGP session of 10.1.0.101 and 10.1.0.102 ended 1 time{said}"))];
    // The three segments of the handshake were not seen; nor, further on, the first messages.
    for skipped in [3, 4, 8] {
        assert_eq!(told(179, true, &[], &keep_alive, skipped), ended(Severity::Warning, ""), "without {skipped}");
    }
    let (expired, by_hand) = (bgp(3, &[4, 0]), bgp(3, &[6, 4]));
    assert_eq!(told(179, true, &expired, &keep_alive, 3), ended(Severity::Warning, ": the hold timer ran out, says 10.1.0.102"));
    assert_eq!(told(179, true, &by_hand, &keep_alive, 3), ended(Severity::Note, ": reset by hand, says 10.1.0.102"));
    assert_eq!(told(179, false, &[], &keep_alive, 3), [], "it stands");
    assert_eq!(told(179, true, &[], &[b'x'; 19], 3), [], "something else at the port");
    assert_eq!(told(8080, true, &[], &keep_alive, 3), [], "another port");
    assert_eq!(told(179, true, &[], &keep_alive, 15), [], "too little of it, as of one that both opened");
}

/// A message of BGP with a body.
fn bgp(kind: u8, body: &[u8]) -> Vec<u8> {
    [&[0xff; 16][..], &(19 + body.len() as u16).to_be_bytes(), &[kind], body].concat()
}

#[test]
fn a_bgp_session_that_was_shut_down_by_hand() {
    let told = |last: &[u8]| {
        let mut t = Traffic::default();
        t.talk(0..200 * S);
        session_that_says(&mut t, 179, true, last, &[b'x'; 19]);
        let s = t.look();
        let ended: Vec<&Finding> = s.diagnosis.findings.iter().filter(|f| f.id == "bgp.reset").collect();
        let [one] = &ended[..] else { panic!("{:?}", found(&s)) };
        (one.severity, one.title.strip_prefix("The BGP session of 10.1.0.101 and 10.1.0.102 ended 1 time").map(str::to_owned))
    };
    let of = |severity, words: &str| (severity, Some(words.to_owned()));
    let shut_down = bgp(3, &[&[6, 2, 7][..], b"CHG1234"].concat());
    assert_eq!(told(&shut_down), of(Severity::Note, ": shut down by hand, says 10.1.0.102 \"CHG1234\""));
    // Behind a message that keeps the session alive, in one segment; without a word; with a length that is more than there is.
    assert_eq!(told(&[bgp(4, &[]), shut_down].concat()), of(Severity::Note, ": shut down by hand, says 10.1.0.102 \"CHG1234\""));
    assert_eq!(told(&bgp(3, &[6, 4])), of(Severity::Note, ": reset by hand, says 10.1.0.102"));
    assert_eq!(told(&bgp(3, &[&[6, 2, 200][..], b"CHG"].concat())), of(Severity::Note, ": shut down by hand, says 10.1.0.102 \"CHG\""));
    assert_eq!(told(&bgp(3, &[4, 0])), of(Severity::Warning, ": the hold timer ran out, says 10.1.0.102"));
    assert_eq!(told(&bgp(2, &[0; 4])), of(Severity::Warning, ""), "an update says nothing of an end");
}

#[test]
fn a_port_that_refuses_devices() {
    for (failures, successes, expected) in [(3, 1, 1), (2, 0, 0), (4, 4, 0)] {
        let mut t = Traffic::default();
        t.talk(0..100 * S);
        (0..failures).for_each(|n| t.push(n * 9 * S, control::eap(mac(9), 4)));
        (0..successes).for_each(|n| t.push(n * 9 * S + 4 * S, control::eap(mac(9), 3)));
        let ids: Vec<_> = found(&t.look()).into_iter().map(|f| f.0).collect();
        assert_eq!(ids, ["eapol.failing"; 1][..expected], "{failures} and {successes}");
    }
}

#[test]
fn two_queriers_and_a_takeover() {
    let mut t = Traffic::default();
    t.talk(0..600 * S);
    t.every(125 * S, 0..600 * S, &control::igmp_query(mac(3), 3));
    t.every(125 * S, 2 * S..600 * S, &control::igmp_query(mac(4), 4));
    assert_eq!(found(&t.look()), [("igmp.two_queriers", Severity::Note, "10.0.0.4".to_owned())]);
    let mut takeover = Traffic::default();
    takeover.every(125 * S, 0..300 * S, &control::igmp_query(mac(4), 4));
    takeover.every(125 * S, 260 * S..900 * S, &control::igmp_query(mac(3), 3));
    takeover.every(125 * S, 2 * S..900 * S, &control::igmp_query(mac(5), 0));
    assert_eq!(found(&takeover.look()), []);
}

#[test]
fn ends_of_one_link_that_differ() {
    let ends = |native: u16, full: bool, is_link: bool| {
        let mut t = Traffic::default();
        t.every(60 * S, 0..120 * S, &control::full_cdp(mac(1), "sw-a", "Gi0/1", 1, true));
        t.every(60 * S, S..120 * S, &control::full_cdp(mac(2), "sw-b", "Gi0/2", native, full));
        if is_link {
            t.every(30 * S, 0..120 * S, &control::lacp(mac(1), (1, 13, 22, 0x3d), (2, 14, 25, 0x3d)));
            t.every(30 * S, S..120 * S, &control::lacp(mac(2), (2, 14, 25, 0x3d), (1, 13, 22, 0x3d)));
        }
        found(&t.look()).into_iter().map(|f| f.0).collect::<Vec<_>>()
    };
    assert_eq!(ends(10, true, true), ["vlan.native"]);
    assert_eq!(ends(1, false, true), ["duplex.mismatch"]);
    assert_eq!(ends(1, true, true), [""; 0]);
    // Nobody names another, but nobody else is there.
    let probable = |native: u16, full: bool, third: bool| {
        let mut t = Traffic::default();
        t.talk(0..120 * S);
        t.every(30 * S, 0..120 * S, &control::cdp_of(mac(1), ["sw-a", "sw-a", "Gi0/1"], 99, true));
        t.every(30 * S, S..120 * S, &control::cdp_of(mac(2), ["sw-b", "sw-b", "Gi0/2"], native, full));
        if third {
            t.every(30 * S, 2 * S..120 * S, &control::cdp_of(mac(3), ["sw-c", "sw-c", "Gi0/3"], 99, true));
        }
        let s = t.look();
        let number = |name| value(&s, "vlan.native", name);
        (found(&s).into_iter().map(|f| (f.0, f.1)).collect::<Vec<_>>(), [number("native_vlan"), number("other_native_vlan")])
    };
    let numbers = [Some(Value::Count(99)), Some(Value::Count(1))];
    assert_eq!(probable(1, true, false), (vec![("vlan.native", Severity::Note)], numbers));
    assert_eq!(probable(99, false, false).0, [("duplex.mismatch", Severity::Note)]);
    assert_eq!(probable(99, true, false).0, [], "they agree");
    assert_eq!(probable(1, false, true).0, [], "with a third it is not one link");
}

/// A broadcast that no other is equal to.
fn broadcast(n: u32) -> Vec<u8> {
    let [_, b, c, d] = n.to_be_bytes();
    Packet::arp(1, End::new(mac(7), [10, 1, 0, 7], 0), [0; 6], [10, b, c, d].into()).build()
}

#[test]
fn storms_and_what_is_none() {
    let flood = |seconds: Millis, frame: &dyn Fn(u32) -> Vec<u8>| {
        let mut t = Traffic::default();
        t.talk(0..30 * S);
        (0..seconds * 1500).for_each(|n| t.push(5 * S + n * 2 / 3, frame(n as u32)));
        t.look()
    };
    let s = flood(8, &broadcast);
    let told: Vec<_> = found(&s).into_iter().filter(|f| f.0.starts_with("storm")).collect();
    assert_eq!(told, [("storm.broadcast", Severity::Warning, "network".to_owned())]);
    assert_eq!(value(&s, "storm.broadcast", "station"), Some(Value::Text("02:00:00:00:00:07".into())));
    assert!(matches!(value(&s, "storm.broadcast", "peak_frames_per_second"), Some(Value::Count(1499..=1501))));
    assert_eq!(value(&s, "storm.broadcast", "stations"), Some(Value::Count(1)));
    // Forty stations alike: none of them is the culprit.
    let crowd = flood(8, &|n| {
        let [_, b, c, d] = n.to_be_bytes();
        Packet::arp(1, End::new(mac(10 + (n % 40) as u8), [10, 1, 0, 7], 0), [0; 6], [10, b, c, d].into()).build()
    });
    let title = crowd.diagnosis.findings.iter().find(|f| f.id == "storm.broadcast").map(|f| f.title.clone()).unwrap_or_default();
    assert!(title.contains(" broadcasts a second, of 40 stations, 2.5 % from 02:00:00:00:00:0a"), "{title}");
    assert!(matches!(value(&crowd, "storm.broadcast", "station_share"), Some(Value::Share(part)) if (part - 0.025).abs() < 0.001));
    let short = flood(3, &broadcast);
    assert!(!found(&short).iter().any(|f| f.0.starts_with("storm")), "an address scan ends soon: {:?}", found(&short));
    // Video for a group, at the same rate, is meant.
    let group = |to: [u8; 4]| {
        move |n: u32| {
            let packet = Packet::eth(mac(7), control::group_mac(to.into())).ip([10, 1, 0, 7], to).id(n as u16).udp(5004, 5004);
            packet.payload(&n.to_be_bytes().repeat(8)).build()
        }
    };
    assert_eq!(found(&flood(8, &group([239, 1, 1, 1]))), []);
    let hellos = flood(8, &group([224, 0, 0, 5]));
    assert_eq!(found(&hellos).iter().map(|f| f.0).collect::<Vec<_>>(), ["storm.multicast"]);
}

/// What is taken for copies until it lasts is given back, and counts for the second it came in.
#[test]
fn a_storm_of_one_frame_is_counted_to_its_first() {
    let mut t = Traffic::default();
    t.talk(0..30 * S);
    let one = broadcast(1);
    (0..8 * 1000).for_each(|n| t.push(5 * S + n, one.clone()));
    let s = t.look();
    let of = |name| value(&s, "storm.broadcast", name);
    let counts = ["frames_per_second", "peak_frames_per_second", "seconds"].map(of);
    assert_eq!(counts, [1_000, 1_000, 8].map(|n| Some(Value::Count(n))), "{:?}", found(&s));
    assert_eq!(s.stats.casts.broadcast.packets, 8 * 1_000);
}

#[test]
fn a_station_that_holds_up_its_link() {
    for (rate, seconds, expected) in [(30, 15, 1), (30, 5, 0), (5, 15, 0)] {
        let mut t = Traffic::default();
        t.talk(0..30 * S);
        (0..rate * seconds).for_each(|n| t.push(2 * S + n * 1000 / rate, control::pause(mac(7), 0xff00 + n as u16 % 200)));
        let ids: Vec<_> = found(&t.look()).into_iter().map(|f| f.0).collect();
        assert_eq!(ids, ["pause.storm"; 1][..expected], "{rate} for {seconds} s");
    }
}

#[test]
fn a_healthy_network_is_silent_for_an_hour() {
    const HOUR: Millis = 3600 * S;
    let mut t = Traffic::default();
    t.talk(0..HOUR);
    t.every(2 * S, 0..HOUR, &naming(1, 9).frame(mac(9)));
    for vlan in [10, 20] {
        t.every(2 * S, 100..HOUR, &naming(1, 8).per_vlan(mac(8), vlan, Some(vlan)));
    }
    t.every(2 * S, 200..HOUR, &naming(1, 6).multiple(mac(6)));
    // One change of the topology, as when a cable is pulled.
    t.every(2 * S, 1800 * S + 50..1804 * S, &Hello { flags: 0x3d, ..naming(1, 9) }.frame(mac(9)));
    t.every(30 * S, 0..HOUR, &control::lacp(mac(1), (1, 13, 22, 0x3d), (2, 14, 25, 0x3d)));
    t.every(30 * S, S..HOUR, &control::lacp(mac(2), (2, 14, 25, 0x3d), (1, 13, 22, 0x3d)));
    t.every(30 * S, 0..HOUR, &control::full_lldp(mac(9)));
    t.every(60 * S, 0..HOUR, &control::full_cdp(mac(8), "sw-b", "Gi0/2", 10, true));
    // One failover of VRRP, and HSRP with its standby router.
    t.every(S, 0..1800 * S, &control::vrrp(7, 200, 2));
    t.every(S, 1804 * S..HOUR, &control::vrrp(7, 100, 3));
    t.every(3 * S, 0..HOUR, &control::hsrp(mac(2), 3, 16, 120, 2));
    t.every(3 * S, S..HOUR, &control::hsrp(mac(3), 3, 8, 100, 3));
    t.every(10 * S, 0..HOUR, &control::ospf_hello(mac(3), 3, [10, 40], &[4]));
    t.every(10 * S, 2 * S..HOUR, &control::ospf_hello(mac(4), 4, [10, 40], &[3]));
    t.every(125 * S, 0..HOUR, &control::igmp_query(mac(3), 3));
    t.every(900 * S, 0..HOUR, &control::eap(mac(9), 3));
    let s = t.look();
    assert_eq!(found(&s), []);
    assert!(s.switch.packets > 10_000 && s.switch.beyond == 0, "{} {}", s.switch.packets, s.switch.beyond);
    assert_eq!(events(&s, SwitchEventKind::GatewayChanged).len(), 1);
    assert_eq!(events(&s, SwitchEventKind::TopologyChange).len(), 1);
}

#[test]
fn stations_and_groups_say_what_they_are() {
    use spantop::snapshot::tables::stations::{groups, stations};
    let mut t = Traffic::default();
    let phone = [0x3a, 1, 2, 3, 4, 5];
    let virtual_machine = [0x00, 0x50, 0x56, 1, 2, 3];
    t.every(30 * S, 0..60 * S, &control::full_lldp(mac(9)));
    t.every(2 * S, 0..60 * S, &naming(1, 8).per_vlan(mac(8), 10, Some(10)));
    t.every(S, 0..10 * S, &control::vrrp(7, 200, 2));
    for vlan in [10, 20, 30, 40, 50] {
        t.push(
            5 * S,
            Packet::eth(phone, [0xff; 6]).vlan(vlan).ip([10, 1, 0, 5], [255; 4]).udp(68, 67).payload(&vlan.to_be_bytes()).build(),
        );
    }
    t.push(S, Packet::arp(2, End::new(virtual_machine, [10, 1, 0, 6], 0), mac(9), [10, 1, 0, 1].into()).build());
    t.push(S + 1, Packet::eth(virtual_machine, mac(9)).ip([10, 1, 0, 6], [10, 1, 0, 1]).udp(9, 9).payload(b"x").build());
    t.push(2 * S, Packet::eth(mac(7), control::group_mac([239, 1, 1, 1].into())).ip([10, 1, 0, 7], [239, 1, 1, 1]).udp(9, 9).build());
    t.push(3 * S, Packet::eth(mac(6), control::group_mac([239, 1, 1, 1].into())).ip([10, 1, 0, 6], [239, 1, 1, 1]).udp(9, 9).build());
    let s = t.look();
    let (stations, groups) = (stations(&s), groups(&s));
    assert!(stations.iter().all(|row| !row.mac.is_group()) && groups.iter().all(|row| row.mac.is_group()));
    assert_eq!(stations.len() + groups.len(), s.stats.endpoints.eth.rows.len());
    let of = |mac: [u8; 6]| stations.iter().find(|row| row.mac.0 == mac).unwrap();
    assert_eq!((of(mac(9)).role, of(mac(9)).name.as_str()), (Some("switch"), "sw-core-1"));
    assert_eq!(of(mac(8)).role, Some("switch"), "it speaks a spanning tree");
    assert_eq!(of([0, 0, 0x5e, 0, 1, 7]).role, Some("shared gateway"));
    assert_eq!((of(virtual_machine).role, of(virtual_machine).claims.as_str()), (Some("virtual"), "10.1.0.6"));
    assert!(of(phone).mac.is_local() && of(phone).role.is_none() && !of(virtual_machine).mac.is_local());
    assert_eq!(of(phone).vlans.ids(), [10, 20, 30, 40], "the lowest four of five");
    let group = |address: [u8; 6]| groups.iter().find(|row| row.mac.0 == address).unwrap();
    assert_eq!((group([0xff; 6]).meaning, group([0xff; 6]).senders), ("everybody", 1));
    assert_eq!(group([0x01, 0, 0x5e, 0, 0, 0x12]).meaning, "VRRP, CARP");
    assert_eq!(group([0x01, 0, 0x0c, 0xcc, 0xcc, 0xcd]).vlans.ids(), [10]);
    let stream = group([0x01, 0, 0x5e, 1, 1, 1]);
    assert_eq!((stream.meaning, stream.senders, stream.traffic.packets), ("an IPv4 group", 2, 2));
}

#[test]
fn a_million_stations_stay_within_the_caps() {
    let mut source = Memory::new();
    for n in 0..1_000_000u32 {
        let [a, b, c, d] = n.to_be_bytes();
        let mut frame = [0u8; 60];
        frame[..6].copy_from_slice(&[0xff; 6]);
        frame[6..12].copy_from_slice(&[2, 1, a, b, c, d]);
        frame[12..14].copy_from_slice(&[0x88, 0xb5]);
        source = source.with(Timestamp(START + i64::from(n) * 1_000), LinkType::ETHERNET, 60, &frame);
    }
    let s = engine::run(Box::new(source), &Settings::default(), Default::default()).unwrap().complete().unwrap();
    let table = &s.stats.endpoints.eth;
    assert_eq!(s.stats.total.packets, 1_000_000);
    assert!(table.rows.len() <= spantop::model::limits::SHARDS * spantop::model::limits::CONTEXTS_PER_SHARD + 1, "{}", table.rows.len());
    // Those without a row are in the sums: protocols and kinds of destination close.
    assert_eq!((s.stats.casts.broadcast.packets, s.stats.protocols[0].traffic.packets), (1_000_000, 1_000_000));
}
