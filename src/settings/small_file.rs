//! Small files that a user names: configurations, credentials, certificates.

use std::fs::{File, Metadata};
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

/// Whether a file with a secret is open to more than its owner and, for reading, its group: credentials that systemd and containers hand over are
/// readable by a group that has nobody else in it. What is no file (a pipe, standard input) is nobody's.
#[cfg(unix)]
pub fn is_open(about: &Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    about.is_file() && about.permissions().mode() & 0o027 != 0
}

/// Other systems have other rights.
#[cfg(not(unix))]
pub fn is_open(_: &Metadata) -> bool {
    false
}

/// What is said of such a file.
pub const OPEN: &str = "others may read it, or its group may write it; chmod 600 it";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(unix)]
    fn a_secret_is_for_its_owner_and_for_a_group_that_reads() {
        use std::os::unix::fs::PermissionsExt;
        let path = std::env::temp_dir().join(format!("spantop-open-{}", std::process::id()));
        std::fs::write(&path, "x").unwrap();
        let open = |mode| {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            is_open(&std::fs::metadata(&path).unwrap())
        };
        assert_eq!([0o600, 0o400, 0o640, 0o440].map(open), [false; 4]);
        assert_eq!([0o604, 0o644, 0o601, 0o602, 0o660, 0o620].map(open), [true; 6]);
        std::fs::remove_file(&path).unwrap();
    }

    #[test]
    fn what_has_no_end_is_refused() {
        let told = |path: &str| read_text(Path::new(path)).map_err(|error| error.to_string());
        assert_eq!(told("/dev/zero"), Err("it is larger than 1 MiB, which no such file is".into()));
        assert_eq!(told("/dev/null"), Ok(String::new()));
        assert!(told(env!("CARGO_MANIFEST_DIR")).is_err());
        assert!(told(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")).is_ok_and(|text| text.contains("spantop")));
    }
}
