//! The fuzz targets, whose bodies are in `tests/support/fuzz/` (why: see there).

#[path = "../../tests/support/fuzz/mod.rs"]
mod fuzz;
#[path = "../../tests/support/packet/mod.rs"]
mod packet;

pub use fuzz::run;
