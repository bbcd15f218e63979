//! Text that came from packets or files is data: nothing in it may reach a terminal as a command.

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
}
