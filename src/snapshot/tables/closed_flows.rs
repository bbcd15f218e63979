//! Conversations as they are told of when they end: what exporters write, record by record. No sheet of a snapshot holds them.

use crate::model::{Address, Direction, FlowRecord, TcpSummary, Timestamp, Traffic};
use crate::snapshot::table::{Field, FieldKind, FieldValue, TableSpec};

/// A conversation, or a part of one, that was closed, with the names that a record alone does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClosedFlow {
    /// What was counted.
    pub record: FlowRecord,
    /// The application protocol recognised by content.
    pub app: Option<&'static str>,
}

impl ClosedFlow {
    /// Who began, and whom it was sent to, each with its port.
    pub fn ends(&self) -> [(Address, u16); 2] {
        self.record.key.ends(self.record.originator)
    }

    /// What the originator sent, and what came back.
    pub fn ways(&self) -> [Traffic; 2] {
        let [ab, ba] = self.record.traffic;
        if self.record.originator == Direction::AToB { [ab, ba] } else { [ba, ab] }
    }

    /// Both ways together.
    pub fn total(&self) -> Traffic {
        let [forth, back] = self.record.traffic;
        forth.plus(back)
    }

    /// The MAC addresses of originator and responder, as text, where they are known.
    pub fn macs(&self) -> Option<[Address; 2]> {
        let (a, b) = self.record.mac?;
        let [a, b] = [a, b].map(Address::Mac);
        Some(if self.record.originator == Direction::AToB { [a, b] } else { [b, a] })
    }
}

const NONE: TcpSummary = TcpSummary { answered: false, acknowledged: false, midstream: false, fin: [false; 2], reset: None };

fn tcp(flow: &ClosedFlow) -> TcpSummary {
    flow.record.tcp.unwrap_or(NONE)
}

fn end(flow: &ClosedFlow, at: usize) -> (Address, u16) {
    let [first, second] = flow.ends();
    if at == 0 { first } else { second }
}

fn way(flow: &ClosedFlow, at: usize) -> Traffic {
    let [forth, back] = flow.ways();
    if at == 0 { forth } else { back }
}

fn mac(flow: &ClosedFlow, at: usize) -> FieldValue<'static> {
    flow.macs().and_then(|macs| macs.get(at).copied()).map_or(FieldValue::None, FieldValue::Address)
}

/// A row a record. Source is who began.
pub static CLOSED_FLOWS: TableSpec<ClosedFlow> = TableSpec {
    fields: &[
        Field::time("first", "First", |f: &ClosedFlow| f.record.first),
        Field::time("last", "Last", |f: &ClosedFlow| f.record.last),
        Field::address("source", "Source", |f: &ClosedFlow| end(f, 0).0),
        Field::port("source_port", "Port", |f: &ClosedFlow| end(f, 0).1.into()),
        Field::address("destination", "Destination", |f: &ClosedFlow| end(f, 1).0),
        Field::port("destination_port", "Port", |f: &ClosedFlow| end(f, 1).1.into()),
        Field::id("ip_protocol", "IP protocol", |f: &ClosedFlow| f.record.key.protocol.into()),
        Field::count("source_packets", "Sent", |f: &ClosedFlow| way(f, 0).packets),
        Field::bytes("source_wire_bytes", "Sent", |f: &ClosedFlow| way(f, 0).wire_bytes),
        Field::count("destination_packets", "Received", |f: &ClosedFlow| way(f, 1).packets),
        Field::bytes("destination_wire_bytes", "Received", |f: &ClosedFlow| way(f, 1).wire_bytes),
        Field::app("app", "App", |f: &ClosedFlow| f.app),
        Field::new("path", "Path", FieldKind::Path, |f: &ClosedFlow| FieldValue::Path(f.record.path)),
        Field::new("source_mac", "Source MAC", FieldKind::Address, |f: &ClosedFlow| mac(f, 0)),
        Field::new("destination_mac", "Destination MAC", FieldKind::Address, |f: &ClosedFlow| mac(f, 1)),
        Field::vlans("vlans", "VLANs", |f: &ClosedFlow| f.record.vlans.ids()),
        Field::new("answered", "Answered", FieldKind::Flag, |f: &ClosedFlow| FieldValue::Flag(tcp(f).answered)),
        Field::new("midstream", "Midstream", FieldKind::Flag, |f: &ClosedFlow| FieldValue::Flag(tcp(f).midstream)),
        Field::count("fins", "FIN", |f: &ClosedFlow| tcp(f).fins().into()),
        Field::new("reset", "RST", FieldKind::Flag, |f: &ClosedFlow| FieldValue::Flag(tcp(f).reset.is_some())),
        Field::new("sampled", "Sampled", FieldKind::Flag, |f: &ClosedFlow| FieldValue::Flag(f.record.sampled)),
        Field::new("continued", "Continued", FieldKind::Flag, |f: &ClosedFlow| FieldValue::Flag(f.record.continued)),
        Field::word("reason", "Closed by", |f: &ClosedFlow| Some(f.record.reason.token())),
    ],
    weight: |f| f.total().wire_bytes,
    in_json: false,
    ..TableSpec::new("flows", "flow", "", |x, y| order(x).cmp(&order(y)))
};

fn order(flow: &ClosedFlow) -> (Timestamp, [(Address, u16); 2]) {
    (flow.record.first, flow.ends())
}
