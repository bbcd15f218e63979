//! Equal packets that are traffic.

use super::present_if;
use crate::diagnose::detector::{Detection, Detector, ExplainPage, Report, StandingFindings};
use crate::diagnose::evidence::Evidence;
use crate::diagnose::figure::Figure::{Count, Nanos, Tuned};
use crate::model::evidence::{COPY_REACH, LOOP_HOPS, Threshold, share};
use crate::model::units::{grouped, plural};
use crate::model::{Severity, Value};

/// Equal packets before they are told of.
static PACKETS: Threshold = Threshold::count(100.0);

/// Different packets that went round before a loop is told of, or one whose end a router reports; and how often each did on average, seen once more
/// than that. One that went round more often needs no other.
static LOOPS: Threshold = Threshold::count(2.0);
static TURNS: Threshold = Threshold::count(2.0);
static ROUNDS: Threshold = Threshold::count(30.0);

/// Share of all packets from which on a loop is critical: the link carries little else soon.
static LOOPED: Threshold = Threshold::share(0.01);

/// Equal packets come more often than the mirror makes copies.
pub struct DupFlood;

/// Packets go round between routers.
pub struct RouteLoop;

impl Detector for DupFlood {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "dup.flood",
            aspect: None,
            meaning: "Equal packets come more often than this mirror makes copies of other packets. They are counted as traffic, \
                      not left out as copies.",
            measured: "Packets that equal one up to {reach} before, beyond as many as packets that surely differ come through this \
                       mirror: at least {packets}.",
            cause: "A flood (equal connection requests, a storm in a loop of switches, one packet under many MAC addresses), or a \
                    sender that repeats itself.",
            lookalikes: "Frames flooded to many mirrored ports, when no other flooded frames tell how many.",
            remedy: "Nothing at the mirror. Look who sends them; where their MAC addresses change or their number grows, look for a \
                     loop of switches.",
            topic: None,
            figures: &[("reach", Nanos(COPY_REACH)), ("packets", Tuned(&PACKETS))],
        };
        &PAGE
    }

    fn is_of_the_network(&self) -> bool {
        true
    }

    fn judge(&self, e: &Evidence, standing: StandingFindings<'_>) -> Detection {
        let n = e.copies.repeated;
        present_if(n >= PACKETS.number() || standing.at_all() && n > 0, || {
            let evidence = vec![("packets", Value::Count(n)), ("share", Value::Share(share(n, e.copies.packets)))];
            let title = format!("{} equal packets are traffic, not copies: more than this mirror makes", grouped(n));
            let report = Report::new(Severity::Note, title, evidence).proved_by(&e.copies.repeated_proof);
            report.held(e.of_file(&e.copies.repeated_at.episodes()))
        })
    }
}

impl Detector for RouteLoop {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "route.loop",
            aspect: None,
            meaning: "Packets pass the same link again and again, each time with a lower TTL, until it is used up: routers send them \
                      to each other. They do not arrive, and the link carries each of them many times.",
            measured: "Packets with the same identification and content between the same MAC addresses, with a TTL at least {hops} \
                       lower: at least {loops} different ones, or one while routers report packets whose TTL is used up (ICMP time exceeded), each \
                       of them seen at least {turns} times more on average; or any that come {rounds} times each. Critical above {looped} of all \
                       packets. All of them are counted as traffic.",
            cause: "Two or more routers each think the other is the way: a default route towards a router that has none itself, a \
                    route that was withdrawn on one side.",
            lookalikes: "A short loop while routes change is normal and lasts seconds. A firewall that gets a packet three times and \
                         more by one link whose VLAN tags the mirror took off.",
            remedy: "Nothing at the mirror. Compare the routes to these destinations on both routers; let a router drop what no route \
                     leads to (a discard route for its own networks).",
            topic: None,
            figures: &[
                ("hops", Count(LOOP_HOPS as u64)),
                ("loops", Tuned(&LOOPS)),
                ("turns", Tuned(&TURNS)),
                ("rounds", Tuned(&ROUNDS)),
                ("looped", Tuned(&LOOPED)),
            ],
        };
        &PAGE
    }

    fn is_of_the_network(&self) -> bool {
        true
    }

    fn judge(&self, e: &Evidence, standing: StandingFindings<'_>) -> Detection {
        let copies = &e.copies;
        let is_reported = copies.loops > 0 && e.network.expired > 0;
        let each = |turns: u64| copies.loops > 0 && copies.looped >= turns.saturating_mul(copies.loops);
        let found = (copies.loops >= LOOPS.number() || is_reported) && each(TURNS.number()) || each(ROUNDS.number());
        present_if(found || standing.at_all() && copies.looped > 0, || {
            let share = share(copies.looped, copies.packets);
            let mut evidence =
                vec![("packets", Value::Count(copies.looped)), ("different", Value::Count(copies.loops)), ("share", Value::Share(share))];
            let to = copies.looped_to.all();
            let whither = match to.as_slice() {
                [] => String::new(),
                [one] if !copies.looped_to.is_more => format!(" to {one}"),
                [one, ..] => format!(" to {one} and others"),
            };
            let packets = plural(copies.loops, "packet");
            let title = format!("A routing loop: {packets}{whither} went round, {} in all", plural(copies.looped, "time"));
            let severity = if share > LOOPED.value() { Severity::Critical } else { Severity::Warning };
            if !to.is_empty() {
                let names: Vec<String> = to.iter().map(ToString::to_string).collect();
                evidence.push(("destinations", Value::Text(names.join(", "))));
            }
            let mut report = Report::new(severity, title, evidence).proved_by(&copies.looped_proof);
            // What cannot be reached suffers.
            report.hosts = Some(to.len() as u64).filter(|hosts| *hosts > 0);
            report.held(e.of_file(&copies.looped_at.episodes()))
        })
    }
}
