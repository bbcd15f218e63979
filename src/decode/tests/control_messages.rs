//! Control packets as a whole: what they say, and what of it is left when they are cut.

use super::{frame, plain};
use crate::decode::{bare_message, network_message};
use crate::model::{Abilities, Address, BpduKind, ControlBody, EapolStep, GatewayProtocol, Mac, Neighbour, NeighbourProtocol, PortRole};
use crate::packet::control::{self, Hello};

fn read(bytes: &[u8]) -> Option<ControlBody> {
    let headers = plain(bytes);
    let frame = frame(&headers, bytes);
    bare_message(&frame).or_else(|| network_message(&frame)).map(|m| m.body)
}

fn neighbour(bytes: &[u8]) -> Neighbour {
    match read(bytes) {
        Some(ControlBody::Neighbour(n)) => *n,
        other => panic!("{other:?}"),
    }
}

const SWITCH: [u8; 6] = [2, 0, 0, 0, 0, 9];

#[test]
fn lldp_with_everything() {
    let n = neighbour(&control::full_lldp(SWITCH));
    assert_eq!((n.name(), n.port_name(), n.chassis_mac), ("sw-core-1", "Gi1/0/24", Some(Mac(SWITCH))));
    assert_eq!((n.hold, n.native_vlan, n.voice_vlan, n.management_vlan), (Some(120), Some(10), Some(10), Some(99)));
    assert!(n.able.any(Abilities::ROUTER) && !n.enabled.any(Abilities::ROUTER) && n.enabled.any(Abilities::BRIDGE));
    assert_eq!(n.vlans, [(10, "voice".to_owned()), (20, "data".to_owned())]);
    assert_eq!(n.management, [Address::V4([10, 0, 0, 2].into())]);
    assert_eq!((n.link.full_duplex, n.link.max_frame, n.link.aggregation), (Some(true), Some(0x2400), Some((true, true, 5))));
    let power = n.power.unwrap();
    assert_eq!((power.is_source, power.class, power.requested, power.allocated), (true, Some(3), Some(15_400), Some(13_000)));
    assert_eq!((n.policies[0].vlan, n.policies[0].priority, n.policies[0].dscp), (10, 5, 46));
    assert_eq!((n.inventory.serial.as_str(), n.inventory.model.as_str(), n.inventory.class), ("SN123", "Model X", Some(4)));
    assert!(!n.is_broken);
}

#[test]
fn what_is_cut_says_what_it_said_before() {
    let whole = control::full_lldp(SWITCH);
    let cut = neighbour(&whole[..55]);
    assert_eq!((cut.chassis.as_str(), cut.port_name(), cut.is_broken), ("02:00:00:00:00:09", "Gi1/0/24", true));
    assert_eq!(cut.name(), cut.chassis, "the name was cut off");
    assert_eq!(read(&whole[..16]), None, "not even a chassis");
    for end in 0..whole.len() {
        let _ = read(&whole[..end]);
    }
}

#[test]
fn others_name_themselves() {
    let told: Vec<Neighbour> = control::all()
        .iter()
        .filter(|(name, _)| !matches!(*name, "lldp"))
        .filter_map(|(_, f)| match read(f) {
            Some(ControlBody::Neighbour(n)) => Some(*n),
            _ => None,
        })
        .collect();
    let by = |protocol| told.iter().find(|n: &&Neighbour| n.protocol == protocol).unwrap();
    let names = [NeighbourProtocol::Cdp, NeighbourProtocol::Fdp, NeighbourProtocol::Edp, NeighbourProtocol::Mndp, NeighbourProtocol::Udld];
    let said = names.map(|p| (by(p).name().to_owned(), by(p).port_name().to_owned()));
    let expected =
        [("sw-a", "GigabitEthernet1/0/3"), ("fastiron", "ethernet1/1/3"), ("summit", "1:24"), ("router-7", "ether2"), ("sw-b", "Te1/1/1")];
    assert_eq!(said, expected.map(|(a, b)| (a.to_owned(), b.to_owned())));
    let cdp = by(NeighbourProtocol::Cdp);
    assert_eq!((cdp.native_vlan, cdp.link.full_duplex, cdp.link.mtu, cdp.domain.as_str()), (Some(12), Some(true), Some(1500), "campus"));
    assert!(cdp.enabled.any(Abilities::BRIDGE) && cdp.enabled.any(Abilities::ROUTER));
    assert_eq!(by(NeighbourProtocol::Udld).heard, [("FOX".to_owned(), "Te/1".to_owned())]);
    assert_eq!(by(NeighbourProtocol::Vtp).revision, Some(42));
    assert_eq!(by(NeighbourProtocol::Dtp).trunk, Some([0x81, 0xa5]));
}

#[test]
fn bpdus_of_every_kind() {
    let hello = Hello { cost: 4, ..Hello { root: control::bridge(0x1000, 1), ..Hello::of_root(9) } };
    let bpdu = |bytes: &[u8]| match read(bytes) {
        Some(ControlBody::Bpdu(b)) => *b,
        other => panic!("{other:?}"),
    };
    let rapid = bpdu(&hello.frame(SWITCH));
    assert_eq!((rapid.kind, rapid.root.priority, rapid.cost, rapid.bridge.mac.0[5], rapid.port), (BpduKind::Rapid, 0x1000, 4, 9, 0x8001));
    assert_eq!((rapid.flags.role(), rapid.hello_nanos()), (PortRole::Designated, Some(2_000_000_000)));
    assert_eq!(bpdu(&hello.original_frame(SWITCH)).kind, BpduKind::Config);
    let per_vlan = bpdu(&hello.per_vlan(SWITCH, 10, Some(10)));
    assert_eq!((per_vlan.vlan, per_vlan.protocol()), (Some(10), "rpvst+"));
    let multiple = bpdu(&hello.multiple(SWITCH));
    let region = multiple.region.unwrap();
    assert_eq!((region.name.as_str(), region.revision, region.cost, region.hops), ("region-1", 7, 2000, 19));
    assert_eq!((region.instances.len(), region.instances[0].number(), region.instances[0].cost), (1, 1, 20_000));
    assert_eq!(bpdu(&control::topology_change(SWITCH)).kind, BpduKind::TopologyChange);
}

#[test]
fn routers_and_ports() {
    let gateway = |bytes: &[u8]| match read(bytes) {
        Some(ControlBody::Gateway(g)) => g,
        other => panic!("{other:?}"),
    };
    let vrrp = gateway(&control::vrrp(7, 100, 2));
    assert_eq!((vrrp.protocol, vrrp.group, vrrp.priority, vrrp.is_active), (GatewayProtocol::Vrrp, 7, 100, true));
    assert!(gateway(&control::vrrp(7, 0, 2)).leaves);
    assert!(!gateway(&control::hsrp(SWITCH, 3, 8, 100, 5)).is_active, "standby");
    assert!(matches!(read(&control::ospf_hello(SWITCH, 4, [10, 40], &[1, 2])), Some(ControlBody::Ospf(o))
        if o.hello.is_some_and(|h| (h.interval, h.dead, h.mask, h.neighbours) == (10, 40, Some(24), 2))));
    assert!(matches!(read(&control::ospf_description(SWITCH, 4, 9000)), Some(ControlBody::Ospf(o)) if o.mtu == Some(9000)));
    assert!(matches!(read(&control::igmp_query(SWITCH, 1)), Some(ControlBody::Query(q)) if q.version == 2 && q.is_general));
    assert_eq!(read(&control::igmp_report(SWITCH, 1, [239, 1, 1, 1])), None);
    assert_eq!(read(&control::eap(SWITCH, 4)), Some(ControlBody::Eapol(EapolStep::Failure, None)));
    assert!(matches!(read(&control::lacp(SWITCH, (1, 13, 22, 0x3d), (2, 14, 25, 0x3c))), Some(ControlBody::Lacp(l))
        if (l.actor.key, l.partner.key, l.max_delay) == (13, 14, Some(0x8000))));
}
