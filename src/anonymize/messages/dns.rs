//! DNS, multicast DNS, LLMNR and NetBIOS names.

use crate::anonymize::bytes::{from, part, v4, v6, word};
use crate::anonymize::pan::Pan;
use crate::anonymize::payload::unnamed;
use crate::anonymize::veil::{opaque, veil};
use crate::anonymize::words;

/// Walks over a name and replaces its labels; where it ends.
pub fn name(pan: &Pan, bytes: &mut [u8], mut at: usize) -> Option<usize> {
    let mut labels: Vec<(usize, usize)> = Vec::new();
    let end = loop {
        match bytes.get(at).copied()? {
            0 => break at + 1,
            pointer if pointer >= 0xc0 => break at + 2,
            length if length < 64 => {
                labels.push((at + 1, usize::from(length)));
                at += 1 + usize::from(length);
                if labels.len() > 128 {
                    return None;
                }
            }
            _ => return None,
        }
    };
    let text = |bytes: &[u8], (at, length): (usize, usize)| bytes.get(at..at + length).map(<[u8]>::to_ascii_lowercase);
    let is_reverse = labels.last().and_then(|last| text(bytes, *last)).is_some_and(|last| last == b"arpa");
    for (i, &(at, length)) in labels.iter().enumerate() {
        let is_suffix = is_reverse && i + 2 >= labels.len();
        let label = bytes.get_mut(at..at + length)?;
        if is_suffix || words::is_protocols(label) {
            continue;
        }
        if length == 32 && label.iter().all(|b| (b'A'..=b'P').contains(b)) {
            netbios(pan, label);
        } else if is_reverse && length <= 3 {
            // A digit of an address alone would tell: its place in the name is part of what is enciphered.
            let mut keyed: Vec<u8> = label.to_vec();
            keyed.extend_from_slice(format!("{i}reverse").as_bytes());
            words::word(pan, &mut keyed);
            label.iter_mut().zip(keyed).for_each(|(to, from)| *to = from);
        } else {
            words::label(pan, label);
        }
    }
    Some(end)
}

/// A NetBIOS name, a letter of which is two (RFC 1001 section 14.1).
fn netbios(pan: &Pan, label: &mut [u8]) {
    let mut plain: Vec<u8> =
        label.chunks_exact(2).filter_map(|p| Some((p.first()?.wrapping_sub(b'A') << 4) | (p.get(1)?.wrapping_sub(b'A') & 15))).collect();
    if let Some(name) = plain.get_mut(..15) {
        let length = name.iter().rposition(|b| *b != b' ' && *b != 0).map_or(0, |last| last + 1);
        words::word(pan, name.get_mut(..length).unwrap_or_default());
    }
    for (pair, byte) in label.chunks_exact_mut(2).zip(plain) {
        if let [high, low] = pair {
            (*high, *low) = (b'A' + (byte >> 4), b'A' + (byte & 15));
        }
    }
}

/// Bytes of a message's header.
const HEADER: usize = 12;

/// A message (RFC 1035 section 4.1).
pub fn message(pan: &mut Pan, bytes: &mut [u8]) {
    // A header has numbers that no text has; of less than one nothing is known.
    if bytes.get(..HEADER).is_none_or(words::is_text) {
        return unnamed(pan, bytes, 0);
    }
    if let Err(at) = records(pan, bytes) {
        // Cut short, or something else on its port: what was walked over is done.
        opaque(pan, from(bytes, at), 0);
    }
}

/// Walks over a message; where it could not go on.
fn records(pan: &mut Pan, bytes: &mut [u8]) -> Result<(), usize> {
    let questions = word(bytes, 4);
    let records = u32::from(word(bytes, 6)) + u32::from(word(bytes, 8)) + u32::from(word(bytes, 10));
    let mut at = HEADER;
    for _ in 0..questions {
        at = name(pan, bytes, at).ok_or(at)? + 4;
    }
    for _ in 0..records {
        let begin = at;
        at = name(pan, bytes, at).ok_or(begin)?;
        let (kind, length) = (word(bytes, at), usize::from(word(bytes, at + 8)));
        let data = at + 10;
        if data + length > bytes.len() {
            return Err(data);
        }
        record(pan, kind, bytes, data, length);
        at = data + length;
    }
    // Bytes behind the last record are nobody's.
    veil(pan, from(bytes, at));
    Ok(())
}

/// What a record says; names in it may point into the message before it.
fn record(pan: &mut Pan, kind: u16, bytes: &mut [u8], data: usize, length: usize) {
    let end = data + length;
    match kind {
        1 => v4(pan, bytes, data),
        28 => v6(pan, bytes, data),
        2 | 5 | 12 | 39 => drop(name(pan, bytes, data)),
        15 => drop(name(pan, bytes, data + 2)),
        33 => drop(name(pan, bytes, data + 6)),
        6 => drop(name(pan, bytes, data).and_then(|next| name(pan, bytes, next))),
        // NetBIOS: flags and addresses; the status of a node with names is text, and its station.
        32 if length.is_multiple_of(6) => (data + 2..end).step_by(6).for_each(|place| v4(pan, bytes, place)),
        // Options: who asked (RFC 7871), cookies.
        41 => options(pan, part(bytes, data, end)),
        // Services: addresses among parameters (RFC 9460).
        64 | 65 => {
            let at = name(pan, bytes, data + 2).unwrap_or(end).min(end);
            service(pan, part(bytes, at, end));
        }
        // The next name, and the kinds of its records.
        47 => drop(name(pan, bytes, data)),
        _ => unnamed(pan, part(bytes, data, end), 0),
    }
}

fn options(pan: &mut Pan, bytes: &mut [u8]) {
    let mut at = 0;
    while at + 4 <= bytes.len() {
        let end = at + 4 + usize::from(word(bytes, at + 2));
        // Family and lengths of a network stay.
        let kept = if word(bytes, at) == 8 { 4 } else { 0 };
        veil(pan, part(bytes, at + 4 + kept, end));
        at = end;
    }
}

fn service(pan: &mut Pan, bytes: &mut [u8]) {
    let mut at = 0;
    while at + 4 <= bytes.len() {
        let (key, end) = (word(bytes, at), at + 4 + usize::from(word(bytes, at + 2)));
        match key {
            0..=3 => {}
            4 => (at + 4..end).step_by(4).for_each(|place| v4(pan, bytes, place)),
            6 => (at + 4..end).step_by(16).for_each(|place| v6(pan, bytes, place)),
            _ => veil(pan, part(bytes, at + 4, end)),
        }
        at = end;
    }
}
