//! Files that are made of what the network says: packets, conversations, reports.

use std::fs::OpenOptions;

/// For a file that is made: who talks to whom, and in what words, is nobody else's business, so its owner and group may read it. A file that was
/// there keeps its rights.
pub fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o640);
    options
}
