//! The rows of a list that are known so far: all packets, or those found by looking through them once.

use super::matching::Matcher;
use super::relative::StreamStarts;
use super::shelf::Shelf;
use super::{events, take_apart_in};
use crate::decode::Rules;
use crate::error::Result;
use crate::model::TapePacket;
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
    /// Only of packets that do something to their conversation.
    events: bool,
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
    pub fn of(subject: PacketSubject, events: bool) -> Self {
        Self { subject, events, ..Self::default() }
    }

    /// Whether they are of this.
    pub fn are_of(&self, subject: &PacketSubject, events: bool) -> bool {
        self.subject == *subject && self.events == events
    }

    /// Whether they are only of packets that do something to their conversation.
    pub fn is_of_events(&self) -> bool {
        self.events
    }

    /// Whether packets before a number are still to be looked through.
    pub fn are_behind(&self, number: u64) -> bool {
        !self.is_done() && self.next < number
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
        self.subject == PacketSubject::All && !self.events
    }

    /// Whether nothing is left to be looked through.
    fn is_done(&self) -> bool {
        self.is_all() || self.next >= self.end || self.full || self.over
    }

    /// Looks through the packets that follow, for events as far as their connections were noted; whether there is more to be looked through.
    pub fn look_on(&mut self, shelf: &mut dyn Shelf, matcher: &mut Matcher, noted: (&StreamStarts, &Rules)) -> Result<bool> {
        if self.is_done() {
            return Ok(false);
        }
        let span = self.subject.span();
        if let Some(span) = span.filter(|_| !self.begun) {
            self.next = self.next.max(shelf.before(span.from));
        }
        self.begun = true;
        let (streams, rules) = noted;
        let until = if self.events { streams.noted().end } else { u64::MAX };
        if self.next >= until {
            return Ok(true);
        }
        let is_event = |number, packet: &TapePacket<'_>| {
            !self.events || events::of(&take_apart_in(streams, number, packet, rules), streams.marks(number)).is_some()
        };
        let (subject, found) = (&self.subject, &mut self.found);
        let (mut next, mut is_behind) = (self.next, false);
        let read = shelf.read(self.next, &mut |number, packet| {
            if number >= next && number < until {
                is_behind |= span.is_some_and(|span| packet.time >= span.to.plus(DISORDER));
                if found.len() < LISTED_PACKETS && matcher.lists(subject, number, packet) && is_event(number, packet) {
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
        (!self.is_done()).then(|| (self.next - self.start.min(self.next)) as f32 / all as f32)
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
