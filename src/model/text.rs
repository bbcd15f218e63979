//! Text that came from packets or files is data: nothing in it may reach a terminal as a command.

/// Makes text safe to print: control characters (C0, DEL, C1) and the invisible direction marks that could reorder a line are
/// replaced by `\u{xx}` escapes.
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

/// Whether a character is one that moves a cursor, hides, or turns a line round.
pub fn is_unfit(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
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
}
