//! Live ports: one or several interfaces read through libpcap's memory-mapped ring.
//!
//! Each interface is a `Tap` with its own handle. [`Source::fill`] lets the taps take turns until the block is full or
//! 50 ms are over, and waits with `poll` in between: a blocking read would ignore its timeout on a quiet link. An interface
//! that is down or gone is waited for; what it counted before stays. Where one thread cannot take the packets in time, several
//! readers share them (`Readers`).

mod fanout;
mod handle;
mod readers;
mod tap;
mod trouble;

use super::{Block, Fill, Source, SourceInfo, SourceLosses};
use crate::error::{Error, Result};
use crate::model::clock;
use crate::model::limits::{BLOCK_BYTES, BLOCK_PACKETS};
use crate::settings::{LiveSettings, TimeStamps};
use fanout::Fanout;
use readers::Readers;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::sync::Arc;
use std::time::Duration;
use tap::Tap;

/// How long a call of [`Source::fill`] may gather packets.
const READ_TIMEOUT: Duration = Duration::from_millis(50);

/// Pause after a wake-up that brought nothing, so that a descriptor in an error state cannot keep a core busy.
const PAUSE: Duration = Duration::from_millis(5);

/// Packets and bytes one interface may add before the next one has its turn: a block has room for at least four turns.
const TURN: Turn = Turn { packets: BLOCK_PACKETS / 4, bytes: BLOCK_BYTES / 4 };

const _: () = assert!(TURN.packets > 0 && TURN.packets * 4 <= BLOCK_PACKETS && TURN.bytes * 4 <= BLOCK_BYTES);

/// A turn that ends only with the block.
const WHOLE_BLOCK: Turn = Turn { packets: BLOCK_PACKETS, bytes: usize::MAX };

/// What one interface may add to a block before another one is asked.
#[derive(Debug, Clone, Copy)]
struct Turn {
    packets: usize,
    bytes: usize,
}

/// Does a job where the rights are that it takes to open a port, and returns when it is done.
pub type WithRights = Arc<dyn Fn(Box<dyn FnOnce() + Send>) + Send + Sync>;

/// Opens the interfaces with the rights of the caller; see [`open_with`].
///
/// # Errors
/// Those of [`open_with`].
pub fn open(options: &LiveSettings) -> Result<Box<dyn Source>> {
    open_with(options, &(Arc::new(|job: Box<dyn FnOnce() + Send>| job()) as WithRights))
}

/// Opens the interfaces, now and whenever one comes back, as a job of `with_rights`. One that is down is no failure: it is waited for (see [`SourceInfo::warning`]).
///
/// # Errors
/// No interface or the same one twice, a filter that does not compile (usage); an interface that does not exist, missing
/// rights, or whatever libpcap says (run time). The message names the interface and the way out.
pub fn open_with(options: &LiveSettings, with_rights: &WithRights) -> Result<Box<dyn Source>> {
    if options.interfaces.is_empty() {
        return Err(Error::usage(format!("no interface to capture from; {}", trouble::choice())));
    }
    for (i, name) in options.interfaces.iter().enumerate() {
        if options.interfaces[..i].contains(name) {
            return Err(Error::usage(format!("interface {name} is given twice; its packets would be counted twice")));
        }
    }
    if options.readers <= 1 {
        return Ok(Box::new(Live::open(options, with_rights, &[], READ_TIMEOUT)?));
    }
    let groups: Vec<_> = options.interfaces.iter().map(|_| Fanout::new(options.readers, options.fanout)).collect();
    let mut lives =
        (0..options.readers).map(|_| Live::open(options, with_rights, &groups, readers::PATIENCE)).collect::<Result<Vec<_>>>()?;
    lives.iter_mut().flat_map(|live| &mut live.taps).for_each(Tap::settle);
    Ok(Box::new(Readers::new(lives)))
}

/// The open interfaces.
struct Live {
    taps: Vec<Tap>,
    /// The tap whose turn is next.
    next: usize,
    /// The last `poll` said there is something to read.
    woken: bool,
    /// How long a call of [`Source::fill`] may gather packets.
    patience: Duration,
    time_stamps: TimeStamps,
}

impl Live {
    /// Opens the interfaces; `groups`: for each of them who shares its packets.
    fn open(options: &LiveSettings, with_rights: &WithRights, groups: &[Arc<Fanout>], patience: Duration) -> Result<Self> {
        let taps = options.interfaces.iter().enumerate().map(|(at, name)| Tap::open(name, options, with_rights, groups.get(at).cloned()));
        Ok(Self { taps: taps.collect::<Result<_>>()?, next: 0, woken: false, patience, time_stamps: options.time_stamps })
    }

    /// One turn for every tap. Returns the packets added and whether the block is full.
    fn round(&mut self, block: &mut Block) -> (usize, bool) {
        let count = self.taps.len();
        let turn = if count == 1 { WHOLE_BLOCK } else { TURN };
        let mut added = 0;
        for _ in 0..count {
            let interface = self.next;
            self.next = (self.next + 1) % count;
            let tap = &mut self.taps[interface];
            added += tap.drain(block, interface as u16, turn);
            if !block.has_room(tap.widest()) {
                return (added, true);
            }
        }
        (added, false)
    }

    /// Waits until a handle has something, at most `time`.
    fn wait(&mut self, time: Duration) {
        let mut fds: Vec<PollFd<'_>> =
            self.taps.iter().filter_map(Tap::descriptor).map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN)).collect();
        let (fds, time) = if self.woken { (&mut fds[..0], time.min(PAUSE)) } else { (&mut fds[..], time) };
        let limit = Timespec { tv_sec: time.as_secs().min(1) as i64, tv_nsec: time.subsec_nanos().into() };
        self.woken = poll(fds, Some(&limit)).is_ok_and(|ready| ready > 0);
    }
}

impl Source for Live {
    fn fill(&mut self, block: &mut Block) -> Result<Fill> {
        let mut now = clock::now();
        let deadline = now + self.patience;
        self.woken = false;
        loop {
            for tap in &mut self.taps {
                tap.maintain(now);
            }
            let (added, full) = self.round(block);
            now = clock::now();
            if full || now >= deadline {
                break;
            }
            if added == 0 {
                self.wait(deadline - now);
                now = clock::now();
            } else {
                self.woken = false;
            }
        }
        Ok(if block.packets.is_empty() { Fill::Quiet } else { Fill::Packets })
    }

    fn info(&self) -> Vec<SourceInfo> {
        self.taps.iter().map(Tap::info).collect()
    }

    fn losses(&mut self) -> SourceLosses {
        let now = clock::now();
        self.taps.iter_mut().map(|tap| tap.losses(now)).fold(SourceLosses::default(), |sum, each| SourceLosses {
            interface: sum.interface.saturating_add(each.interface),
            kernel: sum.kernel.saturating_add(each.kernel),
        })
    }

    fn is_live(&self) -> bool {
        true
    }

    fn has_fine_stamps(&self) -> bool {
        self.time_stamps.are_of_the_wire()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wants_an_interface_and_each_only_once() {
        let none = open(&LiveSettings::default()).err().expect("an error");
        assert_eq!(none.exit_code(), 2);
        let twice = LiveSettings { interfaces: vec!["lo".into(), "lo".into()], ..LiveSettings::default() };
        let twice = open(&twice).err().expect("an error");
        assert!(twice.to_string().contains("lo is given twice"), "{twice}");
    }
}
