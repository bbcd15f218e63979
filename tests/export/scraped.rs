//! Servers of others that scrape: Prometheus and VictoriaMetrics, where they are installed, have what the report says.

use crate::fixture::{busy, folder, identity, run_while, totals};
use crate::server::{free_port, tool};
use serde_json::Value;
use spantop::export::{ExportTarget, HubPlan};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A server that scrapes one page once a second; stopped when dropped.
struct Scraper {
    process: Child,
    port: u16,
}

impl Drop for Scraper {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Scraper {
    /// Starts a program with its files in a folder, and options that name its port.
    fn start(program: &str, folder: &Path, page: u16, options: impl Fn(&Path, u16) -> Vec<String>) -> Self {
        let config = folder.join("scrape.yml");
        let job =
            format!("scrape_configs:\n- job_name: spantop\n  scrape_interval: 1s\n  static_configs: [{{targets: ['127.0.0.1:{page}']}}]\n");
        std::fs::write(&config, job).unwrap();
        let port = free_port();
        let mut command = Command::new(program);
        command.args(options(&config, port)).current_dir(folder).stdout(Stdio::null()).stderr(Stdio::null());
        Self { process: command.spawn().unwrap(), port }
    }

    /// What it answers to a question, once it knows something.
    fn ask(&self, query: &str) -> Option<f64> {
        let page = get(self.port, &format!("/api/v1/query?query={query}"))?;
        let answer: Value = serde_json::from_str(&page).ok()?;
        answer["data"]["result"].as_array()?.first()?["value"][1].as_str()?.parse().ok()
    }
}

/// The body of a page of this host.
fn get(port: u16, path: &str) -> Option<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(10))).ok()?;
    write!(stream, "GET {path} HTTP/1.0\r\nHost: x\r\n\r\n").ok()?;
    let mut page = String::new();
    stream.read_to_string(&mut page).ok()?;
    Some(page.split_once("\r\n\r\n")?.1.to_owned())
}

/// Has what is exported scraped by a server: its sums are those of the report.
fn scraped_by(name: &str, options: impl Fn(&Path, u16) -> Vec<String>) {
    let Some(program) = tool(name) else { return };
    let folder = folder(name);
    let page = free_port();
    let plan = HubPlan::open(&[ExportTarget::parse(&format!("prometheus:127.0.0.1:{page}")).unwrap()], identity()).unwrap();
    let queries = ["spantop_packets_total", "sum(spantop_protocol_wire_bytes_total)", "sum(spantop_service_requests_total{port=\"53\"})"];
    let mut said = [None; 3];
    let (snapshot, states) = run_while(busy(), plan, |last| {
        let server = Scraper::start(program, &folder, page, options);
        let (packets, bytes) = totals(last);
        let begun = Instant::now();
        while said != [Some(packets as f64), Some(bytes as f64), Some(40.0)] && begun.elapsed() < Duration::from_secs(60) {
            std::thread::sleep(Duration::from_millis(200));
            said = queries.map(|query| server.ask(&query.replace('{', "%7B").replace('}', "%7D").replace('"', "%22")));
        }
    });
    let (packets, bytes) = totals(&snapshot);
    assert_eq!(said, [Some(packets as f64), Some(bytes as f64), Some(40.0)], "{name}: {states:?}");
}

#[test]
fn prometheus_scrapes_what_the_report_says() {
    scraped_by("prometheus", |config, port| {
        let option = |name: &str, value: String| format!("--{name}={value}");
        vec![
            option("config.file", config.display().to_string()),
            option("storage.tsdb.path", config.with_file_name("data").display().to_string()),
            option("web.listen-address", format!("127.0.0.1:{port}")),
        ]
    });
}

#[test]
fn victoria_metrics_scrapes_what_the_report_says() {
    scraped_by("victoria-metrics", |config, port| {
        let option = |name: &str, value: String| format!("-{name}={value}");
        vec![
            option("promscrape.config", config.display().to_string()),
            option("storageDataPath", config.with_file_name("data").display().to_string()),
            option("httpListenAddr", format!("127.0.0.1:{port}")),
            // What was scraped last is wanted now.
            option("search.latencyOffset", "0s".into()),
        ]
    });
}

#[test]
fn promtool_has_nothing_to_say_against_the_page() {
    let Some(promtool) = tool("promtool") else { return };
    let port = free_port();
    let plan = HubPlan::open(&[ExportTarget::parse(&format!("prometheus:127.0.0.1:{port}")).unwrap()], identity()).unwrap();
    let mut page = String::new();
    run_while(busy(), plan, |_| {
        let begun = Instant::now();
        while !page.contains("\nspantop_service_requests_total{") && begun.elapsed() < Duration::from_secs(20) {
            std::thread::sleep(Duration::from_millis(20));
            page = get(port, "/metrics").unwrap_or_default();
        }
    });
    assert!(page.contains("\nspantop_service_requests_total{"), "{page}");
    let mut check = Command::new(promtool).args(["check", "metrics"]).stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    check.stdin.take().unwrap().write_all(page.as_bytes()).unwrap();
    let out = check.wait_with_output().unwrap();
    assert!(out.status.success() && out.stderr.is_empty(), "{}", String::from_utf8_lossy(&out.stderr));
}
