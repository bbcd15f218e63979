//! A screen as a drawing: what README shows. Blocks, lines and dots are drawn as shapes, so that they meet whatever font there is.

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};
use std::collections::BTreeMap;
use std::fmt::Write;

/// Size of a cell: eight columns of dots would be too many, two times four is what braille has.
const WIDE: u32 = 8;
const HIGH: u32 = 16;

/// Shapes of one colour, and texts.
#[derive(Default)]
struct Layer {
    path: String,
    texts: String,
}

/// Draws cells; what has no colour of its own is as the background demands.
pub(super) fn draw(buffer: &Buffer, light: bool) -> String {
    let (paper, ink) = if light { ("#ffffff", "#24292f") } else { ("#0d1117", "#c9d1d9") };
    let area = buffer.area;
    let mut layers: BTreeMap<String, Layer> = BTreeMap::new();
    let mut behind: BTreeMap<String, Layer> = BTreeMap::new();
    for y in 0..area.height {
        row(buffer, y, (paper, ink), &mut behind, &mut layers);
    }
    let (width, height) = (u32::from(area.width) * WIDE, u32::from(area.height) * HIGH);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"-8 -8 {} {}\" font-family=\"ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace\" font-size=\"13\">\n<rect x=\"-8\" y=\"-8\" width=\"100%\" height=\"100%\" rx=\"6\" fill=\"{paper}\"/>\n",
        width + 16,
        height + 16
    );
    for (colour, layer) in behind.into_iter().chain(layers) {
        let _ = writeln!(out, "<g fill=\"{colour}\">");
        if !layer.path.is_empty() {
            let _ = writeln!(out, "<path d=\"{}\"/>", layer.path);
        }
        out.push_str(&layer.texts);
        out.push_str("</g>\n");
    }
    out.push_str("</svg>\n");
    out
}

fn hex(colour: Color, usual: &str) -> String {
    match colour {
        Color::Rgb(r, g, b) => format!("#{r:02x}{g:02x}{b:02x}"),
        _ => usual.to_owned(),
    }
}

/// The colours of a cell: of what is drawn, and behind it.
fn colours(cell: &Cell, (paper, ink): (&str, &str)) -> (String, Option<String>) {
    let (fg, bg) = (hex(cell.fg, ink), (cell.bg != Color::Reset).then(|| hex(cell.bg, paper)));
    if cell.modifier.contains(Modifier::REVERSED) { (bg.unwrap_or_else(|| paper.to_owned()), Some(fg)) } else { (fg, bg) }
}

/// What is drawn in a cell.
enum Glyph {
    Nothing,
    /// Dots as in braille: bits by column and row.
    Dots([[bool; 4]; 2]),
    /// A part of the cell: x, y, width, height in eighths of it.
    Part(u32, u32, u32, u32),
    /// Lines from its middle: left, right, up, down.
    Lines([bool; 4]),
    Letter,
}

fn glyph(symbol: &str) -> Glyph {
    let Some(c) = symbol.chars().next() else { return Glyph::Nothing };
    let lower = |eighths: u32| Glyph::Part(0, 8 - eighths, 8, eighths);
    let left = |eighths: u32| Glyph::Part(0, 0, eighths, 8);
    match c {
        ' ' => Glyph::Nothing,
        '\u{2800}'..='\u{28ff}' => {
            let bits = u32::from(c) & 0xff;
            let on = |bit: u32| bits >> bit & 1 == 1;
            Glyph::Dots([[on(0), on(1), on(2), on(6)], [on(3), on(4), on(5), on(7)]])
        }
        '▁'..='█' => lower(u32::from(c) - 0x2580),
        '▉'..='▏' => left(8 - (u32::from(c) - 0x2588)),
        '▖' => Glyph::Part(0, 4, 4, 4),
        '▐' => Glyph::Part(4, 0, 4, 8),
        '▮' => Glyph::Part(1, 1, 6, 6),
        '─' | '━' => Glyph::Lines([true, true, false, false]),
        '│' => Glyph::Lines([false, false, true, true]),
        '┬' => Glyph::Lines([true, true, false, true]),
        '┴' => Glyph::Lines([true, true, true, false]),
        '┼' => Glyph::Lines([true; 4]),
        '├' => Glyph::Lines([false, true, true, true]),
        '┤' => Glyph::Lines([true, false, true, true]),
        '╭' => Glyph::Lines([false, true, false, true]),
        '╮' => Glyph::Lines([true, false, false, true]),
        '╰' => Glyph::Lines([false, true, true, false]),
        '╯' => Glyph::Lines([true, false, true, false]),
        _ => Glyph::Letter,
    }
}

fn rectangle(path: &mut String, x: u32, y: u32, width: u32, height: u32) {
    let _ = write!(path, "M{x} {y}h{width}v{height}h-{width}z");
}

fn row(buffer: &Buffer, y: u16, usual: (&str, &str), behind: &mut BTreeMap<String, Layer>, layers: &mut BTreeMap<String, Layer>) {
    let cells: Vec<&Cell> = (0..buffer.area.width).filter_map(|x| buffer.cell((x, y))).collect();
    let top = u32::from(y) * HIGH;
    let mut dots: [Vec<Option<String>>; 4] = Default::default();
    let mut word: Option<(u32, String, String, bool)> = None;
    for (x, cell) in (0u32..).zip(&cells) {
        let (fg, bg) = colours(cell, usual);
        if let Some(bg) = bg {
            rectangle(&mut behind.entry(bg).or_default().path, x * WIDE, top, WIDE, HIGH);
        }
        let kind = glyph(cell.symbol());
        let bold = cell.modifier.contains(Modifier::BOLD);
        let goes_on = matches!((&kind, &word), (Glyph::Letter, Some((_, _, colour, heavy))) if *colour == fg && *heavy == bold);
        if !goes_on && let Some(done) = word.take() {
            write_word(layers, top, done);
        }
        let pattern = if let Glyph::Dots(pattern) = kind { pattern } else { [[false; 4]; 2] };
        for column in pattern {
            for (line, on) in dots.iter_mut().zip(column) {
                line.push(on.then(|| fg.clone()));
            }
        }
        match kind {
            Glyph::Nothing | Glyph::Dots(_) => {}
            Glyph::Part(left, from, wide, high) => {
                let path = &mut layers.entry(fg).or_default().path;
                rectangle(path, x * WIDE + left, top + from * 2, wide, high * 2);
            }
            Glyph::Lines([left, right, up, down]) => {
                let path = &mut layers.entry(fg).or_default().path;
                let (x, middle) = (x * WIDE, top + HIGH / 2);
                match (left, right) {
                    (true, true) => rectangle(path, x, middle, WIDE, 1),
                    (true, false) => rectangle(path, x, middle, WIDE / 2, 1),
                    (false, true) => rectangle(path, x + WIDE / 2, middle, WIDE / 2, 1),
                    (false, false) => {}
                }
                match (up, down) {
                    (true, true) => rectangle(path, x + WIDE / 2, top, 1, HIGH),
                    (true, false) => rectangle(path, x + WIDE / 2, top, 1, HIGH / 2),
                    (false, true) => rectangle(path, x + WIDE / 2, middle, 1, HIGH / 2),
                    (false, false) => {}
                }
            }
            Glyph::Letter => match &mut word {
                Some((_, text, ..)) => text.push_str(cell.symbol()),
                None => word = Some((x, cell.symbol().to_owned(), fg, bold)),
            },
        }
    }
    if let Some(done) = word {
        write_word(layers, top, done);
    }
    for (line, columns) in (0u32..).zip(&dots) {
        write_dots(layers, top + line * HIGH / 4, columns);
    }
}

fn write_word(layers: &mut BTreeMap<String, Layer>, top: u32, (x, text, colour, bold): (u32, String, String, bool)) {
    let weight = if bold { " font-weight=\"bold\"" } else { "" };
    let length = text.chars().count() as u32 * WIDE;
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let _ = writeln!(
        layers.entry(colour).or_default().texts,
        "<text x=\"{}\" y=\"{}\" textLength=\"{length}\" lengthAdjust=\"spacingAndGlyphs\"{weight}>{escaped}</text>",
        x * WIDE,
        top + 12
    );
}

/// Dots of one line that follow each other are one rectangle.
fn write_dots(layers: &mut BTreeMap<String, Layer>, y: u32, columns: &[Option<String>]) {
    let wide = WIDE / 2;
    let mut begin = 0;
    for run in columns.chunk_by(|x, y| x == y) {
        if let Some(Some(colour)) = run.first() {
            rectangle(&mut layers.entry(colour.clone()).or_default().path, begin * wide, y, run.len() as u32 * wide, HIGH / 4);
        }
        begin += run.len() as u32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    #[test]
    fn what_is_on_the_screen_is_in_the_drawing() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 12, 2));
        buffer.set_string(0, 0, "a<b ⣿⣿ █", Style::new().fg(Color::Rgb(1, 2, 3)));
        buffer.set_string(0, 1, "on", Style::new().add_modifier(Modifier::REVERSED));
        let svg = draw(&buffer, false);
        assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
        assert!(svg.contains(">a&lt;b</text>") && svg.contains("#010203"), "{svg}");
        assert_eq!(svg.matches("M32 0h16v4h-16z").count(), 1, "two cells of dots are one rectangle: {svg}");
        assert!(svg.contains("<g fill=\"#c9d1d9\">\n<path d=\"M0 16h8v16h-8zM8 16h8v16h-8z\"/>"), "reversed: {svg}");
        assert_eq!(draw(&buffer, false), svg);
    }
}
