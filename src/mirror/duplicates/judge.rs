//! Judges a packet that was seen before.

use super::counts::{CopyClass, GRAIN, gap_code, gap_end};
use super::fingerprint::{Digest, Fingerprint, Vantage};
use super::flows::{FOUR, Flow, Pattern};
use super::recall::{HeldCopy, Sign};
use super::table::{Entry, MOST_COPIES};
use super::watch::Multiplicity;
use super::{CopyVerdict, DuplicateFilter, LEARN, REACH, WINDOW, WINDOW_HIGH, WINDOW_LOW};
use crate::model::evidence::LOOP_HOPS;
use crate::model::time::MILLISECOND;
use crate::model::{Cast, Frame, Mac, Traffic};

/// Farthest apart that sightings may be which only their repetition says to be copies.
const WEAK: u64 = 10 * MILLISECOND as u64;
/// Farthest apart that the first two packets of a sender may be, when nothing is known of it.
const PAIR: u64 = 2 * MILLISECOND as u64;
/// Packets of the shard that are looked through for the one before in a conversation.
const LOOK_BACK: usize = 64;
/// Sightings of a packet while it is not known how many a mirror makes: to one station, and not surely the same.
const UNICAST_LIMIT: u8 = 16;
/// Sightings of what is surely the same packet, where a mirror makes fewer copies of others: it may pass several of its ports.
const SURE_LIMIT: u8 = 8;

/// Time from the packet before to the first sighting, against the time from there to the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lead {
    /// There is no packet before.
    None,
    /// Less than four times as long.
    Near,
    /// At least four times as long.
    Far,
}

/// A packet that was seen before.
#[derive(Debug, Clone, Copy)]
struct Repeat {
    /// The first sighting.
    entry: Entry,
    /// Its place in the table.
    at: usize,
    now: i64,
    /// Since the last sighting.
    gap: u64,
    code: u8,
    /// How often packets like it come.
    known: Multiplicity,
    group: bool,
}

impl Repeat {
    /// Sightings before this one.
    fn seen(&self) -> u8 {
        self.entry.copies() + 1
    }

    /// Whether this mirror makes as many, so far apart.
    fn is_backed(&self) -> bool {
        self.seen() < self.known.times && self.known.is_near(self.code)
    }

    /// Whether it follows as closely as copies do that nothing else tells: those before as well.
    fn is_tight(&self) -> bool {
        let spacing = self.entry.last().abs_diff(self.entry.first) / u64::from(self.entry.copies()).max(1);
        self.gap <= PAIR && (self.entry.copies() == 0 || self.gap <= spacing.saturating_mul(4).max(GRAIN))
    }

    /// Whether it comes as closely as this mirror's copies do, all of which come more closely than anybody sends again what was lost.
    fn is_at_once(&self) -> bool {
        self.gap <= PAIR && self.is_backed() && gap_end(self.known.gap) as u64 <= WEAK
    }

    /// Sightings that are one packet's, at most.
    fn limit(&self, sign: Sign) -> u8 {
        match (sign, self.known.times) {
            (Sign::Sure, 0) => MOST_COPIES,
            (_, 0) if self.group => MOST_COPIES,
            (_, 0) => UNICAST_LIMIT,
            (Sign::Sure, times) => times.max(SURE_LIMIT),
            (Sign::Likely, 1) => SURE_LIMIT,
            (_, times) => times,
        }
    }
}

/// What a packet that was seen before teaches of how copies look here.
#[derive(Clone, Copy)]
struct Lesson {
    /// It is one.
    copy: bool,
    /// It surely is.
    certain: bool,
    /// Its distance is that of copies.
    taught: bool,
    /// There is no packet before it to be compared with.
    alone: bool,
    /// Its conversation is noted.
    notes: bool,
}

impl Lesson {
    #[inline]
    fn teach(self, flow: &mut Flow, shard: &mut Pattern, digest: &Digest, repeat: &Repeat) {
        let Lesson { copy, certain, taught, alone, notes } = self;
        let &Repeat { now, code, .. } = repeat;
        if !digest.light {
            if taught {
                shard.copy(code);
            } else {
                shard.first();
            }
            if certain || taught && !alone {
                if notes {
                    flow.copy(code, now);
                }
            } else if notes {
                flow.first();
            }
            if notes {
                flow.count(copy);
                flow.note_id(digest.way, digest.print.id());
            }
        } else if certain && (digest.opens || digest.ends) {
            flow.copy(code, now);
        }
    }
}

impl DuplicateFilter {
    /// Judges a packet that was seen before, at a place of the table.
    #[inline(never)]
    pub(super) fn again(&mut self, frame: &Frame, digest: &Digest, at: usize) -> CopyVerdict {
        let Some(&entry) = self.table.get_mut(at).as_deref() else { return CopyVerdict::First };
        let now = frame.time.0;
        let gap = now.abs_diff(entry.last());
        let group = frame.cast() != Cast::Unicast;
        let repeat = Repeat { entry, at, now, gap, code: gap_code(gap), known: self.known.of(group), group };
        let turns = frame.mac.is_some() && self.has_returned(&digest.print, &entry, now);
        if entry.is_excess() || turns {
            return self.excess(frame, digest, &repeat);
        }
        if group && repeat.known.times == 0 {
            self.bursts.note(digest.print.key, now);
        }
        let sign = self.sign(digest, &repeat);
        if sign != Sign::Weak && repeat.seen() >= repeat.limit(sign) {
            return match (sign, repeat.known.times) {
                // A flood from the beginning: as many as are made make one, and the next is another.
                (Sign::Likely, 2..) => self.another(frame, digest, &repeat),
                _ => self.excess(frame, digest, &repeat),
            };
        }
        self.weigh(frame, digest, &repeat, sign)
    }

    /// Whether a packet passed the same link the same way before: where it was seen last, or, of what its further hops kept apart, earlier.
    fn has_returned(&self, print: &Fingerprint, entry: &Entry, now: i64) -> bool {
        let is_return = |earlier: &Entry| print.place().is_return(earlier.print.place(), LOOP_HOPS);
        let is_further = || print.place().ttl() < entry.print.place().ttl();
        is_return(entry) || is_further() && self.table.sightings(print.key, now, REACH).any(|(_, earlier)| is_return(earlier))
    }

    /// Judges what may be a copy by what is known of others.
    fn weigh(&mut self, frame: &Frame, digest: &Digest, repeat: &Repeat, sign: Sign) -> CopyVerdict {
        let &Repeat { entry, now, gap, code, known, .. } = repeat;
        let payload = !digest.light;
        let is_storm = repeat.group && known.times == 0 && self.is_storm(digest.print.key);
        let lead = if sign != Sign::Weak || gap > WEAK || is_storm { Lead::Near } else { self.lead(&entry, repeat.at, gap) };
        // A pair: what copies look like when nothing else tells. The first packet of a sender has none before it to be compared with; it
        // may teach the shard, once, but not its conversation.
        let alone = lead == Lead::None;
        let pair = match lead {
            Lead::Far => entry.copies() == 0 || self.shard.stands(code),
            Lead::None => entry.copies() == 0 && gap <= PAIR,
            Lead::Near => false,
        };
        let notes = self.flows.notes(digest.print.key);
        // One more than packets usually have is another packet that looks the same, and may have copies of its own.
        let usual = if known.times > 0 { known.times.max(2) - 1 } else { self.counts.usual_copies() };
        let Some(flow) = self.flows.get(digest.flow) else { return CopyVerdict::First };
        let pattern = flow.pattern(now);
        let like = gap <= WEAK && entry.copies() < usual;
        // Who copies nearly everything copies frames to groups as well: as often, while there were too few to tell.
        let most = self.known.unicast;
        let groups = known.times == 0 && most.every && most.is_near(code) && repeat.seen() < most.times;
        let every = known.every && repeat.is_backed() || groups;
        // Where other packets come once, equal datagrams are what their sender sent so often, unless others of this conversation are surely
        // copied. Sequence numbers tell TCP segments apart.
        let alike = known.times == 1 && !digest.tcp && !flow.proven;
        let copy = match sign {
            Sign::Sure => true,
            // Where none are made, the conversation may still show that it is one that comes twice.
            Sign::Likely => known.times <= 1 || repeat.is_backed() || pattern.holds(code),
            Sign::Weak if every => true,
            Sign::Weak if is_storm => false,
            // Sequence numbers tell segments apart; equal datagrams may be sent evenly, one behind the other.
            Sign::Weak if payload && !repeat.group && repeat.is_at_once() && (digest.tcp || pair) => true,
            Sign::Weak if payload => like && !alike && (pattern.stands(code) || ((pair || pattern.knows(code)) && self.shard.stands(code))),
            Sign::Weak => pattern.holds(code) && (like || repeat.is_backed()),
        };
        // What is only likely teaches nothing: a flood would teach that it is one of copies.
        let certain = sign == Sign::Sure || copy && repeat.is_backed();
        let taught = copy && (certain || sign == Sign::Weak) || pair;
        flow.proven |= certain;
        flow.proven_unicast |= certain && !repeat.group;
        let lesson = Lesson { copy, certain, taught, alone, notes };
        lesson.teach(flow, &mut self.shard, digest, repeat);
        if copy {
            let hop = entry.print.place().is_hop(digest.print.place());
            // What a pattern says is more than the repetition itself.
            let taught = if sign == Sign::Weak { Sign::Likely } else { sign };
            let alike = sign == Sign::Weak && !digest.tcp;
            return self.copy(frame, digest, repeat, (taught, alike, hop || !repeat.is_backed()));
        }
        let is_traffic = is_storm && self.bursts.lasts(digest.print.key);
        if payload && known.times == 0 && repeat.is_tight() && repeat.seen() < repeat.limit(sign) && !is_traffic {
            return self.hold_back(frame, digest, repeat);
        }
        if sign == Sign::Weak { self.keep(frame, digest, repeat) } else { self.another(frame, digest, repeat) }
    }

    /// Whether equal frames to a group, of which it is not known how often others come, are traffic.
    pub(super) fn is_storm(&self, key: u64) -> bool {
        !self.known.several && self.bursts.is_storm(key)
    }

    /// Keeps what may be a copy: what follows is compared with this one.
    fn keep(&mut self, frame: &Frame, digest: &Digest, repeat: &Repeat) -> CopyVerdict {
        self.table.push(Entry { print: digest.print, first: repeat.now }, self.window);
        if repeat.gap > WINDOW as u64 && !repeat.known.is_near(repeat.code) {
            return CopyVerdict::First;
        }
        // Of ARP there are findings of its own, and on a bus that is no network equal messages are what is sent there.
        if frame.flow.is_some()
            && let Some(flood) = self.runs.another(digest.print.key, digest.light, repeat.now, frame.wire)
        {
            let counts = &mut *self.counts;
            counts.repeated.add(flood);
            counts.repeated_at.note(frame.time);
            let before = flood.since(Traffic { packets: 1, wire_bytes: frame.wire.into() });
            counts.ambiguous = if digest.light { counts.ambiguous } else { counts.ambiguous.since(before) };
            return CopyVerdict::First;
        }
        if digest.light {
            return CopyVerdict::First;
        }
        self.counts.ambiguous.count(frame.wire);
        CopyVerdict::Ambiguous
    }

    /// Another packet that is equal: more than this mirror makes copies of one.
    fn another(&mut self, frame: &Frame, digest: &Digest, repeat: &Repeat) -> CopyVerdict {
        if !digest.opens && !digest.ends {
            return self.keep(frame, digest, repeat);
        }
        self.table.push(Entry { print: digest.print, first: repeat.now }, self.window);
        self.counts.repeated.count(frame.wire);
        self.counts.repeated_at.note(frame.time);
        self.counts.repeated_proof.note(frame.number);
        CopyVerdict::First
    }

    /// Judges one of the packets that come again and again: only what comes at once in the same place is a copy.
    fn excess(&mut self, frame: &Frame, digest: &Digest, repeat: &Repeat) -> CopyVerdict {
        let &Repeat { entry, known, now, .. } = repeat;
        let [first, place] = [entry.print.place(), digest.print.place()];
        if !entry.is_excess() {
            self.recall_all(&entry, known.times.max(1), first.ttl() != place.ttl());
        }
        if entry.is_excess() && first == place && repeat.is_backed() {
            return self.copy(frame, digest, repeat, (Sign::Sure, false, false));
        }
        self.table.push(Entry { print: digest.print, first: now }.excess(), self.window);
        let counts = &mut *self.counts;
        let looped = first.ttl() != place.ttl();
        counts.loops += u64::from(looped && !entry.is_excess());
        let (traffic, at, proof) = match looped {
            true => (&mut counts.looped, &mut counts.looped_at, &mut counts.looped_proof),
            false => (&mut counts.repeated, &mut counts.repeated_at, &mut counts.repeated_proof),
        };
        traffic.count(frame.wire);
        at.note(frame.time);
        proof.note(frame.number);
        if let Some((flow, way)) = frame.flow.as_ref().filter(|_| looped) {
            counts.looped_to.note(flow.ends(*way)[1].0);
        }
        CopyVerdict::First
    }

    /// What says that a repetition is the same packet.
    fn sign(&mut self, digest: &Digest, repeat: &Repeat) -> Sign {
        let &Repeat { entry, at, gap, code, known, .. } = repeat;
        let id = digest.print.id();
        if entry.print.place() != digest.print.place() && (gap <= WEAK || id != 0 || known.is_near(code)) {
            let is_divided = id == 0 && known.times <= 1 && self.flows.get(digest.flow).is_some_and(|flow| flow.is_divided());
            if !is_divided {
                return Sign::Sure;
            }
        }
        let otherwise = if digest.opens || digest.ends && gap <= PAIR { Sign::Likely } else { Sign::Weak };
        if id == 0 {
            return otherwise;
        }
        // Who repeats a segment after a while may do so without a new identification; who sends a datagram again gives it another.
        let sure = if gap <= WINDOW as u64 || known.is_near(code) || !digest.tcp { Sign::Sure } else { Sign::Likely };
        if digest.fragment {
            return sure;
        }
        let way = usize::from(digest.way & 1);
        let Some(flow) = self.flows.get(digest.flow) else { return otherwise };
        if flow.varies[way] {
            return sure;
        }
        let mut ids = self
            .table
            .before(at)
            .take(LOOK_BACK)
            .chain(self.table.newest().take(LOOK_BACK))
            .filter(|e| e.print.flow() == entry.print.flow() && e.print.id() != 0 && e.print.key != entry.print.key)
            .map(|e| e.print.id());
        match ids.next() {
            Some(other) if other != id || ids.any(|other| other != id) => {
                flow.varies[way] = true;
                sure
            }
            Some(_) => otherwise,
            None if flow.constant[way] => otherwise,
            None if entry.copies() > 0 => {
                // It says nothing, unless packets come so often here.
                flow.constant[way] = !repeat.is_backed();
                otherwise
            }
            None if digest.tcp && gap <= PAIR => Sign::Likely,
            None => otherwise,
        }
    }

    /// How long before its first sighting the packet before it passed, in the same direction of its conversation.
    fn lead(&self, entry: &Entry, at: usize, gap: u64) -> Lead {
        let far = |time| gap_code(entry.first.abs_diff(time)) >= gap_code(gap).saturating_add(FOUR);
        let mut oldest = entry.first;
        for e in self.table.before(at).take(LOOK_BACK) {
            oldest = e.last();
            if e.print.flow() == entry.print.flow() {
                return if far(oldest) { Lead::Far } else { Lead::Near };
            }
        }
        // It was longer ago than all that was looked through, or there was none.
        match far(oldest) {
            _ if !self.table.is_full() => Lead::None,
            true => Lead::Far,
            false => Lead::Near,
        }
    }

    /// Counts a copy. It is held as well where it may prove to be traffic.
    fn copy(&mut self, frame: &Frame, digest: &Digest, repeat: &Repeat, (sign, alike, held): (Sign, bool, bool)) -> CopyVerdict {
        let places = [repeat.entry.print.place(), digest.print.place()];
        let class = self.class(frame, places);
        let waits = sign == Sign::Likely && repeat.known.times == 1;
        if held && !self.held.hold(HeldCopy { alike, ..held_copy(frame, digest, repeat, (sign, class)) }, waits) && waits {
            return self.another(frame, digest, repeat);
        }
        self.counts.copied_at.note(frame.time);
        self.counts.count_copy(class, frame.wire, repeat.code, repeat.seen(), places);
        self.counts.count_sent_on(places, stations(frame));
        self.counts.payload_copies += u64::from(!digest.light);
        if class.is_transit() && repeat.seen() == 1 {
            self.transits.count(class, places, repeat.now, repeat.now.abs_diff(repeat.entry.first));
        }
        if let Some(entry) = self.table.get_mut(repeat.at) {
            entry.copied(repeat.now);
        }
        self.learn_window();
        CopyVerdict::Copy(class)
    }

    /// Leaves out what may be a copy until what follows tells. Where there is no room for that, frames to a group that come one behind the
    /// other are copies, for switches flood them, and others are kept.
    fn hold_back(&mut self, frame: &Frame, digest: &Digest, repeat: &Repeat) -> CopyVerdict {
        let class = self.class(frame, [repeat.entry.print.place(), digest.print.place()]);
        if !self.held.hold(held_copy(frame, digest, repeat, (Sign::Weak, class)), true) {
            if repeat.group && repeat.gap <= GRAIN && !self.is_storm(digest.print.key) {
                return self.copy(frame, digest, repeat, (Sign::Likely, false, false));
            }
            return self.keep(frame, digest, repeat);
        }
        self.counts.ambiguous.count(frame.wire);
        if let Some(entry) = self.table.get_mut(repeat.at) {
            entry.copied(repeat.now);
        }
        CopyVerdict::Held
    }

    fn class(&self, frame: &Frame, places: [Vantage; 2]) -> CopyClass {
        let [a, b] = places;
        if frame.cast() != Cast::Unicast {
            CopyClass::Flooded
        } else if a.is_hop(b) {
            CopyClass::Routed
        } else if a.is_retagged(b) {
            CopyClass::Vlan
        } else if a != b {
            self.transits.by_point(places)
        } else {
            CopyClass::Identical
        }
    }

    fn learn_window(&mut self) {
        self.learn_at -= 1;
        if self.learn_at > 0 {
            return;
        }
        self.learn_at = LEARN;
        if let Some(p99) = self.counts.gaps().quantile(0.99) {
            self.window = (4 * p99.min(WINDOW_HIGH as u64) as i64).clamp(WINDOW_LOW, WINDOW_HIGH);
        }
    }
}

/// Who sent a frame, and to whom.
fn stations(frame: &Frame) -> [Mac; 2] {
    frame.mac.map_or_else(Default::default, |(source, destination)| [source, destination])
}

fn held_copy(frame: &Frame, digest: &Digest, repeat: &Repeat, (sign, class): (Sign, CopyClass)) -> HeldCopy {
    HeldCopy {
        key: digest.print.key,
        places: [repeat.entry.print.place(), digest.print.place()],
        stations: stations(frame),
        time: repeat.now,
        flow: digest.flow,
        wire: frame.wire,
        since: repeat.now.abs_diff(repeat.entry.first).min(u32::MAX.into()) as u32,
        id: if digest.opens || digest.ends { digest.print.id() } else { 0 },
        way: digest.way,
        seen: repeat.seen(),
        code: repeat.code,
        class,
        sign,
        group: repeat.group,
        light: digest.light,
        alike: false,
        waits: false,
        open: true,
    }
}
