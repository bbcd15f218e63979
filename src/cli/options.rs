//! How a group of options is written down: each with what is typed and the field of the settings it is for, in one place.

use clap::builder::{PossibleValuesParser, TypedValueParser};

/// A group of options that fills in a group of settings: `option: what is typed => field = how the one becomes the other;`, where
/// `= …` is left out when nothing has to be done. `else`: what the fields hold that no option of the group is for.
macro_rules! options {
    (
        $(#[$group:meta])*
        $typed:ident => $settings:ident $(else $rest:expr)? ;
        $( $(#[$option_meta:meta])* $option:ident: $kind:ty => $field:ident $(= $value:expr)?; )*
    ) => {
        $(#[$group])*
        #[derive(Debug, clap::Args)]
        pub(in crate::cli) struct $typed {
            $( $(#[$option_meta])* pub(in crate::cli) $option: $kind, )*
        }

        impl From<$typed> for $settings {
            fn from(typed: $typed) -> Self {
                let $typed { $($option),* } = typed;
                Self { $($field: options!(@value $option $($value)?),)* $(..$rest)? }
            }
        }
    };
    (@value $option:ident) => { $option };
    (@value $option:ident $value:expr) => { $value };
}
pub(super) use options;

/// A value that is one of some words, each with what it means: help, completions and the manual list them.
pub(super) fn one_of<T: Copy + Send + Sync + 'static>(words: &'static [(&'static str, T)]) -> impl TypedValueParser<Value = T> {
    let named = |typed: String| words.iter().find(|(word, _)| *word == typed).map(|(_, value)| *value).ok_or("no such word");
    PossibleValuesParser::new(words.iter().map(|(word, _)| *word)).try_map(named)
}

/// A number of rows, one at least.
pub(super) fn rows() -> impl TypedValueParser<Value = usize> {
    clap::value_parser!(u64).range(1..).map(|n| usize::try_from(n).unwrap_or(usize::MAX))
}

#[cfg(test)]
mod tests {
    use clap::{Args, FromArgMatches};

    /// A group of settings as it stands in `settings`.
    #[derive(Debug, PartialEq)]
    struct ToySettings {
        shelves: u64,
        is_open: bool,
        other: &'static str,
    }

    options! {
        /// Toys
        TypedToys => ToySettings else ToySettings { shelves: 0, is_open: true, other: "kept" };
        /// Shelves for toys
        #[arg(long, value_name = "N", default_value = "3")]
        shelves: u64 => shelves;
        /// Close the shop
        #[arg(long)]
        closed: bool => is_open = !closed;
    }

    fn toys(line: &[&str]) -> ToySettings {
        let command = TypedToys::augment_args(clap::Command::new("toys"));
        let help = command.clone().render_help().to_string();
        assert!(help.contains("--shelves <N>") && help.contains("Shelves for toys"), "{help}");
        TypedToys::from_arg_matches(&command.get_matches_from(line)).unwrap().into()
    }

    /// A field of the settings and one entry of the group: nothing else is touched for an option to be there with help and default.
    #[test]
    fn an_option_is_one_entry_beside_its_field() {
        assert_eq!(toys(&["toys"]), ToySettings { shelves: 3, is_open: true, other: "kept" });
        assert_eq!(toys(&["toys", "--closed", "--shelves", "7"]), ToySettings { shelves: 7, is_open: false, other: "kept" });
    }
}
