//! Small things every panel is made of.

pub(super) mod amount;
pub(super) mod bar;
pub(super) mod bins;
pub(super) mod braille;
pub(super) mod chart;
pub(super) mod frame;
pub(super) mod strip;
pub(super) mod table;
