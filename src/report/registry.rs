//! The list of report formats.

use super::format::Format;

/// Every format; the first is the default.
pub static FORMATS: &[&dyn Format] =
    &[&super::text::Text, &super::json::Json, &super::csv::Csv, &super::markdown::Markdown, &super::html::Html];

/// The format of a token.
pub fn find(token: &str) -> Option<&'static dyn Format> {
    FORMATS.iter().copied().find(|f| f.token() == token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_unique_and_found() {
        for format in FORMATS {
            assert!(!format.about().is_empty());
            assert_eq!(FORMATS.iter().filter(|f| f.token() == format.token()).count(), 1);
            assert_eq!(find(format.token()).map(|f| f.token()), Some(format.token()));
        }
        assert!(find("xml").is_none());
    }
}
