//! Packets one by one, the recorder, screens.

use super::capture::FILE_INTERFACES;

/// Columns of a terminal that are drawn; a terminal may claim 65,535. A screen of this many columns and [`SCREEN_ROWS`] rows takes 40 MB
/// while it is drawn.
pub const SCREEN_COLUMNS: u16 = 1_000;

/// Rows of a terminal that are drawn.
pub const SCREEN_ROWS: u16 = 400;

/// Fields of one packet that is taken apart (about 150 bytes each): a jumbo frame full of DNS records has fewer. Those beyond are counted.
pub const TREE_FIELDS: usize = 2 * 1024;

/// Characters of a text in it.
pub const TREE_TEXT: usize = 512;

/// Headers of one packet that is taken apart.
pub const TREE_LAYERS: usize = 48;

/// Interfaces of a savefile (4 bytes each while it is written): as many as a file that is read may have.
pub const SAVED_INTERFACES: usize = FILE_INTERFACES;

/// Places of a capture that can be begun at, for who looks at single packets (at most 1 KiB each, usually 100 bytes): one a block, and of longer
/// captures one of every two, four, eight blocks.
pub const INDEX_PLACES: usize = 8 * 1024;

/// Bytes of a piece of the recorder's memory (and half as many for its index): what a screen copies at most to see the newest packets.
pub const SEGMENT_BYTES: usize = 1 << 20;

/// Beginnings of TCP connections that a list of packets counts from (some 100 bytes each): packets of those beyond keep the numbers of their headers.
pub const NOTED_STREAMS: usize = 1 << 18;

/// Packets of a list of which the analysis of TCP says something (16 bytes each): those beyond are shown without.
pub const NOTED_MARKS: usize = 1 << 18;

/// Packets of a list that is not of all of them (8 bytes each): those beyond are not listed.
pub const LISTED_PACKETS: usize = 1 << 20;

/// Rows of a list of packets that are made at once.
pub const PAGE_ROWS: usize = SCREEN_ROWS as usize;

/// Segments of a conversation that are drawn (64 bytes each).
pub const STREAM_SEGMENTS: usize = 32 * 1024;

/// Bytes of a conversation that are shown.
pub const STREAM_BYTES: usize = 1 << 20;

/// Pieces of memory between the tape and the disk of a ring of files (1.5 MiB each): a fifth of a second of 400 Mb/s. What finds none free
/// is lost to the ring, and counted.
pub const RING_PIECES: usize = 8;

/// Files of a ring, at most.
pub const RING_FILES: usize = 100_000;

/// Times that a finding has packets saved, of one run: further ones are counted, and told on the screen and at the end.
pub const SAVED_FINDINGS: usize = 100;
