//! Stations that are flooded, move or have no end, loops of switches, VLANs that are joined, groups for which nobody asks, and full links.

use super::all_of;
use crate::diagnose::detector::{Detection, Detector, ExplainPage, Need, Report, StandingFindings};
use crate::diagnose::evidence::Evidence;
use crate::diagnose::figure::Figure::{Count, Nanos, Tuned};
use crate::model::evidence::{
    ACQUAINTED, BURST, BURST_FULL, BURST_SHORT, BURSTS, BURSTS_MEAN, CIRCLING, CIRCLING_ASKED, CIRCLING_ASKERS, CIRCLING_FRAMES,
    CIRCLING_PARTS, CIRCLING_REQUESTS, CIRCLING_SENDERS, CIRCLING_SWIFT, CIRCLING_SWIFT_FRAMES, FLOODED_RATE, FLOODED_STATIONS, LEAKED,
    LEAKED_STATIONS, LEAKED_WITHIN, LINK_FULL, LINK_FULL_FOR, MEMBERS_FORGOTTEN, MOVES, MOVES_PLACES, MOVES_WITHIN, NEW_STATIONS,
    STATION_FORGOTTEN, STORM_RATE, STREAM_FRAMES, SWITCH_RECENT, SwitchTrouble, SwitchTroubleKind as Kind, Threshold,
};
use crate::model::units::{bits_per_second, duration, grouped, percent, plural};
use crate::model::{Severity, Value};

/// Seconds for which frames must circle.
static LOOP_SECONDS: Threshold = Threshold::count(3.0);

/// Frames to stations that nobody hears of.
pub struct FloodUnicast;

/// Frames go round between switches.
pub struct LoopLayer2;

/// A station is at several ports in turn.
pub struct MacFlapping;

/// New stations without end.
pub struct MacOverflow;

/// Two VLANs are joined somewhere.
pub struct VlanLeak;

/// Nobody asks who wants which group.
pub struct IgmpNoQuerier;

/// Short bursts fill the link.
pub struct BurstMicro;

/// The link is full.
pub struct LinkSaturated;

fn each(e: &Evidence, kind: Kind, tell: impl Fn(&SwitchTrouble) -> Option<Report>) -> Detection {
    all_of(e.network.switch.of(kind).filter_map(|t| Some(tell(t)?.about(t.subject).held(vec![t.span]).lasting())))
}

fn vlan(t: &SwitchTrouble) -> String {
    t.vlan.map_or_else(String::new, |id| format!(" in VLAN {id}"))
}

impl Detector for FloodUnicast {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "flood.unicast",
            aspect: None,
            meaning: "Frames go to stations that have sent nothing for so long that switches no longer know where they are. Each such frame \
                      is sent to every port of its VLAN: all hosts there share the link with traffic that is not theirs.",
            measured: "Stations that sent no frame for {forgotten} and are sent at least {rate} frames a second meanwhile, counted in a \
                       sample; not those to whose address frames for several hosts go (routers, shared gateways), nor those that ever sent a packet of a conversation, \
                       whose later silence a sample cannot tell. From {stations} stations \
                       and several senders a warning, otherwise a note.",
            cause: "Packets take another way back than forth, so that a switch on the way never hears the receiver; routers remember \
                    addresses for longer than switches; a receiver that only listens; a table of addresses that is full.",
            lookalikes: "A mirror that shows one direction of those stations only, or a port that is not theirs: then they are heard \
                         elsewhere.",
            remedy: "Look up the stations in the switch's table of addresses. Let switches remember them for as long as routers do (a few \
                     hours), or have the receivers send something regularly.",
            topic: None,
            figures: &[("forgotten", Tuned(&STATION_FORGOTTEN)), ("rate", Tuned(&FLOODED_RATE)), ("stations", Tuned(&FLOODED_STATIONS))],
        };
        &PAGE
    }

    fn needs(&self) -> &'static [Need] {
        &[Need::BothDirections, Need::Unsampled]
    }

    fn judge(&self, e: &Evidence, _: StandingFindings<'_>) -> Detection {
        each(e, Kind::UnicastFlooded, |t| {
            let many = t.count >= FLOODED_STATIONS.number() && t.vlans >= 2;
            let rate = grouped(t.measure as u64);
            let title = match t.count {
                1 => format!("{} is sent {rate} frames a second{} and sends nothing itself", t.who, vlan(t)),
                n => format!("{} are sent {rate} frames a second{} and send nothing themselves", plural(n, "station"), vlan(t)),
            };
            let evidence = vec![
                ("stations", Value::Count(t.count)),
                ("senders", Value::Count(t.vlans)),
                ("frames_per_second", Value::Count(t.measure as u64)),
                ("station", Value::Text(t.who.clone())),
                ("sender", Value::Text(t.other.clone())),
                ("silent_seconds", Value::Seconds(t.seconds())),
            ];
            Some(Report::new(if many { Severity::Warning } else { Severity::Note }, title, evidence))
        })
    }
}

impl Detector for LoopLayer2 {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "loop.layer2",
            aspect: None,
            meaning: "Frames go round between switches: each frame to a group is multiplied until links and hosts are full. The network, or \
                      this VLAN of it, hardly works.",
            measured: "Frames to groups with the same content and the same MAC addresses that come at least {times} times within a second, \
                       in at least {parts} of its sixty-four parts, for copies of a mirror come close together: {frames} different ones of \
                       {stations} stations, {rate} times a second in all, or {swift_frames} of as many stations that come at least {swift} times a second each. \
                       Or requests for addresses and names (ARP, neighbour \
                       discovery, DHCP, NetBIOS, multicast DNS, LLMNR) that come at least {asked} times within a second, each time in another part: {requests} different ones of {askers} stations; or {times} times, as many different ones as of frames \
                       within ten seconds. Either \
                       for {seconds} seconds one after the other; told of are the seconds before and after in which {frames} frames of \
                       {stations} stations circle as well. Frames of protocols that send the same cyclically (POWERLINK, EtherCAT, SERCOS, \
                       PROFINET and their like) are not looked at.",
            cause: "Two ports are connected that a spanning tree does not keep apart: a cable plugged in twice, a small switch under a desk, \
                    a group of links whose other end is none.",
            lookalikes: "Two stations that repeat the same frames without end.",
            remedy: "Pull the cable that was plugged in last. Look for ports with the highest rate of broadcasts, and turn the spanning tree \
                     and loop protection on.",
            topic: None,
            figures: &[
                ("times", Tuned(&CIRCLING)),
                ("parts", Tuned(&CIRCLING_PARTS)),
                ("frames", Tuned(&CIRCLING_FRAMES)),
                ("stations", Tuned(&CIRCLING_SENDERS)),
                ("rate", Tuned(&STORM_RATE)),
                ("swift", Tuned(&CIRCLING_SWIFT)),
                ("swift_frames", Tuned(&CIRCLING_SWIFT_FRAMES)),
                ("asked", Tuned(&CIRCLING_ASKED)),
                ("requests", Tuned(&CIRCLING_REQUESTS)),
                ("askers", Tuned(&CIRCLING_ASKERS)),
                ("seconds", Tuned(&LOOP_SECONDS)),
            ],
        };
        &PAGE
    }

    fn judge(&self, e: &Evidence, standing: StandingFindings<'_>) -> Detection {
        each(e, Kind::FramesCircle, |t| {
            if t.recent < LOOP_SECONDS.number() && !standing.on(t.subject) {
                return None;
            }
            let (peak, length) = (grouped(t.measure as u64), duration(t.count as f64));
            let most = percent(t.share);
            let title =
                format!("Frames go round between switches{}: up to {peak} a second, for {length}, {most} of them from {}", vlan(t), t.who);
            let evidence = vec![
                ("frames_per_second", Value::Count(t.vlans)),
                ("peak_frames_per_second", Value::Count(t.measure as u64)),
                ("seconds", Value::Count(t.count)),
                ("stations", Value::Count(t.other.parse().unwrap_or(0))),
                ("station", Value::Text(t.who.clone())),
                ("share", Value::Share(t.share)),
            ];
            Some(Report::new(Severity::Critical, title, evidence))
        })
    }
}

impl Detector for MacFlapping {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "mac.flapping",
            aspect: None,
            meaning: "A station's frames come in by different ports in turn. The switch sends what is meant for it to where it was seen last, \
                      so that part of it is lost.",
            measured: "Ports by which ARP requests of one station enter the device, where the mirror tells them (port or session): at least \
                       {moves} changes within {within}, in one VLAN. Copies are left out, so that one frame seen twice is no move. Where \
                       the mirror does not say whether a frame entered or left, sessions, indexes and broadcasts from one address count, of a station \
                       whose frames are never seen at several places at once, and at {places} places at most.",
            cause: "A loop of switches; two devices with the same MAC address, such as cloned virtual machines; a group of links that is one \
                    at one end only.",
            lookalikes: "Both links of a group that are mirrored one by one, under a host that takes them in turn. A device that moves once \
                         is none.",
            remedy: "Look for the address in the switch's table of addresses, several times, and at both ports.",
            topic: None,
            figures: &[("moves", Tuned(&MOVES)), ("within", Tuned(&MOVES_WITHIN)), ("places", Count(MOVES_PLACES as u64))],
        };
        &PAGE
    }

    fn needs(&self) -> &'static [Need] {
        &[Need::Unique]
    }

    fn judge(&self, e: &Evidence, _: StandingFindings<'_>) -> Detection {
        each(e, Kind::StationMoves, |t| {
            let is_many = t.measure > 1.0;
            let verb = if is_many { "move" } else { "moves" };
            let title = format!("{} {verb} between ports{}, {} in {}", t.who, vlan(t), plural(t.count, "time"), duration(t.seconds()));
            let evidence = vec![
                ("changes", Value::Count(t.count)),
                ("stations", Value::Count(t.measure as u64)),
                ("seconds", Value::Seconds(t.seconds())),
            ];
            Some(Report::new(if is_many { Severity::Critical } else { Severity::Warning }, title, evidence))
        })
    }
}

impl Detector for MacOverflow {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "mac.overflow",
            aspect: None,
            meaning: "New stations appear without end: so many addresses fill a switch's table, and then it floods everything to every port, \
                      where others can listen.",
            measured: "Source addresses never seen before, from {begun} after the first packet on: at least {stations} in each of two times \
                       of ten seconds one after the other, whose makers are nearly all different, or which are addresses of groups: no \
                       network is like that.",
            cause: "Somebody tries to make the switch flood; a test device, or one that is broken, that invents addresses.",
            lookalikes: "A test of the network that was meant.",
            remedy: "Find the port from the switch's table of addresses, and limit how many addresses a port may have (port security).",
            topic: None,
            figures: &[("begun", Tuned(&ACQUAINTED)), ("stations", Tuned(&NEW_STATIONS))],
        };
        &PAGE
    }

    fn judge(&self, e: &Evidence, _: StandingFindings<'_>) -> Detection {
        each(e, Kind::StationsWithoutEnd, |t| {
            let title = format!("{} new MAC addresses in {}", grouped(t.count), duration(t.seconds()));
            let evidence = vec![
                ("stations", Value::Count(t.count)),
                ("peak_in_ten_seconds", Value::Count(t.measure as u64)),
                ("seconds", Value::Seconds(t.seconds())),
                ("station", Value::Text(t.who.clone())),
            ];
            Some(Report::new(Severity::Critical, title, evidence))
        })
    }
}

impl Detector for VlanLeak {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "vlan.leak",
            aspect: None,
            meaning: "The same frames are in two VLANs: these are joined somewhere, and what is meant for one reaches the other.",
            measured: "ARP requests of one station, sender and target that are seen with two different VLAN tags within {within}: at least \
                       {frames} of {stations} stations within {recent}. Not where one of the VLANs shares frames with several others, as the \
                       VLAN of a mirror does.",
            cause: "A native VLAN that differs at both ends of a link, or a cable or bridge between ports of two VLANs.",
            lookalikes: "VLANs that are meant to be joined: private VLANs, and translation from one number to another.",
            remedy: "Compare the native VLANs of both ends of the links between switches, and look for a bridge between the VLANs.",
            topic: None,
            figures: &[
                ("within", Nanos(LEAKED_WITHIN)),
                ("frames", Tuned(&LEAKED)),
                ("stations", Tuned(&LEAKED_STATIONS)),
                ("recent", Nanos(SWITCH_RECENT)),
            ],
        };
        &PAGE
    }

    fn needs(&self) -> &'static [Need] {
        &[Need::Once]
    }

    fn judge(&self, e: &Evidence, _: StandingFindings<'_>) -> Detection {
        each(e, Kind::VlansJoined, |t| {
            let title = format!(
                "VLAN {} and VLAN {} are joined: the same frames of {} are in both",
                t.vlan.unwrap_or(0),
                t.other,
                plural(t.vlans, "station")
            );
            let evidence = vec![
                ("vlan", Value::Count(t.vlan.unwrap_or(0).into())),
                ("other_vlan", Value::Count(t.other.parse().unwrap_or(0))),
                ("frames", Value::Count(t.count)),
                ("stations", Value::Count(t.vlans)),
                ("station", Value::Text(t.who.clone())),
            ];
            Some(Report::new(Severity::Warning, title, evidence))
        })
    }
}

impl Detector for IgmpNoQuerier {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "igmp.no_querier",
            aspect: None,
            meaning: "A stream goes to a multicast group that hosts joined, but nobody asks in its VLAN who wants it. Switches that follow \
                      memberships forget them, and then cut the stream off or send it to every port.",
            measured: "A stream of at least {frames} packets a minute to an IPv4 group that a host joined, for at least {forgotten}, in which \
                       no query of any version was seen in the VLAN.",
            cause: "The router of the VLAN does not forward multicast, and no switch was told to ask in its place.",
            lookalikes: "Switches that do not follow memberships: there every port has the stream in any case. A mirror that does not show \
                         the queries.",
            remedy: "Turn the querier on at one switch of the VLAN (IGMP snooping querier).",
            topic: None,
            figures: &[("frames", Tuned(&STREAM_FRAMES)), ("forgotten", Nanos(MEMBERS_FORGOTTEN))],
        };
        &PAGE
    }

    fn judge(&self, e: &Evidence, _: StandingFindings<'_>) -> Detection {
        each(e, Kind::NoQuerier, |t| {
            let title = format!("Nobody asks who wants {}{}, which {} joined", t.subject, vlan(t), t.who);
            let evidence = vec![
                ("packets_per_second", Value::Count(t.measure.round() as u64)),
                ("seconds", Value::Seconds(t.seconds())),
                ("member", Value::Text(t.who.clone())),
            ];
            Some(Report::new(Severity::Note, title, evidence))
        })
    }
}

impl Detector for BurstMicro {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "burst.micro",
            aspect: None,
            meaning: "The link is filled for some milliseconds at a time although it is little used on average. What does not fit waits in the \
                      switch, and where its buffer is short, is lost.",
            measured: "Milliseconds with at least {half} of the link's speed, one after the other, for at most {short} ms, of which one has at \
                       least {full}: at least {bursts} within a minute in which the link is used to at most {mean}. By the fuller \
                       direction, or what that is at least (`explain link.saturated`). Always by milliseconds, also where bursts are listed by \
                       finer bins, and by frames as they arrived: a mirror's own queue makes bursts flatter, and nothing is said of the depth \
                       of any queue.",
            cause: "Servers that send answers as fast as their interface can; many that answer one at the same time (incast); a fast link that \
                    ends at a slower one.",
            lookalikes: "A speed given with `--speed` that is lower than the link's. Most networks have some: it matters where packets are lost.",
            remedy: "Look at the discards of the port, and at who sends in the bursts. Pace the senders, or give the port more buffer or \
                     speed.",
            topic: None,
            figures: &[
                ("half", Tuned(&BURST)),
                ("full", Tuned(&BURST_FULL)),
                ("short", Tuned(&BURST_SHORT)),
                ("bursts", Tuned(&BURSTS)),
                ("mean", Tuned(&BURSTS_MEAN)),
            ],
        };
        &PAGE
    }

    fn needs(&self) -> &'static [Need] {
        &[Need::FineClock]
    }

    fn judge(&self, e: &Evidence, _: StandingFindings<'_>) -> Detection {
        each(e, Kind::LinkBursts, |t| {
            let title = format!(
                "{} filled the link, up to {} ms, at a mean use of {}",
                plural(t.count, "short burst"),
                grouped(t.vlans),
                percent(t.measure)
            );
            let evidence = vec![
                ("bursts", Value::Count(t.count)),
                ("longest_seconds", Value::Seconds(t.vlans as f64 / 1e3)),
                ("mean_use", Value::Share(t.measure)),
            ];
            Some(Report::new(Severity::Note, title, evidence))
        })
    }
}

impl Detector for LinkSaturated {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "link.saturated",
            aspect: None,
            meaning: "The link is full: what more is sent waits and is lost, and everything that passes it becomes slow.",
            measured: "At least {full} of the link's speed, with what is between frames, for {time} or longer: by the fuller direction of a link \
                       at whose end one station is, in all frames but one of a hundred; by all frames where the speed is that of the port they \
                       come to. Of other links by what the fuller direction carries at least: half of all frames, those from one station, or \
                       those to one.",
            cause: "A transfer that takes all it can get, such as a backup, or a link that is too slow for its traffic.",
            lookalikes: "A speed given with `--speed` that is lower than the link's.",
            remedy: "Look who sends most of it. Give what must be quick a class of its own, move transfers to the night, or take a faster link.",
            topic: None,
            figures: &[("full", Tuned(&LINK_FULL)), ("time", Tuned(&LINK_FULL_FOR))],
        };
        &PAGE
    }

    fn needs(&self) -> &'static [Need] {
        // What a mirror port that is full lets through says how fast that is.
        &[Need::Complete]
    }

    fn judge(&self, e: &Evidence, _: StandingFindings<'_>) -> Detection {
        each(e, Kind::LinkFull, |t| {
            let title = format!(
                "The link of {} is full for {}: {} used",
                bits_per_second(t.vlans as f64),
                duration(t.count as f64),
                percent(t.measure)
            );
            let evidence = vec![
                ("use", Value::Share(t.measure)),
                ("seconds", Value::Count(t.count)),
                ("speed_bits_per_second", Value::Count(t.vlans)),
            ];
            Some(Report::new(Severity::Note, title, evidence))
        })
    }
}
