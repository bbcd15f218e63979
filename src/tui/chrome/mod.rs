//! What is around every screen: first line, tabs, footer, help.

pub(super) mod footer;
pub(super) mod header;
pub(super) mod help;
pub(super) mod palette;
pub(super) mod tabs;
