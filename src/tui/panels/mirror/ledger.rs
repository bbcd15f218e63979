//! Where packets went missing, from the switch to this screen.
//!
//! ```text
//!  switch ──────▶ path ──────▶ interface ──────▶ kernel ──────▶ queue ──────▶ analysed
//!  ▲ 0.4 %        ? unknown    ● 0               ✖ 1.2 %        ● 0           98.8 %
//!  0.3–0.5 %                                     12.3 k         …             182 M
//! ```

use crate::model::{Estimate, units};
use crate::tui::canvas::{Canvas, cells, cut_end};
use crate::tui::theme::Hue;
use crate::tui::view::{Scene, ratio};
use crate::tui::widgets::amount;
use crate::tui::widgets::frame::titled;
use ratatui::layout::Rect;

/// From this loss on a stage is critical: above it the numbers of an analysis are wrong in ways that show.
const CRITICAL: f64 = 0.01;

/// One stage: name, short name, symbol, figure, what it rests on, hue.
struct Stage {
    name: &'static str,
    short: &'static str,
    symbol: &'static str,
    figure: String,
    basis: String,
    hue: Hue,
}

fn estimated(name: &'static str, short: &'static str, estimate: Option<Estimate>) -> Stage {
    let Some(e) = estimate else {
        return Stage { name, short, symbol: "?", figure: "unknown".into(), basis: String::new(), hue: Hue::Dim };
    };
    let (symbol, hue) = judge(e.low.max(if e.n > 0 { 0.0 } else { e.rate }), e.rate);
    let basis = if e.rate > 0.0 {
        format!("{}–{} of {}", bare(e.low), amount::share(e.high), units::count(e.n))
    } else {
        format!("of {}", units::count(e.n))
    };
    Stage { name, short, symbol, figure: amount::share(e.rate), basis, hue }
}

/// A stage whose loss shows in what conversations acknowledge. Nothing lost among a few says little, for much may be.
fn inferred(name: &'static str, short: &'static str, estimate: Option<Estimate>) -> Stage {
    match estimate {
        Some(e) if e.rate <= 0.0 && e.high > CRITICAL => {
            let basis = format!("0 of {}: too few", units::count(e.n));
            Stage { name, short, symbol: "?", figure: "cannot tell".into(), basis, hue: Hue::Dim }
        }
        estimate => estimated(name, short, estimate),
    }
}

fn bare(share: f64) -> String {
    amount::share(share).trim_end_matches(" %").to_owned()
}

fn judge(low: f64, rate: f64) -> (&'static str, Hue) {
    if rate <= 0.0 {
        ("●", Hue::Good)
    } else if low >= CRITICAL {
        ("✖", Hue::Bad)
    } else {
        ("▲", Hue::Warn)
    }
}

fn counted(name: &'static str, short: &'static str, lost: u64, of: u64) -> Stage {
    let share = ratio(lost, of.max(1));
    let (symbol, hue) = judge(share, share);
    let (figure, basis) = if lost == 0 { ("0".into(), String::new()) } else { (amount::share(share), units::count(lost)) };
    Stage { name, short, symbol, figure, basis, hue }
}

fn stages(scene: &Scene) -> Vec<Stage> {
    let s = scene.snapshot;
    let ledger = s.mirror.loss;
    let all = s.stats.total.packets.saturating_add(s.capture.losses.lost_packets());
    let mut out = Vec::with_capacity(6);
    match (ledger.switch, ledger.path, ledger.upstream) {
        (None, None, Some(both)) => out.push(inferred("switch or path", "upstream", Some(both))),
        (switch, path, _) => {
            out.push(inferred("switch", "switch", switch));
            out.push(estimated("path", "path", path));
        }
    }
    if s.live {
        out.push(counted("interface", "nic", s.capture.losses.interface_drops, all));
        out.push(counted("kernel", "kernel", s.capture.losses.kernel_drops, all));
    } else {
        let host = ledger.host.map(|h| estimated("capturing host", "host", Some(h)));
        out.push(host.unwrap_or_else(|| estimated("capturing host", "host", None)));
    }
    out.push(counted("queue", "queue", s.capture.losses.queue_drops, all));
    let analysed = ratio(s.stats.total.packets, all.max(1));
    out.push(Stage {
        name: "analysed",
        short: "analysed",
        symbol: "",
        figure: if all == 0 { "nothing yet".into() } else { amount::share(analysed) },
        basis: if all == 0 { String::new() } else { units::count(s.stats.total.packets) },
        hue: Hue::Text,
    });
    out
}

/// Draws the stages in a row.
pub(in crate::tui) fn draw(canvas: &mut Canvas, area: Rect, scene: &Scene) {
    // Findings and trust rest on the last minute of a port: another time, another number.
    let of = if scene.snapshot.live && scene.snapshot.span.is_none() { "lost since the start" } else { "lost" };
    let body = titled(canvas, area, "From switch to screen", &[(of.into(), scene.style(Hue::Dim))], false);
    let stages = stages(scene);
    let step = body.width.saturating_sub(2) / (stages.len().max(1) as u16);
    if body.height < 2 || step < 6 {
        return;
    }
    let faint = scene.style(Hue::Faint);
    for (i, stage) in stages.iter().enumerate() {
        let x = body.x + 1 + step * i as u16;
        let last = i + 1 == stages.len();
        let name = if cells(stage.name) + 4 > step { stage.short } else { stage.name };
        let loud = matches!(stage.hue, Hue::Bad | Hue::Warn);
        let style = if loud { scene.theme.strong(stage.hue) } else { scene.style(Hue::Text) };
        let used = canvas.put(x, body.y, step, name, style);
        if !last && used + 3 < step {
            canvas.run(x + used + 1, body.y, step - used - 3, "─", faint);
            canvas.put(x + step - 2, body.y, 1, "▶", faint);
        }
        let figure = if stage.symbol.is_empty() { stage.figure.clone() } else { format!("{} {}", stage.symbol, stage.figure) };
        canvas.put(x, body.y + 1, step - 1, &cut_end(&figure, step - 1), scene.style(stage.hue));
        if body.height > 2 {
            let basis = if cells(&stage.basis) + 2 > step { stage.basis.split(" of ").next().unwrap_or_default() } else { &stage.basis };
            canvas.ink(x, body.y + 2, step - 2, &cut_end(basis, step - 2), Hue::Dim);
        }
    }
}
