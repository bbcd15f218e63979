//! Application protocols: one file each, and one line in [`registry`].
//!
//! A dissector is shown datagrams, or the bytes of a TCP stream in their order with the gaps a mirror leaves in them, and says what it
//! read: transactions and names. It owns no socket, no thread and no clock, and trusts no length it reads.

pub mod registry;
