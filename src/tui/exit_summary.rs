//! What is said on the normal screen after the dashboard has gone: four lines.

use crate::model::Arrange as _;
use crate::model::{Finding, Verdict, units};
use crate::snapshot::Snapshot;

/// How long, how much, what was lost, what was wrong.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ExitSummary {
    source: String,
    seconds: f64,
    packets: u64,
    wire_bytes: u64,
    lost: [(u64, &'static str); 2],
    /// Nobody counted that.
    is_uncounted: bool,
    mirror: String,
    /// Mean bits per second, as the screen and reports have it: over what the capture covers.
    mean: f64,
    /// The mirror line tells of something wrong.
    is_doubtful: bool,
    /// What still held at the end, the worst first.
    wrong: Vec<String>,
    /// What had ended before, on a port, which tells when that was.
    over: Vec<String>,
}

/// A finding whose last sign is so many seconds old at the end is over.
const OVER: f64 = 60.0;

/// Titles of findings listed by name; more are counted.
const NAMED: usize = 3;

impl ExitSummary {
    /// Sums up a snapshot.
    pub fn of(snapshot: &Snapshot, source: &str) -> Self {
        let l = snapshot.capture.losses;
        let mut wrong: Vec<&Finding> = snapshot.diagnosis.findings.iter().filter(|f| f.active).collect();
        wrong.arrange_by_key(|f| std::cmp::Reverse(f.severity));
        let is_over = |f: &&&Finding| snapshot.live && snapshot.now.seconds_since(f.last) > OVER;
        let titles = |ended: bool| wrong.iter().filter(|f| is_over(f) == ended).map(|f| f.title.clone()).collect();
        let trust = &snapshot.mirror.trust;
        Self {
            source: source.to_owned(),
            seconds: snapshot.duration(),
            mean: snapshot.mean_bits_per_second(),
            packets: snapshot.stats.total.packets,
            wire_bytes: snapshot.stats.total.wire_bytes,
            lost: [(l.interface_drops, "interface"), (l.kernel_drops, "kernel")],
            is_uncounted: snapshot.is_loss_uncounted(),
            mirror: trust.score.map_or(String::new(), |_| trust.summary.clone()),
            is_doubtful: trust.score.is_some() && matches!(trust.verdict, Verdict::Bad | Verdict::Doubtful),
            wrong: titles(false),
            over: titles(true),
        }
    }

    /// The four lines, safe to print.
    pub fn lines(&self) -> [String; 4] {
        let safe = |text: &str| crate::model::text::printable(text).into_owned();
        let name = if self.source.is_empty() { "watched".to_owned() } else { format!("{}:", safe(&self.source)) };
        let lost: u64 = self.lost.iter().map(|l| l.0).fold(0, u64::saturating_add);
        let stages: Vec<String> = self.lost.iter().filter(|l| l.0 > 0).map(|l| format!("{} {}", units::grouped(l.0), l.1)).collect();
        let share = lost as f64 / self.packets.saturating_add(lost).max(1) as f64;
        let lost = match lost {
            0 if self.is_uncounted => "losses on the capturing host not counted".to_owned(),
            0 => "lost 0".to_owned(),
            _ => format!("lost {} ({})", units::percent(share), stages.join(", ")),
        };
        let mirror = if self.mirror.is_empty() { String::new() } else { format!(" · mirror: {}", safe(&self.mirror)) };
        [
            format!("{name} {}", units::duration(self.seconds)),
            format!(
                "{} packets, {}, mean {}",
                units::grouped(self.packets),
                units::bytes(self.wire_bytes),
                units::bits_per_second(self.mean)
            ),
            format!("{lost}{mirror}"),
            safe(&self.problems()),
        ]
    }

    fn problems(&self) -> String {
        let named = |list: &[String]| {
            let titles = list.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join("; ");
            let more = list.len().saturating_sub(NAMED);
            if more > 0 { format!("{titles}; {more} more") } else { titles }
        };
        match (self.wrong.is_empty(), self.over.is_empty()) {
            // What this host does to the packets is no finding, and stands in the line above.
            (true, true) if self.is_doubtful => "nothing else wrong was found".into(),
            (true, true) => "nothing wrong was found".into(),
            (false, true) => format!("wrong: {}", named(&self.wrong)),
            (true, false) => format!("wrong before, over now: {}", named(&self.over)),
            (false, false) => {
                format!("wrong: {} · over before the end: {}", named(&self.wrong), units::plural(self.over.len() as u64, "finding"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Episode, Severity, Timestamp, Traffic};
    use crate::snapshot::{CaptureSummary, Statistics};

    #[test]
    fn four_lines() {
        let mut s = Snapshot {
            capture: CaptureSummary { first: Some(Timestamp::new(0, 0)), last: Some(Timestamp::new(10, 0)), ..CaptureSummary::default() },
            stats: Statistics { total: Traffic { packets: 990, wire_bytes: 1_250_000 }, ..Statistics::default() },
            ..Snapshot::default()
        };
        assert_eq!(
            ExitSummary::of(&s, "eth1").lines(),
            ["eth1: 10.00 s", "990 packets, 1.25 MB, mean 1.00 Mb/s", "lost 0", "nothing wrong was found"]
        );
        // A day between two halves is none of the time that the mean is over.
        let mut apart = s.clone();
        let at = |seconds| Timestamp::new(seconds, 0);
        apart.capture.last = Some(at(86_410));
        apart.mirror.gaps = vec![Episode { first: at(5), last: at(86_405) }];
        let lines = ExitSummary::of(&apart, "eth1").lines();
        assert!(lines[0].ends_with("1 d 00 h") && lines[1].ends_with("mean 1.00 Mb/s"), "{lines:?}");
        s.mirror.link.packets = 990;
        assert_eq!(ExitSummary::of(&s, "eth1").lines()[2], "losses on the capturing host not counted");
        s.capture.losses.kernel_drops = 10;
        s.mirror.trust.score = Some(50);
        s.mirror.trust.summary = "every\x1b[2Jpacket twice".into();
        s.mirror.trust.verdict = Verdict::Doubtful;
        let lines = ExitSummary::of(&s, "").lines();
        assert_eq!(lines[2], "lost 1.0 % (10 kernel) · mirror: every\\u{1b}[2Jpacket twice");
        assert_eq!(lines[0], "watched 10.00 s");
        assert_eq!(lines[3], "nothing else wrong was found", "the line above tells of something");
    }

    #[test]
    fn what_still_holds_is_told_before_what_is_over() {
        let at = |seconds| Timestamp::new(seconds, 0);
        let finding = |title: &str, last: i64, severity| Finding {
            title: title.into(),
            severity,
            active: true,
            first: at(0),
            last: at(last),
            ..crate::tui::demo::snapshot(crate::tui::demo::Story::Trouble, 0).diagnosis.findings[0].clone()
        };
        let mut s = Snapshot { live: true, now: at(1_000), ..Snapshot::default() };
        let list = &mut s.diagnosis.findings;
        *list = vec![finding("a storm", 100, Severity::Critical), finding("errors", 990, Severity::Warning)];
        list.extend((0..4).map(|n| finding(&format!("loss {n}"), 200, Severity::Warning)));
        assert_eq!(ExitSummary::of(&s, "eth1").lines()[3], "wrong: errors · over before the end: 5 findings");
        s.diagnosis.findings.retain(|f| f.last == at(200));
        assert_eq!(ExitSummary::of(&s, "eth1").lines()[3], "wrong before, over now: loss 0; loss 1; loss 2; 1 more");
        // A file is judged as a whole.
        s.live = false;
        assert_eq!(ExitSummary::of(&s, "old.pcap").lines()[3], "wrong: loss 0; loss 1; loss 2; 1 more");
    }
}
