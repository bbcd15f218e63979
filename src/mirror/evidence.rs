//! What findings rest on, made of what this wing counted.

use super::{
    CopyClass, DirectionCounts, DuplicateCounts, HealthCounts, LossCounts, MacRoles, OrderCounts, OvertakenCounts, order, overtaken,
    size_floor,
};
use crate::model::Arrange as _;
use crate::model::Sum;
use crate::model::evidence::{
    BegunConnections, CastEvidence, ChecksumEvidence, ClockEvidence, ContentEvidence, CopyEvidence, CopyGap, ExchangeSides, LoadClass,
    OrderEvidence, SideEvidence, SizeEvidence, SizeLoss,
};
use crate::model::tcp::HOLD;
use crate::model::{Mac, ProvingPackets};
use std::collections::BTreeSet;

/// Stations that sent are told apart up to this many: it matters whether they are few.
const STATIONS: usize = 16;

fn seconds(nanos: u64) -> f64 {
    nanos as f64 / 1e9
}

impl DuplicateCounts {
    /// From VLAN to VLAN, with packets, most first.
    pub fn vlan_pairs(&self) -> Vec<(Option<u16>, Option<u16>, u64)> {
        let mut pairs: Vec<_> = self.vlans.iter().filter(|v| v.packets > 0).map(|v| (v.first, v.later, v.packets)).collect();
        pairs.arrange_by_key(|&(first, later, packets)| (std::cmp::Reverse(packets), first, later));
        pairs
    }

    /// From priority to priority, with copies, most first.
    pub fn remarked_pairs(&self) -> Vec<(u8, u8, u64)> {
        let rows = (0u8..).zip(&self.remarked).flat_map(|(from, row)| (0u8..).zip(row).map(move |(to, n)| (from, to, *n)));
        let mut pairs: Vec<_> = rows.filter(|pair| pair.2 > 0).collect();
        pairs.arrange_by_key(|&(from, to, packets)| (std::cmp::Reverse(packets), from, to));
        pairs
    }

    /// From DSCP to DSCP, with copies, most first.
    pub fn remarked_dscp_pairs(&self) -> Vec<(u8, u8, u64)> {
        let value = |code: Option<u16>| code.map_or(0, |code| code as u8);
        let known = self.remarked_dscp.iter().filter(|c| c.packets > 0);
        let mut pairs: Vec<_> = known.map(|c| (value(c.first), value(c.later), c.packets)).collect();
        pairs.arrange_by_key(|&(from, to, packets)| (std::cmp::Reverse(packets), from, to));
        pairs
    }

    /// Who sent packets on in the same VLAN, and to whom, with packets, most first.
    fn sent_on(&self) -> Vec<([Mac; 2], u64)> {
        let mut pairs: Vec<_> = self.sent_on.iter().map(|(stations, n)| (*stations, *n)).filter(|pair| pair.1 > 0).collect();
        pairs.arrange_by_key(|&(stations, n)| (std::cmp::Reverse(n), stations));
        pairs
    }

    /// The copies as evidence; `kept`: in the analysis.
    pub fn evidence(&self, kept: bool) -> CopyEvidence {
        let gaps = self.gaps();
        let after = |q| gaps.quantile(q).map(seconds);
        let changed = [CopyClass::Routed, CopyClass::Vlan].map(|class| self.class(class).traffic.packets);
        let gap = match (after(0.05), after(0.5), after(0.95), after(0.99)) {
            (Some(p5), Some(p50), Some(p95), Some(p99)) => Some(CopyGap { p5, p50, p95, p99 }),
            _ => None,
        };
        let vlan = |v: Option<u16>| v.map_or("untagged".to_owned(), |v| format!("VLAN {v}"));
        CopyEvidence {
            packets: self.compared(),
            untold: self.untold,
            copies: self.copies().packets,
            changed: changed.iter().fold(0, |sum, n| sum.saturating_add(*n)),
            sent_on: self.sent_on(),
            times: self.times(),
            repeated: self.repeated.packets,
            looped: self.looped.packets,
            loops: self.loops,
            copied_at: self.copied_at,
            repeated_at: self.repeated_at,
            looped_at: self.looped_at,
            looped_to: self.looped_to,
            looped_proof: self.looped_proof,
            repeated_proof: self.repeated_proof,
            flows: self.flows,
            flows_affected: self.flows_copied,
            flows_proven: self.flows_proven,
            gap,
            pairs: self.vlan_pairs().into_iter().map(|(a, b, n)| (format!("{} -> {}", vlan(a), vlan(b)), n)).collect(),
            kept,
            proof: ProvingPackets::default(),
            distant: None,
            untold_repeats: None,
        }
    }
}

impl LossCounts {
    /// Loss by size of segments, ascending.
    pub fn by_size(&self) -> Vec<SizeLoss> {
        let rows = self.seen_sizes.iter().zip(self.missing_sizes).enumerate();
        rows.filter(|(_, (seen, missing))| seen.saturating_add(*missing) > 0)
            .map(|(bin, (&seen, missing))| SizeLoss { floor: size_floor(bin), seen, missing })
            .collect()
    }

    /// Loss by utilisation of the mirror link, of so many windows each, beside the share of packets that this `host` lost.
    pub fn by_load(&self, windows: &[u64; super::UTILISATION_CLASSES], host: f64) -> [LoadClass; 3] {
        let [_, low, middle, high] = self.by_utilisation;
        let [_, few, more, most] = *windows;
        [(low, few), (middle, more), (high, most)].map(|(acked, windows)| LoadClass {
            windows,
            acked: acked.bytes,
            missing: acked.missing,
            host,
        })
    }
}

impl HealthCounts {
    /// Lengths as evidence; `errors`: frames that devices report as damaged.
    pub fn size_evidence(&self, errors: u64) -> SizeEvidence {
        let sizes = &self.sizes;
        SizeEvidence {
            packets: sizes.packets,
            cut_by_mirror: sizes.cut_by_mirror,
            cut_by_capture: sizes.cut_by_capture,
            headless: sizes.headless,
            cut_length: sizes.lengths.spike(),
            segments: sizes.segments,
            above_mss: sizes.above_mss,
            impossible: sizes.beyond_jumbo.saturating_add(sizes.no_length),
            largest: sizes.largest,
            errors,
            cut_by_mirror_proof: sizes.cut_by_mirror_proof,
            cut_by_capture_proof: sizes.cut_by_capture_proof,
        }
    }

    /// Checksums as evidence.
    pub fn checksum_evidence(&self) -> ChecksumEvidence {
        let sums = &self.checksums;
        ChecksumEvidence {
            right: sums.right.saturating_add(sums.absent),
            partial: sums.partial,
            wrong: sums.wrong,
            partial_proof: sums.partial_proof,
            wrong_proof: sums.wrong_proof,
        }
    }

    /// Destinations as evidence.
    pub fn cast_evidence(&self) -> CastEvidence {
        let casts = &self.casts;
        CastEvidence { to_host: casts.own, to_others: casts.unicast, multicast: casts.multicast, broadcast: casts.broadcast }
    }

    /// What packets consist of, as evidence.
    pub fn content_evidence(&self) -> ContentEvidence {
        let contents = &self.contents;
        ContentEvidence {
            packets: contents.packets,
            ip: contents.ip,
            tcp: contents.tcp,
            encrypted: contents.encrypted,
            labelled: contents.labelled,
            protocols: contents.protocols,
            foreign_links: contents.foreign_links.rows(),
            carriers: contents.carriers.rows().into_iter().map(|((port, kind), n)| (port, kind, n)).collect(),
            tunnels: None,
            left_on: None,
            divided: (0, 0),
        }
    }
}

impl order::ClockCounts {
    /// The clock as evidence, but for its steps: only who sees every packet can count those.
    pub fn evidence(&self) -> ClockEvidence {
        ClockEvidence {
            packets: self.packets,
            grain: self.grain.nanos,
            differences: self.differences(),
            equal: self.equal,
            longest_run: self.longest_run,
            ..ClockEvidence::default()
        }
    }
}

impl OrderCounts {
    /// Causes and effects as evidence, with what acknowledgements and answers say; `outer_in_order`: of outer sequence numbers.
    pub fn evidence(
        &self,
        loss: &LossCounts,
        health: &HealthCounts,
        overtaken: &OvertakenCounts,
        outer_in_order: Option<bool>,
    ) -> OrderEvidence {
        let asked = &health.unmatched;
        let opened = self.with_far();
        let is_far_apart = self.is_beyond_waiting(health, overtaken);
        let mut skew = opened.skew;
        [&asked.skew, &overtaken.skew, &overtaken.handshakes].into_iter().for_each(|more| skew.merge(more));
        // What is waited for that long only does not tell of more.
        if !is_far_apart {
            skew.merge(&loss.late_skew);
        }
        let sum = |of: &[u64]| of.iter().fold(0u64, |sum, n| sum.saturating_add(*n));
        // Of each kind no more than there are pairs: an acknowledgement comes before its data once, in however many segments that comes.
        let shaken = opened.inverted.saturating_add(overtaken.handshakes.count()).min(opened.handshakes);
        let overtaking = loss.late.min(overtaken.unseen).max(overtaken.acknowledgements()).min(loss.acks);
        let mut violated_at = self.inverted_at;
        [&loss.late_at, &asked.inverted_at, &overtaken.seen_at].into_iter().for_each(|more| violated_at.merge(more));
        OrderEvidence {
            violated_at,
            judged: sum(&[opened.handshakes, loss.acks, asked.answered]),
            violations: sum(&[shaken, overtaking, asked.inverted.min(asked.answered)]),
            skew: skew.quantile(0.5).zip(skew.below(0.99)).map(|(a, b)| [a, b]),
            is_far_apart,
            clocks_apart: None,
            hidden: [None; 2],
            outer_in_order,
            queues: None,
        }
    }

    /// Whether one direction comes later than what is missing is waited for: by acknowledgements, or by most handshakes or most answers.
    pub fn is_beyond_waiting(&self, health: &HealthCounts, overtaken: &OvertakenCounts) -> bool {
        let (opened, asked) = (self.with_far(), &health.unmatched);
        let most = |far: u64, all: u64| far >= overtaken::LEAST && far.saturating_mul(2) > all;
        let shaken = opened.skew.beyond(HOLD).saturating_add(overtaken.handshakes.beyond(HOLD));
        overtaken.is_far_apart() || most(shaken, opened.handshakes) || most(asked.skew.beyond(HOLD), asked.answered)
    }
}

impl DirectionCounts {
    /// Directions as evidence, with the roles of stations: pairs of source and destination, and packets.
    pub fn evidence(&self, mac_pairs: &mut dyn Iterator<Item = (Mac, Mac, u64)>) -> SideEvidence {
        let mut roles = MacRoles::default();
        let mut stations = BTreeSet::new();
        mac_pairs.for_each(|(source, destination, packets)| {
            roles.add(source, destination, packets);
            if packets > 0 && stations.len() < STATIONS {
                stations.insert(source);
            }
        });
        let roles = roles.roles();
        SideEvidence {
            judged: self.mutual.all,
            one_sided: self.mutual.one_sided,
            answered_packets: self.answered_packets,
            exchanges: ExchangeSides::default(),
            begun: BegunConnections::default(),
            one_sided_at: self.one_sided_at,
            concentration: self.concentration().0,
            only_source: roles.only_source,
            only_destination: roles.only_destination,
            both_roles: roles.both,
            stations: stations.len() as u64,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Whatever was counted: there are no more violations than pairs that could have been violated.
        #[test]
        fn no_share_of_causes_is_above_all(n in prop::array::uniform10(0u64..1_000)) {
            let mut order = OrderCounts::default();
            [order.handshakes, order.inverted, order.far, order.far_resolved] = [n[0], n[1], n[2], n[3]];
            (0..n[2]).for_each(|_| order.far_skew.add(1_000_000_000));
            let loss = LossCounts { acks: n[4], late: n[5], ..LossCounts::default() };
            let mut overtaken = OvertakenCounts { unseen: n[6], behind: n[7], ..OvertakenCounts::default() };
            (0..n[8]).for_each(|_| overtaken.handshakes.add(1_000_000));
            let mut health = HealthCounts::default();
            (health.unmatched.answered, health.unmatched.inverted) = (n[9], n[0]);
            let evidence = order.evidence(&loss, &health, &overtaken, None);
            prop_assert!(evidence.violations <= evidence.judged, "{evidence:?}");
        }
    }
}
