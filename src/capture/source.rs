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

    /// The source that this one stands before, if it does: what a source does not answer itself is asked of that one.
    fn behind(&self) -> Option<&dyn Source> {
        None
    }

    /// What is known of an interface, by the number that its packets bear.
    fn interface(&self, number: u16) -> Option<FileInterface> {
        if let Some(behind) = self.behind() {
            return behind.interface(number);
        }
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
        self.behind().is_none_or(|source| source.counts_losses())
    }

    /// Whether packets arrive as they happen (then wall time advances the clock when it is quiet).
    fn is_live(&self) -> bool {
        self.behind().is_some_and(|source| source.is_live())
    }

    /// Whether an adapter is known to have stamped the packets as they came in, so that stamps tell finer times than a millisecond: a kernel stamps
    /// them when it takes them, in batches, from a port. Of a file that is not known, however fine its stamps are written.
    fn has_fine_stamps(&self) -> bool {
        self.behind().is_some_and(|source| source.has_fine_stamps())
    }

    /// Whether packets come when somebody sends them: a port, a pipe, a file that grows. What has come by then is read when it is stopped.
    fn waits(&self) -> bool {
        self.behind().map_or(self.is_live(), |source| source.waits())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A port whose every answer differs from what a source says by itself.
    struct Odd;

    impl Source for Odd {
        fn fill(&mut self, _: &mut Block) -> Result<Fill> {
            Ok(Fill::End)
        }

        fn info(&self) -> Vec<SourceInfo> {
            Vec::new()
        }

        fn interface(&self, number: u16) -> Option<FileInterface> {
            Some(FileInterface { name: Some(format!("odd{number}")), ..FileInterface::default() })
        }

        fn counts_losses(&self) -> bool {
            false
        }

        fn is_live(&self) -> bool {
            true
        }

        fn has_fine_stamps(&self) -> bool {
            true
        }

        fn waits(&self) -> bool {
            false
        }
    }

    struct Before(Odd);

    impl Source for Before {
        fn behind(&self) -> Option<&dyn Source> {
            Some(&self.0)
        }

        fn fill(&mut self, block: &mut Block) -> Result<Fill> {
            self.0.fill(block)
        }

        fn info(&self) -> Vec<SourceInfo> {
            self.0.info()
        }
    }

    #[test]
    fn what_stands_before_a_source_says_what_that_one_says() {
        let all = |source: &dyn Source| {
            let interface = source.interface(7).and_then(|interface| interface.name);
            (interface, source.counts_losses(), source.is_live(), source.has_fine_stamps(), source.waits())
        };
        assert_eq!(all(&Odd), (Some("odd7".into()), false, true, true, false));
        assert_eq!(all(&Before(Odd)), all(&Odd));
    }
}
