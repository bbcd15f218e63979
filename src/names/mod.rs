//! Names of numbers: services by port, manufacturers by MAC address. Tables are read on first use; a look-up allocates nothing.

mod manufacturers;
mod services;

pub use manufacturers::manufacturer;
pub use services::{likely, service};

/// Transport protocols whose port numbers are registered separately.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
    /// SCTP.
    Sctp,
}
