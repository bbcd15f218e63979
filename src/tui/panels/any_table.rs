//! Any table, as its descriptor says: every column that stands on screens and has something to say, the rows the filter shows, in the order
//! the page sorts by or else the table's own.
//!
//! ```text
//! ─ Name servers ────────────────────────────────────── 12 ─
//!  server                       queries       late   app
//!  10.20.0.53:53                 12.3 k     0.4 %    dns
//! ```

use crate::model::proto::Family;
use crate::model::{Address, Mac, units};
use crate::snapshot::table::{self as descriptor, AnyRows, AnyTable, FieldValue, Head};
use crate::snapshot::tables::conversations::CONVERSATIONS;
use crate::snapshot::{Column, Filter, Order, Snapshot};
use crate::tui::canvas::Canvas;
use crate::tui::fields;
use crate::tui::label;
use crate::tui::screen::Sorts;
use crate::tui::theme::Hue;
use crate::tui::view::{Kind, Scene, Topic};
use crate::tui::widgets::frame::titled;
use crate::tui::widgets::table::{self, Col, Shape};
use ratatui::layout::Rect;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Rows that are looked at to find out which columns have something to say.
const SAMPLE: usize = 1_000;

/// Cells of a word that belongs to what stands before it.
const SHORT: u16 = 4;

/// The only sheet of a table on a page, or one group of its rows.
#[derive(Clone, Copy)]
pub(in crate::tui) struct TablePanel {
    /// The table.
    pub table: &'static dyn AnyTable,
    /// The title of the group its rows belong to; `None`: all rows.
    pub group: Option<&'static str>,
    /// What to say when there are no rows.
    pub empty: &'static str,
    /// What to say when there are none in a span of time.
    pub empty_span: &'static str,
    /// Whether its addresses are called by their names in a column of its own.
    pub named: bool,
    /// Whether the filter was asked before, and knew more of its rows than they do themselves.
    pub narrowed: bool,
    /// The time its numbers are about on a port, where its title names one.
    pub base: Option<&'static str>,
}

/// A row: its table's rows and columns, and its number.
#[derive(Clone, Copy)]
struct Line<'r> {
    rows: &'r dyn AnyRows,
    heads: &'r [Head],
    at: usize,
}

impl TablePanel {
    /// All rows of a table.
    pub const fn of(table: &'static dyn AnyTable) -> Self {
        Self { table, group: None, empty: "none seen", empty_span: "none in this span of time", named: false, narrowed: false, base: None }
    }

    /// What a page that shows it as its list sorts by.
    pub fn sorting(&self) -> (Sorts, Vec<Column>) {
        let heads = self.table.heads();
        let columns = fields::shown(&heads, descriptor::Layers::ALL, false);
        let columns = columns.into_iter().filter_map(|(at, _)| heads.get(at)).filter(|h| !h.sort.is_empty()).map(|h| Column(h.sort));
        (Sorts::Rows(self.table.token()), columns.collect())
    }

    /// How many rows there are, whatever the filter shows.
    pub fn count(&self, snapshot: &Snapshot) -> u64 {
        let rows = self.table.rows(0, snapshot);
        match self.group {
            None => rows.total_rows(),
            Some(_) => (0..rows.len()).filter(|&at| rows.group(at) == self.group).count() as u64,
        }
    }

    /// How many of them the filter shows.
    pub fn matching(&self, scene: &Scene) -> u64 {
        let Some(filter) = self.filter(scene) else { return self.count(scene.snapshot) };
        let rows = self.table.rows(0, scene.snapshot);
        let shown = rows.arranged(Order { column: Column(""), descending: true }, Some(&filter));
        shown.into_iter().filter(|&at| self.group.is_none() || rows.group(at) == self.group).count() as u64
    }

    /// What its rows are asked for.
    fn filter(&self, scene: &Scene) -> Option<Filter> {
        scene.view.filter.as_ref().filter(|_| !self.narrowed).map(|filter| filter.measured(scene.snapshot))
    }

    /// The rows shown, in their order.
    pub fn topics(&self, scene: &Scene) -> Vec<Topic> {
        let (heads, rows) = (self.table.heads(), self.table.rows(0, scene.snapshot));
        self.lines(scene, &heads, rows.as_ref(), true).into_iter().map(|line| line.0).collect()
    }

    /// The page about the address in a row.
    pub fn host(&self, scene: &Scene, topic: &Topic) -> Option<Topic> {
        let (heads, rows) = (self.table.heads(), self.table.rows(0, scene.snapshot));
        let line = self.lines(scene, &heads, rows.as_ref(), true).into_iter().find(|line| line.0 == *topic)?.1;
        (0..heads.len()).find_map(|field| match rows.value(line.at, field) {
            FieldValue::Address(address) | FieldValue::End(address, _) => {
                Some(Topic::Host { kind: Kind::of_address(address), address, port: 0 })
            }
            _ => None,
        })
    }

    /// The number of a row among those of the table.
    pub fn place(&self, scene: &Scene, topic: &Topic) -> Option<usize> {
        let (heads, rows) = (self.table.heads(), self.table.rows(0, scene.snapshot));
        self.lines(scene, &heads, rows.as_ref(), true).into_iter().find(|line| line.0 == *topic).map(|line| line.1.at)
    }

    /// The addresses in a row, in the order of its columns.
    pub fn addresses(&self, scene: &Scene, topic: &Topic) -> Vec<Address> {
        let (heads, rows) = (self.table.heads(), self.table.rows(0, scene.snapshot));
        let Some((_, line)) = self.lines(scene, &heads, rows.as_ref(), true).into_iter().find(|line| line.0 == *topic) else {
            return Vec::new();
        };
        let address = |field| match rows.value(line.at, field) {
            FieldValue::Address(address) | FieldValue::End(address, _) => Some(address),
            _ => None,
        };
        (0..heads.len()).filter_map(address).collect()
    }

    /// `list`: as the list of the page, whose order and held rows it has.
    fn lines<'r>(&self, scene: &Scene, heads: &'r [Head], rows: &'r dyn AnyRows, list: bool) -> Vec<(Topic, Line<'r>)> {
        let filter = self.filter(scene);
        let shown = rows.arranged(self.order(scene, list), filter.as_ref());
        let lines = shown
            .into_iter()
            .filter(|&at| self.group.is_none() || rows.group(at) == self.group)
            .map(|at| (Topic::Row(identity(heads, rows, at)), Line { rows, heads, at }))
            .collect();
        if list { scene.pane.arrange(lines) } else { lines }
    }

    fn order(&self, scene: &Scene, list: bool) -> Order {
        scene.pane.order.filter(|_| list).unwrap_or(self.table.order())
    }

    /// Draws it; `list`: as the list of the page, where the selection is and the window scrolls.
    pub fn draw(&self, canvas: &mut Canvas, area: Rect, scene: &Scene, list: bool) {
        let Some(sheet) = self.table.sheets().first().copied() else { return };
        let (heads, rows) = (self.table.heads(), self.table.rows(0, scene.snapshot));
        let lines = self.lines(scene, &heads, rows.as_ref(), list);
        let all = self.count(scene.snapshot);
        let count = match lines.len() as u64 {
            n if n < all => format!("{} of {}", units::grouped(n), units::grouped(all)),
            0 => "0".to_owned(),
            n => {
                let knows = |filter: &Filter| {
                    if self.narrowed { self.table.is_asked(filter) || filter.asks_of(&CONVERSATIONS) } else { rows.knows(filter) }
                };
                format!("{}{}", units::grouped(n), scene.unasked(knows))
            }
        };
        let title = self.group.unwrap_or(sheet.title);
        let title = match self.base {
            Some(base) if !scene.whole() => format!("{title} · {base}"),
            Some(_) => scene.based(title),
            None => title.to_owned(),
        };
        let body = titled(canvas, area, &title, &[(count.into(), scene.style(Hue::Dim))], false);
        let told = |at: usize| lines.iter().take(SAMPLE).any(|(_, line)| line.rows.value(line.at, at).is_some());
        let mut columns: Vec<Col<Line>> = fields::shown(&heads, sheet.layers, scene.whole())
            .iter()
            .filter(|(at, screen)| screen.place == 0 || told(*at))
            .filter_map(|(at, screen)| Some(fields::column(heads.get(*at)?, screen, *at, scene.whole(), cell)))
            .collect();
        if self.named && !columns.is_empty() && label::has_names(scene, [].iter()) {
            // A word as short as `udp` says what the row is, together with what stands before it.
            let at = if columns.get(1).is_some_and(|column| column.max <= SHORT) { 2 } else { 1 };
            columns.insert(at, Col::left("name", 14..=34, 3, |s, line| label::name_cell(s, address(line))));
        }
        let columns = fields::chosen(scene, self.table.token(), &heads, columns);
        let empty = match &scene.snapshot.span {
            _ if scene.view.filter.is_some() && self.count(scene.base) > 0 => "nothing matches the filter · Esc shows all rows again",
            Some(shown) if shown.not_kept().contains(&self.table.token()) => "not of this span: no past of it is kept · Esc returns to now",
            Some(_) => self.empty_span,
            None => self.empty,
        };
        let shape = Shape { order: list.then(|| self.order(scene, list)), focused: list, empty, inert: !list, ..Shape::default() };
        table::draw(canvas, scene, body, &columns, &lines, &shape);
    }
}

/// The first address of a row; where there is none the one of nobody, which has no name.
fn address(line: &Line) -> Address {
    let found = (0..line.heads.len()).find_map(|field| match line.rows.value(line.at, field) {
        FieldValue::Address(address) | FieldValue::End(address, _) => Some(address),
        _ => None,
    });
    found.unwrap_or(Address::Mac(Mac::default()))
}

/// A number that stays the same while the row is there: of what names it.
fn identity(heads: &[Head], rows: &dyn AnyRows, at: usize) -> u64 {
    let mut hash = DefaultHasher::new();
    rows.group(at).hash(&mut hash);
    for (field, head) in heads.iter().enumerate() {
        match rows.value(at, field) {
            FieldValue::Word(word) => word.hash(&mut hash),
            FieldValue::Text(text) => text.hash(&mut hash),
            FieldValue::Address(address) => address.hash(&mut hash),
            FieldValue::End(address, port) => (address, port).hash(&mut hash),
            FieldValue::Count(n) if head.kind == descriptor::FieldKind::Id => n.hash(&mut hash),
            FieldValue::Time(time) if head.kind == descriptor::FieldKind::Moment => time.hash(&mut hash),
            _ => {}
        }
    }
    hash.finish()
}

fn cell(scene: &Scene, line: &Line, field: usize) -> Option<table::Cell> {
    let head = line.heads.get(field)?;
    let family = || {
        let app = line.heads.iter().position(|h| h.kind == descriptor::FieldKind::App && h.screen.is_some());
        app.map_or(Family::Other, |at| fields::value_family(line.rows.value(line.at, at)))
    };
    Some(fields::cell(scene, Kind::Tcp, head, line.rows.value(line.at, field), family))
}
