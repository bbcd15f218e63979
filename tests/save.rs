//! Packets saved in files of their own: what tshark reads from them is what it reads from the original.

mod support;

use spantop::capture::{Block, Fill, Source, file};
use spantop::model::{LinkType, Timestamp};
use spantop::settings::FileSettings;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use support::captures::indexed;

fn spantop(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_spantop")).args(arguments).output().unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("save").join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// Every packet of a file, as it was captured.
fn packets(path: &Path) -> Vec<(Timestamp, LinkType, u32, Vec<u8>)> {
    let mut source: Box<dyn Source> = file::open(&FileSettings { paths: vec![path.to_owned()], ..FileSettings::default() }).unwrap();
    let (mut block, mut all) = (Block::new(), Vec::new());
    loop {
        block.clear();
        let filled = source.fill(&mut block).unwrap();
        all.extend(block.packets.iter().map(|p| (p.time, p.link, p.wire, block.captured(p).to_vec())));
        if filled == Fill::End {
            return all;
        }
    }
}

/// What tshark says of each packet: times, lengths, link types, interfaces, comments, direction.
fn tshark(path: &Path, filter: &str) -> Option<Vec<String>> {
    let fields = [
        "frame.time_epoch",
        "frame.len",
        "frame.cap_len",
        "frame.encap_type",
        "frame.interface_name",
        "frame.comment",
        "frame.packet_flags",
    ];
    let mut command = Command::new("tshark");
    command.args(["-n", "-T", "fields"]);
    for field in fields {
        command.args(["-e", field]);
    }
    if !filter.is_empty() {
        command.args(["-Y", filter]);
    }
    let output = command.arg("-r").arg(path).output().ok()?;
    // An interface without a name, and a format without interfaces.
    Some(String::from_utf8_lossy(&output.stdout).lines().map(|line| line.replace("\tunknown\t", "\t\t")).collect())
}

/// A capture, options of `save`, and the display filter that chooses the same packets.
const SAVED: &[(&str, &[&str], &str)] = &[
    ("seladb__PcapPlusPlus/many_interfaces-1.pcapng", &[], ""),
    ("hadrielk__pcapng-test-generator/output_le__basic__test010.pcapng", &[], ""),
    ("seladb__PcapPlusPlus/nanosecs_big_endian.pcap", &["--from", "#3", "--to", "#7"], "frame.number >= 3 && frame.number <= 7"),
    ("chrissanders__packets/arppoison.pcapng", &["-f", "arp"], "arp"),
    ("epiecs__packetlife-backup/gmail.pcapng.cap", &["-f", "udp port 53"], "udp.port == 53"),
    ("epiecs__packetlife-backup/gmail.pcapng.cap", &["--to", "0.5"], "frame.time_relative <= 0.5"),
    ("blitz__tcptrace/dsack.dmp.gz", &["-c", "25"], "frame.number <= 25"),
    ("blitz__tcptrace/psc.fddi.dmp.gz", &[], ""),
];

#[test]
fn a_saved_file_is_what_tshark_filters_from_the_original() {
    let Some(captures) = indexed() else { return };
    let folder = folder("tshark");
    for (at, (name, options, filter)) in SAVED.iter().enumerate() {
        let capture = captures.iter().find(|c| c.name == *name).unwrap_or_else(|| panic!("no {name}"));
        let saved = folder.join(format!("{at}.pcapng"));
        let (from, to) = (capture.path.to_str().unwrap(), saved.to_str().unwrap());
        let output = spantop(&[&["save", from, "-o", to], *options].concat());
        assert_eq!(output.status.code(), Some(0), "{name}: {}", stderr(&output));
        let Some(wanted) = tshark(&capture.path, filter) else {
            println!("skipped: no tshark");
            return;
        };
        assert_eq!(tshark(&saved, "").unwrap(), wanted, "{name} {options:?}");
        assert!(!wanted.is_empty(), "{name}");
        if options.is_empty() {
            assert_eq!(packets(&saved), packets(&capture.path), "{name}");
        }
        let about = Command::new("capinfos").arg(&saved).output().unwrap();
        assert!(about.status.success(), "{name}: {}", stderr(&about));
    }
}

#[test]
fn inputs_are_kept_and_troubles_are_told() {
    use support::packet::{Packet, file::pcap};
    let folder = folder("troubles");
    let frame = Packet::eth([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2]).ip([10, 0, 0, 1], [10, 0, 0, 2]).udp(1, 2).payload(b"x").build();
    let original = pcap((0..3000).map(|n| (1_700_000_000_000_000_000 + n * 1000, frame.as_slice())));
    let file = folder.join("in.pcap");
    fs::write(&file, &original).unwrap();
    let path = file.to_str().unwrap();
    // What is read is never written.
    let output = spantop(&["save", path, "-o", path]);
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    assert_eq!(fs::read(&file).unwrap(), original);
    // A disk that is full is told, and nothing is left behind.
    let output = spantop(&["save", path, "-o", "/dev/full"]);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert!(stderr(&output).contains("/dev/full") && stderr(&output).contains("No space"), "{}", stderr(&output));
    // A pipe.
    let output = spantop(&["save", path, "--from", "#2999", "-o", "-"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let piped = folder.join("piped.pcapng");
    fs::write(&piped, &output.stdout).unwrap();
    assert_eq!(packets(&piped), packets(&file)[2998..]);
    // A capture that is cut short is saved as far as it goes.
    fs::write(&file, &original[..original.len() - 10]).unwrap();
    let to = folder.join("cut.pcapng");
    let output = spantop(&["save", path, "-o", to.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stderr(&output).contains("cut short"), "{}", stderr(&output));
    assert_eq!(packets(&to).len(), 2999);
    let left: Vec<_> = fs::read_dir(&folder).unwrap().map(|f| f.unwrap().file_name()).collect();
    assert_eq!(left.len(), 3, "{left:?}");
    for wrong in [vec!["save", path], vec!["save", "-i", "lo", "-o", "x"], vec!["save", "-o", "x"]] {
        assert_eq!(spantop(&wrong).status.code(), Some(2), "{wrong:?}");
    }
}

#[test]
fn a_stretch_that_ends_before_it_begins_is_refused_and_an_empty_one_told() {
    let Some(capture) =
        std::fs::read_dir("captures").ok().and_then(|mut d| d.find_map(|f| f.ok().map(|f| f.path()).filter(|p| p.ends_with("vlans.pcap"))))
    else {
        return;
    };
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("nothing.pcapng");
    let _ = std::fs::remove_file(&out);
    let run = |stretch: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_spantop"));
        let outcome = command.arg("save").arg(&capture).args(stretch).arg("-o").arg(&out).output().unwrap();
        (outcome.status.code(), String::from_utf8_lossy(&outcome.stderr).into_owned())
    };
    for backwards in [["--from", "#5", "--to", "#3"], ["--from", "5s", "--to", "3s"]] {
        let (code, said) = run(&backwards);
        assert!(code == Some(2) && said.contains("--from is later than --to"), "{code:?} {said}");
        assert!(!out.exists());
    }
    let (code, said) = run(&["-f", "host 192.0.2.250"]);
    assert!(
        code == Some(0) && said.contains("no packet matches the capture filter 'host 192.0.2.250': the file holds none"),
        "{code:?} {said}"
    );
    let (code, said) = run(&["--from", "4000000000"]);
    assert!(code == Some(0) && said.contains("the file holds none"), "{code:?} {said}");
}

/// Keys and names of the original are in what is saved of it, before the packets; masked packets come without them.
#[test]
fn secrets_and_names_are_kept() {
    use support::packet::file::Writer;
    let folder = folder("secrets");
    let keys = b"CLIENT_RANDOM 00 11\n";
    for big in [false, true] {
        let order = Writer { big };
        let mut secrets = [order.u32(0x544c_534b), order.u32(keys.len() as u32)].concat();
        secrets.extend(keys);
        secrets.resize(secrets.len().next_multiple_of(4), 0);
        // IPv4, a name; the end of the records.
        let mut names = [order.u16(1), order.u16(4 + 7)].concat();
        names.extend([10, 0, 0, 1]);
        names.extend(b"host-a\0");
        names.resize(names.len().next_multiple_of(4), 0);
        names.extend([0; 4]);
        let frame = support::packet::Packet::eth([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2]).ip([10, 0, 0, 1], [10, 0, 0, 2]).udp(1, 2).build();
        let packet = order.enhanced(0, 1_700_000_000_000_000, frame.len() as u32, &frame);
        let parts =
            [order.section(), order.interface(1, 0, &[]), packet.clone(), order.block(10, &secrets), order.block(4, &names), packet];
        let original = folder.join(format!("a-{big}.pcapng"));
        fs::write(&original, parts.concat()).unwrap();
        let saved = folder.join(format!("b-{big}.pcapng"));
        // The second packet alone: what it says is deciphered with what stood before it.
        for (more, kept) in [(&["--from", "#2"][..], true), (&["--anonymize"][..], false)] {
            let _ = fs::remove_file(&saved);
            let arguments = ["save", original.to_str().unwrap(), "-o", saved.to_str().unwrap()];
            let output = spantop(&[&arguments[..], more].concat());
            assert!(output.status.success(), "{}", stderr(&output));
            let bytes = fs::read(&saved).unwrap();
            let place = |wanted: &[u8]| bytes.windows(wanted.len()).position(|place| place == wanted);
            assert_eq!((place(keys).is_some(), place(b"host-a").is_some()), (kept, kept), "{more:?}");
            let first_packet = place(&[6, 0, 0, 0]).unwrap();
            assert!(place(keys).is_none_or(|at| at < first_packet), "keys come before what they are for");
            let read = Command::new("capinfos").arg(&saved).output();
            assert!(read.map_or(true, |read| read.status.success()), "capinfos accepts it");
            assert_eq!(packets(&saved).len(), if kept { 1 } else { 2 });
        }
    }
}

/// What the original's sections say of all that is in them stands in the section of what is saved, beside why it was saved. What was dropped before a packet stays beside it, and is not counted twice.
#[test]
fn comments_of_sections_and_drops_of_packets_are_kept() {
    use support::packet::file::Writer;
    let folder = folder("sections");
    let frame = support::packet::Packet::eth([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2]).ip([10, 0, 0, 1], [10, 0, 0, 2]).udp(1, 2).build();
    let wire = frame.len() as u32;
    for big in [false, true] {
        let order = Writer { big };
        let section = |words: &str| order.section_with(&[order.option(1, words.as_bytes()), order.option(0, b"")].concat());
        let dropped = |count: u64| order.enhanced_with(0, 1_700_000_000_000_000, wire, &frame, &order.option(4, &order.u64(count)));
        let parts = [
            section("before the reboot"),
            order.interface(1, 0, &[]),
            dropped(0),
            dropped(41),
            order.obsolete(0, 1_700_000_000_000_001, wire, &frame),
            section("after the reboot"),
            order.interface(1, 0, &[]),
            dropped(13),
        ];
        let original = folder.join(format!("a-{big}.pcapng"));
        fs::write(&original, parts.concat()).unwrap();
        let saved = folder.join(format!("b-{big}.pcapng"));
        let save = |more: &[&str]| {
            let _ = fs::remove_file(&saved);
            let output = spantop(&[&["save", original.to_str().unwrap(), "-o", saved.to_str().unwrap()], more].concat());
            assert!(output.status.success(), "{}", stderr(&output));
            let bytes = fs::read(&saved).unwrap();
            let count = |wanted: &[u8]| bytes.windows(wanted.len()).filter(|place| *place == wanted).count();
            let drops = |n: u64| count(&[&[4, 0, 8, 0], &n.to_le_bytes()[..]].concat());
            (count(b"saved by spantop"), count(b"before the reboot"), count(b"after the reboot"), [0, 41, 7, 13].map(drops))
        };
        assert_eq!(save(&[]), (1, 1, 1, [1, 1, 1, 1]));
        let losses = |path: &Path| {
            let report = spantop(&["report", "--format", "json", path.to_str().unwrap()]);
            let report: serde_json::Value = serde_json::from_slice(&report.stdout).unwrap();
            report["losses"].clone()
        };
        assert_eq!(losses(&saved), losses(&original));
        if let Ok(about) = Command::new("capinfos").arg("-k").arg(&saved).output() {
            let about = String::from_utf8_lossy(&about.stdout).into_owned();
            assert!(["saved by spantop", "before the reboot", "after the reboot"].iter().all(|words| about.contains(words)), "{about}");
        }
        // Of a part, what its packets say; of masked packets nothing that somebody wrote.
        assert_eq!(save(&["--from", "#2", "--to", "#2"]), (1, 1, 1, [0, 1, 0, 0]));
        assert_eq!(save(&["--anonymize"]), (1, 0, 0, [1, 1, 1, 1]));
    }
}
