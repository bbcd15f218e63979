//! The capturing host as the kernel tells it: the state of a link, addresses, offloads, rings, queues, counters, the clock. Reads
//! only; needs no rights. Elsewhere than on Linux nothing is known.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(not(target_os = "linux"))]
#[path = "elsewhere.rs"]
mod linux;

use crate::model::clock;
use crate::model::host::{Counters, Softnet, Stamping};
use crate::model::{HostFacts, Sum};
use linux::System;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Settings are read again after this time; counters at every reading.
const SETTINGS: Duration = Duration::from_secs(5);

/// What is to be read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HostProbe {
    /// Names of the interfaces. `any` is none of its own and is left out.
    pub interfaces: Vec<String>,
    /// The kernel's buffer of each capture, in bytes.
    pub buffer_bytes: Option<u64>,
    /// What each interface is called where names are not told; empty: by its name.
    pub called: Vec<String>,
}

/// Addresses of interfaces, in their order, where libpcap does not tell.
pub fn addresses<'a>(names: impl Iterator<Item = &'a str>) -> Vec<Vec<std::net::IpAddr>> {
    let mut system = System::open();
    names.map(|name| system.addresses(name)).collect()
}

/// Time stamps that an interface can give; `None` where that is not known.
pub fn stamping(name: &str) -> Option<Stamping> {
    System::open().settings(name).stamping
}

/// Reads facts again and again, and counts from its first reading on.
pub struct FactsReader {
    system: System,
    ports: Vec<Port>,
    softnet: Growth<Softnet>,
    window: Option<Duration>,
    buffer_bytes: Option<u64>,
}

/// One interface between two readings.
struct Port {
    facts: HostFacts,
    /// What it is called, where its name is not told.
    called: Option<String>,
    read: Option<Instant>,
    counters: Growth<Counters>,
}

impl FactsReader {
    /// A reader. With a `window` counters are what was added within it, else since the first reading.
    pub fn new(probe: &HostProbe, window: Option<Duration>) -> Self {
        let port = |(at, name): (usize, &String)| Port {
            facts: HostFacts { interface: name.clone(), ..HostFacts::default() },
            called: probe.called.get(at).cloned(),
            read: None,
            counters: Growth::default(),
        };
        Self {
            system: System::open(),
            ports: probe.interfaces.iter().enumerate().filter(|(_, name)| *name != "any").map(port).collect(),
            softnet: Growth::default(),
            window,
            buffer_bytes: probe.buffer_bytes,
        }
    }

    /// What is known now, an entry for each interface.
    pub fn read(&mut self) -> Vec<HostFacts> {
        let now = clock::now();
        let softnet = self.softnet.advance(self.system.softnet(), now, self.window);
        let Self { system, ports, window, buffer_bytes, .. } = self;
        let read = |port: &mut Port| {
            if port.read.is_none_or(|read| now.saturating_duration_since(read) >= SETTINGS) {
                port.read = Some(now);
                port.facts = HostFacts { buffer_bytes: *buffer_bytes, ..system.settings(&port.facts.interface) };
            }
            let counted = system.link(&mut port.facts);
            port.facts.counters = port.counters.advance(counted, now, *window);
            port.facts.softnet = softnet;
            port.facts.seconds = port.counters.seconds(now);
            let facts = port.facts.clone();
            port.called.iter().fold(facts, |facts, called| facts.disguised(called))
        };
        ports.iter_mut().map(read).collect()
    }

    /// Reads everything at the next reading, settings too.
    pub fn hurry(&mut self) {
        self.ports.iter_mut().for_each(|port| port.read = None);
    }

    /// Counts from the next reading on.
    pub fn forget(&mut self) {
        self.softnet = Growth::default();
        self.ports.iter_mut().for_each(|port| port.counters = Growth::default());
    }
}

/// How counters grew from reading to reading.
#[derive(Debug, Clone, Default)]
struct Growth<T> {
    last: Option<(Instant, T)>,
    since: Option<Instant>,
    /// Steps within the window, each with its end; without a window the first one is the sum.
    steps: VecDeque<(Instant, T)>,
}

impl<T: Sum + Copy + Default> Growth<T> {
    /// Takes a reading in; what was added so far, or within the window.
    fn advance(&mut self, now: Option<T>, at: Instant, window: Option<Duration>) -> Option<T> {
        let Some(now) = now else {
            // What could not be read leaves what was counted before; counting goes on at the next reading that can.
            self.last = None;
            return self.since.map(|_| self.sum());
        };
        self.since.get_or_insert(at);
        if let Some((_, before)) = &self.last {
            let added = now.since(before);
            match (window, self.steps.front_mut()) {
                (None, Some((end, total))) => {
                    *end = at;
                    total.merge(&added);
                }
                _ => self.steps.push_back((at, added)),
            }
        }
        self.last = Some((at, now));
        if let Some(window) = window {
            while self.steps.front().is_some_and(|(end, _)| at.saturating_duration_since(*end) >= window) {
                self.since = self.steps.pop_front().map(|(end, _)| end);
            }
        }
        Some(self.sum())
    }

    fn sum(&self) -> T {
        let mut total = T::default();
        self.steps.iter().for_each(|(_, step)| total.merge(step));
        total
    }

    /// Seconds the growth was counted over.
    fn seconds(&self, now: Instant) -> f64 {
        self.since.map_or(0.0, |since| now.saturating_duration_since(since).as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn softnet(dropped: u64) -> Option<Softnet> {
        Some(Softnet { dropped, squeezed: 0 })
    }

    fn advance(growth: &mut Growth<Softnet>, now: Option<Softnet>, at: Instant, window: Option<Duration>) -> Option<u64> {
        growth.advance(now, at, window).map(|s| s.dropped)
    }

    #[test]
    fn growth_is_counted_from_the_first_reading() {
        let (start, second) = (Instant::now(), Duration::from_secs(1));
        let mut growth = Growth::default();
        assert_eq!(advance(&mut growth, None, start, None), None);
        assert_eq!(advance(&mut growth, softnet(1000), start, None), Some(0));
        assert_eq!(advance(&mut growth, softnet(1003), start + second, None), Some(3));
        // The interface was made anew: its counters began at zero.
        assert_eq!(advance(&mut growth, softnet(2), start + 2 * second, None), Some(5));
        assert_eq!(advance(&mut growth, None, start + 3 * second, None), Some(5));
        assert_eq!(advance(&mut growth, softnet(500), start + 4 * second, None), Some(5), "nobody saw how it got there");
        assert_eq!(growth.seconds(start + 4 * second), 4.0);
    }

    #[test]
    fn growth_leaves_the_window() {
        let (start, second, window) = (Instant::now(), Duration::from_secs(1), Some(Duration::from_secs(3)));
        let mut growth = Growth::default();
        let counts = [0, 5, 5, 6, 6, 6, 6, 6];
        let seen: Vec<_> =
            counts.iter().zip(0u32..).map(|(n, i)| advance(&mut growth, softnet(*n), start + i * second, window).unwrap()).collect();
        assert_eq!(seen, [0, 5, 5, 6, 1, 1, 0, 0]);
        assert_eq!(growth.seconds(start + 7 * second), 3.0);
    }

    #[test]
    fn any_is_no_interface() {
        let probe = HostProbe { interfaces: vec!["any".into(), "no-such-port".into()], buffer_bytes: Some(1), called: Vec::new() };
        let facts = FactsReader::new(&probe, None).read();
        assert_eq!(facts.len(), 1);
        assert_eq!((facts[0].interface.as_str(), facts[0].up, facts[0].counters), ("no-such-port", None, None));
    }
}
