//! A real SPAN port: a bridge whose ports the kernel mirrors into a probe port, hosts in namespaces behind it that talk TCP. Without root
//! or the tools it needs a test says so and passes.

mod support;

use serde_json::Value;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use support::namespace::{inside, needs, pair, run, works};

/// What the process that plays a host does: `serve`, or ask the server for so many seconds, `steady` or in `bursts`.
const ROLE: &str = "SPANTOP_HOST";
/// An answer comes in as many pieces of this size as were asked for, one each 10 ms: 6.4 Mbit/s.
const PIECE: usize = 8_000;
/// Pieces of an answer to one of several bursts, and to steady clients.
const PIECES: [u8; 2] = [30, 120];
/// Clients that ask at the same time.
const CLIENTS: u8 = 6;

/// A host in a namespace of its own, with one cable to the bridge.
struct Host(Child);

impl Host {
    /// Host `number` has the address 10.9.0.`number` and is behind the bridge's port `p<number>`.
    fn new(number: u8) -> Self {
        let child = Command::new("unshare").args(["--net", "sleep", "60"]).spawn().expect("unshare");
        let host = Self(child);
        let pid = host.0.id();
        let own = std::fs::read_link("/proc/self/ns/net").expect("a namespace");
        let start = Instant::now();
        while std::fs::read_link(format!("/proc/{pid}/ns/net")).is_ok_and(|its| its == own) {
            assert!(start.elapsed() < Duration::from_secs(5), "no namespace for host {number}");
            std::thread::sleep(Duration::from_millis(5));
        }
        run(&format!("ip link add name p{number} type veth peer name e{number} && ip link set dev e{number} netns {pid}"));
        run(&format!("ip link set dev p{number} master br0 && ip link set dev p{number} up"));
        // Frames as long as on a wire, with whole checksums.
        host.run(&format!("ethtool -K e{number} tso off gso off gro off tx off"));
        host.run(&format!("ip addr add 10.9.0.{number}/24 dev e{number} && ip link set dev e{number} up"));
        host
    }

    fn run(&self, line: &str) {
        run(&format!("nsenter --target {} --net sh -c '{line}' >/dev/null", self.0.id()));
    }

    /// Has this test's own program play a role there. All on one processor: of two that copy, one may be held up by whatever else the machine
    /// does, and what the other copies overtakes.
    fn plays(&self, role: &str) -> Child {
        let program = std::env::current_exe().expect("the path of this test");
        Command::new("taskset")
            .args(["--cpu-list", &processor(), "nsenter"])
            .args(["--target", &self.0.id().to_string(), "--net"])
            .arg(program)
            .args(["--exact", "host", "--ignored", "--nocapture"])
            .env(ROLE, role)
            .stdout(Stdio::null())
            .spawn()
            .expect("taskset")
    }
}

/// The first processor that this process may use.
fn processor() -> String {
    let status = std::fs::read_to_string("/proc/self/status").expect("a status");
    let list = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:")).expect("processors").trim();
    list.chars().take_while(char::is_ascii_digit).collect()
}

impl Drop for Host {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A host's part, in a process of its own.
#[test]
#[ignore = "played by the other tests"]
fn host() {
    let Ok(role) = std::env::var(ROLE) else { return };
    if role == "serve" {
        let listener = TcpListener::bind("0.0.0.0:8080").expect("a port");
        for stream in listener.incoming() {
            std::thread::spawn(move || {
                let (mut stream, mut question) = (stream.expect("a client"), [0]);
                let _ = stream.read_exact(&mut question);
                for _ in 0..question[0] {
                    let _ = stream.write_all(&[7; PIECE]);
                    std::thread::sleep(Duration::from_millis(10));
                }
            });
        }
    }
    let (how, seconds) = role.split_once(' ').expect("how, and for how long");
    let (start, length) = (Instant::now(), Duration::from_secs(seconds.parse().expect("seconds")));
    let bursts = how == "bursts";
    let client = move |n: u8| {
        while start.elapsed() < length {
            // In bursts the first asks all the time, the others at the beginning of each second only.
            if bursts && n > 0 && start.elapsed().subsec_millis() > 100 {
                std::thread::sleep(Duration::from_millis(5));
                continue;
            }
            if let Ok(mut stream) = TcpStream::connect("10.9.0.2:8080") {
                let _ = stream.write_all(&[PIECES[usize::from(!bursts)]]);
                let _ = stream.read_to_end(&mut Vec::new());
            }
        }
    };
    let clients: Vec<_> = (0..CLIENTS).map(|n| std::thread::spawn(move || client(n))).collect();
    clients.into_iter().for_each(|c| c.join().expect("a client"));
}

/// Two hosts at a bridge, and `probe`, to which `span` sends what is mirrored; both talk for some seconds from now on.
struct Office {
    _hosts: [Host; 2],
    programs: [Child; 2],
}

impl Drop for Office {
    fn drop(&mut self) {
        for program in &mut self.programs {
            let _ = program.kill();
            let _ = program.wait();
        }
    }
}

fn office(prepare: &str, talk: &str) -> Office {
    run("ip link add name br0 type bridge && ip link set dev br0 up && ip link set dev probe arp off && ip link set dev span arp off");
    let hosts = [Host::new(1), Host::new(2)];
    run("tc qdisc add dev p1 clsact && tc qdisc add dev p2 clsact");
    run(prepare);
    let serve = hosts[1].plays("serve");
    std::thread::sleep(Duration::from_millis(300));
    let ask = hosts[0].plays(talk);
    Office { _hosts: hosts, programs: [serve, ask] }
}

/// Whether this process is the one in the namespace, with `span` and `probe` there, and the kernel mirrors.
fn is_possible(test: &str) -> bool {
    if !needs(test, &["tc", "ethtool", "nsenter", "taskset"]) || !inside(test) {
        return false;
    }
    pair("span", "probe");
    let mirrors = works("tc qdisc add dev probe clsact") && works(&copy("probe", "ingress")) && works("tc qdisc del dev probe clsact");
    if !mirrors {
        eprintln!("skipped {test}: this kernel does not mirror");
    }
    mirrors
}

/// The command that mirrors one direction of a port.
fn copy(port: &str, direction: &str) -> String {
    format!("tc filter add dev {port} {direction} protocol all u32 match u32 0 0 action mirred egress mirror dev span")
}

/// `spantop check` on the probe port: its exit code and its report.
fn check(seconds: u32, more: &[&str]) -> (Option<i32>, Value) {
    let output = Command::new(env!("CARGO_BIN_EXE_spantop"))
        .args(["check", "-i", "probe", "--format", "json", "--for", &format!("{seconds}s")])
        .args(more)
        .output()
        .expect("spantop");
    let report = serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {output:?}"));
    (output.status.code(), report)
}

/// Findings about the mirror: what this host's settings say aside, and that copies of two ports overtake each other by some microseconds where
/// the kernel moves its work to another processor after all.
fn findings(report: &Value) -> Vec<&str> {
    let all = report["findings"].as_array().expect("findings");
    let slight = |f: &&Value| f["id"] == "order.skew" && f["evidence"]["p99_seconds"].as_f64().is_some_and(|p99| p99 < 0.001);
    let ids = all.iter().filter(|f| !slight(f)).filter_map(|f| f["id"].as_str());
    ids.filter(|id| !id.starts_with("host.") && !id.starts_with("nic.")).collect()
}

#[test]
fn both_directions_of_two_ports_arrive_twice() {
    if !is_possible("both_directions_of_two_ports_arrive_twice") {
        return;
    }
    let both = ["p1", "p2"].iter().flat_map(|p| ["ingress", "egress"].map(|d| copy(p, d))).collect::<Vec<_>>().join(" && ");
    let _office = office(&both, "steady 10");
    let (code, report) = check(5, &[]);
    assert_eq!((code, findings(&report)), (Some(2), vec!["dup.every"]), "{report:#}");
    let mirror = &report["mirror"];
    let number = |v: &Value| v.as_f64().expect("a number");
    let (packets, copies) = (number(&mirror["link"]["packets"]), number(&mirror["duplicates"]["packets"]));
    // Every packet has its copy, but for the one or other at the beginning and end.
    assert!(packets > 1000.0 && (2.0 * copies - packets).abs() < 0.002 * packets, "{copies} of {packets}");
    assert!(number(&mirror["loss"]["upstream"]["high"]) < 0.01 && mirror["directions"]["one_sided"] == 0, "{mirror:#}");
}

/// Bytes that the kernel counted on an interface.
fn bytes(interface: &str, counter: &str) -> f64 {
    let text = std::fs::read_to_string(format!("/sys/class/net/{interface}/statistics/{counter}_bytes")).expect("a counter");
    text.trim().parse().expect("a number")
}

/// Squeezes the mirror into 20 Mbit/s while hosts talk like this, and holds what is found against what the kernel counted.
fn squeezed(talk: &str) -> Value {
    let once = format!("{} && {}", copy("p1", "ingress"), copy("p2", "ingress"));
    let _office = office(&format!("{once} && tc qdisc add dev span root tbf rate 20mbit burst 32kb limit 64kb"), talk);
    let counted = || [bytes("p1", "rx") + bytes("p2", "rx"), bytes("span", "tx")];
    let before = counted();
    let (code, report) = check(10, &["--speed", "20M"]);
    let [came, went] = [0, 1].map(|n| counted()[n] - before[n]);
    // A virtual port's packets carry stamps from before the queue or from behind it, so time steps back by up to its length.
    let found: Vec<_> = findings(&report).into_iter().filter(|id| *id != "clock.step").collect();
    assert_eq!((code, found), (Some(2), vec!["span.oversub"]), "{report:#}");
    let (lost, told) = (1.0 - went / came, report["mirror"]["loss"]["upstream"]["rate"].as_f64().expect("a rate"));
    eprintln!("{talk}: {lost:.3} of the bytes were lost, {told:.3} are told");
    assert!(lost > 0.1 && (told - lost).abs() < 0.1 * lost, "{told} instead of {lost}: {report:#}");
    assert_eq!(report["mirror"]["loss"]["host"]["rate"], 0.0, "{report:#}");
    report
}

fn evidence(report: &Value, name: &str) -> f64 {
    let findings = report["findings"].as_array().expect("findings");
    let found = findings.iter().find(|f| f["id"] == "span.oversub").expect("the finding");
    found["evidence"][name].as_f64().unwrap_or_else(|| panic!("no {name} in {found:#}"))
}

#[test]
fn a_mirror_port_that_is_too_slow_now_and_then_is_told() {
    if !is_possible("a_mirror_port_that_is_too_slow_now_and_then_is_told") {
        return;
    }
    let report = squeezed("bursts 14");
    let (full, otherwise) = (evidence(&report, "loss_when_full"), evidence(&report, "loss_otherwise"));
    assert!(full > 10.0 * otherwise, "{full} and {otherwise}");
}

#[test]
fn a_mirror_port_that_is_always_too_slow_is_told() {
    if !is_possible("a_mirror_port_that_is_always_too_slow_is_told") {
        return;
    }
    squeezed("steady 14");
}
