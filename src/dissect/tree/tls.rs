//! TLS records (RFC 8446 section 5.1) and the handshake messages in them that can be read.

use crate::dissect::Carriage;
use crate::dissect::tls::alerts;
use crate::dissect::tls::hello::{ClientHello, ServerHello};
use crate::model::{LayerWriter, Show};

/// Records of a segment that are shown.
const RECORDS: usize = 64;

fn content(kind: u64) -> &'static str {
    match kind {
        20 => "Change Cipher Spec",
        21 => "Alert",
        22 => "Handshake",
        23 => "Application Data",
        24 => "Heartbeat",
        _ => "",
    }
}

fn handshake(kind: u64) -> &'static str {
    match kind {
        0 => "Hello Request",
        1 => "Client Hello",
        2 => "Server Hello",
        4 => "New Session Ticket",
        5 => "End of Early Data",
        8 => "Encrypted Extensions",
        11 => "Certificate",
        12 => "Server Key Exchange",
        13 => "Certificate Request",
        14 => "Server Hello Done",
        15 => "Certificate Verify",
        16 => "Client Key Exchange",
        20 => "Finished",
        22 => "Certificate Status",
        _ => "",
    }
}

fn version(number: u64) -> &'static str {
    match number {
        0x0300 => "SSL 3.0",
        0x0301 => "TLS 1.0",
        0x0302 => "TLS 1.1",
        0x0303 => "TLS 1.2",
        0x0304 => "TLS 1.3",
        _ => "",
    }
}

/// The column's name of a version.
fn column(number: u64) -> &'static str {
    match number {
        0x0300 => "SSLv3",
        0x0301 => "TLSv1",
        0x0302 => "TLSv1.1",
        0x0303 => "TLSv1.2",
        0x0304 => "TLSv1.3",
        _ => "TLS",
    }
}

fn alert(number: u64) -> &'static str {
    u32::try_from(number).ok().and_then(alerts::words).unwrap_or("Unknown")
}

/// Whether bytes begin with a record.
pub(super) fn is_record(bytes: &[u8]) -> bool {
    matches!(bytes, [20..=24, 3, 0..=4, high, low, ..] if (1..=0x4800).contains(&u16::from_be_bytes([*high, *low])))
}

pub(super) fn tls(w: &mut LayerWriter<'_, '_>, _: Carriage) {
    let (mut said, mut at, mut newest) = (Vec::new(), 0, 0);
    // Behind this what a handshake record holds is encrypted.
    let mut changed = false;
    for _ in 0..RECORDS {
        if !is_record(w.bytes().get(at..).unwrap_or_default()) {
            break;
        }
        let kind = w.word(at, 1);
        let length = w.word(at + 3, 2) as usize;
        w.number("tls.record.content_type", "Content type", at, 1, Show::Named(content));
        w.inside(|w| {
            let found = w.number("tls.record.version", "Version", at + 1, 2, Show::Named(version)).unwrap_or(0);
            w.number("tls.record.length", "Length", at + 3, 2, Show::Dec);
            newest = newest.max(found);
            match kind {
                20 => {
                    changed = true;
                    said.push(content(kind).to_owned());
                }
                21 if length == 2 => {
                    w.number("tls.alert_message.level", "Level", at + 5, 1, Show::Named(|n| if n == 1 { "Warning" } else { "Fatal" }));
                    let what = w.number("tls.alert_message.desc", "Description", at + 6, 1, Show::Named(alert)).unwrap_or(0);
                    let level = if w.word(at + 5, 1) == 1 { "Warning" } else { "Fatal" };
                    said.push(format!("Alert (Level: {level}, Description: {})", alert(what)));
                }
                21 => said.push("Encrypted Alert".to_owned()),
                22 if changed || handshake(w.word(at + 5, 1)).is_empty() => {
                    w.raw("tls.handshake", "Encrypted handshake message", at + 5, length);
                    said.push("Encrypted Handshake Message".to_owned());
                }
                22 => messages(w, at + 5, length, &mut said, &mut newest),
                23 => {
                    w.raw("tls.app_data", "Encrypted application data", at + 5, length);
                    said.push(content(kind).to_owned());
                }
                _ => said.push(content(kind).to_owned()),
            }
        });
        at += 5 + length;
    }
    let said = said.join(", ");
    w.summary(said.clone());
    w.say(column(newest), said);
}

/// The messages of a handshake record.
fn messages(w: &mut LayerWriter<'_, '_>, mut at: usize, length: usize, said: &mut Vec<String>, newest: &mut u64) {
    let end = at + length;
    while at + 4 <= end {
        let (Some(kind), Some(size)) = (w.peek(at, 1), w.peek(at + 1, 3)) else { break };
        let name = handshake(kind);
        if name.is_empty() {
            break;
        }
        w.number("tls.handshake.type", "Handshake type", at, 1, Show::Named(handshake));
        said.push(name.to_owned());
        let place = at;
        let body = w.bytes().get(at + 4..(at + 4).saturating_add(size as usize).min(w.len())).unwrap_or_default();
        w.inside(|w| {
            w.number("tls.handshake.length", "Length", place + 1, 3, Show::Dec);
            match kind {
                1 => client(w, place + 4, body),
                2 => server(w, place + 4, body, newest),
                _ => w.raw("tls.handshake.body", "Content", place + 4, size as usize),
            }
        });
        at += 4 + size as usize;
    }
}

fn client(w: &mut LayerWriter<'_, '_>, at: usize, body: &[u8]) {
    w.number("tls.handshake.version", "Version", at, 2, Show::Named(version));
    w.raw("tls.handshake.random", "Random", at + 2, 32);
    let session = w.number("tls.handshake.session_id_length", "Session ID length", at + 34, 1, Show::Dec).unwrap_or(0) as usize;
    let suites = w.number("tls.handshake.cipher_suites_length", "Cipher suites length", at + 35 + session, 2, Show::Dec).unwrap_or(0);
    for n in 0..suites as usize / 2 {
        w.number("tls.handshake.ciphersuite", "Cipher suite", at + 37 + session + 2 * n, 2, Show::Hex);
    }
    let Some(hello) = ClientHello::read(body) else { return };
    let place = |part: &[u8]| at + body.windows(part.len().max(1)).position(|window| window == part).unwrap_or(0);
    w.known("tls.handshake.extensions.supported_version", "Highest version", at, 0, version(hello.version.into()), hello.version.into());
    if let Some(name) = hello.server_name {
        w.text("tls.handshake.extensions_server_name", "Server name", place(name), name.len());
    }
    for protocol in hello.protocols() {
        w.text("tls.handshake.extensions_alpn_str", "Application protocol", place(protocol), protocol.len());
    }
}

fn server(w: &mut LayerWriter<'_, '_>, at: usize, body: &[u8], newest: &mut u64) {
    w.number("tls.handshake.version", "Version", at, 2, Show::Named(version));
    w.raw("tls.handshake.random", "Random", at + 2, 32);
    let session = w.number("tls.handshake.session_id_length", "Session ID length", at + 34, 1, Show::Dec).unwrap_or(0) as usize;
    w.number("tls.handshake.ciphersuite", "Cipher suite", at + 35 + session, 2, Show::Hex);
    if let Some(hello) = ServerHello::read(body) {
        w.known("tls.handshake.extensions.supported_version", "Chosen version", at, 0, version(hello.version.into()), hello.version.into());
        *newest = (*newest).max(hello.version.into());
    }
}
