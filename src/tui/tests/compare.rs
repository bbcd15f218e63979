//! The screen that tells what changed.

use super::*;
use crate::snapshot::{Baseline, BaselineState};

/// A live port with a fault, and the day before it as what is compared with.
fn compared(width: u16, height: u16) -> Session {
    let mut session = Session::new(Story::Trouble, width, height);
    let baseline = Baseline::new("yesterday.pcapng".into());
    let mut before = demo::snapshot(Story::Calm, 0);
    before.number = 1_000;
    baseline.tell(BaselineState::Known(Arc::new(before)));
    session.app.options.baseline = Some(Arc::new(baseline));
    session.keys("D");
    session
}

#[test]
fn what_changed_is_told_with_what_counts() {
    for (width, height) in [(80, 24), (120, 40), (200, 60)] {
        insta::assert_snapshot!(format!("compare-{width}x{height}"), compared(width, height).text());
    }
}

#[test]
fn noise_is_listed_when_asked_for_and_rows_open() {
    let mut session = compared(120, 40);
    let few = session.app.topics().len();
    assert!(few > 0 && !session.text().contains("why it may be chance"), "{}", session.text());
    session.keys("z");
    let all = session.app.topics().len();
    assert!(all > few && session.text().contains("why it may be chance"), "{few} of {all}\n{}", session.text());
    session.keys("z Down Enter");
    assert!(session.lines()[1].contains("Compare ›"), "a finding stands first, and opens: {}", session.text());
}

#[test]
fn a_filter_holds_for_both() {
    let mut session = compared(120, 40);
    session.keys("/").kinds("host 192.0.2.254").keys("Enter");
    assert!(!session.text().contains("gone    host"), "nobody is called so in either: {}", session.text());
}

#[test]
fn nothing_to_compare_with_says_how() {
    let mut session = Session::new(Story::Calm, 120, 40);
    session.keys("D");
    assert!(session.text().contains("--compare FILE"), "{}", session.text());
    session.app.options.baseline = Some(Arc::new(Baseline::new("old.pcap".into())));
    session.draw();
    assert!(session.text().contains("reading old.pcap …"), "{}", session.text());
    if let Some(baseline) = &session.app.options.baseline {
        baseline.tell(BaselineState::Failed("old.pcap: no capture".into()));
    }
    assert!(session.app.note_baseline() && !session.app.note_baseline());
    session.draw();
    assert!(session.text().contains("it cannot be compared with: old.pcap: no capture"), "{}", session.text());
}

#[test]
fn a_span_is_held_against_another() {
    let mut session = Session::new(Story::Calm, 120, 40);
    session.keys("D a");
    assert!(session.text().contains("Nothing to compare with yet"), "there is no span: {}", session.text());
    session.keys("1 , , [ , , ,");
    session.keys("D a");
    let before = session.lines()[3].clone();
    assert!(before.contains("before"), "{}", session.text());
    assert!(session.text().contains("Nothing differs"), "it is held against itself: {}", session.text());
    session.keys("Esc");
    let lines = session.lines();
    assert_eq!(lines[3], before, "{}", session.text());
    assert!(lines[4].contains("now") && lines[4].contains("eth1"), "{}", session.text());
    assert!(session.text().contains("Services are not compared"), "{}", session.text());
}

#[test]
fn what_is_compared_with_nothing_says_why() {
    let mut session = compared(120, 40);
    session.keys("a");
    assert!(session.text().contains("no span is looked at: mark one with [ and ]"), "{}", session.text());
    session.keys(", [ < ] a");
    assert!(!session.text().contains("no span is looked at"), "{}", session.text());
    // What is held is let go without one.
    session.keys("Esc a");
    assert!(!session.text().contains("no span is looked at"), "{}", session.text());
}
