//! What ends it, and what does not: the lines of `docs/lifecycle.md` that no other program of tests holds; its last column names them all.
#![cfg(target_os = "linux")]

mod support;

use serde_json::Value;
use spantop::model::{LinkType, TapePacket, Timestamp};
use spantop::record::{Ring, RingPlan};
use std::fs;
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};
use support::namespace::{inside, needs, pair, run, send_plain, works};
use support::packet::{Packet, file};

/// Longest wait for anything expected.
const SOON: Duration = Duration::from_secs(30);

fn folder(test: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("spantop-lifecycle-{test}-{}", std::process::id()));
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).unwrap();
    path
}

fn frames(count: u32) -> Vec<u8> {
    let frame = |n: u32| {
        let layers = Packet::eth([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2]).ip([10, 0, (n >> 8) as u8, n as u8], [10, 1, 0, 2]);
        layers.udp(1_000, 53).payload(&[0; 20]).build()
    };
    let frames: Vec<Vec<u8>> = (0..count).map(frame).collect();
    file::pcap((0i64..).zip(&frames).map(|(n, f)| (1_700_000_000_000_000_000 + n * 1_000_000, f.as_slice())))
}

fn start(arguments: &[&str]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_spantop"));
    command.args(arguments).env_remove("SUDO_USER").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().expect("spantop starts")
}

fn signal(child: &Child, name: &str) {
    run(&format!("kill -{name} {}", child.id()));
}

fn within(wanted: impl Fn() -> bool) -> bool {
    let begun = Instant::now();
    while !wanted() {
        if begun.elapsed() > SOON {
            return false;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    true
}

/// The end of a program that is to end soon; what it says is taken meanwhile, and its input stays open.
fn ended(mut child: Child) -> Output {
    let (input, id) = (child.stdin.take(), child.id());
    let (told, tells) = std::sync::mpsc::channel();
    let waits = std::thread::spawn(move || told.send(child.wait_with_output().unwrap()));
    let output = tells.recv_timeout(SOON).unwrap_or_else(|_| {
        run(&format!("kill -KILL {id}"));
        panic!("it does not end: {}", said(&tells.recv().unwrap()))
    });
    waits.join().unwrap().unwrap();
    drop(input);
    output
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn packets(output: &Output) -> u64 {
    assert!(output.status.success(), "{:?} {}", output.status, said(output));
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    report["capture"]["packets"].as_u64().expect("a number")
}

/// A report that reads packets from a pipe which stays open.
fn reading(packets: u32, arguments: &[&str]) -> Child {
    let mut child = start(&[&["report", "-", "--format", "json"], arguments].concat());
    child.stdin.as_mut().unwrap().write_all(&frames(packets)).unwrap();
    // Read as soon as the pipe is empty.
    let fd = format!("/proc/{}/fd/0", child.id());
    assert!(fs::read_link(fd).is_ok_and(|link| link.to_string_lossy().starts_with("pipe:")));
    std::thread::sleep(Duration::from_millis(500));
    child
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_pipe_that_nobody_reads_keeps_nobody_from_ending() {
    let folder = folder("fifo");
    let (capture, pipe) = (folder.join("c.pcap"), folder.join("pipe"));
    fs::write(&capture, frames(100)).unwrap();
    run(&format!("mkfifo {}", pipe.display()));
    let [capture, to] = [&capture, &pipe].map(|path| path.to_str().unwrap());
    let ways: [&[&str]; 3] = [
        &["report", "--no-sandbox", capture, "-o", to],
        &["diff", capture, capture, "-o", to],
        &["save", "--no-sandbox", capture, "-o", to],
    ];
    for arguments in ways {
        let child = start(arguments);
        std::thread::sleep(Duration::from_millis(1_500));
        signal(&child, "TERM");
        assert_eq!(ended(child).status.code(), Some(130), "{arguments:?}");
    }
    // Whoever reads in time gets all of it.
    let child = start(ways[0]);
    std::thread::sleep(Duration::from_millis(500));
    let text = fs::read_to_string(&pipe).unwrap();
    assert!(ended(child).status.success() && text.contains("100 packets"), "{text}");
}

#[test]
fn a_signal_ends_a_capture_with_its_report_and_the_second_at_once() {
    for name in ["INT", "TERM", "HUP"] {
        let child = reading(50, &[]);
        signal(&child, name);
        assert_eq!(packets(&ended(child)), 50, "{name}");
    }
    // Nobody takes the report: writing it is stuck, and the second signal ends that.
    for (name, code) in [("INT", 130), ("TERM", 143), ("HUP", 129)] {
        let mut child = reading(5_000, &[]);
        signal(&child, name);
        std::thread::sleep(Duration::from_millis(700));
        assert!(child.try_wait().unwrap().is_none(), "more than a pipe holds is written");
        signal(&child, name);
        assert!(within(|| fs::read_to_string(format!("/proc/{}/stat", child.id())).is_ok_and(|stat| stat.contains(") Z "))), "{name}");
        assert_eq!(child.wait().unwrap().code(), Some(code), "{name}");
    }
}

#[test]
fn who_ignores_the_end_of_the_terminal_goes_on() {
    let mut shell = Command::new("sh");
    shell.args(["-c", "trap '' HUP; exec \"$0\" report - --format json", env!("CARGO_BIN_EXE_spantop")]);
    let mut child = shell.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.as_mut().unwrap().write_all(&frames(20)).unwrap();
    std::thread::sleep(Duration::from_millis(500));
    signal(&child, "HUP");
    std::thread::sleep(Duration::from_millis(300));
    assert!(child.try_wait().unwrap().is_none(), "as nohup(1) wants it");
    drop(child.stdin.take());
    assert_eq!(packets(&ended(child)), 20);
}

/// Processor time that has run out (`ulimit -t`, a batch system) ends it as SIGTERM does, and a file that may grow no further (`ulimit -f`) is an
/// error that names it: neither leaves half a report.
#[test]
fn limits_of_the_system_end_it_with_what_came() {
    let child = reading(50, &[]);
    signal(&child, "XCPU");
    assert_eq!(packets(&ended(child)), 50);
    let folder = folder("limits");
    let (capture, report) = (folder.join("x.pcap"), folder.join("report.json"));
    fs::write(&capture, frames(2_000)).unwrap();
    fs::write(&report, "old").unwrap();
    let mut shell = Command::new("sh");
    shell
        .args(["-c", "ulimit -f 8; exec \"$0\" report \"$1\" --format json -o \"$2\"", env!("CARGO_BIN_EXE_spantop")])
        .arg(&capture)
        .arg(&report);
    let output = ended(shell.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap());
    assert_eq!((output.status.code(), said(&output).lines().count()), (Some(1), 1), "{}", said(&output));
    assert!(said(&output).contains("report.json"), "{}", said(&output));
    assert_eq!((names(&folder), fs::read_to_string(&report).unwrap()), (vec!["report.json".into(), "x.pcap".into()], "old".to_owned()));
    fs::remove_dir_all(&folder).unwrap();
}

/// Whether this process, and so those it starts, ignore a signal.
fn ignores(signal: i32) -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).expect("a mask").trim();
    u64::from_str_radix(mask, 16).unwrap() >> (signal - 1) & 1 == 1
}

#[test]
fn whatever_ends_it_leaves_the_old_report_and_nothing_beside_it() {
    let folder = folder("left");
    let report = folder.join("report.json");
    // A pipe for a report that is saved packet by packet, so that the file is open for as long as packets come.
    for (name, number) in [("QUIT", 3), ("KILL", 9), ("USR2", 12)] {
        if name == "QUIT" && ignores(number) {
            // Whoever started this test in the background.
            continue;
        }
        fs::write(&report, "old").unwrap();
        let mut child = start(&["save", "-", "-o", report.to_str().unwrap()]);
        child.stdin.as_mut().unwrap().write_all(&frames(30_000)).unwrap();
        std::thread::sleep(Duration::from_millis(500));
        signal(&child, name);
        let output = ended(child);
        assert_eq!(output.status.signal(), Some(number), "{name}: {}", said(&output));
        assert_eq!((names(&folder), fs::read_to_string(&report).unwrap()), (vec!["report.json".to_owned()], "old".to_owned()), "{name}");
    }
    fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn a_report_over_another_keeps_its_mode_and_owner() {
    let folder = folder("owner");
    let (report, capture) = (folder.join("report.json"), folder.join("a.pcap"));
    fs::write(&capture, frames(10)).unwrap();
    fs::write(&report, "old").unwrap();
    fs::set_permissions(&report, fs::Permissions::from_mode(0o640)).unwrap();
    let is_root = chown(&report, Some(12_345), Some(54_321)).is_ok();
    let about = || fs::metadata(&report).map(|about| (about.mode() & 0o7777, about.uid(), about.gid())).unwrap();
    let before = about();
    let output = ended(start(&["report", "--format", "json", "-o", report.to_str().unwrap(), capture.to_str().unwrap()]));
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(about(), before);
    assert!(fs::read_to_string(&report).unwrap().contains("\"packets\":10"));
    if !is_root {
        eprintln!("skipped: another owner needs root");
    }
    fs::remove_dir_all(&folder).unwrap();
}

/// Of a port the rights are given up before there is anything to write, and with them the one to give files away.
#[test]
fn a_report_of_a_port_over_anothers_keeps_its_owner() {
    if !inside("a_report_of_a_port_over_anothers_keeps_its_owner") {
        return;
    }
    pair("a", "b");
    let folder = folder("owner-live");
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o777)).unwrap();
    let report = folder.join("report.json");
    for mode in [0o600, 0o644] {
        fs::write(&report, "old").unwrap();
        fs::set_permissions(&report, fs::Permissions::from_mode(mode)).unwrap();
        let output = ended(start(&["report", "-i", "b", "--for", "1s", "--format", "json", "-o", report.to_str().unwrap()]));
        assert!(output.status.success(), "{}", said(&output));
        let about = fs::metadata(&report).unwrap();
        assert_eq!((about.mode() & 0o7777, about.uid(), about.gid()), (mode, 0, 0));
        assert!(fs::read_to_string(&report).unwrap().contains("\"format\":\"live\""));
        let names: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, ["report.json"]);
    }
    fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn what_is_stopped_goes_on_where_it_was() {
    let mut child = reading(10, &[]);
    signal(&child, "STOP");
    child.stdin.as_mut().unwrap().write_all(&frames(10)[24..]).unwrap();
    std::thread::sleep(Duration::from_millis(300));
    signal(&child, "CONT");
    drop(child.stdin.take());
    assert_eq!(packets(&ended(child)), 20);
}

#[test]
fn a_port_with_another_name_is_gone_until_the_name_is_back() {
    if !inside("a_port_with_another_name_is_gone_until_the_name_is_back") {
        return;
    }
    pair("a", "b");
    let child = start(&["report", "-i", "b", "--for", "6s", "--format", "json", "--no-dedup"]);
    std::thread::sleep(Duration::from_millis(1500));
    send_plain("a", 10);
    std::thread::sleep(Duration::from_millis(500));
    run("ip link set dev b down && ip link set dev b name c && ip link set dev c up");
    std::thread::sleep(Duration::from_millis(800));
    run("ip link set dev c down && ip link set dev c name b && ip link set dev b up");
    std::thread::sleep(Duration::from_millis(1500));
    send_plain("a", 20);
    let output = ended(child);
    assert!(said(&output).contains("b is called c now; waiting for a port of the old name"), "{}", said(&output));
    assert_eq!(packets(&output), 30);
}

#[test]
fn a_namespace_that_vanishes_ends_nothing() {
    if !inside("a_namespace_that_vanishes_ends_nothing") {
        return;
    }
    // Named namespaces are files in a directory of the machine's: of this test's alone.
    if !works("mkdir -p /run/netns && mount -t tmpfs tmpfs /run/netns && ip netns add probe") {
        return eprintln!("skipped: no namespace can be named here");
    }
    run("ip link add name a type veth peer name b netns probe");
    run("ip link set dev a up && ip netns exec probe sysctl -qw net.ipv6.conf.all.disable_ipv6=1 && ip -n probe link set dev b up");
    let mut command = Command::new("ip");
    command.args(["netns", "exec", "probe", env!("CARGO_BIN_EXE_spantop"), "report", "-i", "b", "--for", "4s", "--format", "json"]);
    let child = command.env_remove("SUDO_USER").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(1500));
    send_plain("a", 10);
    std::thread::sleep(Duration::from_millis(300));
    run("ip netns del probe && ip link del dev a");
    let output = ended(child);
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert!(output.status.success(), "{}", said(&output));
    assert!(report["capture"]["packets"].as_u64() >= Some(10), "{}", report["capture"]);
    assert!(said(&output).contains("b is gone"), "{}", said(&output));
}

/// Set in the process that writes a ring until it is killed.
const RING: &str = "SPANTOP_TEST_RING";

/// Records packets, each with its number, until it is told to stop.
fn record(ring: &mut Ring, from: u64, count: u64) {
    for n in from..from + count {
        let bytes = [&[2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x88, 0xb5][..], &n.to_be_bytes(), &[0x5a; 400]].concat();
        let packet = TapePacket {
            time: Timestamp(1_700_000_000_000_000_000 + n as i64 * 1_000),
            link: LinkType::ETHERNET,
            wire: bytes.len() as u32,
            interface: 0,
            bytes: &bytes,
        };
        ring.record(std::iter::once(packet));
    }
    ring.flush();
}

/// The packets of a ring's files, as this program reads them, and whether the last is cut.
fn ring_packets(folder: &Path) -> (u64, bool) {
    let files = names(folder).into_iter().map(|name| folder.join(name).to_str().unwrap().to_owned());
    let arguments: Vec<String> = ["report", "--format", "json", "--no-dedup"].map(str::to_owned).into_iter().chain(files).collect();
    let output = ended(start(&arguments.iter().map(String::as_str).collect::<Vec<_>>()));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", said(&output)));
    (packets(&output), report["capture"]["cut_short"] == true)
}

#[test]
fn a_ring_is_whole_up_to_what_was_written_last_when_it_is_killed() {
    if let Some(place) = std::env::var_os(RING) {
        let mut ring = Ring::start(RingPlan { folder: place.into(), files: 100, bytes: 1 << 20 }, vec!["b".into()]).unwrap();
        for turn in 0.. {
            record(&mut ring, turn * 500, 500);
            std::thread::sleep(Duration::from_millis(1));
        }
    }
    let folder = folder("killed");
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "a_ring_is_whole_up_to_what_was_written_last_when_it_is_killed"]).env(RING, &folder);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    assert!(within(|| names(&folder).len() >= 3), "the ring does not grow");
    child.kill().unwrap();
    child.wait().unwrap();
    // Killed in the middle of a write its last packet may be cut.
    let (found, _) = ring_packets(&folder);
    assert!(found >= 4_000, "{found} packets");
    fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn a_ring_on_a_full_disk_says_so_and_goes_on_when_there_is_room() {
    if !inside("a_ring_on_a_full_disk_says_so_and_goes_on_when_there_is_room") || !needs("a full disk", &["mount"]) {
        return;
    }
    let folder = folder("disk");
    run(&format!("mount -t tmpfs -o size=3m tmpfs {}", folder.display()));
    let plan = RingPlan { folder: folder.join("ring"), files: 100, bytes: 1 << 20 };
    fs::create_dir_all(&plan.folder).unwrap();
    let mut ring = Ring::start(plan.clone(), vec!["b".into()]).unwrap();
    let status = ring.status();
    let (mut sent, begun) = (0, Instant::now());
    while status.trouble().is_none() {
        assert!(begun.elapsed() < SOON, "a full disk is not told");
        record(&mut ring, sent, 200);
        sent += 200;
        std::thread::sleep(Duration::from_millis(2));
    }
    assert!(status.trouble().is_some_and(|trouble| trouble.contains("No space left")), "{:?}", status.trouble());
    let written = status.written();
    // Room again: the oldest goes.
    fs::remove_file(plan.folder.join(&names(&plan.folder)[0])).unwrap();
    let begun = Instant::now();
    while status.trouble().is_some() {
        assert!(begun.elapsed() < SOON, "it does not go on");
        record(&mut ring, sent, 10);
        sent += 10;
        std::thread::sleep(Duration::from_millis(100));
    }
    drop(ring);
    assert!(status.written() > written && status.lost() > 0);
    assert_eq!(status.written() + status.lost(), sent);
    let (found, is_cut) = ring_packets(&plan.folder);
    assert!(found > 0 && !is_cut, "{found} packets");
}
