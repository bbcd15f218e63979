//! The host the program runs on, looked at about once a second beside the packets: a driver that takes its time to answer holds
//! nobody up.

use crate::capture::host::{FactsReader, HostProbe};
use crate::model::HostFacts;
use crossbeam_channel::{RecvTimeoutError, Sender, bounded};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// Time between two readings.
const EVERY: Duration = Duration::from_secs(1);

/// On a screen counters cover this long, so that what was mended clears; a report covers everything.
const WINDOW: Duration = Duration::from_secs(60);

/// The newest facts, and who brings them up to date.
#[derive(Default)]
pub struct HostWatch {
    shared: Option<Arc<Shared>>,
    /// Its end ends the thread.
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    reader: Mutex<FactsReader>,
    latest: Mutex<Arc<[HostFacts]>>,
}

impl Shared {
    fn read(&self) {
        let facts = self.reader.lock().unwrap_or_else(PoisonError::into_inner).read();
        *self.latest.lock().unwrap_or_else(PoisonError::into_inner) = facts.into();
    }
}

impl HostWatch {
    /// Reads once, so that counting begins now, and then again and again. Without a probe (files) nothing is known.
    ///
    /// # Errors
    /// When the system refuses a thread.
    pub fn start(probe: Option<&HostProbe>, watched: bool) -> std::io::Result<Self> {
        let Some(probe) = probe else { return Ok(Self::default()) };
        let reader = FactsReader::new(probe, watched.then_some(WINDOW));
        let shared = Arc::new(Shared { reader: Mutex::new(reader), latest: Mutex::new(Arc::new([])) });
        shared.read();
        let (stop, stopped) = bounded::<()>(0);
        let thread = std::thread::Builder::new().name("host".into()).spawn({
            let shared = Arc::clone(&shared);
            move || {
                while stopped.recv_timeout(EVERY) == Err(RecvTimeoutError::Timeout) {
                    shared.read();
                }
            }
        })?;
        Ok(Self { shared: Some(shared), stop: Some(stop), thread: Some(thread) })
    }

    /// The facts; `fresh`: as they are at this moment.
    pub fn facts(&self, fresh: bool) -> Arc<[HostFacts]> {
        let Some(shared) = &self.shared else { return Arc::new([]) };
        if fresh {
            shared.reader.lock().unwrap_or_else(PoisonError::into_inner).hurry();
            shared.read();
        }
        Arc::clone(&shared.latest.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Counts anew.
    pub fn forget(&self) {
        if let Some(shared) = &self.shared {
            shared.reader.lock().unwrap_or_else(PoisonError::into_inner).forget();
            shared.read();
        }
    }
}

impl Drop for HostWatch {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_have_no_host() {
        let watch = HostWatch::start(None, true).unwrap();
        watch.forget();
        assert!(watch.facts(true).is_empty());
    }
}
