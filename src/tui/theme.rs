//! Every colour of the dashboard, in one place: what a colour means, and how it looks in four colour depths on dark and light.

pub(super) use super::hue::Hue;
use super::hue::nearest_of_256;
use super::themes::{SCHEMES, Scheme};
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
    /// A theme by its name ([`crate::settings::THEMES`]).
    Named(&'static str),
}

/// The nearest of the sixteen colours every terminal has.
fn sixteen(hue: Hue) -> Color {
    match hue {
        Hue::Text | Hue::Title => Color::Reset,
        Hue::Dim | Hue::Faint => Color::DarkGray,
        Hue::Good => Color::Green,
        Hue::Warn => Color::Yellow,
        Hue::Bad => Color::Red,
        Hue::Accent => Color::Cyan,
        Hue::AreaLow | Hue::AreaHigh | Hue::Out => Color::LightBlue,
        Hue::In => Color::Magenta,
        Hue::Family(family) => match family {
            Family::Web => Color::LightBlue,
            Family::Storage => Color::LightRed,
            Family::Media | Family::Control => Color::LightMagenta,
            Family::Infrastructure => Color::LightCyan,
            Family::Network => Color::LightYellow,
            Family::Transport | Family::Link | Family::Other => Color::Gray,
            Family::Tunnel => Color::Magenta,
        },
    }
}

/// The colours in force.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Theme {
    depth: Depth,
    /// The terminal's own background.
    light: bool,
    /// Its number among the themes.
    scheme: usize,
    ascii: bool,
}

impl Theme {
    /// A theme of a given depth.
    pub fn new(depth: Depth, light: bool) -> Self {
        Self { depth, light, scheme: usize::from(light), ascii: false }
    }

    /// The same in ASCII, or not.
    pub fn with_ascii(self, ascii: bool) -> Self {
        Self { ascii, ..self }
    }

    /// The terminal's own colours on another background.
    pub fn on(self, light: bool) -> Self {
        Self { light, scheme: usize::from(light), ..self }
    }

    /// Another theme, by its name; as it is where there is none of that name.
    pub fn named(self, name: &str) -> Self {
        let scheme = SCHEMES.iter().position(|s| s.name == name).unwrap_or(self.scheme);
        Self { scheme, ..self }
    }

    /// The theme after this one.
    pub(super) fn next(self) -> Self {
        Self { scheme: (self.scheme + 1) % SCHEMES.len(), ..self }
    }

    /// The name of the theme.
    pub fn name(self) -> &'static str {
        self.colours().name
    }

    /// Whether there are colours enough for a theme to bring its own background.
    pub(super) fn is_painted(self) -> bool {
        matches!(self.depth, Depth::Indexed | Depth::True)
    }

    fn colours(&self) -> &'static Scheme {
        static FIRST: &Scheme = &SCHEMES[0];
        SCHEMES.get(self.scheme).unwrap_or(FIRST)
    }

    /// Whether the background is light: the theme's own where it is drawn, else the terminal's.
    pub fn is_light(self) -> bool {
        let colours = self.colours();
        if colours.paper.is_none() || self.is_painted() { colours.light } else { self.light }
    }

    /// Background and text of every cell that has none of its own, where the theme brings them.
    pub(super) fn paper(&self) -> Option<(Color, Color)> {
        let [behind, text] = self.colours().paper.filter(|_| self.is_painted())?;
        Some((self.convert(behind, Color::Reset), self.convert(text, Color::Reset)))
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
            Background::Auto | Background::Named(_) => {
                says("COLORFGBG").rsplit(';').next().and_then(|n| n.parse::<u8>().ok()).is_some_and(|n| n == 7 || (9..=15).contains(&n))
            }
        };
        let theme = Self { ascii: super::ascii::wanted(environment), ..Self::new(depth, light) };
        if let Background::Named(name) = background { theme.named(name) } else { theme }
    }

    /// The colour of a hue.
    fn color(&self, hue: Hue) -> Color {
        self.convert(self.colours().ink(hue), sixteen(hue))
    }

    fn convert(&self, rgb: u32, sixteen: Color) -> Color {
        let [_, r, g, b] = rgb.to_be_bytes();
        match self.depth {
            Depth::Mono => Color::Reset,
            Depth::Sixteen => match sixteen {
                // Light variants vanish on white, and so do yellow and cyan on many terminals.
                Color::Yellow | Color::LightYellow if self.is_light() => Color::Magenta,
                Color::Cyan | Color::LightCyan if self.is_light() => Color::Blue,
                Color::LightBlue if self.is_light() => Color::Blue,
                Color::LightRed if self.is_light() => Color::Red,
                Color::LightMagenta if self.is_light() => Color::Magenta,
                Color::Gray if self.is_light() => Color::DarkGray,
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
            _ => Style::new().bg(self.convert(self.colours().selected, Color::Reset)),
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
        let (low, high) = (self.colours().ink(low), self.colours().ink(high));
        let mix = |shift: u32| {
            let (from, to) = (f64::from(low >> shift & 0xff), f64::from(high >> shift & 0xff));
            (from + (to - from) * part.clamp(0.0, 1.0)) as u32
        };
        Style::new().fg(self.convert(mix(16) << 16 | mix(8) << 8 | mix(0), sixteen))
    }
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
    fn sixteen_colours_are_read_on_white() {
        let families = [
            Family::Web,
            Family::Storage,
            Family::Media,
            Family::Infrastructure,
            Family::Network,
            Family::Transport,
            Family::Link,
            Family::Control,
            Family::Tunnel,
            Family::Other,
        ];
        let hues = [Hue::Dim, Hue::Good, Hue::Warn, Hue::Bad, Hue::Accent, Hue::AreaLow, Hue::AreaHigh, Hue::Out, Hue::In];
        let white = Theme::new(Depth::Sixteen, true);
        for hue in hues.into_iter().chain(families.map(Hue::Family)) {
            let colour = white.style(hue).fg;
            let dark = [Color::Blue, Color::Red, Color::Magenta, Color::Green, Color::DarkGray];
            assert!(colour.is_some_and(|colour| dark.contains(&colour)), "{hue:?}: {colour:?}");
        }
        assert_ne!(white.style(Hue::Warn), white.style(Hue::Bad));
        let black = Theme::new(Depth::Sixteen, false);
        assert_eq!((black.style(Hue::Warn).fg, black.style(Hue::Accent).fg), (Some(Color::Yellow), Some(Color::Cyan)));
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
