//! Control protocols that neighbours send at regular times: who is there, who is silent, and when nothing arrived at all.

use super::neighbour::{description, lacp_systems};
use super::tags::{PVST, link_type, snap};
use crate::mirror::Frame;
use crate::model::limits::{BEATS, OUTAGES, SYSTEMS};
use crate::model::time::{MILLISECOND, SECOND};
use crate::model::{Mac, Timestamp};

/// A protocol with a regular sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Control {
    /// Spanning tree, IEEE 802.1D/Q: every 2 s.
    Stp,
    /// Per-VLAN spanning tree: every 2 s and VLAN.
    Pvst,
    /// LLDP, IEEE 802.1AB: every 30 s.
    Lldp,
    /// Cisco Discovery Protocol: every 60 s.
    Cdp,
    /// LACP, IEEE 802.1AX: every 1 or 30 s.
    Lacp,
    /// VRRP, RFC 9568: every 1 s.
    Vrrp,
    /// HSRP, RFC 2281: every 3 s.
    Hsrp,
    /// PTP, IEEE 1588.
    Ptp,
}

impl Control {
    /// The word in reports.
    pub fn token(self) -> &'static str {
        match self {
            Control::Stp => "stp",
            Control::Pvst => "pvst",
            Control::Lldp => "lldp",
            Control::Cdp => "cdp",
            Control::Lacp => "lacp",
            Control::Vrrp => "vrrp",
            Control::Hsrp => "hsrp",
            Control::Ptp => "ptp",
        }
    }

    /// Whether it says who sits at the other end of a cable.
    pub fn is_neighbour(self) -> bool {
        matches!(self, Control::Lldp | Control::Cdp | Control::Lacp)
    }
}

/// Control packets by meaning, in sums that merge.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ControlCounts {
    /// Spanning tree of any kind.
    pub spanning_tree: u64,
    /// LLDP, CDP and LACP.
    pub neighbour: u64,
    /// VRRP, HSRP, PTP.
    pub other: u64,
    /// LACP systems that sent; the first [`BEATS`].
    pub lacp_actors: Vec<Mac>,
    /// LACP systems that senders say they talk to; the first [`BEATS`].
    pub lacp_partners: Vec<Mac>,
    /// System descriptions of LLDP and CDP, as their senders wrote them; the first [`SYSTEMS`].
    pub systems: Vec<String>,
}

impl ControlCounts {
    /// Adds another shard's.
    pub fn merge(&mut self, other: &ControlCounts) {
        self.spanning_tree = self.spanning_tree.saturating_add(other.spanning_tree);
        self.neighbour = self.neighbour.saturating_add(other.neighbour);
        self.other = self.other.saturating_add(other.other);
        other.lacp_actors.iter().for_each(|m| note(&mut self.lacp_actors, *m));
        other.lacp_partners.iter().for_each(|m| note(&mut self.lacp_partners, *m));
        other.systems.iter().for_each(|s| self.system(s));
    }

    fn system(&mut self, description: &str) {
        if self.systems.len() < SYSTEMS && !self.systems.iter().any(|s| s == description) {
            self.systems.push(description.to_owned());
        }
    }

    /// LACP systems that are spoken to and never heard: the mirrored switch itself, when it does not mirror its own packets.
    pub fn silent_partners(&self) -> u64 {
        self.lacp_partners.iter().filter(|p| !self.lacp_actors.contains(p)).count() as u64
    }
}

fn note(list: &mut Vec<Mac>, mac: Mac) {
    if list.len() < BEATS && mac != Mac::default() && !list.contains(&mac) {
        list.push(mac);
    }
}

/// One regular sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Beat {
    /// What it sends.
    pub control: Control,
    /// Who.
    pub source: Mac,
    /// Outermost VLAN (0: none).
    pub vlan: u16,
    /// Packets.
    pub packets: u64,
    /// First packet.
    pub first: Timestamp,
    /// Last packet.
    pub last: Timestamp,
    /// Nanoseconds between packets, smoothed.
    pub interval: i64,
    /// Intervals in a row that were alike.
    pub regular: u32,
    /// Times at least three in a row were missing.
    pub outages: u64,
    /// The first of them: from, to.
    pub gaps: [(Timestamp, Timestamp); OUTAGES],
}

/// Intervals alike before a missing packet says anything.
const REGULAR: u32 = 5;

/// Half intervals of silence after which at least three packets are missing.
const SILENT_HALVES: i64 = 7;

impl Beat {
    /// Whether its next packet could be told in advance.
    pub fn is_regular(&self) -> bool {
        self.regular >= REGULAR
    }

    fn silent_for(&self, nanos: i64) -> bool {
        self.is_regular() && nanos > self.interval.saturating_mul(SILENT_HALVES) / 2
    }

    fn follow(&mut self, time: Timestamp) {
        let delta = time.since(self.last);
        self.packets += 1;
        // Two copies of one packet, or two queues read in turn.
        if delta < MILLISECOND {
            return;
        }
        if self.silent_for(delta) {
            if let Some(slot) = self.gaps.get_mut(self.outages as usize) {
                *slot = (self.last, time);
            }
            self.outages += 1;
        } else if (delta - self.interval).abs() <= self.interval / 4 + 5 * MILLISECOND {
            self.regular = self.regular.saturating_add(1);
            self.interval += (delta - self.interval) / 8;
        } else {
            self.regular = self.regular.min(2 * REGULAR).saturating_sub(1);
            if self.regular == 0 {
                self.interval = delta;
            }
        }
        self.last = time;
    }

    /// Its outages up to `now`, the one that still goes on included.
    fn silences(&self, now: Timestamp) -> impl Iterator<Item = (Timestamp, Timestamp)> {
        let open = self.silent_for(now.since(self.last)).then_some((self.last, now));
        self.gaps.into_iter().take((self.outages as usize).min(OUTAGES)).chain(open)
    }
}

/// The regular senders of one shard.
#[derive(Debug, Default)]
pub struct Beats {
    list: Vec<Beat>,
    counts: ControlCounts,
}

impl Beats {
    /// Looks at a frame to a group address.
    pub fn observe(&mut self, frame: &Frame<'_>, destination: Mac) {
        let (Some(control), Some((source, _))) = (control(frame, destination), frame.mac) else { return };
        match control {
            Control::Stp | Control::Pvst => self.counts.spanning_tree += 1,
            c if c.is_neighbour() => self.counts.neighbour += 1,
            _ => self.counts.other += 1,
        }
        if control == Control::Lacp
            && let Some([actor, partner]) = lacp_systems(frame.bytes)
        {
            note(&mut self.counts.lacp_actors, actor);
            note(&mut self.counts.lacp_partners, partner);
        }
        if matches!(control, Control::Lldp | Control::Cdp)
            && self.counts.systems.len() < SYSTEMS
            && let Some(text) = description(frame.bytes)
        {
            self.counts.system(&text);
        }
        let vlan = frame.vlans.ids().first().copied().unwrap_or(0);
        let room = self.list.len() < BEATS;
        let found = self.list.iter_mut().find(|b| (b.control, b.source, b.vlan) == (control, source, vlan));
        match found {
            Some(beat) => beat.follow(frame.time),
            None if room => self.list.push(Beat {
                control,
                source,
                vlan,
                packets: 1,
                first: frame.time,
                last: frame.time,
                interval: 0,
                regular: 0,
                outages: 0,
                gaps: Default::default(),
            }),
            None => {}
        }
    }

    /// All senders, in order of appearance.
    pub fn list(&self) -> &[Beat] {
        &self.list
    }

    /// Counts since the beginning.
    pub fn counts(&self) -> ControlCounts {
        self.counts.clone()
    }
}

fn control(frame: &Frame<'_>, destination: Mac) -> Option<Control> {
    let cisco = |protocol| snap(frame.bytes, [0, 0, 0x0c], protocol).is_some();
    match destination.0 {
        [0x01, 0x80, 0xc2, 0, 0, 0 | 3 | 8 | 0x0e | 2] => match link_type(frame.bytes)? {
            (0x88cc, _) => Some(Control::Lldp),
            (0x8809, at) if frame.bytes.get(at + 2) == Some(&1) => Some(Control::Lacp),
            (0x88f7, _) => Some(Control::Ptp),
            (length, at) if length < 0x600 && frame.bytes.get(at + 2..at + 4) == Some(&[0x42, 0x42]) => Some(Control::Stp),
            _ => None,
        },
        [0x01, 0x1b, 0x19, 0, 0, 0] => Some(Control::Ptp),
        [0x01, 0, 0x0c, 0xcc, 0xcc, 0xcc] if cisco(0x2000) => Some(Control::Cdp),
        _ if destination == PVST && cisco(0x010b) => Some(Control::Pvst),
        _ => match &frame.flow {
            Some((key, _)) if key.protocol == 112 => Some(Control::Vrrp),
            Some((key, _)) if key.protocol == 17 && key.a_port == 1985 && key.b_port == 1985 => Some(Control::Hsrp),
            _ => None,
        },
    }
}

/// A time in which the regular senders that could tell were silent all at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Silence {
    /// Last packet before.
    pub from: Timestamp,
    /// First packet after, or now.
    pub to: Timestamp,
    /// Senders that were silent.
    pub senders: u64,
    /// Packets that are missing from them.
    pub missed: u64,
}

/// The silences of a mirror: every regular sender that sends often enough to tell was silent. One sender's silence beside others
/// that went on is that sender's own affair.
pub fn silences(beats: &[Beat], now: Timestamp) -> Vec<Silence> {
    let mut found: Vec<Silence> = Vec::new();
    for beat in beats {
        for (from, to) in beat.silences(now) {
            if found.iter().any(|s| s.from < to && from < s.to) {
                continue;
            }
            let middle = Timestamp(from.0.saturating_add(to.since(from) / 2));
            let able = |b: &&Beat| {
                let needed = b.interval.saturating_mul(SILENT_HALVES) / 2;
                b.is_regular() && b.first < from && needed < to.since(from)
            };
            let quiet = |b: &&Beat| b.silences(now).any(|(a, z)| a < middle && middle < z);
            let senders = beats.iter().filter(able).count();
            let silent: Vec<&Beat> = beats.iter().filter(able).filter(quiet).collect();
            if senders > 0 && silent.len() == senders {
                let missed = silent.iter().map(|b| (to.since(from) / b.interval.max(SECOND / 1000)).max(1) as u64 - 1).sum();
                found.push(Silence { from, to, senders: senders as u64, missed });
            }
        }
    }
    found.sort_unstable_by_key(|s| (s.from, s.to));
    found
}

#[cfg(test)]
mod tests {
    use super::super::tests::frame;
    use super::*;
    use proptest::prelude::*;

    fn bpdu(sender: u8) -> Vec<u8> {
        vec![1, 0x80, 0xc2, 0, 0, 0, 2, 0, 0, 0, 0, sender, 0, 38, 0x42, 0x42, 3, 0, 0]
    }

    #[test]
    fn descriptions_are_noted_once() {
        let lldp = [1, 0x80, 0xc2, 0, 0, 0x0e, 2, 0, 0, 0, 0, 1, 0x88, 0xcc, 12, 3, b'E', b'O', b'S', 0, 0];
        let mut beats = Beats::default();
        for _ in 0..2 {
            let frame = frame(&lldp, 0);
            beats.observe(&frame, frame.mac.map_or(Mac::default(), |m| m.1));
        }
        let mut both = beats.counts();
        both.merge(&beats.counts());
        assert_eq!((both.neighbour, both.systems), (4, vec!["EOS".to_owned()]));
    }

    fn feed(beats: &mut Beats, sender: u8, seconds: impl IntoIterator<Item = i64>) {
        let bytes = bpdu(sender);
        for s in seconds {
            let frame = frame(&bytes, s * SECOND);
            beats.observe(&frame, frame.mac.map_or(Mac::default(), |m| m.1));
        }
    }

    #[test]
    fn three_missing_in_a_row_are_an_outage() {
        let mut beats = Beats::default();
        feed(&mut beats, 1, (0..20).step_by(2));
        feed(&mut beats, 1, [24, 26, 34, 36]);
        let now = Timestamp(37 * SECOND);
        let found = silences(beats.list(), now);
        assert_eq!(found, [Silence { from: Timestamp(26 * SECOND), to: Timestamp(34 * SECOND), senders: 1, missed: 3 }]);
        assert_eq!(silences(beats.list(), Timestamp(50 * SECOND)).len(), 2, "and one that goes on");
        assert_eq!(beats.counts().spanning_tree, 14);
    }

    #[test]
    fn one_silent_sender_beside_another_is_no_outage() {
        let mut beats = Beats::default();
        feed(&mut beats, 1, (0..20).step_by(2));
        feed(&mut beats, 2, (0..60).step_by(2));
        feed(&mut beats, 1, [40]);
        assert_eq!(silences(beats.list(), Timestamp(60 * SECOND)), []);
        assert_eq!(beats.list()[0].outages, 1);
    }

    #[test]
    fn a_partner_that_never_speaks() {
        let mut beats = Beats::default();
        let mut bytes = vec![1, 0x80, 0xc2, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x88, 0x09, 1, 1, 1, 20, 0x80, 0];
        bytes.extend([2, 0, 0, 0, 0, 1]);
        bytes.extend([0; 10]);
        bytes.extend([2, 20, 0x80, 0, 2, 0, 0, 0, 0, 9]);
        let f = frame(&bytes, 0);
        beats.observe(&f, Mac([1, 0x80, 0xc2, 0, 0, 2]));
        assert_eq!((beats.counts().neighbour, beats.counts().silent_partners()), (1, 1));
        assert_eq!(beats.counts().lacp_partners, [Mac([2, 0, 0, 0, 0, 9])]);
    }

    proptest! {
        #[test]
        fn irregular_senders_raise_nothing_and_nothing_panics(times in prop::collection::vec(any::<i64>(), 0..60), now in any::<i64>()) {
            let mut beats = Beats::default();
            let bytes = bpdu(1);
            for t in &times {
                beats.observe(&frame(&bytes, *t), Mac([1, 0x80, 0xc2, 0, 0, 0]));
            }
            prop_assert_eq!(beats.counts().spanning_tree, times.len() as u64);
            for s in silences(beats.list(), Timestamp(now)) {
                prop_assert!(s.senders > 0 && s.from < s.to);
            }
        }
    }
}
