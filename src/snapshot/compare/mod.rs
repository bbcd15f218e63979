//! Two pictures held against each other: what is new, what is gone, what became more or less, and which of it is more than chance.
//!
//! The rules are few, and [`RULES`] says them to whoever reads a comparison. Numbers are compared as rates, for two captures seldom last
//! equally long.

mod change;
mod differences;
mod services;
mod significance;

pub use change::{Change, ChangeKind, ChangeWay, ComparedMeasure};
pub use significance::RULES;

use super::Snapshot;
use crate::model::Arrange as _;
use differences::Differences;

/// One of the two.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ComparedSide {
    /// Names of its sources.
    pub name: String,
    /// Packets that were analysed.
    pub packets: u64,
    /// Their bytes.
    pub wire_bytes: u64,
    /// Seconds from the first to the last.
    pub seconds: f64,
    /// Whether the mirror could be believed, in one word.
    pub verdict: &'static str,
}

/// Two pictures compared.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Comparison {
    /// The first and the second.
    pub sides: [ComparedSide; 2],
    /// Every difference: what is significant first, by kind, then by how much it is.
    pub changes: Vec<Change>,
    /// Things that both have and that do not differ.
    pub alike: u64,
    /// What could not be compared, in a sentence; empty: nothing.
    pub left_out: &'static str,
}

impl Comparison {
    /// Compares two pictures.
    pub fn of(before: &Snapshot, after: &Snapshot) -> Self {
        let mut differences = Differences::new(before, after);
        differences.findings();
        differences.load();
        differences.services();
        differences.tables();
        let Differences { mut changes, alike, left_out, .. } = differences;
        let weight = |c: &Change| (c.after.unwrap_or(0.0) - c.before.unwrap_or(0.0)).abs();
        changes.arrange_by(|x, y| {
            let place = |c: &Change| (!c.significant, c.kind);
            place(x).cmp(&place(y)).then(weight(y).total_cmp(&weight(x))).then(x.subject.cmp(&y.subject)).then(x.measure.cmp(&y.measure))
        });
        Self { sides: [side(before), side(after)], changes, alike, left_out }
    }

    /// Differences that are more than noise.
    pub fn significant(&self) -> impl Iterator<Item = &Change> {
        self.changes.iter().filter(|c| c.significant)
    }
}

fn side(s: &Snapshot) -> ComparedSide {
    let names: Vec<&str> = s.capture.sources.iter().map(|source| source.name.as_str()).collect();
    ComparedSide {
        name: names.join(", "),
        packets: s.stats.total.packets,
        wire_bytes: s.stats.total.wire_bytes,
        seconds: seconds(s),
        verdict: s.mirror.trust.verdict.token(),
    }
}

/// Seconds that a picture covers, which its means are over.
fn seconds(s: &Snapshot) -> f64 {
    s.covered()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Address, Mac, Timestamp, Traffic};
    use crate::snapshot::{HostRow, Sample};

    fn row(address: Address, tx: Traffic) -> HostRow {
        let none = Traffic::default();
        let (first, last) = (Timestamp(0), Timestamp(0));
        HostRow {
            address,
            port: 0,
            tx,
            rx: none,
            recent_tx: none,
            recent_rx: none,
            first,
            last,
            inside: None,
            app_by: None,
            app: None,
            peers: Default::default(),
            itself: Default::default(),
            vlans: Default::default(),
        }
    }

    fn host(n: u8, packets: u64) -> HostRow {
        row(Address::V4([10, 0, 0, n].into()), Traffic { packets, wire_bytes: packets * 100 })
    }

    fn picture(seconds: i64, hosts: Vec<HostRow>, loads: &[u64]) -> Snapshot {
        let mut s = Snapshot::default();
        let second = |at: i64| Timestamp(at * 1_000_000_000);
        (s.capture.first, s.capture.last) = (Some(second(0)), Some(second(seconds)));
        s.stats.endpoints.ip.total_rows = hosts.len() as u64;
        for host in &hosts {
            s.stats.total.add(host.tx);
        }
        s.stats.endpoints.ip.rows = hosts;
        let sample = |(at, bytes): (usize, &u64)| Sample {
            start: second(at as i64),
            length: 1_000_000_000,
            traffic: Traffic { packets: bytes / 100, wire_bytes: *bytes },
            ..Sample::default()
        };
        s.stats.load.samples = loads.iter().enumerate().map(sample).collect();
        s
    }

    fn told(c: &Comparison) -> Vec<(ChangeKind, &str, ChangeWay, &str)> {
        c.changes.iter().map(|c| (c.kind, c.subject.as_str(), c.way, c.noise)).collect()
    }

    /// Two mornings in one file: the night between them is no time in which nothing happened.
    #[test]
    fn a_capture_with_a_gap_does_not_differ_from_itself() {
        let before = picture(60, vec![host(1, 6_000), host(2, 600)], &[10_000; 60]);
        let mut after = before.clone();
        let (morning, day) = (Timestamp(30_000_000_000), 86_400_000_000_000);
        after.capture.last = after.capture.last.map(|last| last.plus(day));
        for sample in after.stats.load.samples.iter_mut().filter(|sample| sample.start >= morning) {
            sample.start = sample.start.plus(day);
        }
        assert!(Comparison::of(&before, &after).significant().next().is_some(), "a gap that nobody found is time");
        after.mirror.gaps = vec![crate::model::Episode { first: morning, last: morning.plus(day) }];
        let comparison = Comparison::of(&before, &after);
        let found: Vec<_> = comparison.significant().map(|change| (&change.subject, change.measure.token())).collect();
        assert!(found.is_empty(), "{found:?}");
        assert_eq!(comparison.sides[1].seconds, 60.0);
    }

    #[test]
    fn new_and_gone_are_held_against_how_long_each_lasted() {
        let before = picture(100, vec![host(1, 1000), host(2, 400), host(3, 2)], &[]);
        let after = picture(100, vec![host(1, 1000), host(4, 500), host(5, 1)], &[]);
        let c = Comparison::of(&before, &after);
        let want = [(ChangeKind::Host, "10.0.0.4", ChangeWay::New, ""), (ChangeKind::Host, "10.0.0.2", ChangeWay::Gone, "")];
        let significant: Vec<_> = told(&c).into_iter().filter(|c| c.3.is_empty()).collect();
        assert_eq!(significant, want);
        assert!(told(&c).contains(&(ChangeKind::Host, "10.0.0.3", ChangeWay::Gone, "too seldom to be missed")));
        // In a second nobody would have been missed that sends four packets in a hundred.
        let short = Comparison::of(&picture(100, vec![host(1, 1000), host(2, 4)], &[]), &picture(1, vec![host(1, 10)], &[]));
        assert_eq!(short.significant().count(), 0, "{short:?}");
        assert_eq!(short.alike, 1);
    }

    /// A capture without a packet, or with one, cannot show what is missing in it.
    #[test]
    fn nothing_is_gone_where_nothing_could_be_seen() {
        let full = picture(100, vec![host(1, 1000), host(2, 400)], &[9; 100]);
        let empty = Snapshot::default();
        for (c, said) in [(Comparison::of(&full, &empty), "second"), (Comparison::of(&empty, &full), "first")] {
            assert_eq!(c.significant().count(), 0, "{:?}", told(&c));
            assert!(c.left_out.contains(said), "{}", c.left_out);
            assert!(told(&c).iter().any(|change| change.3 == "the other lasts no time"), "{:?}", told(&c));
        }
        let one = Comparison::of(&full, &picture(0, vec![host(1, 1)], &[]));
        assert_eq!((one.significant().count(), one.left_out), (0, ""), "{:?}", told(&one));
        assert!(Comparison::of(&empty, &empty).left_out.starts_with("Neither"));
    }

    #[test]
    fn one_packet_in_a_millisecond_is_no_rate() {
        // A quarter of a packet was to be expected of the second host, a fiftieth of the third.
        let day = picture(60, vec![host(1, 60_000), host(2, 15_000), host(3, 1_200)], &[]);
        let mut short = picture(0, vec![host(1, 1), host(2, 1), host(3, 17)], &[]);
        short.capture.last = Some(Timestamp(1_000_000));
        for (c, way) in [(Comparison::of(&short, &day), ChangeWay::Less), (Comparison::of(&day, &short), ChangeWay::More)] {
            let significant: Vec<_> = told(&c).into_iter().filter(|c| c.3.is_empty()).collect();
            assert_eq!(significant, [(ChangeKind::Host, "10.0.0.3", way, "")]);
            assert!(told(&c).contains(&(ChangeKind::Host, "10.0.0.2", way, "so few packets by chance")), "{c:?}");
        }
    }

    #[test]
    fn a_row_that_is_not_listed_is_not_gone() {
        let before = picture(10, vec![host(1, 1000), host(2, 400)], &[]);
        let mut after = picture(10, vec![host(1, 1000)], &[]);
        after.stats.endpoints.ip.total_rows = 2;
        assert!(told(&Comparison::of(&before, &after)).contains(&(
            ChangeKind::Host,
            "10.0.0.2",
            ChangeWay::Gone,
            "not every row is listed"
        )));
    }

    #[test]
    fn a_load_differs_beyond_its_spread_only() {
        let steady = picture(5, vec![host(1, 50)], &[1000, 1010, 990, 1000, 1000]);
        let double = picture(5, vec![host(1, 150)], &[3000, 3010, 2990, 3000, 3000]);
        let wild = picture(5, vec![host(1, 150)], &[100, 14_000, 200, 300, 400]);
        let load = |x, y| Comparison::of(x, y).changes.into_iter().find(|c| c.kind == ChangeKind::Load).unwrap();
        assert!(load(&steady, &double).significant);
        assert_eq!(load(&steady, &wild).noise, "within the spread of its intervals");
        assert!(Comparison::of(&steady, &steady).changes.is_empty());
    }

    #[test]
    fn groups_are_no_stations() {
        let mut with = picture(10, vec![], &[]);
        let station = |mac| row(Address::Mac(Mac(mac)), Traffic { packets: 100, wire_bytes: 9_999 });
        with.stats.endpoints.eth.rows = vec![station([1, 0, 0x5e, 0, 0, 1]), station([2, 0, 0, 0, 0, 1])];
        with.stats.endpoints.eth.total_rows = 2;
        let c = Comparison::of(&picture(10, vec![], &[]), &with);
        assert_eq!(told(&c), [(ChangeKind::Station, "02:00:00:00:00:01", ChangeWay::New, "")]);
    }
}
