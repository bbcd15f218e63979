//! Which conversations of a group of shards a picture shows: the first ones of all shards together. What finding them costs follows from what came
//! since the picture before: of every other conversation nothing is recent, and those of them that weigh most are known from then.

use super::rows::{ConversationKind, Wanted};
use super::shard::Shard;
use crate::model::{Address, Timestamp};
use crate::snapshot::{Column, Order, Query};
use std::cmp::Ordering;

/// A conversation of a group: its shard's place, and its number there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    shard: usize,
    at: u32,
}

/// A conversation that may be shown, with what orders it: the query's number, and the wire bytes.
#[derive(Debug, Clone, Copy)]
struct Candidate {
    number: u64,
    weight: u64,
    place: Place,
}

/// The conversations of a group that weigh most, from one picture to the next.
#[derive(Debug, Default)]
pub struct FirstRows {
    /// TCP, UDP, SCTP.
    heaviest: [Vec<Place>; 3],
    /// How many of each are known; 0: none.
    known: usize,
}

/// What of a conversation comes first in an order, where it only grows or is of what came since the last picture: its recent traffic, or nothing but
/// its weight.
#[derive(Debug, Clone, Copy)]
enum Number {
    Recent(fn(&crate::model::Traffic) -> u64),
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
    /// For each shard of a group the conversations that a query shows; `None` where each shard has to look by itself.
    pub fn of(&mut self, shards: &mut [Shard], query: &Query, live: bool) -> Option<Vec<Wanted>> {
        let Some(number) = Number::of(query, live) else {
            // What comes until the next time will not have been seen.
            self.known = 0;
            return None;
        };
        let counted: Vec<([u64; 4], bool)> = shards.iter_mut().map(Shard::count_kinds).collect();
        let is_known = self.known >= query.rows && counted.iter().all(|(_, is_anew)| !is_anew);
        let pools = if is_known { self.recent(shards, number) } else { all(shards, number) };
        let mut out: Vec<Wanted> = counted.into_iter().map(|(kinds, _)| (Default::default(), kinds)).collect();
        for ((kind, pool), heaviest) in pools.into_iter().enumerate().zip(&mut self.heaviest) {
            *heaviest = first(shards, pool.iter().map(|c| Candidate { number: 0, ..*c }).collect(), query.rows);
            for place in first(shards, pool, query.rows) {
                out.get_mut(place.shard).into_iter().for_each(|(lists, _)| lists[kind].push(place.at));
            }
        }
        self.known = query.rows;
        Some(out)
    }

    /// Those that something came of since the last time, and those that weighed most then.
    fn recent(&self, shards: &[Shard], number: Number) -> [Vec<Candidate>; 3] {
        let touched = |(shard, of): (usize, &Shard)| of.touched().iter().map(move |&at| Place { shard, at }).collect::<Vec<_>>();
        let mut places: Vec<Place> = shards.iter().enumerate().flat_map(touched).collect();
        places.extend(self.heaviest.iter().flatten());
        places.sort_unstable();
        places.dedup();
        candidates(shards, places.into_iter(), number)
    }
}

/// Every conversation.
fn all(shards: &[Shard], number: Number) -> [Vec<Candidate>; 3] {
    let numbers = |(shard, of): (usize, &Shard)| (0..of.conversations()).map(move |at| Place { shard, at });
    candidates(shards, shards.iter().enumerate().flat_map(numbers), number)
}

fn candidates(shards: &[Shard], places: impl Iterator<Item = Place>, number: Number) -> [Vec<Candidate>; 3] {
    let mut out: [Vec<Candidate>; 3] = Default::default();
    for place in places {
        let Some(record) = shards.get(place.shard).and_then(|shard| shard.record(place.at)) else { continue };
        let number = match number {
            Number::Recent(of) => record.added().iter().map(of).sum(),
            Number::Weight => 0,
        };
        let weight = record.flow.traffic.map(|traffic| traffic.wire_bytes).iter().sum();
        if let Some(list) = out.get_mut(ConversationKind::of(&record.flow.key) as usize) {
            list.push(Candidate { number, weight, place });
        }
    }
    out
}

/// The first so many, in no order. Rows compare alike where they are shown: by number, weight and ends, so that none that is shown is missing.
fn first(shards: &[Shard], mut pool: Vec<Candidate>, most: usize) -> Vec<Place> {
    if pool.len() > most {
        pool.select_nth_unstable_by(most, |x, y| compare(shards, x, y));
        pool.truncate(most);
    }
    pool.into_iter().map(|candidate| candidate.place).collect()
}

fn compare(shards: &[Shard], x: &Candidate, y: &Candidate) -> Ordering {
    (y.number, y.weight).cmp(&(x.number, x.weight)).then_with(|| ends(shards, x.place).cmp(&ends(shards, y.place)))
}

/// What tells two conversations apart.
fn ends(shards: &[Shard], place: Place) -> Option<(Address, u16, Address, u16, Timestamp)> {
    let record = shards.get(place.shard)?.record(place.at)?;
    let key = &record.flow.key;
    Some((key.a(), key.a_port, key.b(), key.b_port, record.rest.first))
}
