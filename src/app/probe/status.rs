//! How a probe is: for a person, a health check, an orchestrator.

use crate::export::{ExportBoard, Identity, WebPage};
use crate::record::RingStatus;
use crate::snapshot::Snapshot;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Ports and files that are told of: a probe has a handful, a directory of captures may have thousands.
const SOURCES: usize = 64;

/// What is known of a probe that runs.
pub struct ProbeStatus {
    identity: Identity,
    board: Arc<ExportBoard>,
    latest: Mutex<Option<Arc<Snapshot>>>,
    ring: Mutex<Option<Arc<RingStatus>>>,
    /// Whether packets are looked at: the engine answers.
    is_alive: AtomicBool,
}

impl ProbeStatus {
    /// Of a probe that has not begun.
    pub fn new(identity: Identity, board: Arc<ExportBoard>) -> Self {
        Self { identity, board, latest: Mutex::default(), ring: Mutex::default(), is_alive: AtomicBool::new(false) }
    }

    /// It writes a ring.
    pub fn set_ring(&self, ring: Option<Arc<RingStatus>>) {
        *self.ring.lock().unwrap_or_else(PoisonError::into_inner) = ring;
    }

    /// The ring that it writes.
    pub fn ring(&self) -> Option<Arc<RingStatus>> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What it has counted by now, and whether it goes on.
    pub fn set(&self, snapshot: Arc<Snapshot>, is_alive: bool) {
        *self.latest.lock().unwrap_or_else(PoisonError::into_inner) = Some(snapshot);
        self.is_alive.store(is_alive, Ordering::Relaxed);
    }

    /// All of it.
    pub fn value(&self) -> Value {
        let latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let ring = self.ring.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let ring = ring.map(|ring| json!({ "written": ring.written(), "lost": ring.lost(), "trouble": ring.trouble() }));
        let sources = latest.as_deref().map_or(&[][..], |s| &s.capture.sources);
        let sources: Vec<Value> = sources
            .iter()
            .take(SOURCES)
            .map(|source| json!({ "name": source.name, "looked_at": !source.is_away, "trouble": source.warning }))
            .collect();
        let counted = latest.map(|s| {
            json!({
                "packets": s.stats.total.packets,
                "wire_bytes": s.stats.total.wire_bytes,
                "bits_per_second": if s.recent_seconds > 0.0 { s.stats.recent.wire_bytes as f64 * 8.0 / s.recent_seconds } else { 0.0 },
                "losses": s.capture.losses,
                "verdict": s.mirror.trust.verdict.token(),
                "findings": s.diagnosis.findings.iter().filter(|f| f.active).count(),
                "now": s.now.to_string(),
            })
        });
        json!({
            "version": env!("CARGO_PKG_VERSION"),
            "identity": self.identity,
            "alive": self.is_alive.load(Ordering::Relaxed),
            "sources": sources,
            "capture": counted,
            "exporters": self.board.states(),
            "records_lost": self.board.subscription_lost(),
            "ring": ring,
        })
    }

    /// Why packets are not looked at, or not those of every port; `None`: they are.
    fn blind(&self) -> Option<String> {
        if !self.is_alive.load(Ordering::Relaxed) {
            return Some("not capturing".into());
        }
        let latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner).clone()?;
        let away: Vec<&str> =
            latest.capture.sources.iter().filter(|s| s.is_away).map(|s| s.warning.as_deref().unwrap_or(&s.name)).collect();
        (!away.is_empty()).then(|| format!("not capturing: {}", away.join("; ")))
    }

    /// A page of it.
    pub fn page(&self, path: &str) -> WebPage {
        match path {
            "/healthz" => match self.blind() {
                None => WebPage { status: 200, kind: "text/plain", text: "ok\n".into() },
                Some(reason) => WebPage { status: 503, kind: "text/plain", text: format!("{reason}\n") },
            },
            "/status" => WebPage { status: 200, kind: "application/json", text: format!("{}\n", self.value()) },
            _ => WebPage::missing(),
        }
    }
}
