//! What is said in the demonstration: DNS and TLS in numbers, and the names learnt from them.

use super::at;
use super::model::{Address, AppSection, Counter, LearntName, Measure, NameSource, Tally};
use std::borrow::Cow;

const fn counter(token: &'static str, title: &'static str, measure: Measure) -> Counter {
    Counter { token, title, measure }
}

fn code(code: u32) -> Cow<'static, str> {
    match code {
        0 => "NOERROR".into(),
        2 => "SERVFAIL".into(),
        3 => "NXDOMAIN".into(),
        other => other.to_string().into(),
    }
}

static DNS: [Counter; 4] = [
    counter("queries", "Queries", Measure::Count),
    counter("rcodes", "Response codes", Measure::Codes(code)),
    counter("unanswered", "Unanswered queries", Measure::Count),
    counter("latency", "Latency", Measure::Latency),
];

static TLS: [Counter; 2] =
    [counter("client_hellos", "ClientHello", Measure::Count), counter("server_names", "Server names", Measure::Texts)];

/// Names of servers, and how often each is asked for.
const SERVERS: [([u8; 4], &str, u64); 4] = [
    ([10, 20, 1, 7], "files.office.example", 31),
    ([10, 20, 1, 9], "backup.office.example", 12),
    ([10, 20, 1, 21], "mail.office.example", 54),
    ([203, 0, 113, 10], "www.example.org", 203),
];

/// Numbers by protocol.
pub(super) fn apps(second: i64) -> Vec<AppSection> {
    let grown = second.unsigned_abs();
    let (mut dns, mut tls) = (Tally::new(&DNS), Tally::new(&TLS));
    for (of, n) in [(0u32, 412), (3, 61), (2, 4)] {
        (0..n).for_each(|_| dns.add_code(1, of));
    }
    dns.add_many(0, 492 + grown);
    dns.add_many(2, 15);
    (0..477i64).for_each(|n| dns.add_duration(3, 400_000 + n * n * 1_900));
    for (_, name, n) in SERVERS {
        (0..n).for_each(|_| tls.add_text(1, name));
    }
    tls.add_many(0, 318 + grown);
    let section = |token, title, counters, tally| AppSection { token, title, counters, tally };
    vec![section("tls", "Transport Layer Security", &TLS[..], tls), section("dns", "Domain Name System", &DNS[..], dns)]
}

/// Names of addresses.
pub(super) fn names(second: i64) -> Vec<LearntName> {
    let rows = SERVERS.into_iter().flat_map(|(address, name, n)| {
        let row = move |source, ago: u64| LearntName {
            address: Address::V4(address.into()),
            name: name.into(),
            source,
            first: at(-1_800),
            last: at(second - ago as i64),
        };
        [row(NameSource::Dns, 300 / n), row(NameSource::Tls, n % 40)]
    });
    rows.collect()
}
