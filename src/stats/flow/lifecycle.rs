//! The life of a conversation: it is opened by its first packet and closed when it has ended, when nothing has come for long, or when it has
//! to go.
//!
//! Closing ends state and yields a record of what passed; the conversation's row stays where it is, and is opened anew by its next packet.
//! Everything here happens at marks, by packet time, so that packets hardly pay for it: what changed since the last mark is in lists, and who
//! is idle is found by a [wheel](super::wheel), whose cost goes with the conversations that are open.

use super::wheel::{NOWHERE, Wheel};
use super::{FlowHot, FlowTable, Record};
use crate::model::limits::{OTHER_IDLE, TCP_ENDED, TCP_IDLE, UDP_IDLE, WHEEL_TURNS};
use crate::model::time::SECOND;
use crate::model::{AppId, AppSlot, CloseReason, Timestamp, Traffic};

/// What happened to a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FlowChange {
    /// Its first packet came, or the first after it was closed.
    Opened,
    /// It goes on, and has lasted for so long that what passed so far is told of.
    Parted,
    /// It was closed.
    Closed(CloseReason),
}

/// What a conversation was when it was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opening {
    /// The packet that opened it.
    pub first: Timestamp,
    /// Its row's traffic before that packet.
    pub traffic: [Traffic; 2],
}

/// An event in the life of a conversation.
#[derive(Debug, Clone, Copy)]
pub struct FlowEvent<'a, X> {
    /// The conversation's number.
    pub at: u32,
    /// What happened.
    pub change: FlowChange,
    /// The conversation as it is; its slot still holds the state that ends.
    pub record: Record<'a, X>,
    /// When it was opened, if not with its first packet of all.
    pub reopened: Option<Opening>,
}

impl<X> FlowEvent<'_, X> {
    /// What passed since it was opened.
    pub fn traffic(&self) -> [Traffic; 2] {
        let [ab, ba] = self.record.flow.traffic;
        let [before_ab, before_ba] = self.reopened.map_or_else(Default::default, |o| o.traffic);
        [ab.since(before_ab), ba.since(before_ba)]
    }

    /// The packet that opened it.
    pub fn first(&self) -> Timestamp {
        self.reopened.map_or(self.record.rest.first, |o| o.first)
    }
}

/// Where in its life a conversation is: two bytes of its record.
#[derive(Debug, Clone, Copy)]
pub(super) struct Life {
    flags: u8,
    /// The wheel's bucket in which it waits.
    bucket: u8,
}

impl Life {
    /// It was closed, and no packet has come since.
    const CLOSED: u8 = 1;
    /// It is in the list of those touched since the last report.
    const TOUCHED: u8 = 2;
    /// It is known to have ended by FIN or RST.
    const ENDED: u8 = 4;
    /// A part of it was told of, and no packet has come since.
    const PARTED: u8 = 8;

    fn is(self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    /// A new round begins.
    pub fn reported(&mut self) {
        self.flags &= !Self::TOUCHED;
    }
}

/// What changed since the last mark, and who waits for his end.
#[derive(Debug, Default)]
pub(super) struct Lives {
    /// Whether somebody wants to be told who was opened.
    pub tells_opened: bool,
    /// Nanoseconds after which a part of a conversation that goes on is told of.
    longest_part: Option<i64>,
    /// Opened.
    opened: Vec<u32>,
    /// Ended by FIN or RST.
    ended: Vec<u32>,
    /// Another connection took their place.
    replaced: Vec<u32>,
    /// Those opened more than once.
    reopened: hashbrown::HashMap<u32, Opening>,
    wheel: Wheel,
}

impl Lives {
    /// A conversation of an IP protocol was opened at `time`.
    pub fn open(&mut self, at: u32, protocol: u8, time: Timestamp) -> Life {
        if self.tells_opened {
            self.opened.push(at);
        }
        let wait = patience(protocol, false).min(self.longest_part.unwrap_or(i64::MAX));
        Life { flags: 0, bucket: self.wheel.put(at, time.plus(wait), time) }
    }

    /// Whether a connection has ended, which may be known; or goes on, whatever was held for its end.
    pub fn note_end(&mut self, at: u32, life: &mut Life, has_ended: bool) {
        match (has_ended, life.is(Life::ENDED)) {
            (true, false) => {
                life.flags |= Life::ENDED;
                self.ended.push(at);
            }
            (false, true) => life.flags &= !Life::ENDED,
            _ => {}
        }
    }

    /// A new connection took a conversation's place: no packet of it can come any more.
    pub fn replace(&mut self, at: u32) {
        self.replaced.push(at);
    }

    /// Conversations have new numbers, or left; changes so far were told.
    pub fn renumber(&mut self, new: impl Fn(u32) -> Option<u32>) {
        self.ended = self.ended.iter().filter_map(|&at| new(at)).collect();
        let old = std::mem::take(&mut self.reopened);
        self.reopened = old.into_iter().filter_map(|(at, opening)| Some((new(at)?, opening))).collect();
        self.wheel.renumber(new);
    }
}

/// How long a conversation of an IP protocol may be silent before it is closed; whether it `has_ended` by its own word.
fn patience(protocol: u8, has_ended: bool) -> i64 {
    match (protocol, has_ended) {
        (6, true) => TCP_ENDED,
        (6, false) => TCP_IDLE,
        (17, _) => UDP_IDLE,
        _ => OTHER_IDLE,
    }
}

/// A connection that has ended says so, whatever closes it.
fn reason<X>(flow: &FlowHot<X>, cause: CloseReason) -> CloseReason {
    match flow.key.protocol {
        6 if flow.tcp.reset() => CloseReason::Rst,
        6 if flow.tcp.has_ended() => CloseReason::Fin,
        _ => cause,
    }
}

impl<X: Copy + Default> FlowTable<X> {
    /// Notes the first packet of a conversation in this round, after it was counted: `wire` bytes in direction `way`.
    #[inline(never)]
    pub(super) fn touch(&mut self, at: u32, way: usize, time: Timestamp, wire: u32) {
        let Some(flow) = self.flows.get_mut(at as usize) else { return };
        flow.round = self.round;
        if !flow.life.is(Life::TOUCHED) {
            self.touched.push(at);
        }
        let mut traffic = flow.traffic;
        if let Some(this_way) = traffic.get_mut(way) {
            *this_way = this_way.since(Traffic { packets: 1, wire_bytes: wire.into() });
        }
        if let Some(marked) = &mut self.marked {
            marked.push((at, traffic));
        }
        if flow.life.is(Life::CLOSED) {
            self.lives.reopened.insert(at, Opening { first: time, traffic });
            // What has ended once does so again, if only to take in stragglers.
            let ended = flow.life.flags & Life::ENDED;
            flow.life = self.lives.open(at, flow.key.protocol, time);
            flow.life.flags |= ended;
            if ended != 0 {
                self.lives.ended.push(at);
            }
            // What is known of it stays known; what was not recognised is looked at again.
            if flow.app.app == AppId::NONE {
                flow.app = AppSlot::default();
            }
        }
        if flow.life.is(Life::PARTED) {
            flow.life.flags &= !Life::PARTED;
            self.lives.reopened.entry(at).and_modify(|opening| opening.first = time);
        }
        flow.life.flags |= Life::TOUCHED;
    }

    /// When [`Self::close_idle`] may next have something to do, unless a packet comes before.
    pub fn next_close(&self) -> Timestamp {
        self.lives.wheel.next()
    }

    /// At a mark: tells `tell` which conversations were opened since the last one, and closes those that were replaced, have ended or were
    /// silent for too long. The order is that of the packets.
    pub fn close_idle(&mut self, now: Timestamp, tell: &mut impl FnMut(&Self, FlowEvent<'_, X>)) {
        self.tell_changes(tell);
        let mut waiting = std::mem::take(&mut self.lives.ended);
        let mut due = Vec::new();
        self.lives.wheel.turn(now, &mut due);
        for (bucket, at) in due {
            // Only where it was put last it is looked at, and once.
            if let Some(flow) = self.flows.get_mut(at as usize)
                && flow.life.bucket == bucket
            {
                flow.life.bucket = NOWHERE;
                waiting.push(at);
            }
        }
        for at in waiting {
            self.inspect(at, now, tell);
        }
        let flows = &self.flows;
        self.lives
            .wheel
            .compact(WHEEL_TURNS * self.cap, |bucket, at| flows.get(at as usize).is_some_and(|flow| flow.life.bucket == bucket));
    }

    /// Closes everything that is open, for the capture has ended.
    pub fn close_all(&mut self, tell: &mut impl FnMut(&Self, FlowEvent<'_, X>)) {
        self.tell_changes(tell);
        (0..self.flows.len() as u32).for_each(|at| self.close(at, CloseReason::Finished, tell));
    }

    /// Closes those that have to make room.
    pub(super) fn close_evicted(&mut self, gone: &[(Timestamp, u32)], tell: &mut impl FnMut(&Self, FlowEvent<'_, X>)) {
        self.tell_changes(tell);
        gone.iter().for_each(|&(_, at)| self.close(at, CloseReason::Evicted, tell));
    }

    /// Whether [`FlowChange::Opened`] is told: not at first.
    pub fn tell_opened(&mut self, wanted: bool) {
        self.lives.tells_opened = wanted;
    }

    /// Tells of conversations that go on after so many nanoseconds: what passed so far is a part of them.
    pub fn tell_parts(&mut self, nanos: i64) {
        self.lives.longest_part = Some(nanos.max(SECOND));
    }

    /// Tells who was opened, and closes who was replaced.
    fn tell_changes(&mut self, tell: &mut impl FnMut(&Self, FlowEvent<'_, X>)) {
        for at in std::mem::take(&mut self.lives.opened) {
            self.tell(at, FlowChange::Opened, tell);
        }
        for at in std::mem::take(&mut self.lives.replaced) {
            self.close(at, CloseReason::Replaced, tell);
        }
    }

    /// Closes a conversation whose time has come; else it waits on.
    fn inspect(&mut self, at: u32, now: Timestamp, tell: &mut impl FnMut(&Self, FlowEvent<'_, X>)) {
        let Some(record) = self.record(at).filter(|r| !r.flow.life.is(Life::CLOSED)) else { return };
        let (last, patience) = (record.last(), patience(record.flow.key.protocol, record.flow.tcp.has_ended()));
        // Also when its last packet lies as far ahead: then the clock was set back.
        if now.since(last).unsigned_abs() >= patience.unsigned_abs() {
            return self.close(at, CloseReason::Idle, tell);
        }
        let mut due = last.plus(patience);
        if let Some(longest) = self.lives.longest_part {
            let opened = self.lives.reopened.get(&at).map_or(record.rest.first, |opening| opening.first);
            if !record.flow.life.is(Life::PARTED) && now.since(opened) >= longest {
                self.part(at, tell);
                due = due.min(now.plus(longest));
            } else {
                due = due.min(opened.plus(longest));
            }
        }
        let bucket = self.lives.wheel.put(at, due, now);
        if let Some(flow) = self.flows.get_mut(at as usize) {
            flow.life.bucket = bucket;
        }
    }

    /// Tells of what passed of a conversation that goes on.
    fn part(&mut self, at: u32, tell: &mut impl FnMut(&Self, FlowEvent<'_, X>)) {
        self.tell(at, FlowChange::Parted, tell);
        let Some(last) = self.record(at).map(|record| record.last()) else { return };
        if let Some(flow) = self.flows.get_mut(at as usize) {
            self.lives.reopened.insert(at, Opening { first: last, traffic: flow.traffic });
            flow.life.flags |= Life::PARTED;
            // Its next packet is the first of a round, and begins the next part.
            flow.round = 0;
        }
    }

    fn close(&mut self, at: u32, cause: CloseReason, tell: &mut impl FnMut(&Self, FlowEvent<'_, X>)) {
        let Some(reason) = self.flows.get(at as usize).filter(|f| !f.life.is(Life::CLOSED)).map(|f| reason(f, cause)) else { return };
        self.tell(at, FlowChange::Closed(reason), tell);
        self.lives.reopened.remove(&at);
        if let Some(flow) = self.flows.get_mut(at as usize) {
            flow.life.flags = flow.life.flags & !Life::PARTED | Life::CLOSED;
            // Its next packet is the first of a round, and opens it.
            flow.round = 0;
        }
    }

    fn tell(&self, at: u32, change: FlowChange, tell: &mut impl FnMut(&Self, FlowEvent<'_, X>)) {
        if let Some(record) = self.record(at) {
            tell(self, FlowEvent { at, change, record, reopened: self.lives.reopened.get(&at).copied() });
        }
    }
}

#[cfg(test)]
#[path = "lifecycle_tests.rs"]
mod tests;
