//! Time stamps that devices on the way write into frames: by which port packets came, what is missing, how the clocks differ.
//!
//! ```text
//! ─ Time stamps of devices ───────────────────────────────────────
//!  stamp                       packets   missing   drops     clock
//!  metamako                     54.7 M     0.4 %      12       TAI
//!    device 5 port 12           30.1 M         0
//! ```

use crate::model::{StampPort, Stamps, units};
use crate::tui::canvas::Canvas;
use crate::tui::theme::Hue;
use crate::tui::view::{Scene, Topic, ratio};
use crate::tui::widgets::amount::{self, COUNT};
use crate::tui::widgets::frame::titled;
use crate::tui::widgets::table::{self, Cell, Col, Shape};
use ratatui::layout::Rect;

/// A row: what holds for the interface as a whole, or one port of the device.
#[derive(Clone, Copy)]
struct Row<'a> {
    all: &'a Stamps,
    port: Option<&'a StampPort>,
}

impl Row<'_> {
    fn name(self) -> String {
        let Some(port) = self.port else { return self.all.kind.token().to_owned() };
        let device = port.device.map_or(String::new(), |d| format!(" device {d}"));
        let number = port.port.map_or(" no port".to_owned(), |p| format!(" port {p}"));
        format!(" {device}{number}")
    }

    fn packets(self) -> u64 {
        self.port.map_or(self.all.packets, |p| p.packets)
    }

    fn missing(self) -> Option<u64> {
        self.port.map_or(self.all.missing, |p| p.missing)
    }
}

/// How far the device's clock is from the capture's.
fn clock(stamps: &Stamps) -> String {
    match stamps.offset {
        None => "?".to_owned(),
        Some(_) if stamps.is_tai() => "TAI".to_owned(),
        Some(offset) => format!("{}{}", if offset < 0.0 { "−" } else { "+" }, units::duration(offset.abs())),
    }
}

/// Rows the panel can use; none where nothing is stamped.
pub(in crate::tui) fn height(scene: &Scene) -> u16 {
    let all = &scene.snapshot.mirror.stamps;
    if all.is_empty() { 0 } else { (all.iter().map(|s| s.ports.len() + 1).sum::<usize>() + 3).min(30) as u16 }
}

/// Draws the panel.
pub(in crate::tui) fn draw(canvas: &mut Canvas, area: Rect, scene: &Scene) {
    let all = &scene.snapshot.mirror.stamps;
    let without: u64 = all.iter().map(|s| s.without).sum();
    let note = if without > 0 { format!("{} packets without", units::count(without)) } else { String::new() };
    let body = titled(canvas, area, "Time stamps of devices", &[(note.into(), scene.style(Hue::Warn))], false);
    let rows: Vec<(Topic, Row)> = all
        .iter()
        .flat_map(|all| std::iter::once(None).chain(all.ports.iter().map(Some)).map(move |port| Row { all, port }))
        .zip(0..)
        .map(|(row, i)| (Topic::Row(i), row))
        .collect();
    let columns: [Col<Row>; 7] = [
        Col::left("stamp", 20..=40, 0, |s, r| Cell::Text(r.name(), s.style(if r.port.is_none() { Hue::Text } else { Hue::Dim }))),
        Col::right("packets", COUNT + 1..=COUNT + 1, 1, |s, r| Cell::Amount(amount::count(r.packets()), s.style(Hue::Text))),
        Col::right("missing", 7..=7, 2, |s, r| match r.missing() {
            None => Cell::Right("no seq".into(), s.style(Hue::Dim)),
            Some(n) => {
                let share = ratio(n, r.packets().saturating_add(n));
                Cell::Right(amount::share(share), s.style(if n > 0 { Hue::Bad } else { Hue::Good }))
            }
        }),
        Col::right("clock", 8..=9, 3, |s, r| Cell::Right(if r.port.is_none() { clock(r.all) } else { String::new() }, s.style(Hue::Text))),
        Col::right("drops", 6..=6, 4, |s, r| match (r.port, r.all.drops) {
            (Some(_), _) => Cell::Right(String::new(), s.style(Hue::Dim)),
            (None, None) => Cell::Right("?".into(), s.style(Hue::Dim)),
            (None, Some(n)) => Cell::Right(units::count(n), s.style(if n > 0 { Hue::Bad } else { Hue::Dim })),
        }),
        Col::right("unsure", 6..=6, 5, |s, r| {
            Cell::Right(if r.port.is_none() { units::count(r.all.degraded) } else { String::new() }, s.style(Hue::Dim))
        }),
        Col::right("copies", 6..=6, 6, |s, r| {
            Cell::Right(if r.port.is_none() { units::count(r.all.duplicates) } else { String::new() }, s.style(Hue::Dim))
        }),
    ];
    let shape = Shape { empty: "none: no device on the way stamps packets", inert: true, ..Shape::default() };
    table::draw(canvas, scene, body, &columns, &rows, &shape);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::StampKind;

    #[test]
    fn a_clock_says_how_far_it_is_away() {
        let stamps = |offset| Stamps {
            kind: StampKind::Metamako,
            interface: 0,
            packets: 1,
            without: 0,
            bytes: 0,
            duplicates: 0,
            degraded: 0,
            ports: Vec::new(),
            other_ports: 0,
            missing: None,
            drops: None,
            offset,
        };
        assert_eq!(clock(&stamps(None)), "?");
        assert_eq!(clock(&stamps(Some(37.000_01))), "TAI");
        assert_eq!(clock(&stamps(Some(-0.000_25))), "−250 µs");
        assert_eq!(clock(&stamps(Some(1.5))), "+1.50 s");
    }
}
