//! Documents and parts of documents that are made from the program: `DOCS=write cargo test --test docs` writes them.

use std::path::Path;

/// A document as it is.
pub fn read(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
}

/// A document is `wanted`.
pub fn whole(name: &str, wanted: &str) {
    if std::env::var_os("DOCS").is_some() {
        return std::fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join(name), wanted).expect("it can be written");
    }
    let written = read(name);
    let first = written.lines().zip(wanted.lines()).find(|(a, b)| a != b);
    assert!(written == wanted, "{name}: DOCS=write cargo test --test docs writes it; first difference: {first:?}");
}

/// What stands in a document between `<!-- made: MARK -->` and `<!-- end: MARK -->` is `wanted`.
pub fn part(name: &str, mark: &str, wanted: &str) {
    let (begin, end) = (format!("<!-- made: {mark} -->\n"), format!("<!-- end: {mark} -->"));
    let text = read(name);
    let (before, rest) = text.split_once(&begin).unwrap_or_else(|| panic!("{name}: no {begin}"));
    let (_, behind) = rest.split_once(&end).unwrap_or_else(|| panic!("{name}: no {end}"));
    whole(name, &format!("{before}{begin}{wanted}{end}{behind}"));
}

/// A cell of a Markdown table.
pub fn cell(text: &str) -> String {
    text.replace('<', "&lt;").replace('|', "\\|")
}
