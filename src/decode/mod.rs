//! From captured bytes to headers: [`walk`] slices what is there and says why it stopped. A broken packet is information.

mod headers;

pub use headers::{Fragment, Headers, Net, Stop, Transport, VlanStack};
