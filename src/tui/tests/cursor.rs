//! The time cursor: spans of the past on every screen, and the way back to now.

use super::*;
use crate::model::{TimeSpan, Timestamp, Traffic};
use crate::snapshot::tables::TABLES;
use crate::snapshot::{Conversation, SpanStore, Table};

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];

fn shown(session: &Session) -> TimeSpan {
    session.app.shown.span.as_ref().expect("a span is shown").span
}

fn all(table: &Table<Conversation>) -> Traffic {
    table.rows.iter().fold(table.other, |sum, row| sum.plus(row.total()))
}

#[test]
fn spans_look_as_they_did() {
    for (width, height) in SIZES {
        for (name, story, keys) in [
            ("overview", Story::Calm, "w"),
            ("overview-file", Story::File, ", < [ > ]"),
            ("conversations", Story::Calm, "4 , [ < ]"),
            ("hosts", Story::Trouble, "3 , [ < ]"),
            ("services", Story::Calm, ", 5"),
        ] {
            let mut session = Session::new(story, width, height);
            session.keys(keys);
            insta::assert_snapshot!(format!("past-{name}-{width}x{height}"), session.text());
        }
    }
}

#[test]
fn a_span_that_is_ended_where_it_began_reaches_up_to_now() {
    let mut session = Session::new(Story::Calm, 120, 40);
    session.keys("4 , , , [");
    let begin = shown(&session);
    session.keys("]");
    let marked = shown(&session);
    assert_eq!(marked.from, begin.from);
    assert_eq!(marked.to, session.app.held.history.slots.last().expect("a past").span.to, "up to now");
    // At the end there is nothing to reach to: it says what to do.
    session.keys("Esc Esc [ ]");
    assert!(session.text().contains("move to its end"), "{}", session.text());
}

/// Whose chart has columns of several seconds: the one it was marked in is not over.
#[test]
fn a_span_that_reaches_up_to_now_ends_there() {
    let mut session = Session::new(Story::Calm, 80, 24);
    session.keys("u [");
    session.see(demo::snapshot(Story::Calm, 3));
    session.keys("]");
    let (marked, line) = (shown(&session), session.lines()[0].clone());
    assert_eq!(marked.to, session.app.held.history.slots.last().expect("a past").span.to);
    for second in [4, 5, 20] {
        session.see(demo::snapshot(Story::Calm, second));
        assert_eq!((shown(&session), &session.lines()[0]), (marked, &line), "{second}");
    }
}

/// Packets that can be read again: whatever is asked for is told with nothing in it, once it is asked for.
struct Readable;

impl SpanStore for Readable {
    fn look(&self, _: TimeSpan) -> Option<Arc<Snapshot>> {
        Some(Arc::new(Snapshot::default()))
    }

    fn version(&self) -> u64 {
        0
    }
}

/// From the moment of the one key to that of the other, as its first line says from the beginning: no cell, no slot, nothing before the key.
#[test]
fn a_span_marked_by_the_hand_has_its_own_ends() {
    let mut session = Session::new(Story::Calm, 160, 45);
    session.app.options.spans = Some(Arc::new(Readable));
    let press = |session: &mut Session, key: &str, age: u64| {
        session.app.note_age(Duration::from_millis(age));
        session.keys(key);
        session.app.latest().now.plus(age as i64 * 1_000_000)
    };
    let from = press(&mut session, "[", 430);
    session.see(demo::snapshot(Story::Calm, 3));
    let to = press(&mut session, "]", 44);
    let asked = |session: &Session| session.app.past.as_ref().and_then(|past| past.span.clone()).expect("a span").asked;
    assert_eq!(asked(&session), TimeSpan { from, to });
    let head = session.lines()[0].split("◂").nth(1).expect("a time").split("  ").next().expect("its ends").to_owned();
    for second in [4, 6, 8] {
        session.see(demo::snapshot(Story::Calm, second));
        assert!(session.lines()[0].contains(&head), "{head}: {}", session.lines()[0]);
        assert_eq!(asked(&session), TimeSpan { from, to }, "{second}");
    }
    assert_eq!(shown(&session), TimeSpan { from, to }, "exactly, once its packets are all there");
    assert!(session.lines()[0].contains("exactly"), "{}", session.lines()[0]);
    // Marked anew at now: the first one is not taken up to now.
    session.keys("Esc");
    press(&mut session, "[", 100);
    let from = press(&mut session, "[", 600);
    let to = press(&mut session, "]", 900);
    let marked = session.app.view.cursor.expect("a span").span();
    assert_eq!(marked, TimeSpan { from, to }, "also where nothing of it is told yet");
}

/// A terminal sends Escape and a key soon after it as that key with Alt.
#[test]
fn escape_and_a_key_at_once_are_both() {
    let soon = |session: &mut Session, c: char| session.event(&Event::Key(KeyEvent::new(KeyCode::Char(c), KeyModifiers::ALT)));
    let mut session = Session::new(Story::Calm, 120, 40);
    session.keys("4 , , , [ . ]");
    let before = shown(&session);
    soon(&mut session, ']');
    assert!(shown(&session).from >= before.to, "an end at now, not in the past that stood there: {:?}", shown(&session));
    session.keys("Esc 4 Down");
    soon(&mut session, '3');
    assert!(session.app.screen == 2 && session.text().contains("Hosts"), "{}", session.text());
    session.keys("4");
    assert!(session.app.pane().selected.is_none(), "Escape took the selection");
    // In a line that is typed it is no escape.
    session.keys("/").kinds("tcp");
    soon(&mut session, 'x');
    assert!(matches!(&session.app.modal, Modal::Filter(typing) if typing.input.value() == "tcp"));
}

#[test]
fn a_span_is_marked_and_left() {
    let mut session = Session::new(Story::Calm, 120, 40);
    let now = session.text();
    session.keys("4 ,");
    let one = shown(&session);
    assert_eq!(one.seconds(), 1.0, "a slot of the history");
    session.keys("[ , , ,");
    assert_eq!((shown(&session).to, shown(&session).seconds()), (one.to, 4.0), "it grows with the cursor");
    session.keys("]");
    assert_eq!(shown(&session).seconds(), 4.0, "whichever end was marked first");
    session.keys("[");
    assert!(session.text().contains("the span begins here") && shown(&session).seconds() == 1.0, "a new one");
    session.keys(". . . ]");
    let marked = shown(&session);
    assert_eq!(marked.seconds(), 4.0);
    session.keys(". .");
    assert_eq!(shown(&session), marked, "it stays as it was marked");
    assert!(session.lines()[0].contains("◂ "), "{}", session.lines()[0]);
    assert!(session.text().contains("Conversations · span of 4.0 s"), "{}", session.text());
    // Other screens show the same time.
    session.keys("3");
    assert!(session.text().contains("Hosts · span of 4.0 s"));
    session.keys("1 Esc");
    assert!(session.app.shown.span.is_none());
    assert_eq!(session.text(), now);
}

#[test]
fn numbers_of_a_span_are_the_sum_of_its_slots() {
    for story in [Story::Calm, Story::File] {
        let mut session = Session::new(story, 120, 40);
        session.keys("4 , < [ > > ]");
        let span = shown(&session);
        let s = &session.app.shown;
        let slots = session.app.held.history.covering(span).to_vec();
        assert!(slots.len() > 5);
        let sum = slots.iter().fold(Traffic::default(), |sum, slot| sum.plus(slot.sums.total()));
        assert_eq!(s.stats.total, sum);
        let c = &s.stats.conversations;
        assert_eq!(all(&c.tcp).plus(all(&c.udp)), sum, "rows and the rest");
        assert_eq!(all(&c.ip).plus(all(&c.ipv6)), sum);
        assert_eq!(s.stats.protocols.iter().filter(|p| p.path.depth() == 1).fold(Traffic::default(), |a, p| a.plus(p.traffic)), sum);
        assert_eq!(s.recent_seconds, span.seconds());
    }
}

#[test]
fn a_span_stays_while_time_goes_on() {
    let mut session = Session::new(Story::Calm, 120, 40);
    session.keys("4 , [ < ]");
    let (before, span) = (session.lines()[5..38].to_vec(), shown(&session));
    session.see(demo::snapshot(Story::Calm, 20));
    assert_eq!((session.lines()[5..38].to_vec(), shown(&session)), (before, span));
    session.keys("p");
    session.see(demo::snapshot(Story::Calm, 40));
    session.keys(", [ , ]");
    assert_eq!(shown(&session).seconds(), 2.0, "paused is the same");
    session.keys("Esc");
    assert!(session.app.shown.span.is_none());
}

#[test]
fn the_worst_burst_is_found_and_then_the_next() {
    let mut session = Session::new(Story::Calm, 160, 45);
    session.keys("w");
    let history = session.app.held.history.extent().unwrap();
    let samples = &session.app.held.stats.load.samples;
    let mut peaks: Vec<(u64, Timestamp)> = samples.iter().filter_map(|s| Some((s.peak_ms_bytes, s.peak_ms_at?))).collect();
    peaks.retain(|p| history.contains(p.1));
    peaks.sort_by_key(|p| (std::cmp::Reverse(p.0), p.1));
    assert!(shown(&session).contains(peaks[0].1), "{:?}", shown(&session));
    assert!(session.text().contains("the busiest millisecond: "), "{}", session.text());
    session.keys("w");
    assert!(shown(&session).contains(peaks[1].1));
    assert!(session.text().contains("busy millisecond 2 of "), "{}", session.text());
    session.keys("Esc w");
    assert!(shown(&session).contains(peaks[0].1));
    // A short time is not judged, neither good nor bad.
    let text = session.keys("1").text();
    assert!(text.contains("? too short to judge") && !text.contains("no fault in this span"), "{text}");
    let text = session.keys("6").text();
    assert!(text.contains("too short to judge") && !text.lines().skip(2).any(|line| line.contains('●')), "{text}");
}

#[test]
fn who_returns_to_now_has_the_scale_of_the_chart_back() {
    let mut session = Session::new(Story::Calm, 160, 45);
    let before = session.app.view.scale;
    session.keys("w w");
    assert!(session.app.view.scale < before, "near enough for a burst");
    session.keys("Esc");
    assert_eq!(session.app.view.scale, before);
}

#[test]
fn a_click_and_a_drag_in_the_chart_choose_a_time() {
    let mut session = Session::new(Story::Calm, 120, 40);
    session.mouse(MouseEventKind::Down(MouseButton::Left), 80, 8);
    let first = shown(&session);
    session.mouse(MouseEventKind::Drag(MouseButton::Left), 90, 8);
    let dragged = shown(&session);
    assert_eq!(dragged.from, first.from);
    assert!(dragged.length() > 5 * first.length(), "{first:?} {dragged:?}");
    session.mouse(MouseEventKind::Drag(MouseButton::Left), 70, 8);
    assert!(shown(&session).from < first.from && shown(&session).to == first.to);
    // What begins in a table is none in the chart, whatever is looked at.
    session.mouse(MouseEventKind::Up(MouseButton::Left), 70, 8);
    let before = shown(&session);
    session.mouse(MouseEventKind::Down(MouseButton::Left), 60, 30);
    session.mouse(MouseEventKind::Drag(MouseButton::Left), 90, 31);
    assert_eq!(shown(&session), before);
    session.keys("Esc");
    // The arrows move it where no row is selected.
    session.mouse(MouseEventKind::Down(MouseButton::Left), 60, 8);
    let before = shown(&session);
    session.keys("Right");
    assert!(shown(&session).from > before.from);
    session.keys("Left");
    assert_eq!(shown(&session).from, before.from);
    session.keys("+ + Esc");
    assert!(session.app.shown.span.is_none());
}

#[test]
fn the_filter_and_pages_work_on_a_span() {
    let mut session = Session::new(Story::Calm, 120, 40);
    session.keys("4 , [ < ] /").kinds("port 445");
    session.keys("Enter");
    let rows = &session.app.shown.stats.conversations.tcp.rows;
    assert!(!rows.is_empty() && rows.iter().all(|r| r.a_port == 445 || r.b_port == 445));
    session.keys("Down Enter");
    assert!(session.app.stack.len() == 1 && session.text().contains("smb2"), "{}", session.text());
    session.keys("Esc Esc 2 Down Enter");
    assert!(session.text().contains("over the span of") && !session.text().contains("whole capture"), "{}", session.text());
    session.keys("Esc Esc Esc Esc");
    assert!(session.app.shown.span.is_none() && session.app.view.filter.is_none());
}

#[test]
fn without_a_past_the_keys_say_so() {
    let mut session = Session::new(Story::Empty, 120, 40);
    for key in [",", "[", "w"] {
        session.keys(key);
        assert!(session.text().contains("there is no past yet"), "{key}: {}", session.text());
    }
    assert!(!session.app.hints(false).iter().any(|hint| hint.key == "[ ]"));
}

#[test]
fn what_has_no_past_is_not_taken_for_it() {
    let mut session = Session::new(Story::Calm, 120, 40);
    session.keys(", 5");
    assert!(session.text().contains("all of the time up to now"), "{}", session.text());
    session.keys("Esc");
    assert!(!session.text().contains("all of the time up to now"));
}

/// The picture of a span has the tables that are kept of it, and of the others it says so: none is that of all of the time.
#[test]
fn a_span_has_what_is_kept_of_it_and_says_what_is_not() {
    let (mut kept, mut left_out) = (0, Vec::new());
    for story in [Story::Calm, Story::Trouble, Story::File] {
        let whole = demo::snapshot(story, 60);
        let all = whole.in_span(whole.history.extent().expect("a past")).expect("its picture");
        let shown = all.span.as_ref().expect("it is of a span");
        for table in TABLES {
            let rows = |s: &Snapshot| (0..table.sheets().len()).map(|sheet| table.rows(sheet, s).len()).sum::<usize>();
            match (shown.not_kept().contains(&table.token()), rows(&whole), rows(&all)) {
                (true, before, after) => {
                    assert_eq!(after, 0, "{}", table.token());
                    left_out.extend((before > 0).then_some(table.token()));
                }
                // Rows that have a time of their own are those of the span, which may have none.
                (false, 0, _) => {}
                (false, ..) if ["bursts", "findings", "switch_events"].contains(&table.token()) => {}
                (false, _, after) => {
                    assert!(after > 0, "{} is neither there nor said not to be", table.token());
                    kept += 1;
                }
            }
        }
    }
    assert!(kept > 20 && left_out.contains(&"services") && left_out.contains(&"neighbours"), "{kept} {left_out:?}");
}

#[test]
fn what_a_span_does_not_know_is_said_on_the_screen() {
    let mut session = Session::new(Story::Trouble, 160, 45);
    session.keys("0");
    let now = session.text();
    session.keys(", [ < ]");
    let text = session.text();
    assert!(!now.contains("not of this span") && text.contains("not of this span"), "{text}");
    // The page of a protocol names the same time as its list.
    session.keys("2 Down Enter");
    let text = session.text();
    assert!(text.contains("over the span of ") && !text.contains("over the whole capture"), "{text}");
    // The mirror is judged of all of the time, and the first line says so as before.
    let trust = |session: &Session| session.lines()[0].contains("mirror");
    assert!(trust(&session));
    session.keys("Esc Esc Esc");
    assert!(trust(&session));
}
