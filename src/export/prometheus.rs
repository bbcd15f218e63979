//! A page that Prometheus and what speaks its format scrapes (text format 0.0.4). Series are capped: a family tells apart as many labels as
//! [`SERIES`], those seen first, for ever; the rest is one series `other`, so that sums close, and `spantop_series_folded` says how many there
//! are. A counter falls where everything is counted anew (a reset, a restart) and nowhere else.

use super::answers::{AnswerPlace, AnswerPort, Answering, WebPage};
use super::{
    ExportBoard, ExportNeeds, ExportRecord, Exported, Exporter, ExporterCounters, ExporterKind, ExporterOpening, Identity, OpenExporter,
    PreparedExporter,
};
use crate::error::Result;
use crate::model::Arrange as _;
use crate::model::limits::PROMETHEUS_SERIES as SERIES;
use crate::model::{CloseReason, Severity};
use crate::snapshot::Snapshot;
use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

/// The kind.
pub static KIND: ExporterKind = ExporterKind {
    token: "prometheus",
    about: "a page at /metrics that Prometheus scrapes; series are capped",
    target: "ADDRESS:PORT or unix:PATH",
    hides_path: false,
    options: &[],
    takes: |record| matches!(record, ExportRecord::Flows(_) | ExportRecord::Snapshot(_)),
    prepare,
};

fn prepare(opening: ExporterOpening<'_>) -> Result<PreparedExporter<'_>> {
    let place = AnswerPlace::named(&opening.target.target).map_err(|e| opening.wrong(e))?;
    let name = place.to_string();
    let needs = ExportNeeds { answers: vec![name.clone()], ..ExportNeeds::default() };
    Ok(PreparedExporter::new(needs, move || open(opening, place)).alone_with(Some(name)))
}

fn open(opening: ExporterOpening<'_>, place: AnswerPlace) -> Result<OpenExporter> {
    let name = place.to_string();
    // One that was here before has left it open, where it could not be opened again.
    let port = opening.board.take_port(&name).map_or_else(|| place.open(), Ok).map_err(|e| opening.wrong(e))?;
    let counted = Counted { identity: Arc::clone(opening.identity), board: Arc::clone(opening.board), ..Counted::default() };
    let exporter = Prometheus {
        place: name.clone(),
        port: Some(port),
        answering: None,
        counted: Arc::new(Mutex::new(counted)),
        counters: Arc::clone(opening.counters),
        board: Arc::clone(opening.board),
    };
    Ok(OpenExporter { exporter: Box::new(exporter), needs: ExportNeeds { answers: vec![name], ..ExportNeeds::default() } })
}

struct Prometheus {
    /// Where it answers.
    place: String,
    /// Answered at with the first record: in a thread that begins with the rights of this one.
    port: Option<AnswerPort>,
    /// Since then, until it is taken away.
    answering: Option<Answering>,
    counted: Arc<Mutex<Counted>>,
    counters: Arc<ExporterCounters>,
    board: Arc<ExportBoard>,
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        if let Some(port) = self.port.take().or_else(|| self.answering.take()?.end()) {
            self.board.leave_port(std::mem::take(&mut self.place), port);
        }
    }
}

/// What the page is made of.
#[derive(Default)]
struct Counted {
    identity: Arc<Identity>,
    board: Arc<ExportBoard>,
    latest: Option<Arc<Snapshot>>,
    closed: BTreeMap<CloseReason, u64>,
    protocols: Labels,
    services: Labels,
    vlans: Labels,
}

/// Labels that have a series of their own.
#[derive(Debug, Default)]
struct Labels {
    known: HashMap<String, ()>,
    /// How many had no room in the newest snapshot.
    folded: usize,
}

impl Labels {
    /// Whether a label has a series, or gets one now.
    fn has(&mut self, label: &str) -> bool {
        if self.known.contains_key(label) {
            return true;
        }
        if self.known.len() >= SERIES {
            self.folded += 1;
            return false;
        }
        self.known.insert(label.to_owned(), ());
        true
    }
}

impl Prometheus {
    fn serve(&mut self) -> Exported {
        let Some(port) = self.port.take() else { return Ok(()) };
        let (counted, counters) = (Arc::clone(&self.counted), Arc::clone(&self.counters));
        let page = move |path: &str| {
            if path != "/metrics" {
                return WebPage::missing();
            }
            ExporterCounters::add(&counters.exported, 1);
            let text = counted.lock().unwrap_or_else(PoisonError::into_inner).page();
            WebPage { status: 200, kind: "text/plain; version=0.0.4; charset=utf-8", text }
        };
        self.answering = Some(port.answer_in_thread(page).map_err(|e| format!("cannot start a thread: {e}"))?);
        Ok(())
    }
}

impl Exporter for Prometheus {
    fn take(&mut self, record: &ExportRecord) -> Exported {
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        match record {
            ExportRecord::Snapshot(snapshot) => counted.latest = Some(Arc::clone(snapshot)),
            ExportRecord::Flows(flows) => {
                for flow in flows.iter().filter(|flow| flow.record.reason != CloseReason::Active) {
                    *counted.closed.entry(flow.record.reason).or_default() += 1;
                }
            }
            _ => {}
        }
        drop(counted);
        self.serve()
    }

    fn tick(&mut self) -> Exported {
        self.serve()
    }

    fn finish(&mut self) -> Exported {
        self.serve()
    }
}

/// A label's value: nothing in it ends it.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

/// A page that is being written.
struct Writer {
    out: String,
    /// Labels of every series.
    common: String,
}

impl Writer {
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        let _ = writeln!(self.out, "# HELP spantop_{name} {help}\n# TYPE spantop_{name} {kind}");
    }

    fn series(&mut self, name: &str, labels: &[(&str, &str)], value: impl std::fmt::Display) {
        let _ = write!(self.out, "spantop_{name}{{{}", self.common);
        for (label, text) in labels {
            let _ = write!(self.out, ",{label}=\"{}\"", escaped(text));
        }
        let _ = writeln!(self.out, "}} {value}");
    }

    fn single(&mut self, name: &str, kind: &str, help: &str, value: impl std::fmt::Display) {
        self.family(name, kind, help);
        self.series(name, &[], value);
    }
}

impl Counted {
    fn page(&mut self) -> String {
        let identity = Arc::clone(&self.identity);
        let common = format!("probe=\"{}\",site=\"{}\"", escaped(&identity.probe), escaped(&identity.site));
        let mut w = Writer { out: String::with_capacity(16 * 1024), common };
        w.family("info", "gauge", "The probe: 1. Join it for the session; it would make new series of all others at each start.");
        w.series("info", &[("session", &identity.session), ("version", env!("CARGO_PKG_VERSION"))], 1);
        if let Some(snapshot) = self.latest.clone() {
            capture(&mut w, &snapshot);
            self.protocols(&mut w, &snapshot);
            self.vlans(&mut w, &snapshot);
            self.services(&mut w, &snapshot);
            findings(&mut w, &snapshot);
        }
        w.family("flows_closed_total", "counter", "Conversations that were closed, by why.");
        for (reason, n) in &self.closed {
            w.series("flows_closed_total", &[("reason", reason.token())], n);
        }
        w.family("series_folded", "gauge", "Labels that are in the series other because a family has no room for more.");
        for (family, labels) in [("protocol", &self.protocols), ("vlan", &self.vlans), ("service", &self.services)] {
            w.series("series_folded", &[("family", family)], labels.folded);
        }
        exporters(&mut w, &self.board);
        w.out
    }

    fn protocols(&mut self, w: &mut Writer, s: &Snapshot) {
        self.protocols.folded = 0;
        let (mut packets, mut bytes, mut other) = (Vec::new(), Vec::new(), (0u64, 0u64));
        for row in s.stats.protocols.iter().filter(|row| row.own.packets > 0) {
            let path = row.path.to_string();
            if self.protocols.has(&path) {
                packets.push((path.clone(), row.own.packets));
                bytes.push((path, row.own.wire_bytes));
            } else {
                other = (other.0.saturating_add(row.own.packets), other.1.saturating_add(row.own.wire_bytes));
            }
        }
        packets.push(("other".into(), other.0));
        bytes.push(("other".into(), other.1));
        for (name, help, rows) in [
            ("protocol_packets_total", "Packets by their whole stack of protocols; the sum is all packets.", packets),
            ("protocol_wire_bytes_total", "Bytes on the wire by the whole stack of protocols.", bytes),
        ] {
            w.family(name, "counter", help);
            rows.iter().for_each(|(path, n)| w.series(name, &[("path", path)], n));
        }
    }

    fn vlans(&mut self, w: &mut Writer, s: &Snapshot) {
        self.vlans.folded = 0;
        w.family("vlan_wire_bytes_total", "counter", "Bytes on the wire by VLAN; a packet counts for each identifier it carries.");
        let mut other = s.stats.vlans.other.wire_bytes;
        let mut rows: Vec<_> = s.stats.vlans.rows.iter().collect();
        rows.arrange_by_key(|row| row.id);
        for row in rows {
            let id = row.id.to_string();
            if self.vlans.has(&id) {
                w.series("vlan_wire_bytes_total", &[("vlan", &id)], row.traffic.wire_bytes);
            } else {
                other = other.saturating_add(row.traffic.wire_bytes);
            }
        }
        w.series("vlan_wire_bytes_total", &[("vlan", "other")], other);
    }

    /// Services have no series `other`: a snapshot lists those used most, and which are listed changes.
    fn services(&mut self, w: &mut Writer, s: &Snapshot) {
        self.services.folded =
            usize::try_from(s.stats.services.total_rows).unwrap_or(usize::MAX).saturating_sub(s.stats.services.rows.len());
        let mut rows: [Vec<Series>; 3] = Default::default();
        let [requests, errors, response] = &mut rows;
        for service in &s.stats.services.rows {
            let labels = vec![
                ("address", service.key.address.to_string()),
                ("port", service.key.port.to_string()),
                ("protocol", service.key.protocol.token().to_owned()),
                ("app", service.app.unwrap_or("").to_owned()),
            ];
            if !self.services.has(&format!("{} {} {}", service.key.address, service.key.port, service.key.protocol.token())) {
                continue;
            }
            if let Some(q) = &service.response {
                for (quantile, value) in [("0.5", q.p50), ("0.95", q.p95), ("0.99", q.p99)] {
                    let with = labels.iter().cloned().chain([("quantile", quantile.to_owned())]).collect();
                    response.push((with, value.to_string()));
                }
            }
            errors.push((labels.clone(), service.errors().to_string()));
            requests.push((labels, service.counts.requests.to_string()));
        }
        for ((name, kind, help), rows) in SERVICE_FAMILIES.iter().zip(&rows) {
            w.family(name, kind, help);
            for (labels, value) in rows {
                let labels: Vec<(&str, &str)> = labels.iter().map(|(label, text)| (*label, text.as_str())).collect();
                w.series(name, &labels, value);
            }
        }
    }
}

/// Labels and a value.
type Series = (Vec<(&'static str, String)>, String);

/// What is told of each service: name, kind, help.
const SERVICE_FAMILIES: [(&str, &str, &str); 3] = [
    ("service_requests_total", "counter", "Requests that a service was sent."),
    ("service_errors_total", "counter", "Requests and attempts to connect that failed."),
    ("service_response_seconds", "summary", "How long a service took to answer."),
];

fn capture(w: &mut Writer, s: &Snapshot) {
    w.single("packets_total", "counter", "Packets that were analysed.", s.stats.total.packets);
    w.single("wire_bytes_total", "counter", "Their bytes on the wire.", s.stats.total.wire_bytes);
    w.single("mirrored_packets_total", "counter", "Packets that arrived, copies among them.", s.mirror.link.packets);
    w.single("flows", "gauge", "Conversations in the tables.", {
        let c = &s.stats.conversations;
        [&c.tcp, &c.udp, &c.sctp].iter().fold(0u64, |sum, table| sum.saturating_add(table.total_rows))
    });
    w.family("losses_total", "counter", "What was lost or not understood, by the stage that tells of it.");
    for stage in s.capture.losses.stages() {
        w.series("losses_total", &[("stage", &stage.stage.to_lowercase().replace(' ', "_"))], stage.count);
    }
    w.family("mirror_verdict", "gauge", "What is thought of the mirror: 1 for the word that holds.");
    w.series("mirror_verdict", &[("verdict", s.mirror.trust.verdict.token())], 1);
}

fn findings(w: &mut Writer, s: &Snapshot) {
    w.family("findings", "gauge", "Findings that hold now, by identifier and severity.");
    let mut counted: BTreeMap<(&str, Severity), u64> = BTreeMap::new();
    for finding in s.diagnosis.findings.iter().filter(|f| f.active) {
        *counted.entry((finding.id, finding.severity)).or_default() += 1;
    }
    for ((id, severity), n) in counted {
        w.series("findings", &[("id", id), ("severity", severity.token())], n);
    }
}

fn exporters(w: &mut Writer, board: &ExportBoard) {
    w.single("records_lost_total", "counter", "Records that the engine could not hand to exporters.", board.subscription_lost());
    let states = board.states();
    let mut family = |name: &str, kind: &str, help: &str, get: fn(&super::ExporterState) -> u64| {
        w.family(name, kind, help);
        states.iter().for_each(|state| w.series(name, &[("exporter", &state.name)], get(state)));
    };
    family("exporter_rows_total", "counter", "Rows that a receiver has.", |s| s.exported);
    family("exporter_queue_lost_total", "counter", "Rows that found no room: the exporter was too slow.", |s| s.queue_lost);
    family("exporter_dropped_total", "counter", "Rows given up: refused for good, or beyond the cap of a spool.", |s| s.dropped);
    family("exporter_retries_total", "counter", "Attempts that failed and were made again.", |s| s.retries);
    family("exporter_waiting_rows", "gauge", "Rows that wait to be sent.", |s| s.waiting);
    family("exporter_spooled_bytes", "gauge", "Bytes on the disk that wait to be sent.", |s| s.spooled_bytes);
    family("exporter_in_trouble", "gauge", "1 where the last attempt failed.", |s| u64::from(!s.trouble.is_empty()));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Path, Proto, Traffic};
    use crate::snapshot::ProtocolRow;

    #[test]
    fn series_are_capped_and_the_rest_is_told() {
        let mut counted = Counted::default();
        let mut snapshot = Snapshot::default();
        for ether_type in 0..SERIES as u16 + 50 {
            let mut path = Path::EMPTY;
            path.push(Proto::ALL[0]);
            path.push_ether_type(0x9000 + ether_type);
            let own = Traffic { packets: 2, wire_bytes: 100 };
            snapshot.stats.protocols.push(ProtocolRow { path, traffic: own, recent: Traffic::default(), own });
        }
        counted.latest = Some(Arc::new(snapshot));
        for _ in 0..2 {
            let page = counted.page();
            let series: Vec<&str> = page.lines().filter(|l| l.starts_with("spantop_protocol_packets_total{")).collect();
            assert_eq!(series.len(), SERIES + 1);
            assert!(page.contains("path=\"other\"} 100\n"), "fifty of two packets");
            assert!(page.contains("spantop_series_folded{probe=\"\",site=\"\",family=\"protocol\"} 50\n"), "{page}");
        }
    }

    #[test]
    fn nothing_ends_a_label() {
        assert_eq!(escaped("a\"b\\c\nd"), "a\\\"b\\\\c\\nd");
    }
}
