//! Running a program to its end and saying what it took: time, processor time, peak memory.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// What one run took.
#[derive(Debug, Clone, Copy)]
pub struct Run {
    /// From start to end by the clock on the wall.
    pub wall: Duration,
    /// Processor time of all its threads; `None` where the system does not say (it is read from Linux's `/proc`, good to 10 ms).
    pub cpu: Option<Duration>,
    /// Most resident memory it ever had, in KiB; from `/proc` as well.
    pub peak_kib: Option<u64>,
}

/// Runs `command` with its standard output going to `output` (or nowhere).
///
/// # Errors
/// When it cannot be started or does not end well; the text is for people.
pub fn run(command: &mut Command, output: Option<&Path>) -> Result<Run, String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let stdout = match output {
        Some(path) => Stdio::from(std::fs::File::create(path).map_err(|e| format!("cannot write {}: {e}", path.display()))?),
        None => Stdio::null(),
    };
    let start = Instant::now();
    let mut child =
        command.stdin(Stdio::null()).stdout(stdout).stderr(Stdio::null()).spawn().map_err(|e| format!("cannot start {name}: {e}"))?;
    let mut run = Run { wall: Duration::ZERO, cpu: None, peak_kib: None };
    // The process is looked at until it is gone: what it used is gone with it.
    let status = loop {
        run.cpu = cpu(child.id()).max(run.cpu);
        run.peak_kib = peak(child.id()).max(run.peak_kib);
        if let Some(status) = child.try_wait().map_err(|e| format!("cannot wait for {name}: {e}"))? {
            break status;
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    run.wall = start.elapsed();
    if status.success() { Ok(run) } else { Err(format!("{name} ended with {status}")) }
}

fn peak(process: u32) -> Option<u64> {
    let text = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.split_whitespace().next()?.parse().ok()
}

/// User and system time; in proc(5) they are fields 14 and 15 of `stat`, in ticks of 10 ms on every Linux of today.
fn cpu(process: u32) -> Option<Duration> {
    let text = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let mut fields = text.rsplit_once(')')?.1.split_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(Duration::from_millis((user + system) * 10))
}

/// Whether a program of that name is in `PATH`.
pub fn installed(name: &str) -> bool {
    std::env::var_os("PATH").is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join(name).is_file()))
}
