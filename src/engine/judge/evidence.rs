//! From what the detectors counted to what the findings rest on.

use crate::diagnose::{self as d, Evidence, Hints, recognise};
use crate::engine::fold::detectors::{Conversations, DetectorReport};
use crate::engine::judge::history::Sums;
use crate::engine::route::utilisation::occupied;
use crate::engine::tape::Request;
use crate::mirror::{CopyClass, DuplicateCounts, LossSplit, MacRoles, WINDOW, clustered, size_floor, window};
use crate::model::{Estimate, Mac, Sum, Timestamp, Traffic, wilson};
use crate::switch::{OutageSpan, outages};

/// Payload of a full segment on an Ethernet: bytes of loss are counted in these, since whole segments are lost, not bytes.
const SEGMENT: u64 = 1460;

/// Conversations of the last minute before those of the last ten are left out.
const CONVERSATIONS: u64 = 20;

/// What crosses the detectors: fractions, rows and host counters.
pub struct Sources<'a> {
    /// The request that asks for it.
    pub request: &'a Request,
    /// All shards together.
    pub detected: &'a DetectorReport,
    /// The counts to be judged: recent ones on a live port.
    pub sums: &'a Sums,
    /// Seconds of the whole run.
    pub age: f64,
    /// Whether copies are left out of the analysis.
    pub dropped: bool,
    /// MAC pairs with their packets each way.
    pub mac_pairs: &'a mut dyn Iterator<Item = (Mac, Mac, u64)>,
}

/// Loss by place: of acknowledged data, of outer sequence numbers, of what this host counted, of what a device says it could not copy.
pub fn loss(sums: &Sums) -> (Option<Estimate>, LossSplit) {
    let all = clustered(&sums.counts.acked, SEGMENT, sums.counts.loss.gaps);
    let Sums { outer, lost, link, .. } = sums;
    let sequence = (outer.numbered > 0).then(|| wilson(outer.missing, outer.missing.saturating_add(outer.numbered)));
    let host = (link.packets > 0).then(|| wilson(*lost, lost.saturating_add(link.packets)));
    let mut split = LossSplit::new(all, sequence, host);
    // What a device says of itself is better than nothing, and no match for what was seen to be missing.
    let declared = || (outer.refused > 0).then(|| wilson(outer.refused, outer.refused.saturating_add(outer.taken)));
    split.switch = split.switch.or_else(declared);
    (all, split)
}

/// The share of answers whose question was never seen: SYN-ACKs, DNS, ICMP echo. Where both directions are mirrored it estimates the loss
/// of packets that are lost one by one; of losses in runs it tells less, for question and answer are missing together.
pub fn unmatched(sums: &Sums) -> Option<Estimate> {
    let (asked, opened) = (&sums.counts.health.unmatched, &sums.counts.order);
    let answers = opened.answers.saturating_add(asked.settled).saturating_add(asked.unasked);
    (answers > 0).then(|| wilson(opened.unmatched().saturating_add(asked.unasked), answers))
}

/// Everything the findings rest on, with the loss that [`loss`] found in the same counts.
pub fn evidence(sources: Sources, all: Option<Estimate>, split: &LossSplit) -> Evidence {
    let Sources { request, detected, sums, age, dropped, mac_pairs } = sources;
    let (counts, outer) = (&sums.counts, &sums.outer);
    let (health, switch) = (&counts.health, &counts.switch);
    let mirrors = || request.tunnels.sessions.iter().filter(|s| s.session.peeled);
    let descriptions: Vec<&str> = switch.control.systems.iter().map(String::as_str).collect();
    let hints = Hints {
        descriptions: &descriptions,
        vlan_4095: switch.tags.vlans.contains(4095),
        tunnel: mirrors().map(|s| s.session.tunnel.kind).next(),
        wraps_at_30_bits: mirrors().any(|s| s.bits == 30),
        ..Hints::default()
    };
    let seconds = match (sums.from, request.first, request.latest) {
        (Some(from), ..) => request.now.seconds_since(from),
        (None, Some(first), Some(latest)) => latest.seconds_since(first),
        _ => 0.0,
    };
    let mut talks = detected.recent.clone();
    if talks.sides.tcp.all < CONVERSATIONS {
        talks.merge(&detected.older);
    }
    Evidence {
        seconds,
        quiet: request.quiet,
        packets: sums.link.packets,
        live: request.live,
        vendor: recognise(&hints).map(|r| r.vendor),
        copies: copies(&counts.duplicates, dropped),
        loss: d::Loss {
            all,
            host: split.host,
            path: split.transport,
            switch: split.switch,
            upstream: split.upstream,
            unmatched: unmatched(sums),
            by_load: by_load(sums, split),
            by_size: by_size(sums),
            ratios: talks.ratios.bins,
            whole: talks.ratios.whole,
            flat_top: flat_top(detected, request, sums),
            speed: request.load.speed,
            declared_sampling: declared_sampling(request),
        },
        sides: sides(&talks, mac_pairs),
        tags: d::Tags {
            tagged: switch.tags.tagged,
            untagged: switch.tags.untagged,
            vlans: u64::from(switch.tags.vlans.len()),
            claimed: u64::from(switch.tags.claimed.len()),
            networks: switch.tags.networks() as u64,
            flows: talks.tags.judged,
            one_way: talks.tags.one_way,
        },
        sizes: d::Sizes {
            packets: health.sizes.packets,
            cut_by_mirror: health.sizes.cut_by_mirror,
            cut_by_capture: health.sizes.cut_by_capture,
            cut_length: health.sizes.lengths.spike(),
            segments: health.sizes.segments,
            above_mss: health.sizes.above_mss,
            impossible: health.sizes.beyond_jumbo + health.sizes.no_length,
            largest: health.sizes.largest,
            errors: outer.errors,
        },
        checksums: d::Checksums {
            right: health.checksums.right + health.checksums.absent,
            partial: health.checksums.partial,
            wrong: health.checksums.wrong,
        },
        order: order(sums),
        clock: d::Clock {
            packets: counts.clock.packets,
            grain: counts.clock.grain,
            differences: counts.clock.differences(),
            equal: counts.clock.equal,
            longest_run: counts.clock.longest_run,
            steps: counts.clock.steps.max(request.clock_steps.count),
            largest_step: counts.clock.largest_step.max(request.clock_steps.largest.unsigned_abs()) as f64 / 1e9,
        },
        casts: d::Casts {
            to_host: 0,
            to_others: health.casts.unicast,
            multicast: health.casts.multicast,
            broadcast: health.casts.broadcast,
        },
        outages: outages(&detected.senders, request.now)
            .into_iter()
            .filter(|s| sums.from.is_none_or(|from| s.to >= from))
            .filter(|s| s.senders > 1 || nothing_arrived(request, s))
            .map(|s| d::Outage {
                from: s.from,
                seconds: s.to.seconds_since(s.from),
                senders: s.senders,
                missed: s.missed,
                open: s.to >= request.now,
            })
            .collect(),
        control: d::Control { neighbour: switch.control.neighbour, silent_partners: switch.control.silent_partners(), seconds: age },
        transit: d::Transit {
            nested: outer.nested,
            foreign: outer.foreign.packets,
            foreign_bytes: share(outer.foreign.wire_bytes, sums.link.wire_bytes),
            outer: outer.packets,
            fragments: outer.fragments,
        },
        host: d::Host { lost: sums.lost, ..d::Host::default() },
    }
}

/// One in how many the mirror says it copies: the session with the most samples.
fn declared_sampling(request: &Request) -> Option<u32> {
    let peeled = request.tunnels.sessions.iter().map(|s| &s.session).filter(|s| s.peeled);
    peeled.filter_map(|s| s.sampling).max_by_key(|s| s.samples).map(|s| s.one_in)
}

/// Whether no packet at all arrived while an unmatched sender's were missing, from when the first of them was due to when the last was; as far as
/// is remembered, in windows of 100 ms.
fn nothing_arrived(request: &Request, silence: &OutageSpan) -> bool {
    let interval = silence.to.since(silence.from) / i64::try_from(silence.missed).unwrap_or(i64::MAX).saturating_add(1);
    let first = window(silence.from.plus(interval)).saturating_add(1);
    let last = window(Timestamp(silence.to.0.saturating_sub(interval))).saturating_sub(1);
    let arrived = &request.load.arrived;
    // The open window is known to the next request only.
    arrived.get(first).is_some_and(|_| arrived.iter().all(|(w, traffic)| w < first || w > last || traffic.packets == 0))
}

fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { (part as f64 / whole as f64).min(1.0) }
}

/// From VLAN to VLAN, with packets, most first.
pub fn vlan_pairs(counts: &DuplicateCounts) -> Vec<(Option<u16>, Option<u16>, u64)> {
    let mut pairs: Vec<_> = counts.vlans.iter().map(|v| (v.first, v.later, v.packets)).collect();
    pairs.sort_by_key(|&(first, later, packets)| (std::cmp::Reverse(packets), first, later));
    pairs
}

fn copies(counts: &DuplicateCounts, dropped: bool) -> d::Copies {
    let gaps = counts.gaps();
    let seconds = |q| gaps.quantile(q).map(|n| n as f64 / 1e9);
    let changed = [CopyClass::Routed, CopyClass::Vlan].map(|class| counts.class(class).traffic.packets).iter().sum();
    let gap = match (seconds(0.05), seconds(0.5), seconds(0.95), seconds(0.99)) {
        (Some(p5), Some(p50), Some(p95), Some(p99)) => Some(d::Gap { p5, p50, p95, p99 }),
        _ => None,
    };
    let vlan = |v: Option<u16>| v.map_or("untagged".to_owned(), |v| format!("VLAN {v}"));
    d::Copies {
        packets: counts.observed.packets,
        copies: counts.copies().packets,
        changed,
        flows: counts.flows,
        flows_affected: counts.flows_copied,
        gap,
        pairs: vlan_pairs(counts).into_iter().map(|(a, b, n)| (format!("{} -> {}", vlan(a), vlan(b)), n)).collect(),
        kept: !dropped,
    }
}

fn by_load(sums: &Sums, split: &LossSplit) -> [d::LoadClass; 3] {
    let host = split.host.map_or(0.0, |h| h.rate);
    std::array::from_fn(|i| {
        let (acked, windows) = (sums.counts.loss.by_utilisation[i + 1], sums.windows[i + 1]);
        d::LoadClass { windows, acked: acked.bytes, missing: acked.missing, host }
    })
}

fn by_size(sums: &Sums) -> Vec<d::SizeLoss> {
    let loss = &sums.counts.loss;
    let rows = loss.seen_sizes.iter().zip(loss.missing_sizes).enumerate();
    rows.filter(|(_, (seen, missing))| **seen + missing > 0)
        .map(|(bin, (&seen, missing))| d::SizeLoss { floor: size_floor(bin), seen, missing })
        .collect()
}

/// Lengths of windows in which rates are compared, in windows of 100 ms.
const LENGTHS: [i64; 4] = [1, 2, 5, 10];

/// The delivered rate in windows in which data was lost from beginning to end: in the inside of a lossy run. Of windows that are enough
/// the length is taken in which the rate varies least: a limit lets through what it saved up while less came, or a frame more or less,
/// and that is a smaller part of more time.
fn flat_top(detected: &DetectorReport, request: &Request, sums: &Sums) -> Option<d::FlatTop> {
    let from = sums.from.map_or(i64::MIN, window);
    let arrived = &request.load.arrived;
    let tops = LENGTHS.into_iter().filter_map(|length| {
        let lost = detected.lost.coarser(length);
        let inside = lost.inside().map(|(w, lost)| (w * length, lost)).filter(|(first, _)| *first > from);
        let sum = |first| (first..first + length).filter_map(|w| arrived.get(w)).fold(Traffic::default(), Traffic::plus);
        let lossy = inside.map(|(first, lost)| (sum(first), lost)).filter(|w| w.0.packets > 0);
        top(lossy.collect(), (length * WINDOW) as f64 / 1e9)
    });
    let enough = |top: &d::FlatTop| top.windows >= d::FLAT_WINDOWS;
    tops.reduce(|best, longer| if enough(&longer) && longer.variation < best.variation { longer } else { best })
}

/// The flat top of windows of so many `seconds`, by what arrived and what was lost in each. Where a limit was reached for a part of the window only, less is delivered, never
/// more: windows below 90 % of the median stay out.
fn top(mut lossy: Vec<(Traffic, u32)>, seconds: f64) -> Option<d::FlatTop> {
    lossy.sort_unstable_by_key(|w| w.0.wire_bytes);
    let median = lossy.get(lossy.len() / 2)?.0.wire_bytes as f64;
    let top = lossy.get(lossy.partition_point(|w| (w.0.wire_bytes as f64) < 0.9 * median)..)?;
    let mean = |of: &dyn Fn(&(Traffic, u32)) -> f64| top.iter().map(of).sum::<f64>() / top.len().max(1) as f64;
    let deviation = |of: &dyn Fn(&(Traffic, u32)) -> f64| {
        let middle = mean(of);
        mean(&|w| (of(w) - middle).powi(2)).sqrt()
    };
    let rate = |w: &(Traffic, u32)| w.0.bits_per_second(seconds);
    let share = |deviation: f64| if mean(&rate) > 0.0 { deviation / mean(&rate) } else { 0.0 };
    Some(d::FlatTop {
        seconds,
        lossy: lossy.len() as u64,
        windows: top.len() as u64,
        bits_per_second: mean(&rate),
        variation: share(deviation(&rate)),
        missing_variation: share(deviation(&|w| f64::from(w.1) * 8.0 / seconds)),
        occupied: mean(&|w| occupied(w.0) as f64 * 8.0 / seconds),
    })
}

fn sides(talks: &Conversations, mac_pairs: &mut dyn Iterator<Item = (Mac, Mac, u64)>) -> d::Sides {
    let mut roles = MacRoles::default();
    mac_pairs.for_each(|(source, destination, packets)| roles.add(source, destination, packets));
    let roles = roles.roles();
    d::Sides {
        judged: talks.sides.tcp.all,
        one_sided: talks.sides.tcp.one_sided,
        concentration: talks.sides.concentration().0,
        only_source: roles.only_source,
        only_destination: roles.only_destination,
        both_roles: roles.both,
    }
}

fn order(sums: &Sums) -> d::Order {
    let (counts, outer) = (&sums.counts, &sums.outer);
    let asked = &counts.health.unmatched;
    let mut skew = counts.order.skew;
    skew.merge(&counts.loss.late_skew);
    skew.merge(&asked.skew);
    d::Order {
        judged: counts.order.handshakes + counts.loss.acks + asked.answered,
        violations: counts.order.inverted + counts.loss.late + asked.inverted,
        skew: skew.quantile(0.5).zip(skew.quantile(0.99)).map(|(a, b)| [a, b]),
        outer_in_order: (outer.numbered > 0).then_some(outer.reordered == 0),
        queues: None,
    }
}
