//! Every capture file format.

use super::format::Recognised;
use super::{classic, erf, netmon, pcapng, snoop};

/// A format's own test: whether the beginning of a file is of its kind. `complete`: no more bytes are to be had or wanted.
type Test = fn(head: &[u8], complete: bool) -> Recognised;

/// Every format, its name and its test: a line each. Those without a magic number come last.
const FORMATS: &[(&str, Test)] = &[
    ("pcap", classic::recognise),
    ("pcapng", pcapng::recognise),
    ("snoop", snoop::recognise),
    ("netmon", netmon::recognise),
    ("erf", erf::recognise),
];

/// The names of the formats that are read.
pub fn format_names() -> impl Iterator<Item = &'static str> {
    FORMATS.iter().map(|format| format.0)
}

/// Recognises a capture by its first bytes.
pub(super) fn recognise(head: &[u8], complete: bool) -> Recognised {
    let mut more = false;
    for (_, test) in FORMATS {
        match test(head, complete) {
            Recognised::Unknown => {}
            Recognised::More => more = true,
            found => return found,
        }
    }
    if more && !complete { Recognised::More } else { Recognised::Unknown }
}
