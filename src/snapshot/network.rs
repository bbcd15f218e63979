//! Services and the verdict on the network, as a snapshot shows them.

use crate::model::evidence::{ScanEvidence, ServiceWindow, Trouble};
use crate::model::units::{grouped, plural};
use crate::model::{Quantiles, ResponseBy, ServiceKey, Timestamp, Verdict};

/// What is thought of the network.
#[derive(Debug, Clone, PartialEq)]
pub struct Network {
    /// In one word; `unknown` while nothing was judged, and where the mirror shows too little to judge it.
    pub verdict: Verdict,
    /// Attempts to connect and requests that were judged.
    pub judged: u64,
    /// Of them those that failed, be it enough for a finding or not; `None` where the mirror does not show whether hosts answer.
    pub failed: Option<u64>,
    /// Of these the requests that the server refused: what was asked for, or the credentials; `None` as well.
    pub refused: Option<u64>,
    /// Connections that came about and broke; `None` as well.
    pub broken: Option<u64>,
    /// Requests over TCP that have waited for longer than users do, and do not count as failed yet.
    pub waiting: u64,
    /// The services that these are of, those with most first.
    pub failing: Vec<ServiceKey>,
    /// They surely are more than a healthy network has, or most of all that was judged: then nothing is good, found or not.
    pub is_failing: bool,
    /// Findings that the mirror cannot show, and why.
    pub not_judged: Vec<(&'static str, String)>,
    /// What users notice and cannot be told here.
    pub untold: Vec<NetworkMatter>,
    /// Attempts to connect and requests that waited for an answer when the capture ended, not long enough to have failed.
    pub open: u64,
    /// Attempts to connect that were not followed, for there were too many at a time.
    pub unfollowed: u64,
    /// Events of services and hosts beyond the caps.
    pub beyond: u64,
    /// Who tried port after port of whom lately, in a capture in all of it.
    pub sweeps: Vec<ScanEvidence>,
    /// Services that made room for others, so that what they did before is not shown any more.
    pub forgotten: u64,
}

impl Default for Network {
    fn default() -> Self {
        Self {
            verdict: Verdict::Unknown,
            judged: 0,
            failed: None,
            refused: None,
            broken: None,
            waiting: 0,
            failing: Vec::new(),
            is_failing: false,
            not_judged: Vec::new(),
            untold: Vec::new(),
            open: 0,
            unfollowed: 0,
            beyond: 0,
            sweeps: Vec::new(),
            forgotten: 0,
        }
    }
}

/// What users notice of a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NetworkMatter {
    /// Whether hosts and name servers answer.
    Answers,
    /// Whether packets are lost on the way.
    Loss,
    /// How long the way and the answers take.
    Times,
    /// Whether what was opened comes to its end.
    Failures,
}

impl NetworkMatter {
    /// Every one.
    pub const ALL: [Self; 4] = [Self::Answers, Self::Loss, Self::Times, Self::Failures];

    /// The word in reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Answers => "answers",
            Self::Loss => "loss",
            Self::Times => "times",
            Self::Failures => "failures",
        }
    }

    /// Whether it was judged: without any of the findings of answers or failures these are not known, of the others one is enough.
    pub fn is_judged(self, not_judged: &[(&'static str, String)]) -> bool {
        let is_missing = |id: &&str| not_judged.iter().any(|(missing, _)| missing == id);
        match self {
            Self::Answers => !["tcp.no_answer", "dns.unanswered"].iter().any(is_missing),
            Self::Loss => !["tcp.loss"].iter().all(is_missing),
            Self::Times => !["tcp.rtt", "dns.slow", "server.slow"].iter().all(is_missing),
            // Handshakes say nothing of what is refused in clear, nor the reverse.
            Self::Failures => !["tls.failing", "http.errors", "service.errors"].iter().any(is_missing),
        }
    }
}

impl Network {
    /// Whether everything that users notice was judged and is well; what was not measured is not.
    pub fn is_well(&self) -> bool {
        self.verdict == Verdict::Good && self.untold.is_empty()
    }

    /// What of [`NetworkMatter`] was judged, and what was not, in words.
    pub fn matters(&self) -> (String, String) {
        let (judged, not): (Vec<_>, Vec<_>) = NetworkMatter::ALL.into_iter().partition(|matter| !self.untold.contains(matter));
        let words = |of: Vec<NetworkMatter>| of.into_iter().map(NetworkMatter::word).collect::<Vec<_>>().join(", ");
        (words(judged), words(not))
    }

    /// What was not judged because there was too much of it, or too little time, in words; `None`: nothing.
    pub fn excess(&self) -> Option<String> {
        let of = |count: u64, one: &str, many: &str| match count {
            0 => None,
            1 => Some(format!("1 {one}")),
            n => Some(format!("{} {many}", grouped(n))),
        };
        let beyond = of(
            self.beyond,
            "event of a service or host for which there was no room",
            "events of services or hosts for which there was no room",
        );
        let unfollowed = of(self.unfollowed, "attempt or sighting too many at a time", "attempts and sightings too many at a time");
        let open = of(
            self.open,
            "attempt or request that waited when the capture ended",
            "attempts and requests that waited when the capture ended",
        );
        let words: Vec<String> = beyond.into_iter().chain(unfollowed).chain(open).collect();
        (!words.is_empty()).then(|| words.join(", "))
    }

    /// What was judged, in words.
    pub fn attempts(&self) -> String {
        match self.judged {
            1 => "1 attempt to connect or request".to_owned(),
            n => format!("{} attempts to connect and requests", grouped(n)),
        }
    }

    /// What failed or waits of `all` that was judged, in words; `None`: nothing.
    pub fn failures(&self, all: &str) -> Option<String> {
        let refused = self.refused.unwrap_or(0);
        let failed = self.failed.unwrap_or(0).saturating_sub(refused);
        let of_all = |n: u64| if self.judged == 1 { "the only one judged".to_owned() } else { format!("{} of {all}", grouped(n)) };
        let was = if refused == 1 { "was" } else { "were" };
        let failed = match (failed, refused) {
            (0, 0) => None,
            (0, n) => Some(format!("{} {was} refused by the server", of_all(n))),
            (n, 0) => Some(format!("{} failed", of_all(n))),
            (n, refused) => Some(format!("{} failed, {} {was} refused by the server", of_all(n), grouped(refused))),
        };
        let broken = self.broken.filter(|n| *n > 0).map(|n| format!("{} broke", plural(n, "connection")));
        let waiting = match self.waiting {
            0 => None,
            1 => Some("1 request waits".to_owned()),
            n => Some(format!("{} requests wait", grouped(n))),
        };
        let words: Vec<String> = failed.into_iter().chain(broken).chain(waiting).collect();
        let named: Vec<String> = self.failing.iter().take(Self::NAMED).map(ServiceKey::to_string).collect();
        let more = match self.failing.len().saturating_sub(Self::NAMED) as u64 {
            0 => String::new(),
            n => format!(" and {} more", grouped(n)),
        };
        (!words.is_empty()).then(|| format!("{}: {}{more}", words.join(", "), named.join(", ")))
    }

    /// Services that are named of those at which something failed.
    const NAMED: usize = 2;
}

/// A service since the beginning.
#[derive(Debug, Clone, PartialEq)]
pub struct Service {
    /// Which.
    pub key: ServiceKey,
    /// 0; of a row that stands for many: how many ports of the host somebody tried, in vain (see [`super::sweeps`]). Its own port is 0 then.
    pub ports: u32,
    /// Whether it did what somebody wanted of it: whoever refuses, or says nothing, need not be what its port means.
    pub is_used: bool,
    /// Whether requests are read of what is spoken; else 0 of them says nothing.
    pub reads_requests: bool,
    /// What is spoken, where content told.
    pub app: Option<&'static str>,
    /// What its port usually means.
    pub guess: Option<&'static str>,
    /// Whether the mirror shows whether hosts answer: else what was not answered has not failed, for all that is known.
    pub shows_answers: bool,
    /// What happened to its clients.
    pub counts: ServiceWindow,
    /// From requests to their answers, seconds.
    pub response: Option<Quantiles>,
    /// What these are measured by.
    pub response_by: Option<ResponseBy>,
    /// From SYNs to their answers: the network between the mirrored port and the server, seconds.
    pub network: Option<Quantiles>,
    /// From SYN-ACKs to their acknowledgement: the network between the mirrored port and the client, seconds.
    pub client_network: Option<Quantiles>,
    /// Requests over TCP that have waited for longer than users do, and do not count as unanswered yet.
    pub waiting: u64,
    /// The latest event.
    pub last: Timestamp,
    /// What happened in the last minute, on a port that goes on: what findings rest on.
    pub lately: Option<Box<ServiceWindow>>,
}

impl Service {
    /// The same with the numbers of the last minute, where they are known.
    pub fn show_lately(&mut self) {
        let Some(minute) = self.lately.take() else { return };
        // What is measured by handshakes alone is a distance, and holds.
        if self.response_by != Some(ResponseBy::Handshakes) {
            self.response = minute.response;
        }
        self.counts = *minute;
    }

    /// What nothing shows but that no answer was seen.
    const UNSEEN: [Trouble; 6] =
        [Trouble::NoAnswer, Trouble::HalfOpen, Trouble::Untaken, Trouble::TlsFailed, Trouble::Hung, Trouble::Unanswered];

    /// Attempts, connections and requests that did not succeed.
    const CONNECTIONS: [Trouble; 3] = [Trouble::NoAnswer, Trouble::Refused, Trouble::HalfOpen];
    const BROKEN: [Trouble; 3] = [Trouble::Cut, Trouble::TlsFailed, Trouble::Hung];
    const REQUESTS: [Trouble; 4] = [Trouble::Error, Trouble::Rejected, Trouble::Denied, Trouble::Unanswered];

    /// How often something went wrong; `None` where the mirror may not show that it did not.
    pub fn judged(&self, trouble: Trouble) -> Option<u64> {
        (self.shows_answers || !Self::UNSEEN.contains(&trouble)).then(|| self.counts.trouble(trouble).count)
    }

    /// The same, nothing where it is not known.
    pub fn trouble(&self, trouble: Trouble) -> u64 {
        self.judged(trouble).unwrap_or(0)
    }

    /// Attempts to connect and requests.
    pub fn uses(&self) -> u64 {
        self.counts.attempts.saturating_add(self.counts.requests)
    }

    /// Attempts to connect that failed: refused, answered by nothing, or never acknowledged. No more than the attempts.
    pub fn failed_connections(&self) -> u64 {
        self.sum(&Self::CONNECTIONS)
    }

    /// Connections that came about and broke: cut while somebody waited, of no use as their TLS handshake failed, or without an answer any more.
    pub fn broken_connections(&self) -> u64 {
        self.sum(&Self::BROKEN)
    }

    /// Requests that were answered by an error or a refusal, or not at all. No more than the requests.
    pub fn failed_requests(&self) -> u64 {
        self.sum(&Self::REQUESTS)
    }

    /// Attempts, connections and requests that would have failed as well if the mirror showed whether they were answered.
    pub fn unjudged(&self) -> [u64; 3] {
        [&Self::CONNECTIONS[..], &Self::BROKEN, &Self::REQUESTS].map(|troubles| {
            let unknown = troubles.iter().filter(|trouble| self.judged(**trouble).is_none());
            unknown.fold(0u64, |sum, trouble| sum.saturating_add(self.counts.trouble(*trouble).count))
        })
    }

    /// Requests that wait for longer than users do; `None` where the mirror may not show that they were answered.
    pub fn judged_waiting(&self) -> Option<u64> {
        self.shows_answers.then_some(self.waiting)
    }

    /// What failed of [`Self::uses`].
    pub fn failures(&self) -> u64 {
        self.failed_connections().saturating_add(self.failed_requests())
    }

    /// What failed of what, and what is not judged of it, in words; `None`: nothing.
    pub fn failed_words(&self) -> Option<String> {
        let of = |failed: u64, all: u64, what: &str| (failed > 0).then(|| format!("{} of {} failed", grouped(failed), plural(all, what)));
        let broken = self.broken_connections();
        let unjudged = self.unjudged().into_iter().fold(0u64, u64::saturating_add);
        let words: Vec<String> = [
            of(self.failed_connections(), self.counts.attempts, "connection"),
            (broken > 0).then(|| format!("{} broke", plural(broken, "connection"))),
            of(self.failed_requests(), self.counts.requests, "request"),
            (unjudged > 0).then(|| format!("{} not judged, for the mirror may not show answers", grouped(unjudged))),
        ]
        .into_iter()
        .flatten()
        .collect();
        (!words.is_empty()).then(|| words.join(", "))
    }

    fn sum(&self, troubles: &[Trouble]) -> u64 {
        troubles.iter().fold(0, |sum, trouble| sum.saturating_add(self.trouble(*trouble)))
    }

    /// Everything that went wrong, of whatever: attempts, connections and requests.
    pub fn errors(&self) -> u64 {
        self.failures().saturating_add(self.broken_connections())
    }

    /// Requests that were answered by an error, whosever fault it says it is.
    pub fn error_answers(&self) -> u64 {
        self.trouble(Trouble::Error).saturating_add(self.trouble(Trouble::Rejected))
    }
}
