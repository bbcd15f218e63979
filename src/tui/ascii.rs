//! What stands for a character where a terminal has ASCII only: always one cell for one cell, so that nothing moves.

use std::borrow::Cow;
use unicode_width::UnicodeWidthChar;

/// Text in ASCII: drawings by characters that look alike, what is unknown by `?` in as many cells.
pub fn text(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return text.into();
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match stands_for(c) {
            _ if c.is_ascii() => out.push(c),
            Some(plain) => out.push_str(plain),
            None => out.extend(std::iter::repeat_n('?', c.width().unwrap_or(0))),
        }
    }
    out.into()
}

fn stands_for(c: char) -> Option<&'static str> {
    Some(match c {
        '─' | '┈' | '╌' | '–' | '−' => "-",
        // What is filled of a gauge is told from what is empty.
        '━' => "=",
        '│' | '▍' | '▎' | '▏' | '▐' => "|",
        '┬' | '┴' | '├' | '┤' | '┼' | '╭' | '╮' | '╰' | '╯' => "+",
        '●' | '◆' => "*",
        '◇' => "i",
        '○' | '·' | '▯' => ".",
        '▲' => "!",
        '✖' => "X",
        '▼' | '▾' | '↓' => "v",
        '▴' | '↑' => "^",
        '⇄' => "=",
        '→' | '▸' | '›' | '▶' => ">",
        '←' | '◂' | '≤' => "<",
        '≥' => ">",
        '≈' | '…' => "~",
        '⋯' => "-",
        '⏎' => "Enter",
        '⟂' => "+",
        'µ' => "u",
        '▖' => ".",
        '❚' => "|",
        '▁' | '▂' => "_",
        '▃' | '▄' => "-",
        '▅' | '▆' => "=",
        '▇' | '█' | '▉' | '▊' | '▋' | '▌' | '▮' | '▓' => "#",
        '▒' => "+",
        '░' => ".",
        '\u{2800}'..='\u{28ff}' => match (c as u32 & 0xff).count_ones() {
            0 => " ",
            1 | 2 => ".",
            3 | 4 => ":",
            5 | 6 => "+",
            _ => "#",
        },
        _ => return None,
    })
}

/// Whether the environment says that there is nothing but ASCII: a locale that is not UTF-8, or a terminal without the glyphs. Where no
/// locale is set at all, as in many containers, the terminal is believed to be like any other.
pub fn wanted(environment: &dyn Fn(&str) -> Option<String>) -> bool {
    let says = |name: &str| environment(name).filter(|v| !v.is_empty());
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(says);
    let utf8 = locale.is_none_or(|l| {
        let l = l.to_ascii_lowercase();
        l.contains("utf-8") || l.contains("utf8")
    });
    !utf8 || says("TERM").is_some_and(|term| matches!(term.as_str(), "dumb" | "linux" | "vt100" | "vt220"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_cell_stands_for_one_cell() {
        for c in ('\u{80}'..='\u{ffff}').filter(|c| !c.is_control() && *c != '⏎') {
            let plain = text(c.encode_utf8(&mut [0; 4])).into_owned();
            assert!(plain.is_ascii() && plain.len() == c.width().unwrap_or(0), "{c:?} {plain:?}");
        }
        assert_eq!(text("▲ 12 µs · 10.0.0.1 ⇄ 日本"), "! 12 us . 10.0.0.1 = ????");
        assert_eq!(text("A plain line\t~"), "A plain line\t~");
        assert_eq!(text("é a"), "? a");
        assert_eq!(text("━━── ┈"), "==-- -", "a gauge says how full it is");
    }

    #[test]
    fn the_locale_and_the_terminal_decide() {
        let says =
            |variables: &'static [(&str, &str)]| wanted(&move |name: &str| variables.iter().find(|v| v.0 == name).map(|v| v.1.to_owned()));
        assert!(!says(&[]) && !says(&[("LANG", "de_DE.UTF-8")]) && !says(&[("LANG", "C"), ("LC_ALL", "C.utf8")]));
        assert!(says(&[("LANG", "C")]) && says(&[("LC_ALL", "POSIX"), ("LANG", "en_US.UTF-8")]));
        assert!(says(&[("TERM", "linux")]) && says(&[("TERM", "dumb"), ("LANG", "en_US.UTF-8")]));
    }
}
