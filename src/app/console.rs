//! What is said on standard error, and what kind of terminal there is.

use crate::cli::Common;
use crate::model::text::printable;
use crate::model::units;
use crate::report;
use crate::settings::Color;
use crate::snapshot::Snapshot;
use crate::tui;
use std::borrow::Cow;
use std::fmt::Display;
use std::io::{IsTerminal, Write, stderr, stdout};

/// Sources whose warnings are told one by one.
pub const WARNINGS: usize = 20;

/// Says something on standard error; when nobody listens, that is no failure.
pub fn say(what: impl Display) {
    let text = what.to_string();
    let _ = writeln!(stderr(), "spantop: {}", printable(&text));
}

/// Prints the help where nothing useful was typed.
pub fn print_help(text: &str) {
    let _ = stderr().write_all(text.as_bytes());
}

/// How to talk to the user.
#[derive(Debug, Clone, Copy)]
pub struct Console {
    quiet: bool,
    verbose: bool,
    color: Color,
    ascii: bool,
}

impl Console {
    /// As the settings say.
    pub fn new(common: &Common) -> Self {
        let ascii = common.console.ascii || tui::wants_ascii(&|name| std::env::var(name).ok());
        Self { quiet: common.console.quiet, verbose: common.console.verbose, color: common.console.color, ascii }
    }

    /// Whether there is a terminal for a dashboard.
    pub fn interactive(&self) -> bool {
        stdout().is_terminal()
    }

    /// Whether progress is to be shown.
    pub fn shows_progress(&self) -> bool {
        !self.quiet && stderr().is_terminal()
    }

    /// Whether standard output takes colours.
    pub fn color(&self) -> bool {
        match self.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => {
                let set = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty());
                stdout().is_terminal() && set("NO_COLOR").is_none() && set("TERM").is_none_or(|t| t != "dumb")
            }
        }
    }

    /// Text as standard output takes it: where there is nothing but ASCII, drawings by characters that look alike.
    pub fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        if self.ascii { text.split('\n').map(tui::in_ascii).collect::<Vec<_>>().join("\n").into() } else { text.into() }
    }

    /// Whether [`Self::text`] changes anything.
    pub fn is_ascii(&self) -> bool {
        self.ascii
    }

    /// Columns of a line of text.
    pub fn width(&self) -> usize {
        let columns = rustix::termios::tcgetwinsize(stdout()).map_or(0, |size| usize::from(size.ws_col));
        if columns == 0 { report::format::WIDTH } else { columns.clamp(60, 120) }
    }

    /// Says what is told to those who want to know more.
    pub fn details(&self, what: impl Display) {
        if self.verbose {
            say(what);
        }
    }

    /// How much of the captures a filter chose, and what it does not look behind where that was nothing.
    fn filtered(&self, s: &Snapshot) {
        let Some(filter) = s.capture.filter.as_deref().filter(|_| !self.quiet) else { return };
        let all: Vec<u64> = s.capture.sources.iter().filter_map(|source| source.unfiltered).collect();
        if all.is_empty() {
            return;
        }
        let chosen = s.capture.sources.iter().fold(0u64, |sum, source| sum.saturating_add(source.packets));
        let all = all.into_iter().fold(0u64, u64::saturating_add);
        say(format_args!("filter '{filter}': {} of {} matched", units::grouped(chosen), report::document::format::plural(all, "packet")));
        if chosen == 0 && all > 0 {
            say(
                "a filter sees packets as they were captured: it does not look behind VLAN tags ('vlan and ...' does), MPLS labels ('mpls and ...') or a mirror's encapsulation",
            );
        }
    }

    /// What was lost and what is wrong with the sources. A loss is told even to the quiet.
    pub fn losses(&self, s: &Snapshot) {
        let warnings = || s.capture.sources.iter().filter_map(|source| source.warning.as_ref().map(|warning| (&source.name, warning)));
        for (name, warning) in warnings().take(WARNINGS) {
            // Of a port its warning names it.
            let of = if warning.starts_with(name.as_str()) { String::new() } else { format!("{name}: ") };
            say(format_args!("warning: {of}{warning}"));
        }
        if let more @ 1.. = warnings().count().saturating_sub(WARNINGS) {
            say(format_args!(
                "warning: {} more have warnings; the report lists them",
                report::document::format::plural(more as u64, "source")
            ));
        }
        self.filtered(s);
        let l = &s.capture.losses;
        let stages = [
            ("interface", l.interface_drops),
            ("kernel", l.kernel_drops),
            ("queue", l.queue_drops),
            ("cut headers", l.decode_errors),
            ("malformed", l.malformed),
            ("late", l.late_packets),
            ("conversations only in sums", l.evicted_flows),
        ];
        let serious = l.lost_packets() > 0 || l.evicted_flows > 0;
        if self.quiet && !serious {
            return;
        }
        let told: Vec<String> =
            stages.iter().filter(|(_, n)| *n > 0 || self.verbose).map(|(stage, n)| format!("{stage} {}", units::grouped(*n))).collect();
        let details = if told.is_empty() { String::new() } else { format!(" ({})", told.join(", ")) };
        let warning = if serious { "warning: " } else { "" };
        let (all, kept) = (s.mirror.link.packets, s.stats.total.packets);
        let packets = report::document::format::plural(all.max(kept), "packet");
        // Copies, carriers of what was taken off: the report's first number is what came, its tables are about what is left.
        let analysed = if all > kept { format!(" ({} of them analysed)", units::grouped(kept)) } else { String::new() };
        if self.verbose {
            let forgotten = s.mirror.forgotten.named().map(|(what, n)| format!("{what} {}", units::grouped(n)));
            say(format_args!("evidence forgotten at a cap: {}", forgotten.join(", ")));
        }
        let lost =
            if s.is_loss_uncounted() { "losses not counted".to_owned() } else { format!("lost {}", units::grouped(l.lost_packets())) };
        say(format_args!("{warning}{packets}{analysed}, {lost}{details}"));
    }
}
