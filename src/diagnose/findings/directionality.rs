//! Directions, tags and frames the mirror leaves out.

use super::{lacking, present_if};
use crate::diagnose::detector::{Detector, Limit, Need, Outcome, Page, Report};
use crate::diagnose::evidence::{Evidence, JUDGED, share};
use crate::diagnose::vendor::Topic;
use crate::model::units::percent;
use crate::model::{Severity, Value};

/// Conversations before sidedness is judged: at 20, a half has an interval of 20 points to each side.
const CONVERSATIONS: u64 = 20;

/// Only one direction is mirrored.
pub struct Half;

/// Answers of some hosts take another way.
pub struct Asymmetric;

/// VLAN tags are taken off.
pub struct Stripped;

/// VLAN tags in one direction only.
pub struct OneWayTags;

/// The switch's own packets are not mirrored.
pub struct CpuBlind;

/// Only broadcast and multicast arrive.
pub struct NotAMirror;

/// Nothing arrives.
pub struct Silent;

impl Detector for Half {
    fn page(&self) -> &'static Page {
        &Page {
            id: "dir.half",
            meaning: "Only one direction of the conversations is mirrored. Half of the traffic is not here, and loss, round-trip \
                      times and retransmissions cannot be judged.",
            measured: "TCP conversations with at least five packets from one side and none from the other, unanswered attempts \
                       left out. Raised when they surely are more than half (lower end of the 95 % interval) of at least 10 \
                       conversations, cleared below 35 %; critical from 90 %.",
            cause: "The session mirrors receive or transmit only, or only one leg of a tap is connected.",
            lookalikes: "Asymmetric routing, where it is always the same hosts (route.asym); a link aggregation of which one \
                         member is mirrored.",
            remedy: "Mirror both directions of the sources, or connect the second leg of the tap.",
            topic: Some(Topic::BothDirections),
        }
    }

    fn judge(&self, e: &Evidence, active: bool) -> Outcome {
        let sides = &e.sides;
        if sides.judged < JUDGED {
            return lacking(sides.judged, JUDGED, "TCP conversations");
        }
        let half = sides.share();
        present_if(sides.is_half(active), || {
            let evidence = vec![
                ("one_sided", Value::Count(sides.one_sided)),
                ("conversations", Value::Count(sides.judged)),
                ("macs_only_sending", Value::Count(sides.only_source)),
                ("macs_only_receiving", Value::Count(sides.only_destination)),
                ("macs_in_both_roles", Value::Count(sides.both_roles)),
            ];
            let severity = if half >= 0.9 { Severity::Critical } else { Severity::Warning };
            let title = if half >= 0.9 {
                "Only one direction of the conversations is mirrored".to_string()
            } else {
                format!("{} of the conversations show one direction only", percent(half))
            };
            Report::new(severity, title, evidence)
        })
    }
}

impl Detector for Asymmetric {
    fn page(&self) -> &'static Page {
        &Page {
            id: "route.asym",
            meaning: "For some hosts only one direction passes here; all others are complete. Their answers take another way.",
            measured: "One-sided TCP conversations (see dir.half) of which nine of ten belong to hosts or address blocks that are \
                       one-sided throughout, while at least 10 other conversations, and one in ten, are answered.",
            cause: "Routing: the way back to these hosts does not cross the mirrored ports.",
            lookalikes: "One of several mirrored ports that is mirrored in one direction only.",
            remedy: "Nothing is wrong with the mirror as such. To see the answers, mirror the port they use as well.",
            topic: None,
        }
    }

    fn judge(&self, e: &Evidence, active: bool) -> Outcome {
        let sides = &e.sides;
        if sides.judged < CONVERSATIONS {
            return lacking(sides.judged, CONVERSATIONS, "TCP conversations");
        }
        present_if(Limit::new(0.02).exceeded(sides.share(), active) && sides.is_routing(), || {
            let evidence = vec![
                ("one_sided", Value::Count(sides.one_sided)),
                ("conversations", Value::Count(sides.judged)),
                ("at_one_sided_hosts", Value::Share(sides.concentration)),
            ];
            let title = format!("Answers of some hosts take another way: {} of the conversations are one-sided", percent(sides.share()));
            Report::new(Severity::Note, title, evidence)
        })
    }
}

impl Detector for Stripped {
    fn page(&self) -> &'static Page {
        &Page {
            id: "vlan.stripped",
            meaning: "Traffic of several VLANs arrives without its tags, so it cannot be told apart by VLAN.",
            measured: "No frame carries a tag, over at least 100 frames, and yet per-VLAN spanning tree names more than one VLAN \
                       (a warning), or untagged ARP comes from three networks or more: address blocks of 24 bits, taken for one \
                       network where an address of one asks for an address of another (a note).",
            cause: "The switch takes tags off on the mirror's destination port, or this host's interface does.",
            lookalikes: "Several networks of addresses on one wire on purpose; a mirror of access ports, where frames have no tags.",
            remedy: "Keep tags on the destination port; on this host: `ethtool -K IF rxvlan off` and, if supported, \
                     `ethtool -K IF rx-vlan-filter off`.",
            topic: Some(Topic::Encapsulation),
        }
    }

    fn judge(&self, e: &Evidence, _active: bool) -> Outcome {
        let tags = &e.tags;
        let all = tags.tagged.saturating_add(tags.untagged);
        if all < 100 {
            return lacking(all, 100, "frames");
        }
        let named = tags.claimed > 1;
        let found = share(tags.tagged, all) < 0.001 && (named || tags.networks >= 3);
        present_if(found, || {
            let evidence = vec![
                ("tagged", Value::Count(tags.tagged)),
                ("untagged", Value::Count(tags.untagged)),
                ("vlans_named", Value::Count(tags.claimed)),
                ("arp_networks", Value::Count(tags.networks)),
            ];
            let (severity, title) = if named {
                (Severity::Warning, format!("VLAN tags are taken off: {} VLANs arrive as one", tags.claimed))
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

impl Detector for OneWayTags {
    fn page(&self) -> &'static Page {
        &Page {
            id: "vlan.oneway",
            meaning: "One direction of the conversations carries VLAN tags, the other does not. Load by VLAN is wrong by half.",
            measured: "Conversations seen in both directions that are always tagged one way and never the other. Raised above \
                       50 % of at least 20, cleared below 35 %.",
            cause: "The switch copies received frames as they came and transmitted ones as they leave, or adds a tag to copies of \
                    one direction.",
            lookalikes: "A mirrored link between a tagged and an untagged port, copied once on each.",
            remedy: "Let the mirror keep tags in both directions; conversations are put together regardless of tags here.",
            topic: Some(Topic::Encapsulation),
        }
    }

    fn judge(&self, e: &Evidence, active: bool) -> Outcome {
        let tags = &e.tags;
        if tags.flows < CONVERSATIONS {
            return lacking(tags.flows, CONVERSATIONS, "conversations in both directions");
        }
        let one_way = share(tags.one_way, tags.flows);
        present_if(Limit::new(0.5).exceeded(one_way, active), || {
            let evidence = vec![("one_way", Value::Count(tags.one_way)), ("conversations", Value::Count(tags.flows))];
            let title = format!("VLAN tags in one direction only, in {} of the conversations", percent(one_way));
            Report::new(Severity::Warning, title, evidence)
        })
    }
}

impl Detector for CpuBlind {
    fn page(&self) -> &'static Page {
        &Page {
            id: "cpu.blind",
            meaning: "Packets the switch sends itself (LACP, spanning tree, answers to ping and ARP) are not mirrored.",
            measured: "A link aggregation partner that neighbours speak to and that never speaks itself, among at least 3 control \
                       packets in at least 90 s (LACP sends every 1 or 30 s).",
            cause: "Many platforms copy only what their forwarding hardware handles, not what their processor sends.",
            lookalikes: "Only the receiving direction is mirrored (dir.half); an aggregation that is not up.",
            remedy: "Add the processor (`cpu`, `inband`) as a source where the platform has it; otherwise do not take the silence \
                     of the switch for a fault.",
            topic: None,
        }
    }

    fn needs(&self) -> &'static [Need] {
        &[Need::BothDirections]
    }

    fn judge(&self, e: &Evidence, active: bool) -> Outcome {
        if !active && (e.control.neighbour < 3 || e.control.seconds < 90.0) {
            return lacking(e.control.neighbour.min(2), 3, "control packets of neighbours in 90 s");
        }
        present_if(e.control.silent_partners > 0, || {
            let evidence = vec![
                ("silent_systems", Value::Count(e.control.silent_partners)),
                ("control_packets", Value::Count(e.control.neighbour)),
                ("seconds", Value::Number(e.control.seconds)),
            ];
            Report::new(Severity::Note, "What the switch sends itself is not mirrored", evidence)
        })
    }
}

impl Detector for NotAMirror {
    fn page(&self) -> &'static Page {
        &Page {
            id: "mirror.none",
            meaning: "This port receives what every port receives: broadcast, multicast and what is meant for this host. It is not \
                      the destination of a mirror.",
            measured: "Unicast frames to other stations are less than 1 % of at least 20 frames in at least 10 s of a live port; \
                       cleared above 2 %. A switch floods a little unicast to every port.",
            cause: "The session is missing, is shut down, or names another destination port; or this is the wrong interface.",
            lookalikes: "A mirrored port with no traffic; an interface that is not in promiscuous mode and drops frames to others.",
            remedy: "Check the session and its destination on the switch and the cable; choose the interface with the mirror.",
            topic: Some(Topic::BothDirections),
        }
    }

    fn judge(&self, e: &Evidence, active: bool) -> Outcome {
        let casts = &e.casts;
        if !e.live || casts.all() < 20 || e.seconds < 10.0 {
            return lacking(casts.all().min(19), 20, "frames in 10 s of a live port");
        }
        let others = share(casts.to_others, casts.all());
        present_if(others < if active { 0.02 } else { 0.01 }, || {
            let evidence = vec![
                ("unicast_to_others", Value::Count(casts.to_others)),
                ("unicast_to_this_host", Value::Count(casts.to_host)),
                ("multicast", Value::Count(casts.multicast)),
                ("broadcast", Value::Count(casts.broadcast)),
            ];
            Report::new(Severity::Critical, "Not a mirror port: only broadcast arrives", evidence)
        })
    }
}

impl Detector for Silent {
    fn page(&self) -> &'static Page {
        &Page {
            id: "mirror.silent",
            meaning: "Nothing arrives at all, not even broadcasts.",
            measured: "No packet in at least 10 s of a live port.",
            cause: "The cable, the destination port or the session is down, or a capture filter matches nothing.",
            lookalikes: "A mirrored port without any traffic; copies that come encapsulated to another address.",
            remedy: "Check the link light, the session on the switch (`show monitor session all` or its like) and the filter.",
            topic: None,
        }
    }

    fn judge(&self, e: &Evidence, _active: bool) -> Outcome {
        if !e.live {
            return Outcome::Unknown("not a live port".into());
        }
        present_if(e.quiet >= 10.0, || {
            Report::new(Severity::Critical, "Nothing arrives on this port", vec![("seconds", Value::Number(e.quiet))])
        })
    }
}
