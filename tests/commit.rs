//! What `--version` says of the commit: `build.rs` finds it in a clone, in a further working tree, and in what `cargo package` made.

#[path = "../build.rs"]
#[allow(dead_code, reason = "cargo runs its main")]
mod build;

use std::fs;
use std::path::{Path, PathBuf};

const ONE: &str = "0123456789abcdef0123456789abcdef01234567";
const TWO: &str = "89abcdef0123456789abcdef0123456789abcdef";

/// A directory with these files in it.
fn place(name: &str, files: &[(&str, &str)]) -> PathBuf {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("commit").join(name);
    let _ = fs::remove_dir_all(&root);
    fs::create_dir_all(&root).unwrap();
    for (name, text) in files {
        fs::create_dir_all(root.join(name).parent().unwrap()).unwrap();
        fs::write(root.join(name), text).unwrap();
    }
    root
}

fn found(name: &str, files: &[(&str, &str)]) -> Option<String> {
    build::commit(&place(name, files)).map(|commit| commit.name)
}

#[test]
fn a_clone_says_what_is_checked_out() {
    let on_a_branch = [(".git/HEAD", "ref: refs/heads/main\n"), (".git/refs/heads/main", &format!("{ONE}\n"))];
    assert_eq!(found("branch", &on_a_branch).as_deref(), Some(ONE));
    let list = format!("# pack-refs with: peeled\n{TWO} refs/heads/mainline\n{ONE} refs/heads/main\n^{TWO}\n");
    assert_eq!(found("packed", &[(".git/HEAD", "ref: refs/heads/main\n"), (".git/packed-refs", &list)]).as_deref(), Some(ONE));
    // What lies on its own is newer than what was packed.
    let both = [(".git/HEAD", "ref: refs/heads/main\n"), (".git/refs/heads/main", TWO), (".git/packed-refs", &list)];
    assert_eq!(found("both", &both).as_deref(), Some(TWO));
    assert_eq!(found("detached", &[(".git/HEAD", ONE)]).as_deref(), Some(ONE));
}

#[test]
fn a_working_tree_beside_a_clone_has_a_commit_of_its_own() {
    let clone = place(
        "trees",
        &[
            ("clone/.git/HEAD", "ref: refs/heads/main\n"),
            ("clone/.git/refs/heads/main", ONE),
            ("clone/.git/refs/heads/side", TWO),
            ("clone/.git/worktrees/side/HEAD", "ref: refs/heads/side\n"),
            ("clone/.git/worktrees/side/commondir", "../..\n"),
            ("clone/.git/worktrees/side/logs/HEAD", "once\n"),
            ("side/.git", "gitdir: ../clone/.git/worktrees/side\n"),
        ],
    );
    let commit = build::commit(&clone.join("side")).unwrap();
    assert_eq!(commit.name, TWO);
    // Cargo asks again once something is committed there.
    let watched: Vec<_> = commit.files.iter().filter_map(|file| fs::canonicalize(file).ok()).collect();
    let log = fs::canonicalize(clone.join("clone/.git/worktrees/side/logs/HEAD")).unwrap();
    assert!(watched.len() == commit.files.len() && watched.contains(&log), "{watched:?}");
}

#[test]
fn a_package_says_what_it_was_made_of() {
    let written = format!("{{\n  \"git\": {{\n    \"sha1\": \"{ONE}\"\n  }},\n  \"path_in_vcs\": \"\"\n}}");
    assert_eq!(found("package", &[(".cargo_vcs_info.json", &written)]).as_deref(), Some(ONE));
}

#[test]
fn what_is_no_commit_is_not_said_to_be_one() {
    assert_eq!(found("nothing", &[]), None);
    assert_eq!(found("unborn", &[(".git/HEAD", "ref: refs/heads/main\n")]), None);
    assert_eq!(found("short", &[(".git/HEAD", &ONE[..39])]), None);
    assert_eq!(found("words", &[(".git/HEAD", &ONE.replace('0', "x"))]), None);
    assert_eq!(found("elsewhere", &[(".git", "gitdir: /nowhere\n"), (".cargo_vcs_info.json", ONE)]), None);
}
