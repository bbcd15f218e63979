//! Every capture file format.

use super::format::Recognised;
use super::{classic, erf, netmon, pcapng, snoop};

/// A format's own test: whether the beginning of a file is of its kind. `complete`: no more bytes are to be had or wanted.
type Test = fn(head: &[u8], complete: bool) -> Recognised;

/// Every format, by its test: a line each. Those without a magic number come last.
const FORMATS: &[Test] = &[classic::recognise, pcapng::recognise, snoop::recognise, netmon::recognise, erf::recognise];

/// Recognises a capture by its first bytes.
pub(super) fn recognise(head: &[u8], complete: bool) -> Recognised {
    let mut more = false;
    for test in FORMATS {
        match test(head, complete) {
            Recognised::Unknown => {}
            Recognised::More => more = true,
            found => return found,
        }
    }
    if more && !complete { Recognised::More } else { Recognised::Unknown }
}
