//! The words of a comparison: what differs, by what measure, and which way.

use crate::model::Subject;

/// What a difference is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ChangeKind {
    /// A finding.
    Finding,
    /// The capture as a whole.
    Load,
    /// What listens at a port.
    Service,
    /// A network address.
    Host,
    /// A link layer address.
    Station,
    /// A path of protocols.
    Protocol,
    /// A VLAN.
    Vlan,
}

impl ChangeKind {
    /// Every kind, in the order in which a comparison tells them.
    pub const ALL: [Self; 7] = [Self::Finding, Self::Load, Self::Service, Self::Host, Self::Station, Self::Protocol, Self::Vlan];

    /// The word for programs.
    pub fn token(self) -> &'static str {
        match self {
            Self::Finding => "finding",
            Self::Load => "load",
            Self::Service => "service",
            Self::Host => "host",
            Self::Station => "station",
            Self::Protocol => "protocol",
            Self::Vlan => "vlan",
        }
    }

    /// The heading of its differences.
    pub fn title(self) -> &'static str {
        match self {
            Self::Finding => "Findings",
            Self::Load => "Load",
            Self::Service => "Services",
            Self::Host => "Hosts",
            Self::Station => "Stations",
            Self::Protocol => "Protocols",
            Self::Vlan => "VLANs",
        }
    }
}

/// Which way something changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ChangeWay {
    /// Only the second has it.
    New,
    /// Only the first has it.
    Gone,
    /// The second has more.
    More,
    /// The second has less.
    Less,
}

impl ChangeWay {
    /// The word for it.
    pub fn token(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Gone => "gone",
            Self::More => "more",
            Self::Less => "less",
        }
    }
}

/// What was compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ComparedMeasure {
    /// Bits per second.
    BitRate,
    /// Packets per second.
    PacketRate,
    /// Attempts to connect and requests per second, of a service.
    UseRate,
    /// Seconds of half of the answers.
    Response,
    /// Share of attempts and requests that went wrong.
    Errors,
    /// How much a finding matters: 1 note, 2 warning, 3 critical.
    Severity,
}

impl ComparedMeasure {
    /// The word for programs, with its unit.
    pub fn token(self) -> &'static str {
        match self {
            Self::BitRate => "bits_per_second",
            Self::PacketRate => "packets_per_second",
            Self::UseRate => "attempts_and_requests_per_second",
            Self::Response => "response_p50_seconds",
            Self::Errors => "error_share",
            Self::Severity => "severity",
        }
    }

    /// The words for people.
    pub fn title(self) -> &'static str {
        match self {
            Self::BitRate => "rate",
            Self::PacketRate => "packet rate",
            Self::UseRate => "attempts and requests",
            Self::Response => "response, half",
            Self::Errors => "errors",
            Self::Severity => "finding",
        }
    }
}

/// A difference.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// What it is about.
    pub kind: ChangeKind,
    /// Its name: an address, `10.0.0.1:443/tcp`, a finding's title.
    pub subject: String,
    /// The identifier, of a finding.
    pub id: Option<&'static str>,
    /// What a page could be about; `None` for what has none.
    pub about: Option<Subject>,
    /// What was compared.
    pub measure: ComparedMeasure,
    /// The first's value; `None`: it has none.
    pub before: Option<f64>,
    /// The second's value; `None`: it has none.
    pub after: Option<f64>,
    /// Which way.
    pub way: ChangeWay,
    /// Whether it is more than noise.
    pub significant: bool,
    /// Why it is noise; empty for what is significant.
    pub noise: &'static str,
}
