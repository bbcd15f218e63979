//! What somebody may have meant.

/// The candidate that a word is most like: at most one change in four characters, and always one. `None` when there is none, or when the word is
/// one of them.
pub fn near<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let most = word.chars().count() / 4 + 1;
    let far = candidates.into_iter().map(|candidate| (distance(word, candidate), candidate));
    far.min_by_key(|(distance, _)| *distance).filter(|(distance, _)| (1..=most).contains(distance)).map(|(_, candidate)| candidate)
}

/// Characters to be put in, left out, changed, or swapped with their neighbour, to make one of the other (optimal string alignment).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().take(64).collect();
    let (mut before, mut last): (Vec<usize>, Vec<usize>) = (Vec::new(), (0..=b.len()).collect());
    let mut previous = None;
    for (i, x) in a.chars().take(64).enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let at = |row: &[usize], n: usize| row.get(n).copied().unwrap_or(usize::MAX / 2);
            let mut least = (at(&last, j) + usize::from(x != *y)).min(at(&last, j + 1) + 1).min(at(&row, j) + 1);
            let swapped = j > 0 && previous == Some(*y) && b.get(j - 1) == Some(&x);
            if swapped && !before.is_empty() {
                least = least.min(at(&before, j - 1) + 1);
            }
            row.push(least);
        }
        previous = Some(x);
        before = std::mem::replace(&mut last, row);
    }
    last.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_are_nearly_right_are_found() {
        let commands = ["report", "check", "interfaces", "explain", "man"];
        for (typed, meant) in [("chek", "check"), ("chekc", "check"), ("reprot", "report"), ("interface", "interfaces"), ("mna", "man")] {
            assert_eq!(near(typed, commands), Some(meant), "{typed}");
        }
        for other in ["office.pcapng", "check", "x", "", "a-very-long-name-of-a-capture"] {
            assert_eq!(near(other, commands), None, "{other}");
        }
        assert_eq!(near("dup.evry", ["dup.some", "dup.every"]), Some("dup.every"));
    }

    #[test]
    fn distances() {
        for (a, b, expected) in [("", "", 0), ("", "abc", 3), ("abc", "abc", 0), ("abc", "acb", 1), ("abc", "abcd", 1), ("abc", "xbc", 1)] {
            assert_eq!((distance(a, b), distance(b, a)), (expected, expected), "{a} {b}");
        }
    }
}
