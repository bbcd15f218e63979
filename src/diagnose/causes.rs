//! Findings that others follow from: of what has one cause, the cause is told and the rest stands under it, with its own evidence.
//!
//! An edge says which findings can follow from which, and what both must be about. Both must have held at the same time, and the cause must not
//! have begun long after its effect: [`BEGINS`]. What goes on long after its cause has ended is a finding of its own again: [`OUTLIVES`]. Where
//! several causes fit, the one that explains most stays.

use crate::model::Arrange as _;
use crate::model::time::SECOND;
use crate::model::{Address, Explained, Finding, Severity, Subject};
use std::collections::{BTreeMap, BTreeSet};

/// A cause begins this long after its effect at most: one stretch that is looked at.
const BEGINS: i64 = 60 * SECOND;

/// The same where nothing says that both are of the same place: what was there before is another's.
const BEGINS_ANYWHERE: i64 = 10 * SECOND;

/// An effect outlives its cause by this at most: two such stretches.
const OUTLIVES: i64 = 120 * SECOND;

/// What cause and effect must be about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum About {
    /// The same service.
    Service,
    /// The same host, be it one of its services.
    Host,
    /// Whatever it is: the cause strikes everything behind the same switch.
    Anything,
    /// Whatever it is, where it is no worse than the cause: what is worse names the culprit.
    Milder,
    /// The same service, where it is no worse.
    MilderOfService,
    /// The same service, where the cause is critical: what is milder has had no such effect.
    CriticalOfService,
    /// What the cause says that it strikes: hosts behind a router.
    Behind,
    /// Nearly all that the effect says that it strikes are what causes of this kind are about.
    Struck,
    /// Whatever it is, where the cause held for most of the time that the effect is told of: what is said of all of the time begins before it.
    Throughout,
}

struct Edge {
    causes: &'static [&'static str],
    effects: &'static [&'static str],
    about: About,
}

/// What cannot be reached, whatever it was asked for.
const SILENT: &[&str] = &["tcp.no_answer", "dns.unanswered", "ntp.bad"];

/// What can follow from what. A finding that is an effect in one edge may be a cause in another; no way leads back.
const EDGES: &[Edge] = &[
    // Frames that circle fill every link, and every table.
    Edge {
        causes: &["loop.layer2"],
        effects: &["storm.broadcast", "storm.multicast", "arp.storm", "mac.flapping", "flood.unicast", "link.saturated"],
        about: About::Anything,
    },
    // What circles comes again and again, and so does what a storm repeats: neither is the mirror's doing.
    Edge { causes: &["loop.layer2"], effects: &["dup.some", "low.uniqueness"], about: About::Throughout },
    Edge { causes: &["loop.layer2", "storm.broadcast", "storm.multicast", "arp.storm"], effects: &["dup.flood"], about: About::Anything },
    Edge {
        causes: &["loop.layer2", "storm.broadcast", "storm.multicast", "arp.storm"],
        effects: &[
            "tcp.loss",
            "tcp.rtt",
            "tcp.no_answer",
            "dns.unanswered",
            "dns.slow",
            "server.slow",
            "rtp.loss",
            "rtp.jitter",
            "pmtu.blackhole",
        ],
        about: About::Anything,
    },
    // What makes broadcasts go round makes multicasts, and ARP is broadcast; a station that floods with ARP is the worse finding of the two.
    Edge { causes: &["storm.broadcast"], effects: &["storm.multicast", "arp.storm"], about: About::Milder },
    // Switches that no longer know where stations are.
    Edge { causes: &["mac.overflow", "stp.topology_changes"], effects: &["flood.unicast"], about: About::Anything },
    Edge { causes: &["link.saturated"], effects: &["burst.micro", "tcp.loss", "tcp.rtt"], about: About::Anything },
    Edge { causes: &["stp.root_changed", "stp.two_roots"], effects: &["stp.topology_changes"], about: About::Anything },
    Edge { causes: &["dhcp.exhausted"], effects: &["dhcp.no_offer"], about: About::Anything },
    // A link that is full, and what waits for it.
    Edge { causes: &["load.surge"], effects: &["tcp.rtt", "tcp.loss", "rtp.loss", "rtp.jitter", "dns.slow"], about: About::Anything },
    Edge { causes: &["nd.rogue_ra"], effects: &["ipv6.broken"], about: About::Anything },
    // Whoever takes another's address takes its packets.
    Edge {
        causes: &["arp.conflict", "fhrp.two_masters"],
        effects: &["tcp.no_answer", "tcp.reset", "tcp.refused", "tcp.loss", "dns.unanswered"],
        about: About::Host,
    },
    // What is sent to it goes there.
    Edge {
        causes: &["arp.conflict"],
        effects: &["tcp.no_answer", "dns.unanswered", "ntp.bad", "tcp.loss", "server.slow", "tls.failing"],
        about: About::Behind,
    },
    // A host that does not answer for its own address answers nothing.
    Edge { causes: &["arp.unanswered", "route.loop"], effects: &["icmp.unreachable"], about: About::Host },
    Edge { causes: &["arp.unanswered", "route.loop"], effects: SILENT, about: About::Host },
    Edge { causes: &["ipv6.broken"], effects: &["tcp.no_answer", "tcp.refused"], about: About::Service },
    // Behind a router that is gone nobody is there.
    Edge {
        causes: &["arp.unanswered", "tcp.no_answer"],
        effects: &["tcp.no_answer", "dns.unanswered", "ntp.bad", "tcp.loss", "server.slow", "tls.failing"],
        about: About::Behind,
    },
    Edge { causes: &["tcp.refused"], effects: &["tcp.refused"], about: About::Behind },
    Edge { causes: &["tcp.rtt"], effects: &["tcp.rtt", "tcp.loss", "server.slow", "dns.slow"], about: About::Behind },
    Edge { causes: &["server.slow"], effects: &["server.slow", "tls.failing"], about: About::Behind },
    // What does not arrive is not answered; who does not answer does not answer a hello either.
    Edge { causes: &["tcp.no_answer"], effects: &["server.slow", "tls.failing"], about: About::MilderOfService },
    Edge { causes: &["tcp.no_answer"], effects: &["tcp.loss"], about: About::Service },
    Edge { causes: &["server.slow"], effects: &["tls.failing", "tcp.loss"], about: About::MilderOfService },
    // An ICMP error may be about one port alone.
    Edge { causes: &["icmp.unreachable"], effects: SILENT, about: About::Service },
    Edge {
        causes: &["pmtu.blackhole"],
        effects: &["tcp.loss", "tcp.reset", "tcp.no_answer", "tls.failing", "server.slow", "service.errors"],
        about: About::Host,
    },
    Edge { causes: &["tcp.synflood"], effects: &["tcp.no_answer", "tcp.refused", "tcp.reset", "server.slow"], about: About::Service },
    // Answers to forged sources reach nobody, and routers say so to those who are flooded.
    Edge { causes: &["tcp.synflood"], effects: &["icmp.unreachable"], about: About::Struck },
    // Whoever refuses credentials lets the client wait: that is meant.
    Edge { causes: &["auth.failing"], effects: &["server.slow"], about: About::Service },
    // Clients that object to something else (who issued it) object to a certificate that is valid as well.
    Edge { causes: &["tls.expiring"], effects: &["tls.failing"], about: About::CriticalOfService },
    // Where the way to a host has become long, its services answer late.
    Edge { causes: &["tcp.rtt"], effects: &["server.slow", "dns.slow"], about: About::Host },
    // A handshake that fails ends its connection.
    Edge { causes: &["tls.failing"], effects: &["tcp.reset"], about: About::Service },
    Edge { causes: &["dns.unanswered"], effects: &["dns.failing", "dns.slow"], about: About::Service },
];

/// Puts what follows from something under it: notes in each which findings it explains or is explained by, and lists effects behind their
/// cause. The order is kept otherwise.
pub fn by_cause(findings: &mut Vec<Finding>) {
    let count = findings.len();
    let mut by: Vec<Option<usize>> = vec![None; count];
    // Those that explain most come first; of two that explain the same, the one that is listed first.
    let mut places: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    findings.iter().enumerate().for_each(|(at, finding)| places.entry(finding.id).or_default().push(at));
    let mut causes: Vec<(usize, Vec<usize>)> =
        (0..count).map(|at| (at, effects(findings, at, &places))).filter(|c| !c.1.is_empty()).collect();
    causes.arrange_by_key(|(at, effects)| (std::cmp::Reverse(effects.len()), *at));
    for (cause, effects) in &causes {
        for &effect in effects {
            if let Some(place @ None) = by.get_mut(effect) {
                *place = Some(*cause);
            }
        }
    }
    for (effect, cause) in by.iter().enumerate() {
        let Some(cause) = *cause else { continue };
        let Some(id) = findings.get(effect).map(|f| f.id) else { continue };
        if let Some(found) = findings.get_mut(cause)
            && !found.cause_of.contains(&id)
        {
            found.cause_of.push(id);
        }
        let explained = findings.get(cause).map(|f| Explained { id: f.id, subject: f.subject });
        if let Some(found) = findings.get_mut(effect) {
            found.explained_by = explained;
        }
    }
    let mut under: Vec<Vec<usize>> = vec![Vec::new(); count];
    for (effect, cause) in by.iter().enumerate() {
        cause.and_then(|cause| under.get_mut(cause)).into_iter().for_each(|under| under.push(effect));
    }
    let mut order: Vec<usize> = Vec::with_capacity(count);
    (0..count).filter(|&at| by.get(at).is_some_and(Option::is_none)).for_each(|root| list(root, &under, &mut order));
    let mut slots: Vec<Option<Finding>> = std::mem::take(findings).into_iter().map(Some).collect();
    findings.extend(order.into_iter().filter_map(|at| slots.get_mut(at).and_then(Option::take)));
}

/// A finding, and behind it what follows from it.
fn list(at: usize, under: &[Vec<usize>], order: &mut Vec<usize>) {
    order.push(at);
    under.get(at).into_iter().flatten().for_each(|effect| list(*effect, under, order));
}

/// Where those findings stand that can follow from the one at `at`, ascending; `places` says where the findings of an identifier do.
fn effects(findings: &[Finding], at: usize, places: &BTreeMap<&str, Vec<usize>>) -> Vec<usize> {
    let Some(cause) = findings.get(at) else { return Vec::new() };
    let kin: Vec<&Finding> = places.get(cause.id).into_iter().flatten().filter_map(|at| findings.get(*at)).collect();
    let follows = |edge: &Edge, effect: &Finding| {
        let is_another = effect.subject != cause.subject || effect.id != cause.id;
        let is_then = if edge.about == About::Throughout { throughout } else { at_the_same_time };
        is_another && is_about(edge.about, (cause, &kin), effect) && is_then(cause, effect)
    };
    let edges = EDGES.iter().filter(|edge| edge.causes.contains(&cause.id));
    let pairs = edges.flat_map(|edge| edge.effects.iter().filter_map(|id| places.get(id)).flatten().map(move |at| (edge, *at)));
    let mut out: Vec<usize> = pairs.filter(|&(edge, at)| findings.get(at).is_some_and(|f| follows(edge, f))).map(|(_, at)| at).collect();
    out.sort_unstable();
    out.dedup();
    out
}

/// The part of what an effect strikes that is to be what causes are about, and the part of its time in which a cause must have held.
const NEARLY_ALL: f64 = 0.8;
const MOST: f64 = 0.5;

/// Whether an effect strikes this cause's host, and hardly any but those that causes of its kind are about.
fn are_struck((cause, kin): (&Finding, &[&Finding]), effect: &Finding) -> bool {
    let hosts: BTreeSet<Address> = kin.iter().filter_map(|finding| address(&finding.subject)).collect();
    let struck: Vec<Address> = effect.covers.iter().filter_map(address).collect();
    let is_here = address(&cause.subject).is_some_and(|host| struck.contains(&host));
    let known = struck.iter().filter(|host| hosts.contains(host)).count();
    is_here && known as f64 >= NEARLY_ALL * struck.len() as f64
}

/// Whether a cause held for most of the time that an effect is told of.
fn throughout(cause: &Finding, effect: &Finding) -> bool {
    let both = cause.last.min(effect.last).seconds_since(cause.first.max(effect.first));
    cause.active == effect.active && both > 0.0 && both >= MOST * effect.last.seconds_since(effect.first)
}

/// Whether an effect is about what it must be about to follow from a cause, one of its `kin`.
fn is_about(about: About, (cause, kin): (&Finding, &[&Finding]), effect: &Finding) -> bool {
    match about {
        About::Struck => are_struck((cause, kin), effect),
        About::Throughout => cause.vlan.zip(effect.vlan).is_none_or(|(here, there)| here == there),
        About::Anything => may_strike(cause, effect),
        About::Milder => effect.severity <= cause.severity && may_strike(cause, effect),
        About::Service => cause.subject == effect.subject,
        About::MilderOfService => cause.subject == effect.subject && effect.severity <= cause.severity,
        About::CriticalOfService => cause.subject == effect.subject && cause.severity == Severity::Critical,
        About::Behind => {
            let host = address(&effect.subject);
            let is_named = || cause.covers.contains(&effect.subject);
            is_named() || host.is_some() && cause.covers.iter().any(|struck| address(struck) == host)
        }
        About::Host => address(&cause.subject).is_some_and(|host| address(&effect.subject) == Some(host)),
    }
}

/// Whether a cause that strikes whatever is behind the same switch may have this effect: not what was there before, nor of another VLAN.
fn may_strike(cause: &Finding, effect: &Finding) -> bool {
    let elsewhere = cause.vlan.zip(effect.vlan).is_some_and(|(here, there)| here != there);
    !elsewhere && cause.first <= effect.first.plus(BEGINS_ANYWHERE)
}

fn address(subject: &Subject) -> Option<Address> {
    match subject {
        Subject::Host(address) | Subject::Service { address, .. } => Some(*address),
        _ => None,
    }
}

fn at_the_same_time(cause: &Finding, effect: &Finding) -> bool {
    cause.active == effect.active
        && cause.first <= effect.first.plus(BEGINS)
        && effect.last <= cause.last.plus(OUTLIVES)
        && effect.first <= cause.last.plus(OUTLIVES)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Proto, Timestamp};

    const HOST: Address = Address::V4(std::net::Ipv4Addr::new(10, 0, 0, 7));
    const OTHER: Address = Address::V4(std::net::Ipv4Addr::new(10, 0, 0, 8));

    fn finding(id: &'static str, subject: Subject, from: i64, to: i64) -> Finding {
        let at = |s: i64| Timestamp(s * SECOND);
        Finding { subject, first: at(from), last: at(to), ..Finding::new(id, Severity::Warning, id, at(from)) }
    }

    fn service(address: Address, port: u16) -> Subject {
        Subject::Service { address, port, protocol: Proto::Tcp }
    }

    /// The findings as they are listed, those with a cause indented.
    fn told(mut findings: Vec<Finding>) -> Vec<String> {
        by_cause(&mut findings);
        findings.iter().map(|f| format!("{}{} {}", if f.explained_by.is_some() { "  " } else { "" }, f.id, f.subject)).collect()
    }

    #[test]
    fn a_storm_of_broadcasts_explains_those_of_its_kinds() {
        let vlan = Subject::Vlan(7);
        let findings =
            vec![finding("arp.storm", vlan, 2, 60), finding("storm.broadcast", vlan, 0, 60), finding("storm.multicast", vlan, 1, 60)];
        assert_eq!(told(findings.clone()), ["storm.broadcast VLAN 7", "  arp.storm VLAN 7", "  storm.multicast VLAN 7"]);
        let worse: Vec<_> =
            findings.into_iter().map(|f| if f.id == "arp.storm" { Finding { severity: Severity::Critical, ..f } } else { f }).collect();
        assert_eq!(told(worse), ["arp.storm VLAN 7", "storm.broadcast VLAN 7", "  storm.multicast VLAN 7"]);
    }

    /// A certificate that ended is refused as such (critical); one of an unknown issuer is refused whether it ended or not.
    #[test]
    fn only_a_certificate_that_is_refused_explains_failing_handshakes() {
        let with = |severity| {
            let ended = Finding { severity, ..finding("tls.expiring", service(HOST, 443), 0, 60) };
            told(vec![ended, finding("tls.failing", service(HOST, 443), 1, 60)])
        };
        assert_eq!(with(Severity::Critical), [format!("tls.expiring {HOST}:443/tcp"), format!("  tls.failing {HOST}:443/tcp")]);
        assert_eq!(with(Severity::Warning), [format!("tls.expiring {HOST}:443/tcp"), format!("tls.failing {HOST}:443/tcp")]);
    }

    #[test]
    fn what_a_host_that_is_gone_does_not_answer_stands_under_it() {
        let findings = vec![
            finding("tcp.no_answer", service(HOST, 443), 10, 90),
            finding("tcp.no_answer", service(OTHER, 443), 10, 90),
            finding("arp.unanswered", Subject::Host(HOST), 20, 90),
            finding("tcp.no_answer", service(HOST, 22), 30, 90),
        ];
        assert_eq!(
            told(findings),
            [
                "tcp.no_answer 10.0.0.8:443/tcp",
                "arp.unanswered 10.0.0.7",
                "  tcp.no_answer 10.0.0.7:443/tcp",
                "  tcp.no_answer 10.0.0.7:22/tcp"
            ]
        );
    }

    #[test]
    fn causes_of_causes_are_followed() {
        let vlan = Subject::Vlan(7);
        let findings = vec![
            finding("tcp.loss", service(HOST, 80), 30, 60),
            finding("storm.broadcast", vlan, 20, 60),
            finding("loop.layer2", vlan, 20, 60),
        ];
        // The loop explains the loss as well as the storm does, and the storm too.
        assert_eq!(told(findings), ["loop.layer2 VLAN 7", "  tcp.loss 10.0.0.7:80/tcp", "  storm.broadcast VLAN 7"]);
    }

    #[test]
    fn a_storm_explains_those_beside_it() {
        let vlan = Subject::Vlan(7);
        let findings = vec![
            finding("arp.storm", Subject::Host(HOST), 20, 60),
            finding("storm.multicast", Subject::Network, 25, 60),
            finding("storm.broadcast", vlan, 22, 60),
        ];
        assert_eq!(told(findings), ["storm.broadcast VLAN 7", "  arp.storm 10.0.0.7", "  storm.multicast network"]);
    }

    #[test]
    fn a_storm_strikes_its_own_vlan_and_nothing_that_was_there_before() {
        let within = |vlan, finding: Finding| Finding { vlan: Some(vlan), ..finding };
        let storm = || within(7, finding("arp.storm", Subject::Vlan(7), 100, 160));
        let loss = |vlan, from| within(vlan, finding("tcp.loss", service(HOST, 80), from, 160));
        assert_eq!(told(vec![storm(), loss(7, 105)]), ["arp.storm VLAN 7", "  tcp.loss 10.0.0.7:80/tcp"]);
        assert_eq!(told(vec![storm(), loss(8, 105)]), ["arp.storm VLAN 7", "tcp.loss 10.0.0.7:80/tcp"], "of another VLAN");
        assert_eq!(told(vec![storm(), loss(7, 60)]), ["arp.storm VLAN 7", "tcp.loss 10.0.0.7:80/tcp"], "it was there before");
    }

    /// A loop that began late in what is told of all of the time: it explains what it was most of.
    #[test]
    fn what_is_told_of_all_of_the_time_follows_from_what_was_most_of_it() {
        let pair =
            |from| told(vec![finding("loop.layer2", Subject::Network, from, 100), finding("low.uniqueness", Subject::Network, 0, 100)]);
        assert_eq!(pair(50), ["loop.layer2 network", "  low.uniqueness network"]);
        assert_eq!(pair(51), ["loop.layer2 network", "low.uniqueness network"]);
    }

    /// A router has no route to forged sources, and says so to those who answer them; or it has lost one, and many others hear it.
    #[test]
    fn what_routers_say_to_those_who_are_flooded_follows_from_the_floods() {
        let host = |last: u8| Address::V4([10, 0, 0, last].into());
        let floods = || (1..=8).map(|last| finding("tcp.synflood", service(host(last), 80), 0, 60));
        let errors = |clients: u8| Finding {
            covers: (1..=clients).map(|last| Subject::Host(host(last))).collect(),
            ..finding("icmp.unreachable", Subject::Host(OTHER), 5, 60)
        };
        let indented = |clients| {
            told(floods().chain([errors(clients)]).collect()).iter().filter(|line| line.starts_with("  icmp.unreachable")).count()
        };
        assert_eq!((indented(8), indented(10), indented(11)), (1, 1, 0));
        let elsewhere = Finding { covers: vec![Subject::Host(host(99))], ..errors(0) };
        assert_eq!(told(floods().chain([elsewhere]).collect()).iter().filter(|line| line.starts_with("  ")).count(), 0);
    }

    #[test]
    fn time_decides() {
        let pair = |cause: (i64, i64), effect: (i64, i64)| {
            let mut findings = vec![
                finding("arp.conflict", Subject::Host(HOST), cause.0, cause.1),
                finding("tcp.reset", service(HOST, 80), effect.0, effect.1),
            ];
            by_cause(&mut findings);
            (findings[1].explained_by.is_some(), findings[0].cause_of.len())
        };
        assert_eq!(pair((100, 200), (120, 200)), (true, 1));
        assert_eq!(pair((100, 200), (40, 200)), (true, 1), "begins a minute after what it explains");
        assert_eq!(pair((101, 200), (40, 200)), (false, 0), "later than that");
        assert_eq!(pair((100, 200), (120, 320)), (true, 1));
        assert_eq!(pair((100, 200), (120, 321)), (false, 0), "it goes on without it");
    }

    #[test]
    fn a_cleared_cause_explains_nothing_that_stands() {
        let cause = Finding { active: false, ..finding("arp.unanswered", Subject::Host(HOST), 10, 60) };
        let told = told(vec![finding("tcp.no_answer", service(HOST, 80), 10, 60), cause]);
        assert_eq!(told, ["tcp.no_answer 10.0.0.7:80/tcp", "arp.unanswered 10.0.0.7"]);
    }

    #[test]
    fn no_way_leads_back() {
        fn reaches(from: &str, to: &str, depth: usize) -> bool {
            let next = EDGES.iter().filter(|e| e.causes.contains(&from)).flat_map(|e| e.effects.iter().filter(move |id| **id != from));
            depth > 0 && next.into_iter().any(|id| *id == to || reaches(id, to, depth - 1))
        }
        let loops: Vec<_> = EDGES.iter().flat_map(|e| e.causes).filter(|id| reaches(id, id, 6)).collect();
        assert!(loops.is_empty(), "{loops:?}");
    }
}
