//! Capture files in the wild: what a source delivers must equal what tshark 4.0 counts.
//!
//! The captures lie beside the repository; without them the test says so and passes.

mod support;

use spantop::capture::file;
use spantop::capture::{Block, Fill, SourceInfo};
use spantop::model::Timestamp;
use spantop::settings::FileSettings;
use std::path::{Path, PathBuf};
use support::captures::indexed;

/// What a capture holds.
#[derive(Debug, Default, PartialEq, Eq)]
struct Sums {
    packets: u64,
    bytes: u64,
    captured: u64,
    first: Option<i64>,
    last: Option<i64>,
}

/// Reads a file to its end.
fn drain(path: &Path) -> (Sums, SourceInfo) {
    let mut source =
        file::open(&FileSettings { paths: vec![path.to_owned()], ..FileSettings::default() }).unwrap_or_else(|e| panic!("{e}"));
    let mut sums = Sums::default();
    let mut block = Block::new();
    loop {
        block.clear();
        let fill = source.fill(&mut block).unwrap_or_else(|e| panic!("{e}"));
        for packet in &block.packets {
            assert_eq!(block.bytes(packet).len(), packet.captured as usize, "{}: a packet outside its block", path.display());
            sums.packets += 1;
            sums.bytes += u64::from(packet.wire);
            sums.captured += u64::from(packet.captured);
            sums.first = Some(sums.first.map_or(packet.time.0, |t| t.min(packet.time.0)));
            sums.last = Some(sums.last.map_or(packet.time.0, |t| t.max(packet.time.0)));
        }
        if fill == Fill::End {
            return (sums, source.info().remove(0));
        }
    }
}

/// tshark's `seconds.nanoseconds` in nanoseconds; `None` for a record without a time.
fn nanos(text: &str) -> Option<i64> {
    let (seconds, fraction) = text.split_once('.')?;
    Some(Timestamp::new(seconds.parse().ok()?, fraction.parse().ok()?).0)
}

/// Where this program and tshark differ, what differs, and why.
fn differences(name: &str) -> &'static [&'static str] {
    match name {
        // tshark shows lengths above 2^31-1 as 2^31-1; capinfos sums the recorded one, 4,093,509,168, and so do we. The
        // microseconds, 4,293,562,680, become negative when tshark multiplies them by 1000 in 32 bits.
        "hostile/ntop__nDPI/fuzz-2021-06-07-c6c72a0a56.pcap" => &["bytes", "first", "last"],
        // A record whose microseconds overflow the same 32 bits: tshark shows a time before 1970.
        "hostile/OISF__suricata-verify/bug-6875-01__fuzz.pcap" => &["first"],
        // Simple Packet Blocks have no time. tshark shows none; ours is that of the packet before, or 1970 where there is none.
        "hadrielk__pcapng-test-generator/output_be__basic__test011.pcapng"
        | "hadrielk__pcapng-test-generator/output_le__advanced__test101.pcapng"
        | "hadrielk__pcapng-test-generator/output_le__basic__test016.pcapng" => &["first"],
        "hadrielk__pcapng-test-generator/output_le__basic__test010.pcapng" => &["first", "last"],
        _ => &[],
    }
}

#[test]
fn every_capture_is_read_as_tshark_reads_it() {
    let Some(captures) = indexed() else { return };
    let mut wrong = Vec::new();
    let mut compared = 0;
    for capture in captures {
        let (name, oracle) = (capture.name.as_str(), capture.oracle());
        if oracle["readable"] != true {
            continue;
        }
        let (sums, info) = drain(&capture.path);
        compared += 1;
        let number = |key: &str| oracle[key].as_u64().unwrap_or_else(|| panic!("{name}: no {key}"));
        let time = |key: &str| oracle[key].as_str().and_then(nanos);
        let cut = oracle["messages"].to_string().contains("cut short");
        for (what, ours, theirs) in [
            ("packets", format!("{}", sums.packets), format!("{}", number("packets"))),
            ("bytes", format!("{}", sums.bytes), format!("{}", number("bytes"))),
            ("captured", format!("{}", sums.captured), format!("{}", number("cap_bytes"))),
            ("first", format!("{:?}", sums.first), format!("{:?}", time("first_ts"))),
            ("last", format!("{:?}", sums.last), format!("{:?}", time("last_ts"))),
            ("cut short", format!("{}", info.cut_short), format!("{cut}")),
            ("warned", format!("{}", info.warning.is_some()), format!("{}", oracle["rc"] != 0)),
        ] {
            let explained = differences(name).contains(&what);
            if (ours != theirs) != explained {
                wrong.push(format!("{name}: {what}: {ours}, tshark {theirs}{}", if explained { " (no longer different)" } else { "" }));
            }
        }
        assert_eq!(info.packets, sums.packets, "{name}");
    }
    assert!(wrong.is_empty(), "{} of {compared} differ:\n{}", wrong.len(), wrong.join("\n"));
    assert!(compared > 100, "only {compared} captures compared");
    println!("{compared} captures compared");
}

#[test]
fn files_that_are_no_captures() {
    let dir = std::env::temp_dir().join(format!("spantop-files-{}", std::process::id()));
    std::fs::create_dir_all(&dir).expect("a directory for the test");
    let write = |name: &str, bytes: &[u8]| -> PathBuf {
        let path = dir.join(name);
        std::fs::write(&path, bytes).expect("written");
        path
    };
    let cases = [
        (write("empty.pcap", b""), "is empty"),
        (write("notes.pcap", b"just a few words\n"), "looks like text"),
        (write("header.pcap", &[0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0]), "cut short in the file header"),
        (write("a\x1b[2J.pcap", b"x"), "a\\u{1b}[2J.pcap"),
        (dir.join("missing.pcap"), "no such file"),
        (dir.clone(), "is a directory"),
    ];
    for (path, words) in cases {
        let error = match file::open(&FileSettings { paths: vec![path.clone()], ..FileSettings::default() }) {
            Ok(_) => panic!("{} was opened", path.display()),
            Err(error) => error.to_string(),
        };
        assert!(error.contains(words), "{error:?} does not say {words:?}");
        assert!(!error.contains('\n') && !error.contains('\x1b'), "{error:?}");
    }
    std::fs::remove_dir_all(&dir).expect("cleaned up");
}
