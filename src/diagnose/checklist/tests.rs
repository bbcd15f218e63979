use super::*;
use crate::model::host::{Coalescing, Counters, Feature, PauseSettings, Queues, RingSize, Softnet, Spread, Stack, Stamping, SystemClock};
use std::collections::HashSet;

/// A port as a mirror wants it.
fn good() -> HostFacts {
    let off = |name: &str| Feature { name: name.into(), on: false, fixed: false };
    let switches = ["rx-gro", "rx-lro", "rx-gro-hw", "rx-vlan-hw-parse", "rx-vlan-filter", "rx-checksum", "tx-checksum-ipv4"];
    let more = ["tx-scatter-gather", "tx-tcp-segmentation", "tx-generic-segmentation"];
    HostFacts {
        mac: Some(crate::model::Mac([2, 0, 0, 0, 0, 1])),
        interface: "eth1".into(),
        loopback: Some(false),
        up: Some(true),
        operstate: Some("up"),
        carrier: Some(true),
        promiscuous: Some(true),
        no_arp: Some(true),
        addresses: Some(Vec::new()),
        ipv6_disabled: Some(true),
        mtu: Some(9216),
        max_mtu: Some(9216),
        speed: Some(10_000_000_000),
        half_duplex: Some(false),
        stack: Some(Stack::default()),
        features: Some(switches.iter().chain(&more).map(|name| off(name)).collect()),
        ring: Some(RingSize { current: 4096, max: Some(4096) }),
        queues: Some(Queues { receive: 1, combined: 1 }),
        spread: Some(Spread::default()),
        pause: Some(PauseSettings::default()),
        coalescing: Some(Coalescing { microseconds: Some(0), adaptive: Some(false) }),
        stamping: Some(Stamping::default()),
        driver: Some("ixgbe".into()),
        hypervisor: Some(String::new()),
        governors: Some(vec!["performance".into()]),
        clock: Some(SystemClock { synchronised: true, max_error: 0.001 }),
        buffer_bytes: Some(64 << 20),
        counters: Some(Counters { received: 1000, ..Counters::default() }),
        softnet: Some(Softnet::default()),
        seconds: 10.0,
    }
}

fn switch(facts: &mut HostFacts, name: &str, on: bool, fixed: bool) {
    let feature = facts.features.as_mut().and_then(|all| all.iter_mut().find(|f| f.name == name)).expect("a known switch");
    (feature.on, feature.fixed) = (on, fixed);
}

fn check(facts: &HostFacts, seen: Seen, id: &str) -> Check {
    checklist(facts, seen).checks.into_iter().find(|c| c.id == id).unwrap_or_else(|| panic!("no check {id}"))
}

/// The one check that a change of a good port makes worse.
fn only(change: impl FnOnce(&mut HostFacts), id: &str) -> Check {
    only_seen(change, Seen::default(), id)
}

fn only_seen(change: impl FnOnce(&mut HostFacts), seen: Seen, id: &str) -> Check {
    let mut facts = good();
    change(&mut facts);
    let before = checklist(&good(), Seen::default()).checks;
    let changed: Vec<Check> = checklist(&facts, seen)
        .checks
        .into_iter()
        .zip(before)
        .filter(|(now, then)| now.verdict != then.verdict)
        .map(|(now, _)| now)
        .collect();
    assert_eq!(changed.iter().map(|c| c.id).collect::<Vec<_>>(), [id]);
    changed.into_iter().next().unwrap()
}

#[test]
fn the_list_is_complete_and_each_item_once() {
    let mut ids = HashSet::new();
    for item in ITEMS {
        assert!(ids.insert(item.id), "{} twice", item.id);
        assert!(item.id.chars().all(|c| c.is_ascii_lowercase() || c == '_' || c.is_ascii_digit()), "{}", item.id);
        assert!(item.name.len() >= 3 && item.why.len() >= 20 && item.why.ends_with('.') && !item.why.contains("  "), "{}", item.id);
    }
}

#[test]
fn a_good_port_is_good() {
    for check in checklist(&good(), Seen::default()).checks {
        let expected = if check.id == "stamping" { Rating::Note } else { Rating::Good };
        assert_eq!((check.verdict, &check.command), (expected, &None), "{check:?}");
        assert!(!check.found.is_empty(), "{check:?}");
    }
}

#[test]
fn what_is_not_known_is_not_judged() {
    let nothing = checklist(&HostFacts { interface: "eth1".into(), ..HostFacts::default() }, Seen::default());
    assert_eq!(nothing.interface, "eth1");
    assert_eq!(nothing.checks.len(), ITEMS.len());
    for check in nothing.checks {
        assert_eq!((check.verdict, check.command), (Rating::Unknown, None), "{}", check.id);
    }
}

#[test]
fn a_link_that_is_down_fails() {
    let down = only(|f| (f.up, f.carrier, f.operstate) = (Some(false), None, Some("down")), "link");
    assert_eq!((down.verdict, down.command.as_deref()), (Rating::Fail, Some("ip link set dev eth1 up")));
    let dark = only(|f| f.carrier = Some(false), "link");
    assert_eq!((dark.verdict, dark.command), (Rating::Fail, None));
    // Drivers without link detection say that they do not know while they work.
    let mut veth = good();
    (veth.operstate, veth.carrier) = (Some("unknown"), None);
    assert_eq!(check(&veth, Seen::default(), "link").verdict, Rating::Good);
}

#[test]
fn slow_and_half_duplex_links_fail() {
    assert_eq!(only(|f| f.speed = Some(100_000_000), "speed").verdict, Rating::Fail);
    let half = only(|f| f.half_duplex = Some(true), "speed");
    assert_eq!((half.verdict, half.command.as_deref()), (Rating::Fail, Some("ethtool -s eth1 autoneg on")));
    assert_eq!(only(|f| f.speed = None, "speed").verdict, Rating::Unknown);
    let mut facts = good();
    facts.speed = Some(1_000_000_000);
    assert_eq!(check(&facts, Seen::default(), "speed").verdict, Rating::Good);
}

#[test]
fn an_interface_that_can_send_is_warned_of() {
    let address = only(|f| f.addresses = Some(vec!["2001:db8::1".parse().unwrap()]), "addresses");
    assert_eq!((address.verdict, address.command.as_deref()), (Rating::Warning, Some("ip addr flush dev eth1")));
    assert_eq!(address.found, "2001:db8::1");
    let ipv6 = only(|f| f.ipv6_disabled = Some(false), "ipv6");
    assert_eq!((ipv6.verdict, ipv6.command.as_deref()), (Rating::Warning, Some("sysctl -w net.ipv6.conf.eth1.disable_ipv6=1")));
    let mut tagged = good();
    (tagged.interface, tagged.ipv6_disabled) = ("eth1.7".into(), Some(false));
    let command = check(&tagged, Seen::default(), "ipv6").command;
    assert_eq!(command.as_deref(), Some("sysctl -w net.ipv6.conf.eth1/7.disable_ipv6=1"));
    assert_eq!(only(|f| f.no_arp = Some(false), "arp").verdict, Rating::Note);
    let sent = only(|f| f.counters = Some(Counters { sent: 1234, ..Counters::default() }), "transmits");
    assert_eq!((sent.verdict, sent.found.as_str()), (Rating::Warning, "1,234 in 10.00 s"));
    let mut host = good();
    (host.no_arp, host.addresses) = (Some(false), Some(vec!["192.0.2.1".parse().unwrap()]));
    assert_eq!(check(&host, Seen::default(), "arp").verdict, Rating::Warning);
}

#[test]
fn encapsulated_copies_need_an_address() {
    let mut facts = good();
    (facts.no_arp, facts.ipv6_disabled) = (Some(false), Some(false));
    facts.addresses = Some(vec!["192.0.2.1".parse().unwrap()]);
    facts.counters = Some(Counters { sent: 3, ..Counters::default() });
    let seen = Seen { tunnelled: true, ..Seen::default() };
    for id in ["addresses", "ipv6", "arp", "transmits"] {
        let check = check(&facts, seen, id);
        assert_eq!((check.verdict, check.command), (Rating::Note, None), "{id}");
    }
}

/// By what it did: a card whose offload is on has not merged anything before there is something to merge.
#[test]
fn merging_offloads_fail_where_something_was_merged() {
    let merged = Seen { merged: true, ..Seen::default() };
    let gro = |f: &mut HostFacts| switch(f, "rx-gro", true, false);
    for (seen, verdict, found) in
        [(merged, Rating::Fail, "on: gro; packets were merged"), (Seen::default(), Rating::Note, "on: gro; nothing was merged so far")]
    {
        let told = only_seen(gro, seen, "receive_offload");
        assert_eq!((told.verdict, told.found.as_str(), told.command.as_deref()), (verdict, found, Some("ethtool -K eth1 gro off")));
    }
    let both = |f: &mut HostFacts| {
        switch(f, "rx-lro", true, false);
        switch(f, "rx-gro-hw", true, true);
    };
    let both = only_seen(both, merged, "receive_offload");
    assert_eq!(
        (both.found.as_str(), both.command.as_deref()),
        ("on: lro, rx-gro-hw (fixed); packets were merged", Some("ethtool -K eth1 lro off"))
    );
    assert_eq!(only(|f| switch(f, "rx-gro-hw", true, true), "receive_offload").command, None, "what is fixed cannot be changed");
}

/// Sending offloads and checksums change nothing that is captured: they are as every card has them.
#[test]
fn other_offloads_are_told_once_a_word() {
    let change = |f: &mut HostFacts| {
        for name in ["rx-checksum", "tx-checksum-ipv4", "tx-tcp-segmentation"] {
            switch(f, name, true, false);
        }
        f.features.as_mut().unwrap().push(Feature { name: "tx-tcp6-segmentation".into(), on: true, fixed: false });
    };
    let other = only(change, "other_offload");
    assert_eq!((other.verdict, other.found.as_str(), other.command), (Rating::Note, "on: rx, tx, tso", None));
}

#[test]
fn vlan_offload_fails_where_tags_are_missing() {
    let change = |f: &mut HostFacts| switch(f, "rx-vlan-hw-parse", true, false);
    let told = only(change, "vlan_offload");
    assert_eq!((told.verdict, told.command.as_deref()), (Rating::Note, Some("ethtool -K eth1 rxvlan off")));
    let failed = only_seen(change, Seen { tags_missing: true, ..Seen::default() }, "vlan_offload");
    assert_eq!(failed.verdict, Rating::Fail);
}

#[test]
fn the_mtu_is_held_against_what_arrives() {
    let small = only(|f| f.mtu = Some(1500), "mtu");
    assert_eq!((small.verdict, small.command.as_deref()), (Rating::Note, Some("ip link set dev eth1 mtu 9216")));
    let large = Seen { largest: 1600, ..Seen::default() };
    assert_eq!(only_seen(|f| f.mtu = Some(1500), large, "mtu").verdict, Rating::Warning);
    let merged = |f: &mut HostFacts| {
        f.mtu = Some(9216);
        switch(f, "rx-gro", true, false);
    };
    only_seen(merged, Seen { largest: 64_000, ..Seen::default() }, "receive_offload");
    let tagged = Seen { largest: 1518, ..Seen::default() };
    assert_eq!(only_seen(|f| f.mtu = Some(1500), tagged, "mtu").verdict, Rating::Note, "a tag does not count");
    let dropped = only(|f| f.counters = Some(Counters { length: 5, ..Counters::default() }), "mtu");
    assert_eq!((dropped.verdict, dropped.command), (Rating::Warning, None));
}

#[test]
fn rings_and_drops() {
    let small = only(|f| f.ring = Some(RingSize { current: 512, max: Some(4096) }), "ring");
    assert_eq!((small.verdict, small.command.as_deref()), (Rating::Warning, Some("ethtool -G eth1 rx 4096")));
    let least = only(|f| f.ring = Some(RingSize { current: 256, max: Some(256) }), "ring");
    assert_eq!((least.verdict, least.command), (Rating::Warning, None));
    let missed = only(|f| f.counters = Some(Counters { missed: 7, fifo: 2, ..Counters::default() }), "drops");
    assert_eq!((missed.verdict, missed.found.as_str()), (Rating::Warning, "7 missed, 2 fifo in 10.00 s"));
    assert_eq!(only(|f| f.counters = Some(Counters { crc: 1, ..Counters::default() }), "drops").verdict, Rating::Warning);
}

#[test]
fn several_queues_want_a_symmetric_hash() {
    let key = |key: &[u8]| Some(Spread { functions: vec!["toeplitz"], key: Some(key.to_vec()), ..Spread::default() });
    let four = Some(Queues { receive: 4, combined: 4 });
    let plain = only(|f| (f.queues, f.spread) = (four, key(&[0x6d, 0x5a, 0x56, 0xda])), "queues");
    assert_eq!((plain.verdict, plain.command.as_deref()), (Rating::Warning, Some("ethtool -L eth1 combined 1")));
    let mut facts = good();
    (facts.queues, facts.spread) = (four, key(&[0x6d, 0x5a, 0x6d, 0x5a]));
    assert_eq!(check(&facts, Seen::default(), "queues").verdict, Rating::Good);
    let untold = only(|f| f.queues = Some(Queues { receive: 4, combined: 0 }), "queues");
    assert_eq!(untold.command.as_deref(), Some("ethtool -L eth1 rx 1"));
}

#[test]
fn flow_control_and_coalescing() {
    let pause = only(|f| f.pause = Some(PauseSettings { send: true, ..PauseSettings::default() }), "pause");
    assert_eq!((pause.verdict, pause.command.as_deref()), (Rating::Warning, Some("ethtool -A eth1 autoneg off rx off tx off")));
    let held = only(|f| f.coalescing = Some(Coalescing { microseconds: Some(50), adaptive: Some(false) }), "coalescing");
    assert_eq!((held.verdict, held.found.contains("50")), (Rating::Note, true));
    let adaptive = only(|f| f.coalescing = Some(Coalescing { microseconds: None, adaptive: Some(true) }), "coalescing");
    assert_eq!(adaptive.command.as_deref(), Some("ethtool -C eth1 adaptive-rx off"));
}

#[test]
fn who_else_uses_the_interface() {
    let stack = Stack { master: Some(("br0".into(), "bridge".into())), children: vec!["eth1.7".into()], xdp: true, ingress: true };
    let used = only(|f| f.stack = Some(stack), "membership");
    assert_eq!(used.verdict, Rating::Warning);
    assert!(used.found.starts_with("port of bridge br0; below eth1.7; "), "{used:?}");
    let command = "ip link set dev eth1 nomaster && ip link del dev eth1.7 && ip link set dev eth1 xdp off";
    assert_eq!(used.command.as_deref(), Some(command));
    assert_eq!(only(|f| f.stack = Some(Stack { ingress: true, ..Stack::default() }), "membership").verdict, Rating::Note);
}

#[test]
fn the_machine() {
    let squeezed = only(|f| f.softnet = Some(Softnet { dropped: 0, squeezed: 3 }), "softnet");
    assert_eq!(squeezed.verdict, Rating::Note);
    assert_eq!(only(|f| f.softnet = Some(Softnet { dropped: 1, squeezed: 3 }), "softnet").verdict, Rating::Warning);
    assert_eq!(only(|f| f.governors = Some(vec!["powersave".into()]), "governor").verdict, Rating::Note);
    assert_eq!(only(|f| f.governors = Some(Vec::new()), "governor").verdict, Rating::Unknown);
    let clock = only(|f| f.clock = Some(SystemClock { synchronised: false, max_error: 16.0 }), "clock");
    assert_eq!((clock.verdict, clock.command.as_deref()), (Rating::Note, Some("timedatectl set-ntp true")));
    assert_eq!(only(|f| f.hypervisor = Some("QEMU".into()), "virtual").found, "QEMU (driver ixgbe)");
    assert_eq!(only(|f| f.buffer_bytes = Some(1 << 20), "buffer").verdict, Rating::Note);
    assert_eq!(only(|f| f.promiscuous = Some(false), "promiscuous").verdict, Rating::Warning);
}

#[test]
fn names_are_safe_in_a_shell() {
    assert_eq!(quoted("enp3s0f1.100"), "enp3s0f1.100");
    assert_eq!(quoted("a;reboot"), "'a;reboot'");
    assert_eq!(quoted("it's"), "'it'\\''s'");
    assert_eq!(quoted("-rf"), "'-rf'");
    let mut facts = good();
    (facts.interface, facts.up) = ("x$(id)".into(), Some(false));
    assert_eq!(check(&facts, Seen::default(), "link").command.as_deref(), Some("ip link set dev 'x$(id)' up"));
}
