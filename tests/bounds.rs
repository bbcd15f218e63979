//! Memory under floods that go beyond every cap, as the README promises it: packets come through a pipe, and the program's peak is measured. In
//! every flood the totals close. `SPANTOP_FLOOD=25` makes them 25 times as long: ten million conversations, stations, hosts.
#![cfg(target_os = "linux")]

mod support;

use serde_json::Value;
use std::fs;
use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use support::Rng;
use support::packet::file::LITTLE;
use support::packet::{Packet, SYN, control};

/// What grows with the traffic may take this much (`--memory`).
const ALLOWED: u64 = 64 << 20;

/// What is left of the README's 192 MiB for the rest in these floods: the program itself, its blocks, what the judges of mirror and network keep.
const REST: u64 = 128 << 20;

/// Packets of a flood: beyond what 64 MiB hold of conversations (64 thousand) and everything else.
const FLOOD: u32 = 400_000;

/// How many times as many a long test wants.
fn times() -> u32 {
    std::env::var("SPANTOP_FLOOD").ok().and_then(|text| text.parse().ok()).unwrap_or(1)
}

/// The report of a capture that comes through a pipe, and the most memory that was resident meanwhile.
fn flooded(write: impl FnOnce(&mut dyn Write) -> std::io::Result<()> + Send + 'static) -> (Value, u64) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_spantop"));
    command.args(["report", "-", "--format", "json", "--memory", "64MiB", "--threads", "2", "-q"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("spantop starts");
    let (pipe, mut out, id) = (child.stdin.take().expect("a pipe"), child.stdout.take().expect("a pipe"), child.id());
    let feeding = std::thread::spawn(move || {
        let mut out = std::io::BufWriter::with_capacity(1 << 20, pipe);
        write(&mut out).and_then(|()| out.flush()).expect("everything is read");
    });
    let ended = AtomicBool::new(false);
    let (text, peak) = std::thread::scope(|scope| {
        let watching = scope.spawn(|| {
            let mut peak = 0;
            while !ended.load(Ordering::Relaxed) {
                peak = resident(id).unwrap_or(0).max(peak);
                std::thread::sleep(Duration::from_millis(5));
            }
            peak
        });
        let mut text = String::new();
        out.read_to_string(&mut text).expect("a report");
        ended.store(true, Ordering::Relaxed);
        (text, watching.join().expect("a peak"))
    });
    feeding.join().expect("fed");
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    (serde_json::from_str(&text).expect("JSON"), peak)
}

/// The most memory that a process has had resident (`VmHWM` of proc_pid_status(5)).
fn resident(id: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let kib: u64 = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

/// A flood of frames, a microsecond apart, each made from the one that `first` gave by `change`.
fn flood(name: &str, frames: u32, frame: impl Fn(u32, &mut Rng) -> Vec<u8> + Send + 'static) -> Value {
    let frames = frames * times();
    let (report, peak) = flooded(move |out| {
        let mut rng = Rng(17);
        out.write_all(&LITTLE.header(0xa1b2_c3d4, (2, 4), 1))?;
        for n in 0..frames {
            let bytes = frame(n, &mut rng);
            let length = bytes.len() as u32;
            out.write_all(&LITTLE.record([1_700_000_000 + n / 10_000, n % 10_000 * 100, length, length], 0, &bytes))?;
        }
        Ok(())
    });
    eprintln!("{name}: {frames} packets, {} MiB resident at most", peak >> 20);
    assert!(peak > 8 << 20, "{name}: {peak} bytes: nothing was measured");
    assert!(peak <= ALLOWED + REST, "{name}: {} MiB", peak >> 20);
    assert_eq!(report["capture"]["packets"], frames, "{name}");
    let by_size = report["load"]["sizes"].as_array().into_iter().flatten().filter_map(|row| row["packets"].as_u64()).sum::<u64>();
    let by_protocol = report["protocols"].as_array().into_iter().flatten().filter_map(|row| row["packets"].as_u64()).max();
    assert_eq!((by_size, by_protocol), (u64::from(frames), Some(u64::from(frames))), "{name}");
    report
}

#[test]
fn hosts_and_conversations_without_end() {
    let report = flood("conversations", FLOOD, |n, rng| {
        let (from, to) = (rng.next() as u32, rng.next() as u32);
        let layers = Packet::eth([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2]).ip(from.to_be_bytes(), to.to_be_bytes());
        if n % 2 == 0 {
            layers.tcp(rng.next() as u16, 443).seq(n).flags(SYN).build()
        } else {
            layers.udp(rng.next() as u16, rng.next() as u16).build()
        }
    });
    // Each packet is a conversation of its own: it has a row or is among those that are in sums alone.
    let rows: usize = ["tcp", "udp"].iter().filter_map(|kind| report["conversations"][kind].as_array()).map(Vec::len).sum();
    let in_sums = report["losses"]["evicted_flows"].as_u64().unwrap_or(0);
    let sent = u64::from(FLOOD * times());
    assert!(in_sums > sent / 2, "{}: this flood is none", report["losses"]);
    assert_eq!(rows as u64 + in_sums, sent);
}

#[test]
fn stations_and_vlans_without_end() {
    flood("stations", FLOOD, |n, rng| {
        let mac = |bits: u64| [2, (bits >> 32) as u8, (bits >> 24) as u8, (bits >> 16) as u8, (bits >> 8) as u8, bits as u8];
        let frame = Packet::eth(mac(rng.next()), mac(rng.next())).vlan((n % 4_094 + 1) as u16).vlan((rng.next() % 4_094 + 1) as u16);
        frame.ip([10, 0, 0, 1], [10, 0, 0, 2]).udp(1, 2).payload(&n.to_be_bytes()).build()
    });
}

#[test]
fn names_without_end() {
    flood("names", FLOOD / 2, |n, rng| {
        let layers =
            Packet::eth([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2]).ip([10, (n >> 16) as u8, (n >> 8) as u8, n as u8], [10, 200, 0, 1]);
        let label = |rng: &mut Rng| (0..60).map(|_| b'a' + rng.below(26) as u8).collect::<Vec<u8>>();
        match n % 3 {
            0 => {
                let mut query = vec![(n >> 8) as u8, n as u8, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
                (0..4).for_each(|_| {
                    query.push(60);
                    query.extend(label(rng));
                });
                query.extend([0, 0, 1, 0, 1]);
                layers.udp(40_000, 53).payload(&query).build()
            }
            1 => {
                let request = [
                    b"GET / HTTP/1.1\r\nHost: ".to_vec(),
                    label(rng),
                    label(rng),
                    b".example\r\nUser-Agent: ".to_vec(),
                    label(rng),
                    b"\r\n\r\n".to_vec(),
                ];
                layers.tcp(40_000 + (n % 9) as u16, 80).seq(1).flags(0x18).payload(&request.concat()).build()
            }
            _ => layers
                .udp(5_353, 5_353)
                .payload(&[&[0, 0, 0x84, 0, 0, 0, 0, 1, 0, 0, 0, 0, 60][..], &label(rng), &[0, 0, 16, 0, 1, 0, 0, 0, 60, 0, 1, 0]].concat())
                .build(),
        }
    });
}

#[test]
fn groups_and_routers_without_end() {
    flood("groups", FLOOD / 2, |n, _| {
        let [_, a, b, c] = n.to_be_bytes();
        if n % 2 == 0 {
            return control::igmp_report([2, 0, 0, a, b, c], c, [232, a, b, c]);
        }
        // Hellos of routers with other addresses each.
        let mut hello = control::ospf_hello([2, 1, 0, a, b, c], c, [10, 40], &[]);
        hello[26..30].copy_from_slice(&[10, a, b, c]);
        hello[38..42].copy_from_slice(&[10, a, b, c]);
        hello
    });
}

#[test]
fn tunnels_in_tunnels_without_end() {
    flood("tunnels", FLOOD / 4, |n, rng| {
        let mut packet = Packet::eth([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2]);
        for _ in 0..24 {
            packet = packet.ip((rng.next() as u32).to_be_bytes(), (rng.next() as u32).to_be_bytes());
        }
        packet.udp(rng.next() as u16, rng.next() as u16).payload(&n.to_be_bytes()).build()
    });
}

#[test]
fn fragments_and_holes_without_end() {
    flood("fragments", FLOOD, |n, rng| {
        let layers = Packet::eth([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2]).ip((rng.next() as u32).to_be_bytes(), [10, 0, 0, 1]).id(n as u16);
        // More fragments, and segments far ahead of each other.
        if n % 2 == 0 {
            layers.set(20, &[0x20, 0]).udp(1, 2).payload(&[0; 64]).build()
        } else {
            layers.tcp(rng.next() as u16, 80).seq(rng.next() as u32).flags(0x18).payload(&[0x5a; 200]).build()
        }
    });
}

#[test]
fn ten_thousand_interfaces_of_a_capture() {
    const INTERFACES: u32 = 10_000;
    let (report, peak) = flooded(|out| {
        let name = vec![b'x'; 60_000];
        out.write_all(&LITTLE.section())?;
        for n in 0..INTERFACES {
            // Some with names as long as an option can be.
            let options = if n % 100 == 0 { LITTLE.option(2, &name) } else { LITTLE.option(2, format!("eth{n}").as_bytes()) };
            out.write_all(&LITTLE.interface(1, 65_535, &options))?;
        }
        let frame = Packet::eth([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2]).ip([10, 0, 0, 1], [10, 0, 0, 2]).udp(1, 2).build();
        for n in 0..INTERFACES * 5 {
            out.write_all(&LITTLE.enhanced(n % INTERFACES, 1_700_000_000_000_000 + u64::from(n) * 10, frame.len() as u32, &frame))?;
            if n % 10 == 0 {
                out.write_all(&LITTLE.statistics(n % INTERFACES, 0, 0))?;
            }
        }
        Ok(())
    });
    eprintln!("interfaces: {} MiB resident at most", peak >> 20);
    assert!(peak <= ALLOWED + REST, "{} MiB", peak >> 20);
    assert_eq!(report["capture"]["packets"], INTERFACES * 5);
    let source = &report["capture"]["sources"][0];
    assert_eq!(source["interfaces"].as_array().map(Vec::len), Some(64));
    assert_eq!(source["more_interfaces"], INTERFACES - 64, "{source}");
}

#[test]
fn a_decompression_bomb_is_read_through_and_told() {
    let (report, peak) = flooded(|out| {
        use std::process::{Command, Stdio};
        // The zeros of a capture of empty records, packed by gzip: a hundred kilobytes become a hundred megabytes.
        let mut gzip = Command::new("gzip").arg("-c").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let mut into = gzip.stdin.take().expect("a pipe");
        let zeros = std::thread::spawn(move || {
            into.write_all(&LITTLE.header(0xa1b2_c3d4, (2, 4), 1))?;
            (0..16).try_for_each(|_| into.write_all(&vec![0; 1 << 20]))
        });
        std::io::copy(&mut gzip.stdout.take().expect("a pipe"), out)?;
        zeros.join().expect("written")?;
        gzip.wait().map(drop)
    });
    assert!(peak <= ALLOWED + REST, "{} MiB", peak >> 20);
    assert_eq!(report["capture"]["packets"], (16 << 20) / 16);
    let warning = report["capture"]["sources"][0]["warning"].as_str().unwrap_or_default();
    assert!(warning.contains("1048576 of its records hold no byte"), "{warning}");
}
