//! Prometheus, IPFIX, syslog and webhooks.

use crate::fixture::{busy, doubled, export, folder, identity, run_while, totals};
use crate::server::{Collected, free_port, number, serve, tool};
use spantop::export::{ExportTarget, HubPlan};
use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::time::Duration;

#[test]
fn a_page_for_prometheus_says_what_the_report_says() {
    let port = free_port();
    let plan = HubPlan::open(&[ExportTarget::parse(&format!("prometheus:127.0.0.1:{port}")).unwrap()], identity()).unwrap();
    let scraped = || {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
        stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n").ok()?;
        let mut page = String::new();
        stream.read_to_string(&mut page).ok()?;
        Some(page)
    };
    let mut page = String::new();
    let (snapshot, _) = run_while(busy(), plan, |last| {
        let total = format!("}} {}", totals(last).0);
        let is_all = |page: &str| page.lines().any(|line| line.starts_with("spantop_packets_total{") && line.ends_with(&total));
        let begun = std::time::Instant::now();
        while !is_all(&page) && begun.elapsed() < Duration::from_secs(20) {
            std::thread::sleep(Duration::from_millis(20));
            page = scraped().unwrap_or_default();
        }
    });
    assert!(scraped().is_none(), "the page ends with its exporter");
    let values = |name: &str| -> Vec<f64> {
        let lines = page.lines().filter(|l| l.starts_with(&format!("spantop_{name}{{")));
        lines.map(|l| l.rsplit(' ').next().unwrap().parse().unwrap()).collect()
    };
    let (packets, bytes) = totals(&snapshot);
    assert_eq!(values("packets_total"), [packets as f64]);
    assert_eq!(values("protocol_packets_total").iter().sum::<f64>(), packets as f64);
    assert_eq!(values("protocol_wire_bytes_total").iter().sum::<f64>(), bytes as f64);
    assert_eq!(values("flows_closed_total").iter().sum::<f64>(), 60.0, "{page}");
    let service = page.lines().find(|l| l.starts_with("spantop_service_requests_total{") && l.contains("port=\"53\"")).unwrap();
    assert!(service.ends_with("} 40") && service.contains("probe=\"probe-1\",site=\"lab\""), "{service}");
    assert!(page.contains("session=\"5-7\""));
    // Every family is told of before its series, once.
    let families: Vec<&str> = page.lines().filter_map(|l| l.strip_prefix("# TYPE ")).filter_map(|l| l.split(' ').next()).collect();
    assert_eq!(families.iter().collect::<BTreeSet<_>>().len(), families.len());
    let series: Vec<&str> = page.lines().filter(|l| l.starts_with("spantop_")).filter_map(|l| l.split('{').next()).collect();
    assert!(series.iter().all(|name| families.contains(name)) && series.len() > 20, "{series:?}");
}

/// Sums of packets and layer-2 bytes, both ways.
fn sums(collected: &Collected) -> (u64, u64) {
    let both = |id: u16| collected.flows.iter().map(|f| number(f, 0, id) + number(f, 29_305, id)).sum::<u64>();
    (both(2), both(352))
}

#[test]
fn flows_by_ipfix_over_udp_add_up_to_the_report() {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
    let (snapshot, states) = export(busy(), &[&format!("ipfix:{}", socket.local_addr().unwrap())], &[("domain", "7")]);
    let (mut collected, mut bytes) = (Collected::default(), [0; 65_536]);
    while let Ok(n) = socket.recv(&mut bytes) {
        assert!(n <= 1_400 && bytes[12..16] == [0, 0, 0, 7]);
        collected.message(&bytes[..n]);
    }
    assert_eq!(sums(&collected), totals(&snapshot));
    assert_eq!((collected.flows.len() as u64, states[0].dropped), (states[0].exported, 0));
    let http = collected.flows.iter().find(|f| number(f, 0, 11) == 80).unwrap();
    assert_eq!((&http[&(0, 8)], &http[&(0, 12)], number(http, 0, 239)), (&vec![10, 0, 0, 1], &vec![10, 0, 0, 2], 1));
    assert_eq!((number(http, 0, 152), &http[&(0, 96)]), (1_700_000_000_000, &b"http".to_vec()));
    // Fourteen bytes of a frame are Ethernet's header.
    assert!(collected.flows.iter().all(|f| number(f, 0, 352) == number(f, 0, 1) + 14 * number(f, 0, 2)));
    let last = collected.options.last().unwrap();
    assert_eq!(number(last, 0, 42), 60, "the process says how many it sent");
    assert_eq!(last[&(0, 300)], b"probe-1 lab 5-7");
}

#[test]
fn ipfix_over_tcp_is_a_stream_of_messages_and_a_collector_that_is_not_there_is_told() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let target = format!("ipfix:tcp://{}", listener.local_addr().unwrap());
    let reader = std::thread::spawn(move || {
        let mut bytes = Vec::new();
        listener.accept().unwrap().0.read_to_end(&mut bytes).unwrap();
        bytes
    });
    let (snapshot, states) = export(busy(), &[&target], &[]);
    let bytes = reader.join().unwrap();
    let (mut collected, mut rest) = (Collected::default(), bytes.as_slice());
    while rest.len() >= 16 {
        let (message, after) = rest.split_at(usize::from(u16::from_be_bytes([rest[2], rest[3]])));
        collected.message(message);
        rest = after;
    }
    assert_eq!((sums(&collected), rest.len(), states[0].exported), (totals(&snapshot), 0, 60));
    let (_, states) = export(busy(), &[&format!("ipfix:tcp://127.0.0.1:{}", free_port())], &[]);
    assert_eq!((states[0].exported, states[0].dropped), (0, 60), "nothing is lost without being counted");
    assert!(states[0].trouble.contains("refused"), "{states:?}");
}

#[test]
fn nfcapd_understands_it() {
    let Some(nfcapd) = tool("nfcapd") else { return };
    let folder = folder("nfcapd");
    let port = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let arguments = ["-p", &port.to_string(), "-b", "127.0.0.1", "-w", folder.to_str().unwrap(), "-t", "3600"];
    let mut collector = Command::new(nfcapd).args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(1_000));
    let (snapshot, _) = export(busy(), &[&format!("ipfix:127.0.0.1:{port}")], &[]);
    std::thread::sleep(Duration::from_millis(500));
    assert!(Command::new("kill").args(["-TERM", &collector.id().to_string()]).status().unwrap().success());
    collector.wait().unwrap();
    let output =
        Command::new("nfdump").args(["-R", folder.to_str().unwrap(), "-q", "-B", "-o", "fmt:=%sa %dp %ipkt %opkt"]).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let rows: Vec<Vec<&str>> = text.lines().filter_map(|l| l.trim().strip_prefix('=')).map(|l| l.split_whitespace().collect()).collect();
    let sum: u64 = rows.iter().map(|row| row[2].parse::<u64>().unwrap() + row[3].parse::<u64>().unwrap()).sum();
    assert_eq!((rows.len(), sum), (60, totals(&snapshot).0), "{text}");
    assert_eq!(rows.iter().filter(|row| row[0] == "10.0.0.1" && row[1] == "80").count(), 20, "{text}");
}

#[test]
fn findings_are_told_by_syslog_and_webhook_once_each() {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
    let attempts = Mutex::new(0);
    let server = serve(0, move |_| {
        let mut attempts = attempts.lock().unwrap();
        *attempts += 1;
        Some((if *attempts == 1 { 503 } else { 200 }, String::new()))
    });
    let folder = folder("findings");
    let token = folder.join("token");
    std::fs::write(&token, "t0ken").unwrap();
    std::fs::set_permissions(&token, PermissionsExt::from_mode(0o600)).unwrap();
    let log = format!("syslog:udp://{}", socket.local_addr().unwrap());
    let (snapshot, states) = export(doubled(), &[&log], &[("format", "cef")]);
    let found: BTreeSet<&str> = snapshot.diagnosis.findings.iter().filter(|f| f.active).map(|f| f.id).collect();
    assert!(found.contains("dup.every"), "{found:?}");
    let (mut told, mut bytes) = (BTreeSet::new(), [0; 65_536]);
    while let Ok(n) = socket.recv(&mut bytes) {
        let line = String::from_utf8(bytes[..n].to_vec()).unwrap();
        assert!(line.contains(" probe-1 spantop - ") && line.contains("CEF:0|spantop|spantop|") && line.contains("cs3=5-7"), "{line}");
        assert!(told.insert(line.split('|').nth(4).unwrap().to_owned()), "twice: {line}");
    }
    assert_eq!(told.iter().map(String::as_str).collect::<BTreeSet<_>>(), found);
    assert_eq!(states[0].exported, found.len() as u64);
    let (_, states) = export(doubled(), &[&format!("webhook:{}/hook", server.url)], &[("token-file", token.to_str().unwrap())]);
    let requests = server.requests.lock().unwrap();
    let done: Vec<serde_json::Value> = requests.iter().skip(1).map(|r| serde_json::from_str(&r.body).unwrap()).collect();
    assert_eq!(done.iter().map(|v| v["id"].as_str().unwrap()).collect::<BTreeSet<_>>(), found);
    assert!(done.iter().all(|v| v["probe"] == "probe-1" && v["state"] == "opened"));
    assert_eq!(requests[0].fields["idempotency-key"], requests[1].fields["idempotency-key"], "the attempt that failed is made again");
    assert!(requests.iter().all(|r| r.fields["authorization"] == "Bearer t0ken"));
    assert_eq!((states[0].exported, states[0].retries), (found.len() as u64, 1));
}
