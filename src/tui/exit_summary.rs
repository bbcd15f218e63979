//! What is said on the normal screen after the dashboard has gone: four lines.

use crate::model::Arrange as _;
use crate::model::{Severity, Verdict, units};
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
    wrong: Vec<(Severity, String)>,
}

/// Titles of findings listed by name; more are counted.
const NAMED: usize = 3;

impl ExitSummary {
    /// Sums up a snapshot.
    pub fn of(snapshot: &Snapshot, source: &str) -> Self {
        let l = snapshot.capture.losses;
        let mut wrong: Vec<_> = snapshot.diagnosis.findings.iter().filter(|f| f.active).map(|f| (f.severity, f.title.clone())).collect();
        wrong.arrange_by_key(|w| std::cmp::Reverse(w.0));
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
            wrong,
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
        if self.wrong.is_empty() {
            // What this host does to the packets is no finding, and stands in the line above.
            return if self.is_doubtful { "nothing else wrong was found" } else { "nothing wrong was found" }.into();
        }
        let named: Vec<&str> = self.wrong.iter().take(NAMED).map(|w| w.1.as_str()).collect();
        let more = self.wrong.len().saturating_sub(NAMED);
        let tail = if more > 0 { format!("; {more} more") } else { String::new() };
        format!("wrong: {}{tail}", named.join("; "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Episode, Timestamp, Traffic};
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
}
