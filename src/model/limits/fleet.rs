//! A fleet of probes and its database.

/// Probes that a fleet is asked for, some 500 bytes each: what one database of this size is told by. Those beyond are left off, and that is said.
pub const FLEET_PROBES: usize = 10_000;

/// Rows of an answer about a fleet (some 200 bytes each): 10,000 probes in 24 pieces of time.
pub const FLEET_ROWS: usize = 250_000;

/// Bytes of an answer of a fleet's database.
pub const FLEET_ANSWER_BYTES: u64 = 64 << 20;

/// Runs of probes whose clocks are put right in a question about conversations, some 30 signs each: a server takes questions of 16 KiB. Those beyond
/// are told.
pub const FLEET_CLOCKS: usize = 64;

/// Runs of probes that are asked for what they counted behind their last word, at most; those that told last first.
pub const FLEET_TAILS: usize = 192;

/// Groups of probes that see the same conversations, some 200 bytes each; those that share fewer are left off, and that is said.
pub const FLEET_GROUPS: usize = 1_000;

/// Rows of a list about one probe: findings, hosts, services, conversations, some 200 bytes each.
pub const FLEET_LIST: usize = 200;

/// Pieces of time of a probe's load: as many as dots stand beside each other on a wide screen.
pub const FLEET_POINTS: i64 = 480;
