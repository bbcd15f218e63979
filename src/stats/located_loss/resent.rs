//! What was sent again, and whether it is the first of it that arrived after all.
//!
//! A sender whose time is out, or whose receiver asked, may be wrong: what it sent first was late. The acknowledgements that follow tell, of which any
//! one is enough:
//!
//! - it comes before what was sent again can have been answered, by the shortest round trips of the receiver's side;
//! - it echoes an older time stamp than that of what was sent again (RFC 3522, Eifel), where that is what the receiver waited for;
//! - behind a time-out they step on (RFC 5682, F-RTO): one stops among what was sent before the time-out, and the next goes beyond the place
//!   where it stopped, of which nothing was sent again. Where it was lost all that waits behind it is acknowledged at once.
//!
//! A receiver that says what it has twice says so (RFC 2883): that is read with the acknowledgements.

use crate::model::tcp::before;
use crate::model::{LeastTrip, Location, Segment, Timestamp};

/// Segments sent again of which is remembered that they were counted.
const AGAIN: usize = 8;

/// What a sender puts into a packet that tells when it was sent: later packets have larger ones.
#[derive(Debug, Clone, Copy, Default)]
pub struct SenderMarks {
    /// The number of its IP packet (IPv4's identification), of which many hosts keep a counter by connection.
    pub identification: Option<u16>,
    /// Its time stamp (RFC 7323).
    pub stamp: Option<u32>,
}

/// How far apart the numbers of two packets are at most that are taken for numbers of one counter.
const COUNTED: u16 = 256;

impl SenderMarks {
    /// Whether this was sent after another of its sender's; `None` where they say nothing: they are the same, or of no counter.
    pub(super) fn is_later(self, other: SenderMarks) -> Option<bool> {
        if let Some((this, that)) = self.stamp.zip(other.stamp).filter(|(this, that)| this != that) {
            return Some(before(that, this));
        }
        let (this, that) = self.identification.zip(other.identification)?;
        match (this.wrapping_sub(that), that.wrapping_sub(this)) {
            (1..=COUNTED, _) => Some(true),
            (_, 1..=COUNTED) => Some(false),
            _ => None,
        }
    }
}

/// A segment that was sent again and counted as lost.
#[derive(Debug, Clone, Copy)]
pub(super) struct Again {
    pub number: u32,
    /// The number behind it.
    pub end: u32,
    pub time: Timestamp,
    pub location: Location,
    /// Nothing but the time says that it was sent again.
    pub is_prompt: bool,
    /// The shortest round trip of its receiver's side until then.
    pub least_trip: Option<LeastTrip>,
    /// Its receiver says what arrived twice.
    pub is_told: bool,
    /// Its time stamp, where its receiver waited for it and for nothing before it.
    pub stamp: Option<u32>,
    /// What was sent before it ends here; of one whose time was out, else `None`.
    pub reach: Option<u32>,
    /// Where the first acknowledgement of it stopped.
    pub stop: Option<u32>,
}

/// Bytes that were sent again one after the other, without a new acknowledgement between them.
#[derive(Debug, Clone, Copy)]
struct Run {
    start: u32,
    end: u32,
    /// When its first ones were.
    since: Timestamp,
    is_over: bool,
}

/// What an acknowledgement says.
#[derive(Debug, Clone, Copy)]
pub struct Acknowledgement {
    /// The number.
    pub number: u32,
    /// The time stamp that it echoes (RFC 7323).
    pub echo: Option<u32>,
}

/// What of one direction was sent again lately.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Resent {
    /// What was counted as lost last, the newest last.
    again: [Option<Again>; AGAIN],
    /// What was sent again last, counted or not.
    run: Option<Run>,
    /// Up to where anything was sent again.
    to: Option<u32>,
    /// Up to here the first of everything has arrived, or is on its way: a time-out was wrong.
    undone: Option<u32>,
    /// How many were taken out of which nothing tells whether the first of them arrived.
    unsure: u32,
}

impl Resent {
    /// A segment is sent again, counted as lost or not.
    pub fn note(&mut self, number: u32, end: u32, time: Timestamp) {
        match &mut self.run {
            Some(run) if !run.is_over && run.end == number => run.end = end,
            run => *run = Some(Run { start: number, end, since: time, is_over: false }),
        }
        self.to = Some(self.to.filter(|to| before(end, *to)).unwrap_or(end));
    }

    /// One of them was lost.
    pub fn lost(&mut self, again: Again) {
        self.again.rotate_left(1);
        self.again.last_mut().into_iter().for_each(|newest| *newest = Some(again));
    }

    /// The newest of them that begins with a number.
    pub fn of(&self, number: u32) -> Option<&Again> {
        self.again.iter().rev().flatten().find(|again| again.number == number)
    }

    /// Takes out the one that begins between two numbers.
    pub fn take(&mut self, from: u32, to: u32) -> Option<Again> {
        let is_in = |again: &Again| !before(again.number, from) && before(again.number, to);
        self.again.iter_mut().find(|again| again.as_ref().is_some_and(is_in))?.take()
    }

    /// Takes out the newest of which nothing but the time says that it was sent again.
    pub fn take_prompt(&mut self) -> Option<Again> {
        self.again.iter_mut().rev().find(|again| again.is_some_and(|again| again.is_prompt))?.take()
    }

    /// How many were taken out of which nothing tells whether the first of them arrived; once.
    pub fn take_unsure(&mut self) -> u32 {
        std::mem::take(&mut self.unsure)
    }

    /// Whether the first of a segment is on its way, though the sender's time was out.
    pub fn is_undone(&self, number: u32) -> bool {
        self.undone.is_some_and(|undone| before(number, undone))
    }

    /// Takes in an acknowledgement: takes out one that was not lost after all, as it shows, or perhaps not. To be asked again until there is none.
    pub fn mistaken(&mut self, ack: &Acknowledgement, time: Timestamp) -> Option<Again> {
        self.run.iter_mut().for_each(|run| run.is_over = true);
        self.undone = self.undone.filter(|undone| before(ack.number, *undone));
        let (run, to) = (self.run, self.to);
        let verdict = |(at, again): (usize, &mut Option<Again>)| {
            let arrived = again.as_mut()?.first_arrived(ack, time, (run, to));
            (arrived != Some(false)).then_some((at, arrived.is_none()))
        };
        let (at, is_unsure) = self.again.iter_mut().enumerate().find_map(verdict)?;
        self.unsure = self.unsure.saturating_add(is_unsure.into());
        let again = self.again.get_mut(at)?.take()?;
        if let Some(reach) = again.reach {
            self.undone = Some(reach).filter(|reach| before(ack.number, *reach));
        }
        Some(again)
    }
}

/// Time stamps between that of a segment and that of the same one sent again, at most: fifteen seconds of a clock of microseconds, the fastest there is.
const STAMPS_APART: u32 = 15_000_000;

/// Whether an echo is of a time stamp shortly before another. Zero is what those echo who echo nothing.
fn is_older(echo: u32, stamp: u32) -> bool {
    echo != 0 && (1..=STAMPS_APART).contains(&stamp.wrapping_sub(echo))
}

impl Again {
    /// A segment that is seen at a time, of which nothing more is known.
    pub fn of(segment: &Segment, time: Timestamp, location: Location) -> Self {
        Self { end: segment.sequence.wrapping_add(segment.payload), ..Self::at(segment.sequence, time, location) }
    }

    /// One that begins with a number.
    pub fn at(number: u32, time: Timestamp, location: Location) -> Self {
        Self {
            number,
            end: number.wrapping_add(1),
            time,
            location,
            is_prompt: false,
            least_trip: None,
            is_told: false,
            stamp: None,
            reach: None,
            stop: None,
        }
    }

    /// Whether the first of it arrived after all, as an acknowledgement shows; `None`: it may have.
    fn first_arrived(&mut self, ack: &Acknowledgement, time: Timestamp, (run, to): (Option<Run>, Option<u32>)) -> Option<bool> {
        if before(ack.number, self.end) || self.location != Location::BeyondMirror {
            return Some(false);
        }
        let Some(stop) = self.stop else {
            self.stop = Some(ack.number);
            let is_echo = self.stamp.zip(ack.echo).map(|(stamp, echo)| is_older(echo, stamp));
            return match self.answers(self.time, time) {
                _ if is_echo == Some(true) => Some(true),
                None if self.is_told || is_echo.is_some() => Some(false),
                is_answer => is_answer.map(|is_answer| !is_answer),
            };
        };
        if !self.reach.is_some_and(|reach| before(stop, reach)) || !before(stop, ack.number) {
            return Some(false);
        }
        // It goes on from there: by what was sent first, unless that was sent again long enough ago.
        self.reach = None;
        let is_in = |run: &Run| !before(stop, run.start) && before(stop, run.end);
        let goes_on = run.filter(is_in).is_some_and(|run| self.answers(run.since, time) == Some(false));
        Some(to.is_none_or(|to| !before(stop, to)) || goes_on)
    }

    /// See [`LeastTrip::answers`].
    fn answers(&self, since: Timestamp, time: Timestamp) -> Option<bool> {
        self.least_trip.map_or(Some(true), |least| least.answers(time.since(since)))
    }
}
