//! Every colour of the dashboard, in one place: what a colour means, and how it looks in four colour depths on dark and light.

use crate::model::proto::Family;
use ratatui::style::{Color, Modifier, Style};

/// How many colours the terminal has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Depth {
    /// None: bold, dim, reversed and symbols.
    Mono,
    /// The sixteen every terminal has.
    #[default]
    Sixteen,
    /// The 256-colour palette.
    Indexed,
    /// 24 bits.
    True,
}

/// What the user asked for on the command line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ColorChoice {
    /// What the environment says.
    #[default]
    Auto,
    /// Colours even where the environment says no.
    Always,
    /// No colours.
    Never,
}

/// The terminal's background.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Background {
    /// What the terminal answers when it is asked, else what `COLORFGBG` says; dark when that says nothing.
    #[default]
    Auto,
    /// Light text on dark.
    Dark,
    /// Dark text on light.
    Light,
}

/// What a colour is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hue {
    /// Values.
    Text,
    /// Labels, units, zeros.
    Dim,
    /// Lines between panels, empty parts of bars.
    Faint,
    /// Titles of panels.
    Title,
    /// All is well.
    Good,
    /// Something suffers.
    Warn,
    /// Numbers cannot be believed.
    Bad,
    /// What is selected and what can be pressed.
    Accent,
    /// Chart area at its foot.
    AreaLow,
    /// Chart area at its top.
    AreaHigh,
    /// Traffic from inside to outside; first end of a conversation.
    Out,
    /// Traffic from outside to inside; second end of a conversation.
    In,
    /// A protocol family.
    Family(Family),
}

/// Dark and light 24-bit colour, and the nearest of the sixteen.
struct Ink(u32, u32, Color);

fn ink(hue: Hue) -> Ink {
    match hue {
        Hue::Text => Ink(0xd4d9e2, 0x24292f, Color::Reset),
        Hue::Dim => Ink(0x7f8997, 0x6e7781, Color::DarkGray),
        Hue::Faint => Ink(0x3d4552, 0xc4cad2, Color::DarkGray),
        Hue::Title => Ink(0xeef1f6, 0x0b1220, Color::Reset),
        Hue::Good => Ink(0x62c488, 0x1a7f37, Color::Green),
        Hue::Warn => Ink(0xeac45c, 0x8a6100, Color::Yellow),
        Hue::Bad => Ink(0xf4706c, 0xc01c28, Color::Red),
        Hue::Accent => Ink(0x56c6de, 0x00788f, Color::Cyan),
        Hue::AreaLow => Ink(0x2f6aa6, 0x7fb2e5, Color::LightBlue),
        Hue::AreaHigh => Ink(0x66b3f4, 0x1f6fc0, Color::LightBlue),
        Hue::Out => Ink(0x66b3f4, 0x1f6fc0, Color::LightBlue),
        Hue::In => Ink(0xb79cf5, 0x7344c4, Color::Magenta),
        Hue::Family(family) => match family {
            Family::Web => Ink(0x6ea8fe, 0x1f6feb, Color::LightBlue),
            Family::Storage => Ink(0xe8975a, 0xb35309, Color::LightRed),
            Family::Media => Ink(0xd88cf0, 0x9a3fb8, Color::LightMagenta),
            Family::Infrastructure => Ink(0x4cc4ae, 0x0b7d69, Color::LightCyan),
            Family::Network => Ink(0xc9b57c, 0x7d6a1e, Color::LightYellow),
            Family::Transport => Ink(0x93a7c4, 0x51658a, Color::Gray),
            Family::Link => Ink(0x8a94a3, 0x66707c, Color::Gray),
            Family::Control => Ink(0xf08cae, 0xb8336a, Color::LightMagenta),
            Family::Tunnel => Ink(0x9d92fb, 0x5b4bd6, Color::Magenta),
            Family::Other => Ink(0xa9a49a, 0x6b665c, Color::Gray),
        },
    }
}

/// The colours in force.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Theme {
    depth: Depth,
    light: bool,
    ascii: bool,
}

impl Theme {
    /// A theme of a given depth.
    pub fn new(depth: Depth, light: bool) -> Self {
        Self { depth, light, ascii: false }
    }

    /// The same in ASCII, or not.
    pub fn with_ascii(self, ascii: bool) -> Self {
        Self { ascii, ..self }
    }

    /// The same on another background.
    pub fn on(self, light: bool) -> Self {
        Self { light, ..self }
    }

    /// Whether the background is light.
    pub fn is_light(self) -> bool {
        self.light
    }

    /// Whether drawings are made of ASCII.
    pub(super) fn is_ascii(self) -> bool {
        self.ascii
    }

    /// Whether there are colours at all.
    pub(super) fn is_coloured(self) -> bool {
        self.depth != Depth::Mono
    }

    /// Reads the environment: `NO_COLOR` (<https://no-color.org>), `COLORTERM`, `TERM`, `COLORFGBG`, and the locale.
    pub fn detect(choice: ColorChoice, background: Background, environment: &dyn Fn(&str) -> Option<String>) -> Self {
        let says = |name: &str| environment(name).unwrap_or_default();
        let term = says("TERM");
        let depth = if choice == ColorChoice::Never || choice == ColorChoice::Auto && (!says("NO_COLOR").is_empty() || term == "dumb") {
            Depth::Mono
        } else if matches!(says("COLORTERM").as_str(), "truecolor" | "24bit") || term.ends_with("-direct") {
            Depth::True
        } else if term.contains("256color") || term.contains("kitty") || term.contains("alacritty") {
            Depth::Indexed
        } else {
            Depth::Sixteen
        };
        let light = match background {
            Background::Dark => false,
            Background::Light => true,
            Background::Auto => {
                says("COLORFGBG").rsplit(';').next().and_then(|n| n.parse::<u8>().ok()).is_some_and(|n| n == 7 || (9..=15).contains(&n))
            }
        };
        Self { depth, light, ascii: super::ascii::wanted(environment) }
    }

    /// The colour of a hue.
    fn color(&self, hue: Hue) -> Color {
        let Ink(dark, light, sixteen) = ink(hue);
        self.convert(if self.light { light } else { dark }, sixteen)
    }

    fn convert(&self, rgb: u32, sixteen: Color) -> Color {
        let [_, r, g, b] = rgb.to_be_bytes();
        match self.depth {
            Depth::Mono => Color::Reset,
            Depth::Sixteen => match sixteen {
                // Light variants vanish on white.
                Color::LightBlue if self.light => Color::Blue,
                Color::LightRed if self.light => Color::Red,
                Color::LightMagenta if self.light => Color::Magenta,
                Color::LightCyan if self.light => Color::Cyan,
                Color::LightYellow if self.light => Color::Yellow,
                Color::Gray if self.light => Color::DarkGray,
                other => other,
            },
            Depth::Indexed => Color::Indexed(nearest_of_256(r, g, b)),
            Depth::True => Color::Rgb(r, g, b),
        }
    }

    /// The style of a hue.
    pub(super) fn style(&self, hue: Hue) -> Style {
        let style = match (hue, self.depth) {
            // The terminal's own foreground is what its owner reads best.
            (Hue::Text | Hue::Title, _) | (_, Depth::Mono) => Style::new(),
            _ => Style::new().fg(self.color(hue)),
        };
        match (hue, self.depth) {
            (Hue::Title, _) => style.add_modifier(Modifier::BOLD),
            (Hue::Dim | Hue::Faint, Depth::Mono) => style.add_modifier(Modifier::DIM),
            (Hue::Bad | Hue::Warn | Hue::Accent, Depth::Mono) => style.add_modifier(Modifier::BOLD),
            _ => style,
        }
    }

    /// The style of a hue, bold.
    pub(super) fn strong(&self, hue: Hue) -> Style {
        self.style(hue).add_modifier(Modifier::BOLD)
    }

    /// A badge: the hue behind the text.
    pub(super) fn badge(&self, hue: Hue) -> Style {
        self.strong(hue).add_modifier(Modifier::REVERSED)
    }

    /// What a selected row wears over its own colours.
    pub(super) fn selected(&self) -> Style {
        match self.depth {
            // One foreground, so that no word of the row is a patch of its own.
            Depth::Mono | Depth::Sixteen => Style::new().fg(Color::Reset).remove_modifier(Modifier::DIM).add_modifier(Modifier::REVERSED),
            _ => {
                let rgb = if self.light { 0xd3ecf2 } else { 0x1d3a45 };
                Style::new().bg(self.convert(rgb, Color::Reset))
            }
        }
    }

    /// The chart's area between its foot (0) and its top (1).
    pub(super) fn area(&self, height: f64) -> Style {
        match self.depth {
            Depth::Mono | Depth::Sixteen => self.style(Hue::AreaHigh),
            _ => self.between(Hue::AreaLow, Hue::AreaHigh, height, Color::LightBlue),
        }
    }

    /// How full a link is, from nothing (0) over half to all of it (1): green, yellow, red.
    pub(super) fn heat(&self, utilisation: f64) -> Style {
        let utilisation = if utilisation.is_finite() { utilisation.clamp(0.0, 1.0) } else { 0.0 };
        match self.depth {
            Depth::Mono => Style::new(),
            Depth::Sixteen if utilisation < 0.5 => self.style(Hue::Good),
            Depth::Sixteen if utilisation < 0.8 => self.style(Hue::Warn),
            Depth::Sixteen => self.style(Hue::Bad),
            _ if utilisation < 0.5 => self.between(Hue::Good, Hue::Warn, utilisation * 2.0, Color::Green),
            _ => self.between(Hue::Warn, Hue::Bad, utilisation * 2.0 - 1.0, Color::Red),
        }
    }

    /// A colour between two, for terminals with more than sixteen.
    fn between(&self, low: Hue, high: Hue, part: f64, sixteen: Color) -> Style {
        let (low, high) = (ink(low), ink(high));
        let (low, high) = if self.light { (low.1, high.1) } else { (low.0, high.0) };
        let mix = |shift: u32| {
            let (from, to) = (f64::from(low >> shift & 0xff), f64::from(high >> shift & 0xff));
            (from + (to - from) * part.clamp(0.0, 1.0)) as u32
        };
        Style::new().fg(self.convert(mix(16) << 16 | mix(8) << 8 | mix(0), sixteen))
    }
}

/// The nearest colour of the 6×6×6 cube or the grey ramp of the xterm palette.
fn nearest_of_256(r: u8, g: u8, b: u8) -> u8 {
    const STEPS: [u8; 6] = [0, 95, 135, 175, 215, 255];
    let step = |v: u8| (0..6u8).min_by_key(|&i| STEPS[usize::from(i)].abs_diff(v)).unwrap_or(0);
    let (ri, gi, bi) = (step(r), step(g), step(b));
    let distance = |x: u8, y: u8, z: u8| {
        let d = |p: u8, q: u8| u32::from(p.abs_diff(q)).pow(2);
        d(x, r) + d(y, g) + d(z, b)
    };
    let cube = distance(STEPS[usize::from(ri)], STEPS[usize::from(gi)], STEPS[usize::from(bi)]);
    let mean = ((u16::from(r) + u16::from(g) + u16::from(b)) / 3) as u8;
    let ramp = (mean.saturating_sub(3) / 10).min(23);
    let gray = 8 + ramp * 10;
    if distance(gray, gray, gray) < cube { 232 + ramp } else { 16 + 36 * ri + 6 * gi + bi }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detect(variables: &[(&str, &str)]) -> Theme {
        let find = |name: &str| variables.iter().find(|v| v.0 == name).map(|v| v.1.to_owned());
        Theme::detect(ColorChoice::Auto, Background::Auto, &find)
    }

    #[test]
    fn the_environment_decides() {
        assert_eq!(detect(&[("TERM", "xterm-256color")]), Theme::new(Depth::Indexed, false));
        assert_eq!(detect(&[("COLORTERM", "truecolor"), ("COLORFGBG", "0;15")]), Theme::new(Depth::True, true));
        assert_eq!(detect(&[("COLORTERM", "truecolor"), ("NO_COLOR", "1")]), Theme::new(Depth::Mono, false));
        assert_eq!(detect(&[("TERM", "linux")]), Theme::new(Depth::Sixteen, false).with_ascii(true), "its font has few glyphs");
    }

    #[test]
    fn mono_has_no_colour_at_all() {
        let mono = Theme::new(Depth::Mono, false);
        for hue in [Hue::Bad, Hue::Good, Hue::Family(Family::Web), Hue::Faint] {
            assert_eq!(mono.style(hue).fg, None);
        }
        assert_eq!(nearest_of_256(255, 0, 0), 196);
        assert_eq!(nearest_of_256(128, 128, 128), 244);
    }
}
