//! Findings as rows: what it is, its identifier, for how long. Of many that are alike the first ones and how many others there are.

use crate::model::alike::{self, ListedFinding};
use crate::model::{Finding, Likeness};
use crate::tui::canvas::{Canvas, cells};
use crate::tui::label;
use crate::tui::panels::when;
use crate::tui::theme::Hue;
use crate::tui::view::{Scene, Topic};
use crate::tui::widgets::table::{self, Cell, Col, Shape};
use ratatui::layout::Rect;

/// The rows of what the filter shows, in the held order.
pub(in crate::tui) fn rows<'a>(scene: &Scene<'a>) -> Vec<(Topic, ListedFinding<'a>)> {
    let topic = |told: ListedFinding<'a>| match &told {
        ListedFinding::One(f) => (Topic::Finding(f.id, f.subject), told),
        ListedFinding::Others(like, _) => (Topic::Alike(*like), told),
    };
    let shown = label::findings(scene);
    scene.pane.arrange(alike::listed(shown.iter().map(|row| row.1)).into_iter().map(topic).collect())
}

/// The rows of those alone that are alike.
pub(in crate::tui) fn rows_alike<'a>(scene: &Scene<'a>, like: Likeness) -> Vec<(Topic, ListedFinding<'a>)> {
    let alike = label::findings(scene).into_iter().filter(|row| Likeness::of(row.1) == Some(like));
    scene.pane.arrange(alike.map(|(topic, f)| (topic, ListedFinding::One(f))).collect())
}

/// Cells of what a row says first, without its margins.
pub(in crate::tui) fn width(told: &ListedFinding) -> u16 {
    match told {
        ListedFinding::One(f) => cells(&f.title),
        ListedFinding::Others(_, all) => cells(&others(all)),
    }
}

/// What a row says of findings that are like those above it.
fn others(all: &[&Finding]) -> String {
    let named: Vec<String> = all.iter().take(NAMED).map(|f| f.subject.to_string()).collect();
    let more = if all.len() > NAMED { " …" } else { "" };
    format!("and {} others alike: {}{more}", all.len(), named.join(", "))
}

/// Subjects that are named of others.
const NAMED: usize = 3;

/// Draws them; `empty` is said where there are none.
pub(in crate::tui) fn draw(canvas: &mut Canvas, area: Rect, scene: &Scene, rows: &[(Topic, ListedFinding)], empty: &str) {
    let columns: [Col<ListedFinding>; 3] = [
        // The title says more than the identifier, which stands below as well.
        Col::left("finding", 64..=120, 0, |s, told| {
            let f = match told {
                ListedFinding::One(f) => f,
                ListedFinding::Others(_, all) => return Cell::Text(format!("└ {}", others(all)), s.style(Hue::Dim)),
            };
            let (symbol, hue) = if f.active { label::severity(f.severity) } else { ("○", Hue::Dim) };
            let text = if f.active { Hue::Text } else { Hue::Dim };
            // What follows from the finding above stands under it.
            let under = if f.explained_by.is_some() { "└ " } else { "" };
            Cell::Pieces(vec![
                (under.into(), s.style(Hue::Dim)),
                (format!("{symbol} ").into(), s.style(hue)),
                (f.title.clone().into(), s.style(text)),
            ])
        }),
        // Gives way where a title would be cut.
        Col::left("id", 12..=18, 5, |s, told| match told {
            ListedFinding::One(f) => Cell::Text(f.id.into(), s.style(Hue::Dim)),
            ListedFinding::Others(like, _) => Cell::Text(like.id.into(), s.style(Hue::Dim)),
        }),
        Col::right("for", 8..=8, 1, |s, told| match told {
            ListedFinding::One(f) => {
                let text = if f.active { when::lasting(s, f) } else { "cleared".into() };
                Cell::Right(text, s.style(Hue::Dim))
            }
            ListedFinding::Others(..) => Cell::Right(String::new(), s.style(Hue::Dim)),
        }),
    ];
    table::draw(canvas, scene, area, &columns, rows, &Shape { focused: true, empty, ..Shape::default() });
}
