//! The program as a user runs it: exit codes, messages, and what comes out where.

mod support;

use assert_cmd::Command;
use serde_json::Value;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};
use support::packet::{ACK, Packet, RST, SYN, file};

/// Longest a run may take; beyond it the test fails instead of hanging.
const PATIENCE: Duration = Duration::from_secs(60);

/// A folder of its own for one test, empty at the start.
fn folder(test: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("cli-{test}"));
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).unwrap();
    path
}

fn spantop(arguments: &[&str]) -> Output {
    let mut command = Command::cargo_bin("spantop").unwrap();
    command.args(arguments).env_remove("NO_COLOR").env("XDG_CONFIG_HOME", "/nonexistent").timeout(PATIENCE).output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Ethernet, a VLAN tag if `vlan`, and IPv4 from 10.0.0.`from` to 10.0.0.`to`; not padded.
fn ip(vlan: Option<u16>, from: u8, to: u8) -> Packet {
    let packet = Packet::eth([2, 0, 0, 0, 0, from], [2, 0, 0, 0, 0, to]).unpadded();
    packet.vlans(vlan.as_slice()).ipv4([10, 0, 0, from], [10, 0, 0, to])
}

/// A TCP segment without payload, of port 80 or to it.
fn tcp(from: u8, to: u8, seq: u32, ack: u32, flags: u8) -> Vec<u8> {
    let (source, destination) = if from == 1 { (40_000, 80) } else { (80, 40_000) };
    ip(None, from, to).tcp(source, destination).seq(seq).ack(ack).flags(flags).window(0x2000).build()
}

/// A classic pcap file of Ethernet frames, each with its microsecond.
fn pcap(frames: &[(u64, Vec<u8>)]) -> Vec<u8> {
    file::pcap(frames.iter().map(|(micros, frame)| (1_700_000_000_000_000_000 + *micros as i64 * 1000, frame.as_slice())))
}

/// A handshake from .1 to .2 on port 80, a reset, and two DNS messages on VLAN 10: six packets.
fn six() -> Vec<u8> {
    pcap(&[
        (0, tcp(1, 2, 100, 0, SYN)),
        (1_000, tcp(2, 1, 500, 101, SYN | ACK)),
        (2_000, tcp(1, 2, 101, 501, ACK)),
        (1_500_000, tcp(2, 1, 501, 101, RST)),
        (2_000_000, ip(Some(10), 1, 3).udp(5_353, 53).payload(&[0; 20]).build()),
        (2_000_500, ip(Some(10), 3, 1).udp(53, 5_353).payload(&[0; 40]).build()),
    ])
}

fn six_in(folder: &std::path::Path) -> String {
    let path = folder.join("six.pcap");
    fs::write(&path, six()).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn a_report_in_json_says_what_is_in_the_file() {
    let file = six_in(&folder("json"));
    let output = spantop(&["report", "--format", "json", "--decap", "none", "--no-dedup", &file]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["capture"]["packets"], 6);
    assert_eq!(json["capture"]["sources"][0]["name"], file.as_str());
    assert_eq!(json["capture"]["sources"][0]["format"], "pcap");
    assert_eq!(json["capture"]["first"], "1700000000.000000000");
    assert_eq!(json["capture"]["last"], "1700000002.000500000");
    assert_eq!(json["capture"]["cut_short"], false);
    let tcp = &json["conversations"]["tcp"][0];
    assert_eq!((&tcp["a"], &tcp["a_port"]), (&Value::from("10.0.0.1"), &Value::from(40_000)));
    assert_eq!((&tcp["b"], &tcp["b_port"]), (&Value::from("10.0.0.2"), &Value::from(80)));
    assert_eq!((&tcp["packets"], &tcp["packets_ab"], &tcp["wire_bytes"]), (&4.into(), &2.into(), &(4 * 54).into()));
    assert_eq!((&tcp["originator"], &tcp["state"]), (&Value::from("a"), &Value::from("reset")));
    assert_eq!(json["tcp"]["syn"], 1);
    assert_eq!(json["tcp"]["reset"], 1);
    assert_eq!(json["vlans"][0]["id"], 10);
    assert_eq!(json["conversations"]["udp"][0]["vlans"], serde_json::json!([10]));
    let paths: Vec<&str> = json["protocols"].as_array().unwrap().iter().map(|p| p["path"].as_str().unwrap()).collect();
    assert!(paths.contains(&"eth:ip:tcp") && paths.contains(&"eth:vlan:ip:udp"), "{paths:?}");
    assert!(stderr(&output).contains("6 packets, losses not counted"), "{}", stderr(&output));
}

#[test]
fn packets_are_listed_with_their_flags() {
    let folder = folder("packets");
    // The third repeats the second after 20 ms: no copy of a mirror, a retransmission.
    let data = || ip(None, 1, 2).tcp(40_000, 80).seq(101).ack(501).flags(ACK).window(0x2000).payload(b"data").build();
    let file = folder.join("list.pcap").to_str().unwrap().to_owned();
    fs::write(&file, pcap(&[(0, tcp(1, 2, 100, 0, SYN)), (10_000, data()), (30_000, data()), (30_010, data())])).unwrap();
    let output = spantop(&["packets", "--decap", "none", "--no-dedup", &file]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let text = stdout(&output);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 4, "{text}");
    let first = "10.0.0.1 40000 > 10.0.0.2 80  eth:ip:tcp  54 bytes  TCP 40000 → 80 [SYN] Seq=0 Win=8192 Len=0";
    assert!(lines[0].ends_with(first), "{text}");
    assert!(lines[2].starts_with("     3    0.030000000") && lines[2].contains("  retransmission"), "{text}");
    let output = spantop(&["packets", "--format", "json", &file]);
    let json: Vec<Value> = stdout(&output).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((&json[1]["number"], &json[1]["time"]), (&2.into(), &"1700000000.010000000".into()));
    assert_eq!((&json[2]["analysis"], &json[2]["kept"]), (&serde_json::json!(["retransmission"]), &true.into()));
    assert_eq!(json[3]["analysis"], serde_json::json!([]), "{json:?}");
    // Where it is not decided yet it is neither kept nor left out.
    let kept = if json[3]["reason"] == "undecided" { Value::Null } else { false.into() };
    assert!(json[3]["kept"] == kept && (json[3]["reason"] == "copy" || kept.is_null()), "{json:?}");
    // Some of them, and taken apart.
    for (stretch, numbers) in [
        (vec!["--from", "10ms", "--to", "30ms"], vec![2, 3]),
        (vec!["--from", "1700000000.03"], vec![3, 4]),
        (vec!["--to", "#2"], vec![1, 2]),
        (vec!["--from", "2023-11-14T22:13:20.000001Z", "-c", "1"], vec![2]),
    ] {
        let output = spantop(&[vec!["packets", "--format", "json", "--tree", file.as_str()], stretch.clone()].concat());
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        let json: Vec<Value> = stdout(&output).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(json.iter().map(|p| p["number"].as_u64().unwrap()).collect::<Vec<_>>(), numbers, "{stretch:?}");
        let field = &json[0]["layers"][2]["fields"][0];
        assert_eq!((&field["name"], &field["number"], &field["offset"]), (&"tcp.srcport".into(), &40_000.into(), &34.into()));
    }
    let output = spantop(&["packets", "--tree", &file]);
    assert!(stdout(&output).contains("Time to live: 64  [ip.ttl @22]"), "{}", stdout(&output));
    // Wrong usage is told, and nothing is written.
    for wrong in
        [vec!["packets"], vec!["packets", "--from", "soon", &file], vec!["packets", "--format", "csv", &file], vec!["packets", "-i", "lo"]]
    {
        let output = spantop(&wrong);
        assert_eq!((output.status.code(), stdout(&output).as_str()), (Some(2), ""), "{wrong:?}: {}", stderr(&output));
    }
}

/// A pcapng file of one interface that lost 30 packets, and none else.
fn losses_only_in(folder: &std::path::Path) -> String {
    let blocks: [&[u32]; 3] = [
        &[0x0a0d_0d0a, 28, 0x1a2b_3c4d, 1, u32::MAX, u32::MAX, 28],
        &[1, 20, 1, 0, 20],
        // Statistics: interface 0, time 0, the option isb_ifdrop, the end of options.
        &[5, 40, 0, 0, 0, 8 << 16 | 5, 30, 0, 0, 40],
    ];
    let path = folder.join("losses.pcapng");
    fs::write(&path, blocks.concat().into_iter().flat_map(u32::to_le_bytes).collect::<Vec<_>>()).unwrap();
    path.to_string_lossy().into_owned()
}

#[test]
fn a_file_without_packets_knows_no_time() {
    let file = losses_only_in(&folder("losses"));
    let json = spantop(&["report", "--format", "json", &file]);
    let report: serde_json::Value = serde_json::from_str(&stdout(&json)).unwrap();
    assert_eq!((&report["losses"]["interface_drops"], &report["capture"]["first"]), (&30.into(), &serde_json::Value::Null));
    // Nothing that arrived is here to hold them against: they are told, and not judged.
    assert_eq!(report["findings"].as_array().map(Vec::len), Some(0), "{report}");
    assert!(report.to_string().contains("30 packets dropped in the capture, and none that arrived is in this file"), "{report}");
    assert_eq!(stdout(&spantop(&["report", "--format", "json", &file])), stdout(&json), "twice the same");
    assert!(!stdout(&spantop(&["report", &file])).contains("Seen "));
}

#[test]
fn the_same_bytes_for_any_number_of_threads() {
    let file = six_in(&folder("threads"));
    let one = spantop(&["report", "--format", "json", "--threads", "0", &file]);
    for threads in ["1", "2", "7"] {
        assert_eq!(stdout(&spantop(&["report", "--format", "json", "--threads", threads, &file])), stdout(&one), "--threads {threads}");
    }
}

#[test]
fn every_format_comes_out_and_a_file_without_a_terminal_is_a_text_report() {
    let file = six_in(&folder("formats"));
    for (format, words) in
        [("text", "10.0.0.1:40000"), ("csv", "tcp,10.0.0.1,40000"), ("markdown", "| From |"), ("html", "<!doctype html>")]
    {
        let output = spantop(&["report", "--format", format, &file]);
        assert_eq!(output.status.code(), Some(0), "{format}: {}", stderr(&output));
        assert!(stdout(&output).contains(words), "{format}");
    }
    let report = spantop(&["report", &file]);
    assert_eq!(stdout(&spantop(&[&file])), stdout(&report));
}

#[test]
fn help_lists_what_means_something_there() {
    let help = |command: &str| stdout(&spantop(&[command, "--help"]));
    for command in ["packets", "save"] {
        let (text, told) = (help(command), stderr(&spantop(&[command])));
        assert!(!text.contains("--interface") && !text.contains("--readers") && !text.contains("--time-stamps"), "{text}");
        assert!(!text.contains("--switch") && !text.contains("--theme") && text.contains("--anonymize"), "{text}");
        assert_eq!(text.contains("--decap"), command == "packets", "what is copied is not looked into: {text}");
        assert!(!told.contains("-i eth1"), "it would be refused: {told}");
    }
    assert!(help("report").contains("--interface") && help("report").contains("--readers"));
    for command in ["man", "completions", "explain", "interfaces"] {
        assert!(!help(command).contains("--decap") && !help(command).contains("--anonymize"), "{}", help(command));
    }
    assert!(help("explain").contains("--color"));
    assert!(!help("diff").contains("--switch") && !help("report").contains("--theme") && help("report").contains("--switch"));
    assert!(help("fleet").contains("--theme") && !help("fleet").contains("--decap"));
    // One configuration holds for all of them.
    assert_eq!(spantop(&["explain", "--decap", "none", "dup.every"]).status.code(), Some(0));
    let version = stdout(&spantop(&["--version"]));
    assert_eq!(version.contains("optional features: parquet"), cfg!(feature = "parquet"), "{version}");
}

#[test]
fn a_file_that_promises_another_format_is_told_of() {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    for (name, told) in [("report.pdf", true), ("report.txt", false), ("report", false), ("report.json", false)] {
        let path = folder.join(name);
        let output = spantop(&["report", "captures/office.pcapng", "-o", path.to_str().unwrap()]);
        assert_eq!(
            (output.status.code(), stderr(&output).contains("the report is text, which .pdf does not say")),
            (Some(0), told),
            "{name}"
        );
    }
}

#[test]
fn times_of_a_list_count_from_the_captures_first_packet() {
    let times = |more: &[&str]| -> Vec<String> {
        let output = spantop(&[&["packets", "captures/office.pcapng"], more].concat());
        stdout(&output).lines().map(|line| line.split_whitespace().take(2).collect::<Vec<_>>().join(" ")).collect()
    };
    let (all, late) = (times(&[]), times(&["--from", "2s", "-c", "3"]));
    assert!(late.len() == 3 && late.iter().all(|line| all.contains(line)), "{late:?}");
}

#[test]
fn help_manual_and_completions_print() {
    for (arguments, words) in [
        (vec!["--help"], "Examples:"),
        (vec!["report", "--help"], "--format"),
        (vec!["--version"], env!("CARGO_PKG_VERSION")),
        (vec!["man"], ".SH OPTIONS OF REPORT"),
        (vec!["completions", "bash"], "spantop"),
        (vec!["completions", "zsh"], "#compdef spantop"),
        (vec!["completions", "fish"], "complete -c spantop"),
    ] {
        let output = spantop(&arguments);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", stderr(&output));
        assert!(stdout(&output).contains(words), "{arguments:?}");
    }
    let bare = spantop(&[]);
    assert_eq!(bare.status.code(), Some(2));
    assert!(stdout(&bare).is_empty() && stderr(&bare).contains("Usage: spantop"));
}

/// CSV holds one table; the others have no use for a choice.
#[test]
fn csv_holds_the_table_that_is_asked_for() {
    let file = six_in(&folder("tables"));
    for (table, head) in [
        ("conversations", "kind,a,a_port,b,b_port,packets,"),
        ("endpoints", "kind,address,port,packets,wire_bytes,"),
        ("protocols", "path,packets,wire_bytes"),
        ("vlans", "id,name,packets,wire_bytes"),
        ("tunnels", "kind,source,destination,id,"),
    ] {
        let output = spantop(&["report", "--format", "csv", "--table", table, &file]);
        assert_eq!(output.status.code(), Some(0), "{table}: {}", stderr(&output));
        assert!(stdout(&output).starts_with(head), "{table}: {}", stdout(&output));
    }
    let wrong = spantop(&["report", "--format", "csv", "--table", "chairs", &file]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(stderr(&wrong).contains("--table chairs: no such table; there are protocols, conversations, endpoints,"), "{}", stderr(&wrong));
    let json = spantop(&["report", "--format", "json", "--table", "vlans", &file]);
    assert_eq!(json.status.code(), Some(2));
    assert!(stderr(&json).contains("--table goes with --format csv"), "{}", stderr(&json));
}

/// The manual page as formatters want it: nothing that `mandoc` warns of, and examples line by line.
#[test]
fn the_manual_page_is_sound() {
    let output = spantop(&["man"]);
    let page = stdout(&output);
    assert!(page.contains("\n.SH EXAMPLES\n.nf\n"), "{page}");
    assert!(page.contains("\nspantop check \\-i eth1 "), "{page}");
    // Whoever is exported to stands in the help and in the manual, and what may be said of it.
    let help = stdout(&spantop(&["probe", "--help"]));
    for kind in spantop::export::registry::EXPORTERS {
        assert!(help.contains(&format!("\n  {}:{}\n", kind.token, kind.target)), "{}: {help}", kind.token);
        assert!(page.contains(&format!("\\fB[export.{}]\\fR", kind.token.replace('-', "\\-"))), "{}", kind.token);
        for option in kind.options {
            assert!(page.contains(&format!("\n\\fB{}\\fR: ", option.key.replace('-', "\\-"))), "{}", option.key);
        }
    }
    for command in ["REPORT", "CHECK", "PACKETS", "SAVE", "DIFF", "PROBE", "FLEET", "CONFIG"] {
        assert!(page.contains(&format!("\n.SH EXAMPLES OF {command}\n")), "{command}");
    }
    for line in page.lines() {
        assert_eq!(line, line.trim_end(), "space at the end of a line");
    }
    let path = folder("man").join("spantop.1");
    fs::write(&path, &page).unwrap();
    match std::process::Command::new("mandoc").args(["-T", "lint", "-W", "warning"]).arg(&path).output() {
        Ok(lint) => assert!(lint.stdout.is_empty(), "{}", stdout(&lint)),
        Err(_) => eprintln!("not looked at by mandoc, which is not installed"),
    }
}

#[test]
fn wrong_usage_is_named_and_exits_with_two() {
    let file = six_in(&folder("usage"));
    for (arguments, words) in [
        (vec!["report"], "report needs something to read"),
        (vec!["check"], "check needs something to read"),
        (vec!["--no-such-flag"], "--no-such-flag"),
        (vec!["report", "--format", "xml", &file], "--format"),
        (vec!["report", "--top", "0", &file], "--top"),
        (vec!["report", "--interval", "soon", &file], "--interval"),
        (vec!["report", "--interval", "1us", &file], "--interval"),
        (vec!["report", "--threads=-1", &file], "--threads"),
        (vec!["report", "--decap", "some", &file], "--decap"),
        (vec!["report", "--speed", "fast", &file], "--speed"),
        (vec!["report", "--local-net", "10.0.0.0/40", &file], "--local-net"),
        (vec!["report", "--color", "blue", &file], "--color"),
        (vec!["report", "-i", "lo", &file], "--interface"),
        (vec!["report", "--for", "1s", &file], "--for"),
        (vec!["report", "-i", "lo", "--for", "5 parsecs"], "--for"),
        (vec!["report", "-i", "lo", "--buffer", "1"], "--buffer"),
        (vec!["report", "-i", "lo", "--snaplen", "0"], "--snaplen"),
        (vec!["-q", "-v", &file], "--quiet"),
        (vec!["--replay", "0", &file], "--replay 0"),
        (vec!["--replay"], "--replay"),
        (vec!["-i", "lo", "report"], "after the command"),
        (vec!["report", "-", "-"], "only once"),
        (vec!["report", "-o", "/", &file], "-o /"),
        (vec!["report", "-o", &file, &file], "one of the captures"),
        (vec!["explain", "no.such.finding"], "no.such.finding"),
        (vec!["explain", "dup.evry"], "did you mean dup.every"),
        (vec!["explain", "ratelimit"], "did you mean span.ratelimit"),
        (vec!["chek"], "did you mean spantop check"),
        (vec!["reprot"], "did you mean spantop report"),
        (vec!["--follow"], "--follow"),
        (vec!["--follow", "--replay", &file], "--follow"),
        (vec!["report", "--follow", "-"], "--follow"),
        (vec!["report", "-i", "any", "-i", "lo"], "any"),
        (vec!["report", "-i", "lo", "-i", "lo"], "given twice"),
        (vec!["completions", "tcsh98"], "tcsh98"),
        (vec!["--config", "/no/such.toml", &file], "/no/such.toml"),
    ] {
        let output = spantop(&arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", stderr(&output));
        assert!(stderr(&output).contains(words), "{arguments:?} says: {}", stderr(&output));
        assert!(stdout(&output).is_empty(), "{arguments:?}");
    }
    assert!(fs::read(&file).unwrap() == six(), "a capture was overwritten");
}

#[test]
fn bad_files_are_named_in_one_line_and_exit_with_one() {
    let folder = folder("bad");
    let text = folder.join("notes.txt");
    fs::write(&text, "these are not packets\n".repeat(50)).unwrap();
    let empty = folder.join("empty.pcap");
    fs::write(&empty, "").unwrap();
    let good = six_in(&folder);
    let output_file = folder.join("out.json");
    for path in [folder.join("missing.pcap"), text, empty, folder.clone()] {
        let path = path.to_str().unwrap();
        for arguments in [vec!["report", path], vec!["report", "-o", output_file.to_str().unwrap(), &good, path]] {
            let output = spantop(&arguments);
            assert_eq!(output.status.code(), Some(1), "{arguments:?}: {}", stderr(&output));
            let said = stderr(&output);
            assert!(said.contains(path) && said.trim_end().lines().count() == 1, "{said}");
            assert!(stdout(&output).is_empty());
            assert!(!output_file.exists(), "{arguments:?} left a file");
        }
    }
    let nowhere = spantop(&["report", "-i", "no-such-port0", "--for", "1s"]);
    assert_eq!(nowhere.status.code(), Some(1), "{}", stderr(&nowhere));
    assert!(stderr(&nowhere).contains("no-such-port0"));
    let filter = spantop(&["report", "-f", "no such ( filter", &good]);
    assert!(matches!(filter.status.code(), Some(1 | 2)), "{}", stderr(&filter));
    assert!(!stderr(&filter).is_empty() && stdout(&filter).is_empty());
}

/// What most people see first: one line with the command that helps, ready to be copied.
#[cfg(target_os = "linux")]
#[test]
fn a_missing_right_is_told_in_one_line() {
    let mut command = std::process::Command::new("setpriv");
    command.args(["--bounding-set=-net_raw,-net_admin", "--inh-caps=-net_raw,-net_admin", "--"]);
    let Ok(output) = command.arg(env!("CARGO_BIN_EXE_spantop")).args(["report", "-i", "lo", "--for", "100ms"]).output() else {
        return eprintln!("skipped: no setpriv");
    };
    let told = stderr(&output);
    if told.contains("setpriv") || output.status.success() {
        return eprintln!("skipped: rights cannot be dropped here: {told}");
    }
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert_eq!(told.lines().count(), 1, "{told}");
    let set = format!("`sudo setcap cap_net_raw=ep {}`", env!("CARGO_BIN_EXE_spantop"));
    assert!(told.contains(&set) && !told.contains("\\u{"), "{told}");
}

#[test]
fn a_capture_cut_short_is_reported_as_far_as_it_goes() {
    let folder = folder("cut");
    let path = folder.join("cut.pcap");
    let whole = six();
    fs::write(&path, &whole[..whole.len() - 10]).unwrap();
    let output = spantop(&["report", "--format", "json", path.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["capture"]["packets"], 5);
    assert_eq!(json["capture"]["cut_short"], true);
    assert!(stderr(&output).contains("warning") && stderr(&output).contains("cut.pcap"), "{}", stderr(&output));
}

#[test]
fn standard_input_is_a_capture() {
    let mut command = Command::cargo_bin("spantop").unwrap();
    let output = command.args(["report", "--format", "json", "-"]).write_stdin(six()).timeout(PATIENCE).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["capture"]["packets"], 6);
}

#[test]
fn a_filter_filters() {
    let file = six_in(&folder("filter"));
    let json: Value = serde_json::from_slice(&spantop(&["report", "--format", "json", "-f", "tcp", &file]).stdout).unwrap();
    assert_eq!(json["capture"]["packets"], 4);
    assert_eq!(json["capture"]["filter"], "tcp");
}

#[test]
fn output_files_are_whole_or_not_there() {
    let folder = folder("output");
    let file = six_in(&folder);
    let target = folder.join("report.json");
    fs::write(&target, "old").unwrap();
    let output = spantop(&["report", "--format", "json", "-o", target.to_str().unwrap(), &file]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stdout(&output).is_empty());
    let json: Value = serde_json::from_slice(&fs::read(&target).unwrap()).unwrap();
    assert_eq!(json["capture"]["packets"], 6);

    let nowhere = folder.join("no/such/place.json");
    let output = spantop(&["report", "-o", nowhere.to_str().unwrap(), &file]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("place.json"), "{}", stderr(&output));

    let mut names: Vec<String> = fs::read_dir(&folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    assert_eq!(names, ["report.json", "six.pcap"], "temporary files stay behind");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error_that_names_the_place() {
    let file = six_in(&folder("full"));
    let output = spantop(&["report", "--format", "json", "-o", "/dev/full", &file]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("/dev/full"), "{}", stderr(&output));
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_spantop"));
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = command.args(["report", &file]).stdout(full).stderr(Stdio::piped()).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("standard output"), "{}", stderr(&output));
    for what in ["--help", "--version"] {
        let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_spantop")).arg(what).stdout(full).output().unwrap();
        assert_eq!((output.status.code(), stderr(&output).contains("standard output")), (Some(1), true), "{what}");
    }
}

/// As `subprocess.DEVNULL` and others open it: for reading as well. That is not the same as no standard output, which fails.
#[test]
fn nowhere_is_a_standard_output() {
    let file = six_in(&folder("nowhere"));
    let nowhere = fs::OpenOptions::new().read(true).write(true).open("/dev/null").unwrap();
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_spantop")).args(["report", &file]).stdout(nowhere).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let closed = std::process::Command::new("sh")
        .args(["-c", "exec \"$0\" report \"$1\" >&-", env!("CARGO_BIN_EXE_spantop"), &file])
        .output()
        .unwrap();
    assert_eq!((closed.status.code(), stderr(&closed).contains("standard output")), (Some(1), true), "{}", stderr(&closed));
}

#[test]
fn a_link_to_a_report_that_is_not_there_yet_stays_a_link() {
    let folder = folder("dangling");
    let file = six_in(&folder);
    let (link, place) = (folder.join("latest.txt"), folder.join("report.txt"));
    std::os::unix::fs::symlink("report.txt", &link).unwrap();
    let output = spantop(&["report", "-o", link.to_str().unwrap(), &file]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink() && fs::metadata(&place).unwrap().is_file());
}

/// A disk that fills while the report is written: no half report, and one that was there before stays as it is.
#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_fills_leaves_no_half_report() {
    let folder = folder("fills");
    let disk = folder.join("disk");
    fs::create_dir_all(&disk).unwrap();
    let capture = concat!(env!("CARGO_MANIFEST_DIR"), "/captures/office.pcapng");
    // The disk is a small one in a mount namespace of its own, which goes with the shell.
    let script = "mount -t tmpfs -o size=64k tmpfs \"$1\" || exit 77
        \"$2\" report -q --format json -o \"$1/new.json\" \"$3\"; echo \"code $?\"
        echo before > \"$1/old.json\"
        \"$2\" report -q --format json -o \"$1/old.json\" \"$3\"; echo \"code $?\"
        ls -A \"$1\"; cat \"$1/old.json\"";
    let mut command = std::process::Command::new("unshare");
    command.args(["--mount", "sh", "-c", script, "sh"]).arg(&disk).arg(env!("CARGO_BIN_EXE_spantop")).arg(capture);
    let output = match command.output() {
        Ok(output) if stdout(&output).contains("code") => output,
        _ => return eprintln!("skipped: needs root and mount namespaces"),
    };
    assert_eq!(stdout(&output), "code 1\ncode 1\nold.json\nbefore\n");
    let told = stderr(&output);
    assert_eq!(told.lines().count(), 2, "{told}");
    assert!(told.lines().all(|l| l.contains("cannot write") && l.contains("No space left")), "{told}");
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let folder = folder("pipe");
    // Many conversations: far more text than a pipe holds.
    let frames: Vec<_> =
        (0..20_000u32).map(|n| (u64::from(n), ip(None, 1, 2).udp(1024 + (n % 50_000) as u16, 9).payload(&[0; 10]).build())).collect();
    let path = folder.join("many.pcap");
    fs::write(&path, pcap(&frames)).unwrap();
    for arguments in [["report", "--format", "json"], ["packets", "--format", "text"]] {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_spantop"));
        command.args(arguments).args(["-q", path.to_str().unwrap()]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut first = [0; 16];
        let mut pipe = child.stdout.take().unwrap();
        pipe.read_exact(&mut first).unwrap();
        drop(pipe);
        let output = child.wait_with_output().unwrap();
        assert_eq!((output.status.code(), stderr(&output).as_str()), (Some(0), ""), "{arguments:?}");
    }
}

#[test]
fn colours_obey() {
    let file = six_in(&folder("color"));
    assert!(!stdout(&spantop(&["report", &file])).contains('\x1b'));
    assert!(!stdout(&spantop(&["report", "--color", "never", &file])).contains('\x1b'));
    assert!(stdout(&spantop(&["report", "--color", "always", &file])).contains('\x1b'));
    let mut command = Command::cargo_bin("spantop").unwrap();
    let output = command.args(["report", &file]).env("NO_COLOR", "1").timeout(PATIENCE).output().unwrap();
    assert!(!stdout(&output).contains('\x1b'));
}

#[test]
fn a_configuration_file_speaks_where_the_command_line_is_silent() {
    let folder = folder("config");
    let file = six_in(&folder);
    let config = folder.join("spantop.toml");
    let say = |text: &str| {
        fs::write(&config, text).unwrap();
        config.to_str().unwrap().to_owned()
    };
    let path = say("format = \"json\"\ninterval = \"500ms\"\ntop = 1\nquiet = true\nlocal-net = [\"10.0.0.0/8\"]\n");
    let output = spantop(&["report", "--config", &path, &file]);
    let json: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {}", stderr(&output)));
    assert_eq!(json["load"]["interval"], 0.5);
    assert_eq!(json["conversations"]["eth"].as_array().unwrap().len(), 1);
    assert_eq!(stderr(&output), "");
    let output = spantop(&["report", "--config", &path, "--interval", "2s", &file]);
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["load"]["interval"], 2.0, "the command line wins");
    for (text, words) in [
        ("quiet = true\nspeling = 1\n", "spantop.toml:2:1: unknown key 'speling'"),
        ("# x\ninterval = \"soon\"\n", "spantop.toml:2:1: invalid value 'soon' for '--interval"),
        ("top = = 1\n", "spantop.toml:1:7: "),
        ("config = \"x\"\n", "spantop.toml:1:1: unknown key 'config'"),
    ] {
        let output = spantop(&["report", "--config", &say(text), &file]);
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(stderr(&output).contains(words), "{text} says: {}", stderr(&output));
    }
}

/// What stands in a file is a default: it makes no command wrong, and what was typed goes before it.
#[test]
fn what_a_file_says_of_the_dashboard_keeps_no_command_from_its_work() {
    let folder = folder("config-defaults");
    let (file, config) = (six_in(&folder), folder.join("spantop.toml"));
    let save = folder.display();
    fs::write(&config, format!("interface = \"eth1\"\nfilter = \"ip\"\nfor = \"10s\"\nfollow = false\nrecorder = \"1M\"\nsave-dir = \"{save}\"\nswitch-port = \"7\"\nverbose = true\n"))
        .unwrap();
    let config = config.to_str().unwrap();
    assert!(spantop(&["config", "check", config]).status.success());
    for arguments in [&["report", &file][..], &[&file], &["packets", &file], &["check", &file], &["explain"], &["interfaces"]] {
        let output = spantop(&[&["--config", config, "--quiet"], arguments].concat());
        assert_ne!(output.status.code(), Some(2), "{arguments:?}: {}", stderr(&output));
        assert!(!stderr(&output).contains("eth1"), "a capture that was named goes before the file's port: {}", stderr(&output));
    }
    let typed = spantop(&["-i", "eth1", "report", &file]);
    assert!(typed.status.code() == Some(2) && stderr(&typed).contains("come after the command"), "{}", stderr(&typed));
    let port = stderr(&spantop(&["report", "--config", config]));
    assert!(port.contains("eth1"), "where nothing was typed the file's port is meant: {port}");
    // What no command takes is told when the file is checked.
    let wrong = folder.join("wrong.toml");
    fs::write(&wrong, "follow = true\nreplay = \"2\"\n").unwrap();
    let checked = spantop(&["config", "check", wrong.to_str().unwrap()]);
    assert!(checked.status.code() == Some(2) && stderr(&checked).contains("give one of them"), "{}", stderr(&checked));
}

/// Runs the program where a configuration file may lie in its usual place.
fn at_home(home: &Path, args: &[&str]) -> Output {
    let mut command = Command::cargo_bin("spantop").unwrap();
    command.args(args).env("XDG_CONFIG_HOME", home).timeout(PATIENCE).output().unwrap()
}

#[test]
fn the_usual_configuration_file_is_made_checked_printed_and_obeyed() {
    let home = folder("config-home");
    let file = six_in(&home);
    let _ = fs::remove_dir_all(home.join("spantop"));
    let none = at_home(&home, &["config", "check"]);
    assert!(none.status.success() && stdout(&none).contains("there is no such file, and none is needed"), "{}", stderr(&none));
    let made = at_home(&home, &["config", "init"]);
    let config = home.join("spantop/config.toml");
    assert!(made.status.success() && stdout(&made).trim() == config.to_str().unwrap(), "{}", stderr(&made));
    let text = fs::read_to_string(&config).unwrap();
    assert_eq!(at_home(&home, &["config", "init"]).status.code(), Some(2), "it is not written again");
    assert_eq!(fs::read_to_string(&config).unwrap(), text);
    assert!(stdout(&at_home(&home, &["config", "check"])).contains("nothing is wrong"));
    assert_eq!(at_home(&home, &["config", "init", "--config", "-"]).status.code(), Some(2), "- is no file");
    let other = home.join("other.toml");
    fs::write(&other, "theme = \"xx\"\n").unwrap();
    let wrong = stderr(&at_home(&home, &["config", "check", "--config", other.to_str().unwrap()]));
    assert!(wrong.contains("invalid value 'xx'") && wrong.contains("auto, ") && wrong.contains("light"), "{wrong}");

    fs::write(&config, "format = \"json\"\n[thresholds]\ndns.slow.slow = \"250ms\"\n[keys]\npause = \"x\"\n").unwrap();
    assert!(stdout(&at_home(&home, &["report", &file])).starts_with('{'), "its options hold");
    assert!(!stdout(&at_home(&home, &["report", "--format", "text", &file])).starts_with('{'), "the command line goes before it");
    let explained = stdout(&at_home(&home, &["explain", "dns.slow"]));
    assert!(explained.contains("dns.slow.slow") && explained.contains("250 ms, changed from 500"), "{explained}");
    let printed = stdout(&at_home(&home, &["config", "print", "--interval", "2s"]));
    for line in ["interval = \"2s\"  # command line", "dns.slow.slow = \"250ms\"", "pause = [\"x\"]", "quit = [\"q\"]"] {
        assert!(printed.contains(line), "{line} is not in\n{printed}");
    }
    // What is printed is a file that says the same.
    let again = home.join("again.toml");
    fs::write(&again, &printed).unwrap();
    let checked = at_home(&home, &["config", "check", again.to_str().unwrap()]);
    assert!(checked.status.success(), "{}", stderr(&checked));

    fs::write(&config, "quiet = true\nspeling = 1\n[keys]\npause = \"s\"\nsort = \"s\"\n[hosts]\nx = \"y\"\n").unwrap();
    let checked = at_home(&home, &["config", "check"]);
    assert_eq!(checked.status.code(), Some(2));
    for words in ["config.toml:2:1: unknown key 'speling'", "config.toml:4:1: s does 'sort' as well", "config.toml:7:1: 'x' is no address"]
    {
        assert!(stderr(&checked).contains(words), "{words} is not in {}", stderr(&checked));
    }
    assert_eq!(at_home(&home, &["report", &file]).status.code(), Some(2), "nothing is done by halves");
    assert!(at_home(&home, &["report", "--config", "/dev/null", &file]).status.success());
}

#[test]
fn a_threshold_decides_what_is_found() {
    let home = folder("config-threshold");
    fs::create_dir_all(home.join("spantop")).unwrap();
    let file = home.join("scan.pcap");
    // A source that is refused at 12 ports of a host: below Zeek's fifteen.
    let packets: Vec<_> = (0..12u16)
        .flat_map(|port| {
            let at = u64::from(port) * 100_000;
            let ask = ip(None, 1, 2).tcp(40_000 + port, 1_000 + port).seq(7).flags(SYN).build();
            let no = ip(None, 2, 1).tcp(1_000 + port, 40_000 + port).ack(8).flags(RST | ACK).build();
            [(at, ask), (at + 1_000, no)]
        })
        .collect();
    fs::write(&file, pcap(&packets)).unwrap();
    let scans = || stdout(&at_home(&home, &["report", "--format", "json", file.to_str().unwrap()])).contains("scan.ports");
    assert!(!scans());
    fs::write(home.join("spantop/config.toml"), "[thresholds]\nscan.ports.ports = 10\n").unwrap();
    assert!(scans());
}

/// Segments of a port of a server, one every tenth of a second for so many seconds.
fn used(server: u8, seconds: u64) -> Vec<(u64, Vec<u8>)> {
    (0..seconds * 10)
        .map(|n| (n * 100_000, ip(None, 1, server).tcp(40_000, 80).seq(n as u32).flags(ACK).payload(&[7; 100]).build()))
        .collect()
}

#[test]
fn diff_tells_what_is_new_and_gone() {
    let folder = folder("diff");
    let (a, b) = (folder.join("a.pcap"), folder.join("b.pcap"));
    fs::write(&a, pcap(&used(2, 20))).unwrap();
    fs::write(&b, pcap(&used(3, 20))).unwrap();
    let (a, b) = (a.to_str().unwrap(), b.to_str().unwrap());
    let json: Value = serde_json::from_slice(&spantop(&["diff", "--format", "json", a, b]).stdout).unwrap();
    assert_eq!(json["schema"], "spantop.diff/1");
    let told = |subject: &str| {
        json["changes"].as_array().unwrap().iter().find(|c| c["kind"] == "host" && c["subject"] == subject).cloned().unwrap()
    };
    assert_eq!((&told("10.0.0.3")["change"], &told("10.0.0.3")["significant"]), (&Value::from("new"), &Value::from(true)));
    assert_eq!(told("10.0.0.2")["change"], "gone");
    let text = spantop(&["diff", a, b]);
    assert!(text.status.success() && stdout(&text).contains("10.0.0.3") && stdout(&text).contains("What counts"), "{}", stdout(&text));
    assert!(stdout(&spantop(&["diff", a, a])).contains("Nothing differs beyond chance"));
    let page = folder.join("d.html");
    assert!(spantop(&["diff", a, b, "-o", page.to_str().unwrap()]).status.success());
    assert!(fs::read_to_string(&page).unwrap().contains("<td") && fs::read_to_string(&page).unwrap().contains("10.0.0.3"));
    assert_eq!(spantop(&["diff", a]).status.code(), Some(2));
    assert_eq!(spantop(&["diff", a, "/nonexistent.pcap"]).status.code(), Some(1));
    assert_eq!(spantop(&["diff", a, b, "-o", b]).status.code(), Some(2), "what is read is never written");
}

#[test]
fn filters_of_a_selection_are_understood_by_those_they_are_for() {
    use spantop::model::{Address, Mac};
    use spantop::snapshot::PacketSubject;
    let folder = folder("selection");
    let file = folder.join("a.pcap");
    let mut packets = used(2, 1);
    packets.extend(used(3, 1));
    packets.sort_by_key(|p| p.0);
    fs::write(&file, pcap(&packets)).unwrap();
    let file = file.to_str().unwrap();
    let four = |n: u8| Address::V4([10, 0, 0, n].into());
    let mac = |n: u8| Address::Mac(Mac([2, 0, 0, 0, 0, n]));
    let between = |a, a_port, b, b_port, protocol| PacketSubject::Between { a, a_port, b, b_port, protocol };
    for (subject, count) in [
        (between(four(1), 40_000, four(2), 80, Some(6)), 10),
        (between(four(1), 40_000, four(2), 80, None), 10),
        (between(four(1), 0, four(3), 0, None), 10),
        (between(mac(1), 0, mac(2), 0, None), 10),
        (PacketSubject::Host { address: four(1), port: 0 }, 20),
        (PacketSubject::Host { address: four(2), port: 80 }, 10),
        (PacketSubject::Host { address: mac(3), port: 0 }, 10),
        (PacketSubject::Vlan(10), 0),
    ] {
        let bpf = subject.bpf(&spantop::snapshot::Wrappings::default()).unwrap().unwrap().text;
        let output = spantop(&["report", "--format", "json", "-f", &bpf, file]);
        let json: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{bpf}: {e}: {}", stderr(&output)));
        assert_eq!(json["capture"]["packets"], count, "{bpf}");
        let display = subject.wireshark().unwrap();
        if let Ok(shown) = std::process::Command::new("tshark").args(["-r", file, "-Y", &display]).output() {
            assert!(shown.status.success(), "{display}: {}", String::from_utf8_lossy(&shown.stderr));
            assert_eq!(String::from_utf8_lossy(&shown.stdout).lines().count(), count, "{display}");
        }
    }
}

#[test]
fn several_files_are_merged() {
    let folder = folder("merge");
    let (one, two) = (folder.join("one.pcap"), folder.join("two.pcap"));
    let at = |micros: u64| (micros, ip(None, 1, 2).udp(1, 2).payload(&[0; 10]).build());
    fs::write(&one, pcap(&[at(0), at(2_000_000)])).unwrap();
    fs::write(&two, pcap(&[at(1_000_000), at(3_000_000)])).unwrap();
    let output = spantop(&["report", "--format", "json", two.to_str().unwrap(), one.to_str().unwrap()]);
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["capture"]["packets"], 4);
    assert_eq!(json["capture"]["first"], "1700000000.000000000");
    assert_eq!(json["losses"]["late_packets"], 0);
    assert_eq!(json["capture"]["sources"].as_array().unwrap().len(), 2);
}

/// Runs `spantop report` with something on its standard input that does not end, and presses Ctrl-C after a while.
#[cfg(target_os = "linux")]
fn interrupted(arguments: &[&str], input: &[u8]) -> Output {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_spantop"));
    command.arg("report").args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut pipe = child.stdin.take().unwrap();
    // A live port reads none of it, and may be gone for want of permission.
    let _ = std::io::Write::write_all(&mut pipe, input);
    std::thread::sleep(Duration::from_millis(500));
    let _ = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    let asked = Instant::now();
    while child.try_wait().unwrap().is_none() {
        assert!(asked.elapsed() < Duration::from_secs(10), "Ctrl-C is not heard");
        std::thread::sleep(Duration::from_millis(20));
    }
    drop(pipe);
    child.wait_with_output().unwrap()
}

/// A pipe that stays open: the report would wait for ever. What came until then is its content, as of a port.
#[cfg(target_os = "linux")]
#[test]
fn ctrl_c_ends_a_pipe_with_what_came() {
    let output = interrupted(&["--format", "json", "-"], &six());
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["capture"]["packets"], 6);
    assert!(stderr(&output).contains("6 packets, losses not counted"), "{}", stderr(&output));
}

/// On a live port it is the usual end: the report comes then.
#[cfg(target_os = "linux")]
#[test]
fn ctrl_c_ends_a_live_capture_with_its_report() {
    let output = interrupted(&["-i", "lo"], &[]);
    if output.status.code() == Some(1) && stderr(&output).contains("permi") {
        return eprintln!("skipped: {}", stderr(&output).trim_end());
    }
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stdout(&output).starts_with("spantop report: lo"), "{}", stdout(&output));
    assert!(stderr(&output).contains("lost 0"), "{}", stderr(&output));
}

#[test]
fn every_finding_is_listed_with_what_it_means() {
    let listed = stdout(&spantop(&["explain"]));
    assert_eq!(listed.lines().count(), spantop::diagnose::IDS.len());
    for (line, id) in listed.lines().zip(spantop::diagnose::IDS) {
        let (first, meaning) = line.split_once(' ').unwrap();
        assert!(first == *id && meaning.trim().len() > 10 && !meaning.contains('{'), "{line}");
    }
}

#[test]
fn every_finding_can_be_explained() {
    for id in spantop::diagnose::IDS {
        let output = spantop(&["explain", id]);
        assert_eq!(output.status.code(), Some(0), "{id}: {}", stderr(&output));
        assert!(stdout(&output).contains(id) && stdout(&output).lines().count() > 1, "{id}: {}", stdout(&output));
    }
}

#[test]
fn a_group_of_findings_is_listed_and_a_word_of_their_texts_finds_them() {
    let group = spantop(&["explain", "dup"]);
    assert_eq!(group.status.code(), Some(0), "{}", stderr(&group));
    let listed = stdout(&group);
    assert!(listed.lines().count() > 1 && listed.lines().all(|line| line.starts_with("dup.")), "{listed}");
    let word = spantop(&["explain", "policer"]);
    assert_eq!(word.status.code(), Some(2));
    assert!(stderr(&word).contains("speak of it: span.ratelimit"), "{}", stderr(&word));
    let unknown = stderr(&spantop(&["explain", "zzzz"]));
    assert!(unknown.contains("spantop explain lists them all") && !unknown.contains("dup.every"), "{unknown}");
    let words = stderr(&spantop(&["explain", "slow dns"]));
    assert!(words.contains("these speak of it: dns.slow,"), "{words}");
    let missing = stderr(&spantop(&["--config", "/does/not/exist.toml", "report", "/dev/null"]));
    assert!(
        missing.contains("--config /does/not/exist.toml: cannot be opened: no such file or directory") && !missing.contains("os error"),
        "{missing}"
    );
}

#[test]
fn check_speaks_text_and_json() {
    let capture = concat!(env!("CARGO_MANIFEST_DIR"), "/captures/office.pcapng");
    let text = spantop(&["check", capture]);
    assert!(stdout(&text).contains("Findings") && !stdout(&text).contains("This host"), "{}", stdout(&text));
    let json = spantop(&["check", "--format", "json", capture]);
    assert_eq!(json.status.code(), text.status.code());
    let report: Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(report["schema"], "spantop.report/1");
    assert!(report["findings"].is_array() && report["mirror"]["trust"].is_object());
    assert!(report.get("host").is_none(), "a file says nothing of a host");
    let wrong = spantop(&["check", "--format", "csv", capture]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(stderr(&wrong).contains("json"), "{}", stderr(&wrong));

    // A configuration file's format is the report's; a check takes it where it can.
    let folder = folder("check-format");
    let config = folder.join("config.toml");
    let with = |format: &str| {
        fs::write(&config, format!("format = \"{format}\"\n")).unwrap();
        spantop(&["check", "--config", config.to_str().unwrap(), capture])
    };
    assert_eq!(stdout(&with("csv")), stdout(&text));
    assert_eq!(stdout(&with("json")), stdout(&json));
}

#[test]
fn check_says_with_its_exit_code_that_it_cannot_tell() {
    let folder = folder("check");
    let missing = spantop(&["check", folder.join("missing.pcap").to_str().unwrap()]);
    assert_eq!(missing.status.code(), Some(3), "{}", stderr(&missing));
    assert!(stderr(&missing).contains("missing.pcap"));
}

/// Three mirrored frames in HP's encapsulation, to a port that nobody registered.
fn hp_mirror(folder: &std::path::Path) -> String {
    let copies: Vec<(u64, Vec<u8>)> = (0..3u32)
        .map(|n| {
            let inner = tcp(1, 2, 100 + n, 0, ACK);
            (u64::from(n) * 1_000, ip(None, 7, 8).udp(7_000, 7_933).header(&[0; 12]).frame(&inner).build())
        })
        .collect();
    let path = folder.join("hp.pcap");
    fs::write(&path, pcap(&copies)).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn ports_and_ends_of_mirrors_can_be_named() {
    let folder = folder("named");
    let file = hp_mirror(&folder);
    let config = folder.join("spantop.toml");
    fs::write(&config, "decap-port = [\"7933=hp-erm\", \"gre:0x88b5\"]\nmirror-to = \"10.0.0.8\"\nrspan = \"none\"\ntrailer = \"none\"\n")
        .unwrap();
    let config = config.to_str().unwrap();
    for options in
        [&["--decap-port", "7933=hp-erm"][..], &["--decap-port", "7933=hp_erm", "--mirror-to", "10.0.0.8"], &["--config", config]]
    {
        let output = spantop(&[&["report", "--format", "json", &file][..], options].concat());
        assert_eq!(output.status.code(), Some(0), "{options:?}: {}", stderr(&output));
        let json: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(
            (&json["mirror"]["transport"], &json["conversations"]["tcp"][0]["packets"]),
            (&"hp_erm".into(), &3.into()),
            "{options:?}"
        );
        let decision = json["mirror"]["sessions"][0]["decision"].as_str().unwrap();
        assert_eq!(decision.contains("configured endpoint"), options[0] == "--config" || options.len() == 4, "{options:?}: {decision}");
        assert_eq!((&json["mirror"]["sessions"][0]["sampling"], &json["mirror"]["timestamps"]), (&Value::Null, &Value::Array(Vec::new())));
        assert_eq!(json["approximate"], Value::Null);
    }
    let plain = spantop(&["report", "--format", "json", &file]);
    let json: Value = serde_json::from_slice(&plain.stdout).unwrap();
    assert_eq!((&json["mirror"]["transport"], &json["conversations"]["udp"][0]["b_port"]), (&"plain".into(), &7_933.into()));
}

#[test]
fn what_is_wrong_with_a_mirrors_flag_names_the_flag() {
    let file = six_in(&folder("flags"));
    for (flag, value, says) in [
        ("--decap-port", "7933", "7933=hp-erm"),
        ("--decap-port", "7933=http", "hp-erm"),
        ("--decap-port", "99999=vxlan", "1 to 65535"),
        ("--decap-port", "gre:", "gre:0x"),
        ("--mirror-to", "switch", "invalid IP address"),
        ("--trailer", "arista", "metamako"),
        ("--rspan", "4096", "1 to 4095"),
    ] {
        let output = spantop(&["report", &file, flag, value]);
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{flag} {value}: {said}");
        assert!(said.contains(flag) && said.contains(says), "{flag} {value}: {said}");
    }
}

#[test]
fn a_mistake_is_told_by_its_own_name() {
    let folder = folder("mistakes");
    let capture = six_in(&folder);
    let (capture, nowhere) = (capture.as_str(), folder.join("none/x.pcapng"));
    for (arguments, told) in [
        (vec!["fleet", "foo"], "foo: no database that fleet reads; which database?"),
        (vec!["--replay=abc", capture], "--replay=abc: a speed is wanted, such as 10"),
        (vec!["--ring", "/tmp/x", capture], "--ring is for ports and pipes: a capture is on the disk already"),
        (vec!["--save-dir", "/tmp", capture], "--save-dir goes with the dashboard: on a terminal"),
        (vec!["report", "-f", "notafilter", capture], "notafilter"),
        (vec!["report", "--speed", "10", capture], "write 10G, 10M, or 10b/s"),
    ] {
        let output = spantop(&arguments);
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        assert!(said.contains(told) && !said.contains("--export"), "{arguments:?}: {said}");
    }
    let output = spantop(&["save", capture, "-o", nowhere.to_str().unwrap()]);
    assert_eq!((output.status.code(), stderr(&output).contains("there is no directory")), (Some(1), true), "{output:?}");
    // The same port, by a name and by a number that nothing has.
    for (command, code) in [("report", 1), ("check", 3)] {
        let codes = ["no-such-port", "4711"].map(|port| spantop(&[command, "-i", port]).status.code());
        assert_eq!(codes, [Some(code); 2], "{command}");
    }
    let output = spantop(&["packets", capture, "--from", "10m"]);
    assert!(output.status.success() && stderr(&output).contains("nothing lies in what was asked for: there are 6 packets"), "{output:?}");
    let output = spantop(&["packets", capture, "--from", "1"]);
    assert!(!stderr(&output).contains("nothing lies"), "{output:?}");
}

#[test]
fn completions_know_the_words_that_are_wanted() {
    for (shell, knows_findings) in [("bash", true), ("zsh", true), ("fish", false)] {
        let text = stdout(&spantop(&["completions", shell]));
        assert_eq!(
            (text.contains("dns.slow"), text.contains("rtp_streams")),
            (knows_findings, true),
            "{shell}: fish asks for options alone"
        );
    }
    // Which changes nothing of what is said of a word that is none.
    let output = spantop(&["explain", "dns.slo"]);
    assert!(stderr(&output).contains("dns.slow"), "{output:?}");
}
