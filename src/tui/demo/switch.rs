//! The switch of the demonstration.

use super::at;
use super::model::{
    Abilities, Address, AggregateRow, BridgeId, BurstContributor, GatewayProtocol, GatewayRow, Lacp, LacpEnd, LacpState, LinkBurst,
    LinkClaims, LinkUse, LinkWays, Mac, Neighbour, NeighbourProtocol, NeighbourRow, PortRole, QuerierRow, SwitchEvent, SwitchEventKind,
    SwitchIdentity, SwitchView, TreeRow, USE_CLASSES,
};
use crate::model::time::MILLISECOND;

fn mac(last: u8) -> Mac {
    Mac([0x00, 0x1b, 0x54, 0xaa, 0x0c, last])
}

fn bridge(priority: u16, last: u8) -> BridgeId {
    BridgeId { priority, mac: mac(last) }
}

fn neighbour(name: &str, port: &str, last: u8, able: u16, second: i64) -> NeighbourRow {
    let told = Neighbour {
        protocol: NeighbourProtocol::Lldp,
        chassis: mac(last).to_string(),
        chassis_mac: Some(mac(last)),
        port: port.to_owned(),
        system: name.to_owned(),
        description: "Example OS 17.3".to_owned(),
        able: Abilities(able),
        enabled: Abilities(able),
        hold: Some(120),
        native_vlan: Some(10),
        link: LinkClaims { full_duplex: Some(true), ..LinkClaims::default() },
        ..Neighbour::default()
    };
    NeighbourRow {
        told,
        source: mac(last),
        tag: None,
        packets: 120,
        first: at(-3_600),
        last: at(second - 9),
        is_gone: false,
        power: String::new(),
        besides: String::new(),
    }
}

fn tree(vlan: u16, changes: u64, second: i64) -> TreeRow {
    TreeRow {
        vlan: Some(vlan),
        instance: None,
        protocol: "rpvst+",
        root: bridge(4096 + vlan, 1),
        bridge: bridge(32_768 + vlan, 24),
        port: 0x8018,
        cost: 4,
        role: PortRole::Designated,
        times: [512, 5_120, 3_840],
        timers: "2/20/15 s".to_owned(),
        region: String::new(),
        packets: 1_800,
        topology_changes: changes,
        root_changes: 0,
        first: at(-3_600),
        last: at(second - 1),
    }
}

fn aggregate(system: u8, port: u16, partner: u8, second: i64) -> AggregateRow {
    let end =
        |last, port| LacpEnd { system_priority: 32_768, system: mac(last), key: 13, port_priority: 32_768, port, state: LacpState(0x3d) };
    let told = Lacp { version: 1, actor: end(system, port), partner: end(partner, port + 20), max_delay: Some(0) };
    AggregateRow { told, tag: None, packets: 120, partner_heard: true, changes: 0, first: at(-3_600), last: at(second - 12) }
}

fn gateway(last: u8, is_active: bool, second: i64) -> GatewayRow {
    GatewayRow {
        protocol: GatewayProtocol::Hsrp,
        group: 10,
        tag: Some(10),
        address: Some(Address::V4([10, 20, 0, 1].into())),
        router: Address::V4([10, 20, 0, last].into()),
        is_active,
        priority: if is_active { 110 } else { 100 },
        hello: 3_000_000_000,
        takeovers: 0,
        packets: 1_200,
        last: at(second - 1),
    }
}

fn event(second: i64, kind: SwitchEventKind, vlan: Option<u16>, who: &str, text: &str) -> SwitchEvent {
    SwitchEvent { time: at(second), kind, vlan, who: who.to_owned(), text: text.to_owned(), count: 1 }
}

/// Bursts, the latest last.
pub fn bursts() -> Vec<LinkBurst> {
    let burst = |ago: i64, milliseconds: u32, peak: u64, from: u8, to: u8| {
        let bytes = peak / 8_000 * u64::from(milliseconds) * 9 / 10;
        let pair = |ends: [u8; 2], part: u64| BurstContributor { ends: ends.map(mac), bytes: bytes / 94 * part };
        let top = vec![pair([from, to], 90), pair([to, from], 4)];
        LinkBurst { at: at(-ago).plus(304_000_000), length: i64::from(milliseconds) * MILLISECOND, peak, bytes, top }
    };
    vec![
        burst(1_702, 2, 5_400_000_000, 2, 7),
        burst(611, 5, 9_700_000_000, 1, 9),
        burst(240, 1, 7_300_000_000, 2, 7),
        burst(42, 12, 9_910_000_000, 1, 9),
    ]
}

/// How the monitored link of 10 Gb/s was used: hardly, but for some bursts of late.
fn link_use() -> LinkUse {
    let mut busy = [0u64; USE_CLASSES];
    for (class, milliseconds) in
        [(0, 1_210_000), (1, 388_000), (2, 140_000), (3, 11_000), (4, 950), (5, 210), (8, 12), (10, 9), (14, 4), (19, 6)]
    {
        if let Some(n) = busy.get_mut(class) {
            *n = milliseconds;
        }
    }
    let list = bursts();
    LinkUse {
        speed: 10_000_000_000,
        ways: LinkWays::Port,
        bin: MILLISECOND,
        busy,
        nanos: 1_800_000_000_000,
        bursts: list.len() as u64,
        list,
        ..LinkUse::default()
    }
}

/// What it says.
pub fn view(second: i64, trouble: bool, live: bool) -> SwitchView {
    let neighbours = vec![
        neighbour("sw-core-1", "GigabitEthernet1/0/24", 24, Abilities::BRIDGE | Abilities::ROUTER, second),
        neighbour("ap-floor-2", "eth0", 0x31, Abilities::BRIDGE | Abilities::ACCESS_POINT, second),
    ];
    let mut events = vec![event(-1_804, SwitchEventKind::NeighbourAppeared, None, "ap-floor-2", "first heard by lldp, port eth0")];
    if trouble {
        let who = bridge(32_778, 24).to_string();
        for ago in [412, 300, 188, 61] {
            events.push(event(-ago, SwitchEventKind::TopologyChange, Some(10), &who, "the topology changes"));
        }
    }
    SwitchView {
        identity: Some(SwitchIdentity {
            system: "sw-core-1".to_owned(),
            port: "GigabitEthernet1/0/24".to_owned(),
            ports: 1,
            management: Some(Address::V4([10, 20, 0, 4].into())),
            source: NeighbourProtocol::Lldp,
            is_likely: false,
        }),
        neighbours,
        trees: vec![tree(10, if trouble { 4 } else { 0 }, second), tree(20, 0, second), tree(30, 0, second)],
        aggregates: vec![aggregate(1, 23, 24, second), aggregate(24, 43, 1, second)],
        gateways: vec![gateway(2, true, second), gateway(3, false, second)],
        queriers: vec![QuerierRow {
            querier: Address::V4([10, 20, 0, 2].into()),
            protocol: "igmp",
            version: 2,
            tag: Some(10),
            packets: 28,
            first: at(-3_590),
            last: at(second - 20),
        }],
        events,
        packets: 9_400,
        link_use: live.then(link_use),
        ..SwitchView::default()
    }
}
