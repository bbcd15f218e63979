//! Is the terminal dark or light? It is asked (OSC 11), and what it does not answer in time must not be taken for keys.

use ratatui::crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use std::time::{Duration, Instant};

/// The question for the background colour, and one that every terminal answers (primary device attributes), so that nobody waits for
/// those that do not know the first.
pub(super) const QUESTION: &str = "\x1b]11;?\x1b\\\x1b[c";

/// How long the answer is waited for.
pub(super) const PATIENCE: Duration = Duration::from_millis(100);

/// Whether what came so far is all that will come: the answer to the second question, `ESC [ ? … c`, is the last.
pub(super) fn complete(answer: &[u8]) -> bool {
    let at = answer.windows(3).position(|w| w == b"\x1b[?");
    at.is_some_and(|at| answer.iter().skip(at).any(|b| *b == b'c'))
}

/// Whether the background in an answer `ESC ] 11 ; rgb:RRRR/GGGG/BBBB` is light.
pub(super) fn is_light(answer: &[u8]) -> Option<bool> {
    let text = String::from_utf8_lossy(answer);
    let (_, rest) = text.split_once("]11;")?;
    let (_, colors) = rest.split_once("rgb:").or_else(|| rest.split_once("rgba:"))?;
    // Each part has one to four hexadecimal digits and is a fraction of the largest such number.
    let mut parts = colors.split('/').map(|part| {
        let digits: String = part.chars().take_while(char::is_ascii_hexdigit).take(4).collect();
        let most = 16f64.powi(i32::try_from(digits.len()).unwrap_or(0)) - 1.0;
        u32::from_str_radix(&digits, 16).ok().map(|value| f64::from(value) / most)
    });
    let (red, green, blue) = (parts.next()??, parts.next()??, parts.next()??);
    // Rec. 709 luma.
    Some(0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.5)
}

/// The longest answer, in keys: `]11;rgba:` and four parts of four digits take less than half of it.
const LONGEST: u32 = 64;

/// An answer that comes late reads like keys: `Alt-]`, `1`, `1`, `;`, `r` … until `Alt-\` or `Ctrl-G`. This swallows it.
///
/// Somebody's own `Alt-]`, or Escape and `]`, begins like one: what does not go on like an answer, or not within [`PATIENCE`], is none, and its
/// keys are keys.
pub(super) struct LateAnswer {
    until: Option<Instant>,
    inside: bool,
    /// When the latest piece came, and how many have.
    came: Option<Instant>,
    taken: u32,
    /// The escape came by itself: what follows belongs to it.
    escaped: bool,
}

impl LateAnswer {
    /// Nothing was asked.
    pub const NONE: Self = Self { until: None, inside: false, came: None, taken: 0, escaped: false };

    /// An answer may still come, of which this much has.
    pub fn expected(now: Instant, begun: &[u8]) -> Self {
        let inside = begun.windows(2).any(|w| w == b"\x1b]") && !begun.contains(&7) && !begun.windows(2).any(|w| w == b"\x1b\\");
        Self { until: now.checked_add(Duration::from_secs(5)), inside, escaped: begun.last() == Some(&0x1b), ..Self::NONE }
    }

    /// Whether an event is a piece of the answer.
    pub fn swallows(&mut self, event: &Event, now: Instant) -> bool {
        if self.until.is_none_or(|until| now > until) {
            return false;
        }
        let Event::Key(KeyEvent { code, modifiers, .. }) = event else { return self.inside };
        let escaped = std::mem::replace(&mut self.escaped, *code == KeyCode::Esc);
        let with = |m| modifiers.contains(m) || m == KeyModifiers::ALT && escaped;
        let ends = matches!(code, KeyCode::Char('\\')) && with(KeyModifiers::ALT)
            || matches!(code, KeyCode::Char('g')) && with(KeyModifiers::CONTROL);
        if self.inside && !ends && !self.goes_on(*code, *modifiers, now) {
            *self = Self::NONE;
            return false;
        }
        match (self.inside, code) {
            (false, KeyCode::Char(']')) if with(KeyModifiers::ALT) => self.inside = true,
            (false, _) => return false,
            (true, _) if ends => *self = Self::NONE,
            (true, _) => {}
        }
        (self.came, self.taken) = (Some(now), self.taken.saturating_add(1));
        true
    }

    /// Whether a key is one that an answer has inside, and comes as soon as one.
    fn goes_on(&self, code: KeyCode, modifiers: KeyModifiers, now: Instant) -> bool {
        let soon = self.came.is_none_or(|came| now.saturating_duration_since(came) <= PATIENCE);
        let fits = match code {
            KeyCode::Esc => true,
            KeyCode::Char(c) => modifiers.is_empty() && (c.is_ascii_hexdigit() || "rg:;/".contains(c)),
            _ => false,
        };
        soon && fits && self.taken < LONGEST
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read() {
        assert_eq!(is_light(b"\x1b]11;rgb:ffff/ffff/ffff\x1b\\\x1b[?64;1c"), Some(true));
        assert_eq!(is_light(b"\x1b]11;rgb:1e1e/1e1e/2e2e\x07"), Some(false));
        assert_eq!(is_light(b"\x1b]11;rgba:fd/f6/e3/ff\x07"), Some(true));
        for odd in [&b"\x1b[?64;1c"[..], b"", b"\x1b]11;rgb:", b"\x1b]11;rgb:zz/1/1", b"\x1b]11;rgb:1/1"] {
            assert_eq!(is_light(odd), None);
        }
        assert!(complete(b"\x1b]11;rgb:1/1/1\x1b\\\x1b[?64;1;2c") && !complete(b"\x1b]11;rgb:cccc/cc") && !complete(b""));
    }

    #[test]
    fn what_only_begins_like_an_answer_kills_no_key() {
        let key = |c, modifiers| Event::Key(KeyEvent::new(KeyCode::Char(c), modifiers));
        let begun = |now| {
            let mut late = LateAnswer::expected(now, b"");
            assert!(late.swallows(&key(']', KeyModifiers::ALT), now));
            late
        };
        let now = Instant::now();
        for c in ['q', 'j', '?', ' '] {
            assert!(!begun(now).swallows(&key(c, KeyModifiers::NONE), now), "{c} is in no answer");
        }
        assert!(!begun(now).swallows(&key('c', KeyModifiers::CONTROL), now), "the interrupt key always arrives");
        assert!(begun(now).swallows(&key('1', KeyModifiers::NONE), now + PATIENCE));
        assert!(
            !begun(now).swallows(&key('1', KeyModifiers::NONE), now + PATIENCE + Duration::from_millis(1)),
            "too late for the same answer"
        );
        let mut endless = begun(now);
        let taken = (0..1_000).take_while(|_| endless.swallows(&key('1', KeyModifiers::NONE), now)).count();
        assert_eq!(taken, LONGEST as usize - 1, "with its beginning");
        assert!(!endless.swallows(&key('1', KeyModifiers::NONE), now), "it was given up");
    }

    #[test]
    fn a_late_answer_presses_no_keys() {
        let key = |c, modifiers| Event::Key(KeyEvent::new(KeyCode::Char(c), modifiers));
        let now = Instant::now();
        let mut late = LateAnswer::expected(now, b"");
        assert!(!late.swallows(&key('q', KeyModifiers::NONE), now));
        assert!(late.swallows(&key(']', KeyModifiers::ALT), now));
        for c in "11;rgb:ffff/ffff/ffff".chars() {
            assert!(late.swallows(&key(c, KeyModifiers::NONE), now));
        }
        assert!(late.swallows(&key('\\', KeyModifiers::ALT), now));
        assert!(!late.swallows(&key('q', KeyModifiers::NONE), now));
        // Cut in two anywhere: by the end of the waiting, or so that its escape stands alone.
        let mut rest = LateAnswer::expected(now, b"\x1b]11;rgb");
        assert!(
            ":0/0/0".chars().all(|c| rest.swallows(&key(c, KeyModifiers::NONE), now)) && rest.swallows(&key('\\', KeyModifiers::ALT), now)
        );
        assert!(!rest.swallows(&key('q', KeyModifiers::NONE), now));
        let mut apart = LateAnswer::expected(now, b"");
        let escape = Event::Key(KeyEvent::new(KeyCode::Esc, KeyModifiers::NONE));
        apart.swallows(&escape, now);
        assert!("]11;rgb:0/0/0".chars().all(|c| apart.swallows(&key(c, KeyModifiers::NONE), now)));
        assert!(apart.swallows(&escape, now) && apart.swallows(&key('\\', KeyModifiers::NONE), now));
        assert!(!apart.swallows(&key('q', KeyModifiers::NONE), now));
        let mut whole = LateAnswer::expected(now, b"\x1b]11;rgb:0/0/0\x1b\\");
        assert!(!whole.swallows(&key('1', KeyModifiers::NONE), now));
        let mut nothing = LateAnswer::NONE;
        assert!(!nothing.swallows(&key(']', KeyModifiers::ALT), now));
        let mut old = LateAnswer::expected(now, b"");
        assert!(!old.swallows(&key(']', KeyModifiers::ALT), now + Duration::from_secs(9)));
    }
}
