//! Rates side by side: the last second, ten seconds and minute of everything that has a row.
//!
//! A live picture brings what came since the one before, a second of it: too little to compare rows by, they would change places all the
//! time. [`Rates::smoothed`] turns it into a picture whose recent numbers cover ten seconds, so that everything on a screen rests on the
//! same time; the other spans are looked up where they stand in a column. Files have no now and are left alone.

use super::lookback::{self, Lookback};
use super::recents::{self, RecentKey, RecentPart};
use super::topic::Topic;
use crate::model::Traffic;
use crate::model::limits::{RATE_MARKS, RATE_TRACKS};
use crate::model::sizes::SIZE_CLASSES;
use crate::model::time::SECOND;
use crate::snapshot::history::SlotSums;
use crate::snapshot::{Casts, Directions, HistorySlot, LATELY_SECONDS, Service, Snapshot};
use std::collections::{HashMap, VecDeque};

/// Seconds that the tables of a live screen rest on: those by which the engine chooses their rows.
pub(super) const BASE: i64 = LATELY_SECONDS;
/// How that is named in titles.
pub(super) const BASE_NAME: &str = "10 s";
/// Cells of a row's small picture, and the seconds of each.
pub(super) const SPARK: usize = 8;
const SPARK_SECONDS: i64 = 8;
/// A row moves when its rate has changed by more than this part since it took its place, and that of the minute by more than half as much:
/// ten seconds of steady traffic differ from the next ten.
const STEADY: f64 = 0.25;
/// It moves at once when its rate has changed by this part.
const JUMP: f64 = 0.6;

/// Pictures that are further apart than this leave a time out of which nothing was seen; the past says more of it.
const LAPSE: i64 = 3 * SECOND;
/// Slots of the past that tell more than one picture does.
const FEWEST_SLOTS: usize = 3;

/// What a screen shows besides rows.
#[derive(Debug, Clone, Copy, Default)]
struct Mix {
    total: Traffic,
    link: Traffic,
    copies: Traffic,
    untagged: Traffic,
    sizes: [Traffic; SIZE_CLASSES.len()],
    casts: [Traffic; 3],
    directions: [Traffic; 5],
}

impl Mix {
    /// What was counted in a slot of the past; copies are not kept there.
    fn of(sums: &SlotSums) -> Self {
        let total = sums.total();
        let SlotSums { sizes, casts, directions, untagged, .. } = *sums;
        Self { total, link: total, copies: Traffic::default(), untagged, sizes, casts, directions }
    }

    fn each(self, other: &Self, one: fn(Traffic, Traffic) -> Traffic) -> Self {
        Self {
            total: one(self.total, other.total),
            link: one(self.link, other.link),
            copies: one(self.copies, other.copies),
            untagged: one(self.untagged, other.untagged),
            sizes: std::array::from_fn(|at| one(self.sizes[at], other.sizes[at])),
            casts: std::array::from_fn(|at| one(self.casts[at], other.casts[at])),
            directions: std::array::from_fn(|at| one(self.directions[at], other.directions[at])),
        }
    }

    fn with(self, other: &Self) -> Self {
        self.each(other, Traffic::plus)
    }

    fn without(self, other: &Self) -> Self {
        self.each(other, Traffic::since)
    }
}

/// A moment, and what had been counted by then.
#[derive(Debug, Clone, Copy)]
struct Mark {
    at: i64,
    mix: Mix,
}

/// What had been counted of a row by some moments: both directions, oldest first.
#[derive(Debug, Clone, Default)]
struct Track {
    points: VecDeque<(i64, [Traffic; 2])>,
    /// Bytes a second by which it has its place.
    rank: f64,
    seen: i64,
}

/// What is known of the last minute.
#[derive(Debug, Clone, Default)]
pub(super) struct Rates {
    marks: VecDeque<Mark>,
    tracks: HashMap<Topic, Track>,
    /// What is no row that can be selected.
    parts: HashMap<RecentPart, Track>,
    ranks: HashMap<String, f64>,
}

fn mix(s: &Snapshot) -> Mix {
    let (c, d) = (&s.stats.casts, &s.stats.directions);
    Mix {
        total: s.stats.total,
        link: s.mirror.link,
        copies: s.mirror.duplicates.traffic,
        untagged: s.stats.untagged,
        sizes: s.stats.sizes,
        casts: [c.unicast, c.multicast, c.broadcast],
        directions: [d.inbound, d.outbound, d.inside, d.through, d.unknown],
    }
}

/// What had been counted before the first picture that is seen; of what it tells no recent numbers, as much as of everything.
fn before(s: &Snapshot) -> Mix {
    let part = if s.stats.total.packets == 0 { 0.0 } else { 1.0 - s.stats.recent.packets as f64 / s.stats.total.packets as f64 };
    let scaled = |t: Traffic| Traffic { packets: (t.packets as f64 * part) as u64, wire_bytes: (t.wire_bytes as f64 * part) as u64 };
    let now = mix(s);
    Mix {
        total: s.stats.total.since(s.stats.recent),
        link: s.mirror.link.since(s.mirror.recent_link),
        copies: s.mirror.duplicates.traffic.since(s.mirror.duplicates.recent),
        untagged: scaled(now.untagged),
        sizes: now.sizes.map(scaled),
        casts: now.casts.map(scaled),
        directions: now.directions.map(scaled),
    }
}

fn nanos(seconds: f64) -> i64 {
    (seconds.clamp(0.001, 3_600.0) * SECOND as f64) as i64
}

/// What came between two moments, by what had been counted at both.
fn since<const N: usize>(now: [Traffic; N], then: [Traffic; N]) -> [Traffic; N] {
    let mut out = now;
    out.iter_mut().zip(then).for_each(|(now, then)| *now = now.since(then));
    out
}

impl Rates {
    /// Takes a picture into account.
    pub fn note(&mut self, s: &Snapshot) {
        if !s.live {
            return;
        }
        let at = s.now.0;
        // Everything was forgotten, or the clock was set back: what was known is about another time.
        if self.marks.back().is_some_and(|last| at < last.at || s.stats.total.packets < last.mix.total.packets) {
            *self = Self::default();
        }
        let begin = at.saturating_sub(nanos(s.recent_seconds));
        let oldest = at.saturating_sub((SPARK as i64 + 2) * SPARK_SECONDS * SECOND);
        let past = self.look_back(s, oldest);
        self.make_room(at);
        if self.marks.is_empty() {
            self.marks.push_back(Mark { at: begin, mix: before(s) });
        }
        if self.marks.back().is_some_and(|last| last.at == at) {
            self.marks.pop_back();
        }
        self.marks.push_back(Mark { at, mix: mix(s) });
        while self.marks.len() > RATE_MARKS || self.marks.front().is_some_and(|mark| mark.at < oldest) {
            self.marks.pop_front();
        }
        let (window, minute) = (self.moment(at, BASE), self.moment(at, 60));
        recents::read(s, &mut |row| {
            let has_room = self.tracks.len() + self.parts.len() < RATE_TRACKS;
            let steps = match (&row.key, &past) {
                (RecentKey::Row(topic), Some((from, past))) => past.row(topic).map(|steps| (*from, steps)),
                _ => None,
            };
            let track = match row.key {
                RecentKey::Row(topic) if has_room || self.tracks.contains_key(&topic) => self.tracks.entry(topic).or_default(),
                RecentKey::Part(part) if has_room || self.parts.contains_key(&part) => self.parts.entry(part).or_default(),
                _ => return,
            };
            if let Some((from, steps)) = steps {
                let recent = row.recent.map(|recent| recent.copied().unwrap_or_default());
                track.fill(from, (begin, since(row.total, recent)), steps);
            }
            if track.points.is_empty() {
                // What began before its first appearance is known since the picture before.
                let begun = row.first.is_some_and(|first| first.0 > begin);
                let recent = row.recent.map(|recent| recent.copied().unwrap_or_default());
                track.points.push_back((begin, if begun { Default::default() } else { since(row.total, recent) }));
            }
            track.push(at, row.total);
            track.settle(at, window, minute);
        });
        self.tracks.retain(|_, track| track.seen >= oldest);
        self.parts.retain(|_, track| track.seen >= oldest);
    }

    /// Where there are too many rows to remember, those go first that were in no picture for longer.
    fn make_room(&mut self, now: i64) {
        for seconds in [60, 40, 20, BASE, 0] {
            if self.tracks.len() + self.parts.len() <= RATE_TRACKS / 2 {
                return;
            }
            // Those of the last picture stay: most of them are in the next one as well.
            let last = self.marks.back().map_or(now, |mark| mark.at);
            let oldest = now.saturating_sub(seconds * SECOND).min(last);
            self.tracks.retain(|_, track| track.seen >= oldest);
            self.parts.retain(|_, track| track.seen >= oldest);
        }
    }

    /// What the past says of the time since the newest picture that was seen, where that is longer ago than pictures are from each other; else, of
    /// one that has just begun, of the time that is shown. With the moment it begins at.
    fn look_back(&mut self, s: &Snapshot, oldest: i64) -> Option<(i64, Lookback)> {
        let at = s.now.0;
        let last = self.marks.back().map(|mark| mark.at);
        if last.is_some_and(|last| at.saturating_sub(last) <= LAPSE) {
            return None;
        }
        let from = last.unwrap_or(oldest);
        // What had been counted where the picture's recent numbers begin is known exactly: slots before it and behind it are put to that.
        let begin = at.saturating_sub(nanos(s.recent_seconds));
        let is_told =
            |slot: &&HistorySlot| slot.span.from.0 >= from && slot.span.to.0 < at && (slot.span.to.0 <= begin || slot.span.from.0 >= begin);
        let slots: Vec<&HistorySlot> = s.history.slots.iter().map(|slot| &**slot).filter(is_told).collect();
        let slots = lookback::joined(&slots, begin);
        let (end, slot) = slots.first().filter(|_| slots.len() >= FEWEST_SLOTS)?;
        let first = end.saturating_sub(slot.span.length()).min(begin);
        let base = before(s);
        let earlier = slots.iter().filter(|(end, _)| *end <= begin);
        let mut sum = earlier.fold(base, |left, (_, slot)| left.without(&Mix::of(&slot.sums)));
        self.mark_at(first, sum);
        for (end, slot) in &slots {
            if *end > begin {
                self.mark_at(begin, base);
            }
            sum = sum.with(&Mix::of(&slot.sums));
            self.mark_at(*end, sum);
        }
        self.mark_at(begin, base);
        Some((first, Lookback::of(&slots)))
    }

    /// Notes what had been counted by a moment, behind those that are noted.
    fn mark_at(&mut self, at: i64, mix: Mix) {
        if self.marks.back().is_none_or(|mark| mark.at < at) {
            self.marks.push_back(Mark { at, mix });
        }
    }

    /// The latest moment that lies about so many seconds before `now`, else the earliest that is known.
    fn moment(&self, now: i64, seconds: i64) -> i64 {
        self.mark(now, seconds).map_or(now, |mark| mark.at)
    }

    fn mark(&self, now: i64, seconds: i64) -> Option<&Mark> {
        let least = now.saturating_sub(seconds.saturating_mul(SECOND)).saturating_add(seconds.saturating_mul(SECOND / 20));
        self.marks.iter().rev().find(|mark| mark.at <= least).or(self.marks.front())
    }

    /// The picture with recent numbers of the last ten seconds.
    pub fn smoothed(&self, s: &Snapshot) -> Snapshot {
        let mut out = s.clone();
        // Of services ten seconds tell too little: they have the minute that findings rest on.
        out.stats.services.rows.iter_mut().for_each(Service::show_lately);
        let now = s.now.0;
        let Some(mark) = self.mark(now, BASE).filter(|mark| s.live && mark.at < now) else { return out };
        let window = mark.at;
        out.recent_seconds = now.saturating_sub(window) as f64 / SECOND as f64;
        recents::write(&mut out, &mut |row| {
            let track = match &row.key {
                RecentKey::Row(topic) => self.tracks.get(topic),
                RecentKey::Part(part) => self.parts.get(part),
            };
            let Some(track) = track else { return };
            for (recent, traffic) in row.recent.into_iter().flatten().zip(track.within(now, window)) {
                *recent = traffic;
            }
        });
        let then = mark.mix;
        out.stats.recent = s.stats.total.since(then.total);
        out.mirror.recent_link = s.mirror.link.since(then.link);
        out.mirror.duplicates.recent = s.mirror.duplicates.traffic.since(then.copies);
        out.stats.untagged = s.stats.untagged.since(then.untagged);
        out.stats.sizes = since(s.stats.sizes, then.sizes);
        let now = mix(s);
        let [unicast, multicast, broadcast] = since(now.casts, then.casts);
        out.stats.casts = Casts { unicast, multicast, broadcast };
        let [inbound, outbound, inside, through, unknown] = since(now.directions, then.directions);
        out.stats.directions = Directions { inbound, outbound, inside, through, unknown };
        out
    }

    /// What came in all in the last so many seconds, and the seconds that covers.
    pub fn all(&self, seconds: i64) -> Option<(Traffic, f64)> {
        let last = self.marks.back()?;
        let then = self.mark(last.at, seconds)?;
        let covered = last.at.saturating_sub(then.at);
        (covered > 0).then(|| (last.mix.total.since(then.mix.total), covered as f64 / SECOND as f64))
    }

    /// Bits a second of a row in the last so many seconds.
    pub fn of(&self, topic: &Topic, seconds: i64) -> Option<f64> {
        let now = self.marks.back()?.at;
        let window = self.moment(now, seconds);
        let track = self.tracks.get(topic)?;
        // What is known of a small part of the time says nothing of all of it.
        if now.saturating_sub(track.known_since()) < now.saturating_sub(window) / 2 {
            return None;
        }
        let [one, other] = track.within(now, window);
        Some(one.plus(other).bits_per_second(now.saturating_sub(window) as f64 / SECOND as f64))
    }

    /// Bytes a second by which a row has its place: those of the last ten seconds, held while they change little. `None`: nothing is remembered.
    pub fn rank(&self, topic: &Topic) -> Option<f64> {
        self.tracks.get(topic).map(|track| track.rank)
    }

    /// Whether nothing came of a row in the last ten seconds.
    pub fn is_silent(&self, topic: &Topic) -> bool {
        self.tracks.get(topic).is_some_and(|track| track.rank <= 0.0)
    }

    /// Bytes of a row in each of the last spans of eight seconds, oldest first. The open one stands for the newest half of a span at least: what
    /// came just now is seen at once, and is no peak because little of its time is over.
    pub fn spark(&self, topic: &Topic) -> [Option<f64>; SPARK] {
        let mut out = [None; SPARK];
        let span = SPARK_SECONDS * SECOND;
        let (Some(last), Some(first), Some(track)) = (self.marks.back(), self.marks.front(), self.tracks.get(topic)) else { return out };
        let is_open = last.at.rem_euclid(span) > 0;
        let end = last.at.div_euclid(span).saturating_add(i64::from(is_open));
        for (slot, number) in out.iter_mut().zip(end.saturating_sub(SPARK as i64)..end) {
            let to = number.saturating_add(1).saturating_mul(span).min(last.at);
            let from = number.saturating_mul(span).min(to.saturating_sub(span / 2)).max(first.at);
            if to > from && to > track.known_since() {
                let [one, other] = since(track.at(to), track.at(from));
                *slot = Some(one.plus(other).wire_bytes as f64 * (span as f64 / to.saturating_sub(from) as f64));
            }
        }
        out
    }

    /// The place of a row that is put together on the screen: its bytes a second, held while they change little.
    pub fn rank_of(&self, name: &str, rate: f64) -> f64 {
        self.ranks.get(name).copied().filter(|held| within(*held, rate, STEADY)).unwrap_or(rate)
    }

    /// Notes the rates of such rows.
    pub fn settle(&mut self, named: impl Iterator<Item = (String, f64)>) {
        self.ranks = named.map(|(name, rate)| (name.clone(), self.rank_of(&name, rate))).collect();
    }
}

/// So many times as much.
fn scaled(traffic: Traffic, times: f64) -> Traffic {
    Traffic { packets: (traffic.packets as f64 * times) as u64, wire_bytes: (traffic.wire_bytes as f64 * times) as u64 }
}

/// Whether a rate is as near to another one as this part of it; none is like nothing.
fn within(held: f64, rate: f64, part: f64) -> bool {
    held > 0.0 && rate > 0.0 && (rate - held).abs() <= held * part
}

impl Track {
    /// Takes in what the past says from a moment on: `base` had been counted by `begin`.
    fn fill(&mut self, from: i64, (begin, base): (i64, [Traffic; 2]), steps: &[(i64, [Traffic; 2])]) {
        let earlier = steps.iter().filter(|step| step.0 <= begin);
        let mut sum = earlier.fold(base, |left, step| since(left, step.1));
        if self.points.is_empty() {
            self.points.push_back((from, sum));
        }
        let mut note = |at: i64, sum: [Traffic; 2]| {
            if self.points.back().is_none_or(|last| last.0 < at) {
                self.push(at, sum);
            }
        };
        for (at, added) in steps {
            if *at > begin {
                note(begin, base);
            }
            sum.iter_mut().zip(added).for_each(|(sum, added)| sum.add(*added));
            note(*at, sum);
        }
        note(begin, base);
    }

    /// Notes what is counted now. Of what is older than the longest rate needs it in full, one moment each eight seconds is enough.
    fn push(&mut self, at: i64, total: [Traffic; 2]) {
        self.seen = at;
        match self.points.back_mut() {
            Some(last) if last.1 == total => return,
            Some(last) if last.0 >= at => last.1 = total,
            _ => self.points.push_back((at, total)),
        }
        let (fine, span) = (self.fine(), SPARK_SECONDS * SECOND);
        let mut i = 0;
        while let (Some(one), Some(next)) = (self.points.get(i), self.points.get(i + 1)) {
            if next.0 >= fine {
                break;
            }
            let old = next.0 < at.saturating_sub((SPARK as i64 + 2) * span);
            // The first tells since when all of it is known.
            if old || i > 0 && one.0.saturating_sub(1).div_euclid(span) == next.0.saturating_sub(1).div_euclid(span) {
                self.points.remove(i);
            } else {
                i += 1;
            }
        }
    }

    /// Since when every moment is kept.
    fn fine(&self) -> i64 {
        self.seen.saturating_sub((BASE + 2) * SECOND)
    }

    /// Since when it is known what came: from all time on, where it began while it was looked at.
    fn known_since(&self) -> i64 {
        self.points.front().map_or(i64::MAX, |(at, counted)| if *counted == [Traffic::default(); 2] { i64::MIN } else { *at })
    }

    /// What had been counted at a moment; before the first that is known, what was known then. Between two of those that stand for others it is
    /// taken to have grown evenly, unless nothing came for longer.
    fn at(&self, moment: i64) -> [Traffic; 2] {
        let behind = self.points.partition_point(|point| point.0 <= moment);
        let Some((time, counted)) = behind.checked_sub(1).and_then(|at| self.points.get(at)).or(self.points.front()) else {
            return Default::default();
        };
        let stands_for_others = |next: &&(i64, [Traffic; 2])| next.0 < self.fine() && next.0 - time <= 2 * SPARK_SECONDS * SECOND;
        let Some(next) = self.points.get(behind).filter(stands_for_others).filter(|_| behind > 0) else { return *counted };
        let part = moment.saturating_sub(*time) as f64 / (next.0 - time) as f64;
        let mut grown = since(next.1, *counted).map(|t| scaled(t, part));
        grown.iter_mut().zip(counted).for_each(|(sum, before)| sum.add(*before));
        grown
    }

    /// What came since a moment, as if what is known of a part of the time held for all of it.
    fn within(&self, now: i64, moment: i64) -> [Traffic; 2] {
        let Some((_, total)) = self.points.back() else { return Default::default() };
        let came = since(*total, self.at(moment));
        let known = self.points.front().map_or(moment, |first| first.0);
        let begun = self.points.front().is_some_and(|first| first.1 == [Traffic::default(); 2]);
        if known <= moment || begun || now <= known {
            return came;
        }
        let scale = now.saturating_sub(moment) as f64 / now.saturating_sub(known) as f64;
        came.map(|t| scaled(t, scale))
    }

    /// Takes its place anew where its rates have changed since the moments that they are counted from.
    fn settle(&mut self, now: i64, ten: i64, minute: i64) {
        let rate = |from| {
            let [one, other] = self.within(now, from);
            one.plus(other).wire_bytes as f64 / (now.saturating_sub(from).max(1) as f64 / SECOND as f64)
        };
        let (ten, minute) = (rate(ten), rate(minute));
        let still = within(self.rank, ten, STEADY) || within(self.rank, ten, JUMP) && within(self.rank, minute, STEADY / 2.0);
        // A row that is young finds its place first.
        let young = self.points.front().is_none_or(|first| now.saturating_sub(first.0) <= (BASE + 5) * SECOND);
        if young || !still {
            self.rank = if within(ten, minute, JUMP) { (ten + minute) / 2.0 } else { ten };
        }
    }
}
