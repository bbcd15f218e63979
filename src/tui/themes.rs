//! The themes: data only. What a colour means is said in `theme.rs`.
//!
//! `dark` and `light` leave background and text to the terminal; the others, known from editors and terminals, bring their own where there are
//! colours enough. Tones that their originals use for comments are brightened until they can be read (`contrast` below holds all of them to it).

use super::hue::Hue;
use crate::model::proto::Family;

/// The colours of a theme, 24 bits each.
#[derive(Debug)]
pub(super) struct Scheme {
    /// Its name, one of [`crate::settings::THEMES`].
    pub name: &'static str,
    /// Whether text is darker than what is behind it.
    pub light: bool,
    /// Background and text, where the theme has its own.
    pub paper: Option<[u32; 2]>,
    /// Behind the selected row.
    pub selected: u32,
    /// Text, dim, faint, title.
    pub texts: [u32; 4],
    /// Good, warn, bad, accent.
    pub signals: [u32; 4],
    /// Chart area at its foot and its top, out, in.
    pub charts: [u32; 4],
    /// Web, storage, media, infrastructure, network, transport, link, control, tunnel, other.
    pub families: [u32; 10],
}

impl Scheme {
    /// The colour of a hue.
    pub fn ink(&self, hue: Hue) -> u32 {
        let [text, dim, faint, title] = self.texts;
        let [good, warn, bad, accent] = self.signals;
        let [low, high, outward, inward] = self.charts;
        let [web, storage, media, infrastructure, network, transport, link, control, tunnel, other] = self.families;
        match hue {
            Hue::Text => text,
            Hue::Dim => dim,
            Hue::Faint => faint,
            Hue::Title => title,
            Hue::Good => good,
            Hue::Warn => warn,
            Hue::Bad => bad,
            Hue::Accent => accent,
            Hue::AreaLow => low,
            Hue::AreaHigh => high,
            Hue::Out => outward,
            Hue::In => inward,
            Hue::Family(Family::Web) => web,
            Hue::Family(Family::Storage) => storage,
            Hue::Family(Family::Media) => media,
            Hue::Family(Family::Infrastructure) => infrastructure,
            Hue::Family(Family::Network) => network,
            Hue::Family(Family::Transport) => transport,
            Hue::Family(Family::Link) => link,
            Hue::Family(Family::Control) => control,
            Hue::Family(Family::Tunnel) => tunnel,
            Hue::Family(Family::Other) => other,
        }
    }
}

/// Every theme, in the order in which a key walks through them. The first two are the terminal's own background.
pub(super) static SCHEMES: [Scheme; 8] = [
    Scheme {
        name: "dark",
        light: false,
        paper: None,
        selected: 0x1d3a45,
        texts: [0xd4d9e2, 0x7f8997, 0x3d4552, 0xeef1f6],
        signals: [0x62c488, 0xeac45c, 0xf4706c, 0x56c6de],
        charts: [0x2f6aa6, 0x66b3f4, 0x66b3f4, 0xb79cf5],
        families: [0x6ea8fe, 0xe8975a, 0xd88cf0, 0x4cc4ae, 0xc9b57c, 0x93a7c4, 0x8a94a3, 0xf08cae, 0x9d92fb, 0xa9a49a],
    },
    Scheme {
        name: "light",
        light: true,
        paper: None,
        selected: 0xd3ecf2,
        texts: [0x24292f, 0x6e7781, 0xc4cad2, 0x0b1220],
        signals: [0x1a7f37, 0x8a6100, 0xc01c28, 0x00788f],
        charts: [0x7fb2e5, 0x1f6fc0, 0x1f6fc0, 0x7344c4],
        families: [0x1f6feb, 0xb35309, 0x9a3fb8, 0x0b7d69, 0x7d6a1e, 0x51658a, 0x66707c, 0xb8336a, 0x5b4bd6, 0x6b665c],
    },
    Scheme {
        name: "nord",
        light: false,
        paper: Some([0x2e3440, 0xd8dee9]),
        selected: 0x3f4f66,
        texts: [0xd8dee9, 0x94a0b8, 0x4c566a, 0xeceff4],
        signals: [0xa3be8c, 0xebcb8b, 0xe5818b, 0x88c0d0],
        charts: [0x4c6a91, 0x81a1c1, 0x8fb0d4, 0xc49fc0],
        families: [0x81b0e0, 0xd9977f, 0xc49fc0, 0x8fbcbb, 0xd6c08d, 0x9fb1cc, 0x98a5bd, 0xe39aa6, 0xa9a3dc, 0xb0aca3],
    },
    Scheme {
        name: "dracula",
        light: false,
        paper: Some([0x282a36, 0xf8f8f2]),
        selected: 0x454a66,
        texts: [0xf8f8f2, 0x8f9bcb, 0x4b4f66, 0xffffff],
        signals: [0x50fa7b, 0xf1fa8c, 0xff7070, 0x8be9fd],
        charts: [0x6a55a8, 0xbd93f9, 0xbd93f9, 0xff79c6],
        families: [0x8be9fd, 0xffb86c, 0xff79c6, 0x6be5a0, 0xe6db8a, 0xa5b1dd, 0x9aa3c6, 0xff8f9e, 0xbd93f9, 0xbab6ab],
    },
    Scheme {
        name: "gruvbox",
        light: false,
        paper: Some([0x282828, 0xebdbb2]),
        selected: 0x4a443e,
        texts: [0xebdbb2, 0xa89984, 0x504945, 0xfbf1c7],
        signals: [0xb8bb26, 0xfabd2f, 0xfb6a55, 0x8ec07c],
        charts: [0x46707a, 0x83a598, 0x8fb5a6, 0xd3869b],
        families: [0x83b8c6, 0xfe8019, 0xd3869b, 0x8ec07c, 0xd8b75e, 0xb3a896, 0xa89984, 0xf0857a, 0xc39ac9, 0xbfb09a],
    },
    Scheme {
        name: "catppuccin",
        light: false,
        paper: Some([0x1e1e2e, 0xcdd6f4]),
        selected: 0x3a3d57,
        texts: [0xcdd6f4, 0x9399b2, 0x45475a, 0xf2f5ff],
        signals: [0xa6e3a1, 0xf9e2af, 0xf38ba8, 0x89dceb],
        charts: [0x4a6ba8, 0x89b4fa, 0x89b4fa, 0xcba6f7],
        families: [0x89b4fa, 0xfab387, 0xf5c2e7, 0x94e2d5, 0xe5d3a4, 0xa6b3d9, 0x9ba3c0, 0xeba0ac, 0xb4befe, 0xbab4ac],
    },
    Scheme {
        name: "tokyo-night",
        light: false,
        paper: Some([0x1a1b26, 0xc0caf5]),
        selected: 0x2f3b62,
        texts: [0xc0caf5, 0x848db8, 0x3b4261, 0xe6ebff],
        signals: [0x9ece6a, 0xe0af68, 0xf7768e, 0x7dcfff],
        charts: [0x3d59a1, 0x7aa2f7, 0x7aa2f7, 0xbb9af7],
        families: [0x7aa2f7, 0xff9e64, 0xd7a0f5, 0x73daca, 0xd5bd82, 0xa0aed9, 0x929bc0, 0xf58ba0, 0x9d8ff0, 0xb0aaa0],
    },
    Scheme {
        name: "solarized-light",
        light: true,
        paper: Some([0xfdf6e3, 0x4d6269]),
        selected: 0xe4dcc2,
        texts: [0x4d6269, 0x6b7e85, 0xcfc8b2, 0x073642],
        signals: [0x596c00, 0x8a6700, 0xc62f2b, 0x19766f],
        charts: [0x9cc4e4, 0x1f74b3, 0x1f74b3, 0x5f63b8],
        families: [0x1f74b3, 0xb5460f, 0xb02a6f, 0x19766f, 0x7d6a1e, 0x56697a, 0x66757a, 0xb8336a, 0x5b5fb8, 0x6e6a5e],
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::hue::nearest_of_256;

    fn channels(rgb: u32) -> [f64; 3] {
        let [_, r, g, b] = rgb.to_be_bytes();
        [r, g, b].map(|c| f64::from(c) / 255.0)
    }

    /// What the 256-colour palette makes of a colour.
    fn indexed(rgb: u32) -> u32 {
        let [_, r, g, b] = rgb.to_be_bytes();
        let n = u32::from(nearest_of_256(r, g, b));
        if n >= 232 {
            return (8 + (n - 232) * 10) * 0x01_01_01;
        }
        let step = |i: u32| [0, 95, 135, 175, 215, 255][i as usize % 6];
        let n = n - 16;
        step(n / 36) << 16 | step(n / 6) << 8 | step(n)
    }

    /// The contrast ratio of WCAG 2.1, 1 to 21.
    fn contrast(one: u32, other: u32) -> f64 {
        let luminance = |rgb| {
            let [r, g, b] = channels(rgb).map(|c| if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) });
            0.2126 * r + 0.7152 * g + 0.0722 * b
        };
        let (x, y) = (luminance(one) + 0.05, luminance(other) + 0.05);
        if x > y { x / y } else { y / x }
    }

    #[test]
    fn themes_are_those_of_the_command_line() {
        assert_eq!(SCHEMES.each_ref().map(|s| s.name), crate::settings::THEMES);
        assert_eq!((SCHEMES[0].light, SCHEMES[1].light), (false, true));
    }

    #[test]
    fn everything_can_be_read_in_24_bits_and_in_256_colours() {
        for s in &SCHEMES {
            let paper = s.paper.map_or(if s.light { 0xffffff } else { 0x101010 }, |p| p[0]);
            let least = |hue, least: f64| {
                for (behind, of) in [(paper, 1.0), (s.selected, 0.75)] {
                    let true_colour = contrast(s.ink(hue), behind);
                    let of_256 = contrast(indexed(s.ink(hue)), indexed(behind));
                    let name = s.name;
                    assert!(true_colour >= least * of && of_256 >= least * of * 0.85, "{name} {hue:?}: {true_colour:.2}, {of_256:.2}");
                }
            };
            least(Hue::Text, 4.5);
            least(Hue::Title, 7.0);
            least(Hue::Dim, 3.5);
            for hue in [Hue::Good, Hue::Warn, Hue::Bad, Hue::Accent, Hue::Out, Hue::In] {
                least(hue, 4.0);
            }
            for family in [Family::Web, Family::Storage, Family::Media, Family::Infrastructure, Family::Network, Family::Transport] {
                least(Hue::Family(family), 3.8);
            }
            for family in [Family::Link, Family::Control, Family::Tunnel, Family::Other] {
                least(Hue::Family(family), 3.8);
            }
        }
    }
}
