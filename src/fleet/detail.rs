//! One host, service or conversation over time: its load, who saw it, and what belongs to it.

use super::answers::AnswerRow;
use super::{FleetSpan, LoadPoint, ProbeName, SharedGroup, StoryConversation, StoryHost, StoryService};

/// What a page below a probe is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum FleetSubject {
    /// An address.
    Host(String),
    /// An end that is called.
    Service {
        /// Its address.
        address: String,
        /// Its port.
        port: u64,
        /// The IP protocol.
        protocol: u64,
    },
    /// Two hosts, at a port of the one that is called.
    Conversation {
        /// Who began.
        source: String,
        /// With whom.
        destination: String,
        /// At which port of it.
        port: u64,
        /// The IP protocol.
        protocol: u64,
    },
}

impl FleetSubject {
    /// Its name.
    pub fn words(&self) -> String {
        match self {
            FleetSubject::Host(host) => host.clone(),
            FleetSubject::Service { address, port, protocol } => format!("{address} {}", port_words(*port, *protocol)),
            FleetSubject::Conversation { source, destination, port, protocol } => {
                format!("{source} ⇄ {destination} {}", port_words(*port, *protocol))
            }
        }
    }
}

/// A port and its protocol; of what has no ports the protocol.
pub fn port_words(port: u64, protocol: u64) -> String {
    let transport = match protocol {
        1 => "icmp".to_owned(),
        6 => "tcp".to_owned(),
        17 => "udp".to_owned(),
        58 => "icmpv6".to_owned(),
        132 => "sctp".to_owned(),
        other => format!("ip {other}"),
    };
    if port == 0 { transport } else { format!("{port}/{transport}") }
}

/// A record of a conversation, as a probe told it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct StoryRecord {
    /// Who told it.
    pub probe: ProbeName,
    /// When it began, seconds since 1970.
    pub first: i64,
    /// How long it took, in seconds.
    pub duration: f64,
    /// Who began, and the port.
    pub source: (String, u64),
    /// With whom, and the port.
    pub destination: (String, u64),
    /// Packets there and back.
    pub packets: (u64, u64),
    /// Bytes on the wire there and back.
    pub wire_bytes: (u64, u64),
}

/// A subject over time.
#[derive(Debug, Clone, PartialEq)]
pub struct FleetDetail {
    /// The probe whose lists these are.
    pub name: ProbeName,
    /// What it is about.
    pub subject: FleetSubject,
    /// Over which time.
    pub span: FleetSpan,
    /// Seconds of a point of its load.
    pub step: i64,
    /// Load by the records, each spread over its time, the oldest first.
    pub load: Vec<LoadPoint>,
    /// Conversations by bytes.
    pub conversations: Vec<StoryConversation>,
    /// Hosts by bytes.
    pub hosts: Vec<StoryHost>,
    /// Services by bytes.
    pub services: Vec<StoryService>,
    /// Records of all probes, the newest first.
    pub records: Vec<StoryRecord>,
    /// Which probes saw its conversations, one or several of them, and by how much later.
    pub seen: Vec<SharedGroup>,
}

pub(super) fn record(row: &AnswerRow) -> StoryRecord {
    StoryRecord {
        probe: ProbeName { site: row.text("site"), probe: row.text("probe") },
        first: row.seconds("begun"),
        duration: row.seconds("lasted") as f64 + (row.count("last_ns") as f64 - row.count("first_ns") as f64) / 1e9,
        source: (row.text("source"), row.count("source_port")),
        destination: (row.text("destination"), row.count("destination_port")),
        packets: (row.count("source_packets"), row.count("destination_packets")),
        wire_bytes: (row.count("source_wire_bytes"), row.count("destination_wire_bytes")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::answers::rows;
    use super::*;

    #[test]
    fn a_record_has_its_time_to_the_nanosecond_and_a_subject_its_name() {
        let row = rows(r#"{"site":"s","probe":"p","begun":100,"lasted":"1","first_ns":900000000,"last_ns":100000000,"source":"a","source_port":"9","destination":"b","destination_port":"80","source_packets":"3","destination_packets":"4"}"#).unwrap();
        let record = record(&row[0]);
        assert!((record.duration - 0.2).abs() < 1e-9, "{record:?}");
        assert_eq!((record.first, record.source.1, record.destination.1, record.packets), (100, 9, 80, (3, 4)));
        let subject = |protocol, port| FleetSubject::Service { address: "a".into(), port, protocol }.words();
        assert_eq!([subject(6, 443), subject(1, 0), subject(47, 0)], ["a 443/tcp", "a icmp", "a ip 47"]);
    }
}
