//! How much a packet costs by how many there are, how many conversations, files and threads, and in which encapsulation: the tables of
//! `docs/performance.md`, which `-- --write` puts there.
//!
//! The programs of one table take turns, several rounds; each cell is the median round. `-- --largest N` is how many packets the largest
//! file has (360 bytes each), `--rounds R` how often each program runs.

mod support;

use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use support::process::{Run, installed, run};
use support::traffic::{Plan, Wrapping, pieces};
use support::{Arguments, folder};

/// Where the tables stand in the page.
const MARKS: [&str; 2] = ["<!-- tables: begin -->", "<!-- tables: end -->"];

/// A program that reads files.
struct Contender {
    name: String,
    words: Vec<String>,
    files: Vec<PathBuf>,
    packets: u64,
    runs: Vec<Run>,
}

impl Contender {
    /// `spantop report`, as JSON.
    fn ours(name: impl Into<String>, more: &[&str], files: Vec<PathBuf>, packets: u64) -> Self {
        let words = [env!("CARGO_BIN_EXE_spantop"), "report", "--format", "json"].iter().chain(more).map(|w| (*w).to_owned()).collect();
        Self { name: name.into(), words, files, packets, runs: Vec::new() }
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.words[0]);
        command.args(&self.words[1..]).args(&self.files);
        command
    }

    fn median(&self, of: impl Fn(&Run) -> f64) -> f64 {
        let mut all: Vec<f64> = self.runs.iter().map(of).collect();
        all.sort_by(f64::total_cmp);
        all[all.len() / 2]
    }

    fn row(&self) -> String {
        let packets = self.packets as f64;
        let wall = self.median(|r| r.wall.as_secs_f64());
        let cpu = self.median(|r| r.cpu.map_or(f64::NAN, |cpu| cpu.as_secs_f64()));
        let peak = self.median(|r| r.peak_kib.map_or(f64::NAN, |kib| kib as f64 / 1024.0));
        let rate = packets / wall / 1e6;
        format!("| {} | {:.0} | {:.0} | {rate:.2} | {wall:.2} | {peak:.0} |", self.name, cpu * 1e9 / packets, wall * 1e9 / packets)
    }
}

/// A table: what it shows, and what is compared in it.
struct Curve {
    title: &'static str,
    contenders: Vec<Contender>,
}

fn main() {
    let arguments = Arguments::read();
    let (largest, rounds) = if arguments.test { (8_000, 1) } else { (16_000_000, 3) };
    let largest = arguments.number("--largest", largest);
    let rounds = arguments.number("--rounds", rounds).max(1);
    let mut text = format!("{}\n", machine());
    for curve in [packets, conversations, files, threads, wrapped] {
        let mut curve = curve(largest);
        for round in 0..rounds {
            for contender in &mut curve.contenders {
                measure(contender, round == 0).unwrap_or_else(|problem| panic!("{}: {problem}", contender.name));
            }
        }
        let _ = write!(text, "\n**{}**\n\n", curve.title);
        text.push_str("| | CPU ns a packet | wall ns a packet | M packets/s | wall s | peak MiB |\n|---|---:|---:|---:|---:|---:|\n");
        curve.contenders.iter().for_each(|contender| text.push_str(&(contender.row() + "\n")));
    }
    println!("{text}");
    if arguments.test {
        clean(largest);
    } else if arguments.has("--write") {
        write(&text);
    }
}

fn plan(packets: u64, conversations: u64) -> Plan {
    Plan { packets, conversations: u32::try_from(conversations.min(packets)).unwrap_or(u32::MAX) }
}

fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let groups: Vec<&str> = digits.as_bytes().rchunks(3).rev().filter_map(|g| std::str::from_utf8(g).ok()).collect();
    groups.join(",")
}

/// From a sixteenth of the largest file to all of it, beside a program that only counts.
fn packets(largest: u64) -> Curve {
    let mut contenders = Vec::new();
    for part in [16, 8, 4, 2, 1] {
        let packets = largest / part;
        let files = pieces(plan(packets, 10_000), Wrapping::Plain, 1);
        contenders.push(Contender::ours(format!("{} packets", grouped(packets)), &[], files.clone(), packets));
        if part == 1 && installed("tcpdump") {
            let words = ["tcpdump", "-n", "--count", "-r"].map(str::to_owned).to_vec();
            contenders.push(Contender { name: "the same by `tcpdump --count`".into(), words, files, packets, runs: Vec::new() });
        }
    }
    Curve { title: "Packets (10,000 conversations)", contenders }
}

fn conversations(largest: u64) -> Curve {
    let packets = largest / 4;
    let of = |count: u64| {
        let files = pieces(plan(packets, count), Wrapping::Plain, 1);
        Contender::ours(format!("{} conversations", grouped(count.min(packets))), &[], files, packets)
    };
    Curve { title: "Conversations (a quarter of the packets)", contenders: [1_000, 10_000, 100_000, 1_000_000].map(of).into() }
}

fn files(largest: u64) -> Curve {
    let packets = largest / 8;
    let of = |count: usize| {
        Contender::ours(
            format!("{count} file{}", if count == 1 { "" } else { "s" }),
            &[],
            pieces(plan(packets, 10_000), Wrapping::Plain, count),
            packets,
        )
    };
    Curve { title: "Files read at once (an eighth of the packets)", contenders: [1, 10, 100, 1_000].map(of).into() }
}

fn threads(largest: u64) -> Curve {
    let packets = largest / 2;
    let files = pieces(plan(packets, 10_000), Wrapping::Plain, 1);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let of = |n: usize| Contender::ours(format!("`--threads {n}`"), &["--threads", &n.to_string()], files.clone(), packets);
    let mut contenders: Vec<Contender> = (0..=cores.max(2)).filter(|n| *n != 1).map(of).collect();
    let words = [env!("CARGO_BIN_EXE_spantop"), "report", "--format", "text", "--top", "20"].map(str::to_owned).to_vec();
    contenders.push(Contender { name: "as text, `--top 20`".into(), words, files: files.clone(), packets, runs: Vec::new() });
    Curve { title: "Threads (half of the packets)", contenders }
}

fn wrapped(largest: u64) -> Curve {
    let packets = largest / 8;
    let of = |(name, wrapping)| Contender::ours(name, &[], pieces(plan(packets, 10_000), wrapping, 1), packets);
    let contenders = [("plain", Wrapping::Plain), ("in ERSPAN type II", Wrapping::Erspan), ("in VXLAN", Wrapping::Vxlan)].map(of).into();
    Curve { title: "Encapsulation (an eighth of the packets)", contenders }
}

/// Runs it once; a fast wrong answer is worth nothing.
fn measure(contender: &mut Contender, is_first: bool) -> Result<(), String> {
    if is_first {
        // So that the first round does not pay for the disk.
        for path in &contender.files {
            let mut file = std::fs::File::open(path).map_err(|e| format!("{}: {e}", path.display()))?;
            std::io::copy(&mut file, &mut std::io::sink()).map_err(|e| format!("{}: {e}", path.display()))?;
        }
    }
    let output = folder().join("curves.out");
    contender.runs.push(run(&mut contender.command(), Some(&output))?);
    if is_first && contender.words.iter().any(|word| word == "json") {
        let text = std::fs::read(&output).map_err(|e| e.to_string())?;
        let report: Value = serde_json::from_slice(&text).map_err(|e| format!("the report is not JSON: {e}"))?;
        let packets = report["capture"]["packets"].as_u64();
        if packets != Some(contender.packets) {
            return Err(format!("{packets:?} packets are counted, {} were written", contender.packets));
        }
    }
    std::fs::remove_file(&output).map_err(|e| e.to_string())
}

/// What it was measured on.
fn machine() -> String {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let field = |path: &str, name: &str| {
        let text = read(path);
        let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_default().to_owned();
        line.split_once(':').map_or_else(|| "?".to_owned(), |(_, value)| value.trim().to_owned())
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let memory = field("/proc/meminfo", "MemTotal").split(' ').next().and_then(|kib| kib.parse::<u64>().ok()).unwrap_or(0) >> 20;
    let system = read("/proc/sys/kernel/osrelease");
    format!(
        "Version {}, on {} ({cores} cores for the program), {memory} GiB of memory, Linux {}; files in the page cache.",
        env!("CARGO_PKG_VERSION"),
        field("/proc/cpuinfo", "model name"),
        system.trim()
    )
}

/// Puts the tables into the page.
fn write(text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/performance.md");
    let page = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("cannot read {}: {e}", path.display()));
    let (Some((before, _)), Some((_, behind))) = (page.split_once(MARKS[0]), page.split_once(MARKS[1])) else {
        panic!("{}: the marks of the tables are missing", path.display())
    };
    let page = format!("{before}{}\n\n{text}\n{}{behind}", MARKS[0], MARKS[1]);
    std::fs::write(&path, page).unwrap_or_else(|e| panic!("cannot write {}: {e}", path.display()));
    println!("written: {}", path.display());
}

/// A test leaves nothing behind.
fn clean(largest: u64) {
    let curves = [packets, conversations, files, threads, wrapped].map(|curve| curve(largest));
    let all: BTreeSet<PathBuf> = curves.into_iter().flat_map(|curve| curve.contenders).flat_map(|contender| contender.files).collect();
    for path in all {
        let _ = std::fs::remove_file(path);
    }
}
