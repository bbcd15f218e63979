//! Every key, click and word of the filter is answered: by what it does, or by why it does nothing.

use super::*;
use crate::snapshot::Filter;
use crate::tui::canvas::Hit;
use crate::tui::screen::Sorts;

/// Behind Esc a port's picture lacks the rows that the filter hid until the engine has answered: nobody claims that there are none, the kind that
/// was shown stays, and a picture that is held meanwhile gets its rows.
#[test]
fn rows_that_a_filter_hid_are_not_said_to_be_none() {
    let narrowed = |number: u64| {
        let mut snapshot = demo::snapshot(Story::Calm, 1);
        snapshot.number = number;
        let kept = |row: &crate::snapshot::HostRow| row.address.to_string() == "10.20.1.7";
        let ends = &mut snapshot.stats.endpoints;
        for table in [&mut ends.ip, &mut ends.ipv6, &mut ends.eth, &mut ends.tcp, &mut ends.udp] {
            table.rows.retain(kept);
            table.total_rows = table.rows.len() as u64;
        }
        snapshot.narrowed_by = Some("10.20.1.7".into());
        snapshot
    };
    let mut session = Session::new(Story::Calm, 120, 40);
    session.keys("3 Right Right");
    let (kind, rows) = (session.app.pane().kind, session.app.topics().len());
    session.keys("/").kinds("10.20.1.7").keys("Enter");
    session.see(narrowed(1_001));
    session.keys("Esc");
    let line = |session: &Session| session.lines().into_iter().find(|line| line.contains("TCP ports")).unwrap_or_default();
    assert!(!line(&session).chars().any(|c| c == '0' || c.is_ascii_digit() && c != '4' && c != '6'), "{}", line(&session));
    assert_eq!(session.app.pane().kind, kind);
    session.see(narrowed(1_002));
    assert_eq!(session.app.pane().kind, kind, "a picture of before is no answer");
    session.keys("p");
    let mut whole = demo::snapshot(Story::Calm, 2);
    whole.number = 1_003;
    session.see(whole);
    assert_eq!((session.app.pane().kind, session.app.topics().len()), (kind, rows), "{}", session.text());
    let held = session.app.held.number;
    let mut next = demo::snapshot(Story::Calm, 3);
    next.number = 1_004;
    session.see(next);
    assert_eq!(session.app.held.number, held, "now it is held");
}

/// What the list shows from left to right is what `s` walks through, each column once, until it is at the first again.
#[test]
fn every_column_that_stands_there_is_sorted_by() {
    for screen in ["3", "4", "5"] {
        let mut session = Session::new(Story::File, 200, 60);
        session.keys(screen);
        let heads = |session: &Session| {
            let hits = session.app.hits.iter();
            let heads: Vec<_> = hits.filter_map(|(place, hit)| if let Hit::Column(c) = hit { Some((place.y, *c)) } else { None }).collect();
            let top = heads.iter().map(|head| head.0).min();
            heads.into_iter().filter(|head| Some(head.0) == top).map(|head| head.1).collect::<Vec<_>>()
        };
        let order = |session: &Session| match session.app.page().sorting().map(|sorting| sorting.0) {
            Some(Sorts::Conversations) => Some(session.app.view.conversations.column),
            Some(Sorts::Endpoints) => Some(session.app.view.endpoints.column),
            _ => session.app.pane().order.map(|order| order.column),
        };
        let mut walked = Vec::new();
        for _ in 0..heads(&session).len() {
            session.keys("s");
            walked.push(order(&session).expect("an order"));
        }
        let missed: Vec<_> = heads(&session).into_iter().filter(|column| !walked.contains(column)).collect();
        assert!(walked.len() > 5 && missed.is_empty(), "{screen}: {missed:?} of {walked:?}\n{}", session.text());
    }
}

/// A click on any head sorts, or says why not; so do keys that show nothing of what they choose.
#[test]
fn every_head_and_every_key_answers() {
    for screen in 0..SCREENS.len() {
        let mut session = Session::new(Story::File, 160, 45);
        session.app.go(screen);
        session.draw();
        let heads = |session: &Session| -> Vec<Rect> {
            let is_head = |hit: &&(Rect, Hit)| matches!(hit.1, Hit::Column(_) | Hit::Unsorted(_));
            session.app.hits.iter().filter(is_head).map(|hit| hit.0).collect()
        };
        // Another order may need other widths.
        for at in 0..heads(&session).len() {
            session.app.notice = None;
            session.draw();
            let Some(place) = heads(&session).get(at).copied() else { break };
            let before = session.text();
            session.mouse(MouseEventKind::Down(MouseButton::Left), place.x, place.y);
            assert!(session.text() != before, "{} at {place:?}", session.app.page().title());
        }
        for key in ["n", "b", "d", "s", "S", "Left", "Right"] {
            session.keys("Esc Esc Esc");
            session.app.notice = None;
            session.draw();
            let before = session.text();
            session.keys(key);
            assert!(session.text() != before, "{key} on {}", session.app.page().title());
        }
    }
}

/// The key that stands beside a line of the menu does what the line says; other letters look for a line.
#[test]
fn a_key_of_the_menu_is_that_key() {
    let mut session = Session::new(Story::Calm, 120, 40);
    session.keys("3 Down m f");
    assert!(session.app.view.filter.is_some() && matches!(session.app.modal, Modal::None), "{}", session.text());
    session.keys("Esc Esc Down m").kinds("html");
    assert!(matches!(session.app.modal, Modal::Palette(_)) && session.text().contains("export HTML"), "{}", session.text());
}

/// Stations are those of the hosts that are shown, whatever the filter asks for, and those it knows themselves.
#[test]
fn stations_follow_the_filter() {
    let card = |row: &crate::snapshot::HostRow| if let Address::Mac(mac) = row.address { Some(mac) } else { None };
    let mut session = Session::new(Story::Calm, 120, 40);
    let mut snapshot = demo::snapshot(Story::Calm, 1);
    snapshot.number = 1_001;
    let cards: Vec<_> = snapshot.stats.endpoints.eth.rows.iter().filter_map(card).filter(|mac| !mac.is_group()).collect();
    assert!(cards.len() > 2, "the story has stations");
    snapshot.switch.addresses = vec![(cards[0], "10.20.1.7".parse::<std::net::IpAddr>().expect("an address").into())];
    session.see(snapshot);
    for (words, at) in [("10.20.1.7", 0), ("tls", 0), (cards[1].to_string().as_str(), 1)] {
        session.app.filter(Filter::parse(words).expect("a filter"));
        session.keys("0");
        let shown: Vec<_> = session.app.shown.stats.endpoints.eth.rows.iter().filter_map(card).collect();
        assert!(shown.contains(&cards[at]) && !shown.contains(&cards[2]), "{words}: {shown:?}");
    }
}
