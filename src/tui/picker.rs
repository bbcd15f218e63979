//! Which port? A list of interfaces with what comes in on each right now.
//!
//! ```text
//!  spantop   Which port carries the mirror?
//!
//!    port    kind       speed    receives     packets/s  last 12 s     addresses      advice
//!  ▎ eth1    physical    10 G    1.24 Gb/s    312 kp/s   ▂▃▅▆▇▅▃▂      none           looks like a mirror port
//!    eth0    physical     1 G    12.3 kb/s      9 p/s    ▁▁▁▁▁▁▁▁      192.0.2.10     has addresses: a host port
//!
//!  ↑↓ select  ⏎ watch  q quit
//! ```

use super::canvas::{Canvas, Hit, cut_end, split_top, wrap};
use super::chrome::footer;
use super::options::DashboardOptions;
use super::panels::facts;
use super::rates::Rates;
use super::run::{asked, theme};
use super::screen::Hint;
use super::terminal::{Events, RawTerminal, TerminalEvents};
use super::theme::{Hue, Theme};
use super::view::{Pane, Scene, Topic, Trail, View};
use super::widgets::amount::{self, RATE};
use super::widgets::frame::titled;
use super::widgets::table::{self, Cell, Col, Shape};
use crate::error::{Error, Result};
use crate::model::clock;
use crate::model::{Port, Traffic};
use crate::snapshot::Snapshot;
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{Event, KeyCode, KeyEventKind, KeyModifiers, MouseButton, MouseEventKind};
use ratatui::layout::Rect;
use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// How often the counters are read.
const POLL: Duration = Duration::from_secs(1);
/// Cells of the picture of a port's last seconds, one each; so many rates are kept.
const SPARK: u16 = 12;
const HISTORY: usize = SPARK as usize;

/// A port with its load.
struct Row {
    port: Port,
    /// Received, sent where nothing is known of receiving.
    count: Option<Traffic>,
    /// Bits and packets a second, when there were two readings.
    rates: Option<(f64, f64)>,
    /// Bits a second, oldest first.
    history: Vec<f64>,
}

/// What a key led to.
#[derive(Debug, PartialEq)]
enum Choice {
    Open,
    Nothing,
    Suspend,
    Quit,
    Port(String),
}

struct Picker {
    rows: Vec<Row>,
    pane: Pane,
    view: View,
    options: DashboardOptions,
    theme: Theme,
    failure: Option<String>,
    hits: Vec<(Rect, Hit)>,
}

/// Lets the user choose an interface; `None` when they leave. `ports` is asked about once a second.
///
/// # Errors
/// When there is no terminal, or the interfaces cannot be listed at all.
pub fn pick(ports: &dyn Fn() -> Result<Vec<Port>>, options: &DashboardOptions) -> Result<Option<String>> {
    let first = ports()?;
    let mut screen = RawTerminal::enter(&options.stop)?;
    let mut keys = TerminalEvents::new();
    let mut picker = Picker::new(options, asked(theme(options), options, &mut keys));
    picker.read(first, 0.0);
    let outcome = watch(ports, &mut picker, &mut screen, &mut keys);
    drop(screen);
    match outcome {
        Ok(choice) => Ok(choice),
        Err(e) if options.stop.load(Ordering::Relaxed) || e.kind() == std::io::ErrorKind::UnexpectedEof => Ok(None),
        Err(e) => Err(Error::io("terminal", &e)),
    }
}

fn watch(
    ports: &dyn Fn() -> Result<Vec<Port>>,
    picker: &mut Picker,
    screen: &mut RawTerminal,
    events: &mut dyn Events,
) -> std::io::Result<Option<String>> {
    let mut read = clock::now();
    let mut changed = true;
    while !picker.options.stop.load(Ordering::Relaxed) {
        changed |= screen.attend()?;
        if clock::since(read) >= POLL {
            match ports() {
                Ok(now) => picker.read(now, clock::since(read).as_secs_f64()),
                Err(e) => picker.failure = Some(e.to_string()),
            }
            read = clock::now();
            changed = true;
        }
        if changed {
            screen.frame(|frame| picker.hits = picker.paint(frame.buffer_mut()))?;
        }
        changed = false;
        if let Some(event) = events.next(POLL.saturating_sub(clock::since(read)).min(Duration::from_millis(200)))? {
            changed = true;
            match picker.update(&event) {
                Choice::Open | Choice::Nothing => {}
                Choice::Suspend => screen.suspend(true)?,
                Choice::Quit => return Ok(None),
                Choice::Port(name) => return Ok(Some(name)),
            }
        }
    }
    Ok(None)
}

impl Picker {
    fn new(options: &DashboardOptions, theme: Theme) -> Self {
        let view = View { bytes: options.bytes, ..View::default() };
        Self { rows: Vec::new(), pane: Pane::default(), view, options: options.clone(), theme, failure: None, hits: Vec::new() }
    }

    /// Takes new counters, `seconds` after the ones before.
    fn read(&mut self, ports: Vec<Port>, seconds: f64) {
        let mut before: HashMap<String, Row> = self.rows.drain(..).map(|r| (r.port.name.clone(), r)).collect();
        self.failure = None;
        self.rows = ports
            .into_iter()
            .map(|port| {
                let count = port.received.or(port.sent);
                let old = before.remove(&port.name);
                let rates = match (old.as_ref().and_then(|o| o.count), count) {
                    (Some(then), Some(now)) if seconds > 0.0 => {
                        let new = now.since(then);
                        Some((new.bits_per_second(seconds), new.packets_per_second(seconds)))
                    }
                    _ => None,
                };
                let mut history = old.map(|o| o.history).unwrap_or_default();
                history.extend(rates.map(|r| r.0));
                let extra = history.len().saturating_sub(HISTORY);
                history.drain(..extra);
                Row { port, count, rates, history }
            })
            .collect();
        if self.chosen().is_none() {
            let likely = self.rows.iter().find(|r| r.port.advice.contains("mirror"));
            let usable = self.rows.iter().find(|r| r.port.up && !r.port.loopback);
            self.pane.selected = likely.or(usable).or(self.rows.first()).map(key);
        }
    }

    fn chosen(&self) -> Option<usize> {
        self.rows.iter().position(|r| Some(key(r)) == self.pane.selected)
    }

    fn update(&mut self, event: &Event) -> Choice {
        match event {
            Event::Key(key) if key.kind != KeyEventKind::Release => match key.code {
                KeyCode::Char('c') if key.modifiers.contains(KeyModifiers::CONTROL) => return Choice::Quit,
                KeyCode::Char('z') if key.modifiers.contains(KeyModifiers::CONTROL) => return Choice::Suspend,
                KeyCode::Char('q') | KeyCode::Esc => return Choice::Quit,
                KeyCode::Down | KeyCode::Char('j') | KeyCode::Tab => self.step(1),
                KeyCode::Up | KeyCode::Char('k') | KeyCode::BackTab => self.step(-1),
                KeyCode::Home | KeyCode::Char('g') => self.step(isize::MIN),
                KeyCode::End | KeyCode::Char('G') => self.step(isize::MAX),
                KeyCode::Char('b') => self.view.bytes = !self.view.bytes,
                KeyCode::Enter => return self.take(),
                _ => return Choice::Nothing,
            },
            Event::Mouse(mouse) => match mouse.kind {
                MouseEventKind::ScrollDown => self.step(1),
                MouseEventKind::ScrollUp => self.step(-1),
                MouseEventKind::Down(MouseButton::Left) => {
                    let at = (mouse.column, mouse.row).into();
                    let hit = self.hits.iter().find(|h| h.0.contains(at)).map(|h| h.1.clone());
                    if let Some(Hit::Row(_, topic)) = hit {
                        if self.pane.selected.as_ref() == Some(&topic) {
                            return self.take();
                        }
                        self.pane.selected = Some(topic);
                    }
                }
                _ => return Choice::Nothing,
            },
            _ => return Choice::Nothing,
        }
        Choice::Open
    }

    fn take(&self) -> Choice {
        self.chosen().and_then(|i| self.rows.get(i)).map_or(Choice::Nothing, |r| Choice::Port(r.port.name.clone()))
    }

    fn step(&mut self, by: isize) {
        let at = self.chosen().unwrap_or(0).saturating_add_signed(by).min(self.rows.len().saturating_sub(1));
        self.pane.selected = self.rows.get(at).map(key);
    }

    /// The columns in which something stands.
    fn columns<'a>(&self) -> Vec<Col<&'a Row>> {
        let has_speed = self.rows.iter().any(|row| row.port.speed.is_some());
        columns().into_iter().filter(|column| has_speed || column.title != "speed").collect()
    }

    /// What is known of the port that is chosen, whole, and what to do where none fits.
    fn details(&self, canvas: &mut Canvas, area: Rect) {
        let Some(row) = self.chosen().and_then(|at| self.rows.get(at)) else { return };
        let (text, dim) = (self.theme.style(Hue::Text), self.theme.style(Hue::Dim));
        let body = titled(canvas, area, &row.port.name, &[], false);
        let addresses: Vec<String> = row.port.addresses.iter().map(ToString::to_string).collect();
        let state = match (row.port.up, row.port.running) {
            (false, _) => "down",
            (true, false) => "up, without a link",
            (true, true) => "up, with a link",
        };
        let mut facts = vec![("kind".to_owned(), row.port.kind.to_owned(), text), ("state".to_owned(), state.to_owned(), text)];
        facts.extend(row.port.speed.map(|speed| ("speed".to_owned(), amount::speed(speed), text)));
        facts.push(("addresses".into(), if addresses.is_empty() { "none".to_owned() } else { addresses.join(", ") }, text));
        if !row.port.advice.is_empty() {
            facts.push(("advice".into(), row.port.advice.clone(), text));
        }
        let used = facts::draw(canvas, body, &facts);
        if self.rows.iter().any(|row| row.port.advice.contains("mirror")) {
            return;
        }
        let (_, rest) = split_top(body, used + 1);
        for (line, y) in wrap(NONE_FITS, rest.width.saturating_sub(2)).iter().zip(rest.top()..rest.bottom()) {
            canvas.put(rest.x + 1, y, rest.width.saturating_sub(2), line, dim);
        }
    }

    fn paint(&self, buffer: &mut Buffer) -> Vec<(Rect, Hit)> {
        let area = buffer.area;
        let mut canvas = Canvas::new(buffer, &self.theme);
        let (snapshot, trail, rates) = (Snapshot { live: true, ..Snapshot::default() }, Trail::new(), Rates::default());
        let scene = Scene {
            base: &snapshot,
            snapshot: &snapshot,
            view: &self.view,
            pane: &self.pane,
            topic: None,
            trail: &trail,
            rates: &rates,
            options: &self.options,
            theme: &self.theme,
            age: None,
            read: None,
            behind: 0.0,
            partial: false,
        };
        let (top, rest) = split_top(area, if area.height >= 8 { 2 } else { 1 });
        let width = top.width.saturating_sub(2);
        canvas.pieces(
            top.x + 1,
            top.y,
            width,
            &[
                ("spantop".into(), self.theme.strong(Hue::Accent)),
                ("   Which port carries the mirror?".into(), self.theme.style(Hue::Title)),
            ],
        );
        let (body, last) = split_top(rest, rest.height.saturating_sub(1));
        let rows: Vec<(Topic, &Row)> = self.rows.iter().map(|r| (key(r), r)).collect();
        let shape = Shape { focused: true, empty: "no interfaces: root or CAP_NET_RAW may be needed to see them", ..Shape::default() };
        let (list, below) = split_top(body, (rows.len() as u16).saturating_add(2));
        let is_roomy = !rows.is_empty() && below.height >= DETAILS;
        table::draw(&mut canvas, &scene, if is_roomy { list } else { body }, &self.columns(), &rows, &shape);
        if is_roomy {
            self.details(&mut canvas, below);
        }
        match &self.failure {
            Some(failure) => footer::message(&mut canvas, last, &format!("✖ {failure}"), self.theme.strong(Hue::Bad)),
            None => footer::draw(&mut canvas, last, &HINTS, &|hint| hint.key.to_owned(), footer::InForce::default()),
        }
        canvas.hits
    }
}

/// Lines from which on below the list it is said what is known of the port that is chosen.
const DETAILS: u16 = 6;

/// What is said where no port looks like one of a mirror.
const NONE_FITS: &str = "None of these looks like the port of a mirror (SPAN): one with a link and without an address, on which comes what others \
                         send to each other. A capture is read by spantop FILE.";

const HINTS: [Hint; 4] = [
    Hint { key: "↑↓", word: "select", help: "" },
    Hint { key: "⏎", word: "watch", help: "" },
    Hint { key: "b", word: "bits/bytes", help: "" },
    Hint { key: "q", word: "quit", help: "" },
];

fn key(row: &Row) -> Topic {
    Topic::App(row.port.name.clone())
}

fn columns<'a>() -> [Col<&'a Row>; 8] {
    [
        Col::left("port", 10..=18, 0, |s, r| {
            let hue = if r.port.up && r.port.running { Hue::Title } else { Hue::Dim };
            Cell::Text(r.port.name.clone(), s.style(hue))
        }),
        Col::left("kind", 8..=10, 5, |s, r| Cell::Text(r.port.kind.into(), s.style(Hue::Dim))),
        Col::right("speed", 5..=5, 4, |s, r| Cell::Right(r.port.speed.map(amount::speed).unwrap_or_default(), s.style(Hue::Text))),
        Col::right("receives", RATE..=RATE, 1, |s, r| match r.rates {
            Some((bits, _)) => Cell::Amount(amount::rate(s, bits), s.style(Hue::Text)),
            None => Cell::Right("…".into(), s.style(Hue::Dim)),
        }),
        Col::right("packets/s", RATE..=RATE, 4, |s, r| match r.rates {
            Some((_, packets)) => Cell::Amount(amount::packet_rate(packets), s.style(Hue::Text)),
            None => Cell::Right("…".into(), s.style(Hue::Dim)),
        }),
        Col::left("last 12 s", SPARK..=SPARK, 3, |s, r| Cell::Text(sparkline(&r.history), s.style(Hue::AreaHigh))),
        Col::left("addresses", 14..=34, 7, |s, r| {
            let text = r.port.addresses.iter().map(|a| a.to_string()).collect::<Vec<_>>().join(", ");
            if text.is_empty() { Cell::Text("none".into(), s.style(Hue::Dim)) } else { Cell::Text(text, s.style(Hue::Text)) }
        }),
        Col::left("advice", 26..=48, 2, |s, r| {
            let hue = if r.port.advice.contains("mirror") { Hue::Good } else { Hue::Dim };
            Cell::Text(cut_end(&r.port.advice, 48).into_owned(), s.style(hue))
        }),
    ]
}

/// The last values as small bars against the largest of them.
fn sparkline(values: &[f64]) -> String {
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let largest = values.iter().fold(0.0, |a: f64, b| a.max(*b));
    values.iter().map(|v| if largest > 0.0 { BARS[((v / largest * 7.0).round() as usize).min(7)] } else { BARS[0] }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::theme::Depth;
    use ratatui::crossterm::event::KeyEvent;

    fn port(name: &str, advice: &str, packets: u64) -> Port {
        let received = Some(Traffic { packets, wire_bytes: packets * 1000 });
        Port { name: name.into(), up: true, running: true, advice: advice.into(), received, kind: "physical", ..Port::default() }
    }

    fn text(picker: &Picker, width: u16, height: u16) -> String {
        let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
        picker.paint(&mut buffer);
        let row = |y| (0..width).map(|x| buffer[(x, y)].symbol()).collect::<String>();
        (0..height).map(row).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn chooses_the_mirror_and_shows_rates() {
        let mut picker = Picker::new(&DashboardOptions::default(), Theme::new(Depth::Mono, false));
        picker.read(vec![port("eth0", "a host port", 0), port("eth1", "looks like a mirror port", 0)], 0.0);
        assert!(text(&picker, 120, 10).contains("…"));
        picker.read(vec![port("eth0", "a host port", 5), port("eth1", "looks like a mirror port", 2_000)], 2.0);
        let shown = text(&picker, 120, 10);
        assert!(shown.contains("8.00 Mb/s") && shown.contains("1.00 kp/s"), "{shown}");
        let enter = Event::Key(KeyEvent::from(KeyCode::Enter));
        assert_eq!(picker.update(&enter), Choice::Port("eth1".into()));
        picker.update(&Event::Key(KeyEvent::from(KeyCode::Up)));
        assert_eq!(picker.update(&enter), Choice::Port("eth0".into()));
        assert_eq!(picker.update(&Event::Key(KeyEvent::from(KeyCode::Char('q')))), Choice::Quit);
    }

    #[test]
    fn what_is_chosen_is_told_whole() {
        let mut picker = Picker::new(&DashboardOptions::default(), Theme::new(Depth::Mono, false));
        let advice = "this host talking to itself, and nobody else, as far as it is known";
        picker.read(vec![port("lo", advice, 0)], 0.0);
        let shown = text(&picker, 80, 24);
        assert!(shown.contains(advice) && shown.contains("None of these looks like"), "{shown}");
        assert!(!shown.contains("speed"), "a column of nothing\n{shown}");
        let mut picker = Picker::new(&DashboardOptions::default(), Theme::new(Depth::Mono, false));
        picker.read(vec![port("lo", advice, 0), port("eth1", "looks like a mirror port", 0)], 0.0);
        let shown = text(&picker, 80, 24);
        assert!(shown.contains("─ eth1 ─") && !shown.contains("None of these"), "{shown}");
        // With many ports the list has the room.
        picker.read((0..30).map(|i| port(&format!("eth{i}"), "a host port", 0)).collect(), 0.0);
        assert!(!text(&picker, 80, 24).contains("state"));
    }

    #[test]
    fn any_size_and_any_name() {
        let mut picker = Picker::new(&DashboardOptions::default(), Theme::default());
        picker.read(vec![port("e\x1b[2Jth", "", 0)], 0.0);
        for width in 1..60 {
            for height in 1..12 {
                assert!(!text(&picker, width, height).contains('\x1b'));
            }
        }
        picker.read(Vec::new(), 1.0);
        assert!(text(&picker, 80, 8).contains("no interfaces"));
        assert_eq!(picker.update(&Event::Key(KeyEvent::from(KeyCode::Enter))), Choice::Nothing);
    }
}
