//! JSON lines in the shape of Suricata's EVE, event type `flow`: what reads `eve.json` reads them. Findings come beside them as events of a
//! type of their own (`spantop_finding`), so that no pipeline takes them for alerts of a signature.

use super::community::community_id;
use super::files::{self, LineFile};
use super::iso::suricata;
use super::uid::UidTable;
use super::whole_flows::WholeFlows;
use super::words;
use super::{
    ExportNeeds, ExportRecord, Exported, Exporter, ExporterCounters, ExporterKind, ExporterOpening, FindingNews, Identity, OpenExporter,
    PreparedExporter, each,
};
use crate::error::{Error, Result};
use crate::json::to_json;
use crate::model::time::SECOND;
use crate::model::{CloseReason, TcpSummary, Timestamp};
use crate::snapshot::tables::closed_flows::ClosedFlow;
use serde::Serialize;
use std::path::Path;
use std::sync::Arc;

/// The kind.
pub static KIND: ExporterKind = ExporterKind {
    token: "jsonl-eve",
    about: "JSON lines as Suricata writes them (EVE): flow events, and findings",
    target: "FILE",
    hides_path: false,
    options: &[],
    takes: |record| matches!(record, ExportRecord::Flows(_) | ExportRecord::Findings(_) | ExportRecord::Reset),
    prepare,
};

fn prepare(opening: ExporterOpening<'_>) -> Result<PreparedExporter<'_>> {
    let path = Path::new(&opening.target.target);
    files::check(path).map_err(|e| opening.wrong(e))?;
    let needs = ExportNeeds { folders: files::folder(path).into_iter().collect(), ..ExportNeeds::default() };
    Ok(PreparedExporter::new(needs, move || open(opening, path)).alone_with(Some(files::place(path))))
}

fn open(opening: ExporterOpening<'_>, path: &Path) -> Result<OpenExporter> {
    let exporter = Eve {
        identity: Arc::clone(opening.identity),
        counters: Arc::clone(opening.counters),
        file: LineFile::open(path).map_err(|e| Error::io(path.display(), &e))?,
        uids: UidTable::default(),
        whole: WholeFlows::default(),
    };
    let needs = ExportNeeds { folders: files::folder(path).into_iter().collect(), ..ExportNeeds::default() };
    Ok(OpenExporter { exporter: Box::new(exporter), needs })
}

struct Eve {
    identity: Arc<Identity>,
    counters: Arc<ExporterCounters>,
    file: LineFile,
    uids: UidTable,
    whole: WholeFlows,
}

#[derive(Serialize)]
struct FlowEvent<'a> {
    timestamp: String,
    flow_id: u64,
    host: &'a str,
    event_type: &'static str,
    #[serde(skip_serializing_if = "<[u16]>::is_empty")]
    vlan: &'a [u16],
    src_ip: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    src_port: Option<u16>,
    dest_ip: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    dest_port: Option<u16>,
    proto: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    app_proto: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    app_proto_orig: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    community_id: Option<String>,
    flow: Counted,
    #[serde(skip_serializing_if = "Option::is_none")]
    tcp: Option<Tcp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ether: Option<Ether>,
    spantop: Own<'a>,
}

#[derive(Serialize)]
struct Counted {
    pkts_toserver: u64,
    pkts_toclient: u64,
    bytes_toserver: u64,
    bytes_toclient: u64,
    start: String,
    end: String,
    age: i64,
    state: &'static str,
    reason: &'static str,
    alerted: bool,
}

/// What is not so is left out, as Suricata does.
#[derive(Serialize)]
struct Tcp {
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    syn: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    fin: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    rst: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    ack: bool,
    state: &'static str,
}

/// Of a flow Suricata lists all addresses it met; here those of one packet are known.
#[derive(Serialize)]
struct Ether {
    src_macs: [String; 1],
    dest_macs: [String; 1],
}

/// What Suricata has no word for.
#[derive(Serialize)]
struct Own<'a> {
    site: &'a str,
    session: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    closed_by: Option<&'static str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    sampled: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    continued: bool,
}

#[derive(Serialize)]
struct FindingEvent<'a> {
    timestamp: String,
    host: &'a str,
    event_type: &'static str,
    finding: Told<'a>,
    spantop: Own<'a>,
}

#[derive(Serialize)]
struct Told<'a> {
    id: &'static str,
    state: &'static str,
    severity: &'static str,
    subject: String,
    title: &'a str,
    cause: &'a str,
    remedy: &'a str,
    first: String,
}

impl Eve {
    fn write(&mut self, line: &impl Serialize) -> Exported {
        self.file.line(|out| to_json(out, line).map_err(Into::into)).map_err(|(lost, what)| {
            ExporterCounters::add(&self.counters.dropped, lost);
            what
        })
    }

    fn flow(&mut self, flow: &ClosedFlow) -> Exported {
        let identity = Arc::clone(&self.identity);
        let record = &flow.record;
        let ([(source, source_port), (destination, destination_port)], [forth, back]) = (flow.ends(), flow.ways());
        let has_ports = matches!(record.key.protocol, 6 | 17 | 132);
        // 51 bits, as Suricata has: whoever reads numbers as doubles keeps every digit.
        let flow_id = self.uids.close(&record.key) >> 13;
        let app = flow.app.map(words::of_suricata);
        let line = FlowEvent {
            timestamp: suricata(record.last),
            flow_id,
            host: &identity.probe,
            event_type: "flow",
            vlan: record.vlans.ids(),
            src_ip: source.to_string(),
            src_port: has_ports.then_some(source_port),
            dest_ip: destination.to_string(),
            dest_port: has_ports.then_some(destination_port),
            proto: protocol(record.key.protocol),
            app_proto: app.map(|(word, _)| word),
            app_proto_orig: app.and_then(|(_, before)| before),
            community_id: community_id(&record.key),
            flow: Counted {
                pkts_toserver: forth.packets,
                pkts_toclient: back.packets,
                bytes_toserver: forth.wire_bytes,
                bytes_toclient: back.wire_bytes,
                start: suricata(record.first),
                end: suricata(record.last),
                age: age(record.first, record.last),
                state: state(flow),
                reason: reason(record.reason),
                alerted: false,
            },
            tcp: record.tcp.as_ref().map(|seen| tcp(seen, state(flow))),
            ether: flow.macs().map(|[source, destination]| Ether { src_macs: [source.to_string()], dest_macs: [destination.to_string()] }),
            spantop: Own {
                site: &identity.site,
                session: &identity.session,
                closed_by: Some(record.reason.token()),
                sampled: record.sampled,
                continued: record.continued,
            },
        };
        self.write(&line)
    }

    fn finding(&mut self, news: &FindingNews) -> Exported {
        let finding = &news.finding;
        let identity = Arc::clone(&self.identity);
        let line = FindingEvent {
            timestamp: suricata(finding.last),
            host: &identity.probe,
            event_type: "spantop_finding",
            finding: Told {
                id: finding.id,
                state: news.state.token(),
                severity: finding.severity.token(),
                subject: finding.subject.to_string(),
                title: &finding.title,
                cause: &finding.cause,
                remedy: &finding.remedy,
                first: suricata(finding.first),
            },
            spantop: Own { site: &identity.site, session: &identity.session, closed_by: None, sampled: false, continued: false },
        };
        self.write(&line)
    }

    fn flush(&mut self) -> Exported {
        let (lines, flushed) = self.file.flush();
        ExporterCounters::add(&self.counters.exported, lines);
        flushed.map_err(|(lost, what)| {
            ExporterCounters::add(&self.counters.dropped, lost);
            what
        })
    }
}

impl Exporter for Eve {
    fn take(&mut self, record: &ExportRecord) -> Exported {
        match record {
            ExportRecord::Flows(flows) => each(flows.iter(), |flow| self.whole.take(flow).map_or(Ok(()), |flow| self.flow(&flow))),
            ExportRecord::Findings(news) => each(news.iter(), |news| self.finding(news)),
            ExportRecord::Reset => {
                self.uids = UidTable::default();
                self.whole.forget();
                Ok(())
            }
            ExportRecord::Interval(_) | ExportRecord::Events(_) | ExportRecord::Words(_) | ExportRecord::Snapshot(_) => Ok(()),
        }
    }

    fn tick(&mut self) -> Exported {
        self.flush()
    }

    fn reopen(&mut self) -> Exported {
        let flushed = self.flush();
        self.file.reopen().and(flushed)
    }

    fn finish(&mut self) -> Exported {
        self.flush()
    }
}

/// Suricata's word for a protocol (`/etc/protocols` in capitals); the number where it has none.
fn protocol(number: u8) -> String {
    match number {
        1 => "ICMP".into(),
        2 => "IGMP".into(),
        6 => "TCP".into(),
        17 => "UDP".into(),
        47 => "GRE".into(),
        50 => "ESP".into(),
        51 => "AH".into(),
        58 => "IPv6-ICMP".into(),
        132 => "SCTP".into(),
        _ => format!("{number:03}"),
    }
}

/// Seconds as Suricata counts them: by what a clock that shows no fractions would say at both ends.
fn age(first: Timestamp, last: Timestamp) -> i64 {
    last.0.div_euclid(SECOND) - first.0.div_euclid(SECOND)
}

/// What is known of a connection, in Suricata's words; flags that say nothing of its course (PSH, URG) are not kept.
fn tcp(tcp: &TcpSummary, state: &'static str) -> Tcp {
    let syn = !tcp.midstream;
    // A SYN that nobody answered, or whose answer nobody acknowledged.
    let state = match (state, tcp.answered) {
        ("new", true) => "syn_recv",
        ("new", false) => "syn_sent",
        _ => state,
    };
    Tcp { syn, fin: tcp.fins() > 0, rst: tcp.reset.is_some(), ack: tcp.answered || tcp.acknowledged, state }
}

fn state(flow: &ClosedFlow) -> &'static str {
    let [forth, back] = flow.record.traffic;
    match flow.record.tcp {
        Some(tcp) if tcp.reset.is_some() || tcp.fins() == 2 => "closed",
        Some(tcp) if tcp.acknowledged || tcp.midstream => "established",
        Some(_) => "new",
        None if forth.packets > 0 && back.packets > 0 => "established",
        None => "new",
    }
}

fn reason(reason: CloseReason) -> &'static str {
    match reason {
        CloseReason::Fin | CloseReason::Rst | CloseReason::Replaced | CloseReason::Idle | CloseReason::Active => "timeout",
        CloseReason::Evicted => "forced",
        CloseReason::Finished => "shutdown",
    }
}
