//! Bursts: runs of bins, of a millisecond or finer ones, in which the monitored link was at least half full.

use crate::model::Arrange as _;
use crate::model::{Address, LinkBurst, Mac, TimeSpan, Timestamp};
use crate::snapshot::Snapshot;
use crate::snapshot::table::{Field, FieldKind, FieldValue, Room, Rows, TableSpec, sheet};
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// A burst as a row: beside what was measured its shares.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BurstRow {
    /// When it began.
    pub at: Timestamp,
    /// Nanoseconds it lasted.
    pub length: i64,
    /// Bits per second in its busiest bin.
    pub peak: u64,
    /// That peak as a share of the link's speed.
    pub share: f64,
    /// Bytes on the link, with what frames take up there beside their own.
    pub bytes: u64,
    /// Who sent most of it, to whom, and its share of the bytes.
    pub top: Option<(Address, Address, f64)>,
    /// Other pairs that are known to have sent in it.
    pub others: u64,
}

impl BurstRow {
    /// `hosts`: the only address of each station that claims one.
    fn new(burst: &LinkBurst, speed: u64, hosts: &BTreeMap<Mac, Address>) -> Self {
        let top = burst.top.first().map(|one| {
            let [from, to] = one.ends.map(|mac| hosts.get(&mac).copied().unwrap_or(Address::Mac(mac)));
            (from, to, one.bytes as f64 / burst.bytes.max(1) as f64)
        });
        Self {
            at: burst.at,
            length: burst.length,
            peak: burst.peak,
            share: burst.peak as f64 / speed.max(1) as f64,
            bytes: burst.bytes,
            top,
            others: burst.top.len().saturating_sub(1) as u64,
        }
    }

    /// Its time.
    pub fn span(&self) -> TimeSpan {
        TimeSpan { from: self.at, to: self.at.plus(self.length) }
    }
}

/// Bursts, the highest first; of more than are kept the latest, and of those before them the highest.
pub static BURSTS: TableSpec<BurstRow> = TableSpec {
    sheets: &[sheet("Bursts", rows)],
    fields: &[
        Field::new("start", "Start", FieldKind::Moment, |b: &BurstRow| FieldValue::Time(b.at))
            .paper(0, Room::Fixed)
            .screen(0, "start", 0)
            .wide(12, 12),
        Field::span("duration", "Length", |b: &BurstRow| b.length).paper(1, Room::Fixed).screen(1, "length", 1).wide(7, 8),
        Field::new("peak_bits_per_second", "Peak", FieldKind::BitRate, |b: &BurstRow| FieldValue::Real(b.peak as f64))
            .paper(2, Room::Fixed)
            .screen(2, "wire peak", 4)
            .wide(12, 12),
        Field::new("peak_share", "Of the speed", FieldKind::Fullness, |b: &BurstRow| FieldValue::Real(b.share))
            .paper(3, Room::Fixed)
            .screen(3, "of the link", 2)
            .wide(12, 24),
        Field::bytes("bytes", "Bytes", |b: &BurstRow| b.bytes).paper(4, Room::Fixed).screen(4, "bytes", 5),
        Field::new("from", "Mostly from", FieldKind::Address, |b: &BurstRow| end(b, 0))
            .paper(5, Room::Cut)
            .screen(5, "mostly from", 3)
            .wide(17, 24)
            .asks(),
        Field::new("to", "To", FieldKind::Address, |b: &BurstRow| end(b, 1)).paper(6, Room::Cut).screen(6, "to", 3).wide(17, 24),
        Field::new("from_share", "Part", FieldKind::Ratio, |b: &BurstRow| b.top.map_or(FieldValue::None, |top| FieldValue::Real(top.2)))
            .paper(7, Room::Dropped(0))
            .screen(7, "its part", 6),
        Field::count("others", "Others", |b: &BurstRow| b.others).paper(8, Room::Dropped(1)).screen(8, "others", 7).wide(6, 6),
    ],
    weight: |b| b.bytes,
    in_json: false,
    ..TableSpec::new("bursts", "burst", "peak_bits_per_second", by_start)
};

fn rows(s: &Snapshot) -> Rows<'_, BurstRow> {
    let Some(used) = &s.switch.link_use else { return Rows::of(Vec::new()) };
    let span = s.span.as_ref().map(|shown| shown.span);
    let hosts = hosts(s);
    let every = used.list.iter().map(|burst| BurstRow::new(burst, used.speed, &hosts));
    let mut rows: Vec<BurstRow> = every.filter(|b| span.is_none_or(|span| span.overlaps(b.span()))).collect();
    rows.arrange_by_key(|b| (std::cmp::Reverse((b.peak, b.bytes)), b.at));
    let total_rows = if span.is_some() { rows.len() as u64 } else { used.bursts.max(rows.len() as u64) };
    Rows { total_rows, ..Rows::of(rows) }
}

/// Stations with one address of IPv4 alone, who are no routers: what they send is that address's.
fn hosts(s: &Snapshot) -> BTreeMap<Mac, Address> {
    let mut claims: BTreeMap<Mac, Vec<Address>> = BTreeMap::new();
    for (mac, address) in s.switch.addresses.iter().filter(|(_, address)| matches!(address, Address::V4(_))) {
        claims.entry(*mac).or_default().push(*address);
    }
    let is_host = |mac: &Mac| s.switch.routers.binary_search(mac).is_err() && !mac.is_shared_gateway();
    claims
        .into_iter()
        .filter(|(mac, _)| is_host(mac))
        .filter_map(|(mac, list)| Some((mac, *list.first().filter(|_| list.len() == 1)?)))
        .collect()
}

fn end(b: &BurstRow, which: usize) -> FieldValue<'static> {
    match (b.top, which) {
        (Some((from, ..)), 0) => FieldValue::Address(from),
        (Some((_, to, _)), _) => FieldValue::Address(to),
        (None, _) => FieldValue::None,
    }
}

fn by_start(x: &BurstRow, y: &BurstRow) -> Ordering {
    x.at.cmp(&y.at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::MILLISECOND;
    use crate::model::{BurstContributor, LinkUse};

    #[test]
    fn a_burst_tells_its_share_of_the_link_and_who_sent_most() {
        let pair = |last, bytes| BurstContributor { ends: [Mac([2, 0, 0, 0, 0, last]), Mac([2, 0, 0, 0, 0, 9])], bytes };
        let burst = LinkBurst {
            at: Timestamp(5),
            length: 3 * MILLISECOND,
            peak: 600_000_000,
            bytes: 200_000,
            top: vec![pair(1, 150_000), pair(2, 50_000)],
        };
        let row = BurstRow::new(&burst, 1_000_000_000, &BTreeMap::new());
        assert_eq!((row.length, row.share, row.others), (3 * MILLISECOND, 0.6, 1));
        assert_eq!(row.top.map(|top| (top.0, top.2)), Some((Address::Mac(Mac([2, 0, 0, 0, 0, 1])), 0.75)));
        // A station with one address is called by it, one with several and a router are not.
        let mut s = Snapshot::default();
        let claims = |last: u8, ip: [u8; 4]| (Mac([2, 0, 0, 0, 0, last]), Address::V4(ip.into()));
        s.switch.addresses = vec![claims(1, [10, 0, 0, 1]), claims(2, [10, 0, 0, 2]), claims(2, [10, 0, 0, 3]), claims(9, [10, 0, 0, 9])];
        s.switch.routers = vec![Mac([2, 0, 0, 0, 0, 9])];
        let row = BurstRow::new(&burst, 1_000_000_000, &hosts(&s));
        assert_eq!(row.top.map(|top| [top.0, top.1]), Some([claims(1, [10, 0, 0, 1]).1, Address::Mac(Mac([2, 0, 0, 0, 0, 9]))]));
        assert_eq!(hosts(&s).len(), 1);
    }

    #[test]
    fn of_a_span_those_count_that_are_in_it() {
        let burst =
            |ms: i64| LinkBurst { at: Timestamp(ms * MILLISECOND), length: MILLISECOND, peak: ms as u64, bytes: 1, top: Vec::new() };
        let used = LinkUse { speed: 1_000_000_000, bursts: 9, list: vec![burst(1), burst(5)], ..LinkUse::default() };
        let mut s = Snapshot::default();
        assert_eq!(rows(&s).total_rows, 0);
        s.switch.link_use = Some(used);
        assert_eq!((rows(&s).total_rows, rows(&s).rows.first().map(|b| b.at)), (9, Some(Timestamp(5 * MILLISECOND))), "the highest first");
        let span = TimeSpan { from: Timestamp(0), to: Timestamp(2 * MILLISECOND) };
        s.span = Some(std::sync::Arc::new(crate::snapshot::SpanShown {
            span,
            asked: span,
            resolution: 1,
            shortfall: 0,
            exact: false,
            apps: Default::default(),
        }));
        assert_eq!((rows(&s).total_rows, rows(&s).rows.first().map(|b| b.at)), (1, Some(Timestamp(MILLISECOND))));
    }
}
