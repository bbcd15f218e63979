//! Every finding about the network has a scenario that shows it, with its subject, numbers, times and packets, and another of what resembles it
//! and is none.

use spantop::diagnose::{IDS, aspect};

/// The scenarios of faults, which look at each finding as a whole (`is_whole` there).
const SCENARIOS: [&str; 32] = [
    include_str!("troubles.rs"),
    include_str!("troubles/addresses.rs"),
    include_str!("troubles/behind.rs"),
    include_str!("troubles/closed_ports.rs"),
    include_str!("troubles/cuts.rs"),
    include_str!("troubles/detours.rs"),
    include_str!("troubles/discovery.rs"),
    include_str!("troubles/distance.rs"),
    include_str!("troubles/floods.rs"),
    include_str!("troubles/loads.rs"),
    include_str!("troubles/logins.rs"),
    include_str!("troubles/lookalikes.rs"),
    include_str!("troubles/one_sided.rs"),
    include_str!("troubles/receivers.rs"),
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
    include_str!("ask.rs"),
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
const SWITCH: [(&str, &str, &str); 27] = [
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
    ("switch.discards", "a_mirror_port_that_drops_is_named", "another_port_that_drops_is_none_of_the_mirrors"),
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
        let is_silent = ["[..", "!full(", "None"].iter().chain(&NOTHING).any(|nothing| text.contains(nothing));
        assert!(is_silent, "{lookalike} shows what is no {id}");
    }
}

/// Of each other finding a test of what resembles it and is healthy: it finds nothing, or nothing of the kind.
const LOOKALIKES: &[(&str, &str)] = &[
    ("dup.flood", "datagrams_that_their_sender_repeats"),
    ("route.loop", "a_few_packets_that_go_round_are_a_loop"),
    ("arp.conflict", "stations_that_share_or_take_over_an_address_do_not_fight"),
    ("arp.unanswered", "probes_announcements_and_sweeps_ask_nobody_in_particular"),
    ("dhcp.rogue", "a_second_dhcp_server"),
    ("dhcp.exhausted", "a_station_that_empties_a_pool"),
    ("dhcp.no_offer", "clients_that_get_no_address"),
    ("nd.rogue_ra", "a_second_ipv6_router"),
    ("arp.storm", "a_router_that_restarts_and_a_sweep_are_no_storm"),
    ("scan.ports", "what_resembles_a_fault_is_none_whatever_the_mirror_does"),
    ("scan.hosts", "a_router_asks_for_whatever_somebody_outside_wants"),
    ("tcp.synflood", "what_resembles_a_fault_is_none_whatever_the_mirror_does"),
    ("pmtu.blackhole", "a_receiver_that_died_and_a_way_that_carried_as_much_before_are_no_black_hole"),
    ("icmp.unreachable", "what_a_router_cannot_reach"),
    ("icmp.redirect", "what_a_router_cannot_reach"),
    ("ipv6.broken", "ipv6_that_works_or_is_alone_or_comes_through_a_router_is_not_broken"),
    ("tcp.no_answer", "peers_that_are_gone_are_no_routers_trouble"),
    ("tcp.refused", "a_refused_client_that_repeats_its_syn_is_one_attempt"),
    ("tcp.reset", "a_client_that_waits_no_longer_and_one_that_was_answered_are_no_cuts"),
    ("tcp.loss", "what_the_mirror_loses_or_reorders_is_no_loss_of_the_network"),
    ("tcp.rtt", "a_round_trip_that_is_long_all_the_time_is_a_note_and_a_short_one_nothing"),
    ("ip.fragments", "fragments_that_are_lost"),
    ("tcp.window_limited", "a_sender_that_holds_back_a_window_that_grows_and_a_short_way_are_none"),
    ("tcp.slow_receiver", "what_resembles_a_fault_is_none_whatever_the_mirror_does"),
    ("dns.unanswered", "what_resembles_a_fault_is_none_whatever_the_mirror_does"),
    ("dns.failing", "names_that_do_not_exist"),
    ("dns.slow", "what_resembles_a_fault_is_none_whatever_the_mirror_does"),
    ("server.slow", "requests_that_wait_for_news_are_meant_to"),
    ("http.errors", "a_proxy_that_reaches_nobody"),
    ("tls.expiring", "certificates_that_end"),
    ("tls.failing", "tls_that_is_refused"),
    ("auth.failing", "logins_that_are_refused"),
    ("service.errors", "a_mail_server_that_is_full"),
    ("tls.old", "old_versions_of_tls"),
    ("ntp.bad", "a_time_server_that_does_not_know_the_time"),
    ("rtp.loss", "voice_that_is_reordered_moved_silent_or_copied_lacks_nothing"),
    ("rtp.jitter", "voice_that_comes_unevenly"),
    ("quic.blocked", "quic_that_is_not_answered"),
    ("load.surge", "load_that_rises"),
    ("tcp.keepalive", "few_keep_alives_busy_connections_and_probes_are_no_chatter"),
];

/// What is told of what packets contain: it resembles nothing, and holds or not.
const OF_CONTENTS: [&str; 3] = ["link.unknown", "link.encrypted", "decap.port"];

fn of_the_network() -> impl Iterator<Item = &'static str> {
    IDS.iter().copied().filter(|id| aspect(id).is_none() && !OF_CONTENTS.contains(id))
}

/// What a test says that finds nothing.
const NOTHING: [&str; 8] = ["[])", "[],", "none(", "assert!(!", "is_empty()", "BTreeSet::new()", ", 0)", ", 0, "];

#[test]
fn every_finding_about_the_network_has_a_lookalike() {
    let tests: Vec<&str> = SCENARIOS.iter().flat_map(|scenario| scenario.split("#[test]").skip(1)).collect();
    let finds_nothing = |name: &str| {
        let head = format!("fn {name}()");
        tests.iter().any(|test| test.contains(&head) && NOTHING.iter().any(|nothing| test.contains(nothing)))
    };
    let wrong: Vec<_> = LOOKALIKES.iter().filter(|(_, name)| !finds_nothing(name)).collect();
    assert!(wrong.is_empty(), "no test, or one that finds something: {wrong:?}");
    let known = || LOOKALIKES.iter().map(|row| row.0).chain(SWITCH.iter().map(|row| row.0));
    let lacks: Vec<_> = of_the_network().filter(|id| !known().any(|known| known == *id)).collect();
    assert!(lacks.is_empty(), "without a lookalike: {lacks:?}");
}

/// The sparkline of a finding's evidence is drawn from the times in which it held: whoever runs scenarios looks at them for every finding.
#[test]
fn every_finding_of_a_scenario_has_its_evidence_in_time() {
    for runner in [include_str!("troubles.rs"), include_str!("switch.rs")] {
        let looks = runner.split("fn is_whole").nth(1).expect("what every finding has");
        assert!(looks.contains("f.episodes.last()") && runner.contains("is_whole(f)"), "episodes are not looked at");
    }
    let looks = |scenario: &&&str| scenario.contains("troubles(") || scenario.contains("found(");
    let blind: Vec<_> = of_the_network().filter(|id| !SCENARIOS.iter().filter(looks).any(|scenario| is_shown(id, scenario))).collect();
    assert!(blind.is_empty(), "no scenario looks at the whole of these: {blind:?}");
}
