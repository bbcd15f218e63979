//! Credentials: from a file that others do not read, or from the environment; never from the command line.

use super::ExportTarget;
use crate::error::Result;
use crate::settings::Secret;
use crate::settings::small_file;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// What was read while it could be: a probe that gave up its rights cannot read the file again when its configuration is loaded again.
static KEPT: Mutex<BTreeMap<PathBuf, KeptSecret>> = Mutex::new(BTreeMap::new());

struct KeptSecret {
    secret: Secret,
    version: FileVersion,
}

/// What tells whether a file is still the one that was read: device, inode, length and the time of the last change of it or of its rights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct FileVersion([i64; 5]);

impl FileVersion {
    #[cfg(unix)]
    fn of(about: &std::fs::Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        Self([about.dev().cast_signed(), about.ino().cast_signed(), about.size().cast_signed(), about.ctime(), about.ctime_nsec()])
    }

    #[cfg(not(unix))]
    fn of(about: &std::fs::Metadata) -> Self {
        Self([about.len().cast_signed(), 0, 0, 0, 0])
    }
}

/// The first line of the file that an option names, else a variable of the environment; `None`: there is neither. Where this program may not
/// read the file any more it is what it read before, if the file has not changed since.
///
/// # Errors
/// The file cannot be read, or others may read it.
pub fn secret(target: &ExportTarget, option: &str, variable: &str) -> Result<Option<Secret>> {
    let Some(path) = target.option(option) else {
        return Ok(std::env::var(variable).ok().filter(|text| !text.is_empty()).map(Secret::new));
    };
    let wrong = |what: String| target.wrong(format!("{option} {path}: {what}"));
    let path = Path::new(path);
    match read(path) {
        Ok((_, version)) if version.is_none() => Err(wrong(small_file::OPEN.into())),
        Ok((secret, _)) if secret.expose().chars().any(char::is_control) => Err(wrong("its first line holds a control character".into())),
        Ok((secret, version)) => {
            if let (Ok(mut kept), Some(version)) = (KEPT.lock(), version) {
                kept.insert(path.to_owned(), KeptSecret { secret: secret.clone(), version });
            }
            Ok(Some(secret))
        }
        Err(e) if e.kind() == io::ErrorKind::PermissionDenied => match kept(path) {
            Some(Ok(secret)) => Ok(Some(secret)),
            Some(Err(())) => {
                Err(wrong("has changed, and may not be read any more: this program gave up its rights; start it again".into()))
            }
            None => Err(wrong(e.to_string())),
        },
        Err(e) => Err(wrong(e.to_string())),
    }
}

/// What a file holds, and its version; without one where others may read it.
fn read(path: &Path) -> io::Result<(Secret, Option<FileVersion>)> {
    let about = std::fs::metadata(path)?;
    if small_file::is_open(&about) {
        return Ok((Secret::new(""), None));
    }
    let text = small_file::read_text(path)?;
    Ok((Secret::new(text.lines().next().unwrap_or_default().trim_end()), Some(FileVersion::of(&about))))
}

/// What was read of a file before, or that it has changed since; in a directory that may not be looked into nothing tells that it has.
fn kept(path: &Path) -> Option<std::result::Result<Secret, ()>> {
    let kept = KEPT.lock().ok()?;
    let known = kept.get(path)?;
    let same = std::fs::metadata(path).map_or(true, |about| FileVersion::of(&about) == known.version);
    Some(if same { Ok(known.secret.clone()) } else { Err(()) })
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_file_that_has_become_unreadable_is_remembered_until_it_changes() {
        let path = std::env::temp_dir().join(format!("spantop-secret-{}", std::process::id()));
        std::fs::write(&path, "first\nsecond\n").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(kept(&path).map(|k| k.is_ok()), None);
        let options = BTreeMap::from([("password-file".to_owned(), path.to_str().unwrap().to_owned())]);
        let target = ExportTarget { exporter: "clickhouse".into(), target: "http://localhost/x".into(), options };
        assert_eq!(secret(&target, "password-file", "SPANTOP_NO_SUCH").unwrap().unwrap().expose(), "first");
        assert_eq!(kept(&path).unwrap().unwrap().expose(), "first");
        std::fs::write(&path, "another").unwrap();
        assert!(kept(&path).unwrap().is_err());
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(secret(&target, "password-file", "SPANTOP_NO_SUCH").unwrap_err().to_string().contains("others may read it"));
        std::fs::remove_file(&path).unwrap();
    }
}
