//! The rows of a list that are known so far: all packets, or those found by looking through them once.

use super::matching::Matcher;
use super::shelf::Shelf;
use crate::error::Result;
use crate::model::limits::LISTED_PACKETS;
use crate::model::time::SECOND;
use crate::snapshot::PacketSubject;
use std::collections::VecDeque;

/// How much later than a span a packet must be for none of the span to come behind it: more than mirrors and merged captures mix up.
const DISORDER: i64 = 60 * SECOND;

/// The packets of a list by their numbers from 0.
#[derive(Default)]
pub(super) struct Lines {
    subject: PacketSubject,
    /// Numbers of those found, where it is not all of them.
    found: VecDeque<u64>,
    /// The next packet to be looked at.
    next: u64,
    /// Packets that there are.
    end: u64,
    start: u64,
    /// Whether looking has begun.
    begun: bool,
    /// Whether nothing more of its span can come.
    over: bool,
    /// More were found than have room.
    pub full: bool,
}

impl Lines {
    /// Begins a list.
    pub fn of(subject: PacketSubject) -> Self {
        Self { subject, ..Self::default() }
    }

    /// What it is of.
    pub fn subject(&self) -> &PacketSubject {
        &self.subject
    }

    /// Takes notice of packets that came and went.
    pub fn refresh(&mut self, shelf: &mut dyn Shelf) {
        let range = shelf.range();
        (self.start, self.end) = (range.start, range.end);
        self.next = self.next.max(self.start);
        while self.found.front().is_some_and(|first| *first < self.start) {
            self.found.pop_front();
        }
    }

    /// Whether it is of every packet, so that nothing has to be looked for.
    fn is_all(&self) -> bool {
        self.subject == PacketSubject::All
    }

    /// Looks through the packets that follow; whether there is more to be looked through.
    pub fn look_on(&mut self, shelf: &mut dyn Shelf, matcher: &mut Matcher) -> Result<bool> {
        if self.is_all() || self.next >= self.end || self.full || self.over {
            return Ok(false);
        }
        let span = self.subject.span();
        if let Some(span) = span.filter(|_| !self.begun) {
            self.next = self.next.max(shelf.before(span.from));
        }
        self.begun = true;
        let (subject, found) = (&self.subject, &mut self.found);
        let (mut next, mut is_behind) = (self.next, false);
        let read = shelf.read(self.next, &mut |number, packet| {
            if number >= next {
                is_behind |= span.is_some_and(|span| packet.time >= span.to.plus(DISORDER));
                if found.len() < LISTED_PACKETS && matcher.lists(subject, number, packet) {
                    found.push_back(number);
                }
                next = number + 1;
            }
        })?;
        self.full = self.found.len() >= LISTED_PACKETS;
        self.next = if read && !is_behind { next.max(self.next + 1) } else { self.end };
        self.over = is_behind;
        Ok(self.next < self.end && !self.full)
    }

    /// How many rows are known.
    pub fn len(&self) -> u64 {
        if self.is_all() { self.end - self.start.min(self.end) } else { self.found.len() as u64 }
    }

    /// How much was looked through; `None`: all.
    pub fn searched(&self) -> Option<f32> {
        let all = (self.end - self.start.min(self.end)).max(1);
        let done = self.is_all() || self.next >= self.end || self.full || self.over;
        (!done).then(|| (self.next - self.start.min(self.next)) as f32 / all as f32)
    }

    /// The number of the packet in a row.
    pub fn number(&self, row: u64) -> Option<u64> {
        if self.is_all() {
            return (row < self.len()).then_some(self.start + row);
        }
        self.found.get(usize::try_from(row).ok()?).copied()
    }

    /// The row of a packet, or of the first one behind it.
    pub fn row(&self, number: u64) -> u64 {
        if self.is_all() {
            return number.saturating_sub(self.start).min(self.len().saturating_sub(1));
        }
        (self.found.partition_point(|found| *found < number) as u64).min(self.len().saturating_sub(1))
    }
}
