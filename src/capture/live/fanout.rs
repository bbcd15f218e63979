//! One interface read through several handles: the kernel's packet fanout (packet(7), `PACKET_FANOUT`) gives each packet to one of them.
//!
//! libpcap has no call for it, so the socket behind its handle is told. A handle sees every packet from when it is opened until it has
//! joined the group, and those that joined before it see every packet that is not yet given to it: what came before all were there is
//! left out by its time, so that no packet counts twice.

use crate::model::Timestamp;
use crate::model::clock;
use crate::settings::FanoutMode;
use std::os::fd::BorrowedFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The group of handles that read one interface together.
#[derive(Debug)]
pub struct Fanout {
    /// Handles that are to join.
    readers: usize,
    mode: FanoutMode,
    group: Mutex<Group>,
}

#[derive(Debug, Default)]
struct Group {
    /// The kernel's number of the interface that its members read.
    index: Option<u64>,
    /// The kernel's number of the group.
    number: u16,
    /// Its members.
    members: usize,
    /// When all had joined.
    whole: Option<Timestamp>,
}

impl Fanout {
    /// A group for that many handles.
    pub fn new(readers: usize, mode: FanoutMode) -> Arc<Self> {
        Arc::new(Self { readers, mode, group: Mutex::default() })
    }

    fn group(&self) -> MutexGuard<'_, Group> {
        self.group.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes the handle behind a descriptor, which reads the interface of that number, a member.
    ///
    /// # Errors
    /// The system's words when it refuses.
    pub fn join(self: &Arc<Self>, descriptor: BorrowedFd<'_>, index: Option<u64>) -> Result<Member, String> {
        let mut group = self.group();
        // Whoever still reads what had that name before is alone with it.
        if group.index != index || group.members == 0 {
            *group = Group { index, ..Group::default() };
        }
        let found = (group.members == 0).then(|| system::found(descriptor, self.mode));
        group.number = match found {
            Some(number) => number?,
            None => system::join(descriptor, group.number, self.mode).map(|()| group.number)?,
        };
        group.members += 1;
        let joined = clock::wall();
        if group.members == self.readers {
            group.whole.get_or_insert(joined);
        }
        Ok(Member { fanout: Arc::clone(self), index, joined })
    }
}

/// That a handle is in a group; given back when it is closed.
#[derive(Debug)]
pub struct Member {
    fanout: Arc<Fanout>,
    index: Option<u64>,
    joined: Timestamp,
}

impl Member {
    /// From when on each packet comes to one handle: `None` while some are still to join.
    pub fn since(&self) -> Option<Timestamp> {
        self.fanout.group().whole.map(|whole| whole.max(self.joined))
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        let mut group = self.fanout.group();
        if group.index == self.index {
            group.members = group.members.saturating_sub(1);
        }
    }
}

#[cfg(target_os = "linux")]
mod system {
    use super::{BorrowedFd, FanoutMode};
    use std::io;
    use std::os::fd::AsRawFd;

    /// Asks the kernel for a number that no other group has (`PACKET_FANOUT_FLAG_UNIQUEID`, Linux 4.12).
    const UNIQUE: u32 = libc::PACKET_FANOUT_FLAG_UNIQUEID;

    fn number_of(mode: FanoutMode) -> u32 {
        match mode {
            FanoutMode::Hash => libc::PACKET_FANOUT_HASH,
            FanoutMode::RoundRobin => libc::PACKET_FANOUT_LB,
            FanoutMode::Cpu => libc::PACKET_FANOUT_CPU,
        }
    }

    /// Founds a group and returns its number.
    pub fn found(descriptor: BorrowedFd<'_>, mode: FanoutMode) -> Result<u16, String> {
        set(descriptor, (number_of(mode) | UNIQUE) << 16)?;
        // Number in the low half (packet(7)).
        get(descriptor).map(|value| (value & 0xffff) as u16)
    }

    /// Joins the group of that number.
    pub fn join(descriptor: BorrowedFd<'_>, number: u16, mode: FanoutMode) -> Result<(), String> {
        set(descriptor, u32::from(number) | number_of(mode) << 16)
    }

    #[allow(unsafe_code, reason = "all of libc is declared unsafe")]
    fn set(descriptor: BorrowedFd<'_>, value: u32) -> Result<(), String> {
        // SAFETY: the descriptor is open for as long as it is borrowed, and the option's value is the four bytes of `value`, which the
        // call only reads.
        let answer = unsafe {
            libc::setsockopt(
                descriptor.as_raw_fd(),
                libc::SOL_PACKET,
                libc::PACKET_FANOUT,
                (&raw const value).cast(),
                size_of::<u32>() as libc::socklen_t,
            )
        };
        told(answer)
    }

    #[allow(unsafe_code, reason = "all of libc is declared unsafe")]
    fn get(descriptor: BorrowedFd<'_>) -> Result<u32, String> {
        let mut value = 0u32;
        let mut length = size_of::<u32>() as libc::socklen_t;
        // SAFETY: the descriptor is open for as long as it is borrowed; the call writes at most `length` bytes to `value`, which has as many,
        // and both outlive it.
        let answer = unsafe {
            libc::getsockopt(descriptor.as_raw_fd(), libc::SOL_PACKET, libc::PACKET_FANOUT, (&raw mut value).cast(), &raw mut length)
        };
        told(answer).map(|()| value)
    }

    fn told(answer: i32) -> Result<(), String> {
        if answer == 0 { Ok(()) } else { Err(format!("several readers cannot share it: {}", io::Error::last_os_error())) }
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use super::{BorrowedFd, FanoutMode};

    pub fn found(_: BorrowedFd<'_>, _: FanoutMode) -> Result<u16, String> {
        Err("several readers of one interface are a thing of Linux".into())
    }

    pub fn join(descriptor: BorrowedFd<'_>, _: u16, mode: FanoutMode) -> Result<(), String> {
        found(descriptor, mode).map(drop)
    }
}
