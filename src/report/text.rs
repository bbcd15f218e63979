//! `--format text`: what an administrator reads in a terminal or a mail.

use super::document::{Document, Part, Section, Tone};
use super::format::{Format, ReportOptions};
use super::layout;
use crate::snapshot::Snapshot;
use std::io::{self, Write};
use unicode_width::UnicodeWidthStr;

/// The format.
pub struct Text;

/// Columns that lines of a section are moved in.
const INDENT: usize = 2;

impl Format for Text {
    fn token(&self) -> &'static str {
        "text"
    }

    fn about(&self) -> &'static str {
        "for reading in a terminal or a mail"
    }

    fn rows(&self) -> usize {
        20
    }

    fn write(&self, snapshot: &Snapshot, options: &ReportOptions, out: &mut dyn Write) -> io::Result<()> {
        let width = options.width.max(40);
        // The chart's axis takes eleven columns beside the indentation.
        let document = Document::new(snapshot, options.rows, width - INDENT - 11);
        out.write_all(render(&document, options).as_bytes())
    }
}

/// Renders a document as text.
pub fn render(document: &Document, options: &ReportOptions) -> String {
    let page = Page { width: options.width.max(40), color: options.color };
    let mut text = page.paint(BOLD, &document.title) + "\n";
    for section in &document.sections {
        page.section(section, &mut text);
    }
    text
}

const BOLD: &str = "1";
const DIM: &str = "2";

struct Page {
    width: usize,
    color: bool,
}

impl Page {
    fn paint(&self, style: &str, text: &str) -> String {
        if self.color && !style.is_empty() { format!("\x1b[{style}m{text}\x1b[0m") } else { text.to_owned() }
    }

    fn toned(&self, tone: Tone, text: &str) -> String {
        let sign = tone.sign();
        let text = if sign.is_empty() { text.to_owned() } else { format!("{sign} {text}") };
        self.styled(tone, &text)
    }

    fn styled(&self, tone: Tone, text: &str) -> String {
        let style = match tone {
            Tone::Plain => "",
            Tone::Note => "36",
            Tone::Good => "32",
            Tone::Warning => "33",
            Tone::Critical => "1;31",
        };
        self.paint(style, text)
    }

    fn section(&self, section: &Section, text: &mut String) {
        let rule = "─".repeat(self.width.saturating_sub(section.title.width() + 4).max(2));
        text.push_str(&format!("\n{} {} {}\n", self.paint(DIM, "──"), self.paint(BOLD, &section.title), self.paint(DIM, &rule)));
        for (at, part) in section.parts.iter().enumerate() {
            let apart = at > 0 && matches!(part, Part::Table(_) | Part::Chart(_) | Part::Heading(..));
            if apart && !matches!(section.parts.get(at - 1), Some(Part::Heading(..))) {
                text.push('\n');
            }
            for line in self.part(part) {
                text.push_str(&format!("{}{line}\n", " ".repeat(INDENT)));
            }
        }
    }

    fn part(&self, part: &Part) -> Vec<String> {
        let room = self.width - INDENT;
        match part {
            Part::Facts(facts) => self.facts(facts, room),
            Part::Table(table) => {
                let mut lines = layout::table(table, room);
                if let Some(head) = lines.first_mut() {
                    *head = self.paint(DIM, head);
                }
                lines
            }
            Part::Chart(chart) => layout::chart(chart, room),
            // The tables say the same.
            Part::Picture(_) => Vec::new(),
            Part::Note(tone, words) => {
                let behind = " ".repeat(tone.sign().width());
                let line = |(at, line): (usize, &String)| match (at, behind.is_empty()) {
                    (1.., false) => self.styled(*tone, &format!("{behind} {line}")),
                    _ => self.toned(*tone, line),
                };
                layout::wrap(words, room - 2).iter().enumerate().map(line).collect()
            }
            Part::Heading(tone, words) => vec![self.toned(*tone, words)],
        }
    }

    fn facts(&self, facts: &[(&'static str, String)], room: usize) -> Vec<String> {
        let names = facts.iter().map(|(name, _)| name.width()).max().unwrap_or(0);
        let mut lines = Vec::new();
        for (name, value) in facts {
            for (at, line) in layout::wrap(value, room.saturating_sub(names + 2).max(20)).into_iter().enumerate() {
                let name = if at == 0 { name } else { "" };
                lines.push(format!("{}  {line}", self.paint(DIM, &layout::pad(name, names, false))));
            }
        }
        lines
    }
}
