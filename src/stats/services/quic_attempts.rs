//! Clients whose QUIC is not answered, and that ask the same by TCP.

use super::{BIN, Bounded, MINUTE_SECONDS, REMEMBERED, REMEMBERED_SECONDS};
use crate::model::Arrange as _;
use crate::model::evidence::{QUIC_WITHIN, QuicEvidence};
use crate::model::limits::QUIC_CLIENTS;
use crate::model::{Address, Episode, FlowKey, ServiceKey, ShortName, Timestamp, TlsNews, TlsSight, Transaction, TransactionEnd};
use std::collections::VecDeque;

/// Hellos by TCP that are remembered of a client: more than a browser sends while it waits for an answer by QUIC; and outcomes of QUIC.
const HELLOS: usize = 16;
const OUTCOMES: usize = 8;

/// What a client asked for by TCP.
#[derive(Debug, Clone, Copy)]
struct Asked {
    time: Timestamp,
    server: Address,
    name: ShortName,
}

#[derive(Debug, Clone, Copy)]
struct Outcome {
    time: Timestamp,
    server: Address,
    name: ShortName,
    is_answered: bool,
    fell_back: bool,
}

/// What became of QUIC.
#[derive(Debug, Default)]
pub(super) struct QuicAttempts {
    /// Conversations that ask and of which nothing is decided, with the name in their hello; without one where it could not be read.
    asked: Bounded<FlowKey, ShortName, QUIC_CLIENTS, MINUTE_SECONDS>,
    by_tcp: Bounded<Address, VecDeque<Asked>, QUIC_CLIENTS, MINUTE_SECONDS>,
    /// By client, in the order of their time.
    outcomes: Bounded<Address, VecDeque<Outcome>, QUIC_CLIENTS, REMEMBERED_SECONDS>,
}

impl QuicAttempts {
    /// How often there was no room for something new.
    pub fn refused(&self) -> u64 {
        [self.asked.refused(), self.by_tcp.refused(), self.outcomes.refused()].into_iter().fold(0, u64::saturating_add)
    }

    /// Bytes of a client, and of a conversation that waits.
    #[cfg(test)]
    pub const BYTES: usize = (HELLOS * size_of::<Asked>()).next_power_of_two()
        + (OUTCOMES * size_of::<Outcome>()).next_power_of_two()
        + size_of::<(FlowKey, Timestamp, ShortName)>()
        + 128;

    /// Takes in what a hello asks for.
    pub fn hello(&mut self, seen: &TlsSight) {
        let name = match seen.news {
            TlsNews::Named(name) => name,
            TlsNews::Unnamed => ShortName::new(b""),
            _ => return,
        };
        let [(client, _), (server, _)] = seen.flow.ends(seen.way);
        if seen.flow.is_udp() {
            self.asked.insert(seen.flow, name, seen.time);
            return;
        }
        let Some(hellos) = self.by_tcp.entry(client, seen.time) else { return };
        if hellos.len() >= HELLOS {
            hellos.pop_front();
        }
        hellos.push_back(Asked { time: seen.time, server, name });
    }

    /// Takes in what became of a request, which may be a hello by QUIC.
    pub fn transaction(&mut self, t: &Transaction, service: &ServiceKey) {
        if !t.flow.is_udp() || matches!(t.end, TransactionEnd::Forgotten) {
            return;
        }
        let Some(name) = self.asked.remove(&t.flow) else { return };
        let client = t.flow.ends(t.way)[0].0;
        let is_answered = t.answered.is_some();
        let is_same = |h: &Asked| h.server == service.address || !name.is_empty() && h.name == name;
        let same = |h: &Asked| is_same(h) && (0..=QUIC_WITHIN.in_nanos()).contains(&h.time.since(t.asked));
        let asked_again = self.by_tcp.get(&client).is_some_and(|hellos| hellos.iter().any(same));
        let fell_back = !is_answered && t.repeated > 0 && asked_again;
        // Whoever has gone on by TCP does not wait any more; of all others nothing is known.
        if t.end == TransactionEnd::Open && !fell_back {
            return;
        }
        let Some(outcomes) = self.outcomes.entry(client, t.asked) else { return };
        if outcomes.len() >= OUTCOMES {
            outcomes.pop_front();
        }
        outcomes.push_back(Outcome { time: t.asked, server: service.address, name, is_answered, fell_back });
    }

    /// Those of the last ten minutes, of clients whose latest was not answered: where QUIC is blocked for some it works for others all the while.
    pub fn evidence(&self, now: Timestamp, all: bool) -> Option<QuicEvidence> {
        let lately = |o: &&Outcome| all || now.since(o.time) < REMEMBERED * BIN;
        let of_client = |outcomes: &VecDeque<Outcome>| outcomes.iter().max_by_key(|o| o.time).is_some_and(|latest| !latest.is_answered);
        let blocked = self.outcomes.iter().filter(|(_, outcomes, _)| of_client(outcomes));
        let mut recent: Vec<(Address, &Outcome)> =
            blocked.flat_map(|(client, outcomes, _)| outcomes.iter().filter(lately).map(|o| (*client, o))).collect();
        recent.arrange_by_key(|(client, o)| (o.time, *client));
        let vain: Vec<(Address, &Outcome)> = recent.iter().copied().filter(|(_, o)| o.fell_back).collect();
        let named = || vain.iter().map(|(_, o)| o).filter(|o| !o.name.is_empty());
        let count = |of: &dyn Fn(&(Address, &Outcome)) -> String| {
            let mut different: Vec<String> = vain.iter().map(of).filter(|text| !text.is_empty()).collect();
            different.arrange();
            different.dedup();
            different.len() as u64
        };
        Some(QuicEvidence {
            tried: recent.len() as u64,
            fell_back: vain.len() as u64,
            clients: count(&|(client, _)| client.to_string()),
            names: count(&|(_, o)| o.name.to_string()),
            servers: count(&|(_, o)| o.server.to_string()),
            name: named().next().map_or_else(|| ShortName::new(b""), |o| o.name),
            span: Episode { first: vain.first()?.1.time, last: vain.last()?.1.time },
        })
    }
}
