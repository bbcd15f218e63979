//! DHCP.

use crate::anonymize::bytes::{from, mac, part, v4};
use crate::anonymize::pan::Pan;
use crate::anonymize::payload::unnamed;
use crate::anonymize::words;

/// DHCP (RFC 2131 section 2, RFC 2132).
pub fn message(pan: &mut Pan, bytes: &mut [u8]) {
    [12, 16, 20, 24].into_iter().for_each(|at| v4(pan, bytes, at));
    mac(pan, bytes, 28);
    if let Some(names) = bytes.get_mut(44..236) {
        names.fill(0);
    }
    let mut at = 240;
    while let Some(&code) = bytes.get(at) {
        if code == 255 {
            break;
        }
        if code == 0 {
            at += 1;
            continue;
        }
        let length = usize::from(bytes.get(at + 1).copied().unwrap_or(0));
        let end = (at + 2 + length).min(bytes.len());
        let value = part(bytes, at + 2, end);
        match code {
            1 | 46 | 51 | 52 | 53 | 55 | 57 | 58 | 59 | 93 | 94 | 116 => {}
            3 | 4 | 5 | 6 | 28 | 41 | 42 | 44 | 50 | 54 => (0..value.len()).step_by(4).for_each(|place| v4(pan, value, place)),
            12 | 15 => words::name(pan, value),
            81 => words::name(pan, from(value, 3)),
            // The client by its station.
            61 if value.first() == Some(&1) && value.len() == 7 => mac(pan, value, 1),
            _ => unnamed(pan, value, 0),
        }
        at = end.max(at + 2);
    }
}
