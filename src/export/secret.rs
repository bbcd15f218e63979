//! Credentials: from a file that nobody else reads, or from the environment; never from the command line.

use super::ExportTarget;
use crate::error::Result;
use crate::settings::Secret;
use std::path::Path;

/// The first line of the file that an option names, else a variable of the environment; `None`: there is neither.
///
/// # Errors
/// The file cannot be read, or others may read it.
pub fn secret(target: &ExportTarget, option: &str, variable: &str) -> Result<Option<Secret>> {
    let Some(path) = target.option(option) else {
        return Ok(std::env::var(variable).ok().filter(|text| !text.is_empty()).map(Secret::new));
    };
    let wrong = |what: String| target.wrong(format!("{option} {path}: {what}"));
    let path = Path::new(path);
    let about = std::fs::metadata(path).map_err(|e| wrong(e.to_string()))?;
    if others_may_read(&about) {
        return Err(wrong("others may read it; chmod 600 it".into()));
    }
    let text = std::fs::read_to_string(path).map_err(|e| wrong(e.to_string()))?;
    Ok(Some(Secret::new(text.lines().next().unwrap_or_default().trim_end())))
}

#[cfg(unix)]
fn others_may_read(about: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    about.is_file() && about.permissions().mode() & 0o007 != 0
}

#[cfg(not(unix))]
fn others_may_read(_: &std::fs::Metadata) -> bool {
    false
}
