//! Exporters that send findings one by one: those that wait, in order, and what became of each.

use super::{ExportRecord, Exported, Exporter, ExporterCounters, FindingNews};
use crate::model::limits::EXPORT_WAITING_FINDINGS;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// What became of a message.
pub(super) enum Delivery {
    /// The receiver has it.
    Sent,
    /// The receiver will not take it the next time either, for this reason.
    Refused(String),
    /// It is not the time to send.
    Later,
}

/// Sends messages about findings to one receiver.
pub(super) trait FindingSender: Send {
    /// What is sent.
    type Message: Send;

    /// What is said of a finding.
    fn message(&mut self, news: &FindingNews) -> Self::Message;

    /// Sends a message.
    ///
    /// # Errors
    /// Why it could not be sent: it is tried again.
    fn send(&mut self, message: &Self::Message) -> Result<Delivery, String>;

    /// Tries at once what would be tried later.
    fn hurry(&mut self);
}

/// An exporter of findings, which wait in a queue until they are sent. Where it is full the oldest one is dropped, and counted.
pub(super) struct FindingExporter<S: FindingSender> {
    counters: Arc<ExporterCounters>,
    sender: S,
    waiting: VecDeque<S::Message>,
}

impl<S: FindingSender> FindingExporter<S> {
    /// One that sends by `sender`.
    pub fn new(counters: Arc<ExporterCounters>, sender: S) -> Self {
        Self { counters, sender, waiting: VecDeque::new() }
    }

    fn queue(&mut self, news: &FindingNews) {
        self.waiting.push_back(self.sender.message(news));
        if self.waiting.len() > EXPORT_WAITING_FINDINGS {
            self.waiting.pop_front();
            ExporterCounters::add(&self.counters.dropped, 1);
        }
    }

    fn send(&mut self) -> Exported {
        // Sending may take its time.
        self.tell_waiting();
        let outcome = self.send_waiting();
        self.tell_waiting();
        outcome
    }

    fn tell_waiting(&self) {
        self.counters.waiting.store(self.waiting.len() as u64, Ordering::Relaxed);
    }

    fn send_waiting(&mut self) -> Exported {
        let mut outcome = Ok(());
        while let Some(message) = self.waiting.front() {
            match self.sender.send(message)? {
                Delivery::Sent => ExporterCounters::add(&self.counters.exported, 1),
                Delivery::Refused(why) => {
                    ExporterCounters::add(&self.counters.dropped, 1);
                    outcome = Err(why);
                }
                Delivery::Later => break,
            }
            self.waiting.pop_front();
        }
        outcome
    }
}

impl<S: FindingSender> Exporter for FindingExporter<S> {
    fn take(&mut self, record: &ExportRecord) -> Exported {
        let ExportRecord::Findings(news) = record else { return Ok(()) };
        news.iter().for_each(|news| self.queue(news));
        self.send()
    }

    fn tick(&mut self) -> Exported {
        self.send()
    }

    fn finish(&mut self) -> Exported {
        self.sender.hurry();
        self.send()
    }

    fn give_up(&mut self) {
        ExporterCounters::add(&self.counters.dropped, self.waiting.len() as u64);
        self.counters.waiting.store(0, Ordering::Relaxed);
    }
}
