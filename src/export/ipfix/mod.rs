//! IPFIX (RFC 7011) over UDP and TCP: each closed conversation is one biflow (RFC 5103), templates go before, and options tell what the
//! process counted of itself.

mod message;
mod template;

use super::net::{Endpoint, ReceiverLink};
use super::{
    ExportNeeds, ExportOption, ExportRecord, ExportValue, Exported, Exporter, ExporterCounters, ExporterKind, ExporterOpening, Identity,
    OpenExporter, PreparedExporter, each,
};
use crate::error::Result;
use crate::model::clock::{self, Ticker};
use crate::model::limits::EXPORT_WAITING_MESSAGES;
use crate::snapshot::tables::closed_flows::ClosedFlow;
use message::{Exporting, IpfixMessage};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// The port of IPFIX.
const PORT: u16 = 4739;
/// Bytes of a message by UDP: it fits into a packet of every Ethernet, through a tunnel too.
const DATAGRAM: usize = 1_400;
/// Bytes of a message by TCP.
const PIECE: usize = 16 * 1024;
/// How often templates and statistics are told again (by UDP they get lost; RFC 7011 section 8.4).
const AGAIN: Duration = Duration::from_secs(60);

/// The kind.
pub static KIND: ExporterKind = ExporterKind {
    token: "ipfix",
    about: "IPFIX over UDP or TCP: biflows, templates, and what the process counted of itself",
    target: "udp://HOST[:4739] or tcp://HOST[:4739]",
    hides_path: false,
    options: &[ExportOption {
        key: "domain",
        takes: ExportValue::Number { least: 0, most: u32::MAX as u64, default: 1 },
        about: "number of the observation domain",
    }],
    takes: |record| matches!(record, ExportRecord::Flows(_) | ExportRecord::Snapshot(_)),
    prepare,
};

fn prepare(opening: ExporterOpening<'_>) -> Result<PreparedExporter<'_>> {
    let endpoint = Endpoint::parse(&opening.target.target, PORT).filter(|endpoint| !matches!(endpoint, Endpoint::Unix(_)));
    let endpoint = endpoint.ok_or_else(|| opening.wrong(format!("a target is {}", KIND.target)))?;
    let domain = u32::try_from(opening.number("domain")?).unwrap_or(u32::MAX);
    let most = if endpoint.is_stream() { PIECE } else { DATAGRAM };
    let needs = ExportNeeds { connects: endpoint.port().into_iter().collect(), ..ExportNeeds::default() };
    let exporter = Ipfix {
        identity: Arc::clone(opening.identity),
        counters: Arc::clone(opening.counters),
        link: ReceiverLink::new(endpoint, Arc::clone(opening.counters)),
        domain,
        most,
        open: IpfixMessage::new(most),
        waiting: VecDeque::new(),
        sequence: 0,
        counted: Exporting::default(),
        again: Ticker::new(AGAIN, AGAIN),
        record: Vec::new(),
    };
    Ok(PreparedExporter::new(needs.clone(), move || Ok(OpenExporter { exporter: Box::new(exporter), needs })))
}

struct Ipfix {
    identity: Arc<Identity>,
    counters: Arc<ExporterCounters>,
    link: ReceiverLink,
    domain: u32,
    most: usize,
    open: IpfixMessage,
    /// Full messages that could not be sent.
    waiting: VecDeque<IpfixMessage>,
    /// Data records sent on this connection (by UDP: at all).
    sequence: u32,
    counted: Exporting,
    again: Ticker,
    record: Vec<u8>,
}

impl Ipfix {
    fn flow(&mut self, flow: &ClosedFlow) -> Exported {
        // The end of what was told of already.
        if flow.total().packets == 0 {
            return Ok(());
        }
        let mut record = std::mem::take(&mut self.record);
        let outcome = match message::flow(flow, &mut record) {
            Some(kind) => self.add(kind, &record),
            None => Ok(()),
        };
        self.record = record;
        outcome
    }

    fn add(&mut self, kind: u16, record: &[u8]) -> Exported {
        if self.open.add(kind, record) {
            return Ok(());
        }
        let full = std::mem::replace(&mut self.open, IpfixMessage::new(self.most));
        self.open.add(kind, record);
        self.queue(full);
        self.send()
    }

    /// Puts a message behind the others. Beyond the cap the oldest one is given up.
    fn queue(&mut self, message: IpfixMessage) {
        self.waiting.push_back(message);
        if self.waiting.len() > EXPORT_WAITING_MESSAGES
            && let Some(lost) = self.waiting.pop_front()
        {
            ExporterCounters::add(&self.counters.dropped, lost.records().into());
            self.counted.not_sent = self.counted.not_sent.saturating_add(lost.records().into());
        }
        let waiting = self.waiting.iter().fold(0u64, |sum, message| sum.saturating_add(message.records().into()));
        self.counters.waiting.store(waiting, Ordering::Relaxed);
    }

    fn send(&mut self) -> Exported {
        if self.waiting.is_empty() {
            return Ok(());
        }
        if self.link.connect()? {
            if self.link.endpoint().is_stream() {
                self.sequence = 0;
            }
            self.tell(true)?;
        }
        while let Some(message) = self.waiting.pop_front() {
            let records = message.records();
            let bytes = message.finish(clock::wall(), self.sequence, self.domain);
            if let Err(what) = self.link.send(&bytes) {
                // A datagram to a port that nobody listens at fails with the next one: what it was is not known.
                self.waiting.push_front(IpfixMessage::of(bytes, records, self.most));
                return Err(what);
            }
            self.sent(records, bytes.len());
            ExporterCounters::add(&self.counters.exported, records.into());
            self.counted.flows = self.counted.flows.saturating_add(records.into());
        }
        self.counters.waiting.store(0, Ordering::Relaxed);
        Ok(())
    }

    fn sent(&mut self, records: u32, bytes: usize) {
        self.sequence = self.sequence.wrapping_add(records);
        self.counted.messages = self.counted.messages.saturating_add(1);
        self.counted.octets = self.counted.octets.saturating_add(bytes as u64);
    }

    /// Tells statistics, and templates before them.
    fn tell(&mut self, with_templates: bool) -> Exported {
        let mut message = IpfixMessage::new(self.most);
        if with_templates {
            message.templates();
        }
        let name = format!("{} {} {}", self.identity.probe, self.identity.site, self.identity.session);
        let mut record = Vec::new();
        let kind = message::statistics(self.domain, &name, &self.counted, &mut record);
        message.add(kind, &record);
        let records = message.records();
        let bytes = message.finish(clock::wall(), self.sequence, self.domain);
        self.link.send(&bytes)?;
        self.sent(records, bytes.len());
        Ok(())
    }

    fn flush(&mut self) -> Exported {
        if !self.open.is_empty() {
            let open = std::mem::replace(&mut self.open, IpfixMessage::new(self.most));
            self.queue(open);
        }
        self.send()
    }
}

impl Exporter for Ipfix {
    fn take(&mut self, record: &ExportRecord) -> Exported {
        match record {
            ExportRecord::Flows(flows) => each(flows.iter(), |flow| self.flow(flow)),
            ExportRecord::Snapshot(snapshot) => {
                self.counted.ignored_packets = snapshot.capture.losses.lost_packets();
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn tick(&mut self) -> Exported {
        self.flush()?;
        if self.link.is_open() && self.again.due() {
            // A datagram may have been lost; in a stream a template that comes again is a mistake (RFC 7011 section 8.1).
            return self.tell(!self.link.endpoint().is_stream());
        }
        Ok(())
    }

    fn finish(&mut self) -> Exported {
        self.link.hurry();
        self.flush()?;
        if self.link.is_open() { self.tell(!self.link.endpoint().is_stream()) } else { Ok(()) }
    }

    fn give_up(&mut self) {
        ExporterCounters::add(&self.counters.dropped, self.waiting.iter().fold(0u64, |sum, m| sum.saturating_add(m.records().into())));
        self.counters.waiting.store(0, Ordering::Relaxed);
    }
}
