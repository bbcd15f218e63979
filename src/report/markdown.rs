//! `--format markdown`: the text report as Markdown tables, for tickets and wikis.

use super::document::{Document, DocumentTable, Part, format};
use super::format::{Format, ReportOptions};
use super::layout;
use crate::snapshot::Snapshot;
use std::io::{self, Write};

/// The format.
pub struct Markdown;

impl Format for Markdown {
    fn token(&self) -> &'static str {
        "markdown"
    }

    fn about(&self) -> &'static str {
        "tables for tickets and wikis"
    }

    fn rows(&self) -> usize {
        20
    }

    fn write(&self, snapshot: &Snapshot, options: &ReportOptions, out: &mut dyn Write) -> io::Result<()> {
        let width = options.width.max(40);
        page(&Document::new(snapshot, options.rows, width - 11), width, out)
    }
}

/// A document as Markdown.
pub(super) fn page(document: &Document, width: usize, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "# {}", escape(&document.title))?;
    for section in &document.sections {
        writeln!(out, "\n## {}", escape(&section.title))?;
        for part in &section.parts {
            writeln!(out)?;
            write_part(part, width, out)?;
        }
    }
    Ok(())
}

fn write_part(part: &Part, width: usize, out: &mut dyn Write) -> io::Result<()> {
    match part {
        Part::Facts(facts) => facts.iter().try_for_each(|(name, value)| writeln!(out, "- **{name}:** {}", escape(value))),
        Part::Table(table) => write_table(table, out),
        Part::Chart(chart) => {
            writeln!(out, "```text")?;
            layout::chart(chart, width).iter().try_for_each(|line| writeln!(out, "{line}"))?;
            writeln!(out, "```")
        }
        // The tables say the same.
        Part::Picture(_) => Ok(()),
        Part::Note(tone, words) => writeln!(out, "{}", signed(tone.sign(), words)),
        Part::Heading(tone, words) => writeln!(out, "### {}", signed(tone.sign(), words)),
    }
}

fn signed(sign: &str, words: &str) -> String {
    format!("{sign} {}", escape(words)).trim_start().to_owned()
}

fn write_table(table: &DocumentTable, out: &mut dyn Write) -> io::Result<()> {
    let heads: Vec<&str> = table.columns.iter().map(|c| c.head).collect();
    writeln!(out, "| {} |", heads.join(" | "))?;
    let rules: Vec<&str> = table.columns.iter().map(|c| if c.right { "---:" } else { "---" }).collect();
    writeln!(out, "| {} |", rules.join(" | "))?;
    for row in &table.rows {
        let cells: Vec<String> = row
            .iter()
            .map(|cell| format!("{}{}", "&nbsp;&nbsp;".repeat(cell.indent), escape(&format::single_spaced(&cell.text))))
            .collect();
        writeln!(out, "| {} |", cells.join(" | "))?;
    }
    Ok(())
}

/// Keeps text from being taken for markup.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '~' | '!' => out.extend(['\\', c]),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn text_is_not_markup() {
        assert_eq!(escape("a|b <i> `x` [y](z)"), "a\\|b &lt;i> \\`x\\` \\[y\\](z)");
    }
}
