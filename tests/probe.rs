//! The probe as a service manager runs it: signals, sockets, files.
#![cfg(target_os = "linux")]

mod support;

#[path = "export/fixture.rs"]
#[allow(dead_code, reason = "a fixture of which others use more")]
mod fixture;

use fixture::{folder, lines};
use serde_json::Value;
use std::fs;
use std::io::{Read, Write};
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use support::namespace::{inside, pair, run};
use support::packet::{ACK, Packet, SYN, file};

/// Longest wait for anything expected.
const SOON: Duration = Duration::from_secs(20);

fn probe(arguments: &[&str], environment: &[(&str, &str)]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_spantop"));
    command.arg("probe").args(arguments).env("XDG_CONFIG_HOME", "/nonexistent").env_remove("SUDO_USER");
    command.envs(environment.iter().copied()).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().expect("spantop starts")
}

fn signal(child: &Child, name: &str) {
    assert!(Command::new("kill").args([&format!("-{name}"), &child.id().to_string()]).status().unwrap().success());
}

fn until(what: &str, mut wanted: impl FnMut() -> bool) {
    let start = Instant::now();
    while !wanted() {
        assert!(start.elapsed() < SOON, "{what} does not come");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Every line of the log, each a JSON object.
fn log(text: &[u8]) -> Vec<Value> {
    String::from_utf8_lossy(text).lines().map(|l| serde_json::from_str(l).unwrap_or_else(|e| panic!("{l}: {e}"))).collect()
}

/// A classic pcap of so many SYNs and answers, from one that has ports of its own.
fn capture(first: u16, count: u16) -> Vec<u8> {
    let ip = |from: u8, to: u8| Packet::eth([2, 0, 0, 0, 0, from], [2, 0, 0, 0, 0, to]).ip([10, 0, 0, from], [10, 0, 0, to]);
    let frames: Vec<(i64, Vec<u8>)> = (first..first + count)
        .flat_map(|n| {
            let at = fixture::START + i64::from(n) * 10_000_000;
            let syn = ip(1, 2).tcp(10_000 + n, 80).seq(1).flags(SYN).build();
            [(at, syn), (at + 1_000_000, ip(2, 1).tcp(80, 10_000 + n).seq(9).ack(2).flags(SYN | ACK).build())]
        })
        .collect();
    file::pcap(frames.iter().map(|(time, frame)| (*time, frame.as_slice())))
}

fn ask(path: &Path, page: &str) -> Option<String> {
    let mut stream = UnixStream::connect(path).ok()?;
    stream.write_all(format!("GET {page} HTTP/1.1\r\nHost: probe\r\n\r\n").as_bytes()).ok()?;
    let mut text = String::new();
    stream.read_to_string(&mut text).ok()?;
    Some(text)
}

#[test]
fn a_capture_is_exported_once_and_the_probe_ends() {
    let folder = folder("probe-file");
    let (pcap, eve) = (folder.join("a.pcap"), folder.join("eve.json"));
    fs::write(&pcap, capture(0, 50)).unwrap();
    let output =
        probe(&[pcap.to_str().unwrap(), "--export", &format!("jsonl-eve:{}", eve.display()), "--probe-id", "p1", "--site", "s1"], &[])
            .wait_with_output()
            .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let flows: Vec<Value> = lines(&eve).into_iter().filter(|e| e["event_type"] == "flow").collect();
    assert_eq!(flows.len(), 50);
    assert!(flows.iter().all(|f| f["host"] == "p1" && f["spantop"]["site"] == "s1"));
    let log = log(&output.stderr);
    assert_eq!((&log[0]["event"], &log[log.len() - 1]["event"]), (&"started".into(), &"ended".into()));
    let ended = &log[log.len() - 1];
    assert_eq!((&ended["capture"]["packets"], &ended["records_lost"]), (&100.into(), &0.into()));
    assert_eq!(ended["exporters"][0]["dropped"], 0);
}

/// Waits until a service manager was told what is wanted.
fn hear(manager: &UnixDatagram, wanted: &str, told: &mut String) {
    until(wanted, || {
        let mut bytes = [0; 512];
        let n = manager.recv(&mut bytes).unwrap();
        told.push_str(&String::from_utf8_lossy(&bytes[..n]));
        told.push('\n');
        told.contains(wanted)
    });
}

/// What comes by a pipe comes for as long as somebody sends it, as from a port.
#[test]
fn a_service_manager_is_told_the_status_is_answered_files_turn_over_and_the_end_loses_nothing() {
    let folder = folder("probe-service");
    let (eve, turned, config) = (folder.join("eve.json"), folder.join("eve.json.1"), folder.join("spantop.toml"));
    let (notify, status) = (folder.join("notify"), folder.join("status"));
    let more = folder.join("more.json");
    fs::write(&config, format!("[probe]\nid = \"from-file\"\nexport = [\"jsonl-eve:{}\"]\n", eve.display())).unwrap();
    let manager = UnixDatagram::bind(&notify).unwrap();
    manager.set_read_timeout(Some(SOON)).unwrap();
    let mut told = String::new();
    let mut heard = |wanted: &str| hear(&manager, wanted, &mut told);
    let (config_name, socket) = (config.to_str().unwrap(), format!("unix:{}", status.display()));
    let environment = [("NOTIFY_SOCKET", notify.to_str().unwrap()), ("WATCHDOG_USEC", "400000")];
    let mut child = probe(&["--config", config_name, "--status", &socket, "-"], &environment);
    let mut pipe = child.stdin.take().unwrap();
    let first = capture(0, 20);
    pipe.write_all(&first).unwrap();
    heard("READY=1");
    heard("WATCHDOG=1");
    until("the status", || ask(&status, "/status").is_some_and(|text| text.contains("\"packets\":40")));
    let page = ask(&status, "/status").unwrap();
    let value: Value = serde_json::from_str(page.split_once("\r\n\r\n").unwrap().1).unwrap();
    assert_eq!((&value["identity"]["probe"], &value["alive"]), (&"from-file".into(), &true.into()));
    assert!(ask(&status, "/healthz").unwrap().starts_with("HTTP/1.1 200"));
    assert!(ask(&status, "/etc/passwd").unwrap().starts_with("HTTP/1.1 404"));
    // The file is moved away, another exporter is wanted, and a mistake changes nothing.
    fs::rename(&eve, &turned).unwrap();
    fs::write(&config, "[probe]\nexport = [\"jsonl-evil:x\"]\n").unwrap();
    signal(&child, "HUP");
    until("the file again", || eve.exists());
    let both = format!(
        "interval = \"5s\"\n[probe]\nid = \"other\"\nstatus = \"unix:/x\"\nexport = [\"jsonl-eve:{}\", \"jsonl-eve:{}\"]\n",
        eve.display(),
        more.display()
    );
    fs::write(&config, both).unwrap();
    signal(&child, "HUP");
    until("the other file", || more.exists());
    let second = capture(100, 30);
    pipe.write_all(&second[24..]).unwrap();
    until("the rest", || ask(&status, "/status").is_some_and(|text| text.contains("\"packets\":100")));
    signal(&child, "TERM");
    heard("STOPPING=1");
    drop(pipe);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let flows = |path: &Path| lines(path).iter().filter(|e| e["event_type"] == "flow").count();
    assert_eq!((flows(&turned) + flows(&eve), flows(&more)), (50, 50), "nothing is lost by the reload");
    let log = log(&output.stderr);
    let reloads: Vec<&Value> = log.iter().filter(|l| l["event"] == "reload").collect();
    assert!(reloads[0]["error"].as_str().unwrap().contains("jsonl-evil") && reloads[1]["error"].is_null(), "{reloads:?}");
    // What holds from the next start only is named; --status goes before the file's.
    assert_eq!(reloads[1]["needs_restart"], serde_json::json!(["interval", "probe.id"]), "{reloads:?}");
}

#[test]
fn what_cannot_be_exported_is_told_before_anything_is_opened() {
    let wrong = |arguments: &[&str]| {
        let output = probe(arguments, &[]).wait_with_output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (code, text) = wrong(&["x.pcap", "--export", "jsonl-evil:/x"]);
    assert!(code == Some(2) && text.contains("jsonl-eve"), "{text}");
    let (code, text) = wrong(&["x.pcap", "--status", "0.0.0.0:9901"]);
    assert!(code == Some(2) && text.contains("loopback"), "{text}");
    let (code, text) = wrong(&["x.pcap", "--export", "jsonl-zeek:/nonexistent"]);
    assert!(code == Some(2) && text.contains("no such directory"), "{text}");
    // What is wrong with the configuration is a line of the log as well.
    let config = folder("probe-wrong").join("spantop.toml");
    for (lines, words) in [("speling = 1\n", "speling"), ("[probe]\nstatus = 9901\n", "9901"), ("[export.ipfix]\ndomain = -1\n", "domain")]
    {
        fs::write(&config, lines).unwrap();
        let output = probe(&["--config", config.to_str().unwrap(), "x.pcap"], &[]).wait_with_output().unwrap();
        let log = log(&output.stderr);
        assert_eq!((output.status.code(), log.len(), &log[0]["event"]), (Some(2), 1, &"failed".into()), "{log:?}");
        assert!(log[0]["error"].as_str().unwrap().contains(words), "{log:?}");
    }
}

/// A port that goes away is not looked at: the health check says so, and the log says when it went and when it came back.
#[test]
fn a_port_that_vanishes_is_no_healthy_one() {
    if !inside("a_port_that_vanishes_is_no_healthy_one") {
        return;
    }
    pair("a", "b");
    let folder = folder("probe-vanish");
    let status = folder.join("status");
    let child = probe(&["-i", "b", "--no-sandbox", "--status", &format!("unix:{}", status.display())], &[]);
    let health = |wanted: &str| until(wanted, || ask(&status, "/healthz").is_some_and(|text| text.contains(wanted)));
    health("HTTP/1.1 200");
    run("ip link set dev b down");
    health("HTTP/1.1 503");
    health("not capturing: b is down");
    run("ip link set dev b up");
    health("HTTP/1.1 200");
    run("ip link del dev a");
    health("not capturing: b is gone");
    let page = ask(&status, "/status").unwrap();
    let value: Value = serde_json::from_str(page.split_once("\r\n\r\n").unwrap().1).unwrap();
    assert_eq!((&value["sources"][0]["name"], &value["sources"][0]["looked_at"]), (&"b".into(), &false.into()), "{value}");
    pair("a", "b");
    health("HTTP/1.1 200");
    signal(&child, "TERM");
    let output = child.wait_with_output().unwrap();
    let log = log(&output.stderr);
    let told: Vec<&Value> = log.iter().filter(|l| l["event"] == "source").map(|l| &l["trouble"]).collect();
    let gone = told.iter().position(|t| t.as_str().is_some_and(|t| t.starts_with("b is gone")));
    assert!(gone.is_some_and(|at| told[at..].iter().any(|t| t.is_null())), "{told:?}");
}

/// Name, user, permitted and effective capabilities of each thread, and whether a filter holds it.
fn threads(of: &Child) -> Vec<(String, String, u64, bool)> {
    let tasks = fs::read_dir(format!("/proc/{}/task", of.id())).into_iter().flatten().flatten();
    let mut threads: Vec<_> = tasks
        .filter_map(|task| {
            let status = fs::read_to_string(task.path().join("status")).ok()?;
            let line = |name: &str| status.lines().find_map(|l| l.strip_prefix(name)).map(str::trim);
            let capabilities = u64::from_str_radix(line("CapPrm:")?, 16).ok()? | u64::from_str_radix(line("CapEff:")?, 16).ok()?;
            let is_held = line("NoNewPrivs:")? == "1" && line("Seccomp:")? == "2";
            Some((line("Name:")?.into(), line("Uid:")?.split_whitespace().next()?.into(), capabilities, is_held))
        })
        .collect();
    threads.sort();
    threads
}

#[test]
fn exporters_on_a_port_have_no_rights_and_hand_on_what_passes() {
    if !inside("exporters_on_a_port_have_no_rights_and_hand_on_what_passes") {
        return;
    }
    pair("a", "b");
    run("ip link set lo up");
    run("ip addr add 10.9.0.1/24 dev a");
    run("ip neigh add 10.9.0.2 lladdr 02:00:00:00:00:09 dev a");
    let folder = folder("probe-rights");
    fs::set_permissions(&folder, std::os::unix::fs::PermissionsExt::from_mode(0o777)).unwrap();
    let (eve, collector) = (folder.join("eve.json"), std::net::TcpListener::bind("127.0.0.1:0").unwrap());
    let reader = std::thread::spawn({
        let collector = collector.try_clone().unwrap();
        move || {
            let mut bytes = Vec::new();
            collector.accept().unwrap().0.read_to_end(&mut bytes).unwrap();
            bytes
        }
    });
    let (eve_target, ipfix) = (format!("jsonl-eve:{}", eve.display()), format!("ipfix:tcp://{}", collector.local_addr().unwrap()));
    let child =
        probe(&["-i", "b", "--no-dedup", "--export", &eve_target, "--export", &ipfix, "--export", "prometheus:127.0.0.1:9902"], &[]);
    until("the merge", || threads(&child).iter().any(|t| t.0 == "merge"));
    // Packets to somebody who is not there: they pass all the same.
    let socket = std::net::UdpSocket::bind("10.9.0.1:0").unwrap();
    for _ in 0..10 {
        socket.send_to(b"x", "10.9.0.2:9").unwrap();
    }
    let page = || {
        let mut stream = std::net::TcpStream::connect("127.0.0.1:9902").ok()?;
        stream.write_all(b"GET /metrics HTTP/1.1\r\n\r\n").ok()?;
        let mut text = String::new();
        stream.read_to_string(&mut text).ok()?;
        Some(text)
    };
    until("the packets", || page().is_some_and(|text| text.contains("path=\"eth:ip:udp\"} 10\n")));
    let found = threads(&child);
    assert!(found.iter().filter(|t| t.0 == "exporter").count() == 3 && found.iter().any(|t| t.0 == "answers"), "{found:?}");
    for (name, uid, capabilities, is_held) in &found {
        assert_eq!((uid.as_str(), *is_held), ("65534", true), "{name}: {found:?}");
        assert_eq!(*capabilities, if name == "opener" { 1 << 13 } else { 0 }, "{name}: {found:?}");
    }
    signal(&child, "TERM");
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let udp = |event: &&Value| event["proto"] == "UDP";
    let count = |event: &Value, name: &str| event["flow"][name].as_u64().unwrap();
    let exported: u64 = lines(&eve).iter().filter(udp).map(|e| count(e, "pkts_toserver") + count(e, "pkts_toclient")).sum();
    let log = log(&output.stderr);
    assert_eq!(exported, 10, "{log:?}");
    assert!(reader.join().unwrap().len() > 100, "what a port was named for is connected to");
}
