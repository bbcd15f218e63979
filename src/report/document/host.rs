//! The checklist of this host.

use super::format::{prose, text, word};
use super::tables::section;
use super::{DocumentTable, Part, Section, Tone};
use crate::model::Arrange as _;
use crate::model::host::{Check, Checklist, Rating};
use crate::model::text::printable;

/// A section for each interface: every line of its list, then what should be changed, why and how.
pub fn host(lists: &[Checklist]) -> Vec<Section> {
    lists.iter().map(one).collect()
}

fn one(list: &Checklist) -> Section {
    let columns = vec![word("Check"), word("Verdict"), prose("Found")];
    let row = |c: &Check| {
        let sign = match tone(c.verdict).sign() {
            "" => "·",
            sign => sign,
        };
        vec![text(c.name), text(format!("{sign} {}", said(c.verdict))), text(&c.found)]
    };
    let mut parts = vec![Part::Table(DocumentTable { columns, rows: list.checks.iter().map(row).collect() })];
    let mut wrong: Vec<&Check> = list.checks.iter().filter(|c| c.verdict >= Rating::Warning).collect();
    wrong.arrange_by_key(|c| std::cmp::Reverse(c.verdict));
    for check in wrong {
        parts.push(Part::Heading(tone(check.verdict), format!("{}: {}", check.name, printable(&check.found))));
        let mut facts = vec![("Why", check.why.to_owned())];
        facts.extend(check.command.as_ref().map(|command| ("Change", printable(command).into_owned())));
        parts.push(Part::Facts(facts));
    }
    section(&format!("This host: {}", printable(&list.interface)), parts)
}

/// The word in a table.
fn said(verdict: Rating) -> &'static str {
    match verdict {
        Rating::Unknown => "cannot tell",
        known => known.token(),
    }
}

fn tone(verdict: Rating) -> Tone {
    match verdict {
        Rating::Good => Tone::Good,
        Rating::Unknown | Rating::Note => Tone::Plain,
        Rating::Warning => Tone::Warning,
        Rating::Fail => Tone::Critical,
    }
}
