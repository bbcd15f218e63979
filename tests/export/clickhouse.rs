//! ClickHouse: a server in this process that may fail as it is told, and the real one where it is installed.

use crate::fixture::{busy, export, folder, totals};
use crate::server::{self, Request, Server, free_port, serve, tool};
use serde_json::Value;
use spantop::export::clickhouse::DatabasePlan;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A database that keeps what is inserted, by table.
type Rows = Arc<Mutex<BTreeMap<String, Vec<Value>>>>;

fn insert(rows: &Rows, request: &Request) {
    let table = request.path.split("INSERT INTO ").nth(1).unwrap().split(' ').next().unwrap().to_owned();
    let lines = request.body.lines().map(|l| serde_json::from_str::<Value>(l).unwrap());
    rows.lock().unwrap().entry(table).or_default().extend(lines);
}

/// What the question about a batch is answered.
fn count(rows: &Rows, request: &Request) -> String {
    let (table, batch) = (request.body.split("FROM ").nth(1).unwrap(), request.body.split("batch = '").nth(1).unwrap());
    let (table, batch) = (table.split(' ').next().unwrap(), batch.trim_end_matches('\''));
    let held = rows.lock().unwrap();
    let n = held.get(table).map_or(0, |rows| rows.iter().filter(|row| row["batch"] == batch).count());
    format!("{n}\n")
}

fn packets(rows: &Rows) -> u64 {
    let held = rows.lock().unwrap();
    let sum = |row: &Value| row["source_packets"].as_u64().unwrap() + row["destination_packets"].as_u64().unwrap();
    held.get("net.flows").map_or(0, |rows| rows.iter().map(sum).sum())
}

/// Answers the n-th insertion, from 1, by a function.
fn database(port: u16, rows: &Rows, answers: impl Fn(usize) -> server::Answer + Send + 'static) -> Server {
    let (rows, inserted) = (Arc::clone(rows), Mutex::new(0));
    serve(port, move |request| {
        if !request.path.contains("INSERT") {
            return Some((200, count(&rows, request)));
        }
        let mut inserted = inserted.lock().unwrap();
        *inserted += 1;
        let answer = answers(*inserted);
        // What is not answered has been done all the same.
        if answer.as_ref().is_none_or(|(status, _)| *status == 200) {
            insert(&rows, request);
        }
        answer
    })
}

fn fine(_: usize) -> server::Answer {
    Some((200, String::new()))
}

fn nothing() -> spantop::capture::Memory {
    spantop::capture::Memory::new()
}

#[test]
fn rows_of_clickhouse_add_up_to_the_report() {
    let rows = Rows::default();
    let server = database(0, &rows, fine);
    let folder = folder("clickhouse-fine");
    let secret = folder.join("password");
    std::fs::write(&secret, "s3cret\n").unwrap();
    std::fs::set_permissions(&secret, PermissionsExt::from_mode(0o600)).unwrap();
    let options = [("user", "probe"), ("password-file", secret.to_str().unwrap()), ("batch-rows", "16"), ("compression", "zstd")];
    let (snapshot, states) = export(busy(), &[&format!("clickhouse:{}/net", server.url)], &options);
    assert_eq!(packets(&rows), totals(&snapshot).0);
    let held = rows.lock().unwrap();
    let sum = |table: &str, name: &str| held[table].iter().map(|row| row[name].as_u64().unwrap()).sum::<u64>();
    assert_eq!(sum("net.intervals", "wire_bytes"), totals(&snapshot).1);
    assert_eq!(sum("net.services", "requests"), snapshot.stats.services.rows.iter().map(|s| s.counts.requests).sum::<u64>());
    assert!(!held["net.probes"].is_empty());
    let all: Vec<&Value> = held.values().flatten().collect();
    assert!(all.iter().all(|row| row["probe"] == "probe-1" && row["site"] == "lab" && row["session"] == "5-7"));
    let names: BTreeSet<String> = all.iter().map(|row| format!("{} {}", row["batch"], row["row"])).collect();
    assert_eq!((names.len(), states[0].exported), (all.len(), all.len() as u64), "each row has a name of its own");
    // "probe:s3cret" in base 64, in a field of the head and nowhere else.
    let requests = server.requests.lock().unwrap();
    assert!(requests.iter().all(|r| r.fields["authorization"] == "Basic cHJvYmU6czNjcmV0" && !r.path.contains("s3cret")));
    assert!(requests.len() > 4 && !format!("{states:?}").contains("s3cret"));
}

#[test]
fn no_two_batches_of_a_run_have_the_same_name() {
    let (rows, others) = (Rows::default(), Rows::default());
    let servers = [database(0, &rows, fine), database(0, &others, fine)];
    let targets = servers.each_ref().map(|server| format!("clickhouse:{}/net", server.url));
    export(busy(), &[&targets[0], &targets[1]], &[("batch-rows", "16")]);
    // As where an exporter takes the place of another: both are of one run.
    let names = |rows: &Rows| -> BTreeSet<String> { rows.lock().unwrap().values().flatten().map(|row| row["batch"].to_string()).collect() };
    let (some, more) = (names(&rows), names(&others));
    assert!(some.len() > 4 && more.len() > 4 && some.is_disjoint(&more), "{some:?} {more:?}");
}

#[test]
fn a_batch_whose_answer_is_lost_counts_once() {
    let rows = Rows::default();
    // Every other answer is lost; some requests fail.
    let server = database(0, &rows, |n| match n {
        3 => Some((500, "Code: 252, e.displayText() = DB::Exception: too many parts".into())),
        n if n % 2 == 0 => None,
        _ => Some((200, String::new())),
    });
    let folder = folder("clickhouse-lost");
    let options = [("batch-rows", "16"), ("spool", folder.to_str().unwrap())];
    let target = format!("clickhouse:{}/net", server.url);
    let (snapshot, _) = export(busy(), &[&target], &options);
    // What had to wait longer than this run is sent by the next ones, in which nothing passes.
    for _ in 0..20 {
        if batches(&folder) == 0 {
            break;
        }
        export(nothing(), &[&target], &options);
    }
    assert_eq!(packets(&rows), totals(&snapshot).0);
    let doubted = server.requests.lock().unwrap().iter().filter(|r| r.body.contains("SELECT count()")).count();
    assert!(doubted > 0, "a batch that may have arrived is asked for");
}

/// Batches in a spool.
fn batches(folder: &std::path::Path) -> usize {
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.filter(|path| path.extension().is_some_and(|ending| ending == "batch")).count()
}

#[test]
fn a_dead_server_loses_nothing_within_the_spool() {
    let (folder, port, rows) = (folder("clickhouse-dead"), free_port(), Rows::default());
    let target = format!("clickhouse:http://127.0.0.1:{port}/net");
    let options = [("batch-rows", "16"), ("spool", folder.to_str().unwrap())];
    let (snapshot, states) = export(busy(), &[&target], &options);
    assert_eq!((states[0].exported, states[0].dropped), (0, 0));
    assert!(states[0].waiting > 60 && states[0].spooled_bytes > 0 && states[0].trouble.contains("127.0.0.1"), "{states:?}");
    assert!(batches(&folder) > 3);
    let _server = database(port, &rows, fine);
    let (_, states) = export(nothing(), &[&target], &options);
    assert_eq!(packets(&rows), totals(&snapshot).0);
    assert_eq!((states[0].waiting, states[0].spooled_bytes, batches(&folder)), (0, 0, 0));
}

#[test]
fn a_server_that_does_not_know_zstandard_gets_gzip() {
    let rows = Rows::default();
    let server = {
        let rows = Arc::clone(&rows);
        serve(0, move |request| {
            if !request.path.contains("INSERT") {
                return Some((200, count(&rows, request)));
            }
            if request.fields.get("content-encoding").is_some_and(|coding| coding == "zstd") {
                return Some((500, "Code: 89, e.displayText() = DB::Exception: Unknown Content-Encoding of HTTP request: zstd".into()));
            }
            insert(&rows, request);
            Some((200, String::new()))
        })
    };
    let options = [("batch-rows", "16"), ("compression", "zstd")];
    let (snapshot, states) = export(busy(), &[&format!("clickhouse:{}/net", server.url)], &options);
    assert_eq!((packets(&rows), states[0].waiting, states[0].dropped), (totals(&snapshot).0, 0, 0));
    let refused = server.requests.lock().unwrap().iter().filter(|r| r.fields.get("content-encoding").is_some_and(|c| c == "zstd")).count();
    assert_eq!(refused, 1, "it is asked once");
}

#[test]
fn a_table_that_is_missing_holds_up_its_own_rows_only() {
    let (folder, rows) = (folder("clickhouse-no-table"), Rows::default());
    let refusing = |is_there: bool| {
        let rows = Arc::clone(&rows);
        serve(0, move |request| {
            if request.path.contains("net.intervals") && !is_there {
                return Some((404, "Code: 60. DB::Exception: Table net.intervals doesn't exist. (UNKNOWN_TABLE)".into()));
            }
            match request.path.contains("INSERT") {
                true => insert(&rows, request),
                false => return Some((200, count(&rows, request))),
            }
            Some((200, String::new()))
        })
    };
    let options = [("batch-rows", "16"), ("spool", folder.to_str().unwrap())];
    let server = refusing(false);
    let (snapshot, states) = export(busy(), &[&format!("clickhouse:{}/net", server.url)], &options);
    assert_eq!(packets(&rows), totals(&snapshot).0, "flows arrive");
    assert!(states[0].waiting > 0 && states[0].dropped == 0 && states[0].trouble.contains("fleet init"), "{states:?}");
    assert!(!rows.lock().unwrap().contains_key("net.intervals") && batches(&folder) > 0);
    let server = refusing(true);
    let (_, states) = export(nothing(), &[&format!("clickhouse:{}/net", server.url)], &options);
    let bytes = rows.lock().unwrap()["net.intervals"].iter().map(|row| row["wire_bytes"].as_u64().unwrap()).sum::<u64>();
    assert_eq!((bytes, states[0].waiting, batches(&folder)), (totals(&snapshot).1, 0, 0));
}

#[test]
fn what_a_server_refuses_for_good_holds_nothing_up() {
    let rows = Rows::default();
    let server = database(0, &rows, |n| match n {
        1 => Some((400, "Code: 117, e.displayText() = DB::Exception: Unknown field found while parsing".into())),
        _ => Some((200, String::new())),
    });
    let (_, states) = export(busy(), &[&format!("clickhouse:{}/net", server.url)], &[("batch-rows", "16")]);
    let held = rows.lock().unwrap().values().map(Vec::len).sum::<usize>() as u64;
    assert!(states[0].dropped > 0, "{states:?}");
    assert_eq!((states[0].exported, states[0].waiting), (held, 0));
}

#[test]
fn a_certificate_that_nobody_vouches_for_gets_no_password_and_no_row() {
    let Some(openssl) = tool("openssl") else { return };
    let folder = folder("clickhouse-tls");
    let (certificate, key) = (folder.join("certificate.pem"), folder.join("key.pem"));
    let made = Command::new(openssl)
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-days",
            "30",
            "-subj",
            "/CN=localhost",
        ])
        .args(["-addext", "subjectAltName=DNS:localhost", "-addext", "basicConstraints=critical,CA:FALSE"])
        .args(["-out", certificate.to_str().unwrap(), "-keyout", key.to_str().unwrap()])
        .stderr(Stdio::null())
        .status();
    assert!(made.unwrap().success());
    let server = server::serve_by_tls(&certificate, &key);
    let target = format!("clickhouse:{}/net", server.url);
    // What the system trusts does not vouch for it.
    let (_, states) = export(busy(), &[&target], &[("user", "probe")]);
    assert_eq!((states[0].exported, server.requests.lock().unwrap().len()), (0, 0));
    assert!(states[0].dropped > 60 && states[0].trouble.to_lowercase().contains("certificate"), "{states:?}");
    let (_, states) = export(busy(), &[&target], &[("user", "probe"), ("ca", certificate.to_str().unwrap())]);
    let requests = server.requests.lock().unwrap();
    let rows = requests.iter().map(|r| r.body.lines().count() as u64).sum::<u64>();
    assert_eq!((states[0].exported, states[0].dropped, states[0].trouble.as_str()), (rows, 0, ""));
    assert!(rows > 60 && requests.iter().all(|r| r.fields.contains_key("authorization")));
}

/// The server that Debian has; stopped when dropped.
pub struct RealDatabase {
    process: Child,
    /// Where it answers by HTTP.
    pub port: u16,
}

impl Drop for RealDatabase {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl RealDatabase {
    /// Starts one with its files in a folder; `None` where it is not installed.
    pub fn start(folder: &Path) -> Option<Self> {
        Self::start_at(folder, [free_port(), free_port()], "")
    }

    /// The same at ports for HTTP and for other servers, with more of a configuration.
    pub fn start_at(folder: &Path, [port, native]: [u16; 2], more: &str) -> Option<Self> {
        let program = tool("clickhouse-server")?;
        let place = folder.display();
        let config = format!(
            "<yandex><logger><level>error</level></logger><http_port>{port}</http_port><tcp_port>{native}</tcp_port>\
             <listen_host>127.0.0.1</listen_host><path>{place}/data/</path><tmp_path>{place}/tmp/</tmp_path>\
             <users_config>{place}/users.xml</users_config><default_profile>default</default_profile>\
             <default_database>default</default_database><mark_cache_size>5368709</mark_cache_size>{more}</yandex>"
        );
        let users = "<yandex><profiles><default/></profiles><users><default><password></password><networks><ip>127.0.0.1</ip></networks>\
             <profile>default</profile><quota>default</quota></default></users><quotas><default/></quotas></yandex>";
        std::fs::write(folder.join("config.xml"), config).unwrap();
        std::fs::write(folder.join("users.xml"), users).unwrap();
        let mut command = Command::new(program);
        command.arg(format!("--config-file={place}/config.xml")).current_dir(folder).stdout(Stdio::null()).stderr(Stdio::null());
        let server = Self { process: command.spawn().unwrap(), port };
        for _ in 0..200 {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return Some(server);
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        panic!("clickhouse-server does not answer");
    }

    /// Asks it, and fails where it refuses.
    pub fn ask(&self, sql: &str) -> String {
        let (is_done, body) = self.ask_as("default", "", sql);
        assert!(is_done, "{sql}\n{body}");
        body
    }

    /// Asks it as somebody; whether it is done, and what is said.
    pub fn ask_as(&self, user: &str, password: &str, sql: &str) -> (bool, String) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let who = format!("X-ClickHouse-User: {user}\r\nX-ClickHouse-Key: {password}\r\n");
        write!(stream, "POST / HTTP/1.0\r\n{who}Content-Length: {}\r\n\r\n{sql}", sql.len()).unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        (head.contains(" 200 "), body.trim().to_owned())
    }

    /// Does the steps of a database.
    pub fn make(&self, steps: &str) {
        steps.split(";\n").filter(|s| !s.trim().is_empty()).for_each(|step| drop(self.ask(step)));
    }
}

#[test]
fn the_real_database_takes_tables_and_rows_and_a_batch_that_comes_twice_counts_once() {
    let folder = folder("clickhouse-real");
    let Some(server) = RealDatabase::start(&folder) else { return };
    let migrations = spantop::export::clickhouse::migrations(&DatabasePlan::new("net"));
    for _ in 0..2 {
        server.make(&migrations);
    }
    let target = format!("clickhouse:http://127.0.0.1:{}/net", server.port);
    let (snapshot, states) = export(busy(), &[&target], &[("batch-rows", "16")]);
    assert_eq!((states[0].dropped, states[0].trouble.as_str()), (0, ""));
    let (packets, bytes) = totals(&snapshot);
    let sum = "SELECT sum(source_packets + destination_packets), sum(source_wire_bytes + destination_wire_bytes) FROM net.flows FINAL";
    assert_eq!(server.ask(sum), format!("{packets}\t{bytes}"));
    let merged = "SELECT sum(packets), sum(wire_bytes), uniqMerge(destinations) FROM net.flows_by_minute FINAL";
    assert_eq!(server.ask(merged), format!("{packets}\t{bytes}\t2"));
    let hours = "SELECT sumMerge(packets), sumMerge(wire_bytes), uniqMerge(destinations) FROM net.flows_by_hour";
    assert_eq!(server.ask(hours), format!("{packets}\t{bytes}\t2"));
    assert_eq!(server.ask("SELECT sum(packets) FROM net.intervals FINAL"), packets.to_string());
    assert_eq!(server.ask("SELECT sum(requests) FROM net.services FINAL WHERE port = 53"), "40");
    assert_eq!(server.ask("SELECT uniq(probe), any(site), any(session) FROM net.flows"), "1\tlab\t5-7");
    // The same rows again, as after a crash between the answer and the end of the batch.
    server.ask("INSERT INTO net.flows SELECT * FROM net.flows");
    assert_eq!(server.ask(sum), format!("{packets}\t{bytes}"));
    assert_eq!(server.ask(merged), format!("{packets}\t{bytes}\t2"), "and in the sums by the minute");
}
