//! What is kept of the past, and rows of a snapshot.

/// Rows of each table that are kept of a slot of the past, the largest ones; the others are one sum.
pub const HISTORY_ROWS: usize = 64;

/// The same of conversations.
pub const HISTORY_TALKS: usize = 128;

/// Conversations that a shard tells one by one of a slot, the largest ones, and hosts of the others: 4,096 of both in all. What the past costs does
/// not grow further with the conversations there are.
pub const HISTORY_FLOWS: usize = 64;

/// Hosts that a shard tells apart in a slot to find the largest (64 bytes each, 16 MiB in all); those beyond are counted together.
pub const HISTORY_HOSTS: usize = 4 * 1024;

/// How many slots of the past are kept, the newest ones of so many intervals each, then longer ones (at most 50 KiB each, 65 MiB in all, usually a
/// tenth). At intervals of a second: five minutes by the second, half an hour by ten, four hours by the minute, two days by ten minutes, two
/// weeks by the hour.
pub const HISTORY_LEVELS: [(i64, usize); 5] = [(1, 300), (10, 180), (60, 240), (600, 288), (3_600, 336)];

/// Intervals of a file of which each is a slot of its past. Of as many more every two together are one, then every four …: what a longer
/// file costs does not grow with its intervals.
pub const HISTORY_INTERVALS: u64 = 64;

/// Bytes of packets of a span that are read again to show it exactly (about twice as many are taken while that is done): half a second of 1 Gb/s
/// in full, minutes of most networks. Of longer spans the slots of the past tell.
pub const SPAN_BYTES: usize = 64 << 20;

/// Bytes of the tables of such a span.
pub const SPAN_MEMORY: usize = 64 << 20;

/// Bins of a load history that are told apart (32 bytes each, 128 KiB): more than a screen has columns of dots, at any length of a capture.
pub const FINE_BINS: usize = 4 * 1024;

/// Rows of each table in a dashboard's snapshot. What is beyond stays countable by filter and by the report.
pub const SNAPSHOT_ROWS: usize = 1_000;

/// Rows of a table of which is remembered what each second of a live port added, for ten seconds: the largest, of which the rows of a picture
/// are chosen (24 bytes each, twice: some 1 MiB a table).
pub const LATELY_ROWS: usize = 2 * SNAPSHOT_ROWS;

/// Pictures of which a dashboard remembers what was counted in all (about 350 bytes each): more than a minute of one a second.
pub const RATE_MARKS: usize = 128;

/// Rows of each table that a report for people looks at: who tries port after port is told from all of them.
pub const REPORT_ROWS: usize = 100_000;

/// Rows of which a dashboard remembers the last minute, in some 20 points of 40 bytes: those of twelve tables, 10 MiB at most.
pub const RATE_TRACKS: usize = 12 * SNAPSHOT_ROWS;
