//! Reads source files as modules: who uses whom, by which path. Enough of Rust for this repository: `use` trees, and paths that begin with
//! `crate`, `self`, `super` or a module declared in the file.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// A module's path below the root: `["engine", "tape"]`.
pub type Name = Vec<String>;

/// One file.
#[derive(Debug, Clone)]
pub struct Module {
    /// Its path.
    pub name: Name,
    /// Modules it uses, other than itself.
    pub uses: BTreeSet<Name>,
    /// How many steps up its `super::` paths go, at most.
    pub climbs: usize,
}

/// Every module below `folder`, whose root is `mod.rs` or `lib.rs` there; tests and their modules are left out.
pub fn read(folder: &Path) -> Vec<Module> {
    let mut texts = BTreeMap::new();
    files(folder, &mut Vec::new(), &mut texts);
    let names: BTreeSet<Name> = texts.keys().cloned().collect();
    texts.iter().map(|(name, text)| module(name, text, &names)).collect()
}

fn files(folder: &Path, at: &mut Name, into: &mut BTreeMap<Name, String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
        if stem == "tests" || stem.ends_with("_tests") || stem == "main" {
            continue;
        }
        at.push(stem);
        if path.is_dir() {
            files(&path, at, into);
        } else if path.extension().is_some_and(|e| e == "rs") {
            let root = matches!(at.last().map(String::as_str), Some("mod" | "lib"));
            let name = at[..at.len() - usize::from(root)].to_vec();
            into.insert(name, code(&fs::read_to_string(&path).unwrap()));
        }
        at.pop();
    }
}

/// Code without comments, texts and inline modules of tests.
pub fn code(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(|l| if l.trim_start().starts_with("//") { "" } else { l }).collect();
    // Tests stand at the end of a file, at the margin.
    let tests = |at: &usize| lines[*at].starts_with("#[cfg(") && lines[*at].contains("test");
    let inline = |at: &usize| lines.get(at + 1).is_some_and(|l| l.contains("mod ") && l.trim_end().ends_with('{'));
    let end = (0..lines.len()).find(|at| tests(at) && inline(at)).unwrap_or(lines.len());
    let joined = lines[..end].join("\n");
    joined.split('"').step_by(2).collect::<Vec<_>>().join("\"\"")
}

/// The paths of a `use` tree: `a::{b, c::d}` is `a::b` and `a::c::d`.
pub fn leaves(tree: &str) -> Vec<String> {
    let tree = tree.trim();
    let Some((start, rest)) = tree.split_once('{') else {
        return vec![tree.split(" as ").next().unwrap_or(tree).trim().to_owned()];
    };
    let inner = rest.rsplit_once('}').map_or(rest, |(inner, _)| inner);
    let (mut depth, mut item, mut items) = (0, String::new(), Vec::new());
    for c in inner.chars() {
        match c {
            ',' if depth == 0 => items.push(std::mem::take(&mut item)),
            c => {
                depth += i32::from(c == '{') - i32::from(c == '}');
                item.push(c);
            }
        }
    }
    items.push(item);
    items.iter().filter(|i| !i.trim().is_empty()).flat_map(|i| leaves(&format!("{start}{}", i.trim()))).collect()
}

/// Paths in code outside of `use`: runs of words joined by `::`.
fn paths(code: &str) -> impl Iterator<Item = &str> {
    code.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':' || c == '$')).filter(|p| p.contains("::") && !p.contains('$'))
}

fn module(name: &Name, text: &str, names: &BTreeSet<Name>) -> Module {
    let (mut rest, mut outside, mut found) = (text, String::new(), Vec::new());
    // `use` at the start of a line or behind a visibility.
    while let Some(at) = rest.find("use ") {
        let (before, after) = rest.split_at(at);
        let line = before.rsplit('\n').next().unwrap_or("").trim();
        let (tree, behind) = after["use ".len()..].split_once(';').unwrap_or((after, ""));
        outside.push_str(before);
        if line.is_empty() || line.starts_with("pub") && !line.contains("fn ") {
            found.extend(leaves(tree));
            rest = behind;
        } else {
            rest = &after["use ".len()..];
        }
    }
    outside.push_str(rest);
    found.extend(paths(&outside).map(str::to_owned));
    let (mut uses, mut climbs) = (BTreeSet::new(), 0);
    for path in &found {
        let mut words = path.split("::").map(str::trim).filter(|w| !w.is_empty()).peekable();
        let mut at = match words.peek().copied() {
            Some("crate") => {
                words.next();
                Vec::new()
            }
            Some("self" | "super") => {
                let mut ups = 0;
                while let Some(word) = words.next_if(|w| matches!(*w, "self" | "super")) {
                    ups += usize::from(word == "super");
                }
                climbs = climbs.max(ups);
                name[..name.len().saturating_sub(ups)].to_vec()
            }
            Some(first) if names.contains(&[&name[..], &[first.to_owned()]].concat()) => name.clone(),
            _ => continue,
        };
        for word in words {
            at.push(word.to_owned());
            if !names.contains(&at) {
                at.pop();
                break;
            }
        }
        if at != *name && !at.is_empty() {
            uses.insert(at);
        }
    }
    Module { name: name.clone(), uses, climbs }
}

/// Rings among neighbours: sets of modules of one parent, with all that is below them, that use each other in a circle. A parent
/// and its children are no ring: they are one thing in several files.
pub fn rings(modules: &[Module]) -> Vec<(Name, BTreeSet<String>)> {
    let mut edges: BTreeMap<Name, BTreeMap<String, BTreeSet<String>>> = BTreeMap::new();
    for (from, to) in modules.iter().flat_map(|m| m.uses.iter().map(move |u| (&m.name, u))) {
        let common = from.iter().zip(to).take_while(|(a, b)| a == b).count();
        if let (Some(a), Some(b)) = (from.get(common), to.get(common)) {
            edges.entry(from[..common].to_vec()).or_default().entry(a.clone()).or_default().insert(b.clone());
        }
    }
    let mut found = Vec::new();
    for (parent, edges) in &edges {
        let reach = |start: &String| {
            let (mut seen, mut open) = (BTreeSet::new(), vec![start]);
            while let Some(next) = open.pop() {
                open.extend(edges.get(next).into_iter().flatten().filter(|to| seen.insert((*to).clone())));
            }
            seen
        };
        let reached: BTreeMap<&String, BTreeSet<String>> = edges.keys().map(|k| (k, reach(k))).collect();
        for (start, all) in reached.iter().filter(|(start, all)| all.contains(**start)) {
            let ring: BTreeSet<String> =
                all.iter().filter(|to| reached.get(to).is_some_and(|back| back.contains(*start))).cloned().collect();
            let entry = (parent.clone(), ring);
            if !found.contains(&entry) {
                found.push(entry);
            }
        }
    }
    found
}
