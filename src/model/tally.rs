//! What a dissector counts: described once, so that every report can show it without knowing the protocol.
//!
//! A dissector lists its counters ([`Counter`]) and counts by their place in the list; a [`Tally`] keeps the numbers, merges and subtracts.

use super::limits::TALLY_TEXTS;
use super::{CapScale, Histogram};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a counter counts.
#[derive(Debug, Clone, Copy)]
pub enum Measure {
    /// Events.
    Count,
    /// Events by a code of the protocol, with the code's usual name.
    Codes(fn(u32) -> Cow<'static, str>),
    /// Events by a text from packets; texts beyond [`TALLY_TEXTS`] are counted together.
    Texts,
    /// The same, of which an event has several: the token of the counter of those events, which shares are of.
    Lists(&'static str),
    /// Durations.
    Latency,
}

/// One counter of a protocol.
#[derive(Debug, Clone, Copy)]
pub struct Counter {
    /// Its name in reports and filters.
    pub token: &'static str,
    /// Its title on screens.
    pub title: &'static str,
    /// What it counts.
    pub measure: Measure,
}

/// The numbers behind a list of counters.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tally {
    values: Vec<CounterValue>,
    /// Texts that each counter tells apart.
    room: usize,
}

/// The number behind one counter.
#[derive(Debug, Clone, PartialEq)]
pub enum CounterValue {
    /// Of [`Measure::Count`].
    Count(u64),
    /// Of [`Measure::Codes`].
    Codes(BTreeMap<u32, u64>),
    /// Of [`Measure::Texts`].
    Texts {
        /// Each text's events.
        texts: BTreeMap<Arc<str>, u64>,
        /// Events of texts beyond the cap.
        others: u64,
    },
    /// Of [`Measure::Latency`].
    Latency(Histogram),
}

impl Tally {
    /// All of `counters` at zero.
    pub fn new(counters: &[Counter]) -> Self {
        Self::within(counters, CapScale::WHOLE)
    }

    /// The same, with as many texts as `caps` allow.
    pub fn within(counters: &[Counter], caps: CapScale) -> Self {
        let zero = |counter: &Counter| match counter.measure {
            Measure::Count => CounterValue::Count(0),
            Measure::Codes(_) => CounterValue::Codes(BTreeMap::new()),
            Measure::Texts | Measure::Lists(_) => CounterValue::Texts { texts: BTreeMap::new(), others: 0 },
            Measure::Latency => CounterValue::Latency(Histogram::default()),
        };
        Self { values: counters.iter().map(zero).collect(), room: caps.of(TALLY_TEXTS) }
    }

    /// Counts an event of the counter at `place`.
    pub fn add(&mut self, place: usize) {
        self.add_many(place, 1);
    }

    /// Counts `n` events of the counter at `place`.
    pub fn add_many(&mut self, place: usize, n: u64) {
        if let Some(CounterValue::Count(count)) = self.values.get_mut(place) {
            *count = count.saturating_add(n);
        }
    }

    /// Counts an event with a code.
    pub fn add_code(&mut self, place: usize, code: u32) {
        if let Some(CounterValue::Codes(codes)) = self.values.get_mut(place) {
            let n = codes.entry(code).or_default();
            *n = n.saturating_add(1);
        }
    }

    /// Counts an event with a text.
    pub fn add_text(&mut self, place: usize, text: &str) {
        let Some(CounterValue::Texts { texts, others }) = self.values.get_mut(place) else { return };
        let has_room = texts.len() < self.room;
        match texts.get_mut(text) {
            Some(n) => add(n, 1),
            None if has_room => drop(texts.insert(text.into(), 1)),
            None => add(others, 1),
        }
    }

    /// Counts a duration in nanoseconds.
    pub fn add_duration(&mut self, place: usize, nanos: i64) {
        if let Some(CounterValue::Latency(histogram)) = self.values.get_mut(place) {
            histogram.count(nanos);
        }
    }

    /// Takes out every duration: there were no times to measure them by.
    pub fn forget_durations(&mut self) {
        for value in &mut self.values {
            if let CounterValue::Latency(histogram) = value {
                *histogram = Histogram::default();
            }
        }
    }

    /// The numbers, in the order of the counters.
    pub fn values(&self) -> &[CounterValue] {
        &self.values
    }

    /// The events of a plain counter; 0 of any other.
    pub fn get(&self, place: usize) -> u64 {
        match self.values.get(place) {
            Some(CounterValue::Count(n)) => *n,
            _ => 0,
        }
    }

    /// Whether nothing was counted.
    pub fn is_empty(&self) -> bool {
        self.values.iter().all(|amount| match amount {
            CounterValue::Count(n) => *n == 0,
            CounterValue::Codes(codes) => codes.is_empty(),
            CounterValue::Texts { texts, others } => texts.is_empty() && *others == 0,
            CounterValue::Latency(histogram) => histogram.is_empty(),
        })
    }

    /// Adds another's numbers; an empty tally takes them over. Texts are not capped again, so that the order of merging does not matter.
    pub fn merge(&mut self, other: &Tally) {
        if self.values.is_empty() {
            self.clone_from(other);
            return;
        }
        for (mine, theirs) in self.values.iter_mut().zip(&other.values) {
            match (mine, theirs) {
                (CounterValue::Count(a), CounterValue::Count(b)) => *a = a.saturating_add(*b),
                (CounterValue::Codes(a), CounterValue::Codes(b)) => b.iter().for_each(|(code, n)| add(a.entry(*code).or_default(), *n)),
                (CounterValue::Texts { texts, others }, CounterValue::Texts { texts: more, others: beyond }) => {
                    add(others, *beyond);
                    for (text, n) in more {
                        match texts.get_mut(text) {
                            Some(mine) => add(mine, *n),
                            None => drop(texts.insert(text.clone(), *n)),
                        }
                    }
                }
                (CounterValue::Latency(a), CounterValue::Latency(b)) => a.merge(b),
                _ => {}
            }
        }
    }

    /// What was added since `earlier`, a former state of this one.
    #[must_use]
    pub fn since(&self, earlier: &Tally) -> Tally {
        let mut rest = self.clone();
        for (mine, before) in rest.values.iter_mut().zip(&earlier.values) {
            match (mine, before) {
                (CounterValue::Count(a), CounterValue::Count(b)) => *a = a.saturating_sub(*b),
                (CounterValue::Codes(a), CounterValue::Codes(b)) => subtract(a, b),
                (CounterValue::Texts { texts, others }, CounterValue::Texts { texts: before, others: beyond }) => {
                    subtract(texts, before);
                    *others = others.saturating_sub(*beyond);
                }
                (CounterValue::Latency(a), CounterValue::Latency(b)) => *a = a.since(b),
                _ => {}
            }
        }
        rest
    }
}

fn add(sum: &mut u64, n: u64) {
    *sum = sum.saturating_add(n);
}

fn subtract<K: Ord>(from: &mut BTreeMap<K, u64>, before: &BTreeMap<K, u64>) {
    from.retain(|key, n| {
        *n = n.saturating_sub(before.get(key).copied().unwrap_or(0));
        *n > 0
    });
}

/// What a report says of one protocol; equal when it is the same protocol with the same numbers.
#[derive(Debug, Clone)]
pub struct AppSection {
    /// The protocol's token.
    pub token: &'static str,
    /// Its name in words.
    pub title: &'static str,
    /// What is counted of it.
    pub counters: &'static [Counter],
    /// The numbers, in that order.
    pub tally: Tally,
}

impl PartialEq for AppSection {
    fn eq(&self, other: &Self) -> bool {
        self.token == other.token && self.tally == other.tally
    }
}

impl AppSection {
    /// Each counter with its number.
    pub fn rows(&self) -> impl Iterator<Item = (&'static Counter, &CounterValue)> {
        self.counters.iter().zip(self.tally.values())
    }
}

impl Counter {
    /// The usual name of one of its codes.
    pub fn code(&self, code: u32) -> Cow<'static, str> {
        match self.measure {
            Measure::Codes(name) => name(code),
            _ => code.to_string().into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opcode(code: u32) -> Cow<'static, str> {
        if code == 7 { "SEVEN".into() } else { code.to_string().into() }
    }

    const fn counter(token: &'static str, measure: Measure) -> Counter {
        Counter { token, title: token, measure }
    }

    const COUNTERS: &[Counter] = &[
        counter("events", Measure::Count),
        counter("codes", Measure::Codes(opcode)),
        counter("names", Measure::Texts),
        counter("latency", Measure::Latency),
    ];

    fn counted(events: u64, names: &[&str]) -> Tally {
        let mut tally = Tally::new(COUNTERS);
        tally.add_many(0, events);
        (0..events).for_each(|n| tally.add_code(1, n as u32));
        names.iter().for_each(|name| tally.add_text(2, name));
        tally.add_duration(3, 5_000);
        tally
    }

    #[test]
    fn parts_merge_and_subtract() {
        let (first, second) = (counted(2, &["a", "b"]), counted(3, &["b", "c"]));
        let mut both = Tally::default();
        both.merge(&first);
        assert_eq!(both, first);
        both.merge(&second);
        assert_eq!(both.get(0), 5);
        assert_eq!(both.values()[1], CounterValue::Codes([(0, 2), (1, 2), (2, 1)].into()));
        let texts = [("a", 1), ("b", 2), ("c", 1)].map(|(text, n)| (text.into(), n));
        assert_eq!(both.values()[2], CounterValue::Texts { texts: texts.into(), others: 0 });
        assert_eq!(both.since(&first).values()[..3], second.values()[..3]);
        assert!(both.since(&both).is_empty() && Tally::new(COUNTERS).is_empty() && !both.is_empty());
    }

    #[test]
    fn a_place_of_another_kind_counts_nothing() {
        let mut tally = Tally::new(COUNTERS);
        tally.add(1);
        tally.add_code(0, 7);
        tally.add_text(3, "x");
        tally.add_duration(9, 1);
        assert!(tally.is_empty());
        assert_eq!((COUNTERS[1].code(7), COUNTERS[1].code(8)), ("SEVEN".into(), "8".into()));
    }

    #[test]
    fn texts_beyond_the_cap_are_counted_together() {
        let mut tally = Tally::new(COUNTERS);
        (0..TALLY_TEXTS + 10).for_each(|n| tally.add_text(2, &n.to_string()));
        tally.add_text(2, "0");
        let CounterValue::Texts { texts, others } = &tally.values()[2] else { panic!("no texts") };
        assert_eq!((texts.len(), texts["0"], *others), (TALLY_TEXTS, 2, 10));
    }
}
