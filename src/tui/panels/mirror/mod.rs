//! Panels of the Mirror screen: the verdict, its parts, directions, detectors that keep silent.
//!
//! ```text
//!  completeness  ━━━━━━━━━━━━━━━━━━── 92   0.4 % of TCP data acknowledged but unseen
//!  uniqueness    ━━━━━━━━━━━━━━━━━━━━ 100  no copies in 1.2 M packets
//!  timing        ──────────────────── ?    too few samples
//! ```

pub(in crate::tui) mod duplicates;
pub(in crate::tui) mod host;
pub(in crate::tui) mod ledger;
pub(in crate::tui) mod sessions;
pub(in crate::tui) mod stamps;

use crate::model::Arrange as _;
use crate::model::{TrustPart, Verdict, units};
use crate::snapshot::{Snapshot, Trust};
use crate::tui::canvas::{Canvas, cells, cut_end, wrap};
use crate::tui::panels::facts::{self, Fact};
use crate::tui::rates;
use crate::tui::theme::Hue;
use crate::tui::view::{Scene, ratio};
use crate::tui::widgets::amount;
use crate::tui::widgets::bar;
use crate::tui::widgets::frame::titled;
use ratatui::layout::Rect;
use std::cmp::Reverse;

/// The hue of a verdict.
fn hue(verdict: Verdict) -> Hue {
    match verdict {
        Verdict::Good | Verdict::Noted => Hue::Good,
        Verdict::Doubtful => Hue::Warn,
        Verdict::Bad => Hue::Bad,
        Verdict::Unknown => Hue::Dim,
    }
}

/// Symbol, words and hue of the badge.
pub(in crate::tui) fn verdict(trust: &Trust) -> (&'static str, String, Hue) {
    let (symbol, words) = match trust.verdict {
        Verdict::Good | Verdict::Noted => ("●", "mirror good".into()),
        Verdict::Doubtful => ("▲", of_the_mirror(&trust.summary)),
        Verdict::Bad => ("✖", of_the_mirror(&trust.summary)),
        Verdict::Unknown => ("?", "mirror ?".into()),
    };
    (symbol, words, hue(trust.verdict))
}

/// What is wrong with it, which is said to be the mirror's where the words do not.
fn of_the_mirror(summary: &str) -> String {
    if summary.contains("mirror") { summary.to_owned() } else { format!("mirror: {summary}") }
}

/// The verdict in a word or two while more is to come: what is good so far is not good yet.
pub(in crate::tui) fn verdict_by_now(snapshot: &Snapshot) -> (&'static str, String, Hue) {
    let trust = &snapshot.mirror.trust;
    match trust.verdict {
        Verdict::Good | Verdict::Noted if !snapshot.live && !snapshot.finished => ("○", "mirror good so far".to_owned(), Hue::Dim),
        _ => verdict(trust),
    }
}

/// The verdict as a sentence.
fn sentence(trust: &Trust, finished: bool) -> String {
    let yet = if finished { "" } else { " yet" };
    match trust.verdict {
        Verdict::Unknown if trust.summary.is_empty() => format!("It cannot be told{yet} whether this mirror can be believed."),
        Verdict::Unknown => format!("It cannot be told{yet} whether this mirror can be believed: {}.", trust.summary),
        Verdict::Good => "This mirror can be believed.".to_owned(),
        Verdict::Noted => "This mirror can be believed; there are notes.".to_owned(),
        Verdict::Doubtful | Verdict::Bad => {
            let mut chars = trust.summary.chars();
            let first = chars.next().map(|c| c.to_uppercase().collect::<String>()).unwrap_or_default();
            format!("{first}{}", chars.as_str())
        }
    }
}

/// The verdict in one line.
pub(in crate::tui) fn headline(canvas: &mut Canvas, area: Rect, scene: &Scene) {
    let mirror = &scene.snapshot.mirror;
    let (symbol, _, hue) = verdict(&mirror.trust);
    let score =
        mirror.trust.score.map_or("trust ?".to_owned(), |s| if area.width < TINY { s.to_string() } else { format!("trust {s} of 100") });
    let right = cells(&score).min(area.width / 3);
    let width = area.width.saturating_sub(right + 4);
    let words = sentence(&mirror.trust, scene.snapshot.finished);
    // Where the sentence has no room, its reason says more than its beginning.
    let words = match mirror.trust.verdict {
        Verdict::Unknown if cells(&words) + 2 > width && !mirror.trust.summary.is_empty() => {
            format!("Not judged: {}", mirror.trust.summary)
        }
        _ => words,
    };
    canvas.pieces(
        area.x + 1,
        area.y,
        width,
        &[
            (format!("{symbol} ").into(), scene.theme.strong(hue)),
            (cut_end(&words, width.saturating_sub(2)), scene.theme.strong(if hue == Hue::Dim { Hue::Dim } else { hue })),
        ],
    );
    canvas.right(area.right().saturating_sub(right + 1), area.y, right, &score, scene.style(Hue::Dim));
    if area.height > 1 {
        let transport = match mirror.transport {
            "" => "unknown",
            "plain" => "plain copies",
            other => other,
        };
        let now = mirror.recent_link.bits_per_second(scene.snapshot.recent_seconds);
        let link = if scene.whole() { units::bytes(mirror.link.wire_bytes) } else { amount::rate(scene, now).plain() };
        let analysed = amount::rate(scene, scene.bits(scene.snapshot.stats.recent, scene.snapshot.stats.total)).plain();
        let facts = if scene.whole() {
            let analysed = format!("{} of them analysed", units::bytes(scene.snapshot.stats.total.wire_bytes));
            vec![format!("transport {transport}"), format!(" · {link} on the mirror link"), format!(", {analysed}")]
        } else {
            let base = format!(" · in {}", rates::BASE_NAME);
            vec![format!("transport {transport}"), format!(" · mirror link {link}"), format!(" · analysed {analysed}"), base]
        };
        // As many of them as have room.
        let room = area.width.saturating_sub(4);
        let fitting = |line: String, fact: &String| (cells(&line) + cells(fact) <= room).then(|| line + fact);
        let line = facts.iter().try_fold(String::new(), |line, fact| fitting(line.clone(), fact).ok_or(line)).unwrap_or_else(|line| line);
        let mut pieces = Vec::new();
        if let Some(n) = mirror.one_in() {
            pieces.push((format!("1 packet in {}, numbers are estimates · ", units::grouped(u64::from(n))).into(), scene.style(Hue::Warn)));
        }
        pieces.push((line.into(), scene.style(Hue::Dim)));
        canvas.pieces(area.x + 3, area.y + 1, area.width.saturating_sub(4), &pieces);
    }
}

/// What the parts are of where the whole cannot be told.
fn unjudged(scene: &Scene) -> &'static str {
    if scene.snapshot.finished { "of what could be judged" } else { "of what could be judged so far" }
}

/// The parts of the score as gauges.
pub(in crate::tui) fn trust(canvas: &mut Canvas, area: Rect, scene: &Scene) {
    let trust = &scene.snapshot.mirror.trust;
    let parts = &trust.parts;
    let note = if trust.verdict == Verdict::Unknown { unjudged(scene) } else { "the weakest part decides" };
    let body = titled(canvas, area, "Trust", &[(note.into(), scene.style(Hue::Dim))], false);
    if parts.is_empty() && body.height > 0 {
        let words = if scene.snapshot.finished { "there was nothing to judge" } else { "waiting for packets: nothing to judge so far" };
        canvas.ink(body.x + 1, body.y, body.width.saturating_sub(2), words, Hue::Dim);
    }
    let wide = gauge_width(body.width);
    let room = usize::from(body.height);
    let width = body.width.saturating_sub(wide + 21);
    let said = evidence_in(parts, width, room);
    let mut spare = room.saturating_sub(parts.len());
    let mut y = body.y;
    for (part, lines) in parts.iter().zip(said).take(room) {
        let hue = hue(Verdict::of_score(part.score));
        canvas.ink(body.x + 1, y, 12, part.name, Hue::Text);
        let style = scene.style(hue);
        if wide > 0 {
            bar::gauge(canvas, body.x + 14, y, wide, f64::from(part.score.unwrap_or(0)) / 100.0, style);
        }
        let x = body.x + 14 + wide;
        canvas.right(x, y, 4, &part.score.map_or("?".into(), |s| s.to_string()), style);
        let shown = lines.len().min(spare.saturating_add(1));
        spare = spare.saturating_sub(shown.saturating_sub(1));
        for (i, line) in lines.iter().take(shown).enumerate() {
            let cut = i + 1 == shown && shown < lines.len();
            let line = if cut { cut_end(&format!("{line} …"), width).into_owned() } else { line.clone() };
            canvas.ink(x + 6, y, width, &line, Hue::Dim);
            y += 1;
        }
        y += u16::from(shown == 0);
    }
}

/// The lines of each part's evidence. Where they have no room together those say less of how they were measured that are best.
fn evidence_in(parts: &[TrustPart], width: u16, room: usize) -> Vec<Vec<String>> {
    let mut said: Vec<Vec<String>> = parts.iter().map(|part| wrap(&part.evidence, width)).collect();
    let mut best: Vec<usize> = (0..parts.len()).collect();
    best.arrange_by_key(|at| (Reverse(parts.get(*at).and_then(|part| part.score)), Reverse(*at)));
    for at in best {
        if said.iter().map(|lines| lines.len().max(1)).sum::<usize>() <= room {
            break;
        }
        if let (Some(lines), Some(part)) = (said.get_mut(at), parts.get(at)) {
            *lines = wrap(&essence(&part.evidence), width);
        }
    }
    said
}

/// Evidence without what stands in brackets and without the time it is of.
fn essence(evidence: &str) -> String {
    let mut out = String::new();
    let mut depth = 0usize;
    for letter in evidence.chars() {
        match letter {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ if depth == 0 => out.push(letter),
            _ => {}
        }
    }
    let until = out.rfind(", in ").unwrap_or(out.len());
    out.get(..until).unwrap_or(&out).replace(" ,", ",").replace("  ", " ").trim_end().to_owned()
}

/// Cells of the gauges: where there is little room what was measured needs it, and the number says the same.
fn gauge_width(width: u16) -> u16 {
    match width {
        0..70 => 0,
        70..100 => 6,
        100..140 => 12,
        _ => 24,
    }
}

/// Columns below which of the score only the number stands.
const TINY: u16 = 40;

/// Rows that the parts of the score need so that nothing of their evidence is cut.
pub(in crate::tui) fn trust_height(scene: &Scene, width: u16) -> u16 {
    let room = width.saturating_sub(gauge_width(width) + 21);
    scene.snapshot.mirror.trust.parts.iter().map(|part| wrap(&part.evidence, room).len().max(1) as u16).sum::<u16>().clamp(1, 24)
}

/// Which directions the mirror carries.
pub(in crate::tui) fn directions(canvas: &mut Canvas, area: Rect, scene: &Scene) {
    let body = titled(canvas, area, "Directions", &[], false);
    let sides = scene.snapshot.mirror.sides;
    if body.height == 0 {
        return;
    }
    if sides.judged == 0 {
        let words = match scene.snapshot.finished {
            true => "not judged: no conversation had five packets and could be answered",
            false => "waiting for conversations of five packets that could be answered",
        };
        for (line, y) in wrap(words, body.width.saturating_sub(2)).iter().zip(body.top()..body.bottom()) {
            canvas.ink(body.x + 1, y, body.width.saturating_sub(2), line, Hue::Dim);
        }
        return;
    }
    let one = ratio(sides.one_sided, sides.judged);
    let hue = if one > 0.5 {
        Hue::Bad
    } else if one > 0.1 {
        Hue::Warn
    } else {
        Hue::Good
    };
    let wide = body.width.saturating_sub(2);
    let style = scene.style(hue);
    bar::gauge(canvas, body.x + 1, body.y, wide, 1.0 - one, style);
    if body.height > 1 {
        let line = format!("{} of {} conversations in one direction only", amount::share(one), units::count(sides.judged));
        canvas.ink(body.x + 1, body.y + 1, wide, &cut_end(&line, wide), Hue::Text);
    }
}

/// What is not judged of the mirror, and why: what means nothing here before what is too little.
fn not_judged(scene: &Scene) -> Vec<Fact> {
    let mirror = &scene.base.mirror;
    let lacking = mirror.not_judged.iter().filter(|n| !mirror.silenced.iter().any(|s| s.0 == n.0));
    mirror.silenced.iter().chain(lacking).map(|(name, why)| ((*name).to_owned(), why.clone(), scene.style(Hue::Dim))).collect()
}

/// What is not judged of anything, and why: of the network first, for users notice that.
pub(in crate::tui) fn nothing_known_of(scene: &Scene) -> Vec<Fact> {
    let network = scene.base.diagnosis.network.not_judged.iter();
    let network = network.map(|(name, why)| ((*name).to_owned(), why.clone(), scene.style(Hue::Dim)));
    network.chain(not_judged(scene)).collect()
}

/// Lines that [`silenced`] takes, with its title.
pub(in crate::tui) fn silenced_height(scene: &Scene, width: u16) -> u16 {
    facts::height(width, &not_judged(scene)).max(1) + 1
}

/// What could not be judged of the mirror, and why: detectors that keep silent first, then those that have seen too little.
pub(in crate::tui) fn silenced(canvas: &mut Canvas, area: Rect, scene: &Scene) {
    draw_not_judged(canvas, area, scene, &not_judged(scene));
}

/// A list of what could not be judged.
pub(in crate::tui) fn draw_not_judged(canvas: &mut Canvas, area: Rect, scene: &Scene, facts: &[Fact]) {
    let body = titled(canvas, area, "Not judged", &[(facts.len().to_string().into(), scene.style(Hue::Dim))], false);
    if body.height == 0 {
        return;
    }
    if facts.is_empty() {
        canvas.pieces(
            body.x + 1,
            body.y,
            body.width.saturating_sub(2),
            &[("● ".into(), scene.style(Hue::Good)), ("none: the evidence suffices for every detector".into(), scene.style(Hue::Dim))],
        );
        return;
    }
    facts::draw_scrolled(canvas, body, facts, scene.pane.scroll);
}

/// The same below a list, where nothing is scrolled: what has no room is counted.
pub(in crate::tui) fn not_judged_as_far_as_it_fits(canvas: &mut Canvas, area: Rect, scene: &Scene, mut facts: Vec<Fact>) {
    let all = facts.len();
    let body = titled(canvas, area, "Not judged", &[(all.to_string().into(), scene.style(Hue::Dim))], false);
    while !facts.is_empty() && facts::height(body.width, &facts).saturating_add(u16::from(facts.len() < all)) > body.height {
        facts.pop();
    }
    let used = facts::draw(canvas, body, &facts);
    if facts.len() < all && used < body.height {
        let words = format!("{} more: N lists all", all - facts.len());
        canvas.ink(body.x + 1, body.y + used, body.width.saturating_sub(2), &words, Hue::Dim);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_room_says_less_of_how_it_was_measured() {
        let whole = "0 % cut, 0 of 1,715 checksums wrong (n 1,913 packets), in 27.10 s";
        assert_eq!(essence(whole), "0 % cut, 0 of 1,715 checksums wrong");
        assert_eq!(essence("0 of 814 answers before their cause"), "0 of 814 answers before their cause");
        assert_eq!(essence("seen (n 5), 0 % lost (a (b) c) here"), "seen, 0 % lost here");
    }

    #[test]
    fn what_is_worst_says_all_of_its_evidence() {
        let part = |name, score, evidence: &str| TrustPart { name, score, evidence: evidence.into() };
        let parts = [
            part("uniqueness", Some(100), "0 % of 891 packets are copies (n 891), in 6.94 s"),
            part("coverage", None, "cannot tell: 9 of 20 conversations (with five packets) show one"),
        ];
        let lines = |room| evidence_in(&parts, 32, room).iter().map(Vec::len).collect::<Vec<_>>();
        assert_eq!(lines(5), [2, 3], "all has room");
        assert_eq!(lines(4), [1, 3], "what is good says less");
        assert_eq!(evidence_in(&parts, 32, 4)[0], ["0 % of 891 packets are copies"]);
        assert_eq!(lines(2).len(), 2);
    }

    #[test]
    fn the_badge_says_what_the_verdict_says() {
        let trust = |verdict, score, summary: &str| Trust { verdict, score, summary: summary.into(), parts: Vec::new() };
        let badge = |verdict, score, summary| {
            let (symbol, text, _) = super::verdict(&trust(verdict, score, summary));
            format!("{symbol} {text}")
        };
        assert_eq!(badge(Verdict::Unknown, None, ""), "? mirror ?");
        assert_eq!(badge(Verdict::Good, Some(97), "good"), "● mirror good");
        assert_eq!(badge(Verdict::Noted, Some(85), "good, with one note"), "● mirror good");
        assert_eq!(badge(Verdict::Doubtful, Some(75), "one direction only"), "▲ mirror: one direction only");
        assert_eq!(badge(Verdict::Bad, Some(22), "every packet twice"), "✖ mirror: every packet twice");
        assert_eq!(badge(Verdict::Bad, Some(22), "the mirror is limited to 2.00 Mb/s"), "✖ the mirror is limited to 2.00 Mb/s");
        assert_eq!(sentence(&trust(Verdict::Bad, Some(22), "every packet twice"), true), "Every packet twice");
        let unknown = |finished| sentence(&trust(Verdict::Unknown, None, "no TCP was seen"), finished);
        assert_eq!(unknown(false), "It cannot be told yet whether this mirror can be believed: no TCP was seen.");
        assert_eq!(unknown(true), "It cannot be told whether this mirror can be believed: no TCP was seen.", "nothing more comes");
    }
}
