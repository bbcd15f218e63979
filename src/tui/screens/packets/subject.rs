//! Which packets belong to a row.

use super::keys::words;
use crate::model::Arrange as _;
use crate::model::{Address, Finding, Subject};
use crate::snapshot::{PacketSubject, Snapshot};
use crate::tui::topic::Topic;

/// The packets of what is selected, and their name.
pub(in crate::tui) fn of_topic(snapshot: &Snapshot, topic: Option<&Topic>) -> (PacketSubject, String) {
    let subject = match topic {
        Some(Topic::Conversation { kind, a, a_port, b, b_port, .. }) => {
            PacketSubject::Between { a: *a, a_port: *a_port, b: *b, b_port: *b_port, protocol: kind.protocol() }
        }
        Some(Topic::Host { address, port, .. }) => PacketSubject::Host { address: *address, port: *port },
        Some(Topic::Service(key)) => PacketSubject::Host { address: key.address, port: key.port },
        Some(Topic::Vlan(id)) => PacketSubject::Vlan(*id),
        Some(Topic::Protocol(path)) => PacketSubject::Path(*path),
        Some(Topic::Finding(id, about)) => {
            let found = snapshot.diagnosis.findings.iter().find(|finding| finding.id == *id && finding.subject == *about);
            let mut numbers = found.map(|finding| finding.packets.clone()).unwrap_or_default();
            numbers.arrange();
            let proves = found.map(Finding::named).unwrap_or_default();
            let subject = if numbers.is_empty() { of_subject(about) } else { PacketSubject::Numbers(numbers, proves) };
            let about = if subject == PacketSubject::All { String::new() } else { format!("{id} · {}", words(&subject)) };
            return (subject, about);
        }
        _ => PacketSubject::All,
    };
    let about = words(&subject);
    (subject, about)
}

/// The packets of what a finding is about.
pub(in crate::tui) fn of_subject(subject: &Subject) -> PacketSubject {
    match *subject {
        Subject::Host(address) | Subject::Group(address) => PacketSubject::Host { address, port: 0 },
        Subject::Service { address, port, .. } => PacketSubject::Host { address, port },
        Subject::Conversation { a, a_port, b, b_port, .. } => PacketSubject::Between { a, a_port, b, b_port, protocol: None },
        Subject::Vlan(id) => PacketSubject::Vlan(id),
        Subject::Station(mac) => PacketSubject::Host { address: Address::Mac(mac), port: 0 },
        Subject::Bridge { mac, .. } => PacketSubject::Host { address: Address::Mac(mac), port: 0 },
        _ => PacketSubject::All,
    }
}
