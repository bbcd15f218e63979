//! What is accounted of one session.

use super::ruling::Ruling;
use super::sampling::SessionSampling;
use super::sequence::Trial;
use crate::mirror::counters::Counters;
use crate::mirror::switch_clock::SwitchClock;
use crate::model;
use crate::model::{MirrorTag, Session, Timestamp, Traffic, Tunnel};

/// A session under watch.
#[derive(Debug)]
pub(super) struct Watched {
    /// Which.
    pub tunnel: Tunnel,
    /// Its receiver, among those that are weighed.
    pub sink: usize,
    /// Whether its outside is taken off, and why.
    pub ruling: Ruling,
    /// Its packets.
    pub outer: Traffic,
    /// Bytes of the frames in it.
    pub inner_bytes: u64,
    /// Link and mirror bytes before its first packet.
    pub before: (u64, u64),
    /// Its samples, if it brings some.
    pub sampling: Option<Box<SessionSampling>>,
    /// Whether its frames have a check sequence.
    pub trial: Trial,
    /// Its latest packet.
    pub last: Timestamp,
    first: Timestamp,
    counters: Counters,
    numbered: bool,
    clock: SwitchClock,
    truncated: u64,
    errors: [u64; 3],
}

/// Length of a VLAN tag.
const TAG: u32 = 4;

/// A session with what does not fit the common words.
#[derive(Debug, Clone, PartialEq)]
pub struct SessionReport {
    /// The session.
    pub session: Session,
    /// Its number in [`crate::model::Frame::session`].
    pub number: u16,
    /// Whether it is a mirror that only crosses this link.
    pub foreign: bool,
    /// Packets whose sequence number had come before: the transport doubled them.
    pub duplicates: u64,
    /// Runs of numbers that are missing, at most.
    pub gaps: u64,
    /// Bits of its numbering.
    pub bits: u32,
    /// The device's clock, if its packets have stamps of a known unit.
    pub clock: Option<SwitchClock>,
}

impl Watched {
    /// A session whose first packet comes at `time`.
    pub fn new(tunnel: Tunnel, sink: usize, before: (u64, u64), time: Timestamp) -> Self {
        Self {
            tunnel,
            sink,
            ruling: Ruling::UndecidedSoFar,
            outer: Traffic::default(),
            inner_bytes: 0,
            before,
            sampling: None,
            trial: Trial::default(),
            last: time,
            first: time,
            counters: Counters::default(),
            numbered: false,
            clock: SwitchClock::default(),
            truncated: 0,
            errors: [0; 3],
        }
    }

    /// Accounts what the device says of a packet with `inner` wire bytes in it.
    pub fn account(&mut self, tag: &MirrorTag, inner: u32, time: Timestamp) {
        self.inner_bytes += u64::from(inner);
        if let Some(number) = tag.sequence {
            self.numbered = true;
            self.counters.push(number, time);
        }
        if let Some((raw, tick)) = tag.switch_time {
            self.clock.push(time, raw, tick);
        }
        self.truncated += u64::from(tag.truncated);
        if let Some(n) = usize::from(tag.error).checked_sub(1).and_then(|e| self.errors.get_mut(e)) {
            *n += 1;
        }
    }

    /// Accounts a frame of `wire` bytes in a VLAN whose tag is taken off (`named`: on the user's word).
    pub fn carry(&mut self, wire: u32, named: bool, time: Timestamp) {
        self.ruling = if named { Ruling::NamedVlan } else { Ruling::AroundAll };
        self.outer.count(wire);
        self.inner_bytes += u64::from(wire.saturating_sub(TAG));
        self.last = self.last.max(time);
    }

    /// What is told of it, as number `at` in order of appearance.
    pub fn report(&self, at: usize) -> SessionReport {
        let sequenced = self.numbered && self.counters.is_usable();
        SessionReport {
            session: Session {
                tunnel: self.tunnel,
                decision: self.ruling.reason().to_owned(),
                peeled: self.ruling.peels(),
                packets: self.outer.packets,
                outer_bytes: self.outer.wire_bytes,
                inner_bytes: self.inner_bytes,
                sequenced,
                missing: self.counters.missing(),
                reordered: if sequenced { self.counters.reordered() } else { 0 },
                restarts: self.counters.restarts(),
                truncated: self.truncated,
                errors: self.errors,
                check_sequence: self.trial.seen(),
                sampling: self.sampling.as_deref().map(|s| model::Sampling {
                    one_in: s.one_in(),
                    samples: s.samples(),
                    unread: s.not_read(),
                    drops: s.drops(),
                }),
                clock: self
                    .clock
                    .drift_ppm()
                    .zip(self.clock.jitter_nanos())
                    .map(|(drift_ppm, nanos)| model::SessionClock { drift_ppm, jitter: nanos / 1e9 }),
                first: self.first,
                last: self.last,
            },
            number: (at + 1).min(usize::from(u16::MAX)) as u16,
            foreign: self.ruling == Ruling::Foreign,
            duplicates: self.counters.duplicates(),
            gaps: self.counters.gaps(),
            bits: self.counters.bits(),
            clock: (self.clock.samples > 0).then_some(self.clock),
        }
    }
}
