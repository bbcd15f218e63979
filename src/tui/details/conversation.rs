//! One conversation: both directions, state, path.
//!
//! ```text
//! ─ Conversation ───────────────────────────┬─ Since opened ─────
//!  began by   10.20.0.14:51532              │ …
//!  state      open
//! ─ Directions ─────────────────────────────────────────────────
//!  10.20.0.14:51532 →   210 Mb/s  …  bytes  packets  ███████ 92 %
//! ```

use super::{SubjectPage, gone, head, related, span_line, traffic_line, troubles};
use crate::model::rtp::codec_name;
use crate::model::text::printable;
use crate::model::time::SECOND;
use crate::model::units::{self, grouped, plural};
use crate::model::{AppBy, Timestamp, Traffic};
use crate::snapshot::{Conversation, PacketSubject, Snapshot, StreamRow, TcpState, Transfer};
use crate::tui::canvas::{Canvas, split_top};
use crate::tui::columns;
use crate::tui::label;
use crate::tui::panels::events::{self, Events};
use crate::tui::panels::facts::Fact;
use crate::tui::screen::{Hint, Screen};
use crate::tui::theme::Hue;
use crate::tui::view::{Kind, Scene, Topic, ratio};
use crate::tui::widgets::amount::{self, COUNT, RATE, VOLUME};
use crate::tui::widgets::frame::{note_before, titled};
use crate::tui::widgets::table::{self, Cell, Col, Shape};
use ratatui::layout::Rect;

pub(super) struct ConversationPage;

impl SubjectPage for ConversationPage {
    fn covers(&self, topic: &Topic) -> bool {
        matches!(topic, Topic::Conversation { .. })
    }

    fn crumb(&self, scene: &Scene, topic: &Topic) -> String {
        let Topic::Conversation { kind, a, a_port, b, b_port, .. } = topic else { return String::new() };
        format!("{} ⇄ {}", label::endpoint(scene, *kind, *a, *a_port), label::endpoint(scene, *kind, *b, *b_port))
    }

    fn sides(&self, snapshot: &Snapshot, topic: &Topic) -> Option<(Traffic, Traffic)> {
        let Topic::Conversation { kind, .. } = topic else { return None };
        let row = kind.conversations(snapshot).rows.iter().find(|row| Topic::conversation(*kind, row) == *topic)?;
        Some(if row.originator_is_a { (row.recent_ab, row.recent_ba) } else { (row.recent_ba, row.recent_ab) })
    }
}

fn find<'a>(scene: &Scene<'a>) -> Option<(Kind, &'a Conversation)> {
    let topic = scene.topic?;
    let Topic::Conversation { kind, .. } = topic else { return None };
    let row = kind.conversations(scene.snapshot).rows.iter().find(|row| Topic::conversation(*kind, row) == *topic)?;
    Some((*kind, row))
}

/// Other conversations of the same two addresses.
fn siblings<'a>(scene: &Scene<'a>, (kind, row): (Kind, &Conversation)) -> Vec<(Topic, (Kind, &'a Conversation))> {
    let mut found = related(scene, &|c| {
        c.a == row.a && c.b == row.b && (c.a_port, c.b_port, c.beginning()) != (row.a_port, row.b_port, row.beginning())
    });
    // All that two hosts exchange is no other conversation than those at their ports.
    let has_ports = |kind: Kind| matches!(kind, Kind::Tcp | Kind::Udp | Kind::Sctp);
    found.retain(|(_, (other, _))| has_ports(*other) == has_ports(kind));
    found
}

/// The page that has nothing but what happened.
const HAPPENED: usize = 1;

/// Lines of the two directions.
const DIRECTIONS: u16 = 4;

impl Screen for ConversationPage {
    fn title(&self) -> &'static str {
        "Conversation"
    }

    /// All of it, and what happened alone.
    fn kinds(&self, _: &Snapshot) -> usize {
        2
    }

    fn topics(&self, scene: &Scene) -> Vec<Topic> {
        let found = find(scene).filter(|_| scene.pane.kind != HAPPENED);
        found.map(|found| siblings(scene, found).into_iter().map(|r| r.0).collect()).unwrap_or_default()
    }

    fn keys(&self) -> &'static [Hint] {
        &[Hint { key: "← →", word: "events", help: "what happened in it, alone" }]
    }

    fn shows_packets(&self) -> bool {
        true
    }

    fn draw(&self, canvas: &mut Canvas, area: Rect, scene: &Scene) {
        let Some((kind, row)) = find(scene) else { return gone(canvas, area, scene) };
        let events = events_of(scene, (kind, row));
        if let Some(events) = events.as_ref().filter(|_| scene.pane.kind == HAPPENED) {
            return events.draw(canvas, area, scene);
        }
        let [a, b] = [(row.a, row.a_port), (row.b, row.b_port)].map(|(address, port)| label::endpoint(scene, kind, address, port));
        let facts = facts(scene, (kind, row), [&a, &b]);
        let siblings = siblings(scene, (kind, row));
        let others = if siblings.is_empty() { 0 } else { (siblings.len() as u16).saturating_add(3) };
        let wanted = events.as_ref().map_or(0, Events::height);
        let below = DIRECTIONS.saturating_add(wanted).saturating_add(others);
        let rest = head(canvas, area, scene, (kind.name(), &facts, Some(("sends", "receives"))), (below.into(), wanted > 0));
        let (directions, rest) = split_top(rest, DIRECTIONS);
        draw_directions(canvas, directions, scene, row, [&a, &b]);
        let rest = match events {
            Some(events) => {
                if rest.height < events.height() {
                    note_before(canvas, Rect { height: area.height.min(1), ..area }, "→ what happened", scene.style(Hue::Accent));
                }
                happened(canvas, rest, scene, &events, others)
            }
            None => rest,
        };
        if rest.height >= 4 && !siblings.is_empty() {
            super::draw_related(canvas, rest, scene, "Others between the same hosts", &siblings);
        }
    }
}

/// Draws what happened above `others` lines of who else there is, which have a third where both want more; returns the rest.
fn happened(canvas: &mut Canvas, area: Rect, scene: &Scene, events: &Events, others: u16) -> Rect {
    if area.height < events::LEAST {
        return area;
    }
    let theirs = others.min((area.height / 3).max(5));
    let gap = u16::from(others > 0);
    let ours = events.height().saturating_add(gap).min(area.height.saturating_sub(theirs));
    // Less than some lines of each is nothing to be read.
    let ours = if ours < events::LEAST + gap { area.height } else { ours };
    let (above, below) = split_top(area, ours);
    events.draw(canvas, Rect { height: above.height.saturating_sub(if below.height > 0 { gap } else { 0 }), ..above }, scene);
    below
}

/// What is known of it, in words; `ends`: what its ends are called.
fn facts(scene: &Scene, (kind, row): (Kind, &Conversation), ends: [&str; 2]) -> Vec<Fact> {
    let text = scene.style(Hue::Text);
    let mut facts: Vec<_> = parties(scene, row, ends).into_iter().map(|(word, end)| (word.to_owned(), end, text)).collect();
    let addresses = [(row.a, row.a_port), (row.b, row.b_port)];
    facts.extend(troubles::findings(scene, &addresses));
    if let Some(state) = row.state {
        let (word, hue) = label::state(state);
        let ended = row.ended.filter(|ended| ended.by().is_some()).map(|ended| format!(": {}", ended.text())).unwrap_or_default();
        facts.push(("state".into(), format!("{word}{ended}"), scene.style(hue)));
    }
    let family = columns::conversation_family(row);
    let guess = if row.app_by == Some(AppBy::Port) { "? by its port" } else { "" };
    facts.push(("speaks".into(), format!("{}{guess}", columns::app_token(row)), scene.style(Hue::Family(family))));
    if let Some(name) = &row.server_name {
        facts.push(("server".into(), printable(name).into_owned(), text));
    }
    let server = addresses.get(usize::from(row.originator_is_a)).copied().unwrap_or((row.b, row.b_port));
    facts.extend(troubles::service(scene, server, kind.token()));
    facts.extend(troubles::segments(scene, row));
    if let Some(trips) = trips(row) {
        facts.push(("round trip".into(), trips, text));
    }
    for (name, words) in transfers(row) {
        facts.push((name.into(), words, text));
    }
    if let Some(turns) = turns(row) {
        facts.push(("turns".into(), turns, text));
    }
    facts.extend(streams(scene, row).into_iter().map(|(name, words)| (name, words, text)));
    facts.push(("path".into(), row.path.to_string(), text));
    if let Some(began) = row.began {
        let when = amount::span(began, began, scene.options.utc_offset);
        facts.push(("began".into(), format!("{when}, before this span"), text));
    }
    if row.first != Timestamp::UNKNOWN {
        facts.push(("seen".into(), span_line(scene, row.first, row.last), text));
    }
    facts.push(("traffic".into(), traffic_line(scene, row.recent(), row.total(), Some(scene.active_seconds(row))), text));
    if !row.vlans.ids().is_empty() {
        facts.push(("vlans".into(), columns::vlans(row.vlans.ids()), text));
    }
    facts
}

/// What happened in it, on a page of its own: below a list nobody reads all packets again for what the cursor passes.
fn events_of(scene: &Scene, (kind, row): (Kind, &Conversation)) -> Option<Events> {
    if scene.trail.is_empty() {
        return None;
    }
    let of = PacketSubject::Between { a: row.a, a_port: row.a_port, b: row.b, b_port: row.b_port, protocol: kind.protocol() };
    Events::ask(scene, of, if row.originator_is_a { row.a } else { row.b })
}

/// Round trips on both sides of the mirrored port: medians, or the least where acknowledgements may have waited.
fn trips(row: &Conversation) -> Option<String> {
    let trips = &row.tcp.as_ref()?.round_trips;
    let client = usize::from(!row.originator_is_a);
    let side = |name: &str, at: usize| {
        let side = trips.sides.get(at).filter(|side| side.count > 0)?;
        let seconds = |nanos: i64| amount::short_duration(nanos as f64 / SECOND as f64);
        Some(match side.quantiles {
            Some([p50, p95]) => {
                // What is small beside the way itself is no queue.
                let queue = side.queueing().filter(|queue| *queue > side.min / 4).map(|queue| format!(", queues {}", seconds(queue)));
                format!("{name} {} (min {}, p95 {}{})", seconds(p50), seconds(side.min), seconds(p95), queue.unwrap_or_default())
            }
            None => format!("{name} {} at least", seconds(side.min)),
        })
    };
    let sides: Vec<String> = [side("client side", client), side("server side", 1 - client)].into_iter().flatten().collect();
    (!sides.is_empty()).then(|| sides.join(" · "))
}

/// What each end sent, how fast, and whether its receiver held it back.
fn transfers(row: &Conversation) -> Vec<(&'static str, String)> {
    let of = row.transfers().unwrap_or_default();
    let said = ["client sent", "server sent"].into_iter().zip(of).filter_map(|(name, transfer)| {
        let Transfer { carried, rates } = transfer?;
        let arrived = format!("{} that arrived", units::bytes(carried.bytes));
        let rate = |bits| units::bits_per_second(bits);
        let rates = rates.map(|[all, new]| format!("goodput {} of {}", rate(new), rate(all)));
        let held = carried.window_limited().map(|part| format!("window full {} of the time", units::percent(part)));
        Some((name, [Some(arrived), rates, held].into_iter().flatten().collect::<Vec<_>>().join(" · ")))
    });
    said.collect()
}

/// The streams of voice and pictures that it carries, each with what it lacks.
fn streams(scene: &Scene, row: &Conversation) -> Vec<(String, String)> {
    let carried = scene.snapshot.stats.streams.iter().filter(|s| s.stream.is_between((row.a, row.a_port), (row.b, row.b_port)));
    let said = carried.map(|StreamRow { stream, call }| {
        let from = label::endpoint(scene, Kind::Udp, stream.from.0, stream.from.1);
        let codec = codec_name(stream.payload_type).map(str::to_owned).unwrap_or_else(|| format!("payload type {}", stream.payload_type));
        let lost = format!("lost {} of {} packets", grouped(stream.lost), grouped(stream.expected()));
        let seconds = |nanos: i64| amount::short_duration(nanos as f64 / SECOND as f64);
        let jitter = stream.jitter.map(|[mean, most]| format!("jitter {}, at most {}", seconds(mean), seconds(most)));
        let score = stream.opinion_score().map(|score| format!("MOS estimated {score:.2}"));
        let call = Some(call.as_str()).filter(|call| !call.is_empty()).map(|call| printable(call).into_owned());
        let parts = [call, Some(format!("{codec} from {from}")), Some(lost), jitter, score];
        ("stream".to_owned(), parts.into_iter().flatten().collect::<Vec<_>>().join(" · "))
    });
    said.collect()
}

/// Whose time it was: of all its turns together.
fn turns(row: &Conversation) -> Option<String> {
    let turns = row.turns()?;
    let parts = [("network", turns.network), ("server", turns.server), ("client", turns.client), ("transfer", turns.transfer)];
    let parts = parts.map(|(name, nanos)| format!("{name} {}", amount::short_duration(nanos as f64 / SECOND as f64)));
    Some(format!("{}: {}", plural(turns.count.into(), "turn"), parts.join(" · ")))
}

struct Way {
    name: String,
    recent: Traffic,
    total: Traffic,
    share: f64,
    hue: Hue,
}

fn draw_directions(canvas: &mut Canvas, area: Rect, scene: &Scene, row: &Conversation, [a, b]: [&str; 2]) {
    let whole = row.total().wire_bytes;
    let hues = if row.originator_is_a { [Hue::Out, Hue::In] } else { [Hue::In, Hue::Out] };
    let way = |name: &str, recent, total: Traffic, hue| Way {
        name: format!("from {name}"),
        recent,
        total,
        share: ratio(total.wire_bytes, whole),
        hue,
    };
    let mut ways = vec![way(a, row.recent_ab, row.ab, hues[0]), way(b, row.recent_ba, row.ba, hues[1])];
    if !row.originator_is_a {
        ways.reverse();
    }
    let rows: Vec<(Topic, Way)> = (0..).zip(ways).map(|(i, w)| (Topic::Row(i), w)).collect();
    let whole = scene.whole();
    let columns: Vec<Col<Way>> = vec![
        Col::left("direction", 22..=50, 0, |s, w| Cell::Address(w.name.clone(), s.style(w.hue))),
        Col::right(columns::load_title(whole), RATE..=RATE, 1, |s, w| columns::load_cell(s, w.recent, w.total, Hue::Text)),
        Col::right("of its bytes", 14..=30, 3, |s, w| Cell::Share(w.share, s.style(w.hue))),
        Col::right("pps", RATE..=RATE, 4, |s, w| Cell::Amount(amount::packet_rate(s.packets(w.recent, w.total)), s.style(Hue::Text))),
        Col::right("bytes", VOLUME..=VOLUME, 2, |s, w| Cell::Amount(amount::volume(w.total.wire_bytes), s.style(Hue::Text))),
        Col::right("packets", COUNT + 1..=COUNT + 1, 5, |s, w| Cell::Amount(amount::count(w.total.packets), s.style(Hue::Text))),
    ];
    let columns = columns::for_file(columns, whole);
    let body = titled(canvas, area, &scene.based("Directions"), &[], false);
    table::draw(canvas, scene, body, &columns, &rows, &Shape { inert: true, ..Shape::default() });
}

/// Between whom it is: who began first, where somebody saw that.
fn parties(scene: &Scene, row: &Conversation, [a, b]: [&str; 2]) -> [(&'static str, String); 2] {
    // Where names are shown the end is called by its name already.
    let called = |end: &str, address| match label::learnt(scene, address).filter(|_| !scene.view.names) {
        Some(name) => format!("{end} · {name}"),
        None => end.to_owned(),
    };
    let (first, second) = (called(a, row.a), called(b, row.b));
    let (first, second) = if row.originator_is_a { (first, second) } else { (second, first) };
    // Of a connection that was there before, nobody saw who began.
    let is_seen = row.is_begun() || row.began.is_some() && row.state != Some(TcpState::Midstream);
    let [from, to] = if is_seen { ["began by", "with"] } else { ["between", "and"] };
    [(from, first), (to, second)]
}
