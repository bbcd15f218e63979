//! Which end of a conversation is the server where no SYN tells: the one that many meet.

use crate::engine::fold::rows::{ConversationKind, transport};
use crate::model::{Address, AppBy, Proto, ServiceKey};
use crate::names;
use crate::snapshot::{Conversation, Conversations, Service};
use hashbrown::{HashMap, HashSet};

/// So many meet one end, and so many times as many as the other, where it is the server of a conversation without a beginning.
const MANY: u32 = 3;

type End = (Address, u16);

/// Turns conversations whose beginning was not seen towards the end that many meet, and calls them after its port: a client's means nothing,
/// whatever it is called. What content told stays.
pub(super) fn face(conversations: &mut Conversations) {
    let c = conversations;
    for (kind, rows) in
        [(ConversationKind::Tcp, &mut c.tcp.rows), (ConversationKind::Udp, &mut c.udp.rows), (ConversationKind::Sctp, &mut c.sctp.rows)]
    {
        face_rows(kind, rows);
    }
}

/// Whether it says nothing of who is the server. Of what has no SYN that is so where both talk: who only sends may try port after port.
fn is_open(kind: ConversationKind, c: &Conversation) -> bool {
    match kind {
        ConversationKind::Tcp => !c.is_begun(),
        _ => c.ab.packets > 0 && c.ba.packets > 0 && c.app_by != Some(AppBy::Content),
    }
}

fn face_rows(kind: ConversationKind, rows: &mut [Conversation]) {
    let (Some(transport), true) = (transport(kind), rows.iter().any(|c| is_open(kind, c))) else { return };
    let mut met: HashMap<End, u32> = HashMap::with_capacity(rows.len());
    for c in rows.iter() {
        for end in [(c.a, c.a_port), (c.b, c.b_port)] {
            *met.entry(end).or_default() += 1;
        }
    }
    for c in rows.iter_mut().filter(|c| is_open(kind, c)) {
        let [a, b] = [(c.a, c.a_port), (c.b, c.b_port)].map(|end| met.get(&end).copied().unwrap_or(0));
        let port = match () {
            () if a >= MANY && a >= b.saturating_mul(MANY) => c.a_port,
            () if b >= MANY && b >= a.saturating_mul(MANY) => c.b_port,
            () => continue,
        };
        if kind == ConversationKind::Tcp {
            c.originator_is_a = port == c.b_port && b > a;
        }
        if c.app_by != Some(AppBy::Content) {
            c.app = names::service(port, transport);
            c.app_by = c.app.map(|_| AppBy::Port);
        }
    }
}

/// Services that nobody was seen to open have the clients that their conversations show.
pub(super) fn count_clients(services: &mut [Service], conversations: &Conversations) {
    if services.iter().all(|service| service.counts.clients > 0) {
        return;
    }
    let mut clients: HashMap<ServiceKey, HashSet<Address>> = HashMap::new();
    let wanted: HashSet<ServiceKey> = services.iter().filter(|s| s.counts.clients == 0).map(|s| s.key).collect();
    let c = conversations;
    for (protocol, rows) in [(Proto::Tcp, &c.tcp.rows), (Proto::Udp, &c.udp.rows), (Proto::Sctp, &c.sctp.rows)] {
        for c in rows {
            let (client, address, port) = if c.originator_is_a { (c.a, c.b, c.b_port) } else { (c.b, c.a, c.a_port) };
            let key = ServiceKey { address, port, protocol };
            if wanted.contains(&key) {
                clients.entry(key).or_default().insert(client);
            }
        }
    }
    for service in services.iter_mut().filter(|service| service.counts.clients == 0) {
        service.counts.clients = clients.get(&service.key).map_or(0, |seen| seen.len() as u64);
    }
}
