//! Every finding about the network has a scenario that shows it, with its subject, numbers, times and packets.

use spantop::diagnose::{IDS, aspect};

/// The scenarios of faults, which look at each finding as a whole (`is_whole` there).
const SCENARIOS: [&str; 26] = [
    include_str!("troubles.rs"),
    include_str!("troubles/addresses.rs"),
    include_str!("troubles/behind.rs"),
    include_str!("troubles/cuts.rs"),
    include_str!("troubles/detours.rs"),
    include_str!("troubles/distance.rs"),
    include_str!("troubles/floods.rs"),
    include_str!("troubles/loads.rs"),
    include_str!("troubles/logins.rs"),
    include_str!("troubles/sizes.rs"),
    include_str!("troubles/turns.rs"),
    include_str!("troubles/voice.rs"),
    include_str!("switch.rs"),
    include_str!("switch/gateways.rs"),
    include_str!("switch/link_use.rs"),
    include_str!("switch/members.rs"),
    include_str!("switch/sessions.rs"),
    include_str!("switch/speakers.rs"),
    include_str!("switch/stations.rs"),
    include_str!("switch/transit.rs"),
    include_str!("switch/trees.rs"),
    include_str!("switch/vlans.rs"),
    include_str!("links.rs"),
    include_str!("carriers.rs"),
    include_str!("copies.rs"),
    include_str!("mended.rs"),
];

/// Whether a test of a scenario says that this is found: with its severity and its subject, or as one of what is.
fn is_shown(id: &str, scenario: &str) -> bool {
    let name = format!("\"{id}\"");
    scenario.split("#[test]").skip(1).any(|test| test.lines().any(|line| line.contains(&name) && !line.contains("!troubles")))
}

#[test]
fn every_finding_about_the_network_has_a_scenario() {
    let of_the_network: Vec<&&str> = IDS.iter().filter(|id| aspect(id).is_none()).collect();
    assert!(of_the_network.len() > 40, "{of_the_network:?}");
    let lacks: Vec<_> = of_the_network.into_iter().filter(|id| !SCENARIOS.iter().any(|scenario| is_shown(id, scenario))).collect();
    assert!(lacks.is_empty(), "without a scenario: {lacks:?}");
}

/// Findings about switches and routers: the test that shows each, and the one that shows what looks like it and is none.
const SWITCH: [(&str, &str, &str); 26] = [
    ("stp.root_changed", "another_root_is_told_once_for_all_vlans", "an_election_is_no_change_of_root"),
    ("stp.topology_changes", "topology_changes_count_once_whoever_tells_of_them", "a_healthy_network_is_silent_for_an_hour"),
    ("stp.two_roots", "a_tree_that_falls_apart_has_two_roots_and_two_networks_are_a_note", "trees_of_two_customers_in_tags_are_two"),
    ("stp.bpdu_lost", "hellos_of_one_bridge_that_are_missing", "hellos_of_one_bridge_that_are_missing"),
    ("storm.broadcast", "storms_and_what_is_none", "storms_and_what_is_none"),
    ("storm.multicast", "storms_and_what_is_none", "storms_and_what_is_none"),
    ("flood.unicast", "frames_to_stations_that_are_not_heard_any_more", "routers_and_shared_gateways_are_not_flooded"),
    ("loop.layer2", "a_loop_of_switches", "copies_of_many_ports_and_a_station_that_repeats_itself_are_no_loop"),
    ("mac.flapping", "a_station_at_two_ports_and_one_that_moved", "a_station_at_two_ports_and_one_that_moved"),
    ("mac.overflow", "stations_without_end", "stations_without_end"),
    ("lacp.half", "aggregated_links_that_do_not_work", "a_healthy_network_is_silent_for_an_hour"),
    ("lacp.mismatch", "aggregated_links_that_do_not_work", "a_healthy_network_is_silent_for_an_hour"),
    ("vlan.leak", "two_vlans_that_are_joined", "two_vlans_that_are_joined"),
    ("vlan.native", "ends_of_one_link_that_differ", "ends_of_one_link_that_differ"),
    ("duplex.mismatch", "ends_of_one_link_that_differ", "ends_of_one_link_that_differ"),
    ("igmp.no_querier", "a_stream_for_which_nobody_asks", "a_stream_for_which_nobody_asks"),
    ("igmp.two_queriers", "two_queriers_and_a_takeover", "two_queriers_and_a_takeover"),
    ("burst.micro", "short_bursts_and_a_full_link", "short_bursts_and_a_full_link"),
    ("link.saturated", "short_bursts_and_a_full_link", "two_directions_are_not_one_link"),
    ("pause.storm", "a_station_that_holds_up_its_link", "a_station_that_holds_up_its_link"),
    ("mtu.mismatch", "routers_that_disagree_about_the_mtu", "descriptions_to_one_neighbour_tell_of_the_mtu"),
    ("fhrp.two_masters", "two_masters_and_their_lookalikes", "two_masters_and_their_lookalikes"),
    ("fhrp.flip", "a_gateway_that_flips", "a_healthy_network_is_silent_for_an_hour"),
    ("ospf.hello_lost", "a_router_that_falls_silent", "a_router_that_falls_silent"),
    ("bgp.reset", "a_bgp_session_that_ends", "a_bgp_session_that_ends"),
    ("eapol.failing", "a_port_that_refuses_devices", "a_port_that_refuses_devices"),
];

/// The text of a test.
fn test_named(name: &str) -> &'static str {
    let head = format!("fn {name}() {{");
    let found = SCENARIOS.iter().find_map(|scenario| scenario.split("#[test]").find(|test| test.trim_start().starts_with(&head)));
    found.unwrap_or_else(|| panic!("no test {name}"))
}

#[test]
fn every_finding_about_switches_has_a_scenario_and_one_that_only_looks_like_it() {
    for (id, shows, lookalike) in SWITCH {
        assert!(IDS.contains(&id), "{id} is a finding");
        assert!(is_shown(id, &format!("#[test]{}", test_named(shows))), "{shows} shows {id}");
        // Nothing is found in it, or a list that some of its cases leave empty.
        let text = test_named(lookalike);
        let is_silent = ["[]", "[..expected]", "[..", "!full(", "none(", "None"].iter().any(|nothing| text.contains(nothing));
        assert!(is_silent, "{lookalike} shows what is no {id}");
    }
}
