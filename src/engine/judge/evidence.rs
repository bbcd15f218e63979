//! From what the detectors counted to what the findings rest on.

use crate::diagnose::{Evidence, Hints, ONE_SIDED, Vendor, recognise};
use crate::engine::fold::detectors::{ConversationCounts, Counts, DetectorReport};
use crate::engine::judge::asked;
use crate::engine::judge::history::{SessionSums, Sums};
use crate::engine::judge::holes::MirrorHoles;
use crate::engine::judge::one_way::one_way;
use crate::engine::judge::silences::Silences;
use crate::engine::tape::Request;
use crate::mirror::{AdvanceCounts, LossCounts, LossSplit, SessionReport, UnmatchedCounts, clustered, flat_top, uneven};
use crate::model::Arrange as _;
use crate::model::evidence::{
    AdvanceEvidence, BegunConnections, ClockEvidence, ContentEvidence, CopyEvidence, ExchangeSides, HostEvidence, LossEvidence,
    NARROW_SEQUENCE_BITS, OrderEvidence, PortAway, SessionLoss, SideEvidence, StreamEvidence, TransitEvidence,
};
use crate::model::time::SECOND;
use crate::model::{Episode, Estimate, Mac, SourceInfo, Sum, Timestamp, TunnelKind, wilson};
use crate::switch::SwitchCounts;

/// Payload of a full segment on an Ethernet.
const SEGMENT: u64 = 1460;

/// Bytes of loss are counted in segments, since whole segments are lost, not bytes: in those of the mean length seen. Telegrams of twenty bytes are
/// packets as well.
fn segment(loss: &LossCounts) -> u64 {
    let seen = loss.seen_sizes.iter().fold(0u64, |sum, n| sum.saturating_add(*n));
    loss.acked_bytes().bytes.checked_div(seen).unwrap_or(SEGMENT).clamp(1, SEGMENT)
}

/// Part of the beats of a clock's grain that may lack a packet, or have one more, where packets are sent on that beat.
const BEAT: f64 = 0.05;

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
pub fn loss(request: &Request, detected: &DetectorReport, sums: &Sums) -> (Option<Estimate>, LossSplit) {
    let Sums { outer, counts, .. } = sums;
    let all = even(sums).map(|even| by_strata(request, detected, sums, even));
    // Where there is too little TCP numbered streams tell of all loss.
    let numbered = LossEvidence { all, streams: streams(request, &conversations(detected)), ..LossEvidence::default() }.numbered_alone();
    let sequence = by_numbers(sums).filter(|_| !is_refuted(sums));
    let mut split = LossSplit::new(numbered.or(all), sequence, lost_here(sums));
    split.host = split.host.filter(|_| !sums.uncounted);
    split.switch = match numbered {
        Some(_) => split.switch,
        None => split.switch.and_then(|switch| never_copied(switch, &counts.loss, outer.missing)),
    };
    // What a device says of itself is better than nothing, and no match for what was seen to be missing.
    let declared = || (outer.refused > 0).then(|| wilson(outer.refused, outer.refused.saturating_add(outer.taken)));
    split.switch = split.switch.or_else(declared);
    (all, split)
}

/// The share of copies whose number is missing.
fn by_numbers(sums: &Sums) -> Option<Estimate> {
    let outer = &sums.outer;
    (outer.numbered > 0).then(|| wilson(outer.missing, outer.missing.saturating_add(outer.numbered)))
}

/// Holes in acknowledged data that missing numbers would have made, before their want says that nothing was lost.
const HOLES: f64 = 20.0;
/// How many times fewer there are than should be.
const FEWER: f64 = 5.0;

/// Whether missing numbers are of copies that were for somebody else: had they been lost on their way here, each run of them would have made a hole in
/// the data of TCP connections as often as packets carry such data, and those are whole.
fn is_refuted(sums: &Sums) -> bool {
    let (outer, loss) = (&sums.outer, &sums.counts.loss);
    let segments = loss.seen_sizes.iter().fold(0u64, |sum, n| sum.saturating_add(*n));
    let expected = outer.gaps as f64 * share(segments, outer.packets);
    expected >= HOLES && loss.gaps.saturating_add(loss.late) as f64 * FEWER < expected
}

/// What numbered streams lack.
fn streams(request: &Request, talks: &ConversationCounts) -> StreamEvidence {
    StreamEvidence { by_stretch: talks.stretches.loss(&request.load.arrived), ..talks.streams.evidence() }
}

/// The share of acknowledged data that was never seen, all of it together.
fn even(sums: &Sums) -> Option<Estimate> {
    let counts = &sums.counts;
    clustered(&counts.acked, segment(&counts.loss), counts.loss.gaps).filter(|_| !is_late(sums))
}

/// Whether packets come later than they are waited for: what is missing by then is not lost.
fn is_late(sums: &Sums) -> bool {
    sums.counts.order.is_beyond_waiting(&sums.counts.health, &sums.counts.overtaken)
}

/// The same, where loss differs so much between seconds, or hosts, that the sum of all tells too little: as the strata say.
fn by_strata(request: &Request, detected: &DetectorReport, sums: &Sums, even: Estimate) -> Estimate {
    if even.rate <= 0.0 {
        return even;
    }
    let segment = segment(&sums.counts.loss);
    let seconds = detected.acked.strata(&request.load.arrived, sums.from, segment);
    let told = [uneven(&seconds, segment), uneven(&conversations(detected).hosts.0, segment)];
    let more = told.into_iter().flatten().filter(|told| told.low > even.rate);
    let told = more.max_by(|a, b| a.rate.total_cmp(&b.rate)).map_or(even, |told| Estimate { n: even.n, ..told });
    let told = unmatched(sums).map_or(told, |lone| LossEvidence::beside(told, &lone));
    // Of conversations that show one direction nothing acknowledged tells what the other said.
    let sides = conversations(detected).sides.mutual;
    let one_sided = wilson(sides.one_sided, sides.all);
    if one_sided.low > ONE_SIDED { Estimate { high: told.high.max(one_sided.high), ..told } } else { told }
}

/// Conversations of the last minute, or where they are few those before as well.
fn conversations(detected: &DetectorReport) -> ConversationCounts {
    let mut talks = detected.recent.clone();
    if talks.sides.mutual.all < CONVERSATIONS {
        talks.merge(&detected.older);
    }
    talks
}

/// Lost in this host, of what reached it. Where nobody counted that, it is taken for nothing: then it is part of what was lost before.
fn lost_here(sums: &Sums) -> Option<Estimate> {
    (sums.link.packets > 0).then(|| wilson(sums.lost, sums.lost.saturating_add(sums.link.packets)))
}

/// What is surely the switch's loss, where `numbers` of copies are missing as well: shares of bytes and of copies say nothing of that where the way
/// loses large ones first, so by number of packets. What TCP misses beyond all missing numbers was never numbered; `None` where nothing is.
fn never_copied(switch: Estimate, loss: &LossCounts, numbers: u64) -> Option<Estimate> {
    if numbers == 0 || switch.rate <= 0.0 {
        return Some(switch);
    }
    let sum = |bins: &[u64]| bins.iter().fold(0u64, |sum, n| sum.saturating_add(*n));
    let (seen, missing) = (sum(&loss.seen_sizes), sum(&loss.missing_sizes));
    // How many segments were missing is known by their bytes: as well as it would be by chance.
    let beyond = missing.saturating_sub(numbers) as f64 - 2.0 * (missing as f64).sqrt();
    let surely = beyond / seen.saturating_add(missing).max(1) as f64;
    (surely > 0.0).then_some(Estimate { low: switch.low.min(surely), ..switch })
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
    let seconds = looked_at(request, sums.from);
    let talks = conversations(detected);
    let one_way = one_way(request, detected, sums, &talks.streams.evidence());
    // Conversations that show both directions at times, and no question with its answer: each half comes at another time, and none is missing.
    let is_apart = !detected.ways.one_way(|second| detected.acked.lacks(second)).is_empty() && exchanges(&health.unmatched).are_unpaired();
    let one_way = one_way.filter(|_| !is_apart);
    let silent = Silences::of(request, detected, sums, sums.link.packets as f64 / seconds.max(1.0));
    let holes = MirrorHoles::of(silent.silent.as_ref(), &silent.outages, one_way.as_ref());
    let loss = loss_evidence(request, detected, sums, &talks, (all, split));
    let loss = holes.told(request, detected, &talks, sums.from, loss);
    let order = counts.order.evidence(&counts.loss, health, &counts.overtaken, (outer.numbered > 0).then_some(outer.reordered == 0));
    Evidence {
        seconds,
        span: request.first.zip(request.latest).map(|(first, last)| Episode { first, last }),
        quiet: request.quiet,
        watched: age,
        packets: sums.link.packets,
        live: request.live,
        vendor: vendor(request, switch),
        copies: copy_evidence(sums, dropped),
        loss,
        one_way,
        sides: SideEvidence {
            exchanges: exchanges(&health.unmatched),
            begun: BegunConnections { connections: talks.begun.connections, unseen: talks.begun.unseen },
            ..talks.sides.evidence(mac_pairs)
        },
        tags: switch.tags.evidence(&talks.tags),
        sizes: health.size_evidence(outer.errors),
        checksums: health.checksum_evidence(),
        order: silent.between(OrderEvidence { is_far_apart: order.is_far_apart || is_apart, ..order }),
        clock: ClockEvidence { forward: silent.forward, ..clock(counts, request, seconds) },
        casts: health.cast_evidence(),
        outages: silent.outages,
        silent: silent.silent,
        group_only: silent.group_only,
        control: switch.control.evidence(age),
        transit: TransitEvidence {
            nested: outer.nested,
            foreign: outer.foreign.packets,
            foreign_bytes: share(outer.foreign.wire_bytes, sums.link.wire_bytes),
            outer: outer.packets,
            fragments: outer.fragments,
        },
        contents: ContentEvidence {
            tunnels: left_on(request, |session| !session.foreign),
            left_on: left_on(request, |_| true).map(|(kind, _)| kind),
            divided: (request.tunnels.divided.inside, request.tunnels.divided.both),
            ..health.content_evidence()
        },
        host: HostEvidence { lost: sums.lost, away: away(request, sums), ..HostEvidence::default() },
        network: Default::default(),
        first_look: false,
        sliding: false,
    }
}

/// Copies, whether they are `dropped` or counted.
fn copy_evidence(sums: &Sums, dropped: bool) -> CopyEvidence {
    let counts = &sums.counts;
    CopyEvidence {
        proof: counts.copied,
        distant: sums.distant.evidence(),
        untold_repeats: sums.distances.untold(),
        ..counts.duplicates.evidence(!dropped)
    }
}

/// Seconds that are looked at: `from` a moment on, else from the first packet.
fn looked_at(request: &Request, from: Option<Timestamp>) -> f64 {
    match (from, request.first, request.latest) {
        (Some(from), ..) => request.now.seconds_since(from),
        (None, Some(first), _) if request.live => request.now.seconds_since(first),
        (None, Some(first), Some(latest)) => latest.seconds_since(first),
        _ => 0.0,
    }
}

/// Questions and answers by whether their other half was seen.
fn exchanges(counts: &UnmatchedCounts) -> ExchangeSides {
    ExchangeSides { both: counts.answered, questions: counts.unanswered, answers: counts.unasked }
}

/// Whose switch it is, by what it says and how its copies come.
fn vendor(request: &Request, switch: &SwitchCounts) -> Option<Vendor> {
    let mirrors = || request.tunnels.sessions.iter().filter(|s| s.session.peeled);
    let descriptions: Vec<&str> = switch.control.systems.iter().map(String::as_str).collect();
    let hints = Hints {
        descriptions: &descriptions,
        vlan_4095: switch.tags.vlans.contains(4095),
        tunnel: mirrors().map(|s| s.session.tunnel.kind).next(),
        wraps_at_30_bits: mirrors().any(|s| s.bits == NARROW_SEQUENCE_BITS),
    };
    recognise(&hints).map(|r| r.vendor)
}

/// What is missing, with its places, `all` of it in acknowledged data.
fn loss_evidence(
    request: &Request,
    detected: &DetectorReport,
    sums: &Sums,
    talks: &ConversationCounts,
    (all, split): (Option<Estimate>, &LossSplit),
) -> LossEvidence {
    let counts = &sums.counts;
    LossEvidence {
        mirror_port: asked::mirror_port(request),
        all,
        beside_holes: None,
        is_uneven: all.zip(even(sums)).is_some_and(|(all, even)| all.rate > even.rate),
        host: split.host,
        path: split.transport,
        switch: asked::larger(split.switch, asked::mirror_port(request).as_ref().and_then(asked::loss)),
        upstream: split.upstream,
        refuted_numbers: by_numbers(sums).filter(|_| is_refuted(sums)),
        unmatched: unmatched(sums),
        streams: streams(request, talks),
        advances: if is_late(sums) { AdvanceEvidence::default() } else { AdvanceCounts::evidence(&counts.advances) },
        by_session: by_session(sums),
        times: detected.lost.times(request.first),
        by_load: counts.loss.by_load(&sums.windows, split.host.map_or(0.0, |h| h.rate)),
        by_size: counts.loss.by_size(),
        ratios: talks.ratios.bins,
        whole: talks.ratios.whole,
        runs: counts.loss.gaps,
        flat_top: flat_top(&detected.lost, &request.load.arrived, sums.from),
        speed: request.load.speed,
        declared_sampling: declared_sampling(request),
    }
}

/// When ports were away, of the time that is judged.
fn away(request: &Request, sums: &Sums) -> Vec<PortAway> {
    let of = |source: &SourceInfo| {
        let lately = source.absences.iter().filter(|absence| sums.from.is_none_or(|from| absence.last >= from));
        lately.map(|&absence| PortAway { port: source.name.clone(), absence }).collect::<Vec<_>>()
    };
    let mut all: Vec<PortAway> = request.sources.iter().flat_map(of).collect();
    all.arrange_by_key(|away| away.absence.first);
    all
}

/// Tunnels that are left on, of those asked for: the kind with the most packets, and the packets of all.
fn left_on(request: &Request, of: fn(&SessionReport) -> bool) -> Option<(TunnelKind, u64)> {
    let mut all = 0u64;
    let left = request.tunnels.sessions.iter().filter(|s| !s.session.peeled && of(s)).map(|s| &s.session);
    let most = left.inspect(|s| all = all.saturating_add(s.packets)).max_by_key(|s| s.packets).map(|s| s.tunnel.kind);
    most.map(|kind| (kind, all))
}

/// One in how many the mirror says it copies: the session with the most samples.
fn declared_sampling(request: &Request) -> Option<u32> {
    let peeled = request.tunnels.sessions.iter().map(|s| &s.session).filter(|s| s.peeled);
    peeled.filter_map(|s| s.sampling).max_by_key(|s| s.samples).map(|s| s.one_in)
}

/// The clock as packets show it, with its steps back, which the router saw.
fn clock(counts: &Counts, request: &Request, seconds: f64) -> ClockEvidence {
    let steps = request.clock_steps;
    let seen = counts.clock.evidence();
    let beats = seconds * SECOND as f64 / seen.grain.max(1) as f64;
    let is_beat = seen.grain > 0 && seen.equal == 0 && (seen.packets as f64 / beats.max(1.0) - 1.0).abs() < BEAT;
    let [largest_step, turned_by] = [steps.largest, steps.turned_by].map(|nanos| nanos.unsigned_abs() as f64 / 1e9);
    // Of a live port they are not known by time; queues that are read in turn are told by the order of causes.
    let turned = if request.live { 0 } else { steps.turned };
    ClockEvidence { is_beat, steps: steps.count, set_back: steps.set_back, largest_step, turned, turned_by, ..seen }
}

fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { (part as f64 / whole as f64).min(1.0) }
}

/// Loss between switch and host by mirror session, less what this host lost.
fn by_session(sums: &Sums) -> Vec<SessionLoss> {
    let is_refuted = is_refuted(sums);
    let one = |s: &SessionSums| SessionLoss {
        tunnel: s.tunnel,
        loss: s.missing.filter(|_| !is_refuted).and_then(|missing| {
            let sequence = wilson(missing, missing.saturating_add(s.packets.saturating_sub(s.doubled)));
            LossSplit::new(None, Some(sequence), lost_here(sums)).transport
        }),
        packets: s.packets,
        errors: s.errors,
        span: s.span,
    };
    sums.sessions.iter().map(one).collect()
}
