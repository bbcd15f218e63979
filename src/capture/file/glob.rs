//! Patterns of file names, as a shell has them, in the last part of a path.

use std::path::{Path, PathBuf};

/// Whether a name is a pattern: it has `*`, `?` or `[` in its last part, and no file has that name.
pub(super) fn is_pattern(name: &Path) -> bool {
    let last = name.file_name().and_then(|last| last.to_str()).unwrap_or_default();
    last.contains(['*', '?', '[']) && !name.exists()
}

/// The files whose names match the last part of a pattern, in its folder.
pub(super) fn matching(pattern: &Path) -> Vec<PathBuf> {
    let folder = pattern.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let Some(last) = pattern.file_name().and_then(|last| last.to_str()) else { return Vec::new() };
    let wanted: Vec<char> = last.chars().collect();
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let fits = |entry: &std::fs::DirEntry| {
        let name = entry.file_name();
        // As in a shell, a pattern does not match hidden files unless it says so.
        name.to_str()
            .is_some_and(|name| (!name.starts_with('.') || last.starts_with('.')) && glob(&wanted, &name.chars().collect::<Vec<_>>()))
    };
    entries.filter(fits).map(|entry| pattern.with_file_name(entry.file_name())).collect()
}

/// Whether a name matches a pattern: `*` is any text, `?` one character, `[a-z]` one of those, `[!a-z]` one of all others.
fn glob(pattern: &[char], name: &[char]) -> bool {
    // Where the last star was, and what it was tried to stand for.
    let (mut p, mut n, mut star) = (0, 0, None);
    while n < name.len() || p < pattern.len() {
        if pattern.get(p) == Some(&'*') {
            star = Some((p, n));
            p += 1;
            continue;
        }
        match name.get(n).and_then(|c| one(pattern.get(p..).unwrap_or(&[]), *c)) {
            Some(length) => (p, n) = (p + length, n + 1),
            None => match star {
                Some((at, tried)) if tried < name.len() => {
                    star = Some((at, tried + 1));
                    (p, n) = (at + 1, tried + 1);
                }
                _ => return false,
            },
        }
    }
    true
}

/// Whether a pattern begins with what matches one character, and how long that is.
fn one(pattern: &[char], c: char) -> Option<usize> {
    match pattern {
        ['?', ..] => Some(1),
        ['[', rest @ ..] => {
            let (negated, set) = rest.strip_prefix(&['!']).map_or((false, rest), |set| (true, set));
            // A bracket right behind the first is one of the characters.
            let end = set.iter().skip(1).position(|c| *c == ']').map(|at| at + 1);
            let Some(end) = end else { return (c == '[').then_some(1) };
            let set = set.get(..end).unwrap_or(&[]);
            let mut found = false;
            let mut at = 0;
            while let Some(first) = set.get(at) {
                match (set.get(at + 1), set.get(at + 2)) {
                    (Some('-'), Some(last)) => {
                        found |= (*first..=*last).contains(&c);
                        at += 3;
                    }
                    _ => {
                        found |= *first == c;
                        at += 1;
                    }
                }
            }
            (found != negated).then_some(end + 2 + usize::from(negated))
        }
        [first, ..] => (*first == c).then_some(1),
        [] => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_those_of_a_shell() {
        let matches = |pattern: &str, name: &str| glob(&pattern.chars().collect::<Vec<_>>(), &name.chars().collect::<Vec<_>>());
        for (pattern, name) in [
            ("*", ""),
            ("*", "a"),
            ("*.pcap", "a.pcap"),
            ("cap-??.pcap*", "cap-07.pcap12"),
            ("a*b*c", "aXbYbZc"),
            ("[a-c]x", "bx"),
            ("[!a-c]x", "dx"),
            ("[]]", "]"),
            ("[", "["),
            ("**", "abc"),
        ] {
            assert!(matches(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in
            [("", "a"), ("?", ""), ("*.pcap", "a.pcapng"), ("a*b", "ac"), ("[a-c]x", "dx"), ("[!a-c]x", "ax"), ("ab", "abc")]
        {
            assert!(!matches(pattern, name), "{pattern} {name}");
        }
        assert!(!matches(&"*a".repeat(30), &"a".repeat(29)), "and soon");
    }
}
