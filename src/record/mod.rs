//! What keeps packets: savefiles.
//!
//! A capture is written as pcapng with the link types, interface names and nanoseconds it came with, so that nothing is lost on the way
//! through this program.

mod pcapng;

pub use pcapng::{InterfaceAbout, PcapngWriter};
