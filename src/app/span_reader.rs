//! Spans of the past, read again from where their packets lie: what the slots of the past tell by the second, this tells exactly.
//!
//! Only as much as fits in [`SPAN_BYTES`], or what a smaller budget leaves of them, is read again; of longer spans the slots tell, which are as good there.

use crate::browse::{QuestionDesk, Shelf};
use crate::capture::Memory;
use crate::engine::{self, MemoryPlan};
use crate::error::{Error, Result};
use crate::model::limits::{SPAN_BYTES, SPAN_MEMORY};
use crate::model::time::SECOND;
use crate::model::{TimeSpan, Timestamp};
use crate::snapshot::{Query, Snapshot, SpanStore};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

/// How long a screen waits for an answer before it shows what the slots tell.
const PATIENCE: Duration = Duration::from_millis(30);
/// How often the thread looks whether it is to end.
const LOOK: Duration = Duration::from_secs(1);
/// How much later than a span a packet must be for none of the span to come behind it.
const DISORDER: i64 = 2 * SECOND;

/// Spans that one screen shows at the same time: what is looked at, and what the chart shows.
const ASKED: usize = 2;

/// What the screen asks and the thread answers.
#[derive(Default)]
struct Desk {
    /// The spans asked for last, the newest at the end.
    asked: VecDeque<TimeSpan>,
    /// Those of them that were answered, with their pictures where they could be read again.
    answers: Vec<(TimeSpan, Option<Arc<Snapshot>>)>,
}

impl Desk {
    fn answer(&self, span: TimeSpan) -> Option<&Option<Arc<Snapshot>>> {
        self.answers.iter().find(|(answered, _)| *answered == span).map(|(_, picture)| picture)
    }

    /// Asks for a span; the one asked for longest ago is forgotten, with what is known of it.
    fn ask(&mut self, span: TimeSpan) {
        self.asked.retain(|asked| *asked != span);
        self.asked.push_back(span);
        while self.asked.len() > ASKED {
            self.asked.pop_front();
        }
        let asked = &self.asked;
        self.answers.retain(|(span, _)| asked.contains(span));
    }

    /// The span to be read next: the newest without an answer.
    fn question(&self) -> Option<TimeSpan> {
        self.asked.iter().rev().copied().find(|span| self.answer(*span).is_none())
    }
}

/// Whether a span is still what is asked for.
fn is_asked(shared: &QuestionDesk<Desk>, span: TimeSpan) -> bool {
    shared.lock().asked.contains(&span) && !shared.is_closed()
}

/// The thread that reads spans again: those asked for last.
pub struct SpanReader {
    desk: Arc<QuestionDesk<Desk>>,
}

impl SpanReader {
    /// Reads from a shelf, and counts as `settings` say.
    ///
    /// # Errors
    /// The system refuses a thread.
    pub fn start(shelf: Box<dyn Shelf>, settings: &engine::Settings) -> Result<Self> {
        let desk = Arc::<QuestionDesk<Desk>>::default();
        let settings = engine::Settings {
            threads: 0,
            query: Query::default(),
            live: false,
            limit: None,
            host: None,
            // What a switch says now is not of a span.
            switch: None,
            history: false,
            memory: MemoryPlan { caps: settings.memory.caps, ..MemoryPlan::within(settings.memory.caps.of(SPAN_MEMORY) as u64) },
            ..settings.clone()
        };
        let theirs = Arc::clone(&desk);
        std::thread::Builder::new()
            .name("spans".into())
            .spawn(move || serve(&theirs, shelf.as_ref(), &settings))
            .map_err(|e| Error::io("cannot start the thread that reads spans again", &e))?;
        Ok(Self { desk })
    }
}

impl Drop for SpanReader {
    fn drop(&mut self) {
        self.desk.close();
    }
}

impl SpanStore for SpanReader {
    fn look(&self, span: TimeSpan) -> Option<Arc<Snapshot>> {
        let mut desk = self.desk.lock();
        let is_new = !desk.asked.contains(&span);
        desk.ask(span);
        if is_new {
            self.desk.ask();
            desk = self.desk.wait_for_answer(desk, PATIENCE, |desk| desk.answer(span).is_none());
        }
        desk.answer(span).cloned().flatten()
    }

    fn version(&self) -> u64 {
        self.desk.version()
    }
}

fn serve(shared: &QuestionDesk<Desk>, shelf: &dyn Shelf, settings: &engine::Settings) {
    loop {
        let span = {
            let mut desk = shared.lock();
            loop {
                if shared.is_closed() {
                    return;
                }
                match desk.question() {
                    Some(span) => break span,
                    None => desk = shared.wait_for_question(desk, LOOK),
                }
            }
        };
        let picture =
            read(shelf.again().as_mut(), span, settings.memory.caps.of(SPAN_BYTES), || is_asked(shared, span)).and_then(|packets| {
                let outcome = engine::run(Box::new(packets), settings, Arc::default()).ok()?;
                Some(Arc::new(outcome.result))
            });
        let mut desk = shared.lock();
        if desk.asked.contains(&span) {
            desk.answers.push((span, picture));
            shared.renew();
            shared.answer();
        }
    }
}

/// The packets of a span; `None` where they are too many, are not there any more, or are not wanted any more.
fn read(shelf: &mut dyn Shelf, span: TimeSpan, most: usize, is_wanted: impl Fn() -> bool) -> Option<Memory> {
    shelf.refresh();
    let range = shelf.range();
    let mut packets = Memory::new();
    let (mut at, mut bytes, mut is_behind) = (shelf.before(span.from).max(range.start), 0usize, false);
    // Of a memory that has forgotten what came before, the first packet must be older than the span.
    let mut first: Option<Timestamp> = None;
    while at < range.end && !is_behind && bytes <= most {
        if !is_wanted() {
            return None;
        }
        let from = at;
        let read = shelf.read(at, &mut |number, packet| {
            if number >= from && number < range.end {
                first.get_or_insert(packet.time);
                is_behind |= packet.time >= span.to.plus(DISORDER);
                if span.contains(packet.time) && bytes <= most {
                    bytes = bytes.saturating_add(packet.bytes.len().saturating_add(64));
                    packets.push(packet.time, packet.link, packet.wire, packet.bytes);
                }
                at = at.max(number + 1);
            }
        });
        if !read.unwrap_or(false) || at == from {
            break;
        }
    }
    let is_whole = range.start == 0 || first.is_some_and(|first| first < span.from);
    (bytes <= most && is_whole).then_some(packets)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::made_shelf::MadeShelf;
    use crate::model::time::MILLISECOND;

    /// A packet each millisecond from 1,000 s on; what is before `from` was forgotten.
    fn each_millisecond(from: u64, bytes: &[u8]) -> Box<MadeShelf> {
        Box::new(MadeShelf { numbers: from..9_000, bytes: bytes.to_vec(), step: MILLISECOND, at_once: 100 })
    }

    fn millis(from: i64, to: i64) -> TimeSpan {
        let at = |ms: i64| Timestamp::new(1_000, ms * 1_000_000);
        TimeSpan { from: at(from), to: at(to) }
    }

    /// What a reader answers in the end.
    fn answer(reader: &SpanReader, span: TimeSpan) -> Option<Arc<Snapshot>> {
        for _ in 0..500 {
            let seen = reader.look(span);
            let desk = reader.desk.lock();
            if let Some(answer) = desk.answer(span) {
                return seen.or_else(|| answer.clone());
            }
            drop(desk);
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("no answer");
    }

    #[test]
    fn a_span_has_its_packets_and_no_others() {
        let bytes = vec![0xff; 60];
        let reader = SpanReader::start(each_millisecond(0, &bytes), &engine::Settings::default()).unwrap();
        for (from, to) in [(1_000, 1_010), (0, 9_000), (2_500, 2_501), (8_999, 20_000)] {
            let told = answer(&reader, millis(from, to)).expect("it can be read again");
            assert_eq!(told.stats.total.packets as i64, to.min(9_000) - from);
        }
        let version = reader.version();
        assert!(answer(&reader, millis(8_999, 20_000)).is_some());
        assert_eq!(reader.version(), version, "asked twice, read once");
        let forgetful = SpanReader::start(each_millisecond(3_000, &bytes), &engine::Settings::default()).unwrap();
        assert!(answer(&forgetful, millis(2_900, 3_100)).is_none(), "part of it is not there any more");
        assert_eq!(answer(&forgetful, millis(3_001, 3_101)).map(|s| s.stats.total.packets), Some(100));
    }

    #[test]
    fn what_is_looked_at_and_what_the_chart_shows_are_both_known() {
        let reader = SpanReader::start(each_millisecond(0, &[0xff; 60]), &engine::Settings::default()).unwrap();
        let (narrow, wide) = (millis(4_000, 4_001), millis(3_900, 4_100));
        assert_eq!(answer(&reader, narrow).map(|s| s.stats.total.packets), Some(1));
        assert_eq!(answer(&reader, wide).map(|s| s.stats.total.packets), Some(200));
        let version = reader.version();
        for _ in 0..3 {
            assert!(reader.look(narrow).is_some() && reader.look(wide).is_some());
        }
        assert_eq!(reader.version(), version, "asked in turns, read once");
        // A third one takes the place of the one asked for longest ago.
        assert!(answer(&reader, millis(0, 5)).is_some());
        assert_eq!(reader.desk.lock().answers.len(), ASKED);
    }

    #[test]
    fn what_is_too_much_is_left_to_the_slots() {
        let reader = SpanReader::start(each_millisecond(0, &[0; 20_000]), &engine::Settings::default()).unwrap();
        assert!(answer(&reader, millis(0, 9_000)).is_none());
        assert_eq!(answer(&reader, millis(0, 20)).map(|s| s.stats.total.packets), Some(20));
    }
}
