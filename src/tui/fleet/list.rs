//! Every probe, and what several of them see.

use super::shown;
use super::state::{FleetApp, topic};
use crate::fleet::{FleetProbe, FleetSpan, ProbeState, SharedTraffic, pairs};
use crate::model::units;
use crate::tui::canvas::{Canvas, cells, cut_end, cut_middle, split_top};
use crate::tui::label;
use crate::tui::theme::Hue;
use crate::tui::view::{Scene, Topic};
use crate::tui::widgets::amount::{self, RATE};
use crate::tui::widgets::frame::titled;
use crate::tui::widgets::table::{self, Cell, Col, Shape};
use ratatui::layout::Rect;

/// A row: the probe, the span and the moment its history is about.
type Row<'a> = (&'a FleetProbe, FleetSpan, i64, i64);

/// Rows of the panel about shared conversations.
const SHARED: u16 = 7;

pub(super) fn draw(canvas: &mut Canvas, area: Rect, app: &FleetApp, scene: &Scene) {
    let shared = if area.height >= 34 {
        SHARED + 5
    } else if area.height >= 18 {
        SHARED
    } else {
        0
    };
    let (upper, lower) = split_top(area, area.height.saturating_sub(shared));
    let title = format!("Probes · {}", app.question.span.words());
    let is_other = app.known.picture.as_ref().is_some_and(|picture| picture.span != app.question.span);
    let note = if is_other { vec![("asking …".into(), scene.style(Hue::Dim))] } else { Vec::new() };
    let body = titled(canvas, upper, &title, &note, false);
    let (span, now) = app.known.picture.as_ref().map_or((app.question.span, 0), |picture| (picture.span, picture.asked));
    let rows: Vec<(Topic, Row)> = app.probes().into_iter().map(|probe| (topic(&probe.name), (probe, span, now, app.stale()))).collect();
    let empty = match (&app.known.picture, &app.known.trouble) {
        (None, None) => "asking the database …",
        (None, Some(_)) => "nothing is known: see the line above",
        _ if !app.filter.is_empty() => "no probe has this in its name or site",
        (Some(_), _) => "no probe has written here yet: spantop probe -i eth1 --export clickhouse:https://HOST:8443/DATABASE",
    };
    table::draw(canvas, scene, body, &columns(), &rows, &Shape { focused: true, empty, ..Shape::default() });
    if lower.height > 0 {
        draw_shared(canvas, lower, app, scene);
    }
}

fn columns<'a>() -> [Col<Row<'a>>; 11] {
    [
        // Names of one fleet differ at their ends.
        Col::left("probe", 11..=28, 0, |s, (p, ..)| {
            let hue = if p.state == ProbeState::Heard { Hue::Title } else { Hue::Dim };
            Cell::Address(p.name.probe.clone(), s.style(hue))
        }),
        Col::left("site", 8..=20, 6, |s, (p, ..)| Cell::Text(p.name.site.clone(), s.style(Hue::Text))),
        Col::right("1 min", RATE..=RATE, 1, |s, (p, ..)| match p.load {
            Some((bits, _)) => Cell::Amount(amount::rate(s, bits), s.style(Hue::Text)),
            None => Cell::Right("–".into(), s.style(Hue::Dim)),
        }),
        Col::right("packets/s", RATE..=RATE, 9, |s, (p, ..)| match p.load {
            Some((_, packets)) => Cell::Amount(amount::packet_rate(packets), s.style(Hue::Text)),
            None => Cell::Right("–".into(), s.style(Hue::Dim)),
        }),
        Col::left("load", 24..=24, 7, |s, (p, span, now, _)| Cell::Text(shown::sparkline(p, *span, *now, 24), s.style(Hue::AreaHigh))),
        // Since when it is silent stands under "news".
        Col::left("mirror", 12..=14, 2, |s, (p, ..)| {
            let (words, hue) = match p.state {
                ProbeState::Silent => ("✖ silent".to_owned(), Hue::Bad),
                _ => shown::mirror(p, s),
            };
            Cell::Text(words, if hue == Hue::Dim { s.style(hue) } else { s.theme.strong(hue) })
        }),
        Col::right("lost", 6..=8, 3, |s, (p, ..)| {
            let (text, style) = shown::loss(p.history.lost_packets, s);
            Cell::Right(text, style)
        }),
        Col::right("rows lost", 9..=9, 10, |s, (p, ..)| {
            let (text, style) = shown::loss(p.history.lost_rows, s);
            Cell::Right(text, style)
        }),
        Col::left("worst finding", 10..=60, 4, |s, (p, ..)| match &p.worst {
            Some(worst) if p.state == ProbeState::Heard => {
                let (sign, hue) = label::severity(worst.severity);
                Cell::Pieces(vec![(format!("{sign} ").into(), s.theme.strong(hue)), (worst.title.clone().into(), s.style(Hue::Text))])
            }
            _ => Cell::Text("–".into(), s.style(Hue::Dim)),
        }),
        Col::right("clock", 7..=9, 3, |s, (p, ..)| {
            let (text, hue) = shown::clock_short(p.clock_offset);
            Cell::Right(text, s.style(hue))
        }),
        Col::right("news", 7..=8, 3, |s, (p, _, _, stale)| {
            Cell::Right(shown::ago(p.age.saturating_add(*stale)), s.style(if p.state == ProbeState::Silent { Hue::Bad } else { Hue::Dim }))
        }),
    ]
}

/// Conversations counted once, and who shares them.
fn draw_shared(canvas: &mut Canvas, area: Rect, app: &FleetApp, scene: &Scene) {
    let (dim, text) = (scene.style(Hue::Dim), scene.style(Hue::Text));
    let known = app.known.shared.as_ref().filter(|(span, _)| *span == app.question.span);
    let mut note = Vec::new();
    if let Some((_, shared)) = known.filter(|(_, shared)| !shared.is_whole()) {
        note.push((format!("{} of {} pieces counted", shared.pieces.0, shared.pieces.1).into(), dim));
    }
    let body = titled(canvas, area, &format!("Conversations, each once · {}", app.question.span.words()), &note, false);
    let Some((_, shared)) = known else {
        let words = if app.known.trouble.is_some() { "not known" } else { "counting …" };
        canvas.put(body.x + 1, body.y, body.width.saturating_sub(2), words, dim);
        return;
    };
    let line = |canvas: &mut Canvas, at: u16, pieces: &[(std::borrow::Cow<'_, str>, ratatui::style::Style)]| {
        if at < body.height {
            canvas.pieces(body.x + 1, body.y + at, body.width.saturating_sub(2), pieces);
        }
    };
    let once = shared.once();
    let most = if shared.left_off { "at most " } else { "" };
    // Records are what is told of twice first of all: where there is no room for all numbers, the others go.
    let words = |is_short: bool| {
        let told = said(shared.told.records, shared.told.packets, shared.told.wire_bytes, is_short);
        let once = format!("{most}{}", said(once.records, once.packets, once.wire_bytes, is_short));
        [("told ".to_owned(), dim), (told, text), ("   once ".to_owned(), dim), (once, scene.style(Hue::Title))]
    };
    let is_short = words(false).iter().map(|piece| cells(&piece.0)).sum::<u16>() > body.width.saturating_sub(2);
    line(canvas, 0, &words(is_short).map(|(words, style)| (words.into(), style)));
    // What clocks leave in doubt stands before pairs: the numbers above are not to be read without it.
    let doubts = shared.doubts.len().min(usize::from(body.height.saturating_sub(1) / 3).max(1));
    for (at, doubt) in shared.doubts.iter().enumerate().take(doubts) {
        let more = shared.doubts.len().saturating_sub(doubts);
        let words = if at + 1 == doubts && more > 0 { format!("▲ {doubt} (and {more} more)") } else { format!("▲ {doubt}") };
        line(canvas, 1 + at as u16, &[(cut_end(&words, body.width.saturating_sub(2)), scene.style(Hue::Warn))]);
    }
    let used = (1 + doubts.min(shared.doubts.len()) as u16).min(body.height);
    draw_pairs(canvas, Rect { y: body.y + used, height: body.height.saturating_sub(used), ..body }, shared, scene);
}

fn said(records: u64, packets: u64, bytes: u64, is_short: bool) -> String {
    let packets = if is_short { String::new() } else { format!(", {} packets", units::count(packets)) };
    format!("{} records{packets}, {}", units::count(records), units::bytes(bytes))
}

fn draw_pairs(canvas: &mut Canvas, area: Rect, shared: &SharedTraffic, scene: &Scene) {
    let (dim, text) = (scene.style(Hue::Dim), scene.style(Hue::Text));
    let pairs = pairs(&shared.groups);
    if pairs.is_empty() {
        canvas.put(area.x + 1, area.y, area.width.saturating_sub(2), "no conversation was seen by two probes", dim);
        return;
    }
    // As many columns as fit beside each other.
    let columns = (area.width / 76).max(1);
    let wide = area.width / columns;
    let room = usize::from(columns).saturating_mul(usize::from(area.height));
    let hidden = pairs.len().saturating_sub(room);
    for (at, (one, other, n, behind)) in pairs.iter().enumerate().take(room) {
        let (x, y) = (area.x + (at as u16 / area.height.max(1)) * wide, area.y + at as u16 % area.height.max(1));
        if hidden > 0 && at + 1 == room {
            canvas.put(x + 1, y, wide.saturating_sub(2), &format!("… and {} pairs more", hidden + 1), dim);
            break;
        }
        let name = (wide.saturating_sub(34) / 2).max(8);
        let later =
            behind.filter(|s| s.abs() >= 1e-6).map(|s| format!("  {}{} later", if s < 0.0 { "−" } else { "" }, units::duration(s.abs())));
        canvas.pieces(
            x + 1,
            y,
            wide.saturating_sub(2),
            &[
                (cut_middle(&one.to_string(), name).into_owned().into(), text),
                (" ⇄ ".into(), dim),
                (cut_middle(&other.to_string(), name).into_owned().into(), text),
                (format!("  {}", units::count(*n)).into(), scene.style(Hue::Title)),
                (" shared".into(), dim),
                (cut_end(&later.unwrap_or_default(), 18).into_owned().into(), dim),
            ],
        );
    }
}
