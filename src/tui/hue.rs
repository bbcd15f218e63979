//! What a colour means, whatever it looks like, and the nearest of 256 that looks so.

use crate::model::proto::Family;

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

/// The nearest colour of the 6×6×6 cube or the grey ramp of the xterm palette.
pub(super) fn nearest_of_256(r: u8, g: u8, b: u8) -> u8 {
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
