//! How far the reading of files has come, or how long a port is still looked at, on standard error.

use super::console::{Console, say};
use crate::capture::{Block, Fill, Source, SourceInfo, SourceLosses};
use crate::error::Result;
use crate::model::text::printable;
use crate::model::{clock, units};
use crate::report::document::format::plural;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Work shorter than this needs no bar.
const SHOW_AFTER: Duration = Duration::from_millis(700);
/// Time between two looks at the source.
const EVERY: Duration = Duration::from_millis(100);
/// Time between two looks at what is wrong with ports.
const LISTEN: Duration = Duration::from_millis(500);
/// Steps of the bar.
const STEPS: u64 = 1000;

/// Shows the progress of `source` while it is read, if that is wanted and there is any: of a port only where its time is limited. Says how
/// far it is whenever `asked` is set.
pub fn watch(source: Box<dyn Source>, console: &Console, limit: Option<Duration>, asked: Arc<AtomicBool>) -> Box<dyn Source> {
    let live = source.is_live();
    let shows = console.shows_progress() && (!live || limit.is_some());
    let started = clock::now();
    let known = source.info().into_iter().map(|info| info.warning).collect();
    Box::new(Watched { source, shows, asked, bar: None, looked: started + SHOW_AFTER - EVERY, started, limit, known, listened: started })
}

struct Watched {
    source: Box<dyn Source>,
    /// Whether there is a bar.
    shows: bool,
    /// Set when somebody asks how far it is.
    asked: Arc<AtomicBool>,
    bar: Option<ProgressBar>,
    looked: Instant,
    started: Instant,
    /// How long a port, or what grows, is looked at.
    limit: Option<Duration>,
    /// What is wrong with each port, as it was told last.
    known: Vec<Option<String>>,
    listened: Instant,
}

impl Watched {
    fn inspect(&mut self) {
        let now = clock::now();
        if now.saturating_duration_since(self.looked) < EVERY {
            return;
        }
        self.looked = now;
        let infos = self.source.info();
        let (share, template) = match self.limit {
            Some(limit) => (now.saturating_duration_since(self.started).as_secs_f64() / limit.as_secs_f64().max(1e-3), LISTENING),
            None => {
                let known: Vec<f32> = infos.iter().filter_map(|i| i.progress).collect();
                // Of a pipe nobody knows how long it is.
                let template = if known.len() < infos.len() { GROWING } else { READING };
                (f64::from(known.iter().sum::<f32>() / known.len().max(1) as f32), template)
            }
        };
        let bar = self.bar.get_or_insert_with(|| bar(template));
        bar.set_position((share.clamp(0.0, 1.0) * STEPS as f64) as u64);
        let packets: u64 = infos.iter().map(|i| i.packets).sum();
        bar.set_message(format!("{} packets", units::count(packets)));
    }
}

impl Watched {
    /// Says when a port goes away or comes back: a report comes hours later.
    fn listen(&mut self) {
        let now = clock::now();
        if now.saturating_duration_since(self.listened) < LISTEN {
            return;
        }
        self.listened = now;
        for (info, known) in self.source.info().into_iter().zip(&mut self.known) {
            if info.warning == *known {
                continue;
            }
            let text = match &info.warning {
                Some(warning) => format!("warning: {warning}"),
                None => format!("{} is back", printable(&info.name)),
            };
            *known = info.warning;
            match &self.bar {
                Some(bar) => bar.suspend(|| say(&text)),
                None => say(&text),
            }
        }
    }

    /// Packets so far and what was lost, a line on standard error.
    fn statistics(&mut self) {
        let packets = self.source.info().iter().map(|i| i.packets).fold(0, u64::saturating_add);
        let lost = self.source.losses();
        let text = format!(
            "{} read, {} dropped by the kernel, {} by the interface",
            plural(packets, "packet"),
            units::grouped(lost.kernel),
            units::grouped(lost.interface)
        );
        match &self.bar {
            Some(bar) => bar.suspend(|| say(&text)),
            None => say(&text),
        }
    }
}

const READING: &str = "reading {wide_bar} {percent:>3} %  {msg}, {eta} left";
const GROWING: &str = "reading {spinner} {msg}";
const LISTENING: &str = "listening {wide_bar} {percent:>3} %  {msg}, {eta} left";

fn bar(template: &str) -> ProgressBar {
    let style = ProgressStyle::with_template(template);
    let bar = ProgressBar::with_draw_target(Some(STEPS), ProgressDrawTarget::stderr());
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}

impl Source for Watched {
    fn fill(&mut self, block: &mut Block) -> Result<Fill> {
        let fill = self.source.fill(block);
        if self.shows {
            self.inspect();
        }
        if self.asked.load(Ordering::Relaxed) && self.asked.swap(false, Ordering::Relaxed) {
            self.statistics();
        }
        if self.source.is_live() {
            self.listen();
        }
        fill
    }

    fn behind(&self) -> Option<&dyn Source> {
        Some(&*self.source)
    }

    fn info(&self) -> Vec<SourceInfo> {
        self.source.info()
    }

    fn losses(&mut self) -> SourceLosses {
        self.source.losses()
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
