//! One interface over its whole life: open, down, gone, back again. What it counted stays.

use super::fanout::Fanout;
use super::handle::{self, Handle, PortToOpen, Refused};
use super::trouble::{self, Meaning};
use super::{Turn, WithRights};
use crate::capture::sysfs::{self, Status, SysfsInterface};
use crate::capture::{Block, SourceInfo, SourceLosses};
use crate::error::Result;
use crate::model::clock;
use crate::model::limits::PORT_ABSENCES;
use crate::model::text::printable;
use crate::model::{LinkType, PortAbsence};
use crate::settings::LiveSettings;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

/// How often the state of an interface is looked at (a few small files).
const CHECK: Duration = Duration::from_millis(250);

/// How often opening is tried again where the system does not tell whether it could work.
const RETRY: Duration = Duration::from_secs(1);

/// Loss counters are not read more often than this.
const FRESH: Duration = Duration::from_millis(50);

/// How long the ring of an interface that went away is still read: the kernel hands over its last part after 20 ms.
const FAREWELL: Duration = Duration::from_millis(100);

enum State {
    /// Packets may come.
    Open(Handle),
    /// The interface went away; its ring is emptied until the given time.
    Leaving(Handle, Instant),
    /// No handle; opening is tried at the given time.
    Waiting(Instant),
}

/// One interface of a live capture.
pub struct Tap {
    name: String,
    options: LiveSettings,
    with_rights: WithRights,
    /// Who shares its packets with other taps.
    fanout: Option<Arc<Fanout>>,
    state: State,
    /// The kernel's number of the interface behind the handle.
    index: Option<u64>,
    check: Instant,
    counted: Instant,
    packets: u64,
    losses: SourceLosses,
    /// The interface's own drop counter at its last reading.
    drops: Option<u64>,
    widest: usize,
    link_types: Vec<LinkType>,
    promiscuous: bool,
    speed: Option<u64>,
    warning: Option<String>,
    /// libpcap's words about the last read that failed.
    failed: Option<String>,
    /// libpcap's words about its drop counter, while that cannot be read.
    uncounted: Option<String>,
    /// It was open once, so its absence means it went away.
    seen: bool,
    /// It is open, and set down.
    is_down: bool,
    /// It is open, and nothing is plugged in.
    has_no_carrier: bool,
    absences: Vec<PortAbsence>,
    more_absences: u64,
}

impl Tap {
    /// Opens an interface, or starts waiting for one that is down.
    pub fn open(name: &str, options: &LiveSettings, with_rights: &WithRights, fanout: Option<Arc<Fanout>>) -> Result<Self> {
        let now = clock::now();
        let mut tap = Self {
            name: name.to_owned(),
            options: options.clone(),
            with_rights: Arc::clone(with_rights),
            fanout,
            state: State::Waiting(now + CHECK),
            index: None,
            check: now + CHECK,
            counted: now,
            packets: 0,
            losses: SourceLosses::default(),
            drops: None,
            widest: 0,
            link_types: Vec::new(),
            promiscuous: options.promiscuous && name != "any",
            speed: sysfs::interface(name).and_then(|i| i.speed()),
            warning: None,
            failed: None,
            uncounted: None,
            seen: false,
            is_down: false,
            has_no_carrier: false,
            absences: Vec::new(),
            more_absences: 0,
        };
        if let Err(refused) = tap.connect() {
            match trouble::explain(name, options, &refused) {
                Meaning::Fatal(error) => return Err(error),
                Meaning::Down => tap.warning = Some(tap.told_down()),
            }
            tap.check_filter()?;
        }
        tap.note_absence();
        Ok(tap)
    }

    /// A filter is wrong whether the interface is up or not.
    fn check_filter(&self) -> Result<()> {
        let Some(filter) = &self.options.filter else { return Ok(()) };
        handle::check_filter(filter).map_err(|text| trouble::filter(&self.options, &text))
    }

    fn connect(&mut self) -> std::result::Result<(), Refused> {
        let interface = sysfs::interface(&self.name);
        let before = interface.as_ref().and_then(SysfsInterface::receive_drops);
        let index = interface.as_ref().and_then(SysfsInterface::index);
        // Nanoseconds are what Linux has for network interfaces; elsewhere libpcap may refuse and does not say so here.
        let nanoseconds = cfg!(target_os = "linux") && (interface.is_some() || self.name == "any");
        let (name, options, fanout) = (self.name.clone(), self.options.clone(), self.fanout.clone());
        let opening = PortToOpen { name, options, nanoseconds, index, fanout };
        let (opened, handle) = mpsc::channel();
        (self.with_rights)(Box::new(move || drop(opened.send(Handle::open(&opening)))));
        let handle = handle.recv().unwrap_or_else(|_| Err(Refused::Device("the thread that opens ports has ended".into())))?;
        if !self.link_types.contains(&handle.link) {
            self.link_types.push(handle.link);
        }
        self.promiscuous = handle.promiscuous;
        self.widest = self.widest.max(handle.widest);
        (self.index, self.drops) = (index, before);
        self.state = State::Open(handle);
        self.seen = true;
        (self.failed, self.uncounted) = (None, None);
        self.inspect();
        Ok(())
    }

    /// Begins to count, where all who share the interface's packets are there.
    pub fn settle(&mut self) {
        if let State::Open(handle) = &mut self.state {
            handle.settle();
        }
    }

    /// Room a block needs to take another packet of this interface.
    pub fn widest(&self) -> usize {
        self.widest
    }

    /// The descriptor to wait on.
    pub fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        match &self.state {
            State::Open(handle) | State::Leaving(handle, _) => Some(handle.as_fd()),
            State::Waiting(_) => None,
        }
    }

    /// Copies what is there into the block; see [`Handle::drain`].
    pub fn drain(&mut self, block: &mut Block, interface: u16, turn: Turn) -> usize {
        let before = block.packets.len();
        let failed = match &mut self.state {
            State::Open(handle) => handle.drain(block, interface, turn).err(),
            State::Leaving(handle, _) => {
                // Its errors are expected; only what is left in the ring matters.
                let _ = handle.drain(block, interface, turn);
                None
            }
            State::Waiting(_) => return 0,
        };
        if let State::Open(handle) | State::Leaving(handle, _) = &self.state {
            self.widest = self.widest.max(handle.widest);
        }
        let added = block.packets.len() - before;
        self.packets += added as u64;
        if let Some(words) = failed {
            self.leave(clock::now());
            self.failed = Some(format!("{} could not be read on: {}", printable(&self.name), printable(&words)));
        }
        added
    }

    /// Looks after the interface when it is time to: is it still there, is it back?
    pub fn maintain(&mut self, now: Instant) {
        if let State::Leaving(_, until) = self.state
            && now >= until
        {
            self.count();
            self.state = State::Waiting(now);
            self.check = now;
        }
        if now < self.check {
            return;
        }
        self.check = now + CHECK;
        match self.state {
            State::Open(_) if self.is_gone() => self.leave(now),
            State::Open(_) => {
                self.count();
                self.inspect();
            }
            State::Leaving(..) => {}
            State::Waiting(next) if now >= next => self.retry(now),
            State::Waiting(_) => {}
        }
        self.note_absence();
    }

    /// Why nothing can come from it, if nothing can.
    fn away(&self) -> Option<&'static str> {
        match self.state {
            State::Open(_) if self.is_down => Some("down"),
            State::Open(_) if self.has_no_carrier => Some("no carrier"),
            State::Open(_) => None,
            State::Leaving(..) | State::Waiting(_) => Some(match sysfs::status(&self.name) {
                Status::Missing => "gone",
                Status::Down => "down",
                Status::Up | Status::NoCarrier | Status::Unknown => "not opened",
            }),
        }
    }

    /// Notes that it is away, or back.
    fn note_absence(&mut self) {
        let (why, now) = (self.away(), clock::wall());
        match (self.absences.last_mut().filter(|last| last.is_open), why) {
            (Some(last), Some(why)) if last.why == why => last.last = now,
            (last, _) => {
                last.into_iter().for_each(|last| (last.last, last.is_open) = (now, false));
                let Some(why) = why else { return };
                if self.absences.len() >= PORT_ABSENCES {
                    self.absences.remove(0);
                    self.more_absences = self.more_absences.saturating_add(1);
                }
                self.absences.push(PortAbsence { first: now, last: now, why, is_open: true });
            }
        }
    }

    /// Whether the interface behind the handle is no longer the one of that name.
    fn is_gone(&self) -> bool {
        self.index.is_some() && sysfs::interface(&self.name).and_then(|i| i.index()) != self.index
    }

    fn leave(&mut self, now: Instant) {
        self.count();
        self.warning = Some(self.is_away());
        if let State::Open(handle) = std::mem::replace(&mut self.state, State::Waiting(now)) {
            self.state = State::Leaving(handle, now + FAREWELL);
        }
    }

    fn retry(&mut self, now: Instant) {
        let status = sysfs::status(&self.name);
        self.state = State::Waiting(if status == Status::Unknown { now + RETRY } else { now + CHECK });
        self.warning = match status {
            Status::Missing => Some(self.is_away()),
            Status::Down => Some(self.told_down()),
            Status::Up | Status::NoCarrier | Status::Unknown => match self.connect() {
                Ok(()) => return,
                Err(Refused::Device(text) | Refused::Filter(text)) => {
                    // Trying costs more than looking: a failure is not tried again before a second is over.
                    self.state = State::Waiting(now + RETRY);
                    Some(format!("{} cannot be opened: {}", printable(&self.name), printable(&text)))
                }
            },
        };
    }

    /// What the system says of an open interface: its speed, and whether anything can come from it at all.
    fn inspect(&mut self) {
        self.speed = sysfs::interface(&self.name).and_then(|i| i.speed());
        let status = sysfs::status(&self.name);
        self.is_down = status == Status::Down;
        self.has_no_carrier = status == Status::NoCarrier;
        self.warning = match status {
            Status::Down => Some(self.told_down()),
            Status::NoCarrier => Some(format!("{} has no carrier: check the cable and the switch port", printable(&self.name))),
            _ if self.name == "any" => Some("any is not promiscuous and keeps one VLAN tag at most: name the mirror port instead".into()),
            Status::Missing | Status::Up | Status::Unknown => None,
        };
    }

    fn told_down(&self) -> String {
        let name = printable(&self.name);
        format!("{name} is down: ip link set dev {name} up")
    }

    fn is_away(&self) -> String {
        let name = printable(&self.name);
        // Ports are known by their names: who calls it otherwise has taken it away, and may not know.
        let renamed = self.index.and_then(sysfs::name_of).filter(|other| *other != self.name);
        match (self.seen, renamed) {
            (true, Some(other)) => format!("{name} is called {} now; waiting for a port of the old name", printable(&other)),
            (true, None) => format!("{name} is gone; waiting for it to come back"),
            (false, _) => format!("{name} is not there; waiting for it"),
        }
    }

    /// Reads the loss counters.
    fn count(&mut self) {
        let open = matches!(self.state, State::Open(_));
        let (State::Open(handle) | State::Leaving(handle, _)) = &mut self.state else { return };
        let (kernel, libpcap) = match handle.new_drops() {
            Ok(drops) => {
                self.uncounted = None;
                drops
            }
            // Not the same as none: what is told of losses is then too small.
            Err(words) => {
                let told = || format!("drops of {} cannot be counted: {}", printable(&self.name), printable(&words));
                self.uncounted = open.then(told);
                (0, 0)
            }
        };
        self.losses.kernel = self.losses.kernel.saturating_add(kernel);
        // libpcap counts interface drops in promiscuous mode only, so the system's counter is preferred.
        let added = match (self.drops, sysfs::interface(&self.name).filter(|i| i.index() == self.index).and_then(|i| i.receive_drops())) {
            (Some(last), Some(now)) => {
                self.drops = Some(now);
                now.checked_sub(last).unwrap_or(now)
            }
            (Some(_), None) => 0,
            (None, _) => libpcap,
        };
        self.losses.interface = self.losses.interface.saturating_add(added);
    }

    /// Losses so far, of all handles this interface has had.
    pub fn losses(&mut self, now: Instant) -> SourceLosses {
        if now.saturating_duration_since(self.counted) >= FRESH {
            self.counted = now;
            self.count();
        }
        self.losses
    }

    /// What is known of it.
    pub fn info(&self) -> SourceInfo {
        SourceInfo {
            name: self.name.clone(),
            format: "live".into(),
            link_types: self.link_types.clone(),
            packets: self.packets,
            promiscuous: Some(self.promiscuous),
            speed: self.speed,
            is_away: !matches!(self.state, State::Open(_)) || self.is_down,
            absences: self.absences.clone(),
            more_absences: self.more_absences,
            warning: told([&self.warning, &self.failed, &self.uncounted]),
            ..SourceInfo::default()
        }
    }
}

/// What is wrong, all of it in one line.
fn told(wrong: [&Option<String>; 3]) -> Option<String> {
    let words: Vec<&str> = wrong.into_iter().flatten().map(String::as_str).collect();
    (!words.is_empty()).then(|| words.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_is_wrong_is_told() {
        let [none, gone, uncounted] = [None, Some("eth1 is gone".to_owned()), Some("drops cannot be counted: no".to_owned())];
        assert_eq!(told([&none, &none, &none]), None);
        assert_eq!(told([&gone, &none, &uncounted]).as_deref(), Some("eth1 is gone; drops cannot be counted: no"));
    }
}
