//! The manual page: what the options say of themselves, the commands, examples, in roff as `man` and `mandoc` take it.

use super::{OfferedExporter, help};
use crate::model::{FILTER_WORDS, SCREEN_WORDS};
use clap::Command;
use clap_mangen::Man;
use std::io::{self, Write};

/// When the manual last changed in more than its options.
const DATE: &str = "2026-12-01";
/// Cells of a line of text.
const LINE: usize = 78;

/// What it is, in more than a line.
const DESCRIPTION: &str = "\
spantop watches a switch's mirror port (SPAN) and tells how loaded the network is and with what, who talks to whom, what goes wrong and why, how the \
switch itself behaves, and whether the mirror can be believed. Capture files are opened in the same dashboard with the same numbers, and reports print \
them for scripts.

Without a command it draws a dashboard; where standard output is no terminal it prints the report as text. Without an interface or a capture it lists \
the interfaces to choose from. It sends nothing: a switch is asked, and results are exported, only when told to.

Capturing takes root or the capability CAP_NET_RAW; rights are given up once the ports are open.";

/// What the exit codes mean.
const EXIT_CODES: &[(&str, &str)] = &[
    ("0", "done; of check: good, or notes only"),
    ("1", "failed; of check: doubtful"),
    ("2", "wrong usage; of check: bad, the mirror is not to be trusted"),
    ("3", "of check: it could not be judged"),
    ("130", "interrupted"),
];

/// What is read of the environment.
const ENVIRONMENT: &[(&str, &str)] = &[
    ("XDG_CONFIG_HOME", "where spantop/config.toml is; without it ~/.config"),
    ("TERM, COLORTERM, NO_COLOR", "how many colours the dashboard uses, and whether any"),
    ("LC_ALL, LC_CTYPE, LANG", "whether the terminal shows UTF-8; else the dashboard draws with ASCII only"),
    ("SUDO_USER", "who is become once the ports are open, unless --user says another"),
    (
        "SPANTOP_SWITCH_COMMUNITY, _USER, _AUTH, _AUTH_PASSWORD, _PRIVACY, _PRIVACY_PASSWORD",
        "credentials for --switch, without --switch-credentials",
    ),
    ("SPANTOP_CLICKHOUSE_USER, SPANTOP_CLICKHOUSE_PASSWORD", "who writes to ClickHouse, and who reads from it for fleet"),
    ("SPANTOP_WEBHOOK_TOKEN", "the bearer token of the webhook exporter"),
    ("NOTIFY_SOCKET, WATCHDOG_USEC", "of systemd: probe says that it is ready, and that it is alive"),
];

/// Files it knows.
const FILES: &[(&str, &str)] = &[
    ("~/.config/spantop/config.toml", "the configuration file; spantop config init makes one, in which everything is a comment"),
    ("/usr/share/doc/spantop/docs", "the administrator's manual, where a package put it"),
];

/// Writes the manual page: the program, then the options of each command, then examples.
///
/// # Errors
/// What `out` answers to a write.
pub fn write(command: &Command, exporters: &[OfferedExporter], out: &mut dyn Write) -> io::Result<()> {
    let version = command.get_version().unwrap_or_default();
    let page = Man::new(command.clone()).title("SPANTOP").section("1").date(DATE);
    let page = page.source(format!("spantop {version}")).manual("User Commands");
    let mut roff = Vec::new();
    page.render_title(&mut roff)?;
    page.render_name_section(&mut roff)?;
    page.render_synopsis_section(&mut roff)?;
    writeln!(roff, ".SH DESCRIPTION")?;
    paragraphs(DESCRIPTION, &mut roff)?;
    let mut subcommands: Vec<&Command> = command.get_subcommands().collect();
    subcommands.sort_by_key(|sub| sub.get_display_order());
    told(
        ".SH COMMANDS",
        subcommands.iter().map(|sub| (sub.get_name(), sub.get_about().map(ToString::to_string).unwrap_or_default())),
        &mut roff,
    )?;
    page.render_options_section(&mut roff)?;
    for sub in &subcommands {
        options(&sub.get_name().to_uppercase(), sub, &mut roff)?;
    }
    options_of_exporters(exporters, &mut roff)?;
    filter(&mut roff)?;
    told(".SH WORDS ON SCREENS", SCREEN_WORDS.iter().copied(), &mut roff)?;
    told(".SH EXIT STATUS", EXIT_CODES.iter().copied(), &mut roff)?;
    told(".SH ENVIRONMENT", ENVIRONMENT.iter().copied(), &mut roff)?;
    told(".SH FILES", FILES.iter().copied(), &mut roff)?;
    writeln!(roff, ".SH EXAMPLES")?;
    paragraphs(help::EXAMPLES, &mut roff)?;
    for sub in subcommands {
        if let Some(text) = sub.get_after_help() {
            writeln!(roff, ".SH EXAMPLES OF {}", sub.get_name().to_uppercase())?;
            paragraphs(&text.to_string(), &mut roff)?;
        }
    }
    writeln!(roff, ".SH SEE ALSO\n.BR tcpdump (8),\n.BR pcap\\-filter (7),\n.BR ethtool (8)")?;
    tidy(&String::from_utf8_lossy(&roff), out)
}

/// Terms and what each means, below a heading.
fn told<'a, A: AsRef<str>>(heading: &str, terms: impl Iterator<Item = (&'a str, A)>, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{heading}")?;
    for (term, about) in terms {
        writeln!(out, ".TP\n\\fB{}\\fR\n{}", escaped(term), escaped(about.as_ref()))?;
    }
    Ok(())
}

/// The options of a command, and of those below it.
fn options(name: &str, command: &Command, out: &mut dyn Write) -> io::Result<()> {
    let is_its_own = |a: &clap::Arg| a.get_id() != "help" && !a.is_global_set() && !a.is_hide_set();
    if command.get_arguments().any(is_its_own) {
        let mut section = Vec::new();
        Man::new(command.clone()).render_options_section(&mut section)?;
        out.write_all(String::from_utf8_lossy(&section).replacen(".SH OPTIONS", &format!(".SH OPTIONS OF {name}"), 1).as_bytes())?;
    }
    command.get_subcommands().try_for_each(|sub| options(&format!("{name} {}", sub.get_name().to_uppercase()), sub, out))
}

/// What may be typed behind `/`.
fn filter(out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, ".SH DISPLAY FILTER")?;
    let about =
        "In the dashboard / shows only what matches, as it is typed: conversations, and the hosts, protocols and applications in them.";
    writeln!(out, "{}", escaped(about))?;
    for (example, shows) in FILTER_WORDS {
        writeln!(out, ".TP\n\\fB{}\\fR\n{}", escaped(example), escaped(shows))?;
    }
    Ok(())
}

/// What may stand in `[export.NAME]`.
fn options_of_exporters(exporters: &[OfferedExporter], out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, ".SH OPTIONS OF EXPORTERS")?;
    writeln!(out, "{}", escaped("Lines of the configuration file, in a section of its own for each exporter."))?;
    for exporter in exporters {
        writeln!(out, ".TP\n\\fB[export.{}]\\fR\n{}", escaped(exporter.token), escaped(exporter.about))?;
        for (key, about) in &exporter.options {
            writeln!(out, ".br\n\\fB{}\\fR: {}", escaped(key), escaped(about))?;
        }
    }
    Ok(())
}

/// Paragraphs of a help; indented lines stay as they are.
fn paragraphs(text: &str, out: &mut dyn Write) -> io::Result<()> {
    for (i, paragraph) in text.split("\n\n").enumerate() {
        if i > 0 {
            writeln!(out, ".PP")?;
        }
        let (plain, kept): (Vec<&str>, Vec<&str>) = paragraph.lines().partition(|l| !l.starts_with(' '));
        // The heading says it already.
        for line in plain.iter().filter(|l| **l != "Examples:") {
            writeln!(out, "{}", escaped(line))?;
        }
        if !kept.is_empty() {
            writeln!(out, ".nf")?;
            for line in kept {
                writeln!(out, "{}", escaped(line.trim_start()))?;
            }
            writeln!(out, ".fi")?;
        }
    }
    Ok(())
}

/// Text that roff prints as it is.
fn escaped(text: &str) -> String {
    let text = text.replace('\\', "\\e").replace('-', "\\-").replace('\'', "\\(aq");
    if text.starts_with('.') { format!("\\&{text}") } else { text }
}

/// Takes out what formatters complain of: space at ends of lines, breaks around empty lines, text lines that are too long.
fn tidy(roff: &str, out: &mut dyn Write) -> io::Result<()> {
    let (mut filled, mut tag) = (true, false);
    let text = roff.replace(".br\n\n.br\n", ".sp\n");
    for line in text.lines().map(str::trim_end) {
        match line {
            ".nf" => filled = false,
            ".fi" => filled = true,
            _ => {}
        }
        // A line behind .TP is one whole, whatever its length.
        if filled && !tag && !line.starts_with(['.', '\'']) {
            wrapped(line, out)?
        } else {
            writeln!(out, "{line}")?
        }
        tag = line == ".TP";
    }
    Ok(())
}

fn wrapped(line: &str, out: &mut dyn Write) -> io::Result<()> {
    let mut used = 0;
    for word in line.split(' ') {
        // A word that would begin a line as a request stays behind another.
        if used > 0 && used + 1 + word.len() > LINE && !word.starts_with(['.', '\'']) {
            writeln!(out)?;
            used = 0;
        } else if used > 0 {
            write!(out, " ")?;
            used += 1;
        }
        write!(out, "{word}")?;
        used += word.len();
    }
    writeln!(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tidied(roff: &str) -> String {
        let mut out = Vec::new();
        assert!(tidy(roff, &mut out).is_ok());
        String::from_utf8_lossy(&out).into_owned()
    }

    #[test]
    fn text_is_wrapped_and_what_must_stay_whole_is_not() {
        let long = "word ".repeat(30);
        assert!(tidied(&long).lines().count() > 1 && tidied(&long).lines().all(|l| l.len() <= LINE));
        assert_eq!(tidied(&format!(".TP\n{long}\nx\n")).lines().count(), 3);
        assert_eq!(tidied(&format!(".nf\n{long}\n.fi\n")).lines().count(), 3);
        assert_eq!(tidied("a\n.br\n\n.br\nb \n"), "a\n.sp\nb\n");
        let request = format!("{}.word rest", "a".repeat(70) + " bbbbbb ");
        assert!(tidied(&request).lines().all(|l| !l.starts_with('.')));
    }

    #[test]
    fn examples_keep_their_lines() {
        let mut out = Vec::new();
        assert!(paragraphs("Examples:\n  a 'b' --c\n\nMore.", &mut out).is_ok());
        assert_eq!(String::from_utf8_lossy(&out), ".nf\na \\(aqb\\(aq \\-\\-c\n.fi\n.PP\nMore.\n");
    }
}
