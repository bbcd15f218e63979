//! A table in one file and one line can be shown on a screen.

use super::*;
use crate::snapshot::tables::toy::TOYS;
use crate::snapshot::{CaptureSummary, Filter, SourceInfo};
use crate::tui::canvas::Canvas;
use crate::tui::panels::any_table::TablePanel;
use crate::tui::rates::Rates;
use crate::tui::view::{Pane, Scene, View};

fn shown(filter: &str) -> String {
    let toy = |name: &str, packets| SourceInfo { name: name.into(), packets, ..SourceInfo::default() };
    let sources = vec![toy("train\x1b", 7), toy("bear", 1_234), toy("doll", 20)];
    let snapshot =
        Snapshot { capture: CaptureSummary { filter: Some("toy".into()), sources, ..CaptureSummary::default() }, ..Snapshot::default() };
    let view = View { filter: Filter::parse(filter).expect("a filter"), ..View::default() };
    let (options, rates) = (DashboardOptions::default(), Rates::default());
    let (theme, pane, trail) = (Theme::new(Depth::Mono, false), Pane::default(), Default::default());
    let scene = Scene {
        base: &snapshot,
        snapshot: &snapshot,
        view: &view,
        pane: &pane,
        topic: None,
        trail: &trail,
        rates: &rates,
        options: &options,
        theme: &theme,
        age: None,
        read: None,
        behind: 0.0,
        partial: false,
    };
    let area = Rect::new(0, 0, 40, 6);
    let mut buffer = Buffer::empty(area);
    TablePanel::of(&TOYS).draw(&mut Canvas::new(&mut buffer, &theme), area, &scene, true);
    lines(&buffer).join("\n")
}

#[test]
fn a_toy_table_is_on_a_screen_sorted_and_filtered() {
    let all = shown("");
    let place = |what: &str| all.find(what).unwrap_or_else(|| panic!("no {what} in\n{all}"));
    assert!(place("Toys") < place("Toy ") && place("Toy ") < place("Pieces") && place("Pieces") < place("bear"));
    assert!(place("bear") < place("doll") && place("doll") < place("train\\u{1b}"), "largest first:\n{all}");
    assert!(all.contains("1.23 k"), "{all}");
    assert!(!shown("toy_count > 10").contains("train") && shown("toy_count > 10").contains("doll"));
    assert!(!shown("toy_name = bear").contains("doll") && !shown("ea").contains("doll") && shown("ea").contains("bear"));
    assert!(shown("port 80").contains("doll"), "a table without ports does not know");
}

/// A group has members, and is none of the hosts: on the screen of hosts it stands as what it is, among the busiest ones it does not.
#[test]
fn groups_stand_as_groups_and_are_not_among_the_busiest_hosts() {
    let mut session = Session::new(Story::File, 120, 40);
    let mut snapshot = demo::snapshot(Story::File, 0);
    let busiest = snapshot.stats.endpoints.ip.rows.iter_mut().max_by_key(|row| row.total().wire_bytes).unwrap();
    busiest.address = crate::model::Address::V4([239, 1, 1, 1].into());
    busiest.inside = Some(true);
    // A file that has been read is seen once.
    session.app = App::new(session.app.options.clone(), Theme::new(Depth::Mono, false));
    session.see(snapshot);
    assert!(!session.lines().iter().any(|line| line.starts_with(" 239.1.1.1 ")), "{}", session.text());
    // There not among them either, but beside.
    session.keys("3");
    assert!(!session.text().contains("239.1.1.1"), "{}", session.text());
    session.keys("Left");
    let line = session.lines()[session.line_of("239.1.1.1")].clone();
    assert!(line.contains(" group ") && !line.contains("inside"), "{line}");
}

/// Where there is no TCP the screen opens on what there is; what the user walked to stays, empty or not.
#[test]
fn conversations_open_on_a_kind_that_has_rows() {
    let without_tcp = || {
        let mut snapshot = demo::snapshot(Story::File, 0);
        snapshot.stats.conversations.tcp = crate::snapshot::Table::default();
        snapshot
    };
    let mut session = Session::new(Story::Empty, 100, 24);
    session.app = App::new(session.app.options.clone(), Theme::new(Depth::Mono, false));
    session.see(without_tcp());
    session.keys("4");
    let udp = without_tcp().stats.conversations.udp.rows.len();
    assert!(udp > 0, "{}", session.text());
    assert_eq!(session.app.pane().kind, 1, "{}", session.text());
    session.keys("Left");
    assert_eq!(session.app.pane().kind, 0);
    session.see(Snapshot { number: 2, ..without_tcp() });
    assert_eq!(session.app.pane().kind, 0, "the user went there");
    assert!(session.text().contains("none in this capture"), "{}", session.text());
}

/// What is free in the first line is the name's.
#[test]
fn a_name_is_not_cut_beside_free_cells() {
    let mut session = Session::new(Story::File, 80, 24);
    session.app.options.source_title = "captures/of-the-second-floor-monday.pcap".into();
    session.draw();
    let first = session.lines()[0].clone();
    assert!(
        first.starts_with(" of-the-sec") && first.contains("monday.pcap  sw-core-1 Gi1/0/24  ●"),
        "the middle of the long name: {first}"
    );
    assert!(first.contains('…') && !first.trim().contains("   "), "free cells beside a cut name: {first}");
}
