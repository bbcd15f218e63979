//! Regular senders of control packets: who is silent, and when nothing arrived at all.

use super::control::ControlCounts;
use crate::model::Arrange as _;
use crate::model::limits::{OUTAGES, PERIODIC_SENDERS};
use crate::model::time::{MILLISECOND, SECOND};
use crate::model::{Control, ControlFrame, Frame, Mac, Timestamp};

/// One regular sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PeriodicSender {
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

impl PeriodicSender {
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
    fn outages(&self, now: Timestamp) -> impl Iterator<Item = (Timestamp, Timestamp)> {
        let open = self.silent_for(now.since(self.last)).then_some((self.last, now));
        self.gaps.into_iter().take((self.outages as usize).min(OUTAGES)).chain(open)
    }
}

/// The regular senders of one shard.
#[derive(Debug, Default)]
pub struct PeriodicSenders {
    list: Vec<PeriodicSender>,
    counts: ControlCounts,
}

impl PeriodicSenders {
    /// Looks at a control packet and the frame that brought it.
    pub fn observe(&mut self, frame: &Frame<'_>, packet: &ControlFrame<'_>) {
        let Some((source, _)) = frame.mac else { return };
        self.counts.count(packet);
        let (control, vlan) = (packet.control, frame.vlans.ids().first().copied().unwrap_or(0));
        let room = self.list.len() < PERIODIC_SENDERS;
        let found = self.list.iter_mut().find(|b| (b.control, b.source, b.vlan) == (control, source, vlan));
        match found {
            Some(sender) => sender.follow(frame.time),
            None if room => self.list.push(PeriodicSender {
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
    pub fn list(&self) -> &[PeriodicSender] {
        &self.list
    }

    /// Counts since the beginning.
    pub fn counts(&self) -> ControlCounts {
        self.counts.clone()
    }
}

/// A time in which the regular senders that could tell were silent all at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutageSpan {
    /// Last packet before.
    pub from: Timestamp,
    /// First packet after, or now.
    pub to: Timestamp,
    /// Senders that were silent.
    pub senders: u64,
    /// Packets that are missing from them.
    pub missed: u64,
}

/// The outages of a mirror: every regular sender that sends often enough to tell was silent. One sender's silence beside others
/// that went on is that sender's own affair.
pub fn outages(senders: &[PeriodicSender], now: Timestamp) -> Vec<OutageSpan> {
    let mut found: Vec<OutageSpan> = Vec::new();
    for sender in senders {
        for (from, to) in sender.outages(now) {
            if found.iter().any(|s| s.from < to && from < s.to) {
                continue;
            }
            let middle = Timestamp(from.0.saturating_add(to.since(from) / 2));
            let able = |b: &&PeriodicSender| {
                let needed = b.interval.saturating_mul(SILENT_HALVES) / 2;
                b.is_regular() && b.first < from && needed < to.since(from)
            };
            let quiet = |b: &&PeriodicSender| b.outages(now).any(|(a, z)| a < middle && middle < z);
            let able_to_tell = senders.iter().filter(able).count();
            let silent: Vec<&PeriodicSender> = senders.iter().filter(able).filter(quiet).collect();
            if able_to_tell > 0 && silent.len() == able_to_tell {
                let missed = silent.iter().map(|b| (to.since(from) / b.interval.max(SECOND / 1000)).max(1) as u64 - 1).sum();
                found.push(OutageSpan { from, to, senders: able_to_tell as u64, missed });
            }
        }
    }
    found.arrange_by_key(|s| (s.from, s.to));
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Sum;
    use proptest::prelude::*;

    const STP: ControlFrame<'static> = ControlFrame { control: Control::Stp, lacp: None, description: None, vlan: None };

    fn frame(sender: u8, time: i64) -> Frame<'static> {
        let mac = Some((Mac([2, 0, 0, 0, 0, sender]), Mac([1, 0x80, 0xc2, 0, 0, 0])));
        Frame { time: Timestamp(time), mac, ..Frame::default() }
    }

    #[test]
    fn descriptions_are_noted_once() {
        let lldp = ControlFrame { control: Control::Lldp, description: Some(b"EOS"), ..STP };
        let mut senders = PeriodicSenders::default();
        for _ in 0..2 {
            senders.observe(&frame(1, 0), &lldp);
        }
        let mut both = senders.counts();
        both.merge(&senders.counts());
        assert_eq!((both.neighbour, both.systems), (4, vec!["EOS".to_owned()]));
    }

    fn feed(senders: &mut PeriodicSenders, sender: u8, seconds: impl IntoIterator<Item = i64>) {
        for s in seconds {
            senders.observe(&frame(sender, s * SECOND), &STP);
        }
    }

    #[test]
    fn three_missing_in_a_row_are_an_outage() {
        let mut senders = PeriodicSenders::default();
        feed(&mut senders, 1, (0..20).step_by(2));
        feed(&mut senders, 1, [24, 26, 34, 36]);
        let now = Timestamp(37 * SECOND);
        let found = outages(senders.list(), now);
        assert_eq!(found, [OutageSpan { from: Timestamp(26 * SECOND), to: Timestamp(34 * SECOND), senders: 1, missed: 3 }]);
        assert_eq!(outages(senders.list(), Timestamp(50 * SECOND)).len(), 2, "and one that goes on");
        assert_eq!(senders.counts().spanning_tree, 14);
    }

    #[test]
    fn one_silent_sender_beside_another_is_no_outage() {
        let mut senders = PeriodicSenders::default();
        feed(&mut senders, 1, (0..20).step_by(2));
        feed(&mut senders, 2, (0..60).step_by(2));
        feed(&mut senders, 1, [40]);
        assert_eq!(outages(senders.list(), Timestamp(60 * SECOND)), []);
        assert_eq!(senders.list()[0].outages, 1);
    }

    #[test]
    fn a_partner_that_never_speaks() {
        let mut senders = PeriodicSenders::default();
        let lacp = Some([Mac([2, 0, 0, 0, 0, 1]), Mac([2, 0, 0, 0, 0, 9])]);
        senders.observe(&frame(1, 0), &ControlFrame { control: Control::Lacp, lacp, ..STP });
        assert_eq!((senders.counts().neighbour, senders.counts().silent_partners()), (1, 1));
        assert_eq!(senders.counts().lacp_partners, [Mac([2, 0, 0, 0, 0, 9])]);
    }

    proptest! {
        #[test]
        fn irregular_senders_raise_nothing_and_nothing_panics(times in prop::collection::vec(any::<i64>(), 0..60), now in any::<i64>()) {
            let mut senders = PeriodicSenders::default();
            for t in &times {
                senders.observe(&frame(1, *t), &STP);
            }
            prop_assert_eq!(senders.counts().spanning_tree, times.len() as u64);
            for s in outages(senders.list(), Timestamp(now)) {
                prop_assert!(s.senders > 0 && s.from < s.to);
            }
        }
    }
}
