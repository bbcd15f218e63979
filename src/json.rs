//! JSON that may be shown: what a terminal must not get stands in it as an escape.

use crate::model::text::is_unfit;
use serde::Serialize;
use serde_json::ser::Formatter;
use std::io;

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
        if fragment.bytes().all(|b| matches!(b, b' '..=b'~' | b'\n')) {
            return out.write_all(fragment.as_bytes());
        }
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
