//! What findings about a router rest on: what became of attempts to connect to hosts behind it.

use crate::model::{Address, Episode, Mac, ServiceKey, Timestamp};

/// Attempts to connect to hosts behind one station that failed in one way.
#[derive(Debug, Clone, PartialEq)]
pub struct HopFailures {
    /// How many.
    pub count: u64,
    /// Of them those at the service that has most.
    pub most: u64,
    /// Hosts, told apart up to a cap.
    pub hosts: u64,
    /// There may be others, whose failures are counted all the same.
    pub is_more_hosts: bool,
    /// The port, where all have the same.
    pub port: Option<u16>,
    /// The services, in their order.
    pub services: Vec<ServiceKey>,
    /// Clients, told apart up to a cap.
    pub clients: u64,
    /// There are others, which were not told apart.
    pub is_more: bool,
    /// The first few of them.
    pub named: Vec<Address>,
    /// When.
    pub span: Episode,
}

/// A station behind which several hosts are: a router. What became of attempts to connect to them.
#[derive(Debug, Clone, PartialEq)]
pub struct HopEvidence {
    /// The station that the frames go to.
    pub station: Mac,
    /// When anybody last connected to any host behind it.
    pub last_success: Option<Timestamp>,
    /// Attempts that were decided in the last minute; of a file at its end, all of it.
    pub attempts: u64,
    /// What nothing answered since then.
    pub since: Option<HopFailures>,
    /// What nothing answered in the last minute.
    pub silent: Option<HopFailures>,
    /// What was refused.
    pub refused: Option<HopFailures>,
}

/// All that was asked for behind a router went unanswered at once.
#[derive(Debug, Clone, PartialEq)]
pub struct PathOutage {
    /// The station that the frames go to.
    pub station: Mac,
    /// Attempts that nothing answered since somebody last connected, at services that had answered before.
    pub failures: HopFailures,
    /// When somebody connected again.
    pub over: Option<Timestamp>,
}
