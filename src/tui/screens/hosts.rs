//! Who talks: addresses and ports.
//!
//! ```text
//!  IPv4 88   IPv6 12   MAC 40   TCP ports 310   UDP ports 120
//!  host           side       rate ▼        share      sends    receives
//! ```

use crate::snapshot::{Column, Snapshot};
use crate::tui::canvas::{Canvas, split_top};
use crate::tui::columns::{self, empty};
use crate::tui::label;
use crate::tui::panels::kinds;
use crate::tui::screen::{Hint, Screen, Sorts};
use crate::tui::screens::conversations::shown;
use crate::tui::view::{Kind, Scene, Topic};
use crate::tui::widgets::frame::titled;
use crate::tui::widgets::table::{self, Shape};
use ratatui::layout::Rect;

/// End points of every kind.
pub(in crate::tui) struct Hosts;

const KINDS: [(Kind, &str); 6] = [
    (Kind::Ip, "IPv4"),
    (Kind::Ipv6, "IPv6"),
    (Kind::Eth, "MAC"),
    (Kind::Tcp, "TCP ports"),
    (Kind::Udp, "UDP ports"),
    (Kind::Sctp, "SCTP ports"),
];

fn kind(scene: &Scene) -> Kind {
    KINDS.get(scene.pane.kind).map_or(Kind::Ip, |k| k.0)
}

impl Screen for Hosts {
    fn title(&self) -> &'static str {
        "Hosts"
    }

    fn about(&self) -> &'static str {
        "who sends and receives how much"
    }

    fn kinds(&self, _: &Snapshot) -> usize {
        KINDS.len()
    }

    fn kind_with_rows(&self, snapshot: &Snapshot, kind: usize) -> Option<usize> {
        Some(kinds::with_rows(KINDS.iter().map(|(kind, _)| kind.endpoints(snapshot).total_rows), kind))
    }

    fn topics(&self, scene: &Scene) -> Vec<Topic> {
        columns::host_rows(scene, kind(scene)).into_iter().map(|r| r.0).collect()
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
        &[Hint { key: "← →", word: "kind", help: "IPv4, IPv6, MAC addresses, TCP, UDP and SCTP ports" }]
    }

    fn draw(&self, canvas: &mut Canvas, area: Rect, scene: &Scene) {
        let kind = kind(scene);
        let rows = columns::host_rows(scene, kind);
        let six = columns::has_six(rows.iter().map(|r| &r.1.1.address));
        let named = !matches!(kind, Kind::Tcp | Kind::Udp | Kind::Sctp) && label::has_names(scene, rows.iter().map(|r| &r.1.1.address));
        let body =
            titled(canvas, area, &scene.based("Hosts", area.width), &shown(scene, rows.len(), kind.endpoints(scene.snapshot)), false);
        let (line, body) = split_top(body, 1);
        let names: Vec<_> = KINDS.iter().map(|(k, n)| (*n, Some(k.endpoints(scene.snapshot).total_rows))).collect();
        kinds::draw(canvas, line, scene, &names);
        let order = Some(scene.view.endpoints);
        table::draw(
            canvas,
            scene,
            body,
            &columns::chosen_hosts(scene, kind, six, named),
            &rows,
            &Shape { order, focused: true, empty: empty(scene), ..Shape::default() },
        );
    }
}
