//! Segments that were lost in the network.

use super::{SURE, all_of, exceeded, subject};
use crate::diagnose::detector::{Detection, Detector, ExplainPage, Need, Report, StandingFindings};
use crate::diagnose::evidence::Evidence;
use crate::diagnose::figure::Figure::Tuned;
use crate::model::Arrange as _;
use crate::model::evidence::{
    ClientLoss, LOSS_OUT_OF_ORDER, LOSS_REORDERED, LOSS_TIMED_OUT, LOST_CRITICAL_SHARE, LOST_ON_ONE_SIDE, LOST_SHARE, LossWindow,
    NetworkEvidence, ServiceEvidence, ServiceWindow, Threshold,
};
use crate::model::units::{grouped, percent, plural};
use crate::model::{Address, Episode, Estimate, Finding, Location, PathSide, Severity, Subject, Value, wilson};
use std::collections::BTreeMap;

/// Share of lost segments: told of, critical; of how many segments, and how many at least.
static SEGMENTS: Threshold = Threshold::count(300.0);
static LOST_LEAST: Threshold = Threshold::count(5.0);

/// How long losses must go on to be critical: of a burst alone, which fills a queue once, the share of a moment is none of the connection.
static GRAVE_FOR: Threshold = Threshold::seconds(5.0);

/// Losses, connections and the share of losses on one side of the mirrored port before that side is named.
static SIDED: Threshold = Threshold::count(10.0);
static SIDED_CONNECTIONS: Threshold = Threshold::count(3.0);

/// The same where little was lost before: the share, how many times the usual one it must be, and of how many segments, now and before.
static LITTLE: Threshold = Threshold::share(0.001);
static UNUSUAL: Threshold = Threshold::times(10.0);
static MANY: Threshold = Threshold::count(3_000.0);

/// Segments of one client before its own share says anything; of another one before it is compared with it.
static OF_CLIENT: Threshold = Threshold::count(100.0);
const OF_HEALTHY: u64 = 30;

/// How many times as much as the other clients of its services a client must lose: of forty some lose twice the share of all by chance.
static CLIENT_TIMES: Threshold = Threshold::count(3.0);

/// Segments are lost.
pub struct TcpLoss;

impl Detector for TcpLoss {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "tcp.loss",
            aspect: None,
            meaning: "Segments of this service's connections, or of this client's, are lost in the network and have to be sent again: transfers are \
                      slow, and users wait for time-outs.",
            measured: "Segments that are seen again because their receiver asked for them, or after more than {timeout}: lost beyond the \
                       mirrored port, behind a time-out only what its receiver asks for, where it does not say what it has twice; holes for which the receiver asked and that are closed by what was sent again: lost before it. That it was the sender's own numbers and \
                       time stamps tell, later than {reordered} and half a round trip, or sooner behind acknowledgements of what arrived; where they tell nothing, that it comes later than {unordered} and half a \
                       round trip, or just when its sender must answer, as long as no more come at other times (of what then may be lost or late it is said that it is not judged, where it would matter). What comes back acknowledged before it can have been answered, by an older time stamp, or step by step behind a time-out was not lost, nor what comes again before anybody can have missed it. In the last minute, else in the last twenty seconds, and then a warning at most. Raised when they surely are more than {lost} of at least {segments} segments with data, and at least {least} (lower \
                       end of the {sure} interval); or, of at least {lots}, surely more than {little} and more than {unusual} times the share of as many before. \
                       Critical from {many} over at least {grave}. The side is named when {one} of them are on it; below \
                       {sided} losses in {connections} connections with the words how many connections show it, and not at all of fewer than {connections} while more others go on without, where those are too many to know what each carries. It is about one client where what is lost on the clients' side is its: by the \
                       same measure of at least {client} segments, while at least as many other clients of the same services surely lose less than one part in {part} of its share.",
            cause: "A full queue (then round-trip times rise as well), a bad cable or transceiver, a duplex mismatch, radio.",
            lookalikes: "What the mirror loses is acknowledged and never sent again, and is not counted here; neither are probes of a \
                         connection's tail, keep-alives, reordering and what was sent again although it had arrived.",
            remedy: "Look at error and drop counters of the ports on the side that is named, and at the load of its links.",
            topic: None,
            figures: &[
                SURE,
                ("timeout", Tuned(&LOSS_TIMED_OUT)),
                ("reordered", Tuned(&LOSS_REORDERED)),
                ("unordered", Tuned(&LOSS_OUT_OF_ORDER)),
                ("lost", Tuned(&LOST_SHARE)),
                ("segments", Tuned(&SEGMENTS)),
                ("least", Tuned(&LOST_LEAST)),
                ("many", Tuned(&LOST_CRITICAL_SHARE)),
                ("grave", Tuned(&GRAVE_FOR)),
                ("sided", Tuned(&SIDED)),
                ("connections", Tuned(&SIDED_CONNECTIONS)),
                ("one", Tuned(&LOST_ON_ONE_SIDE)),
                ("part", Tuned(&CLIENT_TIMES)),
                ("client", Tuned(&OF_CLIENT)),
                ("lots", Tuned(&MANY)),
                ("little", Tuned(&LITTLE)),
                ("unusual", Tuned(&UNUSUAL)),
            ],
        };
        &PAGE
    }

    fn needs(&self) -> &'static [Need] {
        &[
            Need::BothDirections,
            Need::EverySide,
            Need::Unique,
            Need::SurelyComplete,
            Need::Unsampled,
            Need::Whole,
            Need::Unmerged,
            Need::SteadyClock,
        ]
    }

    fn judge(&self, e: &Evidence, standing: StandingFindings<'_>) -> Detection {
        let losing = losing(&e.network, standing);
        let services = e.network.services.iter().filter_map(|service| {
            let judged = |w: &ServiceWindow| {
                if is_of_one(w) || is_mostly_unsure(&w.loss) {
                    return None;
                }
                let own = w.client_losses.iter().filter(|c| losing.contains_key(&c.client));
                let rest = own.fold(w.loss, |rest, c| without(&rest, c));
                if e.network.leaves_connections_out && leaves_others_out(w, &rest) {
                    return None;
                }
                lost(service, &rest, standing.on(subject(&service.key)))
            };
            // What has just begun is little of a minute.
            let begun = || {
                let report = Some(&service.recent).filter(|w| w.loss.segments >= SEGMENTS.number()).and_then(judged)?;
                // How bad it is a minute shows.
                Some(Report { severity: report.severity.min(Severity::Warning), ..report })
            };
            service.window(|w| w.loss.segments >= SEGMENTS.number()).and_then(judged).or_else(begun)
        });
        match all_of(losing.iter().map(|(client, of)| lost_of(*client, of)).chain(services)) {
            Detection::Clear => unsure(&e.network).map_or(Detection::Clear, Detection::Unknown),
            found => found,
        }
    }

    /// What was told of a service is its client's trouble once the client is known by itself.
    fn withdraws(&self, e: &Evidence, finding: &Finding) -> bool {
        let service = e.network.services.iter().find(|service| subject(&service.key) == finding.subject);
        let losing = || losing(&e.network, StandingFindings::new(&|_| true));
        service.filter(|s| s.windows.iter().any(|w| !w.client_losses.is_empty())).is_some_and(|service| {
            let losing = losing();
            let is_left = |w: &ServiceWindow| {
                let own = w.client_losses.iter().filter(|c| losing.contains_key(&c.client));
                own.fold(w.loss, |rest, c| without(&rest, c)).lost.iter().sum::<u64>() >= LOST_LEAST.number()
            };
            !losing.is_empty() && !service.windows.iter().any(is_left)
        })
    }
}

/// Whether of more segments it is not known whether they were lost than it is known of: what comes out of order makes senders send again what had
/// arrived as well.
fn is_mostly_unsure(loss: &LossWindow) -> bool {
    loss.unsure > loss.lost.iter().fold(0, |sum, n| sum.saturating_add(*n))
}

/// What is lacking to judge a service of whose segments many were asked for, and came late or a second time.
fn unsure(network: &NetworkEvidence) -> Option<String> {
    let much = |service: &ServiceEvidence| {
        let loss = service.window(|w| w.loss.segments >= SEGMENTS.number())?.loss;
        let all = loss.lost.iter().fold(loss.unsure, |sum, n| sum.saturating_add(*n));
        let is_much = loss.unsure >= LOST_LEAST.number() && exceeded(&wilson(all, loss.segments), LOST_SHARE.value(), 0.0, false);
        is_much.then(|| {
            format!(
                "{} of {} segments from and to {} were lost and sent again or only late, and nothing tells which: neither numbers and time stamps of \
                 their senders nor what their receivers acknowledge",
                grouped(loss.unsure),
                grouped(loss.segments),
                service.key
            )
        })
    };
    network.services.iter().find_map(much)
}

/// Whether one client alone loses what is lost on the clients' side, and others are seen to lose nothing there: that is its trouble, be there enough of
/// it to say so or not.
fn is_of_one(w: &ServiceWindow) -> bool {
    let [on_clients_side, elsewhere] = w.loss.lost;
    let losing = w.client_losses.iter().filter(|c| c.all() > 0).count();
    let others = w.client_losses.iter().filter(|c| c.all() == 0).fold(0u64, |sum, c| sum.saturating_add(c.segments));
    losing == 1 && others >= OF_CLIENT.number() && on_clients_side > elsewhere
}

/// What one client lost on its side, at all services.
#[derive(Debug, Clone, Default)]
struct Losing {
    segments: u64,
    lost: [u64; 2],
    connections: u64,
    services: u64,
    /// Other clients of these services that lose nothing to speak of.
    healthy: u64,
    span: Option<Episode>,
}

impl Losing {
    fn all(&self) -> u64 {
        self.lost.iter().fold(0, |sum, n| sum.saturating_add(*n))
    }

    fn is_much(&self, stands: bool) -> bool {
        let share = wilson(self.all(), self.segments);
        let least = if stands { 1 } else { LOST_LEAST.number() };
        self.all() >= least && self.segments >= OF_CLIENT.number() && exceeded(&share, LOST_SHARE.value(), LOST_SHARE.value() / 2.0, stands)
    }
}

/// Clients that lose much on their side while others of the same services do not: the trouble is theirs, and no service's.
fn losing(network: &NetworkEvidence, standing: StandingFindings<'_>) -> BTreeMap<Address, Losing> {
    let windows = || {
        let window = |service: &'_ ServiceEvidence| service.windows.iter().position(|w| w.loss.segments >= SEGMENTS.number()).unwrap_or(0);
        network
            .services
            .iter()
            .filter_map(move |service| service.windows.get(window(service)))
            .filter(|w| !w.client_losses.is_empty() && !is_mostly_unsure(&w.loss))
    };
    let mut clients: BTreeMap<Address, Losing> = BTreeMap::new();
    for (w, c) in windows().flat_map(|w| w.client_losses.iter().map(move |c| (w, c))) {
        let of = clients.entry(c.client).or_default();
        of.segments = of.segments.saturating_add(c.segments);
        of.lost.iter_mut().zip(c.lost).for_each(|(sum, n)| *sum = sum.saturating_add(n));
        if c.all() > 0 {
            of.connections = of.connections.saturating_add(c.connections);
            of.services = of.services.saturating_add(1);
            let span = w.loss.span;
            let first = of.span.into_iter().chain(span).map(|s| s.first).min();
            of.span = first.zip(of.span.into_iter().chain(span).map(|s| s.last).max()).map(|(first, last)| Episode { first, last });
        }
    }
    let much: Vec<Address> = clients.iter().filter(|(client, of)| of.is_much(standing.on(Subject::Host(**client)))).map(|c| *c.0).collect();
    let mut found = BTreeMap::new();
    for client in &much {
        let shared = || windows().filter(|w| w.client_losses.iter().any(|c| c.client == *client && c.all() > 0));
        let others = || shared().flat_map(|w| &w.client_losses).filter(|c| !much.contains(&c.client));
        let sum = |part: fn(&ClientLoss) -> u64| others().fold(0u64, |sum, c| sum.saturating_add(part(c)));
        let mut healthy: Vec<Address> = others().filter(|c| c.segments >= OF_HEALTHY).map(|c| c.client).collect();
        let mut alike: Vec<Address> = shared().flat_map(|w| &w.client_losses).map(|c| c.client).filter(|c| much.contains(c)).collect();
        for list in [&mut healthy, &mut alike] {
            list.arrange();
            list.dedup();
        }
        let usual = wilson(sum(ClientLoss::all), sum(|c| c.segments));
        if healthy.len() >= alike.len()
            && let Some(of) = clients.get(client).filter(|of| usual.high * CLIENT_TIMES.value() < wilson(of.all(), of.segments).low)
        {
            found.insert(*client, Losing { healthy: healthy.len() as u64, ..of.clone() });
        }
    }
    found
}

/// What is left of a service's losses without those of one client on its side.
fn without(loss: &LossWindow, c: &ClientLoss) -> LossWindow {
    let [client, server] = loss.lost;
    let [before, _] = c.lost;
    LossWindow {
        segments: loss.segments.saturating_sub(c.segments),
        lost: [client.saturating_sub(c.all()), server],
        before: loss.before.saturating_sub(before),
        unsure: loss.unsure,
        connections: loss.connections.saturating_sub(c.connections),
        clients: loss.clients.saturating_sub(u64::from(c.connections > 0)),
        earlier: loss.earlier,
        span: loss.span,
    }
}

/// The report about one client.
fn lost_of(client: Address, of: &Losing) -> Report {
    let all = of.all();
    let share = wilson(all, of.segments);
    let [before, beyond] = of.lost;
    let title = format!(
        "Packets from and to {client} are lost: {} ({}), on its side of the mirrored port; {} of the same {} {} not",
        grouped(all),
        percent(share.rate),
        plural(of.healthy, "other client"),
        if of.services == 1 { "service" } else { "services" },
        if of.healthy == 1 { "does" } else { "do" },
    );
    let evidence = vec![
        ("lost", Value::Count(all)),
        ("segments", Value::Count(of.segments)),
        ("loss_share", Value::Share(share.rate)),
        ("share_low", Value::Share(share.low)),
        ("share_high", Value::Share(share.high)),
        ("before_mirror", Value::Count(before)),
        ("connections", Value::Count(of.connections)),
        ("services", Value::Count(of.services)),
        ("healthy_clients", Value::Count(of.healthy)),
    ];
    let most = |part: u64| part as f64 >= LOST_ON_ONE_SIDE.value() * all as f64;
    let severity = if share.low >= LOST_CRITICAL_SHARE.value() { Severity::Critical } else { Severity::Warning };
    let mut report = Report::new(severity, title, evidence).about(Subject::Host(client)).suffered_by(1);
    report.side = Some(PathSide::Client);
    report.location = if most(before) { Some(Location::BeforeMirror) } else { Some(Location::BeyondMirror).filter(|_| most(beyond)) };
    report
        .held(of.span.into_iter().collect())
        .mend("Look at error and drop counters of the port that this client is at, at its cable and card, or at its radio link.")
}

/// Whether far more is lost than before, though it is not much.
fn is_unusual(loss: &LossWindow, share: &Estimate, stands: bool) -> bool {
    let [segments, lost] = loss.earlier;
    // As if one more had been lost: of what was not lost at all nobody knows how seldom it is.
    let usual = lost.saturating_add(1) as f64 / segments.max(1) as f64;
    let enough = loss.segments >= MANY.number() && segments >= MANY.number();
    enough && if stands { share.high > LITTLE.value() / 2.0 } else { share.low > LITTLE.value().max(UNUSUAL.value() * usual) }
}

/// Whether few connections lost while more of them go on without: where not of all is known what they carry before they end, the share would be of the
/// few.
fn leaves_others_out(w: &ServiceWindow, loss: &LossWindow) -> bool {
    let go_on = w.established.saturating_sub(w.ended).saturating_sub(loss.connections);
    loss.connections < SIDED_CONNECTIONS.number() && go_on > loss.connections
}

fn lost(service: &ServiceEvidence, loss: &LossWindow, stands: bool) -> Option<Report> {
    let [client, server] = loss.lost;
    let all = client.saturating_add(server);
    let share = wilson(all, loss.segments);
    let is_much = exceeded(&share, LOST_SHARE.value(), LOST_SHARE.value() / 2.0, stands);
    if all < LOST_LEAST.number() || loss.segments < OF_CLIENT.number() || !(is_much || is_unusual(loss, &share, stands)) {
        return None;
    }
    let is_sure = all >= SIDED.number() && loss.connections >= SIDED_CONNECTIONS.number();
    let most = |part: u64| part as f64 >= LOST_ON_ONE_SIDE.value() * all as f64;
    let side = if most(client) { Some(PathSide::Client) } else { Some(PathSide::Server).filter(|_| most(server)) };
    let beyond = all.saturating_sub(loss.before);
    let location = if !is_sure {
        None
    } else if most(loss.before) {
        Some(Location::BeforeMirror)
    } else {
        Some(Location::BeyondMirror).filter(|_| most(beyond))
    };
    let whose = match side {
        Some(PathSide::Client) => "the clients' side",
        Some(PathSide::Server) => "the server's side",
        None => "both sides",
    };
    let part = client.max(server);
    let whose = if side.is_some() && part < all { format!("{} of them on {whose}", grouped(part)) } else { format!("on {whose}") };
    // One connection may be odd by itself.
    let as_far = match loss.connections {
        _ if is_sure => String::new(),
        0 | 1 => ", as far as one connection shows".to_owned(),
        n => format!(", as far as {} connections show", grouped(n)),
    };
    let (lost, rate) = (grouped(all), percent(share.rate));
    let title = format!("Packets from and to {} are lost: {lost} ({rate}), {whose} of the mirrored port{as_far}", service.key);
    let evidence = vec![
        ("lost", Value::Count(all)),
        ("segments", Value::Count(loss.segments)),
        ("loss_share", Value::Share(share.rate)),
        ("share_low", Value::Share(share.low)),
        ("share_high", Value::Share(share.high)),
        ("client_side", Value::Count(client)),
        ("server_side", Value::Count(server)),
        ("before_mirror", Value::Count(loss.before)),
        ("lost_or_late", Value::Count(loss.unsure)),
        ("connections", Value::Count(loss.connections)),
    ];
    let lasts = loss.span.is_some_and(|span| span.last.since(span.first) >= GRAVE_FOR.in_nanos());
    let severity = if lasts && share.low >= LOST_CRITICAL_SHARE.value() { Severity::Critical } else { Severity::Warning };
    let mut report = Report::new(severity, title, evidence).about(subject(&service.key)).suffered_by(loss.clients);
    (report.location, report.side) = (location, side);
    Some(report.held(loss.span.into_iter().collect()))
}
