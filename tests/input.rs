//! What packets are read from, as a user names it: pipes, files that grow, thousands of files, the same one twice, filters.
#![cfg(target_os = "linux")]

mod support;

use serde_json::Value;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};
use support::packet::{Packet, file};

/// Longest a run may take; beyond it the test fails instead of hanging.
const PATIENCE: Duration = Duration::from_secs(60);

fn folder(test: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("input-{test}"));
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).unwrap();
    path
}

fn frame(n: u32) -> Vec<u8> {
    let layers = Packet::eth([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2]).vlan(10).ip([10, 0, 0, 1], [10, 0, 0, 2]).id(n as u16);
    layers.udp(1_000 + n as u16 % 7, 53).payload(&n.to_be_bytes()).build()
}

/// A capture of packets `from` to `to`, ten milliseconds apart.
fn capture(from: u32, to: u32) -> Vec<u8> {
    let frames: Vec<Vec<u8>> = (from..to).map(frame).collect();
    file::pcap((from..to).zip(&frames).map(|(n, f)| (1_700_000_000_000_000_000 + i64::from(n) * 10_000_000, f.as_slice())))
}

/// The same without the file's header.
fn records(from: u32, to: u32) -> Vec<u8> {
    capture(from, to).split_off(24)
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_spantop"));
    command.args(arguments).env_remove("NO_COLOR").stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn spantop(arguments: &[&str]) -> Output {
    ended(command(arguments).stdin(Stdio::null()).spawn().unwrap())
}

/// Waits for the end.
fn ended(mut child: Child) -> Output {
    let asked = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if asked.elapsed() > PATIENCE {
            child.kill().unwrap();
            panic!("it does not end");
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    child.wait_with_output().unwrap()
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn json(output: &Output) -> Value {
    assert_eq!(output.status.code(), Some(0), "{}", told(output));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn signal(child: &Child, name: &str) {
    assert!(Command::new("kill").args([name, &child.id().to_string()]).status().unwrap().success());
}

fn append(path: &Path, bytes: &[u8]) {
    OpenOptions::new().append(true).open(path).unwrap().write_all(bytes).unwrap();
}

/// Long enough for a busy machine to notice what was written.
fn pause() {
    std::thread::sleep(Duration::from_secs(1));
}

/// Starts to follow a name or a pattern, and is at its work when this returns.
fn follow(what: &Path) -> Child {
    let child = command(&["report", "--format", "json", "--follow", what.to_str().unwrap()]).stdin(Stdio::null()).spawn().unwrap();
    pause();
    pause();
    child
}

#[test]
fn a_pipe_is_read_for_as_long_as_is_said_or_until_a_signal() {
    // SIGTERM, --for, and the writer's end: the same packets each time.
    for way in ["-TERM", "--for", "end"] {
        let mut arguments = vec!["report", "--format", "json", "-"];
        if way == "--for" {
            arguments.extend(["--for", "1s"]);
        }
        let mut child = command(&arguments).stdin(Stdio::piped()).spawn().unwrap();
        let mut pipe = child.stdin.take().unwrap();
        // The last record is not there to its end.
        pipe.write_all(&capture(0, 51)[..24 + 50 * (16 + frame(0).len()) + 7]).unwrap();
        pipe.flush().unwrap();
        let kept = match way {
            "-TERM" => {
                pause();
                signal(&child, way);
                Some(pipe)
            }
            "end" => {
                drop(pipe);
                None
            }
            _ => Some(pipe),
        };
        let output = ended(child);
        let json = json(&output);
        assert_eq!(json["capture"]["packets"], 50, "{way}");
        assert_eq!(json["capture"]["cut_short"], kept.is_none(), "{way}: what is on its way is not cut");
        assert!(!told(&output).contains('%'), "{way}: {}", told(&output));
    }
    let of_a_file = folder("for").join("a.pcap");
    fs::write(&of_a_file, capture(0, 3)).unwrap();
    let output = spantop(&["report", "--for", "1s", of_a_file.to_str().unwrap()]);
    assert!(output.status.code() == Some(2) && told(&output).contains("--for"), "{}", told(&output));
}

#[test]
fn a_capture_that_grows_is_read_on() {
    let path = folder("grows").join("a.pcap");
    // Not even the header is there at first.
    fs::write(&path, &capture(0, 1)[..10]).unwrap();
    let child = follow(&path);
    append(&path, &capture(0, 20)[10..]);
    pause();
    let more = records(20, 50);
    append(&path, &more[..more.len() / 2]);
    pause();
    append(&path, &more[more.len() / 2..]);
    pause();
    signal(&child, "-INT");
    let output = ended(child);
    let json = json(&output);
    assert_eq!((&json["capture"]["packets"], &json["capture"]["cut_short"]), (&50.into(), &false.into()));
    // It ends by itself when that is said.
    let output = spantop(&["report", "--format", "json", "--follow", "--for", "500ms", path.to_str().unwrap()]);
    assert_eq!(crate::json(&output)["capture"]["packets"], 50);
    let output = spantop(&["report", "--follow", "--for", "1s", "/no/such.pcap"]);
    assert!(output.status.code() == Some(1) && told(&output).contains("/no/such.pcap"), "{}", told(&output));
}

#[test]
fn rotated_captures_are_read_one_after_the_other() {
    let folder = folder("rotated");
    let named = |name: &str| folder.join(name);
    let pattern = named("cap-*.pcap");
    fs::write(named("cap-1.pcap"), capture(0, 10)).unwrap();
    fs::write(named("other.pcap"), capture(0, 500)).unwrap();
    let child = follow(&pattern);
    append(&named("cap-1.pcap"), &records(10, 20));
    fs::write(named("cap-2.pcap"), capture(20, 25)).unwrap();
    pause();
    append(&named("cap-2.pcap"), &records(25, 30));
    pause();
    // Something that is no capture does not end it.
    fs::write(named("cap-3.pcap"), "nothing of the kind, and long enough to be sure of it").unwrap();
    pause();
    fs::write(named("cap-4.pcap"), capture(30, 41)).unwrap();
    pause();
    pause();
    signal(&child, "-INT");
    let output = ended(child);
    let json = json(&output);
    assert_eq!(json["capture"]["packets"], 41, "{}", told(&output));
    let names: Vec<&str> = json["capture"]["sources"].as_array().unwrap().iter().filter_map(|s| s["name"].as_str()).collect();
    assert!(names.len() == 4 && names[0].ends_with("cap-1.pcap") && names[3].ends_with("cap-4.pcap"), "{names:?}");
    assert!(told(&output).contains("cap-3.pcap"), "{}", told(&output));
}

#[test]
fn a_file_in_the_place_of_one_that_went_is_another_one() {
    let folder = folder("reused");
    let pattern = folder.join("*.pcap");
    fs::write(folder.join("a.pcap"), capture(0, 10)).unwrap();
    let child = follow(&pattern);
    fs::write(folder.join("b.pcap"), capture(10, 20)).unwrap();
    pause();
    pause();
    // Where a file system gives the inode that is free to the next file, it is as long as the one before or longer.
    for n in 0..4 {
        fs::remove_file(folder.join(if n == 0 { "a.pcap".into() } else { format!("c{}.pcap", n - 1) })).unwrap();
        fs::write(folder.join(format!("c{n}.pcap")), capture(20 + n * 20, 40 + n * 20)).unwrap();
        pause();
        pause();
    }
    signal(&child, "-INT");
    assert_eq!(json(&ended(child))["capture"]["packets"], 100);
}

#[test]
fn a_pipe_is_not_followed_but_read() {
    let path = folder("followed-pipe").join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
    let output = spantop(&["report", "--follow", path.to_str().unwrap(), "--for", "1s"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("without --follow"));
}

#[test]
fn a_capture_that_is_renamed_or_begun_anew_is_followed_by_its_name() {
    let folder = folder("renamed");
    let path = folder.join("a.pcap");
    fs::write(&path, capture(0, 30)).unwrap();
    let child = follow(&path);
    fs::rename(&path, folder.join("a.pcap.1")).unwrap();
    append(&folder.join("a.pcap.1"), &records(30, 35));
    fs::write(&path, capture(35, 55)).unwrap();
    pause();
    pause();
    // Begun anew in its place, and shorter.
    File::create(&path).unwrap().write_all(&capture(55, 60)).unwrap();
    pause();
    pause();
    signal(&child, "-INT");
    assert_eq!(json(&ended(child))["capture"]["packets"], 60);
}

/// As `tcpdump -C -W 3` writes them: the oldest is begun anew in its place.
#[test]
fn a_ring_of_captures_is_followed_round_and_round() {
    let folder = folder("ring");
    let pattern = folder.join("ring*");
    let mut sent = 0;
    let mut child = None;
    for turn in 0..7u32 {
        let mut file = File::create(folder.join(format!("ring{}", turn % 3))).unwrap();
        file.write_all(&capture(sent, sent + 10)).unwrap();
        child.get_or_insert_with(|| follow(&pattern));
        pause();
        file.write_all(&records(sent + 10, sent + 30)).unwrap();
        pause();
        sent += 30;
    }
    let child = child.unwrap();
    signal(&child, "-INT");
    assert_eq!(json(&ended(child))["capture"]["packets"], sent);
}

#[test]
fn thousands_of_files_are_one_capture_and_a_few_lines() {
    let folder = folder("thousands");
    let count = 3_000u32;
    let paths: Vec<String> = (0..count)
        .map(|n| {
            let path = folder.join(format!("{n:05}.pcap"));
            fs::write(&path, capture(n * 2, n * 2 + 2)).unwrap();
            path.to_str().unwrap().to_owned()
        })
        .collect();
    // With the usual limit of 1,024 open files.
    let run = |format: &str| {
        let script = format!("ulimit -Sn 1024; exec \"$0\" report --format {format} \"$@\"");
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(script).arg(env!("CARGO_BIN_EXE_spantop")).args(&paths);
        ended(shell.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap())
    };
    let output = run("text");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    assert!(text.contains("2,990 more, 5,980 packets"), "{text}");
    let listed = text.lines().filter(|line| line.contains(".pcap")).count();
    assert!(listed < 30, "{listed} lines name captures");
    assert!(told(&output).lines().count() < 5, "{}", told(&output));
}

#[test]
fn the_same_capture_twice_is_told() {
    let folder = folder("twice");
    let (path, link) = (folder.join("a.pcap"), folder.join("b.pcap"));
    fs::write(&path, capture(0, 5)).unwrap();
    std::os::unix::fs::symlink(&path, &link).unwrap();
    let [path, link] = [&path, &link].map(|p| p.to_str().unwrap());
    for second in [path, link] {
        let output = spantop(&["report", "--no-dedup", "--format", "json", path, second]);
        assert!(told(&output).contains("is given twice"), "{}", told(&output));
        assert_eq!(json(&output)["capture"]["packets"], 10);
    }
    assert!(!told(&spantop(&["report", path])).contains("twice"));
}

#[test]
fn a_filter_says_how_much_it_chose_and_what_it_does_not_look_behind() {
    let path = folder("filter").join("a.pcap");
    fs::write(&path, capture(0, 20)).unwrap();
    let path = path.to_str().unwrap();
    let none = told(&spantop(&["report", "-f", "udp", path]));
    assert!(none.contains("filter 'udp': 0 of 20 packets matched") && none.contains("VLAN"), "{none}");
    let some = told(&spantop(&["report", "-f", "vlan and udp src port 1003", path]));
    assert!(some.contains(": 3 of 20 packets matched") && !some.contains("does not look"), "{some}");
    assert!(!told(&spantop(&["report", "-q", "-f", "udp", path])).contains("matched"));
    let source =
        |arguments: &[&str]| json(&spantop(&[&["report", "--format", "json", path], arguments].concat()))["capture"]["sources"][0].clone();
    let some = source(&["-f", "vlan and udp src port 1003"]);
    assert_eq!((&some["packets"], &some["unfiltered"]), (&3.into(), &20.into()));
    assert!(source(&[]).get("unfiltered").is_none());
}

#[test]
fn the_ending_of_the_output_decides_the_format() {
    let folder = folder("ending");
    let path = folder.join("a.pcap");
    fs::write(&path, capture(0, 3)).unwrap();
    for (name, format, begins) in [
        ("a.html", None, "<!doctype html"),
        ("a.JSON", None, "{"),
        ("a.csv", None, "kind,"),
        ("a.md", None, "# "),
        ("a.txt", None, "spantop report"),
        ("a.out", None, "spantop report"),
        ("b.html", Some("json"), "{"),
    ] {
        let out = folder.join(name);
        let mut arguments = vec!["report", "-o", out.to_str().unwrap(), path.to_str().unwrap()];
        arguments.extend(format.iter().flat_map(|format| ["--format", format]));
        let output = spantop(&arguments);
        assert_eq!(output.status.code(), Some(0), "{}", told(&output));
        let written = fs::read_to_string(&out).unwrap().to_lowercase();
        assert!(written.starts_with(begins), "{name}: {}", &written[..written.len().min(60)]);
    }
}

#[test]
fn without_standard_output_a_report_fails() {
    let path = folder("closed").join("a.pcap");
    fs::write(&path, capture(0, 3)).unwrap();
    let run = |redirection: &str| {
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(format!("exec \"$0\" report \"$1\" {redirection}")).arg(env!("CARGO_BIN_EXE_spantop")).arg(&path);
        ended(shell.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap())
    };
    let closed = run(">&-");
    assert_eq!(closed.status.code(), Some(1));
    assert!(told(&closed).contains("standard output"), "{}", told(&closed));
    assert_eq!(run(">/dev/null").status.code(), Some(0), "what goes nowhere on purpose is written");
}

#[test]
fn a_locale_without_letters_gets_ascii() {
    let path = folder("ascii").join("a.pcap");
    fs::write(&path, capture(0, 300)).unwrap();
    let arguments = ["report", path.to_str().unwrap()];
    let run = |name: &str, value: &str| {
        let mut command = command(&arguments);
        ["LC_ALL", "LC_CTYPE", "LANG", "TERM"].iter().for_each(|name| {
            command.env_remove(name);
        });
        ended(command.env(name, value).stdin(Stdio::null()).spawn().unwrap()).stdout
    };
    assert!(!run("LANG", "en_US.UTF-8").is_ascii(), "otherwise this test says nothing");
    for (name, value) in [("LANG", "C"), ("LC_ALL", "POSIX"), ("TERM", "dumb")] {
        let text = run(name, value);
        assert!(text.is_ascii(), "{name}={value}: {}", String::from_utf8_lossy(&text));
    }
}

/// Where there is no memory left that is said in one line.
#[cfg(target_os = "linux")]
#[test]
fn no_memory_left_is_one_line() {
    use std::os::unix::process::ExitStatusExt;
    let path = folder("memory").join("flood.pcap");
    let syn = |n: u32| {
        let [a, b, c, d] = n.wrapping_mul(0x9e37_79b9).to_be_bytes();
        Packet::eth([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2])
            .ip([a | 1, b, c, d], [10, 0, 0, 2])
            .tcp(1_024 + n as u16 % 50_000, 80)
            .flags(2)
            .build()
    };
    let frames: Vec<Vec<u8>> = (0..100_000).map(syn).collect();
    let times = (0..100_000i64).map(|n| 1_700_000_000_000_000_000 + n * 20_000);
    fs::write(&path, file::pcap(times.zip(&frames).map(|(time, f)| (time, f.as_slice())))).unwrap();
    let mut aborted = 0;
    for kilobytes in [120_000, 140_000, 160_000, 180_000, 200_000, 240_000] {
        let script = format!("ulimit -c 0; ulimit -v {kilobytes}; exec \"$0\" report --threads 1 --memory 4GiB \"$1\"");
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(script).arg(env!("CARGO_BIN_EXE_spantop")).arg(&path);
        let output = ended(shell.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap());
        if output.status.signal() == Some(6) {
            aborted += 1;
            let told = told(&output);
            assert!(told.lines().count() == 1 && told.starts_with("spantop: no memory left"), "{kilobytes}: {told}");
        }
    }
    assert!(aborted > 0, "none of them was too little");
}
