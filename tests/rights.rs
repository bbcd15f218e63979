//! What a running capture may still do. Every test runs itself again inside a network namespace; without root it says so and passes.
#![cfg(target_os = "linux")]

mod support;

use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use support::namespace::{inside, pair, run, send_plain};
use support::tty::{Tty, within};

/// Longest wait for anything expected.
const SOON: Duration = Duration::from_secs(20);

fn start(arguments: &[&str]) -> Child {
    let program = Command::new(env!("CARGO_BIN_EXE_spantop"))
        .args(arguments)
        .env_remove("SUDO_USER")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    program.expect("spantop starts")
}

/// Name, user and capabilities (permitted, in force, and those that a program it ran could gain) of each thread, and whether it may gain new ones or call what it likes.
fn threads(of: u32) -> Vec<(String, String, u64, bool)> {
    let mut threads: Vec<_> = fs::read_dir(format!("/proc/{of}/task"))
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|task| {
            let status = fs::read_to_string(task.path().join("status")).ok()?;
            let line = |name: &str| status.lines().find_map(|l| l.strip_prefix(name)).map(str::trim);
            let set = |name| line(name).and_then(|set| u64::from_str_radix(set, 16).ok());
            let capabilities = set("CapPrm:")? | set("CapEff:")? | set("CapBnd:")?;
            let is_free = line("NoNewPrivs:")? == "0" || line("Seccomp:")? != "2";
            Some((line("Name:")?.into(), line("Uid:")?.split_whitespace().next()?.into(), capabilities, is_free))
        })
        .collect();
    threads.sort();
    threads
}

fn until(what: &str, wanted: impl Fn() -> bool) {
    let start = Instant::now();
    while !wanted() {
        assert!(start.elapsed() < SOON, "{what} does not come");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn what_captures_has_no_rights_and_still_opens_a_port_again() {
    if !inside("what_captures_has_no_rights_and_still_opens_a_port_again") {
        return;
    }
    pair("a", "b");
    let program = start(&["report", "-i", "b", "--for", "6s", "--format", "json", "--threads", "3", "--no-dedup"]);
    until("the merge", || threads(program.id()).iter().any(|t| t.0 == "merge"));
    let found = threads(program.id());
    assert!(found.len() >= 4, "{found:?}");
    for (name, uid, capabilities, is_free) in &found {
        assert_eq!((uid.as_str(), *is_free), ("65534", false), "{name}: {found:?}");
        assert_eq!(*capabilities, if name == "opener" { 1 << 13 } else { 0 }, "{name}: {found:?}");
    }
    send_plain("a", 10);
    run("ip link del dev a");
    std::thread::sleep(Duration::from_millis(700));
    pair("a", "b");
    std::thread::sleep(Duration::from_millis(1500));
    send_plain("a", 20);
    let output = program.wait_with_output().expect("it ends");
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(report["capture"]["packets"], 30, "{}", String::from_utf8_lossy(&output.stderr));
}

/// Whoever stays root, for files in a directory of root's, has no more rights than others: in no thread, also in those that began before.
#[test]
fn a_dashboard_of_root_has_no_capability() {
    for arguments in ["--save-dir FOLDER", ""] {
        let Some(tty) = Tty::run("rights", &format!("echo $$ > FOLDER/pid; exec SPANTOP CAPTURE {arguments}")) else { return };
        assert!(within(|| tty.shows("office.pcapng")), "{}", tty.screen());
        let pid: u32 = tty.file("pid").trim().parse().expect("a number");
        let found = threads(pid);
        assert!(found.iter().any(|thread| thread.0 == "signals") && found.len() >= 2, "{found:?}");
        for (name, uid, capabilities, is_free) in &found {
            assert_eq!((*capabilities, *is_free), (0, false), "{name} as {uid}: {found:?}");
        }
        // The thread that watches signals is as good as before.
        tty.signal("-TERM", "pid");
        assert!(within(|| !std::path::Path::new(&format!("/proc/{pid}")).exists()), "{}", tty.screen());
    }
}

#[test]
fn a_report_is_written_where_it_was_asked_for() {
    if !inside("a_report_is_written_where_it_was_asked_for") {
        return;
    }
    pair("a", "b");
    let folder = std::env::temp_dir().join(format!("spantop-rights-report-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder of root's");
    let path = folder.join("report.json");
    let said = |output: &std::process::Output| String::from_utf8_lossy(&output.stderr).into_owned();
    for extra in [&[][..], &["--no-sandbox"], &["--user", "root"]] {
        let _ = fs::remove_file(&path);
        let arguments = ["report", "-v", "-i", "b", "--for", "300ms", "--format", "json", "-o", path.to_str().expect("plain")];
        let output = start(&[&arguments[..], extra].concat()).wait_with_output().expect("it ends");
        assert!(output.status.success(), "{extra:?}: {}", said(&output));
        assert!(fs::read_to_string(&path).expect("a report").contains("spantop.report/1"), "{extra:?}");
        assert_eq!(said(&output).contains("rights: "), extra != ["--no-sandbox"], "{}", said(&output));
    }
    let output = start(&["report", "-i", "b", "--for", "300ms", "--user", "no-such-user"]).wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(said(&output).contains("there is no such user"), "{}", said(&output));
    // Found out before anything is captured.
    let _ = fs::remove_file(&path);
    let arguments = ["report", "-i", "b", "--for", "9s", "--user", "nobody", "-o", path.to_str().expect("plain")];
    let output = start(&arguments).wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(said(&output).contains("--user nobody may not use") && !path.exists(), "{}", said(&output));
    fs::remove_dir_all(&folder).expect("removed");
}
