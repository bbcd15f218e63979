//! What a dashboard's picture is held against: another capture, which is read while the dashboard runs.

use super::Snapshot;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// What is known of the capture that is compared with.
#[derive(Debug, Clone, Default)]
pub enum BaselineState {
    /// It is being read.
    #[default]
    Reading,
    /// Its picture.
    Known(Arc<Snapshot>),
    /// Why it could not be read.
    Failed(String),
}

/// The capture that is compared with.
#[derive(Debug, Default)]
pub struct Baseline {
    name: String,
    state: Mutex<BaselineState>,
    version: AtomicU64,
}

impl Baseline {
    /// One of a name that is not read yet.
    pub fn new(name: String) -> Self {
        Self { name, ..Self::default() }
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What is known of it.
    pub fn state(&self) -> BaselineState {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Tells what came of reading it.
    pub fn tell(&self, state: BaselineState) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = state;
        self.version.fetch_add(1, Ordering::Relaxed);
    }

    /// Another number when there is something new to see.
    pub fn version(&self) -> u64 {
        self.version.load(Ordering::Relaxed)
    }
}
