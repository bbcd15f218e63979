//! Ports and capture files.

/// Files that are followed one after the other (some 20 bytes each): a year of hourly ones. Later ones are not found.
pub const FOLLOWED_FILES: usize = 10_000;

/// Files followed to their end that are listed one by one; more are added up in the last line.
pub const FOLLOWED_SOURCES: usize = 1_000;

/// Blocks of each reader of a live port that several share: 16 MiB hold what a busy one reads until a quiet one has said that it has nothing
/// earlier (some 40 ms).
pub const READER_BLOCKS: usize = 16;

/// Largest packet accepted from a file: Wireshark's WTAP_MAX_PACKET_SIZE_STANDARD. A larger record is damage.
pub const MAX_PACKET_BYTES: usize = 262_144;

/// Bytes of one file record held at once: a packet, its header and 64 KiB of options. Longer records are skipped from there on.
pub const RECORD_BYTES: usize = MAX_PACKET_BYTES + 64 * 1024;

/// Largest pcapng block: Wireshark's MAX_BLOCK_SIZE. A larger one is damage.
pub const PCAPNG_BLOCK_BYTES: u32 = 16 * 1024 * 1024;

/// Interfaces of one capture file that are told apart, by a packet's index; all others are one more.
pub const FILE_INTERFACES: usize = u16::MAX as usize;

/// Interfaces of one section of a capture file, with the clock of each (some 100 bytes); what comes behind more of them is not read.
pub const SECTION_INTERFACES: usize = 4 * FILE_INTERFACES;

/// Interfaces of a capture file that are listed by name, with what was counted of each (some 600 bytes at most): machines have a handful, files
/// put together from others a few dozen. Those beyond are counted.
pub const LISTED_INTERFACES: usize = 64;

/// Bytes kept of an interface's name or description.
pub const INTERFACE_TEXT: usize = 256;

/// Bytes of a file looked at to recognise its variant, from its beginning.
pub const SNIFF_BYTES: usize = 64 * 1024;

/// The same where thousands of files are open at once.
pub const LEAST_SNIFF_BYTES: usize = 8 * 1024;

/// Bytes of all blocks of files being merged: many files get smaller blocks (of at least 16 KiB).
pub const MERGE_BYTES: usize = 64 * 1024 * 1024;

/// Largest zstd window, as a power of two: 128 MiB, what the zstd tool accepts without being told.
pub const ZSTD_WINDOW_LOG: u32 = 27;

/// Memory for decompressing xz: `xz -9` needs 65 MiB.
pub const LZMA_BYTES: u64 = 256 * 1024 * 1024;

/// Bytes of sections and interfaces that a part of a capture is read with; where a file has more, it is not cut behind them.
pub const PART_CONTEXT_BYTES: usize = 1 << 20;

/// Units of an archive that one process is given at once.
pub const ARCHIVE_UNITS: usize = 1 << 20;

/// Bytes of the line that names a unit: a path, places, and what a part needs of the file before it, as base64 or as numbers.
pub const UNIT_LINE_BYTES: u64 = 8 << 20;

/// Times in which a live port was away that are remembered one by one (40 bytes each).
pub const PORT_ABSENCES: usize = 16;

/// Addresses of a kind of which is remembered what stands for them (at most 80 bytes each, 12 MiB for IPv4, IPv6 and stations); beyond it all are worked out
/// anew.
pub const ANONYMIZED_ADDRESSES: usize = 64 * 1024;

/// Comments of one packet of a file that are kept: they are read only where packets are saved, a block at a time.
pub const PACKET_COMMENTS: usize = 32;
