//! Clients whose QUIC is not answered, and that ask the same by TCP.

use super::{BIN, Bounded, MINUTE_SECONDS, REMEMBERED};
use crate::model::Arrange as _;
use crate::model::evidence::{QUIC_WITHIN, QuicEvidence};
use crate::model::limits::QUIC_CLIENTS;
use crate::model::{Address, Episode, FlowKey, ServiceKey, ShortName, Timestamp, TlsNews, TlsSight, Transaction, TransactionEnd};
use std::collections::VecDeque;

/// Hellos by TCP that are remembered of a client, and outcomes of QUIC of all clients.
const HELLOS: usize = 8;
const OUTCOMES: usize = 64;

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
    client: Address,
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
    outcomes: VecDeque<Outcome>,
}

impl QuicAttempts {
    /// Bytes of a client, and of a conversation that waits.
    #[cfg(test)]
    pub const BYTES: usize = (HELLOS * size_of::<Asked>()).next_power_of_two() + size_of::<(FlowKey, Timestamp, ShortName)>() + 64;

    /// Takes in what a hello asks for.
    pub fn hello(&mut self, seen: &TlsSight) {
        let name = match seen.news {
            TlsNews::Named(name) => name,
            TlsNews::Unnamed => ShortName::new(b""),
            _ => return,
        };
        let [(client, _), (server, _)] = seen.flow.ends(seen.way);
        if seen.flow.protocol == UDP {
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
        if t.flow.protocol != UDP || matches!(t.end, TransactionEnd::Forgotten) {
            return;
        }
        let Some(name) = self.asked.remove(&t.flow) else { return };
        let client = t.flow.ends(t.way)[0].0;
        let is_answered = t.answered.is_some();
        let is_same = |h: &Asked| h.server == service.address || !name.is_empty() && h.name == name;
        let same = |h: &Asked| is_same(h) && (0..=QUIC_WITHIN.in_nanos()).contains(&h.time.since(t.asked));
        let asked_again = self.by_tcp.get(&client).is_some_and(|hellos| hellos.iter().any(same));
        let fell_back = !is_answered && t.repeated > 0 && asked_again;
        if self.outcomes.len() >= OUTCOMES {
            self.outcomes.pop_front();
        }
        self.outcomes.push_back(Outcome { time: t.asked, client, server: service.address, name, is_answered, fell_back });
    }

    /// Those of the last ten minutes, unless the latest was answered.
    pub fn evidence(&self, now: Timestamp, all: bool) -> Option<QuicEvidence> {
        let recent: Vec<&Outcome> = self.outcomes.iter().filter(|o| all || now.since(o.time) < REMEMBERED * BIN).collect();
        let vain: Vec<&Outcome> = recent.iter().copied().filter(|o| o.fell_back).collect();
        if recent.iter().max_by_key(|o| o.time).is_none_or(|latest| latest.is_answered) {
            return None;
        }
        let named = || vain.iter().filter(|o| !o.name.is_empty());
        let count = |of: &dyn Fn(&Outcome) -> String| {
            let mut different: Vec<String> = vain.iter().map(|o| of(o)).filter(|text| !text.is_empty()).collect();
            different.arrange();
            different.dedup();
            different.len() as u64
        };
        Some(QuicEvidence {
            tried: recent.len() as u64,
            fell_back: vain.len() as u64,
            clients: count(&|o| o.client.to_string()),
            names: count(&|o| o.name.to_string()),
            servers: count(&|o| o.server.to_string()),
            name: named().next().map_or_else(|| ShortName::new(b""), |o| o.name),
            span: Episode { first: vain.iter().map(|o| o.time).min()?, last: vain.iter().map(|o| o.time).max()? },
        })
    }
}

/// IP protocol number of UDP.
const UDP: u8 = 17;
