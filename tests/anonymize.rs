//! Privacy mode: no address, name or station of a capture is in anything that comes out of it, in any format.

mod support;

use assert_cmd::Command;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

const FORMATS: [&str; 5] = ["text", "json", "csv", "markdown", "html"];

fn run(arguments: &[&str]) -> Vec<u8> {
    let mut command = Command::cargo_bin("spantop").unwrap();
    let output = command.args(arguments).env("XDG_CONFIG_HOME", "/nonexistent").timeout(Duration::from_secs(120)).output().unwrap();
    assert!(matches!(output.status.code(), Some(0..=3)), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

fn captures() -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = fs::read_dir("captures").into_iter().flatten().map(|f| f.unwrap().path()).collect();
    paths.retain(|p| p.extension().is_some_and(|e| e == "pcap" || e == "pcapng"));
    paths.sort();
    paths
}

fn report(path: &Path, more: &[&str]) -> Value {
    let mut arguments = vec!["report", "--format", "json"];
    arguments.extend(more);
    arguments.push(path.to_str().unwrap());
    serde_json::from_slice(&run(&arguments)).unwrap()
}

/// Whether an address means the same everywhere: groups, loopback, the unspecified ones.
fn is_nobody(address: &str) -> bool {
    match address.parse::<std::net::IpAddr>() {
        Ok(ip) => ip.is_multicast() || ip.is_loopback() || ip.is_unspecified() || ip.to_string() == "255.255.255.255",
        Err(_) => u8::from_str_radix(&address[..2], 16).is_ok_and(|first| first & 1 == 1),
    }
}

/// Everything that must not come out: addresses, stations, names.
fn secrets(report: &Value) -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    for kind in ["eth", "ip", "ipv6"] {
        let rows = report["endpoints"][kind].as_array().into_iter().flatten();
        out.extend(rows.filter_map(|row| row["address"].as_str()).filter(|a| !is_nobody(a)).map(str::to_owned));
    }
    let names = report["names"].as_array().into_iter().flatten();
    for name in names {
        out.extend(name["address"].as_str().filter(|a| !is_nobody(a)).map(str::to_owned));
        out.extend(name["name"].as_str().filter(|n| n.len() > 3).map(str::to_owned));
    }
    for row in report["conversations"]["tcp"].as_array().into_iter().flatten() {
        out.extend(row["server_name"].as_str().map(str::to_owned));
    }
    for neighbour in report["switch"]["neighbours"].as_array().into_iter().flatten() {
        out.extend(neighbour["system"].as_str().filter(|n| n.len() > 3).map(str::to_owned));
    }
    out
}

/// Whether a text has a secret in it that is not part of a longer word.
fn has(text: &str, secret: &str) -> bool {
    let part = |c: char| c.is_ascii_alphanumeric() || c == ':' || c == '.';
    text.match_indices(secret).any(|(at, _)| {
        let (before, behind) = (text[..at].chars().next_back(), text[at + secret.len()..].chars().next());
        // An address may end a sentence or stand before a port.
        let is_more = |c: Option<char>| c.is_some_and(|c| part(c) && c != '.' && c != ':');
        !is_more(before) && !is_more(behind)
    })
}

/// Where a secret stands, with what is around it.
fn around(text: &str, secret: &str) -> Vec<String> {
    let places = text.match_indices(secret).take(3);
    places
        .map(|(at, _)| text[..at].chars().rev().take(80).collect::<String>().chars().rev().chain(text[at..].chars().take(80)).collect())
        .collect()
}

#[test]
fn nothing_comes_out_that_was_in_the_bundled_captures() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("anonymize");
    fs::create_dir_all(&folder).unwrap();
    for path in captures() {
        let before = report(&path, &[]);
        let secrets = secrets(&before);
        assert!(secrets.len() > 3, "{}: {secrets:?}", path.display());
        let name = path.to_str().unwrap();
        let mut outputs: Vec<(String, Vec<u8>)> =
            FORMATS.iter().map(|f| ((*f).to_owned(), run(&["report", "--anonymize", "--format", f, "--top", "100000", name]))).collect();
        outputs.push(("check".into(), run(&["check", "--anonymize", "-v", name])));
        outputs.push(("packets".into(), run(&["packets", "--anonymize", "--format", "json", "--tree", name])));
        outputs.push(("diff".into(), run(&["diff", "--anonymize", "--all", "--format", "json", name, "captures/office.pcapng"])));
        let saved = folder.join("saved.pcapng");
        run(&["save", "--anonymize", name, "-o", saved.to_str().unwrap()]);
        outputs.push(("report of what was saved".into(), run(&["report", "--format", "json", saved.to_str().unwrap()])));
        outputs.push(("bytes of what was saved".into(), fs::read(&saved).unwrap()));
        for (what, output) in &outputs {
            let text = String::from_utf8_lossy(output);
            let found: Vec<&String> = secrets.iter().filter(|secret| has(&text, secret)).collect();
            assert!(found.is_empty(), "{name}: {what} holds {found:?}: {:?}", found.first().map(|secret| around(&text, secret)));
        }
        // What is counted stays what it was.
        let after = report(&path, &["--anonymize"]);
        for member in ["packets", "wire_bytes"] {
            assert_eq!(before["capture"][member], after["capture"][member], "{name}");
        }
        for (group, kind) in
            [("conversations", "tcp"), ("conversations", "udp"), ("conversations", "ip"), ("endpoints", "ip"), ("endpoints", "eth")]
        {
            let count = |report: &Value| report[group][kind].as_array().map(Vec::len);
            assert_eq!(count(&before), count(&after), "{name}: {group}.{kind}");
        }
        assert_eq!(before["mirror"]["trust"]["verdict"], after["mirror"]["trust"]["verdict"], "{name}");
    }
}

#[test]
fn the_same_key_replaces_the_same_way_and_no_key_does_not() {
    let Some(path) = captures().pop() else { return };
    let key = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("anonymize.key");
    fs::write(&key, [7; 32]).unwrap();
    let hosts = |more: &[&str]| report(&path, more)["endpoints"]["ip"].clone();
    let key = key.to_str().unwrap();
    assert_eq!(hosts(&["--anonymize-key", key]), hosts(&["--anonymize-key", key]));
    assert_ne!(hosts(&["--anonymize"]), hosts(&["--anonymize"]));
    fs::write(key, [7; 31]).unwrap();
    let mut command = Command::cargo_bin("spantop").unwrap();
    let output = command.args(["report", "--anonymize-key", key, path.to_str().unwrap()]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn checksums_stay_right() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("anonymize-sums");
    fs::create_dir_all(&folder).unwrap();
    let saved = folder.join("saved.pcapng");
    let options = ["-o", "tcp.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE"];
    // Parts of a datagram cannot know the sum of the whole.
    let filter = "(ip.checksum.status == 0 || tcp.checksum.status == 0 || udp.checksum.status == 0 || icmp.checksum.status == 0 || icmpv6.checksum.status == 0) && !ip.fragments";
    for path in captures() {
        run(&["save", "--anonymize", path.to_str().unwrap(), "-o", saved.to_str().unwrap()]);
        let bad = |file: &Path| {
            let output = std::process::Command::new("tshark")
                .args(options)
                .arg("-r")
                .arg(file)
                .args(["-Y", filter, "-T", "fields", "-e", "frame.number"])
                .output();
            output.ok().map(|output| String::from_utf8_lossy(&output.stdout).into_owned())
        };
        let (Some(before), Some(after)) = (bad(&path), bad(&saved)) else { return };
        assert_eq!(before, after, "{}", path.display());
    }
}
