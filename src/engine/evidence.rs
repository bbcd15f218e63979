//! From what the detectors counted to what the findings rest on.

use super::tape::Request;
use super::watch::Witness;
use crate::diagnose::{self as d, Evidence, Hints, recognise};
use crate::mirror::{LossSplit, MacRoles, silences, size_floor, wilson};
use crate::model::{Estimate, Mac, Stamps};
use crate::snapshot::{Duplicates, Sample};

/// Payload of a full segment on an Ethernet: bytes of loss are counted in these, since whole segments are lost, not bytes.
const SEGMENT: u64 = 1460;

/// What crosses the detectors: fractions, rows and host counters.
pub struct Sources<'a> {
    /// The request that asks for it.
    pub request: &'a Request,
    /// All shards together.
    pub witness: &'a Witness,
    /// Copies as shown.
    pub duplicates: &'a Duplicates,
    /// MAC pairs with their packets each way.
    pub mac_pairs: &'a mut dyn Iterator<Item = (Mac, Mac, u64)>,
    /// Load so far.
    pub samples: &'a [Sample],
    /// Packets that arrived.
    pub packets: u64,
}

/// Loss by place: of acknowledged data, of outer sequence numbers, of what this host counted, of what a device says it could not copy.
pub fn loss(witness: &Witness, request: &Request, packets: u64) -> (Option<Estimate>, LossSplit) {
    let acked = witness.loss.acked_bytes();
    let all = (acked.bytes >= SEGMENT)
        .then(|| wilson(acked.missing.div_ceil(SEGMENT), acked.bytes / SEGMENT))
        .map(|e| Estimate { rate: if acked.bytes > 0 { acked.missing as f64 / acked.bytes as f64 } else { 0.0 }, ..e });
    let numbered = request.tunnels.sessions.iter().map(|s| &s.session).filter(|s| s.peeled && s.sequenced);
    let (missing, received) = numbered.fold((0u64, 0u64), |(m, r), s| (m + s.missing, r + s.packets));
    let (unstamped, stamped) = request.tunnels.stamps.iter().filter_map(stamped_loss).fold((0u64, 0u64), |(m, r), s| (m + s.0, r + s.1));
    let (missing, received) = (missing + unstamped, received + stamped);
    let sequence = (received > 0).then(|| wilson(missing, missing + received));
    let lost = request.losses.lost_packets();
    let host = (packets > 0).then(|| wilson(lost, lost.saturating_add(packets)));
    let mut split = LossSplit::new(all, sequence, host);
    // What a device says of itself is better than nothing, and no match for what was seen to be missing.
    split.switch = split.switch.or_else(|| declared_loss(request, packets));
    (all, split)
}

/// Everything the findings rest on.
pub fn evidence(sources: Sources, all: Option<Estimate>, split: &LossSplit) -> Evidence {
    let Sources { request, witness, duplicates, mac_pairs, samples, packets } = sources;
    let health = &witness.health;
    let mirrors = || request.tunnels.sessions.iter().filter(|s| s.session.peeled);
    let hints = Hints {
        tunnel: mirrors().map(|s| s.session.tunnel.kind).next(),
        wraps_at_30_bits: mirrors().any(|s| s.bits == 30),
        ..Hints::default()
    };
    let seconds = match (request.first, request.latest) {
        (Some(first), Some(latest)) => latest.seconds_since(first),
        _ => 0.0,
    };
    Evidence {
        seconds,
        packets,
        live: request.live,
        vendor: recognise(&hints).map(|r| r.vendor),
        copies: copies(witness, duplicates),
        loss: d::Loss {
            all,
            host: split.host,
            path: split.transport,
            switch: split.switch,
            upstream: split.upstream,
            by_load: by_load(witness, request, split),
            by_size: by_size(witness),
            ratios: witness.loss.ratios.bins,
            whole: witness.loss.ratios.whole,
            flat_top: flat_top(samples),
            declared_sampling: declared_sampling(request),
        },
        sides: sides(witness, mac_pairs),
        tags: d::Tags {
            tagged: health.tags.tagged,
            untagged: health.tags.untagged,
            vlans: u64::from(health.tags.vlans.len()),
            claimed: u64::from(health.tags.claimed.len()),
            subnets: health.tags.subnets.len() as u64,
            flows: witness.tags.judged,
            one_way: witness.tags.one_way,
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
            errors: request.tunnels.sessions.iter().flat_map(|s| s.session.errors).sum(),
        },
        checksums: d::Checksums {
            right: health.checksums.right + health.checksums.absent,
            partial: health.checksums.partial,
            wrong: health.checksums.wrong,
        },
        order: order(witness, request),
        clock: d::Clock {
            packets: witness.clock.packets,
            grain: witness.clock.grain,
            differences: witness.clock.differences(),
            equal: witness.clock.equal,
            longest_run: witness.clock.longest_run,
            steps: witness.clock.steps,
            largest_step: witness.clock.largest_step as f64 / 1e9,
        },
        casts: d::Casts {
            to_host: 0,
            to_others: health.casts.unicast,
            multicast: health.casts.multicast,
            broadcast: health.casts.broadcast,
        },
        outages: silences(&witness.beats, request.now)
            .into_iter()
            .map(|s| d::Outage {
                from: s.from,
                seconds: s.to.seconds_since(s.from),
                senders: s.senders,
                missed: s.missed,
                open: s.to >= request.now,
            })
            .collect(),
        control: d::Control { neighbour: health.control.neighbour, silent_partners: health.control.silent_partners() },
        transit: d::Transit {
            nested: request.tunnels.loops,
            foreign: request.tunnels.foreign.packets,
            foreign_bytes: share(request.tunnels.foreign.wire_bytes, samples.iter().map(|s| s.traffic.wire_bytes).sum()),
            outer: mirrors().map(|s| s.session.packets).sum(),
            fragments: request.tunnels.fragments.packets,
        },
        host: d::Host { lost: request.losses.lost_packets(), ..d::Host::default() },
    }
}

/// Packets missing by the numbers that a stamping device gave them, and packets received: by its way out, else by all the ways in, which
/// lose what the device itself could not pass on as well.
fn stamped_loss(stamps: &Stamps) -> Option<(u64, u64)> {
    let by_ports = || {
        let numbered: Vec<u64> = stamps.ports.iter().filter_map(|p| p.missing).collect();
        (!numbered.is_empty()).then(|| numbered.iter().sum())
    };
    let missing = stamps.missing.or_else(by_ports)?;
    Some((missing, stamps.packets))
}

/// One in how many the mirror says it copies: the session with the most samples.
fn declared_sampling(request: &Request) -> Option<u32> {
    let peeled = request.tunnels.sessions.iter().map(|s| &s.session).filter(|s| s.peeled);
    peeled.filter_map(|s| s.sampling).max_by_key(|s| s.samples).map(|s| s.one_in)
}

/// Copies that the devices say they could not make, of those they wanted to.
fn declared_loss(request: &Request, packets: u64) -> Option<Estimate> {
    let peeled = request.tunnels.sessions.iter().map(|s| &s.session).filter(|s| s.peeled);
    let (drops, taken) = peeled.filter_map(|s| s.sampling).fold((0u64, 0u64), |(d, n), s| (d + s.drops, n + s.samples));
    let stamps =
        request.tunnels.stamps.iter().filter_map(|s| s.drops.map(|d| (d, if s.packets > 0 { s.packets + s.without } else { packets })));
    let (drops, taken) = stamps.fold((drops, taken), |(d, n), s| (d + s.0, n + s.1));
    (drops > 0).then(|| wilson(drops, drops.saturating_add(taken)))
}

fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { (part as f64 / whole as f64).min(1.0) }
}

fn copies(witness: &Witness, duplicates: &Duplicates) -> d::Copies {
    let counts = &witness.duplicates;
    let gaps = counts.gaps();
    let seconds = |q| gaps.quantile(q).map(|n| n as f64 / 1e9);
    let gap = match (seconds(0.05), seconds(0.5), seconds(0.95), seconds(0.99)) {
        (Some(p5), Some(p50), Some(p95), Some(p99)) => Some(d::Gap { p5, p50, p95, p99 }),
        _ => None,
    };
    let vlan = |v: Option<u16>| v.map_or("untagged".to_owned(), |v| format!("VLAN {v}"));
    d::Copies {
        packets: counts.observed.packets,
        copies: counts.copies().packets,
        flows: counts.flows,
        flows_affected: counts.flows_copied,
        gap,
        pairs: duplicates.vlan_pairs.iter().map(|&(a, b, n)| (format!("{} -> {}", vlan(a), vlan(b)), n)).collect(),
        kept: !duplicates.dropped,
    }
}

fn by_load(witness: &Witness, request: &Request, split: &LossSplit) -> [d::LoadClass; 3] {
    let host = split.host.map_or(0.0, |h| h.rate);
    std::array::from_fn(|i| {
        let (acked, windows) = (witness.loss.by_utilisation[i + 1], request.load_windows[i + 1]);
        d::LoadClass { windows, acked: acked.bytes, missing: acked.missing, host }
    })
}

fn by_size(witness: &Witness) -> Vec<d::SizeLoss> {
    let rows = witness.loss.seen_sizes.iter().zip(witness.loss.missing_sizes).enumerate();
    rows.filter(|(_, (seen, missing))| **seen + missing > 0)
        .map(|(bin, (&seen, missing))| d::SizeLoss { floor: size_floor(bin), seen, missing })
        .collect()
}

/// The delivered rate over whole intervals; the first and the last are not whole.
fn flat_top(samples: &[Sample]) -> Option<d::FlatTop> {
    let whole = samples.get(1..samples.len().checked_sub(1)?)?;
    let rates: Vec<f64> = whole.iter().filter(|s| s.length > 0).map(|s| s.traffic.bits_per_second(s.length as f64 / 1e9)).collect();
    if rates.is_empty() {
        return None;
    }
    let mean = rates.iter().sum::<f64>() / rates.len() as f64;
    let variance = rates.iter().map(|r| (r - mean).powi(2)).sum::<f64>() / rates.len() as f64;
    let variation = if mean > 0.0 { variance.sqrt() / mean } else { 0.0 };
    Some(d::FlatTop { windows: rates.len() as u64, bits_per_second: mean, variation })
}

fn sides(witness: &Witness, mac_pairs: &mut dyn Iterator<Item = (Mac, Mac, u64)>) -> d::Sides {
    let mut roles = MacRoles::default();
    mac_pairs.for_each(|(source, destination, packets)| roles.add(source, destination, packets));
    let roles = roles.roles();
    d::Sides {
        judged: witness.sides.tcp.all,
        one_sided: witness.sides.tcp.one_sided,
        concentration: witness.sides.concentration().0,
        only_source: roles.only_source,
        only_destination: roles.only_destination,
        both_roles: roles.both,
    }
}

fn order(witness: &Witness, request: &Request) -> d::Order {
    let mut skew = witness.order.skew;
    skew.merge(&witness.loss.late_skew);
    let numbered = || request.tunnels.sessions.iter().filter(|s| s.session.peeled && s.session.sequenced);
    d::Order {
        judged: witness.order.handshakes + witness.loss.acks,
        violations: witness.order.inverted + witness.loss.late,
        skew: skew.quantile(0.5).zip(skew.quantile(0.99)).map(|(a, b)| [a, b]),
        outer_in_order: numbered().next().is_some().then(|| numbered().all(|s| s.session.reordered == 0)),
        queues: None,
    }
}
