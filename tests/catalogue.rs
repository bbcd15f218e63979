//! Every finding about the network has a scenario that shows it, with its subject, numbers, times and packets.

use spantop::diagnose::{IDS, aspect};

/// The scenarios of faults, which look at each finding as a whole (`is_whole` there).
const SCENARIOS: [&str; 25] = [
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
