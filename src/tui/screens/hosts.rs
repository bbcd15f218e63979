//! Who talks: addresses and ports.
//!
//! ```text
//!  IPv4 88   IPv6 12   MAC 40   TCP ports 310   UDP ports 120   groups 6
//!  host           side       rate ▼        share      sends    receives
//! ```

use crate::snapshot::tables::conversations::CONVERSATIONS;
use crate::snapshot::tables::endpoints::ENDPOINTS;
use crate::snapshot::{Column, Snapshot, Table};
use crate::tui::canvas::{Canvas, split_top};
use crate::tui::columns::{self, End};
use crate::tui::details;
use crate::tui::label;
use crate::tui::panels::kinds;
use crate::tui::screen::{Hint, Screen, Sorts};
use crate::tui::screens::conversations::shown;
use crate::tui::view::{Kind, Scene, Topic};
use crate::tui::widgets::frame::titled;
use crate::tui::widgets::table::{self, Shape};
use ratatui::layout::Rect;
use ratatui::style::Style;
use std::borrow::Cow;

/// End points of every kind.
pub(in crate::tui) struct HostsScreen;

/// Rows that are shown together: hosts of a kind, or what is none.
struct Shown {
    name: &'static str,
    kinds: &'static [Kind],
    /// Groups (multicast, broadcast), and who has no address yet.
    groups: bool,
}

const fn hosts(name: &'static str, kinds: &'static [Kind]) -> Shown {
    Shown { name, kinds, groups: false }
}

const SHOWN: [Shown; 7] = [
    hosts("IPv4", &[Kind::Ip]),
    hosts("IPv6", &[Kind::Ipv6]),
    hosts("MAC", &[Kind::Eth]),
    hosts("TCP ports", &[Kind::Tcp]),
    hosts("UDP ports", &[Kind::Udp]),
    hosts("SCTP ports", &[Kind::Sctp]),
    Shown { name: "groups", kinds: &[Kind::Ip, Kind::Ipv6, Kind::Eth], groups: true },
];

impl Shown {
    fn of(scene: &Scene) -> &'static Self {
        SHOWN.get(scene.pane.kind).unwrap_or(&SHOWN[0])
    }

    /// The kind whose columns its rows have.
    fn kind(&self) -> Kind {
        self.kinds.first().copied().unwrap_or(Kind::Ip)
    }

    /// How many there are; what has no row is counted with the hosts.
    fn count(&self, s: &Snapshot) -> u64 {
        let apart = |kind: Kind| kind.endpoints(s).rows.iter().filter(|row| columns::is_apart(kind, row)).count() as u64;
        let of = |&kind: &Kind| if self.groups { apart(kind) } else { kind.endpoints(s).total_rows.saturating_sub(apart(kind)) };
        self.kinds.iter().map(of).sum()
    }

    fn rows<'a>(&self, scene: &Scene<'a>) -> Vec<(Topic, End<'a>)> {
        columns::host_rows(scene, self.kinds, self.groups)
    }

    /// What is said of the rows beside the title.
    fn note(&self, scene: &Scene, rows: usize) -> Vec<(Cow<'static, str>, Style)> {
        let s = scene.snapshot;
        let table = self.kind().endpoints(s);
        let (other, other_rows) = if self.groups { Default::default() } else { (table.other, table.other_rows) };
        let unasked = columns::unasked(scene, self.kind(), |filter| filter.asks_of(&ENDPOINTS) || filter.asks_of(&CONVERSATIONS));
        shown(scene, rows, &Table::<()> { rows: Vec::new(), total_rows: self.count(s), other, other_rows }, unasked)
    }
}

impl Screen for HostsScreen {
    fn title(&self) -> &'static str {
        "Hosts"
    }

    fn short_title(&self) -> &'static str {
        "Host"
    }

    fn about(&self) -> &'static str {
        "who sends and receives how much"
    }

    fn kinds(&self, _: &Snapshot) -> usize {
        SHOWN.len()
    }

    fn kind_with_rows(&self, scene: &Scene, kind: usize) -> Option<usize> {
        Some(kinds::with_rows(SHOWN.iter().map(|shown| shown.count(scene.snapshot)), kind))
    }

    fn topics(&self, scene: &Scene) -> Vec<Topic> {
        Shown::of(scene).rows(scene).into_iter().map(|r| r.0).collect()
    }

    fn sorting(&self) -> Option<(Sorts, Vec<Column>)> {
        use Column as C;
        Some((
            Sorts::Endpoints,
            vec![
                C::RATE,
                C::RATE_MINUTE,
                C::SENT,
                C::RECEIVED,
                C::PACKET_RATE,
                C::BYTES,
                C::PACKETS,
                C::DURATION,
                C::ADDRESS,
                C::RATE_SECOND,
            ],
        ))
    }

    fn keys(&self) -> &'static [Hint] {
        &[Hint {
            key: "← →", word: "kind", help: "IPv4, IPv6, MAC addresses, TCP, UDP and SCTP ports, groups (multicast and broadcast)"
        }]
    }

    fn draw(&self, canvas: &mut Canvas, area: Rect, scene: &Scene) {
        let these = Shown::of(scene);
        let (kind, rows) = (these.kind(), these.rows(scene));
        let six = columns::has_six(rows.iter().map(|r| &r.1.1.address));
        let named = !matches!(kind, Kind::Tcp | Kind::Udp | Kind::Sctp) && label::has_names(scene, rows.iter().map(|r| &r.1.1.address));
        let body = titled(canvas, area, &scene.based("Hosts"), &these.note(scene, rows.len()), false);
        let (line, body) = split_top(body, 1);
        let names: Vec<_> = SHOWN.iter().map(|shown| (shown.name, Some(shown.count(scene.snapshot)))).collect();
        kinds::draw(canvas, line, scene, &names);
        let order = Some(scene.view.endpoints);
        let (body, below) = details::with_preview(body, rows.len());
        table::draw(
            canvas,
            scene,
            body,
            &columns::chosen_hosts(scene, kind, six, named),
            &rows,
            &Shape { order, focused: true, empty: &kinds::empty(scene, &names), ..Shape::default() },
        );
        if let Some((below, topic)) = below.zip(details::chosen(scene, rows.iter().map(|row| &row.0))) {
            details::preview(canvas, below, scene, topic);
        }
    }
}
