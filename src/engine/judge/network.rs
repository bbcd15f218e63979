//! The network is judged: as packets pass, at every step of their time, and so the same in a file as it would have been live.

use crate::diagnose::{self, Evidence, Judge, Lapses, Matter};
use crate::dissect::{registry, tls};
use crate::model::Arrange as _;
use crate::model::evidence::{LONG_POLL, NetworkEvidence, SLOW_FLOOR, SLOW_NAME_FLOOR, ServiceEvidence, ServiceWindow};
use crate::model::limits::CONTROL_WAITING;
use crate::model::time::SECOND;
use crate::model::units::duration;
use crate::model::{
    Address, AppId, CapScale, ControlMessage, Finding, Flood, FloodSecond, JoinScoped, LinkLoad, Mac, NetworkBatch, NetworkEvent, Proofs,
    Proto, ServiceKey, Severity, SwitchView, Timestamp, Transaction, Verdict, WindowUse, memory,
};
use crate::names::{self, Transport};
use crate::snapshot::{Network, NetworkMatter, Service, StreamRow, Table};
use crate::stats::services::{AnswerMeaning, BIN, Failing};
use crate::stats::{ServiceLedger, SightingLedger, StationUse, proofs};
use crate::switch::SwitchLedger;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Frames to many that a shard counts in a second, from which it is judged by their time even where nothing else happens.
const FLOODED: u64 = 16;

/// Events that are asked for before they are taken in.
const AHEAD: usize = 4;

/// What stands between two judgements.
#[derive(Debug, Default)]
pub struct NetworkJudge {
    ledger: ServiceLedger,
    sightings: SightingLedger,
    proofs: Proofs,
    judge: Judge,
    /// When the mirror of a port did not show what findings need.
    lapses: Lapses,
    /// The number of the bin up to whose beginning was judged.
    judged: Option<i64>,
    findings: Vec<Finding>,
    /// What could not be judged when it was judged last, and ever: what of, and why.
    undecided: [Vec<(&'static str, String)>; 2],
    switch: SwitchLedger,
    /// The events of a beat in the order of their time, each with its batch and its number there as one number; kept for its memory.
    order: Vec<u128>,
    /// Control packets, and frames to many, that are not taken in: in their order.
    waiting: VecDeque<ControlMessage>,
    floods: VecDeque<FloodSecond>,
    /// The latest second with many of them.
    flooded: Option<i64>,
    /// Does one thing beside another, where there may be threads.
    beside: Option<JoinScoped>,
}

/// Services that are worth a second thread.
const MANY_SERVICES: usize = 500;

impl NetworkJudge {
    /// Nothing judged yet; of services is known as much as `caps` allow.
    pub fn within(caps: CapScale, beside: Option<JoinScoped>) -> Self {
        Self { ledger: ServiceLedger::within(caps), beside, ..Self::default() }
    }

    /// Takes in what all shards tell of a beat: what happened in the order of its time, control packets in the order in which they came, whatever
    /// their shards.
    pub fn take(&mut self, batches: Vec<NetworkBatch>) {
        self.switch.settle();
        batches.iter().for_each(|batch| self.control(batch));
        self.waiting.make_contiguous().arrange_by_key(|message| message.number);
        // Each shard counts on its own; by seconds, what they counted belongs together.
        self.floods.make_contiguous().arrange_by_key(|flood| flood.second);
        batches.iter().for_each(|batch| self.counted(batch));
        let mut order = std::mem::take(&mut self.order);
        order.clear();
        for (at, batch) in (0u32..).zip(&batches) {
            order.extend((0u32..).zip(&batch.events).map(|(number, event)| place(event.time(), at, number)));
        }
        // Many of them, in an order that nobody can guess: of one number each, which is compared without a branch.
        order.sort_unstable();
        let event = |&place: &u128| batches.get((place >> 32) as u32 as usize)?.events.get(place as u32 as usize);
        for (at, place) in order.iter().enumerate() {
            // They lie where their shards told of them: the next ones are on their way meanwhile.
            order.get(at + AHEAD).and_then(event).into_iter().for_each(memory::prefetch);
            event(place).into_iter().for_each(|event| self.happened(event));
        }
        self.order = order;
        batches.iter().filter_map(|batch| batch.load.as_ref()).for_each(|load| self.loaded(load));
        self.put_in_order();
    }

    /// Takes in what a shard counted of stations.
    fn counted(&mut self, batch: &NetworkBatch) {
        batch.stations.circling.iter().for_each(|frame| proofs::circled(&mut self.proofs, frame));
        self.switch.stations(&batch.stations);
        if let Some(last) = batch.stations.last()
            && self.judged.is_none_or(|judged| last.0.div_euclid(BIN) > judged)
            && self.switch.is_watchful(last)
        {
            self.advance(last);
        }
        self.ledger.unfollowed = self.ledger.unfollowed.saturating_add(batch.unfollowed);
    }

    /// Takes in how full the link was.
    fn loaded(&mut self, load: &LinkLoad) {
        if self.switch.load(load) {
            self.advance(load.start.plus(load.length));
        }
    }

    /// Takes in what happened, and judges wherever a bin of time ends.
    fn happened(&mut self, event: &NetworkEvent) {
        self.advance(event.time());
        if let NetworkEvent::Ended(end) = event {
            self.switch.ended(end);
        }
        proofs::prove(&mut self.proofs, event, |trip| self.ledger.is_far(trip));
        match event {
            NetworkEvent::Sighted(sighting) => {
                self.ledger.note_time(sighting.last);
                self.switch.seen(sighting);
                self.ledger.sighted(sighting);
                self.sightings.take(sighting);
            }
            _ => self.ledger.take(event, meaning),
        }
    }

    fn control(&mut self, batch: &NetworkBatch) {
        let list = &mut self.waiting;
        let taken = batch.control.len().min(CONTROL_WAITING.saturating_sub(list.len()));
        list.extend(batch.control.iter().take(taken).cloned());
        self.floods.extend(batch.floods.iter().copied());
        self.switch.missed(batch.control_beyond.saturating_add((batch.control.len() - taken) as u64));
    }

    /// Takes in control packets and frames to many that came before a moment, which is judged then.
    fn catch_up(&mut self, until: Timestamp) {
        let second = until.0.div_euclid(SECOND);
        while let Some(told) = self.floods.front().copied().filter(|told| told.second < second) {
            self.floods.pop_front();
            proofs::flooded(&mut self.proofs, &told);
            self.switch.flood(&told);
        }
        while self.waiting.front().is_some_and(|message| message.time < until) {
            let Some(message) = self.waiting.pop_front() else { return };
            self.switch.advance(message.time);
            self.switch.take(&message);
        }
    }

    fn put_in_order(&mut self) {
        while let Some(told) = self.floods.pop_front() {
            if told.frames >= FLOODED && told.kind != Flood::Stream {
                self.flooded = self.flooded.max(Some(told.second));
                self.advance(Timestamp(told.second.saturating_mul(SECOND)));
            }
            proofs::flooded(&mut self.proofs, &told);
            self.switch.flood(&told);
        }
        while let Some(message) = self.waiting.pop_front() {
            self.advance(message.time);
            self.switch.advance(message.time);
            let is_news = self.switch.take(&message);
            proofs::controlled(&mut self.proofs, &message, is_news);
        }
    }

    /// What the switch and its neighbours say, up to `now`.
    pub fn switch(&mut self, now: Timestamp) -> SwitchView {
        self.switch.advance(now);
        let addresses = self.sightings.addresses();
        let routers = self.switch.gateways(&addresses, self.sightings.routers());
        SwitchView { addresses, routers, ..self.switch.view() }
    }

    /// Judges up to the beginning of the bin that `now` is in.
    fn advance(&mut self, now: Timestamp) {
        let number = now.0.div_euclid(BIN);
        let Some(judged) = self.judged else {
            self.judged = Some(number);
            return;
        };
        if number <= judged {
            return;
        }
        self.judged = Some(number);
        // Each bin in which anything was said, and the last one; of a silence between them there is nothing to say.
        let mut bin = judged + 1;
        loop {
            let end = Timestamp(bin.saturating_mul(BIN));
            self.catch_up(end);
            self.look(end, self.ledger.evidence(end, false));
            let next = self.waiting.front().map_or(number, |message| message.time.0.div_euclid(BIN).saturating_add(1).min(number));
            if bin >= number {
                break;
            }
            bin = next.max(bin + 1);
        }
    }

    fn look(&mut self, now: Timestamp, mut network: NetworkEvidence) {
        network.switch = self.switch.evidence(now);
        for service in &mut network.services {
            service.app_token = registry::token(service.app).unwrap_or_default();
            service.manners = registry::manners(service.app);
            service.windows.iter_mut().chain([&mut service.recent]).for_each(|window| word(service.app, window));
        }
        for alert in network.tls_failures.iter_mut().flat_map(|f| &mut f.alerts) {
            alert.text = tls::alert(alert.code);
        }
        let routers = next_hops(&network.services);
        let routes = |station| self.ledger.routes(station, now) || routers.contains(&station);
        for scan in &mut network.scans {
            scan.is_routed = scan.station.is_some_and(|station| routes(station.mac));
        }
        network.sightings = self.sightings.evidence(
            now,
            |host| self.ledger.last_heard(host),
            |host| self.ledger.is_server(host),
            |station| StationUse {
                speaks_for: self.ledger.speaks_for(station, now),
                routes: routes(station),
                is_bare: self.switch.is_bare(station),
            },
        );
        let windows = network.services.iter_mut().flat_map(|s| s.windows.iter_mut().chain([&mut s.recent]));
        let senders = windows.filter_map(|w| w.sender.as_mut()).chain(network.scans.iter_mut().filter_map(|scan| scan.station.as_mut()));
        network.sightings.stations().chain(senders).for_each(|station| station.maker = names::manufacturer(station.mac));
        // Whoever gives out an address looks first whether somebody has it (RFC 2131 section 2.2).
        network.scans.retain(|scan| !scan.is_ping() || !self.sightings.gives_addresses(scan.source));
        network.proofs = std::mem::take(&mut self.proofs);
        let evidence = Evidence { network, sliding: true, ..Evidence::default() };
        let judgement = diagnose::judge_network(&evidence, &mut self.judge, now);
        self.findings = judgement.findings;
        let [last, ever] = &mut self.undecided;
        add_new(ever, judgement.undecided.clone());
        *last = judgement.undecided;
        self.proofs = evidence.network.proofs;
    }

    /// What could not be judged by what was seen of the network itself, but for what was found: on a port lately, in a file ever.
    fn undecided(&self, live: bool, found: &BTreeSet<&str>) -> Vec<(&'static str, String)> {
        let [last, ever] = &self.undecided;
        let undecided = if live { last } else { ever };
        undecided.iter().filter(|(id, _)| !found.contains(id)).cloned().collect()
    }

    /// What is wrong with the network at `now`, as far as the mirror can show it, by the evidence of the mirror. `at_end`: nothing more comes.
    /// Besides counts what the mirror's evidence says of the network. And as many services as asked for.
    pub fn assess(
        &mut self,
        now: Timestamp,
        (live, at_end): (bool, bool),
        mirror: &Evidence,
        besides: Option<Severity>,
        rows: usize,
    ) -> (Network, Vec<Finding>, Table<Service>) {
        if at_end {
            // What is told of a second comes after it: frames that were left out may have to be added.
            self.flooded.into_iter().for_each(|second| self.advance(Timestamp(second.saturating_mul(SECOND)).plus(BIN).min(now)));
            self.switch.settle();
        }
        self.switch.advance(now);
        let end = self.ledger.now().map_or(now, |latest| latest.max(now));
        let (evidence, mut services) =
            self.evidence_and_services(end, (live || at_end).then_some(at_end && !live), (rows, live.then_some(now)));
        let sweeps = evidence.iter().flat_map(|evidence| &evidence.scans).filter(|scan| scan.target.is_some()).copied().collect();
        evidence.into_iter().for_each(|evidence| self.look(end, evidence));
        let mut findings = if at_end && !live { self.judge.at_worst() } else { self.findings.clone() };
        if let Some(packets) = mirror.span {
            findings.iter_mut().for_each(|finding| finding.within(packets));
        }
        let found: BTreeSet<&str> = findings.iter().map(|f| f.id).collect();
        let mut not_judged = diagnose::silence(&mut findings, mirror);
        if live {
            not_judged.extend(diagnose::silence_afterwards(&mut findings, mirror, &mut self.lapses, now));
        }
        add_new(&mut not_judged, self.undecided(live, &found));
        let untold: Vec<NetworkMatter> = NetworkMatter::ALL.into_iter().filter(|matter| !matter.is_judged(&not_judged)).collect();
        add_new(&mut not_judged, self.switch.not_judged());
        let failing = self.failing(end, live, &untold);
        services.rows.iter_mut().for_each(|service| service.shows_answers = failing.is_some());
        let is_failing = failing.as_ref().is_some_and(|failing| failing.is_much || failing.is_most);
        // Nobody expects a judgement of what did not pass.
        not_judged.retain(|(id, _)| found.contains(id) || diagnose::has_matter(id, mirror, &|matter| self.has_passed(matter)));
        let held = self.ledger.held_back();
        add_new(&mut not_judged, self.unread(held.map(|(key, _)| key)));
        let worst = findings.iter().filter(|f| f.active).map(|f| f.severity).max().max(besides);
        let is_unknown = self.ledger.judged == 0 || is_blind(&untold) || is_failing || held.is_some_and(|(_, is_most)| is_most);
        let verdict = verdict(worst, is_unknown);
        let network = Network {
            verdict,
            judged: self.ledger.judged,
            failed: failing.as_ref().map(|failing| failing.failed),
            refused: failing.as_ref().map(|failing| failing.refused),
            broken: failing.as_ref().map(|failing| failing.broken),
            waiting: failing.as_ref().map_or(0, |failing| failing.waiting),
            failing: failing.map(|failing| failing.services).unwrap_or_default(),
            is_failing,
            not_judged,
            untold,
            open: self.ledger.left_open,
            unfollowed: self.ledger.unfollowed,
            beyond: self.ledger.beyond(),
            sweeps,
            forgotten: self.ledger.forgotten,
        };
        (network, findings, services)
    }

    /// What failed or waits; `None` where the mirror does not show whether hosts answer: what it does not show has not failed.
    fn failing(&self, now: Timestamp, live: bool, untold: &[NetworkMatter]) -> Option<Failing> {
        let shows_answers = !untold.contains(&NetworkMatter::Answers);
        shows_answers.then(|| self.ledger.failing(now, live, |app| registry::manners(app).is_prompt))
    }

    /// What findings rest on, of everything where `at_end`, if it is wanted; and the table of services. Of many services each takes its time.
    fn evidence_and_services(
        &self,
        now: Timestamp,
        at_end: Option<bool>,
        (rows, lately): (usize, Option<Timestamp>),
    ) -> (Option<NetworkEvidence>, Table<Service>) {
        let (mut evidence, mut services) = (None, None);
        let mut look = || evidence = at_end.map(|at_end| self.ledger.evidence(now, at_end));
        let mut list = || services = Some(self.services(rows, lately));
        let is_shared = self.beside.is_some_and(|beside| self.ledger.len() >= MANY_SERVICES && beside(&mut list, &mut look));
        if !is_shared {
            look();
            list();
        }
        (evidence, services.unwrap_or_default())
    }

    /// See [`SightingLedger::doubled`].
    pub fn doubled(&self, now: Timestamp) -> [u64; 2] {
        self.sightings.doubled(self.ledger.now().map_or(now, |latest| latest.max(now)))
    }

    /// Whether a station attracts packets of others by ARP, and sends them on to the one whose they are.
    pub fn attracts(&self, now: Timestamp) -> impl Fn([Mac; 2]) -> bool {
        let now = self.ledger.now().map_or(now, |latest| latest.max(now));
        self.sightings.attracts(now)
    }

    /// How often connections met their receivers' windows.
    pub fn window_uses(&self) -> Vec<WindowUse> {
        self.ledger.window_uses().collect()
    }

    /// Seconds of the quickest answers of servers, and of acknowledgements of their clients.
    pub fn quickest(&self) -> [Option<f64>; 2] {
        self.ledger.quickest()
    }

    /// Findings about requests that passed and that nobody reads, or whose times say nothing as those of the service that is `held` back, and why.
    fn unread(&self, held: Option<ServiceKey>) -> Vec<(&'static str, String)> {
        let title = |app: &AppId| registry::about(*app).map(|about| about.title);
        let words = self.ledger.unread.iter().filter_map(title).collect::<Vec<_>>().join(" and ");
        let of_requests = ["http.errors", "server.slow"].into_iter().filter(|_| !words.is_empty());
        let is_held =
            |key| format!("most answers of {key} take more than {}, as if they were meant to wait", duration(LONG_POLL.in_seconds()));
        let unread = of_requests.map(|id| (id, format!("what is asked by {words} in clear is not read")));
        unread.chain(held.map(|key| ("server.slow", is_held(key)))).collect()
    }

    /// Whether something passed that findings look at.
    fn has_passed(&self, matter: Matter) -> bool {
        // Where nothing could be read a port tells what it usually is.
        let speaks = |is: &dyn Fn(AppId) -> bool| {
            self.ledger.has_used(|key, app| match app {
                AppId::NONE => registry::usual(key.port, key.protocol).any(is),
                app => is(app),
            })
        };
        match matter {
            Matter::Application(token) => speaks(&|app| registry::token(app) == Some(token)),
            Matter::Codes => {
                speaks(&|app| registry::reads_requests(app) && !diagnose::has_rule_of_its_own(registry::token(app).unwrap_or_default()))
            }
            Matter::Media => self.ledger.has_media(),
            // The mirror's evidence knows.
            Matter::Protocol(_) | Matter::Copies => true,
        }
    }

    /// Streams of voice and pictures, as many as asked for: those that begin first.
    pub fn media(&self, rows: usize) -> Vec<StreamRow> {
        let streams = self.ledger.media();
        streams.into_iter().take(rows).map(StreamRow::of).collect()
    }

    /// How often routers reported that a packet's TTL was used up.
    pub fn expired(&self) -> u64 {
        self.ledger.expired()
    }

    /// Services that were seen, as many as asked for: those with most clients' events first; and what happened in the minute up to `lately`.
    fn services(&self, rows: usize, lately: Option<Timestamp>) -> Table<Service> {
        let service = |totals: crate::stats::services::ServiceTotals| {
            let mut counts = totals.counts;
            word(totals.app, &mut counts);
            let uses = counts.attempts.saturating_add(counts.requests);
            let is_used = counts.established > 0 || counts.answered > 0 || uses == 0;
            Service {
                key: totals.key,
                ports: 0,
                is_used,
                reads_requests: counts.requests > 0 || registry::reads_requests(totals.app),
                app: registry::token(totals.app),
                guess: guess(&totals.key).filter(|_| is_used),
                shows_answers: true,
                last: totals.last,
                response: totals.response,
                response_by: totals.response_by,
                network: totals.network,
                client_network: totals.client_network,
                waiting: if registry::manners(totals.app).is_prompt { totals.waiting } else { 0 },
                lately: totals.lately.map(|mut minute| {
                    word(totals.app, &mut minute);
                    minute
                }),
                counts,
            }
        };
        let (services, total_rows) = self.ledger.totals(rows, lately);
        Table { rows: services.into_iter().map(service).collect(), total_rows, ..Table::default() }
    }
}

/// Adds findings that are not judged, where nothing says why so far.
fn add_new(not_judged: &mut Vec<(&'static str, String)>, more: Vec<(&'static str, String)>) {
    for (id, why) in more {
        if not_judged.iter().all(|known| known.0 != id) {
            not_judged.push((id, why));
        }
    }
}

/// The place of an event in the order of all: by its time, its batch and its number there.
fn place(time: Timestamp, batch: u32, number: u32) -> u128 {
    let since_the_beginning_of_time = time.0.wrapping_sub(i64::MIN) as u64;
    u128::from(since_the_beginning_of_time) << 64 | u128::from(batch) << 32 | u128::from(number)
}

/// The network's verdict by the gravest finding, where too little, or too much that failed, was seen to tell otherwise.
fn verdict(worst: Option<Severity>, is_unknown: bool) -> Verdict {
    match worst {
        Some(Severity::Critical) => Verdict::Bad,
        Some(Severity::Warning) => Verdict::Doubtful,
        _ if is_unknown => Verdict::Unknown,
        Some(Severity::Note) => Verdict::Noted,
        None => Verdict::Good,
    }
}

/// Whether too little was judged for a network without a finding to be good: not whether hosts answer, or half of what users notice.
fn is_blind(untold: &[NetworkMatter]) -> bool {
    untold.contains(&NetworkMatter::Answers) || untold.len() * 2 >= NetworkMatter::ALL.len()
}

/// Stations that those of several services send to who send to others through them: routers.
fn next_hops(services: &[ServiceEvidence]) -> BTreeSet<Mac> {
    let mut through: BTreeMap<Mac, BTreeSet<Address>> = BTreeMap::new();
    services.iter().for_each(|s| {
        through.entry(s.next).or_default().insert(s.key.address);
    });
    through.into_iter().filter(|(_, addresses)| addresses.len() >= ROUTED_TO).map(|(station, _)| station).collect()
}

/// Addresses of servers from which on a station that gets what is sent to all of them is a router.
const ROUTED_TO: usize = 3;

/// Puts codes and kinds of requests in the words of their protocol.
fn word(app: AppId, window: &mut ServiceWindow) {
    for code in window.codes.iter_mut().chain(&mut window.denied) {
        code.text = registry::code_text(app, code.code);
    }
    window.kinds.iter_mut().zip(registry::kinds(app)).for_each(|(count, kind)| count.name = kind);
}

/// What the port of a service usually means.
fn guess(key: &ServiceKey) -> Option<&'static str> {
    let transport = match key.protocol {
        Proto::Tcp => Transport::Tcp,
        Proto::Udp => Transport::Udp,
        _ => Transport::Sctp,
    };
    names::service(key.port, transport)
}

/// What a transaction's answer means, and when it is slow.
fn meaning(transaction: &Transaction) -> AnswerMeaning {
    let slow_floor = if registry::manners(transaction.app).finds_names { &SLOW_NAME_FLOOR } else { &SLOW_FLOOR };
    let (answer, kind) = (registry::answer(transaction), registry::kind(transaction));
    AnswerMeaning { answer, slow_floor: slow_floor.in_nanos(), kind }
}
