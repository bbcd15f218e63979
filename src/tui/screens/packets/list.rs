//! The list of packets.

use super::state::{Focus, Looking};
use crate::model::Timestamp;
use crate::model::proto::Family;
use crate::model::time::SECOND;
use crate::snapshot::{PacketPage, PacketRow};
use crate::tui::canvas::{Canvas, Hit, cut_end, cut_middle, split_top};
use crate::tui::theme::Hue;
use crate::tui::view::{Scene, Topic};
use ratatui::layout::Rect;

/// Widths of the columns before the last one.
struct Widths {
    number: u16,
    time: u16,
    end: u16,
    protocol: u16,
    length: u16,
}

fn widths(page: &PacketPage, width: u16) -> Widths {
    let longest = |pick: fn(&PacketRow) -> &str| page.rows.iter().map(|row| crate::tui::canvas::cells(pick(row))).max().unwrap_or(0);
    let room = match width {
        0..80 => 13,
        80..118 => 15,
        118..160 => 17,
        _ => 39,
    };
    let end = longest(|row| &row.source).max(longest(|row| &row.destination)).clamp(9, room);
    let number = page.rows.last().map_or(1, |row| row.number.to_string().len() as u16).max(3);
    Widths { number, time: if width < 80 { 9 } else { 13 }, end, protocol: longest(|row| &row.protocol).clamp(8, 10), length: 5 }
}

pub(super) fn draw(canvas: &mut Canvas, area: Rect, scene: &Scene, looking: &Looking, page: &PacketPage) {
    let (head, body) = split_top(area, 1);
    let widths = widths(page, area.width);
    let dim = scene.style(Hue::Dim);
    line(canvas, head, &widths, ["no", "time", "from", "to", "protocol", "bytes", "info"], [dim; 7]);
    if page.rows.is_empty() {
        let text = if page.searched.is_some() { "looking …" } else { "no packet" };
        canvas.ink(body.x + 1, body.y, body.width.saturating_sub(2), text, Hue::Dim);
        return;
    }
    for (at, row) in page.rows.iter().enumerate().take(usize::from(body.height)) {
        let area = Rect { y: body.y + at as u16, height: 1, ..body };
        let place = page.first + at as u64;
        let time = time(scene, page.begin, row.time, widths.time);
        let (text, dim) = (scene.style(Hue::Text), scene.style(Hue::Dim));
        let protocol = scene.style(Hue::Family(family(&row.protocol)));
        let styles = [dim, dim, text, text, protocol, text, text];
        let (number, wire) = (row.number.to_string(), row.wire.to_string());
        line(canvas, area, &widths, [&number, &time, &row.source, &row.destination, &row.protocol, &wire, &row.info], styles);
        if place == looking.row {
            let style = if looking.focus == Focus::List { canvas.theme.selected() } else { canvas.theme.style(Hue::Accent) };
            canvas.over(area, style);
            canvas.put(area.x, area.y, 1, "▎", scene.style(Hue::Accent).patch(style));
        }
        canvas.click(area, Hit::Row(None, Topic::Row(place)));
    }
}

fn line(canvas: &mut Canvas, area: Rect, widths: &Widths, texts: [&str; 7], styles: [ratatui::style::Style; 7]) {
    let [number, time, from, to, protocol, length, info] = texts;
    let [s0, s1, s2, s3, s4, s5, s6] = styles;
    let mut x = area.x + 1;
    canvas.right(x, area.y, widths.number, number, s0);
    x += widths.number + 2;
    canvas.right(x, area.y, widths.time, time, s1);
    x += widths.time + 2;
    canvas.put(x, area.y, widths.end, &cut_middle(from, widths.end), s2);
    x += widths.end + 2;
    canvas.put(x, area.y, widths.end, &cut_middle(to, widths.end), s3);
    x += widths.end + 2;
    canvas.put(x, area.y, widths.protocol, &cut_end(protocol, widths.protocol), s4);
    x += widths.protocol + 2;
    canvas.right(x, area.y, widths.length, length, s5);
    x += widths.length + 2;
    let room = (area.right()).saturating_sub(x);
    canvas.put(x, area.y, room, &cut_end(info, room), s6);
}

/// Seconds since the first packet of a capture; on a port the time of day.
fn time(scene: &Scene, begin: Timestamp, time: Timestamp, width: u16) -> String {
    if time == Timestamp::UNKNOWN {
        return "–".to_owned();
    }
    let decimals = if width < 12 { 3 } else { 6 };
    if scene.snapshot.live {
        let local = time.0.div_euclid(SECOND) + scene.utc_offset(time);
        let day = local.rem_euclid(86_400);
        let micros = time.0.rem_euclid(SECOND) / 1000;
        let clock = format!("{:02}:{:02}:{:02}", day / 3600, day / 60 % 60, day % 60);
        return if width < 12 { clock } else { format!("{clock}.{:04}", micros / 100) };
    }
    format!("{:.decimals$}", time.seconds_since(begin))
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
