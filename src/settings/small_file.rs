//! Small files that a user names: configurations, credentials, certificates.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// The largest configuration or file of credentials: whoever names a device or a capture by mistake is told so, before memory is full.
pub const SMALL: u64 = 1 << 20;

/// What a file holds, if that is text of at most [`SMALL`] bytes.
///
/// # Errors
/// What the system says, and `InvalidData` where it is larger or no text.
pub fn read_text(path: &Path) -> io::Result<String> {
    let bytes = read_bytes(path, SMALL)?;
    String::from_utf8(bytes).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is no text (UTF-8)"))
}

/// What a file holds, if that is at most so many bytes.
///
/// # Errors
/// What the system says, and `InvalidData` where it is larger.
pub fn read_bytes(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        let words = format!("it is larger than {} MiB, which no such file is", most >> 20);
        return Err(io::Error::new(io::ErrorKind::InvalidData, words));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_end_is_refused() {
        let told = |path: &str| read_text(Path::new(path)).map_err(|error| error.to_string());
        assert_eq!(told("/dev/zero"), Err("it is larger than 1 MiB, which no such file is".into()));
        assert_eq!(told("/dev/null"), Ok(String::new()));
        assert!(told(env!("CARGO_MANIFEST_DIR")).is_err());
        assert!(told(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")).is_ok_and(|text| text.contains("spantop")));
    }
}
