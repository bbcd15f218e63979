//! Who takes part in some conversations: the hosts of a VLAN, the clients of a service.
//!
//! ```text
//! ─ Hosts · 10 s ──────────────────────────────────── 12 ─
//!  host          name               conversations     10 s
//!  10.20.1.7     files.example                  9  316 Mb/s
//! ```

use super::draw_related;
use crate::model::Arrange as _;
use crate::model::units::grouped;
use crate::model::{Address, Traffic};
use crate::snapshot::Conversation;
use crate::tui::canvas::{Canvas, hundredths, split_top};
use crate::tui::columns;
use crate::tui::label;
use crate::tui::theme::Hue;
use crate::tui::view::{Kind, Scene, Topic};
use crate::tui::widgets::amount::{self, COUNT, RATE};
use crate::tui::widgets::frame::{columns as divide, titled};
use crate::tui::widgets::table::{self, Cell, Col, Shape};
use ratatui::layout::Rect;
use std::collections::BTreeMap;

/// Rows of a page: conversations with their kinds.
pub(super) type Related<'a> = [(Topic, (Kind, &'a Conversation))];

/// Cells from which on hosts stand beside conversations.
const BESIDE: u16 = 150;

/// Lines from which on hosts stand above conversations, where there is no room beside them.
const ABOVE: u16 = 12;

/// Who takes part, in how many conversations, and what was exchanged there.
struct Talker {
    address: Address,
    conversations: u64,
    recent: Traffic,
    total: Traffic,
}

/// Those at the ends of conversations, by what they exchanged; `but`: without this one.
fn talkers(rows: &Related, but: Option<Address>) -> Vec<Talker> {
    let mut by: BTreeMap<Address, Talker> = BTreeMap::new();
    for (_, (_, c)) in rows {
        let second = Some(c.b).filter(|b| *b != c.a);
        // What is sent to many is no host.
        for address in [Some(c.a), second].into_iter().flatten().filter(|address| Some(*address) != but && !address.is_group()) {
            let none = || Talker { address, conversations: 0, recent: Traffic::default(), total: Traffic::default() };
            let talker = by.entry(address).or_insert_with(none);
            talker.conversations += 1;
            talker.recent.add(c.recent());
            talker.total.add(c.total());
        }
    }
    let mut out: Vec<Talker> = by.into_values().collect();
    out.arrange_by_key(|t| std::cmp::Reverse((t.recent.wire_bytes, t.total.wire_bytes)));
    out
}

/// What stands over lists of who takes part and of what in.
pub(super) struct Titles<'a> {
    /// Of who takes part.
    pub talkers: &'a str,
    /// Of the conversations.
    pub talks: &'a str,
    /// Who is not listed, for the page is about him.
    pub but: Option<Address>,
    /// How many take part, where that was counted: the rows that are held may have fewer.
    pub counted: Option<u64>,
}

impl<'a> Titles<'a> {
    /// Of whoever takes part.
    pub const fn of(talkers: &'a str, talks: &'a str) -> Self {
        Self { talkers, talks, but: None, counted: None }
    }
}

/// Draws conversations, and beside or above them, where there is room, who takes part.
pub(super) fn draw(canvas: &mut Canvas, area: Rect, scene: &Scene, rows: &Related, titles: &Titles) {
    let (list, talks) = (talkers(rows, titles.but), titles.talks);
    let (left, right) = if area.width >= BESIDE {
        let parts = divide(canvas, area, &[hundredths(area.width, 38)]);
        let [left, right] = parts[..] else { return };
        (left, right)
    } else if area.height >= ABOVE {
        let wants = (list.len() as u16).saturating_add(3);
        split_top(area, wants.min(area.height * 2 / 5))
    } else {
        return draw_related(canvas, area, scene, talks, rows);
    };
    let whole = scene.whole();
    let columns: Vec<Col<Talker>> = vec![
        Col::left("host", 15..=39, 0, |s, t| Cell::Address(label::address(s, t.address), s.style(Hue::Text))),
        Col::left("name", 10..=24, 3, |s, t| label::name_cell(s, t.address)),
        Col::right("conversations", 13..=13, 2, |s, t| Cell::Amount(amount::count(t.conversations), s.style(Hue::Text))),
        Col::right(columns::load_title(whole), RATE..=RATE, 1, |s, t| columns::load_cell(s, t.recent, t.total, Hue::Text)),
        Col::right("packets", COUNT + 2..=COUNT + 2, 4, |s, t| Cell::Amount(amount::count(t.total.packets), s.style(Hue::Text))),
    ];
    let listed = list.len() as u64;
    let note = match titles.counted.filter(|counted| *counted > listed) {
        Some(counted) => format!("{} listed of {}", grouped(listed), grouped(counted)),
        None => grouped(listed),
    };
    let body = titled(canvas, left, &scene.based(titles.talkers), &[(note.into(), scene.style(Hue::Dim))], false);
    let list: Vec<(Topic, Talker)> = (0..).zip(list).map(|(at, talker)| (Topic::Row(at), talker)).collect();
    table::draw(canvas, scene, body, &columns, &list, &Shape { inert: true, empty: "none of the busiest", ..Shape::default() });
    draw_related(canvas, right, scene, talks, rows);
}
