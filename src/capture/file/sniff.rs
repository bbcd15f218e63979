//! What a file that is no capture looks like, for the error message.

/// Beginnings of files people give by mistake.
const KNOWN: [(&[u8], &str); 15] = [
    (b"\x7fELF", "a program (ELF)"),
    (b"%PDF", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive; unpack it first"),
    (b"BZh", "bzip2 data; decompress it first"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive; unpack it first"),
    (b"Rar!", "a RAR archive; unpack it first"),
    (b"\x1f\x9d", "compress (.Z) data; decompress it first"),
    (b"\x1f\x8b", "gzip data inside other compression; decompress it first"),
    (b"\x28\xb5\x2f\xfd", "zstd data inside other compression; decompress it first"),
    (b"\xfd7zXZ\0", "xz data inside other compression; decompress it first"),
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"SQLite format 3", "an SQLite database"),
    (b"TRSNIFF data", "a Sniffer capture; convert it with `editcap -F pcapng`"),
    (b"btsnoop\0", "a Bluetooth HCI capture; convert it with `editcap -F pcapng`"),
];

/// What `head` looks like, for the end of a sentence.
pub(super) fn describe(head: &[u8]) -> String {
    if let Some((_, words)) = KNOWN.iter().find(|(magic, _)| head.starts_with(magic)) {
        return (*words).to_owned();
    }
    if head.get(257..262) == Some(b"ustar") {
        return "a tar archive; unpack it first".to_owned();
    }
    let sample = head.get(..512).unwrap_or(head);
    let text = match std::str::from_utf8(sample) {
        Ok(text) => Some(text),
        // A character may be cut at the end of the sample.
        Err(error) if error.valid_up_to() + 4 > sample.len() => std::str::from_utf8(sample.get(..error.valid_up_to()).unwrap_or(&[])).ok(),
        Err(_) => None,
    };
    match text {
        Some(text) if !text.is_empty() && !text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t' | '\x0c' | '\x1b')) => {
            let start = text.trim_start();
            if start.starts_with("<!DOCTYPE") || start.starts_with("<html") { "an HTML page".into() } else { "text".into() }
        }
        _ => {
            let hex: Vec<String> = head.iter().take(4).map(|b| format!("{b:02x}")).collect();
            format!("unknown data beginning with {}", hex.join(" "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_what_it_sees() {
        assert_eq!(describe(b"<!DOCTYPE html>\n<html>"), "an HTML page");
        assert_eq!(describe("Größe\n".as_bytes()), "text");
        assert_eq!(describe(b"\x7fELF\x02"), "a program (ELF)");
        assert_eq!(describe(&[1, 2, 3, 4, 0]), "unknown data beginning with 01 02 03 04");
        let mut cut = vec![b'a'; 511];
        cut.extend("é".as_bytes());
        assert_eq!(describe(&cut), "text");
    }
}
