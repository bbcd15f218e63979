//! Who of a connection is the client and who the server: decided once, for good.

use super::{Dissector, Payload};
use crate::model::Direction;

/// One of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DialogueSide {
    /// Who asks.
    Client,
    /// Who answers.
    Server,
}

/// Which way the server speaks, once that is known.
#[derive(Debug, Default)]
pub struct DialogueSides(Option<Direction>);

impl DialogueSides {
    /// Whose a payload is. The first one decides: by what it says, where `said` knows who alone says that, else by the ports.
    pub fn of<D: Dissector>(&mut self, payload: &Payload<'_>, said: impl FnOnce() -> Option<DialogueSide>) -> DialogueSide {
        let server = *self.0.get_or_insert_with(|| match said().unwrap_or_else(|| by_ports::<D>(payload)) {
            DialogueSide::Server => payload.way,
            DialogueSide::Client => payload.way.reversed(),
        });
        if server == payload.way { DialogueSide::Server } else { DialogueSide::Client }
    }

    /// Whether this is the way of the server.
    pub fn is_server(&self, way: Direction) -> bool {
        self.0 == Some(way)
    }
}

/// The server is at a port of the protocol, or else at the lower one: the ports of clients are above those of nearly all services (RFC 6335
/// section 6).
fn by_ports<D: Dissector>(payload: &Payload<'_>) -> DialogueSide {
    let [source, destination] = payload.ports();
    let is_its = |port: u16| D::ABOUT.tcp.is_some_and(|ports| ports.contains(&port));
    let is_server = match (is_its(source), is_its(destination)) {
        (true, false) => true,
        (false, true) => false,
        _ => source < destination,
    };
    if is_server { DialogueSide::Server } else { DialogueSide::Client }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dissect::redis::Redis;
    use crate::model::{FlowKey, Timestamp};

    fn of(ports: [u16; 2], said: Option<DialogueSide>) -> DialogueSide {
        let (key, way) = FlowKey::v4(6, 1, 2, ports[0], ports[1]);
        let payload = Payload { flow: &key, way, time: Timestamp(0), bytes: b"", length: 0, number: 0 };
        let mut sides = DialogueSides::default();
        let first = sides.of::<Redis>(&payload, || said);
        // What is said later changes nothing.
        assert_eq!(
            sides.of::<Redis>(&payload, || Some(if first == DialogueSide::Server { DialogueSide::Client } else { DialogueSide::Server })),
            first
        );
        assert_eq!(sides.is_server(way), first == DialogueSide::Server);
        first
    }

    #[test]
    fn by_words_then_by_the_protocols_port_then_by_the_lower_one() {
        assert_eq!(of([6379, 40_000], Some(DialogueSide::Client)), DialogueSide::Client);
        assert_eq!((of([6379, 5000], None), of([5000, 6379], None)), (DialogueSide::Server, DialogueSide::Client));
        assert_eq!((of([7000, 40_000], None), of([40_000, 7000], None)), (DialogueSide::Server, DialogueSide::Client));
    }
}
