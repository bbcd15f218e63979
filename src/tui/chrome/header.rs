//! The first line: what am I looking at, can I believe it, how loaded is it.
//!
//! ```text
//!  spantop  eth1  sw-core-1 Gi1/0/24  ⟂ promisc   10 G   ● mirror good     now 1.24 Gb/s   312 kp/s   00:12:41   lost here 0
//! ```

use crate::model::{Timestamp, units};
use crate::snapshot::Snapshot;
use crate::tui::canvas::{Canvas, Hit, cells, cut_end};
use crate::tui::panels::mirror::verdict_by_now;
use crate::tui::screen::Screen;
use crate::tui::screens::mirror::MirrorScreen;
use crate::tui::theme::Hue;
use crate::tui::view::{Scene, ratio};
use crate::tui::widgets::amount;
use ratatui::layout::Rect;
use ratatui::style::Style;
use std::borrow::Cow;

/// A piece of the line; pieces with larger numbers go first when there is no room.
struct Piece {
    worth: u8,
    text: Vec<(Cow<'static, str>, Style)>,
    /// The screen that is about it.
    leads: Option<&'static str>,
}

impl Piece {
    fn new(worth: u8, text: Vec<(Cow<'static, str>, Style)>) -> Self {
        Self { worth, text, leads: None }
    }

    /// A click on it goes to the screen that is about it.
    fn leading_to(self, screen: &dyn Screen) -> Self {
        Self { leads: Some(screen.title()), ..self }
    }

    fn put(&self, canvas: &mut Canvas, x: u16, y: u16, room: u16) -> u16 {
        let width = canvas.pieces(x, y, room, &self.text);
        if let Some(screen) = self.leads {
            canvas.click(Rect { x, y, width, height: 1 }, Hit::Screen(screen));
        }
        width
    }

    fn width(&self) -> u16 {
        self.text.iter().map(|t| cells(&t.0)).sum()
    }
}

/// Columns below which each word is worth a cell more.
const NARROW: u16 = 72;

/// Columns below which a word says what is believed of the mirror.
const TINY: u16 = 40;

/// Cells between two pieces.
const GAP: u16 = 3;

/// Draws the line.
pub(in crate::tui) fn draw(canvas: &mut Canvas, area: Rect, scene: &Scene) {
    if area.width < 3 || area.height == 0 {
        return;
    }
    let inner = Rect { x: area.x + 1, width: area.width - 2, ..area };
    let needs = |left: &[Piece], right: &[Piece]| left.iter().chain(right).map(|p| p.width() + GAP).sum::<u16>().saturating_sub(GAP);
    let mut left = left(scene, inner.width, [0; 2]);
    // What took place on which day is worth more than the program's name and packets a second.
    let fits = |right: &Vec<Piece>| {
        let kept = |list: &[Piece]| list.iter().filter(|p| p.worth < LEAST).map(|p| p.width() + GAP).sum::<u16>();
        (kept(&left) + kept(right)).saturating_sub(GAP) <= inner.width
    };
    let mut right = [Dated::Zone, Dated::Day]
        .into_iter()
        .map(|dated| right(scene, dated, inner.width))
        .find(fits)
        .unwrap_or_else(|| right(scene, Dated::No, inner.width));
    let mut kept = u8::MAX;
    while needs(&left, &right) > inner.width && left.len() + right.len() > 1 {
        let worst = left.iter().chain(&right).map(|p| p.worth).max().unwrap_or(0);
        left.retain(|p| p.worth != worst);
        right.retain(|p| p.worth != worst);
        kept = worst.saturating_sub(1);
    }
    // What is still free is the name's, where that is cut; then what is said of the mirror has it.
    let mut more = [0; 2];
    for at in 0..more.len() {
        more[at] = inner.width.saturating_sub(needs(&left, &right));
        left = self::left(scene, inner.width, more);
        left.retain(|p| p.worth <= kept);
    }
    let mut x = inner.x;
    for piece in &left {
        x += piece.put(canvas, x, inner.y, inner.right().saturating_sub(x)) + GAP;
    }
    let mut end = inner.right();
    for piece in right.iter().rev() {
        let start = end.saturating_sub(piece.width()).max(inner.x);
        piece.put(canvas, start, inner.y, inner.right() - start);
        end = start.saturating_sub(GAP);
    }
}

/// What is looked at: in full, or without its directories where there is no room for them.
fn name(scene: &Scene, room: u16) -> String {
    let sources = &scene.snapshot.capture.sources;
    let name = match scene.options.source_title.as_str() {
        "" => sources.iter().map(|f| f.name.as_str()).collect::<Vec<_>>().join(" + "),
        title => title.to_owned(),
    };
    if cells(&name) > room { name.rsplit('/').next().unwrap_or_default().to_owned() } else { name }
}

/// Those at the left; `more`: free cells for the name and for what is said of the mirror.
fn left(scene: &Scene, width: u16, more: [u16; 2]) -> Vec<Piece> {
    let s = scene.snapshot;
    let (text, dim) = (scene.style(Hue::Text), scene.style(Hue::Dim));
    let room = (width / 4).max(10).saturating_add(more[0]);
    let name = name(scene, (width / 4).max(10));
    let source = vec![(cut_end(&name, room).into_owned().into(), scene.theme.style(Hue::Title))];
    // Who it is, what is thought of it and what was lost here are of all of the time.
    let all = scene.base;
    let switch = all.switch.title();
    let is_masked = scene.options.is_masked;
    let promiscuous = s.capture.sources.iter().filter_map(|f| f.promiscuous).reduce(|a, b| a && b);
    let mut out = vec![Piece::new(LEAST + 1, vec![("spantop".into(), scene.theme.strong(Hue::Accent))])];
    out.push(Piece::new(3, source));
    if let Some(title) = switch {
        // Who alone says something of itself may be the device at the other end.
        let doubt = if all.switch.identity.as_ref().is_some_and(|i| i.is_likely) { "?" } else { "" };
        let title = cut_end(&title, (width / 4).max(12)).into_owned();
        out.push(Piece::new(5, vec![(title.into(), text), (doubt.into(), dim)]));
    }
    if is_masked {
        out.push(Piece::new(2, vec![("names hidden".into(), scene.style(Hue::Accent))]));
    }
    match promiscuous {
        Some(true) => out.push(Piece::new(6, vec![("⟂ promisc".into(), dim)])),
        Some(false) => out.push(Piece::new(4, vec![("not promisc".into(), scene.style(Hue::Warn))])),
        None => {}
    }
    if let Some(filter) = &s.capture.filter {
        out.push(Piece::new(6, vec![("bpf ".into(), dim), (cut_end(filter, 24).into_owned().into(), text)]));
    }
    if let Some(speed) = s.capture.speed {
        out.push(Piece::new(7, vec![(amount::speed(speed).into(), text)]));
    }
    // Every number is an estimate then.
    if let Some(n) = s.mirror.one_in() {
        out.push(Piece::new(3, vec![(format!("sampled 1:{n}").into(), scene.style(Hue::Warn))]));
    }
    let (symbol, words, hue) = verdict_by_now(all);
    let words = match hue {
        Hue::Bad if width < TINY => "bad".to_owned(),
        Hue::Warn if width < TINY => "weak".to_owned(),
        Hue::Good if width < TINY => "good".to_owned(),
        Hue::Bad if width < NARROW => "mirror bad".to_owned(),
        Hue::Warn if width < NARROW => "mirror weak".to_owned(),
        _ => whole_clauses(&words, (width / 3).max(12).saturating_add(more[1])).into_owned(),
    };
    let badge = match hue {
        Hue::Bad => vec![(format!(" {symbol} {words} ").into(), scene.theme.badge(hue))],
        Hue::Dim => vec![(words.into(), dim)],
        _ => vec![(format!("{symbol} {words}").into(), scene.theme.strong(hue))],
    };
    out.push(Piece::new(1, badge).leading_to(&MirrorScreen));
    out
}

/// A verdict in so many cells: without its last clauses where they have no room and most of it stays, else cut.
fn whole_clauses(words: &str, room: u16) -> Cow<'_, str> {
    if cells(words) <= room {
        return words.into();
    }
    let ends = words.match_indices(", ").filter_map(|(at, _)| words.get(..at));
    ends.filter(|clause| (room / 2..=room).contains(&cells(clause))).last().map_or_else(|| cut_end(words, room), Cow::Borrowed)
}

/// Times without what is finer than seconds; one where they are the same then.
fn whole_seconds(times: &str) -> String {
    let seconds = |time: &str| time.split('.').next().unwrap_or_default().to_owned();
    let mut out: Vec<String> = times.split('–').map(seconds).collect();
    out.dedup();
    out.join("–")
}

/// How the time of a file is told.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Dated {
    /// `2026-11-25 11:05:38–11:06:05 UTC+1`.
    Zone,
    /// Without the zone.
    Day,
    /// Without the day.
    No,
}

/// Pieces of this worth and more go first.
const LEAST: u8 = 9;

/// The time of a file, with the day where it is of one day and there is room.
fn times(scene: &Scene, first: Timestamp, last: Timestamp, dated: Dated) -> String {
    let span = amount::span(first, last, scene.options.utc_offset).replace(" – ", "–");
    let offset = scene.utc_offset(first);
    let day = amount::date(first, offset);
    match dated {
        Dated::No => span,
        _ if day != amount::date(last, scene.utc_offset(last)) => span,
        Dated::Day => format!("{day} {span}"),
        Dated::Zone => format!("{day} {span} {}", amount::zone(offset)),
    }
}

fn right(scene: &Scene, dated: Dated, width: u16) -> Vec<Piece> {
    let s = scene.snapshot;
    let (text, dim) = (scene.style(Hue::Text), scene.style(Hue::Dim));
    let mut out = Vec::new();
    let progress = scene.unread();
    let reading = progress.is_some();
    if let Some(share) = progress {
        let filled = (share * 8.0).round() as usize;
        let bar = format!("{}{}", "▮".repeat(filled.min(8)), "▯".repeat(8 - filled.min(8)));
        out.push(Piece::new(5, vec![(bar.into(), scene.style(Hue::Accent)), (format!(" {:>3.0} %", share * 100.0).into(), text)]));
    }
    let (traffic, seconds) = scene.now();
    let rate = amount::rate(scene, traffic.bits_per_second(seconds));
    let past = amount::past(scene, s);
    let mark = match (scene.whole(), s.mirror.one_in().is_some()) {
        (true, false) => "mean ",
        (true, true) => "mean ≈ ",
        (false, false) => "now ",
        (false, true) => "now ≈ ",
    };
    // Of a file it does not change: it needs no place of its own.
    let number = if scene.whole() { rate.number.trim().to_owned() } else { format!("{:>4}", rate.number) };
    let unit = format!(" {}", rate.unit);
    if !s.live && s.duration() <= 0.0 && s.stats.total.packets > 0 {
        // What took no time, or no known one, has no rate.
        let (packets, volume) = (units::plural(s.stats.total.packets, "packet"), units::bytes(s.stats.total.wire_bytes));
        out.push(Piece::new(0, vec![(packets.into(), scene.theme.strong(Hue::Title))]));
        out.push(Piece::new(4, vec![(volume.into(), text)]));
    } else {
        let packets = amount::packet_rate(traffic.packets_per_second(seconds));
        out.push(Piece::new(0, vec![(mark.into(), dim), (number.into(), scene.theme.strong(Hue::Title)), (unit.into(), text)]));
        out.push(Piece::new(
            if dated != Dated::No && past.is_none() && scene.whole() { LEAST } else { 4 },
            vec![(if scene.whole() { packets.plain() } else { packets.text() }.into(), text)],
        ));
    }
    if let Some((times, closely)) = past {
        let times = if width < NARROW { whole_seconds(&times) } else { times };
        out.push(Piece::new(1, vec![(format!(" ◂ {times} ").into(), scene.theme.badge(Hue::Warn))]));
        out.push(Piece::new(6, vec![(closely.into(), dim)]));
    } else if let (true, false, Some(first)) = (s.live, reading, s.capture.first) {
        out.push(Piece::new(8, vec![(units::clock(s.now.seconds_since(first)).into(), text)]));
    } else if let (Some(first), Some(last)) = (s.capture.first, s.capture.last) {
        out.push(Piece::new(8, vec![(times(scene, first, last, dated).into(), text)]));
    }
    if let Some(age) = scene.age {
        out.push(Piece::new(1, vec![(format!(" {age} s old ").into(), scene.theme.badge(Hue::Warn))]));
    }
    out.push(Piece::new(2, lost(scene, width)).leading_to(&MirrorScreen));
    out
}

/// `lost here 0`, that nobody counted it, or a badge with the share and the stage that loses most.
fn lost(scene: &Scene, width: u16) -> Vec<(Cow<'static, str>, Style)> {
    // What was lost is known of all of the time only.
    let all = scene.base;
    let l = all.capture.losses;
    let lost = l.lost_packets();
    if lost == 0 {
        // What was lost before it came here is the mirror's, which says so.
        let words = match (all.is_loss_uncounted(), width < NARROW) {
            (false, true) => "lost 0",
            (false, false) => "lost here 0",
            (true, true) => "lost ?",
            (true, false) => "lost here not counted",
        };
        return vec![(words.into(), scene.style(Hue::Dim))];
    }
    let stages = [(l.interface_drops, "interface"), (l.kernel_drops, "kernel")];
    let stage = stages.into_iter().max_by_key(|s| s.0).map_or("", |s| s.1);
    let share = ratio(lost, all.stats.total.packets.saturating_add(lost));
    vec![(format!(" lost {} {stage} ", amount::share(share)).into(), scene.theme.badge(Hue::Bad))]
}

/// What must not be overlooked: a failure, packets that are in no file although they should be, or warnings of a source.
pub(in crate::tui) fn banner(snapshot: &Snapshot, failure: Option<&str>, unwritten: Option<&str>) -> Option<(Hue, String)> {
    if let Some(bad) = failure.or(unwritten) {
        return Some((Hue::Bad, format!("✖ {bad}")));
    }
    let warnings: Vec<String> = snapshot
        .capture
        .sources
        .iter()
        .filter_map(|f| f.warning.as_ref().map(|w| if snapshot.capture.sources.len() > 1 { format!("{}: {w}", f.name) } else { w.clone() }))
        .collect();
    if !warnings.is_empty() {
        return Some((Hue::Warn, format!("▲ {}", warnings.join(" · "))));
    }
    let cut: Vec<&str> = snapshot.capture.sources.iter().filter(|f| f.cut_short).map(|f| f.name.as_str()).collect();
    (!cut.is_empty()).then(|| (Hue::Warn, format!("▲ {} ends in the middle of a packet", cut.join(", "))))
}
