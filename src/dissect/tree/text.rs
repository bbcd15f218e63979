//! Protocols of lines: HTTP/1, SSDP and SIP with their heads, SMTP, FTP, IMAP and POP line by line.

use crate::dissect::Carriage;
use crate::model::LayerWriter;
use crate::model::limits::HEAD_LINES;

pub(super) fn http(w: &mut LayerWriter<'_, '_>, _: Carriage) {
    head(w, "HTTP", ["http.request.line", "http.response.line", "http.header", "http.file_data"]);
}

pub(super) fn ssdp(w: &mut LayerWriter<'_, '_>, _: Carriage) {
    head(w, "SSDP", ["http.request.line", "http.response.line", "http.header", "http.file_data"]);
}

pub(super) fn sip(w: &mut LayerWriter<'_, '_>, _: Carriage) {
    head(w, "SIP", ["sip.Request-Line", "sip.Status-Line", "sip.msg_hdr", "sip.msg_body"]);
}

pub(super) fn smtp(w: &mut LayerWriter<'_, '_>, _: Carriage) {
    lines(w, "SMTP", "smtp.line");
}

pub(super) fn ftp(w: &mut LayerWriter<'_, '_>, _: Carriage) {
    lines(w, "FTP", "ftp.line");
}

pub(super) fn imap(w: &mut LayerWriter<'_, '_>, _: Carriage) {
    lines(w, "IMAP", "imap.line");
}

pub(super) fn pop(w: &mut LayerWriter<'_, '_>, _: Carriage) {
    lines(w, "POP", "pop.line");
}

/// Whether bytes begin with a line of text.
pub(super) fn is_line(bytes: &[u8]) -> bool {
    let line = bytes.split(|&b| b == b'\n').next().unwrap_or_default();
    line.len() < bytes.len() && line.iter().all(|&b| b == b'\r' || b == b'\t' || (0x20..0x7f).contains(&b))
}

/// Where the line at `at` ends without its end, and where the next one begins; `None` at the end.
fn line(bytes: &[u8], at: usize) -> Option<(usize, usize)> {
    let rest = bytes.get(at..).filter(|rest| !rest.is_empty())?;
    let length = rest.iter().position(|&b| b == b'\n');
    let end = at + length.unwrap_or(rest.len());
    let shown = if end > at && bytes.get(end - 1) == Some(&b'\r') { end - 1 } else { end };
    Some((shown, length.map_or(bytes.len(), |n| at + n + 1)))
}

/// A first line, a field a line, an empty line, a body.
fn head(w: &mut LayerWriter<'_, '_>, protocol: &'static str, [request, response, field, body]: [&'static str; 4]) {
    let bytes = w.bytes();
    let mut at = 0;
    for n in 0..HEAD_LINES {
        let Some((end, next)) = line(bytes, at) else { return };
        if n > 0 && end == at {
            at = next;
            break;
        }
        if n == 0 {
            let is_answer = bytes.starts_with(b"HTTP/") || bytes.starts_with(b"SIP/");
            let said = w.text(if is_answer { response } else { request }, if is_answer { "Response" } else { "Request" }, at, end - at);
            w.summary(said.clone());
            w.say(
                protocol,
                match (protocol, is_answer) {
                    ("SIP", true) => format!("Status: {}", said.trim_start_matches("SIP/2.0 ")),
                    ("SIP", false) => format!("Request: {}", said.trim_end_matches(" SIP/2.0")),
                    _ => said,
                },
            );
        } else {
            let name = bytes.get(at..end).unwrap_or_default().split(|&b| b == b':').next().unwrap_or_default();
            let skip = (name.len() + 1).min(end - at);
            let blanks = bytes.get(at + skip..end).unwrap_or_default().iter().take_while(|&&b| b == b' ').count();
            let title = crate::model::text::printable(&String::from_utf8_lossy(name.get(..64).unwrap_or(name))).into_owned();
            w.text(field, title, at + skip + blanks, end - at - skip - blanks);
        }
        at = next;
    }
    w.raw(body, "Body", at, bytes.len());
}

/// A request or an answer a line.
fn lines(w: &mut LayerWriter<'_, '_>, protocol: &'static str, field: &'static str) {
    let bytes = w.bytes();
    let answer = bytes.first().is_some_and(|b| b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'*'));
    let word = if answer { "Response" } else { "Request" };
    let mut at = 0;
    for n in 0..HEAD_LINES {
        let Some((end, next)) = line(bytes, at) else { return };
        let said = w.text(field, word, at, end - at);
        if n == 0 {
            w.summary(said.clone());
            w.say(
                protocol,
                match (protocol, answer) {
                    ("SMTP", true) => format!("S: {said}"),
                    ("SMTP" | "POP", false) => format!("C: {said}"),
                    ("POP", true) => format!("S: {said}"),
                    _ => format!("{word}: {said}"),
                },
            );
        }
        at = next;
    }
}
