//! What a terminal sends, as keys, clicks and pastes.
//!
//! What arrives is not trusted: a terminal, or whoever types quickly over a slow line, may begin an escape sequence and never end it, and a report
//! of the mouse may claim any place. A sequence that does not go on is given up after [`PATIENCE`], and its bytes are keys; one that cannot go on
//! is given up at once, so that the interrupt key always arrives. The parsers at hand wait for its end without end. (ECMA-48 section 5.4; xterm's
//! control sequences: mouse tracking, bracketed paste.)

use ratatui::crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use std::time::{Duration, Instant};

/// How long the next byte of a sequence is waited for. Escape by itself is a key: of it less is enough to be felt.
const PATIENCE: Duration = Duration::from_millis(100);
const ESCAPE_PATIENCE: Duration = Duration::from_millis(30);
/// How long the rest of a paste is waited for, and how much of it is taken.
const PASTE_PATIENCE: Duration = Duration::from_secs(2);
const PASTE: usize = 64 * 1024;
/// How long after its last byte one that was given up is over.
const PASTE_OVER: Duration = Duration::from_secs(5);
/// The longest control sequence, in bytes.
const LONGEST: usize = 64;

const ESC: u8 = 0x1b;
const INTERRUPT: u8 = 0x03;
const PASTE_BEGINS: &[u8] = b"\x1b[200~";
const PASTE_ENDS: &[u8] = b"\x1b[201~";

/// What the bytes at hand begin with.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    /// So many bytes that are an event, or mean nothing.
    Took(usize, Option<Event>),
    /// The beginning of something, which goes on within this time or not at all.
    Waits(Duration),
}

/// A paste that has begun and not ended: nothing of it is a key, however long it is and whenever it comes.
#[derive(Debug)]
enum Paste {
    /// What came of it so far, as much as is taken.
    Open(Vec<u8>),
    /// It was given up; what still comes of it is dropped until its end, or until a key says that nothing does.
    GivenUp,
}

/// Turns bytes into events.
#[derive(Debug, Default)]
pub(super) struct Keystrokes {
    bytes: Vec<u8>,
    paste: Option<Paste>,
    /// When the latest came.
    came: Option<Instant>,
}

impl Keystrokes {
    /// Takes in what was read.
    pub fn feed(&mut self, bytes: &[u8], now: Instant) {
        // The interrupt key by itself is one, and so is any key long after what was given up.
        let interrupts = !bytes.is_empty() && bytes.iter().all(|byte| *byte == INTERRUPT);
        let is_over = matches!(self.paste, Some(Paste::GivenUp)) && self.is_late(PASTE_OVER, now);
        if self.paste.is_some() && interrupts || is_over {
            self.paste = None;
            self.bytes.clear();
        }
        self.bytes.extend_from_slice(bytes);
        self.came = Some(now);
    }

    /// The next event of what came so far.
    pub fn next(&mut self, now: Instant) -> Option<Event> {
        loop {
            if self.paste.is_some() {
                let event = self.pasted(now);
                if event.is_some() || self.paste.is_some() {
                    return event;
                }
            }
            if self.bytes.is_empty() {
                return None;
            }
            if self.bytes.starts_with(PASTE_BEGINS) {
                self.bytes.drain(..PASTE_BEGINS.len());
                self.paste = Some(Paste::Open(Vec::new()));
                continue;
            }
            let (took, event) = match step(&self.bytes) {
                Step::Took(took, event) => (took, event),
                Step::Waits(patience) if !self.is_late(patience, now) => return None,
                Step::Waits(_) => give_up(&self.bytes),
            };
            self.bytes.drain(..took.clamp(1, self.bytes.len()));
            if event.is_some() {
                return event;
            }
        }
    }

    /// Whether nothing has come for so long.
    fn is_late(&self, patience: Duration, now: Instant) -> bool {
        self.came.is_none_or(|came| now.saturating_duration_since(came) >= patience)
    }

    /// Takes in what came of the paste: all of it at its end, or as much as came where nothing has come for long.
    fn pasted(&mut self, now: Instant) -> Option<Event> {
        let end = self.bytes.windows(PASTE_ENDS.len()).position(|window| window == PASTE_ENDS);
        // What may be the beginning of its end stays.
        let begun = || (1..PASTE_ENDS.len()).rev().find(|&n| self.bytes.ends_with(PASTE_ENDS.get(..n).unwrap_or_default())).unwrap_or(0);
        let upto = end.unwrap_or_else(|| self.bytes.len() - begun());
        let content: Vec<u8> = self.bytes.drain(..upto).collect();
        if let Some(Paste::Open(taken)) = &mut self.paste {
            let room = PASTE.saturating_sub(taken.len());
            taken.extend(content.into_iter().take(room));
        }
        if end.is_some() {
            self.bytes.drain(..PASTE_ENDS.len());
            return match self.paste.take() {
                Some(Paste::Open(taken)) => paste(&taken),
                _ => None,
            };
        }
        match &self.paste {
            Some(Paste::Open(_)) if self.is_late(PASTE_PATIENCE, now) => match self.paste.replace(Paste::GivenUp) {
                Some(Paste::Open(taken)) => paste(&taken),
                _ => None,
            },
            // An escape that does not go on is the key.
            Some(Paste::GivenUp) if !self.bytes.is_empty() && self.is_late(PATIENCE, now) => {
                self.bytes.clear();
                self.paste = None;
                None
            }
            _ => None,
        }
    }

    /// How long to wait for more, where something has begun.
    pub fn patience(&self, now: Instant) -> Option<Duration> {
        let patience = match (&self.paste, step(&self.bytes)) {
            (Some(Paste::Open(_)), _) => PASTE_PATIENCE,
            (_, Step::Waits(patience)) if !self.bytes.is_empty() => patience,
            _ => return None,
        };
        Some(patience.saturating_sub(self.came.map_or(patience, |came| now.saturating_duration_since(came))))
    }
}

fn key(code: KeyCode, modifiers: KeyModifiers) -> Option<Event> {
    Some(Event::Key(KeyEvent::new(code, modifiers)))
}

/// A character, which is shifted where it is a capital.
fn character(c: char, modifiers: KeyModifiers) -> Option<Event> {
    let shift = if c.is_uppercase() { KeyModifiers::SHIFT } else { KeyModifiers::NONE };
    key(KeyCode::Char(c), modifiers | shift)
}

fn step(bytes: &[u8]) -> Step {
    match *bytes {
        [] => Step::Waits(PATIENCE),
        [ESC] => Step::Waits(ESCAPE_PATIENCE),
        [ESC, ESC, ..] => Step::Took(1, key(KeyCode::Esc, KeyModifiers::NONE)),
        [ESC, b'[', ..] => control_sequence(bytes),
        [ESC, b'O'] => Step::Waits(PATIENCE),
        [ESC, b'O', last, ..] if single_shift(last).is_some() => {
            Step::Took(3, single_shift(last).and_then(|code| key(code, KeyModifiers::NONE)))
        }
        [ESC, ..] => match plain(bytes.get(1..).unwrap_or_default(), KeyModifiers::ALT) {
            Step::Took(took, event) => Step::Took(took + 1, event),
            waits @ Step::Waits(_) => waits,
        },
        _ => plain(bytes, KeyModifiers::NONE),
    }
}

/// What is not going on: the escape was a key, and so is what follows.
fn give_up(bytes: &[u8]) -> (usize, Option<Event>) {
    if bytes.first() == Some(&ESC) { (1, key(KeyCode::Esc, KeyModifiers::NONE)) } else { (1, None) }
}

fn paste(bytes: &[u8]) -> Option<Event> {
    Some(Event::Paste(String::from_utf8_lossy(bytes).into_owned()))
}

/// A character, or what a control key makes of one.
fn plain(bytes: &[u8], modifiers: KeyModifiers) -> Step {
    let control = |c: u8| key(KeyCode::Char(c.into()), modifiers | KeyModifiers::CONTROL);
    match *bytes {
        [] => Step::Waits(PATIENCE),
        [b'\r', ..] => Step::Took(1, key(KeyCode::Enter, modifiers)),
        [b'\t', ..] => Step::Took(1, key(KeyCode::Tab, modifiers)),
        [0x7f, ..] => Step::Took(1, key(KeyCode::Backspace, modifiers)),
        [0, ..] => Step::Took(1, control(b' ')),
        [c @ 1..=0x1a, ..] => Step::Took(1, control(c - 1 + b'a')),
        [c @ 0x1b..=0x1f, ..] => Step::Took(1, control(c - 0x1c + b'4').filter(|_| c > ESC)),
        [c @ b' '..=0x7e, ..] => Step::Took(1, character(c.into(), modifiers)),
        [first, ..] => {
            let length = match first {
                0xc2..=0xdf => 2,
                0xe0..=0xef => 3,
                0xf0..=0xf4 => 4,
                _ => return Step::Took(1, None),
            };
            match std::str::from_utf8(bytes.get(..length).unwrap_or(bytes)) {
                Ok(text) => Step::Took(length, text.chars().next().and_then(|c| character(c, modifiers))),
                Err(error) if error.error_len().is_none() => Step::Waits(PATIENCE),
                Err(_) => Step::Took(1, None),
            }
        }
    }
}

/// What `ESC O` makes of a letter.
fn single_shift(last: u8) -> Option<KeyCode> {
    Some(match last {
        b'P'..=b'S' => KeyCode::F(last - b'P' + 1),
        _ => return cursor(last),
    })
}

/// The keys that are named by the last byte of a sequence.
fn cursor(last: u8) -> Option<KeyCode> {
    Some(match last {
        b'A' => KeyCode::Up,
        b'B' => KeyCode::Down,
        b'C' => KeyCode::Right,
        b'D' => KeyCode::Left,
        b'F' => KeyCode::End,
        b'H' => KeyCode::Home,
        _ => return None,
    })
}

/// `ESC [`, parameters, intermediate bytes and a last byte (ECMA-48 section 5.4).
fn control_sequence(bytes: &[u8]) -> Step {
    match *bytes {
        // Reports of the mouse as they were before there was a limit to lift.
        [_, _, b'M', ref place @ ..] => {
            let [buttons, column, row, ..] = *place else { return Step::Waits(PATIENCE) };
            let of = |byte: u8| byte.checked_sub(32).map(u16::from);
            let event = of(buttons).zip(of(column)).zip(of(row)).and_then(|((buttons, column), row)| mouse(buttons, column, row, false));
            return Step::Took(6, event);
        }
        // F1 to F5 of Linux's console.
        [_, _, b'[', last, ..] => {
            let event = matches!(last, b'A'..=b'E').then(|| key(KeyCode::F(last - b'A' + 1), KeyModifiers::NONE)).flatten();
            return Step::Took(4, event);
        }
        [_, _, b'['] => return Step::Waits(PATIENCE),
        _ => {}
    }
    let body = bytes.get(2..).unwrap_or_default();
    let parameters = body.iter().take_while(|b| matches!(b, b'0'..=b'?')).count();
    let between = body.iter().skip(parameters).take_while(|b| matches!(b, b' '..=b'/')).count();
    let end = parameters + between;
    match body.get(end) {
        _ if end > LONGEST => Step::Took(end + 2, None),
        None => Step::Waits(PATIENCE),
        Some(&last @ b'@'..=b'~') => {
            let said = body.get(..parameters).and_then(|said| std::str::from_utf8(said).ok()).unwrap_or_default();
            Step::Took(end + 3, if between == 0 { sequence(said, last) } else { None })
        }
        // No byte of a sequence: it was none.
        Some(_) => Step::Took(1, key(KeyCode::Esc, KeyModifiers::NONE)),
    }
}

/// What a control sequence means, by its parameters and its last byte.
fn sequence(said: &str, last: u8) -> Option<Event> {
    if let Some(report) = said.strip_prefix('<') {
        let mut numbers = report.split(';').map(|number| number.parse::<u16>().ok());
        let (buttons, column, row) = (numbers.next()??, numbers.next()??, numbers.next()??);
        return mouse(buttons, column, row, last == b'm').filter(|_| matches!(last, b'M' | b'm'));
    }
    let mut numbers = said.split(';').map(|number| number.parse::<u8>().ok());
    let first = numbers.next().flatten();
    let modifiers = numbers.next().flatten().map_or(KeyModifiers::NONE, modifiers);
    let code = match (last, first) {
        (b'Z', _) => return key(KeyCode::BackTab, modifiers | KeyModifiers::SHIFT),
        (b'P' | b'Q' | b'S', _) => KeyCode::F(last - b'P' + 1),
        (b'~', Some(1 | 7)) => KeyCode::Home,
        (b'~', Some(2)) => KeyCode::Insert,
        (b'~', Some(3)) => KeyCode::Delete,
        (b'~', Some(4 | 8)) => KeyCode::End,
        (b'~', Some(5)) => KeyCode::PageUp,
        (b'~', Some(6)) => KeyCode::PageDown,
        (b'~', Some(n @ 11..=15)) => KeyCode::F(n - 10),
        (b'~', Some(n @ 17..=21)) => KeyCode::F(n - 11),
        (b'~', Some(n @ 23..=26)) => KeyCode::F(n - 12),
        (b'~', Some(n @ 28..=29)) => KeyCode::F(n - 15),
        (b'~', Some(n @ 31..=34)) => KeyCode::F(n - 17),
        _ if said.starts_with('?') => return None,
        _ => cursor(last)?,
    };
    key(code, modifiers)
}

/// Modifiers as a sequence tells them: one more than the sum of their bits.
fn modifiers(told: u8) -> KeyModifiers {
    let bits = told.saturating_sub(1);
    let of = |bit: u8, modifier: KeyModifiers| if bits & bit != 0 { modifier } else { KeyModifiers::NONE };
    of(1, KeyModifiers::SHIFT) | of(2, KeyModifiers::ALT) | of(4, KeyModifiers::CONTROL)
}

/// A report of the mouse; places count from 1.
fn mouse(buttons: u16, column: u16, row: u16, released: bool) -> Option<Event> {
    let button = match buttons & 3 {
        0 => MouseButton::Left,
        1 => MouseButton::Middle,
        _ => MouseButton::Right,
    };
    let moves = buttons & 0x20 != 0;
    let kind = match (buttons & 0xc0, buttons & 3) {
        (0x40, 0) => MouseEventKind::ScrollUp,
        (0x40, 1) => MouseEventKind::ScrollDown,
        (0x40, 2) => MouseEventKind::ScrollLeft,
        (0x40, _) => MouseEventKind::ScrollRight,
        (0, 3) if moves => MouseEventKind::Moved,
        // Which one is not said.
        (0, 3) => MouseEventKind::Up(MouseButton::Left),
        (0, _) if moves => MouseEventKind::Drag(button),
        (0, _) if released => MouseEventKind::Up(button),
        (0, _) => MouseEventKind::Down(button),
        _ => return None,
    };
    let of = |bit: u16, modifier: KeyModifiers| if buttons & bit != 0 { modifier } else { KeyModifiers::NONE };
    let modifiers = of(4, KeyModifiers::SHIFT) | of(8, KeyModifiers::ALT) | of(16, KeyModifiers::CONTROL);
    Some(Event::Mouse(MouseEvent { kind, column: column.checked_sub(1)?, row: row.checked_sub(1)?, modifiers }))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What comes of bytes that are read in these pieces, so far apart.
    fn read(pieces: &[&[u8]], apart: Duration) -> Vec<Event> {
        let (mut keys, mut now, mut events) = (Keystrokes::default(), Instant::now(), Vec::new());
        for piece in pieces {
            keys.feed(piece, now);
            events.extend(std::iter::from_fn(|| keys.next(now)));
            now += apart;
            events.extend(std::iter::from_fn(|| keys.next(now)));
        }
        events.extend(std::iter::from_fn(|| keys.next(now + PASTE_PATIENCE)));
        assert!(keys.bytes.is_empty());
        events
    }

    fn at_once(bytes: &[u8]) -> Vec<Event> {
        read(&[bytes], Duration::ZERO)
    }

    fn press(code: KeyCode) -> Event {
        Event::Key(KeyEvent::new(code, KeyModifiers::NONE))
    }

    fn chars(text: &str) -> Vec<Event> {
        text.chars().filter_map(|c| character(c, KeyModifiers::NONE)).collect()
    }

    fn ctrl_c() -> Event {
        Event::Key(KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL))
    }

    #[test]
    fn keys_are_told() {
        let with = |code, modifiers| Event::Key(KeyEvent::new(code, modifiers));
        let table: &[(&[u8], Event)] = &[
            (b"q", press(KeyCode::Char('q'))),
            (b"Q", with(KeyCode::Char('Q'), KeyModifiers::SHIFT)),
            ("é".as_bytes(), press(KeyCode::Char('é'))),
            ("🦀".as_bytes(), press(KeyCode::Char('🦀'))),
            (b"\r", press(KeyCode::Enter)),
            (b"\t", press(KeyCode::Tab)),
            (b"\x7f", press(KeyCode::Backspace)),
            (b"\x03", ctrl_c()),
            (b"\x1a", with(KeyCode::Char('z'), KeyModifiers::CONTROL)),
            (b"\x1b", press(KeyCode::Esc)),
            (b"\x1bx", with(KeyCode::Char('x'), KeyModifiers::ALT)),
            (b"\x1b]", with(KeyCode::Char(']'), KeyModifiers::ALT)),
            (b"\x1b[A", press(KeyCode::Up)),
            (b"\x1bOB", press(KeyCode::Down)),
            (b"\x1b[1;5C", with(KeyCode::Right, KeyModifiers::CONTROL)),
            (b"\x1b[1;2D", with(KeyCode::Left, KeyModifiers::SHIFT)),
            (b"\x1b[H", press(KeyCode::Home)),
            (b"\x1b[4~", press(KeyCode::End)),
            (b"\x1b[5~", press(KeyCode::PageUp)),
            (b"\x1b[3~", press(KeyCode::Delete)),
            (b"\x1b[Z", with(KeyCode::BackTab, KeyModifiers::SHIFT)),
            (b"\x1bOP", press(KeyCode::F(1))),
            (b"\x1b[[B", press(KeyCode::F(2))),
            (b"\x1b[15~", press(KeyCode::F(5))),
            (b"\x1b[24~", press(KeyCode::F(12))),
        ];
        for (bytes, event) in table {
            assert_eq!(at_once(bytes), std::slice::from_ref(event), "{}", bytes.escape_ascii());
        }
    }

    #[test]
    fn the_mouse_is_read_where_it_can_be() {
        let mouse = |kind, column, row| Event::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE });
        assert_eq!(at_once(b"\x1b[<0;7;3M"), [mouse(MouseEventKind::Down(MouseButton::Left), 6, 2)]);
        assert_eq!(at_once(b"\x1b[<2;7;3m"), [mouse(MouseEventKind::Up(MouseButton::Right), 6, 2)]);
        assert_eq!(at_once(b"\x1b[<65;1;1M"), [mouse(MouseEventKind::ScrollDown, 0, 0)]);
        assert_eq!(at_once(b"\x1b[<32;9;9M"), [mouse(MouseEventKind::Drag(MouseButton::Left), 8, 8)]);
        assert_eq!(at_once(b"\x1b[M !!"), [mouse(MouseEventKind::Down(MouseButton::Left), 0, 0)]);
        for odd in
            [&b"\x1b[<0;0;5M"[..], b"\x1b[<0;5;0M", b"\x1b[<0;99999;5M", b"\x1b[<;;M", b"\x1b[<0M", b"\x1b[M\0\0\0", b"\x1b[<255;1;1M"]
        {
            assert_eq!(at_once(&[odd, b"q"].concat()), chars("q"), "{}", odd.escape_ascii());
        }
    }

    #[test]
    fn a_sequence_without_an_end_kills_no_key() {
        for begun in ["\x1b[", "\x1b[<", "\x1b[<0;1", "\x1b[?1", "\x1bO", "\x1b[1;", "\x1b[[", "\x1b[ "] {
            let rest: Vec<Event> = std::iter::once(press(KeyCode::Esc)).chain(chars(begun.get(1..).unwrap())).collect();
            // Its bytes are keys when it does not go on,
            let told = read(&[begun.as_bytes(), b"q"], PATIENCE);
            assert!(told.ends_with(&chars("q")) && told.len() <= rest.len() + 1, "{begun:?}: {told:?}");
            // and at once when it cannot.
            let told = at_once(&[begun.as_bytes(), b"\x03"].concat());
            assert!(begun == "\x1b[[" || told.contains(&ctrl_c()), "{begun:?}: {told:?}");
        }
        assert_eq!(at_once(b"\x1b[\x03"), [press(KeyCode::Esc), press(KeyCode::Char('[')), ctrl_c()]);
        assert_eq!(read(&[b"\x1b[<"], PATIENCE), [press(KeyCode::Esc), press(KeyCode::Char('[')), press(KeyCode::Char('<'))]);
        // Neither does one that is too long.
        assert_eq!(at_once(&[b"\x1b[", &[b'1'; 5_000][..], b"q"].concat()), chars("q"));
    }

    #[test]
    fn only_what_has_begun_is_waited_for() {
        let (mut keys, now) = (Keystrokes::default(), Instant::now());
        assert_eq!(keys.patience(now), None, "nothing has: whoever waits for events waits as long as he likes");
        keys.feed(b"\x1b[1;", now);
        assert_eq!((keys.next(now), keys.patience(now)), (None, Some(PATIENCE)));
        keys.feed(b"5A", now);
        assert!(keys.next(now).is_some());
        assert_eq!(keys.patience(now), None);
    }

    #[test]
    fn a_sequence_may_come_in_pieces() {
        let soon = Duration::from_millis(10);
        assert_eq!(read(&[b"\x1b", b"[", b"1;5", b"A"], soon), [Event::Key(KeyEvent::new(KeyCode::Up, KeyModifiers::CONTROL))]);
        let crab = "🦀".as_bytes();
        assert_eq!(read(&[&crab[..1], &crab[1..3], &crab[3..]], soon), chars("🦀"));
        assert_eq!(at_once(b"\xff\xf0\x9f\xa6q"), chars("q"), "what is no character is none");
    }

    #[test]
    fn pastes_are_bounded() {
        let paste = |text: &str| Event::Paste(text.to_owned());
        assert_eq!(at_once(b"\x1b[200~ip 10.0.0.1\n\x1b[Ax\x1b[201~q"), [vec![paste("ip 10.0.0.1\n\x1b[Ax")], chars("q")].concat());
        assert_eq!(at_once(b"\x1b[200~never ended"), [paste("never ended")]);
        let long = [PASTE_BEGINS, &[b'x'; PASTE + 9][..]].concat();
        let told = at_once(&long);
        assert!(matches!(&told[..], [Event::Paste(text)] if text.len() == PASTE), "{}", told.len());
    }

    #[test]
    fn nothing_of_a_paste_is_a_key() {
        let long = [b'x'; PASTE + 5_000];
        let in_one = [PASTE_BEGINS, &long[..], b"qWAC", PASTE_ENDS, b"j"].concat();
        let told = at_once(&in_one);
        assert!(matches!(&told[..], [Event::Paste(text), _] if text.len() == PASTE) && told.ends_with(&chars("j")), "{}", told.len());
        // In pieces, its marks among them, with pauses of a slow line.
        let pieces: [&[u8]; 6] = [b"\x1b[200~tls", b"qr", b"y\x1b", b"[20", b"1", b"~q"];
        let paste = |text: &str| Event::Paste(text.to_owned());
        assert_eq!(read(&pieces, Duration::from_millis(900)), [vec![paste("tlsqry")], chars("q")].concat());
        // It was given up: what comes after all is dropped until its end.
        let told = read(&[b"\x1b[200~tls", b"qr", b"y\x1b[201~q"], PASTE_PATIENCE);
        assert_eq!(told, [vec![paste("tls")], chars("q")].concat());
        // Where it has none keys are keys again after Escape or the interrupt key.
        assert_eq!(read(&[b"\x1b[200~tls", b"q", b"\x1b", b"q"], PASTE_PATIENCE), [vec![paste("tls")], chars("q")].concat());
        assert_eq!(read(&[b"\x1b[200~tls", b"q", b"\x03"], PASTE_PATIENCE), [paste("tls"), ctrl_c()]);
        // The interrupt key does not wait until it is given up; within a paste the same byte is a letter.
        assert_eq!(read(&[b"\x1b[200~", b"q", b"\x03"], Duration::from_millis(20)), [ctrl_c()]);
        assert_eq!(at_once(b"\x1b[200~a\x03b\x1b[201~"), [paste("a\x03b")]);
        // Long after it any key is one.
        let told = |apart| read(&[b"\x1b[200~tls", b"q"], apart);
        assert_eq!((told(PASTE_OVER), told(PASTE_OVER - PATIENCE)), ([vec![paste("tls")], chars("q")].concat(), vec![paste("tls")]));
    }

    #[test]
    fn any_bytes_are_read_to_their_end() {
        let mut seed = 7u32;
        for _ in 0..2_000 {
            let mut bytes = Vec::new();
            for _ in 0..40 {
                seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let of = |chars: &[u8]| chars.get((seed >> 16) as usize % chars.len()).copied().unwrap_or(0);
                bytes.push(if seed >> 30 == 0 { (seed >> 8) as u8 } else { of(b"\x1b[<0;1M~mO?2A\x03q") });
            }
            // Whatever is before it, an interrupt that comes after a while is one.
            let told = read(&[&bytes, b"\x03"], PASTE_PATIENCE);
            assert_eq!(told.last(), Some(&ctrl_c()), "{}", bytes.escape_ascii());
        }
    }
}
