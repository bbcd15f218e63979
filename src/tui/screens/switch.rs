//! The switch: which one it is, its spanning trees, its neighbours, what happened.
//!
//! ```text
//!  sw-core-1 Gi1/0/24   managed at 10.0.0.2   by LLDP
//!  ◂ Neighbours 2   Spanning tree 3   Link aggregation 2   Gateways 2   OSPF 0   Queriers 1   Events 4 ▸
//! ─ Neighbours ─────────────────── 2 ─┬─ Events ───────────────────────────────────── 4 ─
//!  device           port       by     │ 12:00:07  stp.root   names 4096/… as root, no longer …
//! ─ Spanning tree ──────────────── 3 ─┤
//!  vlan  kind   root         bridge   │
//! ```

mod tree;

use crate::model::Timestamp;
use crate::snapshot::Snapshot;
use crate::snapshot::tables::authentication::AUTHENTICATION;
use crate::snapshot::tables::members::MEMBERS;
use crate::snapshot::tables::ports::PORTS;
use crate::snapshot::tables::speakers::SPEAKERS;
use crate::snapshot::tables::switch::{AGGREGATES, EVENTS, GATEWAYS, NEIGHBOURS, OSPF, QUERIERS, TREES};
use crate::snapshot::tables::transit::TRANSIT;
use crate::tui::canvas::{Canvas, cells, cut_end, hundredths, split_top, wrap};
use crate::tui::panels::any_table::TablePanel;
use crate::tui::panels::{facts, kinds, transit};
use crate::tui::screen::{Hint, Screen};
use crate::tui::theme::Hue;
use crate::tui::view::{Kind, Scene, Topic};
use crate::tui::widgets::frame::{columns as divide, titled};
use ratatui::layout::Rect;
use std::borrow::Cow;

/// The switch.
pub(in crate::tui) struct SwitchScreen;

/// What is said where nothing is known.
const UNSEEN: &str = "not visible in this mirror: most mirror sessions leave out what switches say to each other";

/// What is said instead where other control packets are mirrored.
const UNSEEN_AMONG_OTHERS: &str = "none seen: other control packets are mirrored, so these are not sent here, or seldom";

/// The panels, in the order Left and Right walk through them.
const PANELS: [(&str, TablePanel); 12] = [
    ("Neighbours", TablePanel { empty: UNSEEN, ..TablePanel::of(&NEIGHBOURS) }),
    ("Ports", TablePanel { empty: "the switch is asked only when told to: --switch snmp://HOST", ..TablePanel::of(&PORTS) }),
    ("Spanning tree", TablePanel { empty: UNSEEN, ..TablePanel::of(&TREES) }),
    ("LACP", TablePanel { empty: UNSEEN, ..TablePanel::of(&AGGREGATES) }),
    ("Gateways", TablePanel { empty: "no VRRP, CARP, HSRP or GLBP is visible in this mirror", ..TablePanel::of(&GATEWAYS) }),
    ("OSPF", TablePanel { empty: "no OSPF hello is visible in this mirror", ..TablePanel::of(&OSPF) }),
    ("Peers", TablePanel { empty: "no IS-IS, EIGRP, BFD, PTP or NTP is visible in this mirror", ..TablePanel::of(&SPEAKERS) }),
    ("802.1X", TablePanel { empty: "no port that lets devices in by 802.1X is visible in this mirror", ..TablePanel::of(&AUTHENTICATION) }),
    ("Queriers", TablePanel { empty: "no query for multicast groups is visible in this mirror", ..TablePanel::of(&QUERIERS) }),
    ("Members", TablePanel { empty: "no host that joins a group is visible in this mirror", ..TablePanel::of(&MEMBERS) }),
    (
        "Transit",
        TablePanel { empty: "no packet was seen at two places: the mirror shows one side of the switch", ..TablePanel::of(&TRANSIT) },
    ),
    ("Events", TablePanel { empty: "nothing has happened since the beginning, as far as this mirror shows it", ..TablePanel::of(&EVENTS) }),
];

const TRANSIT_AT: usize = 10;
const EVENTS_AT: usize = 11;

fn panel(at: usize) -> &'static TablePanel {
    PANELS.get(at).map_or(&PANELS[0].1, |panel| &panel.1)
}

/// Draws a panel; one without rows says why.
fn draw_panel(canvas: &mut Canvas, area: Rect, scene: &Scene, at: usize, focused: bool) {
    let reason = scene.snapshot.switch.transit.reason;
    let sees_others = || PANELS.iter().any(|(_, panel)| panel.empty == UNSEEN && panel.count(scene.snapshot) > 0);
    let empty = match panel(at).empty {
        _ if at == TRANSIT_AT && !reason.is_empty() => reason,
        UNSEEN if sees_others() => UNSEEN_AMONG_OTHERS,
        empty => empty,
    };
    TablePanel { empty, ..*panel(at) }.draw(canvas, area, scene, focused);
}

/// Transit times, and below them those of the row that is selected.
fn draw_transit(canvas: &mut Canvas, area: Rect, scene: &Scene) {
    let rows = panel(TRANSIT_AT).count(scene.snapshot).min(200) as u16;
    let (above, below) = split_top(area, rows.saturating_add(3).min(area.height / 2));
    draw_panel(canvas, above, scene, TRANSIT_AT, true);
    let selected = scene.pane.selected.as_ref().and_then(|topic| panel(TRANSIT_AT).place(scene, topic));
    transit::draw(canvas, below, scene, selected.unwrap_or(0));
}

impl Screen for SwitchScreen {
    fn title(&self) -> &'static str {
        "Switch"
    }

    fn about(&self) -> &'static str {
        "which switch and port is mirrored, spanning tree, neighbours, link aggregation, gateways, how long packets take, what happened"
    }

    fn kinds(&self, _: &Snapshot) -> usize {
        PANELS.len()
    }

    fn kind_with_rows(&self, scene: &Scene, kind: usize) -> Option<usize> {
        Some(kinds::with_rows(PANELS.iter().map(|(_, panel)| panel.matching(scene)), kind))
    }

    fn topics(&self, scene: &Scene) -> Vec<Topic> {
        panel(scene.pane.kind).topics(scene)
    }

    /// The address in the row. A group to which nothing was sent has no page: there it is who joined it last; places between which packets
    /// were seen are VLANs.
    fn opens(&self, scene: &Scene, topic: &Topic) -> Option<Topic> {
        let list = panel(scene.pane.kind);
        if scene.pane.kind == TRANSIT_AT {
            let row = scene.snapshot.switch.transit.rows.get(list.place(scene, topic)?)?;
            return [&row.to, &row.from].into_iter().find_map(|place| place.vlan).map(Topic::Vlan);
        }
        let found = list.host(scene, topic)?;
        let Topic::Host { kind, address, .. } = &found else { return Some(found) };
        if kind.endpoints(scene.snapshot).rows.iter().any(|row| row.address == *address) {
            return Some(found);
        }
        let others = list.addresses(scene, topic).into_iter().skip(1);
        let mut others = others.map(|address| Topic::Host { kind: Kind::of_address(address), address, port: 0 });
        Some(others.next_back().unwrap_or(found))
    }

    /// What happened has a time, and packets that told of it.
    fn moment(&self, scene: &Scene, topic: &Topic) -> Option<Timestamp> {
        if scene.pane.kind != EVENTS_AT {
            return None;
        }
        // The latest stand first.
        let events = &scene.snapshot.switch.events;
        let place = panel(EVENTS_AT).place(scene, topic)?;
        events.iter().rev().nth(place).map(|event| event.time)
    }

    fn keys(&self) -> &'static [Hint] {
        &[Hint {
            key: "← →",
            word: "panel",
            help: "neighbours, ports, spanning tree, link aggregation, gateways, routers, clocks, port authentication, queriers, members, transit times, events",
        }]
    }

    fn looks_back(&self) -> bool {
        false
    }

    fn draw(&self, canvas: &mut Canvas, area: Rect, scene: &Scene) {
        let lines = identity(scene, area.width.saturating_sub(2));
        let (head, rest) = split_top(area, (lines.len() as u16).min(area.height / 3));
        for (line, y) in lines.iter().zip(head.top()..head.bottom()) {
            canvas.pieces(head.x + 1, y, head.width.saturating_sub(2), line);
        }
        let (tabs, body) = split_top(rest, u16::from(rest.height > 2));
        let names: Vec<_> = PANELS.iter().map(|(name, panel)| (*name, Some(panel.matching(scene)))).collect();
        kinds::draw(canvas, tabs, scene, &names);
        let kind = scene.pane.kind;
        if body.height < 14 {
            return draw_panel(canvas, body, scene, kind, true);
        }
        if kind == TRANSIT_AT && panel(kind).count(scene.snapshot) > 0 {
            return draw_transit(canvas, body, scene);
        }
        let count = |at: usize| panel(at).count(scene.snapshot);
        if (0..PANELS.len()).all(|at| count(at) == 0) {
            return unseen(canvas, body, scene);
        }
        // What was walked to stands first; beside and below it what has rows.
        let mut others: Vec<usize> = (0..PANELS.len()).filter(|at| *at != kind && count(*at) > 0).collect();
        let mut left = body;
        let lines = |at: usize| (count(at).clamp(1, 200) as u16).saturating_add(3);
        // Events stand beside the others where all have no room below each other.
        let all: u16 = others.iter().fold(lines(kind), |sum, at| sum.saturating_add(lines(*at)));
        if body.width >= 150 && kind != EVENTS_AT && others.len() > 1 && count(EVENTS_AT) > 0 && all > body.height {
            let parts = divide(canvas, body, &[hundredths(body.width, 58)]);
            if let [lists, right] = parts[..] {
                others.retain(|at| *at != EVENTS_AT);
                draw_panel(canvas, right, scene, EVENTS_AT, false);
                left = lists;
            }
        }
        let drawing = tree::lines(scene, left.width.saturating_sub(2));
        // Each has room for some rows before one has room for all.
        let few: u16 = others.iter().map(|at| lines(*at).min(6)).sum();
        let first = lines(kind).min(left.height.saturating_sub(few).max(left.height / 3)).max(4);
        let (above, mut rest) = split_top(left, if others.is_empty() && drawing.is_empty() { left.height } else { first });
        draw_panel(canvas, above, scene, kind, true);
        for (place, at) in others.iter().enumerate() {
            let behind: u16 = others.iter().skip(place + 1).map(|at| lines(*at).min(6)).sum();
            let height = lines(*at).min(rest.height.saturating_sub(behind).max(6));
            if rest.height < 4 {
                return;
            }
            let (part, under) = split_top(rest, height);
            draw_panel(canvas, part, scene, *at, false);
            rest = under;
        }
        if !drawing.is_empty() && rest.height >= 3 {
            tree::draw(canvas, rest, &drawing);
        }
    }
}

/// Where nothing is known: what would stand here, and why it does not.
fn unseen(canvas: &mut Canvas, area: Rect, scene: &Scene) {
    let body = titled(canvas, area, "What would stand here", &[], false);
    let hue = |at| if at == scene.pane.kind { Hue::Text } else { Hue::Dim };
    let list: Vec<facts::Fact> =
        PANELS.iter().enumerate().map(|(at, (name, panel))| ((*name).to_owned(), panel.empty.to_owned(), scene.style(hue(at)))).collect();
    facts::draw(canvas, body, &list);
}

type Line = Vec<(Cow<'static, str>, ratatui::style::Style)>;

/// Which switch it is, or why that is not known and what to change.
fn identity(scene: &Scene, width: u16) -> Vec<Line> {
    let mut lines = named(scene, width);
    let said = |words: &str, hue| -> Vec<Line> {
        wrap(words, width).into_iter().take(2).map(|line| vec![(line.into(), scene.style(hue))]).collect()
    };
    let switch = &scene.snapshot.switch;
    lines.extend(switch.offered_words().into_iter().flat_map(|words| said(&words, Hue::Text)));
    let trouble = switch.asked.as_ref().and_then(|asked| asked.trouble.as_ref());
    lines.extend(trouble.into_iter().flat_map(|words| said(words, Hue::Warn)));
    lines
}

fn named(scene: &Scene, width: u16) -> Vec<Line> {
    let v = &scene.snapshot.switch;
    let (text, dim) = (scene.style(Hue::Text), scene.style(Hue::Dim));
    let Some(i) = &v.identity else {
        let words = match (v.unknown.as_str(), v.link.as_slice()) {
            ("", _) => UNSEEN.to_owned(),
            (unknown, [a, b]) => format!("{a} – {b}: {unknown}"),
            (unknown, _) => unknown.to_owned(),
        };
        let said = format!("Which switch: {words}. {}", v.remedy);
        return wrap(said.trim(), width).into_iter().take(3).map(|line| vec![(line.into(), dim)]).collect();
    };
    let mut line: Line = vec![(cut_end(&v.title().unwrap_or_default(), width / 2).into_owned().into(), scene.theme.strong(Hue::Title))];
    if let Some(address) = i.management.filter(|address| address.is_somebody()) {
        line.extend([("   managed at ".into(), dim), (address.to_string().into(), text)]);
    }
    line.extend([("   by ".into(), dim), (i.source.token().to_uppercase().into(), text)]);
    if !i.is_likely {
        return vec![line];
    }
    let said = "nobody else says who it is: it may be the device at the other end";
    let used: usize = line.iter().map(|piece| usize::from(cells(&piece.0))).sum();
    if used + 3 + said.len() <= usize::from(width) {
        line.push((format!("   {said}").into(), dim));
        return vec![line];
    }
    let below = wrap(said, width).into_iter().map(|line| vec![(line.into(), dim)]);
    std::iter::once(line).chain(below).collect()
}
