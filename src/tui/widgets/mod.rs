//! Small things every panel is made of.

pub(super) mod amount;
pub(super) mod bar;
pub(super) mod braille;
pub(super) mod chart;
pub(super) mod frame;
pub(super) mod table;
