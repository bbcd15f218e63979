//! From captured bytes to headers: [`walk`] slices what is there and says why it stopped. A broken packet is information.

mod headers;

pub use headers::{Fragment, Headers, MAX_TUNNELS, Net, Stop, Transport, Tunnels};

use crate::model::LinkType;

/// Walks the headers of one packet of link type `link`, `wire` bytes long on the wire, into `headers` (overwritten).
///
/// The first `peel` tunnels are taken off: the analysed frame is what is inside them (0: the packet itself, `u8::MAX`: all).
pub fn walk(_link: LinkType, _bytes: &[u8], wire: u32, _peel: u8, headers: &mut Headers) {
    *headers = Headers { wire, ..Headers::default() };
}
