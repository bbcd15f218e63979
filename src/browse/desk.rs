//! What a screen that asks and a thread that answers share: the last question counts.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Questions and answers `D` between a screen, which waits for a moment at most, and one thread, which ends when the desk is closed.
#[derive(Debug, Default)]
pub struct QuestionDesk<D> {
    held: Mutex<D>,
    asked: Condvar,
    answered: Condvar,
    version: AtomicU64,
    closed: AtomicBool,
}

impl<D> QuestionDesk<D> {
    /// Questions and answers, for one side at a time.
    pub fn lock(&self) -> MutexGuard<'_, D> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes the thread: something was asked.
    pub fn ask(&self) {
        self.asked.notify_all();
    }

    /// Waits until something is asked, or for so long.
    pub fn wait_for_question<'a>(&self, held: MutexGuard<'a, D>, at_most: Duration) -> MutexGuard<'a, D> {
        self.asked.wait_timeout(held, at_most).unwrap_or_else(PoisonError::into_inner).0
    }

    /// Wakes the screen: something was answered.
    pub fn answer(&self) {
        self.answered.notify_all();
    }

    /// Waits until `is_open` is no longer so, or for so long.
    pub fn wait_for_answer<'a>(
        &self,
        held: MutexGuard<'a, D>,
        at_most: Duration,
        is_open: impl FnMut(&mut D) -> bool,
    ) -> MutexGuard<'a, D> {
        self.answered.wait_timeout_while(held, at_most, is_open).unwrap_or_else(PoisonError::into_inner).0
    }

    /// Tells that there is something else to be shown.
    pub fn renew(&self) {
        self.version.fetch_add(1, Ordering::Relaxed);
    }

    /// Changes when there is something else to be shown.
    pub fn version(&self) -> u64 {
        self.version.load(Ordering::Relaxed)
    }

    /// Ends the thread.
    pub fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
        self.ask();
    }

    /// Whether the thread is to end.
    pub fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }
}
