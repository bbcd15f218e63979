//! `spantop report FILE --format json` from start to end, beside programs that read the same file.
//!
//! The programs take turns, several rounds, so that a busy moment of the machine meets them all; each cell is the median round. The
//! comparison is not one of like with like: `tcpdump --count` only counts packets, tshark dissects every protocol, ndpiReader guesses
//! applications. It says where spantop stands between them.
//!
//! `-- --packets N --conversations M --rounds R --slow-part P` change it; tshark reads a file of `1/P` of the packets and
//! its time is multiplied, which flatters it: its memory and time grow faster than the file.

mod support;

use serde_json::Value;
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use support::clock::seconds;
use support::process::{Run, installed, run};
use support::traffic::{Plan, file};
use support::{Arguments, folder};

/// A program under measurement.
struct Contender<'a> {
    name: String,
    words: Vec<String>,
    file: &'a Path,
    /// How many times larger the whole file is than the one this reads.
    factor: u32,
    runs: Vec<Run>,
}

impl Contender<'_> {
    fn command(&self) -> Command {
        let mut command = Command::new(&self.words[0]);
        command.args(self.words[1..].iter().map(|w| if w == "FILE" { self.file.as_os_str() } else { w.as_ref() }));
        command
    }

    fn wall(&self) -> Duration {
        let mut times: Vec<Duration> = self.runs.iter().map(|r| r.wall).collect();
        times.sort();
        times[times.len() / 2] * self.factor
    }
}

fn main() {
    let arguments = Arguments::read();
    let (packets, conversations, rounds, part) = if arguments.test { (5_000, 200, 1, 5) } else { (8_000_000, 100_000, 3, 20) };
    let plan = Plan {
        packets: arguments.number("--packets", packets),
        conversations: u32::try_from(arguments.number("--conversations", conversations)).unwrap_or(u32::MAX),
    };
    let part = u32::try_from(arguments.number("--slow-part", part)).unwrap_or(1).max(1);
    let whole = file(plan);
    let small = file(Plan { packets: plan.packets / u64::from(part), conversations: plan.conversations / part });
    warm(&whole);
    let mut contenders = contenders(&whole, &small, part);
    if let Err(problem) = rounds_of(&mut contenders, arguments.number("--rounds", rounds).max(1), plan) {
        eprintln!("report: {problem}");
        std::process::exit(1);
    }
    print(&contenders, plan, &whole);
    if arguments.test {
        // A test leaves nothing behind.
        let _ = std::fs::remove_file(&whole);
        let _ = std::fs::remove_file(&small);
    }
}

fn contenders<'a>(whole: &'a Path, small: &'a Path, part: u32) -> Vec<Contender<'a>> {
    let spantop = env!("CARGO_BIN_EXE_spantop");
    let mut list = Vec::new();
    let mut add = |name: &str, words: &[&str], file: &'a Path, factor: u32| {
        if Path::new(words[0]).is_absolute() || installed(words[0]) {
            let words = words.iter().map(|w| (*w).to_owned()).collect();
            list.push(Contender { name: name.to_owned(), words, file, factor, runs: Vec::new() });
        } else {
            println!("{} is not installed: left out", words[0]);
        }
    };
    add("spantop report", &[spantop, "report", "FILE", "--format", "json"], whole, 1);
    add("spantop report --threads 0", &[spantop, "report", "FILE", "--format", "json", "--threads", "0"], whole, 1);
    add("tcpdump --count", &["tcpdump", "-n", "-r", "FILE", "--count"], whole, 1);
    add("ndpiReader -q", &["ndpiReader", "-i", "FILE", "-q"], whole, 1);
    add("tshark conversations", &["tshark", "-n", "-r", "FILE", "-q", "-z", "conv,tcp", "-z", "io,phs"], small, part);
    list
}

fn rounds_of(contenders: &mut [Contender], rounds: u64, plan: Plan) -> Result<(), String> {
    let output = folder().join("report.json");
    for round in 0..rounds {
        for contender in contenders.iter_mut() {
            let ours = contender.name.starts_with("spantop");
            let result = run(&mut contender.command(), ours.then_some(&*output))?;
            contender.runs.push(result);
            if ours && round == 0 {
                check(&output, plan).map_err(|problem| format!("{}: {problem}", contender.name))?;
            }
        }
    }
    std::fs::remove_file(&output).map_err(|e| format!("cannot remove {}: {e}", output.display()))
}

/// A fast wrong answer is worth nothing: packets and conversations must be those that were written.
fn check(output: &Path, plan: Plan) -> Result<(), String> {
    let text = std::fs::read(output).map_err(|e| e.to_string())?;
    let report: Value = serde_json::from_slice(&text).map_err(|e| format!("the report is not JSON: {e}"))?;
    let packets = report["capture"]["packets"].as_u64();
    if packets != Some(plan.packets) {
        return Err(format!("the report counts {packets:?} packets, {} were written", plan.packets));
    }
    let rows = |kind: &str| report["conversations"][kind].as_array().map_or(0, Vec::len) as u64;
    let conversations = rows("tcp") + rows("udp");
    if conversations != u64::from(plan.conversations) {
        return Err(format!("the report has {conversations} conversations, {} were written", plan.conversations));
    }
    Ok(())
}

/// Reads the file once, so that the first program does not pay for the disk.
fn warm(path: &Path) {
    let mut file = std::fs::File::open(path).unwrap_or_else(|e| panic!("cannot open {}: {e}", path.display()));
    std::io::copy(&mut file, &mut std::io::sink()).unwrap_or_else(|e| panic!("cannot read {}: {e}", path.display()));
}

fn print(contenders: &[Contender], plan: Plan, path: &Path) {
    let size = std::fs::metadata(path).map_or(0, |m| m.len()) as f64 / 1e9;
    println!("{} packets, {} conversations, {size:.2} GB; {} cores", plan.packets, plan.conversations, cores());
    println!("{:<28} {:>9} {:>9} {:>12} {:>10} {:>12}", "program", "wall s", "cpu s", "M packets/s", "peak MiB", "× tcpdump");
    let base = contenders.iter().find(|c| c.name.starts_with("tcpdump")).map(Contender::wall);
    for contender in contenders {
        let wall = contender.wall();
        let cpu = contender.runs.iter().filter_map(|r| r.cpu).min();
        let peak = contender.runs.iter().filter_map(|r| r.peak_kib).max();
        let ratio = base.map(|base| wall.as_secs_f64() / base.as_secs_f64());
        println!(
            "{:<28} {:>9} {:>9} {:>12.2} {:>10} {:>12}{}",
            contender.name,
            seconds(wall),
            cpu.map_or("-".into(), |t| seconds(t * contender.factor)),
            plan.packets as f64 / wall.as_secs_f64() / 1e6,
            peak.map_or("-".into(), |kib| (kib / 1024).to_string()),
            ratio.map_or("-".into(), |r| format!("{r:.2}")),
            if contender.factor > 1 { format!("  measured on 1/{} of the packets", contender.factor) } else { String::new() },
        );
    }
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}
