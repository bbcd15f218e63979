//! Routers of IS-IS and EIGRP, and clocks of PTP: who is there, who falls silent, who follows whom. Ports that let devices in.

use super::support::packet::control::{eap, eap_method, eigrp_hello, isis_hello, ptp_announce};
use super::{S, Traffic, events, mac, troubles};
use spantop::model::SwitchEventKind;

#[test]
fn routers_and_clocks_are_there() {
    let mut t = Traffic::default();
    t.talk(0..120 * S);
    t.every(10 * S, 0..120 * S, &isis_hello(mac(1), 1, 30));
    t.every(5 * S, S..120 * S, &eigrp_hello(mac(2), 2, 100, 15));
    t.every(S, 0..120 * S, &ptp_announce(mac(3), 0x20, 0x20, 6));
    let s = t.look();
    let rows: Vec<_> = s.switch.speakers.iter().map(|r| (r.words.each_ref().map(String::as_str), r.packets, r.is_silent)).collect();
    let want = [
        (["10.0.0.2", "AS 100", ""], 24, false),
        (["1921.6800.1001", "area 49.0001", "level 2, hears 1"], 12, false),
        (["00:b0:ae:ff:fe:01:f9:20", "domain 4", "grandmaster, priority 128/127, class 6, 0 between"], 120, false),
    ];
    assert_eq!(rows, want);
    assert!(events(&s, SwitchEventKind::SpeakerChanged).is_empty());
    assert!(troubles(&s).is_empty(), "{:?}", s.diagnosis.findings);
}

#[test]
fn who_falls_silent_and_who_follows_another_clock() {
    let mut t = Traffic::default();
    t.talk(0..120 * S);
    t.every(10 * S, 0..41 * S, &isis_hello(mac(1), 1, 30));
    t.every(10 * S, 5 * S..120 * S, &isis_hello(mac(4), 4, 30));
    t.every(10 * S, 100 * S..120 * S, &isis_hello(mac(1), 1, 30));
    t.every(S, 0..60 * S, &ptp_announce(mac(3), 0x20, 0x21, 6));
    t.every(S, 60 * S..120 * S, &ptp_announce(mac(3), 0x20, 0x22, 248));
    let s = t.look();
    let told = events(&s, SwitchEventKind::SpeakerChanged);
    let short: Vec<(i64, &str, &str)> = told.iter().map(|(at, who, text, _)| (*at, who.as_str(), text.as_str())).collect();
    let clock = "follows another clock: of 00:b0:ae:ff:fe:01:f9:22, priority 128/127, class 248, 1 between";
    let want = [
        (60, "00:b0:ae:ff:fe:01:f9:20", clock),
        (70, "1921.6800.1001", "not heard by isis for 30 s"),
        (100, "1921.6800.1001", "heard again by isis after 60 s"),
    ];
    let mut sorted = short.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, want);
    assert_eq!(s.switch.speakers.iter().map(|r| r.changes).sum::<u64>(), 1);
}

#[test]
fn ports_and_devices_of_an_authentication() {
    let mut t = Traffic::default();
    t.talk(0..60 * S);
    t.every(20 * S, 0..60 * S, &eap(mac(1), 1));
    t.every(20 * S, S..60 * S, &eap_method(mac(5), 2, 25));
    t.every(20 * S, 2 * S..40 * S, &eap(mac(1), 3));
    t.every(20 * S, 42 * S..60 * S, &eap(mac(1), 4));
    let s = t.look();
    let rows: Vec<_> = s.switch.authenticators.iter().map(|r| (r.mac.0, r.is_port, r.method, r.begun, r.let_in, r.refused)).collect();
    assert_eq!(rows, [(mac(1), true, None, 3, 2, 1), (mac(5), false, Some(25), 0, 0, 0)]);
}
