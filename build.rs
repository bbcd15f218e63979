//! Tells the program which commit it is built from, for `spantop --version`.

use std::fs;
use std::path::{Path, PathBuf};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=SPANTOP_COMMIT");
    let root = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    // Whoever builds elsewhere than in a clone may say it. Builds for development do not ask: each commit would compile everything anew.
    let told = std::env::var("SPANTOP_COMMIT").ok().filter(|commit| !commit.is_empty());
    let found = if std::env::var("PROFILE").is_ok_and(|profile| profile == "release") { commit(&root) } else { None };
    if let Some(commit) = told.or_else(|| found.map(|found| found.short())) {
        println!("cargo::rustc-env=SPANTOP_COMMIT={commit}");
    }
}

/// A commit, and where it stands.
pub struct Commit {
    /// The whole name, in hexadecimal digits.
    pub name: String,
    /// Files that are others once another commit is checked out.
    pub files: Vec<PathBuf>,
}

impl Commit {
    /// As much of the name as tells it apart; cargo is told when to ask again.
    fn short(self) -> String {
        for file in &self.files {
            println!("cargo::rerun-if-changed={}", file.display());
        }
        self.name.chars().take(12).collect()
    }
}

/// The commit of a clone, or the one that `cargo package` wrote down; `None`: neither is there.
pub fn commit(root: &Path) -> Option<Commit> {
    match git_directory(root) {
        Some(git) => checked_out(&git),
        None => packaged(root),
    }
}

/// Where git keeps a clone's own: `.git`, or of a further working tree what that file names (gitrepository-layout(5)).
fn git_directory(root: &Path) -> Option<PathBuf> {
    let git = root.join(".git");
    if git.is_dir() {
        return Some(git);
    }
    let named = fs::read_to_string(&git).ok()?;
    Some(root.join(named.trim().strip_prefix("gitdir: ")?))
}

/// What HEAD names: a commit, or a branch whose commit stands in a file of its own or among the packed ones.
fn checked_out(git: &Path) -> Option<Commit> {
    let head = git.join("HEAD");
    let text = fs::read_to_string(&head).ok()?;
    let Some(branch) = text.trim().strip_prefix("ref: ") else {
        return Some(Commit { name: name(text.trim())?, files: vec![head] });
    };
    let common = fs::read_to_string(git.join("commondir")).map_or_else(|_| git.to_owned(), |path| git.join(path.trim()));
    let (own, packed) = (common.join(branch), common.join("packed-refs"));
    let lies = fs::read_to_string(&own).ok().and_then(|text| name(text.trim()));
    let found = lies.or_else(|| {
        let list = fs::read_to_string(&packed).ok()?;
        list.lines().find_map(|line| line.strip_suffix(branch)?.strip_suffix(' ').and_then(name))
    })?;
    // The log grows by every commit and checkout, also where the branch got its file just now. A file that is not there would have cargo ask each time.
    let files = [head, git.join("logs/HEAD"), own, packed].into_iter().filter(|file| file.exists()).collect();
    Some(Commit { name: found, files })
}

/// What `cargo package` writes beside the sources: `"sha1": "…"`.
fn packaged(root: &Path) -> Option<Commit> {
    let file = root.join(".cargo_vcs_info.json");
    let text = fs::read_to_string(&file).ok()?;
    let (_, rest) = text.split_once("\"sha1\"")?;
    Some(Commit { name: name(rest.split('"').nth(1)?)?, files: vec![file] })
}

/// A commit's name is hexadecimal: 40 digits of SHA-1, or 64 of SHA-256.
fn name(text: &str) -> Option<String> {
    (matches!(text.len(), 40 | 64) && text.bytes().all(|b| b.is_ascii_hexdigit())).then(|| text.to_owned())
}
