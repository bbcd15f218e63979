//! Cases of both sides of every threshold of the findings about the mirror.

use super::*;
use crate::model::evidence::{AdvanceEvidence, BegunConnections};

/// Sets what a finding rests on to a value.
type Change = fn(&mut Evidence, f64);

/// A finding, how severe it is, the value from which on it is raised, one at which it just is not, and what the value is of.
type Case = (&'static str, Severity, f64, f64, Change);

/// Values that say yes and no.
pub(super) const YES: f64 = 1.0;

pub(super) const NO: f64 = 0.0;

/// Copies far apart: not the same port copied twice.
pub(super) const WIDE: Option<CopyGap> = Some(CopyGap { p5: 1e-3, p50: 5e-3, p95: 0.0201, p99: 0.03 });

pub(super) fn some_copies(copies: f64, flows_affected: f64) -> CopyEvidence {
    CopyEvidence {
        packets: 10_000,
        copies: copies as u64,
        flows: 500,
        flows_affected: flows_affected as u64,
        gap: tight(),
        ..CopyEvidence::default()
    }
}

pub(super) fn flat(lossy: f64, windows: u64, bits_per_second: f64, occupied: f64) -> Option<FlatTop> {
    Some(FlatTop {
        is_exceeded_since: false,
        seconds: 0.1,
        missing_variation: 0.1,
        lossy: lossy as u64,
        windows,
        bits_per_second,
        variation: 0.019,
        occupied,
    })
}

/// Nine of ten packets are missing of few conversations, in so many runs.
fn few_sampled(e: &mut Evidence, flows: u64, runs: u64) {
    (e.loss.all, e.loss.runs) = (Some(Estimate { rate: 0.9, low: 0.89, high: 0.91, n: 10_000 }), runs);
    (e.loss.ratios, e.loss.whole) = ([0; 21], 0);
    e.loss.ratios[18] = flows;
}

/// One of a hundred packets was seen of what conversations advanced: so many segments, so many right behind one, of so many groups.
fn advanced(e: &mut Evidence, [segments, adjacent, groups]: [u64; 3], scatter: f64) {
    let missing = Some(Estimate { rate: 0.99, low: 0.98, high: 0.995, n: 100 * segments });
    (e.loss.all, e.loss.ratios, e.loss.whole) = (None, [0; 21], 0);
    e.loss.advances = AdvanceEvidence { missing, segments, adjacent, groups, scatter };
}

pub(super) fn session(id: u64, rate: f64, low: f64, errors: u64) -> SessionLoss {
    let address = |d| Address::V4(Ipv4Addr::new(10, 0, 0, d));
    let tunnel = Tunnel { kind: TunnelKind::Erspan2, source: address(1), destination: address(9), id };
    let span = Episode { first: Timestamp(1), last: Timestamp(5) };
    SessionLoss { tunnel, loss: estimate(rate, low, 9_999), packets: 9_999, errors, span }
}

/// Both sides of every threshold.
pub(super) const CASES: &[Case] = &[
    // Copies.
    ("dup.every", Critical, 400.0, 399.0, |e, packets| {
        e.copies =
            CopyEvidence { packets: packets as u64, copies: 190, flows: 50, flows_affected: 10, gap: tight(), ..CopyEvidence::default() };
    }),
    ("dup.every", Critical, YES, NO, |e, close| {
        let gap = if close == YES { tight() } else { WIDE };
        e.copies = CopyEvidence { packets: 9_000, copies: 6_000, flows: 2, flows_affected: 2, gap, ..CopyEvidence::default() };
    }),
    // Five times, of nearly all conversations.
    ("dup.every", Critical, 80.0, 79.0, |e, flows| {
        let flows_affected = flows as u64;
        e.copies = CopyEvidence { packets: 10_000, copies: 8_000, flows: 100, flows_affected, gap: tight(), ..CopyEvidence::default() };
    }),
    ("dup.flood", Note, 100.0, 99.0, |e, packets| {
        e.copies = CopyEvidence { packets: 10_000, repeated: packets as u64, ..CopyEvidence::default() };
    }),
    ("route.loop", Critical, 101.0, 100.0, |e, looped| {
        // A warning from two on; the scale is by what is critical.
        let loops = if looped > 100.0 { 2 } else { 0 };
        e.copies = CopyEvidence { packets: 10_000, loops, looped: looped as u64, ..CopyEvidence::default() };
    }),
    ("route.loop", Warning, 2.0, 1.0, |e, loops| {
        e.copies = CopyEvidence { packets: 100_000, loops: loops as u64, looped: 29, ..CopyEvidence::default() };
    }),
    // Of one packet.
    ("route.loop", Warning, 30.0, 29.0, |e, looped| {
        e.copies = CopyEvidence { packets: 100_000, loops: 1, looped: looped as u64, ..CopyEvidence::default() };
    }),
    ("route.loop", Warning, 4.0, 3.0, |e, looped| {
        e.copies = CopyEvidence { packets: 10_000, loops: 2, looped: looped as u64, ..CopyEvidence::default() };
    }),
    ("route.loop", Warning, 1.0, 0.0, |e, expired| {
        e.copies = CopyEvidence { packets: 10_000, loops: 1, looped: 2, ..CopyEvidence::default() };
        e.network.expired = expired as u64;
    }),
    ("dup.some", Note, 101.0, 100.0, |e, copies| e.copies = some_copies(copies, 10.0)),
    ("dup.some", Warning, 10.0, 9.0, |e, flows| e.copies = some_copies(3_000.0, flows)),
    ("dup.some", Warning, 50.0, 49.0, |e, flows| {
        e.copies = CopyEvidence { flows_proven: flows as u64, ..some_copies(3_000.0, 0.0) };
    }),
    ("dup.some", Warning, 1_501.0, 1_500.0, |e, changed| {
        let changed = changed as u64;
        e.copies =
            CopyEvidence { packets: 9_000, copies: 3_000, changed, flows: 2, flows_affected: 2, gap: WIDE, ..CopyEvidence::default() };
    }),
    // Loss with a pattern.
    ("span.oversub", Warning, 30.0, 29.0, |e, windows| {
        e.loss.by_load[0].missing = 100_000;
        e.loss.by_load[2] = LoadClass { windows: windows as _, acked: 100_000_000, missing: 1_200_000, host: 0.0 };
    }),
    ("span.oversub", Critical, 270.0, 269.0, |e, full| {
        let class = |windows: f64| LoadClass { windows: windows as _, acked: 100_000_000, missing: 9_000_000, host: 0.0 };
        e.loss.by_load = [class(29.0), class(1.0), class(full)];
    }),
    ("span.oversub", Critical, 0.0, 0.09, |e, host| {
        e.loss.by_load[2] = LoadClass { windows: 40, acked: 100_000_000, missing: 9_000_000, host };
    }),
    ("span.sampled", Warning, 20.0, 17.0, |e, alike| {
        e.loss.all = estimate(0.9, 0.89, 10_000);
        e.loss.ratios = [0; 21];
        (e.loss.whole, e.loss.ratios[17], e.loss.ratios[18]) = if alike > 17.0 { (0, 9, 11) } else { (3, 0, 17) };
    }),
    ("span.sampled", Warning, 2.0, 1.0, |e, one_in| e.loss.declared_sampling = Some(one_in as _)),
    ("span.sampled", Warning, 0.67, 0.66, |e, lone| {
        e.loss.all = estimate(0.9, 0.89, 10_000);
        e.loss.ratios = [0; 21];
        (e.loss.whole, e.loss.ratios[18]) = (0, 30);
        e.loss.unmatched = Some(Estimate { rate: lone - 0.1, low: lone - 0.2, high: lone, n: 20 });
    }),
    ("span.sampled", Warning, 450.0, 449.0, |e, runs| few_sampled(e, 3, runs as u64)),
    ("span.sampled", Warning, 3.0, 2.0, |e, flows| few_sampled(e, flows as u64, 900)),
    ("span.sampled", Warning, 20.0, 19.0, |e, answers| {
        few_sampled(e, 0, 900);
        e.loss.unmatched = Some(Estimate { rate: 0.88, low: 0.7, high: 0.96, n: answers as u64 });
    }),
    ("span.sampled", Warning, 0.89, 0.88, |e, agreeing| {
        few_sampled(e, 0, 900);
        e.loss.unmatched = Some(Estimate { rate: 0.8, low: 0.7, high: agreeing, n: 20 });
    }),
    ("span.sampled", Warning, 7_600.0, 7_400.0, |e, least| {
        let best = Some(wilson(least as u64, 10_000));
        (e.loss.all, e.loss.streams) =
            (None, StreamEvidence { streams: 5, senders: 3, packets: 1_000, missing: 9_000, best, by_stretch: None });
    }),
    ("span.sampled", Warning, 10.0, 9.0, |e, segments| advanced(e, [segments as u64, 0, 3], 4.0)),
    ("span.sampled", Warning, 3.0, 2.0, |e, groups| advanced(e, [100, 0, groups as u64], 4.0)),
    ("span.sampled", Warning, 4.0, 5.0, |e, adjacent| advanced(e, [100, adjacent as u64, 3], 4.0)),
    ("span.sampled", Warning, 4.0, 4.1, |e, scatter| advanced(e, [100, 0, 3], scatter)),
    ("span.ratelimit", Critical, 8.9e8, 9.1e8, |e, occupied| {
        (e.loss.all, e.loss.flat_top) = (estimate(0.2, 0.19, 10_000), flat(13.0, 10, 8.5e8, occupied));
    }),
    ("span.ratelimit", Warning, 20.0, 21.0, |e, lossy| {
        (e.loss.all, e.loss.flat_top) = (estimate(0.049, 0.04, 10_000), flat(lossy, 15, 1e8, 1e8));
    }),
    ("span.ratelimit", Warning, 0.039, 0.038, |e, varies| {
        (e.loss.all, e.loss.flat_top) = (estimate(0.049, 0.04, 10_000), flat(15.0, 15, 1e8, 1e8));
        e.loss.flat_top.as_mut().unwrap().missing_variation = varies;
    }),
    ("span.ratelimit", Critical, 0.343, 0.341, |e, varies| {
        (e.loss.all, e.loss.flat_top) = (estimate(0.9, 0.89, 10_000), flat(15.0, 15, 1e8, 1e8));
        e.loss.flat_top.as_mut().unwrap().missing_variation = varies;
    }),
    ("span.size", Critical, 19.0, 20.0, |e, seen| {
        e.loss.by_size[0].seen = 20;
        e.loss.by_size[1] = SizeLoss { floor: 1408, seen: seen as u64, missing: 20 };
    }),
    // Loss by place.
    ("upstream.loss", Note, 100.0, 99.0, |e, n| e.loss.upstream = estimate(0.009, 0.0006, n as u64)),
    ("upstream.loss", Warning, 0.009, 0.0005, |e, low| e.loss.upstream = estimate(0.01, low, 9_999)),
    ("upstream.loss", Warning, 100.0, 99.0, |e, n| {
        (e.loss.all, e.loss.upstream, e.loss.unmatched) = (None, None, estimate(0.02, 0.0051, n as u64));
    }),
    ("upstream.loss", Warning, 0.0051, 0.0049, |e, low| {
        (e.loss.all, e.loss.upstream, e.loss.unmatched) = (None, None, estimate(0.02, low, 188));
    }),
    // With one error: 1.01 % of what was to be sent, and 0.09 %.
    ("switch.discards", Warning, 101.0, 8.0, |e, discards| {
        let [discards, sent] = [discards as u64, 9_999];
        e.loss.mirror_port = Some(PortLoss { port: "Gi1/0/24".into(), discards, errors: 1, sent, seconds: 10.0, offered: None });
    }),
    ("switch.loss", Critical, 0.05, 0.001, |e, rate| {
        (e.loss.switch, e.loss.upstream) = (estimate(rate, if rate > 0.01 { 0.04 } else { 0.0004 }, 9_999), estimate(0.05, 0.04, 9_999));
    }),
    ("path.loss", Critical, 0.0011, 0.001, |e, low| e.loss.by_session = vec![session(1, 0.06, low, 0)]),
    ("frames.errors", Warning, 1.0, 0.0, |e, errors| e.loss.by_session = vec![session(1, 0.0, 0.0, errors as u64)]),
    ("path.loss", Warning, 0.0011, 0.001, |e, low| e.loss.path = estimate(0.02, low, 9_999)),
    ("host.drop", Warning, 1_000.0, 0.0, |e, lost| {
        e.host.lost = lost as u64;
        e.loss.host = if lost > 0.0 { estimate(0.001, 0.0009, 1_000_000) } else { None };
    }),
    ("host.drop", Note, 1.0, 0.0, |e, lost| (e.host.lost, e.loss.host) = (lost as u64, None)),
    // Directions and tags.
    ("dir.half", Warning, 15.0, 14.0, |e, one_sided| {
        e.sides = SideEvidence { judged: 20, one_sided: one_sided as u64, ..SideEvidence::default() }
    }),
    ("dir.half", Critical, 10.0, 9.0, |e, judged| {
        e.sides = SideEvidence { judged: judged as u64, one_sided: 9, concentration: 1.0, ..SideEvidence::default() };
    }),
    ("mirror.midstream", Warning, 20.0, 19.0, |e, connections| {
        e.sides.begun = BegunConnections { connections: connections as u64, unseen: connections as u64 };
    }),
    ("mirror.midstream", Warning, 60.0, 59.0, |e, unseen| {
        e.sides.begun = BegunConnections { connections: 100, unseen: unseen as u64 };
    }),
    ("dir.some", Warning, 23.0, 4.0, |e, one_sided| {
        e.sides = SideEvidence { judged: 100, one_sided: one_sided as u64, ..SideEvidence::default() }
    }),
    // Beside a mirror that is whole a few have lost their other end.
    ("dir.some", Note, 10.0, 4.0, |e, one_sided| {
        e.sides = SideEvidence { judged: 100, one_sided: one_sided as u64, ..SideEvidence::default() }
    }),
    ("dir.some", Warning, 20.0, 19.0, |e, judged| {
        e.sides = SideEvidence { judged: judged as u64, one_sided: 8, ..SideEvidence::default() }
    }),
    ("route.asym", Warning, 79.0, 101.0, |e, judged| {
        e.sides = SideEvidence {
            judged: judged as u64,
            one_sided: 40,
            concentration: if judged < 100.0 { 0.9 } else { 0.89 },
            ..SideEvidence::default()
        };
    }),
    ("route.asym", Note, 80.0, 100.0, |e, judged| {
        let concentration = if judged == 80.0 { 0.9 } else { 0.89 };
        e.sides = SideEvidence { judged: judged as u64, one_sided: 40, concentration, ..SideEvidence::default() };
    }),
    ("vlan.stripped", Warning, 2.0, 1.0, |e, claimed| {
        e.tags = TagEvidence { untagged: 100, claimed: claimed as _, ..TagEvidence::default() }
    }),
    ("vlan.stripped", Note, 0.0, 2.0, |e, tagged| {
        e.tags = TagEvidence { untagged: 1000, tagged: tagged as u64, networks: 3, ..TagEvidence::default() };
    }),
    ("vlan.oneway", Warning, 2.0, 1.0, |e, one_way| (e.tags.flows, e.tags.one_way) = (20, one_way as u64)),
    // What the mirror does not carry.
    ("cpu.blind", Note, 90.0, 89.0, |e, seconds| e.control = ControlEvidence { neighbour: 3, silent_partners: 1, seconds }),
    ("mirror.none", Critical, 5.0, 4.0, |e, broadcast| {
        e.casts = CastEvidence { to_host: 0, to_others: 0, multicast: 5, broadcast: broadcast as u64 };
    }),
    ("mirror.none", Critical, 9.0, 10.0, |e, to_others| {
        let to_others = to_others as u64;
        e.casts = CastEvidence { to_host: 0, to_others, multicast: 500, broadcast: 500 - to_others };
    }),
    // A mirror of few stations beside one stream to a group.
    ("mirror.none", Critical, 19.0, 20.0, |e, to_others| {
        e.casts = CastEvidence { to_host: 0, to_others: to_others as u64, multicast: 10_000, broadcast: 5 };
        e.sides.answered_packets = to_others as u64;
    }),
    ("mirror.none", Critical, 1.0, 0.0, |e, to_host| {
        e.casts = CastEvidence { to_host: to_host as u64, to_others: 30, multicast: 10_000, broadcast: 5 };
        e.sides.answered_packets = 20;
    }),
    ("mirror.none", Critical, 9.0, 8.9, |e, watched| {
        (e.casts, e.watched) = (CastEvidence { to_host: 10, to_others: 0, multicast: 5, broadcast: 5 }, watched);
    }),
    ("mirror.none", Note, 3.0, 2.0, |e, stations| {
        (e.live, e.casts) = (false, CastEvidence { to_host: 0, to_others: 0, multicast: 5, broadcast: 15 });
        e.sides.stations = stations as u64;
    }),
    ("mirror.silent", Critical, 10.0, 9.9, |e, quiet| *e = Evidence { live: true, quiet, ..Evidence::default() }),
    // 24 packets in 7 s, and then nothing for 13 s: a link with little to say.
    ("mirror.silent", Note, 13.0, 9.9, |e, quiet| {
        *e = Evidence { live: true, quiet, packets: 24, seconds: 7.0 + quiet, ..Evidence::default() }
    }),
    ("mirror.silent", Warning, 60.0, 9.9, |e, quiet| {
        *e = Evidence { live: true, quiet, packets: 24, seconds: 7.0 + quiet, ..Evidence::default() }
    }),
    ("mirror.silent", Critical, 10.0, 9.9, |e, quiet| {
        *e = Evidence { live: true, quiet, packets: 60 * 60, seconds: 60.0 + quiet, ..Evidence::default() };
    }),
    ("mirror.outage", Warning, 3.0, 2.0, |e, missed| {
        e.outages = vec![Outage { seconds: 8.0, senders: 1, missed: missed as _, ..Outage::default() }];
    }),
    ("mirror.outage", Critical, YES, NO, |e, open| {
        let outage = Outage { seconds: 8.0, senders: 1, missed: 3, open: true, ..Outage::default() };
        e.outages = if open == YES { vec![outage] } else { Vec::new() };
    }),
    ("mirror.outage", Note, 3.0, 2.0, |e, missed| {
        e.outages = vec![Outage { seconds: 90.0, missed: missed as _, outlasts: true, ..Outage::default() }];
    }),
    // Frames as they should not be.
    ("trunc", Warning, 2.0, 1.0, |e, cut| (e.sizes.packets, e.sizes.cut_by_mirror) = (100, cut as u64)),
    ("trunc.capture", Note, 100.0, 99.0, |e, packets| (e.sizes.packets, e.sizes.cut_by_capture) = (packets as u64, 2)),
    ("host.gro", Warning, 2.0, 1.0, |e, above| {
        (e.host.receive_offload, e.sizes.segments, e.sizes.above_mss) = (None, 100, above as u64);
    }),
    ("host.gro", Note, YES, NO, |e, on| e.host.receive_offload = (on == YES).then_some(true)),
    ("src.tso", Warning, 100.0, 99.0, |e, segments| (e.sizes.segments, e.sizes.above_mss) = (segments as u64, 2)),
    ("src.tso", Warning, 100.0, 99.0, |e, frames| e.sizes.impossible = frames as u64),
    ("host.txcsum", Note, 49.0, 99.0, |e, right| e.checksums = ChecksumEvidence { right: right as u64, partial: 1, ..Default::default() }),
    ("csum.bad", Warning, 5.0, 4.0, |e, wrong| {
        let right = if wrong == 5.0 { 4_900 } else { 1_900 };
        e.checksums = ChecksumEvidence { right, wrong: wrong as u64, ..Default::default() };
    }),
    ("frames.errors", Warning, 1.0, 0.0, |e, errors| e.sizes.errors = errors as u64),
    // Order and clock.
    ("order.skew", Note, 5.0, 4.0, |e, violations| (e.order.judged, e.order.violations) = (1_000, violations as u64)),
    ("order.skew", Warning, 100.0, 99.0, |e, judged| (e.order.judged, e.order.violations) = (judged as u64, 10)),
    ("order.skew", Warning, 20.0, 19.0, |e, all| (e.order.judged, e.order.violations) = (all as u64, all as u64)),
    ("clock.step", Warning, 1.0, 0.0, |e, steps| (e.clock.steps, e.clock.largest_step) = (steps as u64, 0.5 * steps)),
    ("clock.coarse", Note, 100_000.0, 99_999.0, |e, grain| e.clock.grain = grain as _),
    ("clock.coarse", Note, NO, YES, |e, beat| (e.clock.grain, e.clock.is_beat) = (100_000, beat == YES)),
    ("clock.coarse", Warning, 100.0, 99.0, |e, n| (e.clock.grain, e.clock.differences) = (1_000_000, n as u64)),
    ("clock.coarse", Note, 65.0, 64.0, |e, run| (e.clock.equal, e.clock.longest_run) = (500_001, run as _)),
    // On the way, and this host.
    ("loop", Critical, 5.0, 4.0, |e, nested| e.transit.nested = nested as u64),
    ("link.unknown", Note, 20.0, 19.0, |e, packets| {
        e.contents = ContentEvidence { packets: 1_000, foreign_links: vec![(LinkType(239), packets as u64)], ..ContentEvidence::default() };
    }),
    ("link.encrypted", Note, 101.0, 100.0, |e, packets| (e.contents.packets, e.contents.encrypted) = (10_000, packets as u64)),
    ("decap.port", Note, 20.0, 19.0, |e, n| e.contents.carriers = vec![(12_345, TunnelKind::Vxlan, n as u64)]),
    ("foreign-mirror", Note, 100.0, 99.0, |e, packets| (e.transit.foreign, e.transit.foreign_bytes) = (packets as u64, 0.011)),
    ("mirror.fragmented", Warning, 2.0, 1.0, |e, fragments| (e.transit.outer, e.transit.fragments) = (1_000, fragments as u64)),
    ("nic.transmits", Warning, 0.0, 1_000.0, |e, outer| (e.host.sent, e.transit.outer) = (Some(1), outer as u64)),
    ("nic.transmits", Note, 1.0, 0.0, |e, addresses| e.host.addresses = addresses as _),
    ("host.link", Warning, 1e8, 1e9, |e, speed| e.host.speed = Some(speed as u64)),
    ("host.link", Warning, YES, NO, |e, half| e.host.half_duplex = (half == YES).then_some(true)),
    ("host.oversize", Warning, 1.0, 0.0, |e, errors| e.host.length_errors = errors as u64),
    ("host.pause", Note, YES, NO, |e, on| e.host.pause = (on == YES).then_some(true)),
    ("host.away", Warning, 1.0, NO, away),
    ("host.away", Note, 0.9, NO, away),
    // What no other finding names.
    ("low.completeness", Critical, 0.051, 0.0004, |e, low| {
        // Lost, and no place where: the switch and the path lose as much as each other.
        e.loss.all = estimate(0.2, low, 9_999);
        e.loss.upstream = None;
    }),
    ("low.uniqueness", Warning, 0.06, 0.04, |e, share| {
        e.copies = CopyEvidence { packets: 10_000, copies: (share * 1e4) as u64, flows: 400, gap: tight(), ..CopyEvidence::default() };
    }),
];
