//! What keeps packets: savefiles, the recorder's memory, and a ring of files.
//!
//! A capture is written as pcapng with the link types, interface names and nanoseconds it came with, so that nothing is lost on the way
//! through this program.

mod pcapng;
mod recorder;
mod ring;

pub use pcapng::{InterfaceAbout, PcapngWriter};
pub use recorder::{PacketRun, Recorder};
pub use ring::{Ring, RingPlan, RingStatus};
