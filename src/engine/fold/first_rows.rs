//! Which conversations of a group of shards a picture shows: the first ones of all shards together. What finding them costs follows from what came
//! in the last ten seconds: of every other conversation nothing is recent, and those of them that weigh most are known from the picture before.

use super::lately::Lately;
use super::rows::{ConversationKind, Wanted};
use super::shard::Shard;
use crate::engine::tape::Request;
use crate::model::{Address, Timestamp, Traffic};
use crate::snapshot::{Column, Order, Query};
use std::cmp::Ordering;

/// A conversation of a group: its shard's place, and its number there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    shard: u8,
    at: u32,
}

/// A conversation that may be shown, with what orders it: the query's number, and the wire bytes.
#[derive(Debug, Clone, Copy)]
struct Candidate {
    number: u64,
    weight: u64,
    place: Place,
    /// What came of it since the last picture.
    added: Traffic,
}

/// The conversations of a group that weigh most, from one picture to the next.
#[derive(Debug, Default)]
pub struct FirstRows {
    /// TCP, UDP, SCTP.
    heaviest: [Vec<Place>; 3],
    /// How many of each are known; 0: none.
    known: usize,
    /// What came of them of late, on a live port.
    lately: [Lately<Place>; 3],
}

/// What of a conversation comes first in an order, where it only grows or is of what came of late: its recent traffic, or nothing but its weight.
#[derive(Debug, Clone, Copy)]
enum Number {
    Recent(fn(&Traffic) -> u64),
    Weight,
}

impl Number {
    /// Of a query whose rows are found in this way. Where nothing is `live` all of it is recent.
    fn of(query: &Query, live: bool) -> Option<Self> {
        if query.filter.is_some() || query.rows == usize::MAX {
            return None;
        }
        match query.conversations.recent() {
            Some(recent) if live => Some(Number::Recent(recent)),
            _ => (query.conversations.all_in_all(live) == Order { column: Column::BYTES, descending: true }).then_some(Number::Weight),
        }
    }
}

impl FirstRows {
    /// For each shard of a group the conversations that a request's query shows; `None` where each shard has to look by itself.
    pub fn of(&mut self, shards: &mut [Shard], request: &Request) -> Option<Vec<Wanted>> {
        let (query, live) = (&request.query, request.live);
        let counted: Vec<([u64; 4], bool)> = shards.iter_mut().map(Shard::count_kinds).collect();
        let is_anew = |shard: u8| counted.get(usize::from(shard)).is_none_or(|(_, is_anew)| *is_anew);
        if counted.iter().any(|(_, is_anew)| *is_anew) {
            self.known = 0;
            self.lately.iter_mut().for_each(|lately| lately.retain(|place| !is_anew(place.shard)));
        }
        let number = Number::of(query, live);
        let pools = match number {
            Some(_) if self.known >= query.rows => candidates(shards, self.recent(shards)),
            Some(_) => candidates(shards, all(shards)),
            None if live => candidates(shards, touched(shards)),
            None => Default::default(),
        };
        // What comes until the next time will not have been seen.
        self.known = if number.is_some() { query.rows } else { 0 };
        if live {
            self.note(request.now, &pools);
        }
        let number = number?;
        let mut out: Vec<Wanted> = counted.into_iter().map(|(kinds, _)| (Default::default(), kinds)).collect();
        for (kind, pool) in pools.into_iter().enumerate() {
            self.heaviest[kind] = first(shards, pool.clone(), query.rows).into_iter().map(|c| c.place).collect();
            let pool = match number {
                Number::Recent(of) => self.lately(shards, kind, query.rows, of),
                Number::Weight => pool,
            };
            for Candidate { number, place, .. } in first(shards, pool, query.rows) {
                out.get_mut(usize::from(place.shard)).into_iter().for_each(|(lists, _)| lists[kind].push((number, place.at)));
            }
        }
        Some(out)
    }

    /// Those that something came of since the last time, and those that weighed most then.
    fn recent(&self, shards: &[Shard]) -> Vec<Place> {
        let mut places = touched(shards);
        places.extend(self.heaviest.iter().flatten());
        places.sort_unstable();
        places.dedup();
        places
    }

    fn note(&mut self, now: Timestamp, pools: &[Vec<Candidate>; 3]) {
        for (lately, pool) in self.lately.iter_mut().zip(pools) {
            lately.advance(now, pool.iter().filter(|c| c.added.packets > 0).map(|c| (c.place, c.added)).collect());
        }
    }

    /// Those of which most came of late, and those that weigh most.
    fn lately(&self, shards: &[Shard], kind: usize, most: usize, number: fn(&Traffic) -> u64) -> Vec<Candidate> {
        let (Some(lately), Some(heaviest)) = (self.lately.get(kind), self.heaviest.get(kind)) else { return Vec::new() };
        let mut places = lately.first(most, number);
        places.extend(heaviest);
        places.sort_unstable();
        places.dedup();
        let candidate = |place| Some(Candidate { number: number(&lately.of(place)), ..candidate(shards, place)?.1 });
        places.into_iter().filter_map(candidate).collect()
    }
}

/// The conversations that something came of since the last time.
fn touched(shards: &[Shard]) -> Vec<Place> {
    let of = |(shard, of): (u8, &Shard)| of.touched().iter().map(move |&at| Place { shard, at }).collect::<Vec<_>>();
    (0..).zip(shards).flat_map(of).collect()
}

/// Every conversation.
fn all(shards: &[Shard]) -> Vec<Place> {
    (0..).zip(shards).flat_map(|(shard, of)| (0..of.conversations()).map(move |at| Place { shard, at })).collect()
}

fn candidates(shards: &[Shard], places: Vec<Place>) -> [Vec<Candidate>; 3] {
    let mut out: [Vec<Candidate>; 3] = Default::default();
    for (kind, candidate) in places.into_iter().filter_map(|place| candidate(shards, place)) {
        out.get_mut(kind as usize).into_iter().for_each(|list| list.push(candidate));
    }
    out
}

/// A conversation without its number.
fn candidate(shards: &[Shard], place: Place) -> Option<(ConversationKind, Candidate)> {
    let record = shards.get(usize::from(place.shard))?.record(place.at)?;
    let weight = record.flow.traffic.map(|traffic| traffic.wire_bytes).iter().sum();
    let [ab, ba] = record.added();
    Some((ConversationKind::of(&record.flow.key), Candidate { number: 0, weight, place, added: ab.plus(ba) }))
}

/// The first so many, in no order. Rows compare alike where they are shown: by number, weight and ends, so that none that is shown is missing.
fn first(shards: &[Shard], mut pool: Vec<Candidate>, most: usize) -> Vec<Candidate> {
    if pool.len() > most {
        pool.select_nth_unstable_by(most, |x, y| compare(shards, x, y));
        pool.truncate(most);
    }
    pool
}

fn compare(shards: &[Shard], x: &Candidate, y: &Candidate) -> Ordering {
    (y.number, y.weight).cmp(&(x.number, x.weight)).then_with(|| ends(shards, x.place).cmp(&ends(shards, y.place)))
}

/// What tells two conversations apart.
fn ends(shards: &[Shard], place: Place) -> Option<(Address, u16, Address, u16, Timestamp)> {
    let record = shards.get(usize::from(place.shard))?.record(place.at)?;
    let key = &record.flow.key;
    Some((key.a(), key.a_port, key.b(), key.b_port, record.rest.first))
}
