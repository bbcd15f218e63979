//! Threads that begin before the sources are open, with all rights, and lose them when the others do.
//!
//! A thread of root's may not do so earlier by itself: the C library ends a process in which one thread may change the user and another may not.

use super::system;
use crossbeam_channel::{Receiver, Sender, bounded};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How long a thread is waited for.
const PATIENCE: Duration = Duration::from_secs(2);

/// Such a thread, for whoever gives up rights.
#[derive(Debug, Clone)]
pub struct EarlyThread {
    name: &'static str,
    asked: Arc<AtomicBool>,
    wake: fn(),
    answers: Receiver<Vec<String>>,
}

/// The same, for the thread itself.
#[derive(Debug)]
pub struct EarlyRights {
    asked: Arc<AtomicBool>,
    answer: Sender<Vec<String>>,
}

impl EarlyThread {
    /// A thread of that name, which `wake` has look whether it is [asked](EarlyRights::woken).
    pub fn new(name: &'static str, wake: fn()) -> (Self, EarlyRights) {
        let (answer, answers) = bounded(1);
        let asked = Arc::<AtomicBool>::default();
        (Self { name, asked: Arc::clone(&asked), wake, answers }, EarlyRights { asked, answer })
    }

    /// Has the thread give up its rights, and says what was refused.
    pub fn give_up(&self) -> Vec<String> {
        self.asked.store(true, Ordering::Relaxed);
        (self.wake)();
        self.answers.recv_timeout(PATIENCE).unwrap_or_else(|_| vec![format!("those of the thread {}, which does not answer", self.name)])
    }
}

impl EarlyRights {
    /// Gives up what may be given up at once.
    pub fn begin(&self) {
        system::give_up_early();
    }

    /// Gives up the rest, where that was asked for.
    pub fn woken(&self) {
        if self.asked.swap(false, Ordering::Relaxed) {
            let _ = self.answer.send(system::give_up_late());
        }
    }
}
