//! Application protocols, and names learnt from them.

/// Texts told apart by one counter of a dissector, per shard (at most 320 bytes each, 20 MiB in all); more are counted together.
pub const TALLY_TEXTS: usize = 1024;

/// Packets of a group of shards that wait to be dissected (128 bytes each, 64 KiB in all): about as many as are counted while a piece of memory
/// comes.
pub const DISSECT_QUEUE: usize = 8;

/// Conversations whose dissectors keep state at the same time, per shard (about 400 bytes each, 50 MiB in all): TCP connections between their
/// first payload and the moment they are recognised and read. Those beyond are not dissected, and counted.
pub const DISSECT_STATES: usize = 2 * 1024;

/// Bytes that the dissectors of one shard hold of messages that are not complete yet: 16 MiB in all, a thousand ClientHellos of the largest size
/// at once. What finds no room is not dissected, and counted.
pub const DISSECT_BYTES: usize = 256 * 1024;

/// Bytes of one message that a dissector waits for: the largest handshake message of a ClientHello that is met in practice is a tenth of it.
pub const MESSAGE_BYTES: usize = 16 * 1024;

/// Lines of a head that are read, as of an HTTP message: more than servers allow.
pub const HEAD_LINES: u16 = 256;

/// Payloads of one direction shown to the dissectors, besides one of the other, before a conversation counts as unknown for good.
pub const PROBES: u8 = 3;

/// The same where the other direction is silent.
pub const PROBES_ONE_WAY: u8 = 8;

/// Payloads of a direction shown to the dissectors of a conversation in which voice may come at any time: consent checks of a call that is set up,
/// or held, come every five seconds (RFC 7675).
pub const PROBES_BESIDE_MEDIA: u8 = 250;

/// Server names that conversations refer to, per shard (at most 350 bytes each, 88 MiB in all, a quarter of that with usual ones). Conversations with a further name have none.
pub const SERVER_NAMES: usize = 4 * 1024;

/// Names of addresses learnt, per shard (at most 512 bytes each, 64 MiB in all, half of that with usual ones); further ones are counted only.
pub const LEARNT_NAMES: usize = 2 * 1024;
