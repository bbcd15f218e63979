//! What is wrong and why: findings, with the evidence behind them.

use super::sum::Sum;
use super::{Subject, Timestamp, limits, units};
use std::fmt;

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing.
    Note,
    /// Numbers or services suffer.
    Warning,
    /// Numbers cannot be believed, or a service is down.
    Critical,
}

impl Severity {
    /// The words of all, the worst first.
    pub const TOKENS: [&str; 3] = [Severity::Critical.token(), Severity::Warning.token(), Severity::Note.token()];

    /// A sign that reads without colour; none of them is that of what is good, `●`.
    pub fn sign(self) -> &'static str {
        match self {
            Severity::Note => "◇",
            Severity::Warning => "▲",
            Severity::Critical => "✖",
        }
    }

    /// Its word in reports.
    pub const fn token(self) -> &'static str {
        match self {
            Severity::Note => "note",
            Severity::Warning => "warning",
            Severity::Critical => "critical",
        }
    }
}

/// A value in a finding's evidence, in its unit.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A count of things.
    Count(u64),
    /// A count of things of which there were more than are told apart.
    AtLeast(u64),
    /// A share, 0 to 1.
    Share(f64),
    /// A number without a unit, such as a factor.
    Number(f64),
    /// A time in seconds.
    Seconds(f64),
    /// A rate in bits per second.
    BitsPerSecond(f64),
    /// An amount of bytes.
    Bytes(u64),
    /// A point in time.
    Time(Timestamp),
    /// Words, names, addresses.
    Text(String),
}

/// For reading, with its unit.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Count(n) => f.write_str(&units::grouped(*n)),
            Value::AtLeast(n) => write!(f, "at least {}", units::grouped(*n)),
            Value::Share(x) => f.write_str(&units::percent(*x)),
            Value::Number(x) if x.fract() == 0.0 && x.abs() < 1e15 => write!(f, "{x:.0}"),
            Value::Number(x) => write!(f, "{x:.3}"),
            Value::Seconds(x) => f.write_str(&units::duration(*x)),
            Value::BitsPerSecond(x) => f.write_str(&units::bits_per_second(*x)),
            Value::Bytes(n) => write!(f, "{} bytes", units::grouped(*n)),
            Value::Time(at) => f.write_str(&at.utc()),
            Value::Text(text) => f.write_str(text),
        }
    }
}

/// The name of a value for reading: words apart, without the unit that the value shows itself.
pub fn evidence_name(name: &str, value: &Value) -> String {
    let unit = match value {
        Value::Seconds(_) if name == "grain_seconds" => return "clock resolution".into(),
        Value::Seconds(_) => "_seconds",
        Value::BitsPerSecond(_) if name == "bits_per_second" => return "rate".into(),
        Value::BitsPerSecond(_) => "_bits_per_second",
        _ => "",
    };
    match name.strip_suffix(unit).unwrap_or(name) {
        "bad" => "failed".into(),
        "n" => "out of".into(),
        "p50" => "median".into(),
        "p95" => "95 % below".into(),
        "p99" => "99 % below".into(),
        "share_low" => "share at least".into(),
        "share_high" => "share at most".into(),
        other => other.replace('_', " "),
    }
}

/// A time in which a finding held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Episode {
    /// When it began, packet time.
    pub first: Timestamp,
    /// When it last held, packet time.
    pub last: Timestamp,
}

impl Episode {
    /// A moment.
    pub fn at(time: Timestamp) -> Self {
        Self { first: time, last: time }
    }

    /// From the beginning of the one that began first to the end of the one that ended last.
    #[must_use]
    pub fn joined(self, other: Self) -> Self {
        Self { first: self.first.min(other.first), last: self.last.max(other.last) }
    }

    /// The same of what there is.
    pub fn of_both(one: Option<Self>, other: Option<Self>) -> Option<Self> {
        one.zip(other).map(|(one, other)| one.joined(other)).or(one).or(other)
    }
}

/// From the first to the last time that something was seen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SeenAt(Option<Episode>);

impl SeenAt {
    /// Notes that it was seen.
    #[inline]
    pub fn note(&mut self, time: Timestamp) {
        self.during(Episode::at(time));
    }

    /// Notes that it was seen from then to then.
    #[inline]
    pub fn during(&mut self, span: Episode) {
        self.0 = Episode::of_both(self.0, Some(span));
    }

    /// When that was; nothing where it was not.
    pub fn episodes(self) -> Vec<Episode> {
        self.0.into_iter().collect()
    }
}

/// Told over the whole time.
impl Sum for SeenAt {
    fn merge(&mut self, other: &Self) {
        other.0.into_iter().for_each(|span| self.during(span));
    }

    fn since(&self, _: &Self) -> Self {
        *self
    }
}

/// The half of the path, seen from where the mirror copies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PathSide {
    /// Between the client and the mirrored port.
    Client,
    /// Between the mirrored port and the server.
    Server,
}

impl PathSide {
    /// The words of both.
    pub const TOKENS: [&str; 2] = [PathSide::Client.token(), PathSide::Server.token()];

    /// The word in reports.
    pub const fn token(self) -> &'static str {
        match self {
            PathSide::Client => "client",
            PathSide::Server => "server",
        }
    }
}

/// Where on its way a packet was lost or delayed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Location {
    /// Before it passed the mirrored port.
    BeforeMirror,
    /// After it had passed.
    BeyondMirror,
}

impl Location {
    /// The words of both.
    pub const TOKENS: [&str; 2] = [Location::BeforeMirror.token(), Location::BeyondMirror.token()];

    /// The word in reports.
    pub const fn token(self) -> &'static str {
        match self {
            Location::BeforeMirror => "before_mirror",
            Location::BeyondMirror => "beyond_mirror",
        }
    }
}

/// The key of a finding that explains another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Explained {
    /// Its identifier.
    pub id: &'static str,
    /// What it is about.
    pub subject: Subject,
}

/// Something that was found, with what it was found by. Its key is ([`Finding::id`], [`Finding::subject`]).
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// Stable identifier, such as `dup.every`: what `spantop explain` takes.
    pub id: &'static str,
    /// What it is about.
    pub subject: Subject,
    /// How much it matters.
    pub severity: Severity,
    /// One line a tired person understands.
    pub title: String,
    /// The half of the path, of what is located.
    pub side: Option<PathSide>,
    /// Where it happened, of what is located.
    pub location: Option<Location>,
    /// Names and values, in reading order.
    pub evidence: Vec<(&'static str, Value)>,
    /// Why it happens, most likely.
    pub cause: String,
    /// What to change, on the switch or on this host; the vendor's command where the vendor is known.
    pub remedy: String,
    /// What else it could be.
    pub lookalikes: String,
    /// When the current episode, or the latest one, began; packet time.
    pub first: Timestamp,
    /// When the current episode, or the latest one, last held; packet time.
    pub last: Timestamp,
    /// The times in which it held, oldest first, at most [`limits::EPISODES`]; the last of them is `first` to `last`.
    pub episodes: Vec<Episode>,
    /// Older episodes that are not listed any more.
    pub forgotten_episodes: u64,
    /// Identifiers of active findings that this one explains.
    pub cause_of: Vec<&'static str>,
    /// The finding that this one follows from, and stands under.
    pub explained_by: Option<Explained>,
    /// How many hosts suffer, where that is known.
    pub hosts: Option<u64>,
    /// Frame numbers, from 1, of packets that prove it; at most [`limits::PROVING_PACKETS`].
    pub packets: Vec<u64>,
    /// The VLAN that its subject is reached in, where that is known. Not told by itself.
    pub vlan: Option<u16>,
    /// What it strikes besides its subject: findings about that stand under it. Not told by itself.
    pub covers: Vec<Subject>,
    /// Whether it still holds (a finding that cleared stays listed).
    pub active: bool,
}

impl Finding {
    /// What it is called where there is no room for its title: its id and what it is about.
    pub fn named(&self) -> String {
        match self.subject {
            Subject::Network => self.id.to_owned(),
            subject => format!("{} ({subject})", self.id),
        }
    }

    /// An active finding about the network, without evidence, cause or remedy, that held at one moment.
    pub fn new(id: &'static str, severity: Severity, title: impl Into<String>, at: Timestamp) -> Self {
        Self {
            id,
            subject: Subject::Network,
            severity,
            title: title.into(),
            side: None,
            location: None,
            evidence: Vec::new(),
            cause: String::new(),
            remedy: String::new(),
            lookalikes: String::new(),
            first: at,
            last: at,
            episodes: vec![Episode::at(at)],
            forgotten_episodes: 0,
            cause_of: Vec::new(),
            explained_by: None,
            hosts: None,
            packets: Vec::new(),
            vlan: None,
            covers: Vec::new(),
            active: true,
        }
    }

    /// Keeps its times within those of the packets: a stretch that was looked at may begin before the first of them.
    pub fn within(&mut self, packets: Episode) {
        let within = |time: Timestamp| time.min(packets.last).max(packets.first);
        (self.first, self.last) = (within(self.first), within(self.last));
        for episode in &mut self.episodes {
            *episode = Episode { first: within(episode.first), last: within(episode.last) };
        }
    }

    /// What else is known of it, in short sentences: what it is about, where it was, who suffers, what it explains, when it was seen before,
    /// which packets prove it.
    pub fn remarks(&self) -> Vec<String> {
        let mut out = Vec::new();
        if self.subject != Subject::Network {
            out.push(format!("about {}", self.subject));
        }
        if let Some(side) = self.side {
            out.push(format!("on the {}'s side", side.token()));
        }
        if let Some(location) = self.location {
            out.push(location.token().replace('_', " the "));
        }
        match self.hosts {
            Some(1) => out.push("1 host suffers".into()),
            Some(n) => out.push(format!("{} hosts suffer", units::grouped(n))),
            None => {}
        }
        if !self.cause_of.is_empty() {
            out.push(format!("explains {}", self.cause_of.join(", ")));
        }
        if let Some(by) = &self.explained_by {
            out.push(format!("follows from {}, {}", by.id, by.subject));
        }
        match (self.episodes.len() as u64).saturating_sub(1).saturating_add(self.forgotten_episodes) {
            0 => {}
            1 => out.push("held once before".into()),
            n => out.push(format!("held {} times before", units::grouped(n))),
        }
        if !self.packets.is_empty() {
            let numbers: Vec<String> = self.packets.iter().map(|n| units::grouped(*n)).collect();
            out.push(format!("proved by packets {}", numbers.join(", ")));
        }
        out
    }

    /// Sets when it held, oldest first; without any times it keeps those it has. The oldest beyond the cap are counted only.
    #[must_use]
    pub fn held(mut self, mut episodes: Vec<Episode>) -> Self {
        let surplus = episodes.len().saturating_sub(limits::EPISODES);
        self.forgotten_episodes = self.forgotten_episodes.saturating_add(surplus as u64);
        episodes.drain(..surplus);
        if let Some(latest) = episodes.last() {
            (self.first, self.last) = (latest.first, latest.last);
            self.episodes = episodes;
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_times_lie_within_those_of_the_packets() {
        let at = |s: i64| Timestamp(s * 1_000_000_000);
        let mut finding = Finding::new("dhcp.exhausted", Severity::Note, "", at(90));
        (finding.first, finding.episodes) = (at(0), vec![Episode { first: at(0), last: at(70) }, Episode { first: at(75), last: at(90) }]);
        finding.within(Episode { first: at(60), last: at(80) });
        assert_eq!((finding.first, finding.last), (at(60), at(80)));
        assert_eq!(finding.episodes, [Episode { first: at(60), last: at(70) }, Episode { first: at(75), last: at(80) }]);
    }

    #[test]
    fn values_are_read_with_their_unit() {
        let values = [
            (Value::Count(1_200), "1,200"),
            (Value::Share(0.021), "2.1 %"),
            (Value::Number(2.0), "2"),
            (Value::Seconds(0.25), "250.0 ms"),
            (Value::BitsPerSecond(1e8), "100 Mb/s"),
            (Value::Bytes(1_408), "1,408 bytes"),
            (Value::AtLeast(1_200), "at least 1,200"),
            (Value::Time(Timestamp(1_700_000_025_050_000_000)), "2023-11-14 22:13:45.050 UTC"),
        ];
        for (value, text) in values {
            assert_eq!(value.to_string(), text);
        }
        assert_eq!(evidence_name("p95_seconds", &Value::Seconds(1.0)), "95 % below");
        assert_eq!(evidence_name("bits_per_second", &Value::BitsPerSecond(1.0)), "rate");
        assert_eq!(evidence_name("lone_answers", &Value::Share(0.1)), "lone answers");
    }

    #[test]
    fn a_finding_says_what_else_is_known() {
        let plain = Finding::new("dup.every", Severity::Note, "", Timestamp(0));
        assert_eq!(plain.remarks(), [""; 0]);
        let located = Finding {
            subject: Subject::Vlan(10),
            side: Some(PathSide::Server),
            location: Some(Location::BeyondMirror),
            hosts: Some(14),
            cause_of: vec!["span.size"],
            packets: vec![7, 1_009],
            ..plain
        };
        let times = (0..limits::EPISODES as i64 + 2).map(|n| Episode::at(Timestamp(n))).collect();
        let want = [
            "about VLAN 10",
            "on the server's side",
            "beyond the mirror",
            "14 hosts suffer",
            "explains span.size",
            "held 33 times before",
            "proved by packets 7, 1,009",
        ];
        assert_eq!(located.held(times).remarks(), want);
    }
}
