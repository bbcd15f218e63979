//! An archive that is read in units comes to what it comes to in one piece.

mod support;

#[path = "archive/spark.rs"]
mod spark;

use assert_cmd::Command;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use support::packet::Packet;

fn spantop(args: &[&str], input: &str) -> (bool, String, String) {
    let mut command = Command::cargo_bin("spantop").unwrap();
    let out = command.args(args).args(["--no-sandbox", "--threads", "1"]).write_stdin(input).output().unwrap();
    (out.status.success(), String::from_utf8(out.stdout).unwrap(), String::from_utf8_lossy(&out.stderr).into_owned())
}

fn done(args: &[&str], input: &str) -> String {
    let (is_done, out, error) = spantop(args, input);
    assert!(is_done, "{args:?}: {error}");
    out
}

fn folder(test: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("archive-{test}"));
    let _ = std::fs::remove_dir_all(&path);
    std::fs::create_dir_all(&path).unwrap();
    path
}

type Sums = BTreeMap<String, Vec<u64>>;

/// What a report says of everything that adds up, by name. Connections between the same ends are one.
fn sums(report: &Value) -> Sums {
    let mut out = Sums::new();
    let mut add = |name: String, row: &Value, fields: &[&str]| {
        let numbers = fields.iter().map(|field| row[*field].as_u64().unwrap_or_else(|| panic!("{name}: {field}")));
        let sum = out.entry(name.clone()).or_insert_with(|| vec![0; fields.len()]);
        sum.iter_mut().zip(numbers).for_each(|(sum, n)| *sum += n);
    };
    let amount = ["packets", "wire_bytes"];
    add("capture".into(), &report["capture"], &["packets", "wire_bytes", "captured_bytes", "truncated_packets", "fragments"]);
    add("losses".into(), &report["losses"], &["decode_errors", "malformed"]);
    add("untagged".into(), &report["untagged"], &amount);
    add("tcp".into(), &report["tcp"], &["syn", "syn_ack", "fin", "reset"]);
    for kind in ["unicast", "multicast", "broadcast"] {
        add(format!("cast {kind}"), &report["load"]["casts"][kind], &amount);
    }
    for way in ["inbound", "outbound", "inside", "through", "unknown"] {
        add(format!("way {way}"), &report["directions"][way], &amount);
    }
    let rows = |value: &Value| value.as_array().unwrap().clone();
    rows(&report["load"]["series"]).iter().for_each(|row| add(format!("at {}", row["start"]), row, &amount));
    rows(&report["load"]["sizes"]).iter().for_each(|row| add(format!("from {}", row["from"]), row, &amount));
    rows(&report["protocols"]).iter().for_each(|row| add(format!("protocol {}", row["path"]), row, &amount));
    rows(&report["vlans"]).iter().for_each(|row| add(format!("vlan {}", row["id"]), row, &amount));
    for kind in ["eth", "ip", "ipv6", "tcp", "udp", "sctp"] {
        for row in rows(&report["conversations"][kind]) {
            let name = format!("{kind} {} {} {} {}", row["a"], row["a_port"], row["b"], row["b_port"]);
            add(name, &row, &["packets", "wire_bytes", "packets_ab", "wire_bytes_ab", "packets_ba", "wire_bytes_ba"]);
        }
        for row in rows(&report["endpoints"][kind]) {
            let name = format!("host {kind} {} {}", row["address"], row["port"]);
            add(name, &row, &["packets", "wire_bytes", "tx_packets", "tx_wire_bytes", "rx_packets", "rx_wire_bytes"]);
        }
    }
    out
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn report(files: &[&str]) -> Value {
    json(&done(&[&["report", "--no-dedup", "--format", "json"], files].concat(), ""))
}

/// Reads captures in units of a size; how many units, and what they come to.
fn in_units(files: &[&str], unit: &str, cut: &str) -> (usize, Value) {
    let plan = done(&[&["archive", "plan", "--unit", unit, "--cut", cut], files].concat(), "");
    // In any order.
    let lines: Vec<&str> = plan.lines().rev().collect();
    let summaries = done(&["archive", "run"], &lines.join("\n"));
    (lines.len(), json(&done(&["archive", "merge", "--format", "json"], &summaries)))
}

fn differences(whole: &Sums, parts: &Sums) -> Vec<String> {
    let names: std::collections::BTreeSet<&String> = whole.keys().chain(parts.keys()).collect();
    let is_nothing = |sums: Option<&Vec<u64>>| sums.is_none_or(|sums| sums.iter().all(|n| *n == 0));
    let differs = |name: &&&String| {
        let (x, y) = (whole.get(**name), parts.get(**name));
        x != y && !(is_nothing(x) && is_nothing(y))
    };
    names.iter().filter(differs).map(|name| format!("{name}: {:?}, in units {:?}", whole.get(*name), parts.get(*name))).collect()
}

fn not_judged(archive: &Value, what: &str) -> bool {
    archive["not_judged"].as_array().unwrap().iter().any(|one| one["what"] == what)
}

/// Reads a capture in units of a size, and says whether everything was told; what was is to be what the report says.
fn same_as_the_report(path: &str, whole: &Value, unit: u64) -> Option<usize> {
    let (units, archive) = in_units(&[path], &unit.to_string(), "auto");
    if units == 1 {
        return None;
    }
    assert_eq!(archive["capture"]["packets"], whole["capture"]["packets"], "{path}");
    if not_judged(&archive, "what stands inside of packets") {
        assert!(archive["conversations"]["ip"].as_array().unwrap().is_empty());
        return None;
    }
    let mut differ = differences(&sums(whole), &sums(&archive));
    if not_judged(&archive, "ports of some fragments") {
        differ.retain(|name| !["udp", "tcp", "sctp", "host udp", "host tcp", "host sctp"].iter().any(|kind| name.starts_with(kind)));
    }
    assert!(differ.is_empty(), "{path} in {units} units of {unit} bytes: {differ:#?}");
    for member in ["first", "last", "duration"] {
        assert_eq!(archive["capture"][member], whole["capture"][member], "{path} {member}");
    }
    for member in ["interval", "peak_bits_per_second", "peak_at", "mean_bits_per_second"] {
        // Of units nobody knows the longest pause.
        let is_of_a_gap = member == "mean_bits_per_second" && !whole["capture"]["gap"].is_null();
        assert!(!is_of_a_gap || not_judged(&archive, "mean without a gap"), "{path}");
        assert!(is_of_a_gap || archive["load"][member] == whole["load"][member], "{path} {member}");
    }
    Some(units)
}

#[test]
fn units_of_any_size_come_to_the_report() {
    let mut cut = 0;
    for name in ["office.pcapng", "vlans.pcap", "erspan.pcap", "duplicates.pcap", "one-way.pcap", "squeezed.pcap"] {
        let path = format!("{}/captures/{name}", env!("CARGO_MANIFEST_DIR"));
        let (whole, size) = (report(&[&path]), std::fs::metadata(&path).unwrap().len());
        for parts in [2, 7, 40] {
            cut += same_as_the_report(&path, &whole, size / parts + 1).unwrap_or(0);
        }
    }
    assert!(cut > 6 * 40, "{cut} units");
    // Rights are given up once, however many units there are.
    let path = format!("{}/captures/office.pcapng", env!("CARGO_MANIFEST_DIR"));
    let plan = done(&["archive", "plan", "--unit", "20000", &path], "");
    let out = Command::cargo_bin("spantop").unwrap().args(["archive", "run"]).write_stdin(plan.as_str()).output().unwrap();
    let (said, lines) = (String::from_utf8_lossy(&out.stderr), plan.lines().count());
    assert!(out.status.success() && lines > 20 && out.stdout.iter().filter(|b| **b == b'\n').count() == lines, "{said}");
    assert!(said.lines().filter(|line| line.contains("could not be given up")).count() <= 1, "{said}");
}

#[test]
fn thirty_captures_of_others_come_to_their_reports() {
    let folder = &Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/captures");
    if !folder.is_dir() {
        eprintln!("skipped: there are no shared captures");
        return;
    }
    let mut files: Vec<PathBuf> = Vec::new();
    for group in
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir() && !path.ends_with("hostile"))
    {
        files.extend(std::fs::read_dir(group).unwrap().map(|entry| entry.unwrap().path()));
    }
    let is_fit = |path: &PathBuf| {
        let size = std::fs::metadata(path).map_or(0, |about| if about.is_file() { about.len() } else { 0 });
        path.extension().is_some_and(|ending| ["pcap", "cap", "pcapng"].iter().any(|known| ending == *known))
            && (3_000..400_000).contains(&size)
    };
    files.retain(is_fit);
    files.sort();
    let (mut compared, step) = (0, (files.len() / 60).max(1));
    for path in files.iter().step_by(step) {
        let name = path.to_str().unwrap();
        let (is_read, text, _) = spantop(&["report", "--no-dedup", "--format", "json", name], "");
        let size = std::fs::metadata(path).unwrap().len();
        if is_read && compared < 30 && same_as_the_report(name, &json(&text), size / 5 + 1).is_some() {
            compared += 1;
        }
    }
    assert!(compared == 30, "{compared} of {}", files.len());
}

#[test]
fn one_unit_is_the_report_and_several_files_are_the_report_of_all() {
    let path = |name: &str| format!("{}/captures/{name}", env!("CARGO_MANIFEST_DIR"));
    for name in ["duplicates.pcap", "office.pcapng"] {
        let plan = done(&["archive", "plan", &path(name)], "");
        let merged = done(&["archive", "merge", "--format", "json"], &done(&["archive", "run"], &plan));
        assert!(merged == done(&["report", "--format", "json", &path(name)], ""), "{name}: to the last byte");
    }
    let names = [path("vlans.pcap"), path("office.pcapng"), path("one-way.pcap")];
    let files: Vec<&str> = names.iter().map(String::as_str).collect();
    let (units, archive) = in_units(&files, "40000", "auto");
    assert!(units > 6, "{units}");
    assert_eq!(differences(&sums(&report(&files)), &sums(&archive)), [""; 0]);
    assert!(not_judged(&archive, "findings and the mirror's verdict"));
    // In two steps, as many machines do.
    let plan = done(&[&["archive", "plan", "--unit", "40000"], files.as_slice()].concat(), "");
    let summaries = done(&["archive", "run"], &plan);
    let lines: Vec<&str> = summaries.lines().collect();
    let (some, others) = lines.split_at(3);
    let halves: String = [some, others].iter().map(|half| done(&["archive", "merge", "--format", "summary"], &half.join("\n"))).collect();
    assert_eq!(json(&done(&["archive", "merge", "--format", "json"], &halves)), archive);
    assert!(done(&["archive", "merge"], &summaries).contains("eth:ip:tcp"));
}

/// A pcap of so many packets whose payload is made of what looks like records of that file, up to the very end of each: whoever begins there goes
/// along them into the real ones.
fn hostile(packets: u32) -> Vec<u8> {
    let mut out: Vec<u8> =
        [0xa1b2_c3d4u32.to_le_bytes(), [2, 0, 4, 0], [0; 4], [0; 4], 65_535u32.to_le_bytes(), 1u32.to_le_bytes()].concat();
    let record = |seconds: u32, length: u32| [seconds, 7, length, length].iter().flat_map(|n| n.to_le_bytes()).collect::<Vec<u8>>();
    for n in 0..packets {
        let mut payload = Vec::new();
        for fake in 0..20 {
            payload.extend(record(1_700_000_000 + n / 100 + fake, 44));
            payload.extend([0x45; 44]);
        }
        let frame = Packet::eth([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2])
            .ip([10, 0, (n % 7) as u8, 1], [10, 0, 0, 9])
            .udp(1000 + (n % 50) as u16, 53)
            .payload(&payload)
            .build();
        // The last of them ends where the packet does.
        out.extend(record(1_700_000_000 + n / 100, frame.len() as u32));
        out.extend(frame);
    }
    out
}

#[test]
fn packets_made_to_look_like_records_are_neither_lost_nor_doubled() {
    let folder = folder("hostile");
    let path = folder.join("hostile.pcap");
    std::fs::write(&path, hostile(20_000)).unwrap();
    let name = path.to_str().unwrap();
    let size = std::fs::metadata(&path).unwrap().len();
    assert!(size > 24_000_000);
    let (units, archive) = in_units(&[name], "4MiB", "scan");
    assert!(units >= 4, "{units} units of {size} bytes");
    assert_eq!(differences(&sums(&report(&[name])), &sums(&archive)), [""; 0]);
    assert_eq!(archive["capture"]["packets"], 20_000);
    // A cut inside of a packet, at a record that is none: it shows.
    let plan = done(&["archive", "plan", "--unit", "4MiB", "--cut", "scan", name], "");
    let units: Vec<Value> = plan.lines().map(json).collect();
    let wrong = units[1]["from"].as_u64().unwrap() + 16 + 42;
    let (mut before, mut behind) = (units[0].clone(), units[1].clone());
    (before["to"], behind["from"]) = (wrong.into(), wrong.into());
    assert!(spantop(&["archive", "run"], &behind.to_string()).0, "a chain of records as good as any");
    let (is_done, _, error) = spantop(&["archive", "run"], &before.to_string());
    assert!(!is_done && error.contains("does not end between two records"), "{error}");
}

#[test]
fn what_is_missing_or_there_twice_is_told() {
    let path = format!("{}/captures/vlans.pcap", env!("CARGO_MANIFEST_DIR"));
    let plan = done(&["archive", "plan", "--unit", "40000", &path], "");
    let summaries = done(&["archive", "run"], &plan);
    let lines: Vec<&str> = summaries.lines().collect();
    assert!(lines.len() > 2);
    let error = |input: &[&str]| {
        let (is_done, _, error) = spantop(&["archive", "merge"], &input.join("\n"));
        assert!(!is_done);
        error
    };
    assert!(error(&lines[1..]).contains("not all units are there"));
    assert!(error(&[&lines[..], &lines[..1]].concat()).contains("were read twice"));
    assert!(error(&["{}"]).contains("no summary") && error(&[]).contains("no summaries"));
    let other = done(&["archive", "run", "--interval", "2s"], plan.lines().next().unwrap());
    assert!(error(&[&lines[1..], &[&other]].concat()).contains("different ways"));
    // What was cut is not to have changed since.
    let longer = plan.replace("\"size\":", "\"size\":1");
    assert!(spantop(&["archive", "run"], &longer).2.contains("plan again"));
    let (is_done, _, wrong) = spantop(&["archive", "run"], "{\"unit\":1}");
    assert!(!is_done && wrong.contains("line 1"), "{wrong}");
}

/// What the three steps say of captures: exit codes, what they said, and what it came to.
fn steps(plan: &[&str], between: impl FnOnce()) -> ([Option<i32>; 3], String, Value) {
    let step = |args: &[&str], input: &str| {
        let out =
            Command::cargo_bin("spantop").unwrap().args(args).args(["--no-sandbox", "--threads", "1"]).write_stdin(input).output().unwrap();
        (out.status.code(), String::from_utf8(out.stdout).unwrap(), String::from_utf8_lossy(&out.stderr).into_owned())
    };
    let plan = step(&[&["archive", "plan"], plan].concat(), "");
    between();
    let run = step(&["archive", "run"], &plan.1);
    let merge = step(&["archive", "merge", "--format", "json"], &run.1);
    let said = [plan.2.as_str(), &run.2, &merge.2].concat();
    let told = serde_json::from_str(&merge.1).unwrap_or_else(|e| panic!("{e}: {said}"));
    ([plan.0, run.0, merge.0], said, told)
}

#[test]
fn damage_and_truncation_are_told_as_a_report_tells_them() {
    let folder = folder("damage");
    let whole = std::fs::read(format!("{}/captures/vlans.pcap", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let cut = folder.join("cut.pcap");
    std::fs::write(&cut, &whole[..whole.len() - 37]).unwrap();
    let name = cut.to_str().unwrap();
    let (codes, said, archive) = steps(&["--unit", "40000", name], || ());
    let report = report(&[name]);
    let warning = report["capture"]["sources"][0]["warning"].as_str().unwrap();
    assert!(warning.starts_with("cut short in the middle of a packet at byte"), "{warning}");
    assert_eq!((codes, &archive["warnings"][0]["warning"]), ([Some(0); 3], &warning.into()), "{said}");
    assert_eq!((&archive["capture"]["cut_short"], &report["capture"]["cut_short"]), (&true.into(), &true.into()));
    assert_eq!(said.matches(warning).count(), 2, "by who read it, and by who put it together: {said}");
    let summaries = done(&["archive", "run"], &done(&["archive", "plan", "--unit", "40000", name], ""));
    assert!(done(&["archive", "merge"], &summaries).contains(&format!("Warning: {name}: {warning}")));
    // In the middle of a file that is cut by a scan: a report ends there, units behind it are read.
    let mut damaged = hostile(20_000);
    let at = damaged.len() / 2;
    damaged[at..at + 4_000].fill(0xff);
    let path = folder.join("damaged.pcap");
    std::fs::write(&path, &damaged).unwrap();
    let name = path.to_str().unwrap();
    let (codes, said, archive) = steps(&["--unit", "4MiB", "--cut", "scan", name], || ());
    let read = self::report(&[name])["capture"]["packets"].as_u64().unwrap();
    let counted = archive["capture"]["packets"].as_u64().unwrap();
    assert!(codes == [Some(0); 3] && read < counted && counted < 20_000, "{codes:?}, {read} and {counted}: {said}");
    let warning = archive["warnings"][0]["warning"].as_str().unwrap();
    assert!(warning.starts_with("damaged at byte") && warning.contains("up to byte"), "{warning}");
    // By a walk nothing behind the damage is known, as in a report.
    let (codes, said, archive) = steps(&["--unit", "4MiB", "--cut", "walk", name], || ());
    assert_eq!((codes, archive["capture"]["packets"].as_u64()), ([Some(0); 3], Some(read)), "{said}");
    assert!(archive["warnings"][0]["warning"].as_str().unwrap().starts_with("damaged at byte"));
}

#[test]
fn what_cannot_be_read_is_left_out_and_told() {
    let folder = folder("left-out");
    let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let good = format!("{}/captures/vlans.pcap", env!("CARGO_MANIFEST_DIR"));
    std::fs::write(path("empty.pcap"), b"").unwrap();
    std::fs::write(path("words.pcap"), b"these are words").unwrap();
    std::fs::copy(&good, path("vanishes.pcap")).unwrap();
    let names = [path("empty.pcap"), good.clone(), path("words.pcap"), path("gone.pcap")];
    let files: Vec<&str> = names.iter().map(String::as_str).collect();
    let (codes, said, archive) = steps(&files, || ());
    assert_eq!((codes, archive["left_out"].as_array().unwrap().len()), ([Some(4); 3], 3), "{said}");
    assert_eq!(differences(&sums(&report(&[&good])), &sums(&archive)), [""; 0]);
    assert!(not_judged(&archive, "findings and the mirror's verdict"), "what is left out may have been part of it");
    for (name, why) in [(&names[0], "is empty"), (&names[2], "is not a capture file"), (&names[3], "no such file")] {
        assert!(said.contains(&format!("warning: {name}: left out: ")) && said.contains(why), "{said}");
    }
    // What is gone or has grown when it is to be read: parts of others are read all the same.
    let vanishing = path("vanishes.pcap");
    let (codes, said, archive) = steps(&["--unit", "40000", &good, &vanishing], || std::fs::remove_file(&vanishing).unwrap());
    assert_eq!(codes, [Some(0), Some(4), Some(4)], "{said}");
    assert_eq!(differences(&sums(&report(&[&good])), &sums(&archive)), [""; 0]);
    assert_eq!(archive["left_out"][0]["file"], vanishing.as_str());
    // Where nothing is left that is an error, and the plan has the line of it all the same: who plans for one capture of many reads on.
    let (is_done, out, error) = spantop(&["archive", "plan", &names[0]], "");
    assert!(!is_done && out.lines().count() == 1 && out.contains("left_out"), "{out}");
    assert!(error.contains("is empty, not a capture file") && !error.contains("left out"), "{error}");
}

#[test]
fn sections_put_behind_each_other_are_read_by_parts_where_they_are_of_the_same_ports() {
    let folder = folder("sections");
    let one = std::fs::read(format!("{}/captures/office.pcapng", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let path = folder.join("sections.pcapng");
    std::fs::write(&path, one.repeat(24_000_000 / one.len() + 1)).unwrap();
    let name = path.to_str().unwrap();
    let (units, archive) = in_units(&[name], "4MiB", "scan");
    assert!(units > 2, "{units}");
    assert_eq!(differences(&sums(&report(&[name])), &sums(&archive)), [""; 0]);
    // A section of another link is another thing: what follows would be read wrongly.
    let mut other = one.repeat(12_000_000 / one.len() + 1);
    other.extend(of_another_link(&one).repeat(12_000_000 / one.len() + 1));
    std::fs::write(&path, &other).unwrap();
    let plan = done(&["archive", "plan", "--unit", "4MiB", "--cut", "scan", name], "");
    let (is_done, _, error) = spantop(&["archive", "run"], &plan);
    assert!(!is_done && error.contains("names interfaces that what follows needs"), "{error}");
    let (_, walked) = in_units(&[name], "4MiB", "walk");
    assert_eq!(differences(&sums(&report(&[name])), &sums(&walked)), [""; 0]);
}

/// A pcapng whose first interface is of another link type (147, for users' own).
fn of_another_link(file: &[u8]) -> Vec<u8> {
    let number = |at: usize| u32::from_le_bytes(file[at..at + 4].try_into().unwrap());
    let (mut out, mut at) = (file.to_vec(), 0);
    while number(at) != 1 {
        at += number(at + 4) as usize;
    }
    out[at + 8..at + 10].copy_from_slice(&147u16.to_le_bytes());
    out
}
