//! What is wrong: which of it the filter shows, and what is said where it shows none.

use super::*;
use crate::model::{Finding, Severity, Subject, Timestamp};
use crate::snapshot::Snapshot;
use crate::tui::view::Topic;

/// The identifiers of the findings in front.
fn shown(session: &Session) -> Vec<&'static str> {
    session.app.topics().into_iter().filter_map(|topic| if let Topic::Finding(id, _) = topic { Some(id) } else { None }).collect()
}

#[test]
fn the_filter_shows_findings_by_host_severity_kind_and_words() {
    let all = ["dup.every", "loss.kernel", "dns.slow", "tcp.loss_toward"];
    for (words, found) in [
        ("10.20.1.2", &["dns.slow"][..]),
        ("host 10.20.1.2", &["dns.slow"]),
        ("host 10.20.1.3", &[]),
        ("port 53", &["dns.slow"]),
        ("udp", &["dns.slow"]),
        ("10.20.0.0/16", &["dns.slow", "tcp.loss_toward"]),
        ("critical", &["dup.every"]),
        ("severity = warning", &["loss.kernel", "dns.slow"]),
        ("subject_kind = service", &["dns.slow"]),
        ("dns", &["dns.slow"]),
        ("loss.", &["loss.kernel"]),
        ("id = dup.every", &["dup.every"]),
        ("twice or kernel", &["dup.every", "loss.kernel"]),
        ("not service", &["dup.every", "loss.kernel", "tcp.loss_toward"]),
        ("12,384,112", &["dup.every"]),
        ("hosts > 13", &["dns.slow"]),
        ("vlan 10", &[]),
        // What to do about it names what it is not about.
        ("Cisco", &[]),
    ] {
        let mut session = Session::new(Story::Trouble, 120, 40);
        session.keys("6");
        assert_eq!(shown(&session), all);
        session.keys("/").kinds(words);
        assert_eq!(shown(&session), found, "{words}");
        let title = session.lines()[2].clone();
        assert!(title.contains(&format!("{} of 4 match the filter", found.len())), "{words}: {title}");
        assert_eq!(session.text().contains("nothing matches the filter"), found.is_empty(), "{}", session.text());
        // Its marks are those of everything: nothing is calm because it is not shown.
        assert!(session.lines()[1].contains("✖1 ▲2"), "{}", session.lines()[1]);
    }
}

#[test]
fn the_overview_shows_what_is_wrong_with_what_matches() {
    let wrong = |words: &str| {
        let mut session = Session::new(Story::Trouble, 120, 40);
        session.keys("1 /").kinds(words).keys("Enter");
        let at = session.line_of("What is wrong");
        session.lines()[at..at + 3].to_vec()
    };
    let host = wrong("host 10.20.1.2");
    assert!(host[0].contains("2 more") && host[1].contains("DNS server 10.20.1.2 answers slowly"), "{host:?}");
    let nobody = wrong("host 10.99.0.1");
    assert!(nobody[1].contains("none of 3 findings matches the filter"), "{nobody:?}");
    assert!(!nobody.iter().any(|line| line.contains('●')), "{nobody:?}");
}

#[test]
fn a_finding_is_a_filter_for_what_it_is_about() {
    let mut session = Session::new(Story::Trouble, 120, 40);
    session.keys("6 Down Down Down f");
    let filter = session.app.view.filter.as_ref().map(|filter| filter.text().to_owned());
    assert_eq!(filter.as_deref(), Some("host 10.20.1.2 and port 53"), "{}", session.text());
    assert_eq!(shown(&session), ["dns.slow"]);
    session.keys("Esc Esc 6 Down f");
    assert_eq!(shown(&session), ["dup.every"], "{}", session.text());
    // What was opened stays, whatever is typed then.
    session.keys("Enter /").kinds("nosuchword").keys("Enter");
    assert!(session.text().contains("Likely cause"), "{}", session.text());
}

#[test]
fn where_most_failed_nothing_is_said_to_be_well() {
    for verdict in [crate::model::Verdict::Unknown, crate::model::Verdict::Good] {
        let mut snapshot = demo::snapshot(Story::File, 0);
        snapshot.diagnosis.findings.clear();
        let network = &mut snapshot.diagnosis.network;
        (network.judged, network.failed, network.refused, network.is_failing, network.verdict) = (1, Some(1), Some(1), true, verdict);
        snapshot.number = 2;
        let mut session = Session::new(Story::File, 120, 40);
        session.see(snapshot);
        let text = session.keys("6").text();
        assert!(text.contains("○ No finding, but not all went well."), "{text}");
        assert!(text.contains("the only one judged was refused") && !text.contains("Nothing"), "{text}");
    }
}

/// Findings about so many VLANs before those of a story.
fn with_many(vlans: u16) -> Snapshot {
    let mut snapshot = demo::snapshot(Story::File, 2);
    let one =
        |vlan| Finding { subject: Subject::Vlan(vlan), ..Finding::new("storm.broadcast", Severity::Critical, "A storm", Timestamp(0)) };
    snapshot.diagnosis.findings.splice(0..0, (1..=vlans).map(one));
    snapshot
}

#[test]
fn of_many_that_are_alike_a_few_stand_for_all() {
    let mut session = Session::new(Story::File, 120, 40);
    session.see(with_many(40));
    let overview = session.text();
    assert!(overview.contains("A storm (and 39 others alike)") && overview.matches("A storm").count() == 1, "{overview}");
    let text = session.keys("6").text();
    assert_eq!(text.matches(" A storm").count(), 4, "three rows, and the preview of the first: {text}");
    assert!(text.contains("└ and 37 others alike: VLAN 4, VLAN 5, VLAN 6 …"), "{text}");
    assert!(session.lines()[1].contains("✖40"), "{}", session.lines()[1]);
    // They are a page of their own, from which each is opened.
    let text = session.keys("Down Down Down Down Enter").text();
    assert!(text.contains("6 Problems › all of storm.broadcast") && text.contains("40 alike"), "{text}");
    assert_eq!(session.app.topics().len(), 40);
    let text = session.keys("Down Down Down Down Enter").text();
    assert!(text.contains("about VLAN 4"), "{text}");
    let text = session.keys("Esc Esc").text();
    assert!(text.contains("└ and 37 others alike"), "{text}");
    // A filter that leaves few shows each of them.
    let text = session.keys("/").kinds("vlan 4 or vlan 5").text();
    assert!(!text.contains("alike") && shown(&session).len() >= 2, "{text}");
}
