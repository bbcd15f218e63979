//! What keeps packets: savefiles, and the recorder's memory.
//!
//! A capture is written as pcapng with the link types, interface names and nanoseconds it came with, so that nothing is lost on the way
//! through this program.

mod pcapng;
mod recorder;

pub use pcapng::{InterfaceAbout, PcapngWriter};
pub use recorder::{Recorder, Segment};
