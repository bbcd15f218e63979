//! How much memory the program may take when nobody says.

use crate::model::limits::DEFAULT_MEMORY;
use rustix::process::{Resource, getrlimit};
use std::fs;
use std::path::{Path, PathBuf};

/// A quarter of what there is: of the machine's memory, of what the control group allows, or of what `ulimit -v` and `-d` allow, and at most
/// [`DEFAULT_MEMORY`].
pub fn default_budget() -> u64 {
    let allowed = group_limit();
    let machine = fs::read_to_string("/proc/meminfo").ok().and_then(|text| total(&text));
    let limits = [Resource::As, Resource::Data].into_iter().filter_map(|resource| getrlimit(resource).current);
    allowed
        .into_iter()
        .chain(machine)
        .chain(limits)
        .map(|bytes| bytes / 4)
        .min()
        .map_or(DEFAULT_MEMORY, |quarter| quarter.min(DEFAULT_MEMORY))
}

/// What floods of everything at once take at most where little is allowed, whatever is said: `tests/bounds.rs` measures it.
const FLOODED: u64 = 192 << 20;

/// What is to be said where a control group allows less than floods may take: the kernel ends a program that asks for more.
pub fn too_little() -> Option<String> {
    group_limit().and_then(words_of)
}

fn words_of(allowed: u64) -> Option<String> {
    let words = || {
        let [allowed, flooded] = [allowed, FLOODED].map(|bytes| bytes >> 20);
        format!(
            "this control group allows {allowed} MiB of memory: floods of everything at once may take {flooded}, and the system would end the program then"
        )
    };
    (allowed < FLOODED).then(words)
}

/// Bytes that the control groups of this process allow.
fn group_limit() -> Option<u64> {
    let lines = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    groups(&lines, Path::new("/sys/fs/cgroup")).iter().filter_map(|file| limit(&fs::read_to_string(file).ok()?)).min()
}

/// The files with the limits of a process's control groups and of all those around them, of both versions (cgroups(7)).
fn groups(lines: &str, root: &Path) -> Vec<PathBuf> {
    let named = lines.lines().filter_map(|line| {
        let mut fields = line.splitn(3, ':').skip(1);
        let (controllers, path) = (fields.next()?, fields.next()?.trim_start_matches('/'));
        match controllers {
            "" => Some((root.to_owned(), path, "memory.max")),
            _ if controllers.split(',').any(|c| c == "memory") => Some((root.join("memory"), path, "memory.limit_in_bytes")),
            _ => None,
        }
    });
    named
        .flat_map(|(root, path, file)| {
            let inner = root.join(path);
            let around = inner.ancestors().take_while(|p| p.starts_with(&root)).map(|p| p.join(file));
            around.collect::<Vec<_>>()
        })
        .collect()
}

/// Bytes a control group allows; `None` without a limit.
fn limit(text: &str) -> Option<u64> {
    text.trim().parse().ok()
}

/// What the recorder may take of a budget: an eighth, and at most a quarter of what is free.
pub fn recorder(budget: u64) -> u64 {
    let free = fs::read_to_string("/proc/meminfo").ok().and_then(|text| kibibytes(&text, "MemAvailable:"));
    (budget / 8).min(free.unwrap_or(u64::MAX) / 4)
}

/// Bytes of memory in all, of `/proc/meminfo` (proc_meminfo(5)).
fn total(text: &str) -> Option<u64> {
    kibibytes(text, "MemTotal:")
}

/// Bytes of a line of it.
fn kibibytes(text: &str, line: &str) -> Option<u64> {
    let kib: u64 = text.lines().find_map(|l| l.strip_prefix(line))?.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kib.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_of_both_versions_and_of_groups_around() {
        let files = |lines| groups(lines, Path::new("/c")).iter().map(|p| p.display().to_string()).collect::<Vec<_>>();
        assert_eq!(files("0::/a/b\n"), ["/c/a/b/memory.max", "/c/a/memory.max", "/c/memory.max"]);
        assert_eq!(files("5:cpu,memory:/x\n1:cpu:/y\n"), ["/c/memory/x/memory.limit_in_bytes", "/c/memory/memory.limit_in_bytes"]);
        assert_eq!(files("nonsense"), [""; 0]);
        assert_eq!([limit("max\n"), limit("209715200\n")], [None, Some(209_715_200)]);
        assert_eq!(total("MemTotal:       16384 kB\nMemFree: 1 kB\n"), Some(16 << 20));
        assert_eq!([total("MemTotal: many kB"), total("")], [None, None]);
    }

    #[test]
    fn a_group_that_allows_less_than_floods_take_is_told() {
        assert_eq!(words_of(FLOODED), None);
        let words = words_of(96 << 20).unwrap();
        assert!(words.contains("96") && words.contains("192"), "{words}");
    }

    #[test]
    fn at_most_what_limits_say() {
        assert!((1 << 20..=DEFAULT_MEMORY).contains(&default_budget()));
    }
}
