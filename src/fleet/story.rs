//! One probe of a fleet over time: its load, what was wrong, who talked.

use super::FleetSpan;
use super::answers::AnswerRow;
use super::probe::{ProbeName, severity};
use crate::model::Arrange as _;
use crate::model::Severity;

/// A piece of its load.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LoadPoint {
    /// Where it begins, seconds since 1970 by the probe's clock.
    pub start: i64,
    /// Packets.
    pub packets: u64,
    /// Bytes on the wire.
    pub wire_bytes: u64,
    /// Bytes in its busiest millisecond.
    pub peak_millisecond_bytes: u64,
}

/// A finding, as it was told last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoryFinding {
    /// Its identifier.
    pub id: String,
    /// How much it matters.
    pub severity: Severity,
    /// What it says.
    pub title: String,
    /// Why.
    pub cause: String,
    /// What to do.
    pub remedy: String,
    /// Whether it holds: it was not cleared, and the run that told it is the probe's last and has not ended.
    pub is_active: bool,
    /// Seconds since 1970.
    pub first: i64,
    /// Seconds since 1970.
    pub last: i64,
}

/// A host.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoryHost {
    /// Its address.
    pub address: String,
    /// Records of conversations it took part in.
    pub records: u64,
    /// Packets.
    pub packets: u64,
    /// Bytes on the wire.
    pub wire_bytes: u64,
}

/// A service.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoryService {
    /// Who was called.
    pub address: String,
    /// At which port.
    pub port: u64,
    /// The IP protocol.
    pub protocol: u64,
    /// The application, where it was recognised.
    pub app: String,
    /// Clients, estimated beyond some thousand.
    pub clients: u64,
    /// Records of conversations.
    pub records: u64,
    /// Bytes on the wire.
    pub wire_bytes: u64,
}

/// Two hosts and what they talked at a port.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoryConversation {
    /// Who began.
    pub source: String,
    /// With whom.
    pub destination: String,
    /// At which port of it; 0: there are none.
    pub port: u64,
    /// The IP protocol.
    pub protocol: u64,
    /// The application, where it was recognised.
    pub app: String,
    /// Records of conversations.
    pub records: u64,
    /// Packets.
    pub packets: u64,
    /// Bytes that the first sent.
    pub forth: u64,
    /// Bytes that came back.
    pub back: u64,
}

/// A probe over time.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ProbeStory {
    /// Which.
    pub name: ProbeName,
    /// Over which time.
    pub span: FleetSpan,
    /// Seconds of a point of its load.
    pub step: i64,
    /// Load, the oldest first; pieces without packets are absent.
    pub load: Vec<LoadPoint>,
    /// Findings: those that hold first, the worst first.
    pub findings: Vec<StoryFinding>,
    /// Hosts by bytes.
    pub hosts: Vec<StoryHost>,
    /// Services by bytes.
    pub services: Vec<StoryService>,
    /// Conversations by bytes.
    pub conversations: Vec<StoryConversation>,
}

pub(super) fn load(row: &AnswerRow) -> LoadPoint {
    LoadPoint {
        start: row.seconds("bin"),
        packets: row.count("all_packets"),
        wire_bytes: row.count("all_bytes"),
        peak_millisecond_bytes: row.count("peak"),
    }
}

/// `running`: the run whose findings can hold; findings end with it.
pub(super) fn finding(row: &AnswerRow, running: Option<&str>) -> StoryFinding {
    StoryFinding {
        id: row.text("id"),
        severity: severity(&row.text("latest_severity")),
        title: row.text("latest_title"),
        cause: row.text("latest_cause"),
        remedy: row.text("latest_remedy"),
        is_active: row.text("latest_state") != "cleared" && running == Some(&*row.text("session")),
        first: row.seconds("came"),
        last: row.seconds("said"),
    }
}

/// Those that hold first, as they were otherwise.
pub(super) fn in_order(mut findings: Vec<StoryFinding>) -> Vec<StoryFinding> {
    findings.arrange_by_key(|finding| !finding.is_active);
    findings
}

pub(super) fn host(row: &AnswerRow) -> StoryHost {
    StoryHost { address: row.text("host"), records: row.count("records"), packets: row.count("packets"), wire_bytes: row.count("bytes") }
}

pub(super) fn service(row: &AnswerRow) -> StoryService {
    StoryService {
        address: row.text("host"),
        port: row.count("port"),
        protocol: row.count("ip_protocol"),
        app: row.text("some_app"),
        clients: row.count("clients"),
        records: row.count("records"),
        wire_bytes: row.count("bytes"),
    }
}

pub(super) fn conversation(row: &AnswerRow) -> StoryConversation {
    StoryConversation {
        source: row.text("one"),
        destination: row.text("other"),
        port: row.count("port"),
        protocol: row.count("ip_protocol"),
        app: row.text("some_app"),
        records: row.count("records"),
        packets: row.count("packets"),
        forth: row.count("forth"),
        back: row.count("back"),
    }
}
