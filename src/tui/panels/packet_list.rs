//! Packets, a line each.

use crate::model::Timestamp;
use crate::model::proto::Family;
use crate::model::time::SECOND;
use crate::snapshot::{PacketPage, PacketRow};
use crate::tui::canvas::{Canvas, cells, cut_end, cut_middle, split_top};
use crate::tui::theme::Hue;
use crate::tui::view::Scene;
use crate::tui::widgets::amount;
use ratatui::layout::Rect;

/// Widths of the columns before the last one.
struct Widths {
    number: u16,
    time: u16,
    ends: [u16; 2],
    protocol: u16,
    length: u16,
    gap: u16,
    /// Places of a second.
    places: usize,
}

/// Cells of a time where there is little room: so many places of a second as stand in them, three at least.
const SHORT_TIME: usize = 8;

/// Places of a second that the times of a page have in so many cells.
fn places(page: &PacketPage) -> usize {
    let known = page.rows.iter().map(|row| row.time).filter(|time| *time != Timestamp::UNKNOWN);
    let longest = known.map(|time| format!("{:.0}", time.seconds_since(page.begin).trunc()).len()).max().unwrap_or(1);
    SHORT_TIME.saturating_sub(longest + 1).clamp(3, 6)
}

fn widths(scene: &Scene, page: &PacketPage, width: u16) -> Widths {
    let longest = |pick: fn(&PacketRow) -> &str| page.rows.iter().map(|row| cells(pick(row))).max().unwrap_or(0);
    let room = match width {
        0..72 => 13,
        // Every IPv4 address is whole.
        72..118 => 15,
        118..160 => 17,
        _ => 39,
    };
    let ends = [longest(|row| &row.source), longest(|row| &row.destination)].map(|end| end.clamp(9, room));
    let number = page.rows.last().map_or(1, |row| row.number.to_string().len() as u16).max(3);
    // Where there is little room what a packet says is worth more than how long it is.
    let small = width < 100;
    let (gap, length, places) = if small { (1, 0, places(page)) } else { (2, 5, 6) };
    let time = page.rows.iter().map(|row| cells(&time_in(scene, page.begin, row.time, small, places))).max().unwrap_or(0).max(8);
    let head = cells(protocol_head(small));
    Widths { number, time, ends, protocol: longest(|row| &row.protocol).clamp(head, 10), length, gap, places }
}

/// The head of the column of protocols.
fn protocol_head(small: bool) -> &'static str {
    if small { "proto" } else { "protocol" }
}

/// Draws packets under the heads of their columns; the area of each with its place in the list.
pub(in crate::tui) fn rows(canvas: &mut Canvas, area: Rect, scene: &Scene, page: &PacketPage) -> Vec<(Rect, u64)> {
    let (head, body) = split_top(area, 1);
    let widths = widths(scene, page, area.width);
    let dim = scene.style(Hue::Dim);
    let small = widths.length == 0;
    line(canvas, head, &widths, ["no", "time", "from", "to", protocol_head(small), "bytes", "info"], [dim; 7]);
    if page.rows.is_empty() {
        canvas.ink(body.x + 1, body.y, body.width.saturating_sub(2), &none(scene, page), Hue::Dim);
        return Vec::new();
    }
    let mut drawn = Vec::with_capacity(page.rows.len());
    for (at, row) in page.rows.iter().enumerate().take(usize::from(body.height)) {
        let area = Rect { y: body.y + at as u16, height: 1, ..body };
        let place = page.first + at as u64;
        let time = time_in(scene, page.begin, row.time, small, widths.places);
        let (text, dim) = (scene.style(Hue::Text), scene.style(Hue::Dim));
        let protocol = scene.style(Hue::Family(family(&row.protocol)));
        let styles = [dim, dim, text, text, protocol, text, text];
        let (number, wire) = (row.number.to_string(), row.wire.to_string());
        line(canvas, area, &widths, [&number, &time, &row.source, &row.destination, &row.protocol, &wire, &row.info], styles);
        drawn.push((area, place));
    }
    drawn
}

/// Why there is none.
fn none(scene: &Scene, page: &PacketPage) -> String {
    match (page.searched, page.kept_since, page.subject.span()) {
        (Some(_), ..) => "looking …".to_owned(),
        (None, Some(since), Some(span)) if span.from < since => {
            let since = amount::time_of_day(since, scene.utc_offset(since));
            format!("not kept any more: the packets that are kept begin at {since}, and this span is older")
        }
        _ => "no packet".to_owned(),
    }
}

fn line(canvas: &mut Canvas, area: Rect, widths: &Widths, texts: [&str; 7], styles: [ratatui::style::Style; 7]) {
    let [number, time, from, to, protocol, length, info] = texts;
    let [s0, s1, s2, s3, s4, s5, s6] = styles;
    let gap = widths.gap;
    let mut x = area.x + 1;
    canvas.right(x, area.y, widths.number, number, s0);
    x += widths.number + gap;
    canvas.right(x, area.y, widths.time, time, s1);
    x += widths.time + gap;
    for ((end, wide), style) in [from, to].into_iter().zip(widths.ends).zip([s2, s3]) {
        canvas.put(x, area.y, wide, &cut_middle(end, wide), style);
        x += wide + gap;
    }
    canvas.put(x, area.y, widths.protocol, &cut_end(protocol, widths.protocol), s4);
    x += widths.protocol + gap;
    if widths.length > 0 {
        canvas.right(x, area.y, widths.length, length, s5);
        x += widths.length + gap;
    }
    let room = (area.right()).saturating_sub(x);
    canvas.put(x, area.y, room, &cut_end(info, room), s6);
}

/// When a packet came, as exactly as it is known.
pub(super) fn time(scene: &Scene, begin: Timestamp, at: Timestamp) -> String {
    time_in(scene, begin, at, false, 6)
}

/// Seconds since the first packet of a capture; on a port, and of a capture that is longer than a day, the time of day.
fn time_in(scene: &Scene, begin: Timestamp, time: Timestamp, short: bool, places: usize) -> String {
    if time == Timestamp::UNKNOWN {
        return "–".to_owned();
    }
    let since = time.seconds_since(begin);
    if !scene.snapshot.live && since.abs() < 86_400.0 {
        return format!("{since:.places$}");
    }
    let offset = scene.utc_offset(time);
    let date = if scene.snapshot.live { String::new() } else { amount::date(time, offset).split_off(5) + " " };
    match (scene.snapshot.live, short) {
        (true, false) => format!("{}.{:06}", amount::time_of_day(time, offset), time.0.rem_euclid(SECOND) / 1000),
        (false, true) => date + &amount::time_of_day(time, offset),
        _ => date + &amount::moment(time, offset),
    }
}

/// The family whose hue a protocol of the list wears.
fn family(protocol: &str) -> Family {
    let bare = protocol.to_lowercase();
    match bare.as_str() {
        "tcp" | "udp" | "sctp" | "udplite" => Family::Transport,
        "dns" | "mdns" | "llmnr" | "nbns" | "dhcp" | "ntp" | "snmp" | "ptpv2" | "ssdp" | "syslog" => Family::Infrastructure,
        "http" | "quic" | "ssl" | "tls" | "http2" => Family::Web,
        "stp" | "lldp" | "cdp" | "lacp" | "vrrp" | "ospf" | "hsrp" | "eapol" | "eap" | "mac ctrl" => Family::Control,
        "arp" | "icmp" | "icmpv6" | "ipv4" | "ipv6" => Family::Network,
        "gre" | "erspan" | "vxlan" | "geneve" | "gtp" | "esp" => Family::Tunnel,
        "smb2" | "smb" | "nfs" | "mysql" | "pgsql" | "redis" => Family::Storage,
        "sip" | "rtp" | "rtcp" => Family::Media,
        other if other.starts_with("tls") || other.starts_with("ssl") => Family::Web,
        other if other.starts_with("igmp") => Family::Network,
        _ => Family::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_times_have_what_places_stand_in_their_cells() {
        for (seconds, places) in [(0.0, 6), (9.9, 6), (10.5, 5), (123.0, 4), (1_234.5, 3), (80_000.0, 3), (-2.0, 5)] {
            let row = PacketRow {
                number: 1,
                time: Timestamp((seconds * SECOND as f64) as i64),
                source: String::new(),
                destination: String::new(),
                protocol: "TCP".into(),
                wire: 60,
                info: String::new(),
                event: None,
            };
            assert_eq!(super::places(&PacketPage { rows: vec![row], ..PacketPage::default() }), places, "{seconds}");
        }
    }
}
