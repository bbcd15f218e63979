//! spantop: `top` for a switch's SPAN port.

pub mod capture;
pub mod decode;
pub mod error;
pub mod model;
pub mod snapshot;

pub use error::{Error, Result};
