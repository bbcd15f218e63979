//! Keys of the screen of packets.

use super::state::{AwaitedPlace, Focus, GraphKind, Looking, StreamView, TypedLine};
use crate::model::Timestamp;
use crate::model::time::{DAY, MINUTE, SECOND};
use crate::snapshot::{PacketSeek, PacketSubject};
use crate::tui::screen::Hint;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

pub(super) const HINTS: &[Hint] = &[
    Hint {
        key: "↑↓",
        word: "select",
        help: "select a packet, or a field of it; on a port G follows the newest, of a capture it waits for the last (also j k PgUp PgDn)",
    },
    Hint { key: "⏎", word: "fields", help: "go into the fields of the packet; there: open and close a header" },
    Hint { key: "/", word: "search", help: "look for a text in the lines of the list; n goes on, N goes back" },
    Hint {
        key: "#",
        word: "go to",
        help: "go to a packet by its number, to a second with a point in it (12.5), or to a time of day (13:45:07)",
    },
    Hint { key: "f", word: "only", help: "only the conversation of this packet; Esc shows all again" },
    Hint { key: "x", word: "stream", help: "what the conversation of this packet says, as text or in hexadecimal (h)" },
    Hint {
        key: "v",
        word: "graph",
        help: "draw the TCP connection of this packet: sequence numbers, bytes in flight, round trips (v goes on, d turns the way round)",
    },
    Hint { key: "W", word: "save", help: "save the packets of this list as pcapng" },
];

/// A key; whether it meant something here.
pub(super) fn press(looking: &mut Looking, key: KeyEvent, (live, reading): (bool, bool)) -> bool {
    if looking.store.is_none() || key.modifiers.contains(KeyModifiers::CONTROL) {
        return false;
    }
    if looking.typing.is_some() {
        type_line(looking, key.code, reading);
        return true;
    }
    looking.notice = None;
    if looking.stream.is_some() {
        return in_stream(looking, key.code);
    }
    if looking.focus == Focus::Tree && in_tree(looking, key.code) {
        return true;
    }
    in_list(looking, key.code, (live, reading))
}

fn in_list(looking: &mut Looking, key: KeyCode, (live, reading): (bool, bool)) -> bool {
    let page = looking.height.max(2) as i64 - 1;
    match key {
        KeyCode::Down | KeyCode::Char('j') => step(looking, 1),
        KeyCode::Up | KeyCode::Char('k') => step(looking, -1),
        KeyCode::PageDown => step(looking, page),
        KeyCode::PageUp => step(looking, -page),
        KeyCode::Home | KeyCode::Char('g') => step(looking, i64::MIN),
        KeyCode::End | KeyCode::Char('G') => {
            step(looking, i64::MAX);
            looking.tail = live;
            looking.awaited = reading.then_some(AwaitedPlace::End);
        }
        KeyCode::Enter | KeyCode::Right => looking.focus = Focus::Tree,
        KeyCode::Char('/') => looking.typing = Some(TypedLine { search: true, text: String::new() }),
        KeyCode::Char('#') => looking.typing = Some(TypedLine { search: false, text: String::new() }),
        KeyCode::Char('n') if !looking.text.is_empty() => search(looking, false),
        KeyCode::Char('N') if !looking.text.is_empty() => search(looking, true),
        KeyCode::Char('f') if looking.conversation != PacketSubject::All => {
            let subject = looking.conversation.clone().during(looking.subject.span());
            let about = words(&subject);
            looking.show(subject, about);
        }
        KeyCode::Char('x') if looking.conversation != PacketSubject::All => {
            (looking.tail, looking.awaited) = (false, None);
            looking.stream = Some(StreamView::default());
        }
        KeyCode::Char('v') if looking.conversation != PacketSubject::All => {
            (looking.tail, looking.awaited) = (false, None);
            looking.stream = Some(StreamView { drawn: Some(GraphKind::Sequence), ..StreamView::default() });
        }
        KeyCode::Char('W') => {
            let subject = looking.subject.clone();
            looking.notice = looking.store.as_ref().map(|store| store.save(&subject));
        }
        // The way back to now comes first, and leaves what is listed.
        KeyCode::Esc | KeyCode::Backspace if looking.subject != PacketSubject::All && looking.subject.span().is_none() => {
            looking.show(PacketSubject::All, String::new());
        }
        _ => return false,
    }
    true
}

fn in_tree(looking: &mut Looking, key: KeyCode) -> bool {
    let last = looking.lines.saturating_sub(1);
    match key {
        KeyCode::Down | KeyCode::Char('j') => looking.field = (looking.field + 1).min(last),
        KeyCode::Up | KeyCode::Char('k') => looking.field = looking.field.saturating_sub(1),
        KeyCode::PageDown => looking.field = (looking.field + 10).min(last),
        KeyCode::PageUp => looking.field = looking.field.saturating_sub(10),
        KeyCode::Home | KeyCode::Char('g') => looking.field = 0,
        KeyCode::End | KeyCode::Char('G') => looking.field = last,
        KeyCode::Enter | KeyCode::Char(' ') => {
            if let Some((token, open)) = looking.layer {
                turn(looking, token, !open);
            }
        }
        KeyCode::Right => {
            if let Some((token, false)) = looking.layer {
                turn(looking, token, true);
            }
        }
        KeyCode::Left => match looking.layer {
            Some((token, true)) => turn(looking, token, false),
            _ => looking.focus = Focus::List,
        },
        KeyCode::Esc | KeyCode::Backspace => looking.focus = Focus::List,
        _ => return false,
    }
    true
}

fn turn(looking: &mut Looking, token: &'static str, open: bool) {
    if open {
        looking.open.insert(token);
    } else {
        looking.open.remove(token);
        // Where the innermost header is open by itself, closing it is remembered.
        looking.open.insert("");
    }
}

fn in_stream(looking: &mut Looking, key: KeyCode) -> bool {
    let Some(view) = &mut looking.stream else { return false };
    match key {
        KeyCode::Down | KeyCode::Char('j') => view.scroll = view.scroll.saturating_add(1),
        KeyCode::Up | KeyCode::Char('k') => view.scroll = view.scroll.saturating_sub(1),
        KeyCode::PageDown | KeyCode::Char(' ') => view.scroll = view.scroll.saturating_add(10),
        KeyCode::PageUp => view.scroll = view.scroll.saturating_sub(10),
        KeyCode::Home | KeyCode::Char('g') => view.scroll = 0,
        KeyCode::End | KeyCode::Char('G') => view.scroll = usize::MAX,
        KeyCode::Char('v') => view.drawn = Some(view.drawn.map_or(GraphKind::Sequence, GraphKind::next)),
        KeyCode::Char('d') if view.drawn.is_some() => view.back = !view.back,
        KeyCode::Char('h') if view.drawn.is_some() => view.drawn = None,
        KeyCode::Char('h') => *view = StreamView { hex: !view.hex, ..StreamView::default() },
        KeyCode::Esc | KeyCode::Backspace | KeyCode::Char('x') => looking.stream = None,
        _ => return false,
    }
    true
}

/// Moves the cursor.
fn step(looking: &mut Looking, by: i64) {
    let last = looking.total.saturating_sub(1);
    looking.row = match by {
        i64::MIN => 0,
        i64::MAX => last,
        by => looking.row.saturating_add_signed(by).min(last),
    };
    (looking.tail, looking.awaited) = (false, None);
    looking.field = 0;
}

/// Characters of a line that is typed.
const TYPED: usize = 80;

fn type_line(looking: &mut Looking, key: KeyCode, reading: bool) {
    let Some(typing) = &mut looking.typing else { return };
    match key {
        KeyCode::Esc => looking.typing = None,
        KeyCode::Backspace if typing.text.pop().is_none() => looking.typing = None,
        KeyCode::Char(c) if typing.text.chars().count() < TYPED && !crate::model::text::is_unfit(c) => typing.text.push(c),
        KeyCode::Enter => {
            let Some(typed) = looking.typing.take() else { return };
            match (typed.search, typed.text.trim()) {
                (_, "") => {}
                (true, text) => {
                    looking.text = text.to_lowercase();
                    search(looking, false);
                }
                (false, text) => go_to(looking, text, reading),
            }
        }
        _ => {}
    }
}

fn search(looking: &mut Looking, back: bool) {
    let (text, row) = (looking.text.clone(), looking.row);
    looking.go(PacketSeek::Text { text, row, back });
}

/// A time of day, such as `23:13:41`, `23:13` or `23:13:41.5`, in nanoseconds since midnight.
fn time_of_day(text: &str) -> Option<i64> {
    let mut parts = text.split(':');
    let whole = |part: Option<&str>, end: i64| part?.parse().ok().filter(|n| (0..end).contains(n));
    let (hours, minutes) = (whole(parts.next(), 24)?, whole(parts.next(), 60)?);
    let seconds: f64 = parts.next().map_or(Some(0.0), |seconds| seconds.parse().ok())?;
    let is_time = (0.0..60.0).contains(&seconds) && parts.next().is_none();
    is_time.then(|| (hours * 60 + minutes) * MINUTE + (seconds * SECOND as f64).round() as i64)
}

/// How long after the beginning of a capture, on clocks so many seconds east of UTC, that time of day comes next.
fn since_begin(time: i64, (begin, utc_offset): (Timestamp, i64)) -> i64 {
    let began = begin.0.saturating_add(utc_offset.saturating_mul(SECOND)).rem_euclid(DAY);
    (time - began).rem_euclid(DAY)
}

/// A number, seconds with a point, or a time of day.
fn go_to(looking: &mut Looking, text: &str, reading: bool) {
    let text = text.trim_start_matches('#');
    let seconds = text.strip_suffix('s').unwrap_or(text);
    if let (Some(time), Some(begins)) = (time_of_day(text), looking.begins) {
        return looking.go_when_read(PacketSeek::Since(since_begin(time, begins)), reading);
    }
    match (text.parse::<u64>(), seconds.parse::<f64>()) {
        (Ok(number), _) => looking.go_when_read(PacketSeek::Number(number), reading),
        (_, Ok(seconds)) if seconds.is_finite() => looking.go_when_read(PacketSeek::Since((seconds * 1e9) as i64), reading),
        _ => looking.notice = Some(format!("{text}: write a packet's number, seconds such as 12.5, or a time such as 13:45:07")),
    }
}

/// A list in a few words.
pub(super) fn words(subject: &PacketSubject) -> String {
    let end = |address: &crate::model::Address, port: u16| if port == 0 { address.to_string() } else { format!("{address} port {port}") };
    match subject {
        PacketSubject::All => String::new(),
        PacketSubject::Between { a, a_port, b, b_port, .. } => format!("{} ⇄ {}", end(a, *a_port), end(b, *b_port)),
        PacketSubject::Host { address, port } => end(address, *port),
        PacketSubject::Vlan(id) => format!("VLAN {id}"),
        PacketSubject::Path(path) => path.to_string(),
        PacketSubject::Numbers(..) => "what proves it".to_owned(),
        PacketSubject::During(_, of) => {
            [words(of), "of the span".to_owned()].into_iter().filter(|w| !w.is_empty()).collect::<Vec<_>>().join(" · ")
        }
    }
}
