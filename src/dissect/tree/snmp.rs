//! SNMP 1, 2c and 3 (RFC 1157, 3416, 3412), in the words of Wireshark. A community is a password: it is not written out.

use crate::dissect::Carriage;
use crate::dissect::ber::{Element, element, elements};
use crate::dissect::snmp::error;
use crate::model::{LayerWriter, Show};

const INTEGER: u8 = 0x02;
const OCTETS: u8 = 0x04;
const IDENTIFIER: u8 = 0x06;
const SEQUENCE: u8 = 0x30;
const TRAP: u8 = 0xa4;

fn version(number: u64) -> &'static str {
    match number {
        0 => "version-1",
        1 => "v2c",
        3 => "snmpv3",
        _ => "",
    }
}

/// What a message asks or tells, by its tag.
fn pdu(tag: u8) -> Option<&'static str> {
    Some(match tag {
        0xa0 => "get-request",
        0xa1 => "get-next-request",
        0xa2 => "get-response",
        0xa3 => "set-request",
        TRAP => "trap",
        0xa5 => "getBulkRequest",
        0xa6 => "informRequest",
        0xa7 => "snmpV2-trap",
        0xa8 => "report",
        _ => return None,
    })
}

/// The elements inside one whose contents begin at `at`, each with where it begins.
fn parts(inner: &[u8], mut at: usize) -> impl Iterator<Item = (usize, Element<'_>)> {
    elements(inner).map(move |part| {
        let begin = at;
        at = at.saturating_add(part.size());
        (begin, part)
    })
}

/// An object identifier in dots (X.690 section 8.19).
fn dotted(bytes: &[u8]) -> String {
    let mut numbers: Vec<String> = Vec::new();
    let mut number = 0u64;
    for byte in bytes {
        number = number << 7 | u64::from(byte & 0x7f);
        if byte & 0x80 != 0 {
            continue;
        }
        if numbers.is_empty() {
            let first = (number / 40).min(2);
            numbers.push(first.to_string());
            number -= first * 40;
        }
        numbers.push(number.to_string());
        number = 0;
    }
    numbers.join(".")
}

pub(super) fn snmp(w: &mut LayerWriter<'_, '_>, _: Carriage) {
    let bytes = w.bytes();
    let Some(whole) = element(bytes).filter(|e| e.tag == SEQUENCE) else { return };
    let mut of = parts(whole.inner, whole.head);
    let Some((at, said)) = of.next().filter(|(_, e)| e.tag == INTEGER) else { return };
    w.number("snmp.version", "Version", at + said.head, said.length, Show::Named(version));
    let message = match said.number() {
        Some(3) => scoped(w, of),
        _ => of.find(|(_, e)| pdu(e.tag).is_some()),
    };
    if let Some((at, message)) = message {
        contents(w, at, &message);
    }
}

/// The message in one of version 3; says so where it is encrypted.
fn scoped<'a>(w: &mut LayerWriter<'_, '_>, mut of: impl Iterator<Item = (usize, Element<'a>)>) -> Option<(usize, Element<'a>)> {
    // Behind the header and the parameters of security.
    let (at, scoped) = of.nth(2)?;
    if scoped.tag == OCTETS {
        w.raw("snmp.encryptedPDU", "Encrypted", at + scoped.head, scoped.length);
        w.summary("encrypted");
        w.say("SNMP", "encryptedPDU: privKey Unknown");
        return None;
    }
    parts(scoped.inner, at + scoped.head).find(|(_, e)| pdu(e.tag).is_some())
}

/// What a message asks or tells.
fn contents(w: &mut LayerWriter<'_, '_>, at: usize, message: &Element<'_>) {
    let name = pdu(message.tag).unwrap_or_default();
    w.value("snmp.data", "Message", at, message.size(), name);
    let inside = at + message.head;
    if message.tag != TRAP {
        let numbers: Vec<_> = parts(message.inner, inside).take(3).filter(|(_, e)| e.tag == INTEGER).collect();
        for ((at, e), (name, title)) in
            numbers.iter().zip([("snmp.request_id", "Request"), ("snmp.error_status", "Error"), ("snmp.error_index", "Error at")])
        {
            let show = if name == "snmp.error_status" { Show::As(|code| error(code as u32).into_owned()) } else { Show::Dec };
            w.number(name, title, at + e.head, e.length, show);
        }
    }
    let mut names = Vec::new();
    let lists = parts(message.inner, inside).filter(|(_, e)| e.tag == SEQUENCE);
    for (at, binding) in lists.flat_map(|(at, list)| parts(list.inner, at + list.head)) {
        let Some((at, object)) = parts(binding.inner, at + binding.head).find(|(_, e)| e.tag == IDENTIFIER) else { continue };
        let dots = dotted(object.inner);
        w.value("snmp.name", "Object", at, object.size(), dots.clone());
        names.push(dots);
    }
    w.summary(name);
    let names: String = names.iter().map(|dots| format!(" {dots}")).collect();
    w.say("SNMP", format!("{name}{names}"));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::PacketTree;

    fn told(message: &[u8]) -> PacketTree {
        let mut tree = PacketTree::default();
        snmp(&mut tree.layer("snmp", "SNMP", message, 0..message.len()), Carriage::Udp);
        tree
    }

    /// sysUpTime and an object of an enterprise (2021 takes two bytes), as `snmpget` asks for them.
    const GET: &[u8] = b"\x30\x36\x02\x01\x01\x04\x06public\xa0\x29\x02\x01\x07\x02\x01\x00\x02\x01\x00\x30\x1e\
        \x30\x0c\x06\x08\x2b\x06\x01\x02\x01\x01\x03\x00\x05\x00\x30\x0e\x06\x0a\x2b\x06\x01\x04\x01\x8f\x65\x04\x05\x00\x05\x00";

    #[test]
    fn what_is_asked_for_is_told_as_wireshark_does() {
        let tree = told(GET);
        assert_eq!((&*tree.protocol, &*tree.info), ("SNMP", "get-request 1.3.6.1.2.1.1.3.0 1.3.6.1.4.1.2021.4.5.0"));
        let value = |name| tree.fields(name).map(|f| f.value.as_str()).collect::<Vec<_>>();
        assert_eq!(value("snmp.name"), ["1.3.6.1.2.1.1.3.0", "1.3.6.1.4.1.2021.4.5.0"]);
        assert_eq!((value("snmp.request_id"), value("snmp.error_status")), (vec!["7"], vec!["noError"]));
        let at = |name| tree.fields(name).map(|f| GET[f.at as usize..(f.at + f.length) as usize].to_vec()).next().unwrap_or_default();
        assert_eq!((at("snmp.request_id"), at("snmp.version")), (vec![7], vec![1]));
        assert!(!tree.layers.iter().flat_map(|l| &l.fields).any(|f| f.value.contains("public")), "a community is a password");
    }

    #[test]
    fn encrypted_and_cut_messages() {
        let encrypted = b"\x30\x16\x02\x01\x03\x30\x0c\x02\x01\x05\x02\x01\x7f\x04\x01\x03\x02\x01\x03\x04\0\x04\x01x";
        assert_eq!(told(encrypted).info, "encryptedPDU: privKey Unknown");
        assert!((0..GET.len()).all(|cut| told(&GET[..cut]).info.len() <= told(GET).info.len()));
        assert_eq!((dotted(&[0x2b]), dotted(&[]), dotted(&[0x88, 0x37, 3])), ("1.3".into(), String::new(), "2.999.3".into()));
        assert_eq!(dotted(&[0xff; 40]), "", "a number without an end");
    }
}
