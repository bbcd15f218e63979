//! Stations that are flooded, move or have no end; loops; VLANs that are joined; groups for which nobody asks; full links. And what looks like
//! it and is none.

use super::support::packet::control;
use super::support::packet::{End, Erspan, Packet};
use super::{Millis, S, Traffic, found, mac, value};
use spantop::engine::Settings;
use spantop::model::time::MILLISECOND;
use spantop::model::{Severity, Value};
use spantop::settings::MirrorSettings;
use spantop::snapshot::Snapshot;

/// A datagram from one station to another, unlike any other.
fn datagram(from: u8, to: u8, n: i64) -> Vec<u8> {
    let packet = Packet::eth(mac(from), mac(to)).ip([10, 1, 0, from], [10, 1, 0, to]).id(n as u16).udp(5000, 5000);
    packet.payload(&n.to_be_bytes()).build()
}

fn asks(from: u8, target: u8, vlan: Option<u16>) -> Vec<u8> {
    let end = End::new(mac(from), [10, 1, 0, from], 0);
    let mut frame = Packet::arp(1, end, [0; 6], [10, 1, 0, target].into()).build();
    if let Some(id) = vlan {
        let [high, low] = id.to_be_bytes();
        frame.splice(12..12, [0x81, 0, high, low]);
    }
    frame
}

/// Findings of the network but those that only say how many frames there are.
fn ids(s: &Snapshot) -> Vec<(&'static str, Severity)> {
    found(s).into_iter().map(|f| (f.0, f.1)).collect()
}

/// Receivers that are sent 60 frames a second each for ten minutes by two stations; each says something as often as told.
fn listeners(receivers: std::ops::Range<u8>, every: Option<Millis>) -> Traffic {
    let mut t = Traffic::default();
    t.talk(0..600 * S);
    for to in receivers {
        t.push(i64::from(to), asks(to, 101, None));
        (0..600 * 60).for_each(|n| t.push(1000 + n * 1000 / 60 + i64::from(to) % 7, datagram(41 + (n % 2) as u8, to, n)));
        if let Some(every) = every {
            (1..=600 * S / every).for_each(|n| t.push(n * every, asks(to, 101, None)));
        }
    }
    t
}

#[test]
fn frames_to_stations_that_are_not_heard_any_more() {
    let s = listeners(31..34, None).look();
    assert_eq!(ids(&s), [("flood.unicast", Severity::Warning)]);
    assert_eq!(value(&s, "flood.unicast", "stations"), Some(Value::Count(3)));
    assert_eq!(value(&s, "flood.unicast", "senders"), Some(Value::Count(2)));
    let rate = value(&s, "flood.unicast", "frames_per_second");
    assert!(matches!(rate, Some(Value::Count(160..=200))), "{rate:?}: three times 60, by a sample");
    assert_eq!(ids(&listeners(31..32, None).look()), [("flood.unicast", Severity::Note)], "one that only listens");
    assert_eq!(ids(&listeners(31..34, Some(250 * S)).look()), [], "they are heard in time");
}

#[test]
fn routers_and_shared_gateways_are_not_flooded() {
    let mut t = Traffic::default();
    t.talk(0..600 * S);
    for n in 0..600 * 100i64 {
        let to = [192, 0, 2, (n % 50) as u8];
        let frame = Packet::eth(mac(41), mac(1)).ip([10, 1, 0, 41], to).id(n as u16).udp(5000, 5000).payload(&n.to_be_bytes()).build();
        t.push(n * 10, frame);
        let shared = [0, 0, 0x5e, 0, 1, 7];
        let frame = Packet::eth(mac(42), shared).ip([10, 1, 0, 42], [192, 0, 2, 200]).id(n as u16).udp(5000, 5000);
        t.push(n * 10 + 3, frame.payload(&n.to_be_bytes()).build());
    }
    assert_eq!(ids(&t.look()), []);
}

#[test]
fn a_loop_of_switches() {
    let mut t = Traffic::default();
    t.talk(0..30 * S);
    let frames: Vec<Vec<u8>> = (1..6).map(|n| asks(n, 200, None)).collect();
    (0..8 * 1500).for_each(|n| t.push(5 * S + n * 2 / 3, frames[(n % 5) as usize].clone()));
    let s = t.look();
    let told = ids(&s);
    assert!(told.contains(&("loop.layer2", Severity::Critical)), "{told:?}");
    assert!(told.iter().all(|f| matches!(f.0, "loop.layer2" | "storm.broadcast" | "arp.storm")), "{told:?}");
    assert!(matches!(value(&s, "loop.layer2", "frames_per_second"), Some(Value::Count(1400..=1510))));
    assert!(matches!(value(&s, "loop.layer2", "seconds"), Some(Value::Count(3..=8))));
    let storm = s.diagnosis.findings.iter().find(|f| f.id == "storm.broadcast");
    assert!(storm.is_none_or(|f| f.explained_by.is_some_and(|by| by.id == "loop.layer2")), "the loop explains it");
}

#[test]
fn two_frames_that_go_round_in_a_quiet_network() {
    let circling = |stations: &[u8], rate: i64| {
        let mut t = Traffic::default();
        t.talk(0..30 * S);
        for (at, station) in (0..).zip(stations) {
            let frame = Packet::eth(mac(*station), control::group_mac([224, 0, 0, 22].into()))
                .ip([10, 1, 0, *station], [224, 0, 0, 22])
                .udp(9, 9)
                .payload(b"round")
                .build();
            (0..8 * rate).for_each(|n| t.push(5 * S + at + n * 1000 / rate, frame.clone()));
        }
        t.look()
    };
    let s = circling(&[1, 2], 1000);
    let told = s.diagnosis.findings.iter().find(|f| f.id == "loop.layer2").expect("a loop");
    assert!(matches!(value(&s, "loop.layer2", "frames_per_second"), Some(Value::Count(1900..=2010))), "{:?}", told.evidence);
    assert!(
        matches!(value(&s, "loop.layer2", "share"), Some(Value::Share(share)) if (0.49..=0.51).contains(&share)),
        "{:?}",
        told.evidence
    );
    assert!(told.title.ends_with("of them from 02:00:00:00:00:01"), "{}", told.title);
    // Where one thing goes round nothing else is told as its own cause.
    let roots: Vec<_> = s.diagnosis.findings.iter().filter(|f| f.explained_by.is_none()).map(|f| f.id).collect();
    assert!(roots.iter().all(|id| matches!(*id, "loop.layer2" | "clock.coarse")), "{roots:?}");
    for (stations, rate, why) in [(&[1][..], 2000, "one that repeats itself"), (&[1, 2], 300, "as machines do")] {
        assert!(!ids(&circling(stations, rate)).iter().any(|f| f.0 == "loop.layer2"), "{why}");
    }
}

#[test]
fn a_loop_that_is_slow_shows_by_requests() {
    // Every frame comes round 50 times a second, 600 together.
    let circling = |frames: u8, stations: u8, rate: i64| {
        let mut t = Traffic::default();
        t.talk(0..30 * S);
        for n in 0..frames {
            let frame = asks(1 + n % stations, 100 + n, None);
            (0..10 * rate).for_each(|k| t.push(5 * S + i64::from(n) + k * 1000 / rate, frame.clone()));
        }
        t.look()
    };
    for (frames, stations, rate) in [(12, 6, 50), (10, 2, 6)] {
        let s = circling(frames, stations, rate);
        let told: Vec<_> = ids(&s).into_iter().filter(|f| f.0 == "loop.layer2").collect();
        assert_eq!(told, [("loop.layer2", Severity::Critical)], "{frames} {rate}");
        let told = value(&s, "loop.layer2", "frames_per_second");
        let all = u64::from(frames) * rate as u64;
        assert!(matches!(told, Some(Value::Count(n)) if n.abs_diff(all) <= all / 10), "{told:?} of {all}");
        assert!(matches!(value(&s, "loop.layer2", "seconds"), Some(Value::Count(9..=11))));
    }
    for (frames, stations, rate, why) in [(12, 1, 50, "one station"), (9, 9, 50, "few frames"), (12, 6, 4, "hosts that ask again")] {
        assert!(!ids(&circling(frames, stations, rate)).iter().any(|f| f.0 == "loop.layer2"), "{why}");
    }
}

#[test]
fn copies_of_many_ports_and_a_station_that_repeats_itself_are_no_loop() {
    let mut copies = Traffic::default();
    copies.talk(0..30 * S);
    for second in 0..20 {
        for from in 1..20u8 {
            (0..90).for_each(|n| copies.push(second * S + i64::from(from) * 50 + n / 30, asks(from, 200, None)));
        }
    }
    let told = ids(&copies.look());
    assert!(!told.iter().any(|f| f.0 == "loop.layer2"), "{told:?}");
    let mut one = Traffic::default();
    one.talk(0..30 * S);
    (0..8 * 1500).for_each(|n| one.push(5 * S + n * 2 / 3, asks(7, 200, None)));
    let told = ids(&one.look());
    assert!(!told.iter().any(|f| f.0 == "loop.layer2"), "{told:?}");
}

/// ARP requests of a station by a mirror session that copies where frames enter; each asks for another address, in no order, as who looks for all
/// there are does not.
fn through(t: &mut Traffic, at: Millis, session: u16, from: u8, n: u8) {
    let header = Erspan { session, vlan: 0, sequence: Some(u32::from(n) + at as u32), granularity: 1, ..Erspan::default() };
    let outer = Packet::eth(mac(250), mac(251)).ip([192, 0, 2, 1], [192, 0, 2, 2]).id(at as u16);
    t.push(at, outer.erspan3(header).frame(&asks(from, n, None)).build());
}

#[test]
fn a_station_at_two_ports_and_one_that_moved() {
    let flapping = |moves: i64| {
        let mut t = Traffic::default();
        for n in 0..120i64 {
            through(&mut t, n * 500, 1, 20, (n * 37 % 200) as u8);
            through(&mut t, n * 500 + 7, 2, 21, (n * 37 % 200) as u8);
            // One that is at port 1, and after each move at the other.
            let moved = (n * moves / 120) % 2;
            through(&mut t, n * 500 + 13, 1 + moved as u16, 30, (n * 37 % 200) as u8);
        }
        found(&t.look())
    };
    assert_eq!(flapping(40), [("mac.flapping", Severity::Warning, "02:00:00:00:00:1e".to_owned())]);
    assert_eq!(flapping(1), [], "a laptop");
    assert_eq!(flapping(2), [], "there and back");
}

/// The same where the mirror does not say whether frames enter or leave: by type II, session and index; to everybody.
fn through_either(t: &mut Traffic, at: Millis, (session, index): (u16, u32), frame: &[u8]) {
    let header = Erspan { session, index, vlan: 0, sequence: Some(at as u32), ..Erspan::default() };
    let outer = Packet::eth(mac(250), mac(251)).ip([192, 0, 2, 1], [192, 0, 2, 2]).id(at as u16);
    t.push(at, outer.erspan2(header).frame(frame).build());
}

#[test]
fn a_station_at_two_ports_of_a_mirror_that_does_not_tell_the_way() {
    let flapping = |places: [(u16, u32); 2], moves: i64, is_copied: bool| {
        let mut t = Traffic::default();
        for n in 0..60i64 {
            through_either(&mut t, n * S, places[0], &asks(20, (n % 200) as u8, None));
            let at = places[((n * moves / 60) % 2) as usize];
            let frame = asks(30, (n % 200) as u8, None);
            through_either(&mut t, n * S + 13, at, &frame);
            if is_copied {
                // It left by the other port as well.
                through_either(&mut t, n * S + 14, if at == places[0] { places[1] } else { places[0] }, &frame);
            }
        }
        found(&t.look()).into_iter().filter(|f| f.0 == "mac.flapping").map(|f| f.2).collect::<Vec<_>>()
    };
    let sessions = [(1, 5), (2, 5)];
    assert_eq!(flapping(sessions, 60, false), ["02:00:00:00:00:1e"]);
    assert_eq!(flapping(sessions, 60, true), [""; 0], "copies of what left by both");
    assert_eq!(flapping(sessions, 1, false), [""; 0], "a laptop");
    let ports = [(1, 5), (1, 9)];
    assert_eq!(flapping(ports, 60, false), ["02:00:00:00:00:1e"], "by the index of one session");
    assert_eq!(flapping(ports, 60, true), [""; 0], "an index may be that of a port by which frames leave: of a broadcast by all");
    assert_eq!(flapping(ports, 1, false), [""; 0], "a laptop");
    // An index that goes by something else, the packet's number say.
    let mut counted = Traffic::default();
    for n in 0..60i64 {
        through_either(&mut counted, n * S, (1, n as u32 % 16), &asks(30, (n % 200) as u8, None));
    }
    assert!(!found(&counted.look()).iter().any(|f| f.0 == "mac.flapping"));
    // A router asks in each VLAN from another address; the mirror took the tags off.
    let mut router = Traffic::default();
    for n in 0..60i64 {
        let vlan = (n % 2) as u8;
        let end = End::new(mac(30), [10, vlan, 0, 1], 0);
        let frame = Packet::arp(1, end, [0; 6], [10, vlan, 0, (n % 200) as u8].into()).build();
        through_either(&mut router, n * S, (1, 5 + u32::from(vlan)), &frame);
    }
    assert!(!found(&router.look()).iter().any(|f| f.0 == "mac.flapping"));
}

#[test]
fn moves_are_no_matter_of_a_mirror_without_ports() {
    let not_judged =
        |s: &Snapshot| s.diagnosis.network.not_judged.iter().filter(|n| n.0 == "mac.flapping").map(|n| n.1.clone()).collect::<Vec<_>>();
    let mut plain = Traffic::default();
    plain.talk(0..30 * S);
    (0..30).for_each(|n| plain.push(n * S, asks(20 + (n % 2) as u8, n as u8, None)));
    assert_eq!(not_judged(&plain.look()), [""; 0], "of a plain mirror nobody expects that it says where a frame came from");
    let mut ports = Traffic::default();
    (0..30).for_each(|n| through_either(&mut ports, n * S, (1, 5), &asks(20 + (n % 2) as u8, n as u8, None)));
    assert_eq!(not_judged(&ports.look()), [""; 0], "the mirror tells ports");
}

/// New stations, so many a second, by a rule for their addresses.
fn newcomers(t: &mut Traffic, seconds: std::ops::Range<i64>, rate: i64, address: impl Fn(u32) -> [u8; 6]) {
    for second in seconds {
        for n in 0..rate {
            let number = (second * rate + n) as u32;
            let frame = Packet::eth(address(number), [0xff; 6]).ip([10, 2, 0, 1], [10, 255, 255, 255]).id(number as u16).udp(9, 9);
            t.push(second * S + n * 1000 / rate, frame.payload(&number.to_be_bytes()).build());
        }
    }
}

/// Numbers that look like chance.
fn scattered(n: u32) -> [u8; 6] {
    let mixed = u64::from(n).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes();
    [mixed[0], mixed[1], mixed[2], mixed[3], mixed[4], mixed[5]]
}

#[test]
fn stations_without_end() {
    let mut t = Traffic::default();
    t.talk(0..120 * S);
    newcomers(&mut t, 70..100, 150, scattered);
    let s = t.look();
    let told = ids(&s);
    assert_eq!(told, [("mac.overflow", Severity::Critical)]);
    assert!(matches!(value(&s, "mac.overflow", "seconds"), Some(Value::Seconds(seconds)) if (29.0..=30.0).contains(&seconds)));
    assert!(
        matches!(value(&s, "mac.overflow", "stations"), Some(Value::Count(4000..=4500))),
        "{:?}",
        value(&s, "mac.overflow", "stations")
    );
    // A large network that is connected: a few makers.
    let mut network = Traffic::default();
    network.talk(0..120 * S);
    newcomers(&mut network, 70..100, 150, |n| [0, 0x1b, 0x54 + (n % 7) as u8, (n >> 16) as u8, (n >> 8) as u8, n as u8]);
    assert_eq!(ids(&network.look()), []);
    // At the beginning everybody is new.
    let mut begins = Traffic::default();
    begins.talk(0..120 * S);
    newcomers(&mut begins, 0..30, 150, scattered);
    assert_eq!(ids(&begins.look()), []);
}

#[test]
fn two_vlans_that_are_joined() {
    let leak = |stations: std::ops::Range<u8>, vlans: &[u16]| {
        let mut t = Traffic::default();
        t.talk(0..120 * S);
        for n in 0..50i64 {
            for from in stations.clone() {
                for (at, vlan) in vlans.iter().enumerate() {
                    t.push(n * 2 * S + i64::from(from) * 20 + at as i64, asks(from, (n % 250) as u8, Some(*vlan)));
                }
            }
        }
        t.look()
    };
    let s = leak(1..5, &[10, 20]);
    let told: Vec<_> = found(&s).into_iter().filter(|f| f.0 != "arp.unanswered").collect();
    assert_eq!(told, [("vlan.leak", Severity::Warning, "VLAN 10".to_owned())]);
    assert_eq!((value(&s, "vlan.leak", "other_vlan"), value(&s, "vlan.leak", "stations")), (Some(Value::Count(20)), Some(Value::Count(4))));
    let none = |s: &Snapshot| !found(s).iter().any(|f| f.0 == "vlan.leak");
    assert!(none(&leak(1..2, &[10, 20])), "one station may be in both");
    assert!(none(&leak(1..5, &[10, 20, 30, 99])), "a VLAN that holds those of others");
    assert!(none(&leak(1..5, &[10])));
}

/// A stream to a group for so many seconds.
fn stream(t: &mut Traffic, seconds: i64, rate: i64) {
    for n in 0..seconds * rate {
        let packet = Packet::eth(mac(7), control::group_mac([239, 1, 1, 1].into())).ip([10, 0, 0, 7], [239, 1, 1, 1]).id(n as u16);
        t.push(1000 + n * 1000 / rate, packet.udp(5004, 5004).payload(&n.to_be_bytes()).build());
    }
}

#[test]
fn a_stream_for_which_nobody_asks() {
    let with = |seconds: i64, joins: bool, queries: bool| {
        let mut t = Traffic::default();
        t.talk(0..(seconds + 5) * S);
        stream(&mut t, seconds, 20);
        if joins {
            t.push(2 * S, control::igmp_report(mac(8), 8, [239, 1, 1, 1]));
        }
        if queries {
            t.every(125 * S, 500..seconds * S, &control::igmp_query(mac(3), 3));
        }
        found(&t.look())
    };
    assert_eq!(with(400, true, false), [("igmp.no_querier", Severity::Note, "239.1.1.1".to_owned())]);
    assert_eq!(with(400, true, true), []);
    assert_eq!(with(400, false, false), [], "nobody joined, as where a router sends it to a switch");
    assert_eq!(with(200, true, false), [], "not as long as memberships hold");
}

#[test]
fn the_rate_of_a_stream_is_rounded() {
    // 6,000 packets and one more, over 304 seconds are 19.7, over 309 seconds 19.4 a second.
    for (more, rate) in [(304, 20), (309, 19)] {
        let mut t = Traffic::default();
        t.talk(0..320 * S);
        stream(&mut t, 300, 20);
        let late = Packet::eth(mac(7), control::group_mac([239, 1, 1, 1].into())).ip([10, 0, 0, 7], [239, 1, 1, 1]);
        t.push(more * S, late.udp(5004, 5004).payload(b"late").build());
        t.push(2 * S, control::igmp_report(mac(8), 8, [239, 1, 1, 1]));
        assert_eq!(value(&t.look(), "igmp.no_querier", "packets_per_second"), Some(Value::Count(rate)), "{more}");
    }
}

fn of_speed(t: &Traffic, speed: u64) -> Snapshot {
    // By a clock that tells milliseconds apart.
    let t = Traffic { is_fine: true, frames: t.frames.clone() };
    t.look_at(&Settings { mirror: MirrorSettings { speed: Some(speed), ..MirrorSettings::default() }, ..Settings::default() })
}

/// A large frame, unlike any other.
fn large(n: i64) -> Vec<u8> {
    let packet = Packet::eth(mac(41), mac(42)).ip([10, 1, 0, 41], [10, 1, 0, 42]).id(n as u16).udp(5000, 5000);
    packet.payload(&n.to_be_bytes().repeat(184)).build()
}

#[test]
fn short_bursts_and_a_full_link() {
    let bursts = |each: i64, seconds: i64| {
        let mut t = Traffic::default();
        t.talk(0..60 * S);
        for second in 0..seconds {
            (0..each).for_each(|n| t.push(second * S + 100, large(second * each + n)));
            (0..each).for_each(|n| t.push(second * S + 101, large(5000 + second * each + n)));
        }
        t
    };
    let s = of_speed(&bursts(8, 30), 100_000_000);
    assert_eq!(found(&s), [("burst.micro", Severity::Note, "network".to_owned())]);
    assert_eq!(value(&s, "burst.micro", "bursts"), Some(Value::Count(30)));
    let used = s.switch.link_use.as_ref().unwrap();
    assert_eq!((used.bursts, used.list.len(), used.list[0].length), (30, 30, 2 * MILLISECOND));
    assert_eq!(used.list[0].top[0].ends.map(|mac| mac.0), [mac(41), mac(42)]);
    // Each frame of 1,514 bytes takes up 24 more; the few others of a burst are of those that talk.
    for burst in &used.list {
        assert!((16 * 1_538..16 * 1_538 + 200).contains(&burst.bytes), "{burst:?}");
        assert!(burst.top[0].bytes.abs_diff(16 * 1_538) <= 200, "all of it is its: {burst:?}");
    }
    assert_eq!(found(&of_speed(&bursts(8, 8), 100_000_000)), [], "a few");
    assert_eq!(found(&of_speed(&bursts(3, 30), 100_000_000)), [], "they do not fill it");
    assert_eq!(found(&bursts(8, 30).look()), [], "of no known speed");
    // 163 frames of 1,538 bytes a second are 2 Mb/s.
    let full = |seconds: i64| {
        let mut t = Traffic::default();
        t.talk(0..60 * S);
        (0..seconds * 163).for_each(|n| t.push(10 * S + n * 1000 / 163, large(n)));
        of_speed(&t, 2_000_000)
    };
    let s = full(20);
    assert_eq!(ids(&s), [("link.saturated", Severity::Note)]);
    assert!(matches!(value(&s, "link.saturated", "seconds"), Some(Value::Count(18..=21))), "{:?}", value(&s, "link.saturated", "seconds"));
    assert_eq!(found(&full(8)), [], "not for long");
}
