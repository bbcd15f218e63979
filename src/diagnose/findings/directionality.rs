//! Directions, tags and frames the mirror leaves out.

use super::capture::NOTHING_OPEN;
use super::loss::GRAVE;
use super::{SURE, lacking, of, present_if};
use crate::diagnose::detector::{Detection, Detector, ExplainPage, Limit, Need, ONE_SIDED, Report, StandingFindings};
use crate::diagnose::evidence::Evidence;
use crate::diagnose::figure::Figure::{Count, Nanos, Part, Seconds, Share, Times, Tuned};
use crate::diagnose::vendor::VendorTopic;
use crate::model::evidence::{
    ANSWERED, CONCENTRATED, DOUBLED, DOUBLED_SHARE, ExchangeSides, GroupOnly, HALF, HALF_CLEAR, JUDGED, LONE, LONE_CONVERSATIONS,
    NETWORK_BITS, ONE_SIDE_PACKETS, OneWayTimes, PAUSE, PAUSE_STEADY, Threshold, share,
};
use crate::model::time::SECOND;
use crate::model::units::{duration, percent};
use crate::model::{Aspect, Episode, Estimate, Severity, Value, wilson};

/// Conversations before sidedness is judged: at 20, a half has an interval of 20 points to each side.
static CONVERSATIONS: Threshold = Threshold::count(20.0);

/// One-sided conversations from which on it is one direction that is mirrored, and not most of the other too.
static NEARLY_ALL: Threshold = Threshold::share(0.9);

/// Only one direction is mirrored.
pub struct DirHalf;

/// Answers of some hosts take another way.
pub struct RouteAsym;

/// A part of the conversations shows one direction.
pub struct DirSome;

/// VLAN tags are taken off.
pub struct VlanStripped;

/// VLAN tags in one direction only.
pub struct VlanOneway;

/// The switch's own packets are not mirrored.
pub struct CpuBlind;

/// Only broadcast and multicast arrive.
pub struct MirrorNone;

/// Nothing arrives.
pub struct MirrorSilent;

impl Detector for DirHalf {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "dir.half",
            aspect: Some(Aspect::Coverage),
            meaning: "Only one direction of the conversations is mirrored. Half of the traffic is not here, and loss, round-trip \
                      times and retransmissions cannot be judged.",
            measured: "Conversations in which both ends must have spoken (TCP and QUIC without unanswered attempts, calls, IPsec and \
                       WireGuard), with at least {side} packets from one side and none from the other. Raised when they surely are more than {half} (lower end of the {sure} \
                       interval) of at least {judged} conversations, cleared below {clear}; critical from {critical}. Of fewer when none of at least \
                       {lone} questions and answers has its other half here, or of {few} conversations its other side, and no station both sends and \
                       receives.",
            cause: "The session mirrors receive or transmit only, or only one leg of a tap is connected.",
            lookalikes: "Asymmetric routing, where it is always the same hosts (route.asym); a link aggregation of which one \
                         member is mirrored.",
            remedy: "Mirror both directions of the sources, or connect the second leg of the tap.",
            topic: Some(VendorTopic::BothDirections),
            figures: &[
                SURE,
                ("side", Count(ONE_SIDE_PACKETS)),
                ("half", Share(HALF)),
                ("clear", Share(HALF_CLEAR)),
                ("judged", Count(JUDGED)),
                ("lone", Count(LONE)),
                ("few", Count(LONE_CONVERSATIONS)),
                ("critical", Tuned(&NEARLY_ALL)),
            ],
        };
        &PAGE
    }

    fn needs(&self) -> &'static [Need] {
        &[Need::Undivided]
    }

    fn judge(&self, e: &Evidence, standing: StandingFindings<'_>) -> Detection {
        let active = standing.at_all();
        let sides = &e.sides;
        if sides.judged < JUDGED && !sides.is_half_by_exchanges() {
            return lacking(sides.judged, JUDGED, "conversations");
        }
        let half = sides.share();
        present_if(sides.is_half(active), || {
            let ExchangeSides { questions, answers, .. } = sides.exchanges;
            let lone = [("lone_questions", Value::Count(questions)), ("lone_answers", Value::Count(answers))];
            let mut evidence = vec![
                ("one_sided", Value::Count(sides.one_sided)),
                ("conversations", Value::Count(sides.judged)),
                ("macs_only_sending", Value::Count(sides.only_source)),
                ("macs_only_receiving", Value::Count(sides.only_destination)),
                ("macs_in_both_roles", Value::Count(sides.both_roles)),
            ];
            evidence.extend(lone.into_iter().filter(|_| sides.is_half_by_exchanges()));
            let severity = if half >= NEARLY_ALL.value() { Severity::Critical } else { Severity::Warning };
            let title = if half >= NEARLY_ALL.value() {
                "Only one direction of the conversations is mirrored".to_string()
            } else {
                format!("{} of the conversations show one direction only", percent(half))
            };
            Report::new(severity, title, evidence)
        })
    }
}

impl Detector for RouteAsym {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "route.asym",
            aspect: Some(Aspect::Coverage),
            meaning: "For some hosts only one direction passes here; all others are complete. Their answers take another way.",
            measured: "One-sided conversations (see dir.half) of which {share} belong to hosts or address blocks \
                       that are one-sided throughout, while at least {answered} other conversations, and one in ten, \
                       are answered. A note; a warning when more than {half} of all conversations are one-sided: then hardly anything can be judged.",
            cause: "Routing: the way back to these hosts does not cross the mirrored ports.",
            lookalikes: "One of several mirrored ports that is mirrored in one direction only.",
            remedy: "Nothing is wrong with the mirror as such. To see the answers, mirror the port they use as well.",
            topic: None,
            figures: &[("share", Share(CONCENTRATED)), ("answered", Count(ANSWERED)), ("half", Share(HALF))],
        };
        &PAGE
    }

    fn needs(&self) -> &'static [Need] {
        &[Need::Undivided]
    }

    fn judge(&self, e: &Evidence, standing: StandingFindings<'_>) -> Detection {
        let active = standing.at_all();
        let sides = &e.sides;
        if sides.judged < CONVERSATIONS.number() {
            return lacking(sides.judged, CONVERSATIONS.number(), "conversations");
        }
        present_if(Limit::new(0.02).exceeded(sides.share(), active) && sides.is_routing(), || {
            let evidence = vec![
                ("one_sided", Value::Count(sides.one_sided)),
                ("conversations", Value::Count(sides.judged)),
                ("at_one_sided_hosts", Value::Share(sides.concentration)),
            ];
            let title = format!("Answers of some hosts take another way: {} of the conversations are one-sided", percent(sides.share()));
            let severity = if sides.share() > HALF { Severity::Warning } else { Severity::Note };
            Report::new(severity, title, evidence)
        })
    }
}

/// Share of one-sided conversations, lower end of its interval, above which it is a warning: beside a mirror that is whole there are always some
/// whose other end has gone, and no more is lost with them than what they would say of services.
static PART: Threshold = Threshold::share(0.15);

impl Detector for DirSome {
    fn yields_to(&self) -> &'static [&'static str] {
        &["dir.half", "route.asym", "span.oversub", "span.sampled", "span.ratelimit", "span.size"]
    }

    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "dir.some",
            aspect: Some(Aspect::Coverage),
            meaning: "A part of the conversations shows one direction only: their loss, round-trip times and retransmissions cannot be \
                      judged, and half of their load is not here.",
            measured: "As for dir.half. Raised when surely more than {note} (lower end of the {sure} interval) of at least {judged} \
                       conversations are one-sided, a warning above {part}, without dir.half, route.asym or a pattern of loss, and less than {lost} of the \
                       data is missing. Of a mirror that shows both directions else also by the second: for some seconds nine of ten conversations \
                       show one direction, and beside them nine of ten both.",
            cause: "Some of the mirrored ports are mirrored in one direction only, or some traffic takes another way back.",
            lookalikes: "Conversations cut off by the beginning or the end of a short capture; connections whose other end has gone.",
            remedy: "Mirror both directions of every source, and every port of a link aggregation.",
            topic: Some(VendorTopic::BothDirections),
            figures: &[SURE, ("note", Share(ONE_SIDED)), ("part", Tuned(&PART)), ("lost", Share(GRAVE)), ("judged", Tuned(&CONVERSATIONS))],
        };
        &PAGE
    }

    fn needs(&self) -> &'static [Need] {
        &[Need::Undivided]
    }

    fn takes_also(&self, e: &Evidence) -> Option<Aspect> {
        e.one_way.as_ref().map(|_| Aspect::Completeness)
    }

    fn judge(&self, e: &Evidence, standing: StandingFindings<'_>) -> Detection {
        let sides = &e.sides;
        if let Some(one_way) = e.one_way.as_ref() {
            return for_a_while(one_way, e).into();
        }
        if sides.judged < CONVERSATIONS.number() {
            return lacking(sides.judged, CONVERSATIONS.number(), "conversations");
        }
        // Where so much is lost, a side of short conversations is.
        if let Some(all) = e.loss.all.filter(|all| all.rate >= GRAVE) {
            return Detection::Unknown(format!("{} of the data is missing, of which one-sided conversations may come", percent(all.rate)));
        }
        let surely = wilson(sides.one_sided, sides.judged).low;
        let found = Limit::new(ONE_SIDED).exceeded(surely, standing.at_all()) && !sides.is_routing();
        present_if(found, || {
            let severity = if surely > PART.value() { Severity::Warning } else { Severity::Note };
            let evidence = vec![("one_sided", Value::Count(sides.one_sided)), ("conversations", Value::Count(sides.judged))];
            Report::new(severity, format!("{} of the conversations show one direction only", percent(sides.share())), evidence)
                .held(e.of_file(&sides.one_sided_at.episodes()))
        })
    }
}

/// One direction is missing at times.
fn for_a_while(one_way: &OneWayTimes, e: &Evidence) -> Report {
    let all = e.seconds.max(one_way.seconds());
    let title = format!("One direction is not mirrored for {} of {}", duration(one_way.seconds()), duration(all));
    let Estimate { rate, low, high, .. } = one_way.missing;
    let evidence = vec![
        ("seconds", Value::Seconds(one_way.seconds())),
        ("times", Value::Count(one_way.times.len() as u64)),
        ("missing_share", Value::Share(rate)),
        ("missing_share_low", Value::Share(low)),
        ("missing_share_high", Value::Share(high)),
    ];
    let severity = if low >= GRAVE { Severity::Critical } else { Severity::Warning };
    Report::new(severity, title, evidence)
        .because(
            "Until then, or since, both directions are mirrored: the session was changed, one leg of a tap was away, or one direction exceeds what \
             the mirror carries. A link that carries one direction only shows the same.",
        )
        .held(e.of_file(&one_way.times))
}

/// Frames before none of them with a tag says anything, and networks of untagged ARP that are more than one wire has by chance.
static TAG_FRAMES: Threshold = Threshold::count(100.0);
static NETWORKS: Threshold = Threshold::count(3.0);

impl Detector for VlanStripped {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "vlan.stripped",
            aspect: Some(Aspect::Fidelity),
            meaning: "Traffic of several VLANs arrives without its tags, so it cannot be told apart by VLAN.",
            measured: "No frame carries a tag, over at least {frames} frames, and yet per-VLAN spanning tree names more \
                       than one VLAN, or {doubled} addresses or more, and {doubled_share} of all, are claimed by two stations in \
                       turn, each of which claims that one alone (a warning), or untagged ARP comes from {networks} \
                       networks or more: address blocks of {bits} bits, taken for one network where an address of one \
                       asks for an address of another (a note).",
            cause: "The switch takes tags off on the mirror's destination port, or this host's interface does.",
            lookalikes: "Several networks of addresses on one wire on purpose; a mirror of access ports, where frames have no tags.",
            remedy: "Keep tags on the destination port; on this host: `ethtool -K IF rxvlan off` and, if supported, \
                     `ethtool -K IF rx-vlan-filter off`.",
            topic: Some(VendorTopic::Encapsulation),
            figures: &[
                ("frames", Tuned(&TAG_FRAMES)),
                ("doubled", Tuned(&DOUBLED)),
                ("doubled_share", Tuned(&DOUBLED_SHARE)),
                ("networks", Tuned(&NETWORKS)),
                ("bits", Count(NETWORK_BITS as u64)),
            ],
        };
        &PAGE
    }

    fn judge(&self, e: &Evidence, _: StandingFindings<'_>) -> Detection {
        let tags = &e.tags;
        let all = tags.tagged.saturating_add(tags.untagged);
        if all < TAG_FRAMES.number() {
            return lacking(all, TAG_FRAMES.number(), "frames");
        }
        let named = tags.claimed > 1;
        let found = share(tags.tagged, all) < 0.001 && (named || tags.are_doubled() || tags.networks >= NETWORKS.number());
        present_if(found, || {
            let mut evidence = vec![
                ("tagged", Value::Count(tags.tagged)),
                ("untagged", Value::Count(tags.untagged)),
                ("vlans_named", Value::Count(tags.claimed)),
                ("arp_networks", Value::Count(tags.networks)),
            ];
            let (severity, title) = if named {
                (Severity::Warning, format!("VLAN tags are taken off: {} VLANs arrive as one", tags.claimed))
            } else if tags.are_doubled() {
                evidence.extend([("addresses_doubled", Value::Count(tags.doubled)), ("addresses", Value::Count(tags.addresses))]);
                let which = of(tags.doubled, tags.addresses);
                (Severity::Warning, format!("VLAN tags are taken off: {which} addresses belong to two devices or more"))
            } else {
                (Severity::Note, format!("VLAN tags may be taken off: {} networks arrive untagged", tags.networks))
            };
            let report = Report::new(severity, title, evidence);
            match (e.host.vlan_filter, e.host.vlan_offload) {
                (Some(true), _) => report.because("This host's interface filters by VLAN (rx-vlan-filter is on)."),
                (_, Some(true)) => report.because(
                    "This host's interface takes tags off (rxvlan is on) and its driver does not pass them on; or the switch does.",
                ),
                (_, Some(false)) => report.because("The switch takes tags off on the mirror's destination port."),
                _ => report,
            }
        })
    }
}

/// The share of conversations tagged one way.
static ONE_WAY: Limit = Limit::new(0.05);

impl Detector for VlanOneway {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "vlan.oneway",
            aspect: Some(Aspect::Fidelity),
            meaning: "One direction of the conversations carries VLAN tags, the other does not. Load by VLAN is wrong by half.",
            measured: "Conversations seen in both directions that are always tagged one way and never the other. Raised \
                       above {limit} of at least {flows}, cleared below {clear}.",
            cause: "The switch copies received frames as they came and transmitted ones as they leave, or adds a tag to copies of \
                    one direction.",
            lookalikes: "A mirrored link between a tagged and an untagged port, copied once on each.",
            remedy: "Let the mirror keep tags in both directions; conversations are put together regardless of tags here.",
            topic: Some(VendorTopic::Encapsulation),
            figures: &[("limit", Tuned(&ONE_WAY.raise)), ("clear", Part(&ONE_WAY.raise, Limit::CLEAR)), ("flows", Tuned(&CONVERSATIONS))],
        };
        &PAGE
    }

    fn judge(&self, e: &Evidence, standing: StandingFindings<'_>) -> Detection {
        let active = standing.at_all();
        let tags = &e.tags;
        if tags.flows < CONVERSATIONS.number() {
            return lacking(tags.flows, CONVERSATIONS.number(), "conversations in both directions");
        }
        let one_way = share(tags.one_way, tags.flows);
        present_if(ONE_WAY.exceeded(one_way, active), || {
            let evidence = vec![("one_way", Value::Count(tags.one_way)), ("conversations", Value::Count(tags.flows))];
            let title = format!("VLAN tags in one direction only, in {} of the conversations", percent(one_way));
            Report::new(Severity::Warning, title, evidence)
        })
    }
}

/// Seconds between two packets of LACP, fast and slow (IEEE 802.1AX clause 6.4.4).
const LACP: [f64; 2] = [1.0, 30.0];

/// Control packets and seconds before the silence of a partner says anything: slow LACP has spoken three times by then.
static CONTROL_PACKETS: Threshold = Threshold::count(3.0);
static CONTROL_SECONDS: Threshold = Threshold::seconds(90.0);

impl Detector for CpuBlind {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "cpu.blind",
            aspect: Some(Aspect::Coverage),
            meaning: "Packets the switch sends itself (LACP, spanning tree, answers to ping and ARP) are not mirrored.",
            measured: "A link aggregation partner that neighbours speak to and that never speaks itself, among at least \
                       {packets} control packets in at least {seconds} (LACP sends every {fast} or {slow}).",
            cause: "Many platforms copy only what their forwarding hardware handles, not what their processor sends.",
            lookalikes: "Only the receiving direction is mirrored (dir.half); an aggregation that is not up.",
            remedy: "Add the processor (`cpu`, `inband`) as a source where the platform has it; otherwise do not take the silence \
                     of the switch for a fault.",
            topic: None,
            figures: &[
                ("packets", Tuned(&CONTROL_PACKETS)),
                ("seconds", Tuned(&CONTROL_SECONDS)),
                ("fast", Seconds(LACP[0])),
                ("slow", Seconds(LACP[1])),
            ],
        };
        &PAGE
    }

    fn needs(&self) -> &'static [Need] {
        &[Need::BothDirections]
    }

    fn judge(&self, e: &Evidence, standing: StandingFindings<'_>) -> Detection {
        let active = standing.at_all();
        if !active && (e.control.neighbour < CONTROL_PACKETS.number() || e.control.seconds < CONTROL_SECONDS.in_seconds()) {
            return lacking(
                e.control.neighbour.min(CONTROL_PACKETS.number() - 1),
                CONTROL_PACKETS.number(),
                "control packets (LLDP, CDP, STP, LACP), or too short a time for them",
            );
        }
        present_if(e.control.silent_partners > 0, || {
            let evidence = vec![
                ("silent_systems", Value::Count(e.control.silent_partners)),
                ("control_packets", Value::Count(e.control.neighbour)),
                ("seconds", Value::Seconds(e.control.seconds)),
            ];
            Report::new(Severity::Note, "What the switch sends itself is not mirrored", evidence)
        })
    }
}

/// Frames and seconds before it is said that none is for others: a quiet port of a switch receives some of both kinds a second.
static FRAMES: Threshold = Threshold::count(10.0);
static WATCHED: Threshold = Threshold::seconds(9.0);

/// Frames of a file before it is told what it consists of, and the stations that sent them: one protocol's packets, taken out of a capture,
/// have fewer.
static FILE_FRAMES: Threshold = Threshold::count(20.0);
static FILE_STATIONS: Threshold = Threshold::count(3.0);

/// Broadcasts of a file before they are those of a network: hosts that look for each other.
static FILE_BROADCASTS: Threshold = Threshold::count(3.0);

/// Share of frames to others below which a live port is none of a mirror, and above which it is again.
const OTHERS: (f64, f64) = (0.01, 0.02);

/// Too few frames, or too little time.
fn too_little(frames: u64, want: u64, seconds: f64) -> Detection {
    if frames < want {
        lacking(frames, want, "frames")
    } else {
        Detection::Unknown(format!("{} of {}", duration(seconds), Seconds(WATCHED.in_seconds())))
    }
}

impl MirrorNone {
    fn evidence(e: &Evidence) -> Vec<(&'static str, Value)> {
        vec![
            ("unicast_to_others", Value::Count(e.casts.to_others)),
            ("unicast_to_this_host", Value::Count(e.casts.to_host)),
            ("multicast", Value::Count(e.casts.multicast)),
            ("broadcast", Value::Count(e.casts.broadcast)),
        ]
    }

    /// A mirror that was there, and is not for a while or any more.
    fn of_a_stretch(stretch: &GroupOnly) -> Report {
        let long = duration(stretch.seconds);
        let (severity, title) = match stretch.open {
            _ if stretch.is_undecided => {
                (Severity::Note, format!("Only broadcast and multicast arrived for {long}: everybody rested, or the mirror was gone"))
            }
            true => (Severity::Critical, format!("The mirror is gone: only broadcast and multicast have arrived for {long}")),
            false => (Severity::Warning, format!("The mirror was gone: only broadcast and multicast arrived for {long}")),
        };
        let evidence = vec![
            ("from", Value::Time(stretch.from)),
            ("seconds", Value::Seconds(stretch.seconds)),
            ("multicast_and_broadcast", Value::Count(stretch.frames)),
        ];
        let held = Episode { first: stretch.from, last: stretch.from.plus((stretch.seconds * SECOND as f64) as i64) };
        let report = Report::new(severity, title, evidence).held(vec![held]);
        if stretch.is_undecided { report.because(NOTHING_OPEN) } else { report }
    }

    /// A file does not tell whose port it is of, so that it is only said what is in it.
    fn of_a_file(e: &Evidence) -> Detection {
        let casts = &e.casts;
        if casts.all() < FILE_FRAMES.number() || e.seconds < WATCHED.in_seconds() {
            return too_little(casts.all(), FILE_FRAMES.number(), e.seconds);
        }
        let none = casts.to_others == 0
            && casts.broadcast >= FILE_BROADCASTS.number()
            && casts.multicast > 0
            && e.sides.stations >= FILE_STATIONS.number();
        present_if(none, || {
            let title = "Only broadcast and multicast: what a port without a mirror receives";
            Report::new(Severity::Note, title, Self::evidence(e))
        })
    }

    /// By all that came.
    fn of_all_frames(e: &Evidence, standing: StandingFindings<'_>) -> Detection {
        let casts = &e.casts;
        if !e.live {
            return Self::of_a_file(e);
        }
        if casts.all() < FRAMES.number() || e.watched < WATCHED.in_seconds() {
            return too_little(casts.all(), FRAMES.number(), e.watched);
        }
        if casts.to_others >= EXCHANGED && e.sides.answered_packets >= casts.to_host.saturating_add(EXCHANGED) {
            return Detection::Clear;
        }
        let others = share(casts.to_others, casts.all());
        present_if(others < if standing.at_all() { OTHERS.1 } else { OTHERS.0 }, || {
            let (severity, title) = if casts.to_host > 0 {
                (Severity::Critical, "Not a mirror port: only broadcast, multicast and this host's own packets arrive")
            } else if casts.multicast > 0 {
                (Severity::Critical, "Not a mirror port: only broadcast and multicast arrive")
            } else {
                (Severity::Critical, "Not a mirror port: only broadcast arrives")
            };
            Report::new(severity, title, Self::evidence(e))
        })
    }
}

impl Detector for MirrorNone {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "mirror.none",
            aspect: Some(Aspect::Coverage),
            meaning: "This port receives what every port receives: broadcast, multicast and what is meant for this host. It is not \
                      the destination of a mirror.",
            measured: "Unicast frames between other stations are less than {raise} of at least {frames} frames in at \
                       least {seconds} of a live port; cleared above {clear}. What this host itself sends and receives \
                       is told by the interface's address. A switch floods a little unicast to every port, and of no conversation both sides: where {exchanged} \
                       packets of conversations of others show both, however much multicast comes besides, it is a mirror's. Of a file a \
                       note, when at least {file_frames} frames of at least {stations} stations in at least {seconds} \
                       are multicast and broadcast ({broadcasts} at least) and none is unicast. Of a mirror that had shown several hosts, when \
                       for {stretch} and {steady} times as long as ever before frames to groups came and none to a station: critical while it \
                       lasts, a warning afterwards; a note where nothing was under way that it would have cut, and nothing where everybody rested, \
                       as mirror.outage has it.",
            cause: "The session is missing, is shut down, or names another destination port; or this is the wrong interface.",
            lookalikes: "A mirrored port with no traffic; an interface that is not in promiscuous mode and drops frames to others.",
            remedy: "Check the session and its destination on the switch and the cable; choose the interface with the mirror.",
            topic: Some(VendorTopic::BothDirections),
            figures: &[
                ("raise", Share(OTHERS.0)),
                ("clear", Share(OTHERS.1)),
                ("frames", Tuned(&FRAMES)),
                ("exchanged", Count(EXCHANGED)),
                ("seconds", Tuned(&WATCHED)),
                ("file_frames", Tuned(&FILE_FRAMES)),
                ("stations", Tuned(&FILE_STATIONS)),
                ("broadcasts", Tuned(&FILE_BROADCASTS)),
                ("stretch", Nanos(PAUSE)),
                ("steady", Times(PAUSE_STEADY as f64)),
            ],
        };
        &PAGE
    }

    fn judge(&self, e: &Evidence, standing: StandingFindings<'_>) -> Detection {
        let is_decided = |stretch: &&GroupOnly| !stretch.is_undecided;
        let told = e.group_only.as_ref().filter(is_decided).map(|stretch| Self::of_a_stretch(stretch).into());
        let detection = told.unwrap_or_else(|| Self::of_all_frames(e, standing));
        match (&detection, &e.group_only) {
            (Detection::Clear | Detection::Unknown(_), Some(stretch)) => Self::of_a_stretch(stretch).into(),
            _ => detection,
        }
    }
}

/// Frames to others, of conversations of which both sides are seen, from which on they are copies: no switch floods answers as well as questions.
const EXCHANGED: u64 = 20;

/// Seconds without a packet: every switch sends something more often.
static QUIET: Threshold = Threshold::seconds(10.0);

/// Packets that the rate before leads to expect in the meantime: where as many fail to come the link did not just fall quiet.
static EXPECTED: Threshold = Threshold::count(500.0);

/// Seconds without a packet after which also a link with little to say should have said something.
static LONG: Threshold = Threshold::seconds(60.0);

impl Detector for MirrorSilent {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "mirror.silent",
            aspect: Some(Aspect::Coverage),
            meaning: "Nothing arrives at all, not even broadcasts.",
            measured: "No packet in at least {seconds} of a live port. Critical where none came before, or where at least {expected} packets would \
                have come at the rate before; else a note, and from {long} on a warning. What this host lost (host.drop), or has not read \
                yet, has arrived.",
            cause: "The cable, the destination port or the session is down, or a capture filter matches nothing.",
            lookalikes: "A mirrored port without any traffic; copies that come encapsulated to another address.",
            remedy: "Check the link light, the session on the switch (`show monitor session all` or its like) and the filter.",
            topic: None,
            figures: &[("seconds", Tuned(&QUIET)), ("expected", Tuned(&EXPECTED)), ("long", Tuned(&LONG))],
        };
        &PAGE
    }

    /// With the first packet it is not true any more.
    fn ends_at_once(&self) -> bool {
        true
    }

    fn judge(&self, e: &Evidence, _: StandingFindings<'_>) -> Detection {
        if !e.live {
            return Detection::Unknown("not a live port".into());
        }
        let rate = e.packets as f64 / (e.seconds - e.quiet).max(1.0);
        let (severity, title) = match e.packets {
            0 => (Severity::Critical, "Nothing arrives on this port"),
            _ if rate * e.quiet >= EXPECTED.value() => (Severity::Critical, "Nothing arrives on this port any more"),
            _ if e.quiet >= LONG.in_seconds() => (Severity::Warning, "Nothing arrives on this port any more"),
            _ => (Severity::Note, "Nothing arrives on this port at the moment"),
        };
        present_if(e.quiet >= QUIET.in_seconds(), || {
            let evidence = vec![("seconds", Value::Seconds(e.quiet)), ("packets_a_second_before", Value::Number(rate))];
            let silence = e.span.map(|span| Episode { first: span.last, last: span.last.plus((e.quiet * 1e9) as i64) });
            Report::new(severity, title, evidence).held(silence.into_iter().collect())
        })
    }
}
