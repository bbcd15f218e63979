//! Shared gateways that do not tell their address, and routers that come back.

use super::support::packet::control;
use super::{S, Traffic, events, found, mac, value};
use spantop::model::{Severity, SwitchEventKind, Value};

#[test]
fn a_group_that_does_not_tell_its_address_is_one_fault() {
    let mut two = Traffic::default();
    two.talk(0..100 * S);
    two.every(S, 0..100 * S, &control::carp(4, 0, 2));
    two.every(S, 300..100 * S, &control::carp(4, 100, 3));
    let s = two.look();
    assert_eq!(found(&s), [("fhrp.two_masters", Severity::Critical, "00:00:5e:00:01:04".to_owned())]);
    let title = s.diagnosis.findings.iter().find(|f| f.id == "fhrp.two_masters").map(|f| f.title.as_str());
    assert_eq!(title, Some("Two routers forward for one shared address: 10.0.0.2 and 10.0.0.3 (carp group 4)"));
    let mut flips = Traffic::default();
    flips.talk(0..400 * S);
    for turn in 0..7i64 {
        let sender = if turn % 2 == 0 { 2 } else { 3 };
        flips.every(S, turn * 50 * S + 4 * S..(turn + 1) * 50 * S, &control::carp(4, sender, sender));
    }
    let s = flips.look();
    assert_eq!(found(&s), [("fhrp.flip", Severity::Warning, "00:00:5e:00:01:04".to_owned())]);
    assert_eq!(value(&s, "fhrp.flip", "changes"), Some(Value::Count(6)));
    let mut one = Traffic::default();
    one.talk(0..100 * S);
    one.every(S, 0..50 * S, &control::carp(4, 0, 2));
    one.every(S, 54 * S..100 * S, &control::carp(4, 100, 3));
    assert_eq!(found(&one.look()), [], "a failover");
}

#[test]
fn a_router_that_came_back_is_told_so() {
    let until = |returns: Option<i64>| {
        let mut t = Traffic::default();
        t.talk(0..300 * S);
        let hello = control::ospf_hello(mac(3), 3, [10, 40], &[4]);
        t.every(10 * S, 0..100 * S, &hello);
        if let Some(at) = returns {
            t.every(10 * S, at * S..300 * S, &hello);
        }
        t.every(10 * S, 2 * S..300 * S, &control::ospf_hello(mac(4), 4, [10, 40], &[3]));
        let s = t.look();
        assert_eq!(found(&s).into_iter().map(|f| f.0).collect::<Vec<_>>(), ["ospf.hello_lost"]);
        let title = s.diagnosis.findings.iter().find(|f| f.id == "ospf.hello_lost").map(|f| f.title.clone()).unwrap_or_default();
        (title, value(&s, "ospf.hello_lost", "silent_seconds"))
    };
    let (title, seconds) = until(Some(200));
    assert_eq!(title, "OSPF router 10.0.0.3 sent no hellos for 1 m 50 s, and does again");
    assert_eq!(seconds, Some(Value::Seconds(110.0)));
    assert_eq!(until(None).0, "OSPF router 10.0.0.3 sends no hellos any more, 1 other does");
}

#[test]
fn a_takeover_is_of_the_time_of_its_first_hello() {
    // The one before says so last at 99 s; that it is silent shows three hellos later. It may say so once more meanwhile.
    for (again, at) in [(None, 101), (Some(101_500), 102)] {
        let mut t = Traffic::default();
        t.talk(0..200 * S);
        t.every(S, 0..100 * S, &control::vrrp(7, 200, 2));
        t.every(S, 101 * S..200 * S, &control::vrrp(7, 100, 3));
        again.into_iter().for_each(|again| t.push(again, control::vrrp(7, 200, 2)));
        let s = t.look();
        let told = events(&s, SwitchEventKind::GatewayChanged);
        assert_eq!(told, [(at, "10.0.0.3".into(), "forwards for vrrp group 7, after 10.0.0.2".into(), 1)], "{again:?}");
    }
}
