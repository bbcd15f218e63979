//! Hosts that are sent another way, or have to take one.

use super::SEVERAL;
use super::neighbours::{station, within};
use super::{SURE, all_of, subject};
use crate::diagnose::detector::{Detection, Detector, ExplainPage, Need, Report, StandingFindings};
use crate::diagnose::evidence::Evidence;
use crate::diagnose::figure::Figure::{Nanos, Tuned};
use crate::model::evidence::{FALLBACK_WITHIN, FallbackEvidence, QUIC_WITHIN, RedirectEvidence, SIGHT_HELD, Threshold};
use crate::model::units::{duration, grouped, plural};
use crate::model::{Severity, Subject, Value, wilson};

/// Redirects of one router in a minute that are more than information.
static REDIRECTS: Threshold = Threshold::count(10.0);

/// Attempts by IPv6 that were given up for IPv4, of which share at least, and services from which on it is not theirs.
static FALLBACKS: Threshold = Threshold::count(3.0);
static FALLS_BACK: Threshold = Threshold::share(0.5);
static EVERYWHERE: Threshold = Threshold::count(3.0);

/// Attempts by QUIC, and the share of them that must be in vain.
static QUIC_ATTEMPTS: Threshold = Threshold::count(5.0);
static QUIC_VAIN: Threshold = Threshold::share(0.5);

/// A router sends hosts elsewhere.
pub struct IcmpRedirect;

/// Clients try IPv6 in vain.
pub struct Ipv6Broken;

/// Clients try QUIC in vain.
pub struct QuicBlocked;

impl Detector for IcmpRedirect {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "icmp.redirect",
            aspect: None,
            meaning: "A router tells hosts to send packets for some destination to another router of the same network: what they send now \
                      makes a detour through it.",
            measured: "ICMP and ICMPv6 redirects, by who sends them. Any is a note for {held} after the latest; a warning from {many} within a \
                       minute on, when whoever sends them is none of the routers that hosts are told of, and when the router they name was \
                       never seen to announce an address while others were.",
            cause: "Two routers in one network, and hosts that know only one of them; a route that is missing on hosts or set wrongly on the \
                    router. A redirect of somebody who is no router is an attempt to take traffic over.",
            lookalikes: "A few after a change of routes are as they should be.",
            remedy: "Look at the routing table of whoever sends them. Give hosts the route, or have only one router for them; where no \
                     redirects are wanted, turn them off on the router and have hosts ignore them.",
            topic: None,
            figures: &[("held", Nanos(SIGHT_HELD)), ("many", Tuned(&REDIRECTS))],
        };
        &PAGE
    }

    fn judge(&self, e: &Evidence, _: StandingFindings<'_>) -> Detection {
        all_of(e.network.sightings.redirects.iter().map(redirect))
    }
}

fn redirect(r: &RedirectEvidence) -> Report {
    let is_stranger = r.is_router == Some(false);
    let severity = match is_stranger || r.gateway_is_unknown || r.minute >= REDIRECTS.number() {
        true => Severity::Warning,
        false => Severity::Note,
    };
    let who = if is_stranger { "which is no router that hosts are told of, " } else { "" };
    let title =
        format!("{}, {who}sends {} another way{}: to {} by {}", r.router, plural(r.hosts, "host"), within(r.vlan), r.target, r.gateway);
    let title = if is_stranger { title } else { title.replacen(", sends", " sends", 1) };
    let evidence = vec![
        ("redirects", Value::Count(r.count)),
        ("redirects_in_a_minute", Value::Count(r.minute)),
        ("hosts", Value::Count(r.hosts)),
        ("target", Value::Text(r.target.to_string())),
        ("gateway", Value::Text(r.gateway.to_string())),
        ("station", Value::Text(station(&r.source))),
    ];
    let report = Report::new(severity, title, evidence).about(Subject::Host(r.router)).suffered_by(r.hosts).held(vec![r.span]).lasting();
    match r.gateway_is_unknown {
        true => report.because(format!("Nobody was seen to have the address {}: what is sent there gets lost.", r.gateway)),
        false => report,
    }
}

impl Detector for Ipv6Broken {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "ipv6.broken",
            aspect: None,
            meaning: "Clients try to reach this service by IPv6, get no answer or are refused, and go on by IPv4. It works, and each \
                      connection begins with a wait.",
            measured: "Attempts to connect by IPv6 that failed, and within {within} of which the same station connected to the same port by \
                       IPv4: at least {least}, and surely more than {share} of the latest attempts at the service within ten minutes (lower \
                       end of the {sure} interval). About the whole network when that holds for all services together and happened at \
                       {everywhere} or more. Stations that speak for several hosts are left out: whose attempt was whose is not known.",
            cause: "A name has an IPv6 address at which nothing listens; or hosts have IPv6 addresses and a router, and behind it nothing \
                    carries IPv6.",
            lookalikes: "A scan by IPv6, which is not followed by IPv4.",
            remedy: "At one service: have it listen, or take its address out of the name service. At all: look at the router's way for IPv6 \
                     and at its firewall, or do not announce what does not work.",
            topic: None,
            figures: &[
                SURE,
                ("within", Tuned(&FALLBACK_WITHIN)),
                ("least", Tuned(&FALLBACKS)),
                ("share", Tuned(&FALLS_BACK)),
                ("everywhere", Tuned(&EVERYWHERE)),
            ],
        };
        &PAGE
    }

    fn needs(&self) -> &'static [Need] {
        &[Need::BothDirections, Need::Begun, Need::EverySide, Need::Unsampled, Need::Abreast]
    }

    fn judge(&self, e: &Evidence, _: StandingFindings<'_>) -> Detection {
        let holds = |f: &&FallbackEvidence| f.fell_back >= FALLBACKS.number() && wilson(f.fell_back, f.tried).low > FALLS_BACK.value();
        let all = &e.network.fallbacks;
        let everywhere = all.iter().find(|f| f.service.is_none() && f.servers >= EVERYWHERE.number()).filter(holds);
        if let Some(everywhere) = everywhere {
            return broken(everywhere).into();
        }
        all_of(all.iter().filter(|f| f.service.is_some()).filter(holds).map(broken))
    }
}

fn broken(f: &FallbackEvidence) -> Report {
    let what = f.service.map_or_else(|| format!("IPv6 fails at {}", plural(f.servers, "service")), |key| format!("IPv6 to {key} fails"));
    let title = format!("{what}: {} of {} go on by IPv4 after {}", grouped(f.fell_back), plural(f.tried, "attempt"), duration(f.lost));
    let evidence = vec![
        ("attempts", Value::Count(f.tried)),
        ("fell_back", Value::Count(f.fell_back)),
        ("lost_p50_seconds", Value::Seconds(f.lost)),
        ("services", Value::Count(f.servers)),
        ("clients", Value::Count(f.clients)),
    ];
    let about = f.service.as_ref().map_or(Subject::Network, subject);
    let severity = if f.service.is_none() && f.clients >= SEVERAL.number() { Severity::Critical } else { Severity::Warning };
    Report::new(severity, title, evidence).about(about).suffered_by(f.clients).held(vec![f.span])
}

impl Detector for QuicBlocked {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "quic.blocked",
            aspect: None,
            meaning: "Clients try to reach web servers by QUIC (UDP), get no answer, and go on by TCP. It works, and connections begin later.",
            measured: "First packets of QUIC that were repeated and not answered, and within {within} of which the same client asked the same \
                       server or the same name by TLS over TCP: surely more than {share} of at least {least} attempts within ten minutes \
                       (lower end of the {sure} interval), at two or more servers. Names are read from the first packets, where their version is known and nothing of them is cut off; else the server tells.",
            cause: "A firewall drops UDP to that port, often because it cannot look into QUIC.",
            lookalikes: "One server that does not speak QUIC any more; a version that a server does not know, which it answers.",
            remedy: "If it is meant, have the firewall answer with ICMP errors, so that clients need not wait; otherwise allow it.",
            topic: None,
            figures: &[SURE, ("within", Tuned(&QUIC_WITHIN)), ("share", Tuned(&QUIC_VAIN)), ("least", Tuned(&QUIC_ATTEMPTS))],
        };
        &PAGE
    }

    fn needs(&self) -> &'static [Need] {
        &[Need::BothDirections, Need::Begun, Need::EverySide, Need::Unsampled, Need::Abreast]
    }

    fn judge(&self, e: &Evidence, _: StandingFindings<'_>) -> Detection {
        let Some(quic) = &e.network.quic else { return Detection::Clear };
        let vain = wilson(quic.fell_back, quic.tried);
        if quic.tried < QUIC_ATTEMPTS.number() || vain.low <= QUIC_VAIN.value() || quic.servers < 2 {
            return Detection::Clear;
        }
        let (count, tried) = (grouped(quic.fell_back), plural(quic.tried, "attempt"));
        let title = format!("QUIC is not answered: {count} of {tried} by {} go on by TCP", plural(quic.clients, "client"));
        let mut evidence = vec![
            ("attempts", Value::Count(quic.tried)),
            ("fell_back", Value::Count(quic.fell_back)),
            ("clients", Value::Count(quic.clients)),
            ("servers", Value::Count(quic.servers)),
            ("names", Value::Count(quic.names)),
        ];
        if !quic.name.is_empty() {
            evidence.push(("name", Value::Text(quic.name.to_string())));
        }
        Report::new(Severity::Note, title, evidence).suffered_by(quic.clients).held(vec![quic.span]).into()
    }
}
