//! Who claims an address, and in which order.

use super::MINUTE;
use super::bounded::Lasting;
use crate::model::Arrange as _;
use crate::model::evidence::{CONFLICT_TURNS, HANDED_OVER, SIGHT_HELD, StationEvidence};
use crate::model::{Address, Episode, Mac, Sight, Sighting, Timestamp};
use std::collections::VecDeque;

/// Turns remembered of one address.
const TURNS: usize = 16;

/// Changes of who claims an address, within a minute: to another one and back.
const CHANGES: usize = 2;

/// Stations that claim one address, told apart.
const CLAIMANTS: usize = 4;

/// An address, and who claims it.
#[derive(Debug, Default)]
pub(super) struct Claims {
    pub(super) stations: Vec<StationEvidence>,
    /// In which way each of them says so.
    voices: Vec<Voice>,
    /// Who claimed it after somebody else had: when, which of the stations, and towards whom (`None`: everybody).
    turns: VecDeque<(Timestamp, Mac, Option<Address>)>,
    pub(super) conflict: Option<(Episode, [Mac; 2])>,
    /// Who tells everybody what another one denies by its replies.
    denied: Denied,
    /// Who claimed it last, and when that was another one than before: the latest times.
    latest: Option<Mac>,
    pub(super) changes: [Change; CHANGES],
    pub(super) last: Timestamp,
}

/// In which way a station says that it has an address.
#[derive(Debug, Clone, Copy)]
struct Voice {
    mac: Mac,
    /// It told everybody, unasked.
    announces: bool,
    /// It asked others, from the address.
    asks: bool,
    /// It told somebody.
    replies: bool,
}

/// A station tells everybody that it has an address, another one replies to those who ask for it, and the first says so again: whoever took an address
/// over says so once or twice, and nobody else replies then.
#[derive(Debug, Clone, Copy, Default)]
struct Denied {
    /// Who told everybody last, and when.
    told: Option<(Mac, Timestamp)>,
    /// Who has replied since that is another one.
    by: Option<Mac>,
    /// How often it was so with these two, each time within a minute of the last, and since when.
    pair: Option<([Mac; 2], u64, Timestamp)>,
}

impl Denied {
    /// Takes in a claim: two stations that contradict each other often enough, and since when.
    fn take(&mut self, seen: &Sighting, mac: Mac) -> Option<([Mac; 2], Timestamp)> {
        if !announces(&seen.what) {
            let replies = matches!(seen.what, Sight::Arp { is_reply: true, .. } | Sight::Advertisement { .. });
            if replies && self.told.is_some_and(|(who, _)| who != mac) {
                self.by = Some(mac);
            }
            return None;
        }
        let told = self.told.replace((mac, seen.last)).filter(|(who, at)| *who == mac && seen.first.since(*at) <= MINUTE);
        let other = self.by.take();
        let (Some((_, since)), Some(other)) = (told, other) else {
            self.pair = self.pair.filter(|(pair, ..)| pair[0] == mac && told.is_some());
            return None;
        };
        let pair = [mac, other];
        let (_, times, first) = self.pair.filter(|(known, ..)| *known == pair).unwrap_or((pair, 0, since));
        let times = times.saturating_add(1);
        self.pair = Some((pair, times, first));
        (times >= CONFLICT_TURNS.number()).then_some((pair, first))
    }
}

/// Another station claims an address than the one before.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Change {
    pub(super) at: Timestamp,
    /// It announced itself, a while after the one before did.
    is_announced: bool,
}

impl Lasting for Claims {
    fn last(&self) -> Timestamp {
        self.last
    }
}

/// Whether a station tells everybody that it has an address (RFC 5227 section 3, RFC 4861 section 7.2.6).
fn announces(what: &Sight) -> bool {
    match what {
        Sight::Arp { sender, target, .. } => sender == target,
        Sight::Advertisement { asker, .. } => asker.is_multicast(),
        _ => false,
    }
}

impl Claims {
    pub(super) fn note(&mut self, seen: &Sighting, mac: Mac, towards: Option<Address>) {
        self.last = self.last.max(seen.last);
        if self.latest.replace(mac).is_some_and(|before| before != mac) {
            self.changes.rotate_right(1);
            let [newest, before, ..] = &mut self.changes;
            let is_announced = announces(&seen.what) && seen.last.since(before.at) >= HANDED_OVER.in_nanos();
            *newest = Change { at: seen.last, is_announced };
        }
        self.station(mac, seen);
        self.voice(mac, seen);
        if let Some((pair, first)) = self.denied.take(seen, mac) {
            self.conflict = Some((Episode { first, last: seen.last }, pair));
            return;
        }
        let before = self.turns.iter().rev().find(|turn| turn.2 == towards);
        if before.is_some_and(|turn| turn.1 == mac && seen.last.since(turn.0) < MINUTE) {
            return;
        }
        self.turns.push_back((seen.last, mac, towards));
        while self.turns.len() > TURNS || self.turns.front().is_some_and(|turn| seen.last.since(turn.0) > MINUTE) {
            self.turns.pop_front();
        }
        if let Some(pair) = self.pair(towards) {
            let first = self.turns.iter().filter(|turn| turn.2 == towards).map(|turn| turn.0).min().unwrap_or(seen.last);
            let first = self.conflict.map_or(first, |(span, _)| if seen.last.since(span.last) < SIGHT_HELD { span.first } else { first });
            self.conflict = Some((Episode { first, last: seen.last }, pair));
        }
    }

    /// Counts a claim of a station; of too many that are told apart the one that was silent longest goes.
    fn station(&mut self, mac: Mac, seen: &Sighting) {
        let fresh = StationEvidence { mac, maker: None, count: 0, last: seen.last };
        let known = self.stations.iter().position(|s| s.mac == mac);
        let oldest = || (0..self.stations.len()).min_by_key(|at| self.stations.get(*at).map(|s| s.last));
        let at = known.or_else(|| oldest().filter(|_| self.stations.len() >= CLAIMANTS)).unwrap_or(self.stations.len());
        if at >= self.stations.len() {
            self.stations.push(fresh);
        }
        let Some(station) = self.stations.get_mut(at) else { return };
        if station.mac != mac {
            *station = fresh;
        }
        station.count = station.count.saturating_add(seen.count);
        station.last = station.last.max(seen.last);
    }

    /// Takes in how a station says so; of those that are told of any more.
    fn voice(&mut self, mac: Mac, seen: &Sighting) {
        let stations = &self.stations;
        self.voices.retain(|voice| stations.iter().any(|s| s.mac == voice.mac));
        if !self.voices.iter().any(|voice| voice.mac == mac) {
            self.voices.push(Voice { mac, announces: false, asks: false, replies: false });
        }
        let Some(voice) = self.voices.iter_mut().find(|voice| voice.mac == mac) else { return };
        match &seen.what {
            what if announces(what) => voice.announces = true,
            Sight::Arp { is_reply: false, .. } => voice.asks = true,
            _ => voice.replies = true,
        }
    }

    /// Whether of the two that claim it in turn one or both only ever ask from it, while one alone replies, which may be a third: two hardware addresses of
    /// one device, as a router has whose address is on several; or servers behind one that shares out what the address is sent (direct server return),
    /// which have it and do not answer for it. Who has an address for itself replies to whoever asks everybody for it.
    pub(super) fn is_answered_by_one(&self) -> bool {
        let Some((_, pair)) = self.conflict else { return false };
        let of = |mac: Mac| self.voices.iter().find(|voice| voice.mac == mac);
        let [Some(one), Some(other)] = pair.map(of) else { return false };
        let only_asks = |voice: &Voice| voice.asks && !voice.announces && !voice.replies;
        match (only_asks(one), only_asks(other)) {
            (true, true) => self.voices.iter().filter(|voice| voice.replies).count() == 1,
            (true, false) => other.replies,
            (false, true) => one.replies,
            (false, false) => false,
        }
    }

    /// How many stations ask from it.
    pub(super) fn askers(&self) -> u64 {
        self.voices.iter().filter(|voice| voice.asks).count() as u64
    }

    /// Whether a station does nothing but reply.
    pub(super) fn only_replies(&self, mac: Mac) -> bool {
        self.voices.iter().any(|voice| voice.mac == mac && voice.replies && !voice.announces && !voice.asks)
    }

    /// Two stations that claim it in turn, whoever hears it.
    pub(super) fn rivals(&self) -> Option<[StationEvidence; 2]> {
        let [newest, .., oldest] = self.changes.map(|change| change.at);
        let mut often: Vec<StationEvidence> =
            self.stations.iter().filter(|s| s.count >= CONFLICT_TURNS.number() as usize as u64).copied().collect();
        often.arrange_by_key(|s| std::cmp::Reverse(s.last));
        let back = oldest != Timestamp::default() && newest.since(oldest) < MINUTE;
        if let (true, [first, second, ..]) = (back, often.as_slice()) { Some([*first, *second]) } else { None }
    }

    /// Whether a station told everybody that it has the address.
    pub(super) fn is_announced_by(&self, mac: Mac) -> bool {
        self.voices.iter().any(|voice| voice.mac == mac && voice.announces)
    }

    /// Whether those who claim it hand it over to each other.
    pub(super) fn is_handed_over(&self) -> bool {
        self.changes.iter().all(|change| change.is_announced)
    }

    /// Two stations that took turns towards the same.
    fn pair(&self, towards: Option<Address>) -> Option<[Mac; 2]> {
        let turns = |mac: Mac| self.turns.iter().filter(|turn| turn.1 == mac && turn.2 == towards).count();
        let mut often = self.stations.iter().map(|s| s.mac).filter(|mac| turns(*mac) >= CONFLICT_TURNS.number() as usize);
        Some([often.next()?, often.next()?])
    }
}
