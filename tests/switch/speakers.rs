//! Routers of IS-IS and EIGRP, and clocks of PTP: who is there, who falls silent, who follows whom.

use super::support::packet::control::{
    bfd, eap, eap_method, eigrp_hello, isis_hello, mld_query, ntp_answer, ospf_description_to, ospf_hello, ptp_announce, ptp_to_one,
};
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
fn sessions_of_bfd_that_are_lost_are_told() {
    let mut t = Traffic::default();
    t.talk(0..60 * S);
    t.every(3 * S / 10, 0..60 * S, &bfd(mac(2), [2, 1], 3, 0));
    // The other end is silent for two seconds and then says why.
    t.every(3 * S / 10, 0..20 * S, &bfd(mac(1), [1, 2], 3, 0));
    t.every(3 * S / 10, 22 * S..30 * S, &bfd(mac(1), [1, 2], 1, 1));
    t.every(3 * S / 10, 30 * S..60 * S, &bfd(mac(1), [1, 2], 3, 0));
    let s = t.look();
    let rows: Vec<_> = s.switch.speakers.iter().map(|r| (r.words.each_ref().map(String::as_str), r.packets, r.changes)).collect();
    let want = [
        (["10.0.0.1", "to 10.0.0.2", "up, 3 × 300 ms, session 1"], 67 + 27 + 100, 2),
        (["10.0.0.2", "to 10.0.0.1", "up, 3 × 300 ms, session 2"], 200, 0),
    ];
    assert_eq!(rows, want, "every packet is counted");
    let told = events(&s, SwitchEventKind::SpeakerChanged);
    let texts: Vec<&str> = told.iter().filter(|e| e.1 == "10.0.0.1").map(|e| e.2.as_str()).collect();
    assert!(texts.contains(&"not heard by bfd for 900.0 ms"), "{texts:?}");
    assert!(texts.iter().any(|text| text.starts_with("session to 10.0.0.2: down (control packets missing)")), "{texts:?}");
    assert!(told.iter().all(|e| e.1 == "10.0.0.1"), "{told:?}");
    assert!(troubles(&s).is_empty(), "{:?}", s.diagnosis.findings);
}

#[test]
fn clocks_that_tell_each_of_their_own() {
    let mut t = Traffic::default();
    t.talk(0..60 * S);
    t.every(S / 4, 0..60 * S, &ptp_to_one(mac(1), [1, 2]));
    t.every(16 * S, 0..30 * S, &ntp_answer(mac(3), [3, 4], 2, [10, 0, 0, 9]));
    t.every(16 * S, 32 * S..60 * S, &ntp_answer(mac(3), [3, 4], 1, *b"GPS\0"));
    let s = t.look();
    let rows: Vec<_> = s.switch.speakers.iter().map(|r| (r.told.protocol(), r.words[2].as_str(), r.packets, r.changes)).collect();
    let want = [("ntp", "stratum 1, GPS", 4, 1), ("ptp", "grandmaster, priority 128/127, class 6, 0 between", 240, 0)];
    assert_eq!(rows, want);
    assert!(s.switch.speakers.iter().all(|r| !r.is_silent), "who is asked may be silent");
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

#[test]
fn who_asks_for_groups_of_ipv6_and_who_describes_its_database_to_one() {
    let mut t = Traffic::default();
    t.talk(0..60 * S);
    t.every(20 * S, 0..60 * S, &mld_query(mac(1), 1));
    t.every(10 * S, 0..60 * S, &ospf_hello(mac(2), 2, [10, 40], &[3]));
    t.every(10 * S, S..60 * S, &ospf_hello(mac(3), 3, [10, 40], &[2]));
    t.every(30 * S, 5 * S..20 * S, &ospf_description_to(mac(2), [2, 3], 9_000));
    t.every(30 * S, 6 * S..20 * S, &ospf_description_to(mac(3), [3, 2], 1_500));
    let s = t.look();
    let asked: Vec<_> = s.switch.queriers.iter().map(|q| (q.protocol, q.version, q.packets)).collect();
    assert_eq!(asked, [("mld", 2, 3)]);
    assert_eq!(s.switch.ospf.iter().map(|r| r.mtu).collect::<Vec<_>>(), [Some(9_000), Some(1_500)]);
    assert_eq!(troubles(&s), ["mtu.mismatch"].into());
}
