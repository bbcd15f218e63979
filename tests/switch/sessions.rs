//! What is sent to stations, not to groups: sessions of BFD, OSPF's descriptions, routers that were told their neighbours. And time servers.

use super::support::packet::Packet;
use super::support::packet::control::{self, BfdEnd};
use super::support::packet::message::ntp;
use super::{Millis, S, Traffic, events, found, mac, troubles};
use spantop::model::{Severity, SpeakerHello, SwitchEventKind};
use spantop::snapshot::Snapshot;

/// Both ends of a session send, each in its time.
fn both(t: &mut Traffic, times: std::ops::Range<Millis>, every: Millis) {
    t.every(every, times.clone(), &BfdEnd::new(1, 2).frame());
    t.every(every, times.start + every / 3..times.end, &BfdEnd::new(2, 1).frame());
}

fn told(s: &Snapshot) -> Vec<(i64, String, String)> {
    let mut told: Vec<_> = events(s, SwitchEventKind::SpeakerChanged).into_iter().map(|e| (e.0, e.1, e.2)).collect();
    told.sort();
    told
}

#[test]
fn a_session_that_stands_is_there_and_silent() {
    let mut t = Traffic::default();
    t.talk(0..600 * S);
    // 50 ms is as fast as sessions usually are; one packet is lost now and then.
    for (n, at) in (0..600 * S).step_by(50).enumerate().filter(|(n, _)| n % 97 != 0) {
        let end = BfdEnd { intervals: [50_000; 2], ..if n % 2 == 0 { BfdEnd::new(1, 2) } else { BfdEnd::new(2, 1) } };
        t.push(at, end.frame());
        t.push(at + 25, BfdEnd { ends: [end.ends[1], end.ends[0]], numbers: [end.numbers[1], end.numbers[0]], ..end }.frame());
    }
    let s = t.look();
    assert_eq!(told(&s), []);
    let rows: Vec<_> = s.switch.speakers.iter().map(|r| (r.words.each_ref().map(String::as_str), r.is_silent, r.changes)).collect();
    let says = "up, every 50 ms, 3 may be missing";
    assert_eq!(rows, [(["10.0.0.1", "with 10.0.0.2", says], false, 0), (["10.0.0.2", "with 10.0.0.1", says], false, 0)]);
    let sent = t.frames.iter().filter(|(_, f)| f.get(36..38) == Some(&3784u16.to_be_bytes()[..])).count() as u64;
    assert_eq!(s.switch.speakers.iter().map(|r| r.packets).sum::<u64>(), sent, "each packet counts");
    assert!(troubles(&s).is_empty(), "{:?}", s.diagnosis.findings);
}

#[test]
fn an_end_that_fails_and_comes_back() {
    let mut t = Traffic::default();
    t.talk(0..60 * S);
    t.every(300, 0..20_900, &BfdEnd::new(1, 2).frame());
    t.every(300, 100..20 * S, &BfdEnd::new(2, 1).frame());
    // End 2 is gone; 1 says so after 900 ms, once a second.
    let down = BfdEnd { state: [1, 1], numbers: [1, 0], intervals: [1_000_000, 300_000], ..BfdEnd::new(1, 2) };
    t.every(S, 21 * S..40 * S, &down.frame());
    both(&mut t, 40 * S..60 * S, 300);
    let s = t.look();
    let want = [
        (20, "10.0.0.2", "not heard by bfd for 900 ms"),
        (21, "10.0.0.1", "its session with 10.0.0.2 is down: the other end was not heard in its time"),
        (40, "10.0.0.1", "its session with 10.0.0.2 is up"),
        (40, "10.0.0.2", "heard again by bfd after 20 s"),
    ];
    let told = told(&s);
    let told: Vec<_> = told.iter().map(|(at, who, text)| (*at, who.as_str(), text.as_str())).collect();
    assert_eq!(told, want);
    let changes: Vec<_> = s.switch.speakers.iter().map(|r| (r.words[0].as_str(), r.changes, r.is_silent)).collect();
    assert_eq!(changes, [("10.0.0.1", 2, false), ("10.0.0.2", 0, false)]);
}

#[test]
fn the_slower_end_says_how_long_to_wait() {
    let mut t = Traffic::default();
    t.talk(0..60 * S);
    // One would like 50 ms, the other can receive once a second: it sends once a second.
    t.every(S, 0..60 * S, &BfdEnd { intervals: [50_000, 50_000], ..BfdEnd::new(1, 2) }.frame());
    t.every(S, 300..60 * S, &BfdEnd { intervals: [1_000_000, 1_000_000], ..BfdEnd::new(2, 1) }.frame());
    assert_eq!(told(&t.look()), []);
}

#[test]
fn descriptions_to_one_neighbour_tell_of_the_mtu() {
    let with = |mtu: u16, other_network: bool| {
        let mut t = Traffic::default();
        t.talk(0..60 * S);
        for router in [3, 4] {
            let hears: &[u8] = if other_network { &[] } else { &[7 - router] };
            let mut frame = control::ospf_hello(mac(router), router, [10, 40], hears);
            if other_network && router == 4 {
                // 10.0.1.4, which hears nobody: another link of the same area.
                frame = moved(&frame);
            }
            t.every(10 * S, i64::from(router)..60 * S, &frame);
        }
        t.push(5 * S, control::ospf_description_to(3, 4, 1500));
        t.push(5 * S + 1, control::ospf_description_to(4, 3, mtu));
        let s = t.look();
        let mtus: Vec<_> = s.switch.ospf.iter().map(|o| o.mtu).collect();
        assert_eq!(mtus, [Some(1500), Some(mtu)]);
        found(&s)
    };
    assert_eq!(with(9000, false), [("mtu.mismatch", Severity::Warning, "02:00:00:00:00:03".to_owned())]);
    assert_eq!(with(1500, false), []);
    assert_eq!(with(9000, true), [], "routers of two links");
}

/// The same packet from 10.0.1.4.
fn moved(frame: &[u8]) -> Vec<u8> {
    let to = std::net::Ipv4Addr::new(224, 0, 0, 5);
    let length = usize::from(u16::from_be_bytes([frame[16], frame[17]]));
    Packet::eth(mac(4), control::group_mac(to)).ip([10, 0, 1, 4], to).ttl(1).protocol(89).payload(&frame[34..14 + length]).build()
}

#[test]
fn routers_that_were_told_their_neighbours() {
    let mut t = Traffic::default();
    t.talk(0..100 * S);
    t.every(S, 0..100 * S, &control::vrrp_to(7, 200, 2, 3));
    assert_eq!(found(&t.look()), []);
    t.every(S, 300..100 * S, &control::vrrp_to(7, 100, 3, 2));
    assert_eq!(found(&t.look()), [("fhrp.two_masters", Severity::Critical, "10.0.0.1".to_owned())]);
}

#[test]
fn time_servers_are_listed() {
    let mut t = Traffic::default();
    t.talk(0..60 * S);
    for n in 0..5i64 {
        let answer = ntp(0x24, 2, 77 + n as u64, 0);
        let packet = Packet::eth(mac(1), mac(2)).ip([10, 0, 0, 1], [10, 0, 0, 2]).id(n as u16).udp(123, 40_000);
        t.push(n * 10 * S, packet.payload(&answer).build());
        let question = ntp(0x23, 0, 0, 0);
        let packet = Packet::eth(mac(2), mac(1)).ip([10, 0, 0, 2], [10, 0, 0, 1]).id(n as u16).udp(40_000, 123);
        t.push(n * 10 * S - 3, packet.payload(&question).build());
    }
    let s = t.look();
    let rows: Vec<_> = s.switch.speakers.iter().map(|r| (r.told.protocol(), r.words[0].as_str(), r.packets, r.is_silent)).collect();
    assert_eq!(rows, [("ntp", "10.0.0.1", 5, false)]);
    let answer = s.switch.speakers.iter().find_map(|r| if let SpeakerHello::Ntp(a) = &r.told { Some(a.stratum) } else { None });
    assert_eq!(answer, Some(2));
}
