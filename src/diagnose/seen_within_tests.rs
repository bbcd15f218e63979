//! How long a finding of the network stands when nothing more of it is seen, and whose numbers it says.

use super::*;

/// So many attempts of so many that were refused, the last of them at that second.
fn refused(count: u64, all: u64, second: i64) -> Evidence {
    let mut service = attempts(all, Trouble::Refused, count, 1);
    service.last_success = None;
    service.windows[0].seconds = 60.0;
    service.windows[0].troubles.of_mut(Trouble::Refused).span = Some(Episode { first: at(-30), last: at(second) });
    evidence(service)
}

fn at(second: i64) -> Timestamp {
    Timestamp(NOW + second * SECOND)
}

/// What is found of one kind at that second by this evidence: whether it stands, and what it says.
fn look(state: &mut Judge, e: &Evidence, second: i64, id: &str) -> Option<(bool, String)> {
    let e = Evidence { network: NetworkEvidence { now: at(second), ..e.network.clone() }, ..e.clone() };
    judge_network(&e, state, at(second)).findings.into_iter().find(|f| f.id == id).map(|f| (f.active, f.title))
}

#[test]
fn a_finding_clears_a_minute_after_it_was_last_seen_and_keeps_its_numbers() {
    let mut state = Judge::default();
    let mut look = |count, all, last, second| look(&mut state, &refused(count, all, last), second, "tcp.refused").unwrap();
    let of = |count: u64| format!("10.0.0.9:80 refuses connections: {count} attempts of 1 client");
    assert_eq!(look(38, 38, 0, 1), (true, of(38)));
    // The stretch moves on, and where it holds too few a longer one is looked at.
    for (count, all, second) in [(33, 33, 20), (13, 14, 40), (38, 40, 59)] {
        assert_eq!(look(count, all, 0, second), (true, of(38)), "at {second}");
    }
    assert_eq!(look(38, 40, 0, 60), (false, of(38)), "a minute after the last");
    assert_eq!(look(38, 40, 0, 300), (false, of(38)));
    assert_eq!(look(8, 8, 301, 302), (true, of(8)), "it is seen again");
    assert_eq!(look(9, 10, 303, 304), (true, of(9)), "and goes on");
}

#[test]
fn what_has_cleared_opens_again_by_newer_evidence_alone() {
    let mut state = Judge::default();
    let mut look = |count, all, last, second| look(&mut state, &refused(count, all, last), second, "tcp.refused").unwrap().0;
    assert!(look(38, 38, 0, 1));
    assert!(!look(0, 400, 0, 20) && !look(0, 400, 0, 31), "nothing is found any more");
    assert!(!look(57, 98, 0, 32), "a stretch in which there is enough of it again");
    assert!(!look(58, 98, 0, 59));
    assert!(look(59, 98, 60, 61), "one more");
}

/// What lasts as long as it is told, of which more is told late: the latest at that second.
#[test]
fn what_lasts_opens_again_by_what_came_after_it_had_cleared() {
    let hole = |last: i64| {
        let mut e = black_hole(3);
        e.network.black_holes[0].span = Episode { first: at(-20), last: at(last) };
        e
    };
    let mut state = Judge::default();
    let mut look = |e: &Evidence, second| look(&mut state, e, second, "pmtu.blackhole").unwrap().0;
    let none = evidence(attempts(0, Trouble::Refused, 0, 0));
    assert!(look(&hole(0), 5) && look(&hole(0), 130));
    assert!(!look(&none, 141), "it is over");
    assert!(!look(&hole(38), 203), "what happened while it stood is no news");
    assert!(look(&hole(204), 206));
}

#[test]
fn an_end_before_the_newest_evidence_is_none() {
    let e = evidence(down(8, 3, 20));
    let stands = Finding { last: at(10), ..Finding::new("tcp.no_answer", Severity::Critical, "", at(0)) };
    let over = |second| Report::new(Severity::Critical, "", Vec::new()).held(vec![Episode { first: at(0), last: at(second) }]).over(true);
    assert_eq!([9, 10, 11].map(|second| ends_before(&over(second), &stands, &e)), [true, false, false]);
}

#[test]
fn numbers_say_of_which_stretch_they_are() {
    let within = |e: &Evidence| {
        let findings = judge_network(e, &mut Judge::default(), Timestamp(NOW)).findings;
        findings[0].evidence.iter().find(|(name, _)| *name == "within").map(|(_, value)| value.clone())
    };
    assert_eq!(within(&refused(38, 38, 0)), Some(Value::Seconds(60.0)));
    assert_eq!(within(&tls_failing(5, 20, [2, 3])), Some(Value::Seconds(600.0)));
    let mut whole = refused(38, 38, 0);
    whole.network.services[0].windows[0].seconds = 0.0;
    assert_eq!(within(&whole), None, "of a file it is all of it");
}

#[test]
fn the_end_of_a_file_is_about_the_whole_of_it() {
    let mut e = refused(38, 40, 0);
    e.network.is_whole = true;
    assert_eq!(look(&mut Judge::default(), &e, 600, "tcp.refused").map(|(stands, _)| stands), Some(true));
    e.network.is_whole = false;
    assert_eq!(look(&mut Judge::default(), &e, 600, "tcp.refused"), None, "what is over is not found anew");
}

#[test]
fn what_comes_seldom_stands_as_long_as_it_is_told() {
    let stands = |e: &Evidence, id: &str| {
        let mut state = Judge::default();
        [0, 599].map(|second| look(&mut state, e, second, id).is_some_and(|(stands, _)| stands))
    };
    assert_eq!(stands(&certificate(-1, 1), "tls.expiring"), [true, true]);
    assert_eq!(stands(&tls_failing(5, 20, [2, 3]), "tls.failing"), [true, false]);
    let told = DhcpConfig { router: Some(Ipv4Addr::new(10, 0, 0, 66)), ..DhcpConfig::default() };
    let mut second = second_server(told, true);
    for (passed_over, stands_on) in [(2, true), (3, false)] {
        second.network.sightings.second_servers[0].passed_over = passed_over;
        assert_eq!(stands(&second, "dhcp.rogue"), [true, stands_on], "others offered {passed_over} times");
    }
}
