//! Copies that may prove to be traffic: kept for a while, and given back when what follows shows that they are.
//!
//! What is kept here is what judging needs; whoever left the packets out keeps them by the same slots, to count them after all.

use super::counts::{CopyClass, GRAIN, gap_code, gap_end};
use super::fingerprint::Vantage;
use super::table::Entry;
use super::{CopyTimes, DuplicateFilter, REACH, WINDOW};
use crate::model::limits::{COPY_DECIDED, COPY_HELD};
use crate::model::{Mac, Timestamp, Traffic};

/// What says that a repetition is the same packet, and not another one that looks the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    /// No sender makes it.
    Sure,
    /// A sender makes it rarely.
    Likely,
    /// Only the repetition itself.
    Weak,
}

/// A copy that may prove to be traffic.
#[derive(Debug, Clone, Copy)]
pub(super) struct HeldCopy {
    pub key: u64,
    /// Where it was seen first, and this time.
    pub places: [Vantage; 2],
    /// Who sent it this time, and to whom.
    pub stations: [Mac; 2],
    pub time: i64,
    pub flow: u32,
    pub wire: u32,
    /// Nanoseconds since the first.
    pub since: u32,
    /// Of a packet that opens a connection or ends it: its IPv4 identification; else 0.
    pub id: u16,
    /// Its direction.
    pub way: u8,
    /// Sightings before this one.
    pub seen: u8,
    /// Code of the gap to the one before.
    pub code: u8,
    pub class: CopyClass,
    /// What says that it is a copy; where that is weak it is not counted as one yet.
    pub sign: Sign,
    pub group: bool,
    pub light: bool,
    /// A datagram of which its conversation alone tells that it comes twice.
    pub alike: bool,
    /// Whether it is kept until it is decided on.
    pub waits: bool,
    /// Whether it may still be given back.
    pub open: bool,
}

impl HeldCopy {
    /// Whether it shows how long its packet took from one place to another.
    fn is_transit(&self) -> bool {
        self.class.is_transit() && self.seen == 1
    }
}

/// Copies that may prove to be traffic.
#[derive(Debug, Default)]
pub(super) struct HeldCopies {
    ring: Vec<HeldCopy>,
    next: usize,
    /// Where the last one was put, until it is asked for.
    slot: Option<u16>,
    /// Those to be given back.
    back: Vec<u16>,
}

impl HeldCopies {
    /// Keeps a copy, in the place of the oldest if need be; one that `waits` until it is decided on. False where the oldest is such a one.
    pub fn hold(&mut self, copy: HeldCopy, waits: bool) -> bool {
        let (slot, copy) = (self.next, HeldCopy { waits, ..copy });
        match self.ring.get_mut(slot) {
            Some(place) if place.open && place.waits => {
                self.next = (slot + 1) % COPY_HELD;
                return false;
            }
            Some(place) => *place = copy,
            None => self.ring.push(copy),
        }
        self.next = (slot + 1) % COPY_HELD;
        self.slot = Some(slot as u16);
        true
    }
}

/// What becomes of a copy that was held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// It may still prove to be either.
    Open,
    Copy,
    Traffic,
}

impl DuplicateFilter {
    /// The slot, below [`COPY_HELD`], by which the packet just left out may be [recalled](Self::recalled): whoever left it out keeps it until
    /// another one has that slot.
    #[inline]
    pub fn take_slot(&mut self) -> Option<u16> {
        self.held.slot.take()
    }

    /// Whether a packet that was left out is to be counted after all.
    #[inline(always)]
    pub fn recalls(&self) -> bool {
        !self.held.back.is_empty()
    }

    /// Whether anything was ever held.
    #[inline]
    pub fn holds(&self) -> bool {
        !self.held.ring.is_empty()
    }

    /// The slot of a packet that was left out and is to be counted after all; those left out first come first.
    pub fn recalled(&mut self) -> Option<u16> {
        (!self.held.back.is_empty()).then(|| self.held.back.remove(0))
    }

    /// Takes notice of how often this mirror brings packets.
    pub fn learn(&mut self, known: CopyTimes) {
        let before = std::mem::replace(&mut self.known, known).unicast;
        let now = known.unicast;
        if now != before {
            let window = match now.times {
                0 => REACH,
                1 => WINDOW,
                _ => 2 * gap_end(now.gap).clamp(WINDOW / 2, REACH / 2),
            };
            if window < self.window {
                self.table.shrink(window);
            }
            self.window = window;
        }
        self.settle(|filter, copy| filter.fate(copy));
    }

    /// Whether nothing more can be expected to tell what a copy is.
    fn is_old(copy: &HeldCopy, now: i64, finished: bool) -> bool {
        finished || now.saturating_sub(copy.time) >= COPY_DECIDED
    }

    /// Decides on what was held for long at `now`; on all of it where nothing more comes.
    pub fn decide(&mut self, now: i64, finished: bool) {
        self.settle(|filter, copy| match filter.fate(copy) {
            Fate::Open if !Self::is_old(copy, now, finished) => Fate::Open,
            Fate::Open => filter.last_resort(copy),
            fate => fate,
        });
    }

    /// What the knowledge of others says of a copy.
    fn fate(&mut self, copy: &HeldCopy) -> Fate {
        let known = self.known.of(copy.group);
        let whole = copy.seen.is_multiple_of(known.times);
        match copy.sign {
            _ if known.times == 0 => Fate::Open,
            _ if copy.alike && known.times == 1 => self.by_others(copy),
            Sign::Sure => Fate::Open,
            Sign::Likely if !whole && known.is_near(copy.code) => Fate::Copy,
            // Its conversation may show more.
            Sign::Likely if known.times == 1 => Fate::Open,
            Sign::Likely => self.by_conversation(copy),
            Sign::Weak if !whole && known.every && known.is_near(copy.code) => Fate::Copy,
            Sign::Weak => Fate::Traffic,
        }
    }

    /// What surely copied packets of its conversation say of a datagram, where other packets come once.
    fn by_others(&mut self, copy: &HeldCopy) -> Fate {
        let proven = self.flows.get(copy.flow).is_some_and(|flow| flow.proven);
        if proven { Fate::Copy } else { Fate::Traffic }
    }

    /// What its conversation says of a copy: that it has others, or that its sender does not use an identification twice.
    fn by_conversation(&mut self, copy: &HeldCopy) -> Fate {
        let copied = self.flows.get(copy.flow).is_some_and(|flow| flow.taught().is_copied() || flow.has_other_id(copy.way, copy.id));
        if copied { Fate::Copy } else { Fate::Traffic }
    }

    /// What becomes of a copy of which nothing more can be learnt.
    fn last_resort(&mut self, copy: &HeldCopy) -> Fate {
        let unicast = self.known.unicast;
        match copy.sign {
            Sign::Likely if self.known.of(copy.group).times == 1 => self.by_conversation(copy),
            Sign::Sure | Sign::Likely => Fate::Open,
            // Equal frames of a storm, each as often as other packets come.
            Sign::Weak if copy.group && self.is_storm(copy.key) => {
                let is_copy = unicast.every && unicast.is_near(copy.code) && !copy.seen.is_multiple_of(unicast.times);
                if is_copy { Fate::Copy } else { Fate::Traffic }
            }
            // Switches flood frames to groups: those that come one behind the other are copies, as where there is no room to wait.
            Sign::Weak if copy.group && self.known.group.times == 0 && copy.code <= gap_code(GRAIN) => Fate::Copy,
            // Who copies nearly everything copies the few frames to groups as well.
            Sign::Weak if unicast.every && unicast.is_near(copy.code) => Fate::Copy,
            Sign::Weak if self.shard.stands(copy.code) && copy.seen <= self.counts.usual_copies() => Fate::Copy,
            Sign::Weak => Fate::Traffic,
        }
    }

    fn settle(&mut self, mut judge: impl FnMut(&mut Self, &HeldCopy) -> Fate) {
        for step in 0..self.held.ring.len() {
            // The oldest first.
            let slot = (self.held.next + step) % self.held.ring.len();
            let Some(&copy) = self.held.ring.get(slot).filter(|c| c.open) else { continue };
            match judge(self, &copy) {
                Fate::Open => {}
                Fate::Copy => self.confirm(slot),
                Fate::Traffic => self.recall(slot, false),
            }
        }
    }

    /// It is a copy.
    fn confirm(&mut self, slot: usize) {
        let Some(copy) = self.held.ring.get_mut(slot) else { return };
        copy.open = false;
        let copy = *copy;
        if copy.sign == Sign::Likely
            && let Some(flow) = self.flows.get(copy.flow)
        {
            flow.proven = true;
            flow.proven_unicast |= !copy.group;
        }
        if copy.sign == Sign::Weak {
            let counts = &mut *self.counts;
            counts.ambiguous = counts.ambiguous.since(Traffic { packets: 1, wire_bytes: copy.wire.into() });
            counts.copied_at.note(Timestamp(copy.time));
            counts.count_copy(copy.class, copy.wire, copy.code, copy.seen, copy.places);
            counts.count_sent_on(copy.places, copy.stations);
            counts.payload_copies += u64::from(!copy.light);
            if copy.is_transit() {
                self.transits.count(copy.class, copy.places, copy.time, copy.since.into());
            }
        }
    }

    /// It is traffic.
    fn recall(&mut self, slot: usize, looped: bool) {
        let Some(copy) = self.held.ring.get_mut(slot) else { return };
        copy.open = false;
        let copy = *copy;
        if copy.sign != Sign::Weak {
            let counts = &mut *self.counts;
            counts.take_back(copy.class, copy.wire, copy.code, copy.seen, copy.places);
            counts.uncount_sent_on(copy.places, copy.stations);
            counts.payload_copies = counts.payload_copies.saturating_sub(u64::from(!copy.light));
            let at = Timestamp(copy.time);
            let traffic = if looped {
                counts.looped_at.note(at);
                &mut counts.looped
            } else if copy.alike {
                &mut counts.ambiguous
            } else {
                counts.repeated_at.note(at);
                &mut counts.repeated
            };
            traffic.count(copy.wire);
            if copy.is_transit() {
                self.transits.take_back(copy.class, copy.places, copy.time, copy.since.into());
            }
        }
        // Whoever does not ask has not kept them.
        if self.held.back.len() < COPY_HELD {
            self.held.back.push(slot as u16);
        }
    }

    /// All copies of a packet that comes again and again are traffic, but for those that come at once in the same place: `times` sightings are
    /// one packet's.
    pub(super) fn recall_all(&mut self, entry: &Entry, times: u8, looped: bool) {
        let (mut place, mut run) = (entry.print.place(), None);
        for step in 0..self.held.ring.len() {
            let slot = (self.held.next + step) % self.held.ring.len();
            let same = |c: &&HeldCopy| c.open && c.key == entry.print.key && c.time >= entry.first;
            let Some(&copy) = self.held.ring.get(slot).filter(same) else { continue };
            let so_far = run.unwrap_or(copy.seen.min(times));
            if copy.places[1] == place && so_far < times {
                run = Some(so_far + 1);
                continue;
            }
            (place, run) = (copy.places[1], Some(1));
            self.recall(slot, looped);
        }
    }
}
