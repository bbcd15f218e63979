//! What exporters are handed.

use super::FindingNews;
use crate::model::{NetworkEvent, RequestWords};
use crate::snapshot::tables::closed_flows::ClosedFlow;
use crate::snapshot::{Sample, Snapshot};
use std::sync::Arc;

/// One record for an exporter. Cloning shares what is in it.
#[derive(Debug, Clone)]
pub enum ExportRecord {
    /// A load interval has ended.
    Interval(Sample),
    /// Conversations were closed.
    Flows(Arc<[ClosedFlow]>),
    /// What applications said: requests that were answered or given up, TLS handshakes.
    Events(Arc<[NetworkEvent]>),
    /// What requests said, before the events that tell what became of them.
    Words(Arc<[RequestWords]>),
    /// Findings came, changed or cleared.
    Findings(Arc<[FindingNews]>),
    /// A snapshot was taken. An exporter that has not taken the one before gets the newer one only.
    Snapshot(Arc<Snapshot>),
    /// Everything counted so far was forgotten.
    Reset,
}

impl ExportRecord {
    /// How many rows are lost with it.
    pub fn rows(&self) -> u64 {
        match self {
            ExportRecord::Flows(flows) => flows.len() as u64,
            ExportRecord::Events(said) => said.len() as u64,
            ExportRecord::Words(words) => words.len() as u64,
            ExportRecord::Findings(news) => news.len() as u64,
            ExportRecord::Interval(_) | ExportRecord::Snapshot(_) | ExportRecord::Reset => 1,
        }
    }
}
