//! What the turns of connections that nobody reads say of a service: how long it takes to answer.

use super::slowness::Slowness;
use crate::model::evidence::{LONG_POLL, SLOW_FLOOR, Trouble};
use crate::model::{FreeTalk, ResponseBy, ServiceKey, TurnKind, UnreadTurn};
use crate::stats::ServiceLedger;

impl ServiceLedger {
    /// A request that nobody can read was answered.
    pub(super) fn turn(&mut self, turn: &UnreadTurn) {
        let Some(key) = ServiceKey::of(&turn.flow, turn.way) else { return };
        let client = turn.flow.ends(turn.way)[0].0;
        let latency = turn.answered.since(turn.asked).max(0);
        // The server held it until there was something to tell.
        let is_held = latency >= LONG_POLL.in_nanos();
        // Of what is not known nobody knows how long it may take, but for what it usually does.
        let is_meant = |trouble: &Trouble| turn.kind != TurnKind::Unknown || *trouble == Trouble::SlowerThanUsual;
        let Some(mut service) = self.at(key, turn.answered) else { return };
        let slowness = match is_held {
            false => Slowness::of(service.record, turn.answered, turn.network, SLOW_FLOOR.in_nanos(), latency),
            true => Slowness::default(),
        };
        service.count(turn.answered, |counts| {
            counts.turn();
            if is_held {
                counts.held();
            } else {
                counts.latencies.note(latency);
                let troubles = slowness.troubles().filter(is_meant);
                troubles.for_each(|trouble| counts.trouble(client, trouble, turn.asked, turn.answered));
            }
        });
        let service = service.record;
        service.first_turn.get_or_insert(turn.asked);
        service.unanswered.alive(turn.answered);
        if !is_held {
            slowness.troubles().filter(is_meant).for_each(|trouble| service.prove(trouble, turn.number));
            service.note_response(latency, ResponseBy::Turns);
        }
    }

    /// A connection is not made of requests and answers.
    pub(super) fn talks(&mut self, talk: &FreeTalk) {
        if let Some(key) = ServiceKey::of(&talk.flow, talk.way) {
            self.with(key, talk.time, |counts| counts.talks());
        }
    }
}
