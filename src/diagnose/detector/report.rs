//! What a detector tells.

use crate::model::{Episode, Location, PathSide, ProvingPackets, Severity, Subject, Timestamp, Value};

/// What one judgement found about one subject.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// What it is about.
    pub subject: Subject,
    /// How much it matters.
    pub severity: Severity,
    /// One line.
    pub title: String,
    /// Names and values.
    pub evidence: Vec<(&'static str, Value)>,
    /// Why, where the numbers say more than the page.
    pub cause: Option<String>,
    /// What to change, where the numbers say more than the page.
    pub remedy: Option<String>,
    /// When it held, oldest first, where the evidence knows. Empty: of a live port, now; of a file, from its first packet to its last.
    pub held: Vec<Episode>,
    /// Where it happened, of what is located.
    pub location: Option<Location>,
    /// The half of the path, of what is located.
    pub side: Option<PathSide>,
    /// How many hosts suffer, where that is known.
    pub hosts: Option<u64>,
    /// Packets that prove it.
    pub packets: Vec<u64>,
    /// The VLAN that its subject is reached in, where that is known.
    pub vlan: Option<u16>,
    /// What it strikes besides, so that findings about that stand under it.
    pub covers: Vec<Subject>,
    /// It has ended: what was seen since shows it.
    pub is_over: bool,
    /// It holds as long as it is reported, however long ago it was seen last: what it rests on comes seldom, or says itself when it ends.
    pub lasts: bool,
}

impl Report {
    /// A report about the network that says no more than its page.
    pub fn new(severity: Severity, title: impl Into<String>, evidence: Vec<(&'static str, Value)>) -> Self {
        let title = title.into();
        Self {
            subject: Subject::Network,
            severity,
            title,
            evidence,
            cause: None,
            remedy: None,
            held: Vec::new(),
            location: None,
            side: None,
            hosts: None,
            packets: Vec::new(),
            vlan: None,
            covers: Vec::new(),
            is_over: false,
            lasts: false,
        }
    }

    /// About something particular.
    #[must_use]
    pub fn about(mut self, subject: Subject) -> Self {
        self.subject = subject;
        self
    }

    /// Where on the way of a packet.
    #[must_use]
    pub fn located(mut self, location: Location, side: Option<PathSide>) -> Self {
        (self.location, self.side) = (Some(location), side);
        self
    }

    /// So many hosts suffer.
    #[must_use]
    pub fn suffered_by(mut self, hosts: u64) -> Self {
        self.hosts = Some(hosts);
        self
    }

    /// With another number.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: Value) -> Self {
        self.evidence.push((name, value));
        self
    }

    /// Striking these as well.
    #[must_use]
    pub fn covering(mut self, subjects: Vec<Subject>) -> Self {
        self.covers = subjects;
        self
    }

    /// Ended, where that is so.
    #[must_use]
    pub fn over(mut self, is_over: bool) -> Self {
        self.is_over = is_over;
        self
    }

    /// Holding as long as it is reported.
    #[must_use]
    pub fn lasting(mut self) -> Self {
        self.lasts = true;
        self
    }

    /// With numbers of a stretch of so many seconds; 0: of everything.
    #[must_use]
    pub fn counted_within(self, seconds: f64) -> Self {
        if seconds > 0.0 { self.with("within", Value::Seconds(seconds)) } else { self }
    }

    /// When what it rests on was seen last, of one that ends by itself when nothing more is.
    pub fn last_seen(&self) -> Option<Timestamp> {
        self.held.last().map(|latest| latest.last).filter(|_| !self.lasts && !self.is_over)
    }

    /// Proved by these packets.
    #[must_use]
    pub fn proved_by(mut self, packets: &ProvingPackets) -> Self {
        self.packets = packets.numbers();
        self
    }

    /// In these times, oldest first.
    #[must_use]
    pub fn held(mut self, times: Vec<Episode>) -> Self {
        self.held = times;
        self
    }

    /// With a cause of its own.
    #[must_use]
    pub fn because(mut self, cause: impl Into<String>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// With a remedy of its own.
    #[must_use]
    pub fn mend(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }
}
