//! Routers, shared gateways, multicast queriers, ports that authenticate, and floods.

use super::all_of;
use crate::diagnose::detector::{Detection, Detector, ExplainPage, Need, Report, StandingFindings};
use crate::diagnose::evidence::Evidence;
use crate::diagnose::figure::Figure::{Nanos, Tuned};
use crate::model::evidence::{
    PAUSE_RATE, QUERIERS_BESIDE, SESSION_PACKETS, STORM_RATE, SWITCH_RECENT, SwitchTrouble, SwitchTroubleKind as Kind, Threshold,
};
use crate::model::limits::STORM_SENDERS;
use crate::model::units::{duration, grouped, percent, plural};
use crate::model::{Severity, Subject, Value};

/// Times that two routers say in turn that they forward, and hellos for which they do.
static TURNS: Threshold = Threshold::count(6.0);
static TURN_HELLOS: Threshold = Threshold::count(5.0);

/// Changes of the router that forwards: one, and the way back, are a failover.
static FLIPS: Threshold = Threshold::count(3.0);

/// Ends of sessions from which they do not hold.
static RESETS: Threshold = Threshold::count(3.0);

/// Refusals of a port.
static FAILURES: Threshold = Threshold::count(3.0);

/// Seconds of a storm, and frames a second from which it is grave.
static STORM_SECONDS: Threshold = Threshold::count(5.0);
static STORM_GRAVE: Threshold = Threshold::count(10_000.0);

/// Seconds for which a link is held up.
static PAUSE_SECONDS: Threshold = Threshold::seconds(10.0);

/// Two routers forward for one address.
pub struct FhrpTwoMasters;

/// The router that forwards changes again and again.
pub struct FhrpFlip;

/// A router's hellos stopped.
pub struct OspfHelloLost;

/// A session between routers ended.
pub struct BgpReset;

/// Routers disagree about the longest packet.
pub struct MtuMismatch;

/// A port refuses devices.
pub struct EapolFailing;

/// Two routers ask for groups.
pub struct IgmpTwoQueriers;

/// Too many broadcasts.
pub struct StormBroadcast;

/// Too many multicasts of the link's protocols.
pub struct StormMulticast;

/// A station holds up its link.
pub struct PauseStorm;

fn each(e: &Evidence, kind: Kind, tell: impl Fn(&SwitchTrouble) -> Option<Report>) -> Detection {
    all_of(e.network.switch.of(kind).filter_map(|t| {
        let report = tell(t)?.about(t.subject).held(vec![t.span]).lasting();
        Some(Report { hosts: report.hosts.or(super::bridges::devices(kind)), ..report })
    }))
}

fn vlan(t: &SwitchTrouble) -> String {
    t.vlan.map_or(String::new(), |id| format!(" in VLAN {id}"))
}

/// The shared address; of a group that does not tell it, only that there is one.
fn shared(t: &SwitchTrouble) -> String {
    match t.subject {
        Subject::Host(address) => address.to_string(),
        _ => "one shared address".to_owned(),
    }
}

impl Detector for FhrpTwoMasters {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "fhrp.two_masters",
            aspect: None,
            meaning: "Two routers forward for one shared gateway address at the same time: they do not hear each other. Hosts' packets take \
                      one or the other by chance, and what comes back may be lost.",
            measured: "Hellos of two routers of one network, group and address that say in turn that they forward: at least {turns} turns \
                       over {hellos} hello intervals. A takeover, in which both say so once or twice, is none.",
            cause: "Their hellos are filtered or lost between them, or their passwords differ.",
            lookalikes: "Two groups of the same number and address in VLANs whose tags the mirror took off.",
            remedy: "Look whether multicast passes between both routers, and compare the groups' settings.",
            topic: None,
            figures: &[("turns", Tuned(&TURNS)), ("hellos", Tuned(&TURN_HELLOS))],
        };
        &PAGE
    }

    fn needs(&self) -> &'static [Need] {
        &[Need::Unsampled]
    }

    fn judge(&self, e: &Evidence, standing: StandingFindings<'_>) -> Detection {
        each(e, Kind::TwoMasters, |t| {
            if !standing.on(t.subject) && (t.count < TURNS.number() || t.measure < TURN_HELLOS.value()) {
                return None;
            }
            let title = format!("Two routers forward for {}{}: {} ({})", shared(t), vlan(t), t.other, t.who);
            let evidence = vec![
                ("group", Value::Text(t.who.clone())),
                ("routers", Value::Text(t.other.clone())),
                ("turns", Value::Count(t.count)),
                ("seconds", Value::Seconds(t.seconds())),
            ];
            Some(Report::new(Severity::Critical, title, evidence))
        })
    }
}

impl Detector for FhrpFlip {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "fhrp.flip",
            aspect: None,
            meaning: "The router that forwards for a shared gateway address changes again and again. With each change connections through it \
                      stall for as long as the hellos are waited for.",
            measured: "Times at which another router says that it forwards, after the one before said so no longer: at least {flips} in \
                       {recent}. One failover and the way back are none.",
            cause: "Hellos that are lost under load, a router that starts again and again, an object it tracks that goes up and down.",
            lookalikes: "Tests of a failover.",
            remedy: "Look at the routers' logs for why they gave up, and let a router that returns wait before it takes over (preempt delay).",
            topic: None,
            figures: &[("flips", Tuned(&FLIPS)), ("recent", Nanos(SWITCH_RECENT))],
        };
        &PAGE
    }

    fn needs(&self) -> &'static [Need] {
        &[Need::Complete, Need::Unsampled]
    }

    fn judge(&self, e: &Evidence, standing: StandingFindings<'_>) -> Detection {
        each(e, Kind::GatewayFlips, |t| {
            if t.count < FLIPS.number() && !(standing.on(t.subject) && t.count > 1) {
                return None;
            }
            let title = format!("The router that forwards for {}{} changed {} times ({})", shared(t), vlan(t), grouped(t.count), t.who);
            let evidence = vec![
                ("group", Value::Text(t.who.clone())),
                ("changes", Value::Count(t.count)),
                ("forwards_now", Value::Text(t.other.clone())),
            ];
            Some(Report::new(Severity::Warning, title, evidence))
        })
    }
}

impl Detector for OspfHelloLost {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "ospf.hello_lost",
            aspect: None,
            meaning: "An OSPF router that sent hellos regularly sends none any more: its neighbours give it up, and what lies behind it is \
                      reached another way or not at all.",
            measured: "No hello for longer than the router's own dead interval, while other routers of the link are heard. Told until it \
                       has sent again for a while, or for {recent}.",
            cause: "The router or its link failed, or its hellos are lost.",
            lookalikes: "Maintenance that was meant; a router that was moved to a link that is not mirrored.",
            remedy: "Look at the router and at the port it is connected to.",
            topic: None,
            figures: &[("recent", Nanos(SWITCH_RECENT))],
        };
        &PAGE
    }

    fn needs(&self) -> &'static [Need] {
        &[Need::Complete, Need::Unsampled]
    }

    fn judge(&self, e: &Evidence, _: StandingFindings<'_>) -> Detection {
        each(e, Kind::RouterSilent, |t| {
            let others = if t.count == 1 { "1 other does".to_owned() } else { format!("{} others do", grouped(t.count)) };
            let title = match t.recent {
                0 => format!("OSPF router {}{} sent no hellos for {}, and does again", t.who, vlan(t), duration(t.seconds())),
                _ => format!("OSPF router {}{} sends no hellos any more, {others}", t.who, vlan(t)),
            };
            let evidence = vec![
                ("router", Value::Text(t.who.clone())),
                ("dead_seconds", Value::Seconds(t.measure)),
                ("silent_seconds", Value::Seconds(t.seconds())),
                ("others", Value::Count(t.count)),
            ];
            Some(Report::new(Severity::Warning, title, evidence))
        })
    }
}

impl Detector for BgpReset {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "bgp.reset",
            aspect: None,
            meaning: "A session between routers (BGP) ended. Such sessions are meant to stand for months: with its end all routes learnt by \
                      it are withdrawn.",
            measured: "Connections of BGP's port with at least {packets} packets, both ways, that were closed or reset, in {recent}; \
                       those that stood before the capture began are known by their messages. Critical from {many}, a note where a \
                       notification says of each that it was shut down or reset by hand.",
            cause: "A link failed, a timer ran out, or a router was told to.",
            lookalikes: "Maintenance without a word; both routers opened a session at the same time, and one of them is closed again.",
            remedy: "The notification in the packets before the end says why; look at the log of both routers.",
            topic: None,
            figures: &[("packets", Tuned(&SESSION_PACKETS)), ("recent", Nanos(SWITCH_RECENT)), ("many", Tuned(&RESETS))],
        };
        &PAGE
    }

    fn judge(&self, e: &Evidence, _: StandingFindings<'_>) -> Detection {
        each(e, Kind::PeerLost, |t| {
            let said = if t.words.is_empty() { String::new() } else { format!(": {}", t.words) };
            let title = format!("The BGP session of {} and {} ended {}{said}", t.who, t.other, plural(t.count, "time"));
            let evidence =
                vec![("ended", Value::Count(t.count)), ("reset", Value::Count(t.measure as u64)), ("by_hand", Value::Count(t.meant))];
            let report = |severity| Report::new(severity, title, evidence);
            Some(match t.count {
                count if t.meant >= count => report(Severity::Note)
                    .because("A router was told to: its notification says so.")
                    .mend("Nothing, if it was meant; the log of that router says who did it."),
                count if count >= RESETS.number() => report(Severity::Critical),
                _ => report(Severity::Warning),
            })
        })
    }
}

impl Detector for MtuMismatch {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "mtu.mismatch",
            aspect: None,
            meaning: "Routers on one link disagree about how long a packet may be. Long packets of the one are dropped by the other, and \
                      their OSPF adjacency may not come up.",
            measured: "The interface MTU in the database descriptions of OSPF routers of one link and area, within {recent}.",
            cause: "Jumbo frames are turned on at one end only, or a tunnel takes its share of one of them.",
            lookalikes: "Routers that are told to ignore it, on links where nobody sends long packets.",
            remedy: "Set the same MTU at both routers and at the switches in between.",
            topic: None,
            figures: &[("recent", Nanos(SWITCH_RECENT))],
        };
        &PAGE
    }

    fn judge(&self, e: &Evidence, _: StandingFindings<'_>) -> Detection {
        each(e, Kind::MtuDiffers, |t| {
            let title =
                format!("Routers of one link{} disagree about the MTU: {} at {}, {} at {}", vlan(t), t.count, t.who, t.measure, t.other);
            let evidence = vec![("mtu_bytes", Value::Count(t.count)), ("other_mtu_bytes", Value::Count(t.measure as u64))];
            Some(Report::new(Severity::Warning, title, evidence))
        })
    }
}

impl Detector for EapolFailing {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "eapol.failing",
            aspect: None,
            meaning: "A port refuses devices that want to be let in (IEEE 802.1X): they have no network, or only that for guests.",
            measured: "EAP failures that a port sends: at least {failures} in {recent}, and more than twice as many as it sends successes.",
            cause: "Credentials or a certificate that expired, an authentication server that does not answer, a device that is not registered.",
            lookalikes: "A visitor's device that tries again and again.",
            remedy: "Look at the log of the authentication server for the reason.",
            topic: None,
            figures: &[("failures", Tuned(&FAILURES)), ("recent", Nanos(SWITCH_RECENT))],
        };
        &PAGE
    }

    fn judge(&self, e: &Evidence, _: StandingFindings<'_>) -> Detection {
        each(e, Kind::NotLetIn, |t| {
            if t.count < FAILURES.number() || t.count as f64 <= 2.0 * t.measure {
                return None;
            }
            let title = format!("The port of {} refused devices {} times", t.who, grouped(t.count));
            let evidence = vec![("failures", Value::Count(t.count)), ("successes", Value::Count(t.measure as u64))];
            Some(Report::new(Severity::Warning, title, evidence))
        })
    }
}

impl Detector for IgmpTwoQueriers {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "igmp.two_queriers",
            aspect: None,
            meaning: "Two routers ask one VLAN for the multicast groups that are wanted. The one with the higher address should have \
                      stopped: it does not hear the other, and switches may send groups the wrong way.",
            measured: "General queries of two addresses of one network side by side for at least {beside}, the time after which one holds \
                       the other for gone. Queries from no address take no part in the election.",
            cause: "Queries of the one do not reach the other, or their versions differ.",
            lookalikes: "Two VLANs whose tags the mirror took off.",
            remedy: "Turn the querier off where it is not wanted, and look whether multicast passes between both.",
            topic: None,
            figures: &[("beside", Tuned(&QUERIERS_BESIDE))],
        };
        &PAGE
    }

    fn judge(&self, e: &Evidence, _: StandingFindings<'_>) -> Detection {
        each(e, Kind::TwoQueriers, |t| {
            let title = format!("{} asks for multicast groups{} although {} does", t.who, vlan(t), t.other);
            let evidence = vec![
                ("queries", Value::Count(t.count)),
                ("other_querier", Value::Text(t.other.clone())),
                ("seconds", Value::Seconds(t.seconds())),
            ];
            Some(Report::new(Severity::Note, title, evidence))
        })
    }
}

/// Storms of a kind that last long enough.
fn storm(e: &Evidence, standing: StandingFindings<'_>, kind: Kind, what: &str) -> Detection {
    each(e, kind, |t| {
        if t.count < STORM_SECONDS.number() && !standing.on(t.subject) {
            return None;
        }
        let (peak, mean) = (t.measure as u64, t.vlans);
        let part = percent(t.share);
        let from = match t.recent {
            _ if t.share > 0.995 => format!("all from {}", t.who),
            _ if t.share > 0.5 => format!("most from {} ({part})", t.who),
            n if n >= STORM_SENDERS as u64 => format!("of {} stations or more, {part} from {}", grouped(n), t.who),
            n => format!("of {}, {part} from {}", plural(n, "station"), t.who),
        };
        let title = format!("{} {what} a second{}, {from}", grouped(mean), vlan(t));
        let evidence = vec![
            ("frames_per_second", Value::Count(mean)),
            ("peak_frames_per_second", Value::Count(peak)),
            ("seconds", Value::Count(t.count)),
            ("station", Value::Text(t.who.clone())),
            ("station_share", Value::Share(t.share)),
            ("stations", Value::Count(t.recent)),
        ];
        Some(Report::new(if peak >= STORM_GRAVE.number() { Severity::Critical } else { Severity::Warning }, title, evidence))
    })
}

impl Detector for StormBroadcast {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "storm.broadcast",
            aspect: None,
            meaning: "Broadcasts come at a rate that no healthy network has. Every host of the VLAN takes each of them, and every link \
                      carries all.",
            measured: "Frames to all in each second of packet time: at least {rate} in {seconds} seconds one after the other; critical \
                       from {grave}. The station that sends most of them is named.",
            cause: "A loop of switches, a broken interface, or a program that asks everybody.",
            lookalikes: "A scan of addresses by ARP, which ends soon.",
            remedy: "Look at the station that is named. Where it is many, or MAC addresses move, look for a loop; limit broadcasts at the \
                     ports (storm control).",
            topic: None,
            figures: &[("rate", Tuned(&STORM_RATE)), ("seconds", Tuned(&STORM_SECONDS)), ("grave", Tuned(&STORM_GRAVE))],
        };
        &PAGE
    }

    fn needs(&self) -> &'static [Need] {
        &[Need::Unique]
    }

    fn judge(&self, e: &Evidence, standing: StandingFindings<'_>) -> Detection {
        storm(e, standing, Kind::Broadcasts, "broadcasts")
    }
}

impl Detector for StormMulticast {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "storm.multicast",
            aspect: None,
            meaning: "Packets to groups of the link's own protocols come at a rate that no healthy network has. Switches send them to every \
                      port of the VLAN.",
            measured: "Frames to groups that never leave the link (those of bridges, the link-local groups of IP) and to SSDP's in each second of \
                       packet time: at least {rate} in {seconds} seconds one after the other; critical from {grave}. Streams to other \
                       groups, such as video, are none.",
            cause: "A loop of switches, a broken interface, or a program that announces itself without end.",
            lookalikes: "Very many routers or hosts that start at once, for a few seconds.",
            remedy: "Look at the station that is named; where it is many, look for a loop.",
            topic: None,
            figures: &[("rate", Tuned(&STORM_RATE)), ("seconds", Tuned(&STORM_SECONDS)), ("grave", Tuned(&STORM_GRAVE))],
        };
        &PAGE
    }

    fn needs(&self) -> &'static [Need] {
        &[Need::Unique]
    }

    fn judge(&self, e: &Evidence, standing: StandingFindings<'_>) -> Detection {
        storm(e, standing, Kind::LinkMulticasts, "multicasts of the link's protocols")
    }
}

impl Detector for PauseStorm {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "pause.storm",
            aspect: None,
            meaning: "A station asks its switch again and again to stop sending. What is meant for it fills the switch's buffers, and other \
                      ports suffer.",
            measured: "PAUSE and priority flow control frames that stop somebody, of one station in each second of packet time: at least \
                       {rate} in {seconds} seconds one after the other.",
            cause: "A host that cannot take what it is sent, or an interface that hangs.",
            lookalikes: "Storage networks in which flow control is meant: there such stretches are short.",
            remedy: "Look at the station that is named: its processor, its interface, its driver.",
            topic: None,
            figures: &[("rate", Tuned(&PAUSE_RATE)), ("seconds", Tuned(&PAUSE_SECONDS))],
        };
        &PAGE
    }

    fn judge(&self, e: &Evidence, standing: StandingFindings<'_>) -> Detection {
        each(e, Kind::Pauses, |t| {
            if t.count < PAUSE_SECONDS.in_seconds() as u64 && !standing.on(t.subject) {
                return None;
            }
            let title = format!("{} asks its link to pause: {} times a second for {}", t.who, grouped(t.vlans), duration(t.count as f64));
            let evidence = vec![
                ("frames_per_second", Value::Count(t.vlans)),
                ("peak_frames_per_second", Value::Count(t.measure as u64)),
                ("seconds", Value::Count(t.count)),
            ];
            Some(Report::new(Severity::Warning, title, evidence))
        })
    }
}
