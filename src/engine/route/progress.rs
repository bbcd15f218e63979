//! How far a router has come, for who waits for it.

use crate::model::{SourceInfo, read_of};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// What others may know of a router that runs.
#[derive(Debug, Default)]
pub struct RouterProgress {
    /// Number of the newest snapshot that has come.
    pub answered: AtomicU64,
    /// How much of the source has been read, in thousandths, and one; 0: nobody knows.
    read: AtomicU64,
    /// No packet of a port is taken any more: whoever gets records has time.
    pub is_over: Arc<AtomicBool>,
}

impl RouterProgress {
    /// How much of the source has been read, 0 to 1, where that is known.
    pub fn read(&self) -> Option<f64> {
        self.read.load(Ordering::Relaxed).checked_sub(1).map(|thousandths| thousandths as f64 / 1e3)
    }

    /// Notes how much has been read of sources.
    pub fn note(&self, infos: &[SourceInfo]) {
        let thousandths = read_of(infos).map_or(0, |share| (share * 1e3) as u64 + 1);
        self.read.store(thousandths, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_much_was_read_is_told_where_it_is_known() {
        let progress = RouterProgress::default();
        assert_eq!(progress.read(), None);
        let source = |progress| SourceInfo { progress, ..SourceInfo::default() };
        for (sources, read) in [
            (vec![source(Some(0.0))], Some(0.0)),
            (vec![source(Some(0.5)), source(Some(1.0))], Some(0.75)),
            (vec![source(Some(1.0)), source(None)], Some(1.0)),
            (vec![source(None)], None),
        ] {
            progress.note(&sources);
            assert_eq!(progress.read(), read);
        }
    }
}
