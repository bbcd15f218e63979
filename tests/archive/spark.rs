//! Apache Spark, where Python has it: the same as one machine says, on a cluster that loses a worker in the middle, too.

use crate::support::packet::{Packet, file};
use crate::{differences, folder, json, report, sums};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const DRIVER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/packaging/spark/archive.py");

/// A Python that has Spark: that of the environment variable, or the one of the path. Spark wants Java, too.
fn python() -> Option<String> {
    let python = std::env::var("SPANTOP_SPARK_PYTHON").unwrap_or_else(|_| "python3".into());
    let works = |name: &str, args: &[&str]| Command::new(name).args(args).output().is_ok_and(|out| out.status.success());
    let has_it = works(&python, &["-c", "import pyspark"]) && works("java", &["-version"]);
    if !has_it {
        eprintln!(
            "skipped: {python} has no pyspark, or there is no java (SPANTOP_SPARK_PYTHON names a Python that has it; make setup-servers)"
        );
    }
    has_it.then_some(python)
}

/// The driver with its options, without captures.
fn driver(python: &str, folder: &Path, master: &str, binary: &Path) -> Command {
    let mut command = Command::new(python);
    command.arg(DRIVER).args(["--master", master, "--option=--no-sandbox"]);
    command.arg("--spantop").arg(binary).arg("--report").arg(folder.join("report.json")).arg("--out").arg(folder.join("tables"));
    command.env("PYSPARK_PYTHON", python).env("SPARK_LOCAL_IP", "127.0.0.1").current_dir(folder);
    command
}

/// Every table is there, in Parquet.
fn assert_tables(folder: &Path) {
    for table in ["summaries", "intervals", "protocols", "vlans", "conversations", "endpoints", "sketches"] {
        let files = fs::read_dir(folder.join("tables").join(table)).unwrap();
        assert!(files.flatten().any(|file| file.path().extension().is_some_and(|ending| ending == "parquet")), "{table}");
    }
}

#[test]
fn spark_comes_to_the_same_where_it_is_installed() {
    let Some(python) = python() else { return };
    let folder = folder("spark");
    let names = ["vlans.pcap", "office.pcapng"].map(|name| format!("{}/captures/{name}", env!("CARGO_MANIFEST_DIR")));
    let mut command = driver(&python, &folder, "local[2]", &assert_cmd::cargo::cargo_bin("spantop"));
    let out = command.args(["--unit", "40000", "--tasks", "4"]).args(&names).output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let files: Vec<&str> = names.iter().map(String::as_str).collect();
    let archive = json(&fs::read_to_string(folder.join("report.json")).unwrap());
    assert_eq!(differences(&sums(&report(&files)), &sums(&archive)), [""; 0]);
    assert_tables(&folder);
}

#[test]
fn the_driver_for_spark_stays_small() {
    let driver = fs::read_to_string(DRIVER).unwrap();
    assert!(driver.lines().count() <= 200, "{}", driver.lines().count());
}

/// A daemon of Spark with its own process group, which ends with it.
struct Daemon(Child);

impl Daemon {
    /// Starts a class of Spark's.
    fn start(python: &str, folder: &Path, class: &str, args: &[&str]) -> Self {
        let home = Command::new(python).args(["-c", "import pyspark; print(pyspark.__path__[0])"]).output().unwrap();
        let home = PathBuf::from(String::from_utf8(home.stdout).unwrap().trim());
        let log = fs::File::create(folder.join(format!("{}.log", args.last().unwrap().replace(['/', ':'], "-")))).unwrap();
        let mut command = Command::new(home.join("bin/spark-class"));
        command.arg(format!("org.apache.spark.deploy.{class}")).args(args).current_dir(folder);
        command.env("SPARK_HOME", home).env("SPARK_LOCAL_IP", "127.0.0.1").env("PYSPARK_PYTHON", python);
        Self(command.process_group(0).stdout(Stdio::null()).stderr(log).spawn().unwrap())
    }

    /// Kills it and what it has started, as a machine dies.
    fn kill(&mut self) {
        let group = format!("-{}", self.0.id());
        let _ = Command::new("kill").args(["-KILL", "--", &group]).stderr(Stdio::null()).status();
        let _ = self.0.wait();
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A master and two workers of one core each on this host.
struct Cluster {
    url: String,
    workers: Vec<Daemon>,
    /// Ends after the workers.
    _master: Daemon,
}

impl Cluster {
    fn start(python: &str, folder: &Path) -> Self {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
        let url = format!("spark://127.0.0.1:{port}");
        let master = Daemon::start(python, folder, "master.Master", &["--host", "127.0.0.1", "--webui-port", "0", "--port", &port]);
        let worker = |name: &str| {
            let place = folder.join(name);
            fs::create_dir_all(&place).unwrap();
            let place = place.display().to_string();
            let options = ["--host", "127.0.0.1", "--webui-port", "0", "--cores", "1", "--memory", "1g", "--work-dir", &place, &url];
            Daemon::start(python, &folder.join(name), "worker.Worker", &options)
        };
        Self { workers: vec![worker("one"), worker("two")], url, _master: master }
    }
}

/// A program that stands for another and notes each time that it reads units.
fn noting(folder: &Path, noted: &Path) -> PathBuf {
    let path = folder.join("spantop.sh");
    let binary = assert_cmd::cargo::cargo_bin("spantop");
    let text = format!("#!/bin/sh\n[ \"$2\" != run ] || echo x >>'{}'\nexec '{}' \"$@\"\n", noted.display(), binary.display());
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
    path
}

/// Captures with hosts of their own and one that is in all of them, seconds apart.
fn captures(folder: &Path, count: u32) -> Vec<String> {
    let capture = |n: u32| {
        let host = [10, 1, (n >> 8) as u8, n as u8];
        let frames: Vec<(i64, Vec<u8>)> = (0..200u32)
            .map(|i| {
                let packet = Packet::eth([2, 0, 0, 0, 1, n as u8], [2, 0, 0, 0, 0, 2]).ip(host, [10, 0, 0, 2]);
                let payload = vec![0; (i % 900) as usize];
                (i64::from(n) * 1_000_000_000 + i64::from(i) * 4_000_000, packet.udp(2_000 + i as u16, 9).payload(&payload).build())
            })
            .collect();
        let path = folder.join(format!("{n:04}.pcap"));
        fs::write(&path, file::pcap(frames.iter().map(|(at, frame)| (1_700_000_000_000_000_000 + at, frame.as_slice())))).unwrap();
        path.display().to_string()
    };
    (0..count).map(capture).collect()
}

/// Reads captures on a cluster of which a worker is killed once so many tasks have begun; the report is that of one machine.
fn loses_a_worker(test: &str, count: u32, tasks: usize, dies_after: usize) {
    let Some(python) = python() else { return };
    let folder = folder(test);
    let noted = folder.join("noted");
    let begun = |noted: &Path| fs::read_to_string(noted).map_or(0, |text| text.lines().count());
    let names = captures(&folder, count);
    let mut cluster = Cluster::start(&python, &folder);
    let mut command = driver(&python, &folder, &cluster.url, &noting(&folder, &noted));
    command.args(["--tasks", &tasks.to_string()]).args(&names).stderr(fs::File::create(folder.join("driver.log")).unwrap());
    let (start, mut job) = (Instant::now(), command.spawn().unwrap());
    let mut killed_at = None;
    let status = loop {
        if let Some(status) = job.try_wait().unwrap() {
            break status;
        }
        if killed_at.is_none() && begun(&noted) >= dies_after {
            cluster.workers[0].kill();
            killed_at = Some(start.elapsed());
        }
        if start.elapsed() > Duration::from_secs(900) {
            job.kill().unwrap();
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    let said = fs::read_to_string(folder.join("driver.log")).unwrap();
    assert!(status.success(), "{said}");
    eprintln!("{count} captures, {tasks} tasks: {:?}, a worker killed after {killed_at:?}; {} tasks begun", start.elapsed(), begun(&noted));
    assert!(killed_at.is_some() && said.contains("Lost executor"), "no worker died while there was work: {said}");
    let files: Vec<&str> = names.iter().map(String::as_str).collect();
    let archive = json(&fs::read_to_string(folder.join("report.json")).unwrap());
    assert_eq!(differences(&sums(&report(&files)), &sums(&archive)), [""; 0]);
    assert_eq!(archive["capture"]["packets"], u64::from(count) * 200);
    assert_tables(&folder);
}

#[test]
fn a_worker_of_the_cluster_dies_and_the_report_is_that_of_one_machine() {
    loses_a_worker("cluster", 60, 20, 6);
}

#[test]
#[ignore = "some minutes: cargo test --release --test archive -- --ignored --nocapture thousand"]
fn a_thousand_captures_on_a_cluster_that_loses_a_worker() {
    loses_a_worker("cluster-1000", 1_000, 100, 30);
}
