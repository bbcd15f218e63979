//! Text that came from packets or files is data: nothing in it may reach a terminal as a command.

use serde::Serialize;
use serde_json::ser::Formatter;
use std::io;

/// Makes text safe to print: control characters (C0, DEL, C1) and what is not seen ([`is_unfit`]) are replaced by `\u{xx}` escapes.
pub fn printable(text: &str) -> std::borrow::Cow<'_, str> {
    if !text.contains(is_unfit) {
        return text.into();
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if is_unfit(c) { out.extend(c.escape_unicode()) } else { out.push(c) }
    }
    out.into()
}

/// Whether a character is one that moves a cursor, turns a line round, or is not seen, so that two names that look the same are not: controls,
/// Unicode's `Default_Ignorable_Code_Point` (DerivedCoreProperties.txt), line ends, annotations, private use and what is no character.
pub fn is_unfit(c: char) -> bool {
    let is_hidden = || {
        matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{e000}'..='\u{f8ff}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
            | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{fffe}'..='\u{ffff}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{10ffff}')
    };
    c.is_control() || !c.is_ascii() && is_hidden()
}

/// Writes JSON in which what is [unfit](is_unfit) stands as `\uXXXX`: whoever reads the JSON gets it, and a terminal that shows the JSON does not.
///
/// # Errors
/// What the output answers to a write.
pub fn to_json(out: impl io::Write, value: &(impl Serialize + ?Sized)) -> serde_json::Result<()> {
    value.serialize(&mut serde_json::Serializer::with_formatter(out, FitJson))
}

/// The same with line breaks and indents.
///
/// # Errors
/// What the output answers to a write.
pub fn to_json_pretty(mut out: impl io::Write, value: &(impl Serialize + ?Sized)) -> serde_json::Result<()> {
    // Only within strings there is anything but ASCII.
    let text = serde_json::to_string_pretty(value)?;
    FitJson.write_string_fragment(&mut out, &text).map_err(serde_json::Error::io)
}

/// The same as text.
pub fn json_text(value: &(impl Serialize + ?Sized)) -> String {
    let mut out = Vec::new();
    // Writing to memory cannot fail.
    let _ = to_json(&mut out, value);
    String::from_utf8(out).unwrap_or_default()
}

/// Writes strings as they are but for what is unfit.
struct FitJson;

impl Formatter for FitJson {
    fn write_string_fragment<W: ?Sized + io::Write>(&mut self, out: &mut W, fragment: &str) -> io::Result<()> {
        let is_unfit = |c: char| is_unfit(c) && c != '\n';
        let mut rest = fragment;
        while let Some(at) = rest.find(is_unfit) {
            let (fit, unfit) = rest.split_at(at);
            out.write_all(fit.as_bytes())?;
            let length = unfit.chars().next().map_or(1, char::len_utf8);
            let (unfit, after) = unfit.split_at(length);
            unfit.encode_utf16().try_for_each(|unit| write!(out, "\\u{unit:04x}"))?;
            rest = after;
        }
        out.write_all(rest.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_commands_to_terminals() {
        assert_eq!(printable("plain é"), "plain é");
        assert_eq!(printable("a\x1b[2Jb"), "a\\u{1b}[2Jb");
        assert_eq!(printable("x\u{202e}y"), "x\\u{202e}y");
    }

    #[test]
    fn what_is_not_seen_is_told() {
        for c in [
            '\u{61c}',
            '\u{ad}',
            '\u{2060}',
            '\u{206a}',
            '\u{115f}',
            '\u{3164}',
            '\u{e0041}',
            '\u{fe0f}',
            '\u{e0100}',
            '\u{fff9}',
            '\u{e000}',
        ] {
            assert_eq!(printable(&format!("a{c}b")), format!("a{}b", c.escape_unicode()));
        }
        for text in ["Zürich 東京 Ελλάδα עברית", "naïve café ½ → ⣿ █ 🦀", "नमस्ते"] {
            assert_eq!(printable(text), text);
        }
    }

    #[test]
    fn json_holds_what_a_terminal_must_not_get() {
        let text = "a\u{202e}b\u{7f}\u{e0041}\"\n東";
        let mut pretty = Vec::new();
        to_json_pretty(&mut pretty, &[text]).unwrap();
        for written in [json_text(&[text]), String::from_utf8(pretty).unwrap()] {
            assert!(written.contains("\\u202e") && written.contains("\\u007f") && written.contains("\\udb40\\udc41"), "{written}");
            assert!(!written.contains(|c| is_unfit(c) && c != '\n'), "{written:?}");
            assert_eq!(serde_json::from_str::<Vec<String>>(&written).unwrap(), [text]);
        }
    }
}
