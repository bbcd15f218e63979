//! Bursts and what happened at the switch, over the time of the capture.

use super::format::moment;
use crate::model::Arrange as _;
use crate::model::text::printable;
use crate::model::{LinkUse, SwitchEvent, Timestamp, units};
use crate::snapshot::Snapshot;

/// Something that lasted.
#[derive(Debug, Clone, PartialEq)]
pub struct Bar {
    /// Where it begins, of the whole time: 0 to 1.
    pub at: f64,
    /// How long it is, of the whole time.
    pub length: f64,
    /// How high, 0 to 1: its peak of the link's speed.
    pub height: f64,
    /// What it is, safe to print.
    pub words: String,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq)]
pub struct EventMark {
    /// When, of the whole time: 0 to 1.
    pub at: f64,
    /// Its line: one for each kind of event.
    pub line: usize,
    /// What it is, safe to print.
    pub words: String,
}

/// The picture.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Picture {
    /// Its beginning.
    pub from: String,
    /// Its end.
    pub to: String,
    /// Bursts.
    pub bars: Vec<Bar>,
    /// What the top of a bar stands for; empty without bursts.
    pub speed: String,
    /// Kinds of events, a line each.
    pub lines: Vec<&'static str>,
    /// Events.
    pub marks: Vec<EventMark>,
}

/// Bursts that are drawn, the highest; and events, the latest.
const DRAWN: usize = 400;

impl Picture {
    /// Of what is known; `None` where nothing happened or nothing has a time.
    pub fn new(s: &Snapshot) -> Option<Self> {
        let (first, last) = (s.capture.first?, s.capture.last?);
        let span = last.since(first);
        if span <= 0 {
            return None;
        }
        let place = |time: Timestamp| (time.since(first) as f64 / span as f64).clamp(0.0, 1.0);
        let mut picture = Self { from: moment(first), to: moment(last), ..Self::default() };
        if let Some(used) = s.switch.link_use.as_ref().filter(|used| !used.list.is_empty()) {
            picture.bars = bars(used, &place, span);
            picture.speed = units::bits_per_second(used.speed as f64);
        }
        let events = &s.switch.events;
        for event in events.iter().skip(events.len().saturating_sub(DRAWN)) {
            picture.mark(event, place(event.time));
        }
        (!picture.bars.is_empty() || !picture.marks.is_empty()).then_some(picture)
    }

    fn mark(&mut self, event: &SwitchEvent, at: f64) {
        let kind = event.kind.token();
        let line = self.lines.iter().position(|known| *known == kind).unwrap_or_else(|| {
            self.lines.push(kind);
            self.lines.len() - 1
        });
        let vlan = event.vlan.map_or(String::new(), |id| format!(", VLAN {id}"));
        let words = format!("{}: {} {}{vlan}", moment(event.time), printable(&event.who), printable(&event.text));
        self.marks.push(EventMark { at, line, words });
    }
}

fn bars(used: &LinkUse, place: &dyn Fn(Timestamp) -> f64, span: i64) -> Vec<Bar> {
    let mut bursts: Vec<_> = used.list.iter().collect();
    bursts.arrange_by_key(|burst| (std::cmp::Reverse(burst.peak), burst.at));
    bursts.truncate(DRAWN);
    bursts.arrange_by_key(|burst| burst.at);
    let bar = |burst: &crate::model::LinkBurst| {
        let seconds = burst.length as f64 / 1e9;
        let share = burst.peak as f64 / used.speed.max(1) as f64;
        let words = format!("{}: {} long, peak {}", moment(burst.at), units::duration(seconds), units::percent(share));
        Bar { at: place(burst.at), length: seconds * 1e9 / span as f64, height: share.clamp(0.0, 1.0), words }
    };
    bursts.into_iter().map(bar).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::SECOND;
    use crate::model::{LinkBurst, SwitchEventKind};

    #[test]
    fn things_stand_where_they_happened() {
        let mut s = Snapshot::default();
        (s.capture.first, s.capture.last) = (Some(Timestamp(0)), Some(Timestamp(100 * SECOND)));
        assert_eq!(Picture::new(&s), None, "nothing happened");
        let burst = LinkBurst { at: Timestamp(25 * SECOND), length: SECOND / 2, peak: 800, bytes: 1, top: Vec::new() };
        s.switch.link_use = Some(LinkUse { speed: 1000, bursts: 1, list: vec![burst], ..LinkUse::default() });
        for (second, kind) in
            [(50, SwitchEventKind::RootChanged), (75, SwitchEventKind::TopologyChange), (80, SwitchEventKind::RootChanged)]
        {
            let who = "sw\u{1b}".to_owned();
            s.switch.events.push(SwitchEvent { time: Timestamp(second * SECOND), kind, vlan: Some(10), who, text: "x".into(), count: 1 });
        }
        let picture = Picture::new(&s).unwrap();
        let bar = &picture.bars[0];
        assert_eq!((bar.at, bar.length, bar.height), (0.25, 0.005, 0.8));
        assert_eq!(picture.lines, ["stp.root", "stp.topology"]);
        assert_eq!(picture.marks.iter().map(|m| (m.at, m.line)).collect::<Vec<_>>(), [(0.5, 0), (0.75, 1), (0.8, 0)]);
        assert!(picture.marks.iter().all(|m| !m.words.contains('\u{1b}') && m.words.contains("VLAN 10")));
        s.capture.last = s.capture.first;
        assert_eq!(Picture::new(&s), None, "no time has passed");
    }
}
