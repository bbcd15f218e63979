//! JSON lines in the shape of Zeek's logs `conn`, `dns`, `http` and `ssl` (LogAscii::use_json), a file each, so that what reads Zeek reads them.
//!
//! What a flow record does not tell stays out, as Zeek leaves out what is unset: `history`, and bytes of the payload and of IP (`orig_bytes`,
//! `orig_ip_bytes`). Sizes are wire bytes, in fields of their own.

use super::community::community_id;
use super::files::LineFile;
use super::uid::{self, UidTable};
use super::whole_flows::WholeFlows;
use super::words;
use super::{
    ExportNeeds, ExportRecord, Exported, Exporter, ExporterCounters, ExporterKind, ExporterOpening, Identity, OpenExporter,
    PreparedExporter, each,
};
use crate::dissect::registry as applications;
use crate::dissect::tls::alert;
use crate::error::{Error, Result};
use crate::json::to_json;
use crate::model::limits::EXPORT_UIDS;
use crate::model::time::SECOND;
use crate::model::{
    Direction, FlowKey, NetworkEvent, RequestPart, RequestWords, TcpSummary, Timestamp, TlsNews, TlsSight, Transaction, TransactionEnd,
};
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
    takes: |record| matches!(record, ExportRecord::Flows(_) | ExportRecord::Events(_) | ExportRecord::Words(_) | ExportRecord::Reset),
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
        whole: WholeFlows::default(),
        requests: Requests::default(),
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
    whole: WholeFlows,
    requests: Requests,
}

/// What requests said that were not answered yet. Beyond the cap those that came first are forgotten, half of them at once.
#[derive(Default)]
struct Requests {
    newer: HashMap<(FlowKey, u32), Said>,
    older: HashMap<(FlowKey, u32), Said>,
}

/// What one request said.
#[derive(Debug, Default)]
struct Said {
    /// Type and class of the record that is asked for.
    question: Option<[u16; 2]>,
    method: Option<u8>,
    /// The name, or the target.
    what: Option<Box<str>>,
    host: Option<Box<str>>,
    user_agent: Option<Box<str>>,
}

impl Requests {
    fn note(&mut self, words: &RequestWords) {
        let key = (words.flow, words.id);
        if self.newer.len() >= EXPORT_UIDS / 2 && !self.newer.contains_key(&key) {
            self.older = std::mem::take(&mut self.newer);
        }
        let said = self.newer.entry(key).or_default();
        let text = Some(words.text.clone());
        match words.part {
            RequestPart::Question { kind, class } => *said = Said { question: Some([kind, class]), what: text, ..Said::default() },
            RequestPart::Target { method } => *said = Said { method: Some(method), what: text, ..Said::default() },
            RequestPart::Host => said.host = text,
            RequestPart::UserAgent => said.user_agent = text,
        }
    }

    fn take(&mut self, flow: FlowKey, id: u32) -> Said {
        let key = (flow, id);
        self.newer.remove(&key).or_else(|| self.older.remove(&key)).unwrap_or_default()
    }
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
    /// Unset, as Zeek has it, where there is one packet.
    #[serde(skip_serializing_if = "Option::is_none")]
    duration: Option<f64>,
    conn_state: &'static str,
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
    /// The identifier of a DNS message.
    #[serde(skip_serializing_if = "Option::is_none")]
    trans_id: Option<u32>,
    /// Which request of its connection it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    trans_depth: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    query: Option<Box<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    qclass: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    qtype: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    qtype_name: Option<Cow<'static, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    method: Option<Cow<'static, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    host: Option<Box<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    uri: Option<Box<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_agent: Option<Box<str>>,
    /// Seconds to the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    rtt: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rcode: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rcode_name: Option<Cow<'static, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_code: Option<u32>,
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
    way: Direction,
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
    last_alert: Option<Cow<'static, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate_name: Option<&'a str>,
    established: bool,
}

impl Zeek {
    fn write(&mut self, file: usize, line: &impl Serialize) -> Exported {
        let Some(out) = self.files.get_mut(file) else { return Ok(()) };
        let written = out.line(|out| to_json(out, line).map_err(Into::into));
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
                last_alert: shown.alert.map(|code| alert(code.into())),
                certificate_name: shown.certificate.as_deref(),
                established: shown.version.is_some() && shown.alert.is_none(),
            };
            self.write(SSL, &line)
        });
        let ([forth, back], vlans, macs) = (flow.ways(), flow.record.vlans.ids(), flow.macs());
        let line = Conn {
            head: head("conn", flow.record.first, flow.record.originator),
            service: flow.app.map(words::of_zeek),
            duration: (flow.total().packets > 1).then(|| seconds(flow.record.last.since(flow.record.first))),
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
        if t.end.is_open() {
            return Ok(());
        }
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
            // Its line is written when it ends.
            TransactionEnd::Waiting | TransactionEnd::Overdue => return Ok(()),
            TransactionEnd::Unanswered => (None, "unanswered"),
            TransactionEnd::Forgotten => (None, "forgotten"),
            TransactionEnd::Open => (None, "open"),
        };
        let is_dns = file == DNS;
        let Said { question, method, what, host, user_agent } = self.requests.take(t.flow, t.id);
        let (query, uri) = if is_dns { (what, None) } else { (None, what) };
        let [qtype, qclass] = question.map_or([None; 2], |numbers| numbers.map(Some));
        let line = Asked {
            head: head(&identity, path, t.asked, (&t.flow, t.way), uid),
            trans_id: Some(t.id).filter(|_| is_dns),
            trans_depth: Some(t.id.saturating_add(1)).filter(|_| !is_dns),
            query,
            qclass,
            qtype,
            qtype_name: qtype.map(applications::dns_type_name),
            method: method.map(applications::http_method_name),
            host,
            uri,
            user_agent,
            rtt: t.latency().map(seconds),
            rcode: code.filter(|_| is_dns),
            rcode_name: code.filter(|_| is_dns).map(|code| applications::code_text(t.app, code)),
            status_code: code.filter(|_| !is_dns),
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
            TlsNews::Unnamed | TlsNews::Remark => {}
        }
    }
}

impl Exporter for Zeek {
    fn take(&mut self, record: &ExportRecord) -> Exported {
        match record {
            ExportRecord::Flows(flows) => {
                return each(flows.iter(), |flow| self.whole.take(flow).map_or(Ok(()), |flow| self.flow(&flow)));
            }
            ExportRecord::Events(said) => return each(said.iter(), |event| self.event(event)),
            ExportRecord::Words(words) => words.iter().for_each(|words| self.requests.note(words)),
            ExportRecord::Reset => {
                self.handshakes.clear();
                self.requests = Requests::default();
                self.whole.forget();
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

fn head<'a>(identity: &'a Identity, path: &'static str, time: Timestamp, (key, way): (&FlowKey, Direction), uid: u64) -> Head<'a> {
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

/// Zeek's `conn_state` (base/protocols/conn/main.zeek): of UDP who spoke, of TCP how it began and ended, of everything else nothing.
fn conn_state(flow: &ClosedFlow) -> &'static str {
    let [forth, back] = flow.ways();
    match flow.record.tcp {
        Some(tcp) => tcp_state(&tcp, flow.record.originator, [forth.packets > 0, back.packets > 0]),
        None if !flow.record.key.is_udp() => "OTH",
        None => match (forth.packets > 0, back.packets > 0) {
            (true, true) => "SF",
            (true, false) => "S0",
            (false, true) => "SHR",
            (false, false) => "OTH",
        },
    }
}

/// That of a TCP connection; whether the originator and the responder were seen to send anything.
fn tcp_state(tcp: &TcpSummary, originator: Direction, [is_begun, is_answered]: [bool; 2]) -> &'static str {
    let [orig_fin, resp_fin] = if originator == Direction::AToB { tcp.fin } else { [tcp.fin[1], tcp.fin[0]] };
    // Neither side's SYN was seen: Zeek calls both inactive, or partial.
    let resp_is_inactive = tcp.midstream || !tcp.answered;
    // Of a SYN-ACK alone the originator is inactive.
    let orig_is_inactive = tcp.midstream || !is_begun;
    match tcp.reset {
        Some(way) if way != originator && orig_is_inactive => "RSTRH",
        Some(way) if way != originator => {
            if tcp.acknowledged {
                "RSTR"
            } else {
                "REJ"
            }
        }
        Some(_) => {
            if resp_is_inactive {
                "RSTOS0"
            } else {
                "RSTO"
            }
        }
        None => match (orig_fin, resp_fin) {
            (true, true) => "SF",
            (true, false) => {
                if resp_is_inactive {
                    "SH"
                } else {
                    "S2"
                }
            }
            (false, true) => {
                if orig_is_inactive {
                    "SHR"
                } else {
                    "S3"
                }
            }
            (false, false) if tcp.midstream => "OTH",
            (false, false) if tcp.answered => {
                if tcp.acknowledged {
                    "S1"
                } else {
                    "OTH"
                }
            }
            (false, false) => {
                if is_answered {
                    "OTH"
                } else {
                    "S0"
                }
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_zeek() {
        assert_eq!((words::of_zeek("tls"), words::of_zeek("mdns"), tls_version(0x0304)), ("ssl", "dns", "TLSv13".into()));
        assert_eq!((transport(6), transport(58), transport(132)), ("tcp".into(), "icmp".into(), "unknown_transport".into()));
        let tcp = TcpSummary::default();
        let opened = TcpSummary { answered: true, acknowledged: true, ..tcp };
        let joined = TcpSummary { acknowledged: true, midstream: true, ..tcp };
        let (orig, resp) = (Direction::BToA, Direction::AToB);
        let states = [
            (tcp, [true, false], "S0"),
            (TcpSummary { reset: Some(resp), ..tcp }, [true, true], "REJ"),
            (TcpSummary { reset: Some(orig), ..tcp }, [true, false], "RSTOS0"),
            (TcpSummary { fin: [false, true], ..tcp }, [true, false], "SH"),
            (TcpSummary { answered: true, ..tcp }, [true, true], "OTH"),
            (TcpSummary { answered: true, reset: Some(resp), ..tcp }, [true, true], "REJ"),
            (opened, [true, true], "S1"),
            (TcpSummary { fin: [true; 2], ..opened }, [true, true], "SF"),
            (TcpSummary { fin: [false, true], ..opened }, [true, true], "S2"),
            (TcpSummary { fin: [true, false], ..opened }, [true, true], "S3"),
            (TcpSummary { reset: Some(orig), ..opened }, [true, true], "RSTO"),
            (TcpSummary { reset: Some(resp), fin: [false, true], ..opened }, [true, true], "RSTR"),
            (joined, [true, true], "OTH"),
            (TcpSummary { fin: [true; 2], ..joined }, [true, true], "SF"),
            (TcpSummary { reset: Some(resp), ..joined }, [true, true], "RSTRH"),
            (TcpSummary { reset: Some(orig), ..joined }, [true, true], "RSTOS0"),
            (TcpSummary { fin: [true, false], ..joined }, [true, true], "SHR"),
            (TcpSummary { fin: [true, false], answered: true, ..tcp }, [false, true], "SHR"),
            (TcpSummary { reset: Some(resp), answered: true, ..tcp }, [false, true], "RSTRH"),
        ];
        for (summary, sides, state) in states {
            assert_eq!(tcp_state(&summary, orig, sides), state, "{summary:?}");
        }
        assert_eq!(serde_json::to_string(&Seconds(Timestamp(1_700_000_000_123_456_789))).unwrap(), "1700000000.123456");
    }
}
