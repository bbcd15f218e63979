//! JSON lines in the shape of Zeek's logs `conn`, `dns`, `http` and `ssl` (LogAscii::use_json), a file each, so that what reads Zeek reads them.
//!
//! What a mirror and a flow record cannot tell stays out, as Zeek leaves out what is unset: payload bytes (`orig_bytes`), and who of both
//! sent the RST or the only FIN, so that `conn_state` stands only where it is certain. Sizes are wire bytes, in fields of their own.

use super::community::community_id;
use super::files::LineFile;
use super::uid::{self, UidTable};
use super::{
    ExportNeeds, ExportRecord, Exported, Exporter, ExporterCounters, ExporterKind, ExporterOpening, Identity, OpenExporter,
    PreparedExporter, each,
};
use crate::dissect::registry as applications;
use crate::error::{Error, Result};
use crate::model::limits::EXPORT_UIDS;
use crate::model::time::SECOND;
use crate::model::{CloseReason, FlowKey, NetworkEvent, Timestamp, TlsNews, TlsSight, Transaction, TransactionEnd};
use crate::snapshot::tables::closed_flows::ClosedFlow;
use serde::Serialize;
use std::borrow::Cow;
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

/// The kind.
pub static KIND: ExporterKind = ExporterKind {
    token: "jsonl-zeek",
    about: "JSON lines as Zeek writes them: conn.log, dns.log, http.log and ssl.log in a directory",
    target: "DIR",
    hides_path: false,
    options: &[],
    takes: |record| matches!(record, ExportRecord::Flows(_) | ExportRecord::Events(_) | ExportRecord::Reset),
    prepare,
};

fn prepare(opening: ExporterOpening<'_>) -> Result<PreparedExporter<'_>> {
    let folder = Path::new(&opening.target.target);
    if !folder.is_dir() {
        return Err(opening.wrong("no such directory"));
    }
    let needs = ExportNeeds { folders: vec![folder.to_owned()], ..ExportNeeds::default() };
    Ok(PreparedExporter::new(needs, move || open(opening, folder)).alone_with(Some(super::files::place(&folder.join("conn.log")))))
}

fn open(opening: ExporterOpening<'_>, folder: &Path) -> Result<OpenExporter> {
    let file = |name: &str| {
        let path = folder.join(name);
        LineFile::open(&path).map_err(|e| Error::io(path.display(), &e))
    };
    let exporter = Zeek {
        identity: Arc::clone(opening.identity),
        counters: Arc::clone(opening.counters),
        files: [file("conn.log")?, file("dns.log")?, file("http.log")?, file("ssl.log")?],
        uids: UidTable::default(),
        handshakes: HashMap::new(),
    };
    let needs = ExportNeeds { folders: vec![folder.to_owned()], ..ExportNeeds::default() };
    Ok(OpenExporter { exporter: Box::new(exporter), needs })
}

/// Places of the files.
const CONN: usize = 0;
const DNS: usize = 1;
const HTTP: usize = 2;
const SSL: usize = 3;

struct Zeek {
    identity: Arc<Identity>,
    counters: Arc<ExporterCounters>,
    files: [LineFile; 4],
    uids: UidTable,
    /// What handshakes have shown, until their conversation is closed.
    handshakes: HashMap<FlowKey, Handshake>,
}

/// What every line begins with.
#[derive(Serialize)]
struct Head<'a> {
    #[serde(rename = "_path")]
    path: &'static str,
    #[serde(rename = "_system_name")]
    probe: &'a str,
    site: &'a str,
    session: &'a str,
    ts: Seconds,
    uid: String,
    #[serde(rename = "id.orig_h")]
    orig_h: String,
    #[serde(rename = "id.orig_p")]
    orig_p: u16,
    #[serde(rename = "id.resp_h")]
    resp_h: String,
    #[serde(rename = "id.resp_p")]
    resp_p: u16,
    proto: Cow<'static, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    community_id: Option<String>,
}

/// Seconds since 1970 with microseconds, as Zeek has them.
struct Seconds(Timestamp);

impl Serialize for Seconds {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        // Microseconds of this century are exact in a double.
        serializer.serialize_f64((self.0.0.div_euclid(1_000)) as f64 / 1e6)
    }
}

fn seconds(nanos: i64) -> f64 {
    nanos as f64 / SECOND as f64
}

#[derive(Serialize)]
struct Conn<'a> {
    #[serde(flatten)]
    head: Head<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service: Option<&'static str>,
    duration: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    conn_state: Option<&'static str>,
    orig_pkts: u64,
    orig_wire_bytes: u64,
    resp_pkts: u64,
    resp_wire_bytes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    vlan: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    inner_vlan: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    orig_l2_addr: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resp_l2_addr: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    sampled: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    continued: bool,
    closed_by: &'static str,
}

#[derive(Serialize)]
struct Asked<'a> {
    #[serde(flatten)]
    head: Head<'a>,
    /// Seconds to the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    rtt: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rcode: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rcode_name: Option<Cow<'static, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_code: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_msg: Option<Cow<'static, str>>,
    outcome: &'static str,
    #[serde(skip_serializing_if = "is_zero")]
    repeated: u16,
}

fn is_zero(n: &u16) -> bool {
    *n == 0
}

/// What a handshake has shown.
#[derive(Debug, Default)]
struct Handshake {
    time: Timestamp,
    way: crate::model::Direction,
    server_name: Option<String>,
    version: Option<u16>,
    alert: Option<u8>,
    certificate: Option<String>,
}

#[derive(Serialize)]
struct Ssl<'a> {
    #[serde(flatten)]
    head: Head<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<Cow<'static, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    server_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_alert: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate_name: Option<&'a str>,
    established: bool,
}

impl Zeek {
    fn write(&mut self, file: usize, line: &impl Serialize) -> Exported {
        let Some(out) = self.files.get_mut(file) else { return Ok(()) };
        let written = out.line(|out| serde_json::to_writer(out, line).map_err(Into::into));
        written.map_err(|(lost, what)| {
            ExporterCounters::add(&self.counters.dropped, lost);
            what
        })
    }

    fn flush(&mut self) -> Exported {
        let mut outcome = Ok(());
        for file in &mut self.files {
            let (lines, flushed) = file.flush();
            ExporterCounters::add(&self.counters.exported, lines);
            if let Err((lost, what)) = flushed {
                ExporterCounters::add(&self.counters.dropped, lost);
                outcome = Err(what);
            }
        }
        outcome
    }

    fn flow(&mut self, flow: &ClosedFlow) -> Exported {
        let identity = Arc::clone(&self.identity);
        let key = &flow.record.key;
        let uid = self.uids.close(key);
        let head = |path, time, way| head(&identity, path, time, (key, way), uid);
        let shown = self.handshakes.remove(key).map_or(Ok(()), |shown| {
            let line = Ssl {
                head: head("ssl", shown.time, shown.way),
                version: shown.version.map(tls_version),
                server_name: shown.server_name.as_deref(),
                last_alert: shown.alert.map(|code| code.to_string()),
                certificate_name: shown.certificate.as_deref(),
                established: shown.version.is_some() && shown.alert.is_none(),
            };
            self.write(SSL, &line)
        });
        let ([forth, back], vlans, macs) = (flow.ways(), flow.record.vlans.ids(), flow.macs());
        let line = Conn {
            head: head("conn", flow.record.first, flow.record.originator),
            service: flow.app.map(service),
            duration: seconds(flow.record.last.since(flow.record.first)),
            conn_state: conn_state(flow),
            orig_pkts: forth.packets,
            orig_wire_bytes: forth.wire_bytes,
            resp_pkts: back.packets,
            resp_wire_bytes: back.wire_bytes,
            vlan: vlans.first().copied(),
            inner_vlan: vlans.get(1).copied(),
            orig_l2_addr: macs.map(|[mac, _]| mac.to_string()),
            resp_l2_addr: macs.map(|[_, mac]| mac.to_string()),
            sampled: flow.record.sampled,
            continued: flow.record.continued,
            closed_by: flow.record.reason.token(),
        };
        self.write(CONN, &line).and(shown)
    }

    fn event(&mut self, event: &NetworkEvent) -> Exported {
        match event {
            NetworkEvent::Transaction(asked) => self.asked(asked),
            NetworkEvent::Tls(seen) => {
                self.handshake(seen);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn asked(&mut self, t: &Transaction) -> Exported {
        let app = applications::token(t.app).unwrap_or_default();
        let (file, path) = match app {
            "dns" => (DNS, "dns"),
            "http" => (HTTP, "http"),
            _ => return Ok(()),
        };
        let identity = Arc::clone(&self.identity);
        let uid = self.uids.open(&t.flow);
        let (code, outcome) = match t.end {
            TransactionEnd::Answered(code) => (Some(code), applications::outcome(t.app, code).token()),
            TransactionEnd::Unanswered => (None, "unanswered"),
            TransactionEnd::Forgotten => (None, "forgotten"),
        };
        let (is_dns, name) = (file == DNS, code.map(|code| applications::code_text(t.app, code)));
        let line = Asked {
            head: head(&identity, path, t.asked, (&t.flow, t.way), uid),
            rtt: t.latency().map(seconds),
            rcode: code.filter(|_| is_dns),
            rcode_name: name.clone().filter(|_| is_dns),
            status_code: code.filter(|_| !is_dns),
            status_msg: name.filter(|_| !is_dns),
            outcome,
            repeated: t.repeated,
        };
        self.write(file, &line)
    }

    fn handshake(&mut self, seen: &TlsSight) {
        if self.handshakes.len() >= EXPORT_UIDS && !self.handshakes.contains_key(&seen.flow) {
            // Its conversation still has its row; what the handshake showed has none.
            ExporterCounters::add(&self.counters.dropped, 1);
            return;
        }
        let shown =
            self.handshakes.entry(seen.flow).or_insert_with(|| Handshake { time: seen.time, way: seen.way, ..Handshake::default() });
        match seen.news {
            TlsNews::Named(name) => shown.server_name = Some(name.to_string()),
            TlsNews::Chosen { version, .. } => shown.version = Some(version),
            TlsNews::Alert { code, .. } => shown.alert = Some(code),
            TlsNews::Certificate { name, .. } => shown.certificate = Some(name.to_string()),
            TlsNews::Remark => {}
        }
    }
}

impl Exporter for Zeek {
    fn take(&mut self, record: &ExportRecord) -> Exported {
        match record {
            ExportRecord::Flows(flows) => return each(flows.iter(), |flow| self.flow(flow)),
            ExportRecord::Events(said) => return each(said.iter(), |event| self.event(event)),
            ExportRecord::Reset => {
                self.handshakes.clear();
                self.uids = UidTable::default();
            }
            ExportRecord::Interval(_) | ExportRecord::Findings(_) | ExportRecord::Snapshot(_) => {}
        }
        Ok(())
    }

    fn tick(&mut self) -> Exported {
        self.flush()
    }

    fn reopen(&mut self) -> Exported {
        let flushed = self.flush();
        each(self.files.iter_mut(), LineFile::reopen).and(flushed)
    }

    fn finish(&mut self) -> Exported {
        self.flush()
    }
}

fn head<'a>(
    identity: &'a Identity,
    path: &'static str,
    time: Timestamp,
    (key, way): (&FlowKey, crate::model::Direction),
    uid: u64,
) -> Head<'a> {
    let [(orig, orig_p), (resp, resp_p)] = key.ends(way);
    Head {
        path,
        probe: &identity.probe,
        site: &identity.site,
        session: &identity.session,
        ts: Seconds(time),
        uid: uid::text(uid),
        orig_h: orig.to_string(),
        orig_p,
        resp_h: resp.to_string(),
        resp_p,
        proto: transport(key.protocol),
        community_id: community_id(key),
    }
}

/// Zeek's word for a protocol.
fn transport(number: u8) -> Cow<'static, str> {
    match number {
        6 => "tcp".into(),
        17 => "udp".into(),
        1 | 58 => "icmp".into(),
        _ => "unknown_transport".into(),
    }
}

/// Zeek's word for an application; where it has none, ours.
fn service(app: &'static str) -> &'static str {
    match app {
        "tls" => "ssl",
        other if other.ends_with("+tls") => "ssl",
        "kerberos" => "krb",
        "smb2" => "smb",
        other => other,
    }
}

fn tls_version(version: u16) -> Cow<'static, str> {
    match version {
        0x0300 => "SSLv3".into(),
        0x0301 => "TLSv10".into(),
        0x0302 => "TLSv11".into(),
        0x0303 => "TLSv12".into(),
        0x0304 => "TLSv13".into(),
        other => format!("unknown-{other}").into(),
    }
}

/// Zeek's `conn_state`, where a record is enough to tell.
fn conn_state(flow: &ClosedFlow) -> Option<&'static str> {
    let [forth, back] = flow.ways();
    let Some(tcp) = flow.record.tcp else {
        return Some(match (forth.packets > 0, back.packets > 0) {
            (true, true) => "SF",
            (true, false) => "S0",
            (false, true) => "SHR",
            (false, false) => return None,
        });
    };
    match (tcp.midstream, tcp.answered, tcp.reset, tcp.fins) {
        (true, ..) => Some("OTH"),
        (false, false, true, _) => (back.packets > 0).then_some("REJ"),
        (false, false, false, 0) => Some("S0"),
        (false, false, false, _) => (back.packets == 0).then_some("SH"),
        (false, true, false, 0) => (flow.record.reason != CloseReason::Rst).then_some("S1"),
        (false, true, false, 2) => Some("SF"),
        // Who sent the only FIN, or the RST, is not in a record.
        (false, true, ..) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_zeek() {
        assert_eq!((service("tls"), service("dns"), tls_version(0x0304)), ("ssl", "dns", "TLSv13".into()));
        assert_eq!((transport(6), transport(58), transport(132)), ("tcp".into(), "icmp".into(), "unknown_transport".into()));
        assert_eq!(serde_json::to_string(&Seconds(Timestamp(1_700_000_000_123_456_789))).unwrap(), "1700000000.123456");
    }
}
