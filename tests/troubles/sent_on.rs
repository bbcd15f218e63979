//! Packets that a station takes in and sends on pass the mirror twice, and are no copies that the mirror made.

use super::support::packet::{End, Packet};
use super::{Micros, S, Traffic, address, mac, troubles};
use spantop::model::{Severity, Verdict};
use spantop::snapshot::Snapshot;
use std::net::Ipv4Addr;

/// Who sends on.
const BETWEEN: u8 = 66;

/// The same packet as a station sends it on: with other stations, and so many hops later.
fn sent_on(frame: &[u8], to: u8, hops: u8) -> Vec<u8> {
    let mut frame = frame.to_vec();
    frame[..6].copy_from_slice(&mac(to));
    frame[6..12].copy_from_slice(&mac(BETWEEN));
    frame[22] -= hops;
    let sum = u32::from(u16::from_be_bytes([frame[24], frame[25]])) + 0x100 * u32::from(hops);
    let sum = (sum & 0xffff) + (sum >> 16);
    frame[24..26].copy_from_slice(&(sum as u16).to_be_bytes());
    frame
}

impl Traffic {
    /// Hosts 10 and 11 speak for so many seconds, `direct` at first and then by way of another, which sends on `hops` later.
    fn with_detour(mut self, (direct, seconds): (i64, i64), hops: u8) -> Self {
        let mut own = Traffic { id: 30_000, ..Traffic::default() };
        for n in 0..seconds * 10 {
            own.connection(n * S / 10 + 40_000, (10, 10_000 + n as u16), (11, 80));
        }
        for (at, mut frame) in own.packets {
            if at >= direct * S {
                let to = frame[5];
                let on = sent_on(&frame, to, hops);
                frame[..6].copy_from_slice(&mac(BETWEEN));
                self.packets.push((at + 12, on));
            }
            self.packets.push((at, frame));
        }
        self
    }

    /// A station tells another that it has an address.
    fn told(&mut self, at: Micros, (station, of): (u8, u8), to: u8) {
        let from = End::new(mac(station), address(of), 0);
        self.push(at, Packet::arp(2, from, mac(to), Ipv4Addr::from(address(to))));
    }

    /// It tells 10 and 11 about each other, again and again.
    fn poisoned(mut self, seconds: i64) -> Self {
        for n in 0..seconds {
            self.told(n * S, (BETWEEN, 10), 11);
            self.told(n * S + 300, (BETWEEN, 11), 10);
        }
        self
    }
}

/// What is found, and what the mirror is thought of.
fn found(s: &Snapshot) -> (Vec<(&'static str, Severity)>, Verdict, Option<u8>) {
    troubles(s);
    let uniqueness = s.mirror.trust.parts.iter().find(|part| part.name == "uniqueness");
    (s.diagnosis.findings.iter().map(|f| (f.id, f.severity)).collect(), s.mirror.trust.verdict, uniqueness.and_then(|part| part.score))
}

#[test]
fn what_a_station_attracts_and_sends_on_is_traffic() {
    // Routed, and bridged without a hop.
    for hops in [1, 0] {
        let s = Traffic::default().poisoned(20).with_detour((2, 20), hops).with_neighbours(30).with_office(30).seen();
        assert_eq!(found(&s), (vec![("arp.conflict", Severity::Critical)], Verdict::Good, Some(100)), "{hops} hops");
        assert_eq!(s.mirror.duplicates.traffic.packets, 18 * 10 * 8, "and yet a conversation has each packet once");
    }
    // Whose address it is says so as well; the other speaks with it by another's.
    let mut one = Traffic::default();
    for n in 0..20 {
        one.told(n * S, (BETWEEN, 11), 10);
        one.told(n * S + S / 2, (11, 11), 10);
    }
    let s = one.with_detour((2, 20), 1).with_neighbours(30).with_office(30).seen();
    let (found, verdict, _) = found(&s);
    assert!(found.iter().any(|f| f.0 == "arp.conflict") && !found.iter().any(|f| f.0 == "dup.every"), "{found:?}");
    assert_ne!(verdict, Verdict::Bad);
}

#[test]
fn what_a_mirror_copies_is_told_beside_it() {
    // Of what is sent on for another reason, it is told by whom.
    let s = Traffic::default().with_detour((2, 20), 1).with_office(30).seen();
    let finding = s.diagnosis.findings.iter().find(|f| f.id.starts_with("dup.")).expect("a finding");
    assert!(finding.title.ends_with(": on the way to 02:00:00:00:01:42 and from there on"), "{}", finding.title);
    assert!(finding.cause.starts_with("The mirror shows the traffic before and behind somebody"), "{}", finding.cause);
    // A mirror that brings everything twice does so whoever sends on what it attracts.
    let mut all = Traffic::default().poisoned(20).with_detour((2, 20), 1).with_neighbours(30).with_office(30);
    let again: Vec<_> = all.packets.iter().map(|(at, frame)| (at + 2, frame.clone())).collect();
    all.packets.extend(again);
    let s = all.seen();
    let finding = s.diagnosis.findings.iter().find(|f| f.id == "dup.every").expect("a finding");
    assert_eq!(finding.title, "Every packet arrives twice");
}
