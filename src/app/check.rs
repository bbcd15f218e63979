//! `spantop check`: the verdict on a mirror, as an exit code; `spantop explain`: what a finding means.

use super::console::Console;
use super::{fold, output, signals, source};
use crate::cli::{self, Common};
use crate::diagnose;
use crate::error::{Error, Outcome, Result};
use crate::model::Arrange as _;
use crate::model::Verdict;
use crate::report::ReportOptions;
use crate::report::document::Document;
use crate::settings::InputSettings;

/// Rows of the tables of a check.
const ROWS: usize = 20;

/// Looks at a mirror and at this host and says whether they can be trusted: the exit code is the verdict's ([`Verdict::exit_code`]), that of
/// an unknown one where nothing could be read.
pub fn check(console: &Console, common: &Common, input: &InputSettings, format: &str) -> Result<u8> {
    let format = crate::report::find(format).ok_or_else(|| Error::usage(format!("--format {format}: no such format")))?;
    let text = format.token() == "text";
    let stop = signals::watch()?;
    let rows = if text { ROWS } else { format.rows() };
    let folded = source::by_name(input.clone()).and_then(|input| fold(console, common, &input, rows, None, &stop));
    let (Outcome { result: snapshot, failure }, standing) = match folded {
        // That 2 is the mirror's here, and nothing is known of it.
        Err(error) if error.exit_code() == 1 || matches!(error, Error::Filter(_)) => {
            super::console::say(&error);
            return Ok(Verdict::Unknown.exit_code());
        }
        outcome => outcome?,
    };
    let options = ReportOptions { rows, width: console.width(), color: console.color(), ..ReportOptions::default() };
    if text {
        let text = crate::report::render(&Document::verdict(&snapshot, rows, common.console.verbose), &options);
        let rights = format!("{}\nRights of this program: {}\n", text.trim_end(), standing.line());
        output::print(console.text(&rights).as_bytes())?;
    } else {
        output::Output::Stdout.write(None, |out| crate::report::write(format, &snapshot, &options, out))?;
    }
    console.losses(&snapshot);
    if let Some(failure) = failure {
        super::console::say(&failure);
    }
    Ok(snapshot.mirror.trust.verdict.exit_code())
}

/// Prints what a finding means.
pub fn explain(console: &Console, id: &str) -> Result<()> {
    match explanation(id) {
        Some(text) => output::print(console.text(&format!("{}\n", text.trim_end())).as_bytes()),
        None if is_group(id) => print_list(console, |one| group_of(one) == id),
        None => Err(unknown("explain", id)),
    }
}

/// What is said, by `whom`, of an identifier that no finding has: those that may be meant.
pub fn unknown(whom: &str, id: &str) -> Error {
    Error::usage(match cli::near(id, diagnose::IDS.iter().copied()).or_else(|| in_part(id)) {
        Some(near) => format!("{whom}: unknown finding '{id}'; did you mean {near}? (spantop explain lists them all)"),
        None => match speaking_of(id).as_slice() {
            [] => format!("{whom}: unknown finding '{id}' (spantop explain lists them all)"),
            some => format!("{whom}: no finding is called '{id}'; these speak of it: {} (spantop explain lists them all)", some.join(", ")),
        },
    })
}

/// Whether a finding has this identifier.
pub fn is_finding(id: &str) -> bool {
    diagnose::IDS.contains(&id)
}

/// What stands before the dot: `dup` of `dup.every`.
fn group_of(id: &str) -> &str {
    id.split('.').next().unwrap_or(id)
}

/// Whether findings have it before their dot.
pub fn is_group(id: &str) -> bool {
    diagnose::IDS.iter().any(|one| one.len() > id.len() && group_of(one) == id)
}

/// Findings whose page has all of these words in it: those first that are called so, then those that have them most often.
fn speaking_of(words: &str) -> Vec<&'static str> {
    const MOST: usize = 6;
    let words = words.to_lowercase();
    let words: Vec<&str> = words.split(|c: char| !c.is_alphanumeric()).filter(|word| word.len() >= 3).collect();
    let often = |id: &'static str| {
        let text = explanation(id).unwrap_or_default().to_lowercase();
        let counts: Vec<usize> = words.iter().map(|word| text.matches(word).count()).collect();
        let called = words.iter().filter(|word| id.contains(**word)).count();
        if counts.contains(&0) { (0, 0) } else { (called, counts.iter().sum()) }
    };
    let mut found: Vec<((usize, usize), &'static str)> = diagnose::IDS.iter().map(|id| (often(id), *id)).filter(|f| f.0.1 > 0).collect();
    found.arrange_by_key(|f| std::cmp::Reverse(f.0));
    found.into_iter().take(MOST).map(|f| f.1).collect()
}

/// The only finding whose identifier has this text in it.
fn in_part(text: &str) -> Option<&'static str> {
    let mut found = diagnose::IDS.iter().filter(|id| !text.is_empty() && id.contains(text));
    found.next().filter(|_| found.next().is_none()).copied()
}

/// Prints every finding, each with what it means in a sentence.
pub fn list(console: &Console) -> Result<()> {
    print_list(console, |_| true)
}

fn print_list(console: &Console, shown: impl Fn(&str) -> bool) -> Result<()> {
    let width = diagnose::IDS.iter().map(|id| id.len()).max().unwrap_or(0);
    let lines: String =
        diagnose::summaries().filter(|(id, _)| shown(id)).map(|(id, meaning)| format!("{id:width$}  {meaning}\n")).collect();
    output::print(console.text(&lines).as_bytes())
}

/// Columns of an explanation that is printed.
const COLUMNS: usize = 78;

/// What a finding means, by its identifier, as it is printed.
fn explanation(id: &str) -> Option<String> {
    diagnose::explain(id, COLUMNS)
}

/// The same for somebody who wraps it: each text in one line.
pub fn explanation_unwrapped(id: &str) -> Option<String> {
    diagnose::explain(id, usize::MAX)
}
