//! The trait every origin of packets implements.

use super::Block;
use crate::error::Result;
use crate::model::{FileInterface, SourceInfo};

/// What a call of [`Source::fill`] came back with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fill {
    /// The block holds packets (and there may be more).
    Packets,
    /// Nothing arrived within the source's patience (about 50 ms); a live link is quiet, or a replay waits for its time.
    Quiet,
    /// There will be no more.
    End,
}

/// Packets that existed and did not reach the program, counted where it happened, since the source was opened. Monotonic.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SourceLosses {
    /// Dropped by the network interface or its driver.
    pub interface: u64,
    /// Dropped by the kernel because its ring was full.
    pub kernel: u64,
}

/// An origin of packets: a live port, a capture file, or several of them merged.
pub trait Source: Send {
    /// Fills `block` (already cleared) with the packets that are there.
    ///
    /// Live sources return within about 50 ms. File sources return as full a block as they can.
    ///
    /// # Errors
    /// When nothing more can be read and that is not a plain end: the message names the file or device.
    fn fill(&mut self, block: &mut Block) -> Result<Fill>;

    /// What is known of the sources behind this one.
    fn info(&self) -> Vec<SourceInfo>;

    /// What is known of an interface, by the number that its packets bear.
    fn interface(&self, number: u16) -> Option<FileInterface> {
        let info = self.info();
        let source = info.get(usize::from(number))?;
        Some(FileInterface { name: Some(source.name.clone()), ..FileInterface::default() })
    }

    /// Loss counters so far.
    fn losses(&mut self) -> SourceLosses {
        SourceLosses::default()
    }

    /// Whether anybody counts what is lost before it comes here: without that no losses are none that are known.
    fn counts_losses(&self) -> bool {
        true
    }

    /// Whether packets arrive as they happen (then wall time advances the clock when it is quiet).
    fn is_live(&self) -> bool {
        false
    }

    /// Whether an adapter is known to have stamped the packets as they came in, so that stamps tell finer times than a millisecond: a kernel stamps
    /// them when it takes them, in batches, from a port. Of a file that is not known, however fine its stamps are written.
    fn has_fine_stamps(&self) -> bool {
        false
    }

    /// Whether packets come when somebody sends them: a port, a pipe, a file that grows. What has come by then is read when it is stopped.
    fn waits(&self) -> bool {
        self.is_live()
    }
}
