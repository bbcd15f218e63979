//! Addresses in the link layer: claimed twice, asked for in vain, asked for without end, and IPv6 routers that announce themselves.

use super::{SURE, all_of, subject};
use crate::diagnose::detector::{Detection, Detector, ExplainPage, Need, Report, StandingFindings};
use crate::diagnose::evidence::Evidence;
use crate::diagnose::figure::Figure::{Count, Nanos, Tuned};
use crate::model::evidence::{
    ALONE, ARP_ANSWERED, ARP_INSISTS, ARP_LASTS, ARP_OTHERS, ARP_RATE, ARP_REQUESTS, ARP_SILENT, ARP_STRETCHES, ARP_SWEEP, ARP_TARGETS,
    ARP_UNASKED, ARP_VLAN_RATE, ArpStormEvidence, BetweenEvidence, CONFLICT_TURNS, ConflictEvidence, HANDED_OVER, PRETENCE_ANSWERED,
    PRETENCE_HOSTS, PRETENCE_TOLD, PROXY_ADDRESSES, Pretence, ProbedEvidence, ROUTERS_BESIDE, SIGHT_HELD, SecondRouterEvidence,
    ServiceEvidence, StationEvidence, SwitchTroubleKind, Threshold, UnansweredEvidence,
};
use crate::model::time::SECOND;
use crate::model::units::{duration, grouped, plural};
use crate::model::{Address, Finding, Mac, Proves, ProvingPackets, Severity, Subject, Value, wilson};

/// Stations of one address that are told of.
static STRETCH: Threshold = Threshold::nanos((60 * SECOND) as f64);

/// Hosts that look for one that is gone before it is critical.
static MANY_ASKERS: Threshold = Threshold::count(5.0);

/// Hosts that one station deceives from which on it is critical.
static MANY_DECEIVED: Threshold = Threshold::count(3.0);

/// ARP packets a second that are critical.
static ARP_MANY: Threshold = Threshold::count(1_000.0);

/// Two devices use one address.
pub struct ArpConflict;

/// A host is gone and others look for it.
pub struct ArpUnanswered;

/// Very many ARP packets.
pub struct ArpStorm;

/// A second IPv6 router.
pub struct NdRogueRa;

/// A VLAN, or the network where there is none.
pub(super) fn place(vlan: Option<u16>) -> Subject {
    vlan.map_or(Subject::Network, Subject::Vlan)
}

/// ` in VLAN 10`.
pub(super) fn within(vlan: Option<u16>) -> String {
    vlan.map(|id| format!(" in VLAN {id}")).unwrap_or_default()
}

/// `02:00:00:00:01:09 (Cisco Systems)`.
pub(super) fn station(s: &StationEvidence) -> String {
    s.maker.map_or_else(|| s.mac.to_string(), |maker| format!("{} ({maker})", s.mac))
}

impl Detector for ArpConflict {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "arp.conflict",
            aspect: None,
            meaning: "Two devices use the same address. Others send to whichever was heard last, so both have connections that hang and break.",
            measured: "Senders of ARP packets, of IPv6 neighbour advertisements: two hardware addresses that claim the address in turn, at \
                       least {turns} times each within {stretch}, towards the same host or both towards everybody, or one towards everybody while the other replies between two such claims; or one that claims addresses of several others, each of which goes on to claim its own, or tells two hosts, each about the other, at least {unasked} times that it has the address, twice as often as they ask or more; or tells at least {several} hosts together as often in a minute, within \
                       {answered} of no request of theirs, that it has an address which another one claims as well; or tells one so, or everybody before and after, and looks for that address itself. Or one that looks whether the address is free (ARP probe, duplicate address detection) and is answered by another station: {turns} times or more a warning, once a note; not one that looks for {proxy} addresses or more, or again and again but never soon. Redundant gateways (VRRP, \
                       HSRP, GLBP, CARP) and stations that answer for {proxy} addresses or more are left out. An address that stations only ask from, and never as nobody asks who only wants to know, while one other alone replies is \
                       on several hardware addresses of one device, or of servers behind one that shares out their work. Critical when the address \
                       is a router's or one that others use, or when {deceived} hosts or more are told wrongly unasked; a note where each takes it over by an announcement, and the other says \
                       nothing for {handed} before its own, or where a station claims addresses of others only when it is asked, as they do.",

            cause: "An address was given by hand that DHCP gives as well, a device was copied with its settings, or somebody pretends to be \
                    another (ARP spoofing).",
            lookalikes: "A cluster that is moving back and forth between its members; a sleep proxy, which answers for hosts that sleep; a router that \
                         answers for hosts of its own network (local proxy ARP).",
            remedy: "Find both stations by their hardware addresses in the switch's table, and give one of them another address. Where \
                     neither is wrong, suspect spoofing.",
            topic: None,
            figures: &[
                ("turns", Tuned(&CONFLICT_TURNS)),
                ("stretch", Tuned(&STRETCH)),
                ("unasked", Tuned(&ARP_UNASKED)),
                ("several", Count(PRETENCE_HOSTS as u64)),
                ("answered", Nanos(PRETENCE_ANSWERED)),
                ("deceived", Tuned(&MANY_DECEIVED)),
                ("handed", Tuned(&HANDED_OVER)),
                ("proxy", Count(PROXY_ADDRESSES as u64)),
            ],
        };
        &PAGE
    }

    fn needs(&self) -> &'static [Need] {
        &[Need::Unique, Need::Tagged]
    }

    fn judge(&self, e: &Evidence, _: StandingFindings<'_>) -> Detection {
        let seen = &e.network.sightings;
        // What a station between others claims is told once, of it.
        let is_between = |address| seen.between.iter().any(|b| b.addresses.contains(&address));
        let apart = seen.conflicts.iter().filter(|c| !is_between(c.address)).map(|c| conflict(c, e));
        // Nor is it told apart that somebody looked for it first who then used it all the same.
        let is_told = |address| is_between(address) || seen.conflicts.iter().any(|c| c.address == address);
        let probed = seen.probed.iter().filter(|p| !p.is_watched && !is_told(p.address)).map(probed);
        all_of(seen.between.iter().map(|b| between(b, e)).chain(apart).chain(probed))
    }

    /// What was told of one address is told of the station that claims several. Whoever only watches wants none.
    fn withdraws(&self, e: &Evidence, finding: &Finding) -> bool {
        let seen = &e.network.sightings;
        let claimed = seen.between.iter().flat_map(|b| &b.addresses);
        let watched = seen.probed.iter().filter(|p| p.is_watched).map(|p| &p.address);
        let is_used_by_two = |address: &Address| seen.conflicts.iter().any(|c| c.address == *address);
        claimed.chain(watched.filter(|address| !is_used_by_two(address))).any(|address| finding.subject == Subject::Host(*address))
    }
}

fn conflict(c: &ConflictEvidence, e: &Evidence) -> Report {
    let names: Vec<String> = c.stations.iter().map(station).collect();
    let title = format!("Two devices use {}{}: {}", c.address, within(c.vlan), names.join(" and "));
    let claims = c.stations.iter().fold(0u64, |sum, s| sum.saturating_add(s.count));
    let mut evidence = vec![("claims", Value::Count(claims))];
    for (name, station) in ["first_station", "second_station"].into_iter().zip(&c.stations) {
        evidence.push((name, Value::Text(station.mac.to_string())));
    }
    // Each of them loses what the other is sent.
    let report = Report::new(severity(c.is_needed, c.is_handed_over), title, evidence);
    let report = report
        .covering(sent_to(c.stations.iter().map(|s| s.mac), c.address, e))
        .about(Subject::Host(c.address))
        .suffered_by(c.stations.len() as u64)
        .held(vec![c.span]);
    if c.is_handed_over { handed_over(report) } else { report }
}

/// How grave it is that an address is claimed by two: not at all where they agree.
fn severity(is_needed: bool, is_handed_over: bool) -> Severity {
    match (is_handed_over, is_needed) {
        (true, _) => Severity::Note,
        (false, true) => Severity::Critical,
        (false, false) => Severity::Warning,
    }
}

/// Of two that hand an address over to each other.
fn handed_over(report: Report) -> Report {
    report
        .because(
            "A sleep proxy (Bonjour) answers for hosts that sleep, and each takes its address back when it wakes; or a cluster moves back and \
             forth between its members.",
        )
        .mend("Nothing, if such a proxy or cluster is meant to be there.")
}

/// Somebody looks whether an address is free, and its owner answers.
fn probed(p: &ProbedEvidence) -> Report {
    let times = if p.prober.count == 1 { "once".to_owned() } else { format!("{} times", grouped(p.prober.count)) };
    let place = within(p.vlan);
    let title = format!("{} wants to use {}{place} and is told {times} that {} has it", station(&p.prober), p.address, station(&p.owner));
    let evidence = vec![
        ("answers", Value::Count(p.prober.count)),
        ("first_station", Value::Text(p.owner.mac.to_string())),
        ("second_station", Value::Text(p.prober.mac.to_string())),
    ];
    // Who asks once takes another address.
    let severity = if p.prober.count >= CONFLICT_TURNS.number() { Severity::Warning } else { Severity::Note };
    Report::new(severity, title, evidence)
        .about(Subject::Host(p.address))
        .suffered_by(1)
        .held(vec![p.span])
        .because("An address was given by hand, or by DHCP, that another device has already. The one that has it is not harmed: the other stays without.")
}

/// A station that pretends to be several others at once.
fn between(b: &BetweenEvidence, e: &Evidence) -> Report {
    let names: Vec<String> = b.addresses.iter().map(Address::to_string).collect();
    let how = match b.how {
        Pretence::TowardsEachOther => "towards each other, again and again and unasked".to_owned(),
        Pretence::Tells(hosts) => {
            let or_more = if hosts >= PRETENCE_TOLD as u64 { " or more" } else { "" };
            format!("towards {}{or_more} hosts, again and again and unasked, and another device has it", grouped(hosts))
        }
        Pretence::LooksForIt => "and looks for it itself".to_owned(),
        Pretence::Answers => "when it is asked, as do their owners".to_owned(),
        Pretence::Used if b.is_handed_over => "and hands them over to their owners and back".to_owned(),
        Pretence::Used => "which their owners go on to use".to_owned(),
    };
    let title = format!("{} claims {}{}, {how}", station(&b.station), names.join(", "), within(b.vlan));
    let evidence = vec![
        ("claims", Value::Count(b.station.count)),
        ("addresses", Value::Text(names.join(", "))),
        ("station", Value::Text(b.station.mac.to_string())),
    ];
    // Whose packets it gets: the hosts that are told, or those that are claimed.
    let suffer = if let Pretence::Tells(hosts) = b.how { hosts } else { b.addresses.len() as u64 };
    let is_deceit = matches!(b.how, Pretence::Tells(_) | Pretence::TowardsEachOther);
    let is_grave = b.is_needed || is_deceit && suffer >= MANY_DECEIVED.number();
    let severity = severity(is_grave, b.is_handed_over || b.how == Pretence::Answers);
    let report = Report::new(severity, title, evidence).about(Subject::Station(b.station.mac)).suffered_by(suffer);
    let packets = b.addresses.iter().flat_map(|address| e.network.proofs.of(&[Proves::Claimed], Subject::Host(*address)));
    let through = b.addresses.iter().flat_map(|address| sent_to(std::iter::once(b.station.mac), *address, e));
    let report = Report { packets: ProvingPackets::newest(packets), ..report }
        .covering(b.addresses.iter().map(|address| Subject::Host(*address)).chain(through).collect());
    let report = report.held(vec![b.span]);
    if b.is_handed_over {
        return handed_over(report);
    }
    if b.how == Pretence::Answers {
        return report
            .because(
                "A router answers for hosts of its own network (local proxy ARP), where these are not to reach each other directly; or somebody \
                 answers in their stead to get what they are sent.",
            )
            .mend("Nothing, if the station is a router that is set up so; else find its port in the switch's table.");
    }
    report
        .because("It puts itself between these hosts (ARP poisoning): what they send each other passes through it, to be read or changed.")
        .mend("Find the station's port in the switch's table and unplug it; switch on inspection of ARP against the leases of DHCP.")
}

impl Detector for ArpUnanswered {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "arp.unanswered",
            aspect: None,
            meaning: "Hosts look for an address in their own network and nobody answers: it is down or gone, and nothing can be sent to it.",
            measured: "ARP requests, of IPv6 neighbour solicitations: at least {requests} within {stretch} for an address of which nothing has been heard since, for at least {silent}, by hosts to which \
                       replies are seen; of their other requests surely more than {answered} are answered (lower end of the {sure} interval); \
                       or by a host that asks {insists} times in a minute for this one address, of which nothing was ever heard, as nobody does who is answered, unless replies to others are not seen here either. Two that look for each \
                       other in different VLANs are told together. \
                       Hosts that look for more than {sweep} addresses in vain, probes and announcements are left out. A note with one host \
                       that asks, a warning when that is not heard to do anything else; critical with {many}, or when it is their router.",
            cause: "The host is down, was moved to another VLAN, or its address changed.",
            lookalikes: "A host that sleeps; an old entry in somebody's settings; a program that watches a host by ARP, whose replies are not mirrored.",
            remedy: "Is the host up and linked, in this VLAN, with this address? If it is gone for good, find who still asks for it.",
            topic: None,
            figures: &[
                SURE,
                ("requests", Tuned(&ARP_REQUESTS)),
                ("stretch", Tuned(&STRETCH)),
                ("silent", Tuned(&ARP_SILENT)),
                ("answered", Tuned(&ARP_ANSWERED)),
                ("insists", Tuned(&ARP_INSISTS)),
                ("sweep", Tuned(&ARP_SWEEP)),
                ("many", Tuned(&MANY_ASKERS)),
            ],
        };
        &PAGE
    }

    fn needs(&self) -> &'static [Need] {
        &[Need::BothDirections, Need::Complete, Need::Unsampled, Need::Tagged]
    }

    // Whoever is answered does not ask again at once: the requests show by themselves that there is no answer.
    fn is_proved_without(&self, need: Need, finding: &Finding) -> bool {
        matches!(need, Need::BothDirections | Need::Complete) && finding.evidence.iter().any(|(name, _)| *name == INSISTING)
    }

    fn judge(&self, e: &Evidence, _: StandingFindings<'_>) -> Detection {
        all_of(e.network.sightings.unanswered.iter().map(|u| unanswered(u).covering(behind(u, e))))
    }
}

/// Two who look for each other in different VLANs.
fn in_two_vlans(u: &UnansweredEvidence, asker: Address, other: Option<u16>) -> Report {
    let vlan = |id: Option<u16>| id.map_or_else(|| "no VLAN".to_owned(), |id| format!("VLAN {id}"));
    let title = format!("{asker} in {} and {} in {} look for each other in vain", vlan(u.vlan), u.address, vlan(other));
    let evidence = vec![("requests", Value::Count(u.requests)), (INSISTING, Value::Count(u.insisting))];
    Report { vlan: u.vlan, ..Report::new(Severity::Warning, title, evidence) }
        .about(Subject::Host(u.address))
        .suffered_by(2)
        .held(vec![u.span])
        .because(
            "Both are of one network, and their ports in different VLANs: one is set wrong, or the native VLANs of a link between differ.",
        )
        .mend("Compare the VLANs of both ports, and the native VLAN at both ends of the links between them.")
}

fn unanswered(u: &UnansweredEvidence) -> Report {
    if let Some((asker, other)) = u.elsewhere {
        return in_two_vlans(u, asker, other);
    }
    let what = if u.is_router { "The router " } else { "" };
    let heard = u.last_answer.map(|(last, _)| last).max(u.last_heard);
    let (state, ending) = match heard {
        Some(last) => ("gone", format!("last heard {} before", duration(u.span.last.seconds_since(last).max(0.0)))),
        None => ("not there", "nothing was ever heard of it".to_owned()),
    };
    let hosts = if u.askers == 1 { "1 host looks".to_owned() } else { format!("{} look", plural(u.askers, "host")) };
    let beyond = match u.cut_off {
        0 => String::new(),
        1 => "; one that is not heard to reach anything else".to_owned(),
        n => format!("; {n} of them are not heard to reach anything else"),
    };
    let title = format!("{what}{} is {state}{}: {hosts} for it in vain{beyond}; {ending}", u.address, within(u.vlan));
    let [others, replies] = u.others;
    let mut evidence = vec![
        ("requests", Value::Count(u.requests)),
        ("askers", Value::Count(u.askers)),
        ("other_requests", Value::Count(others)),
        ("other_requests_answered", Value::Count(replies)),
        ("answered_low", Value::Share(wilson(replies, others).low)),
    ];
    if u.insisting > 0 {
        evidence.extend([(INSISTING, Value::Count(u.insisting)), ("cut_off", Value::Count(u.cut_off))]);
    }
    evidence.extend(heard.map(|last| ("last_heard", Value::Time(last))));
    evidence.extend(u.last_answer.map(|(_, mac)| ("station", Value::Text(mac.to_string()))));
    let severity = match u.askers {
        _ if u.is_router => Severity::Critical,
        0 | 1 if u.cut_off == 0 => Severity::Note,
        n if n >= MANY_ASKERS.number() => Severity::Critical,
        _ => Severity::Warning,
    };
    let report = Report::new(severity, title, evidence).about(Subject::Host(u.address)).suffered_by(u.askers).held(vec![u.span]);
    if u.cut_off == 0 || u.is_router {
        return report;
    }
    report
        .because("A host that looks for one address again and again and reaches nothing: its default gateway is set wrong, or is down.")
        .mend("Compare the host's default gateway with that of its neighbours, and with what DHCP tells.")
}

/// What is reached through one that is gone, where it is a router.
fn behind(u: &UnansweredEvidence, e: &Evidence) -> Vec<Subject> {
    let Some((_, router)) = u.last_answer else { return Vec::new() };
    sent_to(std::iter::once(router), u.address, e)
}

/// These stations, and services, but those of one address, whose clients send to one of them and get no answer.
fn sent_to(stations: impl Iterator<Item = Mac>, but: Address, e: &Evidence) -> Vec<Subject> {
    let stations: Vec<Mac> = stations.collect();
    let fails = |s: &&ServiceEvidence| s.since_success.attempts.count > 0 || s.since_success.requests.count > 0;
    let through = e.network.services.iter().filter(|s| stations.contains(&s.next) && s.key.address != but).filter(fails);
    stations.iter().map(|station| Subject::Station(*station)).chain(through.map(|s| subject(&s.key)).take(BEHIND)).collect()
}

/// Services behind a router that are named at most.
const BEHIND: usize = 256;

/// What says how many hosts ask so often as nobody does who is answered.
const INSISTING: &str = "asking_without_end";

impl Detector for ArpStorm {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "arp.storm",
            aspect: None,
            meaning: "One station, or all of a VLAN together, send ARP packets, or neighbour solicitations of IPv6, in great number. Each goes to every \
                      host, which has to look at it, or to every port.",
            measured: "ARP requests and announcements by sender, and apart from them neighbour solicitations to groups: more than {rate} a second in {stretches} stretches of ten seconds in a row, more than {others} times as many as \
                       half of the others send, and not less than {lasts} of the most in a minute (a router that restarts stops soon); or \
                       more than {all} a second in a VLAN, and more than one for each of its senders. Who asks for {targets} addresses or \
                       more is sweeping. Critical above {many} a second.",
            cause: "A program or network card gone wrong, a loop, or an attack on the tables of switches and hosts.",
            lookalikes: "An inventory that looks for every host; a gateway that has just taken over.",
            remedy: "Find the station's port in the switch's table and look at it; limit ARP at its port.",
            topic: None,
            figures: &[
                ("rate", Tuned(&ARP_RATE)),
                ("stretches", Tuned(&ARP_STRETCHES)),
                ("others", Tuned(&ARP_OTHERS)),
                ("lasts", Tuned(&ARP_LASTS)),
                ("all", Tuned(&ARP_VLAN_RATE)),
                ("targets", Count(ARP_TARGETS as u64)),
                ("many", Tuned(&ARP_MANY)),
            ],
        };
        &PAGE
    }

    fn needs(&self) -> &'static [Need] {
        &[Need::Unique, Need::Unsampled]
    }

    fn judge(&self, e: &Evidence, _: StandingFindings<'_>) -> Detection {
        let storms = &e.network.sightings.storms;
        // Who floods by both is told of once, by the worse.
        let of = |s: &ArpStormEvidence| (s.vlan, s.source.map(|source| source.mac));
        let is_worse = |a: &ArpStormEvidence, b: &ArpStormEvidence| (a.rate, b.is_v6) > (b.rate, a.is_v6);
        // What goes round between switches is many times what stations send: it is told of as a loop.
        let circles = |s: &ArpStormEvidence| e.network.switch.of(SwitchTroubleKind::FramesCircle).any(|loops| loops.vlan == s.vlan);
        let told = storms.iter().filter(|s| s.source.is_some() || !circles(s));
        all_of(told.filter(|s| !storms.iter().any(|other| of(other) == of(s) && is_worse(other, s))).map(storm))
    }
}

fn storm(s: &ArpStormEvidence) -> Report {
    let rate = grouped(s.rate as u64);
    let what = if s.is_v6 { "neighbour solicitations" } else { "ARP" };
    let (subject, title) = match &s.source {
        Some(source) => {
            let title = format!("{} floods the network{} with {what}: {rate} packets a second", station(source), within(s.vlan));
            (Subject::Station(source.mac), title)
        }
        None => (
            place(s.vlan),
            format!("The network{} is flooded with {what}: {rate} packets a second of {}", within(s.vlan), plural(s.senders, "station")),
        ),
    };
    let evidence = vec![
        ("packets_per_second", Value::Number(s.rate)),
        ("senders", Value::Count(s.senders)),
        ("median_of_others", Value::Number(s.median)),
    ];
    let severity = if s.rate > ARP_MANY.value() { Severity::Critical } else { Severity::Warning };
    // Each has to look at every one.
    let vlan = s.vlan;
    Report { vlan, ..Report::new(severity, title, evidence) }.about(subject).suffered_by(s.senders).held(vec![s.span])
}

impl Detector for NdRogueRa {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "nd.rogue_ra",
            aspect: None,
            meaning: "A second device announces itself as IPv6 router. Hosts make addresses of its prefix and send what leaves the network \
                      through it (RFC 6104).",
            measured: "Router advertisements with a lifetime: from a second address and station within {beside} of another, with no common \
                       prefix or other configuration flags; or of one that came after the other had been alone for {alone}, told of for \
                       {held} (a note when both announce the same). Routers that share an address by VRRP are left out.",
            cause: "A host that shares its connection, a router plugged in by somebody, or an attack.",
            lookalikes: "Two routers on purpose, each with its own prefix; a new router that replaces the old one.",
            remedy: "Find the station's port in the switch's table; switch RA guard on at ports of hosts (RFC 6105).",
            topic: None,
            figures: &[("beside", Tuned(&ROUTERS_BESIDE)), ("alone", Tuned(&ALONE)), ("held", Nanos(SIGHT_HELD))],
        };
        &PAGE
    }

    fn needs(&self) -> &'static [Need] {
        &[Need::Tagged]
    }

    fn judge(&self, e: &Evidence, _: StandingFindings<'_>) -> Detection {
        all_of(e.network.sightings.second_routers.iter().map(second_router))
    }
}

fn second_router(r: &SecondRouterEvidence) -> Report {
    let title = format!("{} announces itself as IPv6 router{} beside {}: {}", r.router, within(r.vlan), r.before, station(&r.source));
    let mut evidence = vec![
        ("advertisements", Value::Count(r.source.count)),
        ("station", Value::Text(r.source.mac.to_string())),
        ("router_before", Value::Text(r.before.to_string())),
    ];
    for (name, prefix) in ["prefix_before", "prefix"].into_iter().zip(r.prefixes) {
        evidence.extend(prefix.map(|(address, length)| (name, Value::Text(format!("{address}/{length}")))));
    }
    let severity = if r.differs { Severity::Warning } else { Severity::Note };
    let mut report = Report::new(severity, title, evidence).about(Subject::Host(Address::V6(r.router)));
    report.hosts = Some(r.hosts).filter(|hosts| *hosts > 0);
    report.held(vec![r.span]).lasting()
}
