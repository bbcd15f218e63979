//! What one thing sent and received over all the time that is kept of the past.
//!
//! Slots keep their largest rows only: where something is not among them, and others are not either, nothing is drawn rather than nothing told.

use crate::model::time::SECOND;
use crate::model::units;
use crate::model::{Address, TimeSpan, Timestamp, Traffic};
use crate::snapshot::HistorySlot;
use crate::snapshot::history::{TalkAbout, TalkKey, TopRow, TopRows};
use crate::tui::canvas::{Canvas, split_top};
use crate::tui::panels::load;
use crate::tui::theme::Hue;
use crate::tui::view::{Kind, Scene, Topic};
use crate::tui::widgets::bins::{Bin, Bins, Stretch};
use crate::tui::widgets::chart::{self, LABELS, Plot};
use crate::tui::widgets::frame::titled;
use ratatui::layout::Rect;

/// What both sides sent in a slot; `None`: that is not known.
type Sides = Option<[Traffic; 2]>;

/// Of a port that much is shown, in nanoseconds.
const LATELY: i64 = 300 * SECOND;

/// The slots in which something was counted at all: a chart of fewer says nothing.
const FEWEST: usize = 3;

/// What the two sides of a thing sent in a slot: a conversation's opener first, of a host what it sent first.
fn sides(slot: &HistorySlot, topic: &Topic) -> Sides {
    match topic {
        Topic::Conversation { kind: Kind::Eth, a: Address::Mac(a), b: Address::Mac(b), .. } => pair(&slot.mac_pairs, [*a, *b]),
        Topic::Conversation { kind: Kind::Ip | Kind::Ipv6, a, b, .. } => pair(&slot.pairs, [*a, *b]),
        Topic::Conversation { kind, a, a_port, b, b_port, first } => {
            let protocol = number(*kind)?;
            let ends = [(*a, *a_port), (*b, *b_port)];
            let is_it =
                |key: &TalkKey| key.protocol == protocol && key.first == *first && (ends == [key.a, key.b] || ends == [key.b, key.a]);
            one(&slot.talks, &is_it).map(|found| found.map_or_else(Default::default, |row| opened(row.traffic, row.about.originator_is_a)))
        }
        Topic::Host { address: Address::Mac(mac), .. } => {
            one(&slot.stations, &|key| key == mac).map(|row| row.map_or_else(Default::default, |row| row.traffic))
        }
        Topic::Host { address, port: 0, .. } => {
            one(&slot.hosts, &|key| key == address).map(|row| row.map_or_else(Default::default, |row| row.traffic))
        }
        Topic::Host { kind, address, port } => at_port(&slot.talks, number(*kind)?, (*address, *port)),
        Topic::Service(key) => at_port(&slot.talks, number(super::service::kind(*key))?, (key.address, key.port)),
        _ => None,
    }
}

/// The IP protocol of a kind of conversations.
fn number(kind: Kind) -> Option<u8> {
    match kind {
        Kind::Tcp => Some(6),
        Kind::Udp => Some(17),
        Kind::Sctp => Some(132),
        Kind::Eth | Kind::Ip | Kind::Ipv6 => None,
    }
}

/// Who opened first.
fn opened([a, b]: [Traffic; 2], by_a: bool) -> [Traffic; 2] {
    if by_a { [a, b] } else { [b, a] }
}

/// The row of a key: there, certainly not there, or (`None`) not known.
fn one<'s, K, A>(rows: &'s TopRows<K, A>, is_it: &dyn Fn(&K) -> bool) -> Option<Option<&'s TopRow<K, A>>> {
    match rows.rows.iter().find(|row| is_it(&row.key)) {
        Some(row) => Some(Some(row)),
        None if rows.other_rows == 0 => Some(None),
        None => None,
    }
}

fn pair<K: PartialEq + Copy>(rows: &TopRows<[K; 2], crate::snapshot::history::PairAbout>, [a, b]: [K; 2]) -> Sides {
    let found = one(rows, &|key| *key == [a, b] || *key == [b, a])?;
    Some(found.map_or_else(Default::default, |row| opened(row.traffic, row.about.originator_is_a)))
}

/// What an end with a port sent and received in all its conversations.
fn at_port(rows: &TopRows<TalkKey, TalkAbout>, protocol: u8, end: (Address, u16)) -> Sides {
    let mut sum = [Traffic::default(); 2];
    let mut is_there = false;
    for row in rows.rows.iter().filter(|row| row.key.protocol == protocol) {
        let [forth, back] = row.traffic;
        for (sent, received) in
            [(row.key.a == end).then_some((forth, back)), (row.key.b == end).then_some((back, forth))].into_iter().flatten()
        {
            is_there = true;
            sum[0].add(sent);
            sum[1].add(received);
        }
    }
    (is_there || rows.other_rows == 0).then_some(sum)
}

/// Rates of both sides by columns of dots: bytes a second, the mean of what slots have part in a column.
fn series(slots: &[(i64, i64, Sides)], (begin, width, count): (i64, i64, usize)) -> [Vec<Option<f64>>; 2] {
    let mut out = [vec![Some(0.0); count], vec![Some(0.0); count]];
    for (from, to, sides) in slots {
        let seconds = to.saturating_sub(*from).max(1) as f64 / 1e9;
        let place = |time: i64| usize::try_from(time.saturating_sub(begin).max(0) / width).unwrap_or(usize::MAX);
        for at in place(*from)..=place(to.saturating_sub(1)).min(count.saturating_sub(1)) {
            let start = begin.saturating_add(width.saturating_mul(i64::try_from(at).unwrap_or(i64::MAX)));
            let part = (*to).min(start.saturating_add(width)).saturating_sub((*from).max(start)).max(0) as f64 / width as f64;
            for (side, column) in out.iter_mut().enumerate().filter_map(|(side, list)| Some((side, list.get_mut(at)?))) {
                *column = match (*column, sides.and_then(|sides| sides.get(side).copied())) {
                    (Some(sum), Some(traffic)) => Some(sum + traffic.wire_bytes as f64 / seconds * part),
                    _ => None,
                };
            }
        }
    }
    out
}

/// How long the slots are, where a column of dots is shorter: what happened inside of one is not told.
fn bins_of(scene: &Scene, extent: TimeSpan, width: i64) -> String {
    let inside = scene.base.history.slots.iter().filter(|slot| slot.span.overlaps(extent));
    let longest = inside.map(|slot| slot.span.length()).max().unwrap_or(0);
    if longest > width { format!(" · bins of {}", units::duration(longest as f64 / SECOND as f64)) } else { String::new() }
}

/// Draws it: first side up, second side down. Whether there was anything to draw.
pub(super) fn draw(canvas: &mut Canvas, area: Rect, scene: &Scene, (up_name, down_name): (&str, &str)) {
    let Some(kept) = scene.base.history.extent() else { return };
    // Of a port now is asked for.
    let extent = if scene.whole() { kept } else { TimeSpan { from: kept.from.max(kept.to.plus(-LATELY)), to: kept.to } };
    let lately = if extent == kept { "" } else { " · last 5 min" };
    let count = usize::from(area.width.saturating_sub(LABELS)) * 2;
    let width = (extent.length() / i64::try_from(count.max(1)).unwrap_or(i64::MAX)).saturating_add(1).max(1);
    let title = format!("Over time, in {}{lately}{}", if scene.view.bytes { "B/s" } else { "b/s" }, bins_of(scene, extent, width));
    let Some(topic) = scene.topic else { return };
    let note = [(format!("↑ {up_name}  ").into(), scene.style(Hue::Out)), (format!("↓ {down_name}").into(), scene.style(Hue::In))];
    let body = titled(canvas, area, &title, &note, false);
    let (field, ticks) = split_top(body, body.height.saturating_sub(1));
    let slots: Vec<(i64, i64, Sides)> =
        scene.base.history.slots.iter().map(|slot| (slot.span.from.0, slot.span.to.0, sides(slot, topic))).collect();
    let unit = if scene.view.bytes { 1.0 } else { 8.0 };
    let [up, down] = series(&slots, (extent.from.0, width, count))
        .map(|list| -> Vec<Option<f64>> { list.into_iter().map(|v| v.map(|v| v * unit)).collect() });
    let most = |list: &[Option<f64>]| list.iter().flatten().copied().fold(0.0, f64::max);
    let (quarters, top) = chart::share_out(None, most(&up), most(&down));
    let (out, back) = (scene.style(Hue::Out), scene.style(Hue::In));
    let top = chart::settle(None, top, None);
    let plot = Plot { up: &up, down: Some(&down), top, quarters, limit: None, up_style: &move |_| out, down_style: &move |_| back };
    chart::plot(canvas, field, &plot);
    let stretch = Stretch { bin: 0, bins: count, start: extent.from.0, end: extent.to.0 };
    let bins = Bins { span: width, end: extent.to.0, bins: vec![Some(Bin::default()); count], stretches: vec![stretch], ..Bins::default() };
    chart::ticks(canvas, ticks, &bins, Some(scene.utc_offset(Timestamp(extent.from.0))));
    // The span that is looked at, as on the load chart.
    load::looked_at(canvas, scene, &load::chart_times(field, &bins), 0);
}

/// Whether the past says enough of what the page is about.
pub(super) fn is_known(scene: &Scene) -> bool {
    let Some(topic) = scene.topic.filter(|_| scene.base.is_timed()) else { return false };
    let slots = &scene.base.history.slots;
    slots.len() >= FEWEST && slots.iter().any(|slot| sides(slot, topic).is_some_and(|sides| sides.iter().any(|side| side.packets > 0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Mac;

    #[test]
    fn rates_of_slots_are_spread_over_columns_and_what_is_not_known_is_no_zero() {
        let second = 1_000_000_000;
        let sent = |bytes| Some([Traffic { packets: 1, wire_bytes: bytes }, Traffic::default()]);
        let slots = [(0, second, sent(100)), (second, 2 * second, sent(300)), (2 * second, 3 * second, None)];
        let [up, down] = series(&slots, (0, second, 4));
        assert_eq!(up, [Some(100.0), Some(300.0), None, Some(0.0)]);
        assert_eq!(down, [Some(0.0), Some(0.0), None, Some(0.0)]);
        // Half a slot a column, and two slots a column.
        assert_eq!(series(&slots[..2], (0, second / 2, 4))[0], [Some(100.0), Some(100.0), Some(300.0), Some(300.0)]);
        assert_eq!(series(&slots[..2], (0, 2 * second, 1))[0], [Some(200.0)]);
    }

    #[test]
    fn what_is_not_among_the_largest_rows_is_not_known() {
        let mac = |n| Mac([2, 0, 0, 0, 0, n]);
        let topic = |n| Topic::Host { kind: Kind::Eth, address: Address::Mac(mac(n)), port: 0 };
        let traffic = [Traffic { packets: 2, wire_bytes: 128 }, Traffic::default()];
        let mut slot = HistorySlot::default();
        slot.stations.rows.push(TopRow { key: mac(1), about: (), traffic });
        assert_eq!((sides(&slot, &topic(1)), sides(&slot, &topic(2))), (Some(traffic), Some(Default::default())));
        slot.stations.other_rows = 1;
        assert_eq!((sides(&slot, &topic(1)), sides(&slot, &topic(2))), (Some(traffic), None));
    }
}
