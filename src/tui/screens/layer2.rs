//! The switch's view: VLANs, stations, groups, casts, sizes.
//!
//! ```text
//! ─ VLANs ──────────────────────────────┬─ Casts ───────────────
//!  vlan      rate      share            │ unicast      98.6 %
//! ─ Stations ───────────────────────────┼─ Sizes ───────────────
//!  00:1b:54:aa:0c:01   sends  receives  │ ≤64   ██████     31 %
//! ```

use crate::model::Arrange as _;
use crate::snapshot::table::Layers;
use crate::snapshot::tables::chatter::CHATTER;
use crate::snapshot::tables::classes::CLASSES;
use crate::snapshot::tables::{stations, vlans};
use crate::snapshot::{Snapshot, Traffic, VlanRow};
use crate::tui::canvas::{Canvas, cells, hundredths, split_top};
use crate::tui::fields;
use crate::tui::panels::any_table::TablePanel;
use crate::tui::panels::{kinds, shares};
use crate::tui::screen::{Hint, Screen};
use crate::tui::theme::Hue;
use crate::tui::view::{Kind, Scene, Topic};
use crate::tui::widgets::amount;
use crate::tui::widgets::frame::{columns as divide, titled};
use crate::tui::widgets::table::{self, Col, Shape};
use ratatui::layout::Rect;

/// Layer 2.
pub(in crate::tui) struct Layer2Screen;

const VLANS: usize = 0;
const STATIONS: usize = 1;
const GROUPS: usize = 2;

/// Tables beside those that are always there.
const OTHERS: [(&str, TablePanel); 3] = [
    ("VLANs in VLANs", TablePanel { empty: "no frame with two VLAN tags has come", ..TablePanel::of(&vlans::VLAN_PAIRS) }),
    ("classes", TablePanel { empty: "every packet asks for the class of those that ask for none", ..TablePanel::of(&CLASSES) }),
    ("ARP/DHCP", TablePanel { empty: "no packet by which hosts and routers find each other has come", ..TablePanel::of(&CHATTER) }),
];

/// Columns from which what packets are stands beside the lists.
const MIXED_FROM: u16 = 100;

/// Cells of what stands beside them at least.
const MIX_CELLS: u16 = 29;

/// The same at most: more makes bars longer and lists no clearer.
const MIXED_MOST: u16 = 56;

/// Cells of what stands beside them: its longest title names its time.
fn mixed_cells(scene: &Scene) -> u16 {
    cells(&scene.based("Directions")).saturating_add(4).clamp(MIX_CELLS, MIXED_FROM / 2)
}

/// Lines of the panel of losses.
const LOSSES: u16 = 9;

/// The table of a kind beyond stations and groups.
fn other(kind: usize) -> Option<&'static TablePanel> {
    OTHERS.get(kind.checked_sub(GROUPS + 1)?).map(|other| &other.1)
}

/// Who is there.
const STATION_PANEL: TablePanel = TablePanel {
    empty: "no MAC addresses: waiting for packets, or the link has none",
    narrowed: true,
    ..TablePanel::of(&stations::STATIONS)
};

/// What is sent to many.
const GROUP_PANEL: TablePanel = TablePanel { empty: "nothing was sent to a group", ..TablePanel::of(&stations::GROUPS) };

impl Screen for Layer2Screen {
    fn title(&self) -> &'static str {
        "Layer 2"
    }

    fn short_title(&self) -> &'static str {
        "L2"
    }

    fn about(&self) -> &'static str {
        "VLANs, MAC addresses, groups and what they mean, classes of service, ARP and the like, broadcast and multicast"
    }

    fn kinds(&self, _: &Snapshot) -> usize {
        GROUPS + 1 + OTHERS.len()
    }

    fn kind_with_rows(&self, scene: &Scene, kind: usize) -> Option<usize> {
        Some(kinds::with_rows(counts(scene).into_iter().map(|(_, count)| count), kind))
    }

    fn topics(&self, scene: &Scene) -> Vec<Topic> {
        match scene.pane.kind {
            STATIONS => STATION_PANEL.topics(scene),
            GROUPS => GROUP_PANEL.topics(scene),
            kind if let Some(panel) = other(kind) => panel.topics(scene),
            _ => vlan_rows(scene).into_iter().map(|r| r.0).collect(),
        }
    }

    fn opens(&self, scene: &Scene, topic: &Topic) -> Option<Topic> {
        match scene.pane.kind {
            STATIONS => STATION_PANEL.host(scene, topic),
            GROUPS => GROUP_PANEL.host(scene, topic),
            _ => None,
        }
    }

    fn keys(&self) -> &'static [Hint] {
        &[Hint {
            key: "← →",
            word: "panel",
            help: "VLANs, stations, groups, VLANs in VLANs, classes (priority, DSCP, ECN), ARP and the like",
        }]
    }

    fn draw(&self, canvas: &mut Canvas, area: Rect, scene: &Scene) {
        let (line, area) = split_top(area, u16::from(area.height > 6));
        let names: Vec<_> = counts(scene).into_iter().map(|(name, count)| (name, Some(count))).collect();
        kinds::draw(canvas, line, scene, &names);
        let left = match area.width {
            0..76 => {
                return match scene.pane.kind {
                    STATIONS => STATION_PANEL.draw(canvas, area, scene, true),
                    GROUPS => GROUP_PANEL.draw(canvas, area, scene, true),
                    kind if let Some(panel) = other(kind) => panel.draw(canvas, area, scene, true),
                    _ => narrow(canvas, area, scene),
                };
            }
            // What else there is stands on the Overview as well: who is there needs the room.
            76..MIXED_FROM => area.width,
            MIXED_FROM..160 => area.width - mixed_cells(scene) - 1,
            _ => hundredths(area.width, 66).max(area.width - MIXED_MOST),
        };
        let parts = if left < area.width { divide(canvas, area, &[left]) } else { vec![area] };
        let Some(&lists) = parts.first() else { return };
        let want = (scene.snapshot.stats.vlans.rows.len() + 3).min(usize::from(u16::MAX)) as u16;
        // A sentence of two lines where there is none.
        let least = if scene.snapshot.stats.vlans.rows.is_empty() { 4 } else { 5 };
        let (above, below) = split_top(lists, want.clamp(least, (lists.height / 2).max(5)));
        vlans(canvas, above, scene);
        stations_and_groups(canvas, below, scene);
        if let Some(&mixes) = parts.get(1) {
            draw_mixes(canvas, mixes, scene);
        }
    }
}

/// The kinds of rows, and how many of each the filter shows.
fn counts(scene: &Scene) -> Vec<(&'static str, u64)> {
    let vlans = ("VLANs", scene.snapshot.stats.vlans.total_rows);
    let always = [vlans, ("stations", STATION_PANEL.matching(scene)), ("groups", GROUP_PANEL.matching(scene))];
    always.into_iter().chain(OTHERS.iter().map(|(name, panel)| (*name, panel.matching(scene)))).collect()
}

/// Below the VLANs: stations, groups, or what was chosen instead.
fn stations_and_groups(canvas: &mut Canvas, below: Rect, scene: &Scene) {
    let kind = scene.pane.kind;
    let has_groups = kind == GROUPS || GROUP_PANEL.count(scene.snapshot) > 0;
    if let Some(panel) = other(kind) {
        let wants = panel.count(scene.snapshot).saturating_add(3).min(u64::from(u16::MAX)) as u16;
        let (first, rest) = split_top(below, if below.height >= wants + 8 { wants } else { below.height });
        panel.draw(canvas, first, scene, true);
        if rest.height > 0 {
            STATION_PANEL.draw(canvas, rest, scene, false);
        }
    } else if has_groups && below.height >= 20 {
        // Each what its rows need; where that is too much the groups have a third, or what the stations leave.
        let lines = |count: u64| count.saturating_add(3).min(u64::from(u16::MAX)) as u16;
        let (stations, groups) = (lines(STATION_PANEL.count(scene.snapshot)), lines(GROUP_PANEL.count(scene.snapshot)));
        let lowest = groups.min((below.height / 3).max(below.height.saturating_sub(stations)));
        // The groups stand right below the stations: what nobody needs is at the foot.
        let (middle, lowest) = split_top(below, stations.min(below.height - lowest));
        STATION_PANEL.draw(canvas, middle, scene, kind == STATIONS);
        GROUP_PANEL.draw(canvas, lowest, scene, kind == GROUPS);
    } else if kind == GROUPS {
        GROUP_PANEL.draw(canvas, below, scene, true);
    } else {
        STATION_PANEL.draw(canvas, below, scene, kind == STATIONS);
    }
}

/// Beside the lists: kinds of addresses, directions, sizes, losses, and what else there is room for.
fn draw_mixes(canvas: &mut Canvas, area: Rect, scene: &Scene) {
    let (casts, rest) = split_top(area, 5);
    let (directions, rest) = if rest.height >= 12 { split_top(rest, 7) } else { (Rect::ZERO, rest) };
    let (sizes, losses) = split_top(rest, if rest.height >= 17 { 9 } else { rest.height });
    shares::casts(canvas, casts, scene);
    if directions.height > 0 {
        shares::directions(canvas, directions, scene);
    }
    shares::sizes(canvas, sizes, scene);
    let (losses, mut rest) = split_top(losses, LOSSES.min(losses.height));
    if losses.height > 0 {
        shares::losses(canvas, losses, scene);
    }
    let kind = scene.pane.kind;
    // Where there is room for more, what else there is to say of this layer.
    for (_, panel) in OTHERS.iter().enumerate().rev().filter(|(at, _)| GROUPS + 1 + at != kind).map(|(_, other)| other) {
        let wants = panel.count(scene.snapshot).saturating_add(3).min(u64::from(u16::MAX)) as u16;
        if panel.count(scene.snapshot) == 0 || rest.height < 5 {
            continue;
        }
        let (part, below) = split_top(rest, wants.min(rest.height));
        panel.draw(canvas, part, scene, false);
        rest = below;
    }
}

/// VLANs, busiest first; untagged traffic is a row without a page.
fn vlan_rows<'a>(scene: &Scene<'a>) -> Vec<(Topic, &'a VlanRow)> {
    let mut rows: Vec<&VlanRow> = scene.snapshot.stats.vlans.rows.iter().collect();
    let bytes = |r: &VlanRow| scene.basis(r.recent, r.traffic).0.wire_bytes;
    rows.arrange_by(|x, y| bytes(y).cmp(&bytes(x)).then(x.id.cmp(&y.id)));
    scene.pane.arrange(rows.into_iter().map(|r| (Topic::Vlan(r.id), r)).collect())
}

/// VLANs where there is room for one list beside them at most: what they leave the stations have.
fn narrow(canvas: &mut Canvas, area: Rect, scene: &Scene) {
    let want = (scene.snapshot.stats.vlans.rows.len() + 3).min(usize::from(u16::MAX)) as u16;
    let (above, below) = split_top(area, want.max(4).min(area.height * 3 / 5));
    if below.height < 4 || STATION_PANEL.count(scene.snapshot) == 0 {
        return vlans(canvas, area, scene);
    }
    vlans(canvas, above, scene);
    STATION_PANEL.draw(canvas, below, scene, false);
}

fn vlans(canvas: &mut Canvas, area: Rect, scene: &Scene) {
    let whole = scene.whole();
    let columns: Vec<Col<&VlanRow>> =
        fields::columns(&vlans::VLANS, Layers::ALL, whole, |s, v: &&VlanRow, at| fields::of_row(s, Kind::Eth, &vlans::VLANS, v, at));
    let rows = vlan_rows(scene);
    let untagged: Traffic = scene.snapshot.stats.untagged;
    let share = crate::tui::view::ratio(untagged.wire_bytes, scene.all_bytes());
    let mut note = vec![("untagged ".into(), scene.style(Hue::Dim)), (amount::share(share).into(), scene.style(Hue::Text))];
    let tagged: f64 = scene.snapshot.stats.vlans.rows.iter().map(|v| scene.share(v.recent, v.traffic)).sum();
    if tagged + share > 1.005 && area.width >= 70 {
        note.insert(0, ("a frame with two tags counts in both · ".into(), scene.style(Hue::Dim)));
    }
    let focused = scene.pane.kind == VLANS;
    let body = titled(canvas, area, &scene.based("VLANs"), &note, focused && scene.pane.selected.is_some());
    table::draw(
        canvas,
        scene,
        body,
        &columns,
        &rows,
        &Shape {
            order: None,
            focused,
            kind: Some(VLANS),
            empty: "no frame with a VLAN tag has come: an untagged port, or the switch takes tags off copies",
            ..Shape::default()
        },
    );
}
