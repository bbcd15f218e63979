//! One trouble is told once, with the cause that it has.

use super::*;
use crate::diagnose::by_cause;
use crate::model::Mac;

fn findings(e: &Evidence) -> Vec<Finding> {
    judge_network(e, &mut Judge::default(), Timestamp(NOW)).findings
}

/// A router that is gone, of this station, and a service behind a station that nobody answers at.
fn router_gone(next: u8) -> Evidence {
    let mut e = gone(5, false);
    e.network.sightings.unanswered[0].last_answer = Some((Timestamp(NOW - 60 * SECOND), Mac([2; 6])));
    let mut behind = down(10, 2, 30);
    (behind.key.address, behind.next) = (host(77), Mac([next; 6]));
    e.network.services.push(behind);
    e
}

#[test]
fn what_is_behind_a_router_that_is_gone_stands_under_it() {
    let first = |e: &Evidence| {
        let mut all = findings(e);
        by_cause(&mut all);
        (all[0].id, all[0].cause_of.clone())
    };
    assert_eq!(first(&router_gone(2)), ("arp.unanswered", vec!["tcp.no_answer"]));
    assert_eq!(first(&router_gone(3)).1, [""; 0], "it is behind another one");
}

#[test]
fn a_host_that_was_heard_beside_arp_is_gone() {
    let title = |heard: Option<i64>| {
        let mut e = gone(5, false);
        e.network.sightings.unanswered[0].last_heard = heard.map(|seconds| Timestamp(NOW - seconds * SECOND));
        findings(&e)[0].title.clone()
    };
    assert!(title(None).ends_with("nothing was ever heard of it"), "{}", title(None));
    let heard = title(Some(89));
    assert!(heard.starts_with("10.0.0.9 is gone") && heard.ends_with("last heard 1 m 29 s before"), "{heard}");
}

#[test]
fn connections_wait_for_what_was_lost() {
    // Ten that hang, and as many that lost something.
    let told = |losing: u64| {
        let mut service = attempts(100, Trouble::Hung, 10, 3);
        service.windows[0].loss.connections = losing;
        findings(&evidence(service)).iter().any(|f| f.id == "tcp.no_answer")
    };
    assert!(told(0) && told(19), "those that hang lose their own");
    assert!(!told(20), "twice as many lose packets");
}

#[test]
fn what_is_too_large_for_the_way_does_not_hang_besides() {
    let told = |receiver: Address| {
        let mut e = black_hole(2);
        e.network.black_holes.iter_mut().for_each(|hole| (hole.receiver, hole.sender) = (receiver, None));
        e.network.services.push(attempts(100, Trouble::Hung, 10, 3));
        let ids: Vec<&str> = findings(&e).iter().map(|f| f.id).collect();
        (ids.contains(&"pmtu.blackhole"), ids.contains(&"tcp.no_answer"))
    };
    assert_eq!((told(host(9)), told(host(8))), ((true, false), (true, true)));
}

/// Whether requests are found to wait from that second on up to another, beside a mirror that was silent from second 0 to 10.
fn waits(first: i64, last: i64) -> bool {
    let at = |second: i64| Timestamp(NOW + second * SECOND);
    let mut finding = Finding::new("server.slow", Severity::Critical, "", at(last));
    (finding.first, finding.evidence) = (at(first), vec![("waiting", Value::Count(7))]);
    let outage = Outage { from: at(0), seconds: 10.0, senders: 3, missed: 9, open: false, is_proved: true, ..Outage::default() };
    let mut mirror = crate::diagnose::judge::tests::clean();
    mirror.outages = vec![outage];
    let mut all = vec![finding];
    silence(&mut all, &mirror);
    !all.is_empty()
}

#[test]
fn an_answer_may_lie_in_a_time_in_which_nothing_was_mirrored() {
    assert!(!waits(-7, -1) && !waits(-30, -1) && !waits(0, 10));
    assert!(waits(-31, -1), "it waited for long before");
    assert!(waits(-7, 11), "and waits on behind it");
    assert!(waits(1, 9), "it began within");
}
