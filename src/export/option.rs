//! What options of an exporter take: judged in the same words wherever they are read.

/// An option of an exporter, a line of `[export.NAME]`.
#[derive(Debug, Clone, Copy)]
pub struct ExportOption {
    /// Its key.
    pub key: &'static str,
    /// What it takes.
    pub takes: ExportValue,
    /// What it means.
    pub about: &'static str,
}

/// What an option takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportValue {
    /// Any text; what holds without it stands in the option's meaning.
    Text,
    /// One of these words; the first holds without it.
    OneOf(&'static [&'static str]),
    /// A whole number.
    Number {
        /// The smallest.
        least: u64,
        /// The largest.
        most: u64,
        /// What holds without it.
        default: u64,
    },
}

impl ExportOption {
    /// Whether it takes a value.
    ///
    /// # Errors
    /// It does not; what it takes, in words.
    pub fn check(&self, text: &str) -> Result<(), String> {
        match self.takes {
            ExportValue::Text => Ok(()),
            ExportValue::OneOf(words) if words.contains(&text) => Ok(()),
            ExportValue::OneOf(words) => Err(format!("{} is {}", self.key, alternatives(words))),
            ExportValue::Number { least, most, .. } => match text.parse::<u64>() {
                Ok(number) if (least..=most).contains(&number) => Ok(()),
                _ => Err(format!("{} is a number from {least} to {most}", self.key)),
            },
        }
    }

    /// What holds without it, as a file would have it.
    pub fn default(&self) -> String {
        match self.takes {
            ExportValue::Text => String::new(),
            ExportValue::OneOf(words) => words.first().map(|word| (*word).to_owned()).unwrap_or_default(),
            ExportValue::Number { default, .. } => default.to_string(),
        }
    }

    /// What it means and takes, in a line.
    pub fn line(&self) -> String {
        match self.takes {
            ExportValue::Text => self.about.to_owned(),
            ExportValue::OneOf(words) => format!("{}: {} [default: {}]", self.about, alternatives(words), self.default()),
            ExportValue::Number { least, most, default } => format!("{}, {least} to {most} [default: {default}]", self.about),
        }
    }
}

fn alternatives(words: &[&str]) -> String {
    match words {
        [others @ .., last] if !others.is_empty() => format!("{} or {last}", others.join(", ")),
        _ => words.concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::registry::EXPORTERS;

    #[test]
    fn what_holds_without_an_option_is_what_it_takes_and_nothing_else_is() {
        for option in EXPORTERS.iter().flat_map(|kind| kind.options) {
            assert_eq!(option.check(&option.default()), Ok(()), "{}", option.key);
            let is_open = option.takes == ExportValue::Text;
            for wrong in ["-1", "99999999999999999999", "brotli", "1.5", " 1"] {
                assert_eq!(option.check(wrong).is_ok(), is_open, "{} = {wrong}", option.key);
            }
        }
        let compression = ExportOption { key: "x", takes: ExportValue::OneOf(&["a", "b", "c"]), about: "what" };
        assert_eq!(
            (compression.check("d").unwrap_err().as_str(), compression.line().as_str()),
            ("x is a, b or c", "what: a, b or c [default: a]")
        );
    }
}
