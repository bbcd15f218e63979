//! Panels: each a small file and a pure function from a scene to cells.

pub(super) mod any_table;
pub(super) mod bursts;
pub(super) mod events;
pub(super) mod facts;
pub(super) mod findings;
pub(super) mod kinds;
pub(super) mod load;
pub(super) mod mirror;
pub(super) mod packet_list;
pub(super) mod problem_list;
pub(super) mod shares;
pub(super) mod top;
pub(super) mod transit;
pub(super) mod when;
