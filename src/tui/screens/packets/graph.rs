//! A TCP connection drawn: sequence numbers over time (Stevens' graph), bytes in flight against the window, round trips.
//!
//! ```text
//!  600 k ┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈⣀⣠⠤⠒    window edge
//!  400 k ┈┈┈┈┈┈┈┈┈┈┈┈┈⣀⡠⠤⠒⠊⠉⢀⡠⠔⠊        data, sent again, selectively acknowledged
//!  200 k ⣀⡠⠤⠒⠊⠉⢀⡠⠔⠊⠉                     acknowledged
//!        0 s                    12.4 s
//! ```

use super::state::{GraphKind, StreamView};
use crate::model::time::SECOND;
use crate::model::{Timestamp, units};
use crate::snapshot::{PacketPage, PacketSegment, PacketStream};
use crate::tui::canvas::{Canvas, split_top};
use crate::tui::theme::Hue;
use crate::tui::view::Scene;
use crate::tui::widgets::amount;
use crate::tui::widgets::braille::Dots;
use crate::tui::widgets::chart::{self, LABELS};
use crate::tui::widgets::frame::titled;
use ratatui::layout::Rect;
use std::collections::VecDeque;

/// Something at a time, from one height to another.
struct Mark {
    time: Timestamp,
    from: f64,
    to: f64,
    layer: usize,
}

/// What each layer is called, from the one behind to the one in front.
type Legend = &'static [(&'static str, Hue)];

const SEQUENCE: Legend = &[
    ("window edge", Hue::Dim),
    ("acknowledged", Hue::In),
    ("data", Hue::Out),
    ("selectively acknowledged", Hue::Warn),
    ("sent again", Hue::Bad),
];
const FLIGHT: Legend = &[("window", Hue::Dim), ("in flight", Hue::Out)];
const TRIPS: Legend = &[("to the one and back", Hue::Out), ("to the other and back", Hue::In)];

/// Lines of a graph below which it has no room for its legend.
const LEAST_LINES: u16 = 5;

/// Round trips that are waited for.
const OUTSTANDING: usize = 1_024;

pub(super) fn draw(canvas: &mut Canvas, area: Rect, scene: &Scene, view: &StreamView, drawn: GraphKind, page: &PacketPage) {
    let empty = PacketStream::default();
    let stream = page.stream.as_deref().unwrap_or(&empty);
    let [one, other] = &stream.ends;
    let (title, legend, unit) = match drawn {
        GraphKind::Sequence => ("Sequence numbers, in bytes", SEQUENCE, ""),
        GraphKind::Flight => ("Bytes in flight", FLIGHT, ""),
        GraphKind::Trips => ("Round trips", TRIPS, "s"),
    };
    let ends = match (drawn, view.back) {
        (GraphKind::Trips, _) => format!("{one} ⇄ {other}  "),
        (_, false) => format!("{one} → {other}  "),
        (_, true) => format!("{other} → {one}  "),
    };
    let mut note = vec![(ends.into(), scene.style(Hue::Dim))];
    if !stream.whole {
        note.push(("reading … ".into(), scene.style(Hue::Dim)));
    }
    let body = titled(canvas, area, &format!("{title} · v next · d other way · h text"), &note, true);
    // The title has no room for it on usual screens, and colours alone say nothing.
    let (line, body) = split_top(body, u16::from(body.height > LEAST_LINES));
    let named: Vec<_> = legend.iter().map(|(name, hue)| (format!("● {name}   ").into(), scene.style(*hue))).collect();
    canvas.pieces(line.x + 1, line.y, line.width.saturating_sub(2) * line.height, &named);
    let marks = match drawn {
        GraphKind::Sequence => sequence(&stream.segments, !view.back),
        GraphKind::Flight => flight(&stream.segments, !view.back),
        GraphKind::Trips => trips(&stream.segments),
    };
    if marks.is_empty() {
        let text = if stream.segments.is_empty() && stream.whole { "no TCP connection" } else { "nothing was sent this way" };
        canvas.ink(body.x + 1, body.y, body.width.saturating_sub(2), text, Hue::Dim);
        return;
    }
    plot(canvas, body, scene, &marks, legend, unit);
}

/// Data of one way: where it lies among all of it, what was acknowledged, and up to where more may be sent.
fn sequence(segments: &[PacketSegment], forth: bool) -> Vec<Mark> {
    let mut out = Vec::new();
    let mut highest = 0u32;
    for segment in segments {
        let mut mark = |layer, from: u32, to: u32| out.push(Mark { time: segment.time, from: from.into(), to: to.into(), layer });
        if segment.forth == forth {
            let end = segment.sequence.saturating_add(segment.length);
            if segment.length > 0 {
                mark(if segment.sequence < highest { 4 } else { 2 }, segment.sequence, end);
                highest = highest.max(end);
            }
        } else if let Some(acknowledged) = segment.acknowledgement {
            mark(1, acknowledged, acknowledged);
            segment.selective.iter().flatten().for_each(|&(from, to)| mark(3, from, to));
            if let Some(window) = segment.window {
                let edge = acknowledged.saturating_add(window);
                mark(0, edge, edge);
            }
        }
    }
    // A window that is far larger than all that was sent would leave no room for that.
    let most = f64::from(highest).max(1.0) * 1.3;
    out.retain(|mark| mark.layer != 0 || mark.to <= most);
    if highest == 0 { Vec::new() } else { out }
}

/// Bytes of one way that were sent and not acknowledged, and how many may be.
fn flight(segments: &[PacketSegment], forth: bool) -> Vec<Mark> {
    let mut out = Vec::new();
    let (mut sent, mut acknowledged, mut most) = (0u32, 0u32, 0u32);
    for segment in segments {
        if segment.forth == forth {
            sent = sent.max(segment.sequence.saturating_add(segment.length));
        } else {
            acknowledged = acknowledged.max(segment.acknowledgement.unwrap_or(0));
            if let Some(window) = segment.window.map(f64::from) {
                out.push(Mark { time: segment.time, from: window, to: window, layer: 0 });
            }
        }
        let bytes = sent.saturating_sub(acknowledged);
        most = most.max(bytes);
        out.push(Mark { time: segment.time, from: 0.0, to: bytes.into(), layer: 1 });
    }
    let room = f64::from(most).max(1.0) * 2.0;
    out.retain(|mark| mark.layer != 0 || mark.to <= room);
    if most == 0 { Vec::new() } else { out }
}

/// Times from data to its acknowledgement, of data that was sent once (RFC 6298 section 3).
fn trips(segments: &[PacketSegment]) -> Vec<Mark> {
    let mut out = Vec::new();
    let mut waiting: [VecDeque<(u32, Timestamp)>; 2] = Default::default();
    let mut highest = [0u32; 2];
    for segment in segments {
        let (this, other) = if segment.forth { (0, 1) } else { (1, 0) };
        let end = segment.sequence.saturating_add(segment.length);
        if let (Some(queue), Some(highest)) = (waiting.get_mut(this), highest.get_mut(this))
            && segment.length > 0
        {
            if segment.sequence < *highest {
                // Which one is acknowledged is not known.
                queue.retain(|(before, _)| *before <= segment.sequence || *before > end);
            } else if queue.len() < OUTSTANDING {
                queue.push_back((end, segment.time));
            }
            *highest = (*highest).max(end);
        }
        let (Some(queue), Some(acknowledged)) = (waiting.get_mut(other), segment.acknowledgement) else { continue };
        let mut newest = None;
        while let Some((end, sent)) = queue.front().copied().filter(|(end, _)| *end <= acknowledged) {
            newest = Some((end, sent));
            queue.pop_front();
        }
        if let Some((_, sent)) = newest {
            let seconds = segment.time.since(sent).max(0) as f64 / SECOND as f64;
            out.push(Mark { time: segment.time, from: seconds, to: seconds, layer: other });
        }
    }
    out
}

/// Round values below the top of an axis, and how many rows above its foot they stand: where their dots are.
fn ticks(top: f64, height: u16) -> impl Iterator<Item = (f64, u16)> {
    let step = chart::step(top, (height / 3).clamp(3, 4));
    let dots = f64::from(height.saturating_mul(4).saturating_sub(1));
    let values = (1..=8u16).map(move |i| f64::from(i) * step).take_while(move |value| *value <= top);
    values.map(move |value| (value, (value / top * dots).round() as u16 / 4)).filter(|(_, above)| *above > 0)
}

fn plot(canvas: &mut Canvas, area: Rect, scene: &Scene, marks: &[Mark], legend: Legend, unit: &str) {
    let field = Rect { x: area.x + LABELS, width: area.width.saturating_sub(LABELS), height: area.height.saturating_sub(1), ..area };
    if field.width < 4 || field.height < 2 {
        return;
    }
    let first = marks.iter().map(|mark| mark.time).min().unwrap_or_default();
    let last = marks.iter().map(|mark| mark.time).max().unwrap_or_default();
    let span = last.since(first).max(1) as f64;
    let top = marks.iter().map(|mark| mark.to).fold(0.0, f64::max).max(f64::MIN_POSITIVE) * 1.05;
    let (columns, rows) = (usize::from(field.width) * 2, usize::from(field.height) * 4);
    let mut layers: Vec<Dots> = legend.iter().map(|_| Dots::new(field.width, field.height)).collect();
    for mark in marks {
        let x = (mark.time.since(first) as f64 / span * (columns - 1) as f64) as usize;
        let height = |value: f64| (value / top * (rows - 1) as f64).round() as usize;
        if let Some(dots) = layers.get_mut(mark.layer) {
            (height(mark.from)..=height(mark.to)).for_each(|y| dots.set(x, (rows - 1).saturating_sub(y)));
        }
    }
    for (value, above) in ticks(top, field.height) {
        let y = field.bottom().saturating_sub(1).saturating_sub(above);
        canvas.run(field.x, y, field.width, "┈", scene.style(Hue::Faint));
        let text = if unit.is_empty() { amount::axis(value) } else { units::duration(value) };
        canvas.right(area.x, y, LABELS - 1, &text, scene.style(Hue::Dim));
    }
    for y in 0..field.height {
        for x in 0..field.width {
            // In front stands what is worst; what lies behind it keeps its dots.
            let (mut bits, mut hue) = (0, None);
            for (dots, (_, own)) in layers.iter().zip(legend) {
                if let Some(symbol) = dots.symbol(x, y) {
                    (bits, hue) = (bits | (u32::from(symbol) - 0x2800), Some(*own));
                }
            }
            if let (Some(hue), Some(symbol)) = (hue, char::from_u32(0x2800 + bits)) {
                canvas.put(field.x + x, field.y + y, 1, symbol.encode_utf8(&mut [0; 4]), scene.style(hue));
            }
        }
    }
    let foot = area.bottom().saturating_sub(1);
    canvas.ink(field.x, foot, field.width, "0 s", Hue::Dim);
    canvas.right(field.x, foot, field.width, &amount::short_duration(span / 1e9), scene.style(Hue::Dim));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(ms: i64, forth: bool, sequence: u32, length: u32, acknowledgement: u32) -> PacketSegment {
        PacketSegment {
            time: Timestamp(ms * 1_000_000),
            forth,
            sequence,
            length,
            acknowledgement: Some(acknowledgement),
            window: Some(1_000),
            selective: [None; 3],
        }
    }

    #[test]
    fn what_is_sent_again_stands_out() {
        let segments = [
            segment(0, true, 1, 100, 1),
            segment(1, true, 101, 100, 1),
            segment(9, true, 1, 100, 1),
            PacketSegment { selective: [Some((101, 201)), None, None], ..segment(10, false, 1, 0, 1) },
        ];
        let layers = |forth| sequence(&segments, forth).iter().map(|m| (m.layer, m.from as u32, m.to as u32)).collect::<Vec<_>>();
        assert_eq!(layers(true), [(2, 1, 101), (2, 101, 201), (4, 1, 101), (1, 1, 1), (3, 101, 201)], "the edge is far away");
        assert_eq!(layers(false), []);
    }

    #[test]
    fn ticks_are_round_and_stand_at_their_dots() {
        let of = |top, height| ticks(top, height).collect::<Vec<_>>();
        assert_eq!(of(163_840.0 * 1.05, 12), [(50_000.0, 3), (100_000.0, 6), (150_000.0, 10)]);
        assert_eq!(of(0.042, 8), [(0.02, 3), (0.04, 7)]);
        for (top, height) in [(1.0, 2), (1_460.0 * 1.05, 3), (7e9, 40), (f64::MIN_POSITIVE, 5)] {
            assert!(of(top, height).iter().all(|(value, above)| *value <= top && *above < height), "{top} in {height}");
        }
    }

    #[test]
    fn round_trips_of_what_was_sent_once() {
        let segments = [
            segment(0, true, 1, 100, 1),
            segment(30, false, 1, 0, 101),
            segment(40, true, 101, 100, 1),
            segment(90, true, 101, 100, 1),
            segment(99, false, 1, 0, 201),
            segment(100, false, 1, 50, 201),
            segment(107, true, 201, 0, 51),
        ];
        let told: Vec<_> = trips(&segments).iter().map(|m| (m.layer, (m.to * 1e3).round() as i64)).collect();
        assert_eq!(told, [(0, 30), (1, 7)]);
        let flown: Vec<_> = flight(&segments, true).iter().filter(|m| m.layer == 1).map(|m| m.to as u32).collect();
        assert_eq!(flown, [101, 0, 100, 100, 0, 0, 0]);
    }
}
