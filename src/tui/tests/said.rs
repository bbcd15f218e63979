//! What is said, and the names learnt from it: pages that are read off the descriptors of their tables.

use super::*;

/// The screen with this title is in front.
fn on(title: &str) -> Session {
    let mut session = Session::new(Story::Calm, 120, 30);
    session.keys(":").kinds(title).keys("Enter");
    session
}

#[test]
fn each_protocol_shows_its_numbers() {
    let mut session = on("applications");
    assert!(session.text().contains("Transport Layer Security") && session.text().contains("www.example.org"), "{}", session.text());
    session.keys("Right");
    let text = session.text();
    assert!(text.contains("Domain Name System") && text.contains("NXDOMAIN") && text.contains("median"), "{text}");
    assert!(!text.contains("www.example.org"), "{text}");
    session.keys("Right");
    assert!(session.text().contains("www.example.org"), "after the last comes the first");
}

#[test]
fn its_rows_are_sorted_and_filtered_and_open_the_conversations() {
    let mut session = on("applications");
    let order = |session: &Session| ["www.example.org", "backup.office.example"].map(|name| session.line_of(name));
    let [www, backup] = order(&session);
    assert!(www < backup, "the counters' own order is by events");
    session.keys("s s");
    assert!(session.text().contains('▾') || session.text().contains('▴'), "{}", session.text());
    let [www, backup] = order(&session);
    assert!(www > backup, "sorted by name:\n{}", session.text());
    session.keys("S");
    let [www, backup] = order(&session);
    assert!(www < backup, "turned:\n{}", session.text());
    session.keys("/").kinds("mail").keys("Enter");
    assert!(session.text().contains("mail.office.example") && !session.text().contains("www.example.org"), "{}", session.text());
    session.keys("Esc Down Enter");
    assert!(session.lines()[1].contains("› tls"), "{}", session.text());
}

#[test]
fn a_name_opens_its_host() {
    let mut session = on("names");
    assert!(session.text().contains("files.office.example") && session.text().contains("learnt from"), "{}", session.text());
    session.keys("/").kinds("files source = dns").keys("Enter");
    assert_eq!(session.text().matches("files.office.example").count(), 1, "{}", session.text());
    session.keys("Down");
    assert!(session.lines()[29].contains("⏎ open"), "{}", session.lines()[29]);
    session.keys("Enter");
    assert!(session.lines()[1].contains("› 10.20.1.7"), "{}", session.lines()[1]);
}

#[test]
fn what_only_a_port_tells_has_a_mark() {
    let mut session = Session::new(Story::Calm, 120, 30);
    session.keys("4");
    let text = session.text();
    assert!(text.contains("microsoft-ds?") || text.contains("smb2?") || text.contains("https?"), "{text}");
    assert!(text.contains(" tls ") && !text.contains("tls?"), "{text}");
    // Where the name is cut, the mark stays.
    let mut narrow = Session::new(Story::Calm, 60, 30);
    narrow.keys("4");
    assert!(narrow.text().contains("…?") || narrow.text().contains("smb2?"), "{}", narrow.text());
}
