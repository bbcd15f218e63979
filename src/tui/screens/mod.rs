//! The screens: one file each. Their list is [`super::registry::SCREENS`].

pub(super) mod applications;
pub(super) mod conversations;
pub(super) mod hosts;
pub(super) mod layer2;
pub(super) mod mirror;
pub(super) mod names;
pub(super) mod overview;
pub(super) mod problems;
pub(super) mod protocols;
