//! The pictures of README.md: `cargo run --example pictures docs/pictures` (`make pictures`).
//!
//! It prints the one in text. The dashboard draws them, on the bundled captures and on the made-up office of the example `dashboard`, which is live.

use spantop::capture::file;
use spantop::engine::{self, Settings};
use spantop::settings::FileSettings;
use spantop::{model, snapshot, tui};
use std::path::Path;

#[path = "../../src/tui/demo/mod.rs"]
mod demo;

const SIZE: (u16, u16) = (120, 40);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let to = std::env::args().nth(1).unwrap_or_else(|| "docs/pictures".into());
    std::fs::create_dir_all(&to)?;
    let text = captured("captures/office.pcapng", "", (110, 37))?;
    print!("{}", text.text());
    let write = |name: &str, still: &tui::Still| std::fs::write(Path::new(&to).join(format!("{name}.svg")), still.svg());
    write("overview", &live(demo::Story::Trouble, ""))?;
    write("conversations", &live(demo::Story::Calm, "4"))?;
    write("mirror", &captured("captures/squeezed.pcap", "8", SIZE)?)?;
    write("problem", &captured("captures/duplicates.pcap", "6", SIZE)?)?;
    Ok(())
}

/// A port after a minute and a half.
fn live(story: demo::Story, keys: &str) -> tui::Still {
    let options = tui::DashboardOptions { source_title: "eth1".into(), ..tui::DashboardOptions::default() };
    let mut still = tui::Still::new(options, SIZE, false);
    (0..90).for_each(|second| still.see(demo::snapshot(story, second)));
    still.press(keys);
    still
}

/// A capture that has been read.
fn captured(path: &str, keys: &str, size: (u16, u16)) -> Result<tui::Still, Box<dyn std::error::Error>> {
    let settings = Settings { query: snapshot::Query::default(), ..Settings::default() };
    let snapshot =
        engine::run(file::open(&FileSettings { paths: vec![path.into()], ..FileSettings::default() })?, &settings, Default::default())?
            .complete()?;
    let options = tui::DashboardOptions { source_title: path.into(), ..tui::DashboardOptions::default() };
    let mut still = tui::Still::new(options, size, false);
    still.see(snapshot::Snapshot::clone(&snapshot));
    still.press(keys);
    Ok(still)
}
