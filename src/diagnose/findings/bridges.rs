//! Spanning trees, aggregated links, VLANs and the modes of links.

use super::all_of;
use crate::diagnose::detector::{Detection, Detector, ExplainPage, Need, Report, StandingFindings};
use crate::diagnose::evidence::Evidence;
use crate::diagnose::figure::Figure::{Nanos, Tuned};
use crate::model::evidence::{
    HELLOS_AWAY, HELLOS_MISSING, ROOT_STOOD, ROOTS_BESIDE, SWITCH_RECENT, SwitchTrouble, SwitchTroubleKind as Kind, TOPOLOGY_RECENT,
    TOPOLOGY_TOGETHER, Threshold,
};
use crate::model::units::{duration, grouped, plural};
use crate::model::{Severity, Value};

/// Root changes from which a tree does not hold still.
static ROOTS_MANY: Threshold = Threshold::count(3.0);

/// Topology changes that are told of, and from which they are grave.
static CHANGES: Threshold = Threshold::count(5.0);
static CHANGES_MANY: Threshold = Threshold::count(20.0);

/// Times that hellos were missing.
static LOST: Threshold = Threshold::count(2.0);

/// Packets, and seconds, in which an end does not hear the other.
static UNHEARD: Threshold = Threshold::count(3.0);
static UNHEARD_SECONDS: Threshold = Threshold::seconds(10.0);

/// Seconds for which a link of the group carries nothing.
static IDLE_SECONDS: Threshold = Threshold::seconds(30.0);

/// Another bridge is root.
pub struct StpRootChanged;

/// The topology changes again and again.
pub struct StpTopologyChanges;

/// Two bridges are root of one tree.
pub struct StpTwoRoots;

/// Hellos are missing.
pub struct StpBpduLost;

/// One end of an aggregated link does not hear the other.
pub struct LacpHalf;

/// Links of one group lead to different systems.
pub struct LacpMismatch;

/// The ends of a link disagree about the VLAN of frames without a tag.
pub struct VlanNative;

/// The ends of a link disagree about its duplex mode.
pub struct DuplexMismatch;

/// Where it was seen, for titles: ` in VLAN 10`, ` of instance 3`, ` in 12 VLANs or instances`.
fn place(t: &SwitchTrouble) -> String {
    match (t.vlan, t.instance, t.vlans) {
        (Some(id), ..) => format!(" in VLAN {id}"),
        // The first is the tree that all share.
        (None, Some(instance @ 1..), _) => format!(" of instance {instance}"),
        (None, None, n @ 2..) => format!(" in {} VLANs or instances", grouped(n)),
        _ => String::new(),
    }
}

/// How many devices suffer by something that is between these; `None`: whoever is behind them, and nobody knows how many.
pub(super) fn devices(kind: Kind) -> Option<u64> {
    match kind {
        Kind::TwoMasters | Kind::GatewayFlips | Kind::LinkUnheard | Kind::LinksApart | Kind::MtuDiffers | Kind::PeerLost => Some(2),
        Kind::TwoQueriers | Kind::DuplexDiffers | Kind::NativeVlanDiffers | Kind::TwoRoots => Some(2),
        Kind::NotLetIn | Kind::RouterSilent | Kind::HellosMissing => Some(1),
        _ => None,
    }
}

fn each(e: &Evidence, kind: Kind, tell: impl Fn(&SwitchTrouble) -> Option<Report>) -> Detection {
    all_of(e.network.switch.of(kind).filter_map(|t| {
        let report = tell(t)?.about(t.subject).held(vec![t.span]).lasting();
        Some(Report { hosts: report.hosts.or(devices(kind)), ..report })
    }))
}

fn vlan(t: &SwitchTrouble) -> Vec<(&'static str, Value)> {
    match (t.vlan, t.instance) {
        (Some(id), _) => vec![("vlan", Value::Count(id.into()))],
        (None, Some(instance)) => vec![("instance", Value::Count(instance.into()))],
        _ => vec![("vlans", Value::Count(t.vlans))],
    }
}

impl Detector for StpRootChanged {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "stp.root_changed",
            aspect: None,
            meaning: "Another bridge became the root of the spanning tree. While the tree settles, links stop forwarding, and afterwards \
                      traffic takes other ways, often through a small switch.",
            measured: "A bridge that named a root for at least {stood} names another one, or goes back to one that it named for so long. \
                       Changes of one tree, or to one bridge, belong together while they are less than {recent} apart, and are told for \
                       as long; critical from {many}. What is said while a bridge begins is no change.",
            cause: "The root failed, or a bridge with a better priority was connected.",
            lookalikes: "Maintenance that was meant; a mirror that was moved to another switch.",
            remedy: "Set the priorities of the root and of its backup on purpose, and let ports for devices ignore better hellos (root \
                     guard, BPDU guard).",
            topic: None,
            figures: &[("stood", Tuned(&ROOT_STOOD)), ("recent", Nanos(SWITCH_RECENT)), ("many", Tuned(&ROOTS_MANY))],
        };
        &PAGE
    }

    fn needs(&self) -> &'static [Need] {
        &[Need::Unsampled]
    }

    fn judge(&self, e: &Evidence, _: StandingFindings<'_>) -> Detection {
        each(e, Kind::RootChanged, |t| {
            let title = match t.count {
                0 | 1 => format!("{} became root of the spanning tree{} in place of {}", t.who, place(t), t.other),
                n => format!(
                    "The root of the spanning tree{} changed {} times: now it is {}, before it was {}",
                    place(t),
                    grouped(n),
                    t.who,
                    t.other
                ),
            };
            let mut evidence = vec![
                ("changes", Value::Count(t.count)),
                ("root", Value::Text(t.who.clone())),
                ("root_before", Value::Text(t.other.clone())),
            ];
            evidence.extend(vlan(t));
            Some(Report::new(if t.count >= ROOTS_MANY.number() { Severity::Critical } else { Severity::Warning }, title, evidence))
        })
    }
}

impl Detector for StpTopologyChanges {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "stp.topology_changes",
            aspect: None,
            meaning: "The spanning tree's topology changes again and again. With each change switches forget where stations are, and flood \
                      what they would otherwise send to one port.",
            measured: "Times at which bridges begin to say that the topology changes, those within {together} as one: at least {changes} in \
                       {recent}; critical from {many}. Counted is from the first that is less than {recent} before the next. The bridge \
                       that says so first most often is named: it is nearest to the cause.",
            cause: "A link that goes up and down; ports for devices that are not set as edge ports, so that each start of a device counts.",
            lookalikes: "Work on the cabling; a switch that starts.",
            remedy: "Follow the changes from the bridge that is named to the port that causes them, and set ports for devices as edge ports.",
            topic: None,
            figures: &[
                ("together", Tuned(&TOPOLOGY_TOGETHER)),
                ("changes", Tuned(&CHANGES)),
                ("recent", Tuned(&TOPOLOGY_RECENT)),
                ("many", Tuned(&CHANGES_MANY)),
            ],
        };
        &PAGE
    }

    fn needs(&self) -> &'static [Need] {
        &[Need::Unsampled]
    }

    fn judge(&self, e: &Evidence, standing: StandingFindings<'_>) -> Detection {
        each(e, Kind::TopologyChanges, |t| {
            let enough = if standing.on(t.subject) { CHANGES.number() / 2 } else { CHANGES.number() };
            if t.recent < enough {
                return None;
            }
            let (times, length) = (plural(t.count, "time"), duration(t.seconds()));
            let title = format!("The spanning tree's topology changed {times} in {length}{}, told first by {}", place(t), t.who);
            let mut evidence = vec![
                ("changes", Value::Count(t.count)),
                ("seconds", Value::Seconds(t.seconds())),
                ("first_told_by", Value::Text(t.who.clone())),
            ];
            evidence.extend(vlan(t));
            Some(Report::new(
                if t.measure >= CHANGES_MANY.number() as f64 { Severity::Critical } else { Severity::Warning },
                title,
                evidence,
            ))
        })
    }
}

impl Detector for StpTwoRoots {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "stp.two_roots",
            aspect: None,
            meaning: "Bridges of one VLAN name different roots at the same time: they do not hear each other's hellos, and may both \
                      forward where only one should, which makes a loop.",
            measured: "Hellos of one tree that name different roots side by side, each for at least {beside}: longer than a tree takes to \
                       settle. A warning where a bridge named the other root before, so that both were one tree; otherwise a note.",
            cause: "Hellos are filtered or lost on the way between both parts, or a link carries frames one way only.",
            lookalikes: "Two networks that are mirrored into one port and were never one; a provider's tree beside a customer's.",
            remedy: "Look for BPDU filters and for links that lost one direction between both roots.",
            topic: None,
            figures: &[("beside", Tuned(&ROOTS_BESIDE))],
        };
        &PAGE
    }

    fn needs(&self) -> &'static [Need] {
        &[Need::Unsampled]
    }

    fn judge(&self, e: &Evidence, _: StandingFindings<'_>) -> Detection {
        each(e, Kind::TwoRoots, |t| {
            let title = format!("Two roots in one spanning tree{}: {} and {}", place(t), t.who, t.other);
            let mut evidence =
                vec![("roots", Value::Count(t.count)), ("root", Value::Text(t.who.clone())), ("other_root", Value::Text(t.other.clone()))];
            evidence.extend(vlan(t));
            Some(Report::new(if t.measure > 0.0 { Severity::Warning } else { Severity::Note }, title, evidence))
        })
    }
}

impl Detector for StpBpduLost {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "stp.bpdu_lost",
            aspect: None,
            meaning: "Hellos of a bridge are missing now and then. When enough of them are, its neighbours take it for gone, and the tree \
                      changes.",
            measured: "Gaps of at least {missing} and at most {away} hellos in a row that came regularly before, while those of another \
                       bridge came without a gap: at least {lost} in {recent}.",
            cause: "The bridge's processor is too busy to send them, or the link loses frames.",
            lookalikes: "A bridge that starts again; copies that the mirror lost, where other bridges' were not.",
            remedy: "Look at the load of the bridge's processor and at the error counters of its port.",
            topic: None,
            figures: &[
                ("missing", Tuned(&HELLOS_MISSING)),
                ("away", Tuned(&HELLOS_AWAY)),
                ("lost", Tuned(&LOST)),
                ("recent", Nanos(SWITCH_RECENT)),
            ],
        };
        &PAGE
    }

    fn needs(&self) -> &'static [Need] {
        &[Need::Complete, Need::Unsampled]
    }

    fn judge(&self, e: &Evidence, standing: StandingFindings<'_>) -> Detection {
        each(e, Kind::HellosMissing, |t| {
            if t.count < LOST.number() && !standing.on(t.subject) {
                return None;
            }
            let longest = duration(t.measure);
            let title = format!("Spanning tree hellos of {} were missing {}{}, up to {longest}", t.who, plural(t.count, "time"), place(t));
            let mut evidence = vec![("gaps", Value::Count(t.count)), ("longest_seconds", Value::Seconds(t.measure))];
            evidence.extend(vlan(t));
            Some(Report::new(Severity::Warning, title, evidence))
        })
    }
}

impl Detector for LacpHalf {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "lacp.half",
            aspect: None,
            meaning: "One end of an aggregated link does not hear the other: it says itself that it assumes who is there, or that what it \
                      knows has expired. The link takes no part in the group, or loses what is sent into it.",
            measured: "LACP packets whose sender has its partner defaulted or expired: at least {packets} in a row over {seconds}.",
            cause: "LACP is not turned on at the other end, or its packets do not arrive.",
            lookalikes: "A server that starts over the network before its group is set up; a port that is prepared and not used.",
            remedy: "Look at the state of the group at both ends, and turn LACP on at both or at none.",
            topic: None,
            figures: &[("packets", Tuned(&UNHEARD)), ("seconds", Tuned(&UNHEARD_SECONDS))],
        };
        &PAGE
    }

    fn judge(&self, e: &Evidence, standing: StandingFindings<'_>) -> Detection {
        each(e, Kind::LinkUnheard, |t| {
            if !standing.on(t.subject) && (t.count < UNHEARD.number() || t.seconds() < UNHEARD_SECONDS.in_seconds()) {
                return None;
            }
            let title = format!("{} does not hear the other end of its aggregated link", t.who);
            let evidence = vec![("packets", Value::Count(t.count)), ("seconds", Value::Seconds(t.seconds()))];
            Some(Report::new(Severity::Warning, title, evidence))
        })
    }
}

impl Detector for LacpMismatch {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "lacp.mismatch",
            aspect: None,
            meaning: "Links that one system wants in one group lead to different systems or groups, so that some of them carry nothing.",
            measured: "Ends with the same system and key whose partners differ in system or key, one of which sends nothing into its link \
                       for at least {idle}.",
            cause: "A cable in the wrong port or switch, or two switches that are not set up as one.",
            lookalikes: "Dynamic groups by which each link forms a group of its own: there all of them send, which is no fault.",
            remedy: "Compare the cabling with both partners that are named.",
            topic: None,
            figures: &[("idle", Tuned(&IDLE_SECONDS))],
        };
        &PAGE
    }

    fn judge(&self, e: &Evidence, standing: StandingFindings<'_>) -> Detection {
        each(e, Kind::LinksApart, |t| {
            if !standing.on(t.subject) && t.seconds() < IDLE_SECONDS.in_seconds() {
                return None;
            }
            let title = format!("Links of one group lead to different systems: {} to {}", t.who, t.other);
            let evidence = vec![
                ("links", Value::Count(t.count)),
                ("partners", Value::Text(t.other.clone())),
                ("idle_seconds", Value::Seconds(t.seconds())),
            ];
            Some(Report::new(Severity::Warning, title, evidence))
        })
    }
}

impl Detector for VlanNative {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "vlan.native",
            aspect: None,
            meaning: "Both ends of a link put frames without a tag into different VLANs: those two VLANs are joined there, and what is meant \
                      for one reaches the other.",
            measured: "The native VLANs that both ends of one link announce (CDP, LLDP's port VLAN), where each names the other by UDLD or \
                       LACP, so that they are certain to be its ends, within {recent}. A note where nobody names \
                       another, but only two bridges announce themselves, by one port each, for a minute, and \
                       no tunnel brought the copies.",
            cause: "One end was set up otherwise.",
            lookalikes: "Links on which every frame has a tag: there it changes nothing. With the note: two mirrored ports, of which the \
                         mirror shows the other ends alone.",
            remedy: "Set the same native VLAN at both ends, best one that is used for nothing else.",
            topic: None,
            figures: &[("recent", Nanos(SWITCH_RECENT))],
        };
        &PAGE
    }

    fn judge(&self, e: &Evidence, _: StandingFindings<'_>) -> Detection {
        each(e, Kind::NativeVlanDiffers, |t| {
            let title = format!("Native VLAN {} at {}, but {} at {}", t.count, t.who, t.measure, t.other);
            let evidence = vec![("native_vlan", Value::Count(t.count)), ("other_native_vlan", Value::Count(t.measure as u64))];
            Some(Report::new(end_severity(t), title, evidence))
        })
    }
}

/// Of ends that are certain, a warning.
fn end_severity(t: &SwitchTrouble) -> Severity {
    if t.recent > 0 { Severity::Warning } else { Severity::Note }
}

impl Detector for DuplexMismatch {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "duplex.mismatch",
            aspect: None,
            meaning: "One end of a link sends and receives at once, the other in turn: under load the one sees late collisions and the other \
                      broken frames, and transfers crawl.",
            measured: "The duplex modes that both ends of one link announce (CDP, LLDP's interface type), where each names the other by \
                       UDLD or LACP, so that they are certain to be its ends, within {recent}. A note where nobody names \
                       another, but only two bridges announce themselves, by one port each, for a minute, and \
                       no tunnel brought the copies.",
            cause: "One end is set to a fixed mode, so that the other, which negotiates, falls back to half duplex.",
            lookalikes: "A converter in between, whose ends differ as they should. With the note: two mirrored ports, of which the mirror \
                         shows the other ends alone.",
            remedy: "Let both ends negotiate.",
            topic: None,
            figures: &[("recent", Nanos(SWITCH_RECENT))],
        };
        &PAGE
    }

    fn judge(&self, e: &Evidence, _: StandingFindings<'_>) -> Detection {
        each(e, Kind::DuplexDiffers, |t| {
            let (full, half) = if t.count == 1 { (&t.who, &t.other) } else { (&t.other, &t.who) };
            let title = format!("{full} sends and receives at once, {half} in turn: their duplex modes differ");
            let evidence = vec![("full", Value::Text(full.clone())), ("half", Value::Text(half.clone()))];
            Some(Report::new(end_severity(t), title, evidence))
        })
    }
}
