//! Tables of the pages below the list of probes.

use super::findings::findings;
use super::level::{ListKind, PageRow, Told};
use super::shown;
use super::state::FleetApp;
use crate::fleet::{SharedGroup, StoryConversation, StoryFinding, StoryHost, StoryRecord, StoryService, port_words};
use crate::model::{Timestamp, units};
use crate::tui::canvas::{Canvas, Hit, Listing, cut_end};
use crate::tui::theme::Hue;
use crate::tui::view::{Pane, Scene, Topic};
use crate::tui::widgets::amount::{self, COUNT, VOLUME};
use crate::tui::widgets::frame::{columns, titled};
use crate::tui::widgets::table::{self, Cell, Col, Shape};
use ratatui::layout::Rect;

/// The list in front, with the names of the others.
pub(super) fn one(canvas: &mut Canvas, area: Rect, app: &FleetApp, told: Told<'_>, scene: &Scene) {
    let body = titled(canvas, area, "", &[], false);
    if area.height == 0 {
        return;
    }
    let mut x = area.x + 2;
    for (number, kind) in app.kinds().iter().enumerate() {
        let style = if number == app.pane().kind { scene.theme.strong(Hue::Accent) } else { scene.style(Hue::Dim) };
        let used = canvas.put(x, area.y, area.right().saturating_sub(x), &format!(" {} ", kind.title()), style);
        canvas.click(Rect { x, y: area.y, width: used, height: 1 }, Hit::Kind(number));
        x += used + 1;
    }
    list(canvas, body, app, (app.kind(), true), told, scene);
}

/// The first three lists beside each other.
pub(super) fn beside(canvas: &mut Canvas, area: Rect, app: &FleetApp, told: Told<'_>, scene: &Scene) {
    let third = area.width / 3;
    let parts = columns(canvas, area, &[third + third / 6, third - third / 6]);
    let number = app.pane().kind.min(2);
    let nobody = Pane::default();
    for ((at, part), kind) in parts.into_iter().enumerate().zip(app.kinds()) {
        let body = titled(canvas, part, &cut_end(kind.title(), part.width), &[], at == number);
        canvas.click(Rect { height: 1, ..part }, Hit::Kind(at));
        let before = canvas.listing;
        let is_front = at == number;
        let own = Scene { pane: if is_front { scene.pane } else { &nobody }, ..*scene };
        list(canvas, body, app, (*kind, is_front), told, &own);
        if !is_front {
            canvas.listing = before;
        }
    }
}

fn list(canvas: &mut Canvas, area: Rect, app: &FleetApp, (kind, is_front): (ListKind, bool), told: Told<'_>, scene: &Scene) {
    let rows = told.rows(kind, &app.filter);
    let nothing = if app.filter.is_empty() { "nothing was told" } else { "nothing that was told has this in it" };
    let number = app.kinds().iter().position(|of| *of == kind);
    let shape = Shape { focused: is_front, kind: number, empty: nothing, ..Shape::default() };
    match kind {
        ListKind::Conversations => {
            let rows = only(&rows, |row| if let PageRow::Conversation(c) = row { Some(*c) } else { None });
            table::draw(canvas, scene, area, &conversation_columns(), &rows, &shape);
        }
        ListKind::Hosts => {
            let rows = only(&rows, |row| if let PageRow::Host(h) = row { Some(*h) } else { None });
            table::draw(canvas, scene, area, &host_columns(), &rows, &shape);
        }
        ListKind::Services => {
            let rows = only(&rows, |row| if let PageRow::Service(x) = row { Some(*x) } else { None });
            table::draw(canvas, scene, area, &service_columns(), &rows, &shape);
        }
        ListKind::Records => {
            let rows = only(&rows, |row| if let PageRow::Record(r) = row { Some(*r) } else { None });
            table::draw(canvas, scene, area, &record_columns(), &rows, &Shape { inert: true, ..shape });
        }
        ListKind::Seen => {
            let rows = only(&rows, |row| if let PageRow::Seen(group) = row { Some(*group) } else { None });
            table::draw(canvas, scene, area, &seen_columns(), &rows, &Shape { inert: true, ..shape });
        }
        ListKind::Findings => {
            let list: Vec<&StoryFinding> =
                rows.iter().filter_map(|row| if let PageRow::Finding(f) = row.1 { Some(f) } else { None }).collect();
            let height = usize::from(area.height);
            let offset = scene.pane.offset.min(list.len().saturating_sub(height));
            canvas.listing = Listing { offset, height };
            findings(canvas, area, &list, (offset, app.now()), scene);
        }
    }
}

fn only<'r, R>(rows: &[(Topic, PageRow<'r>)], of: impl Fn(&PageRow<'r>) -> Option<&'r R>) -> Vec<(Topic, &'r R)> {
    rows.iter().filter_map(|(topic, row)| Some((topic.clone(), of(row)?))).collect()
}

fn app_cell(app: &str, scene: &Scene) -> Cell {
    if app.is_empty() { Cell::Text("–".into(), scene.style(Hue::Dim)) } else { Cell::Text(app.to_owned(), scene.style(Hue::Text)) }
}

fn conversation_columns<'a>() -> [Col<&'a StoryConversation>; 6] {
    [
        Col::left("conversation", 33..=83, 0, |s, c| Cell::Pair(c.source.clone(), "⇄", c.destination.clone(), s.style(Hue::Title))),
        Col::left("port", 8..=9, 2, |s, c| Cell::Text(port_words(c.port, c.protocol), s.style(Hue::Text))),
        Col::left("app", 5..=12, 5, |s, c| app_cell(&c.app, s)),
        Col::right("sent", VOLUME..=VOLUME, 1, |s, c| Cell::Amount(amount::volume(c.forth), s.style(Hue::Text))),
        Col::right("received", VOLUME + 1..=VOLUME + 1, 3, |s, c| Cell::Amount(amount::volume(c.back), s.style(Hue::Text))),
        Col::right("records", COUNT + 1..=COUNT + 1, 4, |s, c| Cell::Right(units::count(c.records), s.style(Hue::Dim))),
    ]
}

fn host_columns<'a>() -> [Col<&'a StoryHost>; 4] {
    [
        Col::left("host", 15..=39, 0, |s, h| Cell::Address(h.address.clone(), s.style(Hue::Title))),
        Col::right("volume", VOLUME..=VOLUME, 1, |s, h| Cell::Amount(amount::volume(h.wire_bytes), s.style(Hue::Text))),
        Col::right("packets", COUNT + 1..=COUNT + 1, 2, |s, h| Cell::Amount(amount::count(h.packets), s.style(Hue::Text))),
        Col::right("records", COUNT + 1..=COUNT + 1, 3, |s, h| Cell::Right(units::count(h.records), s.style(Hue::Dim))),
    ]
}

fn service_columns<'a>() -> [Col<&'a StoryService>; 5] {
    [
        Col::left("service", 20..=45, 0, |s, x| {
            Cell::Address(format!("{} {}", x.address, port_words(x.port, x.protocol)), s.style(Hue::Title))
        }),
        Col::left("app", 5..=12, 2, |s, x| app_cell(&x.app, s)),
        Col::right("clients", COUNT + 1..=COUNT + 1, 3, |s, x| Cell::Right(units::count(x.clients), s.style(Hue::Text))),
        Col::right("volume", VOLUME..=VOLUME, 1, |s, x| Cell::Amount(amount::volume(x.wire_bytes), s.style(Hue::Text))),
        Col::right("records", COUNT + 1..=COUNT + 1, 4, |s, x| Cell::Right(units::count(x.records), s.style(Hue::Dim))),
    ]
}

fn record_columns<'a>() -> [Col<&'a StoryRecord>; 7] {
    [
        Col::left("began", 14..=19, 1, |s, r| {
            let at = Timestamp::new(r.first, 0);
            let offset = s.utc_offset(at);
            let time = amount::time_of_day(at, offset);
            Cell::Text(
                format!("{} {}", amount::date(at, offset).get(5..).unwrap_or_default(), time.get(..8).unwrap_or(&time)),
                s.style(Hue::Text),
            )
        }),
        Col::left("conversation", 35..=95, 0, |s, r| {
            Cell::Pair(record_end(&r.source), "⇄", record_end(&r.destination), s.style(Hue::Title))
        }),
        Col::right("sent", VOLUME..=VOLUME, 2, |s, r| Cell::Amount(amount::volume(r.wire_bytes.0), s.style(Hue::Text))),
        Col::right("received", VOLUME + 1..=VOLUME + 1, 2, |s, r| Cell::Amount(amount::volume(r.wire_bytes.1), s.style(Hue::Text))),
        Col::right("packets", COUNT + 1..=COUNT + 1, 6, |s, r| {
            Cell::Amount(amount::count(r.packets.0.saturating_add(r.packets.1)), s.style(Hue::Text))
        }),
        Col::right("took", 8..=8, 5, |s, r| Cell::Right(units::duration(r.duration.max(0.0)), s.style(Hue::Text))),
        Col::left("told by", 8..=28, 4, |s, r| Cell::Address(r.probe.to_string(), s.style(Hue::Dim))),
    ]
}

fn seen_columns<'a>() -> [Col<&'a SharedGroup>; 5] {
    [
        Col::left("seen by, and how much later", 50..=120, 0, |s, group| Cell::Text(shown::path(group), s.style(Hue::Title))),
        Col::right("times", COUNT + 1..=COUNT + 1, 1, |s, group| Cell::Right(units::count(group.conversations), s.style(Hue::Text))),
        Col::right("volume", VOLUME..=VOLUME, 2, |s, group| Cell::Amount(amount::volume(group.once.wire_bytes), s.style(Hue::Text))),
        Col::right("packets", COUNT + 1..=COUNT + 1, 3, |s, group| Cell::Amount(amount::count(group.once.packets), s.style(Hue::Text))),
        Col::right("told", COUNT + 1..=COUNT + 1, 4, |s, group| Cell::Amount(amount::count(group.told.packets), s.style(Hue::Dim))),
    ]
}

/// An address and its port.
fn record_end((address, port): &(String, u64)) -> String {
    match (*port, address.contains(':')) {
        (0, _) => address.clone(),
        (port, true) => format!("[{address}]:{port}"),
        (port, false) => format!("{address}:{port}"),
    }
}
