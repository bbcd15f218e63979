//! How clients get their addresses: not at all, from the wrong server, or from a pool that is empty.

use super::SEVERAL;
use super::all_of;
use super::neighbours::{place, station, within};
use crate::diagnose::detector::{Detection, Detector, ExplainPage, Need, Report, StandingFindings};
use crate::diagnose::evidence::Evidence;
use crate::diagnose::figure::Figure::{Count, Nanos, Tuned};
use crate::model::evidence::{
    ALONE, DHCP_CLAIMED, DHCP_DISCOVERS, DHCP_FLOOD, DHCP_WAITED, DhcpEvidence, DhcpFloodEvidence, SEEN_WITHIN, SERVERS_BESIDE, SIGHT_HELD,
    SecondServerEvidence, StationEvidence, Threshold,
};
use crate::model::units::{duration, grouped, plural};
use crate::model::{Address, Proves, Severity, Subject, Value};

/// New clients that a server leaves without an address while it serves others.
static LEFT_OUT: Threshold = Threshold::count(3.0);

/// Refusals within a minute, and clients they go to.
static REFUSALS: Threshold = Threshold::count(3.0);
static REFUSED: Threshold = Threshold::count(2.0);

/// Offers that clients are made by others, from which on a server that made none of them is not there any more.
static PASSED_OVER: Threshold = Threshold::count(3.0);

/// Clients get no address.
pub struct DhcpNoOffer;

/// A second DHCP server answers.
pub struct DhcpRogue;

/// A pool is empty.
pub struct DhcpExhausted;

/// A server that gives to others has nothing for new clients.
fn is_exhausted(d: &DhcpEvidence) -> bool {
    d.waiting_new >= LEFT_OUT.number() && d.given > 0 || d.refused >= REFUSALS.number() && d.refused_clients >= REFUSED.number()
}

impl Detector for DhcpNoOffer {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "dhcp.no_offer",
            aspect: None,
            meaning: "Clients ask for an address by DHCP again and again and get none: they cannot use the network.",
            measured: "Clients by hardware address: at least {discovers} DISCOVERs over at least {waited} without an OFFER or ACK to them, \
                       clients that boot from the network left out. Critical with {several} clients, or when no other client asks; a note \
                       when no DHCP server was ever seen to answer, for the mirror may not show it. DHCP of IPv6 is not judged.",
            cause: "The DHCP server is down or cannot be reached, the relay of this VLAN does not forward, or the pool is empty.",
            lookalikes: "A port that is closed until its user has logged in (IEEE 802.1X); a client in a VLAN without a server.",
            remedy: "Is the DHCP server up? Does it hear the requests of this VLAN: look at the relay (helper address) of its router.",
            topic: None,
            figures: &[("discovers", Tuned(&DHCP_DISCOVERS)), ("waited", Tuned(&DHCP_WAITED)), ("several", Tuned(&SEVERAL))],
        };
        &PAGE
    }

    fn needs(&self) -> &'static [Need] {
        &[Need::BothDirections, Need::Complete, Need::Unsampled, Need::Tagged]
    }

    fn judge(&self, e: &Evidence, _: StandingFindings<'_>) -> Detection {
        let anybody = e.network.sightings.dhcp.iter().any(|d| !d.servers.is_empty());
        all_of(e.network.sightings.dhcp.iter().filter(|d| d.waiting > 0 && !is_exhausted(d)).map(|d| no_offer(d, anybody)))
    }
}

fn no_offer(d: &DhcpEvidence, anybody: bool) -> Report {
    let who = if d.waiting == 1 { "1 client gets".to_owned() } else { format!("{} get", plural(d.waiting, "client")) };
    let since = match d.last_answer {
        Some(last) => format!("the last answer came {} before", duration(d.span.last.seconds_since(last).max(0.0))),
        None => "no server was seen to answer".to_owned(),
    };
    let title = format!("{who} no address by DHCP{}: {since}", within(d.vlan));
    let servers: Vec<String> = d.servers.iter().map(ToString::to_string).collect();
    let mut evidence = vec![("clients_waiting", Value::Count(d.waiting)), ("clients", Value::Count(d.clients))];
    if !servers.is_empty() {
        evidence.push(("servers", Value::Text(servers.join(", "))));
    }
    let severity = match d.waiting {
        _ if !anybody => Severity::Note,
        n if n >= SEVERAL.number() => Severity::Critical,
        waiting if waiting >= 2 && waiting == d.clients => Severity::Critical,
        _ => Severity::Warning,
    };
    Report::new(severity, title, evidence).about(place(d.vlan)).suffered_by(d.waiting).held(vec![d.span]).lasting()
}

impl Detector for DhcpRogue {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "dhcp.rogue",
            aspect: None,
            meaning: "A second DHCP server answers the same clients. Those that take its offer may get a wrong router or name server: they are \
                      cut off, or led through somebody else's device.",
            measured: "OFFERs and ACKs with an address, by server identifier, VLAN and relay: two servers within {beside} of which no answer \
                       has the same router, name server and subnet; or one that came after the other had been alone for {alone} (a note when \
                       both tell the same). Told of for {held}, or {seen} where it made none of the last {passed} offers that clients were made. Critical when router or name server differ. The second is the one of which \
                       others use nothing but DHCP where they use the other one, as a server or a router; or the one that came {alone} later. \
                       Otherwise nothing tells which of both is meant to be there: who answers first is only quicker.",
            cause: "A router for homes plugged in the wrong way round, a host that shares its connection, a virtual machine, or an attack.",
            lookalikes: "Two servers on purpose (failover) that are not set up alike.",
            remedy: "Find the station's port in the switch's table and unplug it; switch DHCP snooping on at ports of hosts.",
            topic: None,
            figures: &[
                ("beside", Tuned(&SERVERS_BESIDE)),
                ("alone", Tuned(&ALONE)),
                ("held", Nanos(SIGHT_HELD)),
                ("seen", Nanos(SEEN_WITHIN)),
                ("passed", Tuned(&PASSED_OVER)),
            ],
        };
        &PAGE
    }

    fn needs(&self) -> &'static [Need] {
        &[Need::Tagged]
    }

    fn judge(&self, e: &Evidence, _: StandingFindings<'_>) -> Detection {
        all_of(e.network.sightings.second_servers.iter().map(rogue))
    }
}

fn rogue(s: &SecondServerEvidence) -> Report {
    let [known, new] = s.told;
    let parts = [
        ("router_before", "router", [known.router, new.router]),
        ("name_server_before", "name_server", [known.name_server, new.name_server]),
        ("mask_before", "mask", [known.mask, new.mask]),
    ];
    let mut evidence = vec![
        ("answers", Value::Count(s.source.count)),
        ("clients", Value::Count(s.clients)),
        ("station", Value::Text(s.source.mac.to_string())),
        ("server_before", Value::Text(s.before.to_string())),
    ];
    let mut differing = Vec::new();
    for (before, name, [old, now]) in parts {
        if old != now && s.differs {
            differing.push(name.replace('_', " "));
            let text = |a: Option<std::net::Ipv4Addr>| a.map_or_else(|| "none".to_owned(), |a| a.to_string());
            evidence.extend([(before, Value::Text(text(old))), (name, Value::Text(text(now)))]);
        }
    }
    let title = rogue_title(s, &differing);
    for (name, router, own) in [("says_it_is_router_before", known.router, s.before), ("says_it_is_router", new.router, s.server)] {
        if router == Some(own) {
            evidence.push((name, Value::Text(own.to_string())));
        }
    }
    let severity = match s.differs {
        false => Severity::Note,
        true if known.router != new.router || known.name_server != new.name_server => Severity::Critical,
        true => Severity::Warning,
    };
    let report =
        Report::new(severity, title, evidence).about(Subject::Host(Address::V4(s.server))).suffered_by(s.clients).held(vec![s.span]);
    // Clients ask seldom: that nothing is seen of it says nothing while nobody asks.
    if s.passed_over >= PASSED_OVER.number() { report } else { report.lasting() }
}

/// Which of two servers is the second, and what it tells otherwise.
fn rogue_title(s: &SecondServerEvidence, differing: &[String]) -> String {
    let told = if differing.is_empty() { String::new() } else { format!(", with another {}", differing.join(" and ")) };
    match s.is_used {
        [false, true] => {
            format!(
                "A second DHCP server answers{}: {} beside {}, which others use{told}; {}",
                within(s.vlan),
                s.server,
                s.before,
                station(&s.source)
            )
        }
        _ if s.alone >= ALONE.in_seconds() => {
            format!("A second DHCP server answers{}: {} beside {}{told}; {}", within(s.vlan), s.server, s.before, station(&s.source))
        }
        // Nothing tells which of them is meant to be there.
        _ => {
            let other = StationEvidence { mac: s.station_before, maker: None, ..s.source };
            format!(
                "Two DHCP servers answer{}: {} ({}) and {} ({}){told}",
                within(s.vlan),
                s.before,
                station(&other),
                s.server,
                station(&s.source)
            )
        }
    }
}

impl Detector for DhcpExhausted {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "dhcp.exhausted",
            aspect: None,
            meaning: "A DHCP server gives no addresses to new clients, or somebody asks for so many that it soon will have none.",
            measured: "{left} or more clients that were never served wait ({discovers} DISCOVERs over {waited}) while others are given \
                       theirs (a warning where some of these asked for any address, for then there are some left); or {refusals} refusals to {refused} clients in a minute (but by a second server, \
                       see dhcp.rogue, and of addresses that another server gave); or a station that asks directly for {claimed} or more \
                       clients other than itself in a minute; or more than {flood} DISCOVERs of one client in a minute (a warning).",
            cause: "The pool is too small or leases are too long; or a program empties it, by a fault or on purpose.",
            lookalikes: "Many clients that start at once after a power cut: each asks for itself, and is served. A server that knows its clients and \
                         gives nothing to others.",
            remedy: "Look at the server's leases. Where one station asks for many, find its port in the switch's table; limit DHCP there.",
            topic: None,
            figures: &[
                ("left", Tuned(&LEFT_OUT)),
                ("discovers", Tuned(&DHCP_DISCOVERS)),
                ("waited", Tuned(&DHCP_WAITED)),
                ("refusals", Tuned(&REFUSALS)),
                ("refused", Tuned(&REFUSED)),
                ("claimed", Count(DHCP_CLAIMED as u64)),
                ("flood", Tuned(&DHCP_FLOOD)),
            ],
        };
        &PAGE
    }

    fn needs(&self) -> &'static [Need] {
        &[Need::BothDirections, Need::Unique, Need::Unsampled]
    }

    fn judge(&self, e: &Evidence, _: StandingFindings<'_>) -> Detection {
        let sightings = &e.network.sightings;
        let empty = sightings.dhcp.iter().filter(|d| is_exhausted(d)).map(|d| {
            let (proofs, asked) = (&e.network.proofs, [Proves::Refuses, Proves::Discovers]);
            Report { packets: proofs.of(if d.refused > 0 { &asked } else { &asked[1..] }, place(d.vlan)), ..exhausted(d) }
        });
        all_of(empty.chain(sightings.dhcp_floods.iter().map(flood)))
    }
}

fn exhausted(d: &DhcpEvidence) -> Report {
    let known = if d.waiting_new >= LEFT_OUT.number() { &d.servers } else { &d.refusing };
    let subject = match known.as_slice() {
        [server] => Subject::Host(Address::V4(*server)),
        _ => place(d.vlan),
    };
    let is_for_some = d.waiting_new >= LEFT_OUT.number() && d.given_anew > 0;
    let title = match d.waiting_new >= LEFT_OUT.number() {
        true if is_for_some => format!(
            "{} served by DHCP{} while others are: {} for any address and got one",
            if d.waiting_new == 1 { "1 client is not".to_owned() } else { format!("{} are not", plural(d.waiting_new, "client")) },
            within(d.vlan),
            if d.given_anew == 1 { "1 asked".to_owned() } else { format!("{} asked", grouped(d.given_anew)) },
        ),
        true => format!(
            "The pool of the DHCP server{} is empty: {} get no address, {} their old one",
            within(d.vlan),
            plural(d.waiting_new, "new client"),
            if d.given == 1 { "1 other gets".to_owned() } else { format!("{} others get", grouped(d.given)) },
        ),
        false => format!(
            "The DHCP server{}{} refuses: {} to {}",
            match d.refusing.as_slice() {
                [server] => format!(" {server}"),
                _ => String::new(),
            },
            within(d.vlan),
            plural(d.refused, "refusal"),
            plural(d.refused_clients, "client")
        ),
    };
    let evidence = vec![
        ("clients_waiting", Value::Count(d.waiting_new)),
        ("clients_served", Value::Count(d.given)),
        ("clients_served_anew", Value::Count(d.given_anew)),
        ("refusals", Value::Count(d.refused)),
        ("clients_refused", Value::Count(d.refused_clients)),
    ];
    let suffer = d.waiting_new.max(d.refused_clients);
    let severity = if is_for_some { Severity::Warning } else { Severity::Critical };
    let report = Report::new(severity, title, evidence).about(subject).suffered_by(suffer).held(vec![d.span]).lasting();
    if !is_for_some {
        return report;
    }
    report.because("The server does not know these clients and gives addresses to those alone that it knows; or its pool has just run out.")
}

fn flood(f: &DhcpFloodEvidence) -> Report {
    let is_starving = f.clients >= DHCP_CLAIMED as u64;
    let title = match is_starving {
        true => format!("{} asks for addresses of {} or more clients{}", station(&f.source), grouped(f.clients), within(f.vlan)),
        false => format!("{} asks for an address {} times within a minute{}", station(&f.source), grouped(f.requests), within(f.vlan)),
    };
    let evidence = vec![("requests", Value::Count(f.requests)), ("clients", Value::Count(f.clients))];
    let severity = if is_starving { Severity::Critical } else { Severity::Warning };
    // The server; whoever waits for an address is told of beside it.
    Report::new(severity, title, evidence).about(Subject::Station(f.source.mac)).suffered_by(1).held(vec![f.span])
}
