//! The first line: what am I looking at, can I believe it, how loaded is it.
//!
//! ```text
//!  spantop  eth1  sw-core-1 Gi1/0/24  ⟂ promisc   10 G   ● mirror good     now 1.24 Gb/s   312 kp/s   00:12:41   lost here 0
//! ```

use crate::model::{Timestamp, units};
use crate::snapshot::Snapshot;
use crate::tui::canvas::{Canvas, Hit, cells, cut_end, cut_middle};
use crate::tui::panels::mirror::verdict_by_now;
use crate::tui::screen::Screen;
use crate::tui::screens::mirror::MirrorScreen;
use crate::tui::theme::Hue;
use crate::tui::view::{Scene, ratio};
use crate::tui::widgets::amount;
use ratatui::layout::Rect;
use ratatui::style::Style;
use std::borrow::Cow;

/// What gives way where the line has no room for all, in this order. What is looked at, with the switch's port, and what is wrong with the
/// mirror stay whole longest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Give {
    /// A blank of each gap.
    Blanks,
    /// `spantop`.
    Program,
    /// The directories of a file.
    Directories,
    /// The zone of the time.
    Zone,
    /// What is longer than [`MIDDLE_NAME`] of names.
    LongNames,
    /// `lost here not counted` becomes `lost ?`.
    LossWords,
    /// `⟂ promisc`, which is as it should be.
    Promiscuous,
    /// How closely the ends of a span are known.
    Closeness,
    /// Packets a second.
    PacketRate,
    /// The day of the time.
    Day,
    /// What the verdict says of the mirror beside its first clause.
    Clauses,
    /// Where a span ends: the chart has it as well.
    SpanEnd,
    /// The time of a file, or since when a port is looked at.
    Time,
    /// The speed of the link.
    Speed,
    /// The capture filter.
    Filter,
    /// `mirror:` before what is wrong with it.
    MirrorWord,
    /// `mean`, `now`.
    RateWord,
    /// The middles of names.
    Names,
    /// Those of the switch and its port.
    Switch,
    /// The stage that lost most.
    LossStage,
    /// What is wrong with the mirror: `mirror bad` is left.
    Fault,
    /// The word of the verdict: its sign is left.
    FaultWord,
    /// That every number is an estimate, that not all packets come here, how far a file is read.
    Doubts,
    /// The name of what is looked at.
    Name,
    /// What was lost.
    Loss,
}

/// All of them in order.
const GIVES: [Give; 25] = [
    Give::Blanks,
    Give::Program,
    Give::Directories,
    Give::Zone,
    Give::LongNames,
    Give::LossWords,
    Give::Promiscuous,
    Give::Closeness,
    Give::PacketRate,
    Give::Day,
    Give::Clauses,
    Give::SpanEnd,
    Give::Time,
    Give::Speed,
    Give::Filter,
    Give::MirrorWord,
    Give::RateWord,
    Give::Names,
    Give::Switch,
    Give::LossStage,
    Give::Fault,
    Give::FaultWord,
    Give::Doubts,
    Give::Name,
    Give::Loss,
];

/// The last thing that has given way; `None`: everything has room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Given(Option<Give>);

impl Given {
    /// Whether it has not given way.
    fn keeps(self, what: Give) -> bool {
        self.0.is_none_or(|last| last < what)
    }

    /// Cells that a name has at least.
    fn least_name(self) -> u16 {
        match (self.keeps(Give::LongNames), self.keeps(Give::Names)) {
            (true, _) => u16::MAX,
            (false, true) => MIDDLE_NAME,
            (false, false) => LEAST_NAME,
        }
    }

    /// Cells between two pieces.
    fn gap(self) -> u16 {
        if self.keeps(Give::Blanks) { 3 } else { 2 }
    }
}

/// Cells that a name has at least once names give way.
const LEAST_NAME: u16 = 12;

/// Cells that long names have at least before anything but blanks gives way for them.
const MIDDLE_NAME: u16 = 28;

/// Cells that a fault has at least where only its beginning has room; with less it is said to be bad.
const LEAST_FAULT: u16 = 20;

/// Cells up to which the name of what is looked at is short: those it has before the switch has more.
const SHORT_NAME: u16 = 20;

/// Cells that names have, of what is looked at and of the switch and its port, and what is wrong with the mirror.
type NameRoom = [u16; 3];

/// A piece of the line.
struct Piece {
    text: Vec<(Cow<'static, str>, Style)>,
    /// The screen that is about it.
    leads: Option<&'static str>,
}

impl Piece {
    fn new(text: Vec<(Cow<'static, str>, Style)>) -> Self {
        Self { text, leads: None }
    }

    fn of(text: impl Into<Cow<'static, str>>, style: Style) -> Self {
        Self::new(vec![(text.into(), style)])
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

/// The pieces of the line: those at its left and those at its right.
struct Line {
    left: Vec<Piece>,
    right: Vec<Piece>,
    gap: u16,
}

impl Line {
    fn of(scene: &Scene, given: Given, names: NameRoom) -> Self {
        Self { left: left(scene, given, names), right: right(scene, given), gap: given.gap() }
    }

    fn width(&self) -> u16 {
        let each = self.left.iter().chain(&self.right).map(|piece| piece.width().saturating_add(self.gap));
        each.fold(0, u16::saturating_add).saturating_sub(self.gap)
    }

    /// With names as long as there is room: what is looked at as far as it is short, then the switch, then all of the name.
    fn with_names(scene: &Scene, given: Given, width: u16) -> Self {
        let spare = |names: NameRoom| width.saturating_sub(Self::of(scene, given, names).width());
        let least = given.least_name();
        let mut names = [least, least, u16::MAX];
        names[0] = least.saturating_add(spare(names)).min(SHORT_NAME.max(least));
        names[1] = names[1].saturating_add(spare(names));
        // A port that stood alone has its name beside it again only where both have room.
        while Self::of(scene, given, names).width() > width && names[1] > least {
            names[1] -= 1;
        }
        names[0] = names[0].saturating_add(spare(names));
        Self::of(scene, given, names)
    }

    /// With the beginning of what is wrong, where all of it has no room beside the shortest names but enough of it has.
    fn with_fault_cut(scene: &Scene, given: Given, width: u16) -> Option<Self> {
        let line = |fault| Self::of(scene, given, [LEAST_NAME, LEAST_NAME, fault]);
        let room = LEAST_FAULT.saturating_add(width.checked_sub(line(LEAST_FAULT).width())?);
        Some(line(room))
    }

    /// The fullest line that has room.
    fn fitting(scene: &Scene, width: u16) -> Self {
        let mut before = Given(None);
        for given in std::iter::once(None).chain(GIVES.map(Some)).map(Given) {
            if !given.keeps(Give::Fault)
                && before.keeps(Give::Fault)
                && let Some(line) = Self::with_fault_cut(scene, before, width)
            {
                return line;
            }
            before = given;
            let least = given.least_name();
            let line = Self::of(scene, given, [least, least, u16::MAX]);
            if line.width() > width {
                continue;
            }
            return if given.keeps(Give::LongNames) { line } else { Self::with_names(scene, given, width) };
        }
        Self::of(scene, Given(GIVES.last().copied()), [LEAST_NAME, LEAST_NAME, u16::MAX])
    }
}

/// Draws the line.
pub(in crate::tui) fn draw(canvas: &mut Canvas, area: Rect, scene: &Scene) {
    if area.width < 3 || area.height == 0 {
        return;
    }
    let inner = Rect { x: area.x + 1, width: area.width - 2, ..area };
    let line = Line::fitting(scene, inner.width);
    let mut x = inner.x;
    for piece in &line.left {
        x += piece.put(canvas, x, inner.y, inner.right().saturating_sub(x)) + line.gap;
    }
    let mut end = inner.right();
    for piece in line.right.iter().rev() {
        let start = end.saturating_sub(piece.width()).max(inner.x);
        piece.put(canvas, start, inner.y, inner.right() - start);
        end = start.saturating_sub(line.gap);
    }
}

/// What is looked at: in full, or without its directories where there is no room for them.
fn name(scene: &Scene, given: Given) -> String {
    let sources = &scene.snapshot.capture.sources;
    let name = match scene.options.source_title.as_str() {
        "" => sources.iter().map(|f| f.name.as_str()).collect::<Vec<_>>().join(" + "),
        title => title.to_owned(),
    };
    if given.keeps(Give::Directories) { name } else { name.rsplit('/').next().unwrap_or_default().to_owned() }
}

/// The switch and its port, or both ends of a link, in so many cells: ports stay, names are cut at their ends.
fn ports_in(title: &str, room: u16) -> String {
    if cells(title) <= room {
        return title.to_owned();
    }
    const BETWEEN: &str = " – ";
    let ends: Vec<(&str, &str)> = title.split(BETWEEN).map(|end| end.rsplit_once(' ').unwrap_or((end, ""))).collect();
    let count = u16::try_from(ends.len()).unwrap_or(1).max(1);
    let ports: u16 = ends.iter().filter(|end| !end.1.is_empty()).map(|(_, port)| cells(port).saturating_add(1)).sum();
    let names = room.saturating_sub(ports.saturating_add((count - 1).saturating_mul(cells(BETWEEN)))) / count;
    if names < LEAST_END && ports > 0 {
        // Of two letters of a name nobody learns anything.
        let alone = ends.iter().map(|(name, port)| if port.is_empty() { *name } else { *port });
        return cut_end(&alone.collect::<Vec<_>>().join(BETWEEN), room).into_owned();
    }
    let short = ends.iter().map(|(name, port)| format!("{} {port}", cut_end(name, names)).trim_end().to_owned());
    cut_end(&short.collect::<Vec<_>>().join(BETWEEN), room).into_owned()
}

/// Cells that the name of a switch has at least beside its port: with less the port stands alone.
const LEAST_END: u16 = 4;

/// Those at the left.
fn left(scene: &Scene, given: Given, [name_room, switch_room, fault_room]: NameRoom) -> Vec<Piece> {
    let s = scene.snapshot;
    let (text, dim) = (scene.style(Hue::Text), scene.style(Hue::Dim));
    // Who it is, what is thought of it and what was lost here are of all of the time.
    let all = scene.base;
    let mut out = Vec::new();
    if given.keeps(Give::Program) {
        out.push(Piece::of("spantop", scene.theme.strong(Hue::Accent)));
    }
    if given.keeps(Give::Name) {
        out.push(Piece::of(cut_middle(&name(scene, given), name_room).into_owned(), scene.theme.style(Hue::Title)));
    }
    if let Some(title) = all.switch.title().filter(|_| given.keeps(Give::Switch)) {
        // Who alone says something of itself may be the device at the other end.
        let doubt = if all.switch.identity.as_ref().is_some_and(|i| i.is_likely) { "?" } else { "" };
        out.push(Piece::new(vec![(ports_in(&title, switch_room.saturating_sub(cells(doubt))).into(), text), (doubt.into(), dim)]));
    }
    if scene.options.is_masked {
        out.push(Piece::of("names hidden", scene.style(Hue::Accent)));
    }
    match s.capture.sources.iter().filter_map(|f| f.promiscuous).reduce(|a, b| a && b) {
        Some(true) if given.keeps(Give::Promiscuous) => out.push(Piece::of("⟂ promisc", dim)),
        Some(false) if given.keeps(Give::Doubts) => out.push(Piece::of("not promisc", scene.style(Hue::Warn))),
        _ => {}
    }
    if let Some(filter) = s.capture.filter.as_ref().filter(|_| given.keeps(Give::Filter)) {
        out.push(Piece::new(vec![("bpf ".into(), dim), (cut_end(filter, 24).into_owned().into(), text)]));
    }
    if let Some(speed) = s.capture.speed.filter(|_| given.keeps(Give::Speed)) {
        let by = if s.capture.is_speed_by_lldp { " by LLDP" } else { "" };
        out.push(Piece::new(vec![(amount::speed(speed).into(), text), (by.into(), dim)]));
    }
    // Every number is an estimate then.
    if let Some(n) = s.mirror.one_in().filter(|_| given.keeps(Give::Doubts)) {
        out.push(Piece::of(format!("sampled 1:{n}"), scene.style(Hue::Warn)));
    }
    out.push(badge(scene, given, fault_room).leading_to(&MirrorScreen));
    out
}

/// What is thought of the mirror.
fn badge(scene: &Scene, given: Given, room: u16) -> Piece {
    let (symbol, words, hue) = verdict_by_now(scene.base);
    let fault = if given.keeps(Give::Clauses) { words.as_str() } else { words.split(", ").next().unwrap_or_default() };
    let fault = if given.keeps(Give::MirrorWord) { fault } else { fault.strip_prefix("mirror: ").unwrap_or(fault) };
    let fault = &*cut_end(fault, room);
    let (bad, word) = match hue {
        Hue::Bad => ("mirror bad", "bad"),
        Hue::Warn => ("mirror doubtful", "doubtful"),
        Hue::Good => ("mirror good", "good"),
        _ => (fault, fault),
    };
    let words = match (given.keeps(Give::Fault), given.keeps(Give::FaultWord)) {
        (true, _) => fault,
        (false, true) => bad,
        (false, false) => word,
    };
    match hue {
        Hue::Bad => Piece::of(format!(" {symbol} {words} "), scene.theme.badge(hue)),
        Hue::Dim => Piece::of(words.to_owned(), scene.style(Hue::Dim)),
        _ => Piece::of(format!("{symbol} {words}"), scene.theme.strong(hue)),
    }
}

/// The time of a file, with the day and the zone where it is of one day and they have not given way.
fn times(scene: &Scene, first: Timestamp, last: Timestamp, given: Given) -> String {
    let span = amount::span(first, last, scene.options.utc_offset).replace(" – ", "–");
    let offset = scene.utc_offset(first);
    let day = amount::date(first, offset);
    if !given.keeps(Give::Day) || day != amount::date(last, scene.utc_offset(last)) {
        return span;
    }
    if given.keeps(Give::Zone) { format!("{day} {span} {}", amount::zone(offset)) } else { format!("{day} {span}") }
}

fn right(scene: &Scene, given: Given) -> Vec<Piece> {
    let text = scene.style(Hue::Text);
    let mut out = Vec::new();
    if let Some(share) = scene.unread().filter(|_| given.keeps(Give::Doubts)) {
        let filled = (share * 8.0).round() as usize;
        let bar = format!("{}{}", "▮".repeat(filled.min(8)), "▯".repeat(8 - filled.min(8)));
        out.push(Piece::new(vec![(bar.into(), scene.style(Hue::Accent)), (format!(" {:>3.0} %", share * 100.0).into(), text)]));
    }
    out.extend(load(scene, given));
    out.extend(time(scene, given));
    if let Some(age) = scene.age {
        out.push(Piece::of(format!(" {age} s old "), scene.theme.badge(Hue::Warn)));
    }
    if given.keeps(Give::Loss) {
        out.push(Piece::new(lost(scene, given)).leading_to(&MirrorScreen));
    }
    out
}

/// How much comes.
fn load(scene: &Scene, given: Given) -> Vec<Piece> {
    let s = scene.snapshot;
    let (text, dim) = (scene.style(Hue::Text), scene.style(Hue::Dim));
    let mut out = Vec::new();
    if !s.live && s.duration() <= 0.0 && s.stats.total.packets > 0 {
        // What took no time, or no known one, has no rate.
        out.push(Piece::of(units::plural(s.stats.total.packets, "packet"), scene.theme.strong(Hue::Title)));
        if given.keeps(Give::PacketRate) {
            out.push(Piece::of(units::bytes(s.stats.total.wire_bytes), text));
        }
        return out;
    }
    let (traffic, seconds) = scene.now();
    let rate = amount::rate(scene, traffic.bits_per_second(seconds));
    let mark = match (scene.whole(), s.mirror.one_in().is_some(), given.keeps(Give::RateWord)) {
        (true, false, true) => "mean ",
        (false, false, true) => "now ",
        (true, true, true) => "mean ≈ ",
        (false, true, true) => "now ≈ ",
        (_, true, false) => "≈ ",
        (_, false, false) => "",
    };
    // Of a file it does not change: it needs no place of its own.
    let number = if scene.whole() || !given.keeps(Give::RateWord) { rate.number.trim().to_owned() } else { format!("{:>4}", rate.number) };
    let pieces = vec![(mark.into(), dim), (number.into(), scene.theme.strong(Hue::Title)), (format!(" {}", rate.unit).into(), text)];
    out.push(Piece::new(pieces));
    if given.keeps(Give::PacketRate) {
        let packets = amount::packet_rate(traffic.packets_per_second(seconds));
        out.push(Piece::of(if scene.whole() { packets.plain() } else { packets.text() }, text));
    }
    out
}

/// The time that is looked at.
fn time(scene: &Scene, given: Given) -> Vec<Piece> {
    let s = scene.snapshot;
    let (text, dim) = (scene.style(Hue::Text), scene.style(Hue::Dim));
    if let Some((times, closely)) = amount::past(scene, s) {
        let from = times.split('–').next().unwrap_or_default();
        let times = if given.keeps(Give::SpanEnd) { times.as_str() } else { from };
        let mut out = vec![Piece::of(format!(" ◂ {times} "), scene.theme.badge(Hue::Warn))];
        if given.keeps(Give::Closeness) {
            out.push(Piece::of(closely, dim));
        }
        return out;
    }
    if !given.keeps(Give::Time) {
        return Vec::new();
    }
    match (s.capture.first, s.capture.last) {
        (Some(first), _) if s.live && scene.unread().is_none() => vec![Piece::of(units::clock(s.now.seconds_since(first)), text)],
        (Some(first), Some(last)) => vec![Piece::of(times(scene, first, last, given), text)],
        _ => Vec::new(),
    }
}

/// `lost here 0`, that nobody counted it, or a badge with the share and the stage that loses most.
fn lost(scene: &Scene, given: Given) -> Vec<(Cow<'static, str>, Style)> {
    // What was lost is known of all of the time only.
    let all = scene.base;
    let l = all.capture.losses;
    let lost = l.lost_packets();
    if lost == 0 {
        // What was lost before it came here is the mirror's, which says so.
        let words = match (all.is_loss_uncounted(), given.keeps(Give::LossWords)) {
            (false, false) => "lost 0",
            (false, true) => "lost here 0",
            (true, false) => "lost ?",
            (true, true) => "lost here not counted",
        };
        return vec![(words.into(), scene.style(Hue::Dim))];
    }
    let stages = [(l.interface_drops, " interface"), (l.kernel_drops, " kernel")];
    let stage = stages.into_iter().max_by_key(|s| s.0).filter(|_| given.keeps(Give::LossStage)).map_or("", |s| s.1);
    let share = ratio(lost, all.stats.total.packets.saturating_add(lost));
    vec![(format!(" lost {}{stage} ", amount::share(share)).into(), scene.theme.badge(Hue::Bad))]
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_stay_where_names_are_cut() {
        assert_eq!(ports_in("neighbour-switch Gi1/0/24", 25), "neighbour-switch Gi1/0/24");
        assert_eq!(ports_in("neighbour-switch Gi1/0/24", 24), "neighbour-swit… Gi1/0/24");
        assert_eq!(ports_in("S1.cisco.com Fa0/13 – S2.cisco.com Fa0/13", 30), "S1.ci… Fa0/13 – S2.ci… Fa0/13");
        assert_eq!(ports_in("neighbour-switch Gi1/0/24", 13), "nei… Gi1/0/24");
        assert_eq!(ports_in("neighbour-switch Gi1/0/24", 12), "Gi1/0/24", "the port is what is looked for");
        assert_eq!(ports_in("S1.cisco.com Fa0/13 – S2.cisco.com Fa0/13", 18), "Fa0/13 – Fa0/13");
        assert_eq!(ports_in("sw-core-1", 6), "sw-co…", "who has no port has a name only");
        for room in 0..50 {
            assert!(cells(&ports_in("S1.cisco.com Fa0/13 – S2.cisco.com Fa0/13", room)) <= room);
        }
    }

    #[test]
    fn everything_gives_way_once_and_in_order() {
        assert!(GIVES.is_sorted() && GIVES.windows(2).all(|two| two[0] != two[1]));
        assert!(Given(None).keeps(Give::Blanks) && !Given(Some(Give::Blanks)).keeps(Give::Blanks));
        assert!(Given(Some(Give::Blanks)).keeps(Give::Program));
    }
}
